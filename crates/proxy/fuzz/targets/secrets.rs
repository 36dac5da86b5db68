//! What holds keys and what they seal: public keys as partners write them, key files, envelopes (ST-3) and the
//! records of the spool.

use super::{cut, order};
use crate::config::KeyAlgorithm;
use crate::grant::flight;
use crate::keys::KeyRing;
use crate::partner_key::{PartnerKey, PublicKey};
use crate::seal::{Place, Sealer};
use crate::spool::{self, Answer, KeptTokens};
use crate::store::Owner;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::LazyLock;

const SECRET: &[u8] = b"canary-refresh-token";
const ID: &str = "0198-record";

static SEALER: LazyLock<Sealer> = LazyLock::new(|| {
    let ring = "3:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
    let sealer = Sealer::new(KeyRing::parse(ring).expect("a good key"));
    sealer.allow(3, i64::MAX);
    sealer
});

/// What it is in the first line: `EdDSA`, `ES256`, `private`, `keys`, `envelope`, `changed`, `moved`, `file`, `edited`
/// or `sealed`.
pub fn secrets(data: &[u8]) {
    let (kind, rest) = order(data);
    let text = String::from_utf8_lossy(rest);
    match kind.as_str() {
        "EdDSA" => public(KeyAlgorithm::EdDSA, &text),
        "ES256" => public(KeyAlgorithm::ES256, &text),
        "private" => private(&text),
        "keys" => key_file(&text),
        "changed" => changed(rest),
        "moved" => moved(&text),
        "file" => assert!(
            spool::open(&SEALER, ID, rest).is_err(),
            "a record that nobody sealed"
        ),
        "edited" => edited(rest),
        "sealed" => sealed(rest),
        _ => assert!(
            SEALER.open(place(ID), rest).is_err(),
            "an envelope that nobody sealed"
        ),
    }
}

fn public(algorithm: KeyAlgorithm, text: &str) {
    let Ok(key) = PublicKey::read(algorithm, text) else {
        return;
    };
    assert_eq!(
        PublicKey::read(algorithm, &key.text()).as_ref(),
        Ok(&key),
        "a key survives being written"
    );
    for other in [KeyAlgorithm::EdDSA, KeyAlgorithm::ES256] {
        let read = PublicKey::read(other, text);
        assert_eq!(read.is_ok(), other == algorithm, "a key has one algorithm");
    }
    assert!(!text.contains("PRIVATE") || !text.contains("-----"));
    if let Ok(jwk) = serde_json::from_str::<Value>(text) {
        assert!(jwk.get("d").is_none() && jwk.get("k").is_none(), "private");
    }
    assert!(!format!("{key:?}").contains(&key.text()));
}

fn private(text: &str) {
    let Some(key) = PartnerKey::parse(text) else {
        return;
    };
    let public = PublicKey::read(key.algorithm(), &key.public_key());
    assert!(public.is_ok(), "the public half of a key is one");
    assert!(key.sign("{}", "{}").is_ok());
    for other in [KeyAlgorithm::EdDSA, KeyAlgorithm::ES256] {
        assert!(
            PublicKey::read(other, text).is_err(),
            "a private key passes for a public one"
        );
    }
}

fn key_file(text: &str) {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    match KeyRing::parse(text) {
        Err(error) => {
            let told = error.to_string();
            let values = lines().filter_map(|line| Some(line.split_once(':')?.1.trim()));
            for value in values.filter(|value| value.len() > 40) {
                assert!(!told.contains(value), "{told}");
            }
        }
        Ok(ring) => {
            let mut kids = ring.kids();
            assert_eq!(kids.len(), lines().count(), "a key a line");
            let first = ring.primary().kid;
            assert_eq!(kids[0], first);
            kids.sort_unstable();
            kids.dedup();
            assert_eq!(kids.len(), lines().count(), "each number once");
            let sealer = Sealer::new(ring);
            sealer.allow(first, 1);
            let envelope = sealer.seal(place(ID), SECRET).expect("a seal is left");
            let opened = sealer.open(place(ID), &envelope).expect("our own");
            assert_eq!(opened.as_slice(), SECRET);
            assert!(SEALER.open(place(ID), &envelope).is_err() || text.contains("QEFCQ0"));
        }
    }
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: "connection",
        column: "refresh_token",
        tenant: "https://partner.example",
        org: "acme",
        row,
        generation: 7,
    }
}

/// A change at a place: two bytes say where, the third whether it overwrites, inserts or cuts; the rest is laid there.
fn change(whole: &[u8], how: &[u8]) -> Vec<u8> {
    let [high, low, kind, new @ ..] = how else {
        return whole.to_vec();
    };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (whole.len() + 1);
    let (before, after) = whole.split_at(at);
    let kept = match kind % 3 {
        0 => after.get(new.len()..).unwrap_or_default(),
        1 => after,
        _ => after.get(1 + new.len()..).unwrap_or_default(),
    };
    [before, new, kept].concat()
}

/// ST-3: nothing but the very envelope opens.
fn changed(how: &[u8]) {
    let envelope = SEALER.seal(place(ID), SECRET).expect("a seal is left");
    let other = change(&envelope, how);
    match SEALER.open(place(ID), &other) {
        Ok(opened) => {
            assert_eq!(other, envelope, "a changed envelope opens");
            assert_eq!(opened.as_slice(), SECRET);
        }
        Err(error) => {
            assert_ne!(other, envelope, "{error}");
            assert!(!error.to_string().contains("canary"));
        }
    }
}

/// ST-3: an envelope opens where it was written and nowhere else; a line for each part of the place.
fn moved(text: &str) {
    let envelope = SEALER.seal(place(ID), SECRET).expect("a seal is left");
    let mut lines = text.split('\n');
    let mut line = |own| lines.next().unwrap_or(own);
    let own = place(ID);
    let elsewhere = Place {
        table: line(own.table),
        column: line(own.column),
        tenant: line(own.tenant),
        org: line(own.org),
        row: line(own.row),
        generation: line("7").parse().unwrap_or(own.generation),
    };
    let same = format!("{elsewhere:?}") == format!("{own:?}");
    assert_eq!(
        SEALER.open(elsewhere, &envelope).is_ok(),
        same,
        "{elsewhere:?}"
    );
}

fn owner() -> Owner {
    Owner {
        tenant: "https://partner.example".into(),
        org: "acme".into(),
    }
}

/// A record of ours with a change in its text: refused, or read as it was.
fn edited(how: &[u8]) {
    let tokens = json!({"access_token": "canary-access", "refresh_token": "canary-refresh",
        "expires_at": 1_790_000_000, "scopes": ["oauth"]});
    let tokens: KeptTokens = serde_json::from_value(tokens).expect("good tokens");
    let answer = Answer::Refresh(flight::Kept {
        connection: "con_1".into(),
        generation: 4,
        account: "7".into(),
        old: "canary-old".into(),
        tokens,
    });
    let file = spool::record(&SEALER, &owner(), ID, &answer).expect("a record");
    assert!(!String::from_utf8_lossy(&file).contains("canary"));
    assert!(spool::open(&SEALER, "another-id", &file).is_err(), "moved");
    match spool::open(&SEALER, ID, &change(&file, how)) {
        Ok((whose, read)) => {
            assert_eq!(whose, owner());
            let same = serde_json::to_value(&read).ok() == serde_json::to_value(&answer).ok();
            assert!(same, "a changed record is read");
        }
        Err(problem) => assert!(!problem.contains("canary"), "{problem}"),
    }
}

/// What stands inside a seal: of another version it is refused, and what is read is written the same again. A second
/// part behind a blank line takes the place of the id.
fn sealed(rest: &[u8]) {
    let (inner, id) = cut(rest, b"\n\n");
    let id = String::from_utf8_lossy(id);
    let id = if id.is_empty() { ID } else { &id };
    let owner = owner();
    let own = Place {
        table: "spool",
        column: "sealed",
        tenant: &owner.tenant,
        org: &owner.org,
        row: id,
        generation: 0,
    };
    let envelope = SEALER.seal(own, inner).expect("a seal is left");
    let file = json!({"version": 1, "tenant": owner.tenant, "org": owner.org,
        "sealed": STANDARD.encode(envelope)});
    let file = serde_json::to_vec(&file).expect("JSON");
    if let Ok((whose, answer)) = spool::open(&SEALER, id, &file) {
        assert_eq!(whose, owner);
        let written = spool::record(&SEALER, &whose, id, &answer).expect("a record");
        let (_, again) = spool::open(&SEALER, id, &written).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(
            serde_json::to_value(&again).ok(),
            serde_json::to_value(&answer).ok()
        );
    }
}
