//! The portal table, ready to be searched: one entry per connection, in the order of the connections it was made of.
//! Owns folded haystacks in one arena and the orders; allocates nothing per row when searching, and knows no time of its own.

use super::counts::Counts;
use super::entry::{Entry, Place, haystack, unhurt};
use super::query::{AccountsQuery, InWorkspace, Sort, takes};
use super::summary::Summary;
use crate::explorer::fold;
use crate::order::ordered;
use crate::status::read_status;
use crate::text::visible;
use crate::wire::{Connection, UnixSeconds, Workspace};
use std::cell::{Cell, OnceCell};
use std::cmp::Ordering;

/// A run of rows under one workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its place among [`AccountsIndex::workspaces`]; nothing for portals without one.
    pub workspace: Option<u32>,
    /// Where it begins among the visible rows.
    pub start: u32,
    /// How many rows.
    pub length: u32,
    /// How many of them want attention.
    pub attention: u32,
}

/// Where an entry's haystack stands in the arena; its name comes first.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    name_end: u32,
    end: u32,
}

/// Rows that hold every word of a text.
struct Matches {
    /// Folded.
    text: String,
    rows: Vec<u32>,
}

/// Entries, ready to be searched: entry `i` is of connection `i`.
pub struct AccountsIndex {
    entries: Vec<Entry>,
    workspaces: Vec<Place>,
    arena: String,
    spans: Vec<Span>,
    by_name: OnceCell<Vec<u32>>,
    /// One for each order and its direction.
    orders: [OnceCell<Vec<u32>>; 16],
    /// Of the last text: the next one is mostly a letter longer.
    matches: Cell<Option<Matches>>,
    revision: u32,
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Which workspace's rows, found once.
enum Wanted {
    Any,
    At(Option<u32>),
    Nowhere,
}

impl AccountsIndex {
    /// Takes the connections as they stand; one whose workspace is not among these counts as having none.
    pub fn new(connections: &[Connection], workspaces: &[Workspace], now: UnixSeconds) -> Self {
        let keys: Vec<String> = workspaces.iter().map(|place| fold(&place.name)).collect();
        let order = ordered(keys.len(), &mut |a, b| keys[a].cmp(&keys[b]));
        let places = order.into_iter().map(|at| Place {
            id: workspaces[at].id.clone(),
            name: visible(&workspaces[at].name),
        });
        let mut index = Self {
            entries: Vec::with_capacity(connections.len()),
            workspaces: places.collect(),
            arena: String::with_capacity(connections.len() * 96),
            spans: Vec::with_capacity(connections.len()),
            by_name: OnceCell::new(),
            orders: Default::default(),
            matches: Cell::new(None),
            revision: 0,
        };
        let mut like: Option<usize> = None;
        for (at, connection) in connections.iter().enumerate() {
            let read = like.map(|at| (&connections[at], &index.entries[at]));
            let entry = Entry::read(connection, &index.workspaces, now, read);
            index.push(entry, connection);
            if unhurt(connection) {
                like = Some(at);
            }
        }
        index
    }

    /// Takes other connections or workspaces; the revision goes on.
    pub fn rebuild(
        &mut self,
        connections: &[Connection],
        workspaces: &[Workspace],
        now: UnixSeconds,
    ) {
        let revision = self.revision;
        *self = Self::new(connections, workspaces, now);
        self.revision = revision.wrapping_add(1);
    }

    /// One for each connection, in their order; numbers of [`AccountsIndex::visible`] point here.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// By name.
    pub fn workspaces(&self) -> &[Place] {
        &self.workspaces
    }

    /// Grows with each change: what was computed at another revision is to be computed anew.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The rows to show, in their order.
    pub fn visible(&self, query: &AccountsQuery) -> Vec<u32> {
        let wanted = self.wanted(query);
        let mut passes = vec![false; self.entries.len()];
        let matches = self.matching(&query.text);
        for row in &matches.rows {
            passes[*row as usize] = self.fails(*row, query, &wanted) == 0;
        }
        self.matches.set(Some(matches));
        let order = self.order(query.sort, query.descending).iter().copied();
        let shown: Vec<u32> = order.filter(|row| passes[*row as usize]).collect();
        if query.grouped {
            self.by_workspace(&shown)
        } else {
            shown
        }
    }

    /// The runs of rows that were made visible grouped.
    pub fn groups(&self, visible: &[u32]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (at, row) in visible.iter().enumerate() {
            let entry = &self.entries[*row as usize];
            let attention = u32::from(super::wants_attention(entry.status));
            match groups.last_mut() {
                Some(group) if group.workspace == entry.workspace => {
                    group.length += 1;
                    group.attention += attention;
                }
                _ => groups.push(Group {
                    workspace: entry.workspace,
                    start: index(at),
                    length: 1,
                    attention,
                }),
            }
        }
        groups
    }

    /// How many rows each choice would show, the other parts of the query kept.
    pub fn counts(&self, query: &AccountsQuery) -> Counts {
        let wanted = self.wanted(query);
        let mut counts = Counts::new(self.workspaces.len());
        let matches = self.matching(&query.text);
        for row in &matches.rows {
            counts.add(
                &self.entries[*row as usize],
                self.fails(*row, query, &wanted),
            );
        }
        self.matches.set(Some(matches));
        counts.total = index(self.entries.iter().filter(|entry| entry.listed).count());
        counts
    }

    /// How all portals fare, whatever is asked.
    pub fn summary(&self) -> Summary {
        let listed = self.entries.iter().filter(|entry| entry.listed);
        Summary::of(listed.map(|entry| entry.status))
    }

    /// Takes a connection that changed at its place, or one more behind the last.
    pub fn upsert(&mut self, at: usize, connection: &Connection, now: UnixSeconds) {
        let entry = Entry::read(connection, &self.workspaces, now, None);
        if at >= self.entries.len() {
            self.push(entry, connection);
            self.forget_orders();
            return self.changed();
        }
        let haystack = haystack(&entry, connection, &self.workspaces);
        let span = self.spans[at];
        let name = &self.arena[span.start as usize..span.name_end as usize];
        let order_stands = haystack.0[..haystack.1] == *name
            && (entry.portal, &entry.id) == (self.entries[at].portal, &self.entries[at].id);
        if order_stands {
            // A refresh of the grant comes often and moves nothing but the time of the last change.
            for sort in Sort::ALL {
                if entry.key(sort) != self.entries[at].key(sort) {
                    self.forget_order(sort);
                }
            }
        } else {
            self.forget_orders();
        }
        self.splice(at, &haystack.0, haystack.1);
        self.entries[at] = entry;
        self.changed();
    }

    /// Takes out the connection at a place; those behind it move up.
    pub fn remove(&mut self, at: usize) {
        if at >= self.entries.len() {
            return;
        }
        self.splice(at, "", 0);
        self.spans.remove(at);
        self.entries.remove(at);
        self.forget_orders();
        self.changed();
    }

    /// Reads again what time alone may have changed; whether anything did. The connections are those of the entries.
    pub fn update_time(&mut self, connections: &[Connection], now: UnixSeconds) -> bool {
        let mut changed = false;
        for (entry, connection) in self.entries.iter_mut().zip(connections) {
            if entry.faulty {
                let status = read_status(connection, now).status;
                changed |= status != entry.status;
                entry.status = status;
            }
        }
        if changed {
            self.forget_order(Sort::Attention);
            self.forget_order(Sort::Status);
            self.changed();
        }
        changed
    }

    fn push(&mut self, entry: Entry, connection: &Connection) {
        let (text, name_end) = haystack(&entry, connection, &self.workspaces);
        let start = self.arena.len();
        self.arena.push_str(&text);
        self.spans.push(Span {
            start: index(start),
            name_end: index(start + name_end),
            end: index(self.arena.len()),
        });
        self.entries.push(entry);
    }

    /// Puts another haystack where an entry's stands.
    fn splice(&mut self, at: usize, text: &str, name_end: usize) {
        let span = self.spans[at];
        self.arena
            .replace_range(span.start as usize..span.end as usize, text);
        let end = span.start + index(text.len());
        self.spans[at].name_end = span.start + index(name_end);
        self.spans[at].end = end;
        for behind in &mut self.spans[at + 1..] {
            // Grown or shrunk; the difference alone may be negative.
            behind.start = behind.start - span.end + end;
            behind.name_end = behind.name_end - span.end + end;
            behind.end = behind.end - span.end + end;
        }
    }

    fn changed(&mut self) {
        self.matches = Cell::new(None);
        self.revision = self.revision.wrapping_add(1);
    }

    fn forget_order(&mut self, sort: Sort) {
        let at = sort as usize * 2;
        self.orders[at].take();
        self.orders[at + 1].take();
    }

    fn forget_orders(&mut self) {
        self.by_name.take();
        self.orders = Default::default();
    }

    /// Rows that hold every word, as stored; put back by the caller, so that the next text may narrow them.
    fn matching(&self, text: &str) -> Matches {
        let text = fold(text);
        let former = match self.matches.take() {
            Some(former) if former.text == text => return former,
            former => former.filter(|former| text.starts_with(&former.text)),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        // A longer text has the same words, the last perhaps grown, and more: what it matches, the shorter one did.
        let few = self.entries.len() / 4;
        let rows = match former.filter(|former| former.rows.len() <= few) {
            Some(former) => self.refine(former.rows, &words),
            None => self.search(&words),
        };
        Matches { text, rows }
    }

    fn refine(&self, mut rows: Vec<u32>, words: &[&str]) -> Vec<u32> {
        rows.retain(|row| {
            let span = self.spans[*row as usize];
            let haystack = &self.arena[span.start as usize..span.end as usize];
            words.iter().all(|word| haystack.contains(word))
        });
        rows
    }

    fn search(&self, words: &[&str]) -> Vec<u32> {
        // The longest word is the rarest, as a rule.
        let Some((at, rarest)) = words.iter().enumerate().max_by_key(|(_, word)| word.len()) else {
            return (0..index(self.entries.len())).collect();
        };
        let mut rows = Vec::new();
        let (mut row, mut from) = (0, 0);
        // Words hold no line break, so that a match lies within one field of one row.
        while let Some(hit) = self.arena[from..].find(rarest) {
            let hit = index(from + hit);
            while self.spans[row].end <= hit {
                row += 1;
            }
            rows.push(index(row));
            // One hit in a row is enough.
            from = self.spans[row].end as usize;
        }
        let others: Vec<&str> = [&words[..at], &words[at + 1..]].concat();
        if others.is_empty() {
            return rows;
        }
        self.refine(rows, &others)
    }

    fn wanted(&self, query: &AccountsQuery) -> Wanted {
        match &query.workspace {
            InWorkspace::Any => Wanted::Any,
            InWorkspace::None => Wanted::At(None),
            InWorkspace::One(id) => {
                let place = self.workspaces.iter().position(|place| place.id == *id);
                place.map_or(Wanted::Nowhere, |at| Wanted::At(Some(index(at))))
            }
        }
    }

    /// Which parts of the query a row fails, a bit each, as [`Counts`] names them.
    fn fails(&self, row: u32, query: &AccountsQuery, wanted: &Wanted) -> u8 {
        let entry = &self.entries[row as usize];
        let in_workspace = match wanted {
            Wanted::Any => true,
            Wanted::At(place) => entry.workspace == *place,
            Wanted::Nowhere => false,
        };
        let bit = |passes: bool, bit: u8| if passes { 0 } else { bit };
        bit(entry.listed, Counts::LISTED)
            | bit(query.takes_status(entry.status), Counts::STATUS)
            | bit(takes(query.types, entry.connection_type), Counts::TYPE)
            | bit(takes(query.tiers, entry.tier), Counts::TIER)
            | bit(in_workspace, Counts::WORKSPACE)
    }

    fn name_key(&self, row: u32) -> &str {
        let span = self.spans[row as usize];
        &self.arena[span.start as usize..span.name_end as usize]
    }

    /// By folded name, then portal id, then identifier: what every other order falls back on.
    fn by_name(&self) -> &[u32] {
        self.by_name.get_or_init(|| {
            let order = ordered(self.entries.len(), &mut |a, b| {
                let (x, y) = (&self.entries[a], &self.entries[b]);
                let names = self.name_key(index(a)).cmp(self.name_key(index(b)));
                names
                    .then(x.portal.cmp(&y.portal))
                    .then_with(|| x.id.cmp(&y.id))
            });
            order.into_iter().map(index).collect()
        })
    }

    fn order(&self, sort: Sort, descending: bool) -> &[u32] {
        self.orders[sort as usize * 2 + usize::from(descending)].get_or_init(|| {
            let base = self.by_name();
            let mut compare = |a: usize, b: usize| -> Ordering {
                let (a, b) = if descending { (b, a) } else { (a, b) };
                let (a, b) = (base[a], base[b]);
                if sort == Sort::Name {
                    return self.name_key(a).cmp(self.name_key(b));
                }
                let key = |row: u32| self.entries[row as usize].key(sort);
                key(a).cmp(&key(b))
            };
            let order = ordered(base.len(), &mut compare);
            order.into_iter().map(|at| base[at]).collect()
        })
    }

    /// Under their workspaces, by name, those without one last; else as they stood.
    fn by_workspace(&self, shown: &[u32]) -> Vec<u32> {
        let none = self.workspaces.len();
        let place = |row: u32| {
            let workspace = self.entries[row as usize].workspace;
            workspace.map_or(none, |at| at as usize)
        };
        // Counted, then laid out: one pass each.
        let mut starts = vec![0; none + 2];
        for row in shown {
            starts[place(*row) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut out = vec![0; shown.len()];
        for row in shown {
            let start = &mut starts[place(*row)];
            out[*start] = *row;
            *start += 1;
        }
        out
    }
}
