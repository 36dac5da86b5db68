//! Several proxy processes over one database, ended gently and by force.

use crate::exchange::until;
use crate::refresh::EXPIRED;
use futures_util::future::join_all;
use portico_tests::faults::herd;
use portico_tests::{Database, PORTAL, Replica, Stage};
use serde_json::json;
use std::time::{Duration, Instant};

/// A stage whose token endpoint takes its time, and whose portal takes as many calls as come.
async fn slow_tokens(latency: Duration) -> (Stage, String) {
    let stage = Stage::set(|_, state| {
        for portal in state.portals.values_mut() {
            portal.burst_limit = 1_000_000;
        }
    })
    .await;
    let id = stage.connected(PORTAL).await;
    stage
        .sandbox
        .with(|state| state.switches.token_latency = latency);
    stage.sql(EXPIRED).await;
    (stage, id)
}

/// RR-2: two processes on SQLite, or four on PostgreSQL, take two hundred calls each on an expired token: one token
/// call among all, and every call is served.
#[tokio::test]
async fn processes_on_one_database_make_one_token_call() {
    let (stage, id) = slow_tokens(Duration::from_millis(500)).await;
    let count = match stage.database() {
        Database::Sqlite(_) => 2,
        Database::Postgres(_) => 4,
    };
    let replicas = join_all((0..count).map(|_| Replica::start(&stage))).await;
    let callers = join_all(replicas.iter().map(Replica::launched)).await;
    let ask = json!({});
    let calls = callers
        .iter()
        .flat_map(|caller| (0..200).map(|_| caller.relay(&id, "account.details", &ask)));
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(stage.token_calls("refresh_token"), 1);
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
}

/// RR-3: a token endpoint that takes nine seconds is called once, however many come meanwhile and to whichever process;
/// the lease outlasts the call's own deadline three times, and all who waited are served within a second of the commit.
#[tokio::test]
async fn a_slow_token_call_is_made_once_and_serves_all_who_waited() {
    let (stage, id) = slow_tokens(Duration::from_secs(9)).await;
    let replicas = join_all((0..2).map(|_| Replica::start(&stage))).await;
    let callers = join_all(replicas.iter().map(Replica::launched)).await;
    let ask = |number: usize| {
        let (caller, id) = (callers[number % callers.len()].clone(), id.clone());
        async move {
            let answer = caller.relay(&id, "account.details", &json!({})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            Instant::now()
        }
    };
    let mut waiting = vec![tokio::spawn(ask(0)), tokio::spawn(ask(1))];
    until(async || stage.token_calls("refresh_token") == 1).await;
    let fetched = "SELECT COUNT(*) FROM connection WHERE generation = 2";
    let long = "SELECT COUNT(*) FROM connection WHERE lease_until > unixepoch('subsec') + 20";
    assert_eq!(stage.count(long).await, 1);
    for number in 2..32 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        waiting.push(tokio::spawn(ask(number)));
    }
    assert_eq!(stage.count(fetched).await, 0, "the call still runs");
    let all = waiting.len();
    while stage.count(fetched).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let committed = Instant::now();
    let mut last = Duration::ZERO;
    for served in join_all(waiting).await {
        last = last.max(served.unwrap().saturating_duration_since(committed));
    }
    assert_eq!(stage.token_calls("refresh_token"), 1);
    assert_eq!(stage.count(fetched).await, 1);
    // So many calls take their time without any wait, too, on a machine that does much else.
    let began = Instant::now();
    join_all((0..all).map(ask)).await;
    let plain = began.elapsed();
    assert!(
        last <= Duration::from_secs(1) + plain,
        "the last was served {last:?} after the commit; so many calls take {plain:?}"
    );
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// CP-4: asked to end while a slow token call runs, a process lets it finish, commits it, and is gone within the half
/// minute that `Replica::ended` allows. The next process finds the fresh token and needs none of its own.
#[tokio::test]
async fn a_process_that_is_asked_to_end_finishes_its_token_call() {
    let (stage, id) = slow_tokens(Duration::from_secs(8)).await;
    let mut replica = Replica::start(&stage).await;
    let caller = replica.launched().await;
    let ask = json!({});
    let load = join_all((0..50).map(|_| {
        let request = caller.request(
            reqwest::Method::POST,
            &format!("/v1/connections/{id}/relay/account.details"),
        );
        // Those that wait may be cut off; what must not be lost is the grant.
        tokio::spawn(request.json(&ask).send())
    }));
    until(async || stage.token_calls("refresh_token") == 1).await;
    assert_eq!(stage.count("SELECT generation FROM connection").await, 1);
    replica.terminate();
    let (status, _) = replica.ended().await;
    assert!(status.success(), "{status}: {}", replica.log().join("\n"));
    load.await;
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    let held = "SELECT COUNT(*) FROM connection WHERE lease_owner IS NOT NULL";
    assert_eq!(stage.count(held).await, 0);

    let next = Replica::start(&stage).await;
    let answer = next
        .launched()
        .await
        .relay(&id, "account.details", &ask)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// CP-2, RR-4: a process killed in the middle of a refresh leaves a lease of half a minute at most. While it stands
/// nobody else calls; once it has run out, whoever waits takes over, and the connection was never lost.
#[tokio::test]
async fn a_killed_leader_is_followed_when_its_lease_has_run_out() {
    let (stage, id) = slow_tokens(Duration::from_secs(9)).await;
    let leader = Replica::start(&stage).await;
    let follower = Replica::start(&stage).await;
    let (caller, other) = (leader.launched().await, follower.launched().await);
    let path = format!("/v1/connections/{id}/relay/account.details");
    let lost = caller.request(reqwest::Method::POST, &path);
    let lost = tokio::spawn(lost.json(&json!({})).send());
    until(async || stage.token_calls("refresh_token") == 1).await;
    leader.kill9().await;
    assert!(lost.await.unwrap().is_err(), "its caller hears nothing");
    let bounded = "SELECT COUNT(*) FROM connection WHERE lease_owner IS NOT NULL
        AND lease_until BETWEEN unixepoch('subsec') AND unixepoch('subsec') + 30";
    assert_eq!(stage.count(bounded).await, 1);

    stage
        .sandbox
        .with(|state| state.switches.token_latency = Duration::ZERO);
    let waiting = {
        let (other, id) = (other.clone(), id.clone());
        tokio::spawn(async move { other.relay(&id, "account.details", &json!({})).await })
    };
    // It asks for the lease about once a second, and does not get it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!waiting.is_finished());
    assert_eq!(stage.token_calls("refresh_token"), 1);
    stage
        .sql("UPDATE connection SET lease_until = lease_until - 30")
        .await;
    let answer = waiting.await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stage.token_calls("refresh_token"), 2);
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
    let connection = other.connection(&id).await;
    assert_eq!(connection["grant"]["fault"], json!(null), "{connection}");
}

/// OV-3, CP-2: a token call that waited for its turn has its whole time all the same: one that is cut off when it was
/// answered would lose what it brought. The last of these waits three seconds, and HubSpot takes seven.
#[tokio::test]
async fn a_call_that_waited_for_its_turn_has_its_whole_time() {
    let figures = herd::run_slowly(90, Some(1), Duration::from_secs(7)).await;
    figures.print();
    figures.check();
}
