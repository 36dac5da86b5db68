//! Changes of association labels and of the limits on associations (platform 6.2, write side; 9.2 for 437).

use portico_sandbox::Request;
use serde_json::{Value, json};

use super::write_properties::with;
use super::write_schemas::{ROOTS, boat, roomy};
use super::{LARGE, Reader};

const PAIRS: [&str; 4] = [
    "/crm/v4/associations",
    "/crm/associations/2026-09",
    "/crm/associations/2026-03",
    "/crm/associations/v4",
];

fn rows(api: &Reader<'_>, target: &str) -> Vec<(u64, Option<String>)> {
    let rows = api.get(target)["results"].as_array().expect("rows").clone();
    let row = |r: &Value| {
        (
            r["typeId"].as_u64().expect("an id"),
            r["label"].as_str().map(str::to_owned),
        )
    };
    rows.iter()
        .filter(|r| r["category"] == "USER_DEFINED")
        .map(row)
        .collect()
}

#[test]
fn a_label_is_a_pair_that_is_made_renamed_and_deleted_together() {
    for root in PAIRS {
        let sandbox = roomy();
        let api = Reader::new(&sandbox, LARGE);
        let (there, back) = (
            format!("{root}/deals/products/labels"),
            format!("{root}/0-7/0-3/labels"),
        );
        let body = json!({ "name": "bundle", "label": "Bundle", "inverseLabel": "Bundled in" });
        let made = api.send(with("POST", &there, &body));
        assert_eq!(made.status, 200, "{root}: {}", made.text());
        let made = made.to_value();
        let ids: Vec<u64> = made["results"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| r["typeId"].as_u64().expect("an id"))
            .collect();
        assert_eq!(made["results"][0]["category"], "USER_DEFINED");
        assert_eq!(rows(&api, &there), [(ids[0], Some("Bundle".to_owned()))]);
        assert_eq!(rows(&api, &back), [(ids[1], Some("Bundled in".to_owned()))]);
        let change = json!({ "associationTypeId": ids[1], "label": "Part of" });
        assert_eq!(
            api.send(with("PUT", &there, &change)).status,
            404,
            "the id is of the other direction"
        );
        assert_eq!(api.send(with("PUT", &back, &change)).status, 204);
        assert_eq!(
            rows(&api, &there),
            [(ids[0], Some("Part of".to_owned()))],
            "without an inverse, both sides take it"
        );
        let cases = [
            (
                with(
                    "POST",
                    &there,
                    &json!({ "name": "bundle", "label": "Other" }),
                ),
                400,
                "with name bundle already exists",
            ),
            (
                with(
                    "POST",
                    &there,
                    &json!({ "name": "other", "label": "part OF" }),
                ),
                400,
                "already exists between",
            ),
            (
                with("POST", &there, &json!({ "name": "other" })),
                400,
                "[label]",
            ),
            (
                with("POST", &there, &json!({ "name": "plain", "label": "" })),
                400,
                "An unlabeled association already exists",
            ),
            (
                with(
                    "PUT",
                    &there,
                    &json!({ "associationTypeId": 20, "label": "x" }),
                ),
                404,
                "No user-defined association type",
            ),
            (
                Request::new("DELETE", &format!("{there}/nineteen")),
                400,
                "Unable to parse value for path parameter: associationTypeId",
            ),
            (
                Request::new("DELETE", &format!("{there}/19")),
                404,
                "OBJECT_NOT_FOUND",
            ),
        ];
        for (request, status, word) in cases {
            let response = api.send(request);
            assert_eq!(response.status, status, "{word}: {}", response.text());
            assert!(
                response.text().contains(word),
                "{word}: {}",
                response.text()
            );
        }
        assert_eq!(
            api.send(Request::new("DELETE", &format!("{there}/{}", ids[0])))
                .status,
            204
        );
        assert!(
            rows(&api, &there).is_empty() && rows(&api, &back).is_empty(),
            "both directions go"
        );
        let again = api.send(with("POST", &there, &body)).to_value();
        assert!(
            again["results"][0]["typeId"].as_u64() > Some(ids[1]),
            "an id is not given twice"
        );
    }
}

#[test]
fn a_label_of_a_custom_object_brings_the_unlabelled_association_and_holds_it() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    let mut body = boat();
    body["associatedObjects"] = json!([]);
    assert_eq!(api.send(with("POST", ROOTS[0], &body)).status, 201);
    let target = "/crm/v4/associations/boat/companies/labels";
    assert_eq!(
        api.send(with(
            "POST",
            target,
            &json!({ "name": "charter", "label": "Chartered by" })
        ))
        .status,
        200
    );
    let both = rows(&api, target);
    assert_eq!(
        both.iter()
            .map(|(_, label)| label.as_deref())
            .collect::<Vec<_>>(),
        [Some("Chartered by"), None]
    );
    let held = api.send(Request::new("DELETE", &format!("{target}/{}", both[1].0)));
    assert!(
        held.text().contains("Definition with label still exists"),
        "{}",
        held.text()
    );
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{target}/{}", both[0].0)))
            .status,
        204
    );
    assert_eq!(
        rows(&api, target),
        [(both[1].0, None)],
        "the unlabelled one stays"
    );
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{target}/{}", both[1].0)))
            .status,
        204
    );
    let plain = api.send(with(
        "POST",
        target,
        &json!({ "name": "plain", "label": "" }),
    ));
    assert_eq!(
        (
            plain.status,
            plain.to_value()["results"].as_array().map(Vec::len)
        ),
        (200, Some(2))
    );
}

#[test]
fn the_fifty_first_label_of_a_pair_is_answered_437_and_the_limit_endpoint_agrees() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    let mut made = 0;
    let refused = loop {
        let body = json!({ "name": format!("l{made}"), "label": format!("Label {made}"), "inverseLabel": format!("Back {made}") });
        let response = api.send(with(
            "POST",
            "/crm/v4/associations/products/products/labels",
            &body,
        ));
        if response.status != 200 {
            break response;
        }
        made += 1;
        assert!(made <= 50);
    };
    assert_eq!((made, refused.status), (50, 437));
    assert!(
        refused.text().contains("No more than 50 association types"),
        "{}",
        refused.text()
    );
    let body = |n: usize| json!({ "name": format!("m{n}"), "label": format!("Label {n}") });
    for n in 0..50 {
        assert_eq!(
            api.send(with(
                "POST",
                "/crm/v4/associations/deals/products/labels",
                &body(n)
            ))
            .status,
            200
        );
    }
    assert_eq!(
        api.send(with(
            "POST",
            "/crm/v4/associations/0-7/0-3/labels",
            &body(50)
        ))
        .status,
        437
    );
    let limits = api.get("/crm/v3/limits/associations/labels");
    let row = limits["results"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|r| {
            r["fromObjectType"]["objectTypeId"] == "0-3"
                && r["toObjectType"]["objectTypeId"] == "0-7"
        })
        .cloned();
    assert_eq!(row.expect("the pair")["usage"], 50);
}

#[test]
fn limits_on_associations_are_set_changed_and_lifted() {
    for root in PAIRS {
        let sandbox = roomy();
        let api = Reader::new(&sandbox, LARGE);
        let target = format!("{root}/definitions/configurations/deals/companies/batch");
        let input = |id: u64, max: i64| json!({ "inputs": [{ "category": "HUBSPOT_DEFINED", "typeId": id, "maxToObjectIds": max }] });
        let stored = |api: &Reader<'_>| {
            let all = api.get(&format!("{root}/definitions/configurations/all"));
            all["results"]
                .as_array()
                .expect("rows")
                .iter()
                .find(|r| r["category"] == "HUBSPOT_DEFINED" && r["typeId"] == 5)
                .cloned()
        };
        let made = api.send(with("POST", &format!("{target}/create"), &input(5, 1)));
        assert_eq!(made.status, 201, "{root}: {}", made.text());
        let row = json!({ "category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary", "userEnforcedMaxToObjectIds": 1 });
        assert_eq!(
            (made.to_value()["results"][0].clone(), stored(&api)),
            (row.clone(), Some(row))
        );
        let changed = api.send(with("POST", &format!("{target}/update"), &input(5, 9)));
        assert_eq!(
            (changed.status, changed.to_value()["results"][0].clone()),
            (
                200,
                json!({ "category": "HUBSPOT_DEFINED", "typeId": 5, "userEnforcedMaxToObjectIds": 9 })
            )
        );
        for (op, body, category) in [
            ("create", input(5, 2), "OBJECT_ALREADY_EXISTS"),
            ("update", input(999, 2), "OBJECT_NOT_FOUND"),
            ("update", input(5, 0), "VALIDATION_ERROR"),
        ] {
            let mixed = api.send(with("POST", &format!("{target}/{op}"), &body));
            assert_eq!(
                (
                    mixed.status,
                    mixed.to_value()["errors"][0]["category"].clone()
                ),
                (207, json!(category))
            );
        }
        assert_eq!(
            stored(&api).expect("a row")["userEnforcedMaxToObjectIds"],
            9
        );
        for _ in 0..2 {
            assert_eq!(
                api.send(with("POST", &format!("{target}/purge"), &input(5, 1)))
                    .status,
                204
            );
        }
        assert_eq!(stored(&api), None);
    }
}

#[test]
fn records_lose_an_association_whose_label_is_deleted() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    let target = "/crm/v4/associations/deals/contacts/labels";
    let body = json!({ "name": "skipper", "label": "Skipper", "inverseLabel": "Steers" });
    let made = api.send(with("POST", target, &body)).to_value();
    let type_id = &made["results"][0]["typeId"];
    let contact = json!({ "properties": { "email": "skipper@example.com" } });
    let contact = api
        .send(with("POST", "/crm/v3/objects/contacts", &contact))
        .to_value()["id"]
        .clone();
    let types = json!([{ "associationCategory": "USER_DEFINED", "associationTypeId": type_id }]);
    let deal = json!({
        "properties": { "dealname": "Voyage", "pipeline": "default", "dealstage": "qualifiedtobuy" },
        "associations": [{ "to": { "id": contact }, "types": types }],
    });
    let deal = api
        .send(with("POST", "/crm/v3/objects/deals", &deal))
        .to_value()["id"]
        .clone();
    let deal = format!(
        "/crm/v3/objects/deals/{}?associations=contacts",
        deal.as_str().expect("an id")
    );
    let kinds = |api: &Reader<'_>| {
        api.get(&deal)["associations"]["contacts"]["results"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| r["type"].clone())
            .collect::<Vec<_>>()
    };
    assert!(kinds(&api).contains(&json!("skipper")), "{:?}", kinds(&api));
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{target}/{type_id}")))
            .status,
        204
    );
    assert_eq!(kinds(&api), ["deal_to_contact"], "the unlabelled one stays");
}
