//! What to do now, the best first; fitted to who asks and to how the grant was obtained.
//! Owns the pieces of advice and their words; does nothing.

use super::Situation;
use crate::wire::{Connection, FaultCause, GrantKind, Provider, Role, UnixSeconds};

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Refresh the authorization (R14).
    Reconnect,
    /// Authorize anew after a revocation (R6).
    ConnectAgain,
    /// Ask for the permissions that are not held (D56, D68, S17).
    AskForMore,
    /// Enter another token of the same portal (B18).
    NewToken,
    /// Give the token's private app or key the missing permissions.
    ExtendToken,
    /// Whether the account still opens (D51, S13).
    CheckAccess,
    /// Whether the app is still listed (D51).
    CheckRevocation,
    /// Whether the provider has told of trouble.
    CheckProvider,
    /// Somebody with the right at the provider.
    AskSuperAdmin,
    /// Somebody with the right in Portico (D60).
    AskAdmin,
    /// It goes on by itself, not before this time where one is known.
    Wait(Option<UnixSeconds>),
    /// Only the operator can mend it.
    TellOperator,
}

impl Advice {
    /// As on screen, a few words.
    pub fn title(self, provider: Provider) -> &'static str {
        let hubspot = provider == Provider::Hubspot;
        match self {
            Self::Reconnect => "Reconnect",
            Self::ConnectAgain => "Connect again",
            Self::AskForMore => "Ask for more permissions",
            Self::NewToken => "Enter a new token",
            Self::ExtendToken => "Extend the token",
            Self::CheckAccess if hubspot => "Check access to the portal",
            Self::CheckAccess => "Check access to the account",
            Self::CheckRevocation => "Check for a revocation",
            Self::CheckProvider if hubspot => "Check HubSpot's status",
            Self::CheckProvider => "Check GitHub's status",
            Self::AskSuperAdmin if hubspot => "Ask a Super Admin",
            Self::AskSuperAdmin => "Ask an owner of the organization",
            Self::AskAdmin => "Ask an admin here",
            Self::Wait(_) => "Wait",
            Self::TellOperator => "Tell the operator",
        }
    }

    /// How, in a sentence or two.
    pub fn text(self, provider: Provider) -> &'static str {
        let hubspot = provider == Provider::Hubspot;
        match self {
            Self::Reconnect if hubspot => {
                "Choose the same portal on HubSpot's page and confirm. Only the authorization is replaced; nothing else changes."
            }
            Self::Reconnect => {
                "Sign in to GitHub with the same account and confirm. Only the authorization is replaced."
            }
            Self::ConnectAgain => {
                "Authorize it anew for the same account. Everything kept here stays."
            }
            Self::AskForMore => {
                "The provider asks for the missing permissions on top of those granted. Accept all of them to clear this note."
            }
            Self::NewToken => {
                "Copy a token of the same portal in HubSpot, under Settings > Integrations > Private Apps or Development > Keys > Service keys, and enter it here."
            }
            Self::ExtendToken => {
                "Add the missing permissions to the private app or service key in HubSpot, then test the connection here."
            }
            Self::CheckAccess if hubspot => {
                "Sign in to HubSpot and open this portal. If it does not open, your user or the portal changed."
            }
            Self::CheckAccess => {
                "Sign in to GitHub with this account and open one of its repositories."
            }
            Self::CheckRevocation if hubspot => {
                "Look in HubSpot under Settings > Integrations > Connected Apps whether the app is listed."
            }
            Self::CheckRevocation => {
                "Look in GitHub under Settings > Applications whether the app is listed."
            }
            Self::CheckProvider if hubspot => "status.hubspot.com tells of known trouble.",
            Self::CheckProvider => "githubstatus.com tells of known trouble.",
            Self::AskSuperAdmin if hubspot => {
                "If HubSpot refuses you, a Super Admin of the portal, or somebody with App Marketplace Access, can confirm it in your place."
            }
            Self::AskSuperAdmin => {
                "If GitHub asks for approval, an owner of the organization has to approve the app."
            }
            Self::AskAdmin => {
                "Members see connections and metadata. An admin of your organization can repair it, or give you the admin role."
            }
            Self::Wait(_) => "Nothing to do: Portico goes on by itself.",
            Self::TellOperator => {
                "Quote the code below. Reconnecting will not help before the app is mended."
            }
        }
    }
}

/// The advice, the best first.
pub(super) fn advice(situation: Situation, connection: &Connection, role: Role) -> Vec<Advice> {
    let grant = &connection.grant;
    let entered = grant.kind == GrantKind::Static;
    let next_try = || grant.fault.as_ref().and_then(|fault| fault.next_try_at);
    // A member is told who can, instead of what they may not do.
    let repair = |repair: Advice| match role {
        Role::Admin => repair,
        Role::Member => Advice::AskAdmin,
    };
    let access = [Advice::CheckAccess, Advice::CheckRevocation];
    match situation {
        Situation::Healthy => vec![],
        Situation::Weather => vec![Advice::Wait(next_try()), Advice::CheckProvider],
        Situation::MoveEnding | Situation::Moving => vec![Advice::Wait(next_try())],
        Situation::Configuration => vec![Advice::TellOperator],
        Situation::Limited | Situation::Lagging if entered => vec![repair(Advice::ExtendToken)],
        Situation::Limited => vec![repair(Advice::AskForMore), Advice::AskSuperAdmin],
        Situation::Dead(_) | Situation::RevokedHere | Situation::RevokedThere if entered => {
            vec![repair(Advice::NewToken), Advice::CheckAccess]
        }
        Situation::Lagging | Situation::Dead(FaultCause::ScopesChanged) => {
            vec![repair(Advice::Reconnect), Advice::AskSuperAdmin]
        }
        Situation::Dead(FaultCause::LostResponse) => vec![repair(Advice::Reconnect)],
        Situation::Dead(FaultCause::AccountGone) => vec![
            Advice::CheckAccess,
            repair(Advice::Reconnect),
            Advice::AskSuperAdmin,
        ],
        Situation::Dead(_) => {
            let mut all = vec![repair(Advice::Reconnect)];
            all.extend(access);
            all.push(Advice::AskSuperAdmin);
            all
        }
        Situation::RevokedThere => vec![
            repair(Advice::ConnectAgain),
            Advice::CheckRevocation,
            Advice::AskSuperAdmin,
        ],
        Situation::RevokedHere => vec![repair(Advice::ConnectAgain)],
    }
}
