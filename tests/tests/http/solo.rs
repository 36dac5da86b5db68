//! The launch link and the browser's key: how a solo proxy knows its one person.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use portico_core::pkce::base64url;
use portico_tests::{Answer, Caller, Stage, encoded};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// A browser's key pair.
struct Device(EcdsaKeyPair);

impl Device {
    fn new() -> Self {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref()).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "ext": true, "key_ops": ["verify"],
            "x": base64url(&point[1..33]), "y": base64url(&point[33..65]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = self
            .0
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        format!("{message}.{}", base64url(signature.as_ref()))
    }
}

fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

async fn post(stage: &Stage, path: &str, origin: &str, body: &Value) -> Answer {
    let caller = stage.admin();
    caller
        .send(
            caller
                .bare(Method::POST, path)
                .header("origin", origin)
                .json(body),
        )
        .await
}

async fn launch(stage: &Stage, ticket: &str, device: &Device) -> Answer {
    let body = json!({"ticket": ticket, "public_key": device.jwk()});
    post(stage, "/v1/solo/launch", &stage.config.base_url, &body).await
}

/// Design 9: the printed link introduces one browser, once.
#[tokio::test]
async fn a_launch_link_works_once() {
    let stage = Stage::open().await;
    let link = stage.proxy.launch_link().unwrap();
    let ticket = link
        .strip_prefix(&format!("{}/#launch=", stage.config.base_url))
        .unwrap();
    let launched = launch(&stage, ticket, &Device::new()).await;
    assert_eq!(launched.status, 200, "{}", launched.text);
    let session = launched.json()["session"].clone();
    let caller = Caller::new(
        stage.config.clone(),
        session["token"].as_str().unwrap().to_owned(),
        stage.config.base_url.clone(),
    );
    let who = caller.get("/v1/session").await.json();
    assert_eq!(
        (&who["sub"], &who["role"]),
        (&json!("you"), &json!("admin"))
    );
    assert_eq!(who["expires_at"], session["expires_at"]);
    let life = session["expires_at"].as_i64().unwrap() - now();
    assert!((590..=600).contains(&life), "{life}");
    let again = launch(&stage, ticket, &Device::new()).await;
    assert_eq!(again.refusal(), (401, "launch_invalid".into()));
    assert_eq!(
        launch(&stage, &encoded(1), &Device::new()).await.status,
        401
    );
    assert_eq!(launch(&stage, "", &Device::new()).await.status, 401);
}

/// A ticket is not spent on a key that cannot be used, nor from a page that may not ask.
#[tokio::test]
async fn a_ticket_is_not_spent_on_a_bad_request() {
    let stage = Stage::open().await;
    let ticket = stage.proxy.launch_ticket().unwrap().to_owned();
    let good = Device::new().jwk();
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        jwk
    };
    for jwk in [
        json!({}),
        json!("key"),
        with("kty", json!("RSA")),
        with("crv", json!("P-384")),
        with("x", json!("short")),
        with("y", json!(encoded(1))),
        with("y", json!(null)),
    ] {
        let body = json!({"ticket": ticket, "public_key": jwk});
        let answer = post(&stage, "/v1/solo/launch", &stage.config.base_url, &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{jwk}");
    }
    let body = json!({"ticket": ticket, "public_key": good});
    let foreign = post(&stage, "/v1/solo/launch", "https://evil.example", &body).await;
    assert_eq!(foreign.refusal(), (403, "origin_mismatch".into()));
    let caller = stage.admin();
    let bare = caller
        .send(caller.bare(Method::POST, "/v1/solo/launch").json(&body))
        .await;
    assert_eq!(bare.refusal(), (403, "origin_mismatch".into()));
    assert_eq!(launch(&stage, &ticket, &Device::new()).await.status, 200);
}

/// After ten minutes a link is over; `portico-proxy launch` gives a fresh one while the proxy runs.
#[tokio::test]
async fn an_old_link_is_over_and_a_fresh_one_can_be_had() {
    let stage = Stage::open().await;
    stage
        .sql("UPDATE launch_ticket SET expires_at = unixepoch('subsec') - 1")
        .await;
    let old = launch(&stage, stage.proxy.launch_ticket().unwrap(), &Device::new()).await;
    assert_eq!(old.refusal(), (401, "launch_invalid".into()));
    let link = portico_proxy::launch_link(&stage.config).await.unwrap();
    let (page, ticket) = link.split_once("/#launch=").unwrap();
    assert_eq!(page, stage.config.base_url);
    assert_eq!(launch(&stage, ticket, &Device::new()).await.status, 200);
}

/// The browser's key renews the session, each proof once, and nothing else does.
#[tokio::test]
async fn a_known_browser_renews_its_session_with_its_key() {
    let stage = Stage::open().await;
    let device = Device::new();
    let launched = launch(&stage, stage.proxy.launch_ticket().unwrap(), &device)
        .await
        .json();
    let id = launched["device_id"].as_str().unwrap().to_owned();
    let header = json!({"alg": "ES256", "typ": "portico-device+jwt", "kid": id});
    let audience = stage.config.base_url.clone();
    let claims = |jti: &str| json!({"iss": id, "aud": audience, "iat": now(), "exp": now() + 60, "jti": jti});
    let renew = async |stage: &Stage, assertion: String| {
        post(
            stage,
            "/v1/solo/session",
            &stage.config.base_url,
            &json!({"assertion": assertion}),
        )
        .await
    };
    let first = device.sign(&header, &claims("one"));
    let answer = renew(&stage, first.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let caller = Caller::new(stage.config.clone(), token, stage.config.base_url.clone());
    assert_eq!(caller.get("/v1/session").await.status, 200);
    assert_eq!(
        renew(&stage, first).await.refusal(),
        (401, "launch_required".into()),
        "used before"
    );

    let changed = |name: &str, value: Value| {
        let mut claims = claims(&format!("with-{name}"));
        claims[name] = value;
        claims
    };
    let headed = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    let stranger = Device::new();
    for (case, assertion) in [
        ("another key", stranger.sign(&header, &claims("a"))),
        (
            "unknown device",
            device.sign(&headed("kid", json!("nobody")), &claims("b")),
        ),
        (
            "another type",
            device.sign(&headed("typ", json!("JWT")), &claims("c")),
        ),
        (
            "session type",
            device.sign(&headed("typ", json!("portico-session+jwt")), &claims("d")),
        ),
        (
            "with jku",
            device.sign(&headed("jku", json!("https://evil.example")), &claims("e")),
        ),
        (
            "another audience",
            device.sign(&header, &changed("aud", json!("https://evil.example"))),
        ),
        (
            "another issuer",
            device.sign(&header, &changed("iss", json!("nobody"))),
        ),
        (
            "too long",
            device.sign(&header, &changed("exp", json!(now() + 120))),
        ),
        (
            "expired",
            device.sign(&header, &changed("exp", json!(now() - 40))),
        ),
        (
            "from the future",
            device.sign(&header, &changed("iat", json!(now() + 50))),
        ),
        ("no jti", device.sign(&header, &changed("jti", json!(null)))),
        (
            "unsigned",
            device
                .sign(&header, &claims("f"))
                .rsplit_once('.')
                .unwrap()
                .0
                .to_owned()
                + ".",
        ),
        ("nothing", String::new()),
    ] {
        assert_eq!(
            renew(&stage, assertion).await.refusal(),
            (401, "launch_required".into()),
            "{case}"
        );
    }
    // A session is no assertion, and an assertion is no session.
    assert_eq!(renew(&stage, caller.token.clone()).await.status, 401);
    let misused = Caller::new(
        stage.config.clone(),
        device.sign(&header, &claims("g")),
        stage.config.base_url.clone(),
    );
    assert_eq!(
        misused.get("/v1/session").await.refusal(),
        (401, "session_required".into())
    );
    // The browser is still known after a restart.
    let stage = stage.restart().await;
    let again = device.sign(&header, &claims("two"));
    let body = json!({"assertion": again});
    assert_eq!(
        post(&stage, "/v1/solo/session", &stage.config.base_url, &body)
            .await
            .status,
        200
    );
}
