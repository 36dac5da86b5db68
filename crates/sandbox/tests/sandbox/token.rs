//! Token endpoints and what can be asked about tokens: B10–B12, EX-2, EX-5, R8–R11, D20, D58, UF-3, UF-4, mission facts 1, 3 and 10.

use std::time::Duration;

use portico_sandbox::model::Health;
use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Sandbox};
use serde_json::Value;

use crate::{
    CALLBACK, CHALLENGE, NOW, SMALL, VERIFIER, authorize_url, full_token, redeem, refresh,
    returned, sandbox,
};

const GENERATIONS: [&str; 4] = [
    "/oauth/v1/token",
    "/oauth/v3/token",
    "/oauth/2026-03/token",
    "/oauth/2026-09/token",
];

fn code(sandbox: &Sandbox, more: &[(&str, &str)]) -> String {
    let location = sandbox
        .approve(&authorize_url(&["forms"], more), SMALL, NOW)
        .expect("a redirect");
    returned(&location, "code").expect("a code")
}

fn tokens(sandbox: &Sandbox) -> (String, String) {
    let answer = redeem(sandbox, GENERATIONS[3], &code(sandbox, &[]), &[], NOW).to_value();
    let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

/// B10, B11, mission fact 3: every generation redeems a code and answers the same members.
#[test]
fn every_generation_redeems_a_code() {
    for path in GENERATIONS {
        let sandbox = sandbox("small");
        let response = redeem(&sandbox, path, &code(&sandbox, &[]), &[], NOW);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let answer = response.to_value();
        assert_eq!(answer["token_type"], "bearer");
        assert_eq!(answer["token_use"], "access_token");
        assert_eq!(answer["expires_in"], 1_800);
        assert_eq!(answer["hub_id"], SMALL);
        assert!(
            answer["refresh_token"]
                .as_str()
                .is_some_and(|t| t.starts_with("eu1-"))
        );
        assert!(answer["user_id"].is_u64() && answer["scopes"].is_array());
    }
}

/// Platform 1.5: every status code, by the request that reaches it.
#[test]
fn refused_token_requests_name_their_status() {
    type Try = fn(&Sandbox) -> portico_sandbox::Response;
    let cases: [(&str, &str, Try); 17] = [
        ("BAD_CLIENT_ID", "invalid_request", |s| {
            redeem(s, GENERATIONS[3], "x", &[("client_id", "nobody")], NOW)
        }),
        ("BAD_CLIENT_ID", "invalid_request", |s| {
            s.call(&Request::form(GENERATIONS[3], &[]), NOW)
        }),
        ("BAD_CLIENT_SECRET", "invalid_client", |s| {
            redeem(s, GENERATIONS[3], "x", &[("client_secret", "no")], NOW)
        }),
        // PKCE never replaces the secret (mission fact 2).
        ("BAD_CLIENT_SECRET", "invalid_client", |s| {
            let code = code(
                s,
                &[
                    ("code_challenge", CHALLENGE),
                    ("code_challenge_method", "S256"),
                ],
            );
            redeem(
                s,
                GENERATIONS[3],
                &code,
                &[("client_secret", ""), ("code_verifier", VERIFIER)],
                NOW,
            )
        }),
        ("BAD_GRANT_TYPE", "unsupported_grant_type", |s| {
            redeem(s, GENERATIONS[3], "x", &[("grant_type", "password")], NOW)
        }),
        ("BAD_GRANT_TYPE", "unsupported_grant_type", |s| {
            redeem(s, GENERATIONS[3], "x", &[("grant_type", "")], NOW)
        }),
        (
            "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED",
            "unauthorized_client",
            |s| {
                s.with(|state| state.apps[0].user_level = true);
                redeem(
                    s,
                    GENERATIONS[3],
                    "x",
                    &[("grant_type", "client_credentials")],
                    NOW,
                )
            },
        ),
        ("BAD_AUTH_CODE", "invalid_grant", |s| {
            redeem(s, GENERATIONS[3], "unknown", &[], NOW)
        }),
        ("BAD_AUTH_CODE", "invalid_grant", |s| {
            let code = code(s, &[]);
            assert_eq!(redeem(s, GENERATIONS[3], &code, &[], NOW).status, 200);
            redeem(s, GENERATIONS[3], &code, &[], NOW)
        }),
        ("EXPIRED_AUTH_CODE", "invalid_grant", |s| {
            redeem(s, GENERATIONS[3], &code(s, &[]), &[], NOW + 600_000)
        }),
        ("BAD_REDIRECT_URI", "invalid_request", |s| {
            redeem(
                s,
                GENERATIONS[3],
                &code(s, &[]),
                &[("redirect_uri", "no url")],
                NOW,
            )
        }),
        ("MISMATCH_REDIRECT_URI_AUTH_CODE", "invalid_grant", |s| {
            redeem(
                s,
                GENERATIONS[3],
                &code(s, &[]),
                &[("redirect_uri", "https://other.example/")],
                NOW,
            )
        }),
        ("BAD_CODE_VERIFIER", "invalid_grant", |s| {
            let code = code(
                s,
                &[
                    ("code_challenge", CHALLENGE),
                    ("code_challenge_method", "S256"),
                ],
            );
            redeem(s, GENERATIONS[3], &code, &[("code_verifier", "wrong")], NOW)
        }),
        ("BAD_REFRESH_TOKEN", "invalid_grant", |s| {
            refresh(s, GENERATIONS[3], "unknown", NOW)
        }),
        ("BAD_HUB", "access_denied", |s| {
            let (_, token) = tokens(s);
            s.with(|state| state.portals.get_mut(&SMALL).unwrap().health = Health::Gone);
            refresh(s, GENERATIONS[3], &token, NOW)
        }),
        ("BAD_SCOPES", "invalid_scope", |s| {
            let (_, token) = tokens(s);
            s.with(|state| {
                state.apps[0]
                    .required_scopes
                    .push("crm.lists.read".to_owned());
                state.switches.refuse_refresh_on_scope_lag = true;
            });
            refresh(s, GENERATIONS[3], &token, NOW)
        }),
        ("BAD_SCOPES", "invalid_scope", |s| {
            let code = code(s, &[]);
            s.with(|state| {
                state.apps[0]
                    .required_scopes
                    .push("crm.lists.read".to_owned());
            });
            redeem(s, GENERATIONS[3], &code, &[], NOW)
        }),
    ];
    for (status, error, attempt) in cases {
        let response = attempt(&sandbox("small"));
        let body = response.to_value();
        assert_eq!(
            (response.status, &body["status"], &body["error"]),
            (400, &Value::from(status), &Value::from(error))
        );
        assert_eq!(body["error_description"], body["message"]);
    }
}

/// Platform 1.5: v1 leaves RFC 6749's members out.
#[test]
fn v1_errors_have_status_and_message_only() {
    let body = refresh(&sandbox("small"), GENERATIONS[0], "unknown", NOW).to_value();
    assert_eq!(body["status"], "BAD_REFRESH_TOKEN");
    assert!(body["correlationId"].is_string() && body.get("error").is_none());
}

/// Platform 1.3: form bodies only; anything else is 415, whatever it holds.
#[test]
fn json_token_requests_are_an_unsupported_media_type() {
    let sandbox = sandbox("small");
    let body = serde_json::json!({ "grant_type": "refresh_token", "client_id": DEMO_CLIENT_ID });
    for path in &GENERATIONS[..] {
        let response = sandbox.call(&Request::json(path, &body), NOW);
        assert_eq!(response.status, 415, "{path}");
        assert_eq!(
            response.header("x-hubspot-correlation-id"),
            response.to_value()["correlationId"].as_str()
        );
    }
}

/// B10, PKCE: the right verifier redeems; without a challenge a verifier is ignored; EX-2: the switch accepts any.
#[test]
fn pkce_is_enforced_when_a_challenge_was_sent() {
    let pkce = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let cases = [
        ("right verifier", &pkce[..], VERIFIER, false, 200),
        ("wrong verifier", &pkce[..], "wrong", false, 400),
        ("no verifier", &pkce[..], "", false, 400),
        ("no challenge", &[][..], "whatever", false, 200),
        (
            "a provider that ignores PKCE",
            &pkce[..],
            "wrong",
            true,
            200,
        ),
    ];
    for (case, asked, verifier, ignore, want) in cases {
        let sandbox = sandbox("small");
        sandbox.with(|state| state.switches.ignore_pkce = ignore);
        let code = code(&sandbox, asked);
        let response = redeem(
            &sandbox,
            GENERATIONS[3],
            &code,
            &[("code_verifier", verifier)],
            NOW,
        );
        assert_eq!(response.status, want, "{case}");
    }
}

/// EX-5: a code with every awkward character survives one encoding, and only one.
#[test]
fn awkward_codes_redeem_when_encoded_once() {
    let sandbox = sandbox("small");
    sandbox.with(|state| state.switches.awkward_codes = true);
    let code = code(&sandbox, &[]);
    assert!(code.contains("+a&b=c%20d e"), "{code}");
    assert_eq!(
        redeem(&sandbox, GENERATIONS[3], &code, &[], NOW).status,
        200
    );
    let call = sandbox
        .with(|state| state.calls.back().cloned())
        .expect("a record");
    assert_eq!(
        call.form_fields,
        [
            "grant_type",
            "client_id",
            "client_secret",
            "redirect_uri",
            "code"
        ]
    );
    assert!(call.query.is_empty());
}

/// B12, D20, platform 1.3: a refresh returns the same refresh token, and older access tokens live on.
#[test]
fn a_refresh_keeps_the_refresh_token_unless_rotation_is_on() {
    let sandbox = sandbox("small");
    let (first, token) = tokens(&sandbox);
    let answer = refresh(&sandbox, GENERATIONS[2], &token, NOW + 1_000).to_value();
    assert_eq!(answer["refresh_token"], token.as_str());
    assert_ne!(answer["access_token"], first.as_str());
    let details = Request::get("/account-info/v3/details").bearer(&first);
    assert_eq!(sandbox.call(&details, NOW + 2_000).status, 200);
    sandbox.with(|state| state.switches.rotate_refresh_tokens = true);
    let rotated = refresh(&sandbox, GENERATIONS[2], &token, NOW + 3_000).to_value();
    assert_ne!(rotated["refresh_token"], token.as_str());
    assert_eq!(
        refresh(&sandbox, GENERATIONS[2], &token, NOW + 4_000).status,
        400
    );
    let next = rotated["refresh_token"].as_str().expect("a token");
    assert_eq!(
        refresh(&sandbox, GENERATIONS[2], next, NOW + 5_000).status,
        200
    );
}

/// Platform 1.3: v1 also takes query parameters; dated endpoints read the body only.
#[test]
fn only_v1_reads_the_query() {
    let sandbox = sandbox("small");
    let (_, token) = tokens(&sandbox);
    let query = format!(
        "grant_type=refresh_token&client_id={DEMO_CLIENT_ID}&client_secret={DEMO_CLIENT_SECRET}&refresh_token={token}"
    );
    let send = |path: &str| {
        sandbox
            .call(&Request::new("POST", &format!("{path}?{query}")), NOW)
            .status
    };
    assert_eq!(send(GENERATIONS[0]), 200);
    assert_eq!(send(GENERATIONS[3]), 400);
}

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
    assert!(CALLBACK.starts_with("http://localhost"));
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
