//! Owns changes of the limits that admins set on associations (platform 6.2).

use serde_json::{Value, json};

use super::body::{self, Body};
use super::change;
use super::labels::{Pair, pair};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::associations::types_between;
use crate::hubspot::page::{batch, inputs, json_body};
use crate::model::Portal;
use crate::router::{Answer, Call};

const CATEGORIES: [&str; 4] = [
    "HUBSPOT_DEFINED",
    "INTEGRATOR_DEFINED",
    "USER_DEFINED",
    "WORK",
];

/// An association type as a body names it.
struct Spec {
    category: &'static str,
    type_id: u64,
}

impl Spec {
    fn of(input: &Value) -> Result<Self, ApiError> {
        let body = Body::of(input)?;
        body.require(&["category", "typeId"])?;
        Ok(Self {
            category: body.word("category", &CATEGORIES)?.unwrap_or_default(),
            type_id: body
                .integer("typeId")?
                .and_then(|id| u64::try_from(id).ok())
                .unwrap_or(0),
        })
    }

    fn is(&self, row: &Value) -> bool {
        row["category"] == self.category && row["typeId"] == self.type_id
    }
}

/// The row to store.
fn limit(portal: &Portal, pair: &Pair, input: &Value) -> Result<(Spec, Value), ApiError> {
    let spec = Spec::of(input)?;
    let body = Body::of(input)?;
    body.require(&["maxToObjectIds"])?;
    let max = body.integer("maxToObjectIds")?.unwrap_or(0);
    if max < 1 {
        return Err(ApiError::validation("maxToObjectIds must be at least 1"));
    }
    let kinds = types_between(portal, &pair.from, &pair.to);
    let known = kinds
        .iter()
        .find(|(category, id, _)| *category == spec.category && *id == spec.type_id);
    let (_, _, label) = known.ok_or_else(|| {
        ApiError::not_found(format!(
            "No association type {} of category {} exists between {} and {}",
            spec.type_id, spec.category, pair.from, pair.to
        ))
    })?;
    let row = json!({
        "category": spec.category,
        "typeId": spec.type_id,
        "label": label,
        "userEnforcedMaxToObjectIds": max,
    });
    Ok((spec, row))
}

fn set(call: &mut Call<'_>, creates: bool) -> Answer {
    let pair = pair(call)?;
    let value = json_body(call)?;
    let (mut done, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&value, 100)? {
        let portal = call.portal()?;
        let limit = limit(portal, &pair, input).and_then(|(spec, row)| {
            let mut rows = portal.association_configurations.iter();
            if creates && rows.any(|other| spec.is(other)) {
                return Err(
                    ApiError::new(409, "The association type has a limit already")
                        .category("OBJECT_ALREADY_EXISTS"),
                );
            }
            Ok((spec, row))
        });
        match limit {
            Err(error) => errors.push(body::row(&error)),
            Ok((spec, row)) => {
                let rows = &mut change(call)?.association_configurations;
                rows.retain(|other| !spec.is(other));
                rows.push(row.clone());
                done.push(row);
            }
        }
    }
    if !creates {
        // An update's results have no label.
        for row in done.iter_mut().filter_map(Value::as_object_mut) {
            row.remove("label");
        }
    }
    let mut response = batch(call.now, &done, &errors);
    if creates && errors.is_empty() {
        response.status = 201;
    }
    Ok(response)
}

/// `POST …/definitions/configurations/{fromObjectType}/{toObjectType}/batch/create`: 201, or 207.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    set(call, true)
}

/// `POST …/batch/update`: 200, or 207; sets a limit where there is none, too.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    set(call, false)
}

/// `POST …/batch/purge`: 204, also where there is no limit.
pub(crate) fn purge(call: &mut Call<'_>) -> Answer {
    pair(call)?;
    let value = json_body(call)?;
    let specs = inputs(&value, 100)?
        .iter()
        .map(Spec::of)
        .collect::<Result<Vec<_>, _>>()?;
    let rows = &mut change(call)?.association_configurations;
    rows.retain(|row| !specs.iter().any(|spec| spec.is(row)));
    Ok(Response::empty(204))
}
