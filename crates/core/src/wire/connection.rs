//! Connections as facts (design, section 5): the browser derives the status word.

use super::{Provider, UnixSeconds};
use crate::connection_type::ConnectionType;
use crate::ids::{ConnectionId, PortalId, WorkspaceId};
use serde::{Deserialize, Deserializer, Serialize};

/// `accountType` of account-info (platform, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountType {
    /// An ordinary account.
    Standard,
    /// A developer's test account, which behaves like an Enterprise trial.
    DeveloperTest,
    /// A sandbox of an account.
    Sandbox,
    /// The account that owns apps.
    AppDeveloper,
    /// A value newer than this version.
    #[serde(other)]
    Unknown,
}

/// What the provider says of the account; every field that may be absent there may be absent here.
///
/// Of GitHub, an account is the person who authorized: `portal_id`, `name`, `ui_domain`, `authorised_by` and `user_id`
/// are all there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Account {
    /// `hub_id`, `portalId`; of GitHub its numeric id of the account.
    pub portal_id: PortalId,
    /// `portalName`; only newer versions of account-info have it. Of GitHub the login.
    #[serde(default)]
    pub name: Option<String>,
    /// `hub_domain` of introspection.
    #[serde(default)]
    pub hub_domain: Option<String>,
    /// `accountType`.
    #[serde(default)]
    pub account_type: Option<AccountType>,
    /// Host for links into HubSpot, or into GitHub.
    #[serde(default)]
    pub ui_domain: Option<String>,
    /// `na1`, `eu1`, …
    #[serde(default)]
    pub data_hosting_location: Option<String>,
    /// IANA name.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// ISO 4217.
    #[serde(default)]
    pub company_currency: Option<String>,
    /// ISO 4217; non-empty means Starter or higher.
    #[serde(default)]
    pub additional_currencies: Vec<String>,
    /// `usageLimit` of api-usage/daily/private-apps: the best evidence of the tier.
    #[serde(default)]
    pub daily_usage_limit: Option<u64>,
    /// E-mail of the authorising user, as introspection names it; of GitHub the name they show, if any.
    #[serde(default)]
    pub authorised_by: Option<String>,
    /// `user_id` of the authorising user.
    #[serde(default)]
    pub user_id: Option<u64>,
}

/// How the grant was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// Authorization code grant; refreshed, unless its token has no end.
    Oauth,
    /// Private app token or service key; never expires.
    Static,
}

/// How the last refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefreshOutcome {
    /// A fresh access token was stored.
    Refreshed,
    /// Nothing is known of the grant; tried again later.
    Transient,
    /// The provider refused for good.
    Refused,
}

/// The last refresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshFact {
    /// When it ended.
    pub at: UnixSeconds,
    /// How.
    pub outcome: RefreshOutcome,
}

/// What kind of fault stands now (threat model, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultCategory {
    /// The grant is dead: only a person can mend it.
    GrantDead,
    /// Weather: tried again by itself.
    Transient,
    /// HTTP 477: the account is being moved.
    Migration,
    /// The app's own credentials or addresses are refused.
    Configuration,
}

/// The cause as far as HubSpot's answer tells it (R8–R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultCause {
    /// BAD_REFRESH_TOKEN, GitHub's bad_refresh_token: revoked, uninstalled, or the authoriser lost access; HubSpot does not say which.
    RefreshTokenInvalid,
    /// BAD_SCOPES: the app's scopes changed.
    ScopesChanged,
    /// BAD_HUB: the account is gone, merged or not accessible.
    AccountGone,
    /// A single-use token was spent and the answer never stored: the proxy was stopped meanwhile, or nothing came back.
    LostResponse,
    /// 429, 5xx, 423, time-outs, answers that cannot be read.
    ProviderTrouble,
    /// HTTP 477.
    Migration,
    /// The app's own credentials.
    ClientCredentials,
    /// HubSpot no longer knows a static token: it was rotated, or its app or key was deleted.
    StaticTokenInvalid,
    /// A cause newer than this version.
    #[serde(other)]
    Unknown,
}

/// The present fault; success clears it in the same commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fault {
    /// Its kind.
    pub category: FaultCategory,
    /// Its cause.
    pub cause: FaultCause,
    /// Since when.
    pub at: UnixSeconds,
    /// HubSpot's correlation id, for support.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// When the next try is due.
    #[serde(default)]
    pub next_try_at: Option<UnixSeconds>,
}

/// The grant was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation {
    /// When.
    pub at: UnixSeconds,
    /// `here` when somebody removed it in Portico, else `provider`.
    pub by: String,
}

/// What is known of the grant: never the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GrantFacts {
    /// How it was obtained.
    pub kind: GrantKind,
    /// Scopes of the last authorization request, required and optional.
    pub asked: Vec<String>,
    /// Scopes introspection reports; none of a GitHub App, whose permissions are its installations'.
    pub granted: Vec<String>,
    /// Scopes the app requires today.
    pub required: Vec<String>,
    /// When the grant was obtained; for a static credential, when its token was entered.
    pub obtained_at: UnixSeconds,
    /// Last four characters of a static token, so that people can tell tokens apart; absent for OAuth.
    #[serde(default)]
    pub hint: Option<String>,
    /// When the access token in hand expires; absent for static credentials and an OAuth app's token of GitHub.
    #[serde(default)]
    pub expires_at: Option<UnixSeconds>,
    /// The last refresh, if there was one.
    #[serde(default)]
    pub last_refresh: Option<RefreshFact>,
    /// The fault that stands now.
    #[serde(default)]
    pub fault: Option<Fault>,
    /// Set once the grant was given up.
    #[serde(default)]
    pub revoked: Option<Revocation>,
}

/// One portal of one organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection {
    /// Stays through every reconnect (R24).
    pub id: ConnectionId,
    /// Whose account.
    pub provider: Provider,
    /// Grows with each change; `If-Match` of an update carries it.
    pub version: u64,
    /// A person's own name for it (D14, D15).
    #[serde(default)]
    pub label: Option<String>,
    /// The workspace it is grouped under, if any.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
    /// Gates operations.
    pub connection_type: ConnectionType,
    /// What HubSpot says of the account.
    pub account: Account,
    /// What is known of the grant.
    pub grant: GrantFacts,
    /// `sub` of the person who added it.
    pub connected_by: String,
    /// When it was added.
    pub created_at: UnixSeconds,
    /// When it last changed.
    pub updated_at: UnixSeconds,
}

/// `PATCH /v1/connections/{id}` with `If-Match: "<version>"`; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateConnection {
    /// A new label of 1 to 100 characters; empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::LABEL)))]
    pub label: Option<String>,
    /// A new connection type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<ConnectionType>,
    /// Another workspace, or `null` for none.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Option<WorkspaceId>"))]
    pub workspace: Option<Option<WorkspaceId>>,
}

/// What stands there, `null` included.
#[expect(clippy::option_option, reason = "absent stays, null removes")]
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<WorkspaceId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `POST /v1/connections/static`: adds a portal by a private app token or a service key (D26, B14).
///
/// A portal that is already connected so gets the new token and keeps all else.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddStatic {
    /// Whose token.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "hubspot")))]
    pub provider: Provider,
    /// The token: `pat-…`. Never shown again.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::STATIC_TOKEN)))]
    pub token: String,
    /// The type chosen while adding (J12).
    pub connection_type: ConnectionType,
    /// A name of the person's own, of at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::LABEL)))]
    pub label: Option<String>,
    /// The workspace to group it under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
}

/// `PUT /v1/connections/{id}/credential`: another token of the same portal (B18).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplaceCredential {
    /// The new token: `pat-…`. Never shown again.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::STATIC_TOKEN)))]
    pub token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D69: a change can set, remove or leave the workspace.
    #[test]
    fn an_absent_workspace_stays_and_null_removes_it() {
        let id: WorkspaceId = "w1".parse().unwrap();
        for (text, want) in [
            ("{}", None),
            (r#"{"workspace":null}"#, Some(None)),
            (r#"{"workspace":"w1"}"#, Some(Some(id))),
        ] {
            let change: UpdateConnection = serde_json::from_str(text).unwrap();
            assert_eq!(change.workspace, want, "{text}");
            assert_eq!(serde_json::to_string(&change).unwrap(), text);
        }
        assert!(serde_json::from_str::<UpdateConnection>(r#"{"workspace":"a/b"}"#).is_err());
    }

    /// B10: a cause of a newer proxy is read as unknown, never as a fault of the reader.
    #[test]
    fn a_cause_reads_as_it_is_written() {
        let cause = FaultCause::StaticTokenInvalid;
        assert_eq!(
            serde_json::to_string(&cause).unwrap(),
            r#""static_token_invalid""#
        );
        assert_eq!(
            serde_json::from_str::<FaultCause>(r#""from_2030""#).unwrap(),
            FaultCause::Unknown
        );
    }
}
