//! Connections: changes by version, removal with its consequences, and staying through a restart.

use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Answer, PORTAL, Stage};
use reqwest::Method;
use serde_json::{Value, json};

async fn patch(stage: &Stage, id: &str, version: Option<&str>, change: &Value) -> Answer {
    let admin = stage.admin();
    let mut request = admin
        .request(Method::PATCH, &format!("/v1/connections/{id}"))
        .json(change);
    if let Some(version) = version {
        request = request.header("if-match", version);
    }
    admin.send(request).await
}

/// D14, D15, J17, J24: label and type change by version; who saw an older one is told.
#[tokio::test]
async fn a_change_names_the_version_it_saw() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let change = json!({"label": "  Weser  ", "connection_type": "config_only"});
    for (version, want) in [
        (None, (400, "invalid_request")),
        (Some("1"), (400, "invalid_request")),
        (Some("*"), (400, "invalid_request")),
        (Some("\"2\""), (412, "version_conflict")),
    ] {
        let answer = patch(&stage, &id, version, &change).await;
        assert_eq!(answer.refusal(), (want.0, want.1.to_owned()), "{version:?}");
    }
    let answer = patch(&stage, &id, Some("\"1\""), &change).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let changed = answer.json();
    assert_eq!(
        (&changed["label"], &changed["version"]),
        (&json!("Weser"), &json!(2))
    );
    assert_eq!(changed["connection_type"], "config_only");
    let again = patch(&stage, &id, Some("\"1\""), &change).await;
    assert_eq!(again.refusal(), (412, "version_conflict".into()));
    let cleared = patch(&stage, &id, Some("\"2\""), &json!({"label": ""}))
        .await
        .json();
    assert_eq!(
        (&cleared["label"], &cleared["connection_type"]),
        (&json!(null), &json!("config_only"))
    );
    for bad in [
        json!({"label": "x".repeat(101)}),
        json!({"label": "a\nb"}),
        json!({"connection_type": "root"}),
        json!({"version": 9}),
    ] {
        let answer = patch(&stage, &id, Some("\"3\""), &bad).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{bad}");
    }
    assert_eq!(stage.admin().connection(&id).await["version"], 3);
}

/// J24, J27, D27, D28, mission 4.14: removal revokes at HubSpot, forgets the tokens, and says what it did not do.
#[tokio::test]
async fn removal_revokes_and_says_what_it_did() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let answer = stage.admin().delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(answer.status, 200);
    let told = answer.json();
    assert_eq!(
        (&told["revoked"], &told["uninstalled"]),
        (&json!(true), &json!(false))
    );
    let notes = told["notes"].to_string();
    assert!(
        notes.contains("30 minutes") && notes.contains("Connected Apps"),
        "{notes}"
    );
    assert!(stage.sandbox.with(|state| state.refresh_tokens.is_empty()));
    let call = &stage.calls("/oauth/2026-03/token/revoke")[0];
    assert!(
        call.query.is_empty() && call.body.contains("token="),
        "in the body, never in the URL"
    );
    assert_eq!(
        stage
            .admin()
            .get(&format!("/v1/connections/{id}"))
            .await
            .status,
        404
    );
    assert_eq!(
        stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await
            .status,
        404
    );
    assert_eq!(
        stage
            .admin()
            .delete(&format!("/v1/connections/{id}"))
            .await
            .status,
        404
    );
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 0);
    let written =
        "SELECT COUNT(*) FROM journal WHERE action = 'connection.remove' AND outcome = 'done'";
    assert_eq!(stage.count(written).await, 1);
}

/// Removal without revoking leaves the grant, and says so.
#[tokio::test]
async fn removal_can_leave_the_grant_alive() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let path = format!("/v1/connections/{id}");
    let odd = stage.admin().delete(&format!("{path}?revoke=maybe")).await;
    assert_eq!(odd.refusal(), (400, "invalid_request".into()));
    let told = stage
        .admin()
        .delete(&format!("{path}?revoke=false"))
        .await
        .json();
    assert_eq!(told["revoked"], false);
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 0);
    assert_eq!(stage.sandbox.with(|state| state.refresh_tokens.len()), 1);
}

/// R11, D27: whoever wants the app gone from the portal too says so; the answer and the journal say what came of it, and
/// the grant that ended with it is not given up once more.
#[tokio::test]
async fn removal_can_take_the_app_out_of_the_portal() {
    const UNINSTALL: &str = "/appinstalls/";
    let told_by = async |stage: &Stage, query: &str| {
        let id = stage.connected(PORTAL).await;
        let path = format!("/v1/connections/{id}?{query}");
        stage.admin().delete(&path).await
    };
    let journaled = async |stage: &Stage| {
        stage
            .text("SELECT outcome FROM journal WHERE action = 'app.uninstall'")
            .await
    };
    let stage = Stage::open().await;
    let odd = told_by(&stage, "revoke=false&uninstall=true").await;
    assert_eq!(odd.refusal(), (400, "invalid_request".into()));
    assert!(stage.calls(UNINSTALL).is_empty());
    let told = told_by(&stage, "uninstall=true").await.json();
    assert_eq!(
        (&told["uninstalled"], &told["revoked"]),
        (&json!(true), &json!(true))
    );
    let notes = told["notes"].to_string();
    assert!(notes.contains("was removed from the portal"), "{notes}");
    let calls = stage.calls(UNINSTALL);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].method, "DELETE");
    assert_eq!(journaled(&stage).await.as_deref(), Some("done"));
    assert_eq!(stage.sandbox.with(|state| state.refresh_tokens.len()), 0);
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 0);
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 0);

    // HubSpot does not do it: the grant is given up all the same.
    let stage = Stage::open().await;
    let fault = Fault {
        path_prefix: UNINSTALL.into(),
        method: None,
        remaining: 1,
        answer: FaultAnswer::Status(500),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    let told = told_by(&stage, "uninstall=true").await.json();
    assert_eq!(
        (&told["uninstalled"], &told["revoked"]),
        (&json!(false), &json!(true))
    );
    let notes = told["notes"].to_string();
    assert!(notes.contains("did not remove the app"), "{notes}");
    assert_eq!(journaled(&stage).await.as_deref(), Some("not_done"));
}

/// UF-8, CP-3: HubSpot is down; the relay stops at once, and the revocation is done later, also after a restart.
#[tokio::test]
async fn a_revocation_that_failed_is_done_later() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let fault = Fault {
        path_prefix: "/oauth/2026-03/token/revoke".into(),
        method: None,
        remaining: 1,
        answer: FaultAnswer::Status(503),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    let told = stage
        .admin()
        .delete(&format!("/v1/connections/{id}"))
        .await
        .json();
    assert_eq!(told["revoked"], false);
    assert!(told["notes"].to_string().contains("seven days"));
    assert_eq!(
        stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await
            .status,
        404
    );
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 1);
    stage
        .sql("UPDATE revocation SET next_try_at = unixepoch('subsec') - 1")
        .await;
    let stage = stage.restart().await;
    crate::exchange::until(async || stage.sandbox.with(|state| state.refresh_tokens.is_empty()))
        .await;
    crate::exchange::until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0)
        .await;
}

/// UF-8: HubSpot is down for an hour: each try that fails waits twice as long, a minute at first; the relay stays shut; and
/// when HubSpot then answers 200, for a token it no longer knows, that counts as done.
#[tokio::test]
async fn a_revocation_is_tried_again_at_growing_intervals() {
    const REVOKE: &str = "/oauth/2026-03/token/revoke";
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let fault = Fault {
        path_prefix: REVOKE.into(),
        method: None,
        remaining: 1_000,
        answer: FaultAnswer::Status(503),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    let told = stage.admin().delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(told.json()["revoked"], false);
    let wait = "SELECT CAST(next_try_at - unixepoch('subsec') + 0.5 AS INTEGER) FROM revocation";
    let mut stage = stage;
    for (tries, minutes) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60)] {
        crate::exchange::until(async || {
            stage.calls(REVOKE).len() == tries && stage.count(wait).await > 0
        })
        .await;
        let seconds = stage.count(wait).await;
        let wanted = minutes * 60;
        assert!(
            (wanted - 20..=wanted).contains(&seconds),
            "try {tries} waits {seconds} s"
        );
        let relayed = crate::refresh::details(&stage, &id).await;
        assert_eq!(relayed.status, 404);
        if tries < 7 {
            // Its time has come, which a start looks for at once.
            stage
                .sql("UPDATE revocation SET next_try_at = unixepoch('subsec') - 1")
                .await;
            stage = stage.restart().await;
        }
    }
    stage.sandbox.with(|state| {
        state.faults.clear();
        state.refresh_tokens.clear();
    });
    stage
        .sql("UPDATE revocation SET next_try_at = unixepoch('subsec') - 1")
        .await;
    let stage = stage.restart().await;
    crate::exchange::until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0)
        .await;
    assert_eq!(stage.calls(REVOKE).len(), 8);
    let last = stage.calls(REVOKE).last().unwrap().status;
    assert_eq!(last, 200, "of a token that HubSpot does not know");
    let done = "SELECT COUNT(*) FROM journal WHERE action = 'grant.revoke' AND outcome = 'done'";
    assert_eq!(stage.count(done).await, 1);
}

/// Threat model 2.6: a grant that a live connection of another tenant depends on is never revoked.
#[tokio::test]
async fn a_shared_grant_is_never_revoked() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql(
            "CREATE TEMP TABLE twin AS SELECT * FROM connection; UPDATE twin SET id = 'twin', tenant = 'another';
             INSERT INTO connection SELECT * FROM twin; DROP TABLE twin;",
        )
        .await;
    let told = stage
        .admin()
        .delete(&format!("/v1/connections/{id}?uninstall=true"))
        .await
        .json();
    assert_eq!(
        (&told["uninstalled"], &told["revoked"]),
        (&json!(false), &json!(false))
    );
    let notes = told["notes"].as_array().unwrap();
    let both_say_why = |note: &serde_json::Value| note.to_string().contains("lives on it");
    assert!(notes.len() == 2 && notes.iter().all(both_say_why), "{told}");
    assert_eq!(stage.calls("/appinstalls/").len(), 0);
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 0);
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
}

/// D20, ST-4 in small: a restart keeps connections, their tokens and open sessions.
#[tokio::test]
async fn a_restart_keeps_connections_and_sessions() {
    let stage = Stage::open().await;
    let before = stage.connect(PORTAL).await;
    let admin = stage.admin();
    let stage = stage.restart().await;
    let listed = admin.get("/v1/connections").await.json();
    assert_eq!(listed["connections"], json!([before]));
    let id = before["id"].as_str().unwrap();
    assert_eq!(
        admin.relay(id, "account.details", &json!({})).await.status,
        200
    );
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    assert_eq!(
        admin.relay(id, "account.details", &json!({})).await.status,
        200
    );
    assert_eq!(stage.token_calls("refresh_token"), 1);
}

/// JW-6 in one proxy: rows of another org or tenant are not there, whatever their id.
#[tokio::test]
async fn foreign_rows_are_not_there() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    for column in ["org", "tenant"] {
        let mine = stage
            .text(&format!("SELECT {column} FROM connection"))
            .await
            .unwrap();
        stage
            .sql(&format!("UPDATE connection SET {column} = 'foreign'"))
            .await;
        let admin = stage.admin();
        let path = format!("/v1/connections/{id}");
        assert_eq!(
            admin.get("/v1/connections").await.json(),
            json!({"connections": []})
        );
        assert_eq!(admin.get("/v1/session").await.json()["connections_used"], 0);
        assert_eq!(admin.get(&path).await.refusal(), (404, "not_found".into()));
        assert_eq!(
            admin.delete(&path).await.refusal(),
            (404, "not_found".into())
        );
        let changed = patch(&stage, &id, Some("\"1\""), &json!({"label": "x"})).await;
        assert_eq!(changed.refusal(), (404, "not_found".into()));
        stage
            .sql(&format!("UPDATE connection SET {column} = '{mine}'"))
            .await;
    }
    assert_eq!(stage.admin().connection(&id).await["version"], 1);
}
