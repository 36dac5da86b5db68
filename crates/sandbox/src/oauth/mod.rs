//! HubSpot as an authorization server (platform 1). Knows no metadata beyond what the account picker shows.

pub(crate) mod authorize;
pub(crate) mod error;
pub(crate) mod introspect;
pub(crate) mod mint;
pub(crate) mod pages;
pub(crate) mod static_info;
pub(crate) mod token;
