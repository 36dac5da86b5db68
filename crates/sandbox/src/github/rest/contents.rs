//! Owns files by path: read in three media types, create, update, delete.

use serde_json::{Map, Value, json};

use super::objects::{git_commit, raw, resolve};
use super::writing;
use crate::github::answer::{base64_lines, from_base64, in_url, json};
use crate::github::call::{Answer, Body, Call};
use crate::github::error::Error;
use crate::github::git::{Edit, Mode, Oid, components};

/// Above this, content comes only under the raw media type.
const INLINE: usize = 1024 * 1024;
/// Above this, content does not come at all.
const SERVED: usize = 100 * 1024 * 1024;
/// Entries of a directory that are shown.
const ENTRIES: usize = 1_000;

fn at(text: &str) -> Result<Vec<String>, Error> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    components(text).ok_or_else(|| Error::new(422, "path contains a malformed path component"))
}

/// One entry, without its content.
fn print(
    call: &Call<'_>,
    path: &str,
    (mode, oid): (Mode, Oid),
    reference: &str,
) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let html = format!("{}/{}", call.base, call.full_name(repository));
    let (kind, view, object) = match mode {
        Mode::File | Mode::Executable => ("file", "blob", "blobs"),
        Mode::Symlink => ("symlink", "blob", "blobs"),
        Mode::Tree => ("dir", "tree", "trees"),
        Mode::Submodule => ("submodule", "tree", "trees"),
    };
    let (shown, reference) = (in_url(path), in_url(reference));
    let address = format!("{api}/contents/{shown}?ref={reference}");
    let git = format!("{api}/git/{object}/{oid}");
    let page = format!("{html}/{view}/{reference}/{shown}");
    let download = (view == "blob").then(|| format!("{html}/raw/{reference}/{shown}"));
    let mut out = json!({
        "name": path.rsplit('/').next().unwrap_or_default(),
        "path": path,
        "sha": oid.to_string(),
        "size": repository.store.blob(oid).map_or(0, |bytes| bytes.len()),
        "url": address,
        "html_url": page,
        "git_url": git,
        "download_url": download,
        "type": kind,
        "_links": { "self": address, "git": git, "html": page },
    });
    if mode == Mode::Submodule {
        out["submodule_git_url"] = Value::Null;
    }
    Ok(out)
}

/// `GET /repos/{owner}/{repo}/contents/{path}`
pub(in crate::github) fn read(call: &mut Call<'_>) -> Answer {
    let repository = call.repository()?;
    if repository.is_empty() {
        return Err(Error::new(404, "This repository is empty."));
    }
    let path = call.param("path").trim_end_matches('/');
    let reference = call
        .query
        .filled("ref")
        .unwrap_or(&repository.default_branch);
    let commit = resolve(repository, reference).and_then(|oid| repository.store.commit(oid));
    let commit = commit
        .ok_or_else(|| Error::new(404, format!("No commit found for the ref {reference}")))?;
    let (mode, oid) = repository
        .store
        .at(commit.tree, &at(path)?)
        .ok_or_else(Error::not_found)?;
    if let Some(bytes) = repository.store.blob(oid) {
        if bytes.len() > SERVED {
            let why = "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.";
            return Err(Error::new(403, why));
        }
        if call.accepts("raw") {
            return Ok(raw(bytes));
        }
        let mut out = print(call, path, (mode, oid), reference)?;
        if mode == Mode::Symlink {
            out["target"] = String::from_utf8_lossy(bytes).into_owned().into();
        } else {
            let inline = bytes.len() <= INLINE;
            out["content"] = if inline {
                base64_lines(bytes)
            } else {
                String::new()
            }
            .into();
            out["encoding"] = if inline { "base64" } else { "none" }.into();
        }
        return Ok(json(200, &out));
    }
    if mode == Mode::Submodule {
        return Ok(json(200, &print(call, path, (mode, oid), reference)?));
    }
    let mut entries = Vec::new();
    for entry in repository
        .store
        .tree(oid)
        .unwrap_or_default()
        .iter()
        .take(ENTRIES)
    {
        let below = if path.is_empty() {
            entry.name.clone()
        } else {
            format!("{path}/{}", entry.name)
        };
        let mut shown = print(call, &below, (entry.mode, entry.oid), reference)?;
        if entry.mode == Mode::Submodule {
            // In a listing a submodule calls itself a file, for older clients.
            shown["type"] = "file".into();
        }
        entries.push(shown);
    }
    if call.accepts("object") {
        let mut out = print(call, path, (mode, oid), reference)?;
        out["entries"] = Value::Array(entries);
        return Ok(json(200, &out));
    }
    Ok(json(200, &entries))
}

/// What a write is about: the path, the branch, and what stands there.
struct Target {
    path: Vec<String>,
    branch: String,
    present: Option<(Mode, Oid)>,
}

fn target(call: &Call<'_>, body: &Body) -> Result<Target, Error> {
    let repository = call.repository()?;
    let path = at(call.param("path"))?;
    let branch = body
        .optional("branch")?
        .unwrap_or(&repository.default_branch)
        .to_owned();
    let branch = branch
        .strip_prefix("refs/heads/")
        .unwrap_or(&branch)
        .to_owned();
    let tip = repository.branch(&branch);
    // The first write to an empty repository makes its default branch.
    if tip.is_none() && !(repository.is_empty() && branch == repository.default_branch) {
        return Err(Error::new(404, format!("Branch {branch} not found")));
    }
    let tree = tip
        .and_then(|oid| repository.store.commit(oid))
        .map(|c| c.tree);
    let present = tree.and_then(|tree| repository.store.at(tree, &path));
    Ok(Target {
        path,
        branch,
        present,
    })
}

/// The `sha` of the request must be what stands there.
fn same(call: &Call<'_>, body: &Body, present: Oid) -> Result<(), Error> {
    let sha = body.text("sha")?;
    if sha == present.to_string() {
        return Ok(());
    }
    let shown: String = sha.chars().take(64).collect();
    Err(Error::new(
        409,
        format!("{} does not match {shown}", call.param("path")),
    ))
}

fn guarded(call: &Call<'_>, branch: &str, verb: &str) -> Result<(), Error> {
    match writing::refusal(call, branch)? {
        Some(why) => Err(Error::new(409, format!("Could not {verb} file: {why}"))),
        None => Ok(()),
    }
}

/// `PUT /repos/{owner}/{repo}/contents/{path}`: 201 for a new file, 200 for a changed one. A `sha` for a file that is
/// not there is ignored.
pub(in crate::github) fn write(call: &mut Call<'_>) -> Answer {
    let body = call.body()?;
    let message = body.text("message")?.to_owned();
    let content = body.text("content")?;
    let bytes =
        from_base64(content).ok_or_else(|| Error::new(422, "content is not valid Base64"))?;
    let bytes = writing::fitting(call, bytes)?;
    let Target {
        path,
        branch,
        present,
    } = target(call, &body)?;
    let mode = match present {
        None => Mode::File,
        Some((Mode::Tree | Mode::Submodule, _)) => {
            return Err(Error::new(
                422,
                format!("{} is a directory", call.param("path")),
            ));
        }
        Some((mode, oid)) => {
            same(call, &body, oid)?;
            mode
        }
    };
    guarded(
        call,
        &branch,
        if present.is_some() {
            "update"
        } else {
            "create"
        },
    )?;
    let people = writing::people(call, &body, false)?;
    let blob = call.repository_mut()?.store.put_blob(&bytes);
    let edit = Edit {
        path,
        entry: Some((mode, blob)),
    };
    let commit = writing::commit_edit(call, &branch, edit, message, people)?;
    let body = json!({
        "content": print(call, call.param("path"), (mode, blob), &branch)?,
        "commit": git_commit(call, commit)?,
    });
    Ok(json(if present.is_some() { 200 } else { 201 }, &body))
}

/// `DELETE /repos/{owner}/{repo}/contents/{path}`: members in the body, or in the query as older clients send them.
pub(in crate::github) fn delete(call: &mut Call<'_>) -> Answer {
    let body = if call.request.body.is_empty() {
        let pairs = call.query.pairs().iter();
        let members: Map<String, Value> = pairs
            .map(|(n, v)| (n.clone(), Value::String(v.clone())))
            .collect();
        Body::of(members)
    } else {
        call.body()?
    };
    let message = body.text("message")?.to_owned();
    let Target {
        path,
        branch,
        present,
    } = target(call, &body)?;
    let (mode, oid) = present.ok_or_else(Error::not_found)?;
    if matches!(mode, Mode::Tree | Mode::Submodule) {
        return Err(Error::new(
            422,
            format!("{} is a directory", call.param("path")),
        ));
    }
    same(call, &body, oid)?;
    guarded(call, &branch, "delete")?;
    let people = writing::people(call, &body, false)?;
    let commit = writing::commit_edit(call, &branch, Edit { path, entry: None }, message, people)?;
    Ok(json(
        200,
        &json!({ "content": null, "commit": git_commit(call, commit)? }),
    ))
}
