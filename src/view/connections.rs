//! Settings > Connections: the provider's panel and one card per portal (D2–D16, S5, S6, S11).

use super::icon::Icon;
use super::{Scene, before_you_start, git_panel, place, retrieval, row_menu, status, token_dialog};
use crate::app::{Action, EntryAction};
use crate::shell::clock::now_seconds;
use portico_core::status::{Status, display_name, read_status};
use portico_core::tier::read_tier;
use portico_core::wire::{Connection, Provider, Role};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let connections: Vec<_> = scene.ready.of(Provider::Hubspot).collect();
    let admin = scene.ready.booted.session.role == Role::Admin;
    let connected = !connections.is_empty();
    html! {
        <div class="page">
            <header class="page-head">
                <div>
                    <h1>{ "Connections" }</h1>
                    <p>{ "Connecting a portal is the first step. Its metadata is retrieved by itself and kept in this browser." }</p>
                </div>
                if admin {
                    <div class="buttons">
                        <button id="connect-portal" type="button" class="button" onclick={scene.click(Action::AddPortal)}>
                            { Icon::Plus.svg() }{ "Connect Portal" }
                        </button>
                    </div>
                }
            </header>
            <section class="card provider" aria-labelledby="provider-hubspot">
                <div>
                    <h2 id="provider-hubspot">{ "HubSpot" }</h2>
                    <p class="small muted">{ "OAuth 2.0 with PKCE. Works with free and paid portals. You choose the portal on HubSpot's page." }</p>
                </div>
                <div class="buttons">
                    if connected { { status::badge(Status::Connected) } }
                    if admin {
                        <button id="connect-hubspot" type="button" class="button primary" onclick={scene.click(Action::AddPortal)}>{ "Connect HubSpot" }</button>
                        <button id="use-token" type="button" class="button" onclick={scene.click(Action::Entry(EntryAction::Open(None)))}>{ Icon::Key.svg() }{ "Use a private app token" }</button>
                    }
                </div>
            </section>
            if connected {
                <ul class="cards">{ for connections.iter().map(|connection| card(scene, connection, admin)) }</ul>
            } else {
                <div class="panel"><h3>{ "Before you start" }</h3>{ before_you_start::list() }</div>
            }
            { git_panel::view(scene) }
        </div>
    }
}

fn card(scene: &Scene<'_>, connection: &Connection, admin: bool) -> Html {
    let portal = connection.account.portal_id;
    let reading = read_status(connection, now_seconds());
    let name = display_name(connection);
    let tier = read_tier(&connection.account, &connection.grant.granted);
    let kind = connection.grant.kind;
    html! {
        <li key={connection.id.to_string()} class="card connection" data-portal={portal.to_string()} part="card">
            <div class="connection-head">
                <div class="account">
                    <h3>{ &name }</h3>
                    <span class="tags"><span class="mono">{ portal.to_string() }</span><span class="tag" title={tier.evidence}>{ tier.tier.title() }</span>{ place::tag(scene, connection) }</span>
                </div>
                <row_menu::RowMenu name={name.clone()} id={connection.id.clone()} grant={kind} {admin} act={scene.act.clone()} />
            </div>
            <div class="stack tight">
                <div>{ status::link(scene, reading.status) }</div>
                if reading.status != Status::Connected {
                    <p class="small muted">{ &reading.reason }{ " " }{ &reading.action }</p>
                }
                if !reading.missing_scopes.is_empty() {
                    <details class="fold">
                        <summary>{ format!("Permissions not granted ({})", reading.missing_scopes.len()) }</summary>
                        <div>{ super::flow_dialog::scope_list(&reading.missing_scopes) }</div>
                    </details>
                }
                { token_dialog::credential(connection, now_seconds()) }
                { retrieval::progress(scene.ready.retrievals.of(portal), reading.status.calls_allowed()) }
            </div>
            <div class="buttons">
                if reading.status.wants_reconnect() && admin {
                    <button type="button" class="button primary small" onclick={scene.click(Action::Reconnect(connection.id.clone()))} aria-label={token_dialog::renewal_of(kind, &name)}>{ Icon::Refresh.svg() }{ token_dialog::renewal(kind) }</button>
                }
                <button type="button" class="button small" onclick={scene.click(Action::ViewMetadata(portal))} aria-label={format!("View Metadata of {name}")}>{ Icon::Layers.svg() }{ "View Metadata" }</button>
            </div>
        </li>
    }
}
