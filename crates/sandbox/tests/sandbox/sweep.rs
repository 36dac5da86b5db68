//! Every fixture over the whole of its reading side: same seed, same bytes; valid JSON whatever strangers wrote.
//! The item on data that looks like a portal; mission P4 (paging gives each record once).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use portico_sandbox::model::{Collection, Portal};
use portico_sandbox::{AppConfig, Request, Response, Sandbox, State, fixture, served};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::{CALLBACK, Reader};

fn fresh(fixture: &str, seed: u64) -> Sandbox {
    let app = AppConfig::demo(vec![CALLBACK.to_owned()]);
    Sandbox::new(State::fixture(fixture, seed, vec![app]).expect("a known fixture"))
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => write!(out, "%{byte:02X}").expect("a string takes what is written"),
        }
    }
    out
}

/// A served path with things of this portal in its braces; `1` for what is not known here.
fn filled(path: &str, portal: &Portal) -> String {
    let first = |kind| {
        let row = portal.collection(kind).first();
        row.and_then(|row| row.member("id"))
            .and_then(|id| id.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let object = if path.contains("pipeline") {
        "0-3"
    } else {
        "0-1"
    };
    let metadata = &portal.objects[object];
    let mut out = String::new();
    for segment in path.split('/').skip(1) {
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            write!(out, "/{segment}").expect("written");
            continue;
        };
        let value = match name {
            "date" => "2026-09".to_owned(),
            "objectType" | "objectTypeId" | "fromObjectType" => object.to_owned(),
            "toObjectType" => "companies".to_owned(),
            "propertyName" => metadata.properties[metadata.properties.len() / 2]
                .name
                .clone(),
            "groupName" => metadata
                .groups
                .last()
                .map(|g| g.name.clone())
                .unwrap_or_default(),
            "pipelineId" => metadata
                .pipelines
                .last()
                .map(|p| p.id.clone())
                .unwrap_or_default(),
            "listId" => portal
                .lists
                .last()
                .map(|l| l.id.clone())
                .unwrap_or_default(),
            "ownerId" => portal
                .owners
                .last()
                .map(|o| o.id.clone())
                .unwrap_or_default(),
            "userId" => portal
                .users
                .last()
                .map(|u| u.id.clone())
                .unwrap_or_default(),
            "formId" => first(Collection::Forms),
            "flowId" => first(Collection::Workflows),
            _ => "1".to_owned(),
        };
        write!(out, "/{}", encoded(&value)).expect("written");
    }
    out
}

/// Every answer of one portal, page after page up to `pages`, in one order.
fn sweep(sandbox: &Sandbox, portal: u64, pages: usize, mut see: impl FnMut(&str, &Response)) {
    let reader = Reader::new(sandbox, portal);
    // The dated paths cover every endpoint but the few that have none.
    let paths: BTreeSet<&str> = served()
        .into_iter()
        .filter(|route| route.method == "GET" && route.scopes != "none")
        .map(|route| route.path)
        .filter(|path| path.contains("{date}") || path.contains("beta") || path.contains("/v4/"))
        .collect();
    assert!(paths.len() > 40, "{}", paths.len());
    for path in paths {
        let target = sandbox.with(|state| filled(path, &state.portals[&portal]));
        let mut after = String::new();
        for _ in 0..pages {
            let request = match after.as_str() {
                "" => Request::get(&target),
                after => Request::get(&format!("{target}?after={}", encoded(after))),
            };
            let answer = reader.send(request);
            see(&target, &answer);
            // Only pages name the next one; a large answer that is whole is not read twice.
            let tail = &answer.body[answer.body.len().saturating_sub(400)..];
            let is_paged = String::from_utf8_lossy(tail).contains("\"paging\"");
            let page = if is_paged {
                answer.to_value()
            } else {
                Value::Null
            };
            match page["paging"]["next"]["after"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
    }
}

fn digest(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Same name and seed, same answers, header by header and byte by byte, from two states made apart; every answer is
/// JSON that a parser with the usual limits reads, and no endpoint fails.
#[test]
fn a_fixture_answers_the_same_bytes_twice_and_all_of_it_is_json() {
    for (name, _) in fixture::FIXTURES {
        let run = || {
            let sandbox = fresh(name, 5);
            // An agency's portals differ in size and tongue only: three stand for twelve.
            let portals: Vec<u64> =
                sandbox.with(|state| state.portals.keys().take(3).copied().collect());
            let pages = if name == "huge" { 1 } else { 2 };
            let (mut hash, mut count) = (0xcbf2_9ce4_8422_2325_u64, 0);
            for portal in portals {
                sweep(&sandbox, portal, pages, |target, answer| {
                    assert!(answer.status < 500, "{name} {target}: {}", answer.status);
                    let read = serde_json::from_slice::<IgnoredAny>(&answer.body);
                    assert!(read.is_ok(), "{name} {target}: {read:?}");
                    // A tree, unlike a glance, stops at 128 levels.
                    let is_tree = || !answer.to_value().is_null();
                    assert!(name != "hostile" || is_tree(), "{name} {target}");
                    digest(&mut hash, target.as_bytes());
                    digest(&mut hash, &answer.body);
                    digest(&mut hash, format!("{:?}", answer.headers).as_bytes());
                    count += 1;
                });
            }
            assert!(count > 50, "{name}: {count}");
            hash
        };
        assert_eq!(run(), run(), "{name}");
    }
}

/// Hostile texts arrive as they were written: what JSON escapes, a parser gives back.
#[test]
fn hostile_texts_survive_the_way_through_json() {
    let sandbox = fresh("hostile", 1);
    let reader = Reader::new(&sandbox, 66_600_001);
    let rows = reader.get("/crm/v3/properties/contacts");
    let labels: BTreeSet<&str> = rows["results"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["label"].as_str())
        .collect();
    for label in [
        "abc\u{202e}drowssap\u{2066}xyz",
        "nul\u{0}byte",
        "\"><script>window.pwned=1</script>",
        "",
        "__proto__",
        "crlf\r\nX-Injected: 1\r\n\r\n",
    ] {
        assert!(labels.contains(label), "{label:?}");
    }
    for name in [
        "__proto__",
        "a.b.c",
        "a/b/c",
        "100%",
        "%2F%2e%00",
        "with space",
    ] {
        let row = reader.get(&format!("/crm/v3/properties/contacts/{}", encoded(name)));
        assert_eq!(row["name"], name);
    }
    let nameless = reader.walk("/crm/v3/owners?limit=500").0;
    assert!(
        nameless
            .iter()
            .any(|o| o.get("email").is_none() && o.get("firstName").is_none())
    );
    let sizes = Reader::new(&sandbox, 66_600_002);
    let many = sizes.get("/crm/v3/properties/contacts/many_options");
    assert_eq!(many["options"].as_array().map(Vec::len), Some(5_000));
    let long = sizes.get("/crm/v3/properties/contacts/long_word_0");
    assert_eq!(
        long["label"].as_str().map(|label| label.chars().count()),
        Some(100_000)
    );
    let body = json!({ "count": 500, "query": "", "listIds": ["2000"], "offset": 0, "processingTypes": [], "additionalProperties": [] });
    let found = sizes
        .send(Request::json("/crm/v3/lists/search", &body))
        .to_value();
    assert_eq!(found["total"], 1);
    let deep = sizes.get("/crm/v3/lists/2000?includeFilters=true");
    assert!(deep["list"]["filterBranch"]["filterBranches"][0]["filterBranches"].is_array());
}

/// A stranger's account name is text on the sandbox's own pages too.
#[test]
fn the_pages_of_the_sandbox_show_hostile_names_as_text() {
    let sandbox = fresh("hostile", 1);
    for path in ["", "/66600001", "/66600002"] {
        let url = crate::authorize_url(&[], &[]).replace("/oauth/", &format!("/oauth{path}/"));
        let page = sandbox.call(&Request::get(&url), crate::NOW);
        assert_eq!(page.status, 200, "{path}");
        let html = page.text();
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<svg"),
            "{path}"
        );
    }
}
