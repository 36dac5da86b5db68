//! Errors of the interface: a problem of the core's catalogue, on its way to an answer.
//! Owns the mapping from our own faults to codes. What it logs names no value.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use portico_core::error::ErrorCode;
use portico_core::wire::{Problem, Provider, Upstream};
use std::sync::Arc;

/// A refusal or fault, ready to be answered. The edge adds the correlation id.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Problem>, Option<OwnFault>);

/// A fault of ours, for the edge to count; its word is a label of the metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnFault(pub(crate) &'static str);

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// With a sentence about this very case.
    pub(crate) fn with_detail(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::of(code).with_detail(detail)), None)
    }

    /// With whole seconds to wait, at least one.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: f64) -> Self {
        self.0.retry_after = Some(whole_seconds(seconds));
        self
    }

    /// With what the provider answered.
    #[must_use]
    pub(crate) fn upstream(mut self, upstream: Upstream) -> Self {
        self.0.upstream = Some(upstream);
        self
    }

    /// With another HTTP status than the catalogue's, where the protocol has a closer one.
    #[must_use]
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self
    }

    /// Whether the caller is refused something, rather than something having failed.
    pub(crate) fn is_of_the_caller(&self) -> bool {
        (400..500).contains(&self.0.status)
    }

    /// The provider's correlation id, when its answer was the cause.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        self.0.upstream.as_ref()?.correlation_id.as_deref()
    }

    fn own_fault(kind: &'static str) -> Self {
        let problem = Problem::of(ErrorCode::Internal);
        Self(Box::new(problem), Some(OwnFault(kind)))
    }

    /// In the words of another provider: the catalogue speaks of HubSpot.
    #[must_use]
    pub(crate) fn about(mut self, provider: Provider) -> Self {
        *self.0 = self.0.about(provider);
        self
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// What the provider answered, if that is what it was.
    pub(crate) fn provider_answer(&self) -> Option<&Upstream> {
        self.0.upstream.as_ref()
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }
}

/// Seconds for a `Retry-After`: whole, at least one, at most a day.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is clamped to 1…86400 before the cast"
)]
pub(crate) fn whole_seconds(seconds: f64) -> u64 {
    seconds.ceil().clamp(1.0, 86_400.0) as u64
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self(Box::new(Problem::of(code)), None)
    }
}

impl From<Arc<sqlx::Error>> for ApiError {
    /// Of a reading that several callers waited for.
    fn from(error: Arc<sqlx::Error>) -> Self {
        Self::of_store(&error)
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::of_store(&error)
    }
}

impl ApiError {
    fn of_store(error: &sqlx::Error) -> Self {
        let away = crate::store::is_away(error);
        // Its own words name tables and columns, and PostgreSQL's can quote a value: only the kind is told.
        tracing::error!(
            kind = crate::store::kind(error),
            away,
            "the database failed"
        );
        if away {
            Self(
                Box::new(Problem::of(ErrorCode::StoreUnavailable)),
                Some(OwnFault("database")),
            )
            .retry_after(2.0)
        } else {
            Self::own_fault("database")
        }
    }
}

impl From<crate::seal::SealError> for ApiError {
    fn from(error: crate::seal::SealError) -> Self {
        tracing::error!(error = %error, alert = true, "sealing failed");
        Self::own_fault("sealing")
    }
}

impl From<crate::random::NoRandomness> for ApiError {
    fn from(error: crate::random::NoRandomness) -> Self {
        tracing::error!(error = %error, alert = true, "the random source failed");
        Self::own_fault("random")
    }
}

impl IntoResponse for ApiError {
    /// The body is written at the edge, where the correlation id is known.
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self.0);
        if let Some(fault) = self.1 {
            response.extensions_mut().insert(fault);
        }
        response
    }
}
