//! The sentence above the table, and the numbers behind it: what needs somebody comes first.
//! Owns the words; counts what it is given.

use super::choices::{Choice, Choices};
use super::query::AccountsQuery;
use crate::status::Status;
use crate::text::grouped;
use std::fmt::Write as _;

/// Statuses that ask the same of people, in the order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryGroup {
    /// Somebody must act.
    Attention,
    /// Weather; goes on by itself.
    Checking,
    /// Works, as far as it was granted.
    Limited,
    /// All is well.
    Connected,
    /// Waits for HubSpot or the operator.
    Suspended,
}

impl SummaryGroup {
    /// In the order they are told.
    pub const ALL: [Self; 5] = [
        Self::Attention,
        Self::Checking,
        Self::Limited,
        Self::Connected,
        Self::Suspended,
    ];

    /// Where a status belongs.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Disconnected | Status::NeedsReconnection => Self::Attention,
            Status::Checking => Self::Checking,
            Status::ConnectedLimited => Self::Limited,
            Status::Connected => Self::Connected,
            Status::Suspended => Self::Suspended,
        }
    }

    /// The query that shows exactly this group, order and grouping kept.
    pub fn narrow(self, query: &AccountsQuery) -> AccountsQuery {
        let mut narrowed = query.widened();
        if self == Self::Attention {
            narrowed.attention = true;
        } else {
            let all = Status::ALL.iter().copied();
            narrowed.statuses = all.filter(|status| Self::of(*status) == self).collect();
        }
        narrowed
    }

    /// Whether a query's status part asks for exactly this group.
    pub fn is_asked(self, query: &AccountsQuery) -> bool {
        let own = self.narrow(query);
        let part = |query: &AccountsQuery| -> (bool, Choices<Status>) {
            (query.attention, query.statuses)
        };
        part(&own) == part(query)
    }

    fn words(self, count: u32) -> String {
        let number = grouped(count);
        match self {
            Self::Attention if count == 1 => "1 needs your attention".to_owned(),
            Self::Attention => number + " need your attention",
            Self::Checking => number + " being checked",
            Self::Limited => number + " connected, limited",
            Self::Connected => number + " connected",
            Self::Suspended => number + " suspended",
        }
    }
}

/// One group that has rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine {
    /// Which.
    pub group: SummaryGroup,
    /// How many.
    pub count: u32,
    /// `2 being checked`.
    pub words: String,
}

/// How all portals fare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The sentence, without a full stop.
    pub headline: String,
    /// Portals in all.
    pub total: u32,
    /// The groups that have rows, in the order they are told.
    pub lines: Vec<SummaryLine>,
}

impl Summary {
    /// Of these statuses.
    pub fn of(statuses: impl Iterator<Item = Status>) -> Self {
        let mut counts = [0_u32; 5];
        for status in statuses {
            counts[SummaryGroup::of(status) as usize] += 1;
        }
        let total = counts.iter().sum();
        let lines: Vec<SummaryLine> = SummaryGroup::ALL
            .into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(group, count)| SummaryLine {
                group,
                count,
                words: group.words(count),
            })
            .collect();
        let [attention, _, limited, connected, _] = counts;
        let headline = if total == 0 {
            "No portals yet".to_owned()
        } else if attention > 0 {
            SummaryGroup::Attention.words(attention)
        } else if limited + connected < total {
            "Nothing needs your attention".to_owned()
        } else {
            let mut all = match total {
                1 => "The one portal is connected".to_owned(),
                2 => "Both portals are connected".to_owned(),
                _ => format!("All {} connected", grouped(total)),
            };
            if limited == total {
                all.push_str(", with limits");
            } else if limited > 0 {
                let _ = write!(all, ", {} with limits", grouped(limited));
            }
            all
        };
        Self {
            headline,
            total,
            lines,
        }
    }

    /// How many want attention.
    pub fn attention(&self) -> u32 {
        match self.lines.first() {
            Some(line) if line.group == SummaryGroup::Attention => line.count,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{
        Checking, Connected, ConnectedLimited, Disconnected, NeedsReconnection, Suspended,
    };

    /// R13: the sentence begins with what needs somebody, and calms where nothing does.
    #[test]
    fn what_needs_somebody_is_told_first() {
        let many = |parts: &[(usize, Status)]| -> Vec<Status> {
            let runs = parts.iter().map(|(count, status)| vec![*status; *count]);
            runs.collect::<Vec<_>>().concat()
        };
        for (statuses, headline, lines) in [
            (many(&[]), "No portals yet", ""),
            (
                many(&[(1, Connected)]),
                "The one portal is connected",
                "1 connected",
            ),
            (
                many(&[(1, ConnectedLimited)]),
                "The one portal is connected, with limits",
                "1 connected, limited",
            ),
            (
                many(&[(2, Connected)]),
                "Both portals are connected",
                "2 connected",
            ),
            (many(&[(40, Connected)]), "All 40 connected", "40 connected"),
            (
                many(&[(38, Connected), (2, ConnectedLimited)]),
                "All 40 connected, 2 with limits",
                "2 connected, limited; 38 connected",
            ),
            (
                many(&[(39, Connected), (1, Checking)]),
                "Nothing needs your attention",
                "1 being checked; 39 connected",
            ),
            (
                many(&[(3, Suspended)]),
                "Nothing needs your attention",
                "3 suspended",
            ),
            (
                many(&[(1, NeedsReconnection), (1, Connected)]),
                "1 needs your attention",
                "1 needs your attention; 1 connected",
            ),
            (
                many(&[
                    (1_200, Connected),
                    (1, Suspended),
                    (2, Disconnected),
                    (4, Checking),
                    (1, NeedsReconnection),
                    (5, ConnectedLimited),
                ]),
                "3 need your attention",
                "3 need your attention; 4 being checked; 5 connected, limited; 1,200 connected; 1 suspended",
            ),
        ] {
            let summary = Summary::of(statuses.iter().copied());
            assert_eq!(summary.headline, headline);
            let words: Vec<&str> = summary.lines.iter().map(|line| &*line.words).collect();
            assert_eq!(words.join("; "), lines);
            let sum: u32 = summary.lines.iter().map(|line| line.count).sum();
            assert_eq!(
                (sum, summary.total as usize),
                (summary.total, statuses.len())
            );
            let calls = statuses
                .iter()
                .filter(|s| super::super::wants_attention(**s));
            assert_eq!(summary.attention() as usize, calls.count());
        }
    }

    /// R13: a number of the summary leads to exactly the rows it counted.
    #[test]
    fn a_group_narrows_to_itself() {
        let query = AccountsQuery::read("q=acme&tier=starter&sort=-name&group=workspace");
        for group in SummaryGroup::ALL {
            let narrowed = group.narrow(&query);
            for status in Status::ALL {
                assert_eq!(
                    narrowed.takes_status(*status),
                    SummaryGroup::of(*status) == group,
                    "{group:?} {status:?}"
                );
            }
            assert!(narrowed.text.is_empty() && narrowed.grouped && narrowed.descending);
            for other in SummaryGroup::ALL {
                assert_eq!(other.is_asked(&narrowed), other == group);
            }
            assert!(!group.is_asked(&query));
        }
    }
}
