//! What people see of a retrieval: per kind, overall, and the live budget.
//! Owns words and states; decides nothing.

use super::Kind;
use crate::error::ErrorCode;

/// Why a kind is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// None of these scopes is granted; any one would do. Nothing was asked.
    MissingScope(Vec<String>),
    /// HubSpot answered 403; the scopes it named, any one of which would do. May be empty.
    Forbidden(Vec<String>),
    /// HubSpot's daily limit is used up.
    DailyLimit,
    /// A part could not be retrieved.
    Failed(ErrorCode),
    /// HubSpot's paging came back to a page that was read before.
    CursorLoop,
    /// Records were added or removed while the pages were read, twice.
    ChangedMeanwhile,
    /// The retrieval stopped before this kind was finished.
    Stopped(ErrorCode),
}

impl Reason {
    /// One or two sentences for people.
    pub fn sentence(&self) -> String {
        let named = |intro: &str, scopes: &[String]| format!("{intro}: {}.", scopes.join(", "));
        match self {
            Self::MissingScope(scopes) => {
                named("The connection was not granted any of these scopes", scopes)
            }
            Self::Forbidden(scopes) if scopes.is_empty() => {
                "HubSpot does not allow this for the connection: a permission or a feature of the plan is missing.".into()
            }
            Self::Forbidden(scopes) => named(
                "HubSpot does not allow this for the connection. Any of these scopes would open it",
                scopes,
            ),
            Self::DailyLimit => {
                "HubSpot's daily limit is used up. Retrieval can go on after midnight in the account's time zone.".into()
            }
            Self::Failed(code) | Self::Stopped(code) => {
                let entry = code.entry();
                format!("{}. {}", entry.title, entry.action)
            }
            Self::CursorLoop => {
                "HubSpot's paging repeated itself, so the end was not reached.".into()
            }
            Self::ChangedMeanwhile => {
                "Records were added or removed while they were read. Retrieve again to read them anew.".into()
            }
        }
    }
}

/// Where a kind stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindState {
    /// Queued (D10).
    Pending,
    /// Being fetched (D11).
    InProgress {
        /// Records stored so far.
        records: u32,
        /// Parts stored so far.
        parts_done: u32,
        /// All parts, once that is known.
        parts_total: Option<u32>,
    },
    /// Whole (D12).
    Completed {
        /// Records stored.
        records: u32,
    },
    /// Some of it is missing, and marked as such (P4).
    Partial {
        /// Records stored.
        records: u32,
        /// Why not all.
        reason: Reason,
    },
    /// The connection may not read it; not a fault.
    NotAvailable {
        /// Which right is missing.
        reason: Reason,
    },
    /// Nothing of it could be retrieved (D13).
    Error {
        /// The catalogue's code.
        code: ErrorCode,
    },
}

/// A kind and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindProgress {
    /// The kind.
    pub kind: Kind,
    /// Where it stands.
    pub state: KindState,
    /// Object types that were not asked because their scope is not granted (D54).
    pub without_scope: Vec<&'static str>,
}

impl KindProgress {
    /// Records stored.
    pub fn records(&self) -> u32 {
        match self.state {
            KindState::InProgress { records, .. }
            | KindState::Completed { records }
            | KindState::Partial { records, .. } => records,
            KindState::Pending | KindState::NotAvailable { .. } | KindState::Error { .. } => 0,
        }
    }
}

/// The whole retrieval in one word (D9–D13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was sent yet.
    Pending,
    /// Fetching.
    InProgress,
    /// Every kind that the connection may read is whole.
    Completed,
    /// Finished, with a kind that is not whole.
    CompletedWithGaps,
    /// Stopped, or nothing could be retrieved; may be resumed.
    Error(ErrorCode),
}

/// The whole retrieval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overall {
    /// In one word.
    pub phase: Phase,
    /// 0 to 1, and never less than before.
    pub fraction: f32,
}

/// The live budget (P4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Calls without an answer yet.
    pub in_flight: u32,
    /// Calls counted in the present window: ours, and others' as far as the headers tell.
    pub used_in_window: u32,
    /// What the window takes.
    pub window_max: u32,
    /// Milliseconds: when the planner, now waiting, goes on.
    pub waiting_until: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P4, D50: a gap always says why.
    #[test]
    fn every_reason_is_a_sentence_and_names_its_scopes() {
        for (reason, wanted) in [
            (Reason::MissingScope(vec!["forms".into()]), "forms"),
            (Reason::Forbidden(vec!["automation".into()]), "automation"),
            (Reason::Forbidden(vec![]), "plan"),
            (Reason::DailyLimit, "midnight"),
            (Reason::Failed(ErrorCode::UpstreamUnavailable), "trouble"),
            (Reason::Stopped(ErrorCode::NeedsReauth), "Reconnect"),
            (Reason::CursorLoop, "repeated"),
            (Reason::ChangedMeanwhile, "Retrieve again"),
        ] {
            let sentence = reason.sentence();
            assert!(
                sentence.contains(wanted) && sentence.ends_with('.'),
                "{sentence}"
            );
        }
    }
}
