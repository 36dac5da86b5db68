//! Where the sandbox could be kinder than HubSpot and is not: platform 6.2, 6.3, 7, 9, over the public door.

use portico_sandbox::{Fault, FaultAnswer, Request};
use serde_json::{Value, json};

use crate::records::{DEALS, deal, made, ok, send};
use crate::{LARGE, NOW, Reader, SMALL, full_token, sandbox};

/// Platform 7: a write keeps the rules that the validations endpoint lists, on every path and in every way to write.
#[test]
fn a_write_keeps_the_portals_validation_rules() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let bad = [
        ("audit_end_date", "1990-01-01", "START_DATE"),
        ("audit_margin", "-999999", "MIN_NUMBER"),
    ];
    let id = made(&reader, &deal("Rules"));
    for (name, value, rule) in bad {
        let mut whole = deal("Rules");
        whole[name] = json!(value);
        let writes = [
            ("POST", DEALS.to_owned(), json!({ "properties": whole })),
            (
                "POST",
                "/crm/objects/2026-09/deals".to_owned(),
                json!({ "properties": whole }),
            ),
            (
                "PATCH",
                format!("{DEALS}/{id}"),
                json!({ "properties": { name: value } }),
            ),
            (
                "POST",
                format!("{DEALS}/batch/create"),
                json!({ "inputs": [{ "properties": whole }] }),
            ),
        ];
        for (method, path, body) in writes {
            let error = ok(&reader, method, &path, &body, 400);
            assert_eq!(error["category"], "VALIDATION_ERROR", "{path}");
            let row = &error["errors"][0];
            assert_eq!(
                (&row["code"], &row["in"], &row["context"]["propertyName"]),
                (&json!(rule), &json!("properties"), &json!([name])),
                "{path}"
            );
        }
    }
    let cleared = json!({ "properties": { "audit_margin": "", "audit_end_date": "2000-01-01" } });
    ok(&reader, "PATCH", &format!("{DEALS}/{id}"), &cleared, 200);
    sandbox.with(|state| state.switches.enforce_property_rules = false);
    let low = json!({ "properties": { "audit_margin": "-1" } });
    ok(&reader, "PATCH", &format!("{DEALS}/{id}"), &low, 200);
}

/// Platform 9.1: members stand in the order in which the page prints them.
#[test]
fn errors_tell_their_members_in_hubspots_order() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let in_order = |text: &str, names: &[&str]| {
        let mut from = 0;
        for name in names {
            let at = text[from..].find(&format!("\"{name}\":"));
            from += at.unwrap_or_else(|| panic!("{name} of {names:?} in {text}"));
        }
    };
    let body = json!({ "properties": { "nonsense": "1" } });
    let refused = send(&reader, "POST", DEALS, &body);
    // The message quotes JSON of its own, with escaped quotes, which the search above passes over.
    in_order(
        &refused.text(),
        &["status", "message", "correlationId", "category", "errors"],
    );
    let text = refused.text();
    let rows = &text[text.find("\"errors\":[").expect("errors")..];
    in_order(rows, &["message", "code", "in", "context"]);
    let (token, _) = crate::tokens(&sandbox);
    let unscoped = sandbox.call(
        &Request::get("/crm/v3/objects/products").bearer(&token),
        NOW,
    );
    assert_eq!(unscoped.status, 403);
    let names = ["category", "links", "errors", "message", "context"];
    in_order(&unscoped.text(), &names);
    let bodies = json!({ "inputs": [
        { "properties": { "nonsense": "1" }, "objectWriteTraceId": "a" },
    ] });
    let some = send(&reader, "POST", &format!("{DEALS}/batch/create"), &bodies);
    assert_eq!(some.status, 207);
    let text = some.text();
    let rows = &text[text.find("\"errors\":[").expect("errors")..];
    in_order(rows, &["status", "message", "category", "errors"]);
}

/// Platform 7: the link of a page asks what its own request asked.
#[test]
fn the_next_link_of_records_keeps_the_query() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let page = reader
        .get("/crm/v3/objects/deals?limit=1&properties=dealname&properties=amount&associations=contacts&archived=false");
    let link = page["paging"]["next"]["link"].as_str().expect("a link");
    let path = link
        .strip_prefix("https://api.hubapi.com")
        .expect("HubSpot's origin");
    for part in [
        "limit=1&",
        "properties=dealname&properties=amount",
        "associations=contacts",
        "archived=false",
    ] {
        assert!(path.contains(part), "{part} in {path}");
    }
    let next = reader.get(path);
    assert_eq!(next["results"].as_array().map(Vec::len), Some(1));
    assert_ne!(next["results"][0]["id"], page["results"][0]["id"]);
    assert!(next["results"][0]["properties"].get("dealname").is_some());
}

/// Platform 6.2, 6.3: what HubSpot lists with `-beta` alone has no plain dated path.
#[test]
fn beta_areas_have_no_dated_path() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let cases = [
        ("/automation/2026-09/flows", 404),
        ("/automation/2026-03/flows", 404),
        ("/marketing/forms/2026-09", 404),
        ("/crm/pipelines-rules/2026-09/0-3/default", 404),
        ("/automation/2026-09-beta/flows", 200),
        ("/automation/v4/flows", 200),
        ("/marketing/forms/2026-09-beta", 200),
        ("/marketing/v3/forms", 200),
        ("/crm/pipelines-rules/2026-09-beta/0-3/default", 200),
    ];
    for (path, status) in cases {
        let response = reader.send(Request::get(path));
        assert_eq!(response.status, status, "{path}");
        if status == 404 {
            assert!(response.text().starts_with("<html>"), "{path}");
        }
    }
}

/// Platform 9.2: a 404 may be empty, and what Cloudflare answers itself is a web page.
#[test]
fn faults_answer_empty_bodies_and_the_fronts_pages() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let cases = [
        (FaultAnswer::Empty(404), 404, ""),
        (FaultAnswer::Empty(200), 200, ""),
        (FaultAnswer::Status(521), 521, "<!doctype html>"),
        (FaultAnswer::Status(526), 526, "<!doctype html>"),
        (FaultAnswer::Status(503), 503, "{\"status\":\"error\""),
    ];
    for (answer, status, start) in cases {
        sandbox.with(|state| {
            state.faults.push(Fault {
                path_prefix: "/".to_owned(),
                method: None,
                remaining: 1,
                answer,
            });
        });
        let call = Request::get("/account-info/v3/details").bearer(&token);
        let response = sandbox.call(&call, NOW);
        assert_eq!(response.status, status);
        assert!(response.text().starts_with(start), "{status}");
        assert_eq!(response.body.is_empty(), start.is_empty(), "{status}");
    }
}

/// Platform 6.3: the specification calls some members mandatory; words of no meaning are refused.
#[test]
fn a_list_search_is_held_to_its_specification() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let full =
        json!({ "listIds": [], "offset": 0, "processingTypes": [], "additionalProperties": [] });
    let search = |body: &Value| reader.send(Request::json("/crm/v3/lists/search", body));
    assert_eq!(search(&full).status, 200);
    for name in ["listIds", "offset", "processingTypes"] {
        let mut body = full.clone();
        body.as_object_mut().expect("an object").remove(name);
        let refused = search(&body);
        assert_eq!(refused.status, 400, "{name}");
        assert!(refused.text().contains(name));
    }
    for (name, value) in [
        ("processingTypes", json!(["BOGUS"])),
        ("sort", json!("BOGUS")),
    ] {
        let mut body = full.clone();
        body[name] = value;
        assert_eq!(search(&body).status, 400, "{name}");
    }
    sandbox.with(|state| state.switches.strict_list_search = false);
    assert_eq!(search(&json!({})).status, 200);
}

/// Platform 6.2, 6.3: ids where ids are wanted, known words, known users, known properties.
#[test]
fn what_does_not_exist_is_refused() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let status = |path: &str| reader.send(Request::get(path)).status;
    let cases = [
        ("/crm/v3/property-validations/0-3", 200),
        ("/crm/v3/property-validations/deals", 400),
        ("/crm/property-validations/2026-09/0-3/nope", 404),
        ("/crm/property-validations/2026-09/0-3/dealname", 200),
        ("/crm/property-validations/2026-09/0-3/audit_margin", 200),
        ("/business-units/v3/business-units/user/1", 404),
        ("/marketing/v3/forms?formTypes=bogus", 400),
        ("/marketing/v3/forms?formTypes=hubspot,flow", 200),
    ];
    for (path, want) in cases {
        assert_eq!(status(path), want, "{path}");
    }
}

/// Platform 6.2, 6.3: what a client overlooks when its author's own portal has none of it.
#[test]
fn the_large_portal_has_the_rare_kinds_too() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let forms = |types: &str| {
        let path = format!("/marketing/v3/forms?limit=1000&formTypes={types}");
        reader.get(&path)["results"].as_array().map(Vec::len)
    };
    let cases = [
        ("", 260),
        ("hubspot", 260),
        ("captured", 2),
        ("flow", 1),
        ("blog_comment", 1),
        ("flow,blog_comment", 2),
        ("all", 264),
    ];
    for (types, count) in cases {
        assert_eq!(forms(types), Some(count), "{types:?}");
    }
    let (owners, _) = reader.walk("/crm/v3/owners?limit=500");
    let queues: Vec<&Value> = owners
        .iter()
        .filter(|owner| owner["type"] == "QUEUE")
        .collect();
    assert_eq!((owners.len(), queues.len()), (600, 1));
    assert!(queues[0].get("userId").is_none() && queues[0].get("email").is_none());
    let kind = |path: &str| reader.get(path)["type"].clone();
    assert_eq!(
        kind("/crm/v3/properties/contacts/whatsapp_number"),
        "phone_number"
    );
    assert_eq!(
        kind("/crm/v3/properties/companies/depot_position"),
        "object_coordinates"
    );
    let sensitive = reader.get("/crm/v3/properties/deals?dataSensitivity=sensitive");
    assert_eq!(sensitive["results"][0]["name"], "garnishment_reference");
}

/// Platform 7: with history a read takes 50, in a batch as in a list.
#[test]
fn a_batch_with_history_takes_fifty() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let read = |count: usize, history: &Value| {
        let inputs: Vec<Value> = (0..count).map(|n| json!({ "id": n.to_string() })).collect();
        let body = json!({ "inputs": inputs, "properties": [], "propertiesWithHistory": history });
        send(&reader, "POST", &format!("{DEALS}/batch/read"), &body).status
    };
    assert_eq!(read(51, &json!(["dealname"])), 400);
    assert_eq!(read(50, &json!(["dealname"])), 207);
    assert_eq!(read(100, &json!([])), 207);
}

/// Platform 9.2: credential, then scope, then route, for types whose records are not kept too.
#[test]
fn records_that_are_not_kept_are_behind_their_scope_too() {
    let sandbox = sandbox("small");
    let path = "/crm/v3/objects/products";
    assert_eq!(sandbox.call(&Request::get(path), NOW).status, 401);
    let (token, _) = crate::tokens(&sandbox);
    let refused = sandbox.call(&Request::get(path).bearer(&token), NOW);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.to_value()["category"], "MISSING_SCOPES");
    let reader = Reader::new(&sandbox, SMALL);
    assert_eq!(reader.send(Request::get(path)).status, 404);
    assert_eq!(
        reader.send(Request::get("/crm/v3/objects/nonsense")).status,
        400
    );
}
