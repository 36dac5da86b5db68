//! Owns the sandbox's clock: forward, to a moment, back to the machine's. The shell adds the offset to its own clock.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table's signature: most actions can be refused"
)]

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Kind, need};
use crate::control::problem::Problem;
use crate::state::State;
use crate::time::iso;

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("advance-clock", "Moves the sandbox's clock forward.", &[need("ms", Kind::Millis, "how far")], advance),
    action("set-clock", "Sets the sandbox's clock to a moment; rate windows start empty when it goes back.", &[need("at", Kind::Moment, "the moment")], set),
    action("reset-clock", "Gives the sandbox the machine's clock again; rate windows start empty.", &[], reset),
];

/// Largest move, a thousand years: beyond it, instants would not print.
const FURTHEST: u64 = 1_000 * 366 * crate::time::DAY;

/// Moves the clock from `now` to `then`.
pub(crate) fn turn(state: &mut State, now: u64, then: u64) {
    let forward = i64::try_from(then.abs_diff(now)).unwrap_or(i64::MAX);
    let step = if then < now { -forward } else { forward };
    state.clock_offset_ms = state.clock_offset_ms.saturating_add(step);
    if then < now {
        // Calls of a future that has not been must not fill the windows of today.
        state.empty_windows();
    }
}

fn advance(act: &mut Act<'_>) -> Done {
    let ms = act.args.number("ms").unwrap_or_default();
    let then = act.now.saturating_add(ms);
    move_to(act, then)
}

fn set(act: &mut Act<'_>) -> Done {
    let then = act.args.number("at").unwrap_or_default();
    move_to(act, then)
}

fn reset(act: &mut Act<'_>) -> Done {
    let then = act
        .now
        .saturating_add_signed(act.state.clock_offset_ms.saturating_neg());
    act.state.empty_windows();
    act.state.clock_offset_ms = 0;
    Ok(json!({ "now": iso(then), "offsetMs": 0 }))
}

fn move_to(act: &mut Act<'_>, then: u64) -> Done {
    if then.abs_diff(act.now) > FURTHEST {
        return Err(Problem::invalid(
            "The clock moves a thousand years at most.",
        ));
    }
    turn(act.state, act.now, then);
    Ok(json!({ "now": iso(then), "offsetMs": act.state.clock_offset_ms }))
}
