//! Starting a flow: what is checked before any redirect.

use crate::exchange::until;
use portico_core::pkce::{CodeVerifier, State, base64url, is_encoded_32_bytes, sha256_base64url};
use portico_core::wire::Role;
use portico_sandbox::DEMO_CLIENT_SECRET;
use portico_sandbox::github::model::DEMO_APP_CLIENT_SECRET;
use portico_tests::{PORTAL, Stage, encoded};
use serde_json::{Value, json};
use std::collections::HashSet;
use url::Url;

const ROWS: &str = "SELECT COUNT(*) FROM flow";

/// AR-1: what ten thousand flows begin with: 43 characters of base64url from 32 bytes of the system's secure source, none
/// ever the same, and a challenge that is the SHA-256 of its verifier.
#[test]
fn ten_thousand_flows_have_nothing_in_common() {
    let random = || {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).unwrap();
        bytes
    };
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let (verifier, state) = (
            CodeVerifier::from_random(random()),
            State::from_random(random()),
        );
        for text in [verifier.expose(), state.expose()] {
            assert!(is_encoded_32_bytes(text), "{text}");
            assert_eq!(text.len(), 43);
            assert!(seen.insert(text.to_owned()), "{text} came twice");
        }
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.expose().as_bytes());
        assert_eq!(verifier.sha256(), base64url(digest.as_ref()));
        assert!(seen.insert(verifier.sha256()));
    }
    assert_eq!(seen.len(), 30_000);
}

/// AR-2, B6: of each provider, the parts that the browser builds its authorization request from, and the request that the
/// core builds of them: to that provider's own host, with exactly these parameters, and no secret among them.
#[tokio::test]
async fn an_authorization_request_goes_to_its_provider_with_exactly_its_parameters() {
    let stage = Stage::with_github().await;
    let admin = stage.admin();
    let (hubspot, github) = (&stage.config.hubspot, stage.config.github.as_ref().unwrap());
    for (flow, path, provider, client_id, scopes, optional) in [
        (
            admin.start_connect().await,
            "/oauth/authorize",
            "hubspot",
            &hubspot.client_id,
            hubspot.required_scopes.join(" "),
            Some(hubspot.optional_scopes.join(" ")),
        ),
        (
            admin.start_github().await,
            "/login/oauth/authorize",
            "github",
            &github.client_id,
            github.scopes.join(" "),
            None,
        ),
    ] {
        let started = &flow.started;
        let redirect_uri = format!("{}/callback/{provider}", stage.config.base_url);
        assert_eq!(
            started["authorize_endpoint"],
            format!("{}{path}", stage.sandbox_url)
        );
        assert_eq!(started["redirect_uri"], redirect_uri);
        assert_eq!(started["client_id"], *client_id);
        let members: Vec<&String> = started.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            [
                "authorize_endpoint",
                "client_id",
                "expires_at",
                "flow_id",
                "redirect_uri"
            ]
        );
        let url = Url::parse(&flow.authorize_url).unwrap();
        assert_eq!(
            format!("{}{}", url.origin().ascii_serialization(), url.path()),
            format!("{}{path}", stage.sandbox_url)
        );
        let mut want = vec![
            ("client_id", client_id.clone()),
            ("redirect_uri", redirect_uri),
            ("scope", scopes),
        ];
        want.extend(optional.map(|optional| ("optional_scope", optional)));
        want.extend([
            ("response_type", "code".to_owned()),
            ("state", flow.state.clone()),
            ("code_challenge", sha256_base64url(&flow.verifier)),
            ("code_challenge_method", "S256".to_owned()),
        ]);
        let named: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let named: Vec<(&str, String)> = named
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        assert_eq!(named, want);
        for secret in [
            flow.verifier.as_str(),
            &admin.token,
            &stage.config.solo.as_ref().unwrap().org,
            DEMO_CLIENT_SECRET,
            DEMO_APP_CLIENT_SECRET,
        ] {
            assert!(!flow.authorize_url.contains(secret), "{provider}");
        }
        let created = format!(
            "SELECT CAST(created_at AS INTEGER) FROM flow WHERE id = '{}'",
            flow.id
        );
        let seconds = started["expires_at"].as_i64().unwrap() - stage.count(&created).await;
        assert!(
            (599..=601).contains(&seconds),
            "a flow lives ten minutes, not {seconds} s"
        );
        assert_eq!(admin.flow(&flow).await["phase"], "started");
    }
}

/// AR-3: a challenge or a state hash of the wrong form is refused with a stable code, and leaves no row.
#[tokio::test]
async fn a_malformed_challenge_or_state_hash_starts_nothing() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let good = encoded(7);
    let last_bits_set = format!("{}B", &good[..42]);
    for (field, value, want) in [
        ("code_challenge_method", json!("plain"), "invalid_pkce"),
        ("code_challenge_method", json!("s256"), "invalid_pkce"),
        ("code_challenge_method", Value::Null, "invalid_pkce"),
        ("code_challenge", Value::Null, "invalid_pkce"),
        ("code_challenge", json!(""), "invalid_pkce"),
        ("code_challenge", json!(&good[..42]), "invalid_pkce"),
        ("code_challenge", json!(format!("{good}A")), "invalid_pkce"),
        (
            "code_challenge",
            json!(format!("{}+", &good[..42])),
            "invalid_pkce",
        ),
        (
            "code_challenge",
            json!(format!("{}=", &good[..42])),
            "invalid_pkce",
        ),
        ("code_challenge", json!(last_bits_set), "invalid_pkce"),
        ("code_challenge", json!(5), "invalid_pkce"),
        ("state_hash", Value::Null, "invalid_state_hash"),
        ("state_hash", json!("short"), "invalid_state_hash"),
        (
            "state_hash",
            json!(format!("{good}AA")),
            "invalid_state_hash",
        ),
        (
            "state_hash",
            json!(format!("{}é", &good[..41])),
            "invalid_state_hash",
        ),
        ("return_uri", Value::Null, "invalid_return_uri"),
        ("intent", json!("steal"), "invalid_request"),
        ("provider", json!("github"), "invalid_request"),
        ("connection_id", json!("c1"), "invalid_request"),
        ("scopes", json!("oauth"), "invalid_request"),
        ("surprise", json!(1), "invalid_request"),
    ] {
        let mut body = admin.any_connect_body();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        } else {
            body[field] = value.clone();
        }
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(answer.refusal(), (400, want.to_owned()), "{field}: {value}");
    }
    assert_eq!(stage.count(ROWS).await, 0);
}

/// AR-3: a state is for one flow.
#[tokio::test]
async fn a_state_hash_cannot_be_used_twice() {
    let stage = Stage::open().await;
    let body = stage.admin().any_connect_body();
    assert_eq!(stage.admin().post("/v1/flows", &body).await.status, 201);
    let again = stage.admin().post("/v1/flows", &body).await;
    assert_eq!(again.refusal(), (400, "invalid_state_hash".into()));
    assert_eq!(stage.count(ROWS).await, 1);
}

/// AR-4, D34, D35: a member changes nothing, and each try is written down.
#[tokio::test]
async fn a_member_is_refused_and_the_refusal_is_written_down() {
    let stage = Stage::open().await;
    let connection = stage.connected(PORTAL).await;
    let flow = stage.admin().start_connect().await;
    let (rows, connections) = (stage.count(ROWS).await, "SELECT COUNT(*) FROM connection");
    let member = stage.member();
    let body = member.any_connect_body();
    let mut reconnect = member.any_connect_body();
    reconnect["intent"] = json!("reconnect");
    reconnect["connection_id"] = json!(connection);
    let path = format!("/v1/connections/{connection}");
    let patch = member
        .request(reqwest::Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(&json!({"label": "mine"}));
    for answer in [
        member.post("/v1/flows", &body).await,
        member.post("/v1/flows", &reconnect).await,
        member.complete(&flow, &encoded(1)).await,
        member.delete(&format!("/v1/flows/{}", flow.id)).await,
        member.send(patch).await,
        member.delete(&path).await,
    ] {
        assert_eq!(answer.refusal(), (403, "role_required".into()));
    }
    assert_eq!(stage.count(ROWS).await, rows);
    assert_eq!(stage.count(connections).await, 1);
    let refusals = "SELECT COUNT(*) FROM journal WHERE actor = 'mel' AND outcome = 'role_required'";
    assert_eq!(stage.count(refusals).await, 6);
    // What members may do: look.
    assert_eq!(member.get("/v1/connections").await.status, 200);
    assert_eq!(member.get(&path).await.status, 200);
    assert_eq!(
        member
            .relay(&connection, "account.details", &json!({}))
            .await
            .status,
        200
    );
}

/// AR-5: scopes are linted against the app, by name, before any redirect.
#[tokio::test]
async fn scopes_that_hubspot_would_refuse_are_named_before_the_redirect() {
    let stage = Stage::set(|config, _| {
        config.hubspot.optional_scopes = vec!["tickets".into(), "forms".into()];
    })
    .await;
    let admin = stage.admin();
    let required = stage.config.hubspot.required_scopes.clone();
    let without_one = required[..required.len() - 1].to_vec();
    let with = |extra: &str| [required.clone(), vec![extra.to_owned()]].concat();
    for (scopes, optional, want, named) in [
        (
            without_one,
            vec!["tickets"],
            "scope_required_missing",
            required[required.len() - 1].as_str(),
        ),
        (
            required.clone(),
            vec!["automation"],
            "scope_not_configured",
            "automation",
        ),
        (
            with("automation"),
            vec![],
            "scope_not_configured",
            "automation",
        ),
        (required.clone(), vec!["oauth"], "invalid_request", "oauth"),
        (required.clone(), vec!["a b"], "invalid_request", ""),
    ] {
        let mut body = admin.any_connect_body();
        body["scopes"] = json!(scopes);
        body["optional_scopes"] = json!(optional);
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(answer.refusal(), (400, want.to_owned()));
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(named),
            "{}",
            answer.text
        );
    }
    assert_eq!(stage.count(ROWS).await, 0);
    let mut body = admin.any_connect_body();
    body["scopes"] = json!(with("tickets"));
    body["optional_scopes"] = json!(["forms"]);
    assert_eq!(admin.post("/v1/flows", &body).await.status, 201);
}

/// AR-6: five open flows of one person; ended and timed-out ones do not count.
#[tokio::test]
async fn a_sixth_open_flow_must_wait() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let mut flows = Vec::new();
    for _ in 0..5 {
        flows.push(admin.start_connect().await);
    }
    let answer = admin.post("/v1/flows", &admin.any_connect_body()).await;
    assert_eq!(answer.refusal(), (429, "too_many_flows".into()));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait));
    assert_eq!(answer.json()["retry_after"], wait);
    // Another person of the org is not held up by the first.
    stage.caller("bob", Role::Admin).start_connect().await;
    assert_eq!(
        admin
            .delete(&format!("/v1/flows/{}", flows[0].id))
            .await
            .status,
        204
    );
    admin.start_connect().await;
    stage
        .sql("UPDATE flow SET expires_at = unixepoch('subsec') - 1")
        .await;
    admin.start_connect().await;
}

/// EM-4, CB-8: a claim that nobody showed within 120 s ends the flow, says so, and frees its place.
#[tokio::test]
async fn a_claim_that_nobody_shows_in_time_ends_the_flow() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let mut flows = Vec::new();
    for _ in 0..5 {
        let flow = admin.start_connect().await;
        let claim = stage.person().consent(&flow, PORTAL).await;
        flows.push((flow, claim));
    }
    let (flow, claim) = &flows[0];
    assert_eq!(admin.flow(flow).await["phase"], "coded");
    let full = admin.post("/v1/flows", &admin.any_connect_body()).await;
    assert_eq!(full.refusal(), (429, "too_many_flows".into()));
    let wait: u64 = full.header("retry-after").unwrap().parse().unwrap();
    assert!(
        (1..=120).contains(&wait),
        "a place is free with the first claim's end, not in {wait} s"
    );
    stage
        .sql(&format!(
            "UPDATE flow SET claim_until = unixepoch('subsec') - 1 WHERE id = '{}'",
            flow.id
        ))
        .await;
    let over = admin.flow(flow).await;
    assert_eq!(
        (&over["phase"], &over["failure"]),
        (&json!("failed"), &json!("claim_required"))
    );
    admin.start_connect().await;
    let late = admin.complete(flow, claim).await;
    assert_eq!(late.refusal(), (403, "claim_required".into()));
    assert_eq!(admin.flow(&flows[1].0).await["phase"], "coded");
    // Housekeeping, which begins with the start, makes it so in the row too and says no other word.
    let stage = stage.restart().await;
    let failed = "SELECT COUNT(*) FROM flow WHERE phase = 'failed' AND failure = 'claim_required' AND code IS NULL";
    until(async || stage.count(failed).await == 1).await;
    assert_eq!(
        stage.admin().flow(flow).await["failure"],
        json!("claim_required")
    );
    let later = stage.admin().complete(flow, claim).await;
    assert_eq!(later.refusal(), (403, "claim_required".into()));
    assert_eq!(stage.token_calls("authorization_code"), 0);
}

/// AR-6: fifty open flows of one organization.
#[tokio::test]
async fn an_organization_has_fifty_open_flows() {
    let stage = Stage::open().await;
    for person in 0..10 {
        let caller = stage.caller(&format!("p{person}"), Role::Admin);
        for _ in 0..5 {
            caller.start_connect().await;
        }
    }
    let late = stage.caller("late", Role::Admin);
    let answer = late.post("/v1/flows", &late.any_connect_body()).await;
    assert_eq!(answer.refusal(), (429, "too_many_flows".into()));
}

/// AR-6, J25–J27, S18: at the plan's limit nothing starts; removing a portal frees its place.
#[tokio::test]
async fn at_the_plan_limit_nothing_starts() {
    let stage = Stage::set(|config, _| config.solo.as_mut().unwrap().max_connections = 1).await;
    let admin = stage.admin();
    let connection = stage.connect(PORTAL).await;
    let answer = admin.post("/v1/flows", &admin.any_connect_body()).await;
    assert_eq!(answer.refusal(), (409, "plan_limit".into()));
    assert!(answer.json()["detail"].as_str().unwrap().contains("1 of 1"));
    // A reconnection needs no new place.
    admin.start_reconnect(&connection).await;
    let id = connection["id"].as_str().unwrap();
    assert_eq!(
        admin.delete(&format!("/v1/connections/{id}")).await.status,
        200
    );
    admin.start_connect().await;
}

/// CB-10 and housekeeping of flows: a cancelled flow is over, and cancelling twice is no fault.
#[tokio::test]
async fn a_cancelled_flow_is_over() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let flow = admin.start_connect().await;
    let callback = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let path = format!("/v1/flows/{}", flow.id);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.delete(&path).await.status, 204);
    let state = admin.flow(&flow).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("flow_finished"))
    );
    assert_eq!(stage.person().visit(&callback).await.status(), 409);
    assert_eq!(
        admin.complete(&flow, &encoded(1)).await.refusal(),
        (409, "flow_finished".into())
    );
    assert_eq!(stage.token_calls("authorization_code"), 0);
}
