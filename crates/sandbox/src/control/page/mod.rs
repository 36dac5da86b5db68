//! Owns the page for people at `/_sandbox`: its frame, the way back after a form, its two files. Plain forms; a script
//! only keeps it fresh. What is shown of a portal is in `portal.rs`, the other sections are in `panels.rs`.

mod github;
mod panels;
mod portal;

use super::problem::Problem;
use super::{SHOWN, actions, overview};
use crate::http::{Fields, Request, Response};
use crate::oauth::pages::esc;
use crate::state::State;
use crate::time::iso;

/// Longest text of a portal that is shown; fixtures hold hostile ones.
const SHORT: usize = 120;

/// `GET /_sandbox`.
pub(super) fn show(state: &State, query: &Fields, now: u64) -> Response {
    let shown = shown(state, query);
    let views = overview::portals(state, now);
    let said = query.filled("done").map(done).unwrap_or_default();
    let portal = views
        .iter()
        .find(|view| Some(view.id) == shown)
        .map(|view| portal::section(state, view))
        .unwrap_or_default();
    let body = format!(
        "{head}{said}<div id=\"running\" role=\"status\" data-live=\"running\">{running}</div>\
         <div class=\"desk\"><section aria-labelledby=\"portals-title\" id=\"portals\">\
         <h2 id=\"portals-title\">Portals</h2><div data-live=\"portals\">{list}</div></section>{portal}{calls}</div>\
         {github}<div class=\"pair\">{faults}{snapshots}</div>{switches}",
        head = header(state, shown, now),
        running = panels::running(state, shown),
        list = portal::list(&views, shown),
        calls = panels::calls_section(state, shown),
        github = github::section(state, shown, now),
        faults = panels::faults(state, shown),
        snapshots = panels::snapshots(state, shown),
        switches = panels::switches(state, shown),
    );
    html(200, &frame("Portico sandbox: control", &body))
}

/// `GET /_sandbox/part/{name}`: what the script replaces.
pub(super) fn part(state: &State, name: &str, query: &Fields, now: u64) -> Option<Response> {
    let shown = shown(state, query);
    let text = match name {
        "calls" => panels::calls(state),
        "portals" => portal::list(&overview::portals(state, now), shown),
        "running" => panels::running(state, shown),
        "github" => github::part(state, now),
        "clock" => iso(now - now % 1_000),
        _ => return None,
    };
    Some(html(200, &text))
}

/// The portal in the address, or the first.
fn shown(state: &State, query: &Fields) -> Option<u64> {
    let asked = query.filled("portal").and_then(|id| id.parse().ok());
    asked
        .filter(|id| state.portals.contains_key(id))
        .or_else(|| state.portals.keys().next().copied())
}

/// The page's files.
pub(super) fn asset(name: &str) -> Option<Response> {
    let (kind, bytes): (&str, &[u8]) = match name {
        "control.css" => (
            "text/css;charset=utf-8",
            include_bytes!("../../../assets/control.css"),
        ),
        "control.js" => (
            "text/javascript;charset=utf-8",
            include_bytes!("../../../assets/control.js"),
        ),
        _ => return None,
    };
    let mut response = Response::empty(200);
    response.set("content-type", kind);
    response.body = bytes.to_vec();
    Some(response)
}

/// After a form: the page again, at the place of what was done; or why it was not.
pub(super) fn after(request: &Request, outcome: Result<Response, Problem>) -> Response {
    let form = Fields::parse(&request.body);
    let shown: Option<u64> = form.filled(SHOWN).and_then(|id| id.parse().ok());
    let back = match shown {
        Some(id) => format!("/_sandbox?portal={id}"),
        None => "/_sandbox".to_owned(),
    };
    match outcome {
        Ok(_) => {
            let path = request.path.trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or_default();
            let place = place(path, name);
            let join = if shown.is_some() { '&' } else { '?' };
            let mut response = Response::empty(303);
            response.set("location", &format!("{back}{join}done={name}#{place}"));
            response
        }
        Err(problem) => {
            let body = format!(
                "<main class=\"refused\"><h1>That was not done</h1><p role=\"alert\">{}</p>\
                 <p><a href=\"{back}\">Back to the sandbox</a></p></main>",
                esc(&problem.message),
            );
            html(problem.status, &document("Not done", &body))
        }
    }
}

fn place(path: &str, name: &str) -> &'static str {
    match name {
        _ if path.contains("/scenarios/") => "running",
        _ if path.contains("/github") => "github",
        "fault" | "clear-faults" => "faults",
        "switches" => "switches",
        "clear-calls" => "calls",
        "advance-clock" | "set-clock" | "reset-clock" => "clock",
        "save-snapshot" | "restore-snapshot" | "delete-snapshot" | "reset" => "snapshots",
        _ => "portal",
    }
}

/// What the last form did, from the tables' own words: nothing of the address is printed.
fn done(name: &str) -> String {
    // A scenario is told by the line of what is under way.
    let text = match name {
        "undo" => "Back to normal.".to_owned(),
        "switches" => "The switches are set.".to_owned(),
        name => match actions::all().find(|action| action.name == name) {
            Some(action) => format!("<strong>Done:</strong> {}", action.about),
            None => return String::new(),
        },
    };
    format!("<p class=\"said\" role=\"status\">{text}</p>")
}

fn header(state: &State, shown: Option<u64>, now: u64) -> String {
    let moved = state.clock_offset_ms != 0;
    let step = |ms: u64, words: &str| {
        post(
            "actions/advance-clock",
            shown,
            &format!("<input type=\"hidden\" name=\"ms\" value=\"{ms}\"><button>{words}</button>"),
        )
    };
    let reset = post(
        "actions/reset-clock",
        shown,
        &format!(
            "<button{}>Back to now</button>",
            if moved { "" } else { " disabled" }
        ),
    );
    format!(
        "<section class=\"clock\" id=\"clock\" aria-labelledby=\"clock-title\"><div><h2 id=\"clock-title\">Sandbox time</h2>\
         <p class=\"now\"><span data-live=\"clock\">{now}</span>{chip}</p></div>\
         <div class=\"row\">{minutes}{hour}{day}{reset}</div></section>",
        now = iso(now - now % 1_000),
        chip = if moved {
            "<span class=\"chip warm\">moved</span>"
        } else {
            ""
        },
        minutes = step(5 * 60_000, "+ 5 min"),
        hour = step(31 * 60_000, "+ 31 min"),
        day = step(86_400_000, "+ 1 day"),
    )
}

/// A form that comes back to the portal shown.
fn post(path: &str, shown: Option<u64>, inner: &str) -> String {
    let shown = shown.map_or_else(String::new, |id| {
        format!("<input type=\"hidden\" name=\"{SHOWN}\" value=\"{id}\">")
    });
    format!("<form method=\"post\" action=\"/_sandbox/{path}\">{shown}{inner}</form>")
}

/// Text for the page: escaped, and cut where it is absurdly long.
fn text(value: &str) -> String {
    cut(value, SHORT)
}

fn cut(value: &str, most: usize) -> String {
    if value.chars().count() <= most {
        return esc(value);
    }
    let short: String = value.chars().take(most).collect();
    format!("{}…", esc(&short))
}

fn frame(title: &str, body: &str) -> String {
    let body = format!(
        "<header class=\"top\"><h1>Portico sandbox</h1><p>An imitation of HubSpot with invented accounts, for trying and testing. \
         <a href=\"/_sandbox/api\">The same by JSON</a></p></header><main>{body}</main>"
    );
    document(title, &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/_sandbox/control.css\">\
         <script src=\"/_sandbox/control.js\" defer></script></head>\n<body>{body}</body></html>\n"
    )
}

fn html(status: u16, body: &str) -> Response {
    let mut response = Response::html(status, body.to_owned());
    response.set(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    // Not `no-referrer`: with it, browsers send `Origin: null` with the page's own forms.
    response.set("referrer-policy", "same-origin");
    response
}
