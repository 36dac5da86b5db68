//! Owns the keeping of records: values with their versions, the recycle bin, merged ids. Checks nothing.
//!
//! Compact, because a large portal keeps tens of thousands: property names are numbers, what can be computed is not
//! kept (`derived.rs`), and a clone of the state shares every record until one is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::links::Link;
use crate::time::DAY;

/// How long an archived record can be read (platform 7).
const RECYCLE_BIN: u64 = 90 * DAY;

/// Where a value came from, as `propertiesWithHistory` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An app, by its id.
    Integration(u64),
    /// A person in HubSpot's pages, by user id.
    User(u64),
    /// An import, by its id.
    Import(u64),
    /// Taken over from a record merged into this one.
    Merge(u64),
}

/// One version of one value.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// The property, as its number in the store.
    pub(crate) name: u32,
    /// Empty when cleared.
    pub(crate) value: Box<str>,
    /// Unix milliseconds.
    pub(crate) at: u64,
    /// By whom.
    pub(crate) by: Source,
}

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    /// Unix milliseconds.
    pub(crate) created_at: u64,
    /// Unix milliseconds.
    pub(crate) updated_at: u64,
    /// Unix milliseconds; `None` while live.
    pub(crate) archived_at: Option<u64>,
    /// Current values in order of first writing.
    values: Vec<Version>,
    /// Former values, oldest first.
    past: Vec<Version>,
    pub(crate) links: Vec<Link>,
    /// Ids of the records merged into this one.
    pub(crate) merged: Vec<u64>,
}

impl Record {
    /// An empty record.
    pub(crate) fn new(id: u64, at: u64) -> Self {
        Self {
            id,
            created_at: at,
            updated_at: at,
            archived_at: None,
            values: Vec::new(),
            past: Vec::new(),
            links: Vec::new(),
            merged: Vec::new(),
        }
    }

    /// The current value, `None` when empty.
    pub(crate) fn value(&self, name: u32) -> Option<&str> {
        let version = self.values.iter().find(|version| version.name == name)?;
        (!version.value.is_empty()).then_some(&*version.value)
    }

    /// The value as it was at a moment.
    pub(crate) fn value_at(&self, name: u32, at: u64) -> Option<&str> {
        let version = self.versions(name).find(|version| version.at <= at)?;
        (!version.value.is_empty()).then_some(&*version.value)
    }

    /// Every version of a value, newest first.
    pub(crate) fn versions(&self, name: u32) -> impl Iterator<Item = &Version> {
        let past = self.past.iter().rev();
        self.values
            .iter()
            .chain(past)
            .filter(move |version| version.name == name)
    }

    /// The numbers of all properties that hold a value.
    pub(crate) fn held(&self) -> impl Iterator<Item = u32> {
        let full = self
            .values
            .iter()
            .filter(|version| !version.value.is_empty());
        full.map(|version| version.name)
    }

    /// The last change at or before a moment; the creation when there is none.
    pub(crate) fn updated_by(&self, at: u64) -> u64 {
        if self.updated_at <= at {
            return self.updated_at;
        }
        let changes = self
            .values
            .iter()
            .chain(&self.past)
            .map(|version| version.at);
        changes
            .filter(|change| *change <= at)
            .max()
            .unwrap_or(self.created_at)
    }

    /// Who wrote the first value.
    pub(crate) fn origin(&self) -> Option<Source> {
        let first = self
            .past
            .iter()
            .chain(&self.values)
            .min_by_key(|version| version.at);
        first.map(|version| version.by)
    }

    /// Writes a value; the former one becomes history. False when it is the same.
    pub(crate) fn set(&mut self, name: u32, value: &str, at: u64, by: Source) -> bool {
        let version = Version {
            name,
            value: value.into(),
            at,
            by,
        };
        match self.values.iter_mut().find(|version| version.name == name) {
            Some(current) if *current.value == *value => false,
            Some(current) => {
                self.past.push(std::mem::replace(current, version));
                true
            }
            None if value.is_empty() => false,
            None => {
                self.values.push(version);
                true
            }
        }
    }
}

/// The records of one type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    /// Property names; a value knows its name by the place here.
    names: Vec<Box<str>>,
    by_id: BTreeMap<u64, Arc<Record>>,
    /// From the id of a merged record to that of the one it lives on in.
    forwards: BTreeMap<u64, u64>,
    last_id: u64,
}

impl Store {
    /// A store without records.
    pub(crate) const fn empty() -> Self {
        Self {
            names: Vec::new(),
            by_id: BTreeMap::new(),
            forwards: BTreeMap::new(),
            last_id: 0,
        }
    }

    /// A store whose ids start above `first`.
    pub(crate) fn starting_at(first: u64) -> Self {
        Self {
            last_id: first,
            ..Self::default()
        }
    }

    /// The number of a property, if any record ever held it.
    pub(crate) fn slot(&self, name: &str) -> Option<u32> {
        let at = self.names.iter().position(|known| **known == *name)?;
        u32::try_from(at).ok()
    }

    /// The number of a property, given one if need be.
    pub(crate) fn slot_for(&mut self, name: &str) -> u32 {
        self.slot(name).unwrap_or_else(|| {
            self.names.push(name.into());
            u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The name of a number.
    pub(crate) fn name(&self, slot: u32) -> &str {
        self.names.get(slot as usize).map_or("", |name| name)
    }

    /// The record of that id, or the one it was merged into, live or archived.
    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.by_id.get(&self.forwarded(id)).map(|record| &**record)
    }

    /// A live record by id.
    pub(crate) fn get_live(&self, id: u64) -> Option<&Record> {
        self.get(id).filter(|record| record.archived_at.is_none())
    }

    /// The id under which a merged record lives on; any other id is its own.
    pub(crate) fn forwarded(&self, id: u64) -> u64 {
        let mut id = id;
        // A chain of merges always ends, because a merged id is never a target again.
        while let Some(next) = self.forwards.get(&id) {
            id = *next;
        }
        id
    }

    /// The record of exactly that id, to be changed.
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Record> {
        self.by_id.get_mut(&id).map(Arc::make_mut)
    }

    /// Live records by id.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Record> {
        self.by_id
            .values()
            .map(|record| &**record)
            .filter(|record| record.archived_at.is_none())
    }

    /// Records above `after`, live ones or those in the recycle bin at `now`, by id.
    pub(crate) fn page(
        &self,
        after: u64,
        archived: bool,
        now: u64,
    ) -> impl Iterator<Item = &Record> {
        let rest = self
            .by_id
            .range(after.saturating_add(1)..)
            .map(|(_, record)| &**record);
        rest.filter(move |record| in_bin(record, now) == Some(archived))
    }

    /// Whether a record is live (`false`) or in the recycle bin (`true`); `None` once it is out of both.
    pub(crate) fn state(&self, id: u64, now: u64) -> Option<(&Record, bool)> {
        let record = self.get(id)?;
        in_bin(record, now).map(|archived| (record, archived))
    }

    /// Every record ever, by id.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Record> {
        self.by_id.values().map(|record| &**record)
    }

    /// The next free id.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps a record.
    pub(crate) fn insert(&mut self, record: Record) {
        self.last_id = self.last_id.max(record.id);
        self.by_id.insert(record.id, Arc::new(record));
    }

    /// Gives back what growing left over; fixtures call it once.
    pub(crate) fn shrink(&mut self) {
        for record in self.by_id.values_mut() {
            let record = Arc::make_mut(record);
            record.values.shrink_to_fit();
            record.past.shrink_to_fit();
            record.links.shrink_to_fit();
        }
    }

    /// Takes a record out and lets its id lead to another.
    pub(crate) fn forward(&mut self, from: u64, to: u64) -> Option<Arc<Record>> {
        self.forwards.insert(from, to);
        self.by_id.remove(&from)
    }
}

/// `Some(false)` live, `Some(true)` archived and still kept, `None` gone for good.
fn in_bin(record: &Record, now: u64) -> Option<bool> {
    match record.archived_at {
        None => Some(false),
        Some(at) => (now.saturating_sub(at) < RECYCLE_BIN).then_some(true),
    }
}

/// The records of a portal, by object type id.
#[derive(Clone, Debug, Default)]
pub struct Records(BTreeMap<&'static str, Arc<Store>>);

impl Records {
    /// Live records of a type, given by its id (`0-3`).
    pub fn count(&self, object_type_id: &str) -> usize {
        self.store(object_type_id)
            .map_or(0, |store| store.live().count())
    }

    /// The store of a type.
    pub(crate) fn store(&self, object_type_id: &str) -> Option<&Store> {
        self.0.get(object_type_id).map(|store| &**store)
    }

    /// The store of a type, to be changed.
    pub(crate) fn store_mut(&mut self, object_type_id: &'static str) -> &mut Store {
        Arc::make_mut(self.0.entry(object_type_id).or_default())
    }

    /// Replaces the store of a type.
    pub(crate) fn put(&mut self, object_type_id: &'static str, store: Store) {
        self.0.insert(object_type_id, Arc::new(store));
    }
}
