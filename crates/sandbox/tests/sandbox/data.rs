//! Metadata endpoints: J18–J21, D8, D17, D54, platform 3, 6, 8.4 and 9.

use std::collections::BTreeSet;

use portico_sandbox::Request;
use serde_json::{Value, json};

use crate::{LARGE, Reader, SMALL, sandbox};

/// J10, J18–J20, mission facts 4 and 5: no name and no tier in details; the beta has the name; usage tells the tier.
#[test]
fn account_details_have_nine_fields_and_the_beta_a_name() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let details = reader.get("/account-info/2026-09/details");
    assert_eq!(details.as_object().map(serde_json::Map::len), Some(9));
    assert_eq!(details["uiDomain"], "app-eu1.hubspot.com");
    assert_eq!(details["utcOffset"], "+01:00");
    let named = reader.get("/account-info/2027-03-beta/details");
    assert_eq!(named["portalName"], "Fahrradwerkstatt Kiesel");
    let usage = reader.get("/account-info/v3/api-usage/daily/private-apps");
    assert_eq!(usage["results"][0]["usageLimit"], 250_000);
    let agency = crate::sandbox("agency");
    for (portal, limit) in [(25_733_019, 625_000), (26_104_388, 1_000_000)] {
        let usage =
            Reader::new(&agency, portal).get("/account-info/2026-03/api-usage/daily/private-apps");
        assert_eq!(usage["results"][0]["usageLimit"], limit);
        assert!(
            usage["results"][0]["resetsAt"]
                .as_str()
                .is_some_and(|t| t.ends_with(":00:00Z"))
        );
    }
}

/// Platform 6.1: a type is named by name, id, singular, fully qualified name; unknown ones cannot be inferred.
#[test]
fn object_types_have_many_names() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let first = &reader.get("/crm-object-schemas/v3/schemas")["results"][0];
    let custom = |name: &str| first[name].as_str().unwrap().to_owned();
    let names = [
        ["deals".to_owned(), "0-3".to_owned(), "DEAL".to_owned()],
        [
            custom("name"),
            custom("objectTypeId"),
            custom("fullyQualifiedName"),
        ],
    ];
    for [name, id, other] in names {
        let by_name = reader.get(&format!("/crm/v3/properties/{name}"));
        assert_eq!(
            by_name,
            reader.get(&format!("/crm/properties/2026-03/{id}"))
        );
        assert_eq!(by_name, reader.get(&format!("/crm/v3/properties/{other}")));
        assert!(
            by_name["results"]
                .as_array()
                .is_some_and(|rows| rows.len() > 25)
        );
    }
    let unknown = reader.send(Request::get("/crm/v3/properties/unicorns"));
    assert_eq!(unknown.status, 400);
    assert_eq!(
        unknown.to_value()["message"],
        "Unable to infer object type from: unicorns"
    );
}

/// Platform 6.2: one call gives every custom object whole; flags leave parts out; one schema answers for standard types.
#[test]
fn schemas_come_whole_or_in_parts() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let all = reader.get("/crm-object-schemas/2026-09/schemas");
    assert_eq!(all["results"].as_array().map(Vec::len), Some(10));
    for schema in all["results"].as_array().unwrap() {
        let own = reader.get(&format!(
            "/crm/v3/properties/{}",
            schema["objectTypeId"].as_str().unwrap()
        ));
        assert_eq!(schema["properties"], own["results"]);
        assert!(
            schema["associations"]
                .as_array()
                .is_some_and(|rows| rows.len() >= 6)
        );
        let title = &schema["primaryDisplayProperty"];
        assert!(
            schema["properties"]
                .as_array()
                .unwrap()
                .iter()
                .any(|p| p["name"] == *title)
        );
    }
    let thin = reader.get("/crm-object-schemas/2026-09/schemas?includePropertyDefinitions=false&includeAssociationDefinitions=false");
    assert_eq!(
        (
            &thin["results"][0]["properties"],
            &thin["results"][0]["associations"]
        ),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        reader.get("/crm/v3/schemas/contacts")["objectTypeId"],
        "0-1"
    );
    assert_eq!(
        reader.get("/crm/v3/schemas?archived=true")["results"],
        json!([])
    );
    let body = json!({ "inputs": ["0-3", "vehicle", "2-1"], "includePropertyDefinitions": true, "includeAssociationDefinitions": true, "includeAuditMetadata": false });
    let batch = reader.send(Request::json(
        "/crm-object-schemas/2026-09/schemas/batch/read",
        &body,
    ));
    assert_eq!(
        (
            batch.status,
            batch.to_value()["results"].as_array().map(Vec::len)
        ),
        (207, Some(2))
    );
    sandbox.with(|state| state.switches.batch_read_standard_schemas = false);
    assert_eq!(
        reader
            .send(Request::json(
                "/crm-object-schemas/2026-09/schemas/batch/read",
                &body
            ))
            .status,
        400
    );
    let missing = reader.send(Request::json(
        "/crm-object-schemas/v3/schemas/batch/read",
        &json!({ "inputs": [] }),
    ));
    assert_eq!(missing.to_value()["category"], "VALIDATION_ERROR");
}

/// D17, platform 6.2: properties have HubSpot's shape, real names and options, and are found one by one.
#[test]
fn properties_look_like_hubspots() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let rows = reader.get("/crm/v3/properties/contacts");
    let rows = rows["results"].as_array().unwrap();
    assert!(rows.len() > 150);
    for row in rows {
        for name in [
            "name",
            "label",
            "type",
            "fieldType",
            "groupName",
            "description",
        ] {
            assert!(row[name].is_string(), "{name} of {row}");
        }
        assert!(
            row["options"].is_array() && row["modificationMetadata"]["archivable"].is_boolean()
        );
    }
    let stage = reader.get("/crm/v3/properties/contacts/lifecyclestage");
    assert_eq!(stage["options"][2]["value"], "marketingqualifiedlead");
    assert_eq!(stage["hubspotDefined"], true);
    let own = rows
        .iter()
        .find(|row| row["label"] == "Kundennummer")
        .expect("a custom property");
    assert_eq!(
        (&own["name"], own.get("hubspotDefined")),
        (&json!("kundennummer"), None)
    );
    let missing = reader.send(Request::get("/crm/v3/properties/contacts/nope"));
    assert_eq!(
        (missing.status, &missing.to_value()["category"]),
        (404, &json!("OBJECT_NOT_FOUND"))
    );
    let some = reader.get("/crm/v3/properties/contacts?properties=email,phone&properties=city");
    assert_eq!(some["results"].as_array().map(Vec::len), Some(3));
    let body = json!({ "archived": false, "inputs": [{ "name": "amount" }, { "name": "nope" }] });
    let batch = reader.send(Request::json(
        "/crm/properties/2026-09/deals/batch/read",
        &body,
    ));
    assert_eq!(
        (batch.status, &batch.to_value()["numErrors"]),
        (207, &json!(1))
    );
}

/// Clients take stage labels from the deal's properties; a ticket's stages are external options, read as pipelines.
#[test]
fn a_deals_stages_are_options_and_follow_the_pipelines() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let read = || reader.get("/crm/v3/properties/deals/dealstage")["options"].clone();
    let pipelines = reader.get("/crm/v3/pipelines/deals");
    let pipelines = pipelines["results"].as_array().unwrap();
    let stages = pipelines
        .iter()
        .flat_map(|p| p["stages"].as_array().unwrap());
    let want: Vec<&Value> = stages.map(|stage| &stage["id"]).collect();
    let options = read();
    let got: Vec<&Value> = options
        .as_array()
        .unwrap()
        .iter()
        .map(|o| &o["value"])
        .collect();
    assert_eq!(got, want);
    let all = reader.get("/crm/v3/properties/deals?properties=pipeline");
    let listed = all["results"][0]["options"].as_array();
    assert_eq!(listed.map(Vec::len), Some(pipelines.len()));
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&LARGE).unwrap();
        let stage = &mut portal.objects.get_mut("0-3").unwrap().pipelines[0].stages[0];
        stage.label = "Renamed".to_owned();
    });
    assert_eq!(read()[0]["label"], "Renamed");
    let status = reader.get("/crm/v3/properties/tickets/hs_pipeline_stage");
    assert_eq!(
        (&status["externalOptions"], &status["options"]),
        (&json!(true), &json!([]))
    );
}

/// Platform 6.2: stage metadata are strings; default stages have their ids; every portal has the lifecycle pipelines.
#[test]
fn pipelines_have_string_metadata() {
    let sandbox = sandbox("agency");
    let reader = Reader::new(&sandbox, 26_104_388);
    let deals = reader.get("/crm/v3/pipelines/deals");
    let stages = deals["results"][0]["stages"].as_array().unwrap();
    assert_eq!(stages[0]["id"], "appointmentscheduled");
    assert_eq!(
        stages[5]["metadata"],
        json!({ "isClosed": "true", "probability": "1.0" })
    );
    let tickets = reader.get("/crm/pipelines/2026-09/tickets");
    assert_eq!(
        tickets["results"][0]["stages"][3]["metadata"],
        json!({ "isClosed": "true", "ticketState": "CLOSED" })
    );
    assert_eq!(
        reader.get("/crm/v3/pipelines/contacts")["results"][0]["label"],
        "Lifecycle Stage Pipeline"
    );
    assert_eq!(reader.get("/crm/v3/pipelines/notes")["results"], json!([]));
}

/// P4, platform 6.5: paging gives each record once and stops; the last page has no cursor.
#[test]
fn paging_returns_each_record_once() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let cases = [
        ("/crm/v3/owners/?limit=500", 600, 2),
        ("/crm/owners/2026-09?limit=7", 600, 86),
        ("/settings/v3/users/", 600, 6),
        ("/marketing/v3/forms/?limit=100", 260, 3),
        ("/marketing/forms/2026-09-beta", 260, 13),
        ("/automation/v4/flows?limit=100", 350, 4),
        ("/marketing/v3/emails/?limit=100", 900, 9),
        ("/cms/v3/pages/site-pages?limit=100", 400, 4),
    ];
    for (target, count, calls) in cases {
        let (rows, made) = reader.walk(target);
        let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        assert_eq!(
            (rows.len(), ids.len(), made),
            (count, count, calls),
            "{target}"
        );
    }
}

/// Platform 6.3: lists page by offset; each once; bad counts are refused.
#[test]
fn list_search_pages_by_offset() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let (mut offset, mut ids, mut calls) = (0, BTreeSet::new(), 0);
    loop {
        let body = json!({ "count": 500, "offset": offset, "listIds": [], "processingTypes": [], "additionalProperties": ["hs_list_size"] });
        let page = reader
            .send(Request::json("/crm/lists/2026-09/search", &body))
            .to_value();
        calls += 1;
        assert_eq!(page["total"], 1_800);
        for list in page["lists"].as_array().unwrap() {
            assert!(ids.insert(list["listId"].as_str().unwrap().to_owned()));
        }
        offset = page["offset"].as_u64().unwrap();
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!((ids.len(), calls), (1_800, 4));
    for bad in [
        json!({ "count": 501 }),
        json!({ "count": 0 }),
        json!({ "offset": -1 }),
        json!({ "listIds": 3 }),
    ] {
        let response = reader.send(Request::json("/crm/v3/lists/search", &bad));
        assert_eq!(
            (response.status, &response.to_value()["category"]),
            (400, &json!("VALIDATION_ERROR")),
            "{bad}"
        );
    }
    let filtered = reader
        .send(Request::json(
            "/crm/v3/lists/search",
            &json!({ "query": "newsletter", "processingTypes": ["MANUAL"], "listIds": [], "offset": 0, "additionalProperties": [] }),
        ))
        .to_value();
    assert!(
        filtered["lists"]
            .as_array()
            .unwrap()
            .iter()
            .all(|l| l["processingType"] == "MANUAL")
    );
    let with_filters = reader.get("/crm/v3/lists?listIds=1&listIds=2,3&includeFilters=true");
    assert_eq!(with_filters["lists"].as_array().map(Vec::len), Some(3));
}

/// Platform 6.3: a row of the list has no definition; the batch has it.
#[test]
fn workflow_definitions_come_in_batches() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let rows = reader.get("/automation/2026-09-beta/flows?limit=3");
    assert!(
        rows["results"][0].get("actions").is_none() && rows["results"][0]["isEnabled"].is_boolean()
    );
    let input = |id: &str| json!({ "flowId": id, "type": "FLOW_ID" });
    let id = rows["results"][1]["id"].as_str().unwrap();
    let body = json!({ "inputs": [input(id)] });
    let batch = reader.send(Request::json("/automation/v4/flows/batch/read", &body));
    assert_eq!(
        (batch.status, &batch.to_value()["results"][0]["id"]),
        (200, &json!(id))
    );
    assert!(
        batch.to_value()["results"][0]["actions"]
            .as_array()
            .is_some_and(|a| !a.is_empty())
    );
    let many: Vec<Value> = (0..101).map(|_| input(id)).collect();
    assert_eq!(
        reader
            .send(Request::json(
                "/automation/v4/flows/batch/read",
                &json!({ "inputs": many })
            ))
            .status,
        400
    );
}

/// Platform 6.2, 6.6: labels exist for exactly the pairs that the limit endpoint names, forty of them.
#[test]
fn labels_are_where_the_limits_say() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let pairs = reader.get("/crm/limits/2026-09/associations/labels");
    let pairs = pairs["results"].as_array().unwrap();
    assert_eq!(pairs.len(), 40);
    let mut types = BTreeSet::new();
    for pair in pairs {
        let id = |name: &str| pair[name]["objectTypeId"].as_str().unwrap().to_owned();
        let rows = reader.get(&format!(
            "/crm/v4/associations/{}/{}/labels",
            id("fromObjectType"),
            id("toObjectType")
        ));
        let own: Vec<&Value> = rows["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["category"] == "USER_DEFINED" && !r["label"].is_null())
            .collect();
        assert_eq!(json!(own.len()), pair["usage"]);
        for row in own {
            assert!(types.insert(row["typeId"].as_u64()), "type ids are unique");
        }
    }
    let configured = reader.get("/crm/v4/associations/definitions/configurations/all");
    for row in configured["results"].as_array().unwrap() {
        assert!(types.contains(&row["typeId"].as_u64()), "joins on typeId");
    }
    let plain = reader.get("/crm/associations/2026-09/deals/contacts/labels");
    assert!(
        plain["results"]
            .as_array()
            .unwrap()
            .contains(&json!({ "category": "HUBSPOT_DEFINED", "typeId": 3, "label": null }))
    );
}
