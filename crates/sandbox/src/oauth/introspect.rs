//! Owns what can be asked and done about a token: introspection, revocation, v1 metadata, uninstall (platform 1.4, 1.6).

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the router's"
)]

use serde_json::{Map, Value, json};

use super::error::OAuthError;
use super::mint;
use super::token::{client, form};
use crate::control::scenarios;
use crate::credentials::Credential;
use crate::error::ApiError;
use crate::http::{Fields, Response};
use crate::rng::Rng;
use crate::router::{Answer, Call};
use crate::scopes;
use crate::state::{Distribution, Holder, State};
use crate::time::SECOND;

/// The token asked about; the guide and the schema name the field differently, so all three are read.
fn asked(fields: &Fields) -> Option<&str> {
    ["token", "access_token", "refresh_token"]
        .into_iter()
        .find_map(|name| fields.filled(name))
}

/// Members both kinds of token share.
fn describe(state: &State, token: &str, holder: &Holder) -> Map<String, Value> {
    let domain = state
        .portals
        .get(&holder.portal)
        .map(|portal| portal.hub_domain.clone());
    let mut body = Map::new();
    body.insert("token".into(), json!(token));
    body.insert("hub_id".into(), json!(holder.portal));
    body.insert("user_id".into(), json!(holder.user_id));
    body.insert("user".into(), json!(holder.email));
    body.insert("hub_domain".into(), json!(domain.unwrap_or_default()));
    body.insert("scopes".into(), json!(mint::shown(state, &holder.scopes)));
    body
}

fn app_id(state: &State, holder: &Holder) -> u64 {
    state.app(&holder.client_id).map_or(0, |app| app.app_id)
}

fn is_private(state: &State, holder: &Holder) -> bool {
    state
        .app(&holder.client_id)
        .is_some_and(|app| app.distribution == Distribution::Private)
}

/// Stable per app and account.
fn install_id(holder: &Holder) -> u64 {
    Rng::fork(holder.portal, &holder.client_id).below(1 << 31)
}

fn signed(state: &State, token: &str, holder: &Holder, expires_at: u64) -> Value {
    let portal = state.portals.get(&holder.portal);
    // Not a signature: HubSpot's key is HubSpot's. Stable per token, so that answers repeat.
    let signature: String = token.chars().rev().take(43).collect();
    let trial: Vec<String> = portal
        .map(|portal| scopes::of_trial(&holder.scopes, portal).cloned().collect())
        .unwrap_or_default();
    json!({
        "expiresAt": expires_at,
        "scopes": mint::shown(state, &holder.scopes).join(" "),
        "hubId": holder.portal,
        "userId": holder.user_id,
        "appId": app_id(state, holder),
        "signature": signature,
        "scopeToScopeGroupPks": "",
        "newSignature": signature,
        "hublet": portal.map_or("na1", |portal| portal.hublet),
        "trialScopes": mint::shown(state, &trial).join(" "),
        "trialScopeToScopeGroupPks": "",
        "isUserLevel": state.app(&holder.client_id).is_some_and(|app| app.user_level),
        "isPrivateDistribution": is_private(state, holder),
        "appInstallId": install_id(holder),
        // Declared without a value anywhere; tokens are for the API alone.
        "audience": "hubapi",
        "installingUserId": holder.user_id,
        "isServiceAccount": false,
    })
}

/// `POST /oauth/{v3|dated}/token/introspect`: unknown or dead tokens are `{"active":false}`.
pub(crate) fn introspect(call: &mut Call<'_>) -> Answer {
    let fields = form(call)?;
    let client_id = match client(call.state, &fields) {
        Ok(client_id) => client_id,
        Err(error) => return Ok(error.standard()),
    };
    let body = asked(&fields).and_then(|token| active(call.state, token, &client_id, call.now));
    let mut response = Response::json(200, &body.unwrap_or_else(|| json!({ "active": false })));
    response.set("cache-control", "no-store");
    Ok(response)
}

fn active(state: &State, token: &str, client_id: &str, now: u64) -> Option<Value> {
    let mine = |holder: &Holder| holder.client_id == client_id;
    if let Some(record) = state.access_tokens.get(token) {
        if !mine(&record.holder) || record.expires_at <= now {
            return None;
        }
        let mut body = describe(state, token, &record.holder);
        body.insert("active".into(), json!(true));
        body.insert("client_id".into(), json!(client_id));
        body.insert("app_id".into(), json!(app_id(state, &record.holder)));
        body.insert(
            "signed_access_token".into(),
            signed(state, token, &record.holder, record.expires_at),
        );
        body.insert(
            "expires_in".into(),
            json!((record.expires_at - now) / SECOND),
        );
        body.insert(
            "is_private_distribution".into(),
            json!(is_private(state, &record.holder)),
        );
        body.insert("token_use".into(), json!("access_token"));
        body.insert("token_type".into(), json!("Bearer"));
        return Some(Value::Object(body));
    }
    if let Some(record) = state.credentials.developer_tokens.get(token) {
        return (record.client_id == client_id && record.expires_at > now).then(|| {
            json!({
                "active": true,
                "token": token,
                "client_id": client_id,
                "app_id": state.app(client_id).map_or(0, |app| app.app_id),
                "hub_id": state.credentials.developer_account,
                "scopes": record.scopes,
                "expires_in": (record.expires_at - now) / SECOND,
                "token_use": "client_credentials",
                "token_type": "Bearer",
            })
        });
    }
    let record = state
        .refresh_tokens
        .get(token)
        .filter(|record| mine(&record.holder))?;
    let mut body = describe(state, token, &record.holder);
    body.insert("active".into(), json!(true));
    body.insert("client_id".into(), json!(client_id));
    body.insert("app_id".into(), json!(app_id(state, &record.holder)));
    body.insert("token_use".into(), json!("refresh_token"));
    body.insert("token_type".into(), json!("Bearer"));
    Some(Value::Object(body))
}

/// `POST /oauth/{v3|dated}/token/revoke`: no cascade to access tokens; 200 for unknown tokens too (RFC 7009).
pub(crate) fn revoke(call: &mut Call<'_>) -> Answer {
    let fields = form(call)?;
    let client_id = match client(call.state, &fields) {
        Ok(client_id) => client_id,
        Err(error) => return Ok(error.standard()),
    };
    if let Some(token) = asked(&fields) {
        let state = &mut *call.state;
        scenarios::forget_token(state, token, &client_id);
        if state
            .refresh_tokens
            .get(token)
            .is_some_and(|t| t.holder.client_id == client_id)
        {
            state.refresh_tokens.remove(token);
        } else if state
            .access_tokens
            .get(token)
            .is_some_and(|t| t.holder.client_id == client_id)
        {
            state.access_tokens.remove(token);
        } else {
            let tokens = &mut state.credentials.developer_tokens;
            if tokens.get(token).is_some_and(|t| t.client_id == client_id) {
                tokens.remove(token);
            }
        }
    }
    Ok(Response::empty(200))
}

/// `GET /oauth/v1/access-tokens/{token}`: no credential beyond the token itself.
pub(crate) fn v1_access_token(call: &mut Call<'_>) -> Answer {
    let token = call.param("token");
    let record = call
        .state
        .access_tokens
        .get(token)
        .filter(|record| record.expires_at > call.now)
        .ok_or_else(|| ApiError::not_found("missing or unknown access token"))?;
    let mut body = describe(call.state, token, &record.holder);
    body.insert("app_id".into(), json!(app_id(call.state, &record.holder)));
    body.insert(
        "signed_access_token".into(),
        signed(call.state, token, &record.holder, record.expires_at),
    );
    body.insert(
        "expires_in".into(),
        json!((record.expires_at - call.now) / SECOND),
    );
    body.insert("token_type".into(), json!("access"));
    body.insert(
        "is_private_distribution".into(),
        json!(is_private(call.state, &record.holder)),
    );
    Ok(Response::json(200, &body))
}

/// `GET /oauth/v1/refresh-tokens/{token}`.
pub(crate) fn v1_refresh_token(call: &mut Call<'_>) -> Answer {
    let token = call.param("token");
    let id = call.correlation_id;
    let Some(record) = call.state.refresh_tokens.get(token) else {
        return Ok(OAuthError::BadRefreshToken.v1(id));
    };
    let mut body = describe(call.state, token, &record.holder);
    body.insert("client_id".into(), json!(record.holder.client_id));
    body.insert("token_type".into(), json!("refresh"));
    Ok(Response::json(200, &body))
}

/// `DELETE /oauth/v1/refresh-tokens/{token}`: does not uninstall and kills no access token.
pub(crate) fn v1_delete_refresh_token(call: &mut Call<'_>) -> Answer {
    let token = call.param("token").to_owned();
    call.state.refresh_tokens.remove(&token);
    Ok(Response::empty(204))
}

/// `DELETE /appinstalls/{version}/external-install`: every token of this app in this portal dies.
pub(crate) fn uninstall(call: &mut Call<'_>) -> Answer {
    let holder = call.holder.clone().ok_or_else(ApiError::no_credentials)?;
    if !matches!(call.credential, Credential::OAuth { .. }) {
        return Err(ApiError::new(
            403,
            "Only the OAuth access token of an install removes the app.",
        ));
    }
    let app_id = app_id(call.state, &holder).to_string();
    call.state
        .log_security(holder.portal, "UNINSTALL_INTEGRATION", &app_id, call.now);
    call.state.uninstall(&holder.client_id, holder.portal);
    Ok(Response::empty(204))
}
