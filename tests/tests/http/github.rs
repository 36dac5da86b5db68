//! GitHub through the same flow: connecting, coming back, and what may be asked.

use portico_core::operations::OPERATIONS;
use portico_core::wire::Provider;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Flow, PORTAL, Stage, fragment, location, offer_github};
use serde_json::{Value, json};

pub(crate) const MARA: &str = "mara-lindqvist";
const MARA_ID: u64 = 40_001;
pub(crate) const TOMASZ: &str = "tomasz-k";
pub(crate) const TOKENS: &str = "/login/oauth/access_token";

pub(crate) fn stage_fault(stage: &Stage, path: &str, answer: FaultAnswer) {
    let fault = Fault {
        path_prefix: path.into(),
        method: None,
        remaining: 1,
        answer,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
}

pub(crate) fn id_of(connection: &Value) -> String {
    connection["id"].as_str().unwrap().to_owned()
}

fn failure(flow: &Value) -> (&Value, &Value) {
    (&flow["phase"], &flow["failure"])
}

/// D36, D37, D42, EX-5: a person connects GitHub; the facts are GitHub's, secrets stand in the body only.
#[tokio::test]
async fn a_person_connects_a_github_account() {
    let stage = Stage::with_github().await;
    let flow = stage.admin().start_github().await;
    let endpoint = format!("{}/login/oauth/authorize", stage.sandbox_url);
    assert_eq!(flow.started["authorize_endpoint"], endpoint);
    assert_eq!(
        flow.started["redirect_uri"],
        format!("{}/callback/github", stage.config.base_url)
    );
    let claim = stage.person().authorize(&flow, MARA).await;
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let connection = answer.json()["connection"].clone();
    assert_eq!(connection["provider"], "github");
    let account = &connection["account"];
    assert_eq!(
        (&account["portal_id"], &account["name"]),
        (&json!(MARA_ID), &json!(MARA))
    );
    assert_eq!(account["authorised_by"], "Mara Lindqvist");
    let host = stage.sandbox_url.trim_start_matches("http://");
    assert_eq!(account["ui_domain"], host);
    let grant = &connection["grant"];
    assert_eq!(
        (&grant["kind"], &grant["granted"], &grant["required"]),
        (&json!("oauth"), &json!([]), &json!([]))
    );
    let life = grant["expires_at"].as_i64().unwrap() - grant["obtained_at"].as_i64().unwrap();
    assert!((28_790..=28_810).contains(&life), "{life}");

    let calls = stage.calls(TOKENS);
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].method.as_str(), calls[0].query.as_str()),
        ("POST", "")
    );
    assert_eq!(
        calls[0].form_fields,
        [
            "client_id",
            "client_secret",
            "redirect_uri",
            "code",
            "code_verifier"
        ]
    );
    let verifier = format!("code_verifier={}", flow.verifier);
    assert!(calls[0].body.contains(&verifier));
    let text = answer.text;
    assert!(!text.contains("ghu_") && !text.contains("ghr_"), "{text}");
}

/// D37: a session lists GitHub when it is configured, and nothing secret of it.
/// J25: the plan counts portals, so a full one takes GitHub all the same.
#[tokio::test]
async fn github_is_offered_and_takes_no_place_of_a_portal() {
    let stage = Stage::set(|config, state| {
        offer_github(config, state);
        config.solo.as_mut().unwrap().max_connections = 1;
    })
    .await;
    stage.connected(PORTAL).await;
    stage.connect_github(MARA).await;
    stage.connect_github(TOMASZ).await;
    let session = stage.member().get("/v1/session").await.json();
    assert_eq!(session["connections_used"], 1);
    let github = &session["providers"][1];
    assert_eq!(
        (&github["provider"], &github["required_scopes"]),
        (&json!("github"), &json!([]))
    );
    assert_eq!(
        github["host"],
        stage.sandbox_url.trim_start_matches("http://")
    );
    assert!(!session.to_string().contains("protects-nothing"));
    let full = stage
        .admin()
        .post("/v1/flows", &stage.admin().any_connect_body())
        .await;
    assert_eq!(full.refusal(), (409, "plan_limit".into()));
}

/// EX-3, J11: the same account again is a reconnection, whatever the intent said; one row a person.
#[tokio::test]
async fn the_same_account_again_is_a_reconnection() {
    let stage = Stage::with_github().await;
    let first = stage.connect_github(MARA).await;
    let flow = stage.admin().start_github().await;
    let claim = stage.person().authorize(&flow, MARA).await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    assert_eq!(done["reconnected"], true);
    assert_eq!(done["connection"]["id"], first["id"]);
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
    let answer = stage
        .admin()
        .relay(&id_of(&first), "github.user", &json!({}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// R15, P6: a reconnection is for the one account; another one is refused by name, its grant given up, and the
/// old one lives on.
#[tokio::test]
async fn a_reconnection_is_for_the_same_account() {
    let stage = Stage::with_github().await;
    let connection = stage.connect_github(MARA).await;
    let flow = stage.admin().start_github_reconnect(&connection).await;
    let claim = stage.person().authorize(&flow, TOMASZ).await;
    let refused = stage.admin().complete(&flow, &claim).await;
    assert_eq!(refused.refusal(), (409, "wrong_portal".into()));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        detail,
        "GitHub account mara-lindqvist was to be reconnected, but tomasz-k was chosen."
    );
    crate::exchange::until(async || {
        let grants = stage.sandbox.with(|state| state.github.grants.len());
        grants == 1
    })
    .await;
    let id = id_of(&connection);
    let answer = stage.admin().relay(&id, "github.user", &json!({})).await;
    assert_eq!(answer.json()["login"], MARA);

    let flow = stage.admin().start_github_reconnect(&connection).await;
    let claim = stage.person().authorize(&flow, MARA).await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    assert_eq!(done["reconnected"], true);
    assert_eq!(done["connection"]["id"], connection["id"]);
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
}

/// A flow of one provider cannot reconnect a connection of the other.
#[tokio::test]
async fn a_flow_reconnects_its_own_providers_connections_only() {
    let stage = Stage::with_github().await;
    let portal = stage.connect(PORTAL).await;
    let admin = stage.admin();
    let mut body = admin.any_connect_body();
    admin.turn_to_github(&mut body);
    body["intent"] = json!("reconnect");
    body["connection_id"] = portal["id"].clone();
    let answer = admin.post("/v1/flows", &body).await;
    assert_eq!(answer.refusal(), (404, "not_found".into()));
}

/// AR-5 for GitHub: scopes of an OAuth app are asked as configured, and others are refused before a redirect.
#[tokio::test]
async fn only_configured_scopes_are_asked() {
    let stage = Stage::with_github_oauth_app(&["repo", "read:org"]).await;
    let admin = stage.admin();
    for (scopes, want) in [
        (json!(["repo"]), "scope_required_missing"),
        (json!(["repo", "read:org", "gist"]), "scope_not_configured"),
    ] {
        let mut body = admin.any_connect_body();
        admin.turn_to_github(&mut body);
        body["scopes"] = scopes;
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(answer.refusal(), (400, want.into()));
        assert!(!answer.text.contains("HubSpot"), "{}", answer.text);
    }
    let connection = stage.connect_github(MARA).await;
    assert_eq!(
        connection["grant"]["granted"],
        json!(["read:org", "repo"]),
        "as X-OAuth-Scopes names them"
    );
}

async fn returned(stage: &Stage, url: &str) -> (u16, Option<String>) {
    let answer = stage.person().visit(url).await;
    let status = answer.status().as_u16();
    let error = (status == 303).then(|| location(&answer));
    (status, error.and_then(|to| fragment(&to, "error")))
}

async fn back_from_github(stage: &Stage) -> (Flow, String) {
    let flow = stage.admin().start_github().await;
    let url = stage
        .person()
        .decide_at_github(&flow, MARA, "authorize")
        .await;
    (flow, url)
}

/// CB-4, the other way round: GitHub's state on HubSpot's path ends the flow without a token call.
#[tokio::test]
async fn a_return_of_github_on_hubspots_path_ends_the_flow() {
    let stage = Stage::with_github().await;
    let (flow, url) = back_from_github(&stage).await;
    let mixed = url.replace("/callback/github", "/callback/hubspot");
    assert_eq!(returned(&stage, &mixed).await.0, 400);
    let state = stage.admin().flow(&flow).await;
    assert_eq!(
        failure(&state),
        (&json!("failed"), &json!("state_mismatch"))
    );
    assert_eq!(returned(&stage, &url).await.0, 409);
    assert_eq!(stage.calls(TOKENS).len(), 0);
    assert_eq!(stage.calls("/oauth/2026-03").len(), 0);
}

/// CB-5: GitHub promises no `iss`; a wrong one, HubSpot's among them, is refused all the same.
#[tokio::test]
async fn an_issuer_is_compared_when_there_is_one() {
    let stage = Stage::set(|config, state| {
        offer_github(config, state);
        // The provider of the other path, at another address.
        config.hubspot.authorize_base = "http://localhost:9".into();
    })
    .await;
    for issuer in [
        "http://localhost:9",
        "https://github.com",
        "",
        &format!("{}/", stage.sandbox_url),
    ] {
        let (flow, url) = back_from_github(&stage).await;
        assert_eq!(
            returned(&stage, &format!("{url}&iss={issuer}")).await.0,
            400,
            "{issuer}"
        );
        let state = stage.admin().flow(&flow).await;
        assert_eq!(
            failure(&state),
            (&json!("failed"), &json!("state_mismatch"))
        );
    }
    for issuer in [
        stage.sandbox_url.clone(),
        format!("{}/login/oauth", stage.sandbox_url),
    ] {
        let (_, url) = back_from_github(&stage).await;
        assert_eq!(
            returned(&stage, &format!("{url}&iss={issuer}")).await,
            (303, None)
        );
    }
}

/// CB-6 for GitHub: a person's no and the app's own faults are told apart.
#[tokio::test]
async fn a_denial_is_told_from_a_fault_of_the_app() {
    let stage = Stage::with_github().await;
    let flow = stage.admin().start_github().await;
    let url = stage.person().decide_at_github(&flow, MARA, "cancel").await;
    assert_eq!(
        returned(&stage, &url).await,
        (303, Some("consent_denied".into()))
    );
    let flow = stage.admin().start_github().await;
    stage.sandbox.with(|state| {
        for app in &mut state.github.apps {
            app.suspended = true;
        }
    });
    let refused = location(&stage.person().visit(&flow.authorize_url).await);
    assert_eq!(
        returned(&stage, &refused).await,
        (303, Some("config_fault".into()))
    );
    let state = stage.admin().flow(&flow).await;
    assert_eq!(failure(&state), (&json!("failed"), &json!("config_fault")));
}

/// UF-5: an error that comes with status 200 is the error it names.
#[tokio::test]
async fn an_error_with_status_200_is_one() {
    for (named, want) in [
        ("bad_verification_code", (502, "grant_refused")),
        ("unverified_user_email", (502, "grant_refused")),
        ("incorrect_client_credentials", (502, "config_fault")),
        ("redirect_uri_mismatch", (502, "config_fault")),
    ] {
        let stage = Stage::with_github().await;
        let flow = stage.admin().start_github().await;
        let claim = stage.person().authorize(&flow, MARA).await;
        stage_fault(&stage, TOKENS, FaultAnswer::OAuth(named.into()));
        let answer = stage.admin().complete(&flow, &claim).await;
        assert_eq!(answer.refusal(), (want.0, want.1.to_owned()), "{named}");
        assert!(!answer.text.contains("HubSpot"), "{}", answer.text);
        assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    }
}

/// UF-5 without a staged fault: an address that is not verified gets no token.
#[tokio::test]
async fn an_unverified_person_is_refused() {
    let stage = Stage::with_github().await;
    stage.sandbox.with(|state| {
        let accounts = &mut state.github.accounts;
        accounts.get_mut(&MARA_ID).unwrap().email_verified = false;
    });
    let flow = stage.admin().start_github().await;
    let claim = stage.person().authorize(&flow, MARA).await;
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(answer.refusal(), (502, "grant_refused".into()));
}

/// EX-4: fifty completions of one flow make one token call.
#[tokio::test]
async fn fifty_completions_make_one_token_call() {
    let stage = Stage::with_github().await;
    let flow = stage.admin().start_github().await;
    let claim = stage.person().authorize(&flow, MARA).await;
    let admin = stage.admin();
    let all = (0..50).map(|_| admin.complete(&flow, &claim));
    for answer in futures_util::future::join_all(all).await {
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
    }
    assert_eq!(stage.calls(TOKENS).len(), 1);
}

/// D38–D42: each operation answers as GitHub does, page by page; `Link` and GitHub's counters stay behind.
#[tokio::test]
async fn each_operation_answers_page_by_page() {
    let stage = Stage::with_github().await;
    let id = id_of(&stage.connect_github(MARA).await);
    let admin = stage.admin();
    let page =
        |page: u32, size: u32| json!({"page": page.to_string(), "per_page": size.to_string()});
    let repository = json!({"owner": "harbour-analytics", "repo": "config-archive"});
    let harbour = json!({"installation_id": "70002"});
    let mut tried = Vec::new();
    for (operation, params, query, pointer, want) in [
        ("github.user", json!({}), json!({}), "/login", json!(MARA)),
        (
            "github.installations",
            json!({}),
            page(2, 2),
            "/installations/0/id",
            json!(70_003),
        ),
        (
            "github.installation_repositories",
            harbour.clone(),
            page(3, 100),
            "/repositories/52/name",
            json!("service-250"),
        ),
        (
            "github.repository",
            repository.clone(),
            json!({}),
            "/full_name",
            json!("harbour-analytics/config-archive"),
        ),
        (
            "github.branches",
            repository.clone(),
            page(3, 100),
            "/99/name",
            json!("snapshots/299"),
        ),
    ] {
        tried.push(operation);
        let arguments = json!({"params": params, "query": query});
        let answer = admin.relay(&id, operation, &arguments).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        assert_eq!(
            answer.json().pointer(pointer),
            Some(&want),
            "{operation}: {}",
            answer.text
        );
        for dropped in ["link", "x-ratelimit-remaining", "x-oauth-scopes", "etag"] {
            assert_eq!(answer.header(dropped), None, "{operation}");
        }
    }
    let of_github = OPERATIONS
        .iter()
        .filter(|operation| operation.provider == Provider::Github);
    assert!(of_github.map(|operation| operation.name).eq(tried));
    let sent = stage.calls("/api/v3/repos/harbour-analytics/config-archive/branches");
    let mut headers: Vec<&str> = sent[0]
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "host",
            "user-agent",
            "x-github-api-version"
        ],
        "RL-4: our own headers, and no others"
    );
    let foreign = json!({"params": {"objectType": "deals"}});
    let answer = admin.relay(&id, "properties.list", &foreign).await;
    assert_eq!(answer.refusal(), (404, "unknown_operation".into()));
    let portal = stage.connected(PORTAL).await;
    let answer = admin.relay(&portal, "github.user", &json!({})).await;
    assert_eq!(answer.refusal(), (404, "unknown_operation".into()));
}

/// UF-1, RL-6, RL-12: limits by 403 and 429, a renamed repository's redirect, what is not there, and bad names.
#[tokio::test]
async fn each_refusal_of_github_has_its_code() {
    let stage = Stage::with_github().await;
    let id = id_of(&stage.connect_github(MARA).await);
    let admin = stage.admin();
    let get = async |owner: &str, repo: &str| {
        let arguments = json!({"params": {"owner": owner, "repo": repo}});
        admin.relay(&id, "github.repository", &arguments).await
    };
    let limits = [
        ("primary", false, 3600),
        ("primary", true, 3600),
        ("secondary", false, 60),
    ];
    for (policy, by_429, at_most) in limits {
        stage
            .sandbox
            .with(|state| state.github.switches.limits_answer_429 = by_429);
        let fault = FaultAnswer::TooManyRequests {
            policy: policy.into(),
        };
        stage_fault(&stage, "/api/v3/repos", fault);
        let answer = get(MARA, "portal-config").await;
        assert_eq!(answer.refusal(), (429, "upstream_rate_limited".into()));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=at_most).contains(&wait), "{policy}: {wait}");
        assert!(!answer.text.contains("HubSpot"), "{}", answer.text);
    }
    stage
        .sandbox
        .with(|state| state.github.rename_repository(MARA, "website", "site"));
    assert_eq!(
        get(MARA, "website").await.refusal(),
        (502, "upstream_redirect".into())
    );
    assert_eq!(get(MARA, "site").await.status, 200);
    assert_eq!(
        get(MARA, "no-such").await.refusal(),
        (502, "upstream_not_found".into())
    );
    let before = stage.sandbox.with(|state| state.calls.len());
    for (owner, repo) in [
        ("..", "x"),
        (MARA, ".."),
        (MARA, "."),
        (MARA, "a/b"),
        ("", "x"),
    ] {
        assert_eq!(
            get(owner, repo).await.refusal(),
            (400, "invalid_parameter".into()),
            "{owner}/{repo}"
        );
    }
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}
