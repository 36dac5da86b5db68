//! Compiler flags of the browser side: no folder of this machine in the product, and small code.
//!
//! Owns the flags, and the check that no path came through; compiles nothing.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::{Failure, Outcome};
use crate::{place, process};

/// Between flags in `CARGO_ENCODED_RUSTFLAGS`, which paths with spaces pass through.
const BETWEEN: &str = "\u{1f}";

/// SHA-256 as a loop: the browser hashes a few kilobytes.
const COMPACT: [&str; 2] = ["--cfg", "sha2_backend_soft=\"compact\""];

/// The value of `CARGO_ENCODED_RUSTFLAGS`: what the environment asks for, and where paths begin.
/// `cut`: the module is cut afterwards, and keeps what that needs.
pub(super) fn rustflags(cut: bool) -> String {
    let asked = match env::var("CARGO_ENCODED_RUSTFLAGS") {
        Ok(flags) => flags.split(BETWEEN).map(str::to_owned).collect(),
        Err(_) => env::var("RUSTFLAGS")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    };
    // Of several that fit, the compiler takes the last.
    let folders = [place::target(), place::root()]
        .into_iter()
        .chain(cargo_home())
        .chain(registries())
        .chain(standard_library());
    let ours = folders.map(|folder| format!("--remap-path-prefix={}=", folder.display()));
    asked
        .into_iter()
        .chain(COMPACT.map(str::to_owned))
        .chain(cut.then(|| super::split::RUSTFLAG.to_owned()))
        .filter(|flag| !flag.is_empty())
        .chain(ours)
        .collect::<Vec<_>>()
        .join(BETWEEN)
}

/// Errors: the module names a folder of this machine.
pub(super) fn check(wasm: &[u8]) -> Outcome {
    names_none(wasm, &private())
}

fn names_none(wasm: &[u8], folders: &[PathBuf]) -> Outcome {
    for folder in folders {
        // With what follows it, because a home folder may be as short as a word.
        let path = format!("{}/", folder.display());
        let found = wasm
            .windows(path.len())
            .position(|bytes| bytes == path.as_bytes());
        if let Some(at) = found {
            let named: String = String::from_utf8_lossy(&wasm[at..wasm.len().min(at + 120)])
                .chars()
                .take_while(|c| !c.is_control())
                .collect();
            return Err(Failure::new(format!(
                "The WebAssembly holds a path of this machine: {named}"
            )));
        }
    }
    Ok(())
}

fn private() -> Vec<PathBuf> {
    [place::root(), place::target()]
        .into_iter()
        .chain(env::home_dir())
        .chain(cargo_home())
        .filter(|folder| folder.parent().is_some())
        .collect()
}

fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

/// One folder for each registry, whose name tells its host.
fn registries() -> Vec<PathBuf> {
    let sources = cargo_home().map(|home| home.join("registry/src"));
    let entries = sources.and_then(|sources| fs::read_dir(sources).ok());
    let mut folders: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // The order a folder is read in must not decide what is compiled anew.
    folders.sort();
    folders
}

fn standard_library() -> Option<PathBuf> {
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or(OsString::from("rustc")));
    let sysroot = process::first_line(command.args(["--print", "sysroot"]))?;
    Some(Path::new(&sysroot).join("lib/rustlib/src/rust"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_machine_in_the_product_is_an_error_that_names_it() {
        let folders = ["/home/someone".into(), "/srv/clone".into()];
        let failure = names_none(b"\0asm..\x01/home/someone/a.rs\0more", &folders).unwrap_err();
        assert!(failure.to_string().ends_with("/home/someone/a.rs"));
        assert!(names_none(b"src/a.rs", &folders).is_ok());
        assert!(names_none(b"/home/someone-else/a.rs", &folders).is_ok());
        assert!(names_none(b"", &folders).is_ok());
    }

    #[test]
    fn the_compiler_is_told_where_paths_begin() {
        let flags = rustflags(false);
        let root = format!("--remap-path-prefix={}=", place::root().display());
        assert!(flags.split(BETWEEN).any(|flag| flag == root), "{flags}");
    }
}
