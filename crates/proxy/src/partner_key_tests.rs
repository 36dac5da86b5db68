use super::*;
use crate::session::SESSION_TYPE;

const BOTH: [KeyAlgorithm; 2] = [KeyAlgorithm::EdDSA, KeyAlgorithm::ES256];

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn spki(key: &PartnerKey) -> Vec<u8> {
    let info: &[u8] = match key.algorithm() {
        KeyAlgorithm::EdDSA => &ED25519_INFO,
        KeyAlgorithm::ES256 => &P256_INFO,
    };
    [info, &key.public.bytes].concat()
}

fn jwk(key: &PartnerKey, more: &str) -> String {
    let bytes = &key.public.bytes;
    match key.algorithm() {
        KeyAlgorithm::EdDSA => format!(
            r#"{{"kty":"OKP","crv":"Ed25519","use":"sig","x":"{}"{more}}}"#,
            base64url(bytes)
        ),
        KeyAlgorithm::ES256 => format!(
            r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{more}}}"#,
            base64url(&bytes[1..33]),
            base64url(&bytes[33..])
        ),
    }
}

/// BI-3: one key, however it is written.
#[test]
fn a_public_key_is_read_in_each_of_its_spellings() {
    for algorithm in BOTH {
        let key = PartnerKey::generate(algorithm).unwrap();
        for text in [
            key.public_key(),
            STANDARD.encode(&key.public.bytes),
            format!(" {} \n", key.public_key()),
            jwk(&key, ""),
            jwk(&key, r#","kid":"x","alg":"any""#),
            pem("PUBLIC KEY", &spki(&key)),
        ] {
            assert_eq!(PublicKey::read(algorithm, &text).unwrap(), key.public);
        }
    }
}

/// BI-3: a private key pasted by mistake is recognised, and neither it nor anything else is repeated.
#[test]
fn what_is_no_public_key_is_refused_without_being_shown() {
    for algorithm in BOTH {
        let key = PartnerKey::generate(algorithm).unwrap();
        let other = PartnerKey::generate(match algorithm {
            KeyAlgorithm::EdDSA => KeyAlgorithm::ES256,
            KeyAlgorithm::ES256 => KeyAlgorithm::EdDSA,
        })
        .unwrap();
        let rsa = pem("PUBLIC KEY", &[0x30, 0x0d, 0x06, 0x09, 0x2a]);
        for (text, problem) in [
            (pem("PRIVATE KEY", &key.pkcs8), "private key"),
            (pem("EC PRIVATE KEY", &key.pkcs8), "private key"),
            (pem("PUBLIC KEY", &key.pkcs8), "private key"),
            (STANDARD.encode(&*key.pkcs8), "private key"),
            (base64url(&key.pkcs8), "private key"),
            (jwk(&key, r#","d":"AAAA""#), "private key"),
            (r#"{"kty":"oct","k":"AAAA"}"#.into(), "private key"),
            (other.public_key(), "but alg says"),
            (jwk(&other, ""), "but alg says"),
            (pem("PUBLIC KEY", &spki(&other)), "but alg says"),
            (rsa, "neither an Ed25519 nor a P-256"),
            (pem("CERTIFICATE", &spki(&key)), "must be a public key"),
            (r#"{"kty":"RSA","n":"AAAA","e":"AQAB"}"#.into(), "neither"),
            (
                r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#.into(),
                "neither",
            ),
            ("{".into(), "must be a public key"),
            (String::new(), "must be a public key"),
            ("ssh-ed25519 AAAAC3Nz".into(), "must be a public key"),
            (base64url(&key.public.bytes[1..]), "must be a public key"),
            (
                base64url(&[0; 32]),
                if algorithm == KeyAlgorithm::EdDSA {
                    "curve"
                } else {
                    "but alg"
                },
            ),
            (
                base64url(&[4; 65]),
                if algorithm == KeyAlgorithm::ES256 {
                    "curve"
                } else {
                    "but alg"
                },
            ),
        ] {
            let error = PublicKey::read(algorithm, &text).unwrap_err();
            assert!(error.contains(problem), "{problem}: {error}");
        }
    }
}

#[test]
fn a_pair_is_written_for_its_owner_alone_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for algorithm in BOTH {
        let key = PartnerKey::generate(algorithm).unwrap();
        let path = folder.path().join(algorithm.to_string());
        key.write(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let read = PartnerKey::load(&path).unwrap();
        assert_eq!(
            (read.kid(), read.public_key()),
            (key.kid(), key.public_key())
        );
        assert!(matches!(
            key.write(&path),
            Err(PartnerKeyError::File { .. })
        ));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            PartnerKey::load(&path),
            Err(PartnerKeyError::Exposed(_))
        ));
        assert!(!format!("{key:?}").contains(&key.public_key()));
    }
    let path = folder.path().join("odd");
    let key = PartnerKey::generate(KeyAlgorithm::EdDSA).unwrap();
    fs::write(&path, pem("PUBLIC KEY", &spki(&key))).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(
        PartnerKey::load(&path),
        Err(PartnerKeyError::Unreadable(_))
    ));
}

#[test]
fn a_session_that_no_proxy_takes_is_not_signed() {
    let key = PartnerKey::generate(KeyAlgorithm::EdDSA).unwrap();
    let good = SessionOf {
        issuer: "https://partner.example".into(),
        audience: "https://portico.example".into(),
        sub: "ada".into(),
        org: "acme".into(),
        role: portico_core::wire::Role::Admin,
        max_connections: 10,
        origin: "https://app.partner.example".into(),
    };
    let token = key.sign_session("k1", good.clone()).unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    assert!(String::from_utf8(header).unwrap().contains(SESSION_TYPE));
    for (kid, change, named) in [
        ("a b", good.clone(), "kid"),
        (
            "k1",
            SessionOf {
                sub: String::new(),
                ..good.clone()
            },
            "sub",
        ),
        (
            "k1",
            SessionOf {
                org: "a/b".into(),
                ..good.clone()
            },
            "org",
        ),
        (
            "k1",
            SessionOf {
                max_connections: 100_001,
                ..good
            },
            "max-connections",
        ),
    ] {
        let error = key.sign_session(kid, change).unwrap_err().to_string();
        assert!(error.starts_with(named), "{error}");
    }
}
