//! What HubSpot says of a static token: private app, static-auth app or service key (platform, section 2).
//! Owns this one call. An unknown token is an answer, not a fault.

use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::hubspot::HubSpotClient;
use super::transport::TokenFault;
use super::{Introspection, is_account_id, object};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use zeroize::Zeroize as _;

const DEADLINE: Duration = Duration::from_secs(10);
/// Longest token taken; HubSpot's have 44 characters.
const LONGEST_TOKEN: usize = 256;

/// A static token that HubSpot knows.
#[derive(Debug)]
pub(crate) struct TokenInfo {
    pub(crate) known: Introspection,
    /// `appId`: the private app or the key.
    pub(crate) app_id: String,
}

/// Whether a text can be a static token at all: `pat-`, a data centre, and more.
pub(crate) fn is_static_token(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let plain = |part: &str, longest: usize| {
        (1..=longest).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    parts.next() == Some("pat")
        && parts.next().is_some_and(|centre| plain(centre, 16))
        && parts.next().is_some_and(|rest| plain(rest, LONGEST_TOKEN))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// B16, J3: what is pasted by mistake is not sent anywhere.
    #[test]
    fn a_static_token_has_a_form() {
        let long = format!("pat-na1-{}", "a".repeat(257));
        for (text, want) in [
            ("pat-na1-00000000-aaaa-bbbb-cccc-000000000000", true),
            ("pat-eu1-00000000-aaaa-bbbb-cccc-000000000000", true),
            ("", false),
            ("pat-", false),
            ("pat-na1-", false),
            ("pat-na1", false),
            ("00000000-aaaa-bbbb-cccc-000000000000", false),
            ("CLqM4ZbhMBIDAQIY", false),
            ("pat-na1-a b", false),
            ("pat-na1-a\r\nx: y", false),
            ("pat-na1-é", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_static_token(text), want, "{text:?}");
        }
    }
}
