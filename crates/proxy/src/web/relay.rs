//! `POST /v1/connections/{id}/relay/{operation}`: the door to `crate::relay`.

use super::id::Id;
use super::json::Json as Body;
use super::who::Who;
use crate::app::Shared;
use crate::error::ApiResult;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use portico_core::wire::RelayRequest;
use serde::Deserialize;

const MAX: HeaderName = HeaderName::from_static("x-hubspot-ratelimit-max");
const REMAINING: HeaderName = HeaderName::from_static("x-hubspot-ratelimit-remaining");
const INTERVAL: HeaderName = HeaderName::from_static("x-hubspot-ratelimit-interval-milliseconds");

/// What stands beside the id in the path.
#[derive(Deserialize)]
pub(super) struct Named {
    operation: String,
}

/// Answers the provider's JSON as it came, with its rate-limit headers.
pub(super) async fn perform(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    Path(Named { operation }): Path<Named>,
    Body(arguments): Body<RelayRequest>,
) -> ApiResult<Response> {
    let relayed = crate::relay::relay(&app, &who, &id, &operation, &arguments).await?;
    let mut response = relayed.body.into_response();
    if let Some(memory) = relayed.memory {
        // Kept until the body is written: `server` takes it from there.
        response.extensions_mut().insert(memory);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(limit) = relayed.rate_limit {
        headers.insert(MAX, limit.max.into());
        headers.insert(REMAINING, limit.remaining.into());
        headers.insert(INTERVAL, limit.interval_ms.into());
    }
    Ok(response)
}
