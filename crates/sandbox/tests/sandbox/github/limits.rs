//! Limits, validators, the headers GitHub insists on, faults in its own words, and malformed calls of every kind.

use portico_sandbox::{Fault, FaultAnswer, Request, Response, Sandbox, served};
use proptest::prelude::*;
use serde_json::json;

use super::{MARA, Octo, TOMASZ, fresh, message};
use crate::NOW;

fn number(response: &Response, name: &str) -> u64 {
    response
        .header(name)
        .and_then(|v| v.parse().ok())
        .unwrap_or(u64::MAX)
}

fn call(sandbox: &Sandbox, octo: &Octo, target: &str, now: u64) -> Response {
    let request = Request::get(&format!("/api/v3{target}"))
        .with_header("user-agent", "tests")
        .bearer(octo.token());
    sandbox.call(&request, now)
}

#[test]
fn the_hourly_limit_is_counted_per_user_and_comes_back_at_the_reset() {
    let sandbox = fresh();
    let (octo, second, other) = (
        Octo::app(&sandbox, MARA),
        Octo::oauth(&sandbox, MARA, "repo"),
        Octo::app(&sandbox, TOMASZ),
    );
    sandbox.with(|s| s.github.limits.hourly = 3);
    let first = call(&sandbox, &octo, "/user", NOW);
    assert_eq!(
        (
            number(&first, "x-ratelimit-limit"),
            number(&first, "x-ratelimit-remaining"),
            number(&first, "x-ratelimit-used")
        ),
        (3, 2, 1)
    );
    let reset = number(&first, "x-ratelimit-reset");
    assert_eq!(reset, NOW / 1_000 + 3_600);
    assert_eq!(
        number(
            &call(&sandbox, &second, "/user", NOW),
            "x-ratelimit-remaining"
        ),
        1,
        "another app, the same user"
    );
    call(&sandbox, &octo, "/nothing", NOW);
    for status in [403, 429] {
        sandbox.with(|s| s.github.switches.limits_answer_429 = status == 429);
        let refused = call(&sandbox, &octo, "/user", NOW);
        assert_eq!(
            message(&refused),
            (
                status,
                "API rate limit exceeded for user ID 40001.".to_owned()
            )
        );
        assert_eq!(
            (
                number(&refused, "x-ratelimit-remaining"),
                number(&refused, "x-ratelimit-reset")
            ),
            (0, reset)
        );
    }
    let state = call(&sandbox, &octo, "/rate_limit", NOW);
    assert_eq!(
        (
            state.status,
            state.to_value()["resources"]["core"]["remaining"].as_u64()
        ),
        (200, Some(0)),
        "costs nothing"
    );
    assert_eq!(call(&sandbox, &other, "/user", NOW).status, 200);
    assert_eq!(call(&sandbox, &octo, "/user", reset * 1_000).status, 200);
    sandbox.with(|s| s.github.exhaust_limit(MARA, reset * 1_000));
    assert_eq!(call(&sandbox, &octo, "/user", reset * 1_000).status, 429);
    sandbox.with(|s| s.github.reset_limits());
    assert_eq!(call(&sandbox, &octo, "/user", reset * 1_000).status, 200);
}

#[test]
fn without_a_token_sixty_requests_an_hour_remain() {
    let sandbox = fresh();
    let request =
        || Request::get("/api/v3/repos/mara-lindqvist/website").with_header("user-agent", "tests");
    let statuses: Vec<u16> = (0..61)
        .map(|_| sandbox.call(&request(), NOW).status)
        .collect();
    assert!(statuses[..60].iter().all(|s| *s == 200) && statuses[60] == 403);
}

#[test]
fn writing_too_fast_is_a_secondary_limit_with_a_wait() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let write = |now: u64| {
        let request = Request::json(
            "/api/v3/repos/mara-lindqvist/portal-config/git/blobs",
            &json!({ "content": "x" }),
        );
        sandbox.call(
            &request
                .with_header("user-agent", "tests")
                .bearer(octo.token()),
            now,
        )
    };
    for _ in 0..80 {
        assert_eq!(write(NOW).status, 201);
    }
    let refused = write(NOW + 20_000);
    let (status, text) = message(&refused);
    assert!(status == 403 && text.starts_with("You have exceeded a secondary rate limit"));
    assert_eq!(number(&refused, "retry-after"), 40);
    assert!(
        number(&refused, "x-ratelimit-remaining") > 4_000,
        "the primary limit is not what is short"
    );
    assert!(
        refused.to_value()["documentation_url"]
            .as_str()
            .unwrap()
            .contains("secondary-rate-limits")
    );
    assert_eq!(
        call(&sandbox, &octo, "/user", NOW + 20_000).status,
        200,
        "reading goes on"
    );
    assert_eq!(write(NOW + 60_000).status, 201);
    sandbox.with(|s| s.github.limits.points_per_minute = 1);
    assert_eq!(
        message(&call(&sandbox, &octo, "/user", NOW + 61_000)).0,
        403
    );
}

#[test]
fn an_unchanged_answer_is_a_304_and_costs_nothing() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let ask = |tag: &str| {
        let request =
            Request::get("/api/v3/repos/mara-lindqvist/website").with_header("user-agent", "tests");
        sandbox.call(
            &request
                .bearer(octo.token())
                .with_header("if-none-match", tag),
            NOW,
        )
    };
    let first = ask("\"none\"");
    let tag = first.header("etag").expect("a validator").to_owned();
    assert!(tag.starts_with("W/\""));
    let again = ask(&tag);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(
        number(&again, "x-ratelimit-used"),
        number(&first, "x-ratelimit-used")
    );
    sandbox.with(|s| s.github.archive_repository(MARA, "website", true));
    let changed = ask(&tag);
    assert_eq!(
        (changed.status, number(&changed, "x-ratelimit-used")),
        (200, number(&first, "x-ratelimit-used") + 1)
    );
}

#[test]
fn github_insists_on_a_user_agent_and_a_version_it_knows() {
    let sandbox = fresh();
    let bare = sandbox.call(&Request::get("/api/v3/meta"), NOW);
    assert!(bare.status == 403 && bare.text().contains("User-Agent"));
    let version = |version: &str| {
        let request = Request::get("/api/v3/meta")
            .with_header("user-agent", "tests")
            .with_header("x-github-api-version", version);
        sandbox.call(&request, NOW)
    };
    for known in ["2022-11-28", "2026-03-10"] {
        let response = version(known);
        assert_eq!(
            (
                response.status,
                response.header("x-github-api-version-selected")
            ),
            (200, Some(known))
        );
    }
    assert_eq!(message(&version("2020-01-01")).0, 400);
    let options = sandbox.call(&Request::new("OPTIONS", "/api/v3/user"), NOW);
    assert_eq!(
        (
            options.status,
            options.header("access-control-allow-origin")
        ),
        (204, Some("*"))
    );
}

#[test]
fn headers_tell_what_the_token_is() {
    let sandbox = fresh();
    let app =
        Octo::app(&sandbox, MARA).send(Request::get("/repos/mara-lindqvist/website/branches"));
    assert_eq!(
        app.header("x-accepted-github-permissions"),
        Some("contents=read")
    );
    assert!(
        app.header("github-authentication-token-expiration")
            .is_some_and(|at| at.ends_with(" UTC"))
    );
    assert_eq!(app.header("x-hubspot-correlation-id"), None);
    assert_eq!(
        app.header("x-github-request-id")
            .map(|id| id.split(':').count()),
        Some(5)
    );
    let oauth = Octo::oauth(&sandbox, MARA, "gist repo").send(Request::get("/user/orgs"));
    assert_eq!(oauth.header("x-oauth-scopes"), Some("gist, repo"));
    assert!(
        oauth
            .header("x-accepted-oauth-scopes")
            .is_some_and(|s| s.contains("read:org"))
    );
}

#[test]
fn credentials_of_every_wrong_kind_are_a_401() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let ask = |authorization: &str| {
        let request = Request::get("/api/v3/user")
            .with_header("user-agent", "tests")
            .with_header("authorization", authorization);
        sandbox.call(&request, NOW)
    };
    for good in [
        format!("token {}", octo.token()),
        format!("bearer {}", octo.token()),
    ] {
        assert_eq!(ask(&good).status, 200);
    }
    for bad in [
        "",
        "Bearer",
        "Bearer x",
        "Basic",
        "Basic ***",
        "Basic eDp5",
        "Digest x",
        "token \u{e9}",
    ] {
        assert_eq!(
            message(&ask(bad)),
            (401, "Bad credentials".to_owned()),
            "{bad:?}"
        );
    }
    let none = sandbox.call(
        &Request::get("/api/v3/user").with_header("user-agent", "tests"),
        NOW,
    );
    assert_eq!(message(&none), (401, "Requires authentication".to_owned()));
    sandbox.with(|s| s.github.expire_tokens(MARA, NOW));
    assert_eq!(ask(&format!("token {}", octo.token())).status, 401);
}

#[test]
fn faults_on_githubs_paths_speak_githubs_words() {
    let cases = [
        (FaultAnswer::Status(500), 500, "Server Error"),
        (FaultAnswer::Status(404), 404, "Not Found"),
        (
            FaultAnswer::TooManyRequests {
                policy: "secondary".to_owned(),
            },
            403,
            "secondary rate limit",
        ),
        (
            FaultAnswer::TooManyRequests {
                policy: "primary".to_owned(),
            },
            403,
            "API rate limit exceeded",
        ),
        (FaultAnswer::Html502, 502, "Unicorn"),
        (
            FaultAnswer::OAuth("bad_refresh_token".to_owned()),
            200,
            "bad_refresh_token",
        ),
        (FaultAnswer::Garbage, 200, "cut off"),
    ];
    for (answer, status, words) in cases {
        let sandbox = fresh();
        sandbox.with(|s| {
            s.faults.push(Fault {
                path_prefix: "/api/v3".to_owned(),
                method: None,
                remaining: 1,
                answer,
            });
        });
        let octo = Octo::app(&sandbox, MARA);
        let response = octo.send(Request::get("/user"));
        assert_eq!(response.status, status);
        assert!(response.text().contains(words), "{}", response.text());
        octo.get("/user");
        assert_eq!(sandbox.with(|s| s.calls_to("/api/v3").len()), 2);
    }
}

#[test]
fn githubs_routes_stand_in_the_list_of_served_paths() {
    let ours: Vec<_> = served()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/v3"))
        .collect();
    assert!(ours.len() > 60);
    assert!(ours.iter().any(|r| r.method == "PUT"
        && r.path.ends_with("/contents/{path*}")
        && r.scopes == "contents=write"));
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    let run = || {
        let octo = Octo::app(&fresh(), MARA);
        let body = json!({ "message": "m", "content": "eA==" });
        let put = octo.write(
            "PUT",
            "/repos/mara-lindqvist/portal-config/contents/x",
            &body,
        );
        (octo.token().to_owned(), put.headers, put.body)
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Whatever arrives: an answer with a real status, never a panic.
    #[test]
    fn nothing_breaks_it(
        method in prop_oneof![Just("GET"), Just("PUT"), Just("POST"), Just("PATCH"), Just("DELETE"), Just("HEAD")],
        place in prop_oneof![
            Just("/api/v3/repos/mara-lindqvist/portal-config/"), Just("/api/v3/"), Just("/login/oauth/"), Just("/apps/portico-backup/"),
            Just("/api/v3/applications/Iv23liSandboxPortico/"), Just("/settings/installations/"),
        ],
        path in prop_oneof![
            Just("contents/README.md".to_owned()), Just("git/trees".to_owned()), Just("git/refs/heads/main".to_owned()),
            Just("git/commits".to_owned()), Just("compare/main...staging".to_owned()), Just("authorize".to_owned()),
            Just("access_token".to_owned()), Just("installations/new".to_owned()), Just("token".to_owned()), Just("user/repos".to_owned()),
            "[a-z%/.0-9é]{0,30}",
        ],
        query in "[a-z_=&%0-9.]{0,40}",
        body in prop_oneof![
            Just(String::new()),
            Just("{\"tree\":[{\"path\":\"a/b\",\"mode\":\"040000\",\"sha\":\"x\"}],\"message\":\"m\"}".to_owned()),
            Just("{\"message\":\"m\",\"content\":\"eA==\",\"sha\":[],\"author\":{\"date\":\"2026-13-99\"}}".to_owned()),
            Just("{\"access_token\":{},\"ref\":\"refs/heads/\\u0000\",\"sha\":\"é\"}".to_owned()),
            ".{0,40}",
        ],
        host in prop_oneof![Just("localhost:1"), Just("evil\"><x>"), Just("")],
    ) {
        let sandbox = fresh();
        let octo = Octo::app(&sandbox, MARA);
        let mut request = Request::new(method, &format!("{place}{path}?{query}"));
        request.body = body.into_bytes();
        let request = request.with_header("user-agent", "t").with_header("host", host).bearer(octo.token());
        let response = sandbox.call(&request, NOW);
        prop_assert!((200..600).contains(&response.status));
        prop_assert!(response.status != 500);
        prop_assert!(!response.text().contains("<x>"));
    }
}
