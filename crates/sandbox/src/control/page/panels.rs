//! Owns the other sections of the page: what is under way, recent calls, faults, snapshots, switches.

#![expect(
    clippy::format_collect,
    reason = "pages are small, and their HTML reads in order this way"
)]

use serde_json::Value;

use super::{cut, post, text};
use crate::control::actions::fault_words;
use crate::control::{START, calls as record, switches as behaviours};
use crate::fixture::FIXTURES;
use crate::oauth::pages::esc;
use crate::state::State;
use crate::time::iso;

/// How many calls the page shows.
const CALLS: usize = 40;

/// Scenarios under way, each with its way back; and the one that needs no portal.
pub(super) fn running(state: &State, shown: Option<u64>) -> String {
    let all = &state.control.standing.running;
    let down = all
        .iter()
        .any(|r| r.scenario.anywhere && r.portal.is_none());
    let start = if down {
        String::new()
    } else {
        post(
            "scenarios/hubspot-down",
            shown,
            "<button>Take all of HubSpot down</button>",
        )
    };
    let github = super::github::running(state);
    if all.is_empty() && github.is_empty() {
        return format!(
            "<div class=\"under-way calm\"><p>All is well: no scenario is under way.</p>{start}</div>"
        );
    }
    let rows: String = all
        .iter()
        .map(|running| {
            let place = running.portal.map_or_else(
                || "all portals".to_owned(),
                |id| state.portals.get(&id).map_or_else(|| id.to_string(), |p| text(&p.name)),
            );
            let until = running.until.map_or_else(String::new, |at| format!(" until {}", iso(at)));
            format!("<li><strong>{}</strong> in <bdi>{place}</bdi>{until}<span class=\"sub\">{}</span></li>", running.scenario.title, running.scenario.sees)
        })
        .collect();
    let undo = post(
        "scenarios/undo",
        shown,
        "<button class=\"undo\">Back to normal</button>",
    );
    format!(
        "<div class=\"under-way\"><ul>{rows}{github}</ul><div class=\"row\">{start}{undo}</div></div>"
    )
}

/// Recent calls with their heading and buttons.
pub(super) fn calls_section(state: &State, shown: Option<u64>) -> String {
    format!(
        "<section id=\"calls\" aria-labelledby=\"calls-title\"><div class=\"head\"><h2 id=\"calls-title\">Recent calls</h2>\
         <div class=\"row\"><button id=\"pause\" class=\"small\" aria-pressed=\"false\" hidden>Pause</button>{}</div></div>\
         <div data-live=\"calls\">{}</div></section>",
        post(
            "actions/clear-calls",
            shown,
            "<button class=\"small\">Clear</button>"
        ),
        calls(state),
    )
}

/// The newest calls first, without secrets.
pub(super) fn calls(state: &State) -> String {
    let mut recent = record::recent(state, 0, "", CALLS, false);
    if recent.is_empty() {
        return "<p class=\"empty\">No call yet. They appear here as they come.</p>".to_owned();
    }
    recent.reverse();
    let rows: String = recent
        .iter()
        .map(|call| {
            let class = match call.status {
                0..=299 => "good",
                300..=399 => "",
                400..=499 => "warm",
                _ => "bad",
            };
            let query = if call.query.is_empty() { String::new() } else { format!("<span class=\"query\">?{}</span>", cut(&call.query, 160)) };
            format!(
                "<tr><td class=\"when\">{}</td><td>{}</td><td><code>{}{query}</code></td><td><span class=\"chip {class}\">{}</span></td></tr>",
                call.at.get(11..19).unwrap_or_default(), text(&call.method), cut(&call.path, 200), call.status
            )
        })
        .collect();
    format!(
        "<table class=\"calls\"><thead><tr><th scope=\"col\">At</th><th scope=\"col\">Method</th><th scope=\"col\">Path</th>\
         <th scope=\"col\">Status</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

/// Faults that wait, and a form for another.
pub(super) fn faults(state: &State, shown: Option<u64>) -> String {
    let rows: String = state
        .faults
        .iter()
        .map(|fault| {
            let method = fault.method.as_deref().unwrap_or("any");
            format!(
                "<li><code>{} {}</code><span class=\"sub\">{}, for {} more</span></li>",
                text(method),
                text(&fault.path_prefix),
                esc(&fault_words(&fault.answer)),
                fault.remaining
            )
        })
        .collect();
    let waiting = if rows.is_empty() {
        "<p class=\"empty\">None waits.</p>".to_owned()
    } else {
        format!(
            "<ul class=\"plain\">{rows}</ul>{}",
            post(
                "actions/clear-faults",
                shown,
                "<button class=\"small\">Clear all</button>"
            )
        )
    };
    let answers = [
        ("status", "500"),
        ("429", "429, burst limit"),
        ("477", "477, migrating"),
        ("html-502", "502 with an HTML page"),
        ("garbage", "200 with no JSON"),
        ("empty", "200 with an empty body"),
        ("oauth-error", "400 BAD_REFRESH_TOKEN"),
        ("delay", "right, 3 s later"),
        ("drop", "cut off in the middle"),
    ];
    let options: String = answers
        .iter()
        .map(|(value, words)| format!("<option value=\"{value}\">{words}</option>"))
        .collect();
    let form = post(
        "actions/fault",
        shown,
        &format!(
            "<div class=\"grid\"><div><label for=\"fault-path\">Path begins with</label><input id=\"fault-path\" name=\"path\" value=\"/crm/\" required></div>\
             <div><label for=\"fault-answer\">Answer</label><select id=\"fault-answer\" name=\"answer\">{options}</select></div>\
             <div><label for=\"fault-calls\">For the next calls</label><span class=\"field\"><input id=\"fault-calls\" name=\"calls\" type=\"number\" min=\"1\" value=\"1\" required>\
             <button class=\"small\">Add</button></span></div></div>"
        ),
    );
    format!(
        "<section id=\"faults\" aria-labelledby=\"faults-title\"><h2 id=\"faults-title\">Faults</h2>{waiting}{form}</section>"
    )
}

/// Snapshots, and the return to a fixture.
pub(super) fn snapshots(state: &State, shown: Option<u64>) -> String {
    let rows: String = state
        .control
        .snapshots
        .iter()
        .map(|(name, kept)| {
            let act = |action: &str, words: &str| {
                let fields = format!("<input type=\"hidden\" name=\"name\" value=\"{0}\"><button class=\"small\">{words}<span class=\"aloud\"> {0}</span></button>", esc(name));
                post(&format!("actions/{action}"), shown, &fields)
            };
            let delete = if name == START { String::new() } else { act("delete-snapshot", "Delete") };
            format!("<li class=\"split\"><span><bdi>{}</bdi><span class=\"sub\">{}</span></span><span class=\"row\">{}{delete}</span></li>", text(name), iso(kept.at - kept.at % 1_000), act("restore-snapshot", "Restore"))
        })
        .collect();
    let save = post(
        "actions/save-snapshot",
        shown,
        "<label for=\"snapshot\">Keep everything as it is, as</label><span class=\"field\"><input id=\"snapshot\" name=\"name\" maxlength=\"60\" required><button class=\"small\">Keep</button></span>",
    );
    let options: String = FIXTURES
        .iter()
        .map(|(name, _)| format!("<option>{name}</option>"))
        .collect();
    let reset = post(
        "actions/reset",
        None,
        &format!(
            "<label for=\"fixture\">Begin anew with</label><span class=\"field\"><select id=\"fixture\" name=\"fixture\">{options}</select><button class=\"small\">Load</button></span>"
        ),
    );
    format!(
        "<section id=\"snapshots\" aria-labelledby=\"snapshots-title\"><h2 id=\"snapshots-title\">Snapshots</h2><ul class=\"plain\">{rows}</ul>\
         <div class=\"grid two\">{save}{reset}</div></section>"
    )
}

/// Every switch with its sentence, in one form.
pub(super) fn switches(state: &State, shown: Option<u64>) -> String {
    let all = behaviours::listed(state);
    let rows: String = all
        .iter()
        .map(|(name, value, about)| switch("switch", name, value, about))
        .collect();
    let form = post(
        "switches",
        shown,
        &format!(
            "<div class=\"switches\">{rows}</div><button class=\"primary\">Set the switches</button>"
        ),
    );
    format!(
        "<section id=\"switches\" aria-labelledby=\"switches-title\"><h2 id=\"switches-title\">Switches</h2>\
         <details><summary>{} behaviours that HubSpot leaves open or that a test wants otherwise</summary>{form}</details></section>",
        all.len()
    )
}

/// One switch; `area` begins its id.
pub(super) fn switch(area: &str, name: &str, value: &Value, about: &str) -> String {
    let id = format!("{area}-{name}");
    let label = format!(
        "<label for=\"{id}\"><code>{name}</code><span class=\"sub\">{about}</span></label>"
    );
    match value {
        // Unticked boxes are not sent, so a `false` goes before.
        Value::Bool(on) => format!(
            "<div class=\"switch\"><input type=\"hidden\" name=\"{name}\" value=\"false\">\
             <input type=\"checkbox\" id=\"{id}\" name=\"{name}\" value=\"true\"{}>{label}</div>",
            if *on { " checked" } else { "" }
        ),
        Value::Number(number) => format!(
            "<div class=\"switch wide\">{label}<input type=\"number\" min=\"0\" id=\"{id}\" name=\"{name}\" value=\"{number}\" required></div>"
        ),
        value => format!(
            "<div class=\"switch wide\">{label}<input id=\"{id}\" name=\"{name}\" value=\"{}\"></div>",
            esc(value.as_str().unwrap_or_default())
        ),
    }
}
