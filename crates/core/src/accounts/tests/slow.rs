//! Searching, ordering and counting the slow way: each rule as it is told, with no thought of speed.

use super::NOW;
use crate::accounts::query::takes;
use crate::accounts::{AccountsQuery, Choice, InWorkspace, Sort};
use crate::connection_type::ConnectionType;
use crate::explorer::fold;
use crate::status::{Status, display_name, read_status};
use crate::tier::{Tier, read_tier};
use crate::wire::{Connection, Provider, Workspace};
use std::cmp::Ordering;

fn fields(connection: &Connection, workspaces: &[Workspace]) -> Vec<String> {
    let place = workspaces
        .iter()
        .find(|place| Some(&place.id) == connection.workspace.as_ref());
    [
        Some(display_name(connection)),
        Some(connection.account.portal_id.to_string()),
        connection.label.clone(),
        connection.account.name.clone(),
        connection.account.hub_domain.clone(),
        connection.account.authorised_by.clone(),
        place.map(|place| place.name.clone()),
    ]
    .into_iter()
    .flatten()
    .map(|field| fold(&field))
    .collect()
}

pub(super) fn place_name(connection: &Connection, workspaces: &[Workspace]) -> Option<String> {
    let id = connection.workspace.as_ref()?;
    let place = workspaces.iter().find(|place| place.id == *id)?;
    Some(fold(&place.name))
}

pub(super) fn status_of(connection: &Connection) -> Status {
    read_status(connection, NOW).status
}

pub(super) fn tier_of(connection: &Connection) -> Tier {
    read_tier(&connection.account, &connection.grant.granted).tier
}

/// Which parts of the query a connection passes: text, status, type, tier, workspace.
pub(super) fn passes(
    connection: &Connection,
    workspaces: &[Workspace],
    query: &AccountsQuery,
) -> [bool; 5] {
    let text = fold(&query.text);
    let fields = fields(connection, workspaces);
    let status = status_of(connection);
    [
        text.split_whitespace()
            .all(|word| fields.iter().any(|field| field.contains(word))),
        (query.statuses.is_empty() && !query.attention)
            || query.statuses.contains(status)
            || (query.attention && status.wants_reconnect()),
        takes(query.types, connection.connection_type),
        takes(query.tiers, tier_of(connection)),
        match &query.workspace {
            InWorkspace::Any => true,
            InWorkspace::None => place_name(connection, workspaces).is_none(),
            InWorkspace::One(id) => {
                workspaces.iter().any(|place| place.id == *id)
                    && connection.workspace.as_ref() == Some(id)
            }
        },
    ]
}

/// Without a workspace comes last.
fn by_place(a: &Connection, b: &Connection, workspaces: &[Workspace]) -> Ordering {
    let key = |connection| {
        let name = place_name(connection, workspaces);
        (name.is_none(), name)
    };
    key(a).cmp(&key(b))
}

pub(super) fn naive(
    fleet: &[Connection],
    workspaces: &[Workspace],
    query: &AccountsQuery,
) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..u32::try_from(fleet.len()).unwrap())
        .filter(|row| {
            let connection = &fleet[*row as usize];
            connection.provider == Provider::Hubspot
                && passes(connection, workspaces, query) == [true; 5]
        })
        .collect();
    rows.sort_by(|a, b| {
        let (a, b) = (&fleet[*a as usize], &fleet[*b as usize]);
        let name = |connection: &Connection| fold(&display_name(connection));
        let kind = |connection: &Connection| {
            let mut all = ConnectionType::ALL.iter();
            all.position(|kind| *kind == connection.connection_type)
        };
        let tier = |connection: &Connection| {
            Tier::ALL
                .iter()
                .position(|tier| *tier == tier_of(connection))
        };
        let asked = match query.sort {
            Sort::Attention | Sort::Status => status_of(a).cmp(&status_of(b)),
            Sort::Name => name(a).cmp(&name(b)),
            Sort::PortalId => a.account.portal_id.cmp(&b.account.portal_id),
            Sort::Type => kind(a).cmp(&kind(b)),
            Sort::Tier => tier(a).cmp(&tier(b)),
            Sort::Workspace => by_place(a, b, workspaces),
            Sort::Updated => a.updated_at.cmp(&b.updated_at),
        };
        let asked = if query.descending {
            asked.reverse()
        } else {
            asked
        };
        let grouped = if query.grouped {
            by_place(a, b, workspaces)
        } else {
            Ordering::Equal
        };
        grouped
            .then(asked)
            .then_with(|| name(a).cmp(&name(b)))
            .then_with(|| a.account.portal_id.cmp(&b.account.portal_id))
            .then_with(|| a.id.cmp(&b.id))
    });
    rows
}
