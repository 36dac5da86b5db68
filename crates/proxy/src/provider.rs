//! What the proxy asks of HubSpot, and what its answers mean.
//! Owns outbound HTTP: fixed hosts, our own headers, no redirects, no proxies. Stores nothing.

pub(crate) mod classify;
pub(crate) mod hubspot;
pub(crate) mod retry_after;
pub(crate) mod static_token;
pub(crate) mod tokens;

pub(crate) use hubspot::HubSpotClient;
