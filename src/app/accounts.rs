//! What the portal table shows now: the answer to its query, the rows chosen, and their numbers.
//! Owns when the core is asked again; searching, sorting and counting are the core's.

use crate::shell::clock::now_seconds;
use portico_core::accounts::{
    AccountsIndex, AccountsQuery, BulkAction, Counts, Group, Selection, Summary,
};
use portico_core::ids::ConnectionId;
use portico_core::wire::{Connection, Workspace};
use std::rc::Rc;

/// What a person does with the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TableAction {
    /// Show it so.
    Ask(Box<AccountsQuery>),
    /// Choose a row or no longer; with `range`, all up to it from the row chosen before.
    Choose { id: ConnectionId, range: bool },
    /// Choose all rows shown, or none of them.
    ChooseShown(bool),
    /// Choose nothing.
    Clear,
    /// Plan this for what is chosen.
    Plan(BulkAction),
    /// Other rows are in sight.
    See(Sight),
}

/// Which lines of a long table are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// In CSS pixels, as measured.
    pub(crate) row_height: u32,
}

impl Sight {
    /// Before anything is measured: enough for a tall screen.
    const FIRST: Self = Self {
        first: 0,
        rows: 32,
        row_height: 72,
    };

    /// From which line to which, of so many.
    pub(crate) fn within(self, count: usize) -> (usize, usize) {
        let first = self.first.min(count.saturating_sub(self.rows));
        (first, (first + self.rows).min(count))
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Line {
    /// The head of a workspace's rows.
    Group(Group),
    /// A connection, by its place in the list.
    Row(u32),
}

pub(crate) struct Accounts {
    pub(crate) index: AccountsIndex,
    pub(crate) query: AccountsQuery,
    /// Rows shown, in their order.
    pub(crate) visible: Vec<u32>,
    /// The same with the heads of groups.
    pub(crate) lines: Rc<Vec<Line>>,
    pub(crate) counts: Counts,
    pub(crate) summary: Summary,
    pub(crate) selection: Selection,
    pub(crate) sight: Sight,
    /// Grows when the table is another one, so that it starts at its top.
    pub(crate) version: u32,
}

impl Accounts {
    pub(super) fn new(connections: &[Connection], workspaces: &[Workspace]) -> Self {
        let index = AccountsIndex::new(connections, workspaces, now_seconds());
        let mut accounts = Self {
            summary: index.summary(),
            index,
            query: AccountsQuery::default(),
            visible: Vec::new(),
            lines: Rc::default(),
            counts: Counts::default(),
            selection: Selection::default(),
            sight: Sight::FIRST,
            version: 0,
        };
        accounts.refresh();
        accounts
    }

    /// Shows the table so; the same question keeps the place.
    pub(super) fn ask(&mut self, query: &AccountsQuery) {
        if self.query != *query {
            self.query.clone_from(query);
            self.version += 1;
            self.sight.first = 0;
            self.refresh();
        }
    }

    /// A connection was added at the end, or changed where it stands.
    pub(super) fn upsert(&mut self, at: usize, connection: &Connection) {
        self.index.upsert(at, connection, now_seconds());
        self.refresh();
    }

    /// The connection at this place is gone.
    pub(super) fn remove(&mut self, at: usize) {
        self.index.remove(at);
        self.selection.retain(self.index.entries());
        self.refresh();
    }

    /// Workspaces were added, renamed or removed.
    pub(super) fn place(&mut self, connections: &[Connection], workspaces: &[Workspace]) {
        self.index.rebuild(connections, workspaces, now_seconds());
        self.refresh();
    }

    /// Time went on, and some statuses with it.
    pub(super) fn tick(&mut self, connections: &[Connection]) {
        if self.index.update_time(connections, now_seconds()) {
            self.refresh();
        }
    }

    pub(super) fn act(&mut self, action: &TableAction) {
        let entries = self.index.entries();
        match action {
            TableAction::Choose { id, range: true } => {
                self.selection.select_range(entries, &self.visible, id);
            }
            TableAction::Choose { id, range: false } => self.selection.toggle(id),
            TableAction::ChooseShown(true) => self.selection.add(entries, &self.visible),
            TableAction::ChooseShown(false) => self.selection.drop_rows(entries, &self.visible),
            TableAction::Clear => self.selection.clear(),
            TableAction::See(sight) => self.sight = *sight,
            TableAction::Ask(_) | TableAction::Plan(_) => {}
        }
    }

    fn refresh(&mut self) {
        self.visible = self.index.visible(&self.query);
        self.counts = self.index.counts(&self.query);
        self.summary = self.index.summary();
        let rows = self.visible.iter().map(|row| Line::Row(*row));
        self.lines = Rc::new(if self.query.grouped {
            let mut lines = Vec::with_capacity(self.visible.len() + 8);
            let mut rows = rows;
            for group in self.index.groups(&self.visible) {
                lines.push(Line::Group(group));
                lines.extend(rows.by_ref().take(group.length as usize));
            }
            lines
        } else {
            rows.collect()
        });
    }
}
