//! Account facts follow HubSpot's without anybody's asking, and no fault of theirs shows.

use crate::exchange::until;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{PORTAL, Stage};
use serde_json::json;

const DAY_OLD: &str = "UPDATE connection SET access_expires_at = unixepoch('subsec') - 1,
    obtained_at = obtained_at - 86400, account_read_at = account_read_at - 86400";

async fn relay(stage: &Stage, id: &str) {
    let answer = stage.admin().relay(id, "account.details", &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn rename(stage: &Stage, name: &str) {
    let known = stage
        .sandbox
        .with(|state| state.rename_portal(PORTAL, name));
    assert!(known);
}

/// J11, D47: a portal renamed in HubSpot shows its new name within a day of use, in open pages too.
#[tokio::test]
async fn a_new_name_in_hubspot_shows_by_itself() {
    let stage = Stage::open().await;
    let before = stage.connect(PORTAL).await;
    let id = before["id"].as_str().unwrap();
    let mut stream = stage.admin().events(None).await;
    rename(&stage, "Weser & Söhne");
    // Facts of today are taken as they are.
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    let asked = stage.calls("/account-info/2027-03-beta/details").len();
    relay(&stage, id).await;
    let first = stream
        .find(|event| event.name == "connection_changed")
        .await;
    assert_eq!(
        first.data["connection"]["account"]["name"],
        before["account"]["name"]
    );
    stage.sql(DAY_OLD).await;
    relay(&stage, id).await;
    let news = stream
        .find(|event| event.data["connection"]["account"]["name"] == "Weser & Söhne")
        .await;
    assert_eq!(news.name, "connection_changed");
    assert_eq!(
        stage.calls("/account-info/2027-03-beta/details").len(),
        asked + 1,
        "asked once, and not of facts that were fresh"
    );
    let after = stage.admin().connection(id).await;
    let mut expected = before["account"].clone();
    expected["name"] = json!("Weser & Söhne");
    assert_eq!(after["account"], expected, "nothing else was lost");
    assert_eq!(news.data["connection"], after);
    // Read anew a moment ago: the next refresh asks for nothing, and one a day later does.
    rename(&stage, "Weser AG");
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    relay(&stage, id).await;
    stage.sql(DAY_OLD).await;
    relay(&stage, id).await;
    until(async || stage.admin().connection(id).await["account"]["name"] == "Weser AG").await;
    assert_eq!(
        stage.calls("/account-info/2027-03-beta/details").len(),
        asked + 2
    );
}

/// J11, mission 4.8: facts that cannot be read change nothing, and are asked for again by the next refresh.
#[tokio::test]
async fn facts_that_cannot_be_read_stay_as_they_are() {
    let stage = Stage::open().await;
    let before = stage.connect(PORTAL).await;
    let id = before["id"].as_str().unwrap();
    rename(&stage, "Weser AG");
    for path in ["/account-info/", "/oauth/2026-03/token/introspect"] {
        let fault = Fault {
            path_prefix: path.into(),
            method: None,
            remaining: 1_000,
            answer: FaultAnswer::Status(500),
        };
        stage.sandbox.with(|state| state.faults.push(fault));
    }
    stage.sql(DAY_OLD).await;
    let usage = "/account-info/2026-03/api-usage";
    let asked = stage.calls(usage).len();
    let arguments = json!({"params": {"objectType": "deals"}});
    let answer = stage.admin().relay(id, "properties.list", &arguments).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    until(async || stage.calls(usage).len() > asked).await;
    let now = stage.admin().connection(id).await;
    assert_eq!(now["account"], before["account"]);
    assert_eq!(now["grant"]["fault"], json!(null));
    stage.sandbox.with(|state| state.faults.clear());
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    relay(&stage, id).await;
    until(async || stage.admin().connection(id).await["account"]["name"] == "Weser AG").await;
}
