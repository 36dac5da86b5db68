//! Service keys: how a partner's backend shows who it is (`POST /v1/connections/{id}/token`).
//! Owns their form, their check and the limits on what they fetch. Knows only hashes of them.

use crate::error::{ApiError, ApiResult};
use crate::random;
use crate::running::StartError;
use crate::store::Owner;
use aws_lc_rs::digest::{SHA256, digest};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use portico_core::error::ErrorCode;
use serde::Deserialize;
use std::num::NonZeroU32;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What every key begins with, so that scanners for leaked secrets find it.
const PREFIX: &str = "portico_sk_";
/// Tokens a minute.
const OF_CONNECTION: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
const OF_KEY: NonZeroU32 = NonZeroU32::MIN.saturating_add(599);

/// What a partner's backend may do beside its people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backend {
    /// Whether it may fetch access tokens.
    pub tokens: bool,
    /// Its keys; several, so that one can be replaced without a pause.
    pub service_keys: Vec<ServiceKey>,
}

/// One key, as the configuration lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceKey {
    /// Its name in the journal: 1 to 64 characters of `[A-Za-z0-9._-]`.
    pub id: String,
    /// SHA-256 of the key, 64 hexadecimal digits. The key itself is nowhere.
    pub sha256: String,
}

impl Backend {
    /// What is wrong: the field below the backend's own, and how.
    pub(crate) fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        for (index, key) in self.service_keys.iter().enumerate() {
            let before = &self.service_keys[..index];
            if !is_key_id(&key.id) {
                let problem =
                    "holds an id that is not 1 to 64 characters of letters, digits and . _ -";
                faults.push(("service_keys", problem.to_owned()));
            } else if before.iter().any(|other| other.id == key.id) {
                faults.push(("service_keys", format!("names {} twice", key.id)));
            } else if hash(&key.sha256).is_none() {
                let problem = format!("{}: sha256 must be 64 hexadecimal digits", key.id);
                faults.push(("service_keys", problem));
            } else if before
                .iter()
                .any(|other| hash(&other.sha256) == hash(&key.sha256))
            {
                faults.push((
                    "service_keys",
                    format!("{}: is the key of another id", key.id),
                ));
            }
        }
        if self.tokens && self.service_keys.is_empty() {
            let problem = "is set, but no service_keys are listed: nobody could fetch any";
            faults.push(("tokens", problem.to_owned()));
        }
        faults
    }
}

fn is_key_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn hash(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// A fresh key, to be shown once, and what the configuration lists for it.
pub fn new_service_key(id: &str) -> Result<(Zeroizing<String>, ServiceKey), StartError> {
    if !is_key_id(id) {
        let sentence =
            "the id of a service key has 1 to 64 characters of letters, digits and . _ -";
        return Err(StartError::Secrets(sentence.to_owned()));
    }
    let key = Zeroizing::new(format!("{PREFIX}{}", *random::secret()?));
    let sha256 = digest(&SHA256, key.as_bytes())
        .as_ref()
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let listed = ServiceKey {
        id: id.to_owned(),
        sha256,
    };
    Ok((key, listed))
}

/// Whose key a request showed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(crate) tenant: String,
    pub(crate) key_id: String,
}

impl Holder {
    /// As the journal names it.
    pub(crate) fn actor(&self) -> String {
        format!("service:{}", self.key_id)
    }
}

/// The keys of all tenants that may fetch tokens.
#[derive(Default)]
pub(crate) struct ServiceKeys(Vec<([u8; 32], Holder)>);

impl ServiceKeys {
    /// From every tenant's part of the configuration, which was checked.
    pub(crate) fn new<'a>(tenants: impl IntoIterator<Item = (&'a str, &'a Backend)>) -> Self {
        let mut keys = Vec::new();
        for (tenant, backend) in tenants {
            for key in backend.service_keys.iter().filter(|_| backend.tokens) {
                let holder = Holder {
                    tenant: tenant.to_owned(),
                    key_id: key.id.clone(),
                };
                keys.extend(hash(&key.sha256).map(|hash| (hash, holder)));
            }
        }
        Self(keys)
    }

    /// Whether anybody may fetch tokens here.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose key it is. Looks at all of them, each in constant time.
    pub(crate) fn holder(&self, shown: &str) -> Option<&Holder> {
        let shown = digest(&SHA256, shown.as_bytes());
        let mut found = None;
        for (hash, holder) in &self.0 {
            if bool::from(hash.as_slice().ct_eq(shown.as_ref())) {
                found = Some(holder);
            }
        }
        found
    }
}

/// How many tokens were fetched of late, in this process.
pub(crate) struct Fetches {
    keys: DefaultKeyedRateLimiter<Holder>,
    connections: DefaultKeyedRateLimiter<(Owner, String)>,
}

impl Default for Fetches {
    fn default() -> Self {
        Self {
            keys: RateLimiter::keyed(Quota::per_minute(OF_KEY)),
            connections: RateLimiter::keyed(Quota::per_minute(OF_CONNECTION)),
        }
    }
}

impl Fetches {
    /// Counts one request of a key.
    pub(crate) fn check_key(&self, holder: &Holder) -> ApiResult<()> {
        let checked = self.keys.check_key(holder);
        checked.map_err(|not_yet| too_many(not_yet.wait_time_from(DefaultClock::default().now())))
    }

    /// Counts one request for a connection that exists.
    pub(crate) fn check_connection(&self, owner: &Owner, id: &str) -> ApiResult<()> {
        let checked = self.connections.check_key(&(owner.clone(), id.to_owned()));
        checked.map_err(|not_yet| too_many(not_yet.wait_time_from(DefaultClock::default().now())))
    }

    /// Forgets who has not asked for a while.
    pub(crate) fn forget_idle(&self) {
        self.keys.retain_recent();
        self.connections.retain_recent();
    }
}

fn too_many(wait: std::time::Duration) -> ApiError {
    let sentence = "Tokens live for half an hour: keep one until shortly before its expires_at.";
    ApiError::with_detail(ErrorCode::RateLimited, sentence).retry_after(wait.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(keys: &[(&str, &str)]) -> Backend {
        let key = |(id, sha256): &(&str, &str)| ServiceKey {
            id: (*id).to_owned(),
            sha256: (*sha256).to_owned(),
        };
        Backend {
            tokens: true,
            service_keys: keys.iter().map(key).collect(),
        }
    }

    /// Issue 4, item 9: a key belongs to one tenant, and only while that tenant's tokens are on.
    #[test]
    fn a_key_is_found_by_its_hash_and_only_where_tokens_are_on() {
        let (one, listed) = new_service_key("ci").unwrap();
        let (other, listed_too) = new_service_key("ci").unwrap();
        assert!(one.starts_with("portico_sk_") && one.len() == 54 && *one != *other);
        let with = |key: &ServiceKey, tokens| Backend {
            tokens,
            service_keys: vec![key.clone()],
        };
        let (a, b) = (with(&listed, true), with(&listed_too, false));
        let keys = ServiceKeys::new([("a", &a), ("b", &b)]);
        let holder = keys.holder(&one).unwrap();
        assert_eq!(
            (holder.tenant.as_str(), holder.actor()),
            ("a", "service:ci".into())
        );
        let cut = &one[..53];
        for unknown in [&*other, "", "portico_sk_", cut, &listed.sha256] {
            assert_eq!(keys.holder(unknown), None);
        }
        assert!(ServiceKeys::new([("b", &b)]).is_empty());
    }

    /// BI-3: each fault names its field, and no message holds a hash.
    #[test]
    fn keys_that_cannot_be_right_are_refused() {
        let (hash, other) = ("ab".repeat(32), "cd".repeat(32));
        for (keys, want) in [
            (vec![], "no service_keys"),
            (vec![("a b", hash.as_str())], "an id that is not"),
            (vec![("", hash.as_str())], "an id that is not"),
            (vec![("a", "abc")], "64 hexadecimal"),
            (vec![("a", "zz".repeat(32).as_str())], "64 hexadecimal"),
            (vec![("a", hash.as_str()), ("a", other.as_str())], "twice"),
            (
                vec![("a", hash.as_str()), ("b", hash.as_str())],
                "of another id",
            ),
        ] {
            let faults = backend(&keys).faults();
            assert_eq!(faults.len(), 1, "{keys:?}");
            assert!(faults[0].1.contains(want), "{faults:?}");
            assert!(!faults[0].1.contains(&hash), "{faults:?}");
        }
        assert!(backend(&[("a", &hash), ("b", &other)]).faults().is_empty());
        assert!(Backend::default().faults().is_empty());
    }

    #[test]
    fn a_key_and_a_connection_have_limits_of_their_own() {
        let (fetches, owner) = (Fetches::default(), |org: &str| Owner {
            tenant: "t".into(),
            org: org.into(),
        });
        let holder = |key: &str| Holder {
            tenant: "t".into(),
            key_id: key.into(),
        };
        for _ in 0..600 {
            fetches.check_key(&holder("a")).unwrap();
        }
        let refused = fetches.check_key(&holder("a")).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::RateLimited);
        fetches.check_key(&holder("b")).unwrap();
        for _ in 0..30 {
            fetches.check_connection(&owner("o"), "c").unwrap();
        }
        assert!(fetches.check_connection(&owner("o"), "c").is_err());
        fetches.check_connection(&owner("o"), "d").unwrap();
        fetches.check_connection(&owner("p"), "c").unwrap();
    }
}
