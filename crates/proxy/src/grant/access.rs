//! Tokens of a row, opened for one call. Owns what happens when they cannot be; sends nothing.

use super::{TokenColumn, token_place};
use crate::app::Shared;
use crate::error::ApiResult;
use crate::seal::SealError;
use crate::store::Owner;
use crate::store::grants::{self, GrantRow};
use zeroize::Zeroizing;

/// Tokens of a connection, opened for one call.
pub(crate) struct Access {
    pub(crate) token: Zeroizing<String>,
    /// To be cut out of answers, should it ever appear in one.
    pub(crate) refresh_token: Option<Zeroizing<String>>,
    pub(crate) generation: u64,
    /// A private app token or service key: a refusal of it is final once the provider confirms it.
    pub(crate) is_static: bool,
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
            let mut tx = app.store.begin().await?;
            grants::expire_access(&mut tx, owner, id, row.generation()).await?;
            tx.commit().await?;
            Ok(None)
        }
    }
}

pub(super) fn open(
    app: &Shared,
    owner: &Owner,
    id: &str,
    row: &GrantRow,
) -> Result<Access, SealError> {
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
        is_static: row.is_static(),
    })
}
