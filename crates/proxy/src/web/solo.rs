//! `/v1/solo`: introducing a browser to a solo proxy by its launch link, and renewing its sessions.
//! Owns the proof of a browser's key. Tickets and assertions work once.

use super::json::Json as Body;
use crate::app::{LocalOrg, Shared};
use crate::config::check::is_session_id;
use crate::error::{ApiError, ApiResult};
use crate::random;
use crate::session::{now, unverified, validation};
use crate::store::journal::{self, Entry};
use crate::store::solo::{self, Device};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::ORIGIN;
use jsonwebtoken::{Algorithm, DecodingKey, decode};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::pkce::{is_encoded_32_bytes, sha256_base64url};
use portico_core::wire::{Launch, Launched, RenewSession, SessionToken};
use serde::Deserialize;
use zeroize::Zeroizing;

/// `typ` of an assertion.
pub(super) const ASSERTION_TYPE: &str = "portico-device+jwt";
/// Longest life of an assertion, in seconds.
pub(super) const ASSERTION_LIFE: i64 = 60;
const LEEWAY: i64 = 30;

/// `POST /v1/solo/launch`.
pub(super) async fn launch(
    State(app): State<Shared>,
    headers: HeaderMap,
    Body(request): Body<Launch>,
) -> ApiResult<Json<Launched>> {
    let local = local(&app)?;
    let origin = origin(&app, local, &headers)?;
    let ticket = Zeroizing::new(request.ticket);
    // Before the ticket is spent: a browser with an unusable key keeps its chance.
    let (key_x, key_y) = coordinates(&request.public_key)?;
    if !is_encoded_32_bytes(&ticket) {
        return Err(ErrorCode::LaunchInvalid.into());
    }
    let device = Device {
        id: random::id(),
        sub: local.settings.user.clone(),
        origin: origin.to_owned(),
        key_x,
        key_y,
    };
    let mut tx = app.store.begin().await?;
    if !solo::use_ticket(&mut tx, &local.owner, &sha256_base64url(&ticket)).await? {
        return Err(ErrorCode::LaunchInvalid.into());
    }
    solo::insert_device(&mut tx, &local.owner, &device).await?;
    let entry = Entry {
        owner: &local.owner,
        sub: &device.sub,
        action: Action::DeviceLaunch,
        target: Some(&device.id),
        outcome: "done",
        reason: None,
        session: None,
    };
    journal::record(&mut tx, entry).await?;
    let session = mint(local, &device)?;
    tx.commit().await?;
    Ok(Json(Launched {
        device_id: device.id,
        session,
    }))
}

/// The solo organization; the routes are there only where it is.
fn local(app: &Shared) -> ApiResult<&LocalOrg> {
    app.solo.as_ref().ok_or_else(|| ErrorCode::NotFound.into())
}

/// The CORS guard has let any tenant's origins through; here one of the solo organization's must be named.
fn origin<'a>(app: &Shared, local: &LocalOrg, headers: &'a HeaderMap) -> ApiResult<&'a str> {
    headers
        .get(ORIGIN)
        .and_then(|origin| origin.to_str().ok())
        .filter(|origin| {
            let tenants = app.sessions.tenants();
            let own = tenants.get(&local.owner.tenant);
            own.is_some_and(|own| own.origins.iter().any(|known| known == origin))
        })
        .ok_or_else(|| ErrorCode::OriginMismatch.into())
}

/// x and y of a P-256 key, checked to be a point of the curve.
pub(super) fn coordinates(jwk: &serde_json::Value) -> ApiResult<(String, String)> {
    let refuse =
        || ApiError::with_detail(ErrorCode::InvalidRequest, "public_key is not a P-256 key.");
    let text = |name: &str| jwk.get(name).and_then(serde_json::Value::as_str);
    let (Some("EC"), Some("P-256"), Some(x), Some(y)) =
        (text("kty"), text("crv"), text("x"), text("y"))
    else {
        return Err(refuse());
    };
    if !is_encoded_32_bytes(x) || !is_encoded_32_bytes(y) {
        return Err(refuse());
    }
    let mut point = vec![4_u8];
    for part in [x, y] {
        point.extend(URL_SAFE_NO_PAD.decode(part).map_err(|_| refuse())?);
    }
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| refuse())?;
    Ok((x.to_owned(), y.to_owned()))
}

fn mint(local: &LocalOrg, device: &Device) -> ApiResult<SessionToken> {
    local
        .issuer
        .mint(&device.sub, local.settings.role, &device.origin)
        .map_err(|error| {
            tracing::error!(error = %error, alert = true, "a session could not be signed");
            ErrorCode::Internal.into()
        })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assertion {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    pub(super) jti: String,
}

/// The device that an assertion says it comes from.
pub(super) fn named_device(assertion: &str) -> Option<String> {
    unverified(assertion, ASSERTION_TYPE)
        .filter(|head| head.algorithm == Algorithm::ES256 && is_session_id(&head.kid))
        .map(|head| head.kid)
}

/// What an assertion says, where this device signed it for this proxy and just now.
pub(super) fn verified(assertion: &str, device: &Device, base_url: &str) -> Option<Assertion> {
    let key = DecodingKey::from_ec_components(&device.key_x, &device.key_y).ok()?;
    let rules = validation(Algorithm::ES256, base_url, &device.id);
    let claims = decode::<Assertion>(assertion, &key, &rules).ok()?.claims;
    let life = claims.exp.checked_sub(claims.iat)?;
    let fits = claims.iss == device.id
        && claims.aud == base_url
        && (1..=ASSERTION_LIFE).contains(&life)
        && claims.iat <= now() + LEEWAY
        && is_session_id(&claims.jti);
    fits.then_some(claims)
}

/// `POST /v1/solo/session`.
pub(super) async fn renew(
    State(app): State<Shared>,
    headers: HeaderMap,
    Body(request): Body<RenewSession>,
) -> ApiResult<Json<SessionToken>> {
    let local = local(&app)?;
    let origin = origin(&app, local, &headers)?;
    let refused = || ApiError::from(ErrorCode::LaunchRequired);
    let assertion = Zeroizing::new(request.assertion);
    let named = named_device(&assertion).ok_or_else(refused)?;
    let device = solo::device(app.store.readers(), &local.owner, &named)
        .await?
        .filter(|device| device.origin == origin)
        .ok_or_else(refused)?;
    // A person the operator has since renamed is introduced anew.
    if device.sub != local.settings.user {
        return Err(refused());
    }
    let claims = verified(&assertion, &device, &app.config.base_url).ok_or_else(refused)?;
    let mut tx = app.store.begin().await?;
    if !solo::use_assertion(&mut tx, &local.owner, &device.id, &claims.jti).await? {
        return Err(refused());
    }
    tx.commit().await?;
    Ok(Json(mint(local, &device)?))
}
