//! Roles: what an admin may do, a member may not, and the try is written down.

use portico_tests::{PORTAL, Stage};
use reqwest::Method;
use serde_json::json;

/// AR-4, D34, D35, D60, P12: every route that changes something refuses members, whatever they ask.
#[tokio::test]
async fn members_change_nothing_and_are_told_who_may() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let (admin, member) = (stage.admin(), stage.member());
    let workspace = admin
        .post("/v1/workspaces", &json!({"name": "Weser"}))
        .await
        .json();
    let workspace = workspace["id"].as_str().unwrap();
    let flow = admin.start_connect().await.id;
    let named = json!({"name": "Elbe"});
    let token = json!({"token": "pat-na1-00000000-aaaa-bbbb-cccc-000000000000"});
    let mut credential = token.clone();
    credential["provider"] = json!("hubspot");
    credential["connection_type"] = json!("audit_only");
    let sent = stage.calls("/").len();
    for (action, method, path, body) in [
        (
            "flow.start",
            Method::POST,
            "/v1/flows".to_owned(),
            member.any_connect_body(),
        ),
        (
            "flow.complete",
            Method::POST,
            format!("/v1/flows/{flow}/complete"),
            json!({"claim": "c", "code_verifier": "v".repeat(43)}),
        ),
        (
            "flow.cancel",
            Method::DELETE,
            format!("/v1/flows/{flow}"),
            json!({}),
        ),
        (
            "connection.update",
            Method::PATCH,
            format!("/v1/connections/{id}"),
            json!({"label": "x"}),
        ),
        (
            "connection.remove",
            Method::DELETE,
            format!("/v1/connections/{id}"),
            json!({}),
        ),
        (
            "connection.add_static",
            Method::POST,
            "/v1/connections/static".into(),
            credential,
        ),
        (
            "connection.replace_credential",
            Method::PUT,
            format!("/v1/connections/{id}/credential"),
            token,
        ),
        (
            "workspace.add",
            Method::POST,
            "/v1/workspaces".into(),
            named.clone(),
        ),
        (
            "workspace.rename",
            Method::PATCH,
            format!("/v1/workspaces/{workspace}"),
            named,
        ),
        (
            "workspace.remove",
            Method::DELETE,
            format!("/v1/workspaces/{workspace}"),
            json!({}),
        ),
    ] {
        let request = member.request(method, &path).header("if-match", "\"1\"");
        let refused = member.send(request.json(&body)).await;
        assert_eq!(refused.refusal(), (403, "role_required".into()), "{action}");
        let told = refused.json();
        assert!(
            told["action"].as_str().unwrap().contains("Ask an admin"),
            "{told}"
        );
        let noted = format!(
            "SELECT COUNT(*) FROM journal WHERE action = '{action}' AND outcome = 'role_required' AND actor = 'mel'"
        );
        assert_eq!(stage.count(&noted).await, 1, "{action}");
    }
    assert_eq!(stage.calls("/").len(), sent, "nothing is asked of HubSpot");
    assert_eq!(admin.connection(id).await, connection);
    let workspaces = admin.get("/v1/workspaces").await.json();
    assert_eq!(workspaces["workspaces"][0]["name"], "Weser");
    // What a member may: look, and test.
    for path in ["/v1/session", "/v1/connections", "/v1/workspaces"] {
        assert_eq!(member.get(path).await.status, 200, "{path}");
    }
    let tested = member
        .post(&format!("/v1/connections/{id}/test"), &json!({}))
        .await;
    assert_eq!(tested.json()["verdict"], "ok");
}
