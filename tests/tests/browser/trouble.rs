//! What breaks underneath: the proxy gone, HubSpot failing, the page reloaded in the middle.

use super::{PORTAL, SMALL};
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::browser::{Browser, Stage};
use std::time::Duration;

fn failing(path_prefix: &str, times: u32) -> Fault {
    Fault {
        path_prefix: path_prefix.to_owned(),
        method: None,
        remaining: times,
        answer: FaultAnswer::Status(500),
    }
}

/// R28, P1: without its proxy the app says so, what was retrieved stays readable, and it recovers by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_proxy_everything_retrieved_stays_readable() {
    let mut stage = Stage::of("small").await;
    let browser = Browser::start("proxy-down").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_and_retrieve(SMALL).await;
    page.go(&format!("#/portals/{SMALL}/properties")).await;
    page.see(".row").await;

    stage.stop_proxy().await;
    page.read(".notice.attention", "The proxy cannot be reached")
        .await;
    page.click("a[data-kind=lists]").await;
    page.read("#explorer-search ~ *, .list-count", "12").await;
    page.click(".row").await;
    page.see(".detail-title h2").await;
    page.click("#tab-json").await;
    page.read("#record-panel .code", "\"listId\"").await;

    stage.start_proxy().await;
    page.see_no(".notice.attention").await;
    page.go("#/accounts").await;
    page.read(
        &format!("tr[data-portal='{SMALL}'] a.status.good"),
        "Connected",
    )
    .await;
    let asked = stage.call_count();
    page.click(&format!("tr[data-portal='{SMALL}'] [aria-haspopup]"))
        .await;
    page.click_text(".menu-list button", "Retrieve metadata again")
        .await;
    stage.until_calls(asked + 10).await;
    page.retrieved(SMALL).await;
}

/// P4, R4: faults of HubSpot's are tried again until everything is there; the status does not turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_pass_are_tried_again_and_nothing_is_missing() {
    let stage = Stage::of("small").await;
    stage
        .sandbox
        .with(|state| state.faults.push(failing("/crm/properties/", 5)));
    let browser = Browser::start("faults-pass").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect_and_retrieve(SMALL).await;

    let row = format!("tr[data-portal='{SMALL}']");
    let said = page.text(&format!("{row} .retrieval-line")).await;
    assert!(
        said.starts_with("Completed: ") && !said.contains("incomplete"),
        "{said}"
    );
    page.read(&format!("{row} a.status.good"), "Connected")
        .await;
    let left: u32 = stage
        .sandbox
        .with(|state| state.faults.iter().map(|fault| fault.remaining).sum());
    assert_eq!(left, 0, "every fault was met");
    page.go(&format!("#/portals/{SMALL}/properties")).await;
    page.see(".row").await;
    let broken = page.texts("a[data-kind]").await;
    assert!(
        broken
            .iter()
            .all(|said| !said.contains("error") && !said.contains("incomplete")),
        "{broken:?}"
    );
}

/// D13, P4, R4: a kind that keeps failing is marked so, the others are complete, and the status does not turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_keeps_failing_is_marked_and_the_others_are_complete() {
    let stage = Stage::of("small").await;
    stage
        .sandbox
        .with(|state| state.faults.push(failing("/marketing/", u32::MAX)));
    let browser = Browser::start("faults-stay").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect(SMALL).await;
    page.click("#flow-done").await;

    let row = format!("tr[data-portal='{SMALL}']");
    page.read(&format!("{row} .retrieval-line"), "one kind is incomplete")
        .await;
    page.read(&format!("{row} a.status.good"), "Connected")
        .await;
    page.go(&format!("#/portals/{SMALL}/forms")).await;
    page.read("a[data-kind=forms]", "error").await;
    page.read(".blank", "HubSpot is having trouble").await;
    page.read("a[data-kind=lists] .count", "12").await;
    let others = page.texts("a[data-kind]:not([data-kind=forms])").await;
    assert!(
        others
            .iter()
            .all(|said| !said.contains("error") && !said.contains("incomplete")),
        "{others:?}"
    );
}

/// D8, P4: a reload in the middle of retrieval goes on where it stood; no page is asked twice but those that
/// were under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_in_the_middle_of_retrieval_goes_on_where_it_stood() {
    let stage = Stage::of("agency").await;
    stage
        .sandbox
        .with(|state| state.switches.api_latency = Duration::from_millis(400));
    let browser = Browser::start("reload").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect(PORTAL).await;
    stage.until_calls(20).await;
    let early = stage.calls();
    page.reload().await;
    page.see(&format!("tr[data-portal='{PORTAL}']")).await;
    page.retrieved(PORTAL).await;

    let calls = stage.calls();
    assert!(
        early.len() >= 20 && early.len() < calls.len(),
        "the reload was in the middle: {} of {}",
        early.len(),
        calls.len()
    );
    let twice: Vec<_> = calls.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.iter().all(|(_, times)| **times == 2), "{twice:#?}");
    // At most ten calls are under way at once.
    assert!(
        twice.len() <= 10,
        "{} calls were made twice: {twice:#?}",
        twice.len()
    );
    let said = page
        .text(&format!("tr[data-portal='{PORTAL}'] .retrieval-line"))
        .await;
    assert!(!said.contains("incomplete"), "{said}");
    page.go(&format!("#/portals/{PORTAL}/lists")).await;
    page.read("a[data-kind=lists] .count", "210").await;
    page.read(".list-count", "210").await;
}
