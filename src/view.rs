//! What people see: functions from state to `Html`, and the wishes they report.
//! Owns markup and words of the screen; never fetches, stores, or decides what happens next.

mod accounts;
mod before_you_start;
mod code;
mod connections;
mod dialog;
pub(crate) mod explorer;
mod flow_dialog;
pub(crate) mod frame;
mod git_panel;
pub(crate) mod github;
mod help;
mod icon;
mod notice;
mod record;
mod retrieval;
mod row_menu;
mod status;
mod virtual_list;

use crate::app::{Action, Ready};
use crate::shell::host::{Layout, Routing};
use portico_core::route::Route;
use portico_core::wire::Problem;
use yew::Callback;

/// What is drawn, and where wishes go.
pub(crate) struct Scene<'a> {
    pub(crate) route: &'a Route,
    /// Why the code of this view is not here.
    pub(crate) missing: Option<&'a Problem>,
    /// Why the code of linked repositories is not here.
    pub(crate) git_missing: Option<&'a Problem>,
    pub(crate) ready: &'a Ready,
    pub(crate) layout: Layout,
    pub(crate) routing: Routing,
    pub(crate) act: &'a Callback<Action>,
    /// Starts the open dialog's flow, inside the click.
    pub(crate) start: &'a Callback<()>,
    /// Opens the provider's window again, inside the click.
    pub(crate) reopen: &'a Callback<()>,
}

impl Scene<'_> {
    /// What a link to a view does when clicked: where views have addresses the browser follows it,
    /// in a partner's page the address is not ours to change.
    pub(crate) fn nav(&self, route: &Route) -> Callback<yew::MouseEvent> {
        if self.routing == Routing::Hash {
            return Callback::noop();
        }
        let (act, route) = (self.act.clone(), route.clone());
        Callback::from(move |event: yew::MouseEvent| {
            event.prevent_default();
            act.emit(Action::Go(route.clone()));
        })
    }

    /// A click that reports a wish.
    pub(crate) fn click(&self, action: Action) -> Callback<yew::MouseEvent> {
        self.act.reform(move |_| action.clone())
    }
}
