//! The key of a partner: its public half as a configuration names it, its private half as `issue-key` makes it
//! and `sign-session` uses it. Owns spelling and files of keys; who holds one, `tenants` knows.

use crate::config::KeyAlgorithm;
use crate::config::check::is_session_id;
use crate::session::{self, Claims};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use portico_core::pkce::base64url;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{fmt, str};
use zeroize::Zeroizing;

/// What stands before the key in a `SubjectPublicKeyInfo` (RFC 8410; RFC 5480 with P-256).
const ED25519_INFO: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const PRIVATE: &str = "holds a private key. Portico takes the public one only: make a new pair, since this one \
                       was shown";
const UNREADABLE: &str = "must be a public key: as issue-key prints it, a JWK, or a PEM that begins with BEGIN PUBLIC KEY";
const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
/// Characters of a derived `kid`.
const KID_LENGTH: usize = 16;

impl KeyAlgorithm {
    pub(crate) fn jose(self) -> Algorithm {
        match self {
            Self::EdDSA => Algorithm::EdDSA,
            Self::ES256 => Algorithm::ES256,
        }
    }
}

/// A public key with its one algorithm: 32 bytes of Ed25519, or `0x04 ‖ x ‖ y` of P-256.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PublicKey {
    pub(crate) algorithm: KeyAlgorithm,
    bytes: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm, self.kid())
    }
}

impl PublicKey {
    /// From any of the spellings. The error says what is wrong and nothing of the text: it may be a private key.
    pub(crate) fn read(algorithm: KeyAlgorithm, text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let bytes = if text.starts_with('{') {
            from_jwk(text)?
        } else if text.contains("-----") {
            from_pem(text)?
        } else {
            let decoded = Zeroizing::new(decode_loosely(text).ok_or(UNREADABLE)?);
            refuse_private(&decoded)?;
            decoded.to_vec()
        };
        Self::new(algorithm, bytes)
    }

    /// From its bytes.
    pub(crate) fn new(algorithm: KeyAlgorithm, bytes: Vec<u8>) -> Result<Self, &'static str> {
        let parsed = match (algorithm, bytes.len()) {
            (KeyAlgorithm::EdDSA, 32) => ParsedPublicKey::new(&ED25519, &bytes),
            (KeyAlgorithm::ES256, 65) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &bytes),
            (KeyAlgorithm::ES256, 32) => return Err("is an Ed25519 key, but alg says ES256"),
            (KeyAlgorithm::EdDSA, 65) => return Err("is a P-256 key, but alg says EdDSA"),
            _ => return Err(UNREADABLE),
        };
        let repeated = bytes.iter().all(|byte| *byte == bytes[0]);
        if parsed.is_err() || repeated {
            return Err("is not a point of its curve");
        }
        Ok(Self { algorithm, bytes })
    }

    /// As the configuration takes it.
    pub(crate) fn text(&self) -> String {
        base64url(&self.bytes)
    }

    pub(crate) fn decoding(&self) -> DecodingKey {
        match self.algorithm {
            KeyAlgorithm::EdDSA => DecodingKey::from_ed_der(&self.bytes),
            KeyAlgorithm::ES256 => DecodingKey::from_ec_der(&self.bytes),
        }
    }

    /// A name for it where nobody chose one: the same key always has the same.
    pub(crate) fn kid(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.bytes);
        let mut kid = base64url(digest.as_ref());
        kid.truncate(KID_LENGTH);
        kid
    }
}

/// Base64 in either alphabet, padded or not.
fn decode_loosely(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .map(|character| match character {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    URL_SAFE_NO_PAD.decode(plain.trim_end_matches('=')).ok()
}

/// A PKCS#8 or SEC 1 private key is a sequence that begins with its version.
fn refuse_private(der: &[u8]) -> Result<(), &'static str> {
    let body = match der {
        [0x30, length, body @ ..] if *length < 0x80 => body,
        [0x30, 0x81, _, body @ ..] | [0x30, 0x82, _, _, body @ ..] => body,
        _ => return Ok(()),
    };
    if body.starts_with(&[0x02, 0x01]) {
        Err(PRIVATE)
    } else {
        Ok(())
    }
}

fn from_pem(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.contains("PRIVATE") {
        return Err(PRIVATE);
    }
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.trim_end().strip_suffix("-----END PUBLIC KEY-----"))
        .ok_or(UNREADABLE)?;
    let der = Zeroizing::new(decode_loosely(body).ok_or(UNREADABLE)?);
    refuse_private(&der)?;
    let key = der
        .strip_prefix(&ED25519_INFO[..])
        .or_else(|| der.strip_prefix(&P256_INFO[..]))
        .ok_or("is neither an Ed25519 nor a P-256 key")?;
    Ok(key.to_vec())
}

fn from_jwk(text: &str) -> Result<Vec<u8>, &'static str> {
    let jwk: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|_| UNREADABLE)?;
    if jwk.contains_key("d") || jwk.contains_key("k") {
        return Err(PRIVATE);
    }
    let word = |name: &str| jwk.get(name).and_then(serde_json::Value::as_str);
    let coordinate = |name: &str| {
        word(name)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .filter(|bytes| bytes.len() == 32)
            .ok_or(UNREADABLE)
    };
    match (word("kty"), word("crv")) {
        (Some("OKP"), Some("Ed25519")) => coordinate("x"),
        (Some("EC"), Some("P-256")) => {
            let mut point = vec![4];
            point.extend(coordinate("x")?);
            point.extend(coordinate("y")?);
            Ok(point)
        }
        _ => Err("is neither an Ed25519 nor a P-256 key"),
    }
}

/// Why a partner's key could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum PartnerKeyError {
    /// The file cannot be read or made.
    #[error("the key file {} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read it.
    #[error("the key file {} can be read by others; its mode must be 0600", .0.display())]
    Exposed(PathBuf),
    /// It holds something else.
    #[error("the key file {} holds no PKCS#8 private key of Ed25519 or P-256", .0.display())]
    Unreadable(PathBuf),
    /// No key could be made, or it did not sign.
    #[error("the key cannot be made or used")]
    Crypto,
    /// A value that no proxy would accept.
    #[error("{0} {1}")]
    Claim(&'static str, &'static str),
}

/// The private key of a partner. The proxy itself never holds one: this is the partner's first hour.
pub struct PartnerKey {
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
}

impl fmt::Debug for PartnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartnerKey({:?})", self.public)
    }
}

/// What a session says of its person; times, `jti` and `iss` come from the signer.
#[derive(Clone, Debug)]
pub struct SessionOf {
    /// The partner's issuer.
    pub issuer: String,
    /// The proxy's base URL.
    pub audience: String,
    /// Person.
    pub sub: String,
    /// Organization.
    pub org: String,
    /// What that person may do.
    pub role: portico_core::wire::Role,
    /// Simultaneous portals.
    pub max_connections: u32,
    /// The page's origin.
    pub origin: String,
}

impl PartnerKey {
    /// A fresh pair.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, PartnerKeyError> {
        let random = SystemRandom::new();
        let document = match algorithm {
            // Version 1: not every library reads the later form, which repeats the public key.
            KeyAlgorithm::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random),
            KeyAlgorithm::ES256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            }
        }
        .map_err(|_| PartnerKeyError::Crypto)?;
        Self::from_pkcs8(Zeroizing::new(document.as_ref().to_vec())).ok_or(PartnerKeyError::Crypto)
    }

    fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Option<Self> {
        let public = if let Ok(pair) = Ed25519KeyPair::from_pkcs8(&pkcs8) {
            PublicKey::new(KeyAlgorithm::EdDSA, pair.public_key().as_ref().to_vec())
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).ok()?;
            PublicKey::new(KeyAlgorithm::ES256, pair.public_key().as_ref().to_vec())
        };
        Some(Self {
            pkcs8,
            public: public.ok()?,
        })
    }

    /// Reads a PKCS#8 PEM that nobody else may read.
    pub fn load(path: &Path) -> Result<Self, PartnerKeyError> {
        let fault = |source| PartnerKeyError::File {
            path: path.to_owned(),
            source,
        };
        if fs::metadata(path).map_err(fault)?.permissions().mode() & 0o077 != 0 {
            return Err(PartnerKeyError::Exposed(path.to_owned()));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(fault)?);
        Self::parse(&text).ok_or_else(|| PartnerKeyError::Unreadable(path.to_owned()))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let body = text.trim().strip_prefix(PEM_BEGIN)?.strip_suffix(PEM_END)?;
        Self::from_pkcs8(Zeroizing::new(decode_loosely(body)?))
    }

    /// Writes the PEM to a file that must not exist yet, mode 0600.
    pub fn write(&self, path: &Path) -> Result<(), PartnerKeyError> {
        let encoded = Zeroizing::new(STANDARD.encode(&*self.pkcs8));
        let mut pem = Zeroizing::new(format!("{PEM_BEGIN}\n"));
        for line in encoded.as_bytes().chunks(64) {
            pem.push_str(str::from_utf8(line).unwrap_or_default());
            pem.push('\n');
        }
        pem.push_str(PEM_END);
        pem.push('\n');
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| {
                file.write_all(pem.as_bytes())
                    .and_then(|()| file.sync_all())
            })
            .map_err(|source| PartnerKeyError::File {
                path: path.to_owned(),
                source,
            })
    }

    /// Its algorithm.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.public.algorithm
    }

    /// The name it has where nobody chose another.
    pub fn kid(&self) -> String {
        self.public.kid()
    }

    /// The public half as the configuration takes it.
    pub fn public_key(&self) -> String {
        self.public.text()
    }

    /// Signs any header and claims, be they good or not: what a partner's own code does.
    pub fn sign(&self, header: &str, claims: &str) -> Result<String, PartnerKeyError> {
        let message = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let key = match self.public.algorithm {
            KeyAlgorithm::EdDSA => EncodingKey::from_ed_der(&self.pkcs8),
            KeyAlgorithm::ES256 => EncodingKey::from_ec_der(&self.pkcs8),
        };
        let algorithm = self.public.algorithm.jose();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm)
            .map_err(|_| PartnerKeyError::Crypto)?;
        Ok(format!("{message}.{signature}"))
    }

    /// A session of ten minutes. What no proxy would accept is refused here, by name.
    pub fn sign_session(&self, kid: &str, of: SessionOf) -> Result<String, PartnerKeyError> {
        let id = "must be 1 to 128 characters of letters, digits and . _ : -";
        for (name, text) in [("kid", kid), ("sub", &of.sub), ("org", &of.org)] {
            if !is_session_id(text) {
                return Err(PartnerKeyError::Claim(name, id));
            }
        }
        if of.max_connections > session::MAX_PLAN {
            let limit = "must be at most 100000";
            return Err(PartnerKeyError::Claim("max-connections", limit));
        }
        let header = serde_json::json!({
            "alg": self.public.algorithm.to_string(), "typ": session::SESSION_TYPE, "kid": kid,
        });
        let claims = serde_json::to_string(&Claims::of(of)).map_err(|_| PartnerKeyError::Crypto)?;
        self.sign(&header.to_string(), &claims)
    }
}

#[cfg(test)]
#[path = "partner_key_tests.rs"]
mod tests;
