//! The relay: one path for each row of the core's table, so that each has its own arguments.

use super::described::Described;
use super::people::UNUSABLE;
use http::Method;
use portico_core::connection_type::ConnectionType;
#[allow(
    clippy::enum_glob_use,
    reason = "the list below is made of nothing else"
)]
use portico_core::error::ErrorCode::*;
use portico_core::operations::{self, OPERATIONS, Operation, Pattern};
use serde_json::{Map, Value, json};

pub(super) fn all() -> Vec<Described> {
    OPERATIONS.iter().map(describe).collect()
}

fn describe(operation: &Operation) -> Described {
    let path = format!("/v1/connections/{{id}}/relay/{}", operation.name);
    let method = match operation.method {
        operations::Method::Get => "GET",
        operations::Method::Post => "POST",
    };
    let title = operation.provider.title();
    let summary = format!("{title}: {method} {}", operation.path);
    let mut described = Described::new(
        Method::POST,
        &path,
        &format!("relay.{}", operation.name),
        "relay",
        &summary,
    )
    .session()
    .body(arguments(operation))
    .answers(200, "The provider's JSON as it came.", json!(true))
    .refuses(UNUSABLE)
    .refuses(&[
        NotFound,
        UnknownOperation,
        InvalidParameter,
        RefreshBusy,
        ProviderUnavailable,
        UpstreamUnauthorized,
        UpstreamForbidden,
        UpstreamNotFound,
        UpstreamRejected,
        UpstreamRateLimited,
        UpstreamUnavailable,
        UpstreamInvalid,
        UpstreamRedirect,
        UpstreamTooLarge,
    ]);
    for (name, text) in [
        ("X-HubSpot-RateLimit-Max", "Requests in one window."),
        ("X-HubSpot-RateLimit-Remaining", "What is left of it."),
        ("X-HubSpot-RateLimit-Interval-Milliseconds", "The window."),
    ] {
        let number = json!({ "type": "integer", "minimum": 0 });
        described = described.header(name, &json!({ "description": text, "schema": number }));
    }
    let gated = ConnectionType::ALL
        .iter()
        .any(|kind| !kind.allows(operation.capability));
    if gated {
        described.refuses(&[ConnectionTypeForbids])
    } else {
        described
    }
}

/// What the body may say.
fn arguments(operation: &Operation) -> Value {
    let params = object(operation.params.iter().copied());
    let query = object(operation.query.iter().map(|one| (one.name, one.pattern)));
    let mut properties = json!({ "params": params, "query": query });
    let mut required = Vec::new();
    if !operation.params.is_empty() {
        let names: Vec<&str> = operation.params.iter().map(|(name, _)| *name).collect();
        properties["params"]["required"] = json!(names);
        required.push("params");
    }
    properties["body"] = match operation.body.schema() {
        None => json!({ "type": "null" }),
        Some(schema) => {
            required.push("body");
            schema
        }
    };
    let mut whole = json!({
        "type": "object", "properties": properties, "additionalProperties": false,
    });
    if !required.is_empty() {
        whole["required"] = json!(required);
    }
    whole
}

fn object(members: impl Iterator<Item = (&'static str, Pattern)>) -> Value {
    let members: Map<String, Value> = members
        .map(|(name, pattern)| (name.to_owned(), pattern.schema()))
        .collect();
    json!({ "type": "object", "properties": members, "additionalProperties": false })
}
