//! Owns the way of a REST call: headers GitHub insists on, credential, limits, permission, redirect of a renamed
//! repository, handler, validators. Knows routes only as data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::access::{Caller, Need};
use super::answer;
use super::call::{Answer, Call, Route, accepts};
use super::error::{DOCS, Error};
use super::limits::{Exceeded, Usage, Weight};
use super::model::{AppKind, GitHub};
use super::routes;
use super::when;
use crate::http::{Fields, Request, Response};

/// Versions of the REST API; the first is the one of a call that names none.
pub(super) const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

const EXPOSED: &str = "ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, X-RateLimit-Remaining, \
    X-RateLimit-Used, X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, \
    X-Poll-Interval, X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, Deprecation, Sunset";

/// Answers a call below `/api/v3`; `segments` are those of the whole path, `now` is unix seconds.
pub(super) fn rest(
    github: &mut GitHub,
    request: &Request,
    segments: &[String],
    base: String,
    now: u64,
) -> Response {
    let mut response = if request.method == "OPTIONS" {
        preflight()
    } else if request
        .header("user-agent")
        .is_none_or(|agent| agent.trim().is_empty())
    {
        no_user_agent()
    } else {
        versioned(github, request, segments, base, now)
    };
    response.set("x-github-request-id", &request_id(github));
    response.set("access-control-allow-origin", "*");
    response.set("access-control-expose-headers", EXPOSED);
    response
}

fn versioned(
    github: &mut GitHub,
    request: &Request,
    segments: &[String],
    base: String,
    now: u64,
) -> Response {
    let version = request
        .header("x-github-api-version")
        .unwrap_or(VERSIONS[0]);
    if !VERSIONS.contains(&version) {
        let shown: String = version.chars().take(40).collect();
        let message = format!("{shown} is not a valid version of the REST API.");
        return Error::new(400, message)
            .documented("https://docs.github.com/rest/about-the-rest-api/api-versions")
            .respond(DOCS);
    }
    let mut response = match caller(github, request, now) {
        Ok(caller) => counted(github, request, segments, base, now, caller),
        Err(error) => error.respond(DOCS),
    };
    let media = match ["raw", "object"]
        .into_iter()
        .find(|kind| accepts(request, kind))
    {
        Some(kind) => format!("github.v3; param={kind}; format=json"),
        None => "github.v3; format=json".to_owned(),
    };
    response.set("x-github-media-type", &media);
    response.set("x-github-api-version-selected", version);
    response
}

/// Who calls, by `Authorization`.
fn caller(github: &GitHub, request: &Request, now: u64) -> Result<Caller, Error> {
    let Some(header) = request.header("authorization") else {
        return Ok(Caller::Anonymous);
    };
    let (scheme, value) = header.split_once(' ').unwrap_or((header, ""));
    let secret = match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => value.trim().to_owned(),
        "basic" => {
            let pair = STANDARD
                .decode(value.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(Error::bad_credentials)?;
            let (name, password) = pair.split_once(':').unwrap_or((&pair, ""));
            if let Some(app) = github.app(name) {
                return if app.client_secret == password {
                    Ok(Caller::App(app.client_id.clone()))
                } else {
                    Err(Error::bad_credentials())
                };
            }
            // A token also works as the password or the user name.
            if password.is_empty() || password == "x-oauth-basic" {
                name
            } else {
                password
            }
            .to_owned()
        }
        _ => return Err(Error::bad_credentials()),
    };
    let token = github
        .tokens
        .get(&secret)
        .filter(|t| t.expires_at.is_none_or(|at| now < at));
    let token = token.ok_or_else(Error::bad_credentials)?;
    let app = github
        .app(&token.client_id)
        .ok_or_else(Error::bad_credentials)?;
    Ok(Caller::User(Box::new(token.clone()), app.kind))
}

fn counted(
    github: &mut GitHub,
    request: &Request,
    segments: &[String],
    base: String,
    now: u64,
    caller: Caller,
) -> Response {
    let method = if request.method == "HEAD" {
        "GET"
    } else {
        &request.method
    };
    let found = routes::REST
        .iter()
        .filter(|route| route.method == method)
        .find_map(|route| Some((route, route.matched(segments)?)));
    let (key, limit) = match &caller {
        Caller::Anonymous => ("anonymous".to_owned(), github.limits.anonymous),
        Caller::User(token, _) => (format!("user {}", token.user), github.limits.hourly),
        Caller::App(client_id) => (format!("app {client_id}"), github.limits.hourly),
    };
    let free = found
        .as_ref()
        .is_some_and(|(route, _)| route.source == routes::RATE_LIMIT);
    let weight = found
        .as_ref()
        .map_or(Weight::Read, |(route, _)| route.weight);
    let limits = github.limits.clone();
    let usage = github.usage.entry(key.clone()).or_default();
    usage.roll(now);
    let admitted = if free {
        Ok(())
    } else {
        usage.admit(now, limit, &limits, weight)
    };
    let mut response = match (admitted, found) {
        (Err(Exceeded::Primary), _) => {
            let status = if github.switches.limits_answer_429 {
                429
            } else {
                403
            };
            Error::primary_limit(status, caller.user()).respond(DOCS)
        }
        (Err(Exceeded::Secondary(wait)), _) => Error::secondary_limit(wait).respond(DOCS),
        (Ok(()), None) => Error::not_found().respond(DOCS),
        (Ok(()), Some((route, params))) => {
            let mut call = Call {
                github,
                request,
                params,
                query: Fields::parse(request.query.as_bytes()),
                now,
                caller: caller.clone(),
                base,
                repository: None,
            };
            let documentation = format!("https://docs.github.com/{}", route.source);
            let mut response =
                judged(&mut call, route).unwrap_or_else(|error| error.respond(&documentation));
            if method == "GET" && response.status == 200 && answer::validate(request, &mut response)
            {
                github.usage.entry(key.clone()).or_default().give_back();
            }
            describe(&mut response, &caller, route.need);
            response
        }
    };
    let usage = github.usage.entry(key).or_default();
    show(&mut response, usage, limit);
    response
}

/// Permission, then the handler.
fn judged(call: &mut Call<'_>, route: &Route) -> Answer {
    let pair = (&call.caller, route.need);
    match pair {
        (Caller::App(client_id), Need::App) => {
            if client_id != call.param("client_id") {
                return Err(Error::not_found());
            }
        }
        (_, Need::App) => return Err(Error::requires_authentication()),
        (Caller::User(_, AppKind::OAuthApp), Need::GitHubApp) => {
            let why = "You must authenticate with an access token authorized to a GitHub App in order to list installations";
            return Err(Error::new(403, why));
        }
        (caller @ Caller::User(..), Need::Organizations) => {
            let scopes = ["admin:org", "read:org", "write:org", "repo", "user"];
            if !GitHub::scoped(caller, &scopes) {
                let why =
                    "You need at least read:org scope or user scope to list your organizations.";
                return Err(Error::new(403, why));
            }
        }
        (_, Need::Nothing | Need::Metadata | Need::ReadContents | Need::WriteContents)
        | (Caller::User(..), _) => {}
        _ => return Err(Error::requires_authentication()),
    }
    let in_repository = call
        .params
        .iter()
        .any(|(name, _)| *name == "repo" || *name == "repository_id");
    if in_repository && let Some(elsewhere) = enter(call, route.need)? {
        return Ok(elsewhere);
    }
    (route.handler)(call)
}

/// Finds the repository of the path; a redirect when it is called something else now.
fn enter(call: &mut Call<'_>, need: Need) -> Result<Option<Response>, Error> {
    let github = &*call.github;
    let (owner, name) = (call.param("owner"), call.param("repo"));
    let (found, moved) = if name.is_empty() {
        let id = call.param("repository_id").parse().ok();
        (
            id.and_then(|id: u64| github.repositories.get(&id))
                .map(|r| &**r),
            false,
        )
    } else if let Some(repository) = github.repository(owner, name) {
        (Some(repository), false)
    } else {
        let former = format!("{owner}/{name}").to_ascii_lowercase();
        let id = github.renamed.get(&former);
        (
            id.and_then(|id| github.repositories.get(id)).map(|r| &**r),
            true,
        )
    };
    let repository = found.ok_or_else(Error::not_found)?;
    let level = github.reach(&call.caller, repository, need, &call.base)?;
    let id = repository.id;
    if need == Need::WriteContents && repository.archived && !moved {
        return Err(Error::new(403, "Repository was archived so is read-only."));
    }
    call.repository = Some((id, level));
    if !moved {
        return Ok(None);
    }
    // What follows the repository's name, as the caller encoded it.
    let rest = call.request.path.splitn(7, '/').nth(6);
    let rest = rest.map_or_else(String::new, |rest| format!("/{rest}"));
    let query = if call.request.query.is_empty() {
        String::new()
    } else {
        format!("?{}", call.request.query)
    };
    let url = format!("{}/repositories/{id}{rest}{query}", call.api());
    let (status, message) = match call.request.method.as_str() {
        "GET" | "HEAD" => (301, "Moved Permanently"),
        _ => (307, "Temporary Redirect"),
    };
    let body = serde_json::json!({
        "message": message, "url": url,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    });
    let mut response = answer::json(status, &body);
    response.set("location", &url);
    Ok(Some(response))
}

/// Headers about the token.
fn describe(response: &mut Response, caller: &Caller, need: Need) {
    response.set("cache-control", "private, max-age=60, s-maxage=60");
    response.set(
        "vary",
        "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With",
    );
    let Caller::User(token, kind) = caller else {
        response.set("cache-control", "public, max-age=60, s-maxage=60");
        return;
    };
    match kind {
        AppKind::OAuthApp => {
            let scopes: Vec<&str> = token.scopes.iter().map(String::as_str).collect();
            response.set("x-oauth-scopes", &scopes.join(", "));
            response.set("x-accepted-oauth-scopes", need.scopes());
            response.set("x-oauth-client-id", &token.client_id);
        }
        AppKind::GitHubApp => {
            if need.permission().contains('=') {
                response.set("x-accepted-github-permissions", need.permission());
            }
        }
    }
    if let Some(at) = token.expires_at {
        let at = when::written(at).replace('T', " ").replace('Z', " UTC");
        response.set("github-authentication-token-expiration", &at);
    }
}

fn show(response: &mut Response, usage: &Usage, limit: u32) {
    let remaining = limit.saturating_sub(usage.used);
    response.set("x-ratelimit-limit", &limit.to_string());
    response.set("x-ratelimit-remaining", &remaining.to_string());
    response.set("x-ratelimit-reset", &usage.reset.to_string());
    response.set("x-ratelimit-used", &usage.used.to_string());
    response.set("x-ratelimit-resource", "core");
}

fn preflight() -> Response {
    let mut response = Response::empty(204);
    response.set("access-control-allow-headers", "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, \
        If-Unmodified-Since, Accept-Encoding, X-GitHub-OTP, X-Requested-With, User-Agent, GraphQL-Features, \
        X-GitHub-Api-Version");
    response.set(
        "access-control-allow-methods",
        "GET, POST, PATCH, PUT, DELETE",
    );
    response.set("access-control-max-age", "86400");
    response
}

fn no_user_agent() -> Response {
    let mut response = Response::html(
        403,
        "\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header \
         (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). \
         Check https://developer.github.com for other possible causes.\n"
            .to_owned(),
    );
    response.set("content-type", "text/html; charset=utf-8");
    response
}

/// In GitHub's shape: five groups of hex digits.
pub(super) fn request_id(github: &mut GitHub) -> String {
    let (a, b) = (github.rng.next_u64(), github.rng.next_u64());
    format!(
        "{:04X}:{:06X}:{:07X}:{:07X}:{:08X}",
        a & 0xffff,
        (a >> 16) & 0xff_ffff,
        (a >> 40) & 0xff_ffff,
        b & 0xfff_ffff,
        b >> 32
    )
}
