//! Whether a row can serve a call, and its tokens, opened for one call. Owns what happens when they cannot be;
//! sends nothing.

use super::cache::Held;
use super::{TokenColumn, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::seal::SealError;
use crate::store::Owner;
use crate::store::grants::{self, GrantRow};
use portico_core::error::ErrorCode;
use portico_core::scopes::{lacking, required_of};
use std::sync::Arc;
use std::time::Instant;
use zeroize::Zeroizing;

/// Refuses calls that could only fail (R5, R25–R27): nothing is sent for them.
pub(crate) fn check_usable(app: &Shared, held: &Held) -> ApiResult<()> {
    let row = &held.row;
    match row.state.as_str() {
        "connected" | "checking" => {}
        "needs_reauth" => return Err(ErrorCode::NeedsReauth.into()),
        _ => return Err(ErrorCode::Disconnected.into()),
    }
    if row.fault_category.as_deref() == Some("migration")
        && let Some(wait) = held.wait()
    {
        return Err(ApiError::with_detail(
            ErrorCode::Suspended,
            "HubSpot is moving this account to another data centre.",
        )
        .retry_after(wait));
    }
    let required = &app.provider(row.provider()?)?.description().required_scopes;
    let required = required_of(row.kind()?, required);
    let lacking = lacking(&required, &held.granted);
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ApiError::with_detail(
        ErrorCode::NeedsReauth,
        format!(
            "The app now needs permissions this connection does not hold: {}.",
            lacking.join(", ")
        ),
    ))
}

/// Tokens of a connection, opened for one call.
pub(crate) struct Access {
    pub(crate) token: Zeroizing<String>,
    /// To be cut out of answers, should it ever appear in one.
    pub(crate) refresh_token: Option<Zeroizing<String>>,
    pub(crate) generation: u64,
    /// By the database's clock.
    pub(crate) expires_at: Option<f64>,
    /// Seconds it had left when the row was read, and when that was.
    left: f64,
    read_at: Instant,
    /// A private app token or service key: a refusal of it is final once the provider confirms it.
    pub(crate) is_static: bool,
}

impl Access {
    /// Seconds it has left.
    pub(crate) fn seconds_left(&self) -> f64 {
        self.left - self.read_at.elapsed().as_secs_f64()
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn of(token: &str, refresh_token: Option<&str>) -> Self {
        Self {
            token: Zeroizing::new(token.to_owned()),
            refresh_token: refresh_token.map(|token| Zeroizing::new(token.to_owned())),
            generation: 1,
            expires_at: None,
            left: 0.0,
            read_at: Instant::now(),
            is_static: false,
        }
    }
}

/// The tokens of a reading. Ones that cannot be opened are spent from now on (ST-2): the next refresh brings
/// others, or finds that the refresh token cannot be opened either and lets the connection rest.
pub(super) async fn open_or_expire(
    app: &Shared,
    owner: &Owner,
    id: &str,
    held: &Held,
) -> ApiResult<Option<Arc<Access>>> {
    let error = match &held.access {
        Ok(Some(access)) => return Ok(Some(Arc::clone(access))),
        Ok(None) => &SealError::Unreadable,
        Err(error) => error,
    };
    app.telemetry.fault("sealing");
    tracing::error!(error = %error, connection = id, alert = true, "an access token cannot be opened");
    if held.row.refresh_token.is_none() {
        // No other will come; the operator may bring the key back.
        return Err(ErrorCode::Internal.into());
    }
    expire(app, owner, id, held.row.generation()).await?;
    Ok(None)
}

/// Marks an access token as spent: the next caller refreshes.
pub(crate) async fn expire(
    app: &Shared,
    owner: &Owner,
    id: &str,
    generation: u64,
) -> ApiResult<()> {
    let mut tx = app.store.begin().await?;
    grants::expire_access(&mut tx, owner, id, generation).await?;
    tx.commit().await?;
    app.store.bus().changed(owner, Some(id.to_owned()));
    Ok(())
}

/// Opens the tokens of a row; nothing where there is no access token.
pub(super) fn open(
    app: &Shared,
    owner: &Owner,
    id: &str,
    row: &GrantRow,
) -> Result<Option<Arc<Access>>, SealError> {
    let generation = row.generation();
    let read = |column, sealed: &Option<Vec<u8>>| match sealed {
        Some(sealed) => app
            .sealer
            .open_text(token_place(owner, id, generation, column), sealed)
            .map(Some),
        None => Ok(None),
    };
    let Some(token) = read(TokenColumn::Access, &row.access_token)? else {
        return Ok(None);
    };
    Ok(Some(Arc::new(Access {
        token,
        refresh_token: read(TokenColumn::Refresh, &row.refresh_token)?,
        generation,
        expires_at: row.access_expires_at,
        left: row.seconds_left(),
        read_at: Instant::now(),
        is_static: row.is_static(),
    })))
}
