//! The table of the machine, and what holds for any order of events.

use super::Phase::{AwaitingClaim, AwaitingConsent, Completing, Done, Failed, Idle, Registering};
use super::*;
use crate::connection_type::ConnectionType;
use crate::wire::{Intent, Provider};
use proptest::prelude::*;

const END: UnixSeconds = 600;

fn id(text: &str) -> FlowId {
    text.parse().unwrap()
}

fn request() -> Box<StartFlow> {
    Box::new(StartFlow {
        provider: Provider::Hubspot,
        intent: Intent::Connect,
        connection_type: ConnectionType::ConfigAndAudit,
        connection_id: None,
        scopes: vec!["oauth".into()],
        optional_scopes: vec![],
        code_challenge: "c".into(),
        code_challenge_method: "S256".into(),
        state_hash: "s".into(),
        return_uri: "http://localhost/return.html".into(),
    })
}

fn problem(code: ErrorCode) -> Box<Problem> {
    Box::new(Problem::of(code))
}

fn completed() -> Box<CompletedFlow> {
    Box::new(CompletedFlow {
        connection: crate::status::tests::connection(),
        reconnected: false,
    })
}

fn consent(window: Window) -> Phase {
    AwaitingConsent {
        attempt: 1,
        flow: id("f"),
        window,
        expires_at: END,
    }
}

fn claim_due() -> Phase {
    AwaitingClaim {
        attempt: 1,
        flow: id("f"),
        expires_at: END,
    }
}

fn seen(flow: &str, phase: FlowPhase, failure: Option<ErrorCode>) -> Event {
    Event::FlowSeen(FlowState {
        id: id(flow),
        phase,
        failure,
        connection_id: None,
        expires_at: END,
    })
}

fn claim(flow: &str) -> Event {
    Event::ClaimReceived {
        flow: id(flow),
        claim: "k".into(),
    }
}

/// J4–J9, R18, EM-3, EM-4 and the late, repeated and foreign rows of design section 3.
#[test]
fn step_follows_the_authorization_code_grant() {
    let registering = |window| Registering { attempt: 1, window };
    let completing_after = |tries| Completing {
        attempt: 1,
        flow: id("f"),
        claim: "k".into(),
        tries,
    };
    let completing = || completing_after(1);
    let opened = |attempt, opened| Event::WindowOpened { attempt, opened };
    let registered = |attempt| Event::Registered {
        attempt,
        result: Ok((id("f"), END)),
    };
    let clean = || vec![Effect::CleanUp];
    let ask = || vec![Effect::AskFlow(id("f"))];
    let start = || vec![Effect::OpenWindow(1), Effect::Register(1, request())];
    let requested = || Event::Requested {
        attempt: 1,
        request: request(),
    };
    let done = |attempt, result| Event::Completed { attempt, result };
    let open = Window::Open;
    let cases: Vec<(&str, Phase, Event, Phase, Vec<Effect>)> = vec![
        ("click", Idle, requested(), registering(open), start()),
        (
            "click again after failure",
            Failed(problem(ErrorCode::ConsentDenied)),
            requested(),
            registering(open),
            start(),
        ),
        (
            "second click",
            registering(open),
            requested(),
            registering(open),
            vec![],
        ),
        (
            "window blocked",
            registering(open),
            opened(1, false),
            registering(Window::Blocked),
            vec![],
        ),
        (
            "registered",
            registering(open),
            registered(1),
            consent(open),
            vec![Effect::AwaitReturn(1, id("f"))],
        ),
        (
            "registered while blocked",
            registering(Window::Blocked),
            registered(1),
            consent(Window::Blocked),
            vec![Effect::AwaitReturn(1, id("f"))],
        ),
        (
            "refused by the proxy",
            registering(open),
            Event::Registered {
                attempt: 1,
                result: Err(problem(ErrorCode::PlanLimit)),
            },
            Failed(problem(ErrorCode::PlanLimit)),
            clean(),
        ),
        (
            "registered after cancel",
            Idle,
            registered(1),
            Idle,
            vec![Effect::CancelFlow(id("f"))],
        ),
        (
            "an older attempt registers",
            registering(open),
            registered(0),
            registering(open),
            vec![Effect::CancelFlow(id("f"))],
        ),
        (
            "window reads as closed",
            consent(open),
            Event::WindowSeen { closed: true },
            consent(Window::SeemsClosed),
            vec![],
        ),
        (
            "window reads as open again",
            consent(Window::SeemsClosed),
            Event::WindowSeen { closed: false },
            consent(open),
            vec![],
        ),
        (
            "a blocked window has no state",
            consent(Window::Blocked),
            Event::WindowSeen { closed: true },
            consent(Window::Blocked),
            vec![],
        ),
        (
            "opened by the second click",
            consent(Window::Blocked),
            opened(1, true),
            consent(open),
            vec![],
        ),
        (
            "consent seen at the proxy",
            consent(open),
            seen("f", FlowPhase::Coded, None),
            claim_due(),
            vec![],
        ),
        (
            "consent seen for another flow",
            consent(open),
            seen("x", FlowPhase::Failed, None),
            consent(open),
            vec![],
        ),
        (
            "refused at HubSpot",
            consent(open),
            seen("f", FlowPhase::Failed, Some(ErrorCode::ConsentDenied)),
            Failed(problem(ErrorCode::ConsentDenied)),
            clean(),
        ),
        (
            "refusal from the return page",
            consent(open),
            Event::FlowFailed {
                flow: id("f"),
                code: ErrorCode::ConsentDenied,
            },
            Failed(problem(ErrorCode::ConsentDenied)),
            clean(),
        ),
        (
            "refusal of another flow",
            consent(open),
            Event::FlowFailed {
                flow: id("x"),
                code: ErrorCode::ConsentDenied,
            },
            consent(open),
            vec![],
        ),
        (
            "claim",
            consent(open),
            claim("f"),
            completing(),
            vec![Effect::Complete(1, id("f"), "k".into(), 0)],
        ),
        (
            "claim after the window seemed closed",
            consent(Window::SeemsClosed),
            claim("f"),
            completing(),
            vec![Effect::Complete(1, id("f"), "k".into(), 0)],
        ),
        (
            "claim after the proxy's news",
            claim_due(),
            claim("f"),
            completing(),
            vec![Effect::Complete(1, id("f"), "k".into(), 0)],
        ),
        (
            "foreign claim",
            consent(open),
            claim("x"),
            consent(open),
            vec![],
        ),
        ("claim without a flow", Idle, claim("f"), Idle, vec![]),
        (
            "claim twice",
            completing(),
            claim("f"),
            completing(),
            vec![],
        ),
        (
            "completed",
            completing(),
            done(1, Ok(completed())),
            Done(completed()),
            clean(),
        ),
        (
            "refused at completion",
            completing(),
            done(1, Err(problem(ErrorCode::WrongPortal))),
            Failed(problem(ErrorCode::WrongPortal)),
            clean(),
        ),
        (
            "the answer is lost",
            completing(),
            done(1, Err(problem(ErrorCode::ProxyUnreachable))),
            completing_after(2),
            vec![Effect::Complete(1, id("f"), "k".into(), 3_000)],
        ),
        (
            "the proxy ran out of time",
            completing(),
            done(1, Err(problem(ErrorCode::TimedOut))),
            completing_after(2),
            vec![Effect::Complete(1, id("f"), "k".into(), 3_000)],
        ),
        (
            "the answer is lost for good",
            completing_after(4),
            done(1, Err(problem(ErrorCode::ProxyUnreachable))),
            Failed(problem(ErrorCode::ProxyUnreachable)),
            clean(),
        ),
        (
            "an older completion",
            completing(),
            done(0, Ok(completed())),
            completing(),
            vec![],
        ),
        (
            "completed after cancel",
            Idle,
            done(1, Ok(completed())),
            Idle,
            vec![],
        ),
        (
            "time passes",
            consent(open),
            Event::Tick(END - 1),
            consent(open),
            ask(),
        ),
        (
            "time is up",
            consent(open),
            Event::Tick(END),
            Failed(problem(ErrorCode::FlowExpired)),
            clean(),
        ),
        (
            "time is up before the claim",
            claim_due(),
            Event::Tick(END + 5),
            Failed(problem(ErrorCode::FlowExpired)),
            clean(),
        ),
        (
            "time never stops an exchange",
            completing(),
            Event::Tick(END + 5),
            completing(),
            vec![],
        ),
        (
            "cancel while registering",
            registering(open),
            Event::Cancelled,
            Idle,
            clean(),
        ),
        (
            "cancel at consent",
            consent(open),
            Event::Cancelled,
            Idle,
            vec![Effect::CancelFlow(id("f")), Effect::CleanUp],
        ),
        (
            "cancel is too late",
            completing(),
            Event::Cancelled,
            completing(),
            vec![],
        ),
        ("read", Done(completed()), Event::Dismissed, Idle, vec![]),
        (
            "nothing to dismiss",
            consent(open),
            Event::Dismissed,
            consent(open),
            vec![],
        ),
    ];
    for (case, phase, event, want_phase, want_effects) in cases {
        assert_eq!(step(phase, event), (want_phase, want_effects), "{case}");
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let flow = prop_oneof![Just("f"), Just("x")];
    let attempt = 0u32..3;
    prop_oneof![
        attempt.clone().prop_map(|attempt| Event::Requested {
            attempt,
            request: request()
        }),
        (attempt.clone(), any::<bool>())
            .prop_map(|(attempt, opened)| Event::WindowOpened { attempt, opened }),
        any::<bool>().prop_map(|closed| Event::WindowSeen { closed }),
        (attempt.clone(), flow.clone()).prop_map(|(attempt, flow)| Event::Registered {
            attempt,
            result: Ok((id(flow), END))
        }),
        flow.clone().prop_map(claim),
        flow.clone()
            .prop_map(|flow| seen(flow, FlowPhase::Coded, None)),
        flow.clone()
            .prop_map(|flow| seen(flow, FlowPhase::Done, None)),
        flow.prop_map(|flow| seen(flow, FlowPhase::Failed, None)),
        attempt.clone().prop_map(|attempt| Event::Completed {
            attempt,
            result: Ok(completed())
        }),
        attempt.prop_map(|attempt| Event::Completed {
            attempt,
            result: Err(problem(ErrorCode::BadVerifier))
        }),
        (0..2 * END).prop_map(Event::Tick),
        Just(Event::Cancelled),
        Just(Event::Dismissed),
    ]
}

proptest! {
    /// CB-8 as the browser sees it: no order of events completes a flow without that flow's claim.
    #[test]
    fn nothing_completes_without_the_claim_of_the_open_flow(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut phase = Idle;
        for event in events {
            let claimed = match &event { Event::ClaimReceived { flow, .. } => Some(flow.clone()), _ => None };
            let before = phase.flow().cloned();
            let was_completing = matches!(phase, Completing { .. });
            let was_done = matches!(phase, Done(_));
            let (next, effects) = step(phase, event);
            if effects.iter().any(|effect| matches!(effect, Effect::Complete(..))) {
                prop_assert!(claimed.is_some() && claimed == before);
            }
            if matches!(next, Done(_)) && !was_done { prop_assert!(was_completing); }
            phase = next;
        }
    }

    /// EM-4: whatever happens, time alone ends every wait for a person.
    #[test]
    fn no_wait_is_endless(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut phase = Idle;
        for event in events { phase = step(phase, event).0; }
        let (phase, _) = step(phase, Event::Tick(END));
        let waits = matches!(phase, AwaitingConsent { .. } | AwaitingClaim { .. });
        prop_assert!(!waits);
    }
}
