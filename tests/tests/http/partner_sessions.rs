//! Sessions that partners sign themselves: several tenants in one proxy, both algorithms.

use portico_core::wire::Role;
use portico_proxy::PartnerKey;
use portico_proxy::config::KeyAlgorithm;
use portico_tests::{Answer, Caller, PORTAL, Partner, Stage, encoded, now};
use reqwest::Method;
use serde_json::{Value, json};

/// Two partners with an algorithm each, beside the solo organization.
async fn two() -> (Stage, Partner, Partner) {
    let one = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let two = Partner::new("two.example", KeyAlgorithm::ES256);
    let stage = Stage::set(|config, _| config.tenants = vec![one.tenant(), two.tenant()]).await;
    (stage, one, two)
}

fn with(base: &Value, name: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[name] = value;
    changed
}

fn without(base: &Value, name: &str) -> Value {
    let mut changed = base.clone();
    changed.as_object_mut().unwrap().remove(name);
    changed
}

/// The body without what differs by request.
fn constant(answer: &Answer) -> Value {
    without(&answer.json(), "correlation_id")
}

/// Threat model 4, D34: a partner's own token, of either algorithm, and what it says of its person.
#[tokio::test]
async fn a_partners_session_is_what_it_signed() {
    let (stage, one, two) = two().await;
    for partner in [&one, &two] {
        let mut claims = partner.claims(&stage.config, "acme", "ada", Role::Member);
        claims["plan"]["max_connections"] = json!(3);
        let page = partner.page(&stage.config, partner.sign(&partner.header(), &claims));
        let answer = page.get("/v1/session").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let session = answer.json();
        for (name, want) in [
            ("iss", json!(partner.issuer)),
            ("org", json!("acme")),
            ("sub", json!("ada")),
            ("role", json!("member")),
            ("plan", json!({"max_connections": 3})),
            ("expires_at", claims["exp"].clone()),
        ] {
            assert_eq!(session[name], want, "{name}");
        }
        assert_eq!(
            session["providers"][0]["return_uris"],
            json!([partner.return_uri()])
        );
        // AR-4: a member changes nothing.
        let refused = page.post("/v1/flows", &page.any_connect_body()).await;
        assert_eq!(refused.refusal(), (403, "role_required".into()));
    }
    assert_eq!(stage.admin().get("/v1/session").await.status, 200);
}

/// JW-1, JW-2, JW-3, JW-7, JW-10: whatever is wrong with a token, 401 with one and the same body, and nobody is
/// asked for a key.
#[tokio::test]
async fn each_fault_of_a_token_answers_the_same() {
    let (stage, one, two) = two().await;
    let keys = format!("{}/keys", stage.sandbox_url);
    let mut bodies = Vec::new();
    for (partner, other) in [(&one, &two), (&two, &one)] {
        let header = partner.header();
        let claims = partner.claims(&stage.config, "acme", "ada", Role::Admin);
        let good = partner.sign(&header, &claims);
        assert_eq!(
            partner
                .page(&stage.config, good.clone())
                .get("/v1/session")
                .await
                .status,
            200
        );
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (_, payload) = message.split_once('.').unwrap();
        let none = format!(
            "{}.{payload}.",
            portico_core::pkce::base64url(
                with(&header, "alg", json!("none")).to_string().as_bytes()
            )
        );
        let mut tokens = vec![
            ("empty signature", format!("{message}.")),
            ("none", none),
            ("cut signature", format!("{message}.{}", &signature[1..])),
            ("other's key", other.sign(&header, &claims)),
            (
                "other's issuer",
                partner.sign(&header, &with(&claims, "iss", json!(other.issuer))),
            ),
        ];
        for (case, name, value) in [
            ("kid unknown", "kid", json!("k")),
            ("kid of another", "kid", json!(other.kid)),
            ("alg not pinned", "alg", other.header()["alg"].clone()),
            ("typ", "typ", json!("JWT")),
            ("jku", "jku", json!(keys)),
            (
                "jwk",
                "jwk",
                json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(1)}),
            ),
            ("x5u", "x5u", json!(keys)),
            ("x5c", "x5c", json!(["AAAA"])),
            ("crit", "crit", json!(["exp"])),
            ("b64", "b64", json!(false)),
            ("cty", "cty", json!("JWT")),
        ] {
            tokens.push((case, partner.sign(&with(&header, name, value), &claims)));
        }
        tokens.push(("no kid", partner.sign(&without(&header, "kid"), &claims)));
        tokens.push(("no typ", partner.sign(&without(&header, "typ"), &claims)));
        for name in [
            "iss", "aud", "sub", "org", "role", "plan", "origin", "iat", "exp", "jti",
        ] {
            tokens.push((name, partner.sign(&header, &without(&claims, name))));
            for bad in [
                json!(null),
                json!(""),
                json!([]),
                json!({}),
                json!(true),
                json!("a b"),
            ] {
                tokens.push((name, partner.sign(&header, &with(&claims, name, bad))));
            }
        }
        let base = &stage.config.base_url;
        for (name, value) in [
            ("iss", json!([partner.issuer])),
            ("iss", json!(format!("{}/", partner.issuer))),
            ("iss", json!(partner.issuer.to_uppercase())),
            ("aud", json!([base])),
            ("aud", json!([base, "https://other.example"])),
            ("aud", json!(format!("{base}/"))),
            ("role", json!("Admin")),
            ("role", json!("root")),
            ("role", json!(["admin"])),
            ("plan", json!({"max_connections": -1})),
            ("plan", json!({"max_connections": 1.5})),
            ("plan", json!({"max_connections": 1e9})),
            ("plan", json!({})),
            ("sub", json!("a".repeat(129))),
            ("org", json!("a/b")),
            ("origin", json!(other.origin)),
            ("origin", json!(stage.config.base_url)),
            ("exp", json!((now() + 600).to_string())),
            ("iat", json!(now().to_string())),
            ("nbf", json!((now()).to_string())),
            // JW-4: times, far enough out for a slow machine; the very second is the unit tests' business.
            ("exp", json!(now() + 900)),
            ("iat", json!(now() + 300)),
            ("nbf", json!(now() + 400)),
        ] {
            tokens.push((name, partner.sign(&header, &with(&claims, name, value))));
        }
        let twice = claims.to_string().replacen('{', r#"{"role":"member","#, 1);
        tokens.push((
            "role twice",
            partner.key.sign(&header.to_string(), &twice).unwrap(),
        ));
        for (case, token) in tokens {
            assert_ne!(token, good, "{case}");
            let answer = partner.page(&stage.config, token).get("/v1/session").await;
            assert_eq!(answer.refusal(), (401, "session_required".into()), "{case}");
            bodies.push(constant(&answer));
        }
        let old = with(
            &with(&claims, "iat", json!(now() - 500)),
            "exp",
            json!(now() - 32),
        );
        let expired = partner.page(&stage.config, partner.sign(&header, &old));
        let answer = expired.get("/v1/session").await;
        assert_eq!(answer.refusal(), (401, "session_expired".into()));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(stage.calls("/keys").len(), 0, "no outbound fetch");
}

/// JW-5: a partner's session belongs to the page that it names.
#[tokio::test]
async fn a_partners_session_belongs_to_one_origin() {
    let (stage, one, two) = two().await;
    let page = one.caller(&stage.config, "acme", "ada", Role::Admin);
    let on = |origin: &str| Caller::new(stage.config.clone(), page.token.clone(), origin.into());
    for origin in [two.origin.as_str(), stage.config.base_url.as_str(), "null"] {
        for answer in [
            on(origin).get("/v1/connections").await,
            on(origin).post("/v1/flows", &page.any_connect_body()).await,
        ] {
            assert_eq!(
                answer.refusal(),
                (403, "origin_mismatch".into()),
                "{origin}"
            );
        }
    }
    let bare = page
        .bare(Method::POST, "/v1/flows")
        .header("authorization", format!("Bearer {}", page.token))
        .json(&page.any_connect_body());
    assert_eq!(
        page.send(bare).await.refusal(),
        (403, "origin_mismatch".into())
    );
    assert_eq!(page.get("/v1/connections").await.status, 200);
}

/// JW-6, J29: two tenants with the same org id and the same person see only their own rows, and may each have
/// the same portal.
#[tokio::test]
async fn tenants_with_the_same_org_id_see_only_their_own() {
    let (stage, one, two) = two().await;
    let ours = one.caller(&stage.config, "42", "ada", Role::Admin);
    let theirs = two.caller(&stage.config, "42", "ada", Role::Admin);
    let mut news = theirs.events(None).await;
    let flow = ours.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    for answer in [
        theirs.complete(&flow, &claim).await,
        theirs.get(&format!("/v1/flows/{}", flow.id)).await,
        theirs.delete(&format!("/v1/flows/{}", flow.id)).await,
    ] {
        assert_eq!(answer.refusal(), (404, "not_found".into()));
    }
    let done = ours.complete(&flow, &claim).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let id = done.json()["connection"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/connections/{id}");
    let patch = theirs
        .request(Method::PATCH, &path)
        .header("if-match", "\"1\"")
        .json(&json!({"label": "mine"}));
    let mut body = theirs.any_connect_body();
    body["intent"] = json!("reconnect");
    body["connection_id"] = json!(id);
    for answer in [
        theirs.get(&path).await,
        theirs.send(patch).await,
        theirs.delete(&path).await,
        theirs.relay(&id, "account.details", &json!({})).await,
        theirs.post("/v1/flows", &body).await,
    ] {
        assert_eq!(answer.refusal(), (404, "not_found".into()));
    }
    let list = |caller: Caller| async move { caller.get("/v1/connections").await.json() };
    assert_eq!(list(theirs.clone()).await["connections"], json!([]));
    assert_eq!(list(ours.clone()).await["connections"][0]["id"], json!(id));
    let used = theirs.get("/v1/session").await.json()["connections_used"].clone();
    assert_eq!(used, json!(0));
    let second = theirs.start_connect().await;
    let claim = stage.person().consent(&second, PORTAL).await;
    let done = theirs.complete(&second, &claim).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_ne!(done.json()["connection"]["id"], json!(id));
    // What they hear begins with their own flow: nothing of ours came before.
    let first = news.next().await.unwrap();
    assert_eq!(first.data["flow"]["id"], json!(second.id), "{first:?}");
    let relayed = ours.relay(&id, "account.details", &json!({})).await;
    assert_eq!(relayed.status, 200, "{}", relayed.text);
}

/// EM-1: each tenant's origin gets itself back, and so does the app's own; nobody else's does.
#[tokio::test]
async fn each_tenants_origin_may_call() {
    let (stage, one, two) = two().await;
    let anyone = stage.admin();
    let preflight = |origin: &str| {
        anyone
            .bare(Method::OPTIONS, "/v1/session")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
    };
    for origin in [&one.origin, &two.origin, &stage.config.base_url] {
        let answer = anyone.send(preflight(origin)).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some(origin.as_str())
        );
        assert_eq!(answer.header("vary"), Some("Origin"));
        assert!(answer.header("access-control-allow-credentials").is_none());
    }
    for origin in [
        "null",
        "https://one.example",
        "http://app.one.example",
        "https://app.one.example:8443",
        "https://app.one.example.",
        "https://app.one.example.evil.example",
        "https://evilapp.one.example",
        "https://APP.one.example",
    ] {
        let answer = anyone.send(preflight(origin)).await;
        assert_eq!(
            answer.refusal(),
            (403, "origin_mismatch".into()),
            "{origin}"
        );
        assert!(answer.header("access-control-allow-origin").is_none());
    }
}

/// JW-2: where there is no solo organization there is no local issuer, no launch link and no such path.
#[tokio::test]
async fn a_proxy_of_partners_alone_introduces_no_browser() {
    let one = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let stage = Stage::set(|config, _| {
        config.solo = None;
        config.tenants = vec![one.tenant()];
    })
    .await;
    assert!(stage.proxy.launch_link().is_none() && stage.proxy.launch_ticket().is_none());
    let base = stage.config.base_url.clone();
    assert!(stage.proxy.mint_session("you", Role::Admin, &base).is_err());
    assert!(portico_proxy::launch_link(&stage.config).await.is_err());
    let page = one.caller(&stage.config, "acme", "ada", Role::Admin);
    assert_eq!(page.get("/v1/session").await.status, 200);
    for path in ["/v1/solo/launch", "/v1/solo/session"] {
        let launch = json!({"ticket": encoded(1), "public_key": {}, "assertion": "a.b.c"});
        assert_eq!(
            page.post(path, &launch).await.refusal(),
            (404, "not_found".into())
        );
    }
}

/// JW-5: a launch link introduces a browser on a page of the solo organization, not on a partner's.
#[tokio::test]
async fn a_launch_link_is_not_taken_from_a_partners_page() {
    let (stage, one, _) = two().await;
    let page = one.page(&stage.config, String::new());
    let body = json!({"ticket": stage.proxy.launch_ticket().unwrap(), "public_key": {}});
    let request = page
        .bare(Method::POST, "/v1/solo/launch")
        .header("origin", &one.origin)
        .json(&body);
    assert_eq!(
        page.send(request).await.refusal(),
        (403, "origin_mismatch".into())
    );
}

/// JW-2: keys that somebody made are nobody's, however well they sign.
#[tokio::test]
async fn an_unknown_key_signs_for_nobody() {
    let (stage, one, _) = two().await;
    let stranger = PartnerKey::generate(KeyAlgorithm::EdDSA).unwrap();
    let claims = one.claims(&stage.config, "acme", "ada", Role::Admin);
    let token = stranger
        .sign(&one.header().to_string(), &claims.to_string())
        .unwrap();
    let answer = one.page(&stage.config, token).get("/v1/session").await;
    assert_eq!(answer.refusal(), (401, "session_required".into()));
}
