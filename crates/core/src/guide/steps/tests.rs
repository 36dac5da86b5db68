//! The judgement, step by step.

use super::*;
use crate::status::tests::connection;
use crate::wire::{Fault, FaultCategory, RefreshFact, Revocation};

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn hubspot() -> ProviderInfo {
    ProviderInfo {
        provider: Provider::Hubspot,
        host: "app.hubspot.com".into(),
        client_id: "9b1d".into(),
        required_scopes: owned(REQUIRED),
        optional_scopes: owned(&["forms"]),
        return_uris: vec!["https://portico.example/return.html".into()],
    }
}

fn acme(standing: Standing) -> Portal {
    Portal {
        connection: "c1".into(),
        portal: PortalId(4242),
        name: "Acme".into(),
        standing,
        app_refused: false,
    }
}

fn facts<'a>(hubspot: Option<&'a ProviderInfo>, portals: &'a [Portal]) -> Facts<'a> {
    Facts {
        hubspot,
        client_id: "9b1d",
        portal: None,
        portals,
        origin: "https://portico.example",
    }
}

fn is_done(check: &Check) -> bool {
    matches!(check, Check::Done(_))
}

/// B1: from nothing to a working app, each step turns when the proxy has seen it.
#[test]
fn steps_turn_as_the_proxy_sees_them() {
    let info = hubspot();
    let fresh = [acme(Standing::Oauth(None))];
    let refreshed = [acme(Standing::Oauth(Some(RefreshOutcome::Refreshed)))];
    let ended = [acme(Standing::Ended)];
    let entered = [acme(Standing::Static("9f3e".into()))];
    let set_up = [Step::App, Step::Scopes, Step::Credentials, Step::Portico];
    let consented = [Step::Redirect, Step::Authorize, Step::Exchange];
    for (case, facts, want) in [
        ("nothing", facts(None, &[]), vec![]),
        ("configured", facts(Some(&info), &[]), set_up.to_vec()),
        (
            "authorized",
            facts(Some(&info), &fresh),
            [&set_up[..], &consented].concat(),
        ),
        (
            "refreshed",
            facts(Some(&info), &refreshed),
            [&set_up[..], &consented, &[Step::Refresh]].concat(),
        ),
        ("ended", facts(Some(&info), &ended), set_up.to_vec()),
        (
            "a token",
            facts(Some(&info), &entered),
            [&set_up[..], &[Step::Static]].concat(),
        ),
    ] {
        let mut done: Vec<Step> = Step::ALL
            .into_iter()
            .filter(|step| is_done(&check(*step, &facts)))
            .collect();
        let mut want = want;
        done.sort_by_key(|step| step.slug());
        want.sort_by_key(|step| step.slug());
        assert_eq!(done, want, "{case}");
    }
}

/// What is not done says what to do.
#[test]
fn what_is_not_yet_says_what_to_do() {
    let info = hubspot();
    let elsewhere = Facts {
        portal: Some(PortalId(7)),
        ..facts(Some(&info), &[])
    };
    let foreign = Facts {
        client_id: "other",
        ..facts(Some(&info), &[])
    };
    let empty = Facts {
        client_id: "",
        ..facts(Some(&info), &[])
    };
    let embedded = Facts {
        origin: "https://you.example",
        ..facts(Some(&info), &[])
    };
    let ended = [acme(Standing::Ended)];
    let transient = [acme(Standing::Oauth(Some(RefreshOutcome::Transient)))];
    let refused = [Portal {
        app_refused: true,
        ..acme(Standing::Oauth(None))
    }];
    let lacking = ProviderInfo {
        required_scopes: owned(&["oauth"]),
        ..hubspot()
    };
    let twice = ProviderInfo {
        optional_scopes: owned(&["oauth", "forms"]),
        ..hubspot()
    };
    for (step, facts, want) in [
        (Step::App, facts(None, &[]), "no HubSpot app yet"),
        (Step::Authorize, elsewhere, "for the portal filled in above"),
        (
            Step::Credentials,
            foreign,
            "is not the one this proxy works for, which is 9b1d",
        ),
        (Step::Credentials, empty, "Fill in"),
        (
            Step::Credentials,
            facts(Some(&info), &refused),
            "HubSpot refuses",
        ),
        (
            Step::Portico,
            embedded,
            "no return page of https://you.example",
        ),
        (
            Step::Refresh,
            facts(Some(&info), &ended),
            "choose Reconnect",
        ),
        (
            Step::Refresh,
            facts(Some(&info), &transient),
            "tries again by itself",
        ),
        (
            Step::Refresh,
            facts(Some(&info), &[]),
            "Authorize a portal first",
        ),
        (
            Step::Scopes,
            facts(Some(&lacking), &[]),
            "crm.schemas.contacts.read",
        ),
        // A foreign optional scope is asked nowhere; one that is required as well would be.
        (
            Step::Scopes,
            facts(Some(&twice), &[]),
            "take it out of the optional ones",
        ),
    ] {
        match check(step, &facts) {
            Check::NotYet(said) => assert!(said.contains(want), "{step:?}: {said}"),
            other => panic!("{step:?} is {other:?}"),
        }
    }
    for step in [Step::Secure, Step::Ballerina] {
        assert!(matches!(check(step, &facts(None, &[])), Check::Unseen(_)));
    }
}

/// A portal that is filled in is the one that is judged; what it proves of the app holds for all.
#[test]
fn a_named_portal_is_judged_alone() {
    let info = hubspot();
    let known = [acme(Standing::Oauth(None))];
    let of = |portal| Facts {
        portal: Some(PortalId(portal)),
        ..facts(Some(&info), &known)
    };
    assert!(is_done(&check(Step::Authorize, &of(4242))));
    assert!(!is_done(&check(Step::Authorize, &of(7))));
    assert!(is_done(&check(Step::Redirect, &of(7))));
}

/// B17: of a static credential only the last characters are told; a dead grant proves nothing any more.
#[test]
fn a_connection_is_read_for_its_credential() {
    let plain = connection();
    let name = display_name(&plain);
    let with = |change: &dyn Fn(&mut Connection)| {
        let mut changed = connection();
        change(&mut changed);
        portal(&changed)
    };
    let fault = |category, cause| {
        Some(Fault {
            category,
            cause,
            at: 1,
            correlation_id: None,
            next_try_at: None,
        })
    };
    let refreshed = RefreshFact {
        at: 5,
        outcome: RefreshOutcome::Refreshed,
    };
    assert_eq!(portal(&plain).map(|known| known.name), Some(name));
    let standing = |known: Option<Portal>| known.map(|known| known.standing);
    assert_eq!(
        standing(with(&|c| c.grant.last_refresh = Some(refreshed.clone()))),
        Some(Standing::Oauth(Some(RefreshOutcome::Refreshed)))
    );
    assert_eq!(
        standing(with(&|c| {
            c.grant.kind = GrantKind::Static;
            c.grant.hint = Some("9f3e".into());
        })),
        Some(Standing::Static("9f3e".into()))
    );
    for known in [
        with(&|c| {
            c.grant.revoked = Some(Revocation {
                at: 1,
                by: "here".into(),
            });
        }),
        with(&|c| c.grant.fault = fault(FaultCategory::GrantDead, FaultCause::AccountGone)),
    ] {
        assert_eq!(standing(known), Some(Standing::Ended));
    }
    let refused = with(&|c| {
        c.grant.fault = fault(FaultCategory::Configuration, FaultCause::ClientCredentials);
    });
    assert!(refused.is_some_and(|known| known.app_refused));
    assert_eq!(with(&|c| c.provider = Provider::Github), None);
}

#[test]
fn every_step_has_a_name_of_its_own() {
    for step in Step::ALL {
        assert!(!step.title().is_empty());
        let same = Step::ALL.iter().filter(|other| other.slug() == step.slug());
        assert_eq!(same.count(), 1, "{}", step.slug());
        assert!(crate::help::is_anchor(step.slug()));
    }
}
