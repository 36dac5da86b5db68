//! The life of the data keys (threat model, section 7): how often each seals, a key file that changed, secrets
//! sealed anew under the first key, and a start that is refused while a stored secret needs a key that is gone.
//! Owns the order of these steps; the keys are `keys`', the envelope `seal`'s, the rows `store::keys`'.

use crate::app::Shared;
use crate::grant::{TokenColumn, issuer_key_place, revocation_place, token_place};
use crate::keys::{KeyError, KeyRing};
use crate::seal::{SealError, Sealer};
use crate::store::keys::{self, OldGrant, OldSecret, SmallTable};
use crate::store::{DbResult, Store};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio::time::{MissedTickBehavior, interval};
use zeroize::Zeroizing;

/// Seals that a process books at once, so that a crash counts too many and never too few.
const BLOCK: i64 = 16_384;
/// A key that has sealed this often should be followed by another.
const WARN_AT: i64 = 1 << 30;
/// A key seals no more often than this: with random nonces the chance of one that repeats stays below 2^-34.
const STOP_AT: i64 = 1 << 31;
/// Connections that are sealed anew in one transaction.
const BATCH: i64 = 100;
const LOOK: Duration = Duration::from_secs(5);

/// Why a proxy does not start, or does not take a changed key file.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The key file is not taken.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Rows need a key that the file does not hold.
    #[error(
        "{secrets} stored secrets were sealed with key {kid}, which the key file does not hold; bring it back as a \
         further line"
    )]
    KeyMissing {
        /// Which key.
        kid: u32,
        /// How many secrets need it.
        secrets: i64,
    },
    /// The database fails.
    #[error("the keys in use cannot be read")]
    Database(#[from] sqlx::Error),
}

/// Refuses a ring that lacks a key some stored secret needs, remembers it, and books its first seals.
///
/// Only a key that has gone since the last start costs a look at every row.
pub(crate) async fn adopt(store: &Store, sealer: &Sealer) -> Result<(), RotationError> {
    let kids = sealer.kids();
    for kid in keys::remembered(store.readers()).await? {
        if kids.contains(&kid) {
            continue;
        }
        let secrets = keys::needed(store, kid).await?;
        if secrets > 0 {
            return Err(RotationError::KeyMissing { kid, secrets });
        }
    }
    let mut tx = store.begin().await?;
    keys::remember(&mut tx, &kids).await?;
    tx.commit().await?;
    book(store, sealer).await?;
    Ok(())
}

/// Books another block of seals for the first key, unless it has sealed as often as it may.
pub(crate) async fn book(store: &Store, sealer: &Sealer) -> DbResult<()> {
    let kid = sealer.primary_kid();
    if keys::booked(store.readers(), kid).await? + BLOCK > STOP_AT {
        tracing::error!(
            alert = true,
            kid,
            "a data key has sealed as often as it may; add a new first key"
        );
        return Ok(());
    }
    let mut tx = store.begin().await?;
    let booked = keys::book(&mut tx, kid, BLOCK).await?;
    tx.commit().await?;
    if booked > WARN_AT {
        tracing::warn!(alert = true, kid, booked, "a data key should be rotated");
    }
    sealer.allow(kid, BLOCK);
    Ok(())
}

/// Watches the key file, books seals and seals anew, until the proxy stops.
pub(crate) async fn run(app: Shared) {
    let path = app.config.key_path();
    let mut seen = stamp(&path);
    let mut behind = true;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.sealer.ran_low() => {}
            _ = ticks.tick() => {}
        }
        let now = stamp(&path);
        if now != seen {
            seen = now;
            match reload(&app, &path).await {
                Ok(()) => behind = true,
                Err(error) => {
                    tracing::error!(error = %error, alert = true, "the changed key file is not taken; the former keys stay");
                }
            }
        }
        if app.sealer.is_low()
            && let Err(error) = book(&app.store, &app.sealer).await
        {
            tracing::error!(error = %error, "no further seals could be booked");
        }
        if behind {
            match reseal(&app).await {
                Ok(finished) => behind = !finished,
                Err(error) => tracing::error!(error = %error, "secrets could not be sealed anew"),
            }
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

async fn reload(app: &Shared, path: &Path) -> Result<(), RotationError> {
    let former = app.sealer.replace(KeyRing::load(path)?);
    if let Err(error) = adopt(&app.store, &app.sealer).await {
        app.sealer.restore(former);
        return Err(error);
    }
    tracing::info!(kids = ?app.sealer.kids(), "the key file was read anew; its first key seals from now on");
    Ok(())
}

/// Seals under the first key what another has sealed. True when nothing is left that could be; false when the
/// proxy stops meanwhile.
pub(crate) async fn reseal(app: &Shared) -> DbResult<bool> {
    let primary = app.sealer.primary_kid();
    let mut after = String::new();
    let mut count = 0_u64;
    loop {
        if app.stop.is_cancelled() {
            return Ok(false);
        }
        let rows = keys::old_grants(app.store.readers(), primary, &after, BATCH).await?;
        let Some(last) = rows.last() else {
            break;
        };
        after.clone_from(&last.id);
        let mut tx = app.store.begin().await?;
        for row in &rows {
            match grant_anew(&app.sealer, row) {
                Ok((refresh_token, access_token)) => {
                    let (refresh_token, access_token) =
                        (refresh_token.as_deref(), access_token.as_deref());
                    let done =
                        keys::reseal_grant(&mut tx, row, refresh_token, access_token).await?;
                    count += u64::from(done);
                }
                Err(error) => {
                    tracing::error!(error = %error, connection = row.id, alert = true, "a grant cannot be sealed anew");
                }
            }
        }
        tx.commit().await?;
    }
    for table in [SmallTable::Revocation, SmallTable::IssuerKey] {
        for row in keys::old_secrets(app.store.readers(), table, primary).await? {
            match secret_anew(&app.sealer, table, &row) {
                Ok(sealed) => {
                    let mut tx = app.store.begin().await?;
                    keys::reseal_secret(&mut tx, table, &row, &sealed).await?;
                    tx.commit().await?;
                    count += 1;
                }
                Err(error) => {
                    tracing::error!(error = %error, table = ?table, alert = true, "a secret cannot be sealed anew");
                }
            }
        }
    }
    if count > 0 {
        tracing::info!(
            kid = primary,
            count,
            "secrets were sealed anew under the first key"
        );
    }
    Ok(true)
}

type Anew = Result<(Option<Vec<u8>>, Option<Vec<u8>>), SealError>;

fn grant_anew(sealer: &Sealer, row: &OldGrant) -> Anew {
    let owner = row.owner();
    let anew = |column, envelope: &Option<Vec<u8>>| {
        let place = token_place(&owner, &row.id, row.generation(), column);
        let Some(envelope) = envelope else {
            return Ok(None);
        };
        let secret: Zeroizing<Vec<u8>> = sealer.open(place, envelope)?;
        sealer.seal(place, &secret).map(Some)
    };
    Ok((
        anew(TokenColumn::Refresh, &row.refresh_token)?,
        anew(TokenColumn::Access, &row.access_token)?,
    ))
}

fn secret_anew(sealer: &Sealer, table: SmallTable, row: &OldSecret) -> Result<Vec<u8>, SealError> {
    let owner = row.owner();
    let place = match table {
        SmallTable::Revocation => revocation_place(&owner, &row.id),
        SmallTable::IssuerKey => issuer_key_place(&owner, &row.id),
    };
    let secret = sealer.open(place, &row.sealed)?;
    sealer.seal(place, &secret)
}

/// One key of a database, for the operator.
#[derive(Debug)]
pub struct KeyReport {
    /// Its number.
    pub kid: u32,
    /// Whether it seals.
    pub primary: bool,
    /// Seals booked so far; at 2^31 it seals no more.
    pub booked: i64,
    /// Stored secrets that need it.
    pub secrets: i64,
}

/// What each key of the file is needed for. Reads every row.
pub(crate) async fn report(store: &Store, ring: &KeyRing) -> DbResult<Vec<KeyReport>> {
    let mut reports = Vec::new();
    for kid in ring.kids() {
        reports.push(KeyReport {
            kid,
            primary: kid == ring.primary().kid,
            booked: keys::booked(store.readers(), kid).await?,
            secrets: keys::needed(store, kid).await?,
        });
    }
    Ok(reports)
}
