//! Reconnecting a known portal: the same account, a new grant, and nothing else changed.

use portico_tests::{PORTAL, Stage};
use reqwest::Method;
use serde_json::{Value, json};

const OTHER_PORTAL: u64 = 25_733_019;

async fn patch(stage: &Stage, connection: &Value, change: &Value) {
    let path = format!("/v1/connections/{}", connection["id"].as_str().unwrap());
    let request = stage
        .admin()
        .request(Method::PATCH, &path)
        .header("if-match", format!("\"{}\"", connection["version"]))
        .json(change);
    assert_eq!(stage.admin().send(request).await.status, 200);
}

/// R2, R15, R17–R24, P5, P6: pinned to the account, token facts alone change, and the old grant is not revoked.
#[tokio::test]
async fn a_reconnection_replaces_the_grant_and_nothing_else() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    patch(
        &stage,
        &connection,
        &json!({"label": "Weser", "connection_type": "audit_only"}),
    )
    .await;
    let before = stage
        .admin()
        .connection(connection["id"].as_str().unwrap())
        .await;
    let flow = stage.admin().start_reconnect(&before).await;
    assert_eq!(
        flow.started["authorize_endpoint"],
        format!("{}/oauth/{PORTAL}/authorize", stage.sandbox_url)
    );
    let claim = stage.person().consent(&flow, PORTAL).await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    assert_eq!(done["reconnected"], true);
    let after = done["connection"].clone();
    let mut expected = before.clone();
    for field in ["version", "updated_at"] {
        expected[field] = after[field].clone();
    }
    for field in ["obtained_at", "expires_at", "asked", "granted"] {
        expected["grant"][field] = after["grant"][field].clone();
    }
    assert_eq!(after, expected, "id, label, type, account and history stay");
    assert_eq!(after["grant"]["granted"], before["grant"]["granted"]);
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 0);
    let id = after["id"].as_str().unwrap();
    assert_eq!(
        stage
            .admin()
            .relay(id, "account.details", &json!({}))
            .await
            .status,
        200
    );
}

/// R15: another portal is refused by both names, nothing changes, and the stray grant is revoked.
#[tokio::test]
async fn another_portal_is_refused_on_reconnect() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let flow = stage.admin().start_reconnect(&connection).await;
    // A browser that leaves the pinned address for the picker.
    let mut elsewhere = flow.clone();
    elsewhere.authorize_url = flow
        .authorize_url
        .replace(&format!("/oauth/{PORTAL}/"), "/oauth/");
    let claim = stage.person().consent(&elsewhere, OTHER_PORTAL).await;
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(answer.refusal(), (409, "wrong_portal".into()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&PORTAL.to_string()) && detail.contains(&OTHER_PORTAL.to_string()));
    let id = connection["id"].as_str().unwrap();
    assert_eq!(stage.admin().connection(id).await, connection);
    let revoked = "/oauth/2026-03/token/revoke";
    crate::exchange::until(async || stage.calls(revoked).len() == 1).await;
    assert_eq!(
        stage
            .admin()
            .relay(id, "account.details", &json!({}))
            .await
            .status,
        200
    );
}

/// Mission 4.13, design 3: adding a portal that is known becomes a reconnection; one portal, one row.
#[tokio::test]
async fn adding_a_known_portal_becomes_a_reconnection() {
    let stage = Stage::open().await;
    let first = stage.connect(PORTAL).await;
    let flow = stage
        .admin()
        .start(|body| body["connection_type"] = json!("audit_only"))
        .await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    assert_eq!(done["reconnected"], true);
    assert_eq!(done["connection"]["id"], first["id"]);
    assert_eq!(
        done["connection"]["connection_type"],
        first["connection_type"]
    );
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
}

/// R1: a dead grant comes back by reconnecting, and its fault is gone in the same commit.
#[tokio::test]
async fn a_reconnection_heals_a_dead_grant() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    stage
        .sql(
            "UPDATE connection SET state = 'needs_reauth', fault_category = 'grant_dead',
                fault_cause = 'refresh_token_invalid', fault_at = unixepoch('subsec')",
        )
        .await;
    let id = connection["id"].as_str().unwrap();
    let dead = stage.admin().connection(id).await;
    assert_eq!(dead["grant"]["fault"]["cause"], "refresh_token_invalid");
    let flow = stage.admin().start_reconnect(&dead).await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let done = stage.admin().complete(&flow, &claim).await.json();
    assert_eq!(done["connection"]["grant"]["fault"], json!(null));
    assert_eq!(
        stage
            .admin()
            .relay(id, "account.details", &json!({}))
            .await
            .status,
        200
    );
}

/// A reconnection names a connection of this org; one that went away meanwhile ends the flow.
#[tokio::test]
async fn a_reconnection_needs_its_connection() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let admin = stage.admin();
    let mut body = admin.any_connect_body();
    body["intent"] = json!("reconnect");
    assert_eq!(
        admin.post("/v1/flows", &body).await.refusal(),
        (400, "invalid_request".into())
    );
    body["connection_id"] = json!("nobody");
    assert_eq!(
        admin.post("/v1/flows", &body).await.refusal(),
        (404, "not_found".into())
    );
    body["connection_id"] = json!("../x");
    assert_eq!(
        admin.post("/v1/flows", &body).await.refusal(),
        (400, "invalid_request".into())
    );
    let flow = admin.start_reconnect(&connection).await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let path = format!("/v1/connections/{}", connection["id"].as_str().unwrap());
    assert_eq!(admin.delete(&path).await.status, 200);
    assert_eq!(
        admin.complete(&flow, &claim).await.refusal(),
        (404, "not_found".into())
    );
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
}
