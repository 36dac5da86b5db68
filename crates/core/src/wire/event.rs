//! Server-sent events of `GET /v1/events`: the `event` field is the variant's name, `data` its JSON.

use super::{Connection, FlowState};
use crate::ids::ConnectionId;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Deserialize as Derive, Serialize};

/// News for one organization.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// A workspace was added, renamed or removed: read them again.
    WorkspacesChanged,
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
            Self::WorkspacesChanged => "workspaces_changed",
            Self::Reset => "reset",
        }
    }
}

/// Read by hand: serde's own way with tags compiles each reader below it twice, into a widget that has to stay small.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Derive)]
        struct Flat {
            #[serde(rename = "type")]
            name: String,
            connection: Option<Box<Connection>>,
            id: Option<ConnectionId>,
            flow: Option<FlowState>,
        }
        let flat = Flat::deserialize(deserializer)?;
        let missing = || Error::custom("an event without what its type tells of");
        match flat.name.as_str() {
            "connection_changed" => Ok(Self::ConnectionChanged {
                connection: flat.connection.ok_or_else(missing)?,
            }),
            "connection_removed" => Ok(Self::ConnectionRemoved {
                id: flat.id.ok_or_else(missing)?,
            }),
            "flow_changed" => Ok(Self::FlowChanged {
                flow: flat.flow.ok_or_else(missing)?,
            }),
            "workspaces_changed" => Ok(Self::WorkspacesChanged),
            "reset" => Ok(Self::Reset),
            // Readers pass an event over that they cannot read, so a newer proxy breaks none of them.
            _ => Err(Error::custom("an event of an unknown type")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FlowPhase;
    use super::*;

    /// B10: news is taken up as it was told, and what is no news is an error.
    #[test]
    fn an_event_reads_as_it_was_written_and_anything_else_is_refused() {
        let events = [
            Event::Reset,
            Event::WorkspacesChanged,
            Event::ConnectionRemoved {
                id: "con_1".parse().unwrap(),
            },
            Event::FlowChanged {
                flow: FlowState {
                    id: "flow_1".parse().unwrap(),
                    phase: FlowPhase::Done,
                    failure: None,
                    connection_id: Some("con_1".parse().unwrap()),
                    expires_at: 1,
                },
            },
        ];
        for event in events {
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
        for bad in [
            "{}",
            r#"{"type":"news"}"#,
            r#"{"type":"connection_removed"}"#,
            r#"{"type":"connection_changed","id":"con_x"}"#,
            r#"{"type":"flow_changed","flow":{}}"#,
        ] {
            assert!(serde_json::from_str::<Event>(bad).is_err(), "{bad}");
        }
    }
}
