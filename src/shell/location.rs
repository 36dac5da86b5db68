//! The address bar's hash. Owns reading, writing and hearing of it; what it names is `core::route`.

use super::listener::Listener;
use wasm_bindgen::JsValue;
use yew::Callback;

/// The hash with its `#`, or nothing.
pub(crate) fn hash() -> String {
    let hash = web_sys::window().and_then(|window| window.location().hash().ok());
    hash.unwrap_or_default()
}

/// The page's address without its hash.
pub(crate) fn page() -> String {
    let href = web_sys::window().and_then(|window| window.location().href().ok());
    let href = href.unwrap_or_default();
    href.split('#').next().unwrap_or_default().to_owned()
}

/// Scheme, host and port of the page.
pub(crate) fn origin() -> String {
    let origin = web_sys::window().and_then(|window| window.location().origin().ok());
    origin.unwrap_or_default()
}

/// Goes to a hash, as a step of the history.
pub(crate) fn set_hash(hash: &str) {
    if let Some(window) = web_sys::window() {
        // Refused only for a document without an address; then there is nothing to keep.
        let _ = window.location().set_hash(hash);
    }
}

/// Puts another hash in the present one's place, without a step of the history and without news of it.
///
/// An empty one removes the `#` as well.
pub(crate) fn replace_hash(hash: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    let location = window.location();
    let (Ok(mut url), Ok(search), Ok(history)) =
        (location.pathname(), location.search(), window.history())
    else {
        return;
    };
    url.push_str(&search);
    url.push_str(hash);
    let state = history.state().unwrap_or(JsValue::NULL);
    let _ = history.replace_state_with_url(&state, "", Some(&url));
}

/// Hears of the hash until it is dropped.
#[must_use = "a dropped listener hears nothing"]
pub(crate) struct HashListener {
    _listener: Option<Listener>,
}

/// Reports each new hash, also those of the back button.
pub(crate) fn listen(on_hash: Callback<String>) -> HashListener {
    let window = web_sys::window();
    let listener = window
        .and_then(|window| Listener::new(&window, "hashchange", move |_| on_hash.emit(hash())));
    HashListener {
        _listener: listener,
    }
}
