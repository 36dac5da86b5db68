//! HubSpot for trying and testing: an authorization server and metadata APIs over seeded, invented accounts.
//!
//! Inside, everything is [`handle`]: `(state, request, now) -> response`, with no IO, clock or entropy. [`run`] serves it
//! over HTTP; [`Sandbox`] is the handle by which a test looks in and reaches in. Never part of what partners ship.

mod activity;
mod app_resources;
mod control;
mod credentials;
mod document;
mod error;
pub mod fixture;
pub mod github;
pub mod http;
mod hubspot;
mod judge;
mod lag;
mod metadata;
pub mod model;
mod oauth;
mod quota;
mod rate;
mod records;
mod rng;
mod router;
mod routes;
mod sandbox;
pub mod scopes;
mod shared;
#[cfg(feature = "serve")]
mod shell;
mod state;
pub mod time;
mod zone;

pub use activity::{ActingUser, Activity, AuditLog, Login, Place, SecurityEvent};
pub use app_resources::{ActionRevision, AppResources};
pub use control::{Control, Tokens};
pub use credentials::{
    CredentialRefused, Credentials, DeveloperToken, Issued, PRIVATE_APPS_PER_ACCOUNT,
    ROTATION_OVERLAP_MS, StaticApp, StaticKind, StaticToken,
};
pub use document::Document;
pub use fixture::UnknownFixture;
pub use http::{Request, Response};
pub use oauth::authorize::redirect_uri;
pub use rate::{BURST_LIMIT, BURST_SPAN_MS, SEARCH_LIMIT, SEARCH_SPAN_MS};
pub use router::{Served, handle, served};
pub use sandbox::{ConsentRefused, Sandbox};
pub use shared::Shared;
#[cfg(feature = "serve")]
pub use shell::run;
pub use state::{
    AccessToken, AppConfig, CALLS_KEPT, Code, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Distribution,
    Fault, FaultAnswer, FetchStatus, Holder, Install, RecordedCall, RefreshToken, State, Switches,
};
