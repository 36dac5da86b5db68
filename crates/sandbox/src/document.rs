//! Owns documents: metadata of which the sandbox knows little more than the JSON that an endpoint prints.
//! Kept as text, a tenth of what a tree of values takes, so that a portal of 200,000 records fits a small machine.
//! Knows no kind of metadata.

use std::fmt;
use std::sync::Arc;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// One JSON document, as text. Made from a [`Value`], read by member, changed with [`Document::edit`].
/// A clone shares the text, so that a snapshot of a portal costs little.
#[derive(Clone, Debug)]
pub struct Document(Arc<RawValue>);

impl Document {
    /// The whole as a tree.
    pub fn value(&self) -> Value {
        // The text came from a tree, so it reads back; `Null` is never reached.
        serde_json::from_str(self.text()).unwrap_or(Value::Null)
    }

    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The JSON text of one member of an object; `None` when there is none of that name.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let mut found = None;
        let mut reader = serde_json::Deserializer::from_str(self.text());
        // Stops at the member, which serde_json takes for an unfinished object: only `found` counts.
        let _ = reader.deserialize_map(Find {
            name,
            found: &mut found,
        });
        found.map(RawValue::get)
    }

    /// One member of an object as a tree; `None` when there is none of that name.
    pub fn member(&self, name: &str) -> Option<Value> {
        self.raw(name)
            .and_then(|text| serde_json::from_str(text).ok())
    }

    /// Whether a member is this string.
    pub fn has(&self, name: &str, text: &str) -> bool {
        self.member(name).is_some_and(|value| value == text)
    }

    /// Changes the document through its tree.
    pub fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let mut value = self.value();
        change(&mut value);
        *self = Self::from(value);
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        let text = match &value {
            Value::Object(members) => to_raw_value(&IdFirst(members)),
            other => to_raw_value(other),
        };
        // Writing a tree to memory does not fail: its keys are strings.
        Self(text.unwrap_or_else(|_| RawValue::NULL.to_owned()).into())
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(reader).map(|text| Self(text.into()))
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// The id stands first, where HubSpot prints it and where a search finds it without reading on.
struct IdFirst<'a>(&'a Map<String, Value>);

impl Serialize for IdFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        if let Some(id) = self.0.get("id") {
            map.serialize_entry("id", id)?;
        }
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "id") {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

struct Find<'a, 'de> {
    name: &'a str,
    found: &'a mut Option<&'de RawValue>,
}

impl<'de> Visitor<'de> for Find<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(is_wanted) = members.next_key_seed(Is(self.name))? {
            if is_wanted {
                *self.found = Some(members.next_value()?);
                return Ok(());
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Compares a key without keeping it.
struct Is<'a>(&'a str);

impl<'de> serde::de::DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Document;

    #[test]
    fn a_document_reads_back_as_it_was_made() {
        let values = [
            json!({ "b": [1, 2.5, { "id": null }], "id": "7", "a": "\u{202e}\"\\\u{0}" }),
            json!([{ "id": 1 }]),
            json!("text"),
            Value::Null,
        ];
        for value in values {
            let document = Document::from(value.clone());
            assert_eq!(document.value(), value);
            assert_eq!(serde_json::to_value(&document).ok(), Some(value));
        }
    }

    #[test]
    fn the_id_stands_first_and_members_are_found_by_their_whole_name() {
        let mut document = Document::from(json!({ "archived": false, "idx": 1, "id": "7" }));
        assert_eq!(document.text(), r#"{"id":"7","archived":false,"idx":1}"#);
        assert!(document.has("id", "7") && !document.has("id", "8") && !document.has("idx", "1"));
        assert_eq!(document.member("archived"), Some(json!(false)));
        assert_eq!(document.raw("missing"), None);
        assert_eq!(Document::from(json!(["id"])).raw("id"), None);
        document.edit(|value| value["na\"me"] = json!("\u{e9}"));
        assert!(document.has("na\"me", "\u{e9}"));
        assert_eq!(
            serde_json::to_string(&document).ok().as_deref(),
            Some(document.text())
        );
    }
}
