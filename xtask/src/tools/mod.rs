//! Gets what a build or a test needs and the machine lacks, into one folder outside the repository.
//!
//! Owns that folder. Never touches a system package unless it may (see [`browser`]).

pub(crate) mod browser;
pub(crate) mod clients;
pub(crate) mod clock;
pub(crate) mod fronts;
pub(crate) mod languages;
pub(crate) mod node;
pub(crate) mod postgres;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say::{self, Failure, Outcome};
use crate::{lockfile, place, process};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Trunk 0.22 changed its output; 0.21 is what `Trunk.toml` asks for.
const TRUNK: &str = "0.21.14";
/// Of the same house as `wasm_split_helpers` in the lock file, and of the same 0.2.
const WASM_SPLIT: &str = "0.2.4";
const CARGO_DENY: &str = "0.20.2";
/// What Rust's present features need; Debian 12 still has 108.
const WASM_OPT_LEAST: u32 = 116;
const BINARYEN: &str = "132.0.0";

/// The programs that a bundle is built with.
pub(crate) struct WasmTools {
    pub(crate) trunk: PathBuf,
    pub(crate) wasm_bindgen: PathBuf,
    /// Cuts the module into what loads first and later.
    pub(crate) wasm_split: PathBuf,
    /// None where it cannot be had: a demo runs without, published sizes carry a note.
    pub(crate) wasm_opt: Option<PathBuf>,
}

/// Everything for the WebAssembly side, fetched where missing.
pub(crate) fn for_wasm() -> Outcome<WasmTools> {
    wasm_target()?;
    Ok(WasmTools {
        trunk: trunk()?,
        wasm_bindgen: wasm_bindgen()?,
        wasm_split: wasm_split()?,
        wasm_opt: wasm_opt()?,
    })
}

/// Whether a missing tool must stop the run: on a build machine nothing is skipped.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// Rust's standard library for WebAssembly.
pub(crate) fn wasm_target() -> Outcome {
    let mut ask = Command::new("rustc");
    ask.args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(place::root());
    if process::first_line(&mut ask).is_some_and(|dir| Path::new(&dir).is_dir()) {
        return Ok(());
    }
    if place::on_path("rustup").is_none() {
        return Err(Failure::new(format!(
            "Rust's {WASM_TARGET} target is missing, and there is no rustup to add it.\n\
             Install it with the package manager that Rust came from \
             (Debian: libstd-rust-dev-wasm32; Fedora: rust-std-static-{WASM_TARGET}), \
             or install rustup from https://rustup.rs."
        )));
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", WASM_TARGET])
        .current_dir(place::root());
    process::run(
        &format!("adding Rust's {WASM_TARGET} target"),
        &mut add,
        &place::log("rustup"),
    )?;
    Ok(())
}

fn trunk() -> Outcome<PathBuf> {
    let fits = |text: &str| text.contains(" 0.21.");
    if let Some(path) = place::on_path("trunk").filter(|path| version_fits(path, fits)) {
        return Ok(path);
    }
    // Trunk's published lock file is known to build; its debug build is as quick in use, since
    // it only calls other programs.
    CargoTool {
        name: "trunk",
        binary: "trunk",
        version: TRUNK,
        locked: true,
        features: "",
        minutes: 2,
    }
    .ensure()
}

fn wasm_bindgen() -> Outcome<PathBuf> {
    let version = lockfile::version("wasm-bindgen")?;
    let wanted = format!("wasm-bindgen {version}");
    if let Some(path) =
        place::on_path("wasm-bindgen").filter(|path| version_fits(path, |text| text == wanted))
    {
        return Ok(path);
    }
    // Without --locked: 0.2.130 does not build with the lock file it was published with.
    CargoTool {
        name: "wasm-bindgen-cli",
        binary: "wasm-bindgen",
        version: &version,
        locked: false,
        features: "",
        minutes: 1,
    }
    .ensure()
}

/// It tells no version of its own, so a copy on PATH would be taken on trust: always ours.
fn wasm_split() -> Outcome<PathBuf> {
    CargoTool {
        name: "wasm_split_cli_support",
        binary: "wasm-split-cli",
        version: WASM_SPLIT,
        locked: true,
        features: "build-binary",
        minutes: 1,
    }
    .ensure()
}

/// cargo-deny from PATH or the tools' folder.
pub(crate) fn cargo_deny() -> Outcome<PathBuf> {
    if let Some(path) = place::on_path("cargo-deny") {
        return Ok(path);
    }
    CargoTool {
        name: "cargo-deny",
        binary: "cargo-deny",
        version: CARGO_DENY,
        locked: true,
        features: "",
        minutes: 1,
    }
    .ensure()
}

/// wasm-opt from PATH, or Binaryen's own npm package, or the distribution's.
fn wasm_opt() -> Outcome<Option<PathBuf>> {
    let new_enough = |path: &PathBuf| {
        version_fits(path, |text| {
            wasm_opt_version(text).is_some_and(|v| v >= WASM_OPT_LEAST)
        })
    };
    if let Some(path) = place::on_path("wasm-opt").filter(new_enough) {
        return Ok(Some(path));
    }
    if let Some(dir) = node::package("binaryen", BINARYEN)? {
        return Ok(Some(dir.join("node_modules/.bin/wasm-opt")));
    }
    if browser::may_install() {
        browser::apt_install(&["binaryen"])?;
        if let Some(path) = place::on_path("wasm-opt").filter(new_enough) {
            return Ok(Some(path));
        }
    }
    say::progress("wasm-opt is missing: the WebAssembly will be larger than it should be.");
    say::progress(wasm_opt_help());
    Ok(None)
}

/// The one thing to do where wasm-opt is missing.
pub(crate) fn wasm_opt_help() -> &'static str {
    "To have wasm-opt, install Node.js with npm (Portico then fetches Binaryen by itself), \
     or Binaryen 116 or newer (macOS: brew install binaryen; Fedora: dnf install binaryen)."
}

fn wasm_opt_version(text: &str) -> Option<u32> {
    let after = text.strip_prefix("wasm-opt version ")?;
    after
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn version_fits(program: &Path, fits: impl Fn(&str) -> bool) -> bool {
    process::first_line(Command::new(program).arg("--version")).is_some_and(|text| fits(&text))
}

/// A tool that cargo can build.
struct CargoTool<'a> {
    name: &'a str,
    binary: &'a str,
    version: &'a str,
    locked: bool,
    /// Between commas; empty for the default ones.
    features: &'a str,
    /// What building it took on two cores.
    minutes: u32,
}

impl CargoTool<'_> {
    fn home(&self) -> Outcome<PathBuf> {
        let folder = self.name.strip_suffix("-cli").unwrap_or(self.name);
        Ok(place::tools()?.join(format!("{folder}-{}", self.version)))
    }

    fn path(&self) -> Outcome<PathBuf> {
        Ok(self
            .home()?
            .join("bin")
            .join(format!("{}{}", self.binary, env::consts::EXE_SUFFIX)))
    }

    /// The program's path, after having built it if need be.
    fn ensure(&self) -> Outcome<PathBuf> {
        let path = self.path()?;
        if path.is_file() {
            return Ok(path);
        }
        let _lock = lock()?;
        if !path.is_file() && !self.fetch_built()? {
            self.build()?;
        }
        if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::new(format!(
                "{} was installed, yet {} is missing.",
                self.name,
                path.display()
            )))
        }
    }

    /// A published binary, for those who have cargo-binstall; no reason to fail.
    fn fetch_built(&self) -> Outcome<bool> {
        let Some(binstall) = place::on_path("cargo-binstall").filter(|_| self.features.is_empty())
        else {
            return Ok(false);
        };
        let mut command = Command::new(binstall);
        command
            .args(["--no-confirm", "--disable-telemetry", "--root"])
            .arg(self.home()?);
        command.arg(format!("{}@{}", self.name, self.version));
        process::in_repository(&mut command);
        let title = format!("fetching {} {}", self.name, self.version);
        let (passed, _) = process::attempt(&title, &mut command, &place::log(self.name))?;
        Ok(passed && self.path()?.is_file())
    }

    fn build(&self) -> Outcome {
        let work = place::tools()?.join(format!("build-{}", self.name));
        let mut command = process::cargo();
        command.args([
            "install",
            self.name,
            "--version",
            &format!("={}", self.version),
            "--debug",
        ]);
        command.args(["--bin", self.binary]);
        if self.locked {
            command.arg("--locked");
        }
        if !self.features.is_empty() {
            command.args(["--features", self.features]);
        }
        // Outside the repository, so that neither its .cargo/config.toml nor its target counts.
        command
            .arg("--root")
            .arg(self.home()?)
            .current_dir(place::tools()?);
        command
            .env("CARGO_TARGET_DIR", &work)
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("RUSTFLAGS");
        // Nobody debugs a tool: without its debug information it links in a third of the time.
        command
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_INCREMENTAL", "0");
        let title = format!(
            "building {} {}, once, about {} min on two cores",
            self.name, self.version, self.minutes
        );
        let built = process::run(&title, &mut command, &place::log(self.name));
        // Hundreds of megabytes that nobody needs again, whether it worked or not.
        let _ = fs::remove_dir_all(&work);
        built.map(|_| ()).map_err(|failure| {
            Failure::new(format!(
                "{failure}\nPortico needs {} {}. With another copy of it on PATH, nothing is built.",
                self.name, self.version
            ))
        })
    }
}

/// One run at a time changes the tools' folder.
fn lock() -> Outcome<File> {
    process::lock(&place::tools()?, "installing tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_opt_tells_its_version_in_three_ways() {
        let cases = [
            ("wasm-opt version 132 (version_132)", Some(132)),
            ("wasm-opt version 108", Some(108)),
            ("wasm-opt version 120 (version_120-b)", Some(120)),
            ("something else", None),
        ];
        for (text, want) in cases {
            assert_eq!(wasm_opt_version(text), want, "{text}");
        }
    }
}
