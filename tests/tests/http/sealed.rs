//! Sealed tokens that cannot be opened: mended where they can be, left to rest where not, and never sent.

use crate::exchange::until;
use crate::refresh::{EXPIRED, details, fault};
use portico_core::wire::Role;
use portico_proxy::config::KeyAlgorithm;
use portico_tests::{Database, PORTAL, Partner, Stage};
use serde_json::json;

/// ST-2: an access token that was sealed for another row is not sent; the grant's own refresh token mends it.
#[tokio::test]
async fn a_token_from_another_row_is_replaced_and_never_sent() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let other = stage.connected(25_733_019).await;
    stage
        .sql(&format!(
            "UPDATE connection SET access_token = (SELECT access_token FROM connection WHERE id = '{other}')
             WHERE id = '{id}'"
        ))
        .await;
    let answer = details(&stage, &id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["portalId"], PORTAL);
    assert_eq!(stage.token_calls("refresh_token"), 1);
    assert_eq!(fault(&stage, &id).await, json!(null));
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(
        stage.token_calls("refresh_token"),
        1,
        "once mended, it serves"
    );
}

/// ST-2: where neither token can be opened the connection rests at once, however long the access token had.
#[tokio::test]
async fn a_row_of_foreign_tokens_rests() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let other = stage.connected(25_733_019).await;
    stage
        .sql(&format!(
            "UPDATE connection SET (access_token, refresh_token) =
                (SELECT access_token, refresh_token FROM connection WHERE id = '{other}') WHERE id = '{id}'"
        ))
        .await;
    let before = stage.sandbox.with(|state| state.calls.len());
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (500, "internal".into())
    );
    assert_eq!(fault(&stage, &id).await["category"], "configuration");
    assert_eq!(details(&stage, &id).await.status, 503);
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}

/// ST-2: a refresh token that was sealed for another row is quarantined, shown, and never sent.
#[tokio::test]
async fn a_grant_that_cannot_be_opened_rests() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql(&format!(
            "{EXPIRED}, refresh_token = access_token, lease_owner = NULL"
        ))
        .await;
    let before = stage.sandbox.with(|state| state.calls.len());
    assert_eq!(
        details(&stage, &id).await.code().as_deref(),
        Some("internal")
    );
    assert_eq!(fault(&stage, &id).await["category"], "configuration");
    assert_eq!(
        details(&stage, &id).await.status,
        503,
        "and waits for its time"
    );
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}

/// ST-2: the sealed tokens of one organization in the row of another's, which has the same portal: neither opens there, the
/// row rests, its operator is alerted, nothing is sent, and the other organization notices nothing.
#[tokio::test]
async fn another_organizations_tokens_do_not_open() {
    let (one, two) = (
        Partner::new("one.example", KeyAlgorithm::EdDSA),
        Partner::new("two.example", KeyAlgorithm::ES256),
    );
    let stage = Stage::set(|config, _| {
        config.tenants = vec![one.tenant(), two.tenant()];
        config.health_listen = Some(crate::edge::free_address());
    })
    .await;
    let pages = [&one, &two].map(|partner| {
        // The same id of an organization, so that the tenant alone differs.
        partner.caller(&stage.config, "42", "ada", Role::Admin)
    });
    let mut ids = Vec::new();
    for page in &pages {
        let flow = page.start_connect().await;
        let claim = stage.person().consent(&flow, PORTAL).await;
        let done = page.complete(&flow, &claim).await.json();
        ids.push(done["connection"]["id"].as_str().unwrap().to_owned());
    }
    let alerts = async || {
        let metrics = crate::metrics::scrape(&stage).await;
        let series = "portico_faults_total{kind=\"sealing\"}";
        crate::metrics::value(&metrics, series).unwrap_or(0.0)
    };
    assert!(alerts().await < 1.0);
    stage
        .sql(&format!(
            "UPDATE connection SET (access_token, refresh_token) =
                (SELECT access_token, refresh_token FROM connection WHERE id = '{}') WHERE id = '{}'",
            ids[0], ids[1]
        ))
        .await;
    let before = stage.sandbox.with(|state| state.calls.len());
    let ask = json!({});
    let refused = pages[1].relay(&ids[1], "account.details", &ask).await;
    assert_eq!(refused.refusal(), (500, "internal".into()));
    let again = pages[1].relay(&ids[1], "account.details", &ask).await;
    assert_eq!(again.status, 503, "it rests");
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
    let fault = &pages[1].connection(&ids[1]).await["grant"]["fault"];
    assert_eq!(fault["category"], "configuration");
    assert!(alerts().await >= 1.0, "the operator can see it");
    let served = pages[0].relay(&ids[0], "account.details", &ask).await;
    assert_eq!(served.status, 200, "{}", served.text);
}

/// ST-8: what a removed connection had sealed is gone from disk with it, not merely from sight; its entry in the journal
/// stays, and holds no secret.
///
/// SQLite overwrites what it frees (`secure_delete`), and its log is empty after a checkpoint. PostgreSQL keeps a dead row in
/// its pages until it is vacuumed and overwritten: there no row that can be read has it, and it was sealed.
#[tokio::test]
async fn a_removed_connections_tokens_are_gone_from_disk() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let hex = |column: &str| match stage.database() {
        Database::Sqlite(_) => format!("SELECT lower(hex({column})) FROM connection"),
        Database::Postgres(_) => format!("SELECT encode({column}, 'hex') FROM connection"),
    };
    let mut sealed = Vec::new();
    for column in ["refresh_token", "access_token"] {
        sealed.push(stage.text(&hex(column)).await.unwrap());
    }
    let tokens: Vec<String> = stage.sandbox.with(|state| {
        let refresh = state.refresh_tokens.keys();
        refresh.chain(state.access_tokens.keys()).cloned().collect()
    });
    let found = async |text: &str| {
        let bytes: Vec<u8> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect();
        let rest = stage.at_rest().await;
        let holds = |part: &[u8], in_it: &[u8]| in_it.windows(part.len()).any(|at| at == part);
        rest.iter()
            .any(|(_, all)| holds(&bytes, all) || holds(text.as_bytes(), all))
    };
    for text in &sealed {
        assert!(text.len() > 60 && found(text).await, "it was there");
    }
    let told = stage.admin().delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(told.json()["revoked"], true);
    if let Database::Sqlite(_) = stage.database() {
        // Until no reader of the proxy holds the log open.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        until(async || stage.count(checkpoint).await == 0).await;
    }
    for text in &sealed {
        assert!(!found(text).await, "a sealed token is still there");
    }
    let kept =
        "SELECT COUNT(*) FROM journal WHERE action = 'connection.remove' AND outcome = 'done'";
    assert_eq!(stage.count(kept).await, 1);
    let journal = stage.admin().get("/v1/journal/export").await.text;
    assert!(journal.contains(&id), "{journal}");
    for secret in sealed.iter().chain(&tokens) {
        assert!(!journal.contains(secret.as_str()));
    }
}
