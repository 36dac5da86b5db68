//! The browser's cryptographic random source. Owns nothing; what the bytes become is the core's.

use super::problem;
use portico_core::error::ErrorCode;
use portico_core::wire::Problem;

/// 32 unpredictable bytes, for a verifier, a state or the id of an assertion (AR-1).
pub(crate) fn bytes32() -> Result<[u8; 32], Box<Problem>> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(problem(
            ErrorCode::Internal,
            "This browser offers no secure random numbers.",
        )),
    }
}

/// A share of a wait, so that many browsers do not come back in the same moment: 0 to `limit` - 1.
pub(crate) fn below(limit: u32) -> u32 {
    let word = bytes32().map_or(0, |bytes| {
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    });
    word % limit.max(1)
}
