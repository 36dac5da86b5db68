//! Sessions: who asks, and what their organization may do.

use super::{Provider, UnixSeconds, Workspace};
use serde::{Deserialize, Serialize};

/// What a person may do: an admin changes, a member sees (D34, D35).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May start flows and change or remove connections.
    Admin,
    /// May see connections and their metadata.
    Member,
}

/// What the organization has bought (J25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// Simultaneous portals, 0 to 100,000.
    #[cfg_attr(feature = "schema", schemars(range(max = 100_000)))]
    pub max_connections: u32,
}

/// Answer of `GET /v1/session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionInfo {
    /// Issuer: names the tenant. With `org` and `sub` it keys what the browser stores.
    pub iss: String,
    /// The organization's id within its issuer.
    pub org: String,
    /// The person's id within the issuer.
    pub sub: String,
    /// What this person may do.
    pub role: Role,
    /// The organization's plan.
    pub plan: Plan,
    /// Live connections that count against the plan.
    pub connections_used: u32,
    /// The organization's workspaces, by name.
    #[serde(default)]
    pub workspaces: Vec<Workspace>,
    /// Providers the operator has configured.
    pub providers: Vec<ProviderInfo>,
    /// When the session token ends.
    pub expires_at: UnixSeconds,
}

/// A configured provider: nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProviderInfo {
    /// Which one.
    pub provider: Provider,
    /// Host of its authorization endpoint, shown to people, e.g. `app.hubspot.com`.
    pub host: String,
    /// OAuth client id of the app.
    pub client_id: String,
    /// Scopes that every authorization request must name in `scope`.
    pub required_scopes: Vec<String>,
    /// Scopes that may be named in `optional_scope` or, when wanted, in `scope`.
    pub optional_scopes: Vec<String>,
    /// Return addresses the app's origin may use.
    pub return_uris: Vec<String>,
}

/// A bearer session, kept in memory only.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionToken {
    /// JWT of type `portico-session+jwt`, for the `Authorization` header only.
    pub token: String,
    /// When it ends; at most 600 s after it was issued.
    pub expires_at: UnixSeconds,
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "SessionToken([redacted], expires_at: {})",
            self.expires_at
        )
    }
}

/// `POST /v1/solo/launch`: introduces a browser to a solo proxy, once.
///
/// The browser keeps a P-256 key pair whose private half cannot be exported, so that nothing
/// it stores can be carried off and replayed.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Launch {
    /// From the launch link's fragment; single use.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::ENCODED_32_BYTES)))]
    pub ticket: String,
    /// Public half as a JWK: `{kty:"EC",crv:"P-256",x,y}`; other members are ignored.
    #[cfg_attr(feature = "schema", schemars(extend(
            "type" = "object",
            "properties" = {
                "kty": { "const": "EC" },
                "crv": { "const": "P-256" },
                "x": { "type": "string", "pattern": crate::schema::ENCODED_32_BYTES },
                "y": { "type": "string", "pattern": crate::schema::ENCODED_32_BYTES },
            },
            "required" = ["kty", "crv", "x", "y"],
        )))]
    pub public_key: serde_json::Value,
}

/// Answer of `POST /v1/solo/launch`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Launched {
    /// Names the browser's key in later assertions.
    pub device_id: String,
    /// The first session.
    pub session: SessionToken,
}

/// `POST /v1/solo/session`: a fresh session against proof of the browser's key.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RenewSession {
    /// JWT, ES256, header `typ` = `portico-device+jwt` and `kid` = device id, claims `iss` = device id,
    /// `aud` = the proxy's base URL, `iat`, `exp` (at most 60 s later), `jti` (single use).
    pub assertion: String,
}
