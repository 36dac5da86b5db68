//! Owns git's references over REST: read, create, move, delete.

use serde_json::{Value, json};

use super::writing;
use crate::github::answer::{Page, in_url, json, node_id};
use crate::github::call::{Answer, Call};
use crate::github::error::Error;
use crate::github::git::{Object, Oid};
use crate::http::Response;

fn print(call: &Call<'_>, name: &str, oid: Oid) -> Result<Value, Error> {
    let (api, repository) = (call.repository_url()?, call.repository()?);
    let kind = match repository.store.get(oid) {
        Some(Object::Blob(_)) => "blob",
        Some(Object::Tree(_)) => "tree",
        Some(Object::Commit(_)) | None => "commit",
    };
    Ok(json!({
        "ref": name,
        "node_id": node_id("Ref", format!("{}:{name}", repository.id)),
        "url": format!("{api}/git/{}", in_url(name)),
        "object": { "sha": oid.to_string(), "type": kind, "url": format!("{api}/git/{kind}s/{oid}") },
    }))
}

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`: exactly that one.
pub(in crate::github) fn one(call: &mut Call<'_>) -> Answer {
    let name = format!("refs/{}", call.param("ref"));
    let oid = call
        .filled_repository()?
        .refs
        .get(&name)
        .copied()
        .ok_or_else(Error::not_found)?;
    Ok(json(200, &print(call, &name, oid)?))
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{ref}`: all that begin so.
pub(in crate::github) fn matching(call: &mut Call<'_>) -> Answer {
    let prefix = format!("refs/{}", call.param("ref"));
    let found: Vec<(String, Oid)> = call
        .filled_repository()?
        .refs
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, oid)| (name.clone(), *oid))
        .collect();
    let page = Page::of(call, found);
    let shown: Result<Vec<Value>, Error> = page
        .items
        .iter()
        .map(|(name, oid)| print(call, name, *oid))
        .collect();
    Ok(page.respond(&shown?))
}

/// As `git check-ref-format` has it, with `refs/` and two slashes at least.
fn well_formed(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none()
    };
    name.starts_with("refs/")
        && name.matches('/').count() >= 2
        && name.len() <= 255
        && name.split('/').all(part)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.contains(|c: char| c.is_control() || " ~^:?*[\\\u{7f}".contains(c))
}

/// `POST /repos/{owner}/{repo}/git/refs`
pub(in crate::github) fn create(call: &mut Call<'_>) -> Answer {
    let repository = call.filled_repository()?;
    let body = call.body()?;
    let (name, sha) = (body.text("ref")?, body.text("sha")?);
    if !well_formed(name) {
        return Err(Error::new(422, format!("{name} is not a valid ref name.")));
    }
    let oid = known(call, name, sha)?;
    if repository.refs.contains_key(name) {
        return Err(Error::new(422, "Reference already exists"));
    }
    let clash = |other: &String| {
        other.starts_with(&format!("{name}/")) || name.starts_with(&format!("{other}/"))
    };
    if repository.refs.keys().any(clash) {
        // A file and a directory of one name, to git.
        return Err(Error::new(
            422,
            "Reference name conflicts with an existing reference",
        ));
    }
    let now = call.now;
    writing::point(call.repository_mut()?, name, oid, now);
    let body = print(call, name, oid)?;
    let mut response: Response = json(201, &body);
    response.set("location", body["url"].as_str().unwrap_or_default());
    Ok(response)
}

/// The object a reference is to point at; a branch only at a commit.
fn known(call: &Call<'_>, name: &str, sha: &str) -> Result<Oid, Error> {
    let repository = call.repository()?;
    let oid = Oid::parse(sha).ok_or_else(|| {
        Error::new(
            422,
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        )
    })?;
    let object = repository
        .store
        .get(oid)
        .ok_or_else(|| Error::new(422, "Object does not exist"))?;
    if name.starts_with("refs/heads/") && !matches!(object, Object::Commit(_)) {
        return Err(Error::new(
            422,
            "Reference update failed: a branch points at a commit",
        ));
    }
    Ok(oid)
}

/// `PATCH /repos/{owner}/{repo}/git/refs/{ref}`: forward only, unless forced.
pub(in crate::github) fn update(call: &mut Call<'_>) -> Answer {
    let name = format!("refs/{}", call.param("ref"));
    let repository = call.filled_repository()?;
    let body = call.body()?;
    let sha = body.text("sha")?;
    let force = body.flag("force")?;
    let current = repository.refs.get(&name).copied();
    let current = current.ok_or_else(|| Error::new(422, "Reference does not exist"))?;
    let oid = known(call, &name, sha)?;
    let forward = repository.store.ancestry(oid).contains(&current);
    if !forward && !force {
        return Err(Error::new(422, "Update is not a fast forward"));
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        if !forward && repository.protected.contains(branch) {
            return Err(Error::new(422, "Cannot force-push to this branch"));
        }
        if oid != current
            && let Some(why) = writing::refusal(call, branch)?
        {
            return Err(Error::new(422, why));
        }
    }
    let now = call.now;
    writing::point(call.repository_mut()?, &name, oid, now);
    Ok(json(200, &print(call, &name, oid)?))
}

/// `DELETE /repos/{owner}/{repo}/git/refs/{ref}`
pub(in crate::github) fn delete(call: &mut Call<'_>) -> Answer {
    let name = format!("refs/{}", call.param("ref"));
    let repository = call.filled_repository()?;
    if !repository.refs.contains_key(&name) {
        return Err(Error::new(422, "Reference does not exist"));
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        if repository.protected.contains(branch) {
            return Err(Error::new(422, "Cannot delete this protected branch"));
        }
        if repository.default_branch == branch {
            return Err(Error::new(422, "Cannot delete the default branch"));
        }
    }
    let now = call.now;
    let repository = call.repository_mut()?;
    repository.refs.remove(&name);
    writing::touched(repository, now);
    Ok(Response::empty(204))
}

#[cfg(test)]
mod tests {
    use super::well_formed;

    #[test]
    fn reference_names_follow_gits_rules() {
        for good in [
            "refs/heads/main",
            "refs/heads/backup/2026-11-22",
            "refs/tags/v1.0",
            "refs/heads/ä",
        ] {
            assert!(well_formed(good), "{good}");
        }
        for bad in [
            "main",
            "refs/heads",
            "refs/heads/",
            "refs/heads//a",
            "refs/heads/a..b",
            "refs/heads/.a",
            "refs/heads/a.lock",
            "refs/heads/a b",
            "refs/heads/a~1",
            "refs/heads/a:b",
            "refs/heads/a\\b",
            "refs/heads/a@{0}",
            "refs/heads/a.",
            "refs/heads/a\u{7}",
        ] {
            assert!(!well_formed(bad), "{bad}");
        }
    }
}
