//! Many tokens that run out in the same second while all are asked for (OV-3).
//! Owns the herd: grants put into sandbox and database directly, each sealed for its row, and everybody's asking.

use super::load::{Account, connect};
use super::{ORG, World, row};
use crate::{Caller, Database, Replica};
use futures_util::future::join_all;
use portico_sandbox::{DEMO_CLIENT_ID, Holder, Install, RefreshToken};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Token calls a second of one process (proxy, `provider::transport`).
const PACE: u32 = 20;
/// Calls under way at one process.
const AT_ONCE: usize = 300;
/// Rows written by one statement.
const BATCH: usize = 250;
/// A page asks for a new session long before its own runs out.
const SESSION: Duration = Duration::from_mins(5);

/// What came of it.
#[derive(Debug)]
pub struct Figures {
    kind: &'static str,
    processes: u32,
    size: usize,
    token_calls: u32,
    peak: u32,
    too_many: u32,
    presented_again: usize,
    not_well: i64,
    without_wait: u64,
    failed: Vec<String>,
    answers: BTreeMap<String, u64>,
    took: Duration,
}

/// A herd of so many, at so many processes: two on SQLite and four on PostgreSQL unless told otherwise.
pub async fn run(size: u64, processes: Option<u32>) -> Figures {
    run_slowly(size, processes, Duration::ZERO).await
}

/// As [`run`], HubSpot taking so long for each token call.
pub async fn run_slowly(size: u64, processes: Option<u32>, latency: Duration) -> Figures {
    // One more, which is connected in the ordinary way and copied.
    let world = World::open(1 + size, 0, |_| {}).await;
    let processes = processes.unwrap_or(match world.stage.database {
        Database::Sqlite(_) => 2,
        Database::Postgres(_) => 4,
    });
    let replicas = (0..processes).map(|_| Replica::start_at(&world.stage, "http://localhost:0"));
    let replicas = join_all(replicas).await;
    let model = Account::Portal(world.portals[0]);
    let model = connect(&world, &replicas[0].config, &model).await;
    let herd = gather(&world, &model).await;
    let sandbox = &world.stage.sandbox;
    sandbox.with(|state| state.switches.token_latency = latency);
    // What connecting took is not counted.
    let before = world.seen().token_calls.values().sum::<u32>();
    let began = Instant::now();
    let Asked {
        answers,
        failed,
        without_wait,
    } = ask_all(&world, &replicas, &herd).await;
    let took = began.elapsed();
    let not_well = "SELECT COUNT(*) FROM connection
        WHERE state <> 'connected' OR fault_category IS NOT NULL OR lease_owner IS NOT NULL";
    let not_well = world.stage.database.count(not_well).await;
    for replica in replicas {
        replica.kill9().await;
    }
    let ledger = world.seen();
    Figures {
        kind: world.kind(),
        processes,
        size: herd.len(),
        token_calls: ledger.token_calls.values().sum::<u32>() - before,
        peak: ledger.token_calls.values().copied().max().unwrap_or(0),
        too_many: ledger.too_many,
        presented_again: super::ledger::more_than(&ledger.of_hubspot, 1),
        not_well,
        without_wait,
        failed,
        answers,
        took,
    }
}

/// What everybody heard.
pub(super) struct Asked {
    pub(super) answers: BTreeMap<String, u64>,
    pub(super) failed: Vec<String>,
    without_wait: u64,
}

/// Asks for each connection at once, at the processes in turn, until it is served or refused for good.
pub(super) async fn ask_all(world: &World, replicas: &[Replica], herd: &[String]) -> Asked {
    let rooms: Vec<Semaphore> = replicas.iter().map(|_| Semaphore::new(AT_ONCE)).collect();
    let doors: Vec<Door<'_>> = replicas
        .iter()
        .map(|replica| Door::new(world, replica))
        .collect();
    let asks = herd.iter().enumerate().map(|(number, id)| {
        let place = number % replicas.len();
        ask(&doors[place], &rooms[place], id)
    });
    let mut asked = Asked {
        answers: BTreeMap::new(),
        failed: Vec::new(),
        without_wait: 0,
    };
    for one in join_all(asks).await {
        for (how, count) in one.answers {
            *asked.answers.entry(how).or_default() += count;
        }
        asked.without_wait += one.without_wait;
        asked.failed.extend(one.failed);
    }
    asked
}

/// One process, and a session that is renewed.
struct Door<'a> {
    world: &'a World,
    replica: &'a Replica,
    caller: std::sync::Mutex<(Caller, Instant)>,
}

impl<'a> Door<'a> {
    fn new(world: &'a World, replica: &'a Replica) -> Self {
        let caller = world.caller(&replica.config, "herder");
        Self {
            world,
            replica,
            caller: (caller, Instant::now()).into(),
        }
    }

    fn caller(&self) -> Caller {
        let mut kept = super::locked(&self.caller);
        if kept.1.elapsed() > SESSION {
            *kept = (
                self.world.caller(&self.replica.config, "herder"),
                Instant::now(),
            );
        }
        kept.0.clone()
    }
}

#[derive(Default)]
struct Told {
    answers: BTreeMap<String, u64>,
    without_wait: u64,
    failed: Option<String>,
}

/// Asks until it is served; comes back when it is told to.
async fn ask(door: &Door<'_>, room: &Semaphore, id: &str) -> Told {
    let path = format!("/v1/connections/{id}/relay/account.details");
    let mut told = Told::default();
    loop {
        let permit = room.acquire().await.unwrap();
        let caller = door.caller();
        let request = caller.request(Method::POST, &path).json(&json!({}));
        let answer = caller.tried(request).await;
        drop(permit);
        let Some(answer) = answer else {
            told.failed = Some(format!("{id}: no answer"));
            return told;
        };
        let how = match answer.status {
            200 => "200".to_owned(),
            _ => answer.refusal().1,
        };
        *told.answers.entry(how).or_default() += 1;
        match answer.status {
            200 => return told,
            503 => {
                let wait = answer
                    .header("retry-after")
                    .and_then(|wait| wait.parse().ok());
                told.without_wait += u64::from(wait.is_none());
                sleep(Duration::from_secs(wait.unwrap_or(1))).await;
            }
            _ => {
                told.failed = Some(format!("{id}: {}", answer.text));
                return told;
            }
        }
    }
}

/// Copies of a connection for every other portal: their grants at HubSpot, their rows here, all run out.
pub(super) async fn gather(world: &World, model: &str) -> Vec<String> {
    let database = &world.stage.database;
    let generation = format!("SELECT generation FROM connection WHERE id = '{model}'");
    let generation = database.count(&generation).await.unsigned_abs();
    let (names, blob) = match database {
        Database::Sqlite(_) => (
            "SELECT group_concat(name) FROM pragma_table_info('connection')",
            ["X'", "'"],
        ),
        Database::Postgres(_) => (
            "SELECT string_agg(column_name, ',') FROM information_schema.columns
             WHERE table_name = 'connection' AND table_schema = current_schema()",
            ["'\\x", "'::bytea"],
        ),
    };
    let columns = database.text(names).await.unwrap();
    let scopes = json!(world.stage.config.hubspot.required_scopes);
    let values: Vec<String> = columns
        .split(',')
        .map(|column| match column {
            "id" => "v.column1".into(),
            "account" => "v.column2".into(),
            "refresh_token" => "v.column3".into(),
            "access_token" => "v.column4".into(),
            "access_expires_at" => "unixepoch('subsec')".into(),
            "asked" | "granted" => format!("'{scopes}'"),
            other => format!("model.{other}"),
        })
        .collect();
    let vault = world.vault();
    let mut ids = Vec::new();
    for portals in world.portals[1..].chunks(BATCH) {
        let mut rows = String::new();
        for portal in portals {
            let id = format!("herd-{portal}");
            let token = grant(world, *portal);
            let refresh = vault.seal("refresh_token", &id, generation, &token);
            let access = vault.seal(
                "access_token",
                &id,
                generation,
                "an access token that ran out",
            );
            let comma = if rows.is_empty() { "" } else { ", " };
            let [open, close] = blob;
            let _ = write!(
                rows,
                "{comma}('{id}', '{portal}', {open}{refresh}{close}, {open}{access}{close})"
            );
            ids.push(id);
        }
        database
            .run(&format!(
                "INSERT INTO connection ({columns}) SELECT {} FROM (VALUES {rows}) AS v,
                 (SELECT * FROM connection WHERE id = '{model}') AS model WHERE model.org = '{ORG}'",
                values.join(", ")
            ))
            .await;
    }
    // All in the same second, which is over.
    database
        .run("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    ids
}

/// A grant as the portal's consent would have made it; answers its refresh token.
fn grant(world: &World, portal: u64) -> String {
    let token = format!("na1-herd-of-refresh-tokens-{portal}");
    let client_id = DEMO_CLIENT_ID.to_owned();
    world.stage.sandbox.with(|state| {
        let installer = &state.portals[&portal].installer;
        let holder = Holder {
            client_id: client_id.clone(),
            portal,
            user_id: installer.user_id,
            email: installer.email.clone(),
            scopes: world.stage.config.hubspot.required_scopes.clone(),
        };
        let scopes = holder.scopes.clone();
        let issued_at = 0;
        let record = RefreshToken { holder, issued_at };
        state.refresh_tokens.insert(token.clone(), record);
        let install = Install { scopes, since: 0 };
        state.installs.insert((client_id, portal), install);
    });
    token
}

impl Figures {
    /// Token calls that so many processes may make within `seconds`: a burst, and the pace from then on.
    fn allowed(&self, seconds: f64) -> f64 {
        f64::from(PACE * self.processes) * (1.0 + seconds)
    }

    /// A table for people.
    pub fn print(&self) {
        println!(
            "{} tokens that ran out in one second, asked for at once, {} processes on {}:",
            self.size, self.processes, self.kind
        );
        row(
            "until all were served, s",
            format!("{:.1}", self.took.as_secs_f64()),
            "",
        );
        let took = self.took.as_secs_f64();
        let of = |calls: u32, allowed: f64, what: &str| {
            format!("{:.2} of {allowed:.0}: {what}", f64::from(calls) / allowed)
        };
        let limit = of(
            self.token_calls,
            self.allowed(took),
            "a burst, and the pace",
        );
        row("token calls", self.token_calls, &limit);
        let limit = of(self.peak, self.allowed(1.0), "a burst and a second's pace");
        row("  in the busiest second", self.peak, &limit);
        let mean = f64::from(self.token_calls) / took;
        row("  a second, mean", format!("{mean:.1}"), "");
        row("answers 429 of HubSpot", self.too_many, "of 0");
        row(
            "refresh tokens presented again",
            self.presented_again,
            "of 0",
        );
        row("connections faulted or lost", self.not_well, "of 0");
        row("sent away without Retry-After", self.without_wait, "of 0");
        row("not served in the end", self.failed.len(), "of 0");
        for (how, count) in &self.answers {
            row(&format!("answers: {how}"), count, "");
        }
    }

    /// Whether some were sent away with `refresh_busy`: more came at once than may wait.
    pub fn was_crowded(&self) -> bool {
        self.answers.contains_key("refresh_busy")
    }

    /// All served, nobody hurried. Whoever is sent away hears 503 and when to come back; anything else has failed.
    pub fn check(&self) {
        let few = &self.failed[..self.failed.len().min(5)];
        assert!(few.is_empty(), "{few:?}");
        assert_eq!(self.answers["200"], self.size as u64);
        assert_eq!(self.too_many, 0, "HubSpot asked to slow down");
        assert_eq!(self.not_well, 0, "connections were faulted or lost");
        assert_eq!(
            self.without_wait, 0,
            "somebody was not told when to come back"
        );
        assert_eq!(self.presented_again, 0, "a token was refreshed twice");
        let (peak, calls) = (f64::from(self.peak), f64::from(self.token_calls));
        assert!(peak <= self.allowed(1.0), "{peak} in a second");
        let allowed = self.allowed(self.took.as_secs_f64());
        assert!(calls <= allowed, "{calls} token calls");
    }
}
