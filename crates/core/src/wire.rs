//! The JSON that browser and proxy exchange: shapes only.
//! Owns field names; rules about them live beside what they describe.
//!
//! Times are [`UnixSeconds`]; unknown fields of an answer are ignored, unknown fields of a request are refused.

mod connection;
mod event;
mod flow;
mod probe;
mod problem;
mod relay;
mod session;
mod workspace;

pub use connection::{
    Account, AccountType, AddStatic, Connection, Fault, FaultCategory, FaultCause, GrantFacts,
    GrantKind, RefreshFact, RefreshOutcome, ReplaceCredential, Revocation, UpdateConnection,
};
pub use event::Event;
pub use flow::{CompleteFlow, CompletedFlow, FlowPhase, FlowStarted, FlowState, Intent, StartFlow};
pub use probe::{AreaReport, ProbeOutcome, TestConnection, TestReport, Verdict};
pub use problem::{PROBLEM_CONTENT_TYPE, Problem, Upstream};
pub use relay::{RateLimit, RelayRequest};
pub use session::{
    Launch, Launched, Plan, ProviderInfo, RenewSession, Role, SessionInfo, SessionToken,
};
pub use workspace::{NameWorkspace, Workspace, Workspaces};

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
pub type UnixSeconds = i64;

/// Who issues the grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// HubSpot's OAuth 2.0 (platform section 1).
    Hubspot,
    /// GitHub, or a GitHub Enterprise Server: user tokens of a GitHub App or an OAuth app.
    Github,
}

impl Provider {
    /// In callback paths and configuration.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Github => "github",
        }
    }

    /// As people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hubspot => "HubSpot",
            Self::Github => "GitHub",
        }
    }
}
