//! Owns what a scenario takes from GitHub for a while, each with the way back. Control decides when.
//! `now` is unix milliseconds; `None` means that something named is unknown or has nothing to take.

use std::collections::BTreeSet;

use super::model::{Code, GitHub, Grant, RefreshToken, Repository, Token};
use super::oauth::scopes;
use crate::shared::Shared;

/// An authorization with all that hangs on it. It waits in [`GitHub`], where whatever ends it for good forgets it.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    grant: Grant,
    tokens: Vec<(String, Token)>,
    refresh_tokens: Vec<(String, RefreshToken)>,
    codes: Vec<(String, Code)>,
}

/// A deleted repository.
#[derive(Clone, Debug)]
pub(crate) struct Deleted {
    repository: Shared<Repository>,
    /// Names that led to it.
    former: Vec<String>,
    /// Installations that had chosen it.
    chosen_by: Vec<u64>,
}

/// A renamed repository.
#[derive(Clone, Debug)]
pub(crate) struct Renamed {
    id: u64,
    from: String,
    to: String,
    /// Where the new name led before.
    led: Option<u64>,
}

/// A repository out of reach of the app.
#[derive(Clone, Debug)]
pub(crate) struct Unreached {
    id: u64,
    /// Installations of which it was taken; with what they kept, where they reached all before.
    from: Vec<(u64, Option<BTreeSet<u64>>)>,
}

/// A used up hour.
#[derive(Clone, Debug)]
pub(crate) struct Spent {
    consumer: String,
    used: u32,
    /// Unix seconds.
    reset: u64,
}

impl Spent {
    /// Unix milliseconds at which GitHub itself opens the next hour.
    pub(crate) fn until(&self) -> u64 {
        self.reset.saturating_mul(1_000)
    }
}

fn full(owner: &str, name: &str) -> String {
    format!("{owner}/{name}").to_ascii_lowercase()
}

impl GitHub {
    /// The login of a repository's owner.
    fn owner_of(&self, repository: &Repository) -> Option<String> {
        let owner = self.accounts.get(&repository.owner)?;
        Some(owner.login.clone())
    }

    /// Ends every authorization of a user, to be brought back. Gives how many.
    pub(crate) fn put_authorizations_aside(&mut self, login: &str) -> Option<usize> {
        let user = self.account(login)?.id;
        let keys: Vec<(String, u64)> = self
            .grants
            .keys()
            .filter(|(_, of)| *of == user)
            .cloned()
            .collect();
        for key in &keys {
            let Some(grant) = self.grants.get(key).cloned() else {
                continue;
            };
            let theirs = |client_id: &str, of: u64| client_id == key.0 && of == user;
            let kept = Authorization {
                grant,
                tokens: picked(&self.tokens, |t| theirs(&t.client_id, t.user)),
                refresh_tokens: picked(&self.refresh_tokens, |t| theirs(&t.client_id, t.user)),
                codes: picked(&self.codes, |c| theirs(&c.client_id, c.user)),
            };
            self.forget(&key.0, user);
            self.aside.insert(key.clone(), kept);
        }
        (!keys.is_empty()).then_some(keys.len())
    }

    /// Brings a user's authorizations back; what was authorized meanwhile stays too.
    pub(crate) fn bring_authorizations_back(&mut self, login: &str) {
        let Some(user) = self.account(login).map(|a| a.id) else {
            return;
        };
        let keys: Vec<(String, u64)> = self
            .aside
            .keys()
            .filter(|(_, of)| *of == user)
            .cloned()
            .collect();
        for key in keys {
            let Some(kept) = self.aside.remove(&key) else {
                continue;
            };
            let grant = self.grants.entry(key).or_insert_with(|| kept.grant.clone());
            grant.scopes = scopes::joined(&grant.scopes, &kept.grant.scopes);
            self.tokens.extend(kept.tokens);
            self.refresh_tokens.extend(kept.refresh_tokens);
            self.codes.extend(kept.codes);
        }
    }

    /// Expires a user's access tokens. Gives each with the second it would have ended.
    pub(crate) fn expire_for_now(&mut self, login: &str, now: u64) -> Option<Vec<(String, u64)>> {
        let user = self.account(login)?.id;
        let before: Vec<(String, u64)> = self
            .tokens
            .iter()
            .filter(|(_, t)| t.user == user)
            .filter_map(|(text, t)| Some((text.clone(), t.expires_at?)))
            .collect();
        self.expire_tokens(login, now);
        (!before.is_empty()).then_some(before)
    }

    /// Gives tokens that are still known their lives back.
    pub(crate) fn unexpire(&mut self, tokens: &[(String, u64)]) {
        for (text, expires_at) in tokens {
            if let Some(token) = self.tokens.get_mut(text) {
                token.expires_at = Some(*expires_at);
            }
        }
    }

    /// Deletes a repository.
    pub(crate) fn delete_for_now(&mut self, owner: &str, name: &str) -> Option<Deleted> {
        let id = self.repository(owner, name)?.id;
        let chosen = |i: &&super::model::Installation| {
            i.selected
                .as_ref()
                .is_some_and(|chosen| chosen.contains(&id))
        };
        let deleted = Deleted {
            repository: self.repositories.get(&id)?.clone(),
            former: picked(&self.renamed, |to| *to == id)
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            chosen_by: self
                .installations
                .values()
                .filter(chosen)
                .map(|i| i.id)
                .collect(),
        };
        self.delete_repository(owner, name);
        Some(deleted)
    }

    /// Brings a deleted repository back, with a number behind its name if that is taken by now.
    pub(crate) fn undelete(&mut self, deleted: &Deleted) {
        let mut repository = deleted.repository.clone();
        let id = repository.id;
        let Some(owner) = self.owner_of(&repository) else {
            return;
        };
        let mut number = 0_u64;
        while self.repository(&owner, &repository.name).is_some() {
            number += 1;
            repository.name = format!("{}-{number}", deleted.repository.name);
        }
        self.renamed.remove(&full(&owner, &repository.name));
        self.repositories.insert(id, repository);
        for former in &deleted.former {
            self.renamed.entry(former.clone()).or_insert(id);
        }
        for installation in &deleted.chosen_by {
            let installation = self.installations.get_mut(installation);
            if let Some(chosen) = installation.and_then(|i| i.selected.as_mut()) {
                chosen.insert(id);
            }
        }
    }

    /// Renames a repository; `None` also when the new name is taken.
    pub(crate) fn rename_for_now(&mut self, owner: &str, name: &str, to: &str) -> Option<Renamed> {
        let repository = self.repository(owner, name)?;
        let (id, from) = (repository.id, repository.name.clone());
        let led = self.renamed.get(&full(owner, to)).copied();
        let done = self.rename_repository(owner, name, to);
        done.then(|| Renamed {
            id,
            from,
            to: to.to_owned(),
            led,
        })
    }

    /// Gives a repository its name back, unless it has another by now or its old one is taken.
    pub(crate) fn unrename(&mut self, renamed: &Renamed) {
        let Some(repository) = self.repositories.get(&renamed.id) else {
            return;
        };
        let Some(owner) = self
            .owner_of(repository)
            .filter(|_| repository.name == renamed.to)
        else {
            return;
        };
        if self.rename_repository(&owner, &renamed.to, &renamed.from) {
            let new = full(&owner, &renamed.to);
            if new == full(&owner, &renamed.from) {
                return;
            }
            match renamed.led.filter(|id| self.repositories.contains_key(id)) {
                Some(led) => self.renamed.insert(new, led),
                None => self.renamed.remove(&new),
            };
        }
    }

    /// Takes a repository out of every installation in its owner's account.
    pub(crate) fn unreach(&mut self, owner: &str, name: &str) -> Option<Unreached> {
        let repository = self.repository(owner, name)?;
        let (id, account) = (repository.id, repository.owner);
        let others: BTreeSet<u64> = self
            .repositories
            .values()
            .filter(|r| r.owner == account && r.id != id)
            .map(|r| r.id)
            .collect();
        let mut from = Vec::new();
        let theirs = |i: &&mut super::model::Installation| i.account == account;
        for installation in self.installations.values_mut().filter(theirs) {
            match &mut installation.selected {
                Some(chosen) => {
                    if chosen.remove(&id) {
                        from.push((installation.id, None));
                    }
                }
                all => {
                    *all = Some(others.clone());
                    from.push((installation.id, Some(others.clone())));
                }
            }
        }
        (!from.is_empty()).then_some(Unreached { id, from })
    }

    /// Lets installations reach a repository again; those that reached all do so, if nobody changed their choice.
    pub(crate) fn reach_again(&mut self, unreached: &Unreached) {
        if !self.repositories.contains_key(&unreached.id) {
            return;
        }
        for (installation, kept) in &unreached.from {
            let Some(installation) = self.installations.get_mut(installation) else {
                continue;
            };
            if kept.is_some() && installation.selected == *kept {
                installation.selected = None;
            } else if let Some(chosen) = &mut installation.selected {
                chosen.insert(unreached.id);
            }
        }
    }

    /// Uses up a user's requests of this hour.
    pub(crate) fn spend_for_now(&mut self, login: &str, now: u64) -> Option<Spent> {
        let consumer = format!("user {}", self.account(login)?.id);
        let usage = self.usage.entry(consumer.clone()).or_default();
        usage.roll(now / 1_000);
        let (used, reset) = (usage.used, usage.reset);
        self.exhaust_limit(login, now);
        Some(Spent {
            consumer,
            used,
            reset,
        })
    }

    /// Gives the requests back, if the hour is still the same.
    pub(crate) fn unspend(&mut self, spent: &Spent) {
        if let Some(usage) = self.usage.get_mut(&spent.consumer)
            && usage.reset == spent.reset
        {
            usage.used = spent.used;
        }
    }
}

/// Copies of the entries whose values fit.
fn picked<V: Clone>(
    map: &std::collections::BTreeMap<String, V>,
    fits: impl Fn(&V) -> bool,
) -> Vec<(String, V)> {
    map.iter()
        .filter(|(_, value)| fits(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
