//! What can be asked about a token and what ends it: R1, R8–R11, D21, D27, UF-4, mission facts 1, 6 and 10.

use std::time::Duration;

use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request};
use serde_json::Value;

use crate::{GENERATIONS, NOW, SMALL, code, full_token, redeem, refresh, sandbox, tokens};

/// Mission fact 1, platform 1.4: introspection under all three field names; dead tokens are inactive.
#[test]
fn introspection_tells_live_tokens_from_dead_ones() {
    let sandbox = sandbox("small");
    let (access, refresh_token) = tokens(&sandbox);
    let ask = |field: &str, token: &str, now: u64| {
        let fields = [
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            (field, token),
        ];
        sandbox
            .call(
                &Request::form("/oauth/2026-03/token/introspect", &fields),
                now,
            )
            .to_value()
    };
    for field in ["token", "access_token", "refresh_token"] {
        let answer = ask(field, &access, NOW + 10_000);
        assert_eq!(
            (&answer["active"], &answer["expires_in"]),
            (&Value::from(true), &Value::from(1_790)),
            "{field}"
        );
        assert_eq!(answer["hub_domain"], "kiesel-raeder.example");
        assert_eq!(answer["user"], "anna.becker@kiesel-raeder.example");
        assert_eq!(answer["client_id"], DEMO_CLIENT_ID);
        assert_eq!(answer["signed_access_token"]["hublet"], "eu1");
    }
    let answer = ask("token", &refresh_token, NOW);
    assert_eq!(answer["token_use"], "refresh_token");
    assert!(answer.get("expires_in").is_none() && answer.get("signed_access_token").is_none());
    assert_eq!(
        ask("token", "unknown", NOW),
        serde_json::json!({ "active": false })
    );
    assert_eq!(
        ask("token", &access, NOW + 1_800_000),
        serde_json::json!({ "active": false })
    );
}

/// Mission fact 10, R11, D27: revoking kills the refresh token only; access tokens live to their expiry.
#[test]
fn revocation_does_not_cascade_to_access_tokens() {
    let sandbox = sandbox("small");
    let (access, token) = tokens(&sandbox);
    let fields = [
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("token", token.as_str()),
    ];
    let revoke = Request::form("/oauth/2026-09/token/revoke", &fields);
    let response = sandbox.call(&revoke, NOW);
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(
        sandbox.call(&revoke, NOW).status,
        200,
        "an unknown token is no error"
    );
    assert_eq!(
        refresh(&sandbox, GENERATIONS[1], &token, NOW).to_value()["status"],
        "BAD_REFRESH_TOKEN"
    );
    let details = Request::get("/account-info/2026-09/details").bearer(&access);
    assert_eq!(sandbox.call(&details, NOW).status, 200);
    assert_eq!(sandbox.call(&details, NOW + 1_800_000).status, 401);
}

/// R11, platform 11 row 6: uninstalling kills every token of the app in that portal at once.
#[test]
fn uninstalling_kills_all_tokens() {
    let sandbox = sandbox("small");
    let (access, token) = tokens(&sandbox);
    let uninstall = Request::new("DELETE", "/appinstalls/2026-09/external-install").bearer(&access);
    assert_eq!(sandbox.call(&uninstall, NOW).status, 204);
    let again = sandbox.call(&uninstall, NOW);
    assert_eq!(
        (again.status, &again.to_value()["category"]),
        (401, &Value::from("INVALID_AUTHENTICATION"))
    );
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &token, NOW).to_value()["status"],
        "BAD_REFRESH_TOKEN"
    );
}

/// Platform 1.4: v1 metadata of both tokens, and the delete that ends a refresh token.
#[test]
fn v1_metadata_and_delete() {
    let sandbox = sandbox("small");
    let (access, token) = tokens(&sandbox);
    let get = |path: String| sandbox.call(&Request::get(&path), NOW);
    let answer = get(format!("/oauth/v1/access-tokens/{access}")).to_value();
    assert_eq!(
        (&answer["token_type"], &answer["hub_id"]),
        (&Value::from("access"), &Value::from(SMALL))
    );
    assert_eq!(
        get("/oauth/v1/access-tokens/unknown".to_owned()).status,
        404
    );
    let answer = get(format!("/oauth/v1/refresh-tokens/{token}")).to_value();
    assert_eq!(
        (&answer["token_type"], &answer["client_id"]),
        (&Value::from("refresh"), &Value::from(DEMO_CLIENT_ID))
    );
    let delete = Request::new("DELETE", &format!("/oauth/v1/refresh-tokens/{token}"));
    assert_eq!(sandbox.call(&delete, NOW).status, 204);
    assert_eq!(get(format!("/oauth/v1/refresh-tokens/{token}")).status, 400);
}

/// R1, D21: an expired token is told apart from an unknown one; lifetimes follow the switches.
#[test]
fn expired_tokens_say_since_when() {
    let sandbox = sandbox("small");
    sandbox.with(|state| state.switches.access_token_lifetime = Duration::from_mins(1));
    let token = full_token(&sandbox, SMALL);
    let details = Request::get("/account-info/v3/details").bearer(&token);
    assert_eq!(sandbox.call(&details, NOW + 59_999).status, 200);
    let body = sandbox.call(&details, NOW + 60_000 + 180_000).to_value();
    assert_eq!(body["category"], "EXPIRED_AUTHENTICATION");
    assert_eq!(
        body["message"],
        "The OAuth token used to make this call expired 3 minute(s) ago."
    );
    let unknown = sandbox
        .call(&Request::get("/account-info/v3/details").bearer("x"), NOW)
        .to_value();
    assert_eq!(unknown["category"], "INVALID_AUTHENTICATION");
    let message = unknown["message"].as_str().expect("a message");
    assert!(message.starts_with(
        "Authentication credentials not found. This API supports OAuth 2.0 authentication"
    ));
}

/// R8, R10: a portal whose authorisation is withdrawn refuses its refresh token some time after connecting.
#[test]
fn a_withdrawn_authorisation_refuses_the_refresh() {
    let sandbox = sandbox("agency");
    let portal = 6_075_211;
    let token = sandbox
        .with(|state| state.issue_grant(DEMO_CLIENT_ID, portal, &["oauth"], NOW))
        .expect("a grant");
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &token.refresh_token, NOW + 60_000).status,
        200
    );
    let late = refresh(
        &sandbox,
        GENERATIONS[3],
        &token.refresh_token,
        NOW + 600_000,
    );
    assert_eq!(late.to_value()["status"], "BAD_REFRESH_TOKEN");
}

/// The controls that scenarios use (platform 1.6).
#[test]
fn controls_do_what_hubspot_events_do() {
    let sandbox = sandbox("small");
    let (access, token) = tokens(&sandbox);
    let details = Request::get("/account-info/v3/details").bearer(&access);
    sandbox.with(|state| state.expire_access_tokens(SMALL, NOW));
    assert_eq!(
        sandbox.call(&details, NOW).to_value()["category"],
        "EXPIRED_AUTHENTICATION"
    );
    sandbox.with(|state| state.revoke_grant(DEMO_CLIENT_ID, SMALL));
    assert_eq!(refresh(&sandbox, GENERATIONS[3], &token, NOW).status, 400);
    assert!(
        sandbox
            .with(|state| state.rename_portal(SMALL, "Neuer Name") && !state.rename_portal(1, "x"))
    );
    let named =
        Request::get("/account-info/2027-03-beta/details").bearer(&full_token(&sandbox, SMALL));
    assert_eq!(
        sandbox.call(&named, NOW).to_value()["portalName"],
        "Neuer Name"
    );
    let fresh = code(&sandbox, &[]);
    sandbox.with(|state| state.uninstall(DEMO_CLIENT_ID, SMALL));
    assert_eq!(
        redeem(&sandbox, GENERATIONS[3], &fresh, &[], NOW).to_value()["status"],
        "BAD_AUTH_CODE"
    );
}

/// Platform 12.4 and mission fact 6: a re-install leaves the earlier refresh token alive, unless switched.
#[test]
fn a_reinstall_leaves_or_kills_the_earlier_refresh_token() {
    for kills in [false, true] {
        let sandbox = sandbox("small");
        sandbox.with(|state| state.switches.reinstall_kills_refresh_tokens = kills);
        let (_, first) = tokens(&sandbox);
        let (_, second) = tokens(&sandbox);
        assert_eq!(
            refresh(&sandbox, GENERATIONS[3], &first, NOW).status == 400,
            kills
        );
        assert_eq!(refresh(&sandbox, GENERATIONS[3], &second, NOW).status, 200);
    }
}

mod any_sequence {
    use proptest::prelude::*;

    use super::{DEMO_CLIENT_ID, GENERATIONS, NOW, Request, SMALL, code, redeem, refresh, sandbox};

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Connect,
        Refresh,
        Call,
        Revoke,
        Uninstall,
        Rotate(bool),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Connect),
            4 => Just(Step::Refresh),
            4 => Just(Step::Call),
            1 => Just(Step::Revoke),
            1 => Just(Step::Uninstall),
            1 => any::<bool>().prop_map(Step::Rotate),
            2 => (0_u64..2_000_000).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// R8, R11, UF-4: whatever happens in whatever order, a grant refreshes exactly while it lives, an access
        /// token opens exactly until it expires or the app goes, and no token exceeds what was granted.
        #[test]
        fn grants_live_and_die_by_the_rules(steps in proptest::collection::vec(step(), 1..25)) {
            let sandbox = sandbox("small");
            let mut now = NOW;
            // What must hold: the live refresh token, the last access token and when it ends.
            let (mut alive, mut dead): (Option<String>, Vec<String>) = (None, Vec::new());
            let mut access: Option<(String, u64)> = None;
            let mut rotate = false;
            for step in steps {
                now += 1_000;
                match step {
                    Step::Connect => {
                        let answer = redeem(&sandbox, GENERATIONS[3], &code(&sandbox, &[]), &[], NOW).to_value();
                        let granted = answer["scopes"].as_array().map_or(0, Vec::len);
                        prop_assert_eq!(granted, 5);
                        alive = answer["refresh_token"].as_str().map(str::to_owned);
                        access = answer["access_token"].as_str().map(|t| (t.to_owned(), NOW + 1_800_000));
                    }
                    Step::Refresh => {
                        for token in &dead {
                            let answer = refresh(&sandbox, GENERATIONS[1], token, now).to_value();
                            prop_assert_eq!(&answer["status"], "BAD_REFRESH_TOKEN");
                        }
                        if let Some(token) = alive.take() {
                            let answer = refresh(&sandbox, GENERATIONS[2], &token, now).to_value();
                            let next = answer["refresh_token"].as_str().map(str::to_owned);
                            prop_assert_eq!(next.as_deref() == Some(token.as_str()), !rotate);
                            prop_assert_eq!(answer["scopes"].as_array().map_or(0, Vec::len), 5);
                            if rotate {
                                dead.push(token);
                            }
                            alive = next;
                            access = answer["access_token"].as_str().map(|t| (t.to_owned(), now + 1_800_000));
                        }
                    }
                    Step::Call => {
                        if let Some((token, until)) = &access {
                            let details = Request::get("/account-info/2026-09/details").bearer(token);
                            let want = if now < *until { 200 } else { 401 };
                            prop_assert_eq!(sandbox.call(&details, now).status, want);
                        }
                    }
                    Step::Revoke => {
                        sandbox.with(|state| state.revoke_grant(DEMO_CLIENT_ID, SMALL));
                        dead.extend(alive.take());
                    }
                    Step::Uninstall => {
                        sandbox.with(|state| state.uninstall(DEMO_CLIENT_ID, SMALL));
                        dead.extend(alive.take());
                        access = None;
                    }
                    Step::Rotate(on) => {
                        rotate = on;
                        sandbox.with(|state| state.switches.rotate_refresh_tokens = on);
                    }
                    Step::Wait(ms) => now += ms,
                }
            }
        }
    }
}
