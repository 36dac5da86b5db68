//! Owns the HTML of GitHub's pages. Plain forms, no script; decides nothing. Ids and names are stable for WebDriver.

use std::fmt::Write as _;

use super::authorize::{CARRIED, Checked};
use crate::github::model::{Account, App, AppKind, GitHub, Role};
use crate::http::{Fields, Response};
use crate::oauth::pages::esc;

fn shell(title: &str, step: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/oauth/consent.css\"></head>\n\
         <body><header><p class=\"banner\" role=\"note\"><span class=\"dot\"></span>Portico sandbox: not GitHub. \
         For trying and testing, with invented accounts.</p></header>\n\
         <main class=\"card\" data-provider=\"github\" data-step=\"{step}\">{body}</main>\n\
         <footer>Nothing you do here reaches a real account.</footer></body></html>\n",
        title = esc(title),
    )
}

fn hidden(fields: &Fields, names: &[&str]) -> String {
    let mut out = String::new();
    for name in names {
        if let Some(value) = fields.first(name) {
            let _ = write!(
                out,
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                esc(value)
            );
        }
    }
    out
}

/// Users as radio buttons named `user`.
fn users(github: &GitHub, preset: Option<u64>) -> String {
    let mut out = String::from("<fieldset class=\"accounts\"><legend>Sign in as</legend>");
    for account in github
        .accounts
        .values()
        .filter(|a| a.organization.is_none())
    {
        let checked = if preset == Some(account.id) {
            " checked"
        } else {
            ""
        };
        out.push_str(&row("user", &account.login, account, checked, ""));
    }
    out.push_str("</fieldset>");
    out
}

fn row(name: &str, value: &str, account: &Account, checked: &str, chip: &str) -> String {
    let shown = account.name.as_deref().unwrap_or(&account.login);
    let login = esc(&account.login);
    format!(
        "<label class=\"account\" for=\"{name}-{login}\"><input type=\"radio\" id=\"{name}-{login}\" name=\"{name}\" \
         value=\"{}\" required{checked}><span class=\"what\"><span class=\"name\">{}</span>\
         <span class=\"where\"><bdi>@{login}</bdi></span></span><span class=\"chips\">{chip}</span></label>",
        esc(value),
        esc(shown),
    )
}

/// The authorization page.
pub(super) fn consent(
    github: &GitHub,
    checked: &Checked,
    fields: &Fields,
    preset: Option<u64>,
) -> String {
    let app = &checked.app;
    let asks = match app.kind {
        AppKind::GitHubApp => {
            "<li>Verify your GitHub identity</li><li>Know which resources you can access</li>\
             <li>Act on your behalf</li>"
                .to_owned()
        }
        AppKind::OAuthApp if checked.scopes.is_empty() => "<li>Public data only</li>".to_owned(),
        AppKind::OAuthApp => checked.scopes.iter().fold(String::new(), |all, scope| {
            all + &format!("<li><code data-scope=\"{0}\">{0}</code></li>", esc(scope))
        }),
    };
    let body = format!(
        "<h1>Authorize {name}</h1><p class=\"lead\"><strong>{name}</strong> by Portico would like permission to:</p>\
         <ul class=\"scopes\">{asks}</ul>\
         <form method=\"post\" action=\"/login/oauth/authorize\">{hidden}{users}\
         <p class=\"hint leave\">Authorizing will redirect to <bdi>{to}</bdi></p>\
         <div class=\"actions\"><button type=\"submit\" id=\"cancel\" name=\"decision\" value=\"cancel\" formnovalidate>Cancel</button>\
         <button type=\"submit\" id=\"authorize\" name=\"decision\" value=\"authorize\" class=\"primary\">Authorize {name}</button></div></form>",
        name = esc(&app.name),
        hidden = hidden(fields, &CARRIED),
        users = users(github, preset),
        to = esc(&checked.redirect_uri.origin().ascii_serialization()),
    );
    shell(&format!("Authorize {}", app.name), "authorize", &body)
}

/// Installing: who are you?
pub(super) fn sign_in(github: &GitHub, app: &App, fields: &Fields) -> String {
    let body = format!(
        "<h1>Sign in to install {}</h1><form method=\"get\">{}{}\
         <div class=\"actions\"><button type=\"submit\" id=\"sign-in\" class=\"primary\">Sign in</button></div></form>",
        esc(&app.name),
        hidden(fields, &["state", "target_id"]),
        users(github, None),
    );
    shell("Sign in", "sign-in", &body)
}

/// Installing: in which account?
pub(super) fn where_to_install(
    github: &GitHub,
    app: &App,
    user: u64,
    places: &[(u64, Role)],
    fields: &Fields,
) -> String {
    let mut rows = String::new();
    for (id, role) in places {
        let Some(account) = github.accounts.get(id) else {
            continue;
        };
        let mut here = github.installations.values();
        let chip = if here.any(|i| i.client_id == app.client_id && i.account == *id) {
            "<span class=\"chip\">Configure</span>"
        } else if *role == Role::Member {
            "<span class=\"chip quiet\">Request</span>"
        } else {
            ""
        };
        rows.push_str(&row("target_id", &id.to_string(), account, "", chip));
    }
    let body = format!(
        "<h1>Install {}</h1><form method=\"get\">{}{}\
         <fieldset class=\"accounts\"><legend>Where do you want to install it?</legend>{rows}</fieldset>\
         <div class=\"actions\"><button type=\"submit\" id=\"choose-account\" class=\"primary\">Continue</button></div></form>",
        esc(&app.name),
        hidden(fields, &["state"]),
        named(github, user),
    );
    shell("Install", "account", &body)
}

fn named(github: &GitHub, user: u64) -> String {
    let login = github.accounts.get(&user).map_or("", |a| a.login.as_str());
    format!(
        "<input type=\"hidden\" name=\"user\" value=\"{}\">",
        esc(login)
    )
}

/// Installing: which repositories?
pub(super) fn which_repositories(
    github: &GitHub,
    app: &App,
    user: u64,
    account: u64,
    role: Role,
    fields: &Fields,
) -> String {
    let mut present = github.installations.values();
    let present = present.find(|i| i.client_id == app.client_id && i.account == account);
    let selected = present.and_then(|i| i.selected.as_ref());
    let mut rows = String::new();
    for repository in github.repositories.values().filter(|r| r.owner == account) {
        let checked = if selected.is_some_and(|ids| ids.contains(&repository.id)) {
            " checked"
        } else {
            ""
        };
        let _ = write!(
            rows,
            "<label class=\"choice\" for=\"repository-{id}\"><input type=\"checkbox\" id=\"repository-{id}\" \
             name=\"repository\" value=\"{id}\"{checked}><span>{}</span></label>",
            esc(&repository.name),
            id = repository.id,
        );
    }
    let permissions = app
        .permissions
        .iter()
        .fold(String::new(), |all, (name, level)| {
            let words = if level == "write" {
                "Read and write access to"
            } else {
                "Read access to"
            };
            all + &format!("<li>{words} {}</li>", esc(name))
        });
    let (all, some) = if selected.is_some() {
        ("", " checked")
    } else {
        (" checked", "")
    };
    let verb = match (role, present) {
        (Role::Member, _) => "Request",
        (Role::Owner, None) => "Install & Authorize",
        (Role::Owner, Some(_)) => "Save",
    };
    let login = github
        .accounts
        .get(&account)
        .map_or("", |a| a.login.as_str());
    let body = format!(
        "<h1>Install on <bdi>{login}</bdi></h1><form method=\"post\" action=\"/apps/{slug}/installations/new\">{hidden}{user}\
         <input type=\"hidden\" name=\"target_id\" value=\"{account}\">\
         <fieldset class=\"choices\"><legend>Repositories</legend>\
         <label class=\"choice\" for=\"all\"><input type=\"radio\" id=\"all\" name=\"selection\" value=\"all\"{all}><span>All repositories</span></label>\
         <label class=\"choice\" for=\"selected\"><input type=\"radio\" id=\"selected\" name=\"selection\" value=\"selected\"{some}><span>Only select repositories</span></label>\
         </fieldset><fieldset class=\"choices\"><legend>Select repositories</legend>{rows}</fieldset>\
         <section><h2>With these permissions</h2><ul class=\"scopes\">{permissions}</ul></section>\
         <div class=\"actions\"><button type=\"submit\" id=\"install\" class=\"primary\">{verb}</button></div></form>",
        login = esc(login),
        slug = esc(&app.slug),
        hidden = hidden(fields, &["state"]),
        user = named(github, user),
        verb = esc(verb),
    );
    shell("Install", "repositories", &body)
}

fn stop(status: u16, title: &str, code: &str, words: &str) -> Response {
    let body = format!(
        "<div class=\"stop\" aria-hidden=\"true\">!</div><h1>{}</h1><p class=\"lead\" role=\"alert\">{}</p>\
         <p class=\"hint\">Error: <code id=\"error-code\">{code}</code></p>",
        esc(title),
        esc(words),
    );
    Response::html(status, shell(title, "refused", &body))
}

/// 404: also an unknown app.
pub(in crate::github) fn not_found() -> Response {
    stop(
        404,
        "Page not found",
        "not-found",
        "There is nothing here, or no app of that client id.",
    )
}

/// A redirect URI that is not the app's.
pub(super) fn mismatch() -> Response {
    let words = "The redirect_uri is not associated with this application. The application might be misconfigured or \
                 could be trying to redirect you to a website you weren't expecting.";
    stop(200, "Be careful!", "redirect-uri", words)
}

/// Cancelled, with the switch that says no redirect is made.
pub(super) fn cancelled(app: &str) -> Response {
    stop(
        200,
        "Nothing was authorized",
        "cancelled",
        &format!("You cancelled authorizing {app}."),
    )
}
