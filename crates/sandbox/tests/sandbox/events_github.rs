//! GitHub's actions of the control interface through requests.

use portico_sandbox::github::model::DEMO_APP_CLIENT_ID;
use portico_sandbox::{Request, Response};
use serde_json::{Value, json};

use crate::NOW;
use crate::control::{act, get, post, steered};

const MARA: &str = "mara-lindqvist";

/// What ends or changes a connection to GitHub, each seen by the endpoint that tells of it.
#[test]
fn githubs_events_are_seen_by_its_api() {
    let sandbox = steered("small");
    let issued = act(
        &sandbox,
        "github-issue-tokens",
        &json!({ "app": DEMO_APP_CLIENT_ID, "login": MARA }),
    );
    let token = issued["accessToken"].as_str().expect("a token").to_owned();
    assert!(issued["refreshToken"].is_string());
    let read = |path: &str| -> Response {
        sandbox.call(
            &Request::get(&format!("/api/v3{path}"))
                .bearer(&token)
                .with_header("user-agent", "test"),
            NOW,
        )
    };
    act(
        &sandbox,
        "github-install",
        &json!({ "app": DEMO_APP_CLIENT_ID, "account": MARA }),
    );
    let website = json!({ "owner": MARA, "name": "website" });
    let with = |more: Value| {
        let mut body = website.clone();
        let map = body.as_object_mut().expect("an object");
        map.extend(more.as_object().expect("an object").clone());
        body
    };
    let repository = format!("/repos/{MARA}/website");
    let pushed = act(
        &sandbox,
        "github-push-file",
        &with(json!({ "branch": "side", "path": "a/b.txt", "content": "x" })),
    );
    assert_eq!(
        read(&format!("{repository}/commits/side")).to_value()["sha"],
        pushed["sha"]
    );
    act(
        &sandbox,
        "github-protect-branch",
        &with(json!({ "branch": "side", "on": true })),
    );
    assert_eq!(
        read(&format!("{repository}/branches/side")).to_value()["protected"],
        true
    );
    act(
        &sandbox,
        "github-delete-branch",
        &with(json!({ "branch": "side" })),
    );
    assert_eq!(read(&format!("{repository}/branches/side")).status, 404);
    act(&sandbox, "github-set-private", &with(json!({ "on": true })));
    act(
        &sandbox,
        "github-archive-repository",
        &with(json!({ "on": true })),
    );
    let told = read(&repository).to_value();
    assert_eq!(
        (&told["private"], &told["archived"]),
        (&json!(true), &json!(true))
    );
    act(
        &sandbox,
        "github-rename-repository",
        &with(json!({ "newName": "site" })),
    );
    assert_eq!(read(&repository).status, 301);
    act(
        &sandbox,
        "github-suspend",
        &json!({ "app": DEMO_APP_CLIENT_ID, "account": MARA, "on": true }),
    );
    assert_ne!(read(&format!("/repos/{MARA}/site")).status, 200);
    act(
        &sandbox,
        "github-suspend",
        &json!({ "app": DEMO_APP_CLIENT_ID, "account": MARA, "on": false }),
    );
    act(
        &sandbox,
        "github-delete-repository",
        &json!({ "owner": MARA, "name": "site" }),
    );
    assert_eq!(read(&format!("/repos/{MARA}/site")).status, 404);
    let gone = post(
        &sandbox,
        "/_sandbox/actions/github-delete-repository",
        &json!({ "owner": MARA, "name": "site" }),
    );
    assert_eq!(gone.status, 404);

    act(
        &sandbox,
        "github-set-collaborator",
        &json!({ "owner": "tomasz-k", "name": "scratch", "login": MARA, "level": "push" }),
    );
    act(
        &sandbox,
        "github-require-sso",
        &json!({ "account": "harbour-analytics", "on": true }),
    );
    act(&sandbox, "github-exhaust-limit", &json!({ "login": MARA }));
    assert_eq!(read("/user").status, 403);
    act(&sandbox, "github-reset-limits", &json!({}));
    assert_eq!(read("/user").status, 200);
    act(
        &sandbox,
        "github-uninstall",
        &json!({ "app": DEMO_APP_CLIENT_ID, "account": MARA }),
    );
    act(&sandbox, "github-expire-tokens", &json!({ "login": MARA }));
    assert_eq!(read("/user").status, 401);
    act(
        &sandbox,
        "github-expire-refresh-tokens",
        &json!({ "login": MARA }),
    );
    act(
        &sandbox,
        "github-revoke-grant",
        &json!({ "app": DEMO_APP_CLIENT_ID, "login": MARA }),
    );
}

/// GitHub's switches are its own, and HubSpot's scenarios leave it alone.
#[test]
fn github_is_another_house() {
    let sandbox = steered("small");
    let mut patch = Request::json(
        "/_sandbox/github/switches",
        &json!({ "limitsAnswer429": true, "latencyMs": 7 }),
    );
    patch.method = "PATCH".to_owned();
    assert_eq!(sandbox.call(&patch, NOW).status, 200);
    let told = get(&sandbox, "/_sandbox/github/switches");
    assert_eq!(
        (&told["limitsAnswer429"], &told["latencyMs"]),
        (&json!(true), &json!(7))
    );
    patch.body = json!({ "limitsAnswer428": true }).to_string().into_bytes();
    assert!(
        sandbox.call(&patch, NOW).text().contains("limitsAnswer429"),
        "the names there are"
    );
    assert_eq!(
        post(&sandbox, "/_sandbox/scenarios/hubspot-down", &json!({})).status,
        200
    );
    let status = |path: &str| {
        let request = Request::get(path).with_header("user-agent", "test");
        sandbox.call(&request, NOW).status
    };
    assert_eq!(
        (status("/crm/v3/owners"), status("/api/v3/user")),
        (502, 401)
    );
}
