//! GitHub's token endpoint, users, revocation, and any REST call by target.
//! Owns GitHub's paths, headers and manners; an Enterprise Server differs by its two addresses alone.
//!
//! Source: docs.github.com, "Generating a user access token for a GitHub App", "Refreshing user access tokens",
//! REST "OAuth authorizations", "Rate limits for the REST API".

use super::call::{ApiAnswer, ApiFault};
use super::classify::{Asked, Meaning};
use super::tokens::{Lasting, Tokens};
use super::transport::{Shared, TOKEN_DEADLINE, TokenFault, Transport, short};
use super::{Description, Introspection, Revoked, is_account_id, object};
use crate::config::GitHub;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use portico_core::ids::PortalId;
use portico_core::wire::{Account, Provider};
use serde::Deserialize;
use serde_json::json;

const VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
/// Seconds to wait where a limit was reached and GitHub does not say until when, as its pages advise.
const DEFAULT_WAIT: f64 = 60.0;
/// The longest window GitHub counts by: an hour.
const LONGEST_WAIT: f64 = 3600.0;

/// GitHub as this proxy knows it.
pub(crate) struct GitHubClient {
    transport: Transport,
    description: Description,
    api_base: String,
}

impl GitHubClient {
    pub(super) fn new(config: &GitHub, shared: &Shared) -> Result<Self, reqwest::Error> {
        let transport = Transport::new(
            Provider::Github,
            &config.api_base,
            &[&config.web_base],
            &config.client_id,
            &config.client_secret,
            shared,
        )?;
        let description = Description {
            provider: Provider::Github,
            client_id: config.client_id.clone(),
            required_scopes: config.scopes.clone(),
            optional_scopes: Vec::new(),
            web_base: config.web_base.clone(),
            // None is promised; its discovery document names the second.
            issuers: vec![
                config.web_base.clone(),
                format!("{}/login/oauth", config.web_base),
            ],
            refresh_tokens_work_once: true,
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

    /// Redeems an authorization code. An OAuth app's token has neither end nor refresh token.
    pub(super) async fn redeem_code(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, TokenFault> {
        let fields = [
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        self.token_call(Asked::RedeemCode, &fields).await
    }

    /// Asks for fresh tokens, and spends the refresh token.
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
        let url = format!("{}/login/oauth/access_token", self.description.web_base);
        self.transport
            .token_call(asked, &url, fields, Lasting::AsLongAsItSays)
            .await
    }

    /// Whose an access token is, and its scopes; a GitHub App's has none.
    pub(super) async fn introspect(
        &self,
        token: &str,
    ) -> Result<Option<Introspection>, TokenFault> {
        // As long as a token call may take: three of these must fit into the life of an exchange.
        let call = self.api(Method::GET, "/user", "", None, token);
        let Ok(Ok(answer)) = tokio::time::timeout(TOKEN_DEADLINE, call).await else {
            return Err(TokenFault::malformed());
        };
        match answer.status {
            200 => {}
            401 => return Ok(None),
            _ => return Err(Transport::fault_of(answer)),
        }
        let user = read_user(&answer.body, &answer.headers);
        user.map(Some).ok_or_else(TokenFault::malformed)
    }

    /// All that is kept of an account; what a grant reaches is asked by the relay's operations.
    pub(super) fn account(&self, known: Introspection) -> Account {
        Account {
            portal_id: PortalId(known.account_id),
            name: known.name,
            hub_domain: known.domain,
            account_type: None,
            ui_domain: Some(self.description.host().to_owned()),
            data_hosting_location: None,
            time_zone: None,
            company_currency: None,
            additional_currencies: Vec::new(),
            daily_usage_limit: None,
            authorised_by: known.user,
            user_id: known.user_id,
        }
    }

    /// Ends a person's authorization of the app, with every token of it.
    pub(super) async fn revoke(&self, access_token: &str) -> Revoked {
        match self.as_app(Method::DELETE, "grant", access_token).await {
            Ok(answer) if answer.status == 204 => Revoked::All,
            Ok(answer) if is_gone(&answer) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::NotYet,
        }
    }

    /// As [`GitHubClient::revoke`] where no access token lives: GitHub takes no refresh token for it.
    pub(super) async fn refresh_and_revoke(&self, refresh_token: &str) -> Revoked {
        match self.refresh(refresh_token).await {
            Ok(tokens) => match self.revoke(&tokens.access_token).await {
                Revoked::NotYet => Revoked::NotYetBut(tokens.access_token),
                done => done,
            },
            Err(fault) if matches!(fault.meaning, Meaning::Dead(_)) => Revoked::Yes,
            Err(_) => Revoked::NotYet,
        }
    }

    /// Whether GitHub no longer knows an access token. Its 401 does not tell a token that ran out from a revoked one.
    pub(super) async fn has_forgotten(&self, access_token: &str) -> bool {
        self.as_app(Method::POST, "token", access_token)
            .await
            .is_ok_and(|answer| is_gone(&answer))
    }

    /// `/applications/{client_id}/{what}`: the token stands in the body, never in the URL.
    async fn as_app(
        &self,
        method: Method,
        what: &str,
        access_token: &str,
    ) -> Result<ApiAnswer, TokenFault> {
        let client_id = &self.description.client_id;
        let url = format!("{}/applications/{client_id}/{what}", self.api_base);
        let body = json!({ "access_token": access_token });
        self.transport.as_app(method, &url, headers(), &body).await
    }

    /// One REST call. `path` and `query` come from the core's table, or are ours.
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        query: &str,
        body: Option<&serde_json::Value>,
        access_token: &str,
    ) -> Result<ApiAnswer, ApiFault> {
        let mut answer = self
            .transport
            .api(method, path, query, headers(), body, access_token)
            .await?;
        read_limits(&mut answer, crate::session::now());
        Ok(answer)
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, MEDIA_TYPE);
    headers.insert("x-github-api-version", VERSION);
    headers
}

/// 404 or 422: no such token, so nothing is left to give up.
fn is_gone(answer: &ApiAnswer) -> bool {
    matches!(answer.status, 404 | 422)
}

/// Whose a token is, by the answer of `/user`.
pub(super) fn read_user(body: &[u8], headers: &HeaderMap) -> Option<Introspection> {
    #[derive(Deserialize)]
    struct User {
        id: u64,
        login: String,
        name: Option<String>,
    }
    let user: User = object(body)?;
    is_account_id(user.id).then(|| Introspection {
        account_id: user.id,
        name: Some(short(user.login)),
        domain: None,
        user: user.name.map(short),
        user_id: Some(user.id),
        scopes: scopes(headers),
    })
}

fn scopes(headers: &HeaderMap) -> Vec<String> {
    let text = headers
        .get("x-oauth-scopes")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter(|scope| crate::config::check::is_scope(scope))
        .map(str::to_owned)
        .collect()
}

/// GitHub says with 403 or 429 that a limit is reached, and in three ways until when.
pub(super) fn read_limits(answer: &mut ApiAnswer, now: i64) {
    let number =
        |name: &str| -> Option<i64> { answer.headers.get(name)?.to_str().ok()?.parse().ok() };
    let is_used_up = number("x-ratelimit-remaining") == Some(0);
    answer.is_limited = match answer.status {
        403 => is_used_up || answer.retry_after.is_some(),
        429 => true,
        _ => false,
    };
    if answer.is_limited && answer.retry_after.is_none() {
        let until_reset = number("x-ratelimit-reset")
            .filter(|_| is_used_up)
            .and_then(|reset| u32::try_from(reset.saturating_sub(now).max(1)).ok())
            .map(|seconds| f64::from(seconds).min(LONGEST_WAIT));
        answer.retry_after = Some(until_reset.unwrap_or(DEFAULT_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(
        status: u16,
        retry_after: Option<f64>,
        headers: &[(&'static str, &str)],
    ) -> ApiAnswer {
        ApiAnswer {
            status,
            is_json: true,
            body: b"{}".to_vec(),
            retry_after,
            is_limited: false,
            rate_limit: None,
            correlation_id: None,
            memory: None,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
                .collect(),
        }
    }

    /// UF-1 for GitHub: primary and secondary limits, by 403 and 429; a plain 403 is no limit.
    #[test]
    fn a_limit_is_told_from_a_refusal_and_says_how_long() {
        let used_up = ("x-ratelimit-remaining", "0");
        for (case, status, retry_after, headers, want) in [
            (
                "forbidden",
                403,
                None,
                vec![("x-ratelimit-remaining", "10")],
                None,
            ),
            ("forbidden, no headers", 403, None, vec![], None),
            ("secondary", 403, Some(30.0), vec![], Some(30.0)),
            ("secondary by 429", 429, None, vec![], Some(60.0)),
            (
                "primary",
                403,
                None,
                vec![used_up, ("x-ratelimit-reset", "1120")],
                Some(120.0),
            ),
            (
                "primary by 429",
                429,
                None,
                vec![used_up, ("x-ratelimit-reset", "1007")],
                Some(7.0),
            ),
            (
                "reset in the past",
                403,
                None,
                vec![used_up, ("x-ratelimit-reset", "1")],
                Some(1.0),
            ),
            (
                "absurd reset",
                403,
                None,
                vec![used_up, ("x-ratelimit-reset", "99999999999999")],
                Some(60.0),
            ),
            (
                "before all time",
                403,
                None,
                vec![used_up, ("x-ratelimit-reset", "-9223372036854775808")],
                Some(1.0),
            ),
            (
                "a day",
                403,
                None,
                vec![used_up, ("x-ratelimit-reset", "90000")],
                Some(3600.0),
            ),
            ("the last good call", 200, None, vec![used_up], None),
            ("not found", 404, Some(5.0), vec![used_up], None),
        ] {
            let mut answer = answer(status, retry_after, &headers);
            read_limits(&mut answer, 1000);
            let got = answer.is_limited.then_some(answer.retry_after).flatten();
            assert_eq!(got, want, "{case}");
            assert_eq!(answer.is_limited, want.is_some(), "{case}");
        }
    }

    #[test]
    fn scopes_come_from_the_header_and_odd_ones_do_not() {
        for (header, want) in [
            ("repo, read:org", vec!["repo", "read:org"]),
            ("", vec![]),
            ("repo, <b>,, gist", vec!["repo", "gist"]),
        ] {
            assert_eq!(
                scopes(&answer(200, None, &[("x-oauth-scopes", header)]).headers),
                want
            );
        }
        assert!(scopes(&HeaderMap::new()).is_empty());
    }
}
