//! The repository's own files, for the checks that read them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place;
use crate::say::{OrSay, Outcome};

/// Folders that hold what was made, not what was written.
const MADE: [&str; 5] = ["target", "out", "dist", "node_modules", "data"];

/// A text file by its path from the root.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

/// Every file below `folders` (or the files themselves) with one of the endings, in order.
pub(super) fn below(folders: &[&str], endings: &[&str]) -> Outcome<Vec<Source>> {
    let root = place::root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if path.is_dir() {
            if (name.starts_with('.') || MADE.contains(&name.as_str())) && path != root {
                continue;
            }
            for entry in fs::read_dir(&path).or_say(path.display())? {
                open.push(entry.or_say(path.display())?.path());
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) && path.is_file() {
            let text = fs::read_to_string(&path).or_say(path.display())?;
            found.push(Source {
                path: relative(&root, &path),
                text,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
