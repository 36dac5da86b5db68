//! Changes of properties (platform 6.2, write side; 9.2; 11 row 15).

use portico_sandbox::Request;
use serde_json::{Value, json};

use super::{LARGE, NOW, Reader, SMALL, sandbox};

/// A request with a JSON body.
pub(crate) fn with(method: &str, target: &str, body: &Value) -> Request {
    let mut request = Request::json(target, body);
    method.clone_into(&mut request.method);
    request
}

pub(crate) fn text(name: &str) -> Value {
    json!({ "name": name, "label": "A label", "type": "string", "fieldType": "text", "groupName": "dealinformation" })
}

pub(crate) fn merged(mut base: Value, more: Value) -> Value {
    if let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) {
        base.extend(more);
    }
    base
}

const ROOTS: [&str; 4] = [
    "/crm/v3/properties/deals",
    "/crm/properties/2026-09/0-3",
    "/crm/properties/2026-03/deal",
    "/crm/properties/v3/DEALS",
];

#[test]
fn a_property_is_made_changed_archived_and_brought_back_on_every_generation_of_paths() {
    for root in ROOTS {
        let sandbox = sandbox("enterprise");
        let api = Reader::new(&sandbox, LARGE);
        let made = api.send(with("POST", root, &text("seats_sold")));
        assert_eq!(made.status, 201, "{root}: {}", made.text());
        assert!(
            made.header("location")
                .is_some_and(|l| l.ends_with("/seats_sold")),
            "{root}"
        );
        let read = api.get(&format!("{root}/seats_sold"));
        assert_eq!(read, made.to_value(), "{root}");

        let change = json!({ "label": "Seats", "displayOrder": 4, "hidden": true, "name": "ignored", "hasUniqueValue": true });
        let changed = api.send(with("PATCH", &format!("{root}/seats_sold"), &change));
        assert_eq!(changed.status, 200, "{}", changed.text());
        let read = api.get(&format!("{root}/seats_sold"));
        assert_eq!(read, changed.to_value());
        assert_eq!(
            (
                &read["label"],
                &read["displayOrder"],
                &read["hidden"],
                &read["hasUniqueValue"]
            ),
            (&json!("Seats"), &json!(4), &json!(true), &json!(false))
        );

        let gone = api.send(Request::new("DELETE", &format!("{root}/seats_sold")));
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        assert_eq!(
            api.send(Request::get(&format!("{root}/seats_sold"))).status,
            404
        );
        let archived = api.get(&format!("{root}/seats_sold?archived=true"));
        assert_eq!(archived["archived"], true);
        assert!(archived["archivedAt"].is_string());
        let again = api.send(Request::new("DELETE", &format!("{root}/seats_sold")));
        assert_eq!(
            again.status, 404,
            "an archived property is not there to archive"
        );

        let back = api.send(with(
            "POST",
            root,
            &merged(text("seats_sold"), json!({ "label": "Back" })),
        ));
        assert_eq!(back.status, 201, "{}", back.text());
        let back = back.to_value();
        assert_eq!(
            (&back["label"], &back["createdAt"]),
            (&json!("Back"), &archived["createdAt"])
        );
        assert_eq!(
            api.send(Request::get(&format!("{root}/seats_sold?archived=true")))
                .status,
            404
        );
    }
}

#[test]
fn a_property_that_cannot_be_is_refused_and_nothing_changes() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let before = api.get("/crm/v3/properties/deals");
    let p = |more: Value| merged(text("fine_name"), more);
    let option =
        |value: &str| json!({ "label": value, "value": value, "hidden": false, "displayOrder": 0 });
    let cases: Vec<(Value, u16, &str)> = vec![
        (json!({}), 400, "[name, label, type, fieldType]"),
        (p(json!({ "groupName": null })), 400, "[groupName]"),
        (p(json!({ "name": "Has Capitals" })), 400, "lowercase"),
        (p(json!({ "label": "  " })), 400, "label must not be blank"),
        (
            p(json!({ "type": "json" })),
            400,
            "Invalid value 'json' for field 'type'",
        ),
        (
            p(json!({ "fieldType": "slider" })),
            400,
            "for field 'fieldType'",
        ),
        (
            p(json!({ "type": "number" })),
            400,
            "The fieldType 'text' is not valid",
        ),
        (
            p(json!({ "groupName": "no_such_group" })),
            400,
            "Property group no_such_group does not exist",
        ),
        (
            p(json!({ "type": "enumeration", "fieldType": "select" })),
            400,
            "Options are required",
        ),
        (
            p(
                json!({ "type": "enumeration", "fieldType": "select", "options": [option("a"), option("a")] }),
            ),
            400,
            "unique values",
        ),
        (
            p(json!({ "options": [option("a")] })),
            400,
            "cannot have options",
        ),
        (
            p(json!({ "type": "bool", "fieldType": "booleancheckbox" })),
            400,
            "PropertyValidationError.INVALID_BOOLEAN_OPTION",
        ),
        (
            p(json!({ "displayOrder": "first" })),
            400,
            "'displayOrder': expected an integer",
        ),
        (
            p(json!({ "hidden": "yes" })),
            400,
            "'hidden': expected a boolean",
        ),
        (
            p(json!({ "externalOptions": true })),
            400,
            "referencedObjectType",
        ),
        (
            p(json!({ "type": "number", "fieldType": "calculation_equation" })),
            400,
            "calculationFormula is required",
        ),
        (
            p(
                json!({ "type": "number", "fieldType": "number", "calculationFormula": "no_such_thing * 2" }),
            ),
            404,
            "OBJECT_NOT_FOUND",
        ),
        (
            p(json!({ "type": "number", "fieldType": "number", "currencyPropertyName": "x" })),
            400,
            "ONLY_CURRENCY_PROPERTIES_CAN_SPECIFY_CURRENCY",
        ),
        (
            p(json!({ "name": "amount" })),
            409,
            "Properties.PROPERTY_WITH_NAME_EXISTS",
        ),
        (json!([]), 400, "JSON object"),
    ];
    for (body, status, word) in cases {
        let response = api.send(with("POST", "/crm/v3/properties/deals", &body));
        assert_eq!(response.status, status, "{body}: {}", response.text());
        assert!(
            response.text().contains(word),
            "{body}: {}",
            response.text()
        );
        assert!(response.to_value()["correlationId"].is_string());
    }
    let cases = [
        (
            with("POST", "/crm/v3/properties/spaceships", &text("a")),
            400,
            "Unable to infer object type from: spaceships",
        ),
        (
            with(
                "PATCH",
                "/crm/v3/properties/deals/amount",
                &json!({ "label": "x" }),
            ),
            400,
            "defined by HubSpot",
        ),
        (
            with(
                "PATCH",
                "/crm/v3/properties/deals/no_such",
                &json!({ "label": "x" }),
            ),
            404,
            "OBJECT_NOT_FOUND",
        ),
        (
            Request::new("DELETE", "/crm/v3/properties/deals/amount"),
            400,
            "cannot be archived",
        ),
        (
            Request::new("DELETE", "/crm/v3/properties/deals/no_such"),
            404,
            "OBJECT_NOT_FOUND",
        ),
        (
            Request::new("POST", "/crm/v3/properties/deals"),
            415,
            "application/json",
        ),
    ];
    for (request, status, word) in cases {
        let what = format!("{} {}", request.method, request.path);
        let response = api.send(request);
        assert_eq!(response.status, status, "{what}: {}", response.text());
        assert!(
            response.text().contains(word),
            "{what}: {}",
            response.text()
        );
    }
    assert_eq!(api.get("/crm/v3/properties/deals"), before);
}

#[test]
fn a_property_in_use_is_not_archived_and_each_use_is_named() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let root = "/crm/v3/properties/deals";
    let number = json!({ "type": "number", "fieldType": "number" });
    assert_eq!(
        api.send(with(
            "POST",
            root,
            &merged(text("base_fee"), number.clone())
        ))
        .status,
        201
    );
    let sum = merged(
        merged(text("total_fee"), number),
        json!({ "calculationFormula": "base_fee * 2" }),
    );
    let sum = api.send(with("POST", root, &sum));
    assert_eq!(sum.status, 201, "{}", sum.text());
    assert_eq!(sum.to_value()["fieldType"], "calculation_equation");
    assert_eq!(sum.to_value()["calculated"], true);
    for target in [format!("{root}/base_fee"), format!("{root}/batch/archive")] {
        let request = if target.ends_with("archive") {
            with(
                "POST",
                &target,
                &json!({ "inputs": [{ "name": "total_fee_2" }, { "name": "base_fee" }] }),
            )
        } else {
            Request::new("DELETE", &target)
        };
        let refused = api.send(request).to_value();
        assert_eq!(
            refused["subCategory"],
            "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE"
        );
        assert_eq!(
            refused["errors"][0]["context"]["parentName"][0],
            "0-3/total_fee"
        );
        assert_eq!(refused["context"]["usageCount"][0], "1");
    }
    let gone = api.send(with(
        "POST",
        &format!("{root}/batch/archive"),
        &json!({ "inputs": [{ "name": "total_fee" }, { "name": "never_was" }] }),
    ));
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{root}/base_fee")))
            .status,
        204
    );
}

#[test]
fn a_batch_answers_by_its_generation_and_tells_each_failure() {
    let batch = json!({ "inputs": [text("one"), text("two")] });
    let mixed = json!({ "inputs": [text("three"), text("amount"), { "name": "four" }] });
    for (root, all) in ROOTS.into_iter().zip([201, 200, 201, 201]) {
        let sandbox = sandbox("enterprise");
        let api = Reader::new(&sandbox, LARGE);
        let made = api.send(with("POST", &format!("{root}/batch/create"), &batch));
        assert_eq!(made.status, all, "{root}: {}", made.text());
        assert_eq!(made.to_value()["results"].as_array().map(Vec::len), Some(2));
        let some = api.send(with("POST", &format!("{root}/batch/create"), &mixed));
        assert_eq!(some.status, 207, "{root}: {}", some.text());
        let some = some.to_value();
        assert_eq!(some["numErrors"], 2);
        assert_eq!(some["errors"][0]["category"], "OBJECT_ALREADY_EXISTS");
        assert_eq!(some["errors"][0]["context"]["name"][0], "amount");
        assert_eq!(api.get(&format!("{root}/three"))["name"], "three");
    }
    let sandbox = sandbox("enterprise");
    let many: Vec<Value> = (0..101).map(|n| text(&format!("p{n}"))).collect();
    let refused = Reader::new(&sandbox, LARGE).send(with(
        "POST",
        "/crm/v3/properties/deals/batch/create",
        &json!({ "inputs": many }),
    ));
    assert_eq!(refused.status, 400);
}

#[test]
fn limits_hold_and_the_limit_endpoint_counts_what_was_written() {
    let sandbox = sandbox("small");
    let api = Reader::new(&sandbox, SMALL);
    let used = |api: &Reader<'_>| {
        let limits = api.get("/crm/v3/limits/custom-properties");
        let rows = limits["byObjectType"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let row = rows.into_iter().find(|row| row["objectTypeId"] == "0-3");
        row.map_or(0, |row| row["usage"].as_u64().unwrap_or(0))
    };
    let mut made = 0;
    loop {
        let response = api.send(with(
            "POST",
            "/crm/v3/properties/deals",
            &text(&format!("own_{made}")),
        ));
        if response.status != 201 {
            assert_eq!(response.status, 400, "{}", response.text());
            assert!(
                response.text().contains("limit of 10 custom properties"),
                "{}",
                response.text()
            );
            break;
        }
        made += 1;
        assert!(made <= 10, "a free account takes ten");
    }
    assert_eq!(used(&api), 10);
    assert_eq!(
        api.send(Request::new("DELETE", "/crm/v3/properties/deals/own_0"))
            .status,
        204
    );
    assert_eq!(used(&api), 9, "archived ones do not count");
    let formula = merged(
        text("sum"),
        json!({ "type": "number", "fieldType": "number", "calculationFormula": "amount * 2" }),
    );
    let refused = api.send(with("POST", "/crm/v3/properties/deals", &formula));
    assert!(
        refused.text().contains("limit of 0 calculation properties"),
        "{}",
        refused.text()
    );
}

#[test]
fn writing_needs_the_write_scope_of_the_type_and_its_tier() {
    let sandbox = sandbox("enterprise");
    let cases = [
        (
            "/crm/v3/properties/deals",
            "crm.schemas.deals.read",
            Some("crm.schemas.deals.write"),
        ),
        ("/crm/v3/properties/deals", "crm.schemas.deals.write", None),
        (
            "/crm/v3/properties/tickets",
            "crm.schemas.deals.write",
            Some("tickets"),
        ),
        (
            "/crm/v3/properties/vehicle",
            "crm.schemas.custom.read",
            Some("crm.schemas.custom.write"),
        ),
        (
            "/crm/v3/properties/vehicle",
            "crm.schemas.custom.write",
            None,
        ),
        ("/crm/v3/properties/products", "e-commerce", None),
        (
            "/crm/v3/properties/calls",
            "crm.objects.contacts.read",
            Some("crm.schemas.calls.write"),
        ),
    ];
    for (target, scope, missing) in cases {
        let token = sandbox.with(|state| {
            let scopes = ["oauth", scope];
            state
                .issue_grant(portico_sandbox::DEMO_CLIENT_ID, LARGE, &scopes, NOW)
                .expect("a grant")
                .access_token
        });
        let response = sandbox.call(&with("POST", target, &json!({})).bearer(&token), NOW);
        match missing {
            None => assert_eq!(
                response.status,
                400,
                "{target} {scope}: {}",
                response.text()
            ),
            Some(want) => {
                assert_eq!(response.status, 403, "{target} {scope}");
                let named = &response.to_value()["errors"][0]["context"]["requiredGranularScopes"];
                assert!(
                    named.as_array().expect("scopes").contains(&json!(want)),
                    "{named}"
                );
            }
        }
    }
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&LARGE).expect("the portal");
        portal.hubs = portico_sandbox::model::Hubs::all(portico_sandbox::model::Tier::Professional);
    });
    let token = sandbox.with(|state| {
        let scopes = ["oauth", "crm.schemas.custom.write"];
        state
            .issue_grant(portico_sandbox::DEMO_CLIENT_ID, LARGE, &scopes, NOW)
            .expect("a grant")
            .access_token
    });
    let response = sandbox.call(
        &with("POST", "/crm/v3/properties/vehicle", &json!({})).bearer(&token),
        NOW,
    );
    assert_eq!(response.status, 403, "a lost tier takes the right along");
}
