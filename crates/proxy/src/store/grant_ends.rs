//! When grants were last given up at the provider: what decides whether a new one may have ended with an old one.
//! Owns the table `grant_end`, which knows no tenant: an app and an account have one grant at the provider.

use super::{DbResult, to_word};
use portico_core::wire::Provider;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, FromRow};

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
    ends_until: f64,
    /// When the last one began that ended all that the account granted; 0 when there was none.
    ended_at: f64,
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

    /// Whether it certainly ended a grant that was to be given up at `listed_at`.
    pub(crate) fn has_ended(&self, listed_at: f64) -> bool {
        self.ended_at > listed_at
    }
}

/// Reads the last giving up and keeps others from it until the transaction ends: a grant is kept, or given up,
/// but not both at once.
pub(crate) async fn lock(db: &mut AnyConnection, key: GrantKey<'_>) -> DbResult<LastEnd> {
    sqlx::query_as(
        "INSERT INTO grant_end (provider, client_id, account, begun_at, ends_until) VALUES ($1, $2, $3, 0, 0)
         ON CONFLICT (provider, client_id, account) DO UPDATE SET ends_until = grant_end.ends_until
         RETURNING ends_until, ended_at, unixepoch('subsec') AS now",
    )
    .bind(to_word(key.provider)?)
    .bind(key.client_id)
    .bind(key.account)
    .fetch_one(db)
    .await
}

/// Calls that give it up begin now, for whoever has locked it.
pub(crate) async fn begin(db: &mut AnyConnection, key: GrantKey<'_>) -> DbResult<()> {
    let statement =
        "UPDATE grant_end SET begun_at = unixepoch('subsec'), ends_until = unixepoch('subsec') + $4
                     WHERE provider = $1 AND client_id = $2 AND account = $3";
    bound(statement, key)?.bind(CALLS).execute(db).await?;
    Ok(())
}

/// They have been answered. `all`: they ended whatever the account granted.
pub(crate) async fn finish(db: &mut AnyConnection, key: GrantKey<'_>, all: bool) -> DbResult<()> {
    let statement = "UPDATE grant_end SET ends_until = unixepoch('subsec'),
                        ended_at = CASE WHEN $4 THEN begun_at ELSE ended_at END
                     WHERE provider = $1 AND client_id = $2 AND account = $3";
    bound(statement, key)?.bind(all).execute(db).await?;
    Ok(())
}

fn bound(
    statement: &'static str,
    key: GrantKey<'_>,
) -> DbResult<Query<'static, Any, AnyArguments>> {
    Ok(sqlx::query(statement)
        .bind(to_word(key.provider)?)
        .bind(key.client_id.to_owned())
        .bind(key.account.to_owned()))
}

/// Forgets what is two days old: no flow waits so long, and none of the spool's.
pub(crate) async fn sweep(db: &mut AnyConnection) -> DbResult<()> {
    sqlx::query("DELETE FROM grant_end WHERE ends_until < (SELECT unixepoch('subsec')) - 172800")
        .execute(db)
        .await?;
    Ok(())
}
