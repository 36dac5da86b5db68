//! Owns what changed between two trees, file by file with line counts. Knows no HTTP.

use crate::github::git::{Entry, Mode, Oid, Store};

/// Files of a comparison that GitHub shows.
pub(super) const FILES: usize = 300;
/// Beyond this many cells a line table is not computed and the middle counts as rewritten.
const CELLS: usize = 1 << 22;

/// One changed file.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// Full path.
    pub(super) path: String,
    /// Before.
    pub(super) old: Option<Oid>,
    /// After.
    pub(super) new: Option<Oid>,
}

impl Change {
    /// `added`, `removed` or `modified`.
    pub(super) const fn status(&self) -> &'static str {
        match (self.old, self.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "modified",
        }
    }

    /// Lines added and removed.
    pub(super) fn lines(&self, store: &Store) -> (usize, usize) {
        let text = |oid: Option<Oid>| {
            oid.and_then(|oid| store.blob(oid))
                .map_or(&[][..], |bytes| &**bytes)
        };
        count(text(self.old), text(self.new))
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    if bytes.is_empty() {
        Vec::new()
    } else {
        bytes.split_inclusive(|b| *b == b'\n').collect()
    }
}

fn count(old: &[u8], new: &[u8]) -> (usize, usize) {
    if old.contains(&0) || new.contains(&0) {
        return (0, 0);
    }
    let (old, new) = (split(old), split(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    if old.len().saturating_mul(new.len()) > CELLS {
        return (new.len(), old.len());
    }
    let mut row = vec![0_usize; new.len() + 1];
    for a in old {
        let mut diagonal = 0;
        for (index, b) in new.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if a == b {
                diagonal + 1
            } else {
                above.max(row[index])
            };
            diagonal = above;
        }
    }
    let common = row.last().copied().unwrap_or(0);
    (new.len() - common, old.len() - common)
}

/// Changed files between two trees, by path; at most [`FILES`].
pub(super) fn between(store: &Store, old: Option<Oid>, new: Option<Oid>) -> Vec<Change> {
    let mut out = Vec::new();
    let mut stack = vec![(String::new(), old, new)];
    while let Some((prefix, old, new)) = stack.pop() {
        if old == new || out.len() >= FILES {
            continue;
        }
        let entries = |oid: Option<Oid>| oid.and_then(|oid| store.tree(oid)).unwrap_or_default();
        let (before, after) = (entries(old), entries(new));
        let mut names: Vec<&str> = before
            .iter()
            .chain(after)
            .map(|e| e.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let find = |entries: &[Entry]| {
                entries
                    .iter()
                    .find(|e| e.name == name)
                    .map(|e| (e.mode, e.oid))
            };
            let (a, b) = (find(before), find(after));
            if a == b {
                continue;
            }
            let path = format!("{prefix}{name}");
            let tree = |e: Option<(Mode, Oid)>| {
                e.filter(|(mode, _)| *mode == Mode::Tree)
                    .map(|(_, oid)| oid)
            };
            let file = |e: Option<(Mode, Oid)>| {
                e.filter(|(mode, _)| *mode != Mode::Tree)
                    .map(|(_, oid)| oid)
            };
            if file(a).is_some() || file(b).is_some() {
                out.push(Change {
                    path: path.clone(),
                    old: file(a),
                    new: file(b),
                });
            }
            if tree(a).is_some() || tree(b).is_some() {
                stack.push((format!("{path}/"), tree(a), tree(b)));
            }
        }
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out.truncate(FILES);
    out
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn lines_are_counted_as_a_diff_counts_them() {
        let cases: [(&str, &str, (usize, usize)); 7] = [
            ("", "", (0, 0)),
            ("", "a\nb\n", (2, 0)),
            ("a\nb\n", "", (0, 2)),
            ("a\nb\nc\n", "a\nx\nc\n", (1, 1)),
            ("a\nb\nc\n", "b\nc\nd\n", (1, 1)),
            ("a", "a\n", (1, 1)),
            ("a\0", "b\0", (0, 0)),
        ];
        for (old, new, want) in cases {
            assert_eq!(
                count(old.as_bytes(), new.as_bytes()),
                want,
                "{old:?} {new:?}"
            );
        }
    }
}
