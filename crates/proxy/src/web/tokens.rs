//! A fresh access token for the partner's own backend: `POST /v1/connections/{id}/token`, and the same in the form
//! that OAuth clients speak, `POST /oauth/token` (RFC 6749, section 6).
//! Owns who may fetch one. Never hands out a refresh token, a client secret, or what has no end.

use super::id::Id;
use super::json::Json as Body;
use super::who::bearer;
use crate::app::Shared;
use crate::config::check::is_session_id;
use crate::error::{ApiError, ApiResult, whole_seconds};
use crate::grant::refresh;
use crate::refusals;
use crate::service_keys::Holder;
use crate::store::connections;
use crate::store::journal::{self, Entry};
use crate::store::{Owner, seconds};
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use http::request::Parts;
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::journal::Action;
use portico_core::wire::{GrantKind, UnixSeconds};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// Of a form that asks for a token.
const LARGEST_FORM: usize = 8 * 1024;
const FORM_DEADLINE: Duration = Duration::from_secs(10);

/// A partner's backend, by its service key.
pub(super) struct Backend(Holder);

impl FromRequestParts<Shared> for Backend {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        check_caller(app, &parts.headers)?;
        let unknown = |_| ApiError::from(ErrorCode::ServiceKeyRequired);
        let shown = bearer(&parts.headers).map_err(unknown)?;
        Ok(Self(holder(app, shown)?))
    }
}

fn check_caller(app: &Shared, headers: &HeaderMap) -> ApiResult<()> {
    if app.sessions.tenants().service_keys.is_empty() {
        return Err(ErrorCode::NotFound.into());
    }
    if is_browser(headers) {
        return Err(ErrorCode::NotForBrowsers.into());
    }
    Ok(())
}

fn holder(app: &Shared, shown: &str) -> ApiResult<Holder> {
    let tenants = app.sessions.tenants();
    let holder = tenants.service_keys.holder(shown).cloned();
    let holder = holder.ok_or(ErrorCode::ServiceKeyRequired)?;
    app.fetches.check_key(&holder)?;
    Ok(holder)
}

/// Every browser marks a request like this by `Origin` and by where it comes from and goes to. `Sec-Fetch-Mode`
/// alone is no such mark: Node's own `fetch` sends it too.
pub(super) fn is_browser(headers: &HeaderMap) -> bool {
    let marks = |name: &str| name.starts_with("sec-fetch-") && name != "sec-fetch-mode";
    headers.contains_key(ORIGIN) || headers.keys().any(|name| marks(name.as_str()))
}

/// Body of the request.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// Whose connection it is.
    #[cfg_attr(feature = "openapi", schemars(extend("pattern" = portico_core::schema::SESSION_ID)))]
    org: String,
}

/// A token on its way to a backend. Has no `Debug`.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(super) struct Issued {
    access_token: String,
    token_type: &'static str,
    #[serde(skip)]
    seconds_left: f64,
    /// When to have fetched the next one.
    expires_at: UnixSeconds,
    portal_id: PortalId,
    scopes: Vec<String>,
    /// Origin of the provider's APIs.
    hub: String,
}

/// The same token as OAuth clients read it (RFC 6749, section 5.1). Without a refresh token: what was sent in its
/// place goes on working.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(super) struct Exchanged {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

/// `POST /v1/connections/{id}/token`. The token has at least five minutes to live, unless HubSpot cannot be reached
/// for a fresh one.
pub(super) async fn issue(
    State(app): State<Shared>,
    Id(id): Id,
    Backend(holder): Backend,
    Body(of): Body<Of>,
) -> ApiResult<Json<Issued>> {
    issue_for(&app, &holder, of.org, &id).await.map(Json)
}

/// `POST /oauth/token`: the client is a service key, its refresh token names a connection, `{id}@{org}`.
pub(super) async fn exchange(
    State(app): State<Shared>,
    request: Request,
) -> ApiResult<Json<Exchanged>> {
    check_caller(&app, request.headers())?;
    let basic = basic(request.headers())?;
    let form = form(request).await?;
    let (client, secret) = match (basic, form.client_id, form.client_secret) {
        (Some(pair), None, None) => pair,
        (None, Some(client), Some(secret)) => (client, secret),
        (None, _, None) => return Err(ErrorCode::ServiceKeyRequired.into()),
        _ => {
            return Err(misfit(
                "The client shows itself once: by Basic, or in the form.",
            ));
        }
    };
    let holder = holder(&app, &secret)?;
    if holder.key_id != client {
        return Err(ErrorCode::ServiceKeyRequired.into());
    }
    if form.grant_type.as_deref() != Some("refresh_token") {
        return Err(misfit("The only grant_type here is refresh_token."));
    }
    let named = form.refresh_token.unwrap_or_default();
    let (id, org) = named
        .split_once('@')
        .ok_or_else(|| misfit("refresh_token names a connection and its organization: id@org."))?;
    let issued = issue_for(&app, &holder, org.to_owned(), id).await?;
    Ok(Json(Exchanged {
        access_token: issued.access_token,
        token_type: issued.token_type,
        expires_in: whole_seconds(issued.seconds_left - 1.0),
        scope: issued.scopes.join(" "),
    }))
}

fn misfit(sentence: &str) -> ApiError {
    ApiError::with_detail(ErrorCode::InvalidRequest, sentence)
}

/// Parameters of a token request, each at most once; others are ignored (RFC 6749, section 3.2).
#[derive(Default)]
pub(super) struct TokenForm {
    pub(super) grant_type: Option<String>,
    pub(super) refresh_token: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Zeroizing<String>>,
}

async fn form(request: Request) -> ApiResult<TokenForm> {
    let media_type = request.headers().get(CONTENT_TYPE);
    let is_form = media_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(ApiError::with_detail(
            ErrorCode::UnsupportedMediaType,
            "OAuth clients send application/x-www-form-urlencoded.",
        ));
    }
    let reading = to_bytes(request.into_body(), LARGEST_FORM);
    let Ok(Ok(bytes)) = tokio::time::timeout(FORM_DEADLINE, reading).await else {
        return Err(misfit("The form is too large, or did not arrive."));
    };
    read_form(&bytes)
}

pub(super) fn read_form(bytes: &[u8]) -> ApiResult<TokenForm> {
    let mut form = TokenForm::default();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        let value = value.into_owned();
        let before = match &*name {
            "grant_type" => form.grant_type.replace(value).is_some(),
            "refresh_token" => form.refresh_token.replace(value).is_some(),
            "client_id" => form.client_id.replace(value).is_some(),
            "client_secret" => form.client_secret.replace(value.into()).is_some(),
            _ => false,
        };
        if before {
            return Err(misfit("A parameter of the form stands twice."));
        }
    }
    Ok(form)
}

/// Id and secret of RFC 7617; nothing without the header.
pub(super) fn basic(headers: &HeaderMap) -> ApiResult<Option<(String, Zeroizing<String>)>> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let unknown = || ApiError::from(ErrorCode::ServiceKeyRequired);
    let (scheme, encoded) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(unknown)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unknown());
    }
    let bytes = Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| unknown())?);
    let pair = std::str::from_utf8(&bytes).map_err(|_| unknown())?;
    let (client, secret) = pair.split_once(':').ok_or_else(unknown)?;
    Ok(Some((client.to_owned(), Zeroizing::new(secret.to_owned()))))
}

async fn issue_for(app: &Shared, holder: &Holder, org: String, id: &str) -> ApiResult<Issued> {
    if !is_session_id(&org) || id.parse::<ConnectionId>().is_err() {
        return Err(ErrorCode::NotFound.into());
    }
    let owner = Owner {
        tenant: holder.tenant.clone(),
        org,
    };
    // Of an organization that nobody knows nothing is written down, or a key could make up as many as it liked.
    connections::find(app.store.readers(), &owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let issued = fetch(app, &owner, id, holder).await;
    if let Err(error) = &issued
        && refusals::is_refusal(error)
    {
        let (sub, outcome) = (holder.actor(), error.code().entry().code);
        refusals::record(app, entry(&owner, &sub, id, outcome, None)).await?;
    }
    issued
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
        seconds_left: access.seconds_left(),
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
