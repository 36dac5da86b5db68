//! Signed webhooks (promise 17): what a partner's backend receives, read with the receivers' own library.

use crate::backend::{ANOTHER, Backend, DEAD, DELIVERED, NOW, Own, PENDING, SECRET, rename, until};
use crate::refresh::{EXPIRED, SOON, details, fail_tokens};
use http::StatusCode;
use portico_proxy::config::Config;
use portico_proxy::webhooks::{DeskError, Replay, deliveries, replay};
use portico_sandbox::FaultAnswer;
use portico_tests::{PORTAL, Stage};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Promise 17: each change of a connection comes signed, as ids and words; P1: and nothing else.
#[tokio::test]
async fn news_of_a_connection_comes_signed_and_says_ids_and_words_only() {
    let mut backend = Backend::open().await;
    let (stage, id) = backend.stage().await;
    let admin = stage.admin();
    let first = backend.next().await;
    rename(&admin, &id, "canary@partner.example").await;
    let second = backend.next().await;
    let path = format!("/v1/connections/{id}");
    assert_eq!(admin.delete(&path).await.status, 200);
    let third = backend.next().await;
    for (received, told, status) in [
        (&first, "connection.connected", "connected"),
        (&second, "connection.updated", "connected"),
        (&third, "connection.removed", "removed"),
    ] {
        let mut message = received.json();
        let timestamp = message["timestamp"].take();
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{timestamp}");
        let data = json!({
            "org": "demo",
            "connection_id": id,
            "provider": "hubspot",
            "portal_id": PORTAL,
            "status": status,
        });
        assert_eq!(
            message,
            json!({"type": told, "timestamp": null, "data": data})
        );
        assert_eq!(received.header("content-type"), "application/json");
        assert!(received.header("webhook-id").starts_with("msg_"));
        assert!(received.is_signed_with(SECRET), "{received:?}");
        assert!(!received.is_signed_with(ANOTHER));
        let mut changed = received.clone();
        changed.body = changed.body.replace("demo", "acme");
        assert!(!changed.is_signed_with(SECRET));
    }
    assert_ne!(first.header("webhook-id"), second.header("webhook-id"));
    until(&stage, DELIVERED, 3).await;
}

/// A refusal, a redirect and a wait that is asked for: the same message again until it is taken.
#[tokio::test]
async fn a_message_is_sent_again_until_it_is_taken() {
    let mut backend = Backend::open().await;
    backend.will_answer(StatusCode::INTERNAL_SERVER_ERROR);
    let elsewhere = format!("{}&elsewhere", backend.url);
    backend.will_answer((StatusCode::TEMPORARY_REDIRECT, [("location", elsewhere)]));
    backend.will_answer((StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7200")]));
    let (stage, _) = backend.stage().await;
    let first = backend.next().await;
    let wait = "SELECT CAST(next_try_at - queued_at AS INTEGER) FROM delivery WHERE attempts = ";
    for (attempts, answer, least, most) in [
        (1, "500", 5, 60),
        (2, "307", 300, 400),
        (3, "503", 7200, 8000),
    ] {
        let query = format!(
            "SELECT COUNT(*) FROM delivery WHERE attempts = {attempts} AND last_answer = '{answer}'"
        );
        until(&stage, &query, 1).await;
        let waits = stage.count(&format!("{wait}{attempts}")).await;
        assert!((least..most).contains(&waits), "{attempts}: {waits}");
        stage.sql(NOW).await;
        let again = backend.next().await;
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
        assert!(again.is_signed_with(SECRET));
    }
    until(&stage, DELIVERED, 1).await;
    let tries = stage.count("SELECT attempts FROM delivery").await;
    assert_eq!(tries, 4);
}

/// After the last try a message is dead, and stays for a replay; so does a delivered one.
#[tokio::test]
async fn what_was_given_up_or_delivered_can_be_sent_again() {
    let mut backend = Backend::open().await;
    backend.will_answer(StatusCode::BAD_GATEWAY);
    backend.will_answer(StatusCode::BAD_GATEWAY);
    let (stage, id) = backend.stage().await;
    let first = backend.next().await;
    until(
        &stage,
        "SELECT COUNT(*) FROM delivery WHERE last_answer = '502'",
        1,
    )
    .await;
    stage
        .sql("UPDATE delivery SET attempts = 9, next_try_at = 0")
        .await;
    assert_eq!(
        backend.next().await.header("webhook-id"),
        first.header("webhook-id")
    );
    until(&stage, DEAD, 1).await;
    let config = &stage.config;
    let listed = deliveries(config, Some(&backend.url), Some("dead"))
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].message, first.header("webhook-id"));
    assert_eq!(
        (listed[0].attempts, listed[0].last_answer.as_deref()),
        (10, Some("502"))
    );

    assert_eq!(replay(config, &Replay::default()).await.unwrap(), 1);
    assert_eq!(
        backend.next().await.header("webhook-id"),
        first.header("webhook-id")
    );
    until(&stage, DELIVERED, 1).await;
    // Nothing is dead any more, so a replay without a choice sends nothing.
    assert_eq!(replay(config, &Replay::default()).await.unwrap(), 0);

    rename(&stage.admin(), &id, "Weser").await;
    let second = backend.next().await;
    until(&stage, DELIVERED, 2).await;
    let one = Replay {
        message: Some(second.header("webhook-id").to_owned()),
        endpoint: Some(listed[0].endpoint.clone()),
        ..Replay::default()
    };
    assert_eq!(replay(config, &one).await.unwrap(), 1);
    assert_eq!(
        backend.next().await.header("webhook-id"),
        second.header("webhook-id")
    );
    until(&stage, DELIVERED, 2).await;
    let all = Replay {
        since: Some("1h".into()),
        ..Replay::default()
    };
    assert_eq!(replay(config, &all).await.unwrap(), 2);
    backend.next().await;
    backend.next().await;
    let unknown = Replay {
        endpoint: Some("https://elsewhere.example".into()),
        ..Replay::default()
    };
    let refused = replay(config, &unknown).await;
    assert!(matches!(refused, Err(DeskError::UnknownEndpoint)));
}

/// 410: nothing is sent, and nothing kept for sending, until the configuration changes. Then two secrets sign.
#[tokio::test]
async fn an_endpoint_that_is_gone_gets_nothing_until_its_configuration_changes() {
    let mut backend = Backend::open().await;
    backend.will_answer(StatusCode::GONE);
    let (stage, id) = backend.stage().await;
    backend.next().await;
    until(&stage, DEAD, 1).await;
    until(&stage, "SELECT COUNT(*) FROM endpoint_gone", 1).await;
    rename(&stage.admin(), &id, "unheard").await;
    let mut stage = stage.restart().await;
    rename(&stage.admin(), &id, "unheard still").await;
    assert_eq!(stage.count(PENDING).await, 0);

    // The new secret first; a receiver may know either.
    let secrets = &mut stage.config.webhooks[0].secrets;
    secrets.insert(0, ANOTHER.to_owned().into());
    let stage = stage.restart().await;
    rename(&stage.admin(), &id, "heard").await;
    let heard = backend.next().await;
    assert_eq!(heard.told(), "connection.updated");
    assert_eq!(heard.header("webhook-signature").split(' ').count(), 2);
    assert!(heard.is_signed_with(SECRET) && heard.is_signed_with(ANOTHER));
    until(&stage, DELIVERED, 1).await;
}

/// Only what an endpoint asked for; a fault that begins, one that is over, and a grant that is dead (R8, D22).
#[tokio::test]
async fn faults_and_recoveries_are_told_to_who_asked() {
    let mut backend = Backend::open().await;
    let mut webhook = backend.webhook();
    webhook.events = [
        "connection.checking",
        "connection.recovered",
        "connection.needs_reauth",
    ]
    .map(str::to_owned)
    .into();
    let stage = Stage::set(|config, _| config.webhooks = vec![webhook]).await;
    let id = stage.connected(PORTAL).await;
    let due = "UPDATE connection SET next_try_at = 0";
    stage.sql(SOON).await;
    fail_tokens(&stage, 2, FaultAnswer::Status(503));
    assert_eq!(details(&stage, &id).await.status, 200);
    let checking = backend.next().await;
    assert_eq!(checking.told(), "connection.checking");
    assert_eq!(checking.json()["data"]["status"], "checking");
    assert!(checking.json()["data"]["cause"].is_string());
    stage.sql(due).await;
    until(&stage, "SELECT attempts FROM connection", 2).await;
    stage.sql(due).await;
    // The second fault was none that began.
    let recovered = backend.next().await;
    assert_eq!(recovered.told(), "connection.recovered");
    assert_eq!(recovered.json()["data"]["cause"], Value::Null);
    let client = stage.config.hubspot.client_id.clone();
    stage.sandbox.with(|state| state.uninstall(&client, PORTAL));
    stage.sql(EXPIRED).await;
    assert_eq!(details(&stage, &id).await.status, 409);
    let dead = backend.next().await;
    assert_eq!(dead.told(), "connection.needs_reauth");
    assert_eq!(dead.json()["data"]["status"], "needs_reauth");
    assert_eq!(dead.json()["data"]["cause"], "refresh_token_invalid");
}

/// At least once: a proxy killed between sending and writing it down sends the same message again.
#[tokio::test]
async fn a_proxy_killed_before_it_could_write_it_down_sends_the_same_message_again() {
    let mut backend = Backend::open().await;
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let folder = tempfile::tempdir().unwrap();
    backend.will_not_answer();
    let mut own = Own::start(&stage, &backend, folder.path()).await;
    rename(&own.caller, &id, "Weser").await;
    let first = backend.next().await;
    own.process.kill().await.unwrap();
    let taken = "SELECT COUNT(*) FROM delivery WHERE state = 'pending' AND attempts = 1 AND last_answer IS NULL";
    assert_eq!(stage.count(taken).await, 1);
    stage.sql(NOW).await;
    let mut own = Own::start(&stage, &backend, folder.path()).await;
    let again = backend.next().await;
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    until(&stage, DELIVERED, 1).await;
    own.process.kill().await.unwrap();
}

/// An endpoint that takes nothing must not fill the disk.
#[tokio::test]
async fn a_dead_endpoint_does_not_fill_the_database() {
    let mut backend = Backend::open().await;
    let (stage, _) = backend.stage().await;
    until(&stage, DELIVERED, 1).await;
    let fill = "INSERT INTO delivery (message, endpoint, tenant, org, type, body, state, next_try_at, queued_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100050)
         SELECT 'filling' || i, endpoint, tenant, org, type, body, 'pending', queued_at + 100000, queued_at + i * 0.001
         FROM n, delivery WHERE message LIKE 'msg%'";
    stage.sql(fill).await;
    let stage = stage.restart().await;
    until(&stage, PENDING, 100_000).await;
    // The oldest went.
    let oldest = "SELECT COUNT(*) FROM delivery WHERE message = 'filling50'";
    assert_eq!(stage.count(oldest).await, 0);
    let next = "SELECT COUNT(*) FROM delivery WHERE message = 'filling51'";
    assert_eq!(stage.count(next).await, 1);
}

/// Another tenant's endpoint hears nothing of this one's.
#[tokio::test]
async fn an_endpoint_hears_of_its_own_tenant_only() {
    let mut backend = Backend::open().await;
    let mut foreign = backend.webhook();
    foreign.tenant = Some("https://another.example".into());
    let mut own = backend.webhook();
    own.url.push_str("&own");
    let stage = Stage::set(|config, _| config.webhooks = vec![foreign, own]).await;
    stage.connected(PORTAL).await;
    backend.next().await;
    until(&stage, DELIVERED, 1).await;
    assert_eq!(stage.count("SELECT COUNT(*) FROM delivery").await, 1);
}

/// The examples of docs/webhooks.md, run as they stand there against a message that was really sent.
#[tokio::test]
async fn the_documented_receivers_take_what_is_signed_and_nothing_else() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/webhooks.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let mut backend = Backend::open().await;
    let (stage, _) = backend.stage().await;
    let good = backend.next().await;
    drop(stage);
    let mut bad = good.clone();
    bad.body.push(' ');
    let mut old = good.clone();
    old.headers
        .insert("webhook-timestamp", "1600000000".parse().unwrap());
    for (language, program, tail) in [
        (
            "js",
            "node",
            "\nconst told = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));\n\
             process.stdout.write(String(verify(told.secret, told.headers, told.body)));\n",
        ),
        (
            "python",
            "python3",
            "\nimport json, sys\ntold = json.load(sys.stdin)\n\
             sys.stdout.write(str(verify(told['secret'], told['headers'], told['body'].encode())).lower())\n",
        ),
    ] {
        let code = docs.split(&format!("```{language}\n")).nth(1).unwrap();
        let code = code.split("```").next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("receiver.{language}"));
        std::fs::write(&file, format!("{code}{tail}")).unwrap();
        for (received, secret, want) in [
            (&good, SECRET, "true"),
            (&good, ANOTHER, "false"),
            (&bad, SECRET, "false"),
            (&old, SECRET, "false"),
        ] {
            let headers: serde_json::Map<String, Value> = received
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
                .collect();
            let told = json!({"secret": secret, "headers": headers, "body": received.body});
            let Some(said) = run(program, &file, &told).await else {
                eprintln!("nothing to test: {program} is not installed");
                break;
            };
            assert_eq!(said, want, "{language}");
        }
    }
}

/// What a script says; nothing where its language is not installed.
async fn run(program: &str, file: &Path, input: &Value) -> Option<String> {
    let mut child = Command::new(program)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A configuration of the command line's form is taken as the library's is.
#[test]
fn a_file_with_webhooks_is_good() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hubspot"), "secret").unwrap();
    std::fs::write(folder.path().join("hooks"), SECRET).unwrap();
    let text = "base_url = \"http://localhost:7878\"\ndata_dir = \"data\"\n[hubspot]\nclient_id = \"1\"\n\
        client_secret_file = \"hubspot\"\n[[webhooks]]\nurl = \"https://partner.example/hooks\"\n\
        secret_file = \"hooks\"\nevents = [\"connection.removed\"]\n";
    let config = Config::parse(text, folder.path(), []).unwrap();
    assert_eq!(config.webhooks[0].events, ["connection.removed"]);
}
