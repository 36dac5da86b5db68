//! The operator's last resort (threat model, section 8): every grant of a tenant, or of the app, is given up.
//! Owns the order: first nobody uses them any more, then each goes on the list of revocations. Calls nobody: the
//! worker of a proxy that serves revokes at the provider what is listed here.
//!
//! Two passes, so that no grant is thought to be depended on by a connection that is about to be revoked as well.
//! Each batch is a commit; a command that was killed is run again and goes on where it stopped.

use crate::config::{Config, ConfigError};
use crate::events::announce_by_command;
use crate::grant::{TokenColumn, pass_point, revocation_place, token_place};
use crate::keys::{KeyError, KeyRing};
use crate::provider::revoked_by_stored;
use crate::provider::tokens::Which;
use crate::random;
use crate::rotation::{self, RotationError};
use crate::seal::{SealError, Sealer};
use crate::store::emergency::{self, OPERATOR, Revoking};
use crate::store::journal::{self, Entry};
use crate::store::revocations::{self, NewRevocation};
use crate::store::{Owner, Store, StoreError};
use portico_core::journal::Action;
use zeroize::Zeroizing;

/// Connections that stop being used in one commit.
const MARK: i64 = 500;
/// Connections looked at together; those of one organization are one commit.
const BATCH: i64 = 100;

/// Why not all grants were put on the list.
#[derive(Debug, thiserror::Error)]
pub enum RevokeAllError {
    /// The configuration cannot be right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key file is not taken.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored secret needs a key that is gone.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A slip, most likely: better refused than taken for done.
    #[error("no connection belongs to that tenant; the tenants that have some: {}", listed(.0))]
    UnknownTenant(Vec<String>),
    /// The first key may seal no more.
    #[error(
        "nobody uses the grants any more, but they cannot be sealed for the list ({0}); mend that and run this again"
    )]
    Seal(String),
    /// Half-way.
    #[error("the database failed; run this again, and it goes on where it stopped")]
    Database(#[from] sqlx::Error),
}

fn listed(tenants: &[String]) -> String {
    if tenants.is_empty() {
        "none".to_owned()
    } else {
        tenants.join(", ")
    }
}

impl From<SealError> for RevokeAllError {
    fn from(error: SealError) -> Self {
        Self::Seal(error.to_string())
    }
}

/// What there is to revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveGrants {
    /// Connections that are not revoked.
    pub connections: i64,
    /// How many organizations they belong to.
    pub organizations: i64,
    /// Revocations that wait for the provider already.
    pub pending: i64,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevokedAll {
    /// Connections that are revoked now and were not before.
    pub connections: u64,
    /// Of these, grants that could not be put on the list, for there is no token that opens.
    pub unlisted: u64,
    /// Revocations that wait for the provider now.
    pub pending: i64,
}

/// Counts what [`revoke_all`] would revoke. Without a tenant: of all. The proxy may be running.
pub async fn live_grants(
    config: &Config,
    tenant: Option<&str>,
) -> Result<LiveGrants, RevokeAllError> {
    config.check()?;
    let store = Store::open(config).await?;
    let db = store.readers();
    let (connections, organizations) = emergency::live(db, tenant).await?;
    let pending = emergency::pending(db, tenant).await?;
    let known = emergency::tenants(db).await?;
    store.close().await;
    if tenant.is_some_and(|tenant| known.iter().all(|known| known != tenant)) {
        return Err(RevokeAllError::UnknownTenant(known));
    }
    Ok(LiveGrants {
        connections,
        organizations,
        pending,
    })
}

/// Ends the use of every grant at once, then puts each on the list of revocations. The proxy may be running.
pub async fn revoke_all(
    config: &Config,
    tenant: Option<&str>,
) -> Result<RevokedAll, RevokeAllError> {
    config.check()?;
    let store = Store::open(config).await?;
    let sealer = Sealer::new(KeyRing::load(&config.key_path())?);
    rotation::adopt(&store, &sealer).await?;
    let mut done = RevokedAll::default();
    loop {
        let marked = stop_use(&store, tenant).await?;
        pass_point("revoke-all-marked");
        let before = done.connections;
        enlist(&store, &sealer, tenant, &mut done).await?;
        // Somebody may have connected meanwhile.
        if marked == 0 && done.connections == before {
            break;
        }
    }
    done.pending = emergency::pending(store.readers(), tenant).await?;
    store.close().await;
    Ok(done)
}

async fn stop_use(store: &Store, tenant: Option<&str>) -> Result<u64, sqlx::Error> {
    let mut after = String::new();
    let mut marked = 0;
    while let Some(last) = emergency::batch_end(store.readers(), tenant, &after, MARK).await? {
        let mut tx = store.begin().await?;
        marked += emergency::begin(&mut tx, tenant, &after, &last).await?;
        tx.commit().await?;
        after = last;
    }
    Ok(marked)
}

async fn enlist(
    store: &Store,
    sealer: &Sealer,
    tenant: Option<&str>,
    done: &mut RevokedAll,
) -> Result<(), RevokeAllError> {
    let mut after = String::new();
    loop {
        let mut rows = emergency::begun(store.readers(), tenant, &after, BATCH).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        if sealer.is_low() {
            rotation::book(store, sealer).await?;
        }
        rows.sort_by_key(Revoking::owner);
        for of_one in rows.chunk_by(|one, next| one.owner() == next.owner()) {
            enlist_org(store, sealer, of_one, done).await?;
            pass_point("revoke-all-listed");
        }
    }
}

/// One organization's connections in one commit, each with its journal entry.
async fn enlist_org(
    store: &Store,
    sealer: &Sealer,
    rows: &[Revoking],
    done: &mut RevokedAll,
) -> Result<(), RevokeAllError> {
    let Some(owner) = rows.first().map(Revoking::owner) else {
        return Ok(());
    };
    let (mut connections, mut unlisted) = (0, 0);
    let mut tx = store.begin_in(&owner).await?;
    for row in rows {
        if !emergency::finish(&mut tx, row).await? {
            continue;
        }
        connections += 1;
        let opened = open(sealer, &owner, row)?;
        if let Some((which, token)) = &opened {
            let id = random::id();
            let on_list = sealer.seal(revocation_place(&owner, &id), token.as_bytes())?;
            let new = NewRevocation {
                id: &id,
                owner: &owner,
                provider: row.provider()?,
                client_id: &row.client_id,
                account: &row.account,
                which: *which,
                token: &on_list,
                wait: 0.0,
            };
            revocations::insert(&mut tx, &new).await?;
        } else {
            unlisted += 1;
        }
        announce_by_command(store, &mut tx, &owner, &row.id).await?;
        let entry = Entry {
            owner: &owner,
            sub: OPERATOR,
            action: Action::ConnectionRevoke,
            target: Some(&row.id),
            outcome: "done",
            reason: Some(if opened.is_some() {
                "its grant is to be revoked"
            } else {
                "its grant cannot be revoked from here"
            }),
            session: None,
        };
        journal::record(&mut tx, entry).await?;
    }
    tx.commit().await?;
    done.connections += connections;
    done.unlisted += unlisted;
    Ok(())
}

/// What the grant is given up by; nothing where that cannot be done, or no token opens.
fn open(
    sealer: &Sealer,
    owner: &Owner,
    row: &Revoking,
) -> Result<Option<(Which, Zeroizing<String>)>, sqlx::Error> {
    if row.is_static() {
        return Ok(None);
    }
    // The list may be long: an access token that lives now may have ended when its turn comes.
    let which = revoked_by_stored(row.provider()?, row.refresh_token.is_some(), 0.0);
    let (column, stored) = match which {
        Which::Access => (TokenColumn::Access, &row.access_token),
        Which::Refresh => (TokenColumn::Refresh, &row.refresh_token),
    };
    let Some(stored) = stored else {
        return Ok(None);
    };
    let place = token_place(owner, &row.id, row.generation(), column);
    match sealer.open_text(place, stored) {
        Ok(token) => Ok(Some((which, token))),
        Err(error) => {
            tracing::error!(error = %error, connection = row.id, alert = true, "a grant cannot be opened");
            Ok(None)
        }
    }
}
