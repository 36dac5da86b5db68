//! The largest fixture: everything of it is retrieved, and the page stays responsive meanwhile.

use portico_tests::browser::{Browser, Stage};

const WATCH_TASKS: &str = "
    globalThis.__tasks = [];
    new PerformanceObserver((list) => globalThis.__tasks.push(...list.getEntries().map((task) => task.duration)))
        .observe({ type: 'longtask', buffered: true });
";

/// D17, P4, P10: every record of a large portal is retrieved and listed. How long the main thread was held is
/// printed, for it depends on the machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_portal_is_retrieved_whole() {
    let stage = Stage::of("enterprise").await;
    let portal = stage
        .sandbox
        .with(|state| *state.portals.keys().next().unwrap());
    let browser = Browser::start("large").await;
    let page = &browser.page;
    page.on_new_pages(WATCH_TASKS).await;
    page.launch(&stage).await;
    page.connect(portal).await;
    // What watches is itself tried: a task that is long on purpose is seen.
    let hold = "setTimeout(() => { const end = performance.now() + 80; while (performance.now() < end); }, 0)";
    page.js(hold, &[]).await;
    page.until(
        "a long task",
        "return globalThis.__tasks.some((ms) => ms >= 79)",
        &[],
    )
    .await;
    page.js("globalThis.__tasks.length = 0", &[]).await;
    page.click("#flow-done").await;
    page.retrieved(portal).await;
    let said = page
        .text(&format!("tr[data-portal='{portal}'] .retrieval-line"))
        .await;
    assert!(
        said.starts_with("Completed: ") && !said.contains("incomplete"),
        "{said}"
    );
    let tasks = page.js("return globalThis.__tasks", &[]).await;
    let tasks: Vec<f64> = tasks
        .as_array()
        .unwrap()
        .iter()
        .filter_map(serde_json::Value::as_f64)
        .collect();
    let longest = tasks.iter().copied().fold(0.0, f64::max);
    eprintln!(
        "{said}; {} tasks above 50 ms while it ran, the longest {longest:.0} ms",
        tasks.len()
    );

    page.go(&format!("#/portals/{portal}/properties")).await;
    page.see(".row").await;
    for (kind, count) in [
        ("object-schemas", "10"),
        ("workflows", "350"),
        ("lists", "1,800"),
        ("forms", "264"),
    ] {
        page.read(&format!("a[data-kind={kind}] .count"), count)
            .await;
    }
    let drawn = page.count(".row").await;
    assert!(drawn < 200, "{drawn} rows are drawn of a list of thousands");
    page.go(&format!("#/portals/{portal}/lists")).await;
    page.read(".list-count", "1,800").await;
    page.press("\u{e000}").await;
    page.write("#explorer-search", "zzz nothing is called so")
        .await;
    page.read(".blank", "Nothing matches this search").await;
}

/// `1234567` as a list's count is written.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// D17, P10: the 200,000 records of `huge`, those of the explorer's kinds, are retrieved, listed and searched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_portal_is_listed_and_searched() {
    let stage = Stage::of("huge").await;
    let (portal, lists, users) = stage.sandbox.with(|state| {
        let portal = *state.portals.keys().next().unwrap();
        let huge = state.portals.get_mut(&portal).unwrap();
        // Windows are timed elsewhere; this is about size.
        huge.burst_limit = 250;
        (portal, huge.lists.len(), huge.users.len())
    });
    let browser = Browser::start("huge").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.connect(portal).await;
    page.click("#flow-done").await;
    // One wait is shorter than the whole: by steps, each of which must come.
    for calls in [150, 300, 450, 600] {
        stage.until_calls(calls).await;
    }
    page.retrieved(portal).await;
    let said = page.text(".retrieval-line").await;
    assert!(
        said.starts_with("Completed: ") && !said.contains("incomplete"),
        "{said}"
    );
    for (kind, count) in [("lists", lists), ("users", users)] {
        page.go(&format!("#/portals/{portal}/{kind}")).await;
        page.read(".list-count", &grouped(count)).await;
        let drawn = page.count(".row").await;
        assert!((1..200).contains(&drawn), "{kind}: {drawn} rows are drawn");
        page.write("#explorer-search", "zzz nothing is called so")
            .await;
        page.read(".blank", "Nothing matches this search").await;
    }
}
