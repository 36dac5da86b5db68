//! The event stream: news arrives without asking, for whom it is meant, and none is lost unnoticed.

use portico_core::wire::Role;
use portico_proxy::{Proxy, RunningProxy};
use portico_tests::{Caller, PORTAL, Stage};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// J9, D6, D47, R17: a new portal shows by itself; a flow's steps show to its own starter alone.
#[tokio::test]
async fn a_new_portal_shows_by_itself() {
    let stage = Stage::open().await;
    let mut own = stage.admin().events(None).await;
    let mut colleague = stage.caller("bob", Role::Member).events(None).await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let connection = stage.admin().complete(&flow, &claim).await.json()["connection"].clone();
    let mut phases = Vec::new();
    loop {
        let event = own.next().await.unwrap();
        assert_eq!(event.data["type"], event.name.as_str());
        if event.name == "flow_changed" {
            assert_eq!(event.data["flow"]["id"], flow.id);
            phases.push(event.data["flow"]["phase"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(event.name, "connection_changed");
            assert_eq!(event.data["connection"], connection);
        }
        if phases.last().is_some_and(|phase| phase == "done") {
            break;
        }
    }
    // Each tells how the flow stood when it was told, which may be later than the step it tells of.
    assert_eq!(phases.len(), 3, "{phases:?}");
    let order = |phase: &String| {
        ["coded", "exchanging", "done"]
            .iter()
            .position(|p| p == phase)
    };
    assert!(
        phases.is_sorted_by_key(|phase| order(phase).unwrap()),
        "{phases:?}"
    );
    let first = colleague.next().await.unwrap();
    assert_eq!(
        first.name, "connection_changed",
        "a colleague hears of the portal, not of the flow"
    );
}

/// D47: changes and removals show too, in order.
#[tokio::test]
async fn changes_and_removals_show() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let mut stream = admin.events(None).await;
    let path = format!("/v1/connections/{id}");
    let request = admin
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(&json!({"label": "Weser"}));
    assert_eq!(admin.send(request).await.status, 200);
    let changed = stream.next().await.unwrap();
    assert_eq!(changed.data["connection"]["label"], "Weser");
    assert_eq!(admin.delete(&path).await.status, 200);
    let removed = stream.next().await.unwrap();
    assert_eq!(
        (removed.name.as_str(), &removed.data["id"]),
        ("connection_removed", &json!(id))
    );
}

/// A stream that comes back gets what it missed, after a restart too; one that cannot is told to read everything
/// again.
#[tokio::test]
async fn a_stream_that_comes_back_misses_nothing() {
    let stage = Stage::open().await;
    let mut stream = stage.admin().events(None).await;
    let id = stage.connected(PORTAL).await;
    let seen = stream
        .find(|event| event.name == "connection_changed")
        .await
        .id;
    drop(stream);
    let path = format!("/v1/connections/{id}");
    assert_eq!(stage.admin().delete(&path).await.status, 200);
    let mut resumed = stage.admin().events(Some(&seen)).await;
    let missed = resumed.find(|event| event.name != "flow_changed").await;
    assert_eq!(missed.name, "connection_removed");
    for odd in ["another-start.5", "", "nonsense", "-1", "1000000", "1.5"] {
        let mut lost = stage.admin().events(Some(odd)).await;
        assert_eq!(lost.next().await.unwrap().name, "reset", "{odd:?}");
    }
    let admin = stage.admin();
    let stage = stage.restart().await;
    let mut after = admin.events(Some(&seen)).await;
    let again = after.find(|event| event.name != "flow_changed").await;
    assert_eq!((again.name, again.id), (missed.name, missed.id));
    // Hours later it was too long away.
    stage.sql("UPDATE event SET at = at - 7200").await;
    let stage = stage.restart().await;
    while stage.count("SELECT COUNT(*) FROM event").await > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let mut late = admin.events(Some(&seen)).await;
    let reset = late.next().await.unwrap();
    assert_eq!(reset.name, "reset");
    // Behind the reset it goes on as if it had never been away.
    let mut on = admin.events(Some(&reset.id)).await;
    stage.connected(PORTAL).await;
    assert_eq!(
        on.find(|event| event.name == "connection_changed")
            .await
            .data["connection"]["provider"],
        "hubspot"
    );
    drop(stage);
}

/// Threat model 8: streams end when the proxy stops, and do not hold it up.
#[tokio::test]
async fn a_stream_ends_when_the_proxy_stops() {
    let stage = Stage::open().await;
    let mut stream = stage.admin().events(None).await;
    let reading = tokio::spawn(async move { stream.next().await.is_none() });
    let stage = stage.restart().await;
    assert!(reading.await.unwrap());
    drop(stage);
}

/// Another proxy over the stage's database, and an admin who talks to it.
async fn replica(stage: &Stage) -> (RunningProxy, Caller) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = stage.config.clone();
    config.base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let proxy = Proxy::start(config.clone(), listener).await.unwrap();
    let origin = config.base_url.clone();
    let session = proxy.mint_session("you", Role::Admin, &origin).unwrap();
    (proxy, Caller::new(config, session.token, origin))
}

/// Changes a label until the version fits; several do so at once, through different replicas.
async fn rename(caller: &Caller, path: &str, label: &str) {
    loop {
        let version = caller.get(path).await.json()["version"].as_u64().unwrap();
        let request = caller
            .request(Method::PATCH, path)
            .header("if-match", format!("\"{version}\""))
            .json(&json!({ "label": label }));
        let answer = caller.send(request).await;
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.refusal().1, "version_conflict");
    }
}

/// Reads a stream up to a number: every number once, in order, each with facts at least as new as its own change.
async fn read_up_to(
    callers: &[Caller],
    start: u64,
    first_version: u64,
    last: u64,
    hop_after: usize,
) -> usize {
    let mut seen = start;
    let mut hops = 0;
    'replicas: loop {
        // A stream that breaks comes back at the other replica.
        let mut stream = callers[hops % callers.len()]
            .events(Some(&seen.to_string()))
            .await;
        hops += 1;
        for _ in 0..hop_after {
            let event = timeout(Duration::from_mins(1), stream.next()).await;
            let event = event.expect("no wake-up is lost").unwrap();
            assert_eq!(event.id.parse(), Ok(seen + 1), "{event:?}");
            seen += 1;
            assert_eq!(event.name, "connection_changed");
            let version = event.data["connection"]["version"].as_u64().unwrap();
            assert!(
                version >= first_version + (seen - start),
                "stale: {event:?}"
            );
            if seen == last {
                break 'replicas;
            }
        }
    }
    hops
}

async fn every_stream_tells_the_same(stage: Stage) {
    const WRITERS: usize = 4;
    const CHANGES: usize = 12;
    let (proxy, other) = replica(&stage).await;
    let mut stream = stage.admin().events(None).await;
    let connection = stage.connect(PORTAL).await;
    let done = stream
        .find(|event| event.data["flow"]["phase"] == "done")
        .await;
    let start: u64 = done.id.parse().unwrap();
    let version = connection["version"].as_u64().unwrap();
    let path = format!("/v1/connections/{}", connection["id"].as_str().unwrap());
    let last = start + (WRITERS * CHANGES) as u64;
    let callers = [stage.admin(), other];
    let readers: Vec<_> = [(0, 1000), (1, 1000), (0, 1), (1, 3), (0, 7), (1, 1000)]
        .into_iter()
        .map(|(first, hop_after)| {
            let mut callers = callers.to_vec();
            callers.rotate_left(first);
            tokio::spawn(async move { read_up_to(&callers, start, version, last, hop_after).await })
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (caller, path) = (callers[writer % 2].clone(), path.clone());
            tokio::spawn(async move {
                for change in 0..CHANGES {
                    rename(&caller, &path, &format!("{writer} {change}")).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut hops = Vec::new();
    for reader in readers {
        hops.push(reader.await.unwrap());
    }
    assert_eq!(hops, [1, 1, 48, 16, 7, 1]);
    // Streams end with their own replica.
    let mut there = callers[1].events(None).await;
    let ending = tokio::spawn(async move { there.next().await.is_none() });
    proxy.shutdown().await;
    assert!(ending.await.unwrap());
}

/// Promise 17: events survive replicas. No wake-up is lost, no event seen twice, the order is that of commits.
#[tokio::test(flavor = "multi_thread")]
async fn every_stream_of_every_replica_tells_the_same_in_the_order_of_commits() {
    every_stream_tells_the_same(Stage::open().await).await;
}

/// The same over PostgreSQL, where `PORTICO_TEST_POSTGRES` names a server; its notifications are cut off meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_tells_the_same_even_where_its_notifications_break() {
    let Ok(server) = std::env::var("PORTICO_TEST_POSTGRES") else {
        eprintln!("nothing to test: PORTICO_TEST_POSTGRES names no server");
        return;
    };
    let name = format!("portico_test_events_{}", std::process::id());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    sqlx::raw_sql(AssertSqlSafe(create))
        .execute(&mut admin)
        .await
        .unwrap();
    let mut url: url::Url = server.parse().unwrap();
    url.set_path(&name);
    let stage = Stage::set(|config, _| config.database_url = Some(String::from(url).into())).await;
    let (done, mut is_done) = oneshot::channel::<()>();
    let cutting = tokio::spawn({
        let name = name.clone();
        async move {
            let mut cut = 0;
            while is_done.try_recv().is_err() {
                let cuts = sqlx::query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = $1 AND query ILIKE 'LISTEN%'",
                )
                .bind(&name)
                .execute(&mut admin)
                .await
                .unwrap();
                cut += cuts.rows_affected();
                sleep(Duration::from_millis(700)).await;
            }
            (admin, cut)
        }
    });
    every_stream_tells_the_same(stage).await;
    done.send(()).unwrap();
    let (mut admin, cut) = cutting.await.unwrap();
    assert!(cut > 0, "the notifications were cut off");
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut admin)
        .await
        .unwrap();
}
