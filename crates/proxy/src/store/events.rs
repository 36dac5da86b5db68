//! News of an organization as rows: numbered without a gap in the order of commits, and forgotten after an hour.
//! Owns the table `event`; who listens, and what a row means to them, is decided in `crate::events`.

use super::{DbResult, Owner};
use portico_core::journal::genesis;
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Seconds for which a stream may be away and miss nothing.
const KEPT: f64 = 3600.0;
/// Rows of one reading.
pub(crate) const PAGE: usize = 256;
/// As [`PAGE`], for SQL.
const PAGE_ROWS: i64 = 256;

/// What an event is about; the name is that of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ConnectionChanged,
    ConnectionRemoved,
    FlowChanged,
    WorkspacesChanged,
    Reset,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::ConnectionChanged => "connection_changed",
            Self::ConnectionRemoved => "connection_removed",
            Self::FlowChanged => "flow_changed",
            Self::WorkspacesChanged => "workspaces_changed",
            Self::Reset => "reset",
        }
    }

    /// Nothing for a word of a later version.
    fn of(word: &str) -> Option<Self> {
        [
            Self::ConnectionChanged,
            Self::ConnectionRemoved,
            Self::FlowChanged,
            Self::WorkspacesChanged,
            Self::Reset,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// One event as stored: ids only.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct EventRow {
    seq: i64,
    pub(crate) sub: Option<String>,
    kind: String,
    pub(crate) target: String,
}

impl EventRow {
    pub(crate) fn seq(&self) -> u64 {
        self.seq.unsigned_abs()
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        Kind::of(&self.kind)
    }
}

/// Adds an event within the transaction of the change it tells of, and gives it the next number of its
/// organization, whose row stays locked until the commit: numbers have no gap and the order of commits.
pub(crate) async fn append(
    db: &mut AnyConnection,
    owner: &Owner,
    sub: Option<&str>,
    kind: Kind,
    target: &str,
) -> DbResult<()> {
    let seq: i64 = sqlx::query_scalar(
        "INSERT INTO org (tenant, org, journal_seq, journal_hash, event_seq) VALUES ($1, $2, 0, $3, 1)
         ON CONFLICT (tenant, org) DO UPDATE SET event_seq = org.event_seq + 1 RETURNING event_seq",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(genesis(&owner.tenant, &owner.org))
    .fetch_one(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO event (tenant, org, seq, sub, kind, target, at)
         VALUES ($1, $2, $3, $4, $5, $6, unixepoch('subsec'))",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(seq)
    .bind(sub)
    .bind(kind.word())
    .bind(target)
    .execute(db)
    .await?;
    Ok(())
}

/// Number of an organization's newest event; 0 before the first.
pub(crate) async fn newest(db: impl AnyExecutor<'_>, owner: &Owner) -> DbResult<u64> {
    let seq: Option<i64> =
        sqlx::query_scalar("SELECT event_seq FROM org WHERE tenant = $1 AND org = $2")
            .bind(&owner.tenant)
            .bind(&owner.org)
            .fetch_optional(db)
            .await?;
    Ok(seq.unwrap_or(0).unsigned_abs())
}

/// The events behind a number, oldest first, at most [`PAGE`].
pub(crate) async fn after(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    seq: u64,
) -> DbResult<Vec<EventRow>> {
    sqlx::query_as(
        "SELECT seq, sub, kind, target FROM event
         WHERE tenant = $1 AND org = $2 AND seq > $3 ORDER BY seq LIMIT $4",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(seq.cast_signed())
    .bind(PAGE_ROWS)
    .fetch_all(db)
    .await
}

/// SQLite: where the order of all commits stands, over all tenants.
pub(crate) async fn end_of_file(db: impl AnyExecutor<'_>) -> DbResult<i64> {
    sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'event'")
        .fetch_one(db)
        .await
}

/// An event of any organization, for whoever only has to know that something happened, and to what.
#[derive(Debug, FromRow)]
pub(crate) struct Trace {
    pub(crate) id: i64,
    tenant: String,
    org: String,
    kind: String,
    target: String,
}

impl Trace {
    /// Whose it is, and of which connection if of one.
    pub(crate) fn parts(self) -> (Owner, Option<String>) {
        let owner = Owner {
            tenant: self.tenant,
            org: self.org,
        };
        let of_connection = Kind::of(&self.kind) != Some(Kind::FlowChanged);
        (owner, of_connection.then_some(self.target))
    }
}

/// SQLite: what was committed since, by any process, over all tenants; at most [`PAGE`].
pub(crate) async fn committed_since(db: impl AnyExecutor<'_>, id: i64) -> DbResult<Vec<Trace>> {
    sqlx::query_as(
        "SELECT id, tenant, org, kind, target FROM event WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(id)
    .bind(PAGE_ROWS)
    .fetch_all(db)
    .await
}

/// PostgreSQL: tells every replica, once this transaction commits.
pub(crate) async fn notify(db: &mut AnyConnection, payload: &str) -> DbResult<()> {
    // The function itself answers a type that is none of the driver's.
    sqlx::query("SELECT CAST(1 AS BIGINT) FROM pg_notify('portico', $1)")
        .bind(payload)
        .execute(db)
        .await?;
    Ok(())
}

/// Housekeeping over all tenants: forgets what is an hour old.
pub(crate) async fn sweep(db: &mut AnyConnection) -> DbResult<()> {
    sqlx::query("DELETE FROM event WHERE at < (SELECT unixepoch('subsec')) - $1")
        .bind(KEPT)
        .execute(db)
        .await?;
    Ok(())
}
