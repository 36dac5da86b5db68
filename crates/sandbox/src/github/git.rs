//! Owns git's object model: real object ids (SHA-1 of git's own bytes), trees by path, ancestry. Knows no HTTP, no
//! repository settings and no GitHub rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use sha1::{Digest, Sha1};

/// How deep a path may nest; keeps every walk of a path within a small stack.
pub(crate) const DEPTH: usize = 128;

/// The name of an object: 20 bytes, printed as 40 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub [u8; 20]);

impl Oid {
    /// Reads 40 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 40 {
            return None;
        }
        let mut out = [0; 20];
        for (slot, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            *slot = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(out))
    }

    /// The name git gives to `body` of this kind (`blob`, `tree`, `commit`).
    pub fn of(kind: &str, body: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(format!("{kind} {}\0", body.len()));
        hash.update(body);
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a tree's entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// 100644
    File,
    /// 100755
    Executable,
    /// 120000
    Symlink,
    /// 040000
    Tree,
    /// 160000
    Submodule,
}

impl Mode {
    /// As the API writes it: six digits.
    pub const fn text(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Tree => "040000",
            Self::Submodule => "160000",
        }
    }

    /// Reads the API's six digits.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::File,
            Self::Executable,
            Self::Symlink,
            Self::Tree,
            Self::Submodule,
        ]
        .into_iter()
        .find(|mode| mode.text() == text)
    }

    /// The kind of object it points at.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Submodule => "commit",
            Self::File | Self::Executable | Self::Symlink => "blob",
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub mode: Mode,
    /// One path component.
    pub name: String,
    /// What it points at.
    pub oid: Oid,
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Shown name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Unix seconds.
    pub at: u64,
    /// Minutes east of UTC.
    pub offset: i32,
}

impl Person {
    /// As git writes it; characters that would end the line or the address are dropped, as git drops them.
    fn line(&self) -> String {
        let clean = |text: &str| text.replace(['<', '>', '\n', '\0'], "").trim().to_owned();
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.unsigned_abs();
        format!(
            "{} <{}> {} {sign}{:02}{:02}",
            clean(&self.name),
            clean(&self.email),
            self.at,
            minutes / 60,
            minutes % 60
        )
    }
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: Oid,
    /// In order.
    pub parents: Vec<Oid>,
    /// Who wrote it.
    pub author: Person,
    /// Who recorded it.
    pub committer: Person,
    /// As given, without a newline added.
    pub message: String,
}

impl Commit {
    fn bytes(&self) -> Vec<u8> {
        let mut out = format!("tree {}\n", self.tree);
        for parent in &self.parents {
            let _ = writeln!(out, "parent {parent}");
        }
        let _ = write!(
            out,
            "author {}\ncommitter {}\n\n{}",
            self.author.line(),
            self.committer.line(),
            self.message
        );
        out.into_bytes()
    }
}

/// One object; cheap to clone.
#[derive(Clone, Debug)]
pub enum Object {
    /// A file's bytes.
    Blob(Arc<[u8]>),
    /// A directory, in git's order.
    Tree(Arc<[Entry]>),
    /// A commit.
    Commit(Arc<Commit>),
}

/// A change of one path: what it becomes, or `None` to remove it.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Components, not empty.
    pub path: Vec<String>,
    /// The new entry.
    pub entry: Option<(Mode, Oid)>,
}

/// The objects of one repository.
#[derive(Clone, Debug, Default)]
pub struct Store {
    objects: BTreeMap<Oid, Object>,
    bytes: usize,
}

impl Store {
    /// The object of that name.
    pub fn get(&self, oid: Oid) -> Option<&Object> {
        self.objects.get(&oid)
    }

    /// The blob of that name.
    pub fn blob(&self, oid: Oid) -> Option<&Arc<[u8]>> {
        match self.get(oid) {
            Some(Object::Blob(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The tree of that name.
    pub fn tree(&self, oid: Oid) -> Option<&[Entry]> {
        match self.get(oid) {
            Some(Object::Tree(entries)) => Some(entries),
            _ => None,
        }
    }

    /// The commit of that name.
    pub fn commit(&self, oid: Oid) -> Option<&Arc<Commit>> {
        match self.get(oid) {
            Some(Object::Commit(commit)) => Some(commit),
            _ => None,
        }
    }

    /// Bytes of all blobs.
    pub fn size(&self) -> usize {
        self.bytes
    }

    /// Writes a blob.
    pub fn put_blob(&mut self, bytes: &[u8]) -> Oid {
        let oid = Oid::of("blob", bytes);
        if self
            .objects
            .insert(oid, Object::Blob(bytes.into()))
            .is_none()
        {
            self.bytes += bytes.len();
        }
        oid
    }

    /// Writes a tree; entries are put into git's order.
    pub fn put_tree(&mut self, mut entries: Vec<Entry>) -> Oid {
        // Git compares directories as if their names ended with a slash.
        let key = |entry: &Entry| {
            let mut key = entry.name.clone().into_bytes();
            if entry.mode == Mode::Tree {
                key.push(b'/');
            }
            key
        };
        entries.sort_by_cached_key(key);
        let mut body = Vec::new();
        for entry in &entries {
            let mode = entry.mode.text();
            body.extend_from_slice(mode.strip_prefix('0').unwrap_or(mode).as_bytes());
            body.push(b' ');
            body.extend_from_slice(entry.name.as_bytes());
            body.push(0);
            body.extend_from_slice(&entry.oid.0);
        }
        let oid = Oid::of("tree", &body);
        self.objects
            .entry(oid)
            .or_insert_with(|| Object::Tree(entries.into()));
        oid
    }

    /// Writes a commit.
    pub fn put_commit(&mut self, commit: Commit) -> Oid {
        let oid = Oid::of("commit", &commit.bytes());
        self.objects
            .entry(oid)
            .or_insert_with(|| Object::Commit(Arc::new(commit)));
        oid
    }

    /// What stands at a path below a tree; the tree itself for an empty path.
    pub fn at(&self, tree: Oid, path: &[String]) -> Option<(Mode, Oid)> {
        let mut found = (Mode::Tree, tree);
        for name in path {
            let entry = self.tree(found.1)?.iter().find(|e| e.name == *name)?;
            found = (entry.mode, entry.oid);
        }
        Some(found)
    }

    /// Applies edits to a tree (or to nothing) and writes what results; directories left empty vanish, as in git.
    pub fn edit(&mut self, base: Option<Oid>, edits: Vec<Edit>) -> Oid {
        self.edited(base, edits)
            .unwrap_or_else(|| self.put_tree(Vec::new()))
    }

    fn edited(&mut self, base: Option<Oid>, edits: Vec<Edit>) -> Option<Oid> {
        let entries = base.and_then(|oid| self.tree(oid)).unwrap_or_default();
        let mut entries: BTreeMap<String, Entry> = entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.clone()))
            .collect();
        let mut below: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
        for mut edit in edits {
            let name = edit.path.remove(0);
            if !edit.path.is_empty() {
                below.entry(name).or_default().push(edit);
                continue;
            }
            // A later edit of the name itself outweighs those below it.
            below.remove(&name);
            match edit.entry {
                Some((mode, oid)) => {
                    let entry = Entry {
                        mode,
                        name: name.clone(),
                        oid,
                    };
                    entries.insert(name, entry);
                }
                None => {
                    entries.remove(&name);
                }
            }
        }
        for (name, edits) in below {
            let base = entries
                .get(&name)
                .filter(|entry| entry.mode == Mode::Tree)
                .map(|entry| entry.oid);
            match self.edited(base, edits) {
                Some(oid) => {
                    let mode = Mode::Tree;
                    let entry = Entry {
                        mode,
                        name: name.clone(),
                        oid,
                    };
                    entries.insert(name, entry);
                }
                None => {
                    entries.remove(&name);
                }
            }
        }
        (!entries.is_empty()).then(|| self.put_tree(entries.into_values().collect()))
    }

    /// Entries of a tree with their full paths, directories before what they hold; `true` when cut at `limit`.
    pub fn walk(&self, tree: Oid, recursive: bool, limit: usize) -> (Vec<(String, Entry)>, bool) {
        let mut out = Vec::new();
        // A stack and not recursion: trees can nest without bound.
        let mut stack = vec![(String::new(), tree, 0)];
        while let Some((prefix, oid, from)) = stack.pop() {
            let entries = self.tree(oid).unwrap_or_default();
            for (index, entry) in entries.iter().enumerate().skip(from) {
                if out.len() >= limit {
                    return (out, true);
                }
                let path = format!("{prefix}{}", entry.name);
                out.push((path.clone(), entry.clone()));
                if recursive && entry.mode == Mode::Tree {
                    stack.push((prefix, oid, index + 1));
                    stack.push((format!("{path}/"), entry.oid, 0));
                    break;
                }
            }
        }
        (out, false)
    }

    /// Every commit reachable from `tip`, itself included.
    pub fn ancestry(&self, tip: Oid) -> BTreeSet<Oid> {
        let mut seen = BTreeSet::new();
        let mut stack = vec![tip];
        while let Some(oid) = stack.pop() {
            if let Some(commit) = self.commit(oid)
                && seen.insert(oid)
            {
                stack.extend(&commit.parents);
            }
        }
        seen
    }

    /// Commits in `tips`' history but not in `without`, newest first and never a parent before its child.
    pub fn history(&self, tip: Oid, without: &BTreeSet<Oid>) -> Vec<Oid> {
        let mut children: BTreeMap<Oid, usize> = BTreeMap::new();
        let reachable: BTreeSet<Oid> = self.ancestry(tip).difference(without).copied().collect();
        for oid in &reachable {
            for parent in self.commit(*oid).map_or(&[][..], |c| &c.parents) {
                *children.entry(*parent).or_default() += 1;
            }
        }
        let age = |oid: Oid| self.commit(oid).map_or(0, |c| c.committer.at);
        let mut ready: BTreeSet<(u64, Oid)> = reachable
            .contains(&tip)
            .then(|| (age(tip), tip))
            .into_iter()
            .collect();
        let mut out = Vec::new();
        while let Some((_, oid)) = ready.pop_last() {
            out.push(oid);
            let parents: BTreeSet<Oid> = self
                .commit(oid)
                .map(|c| c.parents.iter().copied().collect())
                .unwrap_or_default();
            for parent in parents.into_iter().filter(|p| reachable.contains(p)) {
                let repeats = self
                    .commit(oid)
                    .map_or(1, |c| c.parents.iter().filter(|p| **p == parent).count());
                let waiting = children.entry(parent).or_default();
                *waiting = waiting.saturating_sub(repeats);
                if *waiting == 0 {
                    ready.insert((age(parent), parent));
                }
            }
        }
        out
    }
}

/// Components of a path within a repository; `None` when one is empty, `.`, `..`, `.git` or has a NUL, or too deep.
pub fn components(path: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let bad = |part: &String| {
        part.is_empty()
            || part == "."
            || part == ".."
            || part.eq_ignore_ascii_case(".git")
            || part.contains('\0')
    };
    (parts.len() <= DEPTH && !parts.iter().any(bad)).then_some(parts)
}

#[cfg(test)]
#[path = "git_tests.rs"]
mod tests;
