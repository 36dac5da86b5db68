//! What the proxy asks of HubSpot and GitHub, and what their answers mean.
//! Owns outbound HTTP: fixed hosts, our own headers, no redirects, no proxies. Stores nothing.
//!
//! The life of a grant asks a [`ProviderClient`] and its [`Description`], and never which provider it is.

pub(crate) mod call;
pub(crate) mod classify;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../fuzz/targets/provider.rs"]
pub(crate) mod fuzzing;
pub(crate) mod github;
pub(crate) mod hubspot;
pub(crate) mod retry_after;
pub(crate) mod static_token;
pub(crate) mod tokens;
pub(crate) mod transport;

use crate::config::Config;
use crate::telemetry;
use call::{ApiAnswer, ApiFault};
use github::GitHubClient;
use http::Method;
use hubspot::HubSpotClient;
use portico_core::operations::RequestTarget;
use portico_core::wire::{Account, Provider};
use serde::de::DeserializeOwned;
use static_token::TokenInfo;
use std::time::Instant;
use tokens::{Tokens, Which};
use transport::{Shared, TokenFault, Transport};
use zeroize::Zeroizing;

/// What sets providers apart where no request is made.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) provider: Provider,
    pub(crate) client_id: String,
    pub(crate) required_scopes: Vec<String>,
    pub(crate) optional_scopes: Vec<String>,
    /// Origin of its pages.
    pub(crate) web_base: String,
    /// Where authorization responses say they come from, when they say it (RFC 9207).
    pub(crate) issuers: Vec<String>,
    /// A refresh spends the refresh token, so that a lost answer loses the grant.
    pub(crate) refresh_tokens_work_once: bool,
}

impl Description {
    /// The authorization endpoint, pinned to an account where the provider can do that.
    pub(crate) fn authorize_endpoint(&self, account: Option<&str>) -> String {
        let base = &self.web_base;
        match (self.provider, account) {
            (Provider::Hubspot, None) => format!("{base}/oauth/authorize"),
            (Provider::Hubspot, Some(account)) => format!("{base}/oauth/{account}/authorize"),
            // Which account it was is checked after the exchange.
            (Provider::Github, _) => format!("{base}/login/oauth/authorize"),
        }
    }

    /// Host of its pages, as shown to people.
    pub(crate) fn host(&self) -> &str {
        let (_, host) = self.web_base.split_once("://").unwrap_or_default();
        host
    }

    /// An account in an error's sentence: HubSpot's by number, GitHub's by login.
    pub(crate) fn name_of(&self, account: &Account) -> String {
        let handle = self.handle_of(account);
        match self.provider {
            Provider::Hubspot => format!("Portal {handle}"),
            Provider::Github => format!("GitHub account {handle}"),
        }
    }

    /// The same without saying what it is.
    pub(crate) fn handle_of(&self, account: &Account) -> String {
        match (self.provider, &account.name) {
            (Provider::Github, Some(login)) => login.clone(),
            _ => account.portal_id.to_string(),
        }
    }
}

/// What a provider says of a fresh grant.
#[derive(Debug)]
pub(crate) struct Introspection {
    /// `hub_id`, or GitHub's numeric id of the user.
    pub(crate) account_id: u64,
    /// GitHub's login; HubSpot's introspection names no account.
    pub(crate) name: Option<String>,
    /// `hub_domain`.
    pub(crate) domain: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) user_id: Option<u64>,
    pub(crate) scopes: Vec<String>,
}

/// How a revocation ended. Not `Debug`: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Revoked {
    /// Gone now, or gone before.
    Yes,
    /// Gone now, with everything else that the account granted to the app.
    All,
    /// To be tried again.
    NotYet,
    /// To be tried again with this access token: the token it began with is spent.
    NotYetBut(Zeroizing<String>),
}

/// As [`ProviderClient::revoked_by_stored`], also where no client is at hand.
pub(crate) fn revoked_by_stored(provider: Provider, has_refresh: bool, seconds_left: f64) -> Which {
    match provider {
        // GitHub takes a living access token alone: a minute covers the call.
        Provider::Github if seconds_left > 60.0 || !has_refresh => Which::Access,
        Provider::Hubspot | Provider::Github => Which::Refresh,
    }
}

/// An answer that is a JSON object: serde would take a list as one, member by member.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(&b'{')).then(|| serde_json::from_slice(body).ok())?
}

/// Ids of accounts, on either side.
fn is_account_id(id: u64) -> bool {
    (1..=999_999_999_999_999).contains(&id)
}

/// The providers an operator has configured.
pub(crate) struct Providers {
    hubspot: ProviderClient,
    github: Option<ProviderClient>,
}

impl Providers {
    pub(crate) fn new(config: &Config, shared: &Shared) -> Result<Self, reqwest::Error> {
        let github = config.github.as_ref();
        let github = github.map(|github| GitHubClient::new(github, shared));
        let github = github.transpose()?;
        Ok(Self {
            hubspot: ProviderClient::HubSpot(HubSpotClient::new(&config.hubspot, shared)?),
            github: github.map(ProviderClient::GitHub),
        })
    }

    pub(crate) fn find(&self, provider: Provider) -> Option<&ProviderClient> {
        match provider {
            Provider::Hubspot => Some(&self.hubspot),
            Provider::Github => self.github.as_ref(),
        }
    }

    /// HubSpot, which is always there.
    pub(crate) fn hubspot(&self) -> &ProviderClient {
        &self.hubspot
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProviderClient> {
        std::iter::once(&self.hubspot).chain(&self.github)
    }
}

/// A provider as this proxy knows it.
pub(crate) enum ProviderClient {
    HubSpot(HubSpotClient),
    GitHub(GitHubClient),
}

impl ProviderClient {
    pub(crate) fn description(&self) -> &Description {
        match self {
            Self::HubSpot(hubspot) => hubspot.description(),
            Self::GitHub(github) => github.description(),
        }
    }

    /// Redeems an authorization code.
    pub(crate) async fn redeem_code(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, TokenFault> {
        match self {
            Self::HubSpot(hubspot) => hubspot.redeem_code(code, verifier, redirect_uri).await,
            Self::GitHub(github) => github.redeem_code(code, verifier, redirect_uri).await,
        }
    }

    /// Asks for a fresh access token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Tokens, TokenFault> {
        match self {
            Self::HubSpot(hubspot) => hubspot.refresh(refresh_token).await,
            Self::GitHub(github) => github.refresh(refresh_token).await,
        }
    }

    /// Asks what an access token really is. Nothing when the provider does not know it.
    pub(crate) async fn introspect(
        &self,
        token: &str,
    ) -> Result<Option<Introspection>, TokenFault> {
        let began = Instant::now();
        let known = match self {
            Self::HubSpot(hubspot) => hubspot.introspect(token).await,
            Self::GitHub(github) => github.introspect(token).await,
        };
        let outcome = match &known {
            Ok(Some(_)) => "ok",
            Ok(None) => "unknown",
            Err(fault) => telemetry::outcome(fault.meaning),
        };
        self.transport().count("introspect", outcome, began);
        known
    }

    /// Asks what a static token is; nothing when the provider does not know it, or has no such tokens.
    pub(crate) async fn token_info(&self, token: &str) -> Result<Option<TokenInfo>, TokenFault> {
        match self {
            Self::HubSpot(hubspot) => hubspot.token_info(token).await,
            Self::GitHub(_) => Ok(None),
        }
    }

    /// Account facts beyond introspection. Each part that cannot be had is left out: none decides anything.
    pub(crate) async fn account(&self, known: Introspection, access_token: &str) -> Account {
        match self {
            Self::HubSpot(hubspot) => hubspot.account(known, access_token).await,
            Self::GitHub(github) => github.account(known),
        }
    }

    /// As [`ProviderClient::account`], but each part that cannot be had stays as it was before.
    /// Nothing when none can be had.
    pub(crate) async fn account_again(
        &self,
        known: Option<Introspection>,
        before: &Account,
        access_token: &str,
    ) -> Option<Account> {
        match self {
            Self::HubSpot(hubspot) => hubspot.account_again(known, before, access_token).await,
            Self::GitHub(github) => known.map(|known| github.account(known)),
        }
    }

    fn transport(&self) -> &Transport {
        match self {
            Self::HubSpot(hubspot) => hubspot.transport(),
            Self::GitHub(github) => github.transport(),
        }
    }

    /// A place for a refresh, or the seconds after which to come again for one.
    pub(crate) fn begin_refresh(&self) -> Result<transport::Counted<'_>, f64> {
        self.transport().begin_refresh()
    }

    /// Whether token calls rest because our own configuration was refused a moment ago.
    pub(crate) fn is_broken(&self) -> bool {
        self.transport().is_broken()
    }

    /// Gives up a grant; an unknown token counts as given up.
    pub(crate) async fn revoke(&self, which: Which, token: &str) -> Revoked {
        let began = Instant::now();
        let revoked = self.give_up(which, token).await;
        let outcome = match &revoked {
            Revoked::Yes | Revoked::All => "ok",
            Revoked::NotYet | Revoked::NotYetBut(_) => "transient",
        };
        self.transport().count("revoke", outcome, began);
        revoked
    }

    async fn give_up(&self, which: Which, token: &str) -> Revoked {
        match (self, which) {
            (Self::HubSpot(hubspot), _) => hubspot.revoke(token).await,
            (Self::GitHub(github), Which::Access) => github.revoke(token).await,
            (Self::GitHub(github), Which::Refresh) => github.refresh_and_revoke(token).await,
        }
    }

    /// Removes the app from where an access token is from; false where that was not done. GitHub's apps are removed by
    /// their owners alone.
    pub(crate) async fn uninstall(&self, access_token: &str) -> bool {
        let began = Instant::now();
        let done = match self {
            Self::HubSpot(hubspot) => hubspot.uninstall(access_token).await,
            Self::GitHub(_) => return false,
        };
        let outcome = if done { "ok" } else { "transient" };
        self.transport().count("uninstall", outcome, began);
        done
    }

    /// The token of fresh ones by which the grant can be given up.
    pub(crate) fn revoked_by<'a>(&self, tokens: &'a Tokens) -> Option<(Which, &'a str)> {
        match self {
            Self::HubSpot(_) => Some((Which::Refresh, tokens.refresh_token.as_ref()?)),
            Self::GitHub(_) => Some((Which::Access, &tokens.access_token)),
        }
    }

    /// Which token of a row the grant is given up by, `seconds_left` being those of its access token.
    pub(crate) fn revoked_by_stored(&self, has_refresh: bool, seconds_left: f64) -> Which {
        revoked_by_stored(self.description().provider, has_refresh, seconds_left)
    }

    /// One API call; the target comes from the core's table.
    pub(crate) async fn api(
        &self,
        method: Method,
        target: &RequestTarget,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let (path, query, body) = (&target.path, &target.query, target.body.as_ref());
        match self {
            Self::HubSpot(hubspot) => hubspot.api(method, path, query, body, access_token).await,
            Self::GitHub(github) => github.api(method, path, query, body, access_token).await,
        }
    }

    /// Whether a 401 means that the access token is spent, whatever our clock says (RL-10).
    pub(crate) async fn is_spent(&self, answer: &ApiAnswer, access_token: &str) -> bool {
        answer.status == 401
            && match self {
                Self::HubSpot(_) => hubspot::says_expired(answer),
                Self::GitHub(github) => github.has_forgotten(access_token).await,
            }
    }
}
