//! One level of a JSON object, read without building a tree: nested values stay as they came.
//! Owns tolerant reading; never fails on a field that is missing or of another type.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The fields of a JSON object in their order.
pub(crate) struct Record<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// A field name: borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Record<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value::<&'de RawValue>()?.get()));
                }
                Ok(Record(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl<'a> Record<'a> {
    /// The object that this JSON is; `None` when it is something else.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// A field's JSON as it came; absent and `null` are the same.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|(field, _)| field == name)?;
        (*raw != "null").then_some(*raw)
    }

    /// A field as text: a string decoded, a number or a boolean as written. Never empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        scalar(self.raw(name)?).filter(|text| !text.is_empty())
    }

    /// A field that is the word `true`, as a boolean or as HubSpot's string of it.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.raw(name)
            .is_some_and(|raw| raw == "true" || raw == "\"true\"")
    }

    /// A field that is itself an object.
    pub(crate) fn object(&self, name: &str) -> Option<Record<'a>> {
        Record::read(self.raw(name)?)
    }

    /// A field's items; none when it is not an array.
    pub(crate) fn items(&self, name: &str) -> Vec<&'a str> {
        self.raw(name).and_then(items).unwrap_or_default()
    }

    /// All fields in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }
}

/// The items of a JSON array, each as it came; `None` when it is not one.
pub(crate) fn items(json: &str) -> Option<Vec<&str>> {
    let raw: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(raw.into_iter().map(RawValue::get).collect())
}

/// A string, number or boolean as text; `None` for `null`, arrays and objects.
pub(crate) fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        // A lone surrogate has no UTF-8 form: such a string is shown as it is written.
        b'"' => {
            Some(serde_json::from_str(json).unwrap_or_else(|_| json.trim_matches('"').to_owned()))
        }
        b'{' | b'[' => None,
        _ if json == "null" => None,
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_is_read_and_the_rest_stays_as_it_came() {
        let json = r#"{"id":12345678901234567890.10,"name":"a\u00e9","n":null,"o":{"x": [1 ,2]},"t":"true","e":"","l":"\ud800"}"#;
        let record = Record::read(json).unwrap();
        assert_eq!(
            record.text("id").as_deref(),
            Some("12345678901234567890.10")
        );
        assert_eq!(record.text("name").as_deref(), Some("aé"));
        assert_eq!(record.raw("o"), Some(r#"{"x": [1 ,2]}"#));
        assert_eq!(record.object("o").unwrap().items("x"), ["1", "2"]);
        assert_eq!(record.text("l").as_deref(), Some("\\ud800"));
        assert!(record.flag("t") && !record.flag("e") && !record.flag("missing"));
        for absent in ["n", "e", "missing", "o"] {
            assert_eq!(record.text(absent), None, "{absent}");
        }
        assert_eq!(record.fields().count(), 7);
    }

    #[test]
    fn what_is_no_object_or_array_is_said_so() {
        for json in ["", "[]", "1", "{", "nonsense", r#""x""#] {
            assert!(Record::read(json).is_none(), "{json}");
        }
        for json in ["", "{}", "1", "[1,", "nonsense"] {
            assert!(items(json).is_none(), "{json}");
        }
    }
}
