//! Sealed tokens read and written from outside, by the description of threat model section 7 alone.
//! Owns the second reading of that description; the proxy's own is `portico_proxy::seal`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::path::Path;

const LABEL: &[u8] = b"portico.v1";
/// Version, key id, nonce.
const HEADER: usize = 1 + 4 + 12;

/// Bytes in small hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Keys of one tenant's org.
pub(super) struct Vault {
    kid: u32,
    key: RandomizedNonceKey,
    tenant: String,
    org: String,
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

impl Vault {
    /// With the first key of the data folder's key file.
    pub(super) fn open(data: &Path, tenant: &str, org: &str) -> Self {
        let text = std::fs::read_to_string(data.join("master.key")).unwrap();
        let mut lines = text.lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        let (kid, master) = first.unwrap().split_once(':').unwrap();
        let master = STANDARD.decode(master).unwrap();
        let mut key = [0; 32];
        Salt::new(HKDF_SHA256, LABEL)
            .extract(&master)
            .expand(&[tenant.as_bytes()], KeyLength)
            .unwrap()
            .fill(&mut key)
            .unwrap();
        Self {
            kid: kid.parse().unwrap(),
            key: RandomizedNonceKey::new(&AES_256_GCM, &key).unwrap(),
            tenant: tenant.to_owned(),
            org: org.to_owned(),
        }
    }

    fn data(&self, table: &str, column: &str, row: &str, generation: u64) -> Vec<u8> {
        let mut data = LABEL.to_vec();
        let mut push = |part: &[u8]| {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            data.extend_from_slice(part);
        };
        push(&self.kid.to_be_bytes());
        for text in [table, column, &self.tenant, &self.org, row] {
            push(text.as_bytes());
        }
        push(&generation.to_be_bytes());
        data
    }

    /// A connection's token as it would stand in a column, in hexadecimal.
    pub(super) fn seal(&self, column: &str, row: &str, generation: u64, token: &str) -> String {
        let mut sealed = token.as_bytes().to_vec();
        let data = Aad::from(self.data("connection", column, row, generation));
        let nonce = self
            .key
            .seal_in_place_append_tag(data, &mut sealed)
            .unwrap();
        let mut envelope = vec![1];
        envelope.extend_from_slice(&self.kid.to_be_bytes());
        envelope.extend_from_slice(nonce.as_ref());
        envelope.extend_from_slice(&sealed);
        hex(&envelope)
    }

    /// The refresh token of a row of `connection` or `revocation`, given in hexadecimal.
    pub(super) fn unseal(&self, table: &str, row: &str, generation: u64, hex: &str) -> String {
        let pairs = hex.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        });
        let envelope: Vec<u8> = pairs.collect();
        let (header, body) = envelope.split_at(HEADER);
        let nonce = Nonce::try_assume_unique_for_key(&header[5..]).unwrap();
        let mut body = body.to_vec();
        let data = Aad::from(self.data(table, "refresh_token", row, generation));
        let text = self.key.open_in_place(nonce, data, &mut body);
        String::from_utf8(text.expect("it stands where it was sealed for").to_vec()).unwrap()
    }
}
