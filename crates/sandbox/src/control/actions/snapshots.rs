//! Owns named snapshots of the whole state, in memory, and the return to a fixture. Portals are shared until changed.

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Kind, may, need};
use crate::control::problem::Problem;
use crate::control::{Snapshot, scenarios};
use crate::shared::Shared;
use crate::state::State;

/// How many snapshots are kept; one more is refused.
const MOST: usize = 50;

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("save-snapshot", "Keeps the whole state under a name, clock and randomness included; an earlier one of that name goes.", &[
        need("name", Kind::Text, "1 to 60 characters"),
    ], keep),
    action("restore-snapshot", "Brings a snapshot back, its moment included; the snapshots stay.", &[
        need("name", Kind::Text, "as saved"),
    ], restore),
    action("delete-snapshot", "Forgets a snapshot.", &[need("name", Kind::Text, "as saved")], delete),
    action("reset", "Loads a fixture anew: no grant, call or fault is left; apps, snapshots and the clock stay.", &[
        need("fixture", Kind::Text, "small, agency, …"), may("seed", Kind::Integer, "1 if left out"),
    ], reset),
];

/// Keeps the state as it is; what it has in `control.snapshots` is not kept in it.
pub(crate) fn save(state: &mut State, name: &str, now: u64) {
    let others = std::mem::take(&mut state.control.snapshots);
    let snapshot = Snapshot {
        at: now,
        state: Shared::from(state.clone()),
    };
    state.control.snapshots = others;
    state.control.snapshots.insert(name.to_owned(), snapshot);
}

fn keep(act: &mut Act<'_>) -> Done {
    let name = act.args.needed("name");
    if name.trim().is_empty() || name.chars().count() > 60 {
        return Err(Problem::invalid("name takes 1 to 60 characters."));
    }
    let kept = &act.state.control.snapshots;
    if kept.len() >= MOST && !kept.contains_key(name) {
        return Err(Problem::conflict(format!(
            "There are {MOST} snapshots; delete one first."
        )));
    }
    save(act.state, name, act.now);
    Ok(json!({ "name": name }))
}

fn find(act: &Act<'_>) -> Result<Snapshot, Problem> {
    let (name, kept) = (act.args.needed("name"), &act.state.control.snapshots);
    kept.get(name).cloned().ok_or_else(|| {
        Problem::missing(format!("There is no snapshot {name:?}."))
            .known(kept.keys().map(String::as_str))
    })
}

fn restore(act: &mut Act<'_>) -> Done {
    let snapshot = find(act)?;
    let living = std::mem::replace(act.state, (*snapshot.state).clone());
    act.state.control.snapshots = living.control.snapshots;
    act.state.control.enabled = living.control.enabled;
    act.state.control.hosts = living.control.hosts;
    // Numbers of calls go on, so that who follows the record is not led astray.
    act.state.control.calls_seen = living.control.calls_seen;
    act.state.clock_offset_ms = living.clock_offset_ms;
    // The moment of the snapshot; windows are those of that moment, so the clock alone is turned.
    let behind = i64::try_from(act.now)
        .unwrap_or(i64::MAX)
        .saturating_sub(i64::try_from(snapshot.at).unwrap_or(i64::MAX));
    act.state.clock_offset_ms = act.state.clock_offset_ms.saturating_sub(behind);
    Ok(json!({ "name": act.args.needed("name") }))
}

fn delete(act: &mut Act<'_>) -> Done {
    find(act)?;
    let name = act.args.needed("name");
    act.state.control.snapshots.remove(name);
    Ok(json!({ "name": name }))
}

fn reset(act: &mut Act<'_>) -> Done {
    let (fixture, seed) = (
        act.args.needed("fixture"),
        act.args.number("seed").unwrap_or(1),
    );
    let mut fresh = State::fixture(fixture, seed, act.state.apps.clone())
        .map_err(|unknown| Problem::missing(unknown.to_string()))?;
    scenarios::undo_those(act.state, |_| true);
    fresh.github.apps = std::mem::take(&mut act.state.github.apps);
    fresh.apps = std::mem::take(&mut act.state.apps);
    fresh.clock_offset_ms = act.state.clock_offset_ms;
    fresh.switches.ip_redirect_uris = act.state.switches.ip_redirect_uris;
    fresh.control.enabled = true;
    fresh.control.hosts = std::mem::take(&mut act.state.control.hosts);
    fresh.control.snapshots = std::mem::take(&mut act.state.control.snapshots);
    fresh.control.calls_seen = act.state.control.calls_seen;
    *act.state = fresh;
    Ok(json!({ "fixture": fixture, "seed": seed }))
}
