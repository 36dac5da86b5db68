//! The control interface through requests: guard, listing, switches, the record of calls.

use portico_sandbox::{DEMO_CLIENT_SECRET, Request, Response, Sandbox};
use serde_json::{Value, json};

use crate::{GENERATIONS, NOW, SMALL, refresh, sandbox, tokens};

/// A sandbox with the interface allowed.
pub(crate) fn steered(fixture: &str) -> Sandbox {
    let sandbox = sandbox(fixture);
    sandbox.with(|state| state.enable_control(Vec::new(), NOW));
    sandbox
}

/// A call without credentials.
pub(crate) fn get(sandbox: &Sandbox, target: &str) -> Value {
    let response = sandbox.call(&Request::get(target), NOW);
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    response.to_value()
}

/// A `POST` of JSON to the interface.
pub(crate) fn post(sandbox: &Sandbox, path: &str, body: &Value) -> Response {
    sandbox.call(&Request::json(path, body), NOW)
}

/// An action that must go through.
pub(crate) fn act(sandbox: &Sandbox, name: &str, body: &Value) -> Value {
    let response = post(sandbox, &format!("/_sandbox/actions/{name}"), body);
    assert_eq!(response.status, 200, "{name} {body}: {}", response.text());
    response.to_value()
}

/// The status of a data call in `small`.
pub(crate) fn status(sandbox: &Sandbox, token: &str, path: &str) -> u16 {
    sandbox.call(&Request::get(path).bearer(token), NOW).status
}

/// A small read.
pub(crate) const DETAILS: &str = "/account-info/v3/details";

/// Never part of what partners ship: without permission the paths are as unknown as any other.
#[test]
fn without_permission_there_is_no_control_interface() {
    let off = sandbox("small");
    for path in [
        "/_sandbox",
        "/_sandbox/state",
        "/_sandbox/actions/uninstall",
    ] {
        for request in [Request::get(path), Request::json(path, &json!({}))] {
            let response = off.call(&request, NOW);
            assert_eq!(response.status, 404);
            assert!(response.text().contains("HTTP ERROR 404"), "HubSpot's page");
        }
    }
    let on = steered("small");
    assert_eq!(on.call(&Request::get("/_sandboxes"), NOW).status, 404);
    assert!(get(&on, "/_sandbox/state")["portals"].is_array());
}

/// Pages of other sites and names of other hosts reach nothing, and change nothing.
#[test]
fn foreign_pages_and_hosts_are_refused() {
    let sandbox = steered("small");
    let tier = json!({ "portal": SMALL, "tier": "enterprise" });
    let request = Request::json("/_sandbox/actions/set-tier", &tier);
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let refused = sandbox.call(&request.clone().with_header(name, value), NOW);
        assert_eq!(refused.status, 403, "{name}");
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
    }
    let read = Request::get("/_sandbox/calls").with_header("host", "evil.example:80");
    assert_eq!(sandbox.call(&read, NOW).status, 403);
    assert_eq!(
        get(&sandbox, "/_sandbox/state")["portals"][0]["tier"],
        "Free"
    );
    sandbox.with(|state| state.control.hosts.push("evil.example".to_owned()));
    assert_eq!(sandbox.call(&read, NOW).status, 200, "a name of its own");
}

/// What is sent wrong is named, with what would have been right.
#[test]
fn wrong_calls_are_refused_by_name() {
    let sandbox = steered("small");
    let cases = [
        (
            "/_sandbox/actions/set-tire",
            json!({}),
            404,
            "not-found",
            "set-tier",
        ),
        (
            "/_sandbox/actions/set-tier",
            json!({ "portal": SMALL, "teir": "free" }),
            400,
            "unknown-field",
            "teir",
        ),
        (
            "/_sandbox/actions/set-tier",
            json!({ "portal": SMALL }),
            400,
            "missing-field",
            "tier is missing",
        ),
        (
            "/_sandbox/actions/set-tier",
            json!({ "portal": SMALL, "tier": "gold" }),
            400,
            "invalid",
            "free | starter",
        ),
        (
            "/_sandbox/actions/set-tier",
            json!({ "portal": 1, "tier": "free" }),
            404,
            "not-found",
            "146250417",
        ),
        (
            "/_sandbox/actions/advance-clock",
            json!({ "ms": -1 }),
            400,
            "invalid",
            "milliseconds",
        ),
        (
            "/_sandbox/actions/advance-clock",
            json!({ "ms": u64::MAX }),
            400,
            "invalid",
            "thousand years",
        ),
        (
            "/_sandbox/actions/set-clock",
            json!({ "at": "tomorrow" }),
            400,
            "invalid",
            "ISO 8601",
        ),
        (
            "/_sandbox/actions/fault",
            json!({ "path": "/", "answer": "status", "status": 200 }),
            400,
            "invalid",
            "400 to 599",
        ),
        (
            "/_sandbox/actions/fault",
            json!({ "path": "crm", "answer": "empty" }),
            400,
            "invalid",
            "slash",
        ),
        (
            "/_sandbox/actions/merge-portals",
            json!({ "portal": SMALL, "into": SMALL }),
            409,
            "conflict",
            "itself",
        ),
        (
            "/_sandbox/actions/add-property",
            json!({ "portal": SMALL, "objectType": "contacts", "name": "Über", "label": "x" }),
            400,
            "invalid",
            "small letters",
        ),
        (
            "/_sandbox/actions/add-property",
            json!({ "portal": SMALL, "objectType": "contacts", "name": "email", "label": "x" }),
            409,
            "conflict",
            "already",
        ),
        (
            "/_sandbox/actions/rename-property",
            json!({ "portal": SMALL, "objectType": "cars", "name": "email", "label": "x" }),
            404,
            "not-found",
            "cars",
        ),
        (
            "/_sandbox/actions/deactivate-owner",
            json!({ "portal": SMALL, "owner": "0" }),
            404,
            "not-found",
            "owner",
        ),
        (
            "/_sandbox/actions/issue-grant",
            json!({ "portal": SMALL, "scopes": ["automation"] }),
            409,
            "conflict",
            "automation",
        ),
        (
            "/_sandbox/actions/restore-snapshot",
            json!({ "name": "none" }),
            404,
            "not-found",
            "start",
        ),
        (
            "/_sandbox/actions/reset",
            json!({ "fixture": "tiny" }),
            404,
            "not-found",
            "small",
        ),
        (
            "/_sandbox/scenarios/token-expired",
            json!({}),
            400,
            "missing-field",
            "portal",
        ),
        (
            "/_sandbox/scenarios/meteor",
            json!({ "portal": SMALL }),
            404,
            "not-found",
            "hubspot-down",
        ),
        ("/_sandbox/state", json!({}), 405, "method", "POST"),
        (
            "/_sandbox/nowhere",
            json!({}),
            404,
            "not-found",
            "/_sandbox/api",
        ),
    ];
    for (path, body, status, code, text) in cases {
        let response = post(&sandbox, path, &body);
        assert_eq!(
            response.status,
            status,
            "{path} {body}: {}",
            response.text()
        );
        assert_eq!(response.to_value()["code"], code, "{path} {body}");
        assert!(
            response.text().contains(text),
            "{path} {body}: {}",
            response.text()
        );
    }
    for (kind, body, want) in [
        ("text/plain", "{}", 415),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
    ] {
        let mut request =
            Request::new("POST", "/_sandbox/actions/clear-calls").with_header("content-type", kind);
        request.body = body.as_bytes().to_vec();
        assert_eq!(sandbox.call(&request, NOW).status, want, "{kind} {body}");
    }
}

/// The list of actions is the table that reads them: each field printed is a field known.
#[test]
fn the_listing_is_what_is_served() {
    let sandbox = steered("small");
    let api = get(&sandbox, "/_sandbox/api");
    let actions = api["actions"].as_array().expect("actions");
    assert!(actions.len() > 25);
    for action in actions {
        let path = action["path"].as_str().expect("a path");
        let answer = post(&sandbox, path, &json!({ "no-such-field": 1 })).to_value();
        let known = answer["known"].as_array().expect("the fields");
        let printed = action["fields"]
            .as_array()
            .expect("fields")
            .iter()
            .map(|f| &f["name"]);
        assert_eq!(
            known.iter().collect::<Vec<_>>(),
            printed.collect::<Vec<_>>(),
            "{path}"
        );
        assert!(
            action["about"]
                .as_str()
                .is_some_and(|about| about.ends_with('.'))
        );
    }
    for resource in api["resources"].as_array().expect("resources") {
        let (method, path) = (
            resource["method"].as_str().unwrap(),
            resource["path"].as_str().unwrap(),
        );
        let response = sandbox.call(&Request::new(method, path), NOW);
        assert!(
            ![405, 500].contains(&response.status),
            "{method} {path}: {}",
            response.text()
        );
    }
    assert_eq!(api["scenarios"]["names"].as_array().map(Vec::len), Some(10));
}

/// All switches are read and changed by name, durations in milliseconds; all or none.
#[test]
fn switches_change_by_name() {
    let sandbox = steered("small");
    let patch = |body: Value| {
        let mut request = Request::json("/_sandbox/switches", &body);
        request.method = "PATCH".to_owned();
        sandbox.call(&request, NOW)
    };
    assert_eq!(
        get(&sandbox, "/_sandbox/switches")["accessTokenLifetimeMs"],
        1_800_000
    );
    let answer = patch(
        json!({ "rotateRefreshTokens": true, "accessTokenLifetimeMs": 5_000, "iss": "https://x" }),
    )
    .to_value();
    assert_eq!(
        (&answer["rotateRefreshTokens"], &answer["iss"]),
        (&json!(true), &json!("https://x"))
    );
    let (_, token) = tokens(&sandbox);
    let refreshed = refresh(&sandbox, GENERATIONS[3], &token, NOW).to_value();
    assert_ne!(refreshed["refresh_token"], token);
    assert_eq!(refreshed["expires_in"], 5);
    for (body, text) in [
        (
            json!({ "ignorePkce": true, "codeLifetimeMs": "long" }),
            "codeLifetimeMs",
        ),
        (
            json!({ "ignorePkce": true, "warpDrive": true }),
            "warpDrive",
        ),
    ] {
        let refused = patch(body);
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(text), "{}", refused.text());
    }
    assert_eq!(get(&sandbox, "/_sandbox/switches")["ignorePkce"], false);
}

/// The record shows what was called, without secrets unless asked; the interface itself is not in it.
#[test]
fn the_record_hides_secrets_unless_asked() {
    let sandbox = steered("small");
    let (access, token) = tokens(&sandbox);
    refresh(&sandbox, GENERATIONS[0], &token, NOW);
    status(&sandbox, &access, "/crm/v3/owners?hapikey=geheim");
    sandbox.call(
        &Request::get(&format!("/oauth/v1/access-tokens/{access}")),
        NOW,
    );
    let secret =
        json!({ "client_secret": DEMO_CLIENT_SECRET, "deep": [{ "refresh_token": token }] });
    sandbox.call(&Request::json(GENERATIONS[3], &secret), NOW);
    let mut odd = Request::json(GENERATIONS[3], &json!({}));
    odd.body = format!("refresh_token: {token}").into_bytes();
    sandbox.call(&odd, NOW);
    let hidden = sandbox.call(&Request::get("/_sandbox/calls"), NOW).text();
    let shown = sandbox
        .call(&Request::get("/_sandbox/calls?secrets=true"), NOW)
        .text();
    for secret in [access.as_str(), &token, DEMO_CLIENT_SECRET, "geheim"] {
        assert!(!hidden.contains(secret), "{hidden}");
        assert!(shown.contains(secret));
    }
    assert!(hidden.contains("[redacted]") && hidden.contains("refresh_token"));
    let calls = get(&sandbox, "/_sandbox/calls");
    let all = calls["calls"].as_array().unwrap();
    assert!(
        all.iter()
            .all(|call| !call["path"].as_str().unwrap().starts_with("/_sandbox"))
    );
    assert_eq!(all.last().unwrap()["number"], calls["last"]);

    let since = calls["last"].as_u64().unwrap() - 2;
    let later = get(&sandbox, &format!("/_sandbox/calls?since={since}"));
    assert_eq!(later["calls"].as_array().map(Vec::len), Some(2));
    let some = get(&sandbox, "/_sandbox/calls?path=/oauth/v1&limit=1");
    assert_eq!(
        some["calls"][0]["path"],
        "/oauth/v1/access-tokens/[redacted]"
    );
    assert_eq!(some["calls"].as_array().map(Vec::len), Some(1));
    for query in ["limit=x", "secrets=1", "sinse=1"] {
        assert_eq!(
            sandbox
                .call(&Request::get(&format!("/_sandbox/calls?{query}")), NOW)
                .status,
            400,
            "{query}"
        );
    }
    assert_eq!(
        sandbox
            .call(&Request::new("DELETE", "/_sandbox/calls"), NOW)
            .status,
        200
    );
    status(&sandbox, &access, DETAILS);
    let after = get(&sandbox, "/_sandbox/calls");
    assert_eq!(
        after["calls"][0]["number"],
        calls["last"].as_u64().unwrap() + 1,
        "numbers go on"
    );
}
