//! Owns the HTML of the authorization pages. Plain forms, no script; decides nothing. Ids and names are stable for WebDriver.

#![expect(
    clippy::format_collect,
    reason = "pages are small, and their HTML reads in order this way"
)]

use super::authorize::{CARRIED, Checked, Refusal, obstacle};
use crate::http::Fields;
use crate::model::{AccountType, Portal};
use crate::scopes::{self, Scope};
use crate::state::State;

/// Text made safe for element content and quoted attributes.
pub(crate) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn shell(title: &str, step: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/oauth/consent.css\"></head>\n\
         <body><header><p class=\"banner\" role=\"note\"><span class=\"dot\"></span>Portico sandbox: not HubSpot. \
         For trying and testing, with invented accounts.</p></header>\n\
         <main class=\"card\" data-step=\"{step}\">{body}</main>\n\
         <footer>Nothing you do here reaches a real account.</footer></body></html>\n",
        title = esc(title),
    )
}

/// The two ends of the connection.
fn heading(app: &str, title: &str, lead: &str) -> String {
    let initial: String = app.chars().take(1).collect::<String>().to_uppercase();
    format!(
        "<div class=\"pair\" aria-hidden=\"true\"><span class=\"tile app\">{}</span>\
         <span class=\"link\"></span><span class=\"tile hub\"></span></div>\
         <h1>{}</h1><p class=\"lead\">{lead}</p>",
        esc(&initial),
        esc(title),
    )
}

fn hidden(fields: &Fields) -> String {
    CARRIED
        .iter()
        .filter_map(|name| fields.first(name).map(|value| (name, value)))
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
                esc(value)
            )
        })
        .collect()
}

/// The account picker.
pub(super) fn picker(state: &State, request: &Checked, fields: &Fields) -> String {
    let rows: Vec<(&Portal, Option<Refusal>)> = state
        .portals
        .values()
        .map(|portal| (&**portal, obstacle(state, request, portal)))
        .filter(|(_, refusal)| *refusal != Some(Refusal::UnknownAccount))
        .collect();
    let open = rows.iter().filter(|(_, refusal)| refusal.is_none()).count();
    let list: String = rows
        .iter()
        .map(|(portal, refusal)| account(portal, refusal.as_ref(), open == 1))
        .collect();
    let body = format!(
        "{}<form method=\"get\" action=\"/oauth/authorize\">{}\
         <fieldset class=\"accounts\"><legend>Your accounts</legend>{list}</fieldset>\
         <div class=\"actions\"><button type=\"submit\" id=\"choose-account\" class=\"primary\">Choose account</button></div></form>",
        heading(
            &request.app_name,
            "Choose an account",
            &format!(
                "Where do you want to connect <strong>{}</strong>?",
                esc(&request.app_name)
            ),
        ),
        hidden(fields),
    );
    shell("Choose an account", "account", &body)
}

fn account(portal: &Portal, refusal: Option<&Refusal>, only: bool) -> String {
    let id = portal.id;
    let kind = match portal.account_type {
        AccountType::Standard => "",
        AccountType::DeveloperTest => "<span class=\"chip\">Developer test</span>",
        AccountType::Sandbox => "<span class=\"chip\">Sandbox</span>",
        AccountType::AppDeveloper => "<span class=\"chip\">App developer</span>",
    };
    let (disabled, reason) = match refusal {
        None => ("", String::new()),
        Some(refusal) => (
            " disabled",
            format!(
                "<span class=\"reason\" id=\"why-{id}\">{}</span>",
                esc(&text(refusal).2)
            ),
        ),
    };
    let described = if refusal.is_some() {
        format!(" aria-describedby=\"why-{id}\"")
    } else {
        String::new()
    };
    let checked = if only && refusal.is_none() {
        " checked"
    } else {
        ""
    };
    format!(
        "<label class=\"account{}\" for=\"portal-{id}\">\
         <input type=\"radio\" id=\"portal-{id}\" name=\"portal\" value=\"{id}\" required{disabled}{checked}{described}>\
         <span class=\"what\"><span class=\"name\">{}</span>\
         <span class=\"where\"><bdi>{}</bdi> · {id}</span>{reason}</span>\
         <span class=\"chips\">{kind}<span class=\"chip\">{}</span><span class=\"chip quiet\">{}</span></span></label>",
        if refusal.is_some() { " off" } else { "" },
        esc(&portal.name),
        esc(&portal.hub_domain),
        portal.hubs.highest().label(),
        esc(portal.hublet),
    )
}

/// One scope with the words for it; unknown ones keep their name.
fn wording(name: &str) -> (&'static str, &str) {
    scopes::find(name).map_or(("Other", name), |Scope { group, words, .. }| {
        (*group, *words)
    })
}

/// Scopes by their heading, in the catalogue's order.
fn grouped(names: &[String]) -> Vec<(&'static str, Vec<&String>)> {
    let mut groups: Vec<(&'static str, Vec<&String>)> = Vec::new();
    let ordered = super::mint::ordered(names.iter().cloned());
    for name in &ordered {
        let Some(name) = names.iter().find(|n| *n == name) else {
            continue;
        };
        let (group, _) = wording(name);
        match groups.iter_mut().find(|(g, _)| *g == group) {
            Some((_, members)) => members.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    groups
}

/// The permissions asked, with the two buttons; `ticked` says which optional ones come ticked.
pub(super) fn consent(
    request: &Checked,
    portal: &Portal,
    fields: &Fields,
    ticked: &dyn Fn(&str) -> bool,
) -> String {
    let required: String = grouped(&request.required)
        .into_iter()
        .map(|(group, names)| {
            let rows: String = names
                .into_iter()
                .map(|name| {
                    format!(
                        "<li><span class=\"tick\" aria-hidden=\"true\"></span><span>{}<code>{}</code></span></li>",
                        esc(wording(name).1),
                        esc(name)
                    )
                })
                .collect();
            format!("<h3>{group}</h3><ul class=\"scopes\">{rows}</ul>")
        })
        .collect();
    let optional: String = grouped(&request.optional)
        .into_iter()
        .map(|(group, names)| {
            let rows: String = names
                .into_iter()
                .map(|name| choice(name, portal, ticked(name)))
                .collect();
            format!("<fieldset class=\"choices\"><legend>{group}</legend>{rows}</fieldset>")
        })
        .collect();
    let optional = if optional.is_empty() {
        String::new()
    } else {
        format!(
            "<section aria-labelledby=\"optional\"><h2 id=\"optional\">Optional permissions</h2>\
             <p class=\"hint\">Untick what you do not want to share. The app works without them, with less.</p>{optional}</section>"
        )
    };
    let body = format!(
        "{head}<p class=\"into\"><span class=\"name\">{name}</span><span class=\"where\"><bdi>{domain}</bdi> · {id}</span></p>\
         <form method=\"post\" action=\"/oauth/{id}/authorize\">{hidden}\
         <section aria-labelledby=\"required\"><h2 id=\"required\">Required permissions</h2>{required}</section>{optional}\
         <p class=\"hint leave\">You will be sent to <bdi>{host}</bdi>.</p>\
         <div class=\"actions\"><button type=\"submit\" id=\"cancel\" name=\"decision\" value=\"cancel\">Cancel</button>\
         <button type=\"submit\" id=\"connect-app\" name=\"decision\" value=\"connect\" class=\"primary\">Connect app</button></div></form>",
        head = heading(
            &request.app_name,
            &format!("Connect {}", request.app_name),
            "Review what the app may do in this account.",
        ),
        name = esc(&portal.name),
        domain = esc(&portal.hub_domain),
        id = portal.id,
        hidden = hidden(fields),
        host = esc(&request.redirect_uri.origin().ascii_serialization()),
    );
    shell(&format!("Connect {}", request.app_name), "consent", &body)
}

fn choice(name: &str, portal: &Portal, ticked: bool) -> String {
    let id = format!("grant-{}", name.replace('.', "-"));
    let (_, words) = wording(name);
    if scopes::available(name, portal) {
        format!(
            "<label class=\"choice\" for=\"{id}\"><input type=\"checkbox\" id=\"{id}\" name=\"grant\" value=\"{value}\"{checked}>\
             <span>{}<code>{value}</code></span></label>",
            esc(words),
            id = esc(&id),
            value = esc(name),
            checked = if ticked { " checked" } else { "" },
        )
    } else {
        let need = scopes::find(name)
            .map(|scope| scope.need.words())
            .unwrap_or_default();
        format!(
            "<div class=\"choice off\" data-scope=\"{value}\"><span class=\"cross\" aria-hidden=\"true\"></span><span>{}<code>{value}</code>\
             <span class=\"reason\">Not available on this account: needs {}.</span></span></div>",
            esc(words),
            esc(&need),
            value = esc(name),
        )
    }
}

/// Code, title and explanation of a refusal.
fn text(refusal: &Refusal) -> (&'static str, &'static str, String) {
    let list = |scopes: &[String]| scopes.join(", ");
    match refusal {
        Refusal::UnknownClient => (
            "unknown-client",
            "This app cannot be found",
            "The install link names a client id that no app has.".to_owned(),
        ),
        Refusal::BadRedirectUri => (
            "redirect-uri",
            "The redirect URL does not match",
            "The redirect URL of this install link is not one of the app's registered redirect URLs. \
             They must be equal, character by character."
                .to_owned(),
        ),
        Refusal::ScopesInsufficient(missing) => (
            "scopes-insufficient",
            "The scopes are insufficient",
            format!("Required scopes are missing from the install link: {}.", list(missing)),
        ),
        Refusal::ScopeMismatch(scopes) => (
            "scope-mismatch",
            "Scope mismatch",
            format!(
                "The scopes of the install link and of the app's settings mismatch: {}.",
                list(scopes)
            ),
        ),
        Refusal::ChallengeMethod => (
            "challenge-method",
            "The code challenge cannot be used",
            "Only the code challenge method S256 is supported.".to_owned(),
        ),
        Refusal::UnknownAccount => (
            "unknown-account",
            "You do not have access to this account",
            "The install link is bound to an account that does not exist or that you cannot enter."
                .to_owned(),
        ),
        Refusal::MissingProduct(scopes) => (
            "missing-product",
            "This account lacks a product the app requires",
            scopes
                .iter()
                .map(|name| {
                    let need = scopes::find(name).map(|scope| scope.need.words());
                    format!("{name} needs {}. ", need.unwrap_or_default())
                })
                .collect(),
        ),
        Refusal::NoRights => (
            "no-rights",
            "You cannot install this app",
            "You are no Super Admin here and lack the App Marketplace Access permission.".to_owned(),
        ),
        Refusal::Governance => (
            "app-governance",
            "This app has not been approved",
            "An administrator of this account has not approved the app for the scopes it asks."
                .to_owned(),
        ),
        Refusal::NotUserLevel => (
            "not-user-level",
            "This app is not installed by users",
            "The install link is one of user-level apps, and this app is installed into accounts."
                .to_owned(),
        ),
        Refusal::InstallLimit(limit) => (
            "install-limit",
            "This app has reached its install limit",
            format!("The app may be installed in {limit} accounts, and is."),
        ),
    }
}

/// A refusal, on this host and with no way back to the app.
pub(super) fn refused(refusal: &Refusal) -> String {
    let (code, title, explanation) = text(refusal);
    let body = format!(
        "<div class=\"stop\" aria-hidden=\"true\">!</div><h1>{title}</h1>\
         <p class=\"lead\" role=\"alert\">{}</p><p class=\"hint\">Error: <code id=\"error-code\">{code}</code></p>",
        esc(&explanation),
    );
    shell(title, "refused", &body)
}

/// Cancelled, with the switch that says no redirect is made.
pub(super) fn cancelled(app: &str) -> String {
    let body = format!(
        "<div class=\"stop quiet\" aria-hidden=\"true\">–</div><h1>Nothing was connected</h1>\
         <p class=\"lead\">You cancelled connecting {}. You can close this window.</p>",
        esc(app)
    );
    shell("Nothing was connected", "cancelled", &body)
}

#[cfg(test)]
mod tests {
    use super::esc;

    #[test]
    fn text_cannot_leave_its_element_or_attribute() {
        assert_eq!(
            esc("<img src=x onerror='a\"b'>&"),
            "&lt;img src=x onerror=&#39;a&quot;b&#39;&gt;&amp;"
        );
    }
}
