//! Owns the endpoints of commits: history, one commit with its files, comparison.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::diff::{self, Change};
use super::objects::{full_commit, resolve};
use crate::github::answer::{Page, in_url, json};
use crate::github::call::{Answer, Call, accepts};
use crate::github::error::Error;
use crate::github::git::{Commit, Oid, components};
use crate::github::model::Repository;
use crate::github::when;
use crate::http::Response;

fn moment(call: &Call<'_>, name: &str) -> Result<Option<u64>, Error> {
    match call.query.filled(name) {
        None => Ok(None),
        // Form decoding turns the plus of a zone into a space.
        Some(text) => match when::read(text).or_else(|| when::read(&text.replace(' ', "+"))) {
            Some((at, _)) => Ok(Some(at)),
            None => Err(Error::new(
                422,
                format!("Invalid request.\n\n{name} is not a valid date-time."),
            )),
        },
    }
}

/// `GET /repos/{owner}/{repo}/commits`: newest first, by `sha`, `path`, `author`, `since`, `until`.
pub(in crate::github) fn list(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let from = call.query.filled("sha").unwrap_or("HEAD");
    let tip = resolve(repository, from).ok_or_else(Error::not_found)?;
    let (since, until) = (moment(call, "since")?, moment(call, "until")?);
    let path = call.query.filled("path").map(|p| p.trim_matches('/'));
    let path = path.map(|p| {
        components(p).ok_or_else(|| Error::new(422, "path contains a malformed path component"))
    });
    let path = path.transpose()?;
    let author = call.query.filled("author").map(|author| {
        let account = call.github.account(author);
        let noreply = account.map(|a| format!("{}+{}@users.noreply.github.com", a.id, a.login));
        [
            Some(author.to_owned()),
            account.and_then(|a| a.email.clone()),
            noreply,
        ]
    });
    let keep = |commit: &Commit| {
        let by = author
            .as_ref()
            .is_none_or(|known| known.contains(&Some(commit.author.email.clone())));
        let within = since.is_none_or(|at| commit.committer.at >= at)
            && until.is_none_or(|at| commit.committer.at <= at);
        by && within
            && path
                .as_ref()
                .is_none_or(|path| touches(repository, commit, path))
    };
    let found: Vec<Oid> = repository
        .store
        .history(tip, &BTreeSet::new())
        .into_iter()
        .filter(|oid| {
            repository
                .store
                .commit(*oid)
                .is_some_and(|commit| keep(commit))
        })
        .collect();
    let page = Page::of(call, found);
    let shown: Result<Vec<Value>, Error> = page
        .items
        .iter()
        .map(|oid| full_commit(call, *oid))
        .collect();
    Ok(page.respond(&shown?))
}

/// Whether a commit changed what stands at a path, against its first parent.
fn touches(repository: &Repository, commit: &Commit, path: &[String]) -> bool {
    let store = &repository.store;
    let before = commit.parents.first().and_then(|oid| store.commit(*oid));
    let before = before.and_then(|parent| store.at(parent.tree, path));
    store.at(commit.tree, path) != before
}

fn print(call: &Call<'_>, change: &Change, at: Oid) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let html = format!("{}/{}", call.base, call.full_name(repository));
    let (additions, deletions) = change.lines(&repository.store);
    let path = in_url(&change.path);
    Ok(json!({
        "sha": change.new.or(change.old).map(|oid| oid.to_string()),
        "filename": change.path,
        "status": change.status(),
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
        "blob_url": format!("{html}/blob/{at}/{path}"),
        "raw_url": format!("{html}/raw/{at}/{path}"),
        "contents_url": format!("{api}/contents/{path}?ref={at}"),
    }))
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`; its id alone for the sha media type.
pub(in crate::github) fn one(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let name = call.param("ref");
    let oid = resolve(repository, name)
        .ok_or_else(|| Error::new(422, format!("No commit found for SHA: {name}")))?;
    if accepts(call.request, "sha") {
        let mut response = Response::empty(200);
        response.set("content-type", "application/vnd.github.sha; charset=utf-8");
        response.body = oid.to_string().into_bytes();
        return Ok(response);
    }
    let mut out = full_commit(call, oid)?;
    let store = &repository.store;
    let tree = |oid: Oid| store.commit(oid).map(|c| c.tree);
    let parent = store.commit(oid).and_then(|c| c.parents.first().copied());
    let changes = diff::between(store, parent.and_then(tree), tree(oid));
    let files: Result<Vec<Value>, Error> = changes
        .iter()
        .map(|change| print(call, change, oid))
        .collect();
    let files = files?;
    let sum = |name: &str| files.iter().filter_map(|f| f[name].as_u64()).sum::<u64>();
    let (additions, deletions) = (sum("additions"), sum("deletions"));
    out["stats"] =
        json!({ "additions": additions, "deletions": deletions, "total": additions + deletions });
    out["files"] = Value::Array(files);
    Ok(json(200, &out))
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`
pub(in crate::github) fn compare(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let text = call.param("basehead");
    let (base_name, head_name) = text.split_once("...").ok_or_else(Error::not_found)?;
    let owner = call
        .github
        .accounts
        .get(&repository.owner)
        .map_or("", |a| a.login.as_str());
    let find = |name: &str| {
        let name = match name.split_once(':') {
            Some((other, _)) if !other.eq_ignore_ascii_case(owner) => return None,
            Some((_, name)) => name,
            None => name,
        };
        resolve(repository, name)
    };
    let (base, head) = (
        find(base_name).ok_or_else(Error::not_found)?,
        find(head_name).ok_or_else(Error::not_found)?,
    );
    let store = &repository.store;
    let (of_base, of_head) = (store.ancestry(base), store.ancestry(head));
    let ahead = store.history(head, &of_base);
    let behind = store.history(base, &of_head).len();
    let common = store
        .history(base, &BTreeSet::new())
        .into_iter()
        .find(|oid| of_head.contains(oid));
    let common = common.ok_or_else(|| {
        Error::new(
            404,
            format!("No common ancestor between {base_name} and {head_name}."),
        )
    })?;
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let (total, ahead_by) = (ahead.len(), ahead.len());
    let oldest_first: Vec<Oid> = ahead.into_iter().rev().collect();
    let page = Page::of(call, oldest_first);
    let commits: Result<Vec<Value>, Error> = page
        .items
        .iter()
        .map(|oid| full_commit(call, *oid))
        .collect();
    let tree = |oid: Oid| store.commit(oid).map(|c| c.tree);
    let changes = diff::between(store, tree(common), tree(head));
    let files: Result<Vec<Value>, Error> = changes
        .iter()
        .map(|change| print(call, change, head))
        .collect();
    let html = format!(
        "{}/{}/compare/{}",
        call.base,
        call.full_name(repository),
        in_url(text)
    );
    let body = json!({
        "url": format!("{}/compare/{}", call.repository_url()?, in_url(text)),
        "html_url": html,
        "permalink_url": format!("{}/{}/compare/{base}...{head}", call.base, call.full_name(repository)),
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "base_commit": full_commit(call, base)?,
        "merge_base_commit": full_commit(call, common)?,
        "status": status,
        "ahead_by": ahead_by,
        "behind_by": behind,
        "total_commits": total,
        "commits": commits?,
        "files": files?,
    });
    Ok(page.respond(&body))
}
