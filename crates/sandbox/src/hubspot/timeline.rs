//! Owns timeline event templates of an app and their tokens (platform 6.3; shapes of the SDK's `timeline` models).

use serde_json::{Value, json};

use super::page::{json_body, whole};
use crate::app_resources::{missing, of, text};
use crate::error::ApiError;
use crate::http::Response;
use crate::router::{Answer, Call};
use crate::time::iso;

const TOKEN_TYPES: [&str; 4] = ["date", "enumeration", "number", "string"];

/// `GET /integrators/timeline/v3/{appId}/event-templates`: all of them.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let (_, resources) = of(call)?;
    let rows: Vec<&Value> = resources.event_templates.values().collect();
    whole(&rows)
}

/// `GET …/event-templates/{eventTemplateId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let id = call.param("eventTemplateId").to_owned();
    let (_, resources) = of(call)?;
    let row = resources.event_templates.get(&id).ok_or_else(missing)?;
    Ok(Response::json(200, row))
}

/// `POST …/event-templates`: 201.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let (name, kind) = (text(&body, "name")?, text(&body, "objectType")?);
    let now = iso(call.now);
    let tokens = tokens_of(&body, &now)?;
    let (_, resources) = of(call)?;
    let id = resources.next_id().to_string();
    let mut row = json!({
        "id": id, "name": name, "objectType": kind, "tokens": tokens, "createdAt": now, "updatedAt": now,
    });
    copy_templates(&body, &mut row);
    let response = Response::json(201, &row);
    resources.event_templates.insert(id, row);
    Ok(response)
}

/// `PUT …/event-templates/{eventTemplateId}`: replaces name, templates and tokens.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let name = text(&body, "name")?;
    let now = iso(call.now);
    let tokens = tokens_of(&body, &now)?;
    let id = call.param("eventTemplateId").to_owned();
    let (_, resources) = of(call)?;
    let row = resources.event_templates.get_mut(&id).ok_or_else(missing)?;
    row["name"] = json!(name);
    row["tokens"] = json!(tokens);
    row["updatedAt"] = json!(now);
    copy_templates(&body, row);
    Ok(Response::json(200, row))
}

/// `DELETE …/event-templates/{eventTemplateId}`.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.param("eventTemplateId").to_owned();
    let (_, resources) = of(call)?;
    resources.event_templates.remove(&id).ok_or_else(missing)?;
    Ok(Response::empty(204))
}

/// `POST …/event-templates/{eventTemplateId}/tokens`: 200 with the token.
pub(crate) fn add_token(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let token = token(&body, &iso(call.now))?;
    let tokens = tokens(call)?;
    if tokens.iter().any(|other| other["name"] == token["name"]) {
        return Err(ApiError::new(409, "A token with this name exists already.")
            .category("OBJECT_ALREADY_EXISTS"));
    }
    let response = Response::json(200, &token);
    tokens.push(token);
    Ok(response)
}

/// `PUT …/tokens/{tokenName}`: label, options and property; the type stays.
pub(crate) fn update_token(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let label = text(&body, "label")?;
    let now = iso(call.now);
    let name = call.param("tokenName").to_owned();
    let tokens = tokens(call)?;
    let found = tokens.iter_mut().find(|token| token["name"] == name);
    let row = found.ok_or_else(missing)?;
    row["label"] = json!(label);
    row["updatedAt"] = json!(now);
    for member in ["options", "objectPropertyName"] {
        if let Some(value) = body.get(member) {
            row[member] = value.clone();
        }
    }
    Ok(Response::json(200, row))
}

/// `DELETE …/tokens/{tokenName}`.
pub(crate) fn delete_token(call: &mut Call<'_>) -> Answer {
    let name = call.param("tokenName").to_owned();
    let tokens = tokens(call)?;
    let at = tokens.iter().position(|token| token["name"] == name);
    tokens.remove(at.ok_or_else(missing)?);
    Ok(Response::empty(204))
}

fn tokens<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Vec<Value>, ApiError> {
    let id = call.param("eventTemplateId").to_owned();
    let (_, resources) = of(call)?;
    let row = resources.event_templates.get_mut(&id).ok_or_else(missing)?;
    row["tokens"].as_array_mut().ok_or_else(missing)
}

fn tokens_of(body: &Value, now: &str) -> Result<Vec<Value>, ApiError> {
    let tokens = body["tokens"].as_array().map_or(&[][..], Vec::as_slice);
    tokens.iter().map(|row| token(row, now)).collect()
}

fn token(row: &Value, now: &str) -> Result<Value, ApiError> {
    let (name, label, kind) = (text(row, "name")?, text(row, "label")?, text(row, "type")?);
    if !TOKEN_TYPES.contains(&kind) {
        return Err(ApiError::validation(format!("{kind} is not a token type")));
    }
    let mut made = json!({
        "name": name, "label": label, "type": kind, "options": [], "createdAt": now, "updatedAt": now,
    });
    for member in ["options", "objectPropertyName"] {
        if let Some(value) = row.get(member) {
            made[member] = value.clone();
        }
    }
    Ok(made)
}

fn copy_templates(body: &Value, row: &mut Value) {
    for member in ["headerTemplate", "detailTemplate"] {
        if let Some(template) = body[member].as_str() {
            row[member] = json!(template);
        }
    }
}
