//! Tables of the diagnosis: each situation from its own facts, told to each role.

use super::*;
use crate::connection_type::ConnectionType;
use crate::retrieval::Phase;
use crate::status::tests::connection;
use crate::wire::Revocation;
use proptest::prelude::*;

const NOW: UnixSeconds = 100_000;

fn faulty(category: FaultCategory, cause: FaultCause) -> Connection {
    let mut connection = connection();
    connection.grant.fault = Some(Fault {
        category,
        cause,
        at: 90_000,
        correlation_id: Some("0191f7c2".into()),
        next_try_at: Some(NOW + 40),
    });
    connection
}

fn dead(cause: FaultCause) -> Connection {
    faulty(FaultCategory::GrantDead, cause)
}

fn revoked(by: &str) -> Connection {
    let mut connection = connection();
    let by = by.to_owned();
    connection.grant.revoked = Some(Revocation { at: 80_000, by });
    connection
}

fn lagging() -> Connection {
    let mut connection = connection();
    connection.grant.required.push("tickets".into());
    connection
}

fn limited() -> Connection {
    let mut connection = connection();
    connection.grant.granted.retain(|scope| scope != "forms");
    connection
}

fn github(mut connection: Connection) -> Connection {
    connection.provider = Provider::Github;
    connection
}

fn entered(mut connection: Connection) -> Connection {
    connection.grant.kind = GrantKind::Static;
    connection
}

fn told(connection: &Connection) -> Diagnosis {
    diagnose(connection, Role::Admin, NOW)
}

/// Every situation there is, with a name.
fn all() -> Vec<(&'static str, Connection)> {
    use FaultCategory::{Configuration, Migration, Transient};
    let moving = faulty(Migration, FaultCause::Migration);
    let mut moved = moving.clone();
    moved.grant.fault.as_mut().unwrap().next_try_at = Some(NOW - 1);
    let hubspot = vec![
        ("healthy", connection()),
        ("limited", limited()),
        ("lagging", lagging()),
        ("weather", faulty(Transient, FaultCause::ProviderTrouble)),
        ("moving", moving),
        ("move ending", moved),
        (
            "set-up",
            faulty(Configuration, FaultCause::ClientCredentials),
        ),
        ("refresh refused", dead(FaultCause::RefreshTokenInvalid)),
        ("unknown death", dead(FaultCause::Unknown)),
        ("scopes changed", dead(FaultCause::ScopesChanged)),
        ("account gone", dead(FaultCause::AccountGone)),
        ("lost response", dead(FaultCause::LostResponse)),
        ("revoked here", revoked("here")),
        ("revoked there", revoked("provider")),
        ("token ended", entered(dead(FaultCause::StaticTokenInvalid))),
        ("token lacks", entered(limited())),
        ("token lags", entered(lagging())),
    ];
    let at_github: Vec<_> = hubspot
        .iter()
        .filter(|(_, c)| c.grant.kind == GrantKind::Oauth)
        .filter(|(name, _)| !name.starts_with("mov"))
        .map(|(name, connection)| (*name, github(connection.clone())))
        .collect();
    hubspot.into_iter().chain(at_github).collect()
}

/// R8–R12, D58: the causes as far as the answer tells them: known where it does, "one of these" where it does not.
#[test]
fn causes_are_told_apart_as_far_as_the_answer_tells() {
    use Certainty::{Known, Possible};
    for (case, connection, certainty, want) in [
        (
            "R8, R10, R11, R12: HubSpot says only that the token is refused",
            dead(FaultCause::RefreshTokenInvalid),
            Possible,
            vec![
                "app-removed",
                "authoriser-rights",
                "tokens-rotated",
                "authoriser-gone",
                "account-changed",
            ],
        ),
        (
            "R9, told on refresh",
            dead(FaultCause::ScopesChanged),
            Known,
            vec!["scopes-changed"],
        ),
        (
            "R9, seen in the facts",
            lagging(),
            Known,
            vec!["scopes-changed"],
        ),
        ("R11, told", revoked("provider"), Known, vec!["app-removed"]),
        (
            "R12, told",
            dead(FaultCause::AccountGone),
            Known,
            vec!["account-changed"],
        ),
        (
            "a lost answer",
            dead(FaultCause::LostResponse),
            Known,
            vec!["lost-response"],
        ),
        (
            "B18",
            entered(dead(FaultCause::StaticTokenInvalid)),
            Possible,
            vec!["token-rotated", "token-deleted"],
        ),
        ("revoked here", revoked("here"), Known, vec!["revoked-here"]),
        ("D52", limited(), Known, vec!["scope-refused"]),
        ("healthy", connection(), Known, vec![]),
        (
            "GitHub refuses the token",
            github(dead(FaultCause::RefreshTokenInvalid)),
            Possible,
            vec!["app-removed", "tokens-rotated", "authoriser-gone"],
        ),
        (
            "GitHub denies the account",
            github(dead(FaultCause::AccountGone)),
            Known,
            vec!["authoriser-gone"],
        ),
        (
            "D49: weather",
            faulty(FaultCategory::Transient, FaultCause::ProviderTrouble),
            Possible,
            vec!["provider-trouble", "network"],
        ),
    ] {
        let causes = told(&connection).causes;
        let ids: Vec<&str> = causes.iter().map(|cause| cause.id).collect();
        assert_eq!(ids, want, "{case}");
        assert!(
            causes.iter().all(|cause| cause.certainty == certainty),
            "{case}"
        );
    }
}

/// R25–R28, R5: what fails depends on the type: what it never allowed is not mourned; what was stored stays readable.
#[test]
fn what_fails_depends_on_the_type() {
    for (kind, import, audit) in [
        (ConnectionType::ConfigAndAudit, true, true),
        (ConnectionType::ConfigOnly, true, false),
        (ConnectionType::AuditOnly, false, true),
    ] {
        for mut connection in [
            dead(FaultCause::RefreshTokenInvalid),
            lagging(),
            revoked("here"),
            faulty(FaultCategory::Migration, FaultCause::Migration),
        ] {
            connection.connection_type = kind;
            let diagnosis = told(&connection);
            let fails = diagnosis.fails.join(" ");
            assert_eq!(fails.contains("import fails at once"), import, "{kind:?}");
            assert_eq!(
                fails.contains("fails at its first call"),
                import,
                "{kind:?}"
            );
            assert_eq!(fails.contains("audit cannot be started"), audit, "{kind:?}");
            let works = diagnosis.still_works.join(" ");
            assert!(works.contains("stays readable"), "{works}");
            assert_eq!(works.contains("Finished audits"), audit, "{kind:?}");
        }
    }
    let yellow = told(&dead(FaultCause::RefreshTokenInvalid));
    assert!(yellow.fails.join(" ").contains("authentication error"));
    assert!(told(&connection()).fails.is_empty());
    assert!(told(&limited()).fails.is_empty(), "D53");
    let weather = told(&faulty(
        FaultCategory::Transient,
        FaultCause::ProviderTrouble,
    ));
    assert_eq!(weather.fails.len(), 1);
}

/// R1, D51, D58, D60, R31, S17: what to do, the best first, and never what a member may not do.
#[test]
fn the_advice_fits_the_situation_and_the_role() {
    use Advice as A;
    let next = Some(NOW + 40);
    for (case, connection, want) in [
        ("healthy", connection(), vec![]),
        (
            "D51",
            dead(FaultCause::RefreshTokenInvalid),
            vec![
                A::Reconnect,
                A::CheckAccess,
                A::CheckRevocation,
                A::AskSuperAdmin,
            ],
        ),
        ("R9", lagging(), vec![A::Reconnect, A::AskSuperAdmin]),
        ("S17", limited(), vec![A::AskForMore, A::AskSuperAdmin]),
        ("B15", entered(limited()), vec![A::ExtendToken]),
        (
            "B18",
            entered(dead(FaultCause::StaticTokenInvalid)),
            vec![A::NewToken, A::CheckAccess],
        ),
        (
            "R6",
            revoked("provider"),
            vec![A::ConnectAgain, A::CheckRevocation, A::AskSuperAdmin],
        ),
        ("R6, here", revoked("here"), vec![A::ConnectAgain]),
        (
            "weather",
            faulty(FaultCategory::Transient, FaultCause::ProviderTrouble),
            vec![A::Wait(next), A::CheckProvider],
        ),
        (
            "477",
            faulty(FaultCategory::Migration, FaultCause::Migration),
            vec![A::Wait(next)],
        ),
        (
            "our own fault",
            faulty(FaultCategory::Configuration, FaultCause::ClientCredentials),
            vec![A::TellOperator],
        ),
    ] {
        assert_eq!(told(&connection).actions, want, "{case}");
        let member = diagnose(&connection, Role::Member, NOW).actions;
        let changes = |advice: &Advice| {
            matches!(
                advice,
                A::Reconnect | A::ConnectAgain | A::AskForMore | A::NewToken | A::ExtendToken
            )
        };
        assert!(!member.iter().any(changes), "{case}: {member:?}");
        let asks = member.contains(&A::AskAdmin);
        assert_eq!(asks, want.iter().any(changes), "{case}");
    }
}

/// R30, R31, R32: the rights are HubSpot's own, no stricter; the role here is named, and who asks is told whether they have it.
#[test]
fn rights_are_told_as_they_are() {
    for (connection, says) in [
        (dead(FaultCause::RefreshTokenInvalid), "Any user"),
        (dead(FaultCause::LostResponse), "Any user"),
        (lagging(), "New permissions take a Super Admin"),
        (limited(), "New permissions take a Super Admin"),
        (
            dead(FaultCause::ScopesChanged),
            "New permissions take a Super Admin",
        ),
        (revoked("provider"), "Installing the app again"),
    ] {
        let rights = told(&connection).rights.unwrap();
        assert!(rights.there.starts_with(says), "{}", rights.there);
        assert!(rights.there.contains("App Marketplace Access"));
        assert!(rights.there.contains("need not be who connected it first"));
        assert!(rights.here.contains("manage portals") && rights.here.contains("You have it"));
        let member = diagnose(&connection, Role::Member, NOW).rights.unwrap();
        assert!(member.here.contains("ask an admin"), "{}", member.here);
    }
    assert_eq!(told(&connection()).rights, None);
    let config = faulty(FaultCategory::Configuration, FaultCause::ClientCredentials);
    assert_eq!(told(&config).rights, None);
}

/// R29, S16: yellow and red have no deadline; since when and what to quote is told where it is known.
#[test]
fn time_and_codes_are_told_where_they_are_known() {
    for (connection, since, deadline, code, reference) in [
        (connection(), None, false, "", false),
        (limited(), Some(1_000), false, "AUTH_SCOPE_DENIED", false),
        (lagging(), None, true, "NEEDS_RECONNECTION", false),
        (
            dead(FaultCause::RefreshTokenInvalid),
            Some(90_000),
            true,
            "NEEDS_RECONNECTION",
            true,
        ),
        (revoked("here"), Some(80_000), true, "DISCONNECTED", false),
        (
            faulty(FaultCategory::Transient, FaultCause::ProviderTrouble),
            Some(90_000),
            false,
            "PROVIDER_UNAVAILABLE",
            true,
        ),
        (
            faulty(FaultCategory::Configuration, FaultCause::ClientCredentials),
            Some(90_000),
            false,
            "CONFIG_FAULT",
            true,
        ),
    ] {
        let diagnosis = told(&connection);
        let name = diagnosis.headline;
        assert_eq!(diagnosis.since, since, "{name}");
        assert_eq!(
            diagnosis.deadline.starts_with("No deadline"),
            deadline,
            "{name}"
        );
        assert_eq!(diagnosis.support_code, code, "{name}");
        assert_eq!(diagnosis.reference.is_some(), reference, "{name}");
    }
}

/// R7: yellow asks for a fresh authorization, and is not called a fault. D58: a refused refresh is named so.
#[test]
fn yellow_is_no_fault() {
    for (name, connection) in all() {
        let diagnosis = told(&connection);
        let yellow = diagnosis.status == Status::NeedsReconnection;
        assert_eq!(
            diagnosis.what.contains("This is no fault"),
            yellow,
            "{name}"
        );
    }
    let refused = told(&dead(FaultCause::RefreshTokenInvalid));
    assert!(refused.headline.starts_with("Token refresh failed"));
    assert!(refused.headline.contains("invalid or was revoked"));
}

/// Every situation is told whole: sentences end, words of the other provider do not slip in, and the status is the badge's.
#[test]
fn every_story_is_whole_and_speaks_of_its_own_provider() {
    for (name, connection) in all() {
        let diagnosis = told(&connection);
        assert_eq!(
            diagnosis.status,
            read_status(&connection, NOW).status,
            "{name}"
        );
        let provider = connection.provider;
        let mut sentences = vec![diagnosis.what.as_str()];
        sentences.extend(&diagnosis.still_works);
        sentences.extend(&diagnosis.fails);
        for cause in &diagnosis.causes {
            sentences.extend([cause.explanation, cause.check]);
            assert!(!cause.title.ends_with('.'), "{}", cause.title);
        }
        sentences.extend(diagnosis.actions.iter().map(|advice| advice.text(provider)));
        if let Some(rights) = diagnosis.rights {
            sentences.extend([rights.there, rights.here]);
        }
        for sentence in &sentences {
            assert!(sentence.ends_with('.'), "{name}: {sentence}");
        }
        let titles = diagnosis
            .actions
            .iter()
            .map(|advice| advice.title(provider));
        let titles: Vec<&str> = titles.collect();
        let text = [&sentences.join(" "), diagnosis.headline, &titles.join(" ")].concat();
        let foreign = match provider {
            Provider::Hubspot => "GitHub",
            Provider::Github => "HubSpot",
        };
        assert!(!text.contains(foreign), "{name}: {text}");
        assert!(!diagnosis.still_works.is_empty(), "{name}");
        let healthy = diagnosis.status == Status::Connected;
        assert_eq!(diagnosis.actions.is_empty(), healthy, "{name}");
        assert_eq!(diagnosis.causes.is_empty(), healthy, "{name}");
    }
}

/// D46, D48, D61–D64: how long to wait, and when to stop waiting.
#[test]
fn waiting_explains_itself() {
    for (phase, seconds, says, escalate) in [
        (Phase::Pending, 0, "about a minute", false),
        (Phase::Pending, 119, "one or two minutes", false),
        (Phase::Pending, 120, "another tab", false),
        (Phase::Pending, 300, "another tab", false),
        (Phase::Pending, 301, "support", true),
        (Phase::Pending, -5, "about a minute", false),
        (Phase::InProgress, 900, "2 to 10 minutes", false),
        (Phase::Completed, 0, "up to date", false),
        (Phase::CompletedWithGaps, 0, "marked", false),
        (
            Phase::Error(ErrorCode::NeedsReauth),
            0,
            "Choose Reconnect",
            false,
        ),
    ] {
        let waiting = waiting(&phase, seconds);
        let text = [waiting.title, " ", waiting.text, " ", waiting.action].concat();
        assert!(text.contains(says), "{phase:?} {seconds}: {text}");
        assert_eq!(waiting.escalate, escalate, "{phase:?} {seconds}");
    }
}

/// D49: an error tells apart HubSpot's trouble, an ended grant, missing scopes and the network.
#[test]
fn errors_are_told_apart() {
    for (code, want) in [
        (ErrorCode::UpstreamUnavailable, Trouble::Provider),
        (ErrorCode::ProviderUnavailable, Trouble::Provider),
        (ErrorCode::NeedsReauth, Trouble::Revoked),
        (ErrorCode::Disconnected, Trouble::Revoked),
        (ErrorCode::UpstreamForbidden, Trouble::MissingScopes),
        (ErrorCode::ProxyUnreachable, Trouble::Network),
        (ErrorCode::Internal, Trouble::Other),
    ] {
        assert_eq!(trouble(code), want, "{code}");
        assert!(!want.title().is_empty());
    }
}

proptest! {
    /// A diagnosis never disagrees with the badge, never panics, and offers a repair exactly where the badge asks for one.
    #[test]
    fn a_diagnosis_agrees_with_the_badge(pick in 0usize..64, now in 0i64..1_000_000, member in any::<bool>()) {
        let all = all();
        let (name, connection) = &all[pick % all.len()];
        let role = if member { Role::Member } else { Role::Admin };
        let diagnosis = diagnose(connection, role, now);
        let status = read_status(connection, now).status;
        prop_assert_eq!(diagnosis.status, status);
        let repairs = diagnosis.actions.iter().any(|advice| matches!(
            advice,
            Advice::Reconnect | Advice::ConnectAgain | Advice::NewToken | Advice::ExtendToken | Advice::AskAdmin
        ));
        prop_assert!(repairs || !status.wants_reconnect(), "{}", name);
        prop_assert_eq!(diagnosis.deadline.is_empty(), !status.wants_reconnect());
    }
}
