//! Owns OAuth's errors: RFC 6749's two members beside HubSpot's `status` and `message` (platform 1.5).

use serde::Serialize;

use crate::http::Response;

/// Why a token endpoint refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OAuthError {
    /// Unknown, deleted, revoked, or the app was removed.
    BadRefreshToken,
    /// Unknown or used code.
    BadAuthCode,
    /// Code past its life.
    ExpiredAuthCode,
    /// Another redirect URI than the authorization request's.
    MismatchRedirectUriAuthCode,
    /// Missing or malformed redirect URI.
    BadRedirectUri,
    /// PKCE.
    BadCodeVerifier,
    /// Unknown app.
    BadClientId,
    /// Wrong secret.
    BadClientSecret,
    /// Missing or unsupported grant.
    BadGrantType,
    /// The app's scopes no longer fit the grant, or a bad `scope`.
    BadScopes,
    /// The account is gone.
    BadHub,
    /// `client_credentials` on a user-level app.
    UserLevelClientCredentialsNotSupported,
}

/// Every error, for tables.
pub(crate) const ALL: [OAuthError; 12] = [
    OAuthError::BadRefreshToken,
    OAuthError::BadAuthCode,
    OAuthError::ExpiredAuthCode,
    OAuthError::MismatchRedirectUriAuthCode,
    OAuthError::BadRedirectUri,
    OAuthError::BadCodeVerifier,
    OAuthError::BadClientId,
    OAuthError::BadClientSecret,
    OAuthError::BadGrantType,
    OAuthError::BadScopes,
    OAuthError::BadHub,
    OAuthError::UserLevelClientCredentialsNotSupported,
];

impl OAuthError {
    /// `status`, `error`, message.
    pub(crate) const fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BadRefreshToken => (
                "BAD_REFRESH_TOKEN",
                "invalid_grant",
                "refresh token is invalid, expired or revoked",
            ),
            Self::BadAuthCode => (
                "BAD_AUTH_CODE",
                "invalid_grant",
                "missing or unknown auth code",
            ),
            Self::ExpiredAuthCode => (
                "EXPIRED_AUTH_CODE",
                "invalid_grant",
                "auth code has expired",
            ),
            Self::MismatchRedirectUriAuthCode => (
                "MISMATCH_REDIRECT_URI_AUTH_CODE",
                "invalid_grant",
                "redirect uri does not match the one the auth code was issued for",
            ),
            Self::BadRedirectUri => (
                "BAD_REDIRECT_URI",
                "invalid_request",
                "missing or invalid redirect uri",
            ),
            Self::BadCodeVerifier => (
                "BAD_CODE_VERIFIER",
                "invalid_grant",
                "missing or invalid code verifier",
            ),
            Self::BadClientId => (
                "BAD_CLIENT_ID",
                "invalid_request",
                "missing or unknown client id",
            ),
            Self::BadClientSecret => (
                "BAD_CLIENT_SECRET",
                "invalid_client",
                "missing or invalid client secret",
            ),
            Self::BadGrantType => (
                "BAD_GRANT_TYPE",
                "unsupported_grant_type",
                "missing or unsupported grant type",
            ),
            Self::BadScopes => ("BAD_SCOPES", "invalid_scope", "missing or invalid scopes"),
            Self::BadHub => ("BAD_HUB", "access_denied", "missing or unknown hub id"),
            Self::UserLevelClientCredentialsNotSupported => (
                "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED",
                "unauthorized_client",
                "client credentials are not supported for user level apps",
            ),
        }
    }

    /// The answer of v3 and dated endpoints.
    pub(crate) fn standard(self) -> Response {
        let (status, error, message) = self.parts();
        answer(Some(error), status, message, None)
    }

    /// The same with `invalid_request`, as live answers told a bad refresh token (platform 1.5).
    pub(crate) fn as_invalid_request(self) -> Response {
        let (status, _, message) = self.parts();
        answer(Some("invalid_request"), status, message, None)
    }

    /// The answer of v1: without RFC 6749's members.
    pub(crate) fn v1(self, correlation_id: &str) -> Response {
        let (status, _, message) = self.parts();
        answer(None, status, message, Some(correlation_id))
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'a str>,
    status: &'a str,
    message: &'a str,
    #[serde(rename = "correlationId", skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

fn answer(
    error: Option<&str>,
    status: &str,
    message: &str,
    correlation_id: Option<&str>,
) -> Response {
    let error_description = error.map(|_| message);
    let body = Body {
        error,
        error_description,
        status,
        message,
        correlation_id,
    };
    let mut response = Response::json(400, &body);
    response.set("cache-control", "no-store");
    response
}

/// The answer with any `status`, for faults; an unknown one is told as an invalid request.
pub(crate) fn of_status(status: &str) -> Response {
    ALL.into_iter()
        .find(|error| error.parts().0 == status)
        .map_or_else(
            || {
                answer(
                    Some("invalid_request"),
                    status,
                    "refused by a fault of the sandbox",
                    None,
                )
            },
            OAuthError::standard,
        )
}
