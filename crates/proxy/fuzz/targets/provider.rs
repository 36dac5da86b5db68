//! What providers answer, as far as it is read: tokens, refusals, accounts, limits (UF-1, UF-7, BI-1).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a target tells a finding"
)]

use super::call::ApiAnswer;
use super::classify::{Asked, Meaning, OAuthError, meaning};
use super::hubspot::{lay_over, rate_limit, read_introspection};
use super::static_token::{is_static_token, read_info};
use super::tokens::{Lasting, read_tokens};
use super::{Introspection, github, hubspot, is_account_id, object, retry_after};
use crate::config::check::is_scope;
use crate::fuzzing::{Names, cut, order};
use http::{HeaderMap, HeaderName, HeaderValue};
use portico_core::ids::PortalId;
use portico_core::wire::Account;
use serde_json::Value;
use time::PrimitiveDateTime;

/// A second of 2026.
const NOW: i64 = 1_795_000_000;

/// What is read in the first line: `token`, `error`, `introspection`, `user`, `static`, `account`, `wait` or `limits`.
pub fn provider(data: &[u8]) {
    let (kind, rest) = order(data);
    match kind.as_str() {
        "token" => tokens(rest),
        "error" => error(rest),
        "introspection" => {
            if let Ok(Some(known)) = read_introspection(rest) {
                assert!(says(rest, "active", true));
                assert!(says(rest, "hub_id", known.account_id));
                sound(&known);
            }
        }
        "user" => {
            let (head, body) = cut(rest, b"\n\n");
            if let Some(known) = github::read_user(body, &headers(head)) {
                assert!(says(body, "id", known.account_id));
                assert!(known.scopes.iter().all(|scope| is_scope(scope)));
                sound(&known);
            }
        }
        "static" => {
            let text = String::from_utf8_lossy(rest);
            if is_static_token(&text) {
                let bearer = HeaderValue::try_from(format!("Bearer {text}"));
                assert!(bearer.is_ok() && text.starts_with("pat-") && text.len() < 300);
            }
            if let Some(info) = read_info(rest) {
                assert!(says(rest, "hubId", info.known.account_id));
                let app_id: u64 = info.app_id.parse().expect("a number");
                assert!(says(rest, "appId", app_id));
                sound(&info.known);
            }
        }
        "account" => account(rest),
        "wait" => wait(&String::from_utf8_lossy(rest)),
        _ => limits(rest),
    }
}

/// Whether another parser finds the same in what was read, which must be an object. Beside it may stand what that
/// parser does not take at all, such as 1e400.
fn says(body: &[u8], name: &str, want: impl Into<Value>) -> bool {
    assert!(Names::of(body).is_some(), "what is no object was read");
    let value = serde_json::from_slice::<Value>(body);
    value.is_err() || value.is_ok_and(|value| value[name] == want.into())
}

fn sound(known: &Introspection) {
    assert!(is_account_id(known.account_id));
    for text in [&known.name, &known.domain, &known.user] {
        assert!(text.as_ref().is_none_or(|text| text.chars().count() <= 256));
    }
}

fn tokens(body: &[u8]) {
    for lasting in [Lasting::HalfAnHourUnlessItSays, Lasting::AsLongAsItSays] {
        let Some(tokens) = read_tokens(body, lasting) else {
            continue;
        };
        assert!(says(body, "access_token", tokens.access_token.as_str()));
        let refresh = tokens.refresh_token.as_deref().map(String::as_str);
        assert!(refresh.is_none_or(|token| says(body, "refresh_token", token)));
        for token in [Some(tokens.access_token.as_str()), refresh]
            .into_iter()
            .flatten()
        {
            assert!((1..=8192).contains(&token.len()));
            let bearer = HeaderValue::try_from(format!("Bearer {token}"));
            assert!(bearer.is_ok(), "a token can be sent");
        }
        match tokens.expires_in {
            Some(left) => assert!((60.0..=86_400.0).contains(&left), "{left}"),
            None => assert!(lasting == Lasting::AsLongAsItSays && refresh.is_none()),
        }
    }
}

fn error(body: &[u8]) {
    let error = OAuthError::read(body);
    // Beside the words may stand what the other parser does not take.
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value,
        Err(_) if Names::of(body).is_some() => return,
        Err(_) => Value::Null,
    };
    let names = Names::of(body).map_or(Vec::new(), |names| names.0);
    let twice = |known: &str| names.iter().filter(|name| *name == known).count() > 1;
    if ["status", "error", "correlationId"].into_iter().any(twice) {
        let mute = !error.names_one() && error.correlation_id().is_none();
        assert!(mute, "what stands twice says nothing");
        return;
    }
    assert_eq!(error.names_one(), value["error"].is_string(), "{value}");
    if let Some(id) = error.correlation_id() {
        assert_eq!(value["correlationId"], id);
        assert!(id.len() <= 64 && HeaderValue::try_from(id).is_ok());
    }
    let words = [&value["status"], &value["error"]];
    let is_mute = words.iter().all(|word| !word.is_string());
    for asked in [Asked::RedeemCode, Asked::Refresh] {
        for status in [200, 400, 401, 403, 423, 429, 477, 500, 503] {
            for wait in [None, Some(0.0), Some(7.0), Some(4_294_967_295.0)] {
                let found = meaning(asked, status, &error, wait);
                match found {
                    // No grant dies, and no code is used up, of an answer without a word.
                    Meaning::Dead(_) | Meaning::CodeRefused | Meaning::OurConfiguration => {
                        assert!(!is_mute, "{found:?} of {value}");
                    }
                    Meaning::Transient(wait) => {
                        assert!(wait.is_none_or(|wait| (0.0..=900.0).contains(&wait)));
                    }
                    Meaning::Migration(wait) => {
                        assert!(status == 477 && (1.0..=86_400.0).contains(&wait));
                    }
                }
                let _ = found.fault();
            }
        }
    }
}

/// Three answers about an account, with blank lines between them.
fn account(rest: &[u8]) {
    let (details, rest) = cut(rest, b"\n\n");
    let (named, usage) = cut(rest, b"\n\n");
    let mut account = Account {
        portal_id: PortalId(7),
        name: Some("Before".into()),
        hub_domain: None,
        account_type: None,
        ui_domain: None,
        data_hosting_location: None,
        time_zone: None,
        company_currency: None,
        additional_currencies: Vec::new(),
        daily_usage_limit: None,
        authorised_by: None,
        user_id: None,
    };
    let before = account.clone();
    let any = lay_over(&mut account, object(details), object(named), object(usage));
    assert!(
        any || account == before,
        "nothing came, and something changed"
    );
    assert_eq!(account.portal_id, before.portal_id);
    assert!(account.additional_currencies.len() <= 500);
    for text in [
        &account.name,
        &account.ui_domain,
        &account.data_hosting_location,
        &account.time_zone,
        &account.company_currency,
    ] {
        assert!(text.as_ref().is_none_or(|text| text.chars().count() <= 256));
    }
    let written = serde_json::to_value(&account).expect("JSON");
    let read: Account = serde_json::from_value(written).expect("what is stored is read again");
    assert_eq!(read, account);
}

/// `Retry-After` against the `time` crate, where that knows the form.
fn wait(header: &str) {
    let found = retry_after::parse(header, NOW);
    if let Some(seconds) = found {
        assert!((0.0..=f64::from(u32::MAX)).contains(&seconds), "{seconds}");
    }
    let text = header.trim();
    if let Ok(seconds) = text.parse::<u32>()
        && !text.starts_with('+')
    {
        assert_eq!(found, Some(f64::from(seconds)));
    }
    let form = time::format_description::parse_borrowed::<2>(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT",
    );
    let form = form.expect("a form of the time crate");
    if let Ok(date) = PrimitiveDateTime::parse(text, &form)
        && date.year() >= 1970
    {
        let left = (date.assume_utc().unix_timestamp() - NOW).max(0);
        let want = u32::try_from(left).ok().map(f64::from);
        assert_eq!(found, want, "{text}");
    }
}

fn headers(text: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n').take(64) {
        let (name, value) = cut(line, b":");
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name),
            HeaderValue::from_bytes(value.trim_ascii()),
        ) {
            map.append(name, value);
        }
    }
    map
}

/// A status, headers and a body.
fn limits(rest: &[u8]) {
    let (status, rest) = order(rest);
    let (head, body) = cut(rest, b"\n\n");
    let headers = headers(head);
    let given = headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after::parse(value, NOW));
    let mut answer = ApiAnswer {
        status: status.parse().unwrap_or(403),
        is_json: true,
        body: body.to_vec(),
        retry_after: given,
        is_limited: false,
        rate_limit: None,
        correlation_id: None,
        memory: None,
        headers,
    };
    let _ = rate_limit(&answer.headers);
    if hubspot::says_expired(&answer) {
        assert!(says(body, "category", "EXPIRED_AUTHENTICATION"));
    }
    github::read_limits(&mut answer, NOW);
    assert!(!answer.is_limited || matches!(answer.status, 403 | 429));
    if answer.is_limited {
        let wait = answer.retry_after.expect("a limit says how long");
        assert!(
            given == Some(wait) || (1.0..=3600.0).contains(&wait),
            "{wait}"
        );
    } else {
        assert_eq!(answer.retry_after, given);
    }
}
