//! The clock and the snapshots of the control interface, through requests.

use portico_sandbox::Request;
use serde_json::json;

use crate::control::{DETAILS, act, get, post, status, steered};
use crate::{GENERATIONS, NOW, SMALL, full_token, refresh, tokens};

/// The clock moves for the shell, and a clock set back leaves no window full.
#[test]
fn the_clock_moves_and_comes_back() {
    let sandbox = steered("small");
    let offset = || sandbox.with(|state| state.clock_offset_ms);
    act(&sandbox, "advance-clock", &json!({ "ms": 60_000 }));
    assert_eq!(offset(), 60_000);
    let token = full_token(&sandbox, SMALL);
    sandbox.with(|state| state.portals.get_mut(&SMALL).unwrap().burst_limit = 1);
    assert_eq!(
        (
            status(&sandbox, &token, DETAILS),
            status(&sandbox, &token, DETAILS)
        ),
        (200, 429)
    );
    let told = act(
        &sandbox,
        "set-clock",
        &json!({ "at": "2020-01-01T00:00:00Z" }),
    );
    assert_eq!(told["now"], "2020-01-01T00:00:00Z");
    assert_eq!(
        offset(),
        60_000 + 1_577_836_800_000 - i64::try_from(NOW).unwrap()
    );
    assert_eq!(
        status(&sandbox, &token, DETAILS),
        200,
        "the window is empty"
    );
    act(&sandbox, "reset-clock", &json!({}));
    assert_eq!(offset(), 0);
}

/// A snapshot brings back everything: tokens, portals, randomness, and its moment.
#[test]
fn snapshots_bring_back_the_same_bytes() {
    let sandbox = steered("small");
    let (_, token) = tokens(&sandbox);
    let save = |name: &str| post(&sandbox, "/_sandbox/snapshots", &json!({ "name": name }));
    assert_eq!(save("before").status, 200);
    assert_eq!(save("").status, 400);
    let follow = |now: u64| {
        let answer = refresh(&sandbox, GENERATIONS[3], &token, now);
        let access = answer.to_value()["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let details = sandbox.call(
            &Request::get("/account-info/2027-03-beta/details").bearer(&access),
            now,
        );
        (format!("{answer:?}"), format!("{details:?}"))
    };
    let first = follow(NOW);
    act(
        &sandbox,
        "rename-portal",
        &json!({ "portal": SMALL, "name": "anders" }),
    );
    act(&sandbox, "uninstall", &json!({ "portal": SMALL }));
    assert_ne!(follow(NOW), first);
    let restore = Request::json("/_sandbox/snapshots/restore", &json!({ "name": "before" }));
    assert_eq!(sandbox.call(&restore, NOW + 5_000).status, 200);
    assert_eq!(
        sandbox.with(|state| state.clock_offset_ms),
        -5_000,
        "the moment comes back"
    );
    assert_eq!(follow(NOW), first);
    assert_eq!(
        sandbox.call(&restore, NOW).status,
        200,
        "as often as one likes"
    );
    assert_eq!(follow(NOW), first);

    let names = get(&sandbox, "/_sandbox/snapshots");
    assert_eq!(
        names["snapshots"].as_array().map(Vec::len),
        Some(2),
        "start and before"
    );
    assert_eq!(
        sandbox
            .call(&Request::new("DELETE", "/_sandbox/snapshots/before"), NOW)
            .status,
        200
    );
    assert_eq!(sandbox.call(&restore, NOW).status, 404);
    act(
        &sandbox,
        "reset",
        &json!({ "fixture": "agency", "seed": 3 }),
    );
    let state = get(&sandbox, "/_sandbox/state");
    assert_eq!(state["portals"].as_array().map(Vec::len), Some(12));
    assert_eq!(refresh(&sandbox, GENERATIONS[3], &token, NOW).status, 400);
    act(&sandbox, "restore-snapshot", &json!({ "name": "start" }));
    assert_eq!(get(&sandbox, "/_sandbox/state")["portals"][0]["id"], SMALL);
}
