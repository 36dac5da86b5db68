//! Owns association types, labels and configurations (platform 6.2), with HubSpot's own type ids for standard pairs.

use serde::Serialize;
use serde_json::{Value, json};

use super::object_types::{self, STANDARD};
use super::page::whole;
use crate::error::ApiError;
use crate::model::Portal;
use crate::router::{Answer, Call};

/// HubSpot's unlabelled default types: from, to, type id.
#[rustfmt::skip]
pub(crate) const DEFAULTS: &[(&str, &str, u64)] = &[
    ("0-1", "0-1", 449), ("0-1", "0-2", 279), ("0-1", "0-3", 4), ("0-1", "0-5", 15), ("0-2", "0-1", 280),
    ("0-2", "0-2", 450), ("0-2", "0-3", 342), ("0-2", "0-5", 340), ("0-3", "0-1", 3), ("0-3", "0-2", 341),
    ("0-3", "0-3", 451), ("0-3", "0-5", 27), ("0-5", "0-1", 16), ("0-5", "0-2", 339), ("0-5", "0-3", 28),
    ("0-5", "0-5", 452), ("0-3", "0-8", 19), ("0-8", "0-3", 20), ("0-3", "0-14", 63), ("0-14", "0-3", 64),
    ("0-14", "0-8", 67), ("0-8", "0-14", 68), ("0-14", "0-1", 69), ("0-1", "0-14", 70), ("0-14", "0-2", 71),
    ("0-2", "0-14", 72), ("0-48", "0-1", 194), ("0-1", "0-48", 193), ("0-48", "0-2", 182), ("0-2", "0-48", 181),
    ("0-48", "0-3", 206), ("0-3", "0-48", 205), ("0-48", "0-5", 220), ("0-5", "0-48", 219), ("0-49", "0-1", 198),
    ("0-1", "0-49", 197), ("0-49", "0-2", 186), ("0-2", "0-49", 185), ("0-49", "0-3", 210), ("0-3", "0-49", 209),
    ("0-49", "0-5", 224), ("0-5", "0-49", 223), ("0-47", "0-1", 200), ("0-1", "0-47", 199), ("0-47", "0-2", 188),
    ("0-2", "0-47", 187), ("0-47", "0-3", 212), ("0-3", "0-47", 211), ("0-47", "0-5", 226), ("0-5", "0-47", 225),
    ("0-46", "0-1", 202), ("0-1", "0-46", 201), ("0-46", "0-2", 190), ("0-2", "0-46", 189), ("0-46", "0-3", 214),
    ("0-3", "0-46", 213), ("0-46", "0-5", 228), ("0-5", "0-46", 227), ("0-27", "0-1", 204), ("0-1", "0-27", 203),
    ("0-27", "0-2", 192), ("0-2", "0-27", 191), ("0-27", "0-3", 216), ("0-3", "0-27", 215), ("0-27", "0-5", 230),
    ("0-5", "0-27", 229), ("0-18", "0-1", 81), ("0-1", "0-18", 82), ("0-18", "0-2", 87), ("0-2", "0-18", 88),
    ("0-18", "0-3", 85), ("0-3", "0-18", 86), ("0-18", "0-5", 83), ("0-5", "0-18", 84),
];

/// HubSpot's labelled defaults: from, to, type id, label.
pub(crate) const LABELLED: &[(&str, &str, u64, &str)] = &[
    ("0-1", "0-2", 1, "Primary"),
    ("0-2", "0-1", 2, "Primary"),
    ("0-3", "0-2", 5, "Primary"),
    ("0-2", "0-3", 6, "Primary"),
    ("0-2", "0-5", 25, "Primary"),
    ("0-5", "0-2", 26, "Primary"),
    ("0-2", "0-2", 13, "Child Company"),
    ("0-2", "0-2", 14, "Parent Company"),
];

/// A row of the labels endpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    category: &'a str,
    type_id: u64,
    label: Option<&'a str>,
}

/// The unlabelled type of a standard pair; HubSpot's documented id, or a stable one of our own for rarer pairs.
pub(crate) fn default_type(from: &str, to: &str) -> Option<u64> {
    let documented = DEFAULTS.iter().find(|(f, t, _)| *f == from && *t == to);
    documented.map(|(_, _, id)| *id).or_else(|| {
        let position = |id: &str| STANDARD.iter().position(|kind| kind.id == id);
        Some(700 + (position(from)? * STANDARD.len() + position(to)?) as u64)
    })
}

/// `GET /crm/associations/{version}/{fromObjectType}/{toObjectType}/labels`.
pub(crate) fn labels(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let id = |name: &str| {
        let key = call.param(name);
        object_types::resolve(portal, key)
            .map(|kind| kind.id().to_owned())
            .ok_or_else(|| ApiError::new(400, format!("Unable to infer object type from: {key}")))
    };
    let (from, to) = (id("fromObjectType")?, id("toObjectType")?);
    let mut rows: Vec<Row<'_>> = LABELLED
        .iter()
        .filter(|(f, t, ..)| *f == from && *t == to)
        .map(|(_, _, type_id, label)| Row {
            category: "HUBSPOT_DEFINED",
            type_id: *type_id,
            label: Some(label),
        })
        .collect();
    if let Some(type_id) = default_type(&from, &to) {
        rows.push(Row {
            category: "HUBSPOT_DEFINED",
            type_id,
            label: None,
        });
    }
    rows.extend(
        portal
            .association_types
            .iter()
            .filter(|t| t.from == from && t.to == to)
            .map(|kind| Row {
                category: kind.category,
                type_id: kind.type_id,
                label: kind.label.as_deref(),
            }),
    );
    whole(&rows)
}

/// `GET /crm/associations/{version}/definitions/configurations/all`.
pub(crate) fn configurations(call: &mut Call<'_>) -> Answer {
    whole(&call.portal()?.association_configurations)
}

/// Association types of one object type, as schemas list them.
pub(crate) fn definitions(portal: &Portal, object_type_id: &str) -> Vec<Value> {
    let row = |type_id: u64, from: &str, to: &str, name: Option<&str>| {
        let mut row = json!({
            "id": type_id.to_string(),
            "fromObjectTypeId": from,
            "toObjectTypeId": to,
        });
        if let Some(name) = name {
            row["name"] = json!(name);
        }
        row
    };
    let own = DEFAULTS
        .iter()
        .filter(|(from, ..)| *from == object_type_id)
        .map(|(from, to, type_id)| row(*type_id, from, to, None));
    let theirs = portal
        .association_types
        .iter()
        .filter(|kind| kind.from == object_type_id || kind.to == object_type_id)
        .map(|kind| row(kind.type_id, &kind.from, &kind.to, kind.name.as_deref()));
    own.chain(theirs).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DEFAULTS, LABELLED, STANDARD, default_type};

    #[test]
    fn hubspot_defined_type_ids_are_unique() {
        let mut seen = BTreeSet::new();
        for from in STANDARD {
            for to in STANDARD {
                assert!(
                    seen.insert(default_type(from.id, to.id)),
                    "{} {}",
                    from.id,
                    to.id
                );
            }
        }
        for (.., id, _) in LABELLED {
            assert!(seen.insert(Some(*id)), "{id}");
        }
        assert!(DEFAULTS.len() > 60);
    }
}
