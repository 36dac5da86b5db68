//! Owns what the fuzzers do with bytes, and what must hold of every outcome (BI-1). Shared by the fuzz programs and by
//! the proxy's own tests, which replay the corpus. Reached from outside by the feature `fuzzing` alone.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a target tells a finding"
)]

mod config;
mod journal;
mod relay;
#[cfg(test)]
mod replay;
mod secrets;
mod session;

pub use crate::provider::fuzzing::provider;
pub use crate::web::fuzzing::{body, head, router};
pub use config::config;
pub use journal::journal;
pub use relay::relay;
pub use secrets::secrets;
pub use session::session;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// A target: any bytes at all.
pub type Target = fn(&[u8]);

/// Every target by the name of its program and its corpus.
pub const TARGETS: [(&str, Target); 9] = [
    ("body", body),
    ("config", config),
    ("head", head),
    ("journal", journal),
    ("provider", provider),
    ("relay", relay),
    ("router", router),
    ("secrets", secrets),
    ("session", session),
];

/// The first line, which says what is to be done with the rest.
pub(crate) fn order(data: &[u8]) -> (String, &[u8]) {
    let (line, rest) = cut(data, b"\n");
    (String::from_utf8_lossy(line).into_owned(), rest)
}

/// What stands before a mark, and what behind it.
pub(crate) fn cut<'a>(data: &'a [u8], mark: &[u8]) -> (&'a [u8], &'a [u8]) {
    match data.windows(mark.len()).position(|window| window == mark) {
        Some(at) => (&data[..at], &data[at + mark.len()..]),
        None => (data, &[]),
    }
}

/// Names of an object's members, in order and with repetitions: what a map would hide.
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    /// Of a JSON text that is an object.
    pub(crate) fn of(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Whether one of them stands twice.
    pub(crate) fn repeat(&self) -> bool {
        let mut sorted: Vec<&String> = self.0.iter().collect();
        sorted.sort();
        sorted.windows(2).any(|pair| pair[0] == pair[1])
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Every text that stands in a value somewhere.
pub(crate) fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}
