//! Sweeps over every read of platform 6, which cannot forget a route: who may call, what pages, what is answered.

use std::collections::BTreeSet;

use portico_sandbox::model::Collection;
use portico_sandbox::{Request, Response, Sandbox, Served, scopes, served};
use serde_json::{Value, json};

use crate::{LARGE, NOW, Reader, sandbox};

/// Portals of `agency` at each edition: free, starter, mixed, enterprise.
const EDITIONS: [u64; 4] = [8_801_542, 4_418_276, 25_733_019, 26_104_388];

/// Reads of platform 6 that an installer's token may open.
fn reads() -> Vec<Served> {
    let all = served().into_iter();
    all.filter(|route| route.method == "GET" && route.source.starts_with("platform 6"))
        .filter(|route| !route.scopes.starts_with("developer"))
        .collect()
}

/// Parameters whose values no list tells, in the order they are tried.
const KNOWN: [(&str, &str); 12] = [
    ("{objectType}", "deals"),
    ("{fromObjectType}", "contacts"),
    ("{toObjectType}", "0-3"),
    ("{propertyName}", "dealname"),
    ("{groupName}", "dealinformation"),
    ("{environment}", "published"),
    ("{path*}", "website/css/main.css"),
    ("{assetType}", "MARKETING_EMAIL"),
    ("{pipelineId}", "default"),
    ("{stageId}", "closedwon"),
    ("{listId}", "1"),
    ("{ruleType}", ""),
];

/// The path with its parameters filled from the portal; `None` when the portal has nothing to name.
fn fill(path: &str, reader: &Reader<'_>, sandbox: &Sandbox, portal: u64) -> Option<String> {
    let mut path = path.replace("{date}", "2026-09");
    if path.contains("{ruleType}") {
        let rules = sandbox.with(|state| {
            let object = &state.portals[&portal].objects["0-3"];
            object
                .validations
                .first()
                .map(portico_sandbox::Document::value)
        })?;
        path = path
            .replace("{propertyName}", rules["propertyName"].as_str()?)
            .replace(
                "{ruleType}",
                rules["propertyValidationRules"][0]["ruleType"].as_str()?,
            );
    }
    if path.contains("object-library") {
        path = path.replace("{objectTypeId}", "0-421");
    }
    path = path.replace(
        "{objectTypeId}",
        if path.contains("/name/") {
            "0-1"
        } else {
            "0-3"
        },
    );
    for (name, value) in KNOWN {
        path = path.replace(name, value);
    }
    if path.contains("{listName}") {
        let named = sandbox.with(|state| {
            let lists = &state.portals[&portal].lists;
            lists
                .iter()
                .find(|list| list.object_type_id == "0-1")
                .map(|list| list.name.clone())
        })?;
        let encoded: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
        path = path.replace("{listName}", &encoded.replace('+', "%20"));
    }
    for (name, kind) in [
        ("{exportId}", Collection::Exports),
        ("{taskId}", Collection::Exports),
    ] {
        if path.contains(name) {
            let id = sandbox.with(|state| {
                state.portals[&portal]
                    .collection(kind)
                    .first()?
                    .member("id")
            })?;
            path = path.replace(name, id.as_str()?);
        }
    }
    if path.ends_with("/idmapping") {
        path.push_str("?legacyListId=1");
    }
    if path.contains("/sequences") {
        let user = sandbox.with(|state| state.portals[&portal].users[0].id.clone());
        path = format!("{path}?userId={user}");
    }
    // What is left stands behind the list that tells it.
    while let Some(at) = path.find('{') {
        let end = at + path[at..].find('}')?;
        let (list, query) = match path[..at].strip_suffix("business-units/user/") {
            Some(_) => ("/settings/v3/users", ""),
            None => (
                &path[..at - 1],
                path.split_once('?').map_or("", |(_, query)| query),
            ),
        };
        let answer = reader.get(&format!("{list}?limit=1&{query}"));
        let first = answer["results"].get(0)?;
        let id = if path[at..].starts_with("{eventName}") {
            &first["name"]
        } else {
            &first["id"]
        };
        path = format!("{}{}{}", &path[..at], id.as_str()?, &path[end + 1..]);
    }
    Some(path)
}

/// Without what tells the time of the call.
fn timeless(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        for name in ["paging", "startedAt", "completedAt"] {
            members.remove(name);
        }
    }
    answer
}

/// Platform 11 row 12: every served read answers 200 in each generation, with and without a trailing slash.
#[test]
fn every_generation_of_every_read_answers() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let mut seen = 0;
    for route in reads() {
        let path = fill(route.path, &reader, &sandbox, LARGE)
            .unwrap_or_else(|| panic!("{} names something the large portal has", route.path));
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let read = |path: &str| timeless(reader.get(&format!("{path}?{query}")));
        let plain = read(path);
        assert!(plain == read(&format!("{path}/")), "{path}");
        if route.path.contains("{date}") {
            assert!(plain == read(&path.replace("2026-09", "2026-03")), "{path}");
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

/// Whether a token with every scope of the portal may call, by the words of the table.
fn may(route: &Served, state: &portico_sandbox::State, portal: u64) -> bool {
    let portal = &state.portals[&portal];
    let any = match route.scopes.as_str() {
        "any crm.objects.*.read" | "schema or object scope of the type" => true,
        scopes => scopes
            .split(" | ")
            .any(|scope| scopes::find(scope).is_some_and(|scope| scope.need.met_by(portal))),
    };
    any && route.need.met_by(portal)
}

/// 403 in one of its two shapes, naming what the route needs (platform 9.2).
fn is_refusal(route: &Served, response: &Response) {
    let body = response.to_value();
    assert_eq!(response.status, 403, "{}: {}", route.path, response.text());
    assert!(body["correlationId"].is_string(), "{}", route.path);
    if body.get("category").is_none() {
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|m| m.contains("(requires one of [")),
            "{body}"
        );
        return;
    }
    assert_eq!(body["category"], "MISSING_SCOPES", "{}", route.path);
    let wanted = &body["errors"][0]["context"]["requiredGranularScopes"];
    assert!(
        wanted.as_array().is_some_and(|wanted| !wanted.is_empty()),
        "{body}"
    );
    if route.scopes.contains(" | ") || !route.scopes.contains(' ') {
        let named: Vec<&str> = route.scopes.split(" | ").collect();
        assert_eq!(*wanted, json!(named), "{}", route.path);
    }
}

/// Platform 8.3, 8.4, 9.2: at each edition a read answers or is refused as the table says, and no other way.
#[test]
fn every_read_answers_where_the_edition_allows_it_and_is_refused_elsewhere() {
    let sandbox = sandbox("agency");
    let (mut answered, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for portal in EDITIONS {
        let reader = Reader::new(&sandbox, portal);
        for route in reads() {
            if !sandbox.with(|state| may(&route, state, portal)) {
                let path = route
                    .path
                    .replace("{date}", "2026-09")
                    .replace("{objectType}", "deals");
                is_refusal(&route, &reader.send(Request::get(&path)));
                refused.insert(route.path);
                continue;
            }
            if let Some(path) = fill(route.path, &reader, &sandbox, portal) {
                // A file of the design manager is the one thing that no list and no other answer names.
                let response = reader.send(Request::get(&path));
                let missing = route.path.ends_with("{path*}") && response.status == 404;
                assert!(
                    response.status == 200 || missing,
                    "{portal} {path}: {}",
                    response.text()
                );
                answered.insert(route.path);
            } else {
                // The portal has none: the list said so, and an invented one is not found.
                let path = route
                    .path
                    .replace("{date}", "2026-09")
                    .replace(['{', '}'], "");
                let status = reader.send(Request::get(&path)).status;
                assert!([400, 404].contains(&status), "{portal} {path}: {status}");
            }
        }
    }
    let silent: Vec<_> = reads()
        .into_iter()
        .filter(|route| !answered.contains(route.path))
        .map(|route| route.path)
        .collect();
    // Brands and custom objects exist in the large portal only.
    assert!(
        silent
            .iter()
            .all(|path| path.contains("business-units") || path.contains("rule-type")),
        "{silent:?}"
    );
    assert!(refused.len() > 40, "{}", refused.len());
}

/// Platform 8.4: a token with `oauth` alone is refused everything but what needs no more.
#[test]
fn a_bare_token_opens_only_what_needs_no_scope() {
    let sandbox = sandbox("enterprise");
    let bare = sandbox
        .with(|state| state.issue_grant(portico_sandbox::DEMO_CLIENT_ID, LARGE, &["oauth"], NOW))
        .expect("a grant")
        .access_token;
    let reader = Reader::new(&sandbox, LARGE);
    let routes = reads();
    let paths: Vec<String> = routes
        .iter()
        .map(|route| fill(route.path, &reader, &sandbox, LARGE).expect("a path"))
        .collect();
    // Later than the reader, whose calls count in the same window.
    let mut now = NOW + 30 * 60_000;
    for (route, path) in routes.iter().zip(paths) {
        now += 1_000;
        sandbox.with(|state| {
            state
                .access_tokens
                .get_mut(&bare)
                .expect("a token")
                .expires_at = u64::MAX;
        });
        let response = sandbox.call(&Request::get(&path).bearer(&bare), now);
        if route.scopes.split(" | ").any(|scope| scope == "oauth") {
            assert_eq!(response.status, 200, "{path}: {}", response.text());
        } else {
            is_refusal(route, &response);
        }
    }
}

/// Platform 6.5: every list walked to its end in small pages gives what one large page gives, each record once.
#[test]
fn every_paged_list_joins_to_the_whole() {
    let sandbox = sandbox("agency");
    let portal = EDITIONS[3];
    let reader = Reader::new(&sandbox, portal);
    let mut paged = BTreeSet::new();
    for route in reads() {
        let Some(path) = fill(route.path, &reader, &sandbox, portal) else {
            continue;
        };
        let sign = if path.contains('?') { '&' } else { '?' };
        let response = reader.send(Request::get(&path));
        if response.status != 200 || !response.to_value()["results"].is_array() {
            continue;
        }
        let (whole, _) = reader.walk(&path);
        let limit = (whole.len() / 3).clamp(1, 90);
        let (parts, calls) = reader.walk(&format!("{path}{sign}limit={limit}"));
        assert!(whole == parts, "{path}");
        let once: BTreeSet<String> = whole.iter().map(Value::to_string).collect();
        assert_eq!(once.len(), whole.len(), "{path}");
        if calls > 1 {
            let first = reader.get(&format!("{path}{sign}limit={limit}"));
            assert_eq!(
                first["results"].as_array().map(Vec::len),
                Some(limit),
                "{path}"
            );
            assert!(
                first["paging"]["next"]["link"]
                    .as_str()
                    .is_some_and(|link| link.starts_with("https://api.hubapi.com/")),
                "{path}"
            );
            if let Some(total) = first.get("total") {
                assert_eq!(*total, json!(whole.len()), "{path}");
            }
            paged.insert(route.path);
        }
    }
    assert!(paged.len() > 60, "{}: {paged:?}", paged.len());
}
