//! When grants were last given up at the provider: what decides whether a new one may have ended with an old one.
//! Owns the table `grant_end`, which knows no tenant: an app and an account have one grant at the provider.

use super::{DbResult, to_word};
use portico_core::wire::Provider;
use sqlx::{AnyConnection, FromRow};

/// Seconds from the start of a giving up after which none of its calls can still arrive: two token calls at
/// their deadline, and some for the way.
const CALLS: f64 = 25.0;

/// An app's grant of one account.
#[derive(Clone, Copy)]
pub(crate) struct GrantKey<'a> {
    pub(crate) provider: Provider,
    pub(crate) client_id: &'a str,
    pub(crate) account: &'a str,
}

/// The last giving up, in seconds of the database.
#[derive(Clone, Copy, Debug, FromRow)]
pub(crate) struct LastEnd {
    /// 0 when there was none.
    pub(crate) ends_until: f64,
    pub(crate) now: f64,
}

impl LastEnd {
    /// Whether it may still be on its way.
    pub(crate) fn is_open(&self) -> bool {
        self.ends_until > self.now
    }

    /// Whether it may have ended a grant that was seen alive at `proven_at`.
    pub(crate) fn may_have_ended(&self, proven_at: f64) -> bool {
        self.ends_until >= proven_at
    }
}

/// Reads the last giving up and keeps others from it until the transaction ends: a grant is kept, or given up,
/// but not both at once.
pub(crate) async fn lock(db: &mut AnyConnection, key: GrantKey<'_>) -> DbResult<LastEnd> {
    sqlx::query_as(
        "INSERT INTO grant_end (provider, client_id, account, ends_until) VALUES ($1, $2, $3, 0)
         ON CONFLICT (provider, client_id, account) DO UPDATE SET ends_until = grant_end.ends_until
         RETURNING ends_until, unixepoch('subsec') AS now",
    )
    .bind(to_word(key.provider)?)
    .bind(key.client_id)
    .bind(key.account)
    .fetch_one(db)
    .await
}

/// Calls that give it up begin now.
pub(crate) async fn begin(db: &mut AnyConnection, key: GrantKey<'_>) -> DbResult<()> {
    set(db, key, CALLS).await
}

/// They have been answered.
pub(crate) async fn finish(db: &mut AnyConnection, key: GrantKey<'_>) -> DbResult<()> {
    set(db, key, 0.0).await
}

async fn set(db: &mut AnyConnection, key: GrantKey<'_>, seconds: f64) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO grant_end (provider, client_id, account, ends_until)
         VALUES ($1, $2, $3, unixepoch('subsec') + $4)
         ON CONFLICT (provider, client_id, account) DO UPDATE SET ends_until = excluded.ends_until",
    )
    .bind(to_word(key.provider)?)
    .bind(key.client_id)
    .bind(key.account)
    .bind(seconds)
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what is two days old: no flow waits so long, and none of the spool's.
pub(crate) async fn sweep(db: &mut AnyConnection) -> DbResult<()> {
    sqlx::query("DELETE FROM grant_end WHERE ends_until < (SELECT unixepoch('subsec')) - 172800")
        .execute(db)
        .await?;
    Ok(())
}
