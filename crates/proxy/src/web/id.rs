//! Ids in paths. What no row can be called is found nowhere, before a database is asked: PostgreSQL takes no NUL.

use crate::error::{ApiError, ApiResult};
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use portico_core::error::ErrorCode;
use portico_core::ids::ConnectionId;
use serde::Deserialize;

/// `{id}` of a connection, a flow or a workspace: all are of one form.
pub(super) struct Id(pub(super) String);

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let named = Path::<Named>::from_request_parts(parts, state).await;
        // Bytes that are no text.
        let Path(Named { id }) = named.map_err(|_| ErrorCode::InvalidRequest)?;
        if id.parse::<ConnectionId>().is_err() {
            return Err(ErrorCode::NotFound.into());
        }
        Ok(Self(id))
    }
}
