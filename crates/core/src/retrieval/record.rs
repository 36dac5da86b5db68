//! One level of a JSON object, read without building a tree: nested values stay as they came.
//! Owns tolerant reading; never fails on a field that is missing or of another type.

use crate::explorer::json::string_end;
use crate::reading::from_json;
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// The fields of a JSON object in their order.
pub(crate) struct Record<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Record<'a> {
    /// The object that this JSON is; `None` when it is something else.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        let fields = pieces(json, b'{')?;
        let fields = fields.chunks_exact(2);
        Some(Self(
            fields.map(|field| (name(field[0]), field[1])).collect(),
        ))
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
    pieces(json, b'[')
}

/// What stands between the brackets, cut at the commas and colons of this level; `None` when the text is no
/// JSON, or begins otherwise.
fn pieces(json: &str, bracket: u8) -> Option<Vec<&str>> {
    let json = json.trim_ascii();
    let bytes = json.as_bytes();
    if bytes.first() != Some(&bracket) || serde_json::from_str::<IgnoredAny>(json).is_err() {
        return None;
    }
    let mut pieces = Vec::new();
    let (mut depth, mut start, mut at) = (0_usize, 1, 1);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' | b':' | b'}' | b']' if depth == 0 => {
                pieces.push(json[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    // Between the brackets of an empty one stands nothing.
    pieces.retain(|piece| !piece.is_empty());
    Some(pieces)
}

/// A field's name: borrowed where it has no escapes.
fn name(json: &str) -> Cow<'_, str> {
    match json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(scalar(json).unwrap_or_default()),
    }
}

/// A string, number or boolean as text; `None` for `null`, arrays and objects.
pub(crate) fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        // A lone surrogate has no UTF-8 form: such a string is shown as it is written.
        b'"' => Some(from_json(json).unwrap_or_else(|_| json.trim_matches('"').to_owned())),
        b'{' | b'[' => None,
        _ if json == "null" => None,
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

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
    fn brackets_and_commas_within_texts_and_below_are_not_cut_at() {
        let json = r#" {"a,:{" : "}],:\"{" , "b":[{"c":[1,2]},{}], "\u0064\"":{} }"#;
        let record = Record::read(json).unwrap();
        let fields: Vec<_> = record.fields().collect();
        assert_eq!(
            fields,
            [
                ("a,:{", r#""}],:\"{""#),
                ("b", r#"[{"c":[1,2]},{}]"#),
                ("d\"", "{}")
            ]
        );
        assert_eq!(record.items("b"), [r#"{"c":[1,2]}"#, "{}"]);
        assert_eq!(items(" [ ] "), Some(vec![]));
        assert_eq!(items("[\"\"]"), Some(vec!["\"\""]));
        assert!(Record::read("{}").unwrap().fields().next().is_none());
    }

    proptest::proptest! {
        /// P4: what is taken apart here is what serde_json takes apart.
        #[test]
        fn one_level_is_cut_as_serde_json_cuts_it(json in "[\\[{][\\[\\]{},:\" a1\\\\-]{0,24}") {
            let theirs: Option<Vec<&RawValue>> = serde_json::from_str(&json).ok();
            let theirs = theirs.map(|items| items.into_iter().map(RawValue::get).collect::<Vec<_>>());
            proptest::prop_assert_eq!(items(&json), theirs);
        }
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
