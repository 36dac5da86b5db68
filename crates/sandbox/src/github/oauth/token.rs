//! Owns the token endpoint: code for tokens, refresh token for tokens, errors with status 200. Also mints tokens.

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the table's"
)]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::redirect;
use crate::github::answer;
use crate::github::call::{Answer, Call};
use crate::github::model::{App, AppKind, GitHub, RefreshToken, Token};
use crate::http::{Fields, Request, Response};
use crate::rng::Rng;

/// Code, description and anchor of every refusal.
const REFUSALS: [(&str, &str, &str); 8] = [
    (
        "incorrect_client_credentials",
        "The client_id and/or client_secret passed are incorrect.",
        "incorrect-client-credentials",
    ),
    (
        "redirect_uri_mismatch",
        "The redirect_uri MUST match the registered callback URL for this application.",
        "redirect-uri-mismatch2",
    ),
    (
        "bad_verification_code",
        "The code passed is incorrect or expired.",
        "bad-verification-code",
    ),
    (
        "bad_refresh_token",
        "The refresh token passed is incorrect or expired.",
        "bad-verification-code",
    ),
    (
        "unverified_user_email",
        "The user must have a verified primary email.",
        "unverified_user_email",
    ),
    (
        "unsupported_grant_type",
        "The grant type is not supported.",
        "unsupported-grant-type",
    ),
    (
        "device_flow_disabled",
        "Device Flow must be explicitly enabled for this App",
        "device-flow-disabled",
    ),
    (
        "application_suspended",
        "Your application has been suspended. Contact support@github.com.",
        "application-suspended",
    ),
];

/// An error as the token endpoint gives it: HTTP 200.
fn refusal(code: &str) -> Map<String, Value> {
    let known = REFUSALS.iter().find(|(known, _, _)| *known == code);
    let (_, description, anchor) = known.unwrap_or(&REFUSALS[2]);
    let uri = format!(
        "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#{anchor}"
    );
    let pairs = [
        ("error", code),
        ("error_description", description),
        ("error_uri", &uri),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())))
        .into_iter()
        .collect()
}

/// The same as a JSON answer, for a fault.
pub(in crate::github) fn refused(code: &str) -> Response {
    answer::json(200, &Value::Object(refusal(code)))
}

/// Parameters of the form, of a JSON object, and of the query, in this order.
fn parameters(request: &Request) -> Fields {
    let mut pairs = Vec::new();
    if request.media_type().as_deref() == Some("application/json") {
        if let Ok(Value::Object(members)) = serde_json::from_slice(&request.body) {
            let text = |value: Value| match value {
                Value::String(text) => Some(text),
                Value::Null => None,
                other => Some(other.to_string()),
            };
            pairs.extend(
                members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, text(value)?))),
            );
        }
    } else {
        pairs.extend_from_slice(Fields::parse(&request.body).pairs());
    }
    pairs.extend_from_slice(Fields::parse(request.query.as_bytes()).pairs());
    pairs.into_iter().collect()
}

/// `POST /login/oauth/access_token`
pub(in crate::github) fn exchange(call: &mut Call<'_>) -> Answer {
    let fields = parameters(call.request);
    let members = match exchanged(call, &fields) {
        Ok(members) => members,
        Err(code) => refusal(code),
    };
    Ok(written(call.request, members))
}

/// JSON, XML or, unless asked otherwise, a form.
fn written(request: &Request, members: Map<String, Value>) -> Response {
    let accept = request.header("accept").unwrap_or_default();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    if accept.contains("json") {
        return answer::json(200, &Value::Object(members));
    }
    let mut response = Response::empty(200);
    if accept.contains("xml") {
        let body: String = members
            .iter()
            .map(|(name, value)| {
                format!(
                    "  <{name}>{}</{name}>\n",
                    crate::oauth::pages::esc(&text(value))
                )
            })
            .fold(String::new(), |all, one| all + &one);
        response.set("content-type", "application/xml; charset=utf-8");
        response.body =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OAuth>\n{body}</OAuth>\n")
                .into_bytes();
    } else {
        let pairs = members
            .iter()
            .map(|(name, value)| (name.as_str(), text(value)));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        response.set(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        response.body = body.into_bytes();
    }
    response
}

fn exchanged(call: &mut Call<'_>, fields: &Fields) -> Result<Map<String, Value>, &'static str> {
    const CREDENTIALS: &str = "incorrect_client_credentials";
    let app = fields
        .filled("client_id")
        .and_then(|id| call.github.app(id))
        .ok_or(CREDENTIALS)?
        .clone();
    let grant = fields.filled("grant_type").unwrap_or("authorization_code");
    if grant == "urn:ietf:params:oauth:grant-type:device_code" {
        return Err("device_flow_disabled");
    }
    if fields.first("client_secret") != Some(app.client_secret.as_str()) {
        return Err(CREDENTIALS);
    }
    if app.suspended {
        return Err("application_suspended");
    }
    let (now, github) = (call.now, &mut *call.github);
    match grant {
        "authorization_code" => redeemed(github, &app, fields, now),
        "refresh_token" => refreshed(github, &app, fields, now),
        _ => Err("unsupported_grant_type"),
    }
}

fn redeemed(
    github: &mut GitHub,
    app: &App,
    fields: &Fields,
    now: u64,
) -> Result<Map<String, Value>, &'static str> {
    const CODE: &str = "bad_verification_code";
    let text = fields.filled("code").ok_or(CODE)?;
    if github
        .codes
        .get(text)
        .is_none_or(|code| code.client_id != app.client_id)
    {
        return Err(CODE);
    }
    // Whatever is wrong below, the code was tried: it works once.
    let code = github.codes.remove(text).ok_or(CODE)?;
    if code.expires_at <= now {
        return Err(CODE);
    }
    if let Some(uri) = fields.filled("redirect_uri") {
        let same = match &code.redirect_uri {
            Some(sent) => sent == uri,
            None => redirect::chosen(app, Some(uri)).is_some(),
        };
        if !same {
            return Err("redirect_uri_mismatch");
        }
    }
    if let Some(challenge) = &code.challenge {
        let verifier = fields.filled("code_verifier").ok_or(CODE)?;
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
            return Err(CODE);
        }
    }
    if !github
        .accounts
        .get(&code.user)
        .is_some_and(|account| account.email_verified)
    {
        return Err("unverified_user_email");
    }
    let only = fields
        .filled("repository_id")
        .and_then(|id| id.parse().ok());
    let only = only
        .filter(|id| github.repositories.contains_key(id))
        .map(|id| [id].into());
    let id = github.id();
    let token = Token {
        id,
        client_id: app.client_id.clone(),
        user: code.user,
        scopes: code.scopes,
        created_at: now,
        expires_at: None,
        sso: BTreeSet::new(),
        only,
        permissions: None,
    };
    Ok(issued(github, app, token, now))
}

fn refreshed(
    github: &mut GitHub,
    app: &App,
    fields: &Fields,
    now: u64,
) -> Result<Map<String, Value>, &'static str> {
    const REFRESH: &str = "bad_refresh_token";
    let text = fields.filled("refresh_token").ok_or(REFRESH)?;
    if github
        .refresh_tokens
        .get(text)
        .is_none_or(|token| token.client_id != app.client_id)
    {
        return Err(REFRESH);
    }
    let old = github.refresh_tokens.remove(text).ok_or(REFRESH)?;
    let before = github.tokens.remove(&old.access_token);
    if old.expires_at <= now {
        return Err(REFRESH);
    }
    let id = github.id();
    let (sso, only, permissions) = before.map_or_else(
        || (BTreeSet::new(), None, None),
        |token| (token.sso, token.only, token.permissions),
    );
    let token = Token {
        id,
        client_id: app.client_id.clone(),
        user: old.user,
        scopes: BTreeSet::new(),
        created_at: now,
        expires_at: None,
        sso,
        only,
        permissions,
    };
    Ok(issued(github, app, token, now))
}

/// Mints what the app gets for `token`, and tells it.
fn issued(github: &mut GitHub, app: &App, token: Token, now: u64) -> Map<String, Value> {
    let user = token.user;
    let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
    let scopes = scopes.join(",");
    let access = access_token(github, app.kind, token, now);
    let mut out: BTreeMap<&str, Value> = BTreeMap::new();
    out.insert("access_token", access.clone().into());
    out.insert("scope", scopes.into());
    out.insert("token_type", "bearer".into());
    if app.kind == AppKind::GitHubApp && app.expiring_tokens {
        let life = github.switches.refresh_token_lifetime.as_secs();
        let refresh = refresh_token(github, &app.client_id, user, &access, now);
        out.insert(
            "expires_in",
            github.switches.token_lifetime.as_secs().into(),
        );
        out.insert("refresh_token", refresh.into());
        out.insert("refresh_token_expires_in", life.into());
    }
    out.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Stores and returns a new access token; `token` says whose and for what. An OAuth app keeps ten for one user and
/// set of scopes: an eleventh ends the oldest.
pub(in crate::github) fn access_token(
    github: &mut GitHub,
    kind: AppKind,
    mut token: Token,
    now: u64,
) -> String {
    let expiring = kind == AppKind::GitHubApp
        && github
            .app(&token.client_id)
            .is_some_and(|app| app.expiring_tokens);
    token.created_at = now;
    token.expires_at =
        expiring.then(|| now.saturating_add(github.switches.token_lifetime.as_secs()));
    // Expired ones nobody refreshed are forgotten after a day.
    github.tokens.retain(|_, t| {
        t.expires_at
            .is_none_or(|at| at.saturating_add(86_400) > now)
    });
    if kind == AppKind::OAuthApp {
        let alike = |t: &Token| {
            t.client_id == token.client_id && t.user == token.user && t.scopes == token.scopes
        };
        let mut same: Vec<(u64, String)> = github
            .tokens
            .iter()
            .filter(|(_, t)| alike(t))
            .map(|(text, t)| (t.id, text.clone()))
            .collect();
        same.sort();
        for (_, text) in same.iter().take(same.len().saturating_sub(9)) {
            github.tokens.remove(text);
        }
    }
    let prefix = match kind {
        AppKind::GitHubApp => "ghu_",
        AppKind::OAuthApp => "gho_",
    };
    let text = secret(&mut github.rng, prefix, 30);
    github.tokens.insert(text.clone(), token);
    text
}

/// Stores and returns a new refresh token.
pub(in crate::github) fn refresh_token(
    github: &mut GitHub,
    client_id: &str,
    user: u64,
    access_token: &str,
    now: u64,
) -> String {
    let expires_at = now.saturating_add(github.switches.refresh_token_lifetime.as_secs());
    let record = RefreshToken {
        client_id: client_id.to_owned(),
        user,
        access_token: access_token.to_owned(),
        expires_at,
    };
    let text = secret(&mut github.rng, "ghr_", 70);
    github.refresh_tokens.insert(text.clone(), record);
    text
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token in GitHub's format: prefix, random characters, and a checksum of six.
fn secret(rng: &mut Rng, prefix: &str, len: usize) -> String {
    let body: String = (0..len).map(|_| char::from(*rng.pick(BASE62))).collect();
    let mut sum = crc32(body.as_bytes());
    let mut check = [b'0'; 6];
    for slot in check.iter_mut().rev() {
        *slot = BASE62[(sum % 62) as usize];
        sum /= 62;
    }
    format!("{prefix}{body}{}", String::from_utf8_lossy(&check))
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    use super::{crc32, secret};
    use crate::rng::Rng;

    #[test]
    fn a_token_has_githubs_length_and_ends_with_a_checksum() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let mut rng = Rng::fork(1, "t");
        assert_eq!(secret(&mut rng, "ghu_", 30).len(), 40);
        assert_eq!(secret(&mut rng, "ghr_", 70).len(), 80);
    }
}
