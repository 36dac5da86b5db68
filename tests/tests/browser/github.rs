//! GitHub in the browser: connecting, linking repositories, and what is said when one gets lost.

use super::KEPT_RECORDS;
use portico_sandbox::github::model::DEMO_APP_CLIENT_ID;
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::json;

const MARA: &str = "mara-lindqvist";
const SAM: &str = "solo-sam";
const HARBOUR: &str = "harbour-analytics";
/// Installations of the sandbox's GitHub App: chosen repositories of a person, and all of an organization's.
const MARAS: u64 = 70_001;
const HARBOURS: u64 = 70_002;
const SAMS: u64 = 70_004;

async fn says(page: &Page, full_name: &str, tone: &str, words: &str) {
    let badge = format!("[data-repo='{full_name}'] .status.{tone}");
    page.read(&badge, words).await;
}

async fn check_again(page: &Page) {
    page.click("[data-check]").await;
}

/// D1, D36–D38: Connect Git leads through GitHub's own page to a card; the words are GitHub's, the portal table and
/// the retrieval of metadata know nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_github_account_is_connected_by_its_own_page_and_is_no_portal() {
    let stage = Stage::with_github().await;
    let browser = Browser::start("github-connect").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/settings/connections").await;
    page.read("main", "at least one HubSpot and one GitHub connection")
        .await;
    page.click("#connect-git").await;
    page.read("dialog h2", "Connect Git").await;
    let dialog = page.text("dialog").await;
    for foreign in ["HubSpot", "portal", "Connection type"] {
        assert!(!dialog.contains(foreign), "{foreign}: {dialog}");
    }
    page.click("#continue-to-github").await;
    page.turn_to_other().await;
    page.see("main[data-provider=github]").await;
    let url = page.url().await;
    assert!(url.contains("/login/oauth/authorize"), "{url}");
    assert!(url.contains("code_challenge_method=S256"), "{url}");
    page.turn_home().await;
    page.read("dialog h3", "Continue in GitHub's window").await;
    page.authorize_github(MARA).await;
    page.read("dialog h3", "Connected").await;
    page.read("dialog .facts", MARA).await;
    page.click("#flow-done").await;
    let card = format!("[data-github='{MARA}']");
    page.read(&format!("{card} a.status.good"), "Connected")
        .await;
    page.read(&card, "No repository is linked yet").await;

    page.go("#/accounts").await;
    page.see("#add-portal").await;
    assert_eq!(page.count("[data-portal]").await, 0);
    let calls = stage.calls();
    let ours = ["/api/v3/", "/login/", "/favicon.ico"];
    let is_github = |call: &&String| ours.iter().any(|part| call.contains(part));
    assert!(calls.keys().all(|call| is_github(&call)), "{calls:?}");
}

/// D38–D44: account or organization, a searched list, the default branch or another one; several repositories, each
/// with a status and a use of its own, kept in this browser over a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repositories_are_chosen_from_a_list_and_each_stands_on_its_own() {
    let stage = Stage::with_github().await;
    let browser = Browser::start("github-repositories").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_github(MARA).await;

    page.click("[data-add-repo]").await;
    page.read("#repo-account", "harbour-analytics (organization)")
        .await;
    page.choose_option("#repo-account", &HARBOURS.to_string())
        .await;
    page.read("dialog [role=status]", "253 repositories").await;
    let rows = page.count(".repo-list .row").await;
    assert!((1..100).contains(&rows), "drawn: {rows}");
    page.write("#repo-search", "archive CONFIG").await;
    page.read("dialog [role=status]", "1 of 253").await;
    page.click("[data-repository='harbour-analytics/config-archive']")
        .await;
    page.see("#repo-branch").await;
    let branch = page.js("return $('#repo-branch').value", &[]).await;
    assert_eq!(branch, json!("main"), "the default is chosen");
    assert_eq!(page.count("#repo-branch option").await, 300);
    page.choose_option("#repo-branch", "snapshots/299").await;
    page.click("#add-repo").await;
    page.see_no("dialog").await;
    let archive = "harbour-analytics/config-archive";
    says(page, archive, "good", "Connected").await;
    page.read(&format!("[data-repo='{archive}'] code"), "snapshots/299")
        .await;

    page.add_repo(MARAS, "mara-lindqvist/portal-config").await;
    page.add_repo(MARAS, "mara-lindqvist/hubspot-backup").await;
    let linked = page.texts(".repo-name").await;
    let want = [
        archive,
        "mara-lindqvist/hubspot-backup",
        "mara-lindqvist/portal-config",
    ];
    assert_eq!(linked, want);
    let both = "Backup target or comparison source";
    page.read("[data-repo='mara-lindqvist/portal-config']", both)
        .await;
    // 70003 is the installation on lumen-agency, where Mara may only read this one.
    page.add_repo(70_003, "lumen-agency/shared-templates").await;
    let read_only = "[data-repo='lumen-agency/shared-templates']";
    page.read(read_only, "Comparison source only").await;

    page.reload().await;
    page.see(read_only).await;
    says(page, archive, "good", "Connected").await;
    page.click("[aria-label='Remove the link to lumen-agency/shared-templates']")
        .await;
    page.see_no(read_only).await;
    assert_eq!(page.count("[data-repo]").await, 3);
}

/// D45: deleted, unselected, renamed, archived, branch gone, uninstalled: each turns Connected into an error that says
/// what happened and what to do, and what was mended at GitHub turns green again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_repository_says_what_happened_and_what_to_do() {
    let stage = Stage::with_github().await;
    let browser = Browser::start("github-lost").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_github(MARA).await;
    page.add_repo(MARAS, "mara-lindqvist/portal-config").await;
    page.add_repo(MARAS, "mara-lindqvist/website").await;
    page.add_repo(HARBOURS, "harbour-analytics/crm-snapshots")
        .await;

    stage.sandbox.with(|state| {
        assert!(state.github.delete_repository(MARA, "portal-config"));
        assert!(state.github.rename_repository(MARA, "website", "site"));
        assert!(state.github.uninstall(DEMO_APP_CLIENT_ID, HARBOUR));
    });
    check_again(page).await;
    let gone = "mara-lindqvist/portal-config";
    says(page, gone, "bad", "Error: deleted or no access").await;
    page.read(&format!("[data-repo='{gone}']"), "remove this link")
        .await;
    let snapshots = "harbour-analytics/crm-snapshots";
    says(page, snapshots, "bad", "Error: access lost").await;
    page.read(&format!("[data-repo='{snapshots}']"), "not installed on")
        .await;
    says(page, "mara-lindqvist/website", "bad", "Error: renamed").await;
    page.read(
        "[data-repo='mara-lindqvist/website']",
        "It is called mara-lindqvist/site now.",
    )
    .await;
    page.click_text("[data-repo] button", "Use the new name")
        .await;
    says(page, "mara-lindqvist/site", "good", "Connected").await;

    stage.sandbox.with(|state| {
        assert!(state.github.archive_repository(MARA, "site", true));
        let app = DEMO_APP_CLIENT_ID;
        assert!(state.github.install(app, HARBOUR, None, 1).is_some());
    });
    check_again(page).await;
    says(page, "mara-lindqvist/site", "bad", "Error: archived").await;
    says(page, snapshots, "good", "Connected").await;
    page.click(&format!("[aria-label='Remove the link to {gone}']"))
        .await;
    page.see_no(&format!("[data-repo='{gone}']")).await;
}

/// D45: where GitHub's own lists leave no doubt, the word is deleted; a lost branch is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_without_doubt_is_called_one() {
    let stage = Stage::with_github().await;
    let now = 1_800_000_000_000;
    stage.sandbox.with(|state| {
        let pushed = state
            .github
            .push_file((SAM, "hello-world"), "staging", "a.txt", b"a", now);
        assert!(pushed.is_some());
    });
    let browser = Browser::start("github-deleted").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_github(SAM).await;
    page.add_repo(SAMS, "solo-sam/portal").await;
    page.click("[data-add-repo]").await;
    page.click("[data-repository='solo-sam/hello-world']").await;
    page.choose_option("#repo-branch", "staging").await;
    page.click("#add-repo").await;
    page.see_no("dialog").await;
    says(page, "solo-sam/hello-world", "good", "Connected").await;

    stage.sandbox.with(|state| {
        assert!(state.github.delete_repository(SAM, "portal"));
        assert!(state.github.delete_branch(SAM, "hello-world", "staging"));
    });
    // Looking at the view again asks again.
    page.go("#/accounts").await;
    page.see("#add-portal").await;
    page.go("#/settings/connections").await;
    says(page, "solo-sam/portal", "bad", "Error: deleted").await;
    says(page, "solo-sam/hello-world", "bad", "Error: branch deleted").await;
    page.read("[data-repo='solo-sam/hello-world']", "no branch staging")
        .await;
}

/// D45, R1, R5, D27, D29: access revoked at GitHub turns card and repositories into errors; reconnecting turns them
/// back without another step; removing the connection revokes it and leaves none of its links.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_access_is_told_mended_by_reconnecting_and_removal_leaves_nothing() {
    let stage = Stage::with_github().await;
    let browser = Browser::start("github-revoked").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_github(MARA).await;
    page.add_repo(MARAS, "mara-lindqvist/portal-config").await;
    let card = format!("[data-github='{MARA}']");

    stage.sandbox.with(|state| {
        assert!(state.github.revoke_grant(DEMO_APP_CLIENT_ID, MARA));
    });
    check_again(page).await;
    page.read(&format!("{card} a.status.attention"), "Needs reconnection")
        .await;
    page.read(&card, "GitHub no longer accepts this authorization")
        .await;
    let link = "mara-lindqvist/portal-config";
    says(page, link, "bad", "Error: reconnect GitHub").await;
    assert!(!page.text(&card).await.contains("HubSpot"));

    page.click_text(&format!("{card} button"), "Reconnect")
        .await;
    page.read("dialog", "Sign in to GitHub as the same account")
        .await;
    page.click("#continue-to-github").await;
    page.authorize_github(MARA).await;
    page.read("dialog h3", "Reconnected").await;
    page.click("#flow-done").await;
    page.read(&format!("{card} a.status.good"), "Connected")
        .await;
    says(page, link, "good", "Connected").await;

    assert_eq!(
        page.js(KEPT_RECORDS, &[]).await,
        json!(1),
        "the links' one record"
    );
    page.click(&format!("{card} [title=Remove]")).await;
    page.read("dialog", "The repositories themselves stay as they are")
        .await;
    page.read("dialog", "revoked at GitHub").await;
    page.prove_and_remove().await;
    page.see_no(&card).await;
    let revoked = |stage: &Stage| stage.sandbox.with(|state| state.github.grants.is_empty());
    stage.until("the revocation", revoked).await;
    let empty = KEPT_RECORDS.replace("return count", "return count === 0");
    page.until("an empty store", &empty, &[]).await;
}

/// D59: a repository that does not show is looked for in five steps, with GitHub's own pages where they are known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_that_does_not_show_is_looked_for_step_by_step() {
    let stage = Stage::with_github().await;
    let browser = Browser::start("github-not-showing").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_github(MARA).await;
    page.click("[data-add-repo]").await;
    page.see("#repo-account").await;
    page.click("dialog [data-help=not-showing] summary").await;
    let steps = page
        .texts("dialog [data-help=not-showing] li > strong")
        .await;
    let want = [
        "Choose Add Repo",
        "Does it exist?",
        "May this account see it?",
        "Reconnect GitHub",
        "Install the app on the organization",
    ];
    assert_eq!(steps, want);
    let script = "return $$('dialog [data-help=not-showing] a').map((a) => a.href)";
    let links = page.js(script, &[]).await;
    let install = format!(
        "{}/apps/portico-backup/installations/new",
        stage.hubspot_url()
    );
    let links = links.as_array().unwrap();
    assert!(links.contains(&json!(install)), "{links:?}");

    // Nothing installed at all is told as that.
    page.click("dialog [aria-label=Close]").await;
    stage
        .sandbox
        .with(|state| state.github.installations.clear());
    page.click("[data-add-repo]").await;
    page.read("dialog", "not installed anywhere this account can see")
        .await;
}

/// D36: without GitHub in the operator's configuration there is nothing to press, and the reason stands there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_without_github_says_so() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("github-absent").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/settings/connections").await;
    page.read("[aria-labelledby=provider-github]", "Not set up here")
        .await;
    assert_eq!(page.count("#connect-git").await, 0);
}
