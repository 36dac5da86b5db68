//! Rows: one line per record of a stored part.
//! Owns a record's identity and its order; the words on it are in `describe`.

use super::ContentError;
use super::describe::describe;
use crate::retrieval::Kind;
use crate::retrieval::record::{Record, items};
use crate::text::visible;
use std::rc::Rc;

/// Who made a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The account or an integration.
    Custom,
    /// HubSpot.
    HubSpot,
}

impl Origin {
    /// As on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Custom => "Custom",
            Self::HubSpot => "HubSpot-defined",
        }
    }
}

/// A record in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its kind.
    pub kind: Kind,
    /// The part it stands in.
    pub part: Rc<str>,
    /// Its identifier within the part, in HubSpot's spelling; for URLs and [`record_json`].
    pub id: String,
    /// Its name, safe to show.
    pub label: String,
    /// A few words more, safe to show; may be empty.
    pub detail: String,
    /// Short words such as `archived`.
    pub badges: Vec<&'static str>,
    /// What it is grouped under, such as a property's group.
    pub group: Option<String>,
    /// What it is counted under, such as `enumeration/select`; may be empty.
    pub class: String,
    /// Who made it, where that is told.
    pub origin: Option<Origin>,
}

/// The rows of a stored part, in its order.
pub fn rows(kind: Kind, part: &str, content: &str) -> Result<Vec<Row>, ContentError> {
    let records = items(content).ok_or_else(|| ContentError {
        kind,
        part: part.into(),
    })?;
    let part: Rc<str> = part.into();
    let rows = records.into_iter().enumerate();
    Ok(rows.map(|(at, json)| row(kind, &part, at, json)).collect())
}

fn row(kind: Kind, part: &Rc<str>, at: usize, json: &str) -> Row {
    let record = Record::read(json);
    let words = record
        .as_ref()
        .map(|record| describe(kind, part, record))
        .unwrap_or_default();
    let id = identity(kind, part, at, record.as_ref());
    let label = match words.label.trim() {
        "" => visible(&id),
        label => visible(label),
    };
    Row {
        kind,
        part: Rc::clone(part),
        id,
        label,
        detail: visible(&words.detail),
        badges: words.badges,
        group: words.group.map(|group| visible(&group)),
        class: visible(&words.class),
        origin: words.origin,
    }
}

/// A record's identifier; one without any is known by its place.
fn identity(kind: Kind, part: &str, at: usize, record: Option<&Record<'_>>) -> String {
    let own = record.and_then(|record| match kind {
        // Type ids repeat between categories.
        Kind::AssociationLabels => {
            let id = record.text("typeId")?;
            let category = record.text("category").unwrap_or_default();
            Some(format!("{category}-{id}"))
        }
        Kind::Currencies => record.text("id").or_else(|| record.text("currencyCode")),
        Kind::Limits => {
            let side = |name| {
                record
                    .object(name)
                    .and_then(|side| side.text("objectTypeId"))
            };
            match (side("fromObjectType"), side("toObjectType")) {
                (Some(from), Some(to)) => Some(format!("{from}:{to}")),
                _ => Some(part.to_owned()),
            }
        }
        _ => record.text(kind.id_field()),
    });
    own.unwrap_or_else(|| format!("row-{}", at + 1))
}

/// One record of a stored part, byte for byte as HubSpot sent it.
pub fn record_json<'a>(kind: Kind, part: &str, content: &'a str, id: &str) -> Option<&'a str> {
    let mut records = items(content)?.into_iter().enumerate();
    records
        .find(|(at, json)| identity(kind, part, *at, Record::read(json).as_ref()) == id)
        .map(|(_, json)| json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// D18, D19: each row leads back to its record, byte for byte.
    #[test]
    fn each_row_leads_to_its_record() {
        for (kind, part, content, ids) in [
            (
                Kind::Properties,
                "deals",
                r#"[{"name":"amount", "x": 1.10},{"name":"b"}]"#,
                vec!["amount", "b"],
            ),
            (
                Kind::Lists,
                "page-1",
                r#"[{"listId":"5"},{"listId":6}]"#,
                vec!["5", "6"],
            ),
            (
                Kind::AssociationLabels,
                "0-1:0-3",
                r#"[{"category":"HUBSPOT_DEFINED","typeId":3},{"category":"USER_DEFINED","typeId":3}]"#,
                vec!["HUBSPOT_DEFINED-3", "USER_DEFINED-3"],
            ),
            (
                Kind::Currencies,
                "company",
                r#"[{"currencyCode":"EUR"}]"#,
                vec!["EUR"],
            ),
            (Kind::Limits, "records", r#"[{"limit":1}]"#, vec!["records"]),
            (
                Kind::Limits,
                "association-labels",
                r#"[{"fromObjectType":{"objectTypeId":"0-1"},"toObjectType":{"objectTypeId":"0-3"}}]"#,
                vec!["0-1:0-3"],
            ),
            (
                Kind::Users,
                "page-1",
                r#"[{"email":"a@example.test"},7,null]"#,
                vec!["row-1", "row-2", "row-3"],
            ),
        ] {
            let rows = rows(kind, part, content).unwrap();
            let found: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            assert_eq!(found, ids, "{kind:?}");
            let raw = items(content).unwrap();
            for (row, raw) in rows.iter().zip(raw) {
                assert_eq!(record_json(kind, part, content, &row.id), Some(raw));
                assert!(!row.label.is_empty());
            }
            assert_eq!(record_json(kind, part, content, "nobody"), None);
        }
    }

    /// Issue 2: a damaged part is named, and nothing panics.
    #[test]
    fn a_damaged_part_is_an_error_that_names_it() {
        for content in ["", "{}", "[1", "nonsense", "\u{0}"] {
            let error = rows(Kind::Forms, "page-2", content).unwrap_err();
            assert_eq!((error.kind, error.part.as_str()), (Kind::Forms, "page-2"));
            assert_eq!(record_json(Kind::Forms, "page-2", content, "x"), None);
        }
    }

    proptest! {
        /// UI-1: whatever a portal holds, rows come out, and shown text is safe.
        #[test]
        fn hostile_records_make_rows(text in any::<String>(), which in 0_usize..16, field in "[a-zA-Z]{1,12}") {
            let kind = Kind::ALL[which];
            let text = serde_json::to_string(&text).unwrap();
            let names = ["id", "name", "label", "labels", "listId", "type", "options", "stages", "email", field.as_str()];
            for value in [text.as_str(), "null", "[]", "{}", "1e999", "[{\"a\":[1]}]"] {
                let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":{value}")).collect();
                let content = format!("[{{{}}}]", fields.join(","));
                let rows = rows(kind, "x", &content).unwrap();
                prop_assert_eq!(rows.len(), 1);
                for shown in [&rows[0].label, &rows[0].detail, &rows[0].class] {
                    prop_assert!(shown.chars().count() <= crate::text::NAME_CHARS + 1);
                    prop_assert_eq!(&visible(shown), shown);
                }
            }
        }
    }
}
