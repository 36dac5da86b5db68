//! Client Accounts: how all portals fare, and the table of them (J5, J6, J22–J24, R13).
//! Owns the page; the toolbar, a row and the window over many rows have files of their own.

mod rows;
mod toolbar;
mod window;

use super::icon::Icon;
use super::panel_frame::PanelFrame;
use super::{Scene, before_you_start, status};
use crate::app::{Action, TableAction};
use portico_core::accounts::{Sort, SummaryGroup};
use portico_core::ids::PortalId;
use portico_core::route::Route;
use portico_core::wire::Role;
use window::Window;
use yew::prelude::*;

/// Tables of more rows draw only those in sight, all of one height.
const MOST_AT_ONCE: usize = 100;

pub(crate) fn view(scene: &Scene<'_>, open: Option<PortalId>) -> Html {
    let admin = scene.ready.booted.session.role == Role::Admin;
    let is_empty = scene.ready.accounts.summary.total == 0;
    let opened = open.filter(|portal| scene.ready.portal(*portal).is_some());
    html! {
        <div class={classes!("page", "accounts", opened.map(|_| "with-panel"))}>
            <div class="stack accounts-main">
                <header class="page-head">
                    <div>
                        <h1>{ "Client Accounts" }</h1>
                        <p>{ "Every HubSpot portal your organization has connected, and whether it works." }</p>
                    </div>
                    if admin {
                        <div class="buttons">
                            <button id="add-portal" type="button" class="button primary" part="add-portal"
                                onclick={scene.click(Action::AddPortal)}>{ Icon::Plus.svg() }{ "Add Portal" }</button>
                        </div>
                    }
                </header>
                if is_empty { { empty(scene, admin) } } else { { table(scene, admin) } }
            </div>
            if let Some(portal) = opened { { panel(scene, portal) } }
        </div>
    }
}

fn empty(scene: &Scene<'_>, admin: bool) -> Html {
    html! {
        <section class="card empty" aria-labelledby="empty-title">
            <div class="empty-lead">
                <h2 id="empty-title">{ "No portals yet" }</h2>
                <p>{ "Connect a HubSpot portal to see its status here and to explore everything it is configured with: objects, properties, pipelines, lists, forms, workflows and more." }</p>
                if admin {
                    <button type="button" class="button primary" onclick={scene.click(Action::AddPortal)}>
                        { Icon::Plus.svg() }{ "Add your first portal" }
                    </button>
                } else {
                    <p>{ "Only an admin can add a portal. Ask an admin of your organization." }</p>
                }
            </div>
            <div class="panel">
                <h3>{ "Before you start" }</h3>
                { before_you_start::list() }
            </div>
        </section>
    }
}

/// How all fare; each number narrows the table to its portals.
fn summary(scene: &Scene<'_>) -> Html {
    let accounts = &scene.ready.accounts;
    html! {
        <div class="summary" role="group" aria-label="How your portals fare">
            { for accounts.summary.lines.iter().map(|line| {
                let asked = line.group.is_asked(&accounts.query);
                let next = if asked { accounts.query.widened() } else { line.group.narrow(&accounts.query) };
                let tone = match line.group {
                    SummaryGroup::Attention => "attention",
                    SummaryGroup::Limited | SummaryGroup::Connected => "good",
                    SummaryGroup::Checking | SummaryGroup::Suspended => "quiet",
                };
                html! {
                    <button type="button" class={classes!("summary-part", tone)} aria-pressed={asked.to_string()}
                        onclick={scene.click(Action::Table(TableAction::Ask(Box::new(next))))}>
                        { status::group_icon(line.group) }{ &line.words }
                    </button>
                }
            }) }
        </div>
    }
}

fn table(scene: &Scene<'_>, admin: bool) -> Html {
    let accounts = &scene.ready.accounts;
    let many = accounts.lines.len() > MOST_AT_ONCE;
    let head = html! {
        <tr>
            { heading(scene, "Account Name", Some(Sort::Name)) }
            { heading(scene, "Portal ID", Some(Sort::PortalId)) }
            { heading(scene, "Connection Status", Some(Sort::Status)) }
            { heading(scene, "Actions", None) }
        </tr>
    };
    html! {
        <>
            { summary(scene) }
            { toolbar::view(scene) }
            if !accounts.selection.is_empty() { { toolbar::chosen(scene, admin) } }
            <div class="card table-home">
                if many {
                    <Window {head} count={accounts.lines.len()} sight={accounts.sight} version={accounts.version}
                        rows={drawn(scene)} on_sight={scene.act.reform(|sight| Action::Table(TableAction::See(sight)))}
                        caption="Connected HubSpot portals" />
                } else if accounts.lines.is_empty() {
                    <div class="blank">
                        <p>{ "No portal matches." }</p>
                        <button type="button" class="button small" onclick={scene.click(Action::Table(TableAction::Ask(Box::new(accounts.query.widened()))))}>{ "Show all portals" }</button>
                    </div>
                } else {
                    <table class="table" part="table">
                        <caption class="visually-hidden">{ "Connected HubSpot portals" }</caption>
                        <thead>{ head }</thead>
                        <tbody>{ for (0..accounts.lines.len()).map(|at| rows::line(scene, at)) }</tbody>
                    </table>
                }
            </div>
        </>
    }
}

/// The lines in sight of a long table.
fn drawn(scene: &Scene<'_>) -> Html {
    let (first, last) = scene
        .ready
        .accounts
        .sight
        .within(scene.ready.accounts.lines.len());
    (first..last).map(|at| rows::line(scene, at)).collect()
}

/// A column's head: sorts by it, then the other way round, then worst first again.
fn heading(scene: &Scene<'_>, title: &'static str, column: Option<Sort>) -> Html {
    let query = &scene.ready.accounts.query;
    let Some(column) = column else {
        return html! { <th scope="col">{ title }</th> };
    };
    let sorted = query.sort == column;
    let order = match (sorted, query.descending) {
        (false, _) => None,
        (true, false) => Some("ascending"),
        (true, true) => Some("descending"),
    };
    let mut next = query.clone();
    next.sort_by(column);
    let arrow = match order {
        Some("descending") => Icon::ArrowDown,
        Some(_) => Icon::ArrowUp,
        None => Icon::ArrowUpDown,
    };
    html! {
        <th scope="col" aria-sort={order}>
            <button type="button" class="sort" onclick={scene.click(Action::Table(TableAction::Ask(Box::new(next))))}>
                { title }{ arrow.svg() }
            </button>
        </th>
    }
}

/// Beside the table, or over it where there is no room.
fn panel(scene: &Scene<'_>, portal: PortalId) -> Html {
    let back = Route::accounts(scene.ready.accounts.query.clone(), None);
    let close = scene.act.reform(move |()| Action::Go(back.clone()));
    let content = match (scene.parts.desk.here(), scene.ready.portal(portal)) {
        (Some(desk), Some(connection)) => {
            let close = close.reform(|_: MouseEvent| ());
            (desk.panel)(scene, connection, &close)
        }
        _ => super::frame::later(scene),
    };
    html! { <PanelFrame key={portal.to_string()} {close}>{ content }</PanelFrame> }
}
