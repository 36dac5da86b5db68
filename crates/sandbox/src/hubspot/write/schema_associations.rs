//! Owns the associations that a schema declares (platform 6.2, write side): unlabelled, between it and another type.

use serde_json::json;

use super::body::Body;
use super::labels::{Pair, add, free_name, is_taken, removable, remove, unlabelled};
use super::{active_type, change, target};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::page::json_body;
use crate::router::{Answer, Call};
use crate::time::Instant;

/// `POST …/schemas/{objectType}/associations`: 201 with the definition.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["fromObjectTypeId", "toObjectTypeId"])?;
    let portal = call.portal()?;
    let pair = Pair {
        from: active_type(portal, body.filled("fromObjectTypeId")?)?,
        to: active_type(portal, body.filled("toObjectTypeId")?)?,
    };
    if pair.from != target.type_id && pair.to != target.type_id {
        return Err(ApiError::validation(format!(
            "One of fromObjectTypeId and toObjectTypeId must be {}",
            target.type_id
        )));
    }
    let standard = pair.from.starts_with("0-") && pair.to.starts_with("0-");
    if standard || unlabelled(portal, &pair).is_some() {
        return Err(ApiError::validation(format!(
            "An unlabeled association already exists between {} and {}",
            pair.from, pair.to
        )));
    }
    let name = match body.get("name") {
        Some(_) => body.filled("name")?.to_owned(),
        None => free_name(portal, &pair),
    };
    if is_taken(portal, &name) {
        return Err(ApiError::validation(format!(
            "An association definition with name {name} already exists"
        )));
    }
    let [id, _] = add(change(call)?, &pair, &name, None);
    Ok(Response::json(
        201,
        &json!({
            "id": id.to_string(),
            "fromObjectTypeId": pair.from,
            "toObjectTypeId": pair.to,
            "name": name,
            "createdAt": Instant(target.now),
            "updatedAt": Instant(target.now),
        }),
    ))
}

/// `DELETE …/schemas/{objectType}/associations/{associationIdentifier}`: 204; the identifier is an id or a name.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let key = call.param("associationIdentifier").to_owned();
    let portal = call.portal()?;
    let kind = portal
        .association_types
        .iter()
        .filter(|kind| kind.from == target.type_id || kind.to == target.type_id)
        .find(|kind| {
            kind.category == "USER_DEFINED"
                && (kind.type_id.to_string() == key || kind.name.as_ref() == Some(&key))
        })
        .cloned()
        .ok_or_else(|| {
            ApiError::not_found(format!("Association definition {key} does not exist"))
        })?;
    removable(portal, &kind)?;
    remove(change(call)?, kind.type_id, kind.inverse);
    Ok(Response::empty(204))
}
