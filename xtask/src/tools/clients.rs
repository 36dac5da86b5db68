//! The independent clients of the conformance tests, and other packages of npm and PyPI by checked-in lists.
//!
//! Owns their folders among the tools, one for each state of the lists. Never writes into the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::lock;
use crate::say::{Failure, OrSay, Outcome};
use crate::{place, process};

/// What `node --test` and the clients' modules need.
const NODE_LEAST: u32 = 20;
/// What HubSpot's Python client declares.
pub(crate) const PYTHON_LEAST: u32 = 9;
/// Written last, so that a folder without it is unfinished.
const DONE: &str = "complete";

/// Where the clients are and what runs them.
pub(crate) struct Clients {
    pub(crate) node: PathBuf,
    /// The folder with `node_modules`.
    pub(crate) node_home: PathBuf,
    pub(crate) python: PathBuf,
    /// The folder for `PYTHONPATH`.
    pub(crate) python_home: PathBuf,
}

/// Fetches what is missing.
///
/// Errors: no Node.js with npm, no Python with pip, or a registry that cannot be reached; each says what to do.
pub(crate) fn ensure(manifests: &Path) -> Outcome<Clients> {
    let (node, npm) = node()?;
    let (python, python_version) = python(
        "The conformance tests run HubSpot's own Python client",
        PYTHON_LEAST,
    )?;
    let node_home = node_packages(manifests, &npm)?;
    let python_home = python_packages(
        manifests,
        &python,
        &python_version,
        "HubSpot's Python client",
        "clients-python",
    )?;
    Ok(Clients {
        node,
        node_home,
        python,
        python_home,
    })
}

fn node() -> Outcome<(PathBuf, PathBuf)> {
    let help = format!(
        "The conformance tests run HubSpot's and GitHub's own JavaScript clients: install Node.js {NODE_LEAST} \
         or newer with npm (https://nodejs.org; macOS: brew install node; Debian 13: apt install nodejs npm)."
    );
    let (Some(node), Some(npm)) = (place::on_path("node"), place::on_path("npm")) else {
        return Err(Failure::new(format!("node or npm is not on PATH. {help}")));
    };
    let version = process::first_line(Command::new(&node).arg("--version")).unwrap_or_default();
    if node_major(&version).is_some_and(|major| major >= NODE_LEAST) {
        Ok((node, npm))
    } else {
        Err(Failure::new(format!(
            "{} is {version}. {help}",
            node.display()
        )))
    }
}

fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Python, `least` its minor version, and a folder for `PYTHONPATH` with the packages that the list in `manifests`
/// names.
///
/// Errors: no Python with pip, or a registry that cannot be reached; each says what to do.
pub(crate) fn python_modules(
    manifests: &Path,
    what: &str,
    name: &str,
    least: u32,
) -> Outcome<(PathBuf, PathBuf)> {
    let (python, version) = python(&format!("Python runs {what}"), least)?;
    let title = format!("Python packages for {what}");
    let home = python_packages(
        manifests,
        &python,
        &version,
        &title,
        &format!("{name}-python"),
    )?;
    Ok((python, home))
}

fn python(why: &str, least: u32) -> Outcome<(PathBuf, String)> {
    let help = format!(
        "{why}: install Python 3.{least} or newer with pip \
         (https://www.python.org; macOS: brew install python; Debian: apt install python3 python3-pip)."
    );
    let Some(python) = place::on_path("python3") else {
        return Err(Failure::new(format!("python3 is not on PATH. {help}")));
    };
    // The version and the machine, since some packages hold compiled code.
    let script =
        "import platform, sys; print('%d.%d-%s' % (*sys.version_info[:2], platform.machine()))";
    let version =
        process::first_line(Command::new(&python).args(["-c", script])).unwrap_or_default();
    if python_minor(&version).is_none_or(|minor| minor < least) {
        return Err(Failure::new(format!(
            "{} is {version}. {help}",
            python.display()
        )));
    }
    if process::first_line(Command::new(&python).args(["-m", "pip", "--version"])).is_none() {
        return Err(Failure::new(format!(
            "{} has no pip. {help}",
            python.display()
        )));
    }
    Ok((python, version))
}

fn python_minor(version: &str) -> Option<u32> {
    version.strip_prefix("3.")?.split('-').next()?.parse().ok()
}

fn node_packages(manifests: &Path, npm: &Path) -> Outcome<PathBuf> {
    let files = ["package.json", "package-lock.json"];
    let home = home("clients-node", manifests, &files, "")?;
    if home.join(DONE).is_file() {
        return Ok(home);
    }
    let _lock = lock()?;
    if home.join(DONE).is_file() {
        return Ok(home);
    }
    fs::create_dir_all(&home).or_say(home.display())?;
    for file in files {
        fs::copy(manifests.join(file), home.join(file)).or_say(file)?;
    }
    let mut command = Command::new(npm);
    // No scripts: what is fetched here is only ever loaded by the suites.
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&home);
    fetch(
        "fetching HubSpot's and GitHub's clients with npm",
        &mut command,
        "clients-node",
    )?;
    fs::write(home.join(DONE), "").or_say(home.display())?;
    Ok(home)
}

fn python_packages(
    manifests: &Path,
    python: &Path,
    version: &str,
    what: &str,
    name: &str,
) -> Outcome<PathBuf> {
    let file = "requirements.txt";
    let home = home(name, manifests, &[file], version)?;
    if home.join(DONE).is_file() {
        return Ok(home);
    }
    let _lock = lock()?;
    if home.join(DONE).is_file() {
        return Ok(home);
    }
    fs::create_dir_all(&home).or_say(home.display())?;
    let mut command = Command::new(python);
    // Into a folder and not an environment of its own: distributions leave venv out.
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--upgrade",
            "--only-binary",
            ":all:",
        ])
        .args(["--disable-pip-version-check", "--no-compile", "--target"])
        .arg(&home)
        .arg("--requirement")
        .arg(manifests.join(file))
        .current_dir(&home);
    fetch(&format!("fetching {what} with pip"), &mut command, name)?;
    fs::write(home.join(DONE), "").or_say(home.display())?;
    Ok(home)
}

fn fetch(title: &str, command: &mut Command, log: &str) -> Outcome {
    process::run(title, command, &place::log(log)).map_err(|failure| {
        Failure::new(format!(
            "{failure}\nThe tests need these packages. Behind a mirror, set it as npm's `registry` \
             or pip's `index-url`; without a network, run the other steps with --only."
        ))
    })?;
    Ok(())
}

/// The folder for one state of the lists, so that a change of them never meets old packages.
fn home(name: &str, manifests: &Path, files: &[&str], also: &str) -> Outcome<PathBuf> {
    let mut hash = Sha256::new();
    hash.update(also);
    for file in files {
        let path = manifests.join(file);
        hash.update(fs::read(&path).or_say(path.display())?);
    }
    let digest = URL_SAFE_NO_PAD.encode(&hash.finalize()[..9]);
    Ok(place::tools()?.join(format!("{name}-{digest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_node_and_python_print_them() {
        for (text, want) in [("v20.20.2", Some(20)), ("v8.0.0", Some(8)), ("20.1", None)] {
            assert_eq!(node_major(text), want, "{text}");
        }
        for (text, want) in [("3.11-x86_64", Some(11)), ("2.7-x86_64", None), ("", None)] {
            assert_eq!(python_minor(text), want, "{text}");
        }
    }

    #[test]
    fn a_changed_list_is_another_folder() {
        let manifests =
            std::env::temp_dir().join(format!("xtask-{}", crate::random::token(9).unwrap()));
        fs::create_dir_all(&manifests).unwrap();
        let folder = |text: &str, also: &str| {
            fs::write(manifests.join("list"), text).unwrap();
            home("clients", &manifests, &["list"], also).unwrap()
        };
        assert_eq!(folder("a", "3.11"), folder("a", "3.11"));
        assert_ne!(folder("a", "3.11"), folder("b", "3.11"));
        assert_ne!(folder("a", "3.11"), folder("a", "3.12"));
        fs::remove_dir_all(&manifests).unwrap();
    }
}
