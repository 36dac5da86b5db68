//! The data keys in use: rotation under traffic, a key that is missing, a key that has sealed enough.

use crate::exchange::until;
use crate::refresh::details;
use portico_core::wire::Role;
use portico_proxy::{Proxy, RotationError, StartError};
use portico_tests::{PORTAL, Replica, Stage};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tokio::net::TcpListener;

const ONE: &str = "1:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
const TWO: &str = "2:YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=";

fn write_keys(path: &Path, lines: &[&str]) {
    let aside = path.with_extension("aside");
    fs::write(&aside, lines.join("\n") + "\n").unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).unwrap();
    // As operators should: a reader never meets half a file.
    fs::rename(&aside, path).unwrap();
}

/// A stage whose first key is key 1.
async fn stage_with_key_one() -> Stage {
    Stage::set(|config, _| {
        fs::create_dir_all(&config.data_dir).unwrap();
        write_keys(&config.data_dir.join("master.key"), &[ONE]);
    })
    .await
}

/// Rows sealed by a key, over every sealed column.
async fn sealed_by(stage: &Stage, kid: u8) -> i64 {
    let mark = match stage.database() {
        portico_tests::Database::Sqlite(_) => format!("x'000000{kid:02x}'"),
        portico_tests::Database::Postgres(_) => format!("'\\x000000{kid:02x}'::bytea"),
    };
    let mut sum = 0;
    for (table, column) in [
        ("connection", "refresh_token"),
        ("connection", "access_token"),
        ("issuer_key", "sealed"),
        ("revocation", "refresh_token"),
    ] {
        let query = format!("SELECT COUNT(*) FROM {table} WHERE substr({column}, 2, 4) = {mark}");
        sum += stage.count(&query).await;
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
    assert_eq!(sealed_by(&stage, 1).await, 5);
    let file = stage.data().join("master.key");
    write_keys(&file, &[TWO, ONE]);
    until_served(&stage, &[&id, &other], async || {
        sealed_by(&stage, 1).await == 0
    })
    .await;
    assert_eq!(sealed_by(&stage, 2).await, 5);
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
        stage.count(&query).await == 1 && sealed_by(&stage, 2).await >= 3
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

/// ST-7: at 2^31 seals a key makes no more: nothing new is asked of HubSpot, what is sealed is still served, the
/// proxy says that it is not ready; another first key ends it.
#[tokio::test]
async fn a_key_that_has_sealed_enough_refuses_new_secrets() {
    let stage = stage_with_key_one().await;
    let id = stage.connected(PORTAL).await;
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
