//! Searching records: platform 4 and 7. Every operator by a table, limits, pages, rate and lag, and a random search held
//! against a plain walk over all records.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::records::{DEALS, deal, id, made, ok, send};
use crate::{NOW, Reader, SMALL, full_token, sandbox};
use portico_sandbox::Request;

fn target() -> String {
    format!("{DEALS}/search")
}

fn found(reader: &Reader<'_>, body: &Value) -> Vec<String> {
    let answer = ok(reader, "POST", &target(), body, 200);
    let rows = answer["results"].as_array().expect("results");
    rows.iter()
        .map(|row| {
            row["properties"]["dealname"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// Three deals of which every operator finds some.
fn probes(reader: &Reader<'_>) {
    for (name, amount, close, stage, kind) in [
        (
            "Zzprobe Ärger One",
            "9",
            "2026-01-01",
            "closedwon",
            "newbusiness",
        ),
        (
            "Zzprobe two",
            "10.0",
            "2026-06-01T12:00:00Z",
            "qualifiedtobuy",
            "existingbusiness",
        ),
        ("zzprobe Three", "", "2027-01-01", "closedlost", ""),
    ] {
        made(
            reader,
            &json!({ "dealname": name, "amount": amount, "closedate": close, "dealstage": stage, "dealtype": kind }),
        );
    }
}

#[test]
fn every_operator_finds_what_it_says() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    probes(&reader);
    let (one, two, three) = ("Zzprobe Ärger One", "Zzprobe two", "zzprobe Three");
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (
            json!({ "propertyName": "amount", "operator": "EQ", "value": "9.00" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "amount", "operator": "EQ", "value": 10 }),
            vec![two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "NEQ", "value": "9" }),
            vec![two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "LT", "value": "10" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "amount", "operator": "LTE", "value": "10" }),
            vec![one, two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "GT", "value": "9" }),
            vec![two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "GTE", "value": "9" }),
            vec![one, two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "BETWEEN", "value": "9", "highValue": "9.5" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "amount", "operator": "IN", "values": ["9", "11"] }),
            vec![one],
        ),
        (
            json!({ "propertyName": "amount", "operator": "HAS_PROPERTY" }),
            vec![one, two],
        ),
        (
            json!({ "propertyName": "amount", "operator": "NOT_HAS_PROPERTY" }),
            vec![three],
        ),
        (
            json!({ "propertyName": "closedate", "operator": "EQ", "value": "2026-01-01" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "closedate", "operator": "GTE", "value": "1780315200000" }),
            vec![two, three],
        ),
        (
            json!({ "propertyName": "closedate", "operator": "BETWEEN", "value": "2026-01-01", "highValue": "2026-06-01T12:00:00Z" }),
            vec![one, two],
        ),
        (
            json!({ "propertyName": "dealstage", "operator": "EQ", "value": "closedwon" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "dealstage", "operator": "EQ", "value": "ClosedWon" }),
            vec![],
        ),
        (
            json!({ "propertyName": "dealstage", "operator": "IN", "values": ["closedwon", "closedlost"] }),
            vec![one, three],
        ),
        (
            json!({ "propertyName": "dealstage", "operator": "NOT_IN", "values": ["closedwon"] }),
            vec![two, three],
        ),
        (
            json!({ "propertyName": "dealtype", "operator": "NEQ", "value": "newbusiness" }),
            vec![two],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "EQ", "value": "ZZPROBE TWO" }),
            vec![two],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "IN", "values": ["zzprobe two", "zzprobe three"] }),
            vec![two, three],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "IN", "values": ["Zzprobe two"] }),
            vec![],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "ärger" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "t*" }),
            vec![two, three],
        ),
        (
            json!({ "propertyName": "dealname", "operator": "NOT_CONTAINS_TOKEN", "value": "t*" }),
            vec![one],
        ),
        (
            json!({ "propertyName": "hs_is_closed", "operator": "EQ", "value": "true" }),
            vec![one, three],
        ),
        (
            json!({ "propertyName": "hs_object_id", "operator": "GT", "value": "0" }),
            vec![one, two, three],
        ),
        (
            json!({ "propertyName": "createdate", "operator": "GTE", "value": NOW.to_string() }),
            vec![one, two, three],
        ),
    ];
    for (filter, want) in cases {
        let own =
            json!({ "propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "zzprobe" });
        let body = json!({ "filterGroups": [{ "filters": [own, filter] }] });
        assert_eq!(found(&reader, &body), want, "{filter}");
    }
    let group = |value: &str| json!({ "filters": [{ "propertyName": "dealname", "operator": "EQ", "value": value }] });
    let either = json!({ "filterGroups": [group(one), group(three), group("nobody")] });
    assert_eq!(found(&reader, &either), [one, three], "groups are ored");
    assert_eq!(
        found(&reader, &json!({ "query": "zzpro two" })),
        [two],
        "a query matches beginnings of words"
    );
    assert_eq!(
        found(&reader, &json!({ "query": "ZZPROBE closedlost" })),
        [three],
        "and looks at the stage too"
    );
}

#[test]
fn sorts_are_names_objects_or_text_and_put_empty_values_last() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    probes(&reader);
    let (one, two, three) = ("Zzprobe Ärger One", "Zzprobe two", "zzprobe Three");
    let cases = [
        (json!([]), [one, two, three]),
        (json!(["amount"]), [one, two, three]),
        (json!(["-amount"]), [two, one, three]),
        (
            json!([{ "propertyName": "amount", "direction": "DESCENDING" }]),
            [two, one, three],
        ),
        (
            json!([{ "propertyName": "closedate", "direction": "DESCENDING" }]),
            [three, two, one],
        ),
        (json!([{ "propertyName": "dealname" }]), [three, two, one]),
        (
            json!(["{\"propertyName\":\"hs_object_id\",\"direction\":\"DESCENDING\"}"]),
            [three, two, one],
        ),
    ];
    for (sorts, want) in cases {
        assert_eq!(
            found(&reader, &json!({ "query": "zzprobe", "sorts": sorts })),
            want,
            "{sorts}"
        );
    }
}

#[test]
fn an_answer_has_total_page_and_the_properties_asked_for() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let stored = reader.walk(DEALS).0.len();
    let first = ok(&reader, "POST", &target(), &json!({}), 200);
    assert_eq!(
        (&first["total"], &first["paging"]["next"]["after"]),
        (&json!(stored), &json!("10"))
    );
    let row = first["results"][0].as_object().expect("a row");
    assert_eq!(
        row.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        ["archived", "createdAt", "id", "properties", "updatedAt"].into()
    );
    let names = |answer: &Value| {
        answer["results"][0]["properties"]
            .as_object()
            .map(serde_json::Map::len)
    };
    assert_eq!(names(&first), Some(8));
    let asked = ok(
        &reader,
        "POST",
        &target(),
        &json!({ "properties": ["dealname", "nonsense"], "limit": "1", "after": 0 }),
        200,
    );
    assert_eq!(
        names(&asked),
        Some(4),
        "dealname and the three that always come"
    );
    let (mut seen, mut after) = (Vec::new(), json!("0"));
    while !after.is_null() {
        let page = ok(
            &reader,
            "POST",
            &target(),
            &json!({ "limit": 7, "after": after }),
            200,
        );
        seen.extend(page["results"].as_array().expect("rows").iter().map(id));
        after = page["paging"]["next"]["after"].clone();
    }
    assert_eq!(seen.len(), stored);
    assert_eq!(
        seen.iter().collect::<BTreeSet<_>>().len(),
        stored,
        "each once"
    );
}

#[test]
fn a_search_beyond_hubspots_limits_is_refused() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let filter = json!({ "propertyName": "amount", "operator": "HAS_PROPERTY" });
    let group = |n: usize| json!({ "filters": vec![filter.clone(); n] });
    let one = |filter: Value| json!({ "filterGroups": [{ "filters": [filter] }] });
    let good = [
        json!({ "filterGroups": vec![group(3); 5] }),
        json!({ "filterGroups": [group(6), group(6), group(6)] }),
        json!({ "limit": 200 }),
        json!({ "after": "9800", "limit": 200 }),
        json!({ "query": "x".repeat(2_980) }),
    ];
    for body in good {
        ok(&reader, "POST", &target(), &body, 200);
    }
    let bad = [
        json!({ "filterGroups": vec![group(1); 6] }),
        json!({ "filterGroups": [group(7)] }),
        json!({ "filterGroups": [group(6), group(6), group(6), group(1)] }),
        json!({ "limit": 201 }),
        json!({ "limit": 0 }),
        json!({ "limit": -1 }),
        json!({ "after": "9801", "limit": 200 }),
        json!({ "after": "10000" }),
        json!({ "after": "MTAK" }),
        json!({ "query": "x".repeat(3_000) }),
        json!({ "query": 5 }),
        json!({ "properties": "dealname" }),
        json!({ "sorts": ["amount", "dealname"] }),
        json!({ "sorts": ["nonsense"] }),
        json!({ "sorts": [{ "propertyName": "amount", "direction": "SIDEWAYS" }] }),
        json!({ "sorts": ["{"] }),
        json!([]),
        json!({ "filterGroups": {} }),
        json!({ "filterGroups": ["x"] , "limit": 201 }),
        one(json!({ "propertyName": "amount" })),
        one(json!({ "operator": "EQ", "value": "1" })),
        one(json!({ "propertyName": "amount", "operator": "LIKE", "value": "1" })),
        one(json!({ "propertyName": "nonsense", "operator": "EQ", "value": "1" })),
        one(json!({ "propertyName": "amount", "operator": "EQ" })),
        one(json!({ "propertyName": "amount", "operator": "EQ", "value": "many" })),
        one(json!({ "propertyName": "closedate", "operator": "LT", "value": "soon" })),
        one(json!({ "propertyName": "amount", "operator": "BETWEEN", "value": "1" })),
        one(json!({ "propertyName": "dealname", "operator": "IN", "value": "x" })),
        one(json!({ "propertyName": "dealname", "operator": "IN", "values": [] })),
        one(json!({ "propertyName": "dealname", "operator": "IN", "values": [{}] })),
    ];
    for body in bad {
        let error = ok(&reader, "POST", &target(), &body, 400);
        assert_eq!(error["status"], "error", "{body}");
    }
    let broken = reader.send(Request::form(&target(), &[("limit", "1")]));
    assert_eq!(broken.status, 415);
}

#[test]
fn searches_have_a_window_of_their_own_and_no_headers() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let search = |now: u64| {
        sandbox.call(
            &Request::json(&target(), &json!({ "limit": 1 })).bearer(&token),
            now,
        )
    };
    for n in 0..5 {
        let response = search(NOW + n);
        assert_eq!(response.status, 200);
        assert!(
            !response
                .headers
                .iter()
                .any(|(name, _)| name.contains("ratelimit"))
        );
    }
    let refused = search(NOW + 5);
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.to_value()["message"],
        "You have reached your secondly limit."
    );
    assert_eq!(refused.to_value()["policyName"], "SECONDLY");
    assert_eq!(search(NOW + 1_000).status, 200);
}

#[test]
fn a_search_lags_behind_writes_when_told_to() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let old = made(&reader, &deal("Zzlag old"));
    reader.skip(60_000);
    sandbox.with(|state| state.switches.search_lag = std::time::Duration::from_secs(30));
    let all = json!({ "query": "zzlag" });
    made(&reader, &deal("Zzlag new"));
    ok(
        &reader,
        "PATCH",
        &format!("{DEALS}/{old}"),
        &json!({ "properties": { "dealname": "Zzlag changed" } }),
        200,
    );
    assert_eq!(found(&reader, &all), ["Zzlag old"]);
    assert_eq!(
        reader.get(&format!("{DEALS}/{old}"))["properties"]["dealname"],
        "Zzlag changed",
        "reads do not lag"
    );
    send(&reader, "DELETE", &format!("{DEALS}/{old}"), &Value::Null);
    assert_eq!(
        found(&reader, &all),
        ["Zzlag old"],
        "nor is a delete seen at once"
    );
    reader.skip(60_000);
    assert_eq!(found(&reader, &all), ["Zzlag new"]);
}
