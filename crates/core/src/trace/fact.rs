//! Facts that may stand in a trace or a support bundle. Each is a number, a word of ours, a parsed identifier, or
//! what a filter let through; there is no way from a text to a [`Fact`] beside them.

use crate::error::ErrorCode;
use crate::ids::{ConnectionId, FlowId, PortalId};
use crate::scopes;
use crate::wire::UnixSeconds;
use std::fmt::Write as _;

/// What is known of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// One of our own words.
    Word(&'static str),
    /// A flow's id, which opens nothing.
    Flow(FlowId),
    /// A connection's id.
    Connection(ConnectionId),
    /// A portal's number.
    Portal(PortalId),
    /// A code of the catalogue.
    Code(ErrorCode),
    /// A number of things, a length, an HTTP status.
    Count(usize),
    /// A moment.
    Time(UnixSeconds),
    /// Yes or no.
    Flag(bool),
    /// Scopes by name.
    Scopes(Scopes),
    /// Where something went.
    Host(Host),
    /// Ties a step to a log.
    Reference(Reference),
}

impl Fact {
    /// As people and JSON read it.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Flow(id) => id.as_str().to_owned(),
            Self::Connection(id) => id.as_str().to_owned(),
            Self::Portal(id) => id.to_string(),
            Self::Code(code) => code.entry().support_code.to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Time(seconds) => seconds.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Scopes(scopes) => scopes.text(),
            Self::Host(host) => host.0.clone(),
            Self::Reference(reference) => reference.0.clone(),
        }
    }
}

/// Scopes of the core's catalogue, and how many others there were: a name that is not in the catalogue is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    known: Vec<&'static str>,
    others: usize,
}

impl Scopes {
    /// Looks each up.
    pub fn of(names: &[String]) -> Self {
        let mut scopes = Self::default();
        for name in names {
            match scopes::entry(name) {
                Some(entry) => scopes.known.push(entry.scope),
                None => scopes.others += 1,
            }
        }
        scopes
    }

    fn text(&self) -> String {
        let mut text = self.known.join(" ");
        if self.others > 0 {
            let space = if text.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{space}(+{} not in the catalogue)", self.others);
        }
        if text.is_empty() {
            text.push_str("none");
        }
        text
    }
}

/// The host of an address, with its port: nothing of user, path, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// From an absolute address.
    pub fn of_url(url: &str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#', '\\']).next()?;
        Self::of(authority.rsplit('@').next()?)
    }

    /// From a host, with or without a port.
    pub fn of(host: &str) -> Option<Self> {
        let fits = (1..=100).contains(&host.len())
            && host.bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']')
            });
        fits.then(|| Self(host.to_ascii_lowercase()))
    }

    /// As it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A correlation id: hexadecimal groups, as the proxy and both providers write them, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// If it has that form. A claim, a verifier, a state or a token has not: they are written in more letters.
    pub fn of(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b':'));
        fits.then(|| Self(text.to_owned()))
    }

    /// As it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// P9: of an address nothing is kept in which a code, a claim or a password travels.
    #[test]
    fn of_an_address_only_the_host_is_kept() {
        for (url, want) in [
            (
                "https://app.example.com/return.html?code=c#claim=k",
                Some("app.example.com"),
            ),
            (
                "https://user:pass@Host.example:8443/x",
                Some("host.example:8443"),
            ),
            ("https://a@b@host.example", Some("host.example")),
            ("http://[::1]:8080/return", Some("[::1]:8080")),
            ("http://localhost?code=c", Some("localhost")),
            ("http://localhost#claim", Some("localhost")),
            ("https:\\\\host\\x", None),
            ("host.example/x", None),
            ("https://", None),
            ("https://host%2fcode", None),
        ] {
            let host = Host::of_url(url);
            assert_eq!(host.as_ref().map(Host::as_str), want, "{url}");
        }
    }

    #[test]
    fn a_reference_has_the_form_of_one() {
        for (text, is_one) in [
            ("0198f3c2-7d5a-7c11-9f3b-2a9d8e7f6a5b", true),
            ("C0DE:1A2B:3C4D", true),
            ("", false),
            ("Tgzc24DW6T9wEOEFbHhESZUWZ72eP6uBoqJL3WD67T8", false),
            ("pat-na1-x", false),
        ] {
            assert_eq!(Reference::of(text).is_some(), is_one, "{text}");
        }
        assert!(Reference::of(&"a".repeat(65)).is_none());
    }

    #[test]
    fn every_fact_reads_as_a_text() {
        let scopes = |names: &[&str]| {
            Fact::Scopes(Scopes::of(
                &names.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>(),
            ))
        };
        for (fact, want) in [
            (Fact::Word("S256"), "S256"),
            (Fact::Flow("f_1".parse().unwrap()), "f_1"),
            (Fact::Connection("c_1".parse().unwrap()), "c_1"),
            (Fact::Portal(PortalId(42)), "42"),
            (Fact::Code(ErrorCode::FlowExpired), "TOKEN_EXPIRED"),
            (Fact::Count(43), "43"),
            (Fact::Time(600), "600"),
            (Fact::Flag(true), "yes"),
            (Fact::Host(Host::of("a.example").unwrap()), "a.example"),
            (Fact::Reference(Reference::of("ab-1").unwrap()), "ab-1"),
            (scopes(&[]), "none"),
            (scopes(&["oauth"]), "oauth"),
            (
                scopes(&["oauth", "a secret"]),
                "oauth (+1 not in the catalogue)",
            ),
            (scopes(&["x"]), "(+1 not in the catalogue)"),
        ] {
            assert_eq!(fact.text(), want);
        }
    }

    proptest! {
        /// P9: 32 random bytes in base64url have more letters than a reference takes.
        #[test]
        fn no_random_secret_passes_for_a_reference(bytes: [u8; 32]) {
            prop_assert!(Reference::of(&crate::pkce::base64url(&bytes)).is_none());
        }
    }
}
