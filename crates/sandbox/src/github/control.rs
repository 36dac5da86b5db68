//! Owns what a test or a scenario may do to GitHub without HTTP: grants, installations, repositories, limits.
//! Every `now` is unix milliseconds; every answer `false` or `None` means that something named is unknown.

use std::collections::BTreeSet;

use super::git::{Commit, Edit, Mode, Oid, Person, components};
use super::model::{App, AppKind, GitHub, Grant, Installation, Level, Repository, Role, Token};
use super::oauth::{scopes, token};
use crate::http::{Fields, Request};
use crate::sandbox::Sandbox;

/// The tokens of a grant made without a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserTokens {
    /// Bearer for the REST API.
    pub access_token: String,
    /// For the token endpoint; only of a GitHub App whose tokens expire.
    pub refresh_token: Option<String>,
}

impl GitHub {
    /// Authorizes an app as if a user had: tokens as the token endpoint gives them. `scopes` is for OAuth apps.
    pub fn issue_tokens(
        &mut self,
        client_id: &str,
        login: &str,
        scopes: &str,
        now: u64,
    ) -> Option<UserTokens> {
        let now = now / 1_000;
        let app = self.app(client_id)?.clone();
        let user = self.account(login).filter(|a| a.organization.is_none())?.id;
        let scopes = match app.kind {
            AppKind::OAuthApp => scopes::normalized(scopes),
            AppKind::GitHubApp => BTreeSet::new(),
        };
        let key = (app.client_id.clone(), user);
        let grant = self.grants.entry(key).or_insert_with(|| Grant {
            scopes: BTreeSet::new(),
            since: now,
        });
        grant.scopes = scopes::joined(&grant.scopes, &scopes);
        let record = Token {
            id: self.id(),
            client_id: app.client_id.clone(),
            user,
            scopes,
            created_at: now,
            expires_at: None,
            sso: BTreeSet::new(),
            only: None,
            permissions: None,
        };
        let access_token = token::access_token(self, app.kind, record, now);
        let expiring = app.kind == AppKind::GitHubApp && app.expiring_tokens;
        let refresh_token =
            expiring.then(|| token::refresh_token(self, client_id, user, &access_token, now));
        Some(UserTokens {
            access_token,
            refresh_token,
        })
    }

    /// Ends one access token and the refresh token it came with.
    pub(super) fn drop_token(&mut self, text: &str) {
        self.tokens.remove(text);
        self.refresh_tokens
            .retain(|_, refresh| refresh.access_token != text);
    }

    /// Ends an authorization: every code and token of that app and user, also those a scenario holds back.
    pub(super) fn forget(&mut self, client_id: &str, user: u64) {
        self.aside.remove(&(client_id.to_owned(), user));
        self.grants.remove(&(client_id.to_owned(), user));
        self.tokens
            .retain(|_, t| t.client_id != client_id || t.user != user);
        self.refresh_tokens
            .retain(|_, t| t.client_id != client_id || t.user != user);
        self.codes
            .retain(|_, c| c.client_id != client_id || c.user != user);
    }

    /// The user revokes an app's authorization: all its tokens of theirs die at once.
    pub fn revoke_grant(&mut self, client_id: &str, login: &str) -> bool {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return false;
        };
        let key = (client_id.to_owned(), user);
        let had = self.grants.contains_key(&key) || self.aside.contains_key(&key);
        self.forget(client_id, user);
        had
    }

    /// Makes every access token of a user expired; refresh tokens live on. Tokens that never expire stay.
    pub fn expire_tokens(&mut self, login: &str, now: u64) -> bool {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return false;
        };
        for token in self.tokens.values_mut().filter(|t| t.user == user) {
            token.expires_at = token
                .expires_at
                .map(|at| at.min((now / 1_000).saturating_sub(60)));
        }
        true
    }

    /// Makes every refresh token of a user expired.
    pub fn expire_refresh_tokens(&mut self, login: &str, now: u64) -> bool {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return false;
        };
        for token in self.refresh_tokens.values_mut().filter(|t| t.user == user) {
            token.expires_at = token.expires_at.min((now / 1_000).saturating_sub(60));
        }
        true
    }

    /// Installs a GitHub App in an account, for repositories of these names or for all; changes it when installed.
    /// Gives the installation's id.
    pub fn install(
        &mut self,
        client_id: &str,
        account: &str,
        repositories: Option<&[&str]>,
        now: u64,
    ) -> Option<u64> {
        let app: App = self
            .app(client_id)
            .filter(|app| app.kind == AppKind::GitHubApp)?
            .clone();
        let account = self.account(account)?.id;
        let selected = match repositories {
            None => None,
            Some(names) => {
                let mut ids = BTreeSet::new();
                for name in names {
                    let mut theirs = self.repositories.values().filter(|r| r.owner == account);
                    ids.insert(theirs.find(|r| r.name.eq_ignore_ascii_case(name))?.id);
                }
                Some(ids)
            }
        };
        let mut present = self.installations.values_mut();
        if let Some(i) = present.find(|i| i.client_id == client_id && i.account == account) {
            i.selected = selected;
            i.updated_at = now / 1_000;
            return Some(i.id);
        }
        let id = self.id();
        let installation = Installation {
            id,
            client_id: app.client_id,
            account,
            selected,
            permissions: app.permissions,
            created_at: now / 1_000,
            updated_at: now / 1_000,
            suspended: None,
        };
        self.installations.insert(id, installation);
        Some(id)
    }

    /// The installation of an app in an account.
    pub fn installation(&self, client_id: &str, account: &str) -> Option<&Installation> {
        let account = self.account(account)?.id;
        self.installations
            .values()
            .find(|i| i.client_id == client_id && i.account == account)
    }

    /// Removes an app from an account; users' tokens live on and reach nothing there.
    pub fn uninstall(&mut self, client_id: &str, account: &str) -> bool {
        let id = self.installation(client_id, account).map(|i| i.id);
        id.is_some_and(|id| self.installations.remove(&id).is_some())
    }

    /// Suspends an installation, or ends the suspension.
    pub fn suspend(&mut self, client_id: &str, account: &str, on: bool, now: u64) -> bool {
        let id = self.installation(client_id, account).map(|i| i.id);
        let installation = id.and_then(|id| self.installations.get_mut(&id));
        installation
            .map(|i| i.suspended = on.then_some((now / 1_000, i.account)))
            .is_some()
    }

    /// Renames a repository: the old name redirects until something else takes it.
    pub fn rename_repository(&mut self, owner: &str, name: &str, new_name: &str) -> bool {
        let taken =
            self.repository(owner, new_name).is_some() && !name.eq_ignore_ascii_case(new_name);
        let Some(repository) = self.repository_mut(owner, name).filter(|_| !taken) else {
            return false;
        };
        new_name.clone_into(&mut repository.name);
        let id = repository.id;
        self.renamed
            .remove(&format!("{owner}/{new_name}").to_ascii_lowercase());
        self.renamed
            .insert(format!("{owner}/{name}").to_ascii_lowercase(), id);
        true
    }

    /// Deletes a repository: gone under every name.
    pub fn delete_repository(&mut self, owner: &str, name: &str) -> bool {
        let Some(id) = self.repository(owner, name).map(|r| r.id) else {
            return false;
        };
        self.repositories.remove(&id);
        self.renamed.retain(|_, to| *to != id);
        for installation in self.installations.values_mut() {
            if let Some(selected) = &mut installation.selected {
                selected.remove(&id);
            }
        }
        true
    }

    /// Archives a repository, or brings it back.
    pub fn archive_repository(&mut self, owner: &str, name: &str, on: bool) -> bool {
        self.repository_mut(owner, name)
            .map(|r| r.archived = on)
            .is_some()
    }

    /// Makes a repository private or public.
    pub fn set_private(&mut self, owner: &str, name: &str, on: bool) -> bool {
        self.repository_mut(owner, name)
            .map(|r| r.private = on)
            .is_some()
    }

    /// What a user may do in a repository as a collaborator; `None` removes them.
    pub fn set_collaborator(
        &mut self,
        owner: &str,
        name: &str,
        login: &str,
        level: Option<Level>,
    ) -> bool {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return false;
        };
        let change = |repository: &mut Repository| match level {
            Some(level) => {
                repository.collaborators.insert(user, level);
            }
            None => {
                repository.collaborators.remove(&user);
            }
        };
        self.repository_mut(owner, name).map(change).is_some()
    }

    /// What a user is in an organization; `None` removes them, also from its repositories.
    pub fn set_member(&mut self, organization: &str, login: &str, role: Option<Role>) -> bool {
        let ids = self
            .account(organization)
            .map(|a| a.id)
            .zip(self.account(login).map(|a| a.id));
        let Some((id, user)) = ids else {
            return false;
        };
        let organization = self
            .accounts
            .get_mut(&id)
            .and_then(|a| a.organization.as_mut());
        let Some(organization) = organization else {
            return false;
        };
        if let Some(role) = role {
            organization.members.insert(user, role);
            return true;
        }
        organization.members.remove(&user);
        for repository in self.repositories.values_mut() {
            if repository.owner == id && repository.collaborators.contains_key(&user) {
                repository.collaborators.remove(&user);
            }
        }
        true
    }

    /// Enforces SAML single sign-on in an organization, or stops. Tokens must then be authorised for it.
    pub fn require_sso(&mut self, organization: &str, on: bool) -> bool {
        let id = self.account(organization).map(|a| a.id);
        let account = id.and_then(|id| self.accounts.get_mut(&id));
        account
            .and_then(|a| a.organization.as_mut())
            .map(|org| org.saml = on)
            .is_some()
    }

    /// The user authorises their live tokens for an organization with SAML.
    pub fn authorize_sso(&mut self, organization: &str, login: &str) -> bool {
        let ids = self
            .account(organization)
            .map(|a| a.id)
            .zip(self.account(login).map(|a| a.id));
        let Some((organization, user)) = ids else {
            return false;
        };
        for token in self.tokens.values_mut().filter(|t| t.user == user) {
            token.sso.insert(organization);
        }
        true
    }

    /// Protects a branch, or stops: whoever is no administrator may not write to it, nobody may rewrite or delete it.
    pub fn protect_branch(&mut self, owner: &str, name: &str, branch: &str, on: bool) -> bool {
        let Some(repository) = self.repository_mut(owner, name) else {
            return false;
        };
        if on {
            repository.protected.insert(branch.to_owned())
        } else {
            repository.protected.remove(branch)
        };
        true
    }

    /// Deletes a branch behind the app's back.
    pub fn delete_branch(&mut self, owner: &str, name: &str, branch: &str) -> bool {
        let repository = self.repository_mut(owner, name);
        repository.is_some_and(|r| r.refs.remove(&format!("refs/heads/{branch}")).is_some())
    }

    /// Another branch becomes the default.
    pub fn set_default_branch(&mut self, owner: &str, name: &str, branch: &str) -> bool {
        let repository = self
            .repository_mut(owner, name)
            .filter(|r| r.branch(branch).is_some());
        repository
            .map(|r| branch.clone_into(&mut r.default_branch))
            .is_some()
    }

    /// Somebody else commits a file to a branch, which begins if it is new. Gives the commit.
    pub fn push_file(
        &mut self,
        (owner, name): (&str, &str),
        branch: &str,
        path: &str,
        content: &[u8],
        now: u64,
    ) -> Option<Oid> {
        let path = components(path)?;
        let repository = self.repository_mut(owner, name)?;
        let person = Person {
            name: "Somebody Else".to_owned(),
            email: "somebody@example.com".to_owned(),
            at: now / 1_000,
            offset: 0,
        };
        let parent = repository.branch(branch);
        let base = parent
            .and_then(|oid| repository.store.commit(oid))
            .map(|c| c.tree);
        let blob = repository.store.put_blob(content);
        let tree = repository.store.edit(
            base,
            vec![Edit {
                path,
                entry: Some((Mode::File, blob)),
            }],
        );
        let oid = repository.store.put_commit(Commit {
            tree,
            parents: parent.into_iter().collect(),
            author: person.clone(),
            committer: person,
            message: "Pushed by somebody else".to_owned(),
        });
        repository.refs.insert(format!("refs/heads/{branch}"), oid);
        repository.pushed_at = repository.pushed_at.max(now / 1_000);
        repository.updated_at = repository.updated_at.max(now / 1_000);
        Some(oid)
    }

    /// Uses up a user's requests of this hour.
    pub fn exhaust_limit(&mut self, login: &str, now: u64) -> bool {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return false;
        };
        let limit = self.limits.hourly;
        let usage = self.usage.entry(format!("user {user}")).or_default();
        usage.roll(now / 1_000);
        usage.used = limit;
        true
    }

    /// Forgets all usage of limits.
    pub fn reset_limits(&mut self) {
        self.usage.clear();
    }
}

impl Sandbox {
    /// Allows a GitHub authorize URL as this user would on the page. Gives the redirect's `Location`.
    pub fn github_authorize(&self, authorize_url: &str, login: &str, now: u64) -> Option<String> {
        self.github_decide(
            authorize_url,
            &[("user", login), ("decision", "authorize")],
            now,
        )
    }

    /// Cancels on the page. Gives the redirect's `Location`.
    pub fn github_deny(&self, authorize_url: &str, now: u64) -> Option<String> {
        self.github_decide(authorize_url, &[("decision", "cancel")], now)
    }

    fn github_decide(
        &self,
        authorize_url: &str,
        more: &[(&str, &str)],
        now: u64,
    ) -> Option<String> {
        let query = authorize_url.split_once('?').map_or("", |(_, query)| query);
        let fields = Fields::parse(query.as_bytes());
        let mut pairs: Vec<(&str, &str)> = fields
            .pairs()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        pairs.extend_from_slice(more);
        let response = self.call(&Request::form("/login/oauth/authorize", &pairs), now);
        response.header("location").map(str::to_owned)
    }
}
