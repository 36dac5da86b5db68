//! Dry runs: what is told is what would be done.

use super::*;
use crate::status::tests::connection;
use crate::wire::{Fault, FaultCause, Revocation};
use proptest::prelude::*;

const NOW: i64 = 2_000;

fn portal(id: u64, change: impl FnOnce(&mut Connection)) -> Connection {
    let mut connection = connection();
    connection.id = format!("c{id}").parse().unwrap();
    connection.account.portal_id.0 = id;
    connection.account.name = Some(format!("Client {id}"));
    change(&mut connection);
    connection
}

fn faulty(connection: &mut Connection, category: FaultCategory) {
    connection.grant.fault = Some(Fault {
        category,
        cause: FaultCause::Unknown,
        at: 1_000,
        correlation_id: None,
        next_try_at: Some(NOW + 10),
    });
}

fn workspaces() -> Vec<Workspace> {
    let rivers = ["Weser", "Elbe", "Spree", "Isar", "Main"];
    let all = rivers.iter().enumerate().map(|(at, name)| Workspace {
        id: format!("w{at}").parse().unwrap(),
        name: (*name).to_owned(),
        version: 1,
        connections: 0,
    });
    all.collect()
}

fn planned(action: BulkAction, connections: &[Connection], role: Role) -> BulkPlan {
    let all: Vec<&Connection> = connections.iter().collect();
    plan(action, &all, &workspaces(), role, NOW)
}

fn by_admin(action: BulkAction, connections: &[Connection]) -> BulkPlan {
    planned(action, connections, Role::Admin)
}

fn into(workspace: &str) -> BulkAction {
    BulkAction::MoveToWorkspace(Some(workspace.parse().unwrap()))
}

/// J17, D69, S12, D28: the headline counts what will be done, what stands already, and what cannot be done.
#[test]
fn the_headline_tells_the_numbers() {
    use ConnectionType::{AuditOnly, ConfigOnly};
    let five: Vec<Connection> = (1..=5)
        .map(|id| {
            portal(id, |c| {
                if id > 2 {
                    c.connection_type = AuditOnly;
                    c.workspace = "w0".parse().ok();
                }
                if id == 1 {
                    faulty(c, FaultCategory::GrantDead);
                }
            })
        })
        .collect();
    for (action, connections, want) in [
        (
            BulkAction::ChangeType(AuditOnly),
            &five[..],
            "2 of 5 portals will be changed to Audit Only; 3 already are Audit Only",
        ),
        (
            BulkAction::ChangeType(AuditOnly),
            &five[1..3],
            "1 of 2 portals will be changed to Audit Only; 1 already is Audit Only",
        ),
        (
            BulkAction::ChangeType(ConfigOnly),
            &five[..],
            "All 5 portals will be changed to Config Only",
        ),
        (
            BulkAction::ChangeType(AuditOnly),
            &five[2..],
            "No portal will be changed to Audit Only; 3 already are Audit Only",
        ),
        (
            into("w0"),
            &five[..],
            "2 of 5 portals will be moved to Weser; 3 already are there",
        ),
        (
            BulkAction::MoveToWorkspace(None),
            &five[..],
            "3 of 5 portals will be moved out of their workspaces; 2 already are in none",
        ),
        (
            into("gone"),
            &five[..1],
            "No portal will be moved to a workspace that is gone; 1 cannot be",
        ),
        (
            BulkAction::Test,
            &five[..],
            "4 of 5 portals will be tested; 1 cannot be asked now",
        ),
        (BulkAction::Remove, &five[..1], "1 portal will be removed"),
        (
            BulkAction::Remove,
            &five[..],
            "All 5 portals will be removed",
        ),
        (BulkAction::Test, &[], "No portal is chosen"),
    ] {
        assert_eq!(by_admin(action, connections).headline, want);
    }
}

/// J17, D69: each portal's own line says from what to what, or why not.
#[test]
fn each_line_says_from_what_to_what() {
    let placed = portal(1, |c| c.workspace = "w1".parse().ok());
    let lost = portal(2, |c| c.workspace = "removed".parse().ok());
    let free = portal(3, |_| {});
    let told = |action: BulkAction, connection: &Connection| {
        let plan = by_admin(action, std::slice::from_ref(connection));
        match plan.items[0].outcome.clone() {
            BulkOutcome::Change { from, to } => format!("{from} → {to}"),
            BulkOutcome::Unchanged { why } => format!("= {why}"),
            BulkOutcome::Refused { why } => format!("× {why}"),
        }
    };
    let same = BulkAction::ChangeType(ConnectionType::ConfigAndAudit);
    let other = BulkAction::ChangeType(ConnectionType::AuditOnly);
    let out = BulkAction::MoveToWorkspace(None);
    for (action, connection, want) in [
        (other, &free, "Config + Audit → Audit Only"),
        (same, &free, "= Already is Config + Audit."),
        (into("w0"), &placed, "Elbe → Weser"),
        (into("w0"), &free, "No workspace → Weser"),
        (into("w0"), &lost, "Unknown workspace → Weser"),
        (into("w1"), &placed, "= Already stands there."),
        (out.clone(), &placed, "Elbe → No workspace"),
        (out, &free, "= Stands in no workspace already."),
        (
            into("gone"),
            &free,
            "× There is no such workspace. Choose another workspace, or none.",
        ),
        (BulkAction::Remove, &free, "Connected → Removed"),
    ] {
        assert_eq!(told(action, connection), want);
    }
}

/// S12, R25: only what the proxy would refuse is left out of a test, with the reason the row gives.
#[test]
fn what_cannot_be_asked_is_not_tested() {
    let revoked = |c: &mut Connection| {
        c.grant.revoked = Some(Revocation {
            at: 1,
            by: "here".into(),
        });
    };
    for (connection, tested, says) in [
        (portal(1, |_| {}), true, ""),
        (portal(2, |c| faulty(c, FaultCategory::Transient)), true, ""),
        (
            portal(3, |c| faulty(c, FaultCategory::Configuration)),
            true,
            "",
        ),
        (portal(4, |c| c.grant.granted.truncate(1)), true, ""),
        (
            portal(5, |c| faulty(c, FaultCategory::Migration)),
            false,
            "moving this account",
        ),
        (
            portal(6, |c| faulty(c, FaultCategory::GrantDead)),
            false,
            "Reconnect",
        ),
        (portal(7, revoked), false, "Connect it again"),
    ] {
        // D35: testing changes nothing, so that a member may.
        for role in [Role::Admin, Role::Member] {
            let plan = planned(BulkAction::Test, std::slice::from_ref(&connection), role);
            assert_eq!(plan.changing == 1, tested, "{}", connection.id);
            if let BulkOutcome::Refused { why } = &plan.items[0].outcome {
                assert!(why.contains(says), "{why}");
            }
        }
    }
}

/// D34, D35, D60: a member changes nothing, and is told whom to ask.
#[test]
fn a_member_is_told_whom_to_ask() {
    let portals = [portal(1, |_| {}), portal(2, |_| {})];
    for (action, deed) in [
        (BulkAction::ChangeType(ConnectionType::AuditOnly), "changed"),
        (into("w0"), "moved"),
        (BulkAction::Remove, "removed"),
    ] {
        let plan = planned(action, &portals, Role::Member);
        assert_eq!(
            plan.headline,
            format!("No portal will be {deed}: only an admin can do this")
        );
        assert_eq!((plan.changing, plan.unchanged, plan.refused), (0, 0, 2));
        let asks = plan.notes.concat();
        assert!(
            asks.starts_with("Ask an admin of your organization"),
            "{asks}"
        );
        assert!(plan.lost.is_empty() && plan.confirmation.is_none());
        for item in &plan.items {
            let BulkOutcome::Refused { why } = &item.outcome else {
                panic!("{item:?}");
            };
            assert!(why.contains("Only an admin") && why.contains("Ask an admin"));
        }
    }
}

/// D27–D33, J27: a removal lists what goes, what stays at HubSpot, and that it cannot be undone.
#[test]
fn a_removal_lists_what_goes() {
    let oauth = portal(1, |_| {});
    let entered = portal(2, |c| c.grant.kind = GrantKind::Static);
    let gone = portal(3, |c| {
        c.grant.revoked = Some(Revocation {
            at: 1,
            by: "provider".into(),
        });
    });
    let plan = by_admin(
        BulkAction::Remove,
        &[oauth.clone(), entered.clone(), gone.clone()],
    );
    assert_eq!(
        plan.lost,
        [
            "The connections of 3 portals with their labels, connection types and workspaces.",
            "The portals' metadata kept in this browser.",
            "The authorization of 1 portal: it is revoked at HubSpot, and access already handed out ends within 30 minutes.",
        ]
    );
    let notes = plan.notes.join(" ");
    for says in [
        "cannot be undone",
        "Room for 3 portals",
        "token or service key of 1 portal",
        "Connected Apps",
    ] {
        assert!(notes.contains(says), "{says}");
    }
    let alone = by_admin(BulkAction::Remove, &[gone]);
    assert_eq!(alone.lost.len(), 2, "nothing is left to revoke");
    assert!(!alone.notes.join(" ").contains("Connected Apps"));
    let alone = by_admin(BulkAction::Remove, &[entered]);
    assert!(alone.notes.join(" ").contains("stays valid at HubSpot"));
    assert!(by_admin(BulkAction::Test, &[oauth]).lost.is_empty());
    assert!(by_admin(BulkAction::Remove, &[]).confirmation.is_none());
}

/// D27, D29, D45: the removal of a GitHub account speaks of GitHub, and of its repositories alone.
#[test]
fn the_removal_of_a_github_account_speaks_of_github() {
    let account = portal(7, |connection| {
        connection.provider = crate::wire::Provider::Github;
        connection.account.name = Some("mara".into());
    });
    let plan = plan(BulkAction::Remove, &[&account], &[], Role::Admin, 100);
    let said = [plan.lost.join(" "), plan.notes.join(" ")].join(" ");
    assert!(
        said.contains("The repositories themselves stay as they are"),
        "{said}"
    );
    assert!(said.contains("revoked at GitHub"), "{said}");
    assert!(
        !said.contains("HubSpot") && !said.contains("ortal"),
        "{said}"
    );
    let proof = plan.confirmation.unwrap();
    assert!(proof.accepts(&proof.expects) && proof.ask.ends_with("the account's name."));
}

/// D33: a removal begins when its number, or the portal's name, was typed.
#[test]
fn a_removal_is_confirmed_by_typing() {
    let named = |name: &str| portal(7, |c| c.label = Some(name.to_owned()));
    let long = "x".repeat(200);
    for (connections, expects, what, good, bad) in [
        (
            vec![named("Café Zürich")],
            "Café Zürich",
            "name",
            " CAFE ZURICH ",
            "Cafe",
        ),
        (vec![named("日本")], "日本", "name", "日本", "7"),
        (vec![named("a\u{202e}b")], "7", "id", "7", "a\u{fffd}b"),
        (vec![named(&long)], "7", "id", "7", ""),
        (vec![named("a"), named("b")], "2", "number", "2 ", "a"),
    ] {
        let confirmation = by_admin(BulkAction::Remove, &connections)
            .confirmation
            .unwrap();
        assert_eq!(confirmation.expects, expects);
        assert!(confirmation.ask.contains(what), "{}", confirmation.ask);
        assert!(confirmation.accepts(good), "{good}");
        assert!(
            !confirmation.accepts(bad) && !confirmation.accepts(""),
            "{bad}"
        );
    }
}

/// D70, J17: what is easily overlooked is said beside the numbers.
#[test]
fn what_is_easily_overlooked_is_said() {
    let everywhere: Vec<Connection> = (0..5)
        .map(|at| portal(at + 1, |c| c.workspace = format!("w{at}").parse().ok()))
        .chain([portal(9, |_| {})])
        .collect();
    let audit = portal(8, |c| c.connection_type = ConnectionType::AuditOnly);
    let to = BulkAction::ChangeType;
    for (action, connections, want) in [
        (
            to(ConnectionType::AuditOnly),
            everywhere.clone(),
            "They stand in different workspaces: Weser, Elbe, Spree and 3 more.",
        ),
        (
            BulkAction::Remove,
            vec![everywhere[0].clone(), audit.clone()],
            "They stand in different workspaces: Weser, no workspace.",
        ),
        (
            to(ConnectionType::AuditOnly),
            vec![portal(1, |_| {})],
            "What HubSpot has granted stays granted",
        ),
        (to(ConnectionType::ConfigOnly), vec![audit], "Add Portal"),
    ] {
        let notes = by_admin(action, &connections).notes;
        assert!(notes[0].contains(want), "{notes:?}");
    }
    assert!(by_admin(BulkAction::Test, &everywhere).notes.is_empty());
    let widened = by_admin(to(ConnectionType::ConfigOnly), &everywhere[..1]);
    assert!(widened.notes.is_empty());
}

/// J17, D69: what is sent is the change alone, and what came of it is told.
#[test]
fn the_change_is_sent_alone_and_told() {
    let sent = |action: &BulkAction| {
        action
            .update()
            .map(|update| serde_json::to_string(&update).unwrap())
    };
    let audit = BulkAction::ChangeType(ConnectionType::AuditOnly);
    for (action, want) in [
        (audit.clone(), Some(r#"{"connection_type":"audit_only"}"#)),
        (into("w0"), Some(r#"{"workspace":"w0"}"#)),
        (
            BulkAction::MoveToWorkspace(None),
            Some(r#"{"workspace":null}"#),
        ),
        (BulkAction::Test, None),
        (BulkAction::Remove, None),
    ] {
        assert_eq!(sent(&action).as_deref(), want);
    }
    for (action, done, failed, want) in [
        (BulkAction::Remove, 1, 0, "1 portal was removed."),
        (audit, 1_200, 0, "1,200 portals were changed."),
        (into("w0"), 4, 1, "4 portals were moved; 1 could not be."),
        (BulkAction::Test, 0, 1, "The portal could not be tested."),
        (
            BulkAction::Test,
            0,
            3,
            "None of the 3 portals could be tested.",
        ),
        (BulkAction::Test, 0, 0, "No portal was tested."),
    ] {
        assert_eq!(action.told(done, failed), want);
    }
}

proptest! {
    /// D70: the plan speaks of exactly the portals that were chosen, and its numbers add up.
    #[test]
    fn numbers_add_up(kinds in proptest::collection::vec((0usize..3, 0usize..4), 0..20), to in 0usize..3, member in any::<bool>()) {
        let portals: Vec<Connection> = kinds.iter().zip(1..).map(|((kind, place), id)| portal(id, |c| {
            c.connection_type = ConnectionType::ALL[*kind];
            c.workspace = format!("w{place}").parse().ok();
        })).collect();
        let role = if member { Role::Member } else { Role::Admin };
        let kind = ConnectionType::ALL[to];
        for action in [BulkAction::Test, BulkAction::ChangeType(kind), into("w1"), BulkAction::Remove] {
            let plan = planned(action, &portals, role);
            prop_assert!(plan.items.iter().map(|item| &item.id).eq(portals.iter().map(|portal| &portal.id)));
            prop_assert_eq!((plan.changing + plan.unchanged + plan.refused) as usize, portals.len());
            prop_assert_eq!(plan.changes().count(), plan.changing as usize);
            prop_assert_eq!(plan.confirmation.is_some(), plan.action == BulkAction::Remove && plan.changing > 0);
        }
    }
}
