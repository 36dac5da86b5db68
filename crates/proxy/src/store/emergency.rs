//! Rows of all tenants, or of one, on their way to being revoked by the operator.
//! Owns the two steps of a connection: `revoking`, from which nobody uses it, and `revoked`, without tokens.
//! Queries here name no org, for the operator's command is for all of them.

use super::{DbResult, Owner, from_word};
use portico_core::wire::Provider;
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// As `revoked_by` holds it.
pub(crate) const OPERATOR: &str = "operator";

/// A connection that nobody uses any more, its tokens still sealed.
#[derive(FromRow)]
pub(crate) struct Revoking {
    pub(crate) id: String,
    tenant: String,
    org: String,
    provider: String,
    grant_kind: String,
    pub(crate) client_id: String,
    pub(crate) account: String,
    generation: i64,
    pub(crate) refresh_token: Option<Vec<u8>>,
    pub(crate) access_token: Option<Vec<u8>>,
}

impl Revoking {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }

    pub(crate) fn provider(&self) -> DbResult<Provider> {
        from_word(&self.provider)
    }

    /// Whether it is a token that a person entered, which cannot be revoked from here.
    pub(crate) fn is_static(&self) -> bool {
        self.grant_kind == "static"
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.unsigned_abs()
    }
}

/// Connections that are not revoked, and how many organizations they belong to.
pub(crate) async fn live(db: impl AnyExecutor<'_>, tenant: Option<&str>) -> DbResult<(i64, i64)> {
    sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(own), 0) AS BIGINT), COUNT(*) FROM (
            SELECT COUNT(*) AS own FROM connection
            WHERE ($1 IS NULL OR tenant = $1) AND state <> 'revoked' GROUP BY tenant, org) AS orgs",
    )
    .bind(tenant)
    .fetch_one(db)
    .await
}

/// Every tenant that has a connection.
pub(crate) async fn tenants(db: impl AnyExecutor<'_>) -> DbResult<Vec<String>> {
    sqlx::query_scalar("SELECT DISTINCT tenant FROM connection ORDER BY tenant")
        .fetch_all(db)
        .await
}

/// Revocations that still wait for the provider.
pub(crate) async fn pending(db: impl AnyExecutor<'_>, tenant: Option<&str>) -> DbResult<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM revocation WHERE ($1 IS NULL OR tenant = $1)")
        .bind(tenant)
        .fetch_one(db)
        .await
}

/// The id that ends the next batch of live connections behind `after`; nothing when none is left.
pub(crate) async fn batch_end(
    db: impl AnyExecutor<'_>,
    tenant: Option<&str>,
    after: &str,
    most: i64,
) -> DbResult<Option<String>> {
    sqlx::query_scalar(
        "SELECT MAX(id) FROM (SELECT id FROM connection
            WHERE ($1 IS NULL OR tenant = $1) AND id > $2 AND state IN ('connected', 'checking', 'needs_reauth')
            ORDER BY id LIMIT $3) AS batch",
    )
    .bind(tenant)
    .bind(after)
    .bind(most)
    .fetch_one(db)
    .await
}

/// From here on relay and refresh refuse; a refresh that is under way finds its lease gone and stores nothing.
pub(crate) async fn begin(
    db: &mut AnyConnection,
    tenant: Option<&str>,
    after: &str,
    last: &str,
) -> DbResult<u64> {
    let changed = sqlx::query(
        "UPDATE connection SET state = 'revoking', lease_owner = NULL, lease_until = NULL, next_try_at = NULL,
            revoked_at = unixepoch('subsec'), revoked_by = $1, version = version + 1, updated_at = unixepoch('subsec')
         WHERE ($2 IS NULL OR tenant = $2) AND id > $3 AND id <= $4
           AND state IN ('connected', 'checking', 'needs_reauth')",
    )
    .bind(OPERATOR)
    .bind(tenant)
    .bind(after)
    .bind(last)
    .execute(db)
    .await?;
    Ok(changed.rows_affected())
}

/// The next connections behind `after` that are on their way, by id.
pub(crate) async fn begun(
    db: impl AnyExecutor<'_>,
    tenant: Option<&str>,
    after: &str,
    most: i64,
) -> DbResult<Vec<Revoking>> {
    sqlx::query_as(
        "SELECT id, tenant, org, provider, grant_kind, client_id, account, generation, refresh_token, access_token
         FROM connection
         WHERE ($1 IS NULL OR tenant = $1) AND id > $2 AND state = 'revoking' ORDER BY id LIMIT $3",
    )
    .bind(tenant)
    .bind(after)
    .bind(most)
    .fetch_all(db)
    .await
}

/// Wipes the tokens. False when a reconnection brought another grant meanwhile, or somebody else was faster.
pub(crate) async fn finish(db: &mut AnyConnection, row: &Revoking) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET state = 'revoked', refresh_token = NULL, access_token = NULL,
            access_expires_at = NULL, rotating = 0, version = version + 1, updated_at = unixepoch('subsec')
         WHERE tenant = $1 AND org = $2 AND id = $3 AND generation = $4 AND state = 'revoking'",
    )
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .bind(row.generation)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}
