//! Server-sent events of `GET /v1/events`: the `event` field is the variant's name, `data` its JSON.

use super::{Connection, FlowState};
use crate::ids::ConnectionId;
use serde::{Deserialize, Serialize};

/// News for one organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A connection was added or changed; the whole of it.
    ConnectionChanged {
        /// As it stands now.
        connection: Box<Connection>,
    },
    /// A connection was removed.
    ConnectionRemoved {
        /// Which.
        id: ConnectionId,
    },
    /// A flow of this person went on.
    FlowChanged {
        /// As it stands now.
        flow: FlowState,
    },
    /// Events were lost between `Last-Event-ID` and now: read everything again.
    Reset,
}

impl Event {
    /// The `event` field of the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConnectionChanged { .. } => "connection_changed",
            Self::ConnectionRemoved { .. } => "connection_removed",
            Self::FlowChanged { .. } => "flow_changed",
            Self::Reset => "reset",
        }
    }
}
