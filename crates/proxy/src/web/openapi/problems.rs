//! Refusals as a document tells them: one response for each status with the codes that it can bear.

use http::StatusCode;
use portico_core::error::ErrorCode;
use portico_core::wire::PROBLEM_CONTENT_TYPE;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What an operation can refuse, by status.
#[derive(Clone, Default)]
pub(super) struct Refusals(BTreeMap<u16, Vec<ErrorCode>>);

impl Refusals {
    /// With the catalogue's status.
    pub(super) fn add(&mut self, code: ErrorCode) {
        self.add_with(code.entry().http_status, code);
    }

    /// With a status of its own.
    pub(super) fn add_with(&mut self, status: u16, code: ErrorCode) {
        let codes = self.0.entry(status).or_default();
        if !codes.contains(&code) {
            codes.push(code);
            codes.sort_by_key(|code| code.entry().code);
        }
    }

    pub(super) fn remove(&mut self, code: ErrorCode) {
        for codes in self.0.values_mut() {
            codes.retain(|other| *other != code);
        }
        self.0.retain(|_, codes| !codes.is_empty());
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, &[ErrorCode])> {
        self.0
            .iter()
            .map(|(status, codes)| (*status, codes.as_slice()))
    }
}

/// Responses that operations share.
#[derive(Default)]
pub(super) struct Problems(Map<String, Value>);

impl Problems {
    /// A reference to the response of this status and these codes.
    pub(super) fn refer(&mut self, status: u16, codes: &[ErrorCode]) -> Value {
        let words: Vec<&str> = codes.iter().map(|code| code.entry().code).collect();
        let name = format!("{status}.{}", words.join("."));
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        self.0
            .entry(name)
            .or_insert_with(|| response(status, codes));
        reference
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.0
    }
}

/// The body alone, for an answer that can also be something else.
pub(super) fn content(status: u16, codes: &[ErrorCode]) -> (&'static str, Value) {
    let words: Vec<&str> = codes.iter().map(|code| code.entry().code).collect();
    let schema = json!({
        "$ref": "#/components/schemas/Problem",
        "properties": { "status": { "const": status }, "code": { "enum": words } },
        // The edge writes it into every problem.
        "required": ["correlation_id"],
    });
    (PROBLEM_CONTENT_TYPE, json!({ "schema": schema }))
}

/// What a person reads.
pub(super) fn sentence(codes: &[ErrorCode]) -> String {
    let told: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.entry().code, code.entry().title))
        .collect();
    told.join(" ")
}

fn response(status: u16, codes: &[ErrorCode]) -> Value {
    let (kind, body) = content(status, codes);
    json!({
        "description": sentence(codes),
        "headers": headers_of(status),
        "content": { kind: body },
    })
}

/// Of a refusal with this status.
pub(super) fn headers_of(status: u16) -> Value {
    let mut headers = json!({ "X-Request-Id": refer("X-Request-Id") });
    if status == StatusCode::UNAUTHORIZED {
        headers["WWW-Authenticate"] = refer("WWW-Authenticate");
    }
    if matches!(status, 409 | 429 | 502 | 503) {
        headers["Retry-After"] = refer("Retry-After");
    }
    headers
}

/// A header of the components.
pub(super) fn refer(header: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{header}") })
}

/// Headers that answers share.
pub(super) fn headers() -> Value {
    json!({
        "X-Request-Id": {
            "description": "Ties the answer to the proxy's log; a problem's `correlation_id`.",
            "required": true,
            "schema": { "type": "string", "format": "uuid" },
        },
        "Retry-After": {
            "description": "Seconds to wait before trying again; a problem's `retry_after`.",
            "schema": { "type": "integer", "minimum": 1, "maximum": 86_400 },
        },
        "WWW-Authenticate": {
            "description": "How to show who asks.",
            "required": true,
            "schema": { "type": "string", "const": "Bearer" },
        },
        "ETag": {
            "description": "The version, in quotes: `If-Match` of a change carries it.",
            "required": true,
            "schema": { "type": "string", "pattern": "^\"(0|[1-9][0-9]*)\"$" },
        },
    })
}
