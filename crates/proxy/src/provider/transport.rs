//! Outbound HTTP as every provider gets it: our own headers, no redirects, no proxies, caps, deadlines.
//! Owns the pace and the breaker of token calls and the reading of answers. Knows no provider's paths.

use super::call::{AnswerMemory, ApiAnswer, ApiFault, send};
use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::tokens::{Lasting, Tokens, read_tokens};
use crate::random;
use crate::telemetry::{self, Telemetry};
use governor::{DefaultDirectRateLimiter, Jitter, Quota, RateLimiter};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method};
use portico_core::wire::Provider;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) const TOKEN_DEADLINE: Duration = Duration::from_secs(10);
const API_DEADLINE: Duration = Duration::from_secs(15);
/// Token answers are small; HubSpot's access tokens grow with their scopes.
pub(super) const TOKEN_ANSWER_CAP: usize = 96 * 1024;
/// Largest API answer, after decompression.
const API_ANSWER_CAP: usize = 8 * 1024 * 1024;
/// Token calls a second.
const TOKEN_PACE: u32 = 20;
/// How long a token call waits for its turn; with the call itself it ends well before a lease.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// Token calls that may wait for their turn, and refreshes under way; a longer queue would outlast their deadline.
const MOST_WAITING: u32 = 100;
/// How long token calls rest after a provider refused our own credentials.
const BREAK: Duration = Duration::from_mins(1);

/// A refused or failed token call.
#[derive(Clone, Debug)]
pub(crate) struct TokenFault {
    pub(crate) meaning: Meaning,
    pub(crate) correlation_id: Option<String>,
    /// The call may have done its work all the same: a refresh token that works once may be spent.
    pub(crate) may_be_done: bool,
}

impl TokenFault {
    /// An answer that should have been a good one and cannot be read.
    pub(super) fn malformed() -> Self {
        Self {
            meaning: Meaning::Transient(None),
            correlation_id: None,
            may_be_done: true,
        }
    }

    /// Not asked, for our own credentials are refused.
    fn resting() -> Self {
        Self {
            meaning: Meaning::OurConfiguration,
            correlation_id: None,
            may_be_done: false,
        }
    }

    fn of(fault: ApiFault) -> Self {
        Self {
            meaning: Meaning::Transient(None),
            correlation_id: None,
            may_be_done: fault != ApiFault::NotSent,
        }
    }

    fn of_answer(meaning: Meaning, error: &OAuthError, answer: ApiAnswer) -> Self {
        Self {
            meaning,
            correlation_id: error.correlation_id().or(answer.correlation_id),
            may_be_done: answer.status >= 500,
        }
    }
}

/// The way to one provider, with our app's credentials there.
pub(super) struct Transport {
    provider: Provider,
    http: reqwest::Client,
    /// Where the API stands; parsed once, for every relayed call begins with it.
    api: Url,
    client_id: String,
    client_secret: SecretString,
    pace: DefaultDirectRateLimiter,
    waiting: AtomicU32,
    /// Refreshes that have begun and not ended.
    refreshing: AtomicU32,
    broken_since: Mutex<Option<Instant>>,
    shared: Shared,
}

/// What the ways to all providers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) memory: AnswerMemory,
    pub(crate) telemetry: Telemetry,
}

impl Transport {
    /// API calls go below `api_base`, token calls below it or the `others`.
    pub(super) fn new(
        provider: Provider,
        api_base: &str,
        others: &[&str],
        client_id: &str,
        client_secret: &SecretString,
        shared: &Shared,
    ) -> Result<Self, reqwest::Error> {
        let mut bases = others.iter().chain([&api_base]);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(3))
            .timeout(API_DEADLINE)
            .https_only(bases.all(|base| base.starts_with("https://")))
            .user_agent(concat!("portico-proxy/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let api = http.get(api_base).build()?.url().clone();
        Ok(Self {
            provider,
            http,
            api,
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            pace: RateLimiter::direct(Quota::per_second(
                NonZeroU32::new(TOKEN_PACE).unwrap_or(NonZeroU32::MIN),
            )),
            waiting: AtomicU32::new(0),
            refreshing: AtomicU32::new(0),
            broken_since: Mutex::new(None),
            shared: shared.clone(),
        })
    }

    /// Asks a token endpoint for tokens.
    pub(super) async fn token_call(
        &self,
        asked: Asked,
        url: &str,
        fields: &[(&str, &str)],
        lasting: Lasting,
    ) -> Result<Tokens, TokenFault> {
        let kind = match asked {
            Asked::RedeemCode => "redeem_code",
            Asked::Refresh => "refresh",
        };
        let began = Instant::now();
        let answer = self.ask_for_tokens(asked, url, fields, lasting).await;
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(fault) => telemetry::outcome(fault.meaning),
        };
        self.count(kind, outcome, began);
        answer
    }

    /// One call of an OAuth endpoint for the metrics.
    pub(super) fn count(&self, kind: &'static str, outcome: &'static str, began: Instant) {
        self.shared
            .telemetry
            .token_call(kind, outcome, began.elapsed());
    }

    async fn ask_for_tokens(
        &self,
        asked: Asked,
        url: &str,
        fields: &[(&str, &str)],
        lasting: Lasting,
    ) -> Result<Tokens, TokenFault> {
        let answer = self.paced(self.form(url, fields), true).await?;
        let error = OAuthError::read(&answer.body);
        if answer.status == 200 && !error.names_one() {
            return read_tokens(&answer.body, lasting).ok_or_else(TokenFault::malformed);
        }
        let meaning = meaning(asked, answer.status, &error, answer.retry_after);
        // Of many calls that are refused at once the first is told, and the rest with it (UF-3).
        if meaning == Meaning::OurConfiguration && self.break_off() {
            tracing::error!(
                alert = true,
                provider = self.provider.wire_name(),
                http_status = answer.status,
                "the provider refuses the app's own credentials or addresses"
            );
        }
        Err(TokenFault::of_answer(meaning, &error, answer))
    }

    /// Whether token calls rest because our own configuration was refused a moment ago.
    pub(super) fn is_broken(&self) -> bool {
        self.broken_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|since| since.elapsed() < BREAK)
    }

    /// Lets token calls rest from now on; false where they do already.
    fn break_off(&self) -> bool {
        let mut since = self
            .broken_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = since.is_none_or(|since| since.elapsed() >= BREAK);
        if is_new {
            *since = Some(Instant::now());
        }
        is_new
    }

    /// A place for a refresh, from before its lease to its end; or the seconds after which to come again, when too many
    /// are under way or too many token calls wait for their turn (OV-3).
    pub(super) fn begin_refresh(&self) -> Result<Counted<'_>, f64> {
        let place = Counted::one_more(&self.refreshing);
        let others = self.refreshing.load(Ordering::Relaxed).saturating_sub(1);
        let crowd = others.max(self.waiting.load(Ordering::Relaxed));
        if crowd < MOST_WAITING {
            return Ok(place);
        }
        // Spread over twice the time that the queue takes, so that those sent away do not come back as one crowd.
        let queue = f64::from(crowd) / f64::from(TOKEN_PACE);
        Err(queue + random::jitter(2.0 * queue))
    }

    /// A form-encoded POST with the app's credentials in the body, never in URL or headers.
    pub(super) async fn oauth_post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<ApiAnswer, TokenFault> {
        self.paced(self.form(url, fields), false).await
    }

    fn form(&self, url: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        form.extend_from_slice(fields);
        self.http
            .post(url)
            .header(ACCEPT, "application/json")
            .form(&form)
    }

    /// A call as the app itself (HTTP Basic), with a token in its JSON body.
    pub(super) async fn as_app(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: &serde_json::Value,
    ) -> Result<ApiAnswer, TokenFault> {
        let request = self
            .http
            .request(method, url)
            .headers(headers)
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .json(body);
        self.paced(request, false).await
    }

    /// Within the pace of token calls, which is waited for before the call's own time begins: a call that is cut off
    /// may have spent a token. What `rests` is not sent while our own credentials are refused, nor what already waits
    /// when they are.
    async fn paced(&self, request: RequestBuilder, rests: bool) -> Result<ApiAnswer, TokenFault> {
        if rests && self.is_broken() {
            return Err(TokenFault::resting());
        }
        let jitter = Jitter::up_to(Duration::from_millis(25));
        let waiting = Counted::one_more(&self.waiting);
        let turn = self.pace.until_ready_with_jitter(jitter);
        let has_come = tokio::time::timeout(LONGEST_WAIT, turn).await;
        drop(waiting);
        if has_come.is_err() {
            return Err(TokenFault::of(ApiFault::NotSent));
        }
        if rests && self.is_broken() {
            return Err(TokenFault::resting());
        }
        let request = request.timeout(TOKEN_DEADLINE);
        let answer = send(request, TOKEN_ANSWER_CAP, &self.shared.memory);
        let answer = tokio::time::timeout(TOKEN_DEADLINE, answer).await;
        let answer = answer.unwrap_or(Err(ApiFault::Unreachable));
        answer.map_err(TokenFault::of)
    }

    /// The fault of an answer that is no good one, outside the token endpoint.
    pub(super) fn fault_of(answer: ApiAnswer) -> TokenFault {
        let error = OAuthError::read(&answer.body);
        let meaning = meaning(Asked::Refresh, answer.status, &error, answer.retry_after);
        TokenFault::of_answer(meaning, &error, answer)
    }

    /// One API call in somebody's name. `path` and `query` are ours, or of the core's table.
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        query: &str,
        headers: HeaderMap,
        body: Option<&serde_json::Value>,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {access_token}"))
            .map_err(|_| ApiFault::NotSent)?;
        bearer.set_sensitive(true);
        let mut url = self.api.clone();
        // A GitHub of one's own has a path before it.
        let before = url.path().trim_end_matches('/');
        if before.is_empty() {
            url.set_path(path);
        } else {
            let path = format!("{before}{path}");
            url.set_path(&path);
        }
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let mut request = self
            .http
            .request(method, url)
            .headers(headers)
            .header(AUTHORIZATION, bearer);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request, API_ANSWER_CAP, &self.shared.memory).await
    }
}

/// One of a crowd, however its part ends.
pub(crate) struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    fn one_more(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Text of a stranger, cut to what a row should hold.
pub(super) fn short(text: String) -> String {
    if text.chars().count() <= 256 {
        text
    } else {
        text.chars().take(256).collect()
    }
}
