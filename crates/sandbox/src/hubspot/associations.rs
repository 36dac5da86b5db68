//! Owns association types, labels and configurations (platform 6.2). HubSpot's own ids are in `association_types.rs`.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::association_types::{LABELLED, documented, unlabelled};
use super::object_types;
use super::page::whole;
use crate::error::ApiError;
use crate::model::Portal;
use crate::router::{Answer, Call};

/// A row of the labels endpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    category: &'a str,
    type_id: u64,
    label: Option<&'a str>,
}

/// Every type of an ordered pair: category, id, label.
pub(crate) fn types_between<'a>(
    portal: &'a Portal,
    from: &str,
    to: &str,
) -> Vec<(&'static str, u64, Option<&'a str>)> {
    const OURS: &str = "HUBSPOT_DEFINED";
    let labelled = LABELLED.iter().filter(|(f, t, ..)| *f == from && *t == to);
    let labelled = labelled.map(|(_, _, type_id, label)| (OURS, *type_id, Some(*label)));
    let plain = unlabelled(from, to).map(|type_id| (OURS, type_id, None));
    let own = portal.association_types.iter();
    let own = own.filter(|kind| kind.from == from && kind.to == to);
    let own = own.map(|kind| (kind.category, kind.type_id, kind.label.as_deref()));
    labelled.chain(plain).chain(own).collect()
}

/// The ids of the two types in the path.
fn pair(call: &Call<'_>) -> Result<(String, String), ApiError> {
    let portal = call.portal()?;
    let id = |name: &str| {
        let key = call.param(name);
        object_types::resolve(portal, key)
            .map(|kind| kind.id().to_owned())
            .ok_or_else(|| ApiError::new(400, format!("Unable to infer object type from: {key}")))
    };
    Ok((id("fromObjectType")?, id("toObjectType")?))
}

/// `GET /crm/associations/{version}/{fromObjectType}/{toObjectType}/labels`.
pub(crate) fn labels(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let (from, to) = pair(call)?;
    let rows: Vec<Row<'_>> = types_between(portal, &from, &to)
        .into_iter()
        .map(|(category, type_id, label)| Row {
            category,
            type_id,
            label,
        })
        .collect();
    whole(&rows)
}

/// `GET /crm/associations/{version}/definitions/configurations/all`.
pub(crate) fn configurations(call: &mut Call<'_>) -> Answer {
    whole(&call.portal()?.association_configurations)
}

/// `GET /crm/associations/{version}/definitions/configurations/{fromObjectType}/{toObjectType}`: of one ordered pair.
pub(crate) fn configurations_of(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let (from, to) = pair(call)?;
    let types: BTreeSet<u64> = portal
        .association_types
        .iter()
        .filter(|kind| kind.from == from && kind.to == to)
        .map(|kind| kind.type_id)
        .collect();
    let rows: Vec<&Value> = portal
        .association_configurations
        .iter()
        .filter(|row| row["typeId"].as_u64().is_some_and(|id| types.contains(&id)))
        .collect();
    whole(&rows)
}

/// `GET /crm/v3/associations/{fromObjectType}/{toObjectType}/types`: the older view of the same types.
pub(crate) fn types(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let (from, to) = pair(call)?;
    let name = |id: &str| {
        object_types::resolve(portal, id)
            .map_or_else(|| id.to_owned(), |kind| kind.singular().to_owned())
    };
    let plain = format!("{}_to_{}", name(&from), name(&to));
    let labelled = LABELLED.iter().filter(|(f, t, ..)| *f == from && *t == to);
    let mut rows: Vec<Value> = labelled
        .clone()
        .map(|(_, _, id, label)| {
            // The primary type came first and has the plain name.
            let name = match *label {
                "Primary" => plain.clone(),
                label => label.to_lowercase().replace(' ', "_"),
            };
            json!({ "id": id.to_string(), "name": name })
        })
        .collect();
    if let Some(id) = unlabelled(&from, &to) {
        let name = if labelled.clone().any(|(.., label)| *label == "Primary") {
            format!("{plain}_unlabeled")
        } else {
            plain.clone()
        };
        rows.push(json!({ "id": id.to_string(), "name": name }));
    }
    let own = portal
        .association_types
        .iter()
        .filter(|kind| kind.from == from && kind.to == to);
    rows.extend(own.map(|kind| {
        let label = kind
            .label
            .as_ref()
            .map(|label| label.to_lowercase().replace(' ', "_"));
        let name = kind.name.clone().or(label).unwrap_or_else(|| plain.clone());
        json!({ "id": kind.type_id.to_string(), "name": name })
    }));
    whole(&rows)
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
    let own = documented(object_type_id)
        .iter()
        .map(|(to, type_id)| row(*type_id, object_type_id, to, None));
    let theirs = portal
        .association_types
        .iter()
        .filter(|kind| kind.from == object_type_id || kind.to == object_type_id)
        .map(|kind| row(kind.type_id, &kind.from, &kind.to, kind.name.as_deref()));
    own.chain(theirs).collect()
}
