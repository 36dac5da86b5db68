//! Owns how accounts, installations and repositories print. Decides nothing; what git holds prints in `rest/objects.rs`.

use serde_json::{Value, json};

use super::answer::node_id;
use super::model::{Account, GitHub, Installation, Level, Repository};
use super::when;

/// An account as it stands inside other answers.
pub(super) fn simple_user(base: &str, account: &Account) -> Value {
    let login = &account.login;
    let api = format!("{base}/api/v3/users/{login}");
    json!({
        "login": login,
        "id": account.id,
        "node_id": node_id(account.kind(), account.id),
        "avatar_url": format!("{base}/avatars/u/{}?v=4", account.id),
        "gravatar_id": "",
        "url": api,
        "html_url": format!("{base}/{login}"),
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": account.kind(),
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// The account of an id, a ghost when it is gone.
pub(super) fn owner(github: &GitHub, base: &str, id: u64) -> Value {
    match github.accounts.get(&id) {
        Some(account) => simple_user(base, account),
        None => Value::Null,
    }
}

fn merge(mut into: Value, more: Value) -> Value {
    if let (Value::Object(into), Value::Object(more)) = (&mut into, more) {
        into.extend(more);
    }
    into
}

/// A user's own or public profile.
pub(super) fn profile(github: &GitHub, base: &str, account: &Account, own: bool) -> Value {
    let (mut public, mut private) = (0, 0);
    for repository in github
        .repositories
        .values()
        .filter(|r| r.owner == account.id)
    {
        *if repository.private {
            &mut private
        } else {
            &mut public
        } += 1;
    }
    let shown = json!({
        "name": account.name,
        "company": null,
        "blog": "",
        "location": null,
        "email": account.email,
        "hireable": null,
        "bio": null,
        "twitter_username": null,
        "public_repos": public,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": when::written(account.created_at),
        "updated_at": when::written(account.created_at),
    });
    let shown = merge(simple_user(base, account), shown);
    if !own {
        return shown;
    }
    let more = json!({
        "user_view_type": "private",
        "notification_email": account.email,
        "private_gists": 0,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": true,
        "plan": { "name": "pro", "space": 976_562_499, "collaborators": 0, "private_repos": 9_999 },
    });
    merge(shown, more)
}

/// An organization in a listing.
pub(super) fn organization(base: &str, account: &Account) -> Value {
    let login = &account.login;
    let api = format!("{base}/api/v3/orgs/{login}");
    json!({
        "login": login,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": api,
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events"),
        "hooks_url": format!("{api}/hooks"),
        "issues_url": format!("{api}/issues"),
        "members_url": format!("{api}/members{{/member}}"),
        "public_members_url": format!("{api}/public_members{{/member}}"),
        "avatar_url": format!("{base}/avatars/u/{}?v=4", account.id),
        "description": account.name,
    })
}

/// An organization by itself.
pub(super) fn full_organization(github: &GitHub, base: &str, account: &Account) -> Value {
    let public = github.repositories.values();
    let public = public
        .filter(|r| r.owner == account.id && !r.private)
        .count();
    let more = json!({
        "name": account.name,
        "email": account.email,
        "is_verified": false,
        "has_organization_projects": true,
        "has_repository_projects": true,
        "public_repos": public,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": format!("{base}/{}", account.login),
        "created_at": when::written(account.created_at),
        "updated_at": when::written(account.created_at),
        "archived_at": null,
        "type": "Organization",
    });
    merge(organization(base, account), more)
}

/// An installation.
pub(super) fn installation(github: &GitHub, base: &str, installation: &Installation) -> Value {
    let api = format!("{base}/api/v3");
    let app = github.app(&installation.client_id);
    let account = github.accounts.get(&installation.account);
    json!({
        "id": installation.id,
        "client_id": installation.client_id,
        "account": owner(github, base, installation.account),
        "repository_selection": if installation.selected.is_some() { "selected" } else { "all" },
        "access_tokens_url": format!("{api}/app/installations/{}/access_tokens", installation.id),
        "repositories_url": format!("{api}/installation/repositories"),
        "html_url": format!("{base}/settings/installations/{}", installation.id),
        "app_id": app.map_or(0, |app| app.id),
        "app_slug": app.map_or("", |app| app.slug.as_str()),
        "target_id": installation.account,
        "target_type": account.map_or("User", |account| account.kind()),
        "permissions": installation.permissions,
        "events": [],
        "created_at": when::written(installation.created_at),
        "updated_at": when::written(installation.updated_at),
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": installation.suspended.map(|(_, by)| owner(github, base, by)),
        "suspended_at": installation.suspended.map(|(at, _)| when::written(at)),
    })
}

/// What stands in `permissions` of a repository.
fn permissions(level: Level) -> Value {
    json!({
        "admin": level >= Level::Admin,
        "maintain": level >= Level::Maintain,
        "push": level >= Level::Push,
        "triage": level >= Level::Triage,
        "pull": true,
    })
}

/// A repository as listings show it, which is also most of it by itself.
pub(super) fn repository(
    github: &GitHub,
    base: &str,
    repository: &Repository,
    level: Option<Level>,
) -> Value {
    let login = github
        .accounts
        .get(&repository.owner)
        .map_or("ghost", |a| a.login.as_str());
    let full_name = format!("{login}/{}", repository.name);
    let html = format!("{base}/{full_name}");
    let api = format!("{base}/api/v3/repos/{full_name}");
    let size: usize = repository.store.size() / 1_024;
    let identity = json!({
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "owner": owner(github, base, repository.owner),
        "html_url": html,
        "description": repository.description,
        "fork": false,
        "url": api,
        "created_at": when::written(repository.created_at),
        "updated_at": when::written(repository.updated_at),
        "pushed_at": when::written(repository.pushed_at),
        "git_url": format!("git:{}.git", html.trim_start_matches("http:")),
        "ssh_url": format!("git@{}:{full_name}.git", base.trim_start_matches("http://")),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
    });
    let facts = json!({
        "homepage": null,
        "size": size,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": 0,
        "mirror_url": null,
        "archived": repository.archived,
        "disabled": false,
        "open_issues_count": 0,
        "license": null,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": if repository.private { "private" } else { "public" },
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "default_branch": repository.default_branch,
    });
    let mut out = merge(identity, facts);
    if let Some(level) = level {
        out["permissions"] = permissions(level);
    }
    let plain = [
        ("forks", "/forks"),
        ("teams", "/teams"),
        ("hooks", "/hooks"),
        ("events", "/events"),
        ("tags", "/tags"),
        ("languages", "/languages"),
        ("stargazers", "/stargazers"),
        ("contributors", "/contributors"),
        ("subscribers", "/subscribers"),
        ("subscription", "/subscription"),
        ("merges", "/merges"),
        ("downloads", "/downloads"),
        ("deployments", "/deployments"),
        ("keys", "/keys{/key_id}"),
        ("collaborators", "/collaborators{/collaborator}"),
        ("issue_events", "/issues/events{/number}"),
        ("assignees", "/assignees{/user}"),
        ("branches", "/branches{/branch}"),
        ("blobs", "/git/blobs{/sha}"),
        ("git_tags", "/git/tags{/sha}"),
        ("git_refs", "/git/refs{/sha}"),
        ("trees", "/git/trees{/sha}"),
        ("statuses", "/statuses/{sha}"),
        ("commits", "/commits{/sha}"),
        ("git_commits", "/git/commits{/sha}"),
        ("comments", "/comments{/number}"),
        ("issue_comment", "/issues/comments{/number}"),
        ("contents", "/contents/{+path}"),
        ("compare", "/compare/{base}...{head}"),
        ("archive", "/{archive_format}{/ref}"),
        ("issues", "/issues{/number}"),
        ("pulls", "/pulls{/number}"),
        ("milestones", "/milestones{/number}"),
        ("notifications", "/notifications{?since,all,participating}"),
        ("labels", "/labels{/name}"),
        ("releases", "/releases{/id}"),
    ];
    for (name, path) in plain {
        out[format!("{name}_url")] = Value::String(format!("{api}{path}"));
    }
    out
}

/// A repository by itself.
pub(super) fn full_repository(
    github: &GitHub,
    base: &str,
    of: &Repository,
    level: Option<Level>,
) -> Value {
    let mut out = repository(github, base, of, level);
    let more = json!({
        "subscribers_count": 0,
        "network_count": 0,
        "temp_clone_token": null,
        "custom_properties": {},
        "allow_squash_merge": true,
        "allow_merge_commit": true,
        "allow_rebase_merge": true,
        "allow_auto_merge": false,
        "delete_branch_on_merge": false,
        "allow_update_branch": false,
    });
    out = merge(out, more);
    if let Some(account) = github
        .accounts
        .get(&of.owner)
        .filter(|a| a.organization.is_some())
    {
        out["organization"] = simple_user(base, account);
    }
    out
}
