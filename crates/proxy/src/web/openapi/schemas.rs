//! Schemas of the wire's types, as answers hold them and as requests may.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// Where a document keeps them.
const PLACE: &str = "/components/schemas";

/// Collects what is referred to.
pub(super) struct Schemas {
    answered: SchemaGenerator,
    asked: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings =
            || SchemaSettings::draft2020_12().with(|s| s.definitions_path = PLACE.into());
        let mut schemas = Self {
            answered: settings().for_serialize().into_generator(),
            asked: settings().for_deserialize().into_generator(),
        };
        // Problems are referred to by every operation.
        schemas.answer::<portico_core::wire::Problem>();
        schemas
    }

    /// Of an answer's body.
    pub(super) fn answer<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().to_value()
    }

    /// Of a request's body.
    pub(super) fn request<T: JsonSchema>(&mut self) -> Value {
        self.asked.subschema_for::<T>().to_value()
    }

    /// A query's parameters, one for each field.
    pub(super) fn query<T: JsonSchema>(&self) -> Vec<Value> {
        let mut settings = self.asked.settings().clone();
        settings.inline_subschemas = true;
        let whole = settings.into_generator().into_root_schema_for::<T>();
        let required = whole.get("required").cloned().unwrap_or_default();
        let fields = whole.get("properties").and_then(Value::as_object);
        let fields = fields.into_iter().flatten();
        fields
            .map(|(name, schema)| {
                let mut schema = schema.clone();
                let text = schema.as_object_mut().and_then(|schema| {
                    schema.remove("default").filter(Value::is_null);
                    schema.remove("description")
                });
                only_present(&mut schema);
                let is_required = required
                    .as_array()
                    .is_some_and(|names| names.iter().any(|needed| needed == name));
                json!({
                    "name": name, "in": "query", "required": is_required,
                    "description": text.unwrap_or_default(), "schema": schema,
                })
            })
            .collect()
    }

    /// All that were referred to.
    ///
    /// Errors: a type looks one way in answers and another in requests.
    pub(super) fn finish(mut self) -> Result<Map<String, Value>, String> {
        let mut all = self.answered.take_definitions(true);
        for (name, schema) in self.asked.take_definitions(true) {
            match all.get(&name) {
                Some(other) if *other != schema => {
                    return Err(format!("{name} is answered and asked in two forms"));
                }
                _ => all.insert(name, schema),
            };
        }
        all.values_mut().for_each(for_readers);
        Ok(all)
    }
}

/// The code's own comments, for people who do not have the code.
fn for_readers(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(for_readers),
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = plain(text);
            }
            members.values_mut().for_each(for_readers);
        }
        _ => {}
    }
}

/// Without links into the code, and without what only our own papers explain.
fn plain(text: &str) -> String {
    let text = text.replace("[`", "`").replace("`]", "`");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(" (") {
        let Some((inside, behind)) = after.split_once(')') else {
            break;
        };
        out.push_str(before);
        if !is_of_our_papers(inside) {
            out.push_str(" (");
            out.push_str(inside);
            out.push(')');
        }
        rest = behind;
    }
    out + rest
}

fn is_of_our_papers(inside: &str) -> bool {
    let is_paper = ["platform", "threat model", "design", "mission"]
        .iter()
        .any(|paper| inside.starts_with(paper));
    // Promises: J12, CB-9, R8–R12.
    let is_id = |word: &str| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let digits = number.trim_start_matches('-');
        (1..=2).contains(&(word.len() - number.len()))
            && (1..=2).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_promise = |word: &str| word.split('–').all(is_id);
    is_paper || inside.split(", ").all(is_promise)
}

/// A query has no null: what may be absent is absent.
fn only_present(schema: &mut Value) {
    let Some(Value::Array(types)) = schema.get_mut("type") else {
        return;
    };
    types.retain(|kind| kind != "null");
    if let [only] = types.as_slice() {
        schema["type"] = only.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_reads_without_our_papers() {
        for (comment, want) in [
            ("A name (D14, D15).", "A name."),
            (
                "Its kind (platform, section 3); more (R8–R12).",
                "Its kind; more.",
            ),
            (
                "For [`Intent::Connect`]: yes (RFC 7636).",
                "For `Intent::Connect`: yes (RFC 7636).",
            ),
            (
                "Entries, one a line (JSON Lines).",
                "Entries, one a line (JSON Lines).",
            ),
            ("Signed (ES256).", "Signed (ES256)."),
            ("Not closed (D1", "Not closed (D1"),
        ] {
            assert_eq!(plain(comment), want);
        }
    }
}
