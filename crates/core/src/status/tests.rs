//! Tables and invariants of the status.

use super::*;
use crate::connection_type::ConnectionType;
use crate::wire::{GrantFacts, GrantKind, Provider, Revocation};
use proptest::prelude::*;

pub(crate) fn connection() -> Connection {
    Connection {
        id: "c1".parse().unwrap(),
        provider: Provider::Hubspot,
        version: 1,
        label: None,
        workspace: None,
        connection_type: ConnectionType::ConfigAndAudit,
        account: crate::tier::tests::account(),
        grant: GrantFacts {
            kind: GrantKind::Oauth,
            asked: vec!["oauth".into(), "forms".into()],
            granted: vec!["oauth".into(), "forms".into()],
            required: vec!["oauth".into()],
            obtained_at: 1_000,
            hint: None,
            expires_at: Some(2_800),
            last_refresh: None,
            fault: None,
            revoked: None,
        },
        connected_by: "u".into(),
        created_at: 1_000,
        updated_at: 1_000,
    }
}

fn fault(category: FaultCategory, cause: FaultCause) -> Fault {
    Fault {
        category,
        cause,
        at: 1_000,
        correlation_id: None,
        next_try_at: None,
    }
}

/// R3–R6 and the states of design section 5, each from its own evidence.
#[test]
fn status_follows_the_facts() {
    use FaultCategory::{Configuration, GrantDead, Migration, Transient};
    let with = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection();
        change(&mut connection);
        read_status(&connection, 1_090)
    };
    let faulty =
        |category, cause| with(&|c: &mut Connection| c.grant.fault = Some(fault(category, cause)));
    for (case, reading, want, tone, says) in [
        (
            "healthy",
            with(&|_| {}),
            Status::Connected,
            Tone::Good,
            "valid",
        ),
        (
            "access token expired by the clock alone",
            with(&|c| c.grant.expires_at = Some(1)),
            Status::Connected,
            Tone::Good,
            "valid",
        ),
        (
            "optional scope denied",
            with(&|c| c.grant.granted = vec!["oauth".into()]),
            Status::ConnectedLimited,
            Tone::Good,
            "not granted",
        ),
        (
            "required scope lags",
            with(&|c| c.grant.required.push("tickets".into())),
            Status::NeedsReconnection,
            Tone::Attention,
            "tickets",
        ),
        (
            "weather",
            faulty(Transient, FaultCause::ProviderTrouble),
            Status::Checking,
            Tone::Quiet,
            "for one minute",
        ),
        (
            "dead refresh token",
            faulty(GrantDead, FaultCause::RefreshTokenInvalid),
            Status::NeedsReconnection,
            Tone::Attention,
            "One of these",
        ),
        (
            "scopes changed",
            faulty(GrantDead, FaultCause::ScopesChanged),
            Status::NeedsReconnection,
            Tone::Attention,
            "permissions changed",
        ),
        (
            "account gone",
            faulty(GrantDead, FaultCause::AccountGone),
            Status::NeedsReconnection,
            Tone::Attention,
            "merged",
        ),
        (
            "moved",
            faulty(Migration, FaultCause::Migration),
            Status::Suspended,
            Tone::Quiet,
            "data centre",
        ),
        (
            "moved, and the wait is over",
            with(&|c| {
                let moved = fault(Migration, FaultCause::Migration);
                c.grant.fault = Some(Fault {
                    next_try_at: Some(1_080),
                    ..moved
                });
            }),
            Status::Checking,
            Tone::Quiet,
            "trying again",
        ),
        (
            "our own fault",
            faulty(Configuration, FaultCause::ClientCredentials),
            Status::Suspended,
            Tone::Quiet,
            "credentials",
        ),
        (
            "removed here",
            with(&|c| {
                c.grant.revoked = Some(Revocation {
                    at: 1,
                    by: "here".into(),
                });
            }),
            Status::Disconnected,
            Tone::Bad,
            "revoked here",
        ),
        (
            "removed in HubSpot",
            with(&|c| {
                c.grant.revoked = Some(Revocation {
                    at: 1,
                    by: "provider".into(),
                });
            }),
            Status::Disconnected,
            Tone::Bad,
            "removed from this portal",
        ),
    ] {
        assert_eq!(reading.status, want, "{case}");
        assert_eq!(reading.status.tone(), tone, "{case}");
        assert!(reading.reason.contains(says), "{case}: {}", reading.reason);
    }
}

/// D26, B17, B18: a token that was entered never expires, and is mended by entering another.
#[test]
fn a_static_credential_has_words_of_its_own() {
    let with = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection();
        connection.grant.kind = GrantKind::Static;
        connection.grant.expires_at = None;
        change(&mut connection);
        read_status(&connection, i64::from(u32::MAX))
    };
    let dead = fault(FaultCategory::GrantDead, FaultCause::StaticTokenInvalid);
    for (case, reading, want, says, offers) in [
        ("healthy", with(&|_| {}), Status::Connected, "valid", ""),
        (
            "rotated there",
            with(&|c| c.grant.fault = Some(dead.clone())),
            Status::NeedsReconnection,
            "rotated",
            "new token",
        ),
        (
            "required scope lags",
            with(&|c| c.grant.required.push("tickets".into())),
            Status::NeedsReconnection,
            "tickets",
            "in HubSpot",
        ),
        (
            "optional scope missing",
            with(&|c| c.grant.granted = vec!["oauth".into()]),
            Status::ConnectedLimited,
            "lacks",
            "in HubSpot",
        ),
    ] {
        assert_eq!(reading.status, want, "{case}");
        assert!(reading.reason.contains(says), "{case}: {}", reading.reason);
        assert!(
            reading.action.contains(offers),
            "{case}: {}",
            reading.action
        );
    }
}

/// D36, D45: a GitHub connection is told about in GitHub's words.
#[test]
fn github_has_words_of_its_own() {
    let with = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection();
        connection.provider = Provider::Github;
        change(&mut connection);
        read_status(&connection, 1_090)
    };
    let faulty =
        |category, cause| with(&|c: &mut Connection| c.grant.fault = Some(fault(category, cause)));
    for (reading, status, says) in [
        (
            faulty(FaultCategory::GrantDead, FaultCause::RefreshTokenInvalid),
            Status::NeedsReconnection,
            "six months",
        ),
        (
            faulty(FaultCategory::GrantDead, FaultCause::AccountGone),
            Status::NeedsReconnection,
            "suspended",
        ),
        (
            faulty(FaultCategory::Transient, FaultCause::ProviderTrouble),
            Status::Checking,
            "GitHub has not answered",
        ),
        (
            faulty(FaultCategory::Configuration, FaultCause::ClientCredentials),
            Status::Suspended,
            "GitHub does not accept",
        ),
        (
            with(&|c| {
                c.grant.revoked = Some(Revocation {
                    at: 1,
                    by: "provider".into(),
                });
            }),
            Status::Disconnected,
            "revoked in GitHub",
        ),
    ] {
        assert_eq!(reading.status, status);
        assert!(reading.reason.contains(says), "{}", reading.reason);
        assert!(!reading.reason.contains("HubSpot"), "{}", reading.reason);
    }
}

/// R5: no call while yellow or red; R1: those two offer a reconnect; weather does neither.
#[test]
fn only_live_states_allow_calls() {
    for (status, calls, reconnect) in [
        (Status::Connected, true, false),
        (Status::ConnectedLimited, true, false),
        (Status::Checking, true, false),
        (Status::Suspended, false, false),
        (Status::NeedsReconnection, false, true),
        (Status::Disconnected, false, true),
    ] {
        assert_eq!(
            (status.calls_allowed(), status.wants_reconnect()),
            (calls, reconnect),
            "{status:?}"
        );
    }
}

/// J10, J11, J18, D15: a name is fetched, never typed; a label of the person's own wins.
#[test]
fn the_name_is_the_best_there_is() {
    for (label, name, domain, want) in [
        (None, None, None, "Portal 4242"),
        (None, None, Some("acme.example"), "acme.example"),
        (None, Some("Acme GmbH"), Some("acme.example"), "Acme GmbH"),
        (Some("Production"), Some("Acme GmbH"), None, "Production"),
        (Some("  "), Some("Acme GmbH"), None, "Acme GmbH"),
    ] {
        let mut connection = connection();
        connection.label = label.map(str::to_owned);
        connection.account.name = name.map(str::to_owned);
        connection.account.hub_domain = domain.map(str::to_owned);
        assert_eq!(display_name(&connection), want);
    }
}

proptest! {
    /// Yellow and red need evidence: without a dead grant, a lag or a revocation they never show.
    #[test]
    fn weather_never_turns_yellow_or_red(
        at in 0i64..10_000, now in 0i64..1_000_000, next in proptest::option::of(0i64..1_000_000),
        expires in proptest::option::of(0i64..1_000_000), optional_granted in any::<bool>(),
    ) {
        let mut connection = connection();
        connection.grant.expires_at = expires;
        if !optional_granted { connection.grant.granted.retain(|scope| scope == "oauth"); }
        connection.grant.fault = Some(Fault { at, next_try_at: next, ..fault(FaultCategory::Transient, FaultCause::ProviderTrouble) });
        let reading = read_status(&connection, now);
        prop_assert_eq!(reading.status, Status::Checking);
        prop_assert!(!reading.reason.contains('-'), "no negative time: {}", reading.reason);
    }
}

/// D36, D45, R3: a GitHub connection speaks of GitHub, whatever befell it.
#[test]
fn a_github_connection_speaks_of_github() {
    use FaultCategory::{Configuration, GrantDead, Transient};
    let with = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection();
        connection.provider = Provider::Github;
        change(&mut connection);
        let reading = read_status(&connection, 1_090);
        let said = format!("{} {}", reading.reason, reading.action);
        assert!(
            !said.contains("HubSpot") && !said.contains("ortal"),
            "{said}"
        );
        (reading.status, said)
    };
    let faulty =
        |category, cause| with(&|c: &mut Connection| c.grant.fault = Some(fault(category, cause)));
    let revoked = |by: &str| {
        with(&|c: &mut Connection| {
            c.grant.revoked = Some(Revocation {
                at: 1,
                by: by.into(),
            });
        })
    };
    for ((status, said), want, says) in [
        (with(&|_| {}), Status::Connected, "valid"),
        (
            faulty(GrantDead, FaultCause::RefreshTokenInvalid),
            Status::NeedsReconnection,
            "GitHub no longer accepts",
        ),
        (
            faulty(GrantDead, FaultCause::AccountGone),
            Status::NeedsReconnection,
            "GitHub denies access",
        ),
        (
            faulty(GrantDead, FaultCause::LostResponse),
            Status::NeedsReconnection,
            "the answer was lost",
        ),
        (
            faulty(Configuration, FaultCause::ClientCredentials),
            Status::Suspended,
            "GitHub does not accept",
        ),
        (
            faulty(Transient, FaultCause::ProviderTrouble),
            Status::Checking,
            "GitHub has not answered well",
        ),
        (
            with(&|c| c.grant.granted = vec!["oauth".into()]),
            Status::ConnectedLimited,
            "choose Reconnect",
        ),
        (revoked("provider"), Status::Disconnected, "in GitHub"),
        (revoked("here"), Status::Disconnected, "here"),
    ] {
        assert_eq!(status, want, "{said}");
        assert!(said.contains(says), "{said}");
    }
    let mut nameless = connection();
    nameless.provider = Provider::Github;
    nameless.account.name = None;
    nameless.account.hub_domain = None;
    assert!(display_name(&nameless).starts_with("GitHub account "));
}
