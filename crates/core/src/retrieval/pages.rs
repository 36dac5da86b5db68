//! The way through a paged kind: no record lost or doubled at a page's border, and an end to every chain.
//! Owns cursors and the records seen; sends nothing.

use super::Kind;
use super::answers::{self, Page};
use crate::operations::Pattern;
use crate::order::TextSet;
use serde::{Deserialize, Serialize};

/// A chain longer than this never ends: half a million records and more.
const MAX_PAGES: u32 = 5_000;
/// When records come and go meanwhile, the chain is walked once more.
const MAX_RESTARTS: u8 = 1;

/// Where a chain stands; all of it that a checkpoint keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Page to ask next, from 1.
    pub(super) page: u32,
    /// Its cursor or offset; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// The end was reached.
    #[serde(default)]
    pub(super) done: bool,
    /// What the first page said of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<u32>,
    #[serde(default)]
    restarts: u8,
    /// Records of the last page, which a shifted border brings again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tail: Vec<String>,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            page: 1,
            after: None,
            done: false,
            total: None,
            restarts: 0,
            tail: Vec::new(),
        }
    }
}

impl Position {
    /// Whether a checkpoint's position can be gone on from.
    pub(super) fn is_sound(&self, kind: Kind) -> bool {
        let cursor = match (&self.after, kind) {
            (None, _) => self.page == 1 || self.done,
            (Some(offset), Kind::Lists) => offset.parse::<u32>().is_ok(),
            (Some(after), _) => Pattern::Cursor.matches(after),
        };
        cursor && (1..=MAX_PAGES + 1).contains(&self.page)
    }
}

/// A chain on its way.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) at: Position,
    /// Distinct records taken, since the chain began or was resumed.
    seen: TextSet,
    cursors: TextSet,
}

/// What follows a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask the page at [`Chain::at`].
    Next,
    /// That was the last one.
    End,
    /// The cursor was used before, or leads nowhere new.
    Loop,
    /// Records came or went; begin again, and forget the parts stored so far.
    Restart,
    /// They did so again.
    Changed,
}

impl Chain {
    pub(super) fn resume(at: Position) -> Self {
        Self {
            seen: at.tail.iter().cloned().collect(),
            cursors: at.after.iter().cloned().collect(),
            at,
        }
    }

    /// Takes a page: the records not seen before, and what follows. `taken`: records stored before it.
    pub(super) fn take<'a>(
        &mut self,
        kind: Kind,
        page: &Page<'a>,
        taken: u32,
    ) -> (Vec<&'a str>, Step) {
        let mut tail = Vec::new();
        let mut fresh = Vec::new();
        for &record in &page.records {
            if let Some(id) = answers::id(record, kind.id_field()) {
                tail.push(id.clone());
                if !self.seen.insert(id) {
                    continue;
                }
            }
            fresh.push(record);
        }
        let stuck = fresh.is_empty() && !page.records.is_empty();
        let first_total = self.at.total.or(page.total);
        let step = match &page.next {
            Some(next) if stuck || self.leads_back(kind, next) => Step::Loop,
            Some(next) => {
                self.cursors.insert(next.clone());
                self.at.after = Some(next.clone());
                Step::Next
            }
            // Only offsets shift when records go.
            None if kind != Kind::Lists => Step::End,
            None => self.end(page.total, first_total, taken, fresh.len()),
        };
        if step == Step::Restart {
            self.at = Position {
                restarts: self.at.restarts + 1,
                ..Position::default()
            };
            self.seen.clear();
            self.cursors.clear();
        } else {
            self.at.total = first_total;
            self.at.tail = tail;
            self.at.page += 1;
            self.at.done = step != Step::Next;
        }
        (fresh, step)
    }

    fn leads_back(&self, kind: Kind, next: &str) -> bool {
        let stands = |text: &str| text.parse::<u32>().unwrap_or(0);
        self.cursors.contains(next)
            || self.at.page >= MAX_PAGES
            || kind == Kind::Lists && stands(next) <= self.at.after.as_deref().map_or(0, stands)
    }

    /// A total that changed on the way and is not reached shows that records went.
    fn end(&self, total: Option<u32>, first: Option<u32>, taken: u32, fresh: usize) -> Step {
        let have = taken.saturating_add(u32::try_from(fresh).unwrap_or(u32::MAX));
        match (total, first) {
            (Some(total), Some(first)) if total != first && have < total => {
                if self.at.restarts < MAX_RESTARTS {
                    Step::Restart
                } else {
                    Step::Changed
                }
            }
            _ => Step::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(ids: &[u32]) -> Vec<String> {
        ids.iter()
            .map(|id| format!(r#"{{"id":"{id}","listId":"{id}"}}"#))
            .collect()
    }

    fn walk(
        chain: &mut Chain,
        kind: Kind,
        ids: &[u32],
        next: Option<&str>,
        total: Option<u32>,
        taken: u32,
    ) -> (usize, Step) {
        let texts = records(ids);
        let page = Page {
            records: texts.iter().map(String::as_str).collect(),
            next: next.map(Into::into),
            total,
        };
        let (fresh, step) = chain.take(kind, &page, taken);
        (fresh.len(), step)
    }

    /// P4: a record that a shifted border brings twice is kept once.
    #[test]
    fn a_record_at_a_pages_border_is_kept_once_even_after_a_resume() {
        let mut chain = Chain::default();
        assert_eq!(
            walk(&mut chain, Kind::Users, &[1, 2, 3], Some("a"), None, 0),
            (3, Step::Next)
        );
        let mut chain = Chain::resume(chain.at);
        assert_eq!(
            walk(&mut chain, Kind::Users, &[3, 4], None, None, 3),
            (1, Step::End)
        );
        assert!(chain.at.done);
    }

    /// P4: paging that repeats itself ends.
    #[test]
    fn a_cursor_that_leads_back_is_a_loop() {
        let mut chain = Chain::default();
        assert_eq!(
            walk(&mut chain, Kind::Users, &[1], Some("a"), None, 0).1,
            Step::Next
        );
        assert_eq!(
            walk(&mut chain, Kind::Users, &[2], Some("b"), None, 1).1,
            Step::Next
        );
        assert_eq!(
            walk(&mut chain, Kind::Users, &[3], Some("a"), None, 2),
            (1, Step::Loop)
        );
        // Ever new cursors over the same records.
        let mut chain = Chain::default();
        assert_eq!(
            walk(&mut chain, Kind::Forms, &[1], Some("a"), None, 0).1,
            Step::Next
        );
        assert_eq!(
            walk(&mut chain, Kind::Forms, &[1], Some("b"), None, 1),
            (0, Step::Loop)
        );
        // An offset that does not grow.
        for bad in ["0", "500", "x", "-1"] {
            let mut chain = Chain::default();
            assert_eq!(
                walk(&mut chain, Kind::Lists, &[1], Some("500"), None, 0).1,
                Step::Next
            );
            assert_eq!(
                walk(&mut chain, Kind::Lists, &[2], Some(bad), None, 1).1,
                Step::Loop,
                "{bad}"
            );
        }
    }

    /// P4: a total that changes and is not reached is noticed, once repaired, then said.
    #[test]
    fn a_set_that_changes_meanwhile_is_read_again_once() {
        let mut chain = Chain::default();
        for want in [Step::Restart, Step::Changed] {
            assert_eq!(
                walk(&mut chain, Kind::Lists, &[1, 2], Some("2"), Some(5), 0),
                (2, Step::Next)
            );
            assert_eq!(
                walk(&mut chain, Kind::Lists, &[4], None, Some(4), 2).1,
                want
            );
        }
        // Growth is not loss: what came at the end was read too.
        let mut chain = Chain::default();
        assert_eq!(
            walk(&mut chain, Kind::Lists, &[1, 2], Some("2"), Some(3), 0).1,
            Step::Next
        );
        assert_eq!(
            walk(&mut chain, Kind::Lists, &[3, 4], None, Some(4), 2),
            (2, Step::End)
        );
    }

    #[test]
    fn an_unsound_position_is_known() {
        let at = |page, after: Option<&str>, done| Position {
            page,
            after: after.map(Into::into),
            done,
            ..Position::default()
        };
        for (position, kind, want) in [
            (Position::default(), Kind::Users, true),
            (at(2, Some("NTI1Cg=="), false), Kind::Users, true),
            (at(2, Some("500"), false), Kind::Lists, true),
            (at(2, None, true), Kind::Users, true),
            (at(2, None, false), Kind::Users, false),
            (at(2, Some("x"), false), Kind::Lists, false),
            (at(2, Some("a\nb"), false), Kind::Users, false),
            (at(0, None, false), Kind::Users, false),
            (at(u32::MAX, Some("x"), false), Kind::Users, false),
        ] {
            assert_eq!(position.is_sound(kind), want, "{position:?}");
        }
    }
}
