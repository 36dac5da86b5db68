//! The few static pages of the callback: what happened, and what to do. Nothing of the request is in them.
//! Owns the look of every page of the proxy's own.

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use std::sync::LazyLock;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// No such state, or not on this address: the same words as for an expired one (CB-1).
    Unknown,
    /// The flow's ten minutes are over.
    Expired,
    /// The flow has had its return.
    Repeated,
    /// Code or parameters that no provider sends.
    Malformed,
    /// A bot, a preview, an embedded page, another method.
    NotANavigation,
    /// A confirmation that our own page's form did not send.
    NotTheForm,
    /// A fault of ours.
    Fault,
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6676;--ground:#f4f6f9;--card:#fff;--line:#dfe4ec;--mark:#c2410c}\
@media(prefers-color-scheme:dark){:root{--ink:#e8edf4;--soft:#9aa7b8;--ground:#11161d;--card:#1a212b;--line:#2b3542;--mark:#fb923c}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--ground);color:var(--ink);\
font:16px/1.55 system-ui,-apple-system,Segoe UI,Roboto,sans-serif}\
main{max-width:30rem;padding:32px;background:var(--card);border:1px solid var(--line);border-radius:14px;\
box-shadow:0 8px 30px rgb(0 0 0/.08)}\
.mark{width:44px;height:44px;border-radius:50%;display:grid;place-items:center;font-weight:700;font-size:22px;\
color:var(--mark);border:2px solid currentColor}\
h1{font-size:1.3rem;line-height:1.3;margin:18px 0 8px}\
p{margin:0 0 10px;color:var(--soft)}\
p:last-child{margin:0;color:var(--ink)}\
dl{margin:16px 0;display:grid;grid-template-columns:auto 1fr;gap:6px 16px}\
dt{color:var(--soft)}dd{margin:0;font-weight:600;overflow-wrap:anywhere;unicode-bidi:isolate}\
form{margin:0 0 16px}a{color:inherit}\
button{font:inherit;font-weight:600;padding:10px 18px;border:0;border-radius:9px;background:var(--mark);color:var(--card);\
cursor:pointer}button:focus-visible{outline:3px solid var(--ink);outline-offset:2px}";

/// What a policy names the style by.
pub(super) static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
    STANDARD.encode(digest.as_ref())
});

/// The interface's policy, with the one style of these pages.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = &*STYLE_HASH;
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    )
});

/// The page as an answer.
pub(super) fn page(page: Page) -> Response {
    let (status, title, what, action) = match page {
        Page::Unknown | Page::Expired => (
            if page == Page::Expired {
                StatusCode::GONE
            } else {
                StatusCode::BAD_REQUEST
            },
            "This authorization is no longer open",
            "It was not found, or its ten minutes are over. Nothing was connected.",
            "Close this window and start again in Portico.",
        ),
        Page::Repeated => (
            StatusCode::CONFLICT,
            "This authorization has already come back",
            "A return counts once. Nothing was changed by this one.",
            "Close this window and look at Portico: the first return may have connected the portal.",
        ),
        Page::Malformed => (
            StatusCode::BAD_REQUEST,
            "This return cannot be read",
            "Its address does not have the form that a return has. Nothing was connected.",
            "Close this window and start again in Portico.",
        ),
        Page::NotANavigation => (
            StatusCode::METHOD_NOT_ALLOWED,
            "This address is for returning from the consent page",
            "It takes a visit of a browser window only, not a preview or an embedded page. Nothing was changed.",
            "Start again in Portico.",
        ),
        Page::NotTheForm => (
            StatusCode::FORBIDDEN,
            "This was not confirmed",
            "A connection is confirmed by the button on Portico's own page, in a window of its own. Nothing was changed.",
            "Close this window and start again in Portico.",
        ),
        Page::Fault => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Portico could not take this return",
            "This is a fault of ours. Nothing was connected.",
            "Close this window and start again in Portico; if it stays, tell the operator.",
        ),
    };
    let body = format!("<h1>{title}</h1><p>{what}</p><p>{action}</p>");
    let html = document(title, "", &body);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY.as_str()),
    ];
    let mut response = (status, headers, html).into_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(ALLOW, http::HeaderValue::from_static("GET"));
    }
    response
}

/// A page around a body that holds nothing but markup of ours and escaped text.
pub(super) fn document(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{head}<title>{title}</title>\
         <style>{STYLE}</style></head><body><main><div class=\"mark\" aria-hidden=\"true\">!</div>\
         {body}</main></body></html>"
    )
}
