//! Client Accounts as an agency uses it: find the broken one, act on many, read one portal's story.

use super::PORTAL;
use portico_sandbox::DEMO_CLIENT_ID;
use portico_tests::browser::{Browser, Page, Setup, Stage};
use serde_json::json;
use std::time::Duration;

/// Of `agency`, beside [`PORTAL`].
const OTHERS: [u64; 8] = [
    25_733_019, 4_418_276, 8_801_542, 27_390_664, 9_127_730, 6_075_211, 48_215_903, 49_660_028,
];
/// Two of them whose grants die.
const DEAD: [u64; 2] = [6_075_211, 49_660_028];

/// An agency with nine portals, two of which need reconnection.
async fn agency(name: &str) -> (Stage, Browser) {
    let stage = Stage::set(Setup {
        user_per_minute: Some(10_000),
        ..Setup::of("agency")
    })
    .await;
    // Each call finds a token that is about to end, and refreshes it first (D22).
    stage
        .sandbox
        .with(|state| state.switches.access_token_lifetime = Duration::from_mins(1));
    stage.connect(PORTAL).await;
    for portal in OTHERS {
        stage.connect(portal).await;
    }
    for portal in DEAD {
        stage
            .sandbox
            .with(|state| state.revoke_grant(DEMO_CLIENT_ID, portal));
    }
    let browser = Browser::start(name).await;
    browser.page.launch(&stage).await;
    for portal in DEAD {
        browser
            .page
            .read(&row(portal, "a.status.attention"), "Needs reconnection")
            .await;
    }
    // Refreshes change a connection's version; from here on nobody refreshes.
    browser
        .page
        .until(
            "retrieval to end",
            "return !$('.retrieval progress') && !said(root.firstElementChild).includes('Pending')",
            &[],
        )
        .await;
    (stage, browser)
}

fn row(portal: u64, within: &str) -> String {
    format!("tr[data-portal='{portal}'] {within}")
}

async fn rows_are(page: &Page, count: usize) {
    let script = "return $$('tbody tr[data-portal]').length === arguments[0]";
    page.until(&format!("{count} rows"), script, &[json!(count)])
        .await;
}

async fn choose(page: &Page, portal: u64, action: &str) {
    page.click(&row(portal, "[aria-haspopup]")).await;
    page.click_text(".menu-list button", action).await;
    page.see("dialog").await;
}

/// J22, R3, R13: what needs a person stands on top and is one click away; search, filter and order narrow the table
/// as they are typed, and the view is an address that stands after a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broken_ones_are_found_at_a_glance_and_a_view_is_an_address() {
    let (_stage, browser) = agency("accounts-find").await;
    let page = &browser.page;
    rows_are(page, 9).await;
    let first = page
        .js(
            "return $$('tbody tr').slice(0, 2).map((r) => Number(r.dataset.portal)).sort((a, b) => a - b)",
            &[],
        )
        .await;
    assert_eq!(first, json!(DEAD), "worst first");

    page.click_text(".summary-part", "2 need your attention")
        .await;
    rows_are(page, 2).await;
    assert!(page.url().await.ends_with("#/accounts?show=attention"));
    page.reload().await;
    rows_are(page, 2).await;
    page.see(".summary-part[aria-pressed=true]").await;
    page.click_text(".toolbar button", "Clear filters").await;
    rows_are(page, 9).await;

    page.write("#accounts-search", "weser").await;
    rows_are(page, 1).await;
    page.read(".list-count", "1 of 9 portals").await;
    page.write("#accounts-search", "27390").await;
    rows_are(page, 1).await;
    page.see(&row(27_390_664, "")).await;
    page.write("#accounts-search", "no such portal").await;
    page.read(".table-home", "No portal matches").await;
    page.click_text(".table-home button", "Show all portals")
        .await;
    rows_are(page, 9).await;

    page.click_text("th button", "Account Name").await;
    page.see("th[aria-sort=ascending]").await;
    let names = page.texts(".account-name").await;
    let mut sorted = names.clone();
    sorted.sort_by_key(|name| name.to_lowercase());
    assert_eq!(names, sorted);
    page.click_text("th button", "Account Name").await;
    page.see("th[aria-sort=descending]").await;
    sorted.reverse();
    assert_eq!(page.texts(".account-name").await, sorted);
    assert!(page.url().await.ends_with("sort=-name"));

    page.choose_option("select[aria-label=Status]", "needs_reconnection")
        .await;
    rows_are(page, 2).await;
    page.choose_option("select[aria-label=Status]", "").await;
    rows_are(page, 9).await;
}

/// J17, D28, D33: what is done to many portals at once is told before it is done, portal by portal, and a
/// removal of several asks for their number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_portals_are_changed_or_removed_after_a_dry_run() {
    let (stage, browser) = agency("accounts-bulk").await;
    let page = &browser.page;
    choose(page, PORTAL, "Edit connection type").await;
    page.click("dialog input[value=audit_only]").await;
    page.click("#confirm").await;
    page.see_no("dialog").await;

    let three = [PORTAL, OTHERS[0], OTHERS[1]];
    for portal in three {
        page.click(&row(portal, ".choose")).await;
    }
    page.read(".chosen-count", "3 chosen").await;
    page.choose_option("#bulk-type", "audit_only").await;
    page.read(
        "dialog",
        "2 of 3 portals will be changed to Audit Only; 1 already is Audit Only",
    )
    .await;
    assert_eq!(page.count("dialog tr[data-outcome=change]").await, 2);
    assert_eq!(page.count("dialog tr[data-outcome=unchanged]").await, 1);
    page.click("#confirm").await;
    page.see_no("dialog").await;
    page.read(".toast", "2 portals were changed").await;
    for portal in three {
        page.read(&row(portal, ".tags"), "Audit Only").await;
    }

    for portal in [OTHERS[0], OTHERS[1]] {
        page.click(&row(portal, ".choose")).await;
    }
    page.click("#bulk-remove").await;
    page.read("dialog", "This cannot be undone").await;
    let disabled = "return $('#confirm').disabled";
    assert_eq!(page.js(disabled, &[]).await, json!(true));
    page.write("#confirm-text", "2").await;
    page.click_text("#confirm", "Remove 2 portals").await;
    page.see_no("dialog").await;
    rows_are(page, 7).await;
    let left = stage.caller().get("/v1/connections").await.json();
    assert_eq!(left["connections"].as_array().unwrap().len(), 7);
}

/// R7, R8, R10, R11, R14, R29, D50, D51, D58, J20, P8: one portal's panel says what happened, since when and why as far as it
/// is known, what still works and what does not, what to do now and who may; it closes on Escape and gives the focus back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portals_panel_tells_its_story_and_offers_the_way_on() {
    let (_stage, browser) = agency("accounts-panel").await;
    let page = &browser.page;
    let link = row(DEAD[0], ".account-name a");
    page.click(&link).await;
    page.see(".side-panel").await;
    assert!(
        page.url()
            .await
            .ends_with(&format!("#/accounts/{}", DEAD[0]))
    );
    let story = page.text(".side-panel").await;
    for words in [
        "Needs reconnection",
        "no longer accepts this authorization",
        "removed",
        "lost access",
        "No deadline",
        "An import fails at once with an authentication error",
        "A deployment fails at its first call",
        "An audit cannot be started",
        "stays readable",
        "Connected Apps",
        &DEAD[0].to_string(),
    ] {
        assert!(story.contains(words), "{words:?} is not in {story}");
    }
    assert!(page.count(".side-panel [data-cause]").await >= 3, "{story}");
    assert_eq!(page.count(".side-panel .scope-table").await, 1);
    page.press("\u{e00c}").await;
    page.see_no(".side-panel").await;
    let focused = "return root.activeElement === $(arguments[0])";
    page.until("the focus back on the name", focused, &[json!(link)])
        .await;

    // A link from a colleague leads straight to it, and on to the repair.
    page.go(&format!("#/accounts/{}", DEAD[1])).await;
    page.see(".side-panel").await;
    page.click_text(".side-panel button", "Reconnect").await;
    page.read("dialog h2", "Reconnect ").await;
    page.click("dialog [aria-label=Close]").await;
    page.see_no("dialog").await;

    // A healthy one has its outlook and its facts.
    page.go(&format!("#/accounts/{PORTAL}")).await;
    page.read(".side-panel", "Enterprise").await;
    page.read(".side-panel .status.good", "Connected").await;
    assert!(page.count(".side-panel .outlook [data-reason]").await >= 2);
}

/// S12: a test asks the account and every granted area, and says of each how it went and how long it took.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_shows_area_by_area_that_data_flows() {
    let (_stage, browser) = agency("accounts-test").await;
    let page = &browser.page;
    choose(page, PORTAL, "Test connection").await;
    page.read("dialog .status.good", "Data flows from every granted area")
        .await;
    let areas = page.texts("dialog tr[data-area]").await;
    assert!(areas.len() > 3, "{areas:?}");
    assert!(
        areas
            .iter()
            .all(|area| area.contains("Data came") && area.ends_with("ms")),
        "{areas:?}"
    );
    page.click("#bulk-done").await;
    page.see_no("dialog").await;

    // A dead one is not asked at all (R5), and the plan says why.
    choose(page, DEAD[0], "Test connection").await;
    page.read(
        "dialog tr[data-outcome=refused]",
        "no longer accepts this authorization",
    )
    .await;
    assert_eq!(
        page.js("return $('#confirm').disabled", &[]).await,
        json!(true)
    );
}

/// D47: another admin's change and removal appear without a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_admin_does_appears_without_a_reload() {
    let (stage, browser) = agency("accounts-live").await;
    let page = &browser.page;
    let loaded = page.js("return performance.timeOrigin", &[]).await;
    let caller = stage.caller();
    let all = caller.get("/v1/connections").await.json();
    let find = |portal: u64| {
        all["connections"]
            .as_array()
            .unwrap()
            .iter()
            .find(|connection| connection["account"]["portal_id"] == json!(portal))
            .unwrap()
            .clone()
    };
    let changed = find(OTHERS[2]);
    let path = format!("/v1/connections/{}", changed["id"].as_str().unwrap());
    let answer = caller
        .send(
            caller
                .request(reqwest::Method::PATCH, &path)
                .header("if-match", format!("\"{}\"", changed["version"]))
                .json(&json!({ "label": "Renamed elsewhere" })),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    page.read(&row(OTHERS[2], ".account-name"), "Renamed elsewhere")
        .await;

    let gone = find(OTHERS[3]);
    let answer = caller
        .delete(&format!("/v1/connections/{}", gone["id"].as_str().unwrap()))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    page.see_no(&row(OTHERS[3], "")).await;
    rows_are(page, 8).await;
    assert_eq!(page.js("return performance.timeOrigin", &[]).await, loaded);
}
