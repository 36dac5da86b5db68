//! The authorization flow as the browser lives it: a state machine without clock, network or DOM.
//!
//! Feed [`step`] an [`Event`], run the [`Effect`]s it returns, draw the [`Phase`].
//! Connect, reconnect and upgrade are this one machine with a different intent (design, section 3).
//! The window is only ever a hint: a provider's page may sever it, and `closed` may read true mid-flow.

use crate::error::ErrorCode;
use crate::ids::FlowId;
use crate::wire::{CompletedFlow, FlowPhase, FlowState, Problem, StartFlow, UnixSeconds};

/// Counts the attempts of one widget; an answer that brings another number belongs to an older one.
pub type Attempt = u32;

/// How often a completion is sent before its failure is believed.
const COMPLETE_TRIES: u8 = 4;
/// Pause before it is sent again.
const COMPLETE_AGAIN_MS: u32 = 3_000;

/// What is known of the window with the provider's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// It was opened.
    Open,
    /// A blocker stopped it: the plain link is offered (J31).
    Blocked,
    /// It reads as closed, which may be wrong; the flow goes on (EM-3, EM-4).
    SeemsClosed,
}

/// Where the flow stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// Nothing under way.
    #[default]
    Idle,
    /// The proxy checks role, plan limit and scopes.
    Registering {
        /// This attempt.
        attempt: Attempt,
        /// What is known of the window.
        window: Window,
    },
    /// The provider asks for consent.
    AwaitingConsent {
        /// This attempt.
        attempt: Attempt,
        /// The flow at the proxy.
        flow: FlowId,
        /// What is known of the window.
        window: Window,
        /// When the flow ends.
        expires_at: UnixSeconds,
    },
    /// Consent was given; the return page is about to hand over its claim.
    AwaitingClaim {
        /// This attempt.
        attempt: Attempt,
        /// The flow at the proxy.
        flow: FlowId,
        /// When the flow ends.
        expires_at: UnixSeconds,
    },
    /// The proxy redeems the code.
    Completing {
        /// This attempt.
        attempt: Attempt,
        /// The flow at the proxy.
        flow: FlowId,
        /// The one-time claim; the proxy tells the outcome again to who repeats it (EX-9).
        claim: String,
        /// How often it was sent.
        tries: u8,
    },
    /// A connection stands.
    Done(Box<CompletedFlow>),
    /// Over, with what to say about it.
    Failed(Box<Problem>),
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A person asked for it; the request is ready, the secrets stay with the shell.
    Requested {
        /// A number not used before.
        attempt: Attempt,
        /// For `POST /v1/flows`.
        request: Box<StartFlow>,
    },
    /// The shell tried to open the window.
    WindowOpened {
        /// Which attempt.
        attempt: Attempt,
        /// False when a blocker stopped it.
        opened: bool,
    },
    /// The window reads as closed, or as open again.
    WindowSeen {
        /// Whether it reads as closed.
        closed: bool,
    },
    /// `POST /v1/flows` answered.
    Registered {
        /// Which attempt.
        attempt: Attempt,
        /// The flow and when it ends, or why not.
        result: Result<(FlowId, UnixSeconds), Box<Problem>>,
    },
    /// The return page handed over its claim.
    ClaimReceived {
        /// For which flow.
        flow: FlowId,
        /// The one-time claim.
        claim: String,
    },
    /// The return page, or the proxy, says that the flow failed.
    FlowFailed {
        /// Which flow.
        flow: FlowId,
        /// Why.
        code: ErrorCode,
    },
    /// News of the flow from the proxy.
    FlowSeen(FlowState),
    /// `POST /v1/flows/{id}/complete` answered.
    Completed {
        /// Which attempt.
        attempt: Attempt,
        /// The connection, or why not.
        result: Result<Box<CompletedFlow>, Box<Problem>>,
    },
    /// Time passed.
    Tick(UnixSeconds),
    /// The person gave up.
    Cancelled,
    /// The person has read the outcome.
    Dismissed,
}

/// What the shell must do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open an empty window now, inside the click, and report [`Event::WindowOpened`].
    OpenWindow(Attempt),
    /// Send the request and report [`Event::Registered`].
    Register(Attempt, Box<StartFlow>),
    /// Listen for the return page of this flow, and send the open window to the authorization URL.
    AwaitReturn(Attempt, FlowId),
    /// Complete with the claim and the verifier, after so many milliseconds; report [`Event::Completed`].
    Complete(Attempt, FlowId, String, u32),
    /// Tell the proxy that the flow is given up.
    CancelFlow(FlowId),
    /// Ask the proxy how the flow stands; report [`Event::FlowSeen`].
    AskFlow(FlowId),
    /// Close the window if it can be, stop listening, forget verifier and state.
    CleanUp,
}

/// The next phase, and what the shell must do to get past it.
#[must_use = "an effect does nothing until the shell runs it"]
pub fn step(phase: Phase, event: Event) -> (Phase, Vec<Effect>) {
    use Phase::{AwaitingClaim, AwaitingConsent, Completing, Done, Failed, Idle, Registering};
    match (phase, event) {
        (Idle | Done(_) | Failed(_), Event::Requested { attempt, request }) => (
            Registering {
                attempt,
                window: Window::Open,
            },
            vec![
                Effect::OpenWindow(attempt),
                Effect::Register(attempt, request),
            ],
        ),
        (
            Registering { attempt, .. },
            Event::WindowOpened {
                attempt: of,
                opened,
            },
        ) if attempt == of => (
            Registering {
                attempt,
                window: window_after(opened),
            },
            vec![],
        ),
        (
            Registering { attempt, window },
            Event::Registered {
                attempt: of,
                result,
            },
        ) if attempt == of => match result {
            Ok((flow, expires_at)) => (
                AwaitingConsent {
                    attempt,
                    flow: flow.clone(),
                    window,
                    expires_at,
                },
                vec![Effect::AwaitReturn(attempt, flow)],
            ),
            Err(problem) => (Failed(problem), vec![Effect::CleanUp]),
        },
        // Registered after the person gave up: nothing may stay open at the proxy.
        (
            phase,
            Event::Registered {
                result: Ok((flow, _)),
                ..
            },
        ) => (phase, vec![Effect::CancelFlow(flow)]),

        (
            AwaitingConsent {
                attempt,
                flow,
                expires_at,
                ..
            },
            Event::WindowOpened {
                attempt: of,
                opened,
            },
        ) if attempt == of => (
            AwaitingConsent {
                attempt,
                flow,
                window: window_after(opened),
                expires_at,
            },
            vec![],
        ),
        (
            AwaitingConsent {
                attempt,
                flow,
                window,
                expires_at,
            },
            Event::WindowSeen { closed },
        ) => {
            let window = match (window, closed) {
                (Window::Blocked, _) => Window::Blocked,
                (_, true) => Window::SeemsClosed,
                (_, false) => Window::Open,
            };
            (
                AwaitingConsent {
                    attempt,
                    flow,
                    window,
                    expires_at,
                },
                vec![],
            )
        }
        (
            AwaitingConsent { attempt, flow, .. } | AwaitingClaim { attempt, flow, .. },
            Event::ClaimReceived { flow: of, claim },
        ) if flow == of => {
            let complete = Effect::Complete(attempt, flow.clone(), claim.clone(), 0);
            (
                Completing {
                    attempt,
                    flow,
                    claim,
                    tries: 1,
                },
                vec![complete],
            )
        }
        (
            AwaitingConsent { flow, .. } | AwaitingClaim { flow, .. },
            Event::FlowFailed { flow: of, code },
        ) if flow == of => (Failed(Box::new(Problem::of(code))), vec![Effect::CleanUp]),
        (waiting @ (AwaitingConsent { .. } | AwaitingClaim { .. }), Event::FlowSeen(seen))
            if waiting.flow() == Some(&seen.id) =>
        {
            flow_seen(waiting, seen)
        }
        (
            waiting @ (AwaitingConsent { expires_at, .. } | AwaitingClaim { expires_at, .. }),
            Event::Tick(now),
        ) => {
            if now >= expires_at {
                return (
                    Failed(Box::new(Problem::of(ErrorCode::FlowExpired))),
                    vec![Effect::CleanUp],
                );
            }
            // News may get lost with the event stream; asking finds a refusal, never completes.
            let ask = waiting.flow().cloned().map(Effect::AskFlow);
            (waiting, ask.into_iter().collect())
        }
        (
            Completing {
                attempt,
                flow,
                claim,
                tries,
            },
            Event::Completed {
                attempt: of,
                result,
            },
        ) if attempt == of => match result {
            Ok(completed) => (Done(completed), vec![Effect::CleanUp]),
            // The answer may be lost where the work was not: ask again before calling it a failure.
            Err(problem) if tries < COMPLETE_TRIES && is_outcome_unknown(problem.code) => {
                let again =
                    Effect::Complete(attempt, flow.clone(), claim.clone(), COMPLETE_AGAIN_MS);
                let tries = tries + 1;
                (
                    Completing {
                        attempt,
                        flow,
                        claim,
                        tries,
                    },
                    vec![again],
                )
            }
            Err(problem) => (Failed(problem), vec![Effect::CleanUp]),
        },
        (Registering { .. }, Event::Cancelled) => (Idle, vec![Effect::CleanUp]),
        (AwaitingConsent { flow, .. } | AwaitingClaim { flow, .. }, Event::Cancelled) => {
            (Idle, vec![Effect::CancelFlow(flow), Effect::CleanUp])
        }
        (Done(_) | Failed(_), Event::Dismissed) => (Idle, vec![]),
        // Late, repeated or foreign: a second click, an old window, an answer nobody waits for.
        (phase, _) => (phase, vec![]),
    }
}

/// Answers that say nothing of whether the connection was made.
fn is_outcome_unknown(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::ProxyUnreachable
            | ErrorCode::Internal
            | ErrorCode::TimedOut
            | ErrorCode::StoreUnavailable
            | ErrorCode::Overloaded
            | ErrorCode::RateLimited
    )
}

fn window_after(opened: bool) -> Window {
    if opened {
        Window::Open
    } else {
        Window::Blocked
    }
}

fn flow_seen(waiting: Phase, seen: FlowState) -> (Phase, Vec<Effect>) {
    match (seen.phase, waiting) {
        (FlowPhase::Failed, _) => {
            let code = seen.failure.unwrap_or(ErrorCode::FlowFinished);
            (
                Phase::Failed(Box::new(Problem::of(code))),
                vec![Effect::CleanUp],
            )
        }
        (
            FlowPhase::Coded,
            Phase::AwaitingConsent {
                attempt,
                flow,
                expires_at,
                ..
            },
        ) => (
            Phase::AwaitingClaim {
                attempt,
                flow,
                expires_at,
            },
            vec![],
        ),
        (_, waiting) => (waiting, vec![]),
    }
}

impl Phase {
    /// The flow at the proxy, once there is one.
    pub fn flow(&self) -> Option<&FlowId> {
        match self {
            Self::AwaitingConsent { flow, .. }
            | Self::AwaitingClaim { flow, .. }
            | Self::Completing { flow, .. } => Some(flow),
            Self::Idle | Self::Registering { .. } | Self::Done(_) | Self::Failed(_) => None,
        }
    }

    /// Whether something is under way.
    pub fn is_busy(&self) -> bool {
        !matches!(self, Self::Idle | Self::Done(_) | Self::Failed(_))
    }
}

#[cfg(test)]
mod tests;
