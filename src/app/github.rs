//! Repositories linked to GitHub connections: what is linked, how each stands, and what a person is adding (D38–D45).
//! Owns this room's state; what is heard of GitHub comes from `ask`, what it means is the core's, drawing is the view's.

mod adding;
mod ask;
mod door;

pub(crate) use adding::Adding;

use super::boot::Booted;
use super::{App, Msg};
use crate::shell::clock::now_seconds;
use crate::shell::store::StoredLinks;
use crate::shell::task::Task;
use crate::view::{self, Scene};
use ask::Asker;
use portico_core::github::{Installation, LinkFacts, Repository, RepositoryLink, with_link};
use portico_core::ids::ConnectionId;
use portico_core::status::read_status;
use portico_core::wire::{Connection, Problem, Provider};
use wasm_bindgen_futures::spawn_local;
use yew::{Context, Html};

/// What a person does with linked repositories.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum GitAction {
    /// Ask for every status of a connection again.
    Check(ConnectionId),
    /// Open the dialog.
    AddRepo(ConnectionId),
    /// In the dialog: ask for the accounts again.
    Again,
    /// In the dialog: look at an account's repositories.
    Account(Option<u64>),
    Search(String),
    Repository(u64),
    Branch(String),
    /// In the dialog: link what is chosen.
    Add,
    Unlink(ConnectionId, u64),
    /// Put another name in place of a link's own: the repository was renamed.
    Relink(ConnectionId, RepositoryLink),
}

type Outcome<T> = Result<T, Box<Problem>>;

/// What is heard, from the browser's store or from GitHub.
pub(crate) enum Came {
    Links(ConnectionId, Outcome<StoredLinks>),
    Checked(ConnectionId, u64, LinkFacts),
    CheckEnded(ConnectionId),
    /// Of the dialog's attempt.
    Installations(u32, Outcome<Vec<Installation>>),
    /// A page; true for the last.
    Repositories(u32, Outcome<(Vec<Repository>, bool)>),
    /// All branches, and whether there are more than are read.
    Branches(u32, Outcome<(Vec<String>, bool)>),
}

/// The room as the app knows it: its code is a part of its own.
pub(crate) trait Git {
    /// Follows the connections: reads what is linked to new ones, and asks how each link stands of those that are new
    /// or alive again; of all of them where `anew`.
    fn follow(&mut self, ctx: &Context<App>, booted: &Booted, anew: bool);
    /// What a person does; true when the dialog has done its work.
    fn act(&mut self, ctx: &Context<App>, booted: &Booted, action: GitAction) -> bool;
    /// What was asked for is here.
    fn came(&mut self, ctx: &Context<App>, booted: &Booted, came: Came);
    /// The dialog was closed: nothing more is read for it.
    fn stop(&mut self);
    /// A connection is gone.
    fn forget(&mut self, id: &ConnectionId);
    /// Draws the cards.
    fn view(&self, scene: &Scene<'_>) -> Html;
    /// Draws the dialog of Add Repo.
    fn dialog(&self, scene: &Scene<'_>, connection: &Connection) -> Html;
}

/// One connection's links.
pub(crate) struct Held {
    pub(crate) connection: ConnectionId,
    /// None until the store was read.
    pub(crate) links: Option<Vec<RepositoryLink>>,
    /// A record could not be read, and was set aside.
    pub(crate) set_aside: bool,
    /// Why the store gives nothing.
    pub(crate) problem: Option<Box<Problem>>,
    facts: Vec<(u64, LinkFacts)>,
    alive: bool,
    checking: Option<Task>,
}

#[derive(Default)]
pub(crate) struct GitHub {
    held: Vec<Held>,
    adding: Option<Adding>,
    attempts: u32,
}

impl Held {
    /// What was last heard of a repository.
    pub(crate) fn facts(&self, id: u64) -> Option<&LinkFacts> {
        let mut facts = self.facts.iter();
        facts.find(|(of, _)| *of == id).map(|(_, facts)| facts)
    }

    /// Whether GitHub is being asked.
    pub(crate) fn is_checking(&self) -> bool {
        self.checking.is_some()
    }

    fn check(&mut self, ctx: &Context<App>, booted: &Booted) {
        let links = self.links.clone().unwrap_or_default();
        if !self.alive || links.is_empty() {
            self.checking = None;
            return;
        }
        let login = booted
            .connections
            .iter()
            .find(|connection| connection.id == self.connection)
            .and_then(|connection| connection.account.name.clone())
            .unwrap_or_default();
        let asker = Asker::new(booted.proxy.clone(), self.connection.clone(), login);
        let (link, id) = (ctx.link().clone(), self.connection.clone());
        // The former round ends here; what it found so far stays on screen.
        self.checking = Some(Task::spawn(async move {
            let mut lists = ask::Lists::default();
            for of in links {
                let facts = asker.facts(&of, &mut lists).await;
                link.send_message(Msg::Git(Box::new(Came::Checked(id.clone(), of.id, facts))));
            }
            link.send_message(Msg::Git(Box::new(Came::CheckEnded(id))));
        }));
    }
}

impl GitHub {
    /// The links of a connection.
    pub(crate) fn of(&self, id: &ConnectionId) -> Option<&Held> {
        self.held.iter().find(|held| held.connection == *id)
    }

    fn of_mut(&mut self, id: &ConnectionId) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.connection == *id)
    }

    /// What is being added to this connection.
    pub(crate) fn adding(&self, id: &ConnectionId) -> Option<&Adding> {
        self.adding.as_ref().filter(|add| add.connection == *id)
    }

    /// Accounts with the app, as far as they were asked for since the page was opened.
    pub(crate) fn installations(&self, id: &ConnectionId) -> &[Installation] {
        match self.adding(id).map(|add| &add.installations) {
            Some(Some(Ok(installations))) => installations,
            _ => &[],
        }
    }

    /// Changes the links as they stand in the store, where another tab may have changed them meanwhile.
    fn change(
        ctx: &Context<App>,
        booted: &Booted,
        id: ConnectionId,
        change: impl FnOnce(Vec<RepositoryLink>) -> Vec<RepositoryLink> + 'static,
    ) {
        let (link, store) = (ctx.link().clone(), booted.store.clone());
        spawn_local(async move {
            let result = match store.links(&id).await {
                Ok(mut stored) => {
                    stored.links = change(stored.links);
                    store.save_links(&id, &stored.links).await;
                    Ok(stored)
                }
                Err(problem) => Err(problem),
            };
            link.send_message(Msg::Git(Box::new(Came::Links(id, result))));
        });
    }

    fn attempt(&mut self) -> u32 {
        self.attempts = self.attempts.wrapping_add(1);
        self.attempts
    }
}

impl Git for GitHub {
    fn follow(&mut self, ctx: &Context<App>, booted: &Booted, anew: bool) {
        let now = now_seconds();
        for connection in &booted.connections {
            if connection.provider != Provider::Github {
                continue;
            }
            let alive = read_status(connection, now).status.calls_allowed();
            if let Some(held) = self.of_mut(&connection.id) {
                let revived = alive && !held.alive;
                held.alive = alive;
                if revived || (anew && !held.is_checking()) {
                    held.check(ctx, booted);
                }
                continue;
            }
            let id = connection.id.clone();
            self.held.push(Held {
                connection: id.clone(),
                links: None,
                set_aside: false,
                problem: None,
                facts: Vec::new(),
                alive,
                checking: None,
            });
            let (link, store) = (ctx.link().clone(), booted.store.clone());
            spawn_local(async move {
                let stored = store.links(&id).await;
                link.send_message(Msg::Git(Box::new(Came::Links(id, stored))));
            });
        }
    }

    fn act(&mut self, ctx: &Context<App>, booted: &Booted, action: GitAction) -> bool {
        match action {
            GitAction::Check(id) => {
                if let Some(held) = self.of_mut(&id) {
                    held.check(ctx, booted);
                }
            }
            GitAction::AddRepo(id) => {
                let attempt = self.attempt();
                self.adding = Some(Adding::begin(ctx, booted, id, attempt));
            }
            GitAction::Unlink(id, repository) => Self::change(ctx, booted, id, move |mut links| {
                links.retain(|link| link.id != repository);
                links
            }),
            GitAction::Relink(id, link) => Self::change(ctx, booted, id, move |links| {
                with_link(&links, link).unwrap_or(links)
            }),
            GitAction::Add => {
                let chosen = self.adding.as_ref().and_then(|adding| {
                    let link = adding.link()?;
                    Some((adding.connection.clone(), link))
                });
                let Some((id, link)) = chosen else {
                    return false;
                };
                let linked = self.of(&id).and_then(|held| held.links.as_ref());
                // The view says that there is no room before this can be asked for.
                if linked.is_none_or(|links| with_link(links, link.clone()).is_none()) {
                    return false;
                }
                Self::change(ctx, booted, id, move |links| {
                    with_link(&links, link).unwrap_or(links)
                });
                return true;
            }
            action => {
                let attempt = self.attempt();
                if let Some(adding) = &mut self.adding {
                    adding.act(ctx, booted, action, attempt);
                }
            }
        }
        false
    }

    fn came(&mut self, ctx: &Context<App>, booted: &Booted, came: Came) {
        match came {
            Came::Links(id, stored) => {
                let Some(held) = self.of_mut(&id) else { return };
                match stored {
                    Ok(stored) => {
                        held.links = Some(stored.links);
                        held.set_aside |= stored.set_aside;
                        held.problem = None;
                        held.check(ctx, booted);
                    }
                    Err(problem) => held.problem = Some(problem),
                }
            }
            Came::Checked(id, repository, facts) => {
                if let Some(held) = self.of_mut(&id) {
                    held.facts.retain(|(of, _)| *of != repository);
                    held.facts.push((repository, facts));
                }
            }
            Came::CheckEnded(id) => {
                if let Some(held) = self.of_mut(&id) {
                    held.checking = None;
                }
            }
            came => {
                let attempt = self.attempt();
                if let Some(adding) = &mut self.adding {
                    adding.came(ctx, booted, came, attempt);
                }
            }
        }
    }

    fn stop(&mut self) {
        if let Some(adding) = &mut self.adding {
            adding.stop();
        }
    }

    fn forget(&mut self, id: &ConnectionId) {
        self.held.retain(|held| held.connection != *id);
        self.adding.take_if(|adding| adding.connection == *id);
    }

    fn view(&self, scene: &Scene<'_>) -> Html {
        view::github::view(scene, self)
    }

    fn dialog(&self, scene: &Scene<'_>, connection: &Connection) -> Html {
        view::github::dialog::view(scene, self, connection)
    }
}
