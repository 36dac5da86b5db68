//! Owns changes of property groups (platform 6.2, write side).

use serde::Serialize;

use super::body::Body;
use super::{Target, change_object, object_of, property_rules, target};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::page::json_body;
use crate::model::PropertyGroup;
use crate::router::{Answer, Call};

fn unknown(name: &str) -> ApiError {
    ApiError::not_found(format!("Property group {name} does not exist"))
}

/// `POST …/{objectType}/groups`: 201. An archived group's name makes a fresh group.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["name", "label"])?;
    let name = property_rules::name(body.filled("name")?)?;
    let label = body.filled("label")?.to_owned();
    let display_order = body.integer("displayOrder")?.unwrap_or(-1);
    let groups = &object_of(call.portal()?, &target)?.groups;
    if groups
        .iter()
        .any(|group| group.name == name && !group.archived)
    {
        return Err(ApiError::new(
            409,
            format!("A property group named '{name}' already exists."),
        )
        .category("OBJECT_ALREADY_EXISTS"));
    }
    let group = PropertyGroup {
        name,
        label,
        display_order,
        archived: false,
    };
    let object = change_object(call, &target)?;
    object.groups.retain(|other| other.name != group.name);
    object.groups.push(group.clone());
    Ok(Response::json(201, &group))
}

/// `PATCH …/{objectType}/groups/{groupName}`: 200; only label and order change.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    let label = match body.get("label") {
        Some(_) => Some(body.filled("label")?.to_owned()),
        None => None,
    };
    let display_order = body.integer("displayOrder")?;
    let name = call.param("groupName").to_owned();
    index(call, &target, &name)?;
    let object = change_object(call, &target)?;
    let group = object
        .groups
        .iter_mut()
        .find(|group| group.name == name && !group.archived)
        .ok_or_else(|| unknown(&name))?;
    if let Some(label) = label {
        group.label = label;
    }
    if let Some(order) = display_order {
        group.display_order = order;
    }
    Ok(Response::json(200, &*group))
}

fn index(call: &Call<'_>, target: &Target, name: &str) -> Result<usize, ApiError> {
    let groups = &object_of(call.portal()?, target)?.groups;
    let found = groups.iter().position(|g| g.name == name && !g.archived);
    found.ok_or_else(|| unknown(name))
}

/// The error that HubSpot nests as JSON text in `message`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Nested<'a> {
    status: &'a str,
    message: &'a str,
    correlation_id: &'a str,
    category: &'a str,
    sub_category: &'a str,
}

/// `DELETE …/{objectType}/groups/{groupName}`: 204. Archived properties do not hold a group; an archived group is in no
/// list and cannot be restored, so it is let go.
pub(crate) fn archive(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let name = call.param("groupName").to_owned();
    let at = index(call, &target, &name)?;
    let properties = &object_of(call.portal()?, &target)?.properties;
    if properties
        .iter()
        .any(|p| p.group_name == name && !p.archived)
    {
        let nested = Nested {
            status: "error",
            message: "Can't delete or purge a group with active properties",
            correlation_id: call.correlation_id,
            category: "VALIDATION_ERROR",
            sub_category: "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        };
        let text = serde_json::to_string(&nested).unwrap_or_default();
        return Err(ApiError::new(400, text)
            .category("VALIDATION_ERROR")
            .sub_category("PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"));
    }
    change_object(call, &target)?.groups.remove(at);
    Ok(Response::empty(204))
}
