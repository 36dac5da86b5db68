//! A relay of the proxy's own libraries with nothing of the proxy in it: what is asked for goes to one upstream with one
//! header more, and comes back whole. Beside it in `cargo xtask bench --only proxy`, it shows what sessions, tenancy,
//! limits, metrics and the reading of answers cost, and what the libraries do.
//!
//! `plain-relay UPSTREAM BEARER`; prints `listening on http://…`.

#![allow(clippy::print_stdout, reason = "the benchmark reads where it listens")]

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::Client;
use std::error::Error;
use std::sync::Arc;
use tokio::net::TcpListener;

struct Upstream {
    client: Client,
    base: String,
    bearer: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(base), Some(bearer)) = (words.next(), words.next()) else {
        return Err("plain-relay UPSTREAM BEARER".into());
    };
    let client = Client::builder().no_proxy().build()?;
    let upstream = Arc::new(Upstream {
        client,
        base,
        bearer,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = Router::new().fallback(relay).with_state(upstream);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn relay(State(upstream): State<Arc<Upstream>>, request: Request) -> Response {
    match answer(&upstream, request.uri().path()).await {
        Ok(answer) => answer,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn answer(upstream: &Upstream, path: &str) -> Result<Response, reqwest::Error> {
    let url = format!("{}{path}", upstream.base);
    let request = upstream.client.get(url);
    let answer = request
        .header(AUTHORIZATION, &upstream.bearer)
        .send()
        .await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok((status, [(CONTENT_TYPE, "application/json")], body).into_response())
}
