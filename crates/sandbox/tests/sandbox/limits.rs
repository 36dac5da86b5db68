//! Rate limits as HubSpot keeps them: platform 4, P4.

use portico_sandbox::{BURST_LIMIT, DEMO_CLIENT_ID, Request};
use serde_json::json;

use crate::{NOW, SMALL, full_token, sandbox};

/// Platform 4: 110 calls per rolling ten seconds, told in headers; the 111th is refused until the first one leaves.
#[test]
fn the_burst_window_rolls() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let call = |now| {
        sandbox.call(
            &Request::get("/account-info/v3/details").bearer(&token),
            now,
        )
    };
    for n in 0..u64::from(BURST_LIMIT) {
        let response = call(NOW + n * 10);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-hubspot-ratelimit-max"), Some("110"));
        assert_eq!(
            response.header("x-hubspot-ratelimit-interval-milliseconds"),
            Some("10000")
        );
        assert_eq!(
            response.header("x-hubspot-ratelimit-remaining"),
            Some((109 - n).to_string().as_str())
        );
        assert_eq!(
            response.header("x-hubspot-ratelimit-daily"),
            None,
            "none for OAuth apps"
        );
    }
    let refused = call(NOW + 9_999);
    let body = refused.to_value();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(
        body["message"],
        "You have reached your ten_secondly_rolling limit."
    );
    assert_eq!(
        (&body["errorType"], &body["policyName"]),
        (&json!("RATE_LIMIT"), &json!("TEN_SECONDLY_ROLLING"))
    );
    assert_eq!(body.get("category"), None);
    assert_eq!(
        refused.header("x-hubspot-correlation-id"),
        body["correlationId"].as_str()
    );
    assert_eq!(
        call(NOW + 10_000).status,
        200,
        "the first call has left the window"
    );
    assert_eq!(call(NOW + 10_000).status, 429, "and only the first");
}

/// Platform 4: the window is per app and account; refused and unauthorised calls do not count.
#[test]
fn windows_are_per_account_and_count_admitted_calls() {
    let sandbox = sandbox("agency");
    let [one, two] = [4_418_276, 8_801_542].map(|portal| {
        sandbox.with(|state| {
            state.portals.get_mut(&portal).unwrap().burst_limit = 2;
            state
                .issue_grant(DEMO_CLIENT_ID, portal, &["oauth"], NOW)
                .unwrap()
                .access_token
        })
    });
    let call =
        |token: &str, path: &str| sandbox.call(&Request::get(path).bearer(token), NOW).status;
    assert_eq!(
        call(&one, "/crm/v3/owners"),
        403,
        "scope comes before rate and does not count"
    );
    for want in [200, 200, 429, 429] {
        assert_eq!(call(&one, "/account-info/v3/details"), want);
    }
    assert_eq!(call(&two, "/account-info/v3/details"), 200);
}

/// Platform 4: searches have their own window of five a second, without headers.
#[test]
fn searches_are_limited_by_the_second() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let call = |now| {
        sandbox.call(
            &Request::json("/crm/v3/lists/search", &json!({})).bearer(&token),
            now,
        )
    };
    for _ in 0..5 {
        let response = call(NOW);
        assert_eq!(response.status, 200);
        assert!(
            !response
                .headers
                .iter()
                .any(|(name, _)| name.contains("ratelimit"))
        );
    }
    let refused = call(NOW + 999);
    assert_eq!(
        (refused.status, refused.to_value()["message"].as_str()),
        (429, Some("You have reached your secondly limit."))
    );
    assert_eq!(call(NOW + 1_000).status, 200);
    let other = sandbox.call(
        &Request::get("/account-info/v3/details").bearer(&token),
        NOW,
    );
    assert_eq!(
        other.header("x-hubspot-ratelimit-remaining"),
        Some("109"),
        "searches are outside the burst window"
    );
}
