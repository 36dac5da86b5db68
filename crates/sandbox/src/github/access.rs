//! Owns what a token reaches: what its user may do, and what its app was granted. Knows no route.

use std::collections::BTreeMap;

use super::error::Error;
use super::model::{AppKind, GitHub, Installation, Level, Repository, Role, Token};

/// Who calls.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// Without a credential.
    Anonymous,
    /// With a user access token.
    User(Box<Token>, AppKind),
    /// With the app's client id and secret.
    App(String),
}

impl Caller {
    /// The token, if there is one.
    pub(super) fn token(&self) -> Option<&Token> {
        match self {
            Self::User(token, _) => Some(token),
            _ => None,
        }
    }

    /// Whose token it is.
    pub(super) fn user(&self) -> Option<u64> {
        self.token().map(|token| token.user)
    }

    fn holds(&self, scopes: &[&str]) -> bool {
        self.token()
            .is_some_and(|token| scopes.iter().any(|scope| token.scopes.contains(*scope)))
    }
}

/// What a call needs of a repository or an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: public facts.
    Nothing,
    /// Any user token.
    User,
    /// To see organizations.
    Organizations,
    /// A user token of a GitHub App.
    GitHubApp,
    /// The app itself: Basic authentication.
    App,
    /// Repository metadata: read.
    Metadata,
    /// Repository contents: read.
    ReadContents,
    /// Repository contents: write.
    WriteContents,
    /// Repository administration: write, in an account.
    CreateRepository,
}

impl Need {
    /// For people, and in `x-accepted-github-permissions`.
    pub(super) const fn permission(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::User => "user token",
            Self::Organizations => "organization members=read, or scope read:org",
            Self::GitHubApp => "user token of a GitHub App",
            Self::App => "client id and secret",
            Self::Metadata => "metadata=read",
            Self::ReadContents => "contents=read",
            Self::WriteContents => "contents=write",
            Self::CreateRepository => "administration=write",
        }
    }

    /// In `x-accepted-oauth-scopes`.
    pub(super) const fn scopes(self) -> &'static str {
        match self {
            Self::Organizations => "admin:org, read:org, repo, user, write:org",
            Self::Metadata | Self::ReadContents | Self::WriteContents => "repo",
            Self::CreateRepository => "public_repo, repo",
            _ => "",
        }
    }
}

/// Which permission of an app a [`Need`] asks, and whether to write.
const fn fine_grained(need: Need) -> (&'static str, bool) {
    match need {
        Need::ReadContents => ("contents", false),
        Need::WriteContents => ("contents", true),
        Need::CreateRepository => ("administration", true),
        _ => ("metadata", false),
    }
}

fn allows(permissions: &BTreeMap<String, String>, name: &str, write: bool) -> bool {
    match permissions.get(name).map(String::as_str) {
        Some("write" | "admin") => true,
        Some("read") => !write,
        // Every GitHub App reads metadata.
        _ => name == "metadata" && !write,
    }
}

impl GitHub {
    /// The installation of the token's app that covers a repository, suspended or not.
    pub(super) fn covering(
        &self,
        client_id: &str,
        repository: &Repository,
    ) -> Option<&Installation> {
        self.installations.values().find(|i| {
            i.client_id == client_id
                && i.account == repository.owner
                && i.selected
                    .as_ref()
                    .is_none_or(|ids| ids.contains(&repository.id))
        })
    }

    /// What the caller may do in a repository, or the error of a call that needs `need` of it.
    pub(super) fn reach(
        &self,
        caller: &Caller,
        repository: &Repository,
        need: Need,
        base: &str,
    ) -> Result<Level, Error> {
        let Caller::User(token, kind) = caller else {
            return match repository.private {
                true => Err(Error::not_found()),
                false if need == Need::WriteContents => Err(Error::requires_authentication()),
                false => Ok(Level::Pull),
            };
        };
        let level = self
            .level(token.user, repository)
            .ok_or_else(Error::not_found)?;
        self.saml(token, repository, base)?;
        let wanted = match need {
            Need::WriteContents => Level::Push,
            _ => Level::Pull,
        };
        match kind {
            AppKind::OAuthApp => {
                let scopes: &[&str] = if repository.private {
                    &["repo"]
                } else {
                    &["repo", "public_repo"]
                };
                let public_read = !repository.private && wanted == Level::Pull;
                if !public_read && !caller.holds(scopes) {
                    return Err(Error::not_found());
                }
            }
            AppKind::GitHubApp => self.granted(token, repository, need)?,
        }
        if level >= wanted {
            Ok(level)
        } else {
            Err(Error::new(403, "Must have push access to repository."))
        }
    }

    fn granted(&self, token: &Token, repository: &Repository, need: Need) -> Result<(), Error> {
        let (name, write) = fine_grained(need);
        let restricted = token
            .only
            .as_ref()
            .is_some_and(|only| !only.contains(&repository.id));
        let installation = self
            .covering(&token.client_id, repository)
            .filter(|_| !restricted);
        let Some(installation) = installation else {
            return match (repository.private, write) {
                (true, _) => Err(Error::not_found()),
                (false, true) => Err(Error::not_accessible()),
                (false, false) => Ok(()),
            };
        };
        if installation.suspended.is_some() {
            return Err(Error::suspended());
        }
        let by_token = token
            .permissions
            .as_ref()
            .is_none_or(|p| allows(p, name, write));
        if allows(&installation.permissions, name, write) && by_token {
            Ok(())
        } else {
            Err(Error::not_accessible())
        }
    }

    fn saml(&self, token: &Token, repository: &Repository, base: &str) -> Result<(), Error> {
        let account = self.accounts.get(&repository.owner);
        match account.and_then(|a| Some((a, a.organization.as_ref()?))) {
            Some((account, org))
                if org.saml
                    && org.members.contains_key(&token.user)
                    && !token.sso.contains(&account.id) =>
            {
                Err(Error::saml(base, &account.login))
            }
            _ => Ok(()),
        }
    }

    /// Whether an installation shows itself to a user: theirs, or of an organization where they are a member or reach a
    /// repository.
    pub(super) fn sees(&self, user: u64, installation: &Installation) -> bool {
        let account = self.accounts.get(&installation.account);
        let member = account
            .and_then(|a| a.organization.as_ref())
            .is_some_and(|org| org.members.contains_key(&user));
        installation.account == user
            || member
            || self
                .repositories
                .values()
                .any(|r| r.owner == installation.account && r.collaborators.contains_key(&user))
    }

    /// Accounts in which a user may install an app: themselves and organizations they belong to.
    pub(super) fn installable(&self, user: u64) -> Vec<(u64, Role)> {
        self.accounts
            .values()
            .filter_map(|account| match &account.organization {
                None => (account.id == user).then_some((account.id, Role::Owner)),
                Some(org) => org.members.get(&user).map(|role| (account.id, *role)),
            })
            .collect()
    }

    /// Whether a token of an OAuth app holds one of the scopes, or belongs to a GitHub App, which has none.
    pub(super) fn scoped(caller: &Caller, scopes: &[&str]) -> bool {
        matches!(caller, Caller::User(_, AppKind::GitHubApp)) || caller.holds(scopes)
    }
}
