//! The index against a table, and against doing it the slow way.

mod slow;

use super::*;
use crate::connection_type::ConnectionType;
use crate::explorer::fold;
use crate::status::tests::connection;
use crate::tier::Tier;
use crate::wire::{Connection, Fault, FaultCategory, FaultCause, Provider, Revocation, Workspace};
use proptest::prelude::*;
use slow::{naive, passes, place_name, status_of, tier_of};

const NOW: i64 = 2_000;

fn workspace(id: &str, name: &str) -> Workspace {
    Workspace {
        id: id.parse().unwrap(),
        name: name.into(),
        version: 1,
        connections: 0,
    }
}

/// As the proxy sends them, not as they sort.
fn workspaces() -> Vec<Workspace> {
    vec![
        workspace("w0", "production"),
        workspace("w1", "Ältere Kunden"),
        workspace("w2", "Staging"),
    ]
}

fn portal(
    id: &str,
    portal: u64,
    name: Option<&str>,
    change: impl FnOnce(&mut Connection),
) -> Connection {
    let mut connection = connection();
    connection.id = id.parse().unwrap();
    connection.account.portal_id.0 = portal;
    connection.account.name = name.map(str::to_owned);
    change(&mut connection);
    connection
}

fn fault(category: FaultCategory, next_try_at: Option<i64>) -> Fault {
    Fault {
        category,
        cause: FaultCause::Unknown,
        at: 1_000,
        correlation_id: None,
        next_try_at,
    }
}

/// Brings a connection to a status, by evidence.
fn bring(connection: &mut Connection, status: Status) {
    let grant = &mut connection.grant;
    match status {
        Status::Connected => {}
        Status::ConnectedLimited => grant.granted.truncate(1),
        Status::Checking => grant.fault = Some(fault(FaultCategory::Transient, None)),
        Status::Suspended => {
            grant.fault = Some(fault(FaultCategory::Migration, Some(NOW + 60)));
        }
        Status::NeedsReconnection => grant.fault = Some(fault(FaultCategory::GrantDead, None)),
        Status::Disconnected => {
            grant.revoked = Some(Revocation {
                at: 1,
                by: "provider".into(),
            });
        }
    }
}

fn fleet() -> Vec<Connection> {
    vec![
        portal("c0", 4242, Some("Café Zürich"), |c| {
            c.workspace = "w2".parse().ok();
            c.account.hub_domain = Some("cafe.example".into());
            c.account.daily_usage_limit = Some(1_000_000);
            c.updated_at = 30;
        }),
        portal("c1", 77, Some("acme GmbH"), |c| {
            bring(c, Status::NeedsReconnection);
            c.connection_type = ConnectionType::AuditOnly;
            c.account.authorised_by = Some("Ida@acme.example".into());
            c.updated_at = 10;
        }),
        portal("c2", 1_424, None, |c| {
            bring(c, Status::Disconnected);
            c.workspace = "w1".parse().ok();
            c.updated_at = 20;
        }),
        portal("c3", 9, Some("Acme Inc"), |c| {
            bring(c, Status::Suspended);
            c.label = Some("Acme, production".into());
            c.workspace = "w0".parse().ok();
            c.updated_at = 20;
        }),
        portal("c4", 5, Some("octocat"), |c| c.provider = Provider::Github),
        portal("c5", 8, Some("acme gmbh"), |c| {
            bring(c, Status::Checking);
            c.workspace = "gone".parse().ok();
            c.updated_at = 20;
        }),
    ]
}

fn shown(index: &AccountsIndex, query: &str) -> Vec<u32> {
    index.visible(&AccountsQuery::read(query))
}

/// J22, R13, D69: what is asked is shown, in the order asked for.
#[test]
fn rows_are_found_and_ordered() {
    let index = AccountsIndex::new(&fleet(), &workspaces(), NOW);
    for (query, want) in [
        ("", vec![2, 1, 3, 5, 0]),
        ("sort=-attention", vec![0, 5, 3, 1, 2]),
        ("sort=status", vec![2, 1, 3, 5, 0]),
        ("sort=name", vec![5, 1, 3, 0, 2]),
        ("sort=-name", vec![2, 0, 3, 5, 1]),
        ("sort=portal", vec![5, 3, 1, 2, 0]),
        ("sort=type", vec![5, 3, 0, 2, 1]),
        ("sort=tier", vec![0, 5, 1, 3, 2]),
        ("sort=workspace", vec![2, 3, 0, 5, 1]),
        ("sort=-workspace", vec![5, 1, 0, 3, 2]),
        ("sort=-updated", vec![0, 5, 3, 2, 1]),
        ("group=workspace&sort=name", vec![2, 3, 0, 5, 1]),
        ("q=ACME", vec![1, 3, 5]),
        ("q=%20gmbh%20acme%20", vec![1, 5]),
        ("q=cafe%20zurich", vec![0]),
        ("q=42", vec![2, 0]),
        ("q=4242", vec![0]),
        ("q=cafe.example", vec![0]),
        ("q=ida%40", vec![1]),
        ("q=inc", vec![3]),
        ("q=staging", vec![0]),
        ("q=altere", vec![2]),
        ("q=portal%201424", vec![2]),
        ("q=octocat", vec![]),
        ("q=acme%20zurich", vec![]),
        ("show=attention", vec![2, 1]),
        ("show=attention&status=checking", vec![2, 1, 5]),
        ("status=suspended,checking", vec![3, 5]),
        ("type=audit_only", vec![1]),
        ("tier=enterprise", vec![0]),
        ("tier=unknown&q=acme", vec![1, 3, 5]),
        ("workspace=w0", vec![3]),
        ("workspace=~none", vec![1, 5]),
        ("workspace=elsewhere", vec![]),
        ("show=attention&workspace=~none&type=audit_only", vec![1]),
    ] {
        assert_eq!(shown(&index, query), want, "{query}");
    }
}

/// R13: the wanted statuses are those whose colour calls somebody, and no other.
#[test]
fn attention_is_what_a_new_authorization_mends() {
    use crate::status::Tone;
    for status in Status::ALL {
        assert_eq!(
            wants_attention(*status),
            matches!(status.tone(), Tone::Attention | Tone::Bad),
            "{status:?}"
        );
    }
}

/// D69: each workspace's rows stand together, with how many of them call somebody.
#[test]
fn groups_tell_where_they_begin() {
    let index = AccountsIndex::new(&fleet(), &workspaces(), NOW);
    let visible = shown(&index, "group=workspace");
    let groups = index.groups(&visible);
    let told: Vec<_> = groups
        .iter()
        .map(|group| {
            let name = group
                .workspace
                .map(|at| index.workspaces()[at as usize].name.as_str());
            (name, group.start, group.length, group.attention)
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("Ältere Kunden"), 0, 1, 1),
            (Some("production"), 1, 1, 0),
            (Some("Staging"), 2, 1, 0),
            (None, 3, 2, 1),
        ]
    );
    assert!(index.groups(&[]).is_empty());
}

/// R13: the number on a filter is what choosing it shows, and the summary is of all portals.
#[test]
fn numbers_on_filters_are_true() {
    let index = AccountsIndex::new(&fleet(), &workspaces(), NOW);
    let counts = index.counts(&AccountsQuery::read("q=acme&status=checking"));
    assert_eq!((counts.total, counts.shown, counts.attention), (5, 1, 1));
    assert_eq!(counts.of_status(Status::Suspended), 1);
    assert_eq!(counts.of_status(Status::Connected), 0, "Zürich is no Acme");
    assert_eq!(counts.of_type(ConnectionType::ConfigAndAudit), 1);
    assert_eq!(counts.of_type(ConnectionType::AuditOnly), 0, "not checking");
    assert_eq!(counts.of_tier(Tier::Unknown), 1);
    assert_eq!(
        (counts.workspaces.clone(), counts.without_workspace),
        (vec![0; 3], 1)
    );
    let summary = index.summary();
    assert_eq!(summary.headline, "2 need your attention");
    assert_eq!(summary.total, 5);
}

/// J22: time alone moves a row, and only where it changed something.
#[test]
fn time_moves_a_row() {
    let fleet = fleet();
    let mut index = AccountsIndex::new(&fleet, &workspaces(), NOW);
    let before = index.revision();
    assert!(!index.update_time(&fleet, NOW + 30));
    assert_eq!(index.revision(), before);
    assert_eq!(shown(&index, "status=checking"), [5]);
    assert!(index.update_time(&fleet, NOW + 60));
    assert_ne!(index.revision(), before);
    assert_eq!(shown(&index, "status=checking"), [5, 3]);
}

/// D69: a workspace's new name is found, and nobody takes what was drawn before for what is true now.
#[test]
fn a_rebuilt_index_is_another_revision() {
    let fleet = fleet();
    let mut index = AccountsIndex::new(&fleet, &workspaces(), NOW);
    assert!(shown(&index, "q=live").is_empty());
    let before = index.revision();
    index.rebuild(&fleet, &[workspace("w0", "Live")], NOW);
    assert_ne!(index.revision(), before);
    assert_eq!(shown(&index, "q=live"), [3]);
    assert_eq!(index.workspaces().len(), 1);
}

/// J22, UI-5: a stranger's endless or deceptive name is neither searched at length nor torn apart.
#[test]
fn hostile_names_are_rows_like_others() {
    let hostile = portal("c", 1, Some(&"x\n".repeat(50_000)), |c| {
        c.account.hub_domain = Some("\u{202e}é".repeat(50_000));
        c.label = Some("  \u{200b} ".into());
    });
    let index = AccountsIndex::new(&[hostile], &[], NOW);
    assert_eq!(shown(&index, "q=x"), [0]);
    assert_eq!(shown(&index, "q=x%0Ax"), [0], "a line break parts words");
    assert!(index.entries()[0].name.chars().count() <= 121);
    assert!(
        AccountsIndex::new(&[], &[], NOW)
            .visible(&AccountsQuery::default())
            .is_empty()
    );
}

fn any_connection() -> impl Strategy<Value = Connection> {
    use proptest::option;
    use proptest::sample::select;
    let text = || option::of("[ab]{1,3}( [abÄ]{1,2})?");
    let parts = (
        1u64..40,
        (text(), text(), text()),
        select(Status::ALL.to_vec()),
        select(ConnectionType::ALL.to_vec()),
        select(vec![None, Some(250_000), Some(625_000), Some(1_000_000)]),
        select(vec![None, Some("w0"), Some("w1"), Some("w2"), Some("gone")]),
        0i64..5,
        proptest::bool::weighted(0.9),
        proptest::bool::weighted(0.1),
    );
    parts.prop_map(
        |(id, (name, label, domain), status, kind, limit, workspace, at, hubspot, lags)| {
            portal("c", id, name.as_deref(), |c| {
                c.label = label;
                c.account.hub_domain = domain;
                c.account.daily_usage_limit = limit;
                c.connection_type = kind;
                c.workspace = workspace.map(|id| id.parse().unwrap());
                c.updated_at = at;
                if !hubspot {
                    c.provider = Provider::Github;
                }
                if lags {
                    c.grant.required.push("tickets".into());
                }
                bring(c, status);
            })
        },
    )
}

/// Each with an identifier of its own.
fn fleets(most: usize) -> impl Strategy<Value = Vec<Connection>> {
    proptest::collection::vec(any_connection(), 0..most).prop_map(|mut fleet| {
        for (at, connection) in fleet.iter_mut().enumerate() {
            connection.id = format!("c{at}").parse().unwrap();
        }
        fleet
    })
}

fn asked() -> impl Strategy<Value = AccountsQuery> {
    queries("[abä0-3]{0,2}( [ab]{0,2})?")
}

fn assert_true_counts(fleet: &[Connection], query: &AccountsQuery, counts: &Counts) {
    let places = workspaces();
    // Rows that pass all but one part, and then this.
    let count = |part: usize, of: &dyn Fn(&Connection) -> bool| {
        let rows = fleet.iter().filter(|connection| {
            let mut passes = passes(connection, &places, query);
            passes[part] = true;
            connection.provider == Provider::Hubspot && passes == [true; 5] && of(connection)
        });
        u32::try_from(rows.count()).unwrap()
    };
    for status in Status::ALL {
        assert_eq!(
            counts.of_status(*status),
            count(1, &|c| status_of(c) == *status)
        );
    }
    assert_eq!(
        counts.attention,
        count(1, &|c| status_of(c).wants_reconnect())
    );
    for kind in ConnectionType::ALL {
        assert_eq!(
            counts.of_type(kind),
            count(2, &|c| c.connection_type == kind)
        );
    }
    for tier in Tier::ALL {
        assert_eq!(counts.of_tier(*tier), count(3, &|c| tier_of(c) == *tier));
    }
    let mut sorted = places.clone();
    sorted.sort_by_key(|place| fold(&place.name));
    for (at, place) in sorted.iter().enumerate() {
        let here = |c: &Connection| c.workspace.as_ref() == Some(&place.id);
        assert_eq!(counts.workspaces[at], count(4, &here));
    }
    let nowhere = |c: &Connection| place_name(c, &places).is_none();
    assert_eq!(counts.without_workspace, count(4, &nowhere));
    assert_eq!(counts.shown as usize, naive(fleet, &places, query).len());
}

proptest! {
    /// J22, R13: the index shows and counts what the slow way does, whatever was asked of it before.
    #[test]
    fn the_index_is_as_right_as_the_slow_way(
        fleet in fleets(24),
        asked in proptest::collection::vec(asked(), 1..4),
    ) {
        let places = workspaces();
        let index = AccountsIndex::new(&fleet, &places, NOW);
        for query in &asked {
            let visible = index.visible(query);
            prop_assert_eq!(&visible, &naive(&fleet, &places, query));
            assert_true_counts(&fleet, query, &index.counts(query));
            if query.grouped {
                let lengths: u32 = index.groups(&visible).iter().map(|group| group.length).sum();
                prop_assert_eq!(lengths as usize, visible.len());
                prop_assert!(index.groups(&visible).len() <= places.len() + 1);
            }
        }
    }

    /// J22: each letter typed narrows the rows as if the whole text had been pasted; so does deleting one.
    #[test]
    fn typing_is_pasting(fleet in fleets(40), text in "[ab0-2]{1,4} ?[abä]{0,3} ?[ab]{0,2}") {
        let index = AccountsIndex::new(&fleet, &workspaces(), NOW);
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        for end in ends.iter().chain(ends.iter().rev().skip(1)) {
            let query = AccountsQuery { text: text[..*end].to_owned(), ..AccountsQuery::default() };
            let fresh = AccountsIndex::new(&fleet, &workspaces(), NOW);
            prop_assert_eq!(index.visible(&query), fresh.visible(&query));
            prop_assert_eq!(index.counts(&query), fresh.counts(&query));
        }
    }

    /// J22: news, one at a time, leave an index like one that was made anew.
    #[test]
    fn news_leave_an_index_as_if_made_anew(
        mut fleet in fleets(12),
        news in proptest::collection::vec((any::<proptest::sample::Index>(), proptest::option::of(any_connection()), any::<bool>()), 1..6),
        query in asked(),
    ) {
        let mut index = AccountsIndex::new(&fleet, &workspaces(), NOW - 500);
        index.update_time(&fleet, NOW);
        for (number, (at, change, keep)) in news.into_iter().enumerate() {
            // Orders that are known now must not outlive the change.
            for sort in Sort::ALL {
                index.visible(&AccountsQuery { sort, ..query.clone() });
            }
            let at = at.index(fleet.len() + 1);
            if let Some(mut connection) = change {
                connection.id = format!("n{number}").parse().unwrap();
                match fleet.get_mut(at) {
                    Some(known) if keep => {
                        known.grant = connection.grant;
                        known.updated_at = connection.updated_at;
                    }
                    Some(known) => *known = connection,
                    None => fleet.push(connection),
                }
                index.upsert(at, &fleet[at], NOW);
            } else {
                index.remove(at);
                if at < fleet.len() {
                    fleet.remove(at);
                }
            }
            let fresh = AccountsIndex::new(&fleet, &workspaces(), NOW);
            prop_assert_eq!(index.entries(), fresh.entries());
            for sort in Sort::ALL {
                let query = AccountsQuery { sort, ..query.clone() };
                prop_assert_eq!(index.visible(&query), fresh.visible(&query));
            }
            prop_assert_eq!(index.counts(&query), fresh.counts(&query));
        }
    }
}
