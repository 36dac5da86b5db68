//! Authorization flows on the wire (threat model, section 2).

use super::{Connection, Provider, UnixSeconds};
use crate::connection_type::ConnectionType;
use crate::error::ErrorCode;
use crate::ids::{ConnectionId, FlowId};
use serde::{Deserialize, Serialize};

/// Why a flow is made (design, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// A portal is added; one already known to the organization becomes a reconnect.
    Connect,
    /// A fresh grant for a known connection, with the scopes it already holds.
    Reconnect,
    /// A grant with more scopes for a known connection.
    Upgrade,
}

/// `POST /v1/flows`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend(
        "if" = { "properties": { "intent": { "const": "connect" } } },
        "then" = { "properties": { "connection_id": { "type": "null" } } },
        "else" = {
            "properties": { "connection_id": { "type": "string" } },
            "required": ["connection_id"],
        },
    ))
)]
#[serde(deny_unknown_fields)]
pub struct StartFlow {
    /// Who is asked for consent.
    pub provider: Provider,
    /// Why.
    pub intent: Intent,
    /// For [`Intent::Connect`]: the type chosen while adding (J12). Otherwise the connection's own stays.
    pub connection_type: ConnectionType,
    /// For reconnect and upgrade: which connection. Absent for connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<ConnectionId>,
    /// `scope` of the authorization request.
    #[cfg_attr(feature = "schema", schemars(length(max = 200), extend("uniqueItems" = true, "items" = { "type": "string", "pattern": crate::schema::SCOPE })))]
    pub scopes: Vec<String>,
    /// `optional_scope` of the authorization request.
    #[cfg_attr(feature = "schema", schemars(length(max = 200), extend("uniqueItems" = true, "items" = { "type": "string", "pattern": crate::schema::SCOPE })))]
    pub optional_scopes: Vec<String>,
    /// `BASE64URL(SHA-256(code_verifier))`, 43 characters.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::ENCODED_32_BYTES)))]
    pub code_challenge: String,
    /// Always `S256`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "S256")))]
    pub code_challenge_method: String,
    /// `BASE64URL(SHA-256(state))`, 43 characters.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::ENCODED_32_BYTES)))]
    pub state_hash: String,
    /// The return page, byte for byte as the operator registered it.
    pub return_uri: String,
}

/// Answer of `POST /v1/flows`, status 201: what the authorization URL is built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlowStarted {
    /// The flow.
    pub flow_id: FlowId,
    /// `client_id` of the authorization request.
    pub client_id: String,
    /// `redirect_uri` of the authorization request: on the proxy.
    pub redirect_uri: String,
    /// Authorization endpoint, pinned to the account for reconnect and upgrade.
    pub authorize_endpoint: String,
    /// When the flow ends, 600 s after it began.
    pub expires_at: UnixSeconds,
}

/// Where the proxy stands with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlowPhase {
    /// Registered; nobody has come back yet.
    Started,
    /// The code is here; claim and verifier are awaited.
    Coded,
    /// The code is being redeemed.
    Exchanging,
    /// A connection stands.
    Done,
    /// Over; see `failure`.
    Failed,
}

/// Answer of `GET /v1/flows/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlowState {
    /// The flow.
    pub id: FlowId,
    /// Its phase.
    pub phase: FlowPhase,
    /// Set when failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ErrorCode>,
    /// Set when done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<ConnectionId>,
    /// When it ends by itself.
    pub expires_at: UnixSeconds,
}

/// `POST /v1/flows/{id}/complete`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CompleteFlow {
    /// One-time claim from the return page's fragment. Absent or wrong: `claim_required`.
    #[serde(default)]
    pub claim: String,
    /// `code_verifier` of RFC 7636.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::VERIFIER)))]
    pub code_verifier: String,
}

/// Answer of `POST /v1/flows/{id}/complete`; the same again for 600 s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompletedFlow {
    /// The connection as it stands now.
    pub connection: Connection,
    /// True when the portal was already known: the flow became a reconnect.
    pub reconnected: bool,
}
