//! What is refused: written in the journal when the person is known, counted when there is too much of it.

use crate::journal::{read, rename, told};
use portico_core::journal::verify_export;
use portico_core::wire::Role;
use portico_tests::{Caller, Flow, PORTAL, Stage, encoded};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OTHER_PORTAL: u64 = 25_733_019;

async fn complete_with(stage: &Stage, flow: &Flow, claim: &str, verifier: &str) -> u16 {
    let proof = json!({ "claim": claim, "code_verifier": verifier });
    let path = format!("/v1/flows/{}/complete", flow.id);
    stage.admin().post(&path, &proof).await.status
}

/// P12, AR-2, AR-3, AR-5, AR-6, EX-1, EX-2, R15, J25, J29: whoever is known and is refused stands in the journal, with the reason
/// where the code does not say it all.
#[tokio::test]
async fn every_refused_try_of_a_known_person_is_written() {
    let stage = Stage::set(|config, _| config.solo.as_mut().unwrap().max_connections = 2).await;
    let admin = stage.admin();
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let mut want = BTreeSet::new();
    let mut expect = |action: &str, outcome: &str, reason: &str| {
        want.insert((action.to_owned(), outcome.to_owned(), reason.to_owned()));
    };

    for (change, outcome, reason) in [
        (
            json!({"return_uri": "https://evil.example/"}),
            "invalid_return_uri",
            "",
        ),
        (json!({"code_challenge": "short"}), "invalid_pkce", ""),
        (json!({"state_hash": "short"}), "invalid_state_hash", ""),
        (
            json!({"optional_scopes": ["no.such"]}),
            "scope_not_configured",
            "The scope no.such is not configured on the app.",
        ),
        (json!({"scopes": ["<b>"]}), "invalid_request", ""),
        (
            json!({"intent": "reconnect", "connection_id": "nobody"}),
            "not_found",
            "",
        ),
    ] {
        let mut body = admin.any_connect_body();
        let changes = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(changes);
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(answer.code().as_deref(), Some(outcome), "{}", answer.text);
        expect("flow.start", outcome, reason);
    }
    assert_eq!(rename(&stage, id, 9).await, 412);
    expect("connection.update", "version_conflict", "");
    assert_eq!(rename(&stage, "nobody", 1).await, 404);
    expect("connection.update", "not_found", "");
    assert_eq!(admin.delete("/v1/connections/nobody").await.status, 404);
    expect("connection.remove", "not_found", "");
    assert_eq!(admin.delete("/v1/flows/nobody").await.status, 404);
    expect("flow.cancel", "not_found", "");

    let flow = admin.start_connect().await;
    assert_eq!(
        complete_with(&stage, &flow, &encoded(1), &flow.verifier).await,
        403
    );
    expect("flow.complete", "claim_required", "");
    let claim = stage.person().consent(&flow, OTHER_PORTAL).await;
    assert_eq!(complete_with(&stage, &flow, &claim, &encoded(2)).await, 400);
    expect("flow.complete", "bad_verifier", "");

    let flow = admin.start_reconnect(&connection).await;
    let mut elsewhere = flow.clone();
    elsewhere.authorize_url = flow
        .authorize_url
        .replace(&format!("/oauth/{PORTAL}/"), "/oauth/");
    let claim = stage.person().consent(&elsewhere, OTHER_PORTAL).await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 409);
    let both = format!("Portal {PORTAL} was to be reconnected, but {OTHER_PORTAL} was chosen.");
    expect("flow.complete", "wrong_portal", &both);

    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    stage.sql("UPDATE connection SET org = 'rival'").await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 409);
    let linked = format!("Portal {PORTAL} is linked to another organization.");
    expect("flow.complete", "portal_linked_elsewhere", &linked);
    stage.sql("UPDATE connection SET org = 'demo'").await;

    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(admin.start_connect().await);
    }
    assert_eq!(
        admin
            .post("/v1/flows", &admin.any_connect_body())
            .await
            .status,
        429
    );
    expect("flow.start", "too_many_flows", "");
    for flow in &open {
        assert_eq!(
            admin.delete(&format!("/v1/flows/{}", flow.id)).await.status,
            204
        );
    }
    stage.connected(OTHER_PORTAL).await;
    assert_eq!(
        admin
            .post("/v1/flows", &admin.any_connect_body())
            .await
            .status,
        409
    );
    expect("flow.start", "plan_limit", "2 of 2 portals are in use.");

    let flow_of_member = stage
        .member()
        .post("/v1/flows", &admin.any_connect_body())
        .await;
    assert_eq!(flow_of_member.status, 403);
    expect("flow.start", "role_required", "");
    let elsewhere = stage
        .proxy
        .mint_session("you", Role::Admin, &stage.config.base_url)
        .unwrap();
    let bare = admin
        .bare(Method::GET, "/v1/connections")
        .bearer_auth(elsewhere.token);
    assert_eq!(
        admin.send(bare).await.refusal(),
        (403, "origin_mismatch".into())
    );
    expect("session.use", "origin_mismatch", "");

    let refused: BTreeSet<_> = told(&stage)
        .await
        .into_iter()
        .filter(|(action, outcome, _)| outcome != "done" && action != "grant.revoke")
        .collect();
    assert_eq!(refused, want);
    // A grant that was not kept and must not be revoked either, for the portal's own connection lives on it.
    let kept = "SELECT COUNT(*) FROM journal WHERE action = 'grant.revoke' AND outcome = 'kept'";
    crate::exchange::until(async || stage.count(kept).await == 1).await;
}

/// P12: who is not known leaves no trace there, or strangers could write in it.
#[tokio::test]
async fn what_strangers_try_is_not_written() {
    let stage = Stage::open().await;
    let caller = Caller::new(
        stage.config.clone(),
        "a.b.c".into(),
        stage.config.base_url.clone(),
    );
    let body = caller.any_connect_body();
    assert_eq!(caller.post("/v1/flows", &body).await.status, 401);
    assert_eq!(caller.get("/v1/journal").await.status, 401);
    assert_eq!(caller.delete("/v1/connections/x").await.status, 401);
    let ticket = json!({"ticket": encoded(1), "public_key": {}});
    assert_eq!(caller.post("/v1/solo/launch", &ticket).await.status, 400);
    let unknown = format!(
        "{}/callback/hubspot?code=x&state={}",
        stage.config.base_url,
        encoded(2)
    );
    assert_eq!(stage.person().visit(&unknown).await.status(), 400);
    assert_eq!(read(&stage.admin(), "").await.head.seq, 0);
}

/// P12, OV-4: nobody fills the disk with refused tries; what is not written is counted, and the count is written.
#[tokio::test]
async fn a_flood_of_refused_tries_is_counted() {
    let stage = Stage::open().await;
    let member = stage.member();
    for _ in 0..37 {
        assert_eq!(member.delete("/v1/connections/x").await.status, 403);
    }
    // Whoever has a state may come back with it as often as he likes.
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    for _ in 0..34 {
        stage.person().visit(&returned).await;
    }
    assert_eq!(stage.admin().delete("/v1/connections/x").await.status, 404);
    let of = |actor: &str| format!("SELECT COUNT(*) FROM journal WHERE actor = '{actor}'");
    assert_eq!(stage.count(&of("mel")).await, 30);
    // One return that counted, and thirty that did not.
    assert_eq!(stage.count(&of("provider")).await, 31);
    assert_eq!(stage.count(&of("you")).await, 2);

    // The counts come before the proxy is gone, whoever is quiet then.
    let stage = stage.restart().await;
    let last = |actor: &str| {
        format!(
            "SELECT action || ' ' || outcome || ' ' || reason FROM journal WHERE actor = '{actor}' ORDER BY seq DESC LIMIT 1"
        )
    };
    let counted = "connection.remove role_required 7 more refused tries were not written";
    assert_eq!(stage.text(&last("mel")).await.as_deref(), Some(counted));
    let counted = "flow.return repeated 3 more refused tries were not written";
    assert_eq!(
        stage.text(&last("provider")).await.as_deref(),
        Some(counted)
    );
    let export = stage.admin().get("/v1/journal/export").await;
    verify_export(&export.text).unwrap();
}

/// P12, CB-3, CP-1: an authorization that nobody finished has an end in the journal, each in its own words.
#[tokio::test]
async fn a_flow_that_runs_out_is_written() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let (late, unclaimed, lost) = (
        admin.start_connect().await,
        admin.start_connect().await,
        admin.start_connect().await,
    );
    for (id, change) in [
        (&late.id, "expires_at = unixepoch('subsec') - 1"),
        (
            &unclaimed.id,
            "phase = 'coded', claim_until = unixepoch('subsec') - 1",
        ),
        (
            &lost.id,
            "phase = 'exchanging', exchanging_at = unixepoch('subsec') - 61",
        ),
    ] {
        stage
            .sql(&format!("UPDATE flow SET {change} WHERE id = '{id}'"))
            .await;
    }
    // Housekeeping begins with the proxy.
    let stage = stage.restart().await;
    let written = "SELECT COUNT(*) FROM journal WHERE action = 'flow.expire'";
    crate::exchange::until(async || stage.count(written).await == 3).await;
    for (id, want) in [
        (late.id, "flow_expired"),
        (unclaimed.id, "claim_required"),
        (lost.id, "flow_lost"),
    ] {
        let page = read(&stage.admin(), &format!("?action=flow.expire&target={id}")).await;
        let entry: Value = serde_json::to_value(&page.entries[0]).unwrap();
        assert_eq!(
            (&entry["outcome"], &entry["actor"]),
            (&json!(want), &json!("proxy"))
        );
    }
}
