//! Which pages may call the interface (threat model, section 5): configured origins, and scripts only.
//! Owns CORS. Whose session it is, `who` decides.

use crate::app::Shared;
use crate::error::ApiError;
use axum::extract::{Request, State};
use axum::middleware::Next;
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

/// Lets configured origins through, answers their preflights, and refuses everybody else.
pub(super) async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = match check(&app, &request) {
        Err(refusal) => refusal.into_response(),
        Ok(origin) => {
            let is_preflight = request.method() == Method::OPTIONS
                && request
                    .headers()
                    .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
            let mut response = match (&origin, is_preflight) {
                (Some(_), true) => preflight(request.uri().path()),
                _ => next.run(request).await,
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

fn preflight(path: &str) -> Response {
    let methods = methods(path);
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Methods of a route; the path may or may not carry the prefix that nesting strips.
pub(super) fn methods(path: &str) -> &'static str {
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["session" | "connections" | "events" | "journal"] | ["journal", "export"] => "GET",
        ["flows", _] => "GET, DELETE",
        ["connections", "static"] => "POST",
        ["connections", _, "credential"] => "PUT",
        ["workspaces"] => "GET, POST",
        ["workspaces", _] => "PATCH, DELETE",
        ["connections", _] => "GET, PATCH, DELETE",
        _ => "POST",
    }
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSE_HEADERS),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_allows_its_own_methods() {
        for (path, want) in [
            ("/v1/session", "GET"),
            ("/v1/flows", "POST"),
            ("/v1/flows/f1", "GET, DELETE"),
            ("/v1/flows/f1/complete", "POST"),
            ("/v1/connections", "GET"),
            ("/connections/c1", "GET, PATCH, DELETE"),
            ("/v1/connections/c1/relay/owners.list", "POST"),
            ("/v1/connections/static", "POST"),
            ("/v1/connections/c1/credential", "PUT"),
            ("/v1/connections/c1/test", "POST"),
            ("/v1/workspaces", "GET, POST"),
            ("/v1/workspaces/w1", "PATCH, DELETE"),
            ("/v1/events", "GET"),
            ("/v1/journal", "GET"),
            ("/v1/journal/export", "GET"),
            ("/v1/solo/launch", "POST"),
        ] {
            assert_eq!(methods(path), want, "{path}");
        }
    }
}
