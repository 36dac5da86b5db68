//! The repositories a person links to a connection, and their record in the browser's store (D39–D43).
//! Owns what a link may hold and how it is written; a record somebody else made is read with the same distrust.

use crate::operations::Pattern;
use crate::order::ordered;
use crate::reading::from_json;
use crate::text::is_plain;
use crate::wire::UnixSeconds;
use serde::{Deserialize, Serialize};

/// Most links of one connection: each costs a call whenever its status is looked up.
pub const MAX_LINKS: usize = 200;
/// Of the record.
const VERSION: u32 = 1;

/// A repository of a connection; each stands on its own as a backup target or a comparison source (D43).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryLink {
    /// GitHub's number, which stays through renames.
    pub id: u64,
    /// `owner/name`, as it was when linked.
    pub full_name: String,
    /// The chosen branch.
    pub branch: String,
    /// The default branch when it was linked.
    pub default_branch: String,
    /// When it was linked.
    pub added_at: UnixSeconds,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    v: u32,
    links: Vec<RepositoryLink>,
}

impl RepositoryLink {
    /// Owner and name, for a call.
    pub fn owner_and_name(&self) -> (&str, &str) {
        // A link's name has both.
        self.full_name.split_once('/').unwrap_or_default()
    }

    fn is_sound(&self) -> bool {
        self.id > 0
            && is_full_name(&self.full_name)
            && is_branch(&self.branch)
            && is_branch(&self.default_branch)
    }
}

/// `owner/name`, each a part of a path that the relay takes.
pub fn is_full_name(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(owner, name)| Pattern::Name.matches(owner) && Pattern::Name.matches(name))
}

/// What Git takes for a branch (git-check-ref-format), as far as it can be shown.
pub fn is_branch(text: &str) -> bool {
    let part = |part: &str| {
        let lock = part.as_bytes().ends_with(b".lock");
        !part.is_empty() && !part.starts_with('.') && !lock
    };
    (1..=255).contains(&text.len())
        && is_plain(text)
        && !text.contains(|c: char| c.is_whitespace() || "~^:?*[\\".contains(c))
        && !text.contains("..")
        && !text.contains("@{")
        && !text.starts_with('-')
        && !text.ends_with('.')
        && text.split('/').all(part)
}

/// A stored record, or nothing if it is damaged, of another version, or made by somebody else.
pub fn read_links(text: &str) -> Option<Vec<RepositoryLink>> {
    let record: Record = from_json(text).ok()?;
    let links = record.links;
    let twice = |at: usize| links[..at].iter().any(|link| link.id == links[at].id);
    let sound = record.v == VERSION
        && links.len() <= MAX_LINKS
        && links.iter().all(RepositoryLink::is_sound)
        && !(0..links.len()).any(twice);
    sound.then_some(links)
}

/// The record of these links.
pub fn write_links(links: &[RepositoryLink]) -> String {
    let record = Record {
        v: VERSION,
        links: links.to_vec(),
    };
    // Plain fields always serialise; an empty text would be set aside by the next reader.
    serde_json::to_string(&record).unwrap_or_default()
}

/// With one more link, by name; one of the same repository gives way, so that its branch can be changed.
///
/// Nothing, when there is no room for it or it is not sound.
pub fn with_link(links: &[RepositoryLink], link: RepositoryLink) -> Option<Vec<RepositoryLink>> {
    let mut all: Vec<RepositoryLink> = links
        .iter()
        .filter(|other| other.id != link.id)
        .cloned()
        .collect();
    if all.len() >= MAX_LINKS || !link.is_sound() {
        return None;
    }
    all.push(link);
    let order = ordered(all.len(), &mut |a, b| {
        all[a].full_name.cmp(&all[b].full_name)
    });
    Some(order.into_iter().map(|at| all[at].clone()).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn link(id: u64, full_name: &str) -> RepositoryLink {
        RepositoryLink {
            id,
            full_name: full_name.to_owned(),
            branch: "main".to_owned(),
            default_branch: "main".to_owned(),
            added_at: 1_000,
        }
    }

    /// D41: names that Git takes, and none that could mislead an eye or a command.
    #[test]
    fn a_branch_is_what_git_takes() {
        let long = "a".repeat(256);
        for (name, want) in [
            ("main", true),
            ("snapshots/001", true),
            ("feature/ünïcode", true),
            ("release-1.2", true),
            ("", false),
            ("a b", false),
            ("-x", false),
            ("a..b", false),
            ("a//b", false),
            ("/a", false),
            ("a/", false),
            (".hidden", false),
            ("a/.b", false),
            ("a.lock", false),
            ("a.", false),
            ("a~1", false),
            ("a@{1}", false),
            ("a\u{202e}b", false),
            ("a\nb", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_branch(name), want, "{name:?}");
        }
    }

    /// D40: a repository is called as its path in GitHub's interface.
    #[test]
    fn a_full_name_has_an_owner_and_a_name() {
        for (name, want) in [
            ("mara/portal-config", true),
            ("a.b/c_d.e", true),
            ("mara", false),
            ("mara/", false),
            ("/x", false),
            ("mara/..", false),
            ("a/b/c", false),
            ("a/b?c", false),
            ("ä/b", false),
        ] {
            assert_eq!(is_full_name(name), want, "{name}");
        }
        assert_eq!(link(1, "mara/x").owner_and_name(), ("mara", "x"));
    }

    /// P1, ST-9: a record that somebody crafted, damaged or wrote with another version is not used.
    #[test]
    fn a_crafted_record_is_refused() {
        let good = r#"{"v":1,"links":[{"id":7,"full_name":"a/b","branch":"main","default_branch":"main","added_at":5}]}"#;
        assert_eq!(read_links(good).map(|links| links.len()), Some(1));
        assert_eq!(read_links(r#"{"v":1,"links":[]}"#), Some(Vec::new()));
        for (from, to) in [
            (r#""v":1"#, r#""v":2"#),
            (r#""id":7"#, r#""id":0"#),
            (r#""id":7"#, r#""id":-7"#),
            (r#""a/b""#, r#""a/../b""#),
            (r#""a/b""#, r#""a/b?per_page=1""#),
            (r#""branch":"main""#, r#""branch":"a..b""#),
            (r#""default_branch":"main""#, r#""default_branch":"""#),
            (r#""added_at":5"#, r#""added_at":5,"token":"x""#),
            (r#""v":1"#, r#""v":1,"more":1"#),
            (r#""added_at":5"#, r#""added_at":"5""#),
            (good, ""),
            (good, "[]"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert_eq!(read_links(&bad), None, "{bad}");
        }
        let twice = write_links(&[link(1, "a/b"), link(1, "a/c")]);
        assert_eq!(read_links(&twice), None);
        let many: Vec<_> = (1..=201).map(|id| link(id, "a/b")).collect();
        assert_eq!(read_links(&write_links(&many)), None);
    }

    /// D42: several of one connection, in the order of their names; D41: linking it again changes its branch.
    #[test]
    fn links_are_added_by_name_and_replaced_by_id() {
        let links = with_link(&[], link(2, "b/b")).unwrap();
        let links = with_link(&links, link(1, "a/a")).unwrap();
        let names = |links: &[RepositoryLink]| -> Vec<String> {
            links.iter().map(|link| link.full_name.clone()).collect()
        };
        assert_eq!(names(&links), ["a/a", "b/b"]);
        let moved = RepositoryLink {
            branch: "staging".to_owned(),
            ..link(1, "c/renamed")
        };
        let links = with_link(&links, moved).unwrap();
        assert_eq!(names(&links), ["b/b", "c/renamed"]);
        assert_eq!(links[1].branch, "staging");
        assert_eq!(with_link(&links, link(0, "a/a")), None);
        let full: Vec<_> = (1..=200).map(|id| link(id, "a/b")).collect();
        assert_eq!(with_link(&full, link(201, "a/b")), None);
        assert!(
            with_link(&full, link(200, "a/c")).is_some(),
            "in its own place"
        );
    }

    proptest! {
        /// What is written is read again, and nothing that is read could break a call.
        #[test]
        fn a_record_survives_the_store(ids in proptest::collection::vec(1_u64..50, 0..30), branch in "[a-zA-Z0-9/._-]{1,20}") {
            let mut links = Vec::new();
            for id in ids {
                let one = RepositoryLink { branch: branch.clone(), ..link(id, &format!("o/r{id}")) };
                links = with_link(&links, one).unwrap_or(links);
            }
            prop_assert_eq!(read_links(&write_links(&links)), Some(links));
        }

        #[test]
        fn no_record_is_a_panic(text in "[{}\\[\\]:,\"a-z0-9./-]{0,60}") {
            for link in read_links(&text).unwrap_or_default() {
                prop_assert!(link.is_sound());
            }
        }
    }
}
