//! What JSON Schema must be told of the wire that serde's own attributes do not say: patterns, and the codes.
//! Owns their spelling for the generator of `docs/openapi.json`; checks nothing. In no shipped program.

use crate::error::ErrorCode;
use crate::operations::{Body, Pattern};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt::Write as _;

/// [`crate::pkce::is_encoded_32_bytes`].
pub const ENCODED_32_BYTES: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";
/// `code_verifier` of RFC 7636.
pub const VERIFIER: &str = "^[A-Za-z0-9._~-]{43,128}$";
/// Connections, flows and workspaces.
pub const OPAQUE_ID: &str = "^[A-Za-z0-9_-]{1,64}$";
/// Persons and organizations, as a session names them.
pub const SESSION_ID: &str = "^[A-Za-z0-9._:-]{1,128}$";
/// A provider's scope.
pub const SCOPE: &str = "^[A-Za-z0-9._:-]{1,128}$";
/// Private app token or service key; what is copied with it is cut off.
pub const STATIC_TOKEN: &str = "^\\s*pat-[A-Za-z0-9]{1,16}-[A-Za-z0-9-]{1,256}\\s*$";
/// A label: 1 to 100 characters between spaces, or nothing; no control characters.
pub const LABEL: &str = concat!(
    "^[ \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*",
    "([^\\u0000-\\u001f\\u007f-\\u009f]{1,100}",
    "[ \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*)?$"
);
/// [`crate::workspace::workspace_name`].
pub const WORKSPACE_NAME: &str = concat!(
    "^[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*",
    // The first character and the last are no spaces, and none of all is one that deceives.
    "[^\\u0000- \\u007f-\\u00a0\\u061c\\u1680\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2069\\u3000\\ufeff]",
    "([^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]{0,58}",
    "[^\\u0000- \\u007f-\\u00a0\\u061c\\u1680\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2069\\u3000\\ufeff])?",
    "[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*$"
);

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    /// Those that the proxy answers; the others are only ever raised in the browser.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = Self::ALL
            .iter()
            .map(|code| code.entry())
            .filter(|entry| entry.http_status != 0)
            .map(|entry| entry.code)
            .collect();
        json_schema!({
            "description": "A stable error code. A later version may know more of them.",
            "type": "string",
            "enum": codes,
        })
    }
}

impl Pattern {
    /// The texts that it [matches](Self::matches).
    pub fn schema(self) -> Value {
        let pattern = match self {
            Self::ObjectType | Self::Id => "^[A-Za-z0-9_-]{1,100}$".to_owned(),
            Self::Name => "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$".to_owned(),
            Self::Limit(most) => {
                return json!({ "type": "string", "maxLength": 9, "pattern": up_to(most) });
            }
            Self::Cursor => "^[!-~]{1,512}$".to_owned(),
            Self::Bool => return json!({ "enum": ["true", "false"] }),
            Self::Word(words) => return json!({ "enum": words }),
        };
        json!({ "type": "string", "pattern": pattern })
    }
}

/// Decimal numbers of 1 up to this, zeros before them included.
fn up_to(most: u32) -> String {
    let digits: Vec<u32> = most
        .to_string()
        .chars()
        .filter_map(|c| c.to_digit(10))
        .collect();
    let mut ways = Vec::new();
    if digits.len() > 1 {
        ways.push(format!("[1-9][0-9]{{0,{}}}", digits.len() - 2));
    }
    let mut before = String::new();
    for (index, digit) in digits.iter().enumerate() {
        let least = u32::from(index == 0);
        let left = digits.len() - index - 1;
        if *digit > least {
            ways.push(format!("{before}[{least}-{}][0-9]{{{left}}}", digit - 1));
        }
        // Writing to a String cannot fail.
        let _ = write!(before, "{digit}");
    }
    ways.push(before);
    format!("^0*({})$", ways.join("|"))
}

impl Body {
    /// The bodies that it accepts; nothing where none may be sent.
    pub fn schema(self) -> Option<Value> {
        let words = json!({
            "type": "array", "maxItems": 100, "items": Pattern::Id.schema(),
        });
        match self {
            Self::None => None,
            Self::ListSearch => Some(json!({
                "type": "object",
                "properties": {
                    "count": { "type": "integer", "minimum": 1, "maximum": 500 },
                    "offset": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                    "processingTypes": words,
                    "additionalProperties": words,
                    "listIds": words,
                },
                "additionalProperties": false,
            })),
            Self::FlowBatch => Some(json!({
                "type": "object",
                "properties": { "inputs": {
                    "type": "array", "minItems": 1, "maxItems": 100,
                    "items": {
                        "type": "object",
                        "properties": {
                            "flowId": { "type": "string", "pattern": "^[0-9]{1,20}$" },
                            "type": { "const": "FLOW_ID" },
                        },
                        "required": ["flowId", "type"],
                        "additionalProperties": false,
                    },
                } },
                "required": ["inputs"],
                "additionalProperties": false,
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_spelled_out_digit_by_digit() {
        for (most, want) in [
            (9, "^0*([1-8][0-9]{0}|9)$"),
            (100, "^0*([1-9][0-9]{0,1}|100)$"),
            (
                250,
                "^0*([1-9][0-9]{0,1}|[1-1][0-9]{2}|2[0-4][0-9]{1}|250)$",
            ),
            (1_000_000, "^0*([1-9][0-9]{0,5}|1000000)$"),
        ] {
            assert_eq!(up_to(most), want);
        }
    }
}
