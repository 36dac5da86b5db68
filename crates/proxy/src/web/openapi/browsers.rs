//! What a window visits, and this document itself.

use super::described::Described;
use super::schemas::Schemas;
use crate::web::document;
use http::Method;
#[allow(
    clippy::enum_glob_use,
    reason = "the lists below are made of nothing else"
)]
use portico_core::error::ErrorCode::{self, *};
use portico_core::schema::ENCODED_32_BYTES;
use serde_json::{Value, json};

pub(super) fn all(_: &mut Schemas) -> Vec<Described> {
    let provider = json!({
        "name": "provider", "in": "path", "required": true,
        "schema": { "enum": ["hubspot", "github"] },
    });
    let text = |name: &str, what: &str| {
        json!({
            "name": name, "in": "query", "required": false, "description": what,
            "schema": { "type": "string" },
        })
    };
    let state = json!({
        "name": "state", "in": "query", "required": true,
        "schema": { "type": "string", "pattern": ENCODED_32_BYTES },
    });
    let back = json!({
        "description": "The flow's return page, with `flow` and `claim` or `error` in its fragment.",
        "required": true,
        "schema": { "type": "string", "format": "uri" },
    });
    let mut arrive = Described::new(
        Method::GET, "/callback/{provider}", "returnFromConsent", "browser", "Return from the consent page",
    )
        .text("For a window that navigates here (`Sec-Fetch-Mode: navigate`, `Sec-Fetch-Dest: document`), sent by the \
               provider; a parameter stands once. Called otherwise, it changes nothing.")
        .admitted()
        .refuses(&[InvalidRequest])
        .never(Internal)
        .parameter(provider.clone())
        .parameter(state)
        .parameter(text("code", "The authorization code."))
        .parameter(text("error", "The provider's word for a refusal."))
        .parameter(text("error_description", "The provider's sentence."))
        .parameter(text("iss", "The provider's issuer (RFC 9207)."))
        .answers_as(303, "On to the return page.", None)
        .header("Location", &back)
        .answers_as(204, "A prefetch: nothing was done.", None);
    arrive = pages(arrive, &[200, 400, 405, 409, 410, 500]);
    let token = json!({
        "type": "object",
        "properties": { "token": { "type": "string", "pattern": ENCODED_32_BYTES } },
        "required": ["token"],
        "additionalProperties": false,
    });
    let confirm = Described::new(
        Method::POST,
        "/callback/{provider}/confirm",
        "confirmReturn",
        "browser",
        "Confirm a return",
    )
    .text("For the form of the proxy's own page, in a window of its own.")
    .admitted()
    .refuses(&[InvalidRequest])
    .never(Internal)
    .parameter(provider)
    .form(token);
    let known = json!({
        "name": "If-None-Match", "in": "header", "required": false,
        "schema": { "type": "string" },
    });
    let description = Described::new(
        Method::GET,
        document::PATH,
        "showDescription",
        "operation",
        "This document",
    )
    .admitted()
    .parameter(known)
    .answers(
        200,
        "OpenAPI 3.1.",
        json!({ "type": "object", "required": ["openapi"] }),
    )
    .answers_as(304, "As it was.", None)
    .header(
        "ETag",
        &json!({ "required": true, "schema": { "type": "string" } }),
    );
    vec![
        arrive,
        pages(confirm, &[200, 400, 403, 405, 409, 410, 500]),
        description,
    ]
}

/// With the edge's own time limit kept.
fn pages(described: Described, statuses: &[u16]) -> Described {
    let described = statuses.iter().fold(described, |described, status| {
        described.answers_as(*status, says(*status), Some(("text/html", page())))
    });
    described.refuses_as(503, ErrorCode::Internal)
}

fn page() -> Value {
    json!({ "type": "string", "description": "A page that says what happened, and what to do." })
}

fn says(status: u16) -> &'static str {
    match status {
        200 => {
            "A page of the proxy's own: it asks for confirmation, or goes on to the return page."
        }
        403 => "Not sent by the proxy's own form.",
        405 => "Not a navigation.",
        409 => "It has come back before.",
        410 => "Its ten minutes are over.",
        500 => "A fault of ours.",
        _ => "No such authorization, or a return that cannot be read.",
    }
}
