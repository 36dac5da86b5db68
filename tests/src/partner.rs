//! A partner's backend: holds a key pair, stands in the proxy's configuration, and signs sessions by itself.

use crate::caller::Caller;
use portico_core::wire::Role;
use portico_proxy::PartnerKey;
use portico_proxy::config::{Backend, Config, KeyAlgorithm, Tenant, TenantKey};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Seconds since 1970.
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

/// One partner.
pub struct Partner {
    /// `iss` of its tokens.
    pub issuer: String,
    /// Where its page stands.
    pub origin: String,
    /// Name of its present key.
    pub kid: String,
    /// That key.
    pub key: PartnerKey,
}

impl Partner {
    /// `https://{host}` with its page on `https://app.{host}`.
    pub fn new(host: &str, algorithm: KeyAlgorithm) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            issuer: format!("https://{host}"),
            origin: format!("https://app.{host}"),
            kid: format!("2026-{number}"),
            key: PartnerKey::generate(algorithm).unwrap(),
        }
    }

    /// Replaces the key; answers the former one as the configuration knows it.
    pub fn rotate(&mut self, algorithm: KeyAlgorithm) -> TenantKey {
        let former = self.tenant_key();
        let fresh = Self::new("unused", algorithm);
        (self.kid, self.key) = (fresh.kid, fresh.key);
        former
    }

    /// Its key's block in the configuration.
    pub fn tenant_key(&self) -> TenantKey {
        TenantKey {
            kid: self.kid.clone(),
            alg: self.key.algorithm(),
            public_key: self.key.public_key(),
        }
    }

    /// Its block in the configuration: trusted, so that flows need no confirmation.
    pub fn tenant(&self) -> Tenant {
        Tenant {
            issuer: self.issuer.clone(),
            keys: vec![self.tenant_key()],
            origins: vec![self.origin.clone()],
            return_uris: vec![self.return_uri()],
            name: None,
            backend: Backend::default(),
            trusted: true,
        }
    }

    /// Its return page.
    pub fn return_uri(&self) -> String {
        format!("{}/return.html", self.origin)
    }

    /// A good header.
    pub fn header(&self) -> Value {
        json!({
            "alg": self.key.algorithm().to_string(), "typ": "portico-session+jwt", "kid": self.kid,
        })
    }

    /// Good claims for a proxy.
    pub fn claims(&self, config: &Config, org: &str, sub: &str, role: Role) -> Value {
        // One reading: a second more between two would be a session too long to be taken.
        let now = now();
        json!({
            "iss": self.issuer, "aud": config.base_url, "sub": sub, "org": org, "role": role,
            "plan": { "max_connections": 10 }, "origin": self.origin,
            "iat": now, "exp": now + 600, "jti": format!("j{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        })
    }

    /// A token of any header and claims, correctly signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.key
            .sign(&header.to_string(), &claims.to_string())
            .unwrap()
    }

    /// Its page with somebody signed in.
    pub fn caller(&self, config: &Config, org: &str, sub: &str, role: Role) -> Caller {
        let token = self.sign(&self.header(), &self.claims(config, org, sub, role));
        self.page(config, token)
    }

    /// Its page with any token.
    pub fn page(&self, config: &Config, token: String) -> Caller {
        Caller::new(config.clone(), token, self.origin.clone())
    }
}
