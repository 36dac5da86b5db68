//! Encryption at rest (threat model, section 7): AES-256-GCM under a key of the tenant, bound to its row.
//! Owns the envelope and its associated data. Knows no table.
//!
//! Envelope: `0x01 ‖ kid u32be ‖ nonce 12 ‖ ciphertext ‖ tag 16`.

use crate::keys::{KEY_LENGTH, KeyRing, MasterKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;
use zeroize::Zeroizing;

const LABEL: &[u8] = b"portico.v1";
const VERSION: u8 = 1;
const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 1 + 4 + NONCE_LENGTH;

/// Where a sealed value stands. Moved anywhere else, it does not open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) org: &'a str,
    pub(crate) row: &'a str,
    pub(crate) generation: u64,
}

/// Why a value could not be sealed or opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    #[error("a stored secret cannot be read: it is damaged, or stands where it was not written")]
    Unreadable,
    #[error("a stored secret was sealed with key {0}, which the key file does not hold")]
    UnknownKey(u32),
    #[error("a secret could not be sealed")]
    Unsealable,
    #[error("key {0} has no seals left: it has sealed as often as it may, or the database is away")]
    Spent(u32),
}

/// A key ring and how many seals its first key may still make.
#[derive(Debug)]
pub(crate) struct Booked {
    keys: KeyRing,
    left: AtomicI64,
}

/// Seals with the first key of a ring and opens with any. Makes no seal that was not booked (`rotation`).
#[derive(Debug)]
pub(crate) struct Sealer {
    ring: RwLock<Arc<Booked>>,
    low: Notify,
}

/// Below this many seals another block is wanted.
const LOW: i64 = 8192;

impl Sealer {
    /// Opens at once; seals after [`Sealer::allow`].
    pub(crate) fn new(keys: KeyRing) -> Self {
        Self {
            ring: RwLock::new(Arc::new(Booked {
                keys,
                left: AtomicI64::new(0),
            })),
            low: Notify::new(),
        }
    }

    fn ring(&self) -> Arc<Booked> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn kids(&self) -> Vec<u32> {
        self.ring().keys.kids()
    }

    pub(crate) fn primary_kid(&self) -> u32 {
        self.ring().keys.primary().kid
    }

    /// Takes other keys; answers the former ones. What is left of a first key's seals stays with it.
    pub(crate) fn replace(&self, keys: KeyRing) -> Arc<Booked> {
        let former = self.ring();
        let same = former.keys.primary().kid == keys.primary().kid;
        let left = if same {
            former.left.load(Ordering::Relaxed)
        } else {
            0
        };
        self.restore(Arc::new(Booked {
            keys,
            left: AtomicI64::new(left),
        }));
        former
    }

    /// Back to former keys.
    pub(crate) fn restore(&self, former: Arc<Booked>) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = former;
    }

    /// Seals that were booked for a key; nothing if it is no longer the first.
    pub(crate) fn allow(&self, kid: u32, seals: i64) {
        let ring = self.ring();
        if ring.keys.primary().kid == kid {
            ring.left.fetch_add(seals, Ordering::Relaxed);
        }
    }

    /// Whether another block should be booked.
    pub(crate) fn is_low(&self) -> bool {
        self.ring().left.load(Ordering::Relaxed) < LOW
    }

    /// Waits until a seal finds few left.
    pub(crate) async fn ran_low(&self) {
        self.low.notified().await;
    }

    /// Whether a token that a provider gives now could be kept.
    pub(crate) fn can_seal(&self) -> bool {
        self.ring().left.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn seal(&self, place: Place<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let ring = self.ring();
        let master = ring.keys.primary();
        let left = ring.left.fetch_sub(1, Ordering::Relaxed) - 1;
        if left < LOW {
            self.low.notify_one();
        }
        if left < 0 {
            ring.left.fetch_add(1, Ordering::Relaxed);
            return Err(SealError::Spent(master.kid));
        }
        let key = tenant_key(master, place.tenant)?;
        let mut sealed = Zeroizing::new(Vec::with_capacity(secret.len() + TAG_LENGTH));
        sealed.extend_from_slice(secret);
        let nonce = key
            .seal_in_place_append_tag(Aad::from(associated_data(master.kid, place)), &mut *sealed)
            .map_err(|_| SealError::Unsealable)?;
        let mut envelope = Vec::with_capacity(HEADER_LENGTH + sealed.len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&master.kid.to_be_bytes());
        envelope.extend_from_slice(nonce.as_ref());
        envelope.extend_from_slice(&sealed);
        Ok(envelope)
    }

    pub(crate) fn open(
        &self,
        place: Place<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let unreadable = SealError::Unreadable;
        if envelope.len() < HEADER_LENGTH + TAG_LENGTH || envelope[0] != VERSION {
            return Err(unreadable);
        }
        let (header, body) = envelope.split_at(HEADER_LENGTH);
        let kid = header[1..5]
            .iter()
            .fold(0, |kid, byte| kid << 8 | u32::from(*byte));
        let ring = self.ring();
        let master = ring.keys.by_kid(kid).ok_or(SealError::UnknownKey(kid))?;
        let nonce =
            Nonce::try_assume_unique_for_key(&header[5..]).map_err(|_| SealError::Unreadable)?;
        let mut secret = Zeroizing::new(body.to_vec());
        let length = tenant_key(master, place.tenant)?
            .open_in_place(nonce, Aad::from(associated_data(kid, place)), &mut secret)
            .map_err(|_| SealError::Unreadable)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }

    /// As [`Sealer::open`], for what was text.
    pub(crate) fn open_text(
        &self,
        place: Place<'_>,
        envelope: &[u8],
    ) -> Result<Zeroizing<String>, SealError> {
        let bytes = self.open(place, envelope)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| SealError::Unreadable)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_LENGTH
    }
}

/// HKDF-SHA256(master, salt `portico.v1`, info tenant).
fn derive(master: &MasterKey, tenant: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, SealError> {
    let mut key = Zeroizing::new([0_u8; KEY_LENGTH]);
    Salt::new(HKDF_SHA256, LABEL)
        .extract(master.bytes.as_ref())
        .expand(&[tenant.as_bytes()], KeyLength)
        .and_then(|expanded| expanded.fill(key.as_mut()))
        .map_err(|_| SealError::Unsealable)?;
    Ok(key)
}

fn tenant_key(master: &MasterKey, tenant: &str) -> Result<RandomizedNonceKey, SealError> {
    let key = derive(master, tenant)?;
    RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map_err(|_| SealError::Unsealable)
}

/// `portico.v1`, then each part behind its length as u32be, so that no two places spell the same.
fn associated_data(kid: u32, place: Place<'_>) -> Vec<u8> {
    let mut data = LABEL.to_vec();
    let mut push = |part: &[u8]| {
        // No name or id comes near 4 GiB; a cut length would only make the value unreadable.
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        data.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(part);
    };
    push(&kid.to_be_bytes());
    for text in [
        place.table,
        place.column,
        place.tenant,
        place.org,
        place.row,
    ] {
        push(text.as_bytes());
    }
    push(&place.generation.to_be_bytes());
    data
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
