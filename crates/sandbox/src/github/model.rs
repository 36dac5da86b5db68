//! Owns what GitHub remembers: apps, accounts, repositories, installations, grants, codes and tokens, as plain data.
//! Does no IO, reads no clock and decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::aside::Authorization;
use super::git::{Oid, Store};
use super::limits::{Limits, Usage};
use crate::rng::Rng;
use crate::shared::Shared;
use crate::time::millis;

/// Client id of the demo GitHub App.
pub const DEMO_APP_CLIENT_ID: &str = "Iv23liSandboxPortico";
/// Client secret of the demo GitHub App: no secret at all, and named so.
pub const DEMO_APP_CLIENT_SECRET: &str = "sandbox-github-app-secret-that-protects-nothing";
/// Client id of the demo OAuth app.
pub const DEMO_OAUTH_CLIENT_ID: &str = "Ov23liSandboxPortico";
/// Client secret of the demo OAuth app.
pub const DEMO_OAUTH_CLIENT_SECRET: &str = "sandbox-oauth-app-secret-that-protects-nothing";

/// Which of GitHub's two kinds of app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// Installed, with fine-grained permissions; user tokens begin `ghu_`.
    GitHubApp,
    /// With scopes; tokens begin `gho_`.
    OAuthApp,
}

/// A registered app.
#[derive(Clone, Debug)]
pub struct App {
    /// Numeric id.
    pub id: u64,
    /// In `/apps/{slug}/installations/new`.
    pub slug: String,
    /// Shown on pages.
    pub name: String,
    /// GitHub App or OAuth app.
    pub kind: AppKind,
    /// Public identifier.
    pub client_id: String,
    /// Sent with every token request.
    pub client_secret: String,
    /// Callback URLs; the first is the default. An OAuth app has one.
    pub callback_urls: Vec<String>,
    /// Where users go after installing; the first callback URL with a code when `None`.
    pub setup_url: Option<String>,
    /// User tokens expire and come with a refresh token; `false` is the app's opt-out. GitHub Apps only.
    pub expiring_tokens: bool,
    /// What a new installation grants: `contents` to `write`, and so on.
    pub permissions: BTreeMap<String, String>,
    /// Suspended by GitHub: authorizing answers `application_suspended`.
    pub suspended: bool,
}

impl App {
    /// The demo GitHub App: reads metadata, writes contents, tokens that expire. Without a URL it is called back on the
    /// loopback host, any port.
    pub fn demo(callback_urls: Vec<String>) -> Self {
        let permissions = [("contents", "write"), ("metadata", "read")];
        Self {
            id: 910_001,
            slug: "portico-backup".to_owned(),
            name: "Portico Backup".to_owned(),
            kind: AppKind::GitHubApp,
            client_id: DEMO_APP_CLIENT_ID.to_owned(),
            client_secret: DEMO_APP_CLIENT_SECRET.to_owned(),
            callback_urls: or_loopback(callback_urls),
            setup_url: None,
            expiring_tokens: true,
            permissions: permissions
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .into(),
            suspended: false,
        }
    }

    /// The demo OAuth app.
    pub fn demo_oauth(callback_urls: Vec<String>) -> Self {
        Self {
            id: 910_002,
            slug: "portico-classic".to_owned(),
            name: "Portico Classic".to_owned(),
            kind: AppKind::OAuthApp,
            client_id: DEMO_OAUTH_CLIENT_ID.to_owned(),
            client_secret: DEMO_OAUTH_CLIENT_SECRET.to_owned(),
            permissions: BTreeMap::new(),
            expiring_tokens: false,
            ..Self::demo(callback_urls)
        }
    }
}

fn or_loopback(urls: Vec<String>) -> Vec<String> {
    if urls.is_empty() {
        let hosts = ["localhost", "127.0.0.1", "[::1]"];
        return hosts
            .map(|host| format!("http://{host}/callback/github"))
            .to_vec();
    }
    urls
}

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Read.
    Pull,
    /// Read and sort issues.
    Triage,
    /// Write.
    Push,
    /// Write and some settings.
    Maintain,
    /// Everything.
    Admin,
}

/// What a user is in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sees what the organization's base permission allows.
    Member,
    /// An owner.
    Owner,
}

/// A user or an organization.
#[derive(Clone, Debug)]
pub struct Account {
    /// Numeric id.
    pub id: u64,
    /// Unique without regard to case.
    pub login: String,
    /// Shown name.
    pub name: Option<String>,
    /// Public address.
    pub email: Option<String>,
    /// The primary address is verified; otherwise no token is issued (`unverified_user_email`).
    pub email_verified: bool,
    /// Unix seconds.
    pub created_at: u64,
    /// `Some` makes it an organization.
    pub organization: Option<Organization>,
}

impl Account {
    /// `User` or `Organization`.
    pub fn kind(&self) -> &'static str {
        if self.organization.is_some() {
            "Organization"
        } else {
            "User"
        }
    }
}

/// What only organizations have.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// By user id.
    pub members: BTreeMap<u64, Role>,
    /// What every member may do in every repository.
    pub base: Option<Level>,
    /// SAML single sign-on is enforced: a token must have been authorised for the organization.
    pub saml: bool,
}

/// A repository with everything in it. Shared until changed, so that a snapshot is cheap.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Numeric id; survives renames.
    pub id: u64,
    /// Account id.
    pub owner: u64,
    /// Unique within the owner, without regard to case.
    pub name: String,
    /// Shown.
    pub description: Option<String>,
    /// Invisible without access.
    pub private: bool,
    /// Read-only.
    pub archived: bool,
    /// Its head.
    pub default_branch: String,
    /// Full names (`refs/heads/main`) to commits.
    pub refs: BTreeMap<String, Oid>,
    /// Branches that refuse direct writes by whoever is no administrator, and all rewriting.
    pub protected: BTreeSet<String>,
    /// Objects.
    pub store: Store,
    /// Outside collaborators, and members with more than the base.
    pub collaborators: BTreeMap<u64, Level>,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds.
    pub updated_at: u64,
    /// Unix seconds of the last push.
    pub pushed_at: u64,
}

impl Repository {
    /// The commit a branch points at.
    pub fn branch(&self, name: &str) -> Option<Oid> {
        self.refs.get(&format!("refs/heads/{name}")).copied()
    }

    /// Without any branch or tag.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Branch names in order.
    pub fn branches(&self) -> impl Iterator<Item = (&str, Oid)> {
        self.refs
            .iter()
            .filter_map(|(name, oid)| Some((name.strip_prefix("refs/heads/")?, *oid)))
    }
}

/// A GitHub App in an account.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Numeric id.
    pub id: u64,
    /// Of the app.
    pub client_id: String,
    /// User or organization.
    pub account: u64,
    /// Chosen repositories; all of the account's when `None`.
    pub selected: Option<BTreeSet<u64>>,
    /// As the account accepted them.
    pub permissions: BTreeMap<String, String>,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds.
    pub updated_at: u64,
    /// Unix seconds and by whom.
    pub suspended: Option<(u64, u64)>,
}

/// A user's authorization of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Of an OAuth app; empty for a GitHub App.
    pub scopes: BTreeSet<String>,
    /// Unix seconds.
    pub since: u64,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub struct Code {
    /// For which app.
    pub client_id: String,
    /// By whom.
    pub user: u64,
    /// Of an OAuth app.
    pub scopes: BTreeSet<String>,
    /// As sent to the authorization page.
    pub redirect_uri: Option<String>,
    /// The S256 challenge, if one was sent.
    pub challenge: Option<String>,
    /// Unix seconds.
    pub expires_at: u64,
}

/// A user access token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Numeric id of the authorization.
    pub id: u64,
    /// Of which app.
    pub client_id: String,
    /// Whose.
    pub user: u64,
    /// Of an OAuth app.
    pub scopes: BTreeSet<String>,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds; never when `None`.
    pub expires_at: Option<u64>,
    /// Organizations with SAML for which it is authorised.
    pub sso: BTreeSet<u64>,
    /// Restricted to these repositories.
    pub only: Option<BTreeSet<u64>>,
    /// Restricted to these permissions.
    pub permissions: Option<BTreeMap<String, String>>,
}

/// A refresh token; works once.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Of which app.
    pub client_id: String,
    /// Whose.
    pub user: u64,
    /// The access token it came with, which dies with it.
    pub access_token: String,
    /// Unix seconds.
    pub expires_at: u64,
}

/// Behaviours to choose. Plain data; change at will.
/// Over HTTP the names are camel case and a duration `x` is `xMs` in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Switches {
    /// A redirect URI that is not registered: `true` redirects to the registered one with `redirect_uri_mismatch`, as
    /// GitHub's documentation says; `false` shows a page.
    pub mismatch_redirects: bool,
    /// Cancel redirects with `access_denied`, as documented; `false`: a page.
    pub denial_redirects: bool,
    /// An exhausted primary limit answers 429 and not 403; GitHub documents both.
    pub limits_answer_429: bool,
    /// Life of a code.
    #[serde(rename = "codeLifetimeMs", with = "millis")]
    pub code_lifetime: Duration,
    /// Life of a user token that expires.
    #[serde(rename = "tokenLifetimeMs", with = "millis")]
    pub token_lifetime: Duration,
    /// Life of a refresh token.
    #[serde(rename = "refreshTokenLifetimeMs", with = "millis")]
    pub refresh_token_lifetime: Duration,
    /// Largest blob, in bytes.
    pub blob_limit: usize,
    /// Entries a recursive tree shows before `truncated`.
    pub tree_limit: usize,
    /// Extra time before an answer.
    #[serde(rename = "latencyMs", with = "millis")]
    pub latency: Duration,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            mismatch_redirects: true,
            denial_redirects: true,
            limits_answer_429: false,
            code_lifetime: Duration::from_mins(10),
            token_lifetime: Duration::from_hours(8),
            refresh_token_lifetime: Duration::from_hours(184 * 24),
            blob_limit: 100 * 1024 * 1024,
            tree_limit: 100_000,
            latency: Duration::ZERO,
        }
    }
}

/// All of GitHub. `Clone` is a snapshot.
#[derive(Clone, Debug)]
pub struct GitHub {
    /// Registered apps.
    pub apps: Vec<App>,
    /// Users and organizations by id.
    pub accounts: BTreeMap<u64, Shared<Account>>,
    /// Repositories by id.
    pub repositories: BTreeMap<u64, Shared<Repository>>,
    /// Former `owner/name`, lower-case, to repository id.
    pub renamed: BTreeMap<String, u64>,
    /// Installations by id.
    pub installations: BTreeMap<u64, Installation>,
    /// Authorizations by client id and user.
    pub grants: BTreeMap<(String, u64), Grant>,
    /// Unused codes.
    pub codes: BTreeMap<String, Code>,
    /// Live access tokens.
    pub tokens: BTreeMap<String, Token>,
    /// Unused refresh tokens.
    pub refresh_tokens: BTreeMap<String, RefreshToken>,
    /// Behaviours.
    pub switches: Switches,
    /// How many requests are let through.
    pub limits: Limits,
    /// What was used of them.
    pub(super) usage: BTreeMap<String, Usage>,
    /// Authorizations that a scenario holds back.
    pub(super) aside: BTreeMap<(String, u64), Authorization>,
    pub(super) rng: Rng,
    pub(super) next_id: u64,
}

impl GitHub {
    /// The app of that client id.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// The account of that login.
    pub fn account(&self, login: &str) -> Option<&Account> {
        let same = |account: &&Shared<Account>| account.login.eq_ignore_ascii_case(login);
        self.accounts.values().find(same).map(|account| &**account)
    }

    /// The repository now called so.
    pub fn repository(&self, owner: &str, name: &str) -> Option<&Repository> {
        let owner = self.account(owner)?.id;
        self.repositories
            .values()
            .find(|r| r.owner == owner && r.name.eq_ignore_ascii_case(name))
            .map(|repository| &**repository)
    }

    /// The same, to change it.
    pub fn repository_mut(&mut self, owner: &str, name: &str) -> Option<&mut Repository> {
        let id = self.repository(owner, name)?.id;
        self.repositories
            .get_mut(&id)
            .map(|repository| &mut **repository)
    }

    /// What a user may do in a repository, apps aside; `None` when it is invisible to them.
    pub fn level(&self, user: u64, repository: &Repository) -> Option<Level> {
        if repository.owner == user {
            return Some(Level::Admin);
        }
        let organization = self
            .accounts
            .get(&repository.owner)
            .and_then(|account| account.organization.as_ref());
        let role = organization.and_then(|org| org.members.get(&user));
        let base = match role {
            Some(Role::Owner) => Some(Level::Admin),
            Some(Role::Member) => organization.and_then(|org| org.base),
            None => None,
        };
        let public = (!repository.private).then_some(Level::Pull);
        base.max(repository.collaborators.get(&user).copied())
            .max(public)
    }

    /// A fresh numeric id.
    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}
