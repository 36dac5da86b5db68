//! The set-up guide, followed to the letter: its lines are run as they stand on the page.

use super::{PORTAL, SMALL};
use portico_proxy::config::Config;
use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, StaticKind};
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

/// A line of the guide, as the Copy button hands it over.
async fn line(page: &Page, id: &str) -> String {
    page.see(&format!("#{id}")).await;
    let text = page
        .js(
            "return $(arguments[0]).textContent",
            &[json!(format!("#{id}"))],
        )
        .await;
    text.as_str().unwrap().to_owned()
}

/// Runs it in a shell of its own; what it prints.
async fn run(folder: &Path, script: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("NO_PROXY", "*")
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Waits for one visit of a browser at the redirect URL; its query's `code`.
async fn code_at(listener: TcpListener) -> String {
    loop {
        let (mut visitor, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 8192];
        let length = visitor.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let page = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        visitor.write_all(page.as_bytes()).await.unwrap();
        let target = request.split(' ').nth(1).unwrap_or_default();
        // The browser may ask for an icon as well.
        if let Some((_, rest)) = target.split_once("?code=") {
            assert!(target.starts_with("/callback?"), "{target}");
            return rest.split('&').next().unwrap_or_default().to_owned();
        }
    }
}

async fn step(page: &Page, slug: &str, check: &str) {
    page.see(&format!("#step-{slug}[data-check={check}]")).await;
}

/// B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13: from the guide's own lines, with a redirect URL of one's own,
/// to an access token that HubSpot takes, and to the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_lines_lead_from_nothing_to_a_token() {
    let stage = Stage::of("agency").await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let by_hand = format!("http://localhost:{port}/callback");
    stage
        .sandbox
        .with(|state| state.apps[0].redirect_urls.push(by_hand.clone()));
    let browser = Browser::start("guide").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.click_text(".sidebar a", "Set-up guide").await;
    page.read("h1", "Set-up guide").await;

    assert_eq!(
        line(page, "guide-callback").await,
        format!("{}/callback/hubspot", stage.base_url())
    );
    page.read("#step-app", "Give it a name and a description")
        .await;
    page.read("#step-credentials", "client secret is for your shell")
        .await;
    let reasons = page.texts("#step-scopes .scope-list li").await;
    assert!(
        reasons
            .iter()
            .any(|said| said.starts_with("crm.schemas.deals.read Read how deals are set up")),
        "{reasons:?}"
    );
    page.write("#guide-redirect-uri", "http://127.0.0.1/callback")
        .await;
    page.read(".field", "HubSpot takes no IP addresses").await;
    page.write("#guide-redirect-uri", &by_hand).await;

    let address = line(page, "guide-authorize-url").await;
    for part in [
        format!("{}/oauth/authorize?", stage.hubspot_url()),
        format!("client_id={DEMO_CLIENT_ID}"),
        format!("redirect_uri=http%3A%2F%2Flocalhost%3A{port}%2Fcallback"),
        "scope=oauth%20crm.schemas.contacts.read%20".to_owned(),
    ] {
        assert!(address.contains(&part), "{address} lacks {part}");
    }
    page.write("#guide-portal", &PORTAL.to_string()).await;
    let pinned = line(page, "guide-authorize-url").await;
    assert!(pinned.contains(&format!("/oauth/{PORTAL}/authorize?")));
    page.write("#guide-portal", "").await;
    page.press("\u{e003}").await;

    let exchange = line(page, "guide-exchange").await;
    for parameter in [
        "grant_type=authorization_code",
        "\"code=$CODE\"",
        &format!("redirect_uri={by_hand}"),
        &format!("client_id={DEMO_CLIENT_ID}"),
        "\"client_secret=$HUBSPOT_CLIENT_SECRET\"",
        "/oauth/2026-03/token",
    ] {
        assert!(exchange.contains(parameter), "{exchange} lacks {parameter}");
    }
    page.read("#step-exchange", "form-encoded").await;
    let everything = page.js("return root.innerHTML", &[]).await;
    assert!(!everything.as_str().unwrap().contains(DEMO_CLIENT_SECRET));
    assert_eq!(page.count("input[type=password]").await, 0);
    page.click("#step-exchange [aria-label='Copy the exchange']")
        .await;
    page.see(".toast").await;
    page.click(".toast button").await;

    let code = tokio::spawn(code_at(listener));
    page.click_text("#step-authorize a", "Open it").await;
    page.turn_to_other().await;
    page.see("main[data-step=account]").await;
    page.pick(PORTAL).await;
    page.click("#connect-app").await;
    let code = code.await.unwrap();
    page.close().await;

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let secret = ("HUBSPOT_CLIENT_SECRET", DEMO_CLIENT_SECRET);
    let answer = run(folder, &exchange, &[("CODE", &code), secret]).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["expires_in"], json!(1800), "{answer}");
    let [access, refresh] =
        ["access_token", "refresh_token"].map(|name| answer[name].as_str().unwrap().to_owned());

    let first = line(page, "guide-first-call").await;
    let details = run(folder, &first, &[("HUBSPOT_ACCESS_TOKEN", &access)]).await;
    assert!(details.contains(&PORTAL.to_string()), "{details}");
    let next = line(page, "guide-refresh").await;
    assert!(next.contains("grant_type=refresh_token"), "{next}");
    let variables = [("HUBSPOT_REFRESH_TOKEN", refresh.as_str()), secret];
    let next: Value = serde_json::from_str(&run(folder, &next, &variables).await).unwrap();
    assert!(next["access_token"].is_string() && next["expires_in"].is_u64());
    // What was done by hand is not Portico's, and it does not claim it.
    step(page, "exchange", "not-yet").await;

    let own = line(page, "guide-ballerina-own").await;
    run(folder, &own, &variables).await;
    let written = std::fs::read_to_string(folder.join("Config.toml")).unwrap();
    for field in [
        format!("clientId = \"{DEMO_CLIENT_ID}\"\n"),
        format!("clientSecret = \"{DEMO_CLIENT_SECRET}\"\n"),
        format!("refreshToken = \"{refresh}\"\n"),
        format!(
            "refreshUrl = \"{}/oauth/2026-03/token\"\n",
            stage.hubspot_url()
        ),
    ] {
        assert!(written.contains(&field), "{written} lacks {field}");
    }
}

/// B1, B5, B12, B14, B15, B16, B17, B18, S2: the steps turn by themselves as the proxy sees them done, a private app's token
/// is the key, and the configuration shown is one that the proxy takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_steps_turn_as_the_proxy_sees_them_done() {
    let stage = Stage::of("agency").await;
    // Each call finds a token that is about to end, and refreshes it first.
    stage
        .sandbox
        .with(|state| state.switches.access_token_lifetime = Duration::from_mins(1));
    let browser = Browser::start("guide-steps").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/guide").await;
    for slug in ["app", "scopes", "credentials", "portico"] {
        step(page, slug, "done").await;
    }
    for slug in ["redirect", "authorize", "exchange", "refresh", "static"] {
        step(page, slug, "not-yet").await;
    }
    page.read("#guide-progress", "4 of the 9 steps").await;
    page.write("#guide-client-id", "some-other-app").await;
    page.read("#step-credentials", "is not the one this proxy works for")
        .await;
    page.write("#guide-client-id", DEMO_CLIENT_ID).await;
    step(page, "credentials", "done").await;

    stage.connect(PORTAL).await;
    for slug in ["redirect", "authorize", "exchange", "refresh"] {
        step(page, slug, "done").await;
    }
    page.read("#step-authorize .check", &PORTAL.to_string())
        .await;
    page.read("#step-refresh .check", "by itself").await;
    let broker = line(page, "guide-ballerina-broker").await;
    let connections = stage.caller().get("/v1/connections").await.json();
    let id = connections["connections"][0]["id"].as_str().unwrap();
    let org = &stage.config().solo.as_ref().unwrap().org;
    assert!(
        broker.contains(&format!("refreshToken = \"{id}@{org}\"")),
        "{broker}"
    );
    assert!(
        broker.contains(&format!(
            "refreshUrl = \"{}/oauth/token\"",
            stage.base_url()
        )),
        "{broker}"
    );
    page.write("#guide-portal", &SMALL.to_string()).await;
    step(page, "authorize", "not-yet").await;
    page.write("#guide-portal", &PORTAL.to_string()).await;
    step(page, "authorize", "done").await;

    let scopes = portico_core::scopes::REQUIRED;
    let scopes: Vec<&str> = scopes.iter().copied().filter(|s| *s != "oauth").collect();
    let token = stage.sandbox.with(|state| {
        let issued = state.issue_static(25_733_019, StaticKind::PrivateApp, "Guide", &scopes, 0);
        issued.unwrap().token
    });
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = line(page, "guide-private-app").await;
    let details = run(folder, &key, &[("PRIVATE_APP_TOKEN", &token)]).await;
    assert!(details.contains("25733019"), "{details}");
    let body = json!({ "provider": "hubspot", "token": token, "connection_type": "audit_only" });
    let added = stage.caller().post("/v1/connections/static", &body).await;
    assert_eq!(added.status, 201, "{}", added.text);
    page.write("#guide-portal", "25733019").await;
    step(page, "static", "done").await;
    page.read("#step-static .check", "It does not expire").await;
    page.read("#step-static .check", &token[token.len() - 4..])
        .await;

    let secret_file = line(page, "guide-secret-file").await;
    run(
        folder,
        &secret_file,
        &[("HUBSPOT_CLIENT_SECRET", DEMO_CLIENT_SECRET)],
    )
    .await;
    let toml = line(page, "guide-portico-toml").await;
    std::fs::create_dir(folder.join("dist")).unwrap();
    std::fs::write(folder.join("dist/index.html"), "<!doctype html>").unwrap();
    let config = Config::parse(&toml, folder, []).unwrap();
    config.check().unwrap();
    assert_eq!(config.base_url, stage.base_url());
    assert_eq!(config.hubspot.client_id, DEMO_CLIENT_ID);
    assert_eq!(config.hubspot.api_base, stage.hubspot_url());
    assert_eq!(
        config.hubspot.required_scopes,
        stage.config().hubspot.required_scopes
    );
}
