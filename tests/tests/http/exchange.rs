//! From claim and verifier to a connection: once, by the right person, with what was really granted.

use futures_util::future::join_all;
use portico_core::wire::Role;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{PORTAL, Stage, encoded};
use serde_json::json;
use std::time::Duration;

const OTHER_PORTAL: u64 = 25_733_019;

/// J4, J7–J10, J18–J21, D4–D6, S10, S11, B10–B12: the whole way, and everything the row shows.
#[tokio::test]
async fn a_portal_is_connected_with_its_facts() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let account = &connection["account"];
    assert_eq!(account["portal_id"], PORTAL);
    assert_eq!(account["name"], "Weserkran Logistik GmbH");
    assert_eq!(account["hub_domain"], "weserkran.example");
    assert_eq!(account["account_type"], "STANDARD");
    assert_eq!(account["daily_usage_limit"], 1_000_000);
    assert_eq!(account["authorised_by"], "mira.holm@kontor-crm.example");
    assert_eq!(account["data_hosting_location"], "eu1");
    let grant = &connection["grant"];
    assert_eq!(grant["kind"], "oauth");
    assert_eq!(
        grant["required"],
        json!(stage.config.hubspot.required_scopes)
    );
    let asked =
        stage.config.hubspot.required_scopes.len() + stage.config.hubspot.optional_scopes.len();
    assert_eq!(grant["asked"].as_array().unwrap().len(), asked);
    let life = grant["expires_at"].as_i64().unwrap() - grant["obtained_at"].as_i64().unwrap();
    assert!(
        (1_799..=1_801).contains(&life),
        "expires_in is followed: {life}"
    );
    assert!(grant.get("fault").is_none_or(serde_json::Value::is_null));
    assert_eq!(connection["connection_type"], "config_and_audit");
    assert_eq!(connection["connected_by"], "you");
    assert_eq!(connection["version"], 1);
    let listed = stage.member().get("/v1/connections").await.json();
    assert_eq!(listed["connections"], json!([connection]));
    let session = stage.admin().get("/v1/session").await.json();
    assert_eq!(session["connections_used"], 1);
    assert!(!connection.to_string().contains("token"), "{connection}");
}

/// EX-1: a wrong verifier fails our own check, kills the flow, and nobody is asked.
/// EX-2: even where the provider would not have minded.
#[tokio::test]
async fn a_wrong_verifier_kills_the_flow_before_any_token_call() {
    let stage = Stage::set(|_, state| state.switches.ignore_pkce = true).await;
    let admin = stage.admin();
    for verifier in [encoded(9), String::new(), "é".repeat(43), "v".repeat(129)] {
        let flow = admin.start_connect().await;
        let claim = stage.person().consent(&flow, PORTAL).await;
        let path = format!("/v1/flows/{}/complete", flow.id);
        let answer = admin
            .post(&path, &json!({"claim": claim, "code_verifier": verifier}))
            .await;
        assert_eq!(answer.refusal(), (400, "bad_verifier".into()), "{verifier}");
        let again = admin.complete(&flow, &claim).await;
        assert_eq!(
            again.refusal(),
            (400, "bad_verifier".into()),
            "the flow is dead"
        );
    }
    assert_eq!(stage.calls("/oauth/2026-03").len(), 0);
    assert_eq!(
        stage
            .count("SELECT COUNT(*) FROM flow WHERE code IS NOT NULL")
            .await,
        0
    );
}

/// EX-3: somebody else's flow is not there, and stays as it was.
#[tokio::test]
async fn another_person_cannot_complete_a_flow() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let colleague = stage.caller("bob", Role::Admin);
    assert_eq!(
        colleague.complete(&flow, &claim).await.refusal(),
        (404, "not_found".into())
    );
    let path = format!("/v1/flows/{}", flow.id);
    assert_eq!(
        colleague.get(&path).await.refusal(),
        (404, "not_found".into())
    );
    assert_eq!(
        colleague.delete(&path).await.refusal(),
        (404, "not_found".into())
    );
    assert_eq!(stage.admin().flow(&flow).await["phase"], "coded");
    // The same for rows of another org or tenant, whose person has the same name.
    for column in ["org", "tenant"] {
        let before = stage
            .text(&format!("SELECT {column} FROM flow"))
            .await
            .unwrap();
        stage
            .sql(&format!("UPDATE flow SET {column} = 'other'"))
            .await;
        assert_eq!(
            stage.admin().complete(&flow, &claim).await.status,
            404,
            "{column}"
        );
        stage
            .sql(&format!("UPDATE flow SET {column} = '{before}'"))
            .await;
    }
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 200);
}

/// EX-4: fifty at once make one token call, and all hear the same.
#[tokio::test]
async fn fifty_completions_at_once_make_one_token_call() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_millis(200);
    })
    .await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let callers: Vec<_> = (0..50).map(|_| stage.admin()).collect();
    let answers = join_all(callers.iter().map(|caller| caller.complete(&flow, &claim))).await;
    let done: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert!(!done.is_empty());
    for answer in &answers {
        assert!(
            matches!(answer.status, 200 | 409),
            "{} {}",
            answer.status,
            answer.text
        );
        if answer.status == 200 {
            assert_eq!(
                answer.json()["connection"]["id"],
                done[0].json()["connection"]["id"]
            );
        }
    }
    assert_eq!(stage.token_calls("authorization_code"), 1);
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
}

/// EX-5, B10: a code full of reserved characters arrives as it was; secret, code and verifier travel in the body only.
#[tokio::test]
async fn the_token_request_is_form_encoded_once_and_in_the_body_only() {
    let stage = Stage::set(|_, state| state.switches.awkward_codes = true).await;
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
    assert!(code.contains(['+', '&', '=', '%', ' ']), "{code}");
    let target = portico_tests::location(&stage.person().visit(&returned).await);
    let claim = portico_tests::fragment(&target, "claim").unwrap();
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 200);
    let call = &stage.calls("/oauth/2026-03/token")[0];
    let form: Vec<(String, String)> = url::form_urlencoded::parse(call.body.as_bytes())
        .into_owned()
        .collect();
    let value = |name: &str| {
        let mut found = form.iter().filter(|(key, _)| key == name);
        let (_, value) = found.next().unwrap();
        assert!(found.next().is_none());
        value.clone()
    };
    assert_eq!(value("grant_type"), "authorization_code");
    assert_eq!(value("code"), code);
    assert_eq!(value("code_verifier"), flow.verifier);
    assert_eq!(value("client_secret"), portico_sandbox::DEMO_CLIENT_SECRET);
    assert_eq!(value("redirect_uri"), flow.started["redirect_uri"]);
    assert_eq!(form.len(), 6);
    assert_eq!(
        call.content_type.as_deref(),
        Some("application/x-www-form-urlencoded")
    );
    let elsewhere = format!("{} {} {:?}", call.path, call.query, call.headers);
    for secret in [
        code.as_str(),
        &flow.verifier,
        portico_sandbox::DEMO_CLIENT_SECRET,
    ] {
        assert!(!elsewhere.contains(secret), "{elsewhere}");
    }
}

/// EX-6, D52–D55: what was unticked is missing from the grant, read from introspection.
#[tokio::test]
async fn a_partial_grant_is_stored_as_granted() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let claim = stage
        .person()
        .consent_keeping(&flow, PORTAL, |scope| scope != "forms")
        .await;
    let connection = stage.admin().complete(&flow, &claim).await.json()["connection"].clone();
    let has = |list: &str| {
        connection["grant"][list]
            .as_array()
            .unwrap()
            .iter()
            .any(|scope| scope == "forms")
    };
    assert!(has("asked") && !has("granted"));
    // What goes dark without it is told by the same catalogue that the pages read.
    let words = |list: &str| -> Vec<String> {
        serde_json::from_value(connection["grant"][list].clone()).unwrap()
    };
    let (asked, granted) = (words("asked"), words("granted"));
    let missing = portico_core::scopes::denied(&asked, &granted);
    assert!(missing.contains(&"forms"), "{missing:?}");
    for scope in missing {
        let entry = portico_core::scopes::entry(scope);
        assert!(
            entry.is_some_and(|entry| !entry.reason.is_empty()),
            "{scope}"
        );
    }
    assert_eq!(stage.calls("/oauth/2026-03/token/introspect").len(), 1);
}

/// S17, J28: without a required permission there is no connection, and the new grant is given up.
#[tokio::test]
async fn a_missing_required_permission_connects_nothing() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    // The provider grants less than its own page said: introspection decides, not the page.
    let dropped = stage.config.hubspot.required_scopes[3].clone();
    stage.sandbox.with(|state| {
        for app in &mut state.apps {
            app.required_scopes.retain(|scope| *scope != dropped);
        }
        for code in state.codes.values_mut() {
            code.holder.scopes.retain(|scope| *scope != dropped);
        }
    });
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(answer.refusal(), (403, "scope_denied".into()));
    assert!(answer.json()["detail"].as_str().unwrap().contains(&dropped));
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    until(async || stage.sandbox.with(|state| state.refresh_tokens.is_empty())).await;
}

/// EX-7, J29: a portal of another org is refused without naming it, and the grant it lives on is left alone.
#[tokio::test]
async fn a_portal_of_another_org_is_refused() {
    let stage = Stage::open().await;
    stage.connect(PORTAL).await;
    stage.sql("UPDATE connection SET org = 'rival'").await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(answer.refusal(), (409, "portal_linked_elsewhere".into()));
    assert!(!answer.text.contains("rival"));
    assert_eq!(
        stage.admin().complete(&flow, &claim).await.code().unwrap(),
        "portal_linked_elsewhere"
    );
    until_gone(&stage).await;
    assert_eq!(
        stage.calls("/oauth/2026-03/token/revoke").len(),
        0,
        "the rival lives on it"
    );
    // Once nobody lives on that account's grant, what is not kept is revoked.
    stage
        .sql("UPDATE connection SET state = 'needs_reauth'")
        .await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 409);
    until_gone(&stage).await;
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 1);
}

/// EX-8: of five that finish at once where one place of three is left, one is connected; the others hear of the limit, and
/// their grants are given up.
#[tokio::test]
async fn the_plan_limit_holds_in_the_last_transaction() {
    let portals: Vec<u64> = (700_000_001..700_000_006).collect();
    let stage = Stage::set(|config, state| {
        config.solo.as_mut().unwrap().max_connections = 3;
        for id in &portals {
            let mut portal = (*state.portals[&PORTAL]).clone();
            portal.id = *id;
            state.portals.insert(*id, portal.into());
        }
    })
    .await;
    for portal in [PORTAL, OTHER_PORTAL] {
        stage.connected(portal).await;
    }
    let admin = stage.admin();
    let mut ready = Vec::new();
    for portal in portals {
        let flow = admin.start_connect().await;
        let claim = stage.person().consent(&flow, portal).await;
        ready.push((flow, claim));
    }
    let completions = ready
        .iter()
        .map(|(flow, claim)| admin.complete(flow, claim));
    let answers = join_all(completions).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.refusal(), (409, "plan_limit".into()));
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 3);
    until_gone(&stage).await;
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 4);
    let alive = stage.sandbox.with(|state| state.refresh_tokens.len());
    assert_eq!(alive, 3, "those of the connected portals live");
}

/// EX-9: the same result again for ten minutes, without a second exchange; then no more.
#[tokio::test]
async fn a_repeated_completion_gets_the_stored_result() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let first = admin.complete(&flow, &claim).await.json();
    assert_eq!(admin.complete(&flow, &claim).await.json(), first);
    assert_eq!(
        admin.flow(&flow).await["connection_id"],
        first["connection"]["id"]
    );
    assert_eq!(stage.token_calls("authorization_code"), 1);
    stage
        .sql("UPDATE flow SET finished_at = unixepoch('subsec') - 601")
        .await;
    let late = admin.complete(&flow, &claim).await;
    assert_eq!(late.refusal(), (409, "flow_finished".into()));
}

/// CP-1 as far as a row can tell: an exchange that was cut off shows as lost after a minute.
#[tokio::test]
async fn an_exchange_that_was_cut_off_shows_as_lost() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    stage
        .sql("UPDATE flow SET phase = 'exchanging', code = NULL, exchanging_at = unixepoch('subsec') - 61")
        .await;
    let state = admin.flow(&flow).await;
    assert_eq!(
        (&state["phase"], &state["failure"]),
        (&json!("failed"), &json!("flow_lost"))
    );
    assert_eq!(
        admin.complete(&flow, &claim).await.refusal(),
        (409, "flow_lost".into())
    );
}

/// RR-4 for the exchange: the caller goes, the exchange finishes.
#[tokio::test]
async fn an_exchange_outlives_its_caller() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_millis(600);
    })
    .await;
    let admin = stage.admin();
    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let gone =
        tokio::time::timeout(Duration::from_millis(200), admin.complete(&flow, &claim)).await;
    assert!(gone.is_err(), "the caller went before the answer");
    until(async || admin.flow(&flow).await["phase"] == "done").await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 200);
    assert_eq!(stage.token_calls("authorization_code"), 1);
}

/// UF-2, UF-3, UF-5, UF-7: what the token endpoint may answer, and what is said of it.
#[tokio::test]
async fn each_refusal_of_the_token_endpoint_has_its_code() {
    for (answer, status, code) in [
        (
            FaultAnswer::OAuth("BAD_AUTH_CODE".into()),
            502,
            "grant_refused",
        ),
        (
            FaultAnswer::OAuth("EXPIRED_AUTH_CODE".into()),
            502,
            "grant_refused",
        ),
        (
            FaultAnswer::OAuth("BAD_CODE_VERIFIER".into()),
            502,
            "grant_refused",
        ),
        (
            FaultAnswer::OAuth("BAD_CLIENT_SECRET".into()),
            502,
            "config_fault",
        ),
        (
            FaultAnswer::OAuth("MISMATCH_REDIRECT_URI_AUTH_CODE".into()),
            502,
            "config_fault",
        ),
        (FaultAnswer::Status(500), 503, "provider_unavailable"),
        (FaultAnswer::Html502, 503, "provider_unavailable"),
        (FaultAnswer::Garbage, 503, "provider_unavailable"),
        (
            FaultAnswer::Migration477 { retry_after: 120 },
            503,
            "provider_unavailable",
        ),
    ] {
        let stage = Stage::open().await;
        let flow = stage.admin().start_connect().await;
        let claim = stage.person().consent(&flow, PORTAL).await;
        let fault = Fault {
            path_prefix: "/oauth/2026-03/token".into(),
            method: None,
            remaining: 1,
            answer: answer.clone(),
        };
        stage.sandbox.with(|state| state.faults.push(fault));
        let refused = stage.admin().complete(&flow, &claim).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{answer:?}");
        let state = stage.admin().flow(&flow).await;
        assert_eq!(state["failure"], code, "{answer:?}");
        assert_eq!(
            stage
                .admin()
                .complete(&flow, &claim)
                .await
                .code()
                .as_deref(),
            Some(code)
        );
        assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    }
}

/// Mission fact 4, J20: account details decide nothing; without them the portal is still connected.
#[tokio::test]
async fn a_portal_without_readable_details_is_still_connected() {
    let stage = Stage::open().await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let fault = Fault {
        path_prefix: "/account-info/".into(),
        method: None,
        remaining: 10,
        answer: FaultAnswer::Html502,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    let connection = stage.admin().complete(&flow, &claim).await.json()["connection"].clone();
    assert_eq!(connection["account"]["portal_id"], PORTAL);
    assert_eq!(connection["account"]["hub_domain"], "weserkran.example");
    assert_eq!(connection["account"]["name"], json!(null));
}

/// Waits until the proxy has worked off its pending revocations.
async fn until_gone(stage: &Stage) {
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
}

/// Waits for something that must come; a test that waits too long has failed.
pub(crate) async fn until(mut came: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if came().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never came");
}
