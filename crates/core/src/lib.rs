//! Portico's rules: functions of their arguments, with no IO, clock, randomness or DOM.
//!
//! Shells (the proxy, the browser side) hand in times and random bytes, and carry out what is decided here.

pub mod accounts;
pub mod authorize;
pub mod connection_type;
pub mod diagnosis;
pub mod error;
pub mod explorer;
pub mod features;
pub mod flow;
pub mod forecast;
pub mod github;
pub mod guide;
pub mod help;
pub mod ids;
pub mod journal;
pub mod object_types;
pub mod operations;
pub mod order;
pub mod pkce;
pub mod portal_link;
pub mod probe;
pub mod reading;
pub mod retrieval;
pub mod route;
#[cfg(feature = "schema")]
pub mod schema;
pub mod scope_report;
pub mod scopes;
pub mod sse;
pub mod static_token;
pub mod status;
pub mod support;
pub mod text;
pub mod tier;
pub mod trace;
pub mod when;
pub mod wire;
pub mod workspace;
pub mod xray;
