//! Times as people read them: how long ago, how long yet, and the moment itself in UTC.
//! Owns the words; reads no clock.

use crate::wire::UnixSeconds;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// Seconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// A length of time in its largest unit: `3 minutes`, `one day`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    if seconds < MINUTE {
        return "less than a minute".into();
    }
    let (count, unit) = if seconds < HOUR {
        (seconds / MINUTE, "minute")
    } else if seconds < DAY {
        (seconds / HOUR, "hour")
    } else {
        (seconds / DAY, "day")
    };
    if count == 1 {
        ["one ", unit].concat()
    } else {
        [&count.to_string(), " ", unit, "s"].concat()
    }
}

/// `3 minutes ago`, or `in 3 minutes`.
pub fn relative(at: UnixSeconds, now: UnixSeconds) -> String {
    if at > now {
        ["in ", &span(at.saturating_sub(now))].concat()
    } else {
        [&span(now.saturating_sub(at)), " ago"].concat()
    }
}

/// `2026-11-27 22:04 UTC`; nothing for a time outside of the years 1970 to 9999.
pub fn utc(at: UnixSeconds) -> String {
    if !(0..253_402_300_800).contains(&at) {
        return String::new();
    }
    let (year, month, day) = civil(at / DAY);
    let (hour, minute) = (at % DAY / HOUR, at % HOUR / MINUTE);
    let mut out = year.to_string();
    for (before, number) in [("-", month), ("-", day), (" ", hour), (":", minute)] {
        out.push_str(before);
        if number < 10 {
            out.push('0');
        }
        out.push_str(&number.to_string());
    }
    out.push_str(" UTC");
    out
}

/// `2026-11-27`.
pub fn date(at: UnixSeconds) -> String {
    let mut out = utc(at);
    out.truncate(10);
    out
}

/// Gregorian year, month and day of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_told_in_their_largest_unit() {
        for (seconds, want) in [
            (-5, "less than a minute"),
            (59, "less than a minute"),
            (60, "one minute"),
            (179, "2 minutes"),
            (3_600, "one hour"),
            (7_200, "2 hours"),
            (DAY, "one day"),
            (40 * DAY, "40 days"),
        ] {
            assert_eq!(span(seconds), want);
        }
        assert_eq!(relative(100, 400), "5 minutes ago");
        assert_eq!(relative(400, 100), "in 5 minutes");
        assert_eq!(relative(i64::MIN, i64::MAX).split(' ').nth(1), Some("days"));
    }

    #[test]
    fn a_moment_is_written_in_utc() {
        for (at, want) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_802_736_000, "2027-02-16 00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59 UTC"),
            (253_402_300_799, "9999-12-31 23:59 UTC"),
            (253_402_300_800, ""),
            (-1, ""),
        ] {
            assert_eq!(utc(at), want);
        }
        assert_eq!(date(1_802_736_000), "2027-02-16");
        assert_eq!(date(-1), "");
    }

    proptest! {
        /// Later moments sort after earlier ones as text, and nothing panics.
        #[test]
        fn text_sorts_like_time(a in 0i64..253_402_300_800, b in 0i64..253_402_300_800) {
            if a < b { prop_assert!(utc(a) <= utc(b)); }
            prop_assert_eq!(utc(a).len(), 20);
        }
    }
}
