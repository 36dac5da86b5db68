//! The sandbox against clients that others wrote: HubSpot's for Node.js and Python, GitHub's octokit.
//!
//! Owns what the suites are handed. They live in `tests/conformance`.

use std::env;
use std::process::Command;

use super::Note;
use crate::say::{self, Outcome};
use crate::tools::clients;
use crate::{place, process};

/// Runs all suites, or the cases whose name holds `filter`.
pub(super) fn check(filter: Option<&str>) -> Outcome<Note> {
    let suites = place::root().join("tests/conformance");
    let clients = clients::ensure(&suites)?;
    let mut build = process::cargo();
    build.args(["build", "-p", "portico-sandbox", "--bin", "portico-sandbox"]);
    process::run("compiling the sandbox", &mut build, &place::log("sandbox"))?;

    let program = place::target().join(format!("debug/portico-sandbox{}", env::consts::EXE_SUFFIX));
    let log = place::log("conformance");
    let mut command = Command::new(&clients.node);
    process::in_repository(&mut command);
    command
        .arg(suites.join("run.mjs"))
        .args(filter)
        .env("PORTICO_SANDBOX", program)
        .env("PORTICO_NODE_HOME", &clients.node_home)
        .env("PORTICO_PYTHON", &clients.python)
        .env("PORTICO_PYTHON_HOME", &clients.python_home)
        .env("CONFORMANCE_OUT", place::out().join("conformance"));
    process::run("conformance", &mut command, &log)?;
    // The last line is the count.
    say::progress(process::tail(&log, 1));
    Ok("")
}
