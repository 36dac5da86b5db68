//! Changes of property groups and validation rules, and reads that lag behind them (platform 6.2, write side; 11 row 16).

use std::time::Duration;

use portico_sandbox::Request;
use serde_json::{Value, json};

use super::write_properties::{merged, text, with};
use super::{LARGE, Reader, sandbox};

#[test]
fn groups_are_made_renamed_and_let_go_only_when_empty() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let root = "/crm/v3/properties/deals";
    let groups = format!("{root}/groups");
    let group = json!({ "name": "renewals", "label": "Renewals" });
    let made = api.send(with("POST", &groups, &group));
    assert_eq!(
        (made.status, made.to_value()["displayOrder"].clone()),
        (201, json!(-1))
    );
    let twice = api.send(with("POST", &groups, &group));
    assert_eq!(
        (twice.status, twice.to_value()["category"].clone()),
        (409, json!("OBJECT_ALREADY_EXISTS"))
    );
    let renamed = api.send(with(
        "PATCH",
        &format!("{groups}/renewals"),
        &json!({ "label": "Renewal", "displayOrder": 2 }),
    ));
    assert_eq!(
        (renamed.status, renamed.to_value()["label"].clone()),
        (200, json!("Renewal"))
    );
    assert_eq!(
        api.send(with(
            "POST",
            root,
            &merged(text("renewal_of"), json!({ "groupName": "renewals" }))
        ))
        .status,
        201
    );
    let held = api.send(Request::new("DELETE", &format!("{groups}/renewals")));
    assert_eq!(held.status, 400);
    let nested: Value =
        serde_json::from_str(held.to_value()["message"].as_str().expect("a message"))
            .expect("JSON in JSON");
    assert_eq!(
        nested["subCategory"],
        "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
    );
    assert_eq!(nested["correlationId"], held.to_value()["correlationId"]);
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{root}/renewal_of")))
            .status,
        204
    );
    assert_eq!(
        api.send(Request::new("DELETE", &format!("{groups}/renewals")))
            .status,
        204
    );
    assert_eq!(
        api.send(Request::get(&format!("{groups}/renewals"))).status,
        404
    );
    let back = api.send(with(
        "POST",
        root,
        &merged(text("renewal_of"), json!({ "groupName": "renewals" })),
    ));
    assert_eq!(
        back.status, 400,
        "an archived property does not bring its group back"
    );
    for (method, body) in [("PATCH", json!({ "label": "x" })), ("DELETE", json!({}))] {
        let missing = api.send(with(method, &format!("{groups}/renewals"), &body));
        assert_eq!(missing.status, 404, "{method}");
    }
}

#[test]
fn a_validation_rule_is_set_and_replaced() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    let root = "/crm/property-validations/2026-09/0-3/amount";
    for bound in ["5", "7"] {
        let body = json!({ "ruleArguments": [bound], "shouldApplyNormalization": true });
        let set = api.send(with("PUT", &format!("{root}/rule-type/MAX_NUMBER"), &body));
        assert_eq!(set.status, 204, "{}", set.text());
    }
    let rules = api.get(root);
    let ours: Vec<&Value> = rules["results"]
        .as_array()
        .expect("rules")
        .iter()
        .filter(|r| r["ruleType"] == "MAX_NUMBER")
        .collect();
    assert_eq!(
        ours,
        [
            &json!({ "ruleType": "MAX_NUMBER", "ruleArguments": ["7"], "shouldApplyNormalization": true })
        ]
    );
    for (target, body, status) in [
        ("rule-type/SHINY", json!({ "ruleArguments": [] }), 400),
        ("rule-type/MAX_NUMBER", json!({}), 400),
        ("rule-type/MAX_NUMBER", json!({ "ruleArguments": [1] }), 400),
    ] {
        let refused = api.send(with("PUT", &format!("{root}/{target}"), &body));
        assert_eq!(refused.status, status, "{target} {body}");
    }
    let missing = api.send(with(
        "PUT",
        "/crm/v3/property-validations/0-3/no_such/rule-type/MAX_NUMBER",
        &json!({ "ruleArguments": [] }),
    ));
    assert_eq!(missing.status, 404);
}

#[test]
fn reads_lag_behind_writes_for_as_long_as_the_switch_says_and_no_longer() {
    let sandbox = sandbox("enterprise");
    let api = Reader::new(&sandbox, LARGE);
    sandbox.with(|state| state.switches.read_lag = Duration::from_millis(2_500));
    let root = "/crm/v3/properties/deals";
    // Each call of the reader is a second after the one before.
    assert_eq!(api.send(with("POST", root, &text("late"))).status, 201);
    assert_eq!(
        api.send(Request::get(&format!("{root}/late"))).status,
        404,
        "after one second"
    );
    assert_eq!(
        api.send(with("POST", root, &text("late"))).status,
        409,
        "writes see the truth"
    );
    assert_eq!(
        api.send(Request::get(&format!("{root}/late"))).status,
        200,
        "after three seconds"
    );
    let renamed = api.send(with(
        "PATCH",
        &format!("{root}/late"),
        &json!({ "label": "New" }),
    ));
    assert_eq!(
        renamed.to_value()["label"],
        "New",
        "an answer to a write shows it"
    );
    assert_eq!(api.get(&format!("{root}/late"))["label"], "A label");
    assert_eq!(
        api.get(root)["results"]
            .as_array()
            .expect("rows")
            .iter()
            .find(|p| p["name"] == "late")
            .expect("it")["label"],
        "A label"
    );
    assert_eq!(api.get(&format!("{root}/late"))["label"], "New");
}
