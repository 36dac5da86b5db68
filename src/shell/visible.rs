//! Whether somebody looks. Owns hearing of it; what is done then is the hearer's.

use super::listener::Listener;
use yew::Callback;

/// Hears until it is dropped.
#[must_use = "a dropped listener hears nothing"]
pub(crate) struct Visible {
    _listener: Option<Listener>,
}

/// Reports each time the page comes into view again.
pub(crate) fn on_visible(callback: Callback<()>) -> Visible {
    let document = web_sys::window().and_then(|window| window.document());
    let listener = document.and_then(|document| {
        let looked_at = document.clone();
        Listener::new(&document, "visibilitychange", move |_| {
            if !looked_at.hidden() {
                callback.emit(());
            }
        })
    });
    Visible {
        _listener: listener,
    }
}
