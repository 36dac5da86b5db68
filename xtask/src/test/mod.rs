//! Every check of the repository, one after the other, and a table of how they went.
//!
//! Owns the order and the count. A step knows nothing of the others.

mod deny;
mod docs;
mod lines;
mod source_lint;
mod sources;
pub(crate) mod suites;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::say::{self, Failure, Outcome};
use crate::{place, process, tools};

/// How a step went, when nothing was wrong.
pub(crate) enum Verdict {
    Passed,
    /// Not run, with the reason; counted neither way.
    Skipped(String),
}

/// What a step is told.
struct Asked<'a> {
    /// From `--only step:filter`.
    filter: Option<&'a str>,
    /// Whether the person asked for this very step.
    alone: bool,
}

type Check = fn(&Asked<'_>) -> Outcome<Verdict>;

/// Cheap checks first, so that a slip shows before the long ones begin.
const STEPS: [(&str, Check); 10] = [
    ("fmt", fmt),
    ("source-lint", |_| {
        source_lint::check().map(|()| Verdict::Passed)
    }),
    ("ratio", |_| lines::check().map(|()| Verdict::Passed)),
    ("docs", |_| docs::check().map(|()| Verdict::Passed)),
    ("clippy", clippy),
    ("clippy-wasm", clippy_wasm),
    ("unit", |asked| suites::unit(asked.filter)),
    ("http", |asked| suites::http(asked.filter)),
    ("browser", |asked| suites::browser(asked.filter)),
    ("deny", |asked| deny::check(asked.alone)),
];

/// Packages that only make sense as WebAssembly; the host's steps leave them out, so that Yew is
/// compiled once and not twice.
pub(crate) const WASM_PACKAGES: [&str; 2] = ["portico", "hello-yew"];

/// Runs all steps, or the one that `only` names.
///
/// Errors: `only` names none, or a step failed (said in the table, whose last line is the count).
pub(crate) fn run(only: Option<&str>) -> Outcome {
    let (name, filter) = match only.map(|only| only.split_once(':').unwrap_or((only, ""))) {
        Some((name, filter)) => (Some(name), (!filter.is_empty()).then_some(filter)),
        None => (None, None),
    };
    let steps: Vec<_> = STEPS
        .iter()
        .filter(|(step, _)| name.is_none_or(|name| name == *step))
        .collect();
    if steps.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|(step, _)| *step).collect();
        return Err(Failure::new(format!(
            "There is no step {}; the steps are {}.",
            name.unwrap_or_default(),
            names.join(", ")
        )));
    }

    let asked = Asked {
        filter,
        alone: name.is_some(),
    };
    let mut rows: Vec<(&str, Option<bool>, Duration, String)> = Vec::new();
    for (step, check) in steps {
        say::progress(format_args!("\n== {step}"));
        let start = Instant::now();
        let (passed, note) = match check(&asked) {
            Ok(Verdict::Passed) => (Some(true), String::new()),
            Ok(Verdict::Skipped(why)) => (None, why),
            Err(failure) => {
                eprintln!("{failure}");
                (Some(false), String::new())
            }
        };
        rows.push((*step, passed, start.elapsed(), note));
    }
    let (passed, failed) = print_table(&rows);
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        Ok(())
    } else {
        std::process::exit(1)
    }
}

fn print_table(rows: &[(&str, Option<bool>, Duration, String)]) -> (usize, usize) {
    println!();
    for (step, passed, time, note) in rows {
        let word = match passed {
            Some(true) => "passed",
            Some(false) => "FAILED",
            None => "skipped",
        };
        let note = if note.is_empty() {
            String::new()
        } else {
            format!("  {note}")
        };
        println!("{step:<12} {word:<8} {:>14}{note}", say::duration(*time));
    }
    let count = |wanted| {
        rows.iter()
            .filter(|(_, passed, ..)| *passed == Some(wanted))
            .count()
    };
    (count(true), count(false))
}

fn fmt(_: &Asked<'_>) -> Outcome<Verdict> {
    let mut command = process::cargo();
    command.args(["fmt", "--all", "--check"]);
    process::run("checking the format", &mut command, &place::log("fmt"))?;
    Ok(Verdict::Passed)
}

/// Clippy for all that runs on this machine; a warning is a failure.
fn clippy(_: &Asked<'_>) -> Outcome<Verdict> {
    let mut command = process::cargo();
    host_packages(command.arg("clippy"));
    command.args(["--all-targets", "--", "-D", "warnings"]);
    process::run(
        "clippy for this machine",
        &mut command,
        &place::log("clippy"),
    )?;
    Ok(Verdict::Passed)
}

/// Clippy for the browser side, as it is compiled.
fn clippy_wasm(_: &Asked<'_>) -> Outcome<Verdict> {
    tools::wasm_target()?;
    let mut command = process::cargo();
    command.args(["clippy", "--target", "wasm32-unknown-unknown"]);
    for package in WASM_PACKAGES {
        command.args(["-p", package]);
    }
    command.args(["--", "-D", "warnings"]);
    process::run(
        "clippy for WebAssembly",
        &mut command,
        &place::log("clippy-wasm"),
    )?;
    Ok(Verdict::Passed)
}

/// One selection of packages for every step, so that cargo resolves one set of features and
/// compiles each dependency once.
pub(crate) fn host_packages(command: &mut Command) -> &mut Command {
    command.arg("--workspace");
    for package in WASM_PACKAGES {
        command.args(["--exclude", package]);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_is_refused_with_the_names_of_all() {
        let failure = run(Some("brwoser:reload")).unwrap_err().to_string();
        assert!(failure.contains("no step brwoser"), "{failure}");
        assert!(failure.contains("clippy-wasm"), "{failure}");
    }

    #[test]
    fn a_skipped_step_counts_neither_way() {
        let row = |passed| ("step", passed, Duration::ZERO, String::new());
        assert_eq!(
            print_table(&[row(Some(true)), row(None), row(Some(false))]),
            (1, 1)
        );
    }
}
