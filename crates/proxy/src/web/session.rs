//! `GET /v1/session`: who the person is, what the plan allows, and what can be connected.

use super::who::Who;
use crate::app::Shared;
use crate::error::ApiResult;
use crate::session::Principal;
use crate::store::{connections, workspaces};
use axum::Json;
use axum::extract::State;
use portico_core::wire::{ProviderInfo, SessionInfo};

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
    let workspaces = workspaces::list(app.store.readers(), &who.owner).await?;
    let return_uris = return_uris(&app, &who);
    let providers = app
        .providers
        .iter()
        .map(|client| {
            let provider = client.description();
            ProviderInfo {
                provider: provider.provider,
                host: provider.host().to_owned(),
                client_id: provider.client_id.clone(),
                required_scopes: provider.required_scopes.clone(),
                optional_scopes: provider.optional_scopes.clone(),
                return_uris: return_uris.clone(),
            }
        })
        .collect();
    Ok(Json(SessionInfo {
        iss: who.owner.tenant,
        org: who.owner.org,
        sub: who.sub,
        role: who.role,
        plan: who.plan,
        connections_used,
        workspaces,
        providers,
        expires_at: who.expires_at,
    }))
}
