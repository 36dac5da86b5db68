//! Rows of static credentials: private app tokens and service keys, which never expire and are never refreshed.
//! Owns adding, replacing and judging them; sends nothing.

use super::connections::{ConnectionRow, signed};
use super::grants::FaultWords;
use super::{DbResult, Owner, to_json, to_word};
use portico_core::connection_type::ConnectionType;
use portico_core::wire::{Account, Provider};
use sqlx::{AnyConnection, AnyExecutor};

/// Seconds after which a static credential is looked at again.
const LOOK_AFTER: f64 = 86_400.0;

/// What a static token brought, proved at the provider.
pub(crate) struct StaticGrant<'a> {
    pub(crate) account: &'a Account,
    /// Id of the private app or key.
    pub(crate) app_id: &'a str,
    pub(crate) asked: &'a [String],
    pub(crate) granted: &'a [String],
    /// Sealed for generation `generation`.
    pub(crate) token: &'a [u8],
    pub(crate) generation: u64,
    /// Last four characters of the token.
    pub(crate) hint: &'a str,
}

/// A connection to be added.
pub(crate) struct NewConnection<'a> {
    pub(crate) id: &'a str,
    pub(crate) owner: &'a Owner,
    pub(crate) provider: Provider,
    pub(crate) connection_type: ConnectionType,
    pub(crate) label: Option<&'a str>,
    pub(crate) workspace: Option<&'a str>,
    pub(crate) connected_by: &'a str,
}

/// Adds a connection. An account that another organization of the tenant holds is a unique violation.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    new: &NewConnection<'_>,
    grant: &StaticGrant<'_>,
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO connection (id, tenant, org, provider, account, client_id, version, label, workspace,
            connection_type, account_facts, account_read_at, grant_kind, asked, granted, obtained_at, state, generation,
            access_token, credential_hint, connected_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 1, NULLIF($7, ''), $8, $9, $10, unixepoch('subsec'), 'static', $11, $12,
            unixepoch('subsec'), 'connected', $13, $14, $15, $16, unixepoch('subsec'), unixepoch('subsec'))",
    )
    .bind(new.id)
    .bind(&new.owner.tenant)
    .bind(&new.owner.org)
    .bind(to_word(new.provider)?)
    .bind(grant.account.portal_id.to_string())
    .bind(grant.app_id)
    .bind(new.label)
    .bind(new.workspace)
    .bind(to_word(new.connection_type)?)
    .bind(to_json(grant.account)?)
    .bind(to_json(grant.asked)?)
    .bind(to_json(grant.granted)?)
    .bind(signed(grant.generation)?)
    .bind(grant.token)
    .bind(grant.hint)
    .bind(new.connected_by)
    .execute(db)
    .await?;
    Ok(())
}

/// Puts another token in the place of the old one; id, label, type, workspace and history stay (R24).
pub(crate) async fn replace(
    db: &mut AnyConnection,
    row: &ConnectionRow,
    grant: &StaticGrant<'_>,
) -> DbResult<()> {
    let owner = row.owner();
    sqlx::query(
        "UPDATE connection SET version = version + 1, client_id = $1, account_facts = $2,
            account_read_at = unixepoch('subsec'), asked = $3, granted = $4, obtained_at = unixepoch('subsec'),
            state = 'connected', generation = $5, access_token = $6, access_expires_at = NULL, credential_hint = $7,
            next_try_at = NULL, attempts = 0, fault_category = NULL, fault_cause = NULL, fault_at = NULL,
            fault_correlation_id = NULL, last_refresh_at = NULL, last_refresh_outcome = NULL,
            updated_at = unixepoch('subsec')
         WHERE tenant = $8 AND org = $9 AND id = $10 AND grant_kind = 'static'",
    )
    .bind(grant.app_id)
    .bind(to_json(grant.account)?)
    .bind(to_json(grant.asked)?)
    .bind(to_json(grant.granted)?)
    .bind(signed(grant.generation)?)
    .bind(grant.token)
    .bind(grant.hint)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}

/// The provider knows the token: keeps what it says of it and clears any fault. The version grows only where
/// something `differs`. Answers whether it does; false too when the token was replaced meanwhile.
pub(crate) async fn store_alive(
    db: &mut AnyConnection,
    row: &ConnectionRow,
    account: &Account,
    granted: &[String],
    differs: bool,
) -> DbResult<bool> {
    let owner = row.owner();
    let stored = sqlx::query(
        "UPDATE connection SET account_facts = $1, granted = $2, account_read_at = unixepoch('subsec'),
            state = 'connected', next_try_at = NULL, attempts = 0, fault_category = NULL, fault_cause = NULL,
            fault_at = NULL, fault_correlation_id = NULL, last_refresh_at = NULL, last_refresh_outcome = NULL,
            version = CASE WHEN $3 THEN version + 1 ELSE version END,
            updated_at = CASE WHEN $3 THEN unixepoch('subsec') ELSE updated_at END
         WHERE tenant = $4 AND org = $5 AND id = $6 AND generation = $7 AND grant_kind = 'static'
           AND state IN ('connected', 'checking')",
    )
    .bind(to_json(account)?)
    .bind(to_json(granted)?)
    .bind(differs)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(&row.id)
    .bind(row.generation)
    .execute(db)
    .await?;
    Ok(differs && stored.rows_affected() == 1)
}

/// The provider no longer knows the token. False when it was replaced, or said so, meanwhile.
pub(crate) async fn store_dead(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    generation: u64,
    fault: FaultWords<'_>,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE connection SET state = 'needs_reauth', next_try_at = NULL, fault_category = $1, fault_cause = $2,
            fault_at = unixepoch('subsec'), fault_correlation_id = $3, version = version + 1,
            updated_at = unixepoch('subsec')
         WHERE tenant = $4 AND org = $5 AND id = $6 AND generation = $7 AND grant_kind = 'static'
           AND state IN ('connected', 'checking')",
    )
    .bind(fault.category)
    .bind(fault.cause)
    .bind(fault.correlation_id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(signed(generation)?)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Static credentials of all tenants that nobody has looked at for a day: whose, which, and of what generation.
pub(crate) async fn due(db: impl AnyExecutor<'_>) -> DbResult<Vec<(Owner, String, u64)>> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT tenant, org, id, generation FROM connection
         WHERE grant_kind = 'static' AND state = 'connected'
           AND account_read_at <= (SELECT unixepoch('subsec')) - $1 ORDER BY account_read_at LIMIT 50",
    )
    .bind(LOOK_AFTER)
    .fetch_all(db)
    .await?;
    let owned = |(tenant, org, id, generation): (String, String, String, i64)| {
        (Owner { tenant, org }, id, generation.unsigned_abs())
    };
    Ok(rows.into_iter().map(owned).collect())
}
