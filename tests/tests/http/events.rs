//! The event stream: news arrives without asking, for whom it is meant, and none is lost unnoticed.

use portico_core::wire::Role;
use portico_tests::{PORTAL, Stage};
use reqwest::Method;
use serde_json::json;

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
    assert_eq!(phases, ["coded", "exchanging", "done"]);
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
    assert_eq!(admin.delete(&path).await.status, 200);
    let changed = stream.next().await.unwrap();
    assert_eq!(changed.data["connection"]["label"], "Weser");
    let removed = stream.next().await.unwrap();
    assert_eq!(
        (removed.name.as_str(), &removed.data["id"]),
        ("connection_removed", &json!(id))
    );
}

/// A stream that comes back gets what it missed; one that cannot is told to read everything again.
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
    for odd in ["another-start.5", "", "nonsense"] {
        let mut lost = stage.admin().events(Some(odd)).await;
        assert_eq!(lost.next().await.unwrap().name, "reset", "{odd:?}");
    }
    let admin = stage.admin();
    let stage = stage.restart().await;
    let mut after = admin.events(Some(&seen)).await;
    assert_eq!(after.next().await.unwrap().name, "reset", "after a restart");
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
