//! Any sequence of metadata writes keeps a portal whole, and reads give back what was written (platform 6.2, write side).

use std::collections::BTreeSet;

use portico_sandbox::{Request, Sandbox};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::write_properties::with;
use super::{LARGE, Reader, sandbox};

/// One write: what it does, and small numbers that pick names.
type Step = (u8, u8, u8);

fn request(api: &Reader<'_>, (what, one, other): Step) -> Request {
    const ROOT: &str = "/crm/v3";
    let (a, b) = (one % 6, other % 6);
    let property = json!({
        "name": format!("p{a}"), "label": format!("L{b}"), "groupName": format!("g{}", b % 3),
        "type": "string", "fieldType": if b % 2 == 0 { "text" } else { "textarea" }, "displayOrder": i32::from(b) - 1,
    });
    let stage = |label: u8, order: u8| json!({ "label": format!("s{label}"), "displayOrder": order, "metadata": { "probability": f64::from(label) / 10.0 } });
    let pipelines = api.get("/crm/v3/pipelines/deals")["results"].clone();
    let pick = |list: &Value, n: u8| {
        let list = list.as_array().cloned().unwrap_or_default();
        if list.is_empty() {
            Value::Null
        } else {
            list[usize::from(n) % list.len()].clone()
        }
    };
    let pipeline = pick(&pipelines, one);
    let of_pipeline = format!(
        "{ROOT}/pipelines/deals/{}",
        pipeline["id"].as_str().unwrap_or("none")
    );
    let of_stage = format!(
        "{of_pipeline}/stages/{}",
        pick(&pipeline["stages"], other)["id"]
            .as_str()
            .unwrap_or("none")
    );
    match what % 14 {
        0 => with(
            "POST",
            &format!("{ROOT}/properties/deals/groups"),
            &json!({ "name": format!("g{}", b % 3), "label": format!("G{a}") }),
        ),
        1 => Request::new(
            "DELETE",
            &format!("{ROOT}/properties/deals/groups/g{}", b % 3),
        ),
        2 | 3 => with("POST", &format!("{ROOT}/properties/deals"), &property),
        4 => with(
            "PATCH",
            &format!("{ROOT}/properties/deals/p{a}"),
            &json!({ "label": format!("L{b}"), "groupName": format!("g{}", b % 3) }),
        ),
        5 => Request::new("DELETE", &format!("{ROOT}/properties/deals/p{a}")),
        6 => with(
            "POST",
            &format!("{ROOT}/pipelines/deals"),
            &json!({ "label": format!("P{a}"), "displayOrder": b, "stages": [stage(a, b), stage(a + 1, b), stage(b + 7, a)] }),
        ),
        7 => Request::new("DELETE", &of_pipeline),
        8 | 9 => with("POST", &format!("{of_pipeline}/stages"), &stage(a, b)),
        10 => with(
            "PATCH",
            &of_stage,
            &json!({ "displayOrder": b, "label": format!("t{a}") }),
        ),
        11 => Request::new("DELETE", &of_stage),
        12 => with(
            "POST",
            "/crm/v4/associations/deals/products/labels",
            &json!({ "name": format!("n{a}"), "label": format!("A{b}") }),
        ),
        _ => {
            let rows = api.get("/crm/v4/associations/deals/products/labels")["results"].clone();
            Request::new(
                "DELETE",
                &format!(
                    "/crm/v4/associations/deals/products/labels/{}",
                    pick(&rows, one)["typeId"]
                ),
            )
        }
    }
}

/// What must hold of the portal's deals whatever was written.
fn hold(sandbox: &Sandbox, api: &Reader<'_>) -> Result<(), TestCaseError> {
    let (names, groups, counts) = sandbox.with(|state| {
        let deals = &state.portals[&LARGE].objects["0-3"];
        let groups: Vec<String> = deals
            .groups
            .iter()
            .map(|group| group.name.clone())
            .collect();
        let names: Vec<(String, String, bool)> = deals
            .properties
            .iter()
            .map(|p| (p.name.clone(), p.group_name.clone(), p.archived))
            .collect();
        let custom = deals
            .properties
            .iter()
            .filter(|p| !p.hubspot_defined && !p.archived)
            .count();
        (names, groups, (custom, deals.pipelines.len()))
    });
    let unique: BTreeSet<&String> = names.iter().map(|(name, ..)| name).collect();
    prop_assert_eq!(unique.len(), names.len(), "names of properties are unique");
    prop_assert!(
        names.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "properties stand by name"
    );
    prop_assert_eq!(
        groups.iter().collect::<BTreeSet<_>>().len(),
        groups.len(),
        "names of groups are unique"
    );
    for (name, group, archived) in &names {
        prop_assert!(
            *archived || groups.contains(group),
            "{name} stands in a group that exists"
        );
    }
    let mut ids = BTreeSet::new();
    for pipeline in api.get("/crm/v3/pipelines/deals")["results"]
        .as_array()
        .into_iter()
        .flatten()
    {
        prop_assert!(
            ids.insert(pipeline["id"].to_string()),
            "ids of pipelines are unique"
        );
        let stages = pipeline["stages"].as_array().cloned().unwrap_or_default();
        prop_assert!(!stages.is_empty(), "a pipeline has a stage");
        let orders: Vec<i64> = stages
            .iter()
            .filter_map(|s| s["displayOrder"].as_i64())
            .collect();
        prop_assert!(
            orders.windows(2).all(|pair| pair[0] < pair[1]),
            "orders rise and do not tie: {orders:?}"
        );
        let labels: BTreeSet<String> = stages
            .iter()
            .map(|s| s["label"].to_string().to_lowercase())
            .collect();
        prop_assert_eq!(
            labels.len(),
            stages.len(),
            "labels of a pipeline's stages are unique"
        );
        for stage in stages {
            prop_assert!(
                ids.insert(stage["id"].to_string()),
                "ids of stages are unique"
            );
            prop_assert!(stage["metadata"]["probability"].is_string());
        }
    }
    let usage = |target: &str, list: &str| {
        let rows = api.get(target)[list]
            .as_array()
            .cloned()
            .unwrap_or_default();
        rows.iter()
            .find(|row| row["objectTypeId"] == "0-3")
            .map_or(0, |row| row["usage"].as_u64().unwrap_or(0))
    };
    prop_assert_eq!(
        usage("/crm/v3/limits/custom-properties", "byObjectType"),
        counts.0 as u64
    );
    prop_assert_eq!(
        usage("/crm/v3/limits/pipelines", "hubspotDefinedObjectTypes"),
        counts.1 as u64
    );
    let (there, back) = (
        api.get("/crm/v4/associations/deals/products/labels"),
        api.get("/crm/v4/associations/products/deals/labels"),
    );
    let count = |rows: &Value| rows["results"].as_array().map(Vec::len);
    prop_assert_eq!(count(&there), count(&back), "labels come in pairs");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_writes_keeps_the_portal_whole(steps in prop::collection::vec(any::<Step>(), 1..40)) {
        let sandbox = sandbox("enterprise");
        let api = Reader::new(&sandbox, LARGE);
        for step in steps {
            let request = request(&api, step);
            let (method, target) = (request.method.clone(), request.path.clone());
            let response = api.send(request);
            prop_assert!(response.status < 500, "{method} {target}: {}", response.text());
            let written = response.to_value();
            let single = method != "DELETE" && response.status < 300 && !target.contains("/stages") && !target.contains("/associations/") && !target.contains("/pipelines");
            if single {
                // A property or group reads back as the write answered it.
                let name = written["name"].as_str().unwrap_or_default();
                let read = if target.ends_with(name) { target } else { format!("{target}/{name}") };
                prop_assert_eq!(api.get(&read), written);
            }
        }
        hold(&sandbox, &api)?;
    }
}
