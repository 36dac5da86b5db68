//! Batches of records: platform 6.5, 7 and 9, and that a batch does what its inputs would do one by one.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::records::{DEALS, deal, id, made, ok, with_unique_property};
use crate::{NOW, Reader, SMALL, full_token, sandbox};
use portico_sandbox::{Request, Sandbox};

fn results(answer: &Value) -> &Vec<Value> {
    answer["results"].as_array().expect("results")
}

#[test]
fn each_batch_has_its_status_and_shape() {
    let sandbox = sandbox("small");
    with_unique_property(&sandbox);
    let reader = Reader::new(&sandbox, SMALL);
    let create = json!({ "inputs": [{ "properties": deal("One") }, { "properties": deal("Two"), "associations": [] }] });
    let created = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/create"),
        &create,
        201,
    );
    assert_eq!(created["status"], "COMPLETE");
    assert_eq!(created.get("errors"), None);
    assert_eq!(created["startedAt"], created["completedAt"]);
    let ids: Vec<String> = results(&created).iter().map(id).collect();
    let update = json!({ "inputs": [{ "id": ids[0], "properties": { "amount": "7" } }] });
    let updated = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/update"),
        &update,
        200,
    );
    assert_eq!(results(&updated)[0]["properties"]["amount"], "7");
    let read = json!({
        "properties": ["amount", "nonsense"], "propertiesWithHistory": ["amount"],
        "inputs": [{ "id": ids[1] }, { "id": ids[0] }, { "id": ids[1] }],
    });
    let read = ok(&reader, "POST", &format!("{DEALS}/batch/read"), &read, 200);
    assert_eq!(
        results(&read).iter().map(id).collect::<Vec<_>>(),
        [ids[1].clone(), ids[0].clone()]
    );
    assert_eq!(results(&read)[1]["properties"]["amount"], "7");
    assert_eq!(
        results(&read)[1]["propertiesWithHistory"]["amount"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let upsert = json!({ "inputs": [
        { "id": "N 1", "idProperty": "order_number", "properties": deal("Upserted") },
        { "id": ids[0], "properties": { "order_number": "N 2" } },
    ] });
    let upserted = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/upsert"),
        &upsert,
        200,
    );
    assert_eq!(
        results(&upserted)
            .iter()
            .map(|row| row["new"].clone())
            .collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(results(&upserted)[0]["properties"]["order_number"], "N 1");
    let again = json!({ "inputs": [{ "id": "N 1", "idProperty": "order_number", "properties": { "amount": "3" } }] });
    let again = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/upsert"),
        &again,
        200,
    );
    assert_eq!(
        (&results(&again)[0]["new"], &results(&again)[0]["id"]),
        (&json!(false), &results(&upserted)[0]["id"])
    );
    let by_number = json!({ "idProperty": "order_number", "properties": [], "inputs": [{ "id": "N 2" }, { "id": "N 9" }] });
    let by_number = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/read"),
        &by_number,
        207,
    );
    assert_eq!(id(&results(&by_number)[0]), ids[0]);
    assert_eq!(by_number["errors"][0]["context"]["ids"], json!(["N 9"]));
    let archive = json!({ "inputs": [{ "id": ids[0] }, { "id": "1" }] });
    let response =
        crate::records::send(&reader, "POST", &format!("{DEALS}/batch/archive"), &archive);
    assert_eq!((response.status, response.body.len()), (204, 0));
    let both = json!({ "inputs": [{ "id": ids[0] }] });
    let gone = ok(&reader, "POST", &format!("{DEALS}/batch/read"), &both, 207);
    assert_eq!(
        (gone["numErrors"].clone(), results(&gone).len()),
        (json!(1), 0)
    );
    assert_eq!(gone["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(
        gone["errors"][0]["message"],
        "Could not get some DEAL objects, they may be deleted or not exist. Check that ids are valid."
    );
    let binned = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/read?archived=true"),
        &both,
        200,
    );
    assert_eq!(results(&binned)[0]["archived"], true);
}

#[test]
fn failures_are_told_apart_only_when_every_input_has_a_trace_id() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let count = || sandbox.with(|state| state.portals[&SMALL].records.count("0-3"));
    let path = format!("{DEALS}/batch/create");
    let before = count();
    let inputs = |traces: [Option<&str>; 3]| {
        let mut bad = deal("Bad");
        bad["amount"] = json!("many");
        let rows = [deal("First"), bad, deal("Third")]
            .into_iter()
            .zip(traces)
            .map(|(properties, trace)| {
                let mut row = json!({ "properties": properties });
                if let Some(trace) = trace {
                    row["objectWriteTraceId"] = json!(trace);
                }
                row
            });
        json!({ "inputs": rows.collect::<Vec<_>>() })
    };
    for traces in [[None, None, None], [Some("a"), Some("b"), None]] {
        let error = ok(&reader, "POST", &path, &inputs(traces), 400);
        assert_eq!(error["errors"][0]["code"], "INVALID_INTEGER");
        assert_eq!(count(), before, "a refused batch writes nothing");
    }
    ok(
        &reader,
        "POST",
        &path,
        &inputs([Some("a"), Some("a"), Some("c")]),
        400,
    );
    let mixed = ok(
        &reader,
        "POST",
        &path,
        &inputs([Some("a"), Some("b"), Some("c")]),
        207,
    );
    assert_eq!(count(), before + 2);
    assert_eq!(mixed["numErrors"], 1);
    assert_eq!(
        results(&mixed)
            .iter()
            .map(|row| &row["objectWriteTraceId"])
            .collect::<Vec<_>>(),
        ["a", "c"]
    );
    assert_eq!(
        mixed["errors"][0]["context"]["objectWriteTraceId"],
        json!(["b"])
    );
    assert_eq!(mixed["errors"][0]["category"], "VALIDATION_ERROR");
    assert_eq!(
        mixed["errors"][0]["errors"][0]["context"]["propertyName"],
        json!(["amount"])
    );
    let known = made(&reader, &deal("Known"));
    let row = |id: &str, trace: &str| json!({ "id": id, "objectWriteTraceId": trace, "properties": { "amount": "1" } });
    let update = json!({ "inputs": [row(&known, "x"), row("1", "y"), row("abc", "z")] });
    let mixed = ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/update"),
        &update,
        207,
    );
    assert_eq!((results(&mixed).len(), &mixed["numErrors"]), (1, &json!(2)));
    assert_eq!(mixed["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(
        mixed["errors"][0]["context"],
        json!({ "ids": ["1"], "objectWriteTraceId": ["y"] })
    );
    let untraced = json!({ "inputs": [{ "id": known, "properties": { "amount": "2" } }, { "id": "1", "properties": {} }] });
    ok(
        &reader,
        "POST",
        &format!("{DEALS}/batch/update"),
        &untraced,
        404,
    );
    assert_eq!(
        reader.get(&format!("{DEALS}/{known}"))["properties"]["amount"],
        "1"
    );
}

#[test]
fn a_batch_has_at_most_a_hundred_inputs_each_its_own() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    for path in ["read", "create", "update", "upsert", "archive"] {
        let target = format!("{DEALS}/batch/{path}");
        let many: Vec<Value> = (0..101)
            .map(|n| json!({ "id": n.to_string(), "properties": {} }))
            .collect();
        let error = ok(&reader, "POST", &target, &json!({ "inputs": many }), 400);
        let text = error["message"].as_str().expect("a message");
        assert!(text.contains("batch request is 100"), "{text}");
        ok(&reader, "POST", &target, &json!({}), 400);
        ok(&reader, "POST", &target, &json!({ "inputs": [{}] }), 400);
    }
    for path in ["update", "upsert"] {
        let twice =
            json!({ "inputs": [{ "id": "5", "properties": {} }, { "id": "5", "properties": {} }] });
        let error = ok(
            &reader,
            "POST",
            &format!("{DEALS}/batch/{path}"),
            &twice,
            400,
        );
        assert_eq!(
            error["message"],
            "Duplicate IDs found in batch input: [5]. IDs must be unique"
        );
    }
}

/// One input of a batch: a place in the list of known ids, and properties good or bad.
fn input() -> impl Strategy<Value = (usize, Value)> {
    let amount = prop_oneof![Just(""), Just("12"), Just("12.50"), Just("many")];
    let stage = prop_oneof![Just("closedwon"), Just("qualifiedtobuy"), Just("nowhere")];
    let number = prop_oneof![Just(""), Just("A"), Just("B"), Just("C")];
    let property = prop_oneof![4 => Just("dealtype"), 1 => Just("nonsense")];
    (0_usize..6, amount, stage, number, property).prop_map(|(place, amount, stage, number, property)| {
        let properties = json!({
            "dealname": "Sequence", "amount": amount, "dealstage": stage, "order_number": number, property: "newbusiness",
        });
        (place, properties)
    })
}

/// Every deal with all that can be told of it.
fn everything(sandbox: &Sandbox, token: &str) -> Value {
    let target = format!(
        "{DEALS}?limit=50&propertiesWithHistory=amount,dealstage,order_number&properties=dealname"
    );
    let mut rows = Vec::new();
    let mut after = String::new();
    loop {
        let page = sandbox
            .call(
                &Request::get(&format!("{target}{after}")).bearer(token),
                NOW + 60_000,
            )
            .to_value();
        rows.extend(page["results"].as_array().expect("results").iter().cloned());
        match page["paging"]["next"]["after"].as_str() {
            Some(cursor) => after = format!("&after={}", cursor.replace('=', "%3D")),
            None => return Value::from(rows),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_does_what_its_inputs_do_one_by_one(
        kind in prop_oneof![Just("create"), Just("update"), Just("upsert")],
        inputs in prop::collection::vec(input(), 1..12),
    ) {
        let (left, right) = (sandbox("small"), sandbox("small"));
        let tokens = [&left, &right].map(|sandbox| {
            with_unique_property(sandbox);
            full_token(sandbox, SMALL)
        });
        let known = everything(&left, &tokens[0]);
        let mut rows = Vec::new();
        for (n, (place, properties)) in inputs.into_iter().enumerate() {
            let mut row = json!({ "properties": properties, "objectWriteTraceId": n.to_string() });
            match kind {
                "update" => row["id"] = known[place]["id"].clone(),
                "upsert" => {
                    row["id"] = json!(["A", "B", "C", "D", "E", "F"][place]);
                    row["idProperty"] = json!("order_number");
                }
                _ => {}
            }
            if !rows.iter().any(|earlier: &Value| kind != "create" && earlier["id"] == row["id"]) {
                rows.push(row);
            }
        }
        let post = |sandbox: &Sandbox, token: &str, inputs: &[Value]| {
            let body = json!({ "inputs": inputs });
            sandbox.call(&Request::json(&format!("{DEALS}/batch/{kind}"), &body).bearer(token), NOW).to_value()
        };
        let batch = post(&left, &tokens[0], &rows);
        let mut singles = Vec::new();
        for row in &rows {
            let one = if kind == "upsert" {
                results(&post(&right, &tokens[1], std::slice::from_ref(row))).first().cloned()
            } else {
                let target = if kind == "create" { DEALS.to_owned() } else { format!("{DEALS}/{}", id(row)) };
                let mut request = Request::json(&target, row).bearer(&tokens[1]);
                (if kind == "create" { "POST" } else { "PATCH" }).clone_into(&mut request.method);
                let response = right.call(&request, NOW);
                (response.status < 300).then(|| response.to_value())
            };
            singles.extend(one);
        }
        prop_assert_eq!(results(&batch), &singles);
        let failed = batch["errors"].as_array().map_or(0, Vec::len);
        prop_assert_eq!(failed + singles.len(), rows.len());
        prop_assert_eq!(everything(&left, &tokens[0]), everything(&right, &tokens[1]));
    }
}
