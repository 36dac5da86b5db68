//! `docs/openapi.json`: as the code has it, served to anybody, and true where schemathesis does not look.

use portico_tests::{OPENAPI, PORTAL, Stage, openapi_text, raw, statuses};
use reqwest::Method;
use serde_json::Value;
use std::fs;

const PATH: &str = "/v1/openapi.json";

fn checked_in() -> Value {
    serde_json::from_str(&fs::read_to_string(OPENAPI).unwrap()).unwrap()
}

/// Issue 4, item 10: a change of the interface is a change of the document.
#[test]
fn the_document_is_as_the_code_has_it() {
    let text = openapi_text(&portico_proxy::openapi().unwrap());
    let same = fs::read_to_string(OPENAPI).unwrap() == text;
    assert!(
        same,
        "docs/openapi.json is not what the code says; write it anew: cargo run -p portico-tests --bin openapi"
    );
}

/// Issue 4, item 10: without a session, from any page, and in a window.
#[tokio::test]
async fn anybody_reads_the_document() {
    let stage = Stage::open().await;
    let nobody = stage.admin();
    let mut tag = String::new();
    for (name, value) in [
        ("accept", "*/*"),
        ("origin", "https://elsewhere.example"),
        ("sec-fetch-mode", "navigate"),
    ] {
        let request = nobody.bare(Method::GET, PATH).header(name, value);
        let answer = nobody.send(request).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.text, fs::read_to_string(OPENAPI).unwrap());
        for (header, want) in [
            ("content-type", "application/json"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "public, max-age=300"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(answer.header(header), Some(want), "{header}");
        }
        answer.header("etag").unwrap().clone_into(&mut tag);
    }
    let again = nobody
        .bare(Method::GET, PATH)
        .header("if-none-match", format!("\"other\", {tag}"));
    let answer = nobody.send(again).await;
    assert_eq!((answer.status, answer.text.as_str()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    let posted = nobody.send(nobody.bare(Method::POST, PATH)).await;
    assert_eq!(posted.refusal(), (405, "method_not_allowed".into()));
}

/// Issue 4, item 10: what no operation can tell of itself is a problem all the same.
#[tokio::test]
async fn what_the_edge_refuses_is_a_problem() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let long = "a".repeat(9000);
    let flows = || admin.request(Method::POST, "/v1/flows");
    let cases = [
        (
            admin.request(Method::GET, &format!("/v1/session?{long}")),
            414,
            "invalid_request",
        ),
        (
            admin
                .request(Method::GET, "/v1/session")
                .header("x-long", long.repeat(2)),
            431,
            "invalid_request",
        ),
        (
            admin.request(Method::PUT, "/v1/flows"),
            405,
            "method_not_allowed",
        ),
        (
            admin.request(Method::TRACE, "/v1/session"),
            405,
            "method_not_allowed",
        ),
        (admin.request(Method::GET, "/v1/nowhere"), 404, "not_found"),
        (
            admin
                .request(Method::OPTIONS, "/v1/nowhere")
                .header("access-control-request-method", "GET"),
            404,
            "not_found",
        ),
        (
            flows().header("content-type", "text/plain").body("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            flows()
                .header("content-type", "application/json")
                .body(long.repeat(10)),
            413,
            "payload_too_large",
        ),
    ];
    for (request, status, code) in cases {
        let answer = admin.send(request).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()));
        assert_eq!(
            answer.header("x-request-id"),
            answer.json()["correlation_id"].as_str()
        );
    }
    let wrong = admin.send(admin.request(Method::PUT, "/v1/flows")).await;
    assert_eq!(wrong.header("allow"), Some("POST"));
}

/// Issue 4, item 10: the two that schemathesis does not call.
#[tokio::test]
async fn events_and_metrics_are_as_the_document_says() {
    let document = checked_in();
    let answered = |path: &str| {
        let place = format!("/paths/{}/get/responses/200", path.replace('/', "~1"));
        document.pointer(&place).unwrap()["content"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap()
            .clone()
    };
    let health = crate::edge::free_address();
    let stage = Stage::set(|config, _| config.health_listen = Some(health)).await;
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {health}\r\nconnection: close\r\n\r\n");
    let metrics = raw(health, request.as_bytes()).await;
    assert_eq!(statuses(&metrics), [200]);
    let kind = format!("content-type: {}\r\n", answered("/metrics"));
    assert!(metrics.contains(&kind) && metrics.contains("x-request-id: "));

    assert_eq!(answered("/v1/events"), "text/event-stream");
    let mut streaming = stage.admin().events(None).await;
    stage.connected(PORTAL).await;
    let variants = &document["components"]["schemas"]["Event"]["oneOf"];
    let mut seen = Vec::new();
    while !seen.contains(&"connection_changed".to_owned()) {
        let event = streaming.next().await.unwrap();
        let name = event.data["type"].as_str().unwrap();
        let variant = variants
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["properties"]["type"]["const"] == name)
            .unwrap_or_else(|| panic!("{name} is not described"));
        for field in variant["required"].as_array().unwrap() {
            assert!(!event.data[field.as_str().unwrap()].is_null(), "{name}");
        }
        seen.push(name.to_owned());
    }
}

/// Issue 4, item 10, TE-1: ids that no row can have and versions that no row can reach are refused, on either
/// database, and are no fault of ours.
#[tokio::test]
async fn what_no_row_can_be_is_refused() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    for path in [
        "/v1/connections/%00",
        "/v1/flows/a%00b",
        "/v1/connections/%00/relay/owners.list",
        "/v1/connections/%00/test",
    ] {
        let is_post = path.matches('/').count() > 3;
        let answer = if is_post {
            admin.post(path, &serde_json::json!({})).await
        } else {
            admin.get(path).await
        };
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{path}");
    }
    let name = serde_json::json!({ "name": "Weser" });
    let workspace = admin.post("/v1/workspaces", &name).await.json();
    let workspace = format!("/v1/workspaces/{}", workspace["id"].as_str().unwrap());
    for (method, path, body) in [
        (
            Method::PATCH,
            format!("/v1/connections/{id}"),
            serde_json::json!({}),
        ),
        (Method::PATCH, workspace.clone(), name.clone()),
        (Method::DELETE, workspace, name),
    ] {
        for version in ["9223372036854775808", "18446744073709551615"] {
            let request = admin
                .request(method.clone(), &path)
                .header("if-match", format!("\"{version}\""))
                .json(&body);
            let answer = admin.send(request).await;
            assert_eq!(answer.refusal(), (412, "version_conflict".into()), "{path}");
        }
    }
}

/// Issue 4, item 10: a time that is a whole second reads like any other.
#[tokio::test]
async fn a_whole_second_is_a_time_like_any_other() {
    let stage = Stage::open().await;
    let (_, token) = crate::static_credentials::private_app(&stage, PORTAL);
    let admin = stage.admin();
    let added = crate::static_credentials::add(&admin, &token).await;
    assert_eq!(added.status, 201, "{}", added.text);
    for column in ["obtained_at", "account_read_at", "created_at", "updated_at"] {
        stage
            .sql(&format!("UPDATE connection SET {column} = 1790000000.0"))
            .await;
        let again = crate::static_credentials::add(&admin, &token).await;
        assert_eq!(again.status, 200, "{column}: {}", again.text);
        let read = admin.get("/v1/connections").await;
        assert_eq!(read.status, 200, "{column}: {}", read.text);
    }
    let id = added.json()["id"].as_str().unwrap().to_owned();
    let removed = admin.delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    // What an authorization keeps beside that is locked, read and given up in the same way.
    let id = stage.connected(PORTAL).await;
    let whole =
        "UPDATE connection SET access_expires_at = 1990000000.0, next_try_at = 1790000000.0";
    stage.sql(whole).await;
    let removed = admin.delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    assert_eq!(removed.json()["revoked"], true);
}
