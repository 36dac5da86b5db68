//! Owns the fields of control calls: their kinds as data, strict reading from JSON or a form, and their printing for
//! the list of actions, so that what is documented is what is read. Changes nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::http::{Fields, Request};
use crate::time;

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Any string.
    Text,
    /// A whole number, not negative.
    Integer,
    /// `true` or `false`.
    Flag,
    /// Milliseconds, a whole number.
    Millis,
    /// Unix milliseconds, or `2026-11-01T09:30:00Z` (UTC).
    Moment,
    /// A portal's id.
    Portal,
    /// A list of strings; in a form, separated by spaces.
    Words,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

impl Kind {
    fn words(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Flag => "true | false".to_owned(),
            Self::Millis => "integer, milliseconds".to_owned(),
            Self::Moment => "unix milliseconds | ISO 8601 in UTC".to_owned(),
            Self::Portal => "portal id".to_owned(),
            Self::Words => "list of text".to_owned(),
            Self::OneOf(words) => words.join(" | "),
        }
    }
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// On the wire.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// A few words for people.
    pub(crate) about: &'static str,
}

/// A field that must be there.
pub(crate) const fn need(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: true,
        about,
    }
}

/// A field that may be there.
pub(crate) const fn may(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field {
        name,
        kind,
        required: false,
        about,
    }
}

#[derive(Serialize)]
struct Printed {
    name: &'static str,
    takes: String,
    required: bool,
    about: &'static str,
}

/// The fields for the list of actions.
pub(crate) fn printed(fields: &[Field]) -> Value {
    let rows: Vec<Printed> = fields
        .iter()
        .map(|f| Printed {
            name: f.name,
            takes: f.kind.words(),
            required: f.required,
            about: f.about,
        })
        .collect();
    json!(rows)
}

/// What a body brought.
pub(crate) enum Body {
    /// A JSON object, or nothing.
    Json(Map<String, Value>),
    /// A form: of the page, which wants a page back.
    Form(Fields),
}

/// Whether the body is a form, which only the page sends.
pub(crate) fn is_form(request: &Request) -> bool {
    request.media_type().as_deref() == Some("application/x-www-form-urlencoded")
}

/// The body by its content type.
pub(crate) fn body(request: &Request) -> Result<Body, Problem> {
    match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => Ok(Body::Form(Fields::parse(&request.body))),
        Some("application/json") => {
            let value: Value = serde_json::from_slice(&request.body)
                .map_err(|error| Problem::invalid(format!("The body is no JSON: {error}.")))?;
            match value {
                Value::Object(map) => Ok(Body::Json(map)),
                _ => Err(Problem::invalid("The body must be a JSON object.")),
            }
        }
        None if request.body.is_empty() => Ok(Body::Json(Map::new())),
        _ => Err(Problem::new(
            415,
            "media-type",
            "Send application/json, or application/x-www-form-urlencoded from the page.",
        )),
    }
}

/// Fields that were read and fit their kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args(BTreeMap<&'static str, Value>);

impl Args {
    /// Reads the fields; unknown names, missing ones and wrong kinds are refused by name.
    pub(crate) fn read(fields: &'static [Field], body: &Body) -> Result<Self, Problem> {
        let pairs: Vec<(&str, Value)> = match body {
            Body::Json(map) => map
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect(),
            // `portal-shown` is the page's own: where to return to.
            Body::Form(form) => form
                .pairs()
                .iter()
                .filter(|(name, value)| name != super::SHOWN && !value.is_empty())
                .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
                .collect(),
        };
        let form = matches!(body, Body::Form(_));
        let mut read = BTreeMap::new();
        for (name, value) in pairs {
            let field = fields.iter().find(|f| f.name == name).ok_or_else(|| {
                Problem::new(
                    400,
                    "unknown-field",
                    format!("There is no field {name:?} here."),
                )
                .known(fields.iter().map(|f| f.name))
            })?;
            if value.is_null() && !field.required {
                continue;
            }
            let value = fitted(field.kind, value, form).ok_or_else(|| {
                Problem::invalid(format!("{name} takes: {}.", field.kind.words()))
            })?;
            read.insert(field.name, value);
        }
        for field in fields.iter().filter(|f| f.required) {
            if !read.contains_key(field.name) {
                return Err(Problem::new(
                    400,
                    "missing-field",
                    format!("{} is missing: {}.", field.name, field.about),
                ));
            }
        }
        Ok(Self(read))
    }

    /// A text, if given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A required text; the reading has seen to it.
    pub(crate) fn needed(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// A number, milliseconds, a moment or a portal's id, if given.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// A number that fits 32 bits, if given; a larger one is the largest.
    pub(crate) fn small(&self, name: &str) -> Option<u32> {
        self.number(name)
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }

    /// A flag, if given.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// A list, if given.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// The value in the form that [`Args`] keeps; `None` when it does not fit.
fn fitted(kind: Kind, value: Value, form: bool) -> Option<Value> {
    match kind {
        Kind::Text => value.is_string().then_some(value),
        Kind::OneOf(words) => words.contains(&value.as_str()?).then_some(value),
        Kind::Flag if form => match value.as_str()? {
            "true" | "on" => Some(json!(true)),
            "false" => Some(json!(false)),
            _ => None,
        },
        Kind::Flag => value.is_boolean().then_some(value),
        // Ids and numbers are told from text in forms only, but HubSpot prints ids both ways.
        Kind::Integer | Kind::Millis if !form => value.is_u64().then_some(value),
        Kind::Integer | Kind::Millis | Kind::Portal => match value {
            Value::String(text) => text.trim().parse::<u64>().ok().map(Value::from),
            value => value.is_u64().then_some(value),
        },
        Kind::Moment => match value {
            Value::String(text) => {
                let number = text.parse::<u64>().ok();
                number.or_else(|| time::parse(&text)).map(Value::from)
            }
            value => value.is_u64().then_some(value),
        },
        Kind::Words => match value {
            Value::String(text) if form => Some(text.split_whitespace().map(Value::from).collect()),
            Value::Array(list) => list
                .iter()
                .all(Value::is_string)
                .then_some(Value::Array(list)),
            _ => None,
        },
    }
}
