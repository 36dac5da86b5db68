//! The proxy against the sandbox, over HTTP: each test names the promises it serves.
//! Owns no set-up; that is `portico_tests`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "whatever goes wrong here is a failed test"
)]
#![allow(
    clippy::similar_names,
    reason = "a stage has a state, and a path is patched: each is the right word"
)]

mod account;
mod app_files;
mod callback;
mod connections;
mod events;
mod exchange;
mod flows;
mod partner_confirm;
mod partner_reload;
mod partner_sessions;
mod processes;
mod reconnect;
mod refresh;
mod relay;
mod return_uris;
mod sealed;
mod secrets;
mod sessions;
mod solo;
