//! Workspaces: the list as news arrives, the page that changes it, and whose portals are looked at (D69, D70).
//! Owns which request of the page is under way; what a name may be, the core says.

use super::{App, Dialog, Msg, Ready};
use crate::shell::proxy::Proxy;
use portico_core::accounts::InWorkspace;
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, WorkspaceId};
use portico_core::route::Route;
use portico_core::wire::{NameWorkspace, Problem, Workspace};
use portico_core::workspace::{name_fault, workspace_name};
use wasm_bindgen_futures::spawn_local;
use yew::Context;

/// What a person does with workspaces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlaceAction {
    /// Goes to the portals of one workspace.
    Look(InWorkspace),
    /// Goes to the page, from a dialog.
    Manage,
    NewName(String),
    Add,
    Open(WorkspaceId, Change),
    Name(String),
    /// Carries out what was opened.
    Save,
    Close,
    /// Opens the dialog that moves a portal.
    Move(ConnectionId),
    /// In the open dialog.
    Choose(Option<WorkspaceId>),
}

/// What a workspace is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Rename,
    Remove,
}

/// The one workspace that is being changed.
pub(crate) struct Opened {
    pub(crate) id: WorkspaceId,
    /// As it was when its present name was shown: an answer to what nobody saw is a conflict.
    version: u64,
    pub(crate) change: Change,
    /// In the field.
    pub(crate) name: String,
}

/// The page's state.
#[derive(Default)]
pub(crate) struct Places {
    /// Whose portals are looked at.
    pub(crate) current: InWorkspace,
    pub(crate) new_name: String,
    pub(crate) opened: Option<Opened>,
    pub(crate) busy: bool,
    pub(crate) problem: Option<Box<Problem>>,
    /// Removals so far: the button that had the focus goes with its row.
    pub(crate) removals: u32,
    /// Numbers the page's requests; the answer to an abandoned one closes nothing.
    attempt: u32,
    /// Numbers the readings of the list; only the last one counts.
    reading: u32,
}

pub(crate) enum PlaceMsg {
    Listed {
        reading: u32,
        result: Result<Vec<Workspace>, Box<Problem>>,
    },
    Done {
        attempt: u32,
        result: Result<Option<Workspace>, Box<Problem>>,
    },
}

enum Request {
    Add(NameWorkspace),
    Rename(WorkspaceId, u64, NameWorkspace),
    Remove(WorkspaceId, u64),
}

impl Places {
    /// What the address says of workspaces; what was begun on the page ends with it.
    pub(super) fn follow(&mut self, route: &Route) {
        if let Route::Accounts { query, .. } = route {
            self.current.clone_from(&query.workspace);
        }
        if *route != Route::Workspaces {
            self.new_name.clear();
            self.close();
        }
    }

    fn close(&mut self) {
        self.opened = None;
        self.problem = None;
        self.busy = false;
        self.attempt = self.attempt.wrapping_add(1);
    }
}

impl Ready {
    /// The name under which a portal is grouped.
    pub(crate) fn workspace(&self, id: &WorkspaceId) -> Option<&Workspace> {
        let all = &self.booted.session.workspaces;
        all.iter().find(|workspace| workspace.id == *id)
    }

    pub(super) fn place(&mut self, ctx: &Context<App>, action: PlaceAction) {
        let places = &mut self.places;
        match action {
            PlaceAction::NewName(text) => {
                places.new_name = text;
                places.problem = None;
            }
            PlaceAction::Add => {
                let name = places.new_name.clone();
                if let Some(name) = self.acceptable(&name, None) {
                    self.send(ctx, Request::Add(name));
                }
            }
            PlaceAction::Open(id, change) => {
                places.close();
                self.places.opened = self.workspace(&id).map(|workspace| Opened {
                    id,
                    version: workspace.version,
                    change,
                    name: workspace.name.clone(),
                });
            }
            PlaceAction::Name(text) => {
                if let Some(opened) = &mut places.opened {
                    opened.name = text;
                }
            }
            PlaceAction::Save => self.save(ctx),
            PlaceAction::Close => places.close(),
            PlaceAction::Move(id) => {
                self.dialog = self.connection(&id).map(|connection| Dialog::Move {
                    chosen: connection.workspace.clone(),
                    connection: id,
                });
            }
            PlaceAction::Choose(new) => {
                if let Some(
                    Dialog::Move { chosen, .. }
                    | Dialog::Static {
                        workspace: chosen, ..
                    },
                ) = &mut self.dialog
                {
                    *chosen = new;
                }
            }
            // The app's own: both go elsewhere.
            PlaceAction::Look(_) | PlaceAction::Manage => {}
        }
    }

    fn acceptable(&self, name: &str, own: Option<&WorkspaceId>) -> Option<NameWorkspace> {
        let fault = name_fault(name, &self.booted.session.workspaces, own);
        let name = workspace_name(name).filter(|_| fault.is_none() && !self.places.busy)?;
        Some(NameWorkspace {
            name: name.to_owned(),
        })
    }

    fn save(&mut self, ctx: &Context<App>) {
        let Some(opened) = &self.places.opened else {
            return;
        };
        let (id, version) = (opened.id.clone(), opened.version);
        match opened.change {
            Change::Remove if self.places.busy => {}
            Change::Remove => self.send(ctx, Request::Remove(id, version)),
            Change::Rename => {
                let Some(name) = self.acceptable(&opened.name, Some(&id)) else {
                    return;
                };
                // The name that it has needs no request.
                let same = |known: &Workspace| known.name == name.name && known.version == version;
                if self.workspace(&id).is_some_and(same) {
                    self.places.close();
                } else {
                    self.send(ctx, Request::Rename(id, version, name));
                }
            }
        }
    }

    fn send(&mut self, ctx: &Context<App>, request: Request) {
        let places = &mut self.places;
        places.busy = true;
        places.problem = None;
        places.attempt = places.attempt.wrapping_add(1);
        let attempt = places.attempt;
        let (link, proxy) = (ctx.link().clone(), self.booted.proxy.clone());
        spawn_local(async move {
            let result = carry_out(&proxy, &request).await;
            link.send_message(Msg::Place(PlaceMsg::Done { attempt, result }));
        });
    }

    /// Reads the list again: after news of it, and after each change of ours.
    pub(super) fn read_workspaces(&mut self, ctx: &Context<App>) {
        self.places.reading = self.places.reading.wrapping_add(1);
        let reading = self.places.reading;
        let (link, proxy) = (ctx.link().clone(), self.booted.proxy.clone());
        spawn_local(async move {
            let result = proxy.workspaces().await;
            link.send_message(Msg::Place(PlaceMsg::Listed { reading, result }));
        });
    }

    pub(super) fn placed(&mut self, ctx: &Context<App>, message: PlaceMsg) {
        match message {
            // One that could not be read: the stream's own state says that the proxy is out of reach.
            PlaceMsg::Listed { reading, result } => {
                if let (true, Ok(workspaces)) = (reading == self.places.reading, result) {
                    self.booted.session.workspaces = workspaces;
                    self.compare();
                }
            }
            PlaceMsg::Done { attempt, result } => {
                self.done(attempt == self.places.attempt, result);
                self.read_workspaces(ctx);
            }
        }
        self.accounts
            .place(&self.booted.connections, &self.booted.session.workspaces);
    }

    fn done(&mut self, own: bool, result: Result<Option<Workspace>, Box<Problem>>) {
        let places = &mut self.places;
        places.busy &= !own;
        match result {
            Ok(changed) => {
                if let Some(changed) = changed {
                    let all = &mut self.booted.session.workspaces;
                    match all.iter_mut().find(|known| known.id == changed.id) {
                        Some(known) => *known = changed,
                        // Its place by name comes with the list.
                        None => all.push(changed),
                    }
                } else if let Some(opened) = places.opened.as_ref().filter(|_| own) {
                    let all = &mut self.booted.session.workspaces;
                    all.retain(|known| known.id != opened.id);
                    places.removals = places.removals.wrapping_add(1);
                }
                if own && places.opened.take().is_none() {
                    places.new_name.clear();
                }
            }
            Err(problem) if own => {
                places.problem = Some(problem);
            }
            Err(problem) => self.toast = Some([&problem.title, ". ", &problem.action].concat()),
        }
    }

    /// What is open follows the list: after a conflict the next try answers to what is shown now.
    fn compare(&mut self) {
        let places = &mut self.places;
        let Some(opened) = places.opened.as_mut().filter(|_| !places.busy) else {
            return;
        };
        let all = &self.booted.session.workspaces;
        if let Some(now) = all.iter().find(|workspace| workspace.id == opened.id) {
            let conflict = |problem: &Problem| problem.code == ErrorCode::VersionConflict;
            if places.problem.as_deref().is_some_and(conflict) {
                opened.version = now.version;
            }
        } else {
            places.close();
            self.toast = Some("Somebody else has removed this workspace.".into());
        }
    }
}

async fn carry_out(proxy: &Proxy, request: &Request) -> Result<Option<Workspace>, Box<Problem>> {
    match request {
        Request::Add(name) => proxy.add_workspace(name).await.map(Some),
        Request::Rename(id, version, name) => {
            proxy.rename_workspace(id, *version, name).await.map(Some)
        }
        Request::Remove(id, version) => {
            proxy.remove_workspace(id, *version).await?;
            Ok(None)
        }
    }
}
