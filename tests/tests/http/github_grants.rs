//! GitHub's grants: refresh tokens that work once, tokens without an end, and giving both up.

use crate::exchange::until;
use crate::github::{MARA, TOKENS, id_of, stage_fault};
use crate::refresh::{EXPIRED, fault, second_process};
use futures_util::future::join_all;
use portico_sandbox::FaultAnswer;
use portico_tests::{Answer, Stage};
use serde_json::{Value, json};
use std::time::Duration;

async fn connected(stage: &Stage) -> String {
    id_of(&stage.connect_github(MARA).await)
}

async fn user(stage: &Stage, id: &str) -> Answer {
    stage.admin().relay(id, "github.user", &json!({})).await
}

fn refreshes(stage: &Stage) -> usize {
    stage.github_token_calls("grant_type")
}

fn refresh_tokens(stage: &Stage) -> Vec<String> {
    stage
        .sandbox
        .with(|state| state.github.refresh_tokens.keys().cloned().collect())
}

fn forget_refresh_tokens(stage: &Stage) {
    stage
        .sandbox
        .with(|state| state.github.refresh_tokens.clear());
}

fn of(fault: &Value) -> (&Value, &Value) {
    (&fault["category"], &fault["cause"])
}

/// RR-7, D20–D24: what comes back is stored in the same commit, and the old refresh token is dead.
#[tokio::test]
async fn each_refresh_spends_the_token_before_it() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let mut seen = refresh_tokens(&stage);
    for round in 1..=3 {
        stage.sql(EXPIRED).await;
        assert_eq!(user(&stage, &id).await.status, 200);
        assert_eq!(refreshes(&stage), round);
        let now = refresh_tokens(&stage);
        assert!(now.len() == 1 && !seen.contains(&now[0]));
        seen.extend(now);
    }
    assert_eq!(stage.count("SELECT rotating FROM connection").await, 0);
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["last_refresh"]["outcome"], "refreshed");
}

/// RR-1 for GitHub: two hundred calls on an expired token make one refresh, and all are served.
#[tokio::test]
async fn two_hundred_calls_make_one_refresh_at_github() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    stage
        .sandbox
        .with(|state| state.github.switches.latency = Duration::from_millis(100));
    stage.sql(EXPIRED).await;
    let admin = stage.admin();
    let ask = json!({});
    let calls = (0..200).map(|_| admin.relay(&id, "github.user", &ask));
    for answer in join_all(calls).await {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(refreshes(&stage), 1);
}

/// RR-6, RR-2 for GitHub, in small: two processes, round after round, never spend a token twice.
#[tokio::test]
async fn two_processes_never_spend_a_token_twice() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let (second, there) = second_process(&stage).await;
    let (here, ask) = (stage.admin(), json!({}));
    for round in 1..=5 {
        stage.sql(EXPIRED).await;
        let both = (0..20).map(|number| {
            let caller = if number % 2 == 0 { &here } else { &there };
            caller.relay(&id, "github.user", &ask)
        });
        for answer in join_all(both).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        assert_eq!(refreshes(&stage), round);
    }
    assert_eq!(fault(&stage, &id).await, json!(null));
    second.shutdown().await;
}

/// UF-4, UF-5: a refusal is believed at once, for asking again could not help; then nothing is sent.
#[tokio::test]
async fn a_refused_refresh_token_is_not_tried_again() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let client_id = stage.config.github.as_ref().unwrap().client_id.clone();
    stage
        .sandbox
        .with(|state| state.github.revoke_grant(&client_id, MARA));
    stage.sql(EXPIRED).await;
    let refused = user(&stage, &id).await;
    assert_eq!(refused.refusal(), (409, "needs_reauth".into()));
    assert_eq!(
        of(&fault(&stage, &id).await),
        (&json!("grant_dead"), &json!("refresh_token_invalid"))
    );
    assert_eq!(refreshes(&stage), 1);
    let before = stage.sandbox.with(|state| state.calls.len());
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (409, "needs_reauth".into())
    );
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
    let connection = stage.admin().connection(&id).await;
    let flow = stage.admin().start_github_reconnect(&connection).await;
    let claim = stage.person().authorize(&flow, MARA).await;
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 200);
    assert_eq!(user(&stage, &id).await.status, 200);
}

/// UF-3, UF-5: refused credentials are our fault, whatever the status; the connection stays as it was.
#[tokio::test]
async fn refused_credentials_touch_no_connection() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    stage.sql(EXPIRED).await;
    let named = FaultAnswer::OAuth("incorrect_client_credentials".into());
    stage_fault(&stage, TOKENS, named);
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (502, "config_fault".into())
    );
    assert_eq!(fault(&stage, &id).await, json!(null));
    assert_eq!(
        stage.count("SELECT rotating FROM connection").await,
        0,
        "nothing was spent"
    );
}

/// CP-2: the process died between call and commit. The old token is used once more; refused, it says why.
#[tokio::test]
async fn a_token_lost_on_the_way_says_so() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    forget_refresh_tokens(&stage);
    let died = format!(
        "{EXPIRED}, rotating = 1, lease_owner = 'another', lease_until = unixepoch('subsec') - 1"
    );
    stage.sql(&died).await;
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (409, "needs_reauth".into())
    );
    assert_eq!(
        of(&fault(&stage, &id).await),
        (&json!("grant_dead"), &json!("lost_response"))
    );
    assert_eq!(refreshes(&stage), 1);
    let written = "SELECT COUNT(*) FROM journal WHERE reason LIKE 'lost_response%'";
    assert_eq!(stage.count(written).await, 1);
}

/// CP-2: the process died before the call reached GitHub. The old token still works, and the mark goes.
#[tokio::test]
async fn a_token_that_was_not_spent_recovers() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let died = format!(
        "{EXPIRED}, rotating = 1, lease_owner = 'another', lease_until = unixepoch('subsec') + 1"
    );
    stage.sql(&died).await;
    assert_eq!(user(&stage, &id).await.status, 200);
    assert_eq!(stage.count("SELECT rotating FROM connection").await, 0);
    assert_eq!(refreshes(&stage), 1);
}

/// CP-2, UF-7: an answer that cannot be read may have spent the token; one that refuses politely has not.
#[tokio::test]
async fn an_unreadable_answer_is_remembered_and_a_polite_one_is_not() {
    for (answer, cause) in [
        (FaultAnswer::Garbage, "lost_response"),
        (FaultAnswer::Html502, "lost_response"),
        (
            FaultAnswer::TooManyRequests {
                policy: "secondary".into(),
            },
            "refresh_token_invalid",
        ),
    ] {
        let stage = Stage::with_github().await;
        let id = connected(&stage).await;
        stage.sql(EXPIRED).await;
        stage_fault(&stage, TOKENS, answer.clone());
        assert_eq!(
            user(&stage, &id).await.refusal(),
            (503, "provider_unavailable".into()),
            "{answer:?}"
        );
        assert_eq!(fault(&stage, &id).await["category"], "transient");
        forget_refresh_tokens(&stage);
        stage
            .sql("UPDATE connection SET next_try_at = unixepoch('subsec') - 1")
            .await;
        assert_eq!(
            user(&stage, &id).await.refusal(),
            (409, "needs_reauth".into())
        );
        assert_eq!(fault(&stage, &id).await["cause"], cause, "{answer:?}");
    }
}

/// RL-10: GitHub's 401 names no reason, so GitHub is asked about the token; one it has forgotten is refreshed once.
#[tokio::test]
async fn a_token_that_github_forgot_is_refreshed_once() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let now = stage.sandbox.now();
    stage
        .sandbox
        .with(|state| state.github.expire_tokens(MARA, now));
    assert_eq!(user(&stage, &id).await.status, 200);
    assert_eq!(refreshes(&stage), 1);
    // A 401 for a token that GitHub knows is passed on, and nothing is spent for it.
    stage_fault(&stage, "/api/v3/user", FaultAnswer::Status(401));
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (502, "upstream_unauthorized".into())
    );
    assert_eq!(refreshes(&stage), 1);
}

/// An OAuth app's token has no end: nothing is refreshed, and its revocation shows at the next call.
#[tokio::test]
async fn a_token_without_an_end_is_used_until_it_is_revoked() {
    let stage = Stage::with_github_oauth_app(&["repo"]).await;
    let connection = stage.connect_github(MARA).await;
    let id = id_of(&connection);
    let grant = &connection["grant"];
    assert_eq!(
        (&grant["kind"], &grant["granted"], &grant["expires_at"]),
        (&json!("oauth"), &json!(["repo"]), &json!(null))
    );
    for _ in 0..3 {
        assert_eq!(user(&stage, &id).await.status, 200);
    }
    assert_eq!(stage.calls(TOKENS).len(), 1);
    let client_id = stage.config.github.as_ref().unwrap().client_id.clone();
    stage
        .sandbox
        .with(|state| state.github.revoke_grant(&client_id, MARA));
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (409, "needs_reauth".into())
    );
    assert_eq!(
        of(&fault(&stage, &id).await),
        (&json!("grant_dead"), &json!("refresh_token_invalid"))
    );
    let before = stage.sandbox.with(|state| state.calls.len());
    assert_eq!(
        user(&stage, &id).await.refusal(),
        (409, "needs_reauth".into())
    );
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}

/// J11 for GitHub: facts a day old are read again after a refresh.
#[tokio::test]
async fn an_accounts_facts_follow_github() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    stage.sandbox.with(|state| {
        let mara = state.github.accounts.get_mut(&40_001).unwrap();
        mara.login = "mara-l".into();
    });
    stage
        .sql(&format!(
            "{EXPIRED}, account_read_at = unixepoch('subsec') - 90000"
        ))
        .await;
    assert_eq!(user(&stage, &id).await.status, 200);
    until(async || stage.admin().connection(&id).await["account"]["name"] == "mara-l").await;
}

/// J24, D27, threat model 8: removal ends the authorization, by a token in the body and never in the URL.
#[tokio::test]
async fn removal_revokes_at_github() {
    for oauth_app in [false, true] {
        let stage = if oauth_app {
            Stage::with_github_oauth_app(&["repo"]).await
        } else {
            Stage::with_github().await
        };
        let id = connected(&stage).await;
        let answer = stage.admin().delete(&format!("/v1/connections/{id}")).await;
        let told = answer.json();
        assert_eq!(told["revoked"], true, "{told}");
        let notes = told["notes"].to_string();
        assert!(
            notes.contains("GitHub") && !notes.contains("HubSpot"),
            "{notes}"
        );
        let client_id = &stage.config.github.as_ref().unwrap().client_id;
        let calls = stage.calls("/api/v3/applications");
        assert_eq!(calls.len(), 1);
        assert_eq!(
            (
                calls[0].method.as_str(),
                calls[0].path.as_str(),
                calls[0].query.as_str()
            ),
            (
                "DELETE",
                format!("/api/v3/applications/{client_id}/grant").as_str(),
                ""
            )
        );
        assert!(calls[0].body.contains("access_token"));
        assert_eq!(refreshes(&stage), 0);
        stage.sandbox.with(|state| {
            assert!(state.github.grants.is_empty() && state.github.tokens.is_empty());
        });
        assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 0);
    }
}

/// CP-3 for single use: without a living access token one is fetched first, and kept when the revocation must wait.
#[tokio::test]
async fn a_grant_whose_token_ran_out_is_revoked_too() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    let now = stage.sandbox.now();
    stage
        .sandbox
        .with(|state| state.github.expire_tokens(MARA, now));
    stage.sql(EXPIRED).await;
    stage_fault(&stage, "/api/v3/applications", FaultAnswer::Status(500));
    let told = stage
        .admin()
        .delete(&format!("/v1/connections/{id}"))
        .await
        .json();
    assert_eq!(told["revoked"], false, "{told}");
    assert_eq!(refreshes(&stage), 1);
    let which = stage.text("SELECT which FROM revocation").await;
    assert_eq!(
        which.as_deref(),
        Some("access"),
        "the refresh token is spent"
    );
    stage
        .sql("UPDATE revocation SET next_try_at = unixepoch('subsec') - 1")
        .await;
    // The next start looks at what is due.
    let stage = stage.restart().await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    stage
        .sandbox
        .with(|state| assert!(state.github.grants.is_empty()));
    assert_eq!(refreshes(&stage), 1);
}

/// RFC 9700, section 4.14.2, and CP-2: a refresh token that works once and was refused is not presented again by the
/// removal, which does not claim what it did not do.
#[tokio::test]
async fn a_refused_token_is_not_presented_by_the_removal() {
    let stage = Stage::with_github().await;
    let id = connected(&stage).await;
    forget_refresh_tokens(&stage);
    stage.sql(EXPIRED).await;
    assert_eq!(user(&stage, &id).await.status, 409);
    assert_eq!(refreshes(&stage), 1);
    let told = stage.admin().delete(&format!("/v1/connections/{id}")).await;
    let told = told.json();
    assert_eq!(told["revoked"], false, "{told}");
    assert!(told["notes"].to_string().contains("GitHub"), "{told}");
    assert_eq!(refreshes(&stage), 1, "it was presented again");
    assert_eq!(stage.calls("/api/v3/applications").len(), 0);
    for rows in ["connection", "revocation"] {
        let count = format!("SELECT COUNT(*) FROM {rows}");
        assert_eq!(stage.count(&count).await, 0, "{rows}");
    }
    let written =
        "SELECT COUNT(*) FROM journal WHERE reason LIKE '%its last token was refused before'";
    assert_eq!(stage.count(written).await, 1);
}
