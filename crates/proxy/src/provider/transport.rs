//! Outbound HTTP as every provider gets it: our own headers, no redirects, no proxies, caps, deadlines.
//! Owns the pace and the breaker of token calls and the reading of answers. Knows no provider's paths.

use super::classify::{Asked, Meaning, OAuthError, correlation_id, meaning};
use super::retry_after;
use super::tokens::{Lasting, Tokens, read_tokens};
use governor::{DefaultDirectRateLimiter, Jitter, Quota, RateLimiter};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method};
use portico_core::wire::{Provider, RateLimit};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use std::num::NonZeroU32;
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

/// An API answer, of any status.
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<f64>,
    /// The provider wants fewer calls, whatever the status.
    pub(crate) is_limited: bool,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) correlation_id: Option<String>,
    /// As they came; none is passed on.
    pub(crate) headers: HeaderMap,
}

/// Why there is no API answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiFault {
    /// No connection came about.
    NotSent,
    Unreachable,
    Redirect,
    TooLarge,
    CutOff,
}

/// The way to one provider, with our app's credentials there.
pub(super) struct Transport {
    provider: Provider,
    http: reqwest::Client,
    client_id: String,
    client_secret: SecretString,
    pace: DefaultDirectRateLimiter,
    broken_since: Mutex<Option<Instant>>,
}

impl Transport {
    /// `bases` are the addresses that calls will go to.
    pub(super) fn new(
        provider: Provider,
        bases: &[&str],
        client_id: &str,
        client_secret: &SecretString,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(3))
            .timeout(API_DEADLINE)
            .https_only(bases.iter().all(|base| base.starts_with("https://")))
            .user_agent(concat!("portico-proxy/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            provider,
            http,
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            pace: RateLimiter::direct(Quota::per_second(
                NonZeroU32::new(TOKEN_PACE).unwrap_or(NonZeroU32::MIN),
            )),
            broken_since: Mutex::new(None),
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
        if self.is_broken() {
            return Err(TokenFault {
                meaning: Meaning::OurConfiguration,
                correlation_id: None,
                may_be_done: false,
            });
        }
        let answer = self.oauth_post(url, fields).await?;
        let error = OAuthError::read(&answer.body);
        if answer.status == 200 && !error.names_one() {
            return read_tokens(&answer.body, lasting).ok_or_else(TokenFault::malformed);
        }
        let meaning = meaning(asked, answer.status, &error, answer.retry_after);
        if meaning == Meaning::OurConfiguration {
            tracing::error!(
                alert = true,
                provider = self.provider.wire_name(),
                http_status = answer.status,
                "the provider refuses the app's own credentials or addresses"
            );
            *self
                .broken_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        Err(TokenFault::of_answer(meaning, &error, answer))
    }

    /// Whether token calls rest because our own configuration was refused a moment ago.
    fn is_broken(&self) -> bool {
        self.broken_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|since| since.elapsed() < BREAK)
    }

    /// A form-encoded POST with the app's credentials in the body, never in URL or headers.
    pub(super) async fn oauth_post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<ApiAnswer, TokenFault> {
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        form.extend_from_slice(fields);
        let request = self
            .http
            .post(url)
            .header(ACCEPT, "application/json")
            .form(&form);
        self.paced(request).await
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
        self.paced(request).await
    }

    /// Within the pace of token calls; the deadline covers the wait for it.
    async fn paced(&self, request: RequestBuilder) -> Result<ApiAnswer, TokenFault> {
        let call = async {
            let jitter = Jitter::up_to(Duration::from_millis(25));
            self.pace.until_ready_with_jitter(jitter).await;
            send(request.timeout(TOKEN_DEADLINE), TOKEN_ANSWER_CAP).await
        };
        match tokio::time::timeout(TOKEN_DEADLINE, call).await {
            Ok(answer) => answer.map_err(TokenFault::of),
            Err(_) => Err(TokenFault::of(ApiFault::Unreachable)),
        }
    }

    /// The fault of an answer that is no good one, outside the token endpoint.
    pub(super) fn fault_of(answer: ApiAnswer) -> TokenFault {
        let error = OAuthError::read(&answer.body);
        let meaning = meaning(Asked::Refresh, answer.status, &error, answer.retry_after);
        TokenFault::of_answer(meaning, &error, answer)
    }

    /// One API call in somebody's name. The URL is ours, or of the core's table.
    pub(super) async fn api(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Option<&serde_json::Value>,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {access_token}"))
            .map_err(|_| ApiFault::NotSent)?;
        bearer.set_sensitive(true);
        let mut request = self
            .http
            .request(method, url)
            .headers(headers)
            .header(AUTHORIZATION, bearer);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request, API_ANSWER_CAP).await
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

async fn send(request: RequestBuilder, cap: usize) -> Result<ApiAnswer, ApiFault> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            ApiFault::NotSent
        } else {
            ApiFault::Unreachable
        }
    })?;
    let status = response.status().as_u16();
    if (300..400).contains(&status) {
        return Err(ApiFault::Redirect);
    }
    let headers = response.headers().clone();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(CONTENT_TYPE.as_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let mut answer = ApiAnswer {
        status,
        is_json: media_type == "application/json",
        body: Vec::new(),
        retry_after: text(RETRY_AFTER.as_str())
            .and_then(|header| retry_after::parse(header, crate::session::now())),
        is_limited: status == 429,
        rate_limit: None,
        correlation_id: ["x-hubspot-correlation-id", "x-github-request-id"]
            .into_iter()
            .find_map(text)
            .and_then(correlation_id),
        headers: HeaderMap::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(|_| ApiFault::CutOff)? {
        if answer.body.len() + chunk.len() > cap {
            return Err(ApiFault::TooLarge);
        }
        answer.body.extend_from_slice(&chunk);
    }
    answer.headers = headers;
    Ok(answer)
}
