//! The words on a row: label, detail, badges, group, class.
//! Owns what is said of each kind; a missing field says nothing.

use super::rows::Origin;
use crate::retrieval::Kind;
use crate::retrieval::record::{Record, scalar};

/// The words on a row, not yet made safe to show.
#[derive(Default)]
pub(super) struct Words {
    pub(super) label: String,
    pub(super) detail: String,
    pub(super) badges: Vec<&'static str>,
    pub(super) group: Option<String>,
    pub(super) class: String,
    pub(super) origin: Option<Origin>,
}

fn joined(parts: &[Option<String>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    parts.join(" · ")
}

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    }
}

/// `MANUAL_SNAPSHOT` reads as `Manual snapshot`.
fn humane(word: String) -> String {
    let mut out = String::with_capacity(word.len());
    for (at, character) in word.chars().enumerate() {
        match character {
            '_' => out.push(' '),
            _ if at > 0 => out.push(character.to_ascii_lowercase()),
            _ => out.push(character.to_ascii_uppercase()),
        }
    }
    out
}

fn full_name(record: &Record<'_>) -> Option<String> {
    let names = [record.text("firstName"), record.text("lastName")];
    let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// What to say of a record.
pub(super) fn describe(kind: Kind, part: &str, record: &Record<'_>) -> Words {
    let text = |name| record.text(name);
    let mut words = Words {
        label: text("label").or_else(|| text("name")).unwrap_or_default(),
        ..Words::default()
    };
    let mut badge = |on: bool, badge: &'static str| {
        if on {
            words.badges.push(badge);
        }
    };
    badge(record.flag("archived") && kind != Kind::Owners, "archived");
    match kind {
        Kind::ObjectSchemas => {
            badge(record.flag("allowsSensitiveProperties"), "sensitive data");
            let labels = record.object("labels");
            let label = |name| labels.as_ref().and_then(|labels| labels.text(name));
            words.label = label("plural")
                .or_else(|| label("singular"))
                .or_else(|| text("name"))
                .unwrap_or_default();
            let properties = counted(record.items("properties").len(), "property", "properties");
            words.detail = joined(&[text("fullyQualifiedName"), properties]);
            words.origin = Some(Origin::Custom);
        }
        Kind::Properties => {
            let name = text("name").unwrap_or_default();
            let by_hubspot = match record.raw("hubspotDefined") {
                Some(raw) => raw == "true",
                // Custom schemas leave the field out; HubSpot's own names start so.
                None => name.starts_with("hs_") || name.starts_with("hubspot_"),
            };
            let read_only = record
                .object("modificationMetadata")
                .is_some_and(|metadata| metadata.flag("readOnlyValue"));
            let sensitivity = text("dataSensitivity").unwrap_or_default();
            badge(!by_hubspot, "custom");
            badge(record.flag("calculated"), "calculated");
            badge(record.flag("hidden"), "hidden");
            badge(record.flag("hasUniqueValue"), "unique");
            badge(read_only, "read-only");
            badge(
                sensitivity.ends_with("sensitive") && !sensitivity.starts_with("non"),
                "sensitive",
            );
            words.origin = Some(if by_hubspot {
                Origin::HubSpot
            } else {
                Origin::Custom
            });
            words.detail = joined(&[text("type"), text("fieldType")]);
            words.class = [text("type"), text("fieldType")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("/");
            words.group = text("groupName");
        }
        Kind::PropertyGroups => words.detail = text("name").unwrap_or_default(),
        Kind::Pipelines => {
            let stages = record.items("stages").len();
            words.detail = joined(&[counted(stages, "stage", "stages")]);
        }
        Kind::AssociationLabels => {
            let category = text("category").unwrap_or_default();
            let by_hubspot = category == "HUBSPOT_DEFINED";
            badge(category == "USER_DEFINED", "custom");
            if words.label.is_empty() {
                words.label = "No label".into();
            }
            let id = text("typeId").map(|id| format!("type {id}"));
            words.detail = joined(&[text("category").map(humane), id]);
            words.class = category;
            words.origin = Some(if by_hubspot {
                Origin::HubSpot
            } else {
                Origin::Custom
            });
        }
        Kind::Lists => {
            let size = record
                .object("additionalProperties")
                .and_then(|more| more.text("hs_list_size"))
                .map(|size| format!("{size} records"));
            words.detail = joined(&[text("processingType").map(humane), size]);
            words.class = text("processingType").unwrap_or_default();
            words.group = text("objectTypeId");
        }
        Kind::Forms => {
            let groups = record.items("fieldGroups");
            let fields = groups
                .iter()
                .filter_map(|group| Record::read(group))
                .map(|group| group.items("fields").len())
                .sum();
            words.detail = joined(&[
                text("formType").map(humane),
                counted(fields, "field", "fields"),
            ]);
            words.class = text("formType").unwrap_or_default();
        }
        Kind::Workflows => {
            badge(record.flag("isEnabled"), "on");
            badge(record.raw("isEnabled") == Some("false"), "off");
            let kind = text("flowType").or_else(|| text("type"));
            let actions = counted(record.items("actions").len(), "action", "actions");
            words.class = kind.clone().unwrap_or_default();
            words.detail = joined(&[kind.map(humane), actions]);
            words.group = text("objectTypeId");
        }
        Kind::Owners | Kind::Users => {
            badge(record.flag("archived"), "deactivated");
            badge(record.flag("superAdmin"), "super admin");
            badge(text("type").as_deref() == Some("QUEUE"), "queue");
            let email = text("email");
            words.class = text("type").unwrap_or_default();
            match full_name(record) {
                Some(name) => {
                    words.label = name;
                    words.detail = email.unwrap_or_default();
                }
                None => words.label = email.unwrap_or_default(),
            }
        }
        Kind::Roles => badge(record.flag("requiresBillingWrite"), "billing"),
        Kind::Teams => {
            let members = record.items("userIds").len() + record.items("secondaryUserIds").len();
            words.detail = joined(&[counted(members, "member", "members")]);
        }
        Kind::Currencies => {
            badge(part == "company", "company currency");
            let pair = [text("fromCurrencyCode"), text("toCurrencyCode")];
            words.label = match pair {
                [Some(from), Some(to)] => format!("{from} → {to}"),
                [from, to] => text("currencyCode").or(from).or(to).unwrap_or_default(),
            };
            words.detail = joined(&[text("conversionRate"), text("effectiveAt")]);
        }
        Kind::Domains => {
            badge(record.raw("isResolving") == Some("false"), "not resolving");
            badge(
                record
                    .fields()
                    .any(|(name, value)| name.starts_with("primary") && value == "true"),
                "primary",
            );
            words.label = text("domain").unwrap_or_default();
            words.detail = record
                .fields()
                .filter(|(_, value)| *value == "true")
                .filter_map(|(name, _)| name.strip_prefix("isUsedFor"))
                .collect::<Vec<_>>()
                .join(", ");
        }
        Kind::SubscriptionTypes => {
            badge(record.raw("isActive") == Some("false"), "inactive");
            badge(record.flag("isDefault"), "default");
            badge(record.flag("isInternal"), "internal");
            words.detail = joined(&[text("purpose"), text("communicationMethod")]);
            words.class = text("communicationMethod").unwrap_or_default();
        }
        Kind::Limits => describe_limit(part, record, &mut words),
    }
    words
}

fn describe_limit(part: &str, record: &Record<'_>, words: &mut Words) {
    let side = |name| {
        let side = record.object(name)?;
        side.text("pluralLabel")
            .or_else(|| side.text("objectTypeId"))
    };
    words.label = match (side("fromObjectType"), side("toObjectType")) {
        (Some(from), Some(to)) => format!("Labels: {from} → {to}"),
        _ => limit_title(part).into(),
    };
    let first = |names: &[&str]| names.iter().find_map(|name| record.text(name));
    let used = first(&["overallUsage", "usage"]);
    let limit = first(&["overallLimit", "limit"]);
    words.detail = match (used, limit) {
        (Some(used), Some(limit)) => format!("{used} of {limit}"),
        (used, limit) => joined(&[used, limit]),
    };
    if let Some(library) = record.object("enablementByObjectTypeId") {
        let enabled = library.fields().filter(|(_, on)| *on == "true").count();
        words.detail = format!("{enabled} of {} enabled", library.fields().count());
    }
    let percentage = scalar(
        record
            .raw("overallPercentage")
            .or(record.raw("percentage"))
            .unwrap_or("null"),
    );
    if percentage
        .and_then(|text| text.split('.').next()?.parse::<u32>().ok())
        .is_some_and(|percent| percent >= 90)
    {
        words.badges.push("nearly full");
    }
}

/// What a part of the limits is called.
pub(super) fn limit_title(part: &str) -> &'static str {
    match part {
        "custom-properties" => "Custom properties",
        "calculated-properties" => "Calculated properties",
        "custom-object-types" => "Custom object types",
        "pipelines" => "Pipelines",
        "records" => "Records",
        "object-library" => "Object library",
        "association-labels" => "Association labels",
        _ => "Limit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D17: what is said of a record of each kind, and of one that lacks everything.
    #[test]
    fn each_kind_says_what_matters() {
        for (kind, part, json, label, detail, badges) in [
            (
                Kind::ObjectSchemas,
                "all",
                r#"{"name":"vehicle","fullyQualifiedName":"p4242_vehicle","labels":{"singular":"Vehicle","plural":"Vehicles"},"properties":[{},{}]}"#,
                "Vehicles",
                "p4242_vehicle · 2 properties",
                vec![],
            ),
            (
                Kind::Properties,
                "contacts",
                r#"{"name":"lifecyclestage","label":"Lifecycle Stage","type":"enumeration","fieldType":"radio","hubspotDefined":true,"calculated":true,"hidden":true}"#,
                "Lifecycle Stage",
                "enumeration · radio",
                vec!["calculated", "hidden"],
            ),
            (
                Kind::Properties,
                "2-512",
                r#"{"name":"vin","label":"VIN","type":"string","hasUniqueValue":true,"dataSensitivity":"highly_sensitive","archived":true,"modificationMetadata":{"readOnlyValue":true}}"#,
                "VIN",
                "string",
                vec!["archived", "custom", "unique", "read-only", "sensitive"],
            ),
            (
                Kind::PropertyGroups,
                "deals",
                r#"{"name":"g","label":"G"}"#,
                "G",
                "g",
                vec![],
            ),
            (
                Kind::Pipelines,
                "deals",
                r#"{"id":"default","label":"Sales","stages":[{}]}"#,
                "Sales",
                "1 stage",
                vec![],
            ),
            (
                Kind::AssociationLabels,
                "0-1:0-3",
                r#"{"category":"USER_DEFINED","typeId":37,"label":"Decision maker"}"#,
                "Decision maker",
                "User defined · type 37",
                vec!["custom"],
            ),
            (
                Kind::AssociationLabels,
                "0-1:0-3",
                r#"{"category":"HUBSPOT_DEFINED","typeId":3,"label":null}"#,
                "No label",
                "Hubspot defined · type 3",
                vec![],
            ),
            (
                Kind::Lists,
                "page-1",
                r#"{"name":"VIPs","processingType":"DYNAMIC","additionalProperties":{"hs_list_size":"12"}}"#,
                "VIPs",
                "Dynamic · 12 records",
                vec![],
            ),
            (
                Kind::Forms,
                "page-1",
                r#"{"name":"Contact us","formType":"hubspot","fieldGroups":[{"fields":[{},{}]},{"fields":[{}]}]}"#,
                "Contact us",
                "Hubspot · 3 fields",
                vec![],
            ),
            (
                Kind::Workflows,
                "page-1",
                r#"{"name":"Welcome","isEnabled":false,"flowType":"WORKFLOW","actions":[{}]}"#,
                "Welcome",
                "Workflow · 1 action",
                vec!["off"],
            ),
            (
                Kind::Owners,
                "page-1",
                r#"{"firstName":"Ada","lastName":"Byron","email":"ada@example.test","type":"PERSON","archived":true}"#,
                "Ada Byron",
                "ada@example.test",
                vec!["deactivated"],
            ),
            (
                Kind::Users,
                "page-1",
                r#"{"email":"ada@example.test","superAdmin":true}"#,
                "ada@example.test",
                "",
                vec!["super admin"],
            ),
            (
                Kind::Roles,
                "all",
                r#"{"name":"Sales","requiresBillingWrite":true}"#,
                "Sales",
                "",
                vec!["billing"],
            ),
            (
                Kind::Teams,
                "all",
                r#"{"name":"North","userIds":["1"],"secondaryUserIds":["2"]}"#,
                "North",
                "2 members",
                vec![],
            ),
            (
                Kind::Currencies,
                "company",
                r#"{"currencyCode":"EUR"}"#,
                "EUR",
                "",
                vec!["company currency"],
            ),
            (
                Kind::Currencies,
                "rates",
                r#"{"fromCurrencyCode":"USD","toCurrencyCode":"EUR","conversionRate":0.90}"#,
                "USD → EUR",
                "0.90",
                vec![],
            ),
            (
                Kind::Domains,
                "page-1",
                r#"{"domain":"example.test","isResolving":false,"isUsedForEmail":true,"isUsedForBlogPost":false,"primaryEmail":true}"#,
                "example.test",
                "Email",
                vec!["not resolving", "primary"],
            ),
            (
                Kind::SubscriptionTypes,
                "all",
                r#"{"name":"News","purpose":"Marketing","communicationMethod":"Email","isActive":false}"#,
                "News",
                "Marketing · Email",
                vec!["inactive"],
            ),
            (
                Kind::Limits,
                "custom-object-types",
                r#"{"limit":10,"usage":9,"percentage":90.0}"#,
                "Custom object types",
                "9 of 10",
                vec!["nearly full"],
            ),
            (
                Kind::Limits,
                "object-library",
                r#"{"enablementByObjectTypeId":{"0-421":true,"0-162":false}}"#,
                "Object library",
                "1 of 2 enabled",
                vec![],
            ),
            (
                Kind::Limits,
                "association-labels",
                r#"{"fromObjectType":{"pluralLabel":"Contacts"},"toObjectType":{"pluralLabel":"Deals"},"usage":2,"limit":50}"#,
                "Labels: Contacts → Deals",
                "2 of 50",
                vec![],
            ),
        ] {
            let words = describe(kind, part, &Record::read(json).unwrap());
            assert_eq!(
                (words.label.as_str(), words.detail.as_str(), &words.badges),
                (label, detail, &badges),
                "{json}"
            );
            let bare = describe(kind, part, &Record::read("{}").unwrap());
            assert!(
                bare.detail.is_empty() || kind == Kind::Limits,
                "{kind:?} {}",
                bare.detail
            );
        }
    }

    #[test]
    fn custom_and_hubspot_defined_are_told_apart() {
        for (json, want) in [
            (r#"{"name":"x","hubspotDefined":true}"#, Origin::HubSpot),
            (r#"{"name":"hs_x","hubspotDefined":false}"#, Origin::Custom),
            (r#"{"name":"hs_object_id"}"#, Origin::HubSpot),
            (r#"{"name":"vin"}"#, Origin::Custom),
        ] {
            let words = describe(Kind::Properties, "deals", &Record::read(json).unwrap());
            assert_eq!(words.origin, Some(want), "{json}");
        }
    }
}
