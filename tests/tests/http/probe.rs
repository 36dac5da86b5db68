//! Testing a connection: that data flows, area by area, and nothing of the data.

use portico_core::connection_type::ConnectionType;
use portico_sandbox::{Fault, FaultAnswer, StaticKind};
use portico_tests::{Answer, Caller, PORTAL, Stage};
use serde_json::{Value, json};

async fn test(caller: &Caller, id: &str) -> Answer {
    let path = format!("/v1/connections/{id}/test");
    caller.post(&path, &json!({})).await
}

fn fault(stage: &Stage, path: &str, answer: FaultAnswer) {
    let fault = Fault {
        path_prefix: path.into(),
        method: None,
        remaining: 1,
        answer,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
}

fn area<'a>(report: &'a Value, name: &str) -> &'a Value {
    let areas = report["areas"].as_array().unwrap();
    let found = areas.iter().find(|area| area["area"] == name);
    found.unwrap_or_else(|| panic!("{name} in {report}"))
}

/// S12, D35: any role proves that data flows: the account and one read of every granted area, each with its time.
#[tokio::test]
async fn a_test_reads_every_granted_area_once() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let before = stage.calls("/").len();
    let answer = test(&stage.member(), id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let report = answer.json();
    assert_eq!(report["verdict"], "ok", "{report}");
    let areas = report["areas"].as_array().unwrap();
    assert_eq!(areas[0]["area"], "account");
    assert_eq!(stage.calls("/").len() - before, areas.len());
    for area in areas {
        assert_eq!(
            (&area["outcome"], &area["status"]),
            (&json!("ok"), &json!(200)),
            "{area}"
        );
        assert!(
            area["milliseconds"].is_u64() && area["title"].is_string(),
            "{area}"
        );
    }
    for name in [
        "contacts",
        "deals",
        "owners",
        "lists",
        "forms",
        "workflows",
        "object-schemas",
    ] {
        area(&report, name);
    }
    // P1: names of the portal's own do not stand in it.
    for stranger in [
        &connection["account"]["name"],
        &connection["account"]["hub_domain"],
    ] {
        assert!(
            !answer.text.contains(stranger.as_str().unwrap()),
            "{}",
            answer.text
        );
    }
    assert_eq!(
        connection,
        stage.admin().connection(id).await,
        "nothing is changed"
    );
}

/// S12: an area that gives no data is told with its reason, HubSpot's status and correlation id; the others go on.
#[tokio::test]
async fn a_part_that_does_not_answer_is_told_apart() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    for (path, answer) in [
        ("/crm/owners/", FaultAnswer::Status(403)),
        ("/marketing/v3/forms", FaultAnswer::Status(429)),
        ("/automation/v4/flows", FaultAnswer::Status(502)),
        ("/cms/domains/", FaultAnswer::Status(404)),
    ] {
        fault(&stage, path, answer);
    }
    let report = test(&stage.admin(), &id).await.json();
    assert_eq!(report["verdict"], "partial", "{report}");
    for (name, outcome, status) in [
        ("account", "ok", 200),
        ("owners", "forbidden", 403),
        ("forms", "rate_limited", 429),
        ("workflows", "unavailable", 502),
        ("domains", "unavailable", 404),
        ("lists", "ok", 200),
    ] {
        let area = area(&report, name);
        assert_eq!(
            (&area["outcome"], &area["status"]),
            (&json!(outcome), &json!(status)),
            "{area}"
        );
        assert!(
            status == 200 || area["correlation_id"].is_string(),
            "{area}"
        );
    }
}

/// S12, P5: a connection is tested for what it holds, and its type hides no area.
#[tokio::test]
async fn only_granted_areas_are_asked() {
    let stage = Stage::open().await;
    let required = stage.config.hubspot.required_scopes.clone();
    for kind in ConnectionType::ALL {
        let names: Vec<&str> = required.iter().map(String::as_str).collect();
        let token = stage.sandbox.with(|state| {
            let key = state.issue_static(PORTAL, StaticKind::ServiceKey, "Small", &names, 0);
            key.unwrap().token
        });
        let wanted = json!({"provider": "hubspot", "token": token, "connection_type": kind});
        let connection = stage
            .admin()
            .post("/v1/connections/static", &wanted)
            .await
            .json();
        let id = connection["id"].as_str().unwrap().to_owned();
        let report = test(&stage.member(), &id).await.json();
        let areas: Vec<&str> = report["areas"]
            .as_array()
            .unwrap()
            .iter()
            .map(|area| area["area"].as_str().unwrap())
            .collect();
        assert_eq!(areas, ["account", "contacts", "companies", "deals"]);
        assert_eq!(report["verdict"], "ok");
        stage.admin().delete(&format!("/v1/connections/{id}")).await;
    }
}

/// S12, B18: the test of a static credential finds that it was rotated, and scopes that were added to a key.
#[tokio::test]
async fn a_static_credential_is_tested_with_its_present_scopes() {
    let stage = Stage::open().await;
    let (key, token) = stage.sandbox.with(|state| {
        let (app, token) = state
            .credentials
            .first(PORTAL, StaticKind::ServiceKey)
            .unwrap();
        (app.app_id, token.to_owned())
    });
    let wanted = json!({"provider": "hubspot", "token": token, "connection_type": "audit_only"});
    let connection = stage
        .admin()
        .post("/v1/connections/static", &wanted)
        .await
        .json();
    let id = connection["id"].as_str().unwrap();
    let before = test(&stage.admin(), id).await.json();
    assert!(
        before["areas"]
            .as_array()
            .unwrap()
            .iter()
            .all(|area| area["area"] != "forms")
    );
    let mut scopes: Vec<String> =
        serde_json::from_value(connection["grant"]["granted"].clone()).unwrap();
    scopes.push("forms".into());
    stage.sandbox.with(|state| {
        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        state.set_static_scopes(key, &names).unwrap();
    });
    let after = test(&stage.admin(), id).await.json();
    assert_eq!(area(&after, "forms")["outcome"], "ok");
    let now = stage.admin().connection(id).await;
    assert!(
        now["grant"]["granted"]
            .as_array()
            .unwrap()
            .contains(&json!("forms"))
    );
    stage.sandbox.with(|state| state.delete_static(key));
    let dead = test(&stage.admin(), id).await.json();
    assert_eq!(dead["verdict"], "failed");
    assert_eq!(
        dead["areas"].as_array().unwrap().len(),
        1,
        "no more is asked"
    );
    assert_eq!(
        (&dead["areas"][0]["outcome"], &dead["areas"][0]["status"]),
        (&json!("unauthorized"), &json!(401))
    );
    let refused = test(&stage.admin(), id).await;
    assert_eq!(refused.refusal(), (409, "needs_reauth".into()));
}

/// RL-9, RL-8, BI-2: refused like the relay: dead, foreign, unknown, or not asked in JSON; nothing is sent.
#[tokio::test]
async fn a_test_is_refused_like_the_relay() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let sent = stage.calls("/").len();
    assert_eq!(
        test(&admin, "nobody").await.refusal(),
        (404, "not_found".into())
    );
    let path = format!("/v1/connections/{id}/test");
    let odd = admin.post(&path, &json!({"deep": true})).await;
    assert_eq!(odd.refusal(), (400, "invalid_request".into()));
    let text = admin.request(reqwest::Method::POST, &path).body("{}");
    assert_eq!(
        admin.send(text).await.refusal(),
        (415, "unsupported_media_type".into())
    );
    for (change, want) in [
        ("org = 'another'", (404, "not_found")),
        (
            "org = 'demo', state = 'needs_reauth'",
            (409, "needs_reauth"),
        ),
        ("state = 'revoking'", (409, "disconnected")),
    ] {
        let org = stage.config.solo.as_ref().unwrap().org.clone();
        let change = change.replace("'demo'", &format!("'{org}'"));
        stage.sql(&format!("UPDATE connection SET {change}")).await;
        let refused = test(&admin, &id).await.refusal();
        assert_eq!(refused, (want.0, want.1.to_owned()), "{change}");
    }
    assert_eq!(stage.calls("/").len(), sent);
}

/// S12, UF-2: an account that does not answer fails the test, and nothing more is asked.
#[tokio::test]
async fn a_silent_account_ends_the_test() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    fault(
        &stage,
        "/account-info/2026-03/details",
        FaultAnswer::Status(503),
    );
    let sent = stage.calls("/").len();
    let report = test(&stage.admin(), &id).await.json();
    assert_eq!(report["verdict"], "failed");
    assert_eq!(report["areas"][0]["outcome"], "unavailable");
    assert_eq!(stage.calls("/").len(), sent + 1);
    assert_eq!(test(&stage.admin(), &id).await.json()["verdict"], "ok");
}
