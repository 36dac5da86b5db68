//! What the providers saw: codes and refresh tokens as they were presented, token calls by time, every secret.
//! Owns the counting; draws no conclusion.

use portico_sandbox::{RecordedCall, Sandbox};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};
use url::form_urlencoded;

const HUBSPOT_TOKENS: &str = "/oauth/2026-03/token";
const GITHUB_TOKENS: &str = "/login/oauth/access_token";
/// Milliseconds after which an access token that ran out is of no interest to anybody.
const FORGOTTEN: u64 = 60_000;

/// Counts of a run.
#[derive(Default)]
pub(super) struct Ledger {
    /// How often each code was presented.
    pub(super) codes: HashMap<String, u32>,
    /// How often each refresh token of HubSpot was presented.
    pub(super) of_hubspot: HashMap<String, u32>,
    /// How often each refresh token of GitHub was presented.
    pub(super) of_github: HashMap<String, u32>,
    /// When each refresh token of GitHub was presented, in milliseconds since 1970, and the answer's status.
    pub(super) github_at: HashMap<String, Vec<(u64, u16)>>,
    /// Token calls by second.
    pub(super) token_calls: BTreeMap<u64, u32>,
    /// Calls that were told to slow down.
    pub(super) too_many: u32,
    /// All calls.
    pub(super) calls: u64,
    /// Every code and token there ever was.
    pub(super) secrets: HashSet<String>,
}

impl Ledger {
    /// Takes the recorded calls out of the sandbox, and the tokens that it knows.
    pub(super) fn take(&mut self, sandbox: &Sandbox) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = u64::try_from(now.as_millis()).unwrap();
        let calls = sandbox.with(|state| {
            for token in state.refresh_tokens.keys().chain(state.codes.keys()) {
                self.remember(token);
            }
            for token in state.access_tokens.keys() {
                self.remember(token);
            }
            let github = &state.github;
            for token in github.refresh_tokens.keys().chain(github.codes.keys()) {
                self.remember(token);
            }
            for token in github.tokens.keys() {
                self.remember(token);
            }
            state
                .access_tokens
                .retain(|_, token| token.expires_at + FORGOTTEN > now);
            std::mem::take(&mut state.calls)
        });
        for call in calls {
            self.count(&call);
        }
    }

    fn remember(&mut self, secret: &str) {
        if !self.secrets.contains(secret) {
            self.secrets.insert(secret.to_owned());
        }
    }

    fn count(&mut self, call: &RecordedCall) {
        self.calls += 1;
        self.too_many += u32::from(call.status == 429);
        let github = call.path == GITHUB_TOKENS;
        if call.method != "POST" || !(github || call.path == HUBSPOT_TOKENS) {
            return;
        }
        *self.token_calls.entry(call.at / 1_000).or_default() += 1;
        let refresh_tokens = if github {
            &mut self.of_github
        } else {
            &mut self.of_hubspot
        };
        let mut presented = Vec::new();
        for (name, value) in form_urlencoded::parse(call.body.as_bytes()) {
            let counts = match &*name {
                "code" => &mut self.codes,
                "refresh_token" => &mut *refresh_tokens,
                _ => continue,
            };
            *counts.entry(value.clone().into_owned()).or_default() += 1;
            if github && name == "refresh_token" {
                let times = self.github_at.entry(value.clone().into_owned());
                times.or_default().push((call.at, call.status));
            }
            presented.push(value.into_owned());
        }
        self.secrets.extend(presented);
    }
}

/// How many stand there more than `times` times.
pub(super) fn more_than(counts: &HashMap<String, u32>, times: u32) -> usize {
    counts.values().filter(|count| **count > times).count()
}
