//! `docs/promises.md`: every promise with the tests that prove it, made from `tests/promises.txt` and the comments
//! of the tests. A promise counts as kept by a test alone, never by a word.
//!
//! Owns what must and must not be said of a promise, given its tests. What a test bears stands in `bearing`.

mod doors;
mod list;
mod page;

use std::collections::BTreeMap;
use std::fs;

use self::doors::{Door, Proof};
use self::list::{Kind, Promise};
use super::Note;
use super::sources::{self, Source};
use crate::place;
use crate::say::{self, Failure, OrSay, Outcome};

/// What is made.
const PAGE: &str = "docs/promises.md";
/// Where tests are that the steps run.
const ROOMS: [&str; 4] = ["crates", "src", "tests", "xtask"];
const MAKE: &str = "`cargo xtask promises` makes it anew";

/// The list is true, and the page is what it and the tests say.
pub(super) fn check() -> Outcome<Note> {
    let text = read(list::PATH)?;
    let ledger = Ledger::of(&text, &sources::below(&ROOMS, &[".rs"])?)?;
    if !ledger.wrong.is_empty() {
        return Err(Failure::new(ledger.wrong.join("\n")));
    }
    // A page that is missing is as wrong as one that is old.
    if read(PAGE).unwrap_or_default() == page::text(&ledger) {
        Ok("")
    } else {
        Err(Failure::new(format!(
            "{PAGE} is not what the tests say: {MAKE}."
        )))
    }
}

/// Strikes out the notes that tests have overtaken, and makes the page anew.
///
/// Errors: a promise that has neither test nor note. What is to be said of it, a person knows.
pub(crate) fn write() -> Outcome {
    let sources = sources::below(&ROOMS, &[".rs"])?;
    let mut text = read(list::PATH)?;
    let overtaken = Ledger::of(&text, &sources)?.overtaken;
    if !overtaken.is_empty() {
        for line in &overtaken {
            let words = text.lines().nth(line - 1).unwrap_or_default().trim();
            say::progress(format_args!("{}:{line}: struck out: {words}", list::PATH));
        }
        text = list::without(&text, &overtaken);
        store(list::PATH, &text)?;
    }
    let ledger = Ledger::of(&text, &sources)?;
    if !ledger.wrong.is_empty() {
        return Err(Failure::new(ledger.wrong.join("\n")));
    }
    store(PAGE, &page::text(&ledger))?;
    println!("{PAGE}: {}", page::count(&ledger));
    Ok(())
}

fn read(path: &str) -> Outcome<String> {
    fs::read_to_string(place::root().join(path)).or_say(path)
}

fn store(path: &str, text: &str) -> Outcome {
    fs::write(place::root().join(path), text).or_say(path)
}

/// Promises and their proofs, held against each other.
struct Ledger {
    promises: Vec<Promise>,
    /// By promise; the strongest first.
    proofs: BTreeMap<String, Vec<Proof>>,
    wrong: Vec<String>,
    /// Lines of notes that are no longer true; each stands in `wrong` too.
    overtaken: Vec<usize>,
}

impl Ledger {
    fn of(text: &str, sources: &[Source]) -> Outcome<Self> {
        let promises = list::read(text).map_err(|wrong| Failure::new(wrong.join("\n")))?;
        let (proofs, wrong) = doors::proofs(sources);
        let mut ledger = Self {
            promises,
            proofs,
            wrong,
            overtaken: Vec::new(),
        };
        ledger.judge();
        Ok(ledger)
    }

    fn judge(&mut self) {
        let (mut wrong, mut overtaken) = (Vec::new(), Vec::new());
        for promise in &self.promises {
            let id = &promise.id;
            match (self.standing(id), &promise.note) {
                (Standing::Nowhere, None) => wrong.push(format!(
                    "{id}: no test bears it. Write one whose comment names {id}, or say why below it in {}: `  not yet: why`.",
                    list::PATH
                )),
                (standing @ (Standing::Browser | Standing::Http), Some(note))
                    if standing == Standing::Browser || note.kind == Kind::NotYet =>
                {
                    overtaken.push(note.line);
                    wrong.push(self.strike_out(id, note));
                }
                (Standing::Nowhere | Standing::Rule, Some(note)) if note.kind == Kind::InPart => {
                    wrong.push(format!(
                        "{}:{}: {id} is proved over no door, not even in part; say `not yet: why`.",
                        list::PATH, note.line
                    ));
                }
                _ => {}
            }
        }
        for (id, proofs) in &self.proofs {
            if !self.promises.iter().any(|promise| promise.id == *id) {
                let Proof { path, name, .. } = &proofs[0];
                wrong.push(format!(
                    "{path}: {name}: its comment names {id}, which is no promise."
                ));
            }
        }
        self.wrong.extend(wrong);
        self.overtaken = overtaken;
    }

    /// What to do with a note that a test has made untrue.
    fn strike_out(&self, id: &str, note: &list::Note) -> String {
        let Proof { path, name, .. } = &self.proofs[id][0];
        format!(
            "{}:{}: strike out `{}: {}`: {id} is proved by {name} in {path}. `cargo xtask promises` does so.",
            list::PATH,
            note.line,
            note.kind.words(),
            note.why
        )
    }

    fn proofs(&self, id: &str) -> &[Proof] {
        self.proofs.get(id).map_or(&[], Vec::as_slice)
    }

    /// By the strongest proof.
    fn standing(&self, id: &str) -> Standing {
        match self.proofs(id).first().map(|proof| proof.door) {
            Some(Some(Door::Browser)) => Standing::Browser,
            Some(Some(Door::Http)) => Standing::Http,
            Some(None) => Standing::Rule,
            None => Standing::Nowhere,
        }
    }
}

/// How far a promise is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Browser,
    Http,
    /// By tests beside the code only.
    Rule,
    Nowhere,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Vec<Source> {
        let source = |path: &str, text: &str| Source {
            path: path.into(),
            text: text.into(),
        };
        vec![
            source("crates/a/src/lib.rs", "/// J3.\n#[test]\nfn rule() {}\n"),
            source(
                "tests/tests/browser/main.rs",
                "/// J1.\n#[test]\nfn seen() {}\n",
            ),
            source(
                "tests/tests/http/main.rs",
                "/// J2.\n#[test]\nfn told() {}\n",
            ),
        ]
    }

    const TRUE: &str =
        "J1 | One\nJ2 | Two\n  in part: half\nJ3 | Three\nJ4 | Four\n  not yet: later\n";

    #[test]
    fn a_promise_needs_a_test_or_a_reason_and_not_both() {
        let wrong = |list: &str| {
            let ledger = Ledger::of(list, &sources()).unwrap();
            ledger.wrong.join("\n")
        };
        assert_eq!(wrong(TRUE), "");
        let with = |from: &str, to: &str| wrong(&TRUE.replace(from, to));
        assert_eq!(with("  in part: half\n", ""), "");
        assert_eq!(with("| Three", "| Three\n  not yet: soon"), "");
        for (from, to, want) in [
            ("  not yet: later\n", "", "J4: no test bears it"),
            (
                "  not yet: later",
                "  in part: half",
                ":6: J4 is proved over no door",
            ),
            (
                "| Three",
                "| Three\n  in part: half",
                ":5: J3 is proved over no door",
            ),
            (
                "| One",
                "| One\n  not yet: soon",
                ":2: strike out `not yet: soon`: J1 is proved by seen in tests/tests/browser/main.rs",
            ),
            (
                "| One",
                "| One\n  in part: half",
                ":2: strike out `in part: half`: J1",
            ),
            (
                "in part: half",
                "not yet: soon",
                ":3: strike out `not yet: soon`: J2 is proved by told",
            ),
            (
                "J3 | Three",
                "R3 | Three\n  not yet: soon",
                "crates/a/src/lib.rs: rule: its comment names J3, which is no promise",
            ),
        ] {
            let said = with(from, to);
            assert!(said.contains(want), "{from:?} → {to:?}: {said}");
        }
    }

    #[test]
    fn what_tests_have_overtaken_is_struck_out_and_nothing_else() {
        let list = TRUE
            .replace("| One", "| One\n  not yet: soon")
            .replace("in part: half", "not yet: half");
        let ledger = Ledger::of(&list, &sources()).unwrap();
        let left = list::without(&list, &ledger.overtaken);
        assert_eq!(left, TRUE.replace("  in part: half\n", ""));
        assert!(Ledger::of(&left, &sources()).unwrap().wrong.is_empty());
    }

    #[test]
    fn each_door_is_opened_by_a_step_of_the_full_run() {
        for (room, _, step) in doors::DOORS {
            assert!(place::root().join(room).join("main.rs").is_file(), "{room}");
            assert!(super::super::STEPS.iter().any(|(name, _)| *name == step));
        }
    }

    #[test]
    fn the_list_has_every_promise_of_the_mission() {
        let promises = list::read(&read(list::PATH).unwrap()).unwrap();
        let ids: Vec<&str> = promises.iter().map(|promise| promise.id.as_str()).collect();
        let families = [
            ("J", 33),
            ("R", 34),
            ("D", 71),
            ("S", 20),
            ("B", 18),
            ("P", 12),
        ];
        let want: Vec<String> = families
            .iter()
            .flat_map(|(family, most)| (1..=*most).map(move |n| format!("{family}{n}")))
            .collect();
        assert_eq!(ids, want);
    }
}
