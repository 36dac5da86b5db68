//! Owns what the page shows of portals: the list, and one portal with its installs, scenarios and changes.

#![expect(
    clippy::format_collect,
    reason = "pages are small, and their HTML reads in order this way"
)]

use super::{post, text};
use crate::control::overview::{InstallView, PortalView};
use crate::control::scenarios::{self, Scenario};
use crate::oauth::pages::esc;
use crate::state::State;

/// The list of portals; the shown one is marked.
pub(super) fn list(views: &[PortalView], shown: Option<u64>) -> String {
    let rows: String = views
        .iter()
        .map(|view| row(view, Some(view.id) == shown))
        .collect();
    format!(
        "<table class=\"portals\"><thead><tr><th scope=\"col\">Account</th><th scope=\"col\">Edition</th>\
         <th scope=\"col\">State</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn row(view: &PortalView, shown: bool) -> String {
    let connection = match view.installs.as_slice() {
        [] => "<span class=\"chip\">not connected</span>".to_owned(),
        installs if installs.iter().all(|i| i.refresh_tokens == 0) => {
            "<span class=\"chip bad\">grant dead</span>".to_owned()
        }
        _ => "<span class=\"chip good\">connected</span>".to_owned(),
    };
    let health = if view.well {
        String::new()
    } else {
        format!("<span class=\"chip bad\">{}</span>", esc(&view.health))
    };
    let running = match view.scenarios.len() {
        0 => String::new(),
        1 => "<span class=\"chip warm\">1 scenario</span>".to_owned(),
        n => format!("<span class=\"chip warm\">{n} scenarios</span>"),
    };
    format!(
        "<tr{mark}><th scope=\"row\"><a href=\"/_sandbox?portal={id}\"{current}><bdi>{name}</bdi></a>\
         <span class=\"sub\"><span class=\"domain\"><bdi>{domain}</bdi> · </span>{id}</span></th>\
         <td>{tier}</td><td class=\"chips\">{connection}{health}{running}</td></tr>",
        mark = if shown { " class=\"shown\"" } else { "" },
        current = if shown { " aria-current=\"true\"" } else { "" },
        id = view.id,
        name = text(&view.name),
        domain = text(&view.domain),
        tier = view.tier,
    )
}

/// The portal shown.
pub(super) fn section(state: &State, view: &PortalView) -> String {
    format!(
        "<section id=\"portal\" aria-labelledby=\"portal-title\"><h2 id=\"portal-title\"><bdi>{name}</bdi></h2>\
         {facts}<h3>Installs and grants</h3>{installs}\
         <h3 id=\"scenarios\">Scenarios</h3><p class=\"hint\">Each can be undone. The grey line says what a user of the app should see then.</p>\
         <ul class=\"scenarios\">{scenarios}</ul>{changes}</section>",
        name = text(&view.name),
        facts = facts(view),
        installs = installs(view),
        scenarios = scenarios::ALL
            .iter()
            .map(|s| scenario(state, view, s))
            .collect::<String>(),
        changes = changes(view),
    )
}

fn facts(view: &PortalView) -> String {
    let same = view.hubs.iter().all(|(_, tier)| *tier == view.hubs[0].1);
    let editions = if same {
        view.tier.to_owned()
    } else {
        view.hubs
            .iter()
            .map(|(hub, tier)| format!("{hub} {tier}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rows = [
        ("Portal id", format!("{} ({})", view.id, view.hublet)),
        (
            "Edition",
            format!("{editions}{}", if view.brands { ", Brands" } else { "" }),
        ),
        ("Health", esc(&view.health)),
        (
            "At the browser",
            format!(
                "<bdi>{}</bdi> ({})",
                text(&view.authoriser),
                view.rights.replace('-', " ")
            ),
        ),
        (
            "Burst limit",
            format!("{} calls in 10 s per app", view.burst_limit),
        ),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
        .collect();
    format!("<dl class=\"facts\">{rows}</dl>")
}

fn installs(view: &PortalView) -> String {
    if view.installs.is_empty() {
        return "<p class=\"empty\">No app is installed here.</p>".to_owned();
    }
    let rows: String = view
        .installs
        .iter()
        .map(|install| install_row(view, install))
        .collect();
    format!(
        "<table class=\"installs\"><thead><tr><th scope=\"col\">App</th><th scope=\"col\">Tokens</th>\
         <th scope=\"col\">End it</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn install_row(view: &PortalView, install: &InstallView) -> String {
    let tokens = match (&install.access_until, install.live_access_tokens) {
        (Some(until), 1) => format!("1 access token until {}", clock(until)),
        (Some(until), n) => format!("{n} access tokens until {}", clock(until)),
        _ => "no live access token".to_owned(),
    };
    let refresh = match install.refresh_tokens {
        1 => "1 refresh token".to_owned(),
        n => format!("{n} refresh tokens"),
    };
    let scopes: String = install
        .scopes
        .iter()
        .map(|s| format!("<li><code>{}</code></li>", text(s)))
        .collect();
    let act = |name: &str, words: &str| {
        let fields = format!(
            "<input type=\"hidden\" name=\"portal\" value=\"{}\"><input type=\"hidden\" name=\"app\" value=\"{}\"><button class=\"small\">{words}</button>",
            view.id,
            esc(&install.client_id)
        );
        post(&format!("actions/{name}"), Some(view.id), &fields)
    };
    format!(
        "<tr><th scope=\"row\"><bdi>{app}</bdi><span class=\"sub\">since {since}</span></th>\
         <td>{refresh}<span class=\"sub\">{tokens}</span></td><td><div class=\"row\">{revoke}{uninstall}</div></td></tr>\
         <tr><td colspan=\"3\"><details><summary>{count} scopes</summary><ul class=\"names\">{scopes}</ul></details></td></tr>",
        app = text(&install.app),
        since = install.since.get(..10).unwrap_or_default(),
        count = install.scopes.len(),
        revoke = act("revoke-grant", "Revoke"),
        uninstall = act("uninstall", "Uninstall"),
    )
}

/// Hours and minutes of a printed instant.
fn clock(iso: &str) -> &str {
    iso.get(11..16).unwrap_or(iso)
}

fn scenario(state: &State, view: &PortalView, scenario: &Scenario) -> String {
    let running = view.scenarios.contains(&scenario.name);
    let portal = format!(
        "<input type=\"hidden\" name=\"portal\" value=\"{}\">",
        view.id
    );
    let button = if running {
        let fields = format!(
            "{portal}<input type=\"hidden\" name=\"name\" value=\"{}\"><button class=\"undo\">Undo<span class=\"aloud\"> {}</span></button>",
            scenario.name, scenario.title
        );
        post("scenarios/undo", Some(view.id), &fields)
    } else if let Some(why) = scenarios::obstacle(state, scenario, view.id) {
        format!("<p class=\"why\">{}</p>", esc(&why))
    } else {
        let fields = format!(
            "{portal}<button>Start<span class=\"aloud\"> {}</span></button>",
            scenario.title
        );
        post(
            &format!("scenarios/{}", scenario.name),
            Some(view.id),
            &fields,
        )
    };
    format!(
        "<li{mark}><div><h4>{title}{chip}</h4><p>{about}</p><p class=\"sees\">{sees}</p></div>{button}</li>",
        mark = if running { " class=\"on\"" } else { "" },
        chip = if running {
            " <span class=\"chip warm\">under way</span>"
        } else {
            ""
        },
        title = scenario.title,
        about = scenario.about,
        sees = scenario.sees,
    )
}

/// Selects and inputs for what else may happen to the account.
fn changes(view: &PortalView) -> String {
    let choose = |action: &str, field: &str, label: &str, now: &str, words: &[&str]| {
        let options: String = words
            .iter()
            .map(|word| {
                let chosen = if now.eq_ignore_ascii_case(word) {
                    " selected"
                } else {
                    ""
                };
                format!(
                    "<option value=\"{word}\"{chosen}>{}</option>",
                    word.replace('-', " ")
                )
            })
            .collect();
        let fields = format!(
            "<input type=\"hidden\" name=\"portal\" value=\"{}\"><label for=\"{action}\">{label}</label>\
             <span class=\"field\"><select id=\"{action}\" name=\"{field}\">{options}</select><button class=\"small\">Set<span class=\"aloud\"> {label}</span></button></span>",
            view.id
        );
        post(&format!("actions/{action}"), Some(view.id), &fields)
    };
    let health = if view.well { "well" } else { "" };
    let write = |action: &str, field: &str, label: &str, kind: &str, value: &str| {
        let fields = format!(
            "<input type=\"hidden\" name=\"portal\" value=\"{}\"><label for=\"{action}\">{label}</label>\
             <span class=\"field\"><input id=\"{action}\" name=\"{field}\" type=\"{kind}\" value=\"{value}\" required><button class=\"small\">Set<span class=\"aloud\"> {label}</span></button></span>",
            view.id
        );
        post(&format!("actions/{action}"), Some(view.id), &fields)
    };
    format!(
        "<details class=\"changes\"><summary>Change this account</summary><div class=\"grid\">{}{}{}{}{}</div></details>",
        choose(
            "set-tier",
            "tier",
            "Edition of every hub",
            view.tier,
            &["free", "starter", "professional", "enterprise"]
        ),
        choose(
            "set-health",
            "health",
            "Health",
            health,
            &[
                "well",
                "migrating",
                "governance-block",
                "refresh-dies",
                "gone"
            ]
        ),
        choose(
            "set-rights",
            "rights",
            "Rights at the browser",
            view.rights,
            &["super-admin", "marketplace-access", "standard"]
        ),
        write(
            "rename-portal",
            "name",
            "Account name",
            "text",
            &text(&view.name)
        ),
        write(
            "set-limits",
            "burst",
            "Burst limit",
            "number",
            &view.burst_limit.to_string()
        ),
    )
}
