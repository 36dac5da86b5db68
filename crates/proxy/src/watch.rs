//! The configuration file while the proxy runs: read again when it changes or on SIGHUP.
//! Owns when; what of it counts without a restart, the library decides.

use portico_proxy::RunningProxy;
use portico_proxy::config::{Config, ConfigError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::{MissedTickBehavior, interval};

/// A change is in force after two looks: far within the minute that it may take.
const LOOK: Duration = Duration::from_secs(2);

/// A file and what of it was taken.
pub(crate) struct Watch {
    path: PathBuf,
    taken: Option<Vec<u8>>,
}

impl Watch {
    /// Begins before the file is loaded for the first time, so that no change falls between.
    pub(crate) fn begin(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            taken: std::fs::read(path).ok(),
        }
    }

    /// Reloads until it is dropped.
    pub(crate) async fn run(mut self, proxy: &RunningProxy, started: &Config, mut hangup: Signal) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = self.taken.clone();
        loop {
            let asked = tokio::select! {
                _ = looks.tick() => false,
                heard = hangup.recv() => heard.is_some(),
            };
            let text = match tokio::fs::read(&self.path).await {
                Ok(text) => Some(text),
                Err(error) => {
                    if seen.is_some() {
                        tracing::error!(
                            error = %error,
                            "the configuration file cannot be read; what is in force stays"
                        );
                    }
                    None
                }
            };
            // Twice the same: whoever writes it has finished.
            let settled = text.is_some() && text == seen && text != self.taken;
            seen.clone_from(&text);
            if settled || (asked && text.is_some()) {
                self.taken = text;
                match started.load_again(&self.path, std::env::vars()) {
                    Ok(newer) => {
                        if let Err(error) = proxy.reload(newer) {
                            tell(&error);
                        }
                    }
                    Err(error) => tell(&error),
                }
            }
        }
    }
}

fn tell(error: &ConfigError) {
    match error {
        ConfigError::Several(faults) => faults.iter().for_each(tell),
        fault => tracing::error!(
            %fault,
            "the changed configuration has a fault; the former tenants stay in force"
        ),
    }
}
