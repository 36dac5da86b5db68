//! Asks GitHub through the relay: accounts, repositories, branches, and all that tells how a link stands.
//! Owns which calls are made and in which order; reading the answers is the core's.

use super::Outcome;
use crate::shell::proxy::Proxy;
use litemap::LiteMap;
use portico_core::error::ErrorCode;
use portico_core::github::{
    self, Installation, LinkFacts, PER_PAGE, Page, Probe, Reach, Repository, RepositoryLink,
};
use portico_core::ids::ConnectionId;
use portico_core::reading::Unreadable;
use portico_core::wire::{Problem, Provider, RelayRequest};

/// Pages of accounts or repositories that are read at most: ten thousand rows.
const LIST_PAGES: u32 = 100;
/// Pages of branches that are read at most: a thousand names.
const BRANCH_PAGES: u32 = 10;

pub(super) struct Asker {
    proxy: Proxy,
    connection: ConnectionId,
    /// Who authorized.
    login: String,
}

/// What one round of checks has read of the lists, so that each is read once.
#[derive(Default)]
pub(super) struct Lists {
    installations: Option<Outcome<Vec<Installation>>>,
    /// By installation; none where a list could not be read to its end.
    repositories: Vec<(u64, Option<Vec<Repository>>)>,
}

type Reader<T> = fn(&str) -> Result<Page<T>, Unreadable>;
type Parameters<'a> = &'a [(&'a str, &'a str)];

impl Asker {
    pub(super) fn new(proxy: Proxy, connection: ConnectionId, login: String) -> Self {
        Self {
            proxy,
            connection,
            login,
        }
    }

    async fn ask(
        &self,
        operation: &str,
        params: Parameters<'_>,
        page: Option<u32>,
    ) -> Outcome<String> {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut query = LiteMap::new();
        if let Some(page) = page {
            query.insert("page".to_owned(), page.to_string());
            query.insert("per_page".to_owned(), PER_PAGE.to_string());
        }
        let request = RelayRequest {
            params: params.iter().copied().map(owned).collect(),
            query,
            body: None,
        };
        let answer = self
            .proxy
            .relay(&self.connection, operation, &request)
            .await;
        answer
            .outcome
            .map_err(|problem| Box::new(problem.about(Provider::Github)))
    }

    /// Page by page; true once the last one was told, false where there are more than are read.
    async fn pages<T>(
        &self,
        operation: &str,
        params: Parameters<'_>,
        most: u32,
        read: Reader<T>,
        tell: &mut dyn FnMut(Vec<T>, bool),
    ) -> Outcome<bool> {
        let mut number = 1;
        loop {
            let text = self.ask(operation, params, Some(number)).await?;
            let page = read(&text).map_err(|_| unreadable())?;
            let next = github::next_page(number, &page);
            let more = next.filter(|next| *next <= most);
            tell(page.items, more.is_none());
            match more {
                Some(next) => number = next,
                None => return Ok(next.is_none()),
            }
        }
    }

    async fn all<T>(
        &self,
        operation: &str,
        params: Parameters<'_>,
        most: u32,
        read: Reader<T>,
    ) -> Outcome<(Vec<T>, bool)> {
        let mut all = Vec::new();
        let whole = self
            .pages(operation, params, most, read, &mut |page, _| {
                all.extend(page);
            })
            .await?;
        Ok((all, whole))
    }

    /// Accounts in which the app is installed, as far as this person sees them.
    pub(super) async fn installations(&self) -> Outcome<Vec<Installation>> {
        let read = github::installations;
        let (all, _) = self
            .all("github.installations", &[], LIST_PAGES, read)
            .await?;
        Ok(all)
    }

    /// An account's repositories, each page as it comes; true with the last.
    pub(super) async fn repositories(
        &self,
        installation: u64,
        tell: &dyn Fn(Outcome<(Vec<Repository>, bool)>),
    ) {
        let id = installation.to_string();
        let told = self
            .pages(
                "github.installation_repositories",
                &[("installation_id", &id)],
                LIST_PAGES,
                github::repositories,
                &mut |page, last| tell(Ok((page, last))),
            )
            .await;
        if let Err(problem) = told {
            tell(Err(problem));
        }
    }

    /// Branches of `owner/name`, and whether there are more than are read.
    pub(super) async fn branches(&self, full_name: &str) -> Outcome<(Vec<String>, bool)> {
        let (owner, repo) = full_name.split_once('/').unwrap_or_default();
        let (all, whole) = self
            .all(
                "github.branches",
                &[("owner", owner), ("repo", repo)],
                BRANCH_PAGES,
                github::branches,
            )
            .await?;
        Ok((all, !whole))
    }

    /// All that tells how a link stands.
    pub(super) async fn facts(&self, link: &RepositoryLink, lists: &mut Lists) -> LinkFacts {
        let (owner, repo) = link.owner_and_name();
        let params = [("owner", owner), ("repo", repo)];
        let probe = Probe::of(&self.ask("github.repository", &params, None).await);
        let mut branch = None;
        // A default branch is there, or nothing is yet.
        if let Probe::Here(repository) = &probe
            && repository.id == link.id
            && repository.default_branch != link.branch
            && let Ok((names, more)) = self.branches(&link.full_name).await
            && !more
        {
            branch = Some(names.contains(&link.branch));
        }
        let reach = if probe.wants_installation(link) {
            self.accounts(lists)
                .await
                .and_then(|installations| github::reach(link, installations))
        } else if probe.wants_reach(link) {
            self.reach(link, &probe, lists).await
        } else {
            None
        };
        LinkFacts {
            probe,
            reach,
            branch,
        }
    }

    /// Accounts with the app, asked once in a round; nothing where they cannot be read.
    async fn accounts<'a>(&self, lists: &'a mut Lists) -> Option<&'a [Installation]> {
        if lists.installations.is_none() {
            lists.installations = Some(self.installations().await);
        }
        lists.installations.as_ref()?.as_deref().ok()
    }

    /// Whether the app still reaches the repository; nothing where the lists cannot be read.
    async fn reach(
        &self,
        link: &RepositoryLink,
        probe: &Probe,
        lists: &mut Lists,
    ) -> Option<Reach> {
        let installations = self.accounts(lists).await?.to_vec();
        let reach = github::reach(link, &installations);
        let (owner, _) = link.owner_and_name();
        let is_owners = |one: &Installation| one.login.eq_ignore_ascii_case(owner);
        let mut sees_all = false;
        for one in &installations {
            // What was handed to another account is looked for in all of them.
            let wanted = is_owners(one) || *probe == Probe::Elsewhere;
            if one.is_suspended || !wanted {
                continue;
            }
            let known = lists.repositories.iter().any(|(id, _)| *id == one.id);
            if !known {
                let id = one.id.to_string();
                let listed = self
                    .all(
                        "github.installation_repositories",
                        &[("installation_id", &id)],
                        LIST_PAGES,
                        github::repositories,
                    )
                    .await;
                let whole = listed.ok().filter(|(_, whole)| *whole);
                lists.repositories.push((one.id, whole.map(|(all, _)| all)));
            }
            let mut read = lists.repositories.iter();
            let (_, list) = read.find(|(id, _)| *id == one.id)?;
            let Some(list) = list else {
                // Of another account's list nothing is concluded; without the owner's own, nothing at all.
                if is_owners(one) {
                    return None;
                }
                continue;
            };
            if let Some(found) = list.iter().find(|repository| repository.id == link.id) {
                return Some(Reach::Listed(found.clone()));
            }
            sees_all |= is_owners(one) && one.sees_all;
        }
        Some(reach.unwrap_or(Reach::NotListed {
            sees_all,
            own: owner.eq_ignore_ascii_case(&self.login),
        }))
    }
}

fn unreadable() -> Box<Problem> {
    Box::new(Problem::of(ErrorCode::UpstreamInvalid).about(Provider::Github))
}
