//! Owns how the control interface refuses: one JSON object (RFC 9457), never HubSpot's envelope.

use serde_json::{Map, Value, json};

use crate::http::Response;

/// Why a control call was refused.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    code: &'static str,
    /// For people.
    pub(crate) message: String,
    more: Map<String, Value>,
}

impl Problem {
    /// `code` is stable, `message` is for people.
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            more: Map::new(),
        }
    }

    /// 400: what was sent cannot be used.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message)
    }

    /// 404: it names something that is not there.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(404, "not-found", message)
    }

    /// 409: it fits the interface and not the state.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "conflict", message)
    }

    /// 404 of a path that the interface does not have.
    pub(crate) fn unknown_path(path: &str) -> Self {
        Self::missing(format!(
            "{path} is no path of the control interface; GET /_sandbox/api lists them"
        ))
    }

    /// The same problem with the names that would have been right.
    #[must_use]
    pub(crate) fn known<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        self.more.insert("known".into(), json!(names));
        self
    }

    /// The response.
    pub(crate) fn respond(&self) -> Response {
        let mut body = Map::new();
        body.insert("status".into(), json!(self.status));
        body.insert("code".into(), json!(self.code));
        body.insert("message".into(), json!(self.message));
        body.extend(self.more.clone());
        let mut response = Response::json(self.status, &body);
        response.set("content-type", "application/problem+json");
        response.set("cache-control", "no-store");
        response
    }
}
