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

/// `GET /`
pub(in crate::github) fn root(call: &mut Call<'_>) -> Answer {
    let api = call.api();
    Ok(json(
        200,
        &json!({
            "current_user_url": format!("{api}/user"),
            "organization_url": format!("{api}/orgs/{{org}}"),
            "organization_repositories_url": format!("{api}/orgs/{{org}}/repos{{?type,page,per_page,sort}}"),
            "rate_limit_url": format!("{api}/rate_limit"),
            "repository_url": format!("{api}/repos/{{owner}}/{{repo}}"),
            "user_url": format!("{api}/users/{{user}}"),
            "user_organizations_url": format!("{api}/user/orgs"),
        }),
    ))
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
