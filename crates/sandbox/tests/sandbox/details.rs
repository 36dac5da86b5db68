//! Kinds with a way of their own: sequences, trees, batch reads, details, revisions, association types (platform 6).

use std::collections::{BTreeMap, BTreeSet};

use portico_sandbox::Request;
use serde_json::{Value, json};

use crate::{LARGE, NOW, Reader, SMALL, full_token, sandbox};

/// Platform 6.3: sequences are read one user at a time, and only alone have steps.
#[test]
fn sequences_need_a_user() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let missing = reader.send(Request::get("/automation/sequences/2026-09"));
    assert_eq!(
        (missing.status, &missing.to_value()["message"]),
        (400, &json!("query param userId may not be null"))
    );
    let users = sandbox.with(|state| {
        state.portals[&LARGE]
            .users
            .iter()
            .map(|user| user.id.clone())
            .collect::<Vec<_>>()
    });
    let mut seen = BTreeSet::new();
    for user in &users[..60] {
        let page = reader.get(&format!("/automation/v4/sequences?userId={user}&limit=100"));
        for row in page["results"].as_array().unwrap() {
            assert!(row["userId"] == **user && row.get("steps").is_none());
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(seen.len(), 45);
    let id = seen.first().unwrap();
    let whole = reader.get(&format!(
        "/automation/v4/sequences/{id}?userId={}",
        users[0]
    ));
    let orders: Vec<_> = whole["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["stepOrder"].clone())
        .collect();
    assert_eq!(orders, [0, 1, 2].map(Value::from));
    assert_eq!(
        reader
            .send(Request::get("/automation/v4/sequences/1?userId=7"))
            .status,
        404
    );
}

/// Platform 6.3: a tree is walked folder by folder, from the root, and every file is met once.
#[test]
fn the_design_manager_is_a_tree() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let (mut open, mut files) = (vec![String::new()], BTreeSet::new());
    while let Some(path) = open.pop() {
        let target = format!("/cms/source-code/2026-09/draft/metadata/{path}");
        let node = reader.get(target.trim_end_matches('/'));
        if node["folder"] == true {
            for child in node["children"].as_array().unwrap() {
                let child = child.as_str().unwrap();
                open.push(if path.is_empty() {
                    child.to_owned()
                } else {
                    format!("{path}/{child}")
                });
            }
        } else {
            assert!(node["hash"].as_str().is_some_and(|hash| hash.len() == 32));
            assert!(files.insert(path));
        }
    }
    assert_eq!(files.len(), 36);
    let encoded = reader.get("/cms/v3/source-code/published/metadata/shared%2Fbase%2Ftheme.json");
    assert_eq!(encoded["name"], "theme.json");
    assert_eq!(
        reader
            .send(Request::get(
                "/cms/v3/source-code/published/metadata/none/such"
            ))
            .status,
        404
    );
    assert_eq!(
        reader
            .send(Request::get("/cms/v3/source-code/live/metadata/@root"))
            .status,
        400
    );
}

/// Platform 6.3: lists lie in a tree of folders; each list is in one folder; the beta pages through all of them.
#[test]
fn every_list_lies_in_one_folder() {
    fn walk(node: &Value, seen: &mut BTreeMap<u64, Value>, folders: &mut usize) {
        *folders += 1;
        for list in node["childLists"].as_array().unwrap() {
            assert!(
                seen.insert(list.as_u64().unwrap(), node["id"].clone())
                    .is_none()
            );
        }
        for child in node["childNodes"].as_array().unwrap() {
            assert_eq!(child["parentFolderId"], node["id"]);
            walk(child, seen, folders);
        }
    }
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let (mut seen, mut folders) = (BTreeMap::new(), 0);
    walk(
        &reader.get("/crm/lists/2026-09/folders")["folder"],
        &mut seen,
        &mut folders,
    );
    assert_eq!((seen.len(), folders), (1_800, 7));
    assert_eq!(
        reader.get("/crm/v3/lists/folders?folderId=3")["folder"]["parentFolderId"],
        2
    );
    assert_eq!(
        reader.get("/crm/lists/2026-09/folders?folderId=3")["folder"]["parentFolderId"],
        "2"
    );
    assert_eq!(
        reader
            .send(Request::get("/crm/v3/lists/folders?folderId=99"))
            .status,
        404
    );
    let (mut ids, mut after, mut calls) = (BTreeSet::new(), Value::Null, 0);
    loop {
        let body = json!({ "count": 400, "after": after });
        let page = reader
            .send(Request::json("/crm/lists/2026-09-beta/all", &body))
            .to_value();
        calls += 1;
        for list in page["results"].as_array().unwrap() {
            assert!(ids.insert(list["listId"].as_str().unwrap().to_owned()));
        }
        after = page["paging"]["next"]["after"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!((ids.len(), calls), (1_800, 5));
    let body = json!({ "count": 3, "sort": "-size", "listIds": [], "offset": 0, "processingTypes": [], "additionalProperties": ["hs_folder_name", "hs_list_size"] });
    let largest = reader
        .send(Request::json("/crm/v3/lists/search", &body))
        .to_value();
    let sizes: Vec<u64> = largest["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| {
            list["additionalProperties"]["hs_list_size"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert!(sizes.len() == 3 && sizes.is_sorted_by(|a, b| a >= b));
}

/// Read-only POSTs: what is known is answered, the rest is told apart (platform 6.5).
#[test]
fn batch_reads_tell_known_from_unknown() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let plain = [
        "/cms/v3/pages/site-pages",
        "/cms/v3/pages/landing-pages",
        "/cms/v3/pages/landing-pages/folders",
        "/cms/blogs/2026-03/posts",
        "/cms/v3/blogs/authors",
        "/cms/v3/blogs/tags",
    ];
    let objects = [
        "/marketing/v3/campaigns",
        "/settings/currencies/2026-03/exchange-rates",
    ];
    let table = reader.get("/cms/v3/hubdb/tables?limit=1")["results"][0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let rows = format!("/cms/v3/hubdb/tables/{table}/rows");
    for (path, wrapped) in plain
        .map(|path| (path, false))
        .into_iter()
        .chain(objects.map(|path| (path, true)))
        .chain([(rows.as_str(), false)])
    {
        let first = reader.get(&format!("{path}?limit=1"))["results"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let input = |id: &str| {
            if wrapped {
                json!({ "id": id })
            } else {
                json!(id)
            }
        };
        let ask = |ids: &[&str]| {
            let inputs: Vec<Value> = ids.iter().map(|id| input(id)).collect();
            reader.send(Request::json(
                &format!("{path}/batch/read"),
                &json!({ "inputs": inputs }),
            ))
        };
        let known = ask(&[&first]);
        assert_eq!(
            (known.status, &known.to_value()["results"][0]["id"]),
            (200, &json!(first)),
            "{path}"
        );
        let mixed = ask(&[&first, "7"]);
        assert_eq!(
            (mixed.status, &mixed.to_value()["numErrors"]),
            (207, &json!(1)),
            "{path}"
        );
        assert_eq!(ask(&vec!["7"; 101]).status, 400, "{path}");
        assert_eq!(
            reader
                .send(Request::json(
                    &format!("{path}/batch/read"),
                    &json!({ "inputs": [[]] })
                ))
                .status,
            400,
            "{path}"
        );
    }
}

/// Details: unknown ids are not found, ids that must be numbers are refused when they are none, revisions lead back.
#[test]
fn details_and_revisions() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    for (path, status) in [
        ("/marketing/v3/emails/7", 404),
        ("/marketing/v3/emails/x", 400),
        ("/marketing/v3/campaigns/7", 404),
        ("/cms/v3/domains/7", 404),
        ("/crm/v3/imports/7", 404),
        ("/crm/v3/imports/x", 400),
        ("/crm/v3/exports/export/7", 404),
        ("/crm/v3/exports/export/async/tasks/7/status", 404),
        ("/crm/v3/pipelines/deals/default/stages/none", 404),
        ("/crm/v3/pipelines/deals/none/audit", 404),
        (
            "/crm/v3/property-validations/0-3/amount/rule-type/NONE",
            404,
        ),
        ("/crm/pipelines-rules/2026-09-beta/0-3/none", 404),
        (
            "/crm/v4/associations/definitions/configurations/0-1/unicorns",
            400,
        ),
        ("/crm/v3/lists/idmapping", 400),
        ("/crm/v3/lists/idmapping?legacyListId=99999", 404),
        ("/cms/v3/hubdb/tables/none", 404),
        ("/business-units/v3/business-units/user/me", 400),
        (
            "/communication-preferences/v4/definitions?businessUnitId=x",
            400,
        ),
        ("/marketing/lead-scoring/2026-09-beta/scores/1", 404),
    ] {
        assert_eq!(reader.send(Request::get(path)).status, status, "{path}");
    }
    let email = reader.get("/marketing/v3/emails?limit=1")["results"][0].clone();
    let id = email["id"].as_str().unwrap();
    let versions = reader.get(&format!("/marketing/v3/emails/{id}/revisions"));
    let version = &versions["results"][0];
    assert_eq!(
        (&versions["total"], &version["object"]),
        (&json!(1), &email)
    );
    let path = format!(
        "/marketing/v3/emails/{id}/revisions/{}",
        version["id"].as_str().unwrap()
    );
    assert_eq!(reader.get(&path), *version);
    assert_eq!(
        reader
            .send(Request::get(&format!(
                "/marketing/v3/emails/{id}/revisions/7"
            )))
            .status,
        404
    );
    let campaign = reader.get("/marketing/v3/campaigns?limit=1")["results"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let whole = reader.get(&format!(
        "/marketing/v3/campaigns/{campaign}?properties=hs_name"
    ));
    let emails = whole["assets"]["MARKETING_EMAIL"]["results"]
        .as_array()
        .unwrap();
    assert_eq!(emails.len(), 3);
    let asset = reader.get(&format!(
        "/marketing/v3/emails/{}",
        emails[0]["id"].as_str().unwrap()
    ));
    assert_eq!(asset["name"], emails[0]["name"]);
    let failed = reader
        .walk("/crm/v3/imports")
        .0
        .into_iter()
        .find(|import| import["state"] == "FAILED")
        .expect("one failed");
    assert!(failed.get("errors").is_none());
    let errors = format!("/crm/v3/imports/{}/errors", failed["id"].as_str().unwrap());
    assert!(
        reader.get(&errors)["results"][0]
            .get("errorMessage")
            .is_none()
    );
    assert!(
        reader.get(&format!("{errors}?includeErrorMessage=true"))["results"][0]["errorMessage"]
            .is_string()
    );
}

/// Platform 6.2: association types have HubSpot's numbers in every view of them; limits are found by pair.
#[test]
fn association_types_agree_in_every_view() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let ids = |path: &str, member: &str| -> BTreeSet<String> {
        let rows = reader.get(path)["results"].clone();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row[member].to_string().trim_matches('"').to_owned())
            .collect()
    };
    for (from, to, want) in [
        ("contacts", "companies", "279"),
        ("orders", "contacts", "507"),
        ("services", "tasks", "852"),
        ("quotes", "contacts", "702"),
        ("leads", "contacts", "578"),
    ] {
        let labels = ids(
            &format!("/crm/v4/associations/{from}/{to}/labels"),
            "typeId",
        );
        let types = ids(&format!("/crm/v3/associations/{from}/{to}/types"), "id");
        assert!(
            labels == types && labels.contains(want),
            "{from} {to}: {labels:?} {types:?}"
        );
    }
    let all = reader.get("/crm/v4/associations/definitions/configurations/all")["results"]
        .as_array()
        .map(Vec::len);
    let pairs = reader.get("/crm/limits/2026-09/associations/labels");
    let mut found = 0;
    for pair in pairs["results"].as_array().unwrap() {
        let id = |name: &str| pair[name]["objectTypeId"].as_str().unwrap();
        let path = format!(
            "/crm/v4/associations/definitions/configurations/{}/{}",
            id("fromObjectType"),
            id("toObjectType")
        );
        found += reader.get(&path)["results"].as_array().unwrap().len();
    }
    assert!(found > 0);
    assert_eq!(Some(found), all);
}

/// Lower editions have empty lists, not refusals, where HubSpot answers so (platform 8.4).
#[test]
fn a_free_portal_reads_empty_lists() {
    let sandbox = sandbox("small");
    // A private app's token holds what an install of a free account could not be granted.
    let token = sandbox
        .with(|state| {
            state.issue_grant(
                portico_sandbox::DEMO_CLIENT_ID,
                SMALL,
                &["content", "hubdb"],
                NOW,
            )
        })
        .expect("a grant")
        .access_token;
    for path in [
        "/cms/v3/hubdb/tables",
        "/cms/v3/blogs/posts",
        "/cms/v3/blogs/authors",
        "/cms/v3/blog-settings/settings",
    ] {
        let response = sandbox.call(&Request::get(path).bearer(&token), NOW);
        assert_eq!(
            (response.status, &response.to_value()["results"]),
            (200, &json!([])),
            "{path}"
        );
    }
    let full = full_token(&sandbox, SMALL);
    let forecasts = sandbox.call(
        &Request::get("/forecast-settings/2026-09/forecast-types").bearer(&full),
        NOW,
    );
    assert_eq!(forecasts.status, 403);
}
