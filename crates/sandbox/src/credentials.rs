//! Owns the credentials that need no consent (platform 2): private apps, static-auth project apps and service keys, their
//! tokens and their life; and the developer's own key and bearer. Decides no access: that is `judge.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{AccountType, Portal};
use crate::oauth::mint;
use crate::rng::Rng;
use crate::scopes;
use crate::shared::Shared;
use crate::state::{Holder, State};
use crate::time::{DAY, FIXTURE_NOW};

/// Private apps that one account may hold (platform 2).
pub const PRIVATE_APPS_PER_ACCOUNT: usize = 20;
/// How long the old token lives on after a rotation that is not immediate (platform 2).
pub const ROTATION_OVERLAP_MS: u64 = 7 * DAY;

/// The kinds of credential that an account's admin makes and that never expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StaticKind {
    /// Legacy private app: fixed scopes, bound to its creator's rights.
    PrivateApp,
    /// Project app with `auth.type: static`: the required scopes only.
    StaticApp,
    /// Service key: editable scopes.
    ServiceKey,
}

impl StaticKind {
    /// The security event of an app or of a key.
    const fn event(self, app: &'static str, key: &'static str) -> &'static str {
        match self {
            Self::PrivateApp | Self::StaticApp => app,
            Self::ServiceKey => key,
        }
    }
}

/// An app or key of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticApp {
    /// `appId` of the introspection, and the app in the burst window.
    pub app_id: u64,
    /// The account.
    pub portal: u64,
    /// What it is.
    pub kind: StaticKind,
    /// As its creator called it.
    pub name: String,
    /// Scopes of its tokens in catalogue order, `oauth` always among them.
    pub scopes: Vec<String>,
    /// The creator's user id: `userId` of the introspection.
    pub user_id: u64,
    /// The creator's address.
    pub email: String,
    /// Unix milliseconds.
    pub created_at: u64,
}

/// One token of a [`StaticApp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticToken {
    /// Whose.
    pub app_id: u64,
    /// Unix milliseconds.
    pub issued_at: u64,
    /// Unix milliseconds; only of one that was rotated with an overlap.
    pub expires_at: Option<u64>,
}

/// A bearer from `client_credentials` (platform 1.3): acts for an app, in no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeveloperToken {
    /// The app.
    pub client_id: String,
    /// Granted developer scopes.
    pub scopes: Vec<String>,
    /// Unix milliseconds.
    pub expires_at: u64,
}

/// Everything that authenticates without a user's consent.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Private apps, static apps and service keys by app id.
    pub apps: BTreeMap<u64, StaticApp>,
    /// Their live tokens.
    pub tokens: BTreeMap<String, StaticToken>,
    /// The developer account's id, which owns every app of the sandbox.
    pub developer_account: u64,
    /// The developer API key of that account.
    pub hapikey: String,
    /// Bearers from `client_credentials`, expired ones included for a day.
    pub developer_tokens: BTreeMap<String, DeveloperToken>,
    /// Users, with their account, who lost the rights that their private apps and user-level apps lean on.
    pub without_rights: BTreeSet<(u64, u64)>,
    /// Ids are never used twice.
    next_app_id: u64,
}

/// A new static credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The app's id.
    pub app_id: u64,
    /// Its token.
    pub token: String,
}

/// Why a static credential could not be made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialRefused {
    /// No such account.
    #[error("there is no account {0}")]
    UnknownPortal(u64),
    /// No such app or key.
    #[error("there is no private app, static app or service key {0}")]
    UnknownApp(u64),
    /// The account holds as many private apps as it may.
    #[error("an account holds at most {PRIVATE_APPS_PER_ACCOUNT} private apps")]
    TooManyPrivateApps,
    /// Only the scopes of service keys can be edited.
    #[error("the scopes of this kind are fixed when it is made")]
    ScopesAreFixed,
    /// The account lacks the product behind a scope.
    #[error("the account cannot grant the scope {0}")]
    ScopeUnavailable(String),
}

/// What a call authenticated with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing, or nothing was looked at.
    None,
    /// An access token of an install.
    OAuth {
        /// Whether the app is distributed privately, which changes its limits (platform 4).
        private: bool,
    },
    /// A static credential.
    Static(StaticKind),
    /// The developer API key, or the bearer of one app.
    Developer {
        /// The one app; `None` for the key, which opens all of the account's.
        client_id: Option<String>,
    },
}

impl Credentials {
    /// The developer account's own, and in every account one private app and one service key. Same seed, same tokens.
    pub(crate) fn seeded(seed: u64, portals: &BTreeMap<u64, Shared<Portal>>) -> Self {
        let mut developer = Rng::fork(seed, "developer account");
        let mut credentials = Self {
            developer_account: developer.between(40_000_000, 60_000_000),
            hapikey: developer.uuid(),
            next_app_id: 7_100_001,
            ..Self::default()
        };
        for portal in portals.values() {
            let mut rng = Rng::fork(seed, &format!("{}/static credentials", portal.id));
            let all = |fits: fn(&str) -> bool| {
                let names = scopes::CATALOGUE.iter().map(|scope| scope.name);
                let held = names.filter(|name| fits(name) && scopes::available(name, portal));
                mint::ordered(held.map(str::to_owned))
            };
            let reads = |name: &str| match name.split('.').collect::<Vec<_>>()[..] {
                ["oauth"] => true,
                ["crm", "schemas" | "objects", kind, "read"] => !kind.contains("sensitive"),
                _ => false,
            };
            let made = [
                (StaticKind::PrivateApp, "Warehouse sync", all(|_| true)),
                (StaticKind::ServiceKey, "Reporting", all(reads)),
            ];
            for (kind, name, scopes) in made {
                let created_at = FIXTURE_NOW - rng.between(30, 900) * DAY;
                let token = credentials.token_text(portal.hublet, &mut rng);
                credentials.add(portal, kind, name, scopes, token, created_at);
            }
        }
        credentials
    }

    fn token_text(&self, hublet: &str, rng: &mut Rng) -> String {
        loop {
            let token = format!("pat-{hublet}-{}", rng.uuid());
            if !self.tokens.contains_key(&token) {
                return token;
            }
        }
    }

    fn add(
        &mut self,
        portal: &Portal,
        kind: StaticKind,
        name: &str,
        scopes: Vec<String>,
        token: String,
        now: u64,
    ) -> u64 {
        let app_id = self.next_app_id;
        self.next_app_id += 1;
        let app = StaticApp {
            app_id,
            portal: portal.id,
            kind,
            name: name.to_owned(),
            scopes,
            user_id: portal.installer.user_id,
            email: portal.installer.email.clone(),
            created_at: now,
        };
        self.apps.insert(app_id, app);
        let token_record = StaticToken {
            app_id,
            issued_at: now,
            expires_at: None,
        };
        self.tokens.insert(token, token_record);
        app_id
    }

    /// The app behind a token that still lives.
    pub fn app_of(&self, token: &str, now: u64) -> Option<&StaticApp> {
        let record = self.tokens.get(token)?;
        if record.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        self.apps.get(&record.app_id)
    }

    /// The first app of a kind in an account, and its newest token.
    pub fn first(&self, portal: u64, kind: StaticKind) -> Option<(&StaticApp, &str)> {
        let app = self
            .apps
            .values()
            .find(|app| app.portal == portal && app.kind == kind)?;
        Some((app, self.token_of(app.app_id)?))
    }

    /// The newest token of an app.
    pub fn token_of(&self, app_id: u64) -> Option<&str> {
        self.tokens
            .iter()
            .filter(|(_, token)| token.app_id == app_id && token.expires_at.is_none())
            .map(|(text, _)| text.as_str())
            .next()
    }

    /// Whether an account has any credential that `api-usage` counts.
    pub(crate) fn any_in(&self, portal: u64) -> bool {
        self.apps.values().any(|app| app.portal == portal)
    }
}

impl StaticApp {
    /// As every credential is judged.
    pub(crate) fn holder(&self) -> Holder {
        Holder {
            client_id: self.app_id.to_string(),
            portal: self.portal,
            user_id: self.user_id,
            email: self.email.clone(),
            scopes: self.scopes.clone(),
        }
    }
}

impl State {
    /// Makes a private app, static app or service key as the account's admin would; `oauth` is added by itself.
    ///
    /// # Errors
    /// Unknown account, a scope the account cannot grant, or a 21st private app.
    pub fn issue_static(
        &mut self,
        portal: u64,
        kind: StaticKind,
        name: &str,
        scopes: &[&str],
        now: u64,
    ) -> Result<Issued, CredentialRefused> {
        let scopes = self.grantable(portal, scopes)?;
        let owner = self
            .portals
            .get(&portal)
            .ok_or(CredentialRefused::UnknownPortal(portal))?;
        let held = self.credentials.apps.values();
        let private = held.filter(|app| app.portal == portal && app.kind == StaticKind::PrivateApp);
        if kind == StaticKind::PrivateApp && private.count() >= PRIVATE_APPS_PER_ACCOUNT {
            return Err(CredentialRefused::TooManyPrivateApps);
        }
        let token = self.credentials.token_text(owner.hublet, &mut self.rng);
        let credentials = &mut self.credentials;
        let app_id = credentials.add(owner, kind, name, scopes, token.clone(), now);
        let event = kind.event("PRIVATE_APP_ACCESS_TOKEN_CREATE", "SERVICE_KEY_CREATE");
        self.log_security(portal, event, &app_id.to_string(), now);
        Ok(Issued { app_id, token })
    }

    /// Gives an app a new token. The old ones die now, or after seven days with `overlap`.
    ///
    /// # Errors
    /// Unknown app or account.
    pub fn rotate_static(
        &mut self,
        app_id: u64,
        overlap: bool,
        now: u64,
    ) -> Result<String, CredentialRefused> {
        let app = self
            .credentials
            .apps
            .get(&app_id)
            .ok_or(CredentialRefused::UnknownApp(app_id))?;
        let portal = self
            .portals
            .get(&app.portal)
            .ok_or(CredentialRefused::UnknownPortal(app.portal))?;
        let token = self.credentials.token_text(portal.hublet, &mut self.rng);
        let ends = now.saturating_add(if overlap { ROTATION_OVERLAP_MS } else { 0 });
        let tokens = &mut self.credentials.tokens;
        for old in tokens.values_mut().filter(|old| old.app_id == app_id) {
            old.expires_at = Some(old.expires_at.map_or(ends, |at| at.min(ends)));
        }
        tokens.retain(|_, old| old.expires_at.is_none_or(|at| at > now));
        let record = StaticToken {
            app_id,
            issued_at: now,
            expires_at: None,
        };
        tokens.insert(token.clone(), record);
        let (portal, kind) = (app.portal, app.kind);
        let event = kind.event("PRIVATE_APP_ACCESS_TOKEN_ROTATE", "SERVICE_KEY_ROTATE");
        self.log_security(portal, event, &app_id.to_string(), now);
        Ok(token)
    }

    /// Removes an app and its tokens. False when unknown.
    pub fn delete_static(&mut self, app_id: u64) -> bool {
        let tokens = &mut self.credentials.tokens;
        tokens.retain(|_, token| token.app_id != app_id);
        self.credentials.apps.remove(&app_id).is_some()
    }

    /// Edits the scopes of a service key; its token stays the same.
    ///
    /// # Errors
    /// Unknown app, another kind than a service key, or a scope the account cannot grant.
    pub fn set_static_scopes(
        &mut self,
        app_id: u64,
        scopes: &[&str],
    ) -> Result<(), CredentialRefused> {
        let unknown = CredentialRefused::UnknownApp(app_id);
        let app = self.credentials.apps.get(&app_id).ok_or(unknown.clone())?;
        if app.kind != StaticKind::ServiceKey {
            return Err(CredentialRefused::ScopesAreFixed);
        }
        let granted = self.grantable(app.portal, scopes)?;
        let app = self.credentials.apps.get_mut(&app_id).ok_or(unknown)?;
        app.scopes = granted;
        Ok(())
    }

    /// Takes a user's rights in an account, or gives them back: private apps of theirs and user-level apps they
    /// authorised are then refused with `USER_DOES_NOT_HAVE_PERMISSIONS`; ordinary OAuth apps and service keys work on
    /// (platform 1.6). False when the account is unknown.
    pub fn set_user_rights(&mut self, portal: u64, user_id: u64, has_rights: bool) -> bool {
        if !self.portals.contains_key(&portal) {
            return false;
        }
        let without = &mut self.credentials.without_rights;
        if has_rights {
            without.remove(&(portal, user_id));
        } else {
            without.insert((portal, user_id));
        }
        true
    }

    fn grantable(&self, portal: u64, scopes: &[&str]) -> Result<Vec<String>, CredentialRefused> {
        let owner = self
            .portals
            .get(&portal)
            .ok_or(CredentialRefused::UnknownPortal(portal))?;
        // A developer test account grants what an Enterprise trial would (platform 3.1).
        let trial = owner.account_type == AccountType::DeveloperTest;
        if let Some(missing) = scopes
            .iter()
            .find(|name| !(scopes::available(name, owner) || trial && scopes::find(name).is_some()))
        {
            return Err(CredentialRefused::ScopeUnavailable((*missing).to_owned()));
        }
        let all = std::iter::once("oauth").chain(scopes.iter().copied());
        Ok(mint::ordered(all.map(str::to_owned)))
    }
}
