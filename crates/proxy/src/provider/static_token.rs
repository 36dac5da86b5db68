//! What HubSpot says of a static token: private app, static-auth app or service key (platform, section 2).
//! Owns this one call. An unknown token is an answer, not a fault.

use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::hubspot::HubSpotClient;
use super::transport::TokenFault;
use super::{Introspection, is_account_id, object};
use http::Method;
pub(crate) use portico_core::static_token::is_static_token;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use zeroize::Zeroize as _;

const DEADLINE: Duration = Duration::from_secs(10);

/// A static token that HubSpot knows.
#[derive(Debug)]
pub(crate) struct TokenInfo {
    pub(crate) known: Introspection,
    /// `appId`: the private app or the key.
    pub(crate) app_id: String,
}

impl HubSpotClient {
    /// Asks what a static token is. Nothing when HubSpot does not know it.
    ///
    /// The token stands in the body and as bearer: outside of the data centre na1 both are needed.
    pub(crate) async fn token_info(&self, token: &str) -> Result<Option<TokenInfo>, TokenFault> {
        let mut body = json!({ "tokenKey": token });
        let path = "/oauth/v2/private-apps/get/access-token-info";
        let call = self.api(Method::POST, path, "", Some(&body), token);
        let answer = tokio::time::timeout(DEADLINE, call).await;
        if let Some(Value::String(copy)) = body.get_mut("tokenKey") {
            copy.zeroize();
        }
        let Ok(Ok(answer)) = answer else {
            return Err(weather(None));
        };
        match answer.status {
            200 => {}
            // The request is always the same, so that a refusal speaks of the token.
            400 | 401 | 404 => return Ok(None),
            status => {
                let error = OAuthError::read(&answer.body);
                let meaning = match meaning(Asked::Refresh, status, &error, answer.retry_after) {
                    kept @ (Meaning::Transient(_) | Meaning::Migration(_)) => kept,
                    _ => Meaning::Transient(None),
                };
                return Err(TokenFault {
                    meaning,
                    correlation_id: error.correlation_id().or(answer.correlation_id),
                    may_be_done: false,
                });
            }
        }
        let info = read_info(&answer.body).ok_or_else(|| weather(answer.correlation_id))?;
        Ok(Some(info))
    }
}

/// A good answer; nothing when it cannot be one.
pub(super) fn read_info(body: &[u8]) -> Option<TokenInfo> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        hub_id: u64,
        #[serde(default)]
        user_id: Option<u64>,
        app_id: u64,
        scopes: Vec<String>,
    }
    let parsed: Answer = object(body)?;
    is_account_id(parsed.hub_id).then(|| TokenInfo {
        known: Introspection {
            account_id: parsed.hub_id,
            name: None,
            domain: None,
            user: None,
            user_id: parsed.user_id,
            scopes: parsed.scopes,
        },
        app_id: parsed.app_id.to_string(),
    })
}

fn weather(correlation_id: Option<String>) -> TokenFault {
    TokenFault {
        meaning: Meaning::Transient(None),
        correlation_id,
        may_be_done: false,
    }
}
