//! What a partner's backend calls with a service key, and a solo proxy's browser with its own.

use super::described::Described;
use super::people::UNUSABLE;
use super::schemas::Schemas;
use crate::web::tokens::{Exchanged, Issued, Of};
use http::Method;
#[allow(
    clippy::enum_glob_use,
    reason = "the lists below are made of nothing else"
)]
use portico_core::error::ErrorCode::{self, *};
use portico_core::wire::{Launch, Launched, RenewSession, SessionToken};
use serde_json::json;

const OF_A_FETCH: &[ErrorCode] = &[
    ServiceKeyRequired,
    NotForBrowsers,
    NotFound,
    RateLimited,
    StaticCredential,
    RefreshBusy,
    ProviderUnavailable,
    StoreUnavailable,
];

pub(super) fn all(schemas: &mut Schemas) -> Vec<Described> {
    let form = json!({
        "type": "object",
        "properties": {
            "grant_type": { "const": "refresh_token" },
            "refresh_token": {
                "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}@[A-Za-z0-9._:-]{1,128}$",
                "description": "A connection and its organization: `{id}@{org}`.",
            },
            "client_id": { "type": "string", "description": "The key's id, where it is not shown by Basic." },
            "client_secret": { "type": "string", "description": "The key, where it is not shown by Basic." },
        },
        "required": ["grant_type", "refresh_token"],
        "dependentRequired": { "client_id": ["client_secret"], "client_secret": ["client_id"] },
    });
    vec![
        Described::new(
            Method::POST,
            "/v1/connections/{id}/token",
            "issueToken",
            "backend",
            "A fresh access token",
        )
        .text("Good for at least five minutes, unless HubSpot cannot be reached. Journaled.")
        .secured(json!([{ "serviceKey": [] }]))
        .body(schemas.request::<Of>())
        .answers(200, "The token.", schemas.answer::<Issued>())
        .refuses(UNUSABLE)
        .refuses(OF_A_FETCH),
        Described::new(
            Method::POST,
            "/oauth/token",
            "exchangeToken",
            "backend",
            "The same for clients that speak OAuth only",
        )
        .text("RFC 6749, section 6. A form of at most 8 KiB.")
        .secured(json!([{ "serviceClient": [] }, {}]))
        .form(form)
        .answers(
            200,
            "The token. No refresh token: what was sent goes on working.",
            schemas.answer::<Exchanged>(),
        )
        .refuses(UNUSABLE)
        .refuses(OF_A_FETCH)
        .refuses(&[InvalidRequest, UnsupportedMediaType]),
        Described::new(
            Method::POST,
            "/v1/solo/launch",
            "launchSolo",
            "solo",
            "Introduce a browser by a launch link, once",
        )
        .text("The browser keeps a P-256 key pair whose private half cannot be exported.")
        .page()
        .body(schemas.request::<Launch>())
        .answers(
            200,
            "The browser's name, and its first session.",
            schemas.answer::<Launched>(),
        )
        .refuses(&[NotFound, LaunchInvalid]),
        Described::new(
            Method::POST,
            "/v1/solo/session",
            "renewSolo",
            "solo",
            "A fresh session for an introduced browser",
        )
        .text("Against an assertion, signed by the browser's key and good for one use.")
        .page()
        .body(schemas.request::<RenewSession>())
        .answers(200, "A session.", schemas.answer::<SessionToken>())
        .refuses(&[NotFound, LaunchRequired]),
    ]
}
