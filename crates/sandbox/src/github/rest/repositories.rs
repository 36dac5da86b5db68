//! Owns the endpoints of repositories themselves: listings, one by name or id, creation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::github::access::{Caller, Need};
use crate::github::answer::{Page, json};
use crate::github::call::{Answer, Call};
use crate::github::error::Error;
use crate::github::git::Store;
use crate::github::model::{AppKind, Level, Repository, Role};
use crate::github::rest::writing;
use crate::github::shape;
use crate::http::Response;

/// `GET /repos/{owner}/{repo}` and `GET /repositories/{id}`
pub(in crate::github) fn one(call: &mut Call<'_>) -> Answer {
    let level = call
        .repository
        .map(|(_, level)| level)
        .filter(|_| call.caller.user().is_some());
    let repository = call.repository()?;
    Ok(json(
        200,
        &shape::full_repository(call.github, &call.base, repository, level),
    ))
}

/// What a listing found, and organizations that single sign-on left out.
struct Found {
    rows: Vec<(u64, Level)>,
    hidden: BTreeSet<u64>,
}

fn found(call: &Call<'_>, keep: impl Fn(&Repository) -> bool) -> Found {
    let mut out = Found {
        rows: Vec::new(),
        hidden: BTreeSet::new(),
    };
    for repository in call.github.repositories.values().filter(|r| keep(r)) {
        match call
            .github
            .reach(&call.caller, repository, Need::Metadata, &call.base)
        {
            Ok(level) => out.rows.push((repository.id, level)),
            Err(error) if error.is_saml() => {
                out.hidden.insert(repository.owner);
            }
            Err(_) => {}
        }
    }
    out
}

fn listed(call: &Call<'_>, mut found: Found, sort: &str) -> Response {
    let repository = |id: &u64| call.github.repositories.get(id);
    let sort = call.query.filled("sort").unwrap_or(sort);
    let key = |r: &Repository| match sort {
        "created" => (r.created_at, String::new()),
        "updated" => (r.updated_at, String::new()),
        "pushed" => (r.pushed_at, String::new()),
        _ => (0, call.full_name(r).to_ascii_lowercase()),
    };
    found
        .rows
        .sort_by_cached_key(|(id, _)| repository(id).map(|r| key(r)));
    let falling = call
        .query
        .filled("direction")
        .map_or(sort != "full_name", |d| d == "desc");
    if falling {
        found.rows.reverse();
    }
    let page = Page::of(call, found.rows);
    let shown: Vec<Value> = page
        .items
        .iter()
        .filter_map(|(id, level)| Some((repository(id)?, *level)))
        .map(|(r, level)| {
            let level = call.caller.user().map(|_| level);
            shape::repository(call.github, &call.base, r, level)
        })
        .collect();
    let mut response = page.respond(&shown);
    if !found.hidden.is_empty() {
        let ids: Vec<String> = found.hidden.iter().map(u64::to_string).collect();
        response.set(
            "x-github-sso",
            &format!("partial-results; organizations={}", ids.join(",")),
        );
    }
    response
}

fn one_of(call: &Call<'_>, name: &str, known: &[&str]) -> Result<(), Error> {
    match call.query.filled(name) {
        Some(value) if !known.contains(&value) => {
            Err(Error::validation("Repository", name, "invalid"))
        }
        _ => Ok(()),
    }
}

/// `GET /user/repos`: what the user owns, collaborates in or reaches as a member; never strangers' public ones.
pub(in crate::github) fn mine(call: &mut Call<'_>) -> Answer {
    one_of(call, "visibility", &["all", "public", "private"])?;
    one_of(
        call,
        "type",
        &["all", "owner", "public", "private", "member"],
    )?;
    one_of(call, "sort", &["created", "updated", "pushed", "full_name"])?;
    let kind = call.query.filled("type");
    let (visibility, affiliation) = (
        call.query.filled("visibility"),
        call.query.list("affiliation"),
    );
    if kind.is_some() && (visibility.is_some() || !affiliation.is_empty()) {
        let why = "If you specify visibility or affiliation, you cannot specify type.";
        return Err(Error::new(422, why));
    }
    let user = call.user()?;
    let belongs = |r: &Repository| {
        let organization = call
            .github
            .accounts
            .get(&r.owner)
            .and_then(|a| a.organization.as_ref());
        let role = organization.and_then(|org| org.members.get(&user));
        let through_organization = role.is_some_and(|role| {
            *role == Role::Owner || organization.is_some_and(|org| org.base.is_some())
        });
        if r.owner == user {
            Some("owner")
        } else if r.collaborators.contains_key(&user) {
            Some("collaborator")
        } else {
            through_organization.then_some("organization_member")
        }
    };
    let keep = |r: &Repository| {
        let Some(how) = belongs(r) else {
            return false;
        };
        let by_visibility = match visibility.or(kind) {
            Some("public") => !r.private,
            Some("private") => r.private,
            _ => true,
        };
        let by_kind = match kind {
            Some("owner") => how == "owner",
            Some("member") => how != "owner",
            _ => true,
        };
        by_visibility && by_kind && (affiliation.is_empty() || affiliation.iter().any(|a| a == how))
    };
    let found = found(call, keep);
    Ok(listed(call, found, "full_name"))
}

/// `GET /orgs/{org}/repos`
pub(in crate::github) fn of_organization(call: &mut Call<'_>) -> Answer {
    one_of(call, "sort", &["created", "updated", "pushed", "full_name"])?;
    let organization = call.github.account(call.param("org"));
    let organization = organization
        .filter(|a| a.organization.is_some())
        .ok_or_else(Error::not_found)?;
    let id = organization.id;
    let kind = call.query.filled("type");
    let found = found(call, |r| {
        r.owner == id
            && match kind {
                Some("public") => !r.private,
                Some("private") => r.private,
                Some("forks") => false,
                _ => true,
            }
    });
    Ok(listed(call, found, "created"))
}

/// `POST /user/repos` and `POST /orgs/{org}/repos`
pub(in crate::github) fn create(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let owner = match call.param("org") {
        "" => user,
        org => {
            let account = call.github.account(org).ok_or_else(Error::not_found)?;
            let role = account
                .organization
                .as_ref()
                .and_then(|org| org.members.get(&user));
            match role {
                None => return Err(Error::not_found()),
                Some(Role::Member) => {
                    return Err(Error::new(
                        403,
                        "You need admin access to the organization before adding a repository to it.",
                    ));
                }
                Some(Role::Owner) => account.id,
            }
        }
    };
    let body = call.body()?;
    let private = body.flag("private")?;
    may_create(call, owner, private)?;
    let name: String = body
        .text("name")?
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    if name.is_empty() || name.len() > 100 || name == "." || name == ".." {
        return Err(Error::validation("Repository", "name", "invalid"));
    }
    let description = match body.get("description") {
        None | Some(Value::Null) => None,
        _ => body.optional("description")?.map(str::to_owned),
    };
    let taken = call.github.repositories.values();
    if taken
        .into_iter()
        .any(|r| r.owner == owner && r.name.eq_ignore_ascii_case(&name))
    {
        return Err(Error::validation("Repository", "name", "custom"));
    }
    let id = call.github.id();
    let now = call.now;
    let repository = Repository {
        id,
        owner,
        name,
        description,
        private,
        archived: false,
        default_branch: "main".to_owned(),
        refs: BTreeMap::new(),
        protected: BTreeSet::new(),
        store: Store::default(),
        collaborators: BTreeMap::new(),
        created_at: now,
        updated_at: now,
        pushed_at: now,
    };
    let full_name = call.full_name(&repository).to_ascii_lowercase();
    call.github.renamed.remove(&full_name);
    call.github.repositories.insert(id, repository.into());
    call.repository = Some((id, Level::Admin));
    if body.flag("auto_init")? {
        writing::first_commit(call)?;
    }
    let repository = call.repository()?;
    let shown = shape::full_repository(call.github, &call.base, repository, Some(Level::Admin));
    let mut response = json(201, &shown);
    response.set("location", &call.repository_url()?);
    Ok(response)
}

fn may_create(call: &Call<'_>, owner: u64, private: bool) -> Result<(), Error> {
    match &call.caller {
        Caller::User(token, AppKind::OAuthApp) => {
            let has = |scope: &str| token.scopes.contains(scope);
            if has("repo") || (!private && has("public_repo")) {
                Ok(())
            } else {
                Err(Error::not_found())
            }
        }
        Caller::User(token, AppKind::GitHubApp) => {
            let mut installations = call.github.installations.values();
            let allowed = installations.any(|i| {
                i.client_id == token.client_id
                    && i.account == owner
                    && i.suspended.is_none()
                    && i.permissions
                        .get("administration")
                        .is_some_and(|p| p == "write")
            });
            if allowed {
                Ok(())
            } else {
                Err(Error::not_accessible())
            }
        }
        _ => Err(Error::requires_authentication()),
    }
}
