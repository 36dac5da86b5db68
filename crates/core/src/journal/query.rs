//! What is asked of the journal: the filters that stand in the address of its page and in the proxy's query.
//! Owns their form; where a day begins is the reader's clock's business and comes in as an argument.

use crate::operations::push_percent_encoded;
use crate::route::decoded;
use std::fmt;

/// Longest word that the proxy takes.
const LONGEST_WORD: usize = 200;

/// A day of the calendar, as a person picks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Four digits.
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

impl Day {
    /// Reads `2026-10-01`; nothing for what is no day.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let form = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !form {
            return None;
        }
        let year: u16 = text[..4].parse().ok()?;
        let month: u8 = text[5..7].parse().ok()?;
        let day: u8 = text[8..].parse().ok()?;
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        // Calendars of the web's date fields begin in year 1; ours with the first that has four digits of its own.
        (year >= 1000 && (1..=last).contains(&day)).then_some(Self { year, month, day })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The filters of the journal's page. An empty word filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalQuery {
    /// An action's word, or the part up to and with its dot for all of that room.
    pub action: String,
    /// One of the outcomes, or an error code.
    pub outcome: String,
    /// Who, exactly.
    pub actor: String,
    /// Id of the connection, flow or workspace.
    pub target: String,
    /// Entries of that day and later.
    pub from: Option<Day>,
    /// Entries up to the end of that day.
    pub to: Option<Day>,
}

impl JournalQuery {
    /// Reads what stands behind `#/journal?`; what cannot be filtered by is passed over.
    pub fn parse(query: &str) -> Self {
        let mut read = Self::default();
        for pair in query.split('&') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let Some(value) = decoded(value) else {
                continue;
            };
            match name {
                "action" => read.action = word(value),
                "outcome" => read.outcome = word(value),
                "actor" => read.actor = word(value),
                "connection" => read.target = word(value),
                "from" => read.from = Day::parse(&value),
                "to" => read.to = Day::parse(&value),
                _ => {}
            }
        }
        read
    }

    /// As [`JournalQuery::parse`] reads it; empty where nothing is filtered.
    pub fn print(&self) -> String {
        let mut out = self.words("connection");
        for (name, day) in [("from", self.from), ("to", self.to)] {
            if let Some(day) = day {
                push_pair(&mut out, name, &day.to_string());
            }
        }
        out
    }

    /// The query of `GET /v1/journal`, without its `?`.
    ///
    /// `begins` gives the millisecond at which a day begins, so many days later; `after` is the page before's cursor.
    pub fn request(&self, after: Option<&str>, begins: &mut dyn FnMut(Day, u8) -> i64) -> String {
        let mut out = self.words("target");
        for (name, day, later) in [("from_ms", self.from, 0), ("to_ms", self.to, 1)] {
            if let Some(day) = day {
                push_pair(&mut out, name, &begins(day, later).to_string());
            }
        }
        if let Some(after) = after {
            push_pair(&mut out, "after", after);
        }
        out
    }

    /// Whether anything is filtered.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn words(&self, target: &str) -> String {
        let mut out = String::new();
        for (name, value) in [
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("actor", &self.actor),
            (target, &self.target),
        ] {
            if !value.is_empty() {
                push_pair(&mut out, name, value);
            }
        }
        out
    }
}

fn push_pair(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    push_percent_encoded(out, value);
}

/// What the proxy would take; anything else filters nothing.
fn word(value: String) -> String {
    if value.chars().count() <= LONGEST_WORD && !value.chars().any(char::is_control) {
        value
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(action: &str, actor: &str, from: Option<&str>) -> JournalQuery {
        JournalQuery {
            action: action.into(),
            actor: actor.into(),
            from: from.and_then(Day::parse),
            ..JournalQuery::default()
        }
    }

    /// P12: the filters stand in the address, and a wrong one filters nothing.
    #[test]
    fn the_filters_are_read_from_the_address() {
        for (text, want) in [
            ("", query("", "", None)),
            ("action=connection.", query("connection.", "", None)),
            (
                "action=connection.add&from=2026-10-01",
                query("connection.add", "", Some("2026-10-01")),
            ),
            (
                "actor=ada%40example.org",
                query("", "ada@example.org", None),
            ),
            ("from=2026-13-01&to=&until=5&action", query("", "", None)),
            ("actor=a%00b&action=%zz&actor=bob", query("", "bob", None)),
            ("action=a&action=b", query("b", "", None)),
        ] {
            assert_eq!(JournalQuery::parse(text), want, "{text}");
        }
        let long = ["actor=", &"é".repeat(201)].concat();
        assert!(JournalQuery::parse(&long).is_empty());
    }

    #[test]
    fn a_day_is_one_that_the_calendar_has() {
        for (text, is_one) in [
            ("2026-10-01", true),
            ("2024-02-29", true),
            ("2000-02-29", true),
            ("2026-02-29", false),
            ("2100-02-29", false),
            ("2026-04-31", false),
            ("2026-00-01", false),
            ("2026-01-00", false),
            ("0999-01-01", false),
            ("2026-1-01", false),
            ("2026-10-01 ", false),
            ("+026-10-01", false),
            ("2026‐10-1", false),
        ] {
            let day = Day::parse(text);
            assert_eq!(day.is_some(), is_one, "{text}");
            if let Some(day) = day {
                assert_eq!(day.to_string(), text);
            }
        }
    }

    /// The last day counts whole: its end is where the next one begins.
    #[test]
    fn the_proxy_is_asked_for_whole_days() {
        let filter = JournalQuery {
            target: "con_1".into(),
            outcome: "plan_limit".into(),
            from: Day::parse("2026-10-01"),
            to: Day::parse("2026-10-02"),
            ..JournalQuery::default()
        };
        let mut begins = |day: Day, later: u8| i64::from(day.day + later) * 1000;
        assert_eq!(
            filter.request(None, &mut begins),
            "outcome=plan_limit&target=con_1&from_ms=1000&to_ms=3000"
        );
        assert_eq!(
            JournalQuery::default().request(Some("c2VxOjQy"), &mut begins),
            "after=c2VxOjQy"
        );
        assert_eq!(JournalQuery::default().request(None, &mut begins), "");
    }

    proptest! {
        #[test]
        fn every_query_reads_back(words in proptest::array::uniform4("\\PC{0,20}"), days in proptest::array::uniform2((1000u16..=9999, 1u8..=12, 1u8..=28))) {
            let [action, outcome, actor, target] = words;
            let [from, to] = days.map(|(year, month, day)| Some(Day { year, month, day }));
            let asked = JournalQuery { action, outcome, actor, target, from, to };
            prop_assert_eq!(JournalQuery::parse(&asked.print()), asked);
        }

        #[test]
        fn no_query_panics(text in "\\PC{0,60}") {
            let _ = JournalQuery::parse(&text);
            let _ = Day::parse(&text);
        }
    }
}
