//! Files on their way to a person's disk and from it. Owns object URLs and reading in pieces; what stands in a
//! file is others' business.

use super::clock::monotonic_ms;
use super::problem;
use super::timer::breathe;
use js_sys::{Array, Uint8Array};
use portico_core::error::ErrorCode;
use portico_core::wire::Problem;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Bytes that are read into memory at once.
const PIECE: u32 = 512 * 1024;
/// Bytes that are worked on between two looks at the clock.
const SLICE: usize = 16 * 1024;
/// How long a piece of work may hold the main thread; a slice more is far below the 50 ms of a long task.
const TURN_MS: u64 = 12;

/// A file that was handed to the browser; its address is withdrawn when this is dropped.
#[must_use = "dropped at once, the address may be gone before the browser has read it"]
pub(crate) struct Saved(String);

impl Drop for Saved {
    fn drop(&mut self) {
        // It fails only for what is no address.
        let _ = Url::revoke_object_url(&self.0);
    }
}

/// Offers a text as a file of this name.
pub(crate) fn save_text(name: &str, kind: &str, text: &str) -> Result<Saved, Box<Problem>> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options);
    save(name, &blob.map_err(|_| denied())?)
}

/// Offers bytes as a file of this name.
pub(crate) fn save(name: &str, blob: &Blob) -> Result<Saved, Box<Problem>> {
    let url = Url::create_object_url_with_blob(blob).map_err(|_| denied())?;
    let saved = Saved(url);
    let document = super::page()?.document().ok_or_else(denied)?;
    let anchor = document.create_element("a").map_err(|_| denied())?;
    let anchor: HtmlAnchorElement = anchor.dyn_into().map_err(|_| denied())?;
    anchor.set_href(&saved.0);
    anchor.set_download(name);
    anchor.click();
    Ok(saved)
}

fn denied() -> Box<Problem> {
    problem(
        ErrorCode::Internal,
        "This browser does not let a page make a file.",
    )
}

/// Reads a file from beginning to end. `take` gets its bytes, a few at a time, and says whether it wants more;
/// `progress` hears now and then how many of the bytes are done. The page stays free meanwhile.
pub(crate) async fn read_in_slices(
    blob: &Blob,
    take: &mut dyn FnMut(&[u8]) -> bool,
    progress: &dyn Fn(u32),
) -> Result<(), Box<Problem>> {
    let unread = || {
        problem(
            ErrorCode::Internal,
            "The file could not be read. It may have been moved or changed.",
        )
    };
    let size = bytes_of(blob);
    let mut at = 0;
    let mut turn = monotonic_ms();
    while at < size {
        let end = size.min(at.saturating_add(PIECE));
        let piece = blob.slice_with_f64_and_f64(at.into(), end.into());
        let buffer = JsFuture::from(piece.map_err(|_| unread())?.array_buffer()).await;
        let bytes = Uint8Array::new(&buffer.map_err(|_| unread())?).to_vec();
        for slice in bytes.chunks(SLICE) {
            if !take(slice) {
                return Ok(());
            }
            if monotonic_ms() - turn >= TURN_MS {
                breathe().await;
                turn = monotonic_ms();
            }
        }
        at = end;
        progress(at);
    }
    Ok(())
}

/// Its size; of what is above four gigabytes, four.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates"
)]
pub(crate) fn bytes_of(blob: &Blob) -> u32 {
    blob.size() as u32
}
