//! `/v1/connections/static` and `/v1/connections/{id}/credential`: private app tokens and service keys (D26).
//! Owns the doors; proving and keeping them is `grant::static_entry`'s. Tokens in bodies are wiped, never answered.

use super::connections::{check_label, find, with_version};
use super::id::Id;
use super::json::JsonBytes;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::grant::static_entry::{self, Wanted};
use crate::refusals::journaled;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::{AddStatic, Provider, ReplaceCredential};
use zeroize::Zeroizing;

/// `POST /v1/connections/static`: 201 for a new connection, 200 where only the token is new.
pub(super) async fn add(
    State(app): State<Shared>,
    Who(who): Who,
    body: JsonBytes,
) -> ApiResult<Response> {
    let action = Action::ConnectionAddStatic;
    require_admin(&app, &who, action, None).await?;
    let wanted = parse(&body)?;
    let entered = static_entry::add(&app, &who, &wanted).await;
    let entered = journaled(&app, &who, action, None, entered).await?;
    let connection = app.facts(&find(&app, &who, &entered.id).await?)?;
    let status = if entered.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, with_version(connection)).into_response())
}

fn parse(body: &JsonBytes) -> ApiResult<Wanted> {
    let new: AddStatic = body.parse()?;
    let wanted = Wanted {
        token: Zeroizing::new(new.token),
        connection_type: new.connection_type,
        label: new.label,
        workspace: new.workspace,
    };
    if new.provider != Provider::Hubspot {
        return Err(ApiError::with_detail(
            ErrorCode::InvalidRequest,
            "Only HubSpot portals are added by a token.",
        ));
    }
    if let Some(label) = &wanted.label {
        check_label(label)?;
    }
    Ok(wanted)
}

/// `PUT /v1/connections/{id}/credential`: another token of the same portal, and nothing else changes (B18, R24).
pub(super) async fn replace(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    body: JsonBytes,
) -> ApiResult<Response> {
    let action = Action::ConnectionReplaceCredential;
    require_admin(&app, &who, action, Some(&id)).await?;
    let token = Zeroizing::new(body.parse::<ReplaceCredential>()?.token);
    let replaced = static_entry::replace(&app, &who, &id, &token).await;
    journaled(&app, &who, action, Some(&id), replaced).await?;
    Ok(with_version(app.facts(&find(&app, &who, &id).await?)?))
}
