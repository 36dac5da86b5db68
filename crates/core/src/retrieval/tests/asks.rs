//! What the planner asks, in which order, and how fast.

use super::*;

/// D8–D12, P4: a large portal with no call too many (platform, section 6.6), complete in every kind.
#[test]
fn a_large_portal_costs_no_call_too_many() {
    let (planner, run) = run(&LARGE, &World::calm(1));
    assert_eq!(planner.overall().phase, Phase::Completed);
    for (operation, calls) in [
        ("schemas.list", 1),
        // Custom properties came with their schemas.
        ("properties.list", 16),
        ("properties.groups", 26),
        // Eight standard types and the four custom ones that have pipelines.
        ("pipelines.list", 12),
        ("limits.association_labels", 1),
        ("associations.labels", 40),
        ("owners.list", 2),
        ("users.list", 6),
        ("users.roles", 1),
        ("users.teams", 1),
        ("lists.search", 4),
        ("forms.list", 3),
        ("workflows.list", 4),
        ("workflows.read", 4),
        ("domains.list", 1),
        ("subscriptions.list", 1),
    ] {
        assert_eq!(count(&run, operation), calls, "{operation}");
    }
    for (kind, records) in [
        (Kind::ObjectSchemas, 10),
        (Kind::Properties, 16 * 3 + 10),
        (Kind::PropertyGroups, 26 * 3),
        (Kind::Pipelines, 12 * 3),
        (Kind::AssociationLabels, 40),
        (Kind::Lists, 1_800),
        (Kind::Forms, 260),
        (Kind::Workflows, 350),
        (Kind::Owners, 620),
        (Kind::Users, 600),
    ] {
        assert_eq!(
            state(&planner, kind),
            KindState::Completed { records },
            "{kind:?}"
        );
    }
    // The manifest is exactly what was stored.
    let manifest: Vec<(Kind, String)> = planner
        .manifest()
        .map(|(kind, part, ..)| (kind, part.to_owned()))
        .collect();
    assert_eq!(manifest.len(), run.store.len());
    assert!(manifest.iter().all(|part| run.store.contains_key(part)));
}

/// P4: within a tenth of the floor that the window sets.
#[test]
fn pacing_stays_near_the_floor() {
    let world = World {
        latency_ms: 50,
        ..World::calm(3)
    };
    let (_, run) = run(&LARGE, &world);
    assert_eq!(run.throttled, 0);
    let windows = (run.sent.len() as u64 - 1) / 110;
    assert!(windows >= 1, "{} calls fit one window", run.sent.len());
    let floor = windows * 10_000;
    assert!(
        run.ended_at * 10 <= floor * 11,
        "{} ms for a floor of {floor}",
        run.ended_at
    );
}

/// P4: what custom schemas embed is stored byte for byte, and costs no call.
#[test]
fn custom_properties_come_with_their_schema() {
    let (_, run) = run(&LARGE, &World::calm(2));
    let part = run.store.get(&(Kind::Properties, "2-7".to_owned()));
    assert_eq!(
        part.map(String::as_str),
        Some(r#"[{"name":"p7", "n": 1.70}]"#)
    );
    assert!(
        run.sent
            .iter()
            .all(|(name, request)| name != "properties.list" || !request.contains("2-"))
    );
    // Definitions stand in the list's order, whatever the batch's.
    let flows = &run.store[&(Kind::Workflows, "page-4".to_owned())];
    assert!(
        flows.starts_with(r#"[{"id":"300","actions":[]},{"id":"301""#),
        "{flows}"
    );
}

/// D17: useful early.
#[test]
fn what_people_look_for_first_is_asked_first() {
    let mut planner = planner(&all_scopes());
    assert_eq!(
        planner.overall(),
        Overall {
            phase: Phase::Pending,
            fraction: 0.0
        }
    );
    let next = planner.next(0);
    let asked: Vec<(&str, Option<&str>)> = next
        .calls
        .iter()
        .map(|call| {
            (
                call.operation,
                call.request.params.get("objectType").map(String::as_str),
            )
        })
        .collect();
    assert_eq!(
        asked[..5],
        [
            ("schemas.list", None),
            ("properties.list", Some("contacts")),
            ("properties.list", Some("companies")),
            ("properties.list", Some("deals")),
            ("pipelines.list", Some("deals")),
        ]
    );
    assert_eq!(
        (next.calls.len(), next.wake_at, next.done),
        (10, None, false)
    );
    assert_eq!(planner.overall().phase, Phase::InProgress);
    assert_eq!(
        state(&planner, Kind::Properties),
        KindState::InProgress {
            records: 0,
            parts_done: 0,
            parts_total: None
        }
    );
    assert_eq!(state(&planner, Kind::Roles), KindState::Pending);
    assert!(planner.next(5).calls.is_empty(), "ten are under way");
}

/// P4, D54: only what the grant allows is asked, and the rest says which scope it lacks.
#[test]
fn nothing_is_asked_without_its_scope() {
    for (granted, asked) in [
        (vec![], vec![]),
        (vec!["oauth"], vec![]),
        (vec!["forms"], vec!["forms.list"]),
        (vec!["settings.users.teams.read"], vec!["users.teams"]),
        (
            vec!["crm.schemas.deals.read"],
            vec!["properties.list", "pipelines.list", "properties.groups"],
        ),
        (
            vec!["crm.schemas.contacts.read"],
            vec!["properties.list", "properties.groups"],
        ),
    ] {
        let granted: Vec<String> = granted.into_iter().map(String::from).collect();
        let mut planner = planner(&granted);
        let run = drive(&mut planner, &LARGE, &World::calm(4), Store::new(), 0);
        let mut sent: Vec<&str> = run.sent.iter().map(|(name, _)| name.as_str()).collect();
        sent.dedup();
        assert_eq!(sent, asked, "{granted:?}");
        for progress in planner.progress() {
            let got = progress.records() > 0;
            match &progress.state {
                KindState::Completed { .. } => assert!(got),
                KindState::NotAvailable {
                    reason: Reason::MissingScope(scopes),
                } => assert!(!scopes.is_empty()),
                other => panic!("{granted:?} {other:?}"),
            }
        }
        let whole = !asked.is_empty();
        assert_eq!(
            planner.overall().phase == Phase::Completed,
            whole,
            "{granted:?}"
        );
        assert_eq!(planner.overall().fraction.to_bits(), 1.0_f32.to_bits());
    }
    let granted = vec!["crm.schemas.deals.read".to_owned()];
    let planner = planner(&granted);
    let properties = &planner.progress()[Kind::Properties.index()];
    assert!(
        properties.without_scope.contains(&"contacts")
            && !properties.without_scope.contains(&"deals")
    );
}

/// P4: what the library says is not enabled is not asked; without its word, all of it is.
#[test]
fn disabled_library_objects_cost_no_call() {
    let fake = Fake {
        disabled: vec!["0-162", "0-410", "0-420"],
        ..SMALL
    };
    let (planner, run) = run_small(&fake);
    assert_eq!(planner.overall().phase, Phase::Completed);
    assert_eq!(count(&run, "properties.list"), 13);
    let silent = SMALL.refusing(
        "object_library.enablement",
        problem(ErrorCode::UpstreamForbidden, None, &[]),
    );
    let (planner, run) = run_small(&silent);
    assert_eq!(count(&run, "properties.list"), 16);
    assert!(matches!(
        state(&planner, Kind::Limits),
        KindState::Partial {
            reason: Reason::Forbidden(_),
            ..
        }
    ));
}

/// A refresh of an unchanged portal brings the same hashes, so that the store writes nothing.
#[test]
fn a_refresh_of_an_unchanged_portal_has_the_same_hashes() {
    let manifest = |seed| {
        let (planner, _) = run(&LARGE, &World::calm(seed));
        let parts = planner.manifest();
        parts
            .map(|(kind, part, _, hash)| (kind, part.to_owned(), hash.to_owned()))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(manifest(11), manifest(12));
}

/// P4: calls of others are left room.
#[test]
fn others_in_the_same_window_are_left_room() {
    let world = World {
        // 50 calls in ten seconds.
        others_every_ms: 200,
        ..World::calm(16)
    };
    let (planner, run) = run(&LARGE, &world);
    assert_eq!(planner.overall().phase, Phase::Completed);
    assert!(run.throttled <= 10, "{} refused", run.throttled);
}
