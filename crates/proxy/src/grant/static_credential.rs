//! The life of a static credential (D26): used as it is, never refreshed, dead only when HubSpot says so twice.
//! Owns looking at it and what follows; entering one is `static_entry`'s.

use super::access::{self, Access};
use super::cache::Held;
use super::dead::words;
use super::fault::store_fault;
use super::refresh::{QUARANTINE, backoff};
use crate::app::Shared;
use crate::error::ApiResult;
use crate::events::Change;
use crate::provider::classify::Meaning;
use crate::provider::static_token::TokenInfo;
use crate::provider::transport::TokenFault;
use crate::seal::SealError;
use crate::store::connections::{self, ConnectionRow};
use crate::store::grants::{self, FaultWords, GrantRow};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner, static_grants};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use std::sync::Arc;

/// What looking at a credential told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// HubSpot knows it; its scopes and the account's facts are as of now.
    Alive,
    /// HubSpot does not know it; the connection needs another.
    Dead,
    /// Nothing is known; it is looked at again by itself.
    PutOff,
}

/// The token for a call: it lives until HubSpot says otherwise, whatever the weather.
pub(super) async fn access(
    app: &Shared,
    owner: &Owner,
    id: &str,
    held: &Held,
) -> ApiResult<Arc<Access>> {
    let error = match &held.access {
        Ok(Some(access)) => return Ok(Arc::clone(access)),
        Ok(None) => &SealError::Unreadable,
        Err(error) => error,
    };
    quarantine(app, owner, id, &held.row, error).await?;
    Err(ErrorCode::Internal.into())
}

/// Asks HubSpot what it knows of the credential, and keeps the answer.
pub(crate) async fn look(app: &Shared, owner: &Owner, id: &str) -> DbResult<Looked> {
    let grant = grants::read(app.store.readers(), owner, id).await?;
    let row = connections::find(app.store.readers(), owner, id).await?;
    let (Some(grant), Some(row)) = (grant, row) else {
        return Ok(Looked::PutOff);
    };
    let is_judged = grant.is_static() && matches!(grant.state.as_str(), "connected" | "checking");
    if !is_judged || grant.generation() != row.generation() {
        return Ok(Looked::PutOff);
    }
    let access = match access::open(app, owner, id, &grant) {
        Ok(Some(access)) => access,
        Ok(None) => {
            quarantine(app, owner, id, &grant, &SealError::Unreadable).await?;
            return Ok(Looked::PutOff);
        }
        Err(error) => {
            quarantine(app, owner, id, &grant, &error).await?;
            return Ok(Looked::PutOff);
        }
    };
    match app.providers.hubspot().token_info(&access.token).await {
        Ok(Some(info)) => alive(app, owner, &row, info, &access).await,
        Ok(None) => dead(app, owner, id, access.generation).await,
        Err(fault) => put_off(app, owner, id, &grant, &fault).await,
    }
}

async fn alive(
    app: &Shared,
    owner: &Owner,
    row: &ConnectionRow,
    info: TokenInfo,
    access: &Access,
) -> DbResult<Looked> {
    let before = row.account_facts()?;
    if info.known.account_id != before.portal_id.0 {
        tracing::error!(
            alert = true,
            connection = row.id,
            "a static token belongs to another account; its facts are not taken"
        );
        return Ok(Looked::PutOff);
    }
    let granted = info.known.scopes.clone();
    let account = app
        .providers
        .hubspot()
        .account_again(Some(info.known), &before, &access.token)
        .await
        .unwrap_or_else(|| before.clone());
    let differs = row.has_fault() || account != before || granted != row.granted()?;
    let mut tx = app.store.begin_in(owner).await?;
    let changed = static_grants::store_alive(&mut tx, row, &account, &granted, differs).await?;
    if changed {
        let change = if row.has_fault() {
            Change::Recovered
        } else {
            Change::Updated
        };
        app.announce(&mut tx, owner, &row.id, change).await?;
    }
    tx.commit().await?;
    Ok(Looked::Alive)
}

async fn dead(app: &Shared, owner: &Owner, id: &str, generation: u64) -> DbResult<Looked> {
    let cause = "static_token_invalid";
    let fault = FaultWords {
        category: "grant_dead",
        cause,
        correlation_id: None,
    };
    let mut tx = app.store.begin_in(owner).await?;
    let stored = static_grants::store_dead(&mut tx, owner, id, generation, fault).await?;
    if stored {
        let entry = Entry {
            owner,
            sub: "proxy",
            action: Action::ConnectionNeedsReauth,
            target: Some(id),
            outcome: "done",
            reason: Some(cause),
            session: None,
        };
        journal::record(&mut tx, entry).await?;
        app.announce(&mut tx, owner, id, Change::NeedsReauth)
            .await?;
    }
    tx.commit().await?;
    if stored {
        tracing::warn!(connection = id, cause, "a static credential is dead");
    }
    Ok(Looked::Dead)
}

async fn put_off(
    app: &Shared,
    owner: &Owner,
    id: &str,
    grant: &GrantRow,
    fault: &TokenFault,
) -> DbResult<Looked> {
    let wait = match fault.meaning {
        Meaning::Transient(Some(wait)) | Meaning::Migration(wait) => wait,
        _ => backoff(grant.attempts),
    };
    let (category, cause) = words(fault)?;
    let fault = FaultWords {
        category: &category,
        cause: &cause,
        correlation_id: fault.correlation_id.as_deref(),
    };
    rest(app, owner, id, grant, wait, fault).await?;
    Ok(Looked::PutOff)
}

/// Nothing is sent upstream for a token that cannot be opened (ST-2); the operator may bring the key back.
async fn quarantine(
    app: &Shared,
    owner: &Owner,
    id: &str,
    grant: &GrantRow,
    error: &SealError,
) -> DbResult<()> {
    tracing::error!(error = %error, connection = id, alert = true, "a static credential cannot be opened");
    let fault = FaultWords {
        category: "configuration",
        cause: "unknown",
        correlation_id: None,
    };
    rest(app, owner, id, grant, QUARANTINE, fault).await
}

async fn rest(
    app: &Shared,
    owner: &Owner,
    id: &str,
    grant: &GrantRow,
    wait: f64,
    fault: FaultWords<'_>,
) -> DbResult<()> {
    let generation = grant.generation();
    store_fault(app, owner, id, generation, wait, false, fault).await?;
    Ok(())
}
