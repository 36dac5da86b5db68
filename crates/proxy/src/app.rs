//! What every part of a running proxy shares. Owns nothing but the handles; each part owns its own rules.

use crate::config::Config;
use crate::grant::refresh::Flights;
use crate::limits::Limiter;
use crate::provider::HubSpotClient;
use crate::relay::Slots;
use crate::seal::Sealer;
use crate::session::{LocalIssuer, Sessions};
use crate::store::connections::ConnectionRow;
use crate::store::{DbResult, Owner, Store};
use crate::webhooks::Endpoint;
use portico_core::wire::Connection;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Handles of one running proxy.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
    pub(crate) sessions: Sessions,
    pub(crate) issuer: LocalIssuer,
    /// Owner of what belongs to the solo organization.
    pub(crate) solo: Owner,
    pub(crate) hubspot: HubSpotClient,
    /// Where news of connections is sent.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) flights: Flights,
    pub(crate) slots: Slots,
    pub(crate) limiter: Limiter,
    /// Work that must outlive the request that began it.
    pub(crate) tasks: TaskTracker,
    /// Set when the proxy is to stop.
    pub(crate) stop: CancellationToken,
    /// Wakes the worker of pending revocations.
    pub(crate) revocations: Notify,
}

/// As handlers and tasks hold it.
pub(crate) type Shared = Arc<App>;

impl App {
    /// A connection as its org may see it.
    pub(crate) fn facts(&self, row: &ConnectionRow) -> DbResult<Connection> {
        row.facts(&self.config.hubspot.required_scopes)
    }
}
