//! The reasons of one connection's forecast, each from its own facts.
//! Owns limits and words; compares no connections.

use super::{Level, Reason, next_status};
use crate::scope_report::{Because, dark};
use crate::scopes::{self, entry};
use crate::status::{Status, read_status};
use crate::text::visible;
use crate::when::{DAY, date, relative, span};
use crate::wire::{
    AccountType, Connection, FaultCategory, GrantKind, Provider, ProviderInfo, RefreshOutcome,
    UnixSeconds,
};

/// A token that was entered is best replaced after this long (B18).
const ROTATE_AFTER: i64 = 180 * DAY;
/// So long before that, the date is named.
const ROTATE_SOON: i64 = 30 * DAY;
/// An authorization that nothing used for this long may have ended without anybody noticing.
const UNUSED: i64 = 7 * DAY;
/// A refresh that fails for this long is no passing weather.
const STUCK: i64 = DAY;
/// GitHub's refresh tokens end after six months without use.
const GITHUB_REFRESH_LIFE: i64 = 15_897_600;
/// So long before it runs out somebody has to act, and twice as long before to watch it.
const ACT_BEFORE: i64 = 30 * DAY;
/// 2027-02-16: HubSpot switches OAuth v1 off (mission, fact 1).
const OAUTH_V1_ENDS: UnixSeconds = 1_802_736_000;

fn reason(id: &'static str, level: Level, title: &'static str, detail: String) -> Reason {
    Reason {
        id,
        level,
        title,
        detail,
        by: None,
    }
}

pub(super) fn reasons(
    connection: &Connection,
    providers: &[ProviderInfo],
    now: UnixSeconds,
) -> Vec<Reason> {
    let mut reasons = vec![standing(connection, now)];
    match connection.grant.kind {
        GrantKind::Static => reasons.push(token_age(connection, now)),
        GrantKind::Oauth => {
            reasons.extend(refreshing(connection, now));
            reasons.extend(expiry(connection, now));
            reasons.extend(authoriser(connection));
            reasons.extend(sunset(connection, now));
        }
    }
    let info = providers
        .iter()
        .find(|info| info.provider == connection.provider);
    reasons.extend(info.and_then(|info| withdrawn(connection, info)));
    reasons.extend(info.and_then(|info| growth(connection, info)));
    reasons.extend(plan(connection));
    reasons.extend(trial(connection));
    reasons
}

/// Where it stands, and when that changes by itself.
fn standing(connection: &Connection, now: UnixSeconds) -> Reason {
    let reading = read_status(connection, now);
    let configuration = connection
        .grant
        .fault
        .as_ref()
        .is_some_and(|fault| fault.category == FaultCategory::Configuration);
    let (id, level, title) = match reading.status {
        Status::Connected => ("alive", Level::Good, "The authorization is alive"),
        Status::ConnectedLimited => ("limited", Level::Watch, "Permissions are missing"),
        Status::Checking => ("weather", Level::Watch, "The provider does not answer well"),
        Status::NeedsReconnection => ("reconnect", Level::Act, "Needs reconnection"),
        Status::Disconnected => ("disconnected", Level::Act, "Disconnected"),
        Status::Suspended if configuration => ("set-up", Level::Act, "The app's set-up is refused"),
        Status::Suspended => ("moving", Level::Watch, "The portal is being moved"),
    };
    let next = next_status(connection, now);
    let mut detail = reading.reason;
    if let Some((at, later)) = next {
        let change = [
            " Expected to be ",
            later.title(),
            " ",
            &relative(at, now),
            ".",
        ];
        detail.push_str(&change.concat());
    }
    Reason {
        by: next.map(|(at, _)| at),
        ..reason(id, level, title, detail)
    }
}

/// When the grant was last known to be accepted.
fn last_success(connection: &Connection) -> UnixSeconds {
    let grant = &connection.grant;
    match &grant.last_refresh {
        Some(refresh) if refresh.outcome == RefreshOutcome::Refreshed => {
            refresh.at.max(grant.obtained_at)
        }
        _ => grant.obtained_at,
    }
}

/// The refresh streak: access tokens are renewed when they are needed, so that silence proves nothing.
fn refreshing(connection: &Connection, now: UnixSeconds) -> Option<Reason> {
    let grant = &connection.grant;
    // A token without an end is not refreshed, and a dead grant is told by the standing.
    grant.expires_at?;
    let status = read_status(connection, now).status;
    if !status.calls_allowed() {
        return None;
    }
    let failing = grant
        .last_refresh
        .as_ref()
        .filter(|refresh| refresh.outcome == RefreshOutcome::Transient);
    if let Some(failed) = failing {
        let since = grant.fault.as_ref().map_or(failed.at, |fault| fault.at);
        let lasting = now.saturating_sub(since);
        let (level, advice) = if lasting >= STUCK {
            (
                Level::Act,
                " That is no passing weather: test the connection, and tell the operator.",
            )
        } else {
            (Level::Watch, " It is tried again by itself.")
        };
        let detail = [
            "The last refresh did not get through, for ",
            &span(lasting),
            ".",
            advice,
        ]
        .concat();
        return Some(reason(
            "refresh-failing",
            level,
            "Refreshing does not get through",
            detail,
        ));
    }
    let last = last_success(connection);
    let silent = now.saturating_sub(last);
    if silent > UNUSED {
        let detail = [
            "Nothing has used it for ",
            &span(silent),
            ". Whether it is still accepted shows at its next use: test the connection to know now.",
        ];
        return Some(reason(
            "unused",
            Level::Watch,
            "Not used for long",
            detail.concat(),
        ));
    }
    let streak = last.saturating_sub(grant.obtained_at);
    let detail = if streak < DAY {
        ["Last renewed ", &relative(last, now), "."].concat()
    } else {
        [
            "Renewed for ",
            &span(streak),
            " without a new consent, last ",
            &relative(last, now),
            ".",
        ]
        .concat()
    };
    Some(reason(
        "refresh-streak",
        Level::Good,
        "Refreshing works",
        detail,
    ))
}

/// GitHub's refresh tokens run out when nothing uses them; HubSpot's do not.
fn expiry(connection: &Connection, now: UnixSeconds) -> Option<Reason> {
    let refreshed = connection.grant.expires_at.is_some();
    let alive = read_status(connection, now).status.calls_allowed();
    if connection.provider != Provider::Github || !refreshed || !alive {
        return None;
    }
    let ends = last_success(connection).saturating_add(GITHUB_REFRESH_LIFE);
    let left = ends.saturating_sub(now);
    let level = if left <= ACT_BEFORE {
        Level::Act
    } else if left <= 2 * ACT_BEFORE {
        Level::Watch
    } else {
        return None;
    };
    let detail = [
        "GitHub ends an authorization that is not used for six months; for this one that is on ",
        &date(ends),
        ". Testing the connection uses it.",
    ];
    Some(Reason {
        by: Some(ends),
        ..reason("runs-out", level, "Runs out unless used", detail.concat())
    })
}

/// Who authorized it. One portal alone is no risk; [`super::forecast_fleet`] tells who holds many.
fn authoriser(connection: &Connection) -> Option<Reason> {
    let who = connection.account.authorised_by.as_deref()?;
    let detail = match connection.provider {
        Provider::Hubspot => [
            "Authorized by ",
            &visible(who),
            ". HubSpot ties it to the portal; if it ends with that person's rights all the same, anybody with the right can reconnect it.",
        ],
        Provider::Github => [
            "Authorized by ",
            &visible(who),
            ". It reaches what this account reaches, and ends with the account.",
        ],
    };
    Some(reason(
        "authoriser",
        Level::Good,
        "One person authorized it",
        detail.concat(),
    ))
}

/// B18: a static token is shown as non-expiring, and best replaced now and then.
fn token_age(connection: &Connection, now: UnixSeconds) -> Reason {
    let entered = connection.grant.obtained_at;
    let due = entered.saturating_add(ROTATE_AFTER);
    let age = span(now.saturating_sub(entered));
    let left = due.saturating_sub(now);
    let (level, title, detail, by) = if left <= 0 {
        let detail = [
            "The token was entered ",
            &age,
            " ago. Rotate it in HubSpot and enter the new one here.",
        ];
        (
            Level::Watch,
            "Time to rotate the token",
            detail.concat(),
            Some(due),
        )
    } else if left <= ROTATE_SOON {
        let detail = [
            "The token was entered ",
            &age,
            " ago. Rotating it is due on ",
            &date(due),
            ".",
        ];
        (
            Level::Good,
            "The token never expires",
            detail.concat(),
            Some(due),
        )
    } else {
        let detail = [
            "The token was entered ",
            &age,
            " ago. It ends only when it is rotated or deleted in HubSpot.",
        ];
        (
            Level::Good,
            "The token never expires",
            detail.concat(),
            None,
        )
    };
    Reason {
        by,
        ..reason("token-age", level, title, detail)
    }
}

fn sunset(connection: &Connection, now: UnixSeconds) -> Option<Reason> {
    if connection.provider != Provider::Hubspot {
        return None;
    }
    let detail = if now < OAUTH_V1_ENDS {
        "HubSpot switches its OAuth v1 endpoints off on 16 February 2027. Portico asks the 2026-03 ones, so this connection is ready."
    } else {
        "HubSpot has switched its OAuth v1 endpoints off on 16 February 2027. Portico asks the 2026-03 ones."
    };
    Some(Reason {
        by: (now < OAUTH_V1_ENDS).then_some(OAUTH_V1_ENDS),
        ..reason(
            "oauth-v1",
            Level::Good,
            "Ready for the end of OAuth v1",
            detail.into(),
        )
    })
}

/// Granted scopes that the app no longer has drop off with the next authorization (mission, fact 8).
fn withdrawn(connection: &Connection, info: &ProviderInfo) -> Option<Reason> {
    let grant = &connection.grant;
    if connection.provider != Provider::Hubspot || grant.kind != GrantKind::Oauth {
        return None;
    }
    let configured = |scope: &String| {
        info.required_scopes.contains(scope) || info.optional_scopes.contains(scope)
    };
    let gone: Vec<&str> = grant
        .granted
        .iter()
        .filter(|scope| !configured(scope))
        .map(String::as_str)
        .collect();
    if gone.is_empty() {
        return None;
    }
    let detail = [
        "These permissions were taken off the app and end with the next authorization: ",
        &gone.join(", "),
        ".",
    ];
    Some(reason(
        "scopes-withdrawn",
        Level::Watch,
        "Permissions will drop off",
        detail.concat(),
    ))
}

/// Optional scopes of the app that this connection could ask for and never did (D68).
fn growth(connection: &Connection, info: &ProviderInfo) -> Option<Reason> {
    let grant = &connection.grant;
    let tier = crate::tier::read_tier(&connection.account, &grant.granted).tier;
    let could_ask = |scope: &&String| {
        let known = entry(scope).filter(|entry| entry.wanted_by(connection.connection_type));
        !grant.asked.contains(scope)
            && !grant.granted.contains(scope)
            && known.is_some_and(|entry| !entry.gate.may_shut_out(tier))
    };
    let names: Vec<&str> = info
        .optional_scopes
        .iter()
        .filter(could_ask)
        .map(String::as_str)
        .collect();
    if connection.provider != Provider::Hubspot || names.is_empty() {
        return None;
    }
    let detail = [
        "The app offers permissions that this connection never asked for: ",
        &names.join(", "),
        ". Ask for them when what they open is wanted.",
    ];
    // Left out on purpose or set up since: nothing breaks either way.
    Some(reason(
        "scopes-new",
        Level::Good,
        "More could be asked for",
        detail.concat(),
    ))
}

/// What another plan would open.
fn plan(connection: &Connection) -> Option<Reason> {
    let shut_out: Vec<&str> = dark(connection)
        .iter()
        .filter(|dark| matches!(dark.because, Because::PlanLacks(_)))
        .map(|dark| dark.feature.title())
        .collect();
    if shut_out.is_empty() {
        return None;
    }
    let detail = [
        "HubSpot gives these to other plans or hubs: ",
        &shut_out.join(", "),
        ".",
    ];
    Some(reason(
        "plan",
        Level::Good,
        "The plan has its limits",
        detail.concat(),
    ))
}

/// A test account lends an Enterprise trial, and with it scopes that end with the trial.
fn trial(connection: &Connection) -> Option<Reason> {
    let test = connection.account.account_type == Some(AccountType::DeveloperTest);
    let gated = |scope: &String| entry(scope).is_some_and(|entry| entry.gate != scopes::Gate::Open);
    if !test || !connection.grant.granted.iter().any(gated) {
        return None;
    }
    let detail = "A developer test account behaves like an Enterprise trial; what only higher plans have may end with it.";
    Some(reason(
        "trial",
        Level::Watch,
        "A trial lends some of this",
        detail.into(),
    ))
}
