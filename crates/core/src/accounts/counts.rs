//! What stands on the filters: how many rows each choice would show.
//! Owns the counting; a choice's own part of the query is left aside, for choosing it replaces that part.

use super::choices::Choice;
use super::entry::Entry;
use crate::connection_type::ConnectionType;
use crate::status::Status;
use crate::tier::Tier;

/// Rows for each choice, under the other parts of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Portals in all.
    pub total: u32,
    /// Rows the query shows.
    pub shown: u32,
    /// Rows that want attention, whatever statuses are chosen.
    pub attention: u32,
    /// One for each of [`AccountsIndex::workspaces`](super::AccountsIndex::workspaces).
    pub workspaces: Vec<u32>,
    /// Rows without a workspace.
    pub without_workspace: u32,
    statuses: [u32; 8],
    types: [u32; 8],
    tiers: [u32; 8],
}

impl Counts {
    pub(super) const STATUS: u8 = 1;
    pub(super) const TYPE: u8 = 2;
    pub(super) const TIER: u8 = 4;
    pub(super) const WORKSPACE: u8 = 8;
    /// No filter: what fails it is never counted.
    pub(super) const LISTED: u8 = 16;

    pub(super) fn new(workspaces: usize) -> Self {
        Self {
            workspaces: vec![0; workspaces],
            ..Self::default()
        }
    }

    /// Counts a row whose text matches, by the parts it fails.
    pub(super) fn add(&mut self, entry: &Entry, fails: u8) {
        let but = |part: u8| fails & !part == 0;
        if fails == 0 {
            self.shown += 1;
        }
        if but(Self::STATUS) {
            self.statuses[entry.status.place()] += 1;
            self.attention += u32::from(super::wants_attention(entry.status));
        }
        if but(Self::TYPE) {
            self.types[entry.connection_type.place()] += 1;
        }
        if but(Self::TIER) {
            self.tiers[entry.tier.place()] += 1;
        }
        if but(Self::WORKSPACE) {
            match entry.workspace {
                Some(at) => self.workspaces[at as usize] += 1,
                None => self.without_workspace += 1,
            }
        }
    }

    /// Rows of this status.
    pub fn of_status(&self, status: Status) -> u32 {
        self.statuses[status.place()]
    }

    /// Rows of this connection type.
    pub fn of_type(&self, connection_type: ConnectionType) -> u32 {
        self.types[connection_type.place()]
    }

    /// Rows of this tier.
    pub fn of_tier(&self, tier: Tier) -> u32 {
        self.tiers[tier.place()]
    }
}
