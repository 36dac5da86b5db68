//! The relay, both ways: arguments on their way into an address (RL-2, RL-12), and what an upstream answers (RL-7).

use super::{order, texts};
use crate::grant::access::Access;
use crate::provider::call::ApiAnswer;
use axum::response::IntoResponse as _;
use portico_core::operations::{OPERATIONS, operation, request_target};
use portico_core::wire::{Problem, Provider, RelayRequest};
use serde::de::IgnoredAny;
use url::Url;

const TOKEN: &str = "CJ-canary-access-token";
const REFRESH: &str = "na1-canary-refresh-token";

/// The name of an operation and the body of a call; or `answer`, a status and a media type, and what was answered.
pub fn relay(data: &[u8]) {
    let (first, rest) = order(data);
    match first.strip_prefix("answer ") {
        Some(head) => answered(head, rest),
        None => called(&first, rest),
    }
}

fn called(name: &str, body: &[u8]) {
    let Some(operation) = operation(name) else {
        assert!(OPERATIONS.iter().all(|known| known.name != name));
        return;
    };
    let Ok(request) = serde_json::from_slice::<RelayRequest>(body) else {
        return;
    };
    let target = match request_target(operation, &request) {
        Ok(target) => target,
        Err(error) => {
            let told = error.to_string();
            assert!(!told.contains("canary") && told.len() < 100, "{told}");
            return;
        }
    };
    // The path is the template, and each argument fills one segment of it.
    let segments: Vec<&str> = target.path.split('/').collect();
    let template: Vec<&str> = operation.path.split('/').collect();
    assert_eq!(segments.len(), template.len(), "{}", target.path);
    for (segment, wanted) in segments.iter().zip(template) {
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => assert_eq!(request.params.get(name).map(String::as_str), Some(*segment)),
            None => assert_eq!(*segment, wanted),
        }
    }
    assert_eq!(request.params.len(), operation.params.len());
    // The URL standard finds nothing in it to decode, join or leave out.
    let mark = if target.query.is_empty() { "" } else { "?" };
    let text = format!(
        "https://api.hubapi.com{}{mark}{}",
        target.path, target.query
    );
    let url = Url::parse(&text).expect("an address");
    assert_eq!(url.as_str(), text);
    assert_eq!(url.origin().ascii_serialization(), "https://api.hubapi.com");
    assert_eq!(url.path(), target.path);
    let sent: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(sent.len(), request.query.len());
    for (name, value) in &sent {
        assert_eq!(request.query.get(name.as_str()), Some(value));
    }
    assert_eq!(target.body, request.body);
    if let Some(body) = &target.body {
        let mut found = Vec::new();
        texts(body, &mut found);
        let plain = |text: &&str| {
            text.len() <= 100
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        assert!(found.iter().all(plain), "{body}");
    }
}

fn answered(head: &str, body: &[u8]) {
    let (status, media_type) = head.split_once(' ').unwrap_or((head, ""));
    let status = status.parse().unwrap_or(200);
    let answer = ApiAnswer {
        status,
        is_json: media_type == "json",
        body: body.to_vec(),
        retry_after: None,
        is_limited: status == 429,
        rate_limit: None,
        correlation_id: None,
        memory: None,
        headers: http::HeaderMap::new(),
    };
    let access = Access::of(TOKEN, Some(REFRESH));
    let provider = if body.len().is_multiple_of(2) {
        Provider::Hubspot
    } else {
        Provider::Github
    };
    match crate::relay::read(answer, &access, provider) {
        Ok(relayed) => {
            assert!(matches!(status, 200 | 207) && media_type == "json");
            let text = &relayed.body;
            assert!(!text.contains(TOKEN) && !text.contains(REFRESH), "{text}");
            let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
            assert!(is_json, "what is passed on is whole: {text}");
            let came = String::from_utf8_lossy(body);
            let cut = came.contains(TOKEN) || came.contains(REFRESH);
            assert!(cut || text.as_bytes() == body, "and as it came");
        }
        Err(error) => {
            let mut response = error.into_response();
            let problem = response.extensions_mut().remove::<Box<Problem>>();
            let problem = problem.expect("a refusal is a problem");
            let told = serde_json::to_string(&problem).expect("JSON");
            assert!(!told.contains(TOKEN) && !told.contains(REFRESH), "{told}");
            assert!(told.len() < 16 * 1024, "{told}");
            let upstream = serde_json::to_value(&problem.upstream).expect("JSON");
            let mut found = Vec::new();
            texts(&upstream, &mut found);
            let plain = |text: &&str| {
                text.len() <= 128
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
            };
            assert!(found.iter().all(plain), "{upstream}");
            // What is no object names nothing.
            if body.trim_ascii_start().first() != Some(&b'{') {
                assert!(found.is_empty(), "{upstream}");
            }
        }
    }
}
