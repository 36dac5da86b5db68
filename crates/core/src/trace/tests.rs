//! Each step has its words, and no secret that goes in comes out.

use super::*;
use crate::connection_type::ConnectionType;
use crate::error::ErrorCode;
use crate::flow::step;
use crate::wire::{FlowState, Provider, Upstream};
use proptest::prelude::*;

const END: i64 = 600;

fn request(secret: &str) -> Box<StartFlow> {
    Box::new(StartFlow {
        provider: Provider::Hubspot,
        intent: Intent::Connect,
        connection_type: ConnectionType::ConfigAndAudit,
        connection_id: None,
        scopes: vec!["oauth".into(), secret.into()],
        optional_scopes: vec![secret.into()],
        code_challenge: secret.into(),
        code_challenge_method: secret.into(),
        state_hash: secret.into(),
        return_uri: format!(
            "https://{secret}@app.example/return.html?code={secret}&state={secret}#claim={secret}"
        ),
    })
}

fn problem(code: ErrorCode, secret: &str) -> Box<Problem> {
    let mut problem = Problem::of(code).with_detail(secret);
    problem.title = secret.into();
    problem.action = secret.into();
    problem.kind = secret.into();
    problem.correlation_id = Some(secret.into());
    problem.upstream = Some(Upstream {
        status: 400,
        category: Some(secret.into()),
        policy: Some(secret.into()),
        correlation_id: Some(secret.into()),
        required_scopes: vec![secret.into(), "oauth".into()],
    });
    Box::new(problem)
}

fn completed(secret: &str) -> Box<CompletedFlow> {
    let mut connection = crate::status::tests::connection();
    connection.label = Some(secret.into());
    connection.account.name = Some(secret.into());
    connection.account.authorised_by = Some(secret.into());
    connection.grant.granted.push(secret.into());
    connection.grant.hint = Some(secret.into());
    Box::new(CompletedFlow {
        connection,
        reconnected: true,
    })
}

fn seen(phase: FlowPhase, failure: Option<ErrorCode>) -> Event {
    Event::FlowSeen(FlowState {
        id: "f".parse().unwrap(),
        phase,
        failure,
        connection_id: None,
        expires_at: END,
    })
}

/// Every kind of event, each with the secret wherever a text can stand.
fn every_event(secret: &str) -> Vec<Event> {
    let flow = || "f".parse().unwrap();
    let claim = || Event::ClaimReceived {
        flow: flow(),
        claim: secret.into(),
    };
    let done = |result| Event::Completed { attempt: 1, result };
    vec![
        Event::Requested {
            attempt: 1,
            request: request(secret),
        },
        Event::WindowOpened {
            attempt: 1,
            opened: true,
        },
        Event::WindowOpened {
            attempt: 1,
            opened: false,
        },
        Event::WindowSeen { closed: true },
        Event::WindowSeen { closed: false },
        Event::Registered {
            attempt: 1,
            result: Ok((flow(), END)),
        },
        Event::Registered {
            attempt: 1,
            result: Err(problem(ErrorCode::PlanLimit, secret)),
        },
        claim(),
        Event::ClaimReceived {
            flow: "other".parse().unwrap(),
            claim: secret.into(),
        },
        Event::FlowFailed {
            flow: flow(),
            code: ErrorCode::ConsentDenied,
        },
        seen(FlowPhase::Coded, None),
        seen(FlowPhase::Done, None),
        seen(FlowPhase::Failed, Some(ErrorCode::ConsentDenied)),
        done(Ok(completed(secret))),
        done(Err(problem(ErrorCode::ProxyUnreachable, secret))),
        done(Err(problem(ErrorCode::GrantRefused, secret))),
        Event::Tick(1),
        Event::Tick(END),
        Event::Cancelled,
        Event::Dismissed,
    ]
}

/// Runs the machine and records it, as the driver does.
fn record(events: impl IntoIterator<Item = Event>) -> Trace {
    let mut kept = Trace::default();
    let mut phase = Phase::Idle;
    for (at, event) in events.into_iter().enumerate() {
        let before = phase.clone();
        let (after, effects) = step(phase, event.clone());
        if let Some(entry) = trace(&before, &event, &after, &effects, at as u64) {
            kept.note(entry);
        }
        phase = after;
    }
    kept
}

fn printed(trace: &Trace) -> String {
    let texts = trace.0.iter().flat_map(|entry| {
        let facts = entry
            .facts
            .iter()
            .map(|(name, fact)| format!("{name}={}", fact.text()));
        facts.chain([format!("{entry:?}")])
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn steps(trace: &[TraceEntry]) -> Vec<&'static str> {
    trace.iter().map(|entry| entry.step).collect()
}

/// P9: a whole flow, step by step, each with its section.
#[test]
fn a_flow_that_succeeds_is_told_from_click_to_connection() {
    let all = every_event("s");
    let pick = [0, 1, 4, 16, 5, 3, 4, 10, 10, 7, 14, 13, 19];
    let trace = record(pick.map(|at| all[at].clone()));
    assert_eq!(
        steps(trace.of_last_flow()),
        [
            REQUESTED,
            "The window for the provider's page was opened",
            "The flow was registered and the window sent to the provider",
            "The window reads as closed",
            "The window reads as open again",
            "The provider redirected back to the proxy",
            "The provider redirected back, and the claim was handed over",
            "No word of the outcome came; it is asked for again",
            "The code was redeemed and the connection stored",
        ]
    );
    let entries = trace.of_last_flow();
    assert!(entries.iter().all(|entry| !entry.section.is_empty()));
    let last = entries.last().unwrap();
    assert_eq!(last.section, "RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 7662 §2");
    let fact = |entry: &TraceEntry, name: &str| {
        let found = entry.facts.iter().find(|(known, _)| *known == name);
        found.map(|(_, fact)| fact.text())
    };
    assert_eq!(fact(last, "portal").as_deref(), Some("4242"));
    assert_eq!(fact(last, "flow").as_deref(), Some("f"));
    assert_eq!(
        fact(&entries[0], "return host").as_deref(),
        Some("app.example")
    );
    assert_eq!(fact(&entries[0], "phase").as_deref(), Some("registering"));
}

/// P9, S16: every way to fail ends in a step that names its code.
#[test]
fn a_flow_that_fails_names_its_code() {
    let all = every_event("s");
    let cases: [(&[usize], &str, Option<&str>); 7] = [
        (
            &[0, 6],
            "The flow was not registered",
            Some("PORTAL_LIMIT_REACHED"),
        ),
        (
            &[0, 5, 9],
            "The authorization ended without a connection",
            Some("CONSENT_DENIED"),
        ),
        (
            &[0, 5, 12],
            "The authorization ended without a connection",
            Some("CONSENT_DENIED"),
        ),
        (
            &[0, 5, 7, 15],
            "The flow was not completed",
            Some("GRANT_REFUSED"),
        ),
        (&[0, 5, 17], "The flow ran out of time", None),
        (&[0, 5, 18], "The person cancelled", None),
        (&[0, 5, 8], "An answer of another flow was ignored", None),
    ];
    for (events, step, code) in cases {
        let trace = record(events.iter().map(|at| all[*at].clone()));
        let last = trace.of_last_flow().last().unwrap();
        assert_eq!(last.step, step);
        let found = last.facts.iter().find(|(name, _)| *name == "code");
        assert_eq!(
            found.map(|(_, fact)| fact.text()).as_deref(),
            code,
            "{step}"
        );
    }
}

#[test]
fn what_says_nothing_is_not_written_down() {
    let all = every_event("s");
    for quiet in [&[16, 18, 19][..], &[0, 0], &[0, 5, 16, 16, 11]] {
        let noted = record(quiet.iter().map(|at| all[*at].clone()));
        assert!(
            noted.0.len() < quiet.len(),
            "{quiet:?}: {:?}",
            steps(&noted.0)
        );
    }
}

/// The recorder is bounded, and shows the flow that was begun last.
#[test]
fn only_the_last_steps_are_kept() {
    let all = every_event("s");
    let many = std::iter::repeat_n([0usize, 1, 18], 100).flatten();
    let trace = record(many.map(|at| all[at].clone()));
    assert_eq!(trace.0.len(), KEPT);
    assert_eq!(trace.of_last_flow().len(), 3);
    assert!(Trace::default().of_last_flow().is_empty());
}

proptest! {
    /// P9: secrets are structurally excluded: whatever order of events brings whatever secret, none comes out.
    #[test]
    fn no_secret_comes_out(bytes: [u8; 32], order in proptest::collection::vec(0usize..20, 0..60)) {
        let secret = crate::pkce::base64url(&bytes);
        let all = every_event(&secret);
        let trace = record([0, 5, 7].into_iter().chain(order).map(|at| all[at].clone()));
        prop_assert!(!printed(&trace).contains(&secret));
        prop_assert!(!printed(&trace).contains(&secret.to_ascii_lowercase()));
    }

    /// The same where a secret has the letters of a word, an id or a host.
    #[test]
    fn no_word_comes_out_either(secret in "canary[a-z]{8,20}", order in proptest::collection::vec(0usize..20, 0..40)) {
        let all = every_event(&secret);
        let trace = record([0, 5, 7, 13].into_iter().chain(order).map(|at| all[at].clone()));
        prop_assert!(!printed(&trace).contains(&secret));
    }
}
