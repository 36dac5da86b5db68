//! From facts and a time to the status people see (design, section 5).
//! Owns the derivation; keeps no state, so that nothing can flap or lie.

use crate::scopes;
use crate::tier::read_tier;
use crate::wire::{Connection, Fault, FaultCategory, FaultCause, GrantKind, Provider, UnixSeconds};

/// The status of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Red: revoked or uninstalled; a new authorization is needed (R6).
    Disconnected,
    /// Yellow: grant dead, or required scopes lag (R5).
    NeedsReconnection,
    /// Grey: HubSpot moves the account, or the app's set-up is at fault.
    Suspended,
    /// Grey, moving: weather; nothing is concluded from it.
    Checking,
    /// Green with a note: an optional scope was not granted.
    ConnectedLimited,
    /// Green (R4).
    Connected,
}

/// The colour of a status, never its only sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Good,
    /// A person is asked to do something; not a fault (R7).
    Attention,
    /// Cut off.
    Bad,
    /// Nothing for a person to do.
    Quiet,
}

/// A status with its reason and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The status.
    pub status: Status,
    /// What happened, in a sentence or two.
    pub reason: String,
    /// What to do now; empty when there is nothing.
    pub action: String,
    /// Scopes that were asked for and not granted, though the account could have (D55).
    pub missing_scopes: Vec<String>,
}

impl Status {
    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::ConnectedLimited => "Connected, limited",
            Self::Checking => "Checking",
            Self::NeedsReconnection => "Needs reconnection",
            Self::Disconnected => "Disconnected",
            Self::Suspended => "Suspended",
        }
    }

    /// The colour.
    pub fn tone(self) -> Tone {
        match self {
            Self::Connected | Self::ConnectedLimited => Tone::Good,
            Self::NeedsReconnection => Tone::Attention,
            Self::Disconnected => Tone::Bad,
            Self::Checking | Self::Suspended => Tone::Quiet,
        }
    }

    /// Whether calls to the provider may be made at all (R5, R25–R27).
    pub fn calls_allowed(self) -> bool {
        matches!(
            self,
            Self::Connected | Self::ConnectedLimited | Self::Checking
        )
    }

    /// Whether a new authorization is what helps (R1, R14).
    pub fn wants_reconnect(self) -> bool {
        matches!(self, Self::NeedsReconnection | Self::Disconnected)
    }
}

/// Derives the status from the facts as they stand at `now`.
pub fn read_status(connection: &Connection, now: UnixSeconds) -> Reading {
    let grant = &connection.grant;
    let provider = connection.provider;
    let tier = read_tier(&connection.account, &grant.granted).tier;
    let missing: Vec<String> = scopes::refused(&grant.asked, &grant.granted, tier)
        .into_iter()
        .map(str::to_owned)
        .collect();
    // A token that was entered is mended in HubSpot and here, not by a consent.
    let by_kind = |oauth: &'static str, entered: &'static str| match grant.kind {
        GrantKind::Oauth => oauth,
        GrantKind::Static => entered,
    };
    let reading = |status, reason: String, action: &str| Reading {
        status,
        reason,
        action: action.to_owned(),
        missing_scopes: missing.clone(),
    };
    if let Some(revoked) = &grant.revoked {
        let reason = match provider {
            _ if revoked.by != "provider" => "The connection was revoked here.",
            Provider::Hubspot => "The app was removed from this portal in HubSpot.",
            Provider::Github => "The authorization was revoked in GitHub.",
        };
        return reading(
            Status::Disconnected,
            reason.into(),
            "Connect it again; everything kept here stays.",
        );
    }
    let dead_fault = grant
        .fault
        .as_ref()
        .filter(|fault| fault.category == FaultCategory::GrantDead);
    if let Some(fault) = dead_fault {
        return reading(
            Status::NeedsReconnection,
            dead_reason(fault.cause, provider).into(),
            by_kind(
                "Reconnect to refresh it: no deadline, nothing is lost.",
                "Enter a new token of this portal: no deadline, nothing is lost.",
            ),
        );
    }
    let lagging = scopes::lacking(&grant.required, &grant.granted);
    if !lagging.is_empty() {
        return reading(
            Status::NeedsReconnection,
            format!(
                "The app now needs permissions this connection does not hold: {}.",
                lagging.join(", ")
            ),
            by_kind(
                "Refresh the authorization with Reconnect and grant them.",
                "Add them to the private app or service key in HubSpot, then test the connection here.",
            ),
        );
    }
    match &grant.fault {
        // Once the wait is over, only asking tells whether the move is.
        Some(fault)
            if fault.category == FaultCategory::Migration
                && fault.next_try_at.is_none_or(|at| now < at) =>
        {
            reading(
                Status::Suspended,
                "HubSpot is moving this account to another data centre.".into(),
                "Nothing to do; Portico goes on by itself when HubSpot is done.",
            )
        }
        Some(fault) if fault.category == FaultCategory::Configuration => reading(
            Status::Suspended,
            [
                provider.title(),
                " does not accept the app's own credentials or addresses.",
            ]
            .concat(),
            "Tell the operator; reconnecting will not help.",
        ),
        Some(fault) => reading(Status::Checking, checking_reason(fault, provider, now), ""),
        None if missing.is_empty() => {
            reading(Status::Connected, "The authorization is valid.".into(), "")
        }
        None => reading(
            Status::ConnectedLimited,
            by_kind(
                "Some requested permissions were not granted.",
                "The token lacks some permissions.",
            )
            .into(),
            match connection.provider {
                Provider::Github => "To grant them, choose Reconnect.",
                Provider::Hubspot => by_kind(
                    "Parts that need them are marked. To grant them, ask for more permissions in the portal's details.",
                    "Parts that need them are marked. Add them to the private app or service key in HubSpot, then test the connection here.",
                ),
            },
        ),
    }
}

fn dead_reason(cause: FaultCause, provider: Provider) -> &'static str {
    match (cause, provider) {
        (FaultCause::ScopesChanged, _) => {
            "The app's permissions changed, and this authorization no longer fits them."
        }
        (FaultCause::AccountGone, Provider::Hubspot) => {
            "HubSpot no longer knows this account, or it was merged, downgraded or closed."
        }
        (FaultCause::AccountGone, Provider::Github) => {
            "GitHub denies access for this account: it was suspended or closed, or lost its rights."
        }
        (FaultCause::StaticTokenInvalid, _) => {
            "HubSpot no longer knows this token: it was rotated, or its private app or service key was deleted."
        }
        (FaultCause::LostResponse, _) => {
            "The proxy was stopped while it refreshed the authorization, and the answer was lost."
        }
        (_, Provider::Hubspot) => {
            "HubSpot no longer accepts this authorization. One of these: the app was removed there, the \
             authorising user lost access, or it was revoked."
        }
        (_, Provider::Github) => {
            "GitHub no longer accepts this authorization. One of these: it was revoked there, it was not used \
             for six months, or the account was suspended."
        }
    }
}

fn checking_reason(fault: &Fault, provider: Provider, now: UnixSeconds) -> String {
    let minutes = (now - fault.at).max(0) / 60;
    let since = match minutes {
        0 => "for less than a minute".to_owned(),
        1 => "for one minute".to_owned(),
        _ => format!("for {minutes} minutes"),
    };
    let next = match fault.next_try_at.map(|at| at - now) {
        Some(wait) if wait > 0 => format!("the next try is in {wait} s."),
        _ => "Portico is trying again.".to_owned(),
    };
    [
        provider.title(),
        " has not answered well ",
        &since,
        "; ",
        &next,
    ]
    .concat()
}

/// Name of a portal for people: its label, else HubSpot's name, else its domain, else its id (J10, J18, D15).
pub fn display_name(connection: &Connection) -> String {
    [
        &connection.label,
        &connection.account.name,
        &connection.account.hub_domain,
    ]
    .into_iter()
    .flatten()
    .map(|name| crate::text::visible(name.trim()))
    .find(|name| !name.is_empty())
    .unwrap_or_else(|| {
        let kind = match connection.provider {
            Provider::Hubspot => "Portal",
            Provider::Github => "GitHub account",
        };
        format!("{kind} {}", connection.account.portal_id)
    })
}

#[cfg(test)]
pub(crate) mod tests;
