//! The authorization request's URL (RFC 6749 section 4.1.1, RFC 7636 section 4.3; platform, section 1.1).
//! Owns its exact set of parameters; knows no secret, so none can slip in (AR-2, B6).

use crate::operations::push_percent_encoded;
use crate::pkce::State;

/// What an authorization request names.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Endpoint, pinned to the account for reconnect and upgrade.
    pub authorize_endpoint: &'a str,
    /// OAuth client id.
    pub client_id: &'a str,
    /// On the proxy.
    pub redirect_uri: &'a str,
    /// Required and conditionally required scopes.
    pub scope: &'a [String],
    /// Optional scopes; HubSpot's own parameter.
    pub optional_scope: &'a [String],
    /// Comes back unchanged.
    pub state: &'a State,
    /// S256 of the code verifier.
    pub code_challenge: &'a str,
}

/// The endpoint cannot be one we would send a person to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the authorization endpoint is neither https nor on this machine")]
pub struct UnsafeEndpoint;

impl AuthorizationRequest<'_> {
    /// The URL to open; scopes are joined by `%20`.
    pub fn url(&self) -> Result<String, UnsafeEndpoint> {
        let mut url = url_by_hand(
            self.authorize_endpoint,
            self.client_id,
            self.redirect_uri,
            self.scope,
            self.optional_scope,
        )?;
        push(&mut url, "&response_type=", "code");
        push(&mut url, "&state=", self.state.expose());
        push(&mut url, "&code_challenge=", self.code_challenge);
        push(&mut url, "&code_challenge_method=", "S256");
        Ok(url)
    }
}

/// The URL that a person opens to try it by hand, without a state or a proof to come back to (B6, B13).
pub fn url_by_hand(
    authorize_endpoint: &str,
    client_id: &str,
    redirect_uri: &str,
    scope: &[String],
    optional_scope: &[String],
) -> Result<String, UnsafeEndpoint> {
    if !is_safe_endpoint(authorize_endpoint) {
        return Err(UnsafeEndpoint);
    }
    let mut url = authorize_endpoint.to_owned();
    push(&mut url, "?client_id=", client_id);
    push(&mut url, "&redirect_uri=", redirect_uri);
    push(&mut url, "&scope=", &scope.join(" "));
    if !optional_scope.is_empty() {
        push(&mut url, "&optional_scope=", &optional_scope.join(" "));
    }
    Ok(url)
}

fn push(url: &mut String, name: &str, value: &str) {
    url.push_str(name);
    push_percent_encoded(url, value);
}

/// `https:`, or `http:` to this machine (a sandbox), without userinfo, query or fragment.
pub fn is_safe_endpoint(endpoint: &str) -> bool {
    let (rest, anywhere) = match (
        endpoint.strip_prefix("https://"),
        endpoint.strip_prefix("http://"),
    ) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return false,
    };
    let plain = rest
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._:/[]".contains(&b));
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    plain && !host.is_empty() && (anywhere || matches!(host, "localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AR-2, B6: exactly these parameters, and no secret among them.
    #[test]
    fn the_url_carries_exactly_the_documented_parameters() {
        let scope = ["oauth".to_owned(), "crm.schemas.deals.read".to_owned()];
        let optional = ["forms".to_owned(), "tickets".to_owned()];
        let state = State::from_random([1; 32]);
        let request = AuthorizationRequest {
            authorize_endpoint: "https://app.hubspot.com/oauth/authorize",
            client_id: "id",
            redirect_uri: "https://proxy.example/callback/hubspot",
            scope: &scope,
            optional_scope: &optional,
            state: &state,
            code_challenge: "challenge",
        };
        assert_eq!(
            request.url().unwrap(),
            format!(
                "https://app.hubspot.com/oauth/authorize?client_id=id\
                 &redirect_uri=https%3A%2F%2Fproxy.example%2Fcallback%2Fhubspot\
                 &scope=oauth%20crm.schemas.deals.read&optional_scope=forms%20tickets&response_type=code\
                 &state={}&code_challenge=challenge&code_challenge_method=S256",
                state.expose()
            )
        );
        let bare = AuthorizationRequest {
            optional_scope: &[],
            ..request
        };
        assert!(!bare.url().unwrap().contains("optional_scope"));
    }

    #[test]
    fn a_window_is_only_sent_to_https_or_to_this_machine() {
        for (endpoint, safe) in [
            ("https://app.hubspot.com/oauth/authorize", true),
            ("https://app.hubspot.com/oauth/4242/authorize", true),
            ("http://localhost:4100/oauth/authorize", true),
            ("http://127.0.0.1:4100/oauth/authorize", true),
            ("http://[::1]:4100/oauth/authorize", true),
            ("http://app.hubspot.com/oauth/authorize", false),
            ("http://localhost.evil.example/oauth", false),
            ("http://localhost@evil.example/", false),
            ("https://user@evil.example/", false),
            ("https://x/?a=b", false),
            ("https://x/#f", false),
            ("https:///x", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_safe_endpoint(endpoint), safe, "{endpoint}");
        }
    }
}
