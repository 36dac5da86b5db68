//! `/v1/connections`: facts, changes by version, and removal that says what it did at the provider.

use super::json::Json as Body;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::grant::revoke::{self, Outcome};
use crate::grant::{TokenColumn, token_place};
use crate::session::Principal;
use crate::store::connections::{self, ConnectionRow};
use crate::store::grants;
use crate::store::journal::{self, Entry};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ETAG, IF_MATCH};
use portico_core::error::ErrorCode;
use portico_core::wire::{Connection, Event, UpdateConnection};
use serde::{Deserialize, Serialize};

/// Longest label, in characters.
const MAX_LABEL: usize = 100;

/// Answer of `GET /v1/connections`.
#[derive(Serialize)]
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

async fn find(app: &Shared, who: &Principal, id: &str) -> ApiResult<ConnectionRow> {
    let row = connections::find(app.store.readers(), &who.owner, id).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

fn with_version(connection: Connection) -> Response {
    let tag = format!("\"{}\"", connection.version);
    ([(ETAG, tag)], Json(connection)).into_response()
}

/// `GET /v1/connections/{id}`.
pub(super) async fn show(
    State(app): State<Shared>,
    Who(who): Who,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    Ok(with_version(app.facts(&find(&app, &who, &id).await?)?))
}

/// `PATCH /v1/connections/{id}` with `If-Match: "<version>"`.
pub(super) async fn update(
    State(app): State<Shared>,
    Who(who): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<UpdateConnection>,
) -> ApiResult<Response> {
    require_admin(&app, &who, "connection.update", Some(&id)).await?;
    let version = version(&headers)?;
    if change
        .label
        .as_ref()
        .is_some_and(|label| label.trim().chars().count() > MAX_LABEL)
    {
        return Err(ApiError::with_detail(
            ErrorCode::InvalidRequest,
            "A label has at most 100 characters.",
        ));
    }
    if change
        .label
        .as_ref()
        .is_some_and(|label| label.chars().any(char::is_control))
    {
        return Err(ApiError::with_detail(
            ErrorCode::InvalidRequest,
            "A label has no control characters.",
        ));
    }
    find(&app, &who, &id).await?;
    let mut tx = app.store.begin().await?;
    if !connections::update(&mut tx, &who.owner, &id, version, &change).await? {
        return Err(ErrorCode::VersionConflict.into());
    }
    journal::record(&mut tx, entry(&who, "connection.update", &id)).await?;
    tx.commit().await?;
    app.announce(&who.owner, &id).await;
    Ok(with_version(app.facts(&find(&app, &who, &id).await?)?))
}

fn version(headers: &HeaderMap) -> ApiResult<u64> {
    headers
        .get(IF_MATCH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            value
                .trim()
                .strip_prefix('"')?
                .strip_suffix('"')?
                .parse()
                .ok()
        })
        .ok_or_else(|| {
            let sentence =
                "A change needs an If-Match header with the version that was seen, in quotes.";
            ApiError::with_detail(ErrorCode::InvalidRequest, sentence)
        })
}

/// Query of a removal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    #[serde(default = "yes")]
    revoke: bool,
}

fn yes() -> bool {
    true
}

/// Answer of a removal: what was and was not done at the provider.
#[derive(Serialize)]
pub(super) struct Removed {
    revoked: bool,
    uninstalled: bool,
    notes: Vec<&'static str>,
}

/// `DELETE /v1/connections/{id}?revoke=true`.
pub(super) async fn remove(
    State(app): State<Shared>,
    Who(who): Who,
    Path(id): Path<String>,
    Query(removal): Query<Removal>,
) -> ApiResult<Json<Removed>> {
    require_admin(&app, &who, "connection.remove", Some(&id)).await?;
    let pending = forget(&app, &who, &id, removal.revoke).await?;
    let removed = portico_core::ids::ConnectionId::try_from(id).map_err(|_| ErrorCode::Internal)?;
    app.bus
        .publish(&who.owner, None, Event::ConnectionRemoved { id: removed });
    let outcome = match pending {
        None => None,
        Some(revocation) => {
            let app_of_task = app.clone();
            let running = app
                .tasks
                .spawn(async move { revoke::work_off(&app_of_task, Some(&revocation)).await });
            let outcome = running
                .await
                .map_err(|_| ApiError::from(ErrorCode::Internal))?;
            // The worker may have been faster; what it did then shows in the journal.
            Some(outcome?.unwrap_or(Outcome::PutOff))
        }
    };
    Ok(Json(told(outcome)))
}

/// Connection and tokens go in one commit; what must still be revoked stays behind, sealed anew.
async fn forget(
    app: &Shared,
    who: &Principal,
    id: &str,
    revoke: bool,
) -> ApiResult<Option<String>> {
    let owner = &who.owner;
    let mut tx = app.store.begin().await?;
    let grant = grants::lock(&mut tx, owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let pending = match (&grant.refresh_token, revoke) {
        (Some(sealed), true) => {
            let place = token_place(owner, id, grant.generation(), TokenColumn::Refresh);
            match app.sealer.open_text(place, sealed) {
                Ok(token) => {
                    let (client_id, account) = (&grant.client_id, &grant.account);
                    Some(revoke::enlist(app, &mut tx, owner, client_id, account, &token).await?)
                }
                // A grant that cannot be read cannot be revoked; its connection must still go.
                Err(error) => {
                    tracing::error!(error = %error, connection = id, alert = true, "a grant cannot be opened");
                    None
                }
            }
        }
        _ => None,
    };
    connections::delete(&mut tx, owner, id).await?;
    journal::record(&mut tx, entry(who, "connection.remove", id)).await?;
    tx.commit().await?;
    Ok(pending)
}

fn told(outcome: Option<Outcome>) -> Removed {
    let first = match outcome {
        Some(Outcome::Revoked) => {
            "The refresh token was revoked at HubSpot; access tokens already issued work for up to 30 minutes."
        }
        Some(Outcome::DependedOn) => {
            "The grant was not revoked, because another connection to the same portal lives on it."
        }
        Some(Outcome::PutOff) => {
            "HubSpot did not confirm the revocation; it is tried again for seven days."
        }
        None => "The grant was left alive at HubSpot.",
    };
    let second = "The app stays installed in the portal: remove it in HubSpot under Settings, Integrations, Connected Apps.";
    Removed {
        revoked: outcome == Some(Outcome::Revoked),
        uninstalled: false,
        notes: vec![first, second],
    }
}

fn entry<'a>(who: &'a Principal, action: &'static str, id: &'a str) -> Entry<'a> {
    Entry {
        owner: &who.owner,
        sub: &who.sub,
        action,
        target: Some(id),
        outcome: "done",
        reason: None,
        session: Some(&who.jti),
    }
}
