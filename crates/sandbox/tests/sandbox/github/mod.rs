//! GitHub through its public door: the web flow, tokens, installations, repositories, and writing a backup
//! (mission D36–D45, D59). Beside these `tests/conformance/` holds it against GitHub's own client and schemas.

mod backup;
mod files;
mod install;
mod limits;
mod reading;
mod redirects;
mod refusals;
mod tokens;

use std::cell::Cell;

use portico_sandbox::github::model::{
    DEMO_APP_CLIENT_ID, DEMO_APP_CLIENT_SECRET, DEMO_OAUTH_CLIENT_ID, DEMO_OAUTH_CLIENT_SECRET,
};
use portico_sandbox::{Request, Response, Sandbox};
use serde_json::Value;

use crate::{NOW, sandbox};

/// Below the demo apps' loopback callback, with a port of its own.
pub(crate) const CALLBACK: &str = "http://localhost:4000/callback/github";
/// Owner of `harbour-analytics`, member of `lumen-agency`.
pub(crate) const MARA: &str = "mara-lindqvist";
/// Member of `harbour-analytics`, owner of `lumen-agency`.
pub(crate) const TOMASZ: &str = "tomasz-k";

/// The two kinds of app: client id, secret, prefix of its tokens.
pub(crate) const APPS: [(&str, &str, &str); 2] = [
    (DEMO_APP_CLIENT_ID, DEMO_APP_CLIENT_SECRET, "ghu_"),
    (DEMO_OAUTH_CLIENT_ID, DEMO_OAUTH_CLIENT_SECRET, "gho_"),
];

/// An authorize URL of an app.
pub(crate) fn authorize_url(client_id: &str, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", client_id)
        .append_pair("state", "s+t&a=te");
    for (name, value) in more {
        query.append_pair(name, value);
    }
    format!("/login/oauth/authorize?{}", query.finish())
}

/// Calls the token endpoint and asks for JSON.
pub(crate) fn token(sandbox: &Sandbox, app: usize, fields: &[(&str, &str)], now: u64) -> Value {
    let mut all = vec![("client_id", APPS[app].0), ("client_secret", APPS[app].1)];
    for (name, value) in fields {
        all.retain(|(n, _)| n != name);
        all.push((name, value));
    }
    let request =
        Request::form("/login/oauth/access_token", &all).with_header("accept", "application/json");
    let response = sandbox.call(&request, now);
    assert_eq!(response.status, 200, "errors come with 200 too");
    response.to_value()
}

/// The REST API as one caller sees it; each call a minute after the one before, so that no limit is met by accident.
pub(crate) struct Octo {
    /// What it calls.
    pub(crate) sandbox: Sandbox,
    token: Option<String>,
    now: Cell<u64>,
}

impl Octo {
    /// With a user's token of the GitHub App.
    pub(crate) fn app(sandbox: &Sandbox, login: &str) -> Self {
        Self::with(sandbox, DEMO_APP_CLIENT_ID, login, "")
    }

    /// With a user's token of the OAuth app.
    pub(crate) fn oauth(sandbox: &Sandbox, login: &str, scopes: &str) -> Self {
        Self::with(sandbox, DEMO_OAUTH_CLIENT_ID, login, scopes)
    }

    fn with(sandbox: &Sandbox, client_id: &str, login: &str, scopes: &str) -> Self {
        let tokens = sandbox.with(|state| state.github.issue_tokens(client_id, login, scopes, NOW));
        let token = Some(tokens.expect("a known app and user").access_token);
        Self {
            sandbox: sandbox.clone(),
            token,
            now: Cell::new(NOW),
        }
    }

    /// Without a token.
    pub(crate) fn anonymous(sandbox: &Sandbox) -> Self {
        Self {
            sandbox: sandbox.clone(),
            token: None,
            now: Cell::new(NOW),
        }
    }

    /// Unix milliseconds of the last call.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// The bearer.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("a token")
    }

    /// Sends a request below `/api/v3`.
    pub(crate) fn send(&self, mut request: Request) -> Response {
        self.now.set(self.now.get() + 60_000);
        request.path = format!("/api/v3{}", request.path);
        let mut request = request
            .with_header("user-agent", "tests")
            .with_header("host", "github.test:81");
        if let Some(token) = &self.token {
            request = request.bearer(token);
        }
        self.sandbox.call(&request, self.now.get())
    }

    /// `GET`, which must be 200.
    pub(crate) fn get(&self, target: &str) -> Value {
        let response = self.send(Request::get(target));
        assert_eq!(response.status, 200, "{target}: {}", response.text());
        response.to_value()
    }

    /// Status and message of a `GET` that is refused.
    pub(crate) fn refused(&self, target: &str) -> (u16, String) {
        message(&self.send(Request::get(target)))
    }

    /// Any method with a JSON body.
    pub(crate) fn write(&self, method: &str, target: &str, body: &Value) -> Response {
        let mut request = Request::json(target, body);
        method.clone_into(&mut request.method);
        self.send(request)
    }

    /// The same, which must succeed.
    pub(crate) fn written(&self, method: &str, target: &str, body: &Value) -> Value {
        let response = self.write(method, target, body);
        assert!(
            (200..300).contains(&response.status),
            "{method} {target}: {}",
            response.text()
        );
        response.to_value()
    }
}

/// Status and message of an error in GitHub's shape.
pub(crate) fn message(response: &Response) -> (u16, String) {
    let body = response.to_value();
    assert!(response.status >= 400, "{}", response.text());
    assert_eq!(body["status"], response.status.to_string());
    assert!(
        body["documentation_url"]
            .as_str()
            .is_some_and(|url| url.starts_with("https://docs.github.com/"))
    );
    (
        response.status,
        body["message"].as_str().expect("a message").to_owned(),
    )
}

/// A fresh sandbox.
pub(crate) fn fresh() -> Sandbox {
    sandbox("small")
}
