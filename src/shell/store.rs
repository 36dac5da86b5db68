//! The browser's own store of retrieved metadata: one database per person and organization (threat
//! model, section 3). Owns records and their versions; never grants rights, never leaves the browser.
//!
//! It is a cache: where storage is denied, full or breaks, the same interface goes on in memory.

pub(super) mod database;
mod layers;
mod links;

pub(crate) use links::StoredLinks;

use super::problem;
use layers::Layers;
use portico_core::error::ErrorCode;
use portico_core::ids::PortalId;
use portico_core::pkce::sha256_base64url;
use portico_core::reading::from_json;
use portico_core::retrieval::Kind;
use portico_core::wire::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;

/// `{portal}/{kind}/{part}` → [`PartRecord`].
const PARTS: &str = "parts";
/// Hash → text.
const CONTENTS: &str = "contents";
/// `{portal}` → [`PortalRecord`]; `github/{connection}` → linked repositories.
const PORTALS: &str = "portals";
/// Before the key of a record that could not be read.
const ASIDE: &str = "aside/";
/// Of every record; another one is set aside.
const VERSION: u32 = 1;

/// What is kept of each portal; clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    name: Rc<str>,
    layers: Rc<Layers>,
    /// Portals of which records were set aside since the page was opened.
    set_aside: Rc<RefCell<Vec<PortalId>>>,
}

/// A part of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPart {
    /// Of which kind.
    pub(crate) kind: Kind,
    /// Object type, page, pair or `all`, as the planner names it.
    pub(crate) part: String,
    /// Names the content: see [`Store::content`].
    pub(crate) hash: String,
    /// How many records the content holds.
    pub(crate) records: u32,
    /// When it was stored, in milliseconds since 1970.
    pub(crate) at: u64,
}

/// All that is kept of a portal but the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPortal {
    /// Where the last retrieval stands.
    pub(crate) checkpoint: String,
    /// When it began, in milliseconds since 1970.
    pub(crate) started_at: u64,
    /// When it ended; absent while it is to be resumed.
    pub(crate) completed_at: Option<u64>,
    /// In no particular order.
    pub(crate) parts: Vec<StoredPart>,
}

/// A part as retrieved.
pub(super) struct NewPart {
    pub(super) kind: Kind,
    pub(super) part: String,
    pub(super) content: String,
    pub(super) records: u32,
    pub(super) hash: String,
}

/// Where a retrieval stands.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) checkpoint: String,
    pub(super) started_at: u64,
    pub(super) completed_at: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartRecord {
    v: u32,
    kind: String,
    part: String,
    hash: String,
    records: u32,
    at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PortalRecord {
    v: u32,
    checkpoint: String,
    started_at: u64,
    completed_at: Option<u64>,
}

impl Store {
    /// The store of one person in one organization; in memory, if the browser keeps nothing.
    pub(crate) async fn open(iss: &str, org: &str, sub: &str) -> Result<Self, Box<Problem>> {
        // A line feed is in none of the three, so that no two triples share a name.
        let name = [
            "portico.v1.",
            &sha256_base64url(&[iss, org, sub].join("\n")),
        ]
        .concat();
        let database = database::open(&name, &[PARTS, CONTENTS, PORTALS]).await;
        Ok(Self {
            name: name.into(),
            layers: Rc::new(Layers::new(database.ok())),
            set_aside: Rc::default(),
        })
    }

    /// Whether what is stored outlives this page.
    pub(crate) fn is_persistent(&self) -> bool {
        self.layers.is_persistent()
    }

    /// Whether records of this portal had to be set aside, by whichever reader found them first.
    pub(super) fn has_set_aside(&self, portal: PortalId) -> bool {
        self.set_aside.borrow().contains(&portal)
    }

    /// Tells this store from another person's, in the name of a lock.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is kept of a portal, or nothing if it was never retrieved.
    ///
    /// Errors: `snapshot_unreadable` for records of another version or damaged ones; they are set
    /// aside, so that the next call gives what is left.
    pub(crate) async fn load_portal(
        &self,
        portal: PortalId,
    ) -> Result<Option<StoredPortal>, Box<Problem>> {
        let key = portal.to_string();
        let mut unreadable = Vec::new();
        let mut parts = Vec::new();
        for (key, text) in self.layers.all(PARTS, &beginning(portal)).await? {
            match part_of(&text) {
                Some(part) => parts.push(part),
                None => unreadable.push((PARTS, key, text)),
            }
        }
        let mut standing = None;
        if let Some(text) = self.layers.get(PORTALS, &key).await? {
            match versioned::<PortalRecord>(&text, |record| record.v) {
                Some(record) => standing = Some(record),
                None => unreadable.push((PORTALS, key, text)),
            }
        }
        if !unreadable.is_empty() {
            let changes = unreadable.into_iter().flat_map(|(store, key, text)| {
                let aside = [ASIDE, key.as_str()].concat();
                [(store, aside, Some(text)), (store, key, None)]
            });
            self.layers.write(changes.collect()).await;
            self.set_aside.borrow_mut().push(portal);
            return Err(Box::new(Problem::of(ErrorCode::SnapshotUnreadable)));
        }
        Ok(standing.map(|standing| StoredPortal {
            checkpoint: standing.checkpoint,
            started_at: standing.started_at,
            completed_at: standing.completed_at,
            parts,
        }))
    }

    /// The content a part names; nothing, if the browser has dropped it.
    pub(crate) async fn content(&self, hash: &str) -> Result<Option<String>, Box<Problem>> {
        let content = self.layers.get(CONTENTS, hash).await?;
        match content {
            Some(content) if sha256_base64url(&content) != hash => Err(problem(
                ErrorCode::SnapshotUnreadable,
                "A stored part does not match its hash; refresh the metadata.",
            )),
            content => Ok(content),
        }
    }

    /// Parts and where the retrieval stands, all of it or nothing. Content that is there costs nothing.
    /// `at`: milliseconds since 1970.
    pub(super) async fn save(
        &self,
        portal: PortalId,
        parts: Vec<NewPart>,
        standing: &Standing,
        at: u64,
    ) {
        let mut changes = Vec::with_capacity(parts.len() * 2 + 1);
        for part in parts {
            let key = [&beginning(portal), part.kind.slug(), "/", &part.part].concat();
            let record = PartRecord {
                v: VERSION,
                kind: part.kind.slug().to_owned(),
                part: part.part,
                hash: part.hash.clone(),
                records: part.records,
                at,
            };
            changes.push((CONTENTS, part.hash, Some(part.content)));
            changes.push((PARTS, key, Some(text_of(&record))));
        }
        let record = PortalRecord {
            v: VERSION,
            checkpoint: standing.checkpoint.clone(),
            started_at: standing.started_at,
            completed_at: standing.completed_at,
        };
        changes.push((PORTALS, portal.to_string(), Some(text_of(&record))));
        self.layers.write(changes).await;
    }

    /// Removes the parts that `stale` names, and every content that nothing names any more.
    pub(super) async fn drop_parts(&self, portal: PortalId, stale: impl Fn(&StoredPart) -> bool) {
        let Ok(stored) = self.layers.all(PARTS, &beginning(portal)).await else {
            return;
        };
        let old = stored
            .into_iter()
            .filter(|(_, text)| part_of(text).is_some_and(|part| stale(&part)));
        let changes = old.map(|(key, _)| (PARTS, key, None));
        self.layers.write(changes.collect()).await;
        self.sweep().await;
    }

    /// Forgets a portal (D29), and every content that no other portal shares.
    pub(crate) async fn delete_portal(&self, portal: PortalId) -> Result<(), Box<Problem>> {
        let mut changes = vec![(PORTALS, portal.to_string(), None)];
        for beginning in [beginning(portal), [ASIDE, &beginning(portal)].concat()] {
            let parts = self.layers.all(PARTS, &beginning).await?;
            changes.extend(parts.into_iter().map(|(key, _)| (PARTS, key, None)));
        }
        changes.push((PORTALS, [ASIDE, &portal.to_string()].concat(), None));
        self.layers.write(changes).await;
        self.set_aside.borrow_mut().retain(|of| *of != portal);
        self.sweep().await;
        Ok(())
    }

    /// Removes every content that no part names. A part that cannot be read names none.
    async fn sweep(&self) {
        let named =
            |text: &str| versioned::<PartRecord>(text, |record| record.v).map(|record| record.hash);
        self.layers.sweep(PARTS, CONTENTS, named).await;
    }

    /// Asks the browser, once, not to throw this site's storage away first.
    pub(super) async fn ask_to_persist(&self) {
        if self.is_persistent() {
            layers::persist().await;
        }
    }
}

/// The slash ends the number: portal 4 is no beginning of portal 42.
fn beginning(portal: PortalId) -> String {
    let mut key = portal.to_string();
    key.push('/');
    key
}

fn part_of(text: &str) -> Option<StoredPart> {
    let record = versioned::<PartRecord>(text, |record| record.v)?;
    Some(StoredPart {
        kind: Kind::from_slug(&record.kind)?,
        part: record.part,
        hash: record.hash,
        records: record.records,
        at: record.at,
    })
}

fn versioned<T: DeserializeOwned>(text: &str, version: impl Fn(&T) -> u32) -> Option<T> {
    let record: T = from_json(text).ok()?;
    (version(&record) == VERSION).then_some(record)
}

fn text_of(record: &impl Serialize) -> String {
    // Plain fields always serialise; an empty text would be set aside by the next reader.
    serde_json::to_string(record).unwrap_or_default()
}

#[cfg(test)]
mod tests;
