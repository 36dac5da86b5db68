//! Owns the offset of an account's time zone at a moment, by today's rules of Europe and North America. Reads no clock;
//! a zone it does not know keeps the offset that the account was made with.

use crate::model::Portal;
use crate::time::{DAY, HOUR, civil, days_of};

/// When clocks change.
enum Rule {
    /// Last Sunday of March to last Sunday of October, 01:00 UTC.
    Europe,
    /// Second Sunday of March to first Sunday of November, 02:00 local time.
    NorthAmerica,
}

/// Standard offset in minutes and rule of a zone.
fn rule(zone: &str) -> Option<(i32, Rule)> {
    let found = match zone {
        "Europe/London" | "Europe/Dublin" | "Europe/Lisbon" => (0, Rule::Europe),
        "Europe/Berlin" | "Europe/Paris" | "Europe/Oslo" | "Europe/Warsaw" | "Europe/Madrid"
        | "Europe/Zurich" | "Europe/Vienna" | "Europe/Amsterdam" | "Europe/Brussels"
        | "Europe/Stockholm" | "Europe/Copenhagen" | "Europe/Rome" | "Europe/Prague"
        | "Europe/Budapest" => (60, Rule::Europe),
        "Europe/Helsinki" | "Europe/Athens" | "Europe/Bucharest" => (120, Rule::Europe),
        "America/New_York" | "America/Toronto" => (-300, Rule::NorthAmerica),
        "America/Chicago" => (-360, Rule::NorthAmerica),
        "America/Denver" => (-420, Rule::NorthAmerica),
        "America/Los_Angeles" => (-480, Rule::NorthAmerica),
        _ => return None,
    };
    Some(found)
}

/// Minutes east of UTC in the account's zone at `now`.
pub(crate) fn offset_minutes(portal: &Portal, now: u64) -> i32 {
    let Some((standard, rule)) = rule(portal.time_zone) else {
        return portal.utc_offset_minutes;
    };
    let (year, _, _) = civil(now / DAY);
    let (from, to) = match rule {
        Rule::Europe => (
            (sunday(year, 4, 1) - 7) * DAY + HOUR,
            (sunday(year, 11, 1) - 7) * DAY + HOUR,
        ),
        Rule::NorthAmerica => {
            let local = |days: u64, offset: i32| {
                (days * DAY + 2 * HOUR).saturating_add_signed(-minutes_ms(offset))
            };
            (
                local(sunday(year, 3, 8), standard),
                local(sunday(year, 11, 1), standard + 60),
            )
        }
    };
    standard + if (from..to).contains(&now) { 60 } else { 0 }
}

/// Which day it is in the account's zone, as days since the epoch: what daily limits count in (platform 4).
pub(crate) fn local_day(portal: &Portal, now: u64) -> u64 {
    now.saturating_add_signed(minutes_ms(offset_minutes(portal, now))) / DAY
}

/// The account's next midnight in unix milliseconds.
pub(crate) fn next_midnight(portal: &Portal, now: u64) -> u64 {
    let midnight = (local_day(portal, now) + 1) * DAY;
    let at = |offset| midnight.saturating_add_signed(-minutes_ms(offset));
    // The night in between may change the clocks.
    at(offset_minutes(portal, at(offset_minutes(portal, now))))
}

pub(crate) fn minutes_ms(minutes: i32) -> i64 {
    i64::from(minutes) * 60_000
}

/// Days since the epoch of the first Sunday on or after a date.
fn sunday(year: u64, month: u64, day: u64) -> u64 {
    let days = days_of(year, month, day);
    // 1970-01-01 was a Thursday.
    days + (10 - days % 7) % 7
}

#[cfg(test)]
mod tests {
    use super::{local_day, next_midnight, offset_minutes, sunday};
    use crate::fixture;
    use crate::time::{DAY, HOUR, civil, days_of, iso};

    #[test]
    fn dates_and_days_are_inverse() {
        for days in (0..40_000).step_by(13) {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(year, month, day), days);
        }
        assert_eq!(civil(sunday(2026, 11, 1)), (2026, 11, 1));
        assert_eq!(civil(sunday(2026, 3, 8)), (2026, 3, 8));
        assert_eq!(civil(sunday(2026, 11, 2)), (2026, 11, 8));
    }

    #[test]
    fn clocks_change_where_and_when_they_do() {
        let mut portals = fixture::portals("small", 7).unwrap_or_default();
        let Some(portal) = portals.first_mut() else {
            unreachable!("small has one portal");
        };
        let at = |y, m, d, hour| days_of(y, m, d) * DAY + hour * HOUR;
        let cases = [
            ("Europe/Berlin", at(2026, 3, 29, 1) - 1, 60),
            ("Europe/Berlin", at(2026, 3, 29, 1), 120),
            ("Europe/Berlin", at(2026, 10, 25, 1) - 1, 120),
            ("Europe/Berlin", at(2026, 10, 25, 1), 60),
            ("America/New_York", at(2026, 3, 8, 7) - 1, -300),
            ("America/New_York", at(2026, 3, 8, 7), -240),
            ("America/New_York", at(2026, 11, 1, 6) - 1, -240),
            ("America/New_York", at(2026, 11, 1, 6), -300),
            ("Asia/Tokyo", at(2026, 7, 1, 0), 540),
        ];
        for (zone, now, want) in cases {
            portal.time_zone = zone;
            portal.utc_offset_minutes = 540;
            assert_eq!(offset_minutes(portal, now), want, "{zone} {}", iso(now));
        }
        portal.time_zone = "Europe/Berlin";
        let before = at(2026, 10, 24, 23);
        assert_eq!(local_day(portal, before), days_of(2026, 10, 25));
        // The day that ends winter's way has 25 hours.
        assert_eq!(next_midnight(portal, before), at(2026, 10, 25, 23));
    }
}
