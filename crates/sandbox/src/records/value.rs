//! Owns what a property's value may be and how HubSpot prints it: numbers as given, dates and instants as ISO
//! (platform 7, 9.2). Knows no record.

use crate::model::{Portal, Property};

/// Why a value was refused: `errors[].code` and the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) message: String,
}

fn refused(code: &'static str, message: String) -> Refused {
    Refused { code, message }
}

const DAY: i64 = 86_400_000;
/// The last millisecond of the year 9999, and the first of the year 1, which ISO texts can still tell.
const LATEST: i64 = 253_402_300_799_999;
const EARLIEST: i64 = -62_135_596_800_000;

/// A value as it is kept, or HubSpot's refusal. `text` is not empty: an empty one clears and fits every property.
pub(super) fn kept(portal: &Portal, property: &Property, text: &str) -> Result<String, Refused> {
    match property.kind {
        "number" => match number(text) {
            Some(_) => Ok(text.trim().to_owned()),
            None => Err(refused(
                "INVALID_INTEGER",
                format!("{text} was not a valid number."),
            )),
        },
        "date" => {
            let ms = instant(text)
                .ok_or_else(|| refused("INVALID_DATE", format!("{text} was not a valid date.")))?;
            if ms.rem_euclid(DAY) == 0 {
                Ok(date_text(ms))
            } else {
                Err(refused(
                    "INVALID_DATE",
                    format!("{text} is not at midnight UTC"),
                ))
            }
        }
        "datetime" => instant(text)
            .map(instant_text)
            .ok_or_else(|| refused("INVALID_LONG", format!("{text} was not a valid long."))),
        "bool" => match text.to_ascii_lowercase() {
            flag if flag == "true" || flag == "false" => Ok(flag),
            _ => Err(not_an_option(text, ["true", "false"].into_iter())),
        },
        "enumeration" => choice(portal, property, text),
        _ if property.name == "email" && property.has_unique_value => email(text),
        _ => Ok(text.to_owned()),
    }
}

fn email(text: &str) -> Result<String, Refused> {
    let address = text.trim();
    let good = address.split_once('@').is_some_and(|(local, domain)| {
        let dotted = domain
            .split_once('.')
            .is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty());
        !local.is_empty() && dotted && !domain.contains('@') && !domain.ends_with('.')
    });
    if good && !address.contains(char::is_whitespace) {
        Ok(address.to_lowercase())
    } else {
        Err(refused(
            "INVALID_EMAIL",
            format!("Email address {text} is invalid"),
        ))
    }
}

fn choice(portal: &Portal, property: &Property, text: &str) -> Result<String, Refused> {
    let options = || property.options.iter().map(|option| option.value.as_str());
    let owners = property.referenced_object_type == Some("OWNER");
    let known = |value: &str| {
        if owners {
            portal.owners.iter().any(|owner| owner.id == value)
        } else {
            // Without options of its own its values are kept elsewhere (teams, campaigns, tags).
            property.options.is_empty() || options().any(|option| option == value)
        }
    };
    let many = property.field_type == "checkbox";
    let parts: Vec<&str> = if many {
        text.split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect()
    } else {
        vec![text]
    };
    match parts.iter().find(|part| !known(part)) {
        Some(part) if owners => Err(not_an_option(
            part,
            portal.owners.iter().map(|owner| owner.id.as_str()),
        )),
        Some(part) => Err(not_an_option(part, options())),
        None => Ok(parts.join(";")),
    }
}

/// The refusal of a value outside the options; long lists are cut.
pub(super) fn not_an_option<'a>(text: &str, options: impl Iterator<Item = &'a str>) -> Refused {
    const SHOWN: usize = 100;
    let shown: Vec<&str> = options.take(SHOWN).collect();
    refused(
        "INVALID_OPTION",
        format!(
            "{text} was not one of the allowed options: [{}]",
            shown.join(", ")
        ),
    )
}

/// A decimal number; infinities and words are none.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
}

/// Unix milliseconds of a number or of an ISO 8601 date or instant.
pub(super) fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let ms = if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().ok()?
    } else {
        iso_instant(text)?
    };
    (EARLIEST..=LATEST).contains(&ms).then_some(ms)
}

fn iso_instant(text: &str) -> Option<i64> {
    let date = text.get(..10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month)
    {
        return None;
    }
    let midnight = days(year, month, day) * DAY;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(midnight);
    }
    let rest = rest.strip_prefix(['T', ' '])?;
    let zone_at = rest.find(['Z', '+', '-']);
    let (clock, zone) = zone_at.map_or((rest, "Z"), |at| rest.split_at(at));
    Some(midnight + clock_ms(clock)? - zone_ms(zone)?)
}

fn clock_ms(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            let known = !fraction.is_empty()
                && fraction.len() <= 9
                && fraction.bytes().all(|b| b.is_ascii_digit());
            let padded = format!("{fraction:0<3}");
            (
                digits(whole, 2)?,
                padded.get(..3).filter(|_| known)?.parse().ok()?,
            )
        }
    };
    let fits = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    fits.then_some(((hour * 60 + minute) * 60 + second) * 1_000 + fraction)
}

fn zone_ms(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let clock: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = (digits(clock.get(..2)?, 2)?, digits(clock.get(2..)?, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn digits(text: &str, len: usize) -> Option<i64> {
    let good = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + day_of_era - 719_468
}

/// `YYYY-MM-DD` of a moment, also before 1970.
pub(super) fn date_text(ms: i64) -> String {
    let z = ms.div_euclid(DAY) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
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
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// ISO 8601 in UTC as the rest of the sandbox prints it, also before 1970.
pub(super) fn instant_text(ms: i64) -> String {
    let of_day = ms.rem_euclid(DAY);
    let (hour, minute, second) = (
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1_000 % 60,
    );
    let date = date_text(ms);
    match of_day % 1_000 {
        0 => format!("{date}T{hour:02}:{minute:02}:{second:02}Z"),
        millis => format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::{email, instant, instant_text, number};
    use crate::time::iso;

    #[test]
    fn instants_are_read_as_milliseconds_and_as_iso() {
        let cases = [
            ("0", Some(0)),
            ("1793491200000", Some(1_793_491_200_000)),
            ("2026-11-01", Some(1_793_491_200_000)),
            ("2026-11-01T00:00:00Z", Some(1_793_491_200_000)),
            ("2026-11-01T01:00:00.5+01:00", Some(1_793_491_200_500)),
            ("2026-10-31T20:00-0400", Some(1_793_491_200_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2024-02-29", Some(1_709_164_800_000)),
            ("2023-02-29", None),
            ("2026-13-01", None),
            ("2026-11-01T24:00:00Z", None),
            ("2026-11-01Tnoon", None),
            ("99999999999999999999", None),
            ("253402300800000", None),
            ("tomorrow", None),
            ("２０２６-11-01", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(instant(text), want, "{text}");
        }
    }

    #[test]
    fn instants_print_as_everywhere_else() {
        for ms in [
            0,
            951_782_400_000,
            1_793_491_200_000 + 34_217_123,
            1_709_251_199_999,
        ] {
            assert_eq!(instant_text(ms), iso(ms.unsigned_abs()));
        }
        assert_eq!(instant_text(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn numbers_and_addresses_are_what_they_claim() {
        for (text, good) in [
            ("1500.00", true),
            ("-3", true),
            ("1e3", true),
            ("inf", false),
            ("NaN", false),
            ("1,5", false),
            ("", false),
        ] {
            assert_eq!(number(text).is_some(), good, "{text}");
        }
        for (text, good) in [
            ("a@b.example", true),
            ("A@B.Example", true),
            ("a@b", false),
            ("@b.c", false),
            ("a b@c.d", false),
            ("a@b@c.d", false),
        ] {
            assert_eq!(email(text).is_ok(), good, "{text}");
        }
    }
}
