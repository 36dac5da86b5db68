//! Refresh tokens that work once and access tokens that live for two seconds, on several processes (RR-6).
//! Owns the reading of all accounts at all processes at once and the count of what was spent twice or lost.

use super::ledger::more_than;
use super::load::{Account, connect_all};
use super::{World, row};
use crate::{Database, Replica};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::sleep;

const PORTALS: u64 = 8;
const LOGINS: u64 = 4;
const LIFE: Duration = Duration::from_secs(2);
/// Between two reads of one account at one process.
const PAUSE: Duration = Duration::from_millis(600);
/// A page asks for a new session long before its own runs out.
const SESSION: Duration = Duration::from_mins(5);

/// What stood afterwards.
#[derive(Debug)]
pub struct Figures {
    kind: &'static str,
    processes: usize,
    lasted: Duration,
    refreshes: u64,
    spent: usize,
    reused: usize,
    connections: i64,
    lost: i64,
    answers: BTreeMap<String, u64>,
}

/// Reads for so long.
pub async fn run(lasting: Duration) -> Figures {
    let world = World::open(PORTALS, LOGINS, |state| {
        state.switches.rotate_refresh_tokens = true;
        state.switches.access_token_lifetime = LIFE;
        state.github.switches.token_lifetime = LIFE;
    })
    .await;
    let processes = match world.stage.database {
        Database::Sqlite(_) => 2,
        Database::Postgres(_) => 4,
    };
    let replicas = (0..processes).map(|_| Replica::start_at(&world.stage, "http://localhost:0"));
    let replicas = join_all(replicas).await;
    let connected = connect_all(&world, &replicas[0].config).await;
    let until = Instant::now() + lasting;
    let readers = replicas.iter().flat_map(|replica| {
        let readers = connected.iter();
        readers.map(|(account, id)| read(&world, replica, account, id, until))
    });
    let mut answers = BTreeMap::new();
    for (how, count) in join_all(readers).await.into_iter().flatten() {
        *answers.entry(how).or_default() += count;
    }
    let database = &world.stage.database;
    let count = async |condition: &str| {
        let query = format!("SELECT COUNT(*) FROM connection{condition}");
        database.count(&query).await
    };
    let lost = count(" WHERE state NOT IN ('connected', 'checking')").await;
    let connections = count("").await;
    for replica in replicas {
        replica.kill9().await;
    }
    let ledger = world.seen();
    let all = ledger.of_hubspot.values().chain(ledger.of_github.values());
    Figures {
        kind: world.kind(),
        processes,
        lasted: lasting,
        refreshes: all.map(|count| u64::from(*count)).sum(),
        spent: ledger.of_hubspot.len() + ledger.of_github.len(),
        reused: more_than(&ledger.of_hubspot, 1) + more_than(&ledger.of_github, 1),
        connections,
        lost,
        answers,
    }
}

/// Reads one account at one process, again and again.
async fn read(
    world: &World,
    replica: &Replica,
    account: &Account,
    id: &str,
    until: Instant,
) -> BTreeMap<String, u64> {
    let path = format!("/v1/connections/{id}/relay/{}", account.operation());
    let mut answers = BTreeMap::new();
    let mut caller = world.caller(&replica.config, "reader");
    let mut since = Instant::now();
    while Instant::now() < until {
        if since.elapsed() > SESSION {
            (caller, since) = (world.caller(&replica.config, "reader"), Instant::now());
        }
        let request = caller.request(Method::POST, &path).json(&json!({}));
        let how = match caller.tried(request).await {
            None => "cut off".to_owned(),
            Some(answer) if answer.status < 400 => answer.status.to_string(),
            Some(answer) => answer.refusal().1,
        };
        *answers.entry(how).or_default() += 1;
        sleep(PAUSE).await;
    }
    answers
}

impl Figures {
    /// A table for people.
    pub fn print(&self) {
        println!(
            "{} s of tokens that work once and live for {} s, {} processes on {}:",
            self.lasted.as_secs(),
            LIFE.as_secs(),
            self.processes,
            self.kind
        );
        row("refresh tokens presented", self.refreshes, "");
        row("  of which different", self.spent, "");
        row("  presented again", self.reused, "of 0");
        let connections = format!("of 0, of {} connections", self.connections);
        row("connections lost", self.lost, &connections);
        for (how, count) in &self.answers {
            row(&format!("answers: {how}"), count, "");
        }
    }

    /// Nothing used twice, nothing lost.
    pub fn check(&self) {
        assert!(self.refreshes > 0, "there was a load");
        assert_eq!(self.reused, 0, "a refresh token was presented twice");
        assert_eq!(self.lost, 0, "connections were lost");
        let accounts = i64::try_from(PORTALS + LOGINS).unwrap();
        assert_eq!(self.connections, accounts);
        assert!(self.answers.contains_key("200"), "{:?}", self.answers);
        for bad in ["needs_reauth", "internal", "cut off"] {
            assert!(!self.answers.contains_key(bad), "{:?}", self.answers);
        }
    }
}
