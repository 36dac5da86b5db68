//! HubSpot's token endpoint, introspection, revocation and account information, and any API call by target.
//! Owns requests and the reading of answers. Source: platform, sections 1, 3 and 4.

use super::call::{ApiAnswer, ApiFault};
use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::tokens::{Lasting, Tokens};
use super::transport::{Shared, TOKEN_ANSWER_CAP, TokenFault, Transport, short};
use super::{Description, Introspection, Revoked, is_account_id, object};
use crate::config::HubSpot;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use portico_core::wire::{Account, AccountType, Provider, RateLimit};
use serde::Deserialize;
use std::time::Duration;

/// Facts that decide nothing are not waited for much.
const FACTS_DEADLINE: Duration = Duration::from_secs(5);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Account details, as far as they are kept. Source: platform, section 4.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Details {
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
pub(super) struct Usage {
    results: Vec<UsageRow>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UsageRow {
    usage_limit: Option<u64>,
}

/// HubSpot as this proxy knows it.
pub(crate) struct HubSpotClient {
    transport: Transport,
    description: Description,
    api_base: String,
}

impl HubSpotClient {
    pub(super) fn new(config: &HubSpot, shared: &Shared) -> Result<Self, reqwest::Error> {
        let transport = Transport::new(
            Provider::Hubspot,
            &config.api_base,
            &[],
            &config.client_id,
            &config.client_secret,
            shared,
        )?;
        let description = Description {
            provider: Provider::Hubspot,
            client_id: config.client_id.clone(),
            required_scopes: config.required_scopes.clone(),
            optional_scopes: config.optional_scopes.clone(),
            web_base: config.authorize_base.clone(),
            issuers: vec![config.authorize_base.clone()],
            // The same one comes back today; whatever comes is kept.
            refresh_tokens_work_once: false,
        };
        Ok(Self {
            transport,
            description,
            api_base: config.api_base.clone(),
        })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(super) fn description(&self) -> &Description {
        &self.description
    }

    /// Redeems an authorization code. Source: platform 1.3.
    pub(super) async fn redeem_code(
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
            return Err(TokenFault::malformed());
        }
        Ok(tokens)
    }

    /// Asks for a fresh access token.
    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Tokens, TokenFault> {
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
        let url = format!("{}/oauth/2026-03/token", self.api_base);
        self.transport
            .token_call(asked, &url, fields, Lasting::HalfAnHourUnlessItSays)
            .await
    }

    async fn oauth_post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<ApiAnswer, TokenFault> {
        let url = format!("{}{path}", self.api_base);
        self.transport.oauth_post(&url, fields).await
    }

    /// Asks what an access token really is. Nothing when HubSpot does not know it.
    pub(super) async fn introspect(
        &self,
        token: &str,
    ) -> Result<Option<Introspection>, TokenFault> {
        let fields = [("token", token), ("token_type_hint", "access_token")];
        let answer = self
            .oauth_post("/oauth/2026-03/token/introspect", &fields)
            .await?;
        if answer.status != 200 {
            return Err(Transport::fault_of(answer));
        }
        read_introspection(&answer.body)
    }

    /// Gives up a grant; an unknown token counts as given up.
    pub(super) async fn revoke(&self, refresh_token: &str) -> Revoked {
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

    /// Removes the app from the portal of an access token. Source: platform 1.6.
    pub(super) async fn uninstall(&self, access_token: &str) -> bool {
        let path = "/appinstalls/2026-03/external-install";
        let answer = self.api(Method::DELETE, path, "", None, access_token).await;
        answer.is_ok_and(|answer| answer.status == 204)
    }

    /// One API call. `path` and `query` come from the core's table, or are ours.
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Option<&serde_json::Value>,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
        let mut answer = self
            .transport
            .api(method, path, query, headers, body, access_token)
            .await?;
        answer.rate_limit = rate_limit(&answer.headers);
        Ok(answer)
    }

    /// Account facts beyond introspection. Each part that cannot be had is left out: none decides anything.
    pub(super) async fn account(&self, known: Introspection, access_token: &str) -> Account {
        let mut account = Account {
            portal_id: portico_core::ids::PortalId(known.account_id),
            name: None,
            hub_domain: known.domain,
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
    /// Nothing when none can be had; without introspection the other answers still tell name and plan.
    pub(super) async fn account_again(
        &self,
        known: Option<Introspection>,
        before: &Account,
        access_token: &str,
    ) -> Option<Account> {
        let mut account = before.clone();
        if let Some(known) = known {
            account.hub_domain = known.domain;
            account.authorised_by = known.user;
            account.user_id = known.user_id;
        }
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
        lay_over(account, details, named, usage)
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
        object(&answer.body)
    }
}

/// Lays what came over `account`; false when nothing did.
pub(super) fn lay_over(
    account: &mut Account,
    details: Option<Details>,
    named: Option<Details>,
    usage: Option<Usage>,
) -> bool {
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

/// A good answer of the introspection; nothing when the token is not active.
pub(super) fn read_introspection(body: &[u8]) -> Result<Option<Introspection>, TokenFault> {
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
    let parsed: Answer = object(body).ok_or_else(TokenFault::malformed)?;
    if !parsed.active {
        return Ok(None);
    }
    let hub_id = parsed.hub_id.filter(|id| is_account_id(*id));
    Ok(Some(Introspection {
        account_id: hub_id.ok_or_else(TokenFault::malformed)?,
        name: None,
        domain: parsed.hub_domain.map(short),
        user: parsed.user.map(short),
        user_id: parsed.user_id,
        scopes: parsed.scopes,
    }))
}

/// HubSpot says in words of its own that a token has run out. Source: platform, section 9.
pub(super) fn says_expired(answer: &ApiAnswer) -> bool {
    #[derive(Deserialize)]
    struct Envelope {
        category: String,
    }
    object::<Envelope>(&answer.body)
        .is_some_and(|envelope| envelope.category == "EXPIRED_AUTHENTICATION")
}

pub(super) fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
    Some(RateLimit {
        max: number("x-hubspot-ratelimit-max")?,
        remaining: number("x-hubspot-ratelimit-remaining")?,
        interval_ms: number("x-hubspot-ratelimit-interval-milliseconds")?,
    })
}
