//! The window with the provider's page. Owns opening, sending and closing it; what it means that one
//! is closed is for the core, because it may read as closed while it is not (EM-3).

use wasm_bindgen::JsValue;
use web_sys::Window;

/// A window we opened. It stays open when this is dropped: the person may be in the middle of consent.
#[derive(Clone)]
pub(crate) struct Popup(Window);

impl Popup {
    /// Sends the window to an address, which takes the empty page's place in its history.
    pub(crate) fn navigate(&self, url: &str) {
        // Refused only for what is no address, and the core has built this one.
        let _ = self.0.location().replace(url);
    }

    /// Whether it reads as closed; a hint, never proof.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed().unwrap_or(true)
    }

    /// Closes it, if it still can be.
    pub(crate) fn close(&self) {
        let _ = self.0.close();
    }

    /// Whether a message came from it.
    pub(super) fn is(&self, source: &JsValue) -> bool {
        let own: &JsValue = self.0.as_ref();
        own == source
    }
}

/// An empty window in the middle of this one; to be called inside a click, before any waiting.
///
/// Nothing, if a blocker stopped it (J31).
pub(crate) fn open_blank(width: u32, height: u32) -> Option<Popup> {
    let window = web_sys::window()?;
    let middle =
        |start, outer, size: u32| pixels(start) + (pixels(outer) - i64::from(size)).max(0) / 2;
    let left = middle(window.screen_x(), window.outer_width(), width);
    let top = middle(window.screen_y(), window.outer_height(), height);
    let features = format!("popup,width={width},height={height},left={left},top={top}");
    let popup = window
        .open_with_url_and_target_and_features("about:blank", "_blank", &features)
        .ok()
        .flatten()?;
    // Some blockers hand out a window that is closed at once.
    if popup.closed().unwrap_or(true) {
        return None;
    }
    if let Some(body) = popup.document().and_then(|document| document.body()) {
        body.set_text_content(Some("One moment: HubSpot's page is about to open here."));
    }
    Some(Popup(popup))
}

/// A measure in whole CSS pixels, which are written without the tables that floats take; 0 for none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates; no screen is that large"
)]
fn pixels(measure: Result<JsValue, JsValue>) -> i64 {
    let number = measure.ok().and_then(|measure| measure.as_f64());
    number.unwrap_or_default() as i64
}
