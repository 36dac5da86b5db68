//! Sessions from the page around the widget: its `getSession()` (threat model, section 4; EM-9).
//! Owns calling it and reading its result; the token itself goes to [`super::Sessions`].

use super::{RENEW_BEFORE, claims};
use crate::shell::clock::now_seconds;
use crate::shell::problem;
use crate::shell::timer::within;
use js_sys::{Function, Promise, Reflect};
use portico_core::error::ErrorCode;
use portico_core::wire::{Problem, SessionToken, UnixSeconds};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// How long `getSession()` may take.
const TIME_LIMIT_MS: u32 = 10_000;
/// Later than this it is no time in seconds: year 5138.
const LATEST: f64 = 1e11;

/// One call of `getSession()`.
pub(super) async fn session(ask: &Function) -> Result<SessionToken, Box<Problem>> {
    let refused = |detail| problem(ErrorCode::SessionRequired, detail);
    let promise = ask
        .call0(&JsValue::UNDEFINED)
        .map_err(|_| refused("The page's getSession() failed."))?;
    let answer = within(TIME_LIMIT_MS, JsFuture::from(Promise::resolve(&promise))).await;
    let value = match answer {
        Some(Ok(value)) => value,
        Some(Err(_)) => return Err(refused("The page's getSession() was refused.")),
        None => {
            return Err(refused(
                "The page's getSession() did not answer within 10 seconds.",
            ));
        }
    };
    read(&value).ok_or_else(|| {
        refused(
            "The page's getSession() must resolve to a token, or to {token, expiresAt} with \
             expiresAt in seconds since 1970.",
        )
    })
}

fn read(value: &JsValue) -> Option<SessionToken> {
    if let Some(token) = value.as_string() {
        let expires_at = expiry(&token);
        return Some(SessionToken { token, expires_at });
    }
    if !value.is_object() {
        return None;
    }
    let token = Reflect::get(value, &"token".into()).ok()?.as_string()?;
    let given = Reflect::get(value, &"expiresAt".into()).ok()?;
    let expires_at = if given.is_undefined() || given.is_null() {
        expiry(&token)
    } else {
        seconds(given.as_f64()?)?
    };
    Some(SessionToken { token, expires_at })
}

/// What the token says, else soon: then it is asked for again before each call but the next few.
fn expiry(token: &str) -> UnixSeconds {
    claims(token).map_or_else(|| now_seconds() + 2 * RENEW_BEFORE, |claims| claims.exp)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before the cast"
)]
fn seconds(number: f64) -> Option<UnixSeconds> {
    (0.0..LATEST)
        .contains(&number)
        .then_some(number as UnixSeconds)
}
