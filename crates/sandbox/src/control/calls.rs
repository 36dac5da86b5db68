//! Owns the printing of the record of calls. Secrets are left out unless asked for; the record itself holds them.

use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use super::problem::Problem;
use crate::http::{Fields, Response};
use crate::state::{RecordedCall, State};
use crate::time::iso;

/// How many calls one answer holds.
const MOST: usize = 1_000;
const REDACTED: &str = "[redacted]";

/// Names whose values are secrets, in queries, forms and JSON.
const SECRET: [&str; 14] = [
    "access_token",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "hapikey",
    "password",
    "refresh_token",
    "secret",
    "token",
    "tokenKey",
    "accessToken",
    "refreshToken",
    "clientSecret",
];

/// Headers whose values are secrets.
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
];

/// A call as printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Printed {
    /// Its place in the record since the start, from 1.
    pub(super) number: u64,
    pub(super) at: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) status: u16,
    content_type: Option<String>,
    headers: Vec<(String, String)>,
    form_fields: Vec<String>,
    body: String,
}

/// `GET /_sandbox/calls?since=&path=&limit=&secrets=`: the last calls, oldest first.
pub(super) fn list(state: &State, query: &Fields) -> Result<Response, Problem> {
    const KNOWN: [&str; 4] = ["since", "path", "limit", "secrets"];
    if let Some((name, _)) = query
        .pairs()
        .iter()
        .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    {
        return Err(Problem::new(
            400,
            "unknown-field",
            format!("There is no parameter {name:?} here."),
        )
        .known(KNOWN));
    }
    let number = |name: &str| match query.filled(name) {
        None => Ok(None),
        Some(text) => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_| Problem::invalid(format!("{name} takes: integer."))),
    };
    let since = number("since")?.unwrap_or(0);
    let limit = number("limit")?
        .map_or(100, |n| usize::try_from(n).unwrap_or(MOST))
        .min(MOST);
    let secrets = match query.first("secrets") {
        None | Some("false" | "") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::invalid("secrets takes: true | false.")),
    };
    let calls = recent(
        state,
        since,
        query.first("path").unwrap_or_default(),
        limit,
        secrets,
    );
    let body = serde_json::json!({ "calls": calls, "last": state.control.calls_seen });
    Ok(Response::json(200, &body))
}

/// The last `limit` calls after number `since` whose path starts so, oldest first.
pub(super) fn recent(
    state: &State,
    since: u64,
    path: &str,
    limit: usize,
    secrets: bool,
) -> Vec<Printed> {
    let mut found: Vec<Printed> = state
        .calls
        .iter()
        .rev()
        .zip((1..=state.control.calls_seen).rev())
        .take_while(|(_, number)| *number > since)
        .filter(|(call, _)| call.path.starts_with(path))
        .take(limit)
        .map(|(call, number)| print(call, number, secrets))
        .collect();
    found.reverse();
    found
}

fn print(call: &RecordedCall, number: u64, secrets: bool) -> Printed {
    let headers = call.headers.iter().map(|(name, value)| {
        let hide = !secrets && SECRET_HEADERS.iter().any(|h| name.eq_ignore_ascii_case(h));
        (
            name.clone(),
            if hide {
                REDACTED.to_owned()
            } else {
                value.clone()
            },
        )
    });
    let shown = |text: &String, hidden: fn(&RecordedCall) -> String| {
        if secrets { text.clone() } else { hidden(call) }
    };
    Printed {
        number,
        at: iso(call.at),
        method: call.method.clone(),
        path: shown(&call.path, |call| path(&call.path)),
        query: shown(&call.query, |call| form(&call.query)),
        status: call.status,
        content_type: call.content_type.clone(),
        headers: headers.collect(),
        form_fields: call.form_fields.clone(),
        body: shown(&call.body, body),
    }
}

/// A path without the token that v1 endpoints hold in it.
fn path(path: &str) -> String {
    for place in ["/oauth/v1/access-tokens/", "/oauth/v1/refresh-tokens/"] {
        if path.starts_with(place) {
            return format!("{place}{REDACTED}");
        }
    }
    path.to_owned()
}

fn form(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let pairs = Fields::parse(text.as_bytes());
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.pairs() {
        out.append_pair(name, if is_secret(name) { REDACTED } else { value });
    }
    // Brackets are readable as they are.
    out.finish().replace("%5Bredacted%5D", REDACTED)
}

fn is_secret(name: &str) -> bool {
    SECRET
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}

fn body(call: &RecordedCall) -> String {
    let media = call
        .content_type
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if media.starts_with("application/x-www-form-urlencoded") {
        return form(&call.body);
    }
    match serde_json::from_str::<Value>(&call.body) {
        Ok(mut value) => {
            redact(&mut value);
            value.to_string()
        }
        Err(_) if call.body.is_empty() => String::new(),
        // What cannot be read cannot be cleared of secrets.
        Err(_) => format!("[{} bytes, not shown]", call.body.len()),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if is_secret(name) && !value.is_null() {
                    *value = Value::from(REDACTED);
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact),
        _ => {}
    }
}
