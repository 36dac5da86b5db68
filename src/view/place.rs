//! Which workspace a portal stands in, and whose portals are looked at: shown wherever somebody acts (D15, D69, D70).
//! The page that changes workspaces is `workspaces`.

use super::dialog::Modal;
use super::icon::Icon;
use super::{Scene, notice};
use crate::app::{Action, Dialog, PlaceAction};
use portico_core::accounts::{AccountsQuery, InWorkspace};
use portico_core::ids::WorkspaceId;
use portico_core::route::Route;
use portico_core::status::display_name;
use portico_core::wire::{Connection, Workspace};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

fn all<'a>(scene: &'a Scene<'_>) -> &'a [Workspace] {
    &scene.ready.booted.session.workspaces
}

/// Name of the workspace a portal is grouped under.
pub(crate) fn name<'a>(scene: &'a Scene<'_>, connection: &Connection) -> Option<&'a str> {
    let id = connection.workspace.as_ref()?;
    let workspace = scene.ready.workspace(id)?;
    Some(&workspace.name)
}

/// The same among the tags of a row or card; nothing of a portal in no workspace.
pub(crate) fn tag(scene: &Scene<'_>, connection: &Connection) -> Html {
    match name(scene, connection) {
        Some(name) => html! {
            <span class="tag place" title="Workspace">{ Icon::Folder.svg() }<span class="visually-hidden">{ "Workspace " }</span><span class="break">{ name }</span></span>
        },
        None => Html::default(),
    }
}

/// `portal 4242, workspace Production`: what a dialog acts on.
pub(crate) fn described(scene: &Scene<'_>, connection: &Connection) -> String {
    let portal = ["portal ", &connection.account.portal_id.to_string()].concat();
    match name(scene, connection) {
        Some(name) => [&portal, ", workspace ", name].concat(),
        None if all(scene).is_empty() => portal,
        None => [&portal, ", no workspace"].concat(),
    }
}

/// What the open dialog acts on, as its second line.
pub(crate) fn lead(scene: &Scene<'_>) -> String {
    let id = match &scene.ready.dialog {
        Some(
            Dialog::EditType { connection, .. }
            | Dialog::Rename { connection, .. }
            | Dialog::Move { connection, .. }
            | Dialog::Static {
                connection: Some(connection),
                ..
            },
        ) => connection,
        Some(
            Dialog::Flow { .. } | Dialog::Bulk | Dialog::AddRepo { .. } | Dialog::Static { .. },
        )
        | None => {
            return String::new();
        }
    };
    let Some(connection) = scene.ready.connection(id) else {
        return String::new();
    };
    lead_of(scene, connection)
}

/// What a dialog acts on, as its second line.
pub(crate) fn lead_of(scene: &Scene<'_>, connection: &Connection) -> String {
    let mut lead = described(scene, connection);
    if let Some(first) = lead.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    lead
}

/// Client Accounts, of the workspace that is looked at.
pub(crate) fn accounts(scene: &Scene<'_>) -> Route {
    Route::default().in_workspace(scene.ready.places.current.clone())
}

/// Whose portals are looked at, and the way to others; nothing where nothing is grouped.
pub(crate) fn switcher(scene: &Scene<'_>) -> Html {
    let current = &scene.ready.places.current;
    let workspaces = all(scene);
    if workspaces.is_empty() && *current == InWorkspace::Any {
        return Html::default();
    }
    // An option's value is what the table's address says, so that the core reads it.
    let value = |workspace: InWorkspace| {
        AccountsQuery {
            workspace,
            ..AccountsQuery::default()
        }
        .write()
    };
    let option = |workspace: InWorkspace, title: &str| {
        let selected = workspace == *current;
        html! { <option value={value(workspace)} {selected}>{ title }</option> }
    };
    let onchange = scene.act.reform(|event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Place(PlaceAction::Look(AccountsQuery::read(&chosen).workspace))
    });
    let gone = match current {
        InWorkspace::One(id) => scene.ready.workspace(id).is_none(),
        InWorkspace::Any | InWorkspace::None => false,
    };
    html! {
        <div class="switcher">
            <label class="nav-title" for="workspace">{ "Workspace" }</label>
            <select id="workspace" aria-label="Workspace" {onchange}>
                { option(InWorkspace::Any, "All workspaces") }
                { for workspaces.iter().map(|workspace| option(InWorkspace::One(workspace.id.clone()), &workspace.name)) }
                { option(InWorkspace::None, "No workspace") }
                if gone { { option(current.clone(), "A removed workspace") } }
            </select>
        </div>
    }
}

/// The workspaces to choose one of for a portal, in a dialog.
pub(crate) fn picker(scene: &Scene<'_>, chosen: Option<&WorkspaceId>) -> Html {
    let onchange = scene.act.reform(|event: Event| {
        let chosen = event.target_unchecked_into::<HtmlSelectElement>().value();
        // No id is empty.
        Action::Place(PlaceAction::Choose(chosen.parse().ok()))
    });
    html! {
        <label class="field">{ "Workspace" }
            <select name="workspace" {onchange}>
                <option value="" selected={chosen.is_none()}>{ "No workspace" }</option>
                { for all(scene).iter().map(|workspace| {
                    let selected = chosen == Some(&workspace.id);
                    html! { <option value={workspace.id.to_string()} {selected}>{ &workspace.name }</option> }
                }) }
            </select>
        </label>
    }
}

/// Moves one portal to another workspace.
pub(crate) fn moving(
    scene: &Scene<'_>,
    connection: &Connection,
    chosen: Option<&WorkspaceId>,
) -> Html {
    let title = ["Move ", &display_name(connection), " to a workspace"].concat();
    let same = chosen == connection.workspace.as_ref();
    let unnamed = all(scene).is_empty() && same;
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            if unnamed {
                <button id="manage-workspaces" type="button" class="button primary" onclick={scene.click(Action::Place(PlaceAction::Manage))}>{ "Add a workspace" }</button>
            } else {
                <button id="confirm" type="button" class="button primary" disabled={scene.ready.busy || same} onclick={scene.click(Action::Confirm)}>{ "Move" }</button>
            }
        </>
    };
    html! {
        <Modal key="move" {title} lead={lead(scene)} {on_close} {foot}>
            if unnamed {
                <p>{ "There are no workspaces yet. A workspace groups portals, such as production, staging, or those of one client." }</p>
            } else {
                { picker(scene, chosen) }
                <p class="small muted">{ "Only the grouping changes: connection, type, history and metadata stay, and nothing changes in HubSpot." }</p>
            }
            if let Some(problem) = &scene.ready.problem { { notice::problem(problem) } }
        </Modal>
    }
}
