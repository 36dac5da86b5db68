//! BI-1: hostile JSON at every endpoint that reads JSON, and from the token endpoint.

use portico_core::wire::Role;
use portico_proxy::config::{Backend, KeyAlgorithm};
use portico_proxy::new_service_key;
use portico_tests::{Front, PORTAL, Partner, Play, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Bodies that no parser should take, with the name of what is wrong.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| {
        format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes()
    };
    vec![
        ("deep lists", deep("[", "]")),
        ("deep lists without an end", "[".repeat(10_000).into_bytes()),
        ("deep objects", deep("{\"a\":", "}")),
        (
            "deep in a member",
            format!("{{\"body\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        ),
        ("a huge number", b"{\"a\":1e400}".to_vec()),
        (
            "a huge number in a member",
            b"{\"body\":{\"count\":1e400}}".to_vec(),
        ),
        ("not UTF-8", b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("overlong UTF-8", b"{\"a\":\"\xc0\xaf\"}".to_vec()),
        ("a surrogate in UTF-8", b"{\"a\":\"\xed\xa0\x80\"}".to_vec()),
        ("a lone surrogate", b"{\"a\":\"\\ud800\"}".to_vec()),
        ("a lone surrogate in a name", b"{\"\\udfff\":1}".to_vec()),
        ("a control character", b"{\"a\":\"\x01\"}".to_vec()),
        ("a comment", b"{/*a*/}".to_vec()),
        ("a trailing comma", b"{\"a\":1,}".to_vec()),
        ("two values", b"{}{}".to_vec()),
        ("NaN", b"{\"a\":NaN}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("UTF-16", b"\xfe\xff\0{\0}".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a text", b"\"a\"".to_vec()),
        ("null", b"null".to_vec()),
        ("nothing", Vec::new()),
        (
            "prototype names",
            b"{\"__proto__\":{\"admin\":true},\"constructor\":1}".to_vec(),
        ),
        (
            "a megabyte of text",
            format!("{{\"a\":\"{}\"}}", "a".repeat(1024 * 1024)).into_bytes(),
        ),
        (
            "sixty thousand escapes",
            format!("{{\"a\":\"{}\"}}", "\\u0000".repeat(10_000)).into_bytes(),
        ),
        (
            "many members",
            format!(
                "{{{}\"z\":1}}",
                (0..4000).fold(String::new(), |text, n| text + &format!("\"a{n}\":1,"))
            )
            .into_bytes(),
        ),
    ]
}

/// Every route that reads a JSON body, its methods that do, and a member of that body.
const ROUTES: [(&str, &[(Method, &str)]); 12] = [
    ("/flows", &[(Method::POST, "provider")]),
    ("/flows/{id}/complete", &[(Method::POST, "claim")]),
    ("/connections/{id}", &[(Method::PATCH, "label")]),
    ("/connections/static", &[(Method::POST, "token")]),
    ("/connections/{id}/credential", &[(Method::PUT, "token")]),
    ("/connections/{id}/test", &[(Method::POST, "any")]),
    (
        "/connections/{id}/relay/{operation}",
        &[(Method::POST, "params")],
    ),
    ("/workspaces", &[(Method::POST, "name")]),
    ("/workspaces/{id}", &[(Method::PATCH, "name")]),
    ("/solo/launch", &[(Method::POST, "ticket")]),
    ("/solo/session", &[(Method::POST, "assertion")]),
    (BACKEND, &[(Method::POST, "org")]),
];
/// The one that a service key opens.
const BACKEND: &str = "/v1/connections/{id}/token";

/// BI-1: no endpoint is forgotten below. The description of the interface is made from the one list of routes.
#[test]
fn every_route_that_reads_json_is_in_the_table() {
    let described: Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let mut read_json = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        let path = match path.strip_prefix("/v1") {
            Some(_) if path == BACKEND => path.as_str(),
            Some(below) => below,
            None => path,
        };
        let path = match path.split_once("/relay/") {
            Some((before, _)) => format!("{before}/relay/{{operation}}"),
            None => path.to_owned(),
        };
        for (method, described) in methods.as_object().unwrap() {
            if described["requestBody"]["content"]["application/json"].is_null() {
                continue;
            }
            read_json += 1;
            let method = method.to_uppercase();
            let is_known = ROUTES.iter().any(|(known, bodies)| {
                *known == path && bodies.iter().any(|(own, _)| own.as_str() == method)
            });
            assert!(is_known, "{method} {path} is not in the table");
        }
    }
    assert!(read_json >= ROUTES.len() - 1, "{read_json}");
}

/// BI-1: 400 or 413 within 50 ms, at every endpoint, and the proxy lives on.
#[tokio::test]
async fn hostile_json_is_refused_in_time_everywhere() {
    let (key, listed) = new_service_key("deals").unwrap();
    let stage = Stage::set(|config, _| {
        config.solo.as_mut().unwrap().backend = Backend {
            tokens: true,
            service_keys: vec![listed],
        };
    })
    .await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let flow = admin.start_connect().await;
    let unfinished = admin.flow(&flow).await;
    let made = admin
        .post("/v1/workspaces", &json!({"name": "Sales"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let workspace = made.json()["id"].as_str().unwrap().to_owned();
    let version = admin
        .get(&format!("/v1/connections/{id}"))
        .await
        .header("etag")
        .map(str::to_owned);
    let facts = async || {
        let connections = admin.get("/v1/connections").await.json();
        (connections, admin.get("/v1/workspaces").await.json())
    };
    let before = (facts().await, stage.sandbox.with(|state| state.calls.len()));
    let endpoints = ROUTES.iter().flat_map(|(path, bodies)| {
        bodies
            .iter()
            .map(move |(method, member)| (path, method, member))
    });
    for (route, method, member) in endpoints {
        let owner = match route.split('/').nth(1) {
            Some("flows") => flow.id.as_str(),
            Some("workspaces") => workspace.as_str(),
            _ => id.as_str(),
        };
        let prefix = if *route == BACKEND { "" } else { "/v1" };
        let path = format!("{prefix}{route}")
            .replace("{id}", owner)
            .replace("{operation}", "lists.search");
        let mut bodies = hostile();
        // The same member twice, which parsers elsewhere read as the first or the last.
        bodies.push((
            "a member twice",
            format!("{{\"{member}\":{{}},\"{member}\":{{}}}}").into_bytes(),
        ));
        bodies.push((
            "a member twice, once in disguise",
            format!(
                "{{\"{member}\":\"a\",\"\\u{:04x}{}\":\"b\"}}",
                member.as_bytes()[0],
                &member[1..]
            )
            .into_bytes(),
        ));
        for (case, body) in bodies {
            let is_large = body.len() > 64 * 1024;
            let send = async || {
                let request = if *route == BACKEND {
                    admin.bare(method.clone(), &path).bearer_auth(&*key)
                } else {
                    admin.request(method.clone(), &path)
                };
                let mut request = request.header("content-type", "application/json");
                if let Some(version) = &version {
                    request = request.header("if-match", version);
                }
                let began = Instant::now();
                let answer = admin.send(request.body(body.clone())).await;
                (answer, began.elapsed())
            };
            let (answer, mut took) = send().await;
            let want: &[u16] = if is_large { &[400, 413] } else { &[400] };
            assert!(
                want.contains(&answer.status),
                "{method} {path}: {case}: {} {}",
                answer.status,
                answer.text
            );
            assert!(answer.code().is_some());
            // Longer than any run of one digit in a correlation id.
            let value = "a".repeat(16);
            assert!(!answer.text.contains(&value), "a value is not repeated");
            // The machine may have been busy elsewhere; one of some tries shows what the work takes.
            for _ in 0..5 {
                if took > Duration::from_millis(50) {
                    took = took.min(send().await.1);
                }
            }
            assert!(
                took <= Duration::from_millis(50),
                "{method} {path}: {case}: {took:?}"
            );
        }
    }
    let calls = stage.sandbox.with(|state| state.calls.len());
    assert_eq!((facts().await, calls), before, "nothing was done or sent");
    assert_eq!(admin.flow(&flow).await, unfinished, "the flow is as it was");
    assert_eq!(
        admin.relay(&id, "account.details", &json!({})).await.status,
        200
    );
}

/// BI-1: an id in a path that can be none finds nothing, on any database: PostgreSQL takes no text with a NUL.
#[tokio::test]
async fn a_path_with_what_is_no_id_leads_nowhere() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let complete = json!({"claim": "c", "code_verifier": "v"});
    let token = json!({"token": "pat-na1-00000000-aaaa-bbbb-cccc-000000000000"});
    let name = json!({"name": "n"});
    let long = "a".repeat(4000);
    for id in [
        "%00",
        "a%00b",
        "%0d%0a",
        "%F0%9F%98%80",
        "%EF%BF%BE",
        "..%2f..",
        "%25",
        "'--",
        &long,
    ] {
        for (method, path, body) in [
            (Method::GET, format!("/v1/flows/{id}"), None),
            (Method::DELETE, format!("/v1/flows/{id}"), None),
            (
                Method::POST,
                format!("/v1/flows/{id}/complete"),
                Some(&complete),
            ),
            (Method::GET, format!("/v1/connections/{id}"), None),
            (
                Method::PATCH,
                format!("/v1/connections/{id}"),
                Some(&json!({"label": "l"})),
            ),
            (Method::DELETE, format!("/v1/connections/{id}"), None),
            (
                Method::PUT,
                format!("/v1/connections/{id}/credential"),
                Some(&token),
            ),
            (
                Method::POST,
                format!("/v1/connections/{id}/test"),
                Some(&json!({})),
            ),
            (
                Method::POST,
                format!("/v1/connections/{id}/relay/owners.list"),
                Some(&json!({})),
            ),
            (Method::PATCH, format!("/v1/workspaces/{id}"), Some(&name)),
            (Method::DELETE, format!("/v1/workspaces/{id}"), None),
        ] {
            let mut request = admin
                .request(method.clone(), &path)
                .header("if-match", "\"1\"");
            if let Some(body) = body {
                request = request.json(body);
            }
            let answer = admin.send(request).await;
            assert_eq!(
                answer.refusal(),
                (404, "not_found".into()),
                "{method} {path}"
            );
        }
        let operation = format!("/v1/connections/c1/relay/{id}");
        let answer = admin.post(&operation, &json!({})).await;
        assert_eq!(answer.refusal().0, 404, "{operation}");
    }
    // What is no UTF-8 is no path at all.
    assert_eq!(admin.get("/v1/connections/%ff").await.refusal().0, 400);
}

/// BI-1: session tokens are read before anybody is known: hostile headers and claims, well signed, are refused in time.
#[tokio::test]
async fn hostile_json_in_a_session_token_is_refused_in_time() {
    let partner = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let stage = Stage::set(|config, _| config.tenants = vec![partner.tenant()]).await;
    let (header, claims) = (
        partner.header().to_string(),
        partner
            .claims(&stage.config, "acme", "ada", Role::Admin)
            .to_string(),
    );
    let good = partner.key.sign(&header, &claims).unwrap();
    let page = partner.page(&stage.config, good);
    assert_eq!(page.get("/v1/session").await.status, 200);
    // What a token may hold at most is sixteen kibibytes of header lines: the larger bodies are cut to that.
    let mut texts: Vec<(&str, String)> = hostile()
        .into_iter()
        .filter_map(|(case, body)| Some((case, String::from_utf8(body).ok()?)))
        .map(|(case, text)| (case, text.chars().take(8_000).collect()))
        .collect();
    for member in ["role", "exp", "iss"] {
        let twice = claims.replacen('{', &format!("{{\"{member}\":1e400,"), 1);
        texts.push(("a member twice", twice));
    }
    texts.push((
        "deep",
        claims.replacen(
            '{',
            &format!("{{\"x\":{}1{},", "[".repeat(1500), "]".repeat(1500)),
            1,
        ),
    ));
    for (case, text) in texts {
        for token in [
            partner.key.sign(&header, &text).unwrap(),
            partner.key.sign(&text, &claims).unwrap(),
        ] {
            let page = partner.page(&stage.config, token);
            let mut fastest = Duration::MAX;
            for _ in 0..6 {
                let began = Instant::now();
                let answer = page.get("/v1/session").await;
                fastest = fastest.min(began.elapsed());
                assert!(
                    matches!(answer.status, 400 | 401 | 431),
                    "{case}: {}",
                    answer.status
                );
            }
            assert!(fastest <= Duration::from_millis(50), "{case}: {fastest:?}");
        }
    }
    assert_eq!(page.get("/v1/session").await.status, 200);
}

/// BI-1: a token endpoint that answers so is weather; no grant is lost for it.
#[tokio::test]
async fn hostile_json_of_the_token_endpoint_is_weather() {
    let mut front = None;
    let stage = Stage::set(|config, _| front = Some(Front::between(config))).await;
    let front = front.unwrap();
    let id = stage.connected(PORTAL).await;
    let mut answers = hostile();
    answers.push((
        "a token twice",
        b"{\"access_token\":\"abcdefgh\",\"access_token\":\"abcdefgi\"}".to_vec(),
    ));
    answers.push((
        "a huge lifetime",
        b"{\"access_token\":\"abcdefgh\",\"expires_in\":1e400}".to_vec(),
    ));
    answers.push((
        "a deep lifetime",
        format!(
            "{{\"access_token\":\"abcdefgh\",\"expires_in\":{}1{}}}",
            "[".repeat(9999),
            "]".repeat(9999)
        )
        .into_bytes(),
    ));
    for (case, body) in answers {
        stage
            .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1, next_try_at = NULL, attempts = 0")
            .await;
        front.play(
            "/oauth/2026-03/token",
            Play::answer("200 OK", "content-type: application/json\r\n", &body),
        );
        let answer = stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{case}"
        );
        assert_eq!(front.left(), 0, "{case}");
        assert_eq!(
            stage.text("SELECT state FROM connection").await.as_deref(),
            Some("checking"),
            "{case}"
        );
    }
    stage
        .sql("UPDATE connection SET next_try_at = NULL, attempts = 0")
        .await;
    assert_eq!(
        stage
            .admin()
            .relay(&id, "account.details", &json!({}))
            .await
            .status,
        200
    );
}
