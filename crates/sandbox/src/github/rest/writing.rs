//! Owns what every write shares: who is the author, what protection refuses, how a branch gets a commit.

use serde_json::Value;

use crate::github::call::{Body, Call};
use crate::github::error::Error;
use crate::github::git::{Commit, Edit, Mode, Oid, Person};
use crate::github::model::{Level, Repository};
use crate::github::when;

/// What protection answers to whoever is no administrator.
const REVIEW: &str = "At least 1 approving review is required by reviewers with write access.";

/// The authenticated user, now.
fn myself(call: &Call<'_>) -> Result<Person, Error> {
    let account = call
        .github
        .accounts
        .get(&call.user()?)
        .ok_or_else(Error::bad_credentials)?;
    let noreply = format!("{}+{}@users.noreply.github.com", account.id, account.login);
    Ok(Person {
        name: account
            .name
            .clone()
            .unwrap_or_else(|| account.login.clone()),
        email: account.email.clone().unwrap_or(noreply),
        at: call.now,
        offset: 0,
    })
}

fn person(body: &Body, role: &str, default: &Person) -> Result<Person, Error> {
    let Some(value) = body.get(role) else {
        return Ok(default.clone());
    };
    let Value::Object(members) = value else {
        return Err(Error::wrong_type(role, value, "an object"));
    };
    let text = |name: &str| match members.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(other) => Err(Error::wrong_type(
            &format!("{role}/properties/{name}"),
            other,
            "a string",
        )),
        None => Err(Error::not_supplied(name)),
    };
    let (at, offset) = match members.get("date") {
        None | Some(Value::Null) => (default.at, default.offset),
        Some(Value::String(date)) => when::read(date).ok_or_else(|| {
            Error::new(
                422,
                format!("Invalid request.\n\n{date} is not a valid date-time."),
            )
        })?,
        Some(other) => {
            return Err(Error::wrong_type(
                &format!("{role}/properties/date"),
                other,
                "a string",
            ));
        }
    };
    Ok(Person {
        name: text("name")?,
        email: text("email")?,
        at,
        offset,
    })
}

/// Author and committer of a request; each defaults to the other's default: the user.
pub(super) fn people(
    call: &Call<'_>,
    body: &Body,
    like_git: bool,
) -> Result<(Person, Person), Error> {
    let user = myself(call)?;
    if like_git {
        // Git's own endpoint: the committer defaults to the author.
        let author = person(body, "author", &user)?;
        let committer = person(body, "committer", &author)?;
        return Ok((author, committer));
    }
    let committer = person(body, "committer", &user)?;
    let author = person(body, "author", &committer)?;
    Ok((author, committer))
}

/// Why a plain write to a branch is refused, if it is.
pub(super) fn refusal(call: &Call<'_>, branch: &str) -> Result<Option<&'static str>, Error> {
    let level = call.repository.map(|(_, level)| level);
    let on = call.repository()?.protected.contains(branch);
    Ok((on && level < Some(Level::Admin)).then_some(REVIEW))
}

/// Bytes of a new blob, if it may be as large.
pub(super) fn fitting(call: &Call<'_>, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if bytes.len() > call.github.switches.blob_limit {
        let why = "Sorry, your input was too large to process. Consider creating the blob in a local clone of the \
                   repository and then pushing it to GitHub.";
        return Err(Error::new(422, why));
    }
    Ok(bytes)
}

/// Sets a reference and the repository's times.
pub(super) fn point(repository: &mut Repository, name: &str, oid: Oid, now: u64) {
    repository.refs.insert(name.to_owned(), oid);
    touched(repository, now);
}

/// The repository changed.
pub(super) fn touched(repository: &mut Repository, now: u64) {
    repository.pushed_at = repository.pushed_at.max(now);
    repository.updated_at = repository.updated_at.max(now);
}

/// Commits one edit onto a branch, or begins the branch with it.
pub(super) fn commit_edit(
    call: &mut Call<'_>,
    branch: &str,
    edit: Edit,
    message: String,
    (author, committer): (Person, Person),
) -> Result<Oid, Error> {
    let now = call.now;
    let repository = call.repository_mut()?;
    let parent = repository.branch(branch);
    let base = parent
        .and_then(|oid| repository.store.commit(oid))
        .map(|c| c.tree);
    let tree = repository.store.edit(base, vec![edit]);
    let parents = parent.into_iter().collect();
    let commit = Commit {
        tree,
        parents,
        author,
        committer,
        message,
    };
    let oid = repository.store.put_commit(commit);
    point(repository, &format!("refs/heads/{branch}"), oid, now);
    Ok(oid)
}

/// The commit of `auto_init`: a README with the repository's name.
pub(super) fn first_commit(call: &mut Call<'_>) -> Result<(), Error> {
    let me = myself(call)?;
    let repository = call.repository_mut()?;
    let text = format!("# {}", repository.name);
    let branch = repository.default_branch.clone();
    let blob = repository.store.put_blob(text.as_bytes());
    let edit = Edit {
        path: vec!["README.md".to_owned()],
        entry: Some((Mode::File, blob)),
    };
    commit_edit(
        call,
        &branch,
        edit,
        "Initial commit".to_owned(),
        (me.clone(), me),
    )?;
    Ok(())
}
