//! What the browser tests and `bench-connect` stand on: a real Chromium, a proxy and a sandbox in process.
//!
//! Owns starting, driving and ending them. Judges nothing of the app's: what must hold stands in the tests.
//! `cargo xtask test --only browser` builds the bundle and sets the `PORTICO_…` variables read here.

mod axe;
mod chromium;
mod gallery;
mod page;
mod partner;
mod stage;
mod story;
mod watch;

pub use axe::Axe;
pub use chromium::{Browser, Popups};
pub use gallery::Gallery;
pub use page::{Page, Theme};
pub use partner::Partner;
pub use stage::{Setup, Stage};
pub use watch::Sent;

use std::path::PathBuf;

/// The value of a variable that `cargo xtask test` sets.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Folder of the finished bundle.
fn dist() -> PathBuf {
    variable("PORTICO_DIST")
        .expect("PORTICO_DIST names no folder: run `cargo xtask test --only browser`")
}

/// Folder of the pictures, made if missing.
fn pictures() -> PathBuf {
    let folder = variable("PORTICO_OUT").unwrap_or_else(|| "out/screenshots".into());
    std::fs::create_dir_all(&folder).expect("the folder of PORTICO_OUT can be made");
    folder
}
