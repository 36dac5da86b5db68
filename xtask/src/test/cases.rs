//! Every acceptance case is borne by a test: `tests/cases.txt` against the comments of the tests.
//!
//! What counts as bearing stands in `bearing`. What a test proves is the test's.

use std::collections::BTreeSet;
use std::fs;

use super::sources::{self, Source};
use super::{Note, bearing};
use crate::place;
use crate::say::{Failure, OrSay, Outcome};

const LIST: &str = "tests/cases.txt";
/// Where tests are that the steps run.
const ROOMS: [&str; 4] = ["crates", "src", "tests", "xtask"];

pub(super) fn check() -> Outcome<Note> {
    let list = fs::read_to_string(place::root().join(LIST)).or_say(LIST)?;
    let wrong = missing(&list, &sources::below(&ROOMS, &[".rs"])?);
    if wrong.is_empty() {
        Ok("")
    } else {
        Err(Failure::new(wrong.join("\n")))
    }
}

/// What is wrong with the list, held against the tests.
fn missing(list: &str, sources: &[Source]) -> Vec<String> {
    let borne: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| borne_in(&source.text))
        .collect();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in list.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (id, reason) = match line.split_once(" later: ") {
            Some((id, reason)) => (id, Some(reason)),
            None => (line, None),
        };
        if !bearing::is_case(id) || reason.is_some_and(|reason| reason.trim().is_empty()) {
            wrong.push(format!(
                "{LIST}: {line:?} is neither an id nor `ID later: why`."
            ));
        } else if !seen.insert(id) {
            wrong.push(format!("{LIST}: {id} stands twice."));
        } else if reason.is_none() && !borne.contains(id) {
            wrong.push(format!(
                "{id}: no test bears it. Write one whose comment names {id}, or say in {LIST} why it comes later."
            ));
        } else if reason.is_some() && borne.contains(id) {
            wrong.push(format!(
                "{LIST}: {id} has a test by now; strike out why it comes later."
            ));
        }
    }
    if seen.is_empty() {
        wrong.push(format!("{LIST} names no case."));
    }
    wrong
}

/// Ids in the comments that stand directly above tests.
fn borne_in(text: &str) -> BTreeSet<&str> {
    let tests = bearing::tests(text).into_iter();
    let words = tests.flat_map(|test| test.comment);
    words.flat_map(bearing::cases).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Vec<Source> {
        let path = "tests/a.rs".into();
        let text = text.into();
        vec![Source { path, text }]
    }

    #[test]
    fn an_id_counts_above_a_test_and_nowhere_else() {
        let text = "//! AB-1: of the file.\n/// AB-2: of a function.\nfn a() {}\n\n\
            /// AB-3, J9, and further AB-4:\n/// (AB-5).\n#[tokio::test(flavor = \"multi_thread\")]\n\
            async fn b() {}\n/// AB-6.\n#[ignore]\n#[test]\nfn c() {}\n/// AB-7\nconst D: u8 = 1; // AB-8\n";
        let borne: Vec<&str> = borne_in(text).into_iter().collect();
        assert_eq!(borne, ["AB-3", "AB-4", "AB-5"]);
    }

    #[test]
    fn a_case_needs_a_test_or_a_reason_and_not_both() {
        let tests = source("/// AB-1, AB-3.\n#[test]\nfn a() {}\n");
        let wrong = |list: &str| missing(list, &tests).join("\n");
        assert_eq!(wrong("# words\n\nAB-1\nAB-2 later: another day\n"), "");
        for (list, want) in [
            ("AB-2", "no test bears it"),
            ("AB-1\nAB-1", "twice"),
            ("AB-3 later: another day", "has a test"),
            ("AB-2 later: ", "neither"),
            ("AB-2 soon", "neither"),
            ("# nothing", "names no case"),
        ] {
            assert!(wrong(list).contains(want), "{list:?}: {}", wrong(list));
        }
    }

    #[test]
    fn the_list_has_every_group_of_the_threat_model() {
        let list = fs::read_to_string(place::root().join(LIST)).unwrap();
        let count = |kind: &str| {
            let lines = list.lines().filter(|line| line.starts_with(kind));
            lines.count()
        };
        for (kind, most) in [
            ("AR-", 7),
            ("CB-", 12),
            ("EX-", 9),
            ("JW-", 10),
            ("RL-", 13),
            ("ST-", 9),
            ("EM-", 10),
            ("UI-", 5),
            ("RR-", 8),
            ("CP-", 6),
            ("UF-", 8),
            ("OV-", 6),
            ("BI-", 3),
            ("SC-", 4),
        ] {
            assert_eq!(count(kind), most, "{kind}");
        }
    }
}
