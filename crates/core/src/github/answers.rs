//! GitHub's answers as the relay hands them on, read into what the browser needs of them.
//! Owns which fields count and what is left out: a row whose names could not stand in the next call is no row.

use super::link::{is_branch, is_full_name};
use crate::authorize::is_safe_endpoint;
use crate::operations::Pattern;
use crate::reading::{Unreadable, from_json};
use crate::text::visible;
use serde::Deserialize;

/// Rows asked for with each call: the most GitHub gives.
pub const PER_PAGE: usize = 100;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What can be used of it.
    pub items: Vec<T>,
    /// How many rows GitHub sent, usable or not.
    pub rows: usize,
    /// How many there are in all, where GitHub says so.
    pub total: Option<u64>,
}

/// An account in which the GitHub App is installed: a person's own or an organization's (D38).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Its number, for the next call.
    pub id: u64,
    /// Login of the account.
    pub login: String,
    /// An organization's, not a person's.
    pub is_organization: bool,
    /// The app sees every repository of the account, not only chosen ones.
    pub sees_all: bool,
    /// Suspended: nothing can be asked through it.
    pub is_suspended: bool,
    /// GitHub's page where its repositories are chosen.
    pub manage_url: Option<String>,
    /// GitHub's page where the app is installed in a further account.
    pub install_url: Option<String>,
}

/// What this person may do with a repository; the strongest reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Shut by GitHub.
    Disabled,
    /// Read-only for everybody.
    Archived,
    /// This person may not push to it.
    ReadOnly,
    /// This person may push to it.
    Writable,
}

/// A repository as a list or a single answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Stays through renames.
    pub id: u64,
    /// `owner/name`.
    pub full_name: String,
    /// What its owner says of it, made safe to look at.
    pub description: String,
    /// Only who was given access sees it.
    pub is_private: bool,
    /// What may be done with it.
    pub condition: Condition,
    /// Its head (D41); it need not exist while the repository is empty.
    pub default_branch: String,
}

#[derive(Deserialize)]
struct InstallationsAnswer {
    total_count: Option<u64>,
    installations: Vec<RawInstallation>,
}

#[derive(Deserialize)]
struct RawInstallation {
    id: u64,
    account: Option<RawAccount>,
    target_type: Option<String>,
    repository_selection: Option<String>,
    html_url: Option<String>,
    app_slug: Option<String>,
    suspended_at: Option<String>,
}

#[derive(Deserialize)]
struct RawAccount {
    // An enterprise has a slug and no login; repositories are never its own.
    login: Option<String>,
}

#[derive(Deserialize)]
struct RepositoriesAnswer {
    total_count: Option<u64>,
    repositories: Vec<RawRepository>,
}

#[derive(Deserialize)]
struct RawRepository {
    id: u64,
    full_name: String,
    description: Option<String>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    default_branch: Option<String>,
    permissions: Option<RawPermissions>,
}

#[derive(Deserialize)]
struct RawPermissions {
    #[serde(default)]
    push: bool,
}

#[derive(Deserialize)]
struct RawBranch {
    name: String,
}

/// `github.installations`.
pub fn installations(text: &str) -> Result<Page<Installation>, Unreadable> {
    let answer: InstallationsAnswer = from_json(text)?;
    Ok(Page {
        rows: answer.installations.len(),
        total: answer.total_count,
        items: answer
            .installations
            .into_iter()
            .filter_map(RawInstallation::read)
            .collect(),
    })
}

/// `github.installation_repositories`.
pub fn repositories(text: &str) -> Result<Page<Repository>, Unreadable> {
    let answer: RepositoriesAnswer = from_json(text)?;
    Ok(Page {
        rows: answer.repositories.len(),
        total: answer.total_count,
        items: answer
            .repositories
            .into_iter()
            .filter_map(RawRepository::read)
            .collect(),
    })
}

/// `github.repository`.
pub fn repository(text: &str) -> Result<Repository, Unreadable> {
    from_json::<RawRepository>(text)?.read().ok_or(Unreadable)
}

/// `github.branches`: names alone.
pub fn branches(text: &str) -> Result<Page<String>, Unreadable> {
    let answer: Vec<RawBranch> = from_json(text)?;
    Ok(Page {
        rows: answer.len(),
        total: None,
        items: answer
            .into_iter()
            .map(|branch| branch.name)
            .filter(|name| is_branch(name))
            .collect(),
    })
}

/// The page to ask for after this one, where there is one; `Link` is not passed on, so that a full page means more.
pub fn next_page<T>(number: u32, page: &Page<T>) -> Option<u32> {
    let read = u64::from(number) * PER_PAGE as u64;
    let more = page.rows == PER_PAGE && page.total.is_none_or(|total| read < total);
    more.then(|| number.saturating_add(1))
}

impl Installation {
    /// The same with links to this host alone: an answer from outside is not trusted with where a person is led.
    #[must_use]
    pub fn leading_to(mut self, host: &str) -> Self {
        let there = |url: &String| {
            let (_, rest) = url.split_once("://").unwrap_or_default();
            rest.split('/').next() == Some(host)
        };
        self.manage_url = self.manage_url.filter(there);
        self.install_url = self.install_url.filter(there);
        self
    }
}

impl RawInstallation {
    fn read(self) -> Option<Installation> {
        let login = self.account?.login?;
        if self.id == 0 || !Pattern::Name.matches(&login) {
            return None;
        }
        let manage_url = self.html_url.filter(|url| is_safe_endpoint(url));
        let slug = self.app_slug.unwrap_or_default();
        let install_url = manage_url.as_ref().and_then(|url| install_page(url, &slug));
        Some(Installation {
            id: self.id,
            login,
            is_organization: self.target_type.as_deref() == Some("Organization"),
            sees_all: self.repository_selection.as_deref() == Some("all"),
            is_suspended: self.suspended_at.is_some(),
            manage_url,
            install_url,
        })
    }
}

/// Where the app is installed anew. An Enterprise Server has another path than github.com and what stands in for it here.
fn install_page(manage_url: &str, slug: &str) -> Option<String> {
    if !Pattern::Id.matches(slug) {
        return None;
    }
    let (scheme, rest) = manage_url.split_once("://")?;
    let host = rest.split('/').next()?;
    let apps = match host.split(':').next()? {
        "github.com" | "localhost" | "127.0.0.1" => "apps",
        // Its path is not documented.
        other if other.ends_with(".ghe.com") => return None,
        _ => "github-apps",
    };
    Some(
        [
            scheme,
            "://",
            host,
            "/",
            apps,
            "/",
            slug,
            "/installations/new",
        ]
        .concat(),
    )
}

impl RawRepository {
    fn read(self) -> Option<Repository> {
        let default_branch = self.default_branch.unwrap_or_else(|| "main".to_owned());
        if self.id == 0 || !is_full_name(&self.full_name) || !is_branch(&default_branch) {
            return None;
        }
        let condition = match (self.disabled, self.archived, self.permissions) {
            (true, ..) => Condition::Disabled,
            (_, true, _) => Condition::Archived,
            (.., Some(RawPermissions { push: true })) => Condition::Writable,
            // What is not said is not granted.
            _ => Condition::ReadOnly,
        };
        Some(Repository {
            id: self.id,
            full_name: self.full_name,
            description: visible(self.description.as_deref().unwrap_or_default().trim()),
            is_private: self.private,
            condition,
            default_branch,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn raw(full_name: &str, change: impl Fn(&mut Value)) -> Value {
        let mut value = json!({
            "id": 1002, "node_id": "R_x", "full_name": full_name, "private": true, "archived": false,
            "disabled": false, "description": "week by week", "default_branch": "main",
            "permissions": {"admin": true, "push": true, "pull": true}, "owner": {"login": "mara"},
        });
        change(&mut value);
        value
    }

    /// D59, UI-1: a link in GitHub's answer leads to the GitHub that the operator has set up, or is not there.
    #[test]
    fn an_installations_links_lead_to_the_configured_host_alone() {
        for (url, host, kept) in [
            (
                "https://github.com/settings/installations/1",
                "github.com",
                true,
            ),
            (
                "http://localhost:4100/settings/installations/1",
                "localhost:4100",
                true,
            ),
            (
                "http://localhost:4100/settings/installations/1",
                "localhost",
                false,
            ),
            (
                "https://evil.example/settings/installations/1",
                "github.com",
                false,
            ),
            ("https://evil.example/github.com", "github.com", false),
        ] {
            let installation = Installation {
                id: 1,
                login: "mara".into(),
                is_organization: false,
                sees_all: true,
                is_suspended: false,
                manage_url: Some(url.into()),
                install_url: Some(url.into()),
            };
            let read = installation.leading_to(host);
            assert_eq!(read.manage_url.is_some(), kept, "{url} at {host}");
            assert_eq!(read.install_url.is_some(), kept, "{url} at {host}");
        }
    }

    /// D38: every account with the app is offered, and says what the app sees of it.
    #[test]
    fn installations_are_read_with_their_pages() {
        let one = |html: &str, slug: &str| {
            json!({
                "id": 70001, "account": {"login": "harbour-analytics", "id": 5}, "target_type": "Organization",
                "repository_selection": "all", "html_url": html, "app_slug": slug, "suspended_at": null,
            })
        };
        for (html, slug, manage, install) in [
            (
                "https://github.com/organizations/harbour-analytics/settings/installations/1",
                "portico-backup",
                true,
                Some("https://github.com/apps/portico-backup/installations/new"),
            ),
            (
                "http://localhost:4100/settings/installations/1",
                "portico",
                true,
                Some("http://localhost:4100/apps/portico/installations/new"),
            ),
            (
                "https://git.acme.example/settings/installations/1",
                "portico",
                true,
                Some("https://git.acme.example/github-apps/portico/installations/new"),
            ),
            (
                "https://acme.ghe.com/settings/installations/1",
                "portico",
                true,
                None,
            ),
            (
                "https://github.com/settings/installations/1",
                "../x",
                true,
                None,
            ),
            (
                "http://github.com/settings/installations/1",
                "portico",
                false,
                None,
            ),
            ("javascript:alert(1)", "portico", false, None),
        ] {
            let text = json!({"total_count": 1, "installations": [one(html, slug)]}).to_string();
            let page = installations(&text).unwrap();
            let found = &page.items[0];
            assert_eq!(
                (found.id, found.login.as_str()),
                (70_001, "harbour-analytics")
            );
            assert!(found.is_organization && found.sees_all && !found.is_suspended);
            assert_eq!(found.manage_url.is_some(), manage, "{html}");
            assert_eq!(found.install_url.as_deref(), install, "{html} {slug}");
        }
    }

    /// D38: what cannot be asked about further is left out; a suspended installation is named, not hidden.
    #[test]
    fn an_installation_without_a_usable_account_is_left_out() {
        let text = json!({"total_count": 4, "installations": [
            {"id": 1, "account": null},
            {"id": 2, "account": {"slug": "an-enterprise"}},
            {"id": 3, "account": {"login": "../up"}},
            {"id": 4, "account": {"login": "mara"}, "suspended_at": "2026-01-01T00:00:00Z", "repository_selection": "selected"},
        ]});
        let page = installations(&text.to_string()).unwrap();
        assert_eq!((page.rows, page.total, page.items.len()), (4, Some(4), 1));
        assert!(page.items[0].is_suspended && !page.items[0].sees_all);
        assert!(!page.items[0].is_organization && page.items[0].manage_url.is_none());
    }

    /// D40, UI-1: a row is what a call can name; text of strangers is made safe to look at.
    #[test]
    fn repositories_are_read_with_their_flags() {
        let read = |value: Value| repository(&value.to_string()).ok();
        let plain = read(raw("mara/portal-config", |_| {})).unwrap();
        assert_eq!(
            (plain.id, plain.full_name.as_str()),
            (1_002, "mara/portal-config")
        );
        assert!(plain.is_private);
        assert_eq!(plain.default_branch, "main");
        let flags = |archived: bool, disabled: bool, permissions: Value| {
            let value = raw("mara/x", |value| {
                value["archived"] = json!(archived);
                value["disabled"] = json!(disabled);
                value["permissions"] = permissions.clone();
            });
            read(value).unwrap().condition
        };
        for (archived, disabled, permissions, want) in [
            (false, false, json!({"push": true}), Condition::Writable),
            (false, false, json!({"push": false}), Condition::ReadOnly),
            (false, false, json!({}), Condition::ReadOnly),
            (false, false, json!(null), Condition::ReadOnly),
            (true, false, json!({"push": true}), Condition::Archived),
            (true, true, json!({"push": true}), Condition::Disabled),
        ] {
            assert_eq!(flags(archived, disabled, permissions), want);
        }
        let bent = read(raw("mara/x", |value| {
            value["description"] = json!(" a\u{202e}b ");
        }));
        assert_eq!(bent.unwrap().description, "a\u{fffd}b");
        for bad in [
            raw("no-owner", |_| {}),
            raw("a/b/c", |_| {}),
            raw("../x", |_| {}),
            raw("mara/x y", |_| {}),
            raw("mara/x", |value| value["id"] = json!(0)),
            raw("mara/x", |value| value["id"] = json!(-1)),
            raw("mara/x", |value| value["default_branch"] = json!("a b")),
            json!([]),
            json!({"id": 1}),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
        let page =
            json!({"total_count": 2, "repositories": [raw("a/b", |_| {}), raw("a/..", |_| {})]});
        let page = repositories(&page.to_string()).unwrap();
        assert_eq!((page.rows, page.total, page.items.len()), (2, Some(2), 1));
    }

    /// D41: a branch is a name Git would take.
    #[test]
    fn branches_are_names() {
        let text =
            json!([{"name": "main", "commit": {}}, {"name": "snapshots/001"}, {"name": "a..b"}]);
        let page = branches(&text.to_string()).unwrap();
        assert_eq!(page.items, ["main", "snapshots/001"]);
        assert_eq!((page.rows, page.total), (3, None));
        assert!(branches("{}").is_err());
    }

    /// D40: pages are read to the last one, and no further.
    #[test]
    fn a_full_page_means_more_unless_all_were_read() {
        let page = |rows, total| Page::<String> {
            items: Vec::new(),
            rows,
            total,
        };
        for (number, page, want) in [
            (1, page(100, None), Some(2)),
            (1, page(99, None), None),
            (1, page(0, None), None),
            (1, page(100, Some(100)), None),
            (1, page(100, Some(101)), Some(2)),
            (3, page(53, Some(253)), None),
        ] {
            assert_eq!(next_page(number, &page), want, "{page:?}");
        }
    }

    proptest! {
        /// Whatever arrives, it is a page or an error, and no item could break a call.
        #[test]
        fn no_answer_is_a_panic(name in "\\PC{0,30}", branch in "\\PC{0,30}", id in any::<i64>()) {
            let value = raw(&name, |value| {
                value["id"] = json!(id);
                value["default_branch"] = json!(branch);
            });
            if let Ok(repository) = repository(&value.to_string()) {
                prop_assert!(is_full_name(&repository.full_name) && is_branch(&repository.default_branch));
            }
            prop_assert!(installations(&name).is_err());
        }
    }
}
