//! Grants that were given up and must still be revoked at the provider.
//! Owns the table `revocation`: a row outlives a crash and goes when the work is done.

use super::{DbResult, Owner, to_word};
use portico_core::wire::Provider;
use sqlx::{FromRow, SqliteConnection};

/// Seconds after which a revocation is given up: 7 days.
const GIVE_UP: f64 = 604_800.0;
/// Seconds a try may take before another process may take it over.
const LEASE: f64 = 60.0;

/// One pending revocation.
#[derive(Clone, FromRow)]
pub(crate) struct RevocationRow {
    pub(crate) id: String,
    tenant: String,
    org: String,
    pub(crate) provider: String,
    pub(crate) client_id: String,
    pub(crate) account: String,
    pub(crate) refresh_token: Vec<u8>,
    pub(crate) attempts: i64,
    pub(crate) give_up_at: f64,
    pub(crate) now: f64,
}

impl RevocationRow {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }
}

/// A grant to be revoked, its token sealed for this row.
pub(crate) struct NewRevocation<'a> {
    pub(crate) id: &'a str,
    pub(crate) owner: &'a Owner,
    pub(crate) provider: Provider,
    pub(crate) client_id: &'a str,
    pub(crate) account: &'a str,
    pub(crate) refresh_token: &'a [u8],
}

pub(crate) async fn insert(db: &mut SqliteConnection, new: &NewRevocation<'_>) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO revocation (id, tenant, org, provider, client_id, account, refresh_token, next_try_at, give_up_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, unixepoch('subsec'), unixepoch('subsec') + ?)",
    )
    .bind(new.id)
    .bind(&new.owner.tenant)
    .bind(&new.owner.org)
    .bind(to_word(new.provider)?)
    .bind(new.client_id)
    .bind(new.account)
    .bind(new.refresh_token)
    .bind(GIVE_UP)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one revocation for this process: the one named, or any that is due, of any tenant.
pub(crate) async fn take(
    db: &mut SqliteConnection,
    id: Option<&str>,
) -> DbResult<Option<RevocationRow>> {
    sqlx::query_as(
        "UPDATE revocation SET attempts = attempts + 1, lease_until = unixepoch('subsec') + ?1
         WHERE id = (SELECT id FROM revocation
                     WHERE (?2 IS NULL OR id = ?2) AND next_try_at <= unixepoch('subsec')
                       AND (lease_until IS NULL OR lease_until < unixepoch('subsec'))
                     ORDER BY next_try_at LIMIT 1)
         RETURNING id, tenant, org, provider, client_id, account, refresh_token, attempts, give_up_at,
            unixepoch('subsec') AS now",
    )
    .bind(LEASE)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Whether a live connection of any tenant holds a grant of the same app and account: such a grant is
/// never revoked as clean-up, for the provider may know one grant where we know two.
pub(crate) async fn is_depended_on(
    db: &mut SqliteConnection,
    revocation: &RevocationRow,
) -> DbResult<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM connection WHERE provider = ? AND client_id = ? AND account = ?
            AND state IN ('connected', 'checking'))",
    )
    .bind(&revocation.provider)
    .bind(&revocation.client_id)
    .bind(&revocation.account)
    .fetch_one(db)
    .await
}

/// Done, given up or not needed: the token goes with the row.
pub(crate) async fn delete(db: &mut SqliteConnection, row: &RevocationRow) -> DbResult<()> {
    sqlx::query("DELETE FROM revocation WHERE tenant = ? AND org = ? AND id = ?")
        .bind(&row.tenant)
        .bind(&row.org)
        .bind(&row.id)
        .execute(db)
        .await?;
    Ok(())
}

/// Put off by `wait` seconds.
pub(crate) async fn put_off(
    db: &mut SqliteConnection,
    row: &RevocationRow,
    wait: f64,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE revocation SET lease_until = NULL, next_try_at = unixepoch('subsec') + ?
         WHERE tenant = ? AND org = ? AND id = ?",
    )
    .bind(wait)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}
