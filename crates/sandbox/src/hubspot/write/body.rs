//! Owns the reading of JSON bodies field by field, with HubSpot's refusals. Knows no kind of metadata.

use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// An object of a body; a field that is `null` counts as left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a>(&'a Map<String, Value>);

fn wrong(name: &str, want: &str) -> ApiError {
    ApiError::validation(format!("Invalid value for field '{name}': expected {want}"))
}

impl<'a> Body<'a> {
    /// The fields of `value`, which must be an object.
    pub(crate) fn of(value: &'a Value) -> Result<Self, ApiError> {
        value
            .as_object()
            .map(Self)
            .ok_or_else(|| ApiError::validation("The request body must be a JSON object"))
    }

    /// A field that is there and not `null`.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Names of the fields that are there and not `null`.
    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        let filled = self.0.iter().filter(|(_, value)| !value.is_null());
        filled.map(|(name, _)| name.as_str())
    }

    /// Refuses a body that lacks one of `names`, naming all that lack.
    pub(crate) fn require(self, names: &[&str]) -> Result<(), ApiError> {
        let absent: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.get(name).is_none())
            .collect();
        if absent.is_empty() {
            return Ok(());
        }
        Err(ApiError::validation(format!(
            "Some required fields were not set: [{}]",
            absent.join(", ")
        )))
    }

    /// A string.
    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, ApiError> {
        let read = |value: &'a Value| value.as_str().ok_or_else(|| wrong(name, "a string"));
        self.get(name).map(read).transpose()
    }

    /// A string that must be there and say something.
    pub(crate) fn filled(self, name: &str) -> Result<&'a str, ApiError> {
        self.require(&[name])?;
        let text = self.text(name)?.unwrap_or_default();
        if text.trim().is_empty() {
            return Err(ApiError::validation(format!("{name} must not be blank")));
        }
        Ok(text)
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, name: &str) -> Result<Option<bool>, ApiError> {
        let read = |value: &Value| value.as_bool().ok_or_else(|| wrong(name, "a boolean"));
        self.get(name).map(read).transpose()
    }

    /// A 32-bit number; HubSpot also takes one in a string.
    pub(crate) fn integer(self, name: &str) -> Result<Option<i32>, ApiError> {
        let read = |value: &Value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok(),
                other => other.as_i64(),
            };
            number
                .and_then(|number: i64| i32::try_from(number).ok())
                .ok_or_else(|| wrong(name, "an integer"))
        };
        self.get(name).map(read).transpose()
    }

    /// A list.
    pub(crate) fn list(self, name: &str) -> Result<Option<&'a [Value]>, ApiError> {
        let read = |value: &'a Value| {
            let list = value.as_array().map(Vec::as_slice);
            list.ok_or_else(|| wrong(name, "a list"))
        };
        self.get(name).map(read).transpose()
    }

    /// A list of strings.
    pub(crate) fn texts(self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(list) = self.list(name)? else {
            return Ok(None);
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = list.iter().map(text).collect();
        texts
            .map(Some)
            .ok_or_else(|| wrong(name, "a list of strings"))
    }

    /// One of a fixed set of words.
    pub(crate) fn word(
        self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = words.iter().copied().find(|word| *word == text);
        found.map(Some).ok_or_else(|| {
            ApiError::validation(format!(
                "Invalid value '{text}' for field '{name}'. Valid values are: [{}]",
                words.join(", ")
            ))
        })
    }
}

/// An error as one row of a batch answer's `errors` (`StandardError`).
pub(crate) fn row(error: &ApiError) -> Value {
    let detail = &error.detail;
    let mut row = json!({
        "status": "error",
        "category": detail.category.unwrap_or("VALIDATION_ERROR"),
        "message": error.message,
        "errors": detail.errors,
        "context": detail.context.clone().unwrap_or_else(|| json!({})),
        "links": {},
    });
    if let Some(sub_category) = detail.sub_category {
        row["subCategory"] = json!(sub_category);
    }
    row
}
