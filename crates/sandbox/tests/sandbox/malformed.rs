//! Requests that are wrong before they mean anything, and answers that hold on every path: platform 4 and 9.2.

use portico_sandbox::model::Health;
use portico_sandbox::{Fault, FaultAnswer, Request};

use crate::{GENERATIONS, NOW, SMALL, code, full_token, redeem, refresh, sandbox, tokens};

const DETAILS: &str = "/account-info/v3/details";

/// Platform 9.2: what is no bearer token is no credential: 401 with the category, never a panic.
#[test]
fn malformed_credentials_are_no_credentials() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let cases = [
        (String::new(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
        (token.clone(), 401),
        (format!("Bearer{token}"), 401),
        (format!("Bearer\t{token}"), 401),
        (format!("Bearer: {token}"), 401),
        (format!("Bearer \"{token}\""), 401),
        (format!("Bearer {token} {token}"), 401),
        (format!("Bearer {token}x"), 401),
        (format!("Bearer {}", &token[1..]), 401),
        (format!("Token {token}"), 401),
        (format!("Basic {token}"), 401),
        (format!("Bearer\u{a0}{token}"), 401),
        (format!("Bearer {}", "x".repeat(100_000)), 401),
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        (format!("BEARER   {token} "), 200),
        (format!(" Bearer {token}"), 200),
    ];
    for (header, want) in cases {
        let request = Request::get(DETAILS).with_header("Authorization", &header);
        let response = sandbox.call(&request, NOW);
        let shown: String = header.chars().take(40).collect();
        assert_eq!(response.status, want, "{shown:?}");
        if want == 401 {
            assert_eq!(
                response.to_value()["category"],
                "INVALID_AUTHENTICATION",
                "{shown:?}"
            );
        }
    }
    let in_query = Request::get(&format!("{DETAILS}?access_token={token}"));
    assert_eq!(
        sandbox.call(&in_query, NOW).status,
        401,
        "a token is a header"
    );
}

/// Platform 9.2: known paths name the methods they take, unknown paths stay 404, whatever the method.
#[test]
fn other_methods_are_told_which_are_taken() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let cases = [
        ("DELETE", DETAILS, 405, "GET"),
        ("TRACE", DETAILS, 405, "GET"),
        ("get", DETAILS, 405, "GET"),
        ("", DETAILS, 405, "GET"),
        ("PUT", GENERATIONS[3], 405, "POST"),
        ("GET", GENERATIONS[0], 405, "POST"),
        (
            "GET",
            "/oauth/v2/private-apps/get/access-token-info",
            405,
            "POST",
        ),
        ("POST", "/appinstalls/v3/external-install", 405, "DELETE"),
        ("PATCH", "/crm/v3/nothing", 404, ""),
    ];
    for (method, path, want, allow) in cases {
        let response = sandbox.call(&Request::new(method, path).bearer(&token), NOW);
        assert_eq!(response.status, want, "{method} {path}");
        assert_eq!(
            response.header("allow").unwrap_or_default(),
            allow,
            "{method} {path}"
        );
    }
}

/// A HEAD answers what a GET would, with its length and without its body, and counts like it.
#[test]
fn a_head_is_a_get_without_its_body() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    for path in [
        DETAILS,
        "/crm/v3/owners",
        "/crm/v3/nothing",
        "/settings/v3/users?limit=x",
    ] {
        let get = sandbox.call(&Request::get(path).bearer(&token), NOW);
        let head = sandbox.call(&Request::new("HEAD", path).bearer(&token), NOW);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        let length = head.header("content-length").and_then(|n| n.parse().ok());
        assert_eq!(length, Some(get.body.len()), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        let left = |response: &portico_sandbox::Response| {
            let left = response.header("x-hubspot-ratelimit-remaining")?;
            left.parse::<u32>().ok()
        };
        assert_eq!(left(&head), left(&get).map(|n| n - 1), "{path}");
    }
    let head = sandbox.call(&Request::new("HEAD", GENERATIONS[0]), NOW);
    assert_eq!(head.status, 405);
}

/// Platform 9.2: a URL that is too long is 414 on every path, before anything else is looked at.
#[test]
fn long_urls_are_refused() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    for path in [
        DETAILS,
        "/crm/v3/lists",
        "/oauth/2026-09/token",
        "/oauth/authorize",
        "/nothing",
    ] {
        let long = |n: usize| Request::get(&format!("{path}?listIds={}", "1".repeat(n)));
        let status = |n: usize| sandbox.call(&long(n).bearer(&token), NOW).status;
        assert_eq!(status(20_000), 414, "{path}");
        assert_ne!(status(8_000), 414, "{path}");
        sandbox.with(|state| state.switches.url_limit = 4_000);
        assert_eq!(status(8_000), 414, "{path}: the switch");
        sandbox.with(|state| state.switches.url_limit = 16_384);
    }
    let path = format!("/crm/v3/properties/{}", "x".repeat(20_000));
    assert_eq!(
        sandbox
            .call(&Request::get(&path).bearer(&token), NOW)
            .status,
        414
    );
}

/// Platform 1.3, 9.2: bodies of another kind than the endpoint's are 415, before they are read.
#[test]
fn other_media_types_are_refused() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let forms = [
        "/oauth/v1/token",
        "/oauth/v3/token",
        "/oauth/2026-03/token",
        "/oauth/2026-09/token",
        "/oauth/2026-09/token/introspect",
        "/oauth/v3/token/revoke",
    ];
    let jsons = [
        "/oauth/v2/private-apps/get/access-token-info",
        "/crm/v3/lists/search",
        "/crm/v3/properties/deals/batch/read",
    ];
    let form = "application/x-www-form-urlencoded";
    // A second apart, so that no window fills.
    let mut now = NOW;
    for (paths, right) in [(&forms[..], form), (&jsons[..], "application/json")] {
        for path in paths {
            for kind in [
                form,
                "application/json",
                "text/plain",
                "application/xml",
                "",
                ";",
            ] {
                let mut request = Request::new("POST", path)
                    .bearer(&token)
                    .with_header("content-type", kind);
                request.body = b"a=b".to_vec();
                now += 1_000;
                let refused = sandbox.call(&request, now).status == 415;
                assert_eq!(refused, kind != right, "{path} {kind:?}");
            }
            let mut with_charset = Request::new("POST", path).bearer(&token).with_header(
                "content-type",
                &format!("{}; charset=UTF-8", right.to_uppercase()),
            );
            with_charset.body = b"{}".to_vec();
            now += 1_000;
            assert_ne!(sandbox.call(&with_charset, now).status, 415, "{path}");
        }
    }
}

/// Platform 4: 423, 477 and the front's errors can hit every path, the token endpoints among them.
#[test]
fn faults_reach_every_path() {
    for answer in [
        FaultAnswer::Status(423),
        FaultAnswer::Status(503),
        FaultAnswer::Status(523),
        FaultAnswer::Migration477 {
            retry_after: 86_400,
        },
    ] {
        let sandbox = sandbox("small");
        let token = full_token(&sandbox, SMALL);
        let paths = [
            DETAILS,
            "/crm/v3/owners",
            "/oauth/v1/token",
            GENERATIONS[3],
            "/webhooks/v3/1/settings",
        ];
        sandbox.with(|state| {
            state.faults.push(Fault {
                path_prefix: "/".to_owned(),
                method: None,
                remaining: 5,
                answer: answer.clone(),
            });
        });
        for path in paths {
            let response = sandbox.call(&Request::get(path).bearer(&token), NOW);
            let (want, after) = match answer {
                FaultAnswer::Status(status) => (status, None),
                _ => (477, Some("86400")),
            };
            assert_eq!(
                (response.status, response.header("retry-after")),
                (want, after)
            );
            let id = response.header("x-hubspot-correlation-id");
            if matches!(want, 521..=526) {
                // The front answers, which knows no envelope.
                assert!(response.text().starts_with("<!doctype html>") && id.is_some());
                continue;
            }
            let body = response.to_value();
            assert_eq!(
                body["correlationId"].as_str(),
                response.header("x-hubspot-correlation-id")
            );
        }
    }
}

/// Platform 4: by default a migrating account refuses data and keeps its tokens; with the switch it refuses both.
#[test]
fn a_migration_can_cover_the_token_endpoints() {
    let sandbox = sandbox("small");
    let (_, token) = tokens(&sandbox);
    let code = code(&sandbox, &[]);
    sandbox.with(|state| {
        state.portals.get_mut(&SMALL).unwrap().health = Health::Migrating { retry_after: 60 };
    });
    for path in GENERATIONS {
        assert_eq!(refresh(&sandbox, path, &token, NOW).status, 200, "{path}");
        sandbox.with(|state| state.switches.migration_refuses_tokens = true);
        let refused = refresh(&sandbox, path, &token, NOW);
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (477, Some("60")),
            "{path}"
        );
        assert_eq!(
            redeem(&sandbox, path, &code, &[], NOW).status,
            477,
            "{path}"
        );
        assert_eq!(
            refresh(&sandbox, path, "unknown", NOW).status,
            400,
            "{path}"
        );
        sandbox.with(|state| state.switches.migration_refuses_tokens = false);
    }
    assert_eq!(
        redeem(&sandbox, GENERATIONS[3], &code, &[], NOW).status,
        200,
        "not used up"
    );
}
