//! Keys and texts in two layers: IndexedDB below, memory above for what it would not take.
//! Owns falling back from one to the other; knows no record.

use super::database::{Change, Database};
use js_sys::{Promise, Reflect};
use portico_core::order::TextSet;
use portico_core::wire::Problem;
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Object store, key, and the new text; none removes the key.
pub(super) type Write = (&'static str, String, Option<String>);

pub(super) struct Layers {
    disk: Option<Database>,
    /// Each write that the disk did not take; none hides what is below.
    memory: RefCell<Vec<Write>>,
    /// The disk refused a write: from then on everything stays in memory.
    refused: Cell<bool>,
}

impl Layers {
    pub(super) fn new(disk: Option<Database>) -> Self {
        Self {
            disk,
            memory: RefCell::default(),
            refused: Cell::new(false),
        }
    }

    pub(super) fn is_persistent(&self) -> bool {
        self.disk.is_some() && !self.refused.get()
    }

    pub(super) async fn get(
        &self,
        store: &'static str,
        key: &str,
    ) -> Result<Option<String>, Box<Problem>> {
        let above = find(&self.memory.borrow(), store, key).map(|(_, _, text)| text.clone());
        match (above, &self.disk) {
            (Some(text), _) => Ok(text),
            (None, Some(disk)) => Ok(disk
                .get(store, key)
                .await?
                .and_then(|value| value.as_string())),
            (None, None) => Ok(None),
        }
    }

    /// Every key that begins so.
    pub(super) async fn all(
        &self,
        store: &'static str,
        prefix: &str,
    ) -> Result<Vec<(String, String)>, Box<Problem>> {
        let mut found = Vec::new();
        if let Some(disk) = &self.disk {
            for (key, value) in disk.all(store, prefix).await? {
                // What is no text is no record of ours; an empty one is set aside by its reader.
                found.push((key, value.as_string().unwrap_or_default()));
            }
        }
        for (of, key, text) in self.memory.borrow().iter() {
            if *of == store && key.starts_with(prefix) {
                found.retain(|(below, _)| below != key);
                found.extend(text.clone().map(|text| (key.clone(), text)));
            }
        }
        Ok(found)
    }

    /// All of it or nothing on disk; if the disk takes nothing, all of it in memory.
    pub(super) async fn write(&self, writes: Vec<Write>) {
        if writes.is_empty() {
            return;
        }
        if let (Some(disk), false) = (&self.disk, self.refused.get()) {
            let mut stores: Vec<&'static str> = Vec::new();
            for (store, ..) in &writes {
                if !stores.contains(store) {
                    stores.push(store);
                }
            }
            let changes = writes.iter().map(|(store, key, text)| match text {
                None => Change::Delete(store, key.clone()),
                Some(text) if *store == super::CONTENTS => {
                    Change::PutNew(store, key.clone(), JsValue::from_str(text))
                }
                Some(text) => Change::Put(store, key.clone(), JsValue::from_str(text)),
            });
            let changes: Vec<Change> = changes.collect();
            if disk
                .write(stores.into_iter().collect(), changes)
                .await
                .is_ok()
            {
                return;
            }
            self.refused.set(true);
        }
        let mut memory = self.memory.borrow_mut();
        for write in writes {
            memory.retain(|(store, key, _)| !(*store == write.0 && *key == write.1));
            memory.push(write);
        }
    }

    /// Removes each key of `contents` that no text of `parts` names.
    pub(super) async fn sweep(
        &self,
        parts: &'static str,
        contents: &'static str,
        named: fn(&str) -> Option<String>,
    ) {
        match &self.disk {
            Some(disk) if !self.refused.get() => {
                let hash_of = move |value: &JsValue| named(&value.as_string()?);
                // What stays is a little space, found again by the next sweep.
                let _ = disk.sweep(parts, contents, hash_of).await;
            }
            _ => {
                let Ok(kept) = self.all(parts, "").await else {
                    return;
                };
                let kept: TextSet = kept.iter().filter_map(|(_, text)| named(text)).collect();
                let mut memory = self.memory.borrow_mut();
                memory.retain(|(store, key, _)| *store != contents || kept.contains(key));
            }
        }
    }
}

fn find<'a>(memory: &'a [Write], store: &str, key: &str) -> Option<&'a Write> {
    memory
        .iter()
        .find(|(of, name, _)| *of == store && name == key)
}

/// `navigator.storage.persist()`, unless it was granted before; where it is missing nothing happens.
pub(super) async fn persist() {
    let Some(window) = web_sys::window() else {
        return;
    };
    let storage = Reflect::get(&window.navigator(), &"storage".into());
    let Ok(storage) = storage else {
        return;
    };
    for question in ["persisted", "persist"] {
        let Ok(ask) = Reflect::get(&storage, &question.into()) else {
            return;
        };
        let Some(ask) = ask.dyn_ref::<js_sys::Function>() else {
            return;
        };
        let Ok(promise) = ask.call0(&storage) else {
            return;
        };
        let answer = JsFuture::from(Promise::resolve(&promise)).await;
        if answer.is_ok_and(|answer| answer.is_truthy()) {
            return;
        }
    }
}
