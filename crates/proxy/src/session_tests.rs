use super::*;
use crate::partner_key::PartnerKey;
use crate::tenants::Tenant;
use serde_json::{Value, json};
use std::collections::HashMap;

const AUDIENCE: &str = "http://localhost:7878";
const ORIGIN: &str = "http://localhost:7878";
/// Another tenant, whose keys and origin are its own.
const OTHER: &str = "https://other.example";

/// One of several tenants, and everybody's verifier.
struct Partner {
    issuer: String,
    kid: String,
    key: PartnerKey,
    sessions: Arc<Sessions>,
}

fn tenant(kid: &str, key: &PartnerKey, origin: &str) -> Tenant {
    let public = PublicKey::read(key.algorithm(), &key.public_key()).unwrap();
    Tenant {
        keys: [(kid.to_owned(), Arc::new(public.into()))].into(),
        origins: vec![origin.to_owned()],
        return_uris: Vec::new(),
        name: None,
        trusted: false,
    }
}

/// One tenant per algorithm, and a third beside them; all of a rule holds for each.
fn partners() -> Vec<Partner> {
    let of = |issuer: &str, algorithm| Partner {
        issuer: issuer.to_owned(),
        kid: "k1".into(),
        key: PartnerKey::generate(algorithm).unwrap(),
        sessions: Arc::new(Sessions::new(String::new(), Tenants::new("", [].into()))),
    };
    let mut all = vec![
        of("https://partner.example", KeyAlgorithm::EdDSA),
        of("https://partner.example/", KeyAlgorithm::ES256),
    ];
    let other = of(OTHER, KeyAlgorithm::EdDSA);
    let mut tenants: HashMap<String, Tenant> = all
        .iter()
        .map(|one| (one.issuer.clone(), tenant(&one.kid, &one.key, ORIGIN)))
        .collect();
    tenants.insert(
        OTHER.into(),
        tenant("k9", &other.key, "https://other-app.example"),
    );
    let sessions = Arc::new(Sessions::new(
        AUDIENCE.into(),
        Tenants::new(AUDIENCE, tenants),
    ));
    for one in &mut all {
        one.sessions = Arc::clone(&sessions);
    }
    all
}

impl Partner {
    fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": "ada", "org": "org", "role": "admin",
            "plan": {"max_connections": 10}, "origin": ORIGIN, "iat": now(), "exp": now() + 600, "jti": "j",
        })
    }

    fn header(&self) -> Value {
        json!({"alg": self.key.algorithm().to_string(), "typ": SESSION_TYPE, "kid": self.kid})
    }

    /// A token of any header and claims, correctly signed.
    fn sign(&self, header: &str, claims: &str) -> String {
        self.key.sign(header, claims).unwrap()
    }

    fn verify(&self, header: &Value, claims: &Value) -> Result<Principal, ErrorCode> {
        self.sessions
            .verify(&self.sign(&header.to_string(), &claims.to_string()))
    }
}

fn with(mut base: Value, name: &str, value: Value) -> Value {
    base[name] = value;
    base
}

fn without(mut base: Value, name: &str) -> Value {
    base.as_object_mut().unwrap().remove(name);
    base
}

#[test]
fn a_minted_session_is_accepted() {
    let key = new_issuer_key().unwrap();
    let issuer = LocalIssuer::new(
        "iss".into(),
        "k1".into(),
        AUDIENCE.into(),
        "org".into(),
        10,
        &key,
    )
    .unwrap();
    let local = Tenant {
        keys: [issuer.verifying()].into(),
        origins: vec![ORIGIN.into()],
        return_uris: Vec::new(),
        name: None,
        trusted: true,
    };
    let tenants = Tenants::new(AUDIENCE, [("iss".to_owned(), local)].into());
    let sessions = Sessions::new(AUDIENCE.into(), tenants);
    let session = issuer.mint("ada", Role::Member, ORIGIN).unwrap();
    let who = sessions.verify(&session.token).unwrap();
    assert_eq!((who.sub.as_str(), who.role), ("ada", Role::Member));
    assert_eq!(
        (who.owner.tenant.as_str(), who.owner.org.as_str()),
        ("iss", "org")
    );
    assert_eq!(who.expires_at, session.expires_at);
}

/// Threat model 4: a partner's own token, of either algorithm; its tenant is its issuer, byte for byte.
#[test]
fn a_partners_session_is_accepted() {
    for partner in partners() {
        let who = partner
            .verify(&partner.header(), &partner.claims())
            .unwrap();
        assert_eq!(who.owner.tenant, partner.issuer);
        let later = with(partner.claims(), "nbf", json!(now()));
        assert!(partner.verify(&partner.header(), &later).is_ok());
    }
}

/// JW-2, JW-6: one tenant's key signs for no other, and one tenant's origin is no other's.
#[test]
fn tenants_do_not_mix() {
    let all = partners();
    for (one, other) in [(&all[0], &all[1]), (&all[1], &all[0])] {
        let as_other = with(one.claims(), "iss", json!(other.issuer));
        let its_alg = with(one.header(), "alg", other.header()["alg"].clone());
        for header in [one.header(), its_alg] {
            assert_eq!(
                one.verify(&header, &as_other).unwrap_err(),
                ErrorCode::SessionRequired
            );
        }
        let elsewhere = with(one.claims(), "origin", json!("https://other-app.example"));
        assert!(one.verify(&one.header(), &elsewhere).is_err());
        let third = with(one.header(), "kid", json!("k9"));
        assert!(one.verify(&third, &one.claims()).is_err());
        let as_third = with(one.claims(), "iss", json!(OTHER));
        assert!(one.verify(&third, &as_third).is_err());
    }
}

/// JW-9: old and new key overlap; then the old one is gone, under its own name or another's.
#[test]
fn keys_rotate_without_a_restart() {
    for index in 0..2 {
        let partner = partners().swap_remove(index);
        let token = partner.sign(&partner.header().to_string(), &partner.claims().to_string());
        let who = partner.sessions.verify(&token).unwrap();
        let newer = PartnerKey::generate(KeyAlgorithm::ES256).unwrap();
        let put = |tenant| {
            let tenants = [(partner.issuer.clone(), tenant)].into();
            partner.sessions.replace(Tenants::new(AUDIENCE, tenants));
        };
        let mut both = tenant("k2", &newer, ORIGIN);
        both.keys.extend(tenant("k1", &partner.key, ORIGIN).keys);
        put(both);
        assert!(partner.sessions.verify(&token).is_ok() && partner.sessions.admit(&who));
        let header = json!({"alg": "ES256", "typ": SESSION_TYPE, "kid": "k2"});
        let next = newer
            .sign(&header.to_string(), &partner.claims().to_string())
            .unwrap();
        assert!(partner.sessions.verify(&next).is_ok());
        put(tenant("k2", &newer, ORIGIN));
        assert!(partner.sessions.verify(&next).is_ok());
        // The same name with another key is no way back in.
        for gone in [tenant("k2", &newer, ORIGIN), tenant("k1", &newer, ORIGIN)] {
            put(gone);
            assert_eq!(
                partner.sessions.verify(&token).unwrap_err(),
                ErrorCode::SessionRequired
            );
            assert!(!partner.sessions.admit(&who));
        }
        put(tenant("k1", &partner.key, "https://moved.example"));
        assert!(partner.sessions.verify(&token).is_err() && !partner.sessions.admit(&who));
        partner.sessions.replace(Tenants::new(AUDIENCE, [].into()));
        assert!(partner.sessions.verify(&token).is_err() && !partner.sessions.admit(&who));
    }
}

/// JW-1: nothing but the pinned algorithm under the pinned key.
#[test]
fn other_algorithms_and_signatures_are_refused() {
    for partner in partners() {
        let (header, claims) = (partner.header(), partner.claims());
        let good = partner.sign(&header.to_string(), &claims.to_string());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let unsigned = |alg: &str| {
            let header = with(header.clone(), "alg", json!(alg)).to_string();
            format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header),
                URL_SAFE_NO_PAD.encode(claims.to_string())
            )
        };
        let hs256 = unsigned("HS256");
        let public = URL_SAFE_NO_PAD.decode(partner.key.public_key()).unwrap();
        let mac = jsonwebtoken::crypto::sign(
            hs256.as_bytes(),
            &EncodingKey::from_secret(&public),
            Algorithm::HS256,
        )
        .unwrap();
        // The other algorithm, honestly signed by a key of that kind.
        let other = match partner.key.algorithm() {
            KeyAlgorithm::EdDSA => KeyAlgorithm::ES256,
            KeyAlgorithm::ES256 => KeyAlgorithm::EdDSA,
        };
        let not_pinned = with(header.clone(), "alg", json!(other.to_string())).to_string();
        let not_pinned = PartnerKey::generate(other)
            .unwrap()
            .sign(&not_pinned, &claims.to_string())
            .unwrap();
        for token in [
            format!("{message}."),
            message.to_owned(),
            format!("{message}.{}", signature.chars().rev().collect::<String>()),
            format!("{}.", unsigned("none")),
            format!("{hs256}.{mac}"),
            format!("{}.{signature}", unsigned("EdDSA")),
            format!("{}.{signature}", unsigned("ES384")),
            not_pinned,
            format!("{good}.x"),
            String::new(),
            "..".into(),
            format!("{good}{}", "A".repeat(5000)),
        ]
        .into_iter()
        .filter(|token| *token != good)
        {
            assert_eq!(
                partner.sessions.verify(&token).unwrap_err(),
                ErrorCode::SessionRequired,
                "{token}"
            );
        }
    }
}

/// JW-2: a header that could steer verification is refused, correctly signed as it is.
#[test]
fn a_header_with_anything_else_is_refused() {
    for partner in partners() {
        for bad in [
            with(partner.header(), "kid", json!("k2")),
            without(partner.header(), "kid"),
            with(partner.header(), "typ", json!("JWT")),
            with(partner.header(), "typ", json!("portico-device+jwt")),
            without(partner.header(), "typ"),
            with(partner.header(), "jku", json!("https://evil.example/keys")),
            with(partner.header(), "jwk", json!({})),
            with(partner.header(), "x5u", json!("https://evil.example")),
            with(partner.header(), "x5c", json!([])),
            with(partner.header(), "crit", json!(["exp"])),
            with(partner.header(), "b64", json!(false)),
            with(partner.header(), "cty", json!("JWT")),
        ] {
            assert_eq!(
                partner.verify(&bad, &partner.claims()).unwrap_err(),
                ErrorCode::SessionRequired,
                "{bad}"
            );
        }
    }
}

/// JW-3, JW-7, JW-10: every required claim absent, null, of another type, empty or out of range.
#[test]
fn each_claim_must_be_there_and_right() {
    for partner in partners() {
        for name in [
            "iss", "aud", "sub", "org", "role", "plan", "origin", "iat", "exp", "jti",
        ] {
            let mut cases = vec![without(partner.claims(), name)];
            for bad in [
                json!(null),
                json!(""),
                json!([]),
                json!({}),
                json!(true),
                json!("x y"),
                json!("12"),
            ] {
                cases.push(with(partner.claims(), name, bad));
            }
            for case in cases {
                assert!(
                    partner.verify(&partner.header(), &case).is_err() || case[name] == "12",
                    "{name}: {case}"
                );
            }
        }
        for (name, bad) in [
            ("iss", json!([partner.issuer.clone()])),
            ("iss", json!("other")),
            ("aud", json!([AUDIENCE])),
            ("aud", json!([AUDIENCE, "other"])),
            ("aud", json!("http://localhost:7878/")),
            ("role", json!("Admin")),
            ("role", json!("root")),
            ("role", json!(["admin"])),
            ("plan", json!({"max_connections": -1})),
            ("plan", json!({"max_connections": 1.5})),
            ("plan", json!({"max_connections": 100_001})),
            ("plan", json!({"max_connections": 1e9})),
            ("sub", json!("a".repeat(129))),
            ("org", json!("a/b")),
            ("origin", json!("http://elsewhere.example")),
            ("exp", json!((now() + 600).to_string())),
            ("iat", json!(now().to_string())),
            ("nbf", json!(now().to_string())),
        ] {
            assert!(
                partner
                    .verify(
                        &partner.header(),
                        &with(partner.claims(), name, bad.clone())
                    )
                    .is_err(),
                "{name} {bad}"
            );
        }
        let twice = partner
            .claims()
            .to_string()
            .replacen('{', r#"{"role":"member","#, 1);
        assert!(
            partner
                .sessions
                .verify(&partner.sign(&partner.header().to_string(), &twice))
                .is_err()
        );
    }
}

/// JW-4: times.
#[test]
fn times_are_held_to_the_second() {
    for partner in partners() {
        let timed = |iat: i64, exp: i64| {
            let at = now();
            with(
                with(partner.claims(), "iat", json!(at + iat)),
                "exp",
                json!(at + exp),
            )
        };
        for (case, claims, want) in [
            ("expired 20 s ago", timed(-400, -20), None),
            (
                "expired 33 s ago",
                timed(-400, -33),
                Some(ErrorCode::SessionExpired),
            ),
            ("issued 20 s ahead", timed(20, 300), None),
            (
                "issued 33 s ahead",
                timed(33, 300),
                Some(ErrorCode::SessionRequired),
            ),
            (
                "601 s long",
                timed(0, 601),
                Some(ErrorCode::SessionRequired),
            ),
            ("600 s long", timed(0, 600), None),
            (
                "ends before it begins",
                timed(10, 5),
                Some(ErrorCode::SessionRequired),
            ),
            (
                "far future",
                timed(0, 1_000_000_000),
                Some(ErrorCode::SessionRequired),
            ),
            (
                "not yet valid",
                with(timed(0, 300), "nbf", json!(now() + 120)),
                Some(ErrorCode::SessionRequired),
            ),
        ] {
            assert_eq!(
                partner.verify(&partner.header(), &claims).err(),
                want,
                "{case}"
            );
        }
    }
}
