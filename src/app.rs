//! The one component with state: joins core, view and shell.
//! Owns what is on screen and which request is under way; the rules are the core's, the drawing is the view's.

mod accounts;
mod boot;
mod bulk;
mod connections;
mod explore;
mod flow;
mod flows;
mod github;
mod help;
mod journal;
mod keep;
mod parts;
mod retrieve;
mod support;
mod token_entry;
mod update;
mod workspaces;

pub(crate) use accounts::{Accounts, Line, Sight, TableAction};
pub(crate) use bulk::{Bulk, BulkStep, Fared};
pub(crate) use explore::{Explore, Explorer, ExplorerAction, Loading, RecordTab};
pub(crate) use journal::{Check, JournalMsg, JournalPage, JournalProps};
pub(crate) use token_entry::EntryAction;
pub(crate) use workspaces::{Change, PlaceAction};

use crate::later::{Arrival, Parts};
use crate::shell::download::Saved;
use crate::shell::events::{self, StreamState, Subscription};
use crate::shell::host::{HostEvent, Layout, Routing};
use crate::shell::location::{self, HashListener};
use crate::shell::retrieval::ProgressUpdate;
use crate::shell::session::SessionSource;
use crate::shell::task::Task;
use crate::shell::timer::Interval;
use crate::view;
use boot::Booted;
use flow::FlowDriver;
pub(crate) use github::{Adding, Git, GitAction, GitHub, Held};
use portico_core::connection_type::ConnectionType;
use portico_core::ids::{ConnectionId, PortalId, WorkspaceId};
use portico_core::route::Route;
use portico_core::wire::{Connection, Event, Intent, Problem, Provider, ProviderInfo};
use retrieve::Retrievals;
use yew::prelude::*;

/// What the element hands in.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct AppProps {
    /// Base URL of the proxy, absolute.
    pub(crate) proxy_url: String,
    /// The registered return page; by default the one of this page's origin.
    pub(crate) return_uri: Option<String>,
    /// Where sessions come from.
    pub(crate) session: SessionSource,
    /// A page of its own, or a part of a partner's.
    pub(crate) layout: Layout,
    /// Whether views have addresses in the location hash.
    pub(crate) routing: Routing,
    /// News for the host page.
    pub(crate) emit: Callback<HostEvent>,
}

/// Which dialog is open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dialog {
    /// Add a portal, or reconnect one; follows the flow to its end.
    Flow {
        provider: Provider,
        intent: Intent,
        connection: Option<ConnectionId>,
        connection_type: ConnectionType,
    },
    EditType {
        connection: ConnectionId,
        chosen: ConnectionType,
    },
    Rename {
        connection: ConnectionId,
        text: String,
    },
    /// The plan of a deed for one portal or many stands in `Ready::bulk`.
    Bulk,
    Move {
        connection: ConnectionId,
        chosen: Option<WorkspaceId>,
    },
    /// Add a portal by a token, or give a known one another; the token itself stays in its field.
    Static {
        connection: Option<ConnectionId>,
        connection_type: ConnectionType,
        label: String,
        workspace: Option<WorkspaceId>,
    },
    /// Link a repository to a GitHub connection (D39–D41).
    AddRepo { connection: ConnectionId },
}

/// What a person asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Go(Route),
    AddPortal,
    ConnectGit,
    Reconnect(ConnectionId),
    /// Asks for the permissions a connection does not hold yet (D68).
    Upgrade(ConnectionId),
    ChooseType(ConnectionType),
    CancelFlow,
    CloseDialog,
    EditType(ConnectionId),
    Rename(ConnectionId),
    RenameText(String),
    Remove(ConnectionId),
    Confirm,
    Retrieve(ConnectionId),
    ViewMetadata(PortalId),
    /// Closes the finished flow's dialog on the way.
    ViewMetadataAfterFlow(PortalId),
    Search(String),
    /// What is shown and chosen in the portal table.
    Table(TableAction),
    /// Puts the address of the present table on the clipboard.
    CopyView,
    Bulk(BulkStep),
    /// Asks for data, to see whether it flows.
    Test(ConnectionId),
    Explore(ExplorerAction),
    Place(PlaceAction),
    Entry(EntryAction),
    Git(GitAction),
    DismissToast,
    CopyText(String),
    /// Whether the open help entry helped (S20).
    Helpful(bool),
    DownloadSupport,
    /// Downloads what this browser holds of a portal.
    Keep(ConnectionId),
    Retry,
    /// Asks again for a part of the app that did not load.
    LoadAgain,
}

pub(crate) enum Msg {
    Booted(Result<Box<Booted>, Box<Problem>>),
    Remote(Event),
    Stream(StreamState),
    /// The list, read when so many changes had been seen; `confirmed` when it is the second reading.
    Reloaded {
        seen: u32,
        confirmed: bool,
        result: Result<Vec<Connection>, Box<Problem>>,
    },
    Hash(String),
    FlowChanged,
    Act(Action),
    Progress(ProgressUpdate),
    Stored(PortalId, portico_core::retrieval::Kind, String),
    Loaded(Box<explore::Loaded>),
    Git(Box<github::Came>),
    Changed(ConnectionId, Result<Box<Connection>, Box<Problem>>),
    Copied(bool),
    Arrived(Arrival),
    Fared(Box<bulk::BulkResult>),
    Kept(Result<Saved, Box<Problem>>),
    Place(workspaces::PlaceMsg),
    Entered(token_entry::Entered),
    Tick,
}

/// Before the session stands, after it, or why not.
pub(crate) enum Phase {
    Starting,
    Failed(Box<Problem>),
    Ready(Box<Ready>),
}

pub(crate) struct Ready {
    pub(crate) booted: Booted,
    pub(crate) flow: FlowDriver,
    pub(crate) retrievals: Retrievals,
    pub(crate) explorer: Option<Box<dyn Explore>>,
    /// Linked repositories; from the first look at Connections on.
    pub(crate) git: Option<Box<dyn Git>>,
    pub(crate) stream: StreamState,
    pub(crate) dialog: Option<Dialog>,
    /// The dialog's request is under way.
    pub(crate) busy: bool,
    pub(crate) problem: Option<Box<Problem>>,
    pub(crate) toast: Option<String>,
    pub(crate) accounts: Accounts,
    pub(crate) bulk: Option<Bulk>,
    /// The file that was offered last; the browser reads it while this stands.
    saved: Option<Saved>,
    /// What was answered of the open help entry.
    pub(crate) helpful: Option<bool>,
    /// What support needs of the last failure.
    support: Option<support::Support>,
    pub(crate) places: workspaces::Places,
    /// Numbers the dialogs that take a token; the answer to a closed one closes no other.
    entering: u32,
    flow_settled: bool,
    /// The flow's own dialog, to come back to while it runs.
    flow_dialog: Option<Dialog>,
    /// Changes of connections seen so far: an older list must not undo a newer change.
    changes: u32,
    _events: Subscription,
}

pub(crate) struct App {
    phase: Phase,
    route: Route,
    parts: Parts,
    _hash: Option<HashListener>,
    _clock: Interval,
    /// Signing in; ends with the widget.
    boot: Task,
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let boot = boot::begin(ctx);
        let hash = (ctx.props().routing == Routing::Hash)
            .then(|| location::listen(ctx.link().callback(Msg::Hash)));
        let link = ctx.link().clone();
        // Statuses speak of minutes; two ticks a minute keep them true.
        let clock = Interval::new(30_000, move || link.send_message(Msg::Tick));
        let start = if hash.is_some() {
            location::hash()
        } else {
            String::new()
        };
        Self {
            phase: Phase::Starting,
            parts: Parts::default(),
            route: Route::parse(&start),
            _hash: hash,
            _clock: clock,
            boot,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        self.handle(ctx, message)
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let act = ctx.link().callback(Msg::Act);
        match &self.phase {
            Phase::Starting => view::frame::starting(),
            Phase::Failed(problem) => {
                view::frame::failed(problem, &self.route, &self.parts, ctx.props().routing, &act)
            }
            Phase::Ready(ready) => {
                // The window opens inside the click, so these two call the driver directly.
                let start = ready.start_flow(ctx);
                let driver = ready.flow.clone();
                let reopen = Callback::from(move |()| driver.reopen());
                view::frame::ready(&view::Scene {
                    route: &self.route,
                    parts: &self.parts,
                    ready,
                    layout: ctx.props().layout,
                    routing: ctx.props().routing,
                    act: &act,
                    start: &start,
                    reopen: &reopen,
                })
            }
        }
    }
}

impl App {
    fn become_ready(&mut self, ctx: &Context<Self>, booted: Booted) {
        let link = ctx.link();
        let flow = FlowDriver::new(booted.proxy.clone(), link.callback(|()| Msg::FlowChanged));
        let events = events::subscribe(
            booted.proxy.clone(),
            link.callback(Msg::Remote),
            link.callback(Msg::Stream),
        );
        let mut retrievals = Retrievals::new(
            booted.proxy.clone(),
            booted.store.clone(),
            link.callback(Msg::Progress),
            link.callback(|(portal, kind, part)| Msg::Stored(portal, kind, part)),
        );
        for connection in &booted.connections {
            retrievals.resume(connection);
        }
        let accounts = Accounts::new(&booted.connections, &booted.session.workspaces);
        self.phase = Phase::Ready(Box::new(Ready {
            booted,
            flow,
            retrievals,
            explorer: None,
            git: None,
            stream: StreamState::Live,
            dialog: None,
            busy: false,
            problem: None,
            toast: None,
            accounts,
            bulk: None,
            saved: None,
            helpful: None,
            support: None,
            places: workspaces::Places::default(),
            entering: 0,
            flow_settled: false,
            flow_dialog: None,
            changes: 0,
            _events: events,
        }));
        self.follow_route(ctx);
    }
}

impl Ready {
    pub(crate) fn connection(&self, id: &ConnectionId) -> Option<&Connection> {
        self.booted
            .connections
            .iter()
            .find(|connection| connection.id == *id)
    }

    pub(crate) fn portal(&self, portal: PortalId) -> Option<&Connection> {
        self.of(Provider::Hubspot)
            .find(|connection| connection.account.portal_id == portal)
    }

    /// What the operator has configured of a provider.
    pub(crate) fn info(&self, provider: Provider) -> Option<&ProviderInfo> {
        let mut providers = self.booted.session.providers.iter();
        providers.find(|info| info.provider == provider)
    }

    /// The connections of one provider: a portal and a GitHub account may have the same number.
    pub(crate) fn of(&self, provider: Provider) -> impl Iterator<Item = &Connection> {
        self.booted
            .connections
            .iter()
            .filter(move |connection| connection.provider == provider)
    }
}
