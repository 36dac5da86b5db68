//! The relay: named reads only, our own headers only, and JSON or a problem.

use futures_util::future::join_all;
use portico_core::operations::OPERATIONS;
use portico_core::wire::Provider;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{PORTAL, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn stage_fault(stage: &Stage, path: &str, answer: FaultAnswer) {
    let fault = Fault {
        path_prefix: path.into(),
        method: None,
        remaining: 1,
        answer,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
}

fn sent(stage: &Stage) -> usize {
    stage.sandbox.with(|state| state.calls.len())
}

/// D16–D19: the provider's JSON as it came, with its rate-limit headers.
#[tokio::test]
async fn an_answer_passes_as_it_came() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let arguments = json!({"params": {"objectType": "deals"}});
    let answer = stage
        .admin()
        .relay(&id, "properties.list", &arguments)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-hubspot-ratelimit-max"), Some("110"));
    assert_eq!(
        answer.header("x-hubspot-ratelimit-interval-milliseconds"),
        Some("10000")
    );
    assert!(answer.header("x-hubspot-ratelimit-remaining").is_some());
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-hubspot-ratelimit-remaining") && exposed.contains("retry-after"));
    let results = answer.json()["results"].as_array().unwrap().len();
    assert!(results > 50, "{results}");
    let lists = json!({"body": {"count": 50, "offset": 0, "listIds": [], "processingTypes": []}});
    let answer = stage.admin().relay(&id, "lists.search", &lists).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.json()["lists"].is_array());
}

/// RL-1: unknown operations and other methods reach nobody.
#[tokio::test]
async fn an_unknown_operation_reaches_nobody() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = sent(&stage);
    let admin = stage.admin();
    for operation in [
        "oauth.token",
        "account",
        "account.details2",
        "ACCOUNT.DETAILS",
        "a%2fb",
    ] {
        let answer = admin.relay(&id, operation, &json!({})).await;
        assert_eq!(
            answer.refusal(),
            (404, "unknown_operation".into()),
            "{operation}"
        );
    }
    let path = format!("/v1/connections/{id}/relay/account.details");
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = admin.send(admin.request(method.clone(), &path)).await;
        assert_eq!(
            answer.refusal(),
            (405, "method_not_allowed".into()),
            "{method}"
        );
    }
    let answer = admin.relay("nobody", "account.details", &json!({})).await;
    assert_eq!(answer.refusal(), (404, "not_found".into()));
    stage.sql("UPDATE connection SET org = 'other'").await;
    let foreign = admin.relay(&id, "account.details", &json!({})).await;
    assert_eq!(foreign.refusal(), (404, "not_found".into()));
    assert_eq!(sent(&stage), before);
}

/// J1: nothing can be done on a portal that is not connected: one never connected, and one removed.
#[tokio::test]
async fn a_portal_that_is_not_connected_is_not_reached() {
    let stage = Stage::open().await;
    let removed = stage.connected(PORTAL).await;
    let admin = stage.admin();
    assert_eq!(
        admin
            .relay(&removed, "account.details", &json!({}))
            .await
            .status,
        200
    );
    let path = format!("/v1/connections/{removed}");
    assert_eq!(admin.delete(&path).await.status, 200);
    let never = PORTAL.to_string();
    let before = sent(&stage);
    for id in [removed.as_str(), never.as_str(), "nobody"] {
        for operation in OPERATIONS {
            let answer = admin.relay(id, operation.name, &json!({})).await;
            assert_eq!(
                answer.refusal(),
                (404, "not_found".into()),
                "{} on {id}",
                operation.name
            );
        }
    }
    assert_eq!(sent(&stage), before, "nothing is sent upstream");
}

/// RL-2, RL-12: hostile arguments are refused, or stay inert; whatever goes out keeps the table's path.
#[tokio::test]
async fn a_hostile_argument_never_changes_the_path() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = sent(&stage);
    let long = "a".repeat(300);
    for bad in [
        "",
        ".",
        "..",
        "../..",
        "..%2f",
        "%2e%2e",
        "..;/",
        "\\",
        "//evil.example",
        "https://evil.example",
        "ht\ntps://evil.example",
        "\t",
        "a\u{0}",
        "a?b=c",
        "a#b",
        "deals/../../oauth",
        "deals%2f..",
        "\u{ff0f}",
        "ä",
        "de als",
        "deals ",
        "c0c1a9b2-0000-4000-8000-000000000000 ",
        long.as_str(),
    ] {
        for (operation, name) in [
            ("properties.list", "objectType"),
            ("pipelines.list", "objectType"),
            ("properties.groups", "objectType"),
        ] {
            let arguments = json!({"params": {name: bad}});
            let answer = stage.admin().relay(&id, operation, &arguments).await;
            assert_eq!(
                answer.refusal(),
                (400, "invalid_parameter".into()),
                "{operation} {bad:?}"
            );
        }
    }
    for (operation, arguments) in [
        ("account.details", json!({"query": {"hapikey": "x"}})),
        ("account.details", json!({"body": {}})),
        ("owners.list", json!({"query": {"limit": "501"}})),
        ("owners.list", json!({"query": {"after": "a b"}})),
        ("lists.search", json!({"body": {"count": 501}})),
        ("lists.search", json!({})),
        ("properties.list", json!({})),
    ] {
        let answer = stage.admin().relay(&id, operation, &arguments).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_parameter".into()),
            "{operation} {arguments}"
        );
    }
    let unknown = stage
        .admin()
        .relay(
            &id,
            "account.details",
            &json!({"url": "https://evil.example"}),
        )
        .await;
    assert_eq!(unknown.refusal(), (400, "invalid_request".into()));
    assert_eq!(sent(&stage), before, "nothing was sent");
    // An opaque cursor is a value, whatever it looks like.
    let cursor = json!({"query": {"after": "../../x?y=1&z#//evil.example", "limit": "10"}});
    stage.admin().relay(&id, "owners.list", &cursor).await;
    let call = stage
        .sandbox
        .with(|state| state.calls.back().cloned().unwrap());
    assert_eq!(call.path, "/crm/owners/2026-09");
    assert_eq!(
        call.query,
        "limit=10&after=..%2F..%2Fx%3Fy%3D1%26z%23%2F%2Fevil.example"
    );
}

/// RL-3, RL-4: nothing of the caller's headers goes on; HubSpot sees exactly ours.
#[tokio::test]
async fn only_our_own_headers_go_out() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let request = admin
        .request(
            Method::POST,
            &format!("/v1/connections/{id}/relay/owners.list"),
        )
        .header("cookie", "session=canary")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "for=10.0.0.1;host=evil.example")
        .header("x-original-url", "/oauth/2026-03/token")
        .header("x-http-method-override", "DELETE")
        .header("user-agent", "kube-probe/1.0")
        .header("accept-language", "xx")
        .header("x-odd_one", "1")
        .json(&json!({}));
    assert_eq!(admin.send(request).await.status, 200);
    let call = stage
        .sandbox
        .with(|state| state.calls.back().cloned().unwrap());
    let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "authorization",
            "host",
            "user-agent"
        ]
    );
    let sent = format!("{:?}", call.headers);
    assert!(
        !sent.contains("canary") && !sent.contains("evil") && !sent.contains("kube"),
        "{sent}"
    );
    assert!(!sent.contains(&admin.token));
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("GET", "/crm/owners/2026-09")
    );
}

/// D49, RL-7, UF-1, UF-2: each answer of HubSpot has its code and carries the facts a machine needs.
#[tokio::test]
async fn each_upstream_answer_has_its_code() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let path = "/account-info/2026-03/details";
    for (fault, want) in [
        (FaultAnswer::Status(400), (502, "upstream_rejected")),
        (FaultAnswer::Status(401), (502, "upstream_unauthorized")),
        (FaultAnswer::Status(403), (502, "upstream_forbidden")),
        (FaultAnswer::Status(404), (502, "upstream_not_found")),
        (FaultAnswer::Status(423), (502, "upstream_unavailable")),
        (FaultAnswer::Status(500), (502, "upstream_unavailable")),
        (FaultAnswer::Html502, (502, "upstream_unavailable")),
        (FaultAnswer::Garbage, (502, "upstream_invalid")),
        (FaultAnswer::Status(302), (502, "upstream_redirect")),
        (
            FaultAnswer::TooManyRequests {
                policy: "DAILY".into(),
            },
            (429, "upstream_rate_limited"),
        ),
    ] {
        stage_fault(&stage, path, fault.clone());
        let before = sent(&stage);
        let answer = stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await;
        assert_eq!(answer.refusal(), (want.0, want.1.to_owned()), "{fault:?}");
        assert_eq!(
            sent(&stage),
            before + 1,
            "{fault:?}: the proxy itself retries nothing"
        );
        if want.0 == 429 {
            assert_eq!(answer.json()["upstream"]["policy"], "DAILY");
            assert!(answer.header("retry-after").is_some());
        }
        assert_eq!(stage.token_calls("refresh_token"), 0);
    }
    assert_eq!(
        stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await
            .status,
        200
    );
}

/// D54, J33: a missing permission is named as HubSpot names it.
#[tokio::test]
async fn a_missing_permission_is_named() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let claim = stage
        .person()
        .consent_keeping(&flow, PORTAL, |scope| scope != "forms")
        .await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    let id = done["connection"]["id"].as_str().unwrap();
    let answer = stage.admin().relay(id, "forms.list", &json!({})).await;
    assert_eq!(answer.refusal(), (502, "upstream_forbidden".into()));
    let upstream = &answer.json()["upstream"];
    assert_eq!(
        (&upstream["status"], &upstream["category"]),
        (&json!(403), &json!("MISSING_SCOPES"))
    );
    assert_eq!(upstream["required_scopes"], json!(["forms"]));
    assert!(upstream["correlation_id"].is_string());
}

/// RL-10: an access token that HubSpot calls expired is refreshed once and the call made once more.
#[tokio::test]
async fn an_expired_token_is_refreshed_once_and_the_call_repeated() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let now = stage.sandbox.now();
    stage
        .sandbox
        .with(|state| state.expire_access_tokens(PORTAL, now));
    let answer = stage
        .admin()
        .relay(&id, "account.details", &json!({}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// RL-9, R25–R27: what cannot work is refused with its reason, and nothing is sent.
#[tokio::test]
async fn a_connection_that_cannot_work_sends_nothing() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = sent(&stage);
    for (state, want) in [
        ("needs_reauth", "needs_reauth"),
        ("revoking", "disconnected"),
        ("revoked", "disconnected"),
    ] {
        stage
            .sql(&format!("UPDATE connection SET state = '{state}'"))
            .await;
        for operation in crate::corpus::hubspots() {
            let arguments = crate::corpus::good(operation);
            let answer = stage.admin().relay(&id, operation.name, &arguments).await;
            let name = operation.name;
            assert_eq!(answer.refusal(), (409, want.to_owned()), "{state}: {name}");
        }
    }
    assert_eq!(sent(&stage), before);
}

/// R5, R9: a connection that lacks what the app now requires makes no call until it is renewed.
#[tokio::test]
async fn a_scope_lag_sends_nothing() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql(r#"UPDATE connection SET granted = '["oauth"]'"#)
        .await;
    let before = sent(&stage);
    let answer = stage
        .admin()
        .relay(&id, "account.details", &json!({}))
        .await;
    assert_eq!(answer.refusal(), (409, "needs_reauth".into()));
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("crm.schemas.deals.read")
    );
    assert_eq!(sent(&stage), before);
}

/// UF-6: 477 from an API suspends the connection until its time, with nothing sent meanwhile.
#[tokio::test]
async fn a_migrating_account_is_left_alone() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage_fault(
        &stage,
        "/account-info",
        FaultAnswer::Migration477 { retry_after: 600 },
    );
    let first = stage
        .admin()
        .relay(&id, "account.details", &json!({}))
        .await;
    assert_eq!(first.refusal(), (409, "suspended".into()));
    let before = sent(&stage);
    let second = stage.admin().relay(&id, "owners.list", &json!({})).await;
    assert_eq!(second.refusal(), (409, "suspended".into()));
    let wait: u64 = second.header("retry-after").unwrap().parse().unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    assert_eq!(sent(&stage), before);
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["fault"]["category"], "migration");
}

/// Threat model 6: at most ten calls of one connection run at once; the others wait their turn.
#[tokio::test]
async fn ten_calls_run_at_once() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let latency = Duration::from_secs(2);
    stage
        .sandbox
        .with(|state| state.switches.api_latency = latency);
    let before = sent(&stage);
    let admin = stage.admin();
    let ask = json!({});
    let calls = join_all((0..12).map(|_| admin.relay(&id, "account.details", &ask)));
    let watch = async {
        crate::exchange::until(async || sent(&stage) - before >= 10).await;
        // The sandbox counts a call when it comes in and answers it after the latency.
        tokio::time::sleep(latency / 5).await;
        sent(&stage) - before
    };
    let (answers, begun) = tokio::join!(calls, watch);
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!((begun, sent(&stage) - before), (10, 12));
}

/// P4, the table: every operation of HubSpot finds its endpoint; GitHub's do in `github`.
#[tokio::test]
async fn every_operation_finds_its_endpoint() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    for operation in OPERATIONS
        .iter()
        .filter(|operation| operation.provider == Provider::Hubspot)
    {
        let params: serde_json::Map<String, Value> = operation
            .params
            .iter()
            // The id, for validation rules are asked for by it alone.
            .map(|(name, _)| ((*name).to_owned(), json!("0-3")))
            .collect();
        let mut arguments = json!({"params": params});
        match operation.name {
            "lists.search" => {
                arguments["body"] =
                    json!({"count": 10, "offset": 0, "listIds": [], "processingTypes": []});
            }
            "workflows.read" => {
                arguments["body"] = json!({"inputs": [{"flowId": "1", "type": "FLOW_ID"}]});
            }
            _ => {}
        }
        let answer = stage.admin().relay(&id, operation.name, &arguments).await;
        let code = answer.code();
        let accepted = [None, Some("upstream_forbidden".to_owned())];
        assert!(
            accepted.contains(&code),
            "{}: {} {}",
            operation.name,
            answer.status,
            answer.text
        );
    }
}
