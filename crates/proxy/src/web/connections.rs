//! `/v1/connections`: facts, and changes by version. Removal is `removal`'s.

use super::id::Id;
use super::json::Json as Body;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::refusals::journaled;
use crate::session::Principal;
use crate::store::connections::{self, ConnectionRow};
use crate::store::journal::{self, Entry};
use crate::store::{to_word, workspaces};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ETAG, IF_MATCH};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::{Connection, UpdateConnection};
use serde::Serialize;

/// Longest label, in characters.
const MAX_LABEL: usize = 100;

/// Answer of `GET /v1/connections`.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(super) struct Connections {
    connections: Vec<Connection>,
}

/// `GET /v1/connections`.
pub(super) async fn list(State(app): State<Shared>, Who(who): Who) -> ApiResult<Json<Connections>> {
    let rows = connections::list(app.store.readers(), &who.owner).await?;
    let facts: Result<Vec<_>, _> = rows.iter().map(|row| app.facts(row)).collect();
    Ok(Json(Connections {
        connections: facts?,
    }))
}

pub(super) async fn find(app: &Shared, who: &Principal, id: &str) -> ApiResult<ConnectionRow> {
    let row = connections::find(app.store.readers(), &who.owner, id).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

pub(super) fn with_version(connection: Connection) -> Response {
    let tag = format!("\"{}\"", connection.version);
    ([(ETAG, tag)], Json(connection)).into_response()
}

/// `GET /v1/connections/{id}`.
pub(super) async fn show(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
) -> ApiResult<Response> {
    Ok(with_version(app.facts(&find(&app, &who, &id).await?)?))
}

/// `PATCH /v1/connections/{id}` with `If-Match: "<version>"`.
pub(super) async fn update(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    headers: HeaderMap,
    Body(change): Body<UpdateConnection>,
) -> ApiResult<Response> {
    let action = Action::ConnectionUpdate;
    require_admin(&app, &who, action, Some(&id)).await?;
    let changed = change_facts(&app, &who, &id, &headers, &change).await;
    journaled(&app, &who, action, Some(&id), changed).await?;
    Ok(with_version(app.facts(&find(&app, &who, &id).await?)?))
}

async fn change_facts(
    app: &Shared,
    who: &Principal,
    id: &str,
    headers: &HeaderMap,
    change: &UpdateConnection,
) -> ApiResult<()> {
    let version = version(headers)?;
    if let Some(label) = &change.label {
        check_label(label)?;
    }
    find(app, who, id).await?;
    // In the organization, so that nobody removes the workspace meanwhile.
    let mut tx = app.store.begin_in(&who.owner).await?;
    if let Some(Some(workspace)) = &change.workspace {
        workspaces::find(&mut *tx, &who.owner, workspace.as_str())
            .await?
            .ok_or(ErrorCode::UnknownWorkspace)?;
    }
    if !connections::update(&mut tx, &who.owner, id, version, change).await? {
        return Err(ErrorCode::VersionConflict.into());
    }
    let reason = what_changed(change)?;
    let entry = entry(who, Action::ConnectionUpdate, id, &reason);
    journal::record(&mut tx, entry).await?;
    app.announce(&mut tx, &who.owner, id, Change::Updated)
        .await?;
    Ok(tx.commit().await?)
}

/// Without the label itself: it is somebody's text.
fn what_changed(change: &UpdateConnection) -> ApiResult<String> {
    let mut parts = Vec::new();
    match change.label.as_deref().map(str::trim) {
        Some("") => parts.push("label removed".to_owned()),
        Some(_) => parts.push("label".to_owned()),
        None => {}
    }
    if let Some(kind) = change.connection_type {
        parts.push(format!("connection type {}", to_word(kind)?));
    }
    match &change.workspace {
        Some(Some(id)) => parts.push(format!("workspace {id}")),
        Some(None) => parts.push("workspace removed".to_owned()),
        None => {}
    }
    Ok(if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join(", ")
    })
}

/// A person's own name for a portal: at most 100 characters, in one line.
pub(super) fn check_label(label: &str) -> ApiResult<()> {
    let fault = if label.trim().chars().count() > MAX_LABEL {
        "A label has at most 100 characters."
    } else if label.chars().any(char::is_control) {
        "A label has no control characters."
    } else {
        return Ok(());
    };
    Err(ApiError::with_detail(ErrorCode::InvalidRequest, fault))
}

/// The version that a person saw, from `If-Match`.
pub(super) fn version(headers: &HeaderMap) -> ApiResult<u64> {
    headers
        .get(IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let text = value.trim().strip_prefix('"')?.strip_suffix('"')?;
            canonical(text)
        })
        .ok_or_else(|| {
            let sentence =
                "A change needs an If-Match header with the version that was seen, in quotes.";
            ApiError::with_detail(ErrorCode::InvalidRequest, sentence)
        })
}

/// A number as we write it: without a plus and without zeros in front, so that nothing has two names.
pub(super) fn canonical(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

pub(super) fn entry<'a>(
    who: &'a Principal,
    action: Action,
    id: &'a str,
    reason: &'a str,
) -> Entry<'a> {
    Entry {
        owner: &who.owner,
        sub: &who.sub,
        action,
        target: Some(id),
        outcome: "done",
        reason: Some(reason),
        session: Some(&who.jti),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// An entity tag is compared as it is written, so a version has one.
    #[test]
    fn a_version_has_one_spelling() {
        for (tag, want) in [
            ("\"7\"", Some(7)),
            ("\"0\"", Some(0)),
            ("\"18446744073709551615\"", Some(u64::MAX)),
            ("\"+7\"", None),
            ("\"07\"", None),
            ("\"18446744073709551616\"", None),
            ("7", None),
            ("W/\"7\"", None),
            ("\"", None),
            ("*", None),
        ] {
            let headers = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(tag))]);
            assert_eq!(version(&headers).ok(), want, "{tag}");
        }
        assert!(version(&HeaderMap::new()).is_err());
    }
}
