//! The append-only table of who did what, refused tries included. Holds ids and codes, never a secret.

use super::{DbResult, Owner, Store};
use sqlx::SqliteConnection;

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) owner: &'a Owner,
    /// Who; `provider` for what came by the callback, `proxy` for what the proxy did by itself.
    pub(crate) sub: &'a str,
    pub(crate) action: &'static str,
    /// Id of the flow or connection.
    pub(crate) target: Option<&'a str>,
    /// `done`, or an error code.
    pub(crate) outcome: &'a str,
    /// `jti` of the session.
    pub(crate) session: Option<&'a str>,
}

/// Adds a row within a transaction.
pub(crate) async fn record(db: &mut SqliteConnection, entry: Entry<'_>) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO audit (at, tenant, org, sub, action, target, outcome, session)
         VALUES (unixepoch('subsec'), ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&entry.owner.tenant)
    .bind(&entry.owner.org)
    .bind(entry.sub)
    .bind(entry.action)
    .bind(entry.target)
    .bind(entry.outcome)
    .bind(entry.session)
    .execute(db)
    .await?;
    Ok(())
}

/// Adds a row by itself: for refusals, which have no transaction of their own.
pub(crate) async fn record_alone(store: &Store, entry: Entry<'_>) -> DbResult<()> {
    let mut tx = store.begin().await?;
    record(&mut tx, entry).await?;
    tx.commit().await
}
