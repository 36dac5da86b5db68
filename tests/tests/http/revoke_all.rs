//! The operator's last resort, `portico-proxy revoke-all` (threat model, section 8), as a process beside a proxy
//! that serves.

use crate::exchange::until;
use crate::github::{MARA, id_of};
use crate::refresh::details;
use crate::static_credentials::{add, private_app, replace};
use portico_core::journal::{JournalEntry, Verifier};
use portico_tests::{PORTAL, Stage, command};
use serde_json::json;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

const SECOND: u64 = 25_733_019;
/// So long another proxy may go on with what it read.
const READINGS: Duration = Duration::from_millis(550);

async fn revoke_all(stage: &Stage, arguments: &[&str]) -> Output {
    let (mut command, _folder) = command(stage, "revoke-all", None);
    let output = command.args(arguments).output().await.unwrap();
    tokio::time::sleep(READINGS).await;
    output
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

async fn tenant(stage: &Stage) -> String {
    stage
        .text("SELECT DISTINCT tenant FROM connection")
        .await
        .unwrap()
}

async fn in_state(stage: &Stage, state: &str) -> i64 {
    let query = format!("SELECT COUNT(*) FROM connection WHERE state = '{state}'");
    stage.count(&query).await
}

/// Tokens of connections at rest.
const TOKENS: &str =
    "SELECT COUNT(*) FROM connection WHERE refresh_token IS NOT NULL OR access_token IS NOT NULL";
/// A copy of the first connection in another tenant, whose tokens do not open there.
fn foreign_copy(account: &str) -> String {
    format!(
        "INSERT INTO connection (id, tenant, org, provider, account, client_id, version, connection_type,
            account_facts, grant_kind, asked, granted, obtained_at, state, generation, refresh_token, access_token,
            access_expires_at, connected_by, created_at, updated_at)
         SELECT 'zz-copy', 'https://other.example', org, provider, {account}, client_id, version, connection_type,
            account_facts, grant_kind, asked, granted, obtained_at, state, generation, refresh_token, access_token,
            access_expires_at, connected_by, created_at, updated_at
         FROM connection WHERE account = '{PORTAL}'"
    )
}

/// The journal's entries of the one organization, oldest first, their chain verified.
async fn journal(stage: &Stage) -> Vec<JournalEntry> {
    let owner = "SELECT tenant FROM org WHERE tenant LIKE 'portico-solo:%'";
    let tenant = stage.text(owner).await.unwrap();
    let org = stage.config.solo.as_ref().unwrap().org.clone();
    let mut verifier = Verifier::from_genesis(&tenant, &org);
    let whose = format!("FROM journal WHERE tenant = '{tenant}' AND org = '{org}'");
    let count = stage.count(&format!("SELECT COUNT(*) {whose}")).await;
    let mut entries = Vec::new();
    for seq in 1..=count {
        let column = async |name: &str| {
            let query = format!(
                "SELECT CAST({name} AS TEXT) {whose} AND seq = {seq} AND {name} IS NOT NULL
                    UNION ALL SELECT '' ORDER BY 1 DESC LIMIT 1"
            );
            stage.text(&query).await.unwrap()
        };
        let optional = async |name: &str| Some(column(name).await).filter(|text| !text.is_empty());
        let entry = JournalEntry {
            seq: seq.unsigned_abs(),
            at_ms: column("at_ms").await.parse().unwrap(),
            actor: column("actor").await,
            action: column("action").await,
            target: optional("target").await,
            outcome: column("outcome").await,
            reason: optional("reason").await,
            session: optional("session").await,
            hash: column("hash").await,
        };
        verifier.push(&entry).unwrap();
        entries.push(entry);
    }
    entries
}

/// Threat model 8: one command ends the use of every grant at once, wipes the tokens, journals each connection, and
/// a proxy that serves revokes all of them at HubSpot. The portals can be connected again.
#[tokio::test]
async fn one_command_revokes_every_grant() {
    let stage = Stage::open().await;
    let first = stage.connect(PORTAL).await;
    let ids = [
        first["id"].as_str().unwrap().to_owned(),
        stage.connected(SECOND).await,
    ];

    let counted = revoke_all(&stage, &[]).await;
    assert!(!counted.status.success());
    let words = said(&counted);
    assert!(
        words.contains("2 connections of 1 organizations"),
        "{words}"
    );
    assert!(words.contains("--yes"), "{words}");
    assert_eq!(in_state(&stage, "connected").await, 2, "only counted");
    assert_eq!(details(&stage, &ids[0]).await.status, 200);

    let done = revoke_all(&stage, &["--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("2 connections were revoked"),
        "{}",
        said(&done)
    );
    assert_eq!(in_state(&stage, "revoked").await, 2);
    assert_eq!(stage.count(TOKENS).await, 0);
    for id in &ids {
        assert_eq!(details(&stage, id).await.status, 409, "refused at once");
        let connection = stage.admin().connection(id).await;
        assert_eq!(
            connection["grant"]["revoked"]["by"], "operator",
            "{connection}"
        );
    }
    let entries = journal(&stage).await;
    for id in &ids {
        let of_it = entries.iter().filter(|entry| {
            entry.action == "connection.revoke" && entry.target.as_ref() == Some(id)
        });
        let of_it: Vec<_> = of_it.collect();
        assert_eq!(of_it.len(), 1, "{entries:?}");
        assert_eq!(
            (of_it[0].actor.as_str(), of_it[0].outcome.as_str()),
            ("operator", "done")
        );
        assert_eq!(
            of_it[0].reason.as_deref(),
            Some("its grant is to be revoked")
        );
    }

    // The worker looks every half minute, and at start.
    let stage = stage.restart().await;
    until(async || stage.sandbox.with(|state| state.refresh_tokens.is_empty())).await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    let again = revoke_all(&stage, &["--yes"]).await;
    assert!(again.status.success());
    let words = said(&again);
    assert!(
        words.contains("0 connections were revoked; 0 revocations wait"),
        "{words}"
    );

    let flow = stage.admin().start_reconnect(&first).await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    assert_eq!(stage.admin().complete(&flow, &claim).await.status, 200);
    assert_eq!(details(&stage, &ids[0]).await.status, 200);
}

/// Threat model 8: a tenant's grants alone. Another tenant's connection works on, and where it lives on the same
/// portal the grant is not revoked under it. A tenant that nobody has is a slip, not a success.
#[tokio::test]
async fn one_tenants_grants_are_revoked_and_no_other_tenants() {
    let stage = Stage::open().await;
    stage.connected(PORTAL).await;
    stage.connected(SECOND).await;
    let own = tenant(&stage).await;
    stage.sql(&foreign_copy("account")).await;

    let slip = revoke_all(&stage, &["--tenant", "https://othr.example", "--yes"]).await;
    assert!(!slip.status.success());
    let words = said(&slip);
    assert!(
        words.contains("https://other.example") && words.contains(&own),
        "{words}"
    );
    assert_eq!(in_state(&stage, "connected").await, 3);

    let done = revoke_all(&stage, &["--tenant", &own, "--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("2 connections were revoked"),
        "{}",
        said(&done)
    );
    let other = "SELECT state FROM connection WHERE tenant = 'https://other.example'";
    assert_eq!(stage.text(other).await.as_deref(), Some("connected"));
    let stage = stage.restart().await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;
    assert_eq!(
        stage.calls("/oauth/2026-03/token/revoke").len(),
        1,
        "the portal that two tenants share keeps its grant"
    );
}

/// ST-2 beside it: a grant that does not open stops nothing. Its connection is revoked here, and the operator is told
/// that HubSpot has to be told by hand.
#[tokio::test]
async fn a_grant_that_does_not_open_is_revoked_here_and_told() {
    let stage = Stage::open().await;
    stage.connected(PORTAL).await;
    stage.sql(&foreign_copy("'1'")).await;
    let done = revoke_all(&stage, &["--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    let words = said(&done);
    assert!(
        words.contains("2 connections were revoked; 1 revocations"),
        "{words}"
    );
    assert!(
        words.contains("1 of them cannot be revoked from here"),
        "{words}"
    );
    assert_eq!(in_state(&stage, "revoked").await, 2);
    assert_eq!(stage.count(TOKENS).await, 0);
    let reason = "SELECT reason FROM journal WHERE tenant = 'https://other.example'";
    assert_eq!(
        stage.text(reason).await.as_deref(),
        Some("its grant cannot be revoked from here")
    );
}

/// CP-3: killed before anything is listed, the command leaves grants that nobody uses any more; killed in the middle,
/// some are listed. Run again, it finishes, and each connection has one entry in the journal.
#[tokio::test]
async fn a_command_that_was_killed_goes_on_where_it_stopped() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.connected(SECOND).await;
    stage.sql(&foreign_copy("'1'")).await;
    killed_at(&stage, "revoke-all-marked").await;
    assert_eq!(in_state(&stage, "revoking").await, 3);
    assert_eq!(details(&stage, &id).await.status, 409);
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 0);

    // Each organization is one commit.
    killed_at(&stage, "revoke-all-listed").await;
    assert!(in_state(&stage, "revoking").await > 0 && in_state(&stage, "revoked").await > 0);

    let done = revoke_all(&stage, &["--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(in_state(&stage, "revoked").await, 3);
    let written = "SELECT COUNT(*) FROM journal WHERE action = 'connection.revoke'";
    assert_eq!(stage.count(written).await, 3);
    journal(&stage).await;
    let stage = stage.restart().await;
    until(async || stage.sandbox.with(|state| state.refresh_tokens.is_empty())).await;
}

async fn killed_at(stage: &Stage, point: &str) {
    let (mut command, _folder) = command(stage, "revoke-all", Some(point));
    let mut process = command
        .arg("--yes")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let reached = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("the point is reached") {
                return;
            }
        }
        panic!("it ended before {point}");
    };
    tokio::time::timeout(Duration::from_mins(1), reached)
        .await
        .expect("the point is reached");
    process.kill().await.unwrap();
    tokio::time::sleep(READINGS).await;
}

/// Threat model 8: a refresh that is under way when the command comes neither brings the connection back nor leaves
/// its fresh token alive.
#[tokio::test]
async fn a_refresh_under_way_brings_nothing_back() {
    let stage = Stage::set(|_, state| {
        state.switches.rotate_refresh_tokens = true;
    })
    .await;
    let id = stage.connected(PORTAL).await;
    stage
        .sandbox
        .with(|state| state.switches.token_latency = Duration::from_secs(6));
    stage.sql(crate::refresh::EXPIRED).await;
    let call = tokio::spawn({
        let (caller, id) = (stage.admin(), id.clone());
        async move { caller.relay(&id, "account.details", &json!({})).await }
    });
    until(async || stage.token_calls("refresh_token") == 1).await;
    let done = revoke_all(&stage, &["--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(call.await.unwrap().status, 409);
    assert_eq!(in_state(&stage, "revoked").await, 1);
    assert_eq!(stage.count(TOKENS).await, 0);
    let stage = stage.restart().await;
    until(async || stage.sandbox.with(|state| state.refresh_tokens.is_empty())).await;
}

/// Threat model 8, D26: GitHub's grants end too. A static token is forgotten here, and the operator is told that it
/// lives on at HubSpot. Open pages hear of both; both can be connected again.
#[tokio::test]
async fn grants_of_github_end_and_static_tokens_are_forgotten() {
    let stage = Stage::with_github().await;
    let github = id_of(&stage.connect_github(MARA).await);
    let (_, token) = private_app(&stage, SECOND);
    let entered = id_of(&add(&stage.admin(), &token).await.json());
    let mut stream = stage.admin().events(None).await;
    let done = revoke_all(&stage, &["--yes"]).await;
    assert!(done.status.success(), "{}", said(&done));
    let words = said(&done);
    assert!(
        words.contains("2 connections were revoked; 1 revocations wait"),
        "{words}"
    );
    assert!(
        words.contains("1 of them cannot be revoked from here"),
        "{words}"
    );
    assert_eq!(in_state(&stage, "revoked").await, 2);
    assert_eq!(stage.count(TOKENS).await, 0);
    for _ in 0..2 {
        let event = stream
            .find(|event| event.name == "connection_changed")
            .await;
        let revoked = &event.data["connection"]["grant"]["revoked"];
        assert_eq!(revoked["by"], "operator", "{:?}", event.data);
    }
    let stage = stage.restart().await;
    let left = || {
        stage
            .sandbox
            .with(|state| state.github.refresh_tokens.len())
    };
    until(async || left() == 0).await;
    until(async || stage.count("SELECT COUNT(*) FROM revocation").await == 0).await;

    assert_eq!(id_of(&stage.connect_github(MARA).await), github);
    let (_, token) = private_app(&stage, SECOND);
    let replaced = replace(&stage.admin(), &entered, &token).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    assert_eq!(details(&stage, &entered).await.status, 200);
}
