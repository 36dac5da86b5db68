//! Small answers that the browser keeps between visits; where storage is denied, nothing is kept and nothing fails.
//! Owns the names' prefix; what an answer means is the asker's.

use web_sys::Storage;

const PREFIX: &str = "portico.v1.";

/// What was kept under a name.
pub(crate) fn read(name: &str) -> Option<String> {
    storage()?.get_item(&[PREFIX, name].concat()).ok()?
}

/// Keeps a text under a name, if the browser lets it.
pub(crate) fn write(name: &str, text: &str) {
    if let Some(storage) = storage() {
        // Full or denied: the answer holds until the page is left.
        let _ = storage.set_item(&[PREFIX, name].concat(), text);
    }
}

/// Denied storage throws already when it is asked for.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
