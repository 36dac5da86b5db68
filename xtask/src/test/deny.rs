//! cargo-deny: licences, duplicate and banned crates, sources, known vulnerabilities.
//!
//! Owns when it runs: always on a build machine and when asked for; elsewhere only if it is already
//! there, because building it takes minutes and its verdict changes with the dependencies alone.

use super::Verdict;
use crate::say::{Failure, Outcome};
use crate::tools;
use crate::{place, process};

/// Said by cargo-deny where the advisories cannot be fetched.
const UNREACHABLE: [&str; 3] = [
    "failed to fetch advisory database",
    "failed to clone",
    "an IO error occurred when talking to the server",
];

pub(super) fn check(alone: bool) -> Outcome<Verdict> {
    let Some(program) = tools::cargo_deny(alone || tools::in_ci())? else {
        return Ok(Verdict::Skipped(
            "cargo-deny is not installed; `cargo xtask test --only deny` builds it".to_owned(),
        ));
    };
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
        return Ok(Verdict::Passed);
    }
    let said = process::tail(&log, 60);
    if UNREACHABLE.iter().any(|sign| said.contains(sign)) {
        crate::say::progress(
            "The database of known vulnerabilities cannot be reached from here: not checked.",
        );
        return Ok(Verdict::Passed);
    }
    Err(Failure::new(said))
}
