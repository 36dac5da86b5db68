//! Client Accounts: the portal table (J5, J6, J22–J24).

use super::icon::Icon;
use super::{Scene, before_you_start, retrieval, row_menu, status};
use crate::app::Action;
use crate::shell::clock::now_seconds;
use portico_core::explorer::fold;
use portico_core::order::ordered;
use portico_core::status::{display_name, read_status};
use portico_core::tier::read_tier;
use portico_core::wire::{Connection, Role};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let connections = &scene.ready.booted.connections;
    let admin = scene.ready.booted.session.role == Role::Admin;
    html! {
        <div class="page">
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
            if connections.is_empty() { { empty(scene, admin) } } else { { table(scene) } }
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

/// Worst first within a search (R13): what needs a person stands on top.
fn table(scene: &Scene<'_>) -> Html {
    let now = now_seconds();
    let search = fold(&scene.ready.search);
    let rows: Vec<_> = scene
        .ready
        .booted
        .connections
        .iter()
        .map(|connection| {
            (
                read_status(connection, now),
                display_name(connection),
                connection,
            )
        })
        .filter(|(_, name, connection)| {
            fold(name).contains(&search)
                || connection.account.portal_id.to_string().contains(&search)
        })
        .collect();
    let names: Vec<String> = rows.iter().map(|(_, name, _)| fold(name)).collect();
    let order = ordered(rows.len(), &mut |a, b| {
        let by_status = rows[a].0.status.cmp(&rows[b].0.status);
        by_status.then_with(|| names[a].cmp(&names[b]))
    });
    let on_search = scene.act.reform(|event: InputEvent| {
        Action::Search(
            event
                .target_unchecked_into::<web_sys::HtmlInputElement>()
                .value(),
        )
    });
    let many = scene.ready.booted.connections.len() > 7;
    html! {
        <>
            if many {
                <div class="search">
                    { Icon::Search.svg() }
                    <input class="input" type="search" aria-label="Search portals" placeholder="Search by name or portal id"
                        value={scene.ready.search.clone()} oninput={on_search} />
                </div>
            }
            <div class="card">
                <table class="table" part="table">
                    <caption class="visually-hidden">{ "Connected HubSpot portals" }</caption>
                    <thead>
                        <tr>
                            <th scope="col">{ "Account Name" }</th>
                            <th scope="col">{ "Portal ID" }</th>
                            <th scope="col">{ "Connection Status" }</th>
                            <th scope="col">{ "Actions" }</th>
                        </tr>
                    </thead>
                    <tbody>
                        { for order.iter().map(|at| row(scene, &rows[*at].0, &rows[*at].1, rows[*at].2)) }
                    </tbody>
                </table>
                if rows.is_empty() { <p class="blank">{ "No portal matches this search." }</p> }
            </div>
        </>
    }
}

fn row(
    scene: &Scene<'_>,
    reading: &portico_core::status::Reading,
    name: &str,
    connection: &Connection,
) -> Html {
    let portal = connection.account.portal_id;
    let tier = read_tier(&connection.account, &connection.grant.granted);
    let admin = scene.ready.booted.session.role == Role::Admin;
    let wants_reconnect = reading.status.wants_reconnect();
    html! {
        <tr key={connection.id.to_string()} data-portal={portal.to_string()}>
            <td>
                <div class="account">
                    <span class="account-name">{ name }</span>
                    <span class="tags">
                        <span class="tag" title={tier.evidence}>{ tier.tier.title() }</span>
                        <span>{ connection.connection_type.title() }</span>
                        if let Some(domain) = connection.account.hub_domain.as_deref().filter(|domain| *domain != name) {
                            <span class="break">{ portico_core::text::visible(domain) }</span>
                        }
                    </span>
                </div>
            </td>
            <td data-label="Portal ID"><span class="mono">{ portal.to_string() }</span></td>
            <td data-label="Connection Status">
                <div class="status-cell">
                    { status::link(scene, reading.status) }
                    if reading.status != portico_core::status::Status::Connected {
                        <p class="small muted">{ &reading.reason }{ " " }{ &reading.action }</p>
                    }
                    { retrieval::progress(scene.ready.retrievals.of(portal), reading.status.calls_allowed()) }
                </div>
            </td>
            <td data-label="Actions">
                <div class="row-actions">
                    if wants_reconnect && admin {
                        <button type="button" class="button primary small" onclick={scene.click(Action::Reconnect(connection.id.clone()))}
                            aria-label={format!("Reconnect {name}")}>
                            { Icon::Refresh.svg() }{ "Reconnect" }
                        </button>
                    }
                    <button type="button" class="button small" onclick={scene.click(Action::ViewMetadata(portal))}
                        aria-label={format!("View metadata of {name}")}>
                        { Icon::Layers.svg() }{ "View metadata" }
                    </button>
                    if admin {
                        <row_menu::RowMenu name={name.to_owned()} id={connection.id.clone()} act={scene.act.clone()} />
                    }
                </div>
            </td>
        </tr>
    }
}
