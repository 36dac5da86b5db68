//! The programs that `packaging/` is for: nginx, Caddy, systemd's own checker.
//!
//! Owns finding them. systemd is never installed: where it is not at hand, nothing runs by it.

use std::path::{Path, PathBuf};

use super::browser::{apt_install, may_install};
use super::in_ci;
use crate::place;
use crate::say::{self, Failure, Outcome};

/// Where Debian and Homebrew keep servers; an ordinary user's PATH may lack them.
const ELSEWHERE: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];
const HELP: &str =
    "The examples in packaging/ are tried with nginx, Caddy and openssl. The one command:
  Debian, Ubuntu:  sudo apt-get install nginx-light caddy openssl
  Fedora:          sudo dnf install nginx caddy openssl
  macOS:           brew install nginx caddy openssl";

/// What there is of them.
pub(crate) struct Fronts {
    /// Only together with openssl, which makes its certificate.
    pub(crate) nginx: Option<PathBuf>,
    pub(crate) caddy: Option<PathBuf>,
    pub(crate) systemd_analyze: Option<PathBuf>,
}

impl Fronts {
    fn find() -> Self {
        Self {
            nginx: on_path("nginx").filter(|_| on_path("openssl").is_some()),
            caddy: on_path("caddy"),
            systemd_analyze: on_path("systemd-analyze"),
        }
    }

    fn servers_are_there(&self) -> bool {
        self.nginx.is_some() && self.caddy.is_some()
    }
}

/// Finds them, and installs the two servers where that is allowed.
///
/// Errors: one cannot be had, on a build machine; elsewhere that is said.
pub(crate) fn ensure() -> Outcome<Fronts> {
    let mut found = Fronts::find();
    if !found.servers_are_there() && may_install() {
        apt_install(&["nginx-light", "caddy", "openssl"])?;
        found = Fronts::find();
    }
    if !found.servers_are_there() {
        if in_ci() {
            return Err(Failure::new(HELP));
        }
        say::progress(HELP);
    }
    Ok(found)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let elsewhere = || ELSEWHERE.iter().map(|dir| Path::new(dir).join(name));
    place::on_path(name).or_else(|| elsewhere().find(|path| path.is_file()))
}
