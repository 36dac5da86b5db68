//! The sandbox through its public door: requests in, responses out. Each room of tests names the promises it serves.

#![expect(
    clippy::expect_used,
    reason = "a test's helpers fail the test, as its body does"
)]

mod activity;
mod authorize;
mod control;
mod control_github;
mod control_page;
mod control_shell;
mod corpus;
mod data;
mod details;
mod developer;
mod events;
mod events_github;
mod faults;
mod fixtures;
mod github;
mod invariants;
mod judging;
mod kinds;
mod lifecycle;
mod limits;
mod malformed;
mod reads;
mod record_batches;
mod record_links;
mod record_rules;
mod record_search;
mod record_search_random;
mod records;
mod scenarios;
mod shell;
mod snapshots;
mod static_credentials;
mod static_limits;
mod strictness;
mod sweep;
mod tiers;
mod token;
mod write_groups;
mod write_labels;
mod write_pipelines;
mod write_properties;
mod write_schemas;
mod write_sequences;
mod write_stages;

use std::collections::BTreeMap;
use std::sync::Mutex;

use portico_sandbox::{
    AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Response, Sandbox, State, scopes,
};

/// The moment the tests run at: inside the fixtures' calendar, and never the machine's clock.
pub(crate) const NOW: u64 = 1_793_500_000_000;
/// The registered redirect URI.
pub(crate) const CALLBACK: &str = "http://localhost:4000/callback/hubspot";
/// The one portal of `small`: free.
pub(crate) const SMALL: u64 = 146_250_417;
/// The one portal of `enterprise`.
pub(crate) const LARGE: u64 = 23_571_113;
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A sandbox of a fixture with the demo app.
pub(crate) fn sandbox(fixture: &str) -> Sandbox {
    // Made once: reading the tables is most of a short test's time.
    static MADE: Mutex<BTreeMap<String, State>> = Mutex::new(BTreeMap::new());
    let make = || {
        let app = AppConfig::demo(vec![CALLBACK.to_owned()]);
        State::fixture(fixture, 7, vec![app]).expect("a known fixture")
    };
    let mut states = MADE.lock().expect("no test panics while it holds the lock");
    Sandbox::new(
        states
            .entry(fixture.to_owned())
            .or_insert_with(make)
            .clone(),
    )
}

/// A query of the authorize URL: the required scopes, these optional ones, and more parameters.
pub(crate) fn authorize_url(optional: &[&str], more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", DEMO_CLIENT_ID)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("scope", &scopes::DEMO_REQUIRED.join(" "))
        .append_pair("state", "s+t&a=te");
    if !optional.is_empty() {
        query.append_pair("optional_scope", &optional.join(" "));
    }
    for (name, value) in more {
        query.append_pair(name, value);
    }
    format!("/oauth/authorize?{}", query.finish())
}

/// A parameter of a redirect.
pub(crate) fn returned(location: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(location).expect("an absolute redirect");
    url.query_pairs()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.into_owned())
}

/// Redeems a code at one generation of the token endpoint.
pub(crate) fn redeem(
    sandbox: &Sandbox,
    path: &str,
    code: &str,
    more: &[(&str, &str)],
    now: u64,
) -> Response {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("redirect_uri", CALLBACK),
        ("code", code),
    ];
    for (name, value) in more {
        fields.retain(|(n, _)| n != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    sandbox.call(&Request::form(path, &fields), now)
}

/// Refreshes at one generation of the token endpoint.
pub(crate) fn refresh(sandbox: &Sandbox, path: &str, token: &str, now: u64) -> Response {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("refresh_token", token),
    ];
    sandbox.call(&Request::form(path, &fields), now)
}

/// The token endpoint in every generation.
pub(crate) const GENERATIONS: [&str; 4] = [
    "/oauth/v1/token",
    "/oauth/v3/token",
    "/oauth/2026-03/token",
    "/oauth/2026-09/token",
];

/// A code for `small` with the optional scope `forms`.
pub(crate) fn code(sandbox: &Sandbox, more: &[(&str, &str)]) -> String {
    let location = sandbox
        .approve(&authorize_url(&["forms"], more), SMALL, NOW)
        .expect("a redirect");
    returned(&location, "code").expect("a code")
}

/// An access and a refresh token for `small`.
pub(crate) fn tokens(sandbox: &Sandbox) -> (String, String) {
    let answer = redeem(sandbox, GENERATIONS[3], &code(sandbox, &[]), &[], NOW).to_value();
    let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

/// Every scope of the catalogue that the portal can grant, as an access token.
pub(crate) fn full_token(sandbox: &Sandbox, portal: u64) -> String {
    sandbox.with(|state| {
        let all: Vec<&str> = scopes::CATALOGUE
            .iter()
            .map(|scope| scope.name)
            .filter(|name| scopes::available(name, &state.portals[&portal]))
            .collect();
        state
            .issue_grant(DEMO_CLIENT_ID, portal, &all, NOW)
            .expect("a known portal")
            .access_token
    })
}

/// A `GET` with a bearer; each call a second after the one before, so that no window fills.
pub(crate) struct Reader<'a> {
    sandbox: &'a Sandbox,
    token: String,
    now: std::cell::Cell<u64>,
}

impl<'a> Reader<'a> {
    /// Reads with every scope of the portal.
    pub(crate) fn new(sandbox: &'a Sandbox, portal: u64) -> Self {
        Self {
            sandbox,
            token: full_token(sandbox, portal),
            now: std::cell::Cell::new(NOW),
        }
    }

    /// Sends any request with the bearer.
    pub(crate) fn send(&self, request: Request) -> Response {
        self.now.set(self.now.get() + 1_000);
        // The walk of a whole portal outlives a token; its expiry is tested elsewhere.
        self.sandbox.with(|state| {
            for token in state.access_tokens.values_mut() {
                token.expires_at = u64::MAX;
            }
        });
        self.sandbox
            .call(&request.bearer(&self.token), self.now.get())
    }

    /// Lets time pass.
    pub(crate) fn skip(&self, ms: u64) {
        self.now.set(self.now.get() + ms);
    }

    /// The answer to a `GET`, which must be 200.
    pub(crate) fn get(&self, target: &str) -> serde_json::Value {
        let response = self.send(Request::get(target));
        assert_eq!(response.status, 200, "{target}: {}", response.text());
        response.to_value()
    }

    /// All rows of a paged `GET`, and how many calls it took.
    pub(crate) fn walk(&self, target: &str) -> (Vec<serde_json::Value>, usize) {
        let (mut rows, mut calls, mut after) = (Vec::new(), 0, String::new());
        loop {
            let sign = if target.contains('?') { '&' } else { '?' };
            let page = self.get(&format!(
                "{target}{after_part}",
                after_part = if after.is_empty() {
                    String::new()
                } else {
                    format!("{sign}after={after}")
                }
            ));
            calls += 1;
            rows.extend(page["results"].as_array().expect("results").iter().cloned());
            match page["paging"]["next"]["after"].as_str() {
                Some(next) => after = next.replace('=', "%3D"),
                None => return (rows, calls),
            }
        }
    }
}
