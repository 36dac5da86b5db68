//! JSON bodies: their type, size, time and form, before anything reads them.

use crate::error::{ApiError, ApiResult};
use axum::extract::{FromRequest, MatchedPath, Request};
use futures_util::StreamExt as _;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http_body::Body as _;
use portico_core::error::ErrorCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;
use zeroize::Zeroizing;

/// Largest body.
const MAX_BODY: usize = 64 * 1024;
/// Largest body of a relayed call.
const MAX_RELAY_BODY: usize = 1024 * 1024;
/// A refusal that names a field, with the few that are known; a longer one would hand a stranger's name back.
const LONGEST_NAMING: usize = 512;
const DEADLINE: Duration = Duration::from_secs(10);

/// The bytes of a JSON body, wiped after use: they may hold a verifier or a ticket.
pub(super) struct JsonBytes(pub(super) Zeroizing<Vec<u8>>);

/// A parsed JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        let media_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        if !media_type.trim().eq_ignore_ascii_case("application/json") {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let route = request.extensions().get::<MatchedPath>();
        let most = match route {
            Some(route) if route.as_str().contains("/relay/") => MAX_RELAY_BODY,
            _ => MAX_BODY,
        };
        match tokio::time::timeout(DEADLINE, read(request, most)).await {
            Ok(body) => body.map(Self),
            Err(_) => Err(ApiError::with_detail(
                ErrorCode::InvalidRequest,
                "The body did not arrive within ten seconds.",
            )
            .status(StatusCode::REQUEST_TIMEOUT)),
        }
    }
}

async fn read(request: Request, most: usize) -> ApiResult<Zeroizing<Vec<u8>>> {
    // What holds a secret fits at once: growing would leave a copy behind. No larger than told, for all of it is wiped.
    let told = request.body().size_hint().exact();
    let told = told.and_then(|length| usize::try_from(length).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(told.unwrap_or(MAX_BODY).min(most)));
    let mut stream = request.into_body().into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            ApiError::with_detail(ErrorCode::InvalidRequest, "The body was cut off.")
        })?;
        if bytes.len() + chunk.len() > most {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

impl JsonBytes {
    /// The body as what it should be.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> ApiResult<T> {
        // Every body here is an object; serde would take a list as one, member by member.
        if self.0.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(ApiError::with_detail(
                ErrorCode::InvalidRequest,
                "The body is not a JSON object.",
            ));
        }
        serde_json::from_slice(&self.0).map_err(|error| {
            let said = error.to_string();
            // Other messages quote the value.
            let names_a_field = said.len() <= LONGEST_NAMING
                && ["missing field", "unknown field", "duplicate field"]
                    .iter()
                    .any(|start| said.starts_with(start));
            let place = format!("line {}, column {}", error.line(), error.column());
            ApiError::with_detail(
                ErrorCode::InvalidRequest,
                if names_a_field {
                    format!("The body is not understood: {said}.")
                } else {
                    format!("The body is not understood at {place}.")
                },
            )
        })
    }

    /// The members of the body when it is a JSON object at all, whatever else is wrong with it.
    pub(super) fn members(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.0).ok()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        JsonBytes::from_request(request, state)
            .await?
            .parse()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portico_core::wire::NameWorkspace;

    /// BI-1: a refusal names a field, but nothing that somebody wrote at length, and no value.
    #[test]
    fn a_refusal_names_what_is_short_and_no_value() {
        let long = "canary".repeat(200);
        for (body, want) in [
            (
                "{}".to_owned(),
                "The body is not understood: missing field `name` at",
            ),
            (
                r#"{"name":"a","name":"b"}"#.into(),
                "The body is not understood: duplicate field `name` at",
            ),
            (
                r#"{"title":"canary"}"#.into(),
                "The body is not understood: unknown field `title`, expected `name` at",
            ),
            (
                format!(r#"{{"{long}":1}}"#),
                "The body is not understood at line 1, column ",
            ),
            (
                r#"{"name":7}"#.into(),
                "The body is not understood at line 1, column ",
            ),
            (r#"["canary"]"#.into(), "The body is not a JSON object."),
        ] {
            let parsed = JsonBytes(Zeroizing::new(body.into_bytes())).parse::<NameWorkspace>();
            let error = parsed.map(|_| ()).unwrap_err();
            let told = error.detail();
            assert!(told.starts_with(want) && !told.contains("canary"), "{told}");
        }
    }
}
