//! Owns properties, their groups and validation rules (platform 6.2).

use std::borrow::Cow;

use serde_json::{Value, json};

use super::locale;
use super::object_types::{self, Kind};
use super::page::{batch, flag, inputs, json_body, whole};
use super::stage_options::shown;
use crate::error::ApiError;
use crate::http::Response;
use crate::judge::opens;
use crate::model::{ObjectMetadata, Portal, Property};
use crate::router::{Answer, Call};

/// Stands in for a type without an entry; every type of the table has one, if empty.
static NOTHING: ObjectMetadata = ObjectMetadata {
    properties: Vec::new(),
    groups: Vec::new(),
    pipelines: Vec::new(),
    validations: Vec::new(),
    record_count: 0,
};

/// The type in the path and its metadata, or the refusal of an unknown one.
pub(crate) fn object<'a>(
    portal: &'a Portal,
    key: &str,
) -> Result<(Kind<'a>, &'a ObjectMetadata), ApiError> {
    let kind = object_types::resolve(portal, key).ok_or_else(|| unknown_type(key))?;
    let metadata = portal.objects.get(kind.id()).map_or(&NOTHING, |o| &**o);
    Ok((kind, metadata))
}

/// The type in `{objectTypeId}`, where only ids do: names are told as unknown (platform 6.2).
fn object_by_id<'a>(call: &'a Call<'_>) -> Result<(Kind<'a>, &'a ObjectMetadata), ApiError> {
    let key = call.param("objectTypeId");
    type_id(key)?;
    object(call.portal()?, key)
}

/// Refuses what is no `0-n` or `2-n`.
pub(crate) fn type_id(key: &str) -> Result<(), ApiError> {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match key.split_once('-') {
        Some((meta, id)) if number(meta) && number(id) => Ok(()),
        _ => Err(unknown_type(key)),
    }
}

fn unknown_type(key: &str) -> ApiError {
    ApiError::new(400, format!("Unable to infer object type from: {key}"))
}

/// The rules of a property, or 404 where there is no such property.
fn rules_of(call: &Call<'_>) -> Result<Vec<Value>, ApiError> {
    let (kind, metadata) = object_by_id(call)?;
    let name = call.param("propertyName");
    let row = metadata
        .validations
        .iter()
        .find(|row| row.has("propertyName", name));
    let known = |property: &Property| property.name == name && !property.archived;
    if row.is_none() && !metadata.properties.iter().any(known) {
        return Err(unknown_property(kind, name));
    }
    Ok(
        match row.and_then(|row| row.member("propertyValidationRules")) {
            Some(Value::Array(rules)) => rules,
            _ => Vec::new(),
        },
    )
}

/// `dataSensitivity` and the right to ask for it.
fn sensitivity(call: &Call<'_>, kind: Kind<'_>, asked: Option<&str>) -> Result<String, ApiError> {
    let asked = asked.unwrap_or("non_sensitive").to_ascii_lowercase();
    match asked.as_str() {
        "non_sensitive" => Ok(asked),
        "sensitive" | "highly_sensitive" => {
            let scope = match kind {
                Kind::Standard(kind) if kind.id == "0-5" => "tickets.sensitive".to_owned(),
                Kind::Standard(kind) => format!("crm.objects.{}.{asked}.read", kind.plural),
                Kind::Custom(_) => format!("crm.objects.custom.{asked}.read"),
            };
            let portal = call.portal()?;
            if opens(call, portal, &scope) {
                Ok(asked)
            } else if call.holds(&scope) {
                let internal = format!("{}-{}-read", kind.plural(), asked).replace('_', "-");
                let name = kind.legacy_name();
                Err(ApiError::no_permission(
                    "view_schema",
                    name,
                    portal.id,
                    &internal,
                ))
            } else {
                Err(ApiError::missing_scopes(&[scope]))
            }
        }
        _ => Err(ApiError::validation(format!(
            "Invalid value for dataSensitivity: {asked}; use non_sensitive, sensitive or highly_sensitive"
        ))),
    }
}

/// `GET …/{objectType}`: all at once.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let (kind, metadata) = object(call.portal()?, call.param("objectType"))?;
    let sensitivity = sensitivity(call, kind, call.query.filled("dataSensitivity"))?;
    let archived = flag(&call.query, "archived", false);
    let names = call.query.list("properties");
    let found: Vec<Cow<'_, Property>> = metadata
        .properties
        .iter()
        .filter(|p| p.archived == archived && p.data_sensitivity == sensitivity)
        .filter(|p| names.is_empty() || names.contains(&p.name))
        .map(|p| shown(metadata, p))
        .collect();
    if let Some(language) = locale::asked(&call.query) {
        let found: Vec<Property> = found
            .into_iter()
            .map(|property| locale::property(&property, language))
            .collect();
        return whole(&found);
    }
    whole(&found)
}

/// `GET …/{objectType}/{propertyName}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let (kind, metadata) = object(call.portal()?, call.param("objectType"))?;
    let name = call.param("propertyName");
    let sensitivity = sensitivity(call, kind, call.query.filled("dataSensitivity"))?;
    let archived = flag(&call.query, "archived", false);
    let property = metadata
        .properties
        .iter()
        .find(|p| p.name == name && p.archived == archived && p.data_sensitivity == sensitivity)
        .ok_or_else(|| unknown_property(kind, name))?;
    let property = shown(metadata, property);
    Ok(match locale::asked(&call.query) {
        Some(language) => Response::json(200, &locale::property(&property, language)),
        None => Response::json(200, &property),
    })
}

/// 404 of a property that a type does not have.
pub(crate) fn unknown_property(kind: Kind<'_>, name: &str) -> ApiError {
    let mut error = ApiError::not_found(format!(
        "Property {name} does not exist on object type {}",
        kind.id()
    ));
    error.detail.context = Some(json!({ "propertyName": [name], "objectTypeId": [kind.id()] }));
    error
}

/// `POST …/{objectType}/batch/read`.
pub(crate) fn batch_read(call: &mut Call<'_>) -> Answer {
    let (kind, metadata) = object(call.portal()?, call.param("objectType"))?;
    let body = json_body(call)?;
    let sensitivity = sensitivity(
        call,
        kind,
        body.get("dataSensitivity").and_then(Value::as_str),
    )?;
    let archived = body
        .get("archived")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 100)? {
        let name = input.get("name").and_then(Value::as_str).ok_or_else(|| {
            ApiError::validation("Some required fields were not set: [inputs[].name]")
        })?;
        let property = metadata.properties.iter().find(|p| {
            p.name == name && p.archived == archived && p.data_sensitivity == sensitivity
        });
        match property {
            Some(property) => found.push(shown(metadata, property)),
            None => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": unknown_property(kind, name).message,
                "context": { "propertyName": [name] },
            })),
        }
    }
    Ok(batch(call.now, &found, &errors))
}

/// `GET …/{objectType}/groups`.
pub(crate) fn groups(call: &mut Call<'_>) -> Answer {
    let (_, metadata) = object(call.portal()?, call.param("objectType"))?;
    let Some(language) = locale::asked(&call.query) else {
        return whole(&metadata.groups);
    };
    let groups: Vec<_> = metadata
        .groups
        .iter()
        .map(|group| locale::group(group, language))
        .collect();
    whole(&groups)
}

/// `GET …/{objectType}/groups/{groupName}`.
pub(crate) fn group(call: &mut Call<'_>) -> Answer {
    let (_, metadata) = object(call.portal()?, call.param("objectType"))?;
    let name = call.param("groupName");
    metadata
        .groups
        .iter()
        .find(|group| group.name == name)
        .map(|group| match locale::asked(&call.query) {
            Some(language) => Response::json(200, &locale::group(group, language)),
            None => Response::json(200, group),
        })
        .ok_or_else(|| ApiError::not_found(format!("Property group {name} does not exist")))
}

/// `GET /crm/property-validations/{version}/{objectTypeId}`.
pub(crate) fn validations(call: &mut Call<'_>) -> Answer {
    let (_, metadata) = object_by_id(call)?;
    whole(&metadata.validations)
}

/// `GET /crm/property-validations/{version}/{objectTypeId}/{propertyName}`: the rules of one property.
pub(crate) fn property_validations(call: &mut Call<'_>) -> Answer {
    whole(&rules_of(call)?)
}

/// `GET …/{propertyName}/rule-type/{ruleType}`: one rule.
pub(crate) fn property_validation(call: &mut Call<'_>) -> Answer {
    let (name, kind) = (call.param("propertyName"), call.param("ruleType"));
    rules_of(call)?
        .iter()
        .find(|rule| rule["ruleType"] == kind)
        .map(|rule| Response::json(200, rule))
        .ok_or_else(|| ApiError::not_found(format!("Property {name} has no rule of type {kind}")))
}
