//! Portico's browser side: the widget and the app around it.
//!
//! Rooms: `view` draws, `app` joins, `shell` carries, `element` is the door. Rules live in `portico-core`.
// Most of it can only run in a browser; on a host it is compiled for its lints and its pure tests.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

mod app;
mod element;
mod later;
mod shell;
mod view;
