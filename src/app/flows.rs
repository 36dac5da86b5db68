//! The flow's side of the app: what a new authorization asks for, and what comes of it.
//! Owns neither the machine nor its secrets; those are the core's and the driver's.

use super::update::{detail, emit_problem};
use super::{App, Dialog, Ready};
use crate::shell::host::HostEvent;
use crate::shell::location;
use portico_core::flow;
use portico_core::ids::ConnectionId;
use portico_core::scopes::{Configured, asked_by};
use portico_core::wire::{Intent, Provider, ProviderInfo, StartFlow};
use yew::{Callback, Context};

impl Ready {
    pub(crate) fn hubspot(&self) -> Option<&ProviderInfo> {
        self.info(Provider::Hubspot)
    }

    /// Starts the flow of the open dialog; called inside the click.
    pub(super) fn start_flow(&self, ctx: &Context<App>) -> Callback<()> {
        let request = self.flow_request(ctx);
        let driver = self.flow.clone();
        Callback::from(move |()| {
            if let Some(request) = &request {
                driver.start(request.clone());
            }
        })
    }

    /// `POST /v1/flows` for the open dialog; challenge and hash are filled in by the driver.
    fn flow_request(&self, ctx: &Context<App>) -> Option<StartFlow> {
        let Some(Dialog::Flow {
            provider,
            intent,
            connection,
            connection_type,
        }) = &self.dialog
        else {
            return None;
        };
        let info = self.info(*provider)?;
        let configured = Configured {
            required: &info.required_scopes,
            optional: &info.optional_scopes,
        };
        let known = connection.as_ref().and_then(|id| self.connection(id));
        let granted = known.map_or(&[][..], |known| &known.grant.granted);
        let asked = asked_by(*intent, *connection_type, granted, &configured);
        let return_uri = ctx.props().return_uri.clone().or_else(|| {
            let origin = location::origin();
            info.return_uris
                .iter()
                .find(|uri| {
                    uri.strip_prefix(&origin)
                        .is_some_and(|rest| rest.starts_with('/'))
                })
                .cloned()
        })?;
        Some(StartFlow {
            provider: *provider,
            intent: *intent,
            connection_type: *connection_type,
            connection_id: connection.clone(),
            scopes: asked.scope,
            optional_scopes: asked.optional_scope,
            code_challenge: String::new(),
            code_challenge_method: String::new(),
            state_hash: String::new(),
            return_uri,
        })
    }

    /// A new authorization for a connection that is known.
    pub(super) fn reopen_flow(&mut self, intent: Intent, id: &ConnectionId) {
        if let Some(provider) = self.connection(id).map(|known| known.provider) {
            self.open_flow(provider, intent, Some(id));
        }
    }

    pub(super) fn open_flow(
        &mut self,
        provider: Provider,
        intent: Intent,
        id: Option<&ConnectionId>,
    ) {
        if self.flow.phase().is_busy() {
            self.dialog.clone_from(&self.flow_dialog);
            return;
        }
        self.flow.dispatch(flow::Event::Dismissed);
        self.flow_settled = false;
        let known = id.and_then(|id| self.connection(id));
        self.dialog = Some(Dialog::Flow {
            provider,
            intent,
            connection: known.map(|connection| connection.id.clone()),
            connection_type: known
                .map(|connection| connection.connection_type)
                .unwrap_or_default(),
        });
        self.flow_dialog.clone_from(&self.dialog);
    }

    pub(super) fn flow_changed(&mut self, ctx: &Context<App>) {
        match self.flow.phase() {
            flow::Phase::Done(completed) if !self.flow_settled => {
                self.flow_settled = true;
                let connection = completed.connection;
                self.upsert(connection.clone());
                self.retrievals.fresh(&connection);
                let name = if completed.reconnected {
                    "portico-connection-changed"
                } else {
                    "portico-connection-added"
                };
                ctx.props().emit.emit(HostEvent {
                    name,
                    detail: detail(&connection),
                });
            }
            flow::Phase::Failed(problem) if !self.flow_settled => {
                self.flow_settled = true;
                let concerned = match &self.flow_dialog {
                    Some(Dialog::Flow { connection, .. }) => connection.clone(),
                    _ => None,
                };
                self.gather_support(&problem, concerned.as_ref(), true);
                emit_problem(ctx, "portico-flow-failed", &problem);
            }
            phase if phase.is_busy() => self.flow_settled = false,
            _ => {}
        }
    }
}
