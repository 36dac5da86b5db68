//! Tenants change while the proxy runs: what is new counts at once, and what is gone is gone at once.

use portico_core::wire::Role;
use portico_proxy::config::{KeyAlgorithm, Tenant};
use portico_tests::{PORTAL, Partner, Stage, onward};
use reqwest::Method;
use serde_json::json;

async fn one() -> (Stage, Partner) {
    let one = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let stage = Stage::set(|config, _| config.tenants = vec![one.tenant()]).await;
    (stage, one)
}

/// Puts other tenants in force, as a changed file does.
fn reload(stage: &Stage, tenants: Vec<Tenant>) {
    let mut config = stage.config.clone();
    config.tenants = tenants;
    stage.proxy.reload(config).unwrap();
}

/// JW-9: old and new key overlap, then the old one gives 401; no restart, and a stream that the old key opened
/// ends while one of the new key goes on.
#[tokio::test]
async fn keys_rotate_without_a_restart() {
    let (stage, mut partner) = one().await;
    let old = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let mut old_stream = old.events(None).await;
    let former = partner.rotate(KeyAlgorithm::ES256);
    let new = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    assert_eq!(new.get("/v1/session").await.status, 401);
    let mut both = partner.tenant();
    both.keys.push(former);
    reload(&stage, vec![both]);
    for caller in [&old, &new] {
        assert_eq!(caller.get("/v1/session").await.status, 200);
    }
    let mut new_stream = new.events(None).await;
    let flow = new.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    // The old stream lived through the overlap.
    old_stream.find(|event| event.name == "flow_changed").await;
    reload(&stage, vec![partner.tenant()]);
    assert_eq!(
        old.get("/v1/session").await.refusal(),
        (401, "session_required".into())
    );
    while old_stream.next().await.is_some() {}
    // The flow is its person's, not its key's.
    assert_eq!(old.complete(&flow, &claim).await.status, 401);
    assert_eq!(new.complete(&flow, &claim).await.status, 200);
    new_stream
        .find(|event| event.name == "connection_changed")
        .await;
}

/// JW-9, threat model 4: a tenant that is removed is out at once, its streams, callbacks and completions too;
/// when it comes back, so do its connections, but not the flows that were refused.
#[tokio::test]
async fn a_removed_tenant_is_out_at_once() {
    let (stage, partner) = one().await;
    let other = Partner::new("two.example", KeyAlgorithm::ES256);
    let page = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let first = page.start_connect().await;
    let claim = stage.person().consent(&first, PORTAL).await;
    let done = page.complete(&first, &claim).await;
    let id = done.json()["connection"]["id"].as_str().unwrap().to_owned();
    let coded = page.start_connect().await;
    let claim = stage.person().consent(&coded, PORTAL).await;
    let started = page.start_connect().await;
    let callback = stage
        .person()
        .decide(&started, PORTAL, "connect", |_| true)
        .await;
    let mut stream = page.events(None).await;
    let calls = stage.token_calls("authorization_code");

    reload(&stage, vec![other.tenant()]);
    assert!(stream.next().await.is_none(), "the stream ends");
    for answer in [
        page.get("/v1/session").await,
        page.complete(&coded, &claim).await,
        page.relay(&id, "account.details", &json!({})).await,
    ] {
        // Its origin is gone with it.
        assert_eq!(answer.refusal(), (403, "origin_mismatch".into()));
    }
    let bare = page
        .bare(Method::GET, "/v1/session")
        .header("authorization", format!("Bearer {}", page.token));
    assert_eq!(
        page.send(bare).await.refusal(),
        (401, "session_required".into())
    );
    let returned = stage.person().visit(&callback).await;
    assert_eq!(returned.status(), 400);
    assert!(returned.headers().get("location").is_none());
    let kept = "SELECT COUNT(*) FROM flow WHERE phase = 'coded' AND code IS NOT NULL";
    assert_eq!(stage.count(kept).await, 1, "the refused code is not kept");
    let theirs = other.caller(&stage.config, "acme", "ada", Role::Admin);
    assert_eq!(
        theirs.get("/v1/connections").await.json()["connections"],
        json!([])
    );

    reload(&stage, vec![partner.tenant(), other.tenant()]);
    assert_eq!(
        page.get("/v1/connections").await.json()["connections"][0]["id"],
        json!(id)
    );
    let state = page.flow(&started).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("invalid_return_uri"))
    );
    assert_eq!(stage.token_calls("authorization_code"), calls);
}

/// JW-9, AR-7, EM-1: an origin that is removed is out at once, and open flows that would return to it with it.
#[tokio::test]
async fn a_removed_origin_takes_its_flows_with_it() {
    let (stage, mut partner) = one().await;
    let page = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let mut stream = page.events(None).await;
    let coded = page.start_connect().await;
    let claim = stage.person().consent(&coded, PORTAL).await;
    let started = page.start_connect().await;
    let callback = stage
        .person()
        .decide(&started, PORTAL, "connect", |_| true)
        .await;
    partner.origin = "https://moved.one.example".into();
    reload(&stage, vec![partner.tenant()]);
    assert_eq!(
        page.get("/v1/session").await.refusal(),
        (403, "origin_mismatch".into())
    );
    while stream.next().await.is_some() {}
    assert_eq!(stage.person().visit(&callback).await.status(), 400);
    let moved = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    assert_eq!(
        moved.complete(&coded, &claim).await.refusal(),
        (400, "invalid_return_uri".into())
    );
    assert_eq!(moved.flow(&coded).await["phase"], json!("failed"));
    assert_eq!(stage.token_calls("authorization_code"), 0);
    let flow = moved.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    assert_eq!(moved.complete(&flow, &claim).await.status, 200);
}

/// CB-9, JW-9: a confirmation page of a tenant that is gone releases nothing.
#[tokio::test]
async fn a_removed_tenants_confirmation_releases_nothing() {
    let partner = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let untrusted = Tenant {
        trusted: false,
        ..partner.tenant()
    };
    let stage = Stage::set(|config, _| config.tenants = vec![untrusted.clone()]).await;
    let page = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let flow = page.start_connect().await;
    let person = stage.person();
    let callback = person.decide(&flow, PORTAL, "connect", |_| true).await;
    let asked = person.visit(&callback).await.text().await.unwrap();
    reload(&stage, Vec::new());
    assert_eq!(person.confirm(&callback, &asked).await.status(), 400);
    reload(&stage, vec![untrusted]);
    let confirmed = person.confirm(&callback, &asked).await;
    assert_eq!(confirmed.status(), 200);
    assert!(onward(&confirmed.text().await.unwrap()).contains("#flow="));
}

/// BI-3: a configuration with a fault changes nothing; one whose other fields differ changes the tenants alone.
#[tokio::test]
async fn a_faulty_configuration_leaves_the_former_in_force() {
    let (stage, partner) = one().await;
    let page = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let mut bad = stage.config.clone();
    bad.tenants = vec![partner.tenant(), partner.tenant()];
    let error = stage.proxy.reload(bad).unwrap_err().to_string();
    assert!(error.contains("tenants[1].issuer"), "{error}");
    assert_eq!(page.get("/v1/session").await.status, 200);
    let mut other = stage.config.clone();
    other.solo.as_mut().unwrap().origins = vec!["https://new.example".into()];
    other.limits.user_per_minute = 1;
    stage.proxy.reload(other).unwrap();
    for _ in 0..3 {
        assert_eq!(page.get("/v1/session").await.status, 200);
    }
    let new = stage
        .admin()
        .bare(Method::GET, "/v1/session")
        .header("origin", "https://new.example");
    assert_eq!(
        page.send(new).await.refusal(),
        (403, "origin_mismatch".into())
    );
    assert_eq!(stage.admin().get("/v1/session").await.status, 200);
}
