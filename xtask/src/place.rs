//! Where things are: the repository, cargo's target folder, the tools, the output.
//!
//! Owns paths only; creates nothing.

use std::env;
use std::path::PathBuf;

use crate::say::{Failure, Outcome};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    // Cargo tells at run time too; what was compiled in may be another clone's, where several
    // share one target folder.
    let xtask = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|dir| dir.ends_with("xtask"))
        .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    xtask.parent().unwrap_or(&xtask).to_path_buf()
}

/// Cargo's target folder, which the environment may have moved.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What is worth keeping between runs: optimised and compressed files by content hash.
pub(crate) fn cache() -> PathBuf {
    target().join("portico")
}

/// What a run leaves for people: logs, screenshots, the demo's bundle. Ignored by git.
pub(crate) fn out() -> PathBuf {
    root().join("out")
}

/// The log of the step `name`.
pub(crate) fn log(name: &str) -> PathBuf {
    out().join("logs").join(format!("{name}.log"))
}

/// The tools' folder, outside the repository so that every clone shares it:
/// `$PORTICO_TOOLS`, or `$XDG_CACHE_HOME/portico/tools`, or `~/.cache/portico/tools`.
pub(crate) fn tools() -> Outcome<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("PORTICO_TOOLS")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("portico/tools")))
        .or_else(|| env::home_dir().map(|dir| dir.join(".cache/portico/tools")))
        .ok_or_else(|| {
            Failure::new("There is no home folder to keep tools in; set PORTICO_TOOLS to a folder.")
        })
}

/// The first file called `name` in the folders of `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(&name))
        .find(|path| path.is_file())
}
