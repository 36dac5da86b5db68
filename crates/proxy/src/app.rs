//! What every part of a running proxy shares. Owns nothing but the handles; each part owns its own rules.

use crate::config::{Config, Solo};
use crate::error::{ApiError, ApiResult};
use crate::grant::cache::Grants;
use crate::grant::refresh::Flights;
use crate::limits::Limiter;
use crate::peers::Forwarders;
use crate::provider::{ProviderClient, Providers};
use crate::refusals::Refusals;
use crate::relay::Slots;
use crate::seal::Sealer;
use crate::service_keys::Fetches;
use crate::session::{LocalIssuer, Sessions};
use crate::spool::Spool;
use crate::store::connections::ConnectionRow;
use crate::store::{DbResult, Owner, Store};
use crate::telemetry::Telemetry;
use crate::web::Places;
use crate::webhooks::Endpoint;
use portico_core::error::ErrorCode;
use portico_core::wire::{Connection, Provider};
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
    pub(crate) providers: Providers,
    /// Where news of connections is sent.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) flights: Flights,
    pub(crate) grants: Grants,
    pub(crate) slots: Slots,
    pub(crate) limiter: Limiter,
    /// Room for requests, and for event streams.
    pub(crate) places: Arc<Places>,
    pub(crate) streams: Arc<Places>,
    pub(crate) forwarders: Forwarders,
    pub(crate) telemetry: Telemetry,
    pub(crate) refusals: Refusals,
    pub(crate) fetches: Fetches,
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
        let required = match self.providers.find(row.provider()?) {
            Some(client) => client.description().required_scopes.as_slice(),
            None => &[],
        };
        row.facts(required)
    }

    /// The provider, if the operator has configured an app there.
    pub(crate) fn provider(&self, provider: Provider) -> ApiResult<&ProviderClient> {
        self.providers.find(provider).ok_or_else(|| {
            let sentence = format!("This proxy has no {} app configured.", provider.title());
            ApiError::with_detail(ErrorCode::ConfigFault, sentence).about(provider)
        })
    }
}
