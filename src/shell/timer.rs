//! Waiting. Owns timers, which end with their handle; decides no length of its own.

pub(crate) use gloo_timers::callback::Interval;
use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use std::pin::pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// Ends after this many milliseconds; dropped earlier, the timer is cleared.
pub(crate) fn sleep(milliseconds: u32) -> TimeoutFuture {
    TimeoutFuture::new(milliseconds)
}

/// The work's result, or nothing if it took longer; then it is dropped.
pub(crate) async fn within<T>(milliseconds: u32, work: impl Future<Output = T>) -> Option<T> {
    use futures_util::future::{Either, select};
    match select(pin!(work), sleep(milliseconds)).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(((), _)) => None,
    }
}

/// Lets the browser draw and hear before going on. A message, because timers of hidden tabs are held back.
pub(crate) async fn breathe() {
    let Ok(channel) = MessageChannel::new() else {
        return sleep(0).await;
    };
    let arrived = Promise::new(&mut |resolve, _| {
        channel.port1().set_onmessage(Some(&resolve));
    });
    if channel.port2().post_message(&JsValue::UNDEFINED).is_ok() {
        // A resolved promise cannot fail.
        let _ = JsFuture::from(arrived).await;
    }
    channel.port1().close();
}
