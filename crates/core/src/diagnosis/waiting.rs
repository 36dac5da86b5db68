//! What a retrieval's state asks of a person: how long it takes, and when to stop waiting (D46, D48, D61–D64).
//! Owns these words and the kinds of trouble (D49); the state itself is the retrieval's.

use crate::error::ErrorCode;
use crate::retrieval::Phase;

/// What kind of trouble an error is, so that a person knows whom it concerns (D49).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// HubSpot is slow, limits calls, or is down.
    Provider,
    /// The grant ended.
    Revoked,
    /// A permission or a feature of the plan is missing.
    MissingScopes,
    /// Browser and proxy do not reach each other.
    Network,
    /// None of these.
    Other,
}

impl Trouble {
    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Provider => "HubSpot is having trouble",
            Self::Revoked => "The authorization ended",
            Self::MissingScopes => "Permissions are missing",
            Self::Network => "The network fails",
            Self::Other => "Something else went wrong",
        }
    }
}

/// The kind of trouble that a code tells of.
pub fn trouble(code: ErrorCode) -> Trouble {
    use ErrorCode as E;
    match code {
        E::UpstreamUnavailable
        | E::UpstreamRateLimited
        | E::UpstreamInvalid
        | E::ProviderUnavailable
        | E::Suspended => Trouble::Provider,
        E::NeedsReauth | E::Disconnected | E::UpstreamUnauthorized | E::GrantRefused => {
            Trouble::Revoked
        }
        E::UpstreamForbidden | E::ScopeDenied | E::ConnectionTypeForbids => Trouble::MissingScopes,
        E::ProxyUnreachable | E::TimedOut | E::Overloaded | E::RateLimited => Trouble::Network,
        _ => Trouble::Other,
    }
}

/// What a retrieval's state means and asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// In a few words.
    pub title: &'static str,
    /// What it means, and how long it takes.
    pub text: &'static str,
    /// What to do now.
    pub action: &'static str,
    /// Waiting has lasted too long: offer another try and support (D48).
    pub escalate: bool,
}

/// Seconds within which a retrieval normally starts (D61).
const SOON: i64 = 120;
/// Seconds after which waiting is no longer the answer (D48).
const TOO_LONG: i64 = 300;

/// Explains a retrieval that has stood like this for so many seconds.
pub fn waiting(phase: &Phase, seconds: i64) -> Waiting {
    let plain = |title, text, action| Waiting {
        title,
        text,
        action,
        escalate: false,
    };
    match phase {
        Phase::Pending if seconds < SOON => plain(
            "Queued",
            "Retrieval normally starts within one or two minutes of connecting.",
            "Wait about a minute.",
        ),
        Phase::Pending if seconds <= TOO_LONG => plain(
            "Still queued",
            "Retrieval runs in this browser. It waits while another tab reads this portal, or while HubSpot's rate limit is used up.",
            "Keep this page open, and close other tabs of Portico.",
        ),
        Phase::Pending => Waiting {
            escalate: true,
            ..plain(
                "Queued for more than five minutes",
                "This is longer than it should take.",
                "Retrieve again. If it stays queued, reload the page, and then quote the code to support.",
            )
        },
        Phase::InProgress => plain(
            "In progress",
            "Small portals take seconds, large ones 2 to 10 minutes. What is there already can be explored.",
            "Keep this page open; after a reload it goes on where it stood.",
        ),
        Phase::Completed => plain(
            "Ready to use",
            "The metadata is up to date.",
            "Nothing to do.",
        ),
        Phase::CompletedWithGaps => plain(
            "Ready to use, with gaps",
            "Some kinds are incomplete and marked as such.",
            "Open a marked kind to see why, or retrieve again.",
        ),
        Phase::Error(code) => {
            let entry = code.entry();
            plain(trouble(*code).title(), entry.meaning, entry.action)
        }
    }
}
