//! Changes of pipelines and stages (platform 6.2, write side; 9.2).

use portico_sandbox::Request;
use serde_json::{Value, json};

use super::write_properties::with;
use super::{LARGE, Reader, SMALL, sandbox};

pub(crate) const ROOTS: [&str; 4] = [
    "/crm/v3/pipelines/deals",
    "/crm/pipelines/2026-09/0-3",
    "/crm/pipelines/2026-03/deal",
    "/crm/pipelines/v3/deals",
];

pub(crate) fn stage(label: &str, order: i32, probability: &str) -> Value {
    json!({ "label": label, "displayOrder": order, "metadata": { "probability": probability } })
}

fn pipeline(label: &str, stages: &[Value]) -> Value {
    json!({ "label": label, "displayOrder": 3, "stages": stages })
}

pub(crate) fn two() -> Value {
    pipeline("Berths", &[stage("Open", 0, "0.30"), stage("Won", 1, "1")])
}

pub(crate) fn labels(pipeline: &Value) -> Vec<(String, i64)> {
    let stages = pipeline["stages"].as_array().expect("stages");
    let row = |s: &Value| {
        (
            s["label"].as_str().expect("a label").to_owned(),
            s["displayOrder"].as_i64().expect("an order"),
        )
    };
    stages.iter().map(row).collect()
}

#[test]
fn a_pipeline_is_made_changed_replaced_and_deleted_on_every_generation_of_paths() {
    for root in ROOTS {
        let sandbox = sandbox("enterprise");
        let api = Reader::new(&sandbox, LARGE);
        let made = api.send(with("POST", root, &two()));
        assert_eq!(made.status, 201, "{root}: {}", made.text());
        let made = made.to_value();
        let id = made["id"].as_str().expect("an id").to_owned();
        assert!(
            id.bytes().all(|b| b.is_ascii_digit()),
            "a new pipeline gets a number: {id}"
        );
        assert_eq!(
            made["stages"][0]["metadata"]["probability"], "0.30",
            "the answer shows what was sent"
        );
        let one = format!("{root}/{id}");
        let read = api.get(&one);
        assert_eq!(
            read["stages"][0]["metadata"],
            json!({ "isClosed": "false", "probability": "0.3" })
        );
        assert_eq!(
            read["stages"][1]["metadata"],
            json!({ "isClosed": "true", "probability": "1.0" })
        );
        assert_eq!(
            read["stages"][0]["writePermissions"],
            "CRM_PERMISSIONS_ENFORCEMENT"
        );
        let listed = api.get(root);
        assert!(listed["results"].as_array().expect("rows").contains(&read));

        let patched = api.send(with("PATCH", &one, &json!({ "label": "Second sales" })));
        assert_eq!(patched.status, 200, "{}", patched.text());
        let after = api.get(&one);
        assert_eq!(
            (&after["label"], &after["displayOrder"]),
            (&json!("Second sales"), &json!(3)),
            "a patch merges"
        );
        assert_eq!(labels(&after), labels(&read));

        let kept = read["stages"][1]["id"].clone();
        let put = json!({ "label": "Replaced", "displayOrder": 0, "stages": [
            { "stageId": kept, "label": "Closed", "displayOrder": 1, "metadata": { "probability": "0" } },
            stage("Fresh", 0, "0.5"),
        ] });
        let replaced = api.send(with("PUT", &one, &put));
        assert_eq!(replaced.status, 200, "{}", replaced.text());
        let after = api.get(&one);
        assert_eq!(
            labels(&after),
            [("Fresh".to_owned(), 0), ("Closed".to_owned(), 1)],
            "a put replaces"
        );
        assert_eq!(after["stages"][1]["id"], kept);
        assert_eq!(
            after["stages"][1]["createdAt"],
            read["stages"][1]["createdAt"]
        );

        let audit = api.get(&format!("{one}/audit"))["results"].clone();
        let actions: Vec<&str> = (0..3).filter_map(|n| audit[n]["action"].as_str()).collect();
        assert_eq!(
            actions,
            ["UPDATE", "UPDATE", "CREATE"],
            "newest first: {audit}"
        );
        assert_eq!(
            audit[1]["rawObject"]["label"], "Second sales",
            "what it was then"
        );

        assert_eq!(api.send(Request::new("DELETE", &one)).status, 204);
        assert_eq!(api.send(Request::get(&one)).status, 404);
        assert_eq!(api.send(Request::new("DELETE", &one)).status, 404);
        for (method, body) in [("PATCH", json!({ "label": "x" })), ("PUT", two())] {
            assert_eq!(api.send(with(method, &one, &body)).status, 404, "{method}");
        }
        let trail: Vec<String> = sandbox.with(|state| {
            let rows = state.portals[&LARGE].pipeline_audit.iter();
            rows.map(|row| {
                format!(
                    "{} {} {}",
                    row["action"],
                    row["identifier"] == id.as_str(),
                    row["rawObject"]["objectTypeId"]
                )
            })
            .collect()
        });
        let row = |action: &str| format!("\"{action}\" true \"0-3\"");
        assert_eq!(
            trail,
            [row("CREATE"), row("UPDATE"), row("UPDATE"), row("DELETE")]
        );
    }
}

#[test]
fn a_pipeline_that_cannot_be_is_refused_and_nothing_changes() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let before = [
        api.get("/crm/v3/pipelines/deals"),
        api.get("/crm/v3/pipelines/tickets"),
    ];
    let with_id = |id: &str| json!({ "pipelineId": id, "label": "Mine", "displayOrder": 1, "stages": [stage("a", 0, "0.1")] });
    let named = |id: &str| json!({ "stageId": id, "label": "a", "displayOrder": 0, "metadata": { "probability": "0.1" } });
    let many: Vec<Value> = (0..101)
        .map(|n| stage(&format!("s{n}"), n, "0.1"))
        .collect();
    let cases: Vec<(&str, Value, u16, &str)> = vec![
        ("deals", json!({}), 400, "[label, displayOrder]"),
        ("deals", pipeline("Mine", &[]), 400, "at least one stage"),
        (
            "deals",
            json!({ "label": "Mine", "displayOrder": 0 }),
            400,
            "at least one stage",
        ),
        (
            "deals",
            pipeline("sales PIPELINE ", &[stage("a", 0, "0.1")]),
            400,
            "An active pipeline with label Sales Pipeline already exists",
        ),
        (
            "deals",
            pipeline("Mine", &[json!({ "label": "a", "displayOrder": 0 })]),
            400,
            "must specify probability",
        ),
        (
            "deals",
            pipeline("Mine", &[stage("a", 0, "2")]),
            400,
            "between 0 and 1",
        ),
        (
            "deals",
            pipeline("Mine", &[stage("a", -1, "0.1")]),
            400,
            "must not be negative",
        ),
        (
            "deals",
            pipeline("Mine", &[stage("a", 0, "0.1"), stage(" A", 1, "0.2")]),
            400,
            "Stage labels must be unique",
        ),
        (
            "deals",
            pipeline("Mine", &[named("x"), named("x")]),
            400,
            "given twice",
        ),
        (
            "deals",
            pipeline("Mine", &[named("closedwon")]),
            409,
            "PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE",
        ),
        (
            "deals",
            pipeline("Mine", &[named(&"s".repeat(101))]),
            500,
            "internal error",
        ),
        ("deals", pipeline("Mine", &many), 400, "at most 100 stages"),
        (
            "deals",
            with_id("default"),
            400,
            "another pipeline with pipelineId default",
        ),
        (
            "deals",
            with_id("0"),
            409,
            "STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE",
        ),
        ("deals", with_id(&"p".repeat(37)), 500, "internal error"),
        (
            "tickets",
            pipeline(
                "Mine",
                &[
                    json!({ "label": "a", "displayOrder": 0, "metadata": { "ticketState": "OPEN" } }),
                ],
            ),
            400,
            "PipelineError.MISSING_CLOSED_STAGE",
        ),
        (
            "tickets",
            pipeline(
                "Mine",
                &[
                    json!({ "label": "a", "displayOrder": 0, "metadata": { "ticketState": "SHUT" } }),
                ],
            ),
            400,
            "PipelineError.INVALID_PIPELINE_STAGE_METADATA",
        ),
        (
            "contacts",
            pipeline("Mine", &[stage("a", 0, "0.1")]),
            400,
            "does not support pipelines",
        ),
        ("spaceships", two(), 400, "Unable to infer object type"),
    ];
    for (kind, body, status, word) in cases {
        let response = api.send(with("POST", &format!("/crm/v3/pipelines/{kind}"), &body));
        assert_eq!(response.status, status, "{word}: {}", response.text());
        assert!(
            response.text().contains(word),
            "{word}: {}",
            response.text()
        );
    }
    for (body, word) in [
        (json!({ "archived": true }), "restoring"),
        (json!({ "label": " " }), "blank"),
    ] {
        let response = api.send(with("PATCH", "/crm/v3/pipelines/deals/default", &body));
        assert_eq!(response.status, 400);
        assert!(response.text().contains(word), "{}", response.text());
    }
    assert_eq!(
        before,
        [
            api.get("/crm/v3/pipelines/deals"),
            api.get("/crm/v3/pipelines/tickets")
        ]
    );
}

#[test]
fn pipelines_are_limited_by_edition() {
    let sandbox = sandbox("small");
    let api = Reader::new(&sandbox, SMALL);
    let refused = api.send(with("POST", "/crm/v3/pipelines/deals", &two()));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.text().contains("limit of 1 pipelines"),
        "{}",
        refused.text()
    );
}

#[test]
fn the_first_pipeline_of_a_custom_object_brings_its_two_properties() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let body = json!({ "label": "Sites", "displayOrder": 0, "stages": [
        { "label": "Planned", "displayOrder": 0, "metadata": {} },
        { "label": "Shut", "displayOrder": 1, "metadata": { "state": "CLOSED" } },
    ] });
    assert_eq!(
        api.send(Request::get(
            "/crm/v3/properties/location/hs_pipeline_stage"
        ))
        .status,
        404
    );
    let made = api.send(with("POST", "/crm/v3/pipelines/location", &body));
    assert_eq!(made.status, 201, "{}", made.text());
    let read = api.get(&format!(
        "/crm/v3/pipelines/location/{}",
        made.to_value()["id"].as_str().expect("an id")
    ));
    assert_eq!(
        read["stages"][0]["metadata"],
        json!({ "state": "OPEN", "isClosed": "false" })
    );
    for name in ["hs_pipeline", "hs_pipeline_stage"] {
        let property = api.get(&format!("/crm/v3/properties/location/{name}"));
        assert_eq!(
            (&property["hubspotDefined"], &property["type"]),
            (&json!(true), &json!("enumeration"))
        );
    }
}
