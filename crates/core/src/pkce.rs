//! Proof Key for Code Exchange and `state`, made from random bytes that the caller brings.
//! Owns the S256 method (RFC 7636) and the hash a flow is found by; never draws randomness itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// Characters of 32 bytes in base64url without padding.
pub const ENCODED_LENGTH: usize = 43;

/// `BASE64URL(SHA-256(input))`: the S256 challenge of a verifier, and the hash of a `state` or claim.
pub fn sha256_base64url(input: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(input.as_bytes()))
}

/// 32 bytes as 43 base64url characters.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether a text is exactly 32 bytes in base64url without padding.
///
/// The last character carries two spare bits, which must be zero, so that each value has one spelling.
pub fn is_encoded_32_bytes(text: &str) -> bool {
    text.len() == ENCODED_LENGTH
        && URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == 32)
}

/// `code_verifier` of RFC 7636: 43 base64url characters made of 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(String);

/// `state` of RFC 6749 section 10.12: 43 base64url characters made of 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct State(String);

macro_rules! random_text {
    ($name:ident) => {
        impl $name {
            /// From 32 bytes of a cryptographic random source.
            pub fn from_random(bytes: [u8; 32]) -> Self {
                Self(base64url(&bytes))
            }

            /// Marks each place that reads the value.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// What may leave before the value itself does: `BASE64URL(SHA-256(value))`.
            pub fn sha256(&self) -> String {
                sha256_base64url(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

random_text!(CodeVerifier);
random_text!(State);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// AR-1: the vector of RFC 7636, appendix B.
    #[test]
    fn the_challenge_follows_the_rfc_vector() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier::from_random(octets);
        assert_eq!(
            verifier.expose(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert_eq!(
            verifier.sha256(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_secret_is_never_printed() {
        let verifier = CodeVerifier::from_random([7; 32]);
        let state = State::from_random([7; 32]);
        let printed = format!("{verifier:?} {state:?}");
        assert!(!printed.contains(verifier.expose()), "{printed}");
        assert_eq!(printed, "CodeVerifier([redacted]) State([redacted])");
    }

    /// AR-3: what the proxy accepts as challenge and state hash.
    #[test]
    fn only_32_bytes_in_their_one_spelling_pass() {
        let good = sha256_base64url("x");
        assert!(is_encoded_32_bytes(&good));
        let last_bits_set = format!("{}B", "A".repeat(42));
        for bad in [
            "",
            &good[..42],
            &format!("{good}A"),
            &format!("{}+", &good[..42]),
            &format!("{}=", &good[..42]),
            &format!("{}é", &good[..41]),
            &last_bits_set,
        ] {
            assert!(!is_encoded_32_bytes(bad), "{bad:?}");
        }
    }

    proptest! {
        /// AR-1: 43 characters of the unreserved set, and different bytes never meet.
        #[test]
        fn verifiers_are_43_unreserved_characters_and_distinct(
            seeds in proptest::collection::btree_set(any::<[u8; 32]>(), 1..50)
        ) {
            let texts: BTreeSet<String> = seeds.iter()
                .map(|bytes| CodeVerifier::from_random(*bytes).expose().to_owned())
                .collect();
            prop_assert_eq!(texts.len(), seeds.len());
            for text in &texts {
                prop_assert!(is_encoded_32_bytes(text));
                prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            }
        }
    }
}
