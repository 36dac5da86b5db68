//! A browser that a launch link introduces: its key, and the session it gets.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use portico_core::pkce::base64url;
use serde_json::{Value, json};

/// The public half of a fresh P-256 key, as a browser exports it.
fn public_key() -> Value {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref()).unwrap();
    let point = key.public_key().as_ref();
    json!({
        "kty": "EC", "crv": "P-256", "ext": true, "key_ops": ["verify"],
        "x": base64url(&point[1..33]), "y": base64url(&point[33..65]),
    })
}

/// Opens a launch link as the app would and answers the session's token.
pub async fn launch(link: &str) -> String {
    let (base_url, ticket) = link.split_once("/#launch=").expect("a launch link");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!("{base_url}/v1/solo/launch"))
        .header("origin", base_url)
        .json(&json!({ "ticket": ticket, "public_key": public_key() }))
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let launched: Value = answer.json().await.unwrap();
    let token = launched["session"]["token"].as_str();
    token
        .unwrap_or_else(|| panic!("not launched: {status} {launched}"))
        .to_owned()
}
