//! Which parts of the app are needed now, and their arrival. Owns no part; what a part holds is `later`'s.

use super::{App, Dialog, Msg, Phase};
use crate::later::{self, Arrival};
use portico_core::route::Route;
use portico_core::wire::Provider;
use wasm_bindgen_futures::spawn_local;
use yew::Context;

impl App {
    /// Asks for what the present view and dialog are drawn with, once.
    pub(super) fn fetch_parts(&mut self, ctx: &Context<Self>) {
        let (ready, dialog) = match &self.phase {
            Phase::Starting => return,
            Phase::Failed(_) => (false, None),
            Phase::Ready(ready) => (true, ready.dialog.as_ref()),
        };
        let desk = matches!(self.route, Route::Accounts { open: Some(_), .. });
        if ready
            && (desk || matches!(dialog, Some(Dialog::Bulk | Dialog::Static { .. })))
            && self.parts.desk.begin()
        {
            fetch(ctx, async || Arrival::Desk(later::desk().await));
        }
        let git = match &self.phase {
            Phase::Ready(ready) => {
                ready.info(Provider::Github).is_some()
                    || ready.of(Provider::Github).next().is_some()
            }
            Phase::Starting | Phase::Failed(_) => false,
        };
        match self.route {
            Route::Connections if git && self.parts.git.begin() => {
                fetch(ctx, async || Arrival::Git(later::github().await));
            }
            Route::Explorer { .. } if ready && self.parts.explorer.begin() => {
                fetch(ctx, async || Arrival::Explorer(later::explorer().await));
            }
            // Help is there without a session too.
            Route::Help(_) if self.parts.pages.begin() => {
                fetch(ctx, async || Arrival::Pages(later::pages().await));
            }
            Route::Guide
            | Route::Workspaces
            | Route::Scopes
            | Route::XRay(_)
            | Route::Journal(_)
                if ready && self.parts.pages.begin() =>
            {
                fetch(ctx, async || Arrival::Pages(later::pages().await));
            }
            _ => {}
        }
    }
}

fn fetch(ctx: &Context<App>, part: impl AsyncFnOnce() -> Arrival + 'static) {
    let link = ctx.link().clone();
    spawn_local(async move {
        link.send_message(Msg::Arrived(part().await));
    });
}
