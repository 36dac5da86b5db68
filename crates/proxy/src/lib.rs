//! Portico's token-exchange proxy: keeps HubSpot and GitHub grants sealed and alive, and relays named reads.
//!
//! The browser never holds a provider token; the proxy never keeps portal metadata. `ARCHITECTURE.md` has
//! the rooms, `README.md` the command line. Start it with [`Proxy::start`].

mod app;
mod checks;
pub mod config;
#[cfg(test)]
mod documented;
mod emergency;
mod error;
mod events;
mod export;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../fuzz/targets/mod.rs"]
#[doc(hidden)]
pub mod fuzzing;
mod grant;
mod keys;
mod limits;
mod partner_key;
mod peers;
mod probe;
mod provider;
mod random;
mod refusals;
mod relay;
mod rotation;
mod running;
mod seal;
mod server;
mod service_keys;
mod session;
mod spool;
mod store;
pub mod telemetry;
mod tenants;
mod web;
pub mod webhooks;

pub use emergency::{LiveGrants, RevokeAllError, RevokedAll, live_grants, revoke_all};
pub use export::{ExportError, ExportOf, VerifyError, export_journal, verify_journal};
pub use keys::KeyError;
pub use partner_key::{PartnerKey, PartnerKeyError, SessionOf};
pub use rotation::{KeyReport, RotationError};
pub use running::{Proxy, RunningProxy, StartError, key_reports, launch_link};
pub use service_keys::new_service_key;
pub use store::StoreError;

/// The description of the interface, as `docs/openapi.json` holds it.
///
/// Errors: a route without a description, or the other way round.
#[cfg(feature = "openapi")]
pub fn openapi() -> Result<serde_json::Value, String> {
    web::openapi::document()
}
