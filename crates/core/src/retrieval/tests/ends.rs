//! How a retrieval ends when something is refused, fails or stops.

use super::*;

/// D49, D54: both 403 shapes end as not available, or partial where another part worked; others go on.
#[test]
fn a_refusal_ends_its_kind_and_no_other() {
    let forbidden = |scopes: &[&str]| problem(ErrorCode::UpstreamForbidden, None, scopes);
    for (operation, problem, kind, want) in [
        (
            "forms.list",
            forbidden(&["forms"]),
            Kind::Forms,
            KindState::NotAvailable {
                reason: Reason::Forbidden(vec!["forms".into()]),
            },
        ),
        (
            "users.roles",
            forbidden(&[]),
            Kind::Roles,
            KindState::NotAvailable {
                reason: Reason::Forbidden(vec![]),
            },
        ),
        (
            "currencies.rates",
            forbidden(&[]),
            Kind::Currencies,
            KindState::Partial {
                records: 1,
                reason: Reason::Forbidden(vec![]),
            },
        ),
        (
            "users.teams",
            Problem::of(ErrorCode::UpstreamNotFound),
            Kind::Teams,
            KindState::Completed { records: 0 },
        ),
        (
            "owners.list",
            Problem::of(ErrorCode::UpstreamRejected),
            Kind::Owners,
            KindState::Error {
                code: ErrorCode::UpstreamRejected,
            },
        ),
        (
            "forms.list",
            Problem::of(ErrorCode::UpstreamUnavailable),
            Kind::Forms,
            KindState::Error {
                code: ErrorCode::UpstreamUnavailable,
            },
        ),
        (
            "workflows.read",
            Problem::of(ErrorCode::UpstreamRejected),
            Kind::Workflows,
            KindState::Partial {
                records: 350,
                reason: Reason::Failed(ErrorCode::UpstreamRejected),
            },
        ),
        (
            "limits.association_labels",
            forbidden(&[]),
            Kind::AssociationLabels,
            KindState::NotAvailable {
                reason: Reason::Forbidden(vec![]),
            },
        ),
        (
            "schemas.list",
            forbidden(&["crm.schemas.custom.read"]),
            Kind::Properties,
            KindState::Completed { records: 48 },
        ),
        (
            "schemas.list",
            Problem::of(ErrorCode::UpstreamTooLarge),
            Kind::Properties,
            KindState::Partial {
                records: 48,
                reason: Reason::Failed(ErrorCode::UpstreamTooLarge),
            },
        ),
    ] {
        let name = operation;
        let (planner, _) = run_small(&LARGE.refusing(operation, problem));
        assert_eq!(state(&planner, kind), want, "{name}");
        assert_eq!(
            state(&planner, Kind::Lists),
            KindState::Completed { records: 1_800 },
            "{name}"
        );
        let gap = matches!(want, KindState::Partial { .. } | KindState::Error { .. });
        let want = if gap || name == "limits.association_labels" {
            Phase::CompletedWithGaps
        } else {
            Phase::Completed
        };
        assert_eq!(planner.overall().phase, want, "{name}");
    }
}

/// A transient fault is tried six times, with growing waits.
#[test]
fn a_call_is_tried_six_times_while_others_go_on() {
    let fake = SMALL.refusing("forms.list", Problem::of(ErrorCode::UpstreamUnavailable));
    let (planner, run) = run_small(&fake);
    assert_eq!(count(&run, "forms.list"), 6);
    assert!(run.ended_at >= 23_000, "{}", run.ended_at);
    assert_eq!(
        state(&planner, Kind::Users),
        KindState::Completed { records: 3 }
    );
}

/// D13, D49: when everything fails it stops, says why, and can be resumed.
#[test]
fn a_dead_network_stops_the_retrieval_which_resumes_later() {
    let granted = all_scopes();
    let mut planner = planner(&granted);
    let mut now = 0;
    let mut sent = 0;
    loop {
        let next = planner.next(now);
        sent += next.calls.len();
        for call in &next.calls {
            planner.answered(
                call.id,
                Answer {
                    outcome: Outcome::Unreachable,
                    rate: None,
                },
                now,
            );
        }
        if next.done {
            break;
        }
        now = next.wake_at.unwrap_or(now + 1).max(now + 1);
    }
    assert_eq!(
        planner.overall().phase,
        Phase::Error(ErrorCode::ProxyUnreachable)
    );
    assert!(sent <= 60 && now < 60_000, "{sent} calls in {now} ms");
    let mut again =
        Planner::resume(&planner.checkpoint(), PlanInput { granted: &granted }).unwrap();
    let run = drive(&mut again, &SMALL, &World::calm(6), Store::new(), now);
    assert_eq!(again.overall().phase, Phase::Completed);
    assert_eq!(run.store, run_small(&SMALL).1.store);
}

/// R5, R28: a dead grant stops everything at once; what was stored stays, and a reconnect goes on from there.
#[test]
fn a_dead_grant_stops_everything_and_a_reconnect_goes_on() {
    let granted = all_scopes();
    for code in [
        ErrorCode::NeedsReauth,
        ErrorCode::Disconnected,
        ErrorCode::RoleRequired,
        ErrorCode::SessionRequired,
    ] {
        let fake = LARGE.refusing("lists.search", Problem::of(code));
        let (planner, first) = run(&fake, &World::calm(7));
        assert_eq!(planner.overall().phase, Phase::Error(code));
        assert_eq!(state(&planner, Kind::Lists), KindState::Error { code });
        assert_eq!(
            count(&first, "lists.search"),
            1,
            "no second call after {code}"
        );
        assert!(!first.store.is_empty());
        let mut again =
            Planner::resume(&planner.checkpoint(), PlanInput { granted: &granted }).unwrap();
        assert_eq!(again.overall().phase, Phase::Pending);
        let second = drive(
            &mut again,
            &LARGE,
            &World::calm(8),
            first.store.clone(),
            first.ended_at,
        );
        assert_eq!(again.overall().phase, Phase::Completed);
        assert_eq!(second.store, run(&LARGE, &World::calm(9)).1.store);
        let repeated = second
            .sent
            .iter()
            .filter(|call| first.good.contains_key(*call))
            .count();
        // At most what was under way at the stop, and workflow pages without their definitions, is asked again.
        assert!(repeated <= 10 + 4, "{repeated}");
    }
}

/// P4: the daily limit ends the day, not the snapshot.
#[test]
fn the_daily_limit_leaves_a_marked_partial_snapshot() {
    let fake = LARGE.refusing(
        "users.list",
        problem(ErrorCode::UpstreamRateLimited, Some("DAILY"), &[]),
    );
    let (planner, run) = run(&fake, &World::calm(10));
    assert_eq!(planner.overall().phase, Phase::CompletedWithGaps);
    assert_eq!(
        state(&planner, Kind::Users),
        KindState::Partial {
            records: 0,
            reason: Reason::DailyLimit
        }
    );
    assert_eq!(count(&run, "users.list"), 1);
}

/// P4: a refused window is waited out, and only so often.
#[test]
fn a_rate_limit_is_waited_out() {
    let granted = vec!["forms".to_owned()];
    let mut planner = planner(&granted);
    let mut now = 0;
    let mut calls = 0;
    loop {
        let next = planner.next(now);
        for call in &next.calls {
            calls += 1;
            let refusal = Problem {
                retry_after: (calls == 2).then_some(1_000_000),
                ..problem(
                    ErrorCode::UpstreamRateLimited,
                    Some("TEN_SECONDLY_ROLLING"),
                    &[],
                )
            };
            planner.answered(
                call.id,
                Answer {
                    outcome: Outcome::Problem(refusal),
                    rate: None,
                },
                now,
            );
            let again = planner.next(now);
            let wait = if calls == 2 { 900_000 } else { 10_000 };
            if !again.done {
                assert_eq!((again.calls.len(), again.wake_at), (0, Some(now + wait)));
                assert_eq!(planner.meter().waiting_until, Some(now + wait));
            }
        }
        if next.done {
            break;
        }
        now = planner.next(now).wake_at.unwrap_or(now + 1);
    }
    assert_eq!(calls, 12);
    assert_eq!(
        state(&planner, Kind::Forms),
        KindState::Error {
            code: ErrorCode::UpstreamRateLimited
        }
    );
}

/// An answer that nobody waits for changes nothing.
#[test]
fn late_repeated_and_foreign_answers_are_ignored() {
    let granted = vec!["forms".to_owned()];
    let mut planner = planner(&granted);
    let call = planner.next(0).calls.remove(0);
    let good = Answer {
        outcome: Outcome::Ok(r#"{"results":[{"id":"1"}]}"#),
        rate: None,
    };
    assert!(planner.answered(CallId(99), good.clone(), 1).is_empty());
    let effects = planner.answered(call.id, good.clone(), 1);
    assert!(
        matches!(
            &effects[..],
            [Effect::Store { .. }, Effect::Progress(Kind::Forms)]
        ),
        "{effects:?}"
    );
    let before = planner.checkpoint();
    assert!(planner.answered(call.id, good, 2).is_empty());
    assert_eq!(planner.checkpoint(), before);
    assert!(planner.next(3).done);
}

/// P4: paging that repeats itself, or goes on where none is documented, is marked.
#[test]
fn paging_without_end_is_marked_partial() {
    let granted = vec!["settings.users.read".to_owned(), "forms".to_owned()];
    let mut planner = planner(&granted);
    let mut forms = 0;
    let mut now = 0;
    loop {
        let next = planner.next(now);
        for call in &next.calls {
            let body = match call.operation {
                "forms.list" => {
                    forms += 1;
                    format!(
                        r#"{{"results":[{{"id":"{forms}"}}],"paging":{{"next":{{"after":"same"}}}}}}"#
                    )
                }
                "users.roles" => {
                    r#"{"results":[{"id":"1"}],"paging":{"next":{"after":"2"}}}"#.into()
                }
                _ => r#"{"results":[]}"#.into(),
            };
            planner.answered(
                call.id,
                Answer {
                    outcome: Outcome::Ok(&body),
                    rate: None,
                },
                now,
            );
        }
        if next.done {
            break;
        }
        now += 100;
    }
    assert_eq!(forms, 2);
    assert_eq!(
        state(&planner, Kind::Forms),
        KindState::Partial {
            records: 2,
            reason: Reason::CursorLoop
        }
    );
    assert!(matches!(
        state(&planner, Kind::Roles),
        KindState::Partial { records: 1, .. }
    ));
    assert_eq!(
        state(&planner, Kind::Users),
        KindState::Completed { records: 0 }
    );
    assert_eq!(planner.overall().phase, Phase::CompletedWithGaps);
    // A later planner does not take it for whole.
    let input = PlanInput { granted: &granted };
    let mut again = Planner::resume(&planner.checkpoint(), input).unwrap();
    let asked: Vec<&str> = again
        .next(0)
        .calls
        .iter()
        .map(|call| call.operation)
        .collect();
    assert_eq!(asked, ["forms.list", "users.roles"]);
}

/// P4: what is not whole is never passed off as whole by the next planner, which reads it again.
#[test]
fn a_part_that_is_not_whole_is_read_again_after_a_resume() {
    let granted = all_scopes();
    let fake = LARGE.refusing("workflows.read", Problem::of(ErrorCode::UpstreamRejected));
    let (planner, first) = run(&fake, &World::calm(17));
    let mut again =
        Planner::resume(&planner.checkpoint(), PlanInput { granted: &granted }).unwrap();
    assert_eq!(state(&again, Kind::Workflows), KindState::Pending);
    let second = drive(&mut again, &LARGE, &World::calm(18), first.store, 0);
    assert_eq!(again.overall().phase, Phase::Completed);
    assert_eq!(second.store, run(&LARGE, &World::calm(19)).1.store);
    assert_eq!(second.sent.len(), 8, "four pages and their definitions");
    assert_eq!(count(&second, "workflows.read"), 4);
}

/// R5, R28: at rest, a planner tells what is stored and why there is no more, and asks nothing.
#[test]
fn a_stopped_planner_tells_what_is_stored_and_asks_nothing() {
    let granted = all_scopes();
    let mut planner = planner(&granted);
    let world = World {
        cut: Some(20),
        ..World::calm(20)
    };
    drive(&mut planner, &LARGE, &world, Store::new(), 0);
    let input = PlanInput { granted: &granted };
    let mut rest = Planner::resume(&planner.checkpoint(), input).unwrap();
    rest.stop(ErrorCode::NeedsReauth);
    assert_eq!(rest.overall().phase, Phase::Error(ErrorCode::NeedsReauth));
    let reason = Reason::Stopped(ErrorCode::NeedsReauth);
    let code = ErrorCode::NeedsReauth;
    assert!(matches!(
        state(&rest, Kind::Properties),
        KindState::Partial { records: 1.., reason: why } if why == reason
    ));
    assert_eq!(state(&rest, Kind::Roles), KindState::Error { code });
    assert_eq!(
        state(&rest, Kind::ObjectSchemas),
        KindState::Completed { records: 10 }
    );
    let next = rest.next(0);
    assert!(next.done && next.calls.is_empty());
    // Of a whole snapshot nothing is to be stopped.
    let whole = run(&LARGE, &World::calm(21)).0.checkpoint();
    let mut rest = Planner::resume(&whole, input).unwrap();
    rest.stop(code);
    assert_eq!(rest.overall().phase, Phase::Completed);
}
