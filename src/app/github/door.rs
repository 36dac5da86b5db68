//! The app's side of linked repositories: hands news and wishes on. Part of the first file, so kept small.

use super::GitAction;
use crate::app::{Action, App, Dialog, Phase};
use yew::Context;

impl App {
    /// Connections are looked at: what is linked there is shown as it stands now.
    pub(in crate::app) fn follow_git(&mut self, ctx: &Context<Self>) {
        let Phase::Ready(ready) = &mut self.phase else {
            return;
        };
        // Asked for by `fetch_parts`, which comes back here once it has arrived.
        if let Some(open) = self.parts.git.here() {
            let git = ready.git.get_or_insert_with(open);
            git.follow(ctx, &ready.booted, true);
        }
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
