//! Prints how near a retrieval comes to the floor that HubSpot's rate limit sets, in virtual time (P4).
//! Owns the measurement; the planner is portico-core's, HubSpot is the sandbox's pure `handle`, and no clock is read.
//!
//! Fixtures may be named as arguments; without any, all that differ in size are run.
//! The proxy's part is played by the few lines that turn a relay call into a request and an error into a problem.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use portico_core::error::ErrorCode;
use portico_core::operations::{self, Method, request_target};
use portico_core::retrieval::{Answer, Effect, KindState, Outcome, PlanInput, Planner, RelayCall};
use portico_core::scopes::{DEFAULT_OPTIONAL, REQUIRED};
use portico_core::wire::{Problem, RateLimit, Upstream};
use portico_sandbox::{
    AppConfig, BURST_LIMIT, BURST_SPAN_MS, DEMO_CLIENT_ID, Request, Response, State, handle,
};
use std::process::ExitCode;

/// From the planner to HubSpot and back, as over a good line; HubSpot counts the call half-way.
const LATENCY_MS: u64 = 100;
/// Calls under way at once: the planner's own limit (platform, section 4).
const IN_FLIGHT: u64 = 10;
/// The time of the sandbox's fixtures; only differences matter.
const START_MS: u64 = portico_sandbox::time::FIXTURE_NOW;
/// Tables of a run are long before this.
const MOST_STEPS: u32 = 1_000_000;

fn main() -> ExitCode {
    println!("Retrieval in virtual time, {LATENCY_MS} ms per call:");
    let named: Vec<String> = std::env::args().skip(1).collect();
    let fixtures = if named.is_empty() {
        ["small", "enterprise", "hostile", "huge"]
            .map(String::from)
            .to_vec()
    } else {
        named
    };
    for fixture in &fixtures {
        match measure_all(fixture) {
            Ok(runs) => runs.iter().for_each(|run| run.print(fixture)),
            Err(fault) => {
                println!("  {fixture}: {fault}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "  floor(N) = max((⌈N/{BURST_LIMIT}⌉ - 1) × {} s + {LATENCY_MS} ms, ⌈N/{IN_FLIGHT}⌉ × {LATENCY_MS} ms):",
        BURST_SPAN_MS / 1_000
    );
    println!(
        "  no rolling window takes more than {BURST_LIMIT} calls, and {IN_FLIGHT} are under way at most."
    );
    ExitCode::SUCCESS
}

/// What one retrieval cost.
struct Run {
    portal: u64,
    calls: u64,
    virtual_ms: u64,
    refused: u64,
    records: u64,
    bytes: usize,
    /// The longest answer and what it answered: the proxy refuses above its cap.
    longest: (usize, &'static str),
    gaps: Vec<String>,
}

impl Run {
    /// The least time in which anybody can make so many calls.
    fn floor_ms(&self) -> u64 {
        let windows = self
            .calls
            .div_ceil(u64::from(BURST_LIMIT))
            .saturating_sub(1);
        let by_window = windows * BURST_SPAN_MS + LATENCY_MS;
        by_window.max(self.calls.div_ceil(IN_FLIGHT) * LATENCY_MS)
    }

    fn print(&self, fixture: &str) {
        let floor_ms = self.floor_ms();
        println!(
            "  {fixture} {}: {} HubSpot calls, {} virtual s, floor {} s, ratio {} (target 1.10 at most)",
            self.portal,
            self.calls,
            thousandths(self.virtual_ms),
            thousandths(floor_ms),
            thousandths(self.virtual_ms * 1_000 / floor_ms.max(1)),
        );
        println!(
            "    {} records, {} KB, longest answer {} KB ({}), {} calls refused by the rate limit",
            self.records,
            self.bytes / 1_000,
            self.longest.0 / 1_000,
            self.longest.1,
            self.refused
        );
        for gap in &self.gaps {
            println!("    {gap}");
        }
    }
}

fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1_000, value % 1_000)
}

/// A call on its way.
struct Flying {
    call: RelayCall,
    counted_at: u64,
    response: Option<Response>,
}

/// Every portal of a fixture, one after the other.
fn measure_all(fixture: &str) -> Result<Vec<Run>, String> {
    let mut state = State::fixture(fixture, 1, vec![AppConfig::demo(Vec::new())])
        .map_err(|error| error.to_string())?;
    let portals: Vec<u64> = state.portals.keys().copied().collect();
    let runs = portals.into_iter();
    runs.map(|portal| measure(&mut state, portal)).collect()
}

fn measure(state: &mut State, portal: u64) -> Result<Run, String> {
    let asked: Vec<&str> = REQUIRED.iter().chain(DEFAULT_OPTIONAL).copied().collect();
    let granted: Vec<&str> = {
        let portal = &state.portals[&portal];
        let available = |scope: &&str| portico_sandbox::scopes::available(scope, portal);
        asked.into_iter().filter(available).collect()
    };
    let token = state
        .issue_grant(DEMO_CLIENT_ID, portal, &granted, START_MS)
        .ok_or("the fixture does not know the demo app")?
        .access_token;
    let granted: Vec<String> = granted.into_iter().map(String::from).collect();
    let mut planner = Planner::new(PlanInput { granted: &granted });
    let mut run = Run {
        portal,
        calls: 0,
        virtual_ms: 0,
        refused: 0,
        records: 0,
        bytes: 0,
        longest: (0, ""),
        gaps: Vec::new(),
    };
    let mut flight: Vec<Flying> = Vec::new();
    let mut now = START_MS;
    for _ in 0..MOST_STEPS {
        let next = planner.next(now);
        for call in next.calls {
            run.calls += 1;
            flight.push(Flying {
                call,
                counted_at: now + LATENCY_MS / 2,
                response: None,
            });
        }
        if next.done {
            run.virtual_ms = now - START_MS;
            finish(&planner, &mut run);
            return Ok(run);
        }
        let due = |one: &Flying| match one.response {
            None => one.counted_at,
            Some(_) => one.counted_at + LATENCY_MS / 2,
        };
        let events = flight.iter().map(due).chain(next.wake_at);
        now = events.min().ok_or("the planner waits for nothing")?;
        let Some(at) = flight.iter().position(|one| due(one) <= now) else {
            continue;
        };
        if flight[at].response.is_none() {
            let request = request_of(&flight[at].call, &token)?;
            flight[at].response = Some(handle(state, &request, now));
            continue;
        }
        let one = flight.swap_remove(at);
        if let Some(response) = one.response {
            run.refused += u64::from(response.status == 429);
            let body = response.text();
            run.longest = run.longest.max((body.len(), one.call.operation));
            let answer = Answer {
                outcome: outcome(&response, &body),
                rate: rate(&response),
            };
            for effect in planner.answered(one.call.id, answer, now) {
                if let Effect::Store { content, .. } = effect {
                    run.bytes += content.len();
                }
            }
        }
    }
    Err("the planner does not come to an end".into())
}

fn finish(planner: &Planner, run: &mut Run) {
    for (.., records, _) in planner.manifest() {
        run.records += u64::from(records);
    }
    for progress in planner.progress() {
        let title = progress.kind.title();
        match &progress.state {
            KindState::Completed { .. } => {}
            KindState::Partial { reason, .. } | KindState::NotAvailable { reason } => {
                run.gaps.push(format!("{title}: {}", reason.sentence()));
            }
            other => run.gaps.push(format!("{title}: {other:?}")),
        }
    }
}

/// As the proxy's relay builds it.
fn request_of(call: &RelayCall, token: &str) -> Result<Request, String> {
    let name = call.operation;
    let operation = operations::operation(name).ok_or(format!("no operation {name}"))?;
    let target =
        request_target(operation, &call.request).map_err(|error| format!("{name}: {error}"))?;
    let path = if target.query.is_empty() {
        target.path
    } else {
        format!("{}?{}", target.path, target.query)
    };
    let request = match (operation.method, &target.body) {
        (Method::Post, Some(body)) => Request::json(&path, body),
        (Method::Post, None) => Request::new("POST", &path),
        (Method::Get, _) => Request::get(&path),
    };
    Ok(request.bearer(token))
}

fn rate(response: &Response) -> Option<RateLimit> {
    let number = |name| response.header(name)?.parse().ok();
    Some(RateLimit {
        max: number("x-hubspot-ratelimit-max")?,
        remaining: number("x-hubspot-ratelimit-remaining")?,
        interval_ms: number("x-hubspot-ratelimit-interval-milliseconds")?,
    })
}

fn outcome<'a>(response: &Response, body: &'a str) -> Outcome<'a> {
    let code = match response.status {
        200..=299 => return Outcome::Ok(body),
        401 => ErrorCode::UpstreamUnauthorized,
        403 => ErrorCode::UpstreamForbidden,
        404 => ErrorCode::UpstreamNotFound,
        429 => ErrorCode::UpstreamRateLimited,
        500.. => ErrorCode::UpstreamUnavailable,
        _ => ErrorCode::UpstreamRejected,
    };
    let policy = response.to_value()["policyName"]
        .as_str()
        .map(str::to_owned);
    Outcome::Problem(Problem {
        upstream: Some(Upstream {
            status: response.status,
            policy,
            ..Upstream::default()
        }),
        ..Problem::of(code)
    })
}
