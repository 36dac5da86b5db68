//! Owns git's objects over REST: blobs, trees and commits, and how they print.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::writing;
use crate::github::answer::{base64_lines, from_base64, json, node_id};
use crate::github::call::{Answer, Call};
use crate::github::error::Error;
use crate::github::git::{Commit, Edit, Entry, Mode, Oid, Person, components};
use crate::github::model::Repository;
use crate::github::{shape, when};
use crate::http::Response;

/// A commit of a branch, a tag, `HEAD`, a full reference or an object id.
pub(super) fn resolve(repository: &Repository, name: &str) -> Option<Oid> {
    let full = match name {
        "HEAD" => return repository.branch(&repository.default_branch),
        _ if name.starts_with("refs/") => vec![name.to_owned()],
        _ => ["refs/heads/", "refs/tags/", "refs/"]
            .map(|place| format!("{place}{name}"))
            .to_vec(),
    };
    full.iter()
        .find_map(|full| repository.refs.get(full).copied())
        .or_else(|| Oid::parse(name))
        .filter(|oid| repository.store.commit(*oid).is_some())
}

fn sha(text: &str) -> Result<Oid, Error> {
    Oid::parse(text).ok_or_else(|| {
        Error::new(
            422,
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        )
    })
}

fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}

fn signed_by(person: &Person) -> Value {
    json!({ "name": person.name, "email": person.email, "date": when::written(person.at) })
}

fn parents(call: &Call<'_>, commit: &Commit, below: &str) -> Result<Vec<Value>, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let html = format!("{}/{}", call.base, call.full_name(repository));
    let show = |oid: &Oid| {
        json!({
            "sha": oid.to_string(),
            "url": format!("{api}/{below}/{oid}"),
            "html_url": format!("{html}/commit/{oid}"),
        })
    };
    Ok(commit.parents.iter().map(show).collect())
}

/// A commit as git's endpoints and the contents endpoints print it.
pub(super) fn git_commit(call: &Call<'_>, oid: Oid) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let commit = repository.store.commit(oid).ok_or_else(Error::not_found)?;
    Ok(json!({
        "sha": oid.to_string(),
        "node_id": node_id("Commit", format!("{}:{oid}", repository.id)),
        "url": format!("{api}/git/commits/{oid}"),
        "html_url": format!("{}/{}/commit/{oid}", call.base, call.full_name(repository)),
        "author": signed_by(&commit.author),
        "committer": signed_by(&commit.committer),
        "tree": { "sha": commit.tree.to_string(), "url": format!("{api}/git/trees/{}", commit.tree) },
        "message": commit.message,
        "parents": parents(call, commit, "git/commits")?,
        "verification": unsigned(),
    }))
}

/// A commit as the commits endpoints print it.
pub(super) fn full_commit(call: &Call<'_>, oid: Oid) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let commit = repository.store.commit(oid).ok_or_else(Error::not_found)?;
    let account = |person: &Person| {
        let noreply = |id: u64, login: &str| format!("{id}+{login}@users.noreply.github.com");
        let mut accounts = call.github.accounts.values();
        let found = accounts.find(|a| {
            a.email.as_deref() == Some(person.email.as_str())
                || noreply(a.id, &a.login) == person.email
        });
        found.map(|a| shape::simple_user(&call.base, a))
    };
    Ok(json!({
        "sha": oid.to_string(),
        "node_id": node_id("Commit", format!("{}:{oid}", repository.id)),
        "url": format!("{api}/commits/{oid}"),
        "html_url": format!("{}/{}/commit/{oid}", call.base, call.full_name(repository)),
        "comments_url": format!("{api}/commits/{oid}/comments"),
        "commit": {
            "url": format!("{api}/git/commits/{oid}"),
            "author": signed_by(&commit.author),
            "committer": signed_by(&commit.committer),
            "message": commit.message,
            "comment_count": 0,
            "tree": { "sha": commit.tree.to_string(), "url": format!("{api}/git/trees/{}", commit.tree) },
            "verification": unsigned(),
        },
        "author": account(&commit.author),
        "committer": account(&commit.committer),
        "parents": parents(call, commit, "commits")?,
    }))
}

fn created(body: &Value) -> Response {
    let mut response = json(201, body);
    if let Some(url) = body["url"].as_str() {
        response.set("location", url);
    }
    response
}

/// `POST /repos/{owner}/{repo}/git/blobs`
pub(in crate::github) fn create_blob(call: &mut Call<'_>) -> Answer {
    call.filled_repository()?;
    let body = call.body()?;
    let content = body.text("content")?;
    let bytes = match body.optional("encoding")?.unwrap_or("utf-8") {
        "utf-8" => content.as_bytes().to_vec(),
        "base64" => {
            from_base64(content).ok_or_else(|| Error::new(422, "content is not valid Base64"))?
        }
        _ => return Err(Error::validation("Blob", "encoding", "invalid")),
    };
    let bytes = writing::fitting(call, bytes)?;
    let oid = call.repository_mut()?.store.put_blob(&bytes);
    let url = format!("{}/git/blobs/{oid}", call.repository_url()?);
    Ok(created(&json!({ "sha": oid.to_string(), "url": url })))
}

/// `GET /repos/{owner}/{repo}/git/blobs/{sha}`; raw bytes for the raw media type.
pub(in crate::github) fn blob(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let oid = sha(call.param("sha"))?;
    let bytes = repository.store.blob(oid).ok_or_else(Error::not_found)?;
    if call.accepts("raw") {
        return Ok(raw(bytes));
    }
    Ok(json(
        200,
        &json!({
            "sha": oid.to_string(),
            "node_id": node_id("Blob", format!("{}:{oid}", repository.id)),
            "size": bytes.len(),
            "url": format!("{}/git/blobs/{oid}", call.repository_url()?),
            "content": base64_lines(bytes),
            "encoding": "base64",
        }),
    ))
}

/// Bytes under the raw media type.
pub(super) fn raw(bytes: &[u8]) -> Response {
    let mut response = Response::empty(200);
    response.set(
        "content-type",
        "application/vnd.github.raw+json; charset=utf-8",
    );
    response.body = bytes.to_vec();
    response
}

fn print_tree(call: &Call<'_>, oid: Oid, recursive: bool) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let (entries, truncated) =
        repository
            .store
            .walk(oid, recursive, call.github.switches.tree_limit);
    let show = |(path, entry): &(String, Entry)| {
        let mut out = json!({
            "path": path,
            "mode": entry.mode.text(),
            "type": entry.mode.kind(),
            "sha": entry.oid.to_string(),
        });
        match entry.mode {
            Mode::Tree => out["url"] = format!("{api}/git/trees/{}", entry.oid).into(),
            Mode::Submodule => {}
            Mode::File | Mode::Executable | Mode::Symlink => {
                out["size"] = repository
                    .store
                    .blob(entry.oid)
                    .map_or(0, |b| b.len())
                    .into();
                out["url"] = format!("{api}/git/blobs/{}", entry.oid).into();
            }
        }
        out
    };
    Ok(json!({
        "sha": oid.to_string(),
        "url": format!("{api}/git/trees/{oid}"),
        "tree": entries.iter().map(show).collect::<Vec<_>>(),
        "truncated": truncated,
    }))
}

/// `GET /repos/{owner}/{repo}/git/trees/{sha}`: of a tree, a commit or a reference; any `recursive` but an absent one.
pub(in crate::github) fn tree(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let name = call.param("sha");
    let commit = resolve(repository, name).and_then(|oid| repository.store.commit(oid));
    let oid = commit
        .map(|c| c.tree)
        .or_else(|| Oid::parse(name).filter(|oid| repository.store.tree(*oid).is_some()));
    let oid = oid.ok_or_else(Error::not_found)?;
    let recursive = call.query.first("recursive").is_some();
    Ok(json(200, &print_tree(call, oid, recursive)?))
}

/// `POST /repos/{owner}/{repo}/git/trees`
pub(in crate::github) fn create_tree(call: &mut Call<'_>) -> Answer {
    call.filled_repository()?;
    let body = call.body()?;
    if body.get("tree").is_none() {
        return Err(Error::not_supplied("tree"));
    }
    let base = match body.optional("base_tree")? {
        None => None,
        Some(name) => {
            let repository = call.repository()?;
            let oid = Oid::parse(name);
            let tree = oid.and_then(|oid| match repository.store.commit(oid) {
                Some(commit) => Some(commit.tree),
                None => repository.store.tree(oid).map(|_| oid),
            });
            Some(tree.ok_or_else(|| Error::new(422, "base_tree is not a valid tree oid"))?)
        }
    };
    let items = body.list("tree")?;
    if items.len() > call.github.switches.tree_limit {
        return Err(Error::new(422, "tree has too many entries"));
    }
    let mut edits = Vec::new();
    let mut blobs: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let (edit, content) = planned(call.repository()?, base, item)?;
        if let Some(content) = content {
            blobs.insert(index, writing::fitting(call, content)?);
        }
        edits.push(edit);
    }
    let repository = call.repository_mut()?;
    for (index, bytes) in blobs {
        let oid = repository.store.put_blob(&bytes);
        if let Some(entry) = &mut edits[index].entry {
            entry.1 = oid;
        }
    }
    let oid = repository.store.edit(base, edits);
    Ok(created(&print_tree(call, oid, false)?))
}

/// One entry of the request; its content when it brings a new blob along.
fn planned(
    repository: &Repository,
    base: Option<Oid>,
    item: &Value,
) -> Result<(Edit, Option<Vec<u8>>), Error> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let path = text("path").ok_or_else(|| Error::new(422, "tree.path is missing"))?;
    if path.starts_with('/') {
        return Err(Error::new(422, "tree.path cannot start with a slash"));
    }
    let path = components(path)
        .ok_or_else(|| Error::new(422, "tree.path contains a malformed path component"))?;
    let content = text("content");
    if item.get("sha").is_some_and(Value::is_null) && content.is_none() {
        let there = base
            .and_then(|base| repository.store.at(base, &path))
            .is_some();
        return if there {
            Ok((Edit { path, entry: None }, None))
        } else {
            Err(Error::new(422, "GitRPC::BadObjectState"))
        };
    }
    let mode = text("mode")
        .and_then(Mode::parse)
        .ok_or_else(|| Error::new(422, "tree.mode is invalid"))?;
    let typed = text("type").is_none_or(|kind| kind == mode.kind());
    if !typed {
        return Err(Error::new(422, "tree.type does not match tree.mode"));
    }
    match (text("sha"), content) {
        (Some(_), Some(_)) => Err(Error::new(
            422,
            "tree.sha and tree.content cannot both be specified",
        )),
        (None, Some(content)) if mode.kind() == "blob" => {
            let oid = Oid::of("blob", content.as_bytes());
            Ok((
                Edit {
                    path,
                    entry: Some((mode, oid)),
                },
                Some(content.as_bytes().to_vec()),
            ))
        }
        (Some(sha), None) => {
            let oid =
                Oid::parse(sha).ok_or_else(|| Error::new(422, "tree.sha must be 40 hex digits"))?;
            let there = match mode.kind() {
                "tree" => repository.store.tree(oid).is_some(),
                "blob" => repository.store.blob(oid).is_some(),
                // The commit of a submodule lives elsewhere.
                _ => true,
            };
            if there {
                Ok((
                    Edit {
                        path,
                        entry: Some((mode, oid)),
                    },
                    None,
                ))
            } else {
                Err(Error::new(
                    422,
                    format!("tree.sha {oid} is not a valid {}", mode.kind()),
                ))
            }
        }
        _ => Err(Error::new(422, "Must supply a tree.sha or tree.content")),
    }
}

/// `POST /repos/{owner}/{repo}/git/commits`
pub(in crate::github) fn create_commit(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let body = call.body()?;
    let message = body.text("message")?.to_owned();
    let tree = Oid::parse(body.text("tree")?).filter(|oid| repository.store.tree(*oid).is_some());
    let tree = tree.ok_or_else(|| Error::new(422, "Tree SHA does not exist"))?;
    let mut parents = Vec::new();
    for parent in body.list("parents")? {
        let oid = parent.as_str().and_then(Oid::parse);
        let oid = oid.filter(|oid| repository.store.commit(*oid).is_some());
        parents.push(oid.ok_or_else(|| {
            Error::new(422, "Parent SHA does not exist or is not a commit object")
        })?);
    }
    let (author, committer) = writing::people(call, &body, true)?;
    let commit = Commit {
        tree,
        parents,
        author,
        committer,
        message,
    };
    let oid = call.repository_mut()?.store.put_commit(commit);
    Ok(created(&git_commit(call, oid)?))
}

/// `GET /repos/{owner}/{repo}/git/commits/{sha}`
pub(in crate::github) fn commit(call: &mut Call<'_>) -> Answer {
    call.filled_repository()?;
    let oid = sha(call.param("sha"))?;
    Ok(json(200, &git_commit(call, oid)?))
}
