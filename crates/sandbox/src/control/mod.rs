//! Owns the control interface under `/_sandbox`: events, faults, scenarios, snapshots, the record of calls, the page.
//! Off unless [`Control::enabled`]; then it answers before faults, limits and the record, none of which it touches.

#[expect(dead_code, reason = "the scenarios set them")]
pub(crate) mod conditions;
mod events;
mod guard;
#[expect(dead_code, reason = "the actions refuse with them")]
mod problem;

pub use events::Tokens;

use crate::http::{Request, Response};
use crate::state::State;

use conditions::Condition;
use problem::Problem;

/// What the control interface is allowed and what it set going. Not part of what a snapshot brings back.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Whether `/_sandbox` is served; otherwise it is an unknown path like any other.
    pub enabled: bool,
    /// Host names, without port, under which `/_sandbox` answers beside the loopback ones.
    pub hosts: Vec<String>,
    /// How many calls were recorded since the start, those no longer kept included.
    pub calls_seen: u64,
    /// What stands until it is undone or its time is over.
    pub(crate) conditions: Vec<Condition>,
}

const ROOT: &str = "/_sandbox";

/// The answer of the control interface; `None` when the call is not for it.
pub(crate) fn answer(state: &mut State, request: &Request, now: u64) -> Option<Response> {
    let rest = request.path.strip_prefix(ROOT)?;
    if !state.control.enabled || !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let _ = now;
    let refused = guard::check(request, &state.control.hosts).err();
    Some(
        refused
            .unwrap_or_else(|| Problem::unknown_path(&request.path))
            .respond(),
    )
}
