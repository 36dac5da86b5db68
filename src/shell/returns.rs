//! The return page's message: one flow's claim or failure (threat model, section 2, step 4).
//! Owns hearing, checking and acknowledging it; what follows from it is the core's.
//!
//! Anything of another window, origin, flow or shape is passed over in silence (EM-2).

use super::listener::Listener;
use super::window::Popup;
use super::{page, problem};
use js_sys::{Array, JsString, Object, Reflect};
use portico_core::error::ErrorCode;
use portico_core::ids::FlowId;
use portico_core::pkce::is_encoded_32_bytes;
use portico_core::wire::Problem;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{BroadcastChannel, MessageEvent, Window};
use yew::Callback;

/// What the return page brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    /// The one-time claim.
    Claim(String),
    /// Why there is none.
    Failed(ErrorCode),
}

/// No text of a message is longer: all of it stays below 1 KiB.
const MAX_TEXT_LENGTH: u32 = 256;

/// Hears the return page until it is dropped.
#[must_use = "a dropped listener hears nothing"]
pub(crate) struct ReturnListener {
    channel: Option<BroadcastChannel>,
    _on_channel: Option<Listener>,
    _on_window: Option<Listener>,
}

impl Drop for ReturnListener {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.close();
        }
    }
}

/// Reports the first good message for this flow, and acknowledges every one of it.
///
/// It comes on `BroadcastChannel("portico." + flow)` or, from the window we opened, as a message.
pub(crate) fn listen(
    flow: &FlowId,
    popup: Option<&Popup>,
    on_return: Callback<Returned>,
) -> Result<ReturnListener, Box<Problem>> {
    let window = page()?;
    // Denied where storage is partitioned away; the opener's message still comes.
    let channel = BroadcastChannel::new(&["portico.", flow.as_str()].concat()).ok();
    let reported = Rc::new(Cell::new(false));

    let on_channel = channel.as_ref().and_then(|channel| {
        let (answering, flow) = (channel.clone(), flow.clone());
        let (reported, on_return) = (Rc::clone(&reported), on_return.clone());
        Listener::new(channel, "message", move |event| {
            let Some(returned) = data_of(&event).and_then(|data| read(&data, &flow)) else {
                return;
            };
            if let Some(ack) = acknowledgement(&flow) {
                let _ = answering.post_message(&ack);
            }
            if !reported.replace(true) {
                on_return.emit(returned);
            }
        })
    });
    let on_window = {
        let (flow, popup, here) = (flow.clone(), popup.cloned(), window.clone());
        Listener::new(&window, "message", move |event| {
            let Some((returned, source)) = from_popup(&event, &here, popup.as_ref(), &flow) else {
                return;
            };
            if let (Some(ack), Some(origin)) = (acknowledgement(&flow), origin_of(&here)) {
                let _ = source.post_message(&ack, &origin);
            }
            if !reported.replace(true) {
                on_return.emit(returned);
            }
        })
    };
    if on_channel.is_none() && on_window.is_none() {
        return Err(problem(
            ErrorCode::Internal,
            "This browser lets no other window report back.",
        ));
    }
    Ok(ReturnListener {
        channel,
        _on_channel: on_channel,
        _on_window: on_window,
    })
}

fn data_of(event: &web_sys::Event) -> Option<JsValue> {
    Some(event.dyn_ref::<MessageEvent>()?.data())
}

fn origin_of(window: &Window) -> Option<String> {
    // `null` is no origin: a sandboxed page must not trust every other one.
    window
        .location()
        .origin()
        .ok()
        .filter(|origin| origin != "null")
}

/// A message of our own origin, from the window we opened where that is known.
fn from_popup(
    event: &web_sys::Event,
    here: &Window,
    popup: Option<&Popup>,
    flow: &FlowId,
) -> Option<(Returned, Window)> {
    let message = event.dyn_ref::<MessageEvent>()?;
    if message.origin() != origin_of(here)? {
        return None;
    }
    let source: JsValue = message.source()?.into();
    if popup.is_some_and(|popup| !popup.is(&source)) {
        return None;
    }
    let returned = read(&message.data(), flow)?;
    Some((returned, source.unchecked_into()))
}

/// The strict shape: `{v:1, type:"portico.claim", flow, claim}` or `{v:1, type:"portico.failed", flow, error}`.
fn read(data: &JsValue, flow: &FlowId) -> Option<Returned> {
    let object = data
        .dyn_ref::<Object>()
        .filter(|object| !Array::is_array(object))?;
    let member = |name: &str| Reflect::get(object, &name.into()).ok();
    let text = |name: &str| {
        let value = member(name)?;
        // Measured before it is copied out of the browser's memory.
        let short = value.dyn_ref::<JsString>()?.length() <= MAX_TEXT_LENGTH;
        short.then(|| value.as_string()).flatten()
    };
    if Object::keys(object).length() != 4
        || member("v")?.as_f64() != Some(1.0)
        || text("flow")? != flow.as_str()
    {
        return None;
    }
    match text("type")?.as_str() {
        "portico.claim" => text("claim")
            .filter(|claim| is_encoded_32_bytes(claim))
            .map(Returned::Claim),
        "portico.failed" => ErrorCode::from_wire(&text("error")?).map(Returned::Failed),
        _ => None,
    }
}

fn acknowledgement(flow: &FlowId) -> Option<JsValue> {
    let ack = Object::new();
    for (name, value) in [
        ("v", JsValue::from_f64(1.0)),
        ("type", "portico.ack".into()),
        ("flow", flow.as_str().into()),
    ] {
        Reflect::set(&ack, &name.into(), &value).ok()?;
    }
    Some(ack.into())
}
