//! Settings > Workspaces: add, rename and remove the names that portals are grouped under (D69, D70, D35, D60).
//! Keeps nothing of its own but where the focus goes.

use super::dialog::{Modal, focused_beside};
use super::icon::Icon;
use super::{Scene, notice};
use crate::app::{Action, Change, PlaceAction};
use portico_core::accounts::InWorkspace;
use portico_core::error::ErrorCode;
use portico_core::route::Route;
use portico_core::wire::{Problem, Role, Workspace};
use portico_core::workspace::{Tally, name_fault, tallies};
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

const LONGEST_NAME: &str = "60";

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let booted = &scene.ready.booted;
    let workspaces = &booted.session.workspaces;
    let admin = booted.session.role == Role::Admin;
    let counts = tallies(workspaces, &booted.connections);
    // One longer than the workspaces: what stands in none comes last.
    let ungrouped = counts.last().copied().unwrap_or_default();
    html! {
        <div class="page narrow">
            <header class="page-head">
                <div>
                    <h1>{ "Workspaces" }</h1>
                    <p>{ "Group portals by environment or by client. Switch to a workspace, and only its portals are shown, so that nobody acts on the wrong one." }</p>
                </div>
            </header>
            if admin { { adding(scene) } } else { { reason() } }
            <Rest removals={scene.ready.places.removals}>
                if workspaces.is_empty() {
                    { empty(admin) }
                } else {
                    <ul class="card places">
                        { for workspaces.iter().zip(&counts).map(|(workspace, tally)| row(scene, workspace, *tally, admin)) }
                        <li class="places-row">
                            <div class="account">
                                { portals(scene, InWorkspace::None, "No workspace") }
                                <span class="tags">{ ungrouped.words() }</span>
                            </div>
                        </li>
                    </ul>
                }
            </Rest>
            { removal(scene, &counts) }
        </div>
    }
}

/// Why a member sees no buttons, and who has them.
fn reason() -> Html {
    let why = ErrorCode::RoleRequired.entry();
    let text = [
        "Only an admin can add, rename or remove workspaces. ",
        why.action,
    ]
    .concat();
    notice::line("", Icon::Info, &text)
}

fn adding(scene: &Scene<'_>) -> Html {
    let places = &scene.ready.places;
    let workspaces = &scene.ready.booted.session.workspaces;
    let fault = name_fault(&places.new_name, workspaces, None);
    // Nothing is wrong with a field in which nobody has typed yet.
    let shown =
        fault.filter(|fault| !places.new_name.is_empty() || *fault == ErrorCode::WorkspaceLimit);
    let oninput = typed(scene, PlaceAction::NewName);
    let onsubmit = submitted(scene, PlaceAction::Add);
    html! {
        <form class="card pad stack tight" {onsubmit}>
            <label class="field" for="new-workspace">{ "New workspace" }</label>
            <div class="place-form">
                <input id="new-workspace" class="input" autocomplete="off" maxlength={LONGEST_NAME} value={places.new_name.clone()} {oninput}
                    placeholder="For example: Production" aria-invalid={shown.is_some().to_string()} aria-describedby="new-workspace-fault" />
                <button id="add-workspace" class="button primary" disabled={fault.is_some() || places.busy}>{ Icon::Plus.svg() }{ "Add" }</button>
            </div>
            { told("new-workspace-fault", shown) }
            if let Some(problem) = places.problem.as_ref().filter(|_| places.opened.is_none()) { { notice::problem(problem) } }
        </form>
    }
}

fn empty(admin: bool) -> Html {
    html! {
        <section class="card empty" aria-labelledby="places-empty">
            <div class="empty-lead">
                <h2 id="places-empty">{ "No workspaces yet" }</h2>
                <p>{ "A workspace is a name that portals are grouped under. It changes nothing in HubSpot, and nobody's rights." }</p>
                if !admin { <p>{ "Once an admin adds some, they are listed here." }</p> }
            </div>
            <div class="panel">
                <h3>{ "What people group by" }</h3>
                <ul class="checklist">
                    { for [
                        ("Environment", "Production, Staging, Sandbox: a test never runs against the live portal by mistake."),
                        ("Client", "One workspace for each client: what you do for one stays away from the others."),
                        ("Team", "Whoever looks after some portals sees just these."),
                    ].into_iter().map(|(title, text)| html! {
                        <li>{ Icon::Folder.svg() }<span><strong>{ title }</strong><span>{ text }</span></span></li>
                    }) }
                </ul>
            </div>
        </section>
    }
}

/// Leads to the portals of a workspace.
fn portals(scene: &Scene<'_>, workspace: InWorkspace, name: &str) -> Html {
    let route = Route::default().in_workspace(workspace);
    html! { <span class="account-name"><a href={route.hash()} onclick={scene.nav(&route)}>{ name }</a></span> }
}

fn row(scene: &Scene<'_>, workspace: &Workspace, tally: Tally, admin: bool) -> Html {
    let id = &workspace.id;
    let opened = scene.ready.places.opened.as_ref();
    let renaming = opened.is_some_and(|opened| opened.id == *id && opened.change == Change::Rename);
    let open = |change| scene.click(Action::Place(PlaceAction::Open(id.clone(), change)));
    let rename = if renaming {
        scene.click(Action::Place(PlaceAction::Close))
    } else {
        open(Change::Rename)
    };
    html! {
        <li key={id.to_string()} class="places-row" data-workspace={id.to_string()}>
            <div class="account">
                { portals(scene, InWorkspace::One(id.clone()), &workspace.name) }
                <span class="tags">{ tally.words() }</span>
            </div>
            if admin {
                <div class="row-actions">
                    <button type="button" class="button small" aria-expanded={renaming.to_string()} onclick={rename}
                        aria-label={["Rename ", &workspace.name].concat()}>{ Icon::Pencil.svg() }{ "Rename" }</button>
                    <button type="button" class="button small danger" onclick={open(Change::Remove)}
                        aria-label={["Remove ", &workspace.name].concat()}>{ Icon::Trash.svg() }{ "Remove" }</button>
                </div>
            }
            if renaming { { rename_form(scene, workspace) } }
        </li>
    }
}

fn rename_form(scene: &Scene<'_>, workspace: &Workspace) -> Html {
    let places = &scene.ready.places;
    let Some(opened) = &places.opened else {
        return Html::default();
    };
    let known = &scene.ready.booted.session.workspaces;
    let fault = name_fault(&opened.name, known, Some(&workspace.id));
    let oninput = typed(scene, PlaceAction::Name);
    let onsubmit = submitted(scene, PlaceAction::Save);
    html! {
        <form class="stack tight places-edit" {onsubmit}>
            <div class="place-form">
                <NameField value={opened.name.clone()} {oninput} label={["New name of ", &workspace.name].concat()} faulty={fault.is_some()} />
                <button class="button primary" disabled={fault.is_some() || places.busy}>{ "Save" }</button>
                <button type="button" class="button" onclick={scene.click(Action::Place(PlaceAction::Close))}>{ "Cancel" }</button>
            </div>
            { told("workspace-fault", fault) }
            { refused(places.problem.as_deref(), workspace) }
        </form>
    }
}

/// Asks before a workspace is removed.
fn removal(scene: &Scene<'_>, counts: &[Tally]) -> Html {
    let places = &scene.ready.places;
    let all = &scene.ready.booted.session.workspaces;
    let found = places
        .opened
        .as_ref()
        .filter(|opened| opened.change == Change::Remove)
        .and_then(|opened| all.iter().position(|workspace| workspace.id == opened.id));
    let Some((workspace, tally)) = found.and_then(|at| Some((all.get(at)?, counts.get(at)?)))
    else {
        return Html::default();
    };
    let close = Action::Place(PlaceAction::Close);
    let on_close = {
        let close = close.clone();
        scene.act.reform(move |()| close.clone())
    };
    let what = if *tally == Tally::default() {
        "It holds no portals. Nothing else changes.".to_owned()
    } else {
        [
            "It holds ",
            &tally.words(),
            ". They stay connected, with their metadata and history, and stand in no workspace until they are moved to another.",
        ]
        .concat()
    };
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(close)}>{ "Cancel" }</button>
            <button id="remove-workspace" type="button" class="button danger solid" disabled={places.busy}
                onclick={scene.click(Action::Place(PlaceAction::Save))}>{ "Remove workspace" }</button>
        </>
    };
    html! {
        <Modal title={["Remove ", &workspace.name, "?"].concat()} {on_close} {foot}>
            <p>{ what }</p>
            { refused(places.problem.as_deref(), workspace) }
        </Modal>
    }
}

/// Why the proxy refused; after a conflict also what stands there now.
fn refused(problem: Option<&Problem>, workspace: &Workspace) -> Html {
    let Some(problem) = problem else {
        return Html::default();
    };
    html! {
        <>
            { notice::problem(problem) }
            if problem.code == ErrorCode::VersionConflict {
                <p class="small" role="status">{ "It is called " }<strong class="break">{ &workspace.name }</strong>{ " now. Try again if you still want to." }</p>
            }
        </>
    }
}

/// What the catalogue says of a name, below its field; the place stays, so that it is announced.
fn told(id: &'static str, fault: Option<ErrorCode>) -> Html {
    html! {
        <p {id} class="field-fault" role="status">
            if let Some(entry) = fault.map(ErrorCode::entry) {
                { entry.title }{ ". " }{ entry.meaning }{ " " }{ entry.action }
            }
        </p>
    }
}

fn typed(scene: &Scene<'_>, wish: fn(String) -> PlaceAction) -> Callback<InputEvent> {
    scene.act.reform(move |event: InputEvent| {
        let field = event.target_unchecked_into::<HtmlInputElement>();
        Action::Place(wish(field.value()))
    })
}

fn submitted(scene: &Scene<'_>, wish: PlaceAction) -> Callback<SubmitEvent> {
    scene.act.reform(move |event: SubmitEvent| {
        event.prevent_default();
        Action::Place(wish.clone())
    })
}

#[derive(PartialEq, Properties)]
struct NameFieldProps {
    value: String,
    label: String,
    faulty: bool,
    oninput: Callback<InputEvent>,
}

/// Takes the focus when it appears, its text selected, and gives it back when it goes.
#[component]
fn NameField(props: &NameFieldProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let before = focused_beside(&node);
            if let Some(field) = node.cast::<HtmlInputElement>() {
                // A field that is not on the page any more needs no focus.
                let _ = field.focus();
                field.select();
            }
            move || {
                if let Some(before) = before {
                    // What has left the page takes no focus, and that is all there is to it.
                    let _ = before.focus();
                }
            }
        });
    }
    html! {
        <input ref={node} class="input" autocomplete="off" maxlength={LONGEST_NAME} value={props.value.clone()} oninput={props.oninput.clone()}
            aria-label={props.label.clone()} aria-invalid={props.faulty.to_string()} aria-describedby="workspace-fault" />
    }
}

#[derive(PartialEq, Properties)]
struct RestProps {
    removals: u32,
    children: Html,
}

/// The list, which takes the focus after a removal: the button that had it is gone.
#[component]
fn Rest(props: &RestProps) -> Html {
    let node = use_node_ref();
    let before = use_mut_ref(|| props.removals);
    {
        let node = node.clone();
        use_effect_with(props.removals, move |removals| {
            if std::mem::replace(&mut *before.borrow_mut(), *removals) != *removals
                && let Some(node) = node.cast::<HtmlElement>()
            {
                // As above.
                let _ = node.focus();
            }
        });
    }
    html! { <section ref={node} tabindex="-1" aria-label="Workspaces">{ props.children.clone() }</section> }
}
