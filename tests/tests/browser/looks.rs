//! Every main view in both themes and three widths: accessible, within the page, and in a picture.

use super::PORTAL;
use portico_tests::browser::{Axe, Browser, Gallery, Setup, Stage};
use std::time::Duration;

/// Of the rest of `agency`, those that can be connected.
const OTHERS: [u64; 8] = [
    25_733_019, 4_418_276, 8_801_542, 27_390_664, 9_127_730, 6_075_211, 48_215_903, 49_660_028,
];

/// Issue 2, items 6 and 7; wish 22 of the trackers: every main view, light and dark, wide and narrow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_main_view_is_accessible_and_fits_in_both_themes() {
    let stage = Stage::set(Setup {
        user_per_minute: Some(10_000),
        ..Setup::of("agency")
    })
    .await;
    let browser = Browser::start("looks").await;
    let page = &browser.page;
    let mut gallery = Gallery::new(page, Axe::load());

    page.launch(&stage).await;
    gallery.show("accounts-empty").await;
    page.click("#add-portal").await;
    page.see("dialog").await;
    gallery.show("add-dialog").await;
    page.click("#continue-to-hubspot").await;
    page.turn_to_other().await;
    page.see("main[data-step=account]").await;
    gallery.show("consent-accounts").await;
    page.pick(PORTAL).await;
    gallery.show("consent-permissions").await;
    page.consent().await;
    page.read("dialog h3", "Connected").await;
    gallery.show("connected-dialog").await;
    page.click("#flow-done").await;

    // Two of the others get grants that die: yellow rows.
    stage
        .sandbox
        .with(|state| state.switches.access_token_lifetime = Duration::from_mins(1));
    for portal in OTHERS {
        stage.connect(portal).await;
        page.see(&format!("tr[data-portal='{portal}']")).await;
    }
    page.until(
        "all to be retrieved",
        "return !$('.retrieval progress') && !said(root.firstElementChild).includes('Pending')",
        &[],
    )
    .await;
    for portal in [6_075_211, 49_660_028] {
        stage
            .sandbox
            .with(|state| state.revoke_grant(portico_sandbox::DEMO_CLIENT_ID, portal));
        let row = format!("tr[data-portal='{portal}']");
        page.click(&format!("{row} [aria-haspopup]")).await;
        page.click_text(".menu-list button", "Retrieve metadata again")
            .await;
        page.read(&format!("{row} a.status.attention"), "Needs reconnection")
            .await;
    }
    assert_eq!(page.count("tr[data-portal]").await, 9);
    gallery.show("accounts").await;
    // The first row's: what needs a person stands on top.
    page.click("tr[data-portal='6075211'] [aria-haspopup]")
        .await;
    gallery.show("accounts-menu").await;
    page.go("#/settings/connections").await;
    page.read("h1", "Connections").await;
    gallery.show("connections").await;
    page.click("#use-token").await;
    page.see("#token").await;
    gallery.show("token-dialog").await;
    page.press("\u{e00c}").await;
    page.see_no("dialog").await;
    page.go("#/settings/workspaces").await;
    page.read("h2", "No workspaces yet").await;
    gallery.show("workspaces-empty").await;
    for name in ["Production", "Weser Software GmbH, all brands and regions"] {
        page.write("#new-workspace", name).await;
        page.click("#add-workspace").await;
        page.read(".places-row", name).await;
    }
    page.click("[aria-label='Rename Production']").await;
    page.see(".places-row form").await;
    gallery.show("workspaces").await;
    page.go(&format!("#/portals/{PORTAL}/properties")).await;
    page.see(".row").await;
    gallery.show("explorer-list").await;
    page.go(&format!(
        "#/portals/{PORTAL}/properties/contacts/lifecyclestage"
    ))
    .await;
    page.see("#record-panel .section").await;
    gallery.show("explorer-summary").await;
    page.click("#tab-json").await;
    page.see("#record-panel .code-line").await;
    gallery.show("explorer-json").await;
    page.go("#/help/connecting").await;
    page.read("h1", "Adding a portal").await;
    gallery.show("help-connecting").await;
    page.go("#/help/reconnecting").await;
    page.read("h1", "Status and reconnecting").await;
    gallery.show("help-reconnecting").await;
    page.go("#/help").await;
    page.see("#help-search").await;
    gallery.show("help-index").await;
    page.write("#help-search", "permission").await;
    page.see(".found li").await;
    gallery.show("help-search").await;
    page.go("#/help/error-auth-scope-denied").await;
    page.click("[data-helpful=false]").await;
    page.read(".feedback [role=status]", "Thank you").await;
    gallery.show("help-entry").await;
    page.go("#/help/scopes").await;
    page.see(".scope-list").await;
    gallery.show("help-scopes").await;
    page.go("#/help/instance-details").await;
    page.see("dl.facts").await;
    gallery.show("help-instance").await;
    page.go("#/guide").await;
    page.see("#step-refresh").await;
    gallery.show("guide").await;
    page.open(&format!("{}/return.html", stage.base_url()))
        .await;
    page.read("#title", "Nothing to do here").await;
    gallery.show("return").await;
    gallery.assert_faultless();
}
