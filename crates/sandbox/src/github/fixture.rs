//! Owns GitHub's invented accounts and repositories, the same in every fixture. Same seed, same tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::git::{Commit, Edit, Mode, Oid, Person, Store, components};
use super::limits::Limits;
use super::model::{
    Account, App, GitHub, Installation, Level, Organization, Repository, Role, Switches,
};
use crate::rng::Rng;
use crate::shared::Shared;
use crate::time::{DAY, FIXTURE_NOW};

const MARA: u64 = 40_001;
const TOMASZ: u64 = 40_002;
const UWE: u64 = 40_003;
const SAM: u64 = 40_004;
const HARBOUR: u64 = 50_001;
const LUMEN: u64 = 50_002;

/// Repositories generated for `harbour-analytics`, beside the three with a purpose.
const SERVICES: u64 = 250;
/// Branches of `harbour-analytics/config-archive`.
const BRANCHES: u64 = 300;

/// Accounts, repositories and installations: made once, as they depend on nothing.
static WORLD: LazyLock<World> = LazyLock::new(World::make);

struct World {
    accounts: BTreeMap<u64, Shared<Account>>,
    repositories: BTreeMap<u64, Shared<Repository>>,
    installations: BTreeMap<u64, Installation>,
}

impl GitHub {
    /// GitHub as the fixtures have it: four users, two organizations, the two demo apps with loopback callbacks, and
    /// the GitHub App installed in six accounts. `seed` decides every token and code.
    pub fn new(seed: u64) -> Self {
        Self {
            apps: vec![
                App::demo(Vec::new()),
                App::demo_oauth(vec!["http://localhost/callback/github".to_owned()]),
            ],
            accounts: WORLD.accounts.clone(),
            repositories: WORLD.repositories.clone(),
            renamed: BTreeMap::new(),
            installations: WORLD.installations.clone(),
            grants: BTreeMap::new(),
            codes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            switches: Switches::default(),
            limits: Limits::default(),
            usage: BTreeMap::new(),
            aside: BTreeMap::new(),
            rng: Rng::fork(seed, "github"),
            next_id: 90_000_000,
        }
    }
}

/// Unix seconds so many days before the fixtures' present.
const fn ago(days: u64) -> u64 {
    (FIXTURE_NOW - days * DAY) / 1_000
}

fn account(id: u64, login: &str, name: &str, organization: Option<Organization>) -> Account {
    Account {
        id,
        login: login.to_owned(),
        name: Some(name.to_owned()),
        email: Some(format!("{login}@example.com")),
        email_verified: id != UWE,
        created_at: ago(2_000 - (id % 100) * 7),
        organization,
    }
}

fn person(name: &str, login: &str, at: u64) -> Person {
    let (name, email) = (name.to_owned(), format!("{login}@example.com"));
    Person {
        name,
        email,
        at,
        offset: 0,
    }
}

impl Repository {
    fn new(id: u64, owner: u64, name: &str, description: &str, age: u64) -> Self {
        Self {
            id,
            owner,
            name: name.to_owned(),
            description: Some(description.to_owned()),
            private: true,
            archived: false,
            default_branch: "main".to_owned(),
            refs: BTreeMap::new(),
            protected: BTreeSet::new(),
            store: Store::default(),
            collaborators: BTreeMap::new(),
            created_at: ago(age),
            updated_at: ago(age),
            pushed_at: ago(age),
        }
    }

    /// One more commit on a branch.
    fn with(mut self, branch: &str, message: &str, files: &[(&str, &str)], days_ago: u64) -> Self {
        let edits = files
            .iter()
            .filter_map(|(path, content)| {
                let entry = Some((Mode::File, self.store.put_blob(content.as_bytes())));
                Some(Edit {
                    path: components(path)?,
                    entry,
                })
            })
            .collect();
        let parent = self
            .branch(branch)
            .or_else(|| self.branch(&self.default_branch));
        let base = parent
            .and_then(|oid| self.store.commit(oid))
            .map(|commit| commit.tree);
        let tree = self.store.edit(base, edits);
        let author = person("Mara Lindqvist", "mara-lindqvist", ago(days_ago));
        let commit = Commit {
            tree,
            parents: parent.into_iter().collect(),
            author: author.clone(),
            committer: author,
            message: message.to_owned(),
        };
        let oid = self.store.put_commit(commit);
        self.point(branch, oid);
        self.pushed_at = self.pushed_at.max(ago(days_ago));
        self.updated_at = self.pushed_at;
        self
    }

    fn point(&mut self, branch: &str, oid: Oid) {
        self.refs.insert(format!("refs/heads/{branch}"), oid);
    }

    fn readme(self, days_ago: u64) -> Self {
        let text = format!("# {}\n", self.name);
        let branch = self.default_branch.clone();
        self.with(&branch, "Initial commit", &[("README.md", &text)], days_ago)
    }

    fn public(mut self) -> Self {
        self.private = false;
        self
    }

    fn on(mut self, branch: &str) -> Self {
        branch.clone_into(&mut self.default_branch);
        self
    }

    fn shared_with(mut self, user: u64, level: Level) -> Self {
        self.collaborators.insert(user, level);
        self
    }
}

impl World {
    fn make() -> Self {
        let organization = |base: Option<Level>, members: &[(u64, Role)]| {
            Some(Organization {
                members: members.iter().copied().collect(),
                base,
                saml: false,
            })
        };
        let accounts = [
            account(MARA, "mara-lindqvist", "Mara Lindqvist", None),
            account(TOMASZ, "tomasz-k", "Tomasz Kowalczyk", None),
            account(UWE, "uwe-unverified", "Uwe Brandt", None),
            account(SAM, "solo-sam", "Sam Okafor", None),
            account(
                HARBOUR,
                "harbour-analytics",
                "Harbour Analytics",
                organization(
                    Some(Level::Push),
                    &[(MARA, Role::Owner), (TOMASZ, Role::Member)],
                ),
            ),
            account(
                LUMEN,
                "lumen-agency",
                "Lumen Agency",
                organization(None, &[(MARA, Role::Member), (TOMASZ, Role::Owner)]),
            ),
        ];
        let repositories = personal().into_iter().chain(lumen()).chain(harbour());
        let repositories: BTreeMap<u64, Shared<Repository>> = repositories
            .map(|repository| (repository.id, repository.into()))
            .collect();
        let installation = |id: u64, account: u64, selected: Option<&[u64]>| {
            let app = App::demo(Vec::new());
            let selected = selected.map(|ids| ids.iter().copied().collect());
            let suspended = (account == UWE).then_some((ago(12), UWE));
            let (client_id, permissions) = (app.client_id, app.permissions);
            let (created_at, updated_at) = (ago(90), ago(30));
            Installation {
                id,
                client_id,
                account,
                selected,
                permissions,
                created_at,
                updated_at,
                suspended,
            }
        };
        let installations = [
            installation(70_001, MARA, Some(&[1_001, 1_002, 1_003, 1_004])),
            installation(70_002, HARBOUR, None),
            installation(70_003, LUMEN, Some(&[2_001, 2_003])),
            installation(70_004, SAM, None),
            installation(70_005, TOMASZ, Some(&[1_011])),
            installation(70_006, UWE, None),
        ];
        Self {
            accounts: accounts.into_iter().map(|a| (a.id, a.into())).collect(),
            repositories,
            installations: installations.into_iter().map(|i| (i.id, i)).collect(),
        }
    }
}

fn personal() -> Vec<Repository> {
    let mut archived =
        Repository::new(1_004, MARA, "old-experiments", "Kept for the record", 900).readme(890);
    archived.archived = true;
    vec![
        Repository::new(
            1_001,
            MARA,
            "hubspot-backup",
            "Made for the first backup, still empty",
            3,
        ),
        portal_config(),
        Repository::new(1_003, MARA, "website", "The public site", 800)
            .public()
            .on("master")
            .readme(800)
            .with(
                "master",
                "Say hello",
                &[("index.html", "<!doctype html>\n<title>Hello</title>\n")],
                200,
            ),
        archived,
        Repository::new(1_005, MARA, "private-notes", "Not shared with any app", 400).readme(390),
        Repository::new(
            1_011,
            TOMASZ,
            "dotfiles",
            "Mine, but take what you like",
            700,
        )
        .public()
        .on("master")
        .readme(699),
        Repository::new(1_012, TOMASZ, "scratch", "Throwaway", 100).readme(99),
        Repository::new(1_021, SAM, "hello-world", "My first repository", 50)
            .public()
            .readme(50),
        Repository::new(1_022, SAM, "portal", "Backups of one portal", 40).readme(40),
        Repository::new(1_031, UWE, "diary", "Nobody's business", 60).readme(60),
    ]
}

/// Backups with a history, a directory tree, a nested branch name and names that need encoding.
fn portal_config() -> Repository {
    let mut repository = Repository::new(
        1_002,
        MARA,
        "portal-config",
        "Configuration of our portal, week by week",
        200,
    )
    .readme(200);
    for week in 0..12_u64 {
        let properties = format!(
            "{{\"week\":{week},\"properties\":[{}]}}\n",
            "1,".repeat(usize::try_from(week).unwrap_or(0)) + "1"
        );
        let note = format!("Backup of week {week}\n");
        let message = format!("Backup {week}");
        let files = [
            ("properties/contacts.json", properties.as_str()),
            ("notes/ünïcode & space.txt", note.as_str()),
        ];
        repository = repository.with("main", &message, &files, 180 - week * 7);
    }
    repository
        .with(
            "feature/pipelines",
            "Look at pipelines",
            &[("pipelines/deals.json", "{\"stages\":[]}\n")],
            20,
        )
        .with(
            "staging",
            "Try another property",
            &[("properties/companies.json", "{}\n")],
            10,
        )
}

fn lumen() -> Vec<Repository> {
    vec![
        Repository::new(2_001, LUMEN, "client-aurora", "Backups for Aurora", 150)
            .readme(150)
            .shared_with(MARA, Level::Push),
        Repository::new(2_002, LUMEN, "client-borealis", "Backups for Borealis", 140).readme(140),
        Repository::new(2_003, LUMEN, "shared-templates", "Read, do not write", 130)
            .readme(130)
            .shared_with(MARA, Level::Pull),
        Repository::new(2_004, LUMEN, "brand", "Public brand assets", 120)
            .public()
            .readme(120),
    ]
}

fn harbour() -> Vec<Repository> {
    let mut archive = Repository::new(
        3_001,
        HARBOUR,
        "config-archive",
        "One branch for every snapshot",
        365,
    )
    .readme(365);
    for snapshot in 1..BRANCHES {
        let text = format!("{{\"snapshot\":{snapshot}}}\n");
        let message = format!("Snapshot {snapshot}");
        let branch = format!("snapshots/{snapshot:03}");
        archive = archive.with(
            &branch,
            &message,
            &[("snapshot.json", &text)],
            365 - snapshot,
        );
    }
    let mut protected =
        Repository::new(3_002, HARBOUR, "crm-snapshots", "main is protected", 300).readme(300);
    protected.protected.insert("main".to_owned());
    let mut out = vec![
        archive,
        protected,
        Repository::new(3_003, HARBOUR, "handbook", "How we work", 280)
            .public()
            .readme(280),
    ];
    for number in 1..=SERVICES {
        let name = format!("service-{number:03}");
        let repository = Repository::new(
            3_100 + number,
            HARBOUR,
            &name,
            "A service",
            270 - number % 90,
        );
        out.push(repository.readme(269 - number % 90));
    }
    out
}
