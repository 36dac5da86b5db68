//! What a run of kills comes to: the table, and what must hold.
//! Owns the limits; the counting is `kills`'.

use super::kills::Plan;
use super::row;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// What a process may take to be ready again (CP-1).
const READY: Duration = Duration::from_secs(5);

/// What stood afterwards.
#[derive(Debug, Default)]
pub struct Figures {
    pub(super) plan: Option<Plan>,
    pub(super) kind: &'static str,
    /// The longest time from death to readiness.
    pub(super) longest: Duration,
    /// Refreshes of single use that were answered and not committed when a process died.
    pub(super) windows: HashSet<String>,
    /// At how many kills each of their tokens was on its way.
    pub(super) cut_off: HashMap<String, u32>,
    /// The same of the tokens by which grants were being given up.
    pub(super) revoking: HashMap<String, u32>,
    pub(super) kills_in_windows: u32,
    /// When each of them was, in milliseconds since 1970.
    pub(super) killed_at: Vec<u64>,
    pub(super) most_at_once: usize,
    pub(super) codes: usize,
    pub(super) codes_twice: usize,
    pub(super) refreshes: u64,
    pub(super) github_twice: usize,
    pub(super) github_more: usize,
    /// Presented again without a kill that explains it.
    pub(super) github_unexplained: Vec<String>,
    pub(super) github_lost: usize,
    pub(super) github_lost_otherwise: Vec<String>,
    pub(super) portals_lost: Vec<String>,
    pub(super) stuck: Vec<String>,
    pub(super) flows: BTreeMap<String, u64>,
    pub(super) dead_relays: Vec<String>,
    pub(super) relays: usize,
    pub(super) secrets: usize,
    pub(super) plain: Vec<String>,
    pub(super) journal: Option<Result<u64, String>>,
    pub(super) added_less_removed: i64,
    pub(super) connections: i64,
    pub(super) integrity: Option<String>,
    pub(super) revocations_left: i64,
    /// What the processes logged as errors.
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) answers: BTreeMap<String, u64>,
}

impl Figures {
    /// A table for people.
    pub fn print(&self) {
        let Some(plan) = self.plan else { return };
        println!(
            "{} kills of one of {} process(es) on {}, seed {}:",
            plan.kills, plan.processes, self.kind, plan.seed
        );
        let ready = self.longest.as_secs_f64();
        let share = ready / READY.as_secs_f64();
        let limit = format!("{share:.2} of the limit of {} s", READY.as_secs());
        row(
            "longest from death to readiness, s",
            format!("{ready:.2}"),
            &limit,
        );
        row("authorization codes presented", self.codes, "");
        row("  more than once", self.codes_twice, "of 0");
        row("refresh tokens presented", self.refreshes, "");
        row("HubSpot grants lost", self.portals_lost.len(), "of 0");
        let windows = self.windows.len();
        row(
            "GitHub refreshes between answer and commit at a kill",
            windows,
            "",
        );
        row("  kills that fell so", self.kills_in_windows, "");
        row("  most at one kill", self.most_at_once, "");
        row(
            "GitHub grants lost",
            self.github_lost,
            &format!("of {windows} at most"),
        );
        row(
            "  for any other reason",
            self.github_lost_otherwise.len(),
            "of 0",
        );
        row(
            "GitHub refresh tokens presented again after a kill",
            self.github_twice,
            "",
        );
        row(
            "  again when that try was cut off too",
            self.github_more,
            "",
        );
        row(
            "  without a kill before",
            self.github_unexplained.len(),
            "of 0",
        );
        let flows: u64 = self.flows.values().sum();
        row("flows begun", flows, &format!("{:?}", self.flows));
        row("  stuck", self.stuck.len(), "of 0");
        row("connections used at the end", self.relays, "");
        row(
            "  not served for no known reason",
            self.dead_relays.len(),
            "of 0",
        );
        row("secrets searched for", self.secrets, "");
        row("  found at rest", self.plain.len(), "of 0");
        let journal = format!("{:?}", self.journal);
        row("journal entries, verified", journal, "");
        let added = self.added_less_removed;
        row(
            "connections added less removed, by the journal",
            added,
            &format!("of {}", self.connections),
        );
        row("revocations left", self.revocations_left, "of 0");
        if let Some(integrity) = &self.integrity {
            row("PRAGMA integrity_check", integrity, "");
        }
        for (what, count) in &self.answers {
            row(&format!("answers: {what}"), count, "");
        }
        for (line, count) in &self.errors {
            println!("  logged {count} times: {line}");
        }
    }

    /// Nothing lost, nothing doubled, nothing plain.
    pub fn check(&self) {
        assert_eq!(self.codes_twice, 0, "a code was redeemed twice");
        assert!(self.codes > 0 && self.refreshes > 0, "there was a load");
        assert!(self.portals_lost.is_empty(), "{:?}", self.portals_lost);
        let windows = self.windows.len();
        assert!(self.github_lost <= windows, "{} lost", self.github_lost);
        let otherwise = &self.github_lost_otherwise;
        assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
        let again = &self.github_unexplained;
        assert!(again.is_empty(), "used again:\n{}", again.join("\n"));
        assert!(self.stuck.is_empty(), "{:?}", self.stuck);
        assert!(self.dead_relays.is_empty(), "{:?}", self.dead_relays);
        assert!(self.secrets > 0, "there were secrets to search for");
        assert!(self.plain.is_empty(), "{:?}", self.plain);
        assert!(matches!(self.journal, Some(Ok(_))), "{:?}", self.journal);
        assert_eq!(self.added_less_removed, self.connections);
        assert_eq!(self.revocations_left, 0, "revocations stay undone");
        assert!(matches!(self.integrity.as_deref(), None | Some("ok")));
        let faults = self.answers.keys().filter(|how| how.contains(": internal"));
        assert_eq!(faults.count(), 0, "{:?}", self.answers);
    }
}
