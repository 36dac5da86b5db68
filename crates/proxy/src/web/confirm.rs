//! The page between consent and claim, for tenants that are not trusted (threat model, section 2, step 3): it
//! names who asks, and only its own form releases the claim (CB-9). Owns that page and what counts as its form.
//!
//! Script-free. After the form the browser goes on by a refresh and not by a redirect: browsers hold a redirect
//! against `form-action`, which names this origin alone.

use super::callback::{entry, is_navigation, is_prefetch, target};
use super::flows::may_return;
use super::pages::{Page, STYLE_HASH, document, page};
use crate::app::Shared;
use crate::error::ApiResult;
use crate::random;
use crate::store::flows::{self, FlowRow};
use crate::store::{confirmations, journal};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use portico_core::journal::Action;
use portico_core::pkce::{is_encoded_32_bytes, sha256_base64url};
use portico_core::wire::FlowPhase;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The form holds one token.
const MAX_FORM: usize = 1024;

/// The page that asks. `token` is shown here and nowhere else.
pub(super) fn ask(flow: &FlowRow, name: Option<&str>, provider: &str, token: &str) -> Response {
    let owner = flow.owner();
    let partner = revealed(name.unwrap_or(&owner.tenant));
    let account = account_of(provider);
    let (issuer, org, sub) = (
        revealed(&owner.tenant),
        revealed(&owner.org),
        revealed(&flow.sub),
    );
    let body = format!(
        "<h1>Connect this {account} account to {partner}?</h1>\
         <p>You have just allowed access to it. Portico hands it on only if you know who asks:</p>\
         <dl><dt>Partner</dt><dd>{partner}</dd><dt>Its address</dt><dd>{issuer}</dd>\
         <dt>Organization</dt><dd>{org}</dd><dt>Started by</dt><dd>{sub}</dd></dl>\
         <form method=\"post\" action=\"/callback/{provider}/confirm\">\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <button type=\"submit\">Yes, connect it</button></form>\
         <p>If somebody sent you here, or you do not know them, close this window: nothing is connected. \
         This page works for two minutes.</p>"
    );
    answer(&format!("Connect this {account} account?"), "", &body)
}

/// The provider's own name, by its word in the path.
fn account_of(provider: &str) -> &'static str {
    match provider {
        "github" => "GitHub",
        _ => "HubSpot",
    }
}

/// The page after the form: on to the starter's return page.
fn released(target: &str) -> Response {
    let target = escaped(target);
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0;url={target}\">");
    let body = format!(
        "<h1>Going back</h1><p>You confirmed the connection.</p>\
         <p><a href=\"{target}\">Continue, if nothing happens</a></p>"
    );
    answer("Going back", &refresh, &body)
}

fn answer(title: &str, head: &str, body: &str) -> Response {
    // Not sandboxed: the form needs its origin, and a sandboxed page does not refresh.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        *STYLE_HASH
    );
    // Without a referrer the form's Origin would be `null`; the origin alone tells nobody the code.
    let head = format!("<meta name=\"referrer\" content=\"strict-origin\">{head}");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.as_str()),
    ];
    (headers, document(title, &head, body)).into_response()
}

/// `POST /callback/{provider}/confirm`.
pub(super) async fn release(
    State(app): State<Shared>,
    method: Method,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if method != Method::POST {
        let mut response = page(Page::NotTheForm);
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let post = HeaderValue::from_static("POST");
        response.headers_mut().insert(ALLOW, post);
        return response;
    }
    if !is_own_form(&app.config.base_url, &headers) {
        return page(Page::NotTheForm);
    }
    let Some(token) = token(body).await else {
        return page(Page::NotTheForm);
    };
    match confirm(&app, &provider, &token).await {
        Ok(response) => response,
        Err(error) => {
            let code = error.code().entry().code;
            tracing::error!(code, "a confirmation could not be taken");
            page(Page::Fault)
        }
    }
}

/// A form of a page on this origin, sent by a window of its own.
pub(super) fn is_own_form(base_url: &str, headers: &HeaderMap) -> bool {
    let is = |name: http::HeaderName, wanted: &str| {
        let mut values = headers.get_all(name).iter();
        values.next().is_some_and(|value| value == wanted) && values.next().is_none()
    };
    let form = "application/x-www-form-urlencoded";
    is_navigation(headers)
        && !is_prefetch(headers)
        && is(
            http::HeaderName::from_static("sec-fetch-site"),
            "same-origin",
        )
        && is(ORIGIN, base_url)
        && is(CONTENT_TYPE, form)
}

pub(super) async fn token(body: Body) -> Option<Zeroizing<String>> {
    let bytes = to_bytes(body, MAX_FORM).await.ok()?;
    let mut fields = url::form_urlencoded::parse(&bytes);
    let (name, value) = fields.next()?;
    let fits = name == "token" && is_encoded_32_bytes(&value) && fields.next().is_none();
    fits.then(|| Zeroizing::new(value.into_owned()))
}

async fn confirm(app: &Shared, provider: &str, token: &str) -> ApiResult<Response> {
    let confirm_hash = sha256_base64url(token);
    let found = confirmations::find(app.store.readers(), &confirm_hash).await?;
    let Some((owner, id)) = found else {
        return Ok(page(Page::Unknown));
    };
    let found = flows::by_id(app.store.readers(), &owner, &id).await?;
    let Some(flow) = found.filter(|flow| may_return(app, flow)) else {
        return Ok(page(Page::Unknown));
    };
    if flow.provider()?.wire_name() != provider {
        return Ok(page(Page::Unknown));
    }
    match flow.phase()? {
        FlowPhase::Coded if flow.claim_hash.is_none() => {}
        FlowPhase::Failed => return Ok(page(Page::Expired)),
        _ => return Ok(page(Page::Repeated)),
    }
    let claim = random::secret()?;
    let claim_hash = sha256_base64url(&claim);
    let mut tx = app.store.begin_in(&owner).await?;
    let first = confirmations::release(&mut tx, &flow, &confirm_hash, &claim_hash).await?;
    let outcome = if first { "done" } else { "repeated" };
    journal::record(&mut tx, entry(&flow, Action::FlowConfirm, outcome, &owner)).await?;
    if first {
        app.announce_flow(&mut tx, &flow).await?;
    }
    tx.commit().await?;
    if !first {
        return Ok(page(Page::Repeated));
    }
    Ok(released(&target(&flow, "claim", &claim)))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A name as text that shows what it is: what cannot be seen, turns the direction, or is of another script among
/// Latin letters stands there with its number.
pub(super) fn revealed(text: &str) -> String {
    let latin = |c: char| c.is_alphabetic() && u32::from(c) < 0x0250;
    let has_latin = text.chars().any(latin);
    let mut out = String::new();
    for character in text.chars() {
        let single = character.to_string();
        let hidden = portico_core::text::visible(&single) != single;
        let foreign = has_latin && character.is_alphabetic() && !latin(character);
        if hidden {
            let _ = write!(out, "[U+{:04X}]", u32::from(character));
        } else if foreign {
            let _ = write!(out, "{character}[U+{:04X}]", u32::from(character));
        } else {
            out.push(character);
        }
    }
    escaped(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CB-9, UI-5: names are text, and show what they are.
    #[test]
    fn a_name_cannot_pass_for_another() {
        for (name, want) in [
            ("Partner", "Partner"),
            ("Käse & Söhne", "Käse &amp; Söhne"),
            ("日本語", "日本語"),
            ("Ελλάδα", "Ελλάδα"),
            ("<b>x</b>\"'", "&lt;b&gt;x&lt;/b&gt;&quot;&#39;"),
            ("P\u{430}rtner", "P\u{430}[U+0430]rtner"),
            ("Part\u{202e}ren", "Part[U+202E]ren"),
            ("Part\u{200b}ner", "Part[U+200B]ner"),
        ] {
            assert_eq!(revealed(name), want);
        }
    }

    /// A person is asked about the account they have just opened, not about another provider's.
    #[test]
    fn the_account_is_the_providers() {
        assert_eq!(account_of("hubspot"), "HubSpot");
        assert_eq!(account_of("github"), "GitHub");
    }

    fn headers(change: impl FnOnce(&mut HeaderMap)) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("origin", "https://portico.example"),
            ("content-type", "application/x-www-form-urlencoded"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        change(&mut headers);
        headers
    }

    /// CB-9: only this page's own form, as browsers mark it.
    #[test]
    fn only_our_own_form_counts() {
        let own = |headers: &HeaderMap| is_own_form("https://portico.example", headers);
        assert!(own(&headers(|_| {})));
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "iframe"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
            ("content-type", "text/plain"),
            ("sec-purpose", "prefetch;prerender"),
        ] {
            let changed = headers(|headers| {
                headers.insert(name, HeaderValue::from_static(value));
            });
            assert!(!own(&changed), "{name}: {value}");
        }
        for name in ["sec-fetch-site", "sec-fetch-mode", "origin"] {
            let changed = headers(|headers| {
                headers.remove(name);
            });
            assert!(!own(&changed), "without {name}");
        }
    }
}
