//! An old backup in the place of the database, as `docs/operate.md` describes it: old truth, but a proxy that works.

use crate::exchange::until;
use crate::github::MARA;
use crate::keys::{ONE, TWO, stage_with_key_one, write_keys};
use crate::refresh::EXPIRED;
use portico_tests::{BareStage, Caller, PORTAL, Replica, Stage, command, offer_github};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const REMOVED: u64 = 25_733_019;
const REPLACED: u64 = 4_418_276;
/// What CP-1 allows a start.
const READY: Duration = Duration::from_secs(5);

/// Starts a process and waits until it is ready.
async fn started(stage: &BareStage) -> (Replica, Caller) {
    let began = Instant::now();
    let replica = Replica::start_at(stage, "http://localhost:0").await;
    let caller = replica.launched().await;
    until(async || caller.get("/readyz").await.status == 200).await;
    let took = began.elapsed();
    assert!(took < READY, "ready after {took:?}");
    (replica, caller)
}

fn id(connection: &Value) -> &str {
    connection["id"].as_str().unwrap()
}

/// What a call of each connection comes to: its status, or its code.
async fn used(caller: &Caller, connections: &[Value]) -> Vec<String> {
    let mut told = Vec::new();
    for connection in connections {
        let operation = match connection["provider"].as_str() {
            Some("github") => "github.user",
            _ => "account.details",
        };
        let answer = caller.relay(id(connection), operation, &json!({})).await;
        told.push(match answer.code() {
            Some(code) => code,
            None => answer.status.to_string(),
        });
    }
    told
}

/// CP-6: a backup of thirty days ago starts at once. Each grant that died since turns to needs_reauth when it is used, and
/// no other with it; the living work on; a reconnection mends a dead one; and the next start is like the first.
#[tokio::test]
async fn an_old_backup_starts_and_dead_grants_show_one_by_one() {
    const MONTH: u32 = 30 * 86_400;
    let stage = Stage::set(|config, state| {
        offer_github(config, state);
        state.switches.rotate_refresh_tokens = true;
    })
    .await;
    let admin = stage.admin();
    let living = stage.connect(PORTAL).await;
    let removed = stage.connect(REMOVED).await;
    let replaced = stage.connect(REPLACED).await;
    let github = stage.connect_github(MARA).await;
    let all = [living, removed, replaced, github];
    let backup = stage.database().backup().await;

    // Life goes on: one is removed, one refreshed, which spends the token of the backup, and so is GitHub's.
    let path = format!("/v1/connections/{}", id(&all[1]));
    assert_eq!(admin.delete(&path).await.json()["revoked"], true);
    for lost in &all[2..] {
        stage
            .sql(&format!("{EXPIRED} WHERE id = '{}'", id(lost)))
            .await;
    }
    assert_eq!(used(&admin, &all[2..]).await, ["200", "200"]);
    let stage = stage.bare().await;
    stage.database.restore(&backup).await;
    // A month later no access token lives.
    stage
        .sql(&format!(
            "UPDATE connection SET access_expires_at = access_expires_at - {MONTH},
                created_at = created_at - {MONTH}, obtained_at = obtained_at - {MONTH}"
        ))
        .await;

    let (mut first, caller) = started(&stage).await;
    let listed = caller.get("/v1/connections").await.json();
    assert_eq!(listed["connections"].as_array().unwrap().len(), 4);
    let dead = "SELECT COUNT(*) FROM connection WHERE state = 'needs_reauth'";
    let wanted = ["200", "needs_reauth", "needs_reauth", "needs_reauth"];
    for (number, connection) in all.iter().enumerate() {
        let one = std::slice::from_ref(connection);
        assert_eq!(used(&caller, one).await, [wanted[number]], "{connection}");
        let so_far = i64::try_from(number).unwrap();
        assert_eq!(stage.database.count(dead).await, so_far, "one by one");
    }
    assert_eq!(used(&caller, &all).await, wanted);
    let flow = caller.start_reconnect(&all[2]).await;
    let claim = portico_tests::Person::new().consent(&flow, REPLACED).await;
    let mended = caller.complete(&flow, &claim).await;
    assert_eq!(mended.status, 200, "{}", mended.text);
    first.terminate();
    let (status, _) = first.ended().await;
    assert!(status.success(), "{}", first.log().join("\n"));
    let faults: Vec<String> = first.log();
    let faults: Vec<&String> = faults
        .iter()
        .filter(|line| line.contains("ERROR"))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");

    let (_second, caller) = started(&stage).await;
    let wanted = ["200", "needs_reauth", "200", "needs_reauth"];
    assert_eq!(used(&caller, &all).await, wanted);
}

/// CP-6: a backup from before the last rotation of keys is refused by name of the key that it needs, at once and however
/// often it is tried, and nothing in it is changed by that; with the key it starts and serves, and is sealed anew.
#[tokio::test]
async fn a_backup_from_before_a_rotation_names_the_missing_key() {
    let stage = stage_with_key_one().await;
    let connection = stage.connect(PORTAL).await;
    let file = stage.data().join("master.key");
    let backup = stage.database().backup().await;
    write_keys(&file, &[TWO, ONE]);
    until(async || crate::keys::sealed_by(stage.database(), 1).await == 0).await;
    write_keys(&file, &[TWO]);
    let stage = stage.bare().await;
    stage.database.restore(&backup).await;
    let before = crate::keys::sealed_by(&stage.database, 1).await;
    assert!(before > 0);

    for attempt in 0..3 {
        let (mut serve, _folder) = command(&stage, "serve", None);
        let began = Instant::now();
        let output = serve.kill_on_drop(true).output();
        let output = tokio::time::timeout(Duration::from_secs(30), output);
        let output = output.await.expect("it ends by itself").unwrap();
        assert!(began.elapsed() < READY, "{:?}", began.elapsed());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("key 1"), "attempt {attempt}: {said}");
        assert!(!said.contains("panicked"), "{said}");
        for line in [ONE, TWO] {
            let (_, key) = line.split_once(':').unwrap();
            assert!(!said.contains(key), "{said}");
        }
        assert_eq!(crate::keys::sealed_by(&stage.database, 1).await, before);
    }
    write_keys(&file, &[TWO, ONE]);
    let (_replica, caller) = started(&stage).await;
    assert_eq!(used(&caller, &[connection]).await, ["200"]);
    until(async || crate::keys::sealed_by(&stage.database, 1).await == 0).await;
}
