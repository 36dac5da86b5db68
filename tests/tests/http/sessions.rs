//! Sessions and origins: who may call at all.

use futures_util::future::join_all;
use portico_core::wire::Role;
use portico_proxy::config::KeyAlgorithm;
use portico_tests::{Answer, Caller, Partner, Stage};
use reqwest::Method;
use serde_json::json;
use std::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// JW-8: one header, and only that header.
#[tokio::test]
async fn a_token_is_taken_from_one_authorization_header_only() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let token = &admin.token;
    let origin = stage.config.base_url.clone();
    let bare = |path: &str| admin.bare(Method::GET, path).header("origin", &origin);
    for (case, request, want) in [
        ("none", bare("/v1/session"), (401, "session_required")),
        (
            "two",
            admin
                .request(Method::GET, "/v1/session")
                .header("authorization", format!("Bearer {token}")),
            (400, "invalid_request"),
        ),
        (
            "query",
            bare(&format!("/v1/session?access_token={token}")),
            (401, "session_required"),
        ),
        (
            "cookie",
            bare("/v1/session").header("cookie", format!("session={token}")),
            (401, "session_required"),
        ),
        (
            "body",
            admin
                .bare(Method::POST, "/v1/flows")
                .header("origin", &origin)
                .json(&json!({"access_token": token})),
            (401, "session_required"),
        ),
        (
            "basic",
            bare("/v1/session").header("authorization", format!("Basic {token}")),
            (401, "session_required"),
        ),
        (
            "nothing",
            bare("/v1/session").header("authorization", "Bearer "),
            (401, "session_required"),
        ),
        (
            "garbage",
            bare("/v1/session").header("authorization", "Bearer a.b.c"),
            (401, "session_required"),
        ),
    ] {
        let answer = admin.send(request).await;
        assert_eq!(answer.refusal(), (want.0, want.1.to_owned()), "{case}");
        if want.0 == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{case}");
        }
    }
    assert_eq!(admin.get("/v1/session").await.status, 200);
}

/// D34, J25: what a session says of itself.
#[tokio::test]
async fn a_session_knows_its_org_plan_and_providers() {
    let stage = Stage::set(|config, _| config.solo.as_mut().unwrap().max_connections = 3).await;
    let session = stage.member().get("/v1/session").await.json();
    assert!(
        session["iss"]
            .as_str()
            .unwrap()
            .starts_with("portico-solo:")
    );
    assert_eq!(
        (&session["org"], &session["sub"]),
        (&json!("demo"), &json!("mel"))
    );
    assert_eq!(
        (&session["role"], &session["plan"]),
        (&json!("member"), &json!({"max_connections": 3}))
    );
    let provider = &session["providers"][0];
    assert_eq!(provider["provider"], "hubspot");
    assert_eq!(
        provider["required_scopes"],
        json!(stage.config.hubspot.required_scopes)
    );
    let page = format!("{}/return.html", stage.config.base_url);
    assert_eq!(provider["return_uris"], json!([page]));
    assert!(
        !session
            .to_string()
            .contains(portico_sandbox::DEMO_CLIENT_SECRET)
    );
}

/// JW-5: a session belongs to the page it was made for.
#[tokio::test]
async fn a_session_belongs_to_one_origin() {
    let partner = "https://partner.example";
    let stage =
        Stage::set(|config, _| config.solo.as_mut().unwrap().origins = vec![partner.into()]).await;
    let admin = stage.admin();
    let session = stage
        .proxy
        .mint_session("pat", Role::Admin, partner)
        .unwrap();
    let theirs = Caller::new(stage.config.clone(), session.token, partner.into());
    assert_eq!(theirs.get("/v1/session").await.status, 200);
    let with_origin = |caller: &Caller, origin: &str| {
        Caller::new(
            stage.config.clone(),
            caller.token.clone(),
            origin.to_owned(),
        )
    };
    for (case, caller) in [
        ("ours on their page", with_origin(&admin, partner)),
        (
            "theirs on ours",
            with_origin(&theirs, &stage.config.base_url),
        ),
    ] {
        let answer = caller.get("/v1/connections").await;
        assert_eq!(answer.refusal(), (403, "origin_mismatch".into()), "{case}");
    }
    let unlisted = stage
        .proxy
        .mint_session("eve", Role::Admin, "https://evil.example")
        .unwrap();
    let unlisted = Caller::new(
        stage.config.clone(),
        unlisted.token,
        stage.config.base_url.clone(),
    );
    assert_eq!(
        unlisted.get("/v1/session").await.refusal(),
        (401, "session_required".into())
    );
    // Without an Origin: only a same-origin read, which browsers mark.
    let authorized = |method| {
        admin
            .bare(method, "/v1/connections")
            .header("authorization", format!("Bearer {}", admin.token))
    };
    let same_site = |request: reqwest::RequestBuilder, site| request.header("sec-fetch-site", site);
    assert_eq!(admin.send(authorized(Method::GET)).await.status, 403);
    let cross = same_site(authorized(Method::GET), "cross-site");
    assert_eq!(admin.send(cross).await.status, 403);
    let own = same_site(authorized(Method::GET), "same-origin");
    assert_eq!(admin.send(own).await.status, 200);
    let write = admin
        .bare(Method::POST, "/v1/flows")
        .header("authorization", format!("Bearer {}", admin.token))
        .header("sec-fetch-site", "same-origin")
        .json(&admin.any_connect_body());
    assert_eq!(
        admin.send(write).await.refusal(),
        (403, "origin_mismatch".into())
    );
}

fn assert_no_cors(answer: &Answer) {
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
    ] {
        assert!(answer.header(name).is_none(), "{name}");
    }
    assert_eq!(answer.header("vary"), Some("Origin"));
}

/// EM-1: listed origins get themselves back; all others are refused and get nothing.
#[tokio::test]
async fn only_listed_origins_may_call() {
    let partner = "https://partner.example";
    let stage =
        Stage::set(|config, _| config.solo.as_mut().unwrap().origins = vec![partner.into()]).await;
    let admin = stage.admin();
    let port = stage.proxy.address().port();
    let preflight = |origin: &str| {
        admin
            .bare(Method::OPTIONS, "/v1/connections/c1")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header(
                "access-control-request-headers",
                "authorization,content-type,if-match",
            )
    };
    for origin in [
        "null".to_owned(),
        "https://unknown.example".into(),
        "http://partner.example".into(),
        "https://partner.example:444".into(),
        "https://partner.example.evil".into(),
        "https://evilpartner.example".into(),
        "https://partner.example.".into(),
        "https://PARTNER.example".into(),
        format!("https://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
        "http://localhost".into(),
        String::new(),
    ] {
        let asked = admin.send(preflight(&origin)).await;
        assert_eq!(asked.refusal(), (403, "origin_mismatch".into()), "{origin}");
        assert_no_cors(&asked);
        let called = Caller::new(stage.config.clone(), admin.token.clone(), origin.clone());
        let answer = called.get("/v1/session").await;
        assert_eq!(
            answer.refusal(),
            (403, "origin_mismatch".into()),
            "{origin}"
        );
        assert_no_cors(&answer);
    }
    for origin in [partner, stage.config.base_url.as_str()] {
        let answer = admin.send(preflight(origin)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, PATCH, DELETE")
        );
        let headers = answer.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("authorization") && headers.contains("if-match"));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert!(answer.header("access-control-allow-credentials").is_none());
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    // A refusal can be read by the page it is meant for.
    let session = stage
        .proxy
        .mint_session("pat", Role::Member, partner)
        .unwrap();
    let page = Caller::new(stage.config.clone(), session.token, partner.into());
    let refused = page.post("/v1/flows", &page.any_connect_body()).await;
    assert_eq!(refused.refusal(), (403, "role_required".into()));
    assert_eq!(refused.header("access-control-allow-origin"), Some(partner));
}

/// Threat model 5: the interface is called by scripts; pages and embeds are refused.
#[tokio::test]
async fn navigations_and_embeds_are_refused() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    for mode in ["navigate", "no-cors"] {
        let request = admin
            .request(Method::GET, "/v1/session")
            .header("sec-fetch-mode", mode);
        assert_eq!(
            admin.send(request).await.refusal(),
            (403, "origin_mismatch".into()),
            "{mode}"
        );
    }
    let request = admin
        .request(Method::GET, "/v1/session")
        .header("sec-fetch-mode", "cors");
    let answer = admin.send(request).await;
    assert_eq!(answer.status, 200);
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
}

/// BI-1, BI-2: whatever is wrong with a request, the answer is a problem with its code.
#[tokio::test]
async fn every_refusal_is_a_problem() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let post = || admin.request(Method::POST, "/v1/flows");
    let json = |body: String| post().header("content-type", "application/json").body(body);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let good = admin.any_connect_body().to_string();
    let twice = good.replacen('{', "{\"return_uri\":\"x\",", 1);
    for (case, request, want) in [
        (
            "no such path",
            admin.request(Method::GET, "/v1/nothing"),
            (404, "not_found"),
        ),
        (
            "no such page",
            admin.request(Method::GET, "/nothing"),
            (404, "not_found"),
        ),
        (
            "method",
            admin.request(Method::PUT, "/v1/flows"),
            (405, "method_not_allowed"),
        ),
        (
            "trace",
            admin.request(Method::TRACE, "/v1/session"),
            (405, "method_not_allowed"),
        ),
        (
            "text",
            post()
                .header("content-type", "text/plain")
                .body(good.clone()),
            (415, "unsupported_media_type"),
        ),
        (
            "form",
            post().form(&[("a", "b")]),
            (415, "unsupported_media_type"),
        ),
        (
            "no type",
            post().body(good.clone()),
            (415, "unsupported_media_type"),
        ),
        ("deep", json(deep), (400, "invalid_request")),
        ("duplicate", json(twice), (400, "invalid_request")),
        (
            "huge number",
            json("{\"a\":1e400}".into()),
            (400, "invalid_request"),
        ),
        (
            "lone surrogate",
            json("{\"a\":\"\\ud800\"}".into()),
            (400, "invalid_request"),
        ),
        ("cut off", json("{\"a\":".into()), (400, "invalid_request")),
        ("list", json("[]".into()), (400, "invalid_request")),
        ("empty", json(String::new()), (400, "invalid_request")),
        (
            "not UTF-8",
            post()
                .header("content-type", "application/json")
                .body(vec![b'"', 0xff, b'"']),
            (400, "invalid_request"),
        ),
        (
            "too large",
            json(format!("\"{}\"", "a".repeat(65 * 1024))),
            (413, "payload_too_large"),
        ),
        (
            "long address",
            admin.request(
                Method::GET,
                &format!("/v1/session?{}", "a".repeat(9 * 1024)),
            ),
            (414, "invalid_request"),
        ),
        (
            "large headers",
            admin
                .request(Method::GET, "/v1/session")
                .header("x-large", "a".repeat(17 * 1024)),
            (431, "invalid_request"),
        ),
    ] {
        let answer = admin.send(request).await;
        assert_eq!(
            answer.refusal(),
            (want.0, want.1.to_owned()),
            "{case}: {}",
            answer.text
        );
        let id = answer.json()["correlation_id"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("x-request-id"), Some(id.as_str()), "{case}");
    }
    let mut many = admin.request(Method::GET, "/v1/session");
    for number in 0..70 {
        many = many.header(format!("x-odd-{number}"), "1");
    }
    assert_eq!(many.send().await.unwrap().status(), 431);
}

/// OV-4: sixty requests a minute for one person; another is not held up, and the relay is not counted.
#[tokio::test]
async fn a_person_has_sixty_requests_a_minute() {
    let stage =
        Stage::set(|config, _| config.limits = portico_proxy::config::Limits::default()).await;
    let admin = stage.admin();
    let mut refused = None;
    for count in 1..=70 {
        let request = admin
            .request(Method::GET, "/v1/session")
            .header("x-forwarded-for", count.to_string());
        let answer = admin.send(request).await;
        if answer.status == 429 {
            refused = Some((count, answer));
            break;
        }
        assert_eq!(answer.status, 200);
    }
    let (count, answer) = refused.expect("there is a limit");
    assert!((60..=65).contains(&count), "{count}");
    assert_eq!(answer.code().as_deref(), Some("rate_limited"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(stage.member().get("/v1/session").await.status, 200);
    let relayed = admin.relay("c1", "account.details", &json!({})).await;
    assert_eq!(
        relayed.refusal(),
        (404, "not_found".into()),
        "the relay is paced elsewhere"
    );
}

/// OV-4: six hundred requests a minute for all persons of an organization; another organization is not held up by it.
#[tokio::test]
async fn an_organization_has_its_requests_a_minute() {
    let partner = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let stage = Stage::set(|config, _| {
        config.tenants = vec![partner.tenant()];
        config.limits.org_per_minute = 600;
    })
    .await;
    let began = Instant::now();
    let persons = (0..15).map(async |person| {
        let caller = stage.caller(&format!("p{person}"), Role::Member);
        let (mut served, mut refused) = (0, None);
        for _ in 0..60 {
            let request = caller
                .request(Method::GET, "/v1/session")
                .header("x-forwarded-for", format!("192.0.2.{person}"));
            match caller.send(request).await {
                answer if answer.status == 200 => served += 1,
                answer => refused = Some(answer),
            }
        }
        (served, refused)
    });
    let told = join_all(persons).await;
    let served: u64 = told.iter().map(|(served, _)| served).sum();
    // Ten come back each second.
    let most = 601 + 10 * (began.elapsed().as_secs() + 1);
    assert!((600..=most).contains(&served), "{served} of {most}");
    let mut refused = told.into_iter().filter_map(|(_, refused)| refused);
    let refused = refused.next().expect("there is a limit");
    assert_eq!(refused.refusal(), (429, "rate_limited".into()));
    assert!(refused.header("retry-after").is_some());
    let other = partner.caller(&stage.config, "acme", "ada", Role::Member);
    assert_eq!(other.get("/v1/session").await.status, 200);
    let relayed = crate::refresh::details(&stage, "c1").await;
    assert_eq!(relayed.refusal(), (404, "not_found".into()));
}

/// OV-5: health says that the process runs; readiness, that a token could be stored.
#[tokio::test]
async fn health_and_readiness_are_answered() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    assert_eq!(
        admin.send(admin.bare(Method::GET, "/healthz")).await.status,
        200
    );
    let ready = admin.send(admin.bare(Method::GET, "/readyz")).await;
    assert_eq!((ready.status, ready.json()), (200, json!({"ready": true})));
}

/// OV-1: a socket that sends its header byte by byte is closed, while others are served.
#[tokio::test]
async fn a_dribbling_socket_is_closed() {
    let stage = Stage::open().await;
    let mut socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
    socket
        .write_all(b"GET /v1/session HTTP/1.1\r\nhost: localhost\r\nx-a: ")
        .await
        .unwrap();
    assert_eq!(stage.admin().get("/v1/session").await.status, 200);
    let mut rest = Vec::new();
    // Ends when the proxy closes; the test would hang, and be ended by its runner, if it never did.
    let _ = socket.read_to_end(&mut rest).await;
    assert!(
        !rest.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
}
