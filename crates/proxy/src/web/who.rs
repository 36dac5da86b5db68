//! Who asks: from one `Authorization` header and the `Origin` it must fit (threat model, section 4).
//! Owns the order of refusals. A token anywhere else than in that header is not looked for (JW-8).

use super::admission;
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::refusals::journaled;
use crate::session::Principal;
use axum::extract::{FromRequestParts, MatchedPath};
use http::header::{AUTHORIZATION, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::Role;

/// The verified person behind a request.
pub(super) struct Who(pub(super) Principal);

impl FromRequestParts<Shared> for Who {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> ApiResult<Self> {
        let principal = app.sessions.verify(bearer(&parts.headers)?)?;
        let fits = check_origin(app, parts, &principal);
        journaled(app, &principal, Action::SessionUse, None, fits).await?;
        admission::claim(&parts.extensions, &principal.owner.tenant)?;
        let route = parts
            .extensions
            .get::<MatchedPath>()
            .map_or("", |path| path.as_str());
        // HubSpot's own limits pace the relay; a stream is one request however long.
        if !route.contains("/relay/") && !route.ends_with("/events") {
            app.limiter.check(&principal)?;
        }
        Ok(Self(principal))
    }
}

pub(super) fn bearer(headers: &HeaderMap) -> ApiResult<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(ErrorCode::SessionRequired)?;
    if values.next().is_some() {
        return Err(ApiError::with_detail(
            ErrorCode::InvalidRequest,
            "There is more than one Authorization header.",
        ));
    }
    let text = value.to_str().map_err(|_| ErrorCode::SessionRequired)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(ErrorCode::SessionRequired.into()),
    }
}

fn check_origin(app: &Shared, parts: &Parts, principal: &Principal) -> ApiResult<()> {
    let fits = match parts.headers.get(ORIGIN) {
        Some(origin) => origin.as_bytes() == principal.origin.as_bytes(),
        // Browsers send no Origin with a same-origin GET.
        None => {
            matches!(parts.method, Method::GET | Method::HEAD)
                && principal.origin == app.config.base_url
                && parts
                    .headers
                    .get("sec-fetch-site")
                    .is_some_and(|site| site == "same-origin")
        }
    };
    if fits {
        Ok(())
    } else {
        Err(ErrorCode::OriginMismatch.into())
    }
}

/// Refuses members and writes the refusal down (AR-4).
pub(super) async fn require_admin(
    app: &Shared,
    who: &Principal,
    action: Action,
    target: Option<&str>,
) -> ApiResult<()> {
    let allowed = match who.role {
        Role::Admin => Ok(()),
        Role::Member => Err(ErrorCode::RoleRequired.into()),
    };
    journaled(app, who, action, target, allowed).await
}
