//! What whoever runs the proxy asks: on a listener of its own where `health_listen` is set, else beside the rest.

use super::described::Described;
use crate::telemetry;
use http::Method;
use serde_json::json;

pub(super) fn all() -> Vec<Described> {
    let member = |name: &str, schema: serde_json::Value| {
        json!({
            "type": "object", "properties": { name: schema }, "required": [name],
            "additionalProperties": false,
        })
    };
    let ready = |is: bool| member("ready", json!({ "const": is }));
    vec![
        Described::new(
            Method::GET,
            "/healthz",
            "healthz",
            "operation",
            "Whether the process runs",
        )
        .answers(200, "It does.", member("status", json!({ "const": "ok" }))),
        Described::new(
            Method::GET,
            "/readyz",
            "readyz",
            "operation",
            "Whether it could store a token now",
        )
        .answers(200, "It could.", ready(true))
        .answers(503, "It could not, or is stopping.", ready(false)),
        Described::new(
            Method::GET,
            "/metrics",
            "metrics",
            "operation",
            "How it does, for Prometheus",
        )
        .text("On the listener of `health_listen` only.")
        .answers_as(
            200,
            "The metrics.",
            Some((telemetry::CONTENT_TYPE, json!({ "type": "string" }))),
        ),
    ]
}
