//! Owns what the API says of itself: root, meta, versions, the state of the limits.

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the table's"
)]

use serde_json::{Value, json};

use crate::github::access::Caller;
use crate::github::answer::json;
use crate::github::call::{Answer, Call};
use crate::github::judge::VERSIONS;

/// What the root names, served here or not.
const PLACES: &[(&str, &str)] = &[
    ("current_user_url", "/user"),
    ("authorizations_url", "/authorizations"),
    (
        "code_search_url",
        "/search/code?q={query}{&page,per_page,sort,order}",
    ),
    (
        "commit_search_url",
        "/search/commits?q={query}{&page,per_page,sort,order}",
    ),
    ("emails_url", "/user/emails"),
    ("emojis_url", "/emojis"),
    ("events_url", "/events"),
    ("feeds_url", "/feeds"),
    ("followers_url", "/user/followers"),
    ("following_url", "/user/following{/target}"),
    ("gists_url", "/gists{/gist_id}"),
    ("hub_url", "/hub"),
    (
        "issue_search_url",
        "/search/issues?q={query}{&page,per_page,sort,order}",
    ),
    ("issues_url", "/issues"),
    ("keys_url", "/user/keys"),
    (
        "label_search_url",
        "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    ),
    ("notifications_url", "/notifications"),
    ("organization_url", "/orgs/{org}"),
    (
        "organization_repositories_url",
        "/orgs/{org}/repos{?type,page,per_page,sort}",
    ),
    ("organization_teams_url", "/orgs/{org}/teams"),
    ("public_gists_url", "/gists/public"),
    ("rate_limit_url", "/rate_limit"),
    ("repository_url", "/repos/{owner}/{repo}"),
    (
        "repository_search_url",
        "/search/repositories?q={query}{&page,per_page,sort,order}",
    ),
    (
        "current_user_repositories_url",
        "/user/repos{?type,page,per_page,sort}",
    ),
    ("starred_url", "/user/starred{/owner}{/repo}"),
    ("starred_gists_url", "/gists/starred"),
    (
        "topic_search_url",
        "/search/topics?q={query}{&page,per_page}",
    ),
    ("user_url", "/users/{user}"),
    ("user_organizations_url", "/user/orgs"),
    (
        "user_repositories_url",
        "/users/{user}/repos{?type,page,per_page,sort}",
    ),
    (
        "user_search_url",
        "/search/users?q={query}{&page,per_page,sort,order}",
    ),
];

/// `GET /`
pub(in crate::github) fn root(call: &mut Call<'_>) -> Answer {
    let api = call.api();
    let place = |(name, path): &(&str, &str)| ((*name).to_owned(), json!(format!("{api}{path}")));
    let mut out: Value = PLACES.iter().map(place).collect();
    let settings = format!(
        "{}/settings/connections/applications{{/client_id}}",
        call.base
    );
    out["current_user_authorizations_html_url"] = settings.into();
    Ok(json(200, &out))
}

/// `GET /meta`
pub(in crate::github) fn meta(_: &mut Call<'_>) -> Answer {
    let body =
        json!({ "verifiable_password_authentication": false, "installed_version": "3.19.0" });
    Ok(json(200, &body))
}

/// `GET /versions`
pub(in crate::github) fn versions(_: &mut Call<'_>) -> Answer {
    Ok(json(200, &VERSIONS.iter().rev().collect::<Vec<_>>()))
}

/// `GET /rate_limit`: costs nothing.
pub(in crate::github) fn rate_limit(call: &mut Call<'_>) -> Answer {
    let limits = &call.github.limits;
    let (key, limit) = match &call.caller {
        Caller::Anonymous => ("anonymous".to_owned(), limits.anonymous),
        Caller::User(token, _) => (format!("user {}", token.user), limits.hourly),
        Caller::App(client_id) => (format!("app {client_id}"), limits.hourly),
    };
    let usage = call.github.usage.get(&key).cloned().unwrap_or_default();
    let window = |limit: u32, used: u32, reset: u64| -> Value {
        json!({ "limit": limit, "used": used, "remaining": limit.saturating_sub(used), "reset": reset })
    };
    let core = window(limit, usage.used, usage.reset);
    let unused = |limit| window(limit, 0, call.now + 3_600);
    Ok(json(
        200,
        &json!({
            "resources": { "core": core, "search": window(30, 0, call.now + 60), "graphql": unused(limit) },
            "rate": core,
        }),
    ))
}
