//! Owns the endpoints of users, organizations and installations. Shapes are in `shape.rs`.

use serde_json::{Value, json};

use crate::github::access::{Caller, Need};
use crate::github::answer::{Page, json};
use crate::github::call::{Answer, Call};
use crate::github::error::Error;
use crate::github::model::{Account, Installation};
use crate::github::shape;

/// `GET /user`
pub(in crate::github) fn me(call: &mut Call<'_>) -> Answer {
    let account = call
        .github
        .accounts
        .get(&call.user()?)
        .ok_or_else(Error::bad_credentials)?;
    Ok(json(
        200,
        &shape::profile(call.github, &call.base, account, true),
    ))
}

/// `GET /users/{username}`; organizations answer here too.
pub(in crate::github) fn user(call: &mut Call<'_>) -> Answer {
    let account = call
        .github
        .account(call.param("username"))
        .ok_or_else(Error::not_found)?;
    Ok(json(
        200,
        &shape::profile(call.github, &call.base, account, false),
    ))
}

/// `GET /user/orgs`: for a GitHub App only organizations where it is installed.
pub(in crate::github) fn my_organizations(call: &mut Call<'_>) -> Answer {
    let user = call.user()?;
    let installed = |account: &Account| match &call.caller {
        Caller::User(token, crate::github::model::AppKind::GitHubApp) => call
            .github
            .installations
            .values()
            .any(|i| i.client_id == token.client_id && i.account == account.id),
        _ => true,
    };
    let member = |account: &Account| {
        account
            .organization
            .as_ref()
            .is_some_and(|org| org.members.contains_key(&user))
    };
    let found: Vec<Value> = call
        .github
        .accounts
        .values()
        .filter(|account| member(account) && installed(account))
        .map(|account| shape::organization(&call.base, account))
        .collect();
    let page = Page::of(call, found);
    Ok(page.respond(&page.items))
}

/// `GET /orgs/{org}`
pub(in crate::github) fn organization(call: &mut Call<'_>) -> Answer {
    let account = call
        .github
        .account(call.param("org"))
        .filter(|account| account.organization.is_some())
        .ok_or_else(Error::not_found)?;
    Ok(json(
        200,
        &shape::full_organization(call.github, &call.base, account),
    ))
}

fn own(call: &Call<'_>) -> Result<Vec<Installation>, Error> {
    let token = call
        .caller
        .token()
        .ok_or_else(Error::requires_authentication)?;
    let mut found: Vec<Installation> = call
        .github
        .installations
        .values()
        .filter(|i| i.client_id == token.client_id && call.github.sees(token.user, i))
        .cloned()
        .collect();
    if let Some(only) = &token.only {
        // A scoped token is bound to the account that owns its repositories.
        let owners: Vec<u64> = only
            .iter()
            .filter_map(|id| call.github.repositories.get(id).map(|r| r.owner))
            .collect();
        found.retain(|i| owners.contains(&i.account));
    }
    Ok(found)
}

/// `GET /user/installations`: suspended ones are listed, and say so.
pub(in crate::github) fn my_installations(call: &mut Call<'_>) -> Answer {
    let page = Page::of(call, own(call)?);
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|i| shape::installation(call.github, &call.base, i))
        .collect();
    Ok(page.respond(&json!({ "total_count": page.total, "installations": shown })))
}

/// `GET /user/installations/{installation_id}/repositories`
pub(in crate::github) fn installation_repositories(call: &mut Call<'_>) -> Answer {
    let id: Option<u64> = call.param("installation_id").parse().ok();
    let installation = own(call)?
        .into_iter()
        .find(|i| Some(i.id) == id)
        .ok_or_else(Error::not_found)?;
    if installation.suspended.is_some() {
        return Err(Error::suspended());
    }
    let owner = installation.account;
    let mut found = Vec::new();
    for repository in call
        .github
        .repositories
        .values()
        .filter(|r| r.owner == owner)
    {
        let covered = call.github.covering(&installation.client_id, repository);
        if covered.is_none_or(|i| i.id != installation.id) {
            continue;
        }
        match call
            .github
            .reach(&call.caller, repository, Need::Metadata, &call.base)
        {
            Ok(level) => found.push((repository.id, level)),
            // Single sign-on hides the whole organization, and says why.
            Err(error) if error.is_forbidden() => return Err(error),
            Err(_) => {}
        }
    }
    let page = Page::of(call, found);
    let shown: Vec<Value> = page
        .items
        .iter()
        .filter_map(|(id, level)| Some((call.github.repositories.get(id)?, *level)))
        .map(|(r, level)| shape::repository(call.github, &call.base, r, Some(level)))
        .collect();
    let selection = if installation.selected.is_some() {
        "selected"
    } else {
        "all"
    };
    Ok(page.respond(&json!({
        "total_count": page.total, "repository_selection": selection, "repositories": shown,
    })))
}
