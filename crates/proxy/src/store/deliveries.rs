//! The outbox of webhooks: what has to be sent, what was taken, and what was given up.
//! Owns the tables `delivery` and `endpoint_gone`; sends nothing.
//!
//! Who sends works for all orgs of an endpoint; whose a message is stands in its row.

use super::{DbResult, Dialect, Owner};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Seconds for which whoever took a message may be busy with it: three times the longest try.
const LEASE: f64 = 30.0;
/// Seconds for which messages are kept once nothing more is done with them.
const KEPT: f64 = 604_800.0;
/// Messages of one endpoint that may wait, and as many that may be kept for a replay.
const MOST: i64 = 100_000;

/// What a message tells of a connection.
#[derive(Debug, FromRow)]
pub(crate) struct Subject {
    pub(crate) provider: String,
    pub(crate) account: String,
    pub(crate) state: String,
    pub(crate) fault_cause: Option<String>,
    pub(crate) now: f64,
}

pub(crate) async fn subject(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<Subject>> {
    sqlx::query_as(
        "SELECT provider, account, state, fault_cause, unixepoch('subsec') AS now FROM connection
         WHERE tenant = $1 AND org = $2 AND id = $3",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// A message for one endpoint.
pub(crate) struct NewDelivery<'a> {
    pub(crate) message: &'a str,
    pub(crate) endpoint: &'a str,
    pub(crate) fingerprint: &'a str,
    pub(crate) owner: &'a Owner,
    pub(crate) event_type: &'a str,
    pub(crate) body: &'a str,
}

/// Puts a message into the outbox, unless its endpoint wants none.
pub(crate) async fn insert(db: &mut AnyConnection, new: &NewDelivery<'_>) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO delivery (message, endpoint, tenant, org, type, body, state, next_try_at, queued_at)
         SELECT $1, $2, $3, $4, $5, $6, 'pending', unixepoch('subsec'), unixepoch('subsec')
         WHERE NOT EXISTS (SELECT 1 FROM endpoint_gone WHERE endpoint = $2 AND fingerprint = $7)",
    )
    .bind(new.message)
    .bind(new.endpoint)
    .bind(&new.owner.tenant)
    .bind(&new.owner.org)
    .bind(new.event_type)
    .bind(new.body)
    .bind(new.fingerprint)
    .execute(db)
    .await?;
    Ok(())
}

/// A message somebody took for sending.
#[derive(Debug, FromRow)]
pub(crate) struct Taken {
    pub(crate) message: String,
    endpoint: String,
    tenant: String,
    org: String,
    pub(crate) body: String,
    /// Tries, this one included.
    pub(crate) attempts: i64,
    pub(crate) now: f64,
}

/// Whether anything of an endpoint is due, for a look without a lock.
pub(crate) async fn is_due(
    db: impl AnyExecutor<'_>,
    endpoint: &str,
    fingerprint: &str,
) -> DbResult<bool> {
    let due: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM delivery
         WHERE endpoint = $1 AND state = 'pending' AND next_try_at <= (SELECT unixepoch('subsec'))
           AND NOT EXISTS (SELECT 1 FROM endpoint_gone WHERE endpoint = $1 AND fingerprint = $2) LIMIT 1",
    )
    .bind(endpoint)
    .bind(fingerprint)
    .fetch_optional(db)
    .await?;
    Ok(due.is_some())
}

macro_rules! take {
    ($skip:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                 SELECT message FROM delivery
                 WHERE endpoint = $1 AND state = 'pending' AND next_try_at <= (SELECT unixepoch('subsec'))
                 ORDER BY next_try_at LIMIT $2 ",
            $skip,
            ")
             UPDATE delivery SET attempts = attempts + 1, next_try_at = unixepoch('subsec') + $3
             WHERE endpoint = $1 AND message IN (SELECT message FROM due)
             RETURNING message, endpoint, tenant, org, body, attempts, unixepoch('subsec') AS now"
        )
    };
}

/// Takes what is due of an endpoint, at most `most`, by putting it off for as long as a try may last.
pub(crate) async fn take(
    db: &mut AnyConnection,
    dialect: Dialect,
    endpoint: &str,
    most: i64,
) -> DbResult<Vec<Taken>> {
    let statement = match dialect {
        Dialect::Sqlite => take!(""),
        Dialect::Postgres => take!("FOR UPDATE SKIP LOCKED"),
    };
    sqlx::query_as(statement)
        .bind(endpoint)
        .bind(most)
        .bind(LEASE)
        .fetch_all(db)
        .await
}

/// Nothing more is done with a message: it was taken, or given up.
pub(crate) async fn finish(
    db: &mut AnyConnection,
    taken: &Taken,
    is_delivered: bool,
    answer: &str,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE delivery SET state = $1, finished_at = unixepoch('subsec'), last_answer = $2
         WHERE tenant = $3 AND org = $4 AND message = $5 AND endpoint = $6 AND state = 'pending'",
    )
    .bind(if is_delivered { "delivered" } else { "dead" })
    .bind(answer)
    .bind(&taken.tenant)
    .bind(&taken.org)
    .bind(&taken.message)
    .bind(&taken.endpoint)
    .execute(db)
    .await?;
    Ok(())
}

/// The next try is put off by `wait` seconds.
pub(crate) async fn put_off(
    db: &mut AnyConnection,
    taken: &Taken,
    wait: f64,
    answer: &str,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE delivery SET next_try_at = unixepoch('subsec') + $1, last_answer = $2
         WHERE tenant = $3 AND org = $4 AND message = $5 AND endpoint = $6 AND state = 'pending'",
    )
    .bind(wait)
    .bind(answer)
    .bind(&taken.tenant)
    .bind(&taken.org)
    .bind(&taken.message)
    .bind(&taken.endpoint)
    .execute(db)
    .await?;
    Ok(())
}

/// An endpoint answered 410: nothing is sent to it until its configuration changes.
pub(crate) async fn mark_gone(
    db: &mut AnyConnection,
    endpoint: &str,
    fingerprint: &str,
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO endpoint_gone (endpoint, fingerprint, at) VALUES ($1, $2, unixepoch('subsec'))
         ON CONFLICT (endpoint) DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at",
    )
    .bind(endpoint)
    .bind(fingerprint)
    .execute(db)
    .await?;
    Ok(())
}

/// Housekeeping: gives up and forgets what is too old.
pub(crate) async fn sweep(db: &mut AnyConnection) -> DbResult<()> {
    sqlx::query("DELETE FROM delivery WHERE state <> 'pending' AND finished_at < (SELECT unixepoch('subsec')) - $1")
        .bind(KEPT)
        .execute(&mut *db)
        .await?;
    // Of an endpoint that is gone, or no longer configured.
    sqlx::query(
        "UPDATE delivery SET state = 'dead', finished_at = unixepoch('subsec')
         WHERE state = 'pending' AND queued_at < (SELECT unixepoch('subsec')) - $1
           AND next_try_at < (SELECT unixepoch('subsec'))",
    )
    .bind(KEPT)
    .execute(db)
    .await?;
    Ok(())
}

/// Housekeeping of one endpoint: drops the oldest of more than [`MOST`] in one state, and answers how many.
pub(crate) async fn drop_surplus(
    db: &mut AnyConnection,
    endpoint: &str,
    state: &str,
) -> DbResult<u64> {
    let dropped = sqlx::query(
        "DELETE FROM delivery WHERE endpoint = $1 AND state = $2 AND queued_at <=
            (SELECT queued_at FROM delivery WHERE endpoint = $1 AND state = $2
             ORDER BY queued_at DESC LIMIT 1 OFFSET $3)",
    )
    .bind(endpoint)
    .bind(state)
    .bind(MOST)
    .execute(db)
    .await?;
    Ok(dropped.rows_affected())
}

/// One row, as an operator sees it.
#[derive(Debug, FromRow)]
pub(crate) struct DeliveryRow {
    pub(crate) message: String,
    pub(crate) endpoint: String,
    pub(crate) org: String,
    #[sqlx(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) queued_at: f64,
    pub(crate) last_answer: Option<String>,
}

/// The newest messages over all tenants, of one endpoint if it is named: an operator's look.
pub(crate) async fn list(
    db: impl AnyExecutor<'_>,
    endpoint: Option<&str>,
    state: Option<&str>,
    most: i64,
) -> DbResult<Vec<DeliveryRow>> {
    sqlx::query_as(
        "SELECT message, endpoint, org, type, state, attempts, queued_at, last_answer FROM delivery
         WHERE endpoint = COALESCE($1, endpoint) AND state = COALESCE($2, state)
         ORDER BY queued_at DESC, message DESC LIMIT $3",
    )
    .bind(endpoint)
    .bind(state)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Sends again, over all tenants: one message, all that were queued within so many seconds, or all dead ones.
pub(crate) async fn replay(
    db: &mut AnyConnection,
    endpoint: Option<&str>,
    message: Option<&str>,
    within: Option<f64>,
) -> DbResult<u64> {
    sqlx::query("DELETE FROM endpoint_gone WHERE endpoint = COALESCE($1, endpoint)")
        .bind(endpoint)
        .execute(&mut *db)
        .await?;
    // Only what is dead, where neither a message nor a time is named.
    let delivered = if message.is_some() || within.is_some() {
        "delivered"
    } else {
        "dead"
    };
    let queued = sqlx::query(
        "UPDATE delivery SET state = 'pending', attempts = 0, next_try_at = unixepoch('subsec'),
            queued_at = unixepoch('subsec'), finished_at = NULL
         WHERE state IN ('dead', $1) AND endpoint = COALESCE($2, endpoint) AND message = COALESCE($3, message)
           AND queued_at >= unixepoch('subsec') - $4",
    )
    .bind(delivered)
    .bind(endpoint)
    .bind(message)
    .bind(within.unwrap_or(f64::from(u32::MAX)))
    .execute(db)
    .await?;
    Ok(queued.rows_affected())
}
