//! Reads JSON into what derives `Deserialize`, in a third of the code that `serde_json` compiles for each
//! type: the browser carries it to every visitor.
//!
//! Owns the way from a text to a value; says that a text is unreadable and not why. Whoever must tell
//! people the reason (the proxy, of a request) reads with `serde_json` itself.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::Value;
use serde_json::map::IntoIter as Members;
use std::fmt;
use std::vec::IntoIter as Items;

/// Why there is no value: the text is no JSON, or not of the wanted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not what was expected to be read")]
pub struct Unreadable;

impl Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    // By default each of these words a reason, for which all that can stand in it must be printable.
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// The value that a JSON text holds. The same values as `serde_json::from_str`, except that a struct is
/// never read from an array.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    T::deserialize(Tree(parse(text)?))
}

fn parse(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable)
}

struct Tree(Value);

type Read<T> = Result<T, Unreadable>;

impl<'de> Deserializer<'de> for Tree {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(&mut List(items.into_iter())),
            Value::Object(members) => visitor.visit_map(Object::of(members.into_iter())),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., Some(number)) => visitor.visit_f64(number),
                _ => Err(Unreadable),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_bool(self.0.as_bool().ok_or(Unreadable)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_u64(self.0.as_u64().ok_or(Unreadable)?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_f64(self.0.as_f64().ok_or(Unreadable)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let Value::Array(items) = self.0 else {
            return Err(Unreadable);
        };
        let mut list = List(items.into_iter());
        let value = visitor.visit_seq(&mut list)?;
        // A tuple takes as many as it has.
        if list.0.len() == 0 {
            Ok(value)
        } else {
            Err(Unreadable)
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Object::of(members.into_iter())),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        let variant = match self.0 {
            Value::String(name) => Variant(name, None),
            Value::Object(members) => {
                let mut members = members.into_iter();
                match (members.next(), members.next()) {
                    (Some((name, content)), None) => Variant(name, Some(content)),
                    _ => return Err(Unreadable),
                }
            }
            _ => return Err(Unreadable),
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 char bytes byte_buf unit unit_struct tuple_struct
    }
}

struct List(Items<Value>);

impl<'de> SeqAccess<'de> for &mut List {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        match self.0.next() {
            Some(item) => seed.deserialize(Tree(item)).map(Some),
            None => Ok(None),
        }
    }
}

struct Object {
    members: Members,
    /// Of the key that was given last.
    content: Value,
}

impl Object {
    fn of(members: Members) -> Self {
        let content = Value::Null;
        Self { members, content }
    }
}

impl<'de> MapAccess<'de> for Object {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        let Some((key, content)) = self.members.next() else {
            return Ok(None);
        };
        self.content = content;
        seed.deserialize(Tree(Value::String(key))).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<T::Value> {
        seed.deserialize(Tree(self.content.take()))
    }
}

/// A variant's name, and what it holds if it holds something.
struct Variant(String, Option<Value>);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Unreadable;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Content)> {
        let name = seed.deserialize(StringDeserializer::<Unreadable>::new(self.0))?;
        Ok((name, Content(self.1)))
    }
}

struct Content(Option<Value>);

impl<'de> VariantAccess<'de> for Content {
    type Error = Unreadable;

    fn unit_variant(self) -> Read<()> {
        match self.0 {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(Unreadable),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(Tree(self.0.ok_or(Unreadable)?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Read<V::Value> {
        Tree(self.0.ok_or(Unreadable)?).deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        Tree(self.0.ok_or(Unreadable)?).deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct All {
        #[serde(default)]
        flag: bool,
        small: Option<u8>,
        number: Option<u32>,
        large: Option<u64>,
        signed: Option<i64>,
        fraction: Option<f32>,
        text: Option<String>,
        list: Option<Vec<String>>,
        pair: Option<(String, u32)>,
        map: Option<BTreeMap<String, u8>>,
        form: Option<Form>,
        name: Option<Name>,
        inner: Option<Box<All>>,
        any: Option<Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Form {
        Unit,
        Newtype(u8),
        Tuple(u8, String),
        Struct { x: u8 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Name(String);

    /// What the proxy writes and what the browser reads are the same values.
    #[test]
    fn a_text_reads_as_serde_json_reads_it() {
        for text in [
            "{}",
            "",
            "null",
            "[]",
            "{\"flag\":true}x",
            r#"{"flag":true,"small":255,"number":4294967295,"large":18446744073709551615}"#,
            r#"{"small":256}"#,
            r#"{"small":-1}"#,
            r#"{"number":1.0}"#,
            r#"{"number":"1"}"#,
            r#"{"signed":-5,"fraction":0.25}"#,
            r#"{"fraction":1}"#,
            r#"{"flag":null}"#,
            r#"{"flag":1}"#,
            r#"{"text":"ü\u00e9\n","list":["a","b"],"pair":["a",1]}"#,
            r#"{"pair":["a"]}"#,
            r#"{"pair":["a",1,2]}"#,
            r#"{"list":{"a":1}}"#,
            r#"{"list":[1]}"#,
            r#"{"map":{"a":1,"b":2}}"#,
            r#"{"map":["a"]}"#,
            r#"{"form":"unit"}"#,
            r#"{"form":{"unit":null}}"#,
            r#"{"form":{"unit":1}}"#,
            r#"{"form":{"newtype":1}}"#,
            r#"{"form":"newtype"}"#,
            r#"{"form":{"tuple":[1,"a"]}}"#,
            r#"{"form":{"tuple":[1]}}"#,
            r#"{"form":{"struct":{"x":1}}}"#,
            r#"{"form":{"struct":{}}}"#,
            r#"{"form":{"newtype":1,"unit":null}}"#,
            r#"{"form":{}}"#,
            r#"{"form":"other"}"#,
            r#"{"form":1}"#,
            r#"{"name":"n","inner":{"text":"t","any":{"a":[1,-1,1.5,null,"x"]}}}"#,
            r#"{"name":1}"#,
            r#"{"unknown":1}"#,
        ] {
            let theirs: Option<All> = serde_json::from_str(text).ok();
            assert_eq!(from_json::<All>(text).ok(), theirs, "{text}");
        }
    }

    proptest! {
        /// Whatever arrives, it is a value or an error.
        #[test]
        fn no_text_is_a_panic(text in "[{}\\[\\]:,\"a-z0-9.-]{0,40}") {
            let theirs = serde_json::from_str::<Value>(&text).ok();
            prop_assert_eq!(from_json::<Value>(&text).ok(), theirs);
        }
    }
}
