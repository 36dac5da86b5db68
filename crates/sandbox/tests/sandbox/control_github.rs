//! GitHub's scenarios, the rest of its actions, and its place on the page, through requests.

use portico_sandbox::github::model::{DEMO_APP_CLIENT_ID, DEMO_APP_CLIENT_SECRET};
use portico_sandbox::{Request, Response, Sandbox};
use serde_json::{Value, json};

use crate::NOW;
use crate::control::{act, get, post, steered};

const MARA: &str = "mara-lindqvist";
const CONFIG: &str = "/repos/mara-lindqvist/portal-config";

/// A connection of the GitHub App for a user.
struct Client {
    sandbox: Sandbox,
    access: String,
    refresh: String,
}

impl Client {
    fn new(sandbox: &Sandbox, login: &str) -> Self {
        let body = json!({ "app": DEMO_APP_CLIENT_ID, "login": login });
        let issued = act(sandbox, "github-issue-tokens", &body);
        let text = |name: &str| issued[name].as_str().expect("a token").to_owned();
        Self {
            sandbox: sandbox.clone(),
            access: text("accessToken"),
            refresh: text("refreshToken"),
        }
    }

    fn send(&self, request: Request, now: u64) -> Response {
        let mut request = request
            .bearer(&self.access)
            .with_header("user-agent", "test");
        request.path = format!("/api/v3{}", request.path);
        self.sandbox.call(&request, now)
    }

    fn status(&self, path: &str) -> u16 {
        self.send(Request::get(path), NOW).status
    }

    /// The error of a refresh, or null.
    fn refresh(&self, token: &str) -> Value {
        let fields = [
            ("client_id", DEMO_APP_CLIENT_ID),
            ("client_secret", DEMO_APP_CLIENT_SECRET),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        let request = Request::form("/login/oauth/access_token", &fields)
            .with_header("accept", "application/json");
        self.sandbox.call(&request, NOW).to_value()["error"].clone()
    }
}

fn start(sandbox: &Sandbox, name: &str, body: &Value) -> Value {
    let response = post(sandbox, &format!("/_sandbox/scenarios/{name}"), body);
    assert_eq!(response.status, 200, "{name}: {}", response.text());
    response.to_value()
}

fn undo(sandbox: &Sandbox, body: &Value) -> Value {
    let response = post(sandbox, "/_sandbox/scenarios/undo", body);
    assert_eq!(response.status, 200);
    response.to_value()["undone"].clone()
}

fn body_of(scenario: &Value) -> Value {
    match scenario["fields"][0]["name"].as_str() {
        Some("repository") => json!({ "repository": "mara-lindqvist/portal-config" }),
        _ => json!({ "login": MARA }),
    }
}

/// Every one is listed with its fields, tells what a user sees, starts twice without harm, and ends without a trace.
#[test]
fn githubs_scenarios_are_listed_started_and_undone() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    assert_eq!(client.status(CONFIG), 200);
    let before = get(&sandbox, "/_sandbox/state");
    let listed = get(&sandbox, "/_sandbox/scenarios")["github"].clone();
    let listed = listed.as_array().expect("scenarios");
    assert_eq!(listed.len(), 6);
    for scenario in listed {
        let name = scenario["name"].as_str().expect("a name");
        assert!(scenario["sees"].as_str().is_some_and(|s| s.ends_with('.')));
        for _ in 0..2 {
            let told = start(&sandbox, name, &body_of(scenario));
            assert_eq!(
                (&told["scenario"], &told["sees"]),
                (&json!(name), &scenario["sees"])
            );
        }
        let running = get(&sandbox, "/_sandbox/scenarios")["running"].clone();
        assert_eq!(running.as_array().map(Vec::len), Some(1), "{name}");
        assert_ne!(
            get(&sandbox, "/_sandbox/state"),
            before,
            "{name} is seen in the state"
        );
        assert_eq!(undo(&sandbox, &json!({ "name": name })), json!([name]));
        assert_eq!(client.status(CONFIG), 200, "{name}");
        let mut after = get(&sandbox, "/_sandbox/state");
        after["calls"] = before["calls"].clone();
        assert_eq!(after, before, "{name}");
    }
    let api = get(&sandbox, "/_sandbox/api");
    assert_eq!(api["scenarios"]["github"].as_array(), Some(listed));
    assert_eq!(client.refresh(&client.refresh), Value::Null);
}

/// What each does to a client while it runs.
#[test]
fn a_client_meets_what_the_scenario_says() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    let config = json!({ "repository": "mara-lindqvist/portal-config" });
    let mara = json!({ "login": MARA });

    start(&sandbox, "github-repository-deleted", &config);
    assert_eq!((client.status(CONFIG), client.status("/user")), (404, 200));
    undo(&sandbox, &config);
    assert_eq!(client.status(&format!("{CONFIG}/branches/staging")), 200);

    start(&sandbox, "github-repository-renamed", &config);
    assert_eq!(client.status(CONFIG), 301);
    let renamed = format!("{CONFIG}-renamed");
    assert_eq!(client.status(&renamed), 200);
    undo(&sandbox, &json!({}));
    assert_eq!(
        (client.status(CONFIG), client.status(&renamed)),
        (200, 404),
        "no redirect is left"
    );

    start(&sandbox, "github-access-lost", &config);
    assert_eq!(client.status(CONFIG), 404);
    assert_eq!(client.status("/repos/mara-lindqvist/hubspot-backup"), 200);
    undo(&sandbox, &config);

    // Reaches all repositories, and does so again afterwards.
    let all = json!({ "repository": "harbour-analytics/crm-snapshots" });
    start(&sandbox, "github-access-lost", &all);
    assert_eq!(client.status("/repos/harbour-analytics/crm-snapshots"), 404);
    assert_eq!(client.status("/repos/harbour-analytics/service-250"), 200);
    undo(&sandbox, &all);
    let accounts = get(&sandbox, "/_sandbox/state")["github"]["accounts"].clone();
    let harbour = &accounts.as_array().expect("accounts")[4];
    assert_eq!(harbour["login"], "harbour-analytics");
    assert_eq!(harbour["installations"][0]["repositories"], Value::Null);

    start(&sandbox, "github-token-expired", &mara);
    assert_eq!(client.status("/user"), 401);
    undo(&sandbox, &mara);
    assert_eq!(client.status("/user"), 200);

    start(&sandbox, "github-authorization-revoked", &mara);
    assert_eq!(client.status("/user"), 401);
    assert_eq!(client.refresh(&client.refresh), "bad_refresh_token");
    undo(&sandbox, &mara);
    assert_eq!(client.status("/user"), 200);

    let told = start(&sandbox, "github-rate-limited", &mara);
    let refused = client.send(Request::get("/user"), NOW);
    assert_eq!(
        (refused.status, refused.header("x-ratelimit-remaining")),
        (403, Some("0"))
    );
    assert!(told["until"].is_string(), "the reset of the hour");
    undo(&sandbox, &mara);
    assert_eq!(client.status("/user"), 200);
}

/// An hour that is over ends the scenario by itself.
#[test]
fn the_rate_limit_ends_with_githubs_hour() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    start(&sandbox, "github-rate-limited", &json!({ "login": MARA }));
    let later = NOW + 3_600_000;
    assert_eq!(
        client.send(Request::get("/user"), later - 2_000).status,
        403
    );
    assert_eq!(client.send(Request::get("/user"), later).status, 200);
    let listed = sandbox.call(&Request::get("/_sandbox/scenarios"), later);
    assert_eq!(listed.to_value()["running"], json!([]));
}

/// Tokens that a user or an app ended for good while a scenario held them back stay dead; a new connection stays alive.
#[test]
fn undoing_brings_back_no_revoked_grant_and_takes_no_new_one() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    let mara = json!({ "login": MARA });
    start(&sandbox, "github-authorization-revoked", &mara);
    act(
        &sandbox,
        "github-revoke-grant",
        &json!({ "app": DEMO_APP_CLIENT_ID, "login": MARA }),
    );
    let new = Client::new(&sandbox, MARA);
    undo(&sandbox, &json!({}));
    assert_eq!((client.status("/user"), new.status("/user")), (401, 200));
    assert_eq!(client.refresh(&client.refresh), "bad_refresh_token");
    start(&sandbox, "github-authorization-revoked", &mara);
    let newer = Client::new(&sandbox, MARA);
    undo(&sandbox, &mara);
    assert_eq!((new.status("/user"), newer.status("/user")), (200, 200));
}

/// Names that were taken meanwhile are not lost: both repositories stand afterwards.
#[test]
fn undoing_keeps_what_took_the_name_meanwhile() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    let rename = |name: &str, to: &str| {
        let body = json!({ "owner": MARA, "name": name, "newName": to });
        act(&sandbox, "github-rename-repository", &body);
    };
    let config = json!({ "repository": "mara-lindqvist/portal-config" });
    start(&sandbox, "github-repository-deleted", &config);
    rename("website", "portal-config");
    undo(&sandbox, &config);
    let told = client.send(Request::get(CONFIG), NOW).to_value();
    assert_eq!(told["default_branch"], "master", "the website still has it");
    assert_eq!(client.status(&format!("{CONFIG}-1/branches/staging")), 200);

    let body = json!({ "repository": "mara-lindqvist/portal-config", "newName": "a" });
    start(&sandbox, "github-repository-renamed", &body);
    rename("a", "b");
    undo(&sandbox, &config);
    assert_eq!(
        client.status("/repos/mara-lindqvist/b"),
        200,
        "renamed on purpose"
    );
}

/// Undoing goes by name, by repository, by user; a portal's is HubSpot's alone.
#[test]
fn undoing_is_as_narrow_as_asked() {
    let sandbox = steered("small");
    Client::new(&sandbox, MARA);
    let scratch = json!({ "repository": "tomasz-k/dotfiles" });
    let config = json!({ "repository": "mara-lindqvist/portal-config" });
    start(&sandbox, "github-repository-deleted", &scratch);
    start(&sandbox, "github-repository-deleted", &config);
    start(&sandbox, "github-token-expired", &json!({ "login": MARA }));
    start(&sandbox, "slow-portal", &json!({ "portal": crate::SMALL }));
    let cases = [
        (json!({ "portal": crate::SMALL }), json!(["slow-portal"])),
        (
            json!({ "login": "Mara-Lindqvist" }),
            json!(["github-token-expired"]),
        ),
        (scratch, json!(["github-repository-deleted"])),
        (json!({ "name": "github-token-expired" }), json!([])),
        (json!({}), json!(["github-repository-deleted"])),
    ];
    for (asked, undone) in cases {
        assert_eq!(undo(&sandbox, &asked), undone, "{asked}");
    }
}

/// What cannot start says why, and changes nothing.
#[test]
fn what_cannot_start_is_refused() {
    let sandbox = steered("small");
    let cases = [
        ("github-repository-deleted", json!({}), 400),
        (
            "github-repository-deleted",
            json!({ "repository": "mara-lindqvist" }),
            404,
        ),
        (
            "github-repository-deleted",
            json!({ "repository": "nobody/x" }),
            404,
        ),
        (
            "github-repository-deleted",
            json!({ "portal": crate::SMALL }),
            400,
        ),
        (
            "github-repository-renamed",
            json!({ "repository": "mara-lindqvist/website", "newName": "a/b" }),
            400,
        ),
        (
            "github-repository-renamed",
            json!({ "repository": "mara-lindqvist/website", "newName": "portal-config" }),
            409,
        ),
        (
            "github-access-lost",
            json!({ "repository": "mara-lindqvist/private-notes" }),
            409,
        ),
        (
            "github-authorization-revoked",
            json!({ "login": MARA }),
            409,
        ),
        ("github-token-expired", json!({ "login": MARA }), 409),
        (
            "github-rate-limited",
            json!({ "login": "harbour-analytics" }),
            404,
        ),
        ("github-nothing", json!({}), 404),
    ];
    let before = get(&sandbox, "/_sandbox/state");
    for (name, body, status) in cases {
        let response = post(&sandbox, &format!("/_sandbox/scenarios/{name}"), &body);
        assert_eq!(
            response.status,
            status,
            "{name} {body}: {}",
            response.text()
        );
    }
    assert_eq!(get(&sandbox, "/_sandbox/state"), before);
}

/// Membership, default branch, single sign-on and limits, each seen by the endpoint that tells of it.
#[test]
fn githubs_other_actions_are_seen_by_its_api() {
    let sandbox = steered("small");
    let client = Client::new(&sandbox, MARA);
    let on = json!({ "owner": MARA, "name": "portal-config", "branch": "staging" });
    act(&sandbox, "github-set-default-branch", &on);
    let told = client.send(Request::get(CONFIG), NOW).to_value();
    assert_eq!(told["default_branch"], "staging");

    let harbour = "/repos/harbour-analytics/crm-snapshots";
    let of = |more: Value| {
        let mut body = json!({ "account": "harbour-analytics" });
        let more = more.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(more);
        body
    };
    act(&sandbox, "github-require-sso", &of(json!({ "on": true })));
    assert_eq!(client.status(harbour), 403);
    act(
        &sandbox,
        "github-authorize-sso",
        &of(json!({ "login": MARA })),
    );
    assert_eq!(client.status(harbour), 200);
    for (role, status) in [("none", 404), ("member", 200), ("owner", 200)] {
        let body = of(json!({ "login": MARA, "role": role }));
        act(&sandbox, "github-set-member", &body);
        assert_eq!(client.status(harbour), status, "{role}");
    }

    act(&sandbox, "github-reset-limits", &json!({}));
    let limits = act(&sandbox, "github-set-limits", &json!({ "hourly": 2 }));
    assert_eq!(
        (&limits["hourly"], &limits["anonymous"]),
        (&json!(2), &json!(60))
    );
    let statuses = [(); 3].map(|()| client.status("/user"));
    assert_eq!(statuses, [200, 200, 403]);
    let unknown = json!({ "owner": MARA, "name": "portal-config", "branch": "none" });
    let refused = post(
        &sandbox,
        "/_sandbox/actions/github-set-default-branch",
        &unknown,
    );
    assert_eq!(refused.status, 404);
}

/// The page lists accounts, installations and tokens, never a token itself, and its forms start and undo.
#[test]
fn the_page_shows_github_and_its_forms_work() {
    let sandbox = steered("small");
    let page = |query: &str| -> String {
        let response = sandbox.call(&Request::get(&format!("/_sandbox{query}")), NOW);
        assert_eq!(response.status, 200);
        response.text()
    };
    assert!(
        page("").contains("Connect GitHub first."),
        "nobody holds a token"
    );
    let client = Client::new(&sandbox, MARA);
    let text = page("");
    for part in [
        "id=\"github\"",
        "harbour-analytics",
        "4 selected",
        "suspended",
        "1 access<span class=\"sub\">1 refresh</span>",
        "<option value=\"mara-lindqvist/portal-config\">",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains(&client.access) && !text.contains(&client.refresh));
    assert!(
        text.contains(&page("/part/github")),
        "the page's own markup"
    );
    for scenario in get(&sandbox, "/_sandbox/scenarios")["github"]
        .as_array()
        .expect("scenarios")
    {
        let name = scenario["name"].as_str().expect("a name");
        let body = body_of(scenario);
        let (field, value) = body
            .as_object()
            .expect("an object")
            .iter()
            .next()
            .expect("one");
        let value = value.as_str().expect("a text");
        let send = |path: &str, fields: &[(&str, &str)]| {
            let sent = sandbox.call(
                &Request::form(&format!("/_sandbox/scenarios/{path}"), fields),
                NOW,
            );
            assert_eq!(sent.status, 303, "{name}: {}", sent.text());
        };
        assert!(
            text.contains(&format!("action=\"/_sandbox/scenarios/{name}\"")),
            "{name}"
        );
        send(name, &[(field, value)]);
        let during = page("");
        let title = scenario["title"].as_str().expect("a title");
        assert!(during.contains(&format!(
            "<strong>GitHub: {title}</strong> for <bdi>{value}</bdi>"
        )));
        send("undo", &[("name", name), (field, value)]);
        assert!(!page("").contains("<strong>GitHub:"), "{name}");
    }
    let fields = [
        ("limitsAnswer429", "true"),
        ("denialRedirects", "false"),
        ("blobLimit", "9"),
    ];
    let sent = Request::form("/_sandbox/github/switches", &fields);
    let sent = sandbox.call(&sent, NOW);
    assert!(
        sent.header("location")
            .is_some_and(|to| to.ends_with("#github"))
    );
    let switches = get(&sandbox, "/_sandbox/github/switches");
    assert_eq!(
        [
            &switches["limitsAnswer429"],
            &switches["denialRedirects"],
            &switches["blobLimit"]
        ],
        [&json!(true), &json!(false), &json!(9)]
    );
    let hostile = "mara-lindqvist/<script>alert(1)</script>";
    let refused = sandbox.call(
        &Request::form(
            "/_sandbox/scenarios/github-repository-deleted",
            &[("repository", hostile)],
        ),
        NOW,
    );
    assert_eq!(refused.status, 404);
    assert!(!refused.text().contains("<script>alert"));
}
