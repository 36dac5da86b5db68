//! Owns GitHub's counting of requests: the primary limit by the hour, the secondary ones by the minute.
//! Knows no route and no clock.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How much is let through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Requests per user and hour.
    pub hourly: u32,
    /// Requests per hour without a credential.
    pub anonymous: u32,
    /// Points per minute: a read is one, a write five.
    pub points_per_minute: u32,
    /// Content-creating requests per minute.
    pub content_per_minute: u32,
    /// Content-creating requests per hour.
    pub content_per_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hourly: 5_000,
            anonymous: 60,
            points_per_minute: 900,
            content_per_minute: 80,
            content_per_hour: 500,
        }
    }
}

/// What one consumer used. Seconds are unix seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Usage {
    /// The primary window's end; it starts with the first request after the last one's end.
    pub(super) reset: u64,
    /// Requests in it.
    pub(super) used: u32,
    /// Second and points of the last minute's requests.
    points: VecDeque<(u64, u32)>,
    /// Seconds of the last hour's content-creating requests.
    content: VecDeque<u64>,
}

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// Nothing remains until the reset.
    Primary,
    /// Too fast; seconds to wait.
    Secondary(u64),
}

impl Usage {
    /// Opens a new primary window if the last one is over.
    pub(super) fn roll(&mut self, now: u64) {
        if now >= self.reset {
            self.reset = now.saturating_add(3_600);
            self.used = 0;
        }
    }

    /// Counts one request, or says why not. A refused request uses nothing.
    pub(super) fn admit(
        &mut self,
        now: u64,
        limit: u32,
        limits: &Limits,
        weight: Weight,
    ) -> Result<(), Exceeded> {
        self.roll(now);
        if self.used >= limit {
            return Err(Exceeded::Primary);
        }
        while self.points.front().is_some_and(|(at, _)| at + 60 <= now) {
            self.points.pop_front();
        }
        while self.content.front().is_some_and(|at| at + 3_600 <= now) {
            self.content.pop_front();
        }
        let wait = |since: Option<u64>, span: u64| {
            since
                .map_or(span, |at| (at + span).saturating_sub(now))
                .max(1)
        };
        let spent: u32 = self.points.iter().map(|(_, points)| points).sum();
        if spent + weight.points() > limits.points_per_minute {
            return Err(Exceeded::Secondary(wait(
                self.points.front().map(|p| p.0),
                60,
            )));
        }
        if weight == Weight::Content {
            let recent: Vec<u64> = self
                .content
                .iter()
                .copied()
                .filter(|at| at + 60 > now)
                .collect();
            if recent.len() >= limits.content_per_minute as usize {
                return Err(Exceeded::Secondary(wait(recent.first().copied(), 60)));
            }
            if self.content.len() >= limits.content_per_hour as usize {
                return Err(Exceeded::Secondary(wait(
                    self.content.front().copied(),
                    3_600,
                )));
            }
            self.content.push_back(now);
        }
        self.points.push_back((now, weight.points()));
        self.used += 1;
        Ok(())
    }

    /// Gives back what a `304` does not cost.
    pub(super) fn give_back(&mut self) {
        self.used = self.used.saturating_sub(1);
    }
}

/// What a request costs in the secondary limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// One point.
    Read,
    /// Five points.
    Write,
    /// Five points, and counted as content.
    Content,
}

impl Weight {
    const fn points(self) -> u32 {
        match self {
            Self::Read => 1,
            Self::Write | Self::Content => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Limits, Usage, Weight};

    proptest! {
        #[test]
        fn no_minute_and_no_hour_holds_more_than_its_limit(
            gaps in proptest::collection::vec(0_u64..30, 1..400),
            hourly in 1_u32..60, per_minute in 1_u32..6, per_hour in 1_u32..20, points in 5_u32..40,
        ) {
            let limits = Limits {
                hourly, points_per_minute: points, content_per_minute: per_minute, content_per_hour: per_hour,
                ..Limits::default()
            };
            let mut usage = Usage::default();
            let (mut now, mut let_through) = (1_000, Vec::new());
            for gap in gaps {
                now += gap;
                if usage.admit(now, hourly, &limits, Weight::Content).is_ok() {
                    let_through.push(now);
                    let within = |span: u64| let_through.iter().filter(|at| **at + span > now).count();
                    prop_assert!(within(60) <= per_minute as usize);
                    prop_assert!(within(60) * 5 <= points as usize);
                    prop_assert!(within(3_600) <= per_hour as usize);
                    prop_assert!(usage.used <= hourly);
                }
            }
        }
    }
}
