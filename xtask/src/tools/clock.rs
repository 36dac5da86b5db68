//! libfaketime, by which a test gives a process a clock that is wrong (RR-8).
//!
//! Owns finding it, and installing it where that is allowed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::browser::{apt_install, may_install};
use super::in_ci;
use crate::say::{self, Failure, Outcome};

/// The one for programs with threads.
const LIBRARY: &str = "libfaketimeMT.so.1";
/// Where distributions keep it; Debian below a folder named by the machine.
const FOLDERS: [&str; 5] = [
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
    "/usr/local/lib/faketime",
    "/usr/lib64",
    "/usr/lib",
];

const HELP: &str = "Replicas whose clocks are wrong are tested with libfaketime. The one command:
  Debian, Ubuntu:  sudo apt-get install faketime
  Fedora:          sudo dnf install libfaketime
Or set PORTICO_FAKETIME to its libfaketimeMT.so.1. Elsewhere than on Linux this one test is left out.";

/// The library, after having installed it if need be.
///
/// Errors: it cannot be had, on a build machine; elsewhere that is said.
pub(crate) fn ensure() -> Outcome<Option<PathBuf>> {
    let mut found = find();
    if found.is_none() && may_install() {
        apt_install(&["faketime"])?;
        found = find();
    }
    if found.is_none() {
        if in_ci() {
            return Err(Failure::new(HELP));
        }
        say::progress(HELP);
    }
    Ok(found)
}

fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("PORTICO_FAKETIME").filter(|value| !value.is_empty()) {
        return Some(named.into()).filter(|path: &PathBuf| path.is_file());
    }
    let by_machine = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let by_machine = by_machine.map(|entry| entry.path().join("faketime"));
    let known = FOLDERS.iter().map(|folder| Path::new(folder).to_path_buf());
    let mut files = known.chain(by_machine).map(|folder| folder.join(LIBRARY));
    files.find(|path| path.is_file())
}
