//! Static credentials of HubSpot: private app tokens and service keys (platform, section 2).
//! Owns their form and what is said of one that was entered; never proves or keeps one.

use crate::error::ErrorCode;
use crate::when::relative;
use crate::wire::{GrantFacts, GrantKind, UnixSeconds};
use std::fmt;

/// Longest last part taken; HubSpot's tokens have 44 characters.
const LONGEST_TOKEN: usize = 256;

/// Whether a text can be a static token at all: `pat-`, a data centre, and more.
pub fn is_static_token(text: &str) -> bool {
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

/// A token on its way from the field it was pasted into to the proxy; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticToken(String);

impl StaticToken {
    /// What was pasted, without what was copied around it.
    ///
    /// Errors: it cannot be a static token, so that it is sent nowhere.
    pub fn read(text: &str) -> Result<Self, ErrorCode> {
        let token = text.trim();
        if is_static_token(token) {
            Ok(Self(token.to_owned()))
        } else {
            Err(ErrorCode::InvalidCredential)
        }
    }

    /// Marks each place that reads the value.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StaticToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticToken([redacted])")
    }
}

/// What is said of an entered token, its last characters being all that is known of it (B17); nothing of OAuth.
pub fn described(grant: &GrantFacts, now: UnixSeconds) -> Option<String> {
    (grant.kind == GrantKind::Static).then(|| {
        let hint = grant.hint.as_deref().unwrap_or_default();
        // A clock that lags behind the proxy's enters no token in the future.
        let entered = relative(grant.obtained_at.min(now), now);
        [
            "Private app token or service key ····",
            hint,
            ", entered ",
            &entered,
            ", never expires",
        ]
        .concat()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::when::DAY;
    use proptest::prelude::*;

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
            assert_eq!(StaticToken::read(text).is_ok(), want, "{text:?}");
        }
    }

    /// B16, B18: what was copied around a token is cut off, and no message of ours can hold the token.
    #[test]
    fn a_pasted_token_is_trimmed_and_never_printed() {
        let token = StaticToken::read(" \tpat-eu1-1234-abcd\r\n").unwrap();
        assert_eq!(token.expose(), "pat-eu1-1234-abcd");
        assert_eq!(format!("{token:?}"), "StaticToken([redacted])");
        assert_eq!(
            StaticToken::read("Bearer pat-eu1-1234"),
            Err(ErrorCode::InvalidCredential)
        );
    }

    fn grant(kind: GrantKind, hint: Option<&str>) -> GrantFacts {
        GrantFacts {
            kind,
            asked: Vec::new(),
            granted: Vec::new(),
            required: Vec::new(),
            obtained_at: 10 * DAY,
            hint: hint.map(str::to_owned),
            expires_at: None,
            last_refresh: None,
            fault: None,
            revoked: None,
        }
    }

    /// B17, D26: a token is told by its last characters and its age, and that it has no end.
    #[test]
    fn an_entered_token_is_described_without_being_shown() {
        for (kind, hint, now, want) in [
            (
                GrantKind::Static,
                Some("1a2b"),
                13 * DAY,
                Some(
                    "Private app token or service key ····1a2b, entered 3 days ago, never expires",
                ),
            ),
            (
                GrantKind::Static,
                Some("1a2b"),
                9 * DAY,
                Some(
                    "Private app token or service key ····1a2b, entered less than a minute ago, never expires",
                ),
            ),
            (
                GrantKind::Static,
                None,
                11 * DAY,
                Some("Private app token or service key ····, entered one day ago, never expires"),
            ),
            (GrantKind::Oauth, None, 13 * DAY, None),
        ] {
            assert_eq!(described(&grant(kind, hint), now).as_deref(), want);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_has_the_form(text in "\\PC{0,30}|[ \\t]{0,2}pat-[a-z0-9]{0,18}-[A-Za-z0-9é -]{0,40}") {
            if let Ok(token) = StaticToken::read(&text) {
                prop_assert!(is_static_token(token.expose()) && text.contains(token.expose()));
            }
        }
    }
}
