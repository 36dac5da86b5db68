//! Chromium and its driver: found, or installed where this process may install packages.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::say::{Failure, Outcome};
use crate::{place, process};

/// The two programs of a browser test.
pub(crate) struct Browser {
    pub(crate) chrome: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

const CHROMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];
const CHROMES_ELSEWHERE: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const DRIVERS_ELSEWHERE: [&str; 2] = [
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
];

const HELP: &str = "The browser tests need Chromium and ChromeDriver. The one command:
  Debian, Ubuntu:  sudo apt-get install chromium chromium-driver
  Fedora:          sudo dnf install chromium chromedriver
  macOS:           brew install --cask chromium chromedriver
Or set CHROME and CHROMEDRIVER to the two programs.";

/// Finds the browser, and installs it where that is allowed.
pub(crate) fn ensure() -> Outcome<Browser> {
    if let Some(browser) = find()? {
        return Ok(browser);
    }
    if may_install() {
        apt_install(&["chromium", "chromium-driver"])?;
        if let Some(browser) = find()? {
            return Ok(browser);
        }
    }
    Err(Failure::new(HELP))
}

fn find() -> Outcome<Option<Browser>> {
    let chrome = named("CHROME")?.or_else(|| {
        let known = CHROMES_ELSEWHERE
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file());
        CHROMES
            .iter()
            .find_map(|name| place::on_path(name))
            .or(known)
    });
    let chromedriver = named("CHROMEDRIVER")?.or_else(|| {
        let known = DRIVERS_ELSEWHERE
            .iter()
            .map(PathBuf::from)
            .find(|path| path.is_file());
        place::on_path("chromedriver").or(known)
    });
    Ok(chrome
        .zip(chromedriver)
        .map(|(chrome, chromedriver)| Browser {
            chrome,
            chromedriver,
        }))
}

/// A program that the environment names, as a path or as a name on PATH.
fn named(variable: &str) -> Outcome<Option<PathBuf>> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(&value);
    let found = if path.is_file() {
        Some(path)
    } else {
        place::on_path(&value.to_string_lossy())
    };
    found.map(Some).ok_or_else(|| {
        Failure::new(format!(
            "{variable} names {}, which is no program.",
            value.to_string_lossy()
        ))
    })
}

/// Whether system packages may be installed: Debian's tool is there and we are root.
pub(crate) fn may_install() -> bool {
    let root = || process::first_line(Command::new("id").arg("-u")).as_deref() == Some("0");
    place::on_path("apt-get").is_some() && root()
}

/// Installs Debian packages; call only where [`may_install`].
pub(crate) fn apt_install(packages: &[&str]) -> Outcome {
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let log = place::log("apt");
    process::run(
        "refreshing Debian's package lists",
        apt().arg("update"),
        &log,
    )?;
    let title = format!("installing {}", packages.join(" and "));
    process::run(&title, apt().args(["install", "-y"]).args(packages), &log)?;
    Ok(())
}
