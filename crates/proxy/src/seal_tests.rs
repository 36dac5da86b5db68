use super::*;
use aws_lc_rs::aead::{LessSafeKey, UnboundKey};

/// 32 bytes 0x40…0x5f under kid 7, and a second key under kid 2.
const RING: &str = "7:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=\n2:YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn8=\n";
const PLACE: Place<'_> = Place {
    table: "connection",
    column: "refresh_token",
    tenant: "portico-solo:1",
    org: "demo",
    row: "0191f7c24b1c70008000000000000001",
    generation: 3,
};
const SECRET: &[u8] = b"na1-5f0c-refresh-token";
const NONCE: [u8; NONCE_LENGTH] = [
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab,
];

const GOLDEN_DATA: &str = "706f727469636f2e763100000004000000070000000a636f6e6e656374696f6e0000000d726566726573685f746f6b656e0000000e706f727469636f2d736f6c6f3a310000000464656d6f000000203031393166376332346231633730303038303030303030303030303030303031000000080000000000000003";
const GOLDEN_KEY: &str = "19cb3df0d41de4268254f2225757a8e8853766909762d51a37b1b4d479151e05";
const GOLDEN_ENVELOPE: &str = "0100000007a0a1a2a3a4a5a6a7a8a9aaabe7dbc1e71b9d8d5f7e15a3be347d68a8e8b136d74fa861f0c7b75689ccacde26de7752e9ccd3";

fn sealer() -> Sealer {
    let sealer = Sealer::new(KeyRing::parse(RING).unwrap());
    sealer.allow(7, 1_000_000);
    sealer
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

/// ST-4: computed once outside this program (HKDF and AES-GCM of another library); never to change.
#[test]
fn the_golden_vectors_hold() {
    let sealer = sealer();
    let ring = sealer.ring();
    let master = ring.keys.primary();
    assert_eq!(hex(&associated_data(7, PLACE)), GOLDEN_DATA);
    let key = derive(master, PLACE.tenant).unwrap();
    assert_eq!(hex(key.as_ref()), GOLDEN_KEY);
    let mut ciphertext = SECRET.to_vec();
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).unwrap())
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(NONCE),
            Aad::from(associated_data(7, PLACE)),
            &mut ciphertext,
        )
        .unwrap();
    let envelope = [&[VERSION][..], &7_u32.to_be_bytes(), &NONCE, &ciphertext].concat();
    assert_eq!(hex(&envelope), GOLDEN_ENVELOPE);
    assert_eq!(
        *sealer.open(PLACE, &unhex(GOLDEN_ENVELOPE)).unwrap(),
        SECRET
    );
}

#[test]
fn what_is_sealed_opens_in_its_place() {
    let sealer = sealer();
    for secret in [&b""[..], SECRET, &[0xff; 9000]] {
        let envelope = sealer.seal(PLACE, secret).unwrap();
        assert_eq!(envelope.len(), HEADER_LENGTH + secret.len() + TAG_LENGTH);
        assert_eq!(&envelope[..5], [1, 0, 0, 0, 7]);
        assert_eq!(*sealer.open(PLACE, &envelope).unwrap(), secret);
    }
    let envelope = sealer.seal(PLACE, SECRET).unwrap();
    assert_eq!(
        sealer.open_text(PLACE, &envelope).unwrap().as_bytes(),
        SECRET
    );
    assert_ne!(
        envelope,
        sealer.seal(PLACE, SECRET).unwrap(),
        "the nonce is fresh each time"
    );
}

/// ST-2: moved to any other place, a secret does not open.
#[test]
fn a_secret_opens_nowhere_else() {
    let sealer = sealer();
    let envelope = sealer.seal(PLACE, SECRET).unwrap();
    for (case, place) in [
        (
            "table",
            Place {
                table: "revocation",
                ..PLACE
            },
        ),
        (
            "column",
            Place {
                column: "access_token",
                ..PLACE
            },
        ),
        (
            "tenant",
            Place {
                tenant: "portico-solo:2",
                ..PLACE
            },
        ),
        (
            "org",
            Place {
                org: "other",
                ..PLACE
            },
        ),
        (
            "row",
            Place {
                row: "0191f7c24b1c70008000000000000002",
                ..PLACE
            },
        ),
        (
            "generation",
            Place {
                generation: 4,
                ..PLACE
            },
        ),
        (
            "shifted border",
            Place {
                table: "connectionr",
                column: "efresh_token",
                ..PLACE
            },
        ),
    ] {
        assert_eq!(
            sealer.open(place, &envelope).unwrap_err(),
            SealError::Unreadable,
            "{case}"
        );
    }
}

/// ST-3: flipped, cut, of another version or key: an error each time, never a panic.
#[test]
fn a_damaged_envelope_is_an_error() {
    let sealer = sealer();
    let envelope = sealer.seal(PLACE, SECRET).unwrap();
    for bit in 0..envelope.len() * 8 {
        let mut damaged = envelope.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(sealer.open(PLACE, &damaged).is_err(), "bit {bit}");
    }
    for length in 0..envelope.len() {
        assert!(
            sealer.open(PLACE, &envelope[..length]).is_err(),
            "length {length}"
        );
    }
    let mut longer = envelope.clone();
    longer.push(0);
    assert!(sealer.open(PLACE, &longer).is_err());
    let only_other = Sealer::new(KeyRing::parse(RING.lines().nth(1).unwrap()).unwrap());
    assert_eq!(
        only_other.open(PLACE, &envelope).unwrap_err(),
        SealError::UnknownKey(7)
    );
}

/// ST-5 in small: an older key still opens after a new one has come first.
#[test]
fn an_older_key_still_opens() {
    let old = Sealer::new(KeyRing::parse(RING.lines().nth(1).unwrap()).unwrap());
    old.allow(2, 1);
    let envelope = old.seal(PLACE, SECRET).unwrap();
    assert_eq!(*sealer().open(PLACE, &envelope).unwrap(), SECRET);
}

/// ST-7: of a million seals no two have the same nonce, and so no two the same envelope.
#[test]
fn a_million_seals_have_a_million_nonces() {
    const SEALS: usize = 1_000_000;
    let sealer = sealer();
    let mut nonces = std::collections::HashSet::with_capacity(SEALS);
    for _ in 0..SEALS {
        let envelope = sealer.seal(PLACE, b"").unwrap();
        let nonce: [u8; NONCE_LENGTH] = envelope[5..5 + NONCE_LENGTH].try_into().unwrap();
        assert!(nonces.insert(nonce), "a nonce came twice");
    }
    assert_eq!(nonces.len(), SEALS);
}

/// ST-7: a key seals what was booked for it and not one more; another key that comes first starts from nothing.
#[test]
fn a_key_seals_no_more_than_was_booked() {
    let sealer = Sealer::new(KeyRing::parse(RING).unwrap());
    assert!(!sealer.can_seal());
    assert_eq!(sealer.seal(PLACE, SECRET), Err(SealError::Spent(7)));
    sealer.allow(2, 100);
    assert!(!sealer.can_seal(), "booked for a key that does not seal");
    sealer.allow(7, 2);
    let envelope = sealer.seal(PLACE, SECRET).unwrap();
    let ring = |first: &str, second: &str| KeyRing::parse(&format!("{first}\n{second}\n")).unwrap();
    let (seven, two) = RING.trim().split_once('\n').unwrap();
    let former = sealer.replace(ring(two, seven));
    assert_eq!(sealer.seal(PLACE, SECRET), Err(SealError::Spent(2)));
    assert_eq!(
        *sealer.open(PLACE, &envelope).unwrap(),
        SECRET,
        "every key opens"
    );
    sealer.restore(former);
    assert!(sealer.seal(PLACE, SECRET).is_ok());
    assert_eq!(sealer.seal(PLACE, SECRET), Err(SealError::Spent(7)));
}
