//! `POST /v1/connections/{id}/token`: a fresh access token for the partner's own backend.
//! Owns who may fetch one. Never hands out a refresh token, a client secret, or what has no end.

use super::json::Json as Body;
use super::who::bearer;
use crate::app::Shared;
use crate::config::check::is_session_id;
use crate::error::{ApiError, ApiResult};
use crate::grant::refresh;
use crate::refusals;
use crate::service_keys::Holder;
use crate::store::connections;
use crate::store::journal::{self, Entry};
use crate::store::{Owner, seconds};
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use http::HeaderMap;
use http::header::ORIGIN;
use http::request::Parts;
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::journal::Action;
use portico_core::wire::{GrantKind, UnixSeconds};
use serde::{Deserialize, Serialize};

/// A partner's backend, by its service key.
pub(super) struct Backend(Holder);

impl FromRequestParts<Shared> for Backend {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        if app.service_keys.is_empty() {
            return Err(ErrorCode::NotFound.into());
        }
        if is_browser(&parts.headers) {
            return Err(ErrorCode::NotForBrowsers.into());
        }
        let unknown = |_| ApiError::from(ErrorCode::ServiceKeyRequired);
        let shown = bearer(&parts.headers).map_err(unknown)?;
        let holder = app.service_keys.holder(shown).cloned();
        let holder = holder.ok_or(ErrorCode::ServiceKeyRequired)?;
        app.fetches.check_key(&holder)?;
        Ok(Self(holder))
    }
}

/// Every browser marks a request like this by `Origin` and by where it comes from and goes to. `Sec-Fetch-Mode`
/// alone is no such mark: Node's own `fetch` sends it too.
fn is_browser(headers: &HeaderMap) -> bool {
    let marks = |name: &str| name.starts_with("sec-fetch-") && name != "sec-fetch-mode";
    headers.contains_key(ORIGIN) || headers.keys().any(|name| marks(name.as_str()))
}

/// Body of the request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    org: String,
}

/// A token on its way to a backend. Has no `Debug`.
#[derive(Serialize)]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    /// When to have fetched the next one.
    expires_at: UnixSeconds,
    portal_id: PortalId,
    scopes: Vec<String>,
    /// Origin of the provider's APIs.
    hub: String,
}

/// Answers a token with at least five minutes to live, unless HubSpot cannot be reached for a fresh one.
pub(super) async fn issue(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Backend(holder): Backend,
    Body(of): Body<Of>,
) -> ApiResult<Json<Issued>> {
    if !is_session_id(&of.org) || id.parse::<ConnectionId>().is_err() {
        return Err(ErrorCode::NotFound.into());
    }
    let owner = Owner {
        tenant: holder.tenant.clone(),
        org: of.org,
    };
    // Of an organization that nobody knows nothing is written down, or a key could make up as many as it liked.
    connections::find(app.store.readers(), &owner, &id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let issued = fetch(&app, &owner, &id, &holder).await;
    if let Err(error) = &issued
        && refusals::is_refusal(error)
    {
        let (sub, outcome) = (holder.actor(), error.code().entry().code);
        refusals::record(&app, entry(&owner, &sub, &id, outcome, None)).await?;
    }
    issued.map(Json)
}

async fn fetch(app: &Shared, owner: &Owner, id: &str, holder: &Holder) -> ApiResult<Issued> {
    app.fetches.check_connection(owner, id)?;
    let row = connections::find(app.store.readers(), owner, id).await?;
    let facts = app.facts(&row.ok_or(ErrorCode::NotFound)?)?;
    if facts.grant.kind == GrantKind::Static {
        return Err(ErrorCode::StaticCredential.into());
    }
    let access = refresh::fresh(app, owner, id).await?;
    let expires_at = access.expires_at.ok_or(ErrorCode::StaticCredential)?;
    let row = connections::find(app.store.readers(), owner, id).await?;
    let facts = app.facts(&row.ok_or(ErrorCode::NotFound)?)?;
    // Written before it is handed out: no token leaves without an entry.
    let mut tx = app.store.begin().await?;
    let (sub, reason) = (
        holder.actor(),
        format!("portal {}", facts.account.portal_id),
    );
    let entry = entry(owner, &sub, id, "done", Some(&reason));
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(Issued {
        access_token: access.token.to_string(),
        token_type: "Bearer",
        expires_at: seconds(expires_at),
        portal_id: facts.account.portal_id,
        scopes: facts.grant.granted,
        hub: app.config.hubspot.api_base.clone(),
    })
}

fn entry<'a>(
    owner: &'a Owner,
    sub: &'a str,
    id: &'a str,
    outcome: &'a str,
    reason: Option<&'a str>,
) -> Entry<'a> {
    Entry {
        owner,
        sub,
        action: Action::TokenIssue,
        target: Some(id),
        outcome,
        reason,
        session: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    /// Issue 4, item 9: what a page sends is refused, what a backend sends is not.
    #[test]
    fn a_page_is_told_from_a_backend() {
        for (names, browser) in [
            (vec![], false),
            (vec!["sec-fetch-mode", "accept-language"], false),
            (vec!["origin"], true),
            (vec!["sec-fetch-site"], true),
            (vec!["sec-fetch-dest"], true),
            (vec!["sec-fetch-user"], true),
            (vec!["sec-fetch-mode", "sec-fetch-storage-access"], true),
        ] {
            let headers = names
                .iter()
                .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x")))
                .collect();
            assert_eq!(is_browser(&headers), browser, "{names:?}");
        }
    }
}
