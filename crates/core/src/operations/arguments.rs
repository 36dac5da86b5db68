//! From arguments to a request target: every value passes its pattern before it enters a URL.
//!
//! Nothing is decoded, joined or normalised, so `..`, `//host` and percent signs have no way in (RL-2, RL-12).

use super::{Body, Operation, Pattern};
use crate::wire::RelayRequest;
use serde_json::Value;
use std::fmt::Write as _;

/// Why arguments do not fit an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// A path parameter is absent.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// The operation has no such parameter. The name is the caller's and is not repeated.
    #[error("there is a parameter this operation does not have")]
    Unknown,
    /// The value does not match the parameter's pattern.
    #[error("the parameter {0} does not have the right form")]
    Malformed(&'static str),
    /// The body is absent, superfluous or of the wrong form.
    #[error("the body does not have the right form")]
    Body,
}

/// Path and query of a request, ready to be put behind a fixed host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTarget {
    /// Starts with a slash; only unreserved characters and slashes of the template.
    pub path: String,
    /// Without the question mark; empty when there is none.
    pub query: String,
    /// The body to send.
    pub body: Option<Value>,
}

/// Builds the target of a relay call.
pub fn request_target(
    operation: &'static Operation,
    request: &RelayRequest,
) -> Result<RequestTarget, ArgumentError> {
    let known = |name: &str| operation.params.iter().any(|(known, _)| *known == name);
    if request.params.keys().any(|name| !known(name)) {
        return Err(ArgumentError::Unknown);
    }
    let mut path = operation.path.to_owned();
    for &(name, pattern) in operation.params {
        let value = request
            .params
            .get(name)
            .ok_or(ArgumentError::Missing(name))?;
        if !pattern.matches(value) {
            return Err(ArgumentError::Malformed(name));
        }
        path = path.replace(&format!("{{{name}}}"), value);
    }
    let mut query = String::new();
    for parameter in operation.query {
        let Some(value) = request.query.get(parameter.name) else {
            continue;
        };
        if !parameter.pattern.matches(value) {
            return Err(ArgumentError::Malformed(parameter.name));
        }
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(parameter.name);
        query.push('=');
        push_percent_encoded(&mut query, value);
    }
    if request
        .query
        .keys()
        .any(|name| operation.query.iter().all(|known| known.name != name))
    {
        return Err(ArgumentError::Unknown);
    }
    if !operation.body.accepts(request.body.as_ref()) {
        return Err(ArgumentError::Body);
    }
    Ok(RequestTarget {
        path,
        query,
        body: request.body.clone(),
    })
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(crate) fn push_percent_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

impl Pattern {
    /// Whether a value may stand where the pattern does.
    pub fn matches(self, value: &str) -> bool {
        match self {
            Self::ObjectType | Self::Id => {
                (1..=100).contains(&value.len())
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            }
            Self::Name => {
                (1..=100).contains(&value.len())
                    && value != "."
                    && value != ".."
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            }
            Self::Limit(max) => {
                value.bytes().all(|b| b.is_ascii_digit())
                    && value.len() <= 9
                    && value
                        .parse::<u32>()
                        .is_ok_and(|limit| (1..=max).contains(&limit))
            }
            Self::Cursor => {
                (1..=512).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
            }
            Self::Bool => value == "true" || value == "false",
            Self::Word(words) => words.contains(&value),
        }
    }
}

impl Body {
    fn accepts(self, body: Option<&Value>) -> bool {
        match (self, body) {
            (Self::None, body) => body.is_none(),
            (Self::ListSearch, Some(Value::Object(fields))) => {
                fields.iter().all(|(name, value)| match name.as_str() {
                    "count" => whole(value).is_some_and(|count| (1..=500).contains(&count)),
                    "offset" => whole(value).is_some(),
                    "processingTypes" | "additionalProperties" | "listIds" => words(value, 100),
                    _ => false,
                })
            }
            (Self::FlowBatch, Some(Value::Object(fields))) => {
                fields.len() == 1
                    && fields
                        .get("inputs")
                        .and_then(Value::as_array)
                        .is_some_and(|inputs| {
                            (1..=100).contains(&inputs.len()) && inputs.iter().all(is_flow_input)
                        })
            }
            _ => false,
        }
    }
}

/// A number without a fraction, however it is written: JSON tells 5 from 5.0 no more than its schemas do.
fn whole(value: &Value) -> Option<u32> {
    let number = value.as_f64()?;
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what fits is a whole number within u32"
    )]
    fits.then_some(number as u32)
}

fn words(value: &Value, at_most: usize) -> bool {
    value.as_array().is_some_and(|items| {
        items.len() <= at_most
            && items
                .iter()
                .all(|item| item.as_str().is_some_and(|text| Pattern::Id.matches(text)))
    })
}

fn is_flow_input(input: &Value) -> bool {
    input.as_object().is_some_and(|fields| {
        fields.len() == 2
            && fields.get("type").is_some_and(|kind| kind == "FLOW_ID")
            && fields
                .get("flowId")
                .and_then(Value::as_str)
                .is_some_and(|id| {
                    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
                })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{OPERATIONS, operation};
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn call(params: &[(&str, &str)], query: &[(&str, &str)], body: Option<Value>) -> RelayRequest {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        RelayRequest {
            params: owned(params),
            query: owned(query),
            body,
        }
    }

    #[test]
    fn arguments_fill_the_template() {
        let properties = operation("properties.list").unwrap();
        let target = request_target(
            properties,
            &call(&[("objectType", "p42_car")], &[("archived", "true")], None),
        )
        .unwrap();
        assert_eq!(target.path, "/crm/properties/2026-09/p42_car");
        assert_eq!(target.query, "archived=true");
        let owners = operation("owners.list").unwrap();
        let target = request_target(
            owners,
            &call(&[], &[("limit", "500"), ("after", "NTI1Cg==&x=/..")], None),
        )
        .unwrap();
        assert_eq!(target.query, "limit=500&after=NTI1Cg%3D%3D%26x%3D%2F..");
    }

    /// RL-2 and RL-12 where the table decides them.
    #[test]
    fn a_hostile_value_never_enters_a_path() {
        let properties = operation("properties.list").unwrap();
        let long = "a".repeat(300);
        for bad in [
            "",
            ".",
            "..",
            "..%2f",
            "%2e%2e",
            "..;/",
            "\\",
            "//evil",
            "https://evil",
            "ht\ntps://evil",
            "a\tb",
            "a\0b",
            "a?b",
            "a#b",
            "\u{ff0f}",
            "a ",
            "ä",
            long.as_str(),
        ] {
            let request = call(&[("objectType", bad)], &[], None);
            assert_eq!(
                request_target(properties, &request),
                Err(ArgumentError::Malformed("objectType")),
                "{bad:?}"
            );
        }
    }

    /// RL-2 and RL-12 for names with dots: they fill one segment, and the two that are no names never enter.
    #[test]
    fn an_owner_and_a_repository_fill_one_segment_each() {
        let branches = operation("github.branches").unwrap();
        let long = "r".repeat(100);
        for (repo, fits) in [
            ("portal-config", true),
            (".github", true),
            ("a.b_c-D.9", true),
            ("...", true),
            (long.as_str(), true),
            (".", false),
            ("..", false),
            ("", false),
            ("a/b", false),
            ("a%2fb", false),
            ("%2e%2e", false),
            ("..;", false),
            ("a b", false),
            ("a?b", false),
            ("a#b", false),
            ("a\\b", false),
            ("ä", false),
            ("a\n", false),
            (&format!("{long}r"), false),
        ] {
            let request = call(
                &[("owner", "mara-lindqvist"), ("repo", repo)],
                &[("page", "2"), ("per_page", "100")],
                None,
            );
            let got = request_target(branches, &request).map(|target| (target.path, target.query));
            let want = if fits {
                Ok((
                    format!("/repos/mara-lindqvist/{repo}/branches"),
                    "page=2&per_page=100".to_owned(),
                ))
            } else {
                Err(ArgumentError::Malformed("repo"))
            };
            assert_eq!(got, want, "{repo:?}");
        }
    }

    #[test]
    fn missing_unknown_and_superfluous_arguments_are_refused() {
        let properties = operation("properties.list").unwrap();
        let good = ("objectType", "deals");
        for (case, request, want) in [
            (
                "no parameter",
                call(&[], &[], None),
                ArgumentError::Missing("objectType"),
            ),
            (
                "another parameter",
                call(&[good, ("x", "y")], &[], None),
                ArgumentError::Unknown,
            ),
            (
                "another query",
                call(&[good], &[("hapikey", "y")], None),
                ArgumentError::Unknown,
            ),
            (
                "bad query",
                call(&[good], &[("archived", "yes")], None),
                ArgumentError::Malformed("archived"),
            ),
            (
                "a body",
                call(&[good], &[], Some(json!({}))),
                ArgumentError::Body,
            ),
        ] {
            assert_eq!(request_target(properties, &request), Err(want), "{case}");
        }
    }

    #[test]
    fn bodies_are_checked_field_by_field() {
        let lists = operation("lists.search").unwrap();
        let flows = operation("workflows.read").unwrap();
        for (operation, body, fits) in [
            (
                lists,
                Some(
                    json!({"offset": 0, "count": 500, "listIds": [], "processingTypes": [], "additionalProperties": ["hs_list_size"]}),
                ),
                true,
            ),
            (lists, Some(json!({"count": 501})), false),
            (
                lists,
                Some(json!({"count": 500.0, "offset": 4_294_967_295.0})),
                true,
            ),
            (lists, Some(json!({"count": 0})), false),
            (lists, Some(json!({"count": 1.5})), false),
            (lists, Some(json!({"offset": 4_294_967_296_u64})), false),
            (lists, Some(json!({"offset": "0"})), false),
            (lists, Some(json!({"offset": -1})), false),
            (lists, Some(json!({"query": "x"})), false),
            (lists, Some(json!({"listIds": ["../1"]})), false),
            (lists, Some(json!([])), false),
            (lists, None, false),
            (
                flows,
                Some(json!({"inputs": [{"flowId": "55", "type": "FLOW_ID"}]})),
                true,
            ),
            (flows, Some(json!({"inputs": []})), false),
            (
                flows,
                Some(json!({"inputs": [{"flowId": "x", "type": "FLOW_ID"}]})),
                false,
            ),
            (
                flows,
                Some(json!({"inputs": [{"flowId": "5", "type": "X"}]})),
                false,
            ),
            (
                flows,
                Some(json!({"inputs": [{"flowId": "5", "type": "FLOW_ID"}], "more": 1})),
                false,
            ),
        ] {
            let got = request_target(operation, &call(&[], &[], body.clone()));
            assert_eq!(got.is_ok(), fits, "{} {body:?}", operation.name);
        }
    }

    #[test]
    fn the_table_is_sound() {
        let mut names = std::collections::BTreeSet::new();
        for operation in OPERATIONS {
            assert!(names.insert(operation.name), "{} twice", operation.name);
            assert!(
                operation
                    .name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_')
            );
            assert!(operation.path.starts_with('/') && !operation.path.contains("//"));
            let templated = operation.path.matches('{').count();
            assert_eq!(templated, operation.params.len(), "{}", operation.name);
            for (name, _) in operation.params {
                assert!(
                    operation.path.contains(&format!("{{{name}}}")),
                    "{}",
                    operation.name
                );
            }
            // Token, introspection and revocation endpoints are never operations.
            assert!(!operation.path.contains("oauth"), "{}", operation.name);
        }
    }

    proptest! {
        /// RL-2: whatever comes in, what goes out keeps the template's shape.
        #[test]
        fn the_path_always_matches_the_template(value in "\\PC{0,40}", other in "[a-z0-9._/%\\\\-]{0,30}") {
            let labels = operation("associations.labels").unwrap();
            let request = call(&[("fromObjectType", &value), ("toObjectType", &other)], &[], None);
            if let Ok(target) = request_target(labels, &request) {
                let segments: Vec<&str> = target.path.split('/').collect();
                prop_assert_eq!(segments.len(), labels.path.split('/').count());
                prop_assert!(target.path.is_ascii() && !target.path.contains(".."));
                prop_assert_eq!(segments[4], value);
            }
        }

        #[test]
        fn a_repository_path_always_matches_the_template(owner in "\\PC{0,40}", repo in "[A-Za-z0-9._/%\\\\-]{0,20}") {
            let repository = operation("github.repository").unwrap();
            let request = call(&[("owner", &owner), ("repo", &repo)], &[], None);
            if let Ok(target) = request_target(repository, &request) {
                prop_assert_eq!(target.path.split('/').collect::<Vec<_>>(), ["", "repos", &owner, &repo]);
            }
        }
    }
}
