//! `docs/ballerina.md`, followed to the letter: its commands run against a proxy and the sandbox.

use portico_proxy::config::{Backend, ServiceKey};
use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, StaticKind};
use portico_tests::{Caller, PORTAL, Stage, proxy_binary};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GUIDE: &str = include_str!("../../../docs/ballerina.md");
const BY_HAND: &str = "http://localhost:9090/callback";

/// The guide's blocks of a language, without the indentation of the list they stand in.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        if line.trim_start() != fence {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim_start() != "```")
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

fn bash(folder: &Path, script: &str, variables: &[(&str, &str)]) -> Output {
    let program = proxy_binary();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    for (name, _) in std::env::vars_os() {
        // The proxy reads such names as fields of its configuration.
        if name.to_string_lossy().starts_with("PORTICO_") {
            bash.env_remove(name);
        }
    }
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .env("NO_PROXY", "*")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

fn quoted(text: &str, name: &str) -> String {
    let start = format!("{name} = \"");
    let rest = text.split_once(&start).unwrap().1;
    rest.split('"').next().unwrap().to_owned()
}

/// A proxy as the guide configures it, with the key its command made.
async fn stage(listed: ServiceKey) -> Stage {
    Stage::set(|config, state| {
        config.solo.as_mut().unwrap().org = "acme".into();
        config.solo.as_mut().unwrap().backend = Backend {
            tokens: true,
            service_keys: vec![listed],
        };
        config.hubspot.optional_scopes = ["crm.objects.deals.read", "crm.objects.deals.write"]
            .map(str::to_owned)
            .into();
        state.apps[0].redirect_urls.push(BY_HAND.into());
    })
    .await
}

/// The configuration of the guide, its placeholders filled, is one the program takes.
fn check_configuration(folder: &Path, stage: &Stage, listed: &ServiceKey) {
    let guide = blocks("toml").remove(0);
    fs::write(folder.join("hubspot-secret"), DEMO_CLIENT_SECRET).unwrap();
    fs::create_dir(folder.join("app")).unwrap();
    fs::write(folder.join("app/index.html"), "<!doctype html>").unwrap();
    let text = guide
        .replace("https://portico.example", &stage.config.base_url)
        .replace("/srv/portico", "app")
        .replace("/var/lib/portico", stage.data().to_str().unwrap())
        .replace(&"0".repeat(64), &listed.sha256)
        .replace(
            "client_id = \"…\"",
            &format!("client_id = \"{DEMO_CLIENT_ID}\""),
        );
    assert!(!text.contains('…'), "{text}");
    // The stage's own database, so that commands beside the proxy find what it wrote.
    let database = stage.database().url();
    let database = database.map(|url| format!("database_url = {url:?}\n"));
    let text = database.unwrap_or_default() + &text;
    fs::write(folder.join("portico.toml"), text).unwrap();
    let good = bash(folder, "portico-proxy check --config portico.toml", &[]);
    assert!(out(&good).starts_with("the configuration is good\n"));
}

/// B6–B9 by hand: the address the guide prints leads to a page of consent, and back with a code.
async fn code_by_hand(stage: &Stage, folder: &Path, step: &str) -> String {
    let address = out(&bash(folder, step, &[("CLIENT_ID", DEMO_CLIENT_ID)]));
    let address = address.trim();
    assert!(
        address.contains("scope=oauth%20crm.schemas.contacts.read%20"),
        "{address}"
    );
    let mut flow = stage.admin().start_connect().await;
    flow.authorize_url = address.replace("https://app.hubspot.com", &stage.sandbox_url);
    let back = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    assert!(back.starts_with(BY_HAND), "{back}");
    let back = url::Url::parse(&back).unwrap();
    let mut pairs = back.query_pairs();
    pairs
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned()
}

/// B1–B18, issue 4 item 9: from nothing to a `Config.toml` whose three fields fetch a token that reads deals.
#[tokio::test(flavor = "multi_thread")]
async fn the_guide_for_ballerina_holds_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut steps = blocks("sh");
    let is_by_hand = |step: &String| step.contains("/oauth/authorize?");
    let authorize = steps.remove(steps.iter().position(is_by_hand).unwrap());
    let made = out(&bash(folder, &steps.remove(0), &[]));
    let key = made.lines().next().unwrap().to_owned();
    let listed = ServiceKey {
        id: quoted(&made, "id"),
        sha256: quoted(&made, "sha256"),
    };
    let stage = stage(listed.clone()).await;
    check_configuration(folder, &stage, &listed);
    stage.connected(PORTAL).await;
    let code = code_by_hand(&stage, folder, &authorize).await;
    let private = stage.sandbox.with(|state| {
        let scopes = ["crm.objects.deals.read"];
        state.issue_static(PORTAL, StaticKind::PrivateApp, "Deals", &scopes, 0)
    });
    let private = private.unwrap().token;

    let script = steps
        .join("\n")
        .replace("https://portico.example", &stage.config.base_url)
        .replace("https://api.hubapi.com", &stage.sandbox_url);
    // Nothing leaves the machine, whatever the guide says some day.
    let addresses = script.split("https://").count() - 1;
    assert_eq!(addresses, 0, "{script}");
    let variables = [
        ("SERVICE_KEY", key.as_str()),
        ("CLIENT_ID", DEMO_CLIENT_ID),
        ("CLIENT_SECRET", DEMO_CLIENT_SECRET),
        ("CODE", &code),
        ("PRIVATE_APP_TOKEN", &private),
    ];
    // The program waits for answers of this very process.
    let said = tokio::task::block_in_place(|| out(&bash(folder, &script, &variables)));
    assert!(
        said.contains("\"portal_id\": 26104388") && !said.contains(&key),
        "{said}"
    );

    // What the connector would do with the file: its fields, to its address, as its OAuth client sends them.
    let file = fs::read_to_string(folder.join("Config.toml")).unwrap();
    let field = |name| quoted(&file, name);
    let caller = Caller::new(stage.config.clone(), String::new(), String::new());
    assert_eq!(
        field("refreshUrl"),
        format!("{}/oauth/token", stage.config.base_url)
    );
    let body = format!(
        "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
        field("refreshToken"),
        field("clientId"),
        field("clientSecret")
    );
    let request = caller
        .bare(reqwest::Method::POST, "/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = caller.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for secret in [DEMO_CLIENT_SECRET, "refresh_token"] {
        assert!(
            !file.contains(secret) && !answer.text.contains(secret),
            "{secret}"
        );
    }
}
