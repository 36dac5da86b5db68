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
mod backend;
mod backend_tokens;
mod ballerina;
mod bodies;
mod breaker;
mod callback;
mod clocks;
mod connections;
mod corpus;
mod databases;
mod edge;
mod events;
mod exchange;
mod flows;
mod fronts;
mod github;
mod github_grants;
mod journal;
mod journal_command;
mod keys;
mod kill_points;
mod late_revocations;
mod metrics;
mod openapi;
mod openapi_live;
mod overload;
mod partner_confirm;
mod partner_reload;
mod partner_sessions;
mod probe;
mod processes;
mod reconnect;
mod refresh;
mod refusals;
mod relay;
mod restore;
mod return_uris;
mod revoke_all;
mod roles;
mod sealed;
mod secrets;
mod sessions;
mod smuggling;
mod solo;
mod spool;
mod static_credentials;
mod token_answers;
mod upstream;
mod webhooks;
mod workspaces;
