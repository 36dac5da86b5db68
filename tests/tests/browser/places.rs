//! Workspaces: portals are grouped under names, and whoever acts sees where.

use super::PORTAL;
use portico_core::wire::Role;
use portico_tests::Answer;
use portico_tests::browser::{Browser, Page, Partner, Setup, Stage};
use reqwest::Method;
use serde_json::{Value, json};

const OTHER: u64 = 25_733_019;

/// Adds one on the page, and gives its id.
async fn add(page: &Page, name: &str) -> String {
    page.write("#new-workspace", name).await;
    page.click("#add-workspace").await;
    page.read(".places-row .account-name", name).await;
    let script = "return $$('.places-row').find((e) => said(e.querySelector('.account-name')) === arguments[0])?.dataset.workspace";
    let id = page.js(script, &[json!(name)]).await;
    id.as_str().unwrap().to_owned()
}

/// Chooses as a person does with the keyboard.
async fn choose(page: &Page, select: &str, value: &str) {
    page.see(select).await;
    let script = "const e = $(arguments[0]); e.value = arguments[1];
        e.dispatchEvent(new Event('change', { bubbles: true })); return e.value";
    let chosen = page.js(script, &[json!(select), json!(value)]).await;
    assert_eq!(chosen, json!(value), "{select} offers it");
}

async fn chosen(page: &Page, select: &str) -> Value {
    page.js("return $(arguments[0]).value", &[json!(select)])
        .await
}

/// Somebody else's change of a workspace, answering to a version.
async fn change(
    stage: &Stage,
    method: Method,
    path: &str,
    version: u64,
    body: Option<&Value>,
) -> Answer {
    let caller = stage.caller();
    let request = caller
        .request(method, path)
        .header("if-match", format!("\"{version}\""));
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    caller.send(request).await
}

async fn move_to(page: &Page, portal: u64, workspace: &str) {
    let card = format!(".connection[data-portal='{portal}']");
    page.click(&format!("{card} [aria-haspopup]")).await;
    page.click_text(".menu-list button", "Move to workspace")
        .await;
    page.see("dialog").await;
    choose(page, "dialog select[name=workspace]", workspace).await;
    page.click("#confirm").await;
    page.see_no("dialog").await;
}

/// D69, D70, D15: a workspace is added, checked while it is typed, renamed in place and removed; its portals stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_is_added_renamed_and_removed() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start("workspaces").await;
    let page = &browser.page;
    page.launch(&stage).await;
    assert_eq!(
        page.count("#workspace").await,
        0,
        "nothing is grouped, so there is nothing to switch"
    );
    page.click_text(".nav a", "Workspaces").await;
    page.read("h1", "Workspaces").await;
    page.read("h2", "No workspaces yet").await;
    page.read(".panel", "Production, Staging").await;

    let production = add(page, "Production").await;
    page.write("#new-workspace", " PRODUCTION ").await;
    page.read("#new-workspace-fault", "There is a workspace of this name")
        .await;
    page.see("#add-workspace:disabled").await;
    page.write("#new-workspace", "Prod\u{200b}uction").await;
    page.read("#new-workspace-fault", "not acceptable for a workspace")
        .await;
    add(page, "Weser").await;
    assert_eq!(
        page.texts(".places-row .account-name").await,
        ["Production", "Weser", "No workspace"]
    );

    stage.connect(PORTAL).await;
    page.go("#/settings/connections").await;
    move_to(page, PORTAL, &production).await;
    page.go("#/settings/workspaces").await;
    let row = format!("[data-workspace='{production}']");
    page.read(&row, "1 portal").await;

    page.click(&format!("{row} [aria-label='Rename Production']"))
        .await;
    let focused = "return root.activeElement?.getAttribute('aria-label')";
    assert_eq!(
        page.js(focused, &[]).await,
        json!("New name of Production"),
        "the field has the focus"
    );
    page.write(&format!("{row} form input"), "Live").await;
    page.click_text(&format!("{row} form button"), "Save").await;
    page.see_no(&format!("{row} form")).await;
    page.read(&row, "Live").await;
    assert_eq!(
        page.js(focused, &[]).await,
        json!("Rename Live"),
        "the focus is back where it came from"
    );

    page.click(&format!("{row} [aria-label='Remove Live']"))
        .await;
    page.read("dialog h2", "Remove Live?").await;
    page.read("dialog", "It holds 1 portal. They stay connected")
        .await;
    page.click("#remove-workspace").await;
    page.see_no("dialog").await;
    page.see_no(&row).await;
    page.read(".places-row", "1 portal").await;
    page.go("#/settings/connections").await;
    page.see(&format!(".connection[data-portal='{PORTAL}']"))
        .await;
    assert_eq!(page.count(".connection .tag.place").await, 0);
}

/// D70, D15: where a portal stands is said in its card and in each dialog that acts on it, and the switcher
/// narrows the table by its address, from wherever it is used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_workspace_is_seen_wherever_somebody_acts() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start("workspace-switch").await;
    let page = &browser.page;
    page.launch(&stage).await;
    for portal in [PORTAL, OTHER] {
        stage.connect(portal).await;
    }
    page.go("#/settings/connections").await;
    let card = format!(".connection[data-portal='{PORTAL}']");
    page.click(&format!("{card} [aria-haspopup]")).await;
    page.click_text(".menu-list button", "Move to workspace")
        .await;
    page.read("dialog", "There are no workspaces yet").await;
    page.click("#manage-workspaces").await;
    page.read("h1", "Workspaces").await;
    let weser = add(page, "Weser").await;

    page.go("#/settings/connections").await;
    move_to(page, PORTAL, &weser).await;
    page.read(&format!("{card} .tag.place"), "Weser").await;
    let other = format!(".connection[data-portal='{OTHER}']");
    for (card, place) in [(&card, "workspace Weser"), (&other, "no workspace")] {
        for action in ["Edit connection type", "Rename", "Remove"] {
            page.click(&format!("{card} [aria-haspopup]")).await;
            page.click_text(".menu-list button", action).await;
            page.read("dialog .dialog-head p", place).await;
            page.click_text("dialog .dialog-foot button", "Cancel")
                .await;
            page.see_no("dialog").await;
        }
    }
    page.click(&format!("{card} [aria-haspopup]")).await;
    page.click_text(".menu-list button", "Reconnect").await;
    page.read("dialog", "workspace Weser").await;
    page.press(&char::from(fantoccini::key::Key::Escape).to_string())
        .await;
    page.see_no("dialog").await;

    choose(page, "#workspace", &format!("workspace={weser}")).await;
    page.read("h1", "Client Accounts").await;
    assert!(
        page.url()
            .await
            .ends_with(&format!("#/accounts?workspace={weser}"))
    );
    page.click_text(".nav a", "Connections").await;
    page.read("h1", "Connections").await;
    assert_eq!(
        chosen(page, "#workspace").await,
        json!(format!("workspace={weser}")),
        "the current one is always in sight"
    );
    page.click_text(".nav a", "Client Accounts").await;
    page.read("h1", "Client Accounts").await;
    assert!(page.url().await.contains(&weser), "and stays");
    choose(page, "#workspace", "workspace=~none").await;
    page.until(
        "the address",
        "return location.hash === '#/accounts?workspace=~none'",
        &[],
    )
    .await;
    choose(page, "#workspace", "").await;
    page.until("the address", "return location.hash === '#/accounts'", &[])
        .await;
}

/// D69, D47: another admin's changes appear in every tab without a reload; who was slower is told what stands there
/// now, and may try again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_changes_appear_and_a_conflict_is_told() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start("workspaces-live").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/settings/workspaces").await;
    let id = add(page, "Weser").await;
    let loaded = page.js("return performance.timeOrigin", &[]).await;
    page.open_tab().await;
    page.open(&format!("{}/#/settings/workspaces", stage.base_url()))
        .await;
    page.read(".places-row", "Weser").await;
    add(page, "Hunte").await;
    page.close().await;
    page.read(".places-row", "Hunte").await;

    let row = format!("[data-workspace='{id}']");
    let path = format!("/v1/workspaces/{id}");
    page.click(&format!("{row} [aria-label='Rename Weser']"))
        .await;
    let renamed = change(
        &stage,
        Method::PATCH,
        &path,
        1,
        Some(&json!({"name": "Aller"})),
    )
    .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    page.read(&format!("{row} .account-name"), "Aller").await;
    page.write(&format!("{row} form input"), "Leine").await;
    page.click_text(&format!("{row} form button"), "Save").await;
    page.read(&format!("{row} [role=alert] code"), "VERSION_CONFLICT")
        .await;
    page.read(&format!("{row} form"), "It is called Aller now")
        .await;
    // The list is read again meanwhile, and the next try answers to it.
    page.until(
        "the retry",
        "if (!$('.places-row form')) return true; $('.places-row form button:not([type=button]):enabled')?.click(); return false",
        &[],
    )
    .await;
    page.read(&format!("{row} .account-name"), "Leine").await;

    page.click(&format!("{row} [aria-label='Remove Leine']"))
        .await;
    page.see("#remove-workspace").await;
    let removed = change(&stage, Method::DELETE, &path, 3, None).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    page.see_no("dialog").await;
    page.read(".toast", "Somebody else has removed this workspace")
        .await;
    page.see_no(&row).await;
    assert_eq!(
        page.js("return performance.timeOrigin", &[]).await,
        loaded,
        "without a reload"
    );
}

/// D35, D60, D34: a member sees the names, no buttons, and who has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_sees_the_workspaces_and_who_may_change_them() {
    let partner = Partner::open().await;
    let stage = Stage::set(Setup {
        origins: vec![partner.origin.clone()],
        return_uris: vec![partner.return_uri()],
        ..Setup::of("agency")
    })
    .await;
    partner.meet_with(&stage, Role::Member);
    let added = stage
        .caller()
        .post("/v1/workspaces", &json!({"name": "Weser"}))
        .await;
    assert_eq!(added.status, 201, "{}", added.text);
    stage.connect(PORTAL).await;
    let browser = Browser::start("workspaces-member").await;
    let page = &browser.page;
    page.open(&format!(
        "{}/?layout=page#/settings/workspaces",
        partner.origin
    ))
    .await;
    page.read(".places-row", "Weser").await;
    page.read("[role=status]", "Only an admin can add").await;
    page.read("[role=status]", "Ask an admin of your organization")
        .await;
    assert_eq!(page.count(".places-row button, #new-workspace").await, 0);
    page.see("#workspace").await;
    page.go("#/settings/connections").await;
    page.see(&format!(".connection[data-portal='{PORTAL}']"))
        .await;
    assert_eq!(page.count("#use-token, #connect-hubspot").await, 0);
    // A member may look, and see whether data flows.
    page.click(".connection [aria-haspopup]").await;
    assert_eq!(
        page.texts(".menu-list button").await,
        ["Test connection", "Retrieve metadata again"]
    );
}
