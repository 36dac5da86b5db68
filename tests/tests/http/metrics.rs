//! What an operator reads of a proxy at work, and where.

use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{PORTAL, Stage};
use reqwest::Method;
use serde_json::json;

/// The metrics' text.
pub(crate) async fn scrape(stage: &Stage) -> String {
    let address = stage.config.health_listen.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .get(format!("http://{address}/metrics"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    answer.text().await.unwrap()
}

/// The number behind a series, written as Prometheus writes it.
pub(crate) fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

async fn watched() -> Stage {
    Stage::set(|config, _| config.health_listen = Some(crate::edge::free_address())).await
}

/// Issue 4, build 5: metrics, health and readiness stand on their own listener and nowhere else.
#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let stage = watched().await;
    let admin = stage.admin();
    for path in ["/metrics", "/healthz", "/readyz"] {
        let answer = admin.send(admin.request(Method::GET, path)).await;
        assert_eq!(
            answer.refusal(),
            (404, "not_found".into()),
            "{path} on the main listener"
        );
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let at = |path: &str| format!("http://{}{path}", stage.config.health_listen.unwrap());
    for (path, want) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/v1/session", 404),
        ("/", 404),
    ] {
        assert_eq!(
            client.get(at(path)).send().await.unwrap().status(),
            want,
            "{path}"
        );
    }
    let single = Stage::open().await;
    let admin = single.admin();
    assert_eq!(
        admin.send(admin.bare(Method::GET, "/healthz")).await.status,
        200
    );
    assert_eq!(
        admin.send(admin.bare(Method::GET, "/metrics")).await.status,
        404,
        "without a listener, none"
    );
}

/// Issue 4, build 5: useful names, right numbers, and no text of a stranger in any label.
#[tokio::test]
async fn metrics_tell_what_happened_and_not_to_whom() {
    let stage = watched().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let _stream = admin.events(None).await;
    for _ in 0..3 {
        assert_eq!(
            admin.relay(&id, "owners.list", &json!({})).await.status,
            200
        );
    }
    stage.sandbox.with(|state| {
        state.faults.push(Fault {
            path_prefix: "/crm/owners".into(),
            method: None,
            remaining: 1,
            answer: FaultAnswer::Status(500),
        });
    });
    assert_eq!(
        admin.relay(&id, "owners.list", &json!({})).await.status,
        502
    );
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    assert_eq!(
        admin.relay(&id, "account.details", &json!({})).await.status,
        200
    );
    let metrics = scrape(&stage).await;
    let relay = r#"route="/v1/connections/{id}/relay/{operation}",method="POST""#;
    for (series, want) in [
        (
            format!("portico_requests_total{{{relay},status=\"2xx\"}}"),
            4.0,
        ),
        (
            format!("portico_requests_total{{{relay},status=\"5xx\"}}"),
            1.0,
        ),
        (
            r#"portico_refusals_total{code="upstream_unavailable"}"#.into(),
            1.0,
        ),
        (
            r#"portico_relay_calls_total{operation="owners.list",status="2xx"}"#.into(),
            3.0,
        ),
        (
            r#"portico_relay_calls_total{operation="owners.list",status="5xx"}"#.into(),
            1.0,
        ),
        (
            r#"portico_relay_call_seconds_count{operation="owners.list"}"#.into(),
            4.0,
        ),
        (
            r#"portico_token_calls_total{kind="redeem_code",outcome="ok"}"#.into(),
            1.0,
        ),
        (
            r#"portico_token_calls_total{kind="introspect",outcome="ok"}"#.into(),
            1.0,
        ),
        (
            r#"portico_token_calls_total{kind="refresh",outcome="ok"}"#.into(),
            1.0,
        ),
        (
            r#"portico_token_call_seconds_count{kind="refresh"}"#.into(),
            1.0,
        ),
        (
            r#"portico_refreshes_total{outcome="refreshed"}"#.into(),
            1.0,
        ),
        (
            r#"portico_database_seconds_count{work="lease"}"#.into(),
            1.0,
        ),
        (
            r#"portico_database_seconds_count{work="store_tokens"}"#.into(),
            1.0,
        ),
        ("portico_breaker_open".into(), 0.0),
        ("portico_event_streams".into(), 1.0),
        ("portico_requests_in_flight".into(), 0.0),
        ("portico_relay_slot_wait_seconds_count".into(), 5.0),
    ] {
        assert_eq!(
            value(&metrics, &series),
            Some(want),
            "{series} in\n{metrics}"
        );
    }
    for series in [
        "portico_open_connections",
        "portico_relay_answers_bytes_total",
        "portico_process_resident_memory_bytes",
        "portico_process_open_fds",
        "portico_process_start_time_seconds",
    ] {
        assert!(value(&metrics, series).unwrap() > 0.0, "{series}");
    }
    // Whatever strangers write, the number of series stays.
    let series = |metrics: &str| {
        metrics
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count()
    };
    let flood = async |round: usize| {
        for index in 0..40 {
            let odd = format!("canary-{round}-{index}");
            let method = Method::from_bytes(format!("CANARY{round}X{index}").as_bytes()).unwrap();
            for path in [
                format!("/{odd}"),
                format!("/v1/{odd}"),
                format!("/v1/flows/{odd}"),
                format!("/callback/{odd}"),
            ] {
                admin.send(admin.request(method.clone(), &path)).await;
                admin.send(admin.request(Method::GET, &path)).await;
            }
            admin.relay(&odd, "owners.list", &json!({})).await;
            admin.relay(&id, &odd, &json!({})).await;
        }
    };
    flood(0).await;
    let before = scrape(&stage).await;
    flood(1).await;
    let after = scrape(&stage).await;
    assert_eq!(series(&before), series(&after), "{after}");
    assert!(series(&after) < 400, "{}", series(&after));
    let org = &stage.config.solo.as_ref().unwrap().org;
    for text in [
        "canary",
        "CANARY",
        id.as_str(),
        &format!("\"{org}\""),
        "portico-solo",
        &PORTAL.to_string(),
    ] {
        assert!(!after.contains(text), "{text} in\n{after}");
    }
}
