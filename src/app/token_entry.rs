//! Entering a private app token or service key, the path beside OAuth (D26, B14–B18, J3).
//! Owns what happens around it; the token passes through on its way to the proxy and rests nowhere.

use super::update::detail;
use super::{App, Dialog, Msg, Ready};
use crate::shell::host::HostEvent;
use crate::shell::proxy::Proxy;
use portico_core::accounts::InWorkspace;
use portico_core::connection_type::ConnectionType;
use portico_core::ids::ConnectionId;
use portico_core::static_token::StaticToken;
use portico_core::status::display_name;
use portico_core::wire::{AddStatic, Connection, GrantKind, Problem, Provider, ReplaceCredential};
use wasm_bindgen_futures::spawn_local;
use yew::Context;

/// What a person does on that path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EntryAction {
    /// Opens the dialog: for a portal to add, or for another token of a known one.
    Open(Option<ConnectionId>),
    Label(String),
    Send(StaticToken),
}

/// How an entry ended: the connection, and whether it is new.
pub(crate) struct Entered {
    attempt: u32,
    result: Result<(Box<Connection>, bool), Box<Problem>>,
}

/// What is asked of the proxy.
enum Request {
    Add(AddStatic),
    Replace(ConnectionId, ReplaceCredential),
}

impl Ready {
    /// Whether a new token is what renews a connection, in place of a consent (B18).
    pub(super) fn by_token(&self, id: &ConnectionId) -> bool {
        self.connection(id)
            .is_some_and(|connection| connection.grant.kind == GrantKind::Static)
    }

    pub(super) fn entry(&mut self, ctx: &Context<App>, action: EntryAction) {
        match action {
            EntryAction::Open(connection) => self.open_entry(connection),
            EntryAction::Label(text) => {
                if let Some(Dialog::Static { label, .. }) = &mut self.dialog {
                    *label = text;
                }
            }
            EntryAction::Send(token) => self.enter(ctx, &token),
        }
    }

    fn open_entry(&mut self, id: Option<ConnectionId>) {
        // Where the other path was left for this one, what was chosen stays.
        let chosen = match &self.dialog {
            Some(Dialog::Flow {
                connection_type, ..
            }) => *connection_type,
            _ => ConnectionType::default(),
        };
        let known = id.as_ref().and_then(|id| self.connection(id));
        let current = match &self.places.current {
            InWorkspace::One(id) => self.workspace(id).map(|workspace| workspace.id.clone()),
            InWorkspace::Any | InWorkspace::None => None,
        };
        self.dialog = Some(Dialog::Static {
            connection_type: known.map_or(chosen, |connection| connection.connection_type),
            connection: known.map(|connection| connection.id.clone()),
            label: String::new(),
            workspace: current,
        });
        self.busy = false;
        self.entering = self.entering.wrapping_add(1);
    }

    fn enter(&mut self, ctx: &Context<App>, token: &StaticToken) {
        let Some(Dialog::Static {
            connection,
            connection_type,
            label,
            workspace,
        }) = self.dialog.as_ref().filter(|_| !self.busy)
        else {
            return;
        };
        let token = token.expose().to_owned();
        let label = label.trim();
        let request = match connection {
            Some(id) => Request::Replace(id.clone(), ReplaceCredential { token }),
            None => Request::Add(AddStatic {
                provider: Provider::Hubspot,
                token,
                connection_type: *connection_type,
                label: (!label.is_empty()).then(|| label.to_owned()),
                workspace: workspace.clone(),
            }),
        };
        self.busy = true;
        let (link, proxy) = (ctx.link().clone(), self.booted.proxy.clone());
        let attempt = self.entering;
        spawn_local(async move {
            let result = carry_out(&proxy, &request).await;
            link.send_message(Msg::Entered(Entered { attempt, result }));
        });
    }

    pub(super) fn entered(&mut self, ctx: &Context<App>, entered: Entered) {
        let open = matches!(self.dialog, Some(Dialog::Static { .. }));
        let own = open && self.entering == entered.attempt;
        self.busy &= !own;
        match entered.result {
            Ok((connection, is_new)) => {
                if own {
                    self.dialog = None;
                }
                let (event, words) = if is_new {
                    ("portico-connection-added", " is connected by its token.")
                } else {
                    (
                        "portico-connection-changed",
                        " has its new token; nothing else has changed.",
                    )
                };
                ctx.props().emit.emit(HostEvent {
                    name: event,
                    detail: detail(&connection),
                });
                self.toast = Some([&display_name(&connection), words].concat());
                self.upsert((*connection).clone());
                self.retrievals.fresh(&connection);
            }
            Err(problem) if own || self.dialog.is_none() => self.problem = Some(problem),
            Err(problem) => self.toast = Some([&problem.title, ". ", &problem.action].concat()),
        }
    }
}

async fn carry_out(
    proxy: &Proxy,
    request: &Request,
) -> Result<(Box<Connection>, bool), Box<Problem>> {
    match request {
        Request::Add(new) => {
            let (connection, is_new) = proxy.add_static(new).await?;
            Ok((Box::new(connection), is_new))
        }
        Request::Replace(id, credential) => {
            let connection = proxy.replace_credential(id, credential).await?;
            Ok((Box::new(connection), false))
        }
    }
}
