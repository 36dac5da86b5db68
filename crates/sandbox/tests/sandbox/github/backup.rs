//! Writing a backup: files by path, and git's objects with the ids git gives them (D41–D43).

use portico_sandbox::Request;
use portico_sandbox::github::git::Oid;
use serde_json::{Value, json};

use super::{MARA, Octo, fresh, message};

const EMPTY: &str = "/repos/mara-lindqvist/hubspot-backup";
pub(super) const CONFIG: &str = "/repos/mara-lindqvist/portal-config";

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

#[test]
fn the_first_file_of_an_empty_repository_makes_its_branch() {
    let octo = Octo::app(&fresh(), MARA);
    let body = json!({ "message": "First", "content": "aGVsbG8K" });
    let response = octo.write("PUT", &format!("{EMPTY}/contents/a/b.txt"), &body);
    let made = response.to_value();
    assert_eq!(response.status, 201);
    assert_eq!(
        made["content"]["sha"], "ce013625030ba8dba906f756967f9e9ca394464a",
        "git hash-object"
    );
    assert_eq!(made["commit"]["parents"], json!([]));
    assert_eq!(
        made["commit"]["author"]["email"],
        "mara-lindqvist@example.com"
    );
    assert_eq!(octo.get(&format!("{EMPTY}/branches"))[0]["name"], "main");
    assert_eq!(
        octo.get(&format!("{EMPTY}/contents/a/b.txt"))["content"],
        "aGVsbG8K\n"
    );
}

#[test]
fn updating_and_deleting_need_the_blob_that_stands_there() {
    let octo = Octo::app(&fresh(), MARA);
    let file = format!("{CONFIG}/contents/README.md");
    let sha = text(&octo.get(&file)["sha"]);
    let zeros = "0".repeat(40);
    let put = |body: Value| octo.write("PUT", &file, &body);
    let cases = [
        (
            json!({ "message": "m", "content": "eA==" }),
            422,
            "Invalid request.\n\n\"sha\" wasn't supplied.".to_owned(),
        ),
        (
            json!({ "message": "m", "content": "eA==", "sha": zeros }),
            409,
            format!("README.md does not match {zeros}"),
        ),
        (
            json!({ "message": "m", "content": "eA==", "sha": null }),
            422,
            "Invalid request.\n\nFor 'properties/sha', nil is not a string.".to_owned(),
        ),
        (
            json!({ "message": "m", "content": "*" }),
            422,
            "content is not valid Base64".to_owned(),
        ),
        (
            json!({ "content": "eA==" }),
            422,
            "Invalid request.\n\n\"message\" wasn't supplied.".to_owned(),
        ),
        (
            json!({ "message": "m" }),
            422,
            "Invalid request.\n\n\"content\" wasn't supplied.".to_owned(),
        ),
        (
            json!({ "message": "m", "content": "eA==", "branch": "none", "sha": "x" }),
            404,
            "Branch none not found".to_owned(),
        ),
        (
            json!({ "message": "m", "content": "eA==", "sha": sha, "author": { "name": "A" } }),
            422,
            "Invalid request.\n\n\"email\" wasn't supplied.".to_owned(),
        ),
    ];
    for (body, status, want) in cases {
        assert_eq!(message(&put(body.clone())), (status, want), "{body}");
    }
    let done = put(
        json!({ "message": "Change", "content": "eA==", "sha": sha, "author": { "name": "A", "email": "a@b.c", "date": "2026-01-01T00:00:00+02:00" } }),
    );
    assert_eq!(
        (
            done.status,
            done.to_value()["commit"]["author"]["date"].as_str()
        ),
        (200, Some("2025-12-31T22:00:00Z"))
    );
    let new = text(&done.to_value()["content"]["sha"]);
    assert_eq!(
        message(&octo.write("DELETE", &file, &json!({ "message": "m", "sha": sha }))).0,
        409
    );
    assert_eq!(
        message(&octo.write("DELETE", &file, &json!({ "message": "m" }))).0,
        422
    );
    let gone = octo.written("DELETE", &file, &json!({ "message": "Gone", "sha": new }));
    assert_eq!(gone["content"], Value::Null);
    assert_eq!(octo.refused(&file).0, 404);
    assert_eq!(
        message(&octo.write("DELETE", &file, &json!({ "message": "m", "sha": new }))).0,
        404
    );
    assert_eq!(
        message(&octo.write(
            "PUT",
            &format!("{CONFIG}/contents/notes"),
            &json!({ "message": "m", "content": "" })
        ))
        .0,
        422,
        "a directory"
    );
    let unseen = octo.write(
        "PUT",
        &format!("{CONFIG}/contents/new.txt"),
        &json!({ "message": "m", "content": "", "sha": zeros }),
    );
    assert_eq!(unseen.status, 201, "a sha for nothing is ignored");
}

/// Blobs, a tree over the old one, a commit, the branch moved: how a whole backup is written at once.
#[test]
fn a_backup_through_gits_objects_ends_as_one_commit() {
    let octo = Octo::app(&fresh(), MARA);
    let tip = text(&octo.get(&format!("{CONFIG}/git/ref/heads/main"))["object"]["sha"]);
    let base = text(&octo.get(&format!("{CONFIG}/git/commits/{tip}"))["tree"]["sha"]);
    let blob = octo.written(
        "POST",
        &format!("{CONFIG}/git/blobs"),
        &json!({ "content": "aGVsbG8K", "encoding": "base64" }),
    );
    assert_eq!(blob["sha"], "ce013625030ba8dba906f756967f9e9ca394464a");
    let tree = octo.written(
        "POST",
        &format!("{CONFIG}/git/trees"),
        &json!({
            "base_tree": base,
            "tree": [
                { "path": "new/a.txt", "mode": "100644", "type": "blob", "sha": blob["sha"] },
                { "path": "new/run", "mode": "100755", "type": "blob", "content": "#!/bin/sh\n" },
                { "path": "README.md", "mode": "100644", "type": "blob", "sha": null },
            ],
        }),
    );
    let commit = octo.written(
        "POST",
        &format!("{CONFIG}/git/commits"),
        &json!({
            "message": "Backup", "tree": tree["sha"], "parents": [tip],
            "author": { "name": "P", "email": "p@example.com", "date": "2026-02-03T04:05:06Z" },
        }),
    );
    let body = format!(
        "tree {}\nparent {tip}\nauthor P <p@example.com> 1770091506 +0000\ncommitter P <p@example.com> 1770091506 +0000\n\nBackup",
        text(&tree["sha"]),
    );
    assert_eq!(
        text(&commit["sha"]),
        Oid::of("commit", body.as_bytes()).to_string()
    );
    assert_eq!(
        octo.get(&format!("{CONFIG}/git/ref/heads/main"))["object"]["sha"],
        tip,
        "nothing moved yet"
    );
    let moved = octo.written(
        "PATCH",
        &format!("{CONFIG}/git/refs/heads/main"),
        &json!({ "sha": commit["sha"] }),
    );
    assert_eq!(moved["object"]["sha"], commit["sha"]);
    let listed = octo.get(&format!("{CONFIG}/git/trees/main?recursive=1"));
    let paths: Vec<&str> = listed["tree"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["path"].as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "new",
            "new/a.txt",
            "new/run",
            "notes",
            "notes/ünïcode & space.txt",
            "properties",
            "properties/contacts.json"
        ]
    );
    assert_eq!(
        octo.get(&format!("{CONFIG}/contents/new/a.txt"))["content"],
        "aGVsbG8K\n"
    );
    let between = octo.get(&format!("{CONFIG}/compare/{tip}...main"));
    assert_eq!(between["ahead_by"], 1);
    assert_eq!(between["files"].as_array().map(Vec::len), Some(3));
}

#[test]
fn references_are_made_moved_forward_and_deleted() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let refs = format!("{CONFIG}/git/refs");
    let sha = |name: &str| text(&octo.get(&format!("{CONFIG}/git/ref/{name}"))["object"]["sha"]);
    let (main, staging) = (sha("heads/main"), sha("heads/staging"));
    octo.written(
        "POST",
        &refs,
        &json!({ "ref": "refs/heads/backup/one", "sha": main }),
    );
    let refused = [
        (
            "POST",
            String::new(),
            json!({ "ref": "refs/heads/backup/one", "sha": main }),
            "Reference already exists",
        ),
        (
            "POST",
            String::new(),
            json!({ "ref": "refs/heads/backup", "sha": main }),
            "Reference name conflicts with an existing reference",
        ),
        (
            "POST",
            String::new(),
            json!({ "ref": "heads/x", "sha": main }),
            "heads/x is not a valid ref name.",
        ),
        (
            "POST",
            String::new(),
            json!({ "ref": "refs/heads/x", "sha": "0".repeat(40) }),
            "Object does not exist",
        ),
        (
            "POST",
            String::new(),
            json!({ "ref": "refs/heads/x" }),
            "Invalid request.\n\n\"sha\" wasn't supplied.",
        ),
        (
            "PATCH",
            "/heads/none".to_owned(),
            json!({ "sha": main }),
            "Reference does not exist",
        ),
        (
            "PATCH",
            "/heads/staging".to_owned(),
            json!({ "sha": main }),
            "Update is not a fast forward",
        ),
        (
            "PATCH",
            "/heads/staging".to_owned(),
            json!({ "sha": main, "force": "yes" }),
            "Invalid request.\n\nFor 'properties/force', \"yes\" is not a boolean.",
        ),
        (
            "DELETE",
            "/heads/none".to_owned(),
            json!({}),
            "Reference does not exist",
        ),
        (
            "DELETE",
            "/heads/main".to_owned(),
            json!({}),
            "Cannot delete the default branch",
        ),
    ];
    for (method, below, body, want) in refused {
        assert_eq!(
            message(&octo.write(method, &format!("{refs}{below}"), &body)),
            (422, want.to_owned()),
            "{method} {below} {body}"
        );
    }
    octo.written(
        "PATCH",
        &format!("{refs}/heads/backup/one"),
        &json!({ "sha": staging }),
    );
    octo.written(
        "PATCH",
        &format!("{refs}/heads/staging"),
        &json!({ "sha": main, "force": true }),
    );
    let matching = octo.get(&format!("{CONFIG}/git/matching-refs/heads/backup"));
    assert_eq!(
        (
            matching.as_array().map(Vec::len),
            matching[0]["ref"].as_str()
        ),
        (Some(1), Some("refs/heads/backup/one"))
    );
    assert_eq!(
        octo.write("DELETE", &format!("{refs}/heads/backup/one"), &json!({}))
            .status,
        204
    );
    assert_eq!(
        octo.refused(&format!("{CONFIG}/git/ref/heads/backup/one"))
            .0,
        404
    );
}

#[test]
fn objects_refuse_what_git_could_not_hold() {
    let octo = Octo::app(&fresh(), MARA);
    let head = text(&octo.get(&format!("{CONFIG}/git/ref/heads/main"))["object"]["sha"]);
    let zeros = "0".repeat(40);
    let entry = |entry: Value| json!({ "tree": [entry] });
    let cases = [
        (
            "trees",
            json!({}),
            "Invalid request.\n\n\"tree\" wasn't supplied.",
        ),
        (
            "trees",
            json!({ "tree": [], "base_tree": zeros }),
            "base_tree is not a valid tree oid",
        ),
        (
            "trees",
            entry(json!({ "path": "/a", "mode": "100644", "content": "" })),
            "tree.path cannot start with a slash",
        ),
        (
            "trees",
            entry(json!({ "path": "a/../b", "mode": "100644", "content": "" })),
            "tree.path contains a malformed path component",
        ),
        (
            "trees",
            entry(json!({ "path": "a", "mode": "777", "content": "" })),
            "tree.mode is invalid",
        ),
        (
            "trees",
            entry(json!({ "path": "a", "mode": "100644", "sha": null })),
            "GitRPC::BadObjectState",
        ),
        (
            "trees",
            entry(json!({ "path": "a", "mode": "100644", "type": "tree", "content": "" })),
            "tree.type does not match tree.mode",
        ),
        (
            "trees",
            entry(json!({ "path": "a", "mode": "100644" })),
            "Must supply a tree.sha or tree.content",
        ),
        ("trees", entry(json!(7)), "tree.path is missing"),
        (
            "commits",
            json!({ "message": "m", "tree": zeros }),
            "Tree SHA does not exist",
        ),
        (
            "commits",
            json!({ "message": "m", "tree": head }),
            "Tree SHA does not exist",
        ),
        (
            "blobs",
            json!({ "encoding": "base64", "content": "*" }),
            "content is not valid Base64",
        ),
        (
            "blobs",
            json!({}),
            "Invalid request.\n\n\"content\" wasn't supplied.",
        ),
        (
            "blobs",
            json!({ "content": 7 }),
            "Invalid request.\n\nFor 'properties/content', 7 is not a string.",
        ),
    ];
    for (kind, body, want) in cases {
        assert_eq!(
            message(&octo.write("POST", &format!("{CONFIG}/git/{kind}"), &body)),
            (422, want.to_owned()),
            "{body}"
        );
    }
    let tree = text(&octo.get(&format!("{CONFIG}/git/commits/{head}"))["tree"]["sha"]);
    let orphan = json!({ "message": "m", "tree": tree, "parents": [zeros] });
    assert_eq!(
        message(&octo.write("POST", &format!("{CONFIG}/git/commits"), &orphan)).1,
        "Parent SHA does not exist or is not a commit object"
    );
    for body in ["", "[]", "{", "\u{0}"] {
        let mut request = Request::new("POST", &format!("{CONFIG}/git/blobs"));
        request.body = body.as_bytes().to_vec();
        let want = if body.is_empty() { 422 } else { 400 };
        assert_eq!(message(&octo.send(request)).0, want, "{body:?}");
    }
    for (target, status) in [
        ("blobs/x", 422),
        ("blobs/none/x", 404),
        ("trees/none", 404),
        ("commits/x", 422),
    ] {
        assert_eq!(
            octo.refused(&format!("{CONFIG}/git/{target}")).0,
            status,
            "{target}"
        );
    }
    for (kind, body) in [
        ("blobs", json!({ "content": "" })),
        ("trees", json!({ "tree": [] })),
        ("refs", json!({})),
    ] {
        let refusal = message(&octo.write("POST", &format!("{EMPTY}/git/{kind}"), &body));
        assert_eq!(
            refusal,
            (409, "Git Repository is empty.".to_owned()),
            "{kind}"
        );
    }
}
