//! The frame around every view: sidebar, notices, the open dialog.

use super::icon::Icon;
use super::{Scene, accounts, connections, dialog, help, notice, place, workspaces};
use crate::app::Action;
use crate::shell::events::StreamState;
use crate::shell::host::Layout;
use portico_core::error::ErrorCode;
use portico_core::route::{HelpPage, Route};
use portico_core::wire::{Problem, Role};
use yew::prelude::*;

/// Before the session stands.
pub(crate) fn starting() -> Html {
    html! {
        <div class="blank" role="status">
            { Icon::Loader.svg_with("icon spin") }
            <p>{ "Opening Portico…" }</p>
        </div>
    }
}

/// No session: what happened and what to do.
pub(crate) fn failed(problem: &Problem, act: &Callback<Action>) -> Html {
    let retry = act.reform(|_: MouseEvent| Action::Retry);
    let again = !matches!(
        problem.code,
        ErrorCode::LaunchRequired | ErrorCode::LaunchInvalid
    );
    html! {
        <main class="main">
            <div class="page narrow">
                <div class="brand">{ brand_mark() }<span>{ "Portico" }</span></div>
                { notice::problem(problem) }
                if again {
                    <div class="buttons"><button type="button" class="button" onclick={retry}>{ "Try again" }</button></div>
                }
            </div>
        </main>
    }
}

/// The session stands.
pub(crate) fn ready(scene: &Scene<'_>) -> Html {
    let page = scene.layout == Layout::Page;
    let wide = matches!(scene.route, Route::Explorer { .. });
    let view = match scene.route {
        Route::Accounts { .. } => accounts::view(scene),
        Route::Connections => connections::view(scene),
        Route::Workspaces => workspaces::view(scene),
        Route::Explorer { .. } => match &scene.ready.explorer {
            Some(explorer) => explorer.view(scene),
            None => later(scene),
        },
        Route::Help(page) => help::view(scene, *page),
    };
    html! {
        <div class={classes!("frame", if page { "page-frame" } else { "embedded" })} part="frame">
            if page { { sidebar(scene) } } else { { place::switcher(scene) } }
            <main class={classes!("main", wide.then_some("wide"))} part="main">
                if let StreamState::Lost { .. } = scene.ready.stream {
                    { notice::line("attention", Icon::TriangleAlert, "The proxy cannot be reached. Portico keeps trying; what was retrieved stays readable.") }
                }
                if let Some(problem) = scene.ready.problem.as_ref().filter(|_| scene.ready.dialog.is_none()) {
                    { notice::problem(problem) }
                }
                { view }
            </main>
            { dialog::open(scene) }
            <div aria-live="polite">
                if let Some(toast) = &scene.ready.toast {
                    <div class="toast">
                        { toast }{ " " }
                        <button type="button" class="button small" onclick={scene.click(Action::DismissToast)}>{ "Close" }</button>
                    </div>
                }
            </div>
        </div>
    }
}

/// In place of a view whose code is on its way, or did not come.
fn later(scene: &Scene<'_>) -> Html {
    match scene.missing {
        None => html! {
            <div class="blank" role="status">{ Icon::Loader.svg_with("icon spin") }<p>{ "Opening…" }</p></div>
        },
        Some(problem) => html! {
            <div class="main"><div class="page narrow">
                { notice::problem(problem) }
                <div class="buttons"><button type="button" class="button" onclick={scene.click(Action::LoadAgain)}>{ "Try again" }</button></div>
            </div></div>
        },
    }
}

fn sidebar(scene: &Scene<'_>) -> Html {
    let item = |route: Route, icon: Icon, label: &'static str| {
        let here = match scene.route {
            // A narrowed table, an open panel and a portal's metadata all stand under Client Accounts.
            Route::Accounts { .. } | Route::Explorer { .. } => {
                matches!(route, Route::Accounts { .. })
            }
            other => *other == route,
        };
        html! {
            <a href={route.hash()} onclick={scene.nav(&route)} aria-current={here.then_some("page")}>{ icon.svg() }{ label }</a>
        }
    };
    let session = &scene.ready.booted.session;
    let role = match session.role {
        Role::Admin => "Admin",
        Role::Member => "Member",
    };
    html! {
        <header class="sidebar">
            <div class="brand">{ brand_mark() }<span>{ "Portico" }</span></div>
            { place::switcher(scene) }
            <nav class="nav" aria-label="Portals">
                { item(place::accounts(scene), Icon::Building, "Client Accounts") }
            </nav>
            <div class="nav-group">
                <p class="nav-title" id="nav-settings">{ "Settings" }</p>
                <nav class="nav" aria-labelledby="nav-settings">
                    { item(Route::Connections, Icon::Plug, "Connections") }
                    { item(Route::Workspaces, Icon::Folder, "Workspaces") }
                </nav>
            </div>
            <div class="nav-group">
                <p class="nav-title" id="nav-help">{ "Help" }</p>
                <nav class="nav" aria-labelledby="nav-help">
                    { item(Route::Help(HelpPage::Connecting), Icon::Help, "Adding a portal") }
                    { item(Route::Help(HelpPage::Reconnecting), Icon::Refresh, "Status and reconnecting") }
                </nav>
            </div>
            <p class="sidebar-foot">
                <span>{ format!("{} · {role}", portico_core::text::visible(&session.org)) }</span>
                if let Some(info) = scene.ready.hubspot() {
                    <span>{ format!("HubSpot at {}", info.host) }</span>
                }
            </p>
        </header>
    }
}

fn brand_mark() -> Html {
    html! {
        <svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 2 2 10v3h28v-3L16 2Zm-11 13h4v10H5V15Zm9 0h4v10h-4V15Zm9 0h4v10h-4V15ZM2 27h28v3H2z" /></svg>
    }
}
