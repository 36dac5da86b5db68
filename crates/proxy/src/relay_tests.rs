use super::*;

const TOKEN: &str = "CJ-canary-access-token";
const REFRESH: &str = "na1-canary-refresh-token";

fn access() -> Access {
    Access::of(TOKEN, Some(REFRESH))
}

fn answer(status: u16, is_json: bool, body: &str) -> ApiAnswer {
    ApiAnswer {
        status,
        is_json,
        body: body.as_bytes().to_vec(),
        retry_after: None,
        is_limited: status == 429,
        rate_limit: None,
        correlation_id: Some("header-id".into()),
        memory: None,
        headers: http::HeaderMap::new(),
    }
}

fn refusal(answer: ApiAnswer) -> portico_core::wire::Problem {
    use axum::response::IntoResponse as _;
    let error = read(answer, &access(), Provider::Hubspot).err().unwrap();
    let mut response = error.into_response();
    *response
        .extensions_mut()
        .remove::<Box<portico_core::wire::Problem>>()
        .unwrap()
}

/// D49, RL-7, RL-10: each answer has its code, and only what is whole JSON passes.
#[test]
fn each_answer_has_its_code() {
    for (status, is_json, body, want) in [
        (200, false, "<html>", ErrorCode::UpstreamInvalid),
        (200, false, "{}", ErrorCode::UpstreamInvalid),
        (200, true, "{\"a\":", ErrorCode::UpstreamInvalid),
        (200, true, "", ErrorCode::UpstreamInvalid),
        (200, true, "{} {}", ErrorCode::UpstreamInvalid),
        (204, true, "", ErrorCode::UpstreamInvalid),
        (400, true, "{}", ErrorCode::UpstreamRejected),
        (401, true, "{}", ErrorCode::UpstreamUnauthorized),
        (403, true, "{}", ErrorCode::UpstreamForbidden),
        (404, false, "<html>", ErrorCode::UpstreamNotFound),
        (414, true, "{}", ErrorCode::UpstreamRejected),
        (423, true, "{}", ErrorCode::UpstreamUnavailable),
        (429, true, "{}", ErrorCode::UpstreamRateLimited),
        (477, true, "{}", ErrorCode::Suspended),
        (500, true, "{}", ErrorCode::UpstreamUnavailable),
        (502, false, "<html>", ErrorCode::UpstreamUnavailable),
        (524, false, "", ErrorCode::UpstreamUnavailable),
    ] {
        assert_eq!(
            refusal(answer(status, is_json, body)).code,
            want,
            "{status} {body}"
        );
    }
    for status in [200, 207] {
        let passed = read(answer(status, true, "[1, 2]"), &access(), Provider::Hubspot).unwrap();
        assert_eq!(passed.body, "[1, 2]");
    }
}

#[test]
fn a_refusal_carries_facts_and_none_of_the_words() {
    let body = r#"{"status":"error","message":"secret words","correlationId":"0191-a","category":"MISSING_SCOPES",
        "errors":[{"message":"words","context":{"requiredGranularScopes":["automation","<b>"]}}, "plain"]}"#;
    let problem = refusal(answer(403, true, body));
    let upstream = problem.upstream.clone().unwrap();
    assert_eq!(upstream.status, 403);
    assert_eq!(upstream.category.as_deref(), Some("MISSING_SCOPES"));
    assert_eq!(upstream.correlation_id.as_deref(), Some("0191-a"));
    assert_eq!(upstream.required_scopes, ["automation"]);
    assert!(!serde_json::to_string(&problem).unwrap().contains("words"));
}

/// UF-1: a 429 names its policy and always says how long to wait.
#[test]
fn a_rate_limit_says_how_long_to_wait() {
    for (policy, retry_after, want) in [
        ("TEN_SECONDLY_ROLLING", None, 10),
        ("SECONDLY", None, 1),
        ("DAILY", Some(77.0), 77),
    ] {
        let body = format!(r#"{{"errorType":"RATE_LIMIT","policyName":"{policy}"}}"#);
        let mut refused = answer(429, true, &body);
        refused.retry_after = retry_after;
        let problem = refusal(refused);
        let upstream = problem.upstream.unwrap();
        assert_eq!(upstream.policy.as_deref(), Some(policy));
        assert_eq!(upstream.category.as_deref(), Some("RATE_LIMIT"));
        assert_eq!(upstream.correlation_id.as_deref(), Some("header-id"));
        assert_eq!(problem.retry_after, Some(want));
    }
}

/// UF-1 for GitHub: a 403 that is a limit is told as one, and in words that hold for GitHub.
#[test]
fn a_limit_of_github_is_one_whatever_its_status() {
    use axum::response::IntoResponse as _;
    for (is_limited, want) in [
        (true, ErrorCode::UpstreamRateLimited),
        (false, ErrorCode::UpstreamForbidden),
    ] {
        let mut refused = answer(403, true, r#"{"message":"words","documentation_url":"x"}"#);
        refused.is_limited = is_limited;
        refused.retry_after = is_limited.then_some(60.0);
        let error = read(refused, &access(), Provider::Github).err().unwrap();
        let mut response = error.about(Provider::Github).into_response();
        let problem = response
            .extensions_mut()
            .remove::<Box<portico_core::wire::Problem>>()
            .unwrap();
        assert_eq!(problem.code, want);
        assert_eq!(problem.retry_after, is_limited.then_some(60));
        let text = serde_json::to_string(&problem).unwrap();
        assert!(
            !text.contains("HubSpot") && !text.contains("words"),
            "{text}"
        );
    }
}

#[test]
fn a_token_in_an_answer_is_cut_out() {
    let body = format!(r#"{{"a":"{TOKEN}","b":["x{REFRESH}y","{TOKEN}"]}}"#);
    let passed = read(answer(200, true, &body), &access(), Provider::Hubspot)
        .unwrap()
        .body;
    assert_eq!(
        passed,
        r#"{"a":"[removed]","b":["x[removed]y","[removed]"]}"#
    );
    for token in [TOKEN, REFRESH] {
        let echoed = format!(
            r#"{{"category":"{token}","policyName":"x:{token}","correlationId":"{token}",
                "errors":[{{"context":{{"requiredGranularScopes":["oauth","{token}"]}}}}]}}"#
        );
        let problem = refusal(answer(400, true, &echoed));
        assert!(!serde_json::to_string(&problem).unwrap().contains(token));
        assert_eq!(problem.upstream.unwrap().required_scopes, ["oauth"]);
    }
}

#[tokio::test]
async fn a_connection_has_ten_slots_and_a_bounded_queue() {
    let slots = Slots::default();
    let owner = Owner {
        tenant: "t".into(),
        org: "o".into(),
    };
    let mut held = Vec::new();
    for _ in 0..AT_ONCE {
        held.push(slots.enter(&owner, "c").await.unwrap());
    }
    {
        let mut queue: Vec<_> = (AT_ONCE..QUEUE)
            .map(|_| Box::pin(slots.enter(&owner, "c")))
            .collect();
        for waiting in &mut queue {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        let refused = slots.enter(&owner, "c").await.err().unwrap();
        assert_eq!(refused.code(), ErrorCode::RateLimited);
        assert!(slots.enter(&owner, "another").await.is_ok());
        held.pop();
        assert!(futures_util::poll!(&mut queue[0]).is_ready());
    }
    drop(held);
    slots.forget_idle();
    assert!(slots.0.lock().unwrap().is_empty());
}
