//! What tests stand on: a proxy and a sandbox in this process, spoken to over HTTP only.
//! Owns set-up and helpers; what must hold stands in the tests themselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "whatever goes wrong here is a failed test, and a panic says where"
)]

pub mod bench;
pub mod browser;
mod caller;
mod database;
mod device;
pub mod faults;
mod front;
mod partner;
mod person;
mod raw;
mod replica;
mod stage;

pub use caller::{Answer, Caller, Flow, StreamedEvent, Streaming, encoded};
pub use database::{Backup, Database, OwnDatabase};
pub use device::launch;
pub use front::{Front, Play, Stranger};
pub use partner::{Partner, now};
pub use person::{Person, fragment, location, onward};
pub use raw::{raw, rest, statuses};
pub use replica::{Footing, Replica, WrongClocks, command, proxy_binary, written};

pub use stage::{BareStage, PORTAL, Stage, offer_github};

/// The description of the interface that is checked in.
pub const OPENAPI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

/// As it is written there.
pub fn openapi_text(document: &serde_json::Value) -> String {
    serde_json::to_string_pretty(document).unwrap() + "\n"
}
