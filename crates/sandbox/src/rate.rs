//! Owns rolling windows of calls (platform 4). Knows no route and no clock.

use std::collections::VecDeque;

/// The times of the calls that were let through within the last `span` milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    times: VecDeque<u64>,
    /// Until then every place is taken.
    closed_until: u64,
}

/// Burst window of an OAuth app in one portal.
pub const BURST_SPAN_MS: u64 = 10_000;
/// Burst limit of an OAuth app in one portal.
pub const BURST_LIMIT: u32 = 110;
/// CRM search window of a portal, all apps together.
pub const SEARCH_SPAN_MS: u64 = 1_000;
/// Search calls per window.
pub const SEARCH_LIMIT: u32 = 5;

impl Window {
    /// Lets one call through if fewer than `limit` went through in the last `span`; answers what remains.
    /// Refused calls do not count.
    pub(crate) fn admit(&mut self, now: u64, span: u64, limit: u32) -> Option<u32> {
        // A call is inside the window for exactly `span` ms; a clock set back frees nothing.
        while self
            .times
            .front()
            .is_some_and(|at| at.saturating_add(span) <= now)
        {
            self.times.pop_front();
        }
        let used = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        if used >= limit || now < self.closed_until {
            return None;
        }
        let place = self.times.partition_point(|at| *at <= now);
        self.times.insert(place, now);
        Some(limit - used - 1)
    }

    /// Whether a call would be refused now; counts nothing.
    pub(crate) fn is_full(&self, now: u64, span: u64, limit: u32) -> bool {
        let inside = self
            .times
            .iter()
            .rev()
            .take_while(|at| at.saturating_add(span) > now);
        now < self.closed_until || u32::try_from(inside.count()).unwrap_or(u32::MAX) >= limit
    }

    /// Lets nothing through before `until`, as if others had taken every place; 0 opens it again.
    pub(crate) fn close(&mut self, until: u64) {
        self.closed_until = until;
    }

    /// Calls let through at or after `since`; every place while it is closed.
    pub(crate) fn since(&self, since: u64) -> u32 {
        if since < self.closed_until {
            return u32::MAX;
        }
        // Times stand in order: a wide window costs no more than a narrow one.
        let count = self.times.len() - self.times.partition_point(|at| *at < since);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Window;

    proptest! {
        #[test]
        fn no_span_ever_holds_more_than_the_limit(
            gaps in proptest::collection::vec(0_u64..40, 1..300),
            limit in 1_u32..8,
        ) {
            let mut window = Window::default();
            let mut now = 1_000;
            let mut admitted: Vec<u64> = Vec::new();
            for gap in gaps {
                now += gap;
                let inside = admitted.iter().filter(|at| **at + 100 > now).count() as u64;
                if let Some(remaining) = window.admit(now, 100, limit) {
                    admitted.push(now);
                    prop_assert_eq!(u64::from(remaining) + inside + 1, u64::from(limit));
                } else {
                    prop_assert_eq!(inside, u64::from(limit));
                }
            }
        }
    }
}
