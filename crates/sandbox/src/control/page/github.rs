//! Owns what the page shows of GitHub: accounts with installations and tokens, and its scenarios.

#![expect(
    clippy::format_collect,
    reason = "pages are small, and their HTML reads in order this way"
)]

use super::panels::switch;
use super::{post, text};
use crate::control::github::{self, AccountView, InstallationView};
use crate::control::scenarios::github::{ALL, About, Running, Scenario};
use crate::control::switches as behaviours;
use crate::oauth::pages::esc;
use crate::state::State;
use crate::time::iso;

/// The section.
pub(super) fn section(state: &State, shown: Option<u64>, now: u64) -> String {
    let accounts = github::accounts(state, now);
    let suggested = github::suggested(state);
    let options: String = suggested
        .iter()
        .map(|name| format!("<option value=\"{}\"></option>", esc(name)))
        .collect();
    let scenarios: String = ALL
        .iter()
        .map(|one| scenario(state, one, &accounts, suggested.first(), shown))
        .collect();
    format!(
        "<section id=\"github\" aria-labelledby=\"github-title\"><h2 id=\"github-title\">GitHub</h2>\
         <p class=\"hint\">REST below <code>/api/v3</code>, the web flow at <code>/login/oauth/authorize</code>. It shares nothing with HubSpot.</p>\
         <div class=\"pair wide\"><div><div data-live=\"github\">{list}</div>{switches}</div>\
         <div><h3 class=\"flush\" id=\"github-scenarios\">Scenarios</h3><datalist id=\"github-repositories\">{options}</datalist>\
         <ul class=\"scenarios\">{scenarios}</ul></div></div></section>",
        list = list(&accounts),
        switches = switches(state, shown),
    )
}

fn switches(state: &State, shown: Option<u64>) -> String {
    let all = behaviours::listed_github(state);
    let rows: String = all
        .iter()
        .map(|(name, value, about)| switch("github", name, value, about))
        .collect();
    let form = post(
        "github/switches",
        shown,
        &format!(
            "<div class=\"switches\">{rows}</div><button class=\"primary\">Set GitHub's switches</button>"
        ),
    );
    format!(
        "<details class=\"changes\"><summary>{} switches of GitHub</summary>{form}</details>",
        all.len()
    )
}

/// The table of accounts.
pub(super) fn part(state: &State, now: u64) -> String {
    list(&github::accounts(state, now))
}

fn list(accounts: &[AccountView]) -> String {
    let rows: String = accounts.iter().map(row).collect();
    format!(
        "<table class=\"accounts\"><thead><tr><th scope=\"col\">Account</th><th scope=\"col\">Repositories</th>\
         <th scope=\"col\">Installed for</th><th scope=\"col\">Tokens</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn row(view: &AccountView) -> String {
    let installed: String = view.installations.iter().map(installation).collect();
    let installed = if installed.is_empty() {
        "<span class=\"chip\">not installed</span>".to_owned()
    } else {
        installed
    };
    let tokens = match (view.kind, view.live_access_tokens, view.refresh_tokens) {
        ("Organization", ..) => String::new(),
        (_, 0, 0) => "<span class=\"sub\">none</span>".to_owned(),
        (_, access, refresh) => {
            format!("{access} access<span class=\"sub\">{refresh} refresh</span>")
        }
    };
    format!(
        "<tr><th scope=\"row\"><bdi>{login}</bdi><span class=\"sub\">{kind}</span></th><td>{count}</td>\
         <td class=\"chips\">{installed}</td><td>{tokens}</td></tr>",
        login = text(&view.login),
        kind = view.kind,
        count = view.repositories,
    )
}

fn installation(view: &InstallationView) -> String {
    let (class, state) = match (view.suspended, view.repositories) {
        (true, _) => ("bad", "suspended".to_owned()),
        (false, None) => ("good", "all".to_owned()),
        (false, Some(n)) => ("good", format!("{n} selected")),
    };
    format!(
        "<span class=\"chip {class}\">{state}</span><span class=\"sub\">{}</span>",
        text(&view.app)
    )
}

/// Rows of what is under way at GitHub.
pub(super) fn running(state: &State) -> String {
    let row = |running: &Running| {
        let until = running
            .until
            .map_or_else(String::new, |at| format!(" until {}", iso(at)));
        format!(
            "<li><strong>GitHub: {}</strong> for <bdi>{}</bdi>{until}<span class=\"sub\">{}</span></li>",
            running.scenario.title,
            text(&running.target),
            running.scenario.sees
        )
    };
    state.control.standing.github.iter().map(row).collect()
}

fn scenario(
    state: &State,
    scenario: &Scenario,
    accounts: &[AccountView],
    suggested: Option<&String>,
    shown: Option<u64>,
) -> String {
    let running = state.control.standing.github.iter();
    let undo: String = running
        .filter(|running| running.scenario.name == scenario.name)
        .map(|running| {
            let fields = format!(
                "<input type=\"hidden\" name=\"name\" value=\"{}\"><input type=\"hidden\" name=\"{}\" value=\"{}\">\
                 <span class=\"split\"><bdi>{}</bdi><button class=\"undo\">Undo<span class=\"aloud\"> {}</span></button></span>",
                scenario.name,
                scenario.of.field(),
                esc(&running.target),
                text(&running.target),
                scenario.title
            );
            post("scenarios/undo", shown, &fields)
        })
        .collect();
    let (mark, chip) = if undo.is_empty() {
        ("", "")
    } else {
        (
            " class=\"on\"",
            " <span class=\"chip warm\">under way</span>",
        )
    };
    format!(
        "<li{mark}><div><h4>{title}{chip}</h4><p>{about}</p><p class=\"sees\">{sees}</p></div>\
         <div class=\"target\">{start}{undo}</div></li>",
        title = scenario.title,
        about = scenario.about,
        sees = scenario.sees,
        start = start(scenario, accounts, suggested, shown),
    )
}

/// The form that names a repository or a user; without any user that fits, the reason.
fn start(
    scenario: &Scenario,
    accounts: &[AccountView],
    suggested: Option<&String>,
    shown: Option<u64>,
) -> String {
    let (name, title) = (scenario.name, scenario.title);
    let field = match scenario.of {
        About::Repository => format!(
            "<input id=\"{name}\" name=\"repository\" list=\"github-repositories\" value=\"{}\" required>",
            suggested.map_or_else(String::new, |name| esc(name))
        ),
        About::User => {
            // Only a limit can be used up by who holds no token.
            let fits = |view: &&AccountView| {
                let holds = view.live_access_tokens + view.refresh_tokens > 0;
                view.kind == "User" && (holds || name == "github-rate-limited")
            };
            let options: String = accounts
                .iter()
                .filter(fits)
                .map(|view| format!("<option>{}</option>", esc(&view.login)))
                .collect();
            if options.is_empty() {
                return "<p class=\"why\">Connect GitHub first.</p>".to_owned();
            }
            format!("<select id=\"{name}\" name=\"login\">{options}</select>")
        }
    };
    let label = match scenario.of {
        About::Repository => "Repository",
        About::User => "User",
    };
    let fields = format!(
        "<label for=\"{name}\">{label}<span class=\"aloud\"> of {title}</span></label>\
         <span class=\"field\">{field}<button>Start<span class=\"aloud\"> {title}</span></button></span>"
    );
    post(&format!("scenarios/{name}"), shown, &fields)
}
