//! The smallest Yew page there is, measured beside the app by `cargo xtask bench`.
//!
//! Owns nothing of the product and must not grow: what it weighs is what Yew weighs.

use wasm_bindgen::prelude::wasm_bindgen;
use yew::prelude::*;

/// One heading, drawn by Yew.
#[component]
fn Hello() -> Html {
    html! { <h1>{ "Hello" }</h1> }
}

/// Draws the page into the document's body.
#[wasm_bindgen]
pub fn mount() {
    yew::Renderer::<Hello>::new().render();
}
