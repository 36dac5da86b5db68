//! What a person is told about one connection: what happened, why, what still works, what fails, what to do.
//! Owns the story around a status; the status itself is [`read_status`]'s, and missing scopes are
//! [`crate::scope_report`]'s. Touches nothing.
//!
//! HubSpot's side: platform, sections 1.5 and 1.6; who may do what: mission, fact 6.

mod advice;
mod causes;
mod effects;
mod waiting;

pub use advice::Advice;
pub use causes::{Cause, Certainty};
pub use waiting::{Trouble, Waiting, trouble, waiting};

use crate::error::ErrorCode;
use crate::status::{Reading, Status, read_status};
use crate::wire::{
    Connection, Fault, FaultCategory, FaultCause, GrantKind, Provider, Role, UnixSeconds,
};

/// The whole story of a connection at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// As the badge says.
    pub status: Status,
    /// What happened, in a few words.
    pub headline: &'static str,
    /// What happened, in sentences.
    pub what: String,
    /// Since when, as far as the facts tell.
    pub since: Option<UnixSeconds>,
    /// Why; more than one where the provider's answer does not tell them apart.
    pub causes: Vec<Cause>,
    /// What goes on as before (R28, D53).
    pub still_works: Vec<&'static str>,
    /// What fails now, as far as the connection's type allowed it before (R25–R27).
    pub fails: Vec<&'static str>,
    /// What to do now, the best first (D51).
    pub actions: Vec<Advice>,
    /// How long there is time; empty where nothing waits for a person (R29).
    pub deadline: &'static str,
    /// Who may do it; nothing where nobody need do anything.
    pub rights: Option<Rights>,
    /// The provider's correlation id, for support.
    pub reference: Option<String>,
    /// What to quote to support; empty while all is well (S16).
    pub support_code: &'static str,
}

/// Whose rights a repair takes, on either side (R30–R32).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// At the provider.
    pub there: &'static str,
    /// In Portico.
    pub here: &'static str,
}

/// What the facts say, told apart more finely than by a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    Healthy,
    Limited,
    /// Tried again by itself.
    Weather,
    /// The account was being moved, and only asking tells whether it still is.
    MoveEnding,
    Moving,
    Configuration,
    Dead(FaultCause),
    /// Required scopes are not held.
    Lagging,
    RevokedHere,
    RevokedThere,
}

/// Tells the story of a connection as it stands at `now`, to somebody of this role.
pub fn diagnose(connection: &Connection, role: Role, now: UnixSeconds) -> Diagnosis {
    let Reading { status, reason, .. } = read_status(connection, now);
    let grant = &connection.grant;
    let fault = grant.fault.as_ref();
    let situation = situation(connection, status);
    let wants_somebody = !matches!(
        situation,
        Situation::Healthy | Situation::Weather | Situation::MoveEnding | Situation::Moving
    );
    Diagnosis {
        status,
        headline: headline(situation, connection.provider),
        what: match status {
            Status::NeedsReconnection => [
                &reason,
                " This is no fault: the authorization has to be refreshed.",
            ]
            .concat(),
            _ => reason,
        },
        since: match situation {
            Situation::Healthy | Situation::Lagging => None,
            Situation::Limited => Some(grant.obtained_at),
            Situation::RevokedHere | Situation::RevokedThere => {
                grant.revoked.as_ref().map(|revoked| revoked.at)
            }
            _ => fault.map(|fault| fault.at),
        },
        causes: causes::causes(situation, connection),
        still_works: effects::still_works(connection, status),
        fails: effects::fails(connection, status),
        actions: advice::advice(situation, connection, role),
        deadline: match status {
            Status::NeedsReconnection | Status::Disconnected => {
                "No deadline: it stays as it is until it is reconnected or removed."
            }
            _ => "",
        },
        rights: (wants_somebody && situation != Situation::Configuration)
            .then(|| rights(situation, connection, role)),
        reference: fault.and_then(|fault: &Fault| fault.correlation_id.clone()),
        support_code: support_code(situation),
    }
}

fn situation(connection: &Connection, status: Status) -> Situation {
    let fault = connection.grant.fault.as_ref();
    let is = |category| fault.is_some_and(|fault| fault.category == category);
    match status {
        Status::Connected => Situation::Healthy,
        Status::ConnectedLimited => Situation::Limited,
        Status::Checking if is(FaultCategory::Migration) => Situation::MoveEnding,
        Status::Checking => Situation::Weather,
        Status::Suspended if is(FaultCategory::Configuration) => Situation::Configuration,
        Status::Suspended => Situation::Moving,
        Status::NeedsReconnection => match fault {
            Some(fault) if is(FaultCategory::GrantDead) => Situation::Dead(fault.cause),
            _ => Situation::Lagging,
        },
        Status::Disconnected => match &connection.grant.revoked {
            Some(revoked) if revoked.by == "provider" => Situation::RevokedThere,
            _ => Situation::RevokedHere,
        },
    }
}

fn headline(situation: Situation, provider: Provider) -> &'static str {
    let hubspot = provider == Provider::Hubspot;
    match situation {
        Situation::Healthy => "All is well",
        Situation::Limited => "Some requested permissions were not granted",
        Situation::Weather if hubspot => "HubSpot does not answer well",
        Situation::Weather => "GitHub does not answer well",
        Situation::MoveEnding => "HubSpot may be done with moving this portal",
        Situation::Moving => "HubSpot is moving this portal",
        Situation::Configuration => "Portico's own app is not set up right",
        Situation::Lagging | Situation::Dead(FaultCause::ScopesChanged) => {
            "The permissions no longer fit the app"
        }
        Situation::Dead(FaultCause::AccountGone) if hubspot => "The portal changed in HubSpot",
        Situation::Dead(FaultCause::AccountGone) => "GitHub denies access for this account",
        Situation::Dead(FaultCause::StaticTokenInvalid) => "HubSpot no longer knows this token",
        Situation::Dead(FaultCause::LostResponse) => "The fresh token was lost on its way",
        // D58: the refresh token is invalid or revoked.
        Situation::Dead(_) => "Token refresh failed: the refresh token is invalid or was revoked",
        Situation::RevokedHere => "The connection was revoked here",
        Situation::RevokedThere if hubspot => "The app was removed in HubSpot",
        Situation::RevokedThere => "The authorization was revoked in GitHub",
    }
}

fn support_code(situation: Situation) -> &'static str {
    let code = match situation {
        Situation::Healthy => return "",
        Situation::Limited => ErrorCode::ScopeDenied,
        Situation::Weather | Situation::MoveEnding => ErrorCode::ProviderUnavailable,
        Situation::Moving => ErrorCode::Suspended,
        Situation::Configuration => ErrorCode::ConfigFault,
        Situation::Dead(_) | Situation::Lagging => ErrorCode::NeedsReauth,
        Situation::RevokedHere | Situation::RevokedThere => ErrorCode::Disconnected,
    };
    code.entry().support_code
}

// Mission, fact 6: HubSpot asks for a Super Admin or App Marketplace Access only for a first install or new scopes.
fn rights(situation: Situation, connection: &Connection, role: Role) -> Rights {
    let there = match (connection.provider, connection.grant.kind, situation) {
        (Provider::Github, ..) => {
            "The GitHub account that authorized it. An organization may ask one of its owners to approve the app."
        }
        (_, GrantKind::Static, _) => {
            "Somebody who may manage private apps or service keys in this portal."
        }
        (
            _,
            _,
            Situation::Limited | Situation::Lagging | Situation::Dead(FaultCause::ScopesChanged),
        ) => {
            "New permissions take a Super Admin of the portal, or the App Marketplace Access permission. It need not be who connected it first."
        }
        (_, _, Situation::RevokedThere) => {
            "Installing the app again takes a Super Admin of the portal, or the App Marketplace Access permission. It need not be who connected it first."
        }
        _ => {
            "Any user of the portal may confirm permissions that are already approved; only if the app was removed there it takes a Super Admin, or the App Marketplace Access permission. It need not be who connected it first."
        }
    };
    Rights {
        there,
        here: match role {
            Role::Admin => {
                "The admin role, which carries the right to manage portals. You have it."
            }
            Role::Member => {
                "The admin role, which carries the right to manage portals. You are a member: ask an admin of your organization to do it, or to give you the role."
            }
        },
    }
}

#[cfg(test)]
mod tests;
