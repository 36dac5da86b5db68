//! The one catalogue of error codes: what a machine reads and what a person is told.
//! Owns codes and words; decides nothing.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorEntry {
    /// On the wire, in `application/problem+json`: lower snake case, never changed once published.
    pub code: &'static str,
    /// What a person quotes to support: the field's name where the field has one.
    pub support_code: &'static str,
    /// HTTP status the proxy answers with; 0 for a code that only the browser raises.
    pub http_status: u16,
    /// What happened, in a few words.
    pub title: &'static str,
    /// Why it happens.
    pub meaning: &'static str,
    /// What to do now.
    pub action: &'static str,
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident $code:literal $support:literal $http:literal
        $title:literal, $meaning:literal, $action:literal;)*) => {
        /// A stable error code; its words are in [`ErrorCode::entry`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $title] $name,)* }

        impl ErrorCode {
            /// Every code, in the catalogue's order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The catalogue's row.
            pub const fn entry(self) -> ErrorEntry {
                match self {
                    $(Self::$name => ErrorEntry {
                        code: $code, support_code: $support, http_status: $http,
                        title: $title, meaning: $meaning, action: $action,
                    },)*
                }
            }
        }
    };
}

catalogue! {
    SessionRequired "session_required" "SESSION_REQUIRED" 401
        "You are not signed in", "The request carried no valid session.", "Open Portico again from your dashboard or from a fresh launch link.";
    SessionExpired "session_expired" "SESSION_EXPIRED" 401
        "Your session has ended", "Sessions last ten minutes and this one could not be renewed.", "Reload the page to sign in again; nothing you retrieved is lost.";
    LaunchInvalid "launch_invalid" "LAUNCH_INVALID" 401
        "This launch link no longer works", "A launch link works once and for ten minutes.", "Restart the proxy, or run portico-proxy launch, to get a fresh link.";
    LaunchRequired "launch_required" "LAUNCH_REQUIRED" 401
        "Open Portico through its launch link", "This browser has not been introduced to this proxy yet.", "Use the link the proxy printed when it started, or run portico-proxy launch for a new one.";
    OriginMismatch "origin_mismatch" "ORIGIN_MISMATCH" 403
        "This page may not use this session", "A session belongs to the one web origin it was made for.", "Ask whoever embeds Portico to list this page's origin.";
    RoleRequired "role_required" "ROLE_REQUIRED" 403
        "Only an admin can do this", "Members can see connections and metadata; admins add, change and remove connections.", "Ask an admin of your organization to do it, or to give you the admin role.";
    NotFound "not_found" "NOT_FOUND" 404
        "Not found", "There is nothing here that your session may see.", "Go back to Client Accounts and choose again.";
    MethodNotAllowed "method_not_allowed" "METHOD_NOT_ALLOWED" 405
        "This address does not take that method", "The request's method does not fit its address.", "Reload the page to get the matching version of the app.";
    UnsupportedMediaType "unsupported_media_type" "UNSUPPORTED_MEDIA_TYPE" 415
        "Only JSON is accepted here", "The request's content type is not application/json.", "Send the body as application/json.";
    PayloadTooLarge "payload_too_large" "PAYLOAD_TOO_LARGE" 413
        "The request is too large", "Its body is above what this address takes.", "Send less at once.";
    InvalidRequest "invalid_request" "INVALID_REQUEST" 400
        "The request was not understood", "A part of it is missing, unknown or of the wrong form.", "Reload the page; if it happens again, quote the correlation id to support.";
    InvalidPkce "invalid_pkce" "INVALID_PKCE" 400
        "The code challenge is not acceptable", "A flow needs a 43-character S256 code challenge (RFC 7636).", "Start again from the Add Portal button.";
    InvalidStateHash "invalid_state_hash" "INVALID_STATE_HASH" 400
        "The state hash is not acceptable", "A flow needs the SHA-256 of its state, as 43 base64url characters.", "Start again from the Add Portal button.";
    InvalidReturnUri "invalid_return_uri" "INVALID_RETURN_URI" 400
        "The return address is not registered", "A flow may only return to an address that is listed byte for byte in the proxy's configuration.", "Ask the operator to list this page's return address.";
    ScopeNotConfigured "scope_not_configured" "SCOPE_NOT_CONFIGURED" 400
        "A permission is not configured on the app", "HubSpot would refuse the install page with a scope mismatch.", "Ask the operator to add the scope to the app, or connect without it.";
    ScopeRequiredMissing "scope_required_missing" "SCOPE_REQUIRED_MISSING" 400
        "A required permission is not asked for", "HubSpot refuses an install that leaves out a scope the app requires.", "Start again; if it happens again, ask the operator to check the app's scopes.";
    TooManyFlows "too_many_flows" "TOO_MANY_FLOWS" 429
        "Too many connections are being added at once", "Five flows per person and fifty per organization may be open.", "Finish or cancel an open one, or wait ten minutes.";
    PlanLimit "plan_limit" "PORTAL_LIMIT_REACHED" 409
        "Your plan's number of portals is reached", "Every portal your plan allows is in use.", "Remove a portal you no longer need, or upgrade your plan.";
    RateLimited "rate_limited" "RATE_LIMITED" 429
        "Too many requests", "The limit on requests was reached.", "Wait a moment; Portico goes on by itself.";
    Overloaded "overloaded" "OVERLOADED" 503
        "Portico is busy", "More is asked of the proxy at once than it takes.", "Wait a moment; Portico goes on by itself.";
    TimedOut "timed_out" "TIMED_OUT" 503
        "Portico did not finish in time", "The request took longer than thirty seconds; what it began may still be carried out.", "Wait a moment, then look whether it was done before trying again.";
    FlowExpired "flow_expired" "TOKEN_EXPIRED" 410
        "The authorization timed out", "An authorization must be finished within ten minutes.", "Start again.";
    FlowFinished "flow_finished" "FLOW_FINISHED" 409
        "This authorization is already over", "It was finished, cancelled or refused before.", "Start again from the Add Portal button.";
    FlowLost "flow_lost" "FLOW_LOST" 409
        "The authorization was interrupted", "The proxy stopped, or HubSpot took too long, while the code was redeemed, which works once.", "Start again; nothing was connected twice.";
    ClaimRequired "claim_required" "CLAIM_REQUIRED" 403
        "This browser did not bring the proof of consent", "Only the browser that gave consent can finish the connection.", "Start again here, and finish on HubSpot's page in the same browser.";
    BadVerifier "bad_verifier" "BAD_VERIFIER" 400
        "The proof of the starter did not match", "The code verifier does not belong to this flow (RFC 7636).", "Start again from the Add Portal button.";
    StateMismatch "state_mismatch" "STATE_MISMATCH" 400
        "This return does not belong to an open authorization", "Its state is unknown, was used before, or came back on another provider's address.", "Close this page and start again in Portico.";
    ConsentDenied "consent_denied" "CONSENT_DENIED" 403
        "Access was not granted", "Somebody chose Cancel on HubSpot's page, or HubSpot refused.", "Start again and choose Connect app, or ask a Super Admin of the portal.";
    ScopeDenied "scope_denied" "AUTH_SCOPE_DENIED" 403
        "Not all required permissions were granted", "The connection cannot work without them.", "Start again and accept every required permission.";
    WrongPortal "wrong_portal" "WRONG_PORTAL" 409
        "Another portal was chosen", "A reconnection must be made to the same portal.", "Start again and choose the portal named here, or add the other one as a new portal.";
    PortalLinkedElsewhere "portal_linked_elsewhere" "PORTAL_LINKED_ELSEWHERE" 409
        "This portal is linked to another organization", "A portal belongs to one organization at a time.", "Disconnect it there first, then add it here.";
    GrantRefused "grant_refused" "GRANT_REFUSED" 502
        "HubSpot refused the authorization", "The code was used before, ran out, or was meant for another address.", "Start again.";
    ProviderUnavailable "provider_unavailable" "PROVIDER_UNAVAILABLE" 503
        "HubSpot does not answer", "The provider is slow, overloaded or down.", "Wait a minute and try again; nothing was changed.";
    ConfigFault "config_fault" "CONFIG_FAULT" 502
        "Portico's app is not set up right", "HubSpot does not accept the app's own credentials or addresses.", "Tell the operator; reconnecting will not help.";
    InvalidCredential "invalid_credential" "INVALID_CREDENTIAL" 400
        "This is not a private app token or service key", "HubSpot's begin with pat- and the data centre, such as pat-na1- or pat-eu1-.", "Copy the whole token from HubSpot. To connect without a token, choose Add Portal.";
    CredentialRefused "credential_refused" "CREDENTIAL_REFUSED" 422
        "HubSpot does not know this token", "It was mistyped, rotated, or its private app or service key was deleted.", "Copy it again in HubSpot under Settings, Integrations, Private Apps, or Development, Keys, Service keys.";
    ConnectedByOauth "connected_by_oauth" "CONNECTED_BY_OAUTH" 409
        "This portal is connected through OAuth", "A private app token or service key does not take the place of an OAuth authorization.", "Choose Reconnect in the portal's row, or remove the portal first.";
    UnknownWorkspace "unknown_workspace" "UNKNOWN_WORKSPACE" 400
        "There is no such workspace", "It was removed, or never was.", "Choose another workspace, or none.";
    InvalidWorkspaceName "invalid_workspace_name" "INVALID_WORKSPACE_NAME" 400
        "This name is not acceptable for a workspace", "A name has 1 to 60 characters, none of them a control or invisible character.", "Choose another name.";
    WorkspaceNameTaken "workspace_name_taken" "WORKSPACE_NAME_TAKEN" 409
        "There is a workspace of this name", "Names of workspaces differ by more than upper and lower case.", "Choose another name.";
    WorkspaceLimit "workspace_limit" "WORKSPACE_LIMIT" 409
        "There are too many workspaces", "An organization has at most 500.", "Remove a workspace that is no longer needed; its portals stay.";
    VersionConflict "version_conflict" "VERSION_CONFLICT" 412
        "Somebody else changed this first", "It was changed after you opened it.", "Look at the new values and change it again if you still want to.";
    UnknownOperation "unknown_operation" "UNKNOWN_OPERATION" 404
        "There is no such operation", "Portico relays named operations only.", "Reload the page to get the matching version of the app.";
    InvalidParameter "invalid_parameter" "INVALID_PARAMETER" 400
        "A parameter is not acceptable", "It is missing, unknown, or does not match the operation's pattern.", "Reload the page; if it happens again, quote the correlation id to support.";
    ConnectionTypeForbids "connection_type_forbids" "CONNECTION_TYPE_FORBIDS" 403
        "The connection type does not allow this", "Config Only allows import and deploy, Audit Only allows audit, Config + Audit allows all.", "Change the connection type in the portal's row.";
    NeedsReauth "needs_reauth" "NEEDS_RECONNECTION" 409
        "The portal needs reconnection", "Its authorization is no longer valid; no call is made until it is refreshed.", "Choose Reconnect in the portal's row.";
    Disconnected "disconnected" "DISCONNECTED" 409
        "The portal is disconnected", "Its authorization was revoked here or removed in HubSpot.", "Connect it again; everything kept here stays.";
    Suspended "suspended" "SUSPENDED" 409
        "The portal is suspended", "HubSpot is moving the account, or the app's set-up must be mended.", "Wait until the time shown; Portico goes on by itself.";
    RefreshBusy "refresh_busy" "REFRESH_BUSY" 503
        "The authorization is being refreshed", "Another request is refreshing it and has not finished.", "Wait a moment; Portico tries again by itself.";
    ServiceKeyRequired "service_key_required" "SERVICE_KEY_REQUIRED" 401
        "A service key is needed", "The request carried no service key that this proxy knows.", "Send Authorization: Bearer with a key of your configuration; portico-proxy issue-service-key makes one.";
    NotForBrowsers "not_for_browsers" "NOT_FOR_BROWSERS" 403
        "This address is not for browsers", "Access tokens go to a partner's backend and never to a page.", "Call it from your backend, without Origin and Sec-Fetch headers.";
    StaticCredential "static_credential" "STATIC_CREDENTIAL" 409
        "A static credential is not handed out", "It has no end, so nobody could call it back once it has left the proxy.", "Use the relay, or connect the portal by OAuth to get tokens that end by themselves.";
    UpstreamUnauthorized "upstream_unauthorized" "UPSTREAM_UNAUTHORIZED" 502
        "HubSpot did not accept the access token", "The token was fresh, yet HubSpot refused it.", "Try again; if it stays, reconnect the portal.";
    UpstreamForbidden "upstream_forbidden" "UPSTREAM_FORBIDDEN" 502
        "HubSpot does not allow this for the connection", "A permission is missing, or the account's plan lacks the feature.", "Reconnect with the permission named, or go on without this part.";
    UpstreamNotFound "upstream_not_found" "UPSTREAM_NOT_FOUND" 502
        "HubSpot does not have this", "The object does not exist, or no longer.", "Retrieve the metadata again.";
    UpstreamRejected "upstream_rejected" "UPSTREAM_REJECTED" 502
        "HubSpot rejected the request", "HubSpot names a fault in the request.", "Quote the correlation id to support.";
    UpstreamRateLimited "upstream_rate_limited" "UPSTREAM_RATE_LIMITED" 429
        "HubSpot's rate limit is reached", "HubSpot takes 110 requests in ten seconds per account and app.", "Nothing to do; Portico waits and goes on by itself.";
    UpstreamUnavailable "upstream_unavailable" "UPSTREAM_UNAVAILABLE" 502
        "HubSpot is having trouble", "HubSpot answered with a server fault, or not in time.", "Portico tries again; try later if it stays.";
    UpstreamInvalid "upstream_invalid" "UPSTREAM_INVALID" 502
        "HubSpot's answer could not be read", "It was not JSON, or was cut off.", "Try again in a minute.";
    UpstreamRedirect "upstream_redirect" "UPSTREAM_REDIRECT" 502
        "HubSpot answered with a redirect", "Redirects are never followed, because a token would travel with them.", "Tell the operator.";
    UpstreamTooLarge "upstream_too_large" "UPSTREAM_TOO_LARGE" 502
        "HubSpot's answer is too large", "It is above the 8 MiB that the proxy passes on.", "Tell the operator which view you opened.";
    StoreUnavailable "store_unavailable" "STORE_UNAVAILABLE" 503
        "Portico cannot store anything just now", "Its database is down, full or too busy; nothing was asked of HubSpot, because the answer could not be kept.", "Try again in a moment; if it stays, tell the operator.";
    Internal "internal" "INTERNAL" 500
        "Portico failed", "This is a fault of ours.", "Try again; quote the correlation id to support.";
    PopupBlocked "popup_blocked" "POPUP_BLOCKED" 0
        "Your browser blocked the window", "A pop-up blocker stopped HubSpot's page from opening.", "Open it with the link shown here, or allow pop-ups for this site.";
    PopupClosed "popup_closed" "POPUP_CLOSED" 0
        "HubSpot's window seems to be closed", "Portico no longer hears from the window; a window that changes site can look closed too.", "Finish in HubSpot's window, open it again, or cancel. A late return is still accepted.";
    ProxyUnreachable "proxy_unreachable" "PROXY_UNREACHABLE" 0
        "Portico's proxy cannot be reached", "The network is down, the proxy is stopped, or this page's origin is not allowed.", "Check the connection; Portico keeps trying, and what was retrieved stays readable.";
    AnswerInvalid "answer_invalid" "ANSWER_INVALID" 0
        "The proxy's answer could not be read", "The app and the proxy may be of different versions.", "Reload the page to get the matching version.";
    StorageUnavailable "storage_unavailable" "STORAGE_UNAVAILABLE" 0
        "This browser keeps nothing for Portico", "Storage is denied, full or blocked by an older tab.", "Portico works on, but retrieves again after each reload.";
    PartNotLoaded "part_not_loaded" "PART_NOT_LOADED" 0
        "A part of Portico could not be loaded", "The network failed, or another version of Portico is served by now.", "Check the network and try again; if it stays, reload the page.";
    SnapshotUnreadable "snapshot_unreadable" "SNAPSHOT_UNREADABLE" 0
        "A stored snapshot is of another version", "It was written by another version of Portico, or is damaged.", "It was set aside and is being retrieved again.";
}

impl ErrorCode {
    /// The code that stands so on the wire.
    pub fn from_wire(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|candidate| candidate.entry().code == code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry().code)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().code)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// A code of a newer proxy reads as [`ErrorCode::Internal`]; its sentence still stands in the problem.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::from_wire(&text).unwrap_or(Self::Internal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_unique_and_says_what_why_and_what_now() {
        let mut wire = BTreeSet::new();
        let mut support = BTreeSet::new();
        for code in ErrorCode::ALL {
            let entry = code.entry();
            assert!(wire.insert(entry.code), "{} twice", entry.code);
            assert!(
                support.insert(entry.support_code),
                "{} twice",
                entry.support_code
            );
            assert!(
                entry
                    .code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{}",
                entry.code
            );
            assert!(
                !entry.title.ends_with('.'),
                "{}: a title is no sentence",
                entry.code
            );
            assert!(
                entry.meaning.ends_with('.') && entry.action.ends_with('.'),
                "{}",
                entry.code
            );
            assert!(
                entry.http_status == 0 || (400..600).contains(&entry.http_status),
                "{}",
                entry.code
            );
        }
    }

    /// S17, S18, S19: the names the field already quotes.
    #[test]
    fn the_fields_own_names_are_kept() {
        for (code, want) in [
            (ErrorCode::ScopeDenied, "AUTH_SCOPE_DENIED"),
            (ErrorCode::PlanLimit, "PORTAL_LIMIT_REACHED"),
            (ErrorCode::FlowExpired, "TOKEN_EXPIRED"),
        ] {
            assert_eq!(code.entry().support_code, want);
        }
    }

    #[test]
    fn codes_survive_the_wire_and_an_unknown_one_is_internal() {
        for code in ErrorCode::ALL {
            let text = serde_json::to_string(code).unwrap();
            assert_eq!(serde_json::from_str::<ErrorCode>(&text).unwrap(), *code);
        }
        assert_eq!(
            serde_json::from_str::<ErrorCode>("\"from_2030\"").unwrap(),
            ErrorCode::Internal
        );
    }
}
