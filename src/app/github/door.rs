//! The app's side of linked repositories: loads their code, and hands wishes on. Part of the first file, so kept small.

use super::GitAction;
use crate::app::{Action, App, Dialog, Msg, Phase};
use crate::later;
use portico_core::wire::Provider;
use wasm_bindgen_futures::spawn_local;
use yew::Context;

impl App {
    /// Connections are looked at: what is linked there is shown as it stands now.
    pub(in crate::app) fn follow_git(&mut self, ctx: &Context<Self>) {
        let Phase::Ready(ready) = &mut self.phase else {
            return;
        };
        let offered = ready.info(Provider::Github).is_some();
        if !offered && ready.of(Provider::Github).next().is_none() {
            return;
        }
        let Some(open) = self.git_part.here() else {
            if self.git_part.begin() {
                let link = ctx.link().clone();
                spawn_local(async move {
                    link.send_message(Msg::GitPart(later::github().await));
                });
            }
            return;
        };
        let git = ready.git.get_or_insert_with(open);
        git.follow(ctx, &ready.booted, true);
    }

    pub(in crate::app) fn act_git(&mut self, ctx: &Context<Self>, action: GitAction) {
        let Phase::Ready(ready) = &mut self.phase else {
            return;
        };
        ready.problem = None;
        if let GitAction::AddRepo(connection) = &action {
            let connection = connection.clone();
            // After a flow its dialog has been read and gives way.
            ready.act(ctx, Action::CloseDialog);
            ready.dialog = Some(Dialog::AddRepo { connection });
        }
        if let Some(git) = &mut ready.git
            && git.act(ctx, &ready.booted, action)
        {
            ready.dialog = None;
        }
    }
}
