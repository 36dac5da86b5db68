//! Owns the control interface under `/_sandbox`: events, faults, scenarios, snapshots, the record of calls, the page.
//! Off unless [`Control::enabled`]; then it answers before faults, limits and the record, none of which it touches.

mod actions;
mod args;
mod calls;
pub(crate) mod conditions;
mod events;
mod github;
mod guard;
mod overview;
mod page;
mod problem;
mod routes;
pub(crate) mod scenarios;
mod switches;

use std::collections::BTreeMap;

pub use events::Tokens;
pub(crate) use routes::answer;

use crate::shared::Shared;
use crate::state::State;

use conditions::Condition;
use scenarios::Running;

/// Where the interface lives.
const ROOT: &str = "/_sandbox";
/// The field by which the page's forms say which portal they were sent from.
const SHOWN: &str = "shown-portal";
/// The snapshot taken when the interface is switched on.
const START: &str = "start";

/// What the control interface is allowed and what it set going.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Whether `/_sandbox` is served; otherwise it is an unknown path like any other.
    pub enabled: bool,
    /// Host names, without port, under which `/_sandbox` answers beside the loopback ones.
    pub hosts: Vec<String>,
    /// How many calls were recorded since the start, those no longer kept included.
    pub calls_seen: u64,
    pub(crate) snapshots: BTreeMap<String, Snapshot>,
    pub(crate) standing: Standing,
}

/// What stands until it is undone, is over or has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// Answers that calls get.
    pub(crate) conditions: Vec<Condition>,
    /// Scenarios under way, oldest first.
    pub(crate) running: Vec<Running>,
    /// The same of GitHub.
    pub(crate) github: Vec<scenarios::github::Running>,
    /// Portals whose next consent page comes with optional scopes unticked: these, or all.
    pub(crate) unticked: BTreeMap<u64, Option<Vec<String>>>,
    /// Portals whose next consent ends in another one.
    pub(crate) elsewhere: BTreeMap<u64, u64>,
}

/// A state kept under a name.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The sandbox's moment then.
    pub(crate) at: u64,
    pub(crate) state: Shared<State>,
}

impl State {
    /// Allows `/_sandbox` under loopback names and `hosts`, and keeps the snapshot `start`, to which one can return.
    pub fn enable_control(&mut self, hosts: Vec<String>, now: u64) {
        self.control.enabled = true;
        self.control.hosts = hosts;
        actions::save_snapshot(self, START, now);
    }
}
