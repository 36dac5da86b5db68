//! Random values from the operating system's generator. Owns their spelling; knows nothing of their use.

use aws_lc_rs::rand;
use portico_core::pkce::base64url;
use zeroize::Zeroizing;

/// The random source failed: nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes could be had")]
pub(crate) struct NoRandomness;

/// 32 bytes as 43 base64url characters: a ticket, a claim.
pub(crate) fn secret() -> Result<Zeroizing<String>, NoRandomness> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    rand::fill(bytes.as_mut()).map_err(|_| NoRandomness)?;
    Ok(Zeroizing::new(base64url(bytes.as_ref())))
}

/// An identifier that sorts by its time.
pub(crate) fn id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// A random part of `0..=limit` seconds, for backoff.
pub(crate) fn jitter(limit: f64) -> f64 {
    if limit > 0.0 {
        ::rand::random_range(0.0..=limit)
    } else {
        0.0
    }
}
