//! Consent that goes another way: refused, blocked, closed, severed, forged.

use super::{PORTAL, SMALL};
use portico_tests::browser::{Browser, Popups, Stage};
use serde_json::json;

/// CB-6, UI-1, R33: a refusal is told in our own words, never in those that came along; starting again works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_in_our_own_words_and_can_be_tried_again() {
    let stage = Stage::of("small").await;
    stage.sandbox.with(|state| {
        let hostile = "<img src=x onerror=window.pwned=1> call 555-0100 for support";
        state.switches.denial_description = Some(hostile.to_owned());
    });
    let browser = Browser::start("denied").await;
    let page = &browser.page;
    page.launch(&stage).await;

    page.ask_hubspot().await;
    page.pick(SMALL).await;
    page.click("#cancel").await;
    page.home_alone().await;
    page.read("dialog [role=alert]", "Access was not granted")
        .await;
    page.read("dialog [role=alert] code", "CONSENT_DENIED")
        .await;
    let everything = page
        .js(
            "return document.documentElement.outerHTML + root.innerHTML",
            &[],
        )
        .await;
    let everything = everything.as_str().unwrap();
    for word in ["onerror", "pwned", "555-0100"] {
        assert!(!everything.contains(word), "{word} is on the page");
    }
    assert_eq!(
        page.js("return typeof window.pwned", &[]).await,
        "undefined"
    );

    page.click("#start-again").await;
    page.turn_to_other().await;
    page.pick(SMALL).await;
    page.consent().await;
    page.read("dialog h3", "Connected").await;
    page.read(
        &format!("tr[data-portal='{SMALL}'] a.status.good"),
        "Connected",
    )
    .await;
}

/// J31, EM-4: a blocked window is noticed and explained, and a plain link finishes the flow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_window_is_explained_and_a_plain_link_finishes_the_flow() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start_with("blocked", Popups::Blocked).await;
    let page = &browser.page;
    page.launch(&stage).await;

    // Chromium's own blocker: no gesture of a person's, no window.
    page.click_without_gesture("#add-portal").await;
    page.click_without_gesture("#continue-to-hubspot").await;
    page.read("dialog [role=alert]", "Your browser blocked the window")
        .await;
    page.read("dialog [role=alert] code", "POPUP_BLOCKED").await;
    assert_eq!(page.windows().await.len(), 1, "it is blocked");
    finish_by_link(&stage, &browser, PORTAL).await;
    page.click("#flow-done").await;

    // A blocker of an extension's kind: the call gives nothing, whoever clicks.
    page.js("window.open = () => null", &[]).await;
    page.click("#add-portal").await;
    page.click("#continue-to-hubspot").await;
    page.read("dialog [role=alert] code", "POPUP_BLOCKED").await;
    finish_by_link(&stage, &browser, 25_733_019).await;
}

async fn finish_by_link(stage: &Stage, browser: &Browser, portal: u64) {
    let page = &browser.page;
    page.see("#open-hubspot").await;
    let link = page.js("return $('#open-hubspot').href", &[]).await;
    assert!(
        link.as_str().unwrap().starts_with(stage.hubspot_url()),
        "{link}"
    );
    page.click("#open-hubspot").await;
    page.turn_to_other().await;
    page.pick(portal).await;
    page.click("#connect-app").await;
    page.turn_home().await;
    page.read("dialog h3", "Connected").await;
    page.read(
        &format!("tr[data-portal='{portal}'] a.status.good"),
        "Connected",
    )
    .await;
    page.home_alone().await;
}

/// EM-4: a window that the person closed is noticed, never taken for an end; it can be opened again, and
/// cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_window_can_be_opened_again_or_cancelled() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("closed").await;
    let page = &browser.page;
    page.launch(&stage).await;

    page.ask_hubspot().await;
    page.close().await;
    page.read("dialog [role=status]", "seems to be closed")
        .await;
    page.see("#cancel-flow").await;
    page.click("#cancel-flow").await;
    page.see("#continue-to-hubspot").await;
    page.see("dialog input[name=connection-type]").await;

    page.click("#continue-to-hubspot").await;
    page.turn_to_other().await;
    page.see("main[data-step=account]").await;
    page.close().await;
    page.read("dialog [role=status]", "seems to be closed")
        .await;
    page.click("#reopen-hubspot").await;
    page.turn_to_other().await;
    page.pick(SMALL).await;
    page.consent().await;
    page.read("dialog h3", "Connected").await;
    page.read(
        &format!("tr[data-portal='{SMALL}'] a.status.good"),
        "Connected",
    )
    .await;
}

/// EM-3, UI-4: a provider's page that severs the window from its opener stops nothing, and the return page
/// that then stays open holds nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_severed_window_still_finishes_the_flow() {
    let stage = Stage::of("small").await;
    stage
        .sandbox
        .with(|state| state.switches.consent_coop = true);
    let browser = Browser::start("severed").await;
    let page = &browser.page;
    page.launch(&stage).await;

    page.ask_hubspot().await;
    assert_eq!(
        page.js("return window.opener", &[]).await,
        json!(null),
        "the window is severed"
    );
    // It would close at once; here it stays to be looked at.
    page.on_new_pages("window.close = () => { globalThis.__closing = true; }")
        .await;
    page.pick(SMALL).await;
    page.turn_home().await;
    page.read("dialog [role=status]", "seems to be closed")
        .await;
    page.turn_to_other().await;
    page.click("#connect-app").await;
    page.turn_home().await;
    page.read("dialog h3", "Connected").await;
    page.read(
        &format!("tr[data-portal='{SMALL}'] a.status.good"),
        "Connected",
    )
    .await;

    page.turn_to_other().await;
    page.read("#title", "Almost done").await;
    assert_eq!(
        page.js("return globalThis.__closing", &[]).await,
        json!(true)
    );
    assert_eq!(
        page.url().await,
        format!("{}/return.html", stage.base_url())
    );
    let script = "return [document.referrer, history.state, document.documentElement.outerHTML,
        performance.getEntriesByType('resource').map((entry) => entry.name).join(' ')].join('|')";
    let held = page.js(script, &[]).await.to_string();
    for word in ["claim=", "code=", "state=", "flow="] {
        assert!(!held.contains(word), "{held}");
    }
}

/// CB-1, CB-10, EM-10: a made-up return and a forged return page change nothing, and an open flow goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_returns_change_nothing() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("forged").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.ask_hubspot().await;

    let made_up = "A".repeat(43);
    page.open_tab().await;
    let callback = format!(
        "{}/callback/hubspot?code=na1-made-up&state={made_up}",
        stage.base_url()
    );
    page.open(&callback).await;
    page.read("h1", "This authorization is no longer open")
        .await;
    assert_eq!(page.url().await, callback, "no redirect, so no claim");
    let forged = format!(
        "{}/return.html#flow=019b-made-up&claim={made_up}",
        stage.base_url()
    );
    page.open(&forged).await;
    page.read("#title", "Portico did not hear from this window")
        .await;
    assert_eq!(
        page.url().await,
        format!("{}/return.html", stage.base_url())
    );
    page.close().await;

    page.read("dialog h3", "Continue in HubSpot's window").await;
    assert_eq!(page.count("tr[data-portal]").await, 0);
    page.turn_to_other().await;
    page.pick(SMALL).await;
    page.consent().await;
    page.read("dialog h3", "Connected").await;
    assert_eq!(page.count("tr[data-portal]").await, 1);
}
