//! One kind's account: parts stored, calls open, what failed; and the state that follows from it.
//! Owns the derivation of [`KindState`]; sends and stores nothing.

use super::progress::{KindState, Reason};

/// A stored part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) records: u32,
    pub(super) hash: String,
    /// Stored, yet not whole: shown now, and read again by the next planner.
    pub(super) flawed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Book {
    /// Nothing may be asked: any of these scopes would open it.
    pub(super) not_asked: Option<Vec<String>>,
    pub(super) without_scope: Vec<&'static str>,
    /// Calls waiting or under way.
    pub(super) open: u32,
    pub(super) started: bool,
    pub(super) parts: Vec<Part>,
    pub(super) failures: Vec<Reason>,
    /// Pages in all, where a page said so.
    pub(super) pages: Option<u32>,
}

impl Book {
    pub(super) fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|known| known.name == part)
    }

    pub(super) fn put(&mut self, part: Part) {
        self.started = true;
        match self.parts.iter_mut().find(|known| known.name == part.name) {
            Some(known) => *known = part,
            None => self.parts.push(part),
        }
    }

    pub(super) fn fail(&mut self, reason: Reason) {
        if !self.failures.contains(&reason) {
            self.failures.push(reason);
        }
    }

    /// As [`Book::fail`], of a part that is stored all the same.
    pub(super) fn flaw(&mut self, part: &str, reason: Reason) {
        self.fail(reason);
        for known in &mut self.parts {
            known.flawed |= known.name == part;
        }
    }

    pub(super) fn records(&self) -> u32 {
        self.parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(part.records))
    }

    /// `gated`: further calls may yet follow from another kind's answer. `stopped`: nothing more is sent, and why.
    pub(super) fn state(&self, gated: bool, paged: bool, stopped: Option<&Reason>) -> KindState {
        if let Some(scopes) = &self.not_asked {
            let reason = Reason::MissingScope(scopes.clone());
            return KindState::NotAvailable { reason };
        }
        let records = self.records();
        let unfinished = self.open > 0 || gated;
        if unfinished && stopped.is_none() {
            if !self.started && self.parts.is_empty() {
                return KindState::Pending;
            }
            let parts_done = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
            let parts_total = match (gated, paged) {
                (_, true) => self.pages.map(|pages| pages.max(parts_done)),
                (true, false) => None,
                (false, false) => Some(parts_done.saturating_add(self.open)),
            };
            return KindState::InProgress {
                records,
                parts_done,
                parts_total,
            };
        }
        let forbidden = |reason: &&Reason| matches!(reason, Reason::Forbidden(_));
        let reason = (if unfinished { stopped } else { None })
            .or_else(|| self.failures.iter().find(|reason| !forbidden(reason)))
            .or_else(|| self.failures.first());
        match reason {
            None => KindState::Completed { records },
            Some(reason) if !self.parts.is_empty() => KindState::Partial {
                records,
                reason: reason.clone(),
            },
            Some(Reason::Failed(code) | Reason::Stopped(code)) => KindState::Error { code: *code },
            Some(reason) if forbidden(&reason) => KindState::NotAvailable {
                reason: reason.clone(),
            },
            Some(reason) => KindState::Partial {
                records,
                reason: reason.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    fn book(parts: u32, open: u32, failures: &[Reason]) -> Book {
        let mut book = Book {
            open,
            failures: failures.to_vec(),
            ..Book::default()
        };
        for part in 0..parts {
            book.put(Part {
                name: part.to_string(),
                records: 10,
                hash: String::new(),
                flawed: false,
            });
        }
        book
    }

    /// D10–D13, P4: a state says what is there and why not more.
    #[test]
    fn the_state_follows_from_parts_calls_and_failures() {
        let code = ErrorCode::UpstreamUnavailable;
        let forbidden = Reason::Forbidden(vec!["forms".into()]);
        let failed = Reason::Failed(code);
        let stopped = Reason::Stopped(ErrorCode::NeedsReauth);
        let in_progress = |records, parts_done, parts_total| KindState::InProgress {
            records,
            parts_done,
            parts_total,
        };
        let partial = |records, reason: &Reason| KindState::Partial {
            records,
            reason: reason.clone(),
        };
        for (case, book, gated, stop, want) in [
            ("queued", book(0, 2, &[]), false, None, KindState::Pending),
            (
                "half",
                book(2, 3, &[]),
                false,
                None,
                in_progress(20, 2, Some(5)),
            ),
            (
                "more may follow",
                book(2, 0, &[]),
                true,
                None,
                in_progress(20, 2, None),
            ),
            (
                "whole",
                book(2, 0, &[]),
                false,
                None,
                KindState::Completed { records: 20 },
            ),
            (
                "nothing there",
                book(0, 0, &[]),
                false,
                None,
                KindState::Completed { records: 0 },
            ),
            (
                "a part failed",
                book(1, 0, &[forbidden.clone(), failed.clone()]),
                false,
                None,
                partial(10, &failed),
            ),
            (
                "a part forbidden",
                book(1, 0, std::slice::from_ref(&forbidden)),
                false,
                None,
                partial(10, &forbidden),
            ),
            (
                "all forbidden",
                book(0, 0, std::slice::from_ref(&forbidden)),
                false,
                None,
                KindState::NotAvailable {
                    reason: forbidden.clone(),
                },
            ),
            (
                "all failed",
                book(0, 0, std::slice::from_ref(&failed)),
                false,
                None,
                KindState::Error { code },
            ),
            (
                "stopped half way",
                book(1, 1, &[]),
                false,
                Some(&stopped),
                partial(10, &stopped),
            ),
            (
                "stopped before",
                book(0, 1, &[]),
                false,
                Some(&stopped),
                KindState::Error {
                    code: ErrorCode::NeedsReauth,
                },
            ),
            (
                "whole before the stop",
                book(1, 0, &[]),
                false,
                Some(&stopped),
                KindState::Completed { records: 10 },
            ),
            (
                "no more today",
                book(0, 1, &[]),
                false,
                Some(&Reason::DailyLimit),
                partial(0, &Reason::DailyLimit),
            ),
        ] {
            assert_eq!(book.state(gated, false, stop), want, "{case}");
        }
    }
}
