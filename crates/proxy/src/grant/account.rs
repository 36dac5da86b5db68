//! Account facts that follow the provider's: read again in the background once they are a day old (J11).
//! No decision hangs on them, so every fault here is logged and nothing more. Touches no token and no fault.

use crate::app::Shared;
use crate::events::Change;
use crate::store::connections::{self, ConnectionRow};
use crate::store::{DbResult, Owner};
use zeroize::Zeroizing;

/// Seconds for which account facts are taken as they are.
const FRESH: f64 = 86_400.0;

/// Starts reading the facts again if they are old. Nobody waits for it, and the end of the proxy ends it.
pub(super) async fn read_anew_if_old(
    app: &Shared,
    owner: &Owner,
    id: &str,
    token: Zeroizing<String>,
) {
    let row = match connections::find(app.store.readers(), owner, id).await {
        Ok(Some(row)) if row.account_age() >= FRESH => row,
        Ok(_) => return,
        Err(error) => return warn(&error, id),
    };
    let app_of_task = app.clone();
    app.tasks.spawn(async move {
        let app = app_of_task;
        let reading = read_anew(&app, &row, &token);
        match app.stop.run_until_cancelled(reading).await {
            Some(Ok(())) | None => {}
            Some(Err(error)) => warn(&error, &row.id),
        }
    });
}

fn warn(error: &sqlx::Error, id: &str) {
    tracing::warn!(error = %error, connection = id, "account facts could not be read anew");
}

async fn read_anew(app: &Shared, row: &ConnectionRow, token: &str) -> DbResult<()> {
    let before = row.account_facts()?;
    let Some(client) = app.providers.find(row.provider()?) else {
        return Ok(());
    };
    let known = client.introspect(token).await.ok().flatten();
    if known
        .as_ref()
        .is_some_and(|known| known.account_id != before.portal_id.0)
    {
        tracing::error!(
            alert = true,
            connection = row.id,
            "a refreshed token belongs to another account; its facts are not taken"
        );
        return Ok(());
    }
    let Some(now) = client.account_again(known, &before, token).await else {
        // The provider told nothing: the next refresh asks again.
        return Ok(());
    };
    let owner = row.owner();
    let mut tx = app.store.begin_in(&owner).await?;
    if connections::store_account(&mut tx, row, &now, now != before).await? {
        app.announce(&mut tx, &owner, &row.id, Change::Updated)
            .await?;
    }
    tx.commit().await
}
