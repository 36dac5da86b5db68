//! HubSpot's token endpoint, introspection, revocation and account information, and any API call by target.
//! Owns requests and the reading of answers. Source: platform, sections 1, 3 and 4.

use super::call::{AnswerMemory, ApiAnswer, ApiFault, send};
use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::tokens::{Tokens, read_tokens};
use crate::config::HubSpot;
use crate::telemetry::{self, Telemetry};
use governor::{DefaultDirectRateLimiter, Jitter, Quota, RateLimiter};
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method};
use portico_core::wire::{Account, AccountType};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const TOKEN_DEADLINE: Duration = Duration::from_secs(10);
const API_DEADLINE: Duration = Duration::from_secs(15);
/// Facts that decide nothing are not waited for much.
const FACTS_DEADLINE: Duration = Duration::from_secs(5);
/// Token answers are small; HubSpot's access tokens grow with their scopes.
const TOKEN_ANSWER_CAP: usize = 96 * 1024;
/// Largest API answer, after decompression.
const API_ANSWER_CAP: usize = 8 * 1024 * 1024;
/// Token calls a second.
const TOKEN_PACE: u32 = 20;
/// How long token calls rest after HubSpot refused our own credentials.
const BREAK: Duration = Duration::from_mins(1);

/// A refused or failed token call.
#[derive(Clone, Debug)]
pub(crate) struct TokenFault {
    pub(crate) meaning: Meaning,
    pub(crate) correlation_id: Option<String>,
}

/// What introspection says of a grant.
#[derive(Debug)]
pub(crate) struct Introspection {
    pub(crate) hub_id: u64,
    pub(crate) hub_domain: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) user_id: Option<u64>,
    pub(crate) scopes: Vec<String>,
}

/// How a revocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    /// Gone now, or gone before.
    Yes,
    /// To be tried again.
    NotYet,
}

/// Account details, as far as they are kept. Source: platform, section 4.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    portal_name: Option<String>,
    account_type: Option<AccountType>,
    ui_domain: Option<String>,
    data_hosting_location: Option<String>,
    time_zone: Option<String>,
    company_currency: Option<String>,
    additional_currencies: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    results: Vec<UsageRow>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UsageRow {
    usage_limit: Option<u64>,
}

/// HubSpot as this proxy knows it.
pub(crate) struct HubSpotClient {
    http: reqwest::Client,
    api_base: String,
    client_id: String,
    client_secret: SecretString,
    pace: DefaultDirectRateLimiter,
    broken_since: Mutex<Option<Instant>>,
    memory: AnswerMemory,
    telemetry: Telemetry,
}

impl HubSpotClient {
    pub(crate) fn new(
        config: &HubSpot,
        memory: AnswerMemory,
        telemetry: Telemetry,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(3))
            .timeout(API_DEADLINE)
            .https_only(config.api_base.starts_with("https://"))
            .user_agent(concat!("portico-proxy/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            api_base: config.api_base.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
            pace: RateLimiter::direct(Quota::per_second(
                NonZeroU32::new(TOKEN_PACE).unwrap_or(NonZeroU32::MIN),
            )),
            broken_since: Mutex::new(None),
            memory,
            telemetry,
        })
    }

    /// Redeems an authorization code. Source: platform 1.3.
    pub(crate) async fn redeem_code(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, TokenFault> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        let tokens = self.token_call(Asked::RedeemCode, &fields).await?;
        if tokens.refresh_token.is_none() {
            return Err(malformed());
        }
        Ok(tokens)
    }

    /// Asks for a fresh access token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Tokens, TokenFault> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        self.token_call(Asked::Refresh, &fields).await
    }

    async fn token_call(
        &self,
        asked: Asked,
        fields: &[(&str, &str)],
    ) -> Result<Tokens, TokenFault> {
        let kind = match asked {
            Asked::RedeemCode => "redeem_code",
            Asked::Refresh => "refresh",
        };
        let call = self.ask_for_tokens(asked, fields);
        self.counted(kind, call, |tokens| {
            tokens.as_ref().map_or_else(word, |_| "ok")
        })
        .await
    }

    /// One call of an OAuth endpoint with its metrics; `word` says what came of it.
    async fn counted<T>(
        &self,
        kind: &'static str,
        call: impl Future<Output = T>,
        word: impl FnOnce(&T) -> &'static str,
    ) -> T {
        let began = Instant::now();
        let answer = call.await;
        self.telemetry
            .token_call(kind, word(&answer), began.elapsed());
        answer
    }

    async fn ask_for_tokens(
        &self,
        asked: Asked,
        fields: &[(&str, &str)],
    ) -> Result<Tokens, TokenFault> {
        if self.is_broken() {
            return Err(TokenFault {
                meaning: Meaning::OurConfiguration,
                correlation_id: None,
            });
        }
        let answer = self.oauth_post("/oauth/2026-03/token", fields).await?;
        let error = OAuthError::read(&answer.body);
        if answer.status == 200 && !error.names_one() {
            return read_tokens(&answer.body).ok_or_else(malformed);
        }
        let meaning = meaning(asked, answer.status, &error, answer.retry_after);
        if meaning == Meaning::OurConfiguration {
            tracing::error!(
                alert = true,
                http_status = answer.status,
                "HubSpot refuses the app's own credentials or addresses"
            );
            *self
                .broken_since
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        let correlation_id = error.correlation_id().or(answer.correlation_id);
        Err(TokenFault {
            meaning,
            correlation_id,
        })
    }

    /// Whether token calls rest because our own configuration was refused a moment ago.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some_and(|since| since.elapsed() < BREAK)
    }

    /// Asks what an access token really is. Nothing when HubSpot does not know it.
    pub(crate) async fn introspect(
        &self,
        token: &str,
    ) -> Result<Option<Introspection>, TokenFault> {
        self.counted(
            "introspect",
            self.ask_what_it_is(token),
            |found| match found {
                Ok(Some(_)) => "ok",
                Ok(None) => "unknown",
                Err(fault) => word(fault),
            },
        )
        .await
    }

    async fn ask_what_it_is(&self, token: &str) -> Result<Option<Introspection>, TokenFault> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            active: bool,
            hub_id: Option<u64>,
            hub_domain: Option<String>,
            user: Option<String>,
            user_id: Option<u64>,
            #[serde(default)]
            scopes: Vec<String>,
        }
        let fields = [("token", token), ("token_type_hint", "access_token")];
        let answer = self
            .oauth_post("/oauth/2026-03/token/introspect", &fields)
            .await?;
        if answer.status != 200 {
            let error = OAuthError::read(&answer.body);
            return Err(TokenFault {
                meaning: meaning(Asked::Refresh, answer.status, &error, answer.retry_after),
                correlation_id: error.correlation_id().or(answer.correlation_id),
            });
        }
        let parsed: Answer = serde_json::from_slice(&answer.body).map_err(|_| malformed())?;
        let hub_id = parsed
            .hub_id
            .filter(|id| (1..=999_999_999_999_999).contains(id));
        Ok(match (parsed.active, hub_id) {
            (true, Some(hub_id)) => Some(Introspection {
                hub_id,
                hub_domain: parsed.hub_domain.map(short),
                user: parsed.user.map(short),
                user_id: parsed.user_id,
                scopes: parsed.scopes,
            }),
            (true, None) => return Err(malformed()),
            (false, _) => None,
        })
    }

    /// Gives up a grant; an unknown token counts as given up.
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Revoked {
        self.counted(
            "revoke",
            self.give_up(refresh_token),
            |revoked| match revoked {
                Revoked::Yes => "ok",
                Revoked::NotYet => "transient",
            },
        )
        .await
    }

    async fn give_up(&self, refresh_token: &str) -> Revoked {
        let fields = [
            ("token", refresh_token),
            ("token_type_hint", "refresh_token"),
        ];
        let Ok(answer) = self
            .oauth_post("/oauth/2026-03/token/revoke", &fields)
            .await
        else {
            return Revoked::NotYet;
        };
        let error = OAuthError::read(&answer.body);
        let already = matches!(
            meaning(Asked::Refresh, answer.status, &error, None),
            Meaning::Dead(_)
        ) && (400..500).contains(&answer.status);
        if matches!(answer.status, 200 | 204) || already {
            Revoked::Yes
        } else {
            Revoked::NotYet
        }
    }

    /// A form-encoded POST with the app's credentials in the body, never in URL or headers.
    async fn oauth_post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<ApiAnswer, TokenFault> {
        let mut form = vec![
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        form.extend_from_slice(fields);
        let call = async {
            let jitter = Jitter::up_to(Duration::from_millis(25));
            self.pace.until_ready_with_jitter(jitter).await;
            let request = self
                .http
                .post(format!("{}{path}", self.api_base))
                .timeout(TOKEN_DEADLINE)
                .header(ACCEPT, "application/json")
                .form(&form);
            send(request, TOKEN_ANSWER_CAP, &self.memory).await
        };
        // The deadline covers the wait for our own pace too.
        match tokio::time::timeout(TOKEN_DEADLINE, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(TokenFault {
                meaning: Meaning::Transient(None),
                correlation_id: None,
            }),
        }
    }

    /// One API call. `path` and `query` come from the core's table, or are ours.
    pub(crate) async fn api(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Option<&serde_json::Value>,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let separator = if query.is_empty() { "" } else { "?" };
        let mut bearer = HeaderValue::try_from(format!("Bearer {access_token}"))
            .map_err(|_| ApiFault::Unreachable)?;
        bearer.set_sensitive(true);
        let mut request = self
            .http
            .request(method, format!("{}{path}{separator}{query}", self.api_base))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, bearer);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request, API_ANSWER_CAP, &self.memory).await
    }

    /// Account facts beyond introspection. Each part that cannot be had is left out: none decides anything.
    pub(crate) async fn account(&self, known: Introspection, access_token: &str) -> Account {
        let mut account = Account {
            portal_id: portico_core::ids::PortalId(known.hub_id),
            name: None,
            hub_domain: known.hub_domain,
            account_type: None,
            ui_domain: None,
            data_hosting_location: None,
            time_zone: None,
            company_currency: None,
            additional_currencies: Vec::new(),
            daily_usage_limit: None,
            authorised_by: known.user,
            user_id: known.user_id,
        };
        self.read_account(&mut account, access_token).await;
        account
    }

    /// As [`HubSpotClient::account`], but each part that cannot be had stays as it was before.
    /// Nothing when none can be had.
    pub(crate) async fn account_again(
        &self,
        known: Introspection,
        before: &Account,
        access_token: &str,
    ) -> Option<Account> {
        let mut account = Account {
            hub_domain: known.hub_domain,
            authorised_by: known.user,
            user_id: known.user_id,
            ..before.clone()
        };
        let read = self.read_account(&mut account, access_token).await;
        read.then_some(account)
    }

    /// Lays what HubSpot tells over `account`; false when it tells nothing.
    async fn read_account(&self, account: &mut Account, access_token: &str) -> bool {
        // Only the beta has a name (mission, fact 4).
        let (details, named, usage) = tokio::join!(
            self.read::<Details>("/account-info/2026-03/details", access_token),
            self.read::<Details>("/account-info/2027-03-beta/details", access_token),
            self.read::<Usage>(
                "/account-info/2026-03/api-usage/daily/private-apps",
                access_token
            ),
        );
        let any = details.is_some() || named.is_some() || usage.is_some();
        let name = [&named, &details]
            .into_iter()
            .flatten()
            .find_map(|details| details.portal_name.clone())
            .map(short)
            .filter(|name| !name.is_empty());
        // The beta alone says that an account has no name.
        if name.is_some() || named.is_some() {
            account.name = name;
        }
        if let Some(details) = details {
            account.account_type = details.account_type;
            account.ui_domain = details.ui_domain.map(short);
            account.data_hosting_location = details.data_hosting_location.map(short);
            account.time_zone = details.time_zone.map(short);
            account.company_currency = details.company_currency.map(short);
            account.additional_currencies = details
                .additional_currencies
                .into_iter()
                .take(500)
                .map(short)
                .collect();
        }
        if let Some(usage) = usage {
            account.daily_usage_limit = usage.results.into_iter().find_map(|row| row.usage_limit);
        }
        any
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, path: &str, token: &str) -> Option<T> {
        let call = self.api(Method::GET, path, "", None, token);
        let answer = tokio::time::timeout(FACTS_DEADLINE, call)
            .await
            .ok()?
            .ok()?;
        if answer.status != 200 || answer.body.len() > TOKEN_ANSWER_CAP {
            return None;
        }
        serde_json::from_slice(&answer.body).ok()
    }
}

/// The outcome of a refused call, as the metrics name it.
fn word(fault: &TokenFault) -> &'static str {
    telemetry::outcome(fault.meaning)
}

fn malformed() -> TokenFault {
    TokenFault {
        meaning: Meaning::Transient(None),
        correlation_id: None,
    }
}

/// Text of a stranger, cut to what a row should hold.
fn short(text: String) -> String {
    if text.chars().count() <= 256 {
        text
    } else {
        text.chars().take(256).collect()
    }
}
