//! Owns the paths under `/_sandbox` and their methods. What they do is in the other rooms.

use serde_json::{Map, Value, json};

use super::args::{self, Args, Body};
use super::problem::Problem;
use super::scenarios::github::About;
use super::scenarios::{self, FIELDS};
use super::{ROOT, actions, calls, guard, overview, page, switches};
use crate::http::{Fields, Request, Response};
use crate::state::State;

/// The paths beside the actions and scenarios: method, path, a sentence.
#[rustfmt::skip]
const RESOURCES: [(&str, &str, &str); 18] = [
    ("GET", "/_sandbox", "The page for people."),
    ("GET", "/_sandbox/api", "This list."),
    ("GET", "/_sandbox/state", "Clock, portals with installs and grants, apps, GitHub's accounts, scenarios under way, faults."),
    ("GET", "/_sandbox/calls", "Calls received, oldest first; since (a number), path (a prefix), limit (100), secrets (false)."),
    ("DELETE", "/_sandbox/calls", "Forgets the calls."),
    ("GET", "/_sandbox/switches", "All switches."),
    ("PATCH", "/_sandbox/switches", "Changes the switches named, all or none."),
    ("GET", "/_sandbox/github/switches", "All switches of GitHub."),
    ("PATCH", "/_sandbox/github/switches", "Changes those named, all or none."),
    ("GET", "/_sandbox/faults", "Faults that still wait for calls."),
    ("DELETE", "/_sandbox/faults", "Clears them."),
    ("GET", "/_sandbox/scenarios", "The named scenarios and those under way."),
    ("POST", "/_sandbox/scenarios/undo", "Back to normal: of a name, of a portal, of a repository or user of GitHub's, or all."),
    ("GET", "/_sandbox/snapshots", "Names of the snapshots."),
    ("POST", "/_sandbox/snapshots", "As the action save-snapshot."),
    ("POST", "/_sandbox/snapshots/restore", "As the action restore-snapshot."),
    ("DELETE", "/_sandbox/snapshots/{name}", "As the action delete-snapshot."),
    ("POST", "/_sandbox/reset", "As the action reset."),
];

/// The answer of the control interface; `None` when the call is not for it.
pub(crate) fn answer(state: &mut State, request: &Request, now: u64) -> Option<Response> {
    let rest = request.path.strip_prefix(ROOT)?;
    if !state.control.enabled || !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let outcome = guard::check(request, &state.control.hosts).and_then(|()| {
        scenarios::forget_ended(state, now);
        route(state, request, rest.trim_end_matches('/'), now)
    });
    let from_page = request.method == "POST" && args::is_form(request);
    let mut response = if from_page {
        page::after(request, outcome)
    } else {
        outcome.unwrap_or_else(|problem| problem.respond())
    };
    response.set("cache-control", "no-store");
    response.set("x-content-type-options", "nosniff");
    Some(response)
}

fn route(state: &mut State, request: &Request, path: &str, now: u64) -> Result<Response, Problem> {
    let query = Fields::parse(request.query.as_bytes());
    let method = match request.method.as_str() {
        "HEAD" => "GET",
        method => method,
    };
    let ok = |body: Value| Ok(Response::json(200, &body));
    match (method, path) {
        ("GET", "") => Ok(page::show(state, &query, now)),
        ("GET", "/api") => ok(api(state)),
        ("GET", "/state") => ok(overview::json(state, now)),
        ("GET", "/calls") => calls::list(state, &query),
        ("GET", "/switches") => ok(Value::Object(switches::all(state))),
        ("PATCH" | "POST", "/switches") => set_switches(state, request),
        ("GET", "/github/switches") => ok(switches::github(state)),
        ("PATCH" | "POST", "/github/switches") => {
            let changes = changes(request, &switches::github(state))?;
            switches::change_github(state, &changes)?;
            ok(switches::github(state))
        }
        ("GET", "/faults") => {
            let faults: Vec<Value> = state.faults.iter().map(actions::describe_fault).collect();
            ok(json!({ "faults": faults }))
        }
        ("GET", "/scenarios") => ok(
            json!({ "scenarios": listed(), "github": github_listed(), "running": running(state) }),
        ),
        ("POST", "/scenarios/undo") => undo(state, request),
        ("GET", "/snapshots") => {
            let names = state.control.snapshots.iter();
            let rows: Vec<Value> = names
                .map(|(name, kept)| json!({ "name": name, "at": crate::time::iso(kept.at) }))
                .collect();
            ok(json!({ "snapshots": rows }))
        }
        ("POST", "/snapshots") => act(state, request, "save-snapshot", now),
        ("POST", "/snapshots/restore") => act(state, request, "restore-snapshot", now),
        ("POST", "/reset") => act(state, request, "reset", now),
        ("DELETE", "/calls") => act(state, request, "clear-calls", now),
        ("DELETE", "/faults") => act(state, request, "clear-faults", now),
        (method, path) => named(state, request, method, path, now),
    }
}

/// Paths that end in a name.
fn named(
    state: &mut State,
    request: &Request,
    method: &str,
    path: &str,
    now: u64,
) -> Result<Response, Problem> {
    let (area, name) = path
        .get(1..)
        .and_then(|p| p.split_once('/'))
        .unwrap_or_default();
    let name = crate::router::percent_decode(name);
    let query = Fields::parse(request.query.as_bytes());
    let missing = || {
        if known(path) {
            return Problem::new(405, "method", format!("{method} is not supported here."));
        }
        Problem::unknown_path(&request.path)
    };
    match (method, area) {
        ("GET", "part") => page::part(state, &name, &query, now).ok_or_else(missing),
        ("GET", "") => page::asset(path.trim_start_matches('/')).ok_or_else(missing),
        ("POST", "actions") => act(state, request, &name, now),
        ("POST", "scenarios") => {
            let body = args::body(request)?;
            if let Some(scenario) = scenarios::github::find(&name) {
                let read = Args::read(scenario.fields, &body)?;
                let told = scenarios::github::start(state, scenario, &read, now)?;
                return Ok(Response::json(200, &told));
            }
            let read = Args::read(FIELDS, &body)?;
            let told = scenarios::start(state, &name, &read, now)?;
            Ok(Response::json(200, &told))
        }
        ("DELETE", "snapshots") => {
            let body = Body::Json(Map::from_iter([("name".to_owned(), Value::from(name))]));
            run(state, "delete-snapshot", &body, now).map(|told| Response::json(200, &told))
        }
        _ => Err(missing()),
    }
}

/// Whether the path exists under another method.
fn known(path: &str) -> bool {
    let full = format!("{ROOT}{path}");
    RESOURCES.iter().any(|(_, known, _)| *known == full)
        || path.starts_with("/actions/")
        || path.starts_with("/scenarios/")
}

fn act(state: &mut State, request: &Request, name: &str, now: u64) -> Result<Response, Problem> {
    let body = args::body(request)?;
    run(state, name, &body, now).map(|told| Response::json(200, &told))
}

fn run(state: &mut State, name: &str, body: &Body, now: u64) -> Result<Value, Problem> {
    let action = actions::all()
        .find(|action| action.name == name)
        .ok_or_else(|| {
            Problem::missing(format!("There is no action {name:?}."))
                .known(actions::all().map(|a| a.name))
        })?;
    let args = Args::read(action.fields, body)?;
    (action.run)(&mut actions::Act {
        state,
        args: &args,
        now,
    })
}

fn undo(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let body = args::body(request)?;
    let args = Args::read(scenarios::UNDO_FIELDS, &body)?;
    let (name, portal) = (args.text("name"), args.number("portal"));
    let (repository, login) = (args.text("repository"), args.text("login"));
    let mut undone = scenarios::undo_those(state, |running| {
        name.is_none_or(|name| name == running.scenario.name)
            && portal.is_none_or(|portal| running.portal == Some(portal))
            && repository.or(login).is_none()
    });
    undone.extend(scenarios::github::undo_those(state, |running| {
        let is = |field: Option<&str>, of: About| {
            field.is_none_or(|f| {
                running.scenario.of == of && f.eq_ignore_ascii_case(&running.target)
            })
        };
        name.is_none_or(|name| name == running.scenario.name)
            && portal.is_none()
            && is(repository, About::Repository)
            && is(login, About::User)
    }));
    Ok(Response::json(200, &json!({ "undone": undone })))
}

fn set_switches(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let changes = changes(request, &Value::Object(switches::all(state)))?;
    switches::change(state, &changes)?;
    Ok(Response::json(200, &switches::all(state)))
}

/// What a body changes of switches that are `present`.
fn changes(request: &Request, present: &Value) -> Result<Map<String, Value>, Problem> {
    Ok(match args::body(request)? {
        Body::Json(map) => map,
        Body::Form(form) => form
            .pairs()
            .iter()
            .filter(|(name, _)| name != super::SHOWN)
            .map(|(name, text)| (name.clone(), switches::from_text(present.get(name), text)))
            .collect(),
    })
}

fn listed() -> Vec<Value> {
    let row = |s: &scenarios::Scenario| json!({ "name": s.name, "title": s.title, "about": s.about, "sees": s.sees });
    scenarios::ALL.iter().map(row).collect()
}

fn github_listed() -> Vec<Value> {
    let row = |s: &scenarios::github::Scenario| json!({ "name": s.name, "title": s.title, "about": s.about, "sees": s.sees, "fields": args::printed(s.fields) });
    scenarios::github::ALL.iter().map(row).collect()
}

fn running(state: &State) -> Vec<Value> {
    let standing = &state.control.standing;
    let github = standing.github.iter().map(scenarios::github::describe);
    let hubspot = standing.running.iter().map(scenarios::describe);
    hubspot.chain(github).collect()
}

/// `GET /_sandbox/api`: what can be done, from the tables that do it.
fn api(state: &State) -> Value {
    let actions: Vec<Value> = actions::all()
        .map(|a| {
            json!({
                "name": a.name,
                "method": "POST",
                "path": format!("{ROOT}/actions/{}", a.name),
                "about": a.about,
                "fields": args::printed(a.fields),
            })
        })
        .collect();
    let resources: Vec<Value> = RESOURCES
        .iter()
        .map(|(method, path, about)| json!({ "method": method, "path": path, "about": about }))
        .collect();
    let print = |listed: Vec<(String, Value, &'static str)>| -> Vec<Value> {
        let row = |(name, value, about)| json!({ "name": name, "value": value, "about": about });
        listed.into_iter().map(row).collect()
    };
    json!({
        "resources": resources,
        "switches": print(switches::listed(state)),
        "githubSwitches": print(switches::listed_github(state)),
        "actions": actions,
        "scenarios": {
            "method": "POST",
            "path": format!("{ROOT}/scenarios/{{name}}"),
            "fields": args::printed(FIELDS),
            "names": listed(),
            "github": github_listed(),
        },
    })
}
