//! A program of this workspace as a person starts it: built when it is not there or not of today.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Path of `portico-proxy`, of the profile this test was built in.
pub fn proxy_binary() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> PathBuf {
    // …/target/debug/deps/http-0123: the profile's folder is two above.
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().to_owned();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "-p",
        "portico-proxy",
        "--bin",
        "portico-proxy",
    ]);
    cargo.arg("--target-dir").arg(folder.parent().unwrap());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo told this test about itself would make the next build another one.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_") {
            cargo.env_remove(name);
        }
    }
    assert!(
        cargo.status().unwrap().success(),
        "portico-proxy does not build"
    );
    folder.join("portico-proxy")
}
