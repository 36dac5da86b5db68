//! The token endpoint and what apps do to their tokens: errors with 200 (UF-5), rotation, expiry, revocation.

use std::collections::BTreeSet;

use portico_sandbox::github::model::{DEMO_APP_CLIENT_ID, DEMO_OAUTH_CLIENT_ID};
use portico_sandbox::{Request, Sandbox};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{APPS, CALLBACK, MARA, Octo, authorize_url, fresh, message, token};
use crate::{CHALLENGE, NOW, VERIFIER, returned};

type Pairs = &'static [(&'static str, &'static str)];

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

fn code(sandbox: &Sandbox, app: usize, more: &[(&str, &str)]) -> String {
    let location = sandbox
        .github_authorize(&authorize_url(APPS[app].0, more), MARA, NOW)
        .expect("a redirect");
    returned(&location, "code").expect("a code")
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a string member").to_owned()
}

#[test]
fn a_code_becomes_what_the_kind_of_app_gets() {
    let sandbox = fresh();
    let got = token(&sandbox, 0, &[("code", &code(&sandbox, 0, &[]))], NOW);
    assert!(
        text(&got, "access_token").starts_with("ghu_")
            && text(&got, "refresh_token").starts_with("ghr_")
    );
    assert_eq!(got["expires_in"], 28_800);
    assert_eq!(got["refresh_token_expires_in"], 15_897_600);
    assert_eq!(
        (got["scope"].as_str(), got["token_type"].as_str()),
        (Some(""), Some("bearer"))
    );

    let got = token(
        &sandbox,
        1,
        &[("code", &code(&sandbox, 1, &[("scope", "repo read:org")]))],
        NOW,
    );
    assert!(text(&got, "access_token").starts_with("gho_"));
    assert_eq!(got["scope"], "read:org,repo");
    assert_eq!(
        (got.get("expires_in"), got.get("refresh_token")),
        (None, None)
    );

    sandbox.with(|state| state.github.apps[0].expiring_tokens = false);
    let got = token(&sandbox, 0, &[("code", &code(&sandbox, 0, &[]))], NOW);
    assert_eq!(
        (got.get("expires_in"), got.get("refresh_token")),
        (None, None),
        "opted out"
    );
}

#[test]
fn the_answer_is_a_form_unless_json_or_xml_is_asked() {
    let sandbox = fresh();
    let ask = |accept: Option<&str>, json_body: bool| {
        let code = code(&sandbox, 1, &[("scope", "repo,gist")]);
        let fields = [
            ("client_id", APPS[1].0),
            ("client_secret", APPS[1].1),
            ("code", code.as_str()),
        ];
        let mut request = if json_body {
            let body: Value = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            Request::json("/login/oauth/access_token", &body)
        } else {
            Request::form("/login/oauth/access_token", &fields)
        };
        if let Some(accept) = accept {
            request = request.with_header("accept", accept);
        }
        sandbox.call(&request, NOW)
    };
    let form = ask(None, false);
    assert!(
        form.header("content-type")
            .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
    );
    assert!(
        form.text().starts_with("access_token=gho_") && form.text().contains("scope=gist%2Crepo")
    );
    assert!(
        ask(Some("application/xml"), false)
            .text()
            .contains("<access_token>gho_")
    );
    assert!(ask(Some("application/json"), true).to_value()["access_token"].is_string());
}

#[test]
fn every_refusal_of_the_token_endpoint_has_its_code() {
    let cases: [(Pairs, Pairs, &str); 13] = [
        (
            &[],
            &[("client_secret", "wrong")],
            "incorrect_client_credentials",
        ),
        (
            &[],
            &[("client_secret", "")],
            "incorrect_client_credentials",
        ),
        (
            &[],
            &[("client_id", "nobody")],
            "incorrect_client_credentials",
        ),
        (&[], &[("code", "wrong")], "bad_verification_code"),
        (&[], &[("code", "")], "bad_verification_code"),
        (
            &[("redirect_uri", CALLBACK)],
            &[("redirect_uri", "http://localhost:4001/callback/github")],
            "redirect_uri_mismatch",
        ),
        (
            &[],
            &[("redirect_uri", "http://evil.example/")],
            "redirect_uri_mismatch",
        ),
        (
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
            &[],
            "bad_verification_code",
        ),
        (
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
            &[("code_verifier", "x")],
            "bad_verification_code",
        ),
        (&[], &[("grant_type", "password")], "unsupported_grant_type"),
        (
            &[],
            &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")],
            "device_flow_disabled",
        ),
        (&[], &[("grant_type", "refresh_token")], "bad_refresh_token"),
        (
            &[],
            &[("grant_type", "refresh_token"), ("refresh_token", "ghr_x")],
            "bad_refresh_token",
        ),
    ];
    for (asked, sent, want) in cases {
        let sandbox = fresh();
        let code = code(&sandbox, 0, asked);
        let mut fields = vec![("code", code.as_str())];
        for (name, value) in sent {
            fields.retain(|(n, _)| n != name);
            fields.push((name, value));
        }
        let got = token(&sandbox, 0, &fields, NOW);
        assert_eq!(got["error"], want, "{asked:?} {sent:?}");
        assert!(
            !text(&got, "error_description").is_empty()
                && text(&got, "error_uri").starts_with("https://docs.github.com/")
        );
        assert_eq!(got.get("access_token"), None);
    }
}

#[test]
fn the_right_verifier_redeems_and_a_code_works_once_for_ten_minutes_for_its_app() {
    let sandbox = fresh();
    let pkce = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let first = code(&sandbox, 0, &pkce);
    let fields = [("code", first.as_str()), ("code_verifier", VERIFIER)];
    assert!(token(&sandbox, 0, &fields, NOW)["access_token"].is_string());
    assert_eq!(
        token(&sandbox, 0, &fields, NOW)["error"],
        "bad_verification_code",
        "used"
    );
    let late = code(&sandbox, 0, &[]);
    assert_eq!(
        token(&sandbox, 0, &[("code", &late)], NOW + 10 * MINUTE)["error"],
        "bad_verification_code"
    );
    let others = code(&sandbox, 0, &[]);
    assert_eq!(
        token(&sandbox, 1, &[("code", &others)], NOW)["error"],
        "bad_verification_code"
    );
    assert!(
        token(&sandbox, 0, &[("code", &others)], NOW)["access_token"].is_string(),
        "still good for its own app"
    );
}

#[test]
fn a_user_without_a_verified_address_gets_no_token() {
    let sandbox = fresh();
    let location = sandbox
        .github_authorize(&authorize_url(APPS[0].0, &[]), "uwe-unverified", NOW)
        .expect("a redirect");
    let code = returned(&location, "code").expect("a code");
    assert_eq!(
        token(&sandbox, 0, &[("code", &code)], NOW)["error"],
        "unverified_user_email"
    );
}

#[test]
fn refreshing_ends_the_old_pair() {
    let sandbox = fresh();
    let first = token(&sandbox, 0, &[("code", &code(&sandbox, 0, &[]))], NOW);
    let refresh = |token_text: &str, now| {
        token(
            &sandbox,
            0,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", token_text),
            ],
            now,
        )
    };
    let second = refresh(&text(&first, "refresh_token"), NOW + 7 * HOUR);
    let call = |bearer: &str, now| {
        let request = Request::get("/api/v3/user")
            .with_header("user-agent", "tests")
            .bearer(bearer);
        sandbox.call(&request, now).status
    };
    assert_eq!(
        call(&text(&first, "access_token"), NOW + 7 * HOUR),
        401,
        "before its own expiry"
    );
    assert_eq!(call(&text(&second, "access_token"), NOW + 7 * HOUR), 200);
    assert_eq!(
        call(&text(&second, "access_token"), NOW + 15 * HOUR),
        401,
        "eight hours are over"
    );
    assert_eq!(
        refresh(&text(&first, "refresh_token"), NOW + 7 * HOUR)["error"],
        "bad_refresh_token"
    );
    let six_months = 15_897_600_000;
    assert_eq!(
        refresh(&text(&second, "refresh_token"), NOW + 7 * HOUR + six_months)["error"],
        "bad_refresh_token"
    );
}

#[test]
fn an_oauth_app_keeps_ten_tokens_of_a_user_and_a_set_of_scopes() {
    let sandbox = fresh();
    let tokens: Vec<Octo> = (0..11)
        .map(|_| Octo::oauth(&sandbox, MARA, "repo"))
        .collect();
    let other = Octo::oauth(&sandbox, MARA, "gist");
    let alive: Vec<bool> = tokens
        .iter()
        .map(|t| t.send(Request::get("/user")).status == 200)
        .collect();
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 10);
    assert!(!alive[0] && other.send(Request::get("/user")).status == 200);
}

fn as_app(
    sandbox: &Sandbox,
    method: &str,
    target: &str,
    app: usize,
    body: &Value,
) -> portico_sandbox::Response {
    use base64::Engine as _;
    let pair = format!("{}:{}", APPS[app].0, APPS[app].1);
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let mut request = Request::json(
        &format!("/api/v3/applications/{}{target}", APPS[app].0),
        body,
    );
    method.clone_into(&mut request.method);
    let request = request
        .with_header("user-agent", "tests")
        .with_header("authorization", &format!("Basic {basic}"));
    sandbox.call(&request, NOW)
}

#[test]
fn an_app_checks_resets_and_deletes_its_tokens() {
    let sandbox = fresh();
    let octo = Octo::oauth(&sandbox, MARA, "repo");
    let body = json!({ "access_token": octo.token() });
    let checked = as_app(&sandbox, "POST", "/token", 1, &body).to_value();
    assert_eq!(
        (checked["token"].as_str(), checked["scopes"][0].as_str()),
        (Some(octo.token()), Some("repo"))
    );
    assert_eq!(checked["user"]["login"], MARA);
    assert_eq!(
        message(&as_app(&sandbox, "POST", "/token", 0, &body)).0,
        404,
        "another app's token"
    );

    let reset = as_app(&sandbox, "PATCH", "/token", 1, &body).to_value();
    assert_eq!(octo.refused("/user"), (401, "Bad credentials".to_owned()));
    let body = json!({ "access_token": text(&reset, "token") });
    assert_eq!(as_app(&sandbox, "DELETE", "/token", 1, &body).status, 204);
    assert_eq!(
        message(&as_app(&sandbox, "DELETE", "/token", 1, &body)).0,
        404
    );
    assert_eq!(
        message(&as_app(&sandbox, "POST", "/token", 1, &json!({}))).0,
        422
    );
}

#[test]
fn deleting_the_grant_ends_every_token_of_that_user_and_app() {
    let sandbox = fresh();
    let (first, second) = (Octo::app(&sandbox, MARA), Octo::app(&sandbox, MARA));
    let other = Octo::oauth(&sandbox, MARA, "repo");
    let body = json!({ "access_token": first.token() });
    assert_eq!(as_app(&sandbox, "DELETE", "/grant", 0, &body).status, 204);
    assert_eq!(
        (first.refused("/user").0, second.refused("/user").0),
        (401, 401)
    );
    other.get("/user");
    sandbox.with(|state| {
        assert!(
            !state
                .github
                .grants
                .contains_key(&(DEMO_APP_CLIENT_ID.to_owned(), 40_001))
        );
        assert!(state.github.refresh_tokens.is_empty());
        assert!(state.github.revoke_grant(DEMO_OAUTH_CLIENT_ID, MARA));
    });
    assert_eq!(other.refused("/user").0, 401);
}

#[test]
fn a_scoped_token_reaches_less_than_the_one_it_came_from() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let body = json!({
        "access_token": octo.token(), "target": MARA, "repositories": ["portal-config"],
        "permissions": { "contents": "read" },
    });
    let scoped = as_app(&sandbox, "POST", "/token/scoped", 0, &body).to_value();
    let call = |method: &str, target: &str| {
        let mut request = Request::json(&format!("/api/v3{target}"), &json!({ "content": "x" }));
        method.clone_into(&mut request.method);
        sandbox
            .call(
                &request
                    .with_header("user-agent", "tests")
                    .bearer(&text(&scoped, "token")),
                NOW,
            )
            .status
    };
    assert_eq!(call("GET", "/repos/mara-lindqvist/portal-config"), 200);
    assert_eq!(
        call("POST", "/repos/mara-lindqvist/portal-config/git/blobs"),
        403
    );
    assert_eq!(call("GET", "/repos/mara-lindqvist/hubspot-backup"), 404);
    for wrong in [
        json!({ "access_token": octo.token(), "target": MARA, "repositories": ["nothing"] }),
        json!({ "access_token": octo.token(), "target": MARA, "permissions": { "contents": "admin" } }),
        json!({ "access_token": octo.token() }),
    ] {
        assert_eq!(
            message(&as_app(&sandbox, "POST", "/token/scoped", 0, &wrong)).0,
            422
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever the order of refreshes, replays, revocations and waiting: a refresh token redeems at most once, and
    /// never after its grant is gone.
    #[test]
    fn a_refresh_token_is_never_usable_twice(steps in proptest::collection::vec((0_u8..5, 0_usize..8, 0_u64..9), 1..40)) {
        let sandbox = fresh();
        let mut now = NOW;
        let mut known: Vec<String> = Vec::new();
        let mut dead: BTreeSet<String> = BTreeSet::new();
        for (step, which, hours) in steps {
            now += hours * HOUR;
            match step {
                0 => {
                    let issued = sandbox.with(|s| s.github.issue_tokens(DEMO_APP_CLIENT_ID, MARA, "", now)).unwrap();
                    known.push(issued.refresh_token.unwrap());
                }
                1 => {
                    sandbox.with(|s| s.github.revoke_grant(DEMO_APP_CLIENT_ID, MARA));
                    dead.extend(known.iter().cloned());
                }
                _ if known.is_empty() => {}
                _ => {
                    let sent = known[which % known.len()].clone();
                    let got = token(&sandbox, 0, &[("grant_type", "refresh_token"), ("refresh_token", &sent)], now);
                    prop_assert_eq!(got.get("access_token").is_some(), !dead.contains(&sent));
                    prop_assert_eq!(got.get("error").is_some(), dead.contains(&sent));
                    dead.insert(sent);
                    if let Some(fresh) = got["refresh_token"].as_str() {
                        prop_assert!(!known.iter().any(|k| k == fresh));
                        known.push(fresh.to_owned());
                    }
                }
            }
        }
    }
}
