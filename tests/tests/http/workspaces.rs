//! Workspaces: named groups of an organization's connections, and nothing more.

use crate::static_credentials::private_app;
use portico_sandbox::StaticKind;
use portico_tests::{Answer, Caller, PORTAL, Stage};
use reqwest::Method;
use serde_json::{Value, json};

async fn add(caller: &Caller, name: &str) -> Answer {
    caller
        .post("/v1/workspaces", &json!({ "name": name }))
        .await
}

async fn added(stage: &Stage, name: &str) -> String {
    let answer = add(&stage.admin(), name).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn change(caller: &Caller, method: Method, path: &str, version: u64, body: &Value) -> Answer {
    let request = caller
        .request(method, path)
        .header("if-match", format!("\"{version}\""))
        .json(body);
    caller.send(request).await
}

async fn rename(caller: &Caller, id: &str, version: u64, name: &str) -> Answer {
    let path = format!("/v1/workspaces/{id}");
    change(
        caller,
        Method::PATCH,
        &path,
        version,
        &json!({ "name": name }),
    )
    .await
}

async fn remove(caller: &Caller, id: &str, version: u64) -> Answer {
    let request = caller
        .request(Method::DELETE, &format!("/v1/workspaces/{id}"))
        .header("if-match", format!("\"{version}\""));
    caller.send(request).await
}

async fn list(caller: &Caller) -> Value {
    caller.get("/v1/workspaces").await.json()["workspaces"].clone()
}

/// D69, D70: admins group portals under names, everybody sees them, and open pages are told.
#[tokio::test]
async fn portals_are_grouped_under_names() {
    let stage = Stage::open().await;
    let (admin, member) = (stage.admin(), stage.member());
    let mut stream = member.events(None).await;
    let answer = add(&admin, "  Weser ").await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let weser = answer.json();
    assert_eq!(
        weser,
        json!({"id": weser["id"], "name": "Weser", "version": 1, "connections": 0})
    );
    stream
        .find(|event| event.name == "workspaces_changed")
        .await;
    let elbe = added(&stage, "elbe").await;
    let names: Vec<Value> = list(&member)
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["elbe", "Weser"]);

    let connection = stage.connect(PORTAL).await;
    assert_eq!(connection["workspace"], json!(null));
    let path = format!("/v1/connections/{}", connection["id"].as_str().unwrap());
    let grouped = change(&admin, Method::PATCH, &path, 1, &json!({"workspace": elbe})).await;
    assert_eq!(grouped.status, 200, "{}", grouped.text);
    let mut expected = connection.clone();
    for field in ["workspace", "version", "updated_at"] {
        expected[field] = grouped.json()[field].clone();
    }
    assert_eq!(
        (&expected["workspace"], &grouped.json()),
        (&json!(elbe), &expected)
    );
    assert_eq!(list(&member).await[0]["connections"], 1);
    assert_eq!(
        member.get("/v1/session").await.json()["workspaces"],
        list(&member).await
    );
    // What is not named stays; null takes it out.
    let labelled = change(&admin, Method::PATCH, &path, 2, &json!({"label": "Hunte"}))
        .await
        .json();
    assert_eq!(
        (&labelled["workspace"], &labelled["label"]),
        (&json!(elbe), &json!("Hunte"))
    );
    let out = change(&admin, Method::PATCH, &path, 3, &json!({"workspace": null}))
        .await
        .json();
    assert_eq!(
        (&out["workspace"], &out["label"]),
        (&json!(null), &json!("Hunte"))
    );
    let unknown = change(
        &admin,
        Method::PATCH,
        &path,
        4,
        &json!({"workspace": "nobody"}),
    )
    .await;
    assert_eq!(unknown.refusal(), (400, "unknown_workspace".into()));
    assert_eq!(admin.get(&path).await.json()["version"], 4);
}

/// D26, D69: a portal that is added by token can be grouped at once.
#[tokio::test]
async fn a_static_connection_is_added_into_a_workspace() {
    let stage = Stage::open().await;
    let elbe = added(&stage, "Elbe").await;
    let token = stage.sandbox.with(|state| {
        let (_, token) = state
            .credentials
            .first(PORTAL, StaticKind::PrivateApp)
            .unwrap();
        token.to_owned()
    });
    let wanted = |workspace: &str| {
        json!({
            "provider": "hubspot", "token": token, "connection_type": "audit_only", "workspace": workspace,
        })
    };
    let unknown = stage
        .admin()
        .post("/v1/connections/static", &wanted("nobody"))
        .await;
    assert_eq!(unknown.refusal(), (400, "unknown_workspace".into()));
    let answer = stage
        .admin()
        .post("/v1/connections/static", &wanted(&elbe))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["workspace"]),
        (201, &json!(elbe))
    );
}

/// D70: names are short, visible, and unique regardless of case; P12: refused tries are noted.
#[tokio::test]
async fn a_name_shows_which_workspace_it_is() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let id = added(&stage, "Ölhafen").await;
    let other = added(&stage, "Weser").await;
    for bad in [
        "",
        "  ",
        "a\nb",
        "Prod\u{200b}",
        "Prod\u{202e}",
        &"x".repeat(61),
    ] {
        let refused = add(&admin, bad).await;
        assert_eq!(
            refused.refusal(),
            (400, "invalid_workspace_name".into()),
            "{bad:?}"
        );
        let refused = rename(&admin, &id, 1, bad).await;
        assert_eq!(
            refused.refusal(),
            (400, "invalid_workspace_name".into()),
            "{bad:?}"
        );
    }
    assert_eq!(
        add(&admin, "ÖLHAFEN").await.refusal(),
        (409, "workspace_name_taken".into())
    );
    assert_eq!(
        rename(&admin, &other, 1, "ölhafen").await.refusal(),
        (409, "workspace_name_taken".into())
    );
    assert_eq!(
        rename(&admin, &id, 1, "ÖLHAFEN").await.json()["name"],
        "ÖLHAFEN"
    );
    for body in [
        json!({}),
        json!({"name": 7}),
        json!({"name": "x", "id": "y"}),
    ] {
        let refused = admin.post("/v1/workspaces", &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{body}");
    }
    let noted = "SELECT COUNT(*) FROM journal WHERE outcome = 'workspace_name_taken'";
    assert_eq!(stage.count(noted).await, 2);
    assert_eq!(list(&admin).await.as_array().unwrap().len(), 2);
}

/// D69: who saw an older version is told, and changes nothing.
#[tokio::test]
async fn a_change_names_the_version_it_saw() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let id = added(&stage, "Weser").await;
    let path = format!("/v1/workspaces/{id}");
    let bare = admin
        .request(Method::PATCH, &path)
        .json(&json!({"name": "Elbe"}));
    assert_eq!(
        admin.send(bare).await.refusal(),
        (400, "invalid_request".into())
    );
    assert_eq!(
        admin.delete(&path).await.refusal(),
        (400, "invalid_request".into())
    );
    let renamed = rename(&admin, &id, 1, "Elbe").await;
    assert_eq!(renamed.header("etag"), Some("\"2\""));
    assert_eq!(renamed.json()["version"], 2);
    assert_eq!(
        rename(&admin, &id, 1, "Hunte").await.refusal(),
        (412, "version_conflict".into())
    );
    assert_eq!(
        remove(&admin, &id, 1).await.refusal(),
        (412, "version_conflict".into())
    );
    assert_eq!(list(&admin).await[0]["name"], "Elbe");
    assert_eq!(remove(&admin, &id, 2).await.status, 204);
    for gone in [
        rename(&admin, &id, 2, "Elbe").await,
        remove(&admin, &id, 2).await,
    ] {
        assert_eq!(gone.refusal(), (404, "not_found".into()));
    }
    assert_eq!(list(&admin).await, json!([]));
    for action in ["workspace.add", "workspace.rename", "workspace.remove"] {
        let done = format!(
            "SELECT COUNT(*) FROM journal WHERE action = '{action}' AND outcome = 'done' AND target = '{id}'"
        );
        assert_eq!(stage.count(&done).await, 1, "{action}");
    }
}

/// D69, D70: a removed workspace leaves its connections, and says so to whoever looks at them.
#[tokio::test]
async fn removal_leaves_the_connections() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let id = added(&stage, "Weser").await;
    let connection = stage.connected(PORTAL).await;
    let path = format!("/v1/connections/{connection}");
    change(&admin, Method::PATCH, &path, 1, &json!({"workspace": id})).await;
    let mut stream = admin.events(None).await;
    assert_eq!(remove(&admin, &id, 1).await.status, 204);
    let news = stream
        .find(|event| event.name == "connection_changed")
        .await;
    assert_eq!(
        (
            &news.data["connection"]["workspace"],
            &news.data["connection"]["version"]
        ),
        (&json!(null), &json!(3))
    );
    stream
        .find(|event| event.name == "workspaces_changed")
        .await;
    assert_eq!(news.data["connection"], admin.connection(&connection).await);
}

/// JW-6, D69: at most 500, and another organization's are not there.
#[tokio::test]
async fn workspaces_are_an_organizations_own_and_at_most_500() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let id = added(&stage, "Weser").await;
    stage.sql("UPDATE workspace SET org = 'another'").await;
    assert_eq!(list(&admin).await, json!([]));
    assert_eq!(
        rename(&admin, &id, 1, "Elbe").await.refusal(),
        (404, "not_found".into())
    );
    assert_eq!(
        remove(&admin, &id, 1).await.refusal(),
        (404, "not_found".into())
    );
    let connection = stage.connected(PORTAL).await;
    let path = format!("/v1/connections/{connection}");
    let foreign = change(&admin, Method::PATCH, &path, 1, &json!({"workspace": id})).await;
    assert_eq!(foreign.refusal(), (400, "unknown_workspace".into()));
    // The same name is free here, and of 500 the last is the last.
    added(&stage, "Weser").await;
    stage
        .sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 498)
             INSERT INTO workspace SELECT 'w' || i, tenant, org, 'w' || i, 'w' || i, 1, 0, 0 FROM n, workspace WHERE org <> 'another'",
        )
        .await;
    added(&stage, "Elbe").await;
    assert_eq!(
        add(&admin, "Hunte").await.refusal(),
        (409, "workspace_limit".into())
    );
}

/// D26, D69: a token is not entered for a workspace that is not there, be its portal known or new.
#[tokio::test]
async fn a_token_for_a_workspace_that_is_not_there_is_refused() {
    let stage = Stage::open().await;
    let (_, token) = private_app(&stage, PORTAL);
    let admin = stage.admin();
    let wanted = json!({
        "provider": "hubspot", "token": token, "connection_type": "audit_only", "workspace": "nowhere",
    });
    for _ in 0..2 {
        let refused = admin.post("/v1/connections/static", &wanted).await;
        assert_eq!(refused.refusal(), (400, "unknown_workspace".into()));
        // The second time the portal is known.
        let added = crate::static_credentials::add(&admin, &token).await;
        assert!(matches!(added.status, 200 | 201), "{}", added.text);
    }
}
