//! Grants as read a moment ago, opened: so that a burst of relayed calls costs one read and one decryption.
//! Owns how long a reading counts: until this process hears of a change, and for [`LIFE`] where none is heard of.

use super::access::{Access, open};
use crate::app::Shared;
use crate::seal::SealError;
use crate::store::grants::{self, GrantRow};
use crate::store::{Owner, from_json};
use moka::future::Cache;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a reading counts.
const LIFE: Duration = Duration::from_millis(500);
/// Connections whose readings are kept.
const ROOM: u64 = 10_000;

type Key = (Owner, String);

/// A grant and when it was read.
pub(crate) struct Held {
    pub(crate) row: GrantRow,
    pub(crate) granted: Vec<String>,
    /// Its tokens; nothing where there is no access token.
    pub(crate) access: Result<Option<Arc<Access>>, SealError>,
    read_at: Instant,
    /// What the bus said before the read: another stamp means that something has changed.
    stamp: u64,
}

impl Held {
    /// Seconds the access token in hand has left.
    pub(crate) fn seconds_left(&self) -> f64 {
        self.row.seconds_left() - self.read_at.elapsed().as_secs_f64()
    }

    /// Seconds until the next try is due, when one has been put off.
    pub(crate) fn wait(&self) -> Option<f64> {
        let wait = self.row.wait()? - self.read_at.elapsed().as_secs_f64();
        (wait > 0.0).then_some(wait)
    }
}

/// The readings of one process.
pub(crate) struct Grants(Cache<Key, Arc<Held>>);

impl Default for Grants {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(ROOM)
                .time_to_live(LIFE)
                .build(),
        )
    }
}

/// A grant as it stands now or stood a moment ago; nothing where there is none.
pub(crate) async fn held(
    app: &Shared,
    owner: &Owner,
    id: &str,
) -> Result<Option<Arc<Held>>, Arc<sqlx::Error>> {
    let key = (owner.clone(), id.to_owned());
    let bus = app.store.bus();
    for _ in 0..3 {
        let reading = app.grants.0.try_get_with_by_ref(&key, read(app, &key));
        let held = match reading.await {
            Ok(held) => held,
            Err(error) if matches!(*error, sqlx::Error::RowNotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        if held.stamp == bus.stamp(owner, id) {
            return Ok(Some(held));
        }
        app.grants.0.invalidate(&key).await;
    }
    // Changed again and again meanwhile: what was read last is as good as any.
    match read(app, &key).await {
        Ok(held) => Ok(Some(held)),
        Err(sqlx::Error::RowNotFound) => Ok(None),
        Err(error) => Err(Arc::new(error)),
    }
}

async fn read(app: &Shared, key: &Key) -> Result<Arc<Held>, sqlx::Error> {
    let (owner, id) = key;
    let stamp = app.store.bus().stamp(owner, id);
    let read_at = Instant::now();
    let row = grants::read(app.store.readers(), owner, id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    Ok(Arc::new(Held {
        granted: from_json(&row.granted)?,
        access: open(app, owner, id, &row),
        row,
        read_at,
        stamp,
    }))
}
