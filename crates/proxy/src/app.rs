//! What every part of a running proxy shares. Owns nothing but the handles; each part owns its own rules.

use crate::config::{Config, Solo};
use crate::events::Bus;
use crate::grant::refresh::Flights;
use crate::limits::Limiter;
use crate::provider::HubSpotClient;
use crate::relay::Slots;
use crate::seal::Sealer;
use crate::session::{LocalIssuer, Sessions};
use crate::spool::Spool;
use crate::store::connections::ConnectionRow;
use crate::store::{DbResult, Owner, Store};
use portico_core::wire::{Connection, Event};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The one organization that the proxy issues sessions for by itself.
pub(crate) struct LocalOrg {
    /// Whose its rows are.
    pub(crate) owner: Owner,
    pub(crate) issuer: LocalIssuer,
    pub(crate) settings: Solo,
}

/// Handles of one running proxy.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) sealer: Sealer,
    pub(crate) spool: Spool,
    pub(crate) sessions: Sessions,
    /// The solo organization, where there is one.
    pub(crate) solo: Option<LocalOrg>,
    pub(crate) hubspot: HubSpotClient,
    pub(crate) bus: Bus,
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

    /// Tells an org how a connection stands. A fault is logged: news must not fail what it tells of.
    pub(crate) async fn announce(&self, owner: &Owner, id: &str) {
        let found = crate::store::connections::find(self.store.readers(), owner, id).await;
        match found.and_then(|row| row.map(|row| self.facts(&row)).transpose()) {
            Ok(Some(connection)) => {
                let event = Event::ConnectionChanged {
                    connection: Box::new(connection),
                };
                self.bus.publish(owner, None, event);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(error = %error, "a change could not be announced"),
        }
    }
}
