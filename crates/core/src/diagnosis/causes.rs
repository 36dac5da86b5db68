//! Why a connection is as it is: told as known where the provider's answer tells it, else as one of several.
//! Owns the causes and their words; decides no status.

use super::Situation;
use crate::wire::{Connection, FaultCause, Provider};

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The facts or the provider's answer tell it.
    Known,
    /// One of those listed; the provider's answer does not say which.
    Possible,
}

/// One cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable word, for links and tests.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// How it comes to that.
    pub explanation: &'static str,
    /// Where to look whether it is so.
    pub check: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
}

const fn possible(
    id: &'static str,
    title: &'static str,
    explanation: &'static str,
    check: &'static str,
) -> Cause {
    Cause {
        id,
        title,
        explanation,
        check,
        certainty: Certainty::Possible,
    }
}

const fn known(cause: Cause) -> Cause {
    Cause {
        certainty: Certainty::Known,
        ..cause
    }
}

// R11.
const APP_REMOVED: Cause = possible(
    "app-removed",
    "The app was removed in HubSpot",
    "Whoever removes the app under Connected Apps ends every authorization of this portal at once.",
    "Look in HubSpot under Settings > Integrations > Connected Apps whether Portico is listed.",
);
// R8, first half.
const AUTHORISER_RIGHTS: Cause = possible(
    "authoriser-rights",
    "The authorising user's permissions changed",
    "HubSpot ties most apps to the portal; where it ties an app to a person, it ends with that person's rights.",
    "Look in HubSpot under Settings > Users & Teams what the authorising user may still do.",
);
// R8, second half.
const TOKENS_ROTATED: Cause = possible(
    "tokens-rotated",
    "HubSpot rotated the tokens, or they were revoked",
    "A refresh token ends when HubSpot issues another in its place, or when somebody revokes it.",
    "Ask whether the app was connected to this portal from another place since.",
);
// R10.
const AUTHORISER_GONE: Cause = possible(
    "authoriser-gone",
    "The authorising user was deactivated or downgraded",
    "An app that acts for a person loses its access when that person leaves the portal or loses a paid seat.",
    "Look in HubSpot under Settings > Users & Teams whether the authorising user is still active.",
);
// R12.
const ACCOUNT_CHANGED: Cause = possible(
    "account-changed",
    "The portal was merged, downgraded, or its subscription changed",
    "HubSpot ends authorizations when portals are merged or closed, or when a plan no longer has what the app uses.",
    "Look in HubSpot under Settings > Account & Billing, or ask who manages the subscription.",
);
// R9.
const SCOPES_CHANGED: Cause = possible(
    "scopes-changed",
    "The app needs other permissions than this connection holds",
    "The app's permissions were changed after this portal was connected. A new consent brings them together again.",
    "The table of permissions names those that are missing.",
);
const LOST_RESPONSE: Cause = possible(
    "lost-response",
    "The answer to a refresh was lost",
    "The old token was spent and the new one never arrived, because the proxy stopped or the network failed meanwhile.",
    "Nothing to check in the account: it is unchanged there.",
);
// D26, B18.
const TOKEN_ROTATED: Cause = possible(
    "token-rotated",
    "The token was rotated",
    "A rotated private app token or service key is replaced by a new one, which Portico has not been told.",
    "Look in HubSpot under Settings > Integrations > Private Apps, or Development > Keys > Service keys.",
);
const TOKEN_DELETED: Cause = possible(
    "token-deleted",
    "Its private app or service key was deleted",
    "With the private app or the key its token ends at once.",
    "Look in HubSpot whether the private app or service key is still listed.",
);
// D49.
const PROVIDER_TROUBLE: Cause = possible(
    "provider-trouble",
    "HubSpot is slow, overloaded or down",
    "Portico concludes nothing from it and tries again by itself.",
    "Look at status.hubspot.com.",
);
const NETWORK: Cause = possible(
    "network",
    "The network between Portico's proxy and the provider fails",
    "The proxy reaches no answer, or one that cannot be read.",
    "If other connections are affected too, tell the operator.",
);
const MIGRATION: Cause = known(possible(
    "migration",
    "HubSpot moves this portal to another data centre",
    "While it moves, HubSpot answers no call of any app and says when to ask again.",
    "Nothing to check: it ends by itself.",
));
const CLIENT: Cause = known(possible(
    "app-set-up",
    "The app's own credentials or addresses are refused",
    "The client id, the client secret or a return address differs from what the provider has on file.",
    "Only the operator can compare them.",
));
// D52, S17.
const SCOPE_REFUSED: Cause = known(possible(
    "scope-refused",
    "Optional permissions were left out",
    "Whoever confirmed the app left them out or did not have them, so the provider granted the others only.",
    "The table of permissions names those that are missing, and what each would open.",
));
const REVOKED_HERE: Cause = known(possible(
    "revoked-here",
    "Somebody revoked it in Portico",
    "The authorization was given up here. What Portico keeps of the portal stayed.",
    "The journal names who did it and when.",
));

// GitHub's own: its REST reference, on user access tokens that expire.
const GITHUB_REVOKED: Cause = possible(
    "app-removed",
    "The authorization was revoked in GitHub",
    "Whoever revokes the app under Applications ends every token of this account at once.",
    "Look in GitHub under Settings > Applications whether Portico is listed.",
);
const GITHUB_UNUSED: Cause = possible(
    "tokens-rotated",
    "It was not used for six months, or was refreshed elsewhere",
    "A refresh token of GitHub works once and ends after six months without use.",
    "Look when it was last refreshed, below.",
);
const GITHUB_SUSPENDED: Cause = possible(
    "authoriser-gone",
    "The account was suspended or closed, or lost its access",
    "A token never reaches further than the account it belongs to.",
    "Sign in to GitHub with this account and open one of its repositories.",
);
const GITHUB_TROUBLE: Cause = possible(
    "provider-trouble",
    "GitHub is slow, overloaded or down",
    PROVIDER_TROUBLE.explanation,
    "Look at githubstatus.com.",
);

/// The causes, the most likely first.
pub(super) fn causes(situation: Situation, connection: &Connection) -> Vec<Cause> {
    let hubspot = connection.provider == Provider::Hubspot;
    match situation {
        Situation::Healthy => vec![],
        Situation::Limited => vec![SCOPE_REFUSED],
        Situation::Weather if hubspot => vec![PROVIDER_TROUBLE, NETWORK],
        Situation::Weather => vec![GITHUB_TROUBLE, NETWORK],
        Situation::MoveEnding | Situation::Moving => vec![MIGRATION],
        Situation::Configuration => vec![CLIENT],
        Situation::Lagging | Situation::Dead(FaultCause::ScopesChanged) => {
            vec![known(SCOPES_CHANGED)]
        }
        Situation::Dead(FaultCause::AccountGone) if hubspot => vec![known(ACCOUNT_CHANGED)],
        Situation::Dead(FaultCause::AccountGone) => vec![known(GITHUB_SUSPENDED)],
        Situation::Dead(FaultCause::LostResponse) => vec![known(LOST_RESPONSE)],
        Situation::Dead(FaultCause::StaticTokenInvalid) => vec![TOKEN_ROTATED, TOKEN_DELETED],
        Situation::Dead(_) if hubspot => vec![
            APP_REMOVED,
            AUTHORISER_RIGHTS,
            TOKENS_ROTATED,
            AUTHORISER_GONE,
            ACCOUNT_CHANGED,
        ],
        Situation::Dead(_) => vec![GITHUB_REVOKED, GITHUB_UNUSED, GITHUB_SUSPENDED],
        Situation::RevokedHere => vec![REVOKED_HERE],
        Situation::RevokedThere if hubspot => vec![known(APP_REMOVED)],
        Situation::RevokedThere => vec![known(GITHUB_REVOKED)],
    }
}
