//! Owns the portal's own validation rules as a write meets them (platform 6.2, 7). Changes no rule and knows no record.
//! Rules whose arguments the platform page leaves open (formats, durations, domains, patterns) refuse nothing.

use serde_json::Value;

use super::value::{Refused, instant, number};
use crate::model::ObjectMetadata;

/// The first rule that a value breaks; `errors[].code` is the type of the rule. `value` is as kept and not empty.
pub(super) fn broken(object: &ObjectMetadata, name: &str, value: &str) -> Option<Refused> {
    let row = object
        .validations
        .iter()
        .find(|row| row.has("propertyName", name))?;
    let rules = row.member("propertyValidationRules")?;
    let rule = |rule: &Value| {
        let kind = rule.get("ruleType")?.as_str()?;
        let argument = rule.get("ruleArguments")?.get(0)?.as_str()?;
        breaks(kind, argument, value)
    };
    let (code, wanted) = rules.as_array()?.iter().find_map(rule)?;
    Some(Refused {
        code,
        message: format!("{value} is not valid for {name}: it must be {wanted}"),
    })
}

/// The rule's name and what it wants, if `value` breaks it. A rule whose argument does not read refuses nothing.
fn breaks(kind: &str, argument: &str, value: &str) -> Option<(&'static str, String)> {
    let (code, holds, wanted) = match kind {
        "MIN_NUMBER" => (
            "MIN_NUMBER",
            number(value)? >= number(argument)?,
            format!("{argument} or more"),
        ),
        "MAX_NUMBER" => (
            "MAX_NUMBER",
            number(value)? <= number(argument)?,
            format!("{argument} or less"),
        ),
        "MIN_LENGTH" => (
            "MIN_LENGTH",
            value.chars().count() >= argument.parse().ok()?,
            format!("{argument} characters long or longer"),
        ),
        "MAX_LENGTH" => (
            "MAX_LENGTH",
            value.chars().count() <= argument.parse().ok()?,
            format!("{argument} characters long or shorter"),
        ),
        "START_DATE" | "START_DATETIME" => (
            if kind == "START_DATE" {
                "START_DATE"
            } else {
                "START_DATETIME"
            },
            instant(value)? >= instant(argument)?,
            format!("{argument} or later"),
        ),
        "END_DATE" | "END_DATETIME" => (
            if kind == "END_DATE" {
                "END_DATE"
            } else {
                "END_DATETIME"
            },
            instant(value)? <= instant(argument)?,
            format!("{argument} or earlier"),
        ),
        "ALPHANUMERIC" => {
            let fits = match argument {
                "ALPHANUMERIC" => char::is_alphanumeric,
                "ALPHA_ONLY" => char::is_alphabetic,
                "NUMERIC_ONLY" => char::is_numeric,
                _ => return None,
            };
            ("ALPHANUMERIC", value.chars().all(fits), argument.to_owned())
        }
        _ => return None,
    };
    (!holds).then_some((code, wanted))
}

#[cfg(test)]
mod tests {
    use super::breaks;

    #[test]
    fn a_rule_refuses_beyond_its_bound_and_not_at_it() {
        let cases = [
            ("MIN_NUMBER", "0", "0", "-0.01"),
            ("MAX_NUMBER", "100.5", "100.5", "1e3"),
            ("MIN_LENGTH", "3", "äöü", "äö"),
            ("MAX_LENGTH", "3", "äöü", "äöüß"),
            ("START_DATE", "2000-01-01", "2000-01-01", "1999-12-31"),
            ("END_DATE", "2030-01-01", "2030-01-01", "2030-01-02"),
            (
                "START_DATETIME",
                "946684800000",
                "2000-01-01T00:00:00Z",
                "1999-12-31T23:59:59.999Z",
            ),
            (
                "END_DATETIME",
                "2030-01-01T12:00:00Z",
                "2030-01-01T12:00:00Z",
                "2030-01-01T12:00:00.001Z",
            ),
            ("ALPHANUMERIC", "ALPHANUMERIC", "ab1", "ab-1"),
            ("ALPHANUMERIC", "ALPHA_ONLY", "ab", "ab1"),
            ("ALPHANUMERIC", "NUMERIC_ONLY", "01", "a"),
        ];
        for (kind, argument, good, bad) in cases {
            assert_eq!(breaks(kind, argument, good), None, "{kind} {good}");
            let (code, wanted) = breaks(kind, argument, bad).expect("a broken rule");
            assert_eq!(code, kind);
            assert!(wanted.contains(argument));
        }
    }

    #[test]
    fn a_rule_that_cannot_be_read_refuses_nothing() {
        for (kind, argument) in [
            ("MIN_NUMBER", "many"),
            ("MAX_LENGTH", "-1"),
            ("START_DATE", "soon"),
            ("ALPHANUMERIC", "RUNES"),
            ("NO_SUCH_RULE", "1"),
            ("REGEX", "[a-z"),
        ] {
            assert_eq!(breaks(kind, argument, "7"), None, "{kind}");
        }
    }
}
