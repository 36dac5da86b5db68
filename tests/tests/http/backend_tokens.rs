//! Access tokens for a partner's own backend: who gets one, what it is good for, and what is never handed out.

use portico_proxy::config::{Backend, ServiceKey};
use portico_proxy::new_service_key;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Answer, PORTAL, Stage};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A stage whose backend may fetch tokens, and its key.
async fn with_key() -> (Stage, String) {
    let (key, listed) = new_service_key("deals").unwrap();
    let stage = Stage::set(|config, _| {
        config.solo.as_mut().unwrap().backend = Backend {
            tokens: true,
            service_keys: vec![listed],
        };
        let deals = "crm.objects.deals.read".to_owned();
        config.hubspot.optional_scopes.push(deals);
    })
    .await;
    (stage, key.to_string())
}

fn request(stage: &Stage, key: &str, id: &str) -> RequestBuilder {
    let path = format!("/v1/connections/{id}/token");
    let admin = stage.admin();
    admin
        .bare(Method::POST, &path)
        .bearer_auth(key)
        .json(&json!({"org": "demo"}))
}

async fn send(stage: &Stage, request: RequestBuilder) -> Answer {
    stage.admin().send(request).await
}

async fn fetch(stage: &Stage, key: &str, id: &str) -> Answer {
    send(stage, request(stage, key, id)).await
}

fn form(stage: &Stage, fields: &[(&str, &str)]) -> RequestBuilder {
    stage
        .admin()
        .bare(Method::POST, "/oauth/token")
        .form(fields)
}

/// Reads deals at the sandbox as the connector does, with a trailing slash.
async fn deals(stage: &Stage, token: &Value) -> u16 {
    let url = format!("{}/crm/v3/objects/deals/?limit=1", stage.sandbox_url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(url).bearer_auth(token.as_str().unwrap());
    request.send().await.unwrap().status().as_u16()
}

async fn journal(stage: &Stage, column: &str) -> Vec<Value> {
    let page = stage
        .admin()
        .get("/v1/journal?action=token.issue&order=asc")
        .await
        .json();
    let entries = page["entries"].as_array().unwrap().clone();
    entries
        .into_iter()
        .map(|entry| entry[column].clone())
        .collect()
}

/// Issue 4, item 9: nothing of it is there until the operator says so.
#[tokio::test]
async fn it_is_off_unless_the_operator_turns_it_on() {
    let (key, listed) = new_service_key("deals").unwrap();
    for service_keys in [vec![], vec![listed]] {
        let tokens = false;
        let backend = Backend {
            tokens,
            service_keys,
        };
        let stage = Stage::set(|config, _| config.solo.as_mut().unwrap().backend = backend).await;
        let id = stage.connected(PORTAL).await;
        assert_eq!(
            fetch(&stage, &key, &id).await.refusal(),
            (404, "not_found".into())
        );
        let asked = form(&stage, &[("client_secret", &key)]);
        assert_eq!(
            send(&stage, asked).await.refusal(),
            (404, "not_found".into())
        );
    }
}

/// Issue 4, item 9, B11, B12: a token that works at HubSpot, refreshed when it has to be, and an entry for each.
#[tokio::test]
async fn a_backend_gets_a_fresh_token_and_the_journal_says_so() {
    let (stage, key) = with_key().await;
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let answer = fetch(&stage, &key, id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let issued = answer.json();
    let fields: Vec<&String> = issued.as_object().unwrap().keys().collect();
    let want = [
        "access_token",
        "expires_at",
        "hub",
        "portal_id",
        "scopes",
        "token_type",
    ];
    assert_eq!(fields, want);
    assert_eq!(issued["token_type"], "Bearer");
    assert_eq!(issued["portal_id"], PORTAL);
    assert_eq!(issued["hub"], stage.sandbox_url);
    assert_eq!(issued["scopes"], connection["grant"]["granted"]);
    assert_eq!(issued["expires_at"], connection["grant"]["expires_at"]);
    assert_eq!(deals(&stage, &issued["access_token"]).await, 200);
    assert_eq!(
        fetch(&stage, &key, id).await.json()["access_token"],
        issued["access_token"]
    );
    assert_eq!(stage.token_calls("refresh_token"), 0);

    // With less than five minutes to live it is replaced first.
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') + 299")
        .await;
    let fresh = fetch(&stage, &key, id).await.json();
    assert_eq!(stage.token_calls("refresh_token"), 1);
    assert_ne!(fresh["access_token"], issued["access_token"]);
    assert!(fresh["expires_at"].as_i64() >= issued["expires_at"].as_i64());
    assert_eq!(deals(&stage, &fresh["access_token"]).await, 200);

    let count = journal(&stage, "actor").await.len();
    assert_eq!(
        journal(&stage, "actor").await,
        vec![json!("service:deals"); count]
    );
    assert_eq!(count, 3);
    assert_eq!(journal(&stage, "outcome").await, vec![json!("done"); count]);
    assert_eq!(journal(&stage, "target").await, vec![json!(id); count]);
    assert_eq!(
        journal(&stage, "reason").await,
        vec![json!(format!("portal {PORTAL}")); count]
    );
    let all = stage.admin().get("/v1/journal/export").await.text;
    assert!(!all.contains(fresh["access_token"].as_str().unwrap()) && !all.contains(&key));
}

/// Issue 4, item 9: a key and nothing else opens it; what is not the key's is not there.
#[tokio::test]
async fn only_a_service_key_opens_it() {
    let (stage, key) = with_key().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let (other, _) = new_service_key("deals").unwrap();
    let head = "SELECT journal_seq FROM org";
    let before = stage.count(head).await;
    for wrong in [
        other.as_str(),
        "",
        "portico_sk_",
        &admin.token,
        &key[..key.len() - 1],
    ] {
        let answer = fetch(&stage, wrong, &id).await;
        assert_eq!(answer.refusal(), (401, "service_key_required".into()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let path = format!("/v1/connections/{id}/token");
    let body = json!({"org": "demo"});
    let bare = admin.bare(Method::POST, &path).json(&body);
    assert_eq!(
        send(&stage, bare).await.refusal(),
        (401, "service_key_required".into())
    );
    let twice = request(&stage, &key, &id).header("authorization", "Bearer x");
    assert_eq!(
        send(&stage, twice).await.refusal(),
        (401, "service_key_required".into())
    );
    // The key is no session.
    let read = admin.bare(Method::GET, "/v1/connections").bearer_auth(&key);
    assert_eq!(
        send(&stage, read).await.refusal(),
        (401, "session_required".into())
    );

    let long = "x".repeat(65);
    for unknown in ["nobody", "..%2f", "%00", "a%20b", &long] {
        let answer = fetch(&stage, &key, unknown).await;
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{unknown}");
    }
    for org in ["rival", "", "a b", "demo\u{0}"] {
        let foreign = request(&stage, &key, &id).json(&json!({ "org": org }));
        assert_eq!(
            send(&stage, foreign).await.refusal(),
            (404, "not_found".into()),
            "{org}"
        );
    }
    for body in [
        json!({}),
        json!({"org": 1}),
        json!({"org": "demo", "x": 1}),
        json!("demo"),
    ] {
        let odd = request(&stage, &key, &id).json(&body);
        assert_eq!(
            send(&stage, odd).await.refusal(),
            (400, "invalid_request".into()),
            "{body}"
        );
    }
    let text = admin.bare(Method::POST, &path).bearer_auth(&key);
    let text = text
        .header("content-type", "text/plain")
        .body("{\"org\":\"demo\"}");
    assert_eq!(
        send(&stage, text).await.refusal(),
        (415, "unsupported_media_type".into())
    );
    let get = admin.bare(Method::GET, &path).bearer_auth(&key);
    assert_eq!(
        send(&stage, get).await.refusal(),
        (405, "method_not_allowed".into())
    );
    // Nobody could be named for any of it, or nothing that is known.
    assert_eq!(stage.count(head).await, before);
}

/// Issue 4, item 9, EM-1: no page gets a token, not even the app's own with the right key, nor a preflight.
#[tokio::test]
async fn no_browser_gets_a_token() {
    let (stage, key) = with_key().await;
    let id = stage.connected(PORTAL).await;
    let own = stage.config.base_url.clone();
    for (name, value) in [
        ("origin", own.as_str()),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-dest", "empty"),
    ] {
        let fields = [("client_id", "deals"), ("client_secret", &*key)];
        for asked in [request(&stage, &key, &id), form(&stage, &fields)] {
            let answer = send(&stage, asked.header(name, value)).await;
            assert_eq!(
                answer.refusal(),
                (403, "not_for_browsers".into()),
                "{name}: {value}"
            );
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    for path in [format!("/v1/connections/{id}/token"), "/oauth/token".into()] {
        let preflight = stage
            .admin()
            .bare(Method::OPTIONS, &path)
            .header("origin", &own)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization");
        let answer = send(&stage, preflight).await;
        assert_eq!(answer.status, 405, "{path}");
        let granted = |name: &&str| answer.header(name).is_some();
        let headers = [
            "access-control-allow-origin",
            "access-control-allow-methods",
        ];
        assert!(!headers.iter().any(granted), "{path}");
    }
    // Node's own fetch marks itself so, and is no browser.
    let node = request(&stage, &key, &id).header("sec-fetch-mode", "cors");
    assert_eq!(send(&stage, node).await.status, 200);
}

/// Issue 4, item 9, RL-9, D26: where the relay would refuse, so does this; and what never ends never leaves.
#[tokio::test]
async fn a_connection_that_is_not_usable_gives_no_token() {
    let (stage, key) = with_key().await;
    let id = stage.connected(PORTAL).await;
    let calls = stage.calls("/").len();
    for (change, want) in [
        ("state = 'needs_reauth'", (409, "needs_reauth")),
        ("state = 'revoking'", (409, "disconnected")),
        (
            "state = 'connected', granted = '[\"oauth\"]'",
            (409, "needs_reauth"),
        ),
        ("grant_kind = 'static'", (409, "static_credential")),
    ] {
        stage.sql(&format!("UPDATE connection SET {change}")).await;
        let answer = fetch(&stage, &key, &id).await;
        assert_eq!(answer.refusal(), (want.0, want.1.into()), "{change}");
    }
    assert_eq!(stage.calls("/").len(), calls, "HubSpot was not asked");
    let outcomes = [
        "needs_reauth",
        "disconnected",
        "needs_reauth",
        "static_credential",
    ];
    assert_eq!(journal(&stage, "outcome").await, outcomes.map(Value::from));

    // HubSpot down: no token is worth giving, and the caller hears when to come again.
    let (stage, key) = with_key().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    let fault = Fault {
        path_prefix: "/oauth/2026-03/token".into(),
        method: None,
        remaining: 9,
        answer: FaultAnswer::Status(503),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    let answer = fetch(&stage, &key, &id).await;
    assert_eq!(answer.refusal(), (503, "provider_unavailable".into()));
    assert!(answer.header("retry-after").is_some());
}

/// Issue 4, item 9: thirty a minute of one connection; a token lives for half an hour.
#[tokio::test]
async fn whoever_asks_for_every_call_is_told_to_keep_the_token() {
    let (stage, key) = with_key().await;
    let (id, other) = (
        stage.connected(PORTAL).await,
        stage.connected(25_733_019).await,
    );
    let mut refused = None;
    for _ in 0..60 {
        let answer = fetch(&stage, &key, &id).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the limit is reached");
    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    assert!(refused.header("retry-after").is_some());
    assert!(refused.text.contains("expires_at"), "{}", refused.text);
    assert_eq!(fetch(&stage, &key, &other).await.status, 200);
    let outcomes = journal(&stage, "outcome").await;
    assert!(outcomes.len() >= 31 && outcomes.iter().all(|outcome| outcome == "done"));
}

/// Issue 4, item 9, B12: an OAuth client that only knows RFC 6749 gets the same token; the three fields it wants are a
/// service key and the name of a connection.
#[tokio::test]
async fn an_oauth_client_refreshes_at_the_proxy() {
    let (stage, key) = with_key().await;
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let named = format!("{id}@demo");
    let grant = [("grant_type", "refresh_token"), ("refresh_token", &*named)];
    let client = [("client_id", "deals"), ("client_secret", &*key)];
    let in_body = form(&stage, &[grant, client].concat());
    let in_header = form(&stage, &grant).basic_auth("deals", Some(&key));
    let token = fetch(&stage, &key, id).await.json()["access_token"].clone();
    for asked in [in_body, in_header] {
        let answer = send(&stage, asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let issued = answer.json();
        let fields: Vec<&String> = issued.as_object().unwrap().keys().collect();
        assert_eq!(
            fields,
            ["access_token", "expires_in", "scope", "token_type"]
        );
        assert_eq!(
            (&issued["access_token"], &issued["token_type"]),
            (&token, &json!("Bearer"))
        );
        let seconds = issued["expires_in"].as_u64().unwrap();
        assert!((300..=1800).contains(&seconds), "{seconds}");
        let scope = issued["scope"].as_str().unwrap();
        assert!(
            scope
                .split(' ')
                .any(|scope| scope == "crm.schemas.deals.read")
        );
    }
    assert_eq!(journal(&stage, "actor").await.len(), 3);

    let with = |changed: &[(&'static str, &str)]| {
        let mut fields = [grant, client].concat();
        for (name, value) in changed {
            let field = fields.iter_mut().find(|field| field.0 == *name).unwrap();
            field.1 = value;
        }
        form(&stage, &fields)
    };
    let (foreign, unnamed) = (format!("{id}@rival"), format!("@{id}"));
    for (asked, want) in [
        (
            with(&[("client_id", "other")]),
            (401, "service_key_required"),
        ),
        (
            with(&[("client_secret", "portico_sk_x")]),
            (401, "service_key_required"),
        ),
        (form(&stage, &grant), (401, "service_key_required")),
        (
            form(&stage, &grant).bearer_auth(&key),
            (401, "service_key_required"),
        ),
        (
            with(&[]).basic_auth("deals", Some(&key)),
            (400, "invalid_request"),
        ),
        (
            with(&[("grant_type", "client_credentials")]),
            (400, "invalid_request"),
        ),
        (with(&[("refresh_token", id)]), (400, "invalid_request")),
        (with(&[("refresh_token", &unnamed)]), (404, "not_found")),
        (with(&[("refresh_token", &foreign)]), (404, "not_found")),
        (
            form(&stage, &[grant, client, grant].concat()),
            (400, "invalid_request"),
        ),
        (
            with(&[("refresh_token", &"x".repeat(9_000))]),
            (400, "invalid_request"),
        ),
        (
            stage
                .admin()
                .bare(Method::POST, "/oauth/token")
                .basic_auth("deals", Some(&key))
                .json(&json!({})),
            (415, "unsupported_media_type"),
        ),
    ] {
        let answer = send(&stage, asked).await;
        assert_eq!(answer.refusal(), (want.0, want.1.into()));
    }
}

/// BI-3: the configuration is refused where a key cannot be right.
#[tokio::test]
async fn a_key_that_cannot_be_right_stops_the_start() {
    let stage = Stage::open().await;
    let mut config = stage.config.clone();
    config.solo.as_mut().unwrap().backend.service_keys = vec![ServiceKey {
        id: "deals".into(),
        sha256: "abc".into(),
    }];
    let said = config.check().unwrap_err().to_string();
    assert!(said.starts_with("solo.backend.service_keys"), "{said}");
}
