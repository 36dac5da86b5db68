//! The rows. Adding one here is all it takes to relay another call.

use super::Pattern::{Bool, Cursor, Id, Limit, Name, ObjectType, Word};
use super::{Body, Method, Operation, Pattern, QueryParameter, RateClass};
use crate::connection_type::Capability;
use crate::wire::Provider;

const fn q(name: &'static str, pattern: Pattern) -> QueryParameter {
    QueryParameter { name, pattern }
}

const fn get(
    name: &'static str,
    path: &'static str,
    params: &'static [(&'static str, Pattern)],
    query: &'static [QueryParameter],
) -> Operation {
    Operation {
        name,
        provider: Provider::Hubspot,
        method: Method::Get,
        path,
        params,
        query,
        body: Body::None,
        capability: Capability::Explore,
        rate: RateClass::Burst,
    }
}

const fn post(name: &'static str, path: &'static str, body: Body) -> Operation {
    Operation {
        method: Method::Post,
        body,
        ..get(name, path, &[], &[])
    }
}

const fn github(
    name: &'static str,
    path: &'static str,
    params: &'static [(&'static str, Pattern)],
    query: &'static [QueryParameter],
) -> Operation {
    Operation {
        provider: Provider::Github,
        rate: RateClass::Hourly,
        ..get(name, path, params, query)
    }
}

const OBJECT_TYPE: &[(&str, Pattern)] = &[("objectType", ObjectType)];
const PAGED: &[QueryParameter] = &[q("limit", Limit(500)), q("after", Cursor)];
const REPOSITORY: &[(&str, Pattern)] = &[("owner", Name), ("repo", Name)];
const COUNTED_PAGES: &[QueryParameter] = &[q("page", Limit(1_000_000)), q("per_page", Limit(100))];

/// Every operation, by area.
pub const OPERATIONS: &[Operation] = &[
    get("account.details", "/account-info/2026-03/details", &[], &[]),
    get(
        "account.usage",
        "/account-info/2026-03/api-usage/daily/private-apps",
        &[],
        &[],
    ),
    get(
        "schemas.list",
        "/crm-object-schemas/2026-09/schemas",
        &[],
        &[q("archived", Bool)],
    ),
    get(
        "properties.list",
        "/crm/properties/2026-09/{objectType}",
        OBJECT_TYPE,
        &[
            q("archived", Bool),
            q(
                "dataSensitivity",
                Word(&["non_sensitive", "sensitive", "highly_sensitive"]),
            ),
        ],
    ),
    get(
        "properties.groups",
        "/crm/properties/2026-09/{objectType}/groups",
        OBJECT_TYPE,
        &[],
    ),
    get(
        "properties.validations",
        "/crm/property-validations/2026-09/{objectType}",
        OBJECT_TYPE,
        &[],
    ),
    get(
        "pipelines.list",
        "/crm/pipelines/2026-09/{objectType}",
        OBJECT_TYPE,
        &[],
    ),
    get(
        "associations.labels",
        "/crm/associations/2026-09/{fromObjectType}/{toObjectType}/labels",
        &[("fromObjectType", ObjectType), ("toObjectType", ObjectType)],
        &[],
    ),
    get(
        "associations.configurations",
        "/crm/associations/2026-09/definitions/configurations/all",
        &[],
        &[],
    ),
    get(
        "limits.association_labels",
        "/crm/limits/2026-09/associations/labels",
        &[],
        &[],
    ),
    get(
        "limits.custom_properties",
        "/crm/limits/2026-09/custom-properties",
        &[],
        &[],
    ),
    get(
        "limits.custom_object_types",
        "/crm/limits/2026-09/custom-object-types",
        &[],
        &[],
    ),
    get(
        "limits.calculated_properties",
        "/crm/limits/2026-09/calculated-properties",
        &[],
        &[],
    ),
    get(
        "limits.pipelines",
        "/crm/limits/2026-09/pipelines",
        &[],
        &[],
    ),
    get("limits.records", "/crm/limits/2026-09/records", &[], &[]),
    get(
        "object_library.enablement",
        "/crm/object-library/2026-09/enablement",
        &[],
        &[],
    ),
    get(
        "owners.list",
        "/crm/owners/2026-09",
        &[],
        &[
            q("limit", Limit(500)),
            q("after", Cursor),
            q("archived", Bool),
        ],
    ),
    get("users.list", "/settings/users/2026-03", &[], PAGED),
    get("users.roles", "/settings/users/2026-03/roles", &[], &[]),
    get("users.teams", "/settings/users/2026-03/teams", &[], &[]),
    get(
        "currencies.company",
        "/settings/currencies/2026-09/company-currency",
        &[],
        &[],
    ),
    get(
        "currencies.rates",
        "/settings/currencies/2026-09/exchange-rates/current",
        &[],
        &[],
    ),
    post(
        "lists.search",
        "/crm/lists/2026-09/search",
        Body::ListSearch,
    ),
    get(
        "forms.list",
        "/marketing/v3/forms/",
        &[],
        &[
            q("limit", Limit(500)),
            q("after", Cursor),
            q("formTypes", Word(&["all", "hubspot"])),
        ],
    ),
    get("workflows.list", "/automation/v4/flows", &[], PAGED),
    post(
        "workflows.read",
        "/automation/v4/flows/batch/read",
        Body::FlowBatch,
    ),
    get("domains.list", "/cms/domains/2026-09", &[], PAGED),
    get(
        "subscriptions.list",
        "/communication-preferences/2026-09/definitions",
        &[],
        &[],
    ),
    github("github.user", "/user", &[], &[]),
    github(
        "github.installations",
        "/user/installations",
        &[],
        COUNTED_PAGES,
    ),
    github(
        "github.installation_repositories",
        "/user/installations/{installation_id}/repositories",
        &[("installation_id", Id)],
        COUNTED_PAGES,
    ),
    github(
        "github.repository",
        "/repos/{owner}/{repo}",
        REPOSITORY,
        &[],
    ),
    github(
        "github.branches",
        "/repos/{owner}/{repo}/branches",
        REPOSITORY,
        COUNTED_PAGES,
    ),
];

/// The operation of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}
