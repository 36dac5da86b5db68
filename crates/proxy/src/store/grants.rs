//! Tokens of a connection and the lease under which they are refreshed.
//! Owns the compare-and-set steps of threat model section 8; sends nothing itself.

use super::{DbResult, Dialect, Owner, from_word};
use portico_core::wire::{GrantKind, Provider};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Seconds a refresh may hold its lease: at least three times the longest token call.
const LEASE: f64 = 30.0;

/// What a relay or a refresh needs of a row, with the database's time of reading.
#[derive(Clone, FromRow)]
pub(crate) struct GrantRow {
    provider: String,
    pub(crate) client_id: String,
    pub(crate) account: String,
    pub(crate) connection_type: String,
    grant_kind: String,
    pub(crate) granted: String,
    pub(crate) state: String,
    generation: i64,
    pub(crate) refresh_token: Option<Vec<u8>>,
    pub(crate) access_token: Option<Vec<u8>>,
    pub(crate) access_expires_at: Option<f64>,
    pub(crate) next_try_at: Option<f64>,
    pub(crate) attempts: i64,
    pub(crate) fault_category: Option<String>,
    lease_until: Option<f64>,
    pub(crate) now: f64,
}

impl GrantRow {
    pub(crate) fn generation(&self) -> u64 {
        self.generation.unsigned_abs()
    }

    pub(crate) fn provider(&self) -> DbResult<Provider> {
        from_word(&self.provider)
    }

    pub(crate) fn kind(&self) -> DbResult<GrantKind> {
        from_word(&self.grant_kind)
    }

    /// A private app token or service key, which is never refreshed.
    pub(crate) fn is_static(&self) -> bool {
        self.grant_kind == "static"
    }

    /// Seconds the access token in hand has left.
    pub(crate) fn seconds_left(&self) -> f64 {
        match (&self.access_token, self.access_expires_at) {
            (Some(_), Some(expires_at)) => expires_at - self.now,
            // A token without an end; without a refresh token there is no other to be had.
            (Some(_), None) if self.refresh_token.is_none() => f64::INFINITY,
            _ => 0.0,
        }
    }

    /// Seconds for which a refresh may still be under way; 0 where none is.
    pub(crate) fn flight_left(&self) -> f64 {
        self.lease_until
            .map_or(0.0, |until| (until - self.now).max(0.0))
    }

    /// Seconds until the next try is due, when one has been put off.
    pub(crate) fn wait(&self) -> Option<f64> {
        self.next_try_at
            .map(|at| at - self.now)
            .filter(|wait| *wait > 0.0)
    }
}

macro_rules! columns {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            " provider, client_id, account, connection_type, grant_kind, granted, state, generation, refresh_token, \
             access_token, access_expires_at, next_try_at, attempts, fault_category, lease_until, unixepoch('subsec') AS now ",
            $tail
        )
    };
}

/// Reads a grant.
pub(crate) async fn read(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<GrantRow>> {
    sqlx::query_as(columns!(
        "SELECT",
        "FROM connection WHERE tenant = $1 AND org = $2 AND id = $3"
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// As [`read`], the row locked until the transaction ends, so that no refresh comes in between.
pub(crate) async fn lock(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<GrantRow>> {
    sqlx::query_as(columns!(
        "UPDATE connection SET version = version WHERE tenant = $1 AND org = $2 AND id = $3 RETURNING",
        ""
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// What the holder of a lease works with.
#[derive(Clone, FromRow)]
pub(crate) struct Leased {
    /// Sealed.
    pub(crate) refresh_token: Vec<u8>,
    pub(crate) account: String,
    /// Calls with this refresh token whose answer has not been stored, this one included.
    rotating: i64,
}

impl Leased {
    /// Whether an earlier call may have spent the refresh token: its answer was never stored (CP-2).
    pub(crate) fn may_be_spent(&self) -> bool {
        self.rotating > 1
    }
}

/// Takes the lease of one generation and answers the sealed refresh token; nothing when another holds it,
/// the generation is gone, or the next try is not due.
///
/// `works_once` marks the row as rotating until an answer is stored: whoever finds the mark knows of the call.
pub(crate) async fn take_lease(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
    holder: &str,
    works_once: bool,
) -> DbResult<Option<Leased>> {
    sqlx::query_as(
        "UPDATE connection SET lease_owner = $1, lease_until = unixepoch('subsec') + $2,
            rotating = CASE WHEN $7 THEN rotating + 1 ELSE 0 END
         WHERE tenant = $3 AND org = $4 AND id = $5 AND generation = $6 AND state IN ('connected', 'checking')
           AND (lease_until IS NULL OR lease_until < unixepoch('subsec'))
           AND (next_try_at IS NULL OR next_try_at <= unixepoch('subsec')) AND refresh_token IS NOT NULL
         RETURNING refresh_token, account, rotating",
    )
    .bind(holder)
    .bind(LEASE)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(generation.cast_signed())
    .bind(works_once)
    .fetch_optional(db)
    .await
}

/// Fresh tokens, sealed for generation + 1.
pub(crate) struct Refreshed<'a> {
    /// Absent of a token without an end.
    pub(crate) refresh_token: Option<&'a [u8]>,
    pub(crate) access_token: &'a [u8],
    /// Seconds from now; absent of a token without an end.
    pub(crate) expires_in: Option<f64>,
    /// JSON list; absent keeps the former one.
    pub(crate) granted: Option<String>,
}

/// Stores a refresh's result and clears any fault. False when the generation is gone.
///
/// There is no test of the lease: a late success heals the row.
pub(crate) async fn store_refreshed(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
    fresh: &Refreshed<'_>,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET refresh_token = $1, access_token = $2, access_expires_at = unixepoch('subsec') + $3,
            granted = COALESCE($4, granted), generation = generation + 1, lease_owner = NULL, lease_until = NULL,
            next_try_at = NULL, attempts = 0, rotating = 0, state = 'connected', fault_category = NULL, fault_cause = NULL,
            fault_at = NULL, fault_correlation_id = NULL, last_refresh_at = unixepoch('subsec'),
            last_refresh_outcome = 'refreshed', version = version + 1, updated_at = unixepoch('subsec')
         WHERE tenant = $5 AND org = $6 AND id = $7 AND generation = $8 AND state NOT IN ('revoking', 'revoked')",
    )
    .bind(fresh.refresh_token)
    .bind(fresh.access_token)
    .bind(fresh.expires_in)
    .bind(&fresh.granted)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(generation.cast_signed())
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// A fault as its columns hold it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaultWords<'a> {
    pub(crate) category: &'a str,
    pub(crate) cause: &'a str,
    pub(crate) correlation_id: Option<&'a str>,
}

/// The grant is dead: only the holder of the lease may say so, or anybody of a grant that is never refreshed.
pub(crate) async fn store_dead(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
    holder: Option<&str>,
    fault: FaultWords<'_>,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET state = 'needs_reauth', lease_owner = NULL, lease_until = NULL, next_try_at = NULL, rotating = 0,
            fault_category = $1, fault_cause = $2, fault_at = unixepoch('subsec'), fault_correlation_id = $3,
            last_refresh_at = unixepoch('subsec'), last_refresh_outcome = 'refused', version = version + 1,
            updated_at = unixepoch('subsec')
         WHERE tenant = $4 AND org = $5 AND id = $6 AND generation = $7 AND state IN ('connected', 'checking')
           AND (lease_owner = $8 OR refresh_token IS NULL)",
    )
    .bind(fault.category)
    .bind(fault.cause)
    .bind(fault.correlation_id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(generation.cast_signed())
    .bind(holder)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Weather: gives the lease back and puts the next try off by `wait` seconds. Keeps since when the fault stands,
/// and the mark of a rotating row if the refresh token `may_be_spent`.
pub(crate) async fn store_transient(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
    wait: f64,
    may_be_spent: bool,
    fault: FaultWords<'_>,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET state = 'checking', lease_owner = NULL, lease_until = NULL,
            next_try_at = unixepoch('subsec') + $1, attempts = attempts + 1,
            rotating = CASE WHEN $9 THEN rotating ELSE 0 END,
            fault_at = CASE WHEN fault_category = $2 THEN fault_at ELSE unixepoch('subsec') END,
            fault_category = $2, fault_cause = $3, fault_correlation_id = $4,
            last_refresh_at = unixepoch('subsec'), last_refresh_outcome = 'transient', version = version + 1,
            updated_at = unixepoch('subsec')
         WHERE tenant = $5 AND org = $6 AND id = $7 AND generation = $8 AND state IN ('connected', 'checking')",
    )
    .bind(wait)
    .bind(fault.category)
    .bind(fault.cause)
    .bind(fault.correlation_id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(generation.cast_signed())
    .bind(may_be_spent)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Gives a lease back and leaves all else alone: the fault was not the grant's, and no token was spent by it.
pub(crate) async fn release_lease(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    holder: &str,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE connection SET lease_owner = NULL, lease_until = NULL,
            rotating = CASE WHEN rotating > 0 THEN rotating - 1 ELSE 0 END
         WHERE tenant = $1 AND org = $2 AND id = $3 AND lease_owner = $4",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(holder)
    .execute(db)
    .await?;
    Ok(())
}

/// Marks the access token in hand as spent, so that the next caller refreshes (401 EXPIRED_AUTHENTICATION).
pub(crate) async fn expire_access(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE connection SET access_expires_at = unixepoch('subsec')
         WHERE tenant = $1 AND org = $2 AND id = $3 AND generation = $4",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(generation.cast_signed())
    .execute(db)
    .await?;
    Ok(())
}

/// Connections of all tenants whose next try is due: whose, which, and of what generation.
pub(crate) async fn due_checks(db: impl AnyExecutor<'_>) -> DbResult<Vec<(Owner, String, u64)>> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT tenant, org, id, generation FROM connection
         WHERE state = 'checking' AND next_try_at <= (SELECT unixepoch('subsec')) ORDER BY next_try_at LIMIT 50",
    )
    .fetch_all(db)
    .await?;
    let mut due = Vec::with_capacity(rows.len());
    for (tenant, org, id, generation) in rows {
        due.push((Owner { tenant, org }, id, generation.unsigned_abs()));
    }
    Ok(due)
}

macro_rules! take_idle {
    ($skip:literal) => {
        concat!(
            "UPDATE connection SET looked_at = unixepoch('subsec') - $1
             WHERE id IN (SELECT id FROM connection WHERE state = 'connected' AND grant_kind = 'oauth'
                            AND looked_at < (SELECT unixepoch('subsec')) - $2 ORDER BY looked_at LIMIT $3 ",
            $skip,
            ") RETURNING tenant, org, id"
        )
    };
}

/// Takes up to `most` living grants of all tenants that were not looked at for `every` seconds, and puts them down as
/// looked at `earlier` seconds ago.
pub(crate) async fn take_idle(
    db: &mut AnyConnection,
    dialect: Dialect,
    every: f64,
    earlier: f64,
    most: i64,
) -> DbResult<Vec<(Owner, String)>> {
    let statement = match dialect {
        Dialect::Sqlite => take_idle!(""),
        // Replicas take different ones instead of waiting for each other.
        Dialect::Postgres => take_idle!("FOR UPDATE SKIP LOCKED"),
    };
    let rows: Vec<(String, String, String)> = sqlx::query_as(statement)
        .bind(earlier)
        .bind(every)
        .bind(most)
        .fetch_all(db)
        .await?;
    let owned = |(tenant, org, id)| (Owner { tenant, org }, id);
    Ok(rows.into_iter().map(owned).collect())
}
