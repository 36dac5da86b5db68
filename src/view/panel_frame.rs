//! A panel beside the page: takes the focus when it opens, gives it back when it goes, closes on Escape.

use super::dialog::focused_beside;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(crate) struct PanelFrameProps {
    pub(crate) close: Callback<()>,
    pub(crate) children: Html,
}

#[component]
pub(crate) fn PanelFrame(props: &PanelFrameProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let before = focused_beside(&node);
            if let Some(panel) = node.cast::<HtmlElement>() {
                let _ = panel.focus();
            }
            move || {
                if let Some(before) = before {
                    // What has left the page takes no focus, and that is all there is to it.
                    let _ = before.focus();
                }
            }
        });
    }
    let on_key = {
        let close = props.close.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" && !event.default_prevented() {
                close.emit(());
            }
        })
    };
    html! {
        <div ref={node} class="panel-frame" tabindex="-1" onkeydown={on_key}>{ props.children.clone() }</div>
    }
}
