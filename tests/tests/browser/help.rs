//! Help: found by what people quote, reached from where it is needed, judged by whoever read it.

use super::SMALL;
use portico_core::help::{self, Group};
use portico_tests::browser::{Browser, Page, Partner, Setup, Stage};
use serde_json::{Value, json};

/// Keeps what the page around is told of answers.
const COLLECT: &str = "
    globalThis.__answers = [];
    addEventListener('portico-help-feedback', (event) => globalThis.__answers.push(event.detail));
";

async fn told(page: &Page) -> Value {
    page.js("return globalThis.__answers", &[]).await
}

async fn hash_of(page: &Page, selector: &str) -> Value {
    let script = "return $(arguments[0]).getAttribute('href')";
    page.js(script, &[json!(selector)]).await
}

/// S16, S17, S20, R34: a quoted code finds its entry as one types; the answer is thanked for, can be changed, is told
/// to the page around, and stays through a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quoted_code_is_found_and_an_answer_stays() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("help").await;
    let page = &browser.page;
    page.on_new_pages(COLLECT).await;
    page.launch(&stage).await;
    page.click_text(".sidebar a", "Help").await;
    page.read("h1", "Help").await;
    page.read(".sidebar a[aria-current=page]", "Help").await;

    page.write("#help-search", "AUTH_SCOPE_DENIED").await;
    page.read(
        ".found li:first-child",
        "Not all required permissions were granted",
    )
    .await;
    page.write("#help-search", "zzyzx").await;
    page.read("[role=status]", "Nothing found").await;
    page.write("#help-search", "auth scope").await;
    page.click(".found li:first-child a").await;
    page.read("h1", "Not all required permissions were granted")
        .await;
    page.read(".page-head code", "AUTH_SCOPE_DENIED").await;
    page.read(".help-body", "leave every permission ticked")
        .await;
    assert!(page.url().await.ends_with("#/help/error-auth-scope-denied"));

    assert_eq!(page.count("[data-helpful][aria-pressed=true]").await, 0);
    page.click("[data-helpful=false]").await;
    page.read(".feedback [role=status]", "Thank you").await;
    page.click("[data-helpful=true]").await;
    page.see("[data-helpful=true][aria-pressed=true]").await;
    let anchor = "error-auth-scope-denied";
    assert_eq!(
        told(page).await,
        json!([
            { "anchor": anchor, "helpful": false },
            { "anchor": anchor, "helpful": true },
        ])
    );
    page.reload().await;
    page.see("[data-helpful=true][aria-pressed=true]").await;
    assert_eq!(told(page).await, json!([]), "only an answer is told");
    // Of this entry alone.
    page.click_text(
        ".link-list a",
        "Some requested permissions were not granted",
    )
    .await;
    page.read("h1", "Some requested permissions were not granted")
        .await;
    page.see("[data-helpful=true][aria-pressed=false]").await;
}

/// J23, J33, S16, D71: the index lists every status, every error and every topic, old addresses go on working, and a
/// wrong one says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_lists_everything_and_old_addresses_work() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("help-index").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/help").await;
    page.see("#help-search").await;
    let listed = page
        .js(
            "return $$('[data-anchor]').map((e) => e.dataset.anchor)",
            &[],
        )
        .await;
    let entries = help::all();
    let wanted: Vec<&str> = entries.iter().map(|entry| entry.anchor.as_str()).collect();
    assert_eq!(listed, json!(wanted));
    for group in Group::ALL {
        page.see(&format!("[data-group={}]", group.title())).await;
    }
    let first = page.texts("#help-first ~ ul li").await;
    for title in [
        "Set-up guide",
        "Permissions and scopes",
        "Workspaces",
        "Roles and permissions in Portico",
        "Instance details",
    ] {
        assert!(first.iter().any(|said| said == title), "{first:?}");
    }

    page.go("#/help/no-such-entry").await;
    page.read(".notice", "There is no help entry of this name")
        .await;
    for (address, title) in [
        ("#/help/connecting", "Adding a portal"),
        ("#/help/reconnecting", "Status and reconnecting"),
    ] {
        page.go(address).await;
        page.read("h1", title).await;
    }
    assert_eq!(page.count(".status-list a").await, 6);
    page.go("#/help/instance-details").await;
    page.read("dl.facts", stage.base_url()).await;
    page.go("#/help/scopes").await;
    page.read(".scope-list", "crm.schemas.deals.read").await;
}

/// J32, R32, S13, S14, S15, D46, D59, D61, D62, D63, D64, D65, D67, D71: what these promises want said stands on screen.
/// Others whose words stand here too are about what happens, and are proved where it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_explained_is_explained() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("help-words").await;
    let page = &browser.page;
    page.launch(&stage).await;
    for (anchor, words) in [
        ("admin-role", "Super Admin of the portal"),
        (
            "admin-role",
            "need not be the person who connected it first",
        ),
        ("linked-elsewhere", "Let an admin there choose Remove"),
        ("browsers", "Chrome, Firefox, Edge and Safari"),
        ("roles", "ask an admin of your organization"),
        ("troubleshooting", "Three causes explain almost all of it"),
        (
            "pop-up-blocked",
            "Switch off ad blockers and privacy extensions",
        ),
        ("clear-cache", "clear the browser's cached images and files"),
        ("error-portal-limit-reached", "upgrade your plan"),
        ("error-token-expired", "within ten minutes"),
        (
            "revoke-or-uninstall",
            "Access tokens already issued keep working",
        ),
        ("pending", "within one or two minutes"),
        ("pending", "After more than five minutes"),
        ("trouble-kinds", "HubSpot is down or busy"),
        ("token-refresh", "invalid or revoked"),
        ("repository-not-showing", "Choose Add Repo"),
        ("retrieval", "Pending: queued. Wait about a minute"),
        ("retrieval", "2 to 10 minutes"),
        ("retrieval", "ready to use"),
        ("labels", "Acme, production"),
        ("revoking-in-hubspot", "ends the authorization at once"),
        ("workspaces", "done to the wrong portal by habit"),
        ("rotating-tokens", "rotate it at once"),
        ("data-kept", "keeps none"),
        ("oauth-v1-sunset", "16 February 2027"),
        ("connecting", "The right role in HubSpot"),
    ] {
        page.go(&format!("#/help/{anchor}")).await;
        page.read(&format!("[data-entry={anchor}]"), words).await;
    }
}

/// J23, R34: the badge and the notice lead to their own entries, and those lead on to the reconnect help.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn badges_and_notices_lead_to_their_entries() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("help-links").await;
    let page = &browser.page;
    page.launch(&stage).await;

    page.ask_hubspot().await;
    page.pick(SMALL).await;
    page.click("#cancel").await;
    page.home_alone().await;
    page.read("dialog [role=alert] code", "CONSENT_DENIED")
        .await;
    page.click("dialog .help-link").await;
    page.read("h1", "Access was not granted").await;
    page.see_no("dialog").await;
    page.read(".link-list", "Who may connect a portal in HubSpot")
        .await;

    page.go("#/accounts").await;
    page.connect(SMALL).await;
    page.click("#flow-done").await;
    let badge = format!("tr[data-portal='{SMALL}'] a.status");
    page.read(&badge, "Connected").await;
    assert_eq!(hash_of(page, &badge).await, "#/help/status-connected");
    page.click(&badge).await;
    page.read("h1", "Connected").await;
    page.read(".page-head .status.good", "Connected").await;
    page.click_text(".link-list a", "Status and reconnecting")
        .await;
    page.read("h1", "Status and reconnecting").await;
    page.read(".help-body", "Choose Reconnect in the portal's row")
        .await;
}

/// S13, S16: whoever cannot get in can read why, without a session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_is_there_without_a_session() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("help-outside").await;
    let page = &browser.page;
    page.open(&format!("{}/", stage.base_url())).await;
    page.read("[role=alert] code", "LAUNCH_REQUIRED").await;
    page.click(".help-link").await;
    page.read("h1", "Open Portico through its launch link")
        .await;
    assert_eq!(
        page.count(".feedback").await,
        0,
        "nobody is there to answer"
    );
    page.click_text(".crumbs a", "All help").await;
    page.see("#help-search").await;
    page.click_text(".crumbs a", "Back to the start").await;
    page.read("[role=alert] code", "LAUNCH_REQUIRED").await;
}

/// J23, S20, EM-8: in a partner's page help is walked through without touching the address bar, and answers are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_partners_page_help_leaves_the_address_alone() {
    let partner = Partner::open().await;
    let stage = Stage::set(Setup {
        origins: vec![partner.origin.clone()],
        return_uris: vec![partner.return_uri()],
        ..Setup::of("small")
    })
    .await;
    partner.meet(&stage);
    let browser = Browser::start("help-embedded").await;
    let page = &browser.page;
    page.on_new_pages(COLLECT).await;
    page.open(&format!("{}/", partner.origin)).await;
    page.see("#add-portal").await;
    page.connect(SMALL).await;
    page.click("#flow-done").await;
    page.click(&format!("tr[data-portal='{SMALL}'] a.status"))
        .await;
    page.read("h1", "Connected").await;
    page.click_text(".link-list a", "Status and reconnecting")
        .await;
    page.read("h1", "Status and reconnecting").await;
    page.click("[data-helpful=true]").await;
    assert_eq!(
        told(page).await,
        json!([{ "anchor": "reconnecting", "helpful": true }])
    );
    page.click_text(".crumbs a", "All help").await;
    page.see("#help-search").await;
    assert_eq!(page.url().await, format!("{}/", partner.origin));
}
