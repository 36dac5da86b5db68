//! The tests that are programs: unit, HTTP, browser.
//!
//! Owns which of them runs when, and what the browser tests are handed. They live in the rooms.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Note, host_packages};
use crate::say::{self, Failure, OrSay, Outcome};
use crate::tools::{browser, clock, node, postgres};
use crate::{bundle, place, process};

/// The package of the tests that come through the public doors.
const DOORS: &str = "portico-tests";

/// What stands beside the code, in every crate.
pub(super) fn unit(filter: Option<&str>) -> Outcome<Note> {
    let mut command = match runner() {
        Runner::Nextest => nextest(&format!("not (package({DOORS}) & kind(test))"), filter)?,
        Runner::Cargo => {
            let mut command = process::cargo();
            host_packages(command.arg("test")).args(["--no-fail-fast", "--lib", "--bins"]);
            for name in crate_tests()? {
                command.args(["--test", &name]);
            }
            command.args(filter);
            command
        }
    };
    run("unit tests", &mut command, &place::log("unit"), filter)?;
    if filter.is_some() {
        // Of the crates that run here; `cargo test -p portico` has a filter of its own.
        return Ok("");
    }
    // The widget's pure parts: what needs no browser is tested without one.
    let mut command = process::cargo();
    command.args(["test", "-p", "portico", "--lib"]);
    let title = "unit tests of the browser side";
    run(title, &mut command, &place::log("unit-browser-side"), None)
}

/// The proxy against the sandbox, over HTTP, on SQLite.
pub(super) fn http(filter: Option<&str>) -> Outcome<Note> {
    let proxy = proxy()?;
    let mut command = door("http", filter)?;
    let note = with_wrong_clocks(&mut command)?;
    many_at_once(&mut command)
        .env("PORTICO_PROXY_BIN", proxy)
        .env("PORTICO_TEST_DATABASE", "sqlite");
    run("HTTP tests", &mut command, &place::log("http"), filter)?;
    Ok(note)
}

/// Names the library that makes clocks wrong; answers what is left out without it.
fn with_wrong_clocks(command: &mut Command) -> Outcome<Note> {
    let Some(library) = clock::ensure()? else {
        return Ok("without clocks that are wrong; what to do stands above");
    };
    command.env("PORTICO_TEST_FAKETIME", library);
    Ok("")
}

/// Most of these tests wait for times to pass, so that more of them than there are cores run well together.
fn many_at_once(command: &mut Command) -> &mut Command {
    match runner() {
        Runner::Nextest => command.args(["--test-threads", "4"]),
        Runner::Cargo => command,
    }
}

/// The same tests, each on a database of its own in a PostgreSQL of this run.
pub(super) fn http_postgres(filter: Option<&str>) -> Outcome<Note> {
    let proxy = proxy()?;
    let server = postgres::Server::start()?;
    let mut command = door("http", filter)?;
    let note = with_wrong_clocks(&mut command)?;
    many_at_once(&mut command)
        .env("PORTICO_PROXY_BIN", proxy)
        .env("PORTICO_TEST_DATABASE", "postgres")
        .env("PORTICO_TEST_POSTGRES", server.url());
    run(
        "HTTP tests on PostgreSQL",
        &mut command,
        &place::log("http-postgres"),
        filter,
    )?;
    Ok(note)
}

/// Processes killed at random, tokens that work once, and a herd, in bounded runs on both databases; prints the figures.
pub(super) fn faults(filter: Option<&str>) -> Outcome<Note> {
    let proxy = proxy()?;
    let server = postgres::Server::start()?;
    for (kind, title) in [
        ("sqlite", "faults on SQLite"),
        ("postgres", "faults on PostgreSQL"),
    ] {
        // Cargo's own runner: it lets the figures through. One after the other, for each loads the machine by itself.
        let mut command = process::cargo();
        host_packages(command.arg("test"))
            .args(["--no-fail-fast", "--test", "faults", "--"])
            .args(filter)
            .args(["--nocapture", "--test-threads", "1"])
            .env("PORTICO_PROXY_BIN", &proxy)
            .env("PORTICO_TEST_DATABASE", kind)
            .env("PORTICO_TEST_POSTGRES", server.url());
        let log = place::log(&format!("faults-{kind}"));
        run(title, &mut command, &log, filter)?;
        let said = fs::read_to_string(&log).or_say(log.display())?;
        if let Some((_, figures)) = said.split_once("\nrunning ") {
            say::progress(format_args!("{title}: running {figures}"));
        }
    }
    Ok("")
}

/// The HTTP tests that need servers to stand in front, given by the variables that name them.
pub(super) fn fronts(programs: &[(&str, PathBuf)]) -> Outcome<Note> {
    let filter = Some("fronts");
    let mut command = door("http", filter)?;
    command
        .env("PORTICO_TEST_DATABASE", "sqlite")
        .envs(programs.iter().map(|(name, path)| (name, path)));
    let title = "what stands in front";
    run(title, &mut command, &place::log("fronts"), filter)
}

/// The HTTP test that calls the proxy by a description of it, with the Python packages that do so.
pub(super) fn described(python: &Path, packages: &Path, out: &Path) -> Outcome<Note> {
    let filter = Some("openapi_live");
    let mut command = door("http", filter)?;
    command
        .env("PORTICO_TEST_DATABASE", "sqlite")
        .env("PORTICO_PYTHON", python)
        .env("PORTICO_PYTHON_HOME", packages)
        .env("PORTICO_OPENAPI_OUT", out);
    let title = "schemathesis against the proxy";
    run(title, &mut command, &place::log("openapi"), filter)
}

/// The proxy as a program, for tests that kill it: no runner builds it for another package's tests.
pub(crate) fn proxy() -> Outcome<PathBuf> {
    let name = "portico-proxy";
    let mut command = process::cargo();
    host_packages(command.arg("build")).args(["--bin", name]);
    process::run(
        "building the proxy",
        &mut command,
        &place::log("build-proxy"),
    )?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    // Absolute: a test runs in the folder of its package.
    std::path::absolute(place::target().join("debug").join(file)).or_say(name)
}

/// The finished bundle in a real Chromium.
pub(super) fn browser(filter: Option<&str>) -> Outcome<Note> {
    in_chromium("browser", filter, &[])
}

/// Browser tests by the name of the step that runs them, handed something more than usual.
pub(super) fn in_chromium(
    step: &str,
    filter: Option<&str>,
    further: &[(&str, PathBuf)],
) -> Outcome<Note> {
    let environment = browser_environment()?;
    let mut command = door("browser", filter)?;
    // Each starts a Chromium of its own, which is several busy processes already.
    match runner() {
        Runner::Nextest => command.args(["--test-threads", "1"]),
        Runner::Cargo => command.args(["--", "--test-threads", "1"]),
    };
    let further = further.iter().map(|(name, path)| (name, path));
    command.envs(environment).envs(further);
    let title = format!("{step} tests");
    run(&title, &mut command, &place::log(step), filter)
}

/// What a browser test is handed: the finished bundle, the browser, axe-core, a place for pictures.
pub(crate) fn browser_environment() -> Outcome<Vec<(&'static str, PathBuf)>> {
    // Before the bundle: a missing browser is known at once.
    let browser = browser::ensure()?;
    let axe = node::axe()?;
    let dist = place::out().join("demo-dist");
    bundle::build(&bundle::Site::app(), &dist, None)?;
    let pictures = place::out().join("screenshots");
    fs::create_dir_all(&pictures).or_say(pictures.display())?;
    let mut environment = vec![
        ("PORTICO_DIST", dist),
        ("PORTICO_CHROME", browser.chrome),
        ("PORTICO_CHROMEDRIVER", browser.chromedriver),
        ("PORTICO_OUT", pictures),
    ];
    environment.extend(axe.map(|path| ("PORTICO_AXE", path)));
    Ok(environment)
}

/// Runs the tests; a filter that matches none is a slip of the person, not a success.
fn run(title: &str, command: &mut Command, log: &Path, filter: Option<&str>) -> Outcome<Note> {
    process::run(title, command, log)?;
    // nextest refuses by itself; cargo's own runner is content with nothing.
    let said = fs::read_to_string(log).or_say(log.display())?;
    let counts: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("running "))
        .collect();
    match filter {
        Some(filter) if !counts.is_empty() && counts.iter().all(|count| *count == "0 tests") => {
            Err(Failure::new(format!("No test's name holds {filter}.")))
        }
        _ => Ok(""),
    }
}

fn door(name: &str, filter: Option<&str>) -> Outcome<Command> {
    match runner() {
        Runner::Nextest => nextest(&format!("package({DOORS}) & binary(={name})"), filter),
        Runner::Cargo => {
            let mut command = process::cargo();
            host_packages(command.arg("test"))
                .args(["--no-fail-fast", "--test", name])
                .args(filter);
            Ok(command)
        }
    }
}

enum Runner {
    /// Runs tests beside each other and shows what hangs.
    Nextest,
    Cargo,
}

fn runner() -> Runner {
    let found = process::first_line(process::cargo().args(["nextest", "--version"]));
    if found.is_some() {
        Runner::Nextest
    } else {
        Runner::Cargo
    }
}

fn nextest(which: &str, filter: Option<&str>) -> Outcome<Command> {
    let expression = match filter {
        Some(filter) => format!("({which}) & test({})", plain(filter)?),
        None => which.to_owned(),
    };
    let mut command = process::cargo();
    host_packages(command.args(["nextest", "run", "--config-file", "xtask/nextest.toml"]));
    command.args([
        "--no-fail-fast",
        "--status-level",
        "slow",
        "--final-status-level",
        "fail",
        "-E",
        &expression,
    ]);
    Ok(command)
}

/// A filter is part of a test's path; anything else would be read as nextest's own language.
fn plain(filter: &str) -> Outcome<&str> {
    if filter
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    {
        Ok(filter)
    } else {
        Err(Failure::new(format!(
            "A filter is part of a test's name, unlike {filter:?}."
        )))
    }
}

/// Names of the crates' own integration tests, which cargo wants one by one.
fn crate_tests() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    let crates = place::root().join("crates");
    for room in fs::read_dir(&crates).or_say(crates.display())? {
        let tests = room.or_say(crates.display())?.path().join("tests");
        let Ok(entries) = fs::read_dir(&tests) else {
            continue;
        };
        for entry in entries {
            let path = entry.or_say(tests.display())?.path();
            let is_test = path.extension().is_some_and(|ending| ending == "rs")
                || path.join("main.rs").is_file();
            if let Some(stem) = path.file_stem().filter(|_| is_test) {
                names.push(stem.to_string_lossy().into_owned());
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_matches_no_test_fails() {
        let log = std::env::temp_dir().join(format!("xtask-{}", crate::random::token(9).unwrap()));
        let ran = |said: &str, filter| {
            let mut command = Command::new("printf");
            run("tests", command.arg(said), &log, filter).is_ok()
        };
        assert!(ran("running 0 tests\nrunning 2 tests\n", Some("a")));
        assert!(!ran("running 0 tests\nrunning 0 tests\n", Some("a")));
        assert!(ran("running 0 tests\n", None));
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_filter_is_a_name_and_not_an_expression() {
        assert!(plain("reload_in_the_middle::resumes").is_ok());
        for filter in ["a) | all()", "", "a b"] {
            assert_eq!(plain(filter).is_ok(), filter.is_empty(), "{filter:?}");
        }
    }
}
