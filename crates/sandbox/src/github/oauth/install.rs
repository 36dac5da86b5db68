//! Owns the pages by which an app is installed in an account, for all or for chosen repositories.

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the table's"
)]

use std::collections::BTreeSet;

use url::Url;

use super::{authorize, pages, redirect};
use crate::github::answer;
use crate::github::call::{Answer, Call};
use crate::github::model::{App, AppKind, Installation, Role};
use crate::http::{Fields, Response};

fn app(call: &Call<'_>) -> Option<App> {
    let slug = call.param("slug");
    call.github
        .apps
        .iter()
        .find(|app| app.kind == AppKind::GitHubApp && app.slug == slug)
        .cloned()
}

fn user(call: &Call<'_>, fields: &Fields) -> Option<u64> {
    let named = fields
        .filled("user")
        .and_then(|login| call.github.account(login));
    let named = named.filter(|a| a.organization.is_none()).map(|a| a.id);
    named.or_else(|| authorize::signed_in(call.github, call.request))
}

/// `GET /apps/{slug}/installations/new`: who, then where, then which repositories. `target_id` skips the second step.
pub(in crate::github) fn page(call: &mut Call<'_>) -> Answer {
    let Some(app) = app(call) else {
        return Ok(pages::not_found());
    };
    let fields = &call.query;
    let Some(user) = user(call, fields) else {
        return Ok(Response::html(
            200,
            pages::sign_in(call.github, &app, fields),
        ));
    };
    let places = call.github.installable(user);
    let target = fields
        .filled("target_id")
        .and_then(|id| id.parse::<u64>().ok());
    let place = target.and_then(|id| places.iter().find(|(place, _)| *place == id));
    let body = match place {
        None => pages::where_to_install(call.github, &app, user, &places, fields),
        Some((account, role)) => {
            pages::which_repositories(call.github, &app, user, *account, *role, fields)
        }
    };
    let mut response = Response::html(200, body);
    if let Some(account) = call.github.accounts.get(&user) {
        authorize::sign_in(&mut response, &account.login);
    }
    Ok(response)
}

/// `GET /settings/installations/{installation_id}`: the repositories of an installation, to change them.
pub(in crate::github) fn manage(call: &mut Call<'_>) -> Answer {
    let id: Option<u64> = call.param("installation_id").parse().ok();
    let installation = id.and_then(|id| call.github.installations.get(&id));
    let found =
        installation.and_then(|i| Some((call.github.app(&i.client_id)?.slug.clone(), i.account)));
    Ok(match found {
        Some((slug, account)) => answer::redirect(
            302,
            &format!(
                "{}/apps/{slug}/installations/new?target_id={account}",
                call.base
            ),
        ),
        None => pages::not_found(),
    })
}

/// `POST /apps/{slug}/installations/new`: fields `user` (a login), `target_id`, `selection` (`all` or `selected`),
/// `repository` (ids, repeated), `state`. A member who is no owner only requests.
pub(in crate::github) fn decide(call: &mut Call<'_>) -> Answer {
    let fields = Fields::parse(&call.request.body);
    let found = app(call).zip(user(call, &fields));
    let Some((app, user)) = found else {
        return Ok(pages::not_found());
    };
    let target = fields
        .filled("target_id")
        .and_then(|id| id.parse::<u64>().ok());
    let place = call
        .github
        .installable(user)
        .into_iter()
        .find(|(place, _)| Some(*place) == target);
    let Some((account, role)) = place else {
        return Ok(pages::not_found());
    };
    if role == Role::Member {
        return Ok(returned(
            call,
            &app,
            user,
            &[("setup_action", "request")],
            fields.first("state"),
        ));
    }
    let selected = (fields.first("selection") == Some("selected")).then(|| {
        let ids = fields
            .all("repository")
            .filter_map(|id| id.parse::<u64>().ok());
        let theirs = |id: &u64| {
            call.github
                .repositories
                .get(id)
                .is_some_and(|r| r.owner == account)
        };
        ids.filter(theirs).collect::<BTreeSet<u64>>()
    });
    if selected.as_ref().is_some_and(BTreeSet::is_empty) {
        let body = pages::which_repositories(call.github, &app, user, account, role, &fields);
        return Ok(Response::html(422, body));
    }
    let (id, action) = put(call, &app, account, selected);
    let id = id.to_string();
    Ok(returned(
        call,
        &app,
        user,
        &[("installation_id", &id), ("setup_action", action)],
        fields.first("state"),
    ))
}

fn put(
    call: &mut Call<'_>,
    app: &App,
    account: u64,
    selected: Option<BTreeSet<u64>>,
) -> (u64, &'static str) {
    let now = call.now;
    let mut present = call.github.installations.values_mut();
    let present = present.find(|i| i.client_id == app.client_id && i.account == account);
    if let Some(installation) = present {
        installation.selected = selected;
        installation.permissions.clone_from(&app.permissions);
        installation.updated_at = now;
        return (installation.id, "update");
    }
    let id = call.github.id();
    let installation = Installation {
        id,
        client_id: app.client_id.clone(),
        account,
        selected,
        permissions: app.permissions.clone(),
        created_at: now,
        updated_at: now,
        suspended: None,
    };
    call.github.installations.insert(id, installation);
    (id, "install")
}

/// To the setup URL; without one, the user is authorized along the way and goes to the callback with a code.
fn returned(
    call: &mut Call<'_>,
    app: &App,
    user: u64,
    pairs: &[(&str, &str)],
    state: Option<&str>,
) -> Response {
    let state = state.filter(|state| !state.is_empty());
    if let Some(setup) = app
        .setup_url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
    {
        return answer::redirect(303, &redirect::with(&setup, pairs, state));
    }
    let Some(callback) = redirect::chosen(app, None) else {
        return pages::not_found();
    };
    let code = authorize::code_for(call, app, user, &BTreeSet::new(), None, None);
    let mut all = vec![("code", code.as_str())];
    all.extend_from_slice(pairs);
    answer::redirect(303, &redirect::with(&callback, &all, state))
}
