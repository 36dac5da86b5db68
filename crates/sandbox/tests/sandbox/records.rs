//! Records one at a time and in pages: platform 7 and 9, over the public door.

use portico_sandbox::{Request, Response, Sandbox};
use serde_json::{Value, json};

use crate::{Reader, SMALL, sandbox};

/// Both generations and both names of deals.
const BASES: [&str; 4] = [
    "/crm/v3/objects/deals",
    "/crm/v3/objects/0-3",
    "/crm/objects/2026-09/deals",
    "/crm/objects/2026-03/0-3",
];
pub(crate) const DEALS: &str = BASES[0];

/// Writes JSON with any method.
pub(crate) fn send(reader: &Reader<'_>, method: &str, target: &str, body: &Value) -> Response {
    let mut request = Request::json(target, body);
    method.clone_into(&mut request.method);
    reader.send(request)
}

/// Writes JSON and expects a status.
pub(crate) fn ok(
    reader: &Reader<'_>,
    method: &str,
    target: &str,
    body: &Value,
    status: u16,
) -> Value {
    let response = send(reader, method, target, body);
    assert_eq!(
        response.status,
        status,
        "{method} {target} {body}: {}",
        response.text()
    );
    response.to_value()
}

pub(crate) fn deal(name: &str) -> Value {
    json!({ "dealname": name, "dealstage": "qualifiedtobuy", "pipeline": "default", "amount": "1500.00" })
}

pub(crate) fn id(record: &Value) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

/// A new deal's id.
pub(crate) fn made(reader: &Reader<'_>, properties: &Value) -> String {
    id(&ok(
        reader,
        "POST",
        DEALS,
        &json!({ "properties": properties }),
        201,
    ))
}

/// Gives deals a unique property of the portal's own, as `order_number`.
pub(crate) fn with_unique_property(sandbox: &Sandbox) {
    sandbox.with(|state| {
        let object = state
            .portals
            .get_mut(&SMALL)
            .and_then(|p| p.objects.get_mut("0-3"))
            .expect("deals");
        let mut property = object
            .properties
            .iter()
            .find(|p| p.name == "dealname")
            .expect("a text")
            .clone();
        "order_number".clone_into(&mut property.name);
        property.has_unique_value = true;
        object.properties.push(property);
    });
}

#[test]
fn a_deal_lives_from_create_to_the_recycle_bin_under_every_path() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    for base in BASES {
        for slash in ["", "/"] {
            let created = ok(
                &reader,
                "POST",
                &format!("{base}{slash}"),
                &json!({ "properties": deal("Pilot") }),
                201,
            );
            let (id, path) = (id(&created), format!("{base}/{}{slash}", id(&created)));
            assert_eq!(created["properties"]["amount"], "1500.00");
            assert_eq!(created["archived"], false);
            assert_eq!(created["properties"]["hs_object_id"], id.as_str());
            assert_eq!(created["createdAt"], created["properties"]["createdate"]);
            let read = reader.get(&path);
            assert_eq!(read["properties"]["dealname"], "Pilot");
            assert_eq!(
                read["url"],
                format!("https://app-eu1.hubspot.com/contacts/{SMALL}/record/0-3/{id}")
            );
            let changed = ok(
                &reader,
                "PATCH",
                &path,
                &json!({ "properties": { "amount": "" } }),
                200,
            );
            assert_eq!(changed["properties"]["amount"], Value::Null);
            assert_ne!(changed["updatedAt"], changed["createdAt"]);
            assert_eq!(
                changed["properties"]["hs_lastmodifieddate"],
                changed["updatedAt"]
            );
            for _ in 0..2 {
                let gone = send(&reader, "DELETE", &path, &Value::Null);
                assert_eq!((gone.status, gone.body.len()), (204, 0));
            }
            assert_eq!(send(&reader, "GET", &path, &Value::Null).status, 404);
            let binned = reader.get(&format!("{path}?archived=true"));
            assert_eq!(binned["archived"], true);
            assert!(binned["archivedAt"].is_string());
        }
    }
}

#[test]
fn an_answer_has_the_defaults_or_what_was_asked_and_never_what_does_not_exist() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let path = format!(
        "{DEALS}/{}",
        made(
            &reader,
            &json!({ "dealname": "Bare", "dealstage": "closedwon", "amount": "10" })
        )
    );
    let names = |record: &Value| {
        record["properties"]
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let defaults = reader.get(&path);
    let want = [
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ];
    assert_eq!(names(&defaults), want);
    assert_eq!(defaults["properties"]["closedate"], Value::Null);
    assert_eq!(
        defaults["properties"]["pipeline"], "default",
        "the only pipeline needs no naming"
    );
    for query in [
        "properties=dealtype&properties=hs_is_closed_won&properties=nonsense",
        "properties=dealtype,hs_is_closed_won,nonsense",
    ] {
        let read = reader.get(&format!("{path}?{query}"));
        assert_eq!(
            names(&read),
            [
                "createdate",
                "dealtype",
                "hs_is_closed_won",
                "hs_lastmodifieddate",
                "hs_object_id"
            ]
        );
        assert_eq!(read["properties"]["dealtype"], Value::Null);
        assert_eq!(read["properties"]["hs_is_closed_won"], "true");
    }
}

#[test]
fn values_are_kept_as_hubspot_prints_them() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let path = format!("{DEALS}/{}", made(&reader, &deal("Values")));
    let cases = [
        ("closedate", json!("1793491200000"), "2026-11-01T00:00:00Z"),
        ("closedate", json!("2026-12-01"), "2026-12-01T00:00:00Z"),
        (
            "closedate",
            json!("2026-12-01T10:00:00.120+02:00"),
            "2026-12-01T08:00:00.120Z",
        ),
        ("amount", json!("0012.50"), "0012.50"),
        ("amount", json!(12.5), "12.5"),
        ("dealname", json!("  <b>\u{202e}"), "  <b>\u{202e}"),
        ("verlangerung_am", json!("1793491200000"), "2026-11-01"),
        ("hs_priority", json!("low"), "low"),
    ];
    for (name, given, want) in cases {
        let read = ok(
            &reader,
            "PATCH",
            &path,
            &json!({ "properties": { name: given } }),
            200,
        );
        assert_eq!(read["properties"][name], want, "{name} {given}");
        assert_eq!(
            reader.get(&format!("{path}?properties={name}"))["properties"][name],
            want
        );
    }
}

#[test]
fn pages_return_every_record_once_even_while_others_are_made() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let stored = sandbox.with(|state| state.portals[&SMALL].records.count("0-3"));
    let limits = reader.get("/crm/v3/limits/records");
    let told = limits["hubspotDefinedObjectTypes"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["objectTypeId"] == "0-3");
    assert_eq!(told.map(|row| row["usage"].clone()), Some(json!(stored)));
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = reader.get(&format!("{DEALS}?limit=7{after}"));
        ids.extend(page["results"].as_array().expect("rows").iter().map(id));
        // One more and one less on every page, before and behind the cursor.
        made(&reader, &deal("Meanwhile"));
        send(
            &reader,
            "DELETE",
            &format!("{DEALS}/{}", ids[0]),
            &Value::Null,
        );
        match page["paging"]["next"]["after"].as_str() {
            Some(cursor) if ids.len() < 1_000 => {
                after = format!("&after={}", cursor.replace('=', "%3D"));
            }
            Some(_) => panic!("paging does not end"),
            None => break,
        }
    }
    let mut distinct = ids.clone();
    distinct.dedup();
    assert_eq!(ids, distinct);
    assert!(ids.len() >= stored, "{} of {stored}", ids.len());
}

#[test]
fn the_recycle_bin_is_listed_and_emptied_after_ninety_days() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let gone = made(&reader, &deal("Bin"));
    send(&reader, "DELETE", &format!("{DEALS}/{gone}"), &Value::Null);
    let listed = |reader: &Reader<'_>| {
        let (rows, _) = reader.walk(&format!("{DEALS}?archived=true"));
        rows.iter().any(|row| id(row) == gone)
    };
    assert!(listed(&reader));
    assert!(!reader.walk(DEALS).0.iter().any(|row| id(row) == gone));
    reader.skip(90 * 86_400_000);
    assert!(!listed(&reader));
    assert_eq!(
        reader
            .send(Request::get(&format!("{DEALS}/{gone}?archived=true")))
            .status,
        404
    );
}

#[test]
fn history_tells_every_value_newest_first_with_its_source() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let path = format!("{DEALS}/{}", made(&reader, &deal("History")));
    for amount in ["20", "20", "", "30"] {
        ok(
            &reader,
            "PATCH",
            &path,
            &json!({ "properties": { "amount": amount } }),
            200,
        );
    }
    let read = reader.get(&format!("{path}?propertiesWithHistory=amount,nonsense"));
    let versions = read["propertiesWithHistory"]["amount"]
        .as_array()
        .expect("versions");
    let values: Vec<&str> = versions
        .iter()
        .map(|version| version["value"].as_str().expect("a text"))
        .collect();
    assert_eq!(values, ["30", "", "20", "1500.00"]);
    assert_eq!(versions[0]["sourceType"], "INTEGRATION");
    assert_eq!(versions[0]["sourceId"], "5550001");
    let times: Vec<&str> = versions
        .iter()
        .map(|version| version["timestamp"].as_str().expect("a time"))
        .collect();
    assert!(times.is_sorted_by(|a, b| a > b), "{times:?}");
    assert_eq!(
        read["propertiesWithHistory"]
            .as_object()
            .map(serde_json::Map::len),
        Some(1)
    );
}
