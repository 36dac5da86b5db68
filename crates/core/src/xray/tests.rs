use super::*;
use crate::connection_type::Capability;
use crate::scopes::{CATALOGUE, DEFAULT_OPTIONAL, lint};
use proptest::prelude::*;

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn picked(slugs: &[&str]) -> Vec<Feature> {
    slugs
        .iter()
        .map(|slug| Feature::from_slug(slug).unwrap())
        .collect()
}

fn names(needed: &[Needed]) -> Vec<&str> {
    needed.iter().map(|needed| needed.scope.as_str()).collect()
}

fn slugs(features: &[Feature]) -> Vec<&'static str> {
    features.iter().map(|feature| feature.slug()).collect()
}

const ALL: ConnectionType = ConnectionType::ConfigAndAudit;

/// P7: the minimal sets of a choice, on an app as Portico's own is set up.
#[test]
fn a_choice_needs_as_little_as_can_be() {
    let (required, optional) = (owned(REQUIRED), owned(DEFAULT_OPTIONAL));
    let configured = Configured {
        required: &required,
        optional: &optional,
    };
    for (features, want_required, want_optional) in [
        (vec![], vec!["oauth"], vec![]),
        (vec!["lists"], vec!["oauth"], vec!["crm.lists.read"]),
        (
            vec!["contacts"],
            vec!["oauth", "crm.schemas.contacts.read"],
            vec![],
        ),
        (vec!["audit"], REQUIRED.to_vec(), vec![]),
        (
            vec!["users", "roles"],
            vec!["oauth"],
            vec!["settings.users.read"],
        ),
        // Owners open limits and labels on the way.
        (
            vec!["owners", "association-labels", "limits"],
            vec!["oauth"],
            vec!["crm.objects.owners.read"],
        ),
        (
            vec!["deploy"],
            vec!["oauth"],
            vec!["crm.schemas.custom.write", "crm.objects.custom.write"],
        ),
    ] {
        let xray = look(&picked(&features), ALL, &configured);
        assert_eq!(names(&xray.required), want_required, "{features:?}");
        assert_eq!(names(&xray.optional), want_optional, "{features:?}");
    }
}

/// P7, S8: each scope comes with its reason, and with the features that need it.
#[test]
fn each_scope_says_why_and_for_what() {
    let (required, optional) = (owned(REQUIRED), owned(DEFAULT_OPTIONAL));
    let configured = Configured {
        required: &required,
        optional: &optional,
    };
    let xray = look(
        &picked(&["contacts", "workflows", "leads", "users", "roles"]),
        ALL,
        &configured,
    );
    for needed in xray.required.iter().chain(&xray.optional) {
        assert!(
            needed.reason.ends_with('.') && !needed.features.is_empty(),
            "{}",
            needed.scope
        );
    }
    let users = xray
        .optional
        .iter()
        .find(|needed| needed.scope == "settings.users.read")
        .unwrap();
    assert_eq!(slugs(&users.features), ["users", "roles"]);
    let gates: Vec<_> = xray
        .gates
        .iter()
        .map(|(gate, features)| (gate.title(), slugs(features)))
        .collect();
    assert_eq!(
        gates,
        [
            ("Sales Hub Professional", vec!["leads"]),
            ("Professional", vec!["workflows"])
        ]
    );
    assert_eq!(
        xray.required[0].features.len(),
        5,
        "everything rests on oauth"
    );
}

/// P7, J17: what each refused scope darkens; a scope that the app requires cannot be refused alone.
#[test]
fn a_refusal_darkens_what_needs_it_and_nothing_else() {
    let required = owned(&["oauth", "forms"]);
    let optional = owned(DEFAULT_OPTIONAL);
    let configured = Configured {
        required: &required,
        optional: &optional,
    };
    let xray = look(
        &picked(&["tickets", "forms", "users", "roles", "limits"]),
        ALL,
        &configured,
    );
    let dark: Vec<_> = xray
        .dark
        .iter()
        .map(|(scope, features)| (scope.as_str(), slugs(features)))
        .collect();
    assert_eq!(
        dark,
        [
            ("tickets", vec!["tickets", "limits"]),
            ("settings.users.read", vec!["users", "roles"])
        ]
    );
}

/// P7, fact 9: each misfit by its name, with what HubSpot would show and how to mend it.
#[test]
fn misfits_are_named_with_what_hubspot_would_show() {
    use FindingKind::{
        ConditionallyRequired, GatedRequired, Misplaced, NotConfigured, RequiredMissing,
        TypeForbids,
    };
    let audit = ConnectionType::AuditOnly;
    for (case, features, kind, required, optional, want) in [
        (
            "all is well",
            vec!["lists"],
            ALL,
            vec!["oauth"],
            vec!["crm.lists.read"],
            vec![],
        ),
        (
            "not on the app",
            vec!["lists"],
            ALL,
            vec!["oauth"],
            vec![],
            vec![(NotConfigured, "crm.lists.read")],
        ),
        (
            "more than needed",
            vec!["lists"],
            ALL,
            vec!["oauth", "crm.schemas.deals.read"],
            vec!["crm.lists.read"],
            vec![(RequiredMissing, "crm.schemas.deals.read")],
        ),
        (
            "too strict",
            vec!["lists"],
            ALL,
            vec!["oauth", "crm.lists.read"],
            vec![],
            vec![(Misplaced, "crm.lists.read")],
        ),
        (
            "too lax",
            vec!["deals"],
            ALL,
            vec!["oauth"],
            vec!["crm.schemas.deals.read"],
            vec![(ConditionallyRequired, "crm.schemas.deals.read")],
        ),
        (
            "gated",
            vec!["workflows"],
            ALL,
            vec!["oauth", "automation"],
            vec![],
            vec![(GatedRequired, "automation"), (Misplaced, "automation")],
        ),
        (
            "not its use",
            vec!["deploy"],
            audit,
            vec!["oauth"],
            vec![],
            vec![(TypeForbids, "")],
        ),
        (
            "no oauth",
            vec![],
            ALL,
            vec![],
            vec![],
            vec![(NotConfigured, "oauth")],
        ),
    ] {
        let (required, optional) = (owned(&required), owned(&optional));
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let xray = look(&picked(&features), kind, &configured);
        let got: Vec<_> = xray
            .findings
            .iter()
            .map(|found| (found.kind, found.scope.as_str()))
            .collect();
        assert_eq!(got, want, "{case}");
        for found in &xray.findings {
            assert!(
                !found.kind.title().is_empty()
                    && found.kind.shows().ends_with('.')
                    && found.kind.fix().ends_with('.')
            );
        }
    }
}

/// J15, D7: an audit asks for nothing that writes, whatever is picked.
#[test]
fn a_type_limits_what_can_be_picked() {
    let (required, optional) = (owned(REQUIRED), owned(DEFAULT_OPTIONAL));
    let configured = Configured {
        required: &required,
        optional: &optional,
    };
    let xray = look(&Feature::ALL, ConnectionType::AuditOnly, &configured);
    let asked: Vec<&String> = xray
        .asked
        .scope
        .iter()
        .chain(&xray.asked.optional_scope)
        .collect();
    assert!(
        asked.iter().all(|scope| !scope.contains("write")),
        "{asked:?}"
    );
    let forbidden = xray
        .findings
        .iter()
        .find(|found| found.kind == FindingKind::TypeForbids)
        .unwrap();
    assert_eq!(
        forbidden.features,
        [
            Feature::Capability(Capability::Import),
            Feature::Capability(Capability::Deploy)
        ]
    );
}

/// Fact 8: what the app has beyond the choice is named, as taking it off the app takes it from connections.
#[test]
fn what_is_not_needed_is_named() {
    let required = owned(&["oauth", "crm.schemas.deals.read"]);
    let optional = owned(&["forms", "crm.lists.read"]);
    let configured = Configured {
        required: &required,
        optional: &optional,
    };
    let xray = look(&picked(&["lists"]), ALL, &configured);
    assert_eq!(xray.spare, ["crm.schemas.deals.read", "forms"]);
}

/// P7: of several scopes that would do, one that the app already has is taken.
#[test]
fn the_apps_own_scopes_come_first() {
    for (features, required, optional, want) in [
        (
            vec!["contacts"],
            vec!["oauth"],
            vec!["crm.objects.contacts.read"],
            "crm.objects.contacts.read",
        ),
        (
            vec!["contacts"],
            vec!["oauth"],
            vec!["crm.objects.contacts.read", "crm.schemas.contacts.read"],
            "crm.schemas.contacts.read",
        ),
        (
            vec!["contacts"],
            vec!["oauth", "crm.objects.contacts.read"],
            vec!["crm.schemas.contacts.read"],
            "crm.objects.contacts.read",
        ),
        (
            vec!["users"],
            vec!["oauth"],
            vec!["crm.objects.users.read"],
            "crm.objects.users.read",
        ),
        (
            vec!["limits"],
            vec!["oauth", "crm.objects.owners.read"],
            vec!["tickets"],
            "crm.objects.owners.read",
        ),
        (
            vec!["object-schemas"],
            vec!["oauth"],
            vec![],
            "crm.schemas.custom.read",
        ),
    ] {
        let (required, optional) = (owned(&required), owned(&optional));
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let xray = look(&picked(&features), ALL, &configured);
        let all: Vec<&str> = [names(&xray.required), names(&xray.optional)].concat();
        assert_eq!(
            all,
            ["oauth", want],
            "{features:?} of {required:?} and {optional:?}"
        );
    }
}

/// Scopes that an app may have: the catalogue's, and some that only its operator knows.
const POOL: usize = 40;

fn pool() -> Vec<String> {
    let mut pool: Vec<String> = CATALOGUE
        .iter()
        .map(|entry| entry.scope.to_owned())
        .collect();
    pool.extend(owned(&[
        "crm.objects.contacts.read",
        "crm.objects.deals.read",
        "crm.objects.users.read",
        "content",
        "x.internal",
    ]));
    assert!(pool.len() <= POOL);
    pool
}

proptest! {
    /// P7, B6, fact 9, complaint 10: whatever is picked and however the app is set up, nothing in the sets is
    /// superfluous, nothing picked stays dark, and the install URL passes the lint.
    #[test]
    fn the_sets_are_minimal_whole_and_never_refused(
        picks in proptest::collection::vec(any::<bool>(), Feature::ALL.len()),
        kind in 0usize..3,
        app in proptest::collection::vec(0u8..4, POOL),
    ) {
        let of = |place: u8| -> Vec<String> {
            pool().into_iter().zip(&app).filter(|(_, at)| **at == place).map(|(scope, _)| scope).collect()
        };
        let (required, optional) = (of(0), [of(1), of(2)].concat());
        let configured = Configured { required: &required, optional: &optional };
        let features: Vec<Feature> = Feature::ALL.into_iter().zip(&picks).filter(|(_, pick)| **pick).map(|(feature, _)| feature).collect();
        let kind = ConnectionType::ALL[kind];
        let xray = look(&features, kind, &configured);

        let fitting: Vec<Feature> = features.into_iter().filter(|feature| feature.fits(kind)).collect();
        let minimal: Vec<String> = xray.required.iter().chain(&xray.optional).map(|needed| needed.scope.clone()).collect();
        for feature in &fitting {
            prop_assert!(feature.scopes().held_by(&minimal), "{} stays dark: {minimal:?}", feature.title());
        }
        for scope in minimal.iter().filter(|scope| *scope != "oauth") {
            let rest: Vec<String> = minimal.iter().filter(|other| *other != scope).cloned().collect();
            prop_assert!(fitting.iter().any(|feature| !feature.scopes().held_by(&rest)), "{scope} is superfluous: {minimal:?}");
        }
        for (scope, dark) in &xray.dark {
            prop_assert!(!dark.is_empty(), "{scope} darkens nothing");
        }

        prop_assert_eq!(lint(&configured, &xray.asked.scope, &xray.asked.optional_scope), Ok(()));
        // Asked as they are, the minimal sets pass exactly where no finding speaks of HubSpot's page.
        let plain = |list: &[Needed]| -> Vec<String> { list.iter().map(|needed| needed.scope.clone()).collect() };
        let refused = xray.findings.iter().any(|found| matches!(
            found.kind,
            FindingKind::NotConfigured | FindingKind::RequiredMissing | FindingKind::Misplaced
        ));
        prop_assert_eq!(lint(&configured, &plain(&xray.required), &plain(&xray.optional)).is_err(), refused);
    }
}
