//! `/v1/workspaces`: groups of connections, which admins make and everybody sees (D69, D70).
//! Owns the doors; what a name may be, the core says.

use super::connections::version;
use super::id::Id;
use super::json::JsonBytes;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::random;
use crate::refusals::journaled;
use crate::session::Principal;
use crate::store::Tx;
use crate::store::journal::{self, Entry};
use crate::store::workspaces;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::ETAG;
use http::{HeaderMap, StatusCode};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::{NameWorkspace, Workspace, Workspaces};
use portico_core::workspace::{MOST_WORKSPACES, workspace_name};

/// `GET /v1/workspaces`.
pub(super) async fn list(State(app): State<Shared>, Who(who): Who) -> ApiResult<Json<Workspaces>> {
    let workspaces = workspaces::list(app.store.readers(), &who.owner).await?;
    Ok(Json(Workspaces { workspaces }))
}

/// `POST /v1/workspaces`.
pub(super) async fn add(
    State(app): State<Shared>,
    Who(who): Who,
    body: JsonBytes,
) -> ApiResult<Response> {
    let action = Action::WorkspaceAdd;
    require_admin(&app, &who, action, None).await?;
    let new: NameWorkspace = body.parse()?;
    let added = insert(&app, &who, action, &new.name).await;
    let id = journaled(&app, &who, action, None, added).await?;
    answer(&app, &who, StatusCode::CREATED, &id).await
}

async fn insert(app: &Shared, who: &Principal, action: Action, name: &str) -> ApiResult<String> {
    let name = workspace_name(name).ok_or(ErrorCode::InvalidWorkspaceName)?;
    let id = random::id();
    let mut tx = app.store.begin_in(&who.owner).await?;
    if workspaces::count(&mut tx, &who.owner).await? >= MOST_WORKSPACES {
        return Err(ErrorCode::WorkspaceLimit.into());
    }
    workspaces::insert(&mut tx, &who.owner, &id, name)
        .await
        .map_err(name_taken)?;
    record(&mut tx, who, action, &id).await?;
    app.announce_workspaces(&mut tx, &who.owner, &[]).await?;
    tx.commit().await?;
    Ok(id)
}

/// `PATCH /v1/workspaces/{id}` with `If-Match: "<version>"`.
pub(super) async fn rename(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    headers: HeaderMap,
    body: JsonBytes,
) -> ApiResult<Response> {
    let action = Action::WorkspaceRename;
    require_admin(&app, &who, action, Some(&id)).await?;
    let change: NameWorkspace = body.parse()?;
    let version = version(&headers)?;
    let renamed = set_name(&app, &who, action, &id, version, &change.name).await;
    journaled(&app, &who, action, Some(&id), renamed).await?;
    answer(&app, &who, StatusCode::OK, &id).await
}

async fn set_name(
    app: &Shared,
    who: &Principal,
    action: Action,
    id: &str,
    version: u64,
    name: &str,
) -> ApiResult<()> {
    let name = workspace_name(name).ok_or(ErrorCode::InvalidWorkspaceName)?;
    let mut tx = app.store.begin_in(&who.owner).await?;
    find(&mut tx, who, id).await?;
    if !workspaces::rename(&mut tx, &who.owner, id, version, name)
        .await
        .map_err(name_taken)?
    {
        return Err(ErrorCode::VersionConflict.into());
    }
    record(&mut tx, who, action, id).await?;
    app.announce_workspaces(&mut tx, &who.owner, &[]).await?;
    tx.commit().await?;
    Ok(())
}

/// `DELETE /v1/workspaces/{id}` with `If-Match: "<version>"`: its connections stay, without a workspace.
pub(super) async fn remove(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    let action = Action::WorkspaceRemove;
    require_admin(&app, &who, action, Some(&id)).await?;
    let version = version(&headers)?;
    let left = delete(&app, &who, action, &id, version).await;
    journaled(&app, &who, action, Some(&id), left).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(
    app: &Shared,
    who: &Principal,
    action: Action,
    id: &str,
    version: u64,
) -> ApiResult<()> {
    let mut tx = app.store.begin_in(&who.owner).await?;
    find(&mut tx, who, id).await?;
    let left = workspaces::delete(&mut tx, &who.owner, id, version)
        .await?
        .ok_or(ErrorCode::VersionConflict)?;
    record(&mut tx, who, action, id).await?;
    app.announce_workspaces(&mut tx, &who.owner, &left).await?;
    tx.commit().await?;
    Ok(())
}

async fn find(tx: &mut Tx, who: &Principal, id: &str) -> ApiResult<Workspace> {
    let found = workspaces::find(&mut **tx, &who.owner, id).await?;
    found.ok_or_else(|| ErrorCode::NotFound.into())
}

fn name_taken(error: sqlx::Error) -> ApiError {
    match error.as_database_error() {
        Some(fault) if fault.is_unique_violation() => ErrorCode::WorkspaceNameTaken.into(),
        _ => error.into(),
    }
}

/// Tells the asker how the workspace stands now.
async fn answer(
    app: &Shared,
    who: &Principal,
    status: StatusCode,
    id: &str,
) -> ApiResult<Response> {
    let workspace = workspaces::find(app.store.readers(), &who.owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let tag = format!("\"{}\"", workspace.version);
    Ok((status, [(ETAG, tag)], Json(workspace)).into_response())
}

async fn record(tx: &mut Tx, who: &Principal, action: Action, id: &str) -> ApiResult<()> {
    let entry = Entry {
        owner: &who.owner,
        sub: &who.sub,
        action,
        target: Some(id),
        outcome: "done",
        reason: None,
        session: Some(&who.jti),
    };
    Ok(journal::record(tx, entry).await?)
}
