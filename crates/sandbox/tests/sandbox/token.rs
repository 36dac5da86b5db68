//! Token endpoints and what can be asked about tokens: B10–B12, EX-2, EX-5, R8–R11, D20, D58, UF-3, UF-4, mission facts 1, 3 and 10.

use portico_sandbox::model::Health;
use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Sandbox};
use serde_json::Value;

use crate::{CHALLENGE, GENERATIONS, NOW, SMALL, VERIFIER, code, redeem, refresh, sandbox, tokens};

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
                    GENERATIONS[2],
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
    let reached: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.0).collect();
    assert_eq!(reached.len(), 12, "the whole table of platform 1.5");
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
