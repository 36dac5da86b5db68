//! Owns what the fuzzers do with bytes, and what must hold of every answer. Shared by the fuzz programs and by the
//! sandbox's tests, which replay the corpus.

use std::cell::RefCell;

use portico_sandbox::http::Fields;
use portico_sandbox::{AppConfig, DEMO_CLIENT_ID, Request, Response, State, handle};
use serde_json::Value;

const PORTAL: u64 = 146_250_417;
const START: u64 = portico_sandbox::time::FIXTURE_NOW;
/// Stands for a live access token in the inputs, which cannot know it.
const LIVE: &[u8] = b"LIVE";

/// A sandbox with one grant; reads share it, everything else gets a copy.
struct Stage {
    state: State,
    token: String,
    now: u64,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(stage());
}

fn stage() -> Stage {
    let app = AppConfig::demo(vec!["http://localhost:4000/callback/hubspot".to_owned()]);
    let scopes: Vec<String> = app
        .required_scopes
        .iter()
        .chain(&app.optional_scopes)
        .cloned()
        .collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut state = State::fixture("small", 1, vec![app]).expect("small is a fixture");
    state.control.enabled = true;
    let tokens = state
        .issue_grant(DEMO_CLIENT_ID, PORTAL, &scopes, START)
        .expect("the demo app and the portal are there");
    Stage {
        state,
        token: tokens.access_token,
        now: START,
    }
}

fn answer(request: &Request) -> Response {
    STAGE.with_borrow_mut(|stage| {
        // A window later each time, so that limits do not hide what is behind them; a day on, all is fresh again.
        stage.now += 11_000;
        if stage.now > START + 1_500_000 {
            *stage = self::stage();
        }
        let now = stage.now;
        if request.method == "GET" && !request.path.starts_with("/_sandbox") {
            handle(&mut stage.state, request, now)
        } else {
            handle(&mut stage.state.clone(), request, now)
        }
    })
}

fn with_live_token(bytes: &[u8]) -> Vec<u8> {
    let token = STAGE.with_borrow(|stage| stage.token.clone());
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(LIVE.len()).position(|window| window == LIVE) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(token.as_bytes());
        rest = &rest[at + LIVE.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// What holds of every answer to every request.
fn sound(request: &Request, response: &Response) {
    let at = || format!("{} {}?{}", request.method, request.path, request.query);
    assert!(
        (200..500).contains(&response.status),
        "{} answered {}",
        at(),
        response.status
    );
    for (name, value) in &response.headers {
        assert!(
            !value.contains(['\r', '\n']),
            "{}: a header {name} with a line break",
            at()
        );
    }
    let content_type = response.header("content-type").unwrap_or_default();
    if content_type.starts_with("application/json") {
        let body: Result<Value, _> = serde_json::from_slice(&response.body);
        assert!(body.is_ok(), "{}: {body:?}", at());
        let body = body.unwrap_or_default();
        let ours = request.path.starts_with("/api/")
            || request.path.starts_with("/login/")
            || request.path.starts_with("/_sandbox");
        if response.status >= 400 && !ours {
            assert!(
                body["message"].is_string(),
                "{}: an error without message: {body}",
                at()
            );
        }
    }
}

/// Any request at all: a request line, header lines, an empty line and a body, each part as broken as it likes.
pub(crate) fn router(data: &[u8]) {
    let data = with_live_token(data);
    let (head, body) = match data.windows(2).position(|window| window == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (&data[..], &[][..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (method, target) = lines
        .next()
        .unwrap_or_default()
        .split_once(' ')
        .unwrap_or(("GET", "/"));
    let mut request = Request::new(method, target);
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            request = request.with_header(name.trim(), value.trim());
        }
    }
    request.body = body.to_vec();
    let response = answer(&request);
    sound(&request, &response);
}

/// A body for the token endpoints and the consent page; what is parsed can be written and read back.
pub(crate) fn form(data: &[u8]) {
    let data = with_live_token(data);
    let fields = Fields::parse(&data);
    let pairs: Vec<(&str, &str)> = fields
        .pairs()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let again = Request::form("/oauth/v3/token", &pairs);
    assert_eq!(
        Fields::parse(&again.body).pairs(),
        fields.pairs(),
        "a form does not survive being written"
    );
    for path in [
        "/oauth/v1/token",
        "/oauth/2026-09/token",
        "/oauth/2026-09/token/introspect",
        "/oauth/v3/token/revoke",
        "/oauth/146250417/authorize",
        "/login/oauth/access_token",
    ] {
        let mut request = Request::form(path, &[]);
        request.body.clone_from(&data);
        let response = answer(&request);
        sound(&request, &response);
        assert_ne!(response.status, 415, "a form is what {path} wants");
    }
}

/// A body for the search endpoints: refused in the envelope, or answered within its own limits.
pub(crate) fn search(data: &[u8]) {
    let token = STAGE.with_borrow(|stage| stage.token.clone());
    for path in [
        "/crm/v3/objects/deals/search",
        "/crm/objects/2026-09/0-3/search",
        "/crm/v3/lists/search",
    ] {
        let mut request = Request::new("POST", path)
            .bearer(&token)
            .with_header("content-type", "application/json");
        request.body = data.to_vec();
        let response = answer(&request);
        sound(&request, &response);
        let body = response.to_value();
        if response.status == 200 {
            let rows = body["results"]
                .as_array()
                .or_else(|| body["lists"].as_array());
            assert!(rows.is_some(), "{path}: no rows in {body}");
            let rows = rows.map_or(&[][..], Vec::as_slice);
            assert!(rows.len() <= 500, "{path}: {} rows", rows.len());
            assert!(
                body["total"]
                    .as_u64()
                    .is_some_and(|total| total >= rows.len() as u64),
                "{path}: {body}"
            );
        } else {
            assert!(
                matches!(response.status, 400 | 403 | 429),
                "{path}: {}",
                response.status
            );
        }
    }
}
