//! Owns how answers leave: JSON as GitHub types it, pages with their `Link`, validators. Decides nothing.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::call::Call;
use crate::http::{Request, Response};

/// A JSON answer with GitHub's content type.
pub(super) fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Response {
    let mut response = Response::json(status, body);
    response.set("content-type", "application/json; charset=utf-8");
    response
}

/// 302, or 303 after a form.
pub(super) fn redirect(status: u16, location: &str) -> Response {
    let mut response = Response::empty(status);
    response.set("location", location);
    response
}

/// SHA-256 in hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Base64 in lines of sixty characters, as the contents and blob endpoints send it.
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = String::with_capacity(text.len() + text.len() / 60 + 1);
    for line in text.as_bytes().chunks(60) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out
}

/// Bytes of base64 that may hold line breaks and lack its padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    while !packed.len().is_multiple_of(4) {
        packed.push('=');
    }
    STANDARD.decode(packed).ok()
}

/// A path or branch name as it stands in a URL: everything but unreserved characters and slashes is encoded.
pub(super) fn in_url(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A global node id in the older, readable form: base64 of `0`, the type's length, the type and the id.
pub(super) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// Adds the validator, and answers 304 when the caller has this very body. True when it does.
pub(super) fn validate(request: &Request, response: &mut Response) -> bool {
    let tag = sha256(&response.body);
    response.set("etag", &format!("W/\"{tag}\""));
    let known = request.header("if-none-match").is_some_and(|tags| {
        tags.split(',')
            .map(|t| t.trim().trim_start_matches("W/").trim_matches('"'))
            .any(|t| t == tag || t == "*")
    });
    if known {
        response.status = 304;
        response.body.clear();
        response.headers.retain(|(name, _)| name != "content-type");
    }
    known
}

/// One page of a listing.
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// How many there are in all.
    pub(super) total: usize,
    link: Option<String>,
}

impl<T> Page<T> {
    /// The page that the query asks for: `per_page` up to 100, thirty unless told; `page` from 1.
    pub(super) fn of(call: &Call<'_>, all: Vec<T>) -> Self {
        let number = |name: &str| call.query.first(name).and_then(|v| v.parse::<usize>().ok());
        let size = number("per_page").filter(|n| *n > 0).unwrap_or(30).min(100);
        let page = number("page").filter(|n| *n > 0).unwrap_or(1);
        let total = all.len();
        let last = total.div_ceil(size).max(1);
        let skip = page.saturating_sub(1).saturating_mul(size);
        let items = all.into_iter().skip(skip).take(size).collect();
        let mut links = Vec::new();
        if page > 1 {
            links.push((page.min(last + 1) - 1, "prev"));
        }
        if page < last {
            links.extend([(page + 1, "next"), (last, "last")]);
        }
        if page > 1 {
            links.push((1, "first"));
        }
        let link = links
            .iter()
            .map(|(n, rel)| format!("<{}>; rel=\"{rel}\"", target(call, *n)));
        let link = link.collect::<Vec<_>>().join(", ");
        let link = (!link.is_empty()).then_some(link);
        Self { items, total, link }
    }

    /// The answer of this body, with the `Link` if there is more than one page.
    pub(super) fn respond<B: Serialize + ?Sized>(&self, body: &B) -> Response {
        let mut response = json(200, body);
        if let Some(link) = &self.link {
            response.set("link", link);
        }
        response
    }
}

/// This call's address with another page number.
fn target(call: &Call<'_>, page: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.query.pairs().iter().filter(|(name, _)| name != "page") {
        query.append_pair(name, value);
    }
    query.append_pair("page", &page.to_string());
    format!("{}{}?{}", call.base, call.request.path, query.finish())
}

#[cfg(test)]
mod tests {
    use super::{base64_lines, from_base64, node_id};

    #[test]
    fn base64_is_broken_into_lines_and_read_back_from_any_breaking() {
        let bytes: Vec<u8> = (0..=255).collect();
        let lines = base64_lines(&bytes);
        assert!(lines.lines().all(|line| line.len() <= 60));
        assert_eq!(from_base64(&lines), Some(bytes.clone()));
        assert_eq!(
            from_base64(lines.replace('\n', "").trim_end_matches('=')),
            Some(bytes)
        );
        assert_eq!(from_base64("aGVsbG8"), Some(b"hello".to_vec()));
        assert_eq!(from_base64("a*b"), None);
        assert_eq!(node_id("User", 1), "MDQ6VXNlcjE=");
    }
}
