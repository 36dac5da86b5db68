//! From nothing to a session, the connections and the browser's own store.

use super::{App, Msg};
use crate::shell::location;
use crate::shell::proxy::Proxy;
use crate::shell::session::Sessions;
use crate::shell::store::Store;
use crate::shell::task::Task;
use portico_core::wire::{Connection, Problem, SessionInfo};
use yew::Context;

/// All that the first view needs.
pub(crate) struct Booted {
    pub(crate) proxy: Proxy,
    pub(crate) session: SessionInfo,
    pub(crate) connections: Vec<Connection>,
    pub(crate) store: Store,
    /// Of this page.
    pub(crate) origin: String,
}

pub(super) fn begin(ctx: &Context<App>) -> Task {
    let link = ctx.link().clone();
    let (proxy_url, source) = (ctx.props().proxy_url.clone(), ctx.props().session.clone());
    Task::spawn(async move {
        let booted = boot(&proxy_url, source).await;
        link.send_message(Msg::Booted(booted.map(Box::new)));
    })
}

async fn boot(
    proxy_url: &str,
    source: crate::shell::session::SessionSource,
) -> Result<Booted, Box<Problem>> {
    let sessions = Sessions::new(proxy_url, source)?;
    let proxy = Proxy::new(proxy_url, sessions)?;
    let session = proxy.session_info().await?;
    let connections = proxy.connections().await?;
    let store = Store::open(&session.iss, &session.org, &session.sub).await?;
    Ok(Booted {
        proxy,
        session,
        connections,
        store,
        origin: location::origin(),
    })
}
