//! The append-only journal of who did what, refused tries included. Holds ids and codes, never a secret.
//! Owns the tables `org` and `journal`; the chain's rules are the core's.

use super::{DbResult, Owner, Store};
use portico_core::journal::{Action, JournalEntry, JournalHead, genesis};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyExecutor, AssertSqlSafe, FromRow, Row as _};

/// What one entry tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) owner: &'a Owner,
    /// Who: [`JournalEntry::actor`].
    pub(crate) sub: &'a str,
    pub(crate) action: Action,
    /// Id of the flow, connection or workspace.
    pub(crate) target: Option<&'a str>,
    /// One of the core's `OUTCOMES`, or an error code.
    pub(crate) outcome: &'a str,
    /// Why, in our own words or a code.
    pub(crate) reason: Option<&'a str>,
    /// `jti` of the session.
    pub(crate) session: Option<&'a str>,
}

/// Makes the transaction the only one of its organization until it ends: plan limits, counts and the journal
/// are looked at and changed by one at a time.
pub(crate) async fn lock_org(db: &mut AnyConnection, owner: &Owner) -> DbResult<()> {
    sqlx::query(
        "INSERT INTO org (tenant, org, journal_seq, journal_hash) VALUES ($1, $2, 0, $3)
         ON CONFLICT (tenant, org) DO UPDATE SET journal_seq = org.journal_seq",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(genesis(&owner.tenant, &owner.org))
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an entry within a transaction.
pub(crate) async fn record(db: &mut AnyConnection, entry: Entry<'_>) -> DbResult<()> {
    let owner = entry.owner;
    lock_org(&mut *db, owner).await?;
    let (seq, previous, now): (i64, String, f64) = sqlx::query_as(
        "SELECT journal_seq, journal_hash, unixepoch('subsec') FROM org WHERE tenant = $1 AND org = $2",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_one(&mut *db)
    .await?;
    let copy = |text: Option<&str>| text.map(str::to_owned);
    let mut row = JournalEntry {
        seq: seq.unsigned_abs() + 1,
        at_ms: super::seconds(now * 1000.0),
        actor: entry.sub.to_owned(),
        action: entry.action.word().to_owned(),
        target: copy(entry.target),
        outcome: entry.outcome.to_owned(),
        reason: copy(entry.reason),
        session: copy(entry.session),
        hash: String::new(),
    };
    row.hash = row.hash_after(&previous);
    sqlx::query(
        "INSERT INTO journal (tenant, org, seq, at_ms, actor, action, target, outcome, reason, session, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(row.seq.cast_signed())
    .bind(row.at_ms)
    .bind(&row.actor)
    .bind(&row.action)
    .bind(&row.target)
    .bind(&row.outcome)
    .bind(&row.reason)
    .bind(&row.session)
    .bind(&row.hash)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "UPDATE org SET journal_seq = $1, journal_hash = $2 WHERE tenant = $3 AND org = $4",
    )
    .bind(row.seq.cast_signed())
    .bind(&row.hash)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an entry by itself. Refusals come by `crate::refusals`, which keeps count.
pub(crate) async fn record_alone(store: &Store, entry: Entry<'_>) -> DbResult<()> {
    let mut tx = store.begin().await?;
    record(&mut tx, entry).await?;
    tx.commit().await
}

/// An entry as it comes from its row.
struct Stored(JournalEntry);

impl FromRow<'_, AnyRow> for Stored {
    fn from_row(row: &AnyRow) -> DbResult<Self> {
        let seq: i64 = row.try_get("seq")?;
        Ok(Self(JournalEntry {
            seq: seq.unsigned_abs(),
            at_ms: row.try_get("at_ms")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            target: row.try_get("target")?,
            outcome: row.try_get("outcome")?,
            reason: row.try_get("reason")?,
            session: row.try_get("session")?,
            hash: row.try_get("hash")?,
        }))
    }
}

macro_rules! select_entries {
    ($tail:literal) => {
        concat!(
            "SELECT seq, at_ms, actor, action, target, outcome, reason, session, hash FROM journal \
             WHERE tenant = $1 AND org = $2 ",
            $tail
        )
    };
}

/// Where an organization's journal stands; nothing before its first entry.
pub(crate) async fn head(db: impl AnyExecutor<'_>, owner: &Owner) -> DbResult<Option<JournalHead>> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT journal_seq, journal_hash FROM org WHERE tenant = $1 AND org = $2")
            .bind(&owner.tenant)
            .bind(&owner.org)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|(seq, hash)| JournalHead {
        seq: seq.unsigned_abs(),
        hash,
    }))
}

/// Entries of a range of numbers, oldest first, at most `limit` of them.
pub(crate) async fn range(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    first: u64,
    last: u64,
    limit: u32,
) -> DbResult<Vec<JournalEntry>> {
    let stored: Vec<Stored> = sqlx::query_as(select_entries!(
        "AND seq BETWEEN $3 AND $4 ORDER BY seq LIMIT $5"
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(signed(first))
    .bind(signed(last))
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    Ok(stored.into_iter().map(|stored| stored.0).collect())
}

/// Which entries are asked for; what is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The exact word, or with a dot at its end what the word begins with.
    pub(crate) action: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) outcome: Option<String>,
    /// The earliest time.
    pub(crate) from_ms: Option<i64>,
    /// The time before which they must be.
    pub(crate) to_ms: Option<i64>,
    /// The number behind which the page begins, in the order asked for.
    pub(crate) after: Option<u64>,
    pub(crate) oldest_first: bool,
}

/// A value of a condition.
enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

/// A page of entries. The text holds only the conditions that narrow, so that an index can serve them.
pub(crate) async fn page<'f>(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    filter: &'f Filter,
    limit: u32,
) -> DbResult<Vec<JournalEntry>> {
    let text = |text: &'f Option<String>| text.as_deref().map(Value::Text);
    let prefix = filter
        .action
        .as_deref()
        .is_some_and(|word| word.ends_with('.'));
    // Each fragment is ours; what is asked for is only ever bound.
    let conditions = [
        (
            if prefix {
                " AND substr(action, 1, length(#)) = #"
            } else {
                " AND action = #"
            },
            text(&filter.action),
        ),
        (" AND actor = #", text(&filter.actor)),
        (" AND target = #", text(&filter.target)),
        (" AND outcome = #", text(&filter.outcome)),
        (" AND at_ms >= #", filter.from_ms.map(Value::Number)),
        (" AND at_ms < #", filter.to_ms.map(Value::Number)),
        (
            if filter.oldest_first {
                " AND seq > #"
            } else {
                " AND seq < #"
            },
            filter.after.map(signed).map(Value::Number),
        ),
    ];
    let mut statement = select_entries!("").to_owned();
    let mut values = Vec::new();
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            let place = format!("${}", values.len() + 2);
            statement += &condition.replace('#', &place);
        }
    }
    let order = if filter.oldest_first { "ASC" } else { "DESC" };
    statement += &[" ORDER BY seq ", order, " LIMIT $"].concat();
    statement += &(values.len() + 3).to_string();
    let mut query = sqlx::query_as(AssertSqlSafe(statement))
        .bind(&owner.tenant)
        .bind(&owner.org);
    for value in values {
        query = match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        };
    }
    let stored: Vec<Stored> = query.bind(i64::from(limit)).fetch_all(db).await?;
    Ok(stored.into_iter().map(|stored| stored.0).collect())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
