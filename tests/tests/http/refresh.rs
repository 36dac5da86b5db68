//! Refreshing: before expiry, once, by itself; and what each failure makes of a connection.

use crate::exchange::until;
use futures_util::future::join_all;
use portico_core::wire::Role;
use portico_proxy::{Proxy, RunningProxy};
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Answer, Caller, PORTAL, Stage};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

pub(crate) const SOON: &str = "UPDATE connection SET access_expires_at = unixepoch('subsec') + 299";
pub(crate) const EXPIRED: &str =
    "UPDATE connection SET access_expires_at = unixepoch('subsec') - 1";

pub(crate) async fn details(stage: &Stage, id: &str) -> Answer {
    stage.admin().relay(id, "account.details", &json!({})).await
}

pub(crate) fn fail_tokens(stage: &Stage, times: u32, answer: FaultAnswer) {
    let fault = Fault {
        path_prefix: "/oauth/2026-03/token".into(),
        method: None,
        remaining: times,
        answer,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
}

pub(crate) async fn fault(stage: &Stage, id: &str) -> Value {
    stage.admin().connection(id).await["grant"]["fault"].clone()
}

/// D20–D24, B12: with under five minutes left the token is refreshed before the call, unasked; with more it is not.
#[tokio::test]
async fn a_token_with_under_five_minutes_left_is_refreshed_first() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    assert_eq!(details(&stage, &id).await.status, 200);
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') + 310")
        .await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.token_calls("refresh_token"), 0);
    stage.sql(SOON).await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.token_calls("refresh_token"), 1);
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["last_refresh"]["outcome"], "refreshed");
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(
        stage.token_calls("refresh_token"),
        1,
        "the fresh one is used from now on"
    );
    let used: Vec<String> = stage
        .calls("/account-info/2026-03/details")
        .iter()
        .map(|call| {
            call.headers
                .iter()
                .find(|(name, _)| name == "authorization")
                .unwrap()
                .1
                .clone()
        })
        .collect();
    assert_ne!(
        used[used.len() - 1],
        used[0],
        "another access token than at first"
    );
}

/// RR-1: two hundred calls on an expired token make one refresh, and all are served.
#[tokio::test]
async fn two_hundred_calls_make_one_refresh() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_millis(300);
    })
    .await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    let admin = stage.admin();
    let ask = json!({});
    let calls = (0..200).map(|_| admin.relay(&id, "account.details", &ask));
    let answers = join_all(calls).await;
    assert_eq!(stage.token_calls("refresh_token"), 1);
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    let paced = answers
        .iter()
        .filter(|answer| answer.code().as_deref() == Some("upstream_rate_limited"))
        .count();
    // HubSpot itself takes 110 in ten seconds; ours turns nobody away.
    assert_eq!(
        (served + paced, served > 90),
        (200, true),
        "{served} served, {paced} paced"
    );
}

/// RR-2: two processes on one database make one refresh between them.
#[tokio::test]
async fn two_processes_make_one_refresh() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_millis(300);
    })
    .await;
    let id = stage.connected(PORTAL).await;
    let (second, there) = second_process(&stage).await;
    let here = stage.admin();
    stage.sql(EXPIRED).await;
    let ask = json!({});
    let both = (0..80).map(|number| {
        let caller = if number % 2 == 0 { &here } else { &there };
        caller.relay(&id, "account.details", &ask)
    });
    for answer in join_all(both).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(stage.token_calls("refresh_token"), 1);
    second.shutdown().await;
}

/// RR-4: the caller goes, the refresh finishes and is stored.
#[tokio::test]
async fn a_refresh_outlives_its_caller() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_millis(600);
    })
    .await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    let gone = tokio::time::timeout(Duration::from_millis(200), details(&stage, &id)).await;
    assert!(gone.is_err());
    until(async || stage.count("SELECT generation FROM connection").await == 2).await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// RR-7: a new refresh token is stored in the same commit; where none comes the old one is kept.
#[tokio::test]
async fn whatever_refresh_token_comes_back_is_kept() {
    let stage = Stage::set(|_, state| state.switches.rotate_refresh_tokens = true).await;
    let id = stage.connected(PORTAL).await;
    for round in 1..=3 {
        stage.sql(EXPIRED).await;
        assert_eq!(details(&stage, &id).await.status, 200);
        assert_eq!(stage.token_calls("refresh_token"), round);
    }
    stage
        .sandbox
        .with(|state| state.switches.rotate_refresh_tokens = false);
    stage.sql(EXPIRED).await;
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// CP-2: a process that died in the middle of a refresh holds up the next one no longer than its lease.
#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql(
            "UPDATE connection SET access_expires_at = unixepoch('subsec') - 1, lease_owner = 'another',
                lease_until = unixepoch('subsec') + 1",
        )
        .await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// A second proxy over the same data, and a page that talks to it.
pub(crate) async fn second_process(stage: &Stage) -> (RunningProxy, Caller) {
    let mut config = stage.config.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    config.base_url = format!("http://localhost:{port}");
    let second = Proxy::start(config.clone(), listener).await.unwrap();
    let session = second
        .mint_session("you", Role::Admin, second.base_url())
        .unwrap();
    let origin = config.base_url.clone();
    (second, Caller::new(config, session.token, origin))
}

/// RR-5: refused while another process stored a newer generation, a process adopts that one and asks no more.
#[tokio::test]
async fn a_newer_generation_is_adopted() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let (second, there) = second_process(&stage).await;
    stage.sql(EXPIRED).await;
    // HubSpot knows no refresh token for the moment, and is slow to say so.
    let known = stage.sandbox.with(|state| {
        state.switches.token_latency = Duration::from_secs(3);
        std::mem::take(&mut state.refresh_tokens)
    });
    let (here, ask, of) = (stage.admin(), json!({}), id.clone());
    let refused = tokio::spawn(async move { here.relay(&of, "account.details", &ask).await });
    until(async || stage.token_calls("refresh_token") == 1).await;
    stage.sandbox.with(|state| {
        state.switches.token_latency = Duration::ZERO;
        state.refresh_tokens = known;
    });
    // The lease runs out before the refusal arrives, so the other process may refresh.
    stage
        .sql("UPDATE connection SET lease_until = unixepoch('subsec') - 1")
        .await;
    let answer = there.relay(&id, "account.details", &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!refused.is_finished(), "the refusal is still on its way");
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    let adopted = refused.await.unwrap();
    assert_eq!(adopted.status, 200, "{}", adopted.text);
    assert_eq!(
        stage.token_calls("refresh_token"),
        2,
        "one refused, one good, and no third"
    );
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    assert_eq!(fault(&stage, &id).await, json!(null));
    assert_eq!(
        stage.text("SELECT state FROM connection").await.as_deref(),
        Some("connected")
    );
    second.shutdown().await;
}

/// UF-4, R1, R5, R8, D25, D58: a dead grant is asked twice, then says why; after that nothing is sent.
#[tokio::test]
async fn a_dead_grant_says_why_and_is_left_alone() {
    for (status, cause) in [
        ("BAD_REFRESH_TOKEN", "refresh_token_invalid"),
        ("BAD_HUB", "account_gone"),
        ("BAD_SCOPES", "scopes_changed"),
    ] {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        stage.sql(SOON).await;
        fail_tokens(&stage, 2, FaultAnswer::OAuth(status.into()));
        let answer = details(&stage, &id).await;
        assert_eq!(answer.refusal(), (409, "needs_reauth".into()), "{status}");
        let fault = fault(&stage, &id).await;
        assert_eq!(
            (&fault["category"], &fault["cause"]),
            (&json!("grant_dead"), &json!(cause))
        );
        assert_eq!(stage.token_calls("refresh_token"), 2);
        let before = stage.sandbox.with(|state| state.calls.len());
        assert_eq!(
            details(&stage, &id).await.refusal(),
            (409, "needs_reauth".into())
        );
        assert_eq!(
            stage.sandbox.with(|state| state.calls.len()),
            before,
            "nothing was sent"
        );
        let written = "SELECT COUNT(*) FROM journal WHERE action = 'connection.needs_reauth'";
        assert_eq!(stage.count(written).await, 1);
        // R28: what is known stays readable.
        assert_eq!(
            stage.admin().connection(&id).await["account"]["portal_id"],
            PORTAL
        );
    }
}

/// R8, R11, UF-4: revoked at HubSpot for real, without a staged fault.
#[tokio::test]
async fn a_grant_revoked_at_the_provider_needs_reconnection() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let client = stage.config.hubspot.client_id.clone();
    stage.sandbox.with(|state| state.uninstall(&client, PORTAL));
    stage.sql(EXPIRED).await;
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (409, "needs_reauth".into())
    );
    assert_eq!(fault(&stage, &id).await["cause"], "refresh_token_invalid");
}

/// R4, R8, R11: what nobody uses is looked at by itself: a living grant stays fresh, a dead one is found before its
/// user finds it. What was looked at of late is left alone.
#[tokio::test]
async fn a_grant_that_nobody_uses_is_looked_at() {
    const LONG_AGO: &str = "UPDATE connection SET looked_at = looked_at - 43201";
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    stage.sql(LONG_AGO).await;
    until(async || stage.count("SELECT generation FROM connection").await == 2).await;
    assert_eq!(stage.token_calls("refresh_token"), 1);

    let client = stage.config.hubspot.client_id.clone();
    stage.sandbox.with(|state| state.uninstall(&client, PORTAL));
    stage.sql(EXPIRED).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(fault(&stage, &id).await, json!(null), "looked at of late");
    stage.sql(LONG_AGO).await;
    until(async || fault(&stage, &id).await["cause"] == "refresh_token_invalid").await;
}

/// A refusal that was a hiccup is not believed: the second answer counts.
#[tokio::test]
async fn one_refusal_is_not_believed() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    fail_tokens(&stage, 1, FaultAnswer::OAuth("BAD_REFRESH_TOKEN".into()));
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(fault(&stage, &id).await, json!(null));
}

/// UF-2, UF-7, mission 4.8: weather shows as checking and never as dead; the old token serves while it lives.
#[tokio::test]
async fn weather_is_never_a_dead_grant() {
    for answer in [
        FaultAnswer::Status(500),
        FaultAnswer::Status(503),
        FaultAnswer::Status(423),
        FaultAnswer::Html502,
        FaultAnswer::Garbage,
        FaultAnswer::TooManyRequests {
            policy: "TEN_SECONDLY_ROLLING".into(),
        },
    ] {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        stage.sql(SOON).await;
        fail_tokens(&stage, 1_000, answer.clone());
        assert_eq!(
            details(&stage, &id).await.status,
            200,
            "{answer:?}: the old token lives"
        );
        let fault = fault(&stage, &id).await;
        assert_eq!(fault["category"], "transient", "{answer:?}");
        assert!(fault["next_try_at"].is_i64());
        stage
            .sql(&format!(
                "{EXPIRED}, next_try_at = unixepoch('subsec') + 60"
            ))
            .await;
        let before = stage.token_calls("refresh_token");
        let refused = details(&stage, &id).await;
        assert_eq!(refused.refusal(), (503, "provider_unavailable".into()));
        assert!(refused.header("retry-after").is_some());
        assert_eq!(
            stage.token_calls("refresh_token"),
            before,
            "not before the next try is due"
        );
    }
}

/// Design 5: the fault ends by itself, in the same commit as the success, and without anybody's call.
#[tokio::test]
async fn checking_ends_by_itself() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(SOON).await;
    fail_tokens(&stage, 1, FaultAnswer::Status(500));
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(fault(&stage, &id).await["category"], "transient");
    stage
        .sql("UPDATE connection SET next_try_at = unixepoch('subsec') - 1")
        .await;
    until(async || fault(&stage, &id).await.is_null()).await;
    assert_eq!(
        stage.admin().connection(&id).await["grant"]["last_refresh"]["outcome"],
        "refreshed"
    );
}

/// UF-2: one account that HubSpot answers slowly holds up no other's recovery.
#[tokio::test]
async fn due_checks_do_not_wait_for_each_other() {
    let stage = Stage::open().await;
    stage.connected(PORTAL).await;
    stage.connected(25_733_019).await;
    fail_tokens(&stage, 2, FaultAnswer::Slow(Duration::from_secs(3)));
    stage
        .sql(&format!(
            "{EXPIRED}, state = 'checking', next_try_at = unixepoch('subsec') - 1"
        ))
        .await;
    until(async || stage.token_calls("refresh_token") == 2).await;
    let healed = "SELECT COUNT(*) FROM connection WHERE state = 'connected'";
    assert_eq!(
        stage.count(healed).await,
        0,
        "the second call did not wait for the first answer"
    );
    until(async || stage.count(healed).await == 2).await;
    assert_eq!(stage.token_calls("refresh_token"), 2);
}

/// UF-3: our own credentials refused touch no connection, and stop token calls for a while.
#[tokio::test]
async fn our_own_configuration_fault_touches_no_connection() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = stage.admin().connection(&id).await;
    stage.sql(EXPIRED).await;
    fail_tokens(&stage, 1, FaultAnswer::OAuth("BAD_CLIENT_SECRET".into()));
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (502, "config_fault".into())
    );
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (502, "config_fault".into())
    );
    assert_eq!(stage.token_calls("refresh_token"), 1, "the breaker is open");
    let after = stage.admin().connection(&id).await;
    assert_eq!(after["version"], before["version"]);
    assert_eq!(after["grant"]["fault"], json!(null));
    assert_eq!(
        stage
            .count("SELECT COUNT(*) FROM connection WHERE lease_owner IS NOT NULL")
            .await,
        0
    );
}

/// UF-6: a migration has its own status, and nothing is sent until its time.
#[tokio::test]
async fn a_migration_suspends_the_connection() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(SOON).await;
    fail_tokens(
        &stage,
        1,
        FaultAnswer::Migration477 {
            retry_after: 86_400,
        },
    );
    let answer = details(&stage, &id).await;
    assert_eq!(answer.refusal(), (409, "suspended".into()));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((86_000..=86_400).contains(&wait), "{wait}");
    assert_eq!(fault(&stage, &id).await["category"], "migration");
    let before = stage.sandbox.with(|state| state.calls.len());
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (409, "suspended".into())
    );
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}
