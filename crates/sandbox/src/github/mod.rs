//! GitHub for what a repository connection needs: the OAuth web flow, installations, repositories, branches, and
//! writing a backup through contents or git's own objects. A place of its own: shares no state with HubSpot.
//!
//! Laid out as GitHub Enterprise Server lays itself out: pages and OAuth at the root, REST below `/api/v3`.

mod access;
mod answer;
pub(crate) mod aside;
mod call;
mod control;
mod error;
mod fixture;
pub mod git;
mod judge;
mod limits;
pub mod model;
mod oauth;
mod rest;
mod routes;
mod shape;
mod when;

pub use control::UserTokens;
pub use limits::Limits;

use access::Caller;
use call::Call;
use error::{DOCS, Error};
use model::GitHub;

use crate::http::{Fields, Request, Response};
use crate::router::{self, Served};
use crate::state::FaultAnswer;

/// Whether a path is GitHub's.
pub(crate) fn serves(path: &str) -> bool {
    let ours = ["/api/v3", "/login", "/apps", "/settings/installations"];
    ours.iter().any(|place| {
        path.strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Every path of GitHub's, as [`crate::served`] shows them.
pub(crate) fn served() -> impl Iterator<Item = Served> {
    routes::WEB.iter().chain(routes::REST).flat_map(|route| {
        route.patterns.iter().map(|path| Served {
            method: route.method,
            path,
            scopes: match route.need.permission() {
                "" => "none".to_owned(),
                permission => permission.to_owned(),
            },
            need: crate::scopes::Need::Nothing,
            source: route.source,
        })
    })
}

/// Answers one call of GitHub's. `now` is unix milliseconds.
pub(crate) fn answer(github: &mut GitHub, request: &Request, now: u64) -> Response {
    let mut response = answered(github, request, now / 1_000);
    response.delay += github.switches.latency;
    response
}

fn answered(github: &mut GitHub, request: &Request, now: u64) -> Response {
    let host = request
        .header("host")
        .filter(|host| plain(host))
        .unwrap_or("github.sandbox");
    let base = format!("http://{host}");
    let segments = router::segments(&request.path);
    if segments.first().is_some_and(|first| first == "api") {
        return judge::rest(github, request, &segments, base, now);
    }
    let method = if request.method == "HEAD" {
        "GET"
    } else {
        &request.method
    };
    let found = routes::WEB
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, route.matched(&segments)?)));
    let Some((route, params)) = found else {
        return oauth::pages::not_found();
    };
    let mut call = Call {
        github,
        request,
        params,
        query: Fields::parse(request.query.as_bytes()),
        now,
        caller: Caller::Anonymous,
        base,
        repository: None,
    };
    (route.handler)(&mut call).unwrap_or_else(|error| error.respond(DOCS))
}

/// A host and port as they may stand in a URL of ours.
fn plain(host: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b);
    !host.is_empty() && host.bytes().all(fits)
}

/// A fault in GitHub's own words. `TooManyRequests` knows the policies `primary` and `secondary`.
pub(crate) fn faulty(github: &mut GitHub, fault: &FaultAnswer) -> Response {
    let mut response = match fault {
        FaultAnswer::Status(status) if *status >= 500 => {
            Error::new(*status, "Server Error").respond(DOCS)
        }
        FaultAnswer::Status(401) => Error::bad_credentials().respond(DOCS),
        FaultAnswer::Status(404) => Error::not_found().respond(DOCS),
        FaultAnswer::Status(status) => {
            Error::new(*status, "Refused by a fault of the sandbox").respond(DOCS)
        }
        FaultAnswer::Html502 => Response::html(
            502,
            "<!DOCTYPE html>\n<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n\
             <body><p><strong>This page is taking too long to load.</strong></p></body>\n</html>\n"
                .to_owned(),
        ),
        FaultAnswer::Garbage => {
            let mut response = answer::json(200, &());
            response.body = b"[{\"id\":1,\"name\":\"cut off".to_vec();
            response
        }
        FaultAnswer::TooManyRequests { policy } if policy == "primary" => {
            let status = if github.switches.limits_answer_429 {
                429
            } else {
                403
            };
            let mut response = Error::primary_limit(status, None).respond(DOCS);
            response.set("x-ratelimit-remaining", "0");
            response
        }
        FaultAnswer::TooManyRequests { .. } => Error::secondary_limit(60).respond(DOCS),
        FaultAnswer::OAuth(code) => oauth::token::refused(code),
        FaultAnswer::Empty(status) => Response::empty(*status),
        FaultAnswer::Slow(_) | FaultAnswer::Drop { .. } => Response::empty(200),
        // What only HubSpot does is an outage here.
        FaultAnswer::Migration477 { .. } => Error::new(503, "Service Unavailable").respond(DOCS),
    };
    response.set("x-github-request-id", &judge::request_id(github));
    response
}
