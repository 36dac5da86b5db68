//! Our own credentials refused while many connections are refreshed (UF-3): nobody's connection is to blame.
//! Owns the changed secret, what everybody hears meanwhile, and the wait until token calls are tried again.

use super::World;
use super::herd::{ask_all, gather};
use super::load::{Account, connect};
use crate::{Caller, Replica};
use futures_util::future::join_all;
use portico_sandbox::DEMO_CLIENT_SECRET;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

/// What the proxy says of it to its operator.
const ALERT: &str = "the provider refuses the app's own credentials";
/// How long token calls rest.
const REST: Duration = Duration::from_mins(1);
/// Columns in which a connection would show that it was blamed.
const BLAME: &str = "state || ' ' || version || ' ' || generation || ' ' || attempts || ' ' || COALESCE(fault_category, '')
    || ' ' || COALESCE(lease_owner, '')";

/// So many connections are refreshed with a secret that HubSpot no longer takes, then with the good one.
pub async fn run(size: u64) {
    let world = World::open(1 + size, 0, |_| {}).await;
    let stage = &world.stage;
    let replicas = [Replica::start_at(stage, "http://localhost:0").await];
    let model = Account::Portal(world.portals[0]);
    let model = connect(&world, &replicas[0].config, &model).await;
    let herd = gather(&world, &model).await;
    let different = format!("SELECT COUNT(DISTINCT {BLAME}) FROM connection");
    assert_eq!(stage.database.count(&different).await, 1);
    let look = format!("SELECT {BLAME} FROM connection LIMIT 1");
    let before = stage.database.text(&look).await;
    let secret = |secret: &str| {
        let secret = secret.to_owned();
        stage
            .sandbox
            .with(|state| state.apps[0].client_secret = secret);
    };
    let calls = || world.seen().token_calls.values().sum::<u32>();
    secret("another secret");
    let page = world.caller(&replicas[0].config, "operator");
    let before_it = calls();
    let first = codes(&page, &herd).await;
    let tried = calls() - before_it;
    assert!(first.contains_key("config_fault"), "{first:?}");
    let known = |how: &String| ["config_fault", "refresh_busy"].contains(&how.as_str());
    assert!(first.keys().all(known), "{first:?}");
    assert!(
        (1..=u32::try_from(size / 2).unwrap()).contains(&tried),
        "{tried} calls went out before the first refusal was known"
    );
    // From now on nothing is sent, however often it is asked for.
    for _ in 0..2 {
        let again = codes(&page, &herd).await;
        assert_eq!(again, BTreeMap::from([("config_fault".to_owned(), size)]));
    }
    assert_eq!(calls() - before_it, tried, "the breaker is open");
    assert_eq!(stage.database.count(&different).await, 1);
    assert_eq!(
        stage.database.text(&look).await,
        before,
        "nobody was blamed"
    );
    let alerts = || {
        let log = replicas[0].log();
        log.iter().filter(|line| line.contains(ALERT)).count()
    };
    assert_eq!(alerts(), 1, "{}", replicas[0].log().join("\n"));

    secret(DEMO_CLIENT_SECRET);
    sleep(REST).await;
    let asked = ask_all(&world, &replicas, &herd).await;
    assert!(asked.failed.is_empty(), "{:?}", asked.failed);
    assert_eq!(asked.answers["200"], size);
    let well = "SELECT COUNT(*) FROM connection WHERE state = 'connected' AND generation = 2";
    assert_eq!(stage.database.count(well).await.unsigned_abs(), size);
    assert_eq!(alerts(), 1);
    let [replica] = replicas;
    replica.kill9().await;
}

/// Each is asked for once, all at once: how often which code was heard.
async fn codes(page: &Caller, herd: &[String]) -> BTreeMap<String, u64> {
    let asks = herd.iter().map(|id| {
        let path = format!("/v1/connections/{id}/relay/account.details");
        page.send(page.request(Method::POST, &path).json(&json!({})))
    });
    let mut counts = BTreeMap::new();
    for answer in join_all(asks).await {
        *counts.entry(answer.refusal().1).or_default() += 1;
    }
    counts
}
