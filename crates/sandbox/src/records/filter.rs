//! Owns one filter of a search: its operator, its operands by the property's type, and whether a value passes
//! (platform 7). A record without the value passes `NOT_HAS_PROPERTY` only.

use std::cmp::Ordering;

use serde_json::Value;

use super::derived::{Column, Lens};
use super::store::Record;
use super::validate::text;
use super::value::{instant, number};
use crate::error::ApiError;

const OPERATORS: [&str; 13] = [
    "BETWEEN",
    "CONTAINS_TOKEN",
    "EQ",
    "GT",
    "GTE",
    "HAS_PROPERTY",
    "IN",
    "LT",
    "LTE",
    "NEQ",
    "NOT_CONTAINS_TOKEN",
    "NOT_HAS_PROPERTY",
    "NOT_IN",
];

/// A value to compare with, read as the property's type.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Number(f64),
    Instant(i64),
    /// Lower case: texts compare without regard to case.
    Text(String),
    /// Options compare exactly.
    Option(String),
}

#[derive(Clone, Debug)]
enum Test {
    Equal(Operand),
    Below { limit: Operand, or_equal: bool },
    Above { limit: Operand, or_equal: bool },
    Between(Operand, Operand),
    AnyOf(Vec<Operand>),
    Has,
    Contains(Pattern),
}

/// What `CONTAINS_TOKEN` looks for, in lower case.
#[derive(Clone, Debug)]
enum Pattern {
    /// Every one of these words.
    Words(Vec<String>),
    /// A word, or the whole value, with `*` for anything.
    Glob(Vec<char>),
}

/// One filter.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    column: Column,
    test: Test,
    /// Passes what fails the test.
    negated: bool,
}

/// 400 with the particular reason in `errors`.
pub(super) fn refused(reason: String) -> ApiError {
    ApiError::validation("There was a problem with the request.")
        .errors(vec![serde_json::json!({ "message": reason })])
}

impl Filter {
    /// From `{"propertyName", "operator", "value", "highValue", "values"}`.
    pub(super) fn of(lens: &Lens<'_>, filter: &Value) -> Result<Self, ApiError> {
        let field = |name: &str| filter.get(name).filter(|value| !value.is_null());
        let name = field("propertyName")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let operator = field("operator")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if name.is_empty() || operator.is_empty() {
            return Err(refused(
                "A filter needs propertyName and operator".to_owned(),
            ));
        }
        if !OPERATORS.contains(&operator) {
            return Err(ApiError::new(
                400,
                format!(
                    "Invalid input JSON on line 1, column 1: {operator} is not one of {OPERATORS:?}"
                ),
            ));
        }
        let column = lens
            .column(name)
            .ok_or_else(|| refused(format!("Property \"{name}\" does not exist")))?;
        let value = |field_name: &str| {
            let sent = field(field_name)
                .and_then(text)
                .filter(|text| !text.is_empty());
            sent.ok_or_else(|| {
                refused(format!(
                    "operator {operator} requires a {field_name} (property {name})"
                ))
            })
        };
        let one = |field_name: &str| operand(&column, &value(field_name)?, operator);
        let many = || {
            let values = field("values")
                .and_then(Value::as_array)
                .filter(|values| !values.is_empty());
            let values = values.ok_or_else(|| {
                refused(format!(
                    "operator {operator} requires values (property {name})"
                ))
            })?;
            let read = |value| {
                text(value).map_or_else(
                    || Err(super::validate::not_text("values")),
                    |text| operand(&column, &text, operator),
                )
            };
            values.iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        let test = match operator {
            "EQ" | "NEQ" => Test::Equal(one("value")?),
            "LT" | "LTE" => Test::Below {
                limit: one("value")?,
                or_equal: operator == "LTE",
            },
            "GT" | "GTE" => Test::Above {
                limit: one("value")?,
                or_equal: operator == "GTE",
            },
            "BETWEEN" => Test::Between(one("value")?, one("highValue")?),
            "IN" | "NOT_IN" => Test::AnyOf(many()?),
            "HAS_PROPERTY" | "NOT_HAS_PROPERTY" => Test::Has,
            _ => Test::Contains(pattern(&value("value")?)),
        };
        let negated = operator == "NEQ" || operator.starts_with("NOT_");
        Ok(Self {
            column,
            test,
            negated,
        })
    }

    /// Whether a record passes.
    pub(super) fn passes(&self, lens: &Lens<'_>, record: &Record) -> bool {
        match (lens.read(record, &self.column), &self.test) {
            (value, Test::Has) => value.is_some() != self.negated,
            (None, _) => false,
            (Some(value), test) => self.fits(&value, test) != self.negated,
        }
    }

    fn fits(&self, value: &str, test: &Test) -> bool {
        // Each chosen option of a multiple choice counts for itself.
        if self.column.many && value.contains(';') && !matches!(test, Test::Contains(_)) {
            return value.split(';').any(|part| one_fits(part, test));
        }
        one_fits(value, test)
    }
}

fn one_fits(value: &str, test: &Test) -> bool {
    let against = |operand: &Operand| compare(value, operand);
    match test {
        Test::Equal(operand) => against(operand) == Some(Ordering::Equal),
        Test::Below { limit, or_equal } => match against(limit) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => *or_equal,
            _ => false,
        },
        Test::Above { limit, or_equal } => match against(limit) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => *or_equal,
            _ => false,
        },
        Test::Between(low, high) => {
            against(low).is_some_and(Ordering::is_ge) && against(high).is_some_and(Ordering::is_le)
        }
        Test::AnyOf(operands) => operands
            .iter()
            .any(|operand| against(operand) == Some(Ordering::Equal)),
        Test::Has => true,
        Test::Contains(pattern) => contains(value, pattern),
    }
}

fn operand(column: &Column, text: &str, operator: &str) -> Result<Operand, ApiError> {
    let wrong = || {
        refused(format!(
            "{text} is not a valid {} for property {}",
            column.kind, column.name
        ))
    };
    match column.kind {
        "number" => number(text).map(Operand::Number).ok_or_else(wrong),
        "date" | "datetime" => instant(text).map(Operand::Instant).ok_or_else(wrong),
        "enumeration" | "bool" => Ok(Operand::Option(text.to_owned())),
        // The values of IN and NOT_IN must be sent in lower case: others find nothing.
        _ if operator.ends_with("IN") => Ok(Operand::Text(text.to_owned())),
        _ => Ok(Operand::Text(text.to_lowercase())),
    }
}

fn compare(value: &str, operand: &Operand) -> Option<Ordering> {
    match operand {
        Operand::Number(wanted) => number(value)?.partial_cmp(wanted),
        Operand::Instant(wanted) => Some(instant(value)?.cmp(wanted)),
        Operand::Text(wanted) => Some(value.to_lowercase().as_str().cmp(wanted)),
        Operand::Option(wanted) => Some(value.cmp(wanted)),
    }
}

/// Words as the index splits them, in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn pattern(text: &str) -> Pattern {
    if text.contains('*') {
        Pattern::Glob(text.to_lowercase().chars().collect())
    } else {
        Pattern::Words(words(text).collect())
    }
}

fn contains(value: &str, pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Words(wanted) => {
            let held: Vec<String> = words(value).collect();
            !wanted.is_empty() && wanted.iter().all(|word| held.contains(word))
        }
        Pattern::Glob(glob) => {
            let value = value.to_lowercase();
            matches(&value, glob) || value.split_whitespace().any(|word| matches(word, glob))
        }
    }
}

/// Whether the whole text fits a glob: greedy, going back to the last star only.
fn matches(text: &str, glob: &[char]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut in_glob) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        if glob.get(in_glob) == Some(&'*') {
            star = Some((in_glob, at));
            in_glob += 1;
        } else if glob.get(in_glob) == Some(&text[at]) {
            at += 1;
            in_glob += 1;
        } else if let Some((star_at, from)) = star {
            star = Some((star_at, from + 1));
            at = from + 1;
            in_glob = star_at + 1;
        } else {
            return false;
        }
    }
    glob[in_glob..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::{contains, pattern};

    #[test]
    fn tokens_are_whole_words_and_stars_stand_for_anything() {
        let cases = [
            ("Pilot Nord GmbH", "pilot", true),
            ("Pilot Nord GmbH", "PILOT gmbh", true),
            ("Pilot Nord GmbH", "pil", false),
            ("Pilot Nord GmbH", "pil*", true),
            ("Pilot Nord GmbH", "*mbh", true),
            ("Pilot Nord GmbH", "*ilo*nor*", true),
            ("anna@nord.example", "*@nord.example", true),
            ("anna@nord.example", "nord", true),
            ("anna@nord.example", "*@sued.example", false),
            ("a;b;c", "b", true),
            ("", "*", true),
            ("x", "-", false),
            ("aaaaaaaaab", "*a*a*a*c", false),
        ];
        for (value, wanted, want) in cases {
            assert_eq!(
                contains(value, &pattern(wanted)),
                want,
                "{value} / {wanted}"
            );
        }
    }
}
