//! Relay calls: a named operation's arguments, and the rate-limit headers that come back.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// `POST /v1/connections/{id}/relay/{operation}`.
///
/// The answer is the provider's JSON as it came (status 200), or a problem.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayRequest {
    /// Values of the path template's parameters.
    #[serde(default, skip_serializing_if = "LiteMap::is_empty")]
    pub params: LiteMap<String, String>,
    /// Query parameters the operation allows.
    #[serde(default, skip_serializing_if = "LiteMap::is_empty")]
    pub query: LiteMap<String, String>,
    /// JSON body, for the operations that take one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<serde_json::Value>,
}

/// `X-HubSpot-RateLimit-*` of an answer (platform, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// `-Max`: requests in one window.
    pub max: u32,
    /// `-Remaining`: what is left of it.
    pub remaining: u32,
    /// `-Interval-Milliseconds`: the window.
    pub interval_ms: u32,
}
