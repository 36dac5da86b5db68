//! Owns the look at GitHub: accounts with their repositories, installations and tokens. Changes nothing.

use serde::Serialize;

use crate::state::State;

/// How many repositories the page suggests.
const SUGGESTED: usize = 20;

/// A user or an organization at a glance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountView {
    pub(super) login: String,
    pub(super) name: String,
    /// `User` or `Organization`.
    pub(super) kind: &'static str,
    pub(super) repositories: usize,
    pub(super) installations: Vec<InstallationView>,
    /// Of the user, of every app.
    pub(super) live_access_tokens: usize,
    pub(super) refresh_tokens: usize,
}

/// An app in an account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstallationView {
    pub(super) id: u64,
    pub(super) client_id: String,
    pub(super) app: String,
    /// How many it reaches; `null` is all of the account's, also future ones.
    pub(super) repositories: Option<usize>,
    pub(super) suspended: bool,
}

/// Every account, in the order of ids.
pub(super) fn accounts(state: &State, now: u64) -> Vec<AccountView> {
    let github = &state.github;
    let view = |id: &u64, account: &crate::github::model::Account| {
        let installed = github.installations.values().filter(|i| i.account == *id);
        let alive = |at: Option<u64>| at.is_none_or(|at| at > now / 1_000);
        AccountView {
            login: account.login.clone(),
            name: account.name.clone().unwrap_or_default(),
            kind: account.kind(),
            repositories: github
                .repositories
                .values()
                .filter(|r| r.owner == *id)
                .count(),
            installations: installed
                .map(|i| InstallationView {
                    id: i.id,
                    client_id: i.client_id.clone(),
                    app: github
                        .app(&i.client_id)
                        .map_or_else(String::new, |app| app.name.clone()),
                    repositories: i.selected.as_ref().map(std::collections::BTreeSet::len),
                    suspended: i.suspended.is_some(),
                })
                .collect(),
            live_access_tokens: github
                .tokens
                .values()
                .filter(|t| t.user == *id && alive(t.expires_at))
                .count(),
            refresh_tokens: github
                .refresh_tokens
                .values()
                .filter(|t| t.user == *id && alive(Some(t.expires_at)))
                .count(),
        }
    };
    github
        .accounts
        .iter()
        .map(|(id, account)| view(id, account))
        .collect()
}

/// `owner/name` of repositories that an installation reaches, the last written first.
pub(super) fn suggested(state: &State) -> Vec<String> {
    let github = &state.github;
    let reached = |id: u64, owner: u64| {
        let mut here = github.installations.values().filter(|i| i.account == owner);
        here.any(|i| {
            i.selected
                .as_ref()
                .is_none_or(|chosen| chosen.contains(&id))
        })
    };
    let mut found: Vec<_> = github
        .repositories
        .values()
        .filter(|r| reached(r.id, r.owner))
        .collect();
    found.sort_by_key(|r| (std::cmp::Reverse(r.pushed_at), r.id));
    let name = |r: &&crate::shared::Shared<crate::github::model::Repository>| {
        let owner = github.accounts.get(&r.owner)?;
        Some(format!("{}/{}", owner.login, r.name))
    };
    found.iter().filter_map(name).take(SUGGESTED).collect()
}
