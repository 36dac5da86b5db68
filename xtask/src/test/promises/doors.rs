//! Which tests come through a door that people or partners use, and whether a step runs them.
//!
//! Owns the table of doors and what counts as run. What the tests prove is theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::bearing;
use super::super::sources::Source;

/// Where the tests of the doors live; whatever bears an id there has to have a row below.
const ROOM: &str = "tests/tests/";

/// How a test meets the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    /// As a person does.
    Browser,
    /// The proxy's interface.
    Http,
}

/// Each door's folder of tests, and the step that runs them.
pub(super) const DOORS: [(&str, Door, &str); 3] = [
    ("tests/tests/browser/", Door::Browser, "browser"),
    ("tests/tests/http/", Door::Http, "http"),
    ("tests/tests/faults/", Door::Http, "faults"),
];

/// One test that bears a promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Proof {
    /// None where the test stands beside the code: it supports, and proves nothing by itself.
    pub(super) door: Option<Door>,
    /// From the root.
    pub(super) path: String,
    pub(super) name: String,
}

/// Proofs by promise, and what is wrong with the tests that bear them.
pub(super) fn proofs(sources: &[Source]) -> (BTreeMap<String, Vec<Proof>>, Vec<String>) {
    let mut found: BTreeMap<String, BTreeSet<Proof>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for source in sources {
        let path = &source.path;
        let bearers: Vec<(&str, Vec<String>)> = bearing::tests(&source.text)
            .into_iter()
            .map(|test| {
                let words = test.comment.iter();
                let ids = words.flat_map(|line| bearing::promises(line));
                (test.name, ids.collect())
            })
            .filter(|(_, ids): &(_, Vec<_>)| !ids.is_empty())
            .collect();
        if bearers.is_empty() {
            continue;
        }
        let door = DOORS.iter().find(|(room, ..)| path.starts_with(room));
        if door.is_none() && path.starts_with(ROOM) {
            wrong.push(format!(
                "{path}: its tests bear promises and belong to no door; name the door in xtask/src/test/promises/doors.rs."
            ));
        }
        if let Some((room, ..)) = door
            && !is_compiled(room, path, sources)
        {
            wrong.push(format!(
                "{path}: no `mod` line leads to it, so that its tests never run."
            ));
        }
        for (name, ids) in bearers {
            for id in ids {
                found.entry(id).or_default().insert(Proof {
                    door: door.map(|(_, door, _)| *door),
                    path: path.clone(),
                    name: name.to_owned(),
                });
            }
        }
    }
    let found = found
        .into_iter()
        // The strongest first: a door before what stands beside the code.
        .map(|(id, proofs)| {
            let mut proofs: Vec<Proof> = proofs.into_iter().collect();
            proofs.sort_by_key(|proof| (proof.door.is_none(), proof.door));
            (id, proofs)
        })
        .collect();
    (found, wrong)
}

/// Whether `mod` lines lead from the room's `main.rs` to a file.
fn is_compiled(room: &str, path: &str, sources: &[Source]) -> bool {
    let inside = path.strip_prefix(room).unwrap_or(path);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let names = inside.strip_suffix("/mod").unwrap_or(inside);
    if names == "main" {
        return true;
    }
    let mut parents = vec![format!("{room}main.rs")];
    let mut folder = room.to_owned();
    for name in names.split('/') {
        let declared = parents.iter().any(|parent| {
            let text = sources.iter().find(|source| source.path == *parent);
            text.is_some_and(|source| declares(&source.text, name))
        });
        if !declared {
            return false;
        }
        parents = vec![
            format!("{folder}{name}.rs"),
            format!("{folder}{name}/mod.rs"),
        ];
        folder = format!("{folder}{name}/");
    }
    true
}

fn declares(text: &str, name: &str) -> bool {
    text.lines().map(str::trim).any(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")
            .and_then(|rest| rest.strip_suffix(';'))
            .is_some_and(|module| module == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_test_proves_by_where_it_stands() {
        let sources = [
            source(
                "crates/core/src/a.rs",
                "/// J1, J2.\n#[test]\nfn rule() {}\n",
            ),
            source("tests/tests/http/main.rs", "mod a;\n"),
            source(
                "tests/tests/http/a.rs",
                "/// J1–J2.\n#[tokio::test]\nasync fn told() {}\n",
            ),
            source(
                "tests/tests/browser/main.rs",
                "/// J1.\n#[test]\nfn seen() {}\n",
            ),
        ];
        let (found, wrong) = proofs(&sources);
        assert!(wrong.is_empty(), "{wrong:?}");
        let said = |id: &str| -> Vec<(Option<Door>, &str)> {
            let proofs = found[id].iter();
            proofs
                .map(|proof| (proof.door, proof.name.as_str()))
                .collect()
        };
        assert_eq!(
            said("J1"),
            [
                (Some(Door::Browser), "seen"),
                (Some(Door::Http), "told"),
                (None, "rule")
            ]
        );
        assert_eq!(said("J2"), [(Some(Door::Http), "told"), (None, "rule")]);
    }

    #[test]
    fn a_test_that_no_step_reaches_proves_nothing() {
        let bearing = "/// J1.\n#[test]\nfn a() {}\n";
        for (sources, want) in [
            (
                vec![source("tests/tests/other/main.rs", bearing)],
                "no door",
            ),
            (
                vec![
                    source("tests/tests/http/main.rs", "mod ab;\n// mod a;\n"),
                    source("tests/tests/http/a.rs", bearing),
                ],
                "no `mod` line",
            ),
            (
                vec![
                    source("tests/tests/http/main.rs", "mod a;\n"),
                    source("tests/tests/http/a.rs", ""),
                    source("tests/tests/http/a/b.rs", bearing),
                ],
                "no `mod` line",
            ),
        ] {
            let (_, wrong) = proofs(&sources);
            assert!(wrong.join("\n").contains(want), "{want}: {wrong:?}");
        }
        let (_, wrong) = proofs(&[
            source("tests/tests/http/main.rs", "mod a;\n"),
            source("tests/tests/http/a/mod.rs", "mod b;\n"),
            source("tests/tests/http/a/b.rs", bearing),
        ]);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
