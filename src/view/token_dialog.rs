//! A private app token or service key in place of OAuth: when, how it is made, and the field it is pasted into
//! (D26, B14–B18, J3). The token stays in that field until it is sent, and leaves it then.

use super::dialog::{Modal, type_picker};
use super::flow_dialog::scope_list;
use super::icon::Icon;
use super::{Scene, notice, place};
use crate::app::{Action, Dialog, EntryAction};
use portico_core::connection_type::ConnectionType;
use portico_core::error::ErrorCode;
use portico_core::scopes::{Configured, asked_for, required_of};
use portico_core::static_token::{StaticToken, described};
use portico_core::status::display_name;
use portico_core::wire::{Connection, GrantKind, Problem, UnixSeconds};
use web_sys::HtmlInputElement;
use yew::prelude::*;

const FORM: &str = "token-form";

/// What renews a connection, on a button.
pub(crate) fn renewal(kind: GrantKind) -> &'static str {
    match kind {
        GrantKind::Oauth => "Reconnect",
        GrantKind::Static => "Replace token",
    }
}

/// The same with the portal's name, for assistive technology.
pub(crate) fn renewal_of(kind: GrantKind, name: &str) -> String {
    let between = match kind {
        GrantKind::Oauth => " ",
        GrantKind::Static => " of ",
    };
    [renewal(kind), between, name].concat()
}

/// What is known of an entered token, in a row or card (B17); nothing of OAuth.
pub(crate) fn credential(connection: &Connection, now: UnixSeconds) -> Html {
    match described(&connection.grant, now) {
        Some(text) => {
            html! { <p class="credential">{ Icon::Key.svg() }<span class="break">{ text }</span></p> }
        }
        None => Html::default(),
    }
}

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let Some(Dialog::Static {
        connection,
        connection_type,
        label,
        workspace,
    }) = &scene.ready.dialog
    else {
        return Html::default();
    };
    let known = connection
        .as_ref()
        .and_then(|id| scene.ready.connection(id));
    let (title, lead, verb) = match known {
        Some(connection) => (
            ["Replace the token of ", &display_name(connection)].concat(),
            place::lead(scene),
            "Replace token",
        ),
        None => (
            "Use a private app token".to_owned(),
            "The other way to connect a HubSpot portal: without its consent page, by a token that an admin of the portal makes.".to_owned(),
            "Connect portal",
        ),
    };
    let busy = scene.ready.busy;
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="send-token" form={FORM} class="button primary" disabled={busy}>{ if busy { "Asking HubSpot…" } else { verb } }</button>
        </>
    };
    html! {
        <Modal key="token" {title} {lead} {on_close} {foot}>
            { when(known) }
            { making(scene, known, *connection_type) }
            <TokenForm act={scene.act.clone()} {busy}>
                if known.is_none() { { choices(scene, *connection_type, label, workspace.as_ref()) } }
            </TokenForm>
            if let Some(problem) = &scene.ready.problem { { notice::problem(&advised(problem)) } }
            <div class="notice">
                { Icon::Key.svg() }
                <div>
                    <strong>{ "Keep the token safe" }</strong>
                    <p>{ "It never expires: whoever holds it can use the portal until it is rotated. Keep it in a password manager, never in a mail or chat. If it may have leaked, rotate it in HubSpot at once and replace it here. Portico stores it encrypted and never shows it again." }</p>
                </div>
            </div>
        </Modal>
    }
}

fn when(known: Option<&Connection>) -> Html {
    match known {
        Some(_) => html! {
            <p>{ "Use this after the token was rotated, or its permissions were extended by another app or key. The new token must belong to the same portal. Label, type, history and metadata stay." }</p>
        },
        None => html! {
            <p>{ "Add Portal is the usual way: its access ends by itself and can be withdrawn in HubSpot at any time. Take a token where nobody can pass HubSpot's consent page, or where a portal allows its own apps only." }</p>
        },
    }
}

/// How the token is made, with the permissions it needs (B15).
fn making(scene: &Scene<'_>, known: Option<&Connection>, chosen: ConnectionType) -> Html {
    let asked = scene.ready.hubspot().map(|info| {
        let configured = Configured {
            required: &info.required_scopes,
            optional: &info.optional_scopes,
        };
        asked_for(chosen, &configured)
    });
    html! {
        <details class="fold" open={known.is_none()}>
            <summary>{ "Make the token in HubSpot" }</summary>
            <div>
                <ol class="steps">
                    <li><strong>{ "Open the page for it" }</strong>
                        <p>{ "Development > Keys > Service keys, or Settings > Integrations > Private Apps. HubSpot takes no new private apps after October 2026; those that are there go on, and a service key works alike." }</p></li>
                    <li><strong>{ "Give it the permissions below" }</strong>
                        <p>{ "The same that Add Portal asks for. What an optional one is for stays dark without it." }</p></li>
                    <li><strong>{ "Copy the token" }</strong>
                        <p>{ "It begins with " }<code>{ "pat-" }</code>{ " and the data centre, such as " }<code>{ "pat-eu1-" }</code>{ "." }</p></li>
                </ol>
                if let Some(asked) = asked {
                    <div class="stack tight"><h3>{ "Required" }</h3>{ scope_list(&required_of(GrantKind::Static, &asked.scope)) }</div>
                    if !asked.optional_scope.is_empty() {
                        <div class="stack tight"><h3>{ "Optional" }</h3>{ scope_list(&asked.optional_scope) }</div>
                    }
                }
            </div>
        </details>
    }
}

fn choices(
    scene: &Scene<'_>,
    chosen: ConnectionType,
    label: &str,
    workspace: Option<&portico_core::ids::WorkspaceId>,
) -> Html {
    let oninput = scene.act.reform(|event: InputEvent| {
        let field = event.target_unchecked_into::<HtmlInputElement>();
        Action::Entry(EntryAction::Label(field.value()))
    });
    html! {
        <>
            { type_picker(scene, chosen) }
            <label class="field">{ "Label (may be empty)" }
                <input class="input" name="label" maxlength="100" autocomplete="off" value={label.to_owned()} {oninput} placeholder="For example: Acme, production" />
            </label>
            if !scene.ready.booted.session.workspaces.is_empty() { { place::picker(scene, workspace) } }
        </>
    }
}

/// The catalogue's advice is for the consent page where both ways share a code.
fn advised(problem: &Problem) -> Problem {
    let action = match problem.code {
        ErrorCode::ScopeDenied => "Then enter the token again.",
        ErrorCode::WrongPortal => {
            "Enter a token of the portal named first, or connect the other one as a portal of its own."
        }
        _ => return problem.clone(),
    };
    Problem {
        action: action.to_owned(),
        ..problem.clone()
    }
}

#[derive(PartialEq, Properties)]
struct TokenFormProps {
    act: Callback<Action>,
    busy: bool,
    children: Html,
}

/// Holds the token in its field alone: what the field reports is that it was sent.
#[component]
fn TokenForm(props: &TokenFormProps) -> Html {
    let field = use_node_ref();
    let malformed = use_state_eq(|| false);
    let onsubmit = {
        let (field, malformed) = (field.clone(), malformed.clone());
        let (act, busy) = (props.act.clone(), props.busy);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(field) = field.cast::<HtmlInputElement>().filter(|_| !busy) else {
                return;
            };
            // A field that is not on the page any more needs no focus.
            let _ = field.focus();
            let token = StaticToken::read(&field.value());
            malformed.set(token.is_err());
            if let Ok(token) = token {
                field.set_value("");
                act.emit(Action::Entry(EntryAction::Send(token)));
            }
        })
    };
    html! {
        <form id={FORM} class="stack" {onsubmit}>
            { props.children.clone() }
            <label class="field">{ "Token" }
                <input ref={field} id="token" class="input mono" type="password" autocomplete="off" spellcheck="false" autocapitalize="off"
                    aria-invalid={malformed.to_string()} aria-describedby="token-note" />
                <span id="token-note" class="small muted">{ "Sent once, to Portico's own proxy. The field is emptied as it is sent." }</span>
            </label>
            if *malformed { { notice::problem(&Problem::of(ErrorCode::InvalidCredential)) } }
        </form>
    }
}
