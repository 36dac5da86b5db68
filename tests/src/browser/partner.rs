//! A partner's own site on another origin: the example page with the documented policy, its backend, and the
//! return page it hosts (threat model, section 5). Owns serving them.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portico_core::wire::Role;
use serde_json::json;
use tokio::net::TcpListener;

use super::dist;
use super::stage::Stage;

const PAGE: &str = include_str!("../../../www/example-partner.html");
const SCRIPT: &str = include_str!("../../../www/example-partner.js");
const RETURN_POLICY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A partner's running site. It ends with the test's runtime.
#[derive(Debug)]
pub struct Partner {
    /// Scheme, host and port.
    pub origin: String,
    shared: Arc<Shared>,
}

/// What the proxy's address and sessions become known by, later than the site itself.
#[derive(Debug, Default)]
struct Shared {
    proxy: OnceLock<String>,
    session: OnceLock<String>,
}

impl Partner {
    /// Serves the site; [`Partner::meet`] tells it of its proxy.
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/", get(page))
            .route(
                "/example-partner.js",
                get(async || script(SCRIPT.to_owned())),
            )
            .route("/session", post(session))
            .fallback(return_page)
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            // It ends with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        let origin = format!("http://partner.localhost:{port}");
        Self { origin, shared }
    }

    /// Its return page, as the proxy must know it.
    pub fn return_uri(&self) -> String {
        format!("{}/return.html", self.origin)
    }

    /// Tells it which proxy serves it, and signs in its one user there.
    pub fn meet(&self, stage: &Stage) {
        self.meet_with(stage, Role::Admin);
    }

    /// The same with a user of this role. At `/?layout=page` the site gives the widget its whole page.
    pub fn meet_with(&self, stage: &Stage, role: Role) {
        let session = stage
            .proxy()
            .mint_session("partner-user", role, &self.origin)
            .expect("a session for a configured origin");
        self.serve(stage, &session.token, session.expires_at);
    }

    /// The same with a session that the partner's own backend signs, as the configured tenant.
    pub fn meet_as(&self, stage: &Stage, backend: &crate::Partner) {
        let claims = backend.claims(stage.config(), "acme", "ada", Role::Admin);
        let token = backend.sign(&backend.header(), &claims);
        self.serve(
            stage,
            &token,
            claims["exp"].as_i64().expect("whole seconds"),
        );
    }

    fn serve(&self, stage: &Stage, token: &str, expires_at: i64) {
        let body = json!({ "token": token, "expiresAt": expires_at });
        let known = self.shared.proxy.set(stage.base_url().to_owned());
        assert!(
            known.is_ok() && self.shared.session.set(body.to_string()).is_ok(),
            "meets one proxy"
        );
    }
}

async fn page(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let proxy = shared.proxy.get().expect("the partner has met its proxy");
    let mut html = PAGE.replace("__APP__", proxy).replace("__PROXY__", proxy);
    if query.as_deref() == Some("layout=page") {
        html = html.replace(
            "<portico-connections ",
            "<portico-connections layout=\"page\" ",
        );
    }
    // The policy that partners are told, as a header too: the page's own meta tag cannot be its proof.
    let policy = format!(
        "default-src 'none'; script-src 'self' {proxy} 'wasm-unsafe-eval'; connect-src 'self' {proxy}; \
         base-uri 'none'; form-action 'none'; object-src 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'"
    );
    (
        [
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-security-policy", policy),
        ],
        html,
    )
        .into_response()
}

async fn session(State(shared): State<Arc<Shared>>) -> Response {
    let body = shared.session.get().cloned().unwrap_or_default();
    (
        [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
        ],
        body,
    )
        .into_response()
}

/// The bundle's return page and its script: all that a partner hosts of Portico's.
async fn return_page(request: axum::extract::Request) -> Response {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let hosted = name.starts_with("return") && !name.contains(['/', '\\']);
    let file = std::fs::read_to_string(dist().join(&name));
    match (hosted, file) {
        (true, Ok(text))
            if std::path::Path::new(&name)
                .extension()
                .is_some_and(|end| end == "js") =>
        {
            script(text)
        }
        (true, Ok(text)) => (
            [
                ("content-type", "text/html; charset=utf-8"),
                ("content-security-policy", RETURN_POLICY),
            ],
            text,
        )
            .into_response(),
        _ => http::StatusCode::NOT_FOUND.into_response(),
    }
}

fn script(text: String) -> Response {
    ([("content-type", "text/javascript; charset=utf-8")], text).into_response()
}
