//! A grant with gaps: what was left out is named, what works goes on, and asking for the rest closes the gap.

use super::PORTAL;
use portico_tests::browser::{Browser, Stage};

/// D52, D53, D54, D55, D56, D68, S17, P5: optional permissions that were left out limit the connection and nothing else:
/// they are named with the parts that go dark, the rest is retrieved, and an upgrade asks for them with their reasons.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_granted_is_named_and_asked_for_later() {
    let stage = Stage::of("agency").await;
    stage
        .connect_keeping(PORTAL, |scope| {
            !["forms", "crm.lists.read"].contains(&scope)
        })
        .await;
    let browser = Browser::start("limited").await;
    let page = &browser.page;
    page.launch(&stage).await;
    let row = format!("tr[data-portal='{PORTAL}']");
    page.read(&format!("{row} a.status.good"), "Connected, limited")
        .await;
    page.read(&row, "Some requested permissions were not granted")
        .await;
    page.retrieved(PORTAL).await;

    page.go(&format!("#/portals/{PORTAL}/properties")).await;
    page.see(".row").await;
    page.read("a[data-kind=forms]", "not available").await;
    page.read("a[data-kind=lists]", "not available").await;

    page.go(&format!("#/accounts/{PORTAL}")).await;
    page.read(".side-panel", "Some requested permissions were not granted")
        .await;
    for (feature, scope) in [("forms", "forms"), ("lists", "crm.lists.read")] {
        page.read(&format!(".side-panel [data-feature={feature}] code"), scope)
            .await;
    }
    page.read(".side-panel .scope-table .wanting", "crm.lists.read")
        .await;
    page.click(".side-panel .advice button").await;
    let new = "dialog .scope-list";
    page.read(new, "List forms with their fields").await;
    page.read(new, "List the portal's lists").await;
    page.click("#continue-to-hubspot").await;
    page.turn_to_other().await;
    page.see("main[data-step=consent]").await;
    let address = page.url().await;
    assert!(
        address.contains(&format!("/oauth/{PORTAL}/authorize")),
        "pinned to the same portal: {address}"
    );
    page.consent().await;
    page.click("#flow-done").await;
    page.see_no("dialog").await;
    page.until(
        "the whole status",
        "return said($(arguments[0])) === 'Connected'",
        &[serde_json::json!(format!("{row} a.status.good"))],
    )
    .await;
    assert_eq!(page.count(".side-panel [data-feature]").await, 0);
}
