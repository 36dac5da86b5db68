//! `GET /v1/openapi.json`: the description of this interface, as it is checked in. Public: there is no secret in it.
//! Owns its headers. What stands in it is made by `super::openapi`, which no shipped program carries.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use portico_core::pkce::sha256_base64url;
use std::sync::LazyLock;

/// Where it is served.
pub(super) const PATH: &str = "/v1/openapi.json";
const DOCUMENT: &str = include_str!("../../../../docs/openapi.json");

static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", sha256_base64url(DOCUMENT)));

/// Answers the document, to pages of any origin and to a window too.
pub(super) async fn show(headers: HeaderMap) -> Response {
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|tag| tag.trim() == *TAG));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        DOCUMENT.into_response()
    };
    let headers = response.headers_mut();
    if !known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(tag) = HeaderValue::try_from(TAG.as_str()) {
        headers.insert(ETAG, tag);
    }
    for (name, value) in [
        (CACHE_CONTROL, "public, max-age=300"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (super::edge::RESOURCE_POLICY, "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
