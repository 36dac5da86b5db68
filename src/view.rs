//! What people see: functions from state to `Html`, and the wishes they report.
//! Owns markup and words of the screen; never fetches, stores, or decides what happens next.

mod accounts;
mod before_you_start;
pub(crate) mod bulk;
mod code;
mod connections;
mod dialog;
pub(crate) mod explorer;
mod flow_dialog;
pub(crate) mod frame;
mod git_panel;
pub(crate) mod github;
pub(crate) mod guide;
pub(crate) mod help;
mod icon;
pub(crate) mod journal;
mod notice;
pub(crate) mod panel;
mod panel_frame;
mod place;
mod record;
mod retrieval;
mod row_menu;
pub(crate) mod scopes;
mod status;
pub(crate) mod token_dialog;
mod trace;
mod virtual_list;
pub(crate) mod workspaces;
pub(crate) mod xray;

use crate::app::{Action, Ready};
use crate::later::Parts;
use crate::shell::host::{Layout, Routing};
use portico_core::route::Route;
use yew::{Callback, TargetCast as _};

/// In a partner's page the address is not ours: what plain links between views ask for is done here instead.
pub(crate) fn follow_links(routing: Routing, act: &Callback<Action>) -> Callback<yew::MouseEvent> {
    if routing == Routing::Hash {
        return Callback::noop();
    }
    let act = act.clone();
    Callback::from(move |event: yew::MouseEvent| {
        let link = event
            .target_dyn_into::<web_sys::Element>()
            .and_then(|target| target.closest("a[href^='#/']").ok().flatten())
            .and_then(|link| link.get_attribute("href"));
        // A link with a wish of its own has reported it already.
        if let Some(href) = link.filter(|_| !event.default_prevented()) {
            event.prevent_default();
            act.emit(Action::Go(Route::parse(&href)));
        }
    })
}

/// What is drawn, and where wishes go.
pub(crate) struct Scene<'a> {
    pub(crate) route: &'a Route,
    /// What is loaded later, as far as it is here.
    pub(crate) parts: &'a Parts,
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
