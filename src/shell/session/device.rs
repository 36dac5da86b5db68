//! This browser's key pair: P-256, its private half never leaves the browser's own key store.
//! Owns making, keeping and using it; which proxy knows it is [`super::solo`]'s.

use crate::shell::store::database::{self, Database};
use crate::shell::{page, problem};
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use portico_core::error::ErrorCode;
use portico_core::wire::Problem;
use serde_json::json;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

const DATABASE: &str = "portico-device";
/// Proxy's base URL → `{key: CryptoKeyPair, id}`.
const STORE: &str = "devices";

/// A key pair of WebCrypto.
#[derive(Clone)]
pub(super) struct Key(JsValue);

/// A key that a proxy knows by its id.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) key: Key,
    pub(super) id: String,
}

impl Key {
    /// A new pair; the private half cannot be exported, so nothing stored can be carried off.
    pub(super) async fn generate() -> Result<Self, Box<Problem>> {
        let algorithm = object(&[("name", "ECDSA".into()), ("namedCurve", "P-256".into())]);
        let usages = Array::of1(&"sign".into());
        let pair = subtle()?
            .generate_key_with_object(&algorithm, false, &usages)
            .map_err(|_| no_crypto())?;
        Ok(Self(JsFuture::from(pair).await.map_err(|_| no_crypto())?))
    }

    /// The public half as a JWK.
    pub(super) async fn public_jwk(&self) -> Result<serde_json::Value, Box<Problem>> {
        let export = subtle()?
            .export_key("jwk", &self.half("publicKey")?)
            .map_err(|_| no_crypto())?;
        let jwk = JsFuture::from(export).await.map_err(|_| no_crypto())?;
        let coordinate = |name: &str| {
            let value = Reflect::get(&jwk, &name.into()).ok();
            value
                .and_then(|value| value.as_string())
                .ok_or_else(no_crypto)
        };
        Ok(json!({ "kty": "EC", "crv": "P-256", "x": coordinate("x")?, "y": coordinate("y")? }))
    }

    /// ES256: 64 bytes, r then s.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<Problem>> {
        let algorithm = object(&[("name", "ECDSA".into()), ("hash", "SHA-256".into())]);
        let promise = subtle()?
            .sign_with_object_and_js_u8_array(
                &algorithm,
                &self.half("privateKey")?,
                &Uint8Array::from(message),
            )
            .map_err(|_| no_crypto())?;
        let signature = JsFuture::from(promise).await.map_err(|_| no_crypto())?;
        Ok(Uint8Array::new(&signature.unchecked_into::<ArrayBuffer>()).to_vec())
    }

    fn half(&self, name: &str) -> Result<CryptoKey, Box<Problem>> {
        let half = Reflect::get(&self.0, &name.into()).ok();
        half.and_then(|half| half.dyn_into().ok())
            .ok_or_else(no_crypto)
    }
}

/// The device this browser is to the proxy, if it keeps one.
pub(super) async fn load(base_url: &str) -> Option<Device> {
    let record = open().await.ok()?.get(STORE, base_url).await.ok()??;
    let member = |name: &str| Reflect::get(&record, &name.into()).ok();
    let key = Key(member("key")?);
    key.half("privateKey").ok()?;
    Some(Device {
        key,
        id: member("id")?.as_string()?,
    })
}

/// Keeps it over reloads.
pub(super) async fn save(base_url: &str, device: &Device) -> Result<(), Box<Problem>> {
    let record = object(&[
        ("key", device.key.0.clone()),
        ("id", device.id.as_str().into()),
    ]);
    open().await?.put(STORE, base_url, record.into()).await
}

async fn open() -> Result<Database, Box<Problem>> {
    database::open(DATABASE, &[STORE]).await
}

fn subtle() -> Result<SubtleCrypto, Box<Problem>> {
    let crypto = page()?.crypto().map_err(|_| no_crypto())?;
    let subtle = Reflect::get(&crypto, &"subtle".into()).unwrap_or(JsValue::UNDEFINED);
    if subtle.is_undefined() {
        return Err(problem(
            ErrorCode::LaunchRequired,
            "Browsers give keys to secure pages only: open Portico by https, or by localhost.",
        ));
    }
    Ok(subtle.unchecked_into())
}

fn no_crypto() -> Box<Problem> {
    problem(ErrorCode::Internal, "This browser's key store failed.")
}

fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        // A plain object takes every member.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object
}
