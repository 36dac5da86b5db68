//! Faults and records: UF-1, UF-2, UF-4, UF-6, UF-7, EX-5, AR-2.

use std::time::Duration;

use portico_sandbox::model::Health;
use portico_sandbox::{CALLS_KEPT, Fault, FaultAnswer, Request};
use serde_json::json;

use crate::{NOW, SMALL, full_token, refresh, sandbox};

/// Each answer for as many calls as asked, on the paths and methods asked.
#[test]
fn faults_hit_what_they_name_and_run_out() {
    let cases = [
        (FaultAnswer::Status(500), 500, "internal error"),
        (
            FaultAnswer::Status(423),
            423,
            "refused by a fault of the sandbox",
        ),
        (FaultAnswer::Html502, 502, "<!doctype html>"),
        (FaultAnswer::Garbage, 200, "cut off"),
        (
            FaultAnswer::TooManyRequests {
                policy: "DAILY".to_owned(),
            },
            429,
            "You have reached your daily limit.",
        ),
        (
            FaultAnswer::TooManyRequests {
                policy: "SECONDLY".to_owned(),
            },
            429,
            "\"policyName\":\"SECONDLY\"",
        ),
        (
            FaultAnswer::Migration477 {
                retry_after: 86_400,
            },
            477,
            "migrated",
        ),
        (
            FaultAnswer::OAuth("BAD_HUB".to_owned()),
            400,
            "access_denied",
        ),
    ];
    for (answer, status, text) in cases {
        let sandbox = sandbox("small");
        let token = full_token(&sandbox, SMALL);
        sandbox.with(|state| {
            state.faults.push(Fault {
                path_prefix: "/account-info/".to_owned(),
                method: Some("get".to_owned()),
                remaining: 2,
                answer: answer.clone(),
            });
        });
        let call = |path: &str| sandbox.call(&Request::get(path).bearer(&token), NOW);
        assert_eq!(call("/crm/v3/owners").status, 200, "another path");
        for _ in 0..2 {
            let response = call("/account-info/v3/details");
            assert_eq!(response.status, status);
            assert!(response.text().contains(text), "{}", response.text());
        }
        assert_eq!(
            call("/account-info/v3/details").status,
            200,
            "{answer:?} has run out"
        );
        assert!(sandbox.with(|state| state.faults.is_empty()));
    }
}

/// UF-6: the whole portal migrates; the header is in seconds.
#[test]
fn a_migrating_portal_answers_477() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    sandbox.with(|state| {
        state.portals.get_mut(&SMALL).unwrap().health = Health::Migrating { retry_after: 90 }
    });
    let response = sandbox.call(&Request::get("/crm/v3/owners").bearer(&token), NOW);
    assert_eq!(
        (response.status, response.header("retry-after")),
        (477, Some("90"))
    );
}

/// Latency is asked of the shell, never slept inside.
#[test]
fn latency_is_a_wish_to_the_shell() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    sandbox.with(|state| {
        state.switches.token_latency = Duration::from_secs(9);
        state.switches.api_latency = Duration::from_millis(40);
        state.faults.push(Fault {
            path_prefix: "/crm/".to_owned(),
            method: None,
            remaining: 1,
            answer: FaultAnswer::Slow(Duration::from_secs(2)),
        });
    });
    assert_eq!(
        refresh(&sandbox, "/oauth/2026-09/token", "x", NOW).delay,
        Duration::from_secs(9)
    );
    let slow = sandbox.call(&Request::get("/crm/v3/owners").bearer(&token), NOW);
    assert_eq!(
        (slow.status, slow.delay),
        (200, Duration::from_millis(2_040))
    );
    let page = sandbox.call(&Request::get("/oauth/authorize"), NOW);
    assert_eq!(page.delay, Duration::ZERO);
}

/// EX-5, AR-2: calls are recorded as received, and only the last ones are kept.
#[test]
fn calls_are_recorded_and_bounded() {
    let sandbox = sandbox("small");
    let request = Request::form(
        "/oauth/2026-09/token",
        &[("grant_type", "x"), ("client_id", "y")],
    )
    .with_header("X-Trace", "abc");
    sandbox.call(&request, NOW);
    sandbox.with(|state| {
        let call = state.calls_to("/oauth/")[0];
        assert_eq!(
            (call.at, call.method.as_str(), call.status),
            (NOW, "POST", 400)
        );
        assert_eq!(call.form_fields, ["grant_type", "client_id"]);
        assert_eq!(call.body, "grant_type=x&client_id=y");
        assert!(
            call.headers
                .contains(&("X-Trace".to_owned(), "abc".to_owned()))
        );
    });
    for n in 0..CALLS_KEPT {
        sandbox.call(&Request::get(&format!("/nothing?n={n}")), NOW);
    }
    sandbox.with(|state| {
        assert_eq!(state.calls.len(), CALLS_KEPT);
        assert_eq!(state.calls[0].query, "n=0", "the oldest is gone");
    });
    assert_eq!(
        json!(null),
        sandbox.call(&Request::get("/nothing"), NOW).to_value()
    );
}
