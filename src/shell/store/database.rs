//! One IndexedDB database. Owns opening, transactions and what their failures mean to a person; knows
//! no record of ours.
//!
//! Each call runs to its end once begun, because the browser calls back in any case.

use crate::shell::problem;
use crate::shell::task::finish;
use crate::shell::timer::within;
use idb::{DatabaseEvent as _, Factory, KeyRange, Query, Transaction, TransactionMode};
use portico_core::error::ErrorCode;
use portico_core::order::TextSet;
use portico_core::wire::Problem;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// A blocked upgrade or a hung profile must not hold the app up.
const OPEN_LIMIT_MS: u32 = 3_000;

/// An open database; closed when the last clone is dropped, and when another tab wants to delete or
/// upgrade it.
#[derive(Clone)]
pub(in crate::shell) struct Database(Rc<Open>);

struct Open(idb::Database);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What a write does to one key of an object store.
pub(super) enum Change {
    Put(&'static str, String, JsValue),
    /// Content named by its hash: what is there already stays, and costs nothing.
    PutNew(&'static str, String, JsValue),
    Delete(&'static str, String),
}

/// Opens a database with these object stores, without key paths.
///
/// Errors: `storage_unavailable`, when storage is denied, full, or held by an older tab.
pub(in crate::shell) async fn open(
    name: &str,
    stores: &'static [&'static str],
) -> Result<Database, Box<Problem>> {
    let mut request = Factory::new()
        .and_then(|factory| factory.open(name, Some(1)))
        .map_err(|error| storage(&error))?;
    request.on_upgrade_needed(move |event| {
        let Ok(database) = event.database() else {
            return;
        };
        for store in stores {
            // A store that cannot be made is missing from the first transaction, which says so.
            let _ = database.create_object_store(store, idb::ObjectStoreParams::new());
        }
    });
    // One that opens too late is closed again by its drop.
    let opening = finish(async move { request.await.map(Open) });
    let Some(opened) = within(OPEN_LIMIT_MS, opening).await else {
        return Err(problem(
            ErrorCode::StorageUnavailable,
            "The browser's storage does not open; an older tab may hold it.",
        ));
    };
    let mut database = opened.map_err(|error| storage(&error))?;
    database.0.on_version_change(|event| {
        if let Ok(database) = event.database() {
            database.close();
        }
    });
    Ok(Database(Rc::new(database)))
}

impl Database {
    fn reading(&self, store: &str) -> Result<(Transaction, idb::ObjectStore), idb::Error> {
        let transaction = self.0.0.transaction(&[store], TransactionMode::ReadOnly)?;
        let store = transaction.object_store(store)?;
        Ok((transaction, store))
    }

    /// The value of a key.
    pub(in crate::shell) async fn get(
        &self,
        store: &'static str,
        key: &str,
    ) -> Result<Option<JsValue>, Box<Problem>> {
        let (database, key) = (self.clone(), JsValue::from_str(key));
        let value = finish(async move {
            let (_transaction, store) = database.reading(store)?;
            store.get(Query::Key(key))?.await
        });
        let value = value.await.map_err(|error| storage(&error))?;
        Ok(value.filter(|value| !value.is_undefined()))
    }

    /// Sets the value of a key.
    pub(in crate::shell) async fn put(
        &self,
        store: &'static str,
        key: &str,
        value: JsValue,
    ) -> Result<(), Box<Problem>> {
        let change = Change::Put(store, key.to_owned(), value);
        self.write(vec![store], vec![change]).await
    }

    /// Keys and values of every key that begins so, in order of the keys.
    pub(super) async fn all(
        &self,
        store: &'static str,
        prefix: &str,
    ) -> Result<Vec<(String, JsValue)>, Box<Problem>> {
        let (database, prefix) = (self.clone(), prefix.to_owned());
        let read = finish(async move {
            let (_transaction, store) = database.reading(store)?;
            let keys = store.get_all_keys(beginning_with(&prefix)?, None)?;
            let values = store.get_all(beginning_with(&prefix)?, None)?;
            Ok((keys.await?, values.await?))
        });
        let (keys, values) = read.await.map_err(|error: idb::Error| storage(&error))?;
        let keys = keys
            .into_iter()
            .map(|key| key.as_string().unwrap_or_default());
        Ok(keys.zip(values).collect())
    }

    /// All of it or nothing; `stores` names each object store that is changed.
    pub(super) async fn write(
        &self,
        stores: Vec<&'static str>,
        changes: Vec<Change>,
    ) -> Result<(), Box<Problem>> {
        let database = self.clone();
        let written = finish(async move {
            let transaction = database
                .0
                .0
                .transaction(&stores, TransactionMode::ReadWrite)?;
            if let Err(error) = apply(&transaction, &changes).await {
                // What was accepted so far must not be committed by itself.
                let _ = transaction.abort();
                return Err(error);
            }
            if transaction.await?.is_committed() {
                Ok(())
            } else {
                Err(idb::Error::DomExceptionNotFound)
            }
        });
        written.await.map_err(|error| storage(&error))
    }

    /// Removes each key of `contents` that no value of `parts` names; `hash_of` reads a value. Both are
    /// seen in one transaction, so that no other tab's new part loses its content.
    pub(super) async fn sweep(
        &self,
        parts: &'static str,
        contents: &'static str,
        hash_of: impl Fn(&JsValue) -> Option<String> + 'static,
    ) -> Result<(), Box<Problem>> {
        let database = self.clone();
        let swept = finish(async move {
            let stores = [parts, contents];
            let transaction = database
                .0
                .0
                .transaction(&stores, TransactionMode::ReadWrite)?;
            let values = transaction
                .object_store(parts)?
                .get_all(None, None)?
                .await?;
            let named: TextSet = values.iter().filter_map(hash_of).collect();
            let store = transaction.object_store(contents)?;
            for key in store.get_all_keys(None, None)?.await? {
                if key.as_string().is_none_or(|name| !named.contains(&name)) {
                    store.delete(Query::Key(key))?;
                }
            }
            transaction.await
        });
        let result = swept.await.map_err(|error: idb::Error| storage(&error));
        result.map(|_| ())
    }
}

async fn apply(transaction: &Transaction, changes: &[Change]) -> Result<(), idb::Error> {
    for change in changes {
        match change {
            Change::Put(store, key, value) => {
                let store = transaction.object_store(store)?;
                store.put(value, Some(&key.as_str().into()))?;
            }
            Change::PutNew(store, key, value) => {
                let store = transaction.object_store(store)?;
                let key = JsValue::from_str(key);
                let known = store.get_key(Query::Key(key.clone()))?.await?;
                if known.is_none_or(|known| known.is_undefined()) {
                    store.put(value, Some(&key))?;
                }
            }
            Change::Delete(store, key) => {
                let store = transaction.object_store(store)?;
                store.delete(Query::Key(key.as_str().into()))?;
            }
        }
    }
    Ok(())
}

/// The keys that begin so; all of them for an empty beginning.
fn beginning_with(prefix: &str) -> Result<Option<Query>, idb::Error> {
    if prefix.is_empty() {
        return Ok(None);
    }
    let mut end = prefix.to_owned();
    end.push('\u{ffff}');
    let range = KeyRange::bound(&prefix.into(), &end.into(), None, None)?;
    Ok(Some(Query::KeyRange(range)))
}

fn storage(error: &idb::Error) -> Box<Problem> {
    match error {
        idb::Error::DomException(exception) if exception.name() == "QuotaExceededError" => problem(
            ErrorCode::StorageUnavailable,
            "The browser's storage for this site is full.",
        ),
        _ => Box::new(Problem::of(ErrorCode::StorageUnavailable)),
    }
}
