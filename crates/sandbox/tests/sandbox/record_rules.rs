//! What writes and reads of records refuse, and how: platform 7 and 9.2.

use portico_sandbox::Request;
use serde_json::{Value, json};

use crate::records::{DEALS, deal, id, made, ok, send, with_unique_property};
use crate::{LARGE, NOW, Reader, SMALL, sandbox};

#[test]
fn what_cannot_be_written_is_told_per_property() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let path = format!("{DEALS}/{}", made(&reader, &deal("Errors")));
    let before = reader.get(&path);
    let cases = [
        ("nonsense", "1", "PROPERTY_DOESNT_EXIST"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("hs_is_closed", "true", "READ_ONLY_VALUE"),
        ("dealtype", "oldbusiness", "INVALID_OPTION"),
        ("dealstage", "nowhere", "INVALID_OPTION"),
        ("pipeline", "nowhere", "INVALID_OPTION"),
        ("hubspot_owner_id", "1", "INVALID_OPTION"),
        ("amount", "many", "INVALID_INTEGER"),
        ("closedate", "soon", "INVALID_LONG"),
        ("verlangerung_am", "1793491200001", "INVALID_DATE"),
        ("dealstage", "", "MISSING_REQUIRED_PROPERTY"),
    ];
    for (name, value, code) in cases {
        let body = json!({ "properties": { name: value, "dealname": "changed" } });
        let error = ok(&reader, "PATCH", &path, &body, 400);
        assert_eq!(error["category"], "VALIDATION_ERROR", "{name}");
        let text = error["message"].as_str().expect("a message");
        assert!(
            text.starts_with("Property values were not valid: [{\"isValid\":false,"),
            "{text}"
        );
        assert_eq!(error["errors"][0]["code"], code, "{name}: {error}");
        assert_eq!(error["errors"][0]["context"]["propertyName"], json!([name]));
    }
    assert_eq!(reader.get(&path), before, "a refused write leaves no trace");
    let all: serde_json::Map<String, Value> = cases[..3]
        .iter()
        .map(|(name, value, _)| ((*name).to_owned(), json!(value)))
        .collect();
    let error = ok(&reader, "POST", DEALS, &json!({ "properties": all }), 400);
    assert_eq!(
        error["errors"].as_array().map(Vec::len),
        Some(3),
        "every problem is told at once"
    );
}

#[test]
fn a_create_carries_name_and_stage_and_the_pipeline_where_there_are_several() {
    let small = sandbox("small");
    let reader = Reader::new(&small, SMALL);
    let missing = |reader: &Reader<'_>, properties: &Value| {
        let error = ok(
            reader,
            "POST",
            DEALS,
            &json!({ "properties": properties }),
            400,
        );
        assert_eq!(error["errors"][0]["code"], "MISSING_REQUIRED_PROPERTY");
        error["context"]["properties"].clone()
    };
    assert_eq!(
        missing(&reader, &json!({})),
        json!(["dealname", "dealstage"])
    );
    assert_eq!(
        missing(&reader, &json!({ "dealname": "x", "dealstage": "" })),
        json!(["dealstage"])
    );
    small.with(|state| state.switches.require_on_create = false);
    assert_eq!(
        send(&reader, "POST", DEALS, &json!({ "properties": {} })).status,
        201
    );
    let large = sandbox("enterprise");
    let reader = Reader::new(&large, LARGE);
    assert_eq!(
        missing(
            &reader,
            &json!({ "dealname": "x", "dealstage": "closedwon" })
        ),
        json!(["pipeline"])
    );
}

#[test]
fn a_stage_belongs_to_its_pipeline() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let pipelines = reader.get("/crm/v3/pipelines/deals");
    let other = &pipelines["results"][1];
    let (pipeline, stage) = (&other["id"], &other["stages"][0]["id"]);
    let path = format!("{DEALS}/{}", made(&reader, &deal("Staged")));
    let refused = |properties: Value| {
        let error = ok(
            &reader,
            "PATCH",
            &path,
            &json!({ "properties": properties }),
            400,
        );
        assert_eq!(
            error["errors"][0]["context"]["propertyName"],
            json!(["dealstage"]),
            "{error}"
        );
    };
    refused(json!({ "dealstage": stage }));
    refused(json!({ "pipeline": pipeline }));
    let moved = ok(
        &reader,
        "PATCH",
        &path,
        &json!({ "properties": { "pipeline": pipeline, "dealstage": stage } }),
        200,
    );
    assert_eq!(&moved["properties"]["dealstage"], stage);
}

#[test]
fn unknown_records_ids_and_types_are_refused_as_hubspot_refuses_them() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let cases = [
        ("GET", format!("{DEALS}/1"), 404, "resource not found"),
        ("PATCH", format!("{DEALS}/1"), 404, "resource not found"),
        ("DELETE", format!("{DEALS}/1"), 404, "resource not found"),
        (
            "GET",
            format!("{DEALS}/abc"),
            400,
            "Unable to parse value for path parameter: dealId",
        ),
        (
            "GET",
            "/crm/v3/objects/nonsense/1".to_owned(),
            400,
            "Unable to infer object type from: nonsense",
        ),
        (
            "GET",
            format!("{DEALS}?associations=nonsense"),
            400,
            "Unable to infer object type from: nonsense",
        ),
        (
            "GET",
            format!("{DEALS}?limit=101"),
            400,
            "The maximum value for 'limit' is 100, but 101 was requested.",
        ),
        (
            "GET",
            format!("{DEALS}?limit=51&propertiesWithHistory=amount"),
            400,
            "The maximum value for 'limit' is 50, but 51 was requested.",
        ),
        (
            "GET",
            format!("{DEALS}?after=nonsense"),
            400,
            "The paging cursor 'after' is not valid.",
        ),
        (
            "GET",
            format!("{DEALS}/1?idProperty=dealname"),
            400,
            "Property dealname cannot be used as idProperty: its values are not unique",
        ),
        (
            "POST",
            DEALS.to_owned(),
            400,
            "Some required fields were not set: [properties]",
        ),
    ];
    for (method, target, status, message) in cases {
        let body = if method == "PATCH" {
            json!({ "properties": {} })
        } else {
            json!({})
        };
        let error = ok(&reader, method, &target, &body, status);
        assert_eq!(error["message"], message, "{method} {target}");
        assert_eq!(error["status"], "error");
    }
    // Records of this type are not kept: no such route.
    let page = reader.send(Request::get("/crm/v3/objects/quotes"));
    assert_eq!(page.status, 404);
    assert!(page.text().starts_with("<html>"));
    let form = Request::form(DEALS, &[("properties", "x")]);

    assert_eq!(reader.send(form).status, 415);
}

#[test]
fn reading_and_writing_each_need_their_scope() {
    let sandbox = sandbox("small");
    let token = |scopes: &[&str]| {
        let grant = |state: &mut portico_sandbox::State| {
            state.issue_grant(portico_sandbox::DEMO_CLIENT_ID, SMALL, scopes, NOW)
        };
        sandbox.with(grant).expect("a known portal").access_token
    };
    let reads = token(&["oauth", "crm.objects.deals.read", "crm.schemas.deals.read"]);
    let writes = token(&["oauth", "crm.objects.deals.write"]);
    let cases = [
        ("GET", "", "read"),
        ("GET", "/1", "read"),
        ("POST", "/batch/read", "read"),
        ("POST", "/search", "read"),
        ("POST", "", "write"),
        ("PATCH", "/1", "write"),
        ("DELETE", "/1", "write"),
        ("POST", "/merge", "write"),
        ("POST", "/batch/create", "write"),
        ("POST", "/batch/update", "write"),
        ("POST", "/batch/upsert", "write"),
        ("POST", "/batch/archive", "write"),
    ];
    for (n, (method, path, need)) in cases.into_iter().enumerate() {
        let now = NOW + n as u64 * 1_000;
        let call = |token: &str| {
            let mut request =
                Request::json(&format!("{DEALS}{path}"), &json!({ "inputs": [] })).bearer(token);
            method.clone_into(&mut request.method);
            sandbox.call(&request, now)
        };
        let (right, wrong) = if need == "read" {
            (&reads, &writes)
        } else {
            (&writes, &reads)
        };
        assert_ne!(call(right).status, 403, "{method} {path}");
        let refused = call(wrong);
        assert_eq!(refused.status, 403, "{method} {path}");
        let scopes = &refused.to_value()["errors"][0]["context"]["requiredGranularScopes"];
        assert_eq!(scopes, &json!([format!("crm.objects.deals.{need}")]));
    }
}

#[test]
fn a_unique_property_names_a_record_and_is_held_once() {
    let sandbox = sandbox("small");
    with_unique_property(&sandbox);
    let reader = Reader::new(&sandbox, SMALL);
    let with = |number: &str| json!({ "dealname": "Unique", "dealstage": "closedwon", "order_number": number });
    let (first, second) = (made(&reader, &with("A 1")), made(&reader, &with("A 2")));
    let named = format!("{DEALS}/A%201?idProperty=order_number");
    assert_eq!(id(&reader.get(&named)), first);
    ok(
        &reader,
        "PATCH",
        &named,
        &json!({ "properties": { "amount": "9" } }),
        200,
    );
    assert_eq!(
        reader.get(&format!("{DEALS}/{first}"))["properties"]["amount"],
        "9"
    );
    let conflict = ok(
        &reader,
        "POST",
        DEALS,
        &json!({ "properties": with("A 2") }),
        409,
    );
    assert_eq!(conflict["category"], "CONFLICT");
    assert_eq!(
        conflict["message"],
        format!("Deal already exists. Existing ID: {second}")
    );
    let take = json!({ "properties": { "order_number": "A 2" } });
    ok(&reader, "PATCH", &format!("{DEALS}/{first}"), &take, 409);
    ok(&reader, "PATCH", &format!("{DEALS}/{second}"), &take, 200);
    send(
        &reader,
        "DELETE",
        &format!("{DEALS}/{second}"),
        &Value::Null,
    );
    ok(&reader, "PATCH", &format!("{DEALS}/{first}"), &take, 200);
    assert_eq!(reader.send(Request::get(&named)).status, 404);
}
