//! Whether a row can serve a call, and its tokens, opened for one call. Owns what happens when they cannot be;
//! sends nothing.

use super::{TokenColumn, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::seal::SealError;
use crate::store::grants::{self, GrantRow};
use crate::store::{Owner, from_json};
use portico_core::error::ErrorCode;
use portico_core::scopes::lacking;
use zeroize::Zeroizing;

/// Refuses calls that could only fail (R5, R25–R27): nothing is sent for them.
pub(crate) fn check_usable(app: &Shared, row: &GrantRow) -> ApiResult<()> {
    match row.state.as_str() {
        "connected" | "checking" => {}
        "needs_reauth" => return Err(ErrorCode::NeedsReauth.into()),
        _ => return Err(ErrorCode::Disconnected.into()),
    }
    if row.fault_category.as_deref() == Some("migration")
        && let Some(wait) = row.wait()
    {
        return Err(ApiError::with_detail(
            ErrorCode::Suspended,
            "HubSpot is moving this account to another data centre.",
        )
        .retry_after(wait));
    }
    let granted: Vec<String> = from_json(&row.granted)?;
    let required = &app.provider(row.provider()?)?.description().required_scopes;
    let lacking = lacking(required, &granted);
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
}

/// The tokens of a row. Ones that cannot be opened are spent from now on (ST-2): the next refresh brings
/// others, or finds that the refresh token cannot be opened either and lets the connection rest.
pub(super) async fn open_or_expire(
    app: &Shared,
    owner: &Owner,
    id: &str,
    row: &GrantRow,
) -> ApiResult<Option<Access>> {
    match open(app, owner, id, row) {
        Ok(access) => Ok(Some(access)),
        Err(error) => {
            tracing::error!(error = %error, connection = id, alert = true, "an access token cannot be opened");
            if row.refresh_token.is_none() {
                // No other will come; the operator may bring the key back.
                return Err(ErrorCode::Internal.into());
            }
            let mut tx = app.store.begin().await?;
            grants::expire_access(&mut tx, owner, id, row.generation()).await?;
            tx.commit().await?;
            Ok(None)
        }
    }
}

fn open(app: &Shared, owner: &Owner, id: &str, row: &GrantRow) -> Result<Access, SealError> {
    let generation = row.generation();
    let read = |column, sealed: &Option<Vec<u8>>| match sealed {
        Some(sealed) => app
            .sealer
            .open_text(token_place(owner, id, generation, column), sealed)
            .map(Some),
        None => Ok(None),
    };
    Ok(Access {
        token: read(TokenColumn::Access, &row.access_token)?.ok_or(SealError::Unreadable)?,
        refresh_token: read(TokenColumn::Refresh, &row.refresh_token)?,
        generation,
    })
}
