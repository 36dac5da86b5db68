//! Session tokens: in memory only, renewed before they end, one renewal at a time (threat model, section 4).
//! Owns when to ask for one; where it comes from is [`solo`]'s and [`host`]'s, what it allows the proxy's.

mod device;
mod host;
mod solo;

use super::clock::now_seconds;
use super::problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::lock::Mutex;
use portico_core::authorize::is_safe_endpoint;
use portico_core::error::ErrorCode;
use portico_core::reading::from_json;
use portico_core::wire::{Problem, SessionToken, UnixSeconds};
use serde::Deserialize;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Seconds before its end at which a token is renewed.
const RENEW_BEFORE: UnixSeconds = 60;
/// Longest token the proxy takes.
const MAX_TOKEN_BYTES: usize = 4096;

/// Where sessions come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SessionSource {
    /// The proxy's own issuer, against this browser's key.
    Solo,
    /// The page's `getSession()`: resolves to a token, or to `{token, expiresAt?}`.
    Host(js_sys::Function),
}

/// Hands out session tokens; clones share one.
#[derive(Clone)]
pub(crate) struct Sessions(Rc<Inner>);

struct Inner {
    source: Source,
    /// The token in hand.
    held: RefCell<Option<SessionToken>>,
    /// Whose sessions these are: (iss, org, sub) of the first one.
    owner: RefCell<Option<[String; 3]>>,
    /// Only one renewal at a time.
    renewing: Mutex<()>,
    /// How many renewals have ended, and how the last one failed.
    ended: Cell<u32>,
    failure: RefCell<Option<Box<Problem>>>,
}

enum Source {
    Solo(Rc<solo::Solo>),
    Host(js_sys::Function),
}

impl Sessions {
    /// Takes a launch ticket out of the address at once; asks for nothing yet.
    pub(crate) fn new(base_url: &str, source: SessionSource) -> Result<Self, Box<Problem>> {
        let source = match source {
            SessionSource::Solo => Source::Solo(solo::Solo::new(base(base_url)?)),
            SessionSource::Host(ask) => Source::Host(ask),
        };
        Ok(Self(Rc::new(Inner {
            source,
            held: RefCell::default(),
            owner: RefCell::default(),
            renewing: Mutex::new(()),
            ended: Cell::new(0),
            failure: RefCell::default(),
        })))
    }

    /// A token that is good for a minute at least, as far as this computer's clock tells.
    pub(crate) async fn token(&self) -> Result<String, Box<Problem>> {
        if let Some(token) = self.held() {
            return Ok(token);
        }
        let seen = self.0.ended.get();
        let _turn = self.0.renewing.lock().await;
        // While this one waited, another may have succeeded, or failed for all who waited with it.
        if let Some(token) = self.held() {
            return Ok(token);
        }
        if self.0.ended.get() != seen
            && let Some(failure) = self.0.failure.borrow().clone()
        {
            return Err(failure);
        }
        let result = self.renew().await;
        self.0.ended.set(seen.wrapping_add(1));
        self.0.failure.replace(result.as_ref().err().cloned());
        result
    }

    /// Drops this token, if it is still the one in hand: the proxy did not take it.
    pub(super) fn refused(&self, token: &str) {
        let mut held = self.0.held.borrow_mut();
        if held.as_ref().is_some_and(|held| held.token == token) {
            *held = None;
        }
    }

    fn held(&self) -> Option<String> {
        let held = self.0.held.borrow();
        let fresh = held
            .as_ref()
            .filter(|held| held.expires_at - now_seconds() > RENEW_BEFORE);
        fresh.map(|held| held.token.clone())
    }

    async fn renew(&self) -> Result<String, Box<Problem>> {
        let session = match &self.0.source {
            Source::Solo(solo) => solo.session().await?,
            Source::Host(ask) => host::session(ask).await?,
        };
        let fits = (1..=MAX_TOKEN_BYTES).contains(&session.token.len())
            && session.token.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(problem(
                ErrorCode::SessionRequired,
                "What was handed over as a session token is not one.",
            ));
        }
        let claims = claims(&session.token);
        self.same_owner(claims.as_ref())?;
        // A fresh token's own length is believed before a clock that may differ from the issuer's.
        let expires_at = match (&self.0.source, &claims) {
            (Source::Solo(_), Some(claims)) => now_seconds() + (claims.exp - claims.iat),
            _ => session.expires_at,
        };
        let token = session.token.clone();
        *self.0.held.borrow_mut() = Some(SessionToken {
            expires_at,
            ..session
        });
        Ok(token)
    }

    /// Another person's session never continues this one: what is on the screen is not theirs (EM-9).
    fn same_owner(&self, claims: Option<&Claims>) -> Result<(), Box<Problem>> {
        let Some(claims) = claims else {
            // Not readable here; the proxy judges it.
            return Ok(());
        };
        let now = [&claims.iss, &claims.org, &claims.sub].map(String::clone);
        let mut owner = self.0.owner.borrow_mut();
        match &*owner {
            Some(before) if *before != now => Err(problem(
                ErrorCode::SessionExpired,
                "This page is now signed in for another person or organization. Reload it.",
            )),
            _ => {
                *owner = Some(now);
                Ok(())
            }
        }
    }
}

/// What a token says of itself; read for planning only, never believed as proof.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    org: String,
    sub: String,
    iat: UnixSeconds,
    exp: UnixSeconds,
}

fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    from_json(&payload).ok()
}

/// The proxy's base URL without its last slash.
///
/// Relative ones count from the page; https only, but for this machine. Nothing after the path.
pub(super) fn base(text: &str) -> Result<String, Box<Problem>> {
    let invalid = || {
        problem(
            ErrorCode::InvalidRequest,
            "The proxy's address must be an https URL without user, query or fragment \
             (http only on this machine). Check proxy-url.",
        )
    };
    let here = super::page()?.location().href().map_err(|_| invalid())?;
    let page = here.split('#').next().unwrap_or_default();
    let url = web_sys::Url::new_with_base(text, page).map_err(|_| invalid())?;
    // A relative address brings none of the page's query along.
    if !(url.search().is_empty() && url.hash().is_empty() && url.username().is_empty()) {
        return Err(invalid());
    }
    let href = url.href();
    if !is_safe_endpoint(&href) {
        return Err(invalid());
    }
    Ok(href.trim_end_matches('/').to_owned())
}
