//! Around every request: its correlation id, its limits, its log line, and the body of every error.
//! Owns nothing of what a request means. Logs the route, never the address: a query can hold a code.

use crate::app::Shared;
use crate::error::{ApiError, OwnFault};
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use portico_core::error::ErrorCode;
use portico_core::wire::{PROBLEM_CONTENT_TYPE, Problem};
use std::time::{Duration, Instant};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

const MAX_URI: usize = 8 * 1024;
const MAX_HEADER_LIST: usize = 16 * 1024;
const DEADLINE: Duration = Duration::from_secs(30);
const INTERFACE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The outermost layer.
pub(super) async fn around(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let correlation_id = uuid::Uuid::now_v7().to_string();
    let began = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    let span = request_span(&method, route, &correlation_id);
    let answer = async {
        if let Some(refusal) = refuse_oversize(&request) {
            return refusal.into_response();
        }
        // Only the handler is timed: an event stream has answered long before.
        match tokio::time::timeout(DEADLINE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => too_slow().into_response(),
        }
    };
    let response = finish(answer.instrument(span.clone()).await, &correlation_id);
    let code = response.extensions().get::<ErrorCode>();
    let code = code.map(|code| code.entry().code);
    let status = response.status().as_u16();
    app.telemetry
        .request(&method, route, status, began.elapsed());
    if let Some(code) = code {
        app.telemetry.refusal(code);
    }
    if let Some(OwnFault(kind)) = response.extensions().get() {
        app.telemetry.fault(kind);
    }
    span.record("http.response.status_code", status);
    span.record("code", code);
    span.in_scope(|| {
        tracing::info!(
            method = method.as_str(),
            route,
            status,
            code,
            milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    });
    response
}

/// Whatever is logged on the way carries the correlation id, and never more of the address than its route.
fn request_span(method: &http::Method, route: &str, correlation_id: &str) -> Span {
    // A method of somebody's own making is not repeated.
    let method = if method.as_str().len() > 16 {
        "other"
    } else {
        method.as_str()
    };
    tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        correlation_id,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        code = Empty,
    )
}

fn refuse_oversize(request: &Request) -> Option<ApiError> {
    let refuse = |status, sentence: &str| {
        Some(ApiError::with_detail(ErrorCode::InvalidRequest, sentence).status(status))
    };
    let uri = request.uri();
    let uri_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    // The callback answers an overlong code with a page of its own.
    if uri_bytes > MAX_URI && !uri.path().starts_with("/callback/") {
        return refuse(
            StatusCode::URI_TOO_LONG,
            "The address is longer than 8 KiB.",
        );
    }
    let header_bytes: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if header_bytes > MAX_HEADER_LIST {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return refuse(status, "The header fields are larger than 16 KiB.");
    }
    None
}

fn too_slow() -> ApiError {
    ApiError::from(ErrorCode::TimedOut).retry_after(5.0)
}

/// Writes an error's body, with the correlation id that stands in the log.
fn finish(response: Response, correlation_id: &str) -> Response {
    let status = response.status();
    let (mut parts, body) = response.into_parts();
    let problem = match parts.extensions.remove::<Box<Problem>>() {
        Some(problem) => Some(*problem),
        // What a router or an extractor refused by itself, without a page of ours.
        None if (status.is_client_error() || status.is_server_error())
            && !is_page(&parts.headers) =>
        {
            Some(by_status(status))
        }
        None => None,
    };
    let id_header = HeaderValue::try_from(correlation_id).ok();
    if let Some(id) = id_header {
        parts.headers.insert(REQUEST_ID, id);
    }
    let Some(mut problem) = problem else {
        return Response::from_parts(parts, body);
    };
    problem.correlation_id = Some(correlation_id.to_owned());
    parts.extensions.insert(problem.code);
    parts.headers.remove(http::header::CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts
        .headers
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(seconds) = problem.retry_after {
        parts
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if parts.status == StatusCode::UNAUTHORIZED {
        parts
            .headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn by_status(status: StatusCode) -> Problem {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedMediaType,
        _ if status.is_client_error() => ErrorCode::InvalidRequest,
        _ => ErrorCode::Internal,
    };
    let mut problem = Problem::of(code);
    problem.status = status.as_u16();
    problem
}

/// Headers of the interface and the callback (threat model, section 5).
pub(super) async fn interface_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    set_interface_headers(response.headers_mut());
    response
}

/// As [`interface_headers`], on an answer in hand.
pub(super) fn set_interface_headers(headers: &mut HeaderMap) {
    // A page of ours has set its own, with the hash of its style.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(INTERFACE_POLICY));
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
