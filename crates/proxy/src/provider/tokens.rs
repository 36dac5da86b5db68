//! The token endpoint's good answer, read strictly where it matters. Source: platform 1.3.
//! Owns no request.

use serde::Deserialize;
use zeroize::Zeroizing;

/// Longest token taken; HubSpot's access tokens grow with their scopes.
const TOKEN_CAP: usize = 8 * 1024;

/// How long an access token lives by what the answer says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// HubSpot's: half an hour where the answer says nothing.
    HalfAnHourUnlessItSays,
    /// GitHub's: without an end where nothing is said and no refresh token comes.
    AsLongAsItSays,
}

/// Which of two tokens, as `token_type_hint` of RFC 7009.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Which {
    Access,
    Refresh,
}

/// The answer of the token endpoint.
pub(crate) struct Tokens {
    pub(crate) access_token: Zeroizing<String>,
    /// Absent when a refresh keeps the old one, and of a token without an end.
    pub(crate) refresh_token: Option<Zeroizing<String>>,
    /// Seconds, clamped to 60 s … 24 h; absent of a token without an end.
    pub(crate) expires_in: Option<f64>,
    pub(crate) scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<f64>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

/// The tokens of an answer with status 200; nothing when it cannot be one (UF-7).
pub(super) fn read_tokens(body: &[u8], lasting: Lasting) -> Option<Tokens> {
    let fits = |token: &String| {
        (1..=TOKEN_CAP).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let answer: TokenAnswer = super::object(body)?;
    if !fits(&answer.access_token) || !answer.refresh_token.iter().all(fits) {
        return None;
    }
    let told = answer.expires_in.filter(|seconds| seconds.is_finite());
    let is_endless =
        lasting == Lasting::AsLongAsItSays && told.is_none() && answer.refresh_token.is_none();
    let expires_in = (!is_endless).then(|| told.unwrap_or(1800.0).clamp(60.0, 86_400.0));
    Some(Tokens {
        access_token: Zeroizing::new(answer.access_token),
        refresh_token: answer.refresh_token.map(Zeroizing::new),
        expires_in,
        scopes: answer.scopes,
    })
}

#[cfg(test)]
mod tests {
    use super::Lasting::{AsLongAsItSays, HalfAnHourUnlessItSays};
    use super::*;
    use serde_json::json;

    /// UF-7: what may and may not pass for a token answer; B11.
    #[test]
    fn a_token_answer_is_read_strictly_where_it_matters() {
        let long = "t".repeat(TOKEN_CAP);
        let too_long = "t".repeat(TOKEN_CAP + 1);
        for (case, body, fits) in [
            (
                "usual",
                json!({"access_token": "a", "refresh_token": "r", "expires_in": 1800, "hub_id": 1}),
                true,
            ),
            ("long", json!({"access_token": long}), true),
            ("too long", json!({"access_token": too_long}), false),
            ("missing", json!({"refresh_token": "r"}), false),
            ("wrong type", json!({"access_token": 5}), false),
            ("a list", json!(["a", "r", 1800, ["oauth"]]), false),
            ("empty", json!({"access_token": ""}), false),
            ("line break", json!({"access_token": "a\r\nb"}), false),
            (
                "bad refresh token",
                json!({"access_token": "a", "refresh_token": "é"}),
                false,
            ),
        ] {
            assert_eq!(
                read_tokens(body.to_string().as_bytes(), HalfAnHourUnlessItSays).is_some(),
                fits,
                "{case}"
            );
        }
        for (expires_in, want) in [
            (json!(1800), 1800.0),
            (json!(1), 60.0),
            (json!(1e9), 86_400.0),
            (json!(null), 1800.0),
        ] {
            let body = json!({"access_token": "a", "expires_in": expires_in}).to_string();
            let tokens = read_tokens(body.as_bytes(), HalfAnHourUnlessItSays).unwrap();
            assert_eq!(tokens.expires_in, Some(want), "{expires_in}");
        }
        assert!(read_tokens(br#"{"access_token":"a""#, HalfAnHourUnlessItSays).is_none());
        assert!(read_tokens(b"<html>", HalfAnHourUnlessItSays).is_none());
    }

    /// GitHub's two kinds of app: tokens of eight hours with a refresh token, and tokens without an end.
    #[test]
    fn only_a_token_without_end_and_refresh_token_is_endless() {
        for (body, want) in [
            (
                json!({"access_token": "ghu_a", "expires_in": 28_800, "refresh_token": "ghr_b",
                    "refresh_token_expires_in": 15_897_600, "scope": "", "token_type": "bearer"}),
                Some(28_800.0),
            ),
            (
                json!({"access_token": "gho_a", "scope": "repo,gist", "token_type": "bearer"}),
                None,
            ),
            (
                json!({"access_token": "ghu_a", "refresh_token": "ghr_b"}),
                Some(1800.0),
            ),
            (
                json!({"access_token": "ghu_a", "expires_in": 600}),
                Some(600.0),
            ),
        ] {
            let tokens = read_tokens(body.to_string().as_bytes(), AsLongAsItSays).unwrap();
            assert_eq!(tokens.expires_in, want, "{body}");
        }
    }
}
