//! RL-2: hostile strings in every argument of every operation that can be relayed.

use portico_core::operations::{Body, OPERATIONS, Operation, Pattern};
use portico_core::wire::Provider;
use portico_core::wire::Role;
use portico_tests::{PORTAL, Stage};
use serde_json::{Value, json};

/// HubSpot's operations; `github` has those of GitHub (RL-12).
pub(crate) fn hubspots() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.provider == Provider::Hubspot)
}

/// Traversal, other hosts, control characters, encodings of them, and what merely looks like them.
const CORPUS: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "./",
    "../",
    "../..",
    "/",
    "//",
    "..%2f",
    "%2e%2e",
    "%2e%2e%2f",
    "%252e%252e",
    "..;/",
    ";/..",
    "..\\",
    "\\",
    "\\\\evil.example",
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "ht\ntps://evil.example",
    "http:evil.example",
    "@evil.example",
    "user:pass@evil.example",
    ":80",
    "a:b",
    "\t",
    "a\tb",
    "\n",
    "a\r\nHost: evil.example",
    "\0",
    "a\0b",
    "a%00b",
    "a%0d%0ab",
    "?",
    "a?b=c",
    "#",
    "a#b",
    "&",
    "a&hapikey=x",
    "=",
    "a=b",
    "%",
    "%zz",
    "%c0%ae%c0%ae",
    "\u{ff0e}\u{ff0e}",
    "\u{ff0f}",
    "\u{2215}",
    "\u{202e}",
    "\u{feff}",
    "ä",
    "a b",
    " a",
    "a ",
    "c0c1a9b2-0000-4000-8000-000000000000 ",
    "{objectType}",
    "*",
    "${jndi:ldap://evil.example}",
    "<script>",
    "' OR 1=1",
    "[]",
    "{}",
    "null\u{7f}",
];

/// Arguments that are good for an operation.
pub(crate) fn good(operation: &Operation) -> Value {
    let params: serde_json::Map<String, Value> = operation
        .params
        .iter()
        .map(|(name, _)| ((*name).to_owned(), json!("deals")))
        .collect();
    let mut arguments = json!({ "params": params });
    match operation.body {
        Body::None => {}
        Body::ListSearch => {
            arguments["body"] = json!({"count": 10, "offset": 0, "listIds": ["1"], "processingTypes": ["MANUAL"],
                "additionalProperties": ["name"]});
        }
        Body::FlowBatch => {
            arguments["body"] = json!({"inputs": [{"flowId": "1", "type": "FLOW_ID"}]});
        }
    }
    arguments
}

/// Every text of the body, each replaced by the value.
fn in_bodies(arguments: &Value, value: &str) -> Vec<Value> {
    fn texts(at: &Value, path: String, found: &mut Vec<String>) {
        match at {
            Value::String(_) => found.push(path),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    texts(item, format!("{path}/{index}"), found);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    texts(member, format!("{path}/{name}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    texts(&arguments["body"], "/body".into(), &mut found);
    let place = |path: String| {
        let mut changed = arguments.clone();
        *changed.pointer_mut(&path).unwrap() = json!(value);
        changed
    };
    found.into_iter().map(place).collect()
}

/// RL-2, RL-12: each is refused before anything is sent, or goes out inert: as a value of the query.
#[tokio::test]
async fn no_argument_of_any_operation_leaves_its_place() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let long = "a".repeat(513);
    let corpus: Vec<&str> = CORPUS.iter().copied().chain([long.as_str()]).collect();
    let (mut refused, mut inert) = (0, 0);
    for operation in hubspots() {
        let base = good(operation);
        let mut hostile: Vec<(Value, bool)> = Vec::new();
        for value in &corpus {
            for (name, pattern) in operation.params {
                assert!(
                    matches!(pattern, Pattern::ObjectType | Pattern::Id),
                    "a new kind of path parameter"
                );
                let mut arguments = base.clone();
                arguments["params"][*name] = json!(value);
                hostile.push((arguments, false));
            }
            for parameter in operation.query {
                let mut arguments = base.clone();
                arguments["query"] = json!({ parameter.name: value });
                let passes = parameter.pattern.matches(value);
                assert!(
                    !passes || parameter.pattern == Pattern::Cursor,
                    "{value:?} as {:?}",
                    parameter.pattern
                );
                hostile.push((arguments, passes));
            }
            hostile.extend(
                in_bodies(&base, value)
                    .into_iter()
                    .map(|arguments| (arguments, false)),
            );
        }
        for (arguments, may_pass) in hostile {
            stage.sandbox.with(|state| state.calls.clear());
            let answer = admin.relay(&id, operation.name, &arguments).await;
            let calls: Vec<_> = stage
                .sandbox
                .with(|state| state.calls.iter().cloned().collect());
            if !may_pass {
                assert_eq!(
                    answer.refusal(),
                    (400, "invalid_parameter".into()),
                    "{} {arguments}",
                    operation.name
                );
                assert!(calls.is_empty(), "{} {arguments}", operation.name);
                refused += 1;
                continue;
            }
            assert_eq!(
                calls.len(),
                1,
                "{} {arguments}: {}",
                operation.name,
                answer.text
            );
            let template: Vec<&str> = operation.path.split('/').collect();
            let segments: Vec<&str> = calls[0].path.split('/').collect();
            assert_eq!(
                segments.len(),
                template.len(),
                "{} {arguments}",
                calls[0].path
            );
            for (segment, wanted) in segments.iter().zip(&template) {
                let wanted = if wanted.starts_with('{') {
                    "deals"
                } else {
                    wanted
                };
                assert_eq!(*segment, wanted, "{} {arguments}", calls[0].path);
            }
            let names: Vec<&str> = calls[0]
                .query
                .split('&')
                .map(|pair| pair.split('=').next().unwrap())
                .collect();
            assert_eq!(names, ["after"], "{} {arguments}", calls[0].query);
            inert += 1;
        }
    }
    assert!(
        refused > 1000 && inert > 50,
        "{refused} refused, {inert} inert"
    );
}

/// RL-8: another org's connection is not there, for an admin as for a member, whatever is asked of it.
#[tokio::test]
async fn a_guessed_id_is_not_there() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql("UPDATE connection SET org = 'other'").await;
    let before = stage.sandbox.with(|state| state.calls.len());
    for role in [Role::Admin, Role::Member] {
        let caller = stage.caller("eve", role);
        for operation in hubspots() {
            let answer = caller.relay(&id, operation.name, &good(operation)).await;
            assert_eq!(
                answer.refusal(),
                (404, "not_found".into()),
                "{role:?} {}",
                operation.name
            );
        }
        let path = format!("/v1/connections/{id}");
        assert_eq!(
            caller.get(&path).await.refusal(),
            (404, "not_found".into()),
            "{role:?}"
        );
    }
    // A member may read what is the org's own, and change nothing of it.
    stage
        .sql(&format!(
            "UPDATE connection SET org = '{}'",
            stage.config.solo.as_ref().unwrap().org
        ))
        .await;
    let member = stage.member();
    assert_eq!(
        member.get(&format!("/v1/connections/{id}")).await.status,
        200
    );
    let removed = member.delete(&format!("/v1/connections/{id}")).await;
    assert_eq!(removed.refusal(), (403, "role_required".into()));
    assert_eq!(stage.sandbox.with(|state| state.calls.len()), before);
}
