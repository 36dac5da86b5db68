//! A process killed at each point of a grant's life: what the next one finds, and what the person can do at once.

use crate::exchange::until;
use crate::refresh::EXPIRED;
use portico_tests::{Caller, Flow, PORTAL, Replica, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Sends a request nobody will answer.
pub(crate) fn send(caller: &Caller, method: Method, path: &str, body: &Value) {
    tokio::spawn(caller.request(method, path).json(body).send());
}

async fn completed_up_to(stage: &Stage, point: &str) -> Flow {
    let replica = Replica::start_stopping_at(stage, point).await;
    let caller = replica.launched().await;
    let flow = caller.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let proof = json!({ "claim": claim, "code_verifier": flow.verifier });
    let path = format!("/v1/flows/{}/complete", flow.id);
    send(&caller, Method::POST, &path, &proof);
    replica.reached().await;
    replica.kill9().await;
    flow
}

/// CP-1: killed after the compare-and-set, after the answer and after the commit: the flow ends as lost or done, never
/// stuck, no code is redeemed twice, and the person can start again at once.
#[tokio::test]
async fn an_exchange_that_was_killed_is_lost_or_done() {
    for (point, phase, redeemed) in [
        ("exchange-after-cas", "failed", 0),
        ("exchange-after-answer", "failed", 1),
        ("exchange-after-commit", "done", 1),
    ] {
        let stage = Stage::open().await;
        let flow = completed_up_to(&stage, point).await;
        assert_eq!(stage.token_calls("authorization_code"), redeemed, "{point}");
        let killed = Instant::now();
        let next = Replica::start(&stage).await;
        let caller = next.launched().await;
        assert_eq!(caller.get("/readyz").await.status, 200);
        let took = killed.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{point}: ready after {took:?}"
        );
        // At once, beside the flow that nobody finishes.
        let again = caller.start_connect().await;
        stage
            .sql("UPDATE flow SET exchanging_at = exchanging_at - 60")
            .await;
        let state = caller.flow(&flow).await;
        assert_eq!(state["phase"], phase, "{point}: {state}");
        if phase == "failed" {
            assert_eq!(state["failure"], "flow_lost", "{point}");
        }
        let claim = stage.person().consent(&again, PORTAL).await;
        let answer = caller.complete(&again, &claim).await;
        assert_eq!(answer.status, 200, "{point}: {}", answer.text);
        assert_eq!(answer.json()["reconnected"], phase == "done", "{point}");
        let id = answer.json()["connection"]["id"].clone();
        let answer = caller
            .relay(id.as_str().unwrap(), "account.details", &json!({}))
            .await;
        assert_eq!(answer.status, 200, "{point}: {}", answer.text);
        assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
    }
}

/// CP-2: killed before the call, after the answer and after the commit of a refresh: the lease ends within half a
/// minute, and HubSpot's grant recovers by itself without anybody's doing.
#[tokio::test]
async fn a_refresh_that_was_killed_recovers_by_itself() {
    for (point, calls_before, calls_after) in [
        ("refresh-before-call", 0, 1),
        ("refresh-after-answer", 1, 2),
        ("refresh-after-commit", 1, 1),
    ] {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        stage.sql(EXPIRED).await;
        let replica = Replica::start_stopping_at(&stage, point).await;
        let caller = replica.launched().await;
        let path = format!("/v1/connections/{id}/relay/account.details");
        send(&caller, Method::POST, &path, &json!({}));
        replica.reached().await;
        replica.kill9().await;
        assert_eq!(stage.token_calls("refresh_token"), calls_before, "{point}");
        let too_long =
            "SELECT COUNT(*) FROM connection WHERE lease_until > unixepoch('subsec') + 30";
        assert_eq!(stage.count(too_long).await, 0, "{point}");
        stage
            .sql("UPDATE connection SET lease_until = lease_until - 30")
            .await;
        let answer = stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await;
        assert_eq!(answer.status, 200, "{point}: {}", answer.text);
        assert_eq!(stage.token_calls("refresh_token"), calls_after, "{point}");
        assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    }
}

/// CP-2: a refresh token that works once is lost with the process that held its answer: the connection says so, and a
/// reconnection mends it.
#[tokio::test]
async fn a_single_use_token_that_was_lost_needs_a_reconnection() {
    let stage = Stage::set(|_, state| state.switches.rotate_refresh_tokens = true).await;
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    stage.sql(EXPIRED).await;
    let replica = Replica::start_stopping_at(&stage, "refresh-after-answer").await;
    let caller = replica.launched().await;
    let path = format!("/v1/connections/{id}/relay/account.details");
    send(&caller, Method::POST, &path, &json!({}));
    replica.reached().await;
    replica.kill9().await;
    stage
        .sql("UPDATE connection SET lease_until = lease_until - 30")
        .await;
    let answer = stage.admin().relay(id, "account.details", &json!({})).await;
    assert_eq!(answer.refusal(), (409, "needs_reauth".into()));
    let flow = stage.admin().start_reconnect(&connection).await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 200);
    let answer = stage.admin().relay(id, "account.details", &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// CP-2: the same at GitHub, whose tokens work once: it is asked once more, and its refusal reads as what it is.
#[tokio::test]
async fn a_lost_answer_of_github_is_tried_once_and_named() {
    let stage = Stage::with_github().await;
    let connection = stage.connect_github(crate::github::MARA).await;
    let id = crate::github::id_of(&connection);
    stage.sql(EXPIRED).await;
    let replica = Replica::start_stopping_at(&stage, "refresh-after-answer").await;
    let caller = replica.launched().await;
    let path = format!("/v1/connections/{id}/relay/github.user");
    send(&caller, Method::POST, &path, &json!({}));
    replica.reached().await;
    replica.kill9().await;
    assert_eq!(stage.github_token_calls("grant_type"), 1);
    stage
        .sql("UPDATE connection SET lease_until = lease_until - 30")
        .await;
    for _ in 0..2 {
        let answer = stage.admin().relay(&id, "github.user", &json!({})).await;
        assert_eq!(answer.refusal(), (409, "needs_reauth".into()));
        assert_eq!(
            stage.github_token_calls("grant_type"),
            2,
            "once more, no oftener"
        );
    }
    let fault = crate::refresh::fault(&stage, &id).await;
    assert_eq!(
        (&fault["category"], &fault["cause"]),
        (&json!("grant_dead"), &json!("lost_response"))
    );
}

/// CP-3: killed before and after the call that gives a grant up: the connection is gone from the first commit on, the
/// revocation is taken up again until HubSpot has confirmed it, and nothing is connected again. The token is wiped in the
/// step that follows the call, with nothing in between: the point after the call is the one before the wipe.
#[tokio::test]
async fn a_revocation_that_was_killed_is_finished_by_the_next_process() {
    for (point, calls_before) in [("revoke-before-call", 0), ("revoke-after-call", 1)] {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        let replica = Replica::start_stopping_at(&stage, point).await;
        let caller = replica.launched().await;
        let path = format!("/v1/connections/{id}");
        send(&caller, Method::DELETE, &path, &json!({}));
        replica.reached().await;
        replica.kill9().await;
        let revoke = "/oauth/2026-03/token/revoke";
        assert_eq!(stage.calls(revoke).len(), calls_before, "{point}");
        let relayed = async || {
            let answer = stage
                .admin()
                .relay(&id, "account.details", &json!({}))
                .await;
            answer.status
        };
        assert_eq!(relayed().await, 404, "{point}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 1);
        stage
            .sql("UPDATE revocation SET lease_until = lease_until - 60")
            .await;
        stage
            .sql("UPDATE grant_end SET ends_until = ends_until - 60")
            .await;
        let _next = Replica::start(&stage).await;
        until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
        assert!(stage.calls(revoke).len() > calls_before, "{point}");
        assert_eq!(relayed().await, 404, "{point}");
        let alive = stage.sandbox.with(|state| state.refresh_tokens.len());
        assert_eq!(alive, 0, "{point}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    }
}
