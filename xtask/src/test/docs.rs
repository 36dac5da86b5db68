//! The documents at the root: all there, and every link in them leads somewhere.

use std::path::Path;

use super::Note;
use super::sources::{self, Source};
use crate::place;
use crate::say::{Failure, Outcome};

const EXPECTED: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

pub(super) fn check() -> Outcome<Note> {
    let root = place::root();
    let mut found: Vec<String> = EXPECTED
        .iter()
        .filter(|name| !root.join(name).is_file())
        .map(|name| format!("{name} is missing."))
        .collect();
    let documents = sources::below(&["."], &[".md"])?;
    for document in &documents {
        for link in links(&document.text) {
            if let Some(wrong) = broken(&root, document, link, &documents) {
                found.push(format!("{}: {link}: {wrong}", document.path));
            }
        }
    }
    if found.is_empty() {
        Ok("")
    } else {
        Err(Failure::new(found.join("\n")))
    }
}

/// Targets of `[text](target)` and `src="target"`, outside fenced code.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (open, close) in [("](", ')'), ("src=\"", '"')] {
            for (at, _) in line.match_indices(open) {
                let rest = &line[at + open.len()..];
                let target = &rest[..rest.find(close).unwrap_or(rest.len())];
                found.push(target.split(' ').next().unwrap_or_default());
            }
        }
    }
    found
}

/// Why a link leads nowhere; links to elsewhere are not followed.
fn broken(root: &Path, from: &Source, link: &str, documents: &[Source]) -> Option<&'static str> {
    if link.is_empty() {
        return Some("an empty link");
    }
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link
        .split_once('#')
        .map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let folder = Path::new(&from.path).parent().unwrap_or(Path::new(""));
    let target = if file.is_empty() {
        from.path.clone()
    } else {
        folder.join(file).to_string_lossy().into_owned()
    };
    if !root.join(&target).exists() {
        return Some("there is no such file");
    }
    let anchor = anchor?;
    let document = documents
        .iter()
        .find(|document| document.path == target.trim_start_matches("./"))?;
    let there = document
        .text
        .lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| slug(line) == anchor);
    (!there).then_some("there is no such heading")
}

/// A heading's anchor, as forges make it.
fn slug(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_headings_that_are_there() {
        let text = "# One page\n[a](xtask/Cargo.toml) [b](gone.md) [c](#one-page) [d](#two)\n\
                    [e](https://example.org/x) ![f](gone.png \"title\")\n```\n[g](gone.md)\n```\n";
        let document = Source {
            path: "A.md".into(),
            text: text.into(),
        };
        let all = [Source {
            path: "A.md".into(),
            text: text.into(),
        }];
        let wrong: Vec<&str> = links(&document.text)
            .into_iter()
            .filter(|link| {
                // The document itself is not on disk; its own anchors are looked up by path.
                let link = if link.starts_with('#') {
                    return !text
                        .lines()
                        .any(|l| l.starts_with('#') && slug(l) == link[1..]);
                } else {
                    link
                };
                broken(&place::root(), &document, link, &all).is_some()
            })
            .collect();
        assert_eq!(wrong, ["gone.md", "#two", "gone.png"]);
    }
}
