//! `/v1/connections`: facts, changes by version, and removal that says what it did at the provider.

use super::id::Id;
use super::json::Json as Body;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::grant::revoke::{self, Grant, Outcome};
use crate::grant::{TokenColumn, token_place};
use crate::provider::tokens::Which;
use crate::refusals::journaled;
use crate::session::Principal;
use crate::store::connections::{self, ConnectionRow};
use crate::store::grants::{self, GrantRow};
use crate::store::journal::{self, Entry};
use crate::store::{to_word, workspaces};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ETAG, IF_MATCH};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::{Connection, Provider, UpdateConnection};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

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

/// Query of a removal.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(super) struct Removed {
    revoked: bool,
    uninstalled: bool,
    notes: Cow<'static, [&'static str]>,
}

/// `DELETE /v1/connections/{id}?revoke=true`.
pub(super) async fn remove(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    Query(removal): Query<Removal>,
) -> ApiResult<Json<Removed>> {
    let action = Action::ConnectionRemove;
    require_admin(&app, &who, action, Some(&id)).await?;
    let forgotten = forget(&app, &who, &id, removal.revoke).await;
    let (provider, forgotten) = journaled(&app, &who, action, Some(&id), forgotten).await?;
    let outcome = match forgotten {
        Forgotten::Static => return Ok(Json(STATIC_REMOVED)),
        Forgotten::Left => None,
        Forgotten::ToRevoke(revocation) => {
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
    Ok(Json(told(provider, outcome)))
}

/// What is left to do at the provider.
enum Forgotten {
    /// Nothing can be done from here: a static token is revoked by whoever made it.
    Static,
    /// Nothing was wanted, or the grant cannot be read.
    Left,
    /// This revocation.
    ToRevoke(String),
}

/// Connection and tokens go in one commit; what must still be revoked stays behind, sealed anew.
async fn forget(
    app: &Shared,
    who: &Principal,
    id: &str,
    revoke: bool,
) -> ApiResult<(Provider, Forgotten)> {
    let owner = &who.owner;
    let mut tx = app.store.begin_in(owner).await?;
    let grant = grants::lock(&mut tx, owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let provider = grant.provider()?;
    let (which, sealed) = what_revokes(app, provider, &grant);
    let (forgotten, fate) = match (sealed, revoke) {
        _ if grant.is_static() => (Forgotten::Static, "its token stays valid at HubSpot"),
        (Some(sealed), true) => {
            let column = match which {
                Which::Access => TokenColumn::Access,
                Which::Refresh => TokenColumn::Refresh,
            };
            let place = token_place(owner, id, grant.generation(), column);
            match app.sealer.open_text(place, sealed) {
                Ok(token) => {
                    let given_up = Grant {
                        provider,
                        client_id: &grant.client_id,
                        account: &grant.account,
                        which,
                        token: &token,
                        wait: wait_for_flight(app, provider, which, &grant),
                    };
                    let row = revoke::enlist(app, &mut tx, owner, &given_up).await?;
                    (Forgotten::ToRevoke(row), "its grant is to be revoked")
                }
                // A grant that cannot be read cannot be revoked; its connection must still go.
                Err(error) => {
                    tracing::error!(error = %error, connection = id, alert = true, "a grant cannot be opened");
                    (Forgotten::Left, "its grant cannot be read and stays alive")
                }
            }
        }
        (Some(_), false) => (
            Forgotten::Left,
            "its grant was left alive on request (revoke=false)",
        ),
        (None, _) => (Forgotten::Left, "it held no grant to revoke"),
    };
    app.announce(&mut tx, owner, id, Change::Removed).await?;
    connections::delete(&mut tx, owner, id).await?;
    let reason = format!("portal {}; {fate}", grant.account);
    let entry = entry(who, Action::ConnectionRemove, id, &reason);
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok((provider, forgotten))
}

/// Seconds until nobody else can be presenting a refresh token that works once: a refresh that is under way spends it,
/// finds the connection gone and gives up what it got.
fn wait_for_flight(app: &Shared, provider: Provider, which: Which, grant: &GrantRow) -> f64 {
    let works_once = app
        .providers
        .find(provider)
        .is_some_and(|client| client.description().refresh_tokens_work_once);
    if works_once && which == Which::Refresh {
        grant.flight_left()
    } else {
        0.0
    }
}

/// The token by which the provider gives up the grant; a provider that is no longer configured gets the refresh token.
fn what_revokes<'a>(
    app: &Shared,
    provider: Provider,
    grant: &'a GrantRow,
) -> (Which, Option<&'a Vec<u8>>) {
    let has_refresh = grant.refresh_token.is_some();
    let which = app
        .providers
        .find(provider)
        .map_or(Which::Refresh, |client| {
            client.revoked_by_stored(has_refresh, grant.seconds_left())
        });
    let sealed = match which {
        Which::Access => &grant.access_token,
        Which::Refresh => &grant.refresh_token,
    };
    (which, sealed.as_ref())
}

const STATIC_REMOVED: Removed = Removed {
    revoked: false,
    uninstalled: false,
    notes: Cow::Borrowed(&[
        "Portico has forgotten the token. HubSpot lets nobody revoke it from here, so it stays valid there.",
        "To end it, rotate it or delete its private app in HubSpot under Settings, Integrations, Private Apps; \
         a service key under Development, Keys, Service keys.",
    ]),
};

fn told(provider: Provider, outcome: Option<Outcome>) -> Removed {
    let first = match (outcome, provider) {
        (Some(Outcome::Revoked), Provider::Hubspot) => {
            "The refresh token was revoked at HubSpot; access tokens already issued work for up to 30 minutes."
        }
        (Some(Outcome::Revoked), Provider::Github) => {
            "The authorization was revoked at GitHub, and every token with it."
        }
        (Some(Outcome::DependedOn), Provider::Hubspot) => {
            "The grant was not revoked, because another connection to the same portal lives on it."
        }
        (Some(Outcome::DependedOn), Provider::Github) => {
            "The authorization was not revoked, because another connection to the same account lives on it."
        }
        (Some(Outcome::PutOff), Provider::Hubspot) => {
            "HubSpot did not confirm the revocation; it is tried again for seven days."
        }
        (Some(Outcome::PutOff), Provider::Github) => {
            "GitHub did not confirm the revocation; it is tried again for seven days."
        }
        (None, Provider::Hubspot) => "The grant was left alive at HubSpot.",
        (None, Provider::Github) => "The authorization was left alive at GitHub.",
    };
    let second = match provider {
        Provider::Hubspot => {
            "The app stays installed in the portal: remove it in HubSpot under Settings, Integrations, Connected Apps."
        }
        Provider::Github => {
            "The app stays installed where it was: remove it in GitHub under Settings, Applications."
        }
    };
    Removed {
        revoked: outcome == Some(Outcome::Revoked),
        uninstalled: false,
        notes: vec![first, second].into(),
    }
}

fn entry<'a>(who: &'a Principal, action: Action, id: &'a str, reason: &'a str) -> Entry<'a> {
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
