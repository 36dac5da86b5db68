//! Owns the token endpoint in every generation (platform 1.3): codes and refresh tokens become access tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::OAuthError;
use super::mint;
use crate::error::ApiError;
use crate::http::{Fields, Response};
use crate::judge::migration;
use crate::model::Health;
use crate::router::{Answer, Call};
use crate::state::{Holder, Install, State};

/// Scopes of the app itself, for the Webhooks Journal (platform 1.3).
const DEVELOPER_SCOPES: [&str; 5] = [
    "developer.webhooks_journal.read",
    "developer.webhooks_journal.snapshots.read",
    "developer.webhooks_journal.snapshots.write",
    "developer.webhooks_journal.subscriptions.read",
    "developer.webhooks_journal.subscriptions.write",
];

/// `POST /oauth/v1/token`: also takes the fields as query parameters; errors without RFC 6749's members.
pub(crate) fn v1(call: &mut Call<'_>) -> Answer {
    let mut fields = form(call)?;
    if fields.pairs().is_empty() {
        fields = call.query.clone();
    }
    migrating(call.state, &fields)?;
    let id = call.correlation_id;
    let takes_it = call.state.switches.v1_client_credentials;
    Ok(exchange(call.state, &fields, takes_it, call.now).unwrap_or_else(|error| error.v1(id)))
}

/// `POST /oauth/v3/token`, `/oauth/2026-03/token`, `/oauth/2026-09/token`: fields in the body only.
pub(crate) fn standard(call: &mut Call<'_>) -> Answer {
    let fields = form(call)?;
    migrating(call.state, &fields)?;
    // 2026-09 lists two grants only (platform 1.3).
    let takes_it = !call.request.path.starts_with("/oauth/2026-09/");
    let as_seen_live = call.state.switches.bad_refresh_is_invalid_request;
    let answer = exchange(call.state, &fields, takes_it, call.now);
    Ok(answer.unwrap_or_else(|error| match error {
        OAuthError::BadRefreshToken if as_seen_live => error.as_invalid_request(),
        error => error.standard(),
    }))
}

/// The form body; anything else is 415 (platform 1.3).
pub(crate) fn form(call: &Call<'_>) -> Result<Fields, ApiError> {
    match call.request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => Ok(Fields::parse(&call.request.body)),
        None if call.request.body.is_empty() => Ok(Fields::default()),
        _ => Err(ApiError::new(
            415,
            "The request body must be application/x-www-form-urlencoded.",
        )),
    }
}

/// Client id first, then the secret (platform 1.3).
pub(crate) fn client(state: &State, fields: &Fields) -> Result<String, OAuthError> {
    let app = fields
        .filled("client_id")
        .and_then(|id| state.app(id))
        .ok_or(OAuthError::BadClientId)?;
    match fields.filled("client_secret") {
        Some(secret) if secret == app.client_secret => Ok(app.client_id.clone()),
        _ => Err(OAuthError::BadClientSecret),
    }
}

/// With the switch on, 477 while the account behind a code or refresh token moves.
fn migrating(state: &State, fields: &Fields) -> Result<(), ApiError> {
    if !state.switches.migration_refuses_tokens {
        return Ok(());
    }
    let code = fields.filled("code").and_then(|code| state.codes.get(code));
    let token = fields.filled("refresh_token");
    let token = token.and_then(|token| state.refresh_tokens.get(token));
    let holder = code.map(|code| &code.holder).or(token.map(|t| &t.holder));
    match holder.and_then(|holder| Some(state.portals.get(&holder.portal)?.health)) {
        Some(Health::Migrating { retry_after }) => Err(migration(retry_after)),
        _ => Ok(()),
    }
}

fn exchange(
    state: &mut State,
    fields: &Fields,
    client_credentials: bool,
    now: u64,
) -> Result<Response, OAuthError> {
    let client_id = client(state, fields)?;
    match fields.filled("grant_type") {
        Some("authorization_code") => redeem(state, fields, &client_id, now),
        Some("refresh_token") => refresh(state, fields, &client_id, now),
        Some("client_credentials") if client_credentials => {
            developer_token(state, fields, &client_id, now)
        }
        _ => Err(OAuthError::BadGrantType),
    }
}

fn redeem(
    state: &mut State,
    fields: &Fields,
    client_id: &str,
    now: u64,
) -> Result<Response, OAuthError> {
    let key = fields.filled("code").ok_or(OAuthError::BadAuthCode)?;
    let code = state
        .codes
        .get(key)
        .filter(|code| code.holder.client_id == client_id)
        .ok_or(OAuthError::BadAuthCode)?;
    if code.expires_at <= now {
        return Err(OAuthError::ExpiredAuthCode);
    }
    let redirect_uri = fields
        .filled("redirect_uri")
        .ok_or(OAuthError::BadRedirectUri)?;
    if url::Url::parse(redirect_uri).is_err() {
        return Err(OAuthError::BadRedirectUri);
    }
    if redirect_uri != code.redirect_uri {
        return Err(OAuthError::MismatchRedirectUriAuthCode);
    }
    if let Some(challenge) = code
        .challenge
        .as_ref()
        .filter(|_| !state.switches.ignore_pkce)
    {
        let verifier = fields
            .filled("code_verifier")
            .ok_or(OAuthError::BadCodeVerifier)?;
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
            return Err(OAuthError::BadCodeVerifier);
        }
    }
    let holder = code.holder.clone();
    alive(state, &holder)?;
    configured(state, &holder)?;
    // Only now: a refused try leaves the code for the right one.
    state.codes.remove(key);
    if state.switches.reinstall_kills_refresh_tokens {
        state.revoke_grant(client_id, holder.portal);
    }
    replace_grant(state, &holder);
    let install = (client_id.to_owned(), holder.portal);
    let since = state.installs.get(&install).map(|install| install.since);
    if since.is_none() {
        let app_id = state.app(client_id).map_or(0, |app| app.app_id);
        let app_id = app_id.to_string();
        state.log_security(holder.portal, "INSTALL_INTEGRATION", &app_id, now);
    }
    state.installs.insert(
        install,
        Install {
            scopes: holder.scopes.clone(),
            since: since.unwrap_or(now),
        },
    );
    let refresh_token = mint::refresh_token(state, holder.clone(), now);
    Ok(granted(state, holder, refresh_token, now))
}

/// What was granted now replaces what the account granted before: its refresh tokens give the new set, access tokens in
/// hand keep theirs (platform 1.6).
fn replace_grant(state: &mut State, granted: &Holder) {
    let tokens = state.refresh_tokens.values_mut();
    let earlier = tokens.map(|token| &mut token.holder).filter(|holder| {
        (&holder.client_id, holder.portal) == (&granted.client_id, granted.portal)
    });
    for holder in earlier {
        holder.scopes.clone_from(&granted.scopes);
    }
}

fn refresh(
    state: &mut State,
    fields: &Fields,
    client_id: &str,
    now: u64,
) -> Result<Response, OAuthError> {
    let key = fields
        .filled("refresh_token")
        .ok_or(OAuthError::BadRefreshToken)?;
    let token = state
        .refresh_tokens
        .get(key)
        .filter(|token| token.holder.client_id == client_id)
        .ok_or(OAuthError::BadRefreshToken)?;
    let (holder, issued_at) = (token.holder.clone(), token.issued_at);
    alive(state, &holder)?;
    if let Some(Health::RefreshDies { after_ms }) =
        state.portals.get(&holder.portal).map(|p| p.health)
        && issued_at.saturating_add(after_ms) <= now
    {
        state.refresh_tokens.remove(key);
        return Err(OAuthError::BadRefreshToken);
    }
    let lost = &state.credentials.without_rights;
    let user_level = state.app(client_id).is_some_and(|app| app.user_level);
    if user_level && lost.contains(&(holder.portal, holder.user_id)) {
        // A user-level app's grant follows its user (platform 1.6).
        return Err(OAuthError::BadRefreshToken);
    }
    if let Some(scope) = fields.filled("scope")
        && scope
            .split_whitespace()
            .any(|asked| !holder.scopes.iter().any(|held| held == asked))
    {
        return Err(OAuthError::BadScopes);
    }
    if state.switches.refuse_refresh_on_scope_lag {
        configured(state, &holder)?;
    }
    let refresh_token = if state.switches.rotate_refresh_tokens {
        state.refresh_tokens.remove(key);
        mint::refresh_token(state, holder.clone(), now)
    } else {
        key.to_owned()
    };
    Ok(granted(state, holder, refresh_token, now))
}

/// `client_credentials` (platform 1.3): a bearer for the app itself, without refresh token. `scope` may name the developer
/// scopes and what the app may ask of accounts.
fn developer_token(
    state: &mut State,
    fields: &Fields,
    client_id: &str,
    now: u64,
) -> Result<Response, OAuthError> {
    let app = state.app(client_id).ok_or(OAuthError::BadClientId)?;
    if app.user_level {
        return Err(OAuthError::UserLevelClientCredentialsNotSupported);
    }
    let asked = fields.filled("scope").unwrap_or_default();
    let configured = |name: &str| {
        let lists = [
            &app.required_scopes,
            &app.optional_scopes,
            &app.conditionally_required_scopes,
        ];
        lists.iter().any(|list| list.iter().any(|own| own == name))
    };
    if !asked
        .split_whitespace()
        .all(|name| DEVELOPER_SCOPES.contains(&name) || configured(name))
    {
        return Err(OAuthError::BadScopes);
    }
    let scopes = mint::ordered(asked.split_whitespace().map(str::to_owned));
    let access_token = mint::developer_token(state, client_id, scopes.clone(), now);
    let mut response = Response::json(
        200,
        &TokenAnswer {
            token_type: "bearer",
            token_use: "client_credentials",
            access_token: &access_token,
            refresh_token: None,
            expires_in: state.switches.access_token_lifetime.as_secs(),
            hub_id: state.credentials.developer_account,
            user_id: None,
            scopes,
        },
    );
    response.set("cache-control", "no-store");
    Ok(response)
}

/// The account must still be there.
fn alive(state: &State, holder: &Holder) -> Result<(), OAuthError> {
    match state
        .portals
        .get(&holder.portal)
        .map(|portal| portal.health)
    {
        None | Some(Health::Gone) => Err(OAuthError::BadHub),
        Some(_) => Ok(()),
    }
}

/// The grant must hold what the app requires now.
fn configured(state: &State, holder: &Holder) -> Result<(), OAuthError> {
    let fits = state.app(&holder.client_id).is_some_and(|app| {
        app.required_scopes
            .iter()
            .all(|scope| holder.scopes.contains(scope))
    });
    if fits {
        Ok(())
    } else {
        Err(OAuthError::BadScopes)
    }
}

#[derive(Serialize)]
struct TokenAnswer<'a> {
    token_type: &'a str,
    token_use: &'a str,
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    expires_in: u64,
    hub_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<u64>,
    scopes: Vec<String>,
}

fn granted(state: &mut State, holder: Holder, refresh_token: String, now: u64) -> Response {
    let (hub_id, user_id) = (holder.portal, holder.user_id);
    let scopes = mint::shown(state, &holder.scopes);
    let access_token = mint::access_token(state, holder, now);
    let mut response = Response::json(
        200,
        &TokenAnswer {
            token_type: "bearer",
            token_use: "access_token",
            access_token: &access_token,
            refresh_token: Some(&refresh_token),
            expires_in: state.switches.access_token_lifetime.as_secs(),
            hub_id,
            user_id: Some(user_id),
            scopes,
        },
    );
    response.set("cache-control", "no-store");
    response
}
