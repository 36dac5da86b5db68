//! Replicas whose clocks are wrong by an hour: what is timed is timed by the database.

use futures_util::future::join_all;
use portico_core::wire::Role;
use portico_proxy::config::KeyAlgorithm;
use portico_tests::{
    Answer, BareStage, Caller, Database, PORTAL, Partner, Replica, Stage, WrongClocks,
};
use serde_json::json;
use std::time::Duration;

const HOUR: i64 = 3_600;

/// A portal that takes as many calls as come, connected while all clocks were right; no proxy runs.
async fn connected() -> (BareStage, Partner, String) {
    let partner = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let stage = Stage::set(|config, state| {
        config.tenants = vec![partner.tenant()];
        for portal in state.portals.values_mut() {
            portal.burst_limit = 1_000_000;
        }
    })
    .await;
    let admin = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let done = admin.complete(&flow, &claim).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let id = done.json()["connection"]["id"].as_str().unwrap().to_owned();
    (stage.bare().await, partner, id)
}

/// Replicas that run with wrong clocks over one database.
struct Wrong<'a> {
    stage: &'a BareStage,
    id: &'a str,
    replicas: Vec<Replica>,
    pages: Vec<Caller>,
    /// What the clock in the database is ahead by.
    database_ahead: i64,
}

impl<'a> Wrong<'a> {
    async fn start(
        stage: &'a BareStage,
        partner: &Partner,
        id: &'a str,
        clocks: &WrongClocks,
        ahead: &[i64],
    ) -> Self {
        let start = |ahead: &i64| Replica::start_with_clock(stage, clocks, *ahead);
        let replicas = join_all(ahead.iter().map(start)).await;
        let page = |(replica, ahead): (&Replica, &i64)| {
            // A session is judged by the clock of whoever judges it, so its partner's is wrong alike.
            let mut claims = partner.claims(&replica.config, "acme", "ada", Role::Admin);
            for name in ["iat", "exp"] {
                claims[name] = json!(claims[name].as_i64().unwrap() + ahead);
            }
            let token = partner.sign(&partner.header(), &claims);
            partner.page(&replica.config, token)
        };
        let pages = replicas.iter().zip(ahead).map(page).collect();
        let database_ahead = match stage.database {
            Database::Sqlite(_) => ahead[0],
            Database::Postgres(_) => 0,
        };
        Self {
            stage,
            id,
            replicas,
            pages,
            database_ahead,
        }
    }

    /// So many seconds from now, as the database counts them.
    fn at(&self, seconds: i64) -> String {
        format!("unixepoch('subsec') + {}", self.database_ahead + seconds)
    }

    /// A token with so many seconds left, and nobody at it.
    async fn left(&self, seconds: i64) {
        let statement = format!(
            "UPDATE connection SET access_expires_at = {}, lease_owner = NULL, lease_until = NULL,
                next_try_at = NULL, attempts = 0",
            self.at(seconds)
        );
        self.stage.sql(&statement).await;
    }

    async fn ask(&self, page: &Caller) -> Answer {
        page.relay(self.id, "account.details", &json!({})).await
    }

    /// All ask so often at once; all are served.
    async fn all_are_served(&self, times: usize) {
        let asks = self
            .pages
            .iter()
            .flat_map(|page| (0..times).map(|_| self.ask(page)));
        for answer in join_all(asks).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }

    /// Token calls since `before`.
    fn calls(&self, before: usize) -> usize {
        self.stage.token_calls("refresh_token") - before
    }

    async fn hold(&self) {
        let before = self.stage.token_calls("refresh_token");
        // Not early: a token with more than five minutes left is used as it is, by every replica.
        self.left(310).await;
        self.all_are_served(5).await;
        assert_eq!(self.calls(before), 0, "a refresh came too early");

        // Not missing: with less left, whichever is asked refreshes, once.
        for (number, page) in self.pages.iter().enumerate() {
            self.left(299).await;
            assert_eq!(self.ask(page).await.status, 200);
            assert_eq!(self.calls(before), number + 1, "replica {number}");
            let life = format!(
                "SELECT CAST(access_expires_at - ({}) AS INTEGER) FROM connection",
                self.at(0)
            );
            let life = self.stage.database.count(&life).await;
            assert!((1_790..=1_800).contains(&life), "replica {number}: {life}");
        }

        // Not double: under load one refreshes for all.
        for round in 0..3 {
            let before = self.stage.token_calls("refresh_token");
            self.left(-1).await;
            self.all_are_served(50).await;
            assert_eq!(self.calls(before), 1, "round {round}");
        }

        // A lease of somebody else stands as long as it stands, and no longer.
        let before = self.stage.token_calls("refresh_token");
        let lease = format!(", lease_owner = 'another', lease_until = {}", self.at(5));
        let taken = format!(
            "UPDATE connection SET access_expires_at = {} {lease}",
            self.at(-1)
        );
        self.stage.sql(&taken).await;
        let waiting = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert_eq!(self.calls(before), 0, "a lease was taken too early");
        };
        tokio::join!(self.all_are_served(5), waiting);
        assert_eq!(self.calls(before), 1, "one took over");

        // A try that was put off waits for its time, then comes by itself, once.
        let before = self.stage.token_calls("refresh_token");
        let put_off = format!(
            "state = 'checking', fault_category = 'transient', next_try_at = {}",
            self.at(4)
        );
        let statement = format!(
            "UPDATE connection SET access_expires_at = {}, {put_off}",
            self.at(-1)
        );
        self.stage.sql(&statement).await;
        for (number, page) in self.pages.iter().enumerate() {
            let answer = self.ask(page).await;
            assert_eq!(answer.refusal(), (503, "provider_unavailable".into()));
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=4).contains(&wait), "replica {number}: {wait}");
        }
        assert_eq!(self.calls(before), 0, "a try came too early");
        let well = "SELECT COUNT(*) FROM connection WHERE state = 'connected'";
        crate::exchange::until(async || self.stage.database.count(well).await == 1).await;
        assert_eq!(self.calls(before), 1, "it came once");
    }

    async fn end(self) {
        for mut replica in self.replicas {
            replica.terminate();
            let (status, _) = replica.ended().await;
            assert!(status.success(), "{}", replica.log().join("\n"));
        }
    }
}

/// RR-8: no refresh comes early, twice or not at all, however wrong the replicas' clocks are.
///
/// PostgreSQL has a clock of its own, so that four replicas disagree by two hours. SQLite reads the clock of the machine
/// that all its processes share, within the process: there all are wrong alike, first ahead and then behind.
#[tokio::test]
async fn refreshes_are_timed_by_the_database_alone() {
    let Some(clocks) = WrongClocks::at_hand() else {
        return;
    };
    for is_first in [true, false] {
        let (stage, partner, id) = connected().await;
        let ahead: &[i64] = match (&stage.database, is_first) {
            (Database::Sqlite(_), true) => &[HOUR, HOUR],
            (Database::Sqlite(_), false) => &[-HOUR, -HOUR],
            (Database::Postgres(_), true) => &[HOUR, -HOUR, 0, HOUR / 2],
            (Database::Postgres(_), false) => &[-HOUR, HOUR],
        };
        let wrong = Wrong::start(&stage, &partner, &id, &clocks, ahead).await;
        wrong.hold().await;
        wrong.end().await;
    }
}
