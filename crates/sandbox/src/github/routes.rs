//! Owns GitHub's table of routes: method, paths, permission, cost, room, source. Holds no logic; literal paths stand
//! above those with parameters that would swallow them (a test holds this).

use super::access::Need;
use super::call::{Answer, Call, Route};
use super::limits::Weight;
use super::oauth;
use super::rest::{
    accounts, applications, branches, commits, contents, meta, objects, refs, repositories,
};

/// The source of the one call that costs nothing.
pub(super) const RATE_LIMIT: &str =
    "rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user";

type Handler = fn(&mut Call<'_>) -> Answer;
type Paths = &'static [&'static str];

const fn route(
    method: &'static str,
    patterns: Paths,
    need: Need,
    handler: Handler,
    source: &'static str,
) -> Route {
    let weight = match need {
        Need::WriteContents | Need::CreateRepository => Weight::Content,
        _ => Weight::Read,
    };
    Route {
        method,
        patterns,
        need,
        weight,
        handler,
        source,
    }
}

const fn get(patterns: Paths, need: Need, handler: Handler, source: &'static str) -> Route {
    route("GET", patterns, need, handler, source)
}

const fn web(
    method: &'static str,
    patterns: Paths,
    handler: Handler,
    source: &'static str,
) -> Route {
    route(method, patterns, Need::Nothing, handler, source)
}

impl Route {
    /// A change that creates no content.
    const fn writes(self) -> Self {
        Self {
            weight: Weight::Write,
            ..self
        }
    }
}

const AUTHORIZING: &str = "apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps";
const INSTALLING: &str = "apps/using-github-apps/installing-a-github-app-from-a-third-party";

/// Pages and OAuth.
#[rustfmt::skip]
pub(super) const WEB: &[Route] = &[
    web("GET", &["/login/oauth/authorize"], oauth::authorize::page, AUTHORIZING),
    web("POST", &["/login/oauth/authorize"], oauth::authorize::decide, AUTHORIZING),
    web("POST", &["/login/oauth/access_token"], oauth::token::exchange, AUTHORIZING),
    web("GET", &["/apps/{slug}/installations/new", "/apps/{slug}/installations/select_target"], oauth::install::page, INSTALLING),
    web("POST", &["/apps/{slug}/installations/new"], oauth::install::decide, INSTALLING),
    web("GET", &["/settings/installations/{installation_id}"], oauth::install::manage, "apps/using-github-apps/reviewing-and-modifying-installed-github-apps"),
];

/// The REST API.
#[rustfmt::skip]
pub(super) const REST: &[Route] = &[
    get(&["/api/v3"], Need::Nothing, meta::root, "rest/meta/meta#github-api-root"),
    get(&["/api/v3/meta"], Need::Nothing, meta::meta, "rest/meta/meta#get-github-meta-information"),
    get(&["/api/v3/versions"], Need::Nothing, meta::versions, "rest/meta/meta#get-all-api-versions"),
    get(&["/api/v3/rate_limit"], Need::Nothing, meta::rate_limit, RATE_LIMIT),

    get(&["/api/v3/user"], Need::User, accounts::me, "rest/users/users#get-the-authenticated-user"),
    get(&["/api/v3/user/orgs"], Need::Organizations, accounts::my_organizations, "rest/orgs/orgs#list-organizations-for-the-authenticated-user"),
    get(&["/api/v3/user/installations"], Need::GitHubApp, accounts::my_installations, "rest/apps/installations#list-app-installations-accessible-to-the-user-access-token"),
    get(&["/api/v3/user/installations/{installation_id}/repositories"], Need::GitHubApp, accounts::installation_repositories, "rest/apps/installations#list-repositories-accessible-to-the-user-access-token"),
    get(&["/api/v3/users/{username}"], Need::Nothing, accounts::user, "rest/users/users#get-a-user"),
    get(&["/api/v3/orgs/{org}"], Need::Nothing, accounts::organization, "rest/orgs/orgs#get-an-organization"),

    get(&["/api/v3/user/repos"], Need::User, repositories::mine, "rest/repos/repos#list-repositories-for-the-authenticated-user"),
    route("POST", &["/api/v3/user/repos"], Need::CreateRepository, repositories::create, "rest/repos/repos#create-a-repository-for-the-authenticated-user"),
    get(&["/api/v3/orgs/{org}/repos"], Need::Nothing, repositories::of_organization, "rest/repos/repos#list-organization-repositories"),
    route("POST", &["/api/v3/orgs/{org}/repos"], Need::CreateRepository, repositories::create, "rest/repos/repos#create-an-organization-repository"),
    get(&["/api/v3/repos/{owner}/{repo}", "/api/v3/repositories/{repository_id}"], Need::Metadata, repositories::one, "rest/repos/repos#get-a-repository"),

    get(&["/api/v3/repos/{owner}/{repo}/branches", "/api/v3/repositories/{repository_id}/branches"], Need::ReadContents, branches::list, "rest/branches/branches#list-branches"),
    get(&["/api/v3/repos/{owner}/{repo}/branches/{branch*}", "/api/v3/repositories/{repository_id}/branches/{branch*}"], Need::ReadContents, branches::one, "rest/branches/branches#get-a-branch"),

    get(&["/api/v3/repos/{owner}/{repo}/contents", "/api/v3/repos/{owner}/{repo}/contents/{path*}", "/api/v3/repositories/{repository_id}/contents", "/api/v3/repositories/{repository_id}/contents/{path*}"], Need::ReadContents, contents::read, "rest/repos/contents#get-repository-content"),
    route("PUT", &["/api/v3/repos/{owner}/{repo}/contents/{path*}", "/api/v3/repositories/{repository_id}/contents/{path*}"], Need::WriteContents, contents::write, "rest/repos/contents#create-or-update-file-contents"),
    route("DELETE", &["/api/v3/repos/{owner}/{repo}/contents/{path*}", "/api/v3/repositories/{repository_id}/contents/{path*}"], Need::WriteContents, contents::delete, "rest/repos/contents#delete-a-file"),

    route("POST", &["/api/v3/repos/{owner}/{repo}/git/blobs", "/api/v3/repositories/{repository_id}/git/blobs"], Need::WriteContents, objects::create_blob, "rest/git/blobs#create-a-blob"),
    get(&["/api/v3/repos/{owner}/{repo}/git/blobs/{sha}", "/api/v3/repositories/{repository_id}/git/blobs/{sha}"], Need::ReadContents, objects::blob, "rest/git/blobs#get-a-blob"),
    route("POST", &["/api/v3/repos/{owner}/{repo}/git/trees", "/api/v3/repositories/{repository_id}/git/trees"], Need::WriteContents, objects::create_tree, "rest/git/trees#create-a-tree"),
    get(&["/api/v3/repos/{owner}/{repo}/git/trees/{sha*}", "/api/v3/repositories/{repository_id}/git/trees/{sha*}"], Need::ReadContents, objects::tree, "rest/git/trees#get-a-tree"),
    route("POST", &["/api/v3/repos/{owner}/{repo}/git/commits", "/api/v3/repositories/{repository_id}/git/commits"], Need::WriteContents, objects::create_commit, "rest/git/commits#create-a-commit"),
    get(&["/api/v3/repos/{owner}/{repo}/git/commits/{sha}", "/api/v3/repositories/{repository_id}/git/commits/{sha}"], Need::ReadContents, objects::commit, "rest/git/commits#get-a-commit-object"),
    get(&["/api/v3/repos/{owner}/{repo}/git/ref/{ref*}", "/api/v3/repositories/{repository_id}/git/ref/{ref*}"], Need::ReadContents, refs::one, "rest/git/refs#get-a-reference"),
    get(&["/api/v3/repos/{owner}/{repo}/git/matching-refs/{ref*}", "/api/v3/repositories/{repository_id}/git/matching-refs/{ref*}"], Need::ReadContents, refs::matching, "rest/git/refs#list-matching-references"),
    route("POST", &["/api/v3/repos/{owner}/{repo}/git/refs", "/api/v3/repositories/{repository_id}/git/refs"], Need::WriteContents, refs::create, "rest/git/refs#create-a-reference"),
    route("PATCH", &["/api/v3/repos/{owner}/{repo}/git/refs/{ref*}", "/api/v3/repositories/{repository_id}/git/refs/{ref*}"], Need::WriteContents, refs::update, "rest/git/refs#update-a-reference").writes(),
    route("DELETE", &["/api/v3/repos/{owner}/{repo}/git/refs/{ref*}", "/api/v3/repositories/{repository_id}/git/refs/{ref*}"], Need::WriteContents, refs::delete, "rest/git/refs#delete-a-reference").writes(),

    get(&["/api/v3/repos/{owner}/{repo}/commits", "/api/v3/repositories/{repository_id}/commits"], Need::ReadContents, commits::list, "rest/commits/commits#list-commits"),
    get(&["/api/v3/repos/{owner}/{repo}/commits/{ref*}", "/api/v3/repositories/{repository_id}/commits/{ref*}"], Need::ReadContents, commits::one, "rest/commits/commits#get-a-commit"),
    get(&["/api/v3/repos/{owner}/{repo}/compare/{basehead*}", "/api/v3/repositories/{repository_id}/compare/{basehead*}"], Need::ReadContents, commits::compare, "rest/commits/commits#compare-two-commits"),

    route("POST", &["/api/v3/applications/{client_id}/token"], Need::App, applications::check, "rest/apps/oauth-applications#check-a-token").writes(),
    route("PATCH", &["/api/v3/applications/{client_id}/token"], Need::App, applications::reset, "rest/apps/oauth-applications#reset-a-token").writes(),
    route("DELETE", &["/api/v3/applications/{client_id}/token"], Need::App, applications::delete_token, "rest/apps/oauth-applications#delete-an-app-token").writes(),
    route("DELETE", &["/api/v3/applications/{client_id}/grant"], Need::App, applications::delete_grant, "rest/apps/oauth-applications#delete-an-app-authorization").writes(),
    route("POST", &["/api/v3/applications/{client_id}/token/scoped"], Need::App, applications::scope, "rest/apps/apps#create-a-scoped-access-token").writes(),
];

#[cfg(test)]
mod tests {
    use super::{REST, WEB};

    #[test]
    fn every_route_names_its_source_and_none_is_shadowed() {
        for table in [WEB, REST] {
            for (index, route) in table.iter().enumerate() {
                assert!(!route.source.is_empty());
                for pattern in route.patterns {
                    let path = pattern.replace('*', "").replace(['{', '}'], "");
                    let segments: Vec<String> = path[1..].split('/').map(str::to_owned).collect();
                    let first = table
                        .iter()
                        .position(|r| r.method == route.method && r.matched(&segments).is_some());
                    assert_eq!(first, Some(index), "{} {pattern}", route.method);
                    assert!(crate::github::serves(&path), "{path}");
                }
            }
        }
    }
}
