//! Which data keys the stored secrets need, how often each has sealed, and secrets sealed anew.
//! Owns the table `key_use` and the sealed columns as such; opens and seals nothing.

use super::{DbResult, Owner, Store};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Every sealed column, asked for the secrets of one key.
const SEALED: [&str; 5] = [
    "SELECT COUNT(*) FROM connection WHERE substr(refresh_token, 2, 4) = $1",
    "SELECT COUNT(*) FROM connection WHERE substr(access_token, 2, 4) = $1",
    "SELECT COUNT(*) FROM revocation WHERE substr(refresh_token, 2, 4) = $1",
    "SELECT COUNT(*) FROM issuer_key WHERE substr(sealed, 2, 4) = $1",
    "SELECT COUNT(*) FROM flow WHERE substr(code, 2, 4) = $1",
];

/// As a key's number stands in an envelope, behind its version.
fn mark(kid: u32) -> Vec<u8> {
    kid.to_be_bytes().to_vec()
}

/// Adds to a key's count and answers the sum.
pub(crate) async fn book(db: &mut AnyConnection, kid: u32, seals: i64) -> DbResult<i64> {
    sqlx::query_scalar(
        "INSERT INTO key_use (kid, seals) VALUES ($1, $2)
         ON CONFLICT (kid) DO UPDATE SET seals = key_use.seals + excluded.seals RETURNING seals",
    )
    .bind(i64::from(kid))
    .bind(seals)
    .fetch_one(db)
    .await
}

/// What a key has been booked for so far.
pub(crate) async fn booked(db: impl AnyExecutor<'_>, kid: u32) -> DbResult<i64> {
    let seals: Option<i64> = sqlx::query_scalar("SELECT seals FROM key_use WHERE kid = $1")
        .bind(i64::from(kid))
        .fetch_optional(db)
        .await?;
    Ok(seals.unwrap_or(0))
}

/// Numbers of the keys this database was last opened with.
pub(crate) async fn remembered(db: impl AnyExecutor<'_>) -> DbResult<Vec<u32>> {
    let kids: Option<String> = sqlx::query_scalar("SELECT value FROM proxy WHERE name = 'kids'")
        .fetch_optional(db)
        .await?;
    kids.as_deref().map_or(Ok(Vec::new()), super::from_json)
}

pub(crate) async fn remember(db: &mut AnyConnection, kids: &[u32]) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO proxy (name, value) VALUES ('kids', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(super::to_json(kids)?)
    .execute(db)
    .await?;
    Ok(())
}

/// How many stored secrets a key has sealed: all rows of all tenants, for a key is not a tenant's. Reads every row.
pub(crate) async fn needed(store: &Store, kid: u32) -> DbResult<i64> {
    let mut sum = 0;
    for statement in SEALED {
        let count: i64 = sqlx::query_scalar(statement)
            .bind(mark(kid))
            .fetch_one(store.readers())
            .await?;
        sum += count;
    }
    Ok(sum)
}

/// A connection whose tokens are sealed with another key than the primary one.
#[derive(FromRow)]
pub(crate) struct OldGrant {
    pub(crate) id: String,
    tenant: String,
    org: String,
    generation: i64,
    pub(crate) refresh_token: Option<Vec<u8>>,
    pub(crate) access_token: Option<Vec<u8>>,
}

impl OldGrant {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.unsigned_abs()
    }
}

/// The next connections behind `after`, of any tenant, by id.
pub(crate) async fn old_grants(
    db: impl AnyExecutor<'_>,
    primary: u32,
    after: &str,
    most: i64,
) -> DbResult<Vec<OldGrant>> {
    sqlx::query_as(
        "SELECT id, tenant, org, generation, refresh_token, access_token FROM connection
         WHERE id > $1 AND (substr(refresh_token, 2, 4) <> $2 OR substr(access_token, 2, 4) <> $2)
         ORDER BY id LIMIT $3",
    )
    .bind(after)
    .bind(mark(primary))
    .bind(most)
    .fetch_all(db)
    .await
}

/// Puts tokens sealed anew in their place, unless a refresh or a reconnection was faster. Nobody sees a change.
pub(crate) async fn reseal_grant(
    db: &mut AnyConnection,
    row: &OldGrant,
    refresh_token: Option<&[u8]>,
    access_token: Option<&[u8]>,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET refresh_token = $1, access_token = $2
         WHERE tenant = $3 AND org = $4 AND id = $5 AND generation = $6",
    )
    .bind(refresh_token)
    .bind(access_token)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .bind(row.generation)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// A secret of one of the small tables, sealed with another key than the primary one.
#[derive(FromRow)]
pub(crate) struct OldSecret {
    pub(crate) id: String,
    tenant: String,
    org: String,
    pub(crate) sealed: Vec<u8>,
}

impl OldSecret {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }
}

/// The small tables that hold secrets for longer than a key rotation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmallTable {
    Revocation,
    IssuerKey,
}

pub(crate) async fn old_secrets(
    db: impl AnyExecutor<'_>,
    table: SmallTable,
    primary: u32,
) -> DbResult<Vec<OldSecret>> {
    let statement = match table {
        SmallTable::Revocation => {
            "SELECT id, tenant, org, refresh_token AS sealed FROM revocation WHERE substr(refresh_token, 2, 4) <> $1"
        }
        SmallTable::IssuerKey => {
            "SELECT kid AS id, tenant, org, sealed FROM issuer_key WHERE substr(sealed, 2, 4) <> $1"
        }
    };
    sqlx::query_as(statement)
        .bind(mark(primary))
        .fetch_all(db)
        .await
}

/// As [`reseal_grant`]; the former secret stands for the generation.
pub(crate) async fn reseal_secret(
    db: &mut AnyConnection,
    table: SmallTable,
    row: &OldSecret,
    sealed: &[u8],
) -> DbResult<()> {
    let statement = match table {
        SmallTable::Revocation => {
            "UPDATE revocation SET refresh_token = $1 WHERE tenant = $2 AND org = $3 AND id = $4 AND refresh_token = $5"
        }
        SmallTable::IssuerKey => {
            "UPDATE issuer_key SET sealed = $1 WHERE tenant = $2 AND org = $3 AND kid = $4 AND sealed = $5"
        }
    };
    sqlx::query(statement)
        .bind(sealed)
        .bind(&row.tenant)
        .bind(&row.org)
        .bind(&row.id)
        .bind(&row.sealed)
        .execute(db)
        .await?;
    Ok(())
}
