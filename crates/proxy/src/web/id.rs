//! Ids in paths. What can be none finds nothing, before anything is asked for it: PostgreSQL takes no text with a NUL,
//! and no id of ours is that long.

use crate::error::{ApiError, ApiResult};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use portico_core::error::ErrorCode;
use portico_core::ids::FlowId;
use std::collections::HashMap;

/// `{id}` of the route: a flow's, a connection's or a workspace's, which are spelled alike.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let Path(mut named) = Path::<HashMap<String, String>>::from_request_parts(parts, state)
            .await
            .map_err(|_| {
                let sentence = "The address holds something that is not text.";
                ApiError::with_detail(ErrorCode::InvalidRequest, sentence)
            })?;
        let id = named.remove("id").unwrap_or_default();
        if id.parse::<FlowId>().is_err() {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Self(id))
    }
}
