use super::*;
use serde_json::{Value, json};

const AUDIENCE: &str = "http://localhost:7878";
const ORIGIN: &str = "http://localhost:7878";

struct Partner {
    issuer: LocalIssuer,
    sessions: Sessions,
}

fn partner() -> Partner {
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
    let tenants = [("iss".to_owned(), issuer.tenant(vec![ORIGIN.into()]))].into();
    Partner {
        issuer,
        sessions: Sessions::new(AUDIENCE.into(), tenants),
    }
}

fn claims() -> Value {
    json!({
        "iss": "iss", "aud": AUDIENCE, "sub": "ada", "org": "org", "role": "admin",
        "plan": {"max_connections": 10}, "origin": ORIGIN, "iat": now(), "exp": now() + 600, "jti": "j",
    })
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": SESSION_TYPE, "kid": "k1"})
}

impl Partner {
    /// A token of any header and claims, correctly signed.
    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.issuer.key, Algorithm::ES256)
                .unwrap();
        format!("{message}.{signature}")
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
    let partner = partner();
    let session = partner.issuer.mint("ada", Role::Member, ORIGIN).unwrap();
    let who = partner.sessions.verify(&session.token).unwrap();
    assert_eq!((who.sub.as_str(), who.role), ("ada", Role::Member));
    assert_eq!(
        (who.owner.tenant.as_str(), who.owner.org.as_str()),
        ("iss", "org")
    );
    assert_eq!(who.expires_at, session.expires_at);
    assert!(partner.verify(&header(), &claims()).is_ok());
    assert!(
        partner
            .verify(&header(), &with(claims(), "nbf", json!(now())))
            .is_ok()
    );
}

/// JW-1: nothing but the pinned algorithm under the pinned key.
#[test]
fn other_algorithms_and_signatures_are_refused() {
    let partner = partner();
    let good = partner.sign(&header().to_string(), &claims().to_string());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let unsigned = |alg: &str| {
        let header = with(header(), "alg", json!(alg)).to_string();
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims().to_string())
        )
    };
    let hs256 = unsigned("HS256");
    let mac = jsonwebtoken::crypto::sign(
        hs256.as_bytes(),
        &EncodingKey::from_secret(b"the public key"),
        Algorithm::HS256,
    )
    .unwrap();
    for token in [
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{}", signature.chars().rev().collect::<String>()),
        format!("{}.", unsigned("none")),
        format!("{hs256}.{mac}"),
        format!("{}.{signature}", unsigned("EdDSA")),
        format!("{good}.x"),
        String::new(),
        "..".into(),
        format!("{good}{}", "A".repeat(5000)),
    ] {
        assert_eq!(
            partner.sessions.verify(&token).unwrap_err(),
            ErrorCode::SessionRequired,
            "{token}"
        );
    }
}

/// JW-2: a header that could steer verification is refused, correctly signed as it is.
#[test]
fn a_header_with_anything_else_is_refused() {
    let partner = partner();
    for bad in [
        with(header(), "kid", json!("k2")),
        without(header(), "kid"),
        with(header(), "typ", json!("JWT")),
        with(header(), "typ", json!("portico-device+jwt")),
        without(header(), "typ"),
        with(header(), "jku", json!("https://evil.example/keys")),
        with(header(), "jwk", json!({})),
        with(header(), "x5u", json!("https://evil.example")),
        with(header(), "x5c", json!([])),
        with(header(), "crit", json!(["exp"])),
        with(header(), "b64", json!(false)),
        with(header(), "cty", json!("JWT")),
    ] {
        assert_eq!(
            partner.verify(&bad, &claims()).unwrap_err(),
            ErrorCode::SessionRequired,
            "{bad}"
        );
    }
}

/// JW-3, JW-7, JW-10: every required claim absent, null, of another type, empty or out of range.
#[test]
fn each_claim_must_be_there_and_right() {
    let partner = partner();
    for name in [
        "iss", "aud", "sub", "org", "role", "plan", "origin", "iat", "exp", "jti",
    ] {
        let mut cases = vec![without(claims(), name)];
        for bad in [
            json!(null),
            json!(""),
            json!([]),
            json!({}),
            json!(true),
            json!("x y"),
            json!("12"),
        ] {
            cases.push(with(claims(), name, bad));
        }
        for case in cases {
            assert!(
                partner.verify(&header(), &case).is_err() || case[name] == "12",
                "{name}: {case}"
            );
        }
    }
    for (name, bad) in [
        ("iss", json!(["iss"])),
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
                .verify(&header(), &with(claims(), name, bad.clone()))
                .is_err(),
            "{name} {bad}"
        );
    }
    let twice = claims()
        .to_string()
        .replacen('{', r#"{"role":"member","#, 1);
    assert!(
        partner
            .sessions
            .verify(&partner.sign(&header().to_string(), &twice))
            .is_err()
    );
}

/// JW-4: times.
#[test]
fn times_are_held_to_the_second() {
    let partner = partner();
    let timed = |iat: i64, exp: i64| {
        let at = now();
        with(
            with(claims(), "iat", json!(at + iat)),
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
        assert_eq!(partner.verify(&header(), &claims).err(), want, "{case}");
    }
}
