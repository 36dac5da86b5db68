//! Owns the scopes of OAuth apps: which there are, and which contain which.

use std::collections::BTreeSet;

/// Scopes with what each contains.
const SCOPES: [(&str, &[&str]); 22] = [
    (
        "repo",
        &[
            "repo:status",
            "repo_deployment",
            "public_repo",
            "repo:invite",
            "security_events",
        ],
    ),
    ("repo:status", &[]),
    ("repo_deployment", &[]),
    ("public_repo", &[]),
    ("repo:invite", &[]),
    ("security_events", &[]),
    ("workflow", &[]),
    ("delete_repo", &[]),
    ("gist", &[]),
    ("notifications", &[]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("read:user", &[]),
    ("user:email", &[]),
    ("user:follow", &[]),
    (
        "admin:org",
        &["write:org", "read:org", "manage_runners:org"],
    ),
    ("write:org", &["read:org"]),
    ("read:org", &[]),
    ("manage_runners:org", &[]),
    ("project", &["read:project"]),
    ("read:project", &[]),
    ("write:packages", &["read:packages"]),
    ("read:packages", &[]),
];

/// What a `scope` parameter asks: known scopes, split at spaces or commas, without those that another contains.
pub(in crate::github) fn normalized(text: &str) -> BTreeSet<String> {
    let asked: BTreeSet<&str> = text
        .split([' ', ','])
        .filter(|name| SCOPES.iter().any(|(known, _)| known == name))
        .collect();
    let contained = |name: &str| {
        let mut others = SCOPES.iter().filter(|(other, _)| asked.contains(other));
        others.any(|(_, contents)| contents.contains(&name))
    };
    asked
        .iter()
        .filter(|name| !contained(name))
        .map(|name| (*name).to_owned())
        .collect()
}

/// Both sets together, without those that another contains.
pub(in crate::github) fn joined(a: &BTreeSet<String>, b: &BTreeSet<String>) -> BTreeSet<String> {
    let all: Vec<&str> = a.iter().chain(b).map(String::as_str).collect();
    normalized(&all.join(" "))
}

/// Whether `granted` covers `asked`.
pub(in crate::github) fn covers(granted: &BTreeSet<String>, asked: &BTreeSet<String>) -> bool {
    let contains = |name: &String| {
        granted.contains(name)
            || SCOPES.iter().any(|(other, contents)| {
                granted.contains(*other) && contents.contains(&name.as_str())
            })
    };
    asked.iter().all(contains)
}

#[cfg(test)]
mod tests {
    use super::{covers, joined, normalized};

    #[test]
    fn scopes_lose_what_others_contain_and_what_nobody_knows() {
        let names = |text: &str| normalized(text).into_iter().collect::<Vec<_>>().join(" ");
        let cases = [
            ("", ""),
            ("repo,gist", "gist repo"),
            ("repo public_repo user:email user", "repo user"),
            ("read:org nonsense", "read:org"),
        ];
        for (asked, got) in cases {
            assert_eq!(names(asked), got);
        }
        assert!(covers(&normalized("repo"), &normalized("public_repo")));
        assert!(!covers(&normalized("public_repo"), &normalized("repo")));
        assert_eq!(
            joined(&normalized("public_repo"), &normalized("repo")),
            normalized("repo")
        );
    }
}
