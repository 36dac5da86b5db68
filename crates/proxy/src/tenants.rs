//! Who may issue sessions, live: the set is replaced as a whole, and whoever asks sees one whole set.
//! Owns what a tenant may do. Knows no token; that is `session`'s.

use crate::config::{self, Config};
use crate::partner_key::PublicKey;
use crate::service_keys::ServiceKeys;
use crate::session::LocalIssuer;
use jsonwebtoken::DecodingKey;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// A key that verifies, beside its bytes: a `kid` may come back with another key.
pub(crate) struct VerifyingKey {
    pub(crate) public: PublicKey,
    pub(crate) decoding: DecodingKey,
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.public.fmt(f)
    }
}

impl From<PublicKey> for VerifyingKey {
    fn from(public: PublicKey) -> Self {
        let decoding = public.decoding();
        Self { public, decoding }
    }
}

/// One partner: one token issuer.
pub(crate) struct Tenant {
    pub(crate) keys: HashMap<String, Arc<VerifyingKey>>,
    /// Origins its sessions may name.
    pub(crate) origins: Vec<String>,
    /// Pages its flows may return to.
    pub(crate) return_uris: Vec<String>,
    /// What people know it by.
    pub(crate) name: Option<String>,
    /// Whether its flows go without the confirmation page.
    pub(crate) trusted: bool,
}

impl Tenant {
    /// A configured partner. A key that cannot be read verifies nothing; `Config::check` has refused it before.
    fn of(tenant: &config::Tenant) -> Self {
        let keys = tenant.keys.iter().filter_map(|key| {
            let public = PublicKey::read(key.alg, &key.public_key).ok()?;
            Some((key.kid.clone(), Arc::new(public.into())))
        });
        Self {
            keys: keys.collect(),
            origins: tenant.origins.clone(),
            return_uris: tenant.return_uris.clone(),
            name: tenant.name.clone(),
            trusted: tenant.trusted,
        }
    }

    /// Whether it still has this very key, under whatever name.
    pub(crate) fn has_key(&self, key: &VerifyingKey) -> bool {
        self.keys.values().any(|own| own.public == key.public)
    }
}

/// All tenants at one moment.
pub(crate) struct Tenants {
    by_issuer: HashMap<String, Tenant>,
    origins: HashSet<String>,
    /// Of every tenant whose backend may fetch tokens.
    pub(crate) service_keys: ServiceKeys,
}

impl Tenants {
    pub(crate) fn new(app: &str, by_issuer: HashMap<String, Tenant>) -> Self {
        let listed = by_issuer.values().flat_map(|tenant| tenant.origins.iter());
        let origins = listed.cloned().chain([app.to_owned()]).collect();
        Self {
            by_issuer,
            origins,
            service_keys: ServiceKeys::default(),
        }
    }

    /// The configured partners, and the solo organization where there is one.
    pub(crate) fn of(config: &Config, issuer: Option<&LocalIssuer>) -> Self {
        let mut by_issuer: HashMap<String, Tenant> = config
            .tenants
            .iter()
            .map(|tenant| (tenant.issuer.clone(), Tenant::of(tenant)))
            .collect();
        if let (Some(issuer), Some(solo)) = (issuer, &config.solo) {
            let tenant = Tenant {
                keys: [issuer.verifying()].into(),
                origins: config.solo_origins(solo),
                return_uris: config.solo_return_uris(solo),
                name: None,
                trusted: true,
            };
            by_issuer.insert(issuer.iss.clone(), tenant);
        }
        let partners = config
            .tenants
            .iter()
            .map(|tenant| (tenant.issuer.as_str(), &tenant.backend));
        let solo = issuer
            .zip(config.solo.as_ref())
            .map(|(issuer, solo)| (issuer.iss.as_str(), &solo.backend));
        Self {
            service_keys: ServiceKeys::new(partners.chain(solo)),
            ..Self::new(&config.base_url, by_issuer)
        }
    }

    pub(crate) fn get(&self, issuer: &str) -> Option<&Tenant> {
        self.by_issuer.get(issuer)
    }

    /// Whether any tenant, or the app itself, lists the origin.
    pub(crate) fn list_origin(&self, origin: &str) -> bool {
        self.origins.contains(origin)
    }
}

/// The set in force.
pub(crate) struct Live {
    now: RwLock<Arc<Tenants>>,
    changed: watch::Sender<()>,
}

impl Live {
    pub(crate) fn new(tenants: Tenants) -> Self {
        Self {
            now: RwLock::new(Arc::new(tenants)),
            changed: watch::Sender::new(()),
        }
    }

    pub(crate) fn now(&self) -> Arc<Tenants> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, tenants: Tenants) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tenants);
        self.changed.send_replace(());
    }

    /// Hears of every later replacement.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
