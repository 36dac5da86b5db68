//! `webhook-signature` of Standard Webhooks 1.0.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`.
//! Owns the form of secrets and signatures.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// Bytes of a secret, as the specification has them.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// One secret, ready to sign.
pub(crate) struct Signer(hmac::Key);

impl Signer {
    /// Nothing where the text is not `whsec_` and the base64 of 24 to 64 bytes.
    pub(crate) fn new(secret: &SecretString) -> Option<Self> {
        let encoded = secret.expose_secret().strip_prefix("whsec_")?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
        LENGTHS
            .contains(&bytes.len())
            .then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    fn sign(&self, content: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, content)))
    }
}

/// Whether a configured text is a secret.
pub(crate) fn is_secret(text: &SecretString) -> bool {
    Signer::new(text).is_some()
}

/// The header: a signature for each secret, so that a receiver may know the old one or the new one.
pub(super) fn signatures(signers: &[Signer], message: &str, timestamp: i64, body: &str) -> String {
    let content = format!("{message}.{timestamp}.{body}");
    let all: Vec<String> = signers
        .iter()
        .map(|signer| signer.sign(content.as_bytes()))
        .collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Option<Signer> {
        Signer::new(&SecretString::from(secret.to_owned()))
    }

    /// The vector of the project's own libraries.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let signers = [signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(
            &signers,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            body,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_of_another_form_is_refused() {
        let of = |length: usize| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for (secret, is_one) in [
            (of(24), true),
            (of(64), true),
            (of(23), false),
            (of(65), false),
            (of(32).replace("whsec_", ""), false),
            ("whsec_not base64".into(), false),
            ("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(), false),
        ] {
            assert_eq!(signer(&secret).is_some(), is_one, "{secret}");
        }
    }
}
