//! `POST /v1/connections/{id}/test`: the door to `crate::probe`.

use super::id::Id;
use super::json::Json as Body;
use super::who::Who;
use crate::app::Shared;
use crate::error::ApiResult;
use axum::Json;
use axum::extract::State;
use portico_core::wire::{TestConnection, TestReport};

/// Proves that data flows: outcomes and times, no metadata.
pub(super) async fn test(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    Body(TestConnection {}): Body<TestConnection>,
) -> ApiResult<Json<TestReport>> {
    crate::probe::test(&app, &who, &id).await.map(Json)
}
