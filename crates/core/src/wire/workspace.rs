//! Workspaces: groups of connections within one organization (D69, D70). Never a security boundary.

use crate::ids::WorkspaceId;
use serde::{Deserialize, Serialize};

/// One workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Workspace {
    /// Stays through every change of name.
    pub id: WorkspaceId,
    /// Unique in its organization, whatever the case.
    pub name: String,
    /// Grows with each change; `If-Match` carries it.
    pub version: u64,
    /// Connections grouped under it when this was read.
    pub connections: u32,
}

/// Answer of `GET /v1/workspaces`, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Workspaces {
    /// All of the organization's.
    pub workspaces: Vec<Workspace>,
}

/// `POST /v1/workspaces`, and `PATCH /v1/workspaces/{id}` with `If-Match: "<version>"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NameWorkspace {
    /// The name it shall have.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::WORKSPACE_NAME)))]
    pub name: String,
}
