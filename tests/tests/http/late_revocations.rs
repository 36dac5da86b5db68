//! An account that is connected anew while its former grant is still being given up: nobody is told of a connection
//! whose grant ended with the old one.

use crate::exchange::until;
use crate::github::{MARA, TOKENS, id_of, stage_fault};
use crate::kill_points::send;
use crate::refresh::EXPIRED;
use portico_sandbox::FaultAnswer;
use portico_tests::{Answer, Flow, Replica, Stage};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long the process that gives up stands still at its point, in milliseconds; it is stopped meanwhile.
const PAUSE: u64 = 2_000;

/// A connected account whose removal has begun in another process and stands still before GitHub is called.
struct Removal {
    stage: Stage,
    remover: Replica,
    /// A consent that is ready to be completed.
    flow: Flow,
    claim: String,
}

impl Removal {
    async fn begun(remover: impl AsyncFnOnce(&Stage) -> Replica) -> Self {
        let stage = Stage::with_github().await;
        let id = id_of(&stage.connect_github(MARA).await);
        let remover = remover(&stage).await;
        let flow = stage.admin().start_github().await;
        let claim = stage.person().authorize(&flow, MARA).await;
        let caller = remover.launched().await;
        let path = format!("/v1/connections/{id}");
        send(&caller, Method::DELETE, &path, &json!({}));
        remover.reached().await;
        Self {
            stage,
            remover,
            flow,
            claim,
        }
    }

    /// Completes in the stage's own process; comes back when GitHub has given the new grant.
    async fn redeemed(&self) -> JoinHandle<Answer> {
        let before = self.stage.github_token_calls("redirect_uri");
        let (caller, flow, claim) = (self.stage.admin(), self.flow.clone(), self.claim.clone());
        let completing = tokio::spawn(async move { caller.complete(&flow, &claim).await });
        until(async || self.stage.github_token_calls("redirect_uri") > before).await;
        completing
    }
}

/// CP-3, EX-7: GitHub ends every grant of the account with the one that is given up. The flow that got its own before
/// that fails with a sentence; the next one is connected and lives.
#[tokio::test]
async fn a_grant_that_ends_with_the_former_one_is_never_shown_as_connected() {
    let stopping =
        async |stage: &Stage| Replica::start_pausing_at(stage, "revoke-before-call", PAUSE).await;
    let removal = Removal::begun(stopping).await;
    removal.remover.stop();
    let completing = removal.redeemed().await;
    let stage = &removal.stage;
    assert_eq!(stage.calls("/api/v3/applications").len(), 0);
    removal.remover.go_on();
    let answer = completing.await.unwrap();
    assert_eq!(answer.refusal(), (502, "grant_refused".into()));
    let detail = answer.json()["detail"].to_string();
    assert!(detail.contains("GitHub was still ending"), "{detail}");
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    // The dead grant is not given up once more, which would end the next one.
    assert_eq!(stage.calls("/api/v3/applications").len(), 1);
    let id = id_of(&stage.connect_github(MARA).await);
    let answer = stage.admin().relay(&id, "github.user", &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// CP-3: the process that was to give it up is killed before its call. The new grant waits until no call of it can
/// arrive any more, is seen alive, and is kept; the revocation that is still on the list then spares it.
#[tokio::test]
async fn a_grant_waits_until_a_killed_revocation_cannot_reach_it() {
    let stopping =
        async |stage: &Stage| Replica::start_stopping_at(stage, "revoke-before-call").await;
    let Removal {
        stage,
        remover,
        flow,
        claim,
    } = Removal::begun(stopping).await;
    remover.kill9().await;
    let open = "SELECT COUNT(*) FROM grant_end WHERE ends_until > unixepoch('subsec')";
    assert_eq!(stage.count(open).await, 1);
    let (caller, of_task) = (stage.admin(), flow.clone());
    let completing = tokio::spawn(async move { caller.complete(&of_task, &claim).await });
    until(async || stage.github_token_calls("redirect_uri") == 2).await;
    stage
        .sql("UPDATE grant_end SET ends_until = unixepoch('subsec')")
        .await;
    let answer = completing.await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = id_of(&answer.json()["connection"]);
    stage
        .sql("UPDATE revocation SET lease_until = lease_until - 60")
        .await;
    let _next = Replica::start(&stage).await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    assert_eq!(stage.calls("/api/v3/applications").len(), 0);
    let answer = stage.admin().relay(&id, "github.user", &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// RR-6, CP-3: a connection is removed while its refresh is under way. The refresh token works once and is presented
/// once: what the refresh brought is given up in its stead, and all that the account granted ends with that.
#[tokio::test]
async fn a_refresh_token_on_its_way_is_not_presented_again_by_a_removal() {
    let stage = Stage::with_github().await;
    let id = id_of(&stage.connect_github(MARA).await);
    stage.sql(EXPIRED).await;
    stage_fault(&stage, TOKENS, FaultAnswer::Slow(Duration::from_secs(2)));
    let (caller, of_task) = (stage.admin(), id.clone());
    let reading =
        tokio::spawn(async move { caller.relay(&of_task, "github.user", &json!({})).await });
    let refreshes = || stage.github_token_calls("grant_type");
    until(async || refreshes() == 1).await;
    let told = stage.admin().delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(told.json()["revoked"], false, "{}", told.text);
    assert_eq!(reading.await.unwrap().status, 404);
    let grants = || stage.sandbox.with(|state| state.github.grants.len());
    until(async || grants() == 0).await;
    // Its turn comes when the refresh would be over at the latest.
    stage
        .sql("UPDATE revocation SET next_try_at = next_try_at - 30")
        .await;
    let stage = stage.restart().await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    assert_eq!(stage.github_token_calls("grant_type"), 1);
    assert_eq!(stage.calls("/api/v3/applications").len(), 1);
}
