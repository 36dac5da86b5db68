//! The shell: does what the core and the app ask of the browser (network, storage, windows, timers,
//! randomness) and reports back.
//!
//! Owns every web API but drawing; decides nothing and draws nothing. What it starts ends when its
//! handle is dropped, so that a removed widget leaves nothing behind.

pub(crate) mod calendar;
pub(crate) mod clipboard;
pub(crate) mod clock;
pub(crate) mod download;
pub(crate) mod events;
mod fetch;
pub(crate) mod gate;
pub(crate) mod host;
pub(crate) mod kept;
mod listener;
pub(crate) mod location;
mod lock;
pub(crate) mod proxy;
pub(crate) mod random;
pub(crate) mod retrieval;
pub(crate) mod returns;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod task;
pub(crate) mod timer;
pub(crate) mod visible;
pub(crate) mod window;

use portico_core::error::ErrorCode;
use portico_core::wire::Problem;

/// A problem with a sentence about this very case.
fn problem(code: ErrorCode, detail: &str) -> Box<Problem> {
    Box::new(Problem::of(code).with_detail(detail))
}

/// The page's window. There always is one: the widget is made of elements.
fn page() -> Result<web_sys::Window, Box<Problem>> {
    web_sys::window().ok_or_else(|| problem(ErrorCode::Internal, "This is not a web page."))
}
