//! `Retry-After` (RFC 9110, section 10.2.3): seconds or a date, capped by whoever honours it.

/// Seconds from `now` (seconds since 1970); nothing when the header is absurd or absent.
pub(crate) fn parse(header: &str, now: i64) -> Option<f64> {
    let text = header.trim();
    let seconds = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Longer numbers are absurd, and the cap is a day at most.
        text.parse::<u32>().ok().map(f64::from)
    } else {
        let wait = date(text)? - now;
        u32::try_from(wait.max(0)).ok().map(f64::from)
    };
    seconds.filter(|_| !text.is_empty())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970.
pub(crate) fn date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = 1 + i64::try_from(MONTHS.iter().position(|name| *name == month_name)?).ok()?;
    let year: i64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    let fits = words.next() == Some("GMT")
        && (1970..=9999).contains(&year)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    // Days from the civil calendar, counted from March so that the leap day comes last.
    let (shifted_year, shifted_month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era_days = 365 * shifted_year + shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    let days = era_days + (153 * shifted_month + 2) / 5 + day - 1 - 719_468;
    fits.then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UF-1: seconds, date, none, absurd.
    #[test]
    fn seconds_and_dates_are_understood_and_nonsense_is_not() {
        let now = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT
        for (header, want) in [
            ("0", Some(0.0)),
            ("120", Some(120.0)),
            (" 7 ", Some(7.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0.0)),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120.0)),
            ("Sat, 05 Nov 1994 08:51:37 GMT", Some(0.0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("99999999999999", None),
            ("soon", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ] {
            assert_eq!(parse(header, now), want, "{header:?}");
        }
        assert_eq!(date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }
}
