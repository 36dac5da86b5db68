//! Which fields of each kind a summary shows, under which headings.
//! Owns the tables; field names are HubSpot's (platform, sections 6.2 to 6.4).

use super::How::{Count, Flag, List, Nested, Pairs, Table, Text};
use super::Layout;
use crate::retrieval::Kind;

const TIMES: (&str, &[(&str, &str, super::How)]) = (
    "History",
    &[
        ("Created", "createdAt", Text),
        ("Updated", "updatedAt", Text),
        ("Archived", "archivedAt", Text),
    ],
);

const LIMIT_COLUMNS: &[(&str, &str)] = &[
    ("Object type", "pluralLabel"),
    ("Id", "objectTypeId"),
    ("Used", "usage"),
    ("Limit", "limit"),
    ("Percent", "percentage"),
];

#[rustfmt::skip]
pub(super) const fn of(kind: Kind) -> Layout {
    match kind {
        Kind::ObjectSchemas => &[
            ("Object", &[
                ("Singular", "labels.singular", Text), ("Plural", "labels.plural", Text), ("Name", "name", Text),
                ("Fully qualified name", "fullyQualifiedName", Text), ("Object type id", "objectTypeId", Text),
                ("Description", "description", Text), ("Sensitive properties allowed", "allowsSensitiveProperties", Flag),
                ("Archived", "archived", Flag),
            ]),
            ("Properties", &[
                ("Properties", "properties", Count), ("Primary display property", "primaryDisplayProperty", Text),
                ("Secondary display properties", "secondaryDisplayProperties", List),
                ("Required", "requiredProperties", List), ("Searchable", "searchableProperties", List),
            ]),
            ("Associations", &[
                ("Associations", "associations", Table(&[("Name", "name"), ("From", "fromObjectTypeId"), ("To", "toObjectTypeId"), ("Id", "id")])),
            ]),
            TIMES,
        ],
        Kind::Properties => &[
            ("Property", &[
                ("Label", "label", Text), ("Internal name", "name", Text), ("Type", "type", Text), ("Field type", "fieldType", Text),
                ("Group", "groupName", Text), ("Description", "description", Text), ("Calculation", "calculationFormula", Text),
                ("Refers to", "referencedObjectType", Text), ("Currency property", "currencyPropertyName", Text),
                ("Display order", "displayOrder", Text),
            ]),
            ("Options", &[
                ("Options", "options", Table(&[("Label", "label"), ("Value", "value"), ("Order", "displayOrder"), ("Hidden", "hidden"), ("Description", "description")])),
                ("Options come from elsewhere", "externalOptions", Flag),
            ]),
            ("Settings", &[
                ("Defined by HubSpot", "hubspotDefined", Flag), ("Calculated", "calculated", Flag), ("Hidden", "hidden", Flag),
                ("Unique value", "hasUniqueValue", Flag), ("Usable in forms", "formField", Flag), ("Sensitivity", "dataSensitivity", Text),
                ("Sensitive data categories", "sensitiveDataCategories", List), ("Archived", "archived", Flag),
                ("Value is read-only", "modificationMetadata.readOnlyValue", Flag),
                ("Definition is read-only", "modificationMetadata.readOnlyDefinition", Flag),
                ("Can be archived", "modificationMetadata.archivable", Flag),
            ]),
            TIMES,
        ],
        Kind::PropertyGroups => &[("Group", &[
            ("Label", "label", Text), ("Internal name", "name", Text), ("Display order", "displayOrder", Text), ("Archived", "archived", Flag),
        ])],
        Kind::Pipelines => &[
            ("Pipeline", &[("Label", "label", Text), ("Id", "id", Text), ("Display order", "displayOrder", Text), ("Archived", "archived", Flag)]),
            ("Stages", &[("Stages", "stages", Table(&[
                ("Label", "label"), ("Id", "id"), ("Order", "displayOrder"), ("Probability", "metadata.probability"),
                ("Closed", "metadata.isClosed"), ("Ticket state", "metadata.ticketState"), ("Write permissions", "writePermissions"),
            ]))]),
            TIMES,
        ],
        Kind::AssociationLabels => &[("Association type", &[
            ("Label", "label", Text), ("Type id", "typeId", Text), ("Category", "category", Text),
        ])],
        Kind::Lists => &[
            ("List", &[
                ("Name", "name", Text), ("List id", "listId", Text), ("Object type", "objectTypeId", Text),
                ("Processing type", "processingType", Text), ("Processing status", "processingStatus", Text),
                ("Size", "additionalProperties.hs_list_size", Text), ("Version", "listVersion", Text),
            ]),
            ("History", &[("Created", "createdAt", Text), ("Updated", "updatedAt", Text), ("Filters updated", "filtersUpdatedAt", Text)]),
        ],
        Kind::Forms => &[
            ("Form", &[("Name", "name", Text), ("Id", "id", Text), ("Type", "formType", Text), ("Archived", "archived", Flag)]),
            ("Fields", &[("Fields", "fieldGroups", Nested("fields", &[
                ("Label", "label"), ("Name", "name"), ("Object type", "objectTypeId"), ("Field type", "fieldType"), ("Required", "required"), ("Hidden", "hidden"),
            ]))]),
            ("Settings", &[
                ("Language", "configuration.language", Text), ("After submitting", "configuration.postSubmitAction.type", Text),
                ("Then", "configuration.postSubmitAction.value", Text), ("Submit button", "displayOptions.submitButtonText", Text),
                ("Legal consent", "legalConsentOptions.type", Text),
            ]),
            TIMES,
        ],
        Kind::Workflows => &[
            ("Workflow", &[
                ("Name", "name", Text), ("Id", "id", Text), ("On", "isEnabled", Flag), ("Flow type", "flowType", Text), ("Type", "type", Text),
                ("Object type", "objectTypeId", Text), ("Revision", "revisionId", Text), ("Description", "description", Text),
            ]),
            ("Enrollment", &[
                ("Criteria", "enrollmentCriteria.type", Text), ("Re-enrollment", "enrollmentCriteria.shouldReEnroll", Flag),
                ("Suppression lists", "suppressionListIds", List),
            ]),
            ("Actions", &[
                ("Starts at", "startActionId", Text),
                ("Actions", "actions", Table(&[("Id", "actionId"), ("Type", "type"), ("Action type", "actionTypeId"), ("Next", "connection.nextActionId")])),
            ]),
            TIMES,
        ],
        Kind::Owners => &[
            ("Owner", &[
                ("First name", "firstName", Text), ("Last name", "lastName", Text), ("E-mail", "email", Text), ("Owner id", "id", Text),
                ("User id", "userId", Text), ("Type", "type", Text), ("Deactivated", "archived", Flag), ("Teams", "teams", List),
            ]),
            TIMES,
        ],
        Kind::Users => &[("User", &[
            ("First name", "firstName", Text), ("Last name", "lastName", Text), ("E-mail", "email", Text), ("User id", "id", Text),
            ("Super admin", "superAdmin", Flag), ("Roles", "roleIds", List), ("Primary team", "primaryTeamId", Text),
            ("Further teams", "secondaryTeamIds", List), ("Seats", "seatNames", List),
        ])],
        Kind::Roles => &[("Role", &[("Name", "name", Text), ("Id", "id", Text), ("Requires billing rights", "requiresBillingWrite", Flag)])],
        Kind::Teams => &[("Team", &[("Name", "name", Text), ("Id", "id", Text), ("Members", "userIds", List), ("Secondary members", "secondaryUserIds", List)])],
        Kind::Currencies => &[("Currency", &[
            ("Currency", "currencyCode", Text), ("From", "fromCurrencyCode", Text), ("To", "toCurrencyCode", Text), ("Rate", "conversionRate", Text),
            ("In effect since", "effectiveAt", Text), ("Visible", "visibleInUI", Flag), ("Created", "createdAt", Text), ("Updated", "updatedAt", Text),
        ])],
        Kind::Domains => &[
            ("Domain", &[
                ("Domain", "domain", Text), ("Id", "id", Text), ("Resolves", "isResolving", Flag), ("Manually marked as resolving", "manuallyMarkedAsResolving", Flag),
                ("HTTPS enabled", "isSslEnabled", Flag), ("HTTPS only", "isSslOnly", Flag), ("Redirects to", "secondaryToDomain", Text),
            ]),
            ("Used for", &[
                ("Blog posts", "isUsedForBlogPost", Flag), ("Site pages", "isUsedForSitePage", Flag), ("Landing pages", "isUsedForLandingPage", Flag),
                ("E-mail", "isUsedForEmail", Flag), ("Knowledge base", "isUsedForKnowledge", Flag),
            ]),
            TIMES,
        ],
        Kind::SubscriptionTypes => &[
            ("Subscription type", &[
                ("Name", "name", Text), ("Id", "id", Text), ("Description", "description", Text), ("Purpose", "purpose", Text),
                ("Channel", "communicationMethod", Text), ("Active", "isActive", Flag), ("Default", "isDefault", Flag), ("Internal", "isInternal", Flag),
            ]),
            TIMES,
        ],
        Kind::Limits => &[
            ("Limit", &[
                ("From", "fromObjectType.pluralLabel", Text), ("To", "toObjectType.pluralLabel", Text),
                ("Used", "usage", Text), ("Limit", "limit", Text), ("Percent", "percentage", Text), ("Labels", "allLabels", List),
                ("Used in all", "overallUsage", Text), ("Limit in all", "overallLimit", Text), ("Percent in all", "overallPercentage", Text),
            ]),
            ("By object type", &[
                ("Object types", "byObjectType", Table(LIMIT_COLUMNS)),
                ("HubSpot's objects", "hubspotDefinedObjectTypes", Table(LIMIT_COLUMNS)),
                ("Custom objects", "customObjectTypes.byObjectType", Table(LIMIT_COLUMNS)),
                ("Custom objects, limit in all", "customObjectTypes.overallLimit", Text),
                ("Custom objects, used in all", "customObjectTypes.overallUsage", Text),
            ]),
            ("Object library", &[("Object library", "enablementByObjectTypeId", Pairs("Object type", "Enabled"))]),
        ],
    }
}
