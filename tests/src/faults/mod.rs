//! Faults in figures: processes killed at random, tokens that work once, and tokens that all run out at once.
//! Owns the ground they share: accounts without end, what the sandbox saw, a seeded die. What must hold stands in each part.

#![allow(clippy::print_stdout, reason = "figures are printed")]

pub mod breaker;
pub mod herd;
pub mod kills;
mod ledger;
mod load;
mod reckoning;
mod rows;
pub mod soak;
mod vault;

use crate::database::Database;
use crate::stage::{BareStage, PORTAL, Stage, offer_github};
use crate::{Caller, Partner};
use ledger::Ledger;
use portico_core::wire::Role;
use portico_proxy::config::{Config, KeyAlgorithm};
use portico_sandbox::{Sandbox, State};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use vault::Vault;

/// The user whose copies authorize at GitHub.
const MODEL_LOGIN: &str = "mara-lindqvist";
/// First of the portals.
const FIRST_PORTAL: u64 = 700_000_001;
/// First of GitHub's accounts.
const FIRST_USER: u64 = 800_000_001;
/// More calls than any run makes.
const UNLIMITED: u32 = 1_000_000_000;
const ORG: &str = "agency";

/// Accounts that may be connected, a partner whose people connect them, and all that the sandbox saw.
pub struct World {
    /// Sandbox and database.
    pub stage: BareStage,
    partner: Partner,
    portals: Vec<u64>,
    logins: Vec<(u64, String)>,
    ledger: Arc<Mutex<Ledger>>,
    watch: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl World {
    /// With so many portals and GitHub accounts, none of which limits calls, after a change to the sandbox.
    pub async fn open(portals: u64, logins: u64, change: impl FnOnce(&mut State)) -> Self {
        let partner = Partner::new("crm.example", KeyAlgorithm::EdDSA);
        let tenant = partner.tenant();
        let stage = Stage::set(|config, state| {
            offer_github(config, state);
            config.tenants = vec![tenant];
            config.limits.max_per_address = 4_000;
            populate(state, portals, logins);
            change(state);
        })
        .await;
        let stage = stage.bare().await;
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let watch = tokio::spawn(watch(stage.sandbox.clone(), ledger.clone()));
        Self {
            stage,
            partner,
            portals: (0..portals).map(|number| FIRST_PORTAL + number).collect(),
            logins: (0..logins).map(user).collect(),
            ledger,
            watch,
        }
    }

    /// SQLite or PostgreSQL.
    pub fn kind(&self) -> &'static str {
        match self.stage.database {
            Database::Sqlite(_) => "SQLite",
            Database::Postgres(_) => "PostgreSQL",
        }
    }

    /// A page of the partner with an admin of this name, at a process.
    fn caller(&self, config: &Config, sub: &str) -> Caller {
        self.partner.page(config, self.session(config, sub))
    }

    /// The same page with another admin.
    fn as_another(&self, caller: &Caller, sub: &str) -> Caller {
        caller.with_token(self.session(&caller.config, sub))
    }

    fn session(&self, config: &Config, sub: &str) -> String {
        let mut claims = self.partner.claims(config, ORG, sub, Role::Admin);
        claims["plan"]["max_connections"] = 100_000.into();
        self.partner.sign(&self.partner.header(), &claims)
    }

    /// What the sandbox saw until now.
    fn seen(&self) -> MutexGuard<'_, Ledger> {
        let mut ledger = locked(&self.ledger);
        ledger.take(&self.stage.sandbox);
        ledger
    }

    fn vault(&self) -> Vault {
        Vault::open(&self.stage.config.data_dir, &self.partner.issuer, ORG)
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sandbox remembers the last ten thousand calls: they are taken out before.
async fn watch(sandbox: Sandbox, ledger: Arc<Mutex<Ledger>>) {
    loop {
        locked(&ledger).take(&sandbox);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn user(number: u64) -> (u64, String) {
    (FIRST_USER + number, format!("user-{number}"))
}

fn populate(state: &mut State, portals: u64, logins: u64) {
    let mut model = (*state.portals[&PORTAL]).clone();
    // Only who they are matters, and there may be ten thousand of them.
    for list in [
        &mut model.pipeline_audit,
        &mut model.association_configurations,
    ] {
        list.clear();
    }
    model.collections.clear();
    model.lists.clear();
    model.custom_objects.clear();
    drop(std::mem::take(&mut model.records));
    model.burst_limit = UNLIMITED;
    state.portals.clear();
    for id in (0..portals).map(|number| FIRST_PORTAL + number) {
        let mut portal = model.clone();
        portal.id = id;
        state.portals.insert(id, portal.into());
    }
    let model = state.github.account(MODEL_LOGIN).unwrap().clone();
    for (id, login) in (0..logins).map(user) {
        let mut account = model.clone();
        (account.id, account.login) = (id, login);
        state.github.accounts.insert(id, account.into());
    }
    state.github.limits.hourly = UNLIMITED;
    state.github.limits.points_per_minute = UNLIMITED;
}

/// A die that falls the same way for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Less than `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Another die.
    fn fork(&mut self) -> Self {
        Self(self.next())
    }
}

/// A seed of this moment, for runs that name none.
pub fn any_seed() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_ne_bytes(bytes)
}

/// A line of a table: what, how many, and of what limit.
fn row(what: &str, value: impl std::fmt::Display, limit: &str) {
    println!("  {what:<58} {value:>10}  {limit}");
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_die_falls_the_same_way_for_the_same_seed() {
        let fallen = |seed| {
            let mut dice = Dice::new(seed);
            (0..8).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(fallen(7), fallen(7));
        assert_ne!(fallen(7), fallen(8));
    }
}
