//! The append-only journal of who did what, refused tries included. Holds ids and codes, never a secret.
//! Owns the tables `org` and `journal`; the chain's rules are the core's.

use super::{DbResult, Owner, Store};
use portico_core::journal::{JournalEntry, genesis};
use sqlx::AnyConnection;

/// What one entry tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) owner: &'a Owner,
    /// Who; `provider` for what came by the callback, `proxy` for what the proxy did by itself.
    pub(crate) sub: &'a str,
    pub(crate) action: &'static str,
    /// Id of the flow, connection or workspace.
    pub(crate) target: Option<&'a str>,
    /// `done`, or an error code.
    pub(crate) outcome: &'a str,
    /// Why, in our own words or a code.
    pub(crate) reason: Option<&'a str>,
    /// `jti` of the session.
    pub(crate) session: Option<&'a str>,
}

/// Makes the transaction the only one of its organization until it ends: plan limits, counts and the journal
/// are looked at and changed by one at a time.
pub(crate) async fn lock_org(db: &mut AnyConnection, owner: &Owner) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO org (tenant, org, journal_seq, journal_hash) VALUES ($1, $2, 0, $3)
         ON CONFLICT (tenant, org) DO UPDATE SET journal_seq = org.journal_seq",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(genesis(&owner.tenant, &owner.org))
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an entry within a transaction.
pub(crate) async fn record(db: &mut AnyConnection, entry: Entry<'_>) -> DbResult<()> {
    let owner = entry.owner;
    lock_org(&mut *db, owner).await?;
    let (seq, previous, now): (i64, String, f64) = sqlx::query_as(
        "SELECT journal_seq, journal_hash, unixepoch('subsec') FROM org WHERE tenant = $1 AND org = $2",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_one(&mut *db)
    .await?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let mut row = JournalEntry {
        seq: seq.unsigned_abs() + 1,
        at_ms: super::seconds(now * 1000.0),
        actor: entry.sub.to_owned(),
        action: entry.action.to_owned(),
        target: owned(entry.target),
        outcome: entry.outcome.to_owned(),
        reason: owned(entry.reason),
        session: owned(entry.session),
        hash: String::new(),
    };
    row.hash = row.hash_after(&previous);
    sqlx::query(
        "INSERT INTO journal (tenant, org, seq, at_ms, actor, action, target, outcome, reason, session, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(row.seq.cast_signed())
    .bind(row.at_ms)
    .bind(&row.actor)
    .bind(&row.action)
    .bind(&row.target)
    .bind(&row.outcome)
    .bind(&row.reason)
    .bind(&row.session)
    .bind(&row.hash)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "UPDATE org SET journal_seq = $1, journal_hash = $2 WHERE tenant = $3 AND org = $4",
    )
    .bind(row.seq.cast_signed())
    .bind(&row.hash)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an entry by itself: for refusals, which have no transaction of their own.
pub(crate) async fn record_alone(store: &Store, entry: Entry<'_>) -> DbResult<()> {
    let mut tx = store.begin().await?;
    record(&mut tx, entry).await?;
    tx.commit().await
}
