//! The callback: what counts as a return, and what a return may do.

use portico_tests::{Flow, PORTAL, Person, Replica, Stage, encoded, fragment, location};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

fn callback(stage: &Stage, provider: &str, query: &str) -> String {
    format!("{}/callback/{provider}?{query}", stage.config.base_url)
}

async fn page(person: &Person, url: &str) -> (u16, String) {
    let answer = person.visit(url).await;
    let headers = answer.headers();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe") && policy.ends_with("sandbox"),
        "{policy}"
    );
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert!(headers.get("set-cookie").is_none());
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// CB-1: an unknown state and an expired one read the same, and nobody is asked anything.
/// CB-3, S19: after ten minutes the return counts no more, and its code is not kept.
#[tokio::test]
async fn an_unknown_and_an_expired_state_read_the_same() {
    let stage = Stage::open().await;
    let person = stage.person();
    let flow = stage.admin().start_connect().await;
    stage
        .sql("UPDATE flow SET expires_at = unixepoch('subsec') - 1")
        .await;
    let late = callback(&stage, "hubspot", &format!("code=x&state={}", flow.state));
    let (status, expired) = page(&person, &late).await;
    assert_eq!(status, 410);
    let written =
        "SELECT COUNT(*) FROM journal WHERE action = 'flow.return' AND outcome = 'flow_expired'";
    crate::exchange::until(async || stage.count(written).await == 1).await;
    for query in [
        "code=x&state=y".to_owned(),
        format!("code=x&state={}", encoded(3)),
        String::new(),
    ] {
        let (status, unknown) = page(&person, &callback(&stage, "hubspot", &query)).await;
        assert_eq!((status, &unknown), (400, &expired), "{query}");
    }
    assert_eq!(
        stage
            .count("SELECT COUNT(*) FROM flow WHERE code IS NOT NULL")
            .await,
        0
    );
    assert_eq!(stage.calls("/oauth/2026-03").len(), 0);
    let state = stage.admin().flow(&flow).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("flow_expired"))
    );
    assert_eq!(
        stage.admin().complete(&flow, "").await.refusal(),
        (410, "flow_expired".into())
    );
}

/// CB-1: nor does the time tell them apart: neither waits for anything that the other does not.
#[tokio::test]
async fn an_unknown_and_an_expired_state_take_the_same_time() {
    let stage = Stage::open().await;
    let person = stage.person();
    let flow = stage.admin().start_connect().await;
    stage
        .sql("UPDATE flow SET expires_at = unixepoch('subsec') - 1")
        .await;
    let expired = callback(&stage, "hubspot", &format!("code=x&state={}", flow.state));
    let unknown = callback(&stage, "hubspot", &format!("code=x&state={}", encoded(3)));
    let mut took: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    // In turn, so that a busy moment of the machine is both's; the first of each is not counted.
    for round in 0..61 {
        for (kind, url) in [&expired, &unknown].into_iter().enumerate() {
            let began = Instant::now();
            person.visit(url).await.bytes().await.unwrap();
            if round > 0 {
                took[kind].push(began.elapsed());
            }
        }
    }
    let [expired, unknown] = took.map(|mut took| {
        took.sort_unstable();
        took[took.len() / 2]
    });
    let slack = Duration::from_millis(5);
    assert!(
        expired <= 2 * unknown + slack && unknown <= 2 * expired + slack,
        "{expired:?} when expired, {unknown:?} when unknown"
    );
}

/// CB-2: the first code stays; the second return is refused and written down once.
#[tokio::test]
async fn a_second_return_changes_nothing() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let first = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let claim = fragment(&location(&stage.person().visit(&first).await), "claim").unwrap();
    let other = callback(
        &stage,
        "hubspot",
        &format!("code=another&state={}", flow.state),
    );
    let (status, text) = page(&stage.person(), &other).await;
    assert_eq!(status, 409);
    assert!(text.contains("already come back"), "{text}");
    let repeats =
        "SELECT COUNT(*) FROM journal WHERE action = 'flow.return' AND outcome = 'repeated'";
    assert_eq!(stage.count(repeats).await, 1);
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(
        answer.status, 200,
        "the first code still works: {}",
        answer.text
    );
}

/// CB-4: a state that comes back on another provider's path ends the flow without a token call.
#[tokio::test]
async fn a_mixed_up_provider_ends_the_flow() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let good = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let mixed = good.replace("/callback/hubspot", "/callback/github");
    assert_eq!(page(&stage.person(), &mixed).await.0, 400);
    let state = stage.admin().flow(&flow).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("state_mismatch"))
    );
    assert_eq!(page(&stage.person(), &good).await.0, 409);
    assert_eq!(stage.calls("/oauth/2026-03").len(), 0);
    let nowhere = callback(&stage, "gitlab", "code=x&state=y");
    assert_eq!(page(&stage.person(), &nowhere).await.0, 400);
}

/// CB-5: an issuer that is not HubSpot's is refused; none is promised, so none is needed.
#[tokio::test]
async fn a_foreign_issuer_ends_the_flow() {
    let stage = Stage::open().await;
    for (issuer, status) in [
        ("https://evil.example", 400),
        (stage.sandbox_url.as_str(), 303),
    ] {
        stage
            .sandbox
            .with(|state| state.switches.iss = Some(issuer.to_owned()));
        let flow = stage.admin().start_connect().await;
        let returned = stage
            .person()
            .decide(&flow, PORTAL, "connect", |_| true)
            .await;
        assert!(returned.contains("iss="), "{returned}");
        assert_eq!(
            stage.person().visit(&returned).await.status(),
            status,
            "{issuer}"
        );
    }
}

/// CB-6: a denial carries our own code; the provider's words are kept short, escaped and out of sight.
#[tokio::test]
async fn a_denial_shows_our_words_and_not_the_providers() {
    let words = format!("<img src=x onerror=alert(1)>\r\n{}", "a".repeat(10 * 1024));
    let stage =
        Stage::set(|_, state| state.switches.denial_description = Some(words.clone())).await;
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "cancel", |_| true)
        .await;
    assert!(returned.contains("error_description="));
    let answer = stage.person().visit(&returned).await;
    assert_eq!(answer.status(), 303);
    let target = location(&answer);
    assert_eq!(
        target,
        format!(
            "{}/return.html#flow={}&error=consent_denied",
            stage.config.base_url, flow.id
        )
    );
    let state = stage.admin().flow(&flow).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("consent_denied"))
    );
    assert!(!state.to_string().contains("img"));
    let kept = stage.text("SELECT provider_words FROM flow").await.unwrap();
    assert!(
        kept.len() <= 256 && kept.starts_with("access_denied: "),
        "{kept}"
    );
    assert!(!kept.contains(['\r', '\n']), "{kept}");
    let answer = stage.admin().complete(&flow, &encoded(1)).await;
    assert_eq!(answer.refusal(), (403, "consent_denied".into()));
    assert!(!answer.text.contains("img"));
}

/// CB-7, B9: the answer to a good return names flow and claim, in the fragment, and nothing else.
#[tokio::test]
async fn a_good_return_carries_flow_and_claim_only() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let url = url::Url::parse(&returned).unwrap();
    let code = url
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let answer = stage.person().visit(&returned).await;
    assert_eq!(answer.status(), 303);
    let headers = answer.headers().clone();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert!(headers.get("set-cookie").is_none());
    let target = location(&answer);
    let claim = fragment(&target, "claim").unwrap();
    let base = &stage.config.base_url;
    assert_eq!(
        target,
        format!("{base}/return.html#flow={}&claim={claim}", flow.id)
    );
    assert!(portico_core::pkce::is_encoded_32_bytes(&claim));
    let whole = format!("{headers:?} {}", answer.text().await.unwrap());
    assert!(!whole.contains(&code) && !whole.contains(&flow.state));
    assert_eq!(stage.admin().flow(&flow).await["phase"], "coded");
}

/// CB-8: consent given in another browser connects nothing without the claim that browser got.
#[tokio::test]
async fn without_the_claim_of_the_consenting_browser_nothing_is_connected() {
    let stage = Stage::open().await;
    let attacker = stage.admin();
    let flow = attacker.start_connect().await;
    let early = attacker.complete(&flow, &encoded(1)).await;
    assert_eq!(
        early.refusal(),
        (403, "claim_required".into()),
        "before anybody consented"
    );
    let victims_claim = stage.person().consent(&flow, PORTAL).await;
    for guess in [
        "",
        "guess",
        &encoded(1),
        &victims_claim[..42],
        &format!("{victims_claim}A"),
    ] {
        let answer = attacker.complete(&flow, guess).await;
        assert_eq!(answer.refusal(), (403, "claim_required".into()), "{guess}");
    }
    let bare = attacker
        .post(
            &format!("/v1/flows/{}/complete", flow.id),
            &json!({"code_verifier": flow.verifier}),
        )
        .await;
    assert_eq!(bare.refusal(), (403, "claim_required".into()));
    stage
        .sql("UPDATE flow SET claim_until = unixepoch('subsec') - 1")
        .await;
    let late = attacker.complete(&flow, &victims_claim).await;
    assert_eq!(
        late.refusal(),
        (403, "claim_required".into()),
        "after 120 s"
    );
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    assert_eq!(stage.calls("/oauth/2026-03").len(), 0);
}

/// CB-11: what is not a top-level navigation does not consume the return.
#[tokio::test]
async fn a_preview_or_a_bot_consumes_nothing() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let path = returned.strip_prefix(&stage.config.base_url).unwrap();
    let caller = stage.admin();
    let navigation = |request: reqwest::RequestBuilder| {
        request
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
    };
    let get = || caller.bare(Method::GET, path);
    for (case, request, want) in [
        ("HEAD", navigation(caller.bare(Method::HEAD, path)), 405),
        ("POST", navigation(caller.bare(Method::POST, path)), 405),
        ("bot", get(), 405),
        (
            "bot with a user agent",
            get().header("user-agent", "Slackbot-LinkExpanding 1.0"),
            405,
        ),
        (
            "prefetch",
            navigation(get()).header("sec-purpose", "prefetch"),
            204,
        ),
        (
            "prerender",
            navigation(get()).header("sec-purpose", "prefetch;prerender"),
            204,
        ),
        (
            "old prefetch",
            navigation(get()).header("purpose", "prefetch"),
            204,
        ),
        (
            "frame",
            get()
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "iframe"),
            405,
        ),
        (
            "fetch",
            get()
                .header("sec-fetch-mode", "cors")
                .header("sec-fetch-dest", "empty"),
            405,
        ),
        (
            "image",
            get()
                .header("sec-fetch-mode", "no-cors")
                .header("sec-fetch-dest", "image"),
            405,
        ),
    ] {
        assert_eq!(request.send().await.unwrap().status(), want, "{case}");
    }
    assert_eq!(caller.flow(&flow).await["phase"], "started");
    let claim = fragment(&location(&stage.person().visit(&returned).await), "claim").unwrap();
    assert_eq!(caller.complete(&flow, &claim).await.status, 200);
}

/// CB-6, CB-12: nothing of a return stands in the log, neither as it came nor escaped, at the most talkative level.
#[tokio::test]
async fn no_word_of_a_return_is_logged() {
    let stage = Stage::set(|_, state| {
        state.switches.denial_description =
            Some("<img src=x onerror=canary>\r\nSet-Cookie: canary=1".into());
    })
    .await;
    let replica = Replica::start_with_log(&stage, "trace").await;
    let caller = replica.launched().await;
    let person = stage.person();
    let flow = caller.start_connect().await;
    for code in [
        "canary%0d%0aSet-Cookie:canary=1",
        "canary%00",
        "c%c3%a4nary",
    ] {
        let query = format!("state={}&code={code}", flow.state);
        let url = format!("{}/callback/hubspot?{query}", replica.config.base_url);
        assert_eq!(page(&person, &url).await.0, 400, "{code}");
    }
    let denied = person.decide(&flow, PORTAL, "cancel", |_| true).await;
    assert!(denied.contains("canary"));
    assert_eq!(person.visit(&denied).await.status(), 303);
    assert_eq!(caller.flow(&flow).await["failure"], "consent_denied");
    let log = replica.log();
    assert!(
        log.iter().any(|line| line.contains("/callback/{provider}")),
        "it does log: {log:?}"
    );
    for line in &log {
        for word in [
            "canary",
            "nary",
            "Set-Cookie",
            "onerror",
            flow.state.as_str(),
        ] {
            assert!(!line.contains(word), "{line}");
        }
    }
}

/// CB-12: a code that no provider sends is refused, injects nothing and is not kept.
#[tokio::test]
async fn a_hostile_code_is_refused_and_not_kept() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let long = "c".repeat(9 * 1024);
    for code in [
        long.as_str(),
        "",
        "a%0d%0aSet-Cookie:x=1",
        "a%00b",
        "%c3%a4",
        "%ff",
        "a&code=b",
        "a&state=again",
    ] {
        let url = callback(
            &stage,
            "hubspot",
            &format!("state={}&code={code}", flow.state),
        );
        assert_eq!(
            page(&stage.person(), &url).await.0,
            400,
            "{}",
            &code[..code.len().min(40)]
        );
    }
    let missing = callback(&stage, "hubspot", &format!("state={}", flow.state));
    assert_eq!(page(&stage.person(), &missing).await.0, 400);
    assert_eq!(
        stage
            .count("SELECT COUNT(*) FROM flow WHERE code IS NOT NULL")
            .await,
        0
    );
    let Flow { id, .. } = &flow;
    assert_eq!(
        stage.admin().get(&format!("/v1/flows/{id}")).await.json()["phase"],
        "started"
    );
}
