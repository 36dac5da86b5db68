//! Holds the object ids against git's own, and trees and histories against a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Commit, Edit, Mode, Oid, Person, Store, components};

/// Made by git 2 itself: `git hash-object`, `git mktree`, `git commit-tree`.
#[test]
fn object_ids_are_gits_own() {
    let mut store = Store::default();
    let blobs = [
        ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        (
            "what is up, doc?",
            "bd9dbf5aae1a3862dd1526723246b20206e5fc37",
        ),
    ];
    for (text, oid) in blobs {
        assert_eq!(store.put_blob(text.as_bytes()).to_string(), oid);
    }
    assert_eq!(
        store.put_tree(Vec::new()).to_string(),
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    );
}

fn path(text: &str) -> Vec<String> {
    components(text).expect("a good path")
}

#[test]
fn a_directory_sorts_as_if_its_name_ended_with_a_slash() {
    let mut store = Store::default();
    let blob = store.put_blob(b"hello\n");
    let edits = ["foo/a", "foo.txt", "foo-bar"].map(|p| Edit {
        path: path(p),
        entry: Some((Mode::File, blob)),
    });
    let tree = store.edit(None, edits.to_vec());
    let names: Vec<&str> = store
        .tree(tree)
        .unwrap()
        .iter()
        .map(|e| e.name.as_str())
        .collect();
    assert_eq!(names, ["foo-bar", "foo.txt", "foo"]);
    assert_eq!(tree.to_string(), TREE);
    let at = Person {
        name: "A U Thor".into(),
        email: "a@example.com".into(),
        at: 1_112_911_993,
        offset: -420,
    };
    let commit = Commit {
        tree,
        parents: Vec::new(),
        author: at.clone(),
        committer: at,
        message: "first\n".into(),
    };
    assert_eq!(store.put_commit(commit).to_string(), COMMIT);
}

#[test]
fn paths_with_bad_components_are_refused() {
    for bad in [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "a/../b",
        ".git/config",
        "a/.GIT",
        "a\0b",
        &"a/".repeat(200),
    ] {
        assert!(components(bad).is_none(), "{bad:?}");
    }
    assert_eq!(
        components("a/b.c"),
        Some(vec!["a".to_owned(), "b.c".to_owned()])
    );
}

#[test]
fn an_id_is_forty_hex_digits_and_nothing_else() {
    let hex = "ce013625030ba8dba906f756967f9e9ca394464a";
    assert_eq!(Oid::parse(hex).unwrap().to_string(), hex);
    for bad in [
        "",
        "ce01",
        &"g".repeat(40),
        &"é".repeat(20),
        &format!("{hex}0"),
    ] {
        assert!(Oid::parse(bad).is_none(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_tree_holds_exactly_what_a_map_of_paths_holds(
        steps in proptest::collection::vec(("[ab]{1,2}(/[ab]{1,2}){0,2}", proptest::option::of(0_u8..4)), 1..40),
    ) {
        let mut store = Store::default();
        let mut model: BTreeMap<String, u8> = BTreeMap::new();
        let mut tree = store.put_tree(Vec::new());
        for (name, content) in steps {
            let below = format!("{name}/");
            model.retain(|path, _| *path != name && !path.starts_with(&below));
            if let Some(content) = content {
                // A file in the way of a directory gives way.
                model.retain(|path, _| !name.starts_with(&format!("{path}/")));
                model.insert(name.clone(), content);
            } else if let Some(file) = model.keys().find(|path| name.starts_with(&format!("{path}/"))).cloned() {
                // Removing below a file replaces it by an empty directory, which vanishes.
                model.remove(&file);
            }
            let entry = content.map(|c| (Mode::File, store.put_blob(&[c])));
            tree = store.edit(Some(tree), vec![Edit { path: path(&name), entry }]);
        }
        let (walked, cut) = store.walk(tree, true, 10_000);
        prop_assert!(!cut);
        let files: BTreeMap<String, u8> = walked.into_iter()
            .filter(|(_, entry)| entry.mode == Mode::File)
            .map(|(path, entry)| (path, store.blob(entry.oid).unwrap()[0]))
            .collect();
        prop_assert_eq!(&files, &model);
        // The same files in one step make the same tree.
        let edits = model.iter().map(|(name, content)| {
            Edit { path: path(name), entry: Some((Mode::File, Oid::of("blob", &[*content]))) }
        }).collect();
        prop_assert_eq!(store.edit(None, edits), tree);
    }
}

/// Of `foo-bar`, `foo.txt` and `foo/a`, each `hello\n`.
const TREE: &str = "5b5016390fe95552006236e9dec9df79a5ecba70";
/// Of that tree, by A U Thor at 1112911993 -0700, message `first\n`.
const COMMIT: &str = "220abc0afe4a95be653b4e1cb1e068fd40db2d13";
