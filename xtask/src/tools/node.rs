//! Tools that are published for Node.js, each in a folder of its own.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use super::{in_ci, lock};
use crate::say::{self, Failure, OrSay, Outcome};
use crate::{place, process};

/// What the browser tests check accessibility with; tests read its source from the path.
const AXE: &str = "4.14.1";

/// The folder whose `node_modules` holds the package; none where there is no npm.
pub(crate) fn package(name: &str, version: &str) -> Outcome<Option<PathBuf>> {
    let home = place::tools()?.join(format!("{name}-{version}"));
    let manifest = home.join("node_modules").join(name).join("package.json");
    if manifest.is_file() && place::on_path("node").is_some() {
        return Ok(Some(home));
    }
    let (Some(npm), Some(_)) = (place::on_path("npm"), place::on_path("node")) else {
        return Ok(None);
    };
    let _lock = lock()?;
    fs::create_dir_all(&home).or_say(home.display())?;
    let mut command = Command::new(npm);
    // No scripts: what is fetched here is data and WebAssembly.
    command.args([
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
    ]);
    command
        .arg(&home)
        .arg(format!("{name}@{version}"))
        .current_dir(&home);
    let title = format!("fetching {name} {version} with npm");
    let (passed, _) = process::attempt(&title, &mut command, &place::log(name))?;
    if passed && manifest.is_file() {
        return Ok(Some(home));
    }
    say::progress(format_args!("npm could not fetch {name} {version}:"));
    say::progress(process::tail(&place::log(name), 8));
    Ok(None)
}

/// The path of `axe.min.js`: `$PORTICO_AXE`, or fetched with npm.
///
/// Errors: on a build machine, when it cannot be had. Elsewhere the answer is none.
pub(crate) fn axe() -> Outcome<Option<PathBuf>> {
    if let Some(path) = env::var_os("PORTICO_AXE")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
    {
        return if path.is_file() {
            Ok(Some(path))
        } else {
            Err(Failure::new(format!(
                "PORTICO_AXE names {}, which is no file.",
                path.display()
            )))
        };
    }
    if let Some(home) = package("axe-core", AXE)? {
        return Ok(Some(home.join("node_modules/axe-core/axe.min.js")));
    }
    let help = "The accessibility checks need axe-core, which comes through npm: install Node.js, \
                or set PORTICO_AXE to an axe.min.js.";
    if in_ci() {
        return Err(Failure::new(help));
    }
    say::progress(help);
    Ok(None)
}
