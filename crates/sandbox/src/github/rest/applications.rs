//! Owns what an app does to its own tokens, with its client id and secret: check, reset, scope down, delete.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::github::answer::{json, sha256};
use crate::github::call::{Answer, Body, Call};
use crate::github::error::Error;
use crate::github::model::{AppKind, Token};
use crate::github::oauth::token as issue;
use crate::github::{shape, when};
use crate::http::Response;

/// The live token of the body, which must be the app's own.
fn named(call: &Call<'_>, body: &Body) -> Result<(String, Token), Error> {
    let text = body.text("access_token")?;
    let token = call.github.tokens.get(text);
    let token = token.filter(|t| t.client_id == call.param("client_id"));
    let token = token.filter(|t| t.expires_at.is_none_or(|at| call.now < at));
    Ok((text.to_owned(), token.ok_or_else(Error::not_found)?.clone()))
}

fn print(call: &Call<'_>, text: &str, token: &Token) -> Result<Value, Error> {
    let app = call
        .github
        .app(&token.client_id)
        .ok_or_else(Error::not_found)?;
    let digest = sha256(text.as_bytes());
    let last: String = text
        .chars()
        .skip(text.chars().count().saturating_sub(8))
        .collect();
    let installation = token.only.as_ref().and_then(|only| {
        let owner = only
            .iter()
            .find_map(|id| call.github.repositories.get(id))
            .map(|r| r.owner)?;
        let mut installations = call.github.installations.values();
        installations.find(|i| i.client_id == token.client_id && i.account == owner)
    });
    let created = when::written(token.created_at);
    Ok(json!({
        "id": token.id,
        "url": format!("{}/authorizations/{}", call.api(), token.id),
        "app": { "name": app.name, "url": call.base, "client_id": app.client_id },
        "token": text,
        "hashed_token": digest,
        "token_last_eight": last,
        "note": null,
        "note_url": null,
        "created_at": created,
        "updated_at": created,
        "scopes": token.scopes,
        "fingerprint": null,
        "expires_at": token.expires_at.map(when::written),
        "user": shape::owner(call.github, &call.base, token.user),
        "installation": installation.map(|i| json!({
            "permissions": token.permissions.as_ref().unwrap_or(&i.permissions),
            "repository_selection": "selected",
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "repositories_url": format!("{}/user/repos", call.api()),
            "account": shape::owner(call.github, &call.base, i.account),
        })),
    }))
}

/// `POST /applications/{client_id}/token`
pub(in crate::github) fn check(call: &mut Call<'_>) -> Answer {
    let (text, token) = named(call, &call.body()?)?;
    Ok(json(200, &print(call, &text, &token)?))
}

/// `PATCH /applications/{client_id}/token`: a new token in place of the old, without a refresh token of its own.
pub(in crate::github) fn reset(call: &mut Call<'_>) -> Answer {
    let (text, token) = named(call, &call.body()?)?;
    let kind = kind(call)?;
    call.github.drop_token(&text);
    let fresh = issue::access_token(call.github, kind, token, call.now);
    let token = call
        .github
        .tokens
        .get(&fresh)
        .cloned()
        .ok_or_else(Error::not_found)?;
    Ok(json(200, &print(call, &fresh, &token)?))
}

fn kind(call: &Call<'_>) -> Result<AppKind, Error> {
    Ok(call
        .github
        .app(call.param("client_id"))
        .ok_or_else(Error::not_found)?
        .kind)
}

/// `DELETE /applications/{client_id}/token`: this token; the authorization stays.
pub(in crate::github) fn delete_token(call: &mut Call<'_>) -> Answer {
    let (text, _) = named(call, &call.body()?)?;
    call.github.drop_token(&text);
    Ok(Response::empty(204))
}

/// `DELETE /applications/{client_id}/grant`: the authorization with every token of that user.
pub(in crate::github) fn delete_grant(call: &mut Call<'_>) -> Answer {
    let (_, token) = named(call, &call.body()?)?;
    call.github.forget(&token.client_id, token.user);
    Ok(Response::empty(204))
}

/// `POST /applications/{client_id}/token/scoped`: a token for some repositories of one account, with no more
/// permissions than the installation has.
pub(in crate::github) fn scope(call: &mut Call<'_>) -> Answer {
    let body = call.body()?;
    let (_, token) = named(call, &body)?;
    if kind(call)? != AppKind::GitHubApp {
        return Err(Error::not_found());
    }
    let target = match (
        body.get("target_id").and_then(Value::as_u64),
        body.optional("target")?,
    ) {
        (Some(id), _) => Some(id),
        (None, Some(login)) => call.github.account(login).map(|a| a.id),
        (None, None) => return Err(Error::not_supplied("target")),
    };
    let installation = call
        .github
        .installations
        .values()
        .find(|i| i.client_id == token.client_id && Some(i.account) == target)
        .ok_or_else(Error::not_found)?;
    if installation.suspended.is_some() {
        return Err(Error::suspended());
    }
    let names: BTreeSet<&str> = body
        .list("repositories")?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let ids: BTreeSet<u64> = body
        .list("repository_ids")?
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    let everything = body.get("repositories").is_none() && body.get("repository_ids").is_none();
    let covered = call.github.repositories.values().filter(|r| {
        r.owner == installation.account
            && installation
                .selected
                .as_ref()
                .is_none_or(|s| s.contains(&r.id))
    });
    let only: BTreeSet<u64> = covered
        .filter(|r| everything || ids.contains(&r.id) || names.contains(r.name.as_str()))
        .map(|r| r.id)
        .collect();
    if !everything && only.len() != names.len() + ids.len() {
        return Err(Error::new(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        ));
    }
    let permissions = narrowed(&body, &installation.permissions)?;
    let id = call.github.id();
    let fresh = Token {
        id,
        only: Some(only),
        permissions: Some(permissions),
        ..token
    };
    let text = issue::access_token(call.github, AppKind::GitHubApp, fresh, call.now);
    let token = call
        .github
        .tokens
        .get(&text)
        .cloned()
        .ok_or_else(Error::not_found)?;
    Ok(json(200, &print(call, &text, &token)?))
}

fn narrowed(
    body: &Body,
    granted: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Error> {
    let asked = match body.get("permissions") {
        None => return Ok(granted.clone()),
        Some(Value::Object(asked)) => asked,
        Some(other) => return Err(Error::wrong_type("permissions", other, "an object")),
    };
    let mut out = BTreeMap::new();
    for (name, value) in asked {
        let value = value.as_str().unwrap_or_default();
        let has = granted.get(name).map(String::as_str);
        let fits = has == Some(value) || (value == "read" && has.is_some());
        if !fits {
            return Err(Error::new(
                422,
                "The permissions requested are not granted to this installation.",
            ));
        }
        out.insert(name.clone(), value.to_owned());
    }
    Ok(out)
}
