//! What is read of a request beside a JSON body: query, headers and forms, each against a plain reading of its rule.

use super::super::{callback, confirm, connections, journal, removal, tokens, who};
use super::request;
use crate::peers::{Forwarders, network};
use axum::body::Body;
use axum::extract::Query;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use http::header::{AUTHORIZATION, IF_MATCH, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};
use portico_core::pkce::is_encoded_32_bytes;
use portico_core::text::is_plain;
use std::net::IpAddr;
use url::form_urlencoded::parse;

const BASE: &str = "https://portico.example";

/// A request as the router's corpus writes it too.
pub fn head(data: &[u8]) {
    let Some(request) = request(data) else {
        return;
    };
    let (parts, body) = request.into_parts();
    returned(parts.uri.query().unwrap_or_default());
    questions(&parts.uri);
    marks(&parts.headers);
    callers(&parts.headers);
    addresses(&parts.headers);
    forms(&body);
    name(&String::from_utf8_lossy(&body));
}

/// How often a form names a parameter, and its last value.
fn member(form: &[u8], name: &str) -> (usize, Option<String>) {
    let values = parse(form).filter(|(own, _)| own == name);
    let values: Vec<String> = values.map(|(_, value)| value.into_owned()).collect();
    (values.len(), values.last().cloned())
}

fn returned(query: &str) {
    let form = query.as_bytes();
    let known = ["state", "code", "error", "error_description", "iss"];
    let twice = known.iter().any(|name| member(form, name).0 > 1);
    let Some(returned) = callback::parse(query) else {
        assert!(twice, "{query}");
        return;
    };
    assert!(!twice, "{query}");
    let code = returned.code.as_deref().cloned();
    for (name, value) in known.iter().zip([
        &returned.state,
        &code,
        &returned.error,
        &returned.error_description,
        &returned.iss,
    ]) {
        assert_eq!(&member(form, name).1, value, "{name}");
    }
    if let Some(code) = code.filter(|code| callback::is_code(code)) {
        assert!((1..=4096).contains(&code.len()) && code.is_ascii() && is_plain(&code));
    }
    if let Some(error) = &returned.error {
        let words = callback::words(error, returned.error_description.as_deref());
        assert!(words.len() <= 256 && words.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    }
}

/// Queries of the journal and of a removal.
fn questions(uri: &Uri) {
    let form = uri.query().unwrap_or_default().as_bytes();
    let once = |names: &[&str]| names.iter().all(|name| member(form, name).0 < 2);
    if let Ok(Query(question)) = Query::<journal::Question>::try_from_uri(uri) {
        assert!(once(&[
            "action", "actor", "target", "outcome", "from_ms", "to_ms"
        ]));
        assert!(once(&["after", "limit", "order"]));
        let limit = question.limit();
        assert!(limit.is_err() || limit.is_ok_and(|limit| (1..=500).contains(&limit)));
        if let Ok(filter) = question.filter() {
            for (name, value) in [
                ("action", &filter.action),
                ("actor", &filter.actor),
                ("target", &filter.target),
                ("outcome", &filter.outcome),
            ] {
                let fits = |text: &String| {
                    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
                };
                assert!(value.as_ref().is_none_or(fits));
                assert_eq!(&member(form, name).1, value);
            }
            let after = filter.after.map(journal::cursor);
            assert_eq!(after, member(form, "after").1, "a place has one cursor");
        }
    }
    if let Ok(Query(part)) = Query::<journal::Part>::try_from_uri(uri) {
        assert!(once(&["first", "last"]));
        let first = member(form, "first").1.map(|text| text.parse());
        assert_eq!(first.unwrap_or(Ok(1)), Ok(part.first));
    }
    if Query::<removal::Removal>::try_from_uri(uri).is_ok() {
        assert!(once(&["revoke", "uninstall"]));
        for name in ["revoke", "uninstall"] {
            let word = member(form, name).1;
            assert!(word.is_none_or(|word| word == "true" || word == "false"));
        }
    }
}

/// The only value of a header.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.as_bytes())
}

/// What browsers mark a request with.
fn marks(headers: &HeaderMap) {
    let first = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let navigates = first("sec-fetch-mode") == Some(b"navigate".as_slice())
        && first("sec-fetch-dest") == Some(b"document".as_slice());
    assert_eq!(callback::is_navigation(headers), navigates);
    let says_prefetch = |name: &str| {
        first(name).is_some_and(|value| {
            let text = String::from_utf8_lossy(value).to_lowercase();
            value
                .iter()
                .all(|byte| *byte == b'\t' || (0x20..0x7f).contains(byte))
                && text.contains("prefetch")
        })
    };
    let prefetches = says_prefetch("sec-purpose") || says_prefetch("purpose");
    assert_eq!(callback::is_prefetch(headers), prefetches);
    if confirm::is_own_form(BASE, headers) {
        assert!(navigates && !prefetches);
        assert_eq!(only(headers, "origin"), Some(BASE.as_bytes()));
        assert_eq!(
            only(headers, "sec-fetch-site"),
            Some(b"same-origin".as_slice())
        );
        assert!(tokens::is_browser(headers), "a form comes from a browser");
    }
    let marked = headers.keys().any(|name| {
        let name = name.as_str();
        name == ORIGIN || name.starts_with("sec-fetch-") && name != "sec-fetch-mode"
    });
    assert_eq!(tokens::is_browser(headers), marked);
}

/// Who shows what: bearer tokens, a client's own id and secret, the version that was seen.
fn callers(headers: &HeaderMap) {
    if let Ok(token) = who::bearer(headers) {
        let value = only(headers, AUTHORIZATION.as_str()).expect("one header");
        let text = std::str::from_utf8(value).expect("ASCII");
        let (scheme, rest) = text.split_at(6);
        assert!(scheme.eq_ignore_ascii_case("bearer"));
        assert_eq!(rest, format!(" {token}"));
    }
    if let Ok(Some((id, secret))) = tokens::basic(headers) {
        let value = headers.get(AUTHORIZATION).expect("a header").as_bytes();
        let text = std::str::from_utf8(value).expect("ASCII");
        let shown = STANDARD.encode(format!("{id}:{}", *secret));
        assert!(
            !id.contains(':') && text.trim_end().ends_with(&shown),
            "{text}"
        );
        assert!(who::bearer(headers).is_err(), "one scheme or the other");
    }
    if let Ok(version) = connections::version(headers) {
        let value = headers.get(IF_MATCH).expect("a header").as_bytes();
        let tag = format!("\"{version}\"");
        assert_eq!(value.trim_ascii(), tag.as_bytes(), "a version has one tag");
    }
}

/// RL-3, OV-4: whoever is not in front of us changes nothing, and whoever is vouches for the nearest alone.
fn addresses(headers: &HeaderMap) {
    let nets = ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"];
    let nets: Vec<ipnet::IpNet> = nets.iter().map(|net| net.parse().expect("a net")).collect();
    let (front, nobody) = (Forwarders::new(nets.clone()), Forwarders::new(Vec::new()));
    let trusted = |address: &IpAddr| nets.iter().any(|net| net.contains(address));
    let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
    for stranger in [ip("203.0.113.9"), ip("2001:db8:1:2:3::9")] {
        assert_eq!(front.client(stranger, headers), Some(network(stranger)));
        assert_eq!(nobody.client(stranger, headers), Some(network(stranger)));
    }
    assert_eq!(nobody.client(ip("127.0.0.1"), headers), None);
    let peer = ip("10.1.2.3");
    let found = front.client(peer, headers);
    let hops: Vec<String> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| {
            let text = value.to_str().unwrap_or_default();
            text.split(',')
                .map(|hop| hop.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    if let Some(found) = found {
        assert_eq!(found, network(found), "counted as a network");
    }
    // A hop more on the left, which anybody can write, changes nothing behind a stranger's address.
    let named = |hop: &String| {
        hop.parse::<IpAddr>()
            .ok()
            .map(|address| address.to_canonical())
    };
    let nearest = hops
        .iter()
        .rev()
        .map(named)
        .find(|hop| hop.as_ref().is_none_or(|hop| !trusted(hop)));
    match nearest {
        Some(Some(stranger)) => assert_eq!(found, Some(network(stranger))),
        Some(None) => assert!(found.is_some(), "what is garbled is counted"),
        None if hops.is_empty() => assert_eq!(found, None),
        None => assert!(found.is_some_and(|found| {
            hops.iter()
                .filter_map(named)
                .any(|hop| network(hop) == found)
        })),
    }
}

/// Forms: of OAuth clients, and of our own page.
fn forms(body: &[u8]) {
    let known = ["grant_type", "refresh_token", "client_id", "client_secret"];
    let twice = known.iter().any(|name| member(body, name).0 > 1);
    match tokens::read_form(body) {
        Err(_) => assert!(twice),
        Ok(form) => {
            assert!(!twice);
            let secret = form.client_secret.as_deref().cloned();
            let values = [
                &form.grant_type,
                &form.refresh_token,
                &form.client_id,
                &secret,
            ];
            for (name, value) in known.iter().zip(values) {
                assert_eq!(&member(body, name).1, value);
            }
        }
    }
    let token = confirm::token(Body::from(body.to_vec())).now_or_never();
    if let Some(token) = token.expect("a whole body is there at once") {
        assert!(is_encoded_32_bytes(&token) && body.len() <= 1024);
        let pairs: Vec<_> = parse(body).collect();
        assert_eq!(pairs.len(), 1);
        assert_eq!((&*pairs[0].0, &*pairs[0].1), ("token", token.as_str()));
    }
}

/// CB-9: a name on the page of confirmation is text, and shows what it is.
fn name(text: &str) {
    let shown = confirm::revealed(text);
    assert!(!shown.contains(['<', '>', '"', '\'']), "{shown}");
    let entities = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    for (at, _) in shown.match_indices('&') {
        let rest = &shown[at + 1..];
        assert!(
            entities.iter().any(|entity| rest.starts_with(entity)),
            "{shown}"
        );
    }
    assert!(is_plain(&shown), "{shown:?}");
}
