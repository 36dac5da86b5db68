//! Owns instants as GitHub writes and reads them. Reads no clock.

use crate::time::{SECOND, iso};

/// ISO 8601 in UTC with whole seconds, from unix seconds.
pub(super) fn written(seconds: u64) -> String {
    iso(seconds.saturating_mul(SECOND))
}

/// Reads `YYYY-MM-DDTHH:MM:SS` with `Z` or `±HH:MM`: unix seconds and minutes east of UTC. Nothing before 1970.
pub(super) fn read(text: &str) -> Option<(u64, i32)> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = rest.split_at(zone);
    let clock = clock.split('.').next().unwrap_or_default();
    let mut clock = clock.splitn(3, ':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !fits {
        return None;
    }
    let offset = offset(zone)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    let utc = seconds - i64::from(offset) * 60;
    Some((u64::try_from(utc).ok()?, offset))
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn offset(zone: &str) -> Option<i32> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.get(1..)?.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i32 = digits.parse().ok()?;
    let minutes = value / 100 * 60 + value % 100;
    (value % 100 < 60 && minutes <= 14 * 60).then_some(sign * minutes)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 (Howard Hinnant's `days_from_civil`).
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year - era * 400;
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{read, written};

    #[test]
    fn instants_are_read_with_their_zone_and_nonsense_is_refused() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some((0, 0))),
            ("2000-02-29T12:00:00Z", Some((951_825_600, 0))),
            ("2013-01-15T17:13:22+05:00", Some((1_358_252_002, 300))),
            ("2013-01-15T17:13:22.123-0330", Some((1_358_282_602, -210))),
            ("2026-02-29T00:00:00Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2026-01-01", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T00:00:00+99:00", None),
            ("2026-01-01T00:00:00+é0:00", None),
            ("\u{0}", None),
        ];
        for (text, want) in cases {
            assert_eq!(read(text), want, "{text}");
        }
        assert_eq!(written(951_825_600), "2000-02-29T12:00:00Z");
    }
}
