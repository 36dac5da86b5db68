//! How a connection is likely to fare: what stands, what lags, what hangs on one person, what runs out (P8).
//! Owns the outlook and its reasons; the status is [`read_status`]'s, asked about now and about later.

mod fleet;
mod reasons;

pub use fleet::{Fleet, FleetReason, forecast_fleet, plan_outlook};

use crate::status::{Status, read_status};
use crate::wire::{Connection, ProviderInfo, UnixSeconds};

/// How much a forecast asks of a person; the worse the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing to do.
    Good,
    /// Nothing is broken; look at it in time.
    Watch,
    /// Somebody has to do something.
    Act,
}

impl Level {
    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Good => "Good",
            Self::Watch => "Watch",
            Self::Act => "Act",
        }
    }
}

/// One reason of a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable word, the same for every portal with this reason.
    pub id: &'static str,
    /// What it asks for.
    pub level: Level,
    /// In a few words; the same for every portal with this reason.
    pub title: &'static str,
    /// The evidence and what follows, in sentences.
    pub detail: String,
    /// When it comes to pass, or until when to act, where that is known.
    pub by: Option<UnixSeconds>,
}

/// The outlook of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The worst of the reasons.
    pub level: Level,
    /// The worst first, then the nearest.
    pub reasons: Vec<Reason>,
}

/// The outlook as it stands at `now`. `providers`: what the operator has set up today, as the session tells.
pub fn forecast(connection: &Connection, providers: &[ProviderInfo], now: UnixSeconds) -> Forecast {
    let reasons = reasons::reasons(connection, providers, now);
    let order = crate::order::ordered(reasons.len(), &mut |a, b| {
        let (a, b) = (&reasons[a], &reasons[b]);
        let when = |reason: &Reason| reason.by.unwrap_or(UnixSeconds::MAX);
        b.level.cmp(&a.level).then_with(|| when(a).cmp(&when(b)))
    });
    let reasons: Vec<Reason> = order.into_iter().map(|at| reasons[at].clone()).collect();
    Forecast {
        level: reasons.first().map_or(Level::Good, |worst| worst.level),
        reasons,
    }
}

/// The next moment at which the status changes by itself, and what it is then: the same function, asked about later.
pub fn next_status(connection: &Connection, now: UnixSeconds) -> Option<(UnixSeconds, Status)> {
    // Nothing but a fault's next try makes one status into another without news.
    let at = connection.grant.fault.as_ref()?.next_try_at?;
    let later = read_status(connection, at).status;
    (at > now && later != read_status(connection, now).status).then_some((at, later))
}

#[cfg(test)]
mod tests;
