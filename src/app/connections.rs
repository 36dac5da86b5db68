//! The list of connections as news arrives: whole lists, single changes, removals.
//! Owns their order; an older word never undoes a newer one.

use super::update::detail;
use super::{App, Msg, Ready};
use crate::shell::host::HostEvent;
use crate::shell::proxy::Proxy;
use portico_core::flow;
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::wire::{Connection, Event, Provider, UpdateConnection};
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use yew::Context;

impl Ready {
    pub(super) fn remote(&mut self, ctx: &Context<App>, event: Event) {
        match event {
            Event::ConnectionChanged { connection } => {
                ctx.props().emit.emit(HostEvent {
                    name: "portico-connection-changed",
                    detail: detail(&connection),
                });
                self.upsert(*connection);
            }
            Event::ConnectionRemoved { id } => {
                ctx.props().emit.emit(HostEvent {
                    name: "portico-connection-removed",
                    detail: json!({ "connectionId": id.as_str() }),
                });
                self.removed(&id);
            }
            Event::FlowChanged { flow } => self.flow.dispatch(flow::Event::FlowSeen(flow)),
            Event::WorkspacesChanged => self.read_workspaces(ctx),
            Event::Reset => {
                self.reload(ctx, false);
                self.read_workspaces(ctx);
            }
        }
    }

    /// What a fault stopped goes on by itself once the fault is over.
    pub(super) fn resume_stopped(&mut self) {
        self.accounts.tick(&self.booted.connections);
        for connection in &self.booted.connections {
            self.retrievals.resume(connection);
        }
    }

    /// Reads the list again; the answer counts only if nothing changed meanwhile.
    pub(super) fn reload(&self, ctx: &Context<App>, confirmed: bool) {
        let (link, proxy, seen) = (ctx.link().clone(), self.booted.proxy.clone(), self.changes);
        spawn_local(async move {
            let result = proxy.connections().await;
            link.send_message(Msg::Reloaded {
                seen,
                confirmed,
                result,
            });
        });
    }

    pub(super) fn reloaded(
        &mut self,
        ctx: &Context<App>,
        connections: Vec<Connection>,
        seen: u32,
        confirmed: bool,
    ) {
        if seen != self.changes {
            return self.reload(ctx, false);
        }
        let gone: Vec<_> = self
            .booted
            .connections
            .iter()
            .filter(|old| connections.iter().all(|new| new.id != old.id))
            .map(|old| old.id.clone())
            .collect();
        // What was retrieved is deleted with a connection (D29): not on the word of one list alone.
        if !gone.is_empty() && !confirmed {
            return self.reload(ctx, true);
        }
        for id in gone {
            self.removed(&id);
        }
        for connection in connections {
            self.upsert(connection);
        }
    }

    /// News may arrive out of order; the version tells which is newer.
    pub(super) fn upsert(&mut self, connection: Connection) {
        let before = self
            .booted
            .connections
            .iter()
            .find(|known| known.id == connection.id);
        if before == Some(&connection) {
            return self.retrievals.resume(&connection);
        }
        self.changes = self.changes.wrapping_add(1);
        let all = &mut self.booted.connections;
        let place = all.iter().position(|known| known.id == connection.id);
        match place {
            Some(at) if all[at].version <= connection.version => all[at] = connection.clone(),
            Some(_) => return,
            None => all.push(connection.clone()),
        }
        self.accounts.upsert(
            place.unwrap_or(self.booted.connections.len() - 1),
            &connection,
        );
        // Another tab or person added it, or it came back to life.
        self.retrievals.resume(&connection);
    }

    pub(super) fn removed(&mut self, id: &ConnectionId) {
        let all = &mut self.booted.connections;
        let Some(at) = all.iter().position(|connection| connection.id == *id) else {
            return;
        };
        let gone = all.remove(at);
        self.accounts.remove(at);
        match gone.provider {
            Provider::Hubspot => self.forget(gone.account.portal_id),
            Provider::Github => self.forget_links(id),
        }
    }

    /// D29: what was linked goes with the connection.
    fn forget_links(&mut self, id: &ConnectionId) {
        if let Some(git) = &mut self.git {
            git.forget(id);
        }
        let (store, id) = (self.booted.store.clone(), id.clone());
        spawn_local(async move { store.delete_links(&id).await });
    }

    /// D29: what was retrieved goes with the connection.
    pub(super) fn forget(&mut self, portal: PortalId) {
        self.retrievals.forget(portal);
        let store = self.booted.store.clone();
        spawn_local(async move {
            // A store that cannot delete is one that keeps nothing beyond this page.
            let _ = store.delete_portal(portal).await;
        });
    }
}

pub(super) fn send_update(
    link: yew::html::Scope<App>,
    proxy: Proxy,
    id: ConnectionId,
    version: u64,
    change: UpdateConnection,
) {
    spawn_local(async move {
        let result = proxy.update_connection(&id, version, &change).await;
        link.send_message(Msg::Changed(id, result.map(Box::new)));
    });
}
