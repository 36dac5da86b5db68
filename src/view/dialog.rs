//! Modal dialogs: the browser's own `<dialog>`, which traps focus and closes on Escape.

use super::icon::Icon;
use super::{Scene, flow_dialog, notice, place};
use crate::app::{Action, Dialog};
use portico_core::connection_type::ConnectionType;
use portico_core::status::display_name;
use portico_core::wire::Provider;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlElement, ShadowRoot};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(crate) struct ModalProps {
    pub(crate) title: String,
    #[prop_or_default]
    pub(crate) lead: String,
    pub(crate) on_close: Callback<()>,
    pub(crate) children: Html,
    pub(crate) foot: Html,
}

/// Opens itself when it appears, reports the wish to close, and gives the focus back when it goes.
#[component]
pub(crate) fn Modal(props: &ModalProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let before = focused_beside(&node);
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // It fails only for a dialog that is open already.
                let _ = dialog.show_modal();
            }
            move || {
                // While it is open, nothing beside it takes the focus.
                if let Some(dialog) = dialog {
                    dialog.close();
                }
                if let Some(before) = before {
                    // What has left the page takes no focus, and that is all there is to it.
                    let _ = before.focus();
                }
            }
        });
    }
    // A second Escape closes the element whatever its cancel event is told, so `close` is heard as well.
    let on_cancel = props
        .on_close
        .reform(|event: Event| event.prevent_default());
    let on_closed = props.on_close.reform(|_: Event| ());
    let on_close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <dialog ref={node} aria-labelledby="dialog-title" oncancel={on_cancel} onclose={on_closed} part="dialog">
            <div class="dialog-head">
                <div>
                    <h2 id="dialog-title">{ &props.title }</h2>
                    if !props.lead.is_empty() { <p>{ &props.lead }</p> }
                </div>
                <button type="button" class="button quiet square" aria-label="Close" onclick={on_close}>{ Icon::Close.svg() }</button>
            </div>
            <div class="dialog-body">{ props.children.clone() }</div>
            <div class="dialog-foot">{ props.foot.clone() }</div>
        </dialog>
    }
}

/// What has the focus in the dialog's own tree.
pub(crate) fn focused_beside(node: &NodeRef) -> Option<HtmlElement> {
    let root = node.get()?.get_root_node().dyn_into::<ShadowRoot>().ok()?;
    root.active_element()?.dyn_into().ok()
}

/// The dialog that is open, if one is.
pub(crate) fn open(scene: &Scene<'_>) -> Html {
    let Some(dialog) = &scene.ready.dialog else {
        return Html::default();
    };
    match dialog {
        Dialog::Flow {
            provider,
            intent,
            connection,
            connection_type,
        } => {
            let known = connection
                .as_ref()
                .and_then(|id| scene.ready.connection(id));
            flow_dialog::view(scene, *provider, *intent, known, *connection_type)
        }
        Dialog::EditType { connection, chosen } => {
            let name = scene
                .ready
                .connection(connection)
                .map(display_name)
                .unwrap_or_default();
            confirm(
                scene,
                format!("Connection type of {name}"),
                "Save",
                false,
                type_picker(scene, *chosen),
            )
        }
        Dialog::Rename { connection, text } => {
            let known = scene.ready.connection(connection);
            let name = known.map(display_name).unwrap_or_default();
            let whose = known
                .map_or(Provider::Hubspot, |known| known.provider)
                .title();
            let on_input = scene.act.reform(|event: InputEvent| {
                Action::RenameText(
                    event
                        .target_unchecked_into::<web_sys::HtmlInputElement>()
                        .value(),
                )
            });
            let body = html! {
                <label class="field">{ "Label" }
                    <input class="input" maxlength="100" value={text.clone()} oninput={on_input} placeholder="For example: Acme, production" />
                    <span class="small muted">{ format!("A descriptive label helps to tell connections apart. Leave it empty to use {whose}'s own name.") }</span>
                </label>
            };
            confirm(scene, format!("Rename {name}"), "Save", false, body)
        }
        Dialog::AddRepo { connection } => {
            let known = scene.ready.connection(connection);
            match (&scene.ready.git, known) {
                (Some(git), Some(connection)) => git.dialog(scene, connection),
                _ => Html::default(),
            }
        }
        Dialog::Bulk => match (scene.parts.desk.here(), &scene.ready.bulk) {
            (Some(desk), Some(bulk)) => (desk.bulk)(scene, bulk),
            (None, Some(_)) => opening(scene),
            (_, None) => Html::default(),
        },
        Dialog::Move { connection, chosen } => {
            let known = scene.ready.connection(connection);
            known.map_or_else(Html::default, |known| {
                place::moving(scene, known, chosen.as_ref())
            })
        }
        Dialog::Static { .. } => match scene.parts.desk.here() {
            Some(desk) => (desk.token)(scene),
            None => opening(scene),
        },
    }
}

/// A dialog whose code is on its way, or did not come.
fn opening(scene: &Scene<'_>) -> Html {
    // Nothing meanwhile: the dialog itself is to know what had the focus before it.
    if scene.parts.missing().is_none() {
        return Html::default();
    }
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    html! { <Modal title="One moment" {on_close} foot={Html::default()}>{ super::frame::later(scene) }</Modal> }
}

fn confirm(scene: &Scene<'_>, title: String, verb: &'static str, danger: bool, body: Html) -> Html {
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let key = title.clone();
    let class = if danger {
        "button danger solid"
    } else {
        "button primary"
    };
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="confirm" type="button" {class} disabled={scene.ready.busy} onclick={scene.click(Action::Confirm)}>{ verb }</button>
        </>
    };
    html! {
        <Modal {key} {title} lead={place::lead(scene)} {on_close} {foot}>
            { body }
            if let Some(problem) = &scene.ready.problem { { notice::supported(scene, problem) } }
        </Modal>
    }
}

/// The three types with what each is for (J12, J16).
pub(crate) fn type_picker(scene: &Scene<'_>, chosen: ConnectionType) -> Html {
    html! {
        <fieldset>
            <legend>{ "Connection type" }</legend>
            { for ConnectionType::ALL.into_iter().map(|kind| {
                let onchange = scene.act.reform(move |_: Event| Action::ChooseType(kind));
                html! {
                    <label class="choice">
                        <input type="radio" name="connection-type" value={kind.wire_name()} checked={kind == chosen} {onchange} />
                        <strong>{ kind.title() }</strong>
                        <span>{ kind.use_case() }</span>
                    </label>
                }
            }) }
        </fieldset>
    }
}
