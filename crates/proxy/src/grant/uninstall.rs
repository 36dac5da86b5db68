//! Removing the app from a portal, for whoever removes a connection and wants that too.
//! Owns the rule that an app somebody else's connection lives on stays. The grant itself is `revoke`'s.

use crate::app::Shared;
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, grant_ends, revocations};
use portico_core::journal::Action;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uninstall {
    Done,
    /// Another live connection uses the app in that portal.
    DependedOn,
    /// The provider did not do it, or offers no such thing.
    NotDone,
}

/// Removes the app where the grant of a pending revocation is, with an access token of that grant. Tried once: it
/// ends the grant as giving it up does, and that is tried for days.
pub(crate) async fn uninstall(
    app: &Shared,
    revocation: &str,
    access_token: &str,
) -> DbResult<Uninstall> {
    let row = revocations::find(app.store.readers(), revocation).await?;
    // The worker was faster.
    let Some(row) = row else {
        return Ok(Uninstall::NotDone);
    };
    let owner = row.owner();
    let Some(client) = app.providers.find(row.provider()?) else {
        return Ok(Uninstall::NotDone);
    };
    let mut tx = app.store.begin_in(&owner).await?;
    if grant_ends::lock(&mut tx, row.grant_key()?).await?.is_open() {
        return Ok(Uninstall::NotDone);
    }
    if revocations::is_depended_on(&mut tx, &row).await? {
        return Ok(Uninstall::DependedOn);
    }
    grant_ends::begin(&mut tx, row.grant_key()?).await?;
    tx.commit().await?;
    let done = client.uninstall(access_token).await;
    let mut tx = app.store.begin_in(&owner).await?;
    grant_ends::finish(&mut tx, row.grant_key()?, done).await?;
    let entry = Entry {
        owner: &owner,
        sub: "proxy",
        action: Action::AppUninstall,
        target: Some(&row.account),
        outcome: if done { "done" } else { "not_done" },
        reason: None,
        session: None,
    };
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(if done {
        Uninstall::Done
    } else {
        Uninstall::NotDone
    })
}
