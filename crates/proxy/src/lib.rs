//! Portico's token-exchange proxy: keeps HubSpot grants sealed and alive, and relays named reads.
//!
//! The browser never holds a provider token; the proxy never keeps portal metadata. `ARCHITECTURE.md` has
//! the rooms, `README.md` the command line. Start it with [`Proxy::start`].

mod app;
pub mod config;
#[cfg(test)]
mod documented;
mod emergency;
mod error;
mod events;
mod grant;
mod keys;
mod limits;
mod peers;
mod provider;
mod random;
mod relay;
mod rotation;
mod running;
mod seal;
mod server;
mod session;
mod spool;
mod store;
pub mod telemetry;
mod web;

pub use emergency::{LiveGrants, RevokeAllError, RevokedAll, live_grants, revoke_all};
pub use keys::KeyError;
pub use rotation::{KeyReport, RotationError};
pub use running::{Proxy, RunningProxy, StartError, key_reports, launch_link};
pub use store::StoreError;
