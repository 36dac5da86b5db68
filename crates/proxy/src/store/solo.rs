//! What a solo proxy remembers of itself and of the browsers that were introduced to it.
//! Owns instance id, issuer key, launch tickets, devices and their spent assertions.

use super::{DbResult, Owner};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Seconds a launch ticket works.
const TICKET_LIFE: f64 = 600.0;

/// The name of this installation, made on first use.
pub(crate) async fn instance_id(db: &mut AnyConnection, fresh: &str) -> DbResult<String> {
    sqlx::query_scalar(
        "INSERT INTO proxy (name, value) VALUES ('instance', $1)
         ON CONFLICT (name) DO UPDATE SET value = proxy.value RETURNING value",
    )
    .bind(fresh)
    .fetch_one(db)
    .await
}

/// Where the proxy last served: `launch` prints it when the configuration leaves the port open.
pub(crate) async fn remember_base_url(db: &mut AnyConnection, base_url: &str) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO proxy (name, value) VALUES ('base_url', $1)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(base_url)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn base_url(db: &mut AnyConnection) -> DbResult<Option<String>> {
    sqlx::query_scalar("SELECT value FROM proxy WHERE name = 'base_url'")
        .fetch_optional(db)
        .await
}

/// The newest signing key of the local issuer: its kid and the sealed private key.
pub(crate) async fn issuer_key(
    db: &mut AnyConnection,
    owner: &Owner,
) -> DbResult<Option<(String, Vec<u8>)>> {
    sqlx::query_as(
        "SELECT kid, sealed FROM issuer_key WHERE tenant = $1 AND org = $2 ORDER BY created_at DESC LIMIT 1",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_optional(db)
    .await
}

pub(crate) async fn insert_issuer_key(
    db: &mut AnyConnection,
    owner: &Owner,
    kid: &str,
    sealed: &[u8],
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO issuer_key (kid, tenant, org, sealed, created_at) VALUES ($1, $2, $3, $4, unixepoch('subsec'))",
    )
    .bind(kid)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(sealed)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn insert_ticket(
    db: &mut AnyConnection,
    owner: &Owner,
    ticket_hash: &str,
) -> DbResult<()> {
    sqlx::query("DELETE FROM launch_ticket WHERE tenant = $1 AND org = $2 AND expires_at < unixepoch('subsec')")
        .bind(&owner.tenant)
        .bind(&owner.org)
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO launch_ticket (ticket_hash, tenant, org, expires_at) VALUES ($1, $2, $3, unixepoch('subsec') + $4)",
    )
    .bind(ticket_hash)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(TICKET_LIFE)
    .execute(db)
    .await?;
    Ok(())
}

/// Spends a ticket. False when it is unknown, used or too old.
pub(crate) async fn use_ticket(
    db: &mut AnyConnection,
    owner: &Owner,
    ticket_hash: &str,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE launch_ticket SET used_at = unixepoch('subsec')
         WHERE tenant = $1 AND org = $2 AND ticket_hash = $3 AND used_at IS NULL AND expires_at > unixepoch('subsec')",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(ticket_hash)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// A browser that may renew its sessions.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) sub: String,
    pub(crate) origin: String,
    /// Coordinates of its P-256 key, base64url.
    pub(crate) key_x: String,
    pub(crate) key_y: String,
}

pub(crate) async fn insert_device(
    db: &mut AnyConnection,
    owner: &Owner,
    device: &Device,
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO device (id, tenant, org, sub, origin, key_x, key_y, created_at, seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, unixepoch('subsec'), unixepoch('subsec'))",
    )
    .bind(&device.id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(&device.sub)
    .bind(&device.origin)
    .bind(&device.key_x)
    .bind(&device.key_y)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn device(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<Device>> {
    sqlx::query_as(
        "SELECT id, sub, origin, key_x, key_y FROM device WHERE tenant = $1 AND org = $2 AND id = $3",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// Spends an assertion's `jti`. False when it was used before.
pub(crate) async fn use_assertion(
    db: &mut AnyConnection,
    owner: &Owner,
    device_id: &str,
    jti: &str,
) -> DbResult<bool> {
    // Twice the longest life of an assertion and its leeway.
    sqlx::query("DELETE FROM device_assertion WHERE expires_at < unixepoch('subsec')")
        .execute(&mut *db)
        .await?;
    let added = sqlx::query(
        "INSERT INTO device_assertion (device_id, jti, expires_at) VALUES ($1, $2, unixepoch('subsec') + 240)
         ON CONFLICT DO NOTHING",
    )
    .bind(device_id)
    .bind(jti)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "UPDATE device SET seen_at = unixepoch('subsec') WHERE tenant = $1 AND org = $2 AND id = $3",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(device_id)
    .execute(db)
    .await?;
    Ok(added.rows_affected() == 1)
}
