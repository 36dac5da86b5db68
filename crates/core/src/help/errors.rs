//! The errors' entries: the catalogue's own words, and more where more helps.
//! Owns the additions; title, meaning and action stand in `error.rs` alone.

use super::{Block, Entry, Group, anchor_of};
use crate::error::ErrorCode;

type More = (&'static [Block], &'static [&'static str]);

pub(super) fn entry(code: ErrorCode) -> Entry {
    let words = code.entry();
    let (more, related) = more(code);
    let mut body = vec![Block::Text(meaning_and_action(code))];
    body.extend_from_slice(more);
    Entry {
        anchor: anchor_of(code),
        group: Group::Error,
        title: words.title,
        code: words.support_code,
        body,
        related,
    }
}

/// Both as one static slice: every entry of the catalogue is a constant.
fn meaning_and_action(code: ErrorCode) -> &'static [&'static str] {
    static WORDS: [[&str; 2]; ErrorCode::ALL.len()] = {
        let mut words = [[""; 2]; ErrorCode::ALL.len()];
        let mut at = 0;
        while at < words.len() {
            let entry = ErrorCode::ALL[at].entry();
            words[at] = [entry.meaning, entry.action];
            at += 1;
        }
        words
    };
    // The enum has no fields and `ALL` is in its order.
    WORDS.get(code as usize).map_or(&[], |words| words)
}

fn more(code: ErrorCode) -> More {
    use ErrorCode as E;
    match code {
        E::SessionRequired | E::SessionExpired => (
            &[Block::Text(&[
                "The session is between this page and Portico and lasts ten minutes at a time; the connections to HubSpot are not touched by its end.",
            ])],
            &["clear-cache", "support-code"],
        ),
        E::LaunchInvalid | E::LaunchRequired => (
            &[Block::Text(&[
                "A proxy that runs for one organization knows a browser by a key that the browser keeps. Clearing this site's data, private windows and other browsers need a fresh launch link.",
            ])],
            &["clear-cache", "data-kept"],
        ),
        E::OriginMismatch | E::InvalidReturnUri => (&[], &["set-up", "support-code"]),
        // D34, D35, D60.
        E::RoleRequired => (
            &[Block::Text(&[
                "This is about your role in Portico, not about HubSpot. Your organization's own administrators give it.",
            ])],
            &["roles", "admin-role"],
        ),
        // Facts 7 to 9.
        E::ScopeNotConfigured | E::ScopeRequiredMissing => (
            &[Block::Text(&[
                "Portico compares what it asks with the app's settings before it sends you to HubSpot, because HubSpot's own page would show the fault without a way back.",
            ])],
            &["scope-mismatch", "scopes", "set-up"],
        ),
        // J25–J27, S18.
        E::PlanLimit => (
            &[Block::Text(&[
                "Reconnecting a portal that is already here needs no further place. Removing one frees its place at once.",
            ])],
            &["portal-limit", "revoke-or-uninstall"],
        ),
        E::RateLimited | E::Overloaded | E::RefreshBusy => (&[], &["trouble-kinds"]),
        // S19.
        E::FlowExpired => (
            &[Block::Text(&[
                "Nothing was connected and nothing was changed. Ten minutes are enough when the person with the right role sits at this browser; if that is somebody else, let them start the authorization themselves.",
            ])],
            &["connecting", "admin-role", "troubleshooting"],
        ),
        E::InvalidPkce
        | E::InvalidStateHash
        | E::BadVerifier
        | E::StateMismatch
        | E::ClaimRequired
        | E::FlowFinished
        | E::FlowLost
        | E::GrantRefused
        | E::TooManyFlows => (
            &[Block::Text(&[
                "Starting again is safe: an authorization code works once and for a few minutes, and what did not finish leaves nothing behind.",
            ])],
            &["connecting", "why-a-proxy", "troubleshooting"],
        ),
        // J28, R30.
        E::ConsentDenied => (
            &[Block::Text(&[
                "If HubSpot's page said that you lack permission, or the Connect app button cannot be chosen, the account you signed in with has neither Super Admin nor App Marketplace Access in that portal.",
            ])],
            &["admin-role", "connecting", "troubleshooting"],
        ),
        // S17.
        E::ScopeDenied => (
            &[
                Block::Text(&[
                    "Required permissions come all or not at all. Optional ones may be left out: they never lead to this error.",
                ]),
                Block::Steps(&[
                    "Start again from the portal's row, or from Add Portal.",
                    "On HubSpot's page review the list and leave every permission ticked.",
                    "If one cannot be granted, the portal's plan or your role there lacks it; the scopes reference says what each one needs.",
                ]),
            ],
            &["partial-grant", "scopes", "scope-mismatch", "admin-role"],
        ),
        // R15, fact 11.
        E::WrongPortal => (&[], &["wrong-portal", "reconnecting", "connecting"]),
        // J29.
        E::PortalLinkedElsewhere => (&[], &["linked-elsewhere", "revoke-or-uninstall"]),
        E::ProviderUnavailable
        | E::UpstreamUnavailable
        | E::UpstreamInvalid
        | E::UpstreamRateLimited => (
            &[Block::Text(&[
                "HubSpot's own status page, status.hubspot.com, says whether others are concerned too. Your authorization is kept meanwhile.",
            ])],
            &["trouble-kinds", "status-checking"],
        ),
        E::ConfigFault => (&[], &["set-up", "status-suspended", "install-limit"]),
        // D26, B14–B18.
        E::InvalidCredential | E::CredentialRefused | E::ConnectedByOauth | E::StaticCredential => {
            (&[], &["static-tokens", "rotating-tokens"])
        }
        // D69, D70.
        E::UnknownWorkspace
        | E::InvalidWorkspaceName
        | E::WorkspaceNameTaken
        | E::WorkspaceLimit => (&[], &["workspaces"]),
        // J13–J15.
        E::ConnectionTypeForbids => (&[], &["connection-types"]),
        // R25–R29, D58.
        E::NeedsReauth => (
            &[Block::Text(&[
                "The refresh token is invalid or was revoked. What was retrieved stays readable; there is no deadline.",
            ])],
            &["status-needs-reconnection", "reconnecting", "why-it-ended"],
        ),
        E::Disconnected => (
            &[],
            &["status-disconnected", "reconnecting", "why-it-ended"],
        ),
        E::Suspended => (&[], &["status-suspended"]),
        // D54.
        E::UpstreamForbidden => (&[], &["partial-grant", "scopes"]),
        E::UpstreamUnauthorized => (&[], &["reconnecting", "why-it-ended"]),
        // J31, S14, R33.
        E::PopupBlocked | E::PopupClosed => (&[], &["pop-up-blocked", "troubleshooting"]),
        // D49.
        E::ProxyUnreachable => (
            &[Block::Text(&[
                "An ad blocker, a company's filter or a lost network looks the same from here.",
            ])],
            &["trouble-kinds", "pop-up-blocked", "data-kept"],
        ),
        // S15, P1.
        E::StorageUnavailable | E::SnapshotUnreadable => (&[], &["data-kept", "clear-cache"]),
        E::AnswerInvalid | E::MethodNotAllowed | E::UnknownOperation => {
            (&[], &["clear-cache", "support-code"])
        }
        E::ServiceKeyRequired | E::NotForBrowsers => (&[], &["set-up", "rotating-tokens"]),
        _ => (&[], &["troubleshooting", "support-code"]),
    }
}
