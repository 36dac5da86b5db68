//! One row of the table: what it shows, sorts by and is found by.
//! Owns the reading of a connection; knows no other row.

use super::query::Sort;
use crate::connection_type::ConnectionType;
use crate::explorer::fold_into;
use crate::ids::{ConnectionId, PortalId, WorkspaceId};
use crate::status::{Status, display_name, read_status};
use crate::text::NAME_CHARS;
use crate::tier::{Tier, read_tier};
use crate::wire::{Connection, Provider, UnixSeconds};

/// What the table knows of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose row.
    pub id: ConnectionId,
    /// Its portal.
    pub portal: PortalId,
    /// As shown.
    pub name: String,
    /// At the time the index was last told.
    pub status: Status,
    /// As inferred.
    pub tier: Tier,
    /// What it may be used for.
    pub connection_type: ConnectionType,
    /// Its place among [`AccountsIndex::workspaces`].
    pub workspace: Option<u32>,
    /// Its last change.
    pub updated_at: UnixSeconds,
    /// Only portals stand in this table; accounts of GitHub are connected elsewhere.
    pub(super) listed: bool,
    /// With a fault, time alone may change the status.
    pub(super) faulty: bool,
}

impl Entry {
    /// Reads a connection; `like` is one that was read at the same time.
    pub(super) fn read(
        connection: &Connection,
        workspaces: &[Place],
        now: UnixSeconds,
        like: Option<(&Connection, &Self)>,
    ) -> Self {
        let tier = read_tier(&connection.account, &connection.grant.granted).tier;
        // Scopes are compared each with each; in a large organization most grants are alike.
        let status = match like {
            Some((other, entry)) if entry.tier == tier && alike(other, connection) => entry.status,
            _ => read_status(connection, now).status,
        };
        let place = |id: &WorkspaceId| workspaces.iter().position(|place| place.id == *id);
        Self {
            id: connection.id.clone(),
            portal: connection.account.portal_id,
            name: display_name(connection),
            status,
            tier,
            connection_type: connection.connection_type,
            workspace: connection
                .workspace
                .as_ref()
                .and_then(place)
                .map(|at| u32::try_from(at).unwrap_or(u32::MAX)),
            updated_at: connection.updated_at,
            listed: connection.provider == Provider::Hubspot,
            faulty: connection.grant.fault.is_some(),
        }
    }

    /// What a column sorts by; names are compared by the index.
    pub(super) fn key(&self, sort: Sort) -> i64 {
        let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
        match sort {
            Sort::Attention | Sort::Status => place(self.status as usize),
            Sort::Name => 0,
            Sort::PortalId => i64::try_from(self.portal.0).unwrap_or(i64::MAX),
            Sort::Type => {
                let all = ConnectionType::ALL.iter();
                all.take_while(|kind| **kind != self.connection_type)
                    .map(|_| 1)
                    .sum()
            }
            Sort::Tier => place(self.tier as usize),
            Sort::Workspace => self.workspace.map_or(i64::MAX, i64::from),
            Sort::Updated => self.updated_at,
        }
    }
}

/// A workspace as the table knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub id: WorkspaceId,
    /// As shown.
    pub name: String,
}

/// Whether nothing stands in the way of a connection but what its scopes lack: then these alone make its status.
pub(super) fn unhurt(connection: &Connection) -> bool {
    connection.grant.fault.is_none() && connection.grant.revoked.is_none()
}

/// Whether two connections of one tier are of one status for certain.
fn alike(one: &Connection, other: &Connection) -> bool {
    let (a, b) = (&one.grant, &other.grant);
    unhurt(one)
        && unhurt(other)
        && a.granted == b.granted
        && a.asked == b.asked
        && a.required == b.required
}

/// What a row is found by, folded, a line for each field, and where its name ends.
pub(super) fn haystack(
    entry: &Entry,
    connection: &Connection,
    workspaces: &[Place],
) -> (String, usize) {
    let mut text = String::with_capacity(96);
    fold_into(&mut text, &entry.name);
    let name_end = text.len();
    let account = &connection.account;
    let workspace = entry.workspace.map(|at| &workspaces[at as usize].name);
    for field in [
        Some(&entry.portal.to_string()),
        connection.label.as_ref(),
        account.name.as_ref(),
        account.hub_domain.as_ref(),
        account.authorised_by.as_ref(),
        workspace,
    ] {
        // One of them is the name already.
        if let Some(field) = field.filter(|field| **field != entry.name) {
            text.push('\n');
            fold_into(&mut text, clipped(field));
        }
    }
    text.push('\n');
    (text, name_end)
}

/// No longer than a name may be shown.
fn clipped(text: &str) -> &str {
    match text.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
