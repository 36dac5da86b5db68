//! What `packaging/` gives an operator, tried with the programs it is for.
//!
//! Owns which checks there are. What must hold behind nginx and Caddy stands in `tests/tests/http/fronts.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Note, suites};
use crate::say::{Failure, OrSay, Outcome};
use crate::tools::fronts;
use crate::{place, process, random};

const UNIT: &str = "portico-proxy.service";
const INSTALLED: &str = "/usr/local/bin/portico-proxy";
/// Tenths of systemd's exposure level, 0 to 100; it calls up to 20 good. Ours is at 15.
const EXPOSURE: &str = "20";

/// Checks the unit and both configurations, then sends requests through the two servers.
pub(super) fn check() -> Outcome<Note> {
    let fronts = fronts::ensure()?;
    let scratch = std::env::temp_dir().join(format!("portico-operate-{}", random::token(9)?));
    fs::create_dir(&scratch).or_say(scratch.display())?;
    let formal = formal(&fronts, &scratch);
    // A few kilobytes, if it does not go.
    let _ = fs::remove_dir_all(&scratch);
    formal?;
    let mut programs = Vec::new();
    programs.extend(fronts.nginx.clone().map(|path| ("PORTICO_NGINX", path)));
    programs.extend(fronts.caddy.clone().map(|path| ("PORTICO_CADDY", path)));
    if !programs.is_empty() {
        suites::fronts(&programs)?;
    }
    let all = fronts.nginx.is_some() && fronts.caddy.is_some() && fronts.systemd_analyze.is_some();
    Ok(if all {
        ""
    } else {
        "not everything: nginx, Caddy or systemd is not at hand"
    })
}

/// What the programs themselves say of the files, which is not changed but for paths.
fn formal(fronts: &fronts::Fronts, scratch: &Path) -> Outcome {
    if let Some(caddy) = &fronts.caddy {
        let log = scratch.display().to_string();
        let file = changed("Caddyfile", "/var/log/caddy", &log, scratch)?;
        let mut command = Command::new(caddy);
        command
            .args(["validate", "--adapter", "caddyfile", "--config"])
            .arg(file);
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(name, scratch);
        }
        process::run("caddy validate", &mut command, &place::log("caddy"))?;
    }
    if let Some(analyze) = &fronts.systemd_analyze {
        // It looks whether the program is there; which it is plays no part.
        let unit = changed(UNIT, INSTALLED, "/bin/sh", scratch)?;
        let log = place::log("systemd-analyze");
        let mut verify = Command::new(analyze);
        process::run(
            "systemd-analyze verify",
            verify.arg("verify").arg(&unit),
            &log,
        )?;
        // It passes over a setting that it does not know, and only says so.
        let said = fs::read_to_string(&log).or_say(log.display())?;
        if said.contains(UNIT) {
            return Err(Failure::new(said));
        }
        let mut security = Command::new(analyze);
        security
            .args(["security", "--offline=yes", "--threshold", EXPOSURE])
            .arg(&unit);
        process::run("systemd-analyze security", &mut security, &log)?;
    }
    Ok(())
}

/// A copy of a packaged file with one thing replaced, which must be in it.
fn changed(name: &str, from: &str, to: &str, scratch: &Path) -> Outcome<PathBuf> {
    let original = place::root().join("packaging").join(name);
    let text = fs::read_to_string(&original).or_say(original.display())?;
    if !text.contains(from) {
        return Err(Failure::new(format!("packaging/{name} has no {from}.")));
    }
    let copy = scratch.join(name);
    fs::write(&copy, text.replace(from, to)).or_say(copy.display())?;
    Ok(copy)
}
