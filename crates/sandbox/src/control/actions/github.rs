//! Owns what may happen to GitHub: authorizations, installations, repositories, limits. The doing is GitHub's own room's.

use serde_json::{Value, json};

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::github::model::{Level, Role};

const APP: Field = need("app", Kind::Text, "client id");
const ACCOUNT: Field = need("account", Kind::Text, "login of the user or organization");
const LOGIN: Field = need("login", Kind::Text, "the user's login");
const OWNER: Field = need("owner", Kind::Text, "login of the owner");
const NAME: Field = need("name", Kind::Text, "the repository's name");
const ON: Field = need("on", Kind::Flag, "whether it is so");
const LEVELS: &[&str] = &["none", "pull", "triage", "push", "maintain", "admin"];

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("github-issue-tokens", "Authorizes a GitHub app as if a user had, and gives the tokens.", &[
        APP, LOGIN, may("scopes", Kind::Text, "for OAuth apps, separated by spaces"),
    ], issue),
    action("github-revoke-grant", "The user revokes an app's authorization: all its tokens of theirs die.", &[APP, LOGIN],
        |act| told(act, |act, of| act.state.github.revoke_grant(of("app"), of("login")))),
    action("github-expire-tokens", "Makes every expiring access token of a user expired; refresh tokens live on.", &[LOGIN],
        |act| told(act, |act, of| act.state.github.expire_tokens(of("login"), act.now))),
    action("github-expire-refresh-tokens", "Makes every refresh token of a user expired.", &[LOGIN],
        |act| told(act, |act, of| act.state.github.expire_refresh_tokens(of("login"), act.now))),
    action("github-install", "Installs a GitHub App in an account, or changes what it may reach.", &[
        APP, ACCOUNT, may("repositories", Kind::Words, "names; all if left out"),
    ], install),
    action("github-uninstall", "Removes a GitHub App from an account.", &[APP, ACCOUNT],
        |act| told(act, |act, of| act.state.github.uninstall(of("app"), of("account")))),
    action("github-suspend", "Suspends an installation, or ends the suspension.", &[APP, ACCOUNT, ON],
        |act| told(act, |act, of| act.state.github.suspend(of("app"), of("account"), on(act), act.now))),
    action("github-rename-repository", "Renames a repository: the old name redirects.", &[
        OWNER, NAME, need("newName", Kind::Text, "its new name"),
    ], |act| told(act, |act, of| act.state.github.rename_repository(of("owner"), of("name"), of("newName")))),
    action("github-delete-repository", "Deletes a repository.", &[OWNER, NAME],
        |act| told(act, |act, of| act.state.github.delete_repository(of("owner"), of("name")))),
    action("github-archive-repository", "Archives a repository, or brings it back.", &[OWNER, NAME, ON],
        |act| told(act, |act, of| act.state.github.archive_repository(of("owner"), of("name"), on(act)))),
    action("github-set-private", "Makes a repository private or public.", &[OWNER, NAME, ON],
        |act| told(act, |act, of| act.state.github.set_private(of("owner"), of("name"), on(act)))),
    action("github-set-collaborator", "What a user may do in a repository; none removes them.", &[
        OWNER, NAME, LOGIN, need("level", Kind::OneOf(LEVELS), "what they may do"),
    ], |act| told(act, |act, of| act.state.github.set_collaborator(of("owner"), of("name"), of("login"), level(of("level"))))),
    action("github-protect-branch", "Protects a branch, or stops.", &[
        OWNER, NAME, need("branch", Kind::Text, "its name"), ON,
    ], |act| told(act, |act, of| act.state.github.protect_branch(of("owner"), of("name"), of("branch"), on(act)))),
    action("github-delete-branch", "Deletes a branch behind the app's back.", &[
        OWNER, NAME, need("branch", Kind::Text, "its name"),
    ], |act| told(act, |act, of| act.state.github.delete_branch(of("owner"), of("name"), of("branch")))),
    action("github-push-file", "Somebody else commits a file to a branch.", &[
        OWNER, NAME, need("branch", Kind::Text, "its name"), need("path", Kind::Text, "the file"), need("content", Kind::Text, "its text"),
    ], push),
    action("github-set-default-branch", "Another branch becomes the default.", &[
        OWNER, NAME, need("branch", Kind::Text, "its name"),
    ], |act| told(act, |act, of| act.state.github.set_default_branch(of("owner"), of("name"), of("branch")))),
    action("github-set-member", "What a user is in an organization; none removes them, also from its repositories.", &[
        ACCOUNT, LOGIN, need("role", Kind::OneOf(&["none", "member", "owner"]), "what they are"),
    ], |act| told(act, |act, of| act.state.github.set_member(of("account"), of("login"), role(of("role"))))),
    action("github-authorize-sso", "The user authorises their live tokens for an organization with SAML.", &[ACCOUNT, LOGIN],
        |act| told(act, |act, of| act.state.github.authorize_sso(of("account"), of("login")))),
    action("github-require-sso", "Enforces SAML single sign-on in an organization, or stops.", &[ACCOUNT, ON],
        |act| told(act, |act, of| act.state.github.require_sso(of("account"), on(act)))),
    action("github-exhaust-limit", "Uses up a user's requests of this hour.", &[LOGIN],
        |act| told(act, |act, of| act.state.github.exhaust_limit(of("login"), act.now))),
    action("github-set-limits", "Sets how many requests GitHub lets through; what is left out stays.", &[
        may("hourly", Kind::Integer, "per user and hour"), may("anonymous", Kind::Integer, "per hour without a credential"),
        may("pointsPerMinute", Kind::Integer, "a read is one, a write five"),
        may("contentPerMinute", Kind::Integer, "writes of content"), may("contentPerHour", Kind::Integer, "writes of content"),
    ], set_limits),
    action("github-reset-limits", "Forgets all usage of GitHub's limits.", &[], reset_limits),
];

type Of<'a> = &'a dyn Fn(&str) -> &'a str;

/// Does what answers `false` where something named is unknown.
fn told(act: &mut Act<'_>, run: impl Fn(&mut Act<'_>, Of<'_>) -> bool) -> Done {
    let args = act.args;
    if run(act, &|name| args.needed(name)) {
        Ok(json!({ "done": true }))
    } else {
        Err(unknown())
    }
}

fn unknown() -> Problem {
    Problem::missing("GitHub does not know what is named, or it has it no more.")
}

fn on(act: &Act<'_>) -> bool {
    act.args.flag("on").unwrap_or_default()
}

fn level(word: &str) -> Option<Level> {
    match word {
        "pull" => Some(Level::Pull),
        "triage" => Some(Level::Triage),
        "push" => Some(Level::Push),
        "maintain" => Some(Level::Maintain),
        "admin" => Some(Level::Admin),
        _ => None,
    }
}

fn role(word: &str) -> Option<Role> {
    match word {
        "member" => Some(Role::Member),
        "owner" => Some(Role::Owner),
        _ => None,
    }
}

fn issue(act: &mut Act<'_>) -> Done {
    let (app, login) = (act.args.needed("app"), act.args.needed("login"));
    let scopes = act.args.text("scopes").unwrap_or_default();
    let tokens = act.state.github.issue_tokens(app, login, scopes, act.now);
    let tokens = tokens.ok_or_else(unknown)?;
    Ok(json!({ "accessToken": tokens.access_token, "refreshToken": tokens.refresh_token }))
}

fn install(act: &mut Act<'_>) -> Done {
    let (app, account) = (act.args.needed("app"), act.args.needed("account"));
    let names = act.args.words("repositories");
    let names: Option<Vec<&str>> = names
        .as_ref()
        .map(|n| n.iter().map(String::as_str).collect());
    let id = act
        .state
        .github
        .install(app, account, names.as_deref(), act.now);
    Ok(json!({ "installationId": id.ok_or_else(unknown)? }))
}

fn push(act: &mut Act<'_>) -> Done {
    let args = act.args;
    let repository = (args.needed("owner"), args.needed("name"));
    let content = args.needed("content").as_bytes();
    let pushed = act.state.github.push_file(
        repository,
        args.needed("branch"),
        args.needed("path"),
        content,
        act.now,
    );
    let sha = pushed.ok_or_else(unknown)?;
    Ok(json!({ "sha": sha.to_string() }))
}

fn set_limits(act: &mut Act<'_>) -> Done {
    let args = act.args;
    let limits = &mut act.state.github.limits;
    let fields = [
        ("hourly", &mut limits.hourly),
        ("anonymous", &mut limits.anonymous),
        ("pointsPerMinute", &mut limits.points_per_minute),
        ("contentPerMinute", &mut limits.content_per_minute),
        ("contentPerHour", &mut limits.content_per_hour),
    ];
    for (name, limit) in fields {
        *limit = args.small(name).unwrap_or(*limit);
    }
    serde_json::to_value(&*limits).map_err(|error| Problem::invalid(error.to_string()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the table's signature: most actions can be refused"
)]
fn reset_limits(act: &mut Act<'_>) -> Done {
    act.state.github.reset_limits();
    Ok(Value::Object(serde_json::Map::new()))
}
