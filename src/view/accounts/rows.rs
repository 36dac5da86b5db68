//! One line of the table: a portal, or the head of a workspace's portals.

use super::super::icon::Icon;
use super::super::{Scene, place, retrieval, row_menu, status, token_dialog};
use crate::app::{Accounts, Action, Line, TableAction};
use crate::shell::clock::now_seconds;
use portico_core::accounts::Group;
use portico_core::route::Route;
use portico_core::status::{Status, read_status};
use portico_core::text::grouped;
use portico_core::tier::read_tier;
use portico_core::wire::{Connection, Role};
use yew::prelude::*;

/// The line at this place.
pub(super) fn line(scene: &Scene<'_>, at: usize) -> Html {
    match scene.ready.accounts.lines.get(at) {
        Some(Line::Row(row)) => match scene.ready.booted.connections.get(*row as usize) {
            Some(connection) => portal(scene, connection, at),
            None => Html::default(),
        },
        Some(Line::Group(group)) => head(&scene.ready.accounts, *group),
        None => Html::default(),
    }
}

fn head(accounts: &Accounts, group: Group) -> Html {
    let place = group
        .workspace
        .and_then(|at| accounts.index.workspaces().get(at as usize));
    let name = place.map_or("No workspace", |place| place.name.as_str());
    let portals = match group.length {
        1 => "1 portal".to_owned(),
        many => format!("{} portals", grouped(many)),
    };
    html! {
        <tr key={format!("group-{:?}", group.workspace)} class="group-head">
            <th scope="rowgroup" colspan="4">
                <span>{ name }</span>
                <span class="muted small">
                    { portals }
                    if group.attention > 0 { { format!(", {} need attention", grouped(group.attention)) } }
                </span>
            </th>
        </tr>
    }
}

fn portal(scene: &Scene<'_>, connection: &Connection, at: usize) -> Html {
    let accounts = &scene.ready.accounts;
    let reading = read_status(connection, now_seconds());
    let name = portico_core::status::display_name(connection);
    let portal = connection.account.portal_id;
    let tier = read_tier(&connection.account, &connection.grant.granted);
    let admin = scene.ready.booted.session.role == Role::Admin;
    let wants_reconnect = reading.status.wants_reconnect();
    let open = Route::accounts(accounts.query.clone(), Some(portal));
    let chosen = accounts.selection.contains(&connection.id);
    let choose = {
        let id = connection.id.clone();
        scene.act.reform(move |event: MouseEvent| {
            Action::Table(TableAction::Choose {
                id: id.clone(),
                range: event.shift_key(),
            })
        })
    };
    let kind = connection.grant.kind;
    html! {
        <tr key={connection.id.to_string()} data-portal={portal.to_string()} aria-rowindex={(at + 2).to_string()}
            class={classes!(chosen.then_some("chosen-row"))}>
            <td>
                <div class="account-cell">
                    <input type="checkbox" class="choose" aria-label={format!("Choose {name}, portal {portal}")} checked={chosen} onclick={choose} />
                    <div class="account">
                        <span class="account-name"><a href={open.hash()} onclick={scene.nav(&open)}>{ &name }</a></span>
                        <span class="tags">
                            <span class="tag" title={tier.evidence}>{ tier.tier.title() }</span>
                            <span>{ connection.connection_type.title() }</span>
                            { place::tag(scene, connection) }
                            if let Some(domain) = connection.account.hub_domain.as_deref().filter(|domain| **domain != *name) {
                                <span class="break">{ portico_core::text::visible(domain) }</span>
                            }
                        </span>
                    </div>
                </div>
            </td>
            <td data-label="Portal ID"><span class="mono">{ portal.to_string() }</span></td>
            <td data-label="Connection Status">
                <div class="status-cell">
                    { status::link(scene, reading.status) }
                    if reading.status != Status::Connected {
                        <p class="small muted why">{ &reading.reason }{ " " }{ &reading.action }</p>
                    }
                    { token_dialog::credential(connection, now_seconds()) }
                    { retrieval::progress(scene.ready.retrievals.of(portal), reading.status.calls_allowed()) }
                </div>
            </td>
            <td data-label="Actions">
                <div class="row-actions">
                    if wants_reconnect && admin {
                        <button type="button" class="button primary small" onclick={scene.click(Action::Reconnect(connection.id.clone()))}
                            aria-label={token_dialog::renewal_of(kind, &name)}>
                            { Icon::Refresh.svg() }{ token_dialog::renewal(kind) }
                        </button>
                    }
                    <button type="button" class="button small" onclick={scene.click(Action::ViewMetadata(portal))}
                        aria-label={format!("View metadata of {name}")}>
                        { Icon::Layers.svg() }{ "View metadata" }
                    </button>
                    <row_menu::RowMenu {name} id={connection.id.clone()} {admin} grant={kind} act={scene.act.clone()} />
                </div>
            </td>
        </tr>
    }
}
