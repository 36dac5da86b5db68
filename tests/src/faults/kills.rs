//! `kill -9` at random moments under mixed load (CP-5, CP-1, CP-2, CP-3): what stands afterwards.
//! Owns the killing and the reckoning; who works meanwhile is `load`'s.

use super::ledger::more_than;
use super::load::{Account, Field, Habits, Seen, Worker, connect_all, until_ready};
use super::reckoning::Figures;
use super::rows::{Row, being_revoked, plain, rows};
use super::{Dice, World, locked};
use crate::bench::free_port;
use crate::{Caller, Database, Replica, now};
use futures_util::future::{join, join_all};
use portico_core::journal::{Action, JournalEntry, verify_export};
use reqwest::Method;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::time::sleep;

const PORTALS: u64 = 14;
const LOGINS: u64 = 6;
/// After which a commit that is under way has come.
const SETTLED: Duration = Duration::from_millis(700);
const HABITS: Habits = Habits {
    reconnect: 12,
    remove: 6,
    pause: Duration::from_millis(5),
};

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often.
    pub kills: u32,
    /// Of how many processes one is killed each time.
    pub processes: usize,
    /// Decides moments and actions.
    pub seed: u64,
}

/// Kills as planned, and looks at what is left.
pub async fn run(plan: Plan) -> Figures {
    let world = World::open(PORTALS, LOGINS, |state| {
        state.switches.access_token_lifetime = Duration::from_mins(1);
        state.github.switches.token_lifetime = Duration::from_mins(1);
    })
    .await;
    let mut run = Run::start(&world, plan).await;
    let field = Field::new();
    // So that there is something to lose from the first kill on.
    if let Some(first) = &run.replicas[0] {
        connect_all(&world, &first.config).await;
    }
    let portals = world.portals.iter().map(|id| Account::Portal(*id));
    let logins = world.logins.iter().cloned();
    let accounts = portals.chain(logins.map(|(id, login)| Account::Login(id, login)));
    let workers: Vec<_> = accounts
        .map(|account| Worker::new(&world, &field, account, HABITS, run.dice.fork()).work())
        .collect();
    join(join_all(workers), run.kill(&field)).await;
    let seen = locked(&field.seen).clone();
    run.reckon(seen).await;
    run.figures
}

fn at_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

struct Run<'a> {
    world: &'a World,
    plan: Plan,
    dice: Dice,
    places: Vec<String>,
    replicas: Vec<Option<Replica>>,
    figures: Figures,
}

impl<'a> Run<'a> {
    async fn start(world: &'a World, plan: Plan) -> Self {
        let mut run = Self {
            world,
            plan,
            dice: Dice::new(plan.seed),
            places: Vec::new(),
            replicas: Vec::new(),
            figures: Figures {
                plan: Some(plan),
                kind: world.kind(),

                ..Figures::default()
            },
        };
        for _ in 0..plan.processes {
            let place = format!("http://localhost:{}", free_port().unwrap());
            let replica = Replica::start_at(&world.stage, &place).await;
            run.places.push(place);
            run.replicas.push(Some(replica));
        }
        run
    }

    async fn kill(&mut self, field: &Field) {
        for (index, replica) in self.replicas.iter().enumerate() {
            let page = |replica: &Replica| self.world.caller(&replica.config, "operator");
            field.set(index, replica.as_ref().map(page));
        }
        for _ in 0..self.plan.kills {
            sleep(Duration::from_millis(60 + self.dice.below(900))).await;
            let index = usize::try_from(self.dice.below(self.plan.processes as u64)).unwrap();
            let replica = self.replicas[index].take().expect("all run");
            let log = replica.log();
            replica.kill9().await;
            field.set(index, None);
            self.keep_errors(&log);
            let (died, died_at) = (Instant::now(), now());
            self.figures.killed_at.push(at_ms());
            let next = Replica::start_at(&self.world.stage, &self.places[index]).await;
            let caller = self.world.caller(&next.config, "operator");
            until_ready(&caller).await;
            self.figures.longest = self.figures.longest.max(died.elapsed());
            self.look().await;
            self.shift(died_at).await;
            field.set(index, Some(caller));
            self.replicas[index] = Some(next);
        }
        sleep(Duration::from_secs(1)).await;
        field.stop.store(true, Ordering::Relaxed);
    }

    fn keep_errors(&mut self, log: &[String]) {
        for line in log {
            // From the level on, without the time.
            if let Some(at) = line.find("ERROR") {
                *self
                    .figures
                    .errors
                    .entry(line[at..].to_owned())
                    .or_default() += 1;
            }
        }
    }

    /// Counts the single-use tokens whose refresh a kill cut off, and those of them that were spent by it.
    async fn look(&mut self) {
        let (cut_off, mut spent) = self.cut_off_and_spent().await;
        if self.plan.processes > 1 && !spent.is_empty() {
            // Another process may be about to commit.
            sleep(SETTLED).await;
            let (_, still) = self.cut_off_and_spent().await;
            spent.retain(|token| still.contains(token));
        }
        let database = &self.world.stage.database;
        for token in being_revoked(database, &self.world.vault()).await {
            *self.figures.revoking.entry(token).or_default() += 1;
        }
        for token in cut_off {
            *self.figures.cut_off.entry(token).or_default() += 1;
        }
        let before = self.figures.windows.len();
        self.figures.windows.extend(spent);
        let fresh = self.figures.windows.len() - before;
        self.figures.kills_in_windows += u32::from(fresh > 0);
        self.figures.most_at_once = self.figures.most_at_once.max(fresh);
    }

    async fn rows(&self) -> Vec<Row> {
        rows(&self.world.stage.database, &self.world.vault()).await
    }

    async fn cut_off_and_spent(&self) -> (HashSet<String>, HashSet<String>) {
        let mut rows = self.rows().await;
        rows.retain(|row| row.is_github && row.lives() && row.is_leased);
        let tokens = rows.into_iter().filter_map(|row| row.refresh_token);
        let cut_off: HashSet<String> = tokens.collect();
        let mut spent = cut_off.clone();
        self.world.stage.sandbox.with(|state| {
            spent.retain(|token| !state.github.refresh_tokens.contains_key(token));
        });
        (cut_off, spent)
    }

    /// Lets the time pass that a dead process's leases still have, and that flows nobody finishes wait.
    async fn shift(&self, died_at: i64) {
        let database = &self.world.stage.database;
        if self.plan.processes == 1 {
            // Only leases from before; a second process's own stay.
            let before = died_at + 30;
            database
                .run(&format!(
                    "UPDATE connection SET lease_until = lease_until - 30 WHERE lease_until < {before};
                     UPDATE revocation SET lease_until = lease_until - 60, next_try_at = next_try_at - 60;"
                ))
                .await;
        }
        database
            .run(
                "UPDATE flow SET expires_at = expires_at - 600
                 WHERE phase IN ('started', 'coded') AND expires_at < unixepoch('subsec') + 595",
            )
            .await;
    }

    /// Kills what is left, lets all leases run out, starts one process and holds everything against each other.
    async fn reckon(&mut self, seen: Seen) {
        let replicas = std::mem::take(&mut self.replicas);
        for replica in replicas.into_iter().flatten() {
            self.keep_errors(&replica.log());
            replica.kill9().await;
        }
        let world = self.world;
        let stage = &world.stage;
        self.look().await;
        self.look_for_plain_ones().await;
        stage
            .database
            .run(
                "UPDATE connection SET lease_until = lease_until - 30, next_try_at = NULL;
                 UPDATE revocation SET lease_until = lease_until - 60, next_try_at = 0;
                 UPDATE flow SET exchanging_at = exchanging_at - 60;",
            )
            .await;
        let last = Replica::start_at(stage, &self.places[0]).await;
        let caller = world.caller(&last.config, "operator");
        until_ready(&caller).await;
        for _ in 0..300 {
            let query = "SELECT COUNT(*) FROM revocation";
            self.figures.revocations_left = stage.database.count(query).await;
            if self.figures.revocations_left == 0 {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.look_at_flows(&caller, &seen).await;
        self.use_connections(&caller).await;
        let entries = self.read_journal(&caller).await;
        self.look_for_plain_ones().await;
        if let Database::Sqlite(_) = stage.database {
            self.figures.integrity = stage.database.text("PRAGMA integrity_check").await;
        }
        self.keep_errors(&last.log());
        last.kill9().await;
        let figures = &mut self.figures;
        let ledger = world.seen();
        figures.codes = ledger.codes.len();
        figures.codes_twice = more_than(&ledger.codes, 1);
        let all = ledger.of_hubspot.values().chain(ledger.of_github.values());
        figures.refreshes = all.map(|count| u64::from(*count)).sum();
        figures.github_twice = more_than(&ledger.of_github, 1);
        figures.github_more = more_than(&ledger.of_github, 2);
        // A call may still have been on its way when the process that sent it was gone already.
        let late = ledger.of_github.iter().filter(|(_, times)| **times > 1);
        let late = late.filter(|(token, _)| figures.cut_off.contains_key(*token));
        figures.windows.extend(late.map(|(token, _)| token.clone()));
        let unexplained = |(token, times): &(&String, &u32)| {
            let of = |kills: &HashMap<String, u32>| kills.get(*token).copied().unwrap_or(0);
            **times > 1 + of(&figures.cut_off) + of(&figures.revoking)
        };
        let unexplained = ledger.of_github.iter().filter(unexplained);
        let stories = unexplained.map(|(token, _)| {
            let of = |kills: &HashMap<String, u32>| kills.get(token).copied().unwrap_or(0);
            let (cut_off, revoking) = (of(&figures.cut_off), of(&figures.revoking));
            let story = story(&ledger.github_at[token], &figures.killed_at, &entries);
            format!("cut off {cut_off} times, while given up {revoking} times\n    {story}")
        });
        figures.github_unexplained = stories.collect();
        figures.secrets = ledger.secrets.len();
        figures.portals_lost.extend(seen.lost_portals);
        figures.answers = seen.answers;
    }

    async fn look_for_plain_ones(&mut self) {
        let secrets = self.world.seen().secrets.clone();
        let at_rest = self.world.stage.at_rest().await;
        self.figures.plain.extend(plain(&at_rest, &secrets));
    }

    async fn look_at_flows(&mut self, process: &Caller, seen: &Seen) {
        for (sub, id) in &seen.flows {
            let caller = self.world.as_another(process, sub);
            let answer = caller.get(&format!("/v1/flows/{id}")).await;
            let phase = match answer.status {
                200 => answer.json()["phase"].as_str().unwrap().to_owned(),
                404 => "gone".to_owned(),
                _ => answer.text,
            };
            if !matches!(
                phase.as_str(),
                "started" | "coded" | "done" | "failed" | "gone"
            ) {
                self.figures.stuck.push(format!("{id}: {phase}"));
            }
            *self.figures.flows.entry(phase).or_default() += 1;
        }
    }

    /// Every connection that was not removed is used once more.
    async fn use_connections(&mut self, caller: &Caller) {
        for row in self.rows().await {
            let operation = if row.is_github {
                "github.user"
            } else {
                "account.details"
            };
            let mut answer = caller.relay(&row.id, operation, &json!({})).await;
            for _ in 0..20 {
                if answer.status != 503 {
                    break;
                }
                sleep(Duration::from_millis(500)).await;
                answer = caller.relay(&row.id, operation, &json!({})).await;
            }
            self.figures.relays += 1;
            let told = format!("{}: {}", row.account, answer.text);
            if row.is_github {
                let lost = answer.status == 409 && answer.refusal().1 == "needs_reauth";
                if answer.status != 200 && !lost {
                    self.figures.dead_relays.push(told);
                }
            } else if answer.status != 200 {
                self.figures.portals_lost.push(told);
            }
        }
    }

    async fn read_journal(&mut self, caller: &Caller) -> Vec<JournalEntry> {
        let request = caller.request(Method::GET, "/v1/journal/export");
        let text = caller.send(request).await.text;
        let verified = verify_export(&text).map_err(|fault| fault.to_string());
        self.figures.journal = Some(verified.map(|verified| verified.entries));
        let mut balance = 0;
        let lines = text.lines().skip(1);
        let entries: Vec<JournalEntry> = lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for entry in &entries {
            if entry.outcome != "done" && entry.action != Action::ConnectionNeedsReauth.word() {
                continue;
            }
            match Action::from_word(&entry.action) {
                Some(Action::ConnectionAdd) => balance += 1,
                Some(Action::ConnectionRemove) => balance -= 1,
                Some(Action::ConnectionNeedsReauth) => {
                    let reason = entry.reason.as_deref().unwrap_or_default();
                    if reason.starts_with("lost_response") {
                        self.figures.github_lost += 1;
                    } else {
                        // What was given up or connected around it tells why.
                        let near =
                            |other: &&JournalEntry| other.at_ms.abs_diff(entry.at_ms) < 5_000;
                        let story = entries.iter().filter(near).map(|other| {
                            let (at, what) = (other.at_ms - entry.at_ms, &other.action);
                            format!(
                                "{at} ms {what} {:?} {} {:?}",
                                other.target, other.outcome, other.reason
                            )
                        });
                        let story: Vec<String> = story.collect();
                        self.figures
                            .github_lost_otherwise
                            .push(story.join("\n    "));
                    }
                }
                _ => {}
            }
        }
        self.figures.added_less_removed = balance;
        let rows = "SELECT COUNT(*) FROM connection";
        self.figures.connections = self.world.stage.database.count(rows).await;
        entries
    }
}

/// What happened around the times at which a token was presented, in milliseconds from the first.
fn story(presented: &[(u64, u16)], killed_at: &[u64], entries: &[JournalEntry]) -> String {
    let first = presented.first().map_or(0, |(at, _)| *at).cast_signed();
    let mut lines: Vec<(i64, String)> = Vec::new();
    for (at, status) in presented {
        let at = at.cast_signed() - first;
        lines.push((at, format!("presented, answered {status}")));
    }
    for at in killed_at {
        lines.push((at.cast_signed() - first, "killed".to_owned()));
    }
    for entry in entries {
        let (at, what, target) = (entry.at_ms - first, &entry.action, &entry.target);
        let (outcome, reason) = (&entry.outcome, &entry.reason);
        lines.push((at, format!("{what} {target:?} {outcome} {reason:?}")));
    }
    let is_near = |at: i64| {
        let mut times = presented.iter().map(|(time, _)| time.cast_signed() - first);
        times.any(|time| (at - time).abs() < 3_000)
    };
    lines.retain(|(at, _)| is_near(*at));
    lines.sort();
    let lines = lines.iter().map(|(at, what)| format!("{at} ms {what}"));
    lines.collect::<Vec<String>>().join("\n    ")
}
