//! The glass box (P9): what each step of a flow was, told with the section of the RFC it follows.
//!
//! Owns the words and which facts may stand beside them. A [`Fact`] is a number, a word of ours or a type that
//! cannot hold a secret; nothing here takes a text from outside but through the filters of [`fact`].

mod fact;

pub use fact::{Fact, Host, Reference, Scopes};

use crate::flow::{Effect, Event, Phase, Window};
use crate::wire::{CompletedFlow, FlowPhase, Intent, Problem, StartFlow};

/// Entries that are kept; the oldest go first.
pub const KEPT: usize = 200;

/// One step, redacted by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    /// Milliseconds by the clock of whoever records.
    pub at_ms: u64,
    /// What happened.
    pub step: &'static str,
    /// Where it is specified; empty for what no specification speaks of.
    pub section: &'static str,
    /// What it means.
    pub says: &'static str,
    /// What is known of it.
    pub facts: Vec<(&'static str, Fact)>,
}

/// The last steps of a widget's flows.
#[derive(Clone, Debug, Default)]
pub struct Trace(Vec<TraceEntry>);

impl Trace {
    /// Takes a step.
    pub fn note(&mut self, entry: TraceEntry) {
        if self.0.len() >= KEPT {
            self.0.remove(0);
        }
        self.0.push(entry);
    }

    /// The steps since the last click, or all that are kept of a flow longer than that.
    pub fn of_last_flow(&self) -> &[TraceEntry] {
        let start = self.0.iter().rposition(|entry| entry.step == REQUESTED);
        &self.0[start.unwrap_or_default()..]
    }
}

const REQUESTED: &str = "The authorization request was prepared";

type Told = (&'static str, &'static str, &'static str);

/// The step that led from one phase to the next; nothing where nothing happened worth telling.
pub fn trace(
    before: &Phase,
    event: &Event,
    after: &Phase,
    effects: &[Effect],
    now: u64,
) -> Option<TraceEntry> {
    let mut facts = Vec::new();
    let moved = phase_name(before) != phase_name(after) || !effects.is_empty();
    let (step, section, says) = if moved || is_window(event) {
        told(before, event, after, &mut facts)?
    } else {
        ignored(event)?
    };
    if let Some(flow) = after.flow().or_else(|| before.flow()) {
        facts.push(("flow", Fact::Flow(flow.clone())));
    }
    facts.push(("phase", Fact::Word(phase_name(after))));
    Some(TraceEntry {
        at_ms: now,
        step,
        section,
        says,
        facts,
    })
}

fn is_window(event: &Event) -> bool {
    matches!(event, Event::WindowOpened { .. } | Event::WindowSeen { .. })
}

/// What changed the flow.
fn told(
    before: &Phase,
    event: &Event,
    after: &Phase,
    facts: &mut Vec<(&'static str, Fact)>,
) -> Option<Told> {
    Some(match event {
        Event::Requested { request, .. } => {
            asked(request, facts);
            (
                REQUESTED,
                "RFC 7636 §4.1, §4.2",
                "The browser made a code verifier and a state. Only the S256 challenge and the hash of the state leave it.",
            )
        }
        Event::WindowOpened { opened: true, .. } if before.is_busy() => (
            "The window for the provider's page was opened",
            "RFC 6749 §4.1",
            "It was opened inside the click, empty, so that no blocker takes it for an advertisement.",
        ),
        Event::WindowOpened { .. } if before.is_busy() => (
            "The browser blocked the window",
            "RFC 6749 §4.1",
            "The same page is offered as a plain link; the flow goes on.",
        ),
        Event::WindowSeen { .. } => {
            let (old, new) = (window_of(before)?, window_of(after)?);
            match new {
                _ if old == new => return None,
                Window::SeemsClosed => (
                    "The window reads as closed",
                    "HTML Standard, window.closed",
                    "This is a hint only: a window that changes site can read so too. The flow goes on.",
                ),
                _ => (
                    "The window reads as open again",
                    "HTML Standard, window.closed",
                    "The flow had gone on meanwhile.",
                ),
            }
        }
        Event::WindowOpened { .. } | Event::Dismissed => return None,
        Event::Registered { result, .. } => match result {
            Ok((_, expires_at)) if matches!(after, Phase::AwaitingConsent { .. }) => {
                facts.push(("ends at", Fact::Time(*expires_at)));
                (
                    "The flow was registered and the window sent to the provider",
                    "RFC 6749 §4.1.1, RFC 7636 §4.3",
                    "The proxy checked role, plan limit, scopes and return address before any redirect.",
                )
            }
            Ok(_) => (
                "A flow that nobody waits for was given up",
                "RFC 6749 §4.1.1",
                "It was registered after the person had cancelled.",
            ),
            Err(problem) => {
                refusal(problem, facts);
                (
                    "The flow was not registered",
                    "RFC 9457",
                    "The proxy refused it, or could not be reached; nothing was asked of the provider.",
                )
            }
        },
        Event::ClaimReceived { claim, .. } => {
            facts.push(("claim length", Fact::Count(claim.len())));
            (
                "The provider redirected back, and the claim was handed over",
                "RFC 6749 §4.1.2, RFC 7636 §4.5",
                "The code stays with the proxy. The browser now proves with claim and verifier that it began the flow.",
            )
        }
        Event::FlowFailed { code, .. } => {
            facts.push(("code", Fact::Code(*code)));
            REFUSED
        }
        Event::FlowSeen(seen) => {
            if let Some(code) = seen.failure {
                facts.push(("code", Fact::Code(code)));
            }
            match seen.phase {
                FlowPhase::Coded => (
                    "The provider redirected back to the proxy",
                    "RFC 6749 §4.1.2",
                    "The proxy found the flow by the hash of its state and sealed the code. The claim is awaited from the window.",
                ),
                _ => REFUSED,
            }
        }
        Event::Completed { result, .. } => match result {
            Ok(completed) => {
                connected(completed, facts);
                (
                    "The code was redeemed and the connection stored",
                    "RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 7662 §2",
                    "The proxy checked the verifier, redeemed the code with it, introspected the token and committed once.",
                )
            }
            Err(problem) => {
                refusal(problem, facts);
                if let Phase::Completing { tries, .. } = after {
                    facts.push(("next try", Fact::Count((*tries).into())));
                    (
                        "No word of the outcome came; it is asked for again",
                        "RFC 6749 §4.1.3",
                        "The answer may be lost where the work was not. The same claim gets the same outcome.",
                    )
                } else {
                    (
                        "The flow was not completed",
                        "RFC 6749 §5.2",
                        "The proxy or the provider refused; what stood before stands still.",
                    )
                }
            }
        },
        Event::Tick(_) => {
            if !matches!(after, Phase::Failed(_)) {
                return None;
            }
            (
                "The flow ran out of time",
                "RFC 6749 §4.1.2",
                "An authorization is open for ten minutes, the longest that the RFC recommends for a code.",
            )
        }
        Event::Cancelled => (
            "The person cancelled",
            "",
            "The proxy was told to forget the flow; verifier and state are gone.",
        ),
    })
}

const REFUSED: Told = (
    "The authorization ended without a connection",
    "RFC 6749 §4.1.2.1",
    "The provider redirected back with an error, or the proxy ended the flow. Of the provider's words only the kind is kept.",
);

/// What changed nothing, where that is worth knowing.
fn ignored(event: &Event) -> Option<Told> {
    match event {
        Event::ClaimReceived { .. } | Event::FlowFailed { .. } => Some((
            "An answer of another flow was ignored",
            "RFC 6749 §10.12",
            "What does not belong to the open flow never changes it: that is what the state is for.",
        )),
        Event::Completed { .. } | Event::Registered { .. } => Some((
            "A late answer was ignored",
            "",
            "It belongs to an earlier try.",
        )),
        _ => None,
    }
}

fn asked(request: &StartFlow, facts: &mut Vec<(&'static str, Fact)>) {
    facts.push(("provider", Fact::Word(request.provider.title())));
    let intent = match request.intent {
        Intent::Connect => "connect",
        Intent::Reconnect => "reconnect",
        Intent::Upgrade => "upgrade",
    };
    facts.push(("intent", Fact::Word(intent)));
    let kind = request.connection_type.wire_name();
    facts.push(("connection type", Fact::Word(kind)));
    if request.code_challenge_method == "S256" {
        facts.push(("challenge method", Fact::Word("S256")));
    }
    for (name, secret) in [
        ("challenge length", &request.code_challenge),
        ("state hash length", &request.state_hash),
    ] {
        facts.push((name, Fact::Count(secret.len())));
    }
    for (name, scopes) in [
        ("required scopes", &request.scopes),
        ("optional scopes", &request.optional_scopes),
    ] {
        facts.push((name, Fact::Scopes(Scopes::of(scopes))));
    }
    if let Some(host) = Host::of_url(&request.return_uri) {
        facts.push(("return host", Fact::Host(host)));
    }
}

fn connected(completed: &CompletedFlow, facts: &mut Vec<(&'static str, Fact)>) {
    let connection = &completed.connection;
    let portal = connection.account.portal_id;
    facts.push(("portal", Fact::Portal(portal)));
    facts.push(("connection", Fact::Connection(connection.id.clone())));
    facts.push(("reconnected", Fact::Flag(completed.reconnected)));
    let granted = Scopes::of(&connection.grant.granted);
    facts.push(("granted scopes", Fact::Scopes(granted)));
}

/// What of a problem is a number or a code.
pub(crate) fn refusal(problem: &Problem, facts: &mut Vec<(&'static str, Fact)>) {
    facts.push(("code", Fact::Code(problem.code)));
    facts.push(("HTTP status", Fact::Count(problem.status.into())));
    let id = problem.correlation_id.as_deref().and_then(Reference::of);
    facts.extend(id.map(|id| ("reference", Fact::Reference(id))));
    if let Some(upstream) = &problem.upstream {
        let status = Fact::Count(upstream.status.into());
        facts.push(("provider's HTTP status", status));
        let id = upstream.correlation_id.as_deref().and_then(Reference::of);
        facts.extend(id.map(|id| ("provider's reference", Fact::Reference(id))));
        if !upstream.required_scopes.is_empty() {
            let scopes = Scopes::of(&upstream.required_scopes);
            facts.push(("scopes wanted", Fact::Scopes(scopes)));
        }
    }
}

fn phase_name(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Registering { .. } => "registering",
        Phase::AwaitingConsent { .. } => "awaiting consent",
        Phase::AwaitingClaim { .. } => "awaiting the claim",
        Phase::Completing { .. } => "completing",
        Phase::Done(_) => "done",
        Phase::Failed(_) => "failed",
    }
}

fn window_of(phase: &Phase) -> Option<Window> {
    match phase {
        Phase::Registering { window, .. } | Phase::AwaitingConsent { window, .. } => Some(*window),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
