//! Targets that need what only the interface's own rooms know: heads and bodies of requests, and the router whole.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a target tells a finding"
)]

mod body;
mod head;
mod router;

pub use body::body;
pub use head::head;
#[cfg(test)]
pub(crate) use router::put_away;
pub use router::router;

use crate::fuzzing::cut;
use crate::store::solo::Device;
use http::{HeaderName, HeaderValue, Method, Request, Uri};

/// `jti` of an assertion that this device made.
pub(crate) fn device_says(assertion: &str, device: &Device, base_url: &str) -> Option<String> {
    let named = super::solo::named_device(assertion)?;
    let claims = super::solo::verified(assertion, device, base_url)?;
    // As it is looked up: by the name it gives.
    (named == device.id).then_some(claims.jti)
}

/// `METHOD target`, header lines, an empty line and a body; nothing where hyper would not have let it through.
fn request(data: &[u8]) -> Option<Request<Vec<u8>>> {
    let (head, body) = cut(data, b"\n\n");
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = cut(lines.next()?, b" ");
    let mut request = Request::new(body.to_vec());
    *request.method_mut() = Method::from_bytes(method).ok()?;
    *request.uri_mut() = Uri::try_from(target).ok()?;
    for line in lines.take(64) {
        let (name, value) = cut(line, b":");
        request.headers_mut().append(
            HeaderName::from_bytes(name).ok()?,
            HeaderValue::from_bytes(value.trim_ascii()).ok()?,
        );
    }
    Some(request)
}
