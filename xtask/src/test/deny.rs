//! cargo-deny: licences, duplicate and banned crates, sources, known vulnerabilities.
//!
//! It is built once like the other tools, 41 s on two cores without debug information, so that the
//! same checks run everywhere.

use super::Note;
use crate::say::{Failure, Outcome};
use crate::tools;
use crate::{place, process};

/// Said by cargo-deny where the advisories cannot be fetched.
const UNREACHABLE: [&str; 3] = [
    "failed to fetch advisory database",
    "failed to clone",
    "an IO error occurred when talking to the server",
];

pub(super) fn check() -> Outcome<Note> {
    let program = tools::cargo_deny()?;
    let command = |checks: &[&str]| {
        let mut command = std::process::Command::new(&program);
        process::in_repository(&mut command);
        command
            .args(["--all-features", "check", "--hide-inclusion-graph"])
            .args(checks);
        command
    };
    let log = place::log("deny");
    process::run(
        "licences, bans and sources",
        &mut command(&["licenses", "bans", "sources"]),
        &log,
    )?;

    let log = place::log("deny-advisories");
    let (passed, _) =
        process::attempt("known vulnerabilities", &mut command(&["advisories"]), &log)?;
    if passed {
        return Ok("");
    }
    let said = process::tail(&log, 60);
    if UNREACHABLE.iter().any(|sign| said.contains(sign)) {
        return Ok("known vulnerabilities not checked: their database cannot be reached");
    }
    Err(Failure::new(said))
}
