//! Owns webhook settings and subscriptions of an app (platform 6.3; shapes of the SDK's `webhooks` models).

use serde_json::{Value, json};

use super::page::{batch, inputs, json_body};
use crate::app_resources::{missing, number, of, subscription, text};
use crate::error::ApiError;
use crate::http::Response;
use crate::router::{Answer, Call};
use crate::time::iso;

/// Objects and what can happen to them: `eventType` is both, joined by a dot.
#[rustfmt::skip]
const EVENTS: [(&str, &[&str]); 8] = [
    ("contact", &["associationChange", "creation", "deletion", "merge", "privacyDeletion", "propertyChange", "restore"]),
    ("company", &["associationChange", "creation", "deletion", "merge", "propertyChange", "restore"]),
    ("deal", &["associationChange", "creation", "deletion", "merge", "propertyChange", "restore"]),
    ("ticket", &["associationChange", "creation", "deletion", "merge", "propertyChange", "restore"]),
    ("product", &["creation", "deletion", "merge", "propertyChange", "restore"]),
    ("line_item", &["associationChange", "creation", "deletion", "merge", "propertyChange", "restore"]),
    ("conversation", &["creation", "deletion", "newMessage", "privacyDeletion", "propertyChange"]),
    ("object", &["associationChange", "creation", "deletion", "merge", "propertyChange", "restore"]),
];

/// `GET …/{appId}/settings`.
pub(crate) fn settings(call: &mut Call<'_>) -> Answer {
    let (_, resources) = of(call)?;
    let settings = resources.webhook_settings.as_ref().ok_or_else(missing)?;
    Ok(Response::json(200, settings))
}

/// `PUT …/{appId}/settings`: `targetUrl` must be `https`, `maxConcurrentRequests` at least 5.
pub(crate) fn put_settings(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let target = text(&body, "targetUrl")?;
    if !url::Url::parse(target).is_ok_and(|url| url.scheme() == "https") {
        return Err(ApiError::validation("targetUrl must be an https URL"));
    }
    let concurrent = body["throttling"]["maxConcurrentRequests"].as_u64();
    let concurrent = concurrent
        .filter(|n| *n >= 5)
        .ok_or_else(|| ApiError::validation("maxConcurrentRequests must be at least 5"))?;
    let now = iso(call.now);
    let (_, resources) = of(call)?;
    let made = resources.webhook_settings.as_ref();
    let created = made.map_or_else(|| json!(now), |old| old["createdAt"].clone());
    let settings = json!({
        "targetUrl": target,
        "throttling": { "period": "SECONDLY", "maxConcurrentRequests": concurrent },
        "createdAt": created,
        "updatedAt": now,
    });
    let response = Response::json(200, &settings);
    resources.webhook_settings = Some(settings);
    Ok(response)
}

/// `DELETE …/{appId}/settings`.
pub(crate) fn delete_settings(call: &mut Call<'_>) -> Answer {
    let (_, resources) = of(call)?;
    resources.webhook_settings = None;
    Ok(Response::empty(204))
}

/// `GET …/{appId}/subscriptions`: all of them.
pub(crate) fn subscriptions(call: &mut Call<'_>) -> Answer {
    let (_, resources) = of(call)?;
    let rows: Vec<&Value> = resources.subscriptions.values().collect();
    Ok(Response::json(200, &json!({ "results": rows })))
}

/// `POST …/{appId}/subscriptions`: inactive unless told otherwise; 201.
pub(crate) fn subscribe(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let event = text(&body, "eventType")?;
    let known = event.split_once('.').is_some_and(|(object, change)| {
        EVENTS
            .iter()
            .any(|(name, changes)| *name == object && changes.contains(&change))
    });
    if !known {
        return Err(ApiError::validation(format!(
            "{event} is not a known eventType"
        )));
    }
    let property = body["propertyName"].as_str();
    if event.ends_with(".propertyChange") {
        text(&body, "propertyName")?;
    }
    let object_type_id = body["objectTypeId"].as_str();
    if event.starts_with("object.") {
        text(&body, "objectTypeId")?;
    }
    let active = body["active"].as_bool().unwrap_or(false);
    let now = iso(call.now);
    let (_, resources) = of(call)?;
    let id = resources.next_id();
    let row = subscription(id, event, object_type_id, property, active, &now);
    let response = Response::json(201, &row);
    resources.subscriptions.insert(id, row);
    Ok(response)
}

/// `GET …/{appId}/subscriptions/{subscriptionId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let id = number(call, "subscriptionId")?;
    let (_, resources) = of(call)?;
    let row = resources.subscriptions.get(&id).ok_or_else(missing)?;
    Ok(Response::json(200, row))
}

/// `PATCH …/{appId}/subscriptions/{subscriptionId}`: `active` is all that can change.
pub(crate) fn patch(call: &mut Call<'_>) -> Answer {
    let id = number(call, "subscriptionId")?;
    let body = json_body(call)?;
    let now = iso(call.now);
    let (_, resources) = of(call)?;
    let row = resources.subscriptions.get_mut(&id).ok_or_else(missing)?;
    if let Some(active) = body["active"].as_bool() {
        row["active"] = json!(active);
        row["updatedAt"] = json!(now);
    }
    Ok(Response::json(200, row))
}

/// `DELETE …/{appId}/subscriptions/{subscriptionId}`.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let id = number(call, "subscriptionId")?;
    let (_, resources) = of(call)?;
    resources.subscriptions.remove(&id).ok_or_else(missing)?;
    Ok(Response::empty(204))
}

/// `POST …/{appId}/subscriptions/batch/update`: `{"inputs":[{"id":7,"active":true}]}`; 207 when some ids are unknown.
pub(crate) fn batch_update(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let wanted = inputs(&body, 100)?;
    let now = call.now;
    let (_, resources) = of(call)?;
    let (mut done, mut errors) = (Vec::new(), Vec::new());
    for input in wanted {
        let row = input["id"]
            .as_u64()
            .and_then(|id| resources.subscriptions.get_mut(&id));
        match (row, input["active"].as_bool()) {
            (Some(row), Some(active)) => {
                row["active"] = json!(active);
                row["updatedAt"] = json!(iso(now));
                done.push(row.clone());
            }
            _ => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": "resource not found",
                "context": { "ids": [input["id"].to_string()] },
            })),
        }
    }
    Ok(batch(now, &done, &errors))
}
