//! A repository being chosen: account, repository, branch (D38–D41).
//! Owns what the dialog of Add Repo shows; an answer counts only if nothing else was asked for since.

use super::ask::Asker;
use super::{Came, GitAction, Outcome};
use crate::app::boot::Booted;
use crate::app::{App, Msg};
use crate::shell::clock::now_seconds;
use crate::shell::task::Task;
use portico_core::github::{Installation, RepositoryLink, RepositoryList};
use portico_core::ids::ConnectionId;
use portico_core::wire::{Problem, Provider};
use std::rc::Rc;
use yew::Context;

/// What the dialog of Add Repo has heard, and what is chosen in it.
pub(crate) struct Adding {
    pub(crate) connection: ConnectionId,
    /// None while they are asked for.
    pub(crate) installations: Option<Outcome<Vec<Installation>>>,
    /// The chosen account's installation.
    pub(crate) account: Option<u64>,
    pub(crate) list: Rc<RepositoryList>,
    pub(crate) search: String,
    /// Places in the list that match the search.
    pub(crate) shown: Rc<Vec<usize>>,
    /// Grows when the list begins at its top again.
    pub(crate) version: u32,
    /// The chosen repository.
    pub(crate) repository: Option<u64>,
    /// None while they are asked for.
    pub(crate) branches: Option<Vec<String>>,
    /// There are more than are listed.
    pub(crate) more_branches: bool,
    pub(crate) branch: String,
    /// Why a list is not whole.
    pub(crate) problem: Option<Box<Problem>>,
    /// The list of accounts or repositories that is being read, and of which attempt.
    listing: (u32, Option<Task>),
    /// The branches that are being read.
    branching: (u32, Option<Task>),
}

fn tell(link: &yew::html::Scope<App>, came: Came) {
    link.send_message(Msg::Git(Box::new(came)));
}

impl Adding {
    /// Asks for the accounts.
    pub(super) fn begin(
        ctx: &Context<App>,
        booted: &Booted,
        connection: ConnectionId,
        attempt: u32,
    ) -> Self {
        let mut adding = Self {
            connection,
            installations: None,
            account: None,
            list: Rc::default(),
            search: String::new(),
            shown: Rc::default(),
            version: 0,
            repository: None,
            branches: None,
            more_branches: false,
            branch: String::new(),
            problem: None,
            listing: (0, None),
            branching: (0, None),
        };
        adding.ask_accounts(ctx, booted, attempt);
        adding
    }

    /// More of the list of repositories is on its way.
    pub(crate) fn is_listing(&self) -> bool {
        self.listing.1.is_some()
    }

    /// The chosen account's installation.
    pub(crate) fn installation(&self) -> Option<&Installation> {
        let Some(Ok(installations)) = &self.installations else {
            return None;
        };
        installations
            .iter()
            .find(|one| Some(one.id) == self.account)
    }

    fn asker(&self, booted: &Booted) -> Asker {
        let (proxy, id) = (booted.proxy.clone(), self.connection.clone());
        Asker::new(proxy, id, String::new())
    }

    fn ask_accounts(&mut self, ctx: &Context<App>, booted: &Booted, attempt: u32) {
        self.installations = None;
        self.look_at(ctx, booted, None, attempt);
        let (asker, link) = (self.asker(booted), ctx.link().clone());
        let mut providers = booted.session.providers.iter();
        let host = providers
            .find(|info| info.provider == Provider::Github)
            .map_or_else(String::new, |info| info.host.clone());
        let task = Task::spawn(async move {
            let found = asker.installations().await.map(|all| {
                let here = all.into_iter().map(|one| one.leading_to(&host));
                here.collect()
            });
            tell(&link, Came::Installations(attempt, found));
        });
        self.listing = (attempt, Some(task));
    }

    pub(super) fn act(
        &mut self,
        ctx: &Context<App>,
        booted: &Booted,
        action: GitAction,
        attempt: u32,
    ) {
        match action {
            GitAction::Again => self.ask_accounts(ctx, booted, attempt),
            GitAction::Account(account) => self.look_at(ctx, booted, account, attempt),
            GitAction::Search(text) => {
                self.search = text;
                self.version += 1;
                self.narrow();
            }
            GitAction::Repository(id) => self.choose(ctx, booted, id, attempt),
            GitAction::Branch(name) => self.branch = name,
            // The room's own.
            GitAction::Check(_)
            | GitAction::AddRepo(_)
            | GitAction::Add
            | GitAction::Unlink(..)
            | GitAction::Relink(..) => {}
        }
    }

    pub(super) fn came(&mut self, ctx: &Context<App>, booted: &Booted, came: Came, attempt: u32) {
        match came {
            Came::Installations(of, found) if of == self.listing.0 => {
                self.listing.1 = None;
                // Where there is no choice, it is made.
                let only = match found.as_deref() {
                    Ok([one]) if !one.is_suspended => Some(one.id),
                    _ => None,
                };
                self.installations = Some(found);
                if only.is_some() {
                    self.look_at(ctx, booted, only, attempt);
                }
            }
            Came::Repositories(of, page) if of == self.listing.0 => match page {
                Ok((repositories, last)) => {
                    Rc::make_mut(&mut self.list).add(repositories);
                    self.narrow();
                    if last {
                        self.listing.1 = None;
                    }
                }
                Err(problem) => {
                    self.problem = Some(problem);
                    self.listing.1 = None;
                }
            },
            Came::Branches(of, found) if of == self.branching.0 => {
                self.branching.1 = None;
                match found {
                    Ok((names, more)) => {
                        self.more_branches = more;
                        self.branches = Some(names);
                    }
                    Err(problem) => {
                        self.problem = Some(problem);
                        // The default branch can be chosen all the same.
                        self.branches = Some(vec![self.branch.clone()]);
                    }
                }
            }
            // Of an attempt that was given up, or not the dialog's.
            _ => {}
        }
    }

    fn look_at(&mut self, ctx: &Context<App>, booted: &Booted, account: Option<u64>, attempt: u32) {
        self.account = account;
        self.list = Rc::default();
        self.search.clear();
        (self.repository, self.branches, self.problem) = (None, None, None);
        self.branching = (attempt, None);
        self.version += 1;
        self.narrow();
        let (asker, link) = (self.asker(booted), ctx.link().clone());
        let task = account.map(|account| {
            Task::spawn(async move {
                let page = |page| tell(&link, Came::Repositories(attempt, page));
                asker.repositories(account, &page).await;
            })
        });
        self.listing = (attempt, task);
    }

    /// What is being read is wanted no more; what was heard stays.
    pub(super) fn stop(&mut self) {
        self.listing.1 = None;
        self.branching.1 = None;
    }

    fn narrow(&mut self) {
        self.shown = Rc::new(self.list.matching(&self.search));
    }

    fn choose(&mut self, ctx: &Context<App>, booted: &Booted, id: u64, attempt: u32) {
        let Some(repository) = self.list.of(id) else {
            return;
        };
        // D41: the default branch, unless another one is chosen.
        self.branch.clone_from(&repository.default_branch);
        let name = repository.full_name.clone();
        self.repository = Some(id);
        (self.branches, self.more_branches, self.problem) = (None, false, None);
        let (asker, link) = (self.asker(booted), ctx.link().clone());
        let task = Task::spawn(async move {
            let found = asker.branches(&name).await;
            tell(&link, Came::Branches(attempt, found));
        });
        self.branching = (attempt, Some(task));
    }

    /// What is chosen, as a link; nothing while its branches are still asked for.
    pub(crate) fn link(&self) -> Option<RepositoryLink> {
        let repository = self.list.of(self.repository?)?;
        self.branches.as_ref()?;
        Some(RepositoryLink {
            id: repository.id,
            full_name: repository.full_name.clone(),
            branch: self.branch.clone(),
            default_branch: repository.default_branch.clone(),
            added_at: now_seconds(),
        })
    }
}
