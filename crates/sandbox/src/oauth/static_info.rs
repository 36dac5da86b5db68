//! Owns the introspection of static credentials (platform 2). Who holds them is `credentials.rs`.

use serde_json::{Value, json};

use super::mint;
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::page::json_body;
use crate::judge::{bearer, migration};
use crate::model::Health;
use crate::router::{Answer, Call};

/// `POST /oauth/v2/private-apps/get/access-token-info`, `{"tokenKey":"pat-…"}`: no scope needed; tokens of data centres
/// other than na1 must also be the bearer. Works for private apps, static apps and service keys.
///
/// Errors: 400 without `tokenKey`, 401 for a bearer that is missing where it must be or unknown, 404 for an unknown token.
pub(crate) fn access_token_info(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let key = body
        .get("tokenKey")
        .and_then(Value::as_str)
        .filter(|key| !key.is_empty())
        .ok_or_else(|| ApiError::validation("Some required fields were not set: [tokenKey]"))?;
    let state = &*call.state;
    let sent = call.request.header("authorization").is_some();
    let authorised = bearer(call.request)
        .is_some_and(|token| state.credentials.app_of(token, call.now).is_some());
    if sent && !authorised {
        return Err(ApiError::no_credentials());
    }
    let app = state.credentials.app_of(key, call.now);
    let found = app.and_then(|app| Some((app, state.portals.get(&app.portal)?)));
    let Some((app, portal)) = found.filter(|(_, portal)| portal.health != Health::Gone) else {
        // Where the token would live decides whether anybody may ask.
        return Err(if authorised || key.starts_with("pat-na1-") {
            ApiError::not_found("missing or unknown access token")
        } else {
            ApiError::no_legacy_credentials()
        });
    };
    if portal.hublet != "na1" && bearer(call.request) != Some(key) {
        return Err(ApiError::no_legacy_credentials());
    }
    if let Health::Migrating { retry_after } = portal.health {
        return Err(migration(retry_after));
    }
    Ok(Response::json(
        200,
        &json!({
            "userId": app.user_id,
            "hubId": app.portal,
            "appId": app.app_id,
            "scopes": mint::shown(state, &app.scopes),
        }),
    ))
}
