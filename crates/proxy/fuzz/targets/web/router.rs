//! The router whole, with its layers, over a database of its own: what must hold of every answer to every request.

use super::super::router as routes;
use super::request;
use crate::app::Shared;
use crate::config::KeyAlgorithm;
use crate::config::{Config, HubSpot, Limits, Tenant, TenantKey};
use crate::partner_key::{PartnerKey, SessionOf};
use crate::peers::Peer;
use crate::service_keys::{Backend, new_service_key};
use crate::{Proxy, RunningProxy};
use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, LOCATION, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use portico_core::wire::{PROBLEM_CONTENT_TYPE, Problem, Role};
use secrecy::SecretString;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

const ISSUER: &str = "https://partner.example";
const APP: &str = "https://app.partner.example";
const PAGE: &str = "https://app.partner.example/return.html";
const SECRET: &str = "canary-client-secret";
/// Requests to one database: a fresh one is quick, and none grows.
const LIFE: u32 = 20_000;
const LARGEST: usize = 4 * 1024 * 1024;

/// A proxy with one partner, and what its people and its backend show.
struct Stage {
    runtime: Runtime,
    proxy: Option<RunningProxy>,
    app: Shared,
    router: Router,
    words: Vec<(&'static str, String)>,
    left: u32,
    _folder: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(proxy) = self.proxy.take() {
            self.runtime.block_on(proxy.shutdown());
        }
    }
}

static STAGE: Mutex<Option<Stage>> = Mutex::new(None);

fn held() -> MutexGuard<'static, Option<Stage>> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops the proxy and removes its folder; the next request finds a fresh one.
#[cfg(test)]
pub(crate) fn put_away() {
    *held() = None;
}

fn stage() -> Stage {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let folder = TempDir::new().expect("a temporary folder");
    let key = PartnerKey::generate(KeyAlgorithm::EdDSA).expect("a fresh key");
    let (service_key, listed) = new_service_key("backend").expect("a fresh key");
    // Nobody listens there: a call that leaves comes to nothing at once.
    let nowhere = "http://127.0.0.1:9";
    let mut hubspot = HubSpot::new("client", SecretString::from(SECRET));
    hubspot.authorize_base = nowhere.into();
    hubspot.api_base = nowhere.into();
    let many = 1_000_000_000;
    let mut config = Config::loopback(folder.path(), hubspot);
    config.limits = Limits {
        user_per_minute: many,
        org_per_minute: many,
        address_per_minute: many,
        ..config.limits
    };
    config.tenants.push(Tenant {
        issuer: ISSUER.into(),
        keys: vec![TenantKey {
            kid: "k".into(),
            alg: KeyAlgorithm::EdDSA,
            public_key: key.public_key(),
        }],
        origins: vec![APP.into()],
        return_uris: vec![PAGE.into()],
        name: Some("Partner".into()),
        trusted: false,
        backend: Backend {
            tokens: true,
            service_keys: vec![listed],
        },
    });
    let proxy = runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Proxy::start(config, listener.expect("a port"))
            .await
            .expect("a proxy")
    });
    let app = proxy.app();
    let session = |role| {
        let of = SessionOf {
            issuer: ISSUER.into(),
            audience: app.config.base_url.clone(),
            sub: "ada".into(),
            org: "acme".into(),
            role,
            max_connections: 3,
            origin: APP.into(),
        };
        key.sign_session("k", of).expect("a session")
    };
    let words = vec![
        ("ADMIN", session(Role::Admin)),
        ("MEMBER", session(Role::Member)),
        ("SERVICE", service_key.to_string()),
        (
            "TICKET",
            proxy.launch_ticket().unwrap_or_default().to_owned(),
        ),
        ("ITSELF", app.config.base_url.clone()),
    ];
    Stage {
        router: routes(app.clone()),
        runtime,
        proxy: Some(proxy),
        app,
        words,
        left: LIFE,
        _folder: folder,
    }
}

/// A request: `METHOD target`, header lines, an empty line and a body. `ADMIN`, `MEMBER` and `SERVICE` stand for what
/// lets in, `TICKET` for the launch link's secret, `ITSELF` for the proxy's own origin.
pub fn router(data: &[u8]) {
    let mut held = held();
    let spent = held
        .as_ref()
        .is_none_or(|stage| stage.left == 0 || ran_out(stage));
    if spent {
        *held = None;
    }
    let stage = held.get_or_insert_with(stage);
    stage.left -= 1;
    answer(stage, data);
}

/// Sessions live for ten minutes.
fn ran_out(stage: &Stage) -> bool {
    let session = &stage.words[0].1;
    stage.app.sessions.verify(session).is_err()
}

fn answer(stage: &Stage, data: &[u8]) {
    let mut text = data.to_vec();
    let mut shown = Vec::new();
    for (word, value) in &stage.words {
        if let Some(at) = text
            .windows(word.len())
            .position(|window| window == word.as_bytes())
        {
            text.splice(at..at + word.len(), value.bytes());
            shown.push(*word);
        }
    }
    let wrote = String::from_utf8_lossy(&text).into_owned();
    let Some(request) = request(&text) else {
        return;
    };
    let (mut parts, body) = request.into_parts();
    parts
        .extensions
        .insert(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
    let origin = parts.headers.get(ORIGIN).cloned();
    let request = http::Request::from_parts(parts, Body::from(body));
    let (parts, body) = stage.runtime.block_on(async {
        let sent = stage.router.clone().oneshot(request);
        let answer = tokio::time::timeout(Duration::from_secs(4), sent).await;
        let response: Response<Body> = answer.expect("an answer in time").expect("an answer");
        let (parts, body) = response.into_parts();
        let is_stream = parts
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream {
            Vec::new()
        } else {
            to_bytes(body, LARGEST)
                .await
                .expect("a whole answer")
                .to_vec()
        };
        (parts, body)
    });
    let at = format!("{method} {path}: {}", parts.status);
    let (status, headers) = (parts.status, &parts.headers);
    let body = String::from_utf8_lossy(&body);
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{at} {body}");
    assert!(headers.contains_key("x-request-id"), "{at}");
    refusal(&at, status, headers, &body);
    if let Some(allowed) = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) {
        assert_eq!(Some(allowed), origin.as_ref(), "{at}");
        assert!(
            allowed == APP || allowed == stage.words[4].1.as_str(),
            "{at}: {allowed:?}"
        );
    }
    if path.starts_with("/v1/") || path.starts_with("/callback/") {
        assert_eq!(
            headers.get("cache-control").map(HeaderValue::as_bytes),
            Some(b"no-store".as_slice()),
            "{at}"
        );
        assert_eq!(
            headers
                .get("x-content-type-options")
                .map(HeaderValue::as_bytes),
            Some(b"nosniff".as_slice()),
            "{at}"
        );
    }
    if let Some(location) = headers.get(LOCATION) {
        let text = location.to_str().unwrap_or_default();
        assert!(
            text.starts_with(PAGE) || text.starts_with(&stage.words[4].1) || text.starts_with('/'),
            "{at}: {text}"
        );
        assert!(
            !text.starts_with("//") && !text.starts_with("/\\"),
            "{at}: {text}"
        );
    }
    let told = |secret: &str| {
        let holds = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains(secret));
        body.contains(secret) || headers.values().any(holds)
    };
    // Whoever wrote it may have it named back, and fuzzers find such words in the program.
    for secret in [SECRET, &stage.words[2].1] {
        assert!(wrote.contains(secret) || !told(secret), "{at}: a secret");
    }
    let lets_in = status.is_success() && path.starts_with("/v1/") && method != Method::OPTIONS;
    let knows = |word: &str| shown.contains(&word);
    assert!(
        !lets_in || knows("ADMIN") || knows("MEMBER") || knows("SERVICE") || knows("TICKET"),
        "{at} {body}"
    );
    let reads = method == Method::GET || method == Method::HEAD;
    let changes = lets_in && !reads && !knows("ADMIN") && !knows("SERVICE") && !knows("TICKET");
    assert!(!changes, "a member may read: {at} {body}");
}

/// An error is a problem with a code, unless it is a page for people.
fn refusal(at: &str, status: StatusCode, headers: &HeaderMap, body: &str) {
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("text/html") {
        return;
    }
    assert_eq!(kind, PROBLEM_CONTENT_TYPE, "{at}");
    if body.is_empty() {
        return;
    }
    let problem: Problem =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{at}: {error}: {body}"));
    assert_eq!(problem.status, status.as_u16(), "{at}");
    assert!(problem.correlation_id.is_some(), "{at}");
}
