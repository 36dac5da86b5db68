//! Owns changes of association labels and of unlabelled associations (platform 6.2, write side; 9.2 for 437).

use serde::Serialize;

use super::body::Body;
use super::{active_type, change, same_label};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::limits::LABELS_PER_PAIR;
use crate::hubspot::object_types;
use crate::hubspot::page::{json_body, whole};
use crate::model::{AssociationType, Portal};
use crate::records;
use crate::router::{Answer, Call};

/// What the portal itself makes.
const CATEGORY: &str = "USER_DEFINED";

/// An ordered pair of object types.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) from: String,
    pub(super) to: String,
}

/// The pair in the path.
pub(super) fn pair(call: &Call<'_>) -> Result<Pair, ApiError> {
    let portal = call.portal()?;
    Ok(Pair {
        from: active_type(portal, call.param("fromObjectType"))?,
        to: active_type(portal, call.param("toObjectType"))?,
    })
}

impl Pair {
    fn fits(&self, kind: &AssociationType) -> bool {
        kind.from == self.from && kind.to == self.to
    }

    /// Two of HubSpot's own types are associated by HubSpot.
    fn is_standard(&self) -> bool {
        self.from.starts_with("0-") && self.to.starts_with("0-")
    }
}

/// The portal's unlabelled association of a pair, if it has one.
pub(super) fn unlabelled<'a>(portal: &'a Portal, pair: &Pair) -> Option<&'a AssociationType> {
    let mut types = portal.association_types.iter();
    types.find(|kind| pair.fits(kind) && kind.label.is_none())
}

/// The highest id given so far. Ids that no portal counts up to, as a hostile fixture has, do not count.
fn highest(portal: &Portal) -> u64 {
    let ids = portal.association_types.iter().map(|kind| kind.type_id);
    let ids = ids.filter(|id| *id < 1 << 40);
    ids.max().unwrap_or(0).max(portal.highest_association_type)
}

/// A type for each direction, each knowing the other. One type serves both when the pair is a type with itself and the
/// words are the same.
pub(super) fn add(
    portal: &mut Portal,
    pair: &Pair,
    name: &str,
    labels: Option<(&str, &str)>,
) -> [u64; 2] {
    let highest = highest(portal);
    let alone = pair.from == pair.to && labels.is_none_or(|(there, back)| there == back);
    let ids = [highest + 1, if alone { highest + 1 } else { highest + 2 }];
    portal.highest_association_type = ids[1];
    let there = (&pair.from, &pair.to, labels.map(|(there, _)| there));
    let back = (&pair.to, &pair.from, labels.map(|(_, back)| back));
    let directions = [(there, ids[0], ids[1]), (back, ids[1], ids[0])];
    let count = if alone { 1 } else { 2 };
    for ((from, to, label), type_id, inverse) in directions.into_iter().take(count) {
        portal.association_types.push(AssociationType {
            from: from.clone(),
            to: to.clone(),
            category: CATEGORY,
            type_id,
            inverse,
            label: label.map(str::to_owned),
            name: Some(name.to_owned()),
        });
    }
    ids
}

/// Takes a type, its inverse, the limits on both and the links of records by them away.
pub(super) fn remove(portal: &mut Portal, type_id: u64, inverse: u64) {
    records::forget(portal, [type_id, inverse]);
    let gone = |id: u64| id == type_id || id == inverse;
    portal.highest_association_type = highest(portal);
    portal
        .association_types
        .retain(|kind| kind.category != CATEGORY || !gone(kind.type_id));
    portal
        .association_configurations
        .retain(|row| row["category"] != CATEGORY || !row["typeId"].as_u64().is_some_and(gone));
}

/// A name that no association of the portal has: `vehicle_to_contact`, or that with a number.
pub(super) fn free_name(portal: &Portal, pair: &Pair) -> String {
    let short = |id: &str| match object_types::resolve(portal, id) {
        Some(object_types::Kind::Standard(kind)) => kind.singular.to_owned(),
        Some(kind) => kind.plural().to_owned(),
        None => id.to_owned(),
    };
    let base = format!("{}_to_{}", short(&pair.from), short(&pair.to));
    let mut name = base.clone();
    let mut n = 2;
    while is_taken(portal, &name) {
        name = format!("{base}_{n}");
        n += 1;
    }
    name
}

/// Whether an association of the portal has that name.
pub(super) fn is_taken(portal: &Portal, name: &str) -> bool {
    let mut types = portal.association_types.iter();
    types.any(|kind| kind.name.as_deref() == Some(name))
}

fn free_label(portal: &Portal, pair: &Pair, but: &[u64], label: &str) -> Result<(), ApiError> {
    let taken = portal.association_types.iter().any(|kind| {
        let same = kind
            .label
            .as_deref()
            .is_some_and(|other| same_label(other, label));
        pair.fits(kind) && !but.contains(&kind.type_id) && same
    });
    if taken {
        return Err(ApiError::validation(format!(
            "An association label {label} already exists between {} and {}",
            pair.from, pair.to
        )));
    }
    Ok(())
}

/// A row of the answer to a create.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    category: &'static str,
    type_id: u64,
    label: Option<String>,
}

/// `POST …/{fromObjectType}/{toObjectType}/labels`: 200 with the types made. An empty label makes the unlabelled
/// association of a pair that has none.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let pair = pair(call)?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["name", "label"])?;
    let name = body.filled("name")?;
    let label = body.text("label")?.unwrap_or_default();
    let inverse = body.text("inverseLabel")?.filter(|text| !text.is_empty());
    let back = inverse.unwrap_or(label);
    let portal = call.portal()?;
    if is_taken(portal, name) {
        return Err(ApiError::validation(format!(
            "An association definition with name {name} already exists"
        )));
    }
    let has_plain = pair.is_standard() || unlabelled(portal, &pair).is_some();
    let labels = (!label.trim().is_empty()).then_some((label, back));
    if labels.is_some() {
        free_label(portal, &pair, &[], label)?;
        let of_pair = |kind: &&AssociationType| pair.fits(kind) && kind.label.is_some();
        // Of a type with itself, both directions of a label are in one list, and it counts once.
        let usage = portal
            .association_types
            .iter()
            .filter(of_pair)
            .filter(|kind| pair.from != pair.to || kind.type_id <= kind.inverse)
            .count();
        if usage >= LABELS_PER_PAIR {
            return Err(ApiError::new(
                437,
                format!(
                    "No more than {LABELS_PER_PAIR} association types are allowed between {} and {}",
                    pair.from, pair.to
                ),
            ));
        }
    } else if has_plain {
        return Err(ApiError::validation(format!(
            "An unlabeled association already exists between {} and {}",
            pair.from, pair.to
        )));
    }
    let portal = change(call)?;
    let ids = add(portal, &pair, name, labels);
    if labels.is_some() && !has_plain {
        let plain = free_name(portal, &pair);
        add(portal, &pair, &plain, None);
    }
    let made = portal
        .association_types
        .iter()
        .filter(|kind| ids.contains(&kind.type_id));
    let rows: Vec<Row> = made
        .map(|kind| Row {
            category: kind.category,
            type_id: kind.type_id,
            label: kind.label.clone(),
        })
        .collect();
    whole(&rows)
}

/// The pair's own type of that id, or why it cannot be changed.
fn own(portal: &Portal, pair: &Pair, type_id: u64) -> Result<AssociationType, ApiError> {
    let mut types = portal.association_types.iter();
    let found = types.find(|kind| pair.fits(kind) && kind.type_id == type_id);
    match found {
        Some(kind) if kind.category == CATEGORY => Ok(kind.clone()),
        _ => Err(ApiError::not_found(format!(
            "No user-defined association type {type_id} exists between {} and {}",
            pair.from, pair.to
        ))),
    }
}

/// `PUT …/{fromObjectType}/{toObjectType}/labels`: 204. Without `inverseLabel`, the label goes on both sides.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let pair = pair(call)?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["associationTypeId", "label"])?;
    let id = body.integer("associationTypeId")?.unwrap_or_default();
    let label = body.filled("label")?;
    let inverse = body.text("inverseLabel")?.filter(|text| !text.is_empty());
    let back = inverse.unwrap_or(label);
    let portal = call.portal()?;
    let kind = own(portal, &pair, u64::try_from(id).unwrap_or(0))?;
    if kind.label.is_none() {
        return Err(ApiError::validation(format!(
            "Association type {id} is unlabeled and cannot be given a label"
        )));
    }
    let (type_id, inverse) = (kind.type_id, kind.inverse);
    free_label(portal, &pair, &[type_id, inverse], label)?;
    let other = Pair {
        from: pair.to.clone(),
        to: pair.from.clone(),
    };
    free_label(portal, &other, &[type_id, inverse], back)?;
    let portal = change(call)?;
    // The inverse first: a type that is its own inverse takes the label.
    for (id, label) in [(inverse, back), (type_id, label)] {
        for kind in &mut portal.association_types {
            if kind.category == CATEGORY && kind.type_id == id {
                kind.label = Some(label.to_owned());
            }
        }
        for row in &mut portal.association_configurations {
            if row["category"] == CATEGORY && row["typeId"] == id {
                row["label"] = label.into();
            }
        }
    }
    Ok(Response::empty(204))
}

/// `DELETE …/{fromObjectType}/{toObjectType}/labels/{associationTypeId}`: 204; both directions go.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let pair = pair(call)?;
    let id = call.param("associationTypeId");
    let type_id: u64 = id.parse().map_err(|_| {
        ApiError::new(
            400,
            "Unable to parse value for path parameter: associationTypeId",
        )
    })?;
    let kind = own(call.portal()?, &pair, type_id)?;
    removable(call.portal()?, &kind)?;
    remove(change(call)?, kind.type_id, kind.inverse);
    Ok(Response::empty(204))
}

/// Refuses to take the unlabelled association from under a pair's labels.
pub(super) fn removable(portal: &Portal, kind: &AssociationType) -> Result<(), ApiError> {
    let labelled = |other: &AssociationType| {
        other.from == kind.from && other.to == kind.to && other.label.is_some()
    };
    if kind.label.is_none() && portal.association_types.iter().any(labelled) {
        return Err(ApiError::validation(format!(
            "Definition with label still exists; Cannot delete unlabeled type with associationTypeId {}",
            kind.type_id
        )));
    }
    Ok(())
}
