//! Owns the way of a call: fault → route → judgement → handler, and the record of it.
//! Knows routes only as data (the table is in `routes.rs`); who may call is `judge.rs`.

use crate::control;
use crate::credentials::Credential;
use crate::error::ApiError;
use crate::github;
use crate::http::{Fields, Request, Response};
use crate::judge;
use crate::model::Portal;
use crate::routes;
use crate::scopes::Need;
use crate::state::{Fault, FaultAnswer, Holder, RecordedCall, State};

/// What a handler gives back.
pub(crate) type Answer = Result<Response, ApiError>;

/// Which scopes open a route.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    /// No credential looked at.
    Public,
    /// A token with one of these.
    AnyOf(&'static [&'static str]),
    /// A token that may read the definition of the type in `{objectType}` or `{objectTypeId}`.
    Definition,
    /// A token that may change the definition of the type in `{objectType}` or `{objectTypeId}`.
    DefinitionWrite,
    /// A token that may change records or definitions of any type.
    AnyWrite,
    /// A token with any `crm.objects.*.read`, or one of the older scopes that read records.
    AnyObject,
    /// A token that may read the records of the type in `{objectType}`.
    ReadRecords,
    /// A token that may write them.
    WriteRecords,
    /// App-level: the developer's credentials; an installer's token never opens it.
    DeveloperKey,
}

/// Which window a route counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateClass {
    /// None: OAuth endpoints and pages.
    Free,
    /// Per rolling ten seconds, app and portal, with headers.
    Burst,
    /// CRM object search: five per second per portal, without headers.
    Search,
    /// Associations v4: a window of their own. Given by path, see `quota.rs`.
    Associations,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Upper-case method.
    pub(crate) method: &'static str,
    /// Path patterns; `{date}` stands for the dated versions, `{name*}` for the rest, other braces for one segment.
    pub(crate) patterns: &'static [&'static str],
    /// Scopes, any of.
    pub(crate) access: Access,
    /// What the account must have now.
    pub(crate) need: Need,
    /// Window.
    pub(crate) rate: RateClass,
    /// The room that answers.
    pub(crate) handler: fn(&mut Call<'_>) -> Answer,
    /// Where the behaviour is written down.
    pub(crate) source: &'static str,
}

/// Dated versions that every dated route answers to.
pub(crate) const DATES: [&str; 2] = ["2026-03", "2026-09"];

/// One served path, for people and for tables.
#[derive(Clone, Debug)]
pub struct Served {
    /// Upper-case method.
    pub method: &'static str,
    /// The pattern; `{date}` stands for 2026-03 and 2026-09.
    pub path: &'static str,
    /// Which scopes open it, in words.
    pub scopes: String,
    /// What the account must have now.
    pub need: Need,
    /// Where the behaviour is written down.
    pub source: &'static str,
}

/// Every path the sandbox serves.
pub fn served() -> Vec<Served> {
    let row = |route: &Route, path: &'static str| Served {
        method: route.method,
        path,
        scopes: match route.access {
            Access::Public => "none".to_owned(),
            Access::AnyOf(scopes) => scopes.join(" | "),
            Access::Definition => "schema or object scope of the type".to_owned(),
            Access::DefinitionWrite => "schema write scope of the type".to_owned(),
            Access::AnyWrite => "any crm.objects.*.write or crm.schemas.*.write".to_owned(),
            Access::AnyObject => "any crm.objects.*.read".to_owned(),
            Access::ReadRecords => "read scope of the type".to_owned(),
            Access::WriteRecords => "write scope of the type".to_owned(),
            Access::DeveloperKey => "developer API key or client_credentials bearer".to_owned(),
        },
        need: route.need,
        source: route.source,
    };
    routes::all()
        .flat_map(|route| route.patterns.iter().map(move |path| row(route, path)))
        .chain(github::served())
        .collect()
}

/// One call on its way through a handler.
pub(crate) struct Call<'a> {
    /// The sandbox.
    pub(crate) state: &'a mut State,
    /// As received.
    pub(crate) request: &'a Request,
    /// Decoded path parameters.
    pub(crate) params: Vec<(&'static str, String)>,
    /// Decoded query.
    pub(crate) query: Fields,
    /// Unix milliseconds.
    pub(crate) now: u64,
    /// Whose token it is; `None` on public routes.
    pub(crate) holder: Option<Holder>,
    /// What kind of credential that is.
    pub(crate) credential: Credential,
    /// Of this call.
    pub(crate) correlation_id: &'a str,
}

impl Call<'_> {
    /// A path parameter; empty when the pattern has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params
            .iter()
            .find(|(n, _)| *n == name)
            .map_or("", |(_, value)| value)
    }

    /// The token's portal.
    pub(crate) fn portal(&self) -> Result<&Portal, ApiError> {
        self.holder
            .as_ref()
            .and_then(|holder| self.state.portals.get(&holder.portal))
            .map(|portal| &**portal)
            .ok_or_else(ApiError::no_credentials)
    }

    /// Whether the token holds a scope.
    pub(crate) fn holds(&self, scope: &str) -> bool {
        self.holder
            .as_ref()
            .is_some_and(|holder| holder.scopes.iter().any(|s| s == scope))
    }
}

/// Answers one request. Pure: everything it needs is in `state`, `request` and `now` (unix milliseconds).
pub fn handle(state: &mut State, request: &Request, now: u64) -> Response {
    if let Some(response) = control::answer(state, request, now) {
        return response;
    }
    let correlation_id = correlation_id(state, now);
    let fault =
        take_fault(state, request).or_else(|| control::conditions::standing(state, request, now));
    let is_github = github::serves(&request.path);
    let mut response = match &fault {
        Some(FaultAnswer::Slow(_) | FaultAnswer::Drop { .. }) | None if is_github => {
            github::answer(&mut state.github, request, now)
        }
        Some(answer) if is_github => github::faulty(&mut state.github, answer),
        Some(FaultAnswer::Slow(_) | FaultAnswer::Drop { .. }) | None => {
            route(state, request, now, &correlation_id)
        }
        Some(answer) => faulty(answer, &correlation_id),
    };
    match fault {
        Some(FaultAnswer::Slow(delay)) => response.delay += delay,
        Some(FaultAnswer::Drop { after_bytes }) => response.cut_after = Some(after_bytes),
        _ => {}
    }
    if !is_github && !request.path.contains("/authorize") {
        response.set("x-hubspot-correlation-id", &correlation_id);
    }
    remember(state, request, now, response.status);
    if request.method == "HEAD" {
        // What a GET would answer, without its body.
        response.set("content-length", &response.body.len().to_string());
        response.body.clear();
    }
    response
}

fn route(state: &mut State, request: &Request, now: u64, correlation_id: &str) -> Response {
    if request.path.len() + request.query.len() > state.switches.url_limit {
        return url_too_long();
    }
    let segments = segments(&request.path);
    let method = if request.method == "HEAD" {
        "GET"
    } else {
        &request.method
    };
    let mut allowed: Vec<&str> = Vec::new();
    let mut found = None;
    for candidate in routes::all() {
        if let Some(params) = matched(candidate, &segments) {
            if candidate.method == method {
                found = Some((candidate, params));
                break;
            }
            allowed.push(candidate.method);
        }
    }
    let Some((route, params)) = found else {
        if allowed.is_empty() {
            return not_found_page();
        }
        let mut response = ApiError::new(405, format!("{} is not supported here", request.method))
            .respond(correlation_id);
        allowed.dedup();
        response.set("allow", &allowed.join(", "));
        return response;
    };
    let is_token_endpoint =
        request.path.starts_with("/oauth/") && !request.path.contains("/authorize");
    let delay = if is_token_endpoint {
        state.switches.token_latency
    } else if matches!(route.access, Access::Public) {
        std::time::Duration::ZERO
    } else {
        state.switches.api_latency
    };
    let query = Fields::parse(request.query.as_bytes());
    let mut call = Call {
        state,
        request,
        params,
        query,
        now,
        holder: None,
        credential: Credential::None,
        correlation_id,
    };
    let mut response =
        judge::judged(&mut call, route).unwrap_or_else(|error| error.respond(correlation_id));
    response.delay += delay;
    response
}

/// Path parameters if `segments` fit one of the route's patterns.
fn matched(route: &Route, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    'patterns: for pattern in route.patterns {
        let mut params = Vec::new();
        let mut rest = segments.iter();
        for want in pattern[1..].split('/') {
            if let Some(name) = want.strip_prefix('{').and_then(|w| w.strip_suffix("*}")) {
                // All that is left, however deep; at least one segment.
                let tail: Vec<&str> = rest.by_ref().map(String::as_str).collect();
                if tail.is_empty() {
                    continue 'patterns;
                }
                params.push((name, tail.join("/")));
                break;
            }
            let Some(segment) = rest.next() else {
                continue 'patterns;
            };
            let fits = match want
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                None => want == segment,
                Some("date") => DATES.contains(&segment.as_str()),
                Some(name) => {
                    params.push((name, segment.clone()));
                    !segment.is_empty()
                }
            };
            if !fits {
                continue 'patterns;
            }
        }
        if rest.next().is_none() {
            return Some(params);
        }
    }
    None
}

/// Decoded segments; one trailing slash is ignored (platform 11, row 12).
pub(crate) fn segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(percent_decode).collect()
}

pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn correlation_id(state: &mut State, now: u64) -> String {
    // UUIDv7-shaped: HubSpot's ids sort by time.
    let tail = state.rng.uuid();
    format!(
        "{:08x}-{:04x}-7{}",
        (now >> 16) & 0xffff_ffff,
        now & 0xffff,
        &tail[15..]
    )
}

fn take_fault(state: &mut State, request: &Request) -> Option<FaultAnswer> {
    let fits = |fault: &Fault| {
        fault.remaining > 0
            && request.path.starts_with(&fault.path_prefix)
            && fault
                .method
                .as_ref()
                .is_none_or(|m| m.eq_ignore_ascii_case(&request.method))
    };
    let fault = state.faults.iter_mut().find(|fault| fits(fault))?;
    fault.remaining -= 1;
    let answer = fault.answer.clone();
    state.faults.retain(|fault| fault.remaining > 0);
    Some(answer)
}

fn faulty(answer: &FaultAnswer, correlation_id: &str) -> Response {
    match answer {
        FaultAnswer::Status(status @ 521..=526) => front_page(*status),
        FaultAnswer::Status(status) => {
            let message = if *status >= 500 {
                "internal error"
            } else {
                "refused by a fault of the sandbox"
            };
            ApiError::new(*status, message).respond(correlation_id)
        }
        FaultAnswer::Html502 => front_page(502),
        FaultAnswer::Garbage => {
            let mut response = Response::json(200, &());
            response.body = b"{\"results\":[{\"name\":\"cut off".to_vec();
            response
        }
        FaultAnswer::TooManyRequests { policy } => {
            ApiError::rate_limit(policy).respond(correlation_id)
        }
        FaultAnswer::Migration477 { retry_after } => {
            judge::migration(*retry_after).respond(correlation_id)
        }
        FaultAnswer::OAuth(status) => crate::oauth::error::of_status(status),
        FaultAnswer::Empty(status) => Response::empty(*status),
        FaultAnswer::Slow(_) | FaultAnswer::Drop { .. } => Response::empty(200),
    }
}

/// What Cloudflare answers when it does not reach HubSpot (platform 9.2).
fn front_page(status: u16) -> Response {
    let words = match status {
        502 => "Bad Gateway",
        521 => "Web server is down",
        522 => "Connection timed out",
        523 => "Origin is unreachable",
        524 => "A timeout occurred",
        525 => "SSL handshake failed",
        526 => "Invalid SSL certificate",
        _ => "Error",
    };
    Response::html(
        status,
        format!(
            "<!doctype html><html><head><title>{status} {words}</title></head>\
             <body><center><h1>{status} {words}</h1></center><hr><center>cloudflare</center></body></html>"
        ),
    )
}

/// 414 is the front's, not the API's: a web page (platform 9.2 knows no body).
fn url_too_long() -> Response {
    Response::html(
        414,
        "<html>\n<head><title>414 Request-URI Too Large</title></head>\n\
         <body><center><h1>414 Request-URI Too Large</h1></center></body>\n</html>\n"
            .to_owned(),
    )
}

/// Unknown routes answer a web page, not the envelope (platform 9.2).
pub(crate) fn not_found_page() -> Response {
    Response::html(
        404,
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n\
         <title>Error 404 Not Found</title>\n</head>\n<body><h2>HTTP ERROR 404</h2>\n\
         <p>Reason: <pre>Not Found</pre></p></body>\n</html>\n"
            .to_owned(),
    )
}

fn remember(state: &mut State, request: &Request, now: u64, status: u16) {
    const BODY_KEPT: usize = 64 * 1024;
    let is_form = request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    let form_fields = if is_form {
        Fields::parse(&request.body).names()
    } else {
        Vec::new()
    };
    let kept = &request.body[..request.body.len().min(BODY_KEPT)];
    state.record(RecordedCall {
        at: now,
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        content_type: request.header("content-type").map(str::to_owned),
        headers: request.headers.clone(),
        form_fields,
        body: String::from_utf8_lossy(kept).into_owned(),
        status,
    });
}

#[cfg(test)]
mod tests {
    use super::{percent_decode, routes, segments};

    #[test]
    fn every_route_names_its_source_and_starts_with_a_slash() {
        for route in routes::all() {
            assert!(!route.source.is_empty(), "{:?}", route.patterns);
            assert!(
                route
                    .patterns
                    .iter()
                    .all(|p| p.starts_with('/') && !p.ends_with('/'))
            );
        }
    }

    #[test]
    fn no_route_is_shadowed_by_an_earlier_one() {
        for (index, route) in routes::all().enumerate() {
            for pattern in route.patterns {
                let path = pattern.replace("{date}", "2026-09").replace(['{', '}'], "");
                let first = routes::all().position(|r| {
                    r.method == route.method && super::matched(r, &segments(&path)).is_some()
                });
                assert_eq!(first, Some(index), "{} {pattern}", route.method);
            }
        }
    }

    #[test]
    fn broken_percent_signs_stay_as_they_are() {
        let cases = [
            ("a%20b", "a b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("%+1", "%+1"),
            ("%C3%A9", "é"),
            ("é%4", "é%4"),
        ];
        for (input, want) in cases {
            assert_eq!(percent_decode(input), want);
        }
    }
}
