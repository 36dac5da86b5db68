//! What is kept of help: whether an entry helped, in this browser and told to the page around (S20).

use super::{App, Ready, Route};
use crate::shell::host::HostEvent;
use crate::shell::kept;
use portico_core::flow;
use serde_json::json;
use yew::Context;

/// Under which name an entry's answer is kept.
fn kept_name(anchor: &str) -> String {
    ["helpful.", anchor].concat()
}

impl Ready {
    /// Reads what was answered before, and lets no dialog stand in front of the help that it led to.
    pub(super) fn follow_help(&mut self, route: &Route) {
        let Route::Help(page) = route else {
            return;
        };
        let answer = kept::read(&kept_name(page.anchor()));
        self.helpful = answer.map(|answer| answer == "yes");
        self.problem = None;
        if self.dialog.take().is_some() {
            self.busy = false;
            // A flow that is under way goes on; Add Portal leads back to it.
            if !self.flow.phase().is_busy() {
                self.flow.dispatch(flow::Event::Dismissed);
            }
        }
    }

    pub(super) fn judge_help(&mut self, ctx: &Context<App>, route: &Route, helpful: bool) {
        let Route::Help(page) = route else {
            return;
        };
        self.helpful = Some(helpful);
        kept::write(
            &kept_name(page.anchor()),
            if helpful { "yes" } else { "no" },
        );
        ctx.props().emit.emit(HostEvent {
            name: "portico-help-feedback",
            detail: json!({ "anchor": page.anchor(), "helpful": helpful }),
        });
    }
}
