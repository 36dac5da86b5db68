//! Fixtures: what the issue promises in numbers, and that a seed decides every byte.

use std::collections::BTreeSet;

use portico_sandbox::model::{AccountType, Collection, Health, Rights, Tier};
use portico_sandbox::{Request, State, fixture};

use crate::{LARGE, NOW, SMALL, full_token, sandbox};

/// Same seed, same bytes; another seed, other bytes; for the data and for the tokens.
#[test]
fn a_seed_decides_every_byte() {
    // The largest is compared by what it answers (`sweep.rs`): printing it whole takes longer than it tells.
    for (name, _) in fixture::FIXTURES.into_iter().filter(|f| f.0 != "huge") {
        let print = |seed| {
            format!(
                "{:?}",
                State::fixture(name, seed, Vec::new()).expect("known")
            )
        };
        assert_eq!(print(3), print(3), "{name}");
        assert_ne!(print(3), print(4), "{name}");
    }
    let bytes = || {
        let sandbox = sandbox("small");
        let token = full_token(&sandbox, SMALL);
        let response = sandbox.call(&Request::get("/marketing/v3/forms").bearer(&token), NOW);
        (token, response.headers.clone(), response.body)
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn an_unknown_fixture_is_named() {
    let error = State::fixture("tiny", 1, Vec::new()).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "there is no fixture named \"tiny\"; known: small, agency, enterprise, hostile, huge"
    );
}

/// Issue 2, item 3: one free EU portal.
#[test]
fn small_is_one_free_european_portal() {
    let portals = fixture::portals("small", 1).expect("known");
    let [portal] = portals.as_slice() else {
        panic!("one portal")
    };
    assert_eq!(
        (portal.hublet, portal.ui_domain().as_str()),
        ("eu1", "app-eu1.hubspot.com")
    );
    assert_eq!(portal.hubs.highest(), Tier::Free);
    assert_eq!(
        portal.owners.iter().filter(|owner| !owner.archived).count(),
        3
    );
    assert_eq!(
        (
            portal.lists.len(),
            portal.collection(Collection::Forms).len()
        ),
        (12, 4)
    );
    assert_eq!(
        portal.objects["0-3"].pipelines.len() + portal.objects["0-5"].pipelines.len(),
        2
    );
    let custom = portal
        .objects
        .values()
        .flat_map(|o| &o.properties)
        .filter(|p| !p.hubspot_defined);
    assert_eq!(custom.count(), 10);
}

/// Issue 2, item 3: twelve portals of mixed tiers and health.
#[test]
fn agency_is_twelve_portals_of_mixed_tiers_and_health() {
    let portals = fixture::portals("agency", 1).expect("known");
    assert_eq!(portals.len(), 12);
    let ids: BTreeSet<u64> = portals.iter().map(|portal| portal.id).collect();
    assert_eq!(ids.len(), 12);
    for tier in [
        Tier::Free,
        Tier::Starter,
        Tier::Professional,
        Tier::Enterprise,
    ] {
        assert!(
            portals.iter().any(|portal| portal.hubs.highest() == tier),
            "{tier:?}"
        );
    }
    for kind in [
        AccountType::Standard,
        AccountType::Sandbox,
        AccountType::DeveloperTest,
    ] {
        assert!(
            portals.iter().any(|portal| portal.account_type == kind),
            "{kind:?}"
        );
    }
    let has = |health: fn(Health) -> bool| {
        portals
            .iter()
            .filter(|portal| health(portal.health))
            .count()
    };
    assert_eq!(has(|h| h == Health::GovernanceBlock), 1);
    assert_eq!(has(|h| matches!(h, Health::RefreshDies { .. })), 1);
    assert_eq!(has(|h| matches!(h, Health::Migrating { .. })), 1);
    assert_eq!(
        portals
            .iter()
            .filter(|p| p.installer.rights == Rights::Standard)
            .count(),
        1
    );
    assert!(portals.iter().any(|p| p.hublet == "na1") && portals.iter().any(|p| p.hublet == "eu1"));
}

/// Issue 2, item 3: the sizes of the large portal, which the benches rely on.
#[test]
fn enterprise_has_the_promised_sizes() {
    let portals = fixture::portals("enterprise", 1).expect("known");
    let [portal] = portals.as_slice() else {
        panic!("one portal")
    };
    assert_eq!(portal.id, LARGE);
    assert_eq!(portal.custom_objects.len(), 10);
    assert_eq!(
        portal
            .objects
            .values()
            .map(|o| o.properties.len())
            .sum::<usize>(),
        4_000
    );
    let pairs: BTreeSet<_> = portal
        .association_types
        .iter()
        .filter(|t| t.label.is_some())
        .map(|t| (&t.from, &t.to))
        .collect();
    assert_eq!(pairs.len(), 40);
    assert_eq!(
        portal.owners.iter().filter(|owner| !owner.archived).count(),
        600
    );
    assert_eq!(portal.users.len(), 600);
    assert_eq!(portal.collection(Collection::Workflows).len(), 350);
    assert_eq!(portal.lists.len(), 1_800);
    let forms = portal.collection(Collection::Forms);
    let plain = forms.iter().filter(|form| form.has("formType", "hubspot"));
    assert_eq!((plain.count(), forms.len()), (260, 264));
    let with_pipelines = portal
        .objects
        .values()
        .filter(|o| !o.pipelines.is_empty())
        .count();
    assert!(with_pipelines >= 8, "{with_pipelines}");
}

/// People, lists and properties look invented, not generated twice; addresses lead nowhere.
#[test]
fn names_are_distinct_and_addresses_are_examples() {
    // In `hostile`, names repeat and groups are missing, on purpose; `huge` has a test of its own beside its maker.
    let ordinary = |f: &(&str, &str)| !matches!(f.0, "hostile" | "huge");
    for (name, _) in fixture::FIXTURES.into_iter().filter(ordinary) {
        for portal in fixture::portals(name, 2).expect("known") {
            let emails: BTreeSet<&str> = portal
                .users
                .iter()
                .map(|user| user.email.as_str())
                .collect();
            assert_eq!(emails.len(), portal.users.len(), "{}", portal.name);
            assert!(
                emails.iter().all(|email| email.ends_with(".example")),
                "{}",
                portal.name
            );
            let lists: BTreeSet<&str> =
                portal.lists.iter().map(|list| list.name.as_str()).collect();
            assert_eq!(lists.len(), portal.lists.len(), "{}", portal.name);
            for (id, object) in &portal.objects {
                let names: BTreeSet<&str> =
                    object.properties.iter().map(|p| p.name.as_str()).collect();
                assert_eq!(names.len(), object.properties.len(), "{} {id}", portal.name);
                let groups: BTreeSet<&str> =
                    object.groups.iter().map(|g| g.name.as_str()).collect();
                assert!(
                    object
                        .properties
                        .iter()
                        .all(|p| groups.contains(p.group_name.as_str())),
                    "{id}"
                );
            }
        }
    }
}
