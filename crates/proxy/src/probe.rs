//! Testing a connection (S12): a read of the account, then one of each granted area, through the relay's own door.
//! Owns their order and times; which read proves what, the core decides. Nothing of an answer is passed on (P1).

use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::grant::access::check_usable;
use crate::grant::cache;
use crate::grant::static_credential;
use crate::relay;
use crate::session::Principal;
use futures_util::stream::{self, StreamExt as _};
use portico_core::error::ErrorCode;
use portico_core::probe::{self, ACCOUNT, Probe};
use portico_core::wire::{AreaReport, ProbeOutcome, TestReport};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Reads of one test that run at once; a retrieval beside it keeps the other slots.
const AT_ONCE: usize = 4;
/// A test answers before the interface's own deadline.
const DEADLINE: Duration = Duration::from_secs(25);

/// Reads the account and, when it answers, every granted area.
pub(crate) async fn test(app: &Shared, who: &Principal, id: &str) -> ApiResult<TestReport> {
    let started = Instant::now();
    let until = started + DEADLINE;
    let held = cache::held(app, &who.owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    check_usable(app, &held)?;
    let mut areas = vec![ask(app, who, id, ACCOUNT, until).await];
    if areas[0].outcome == ProbeOutcome::Ok {
        if held.row.is_static() {
            // Scopes of a service key can be edited in HubSpot.
            let _ = timeout_at(until, static_credential::look(app, &who.owner, id)).await;
        }
        let held = cache::held(app, &who.owner, id)
            .await?
            .ok_or(ErrorCode::NotFound)?;
        let probes = probe::probes(&held.granted);
        let asked = probes
            .into_iter()
            .map(|probe| ask(app, who, id, probe, until));
        areas.extend(
            stream::iter(asked)
                .buffered(AT_ONCE)
                .collect::<Vec<_>>()
                .await,
        );
    }
    let outcomes: Vec<ProbeOutcome> = areas.iter().map(|area| area.outcome).collect();
    Ok(TestReport {
        verdict: probe::verdict(&outcomes),
        milliseconds: milliseconds(started),
        areas,
    })
}

/// How a read ended, and what HubSpot's answer bore.
struct Seen {
    outcome: ProbeOutcome,
    status: Option<u16>,
    correlation_id: Option<String>,
}

async fn ask(app: &Shared, who: &Principal, id: &str, probe: Probe, until: Instant) -> AreaReport {
    let started = Instant::now();
    let seen = match timeout_at(until, read(app, who, id, &probe)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => Seen {
            outcome: probe::outcome(error.code()),
            status: error.provider_answer().map(|answer| answer.status),
            correlation_id: error
                .provider_answer()
                .and_then(|answer| answer.correlation_id.clone()),
        },
        Err(_) => Seen {
            outcome: ProbeOutcome::Unavailable,
            status: None,
            correlation_id: None,
        },
    };
    AreaReport {
        area: probe.area.to_owned(),
        title: probe.title.to_owned(),
        operation: probe.operation.to_owned(),
        outcome: seen.outcome,
        status: seen.status,
        milliseconds: milliseconds(started),
        correlation_id: seen.correlation_id,
    }
}

async fn read(app: &Shared, who: &Principal, id: &str, probe: &Probe) -> ApiResult<Seen> {
    let (operation, target) = probe.target().map_err(|error| {
        tracing::error!(error = %error, area = probe.area, "a probe does not fit its operation");
        ApiError::from(ErrorCode::Internal)
    })?;
    let (answer, access) = relay::perform(app, &who.owner, id, operation, &target).await?;
    let (status, correlation_id) = (answer.status, answer.correlation_id.clone());
    relay::read(answer, &access, operation.provider)?;
    Ok(Seen {
        outcome: ProbeOutcome::Ok,
        status: Some(status),
        correlation_id,
    })
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
