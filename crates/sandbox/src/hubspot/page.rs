//! Owns paging and the common shapes of answers (platform 6.5). Knows no kind of metadata.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::error::{ApiError, Ordered, ordered};
use crate::http::{Fields, Response};
use crate::router::{Answer, Call};
use crate::time::iso;

/// How one endpoint pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRule {
    /// `limit` when none is given.
    pub(crate) default: usize,
    /// Largest `limit`.
    pub(crate) max: usize,
    /// Whether a larger one is refused (else clamped).
    pub(crate) strict: bool,
    /// Whether the answer carries `total`.
    pub(crate) total: bool,
    /// The word in `type`, where an answer can be of several kinds; such ones take and give a number, `offset`, too.
    pub(crate) kind: Option<&'static str>,
}

impl PageRule {
    /// Clamps above `max`.
    pub(crate) const fn clamped(default: usize, max: usize) -> Self {
        Self {
            default,
            max,
            strict: false,
            total: false,
            kind: None,
        }
    }

    /// Refuses above `max`.
    pub(crate) const fn strict(default: usize, max: usize) -> Self {
        Self {
            default,
            max,
            strict: true,
            total: false,
            kind: None,
        }
    }

    /// With `total` in the answer.
    #[must_use]
    pub(crate) const fn with_total(mut self) -> Self {
        self.total = true;
        self
    }

    /// With `type` in the answer.
    #[must_use]
    pub(crate) const fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }
}

#[derive(Serialize)]
struct Page<'a, T> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    results: &'a [T],
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Serialize)]
struct Paging {
    next: Next,
}

#[derive(Serialize)]
struct Next {
    after: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    link: String,
}

/// One page of `items` by `limit` and `after` of the query.
pub(crate) fn page<T: Serialize>(call: &Call<'_>, items: &[T], rule: PageRule) -> Answer {
    let limit = limit(&call.query, rule)?;
    let offset = match call.query.filled("after") {
        None => rule
            .kind
            .and_then(|_| call.query.filled("offset")?.parse().ok())
            .unwrap_or(0),
        Some(after) => offset_of(after)
            .ok_or_else(|| ApiError::validation("The paging cursor 'after' is not valid."))?,
    };
    let start = offset.min(items.len());
    let end = start.saturating_add(limit).min(items.len());
    let paging = (end < items.len()).then(|| {
        let after = cursor(end);
        let link = next_link(call, limit, &after);
        Paging {
            next: Next {
                after,
                offset: rule.kind.map(|_| end),
                link,
            },
        }
    });
    let total = rule.total.then_some(items.len());
    Ok(Response::json(
        200,
        &Page {
            kind: rule.kind,
            total,
            results: &items[start..end],
            paging,
        },
    ))
}

/// Where the next page is: the same question with another `after` (platform 6.5).
pub(crate) fn next_link(call: &Call<'_>, limit: usize, after: &str) -> String {
    let target = format!("https://api.hubapi.com{}?", call.request.path);
    let start = target.len();
    let mut link = form_urlencoded::Serializer::for_suffix(target, start);
    link.append_pair("limit", &limit.to_string());
    let others = call.query.pairs().iter();
    link.extend_pairs(others.filter(|(name, _)| name != "limit" && name != "after"));
    link.append_pair("after", after).finish()
}

/// The whole set in one answer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "ends handlers, whose answer may be an error"
)]
pub(crate) fn whole<T: Serialize>(items: &[T]) -> Answer {
    Ok(Response::json(
        200,
        &Page {
            kind: None,
            total: None,
            results: items,
            paging: None,
        },
    ))
}

pub(crate) fn limit(query: &Fields, rule: PageRule) -> Result<usize, ApiError> {
    let Some(text) = query.filled("limit") else {
        return Ok(rule.default);
    };
    let limit: usize = text
        .parse()
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| {
            ApiError::validation(format!(
                "Unable to parse value for query parameter: {}",
                "limit"
            ))
        })?;
    if limit > rule.max && rule.strict {
        return Err(ApiError::validation(format!(
            "The maximum value for 'limit' is {}, but {limit} was requested.",
            rule.max
        )));
    }
    Ok(limit.min(rule.max))
}

/// Opaque to clients: base64 of the offset and a newline, as HubSpot's own cursors look.
pub(crate) fn cursor(offset: usize) -> String {
    STANDARD.encode(format!("{offset}\n"))
}

/// The offset of a cursor; `None` when it is none of ours.
pub(crate) fn offset_of(after: &str) -> Option<usize> {
    let bytes = STANDARD.decode(after.trim()).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}

/// A query flag; anything but `true` is false, as HubSpot reads it.
pub(crate) fn flag(query: &Fields, name: &str, default: bool) -> bool {
    query
        .filled(name)
        .map_or(default, |value| value.eq_ignore_ascii_case("true"))
}

/// The body as JSON, or HubSpot's refusals of it.
pub(crate) fn json_body(call: &Call<'_>) -> Result<Value, ApiError> {
    let is_json = call
        .request
        .media_type()
        .is_some_and(|m| m == "application/json");
    if !is_json {
        return Err(ApiError::new(
            415,
            "The request body must be application/json.",
        ));
    }
    serde_json::from_slice(&call.request.body).map_err(|error| {
        ApiError::new(
            400,
            format!(
                "Invalid input JSON on line {}, column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

/// `inputs` of a batch body, at most `max`.
pub(crate) fn inputs(body: &Value, max: usize) -> Result<&[Value], ApiError> {
    let inputs = body
        .get("inputs")
        .and_then(Value::as_array)
        .ok_or_else(|| ApiError::validation("Some required fields were not set: [inputs]"))?;
    if inputs.len() > max {
        return Err(ApiError::validation(format!(
            "The maximum number of inputs supported in a batch request is {max}, but {} were sent.",
            inputs.len()
        )));
    }
    Ok(inputs)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a, T> {
    status: &'static str,
    results: &'a [T],
    started_at: String,
    completed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Ordered<'a>>,
}

/// A batch answer: 200, or 207 when some inputs failed.
pub(crate) fn batch<T: Serialize>(now: u64, results: &[T], errors: &[Value]) -> Response {
    let status = if errors.is_empty() { 200 } else { 207 };
    let batch = Batch {
        status: "COMPLETE",
        results,
        started_at: iso(now),
        completed_at: iso(now),
        num_errors: (!errors.is_empty()).then_some(errors.len()),
        errors: ordered(errors),
    };
    Response::json(status, &batch)
}

#[cfg(test)]
mod tests {
    use super::{cursor, offset_of};

    #[test]
    fn a_cursor_reads_back_and_others_are_refused() {
        assert_eq!(cursor(525), "NTI1Cg==");
        assert_eq!(offset_of(&cursor(99)), Some(99));
        for bad in ["", "525", "####", "LTEK", "bm90IGEgbnVtYmVy"] {
            assert_eq!(offset_of(bad), None, "{bad}");
        }
    }
}
