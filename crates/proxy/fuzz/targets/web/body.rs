//! JSON bodies of every endpoint, each read as all of their types.

use super::super::json::JsonBytes;
use super::super::{solo, tokens};
use crate::fuzzing::{Names, texts};
use portico_core::pkce::is_encoded_32_bytes;
use portico_core::wire::{
    AddStatic, CompleteFlow, Launch, NameWorkspace, RelayRequest, RenewSession, ReplaceCredential,
    StartFlow, TestConnection, UpdateConnection,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

/// Any bytes as a body.
pub fn body(data: &[u8]) {
    let body = JsonBytes(Zeroizing::new(data.to_vec()));
    let value = serde_json::from_slice::<Value>(data).ok();
    let object = value.as_ref().filter(|value| value.is_object());
    let members = body.members();
    assert_eq!(members.as_ref(), object.and_then(Value::as_object));
    read::<StartFlow>(&body, object);
    read::<CompleteFlow>(&body, object);
    read::<UpdateConnection>(&body, object);
    read::<RelayRequest>(&body, object);
    read::<RenewSession>(&body, object);
    read::<AddStatic>(&body, object);
    read::<ReplaceCredential>(&body, object);
    read::<NameWorkspace>(&body, object);
    if let Some(launch) = read::<Launch>(&body, object)
        && let Ok((x, y)) = solo::coordinates(&launch.public_key)
    {
        assert!(is_encoded_32_bytes(&x) && is_encoded_32_bytes(&y));
        assert_eq!(launch.public_key["x"], x);
        assert_eq!(launch.public_key["y"], y);
    }
    refused_politely::<TestConnection>(&body, object);
    refused_politely::<tokens::Of>(&body, object);
}

/// Bodies are objects whose members are known and stand once; what was read can be written and read again.
fn read<T: DeserializeOwned + Serialize>(body: &JsonBytes, object: Option<&Value>) -> Option<T> {
    let read: T = refused_politely(body, object)?;
    let written = serde_json::to_vec(&read).expect("JSON");
    let again = JsonBytes(Zeroizing::new(written.clone())).parse::<T>();
    let again = again.unwrap_or_else(|error| panic!("not read again: {error:?}"));
    assert_eq!(serde_json::to_vec(&again).expect("JSON"), written);
    Some(read)
}

fn refused_politely<T: DeserializeOwned>(body: &JsonBytes, object: Option<&Value>) -> Option<T> {
    match body.parse::<T>() {
        Ok(read) => {
            assert!(object.is_some(), "no JSON object, and read");
            let names = Names::of(&body.0).expect("an object");
            assert!(!names.repeat(), "a member stands twice");
            Some(read)
        }
        Err(error) => {
            let told = error.detail();
            assert!(told.len() < 1024, "{} bytes of refusal", told.len());
            let mut found = Vec::new();
            if let Some(object) = object {
                texts(object, &mut found);
            }
            let names = Names::of(&body.0).map(|names| names.0.concat());
            for value in found.iter().filter(|value| value.contains("canary")) {
                let is_name = names.as_ref().is_some_and(|names| names.contains(value));
                assert!(is_name || !told.contains(value), "{told}");
            }
            None
        }
    }
}
