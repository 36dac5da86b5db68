//! A private app token in place of OAuth: a path of its own, named as such, that leaves no secret behind.

use super::PORTAL;
use super::secrets::EVERYTHING;
use portico_sandbox::{Fault, FaultAnswer, StaticKind};
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::json;

const OTHER: u64 = 25_733_019;

/// App and token that an admin of the account made in HubSpot.
fn made(stage: &Stage, portal: u64, kind: StaticKind) -> (u64, String) {
    stage.sandbox.with(|state| {
        let (app, token) = state.credentials.first(portal, kind).unwrap();
        (app.app_id, token.to_owned())
    })
}

fn card(portal: u64) -> String {
    format!(".connection[data-portal='{portal}']")
}

async fn send(page: &Page, token: &str) {
    page.write("#token", token).await;
    page.click("#send-token").await;
}

/// The dialog refuses with this code, the field is empty, and the dialog stays.
async fn refused(page: &Page, code: &str) {
    page.read("dialog [role=alert] code", code).await;
    page.see("#token").await;
}

/// Nothing that a page's script can see holds the token.
async fn nowhere(page: &Page, token: &str) {
    let everything = page.js(EVERYTHING, &[]).await;
    assert!(!everything.to_string().contains(token), "{everything}");
    let field = page.js("return $('#token')?.value ?? ''", &[]).await;
    assert_eq!(field, json!(""));
    let log = page.log().await;
    assert!(
        log.iter().all(|(_, message)| !message.contains(token)),
        "{log:?}"
    );
}

/// D26, B14–B18, J3, D8, D65, D69: a portal is connected by its private app's token, beside the usual way and named
/// as such; the token is masked, said to be without end, and nowhere in the page once it is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_app_token_connects_a_portal_and_is_never_seen_again() {
    let stage = Stage::of("agency").await;
    let added = stage
        .caller()
        .post("/v1/workspaces", &json!({"name": "Weser"}))
        .await;
    let workspace = added.json()["id"].as_str().unwrap().to_owned();
    let browser = Browser::start("static-token").await;
    let page = &browser.page;
    page.launch(&stage).await;

    page.click("#add-portal").await;
    assert_eq!(
        page.count("dialog input[type=password], dialog input[type=text]")
            .await,
        0,
        "Add Portal itself asks for no token"
    );
    page.click("dialog input[value=config_and_audit]").await;
    page.click("#token-instead").await;
    page.read("dialog h2", "Use a private app token").await;
    let checked = page
        .js(
            "return $('dialog input[name=connection-type]:checked').value",
            &[],
        )
        .await;
    assert_eq!(checked, json!("config_and_audit"), "what was chosen stays");
    for text in [
        "Add Portal is the usual way",
        "Service keys",
        "Private Apps",
        "crm.schemas.contacts.read",
        "It never expires",
        "rotate it in HubSpot at once and replace it here",
    ] {
        page.read("dialog", text).await;
    }
    let scopes = page.texts("dialog .scope-list code").await;
    assert!(!scopes.contains(&"oauth".to_owned()), "{scopes:?}");
    let field =
        "const e = $('#token'); return [e.type, e.autocomplete, e.value, e.getAttribute('value')]";
    assert_eq!(
        page.js(field, &[]).await,
        json!(["password", "off", "", null])
    );

    page.write("dialog input[name=label]", "Weser, production")
        .await;
    let script = "const e = $('dialog select[name=workspace]'); e.value = arguments[0];
        e.dispatchEvent(new Event('change', { bubbles: true })); return e.value";
    page.js(script, &[json!(workspace)]).await;
    let (_, token) = made(&stage, PORTAL, StaticKind::PrivateApp);
    send(page, &format!(" {token} ")).await;
    page.see_no("dialog").await;
    page.read(".toast", "Weser, production is connected by its token")
        .await;
    nowhere(page, &token).await;

    page.go("#/settings/connections").await;
    let card = card(PORTAL);
    page.read(&format!("{card} h3"), "Weser, production").await;
    page.read(&format!("{card} .tag.place"), "Weser").await;
    let hint = &token[token.len() - 4..];
    page.read(
        &format!("{card} .credential"),
        &format!("····{hint}, entered less than a minute ago, never expires"),
    )
    .await;
    page.retrieved(PORTAL).await;
    page.reload().await;
    page.read(&format!("{card} .credential"), hint).await;
    nowhere(page, &token).await;
}

/// B18, R1, R2, R14, R17, R24, RL-9: a rotated token turns its portal yellow; the row offers to replace it, a token of
/// another portal or an old one is refused with its reason, and the new one mends the portal and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_token_is_replaced_in_place() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start("static-replace").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/settings/connections").await;
    page.click("#use-token").await;
    let (app, old) = made(&stage, PORTAL, StaticKind::PrivateApp);
    page.click("dialog input[value=audit_only]").await;
    page.write("dialog input[name=label]", "Weser").await;
    send(page, &old).await;
    page.see_no("dialog").await;
    page.retrieved(PORTAL).await;

    let now = stage.sandbox.now();
    let fresh = stage
        .sandbox
        .with(|state| state.rotate_static(app, false, now))
        .unwrap();
    let card = card(PORTAL);
    page.click(&format!("{card} [aria-haspopup]")).await;
    page.click_text(".menu-list button", "Retrieve metadata again")
        .await;
    page.read(&card, "HubSpot no longer knows this token").await;
    page.read(&card, "Enter a new token of this portal").await;
    page.click(&format!("{card} [aria-haspopup]")).await;
    let items = page.texts(".menu-list button").await;
    assert!(
        items.contains(&"Replace token".to_owned()) && !items.contains(&"Reconnect".to_owned()),
        "{items:?}"
    );
    page.press(&char::from(fantoccini::key::Key::Escape).to_string())
        .await;
    page.click_text(&format!("{card} button"), "Replace token")
        .await;
    page.read("dialog h2", "Replace the token of Weser").await;
    page.read("dialog .dialog-head p", &format!("Portal {PORTAL}"))
        .await;
    assert_eq!(
        page.count("dialog input[name=connection-type]").await,
        0,
        "only the token is asked for"
    );

    send(page, &old).await;
    refused(page, "CREDENTIAL_REFUSED").await;
    send(page, &made(&stage, OTHER, StaticKind::ServiceKey).1).await;
    refused(page, "WRONG_PORTAL").await;
    page.read("dialog [role=alert]", &OTHER.to_string()).await;
    send(page, &fresh).await;
    page.see_no("dialog").await;
    page.read(&format!("{card} a.status.good"), "Connected")
        .await;
    page.read(&format!("{card} .credential"), &fresh[fresh.len() - 4..])
        .await;
    page.read(&format!("{card} h3"), "Weser").await;
    page.retrieved(PORTAL).await;
    assert_eq!(page.count(".connection").await, 1, "one portal, one card");
    let facts = stage.caller().get("/v1/connections").await.json();
    assert_eq!(
        facts["connections"][0]["connection_type"],
        json!("audit_only")
    );
    nowhere(page, &fresh).await;
}

/// B16, D49, J3: what cannot serve is refused with its code, the reason and what to do, and connects nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_cannot_serve_is_explained() {
    let stage = Stage::of("agency").await;
    let poor = stage.sandbox.with(|state| {
        let scopes = ["crm.schemas.deals.read"];
        state.issue_static(PORTAL, StaticKind::ServiceKey, "Poor", &scopes, 0)
    });
    let poor = poor.unwrap().token;
    stage.connect(OTHER).await;
    let browser = Browser::start("static-refused").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/settings/connections").await;
    page.click("#use-token").await;

    send(page, "CLqM4ZbhMBIDAQIY").await;
    refused(page, "INVALID_CREDENTIAL").await;
    page.see("#token[aria-invalid=true]").await;
    let sent = stage.sandbox.with(|state| {
        let texts = state.calls.iter();
        texts
            .filter(|call| call.body.contains("CLqM4ZbhMBIDAQIY"))
            .count()
    });
    assert_eq!(sent, 0, "what was pasted by mistake goes nowhere");
    send(page, "pat-na1-00000000-aaaa-bbbb-cccc-000000000000").await;
    refused(page, "CREDENTIAL_REFUSED").await;
    send(page, &poor).await;
    refused(page, "AUTH_SCOPE_DENIED").await;
    page.read("dialog [role=alert]", "crm.schemas.contacts.read")
        .await;
    page.read("dialog [role=alert]", "Then enter the token again")
        .await;
    send(page, &made(&stage, OTHER, StaticKind::ServiceKey).1).await;
    refused(page, "CONNECTED_BY_OAUTH").await;
    let weather = Fault {
        path_prefix: "/oauth/v2/private-apps/get/access-token-info".into(),
        method: None,
        remaining: 1,
        answer: FaultAnswer::Status(503),
    };
    stage.sandbox.with(|state| state.faults.push(weather));
    let (_, good) = made(&stage, PORTAL, StaticKind::PrivateApp);
    send(page, &good).await;
    refused(page, "PROVIDER_UNAVAILABLE").await;
    assert_eq!(page.count(&card(PORTAL)).await, 0);
    nowhere(page, &good).await;

    // By the keyboard alone, and the focus comes back where it came from.
    page.write("#token", &good).await;
    page.press(&char::from(fantoccini::key::Key::Enter).to_string())
        .await;
    page.see_no("dialog").await;
    page.see(&card(PORTAL)).await;
    let focused = page.js("return root.activeElement?.id", &[]).await;
    assert_eq!(focused, json!("use-token"));
}
