//! The support bundle (S16, P9): what support needs of a failure, in one file, with one code that names it.
//!
//! Owns its form. Everything in it is a number, a word of ours or a [`Fact`], except who the session is and which
//! browser it is, which are cut and made visible; there is no place for a token, a claim, a verifier or a state.

use crate::status::read_status;
use crate::text::visible;
use crate::trace::{Fact, Host, Reference, Scopes, TraceEntry};
use crate::wire::{Connection, FaultCause, Problem, RefreshOutcome, Role, UnixSeconds};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// What a bundle is made of.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Of the app.
    pub version: &'static str,
    /// When it failed.
    pub at: UnixSeconds,
    /// The organization's id.
    pub org: &'a str,
    /// Of the session.
    pub role: Role,
    /// Host of the provider's authorization endpoint.
    pub provider_host: &'a str,
    /// `navigator.userAgent`.
    pub user_agent: &'a str,
    /// What failed.
    pub problem: &'a Problem,
    /// Whose connection, if one is concerned.
    pub connection: Option<&'a Connection>,
    /// The flow's steps.
    pub trace: &'a [TraceEntry],
}

/// A finished bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// To be quoted: [`code_of`] the text.
    pub code: String,
    /// JSON.
    pub text: String,
}

impl Bundle {
    /// Writes it down.
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let text = Value::Object(members(evidence)).to_string();
        Self {
            code: code_of(&text),
            text,
        }
    }

    /// What to save it as.
    pub fn file_name(&self) -> String {
        ["portico-support-", &self.code, ".json"].concat()
    }
}

/// Crockford's base32: no letter that could be read as another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `PTC-7F3K-92QD`: the first 40 bits of the SHA-256 of a bundle's bytes, so that support can tell that code and file
/// belong together.
pub fn code_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let bits = digest[..5]
        .iter()
        .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut code = String::from("PTC");
    for place in 0..8u32 {
        if place % 4 == 0 {
            code.push('-');
        }
        let digit = bits >> (35 - 5 * place) & 31;
        let digit = usize::try_from(digit).unwrap_or_default();
        code.push(char::from(DIGITS[digit]));
    }
    code
}

/// Whether a code, as somebody read it out, is that of a bundle.
pub fn is_code_of(spoken: &str, text: &str) -> bool {
    plain(spoken) == plain(&code_of(text))
}

/// Without prefix, hyphens and case, and with the letters that Crockford's base32 takes for digits.
fn plain(code: &str) -> String {
    let letters = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        });
    let letters: String = letters.collect();
    letters.strip_prefix("PTC").unwrap_or(&letters).to_owned()
}

fn members(evidence: &Evidence<'_>) -> Map<String, Value> {
    let role = match evidence.role {
        Role::Admin => "admin",
        Role::Member => "member",
    };
    let host = Host::of(evidence.provider_host);
    let mut out = Map::new();
    put(&mut out, "portico_support", 1.into());
    put(&mut out, "app", evidence.version.into());
    put(&mut out, "at", evidence.at.into());
    put(&mut out, "org", visible(evidence.org).into());
    put(&mut out, "role", role.into());
    put(
        &mut out,
        "provider_host",
        host.map_or(Value::Null, |host| host.as_str().into()),
    );
    put(&mut out, "browser", user_agent(evidence.user_agent).into());
    put(&mut out, "problem", problem(evidence.problem));
    put(
        &mut out,
        "connection",
        evidence
            .connection
            .map_or(Value::Null, |of| connection(of, evidence.at)),
    );
    put(&mut out, "trace", evidence.trace.iter().map(step).collect());
    out
}

fn put(out: &mut Map<String, Value>, name: &str, value: Value) {
    out.insert(name.to_owned(), value);
}

/// Names and versions; whatever else an extension writes there is cut.
fn user_agent(text: &str) -> String {
    let plain = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
    plain.take(240).collect()
}

fn facts(facts: &[(&'static str, Fact)]) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, fact) in facts {
        put(&mut out, name, fact.text().into());
    }
    out
}

/// The catalogue's title stands in for the problem's own sentences, which may name things of the customer's.
fn problem(problem: &Problem) -> Value {
    let mut known = Vec::new();
    crate::trace::refusal(problem, &mut known);
    let mut out = facts(&known);
    put(&mut out, "title", problem.code.entry().title.into());
    Value::Object(out)
}

/// Without label, names and people.
fn connection(connection: &Connection, now: UnixSeconds) -> Value {
    let grant = &connection.grant;
    let scopes = |names: &[String]| Fact::Scopes(Scopes::of(names));
    let mut known = vec![
        ("id", Fact::Connection(connection.id.clone())),
        ("portal", Fact::Portal(connection.account.portal_id)),
        ("provider", Fact::Word(connection.provider.title())),
        ("type", Fact::Word(connection.connection_type.wire_name())),
        (
            "status",
            Fact::Word(read_status(connection, now).status.title()),
        ),
        ("asked", scopes(&grant.asked)),
        ("granted", scopes(&grant.granted)),
        ("required", scopes(&grant.required)),
        ("added at", Fact::Time(connection.created_at)),
        ("obtained at", Fact::Time(grant.obtained_at)),
    ];
    let time = |at: Option<UnixSeconds>| at.map(Fact::Time);
    let fault = grant.fault.as_ref();
    let reference = fault.and_then(|fault| fault.correlation_id.as_deref());
    for (name, fact) in [
        ("access token ends at", time(grant.expires_at)),
        (
            "last refresh at",
            time(grant.last_refresh.as_ref().map(|last| last.at)),
        ),
        (
            "last refresh",
            grant
                .last_refresh
                .as_ref()
                .map(|last| Fact::Word(outcome(last.outcome))),
        ),
        ("fault since", time(fault.map(|fault| fault.at))),
        ("fault", fault.map(|fault| Fact::Word(cause(fault.cause)))),
        (
            "fault's reference",
            reference.and_then(Reference::of).map(Fact::Reference),
        ),
        (
            "next try at",
            time(fault.and_then(|fault| fault.next_try_at)),
        ),
        (
            "revoked at",
            time(grant.revoked.as_ref().map(|revoked| revoked.at)),
        ),
    ] {
        known.extend(fact.map(|fact| (name, fact)));
    }
    Value::Object(facts(&known))
}

fn step(entry: &TraceEntry) -> Value {
    let mut out = Map::new();
    put(&mut out, "at_ms", entry.at_ms.into());
    put(&mut out, "step", entry.step.into());
    put(&mut out, "section", entry.section.into());
    put(&mut out, "facts", Value::Object(facts(&entry.facts)));
    Value::Object(out)
}

/// As on the wire.
const fn outcome(outcome: RefreshOutcome) -> &'static str {
    match outcome {
        RefreshOutcome::Refreshed => "refreshed",
        RefreshOutcome::Transient => "transient",
        RefreshOutcome::Refused => "refused",
    }
}

/// As on the wire.
const fn cause(cause: FaultCause) -> &'static str {
    match cause {
        FaultCause::RefreshTokenInvalid => "refresh_token_invalid",
        FaultCause::ScopesChanged => "scopes_changed",
        FaultCause::AccountGone => "account_gone",
        FaultCause::LostResponse => "lost_response",
        FaultCause::ProviderTrouble => "provider_trouble",
        FaultCause::Migration => "migration",
        FaultCause::ClientCredentials => "client_credentials",
        FaultCause::StaticTokenInvalid => "static_token_invalid",
        FaultCause::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::wire::{Fault, FaultCategory, RefreshFact, Revocation, Upstream};
    use proptest::prelude::*;

    const REFERENCE: &str = "0198f3c2-7d5a-7c11-9f3b-2a9d8e7f6a5b";

    fn evidence<'a>(problem: &'a Problem, connection: Option<&'a Connection>) -> Evidence<'a> {
        Evidence {
            version: "0.1.0",
            at: 1_790_000_000,
            org: "acme",
            role: Role::Admin,
            provider_host: "app.hubspot.com",
            user_agent: "Mozilla/5.0 (X11)",
            problem,
            connection,
            trace: &[],
        }
    }

    fn read(bundle: &Bundle) -> Value {
        serde_json::from_str(&bundle.text).unwrap()
    }

    /// S16, P9: code, place, time and references stand in the bundle; its code is that of its bytes.
    #[test]
    fn a_bundle_holds_what_support_needs_and_is_named_by_its_code() {
        let mut problem = Problem::of(ErrorCode::ConsentDenied);
        problem.correlation_id = Some(REFERENCE.into());
        let mut portal = crate::status::tests::connection();
        portal.grant.last_refresh = Some(RefreshFact {
            at: 7,
            outcome: RefreshOutcome::Refused,
        });
        portal.grant.fault = Some(Fault {
            category: FaultCategory::GrantDead,
            cause: FaultCause::RefreshTokenInvalid,
            at: 8,
            correlation_id: Some(REFERENCE.into()),
            next_try_at: None,
        });
        let bundle = Bundle::of(&evidence(&problem, Some(&portal)));
        let said = read(&bundle);
        for (pointer, want) in [
            ("/problem/code", "CONSENT_DENIED"),
            ("/problem/title", "Access was not granted"),
            ("/problem/reference", REFERENCE),
            ("/role", "admin"),
            ("/org", "acme"),
            ("/provider_host", "app.hubspot.com"),
            ("/browser", "Mozilla/5.0 (X11)"),
            ("/connection/status", "Needs reconnection"),
            ("/connection/fault", "refresh_token_invalid"),
            ("/connection/fault's reference", REFERENCE),
            ("/connection/last refresh", "refused"),
        ] {
            assert_eq!(
                said.pointer(pointer).and_then(Value::as_str),
                Some(want),
                "{pointer}"
            );
        }
        assert_eq!(said["at"], 1_790_000_000);
        assert!(is_code_of(&bundle.code, &bundle.text));
        assert_eq!(
            bundle.file_name(),
            format!("portico-support-{}.json", bundle.code)
        );
        portal.grant.revoked = Some(Revocation {
            at: 9,
            by: "here".into(),
        });
        let other = Bundle::of(&evidence(&problem, Some(&portal)));
        assert_ne!(other.code, bundle.code);
        assert!(!is_code_of(&bundle.code, &other.text));
    }

    /// The words of causes and outcomes are those of the wire.
    #[test]
    fn causes_and_outcomes_are_spelt_as_on_the_wire() {
        for word in [
            FaultCause::RefreshTokenInvalid,
            FaultCause::ScopesChanged,
            FaultCause::AccountGone,
            FaultCause::LostResponse,
            FaultCause::ProviderTrouble,
            FaultCause::Migration,
            FaultCause::ClientCredentials,
            FaultCause::StaticTokenInvalid,
            FaultCause::Unknown,
        ] {
            assert_eq!(serde_json::to_value(word).unwrap(), cause(word));
        }
        for word in [
            RefreshOutcome::Refreshed,
            RefreshOutcome::Transient,
            RefreshOutcome::Refused,
        ] {
            assert_eq!(serde_json::to_value(word).unwrap(), outcome(word));
        }
    }

    /// S16: the code is read out over the telephone; it never changes for the same file.
    #[test]
    fn a_code_is_forgiving_to_whoever_reads_it_out() {
        assert_eq!(code_of(""), "PTC-WERC-8GMR");
        let code = code_of("{}");
        let spoken = code
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        for good in [code.clone(), spoken, code.replace("PTC-", "")] {
            assert!(is_code_of(&good, "{}"), "{good}");
        }
        for bad in ["", "PTC", "PTC-0000-0000", &code[..12]] {
            assert!(!is_code_of(bad, "{}"), "{bad}");
        }
    }

    #[test]
    fn what_a_browser_says_of_itself_is_cut() {
        assert_eq!(user_agent("Mozilla/5.0\n\u{202e}(é)"), "Mozilla/5.0()");
        assert_eq!(user_agent(&"x".repeat(1000)).len(), 240);
    }

    proptest! {
        #[test]
        fn every_code_has_its_form(text in "\\PC{0,40}") {
            let code = code_of(&text);
            prop_assert!(code.len() == 13 && code.starts_with("PTC-") && code.as_bytes()[8] == b'-', "{}", code);
            prop_assert!(!code[3..].contains(['I', 'L', 'O', 'U']));
            prop_assert!(is_code_of(&code, &text));
        }

        /// P9: whatever secret stands where a text can stand, none is in the bundle.
        #[test]
        fn no_secret_is_in_a_bundle(bytes: [u8; 32]) {
            let secret = crate::pkce::base64url(&bytes);
            let mut problem = Problem::of(ErrorCode::GrantRefused).with_detail(&secret);
            problem.title.clone_from(&secret);
            problem.action.clone_from(&secret);
            problem.correlation_id = Some(secret.clone());
            problem.upstream = Some(Upstream {
                status: 400,
                category: Some(secret.clone()),
                policy: Some(secret.clone()),
                correlation_id: Some(secret.clone()),
                required_scopes: vec![secret.clone()],
            });
            let mut portal = crate::status::tests::connection();
            portal.label = Some(secret.clone());
            portal.connected_by.clone_from(&secret);
            portal.account.name = Some(secret.clone());
            portal.account.hub_domain = Some(secret.clone());
            portal.account.authorised_by = Some(secret.clone());
            portal.grant.hint = Some(secret.clone());
            portal.grant.granted.push(secret.clone());
            portal.grant.asked.push(secret.clone());
            portal.grant.required = vec![secret.clone()];
            let bundle = Bundle::of(&Evidence {
                provider_host: &format!("https://host/?code={secret}"),
                ..evidence(&problem, Some(&portal))
            });
            prop_assert!(!bundle.text.contains(&secret), "{}", bundle.text);
            prop_assert!(read(&bundle).is_object());
        }
    }
}
