//! Owns the request and response values that [`crate::handle`] maps between, and the parsing of queries and forms.
//! Knows no socket and no HubSpot rule.

use std::time::Duration;

use serde::Serialize;
use url::form_urlencoded;

/// One HTTP request as the sandbox sees it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// The raw query, without `?`.
    pub query: String,
    /// Names as received; looked up without regard to case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// A request for `target` (path and optional `?query`).
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Self::default()
        }
    }

    /// A `GET` of `target`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A form-encoded `POST`.
    pub fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request = Self::new("POST", target)
            .with_header("content-type", "application/x-www-form-urlencoded");
        request.body = body.into_bytes();
        request
    }

    /// A `POST` of a JSON value.
    pub fn json(target: &str, body: &serde_json::Value) -> Self {
        let mut request = Self::new("POST", target).with_header("content-type", "application/json");
        request.body = body.to_string().into_bytes();
        request
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same request with `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The media type of the body, lower-cased, without parameters.
    pub fn media_type(&self) -> Option<String> {
        self.header("content-type").map(|v| {
            v.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        })
    }
}

/// Decoded name/value pairs of a query or a form, in order; a name may repeat.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Parses `application/x-www-form-urlencoded` bytes; never fails, as the format has no errors.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first value of `name`.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The first value of `name` unless empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|v| !v.is_empty())
    }

    /// Every value of `name`, exactly as sent.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Every value of `name`, accepting both repeated parameters and comma lists (platform 7).
    pub fn list(&self, name: &str) -> Vec<String> {
        self.all(name)
            .flat_map(|v| v.split(','))
            .map(str::trim)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The names in order, for the record of calls.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(n, _)| n.clone()).collect()
    }

    /// All pairs in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// One HTTP response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers in order; names lower-case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// How long the shell waits before it answers.
    pub delay: Duration,
    /// How many bytes of the body the shell sends before it cuts the connection; `None` sends all.
    pub cut_after: Option<usize>,
}

impl Response {
    /// A response without body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// A JSON answer with HubSpot's content type.
    pub fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => {
                let mut response = Self::empty(status);
                response.set("content-type", "application/json;charset=utf-8");
                response.body = bytes;
                response
            }
            // Only a map with non-string keys fails, and no answer has one.
            Err(_) => Self::empty(500),
        }
    }

    /// An HTML page.
    pub fn html(status: u16, body: String) -> Self {
        let mut response = Self::empty(status);
        response.set("content-type", "text/html;charset=utf-8");
        response.body = body.into_bytes();
        response
    }

    /// Sets a header, replacing one of the same name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The body as JSON; `Null` when it is something else. For tests.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn arrays_arrive_repeated_or_comma_separated() {
        let fields = Fields::parse(b"a=1&a=2,3&b=%2Cx&a=");
        assert_eq!(fields.list("a"), ["1", "2", "3"]);
        assert_eq!(fields.list("b"), ["x"]);
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2,3", ""]);
        assert_eq!(fields.filled("missing"), None);
    }
}
