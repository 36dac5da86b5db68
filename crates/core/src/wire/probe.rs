//! Answer of a connection test (S12): outcomes and times, no metadata (P1).

use serde::{Deserialize, Serialize};

/// How one read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// Data came.
    Ok,
    /// A permission is missing, or the account's plan lacks the feature.
    Forbidden,
    /// HubSpot's rate limit, or the proxy's, was reached.
    RateLimited,
    /// No data came: a server fault, no answer in time, or an answer that held none.
    Unavailable,
    /// The credential is no longer accepted.
    Unauthorized,
}

/// What the reads say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every granted area gave data.
    Ok,
    /// The account answers; some area gave no data.
    Partial,
    /// No data can flow.
    Failed,
}

/// One area and how its read ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AreaReport {
    /// Stable name, e.g. `deals` or `workflows`; `account` comes first.
    pub area: String,
    /// As on screen.
    pub title: String,
    /// The relay's operation that was performed.
    pub operation: String,
    /// How it ended.
    pub outcome: ProbeOutcome,
    /// HTTP status of HubSpot's answer; absent when there was none.
    #[serde(default)]
    pub status: Option<u16>,
    /// From asking to the end of the answer, with the wait for a free slot.
    pub milliseconds: u64,
    /// HubSpot's correlation id, for support.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

/// Answer of `POST /v1/connections/{id}/test`.
///
/// Areas beyond the account are asked only when the account answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestReport {
    /// What the reads say together.
    pub verdict: Verdict,
    /// How long the whole test took.
    pub milliseconds: u64,
    /// One for each area that was asked.
    pub areas: Vec<AreaReport>,
}

/// `POST /v1/connections/{id}/test`: an empty object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TestConnection {}
