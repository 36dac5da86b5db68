//! Session tokens (threat model, section 4): who issues them, and what a request must show.
//! Owns header and claim rules. Keeps no session: a token is all there is.

use crate::config::KeyAlgorithm;
use crate::config::check::is_session_id;
use crate::partner_key::{PublicKey, SessionOf};
use crate::tenants::{Live, Tenants, VerifyingKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation, decode, encode};
use portico_core::error::ErrorCode;
use portico_core::wire::{Plan, Role, SessionToken, UnixSeconds};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// `typ` of a session token.
pub(crate) const SESSION_TYPE: &str = "portico-session+jwt";
/// Longest life of a session, in seconds.
pub(crate) const SESSION_LIFE: i64 = 600;
/// Clocks may differ by this many seconds.
const LEEWAY: i64 = 30;
const MAX_TOKEN_BYTES: usize = 4096;
pub(crate) const MAX_PLAN: u32 = 100_000;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) owner: crate::store::Owner,
    pub(crate) sub: String,
    pub(crate) role: Role,
    pub(crate) plan: Plan,
    pub(crate) origin: String,
    pub(crate) jti: String,
    pub(crate) expires_at: UnixSeconds,
    /// What verified the token; nothing where work goes on after the request, without one.
    pub(crate) key: Option<Arc<VerifyingKey>>,
}

/// The tenants in force and what their tokens must be addressed to.
pub(crate) struct Sessions {
    audience: String,
    live: Live,
}

/// JOSE header with nothing in it that could steer verification: other members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    sub: String,
    org: String,
    role: Role,
    plan: Plan,
    origin: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    jti: String,
}

impl Claims {
    /// Of a session that begins now.
    pub(crate) fn of(of: SessionOf) -> Self {
        let iat = now();
        Self {
            iss: of.issuer,
            aud: of.audience,
            sub: of.sub,
            org: of.org,
            role: of.role,
            plan: Plan {
                max_connections: of.max_connections,
            },
            origin: of.origin,
            iat,
            exp: iat + SESSION_LIFE,
            nbf: None,
            jti: crate::random::id(),
        }
    }
}

#[derive(Deserialize)]
struct Issuer {
    iss: String,
}

/// A token taken apart, nothing in it believed yet.
pub(crate) struct Unverified {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: String,
}

/// Reads the header of a compact JWT, strictly.
pub(crate) fn unverified(token: &str, typ: &str) -> Option<Unverified> {
    if token.len() > MAX_TOKEN_BYTES || token.matches('.').count() != 2 {
        return None;
    }
    let header: StrictHeader = part(token, 0)?;
    let algorithm = match header.alg.as_str() {
        "ES256" => Algorithm::ES256,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    };
    (header.typ == typ).then_some(Unverified {
        algorithm,
        kid: header.kid,
    })
}

/// A part of a compact JWT as JSON.
fn part<T: DeserializeOwned>(token: &str, index: usize) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Validation without the library's permissive defaults.
pub(crate) fn validation(algorithm: Algorithm, audience: &str, issuer: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY.unsigned_abs();
    validation
}

impl Sessions {
    pub(crate) fn new(audience: String, tenants: Tenants) -> Self {
        let live = Live::new(tenants);
        Self { audience, live }
    }

    /// The tenants in force.
    pub(crate) fn tenants(&self) -> Arc<Tenants> {
        self.live.now()
    }

    /// Puts others in force at once.
    pub(crate) fn replace(&self, tenants: Tenants) {
        self.live.replace(tenants);
    }

    /// Hears of every later replacement.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.live.changes()
    }

    /// Whether a session that was good still is, its time left aside: tenant, key and origin are still there.
    pub(crate) fn admit(&self, who: &Principal) -> bool {
        let tenants = self.tenants();
        let tenant = tenants.get(&who.owner.tenant);
        tenant.zip(who.key.as_ref()).is_some_and(|(tenant, key)| {
            tenant.has_key(key) && tenant.origins.contains(&who.origin)
        })
    }

    /// The person behind a bearer token. Every fault answers the same, save that of a token that ran out.
    pub(crate) fn verify(&self, token: &str) -> Result<Principal, ErrorCode> {
        let refused = ErrorCode::SessionRequired;
        let head = unverified(token, SESSION_TYPE).ok_or(refused)?;
        let Issuer { iss } = part(token, 1).ok_or(refused)?;
        let tenants = self.tenants();
        let tenant = tenants.get(&iss).ok_or(refused)?;
        let key = tenant.keys.get(&head.kid).ok_or(refused)?;
        let algorithm = key.public.algorithm.jose();
        if algorithm != head.algorithm {
            return Err(refused);
        }
        let rules = validation(algorithm, &self.audience, &iss);
        let claims = match decode::<Claims>(token, &key.decoding, &rules) {
            Ok(token) => token.claims,
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => {
                return Err(ErrorCode::SessionExpired);
            }
            Err(_) => return Err(refused),
        };
        let life = claims.exp.checked_sub(claims.iat).ok_or(refused)?;
        let fits = (1..=SESSION_LIFE).contains(&life)
            && claims.iat <= now() + LEEWAY
            && is_session_id(&claims.sub)
            && is_session_id(&claims.org)
            && claims.plan.max_connections <= MAX_PLAN
            && (1..=128).contains(&claims.jti.len())
            && claims.jti.bytes().all(|byte| byte.is_ascii_graphic())
            && tenant.origins.contains(&claims.origin);
        if !fits {
            return Err(refused);
        }
        Ok(Principal {
            owner: crate::store::Owner {
                tenant: claims.iss,
                org: claims.org,
            },
            sub: claims.sub,
            role: claims.role,
            plan: claims.plan,
            origin: claims.origin,
            jti: claims.jti,
            expires_at: claims.exp,
            key: Some(Arc::clone(key)),
        })
    }
}

/// The issuer of a solo proxy: signs for its one organization.
pub(crate) struct LocalIssuer {
    pub(crate) iss: String,
    pub(crate) kid: String,
    audience: String,
    org: String,
    max_connections: u32,
    key: EncodingKey,
    verifying: Arc<VerifyingKey>,
}

/// A key could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("the local issuer's key cannot be used")]
pub(crate) struct BadIssuerKey;

/// A fresh P-256 private key as PKCS#8.
pub(crate) fn new_issuer_key() -> Result<Zeroizing<Vec<u8>>, BadIssuerKey> {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| BadIssuerKey)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

impl LocalIssuer {
    pub(crate) fn new(
        iss: String,
        kid: String,
        audience: String,
        org: String,
        max_connections: u32,
        pkcs8: &[u8],
    ) -> Result<Self, BadIssuerKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_| BadIssuerKey)?;
        let public = PublicKey::new(KeyAlgorithm::ES256, pair.public_key().as_ref().to_vec())
            .map_err(|_| BadIssuerKey)?;
        Ok(Self {
            iss,
            kid,
            audience,
            org,
            max_connections,
            key: EncodingKey::from_ec_der(pkcs8),
            verifying: Arc::new(public.into()),
        })
    }

    /// What verifies its tokens, by `kid`.
    pub(crate) fn verifying(&self) -> (String, Arc<VerifyingKey>) {
        (self.kid.clone(), Arc::clone(&self.verifying))
    }

    /// A session of [`SESSION_LIFE`] seconds, bound to one origin.
    pub(crate) fn mint(
        &self,
        sub: &str,
        role: Role,
        origin: &str,
    ) -> Result<SessionToken, BadIssuerKey> {
        let claims = Claims::of(SessionOf {
            issuer: self.iss.clone(),
            audience: self.audience.clone(),
            sub: sub.to_owned(),
            org: self.org.clone(),
            role,
            max_connections: self.max_connections,
            origin: origin.to_owned(),
        });
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(SESSION_TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        let token = encode(&header, &claims, &self.key).map_err(|_| BadIssuerKey)?;
        Ok(SessionToken {
            token,
            expires_at: claims.exp,
        })
    }
}

/// Session times are compared with the issuer's clock, so this is the wall clock, not the database's.
pub(crate) fn now() -> UnixSeconds {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
        })
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
