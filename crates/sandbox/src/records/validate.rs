//! Owns what a write may contain (platform 7, 9.2): known and writable properties, values of the right kind, a stage of
//! the pipeline, what a create must carry, unique values. Changes nothing.

use serde::Serialize;
use serde_json::{Value, json};

use super::rules;
use super::store::Record;
use super::value::{Refused, kept, not_an_option};
use super::{Required, Shape};
use crate::error::ApiError;
use crate::model::{Pipeline, Portal};

/// Property names and values as sent or as kept; an empty value clears.
pub(super) type Values = Vec<(String, String)>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    is_valid: bool,
    message: String,
    error: &'static str,
    name: String,
    localized_error_message: String,
    portal_id: u64,
}

/// `properties` of a body.
pub(super) fn given(body: &Value) -> Result<Values, ApiError> {
    let properties = match body.get("properties") {
        Some(Value::Object(properties)) => properties,
        None | Some(Value::Null) => {
            return Err(ApiError::validation(
                "Some required fields were not set: [properties]",
            ));
        }
        Some(_) => return Err(not_text("properties")),
    };
    let pair = |(name, value): (&String, &Value)| {
        text(value)
            .map(|value| (name.clone(), value))
            .ok_or_else(|| not_text(name))
    };
    properties.iter().map(pair).collect()
}

/// A scalar as text, as HubSpot's JSON reader takes numbers and flags for strings; null clears.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The refusal of a list or an object where a text belongs.
pub(super) fn not_text(name: &str) -> ApiError {
    ApiError::new(
        400,
        format!("Invalid input JSON on line 1, column 1: the value of {name} is of the wrong type"),
    )
}

/// What a write is held to beyond the kinds of its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands {
    /// A create must carry what its type needs.
    pub(super) required: bool,
    /// The portal's own validation rules.
    pub(super) rules: bool,
}

/// The values to keep. `existing` is the record that changes; a create has none.
pub(super) fn checked(
    portal: &Portal,
    shape: &Shape,
    given: Values,
    existing: Option<&Record>,
    demands: Demands,
) -> Result<Values, ApiError> {
    let mut problems = Vec::new();
    let mut values = Values::new();
    for (name, text) in given {
        match one(portal, shape, demands, &name, &text) {
            Ok(value) => values.push((name, value)),
            Err(refused) => problems.push((name, refused)),
        }
    }
    if let Some((pipeline, stage)) = shape.pipeline {
        let refused = staged(portal, shape, (pipeline, stage), &mut values, existing);
        problems.extend(refused);
    }
    if problems.is_empty() && existing.is_none() && demands.required {
        required(shape, &values)?;
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(not_valid(portal, problems))
    }
}

fn one(
    portal: &Portal,
    shape: &Shape,
    demands: Demands,
    name: &str,
    text: &str,
) -> Result<String, Refused> {
    let property = shape.property(portal, name).ok_or_else(|| Refused {
        code: "PROPERTY_DOESNT_EXIST",
        message: format!("Property \"{name}\" does not exist"),
    })?;
    if property.modification_metadata.read_only_value || property.calculated {
        return Err(Refused {
            code: "READ_ONLY_VALUE",
            message: format!("\"{name}\" is a read only property; its value cannot be set."),
        });
    }
    let is_stage = shape
        .pipeline
        .is_some_and(|(pipeline, stage)| name == pipeline || name == stage);
    if text.is_empty() || is_stage {
        return Ok(text.to_owned());
    }
    let value = kept(portal, property, text)?;
    let broken = shape
        .metadata(portal)
        .filter(|_| demands.rules)
        .and_then(|object| rules::broken(object, name, &value));
    broken.map_or(Ok(value), Err)
}

/// Pipeline and stage together: both known, and the stage one of the pipeline.
fn staged(
    portal: &Portal,
    shape: &Shape,
    (pipeline, stage): (&'static str, &'static str),
    values: &mut Values,
    existing: Option<&Record>,
) -> Option<(String, Refused)> {
    let sent = |name: &str, values: &Values| {
        values
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    };
    let before = |name: &str| {
        let slot = portal.records.store(shape.id)?.slot(name)?;
        existing?.value(slot).map(str::to_owned)
    };
    let (new_pipeline, new_stage) = (sent(pipeline, values), sent(stage, values));
    if existing.is_some() {
        for (name, sent) in [(pipeline, &new_pipeline), (stage, &new_stage)] {
            if sent.as_deref() == Some("") {
                let message = format!("{name} cannot be cleared");
                return Some((
                    name.to_owned(),
                    Refused {
                        code: "MISSING_REQUIRED_PROPERTY",
                        message,
                    },
                ));
            }
        }
        if new_pipeline.is_none() && new_stage.is_none() {
            return None;
        }
    }
    let live: Vec<&Pipeline> = shape.metadata(portal).map_or_else(Vec::new, |o| {
        o.pipelines.iter().filter(|p| !p.archived).collect()
    });
    let filled = |value: Option<String>| value.filter(|value| !value.is_empty());
    let chosen = filled(new_pipeline)
        .or_else(|| before(pipeline))
        .or_else(|| {
            // The only pipeline needs no naming.
            let only = live.first().filter(|_| live.len() == 1)?.id.clone();
            values.retain(|(name, _)| name != pipeline);
            values.push((pipeline.to_owned(), only.clone()));
            Some(only)
        })?;
    let Some(known) = live.iter().find(|known| known.id == chosen) else {
        let ids = live.iter().map(|known| known.id.as_str());
        return Some((pipeline.to_owned(), not_an_option(&chosen, ids)));
    };
    let wanted = filled(new_stage).or_else(|| before(stage))?;
    let stages = || {
        known
            .stages
            .iter()
            .filter(|stage| !stage.archived)
            .map(|stage| stage.id.as_str())
    };
    if stages().any(|id| id == wanted) {
        None
    } else {
        Some((stage.to_owned(), not_an_option(&wanted, stages())))
    }
}

fn required(shape: &Shape, values: &Values) -> Result<(), ApiError> {
    let set = |name: &&&str| {
        values
            .iter()
            .any(|(n, value)| n == **name && !value.is_empty())
    };
    let missing: Vec<&str> = match shape.required {
        Required::All(names) => names.iter().filter(|name| !set(name)).copied().collect(),
        Required::AnyOf(names) if names.iter().any(|name| set(&name)) => Vec::new(),
        Required::AnyOf(names) => names.to_vec(),
    };
    if missing.is_empty() {
        return Ok(());
    }
    let row = |name: &&str| {
        json!({
            "message": format!("{name} is required"),
            "code": "MISSING_REQUIRED_PROPERTY",
            "in": "properties",
            "context": { "propertyName": [name] },
        })
    };
    let noun = shape.noun.to_uppercase();
    let mut error = ApiError::validation(format!(
        "Error creating {noun}. Some required properties were not set."
    ))
    .errors(missing.iter().map(row).collect());
    error.detail.context = Some(json!({ "properties": missing }));
    Err(error)
}

fn not_valid(portal: &Portal, problems: Vec<(String, Refused)>) -> ApiError {
    let rows = problems.iter().map(|(name, refused)| {
        json!({
            "message": refused.message,
            "code": refused.code,
            "in": "properties",
            "context": { "propertyName": [name] },
        })
    });
    let rows = rows.collect();
    let told: Vec<Problem> = problems
        .into_iter()
        .map(|(name, Refused { code, message })| Problem {
            is_valid: false,
            localized_error_message: message.clone(),
            message,
            error: code,
            name,
            portal_id: portal.id,
        })
        .collect();
    // Only a map with keys that are no text fails to print.
    let told = serde_json::to_string(&told).unwrap_or_default();
    ApiError::validation(format!("Property values were not valid: {told}")).errors(rows)
}

/// 409 when another live record holds one of the unique values.
pub(super) fn unique(
    portal: &Portal,
    shape: &Shape,
    values: &Values,
    own: Option<u64>,
) -> Result<(), ApiError> {
    let Some(store) = portal.records.store(shape.id) else {
        return Ok(());
    };
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        let unique = shape
            .property(portal, name)
            .is_some_and(|property| property.has_unique_value);
        let Some(slot) = store.slot(name).filter(|_| unique) else {
            continue;
        };
        let holds =
            |record: &&Record| Some(record.id) != own && record.value(slot) == Some(value.as_str());
        if let Some(other) = store.live().find(holds) {
            let message = format!("{} already exists. Existing ID: {}", shape.noun, other.id);
            return Err(ApiError::new(409, message).category("CONFLICT"));
        }
    }
    Ok(())
}
