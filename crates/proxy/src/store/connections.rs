//! Rows of connections, as facts for people. Owns reading, listing, renaming and removing them;
//! tokens and refreshes are `grants`'.

use super::{DbResult, Owner, from_json, from_word, seconds, to_json, to_word};
use portico_core::connection_type::ConnectionType;
use portico_core::ids::{ConnectionId, WorkspaceId};
use portico_core::scopes::required_of;
use portico_core::wire::{
    Account, Connection, Fault, GrantFacts, Provider, RefreshFact, Revocation, UpdateConnection,
};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// One connection without its tokens.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ConnectionRow {
    pub(crate) id: String,
    tenant: String,
    org: String,
    provider: String,
    pub(crate) account: String,
    pub(crate) version: i64,
    label: Option<String>,
    workspace: Option<String>,
    pub(crate) connection_type: String,
    account_facts: String,
    grant_kind: String,
    asked: String,
    granted: String,
    obtained_at: f64,
    credential_hint: Option<String>,
    pub(crate) generation: i64,
    access_expires_at: Option<f64>,
    pub(crate) next_try_at: Option<f64>,
    fault_category: Option<String>,
    fault_cause: Option<String>,
    fault_at: Option<f64>,
    fault_correlation_id: Option<String>,
    last_refresh_at: Option<f64>,
    last_refresh_outcome: Option<String>,
    revoked_at: Option<f64>,
    revoked_by: Option<String>,
    connected_by: String,
    created_at: f64,
    updated_at: f64,
    account_read_at: f64,
    now: f64,
}

// `+ 0.0`: of a whole second, SQLite's RETURNING makes an integer in any expression.
macro_rules! columns {
    ($head:literal $(, $tail:literal)*) => {
        concat!(
            $head,
            " id, tenant, org, provider, account, version, label, workspace, connection_type, account_facts, \
             grant_kind, asked, granted, obtained_at, credential_hint, generation, access_expires_at, next_try_at, fault_category, \
             fault_cause, fault_at, fault_correlation_id, last_refresh_at, last_refresh_outcome, revoked_at, \
             revoked_by, connected_by, created_at, updated_at, COALESCE(account_read_at, obtained_at) + 0.0 AS account_read_at, \
             unixepoch('subsec') AS now "
            $(, $tail)*
        )
    };
}

macro_rules! select_connection {
    ($tail:literal) => {
        columns!("SELECT", "FROM connection ", $tail)
    };
}

impl ConnectionRow {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }

    pub(crate) fn provider(&self) -> DbResult<Provider> {
        from_word(&self.provider)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.unsigned_abs()
    }

    /// Seconds since the account's facts were read at the provider.
    pub(crate) fn account_age(&self) -> f64 {
        self.now - self.account_read_at
    }

    /// A private app token or service key, which is never refreshed.
    pub(crate) fn is_static(&self) -> bool {
        self.grant_kind == "static"
    }

    /// Whether anything stands against the grant.
    pub(crate) fn has_fault(&self) -> bool {
        self.fault_category.is_some()
    }

    pub(crate) fn granted(&self) -> DbResult<Vec<String>> {
        from_json(&self.granted)
    }

    pub(crate) fn account_facts(&self) -> DbResult<Account> {
        from_json(&self.account_facts)
    }

    /// The wire form. `required` are the scopes the app requires today.
    pub(crate) fn facts(&self, required: &[String]) -> DbResult<Connection> {
        let fault = match (&self.fault_category, &self.fault_cause, self.fault_at) {
            (Some(category), Some(cause), Some(at)) => Some(Fault {
                category: from_word(category)?,
                cause: from_word(cause)?,
                at: seconds(at),
                correlation_id: self.fault_correlation_id.clone(),
                next_try_at: self.next_try_at.map(seconds),
            }),
            _ => None,
        };
        let last_refresh = match (self.last_refresh_at, &self.last_refresh_outcome) {
            (Some(at), Some(outcome)) => Some(RefreshFact {
                at: seconds(at),
                outcome: from_word(outcome)?,
            }),
            _ => None,
        };
        let revoked = self.revoked_at.map(|at| Revocation {
            at: seconds(at),
            by: self.revoked_by.clone().unwrap_or_else(|| "here".into()),
        });
        let kind = from_word(&self.grant_kind)?;
        Ok(Connection {
            id: self.id.parse().map_err(bad_id)?,
            provider: self.provider()?,
            version: self.version.unsigned_abs(),
            label: self.label.clone(),
            workspace: match &self.workspace {
                Some(id) => Some(id.parse().map_err(bad_id)?),
                None => None,
            },
            connection_type: from_word(&self.connection_type)?,
            account: self.account_facts()?,
            grant: GrantFacts {
                kind,
                asked: from_json(&self.asked)?,
                granted: from_json(&self.granted)?,
                required: required_of(kind, required),
                obtained_at: seconds(self.obtained_at),
                hint: self.credential_hint.clone(),
                expires_at: self.access_expires_at.map(seconds),
                last_refresh,
                fault,
                revoked,
            },
            connected_by: self.connected_by.clone(),
            created_at: seconds(self.created_at),
            updated_at: seconds(self.updated_at),
        })
    }
}

fn bad_id(error: portico_core::ids::InvalidId) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// One connection of an org.
pub(crate) async fn find(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<ConnectionRow>> {
    sqlx::query_as(select_connection!(
        "WHERE tenant = $1 AND org = $2 AND id = $3"
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// All connections of an org, oldest first.
pub(crate) async fn list(db: impl AnyExecutor<'_>, owner: &Owner) -> DbResult<Vec<ConnectionRow>> {
    sqlx::query_as(select_connection!(
        "WHERE tenant = $1 AND org = $2 ORDER BY created_at, id"
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_all(db)
    .await
}

/// The connection that holds an account, whichever org of the tenant it belongs to: uniqueness is the
/// tenant's, so this is the one question that must look across orgs. Callers tell nobody which.
///
/// The row is locked until the transaction ends, so that no refresh comes between reading and replacing its grant.
pub(crate) async fn lock_holder(
    db: &mut AnyConnection,
    tenant: &str,
    provider: Provider,
    account: &str,
) -> DbResult<Option<ConnectionRow>> {
    sqlx::query_as(columns!(
        "UPDATE connection SET version = version WHERE tenant = $1 AND provider = $2 AND account = $3 RETURNING"
    ))
    .bind(tenant)
    .bind(to_word(provider)?)
    .bind(account)
    .fetch_optional(db)
    .await
}

/// Whether connections of a provider count against the plan: it counts portals (J25), and GitHub has none.
pub(crate) fn counts(provider: Provider) -> bool {
    provider == Provider::Hubspot
}

/// Connections that count against the plan, as [`counts`] says.
pub(crate) async fn count(db: impl AnyExecutor<'_>, owner: &Owner) -> DbResult<u32> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM connection WHERE tenant = $1 AND org = $2 AND provider = 'hubspot'",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What a new grant brought, proved by introspection.
pub(crate) struct NewGrant<'a> {
    pub(crate) account: &'a Account,
    pub(crate) asked: &'a [String],
    pub(crate) granted: &'a [String],
    /// Sealed for generation `generation`; absent of a token without an end.
    pub(crate) refresh_token: Option<&'a [u8]>,
    pub(crate) access_token: &'a [u8],
    /// Seconds from now; absent of a token without an end.
    pub(crate) expires_in: Option<f64>,
    pub(crate) generation: u64,
    pub(crate) client_id: &'a str,
}

/// A version that somebody says they saw: one beyond the database's numbers is no row's.
pub(super) fn seen(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

pub(super) fn signed(number: u64) -> DbResult<i64> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Adds a connection of generation `grant.generation`.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    id: &ConnectionId,
    owner: &Owner,
    provider: Provider,
    connection_type: ConnectionType,
    connected_by: &str,
    grant: &NewGrant<'_>,
) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO connection (id, tenant, org, provider, account, client_id, version, connection_type,
            account_facts, grant_kind, asked, granted, obtained_at, state, generation, refresh_token, access_token,
            access_expires_at, connected_by, created_at, updated_at, looked_at)
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, 'oauth', $9, $10, unixepoch('subsec'), 'connected', $11, $12, $13,
            unixepoch('subsec') + $14, $15, unixepoch('subsec'), unixepoch('subsec'), unixepoch('subsec'))",
    )
    .bind(id.as_str())
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(to_word(provider)?)
    .bind(grant.account.portal_id.to_string())
    .bind(grant.client_id)
    .bind(to_word(connection_type)?)
    .bind(to_json(grant.account)?)
    .bind(to_json(grant.asked)?)
    .bind(to_json(grant.granted)?)
    .bind(signed(grant.generation)?)
    .bind(grant.refresh_token)
    .bind(grant.access_token)
    .bind(grant.expires_in)
    .bind(connected_by)
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a new grant in the place of the old one; id, label, type and history stay (R20–R24).
pub(crate) async fn replace_grant(
    db: &mut AnyConnection,
    row: &ConnectionRow,
    grant: &NewGrant<'_>,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE connection SET version = version + 1, client_id = $1, account_facts = $2, account_read_at = NULL, grant_kind = 'oauth', asked = $3,
            granted = $4, obtained_at = unixepoch('subsec'), state = 'connected', generation = $5, refresh_token = $6,
            access_token = $7, access_expires_at = unixepoch('subsec') + $8, lease_owner = NULL, lease_until = NULL,
            next_try_at = NULL, attempts = 0, rotating = 0, fault_category = NULL, fault_cause = NULL, fault_at = NULL,
            fault_correlation_id = NULL, last_refresh_at = NULL, last_refresh_outcome = NULL, revoked_at = NULL,
            revoked_by = NULL, credential_hint = NULL, updated_at = unixepoch('subsec'),
            looked_at = unixepoch('subsec')
         WHERE tenant = $9 AND org = $10 AND id = $11",
    )
    .bind(grant.client_id)
    .bind(to_json(grant.account)?)
    .bind(to_json(grant.asked)?)
    .bind(to_json(grant.granted)?)
    .bind(signed(grant.generation)?)
    .bind(grant.refresh_token)
    .bind(grant.access_token)
    .bind(grant.expires_in)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .execute(db)
    .await?;
    Ok(())
}

/// Changes label, type and workspace if the version is still the one the person saw. False when it is not.
pub(crate) async fn update(
    db: &mut AnyConnection,
    owner: &Owner,
    id: &str,
    version: u64,
    change: &UpdateConnection,
) -> DbResult<bool> {
    let kind = match change.connection_type {
        Some(kind) => Some(to_word(kind)?),
        None => None,
    };
    let changed = sqlx::query(
        "UPDATE connection SET version = version + 1, updated_at = unixepoch('subsec'),
            label = CASE WHEN $1 THEN NULLIF($2, '') ELSE label END,
            connection_type = COALESCE($3, connection_type),
            workspace = CASE WHEN $4 THEN $5 ELSE workspace END
         WHERE tenant = $6 AND org = $7 AND id = $8 AND version = $9",
    )
    .bind(change.label.is_some())
    .bind(change.label.as_deref().map(str::trim))
    .bind(kind)
    .bind(change.workspace.is_some())
    .bind(
        change
            .workspace
            .as_ref()
            .and_then(Option::as_ref)
            .map(WorkspaceId::as_str),
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(id)
    .bind(seen(version))
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Keeps facts that were read anew, unless a reconnection brought newer ones meanwhile; the version grows only
/// where something differs. Answers whether it does.
pub(crate) async fn store_account(
    db: &mut AnyConnection,
    row: &ConnectionRow,
    account: &Account,
    differs: bool,
) -> DbResult<bool> {
    let stored = sqlx::query(
        "UPDATE connection SET account_facts = $1, account_read_at = unixepoch('subsec'), version = CASE WHEN $2 THEN version + 1 ELSE version END,
            updated_at = CASE WHEN $2 THEN unixepoch('subsec') ELSE updated_at END
         WHERE tenant = $3 AND org = $4 AND id = $5 AND obtained_at = $6",
    )
    .bind(to_json(account)?)
    .bind(differs)
    .bind(&row.tenant)
    .bind(&row.org)
    .bind(&row.id)
    .bind(row.obtained_at)
    .execute(db)
    .await?;
    Ok(differs && stored.rows_affected() == 1)
}

/// Removes a connection; its sealed tokens are overwritten by `secure_delete`.
pub(crate) async fn delete(db: &mut AnyConnection, owner: &Owner, id: &str) -> DbResult<bool> {
    let changed = sqlx::query("DELETE FROM connection WHERE tenant = $1 AND org = $2 AND id = $3")
        .bind(&owner.tenant)
        .bind(&owner.org)
        .bind(id)
        .execute(db)
        .await?;
    Ok(changed.rows_affected() == 1)
}
