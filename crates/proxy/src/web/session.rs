//! `GET /v1/session`: who the person is, what the plan allows, and what can be connected.

use super::who::Who;
use crate::app::Shared;
use crate::error::ApiResult;
use crate::session::Principal;
use crate::store::connections;
use axum::Json;
use axum::extract::State;
use portico_core::wire::{Provider, ProviderInfo, SessionInfo};

/// Return addresses of the person's own tenant that pages of an origin may use: flows come back to where they
/// began.
pub(super) fn return_uris(app: &Shared, who: &Principal) -> Vec<String> {
    let tenants = app.sessions.tenants();
    let mut uris = tenants
        .get(&who.owner.tenant)
        .map(|tenant| tenant.return_uris.clone())
        .unwrap_or_default();
    uris.retain(|uri| {
        url::Url::parse(uri).is_ok_and(|url| url.origin().ascii_serialization() == who.origin)
    });
    uris
}

/// Answers the session's facts.
pub(super) async fn show(State(app): State<Shared>, Who(who): Who) -> ApiResult<Json<SessionInfo>> {
    let connections_used = connections::count(app.store.readers(), &who.owner).await?;
    let hubspot = &app.config.hubspot;
    let host = hubspot
        .authorize_base
        .split("://")
        .nth(1)
        .unwrap_or_default();
    let provider = ProviderInfo {
        provider: Provider::Hubspot,
        host: host.to_owned(),
        client_id: hubspot.client_id.clone(),
        required_scopes: hubspot.required_scopes.clone(),
        optional_scopes: hubspot.optional_scopes.clone(),
        return_uris: return_uris(&app, &who),
    };
    Ok(Json(SessionInfo {
        iss: who.owner.tenant,
        org: who.owner.org,
        sub: who.sub,
        role: who.role,
        plan: who.plan,
        connections_used,
        providers: vec![provider],
        expires_at: who.expires_at,
    }))
}
