//! One operation, as its description is put together.

use super::problems::{self, Problems, Refusals, refer};
use http::Method;
use portico_core::error::ErrorCode;
use portico_core::schema::OPAQUE_ID;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Of JSON bodies.
const JSON: &str = "application/json";

/// An operation.
#[derive(Clone)]
pub(super) struct Described {
    pub(super) method: Method,
    pub(super) path: String,
    /// Its name in generated clients.
    pub(super) id: String,
    tag: &'static str,
    summary: String,
    text: String,
    security: Value,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Answer>,
    refusals: Refusals,
}

#[derive(Clone)]
struct Answer {
    text: String,
    headers: Map<String, Value>,
    /// Type and schema.
    content: Option<(String, Value)>,
}

impl Described {
    /// For anybody, and refusing only what the edge refuses.
    pub(super) fn new(
        method: Method,
        path: &str,
        id: &str,
        tag: &'static str,
        summary: &str,
    ) -> Self {
        let mut refusals = Refusals::default();
        for status in [414, 431] {
            refusals.add_with(status, ErrorCode::InvalidRequest);
        }
        refusals.add(ErrorCode::Internal);
        refusals.add_with(503, ErrorCode::Internal);
        let parameters = if path.contains("{id}") {
            vec![json!({ "$ref": "#/components/parameters/id" })]
        } else {
            Vec::new()
        };
        Self {
            method,
            path: path.to_owned(),
            id: id.to_owned(),
            tag,
            summary: summary.to_owned(),
            text: String::new(),
            security: json!([]),
            parameters,
            body: None,
            answers: BTreeMap::new(),
            refusals,
        }
    }

    /// More than one line can say.
    pub(super) fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Counted by address, and given a place among all who ask.
    pub(super) fn admitted(self) -> Self {
        self.refuses(&[ErrorCode::RateLimited, ErrorCode::Overloaded])
    }

    /// For pages of configured origins.
    pub(super) fn page(self) -> Self {
        self.admitted()
            .refuses(&[ErrorCode::OriginMismatch, ErrorCode::StoreUnavailable])
    }

    /// For everybody with a session.
    pub(super) fn session(mut self) -> Self {
        self.security = json!([{ "session": [] }]);
        self.page().refuses(&[
            // More than one Authorization header.
            ErrorCode::InvalidRequest,
            ErrorCode::SessionRequired,
            ErrorCode::SessionExpired,
        ])
    }

    /// For admins.
    pub(super) fn admin(self) -> Self {
        self.session().refuses(&[ErrorCode::RoleRequired])
    }

    /// By one of these schemes.
    pub(super) fn secured(mut self, schemes: Value) -> Self {
        self.security = schemes;
        self
    }

    pub(super) fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub(super) fn query(mut self, parameters: Vec<Value>) -> Self {
        self.parameters.extend(parameters);
        self.refuses(&[ErrorCode::InvalidRequest])
    }

    /// Only with the version that was seen.
    pub(super) fn versioned(self) -> Self {
        self.parameter(json!({ "$ref": "#/components/parameters/version" }))
            .refuses(&[ErrorCode::InvalidRequest, ErrorCode::VersionConflict])
    }

    /// With a JSON body.
    pub(super) fn body(mut self, schema: Value) -> Self {
        self.body = Some(json!({ "required": true, "content": { JSON: { "schema": schema } } }));
        self.refusals.add_with(408, ErrorCode::InvalidRequest);
        self.refuses(&[
            ErrorCode::InvalidRequest,
            ErrorCode::PayloadTooLarge,
            ErrorCode::UnsupportedMediaType,
        ])
    }

    /// With a form.
    pub(super) fn form(mut self, schema: Value) -> Self {
        let kind = "application/x-www-form-urlencoded";
        self.body = Some(json!({ "required": true, "content": { kind: { "schema": schema } } }));
        self
    }

    /// Answers JSON.
    pub(super) fn answers(self, status: u16, text: &str, schema: Value) -> Self {
        self.answers_as(status, text, Some((JSON, schema)))
    }

    /// Answers something else, or nothing but a head.
    pub(super) fn answers_as(
        mut self,
        status: u16,
        text: &str,
        content: Option<(&str, Value)>,
    ) -> Self {
        let answer = Answer {
            text: text.to_owned(),
            headers: Map::from_iter([("X-Request-Id".to_owned(), refer("X-Request-Id"))]),
            content: content.map(|(kind, schema)| (kind.to_owned(), schema)),
        };
        self.answers.insert(status, answer);
        self
    }

    /// Good answers bear this header.
    pub(super) fn header(mut self, name: &str, header: &Value) -> Self {
        for answer in self.answers.values_mut() {
            answer.headers.insert(name.to_owned(), header.clone());
        }
        self
    }

    /// Good answers bear the version.
    pub(super) fn tagged(self) -> Self {
        self.header("ETag", &refer("ETag"))
    }

    pub(super) fn refuses(mut self, codes: &[ErrorCode]) -> Self {
        for code in codes {
            self.refusals.add(*code);
        }
        self
    }

    /// With a status of its own.
    pub(super) fn refuses_as(mut self, status: u16, code: ErrorCode) -> Self {
        self.refusals.add_with(status, code);
        self
    }

    /// Not this one after all.
    pub(super) fn never(mut self, code: ErrorCode) -> Self {
        self.refusals.remove(code);
        self
    }

    /// As the document has it.
    pub(super) fn render(self, problems: &mut Problems) -> Value {
        let mut responses = Map::new();
        for (status, codes) in self.refusals.iter() {
            let Some(answer) = self.answers.get(&status) else {
                responses.insert(status.to_string(), problems.refer(status, codes));
                continue;
            };
            // One status for a page or a body of ours, and for a problem.
            let mut both = answer.render();
            let (kind, body) = problems::content(status, codes);
            both["content"][kind] = body;
            let text = format!("{} Or: {}", answer.text, problems::sentence(codes));
            both["description"] = text.into();
            responses.insert(status.to_string(), both);
        }
        for (status, answer) in &self.answers {
            let name = status.to_string();
            responses.entry(name).or_insert_with(|| answer.render());
        }
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "security": self.security,
            "responses": responses,
        });
        if !self.text.is_empty() {
            operation["description"] = self.text.into();
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation
    }
}

impl Answer {
    fn render(&self) -> Value {
        let mut answer = json!({ "description": self.text, "headers": self.headers });
        if let Some((kind, schema)) = &self.content {
            answer["content"] = json!({ kind: { "schema": schema } });
        }
        answer
    }
}

/// `{id}` of a path.
pub(super) fn id_parameter() -> Value {
    json!({
        "name": "id", "in": "path", "required": true,
        "schema": { "type": "string", "pattern": OPAQUE_ID },
    })
}

/// `If-Match` of a change.
pub(super) fn version_parameter() -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": true,
        "description": "The version that was seen, in quotes, as `ETag` told it.",
        "schema": { "type": "string", "pattern": "^\"(0|[1-9][0-9]{0,18})\"$" },
    })
}
