//! The row's menu: edit connection type, reconnect, rename, move, test, retrieve again, remove (J24).
//! Keeps one bit of its own, whether it is open.

use super::icon::Icon;
use super::token_dialog::renewal;
use crate::app::{Action, PlaceAction};
use portico_core::ids::ConnectionId;
use portico_core::wire::GrantKind;
use web_sys::{FocusEvent, HtmlElement, KeyboardEvent, Node};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(crate) struct RowMenuProps {
    /// The portal's name, for assistive technology.
    pub(crate) name: String,
    pub(crate) id: ConnectionId,
    /// A member may look and test, and is not shown what only an admin can do.
    pub(crate) admin: bool,
    /// How it is renewed: a token is replaced (B18).
    #[prop_or(GrantKind::Oauth)]
    pub(crate) grant: GrantKind,
    pub(crate) act: Callback<Action>,
}

#[component]
pub(crate) fn RowMenu(props: &RowMenuProps) -> Html {
    let open = use_state_eq(|| false);
    let menu = use_node_ref();
    let button = use_node_ref();
    let toggle = {
        let open = open.clone();
        Callback::from(move |_: MouseEvent| open.set(!*open))
    };
    // Leaving the menu by any way closes it; moving inside it does not.
    let on_focus_out = {
        let (open, menu) = (open.clone(), menu.clone());
        Callback::from(move |event: FocusEvent| {
            let target = event
                .related_target()
                .and_then(|target| wasm_bindgen::JsCast::dyn_into::<Node>(target).ok());
            let inside = menu
                .cast::<Node>()
                .is_some_and(|menu| menu.contains(target.as_ref()));
            if !inside {
                open.set(false);
            }
        })
    };
    let on_key = {
        let (open, button) = (open.clone(), button.clone());
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && *open {
                open.set(false);
                if let Some(button) = button.cast::<HtmlElement>() {
                    // A button that is gone needs no focus.
                    let _ = button.focus();
                }
            }
        })
    };
    let item = |icon: Icon, label: &'static str, class: &'static str, action: Action| {
        let (open, act, button) = (open.clone(), props.act.clone(), button.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            open.set(false);
            // The item goes with the menu; a dialog gives the focus back to what stays.
            if let Some(button) = button.cast::<HtmlElement>() {
                let _ = button.focus();
            }
            act.emit(action.clone());
        });
        html! { <button type="button" {class} {onclick}>{ icon.svg() }{ label }</button> }
    };
    let id = || props.id.clone();
    html! {
        <div class="menu" ref={menu} onfocusout={on_focus_out} onkeydown={on_key}>
            <button ref={button.clone()} type="button" class="button small square" aria-haspopup="true" aria-expanded={open.to_string()}
                aria-label={format!("More actions for {}", props.name)} onclick={toggle}>{ Icon::Ellipsis.svg() }</button>
            if *open {
                <div class="menu-list">
                    if props.admin {
                        { item(Icon::Sliders, "Edit connection type", "", Action::EditType(id())) }
                        { item(Icon::Refresh, renewal(props.grant), "", Action::Reconnect(id())) }
                        { item(Icon::Pencil, "Rename", "", Action::Rename(id())) }
                        { item(Icon::Folder, "Move to workspace", "", Action::Place(PlaceAction::Move(id()))) }
                    }
                    { item(Icon::Check, "Test connection", "", Action::Test(id())) }
                    { item(Icon::Layers, "Retrieve metadata again", "", Action::Retrieve(id())) }
                    if props.admin {
                        { item(Icon::Trash, "Remove", "danger", Action::Remove(id())) }
                    }
                </div>
            }
        </div>
    }
}
