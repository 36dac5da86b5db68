//! Which portals are being retrieved, and how far each has come.

use crate::shell::clock::now_seconds;
use crate::shell::gate::Gate;
use crate::shell::proxy::Proxy;
use crate::shell::retrieval::{Mode, ProgressUpdate, Retrieval};
use crate::shell::store::Store;
use litemap::LiteMap;
use portico_core::ids::PortalId;
use portico_core::retrieval::{Kind, Phase};
use portico_core::status::read_status;
use portico_core::wire::{Connection, Provider, UnixSeconds};
use yew::Callback;

/// Portals that are retrieved at once; the others are pending (D10). Each has a budget of its own at HubSpot, and all share
/// the browser's few connections to the proxy.
const AT_ONCE: usize = 4;

pub(crate) struct Retrievals {
    proxy: Proxy,
    store: Store,
    on_progress: Callback<ProgressUpdate>,
    on_stored: Callback<(PortalId, Kind, String)>,
    running: LiteMap<PortalId, (Mode, Retrieval)>,
    gate: Gate,
    progress: LiteMap<PortalId, ProgressUpdate>,
    /// When each run began: a wait that lasts too long is told (D48).
    began: LiteMap<PortalId, UnixSeconds>,
}

impl Retrievals {
    pub(super) fn new(
        proxy: Proxy,
        store: Store,
        on_progress: Callback<ProgressUpdate>,
        on_stored: Callback<(PortalId, Kind, String)>,
    ) -> Self {
        let (running, progress) = (LiteMap::new(), LiteMap::new());
        Self {
            proxy,
            store,
            on_progress,
            on_stored,
            running,
            gate: Gate::new(AT_ONCE),
            progress,
            began: LiteMap::new(),
        }
    }

    /// Goes on where the browser's store stands; a whole snapshot costs no call.
    ///
    /// A run that could not ask, or that was stopped by a fault, starts again once the connection is alive.
    pub(super) fn resume(&mut self, connection: &Connection) {
        if connection.provider != Provider::Hubspot {
            return;
        }
        let portal = connection.account.portal_id;
        let stopped = self
            .progress
            .get(&portal)
            .is_some_and(|update| matches!(update.overall.phase, Phase::Error(_)));
        match self.running.get(&portal) {
            Some((Mode::ReadOnly, _)) if alive(connection) => {}
            Some(_) if !stopped || !alive(connection) => return,
            _ => {}
        }
        self.start(connection, Mode::Resume);
    }

    /// Reads everything again (D8); unchanged parts are not written again.
    pub(super) fn fresh(&mut self, connection: &Connection) {
        self.start(connection, Mode::Fresh);
    }

    fn start(&mut self, connection: &Connection, mode: Mode) {
        // Metadata is a portal's; a GitHub account has none, and its number may be some portal's.
        if connection.provider != Provider::Hubspot {
            return;
        }
        let portal = connection.account.portal_id;
        // R5, R28: while yellow or red nothing is asked, and what was retrieved stays readable.
        let mode = if alive(connection) {
            mode
        } else {
            Mode::ReadOnly
        };
        let on_stored = self
            .on_stored
            .reform(move |(kind, part)| (portal, kind, part));
        // The former run stops before the next one takes its lock.
        self.running.remove(&portal);
        let run = Retrieval::start(
            self.proxy.clone(),
            self.store.clone(),
            connection,
            mode,
            self.on_progress.clone(),
            on_stored,
            self.gate.clone(),
        );
        self.running.insert(portal, (mode, run));
        self.began.insert(portal, now_seconds());
    }

    pub(super) fn forget(&mut self, portal: PortalId) {
        self.running.remove(&portal);
        self.progress.remove(&portal);
        self.began.remove(&portal);
    }

    pub(super) fn note(&mut self, update: ProgressUpdate) {
        self.progress.insert(update.portal, update);
    }

    pub(crate) fn of(&self, portal: PortalId) -> Option<&ProgressUpdate> {
        self.progress.get(&portal)
    }

    /// When the run of a portal began, if there is one.
    pub(crate) fn began(&self, portal: PortalId) -> Option<UnixSeconds> {
        self.began.get(&portal).copied()
    }
}

fn alive(connection: &Connection) -> bool {
    read_status(connection, now_seconds())
        .status
        .calls_allowed()
}
