//! The data keys in use: rotation under traffic, a key that is missing, a key that has sealed enough.

use crate::exchange::until;
use crate::refresh::details;
use portico_core::wire::Role;
use portico_proxy::{Proxy, RotationError, StartError};
use portico_tests::{Database, PORTAL, Replica, Stage, command};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;

pub(crate) const ONE: &str = "1:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
pub(crate) const TWO: &str = "2:YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=";

pub(crate) fn write_keys(path: &Path, lines: &[&str]) {
    let aside = path.with_extension("aside");
    fs::write(&aside, lines.join("\n") + "\n").unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).unwrap();
    // As operators should: a reader never meets half a file.
    fs::rename(&aside, path).unwrap();
}

/// A stage whose first key is key 1.
pub(crate) async fn stage_with_key_one() -> Stage {
    Stage::set(|config, _| {
        fs::create_dir_all(&config.data_dir).unwrap();
        write_keys(&config.data_dir.join("master.key"), &[ONE]);
    })
    .await
}

/// Rows sealed by a key, over every sealed column.
pub(crate) async fn sealed_by(database: &Database, kid: u8) -> i64 {
    let mark = match database {
        Database::Sqlite(_) => format!("x'000000{kid:02x}'"),
        Database::Postgres(_) => format!("'\\x000000{kid:02x}'::bytea"),
    };
    let mut sum = 0;
    for (table, column) in [
        ("connection", "refresh_token"),
        ("connection", "access_token"),
        ("issuer_key", "sealed"),
        ("revocation", "refresh_token"),
    ] {
        let query = format!("SELECT COUNT(*) FROM {table} WHERE substr({column}, 2, 4) = {mark}");
        sum += database.count(&query).await;
    }
    sum
}

/// ST-5: keys rotate while calls go on: a new first key, everything sealed anew, the old key dropped, and a start on
/// what is left.
#[tokio::test]
async fn keys_rotate_under_traffic_and_the_old_one_can_go() {
    let stage = stage_with_key_one().await;
    let id = stage.connected(PORTAL).await;
    let other = stage.connected(25_733_019).await;
    assert_eq!(sealed_by(stage.database(), 1).await, 5);
    let file = stage.data().join("master.key");
    write_keys(&file, &[TWO, ONE]);
    until_served(&stage, &[&id, &other], async || {
        sealed_by(stage.database(), 1).await == 0
    })
    .await;
    assert_eq!(sealed_by(stage.database(), 2).await, 5);
    write_keys(&file, &[TWO]);
    let stage = stage.restart().await;
    for id in [&id, &other] {
        assert_eq!(details(&stage, id).await.status, 200);
    }
    let versions = "SELECT COUNT(*) FROM connection WHERE version > 1";
    assert_eq!(stage.count(versions).await, 0, "nobody saw a change");
}

/// Calls every connection again and again, each served, until it holds.
async fn until_served(stage: &Stage, ids: &[&str], mut holds: impl AsyncFnMut() -> bool) {
    until(async || {
        for id in ids {
            assert_eq!(details(stage, id).await.status, 200);
        }
        holds().await
    })
    .await;
}

/// ST-5: killed in the middle of sealing anew, a process leaves rows of both keys behind, all of them readable, and
/// the next one finishes.
#[tokio::test]
async fn a_kill_while_sealing_anew_leaves_no_unreadable_row() {
    let stage = stage_with_key_one().await;
    let id = stage.connected(PORTAL).await;
    // Many rows to seal: copies cannot be opened in their new places, which must stop nothing.
    for copy in 0..300 {
        stage
            .database()
            .run(&format!(
                "INSERT INTO connection (id, tenant, org, provider, account, client_id, version, connection_type,
                    account_facts, grant_kind, asked, granted, obtained_at, state, generation, refresh_token,
                    access_token, access_expires_at, connected_by, created_at, updated_at)
                 SELECT '0{copy:04}', tenant, org, provider, 'copy-{copy}', client_id, version, connection_type,
                    account_facts, grant_kind, asked, granted, obtained_at, 'needs_reauth', generation, refresh_token,
                    access_token, access_expires_at, connected_by, created_at, updated_at
                 FROM connection WHERE id = '{id}'"
            ))
            .await;
    }
    write_keys(&stage.data().join("master.key"), &[TWO, ONE]);
    let replica = Replica::start(&stage).await;
    replica.kill9().await;
    until_served(&stage, &[&id], async || {
        let query = format!(
            "SELECT COUNT(*) FROM connection WHERE id = '{id}' AND access_token IS NOT NULL"
        );
        stage.count(&query).await == 1 && sealed_by(stage.database(), 2).await >= 3
    })
    .await;
}

/// ST-5, CP-6: no start while a stored secret needs a key that the file lacks; the message names the key.
#[tokio::test]
async fn a_key_that_is_still_needed_cannot_be_dropped() {
    let stage = stage_with_key_one().await;
    stage.connected(PORTAL).await;
    write_keys(&stage.data().join("master.key"), &[TWO]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = stage.config.clone();
    config.base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let refused = Proxy::start(config, listener).await.err().unwrap();
    assert!(
        matches!(
            refused,
            StartError::Rotation(RotationError::KeyMissing { kid: 1, secrets: 3 })
        ),
        "{refused}"
    );
    // The one that runs keeps the keys it has.
    let id = stage.connected(25_733_019).await;
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// ST-6: a weak or exposed key file is refused at the start, by the name of what is wrong with it; no key is shown.
#[tokio::test]
async fn a_weak_key_file_is_refused_at_the_start() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let stage = stage_with_key_one().await.bare().await;
    let file = stage.config.data_dir.join("master.key");
    let key = |kid: u32, length: u8| {
        let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(7)).collect();
        format!("{kid}:{}", STANDARD.encode(bytes))
    };
    let zero = format!("1:{}", STANDARD.encode([0; 32]));
    // What documents show of a key is everybody's: the bytes from 0 on, and the words of an example.
    let example = |bytes: &[u8]| format!("1:{}", STANDARD.encode(bytes));
    let counted: Vec<u8> = (0..32).collect();
    let other = ONE.replacen("1:", "2:", 1);
    for (lines, mode, problem) in [
        (vec![zero], 0o600, "repeated"),
        (vec![key(1, 31)], 0o600, "32 bytes"),
        (vec![key(1, 33)], 0o600, "32 bytes"),
        (vec![example(&counted)], 0o600, "example"),
        (
            vec![example(b"portico-example-key-do-not-use!!")],
            0o600,
            "example",
        ),
        (vec![ONE.to_owned(), key(1, 32)], 0o600, "kid stands twice"),
        (vec![ONE.to_owned(), other], 0o600, "key stands twice"),
        (vec![], 0o600, "no key"),
        (vec![ONE.to_owned()], 0o644, "others"),
        (vec![ONE.to_owned()], 0o640, "others"),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        write_keys(&file, &lines);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let (mut serve, _folder) = command(&stage, "serve", None);
        let output = serve.kill_on_drop(true).output();
        let output = tokio::time::timeout(Duration::from_secs(30), output);
        let output = output.await.expect("it ends by itself").unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success(), "{problem}: {said}");
        assert!(said.contains(problem), "{problem}: {said}");
        for line in lines {
            let (_, value) = line.split_once(':').unwrap();
            assert!(!said.contains(value), "{problem}: a key was shown");
        }
    }
    write_keys(&file, &[ONE]);
    Replica::start_at(&stage, "http://localhost:0").await;
}

/// ST-7: at 2^31 seals a key makes no more: nothing new is asked of HubSpot, what is sealed is still served, the
/// proxy says that it is not ready; another first key ends it.
#[tokio::test]
async fn a_key_that_has_sealed_enough_refuses_new_secrets() {
    let stage = stage_with_key_one().await;
    let id = stage.connected(PORTAL).await;
    // Half of that many are worth a warning, to which somebody should see.
    stage.sql("UPDATE key_use SET seals = 1073741824").await;
    let replica = Replica::start(&stage).await;
    until(async || {
        let warned = |line: &String| line.contains("a data key should be rotated");
        replica.log().iter().any(warned)
    })
    .await;
    replica.kill9().await;
    stage.sql("UPDATE key_use SET seals = 2147483640").await;
    let stage = stage.restart().await;
    let ready = async || stage.admin().get("/readyz").await.status;
    assert_eq!(ready().await, 503);
    assert_eq!(details(&stage, &id).await.status, 200);
    let flow = stage.admin().start_connect().await;
    let callback = stage
        .person()
        .decide(&flow, 25_733_019, "connect", |_| true)
        .await;
    let before = stage.token_calls("authorization_code");
    assert_eq!(stage.person().visit(&callback).await.status(), 500);
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (503, "store_unavailable".into())
    );
    assert_eq!(stage.token_calls("authorization_code"), before);
    assert_eq!(stage.token_calls("refresh_token"), 0);

    write_keys(&stage.data().join("master.key"), &[TWO, ONE]);
    until(async || ready().await == 200).await;
    let connected = stage.caller("you", Role::Admin);
    assert_eq!(
        connected
            .relay(&id, "account.details", &json!({}))
            .await
            .status,
        200
    );
    assert_eq!(stage.token_calls("refresh_token"), 1);
}
