//! Every check of the repository, one after the other, and a table of how they went.
//!
//! Owns the order and the count. A step knows nothing of the others.

mod bearing;
mod cases;
mod conformance;
mod deny;
mod docs;
mod gallery;
mod lines;
mod openapi;
mod operate;
mod osv;
mod partners;
pub(crate) mod promises;
mod source_lint;
mod sources;
pub(crate) mod suites;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::say::{self, Failure, Outcome};
use crate::{place, process, tools};

/// What the table says beside a step that passed: nothing, or what of it could not be done.
pub(crate) type Note = &'static str;

/// A step, given the filter of `--only step:filter`.
type Check = fn(Option<&str>) -> Outcome<Note>;

/// Cheap checks first, so that a slip shows before the long ones begin.
const STEPS: [(&str, Check); 17] = [
    ("fmt", fmt),
    ("source-lint", |_| {
        source_lint::check()?;
        cases::check()
    }),
    ("promises", |_| promises::check()),
    ("ratio", |_| lines::check()),
    ("docs", |_| docs::check()),
    ("clippy", clippy),
    ("clippy-wasm", clippy_wasm),
    ("unit", suites::unit),
    ("http", suites::http),
    ("http-postgres", suites::http_postgres),
    ("faults", suites::faults),
    ("conformance", conformance::check),
    ("openapi", |_| openapi::check()),
    ("operate", |_| operate::check()),
    ("partners", |_| partners::check()),
    ("browser", suites::browser),
    ("deny", |_| deny::check()),
];

/// Steps that run when they are named, and are no part of the full run: what they check, another step checks too.
const NAMED_ONLY: [(&str, Check); 1] = [("gallery", gallery::check)];

/// The steps that consist of tests with names.
const FILTERED: [&str; 7] = [
    "unit",
    "http",
    "http-postgres",
    "faults",
    "conformance",
    "browser",
    "gallery",
];

/// Packages that only make sense as WebAssembly; the host's steps leave them out, so that Yew is
/// compiled once and not twice.
pub(crate) const WASM_PACKAGES: [&str; 2] = ["portico", "hello-yew"];

/// Runs the full run's steps, or the one that `only` names.
///
/// Errors: `only` names none, or a step failed (said in the table, whose last line is the count).
pub(crate) fn run(only: Option<&str>) -> Outcome {
    let (name, filter) = match only.map(|only| only.split_once(':').unwrap_or((only, ""))) {
        Some((name, filter)) => (Some(name), (!filter.is_empty()).then_some(filter)),
        None => (None, None),
    };
    let steps = chosen(name);
    if steps.is_empty() {
        let names = STEPS.iter().chain(&NAMED_ONLY).map(|(step, _)| *step);
        let names: Vec<&str> = names.collect();
        return Err(Failure::new(format!(
            "There is no step {}; the steps are {}.",
            name.unwrap_or_default(),
            names.join(", ")
        )));
    }

    if let Some(name) = name.filter(|name| filter.is_some() && !FILTERED.contains(name)) {
        return Err(Failure::new(format!(
            "The step {name} takes no filter; {} do.",
            FILTERED.join(", ")
        )));
    }

    let mut rows = Vec::new();
    for (step, check) in steps {
        say::progress(format_args!("\n== {step}"));
        let start = Instant::now();
        let outcome = check(filter);
        if let Err(failure) = &outcome {
            say::progress(failure);
        }
        rows.push(Row {
            step,
            note: outcome.ok(),
            time: start.elapsed(),
        });
    }
    print_table(&rows);
    let failed = rows.iter().filter(|row| row.note.is_none()).count();
    // The last line, in this form, is for machines.
    println!("{} passed, {failed} failed", rows.len() - failed);
    if failed == 0 {
        Ok(())
    } else {
        std::process::exit(1)
    }
}

/// The one step of this name, or all of the full run.
fn chosen(name: Option<&str>) -> Vec<&'static (&'static str, Check)> {
    match name {
        Some(name) => {
            let all = STEPS.iter().chain(&NAMED_ONLY);
            all.filter(|(step, _)| *step == name).collect()
        }
        None => STEPS.iter().collect(),
    }
}

/// How one step went.
struct Row {
    step: &'static str,
    /// None where it failed.
    note: Option<Note>,
    time: Duration,
}

fn print_table(rows: &[Row]) {
    println!();
    for row in rows {
        let word = if row.note.is_some() {
            "passed"
        } else {
            "FAILED"
        };
        println!(
            "{:<13} {word} {:>13}  {}",
            row.step,
            say::duration(row.time),
            row.note.unwrap_or_default()
        );
    }
}

fn fmt(_: Option<&str>) -> Outcome<Note> {
    let mut command = process::cargo();
    command.args(["fmt", "--all", "--check", "--", "--color=never"]);
    process::run("checking the format", &mut command, &place::log("fmt"))?;
    Ok("")
}

/// Clippy for all that runs on this machine; a warning is a failure.
fn clippy(_: Option<&str>) -> Outcome<Note> {
    let mut command = process::cargo();
    host_packages(command.arg("clippy"));
    command.args(["--all-targets", "--", "-D", "warnings"]);
    process::run(
        "clippy for this machine",
        &mut command,
        &place::log("clippy"),
    )?;
    Ok("")
}

/// Clippy for the browser side, as it is compiled.
fn clippy_wasm(_: Option<&str>) -> Outcome<Note> {
    tools::wasm_target()?;
    let clippy = || {
        let mut command = process::cargo();
        command.args(["clippy", "--target", "wasm32-unknown-unknown"]);
        command
    };
    let warnings = ["--", "-D", "warnings"];
    let mut browser_side = clippy();
    for package in WASM_PACKAGES {
        browser_side.args(["-p", package]);
    }
    process::run(
        "clippy for WebAssembly",
        browser_side.args(warnings),
        &place::log("clippy-wasm"),
    )?;
    // Its pure part is to run in a browser tab one day; here it shows that it still does no IO.
    let mut sandbox = clippy();
    sandbox.args(["-p", "portico-sandbox", "--lib", "--no-default-features"]);
    process::run(
        "clippy for the sandbox without its shell",
        sandbox.args(warnings),
        &place::log("clippy-wasm-sandbox"),
    )?;
    Ok("")
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
    fn a_step_that_runs_when_named_is_no_part_of_the_full_run() {
        let names = |name| -> Vec<&str> { chosen(name).iter().map(|(step, _)| *step).collect() };
        assert_eq!(names(Some("gallery")), ["gallery"]);
        assert_eq!(names(Some("browser")), ["browser"]);
        let full = names(None);
        assert_eq!(full.len(), STEPS.len());
        assert!(NAMED_ONLY.iter().all(|(step, _)| !full.contains(step)));
    }

    #[test]
    fn a_filter_is_refused_where_it_would_change_nothing() {
        let failure = run(Some("fmt:reload")).unwrap_err().to_string();
        assert!(failure.contains("takes no filter"), "{failure}");
    }
}
