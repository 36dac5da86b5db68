//! Owns the socket: turns HTTP into [`crate::handle`] and back, keeps the clock and the waits. Decides nothing.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use futures_util::{StreamExt as _, stream};
use tokio::net::TcpListener;

use crate::http::{Request, Response};
use crate::sandbox::Sandbox;

/// Largest body read; HubSpot's own limits are below it.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Time for the first part of a cut body to leave.
const FLUSH: Duration = Duration::from_millis(50);

/// Serves the sandbox on `listener` until `shutdown` is ready, then lets open answers finish.
pub async fn run(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = Router::new().fallback(answer).with_state(sandbox);
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await
}

async fn answer(
    Shared(sandbox): Shared<Sandbox>,
    request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return reply(Response::empty(413));
    };
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_vec(),
    };
    let now = sandbox.now();
    let response = sandbox.call(&request, now);
    if !response.delay.is_zero() {
        tokio::time::sleep(response.delay).await;
    }
    reply(response)
}

fn reply(response: Response) -> axum::response::Response {
    let length = response.body.len();
    let body = match response.cut_after {
        Some(kept) => cut(response.body, kept),
        None => Body::from(response.body),
    };
    let mut out = axum::response::Response::new(body);
    if response.cut_after.is_some() {
        // The whole length is promised, so that the client can tell.
        out.headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    // 477 and other numbers of HubSpot's own are valid to the type; only a wrong fault is not.
    *out.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &response.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) {
            out.headers_mut().append(name, value);
        }
    }
    out
}

/// The first bytes of a body, then an error, at which the server drops the connection.
fn cut(mut bytes: Vec<u8>, kept: usize) -> Body {
    // Never the whole: what ends where it was promised to end is no broken connection.
    bytes.truncate(kept.min(bytes.len().saturating_sub(1)));
    let parts = [Some(bytes), None];
    Body::from_stream(stream::iter(parts).then(|part| async move {
        if let Some(bytes) = part {
            return Ok(bytes);
        }
        // What was handed over must leave the socket first, or the client sees no byte of it.
        tokio::time::sleep(FLUSH).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    }))
}
