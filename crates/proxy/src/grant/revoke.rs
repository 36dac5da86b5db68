//! Giving up grants at the provider: committed first, then done until it is done.
//! Owns the worker over the table `revocation`, and the rule that a grant somebody lives on is never revoked.

use super::revocation_place;
use crate::app::Shared;
use crate::provider::tokens::{Tokens, Which};
use crate::provider::{ProviderClient, Revoked};
use crate::random;
use crate::store::grant_ends;
use crate::store::journal::{self, Entry};
use crate::store::revocations::{self, NewRevocation, RevocationRow};
use crate::store::{DbResult, Owner};
use portico_core::journal::Action;
use portico_core::wire::Provider;
use sqlx::AnyConnection;
use std::time::Duration;
use tokio::time::sleep;

/// First wait after a failed try; doubles up to an hour.
const FIRST_WAIT: f64 = 60.0;
const LONGEST_WAIT: f64 = 3600.0;
/// Seconds after which a giving up of the same account's grant is expected to be over.
const NEXT_IN_LINE: f64 = 2.0;

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Revoked,
    /// Another live connection uses the grant, or may use it.
    DependedOn,
    /// The provider did not answer; it is tried again for seven days.
    PutOff,
}

/// A grant to be given up.
pub(crate) struct Grant<'a> {
    pub(crate) provider: Provider,
    pub(crate) client_id: &'a str,
    pub(crate) account: &'a str,
    /// Which token it is given up by.
    pub(crate) which: Which,
    pub(crate) token: &'a str,
    /// Seconds before the first try.
    pub(crate) wait: f64,
}

/// Puts a grant on the list within a transaction; answers the row's id.
pub(crate) async fn enlist(
    app: &Shared,
    db: &mut AnyConnection,
    owner: &Owner,
    grant: &Grant<'_>,
) -> DbResult<String> {
    let id = random::id();
    let sealed = seal(app, owner, &id, grant.token)?;
    let new = NewRevocation {
        id: &id,
        owner,
        provider: grant.provider,
        client_id: grant.client_id,
        account: grant.account,
        which: grant.which,
        token: &sealed,
        wait: grant.wait,
    };
    revocations::insert(db, &new).await?;
    Ok(id)
}

fn seal(app: &Shared, owner: &Owner, id: &str, token: &str) -> DbResult<Vec<u8>> {
    app.sealer
        .seal(revocation_place(owner, id), token.as_bytes())
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Puts a grant on the list by itself and wakes the worker.
pub(crate) async fn revoke_soon(
    app: &Shared,
    owner: &Owner,
    client: &ProviderClient,
    account: &str,
    tokens: &Tokens,
) -> DbResult<()> {
    let Some((which, token)) = client.revoked_by(tokens) else {
        return Ok(());
    };
    let grant = Grant {
        provider: client.description().provider,
        client_id: &client.description().client_id,
        account,
        which,
        token,
        wait: 0.0,
    };
    let mut tx = app.store.begin().await?;
    enlist(app, &mut tx, owner, &grant).await?;
    tx.commit().await?;
    app.revocations.notify_one();
    Ok(())
}

/// Works off one row: the one named, or any that is due. Nothing when there is none.
pub(crate) async fn work_off(app: &Shared, id: Option<&str>) -> DbResult<Option<Outcome>> {
    let mut tx = app.store.begin().await?;
    let row = revocations::take(&mut tx, app.store.dialect(), id).await?;
    let Some(row) = row else {
        tx.rollback().await?;
        return Ok(None);
    };
    tx.commit().await?;
    let owner = row.owner();
    let mut tx = app.store.begin_in(&owner).await?;
    // Held while looking: an exchange that keeps a grant of this account comes before, or sees that we began.
    let last = grant_ends::lock(&mut tx, row.grant_key()?).await?;
    if last.is_open() {
        revocations::put_off(&mut tx, &row, NEXT_IN_LINE).await?;
        tx.commit().await?;
        return Ok(Some(Outcome::PutOff));
    }
    if revocations::is_depended_on(&mut tx, &row).await? {
        revocations::delete(&mut tx, &row).await?;
        journal::record(&mut tx, entry(&owner, &row.account, "kept")).await?;
        tx.commit().await?;
        return Ok(Some(Outcome::DependedOn));
    }
    let client = app.providers.find(row.provider()?);
    if last.has_ended(row.listed_at()) {
        revocations::delete(&mut tx, &row).await?;
        journal::record(&mut tx, entry(&owner, &row.account, "done")).await?;
        tx.commit().await?;
        return Ok(Some(Outcome::Revoked));
    }
    grant_ends::begin(&mut tx, row.grant_key()?).await?;
    tx.commit().await?;
    let token = match app
        .sealer
        .open_text(revocation_place(&owner, &row.id), &row.refresh_token)
    {
        Ok(token) => token,
        Err(error) => {
            tracing::error!(error = %error, alert = true, "a pending revocation cannot be opened");
            return Ok(Some(Outcome::PutOff));
        }
    };
    super::pass_point("revoke-before-call");
    let revoked = match client {
        Some(client) => client.revoke(row.which()?, &token).await,
        None => Revoked::NotYet,
    };
    super::pass_point("revoke-after-call");
    let given_up = row.now > row.give_up_at;
    let mut tx = app.store.begin_in(&owner).await?;
    grant_ends::finish(&mut tx, row.grant_key()?, revoked == Revoked::All).await?;
    let is_done = matches!(revoked, Revoked::Yes | Revoked::All);
    if is_done || given_up {
        revocations::delete(&mut tx, &row).await?;
        let outcome = if is_done { "done" } else { "given_up" };
        journal::record(&mut tx, entry(&owner, &row.account, outcome)).await?;
    } else {
        if let Revoked::NotYetBut(access_token) = &revoked {
            let sealed = seal(app, &owner, &row.id, access_token)?;
            revocations::replace_token(&mut tx, &row, &sealed).await?;
        }
        revocations::put_off(&mut tx, &row, wait(&row)).await?;
    }
    tx.commit().await?;
    Ok(Some(if is_done {
        Outcome::Revoked
    } else {
        Outcome::PutOff
    }))
}

fn entry<'a>(owner: &'a Owner, account: &'a str, outcome: &'a str) -> Entry<'a> {
    Entry {
        owner,
        sub: "proxy",
        action: Action::GrantRevoke,
        target: Some(account),
        outcome,
        reason: None,
        session: None,
    }
}

fn wait(row: &RevocationRow) -> f64 {
    let steps = i32::try_from((row.attempts - 1).clamp(0, 6)).unwrap_or(6);
    (FIRST_WAIT * 2_f64.powi(steps)).min(LONGEST_WAIT)
}

/// Works off what is due, when woken and every half minute, until the proxy stops.
pub(crate) async fn run_worker(app: Shared) {
    loop {
        loop {
            if app.stop.is_cancelled() {
                return;
            }
            match work_off(&app, None).await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(error = %error, "pending revocations cannot be read");
                    break;
                }
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.revocations.notified() => {}
            () = sleep(Duration::from_secs(30)) => {}
        }
    }
}
