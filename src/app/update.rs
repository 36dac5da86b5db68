//! What each message changes. One match; each arm hands on to the room that knows.

use super::connections::send_update;
use super::{
    Action, App, BulkStep, Dialog, EntryAction, ExplorerAction, Msg, Phase, PlaceAction, Ready,
    Route, TableAction,
};
use crate::shell::clock::now_seconds;
use crate::shell::events::StreamState;
use crate::shell::host::{HostEvent, Routing};
use crate::shell::location;
use portico_core::accounts::{AccountsQuery, BulkAction};
use portico_core::flow;
use portico_core::ids::ConnectionId;
use portico_core::status::read_status;
use portico_core::wire::{Connection, Intent, Problem, Provider, UpdateConnection};
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use yew::Context;

impl App {
    pub(super) fn handle(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        let draw = self.change(ctx, message);
        self.fetch_parts(ctx);
        draw
    }

    fn change(&mut self, ctx: &Context<Self>, message: Msg) -> bool {
        match message {
            Msg::Booted(Ok(booted)) => {
                self.become_ready(ctx, *booted);
                ctx.props().emit.emit(HostEvent {
                    name: "portico-ready",
                    detail: json!({}),
                });
                return true;
            }
            Msg::Booted(Err(problem)) => {
                emit_problem(ctx, "portico-error", &problem);
                self.phase = Phase::Failed(problem);
                return true;
            }
            Msg::Act(Action::Retry) => {
                self.phase = Phase::Starting;
                self.boot = super::boot::begin(ctx);
                return true;
            }
            // Help is there without a session too.
            Msg::Act(Action::Go(route)) if !matches!(self.phase, Phase::Ready(_)) => {
                self.go(ctx, route);
                return true;
            }
            // A launch link opened in this very tab changes the hash and loads nothing.
            Msg::Hash(hash) if hash.starts_with("#launch=") => {
                self.route = Route::default();
                self.phase = Phase::Starting;
                self.boot = super::boot::begin(ctx);
                return true;
            }
            Msg::Hash(hash) => {
                self.route = Route::parse(&hash);
                self.follow_route(ctx);
                return true;
            }
            Msg::Arrived(arrival) => {
                self.parts.arrive(arrival);
                self.follow_route(ctx);
                return true;
            }
            _ => {}
        }
        let Phase::Ready(ready) = &mut self.phase else {
            return false;
        };
        match message {
            Msg::Remote(event) => ready.remote(ctx, event),
            Msg::Stream(state) => {
                // What changed before the stream stood, or while it was down, came to nobody.
                if state == StreamState::Live {
                    ready.reload(ctx, false);
                    ready.read_workspaces(ctx);
                }
                ready.stream = state;
            }
            Msg::Reloaded {
                result: Ok(connections),
                seen,
                confirmed,
            } => {
                ready.reloaded(ctx, connections, seen, confirmed);
            }
            Msg::FlowChanged => ready.flow_changed(ctx),
            Msg::Progress(update) => ready.retrievals.note(update),
            Msg::Stored(portal, kind, part) => {
                if let Some(explorer) = &mut ready.explorer {
                    explorer.stored(ctx, &ready.booted.store, portal, kind, part);
                }
                return false;
            }
            Msg::Loaded(loaded) => {
                if let Some(explorer) = &mut ready.explorer {
                    explorer.loaded(ctx, &ready.booted.store, *loaded);
                }
            }
            Msg::Changed(id, result) => {
                ready.settle(&id, result.as_ref().err().map(AsRef::as_ref));
                if let Ok(connection) = result {
                    ready.upsert(*connection);
                }
            }
            Msg::Fared(result) => ready.fared(*result),
            Msg::Kept(result) => ready.kept(result),
            Msg::Copied(done) => {
                let text = if done {
                    "Copied."
                } else {
                    "This browser did not allow copying. Select the text instead."
                };
                ready.toast = Some(text.into());
            }
            Msg::Place(message) => ready.placed(ctx, message),
            Msg::Entered(entered) => ready.entered(ctx, entered),
            Msg::Git(came) => {
                if let Some(git) = &mut ready.git {
                    git.came(ctx, &ready.booted, *came);
                }
            }
            Msg::Act(action) => {
                self.act(ctx, action);
                return true;
            }
            Msg::Tick => ready.resume_stopped(),
            // A list that could not be read: the stream's own state says that the proxy is out of reach.
            Msg::Reloaded { .. } | Msg::Booted(_) | Msg::Hash(_) | Msg::Arrived(_) => {}
        }
        // Another tab, a person or a flow may have added a connection or brought one back to life.
        if let Some(git) = &mut ready.git {
            git.follow(ctx, &ready.booted, false);
        }
        true
    }

    fn act(&mut self, ctx: &Context<Self>, action: Action) {
        let Phase::Ready(ready) = &mut self.phase else {
            return;
        };
        match action {
            Action::Go(route) => self.go(ctx, route),
            Action::CopyText(text) => copy(ctx, text),
            Action::Helpful(helpful) => ready.judge_help(ctx, &self.route, helpful),
            Action::ViewMetadataAfterFlow(portal) => {
                ready.act(ctx, Action::CloseDialog);
                self.go(ctx, Route::explorer(portal, &[]));
            }
            Action::ViewMetadata(portal) => self.go(ctx, Route::explorer(portal, &[])),
            Action::Explore(ExplorerAction::Open(path)) => {
                if let Route::Explorer { portal, .. } = self.route {
                    // From record to record is one stay: the way back leads out of it.
                    let stay = ready
                        .explorer
                        .as_ref()
                        .is_some_and(|explorer| explorer.open_json().is_some());
                    let route = Route::Explorer { portal, path };
                    if stay && ctx.props().routing == Routing::Hash {
                        location::replace_hash(&route.hash());
                        self.route = route;
                        self.follow_route(ctx);
                    } else {
                        self.go(ctx, route);
                    }
                }
            }
            Action::Explore(ExplorerAction::Copy) => {
                if let Some(json) = ready
                    .explorer
                    .as_ref()
                    .and_then(|explorer| explorer.open_json())
                {
                    copy(ctx, json.to_string());
                }
            }
            Action::Explore(action) => {
                if let Some(explorer) = &mut ready.explorer {
                    explorer.act(action);
                }
            }
            Action::Place(PlaceAction::Look(workspace)) => {
                self.go(ctx, self.route.in_workspace(workspace));
            }
            Action::Place(PlaceAction::Manage) => {
                ready.act(ctx, Action::CloseDialog);
                self.go(ctx, Route::Workspaces);
            }
            Action::LoadAgain => {
                self.parts.again();
            }
            Action::Search(text) => {
                let mut query = ready.accounts.query.clone();
                query.text = text;
                self.ask_table(ctx, query);
            }
            Action::Table(TableAction::Ask(query)) => self.ask_table(ctx, *query),
            Action::Table(action) => ready.table(ctx, action),
            Action::Git(action) => self.act_git(ctx, action),
            action => ready.act(ctx, action),
        }
    }

    /// Another view of the table is no step of the history, and its address is kept all the same.
    fn ask_table(&mut self, ctx: &Context<Self>, query: AccountsQuery) {
        let open = match &self.route {
            Route::Accounts { open, .. } => *open,
            _ => None,
        };
        self.route = Route::accounts(query, open);
        if ctx.props().routing == Routing::Hash {
            location::replace_hash(&self.route.hash());
        }
        self.follow_route(ctx);
    }

    /// Goes to a view: by the address where views have one, else at once.
    fn go(&mut self, ctx: &Context<Self>, route: Route) {
        let hash = ctx.props().routing == Routing::Hash;
        if hash && matches!((&self.route, &route), (Route::XRay(_), Route::XRay(_))) {
            // From pick to pick is one stay: the way back leads out of it.
            location::replace_hash(&route.hash());
            self.route = route;
        } else if hash {
            location::set_hash(&route.hash());
        } else {
            self.route = route;
            self.follow_route(ctx);
        }
    }

    /// Loads what the present view needs.
    pub(super) fn follow_route(&mut self, ctx: &Context<Self>) {
        if self.route == Route::Connections {
            self.follow_git(ctx);
        }
        let Phase::Ready(ready) = &mut self.phase else {
            return;
        };
        ready.follow_help(&self.route);
        ready.places.follow(&self.route);
        match &self.route {
            Route::Explorer { portal, path } => {
                let Some(open) = self.parts.explorer.here() else {
                    return;
                };
                if ready
                    .explorer
                    .as_ref()
                    .is_none_or(|explorer| explorer.portal() != *portal)
                {
                    ready.explorer = Some(open(*portal));
                }
                if let Some(explorer) = &mut ready.explorer {
                    explorer.follow(ctx, &ready.booted.store, path);
                }
            }
            Route::Accounts { query, .. } => {
                ready.explorer = None;
                ready.accounts.ask(query);
            }
            _ => ready.explorer = None,
        }
    }
}

impl Ready {
    pub(super) fn act(&mut self, ctx: &Context<App>, action: Action) {
        if action == Action::DownloadSupport {
            // What it is about stays on screen.
            return self.save_support();
        }
        self.problem = None;
        match action {
            Action::AddPortal => self.open_flow(Provider::Hubspot, Intent::Connect, None),
            Action::ConnectGit => self.open_flow(Provider::Github, Intent::Connect, None),
            Action::Reconnect(id) if self.by_token(&id) => {
                self.entry(ctx, EntryAction::Open(Some(id)));
            }
            Action::Reconnect(id) => self.reopen_flow(Intent::Reconnect, &id),
            Action::Upgrade(id) => self.reopen_flow(Intent::Upgrade, &id),
            Action::ChooseType(kind) => match &mut self.dialog {
                Some(
                    Dialog::Flow {
                        connection_type, ..
                    }
                    | Dialog::Static {
                        connection_type, ..
                    },
                ) => *connection_type = kind,
                Some(Dialog::EditType { chosen, .. }) => *chosen = kind,
                _ => {}
            },
            Action::CancelFlow => self.flow.dispatch(flow::Event::Cancelled),
            Action::CloseDialog => {
                // A code that is being redeemed cannot be called back: its row appears all the same.
                self.flow.dispatch(flow::Event::Cancelled);
                self.flow.dispatch(flow::Event::Dismissed);
                self.dialog = None;
                self.busy = false;
                self.bulk_closed();
                if let Some(git) = &mut self.git {
                    git.stop();
                }
            }
            Action::EditType(id) => {
                self.dialog = self.connection(&id).map(|connection| Dialog::EditType {
                    connection: id.clone(),
                    chosen: connection.connection_type,
                });
            }
            Action::Rename(id) => {
                self.dialog = self.connection(&id).map(|connection| Dialog::Rename {
                    connection: id.clone(),
                    text: connection.label.clone().unwrap_or_default(),
                });
            }
            Action::RenameText(new) => {
                if let Some(Dialog::Rename { text, .. }) = &mut self.dialog {
                    *text = new;
                }
            }
            Action::Remove(id) => self.bulk(ctx, BulkStep::Plan(BulkAction::Remove, vec![id])),
            Action::Test(id) => {
                self.bulk(ctx, BulkStep::Plan(BulkAction::Test, vec![id]));
                // Nothing is changed by it, so that a single test needs no second click.
                self.bulk(ctx, BulkStep::Run);
            }
            Action::Bulk(step) => self.bulk(ctx, step),
            Action::Keep(id) => self.keep(ctx, &id),
            Action::CopyView => {
                let view = Route::accounts(self.accounts.query.clone(), None);
                copy(ctx, location::page() + &view.hash());
            }
            Action::Confirm => self.confirm(ctx),
            Action::Retrieve(id) => {
                if let Some(connection) = self.connection(&id).cloned() {
                    self.retrievals.fresh(&connection);
                }
            }
            Action::Place(action) => self.place(ctx, action),
            Action::Entry(action) => self.entry(ctx, action),
            Action::DismissToast => self.toast = None,
            Action::Go(_)
            | Action::CopyText(_)
            | Action::ViewMetadata(_)
            | Action::ViewMetadataAfterFlow(_)
            | Action::Explore(_)
            | Action::Search(_)
            | Action::Table(_)
            | Action::Git(_)
            | Action::LoadAgain
            | Action::Helpful(_)
            | Action::DownloadSupport
            | Action::Retry => {}
        }
    }

    fn confirm(&mut self, ctx: &Context<App>) {
        let link = ctx.link().clone();
        let proxy = self.booted.proxy.clone();
        let mut change = UpdateConnection::default();
        let id = match &self.dialog {
            Some(Dialog::EditType { connection, chosen }) => {
                change.connection_type = Some(*chosen);
                connection
            }
            Some(Dialog::Rename { connection, text }) => {
                change.label = Some(text.trim().to_owned());
                connection
            }
            Some(Dialog::Move { connection, chosen }) => {
                change.workspace = Some(chosen.clone());
                connection
            }
            Some(
                Dialog::Flow { .. } | Dialog::Bulk | Dialog::AddRepo { .. } | Dialog::Static { .. },
            )
            | None => return,
        };
        if let Some(connection) = self.connection(id) {
            send_update(link, proxy, id.clone(), connection.version, change);
            self.busy = true;
        }
    }

    /// What a person does with the table, beyond asking it.
    fn table(&mut self, ctx: &Context<App>, action: TableAction) {
        if let TableAction::Plan(action) = action {
            let chosen = self.accounts.selection.ids().to_vec();
            self.bulk(ctx, BulkStep::Plan(action, chosen));
        } else {
            self.accounts.act(&action);
        }
    }

    /// The answer to a dialog's request: it closes that dialog, and no other.
    fn settle(&mut self, id: &ConnectionId, problem: Option<&Problem>) {
        let own = match &self.dialog {
            Some(
                Dialog::EditType { connection, .. }
                | Dialog::Rename { connection, .. }
                | Dialog::Move { connection, .. },
            ) => connection == id,
            Some(
                Dialog::Flow { .. } | Dialog::Bulk | Dialog::AddRepo { .. } | Dialog::Static { .. },
            )
            | None => false,
        };
        if own {
            self.busy = false;
        }
        match problem {
            None if own => self.dialog = None,
            None => {}
            Some(problem) if own || self.dialog.is_none() => {
                self.gather_support(problem, Some(id), false);
                self.problem = Some(Box::new(problem.clone()));
            }
            Some(problem) => self.toast = Some([&problem.title, ". ", &problem.action].concat()),
        }
    }
}

fn copy(ctx: &Context<App>, text: String) {
    let link = ctx.link().clone();
    spawn_local(async move {
        let done = crate::shell::clipboard::copy(&text).await.is_ok();
        link.send_message(Msg::Copied(done));
    });
}

pub(super) fn detail(connection: &Connection) -> serde_json::Value {
    let status = read_status(connection, now_seconds()).status;
    json!({
        "connectionId": connection.id.as_str(),
        "portalId": connection.account.portal_id,
        "status": status.title(),
    })
}

pub(super) fn emit_problem(ctx: &Context<App>, name: &'static str, problem: &Problem) {
    let entry = problem.code.entry();
    ctx.props().emit.emit(HostEvent {
        name,
        detail: json!({ "code": entry.support_code, "message": problem.title }),
    });
}
