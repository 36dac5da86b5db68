//! The outlook of all portals together: how many stand how, and what touches most of them (P8).
//! Owns the gathering; each portal's own reasons are [`super::forecast`]'s.

use super::{Level, Reason, forecast};
use crate::order::ordered;
use crate::status::read_status;
use crate::text::visible;
use crate::wire::{Connection, Provider, ProviderInfo, UnixSeconds};

/// So many portals on one person are worth a look.
const MANY: usize = 3;

/// A reason that several portals share, or one that only all together show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetReason {
    /// As [`Reason::id`]; `authoriser` for what hangs on one person.
    pub id: &'static str,
    /// The worst among those portals.
    pub level: Level,
    /// In a few words.
    pub title: String,
    /// One portal's evidence, or that of all; empty where each has its own.
    pub detail: String,
    /// Which portals, as places in the list that was handed in.
    pub portals: Vec<usize>,
    /// The nearest of their dates.
    pub by: Option<UnixSeconds>,
}

/// The outlook of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Level of each portal, in the order of the list.
    pub levels: Vec<Level>,
    /// Portals to act on.
    pub act: usize,
    /// Portals to watch.
    pub watch: usize,
    /// The others.
    pub good: usize,
    /// What asks for something: what touches most portals first, then the worse.
    pub reasons: Vec<FleetReason>,
}

/// The outlook of all these connections as it stands at `now`.
pub fn forecast_fleet(
    connections: &[Connection],
    providers: &[ProviderInfo],
    now: UnixSeconds,
) -> Fleet {
    let mut fleet = Fleet::default();
    let mut found: Vec<FleetReason> = vec![];
    for (at, connection) in connections.iter().enumerate() {
        let outlook = forecast(connection, providers, now);
        match outlook.level {
            Level::Good => fleet.good += 1,
            Level::Watch => fleet.watch += 1,
            Level::Act => fleet.act += 1,
        }
        fleet.levels.push(outlook.level);
        for reason in outlook.reasons {
            if reason.level > Level::Good {
                gather(&mut found, at, reason);
            }
        }
    }
    found.extend(authorisers(connections, now));
    let order = ordered(found.len(), &mut |a, b| {
        let (a, b) = (&found[a], &found[b]);
        let most = b.portals.len().cmp(&a.portals.len());
        most.then_with(|| b.level.cmp(&a.level))
            .then_with(|| a.title.cmp(&b.title))
    });
    fleet.reasons = order.into_iter().map(|at| found[at].clone()).collect();
    fleet
}

fn gather(found: &mut Vec<FleetReason>, at: usize, reason: Reason) {
    if let Some(known) = found.iter_mut().find(|known| known.id == reason.id) {
        known.level = known.level.max(reason.level);
        known.by = match (known.by, reason.by) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        known.portals.push(at);
        if known.detail != reason.detail {
            known.detail.clear();
        }
        return;
    }
    found.push(FleetReason {
        id: reason.id,
        level: reason.level,
        title: reason.title.to_owned(),
        detail: reason.detail,
        portals: vec![at],
        by: reason.by,
    });
}

/// Who holds many: should that person's rights end, all of these may need reconnection at once (R10).
fn authorisers(connections: &[Connection], now: UnixSeconds) -> Vec<FleetReason> {
    let name = |at: usize| -> &str {
        let connection = &connections[at];
        let alive = read_status(connection, now).status.calls_allowed();
        let who = connection.account.authorised_by.as_deref();
        // On GitHub a connection is the account itself.
        let hubspot = connection.provider == Provider::Hubspot;
        who.filter(|_| alive && hubspot).unwrap_or_default()
    };
    let names: Vec<&str> = (0..connections.len()).map(name).collect();
    let order = ordered(names.len(), &mut |a, b| names[a].cmp(names[b]));
    let mut reasons = vec![];
    for group in order.chunk_by(|a, b| names[*a] == names[*b]) {
        let who = group.first().map_or("", |at| names[*at]);
        if who.is_empty() || group.len() < MANY {
            continue;
        }
        let title = [&group.len().to_string(), " portals hang on ", &visible(who)].concat();
        reasons.push(FleetReason {
            id: "authoriser",
            level: Level::Watch,
            title,
            detail: "Should this person's rights in HubSpot end, some of these may need reconnection at once. A second person with the right can reconnect them one by one beforehand.".into(),
            portals: group.to_vec(),
            by: None,
        });
    }
    reasons
}

/// The plan's limit, seen before it is reached (J25, J26, S18).
pub fn plan_outlook(used: u32, most: u32) -> Option<Reason> {
    let left = most.saturating_sub(used);
    let (level, title) = match left {
        0 => (Level::Act, "The plan's number of portals is reached"),
        // The last tenth, and never less than the last place.
        _ if u64::from(left) * 10 <= u64::from(most) || (left == 1 && most > 1) => (
            Level::Watch,
            "The plan's number of portals is nearly reached",
        ),
        _ => return None,
    };
    Some(Reason {
        id: "plan-limit",
        level,
        title,
        detail: [
            &used.to_string(),
            " of ",
            &most.to_string(),
            " portals are in use. Remove one that is no longer needed, or upgrade the plan.",
        ]
        .concat(),
        by: None,
    })
}
