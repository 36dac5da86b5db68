//! Refused tries on their way to the journal: written down, yet never so many that somebody fills the disk.
//! Owns the count of each person; what was refused, and why, its callers say.

use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::session::Principal;
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner};
use portico_core::error::ErrorCode;
use portico_core::ids::FlowId;
use portico_core::journal::Action;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Refused tries of one person that are written within a [`WINDOW`]; the rest is counted.
const WRITTEN: u32 = 30;
const WINDOW: Duration = Duration::from_mins(1);

/// Who tried how often of late, in this process.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<(Owner, String), Tries>>);

struct Tries {
    since: Instant,
    written: u32,
    /// Counted since the last entry that was written.
    left_out: u64,
    /// Of the last one left out, so that it does not end without a word.
    last: (Action, String),
}

impl Refusals {
    fn lock(&self) -> MutexGuard<'_, HashMap<(Owner, String), Tries>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a try. Answers how many before it were left out, when this one is to be written.
    fn count(&self, entry: &Entry<'_>, now: Instant) -> Option<u64> {
        let mut people = self.lock();
        let tries = people
            .entry((entry.owner.clone(), entry.sub.to_owned()))
            .or_insert_with(|| Tries {
                since: now,
                written: 0,
                left_out: 0,
                last: (entry.action, String::new()),
            });
        if now.duration_since(tries.since) >= WINDOW {
            (tries.since, tries.written) = (now, 0);
        }
        if tries.written < WRITTEN {
            tries.written += 1;
            return Some(std::mem::take(&mut tries.left_out));
        }
        tries.left_out += 1;
        tries.last = (entry.action, entry.outcome.to_owned());
        None
    }

    /// Takes out whoever has been quiet for a while, or everybody.
    fn quiet(&self, now: Option<Instant>) -> Vec<((Owner, String), Tries)> {
        let over = |tries: &Tries| now.is_none_or(|now| now.duration_since(tries.since) >= WINDOW);
        self.lock().extract_if(|_, tries| over(tries)).collect()
    }
}

/// Writes a refused try down, or counts it.
pub(crate) async fn record(app: &Shared, entry: Entry<'_>) -> DbResult<()> {
    let Some(left_out) = app.refusals.count(&entry, Instant::now()) else {
        return Ok(());
    };
    let reason = with_count(entry.reason, left_out);
    let reason = reason.as_deref();
    journal::record_alone(&app.store, Entry { reason, ..entry }).await
}

fn with_count(reason: Option<&str>, left_out: u64) -> Option<String> {
    let count = (left_out > 0)
        .then(|| format!("{left_out} more refused tries before this one were not written"));
    match (reason, count) {
        (Some(reason), Some(count)) => Some(format!("{reason}; {count}")),
        (reason, count) => count.or_else(|| reason.map(str::to_owned)),
    }
}

/// Writes what was counted of people who have been quiet for a while; of everybody when the proxy stops.
pub(crate) async fn write_counts(app: &Shared, everybody: bool) -> DbResult<()> {
    let now = (!everybody).then(Instant::now);
    for ((owner, sub), tries) in app.refusals.quiet(now) {
        if tries.left_out == 0 {
            continue;
        }
        let reason = format!("{} more refused tries were not written", tries.left_out);
        let (action, outcome) = tries.last;
        let entry = Entry {
            owner: &owner,
            sub: &sub,
            action,
            target: None,
            outcome: &outcome,
            reason: Some(&reason),
            session: None,
        };
        journal::record_alone(&app.store, entry).await?;
    }
    Ok(())
}

/// Hands on what a person's try came to; when it was refused, that is written down on the way.
pub(crate) async fn journaled<T>(
    app: &Shared,
    who: &Principal,
    action: Action,
    target: Option<&str>,
    result: ApiResult<T>,
) -> ApiResult<T> {
    if let Err(error) = &result
        && is_refusal(error)
    {
        let entry = Entry {
            owner: &who.owner,
            sub: &who.sub,
            action,
            // A stranger's text has no place in the journal.
            target: target.filter(|id| id.parse::<FlowId>().is_ok()),
            outcome: error.code().entry().code,
            reason: reason(error),
            session: Some(&who.jti),
        };
        record(app, entry).await?;
    }
    result
}

/// Faults are no refusals, and what the limits on requests refuse is only counted there.
pub(crate) fn is_refusal(error: &ApiError) -> bool {
    error.is_of_the_caller() && error.code() != ErrorCode::RateLimited
}

/// The sentence of an error as the journal keeps it: only of codes whose sentences are made of checked ids, scopes
/// and numbers, and where it says more than the code.
pub(crate) fn reason(error: &ApiError) -> Option<&str> {
    let tells = matches!(
        error.code(),
        ErrorCode::PlanLimit
            | ErrorCode::ScopeNotConfigured
            | ErrorCode::ScopeRequiredMissing
            | ErrorCode::ScopeDenied
            | ErrorCode::WrongPortal
            | ErrorCode::PortalLinkedElsewhere
    );
    tells.then(|| error.detail())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(org: &str) -> Owner {
        Owner {
            tenant: "t".into(),
            org: org.into(),
        }
    }

    fn entry<'a>(owner: &'a Owner, sub: &'a str) -> Entry<'a> {
        Entry {
            owner,
            sub,
            action: Action::FlowStart,
            target: None,
            outcome: "role_required",
            reason: None,
            session: None,
        }
    }

    /// P12: thirty a minute of one person are written, the rest is told by the next.
    #[test]
    fn a_flood_is_counted_and_nobody_else_is_held_up_by_it() {
        let (refusals, began, org) = (Refusals::default(), Instant::now(), owner("o"));
        for _ in 0..WRITTEN {
            assert_eq!(refusals.count(&entry(&org, "mel"), began), Some(0));
        }
        for _ in 0..1000 {
            assert_eq!(refusals.count(&entry(&org, "mel"), began), None);
        }
        assert_eq!(refusals.count(&entry(&org, "ada"), began), Some(0));
        let elsewhere = owner("p");
        assert_eq!(refusals.count(&entry(&elsewhere, "mel"), began), Some(0));
        let later = began + WINDOW;
        assert_eq!(refusals.count(&entry(&org, "mel"), later), Some(1000));
        assert_eq!(refusals.count(&entry(&org, "mel"), later), Some(0));
    }

    #[test]
    fn what_was_counted_last_is_not_forgotten() {
        let (refusals, began, org) = (Refusals::default(), Instant::now(), owner("o"));
        for _ in 0..WRITTEN + 2 {
            let _ = refusals.count(&entry(&org, "mel"), began);
        }
        assert!(refusals.quiet(Some(began)).is_empty());
        let quiet = refusals.quiet(Some(began + WINDOW));
        assert_eq!(quiet.len(), 1);
        assert_eq!(quiet[0].1.left_out, 2);
        assert_eq!(
            quiet[0].1.last,
            (Action::FlowStart, "role_required".to_owned())
        );
        assert!(refusals.quiet(None).is_empty(), "taken out once");
    }

    #[test]
    fn the_count_stands_beside_the_reason() {
        let count = "2 more refused tries before this one were not written";
        for (reason, left_out, want) in [
            (None, 0, None),
            (Some("why"), 0, Some("why".to_owned())),
            (None, 2, Some(count.to_owned())),
            (Some("why"), 2, Some(format!("why; {count}"))),
        ] {
            assert_eq!(with_count(reason, left_out), want);
        }
    }
}
