//! Which pages may call the interface (threat model, section 5): configured origins, and scripts only.
//! Owns CORS. Whose session it is, `who` decides.

use super::routes::{INTERFACE, Listed};
use crate::app::Shared;
use crate::error::ApiError;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use portico_core::error::ErrorCode;

const ALLOW_HEADERS: &str =
    "authorization, content-type, idempotency-key, x-request-id, if-match, last-event-id";
const EXPOSE_HEADERS: &str = "retry-after, x-hubspot-ratelimit-max, x-hubspot-ratelimit-remaining, \
    x-hubspot-ratelimit-interval-milliseconds, x-request-id, etag, content-disposition";

/// Lets configured origins through to `next`, answers their preflights, and refuses everybody else.
pub(super) async fn guard(
    app: &Shared,
    listed: &Listed,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let mut response = match check(app, &request) {
        Err(refusal) => refusal.into_response(),
        Ok(origin) => {
            let is_preflight = request.method() == Method::OPTIONS
                && request
                    .headers()
                    .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
            let asked = origin.as_ref().filter(|_| is_preflight);
            let mut response = match asked.and_then(|_| preflight(listed, &request)) {
                Some(answer) => answer,
                None => next(request).await,
            };
            if let Some(origin) = origin {
                allow(response.headers_mut(), origin);
            }
            response
        }
    };
    response
        .headers_mut()
        .append(VARY, HeaderValue::from_static("Origin"));
    response
}

/// The origin, when there is one and it is configured.
fn check(app: &Shared, request: &Request) -> Result<Option<HeaderValue>, ApiError> {
    let headers = request.headers();
    let mode = headers.get("sec-fetch-mode").map(HeaderValue::as_bytes);
    if matches!(mode, Some(b"navigate" | b"no-cors")) {
        return Err(ApiError::with_detail(
            ErrorCode::OriginMismatch,
            "The interface is called by scripts, not by navigation or embedding.",
        ));
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let (first, second) = (origins.next(), origins.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(origin), None) if is_configured(app, origin) => Ok(Some(origin.clone())),
        _ => Err(ErrorCode::OriginMismatch.into()),
    }
}

fn is_configured(app: &Shared, origin: &HeaderValue) -> bool {
    origin
        .to_str()
        .is_ok_and(|origin| app.sessions.tenants().list_origin(origin))
}

/// Nothing for an address that is not there.
fn preflight(listed: &Listed, request: &Request) -> Option<Response> {
    let route = request.extensions().get::<MatchedPath>()?;
    let methods = listed.methods(route.as_str().strip_prefix(INTERFACE)?);
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, methods.as_str()),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    Some((StatusCode::NO_CONTENT, headers).into_response())
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSE_HEADERS),
    );
}
