//! Owns changes of properties (platform 6.2, write side): one at a time and in batches.

use serde_json::{Value, json};

use super::body::{self, Body};
use super::{Target, change_object, is_september_2026, object_of, property_rules, target, uses};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::limits;
use crate::hubspot::object_types::{self, Kind};
use crate::hubspot::page::{batch, inputs, json_body};
use crate::hubspot::properties::unknown_property;
use crate::model::{Portal, Property, Tier};
use crate::router::{Answer, Call};
use crate::time::Instant;

/// Unique properties that one type may have.
const UNIQUE_MAX: usize = 10;

fn find<'a>(
    portal: &'a Portal,
    target: &Target,
    name: &str,
) -> Result<Option<&'a Property>, ApiError> {
    let properties = &object_of(portal, target)?.properties;
    Ok(properties.iter().find(|property| property.name == name))
}

fn unknown(portal: &Portal, target: &Target, name: &str) -> ApiError {
    match object_types::resolve(portal, &target.type_id) {
        Some(kind) => unknown_property(kind, name),
        None => ApiError::not_found(format!("Property {name} does not exist")),
    }
}

/// The right and the edition that sensitive definitions need.
fn sensitivity(call: &Call<'_>, target: &Target, property: &Property) -> Result<(), ApiError> {
    if property.data_sensitivity == "non_sensitive" {
        return Ok(());
    }
    let portal = call.portal()?;
    let scope = match object_types::resolve(portal, &target.type_id) {
        Some(Kind::Standard(kind)) if kind.id == "0-5" => "tickets.sensitive".to_owned(),
        Some(Kind::Standard(kind)) => {
            format!(
                "crm.objects.{}.{}.write",
                kind.plural, property.data_sensitivity
            )
        }
        _ => format!("crm.objects.custom.{}.write", property.data_sensitivity),
    };
    if !call.holds(&scope) {
        return Err(ApiError::new(
            403,
            "Missing required scope for: sensitive-data-property-create",
        ));
    }
    if portal.hubs.highest() < Tier::Enterprise {
        return Err(
            ApiError::validation("The account is not enabled for sensitive data")
                .sub_category("PropertyValidationError.PORTAL_NOT_ENABLED_FOR_SENSITIVE_DATA"),
        );
    }
    Ok(())
}

/// Refuses one property more than the account's edition allows.
fn room_for(portal: &Portal, target: &Target, property: &Property) -> Result<(), ApiError> {
    let object = object_of(portal, target)?;
    let custom = |p: &&Property| !p.hubspot_defined && !p.archived;
    let limit = limits::custom_property_limit(portal);
    if object.properties.iter().filter(custom).count() >= limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} custom properties of object type {} is reached",
            target.type_id
        )));
    }
    let unique = |p: &&Property| p.has_unique_value && custom(p);
    if property.has_unique_value && object.properties.iter().filter(unique).count() >= UNIQUE_MAX {
        return Err(ApiError::validation(format!(
            "At most {UNIQUE_MAX} properties of an object type can have unique values"
        )));
    }
    let limit = limits::calculated_property_limit(portal);
    let calculated = portal
        .objects
        .values()
        .flat_map(|object| &object.properties);
    if property.calculated && calculated.filter(|p| p.calculated && custom(p)).count() >= limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} calculation properties is reached"
        )));
    }
    Ok(())
}

fn create_one(call: &mut Call<'_>, target: &Target, input: &Value) -> Result<Property, ApiError> {
    let portal = call.portal()?;
    let mut property = property_rules::draft(target, input, None, object_of(portal, target)?)?;
    sensitivity(call, target, &property)?;
    let portal = call.portal()?;
    let existing = find(portal, target, &property.name)?;
    if existing.is_some_and(|existing| !existing.archived) {
        return Err(ApiError::new(
            409,
            format!("A property named '{}' already exists.", property.name),
        )
        .category("OBJECT_ALREADY_EXISTS")
        .sub_category("Properties.PROPERTY_WITH_NAME_EXISTS"));
    }
    room_for(portal, target, &property)?;
    if let Some(archived) = existing {
        // The archived property comes back, with the definition that was sent.
        property.created_at = archived.created_at;
        property
            .created_user_id
            .clone_from(&archived.created_user_id);
    }
    let properties = &mut change_object(call, target)?.properties;
    properties.retain(|other| other.name != property.name);
    let at = properties.partition_point(|other| other.name < property.name);
    properties.insert(at, property.clone());
    Ok(property)
}

/// `POST …/{objectType}`: 201. An archived property's name restores that property.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let property = create_one(call, &target, &value)?;
    let mut response = Response::json(201, &property);
    let path = call.request.path.trim_end_matches('/');
    let location = format!("https://api.hubapi.com{path}/{}", property.name);
    response.set("location", &location);
    Ok(response)
}

/// `POST …/{objectType}/batch/create`: 201, or 200 at 2026-09; 207 when some inputs failed.
pub(crate) fn batch_create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let (mut made, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&value, 100)? {
        match create_one(call, &target, input) {
            Ok(property) => made.push(property),
            Err(error) => {
                let mut row = body::row(&error);
                if let Some(name) = input.get("name").and_then(Value::as_str) {
                    row["context"]["name"] = json!([name]);
                }
                errors.push(row);
            }
        }
    }
    let mut response = batch(call.now, &made, &errors);
    if errors.is_empty() && !is_september_2026(call) {
        response.status = 201;
    }
    Ok(response)
}

/// `PATCH …/{objectType}/{propertyName}`: 200. Fields that HubSpot never changes (name, uniqueness, sensitivity,
/// reference) are ignored.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    let name = call.param("propertyName").to_owned();
    let portal = call.portal()?;
    let mut property = find(portal, &target, &name)?
        .filter(|property| !property.archived)
        .ok_or_else(|| unknown(portal, &target, &name))?
        .clone();
    let rights = property.modification_metadata;
    let only_options = body.names().all(|field| field == "options");
    if rights.read_only_definition && !(only_options && rights.read_only_options == Some(false)) {
        return Err(ApiError::validation(format!(
            "Property {name} is defined by HubSpot and its definition cannot be changed"
        )));
    }
    property_rules::apply(&mut property, body, object_of(portal, &target)?)?;
    sensitivity(call, &target, &property)?;
    property.updated_at = Instant(target.now);
    property.updated_user_id = Some(target.user.to_string());
    let answer = Response::json(200, &property);
    let properties = &mut change_object(call, &target)?.properties;
    if let Some(old) = properties.iter_mut().find(|old| old.name == name) {
        *old = property;
    }
    Ok(answer)
}

/// Refuses to archive what HubSpot or another asset needs.
fn archivable(portal: &Portal, target: &Target, property: &Property) -> Result<(), ApiError> {
    if !property.modification_metadata.archivable {
        return Err(ApiError::validation(format!(
            "Property {} is defined by HubSpot and cannot be archived",
            property.name
        )));
    }
    uses::refuse_in_use(portal, &target.type_id, &property.name)
}

fn archive_all(call: &mut Call<'_>, target: &Target, names: &[String]) -> Result<(), ApiError> {
    let at = Instant(target.now);
    for property in &mut change_object(call, target)?.properties {
        if names.contains(&property.name) && !property.archived {
            property.archived = true;
            property.archived_at = Some(at);
            property.updated_at = at;
        }
    }
    Ok(())
}

/// `DELETE …/{objectType}/{propertyName}`: 204; the property then answers `archived=true` alone.
pub(crate) fn archive(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let name = call.param("propertyName").to_owned();
    let portal = call.portal()?;
    let property = find(portal, &target, &name)?
        .filter(|property| !property.archived)
        .ok_or_else(|| unknown(portal, &target, &name))?;
    archivable(portal, &target, property)?;
    archive_all(call, &target, &[name])?;
    Ok(Response::empty(204))
}

/// `POST …/{objectType}/batch/archive`: 204 whatever state the properties were in; all or none.
pub(crate) fn batch_archive(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let mut names = Vec::new();
    for input in inputs(&value, 100)? {
        let name = Body::of(input)?.filled("name")?;
        let portal = call.portal()?;
        if let Some(property) = find(portal, &target, name)?.filter(|p| !p.archived) {
            archivable(portal, &target, property)?;
        }
        names.push(name.to_owned());
    }
    archive_all(call, &target, &names)?;
    Ok(Response::empty(204))
}
