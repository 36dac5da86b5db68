//! Tables of a link's standing.

use super::super::link::tests::link;
use super::*;
use proptest::prelude::*;

fn found(id: u64, full_name: &str) -> Repository {
    Repository {
        id,
        full_name: full_name.to_owned(),
        description: String::new(),
        is_private: true,
        condition: Condition::Writable,
        default_branch: "main".to_owned(),
    }
}

fn facts(probe: Probe, reach: Option<Reach>) -> LinkFacts {
    LinkFacts {
        probe,
        reach,
        branch: None,
    }
}

fn here(change: impl Fn(&mut Repository)) -> LinkFacts {
    let mut repository = found(7, "mara/config");
    change(&mut repository);
    facts(Probe::Here(repository), None)
}

const NOT_LISTED: Reach = Reach::NotListed {
    sees_all: false,
    own: false,
};
const OWN: Reach = Reach::NotListed {
    sees_all: true,
    own: true,
};

/// D44, D45: each status from its own evidence, with what to do.
#[test]
fn a_standing_follows_the_facts() {
    use LinkState::{Checking, Connected, Error};
    let gone = |reach| facts(Probe::NotFound, Some(reach));
    let cases = [
        ("there", here(|_| {}), Connected, ""),
        (
            "read-only for me",
            here(|r| r.condition = Condition::ReadOnly),
            Connected,
            "",
        ),
        (
            "another default",
            here(|r| r.default_branch = "trunk".into()),
            Connected,
            "is trunk now; this link keeps main",
        ),
        (
            "archived",
            here(|r| r.condition = Condition::Archived),
            Error(Trouble::Archived),
            "unarchive",
        ),
        (
            "disabled",
            here(|r| r.condition = Condition::Disabled),
            Error(Trouble::AccessLost),
            "disabled",
        ),
        (
            "branch gone",
            LinkFacts {
                branch: Some(false),
                ..here(|_| {})
            },
            Error(Trouble::BranchGone),
            "no branch main",
        ),
        (
            "branch there",
            LinkFacts {
                branch: Some(true),
                ..here(|_| {})
            },
            Connected,
            "",
        ),
        (
            "deleted, own",
            gone(OWN),
            Error(Trouble::Deleted),
            "no such repository of yours",
        ),
        (
            "gone or unselected",
            gone(NOT_LISTED),
            Error(Trouble::Gone),
            "GitHub does not say which",
        ),
        (
            "gone or no access",
            gone(Reach::NotListed {
                sees_all: true,
                own: false,
            }),
            Error(Trouble::Gone),
            "ask its owner",
        ),
        (
            "lists unreadable",
            facts(Probe::NotFound, None),
            Error(Trouble::Gone),
            "does not say which",
        ),
        (
            "uninstalled",
            gone(Reach::NotInstalled),
            Error(Trouble::AccessLost),
            "not installed on mara",
        ),
        (
            "suspended",
            gone(Reach::Suspended),
            Error(Trouble::AccessLost),
            "suspended on mara",
        ),
        (
            "listed, not readable",
            gone(Reach::Listed(found(7, "mara/config"))),
            Error(Trouble::AccessLost),
            "single sign-on",
        ),
        (
            "forbidden",
            facts(Probe::Forbidden, None),
            Error(Trouble::AccessLost),
            "single sign-on",
        ),
        (
            "renamed",
            facts(Probe::Elsewhere, Some(Reach::Listed(found(7, "mara/site")))),
            Error(Trouble::Renamed),
            "called mara/site now",
        ),
        (
            "transferred away",
            facts(Probe::Elsewhere, Some(NOT_LISTED)),
            Error(Trouble::Renamed),
            "handed to another account",
        ),
        (
            "name taken, found",
            facts(
                Probe::Here(found(8, "mara/config")),
                Some(Reach::Listed(found(7, "mara/old"))),
            ),
            Error(Trouble::Renamed),
            "called mara/old now",
        ),
        (
            "name taken, gone",
            facts(Probe::Here(found(8, "mara/config")), Some(OWN)),
            Error(Trouble::Deleted),
            "another repository has taken its name",
        ),
        (
            "weather",
            facts(Probe::Weather("GitHub does not answer".into()), None),
            Checking,
            "Nothing is concluded",
        ),
        (
            "was dead, lives again",
            facts(Probe::Reconnect, None),
            Checking,
            "",
        ),
    ];
    for (case, facts, want, says) in cases {
        let standing = read_link(&link(7, "mara/config"), Status::Connected, Some(&facts));
        assert_eq!(standing.state, want, "{case}");
        let said = format!("{} {}", standing.reason, standing.action);
        assert!(said.contains(says), "{case}: {said}");
        let is_error = matches!(want, Error(_));
        assert_eq!(
            !standing.action.is_empty(),
            is_error || case == "weather",
            "{case}"
        );
        assert_eq!(
            standing.state.title().starts_with("Error: "),
            is_error,
            "{case}"
        );
        assert!(!said.contains("HubSpot"), "{said}");
    }
}

/// D45: a dead connection says so on every link, whatever was heard before; one that rests concludes nothing.
#[test]
fn the_connection_comes_first() {
    let link = link(7, "mara/config");
    let good = here(|_| {});
    for (status, facts, want) in [
        (
            Status::NeedsReconnection,
            Some(&good),
            LinkState::Error(Trouble::Reconnect),
        ),
        (
            Status::Disconnected,
            None,
            LinkState::Error(Trouble::Reconnect),
        ),
        (Status::Suspended, Some(&good), LinkState::Checking),
        (Status::Connected, None, LinkState::Checking),
        (Status::Checking, Some(&good), LinkState::Connected),
        (Status::ConnectedLimited, Some(&good), LinkState::Connected),
    ] {
        assert_eq!(read_link(&link, status, facts).state, want, "{status:?}");
    }
}

/// D45: a public repository can be read without the app, and not be backed up into: that is no Connected.
#[test]
fn a_public_repository_without_the_app_has_lost_access() {
    let link = link(7, "mara/config");
    let public = |reach| {
        let mut repository = found(7, "mara/config");
        repository.is_private = false;
        facts(Probe::Here(repository), reach)
    };
    assert!(public(None).probe.wants_installation(&link));
    assert!(!here(|_| {}).probe.wants_installation(&link), "private");
    assert!(!Probe::NotFound.wants_installation(&link));
    for (reach, want) in [
        (None, LinkState::Connected),
        (
            Some(Reach::NotInstalled),
            LinkState::Error(Trouble::AccessLost),
        ),
        (
            Some(Reach::Suspended),
            LinkState::Error(Trouble::AccessLost),
        ),
    ] {
        let standing = read_link(&link, Status::Connected, Some(&public(reach.clone())));
        assert_eq!(standing.state, want, "{reach:?}");
        assert_eq!(standing.uses == READABLE, reach.is_some());
    }
}

/// D43: what each may be used for, on its own.
#[test]
fn uses_follow_what_may_be_written() {
    let of =
        |facts: &LinkFacts| read_link(&link(7, "mara/config"), Status::Connected, Some(facts)).uses;
    assert_eq!(of(&here(|_| {})), WRITABLE);
    assert_eq!(of(&here(|r| r.condition = Condition::ReadOnly)), READABLE);
    assert_eq!(of(&here(|r| r.condition = Condition::Archived)), READABLE);
    assert_eq!(of(&facts(Probe::NotFound, None)), "");
}

/// D45: the new name is offered with branch and number as they were.
#[test]
fn a_renamed_link_keeps_all_but_its_name() {
    let old = RepositoryLink {
        branch: "staging".to_owned(),
        ..link(7, "mara/config")
    };
    let moved = facts(Probe::Elsewhere, Some(Reach::Listed(found(7, "mara/site"))));
    let standing = read_link(&old, Status::Connected, Some(&moved));
    let want = RepositoryLink {
        full_name: "mara/site".to_owned(),
        ..old
    };
    assert_eq!(standing.renamed, Some(want));
}

/// D45: each refusal of the relay is read as what it means for a repository; all else is weather.
#[test]
fn a_probe_is_read_from_the_relays_answer() {
    let text =
        r#"{"id":7,"full_name":"mara/config","default_branch":"main","permissions":{"push":true}}"#;
    let mut want = found(7, "mara/config");
    want.is_private = false;
    assert_eq!(Probe::of(&Ok(text.to_owned())), Probe::Here(want));
    assert!(matches!(Probe::of(&Ok("[]".to_owned())), Probe::Weather(_)));
    for code in ErrorCode::ALL {
        let probe = Probe::of(&Err(Box::new(Problem::of(*code))));
        let want = match code {
            ErrorCode::UpstreamRedirect => Probe::Elsewhere,
            ErrorCode::UpstreamNotFound => Probe::NotFound,
            ErrorCode::UpstreamForbidden => Probe::Forbidden,
            ErrorCode::NeedsReauth | ErrorCode::Disconnected => Probe::Reconnect,
            other => Probe::Weather(other.entry().title.to_owned()),
        };
        assert_eq!(probe, want, "{code}");
    }
}

/// D45: the lists are asked only where they tell more, and only as far as needed.
#[test]
fn the_lists_are_asked_where_they_tell_more() {
    let link = link(7, "mara/config");
    for (probe, want) in [
        (Probe::Here(found(7, "mara/config")), false),
        (Probe::Here(found(8, "mara/config")), true),
        (Probe::Elsewhere, true),
        (Probe::NotFound, true),
        (Probe::Forbidden, true),
        (Probe::Reconnect, false),
        (Probe::Weather(String::new()), false),
    ] {
        assert_eq!(probe.wants_reach(&link), want, "{probe:?}");
    }
    let installation = |login: &str, is_suspended| Installation {
        id: 1,
        login: login.to_owned(),
        is_organization: false,
        sees_all: true,
        is_suspended,
        manage_url: None,
        install_url: None,
    };
    for (installations, want) in [
        (vec![], Some(Reach::NotInstalled)),
        (
            vec![installation("other", false)],
            Some(Reach::NotInstalled),
        ),
        (vec![installation("MARA", true)], Some(Reach::Suspended)),
        (
            vec![installation("other", true), installation("Mara", false)],
            None,
        ),
    ] {
        assert_eq!(reach(&link, &installations), want);
    }
}

fn any_reach() -> impl Strategy<Value = Option<Reach>> {
    let listed = (6_u64..9).prop_map(|id| Reach::Listed(found(id, "mara/other")));
    let not_listed =
        any::<(bool, bool)>().prop_map(|(sees_all, own)| Reach::NotListed { sees_all, own });
    let fixed = prop_oneof![Just(Reach::Suspended), Just(Reach::NotInstalled)];
    proptest::option::of(prop_oneof![listed, not_listed, fixed])
}

proptest! {
    /// Green only on the repository's own answer under its own number; every error says why and what to do.
    #[test]
    fn green_needs_an_answer_and_red_says_what_to_do(id in 6_u64..9, kind in 0_usize..5, reach in any_reach(), branch in proptest::option::of(any::<bool>())) {
        let probe = match kind {
            0 => Probe::Here(found(id, "mara/config")),
            1 => Probe::Elsewhere,
            2 => Probe::NotFound,
            3 => Probe::Forbidden,
            _ => Probe::Weather("x".to_owned()),
        };
        let facts = LinkFacts { probe, reach, branch };
        let standing = read_link(&link(7, "mara/config"), Status::Connected, Some(&facts));
        match standing.state {
            LinkState::Connected => {
                prop_assert!(matches!(&facts.probe, Probe::Here(r) if r.id == 7));
                prop_assert!(facts.branch != Some(false));
            }
            LinkState::Checking => prop_assert!(kind == 4),
            LinkState::Error(_) => prop_assert!(!standing.reason.is_empty() && !standing.action.is_empty()),
        }
    }
}
