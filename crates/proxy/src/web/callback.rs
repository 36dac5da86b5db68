//! `GET /callback/{provider}`: where the provider sends the browser back (threat model, section 2, step 3).
//! Owns what counts as a navigation and what a return may do. Makes no call and connects nothing.

use super::confirm;
use super::flows::may_return;
use super::pages::{Page, page};
use crate::app::Shared;
use crate::error::ApiResult;
use crate::grant::code_place;
use crate::provider::classify::meaning_of_return;
use crate::random;
use crate::refusals;
use crate::store::confirmations;
use crate::store::flows::{self, FlowRow};
use crate::store::journal::{self, Entry};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::pkce::{is_encoded_32_bytes, sha256_base64url};
use portico_core::wire::FlowPhase;
use zeroize::Zeroizing;

const MAX_CODE: usize = 4096;
/// Of the provider's own description.
const MAX_WORDS: usize = 256;

/// What came back, each parameter at most once.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) state: Option<String>,
    pub(super) code: Option<Zeroizing<String>>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
    pub(super) iss: Option<String>,
}

/// Answers a return with a redirect to the starter's return page, or with a page that says what is wrong.
pub(super) async fn arrive(
    State(app): State<Shared>,
    method: Method,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !matches!(provider.as_str(), "hubspot" | "github") {
        return page(Page::Unknown);
    }
    if method != Method::GET {
        return page(Page::NotANavigation);
    }
    if is_prefetch(&headers) {
        return StatusCode::NO_CONTENT.into_response();
    }
    if !is_navigation(&headers) {
        return page(Page::NotANavigation);
    }
    let Some(returned) = parse(&query.unwrap_or_default()) else {
        return page(Page::Malformed);
    };
    match take(&app, &provider, returned).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(
                code = error.code().entry().code,
                "a return could not be taken"
            );
            page(Page::Fault)
        }
    }
}

pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"].iter().any(|name| {
        headers.get(*name).is_some_and(|value| {
            value
                .to_str()
                .is_ok_and(|value| value.to_ascii_lowercase().contains("prefetch"))
        })
    })
}

/// Only a top-level navigation counts: bots and previews send no such headers (CB-11).
pub(super) fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Nothing when a parameter of ours stands twice.
pub(super) fn parse(query: &str) -> Option<Returned> {
    let mut returned = Returned::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        let before = match &*name {
            "state" => returned.state.replace(value).is_some(),
            "code" => returned.code.replace(Zeroizing::new(value)).is_some(),
            "error" => returned.error.replace(value).is_some(),
            "error_description" => returned.error_description.replace(value).is_some(),
            "iss" => returned.iss.replace(value).is_some(),
            _ => false,
        };
        if before {
            return None;
        }
    }
    Some(returned)
}

async fn take(app: &Shared, provider: &str, returned: Returned) -> ApiResult<Response> {
    let state = returned.state.as_deref().unwrap_or_default();
    if !is_encoded_32_bytes(state) {
        return Ok(page(Page::Unknown));
    }
    let found = flows::by_state(app.store.readers(), &sha256_base64url(state)).await?;
    let Some(flow) = found else {
        return Ok(page(Page::Unknown));
    };
    // None is promised by either provider, so none is fine; a wrong one is not (CB-5).
    let client = app.providers.find(flow.provider()?);
    let issuer_differs = returned.iss.as_ref().is_some_and(|issuer| {
        client.is_none_or(|client| !client.description().issuers.contains(issuer))
    });
    if flow.provider()?.wire_name() != provider || issuer_differs {
        end(app, &flow, ErrorCode::StateMismatch, None).await?;
        return Ok(page(Page::Unknown));
    }
    if flow.now > flow.expires_at {
        // Beside the answer: to wait for the write would tell an expired state from an unknown one (CB-1).
        let app_of_task = app.clone();
        app.tasks.spawn(async move {
            let expired = ErrorCode::FlowExpired.entry().code;
            if let Err(error) = note(&app_of_task, &flow, expired).await {
                let code = error.code().entry().code;
                tracing::error!(code, "an expired return could not be written down");
            }
        });
        return Ok(page(Page::Expired));
    }
    // Its tenant, or the page it would return to, has left the configuration meanwhile.
    if !may_return(app, &flow) {
        end(app, &flow, ErrorCode::InvalidReturnUri, None).await?;
        return Ok(page(Page::Unknown));
    }
    if flow.phase()? != FlowPhase::Started {
        note(app, &flow, "repeated").await?;
        return Ok(page(Page::Repeated));
    }
    if let Some(error) = &returned.error {
        let words = words(error, returned.error_description.as_deref());
        let code = meaning_of_return(error);
        end(app, &flow, code, Some(&words)).await?;
        return Ok(back(&flow, "error", code.entry().code));
    }
    let code = returned.code.as_ref().filter(|code| is_code(code));
    let Some(code) = code else {
        note(app, &flow, ErrorCode::InvalidRequest.entry().code).await?;
        return Ok(page(Page::Malformed));
    };
    keep(app, &flow, code).await
}

/// Printable ASCII of a sane length (CB-12).
pub(super) fn is_code(code: &str) -> bool {
    (1..=MAX_CODE).contains(&code.len()) && code.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// The provider's words for the operator: short, on one line, escaped.
pub(super) fn words(error: &str, description: Option<&str>) -> String {
    let joined = format!("{error}: {}", description.unwrap_or_default());
    let escaped: String = joined
        .chars()
        .take(MAX_WORDS)
        .flat_map(char::escape_default)
        .collect();
    escaped.chars().take(MAX_WORDS).collect()
}

async fn keep(app: &Shared, flow: &FlowRow, code: &str) -> ApiResult<Response> {
    // A claim; for a tenant that is not trusted, the token that its confirmation page trades for one.
    let secret = random::secret()?;
    let secret_hash = sha256_base64url(&secret);
    let owner = flow.owner();
    let (trusted, name) = app
        .sessions
        .tenants()
        .get(&owner.tenant)
        .map_or((false, None), |tenant| {
            (tenant.trusted, tenant.name.clone())
        });
    let sealed = app
        .sealer
        .seal(code_place(&owner, &flow.id), code.as_bytes())?;
    let mut tx = app.store.begin_in(&owner).await?;
    let first = flows::set_coded(&mut tx, flow, &sealed, &secret_hash).await?;
    if first {
        if !trusted {
            confirmations::demand(&mut tx, flow, &secret_hash).await?;
        }
        journal::record(&mut tx, entry(flow, Action::FlowReturn, "done", &owner)).await?;
        app.announce_flow(&mut tx, flow).await?;
    }
    tx.commit().await?;
    if !first {
        note(app, flow, "repeated").await?;
        return Ok(page(Page::Repeated));
    }
    if trusted {
        return Ok(back(flow, "claim", &secret));
    }
    let provider = flow.provider()?.wire_name();
    Ok(confirm::ask(flow, name.as_deref(), provider, &secret))
}

/// The flow's own return page with what it is to hear.
pub(super) fn target(flow: &FlowRow, name: &str, value: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "{}#flow={}&{name}={value}",
        flow.return_uri, flow.id
    ))
}

/// 303 to the flow's own return page. The code is nowhere in it.
fn back(flow: &FlowRow, name: &str, value: &str) -> Response {
    let target = target(flow, name, value);
    match HeaderValue::try_from(target.as_str()) {
        Ok(target) => (StatusCode::SEE_OTHER, [(LOCATION, target)]).into_response(),
        Err(_) => page(Page::Fault),
    }
}

async fn end(
    app: &Shared,
    flow: &FlowRow,
    failure: ErrorCode,
    words: Option<&str>,
) -> ApiResult<()> {
    let mut tx = app.store.begin_in(&flow.owner()).await?;
    let open = [FlowPhase::Started];
    if flows::set_failed(&mut tx, flow, &open, failure, None, words).await? {
        app.announce_flow(&mut tx, flow).await?;
    }
    journal::record(
        &mut tx,
        entry(
            flow,
            Action::FlowReturn,
            failure.entry().code,
            &flow.owner(),
        ),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// What changes nothing may come a thousand times over: it is counted like any refused try.
async fn note(app: &Shared, flow: &FlowRow, outcome: &str) -> ApiResult<()> {
    Ok(refusals::record(app, entry(flow, Action::FlowReturn, outcome, &flow.owner())).await?)
}

pub(super) fn entry<'a>(
    flow: &'a FlowRow,
    action: Action,
    outcome: &'a str,
    owner: &'a crate::store::Owner,
) -> Entry<'a> {
    Entry {
        owner,
        sub: "provider",
        action,
        target: Some(&flow.id),
        outcome,
        reason: None,
        session: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CB-12 as a table.
    #[test]
    fn only_a_printable_code_of_sane_length_is_kept() {
        let longest = "c".repeat(MAX_CODE);
        for (code, fits) in [
            ("na1-1234", true),
            ("a+b&c=d% e", true),
            (longest.as_str(), true),
            (&format!("{longest}c"), false),
            ("", false),
            ("a\r\nSet-Cookie: x", false),
            ("a\0b", false),
            ("ä", false),
        ] {
            assert_eq!(is_code(code), fits, "{code:?}");
        }
    }

    /// CB-6: what is kept of a stranger's words is short and plain.
    #[test]
    fn the_providers_words_are_cut_and_escaped() {
        let long = "<img onerror=x>\r\n\u{202e}".repeat(1000);
        let kept = words("access_denied", Some(&long));
        assert!(kept.len() <= MAX_WORDS && kept.starts_with("access_denied: "));
        assert!(
            kept.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
            "{kept}"
        );
    }

    #[test]
    fn a_parameter_that_stands_twice_is_refused() {
        assert!(parse("state=a&code=b").is_some());
        assert!(parse("state=a&code=b&extra=1&extra=2").is_some());
        for query in [
            "state=a&state=b",
            "code=a&code=a",
            "state=a&%73tate=b",
            "error=x&error=y",
        ] {
            assert!(parse(query).is_none(), "{query}");
        }
    }
}
