//! Changes of custom objects and of the associations that their schemas declare (platform 6.2, write side; 11 row 16).

use std::time::Duration;

use portico_sandbox::Request;
use portico_sandbox::model::{Hubs, Tier};
use serde_json::{Value, json};

use super::write_properties::with;
use super::{LARGE, Reader, SMALL, sandbox};

pub(crate) const ROOTS: [&str; 4] = [
    "/crm-object-schemas/v3/schemas",
    "/crm-object-schemas/2026-09/schemas",
    "/crm-object-schemas/2026-03/schemas",
    "/crm/v3/schemas",
];

pub(crate) fn boat() -> Value {
    json!({
        "name": "boat", "labels": { "singular": "Boat", "plural": "Boats" }, "primaryDisplayProperty": "hull_number",
        "requiredProperties": ["hull_number"], "searchableProperties": [], "secondaryDisplayProperties": [],
        "associatedObjects": ["CONTACT", "0-3"],
        "properties": [{ "name": "hull_number", "label": "Hull number", "type": "string", "fieldType": "text", "hasUniqueValue": true }],
    })
}

/// An Enterprise portal with room for more custom objects than the fixture's ten take.
pub(crate) fn roomy() -> portico_sandbox::Sandbox {
    let sandbox = sandbox("enterprise");
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&LARGE).expect("the portal");
        let gone = portal.custom_objects.split_off(5);
        let ids: Vec<String> = gone
            .into_iter()
            .map(|custom| custom.object_type_id)
            .collect();
        portal.objects.retain(|id, _| !ids.contains(id));
        portal
            .association_types
            .retain(|kind| !ids.contains(&kind.from) && !ids.contains(&kind.to));
    });
    sandbox
}

#[test]
fn a_custom_object_is_made_changed_archived_and_purged_on_every_generation_of_paths() {
    for root in ROOTS {
        let sandbox = roomy();
        let api = Reader::new(&sandbox, LARGE);
        let made = api.send(with("POST", root, &boat()));
        assert_eq!(made.status, 201, "{root}: {}", made.text());
        let made = made.to_value();
        let id = made["objectTypeId"].as_str().expect("an id").to_owned();
        assert_eq!(made["fullyQualifiedName"], format!("p{LARGE}_boat"));
        assert_eq!(made["searchableProperties"], json!(["hs_object_id"]));
        for key in ["boat", &id, &format!("p{LARGE}_boat")] {
            assert_eq!(api.get(&format!("{root}/{key}")), made, "{key}");
        }
        let names: Vec<&str> = made["associations"]
            .as_array()
            .expect("associations")
            .iter()
            .filter_map(|a| a["name"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "boat_to_contact",
                "boat_to_contact",
                "boat_to_deal",
                "boat_to_deal"
            ]
        );
        let property = api.get("/crm/v3/properties/boat/hull_number");
        assert_eq!(
            (&property["groupName"], &property["hasUniqueValue"]),
            (&json!("boat_information"), &json!(true))
        );
        assert_eq!(
            api.get("/crm/v3/properties/boat/groups")["results"][0]["label"],
            "Boat Information"
        );

        let twice = api.send(with("POST", root, &boat()));
        assert_eq!(
            (twice.status, twice.to_value()["category"].clone()),
            (409, json!("OBJECT_ALREADY_EXISTS"))
        );
        let change = json!({ "labels": { "plural": "Ships" }, "description": "Floats.", "clearDescription": false, "secondaryDisplayProperties": ["hs_createdate"], "name": "ignored" });
        let changed = api.send(with("PATCH", &format!("{root}/boat"), &change));
        assert_eq!(changed.status, 200, "{}", changed.text());
        let changed = changed.to_value();
        assert_eq!(
            (&changed["labels"], &changed["name"], &changed["portalId"]),
            (
                &json!({ "singular": "Boat", "plural": "Ships" }),
                &json!("boat"),
                &json!(LARGE)
            )
        );
        assert_eq!(api.get(&format!("{root}/boat"))["description"], "Floats.");

        let early = api.send(Request::new(
            "DELETE",
            &format!("{root}/boat?archived=true"),
        ));
        assert!(
            early
                .text()
                .contains("Couldn't find soft-deleted object type(s)"),
            "{}",
            early.text()
        );
        assert_eq!(
            api.send(Request::new("DELETE", &format!("{root}/boat")))
                .status,
            204
        );
        let list = |api: &Reader<'_>, query: &str| {
            let rows = api.get(&format!("{root}?{query}"));
            rows["results"]
                .as_array()
                .expect("rows")
                .iter()
                .filter(|r| r["name"] == "boat")
                .cloned()
                .collect::<Vec<_>>()
        };
        assert!(list(&api, "").is_empty());
        let archived = list(&api, "archived=true");
        assert_eq!(
            (
                archived.len(),
                &archived[0]["archived"],
                &archived[0]["associations"]
            ),
            (1, &json!(true), &json!([]))
        );
        let blocked = api.send(with("POST", "/crm/v3/properties/boat", &json!({})));
        assert!(
            blocked.text().contains("Unable to infer object type"),
            "{}",
            blocked.text()
        );
        assert_eq!(
            api.send(Request::new(
                "DELETE",
                &format!("{root}/{id}?archived=true")
            ))
            .status,
            204
        );
        assert!(list(&api, "archived=true").is_empty());
        assert_eq!(
            api.send(with("POST", root, &boat())).status,
            201,
            "the name is free again"
        );
    }
}

#[test]
fn a_schema_that_cannot_be_is_refused_and_nothing_changes() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    let root = ROOTS[1];
    let before = api.get(root);
    let but = |field: &str, value: Value| {
        let mut body = boat();
        body[field] = value;
        body
    };
    let cases = [
        (json!({}), 400, "[name, labels]"),
        (
            but("name", json!("1boat")),
            400,
            "InboundDbObjectTypeError.OBJECT_TYPE_NAME_FORMAT",
        ),
        (
            but("name", json!("b".repeat(51))),
            400,
            "OBJECT_TYPE_NAME_FORMAT",
        ),
        (
            but("name", json!("VEHICLE")),
            409,
            "InboundDbObjectTypeError.OBJECT_TYPE_ALREADY_EXIST",
        ),
        (
            but("primaryDisplayProperty", Value::Null),
            400,
            "ObjectSchemaError.PRIMARY_DISPLAY_PROPERTY_REQUIRED",
        ),
        (
            but("primaryDisplayProperty", json!("sail")),
            400,
            "Invalid primary display property sail",
        ),
        (
            but("requiredProperties", json!(["sail"])),
            400,
            "requiredProperties names a property",
        ),
        (
            but(
                "secondaryDisplayProperties",
                json!(["hs_object_id", "hs_object_id"]),
            ),
            400,
            "at most 2 different",
        ),
        (
            but("labels", json!({ "singular": "Boat" })),
            400,
            "[labels.singular, labels.plural]",
        ),
        (
            but("associatedObjects", json!(["SPACESHIP"])),
            400,
            "Unable to infer object type from: SPACESHIP",
        ),
        (
            but("properties", json!([{ "name": "hull_number" }])),
            400,
            "[label, type, fieldType]",
        ),
        (
            but(
                "properties",
                json!([boat()["properties"][0], boat()["properties"][0]]),
            ),
            409,
            "PROPERTY_WITH_NAME_EXISTS",
        ),
    ];
    for (body, status, word) in cases {
        let response = api.send(with("POST", root, &body));
        assert_eq!(response.status, status, "{word}: {}", response.text());
        assert!(
            response.text().contains(word),
            "{word}: {}",
            response.text()
        );
    }
    let held = api.send(Request::new("DELETE", &format!("{root}/vehicle")));
    assert_eq!(held.status, 400);
    assert_eq!(
        held.to_value()["subCategory"],
        "ObjectSchemaError.EXISTING_OBJECT_RECORDS"
    );
    assert_eq!(api.get(root), before);
    for n in 0..5 {
        assert_eq!(
            api.send(with("POST", root, &but("name", json!(format!("boat{n}")))))
                .status,
            201
        );
    }
    let full = api.send(with("POST", root, &boat()));
    assert!(
        full.text().contains("limit of 10 custom object types"),
        "{}",
        full.text()
    );
    assert_eq!(api.get("/crm/v3/limits/custom-object-types")["usage"], 10);
}

#[test]
fn custom_objects_need_enterprise_when_the_call_is_made() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    sandbox.with(|state| {
        state.portals.get_mut(&LARGE).expect("the portal").hubs = Hubs::all(Tier::Professional);
    });
    let refused = api.send(with("POST", ROOTS[0], &boat()));
    assert_eq!(
        (refused.status, refused.to_value()["category"].clone()),
        (403, json!(null)),
        "a permission is missing, for the token holds the scope"
    );
    let small = super::sandbox("small");
    assert_eq!(
        Reader::new(&small, SMALL)
            .send(with("POST", ROOTS[0], &boat()))
            .status,
        403
    );
}

#[test]
fn schema_reads_lag_a_create_for_as_long_as_the_switch_says() {
    let sandbox = roomy();
    let api = Reader::new(&sandbox, LARGE);
    sandbox.with(|state| state.switches.schema_lag = Duration::from_millis(2_500));
    let seen = |api: &Reader<'_>| {
        let list = api.get(ROOTS[0]);
        list["results"]
            .as_array()
            .expect("rows")
            .iter()
            .any(|row| row["name"] == "boat")
    };
    assert_eq!(api.send(with("POST", ROOTS[0], &boat())).status, 201);
    assert_eq!(
        api.send(Request::get(&format!("{}/boat", ROOTS[0]))).status,
        400,
        "one second later"
    );
    assert_eq!(
        api.send(Request::get("/crm/v3/properties/boat")).status,
        200,
        "other reads do not lag"
    );
    assert!(seen(&api), "three seconds later");
    assert_eq!(
        api.send(Request::get(&format!("{}/boat", ROOTS[0]))).status,
        200
    );
}

#[test]
fn associations_of_a_schema_are_made_and_deleted() {
    for root in ROOTS {
        let sandbox = roomy();
        let api = Reader::new(&sandbox, LARGE);
        let id = api.send(with("POST", root, &boat())).to_value()["objectTypeId"].clone();
        let target = format!("{root}/boat/associations");
        let body = json!({ "fromObjectTypeId": id, "toObjectTypeId": "0-5", "name": "boat_issue" });
        let made = api.send(with("POST", &target, &body));
        assert_eq!(made.status, 201, "{root}: {}", made.text());
        let made = made.to_value();
        assert_eq!(
            (
                &made["fromObjectTypeId"],
                &made["toObjectTypeId"],
                &made["name"]
            ),
            (&id, &json!("0-5"), &json!("boat_issue"))
        );
        let rows = api.get("/crm/v4/associations/tickets/boat/labels");
        assert_eq!(
            rows["results"],
            json!([{ "category": "USER_DEFINED", "typeId": made["id"].as_str().expect("an id").parse::<u64>().expect("a number") + 1, "label": null }])
        );
        for (body, word) in [
            (body.clone(), "already exists"),
            (
                json!({ "fromObjectTypeId": "0-1", "toObjectTypeId": "0-5" }),
                "One of fromObjectTypeId",
            ),
            (json!({ "fromObjectTypeId": id }), "[toObjectTypeId]"),
            (
                json!({ "fromObjectTypeId": id, "toObjectTypeId": "0-2", "name": "boat_issue" }),
                "with name boat_issue already exists",
            ),
        ] {
            let refused = api.send(with("POST", &target, &body));
            assert_eq!(refused.status, 400);
            assert!(refused.text().contains(word), "{word}: {}", refused.text());
        }
        assert_eq!(
            api.send(Request::new("DELETE", &format!("{target}/boat_issue")))
                .status,
            204
        );
        assert_eq!(
            api.send(Request::new("DELETE", &format!("{target}/boat_issue")))
                .status,
            404
        );
        assert_eq!(
            api.get("/crm/v4/associations/boat/tickets/labels")["results"],
            json!([])
        );
    }
}
