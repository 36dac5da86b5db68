//! What a row offers: another type, another name, reconnecting, removing.

use super::{KEPT_RECORDS, SMALL};
use portico_sandbox::DEMO_CLIENT_ID;
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::json;
use std::time::Duration;

async fn choose(page: &Page, action: &str) {
    page.click(&format!("[data-portal='{SMALL}'] [aria-haspopup]"))
        .await;
    page.click_text(".menu-list button", action).await;
    page.see("dialog").await;
}

/// J11 (by hand), J17, J24, D14, D15: type and label are changed in the row, and the label stands wherever the
/// portal is named, also after a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn type_and_label_are_changed_in_the_row_and_stay() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("change").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_and_retrieve(SMALL).await;
    let row = format!("tr[data-portal='{SMALL}']");

    choose(page, "Edit connection type").await;
    page.click("dialog input[value=audit_only]").await;
    page.click("#confirm").await;
    page.see_no("dialog").await;
    page.read(&format!("{row} .tags"), "Audit Only").await;

    choose(page, "Rename").await;
    page.write("dialog input", "Kiesel, production").await;
    page.click("#confirm").await;
    page.see_no("dialog").await;
    page.reload().await;
    page.read(&format!("{row} .account-name"), "Kiesel, production")
        .await;
    page.read(&format!("{row} .tags"), "Audit Only").await;
    page.go("#/settings/connections").await;
    page.read(".card.connection h3", "Kiesel, production").await;
    page.go(&format!("#/portals/{SMALL}")).await;
    page.read("h1", "Kiesel, production").await;
}

/// R1, R5, R7, R14–R17, R20, R23, R28, R29, D25: a dead grant turns the row yellow, nothing is asked while it is,
/// everything stays readable, and reconnecting turns it green without a reload and changes nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yellow_row_is_reconnected_in_place_and_loses_nothing() {
    let stage = Stage::of("small").await;
    // Each call finds a token that is about to end, and refreshes it first (D22).
    stage
        .sandbox
        .with(|state| state.switches.access_token_lifetime = Duration::from_mins(1));
    let browser = Browser::start("reconnect").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_and_retrieve(SMALL).await;
    let row = format!("tr[data-portal='{SMALL}']");
    choose(page, "Rename").await;
    page.write("dialog input", "Kiesel, production").await;
    page.click("#confirm").await;
    page.see_no("dialog").await;
    let loaded = page.js("return performance.timeOrigin", &[]).await;

    stage
        .sandbox
        .with(|state| state.revoke_grant(DEMO_CLIENT_ID, SMALL));
    page.click(&format!("{row} [aria-haspopup]")).await;
    page.click_text(".menu-list button", "Retrieve metadata again")
        .await;
    page.read(&format!("{row} a.status.attention"), "Needs reconnection")
        .await;
    page.read(&row, "no deadline, nothing is lost").await;
    let asked = stage.call_count();
    page.go(&format!("#/portals/{SMALL}/lists")).await;
    page.see(".row").await;
    page.click_text("button", "Retrieve again").await;
    page.read(".list-count", "12").await;
    page.go("#/accounts").await;
    page.see(&row).await;
    assert_eq!(stage.call_count(), asked, "nothing is asked while yellow");

    page.click_text(&format!("{row} button"), "Reconnect").await;
    page.read("dialog h2", "Reconnect Kiesel, production").await;
    page.click("#continue-to-hubspot").await;
    page.turn_to_other().await;
    // The account is named in the address: no picker.
    page.see("main[data-step=consent]").await;
    assert!(
        page.url()
            .await
            .contains(&format!("/oauth/{SMALL}/authorize"))
    );
    page.consent().await;
    page.read("dialog h3", "Reconnected").await;
    page.click("#flow-done").await;
    page.read(&format!("{row} a.status.good"), "Connected")
        .await;
    page.read(&format!("{row} .account-name"), "Kiesel, production")
        .await;
    page.retrieved(SMALL).await;
    assert_eq!(
        page.count("tr[data-portal]").await,
        1,
        "one portal, one row"
    );
    assert_eq!(
        page.js("return performance.timeOrigin", &[]).await,
        loaded,
        "without a reload"
    );
}

/// J24, J27, D27, D29, D33: removing warns, revokes at HubSpot and leaves nothing of the portal in the browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_portal_is_revoked_and_leaves_nothing_in_the_browser() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("remove").await;
    let page = &browser.page;
    page.watch_files().await;
    page.launch(&stage).await;
    page.connect_and_retrieve(SMALL).await;
    assert!(page.js(KEPT_RECORDS, &[]).await.as_u64() > Some(20));
    assert!(stage.sandbox.with(|state| !state.refresh_tokens.is_empty()));

    choose(page, "Remove").await;
    page.read("dialog", "This cannot be undone").await;
    page.read("dialog", "Connected Apps").await;
    let confirm = "return $('#confirm').disabled";
    assert_eq!(page.js(confirm, &[]).await, json!(true), "not by a slip");
    page.click("#keep-first").await;
    let (name, file) = page.files(1).await.remove(0);
    assert_eq!(name, format!("portico-portal-{SMALL}.json"));
    let file: serde_json::Value = serde_json::from_str(&file).unwrap();
    assert!(file["parts"].as_array().unwrap().len() > 20, "all of it");
    page.prove_and_remove().await;
    page.see_no("tr[data-portal]").await;
    page.read("h2", "No portals yet").await;
    let revoked = |stage: &Stage| stage.sandbox.with(|state| state.refresh_tokens.is_empty());
    stage.until("the revocation", revoked).await;
    let empty = KEPT_RECORDS.replace("return count", "return count === 0");
    page.until("an empty store", &empty, &[]).await;
    page.reload().await;
    page.read("h2", "No portals yet").await;
    assert_eq!(page.js(KEPT_RECORDS, &[]).await, json!(0));
}

/// Design section 9: a browser that never had a launch link is told how to get one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_without_a_session_is_told_how_to_get_one() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("no-session").await;
    let page = &browser.page;
    page.open(&format!("{}/", stage.base_url())).await;
    page.read("[role=alert] code", "LAUNCH_REQUIRED").await;
    assert_eq!(page.count("#add-portal").await, 0);
    page.open(&stage.proxy().launch_link().unwrap()).await;
    page.see("#add-portal").await;
}
