//! Owns the shared handle on a running sandbox: calls in process, and a user's consent without a browser.

use std::sync::{Arc, Mutex, PoisonError};
#[cfg(feature = "serve")]
use std::time::{SystemTime, UNIX_EPOCH};

use crate::http::{Request, Response};
use crate::state::State;

/// A cloneable handle; all clones see the same state.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Mutex<State>>);

/// Why [`Sandbox::approve`] got no redirect: the page that was shown instead.
#[derive(Debug, thiserror::Error)]
#[error("the consent page refused: {code}")]
pub struct ConsentRefused {
    /// The page's stable code (`scope-mismatch`, `no-rights`, …), or its status.
    pub code: String,
    /// The whole page.
    pub page: String,
}

impl Sandbox {
    /// A sandbox over `state`.
    pub fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Looks at or changes the state. Do not call the same handle inside.
    pub fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        // A panic in a test's closure leaves plain data behind, which is still whole.
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Unix milliseconds as the shell sees them: the machine's clock and `clock_offset_ms`.
    #[cfg(feature = "serve")]
    pub fn now(&self) -> u64 {
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let real = u64::try_from(real.as_millis()).unwrap_or(u64::MAX);
        self.with(|state| real.saturating_add_signed(state.clock_offset_ms))
    }

    /// Answers one request in process.
    pub fn call(&self, request: &Request, now: u64) -> Response {
        self.with(|state| crate::handle(state, request, now))
    }

    /// Consents in `portal` to an authorize URL as a user would who leaves every optional scope ticked.
    /// Gives the redirect's `Location`.
    pub fn approve(
        &self,
        authorize_url: &str,
        portal: u64,
        now: u64,
    ) -> Result<String, ConsentRefused> {
        self.approve_with(authorize_url, portal, |_| true, now)
    }

    /// The same, leaving ticked only the optional scopes that `keep` names.
    pub fn approve_with(
        &self,
        authorize_url: &str,
        portal: u64,
        keep: impl Fn(&str) -> bool,
        now: u64,
    ) -> Result<String, ConsentRefused> {
        let query = authorize_url.split_once('?').map_or("", |(_, query)| query);
        let fields = crate::http::Fields::parse(query.as_bytes());
        let optional = fields
            .first("optional_scope")
            .unwrap_or_default()
            .to_owned();
        let mut pairs: Vec<(&str, &str)> = fields
            .pairs()
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        pairs.extend(
            optional
                .split_whitespace()
                .filter(|s| keep(s))
                .map(|s| ("grant", s)),
        );
        pairs.push(("decision", "connect"));
        self.decide(portal, &pairs, now)
    }

    /// Cancels on the consent page. Gives the redirect's `Location`.
    pub fn deny(
        &self,
        authorize_url: &str,
        portal: u64,
        now: u64,
    ) -> Result<String, ConsentRefused> {
        let query = authorize_url.split_once('?').map_or("", |(_, query)| query);
        let fields = crate::http::Fields::parse(query.as_bytes());
        let mut pairs: Vec<(&str, &str)> = fields
            .pairs()
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        pairs.push(("decision", "cancel"));
        self.decide(portal, &pairs, now)
    }

    fn decide(
        &self,
        portal: u64,
        pairs: &[(&str, &str)],
        now: u64,
    ) -> Result<String, ConsentRefused> {
        let response = self.call(
            &Request::form(&format!("/oauth/{portal}/authorize"), pairs),
            now,
        );
        response
            .header("location")
            .map(str::to_owned)
            .ok_or_else(|| {
                let page = response.text();
                let code = page
                    .split_once("id=\"error-code\">")
                    .and_then(|(_, rest)| rest.split_once('<'))
                    .map_or_else(|| response.status.to_string(), |(code, _)| code.to_owned());
                ConsentRefused { code, page }
            })
    }
}
