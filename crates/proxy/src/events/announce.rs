//! What happened, written down in the transaction in which it happens.
//! Owns which change is told to whom: streams, other processes, caches and webhooks.

use super::listen::payload;
use crate::app::App;
use crate::store::events::{self, Kind};
use crate::store::flows::FlowRow;
use crate::store::{DbResult, Dialect, Owner, Store, Tx};
use crate::webhooks::EventType;

/// Connections that are announced one by one when their workspace goes.
const MOST_ANNOUNCED: usize = 50;

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is new.
    Connected,
    /// Its grant was replaced by a person's consent.
    Reconnected,
    /// Its access token was: routine, which no webhook tells of.
    Refreshed,
    /// A refresh succeeded after one had not.
    Recovered,
    /// A transient fault began.
    Faulted,
    /// A transient fault goes on: streams show the next try, no webhook tells of it.
    StillFaulted,
    /// Its grant is dead.
    NeedsReauth,
    /// Label, type or account facts differ.
    Updated,
    /// It goes. Announced before the row is deleted: webhooks name its account.
    Removed,
}

impl Change {
    fn kind(self) -> Kind {
        match self {
            Self::Removed => Kind::ConnectionRemoved,
            _ => Kind::ConnectionChanged,
        }
    }

    fn event_type(self) -> Option<EventType> {
        match self {
            Self::Connected => Some(EventType::Connected),
            Self::Reconnected => Some(EventType::Reconnected),
            Self::Recovered => Some(EventType::Recovered),
            Self::Faulted => Some(EventType::Checking),
            Self::NeedsReauth => Some(EventType::NeedsReauth),
            Self::Updated => Some(EventType::Updated),
            Self::Removed => Some(EventType::Removed),
            Self::Refreshed | Self::StillFaulted => None,
        }
    }
}

impl App {
    /// Tells of a change to a connection, once the transaction commits. It began with
    /// [`crate::store::Store::begin_in`].
    pub(crate) async fn announce(
        &self,
        tx: &mut Tx,
        owner: &Owner,
        id: &str,
        change: Change,
    ) -> DbResult<()> {
        events::append(tx, owner, None, change.kind(), id).await?;
        self.tell(tx, owner, Some(id)).await?;
        match change.event_type() {
            Some(event_type) => self.enlist(tx, owner, id, event_type).await,
            None => Ok(()),
        }
    }

    /// Tells the starter of a flow that it went on, once the transaction commits.
    pub(crate) async fn announce_flow(&self, tx: &mut Tx, flow: &FlowRow) -> DbResult<()> {
        let owner = flow.owner();
        events::append(tx, &owner, Some(&flow.sub), Kind::FlowChanged, &flow.id).await?;
        self.tell(tx, &owner, None).await
    }

    /// Tells everybody in an organization that its workspaces changed, and of the connections that were in one which
    /// is gone: one by one up to a few, by a word to read everything again beyond.
    pub(crate) async fn announce_workspaces(
        &self,
        tx: &mut Tx,
        owner: &Owner,
        left: &[String],
    ) -> DbResult<()> {
        if left.len() > MOST_ANNOUNCED {
            events::append(tx, owner, None, Kind::Reset, "").await?;
        } else {
            for id in left {
                self.announce(tx, owner, id, Change::Updated).await?;
            }
        }
        events::append(tx, owner, None, Kind::WorkspacesChanged, "").await?;
        self.tell(tx, owner, None).await
    }

    async fn tell(&self, tx: &mut Tx, owner: &Owner, connection: Option<&str>) -> DbResult<()> {
        tell(&self.store, tx, owner, connection).await
    }
}

async fn tell(store: &Store, tx: &mut Tx, owner: &Owner, connection: Option<&str>) -> DbResult<()> {
    if store.dialect() == Dialect::Postgres {
        events::notify(tx, &payload(owner, connection)).await?;
    }
    tx.will_tell(owner, connection);
    Ok(())
}

/// Tells streams, other processes and caches of a change that a command makes, which has no [`App`]. No webhook
/// tells of it.
pub(crate) async fn announce_by_command(
    store: &Store,
    tx: &mut Tx,
    owner: &Owner,
    id: &str,
) -> DbResult<()> {
    events::append(tx, owner, None, Kind::ConnectionChanged, id).await?;
    tell(store, tx, owner, Some(id)).await
}
