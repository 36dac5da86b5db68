//! Copying text. Owns the two ways a browser has for it.

use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, HtmlElement, HtmlTextAreaElement};

/// The browser let nothing be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CopyDenied;

/// Puts text on the clipboard; to be called inside a click.
pub(crate) async fn copy(text: &str) -> Result<(), CopyDenied> {
    let window = web_sys::window().ok_or(CopyDenied)?;
    let clipboard = window.navigator().clipboard();
    // Absent outside secure contexts, and refused where a permissions policy says so.
    if !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(text)).await.is_ok() {
        return Ok(());
    }
    let document = window.document().ok_or(CopyDenied)?;
    if copy_by_selection(&document, text) == Some(true) {
        Ok(())
    } else {
        Err(CopyDenied)
    }
}

/// The older way, which needs a selected field; it stands in the page for this moment only.
fn copy_by_selection(document: &Document, text: &str) -> Option<bool> {
    let focused = document.active_element();
    let field: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_value(text);
    field.set_read_only(true);
    let style = field.style();
    for (property, value) in [("position", "fixed"), ("opacity", "0"), ("top", "0")] {
        style.set_property(property, value).ok()?;
    }
    document.body()?.append_child(&field).ok()?;
    field.select();
    let page = document.dyn_ref::<web_sys::HtmlDocument>();
    let copied = page.and_then(|page| page.exec_command("copy").ok());
    field.remove();
    if let Some(element) = focused.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Focus goes back to where the person was.
        let _ = element.focus();
    }
    copied
}
