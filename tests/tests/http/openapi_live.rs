//! `docs/openapi.json` held against live answers by schemathesis; `tests/openapi/schemathesis.toml` says how.
//! `cargo xtask test --only openapi` names the program; without, there is nothing to test.

use crate::static_credentials::private_app;
use portico_core::wire::Role;
use portico_proxy::config::{Backend, KeyAlgorithm, ServiceKey};
use portico_proxy::new_service_key;
use portico_tests::{Caller, OPENAPI, PORTAL, Partner, Stage, offer_github};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/schemathesis.toml");
/// Tags of what people's pages call.
const PAGES: &[&str] = &[
    "session",
    "flows",
    "connections",
    "relay",
    "workspaces",
    "events",
    "journal",
];
/// A portal that is added by its token.
const BY_TOKEN: u64 = 25_733_019;
const MARA: &str = "mara-lindqvist";
const KEY_ID: &str = "deals";

/// A partner's organization with something of everything.
struct Scene {
    stage: Stage,
    partner: Partner,
    admin: Caller,
    service_key: String,
}

/// What schemathesis is told of the rows that there are, so that good calls find something.
struct Known {
    oauth: String,
    by_token: String,
    github: String,
    flow: String,
    flow_to_end: String,
    workspace: String,
    workspace_to_go: String,
    cursor: Value,
    token: String,
}

impl Scene {
    async fn set() -> Self {
        let partner = Partner::new("partner.example", KeyAlgorithm::EdDSA);
        let (key, listed): (_, ServiceKey) = new_service_key(KEY_ID).unwrap();
        let mut tenant = partner.tenant();
        tenant.backend = Backend {
            tokens: true,
            service_keys: vec![listed],
        };
        let stage = Stage::set(|config, state| {
            offer_github(config, state);
            config.tenants = vec![tenant];
            // As many calls as come: how the limits are answered is tested elsewhere.
            for portal in state.portals.values_mut() {
                portal.burst_limit = 1_000_000;
                portal.shrunk.private_burst = Some(1_000_000);
            }
            let limits = &mut state.github.limits;
            (limits.hourly, limits.points_per_minute) = (1_000_000, 1_000_000);
        })
        .await;
        let admin = partner.caller(&stage.config, "acme", "ada", Role::Admin);
        Self {
            stage,
            partner,
            admin,
            service_key: key.to_string(),
        }
    }

    async fn connected(&self, github: bool) -> String {
        let person = self.stage.person();
        let (flow, claim) = if github {
            let flow = self.admin.start_github().await;
            let claim = person.authorize(&flow, MARA).await;
            (flow, claim)
        } else {
            let flow = self.admin.start_connect().await;
            let claim = person.consent(&flow, PORTAL).await;
            (flow, claim)
        };
        let answer = self.admin.complete(&flow, &claim).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        id(&answer.json()["connection"])
    }

    async fn fill(&self) -> Known {
        let (oauth, github) = (self.connected(false).await, self.connected(true).await);
        let (_, token) = private_app(&self.stage, BY_TOKEN);
        let added = crate::static_credentials::add(&self.admin, &token).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let workspace = |name: &'static str| async move {
            let body = json!({ "name": name });
            id(&self.admin.post("/v1/workspaces", &body).await.json())
        };
        let page = self.admin.get("/v1/journal?limit=1").await.json();
        Known {
            oauth,
            github,
            by_token: id(&added.json()),
            flow: self.admin.start_connect().await.id,
            flow_to_end: self.admin.start_connect().await.id,
            workspace: workspace("Weser").await,
            workspace_to_go: workspace("Elbe").await,
            cursor: page["next"].clone(),
            token,
        }
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn parameters(operation: &mut Value) -> impl Iterator<Item = &mut Value> {
    let listed = operation.get_mut("parameters");
    listed.and_then(Value::as_array_mut).into_iter().flatten()
}

/// The document with what only this proxy knows: ids that exist, a cursor, a token, an example of a flow.
fn told(known: &Known, admin: &Caller) -> Value {
    let text = fs::read_to_string(OPENAPI).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let version = document["components"]["parameters"]["version"].clone();
    for (path, operations) in document["paths"].as_object_mut().unwrap() {
        for (method, operation) in operations.as_object_mut().unwrap() {
            let ids = match (path.as_str(), method.as_str()) {
                ("/v1/flows/{id}", "delete") => vec![&known.flow_to_end],
                (path, _) if path.starts_with("/v1/flows/") => vec![&known.flow],
                ("/v1/workspaces/{id}", "delete") => vec![&known.workspace_to_go],
                (path, _) if path.starts_with("/v1/workspaces/") => vec![&known.workspace],
                (path, _) if path.contains("/relay/github.") => vec![&known.github],
                (path, _) if path.contains("/relay/") => vec![&known.oauth, &known.by_token],
                (path, _) if path.ends_with("/credential") => vec![&known.by_token],
                (path, _) if path.ends_with("/token") => vec![&known.oauth],
                // What is removed is gone for all that comes after: it is tried with ids that name nothing.
                ("/v1/connections/{id}", "delete") => continue,
                _ => vec![&known.oauth, &known.by_token, &known.github],
            };
            for parameter in parameters(operation) {
                if parameter["$ref"] == "#/components/parameters/id" {
                    *parameter = json!({
                        "name": "id", "in": "path", "required": true,
                        "schema": { "type": "string", "enum": ids },
                    });
                } else if parameter["$ref"] == "#/components/parameters/version" {
                    let versions = ["\"1\"", "\"2\"", "\"3\""].iter().enumerate();
                    let examples =
                        versions.map(|(n, one)| (n.to_string(), json!({ "value": one })));
                    *parameter = version.clone();
                    parameter["examples"] = examples.collect();
                } else if parameter["name"] == "after" {
                    parameter["schema"] = json!({ "type": "string", "enum": [known.cursor] });
                }
            }
        }
    }
    let schemas = &mut document["components"]["schemas"];
    let workspaces = json!({ "enum": [known.workspace, null] });
    schemas["UpdateConnection"]["properties"]["workspace"] = workspaces.clone();
    schemas["AddStatic"]["properties"]["workspace"] = workspaces;
    for name in ["AddStatic", "ReplaceCredential"] {
        schemas[name]["properties"]["token"] = json!({ "type": "string", "enum": [known.token] });
    }
    schemas["Of"]["properties"]["org"] = json!({ "type": "string", "enum": ["acme"] });
    let of = |path: &str| {
        format!(
            "/paths/{}/post/requestBody/content",
            path.replace('/', "~1")
        )
    };
    let start = document.pointer_mut(&of("/v1/flows")).unwrap();
    start["application/json"]["example"] = admin.any_connect_body();
    let form = document.pointer_mut(&of("/oauth/token")).unwrap();
    let fields = &mut form["application/x-www-form-urlencoded"]["schema"];
    let named = format!("{}@acme", known.oauth);
    fields["properties"]["refresh_token"] = json!({ "type": "string", "enum": [named] });
    // The client shows itself by Basic, and so not in the form.
    for name in ["client_id", "client_secret"] {
        fields["properties"].as_object_mut().unwrap().remove(name);
    }
    fields.as_object_mut().unwrap().remove("dependentRequired");
    document
}

/// Issue 4, item 10: whatever is asked, the answer is one that the document describes.
#[tokio::test]
async fn live_answers_are_as_the_document_says() {
    let Some(python) = std::env::var_os("PORTICO_PYTHON") else {
        return;
    };
    // One seed and few examples for everybody; more, and other ones, for whoever looks for more.
    let given = |name: &str| std::env::var(name).unwrap();
    let chosen = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let seed = chosen("PORTICO_OPENAPI_SEED", "31");
    let examples = chosen("PORTICO_OPENAPI_EXAMPLES", "12");
    let out = PathBuf::from(given("PORTICO_OPENAPI_OUT"));
    // What the proxy says of its own faults, for whoever looks for the cause of one.
    let log = fs::File::create(out.join("proxy.log")).unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(log))
        .init();
    let scene = Scene::set().await;
    let known = scene.fill().await;
    let document = out.join("told.json");
    fs::write(&document, told(&known, &scene.admin).to_string()).unwrap();
    let config = &scene.stage.config;
    let origin = format!("Origin: {}", scene.partner.origin);
    let own_origin = format!("Origin: {}", config.base_url);
    let window: &[&str] = &[
        &own_origin,
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Dest: document",
    ];
    // By who calls: schemathesis keeps the headers of the first operation for all others of a run.
    let groups: [(&str, &[&str], &[&str]); 4] = [
        ("backend", &["backend", "operation"], &[]),
        ("solo", &["solo"], &[&own_origin]),
        ("browser", &["browser"], window),
        // Last: connections that are listed are removed.
        ("pages", PAGES, &[&origin]),
    ];
    let mut wrong = Vec::new();
    for (name, tags, headers) in groups {
        let log = out.join(format!("{name}.log"));
        let said = fs::File::create(&log).unwrap();
        let mut command = Command::new(&python);
        command
            .args([
                "-c",
                "from schemathesis.cli import schemathesis; schemathesis()",
            ])
            .args(["--config-file", CONFIG, "run"])
            .arg(&document)
            .args(["--url", &config.base_url])
            .args(["--seed", &seed])
            .args(["--max-examples", &examples])
            .args(tags.iter().flat_map(|tag| ["--include-tag", tag]))
            .args(headers.iter().flat_map(|header| ["--header", header]))
            .env("PYTHONPATH", given("PORTICO_PYTHON_HOME"))
            .env("NO_PROXY", "*")
            .env("PORTICO_SESSION", &scene.admin.token)
            .env("PORTICO_SERVICE_CLIENT", KEY_ID)
            .env("PORTICO_SERVICE_KEY", &scene.service_key)
            .current_dir(&out)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .kill_on_drop(true);
        if !command.status().await.unwrap().success() {
            wrong.push(format!("{name}:\n{}", tail(&log)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // Not only refusals were looked at.
    for action in [
        "connection.update",
        "connection.replace_credential",
        "workspace.add",
        "token.issue",
    ] {
        let done =
            format!("SELECT COUNT(*) FROM journal WHERE action = '{action}' AND outcome = 'done'");
        assert!(scene.stage.count(&done).await > 0, "{action}");
    }
    assert!(!scene.stage.calls("/crm/").is_empty(), "relayed");
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(150)..].join("\n")
}
