//! The rolling window: how many calls may be sent now, and when the next one may.
//! Owns counting; knows no call but its number.
//!
//! A call counts from when it is sent until one interval after its answer, because HubSpot counted it somewhere
//! in between. So no rolling window of HubSpot's ever holds more of our calls than the limit, whatever the latency.
//! Source: platform, section 4.

use crate::wire::RateLimit;

/// OAuth apps (platform, section 4); headers overrule it.
const DEFAULT_MAX: u32 = 110;
const DEFAULT_INTERVAL_MS: u64 = 10_000;
/// Nonsense in a header must not stop the retrieval, nor let it run wild.
const HIGHEST_MAX: u32 = 250;
const LONGEST_INTERVAL_MS: u64 = 60_000;

struct Slot {
    call: u32,
    answered: Option<u64>,
}

pub(super) struct Window {
    max: u32,
    interval_ms: u64,
    slots: Vec<Slot>,
    /// Calls of others in the window, as the headers of the newest call told.
    others: u32,
    others_until: u64,
    newest_header: u32,
    blocked_until: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            max: DEFAULT_MAX,
            interval_ms: DEFAULT_INTERVAL_MS,
            slots: Vec::new(),
            others: 0,
            others_until: 0,
            newest_header: 0,
            blocked_until: 0,
        }
    }
}

impl Window {
    pub(super) fn max(&self) -> u32 {
        self.max
    }

    pub(super) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }

    fn ours(&self, now: u64) -> u32 {
        let held = self.slots.iter().filter(|slot| self.holds(slot, now));
        u32::try_from(held.count()).unwrap_or(u32::MAX)
    }

    fn holds(&self, slot: &Slot, now: u64) -> bool {
        slot.answered
            .is_none_or(|answered| answered.saturating_add(self.interval_ms) > now)
    }

    pub(super) fn used(&self, now: u64) -> u32 {
        let others = if self.others_until > now {
            self.others
        } else {
            0
        };
        self.ours(now).saturating_add(others)
    }

    /// How many calls may be sent now.
    pub(super) fn free(&self, now: u64) -> u32 {
        if self.blocked_until > now {
            0
        } else {
            self.max.saturating_sub(self.used(now))
        }
    }

    /// When to look again after [`Self::free`] was 0; `None` when only an answer can help.
    pub(super) fn next_free(&self, now: u64) -> Option<u64> {
        if self.blocked_until > now {
            return Some(self.blocked_until);
        }
        let answered = self.slots.iter().filter_map(|slot| slot.answered);
        answered
            .map(|answered| answered.saturating_add(self.interval_ms))
            .chain((self.others > 0).then_some(self.others_until))
            .filter(|at| *at > now)
            .min()
    }

    pub(super) fn sent(&mut self, call: u32, now: u64) {
        let interval_ms = self.interval_ms;
        self.slots.retain(|slot| {
            slot.answered
                .is_none_or(|answered| answered.saturating_add(interval_ms) > now)
        });
        self.slots.push(Slot {
            call,
            answered: None,
        });
    }

    pub(super) fn answered(&mut self, call: u32, now: u64, rate: Option<RateLimit>) {
        for slot in &mut self.slots {
            if slot.call == call {
                slot.answered = Some(now);
            }
        }
        let Some(rate) = rate else { return };
        // Answers overtake each other; only the newest call's headers are news.
        if call < self.newest_header || rate.max == 0 {
            return;
        }
        self.newest_header = call;
        self.max = rate.max.min(HIGHEST_MAX);
        if rate.interval_ms > 0 {
            self.interval_ms = u64::from(rate.interval_ms).min(LONGEST_INTERVAL_MS);
        }
        // What HubSpot has counted, less what we sent up to this call, was somebody else's.
        let seen = self
            .slots
            .iter()
            .filter(|slot| slot.call <= call && self.holds(slot, now))
            .count();
        let used = rate.max.saturating_sub(rate.remaining);
        self.others = used.saturating_sub(u32::try_from(seen).unwrap_or(u32::MAX));
        self.others_until = now.saturating_add(self.interval_ms);
    }

    /// Nothing is sent before `until`.
    pub(super) fn block(&mut self, until: u64) {
        self.blocked_until = self.blocked_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(max: u32, remaining: u32) -> RateLimit {
        RateLimit {
            max,
            remaining,
            interval_ms: 10_000,
        }
    }

    /// P4: a call counts until one interval after its answer.
    #[test]
    fn a_call_counts_from_sending_until_an_interval_after_its_answer() {
        let mut window = Window::default();
        window.sent(1, 0);
        assert_eq!((window.used(50_000), window.next_free(50_000)), (1, None));
        window.answered(1, 50_000, None);
        assert_eq!(window.used(59_999), 1);
        assert_eq!(window.next_free(50_000), Some(60_000));
        assert_eq!(window.used(60_000), 0);
    }

    #[test]
    fn others_and_a_shrunken_limit_are_read_from_the_headers() {
        let mut window = Window::default();
        for call in 1..=3 {
            window.sent(call, 0);
        }
        // HubSpot counted 60 of 100; three are ours.
        window.answered(3, 100, Some(rate(100, 40)));
        assert_eq!(
            (window.max(), window.used(100), window.free(100)),
            (100, 60, 40)
        );
        // An older call's headers, overtaken, change nothing.
        window.answered(1, 120, Some(rate(110, 110)));
        assert_eq!((window.max(), window.used(120)), (100, 60));
        // Others' calls are forgotten when they can no longer count.
        assert_eq!(window.used(10_100), 2);
        window.answered(2, 10_150, None);
        assert_eq!(window.free(30_000), 100);
    }

    #[test]
    fn nonsense_headers_neither_stop_nor_free_it() {
        for (max, remaining, interval_ms, want) in [
            (0, 0, 0, 110),
            (u32::MAX, u32::MAX, u32::MAX, HIGHEST_MAX),
            (10, 50, 0, 10),
        ] {
            let mut window = Window::default();
            window.sent(1, 0);
            window.answered(
                1,
                5,
                Some(RateLimit {
                    max,
                    remaining,
                    interval_ms,
                }),
            );
            assert_eq!(window.max(), want);
            assert_eq!(window.free(5), want - 1);
            assert!(window.interval_ms() <= LONGEST_INTERVAL_MS);
        }
    }

    #[test]
    fn a_block_holds_until_its_end() {
        let mut window = Window::default();
        window.block(500);
        window.block(300);
        assert_eq!((window.free(499), window.next_free(499)), (0, Some(500)));
        assert_eq!(window.free(500), 110);
    }
}
