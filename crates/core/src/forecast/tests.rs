//! Tables of the forecast: each reason from its own facts, and all of them together.

use super::*;
use crate::connection_type::ConnectionType;
use crate::status::tests::connection;
use crate::when::DAY;
use crate::wire::{
    AccountType, Fault, FaultCategory, FaultCause, GrantKind, Provider, RefreshFact,
    RefreshOutcome, Revocation,
};
use proptest::prelude::*;

const NOW: UnixSeconds = 1_800_000_000;
const OAUTH_V1_ENDS: UnixSeconds = 1_802_736_000;

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn provider(which: Provider) -> ProviderInfo {
    ProviderInfo {
        provider: which,
        host: "app.hubspot.com".into(),
        client_id: "c".into(),
        required_scopes: owned(&["oauth"]),
        optional_scopes: owned(&["forms"]),
        return_uris: vec![],
    }
}

/// Alive, obtained forty days ago and refreshed ten minutes ago.
fn alive() -> Connection {
    let mut connection = connection();
    connection.grant.obtained_at = NOW - 40 * DAY;
    connection.grant.expires_at = Some(NOW + 1_200);
    connection.grant.last_refresh = Some(RefreshFact {
        at: NOW - 600,
        outcome: RefreshOutcome::Refreshed,
    });
    connection
}

fn with(change: impl FnOnce(&mut Connection)) -> Connection {
    let mut connection = alive();
    change(&mut connection);
    connection
}

fn refreshed(connection: &mut Connection, at: UnixSeconds, outcome: RefreshOutcome) {
    connection.grant.last_refresh = Some(RefreshFact { at, outcome });
}

fn fault(category: FaultCategory, at: UnixSeconds, next: Option<UnixSeconds>) -> Fault {
    Fault {
        category,
        cause: FaultCause::Unknown,
        at,
        correlation_id: None,
        next_try_at: next,
    }
}

fn told(connection: &Connection) -> Forecast {
    forecast(
        connection,
        &[provider(Provider::Hubspot), provider(Provider::Github)],
        NOW,
    )
}

/// P8: each reason has its own evidence, its level, and its date where there is one.
#[test]
fn each_reason_follows_from_its_facts() {
    use FaultCategory::{Configuration, GrantDead, Migration, Transient};
    use Level::{Act, Good, Watch};
    for (case, connection, id, want, by, says) in [
        ("alive", alive(), "alive", Some(Good), None, "valid"),
        (
            "streak",
            alive(),
            "refresh-streak",
            Some(Good),
            None,
            "for 39 days without a new consent, last 10 minutes ago",
        ),
        (
            "young",
            with(|c| c.grant.obtained_at = NOW - 1_800),
            "refresh-streak",
            Some(Good),
            None,
            "Last renewed 10 minutes ago",
        ),
        (
            "unused",
            with(|c| refreshed(c, NOW - 20 * DAY, RefreshOutcome::Refreshed)),
            "unused",
            Some(Watch),
            None,
            "20 days",
        ),
        (
            "weather",
            with(|c| {
                refreshed(c, NOW - 60, RefreshOutcome::Transient);
                c.grant.fault = Some(fault(Transient, NOW - 300, Some(NOW + 20)));
            }),
            "refresh-failing",
            Some(Watch),
            None,
            "5 minutes",
        ),
        (
            "weather that does not pass",
            with(|c| {
                refreshed(c, NOW - 60, RefreshOutcome::Transient);
                c.grant.fault = Some(fault(Transient, NOW - 2 * DAY, Some(NOW + 20)));
            }),
            "refresh-failing",
            Some(Act),
            None,
            "operator",
        ),
        (
            "a dead grant is told once",
            with(|c| {
                refreshed(c, NOW - 60, RefreshOutcome::Refused);
                c.grant.fault = Some(fault(GrantDead, NOW - 60, None));
            }),
            "refresh-streak",
            None,
            None,
            "",
        ),
        (
            "dead",
            with(|c| c.grant.fault = Some(fault(GrantDead, NOW - 60, None))),
            "reconnect",
            Some(Act),
            None,
            "no longer accepts",
        ),
        (
            "required scope lags",
            with(|c| c.grant.required.push("tickets".into())),
            "reconnect",
            Some(Act),
            None,
            "tickets",
        ),
        (
            "revoked",
            with(|c| {
                c.grant.revoked = Some(Revocation {
                    at: NOW,
                    by: "here".into(),
                });
            }),
            "disconnected",
            Some(Act),
            None,
            "revoked",
        ),
        (
            "moving: the same function asked about a later time",
            with(|c| c.grant.fault = Some(fault(Migration, NOW - 60, Some(NOW + 600)))),
            "moving",
            Some(Watch),
            Some(NOW + 600),
            "Expected to be Checking in 10 minutes",
        ),
        (
            "set-up",
            with(|c| c.grant.fault = Some(fault(Configuration, NOW - 60, None))),
            "set-up",
            Some(Act),
            None,
            "credentials",
        ),
        (
            "limited",
            with(|c| c.grant.granted = owned(&["oauth"])),
            "limited",
            Some(Watch),
            None,
            "not granted",
        ),
        (
            "scopes taken off the app",
            with(|c| c.grant.granted.push("tickets".into())),
            "scopes-withdrawn",
            Some(Watch),
            None,
            "tickets",
        ),
        (
            "scopes set up since",
            with(|c| {
                c.grant.asked = owned(&["oauth"]);
                c.grant.granted = owned(&["oauth"]);
            }),
            "scopes-new",
            Some(Good),
            None,
            "forms",
        ),
        ("nothing new", alive(), "scopes-new", None, None, ""),
        (
            "who authorized it",
            with(|c| c.account.authorised_by = Some("ada@example.test".into())),
            "authoriser",
            Some(Good),
            None,
            "ada@example.test",
        ),
        (
            "the end of OAuth v1",
            alive(),
            "oauth-v1",
            Some(Good),
            Some(OAUTH_V1_ENDS),
            "ready",
        ),
        (
            "the plan lacks workflows",
            with(|c| c.account.daily_usage_limit = Some(250_000)),
            "plan",
            Some(Good),
            None,
            "Workflows",
        ),
        (
            "a trial",
            with(|c| {
                c.account.account_type = Some(AccountType::DeveloperTest);
                c.grant.granted.push("automation".into());
            }),
            "trial",
            Some(Watch),
            None,
            "Enterprise trial",
        ),
    ] {
        let outlook = told(&connection);
        let found = outlook.reasons.iter().find(|reason| reason.id == id);
        assert_eq!(found.map(|reason| reason.level), want, "{case}");
        if let Some(reason) = found {
            assert_eq!(reason.by, by, "{case}");
            assert!(reason.detail.contains(says), "{case}: {}", reason.detail);
            assert!(reason.detail.ends_with('.'), "{case}: {}", reason.detail);
        }
    }
}

/// B17, B18, D26: a static token never expires; after 180 days rotating it is advised, and nothing is said of refreshing.
#[test]
fn an_old_static_token_is_to_be_rotated() {
    for (days, level, by, says) in [
        (1, Level::Good, false, "ends only when"),
        (149, Level::Good, false, "ends only when"),
        (150, Level::Good, true, "due on"),
        (180, Level::Watch, true, "Rotate it"),
        (900, Level::Watch, true, "900 days ago"),
    ] {
        let connection = with(|c| {
            c.grant.kind = GrantKind::Static;
            c.grant.expires_at = None;
            c.grant.last_refresh = None;
            c.grant.obtained_at = NOW - days * DAY;
        });
        let outlook = told(&connection);
        let ids: Vec<&str> = outlook.reasons.iter().map(|reason| reason.id).collect();
        assert!(!ids.contains(&"refresh-streak") && !ids.contains(&"oauth-v1"));
        let age = outlook
            .reasons
            .iter()
            .find(|r| r.id == "token-age")
            .unwrap();
        assert_eq!((age.level, age.by.is_some()), (level, by), "{days}");
        assert!(age.detail.contains(says), "{days}: {}", age.detail);
    }
}

/// D36, P8: GitHub's refresh tokens run out unused after six months; HubSpot's do not, and an endless token neither.
#[test]
fn a_github_grant_runs_out_unless_used() {
    for (days, expires, level) in [
        (10, true, None),
        (130, true, Some(Level::Watch)),
        (160, true, Some(Level::Act)),
        (160, false, None),
    ] {
        let connection = with(|c| {
            c.provider = Provider::Github;
            c.grant.expires_at = expires.then_some(NOW);
            refreshed(c, NOW - days * DAY, RefreshOutcome::Refreshed);
            c.grant.obtained_at = NOW - 300 * DAY;
        });
        let outlook = told(&connection);
        let found = outlook
            .reasons
            .iter()
            .find(|reason| reason.id == "runs-out");
        assert_eq!(found.map(|reason| reason.level), level, "{days} {expires}");
        assert!(found.is_none_or(|reason| reason.by > Some(NOW)));
        assert!(outlook.reasons.iter().all(|reason| reason.id != "oauth-v1"));
    }
}

/// P8: the overview counts forty portals by level, and names first what touches most of them.
#[test]
fn the_overview_names_first_what_touches_most() {
    let mut fleet: Vec<Connection> = (0..40).map(|_| alive()).collect();
    for (at, connection) in fleet.iter_mut().enumerate() {
        connection.account.authorised_by = Some(if at < 12 {
            "ada@example.test".into()
        } else {
            format!("user{at}@example.test")
        });
        match at {
            20..=24 => refreshed(connection, NOW - 30 * DAY, RefreshOutcome::Refreshed),
            30..=31 => connection.grant.fault = Some(fault(FaultCategory::GrantDead, NOW, None)),
            _ => {}
        }
    }
    let overview = forecast_fleet(&fleet, &[provider(Provider::Hubspot)], NOW);
    assert_eq!((overview.act, overview.watch, overview.good), (2, 5, 33));
    assert_eq!(overview.levels[30], Level::Act);
    let reasons: Vec<_> = overview
        .reasons
        .iter()
        .map(|reason| (reason.title.as_str(), reason.level, reason.portals.len()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("12 portals hang on ada@example.test", Level::Watch, 12),
            ("Not used for long", Level::Watch, 5),
            ("Needs reconnection", Level::Act, 2),
        ]
    );
    assert_eq!(overview.reasons[0].portals, (0..12).collect::<Vec<_>>());
    assert_eq!(forecast_fleet(&[], &[], NOW), Fleet::default());
}

/// J25, J26, S18: the plan's limit is seen before it is reached.
#[test]
fn the_plans_limit_is_seen_in_time() {
    for (used, most, want) in [
        (0, 3, None),
        (1, 3, None),
        (2, 3, Some(Level::Watch)),
        (3, 3, Some(Level::Act)),
        (5, 3, Some(Level::Act)),
        (8, 10, None),
        (9, 10, Some(Level::Watch)),
        (80_000, 100_000, None),
        (90_000, 100_000, Some(Level::Watch)),
        (0, 1, None),
        (0, 0, Some(Level::Act)),
    ] {
        let outlook = plan_outlook(used, most);
        assert_eq!(outlook.map(|reason| reason.level), want, "{used} of {most}");
    }
}

proptest! {
    /// Whatever the facts: the level is that of the first reason, the worst stands first, and every reason is told once.
    #[test]
    fn a_forecast_is_its_worst_reason(
        obtained in 0i64..4_000_000_000, refreshed_at in proptest::option::of(0i64..4_000_000_000), outcome in 0u8..3,
        category in proptest::option::of(0u8..4), at in 0i64..4_000_000_000, next in proptest::option::of(0i64..4_000_000_000),
        now in 0i64..4_000_000_000, github in any::<bool>(), entered in any::<bool>(), audit in any::<bool>(),
    ) {
        let mut connection = connection();
        if github { connection.provider = Provider::Github; }
        if entered { connection.grant.kind = GrantKind::Static; }
        if audit { connection.connection_type = ConnectionType::AuditOnly; }
        connection.grant.obtained_at = obtained;
        let outcomes = [RefreshOutcome::Refreshed, RefreshOutcome::Transient, RefreshOutcome::Refused];
        connection.grant.last_refresh = refreshed_at.map(|at| RefreshFact { at, outcome: outcomes[usize::from(outcome)] });
        let categories = [FaultCategory::GrantDead, FaultCategory::Transient, FaultCategory::Migration, FaultCategory::Configuration];
        connection.grant.fault = category.map(|category| fault(categories[usize::from(category)], at, next));
        let outlook = forecast(&connection, &[provider(Provider::Hubspot)], now);
        prop_assert_eq!(outlook.level, outlook.reasons[0].level);
        prop_assert!(outlook.reasons.windows(2).all(|pair| pair[0].level >= pair[1].level));
        let mut ids: Vec<&str> = outlook.reasons.iter().map(|reason| reason.id).collect();
        ids.sort_unstable();
        prop_assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        let wants = read_status(&connection, now).status.wants_reconnect();
        prop_assert!(!wants || outlook.level == Level::Act);
        // A status that changes by itself is the one that the same function reads then.
        if let Some((at, later)) = next_status(&connection, now) {
            prop_assert!(at > now);
            prop_assert_eq!(read_status(&connection, at).status, later);
        }
    }
}
