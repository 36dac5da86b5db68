//! Owns GitHub's error shape: `message`, `documentation_url`, `status`, sometimes `errors`. Knows no route.

use serde_json::{Value, json};

use crate::http::Response;

/// Where GitHub's REST documentation begins.
pub(super) const DOCS: &str = "https://docs.github.com/rest";
const LIMITS: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

/// A refused call.
#[derive(Clone, Debug)]
pub(super) struct Error {
    status: u16,
    message: String,
    /// In place of the route's own page.
    documentation: Option<&'static str>,
    errors: Vec<Value>,
    headers: Vec<(&'static str, String)>,
}

impl Error {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            documentation: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// 404, also for what the caller may not know of.
    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 401 for a token that is unknown, expired or revoked.
    pub(super) fn bad_credentials() -> Self {
        Self::new(401, "Bad credentials").documented(DOCS)
    }

    /// 401 without any credential.
    pub(super) fn requires_authentication() -> Self {
        Self::new(401, "Requires authentication")
    }

    /// 403: the app has not been granted what the call needs.
    pub(super) fn not_accessible() -> Self {
        Self::new(403, "Resource not accessible by integration")
    }

    /// 403: the installation is suspended.
    pub(super) fn suspended() -> Self {
        Self::new(403, "This installation has been suspended")
    }

    /// 403: the organization enforces SAML and the token was not authorised for it.
    pub(super) fn saml(base: &str, login: &str) -> Self {
        Self::new(
            403,
            "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.",
        )
        .documented("https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/")
        .header("x-github-sso", format!("required; url={base}/orgs/{login}/sso"))
    }

    /// The hourly limit is used up.
    pub(super) fn primary_limit(status: u16, user: Option<u64>) -> Self {
        let whose = user.map_or_else(|| "127.0.0.1".to_owned(), |id| format!("user ID {id}"));
        Self::new(status, format!("API rate limit exceeded for {whose}.")).documented(LIMITS)
    }

    /// Too fast.
    pub(super) fn secondary_limit(retry_after: u64) -> Self {
        Self::new(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        )
        .documented("https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits")
        .header("retry-after", retry_after.to_string())
    }

    /// 422 of a member that is missing.
    pub(super) fn not_supplied(name: &str) -> Self {
        Self::new(
            422,
            format!("Invalid request.\n\n\"{name}\" wasn't supplied."),
        )
    }

    /// 422 of a member of the wrong type.
    pub(super) fn wrong_type(name: &str, value: &Value, wanted: &str) -> Self {
        let shown = match value {
            Value::Null => "nil".to_owned(),
            other => other.to_string().chars().take(60).collect(),
        };
        Self::new(
            422,
            format!("Invalid request.\n\nFor 'properties/{name}', {shown} is not {wanted}."),
        )
    }

    /// 422 with GitHub's list of what is wrong.
    pub(super) fn validation(resource: &str, field: &str, code: &str) -> Self {
        let mut error = Self::new(422, "Validation Failed");
        error
            .errors
            .push(json!({ "resource": resource, "field": field, "code": code }));
        error
    }

    pub(super) const fn documented(mut self, url: &'static str) -> Self {
        self.documentation = Some(url);
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As an answer; `documentation` is the route's page.
    pub(super) fn respond(&self, documentation: &str) -> Response {
        let mut body = json!({
            "message": self.message,
            "documentation_url": self.documentation.unwrap_or(documentation),
            "status": self.status.to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors.clone());
        }
        let mut response = super::answer::json(self.status, &body);
        for (name, value) in &self.headers {
            response.set(name, value);
        }
        response
    }
}

impl Error {
    /// A 403.
    pub(super) const fn is_forbidden(&self) -> bool {
        self.status == 403
    }

    /// Single sign-on is what is missing.
    pub(super) fn is_saml(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == "x-github-sso")
    }
}
