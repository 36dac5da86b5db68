//! The authorization request's URL (RFC 6749 section 4.1.1, RFC 7636 section 4.3; platform, section 1.1).
//! Owns its exact set of parameters; knows no secret, so none can slip in (AR-2, B6).

use crate::ids::PortalId;
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
        let mut url = install_url(
            self.authorize_endpoint,
            self.client_id,
            self.redirect_uri,
            self.scope,
            self.optional_scope,
        )?;
        push_parameter(&mut url, '&', "response_type", "code");
        push_parameter(&mut url, '&', "state", self.state.expose());
        push_parameter(&mut url, '&', "code_challenge", self.code_challenge);
        push_parameter(&mut url, '&', "code_challenge_method", "S256");
        Ok(url)
    }
}

/// The part of the URL that is the same for everybody, which HubSpot calls the install URL (B6).
///
/// It has no `state` and no challenge, so it shows what HubSpot's page would say and completes no flow.
pub fn install_url(
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
    push_parameter(&mut url, '?', "client_id", client_id);
    push_parameter(&mut url, '&', "redirect_uri", redirect_uri);
    push_parameter(&mut url, '&', "scope", &scope.join(" "));
    if !optional_scope.is_empty() {
        push_parameter(&mut url, '&', "optional_scope", &optional_scope.join(" "));
    }
    Ok(url)
}

fn push_parameter(url: &mut String, separator: char, name: &str, value: &str) {
    url.push(separator);
    url.push_str(name);
    url.push('=');
    push_percent_encoded(url, value);
}

/// HubSpot's authorization endpoint at a host, pinned to an account where one is named (mission, fact 11).
///
/// Plain http is for this machine alone, where a sandbox stands in for HubSpot.
pub fn hubspot_endpoint(host: &str, account: Option<PortalId>) -> String {
    let local = ["http://", host].concat();
    let base = if is_safe_endpoint(&local) {
        local
    } else {
        ["https://", host].concat()
    };
    match account {
        Some(account) => format!("{base}/oauth/{account}/authorize"),
        None => base + "/oauth/authorize",
    }
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

    /// B6, P7: the install URL is the flow's own without what belongs to one flow alone.
    #[test]
    fn the_install_url_is_what_every_request_begins_with() {
        let scope = ["oauth".to_owned(), "forms".to_owned()];
        let optional = ["crm.lists.read".to_owned()];
        let (endpoint, redirect) = (
            hubspot_endpoint("app.hubspot.com", None),
            "https://proxy.example/callback/hubspot",
        );
        let url = install_url(&endpoint, "id", redirect, &scope, &optional).unwrap();
        assert_eq!(
            url,
            "https://app.hubspot.com/oauth/authorize?client_id=id\
             &redirect_uri=https%3A%2F%2Fproxy.example%2Fcallback%2Fhubspot\
             &scope=oauth%20forms&optional_scope=crm.lists.read"
        );
        let request = AuthorizationRequest {
            authorize_endpoint: &endpoint,
            client_id: "id",
            redirect_uri: redirect,
            scope: &scope,
            optional_scope: &optional,
            state: &State::from_random([1; 32]),
            code_challenge: "challenge",
        };
        let rest = request.url().unwrap();
        assert!(
            rest.strip_prefix(&url)
                .unwrap()
                .starts_with("&response_type=code&state=")
        );
        assert_eq!(
            install_url("javascript:alert(1)", "id", redirect, &scope, &[]),
            Err(UnsafeEndpoint)
        );
    }

    /// Fact 11: a pinned address names the account; only a sandbox is spoken to in the clear.
    #[test]
    fn an_endpoint_is_https_but_on_this_machine() {
        for (host, account, want) in [
            (
                "app.hubspot.com",
                None,
                "https://app.hubspot.com/oauth/authorize",
            ),
            (
                "app.hubspot.com",
                Some(PortalId(4242)),
                "https://app.hubspot.com/oauth/4242/authorize",
            ),
            (
                "127.0.0.1:4100",
                None,
                "http://127.0.0.1:4100/oauth/authorize",
            ),
            (
                "localhost",
                Some(PortalId(1)),
                "http://localhost/oauth/1/authorize",
            ),
            (
                "localhost.example",
                None,
                "https://localhost.example/oauth/authorize",
            ),
        ] {
            assert_eq!(hubspot_endpoint(host, account), want);
        }
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
