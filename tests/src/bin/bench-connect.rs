//! Prints how long it takes from the click on Continue to the green row, beside the same flow by plain HTTP.
//! Owns the measurement; numbers depend on the machine, so they are printed and never judged.
//! J2's budget of a minute is held by the browser story; this says how much of it is used.
//!
//! `cargo xtask bench` builds the bundle and sets the `PORTICO_…` variables that the browser needs.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use portico_tests::Person;
use portico_tests::browser::{Browser, Page, Setup, Stage};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;

/// Healthy portals of `agency`; the first run is for warming up.
const PORTALS: [u64; 6] = [
    4_418_276, 8_801_542, 27_390_664, 25_733_019, 9_127_730, 26_104_388,
];
const PHASES: [&str; 4] = ["register", "consent pages", "exchange", "first row"];

/// Milliseconds of each phase.
type Run = [f64; 4];

/// Notes the click and the row, by the page's own clock.
const WATCH: &str = "
    const row = `tr[data-portal='${arguments[0]}'] a.status.good`;
    globalThis.__run = {};
    root.addEventListener('click', (event) => {
        if (event.target.closest('#continue-to-hubspot')) globalThis.__run.click ??= performance.now();
    }, { capture: true });
    performance.clearResourceTimings();
    new MutationObserver((_, observer) => {
        if ($(row)) { globalThis.__run.row = performance.now(); observer.disconnect(); }
    }).observe(root, { childList: true, subtree: true });
";
const READ: &str = "
    const { click, row } = globalThis.__run;
    const timing = (end) => performance.getEntriesByType('resource').find((entry) => entry.name.endsWith(end));
    const [flow, complete] = [timing('/v1/flows'), timing('/complete')];
    return [flow.responseEnd - click, complete.startTime - flow.responseEnd,
        complete.responseEnd - complete.startTime, Math.max(0, row - complete.responseEnd)];
";

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::var_os("PORTICO_DIST").is_none() {
        println!("bench-connect needs the finished bundle: run `cargo xtask bench`.");
        return ExitCode::FAILURE;
    }
    let in_browser = by_browser().await;
    let by_http = by_http().await;
    println!(
        "From click to green row, sandbox without latency, median of {} runs:",
        PORTALS.len() - 1
    );
    println!(
        "  {:<16} {:>12} {:>12} {:>8}",
        "phase", "browser", "plain HTTP", "ratio"
    );
    for (index, phase) in PHASES.iter().enumerate() {
        let of = |runs: &[Run]| median(runs.iter().map(|run| run[index]).collect());
        print_line(phase, of(&in_browser), of(&by_http));
    }
    let whole = |runs: &[Run]| median(runs.iter().map(|run| run.iter().sum()).collect());
    print_line("click to row", whole(&in_browser), whole(&by_http));
    println!(
        "  The browser's consent pages are clicked by WebDriver, whose own waits are in them."
    );
    ExitCode::SUCCESS
}

fn print_line(phase: &str, browser: f64, http: f64) {
    println!(
        "  {phase:<16} {browser:>9.1} ms {http:>9.1} ms {:>8.2}",
        browser / http.max(0.001)
    );
}

async fn stage() -> Stage {
    Stage::set(Setup {
        user_per_minute: Some(100_000),
        ..Setup::of("agency")
    })
    .await
}

async fn by_browser() -> Vec<Run> {
    let stage = stage().await;
    let browser = Browser::start("bench-connect").await;
    let page = &browser.page;
    page.launch(&stage).await;
    let mut runs = Vec::new();
    for portal in PORTALS {
        runs.push(once(page, portal).await);
    }
    runs.split_off(1)
}

async fn once(page: &Page, portal: u64) -> Run {
    page.js(WATCH, &[json!(portal)]).await;
    page.connect(portal).await;
    page.until("the row", "return globalThis.__run.row", &[])
        .await;
    let took = page.js(READ, &[]).await;
    page.click("#flow-done").await;
    // The next run has the machine to itself.
    page.retrieved(portal).await;
    let took: Vec<f64> = took
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_f64)
        .collect();
    took.try_into().unwrap_or([f64::NAN; 4])
}

async fn by_http() -> Vec<Run> {
    let stage = stage().await;
    let caller = stage.caller();
    let mut runs = Vec::new();
    for portal in PORTALS {
        let mut run = [0.0; 4];
        let began = Instant::now();
        let flow = caller.start_connect().await;
        run[0] = ms_since(began);
        let began = Instant::now();
        let claim = Person::new().consent(&flow, portal).await;
        run[1] = ms_since(began);
        let began = Instant::now();
        let answer = caller.complete(&flow, &claim).await;
        run[2] = ms_since(began);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let began = Instant::now();
        let listed = caller.get("/v1/connections").await;
        run[3] = ms_since(began);
        assert_eq!(listed.status, 200, "{}", listed.text);
        runs.push(run);
    }
    runs.split_off(1)
}

fn ms_since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
