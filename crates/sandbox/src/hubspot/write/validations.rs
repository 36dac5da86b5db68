//! Owns changes of property validation rules (platform 6.2).

use serde_json::{Value, json};

use super::body::Body;
use super::{change_object, object_of, target};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::object_types;
use crate::hubspot::page::json_body;
use crate::hubspot::properties::{type_id, unknown_property};
use crate::router::{Answer, Call};

/// Every rule type of the SDK's models.
const RULE_TYPES: [&str; 27] = [
    "AFTER_DATETIME_DURATION",
    "AFTER_DURATION",
    "ALPHANUMERIC",
    "BEFORE_DATETIME_DURATION",
    "BEFORE_DURATION",
    "DAYS_OF_WEEK",
    "DECIMAL",
    "DOMAIN",
    "EMAIL",
    "EMAIL_ALLOWED_DOMAINS",
    "EMAIL_BLOCKED_DOMAINS",
    "END_DATE",
    "END_DATETIME",
    "FORMAT",
    "MAX_LENGTH",
    "MAX_NUMBER",
    "MIN_LENGTH",
    "MIN_NUMBER",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
    "REGEX",
    "SPECIAL_CHARACTERS",
    "START_DATE",
    "START_DATETIME",
    "URL",
    "URL_ALLOWED_DOMAINS",
    "URL_BLOCKED_DOMAINS",
    "WHITESPACE",
];

/// `PUT …/{objectTypeId}/{propertyName}/rule-type/{ruleType}`: 204; replaces the property's rule of that type.
pub(crate) fn replace(call: &mut Call<'_>) -> Answer {
    type_id(call.param("objectTypeId"))?;
    let target = target(call, "objectTypeId")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["ruleArguments"])?;
    let arguments = body.texts("ruleArguments")?.unwrap_or_default();
    let normalize = body.flag("shouldApplyNormalization")?.unwrap_or(false);
    let rule_type = call.param("ruleType").to_owned();
    if !RULE_TYPES.contains(&rule_type.as_str()) {
        return Err(ApiError::new(
            400,
            "Unable to parse value for path parameter: ruleType",
        ));
    }
    let name = call.param("propertyName").to_owned();
    let portal = call.portal()?;
    let properties = &object_of(portal, &target)?.properties;
    if !properties.iter().any(|p| p.name == name && !p.archived) {
        let kind = object_types::resolve(portal, &target.type_id);
        return Err(kind.map_or_else(
            || ApiError::not_found(format!("Property {name} does not exist")),
            |kind| unknown_property(kind, &name),
        ));
    }
    let rule = json!({
        "ruleType": rule_type,
        "ruleArguments": arguments,
        "shouldApplyNormalization": normalize,
    });
    let validations = &mut change_object(call, &target)?.validations;
    let row = validations
        .iter_mut()
        .find(|row| row.has("propertyName", &name));
    match row {
        Some(row) => row.edit(|row| {
            if let Some(Value::Array(rules)) = row.get_mut("propertyValidationRules") {
                rules.retain(|other| other["ruleType"] != rule_type.as_str());
                rules.push(rule);
            }
        }),
        None => validations.push(Document::from(json!({
            "propertyName": name,
            "propertyValidationRules": [rule],
        }))),
    }
    Ok(Response::empty(204))
}
