//! What a token endpoint's refusal means (threat model, section 9): one table.
//! Reads `status`, then `error`, then the HTTP code; never the provider's sentences.

use portico_core::error::ErrorCode;
use portico_core::wire::{FaultCategory, FaultCause};
use serde::Deserialize;

/// Longest wait we honour after a 429: 15 minutes.
const LONGEST_WAIT: f64 = 900.0;
/// Longest wait of a data-centre migration: 24 hours.
const LONGEST_MIGRATION: f64 = 86_400.0;

/// What was asked of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    RedeemCode,
    Refresh,
}

/// What a refusal means for us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// Only a person can mend the grant.
    Dead(FaultCause),
    /// The authorization code is used up, too old or not ours.
    CodeRefused,
    /// Our own credentials or addresses: no connection is to blame.
    OurConfiguration,
    /// Weather. Seconds to wait when the provider named them.
    Transient(Option<f64>),
    /// HTTP 477: the account is being moved; seconds to wait.
    Migration(f64),
}

impl Meaning {
    /// As it stands in a connection's facts.
    pub(crate) fn fault(self) -> (FaultCategory, FaultCause) {
        match self {
            Self::Dead(cause) => (FaultCategory::GrantDead, cause),
            Self::OurConfiguration => (FaultCategory::Configuration, FaultCause::ClientCredentials),
            Self::Migration(_) => (FaultCategory::Migration, FaultCause::Migration),
            Self::CodeRefused | Self::Transient(_) => {
                (FaultCategory::Transient, FaultCause::ProviderTrouble)
            }
        }
    }
}

/// The members of an OAuth error that a machine reads; each may be absent or of another type.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct OAuthError {
    #[serde(default)]
    status: serde_json::Value,
    #[serde(default)]
    error: serde_json::Value,
    #[serde(default, rename = "correlationId")]
    correlation_id: serde_json::Value,
}

impl OAuthError {
    /// From a body of any kind.
    pub(crate) fn read(body: &[u8]) -> Self {
        super::object(body).unwrap_or_default()
    }

    /// GitHub sends errors with 200, so a success must be asked too (UF-5).
    pub(crate) fn names_one(&self) -> bool {
        self.error.is_string()
    }

    pub(crate) fn correlation_id(&self) -> Option<String> {
        self.correlation_id.as_str().and_then(correlation_id)
    }
}

/// A correlation id as we keep it: short and plain, or not at all.
pub(crate) fn correlation_id(text: &str) -> Option<String> {
    let fits = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'));
    fits.then(|| text.to_owned())
}

/// The meaning of an answer that brought no token.
pub(crate) fn meaning(
    asked: Asked,
    http_status: u16,
    error: &OAuthError,
    retry_after: Option<f64>,
) -> Meaning {
    let status = error.status.as_str().unwrap_or_default();
    match status {
        "BAD_REFRESH_TOKEN" => return Meaning::Dead(FaultCause::RefreshTokenInvalid),
        "BAD_HUB" => return Meaning::Dead(FaultCause::AccountGone),
        "BAD_SCOPES" => return Meaning::Dead(FaultCause::ScopesChanged),
        "BAD_AUTH_CODE" | "EXPIRED_AUTH_CODE" | "BAD_CODE_VERIFIER" => return Meaning::CodeRefused,
        "BAD_GRANT_TYPE" => return Meaning::OurConfiguration,
        _ if status.starts_with("BAD_CLIENT_") || status.contains("REDIRECT_URI") => {
            return Meaning::OurConfiguration;
        }
        _ => {}
    }
    match (error.error.as_str().unwrap_or_default(), asked) {
        (
            "invalid_client"
            | "unauthorized_client"
            | "incorrect_client_credentials"
            | "redirect_uri_mismatch"
            | "application_suspended"
            | "unsupported_grant_type",
            _,
        ) => return Meaning::OurConfiguration,
        ("bad_refresh_token", _) | ("invalid_grant", Asked::Refresh) => {
            return Meaning::Dead(FaultCause::RefreshTokenInvalid);
        }
        (
            "invalid_grant" | "bad_verification_code" | "unverified_user_email",
            Asked::RedeemCode,
        ) => {
            return Meaning::CodeRefused;
        }
        ("access_denied", _) => return Meaning::Dead(FaultCause::AccountGone),
        ("invalid_scope", _) => return Meaning::Dead(FaultCause::ScopesChanged),
        _ => {}
    }
    match http_status {
        477 => Meaning::Migration(retry_after.unwrap_or(300.0).clamp(1.0, LONGEST_MIGRATION)),
        423 => Meaning::Transient(Some(retry_after.unwrap_or(2.0).clamp(2.0, LONGEST_WAIT))),
        _ => Meaning::Transient(retry_after.map(|wait| wait.min(LONGEST_WAIT))),
    }
}

/// What an `error` on the redirect back means (RFC 6749, section 4.1.2.1): mostly that a person said no.
pub(crate) fn meaning_of_return(error: &str) -> ErrorCode {
    match error {
        "redirect_uri_mismatch" | "application_suspended" | "unauthorized_client" => {
            ErrorCode::ConfigFault
        }
        _ => ErrorCode::ConsentDenied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// UF-3, UF-4, UF-5, UF-6, UF-7 as one table.
    #[test]
    fn each_refusal_has_its_class() {
        use Asked::{RedeemCode, Refresh};
        use FaultCause::{AccountGone, RefreshTokenInvalid, ScopesChanged};
        use Meaning::{CodeRefused, Dead, Migration, OurConfiguration, Transient};
        let status = |status: &str| json!({"status": status, "message": "words"});
        let error = |error: &str| json!({"error": error, "error_description": "words"});
        let both = |status: &str, error: &str| json!({"status": status, "error": error});
        for (asked, http, body, retry_after, want) in [
            (
                Refresh,
                400,
                both("BAD_REFRESH_TOKEN", "invalid_grant"),
                None,
                Dead(RefreshTokenInvalid),
            ),
            (
                Refresh,
                400,
                both("BAD_REFRESH_TOKEN", "invalid_request"),
                None,
                Dead(RefreshTokenInvalid),
            ),
            (
                Refresh,
                400,
                both("BAD_HUB", "access_denied"),
                None,
                Dead(AccountGone),
            ),
            // A list has no members, whatever stands in it.
            (
                Refresh,
                400,
                json!(["BAD_HUB", "access_denied", "id"]),
                None,
                Transient(None),
            ),
            (
                Refresh,
                400,
                status("BAD_SCOPES"),
                None,
                Dead(ScopesChanged),
            ),
            (
                Refresh,
                200,
                error("bad_refresh_token"),
                None,
                Dead(RefreshTokenInvalid),
            ),
            (
                Refresh,
                400,
                error("invalid_grant"),
                None,
                Dead(RefreshTokenInvalid),
            ),
            (RedeemCode, 400, error("invalid_grant"), None, CodeRefused),
            (
                RedeemCode,
                400,
                both("BAD_AUTH_CODE", "invalid_grant"),
                None,
                CodeRefused,
            ),
            (
                RedeemCode,
                400,
                status("EXPIRED_AUTH_CODE"),
                None,
                CodeRefused,
            ),
            (
                RedeemCode,
                400,
                status("BAD_CODE_VERIFIER"),
                None,
                CodeRefused,
            ),
            (
                RedeemCode,
                400,
                status("MISMATCH_REDIRECT_URI_AUTH_CODE"),
                None,
                OurConfiguration,
            ),
            (
                RedeemCode,
                400,
                status("BAD_REDIRECT_URI"),
                None,
                OurConfiguration,
            ),
            (
                Refresh,
                400,
                both("BAD_CLIENT_ID", "invalid_request"),
                None,
                OurConfiguration,
            ),
            (
                Refresh,
                400,
                status("BAD_CLIENT_SECRET"),
                None,
                OurConfiguration,
            ),
            (
                Refresh,
                401,
                error("invalid_client"),
                None,
                OurConfiguration,
            ),
            (
                Refresh,
                200,
                error("incorrect_client_credentials"),
                None,
                OurConfiguration,
            ),
            (
                RedeemCode,
                200,
                error("incorrect_client_credentials"),
                None,
                OurConfiguration,
            ),
            (
                RedeemCode,
                200,
                error("redirect_uri_mismatch"),
                None,
                OurConfiguration,
            ),
            (
                RedeemCode,
                200,
                error("application_suspended"),
                None,
                OurConfiguration,
            ),
            (
                RedeemCode,
                200,
                error("bad_verification_code"),
                None,
                CodeRefused,
            ),
            (
                RedeemCode,
                200,
                error("unverified_user_email"),
                None,
                CodeRefused,
            ),
            (
                Refresh,
                200,
                error("access_denied"),
                None,
                Dead(AccountGone),
            ),
            (Refresh, 200, error("something_new"), None, Transient(None)),
            (
                Refresh,
                400,
                error("invalid_request"),
                None,
                Transient(None),
            ),
            (
                Refresh,
                429,
                status("error"),
                Some(7.0),
                Transient(Some(7.0)),
            ),
            (
                Refresh,
                429,
                status("error"),
                Some(90_000.0),
                Transient(Some(900.0)),
            ),
            (Refresh, 429, json!({}), None, Transient(None)),
            (Refresh, 423, json!({}), None, Transient(Some(2.0))),
            (Refresh, 423, json!({}), Some(0.0), Transient(Some(2.0))),
            (Refresh, 500, json!({}), None, Transient(None)),
            (Refresh, 502, json!("<html>"), None, Transient(None)),
            (
                Refresh,
                200,
                json!({"access_token": 5}),
                None,
                Transient(None),
            ),
            (Refresh, 477, json!({}), Some(86_400.0), Migration(86_400.0)),
            (Refresh, 477, json!({}), Some(1e9), Migration(86_400.0)),
            (
                Refresh,
                400,
                json!({"status": 5, "error": ["x"]}),
                None,
                Transient(None),
            ),
        ] {
            let parsed = OAuthError::read(body.to_string().as_bytes());
            assert_eq!(
                meaning(asked, http, &parsed, retry_after),
                want,
                "{asked:?} {http} {body}"
            );
        }
        assert_eq!(
            meaning(Refresh, 502, &OAuthError::read(b"<html>bad gateway"), None),
            Transient(None)
        );
    }

    #[test]
    fn only_a_plain_correlation_id_is_kept() {
        let read =
            |text: &str| OAuthError::read(json!({"correlationId": text}).to_string().as_bytes());
        for id in [
            "0191f7c2-4b1c-7000-8000-000000000001",
            "E6F2:3B9A:1A2B3C:4D5E6F:65A1B2C3",
        ] {
            assert_eq!(read(id).correlation_id().as_deref(), Some(id));
        }
        for bad in ["", "a b", "<script>", &"a".repeat(65)] {
            assert_eq!(read(bad).correlation_id(), None, "{bad:?}");
        }
    }
}
