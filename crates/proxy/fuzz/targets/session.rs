//! Session tokens and device assertions (threat model, section 4). Fuzzed claims are signed, so that what stands
//! behind the signature is reached.

use super::{Names, cut, order};
use crate::config::KeyAlgorithm;
use crate::config::check::is_session_id;
use crate::partner_key::{PartnerKey, PublicKey};
use crate::session::{MAX_PLAN, Principal, SESSION_TYPE, Sessions, now};
use crate::store::solo::Device;
use crate::tenants::{Tenant, Tenants};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portico_core::wire::Role;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

const AUDIENCE: &str = "https://portico.example";
const PARTNER: &str = "https://partner.example";
const OTHER: &str = "https://other.example";
const ORIGINS: [&str; 2] = ["https://app.partner.example", "http://localhost:7878"];
const DEVICE: &str = "device-1";

/// Keys of three signers, and who believes them.
struct Stage {
    ed: PartnerKey,
    es: PartnerKey,
    other: PartnerKey,
    device: Device,
    sessions: Sessions,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let key = |algorithm| PartnerKey::generate(algorithm).expect("a fresh key");
    let (ed, es) = (key(KeyAlgorithm::EdDSA), key(KeyAlgorithm::ES256));
    let other = key(KeyAlgorithm::EdDSA);
    let tenant = |keys: &[(&str, &PartnerKey)]| Tenant {
        keys: keys
            .iter()
            .map(|(kid, key)| {
                let public = PublicKey::read(key.algorithm(), &key.public_key());
                let public = public.expect("its public half");
                ((*kid).to_owned(), Arc::new(public.into()))
            })
            .collect(),
        origins: ORIGINS.map(str::to_owned).to_vec(),
        return_uris: Vec::new(),
        name: None,
        trusted: false,
    };
    let tenants: HashMap<String, Tenant> = [
        (PARTNER.to_owned(), tenant(&[("ed", &ed), ("es", &es)])),
        (OTHER.to_owned(), tenant(&[("other", &other)])),
    ]
    .into();
    let point = URL_SAFE_NO_PAD.decode(es.public_key()).expect("base64url");
    Stage {
        device: Device {
            id: DEVICE.into(),
            sub: "ada".into(),
            origin: ORIGINS[0].into(),
            key_x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            key_y: URL_SAFE_NO_PAD.encode(&point[33..]),
        },
        sessions: Sessions::new(AUDIENCE.into(), Tenants::new(AUDIENCE, tenants)),
        ed,
        es,
        other,
    }
});

/// `raw` and a token; or who signs (`ed`, `es`, `other`, `device`), a header and claims, a line each. `NOW` and `END`
/// stand for this second and for ten minutes on.
pub fn session(data: &[u8]) {
    let (who, rest) = order(data);
    let stage = &*STAGE;
    if who == "raw" {
        let token = String::from_utf8_lossy(rest);
        assert!(stage.sessions.verify(&token).is_err(), "nobody signed it");
        assert!(crate::web::fuzzing::device_says(&token, &stage.device, AUDIENCE).is_none());
        return;
    }
    let began = now();
    let timed = String::from_utf8_lossy(rest)
        .replace("NOW", &began.to_string())
        .replace("END", &(began + 600).to_string())
        .replace("SOON", &(began + 60).to_string());
    let (header, claims) = cut(timed.as_bytes(), b"\n");
    let (header, claims) = (
        String::from_utf8_lossy(header),
        String::from_utf8_lossy(claims),
    );
    let (kid, key) = match who.as_str() {
        "ed" => ("ed", &stage.ed),
        "other" => ("other", &stage.other),
        _ => ("es", &stage.es),
    };
    let token = key.sign(&header, &claims).expect("a signature");
    if who == "device" {
        device(&token, &header, &claims, began);
        return;
    }
    let issuer = if who == "other" { OTHER } else { PARTNER };
    let found = stage.sessions.verify(&token);
    let again = stage.sessions.verify(&token);
    assert_eq!(
        found.as_ref().err(),
        again.as_ref().err(),
        "remembered as it was found"
    );
    let fits = token.len() <= 4096
        && is_good(&header, &claims, kid, key.algorithm(), issuer, began).unwrap_or(false);
    assert!(
        !fits || found.is_ok(),
        "a good token is refused: {header} {claims}"
    );
    if let Ok(found) = found {
        believed(&found, &header, &claims, kid, key.algorithm(), issuer);
        assert!(stage.sessions.admit(&found), "its key and origin are there");
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What must hold of whatever is believed, read anew by another parser.
fn believed(
    found: &Principal,
    header: &str,
    claims: &str,
    kid: &str,
    algorithm: KeyAlgorithm,
    issuer: &str,
) {
    let mut names = Names::of(header.as_bytes()).expect("a header is an object");
    names.0.sort();
    assert_eq!(names.0, ["alg", "kid", "typ"], "{header}");
    let header: Value = serde_json::from_str(header).expect("read before");
    assert_eq!(text(&header, "alg"), algorithm.to_string());
    assert_eq!(text(&header, "typ"), SESSION_TYPE);
    assert_eq!(text(&header, "kid"), kid);
    assert!(Names::of(claims.as_bytes()).is_some(), "{claims}");
    // Beside the claims may stand what the other parser does not take, such as 1e400.
    let Ok(value) = serde_json::from_str::<Value>(claims) else {
        return;
    };
    let number = |name: &str| value.get(name).and_then(Value::as_i64);
    let (iat, exp) = (number("iat").expect("iat"), number("exp").expect("exp"));
    assert!((1..=600).contains(&(exp - iat)), "{claims}");
    assert!(iat <= now() + 30 && exp >= now() - 31, "{claims}");
    assert!(
        number("nbf").is_none_or(|nbf| nbf <= now() + 31),
        "{claims}"
    );
    for (name, want) in [
        ("iss", issuer),
        ("iss", &found.owner.tenant),
        ("aud", AUDIENCE),
        ("sub", &found.sub),
        ("org", &found.owner.org),
        ("origin", &found.origin),
        ("jti", &found.jti),
        (
            "role",
            match found.role {
                Role::Admin => "admin",
                Role::Member => "member",
            },
        ),
    ] {
        assert_eq!(text(&value, name), want, "{name} of {claims}");
    }
    assert!(is_session_id(&found.sub) && is_session_id(&found.owner.org));
    assert!(ORIGINS.contains(&found.origin.as_str()));
    assert!(found.plan.max_connections <= MAX_PLAN);
    assert_eq!(found.expires_at, exp);
}

/// Whether a token is one that a partner may write, by the words of the threat model; nothing where it is not clear.
fn is_good(
    header: &str,
    claims: &str,
    kid: &str,
    algorithm: KeyAlgorithm,
    issuer: &str,
    began: i64,
) -> Option<bool> {
    const KNOWN: [&str; 10] = [
        "iss", "aud", "sub", "org", "role", "plan", "origin", "iat", "exp", "jti",
    ];
    let (head_names, names) = (Names::of(header.as_bytes())?, Names::of(claims.as_bytes())?);
    let head: Value = serde_json::from_str(header).ok()?;
    let value: Value = serde_json::from_str(claims).ok()?;
    let plan = value.get("plan")?.as_object()?;
    let most = plan.get("max_connections")?.as_u64()?;
    // A plan's own members could stand twice as well, which a map does not show.
    let plain_plan = plan.len() == 1
        && claims.matches("max_connections").count() == 1
        && !claims.contains("\\u");
    let (iat, exp) = (value.get("iat")?.as_i64()?, value.get("exp")?.as_i64()?);
    let jti = text(&value, "jti");
    Some(
        !head_names.repeat()
            && head_names.0.len() == 3
            && text(&head, "alg") == algorithm.to_string()
            && text(&head, "typ") == SESSION_TYPE
            && text(&head, "kid") == kid
            && !names.repeat()
            && names.0.iter().all(|name| KNOWN.contains(&name.as_str()))
            && text(&value, "iss") == issuer
            && text(&value, "aud") == AUDIENCE
            && is_session_id(text(&value, "sub"))
            && is_session_id(text(&value, "org"))
            && ["admin", "member"].contains(&text(&value, "role"))
            && plain_plan
            && most <= u64::from(MAX_PLAN)
            && ORIGINS.contains(&text(&value, "origin"))
            && exp
                .checked_sub(iat)
                .is_some_and(|life| (1..=600).contains(&life))
            && iat <= began
            && exp > began + 5
            && (1..=128).contains(&jti.len())
            && jti.bytes().all(|byte| byte.is_ascii_graphic()),
    )
}

fn device(token: &str, header: &str, claims: &str, began: i64) {
    let Some(jti) = crate::web::fuzzing::device_says(token, &STAGE.device, AUDIENCE) else {
        return;
    };
    let head: Value = serde_json::from_str(header).expect("a header is JSON");
    let value: Value = serde_json::from_str(claims).expect("claims are JSON");
    assert!(head.is_object() && value.is_object(), "{header} {claims}");
    let names = Names::of(claims.as_bytes()).expect("an object");
    assert!(!names.repeat() && names.0.len() == 5, "{claims}");
    assert_eq!(text(&head, "kid"), DEVICE);
    assert_eq!(text(&value, "iss"), DEVICE);
    assert_eq!(text(&value, "aud"), AUDIENCE);
    assert_eq!(text(&value, "jti"), jti);
    assert!(is_session_id(&jti));
    let number = |name: &str| value.get(name).and_then(Value::as_i64).expect("a number");
    assert!((1..=60).contains(&(number("exp") - number("iat"))));
    assert!(number("iat") <= began + 31 && number("exp") >= began - 31);
}
