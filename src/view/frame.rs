//! The frame around every view: sidebar, notices, the open dialog.

use super::icon::Icon;
use super::{Scene, accounts, connections, dialog, follow_links, notice, place};
use crate::app::Action;
use crate::later::{Pages, Parts};
use crate::shell::events::StreamState;
use crate::shell::host::{Layout, Routing};
use portico_core::error::ErrorCode;
use portico_core::journal::query::JournalQuery;
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
pub(crate) fn failed(
    problem: &Problem,
    route: &Route,
    parts: &Parts,
    routing: Routing,
    act: &Callback<Action>,
) -> Html {
    let onclick = follow_links(routing, act);
    if let (Route::Help(page), Some(pages)) = (route, parts.pages.here()) {
        return html! { <main class="main" {onclick}>{ (pages.help)(None, page) }</main> };
    }
    let retry = act.reform(|_: MouseEvent| Action::Retry);
    let again = !matches!(
        problem.code,
        ErrorCode::LaunchRequired | ErrorCode::LaunchInvalid
    );
    html! {
        <main class="main" {onclick}>
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
        Route::Accounts { open, .. } => accounts::view(scene, *open),
        Route::Connections => connections::view(scene),
        Route::Explorer { .. } => match &scene.ready.explorer {
            Some(explorer) => explorer.view(scene),
            None => later(scene),
        },
        Route::Help(_)
        | Route::Guide
        | Route::Workspaces
        | Route::Scopes
        | Route::XRay(_)
        | Route::Journal(_) => match scene.parts.pages.here() {
            Some(pages) => page_of(scene, pages),
            None => later(scene),
        },
    };
    html! {
        <div class={classes!("frame", if page { "page-frame" } else { "embedded" })} part="frame"
            onclick={follow_links(scene.routing, scene.act)}>
            if page { { sidebar(scene) } } else { { place::switcher(scene) } }
            <main class={classes!("main", wide.then_some("wide"))} part="main">
                if let StreamState::Lost { .. } = scene.ready.stream {
                    { notice::line("attention", Icon::TriangleAlert, "The proxy cannot be reached. Portico keeps trying; what was retrieved stays readable.") }
                }
                if let Some(problem) = scene.ready.problem.as_ref().filter(|_| scene.ready.dialog.is_none()) {
                    { notice::supported(scene, problem) }
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

fn page_of(scene: &Scene<'_>, pages: Pages) -> Html {
    match scene.route {
        Route::Help(page) => (pages.help)(Some(scene), page),
        Route::Guide => (pages.guide)(scene),
        Route::Workspaces => (pages.workspaces)(scene),
        Route::Scopes => (pages.scopes)(scene),
        Route::XRay(query) => (pages.xray)(scene, query),
        Route::Journal(query) => (pages.journal)(scene, query),
        Route::Accounts { .. } | Route::Connections | Route::Explorer { .. } => Html::default(),
    }
}

/// In place of a view whose code is on its way, or did not come.
pub(crate) fn later(scene: &Scene<'_>) -> Html {
    match scene.parts.missing() {
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
            Route::Help(_) => matches!(route, Route::Help(_)),
            Route::Scopes | Route::XRay(_) => route == Route::Scopes,
            Route::Journal(_) => matches!(route, Route::Journal(_)),
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
                    { item(Route::Journal(JournalQuery::default()), Icon::Scroll, "Journal") }
                </nav>
            </div>
            <div class="nav-group">
                <p class="nav-title" id="nav-help">{ "Help" }</p>
                <nav class="nav" aria-labelledby="nav-help">
                    { item(Route::Guide, Icon::Braces, "Set-up guide") }
                    { item(Route::Help(HelpPage::Index), Icon::Help, "Help") }
                    { item(Route::Scopes, Icon::Sliders, "Scopes") }
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
