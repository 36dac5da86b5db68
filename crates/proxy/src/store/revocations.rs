//! Grants that were given up and must still be revoked at the provider.
//! Owns the table `revocation`: a row outlives a crash and goes when the work is done.

use super::grant_ends::GrantKey;
use super::{DbResult, Dialect, Owner, from_word, to_word};
use crate::provider::tokens::Which;
use portico_core::wire::Provider;
use sqlx::{AnyConnection, AnyExecutor, FromRow};

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
    provider: String,
    client_id: String,
    pub(crate) account: String,
    /// Sealed; a refresh token, or what `which` says.
    pub(crate) refresh_token: Vec<u8>,
    which: String,
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

    pub(crate) fn provider(&self) -> DbResult<Provider> {
        from_word(&self.provider)
    }

    /// When the grant was put on the list.
    pub(crate) fn listed_at(&self) -> f64 {
        self.give_up_at - GIVE_UP
    }

    pub(crate) fn grant_key(&self) -> DbResult<GrantKey<'_>> {
        Ok(GrantKey {
            provider: self.provider()?,
            client_id: &self.client_id,
            account: &self.account,
        })
    }

    pub(crate) fn which(&self) -> DbResult<Which> {
        from_word(&self.which)
    }
}

/// A grant to be revoked, its token sealed for this row.
pub(crate) struct NewRevocation<'a> {
    pub(crate) id: &'a str,
    pub(crate) owner: &'a Owner,
    pub(crate) provider: Provider,
    pub(crate) client_id: &'a str,
    pub(crate) account: &'a str,
    pub(crate) which: Which,
    pub(crate) token: &'a [u8],
    /// Seconds before the first try.
    pub(crate) wait: f64,
}

pub(crate) async fn insert(db: &mut AnyConnection, new: &NewRevocation<'_>) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO revocation (id, tenant, org, provider, client_id, account, refresh_token, which, next_try_at, give_up_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, unixepoch('subsec') + $10, unixepoch('subsec') + $9)",
    )
    .bind(new.id)
    .bind(&new.owner.tenant)
    .bind(&new.owner.org)
    .bind(to_word(new.provider)?)
    .bind(new.client_id)
    .bind(new.account)
    .bind(new.token)
    .bind(to_word(new.which)?)
    .bind(GIVE_UP)
    .bind(new.wait)
    .execute(db)
    .await?;
    Ok(())
}

macro_rules! take {
    ($skip:literal) => {
        concat!(
            "UPDATE revocation SET attempts = attempts + 1, lease_until = unixepoch('subsec') + $1
             WHERE id = (SELECT id FROM revocation
                         WHERE ($2 IS NULL OR id = $2) AND next_try_at <= (SELECT unixepoch('subsec'))
                           AND (lease_until IS NULL OR lease_until < unixepoch('subsec'))
                         ORDER BY next_try_at LIMIT 1 ",
            $skip,
            ")
             RETURNING id, tenant, org, provider, client_id, account, refresh_token, which, attempts, give_up_at,
                unixepoch('subsec') AS now"
        )
    };
}

/// A revocation by its id, as it stands.
pub(crate) async fn find(db: impl AnyExecutor<'_>, id: &str) -> DbResult<Option<RevocationRow>> {
    sqlx::query_as(
        "SELECT id, tenant, org, provider, client_id, account, refresh_token, which, attempts, give_up_at,
            unixepoch('subsec') AS now FROM revocation WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Takes one revocation for this process: the one named, or any that is due, of any tenant.
pub(crate) async fn take(
    db: &mut AnyConnection,
    dialect: Dialect,
    id: Option<&str>,
) -> DbResult<Option<RevocationRow>> {
    let statement = match dialect {
        Dialect::Sqlite => take!(""),
        // Replicas work side by side instead of one behind the other.
        Dialect::Postgres => take!("FOR UPDATE SKIP LOCKED"),
    };
    sqlx::query_as(statement)
        .bind(LEASE)
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Whether a live connection of any tenant holds a grant of the same app and account: such a grant is
/// never revoked as clean-up, for the provider may know one grant where we know two.
pub(crate) async fn is_depended_on(
    db: &mut AnyConnection,
    revocation: &RevocationRow,
) -> DbResult<bool> {
    let users: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM connection WHERE provider = $1 AND client_id = $2 AND account = $3
            AND state IN ('connected', 'checking')",
    )
    .bind(&revocation.provider)
    .bind(&revocation.client_id)
    .bind(&revocation.account)
    .fetch_one(db)
    .await?;
    Ok(users > 0)
}

/// Done, given up or not needed: the token goes with the row.
pub(crate) async fn delete(db: &mut AnyConnection, row: &RevocationRow) -> DbResult<()> {
    sqlx::query("DELETE FROM revocation WHERE tenant = $1 AND org = $2 AND id = $3")
        .bind(&row.tenant)
        .bind(&row.org)
        .bind(&row.id)
        .execute(db)
        .await?;
    Ok(())
}

/// The token it began with is spent; this access token is what is left, sealed for the row.
pub(crate) async fn replace_token(
    db: &mut AnyConnection,
    row: &RevocationRow,
    access_token: &[u8],
) -> DbResult<()> {
    sqlx::query(
        "UPDATE revocation SET refresh_token = $1, which = $2 WHERE tenant = $3 AND org = $4 AND id = $5",
    )
    .bind(access_token)
    .bind(to_word(Which::Access)?)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}

/// Put off by `wait` seconds.
pub(crate) async fn put_off(
    db: &mut AnyConnection,
    row: &RevocationRow,
    wait: f64,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE revocation SET lease_until = NULL, next_try_at = unixepoch('subsec') + $1
         WHERE tenant = $2 AND org = $3 AND id = $4",
    )
    .bind(wait)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}
