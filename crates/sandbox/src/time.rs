//! Owns instants: unix milliseconds, and how HubSpot prints them. Reads no clock.

use serde::{Serialize, Serializer};

/// A moment in unix milliseconds; serialised as HubSpot's ISO 8601 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

/// One second, minute, hour and day in milliseconds.
pub const SECOND: u64 = 1_000;
/// Milliseconds of a minute.
pub const MINUTE: u64 = 60 * SECOND;
/// Milliseconds of an hour.
pub const HOUR: u64 = 60 * MINUTE;
/// Milliseconds of a day.
pub const DAY: u64 = 24 * HOUR;

/// The moment fixtures are "as of": 2026-11-01T00:00:00Z.
pub const FIXTURE_NOW: u64 = 1_793_491_200_000;

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&iso(self.0))
    }
}

/// ISO 8601 in UTC; milliseconds are left out when zero (platform 6.2).
pub fn iso(unix_ms: u64) -> String {
    let (year, month, day) = civil(unix_ms / DAY);
    let (hour, minute, second) = (
        unix_ms / HOUR % 24,
        unix_ms / MINUTE % 60,
        unix_ms / SECOND % 60,
    );
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match unix_ms % SECOND {
        0 => format!("{date}Z"),
        millis => format!("{date}.{millis:03}Z"),
    }
}

/// Unix milliseconds of a number of them, or of an ISO 8601 date or date-time; without an offset it is UTC.
pub(crate) fn instant(text: &str) -> Option<u64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, clock) = text
        .split_once(['T', 't', ' '])
        .map_or((text, ""), |(date, clock)| (date, clock));
    let date: Vec<u64> = date.split('-').map(digits).collect::<Option<_>>()?;
    let [year @ 1970..=9999, month @ 1..=12, day @ 1..=31] = date[..] else {
        return None;
    };
    let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
        // A `+` of a query arrives as a space, which `trim` would have kept: `%2B` is what clients send.
        Some(at) => (&clock[..at], offset(&clock[at..])?),
        None => (clock, 0),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let millis = digits(&format!("{fraction:0<3.3}"))?;
    let parts: Vec<u64> = match clock {
        "" => vec![0, 0],
        clock => clock.split(':').map(digits).collect::<Option<_>>()?,
    };
    let (hour, minute, second) = match parts[..] {
        [hour @ 0..=23, minute @ 0..=59] => (hour, minute, 0),
        [hour @ 0..=23, minute @ 0..=59, second @ 0..=60] => (hour, minute, second),
        _ => return None,
    };
    let days = days_of(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let utc = days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millis;
    utc.checked_add_signed(-offset)
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Milliseconds east of UTC of `Z`, `+01:00`, `-0330`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = text.split_at(1);
    let rest = rest.replace(':', "");
    let hours = digits(rest.get(..2)?).filter(|hours| *hours < 24)?;
    let minutes = match rest.get(2..)? {
        "" => 0,
        minutes => digits(minutes).filter(|minutes| *minutes < 60)?,
    };
    let span = i64::try_from(hours * HOUR + minutes * MINUTE).ok()?;
    Some(if sign == "-" { -span } else { span })
}

/// Days since 1970-01-01 of a Gregorian date (Howard Hinnant's `days_from_civil`, for years after the epoch).
pub(crate) fn days_of(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Days since 1970-01-01 to a Gregorian date (Howard Hinnant's `civil_from_days`, for days after the epoch).
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// The moment of `2026-11-01T09:30[:17[.123]][Z]`, in UTC, from 1970 to 9999; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, clock) = text.split_once('T')?;
    let number = |part: &str, digits: usize| {
        let fits = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<u64>().ok()).flatten()
    };
    let mut parts = date.split('-');
    let (year, month, day) = (
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    let (clock, millis) = clock
        .split_once('.')
        .map_or((clock, Some(0)), |(c, ms)| (c, number(ms, 3)));
    let mut times = clock.split(':');
    let (hour, minute) = (number(times.next()?, 2)?, number(times.next()?, 2)?);
    let second = times.next().map_or(Some(0), |part| number(part, 2))?;
    let in_range =
        year >= 1970 && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !in_range || parts.next().is_some() || times.next().is_some() {
        return None;
    }
    // Howard Hinnant's `days_from_civil`, the way back of `civil`.
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day.checked_sub(1)?;
    let era = year / 400;
    let year_of_era = year % 400;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100
        + day_of_year
        - 719_468;
    let unix_ms = days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millis?;
    // 31 February is no date: it would print as another one.
    iso(unix_ms).starts_with(date).then_some(unix_ms)
}

/// Durations as whole milliseconds, for serde's `with`.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, FIXTURE_NOW, HOUR, instant, iso, parse};

    #[test]
    fn instants_print_as_hubspot_prints_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (FIXTURE_NOW, "2026-11-01T00:00:00Z"),
            (FIXTURE_NOW + 34_217_123, "2026-11-01T09:30:17.123Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(iso(ms), text);
            assert_eq!(parse(text), Some(ms));
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2026-11-01",
            "2026-02-31T00:00:00Z",
            "2026-13-01T00:00Z",
            "1969-01-01T00:00Z",
            "2026-11-00T00:00Z",
            "2026-11-01T24:00Z",
            "2026-11-01T00:00:00.1Z",
            "é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("2026-11-01T00:00"), Some(FIXTURE_NOW));
    }

    #[test]
    fn instants_read_back_and_others_are_refused() {
        for ms in [
            0,
            951_782_400_000,
            FIXTURE_NOW + 34_217_123,
            1_709_251_199_999,
        ] {
            assert_eq!(instant(&iso(ms)), Some(ms));
            assert_eq!(instant(&ms.to_string()), Some(ms));
        }
        let cases = [
            ("2026-11-01", Some(FIXTURE_NOW)),
            ("2026-11-01T01:00:00+01:00", Some(FIXTURE_NOW)),
            ("2026-10-31T20:30-0330", Some(FIXTURE_NOW)),
            ("2026-11-01T00:00:00.5Z", Some(FIXTURE_NOW + 500)),
            ("2026-11-01 06:00", Some(FIXTURE_NOW + 6 * HOUR)),
            ("2026-11-02", Some(FIXTURE_NOW + DAY)),
            ("1970-01-01T00:00+01:00", None),
            ("2026-02-30", None),
            ("2026-13-01", None),
            ("2026-11-01T25:00", None),
            ("2026-11-01T00:00:00+é", None),
            ("yesterday", None),
            ("", None),
            ("--", None),
            ("1969-12-31", None),
            ("99999999999999999999999", None),
        ];
        for (text, want) in cases {
            assert_eq!(instant(text), want, "{text:?}");
        }
    }
}
