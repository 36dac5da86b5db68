//! Sealed tokens that cannot be opened: mended where they can be, left to rest where not, and never sent.

use crate::refresh::{EXPIRED, details, fault};
use portico_tests::{PORTAL, Stage};
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
