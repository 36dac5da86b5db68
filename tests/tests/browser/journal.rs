//! The journal's page, its verdicts, and the glass box of a flow with its support bundle.

use super::SMALL;
use portico_core::journal::{JournalEntry, JournalHeader, JournalPage, genesis, verify_export};
use portico_core::support::is_code_of;
use portico_core::wire::Role;
use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::browser::{Browser, Page, Partner, Setup, Stage};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

const WATCH_TASKS: &str = "
    globalThis.__tasks = [];
    new PerformanceObserver((list) => globalThis.__tasks.push(...list.getEntries().map((task) => task.duration)))
        .observe({ type: 'longtask', buffered: true });
";

async fn choose(page: &Page, action: &str) {
    page.click(&format!("[data-portal='{SMALL}'] [aria-haspopup]"))
        .await;
    page.click_text(".menu-list button", action).await;
    page.see("dialog").await;
}

/// Connects a portal, changes its type, and removes it again.
async fn live_a_life(page: &Page) {
    page.connect_and_retrieve(SMALL).await;
    choose(page, "Edit connection type").await;
    page.click("dialog input[value=audit_only]").await;
    page.click("#confirm").await;
    page.see_no("dialog").await;
    choose(page, "Remove").await;
    page.prove_and_remove().await;
    page.see_no("tr[data-portal]").await;
}

/// What the proxy itself says.
async fn at_the_proxy(stage: &Stage) -> JournalPage {
    let answer = stage.caller().get("/v1/journal?limit=500").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

/// The whole journal as lines, each entry changed and all hashes made to fit again.
fn forged(export: &str) -> String {
    let mut lines = export.lines();
    let header: JournalHeader = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut previous = genesis(&header.tenant, &header.org);
    let mut text = serde_json::to_string(&header).unwrap() + "\n";
    for line in lines {
        let mut entry: JournalEntry = serde_json::from_str(line).unwrap();
        entry.actor = "somebody else".into();
        entry.hash = entry.hash_after(&previous);
        previous.clone_from(&entry.hash);
        text += &(serde_json::to_string(&entry).unwrap() + "\n");
    }
    text
}

/// A sound journal of that many entries, of an organization that is not ours.
fn long_export(entries: u64) -> String {
    let mut previous = genesis("elsewhere", "other");
    let header = JournalHeader {
        portico_journal: 1,
        tenant: "elsewhere".into(),
        org: "other".into(),
        first: 1,
        previous: previous.clone(),
    };
    let mut text = serde_json::to_string(&header).unwrap() + "\n";
    for seq in 1..=entries {
        let mut entry = JournalEntry {
            seq,
            at_ms: 1_790_000_000_000,
            actor: "ada".into(),
            action: "connection.update".into(),
            target: Some("con_1".into()),
            outcome: "done".into(),
            reason: Some("label, connection type audit_only".into()),
            session: Some("0198f3c2-7d5a-7c11-9f3b-2a9d8e7f6a5b".into()),
            hash: String::new(),
        };
        entry.hash = entry.hash_after(&previous);
        previous.clone_from(&entry.hash);
        text += &(serde_json::to_string(&entry).unwrap() + "\n");
    }
    text
}

/// P12, wish 24: a portal's life stands in the journal with who, what and how it ended; filters stand in the
/// address; the chain verifies in the browser, with the count and head that the proxy names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_tells_who_did_what_and_verifies_in_the_browser() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("journal").await;
    let page = &browser.page;
    page.launch(&stage).await;
    live_a_life(page).await;

    page.click_text(".sidebar a", "Journal").await;
    let told = at_the_proxy(&stage).await;
    page.until(
        "every entry",
        "return $$('.journal-entry').length === arguments[0]",
        &[json!(told.entries.len())],
    )
    .await;
    let numbers = page
        .js(
            "return $$('.journal-entry').map((e) => Number(e.dataset.seq))",
            &[],
        )
        .await;
    let want: Vec<u64> = told.entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, json!(want), "newest first");
    for (action, words) in [
        ("connection.add", "A portal was added"),
        ("connection.update", "connection type audit_only"),
        ("connection.remove", "A portal was removed"),
        ("flow.start", "An authorization was started"),
    ] {
        let entry = format!(".journal-entry[data-action='{action}']");
        page.read(&entry, words).await;
        page.read(&format!("{entry} .journal-who"), "you").await;
        page.read(&format!("{entry} .status.good"), "Done").await;
    }
    page.read(
        ".journal-entry[data-action='connection.add'] a",
        &format!("Portal {SMALL}, no longer connected"),
    )
    .await;
    page.read(
        ".journal-entry[data-action='flow.return'] .journal-who",
        "The provider's redirect",
    )
    .await;

    let removed = ".journal-entry[data-action='connection.remove']";
    page.click(&format!("{removed} button")).await;
    let last = told
        .entries
        .iter()
        .find(|entry| entry.action == "connection.remove")
        .unwrap();
    page.read(&format!("{removed} dd"), &last.hash).await;
    page.read(
        &format!("{removed} pre"),
        &serde_json::to_string(last).unwrap(),
    )
    .await;

    page.click("#journal-verify").await;
    page.read("#journal-verdict", "The chain is intact").await;
    let verdict = page.text("#journal-verdict").await;
    let count = told.head.seq;
    assert!(
        verdict.contains(&format!("{count} entries, from 1 to {count}")),
        "{verdict}"
    );
    assert!(verdict.contains(&told.head.hash), "{verdict}");

    page.choose_option("#journal-action", "connection.update")
        .await;
    let filtered = "const found = $$('.journal-entry');
        return found.length === 1 && found[0].dataset.action === 'connection.update'";
    page.until("the filtered list", filtered, &[]).await;
    assert!(
        page.url()
            .await
            .ends_with("#/journal?action=connection.update")
    );
    page.reload().await;
    page.until("the same after a reload", filtered, &[]).await;
    page.choose_option("#journal-outcome", "plan_limit").await;
    page.read(".blank", "No entry fits these filters").await;
    page.click("#journal-clear").await;
    page.read("#journal-count", &format!("the whole journal has {count}"))
        .await;
    page.go("#/journal?from=2999-01-01").await;
    page.read(".blank", "No entry fits these filters").await;
}

/// P12: an export is verified as a file: as it is, changed, and written anew with hashes that fit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_export_is_named_with_its_entry() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("journal-file").await;
    let page = &browser.page;
    page.watch_files().await;
    page.on_new_pages(WATCH_TASKS).await;
    page.launch(&stage).await;
    live_a_life(page).await;
    page.go("#/journal").await;
    page.click("#journal-export").await;
    let (name, export) = page.files(1).await.remove(0);
    assert!(
        name.starts_with("portico-journal-") && name.strip_suffix(".jsonl").is_some(),
        "{name}"
    );
    let whole = verify_export(&export).unwrap();
    assert_eq!(whole.head, at_the_proxy(&stage).await.head.hash);

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let verdict = "#journal-verdict";
    page.choose_file("#journal-file", &file("kept.jsonl", &export))
        .await;
    page.read(verdict, "kept.jsonl is intact").await;
    page.read(verdict, "still holds its last entry, unchanged")
        .await;

    let changed = export.replace("connection type audit_only", "connection type config_only");
    let line = changed
        .lines()
        .position(|line| line.contains("connection type config_only"))
        .unwrap();
    page.choose_file("#journal-file", &file("changed.jsonl", &changed))
        .await;
    page.read(verdict, "changed.jsonl does not verify").await;
    page.read(verdict, &format!("Entry {line} (line {})", line + 1))
        .await;
    page.read(
        &format!("{verdict}[data-verdict=broken] pre"),
        "config_only",
    )
    .await;

    let lines: Vec<&str> = export.lines().collect();
    let cut = [&lines[..2], &lines[3..]].concat().join("\n");
    page.choose_file("#journal-file", &file("cut.jsonl", &cut))
        .await;
    page.read(verdict, "Entry 2 is missing").await;

    page.choose_file("#journal-file", &file("forged.jsonl", &forged(&export)))
        .await;
    page.read(verdict, "forged.jsonl is intact").await;
    page.read(verdict, "no longer holds its last entry as it was")
        .await;

    page.js("globalThis.__tasks.length = 0", &[]).await;
    let long = long_export(30_000);
    page.choose_file("#journal-file", &file("long.jsonl", &long))
        .await;
    page.read(verdict, "30000 entries, from 1 to 30000").await;
    page.read(verdict, "another organization than this one")
        .await;
    let tasks = page
        .js("return globalThis.__tasks.map(Math.round)", &[])
        .await;
    eprintln!("verifying 30,000 entries: tasks of 50 ms and longer: {tasks} ms");
}

/// S16, P9: a refusal shows its steps with the RFC's sections and one code; the bundle is named by that code.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_consent_is_told_step_by_step_and_has_a_support_code() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("glass-box").await;
    let page = &browser.page;
    page.watch_files().await;
    page.launch(&stage).await;
    page.ask_hubspot().await;
    page.pick(SMALL).await;
    page.click("#cancel").await;
    page.home_alone().await;
    page.read("dialog [role=alert] code", "CONSENT_DENIED")
        .await;

    let code = page.text("#support-code").await;
    assert!(code.starts_with("PTC-") && code.len() == 13, "{code}");
    page.click("#flow-trace summary").await;
    for (step, section) in [
        ("The authorization request was prepared", "RFC 7636 §4.1"),
        (
            "The window for the provider's page was opened",
            "RFC 6749 §4.1",
        ),
        ("The flow was registered", "RFC 6749 §4.1.1"),
        (
            "The authorization ended without a connection",
            "RFC 6749 §4.1.2.1",
        ),
    ] {
        page.read("#flow-trace li", step).await;
        page.read("#flow-trace li .mono", section).await;
    }
    page.click("#download-support").await;
    let (name, text) = page.files(1).await.remove(0);
    assert_eq!(name, format!("portico-support-{code}.json"));
    assert!(is_code_of(&code, &text), "{code}: {text}");
    let bundle: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(bundle["problem"]["code"], "CONSENT_DENIED");
    assert_eq!(bundle["role"], "admin");
    let last = bundle["trace"].as_array().unwrap().last().unwrap();
    assert_eq!(last["facts"]["code"], "CONSENT_DENIED");
    assert_eq!(page.text("#support-code").await, code, "it stays the same");
}

/// P9: a flow that fails at its very end has handled every secret there is; none of them is in trace or bundle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_flow_is_in_its_trace_or_bundle() {
    let stage = Stage::of("small").await;
    stage.sandbox.with(|state| {
        state.faults.push(Fault {
            path_prefix: "/oauth/2026-03/token".to_owned(),
            method: Some("POST".to_owned()),
            remaining: u32::MAX,
            answer: FaultAnswer::Status(500),
        });
    });
    let browser = Browser::start("bundle").await;
    let page = &browser.page;
    page.watch_files().await;
    page.watch_requests().await;
    page.launch(&stage).await;
    page.ask_hubspot().await;
    page.pick(SMALL).await;
    page.consent().await;
    page.see("#download-support").await;
    page.click("#flow-trace summary").await;
    page.read("#flow-trace li", "The flow was not completed")
        .await;
    page.click("#download-support").await;
    let (_, text) = page.files(1).await.remove(0);
    let shown = page.text("dialog").await;

    let mut secrets = BTreeSet::new();
    for request in page.sent().await {
        if let Some(token) = request.authorization.strip_prefix("Bearer ") {
            secrets.insert(("session token", token.to_owned()));
        }
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        for name in ["claim", "code_verifier", "code_challenge", "state_hash"] {
            secrets.extend(body[name].as_str().map(|value| (name, value.to_owned())));
        }
    }
    stage.sandbox.with(|state| {
        for call in &state.calls {
            for (place, names) in [
                (&call.body, ["code", "client_secret"]),
                (&call.query, ["state", "code_challenge"]),
            ] {
                for (name, value) in url::form_urlencoded::parse(place.as_bytes()) {
                    if let Some(name) = names.iter().find(|known| **known == name) {
                        secrets.insert((name, value.into_owned()));
                    }
                }
            }
        }
    });
    let kinds: BTreeSet<&str> = secrets.iter().map(|(kind, _)| *kind).collect();
    for kind in [
        "session token",
        "claim",
        "code_verifier",
        "state",
        "code",
        "client_secret",
    ] {
        assert!(kinds.contains(kind), "no {kind} to look for: {kinds:?}");
    }
    for (kind, secret) in &secrets {
        assert!(
            !text.contains(secret.as_str()),
            "the {kind} is in the bundle: {text}"
        );
        assert!(
            !shown.contains(secret.as_str()),
            "the {kind} is on screen: {shown}"
        );
    }
}

/// D35, D60: a member is told why the journal stays closed and whom to ask, and is not written down for looking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_is_told_whom_to_ask() {
    let partner = Partner::open().await;
    let stage = Stage::set(Setup {
        origins: vec![partner.origin.clone()],
        return_uris: vec![partner.return_uri()],
        ..Setup::of("small")
    })
    .await;
    partner.meet_with(&stage, Role::Member);
    let browser = Browser::start("journal-member").await;
    let page = &browser.page;
    page.open(&format!("{}/", partner.origin)).await;
    page.see("h1").await;
    page.js("host.setAttribute('routing', 'hash')", &[]).await;
    page.see("h1").await;
    page.go("#/journal").await;
    page.read("#journal", "The journal is for admins").await;
    page.read("#journal", "Ask an admin of").await;
    assert_eq!(page.count("#journal-verify, .journal-entry").await, 0);
    assert_eq!(at_the_proxy(&stage).await.head.seq, 0, "nobody is accused");
}
