//! Names and words written by strangers, in every view.

use super::SMALL;
use portico_core::text::visible;
use portico_sandbox::State;
use portico_sandbox::model::Collection;
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::json;

const PAYLOADS: [&str; 8] = [
    "<img src=x onerror=window.pwned=1>",
    "\"><script>window.pwned=1</script>",
    "{{7*7}}${7*7}#{7*7}",
    "javascript:window.pwned=1",
    "abc\u{202e}drowssap\u{2066}xyz",
    "<svg/onload=window.pwned=1>",
    "'-window.pwned=1-'",
    "</title></style><iframe srcdoc='<script>parent.pwned=1</script>'>",
];

/// Elements and attributes that no view of ours draws.
const FOREIGN: &str =
    "return $$('img, script, iframe, object, embed, base, link, meta, style, form, [style*=url], \
    [onerror], [onload], [onclick], [srcdoc], [src], a[href]:not([href^=\"#\"])')
    .concat([...document.body.querySelectorAll('img, script:not([src]), iframe, object, embed')])
    .map((e) => e.outerHTML)";

fn spoil(state: &mut State) {
    let portal = state.portals.get_mut(&SMALL).unwrap();
    PAYLOADS[0].clone_into(&mut portal.name);
    PAYLOADS[1].clone_into(&mut portal.hub_domain);
    let contacts = portal.objects.get_mut("0-1").unwrap();
    for (payload, property) in PAYLOADS.iter().zip(&mut contacts.properties) {
        property.label = format!("spoilt {payload}");
        (*payload).clone_into(&mut property.description);
        for option in &mut property.options {
            (*payload).clone_into(&mut option.label);
        }
    }
    PAYLOADS[1].clone_into(&mut contacts.properties[0].name);
    for (payload, list) in PAYLOADS.iter().zip(&mut portal.lists) {
        list.name = format!("spoilt {payload}");
    }
    for object in portal.objects.values_mut() {
        for (payload, pipeline) in PAYLOADS.iter().zip(&mut object.pipelines) {
            pipeline.label = format!("spoilt {payload}");
            for (payload, stage) in PAYLOADS.iter().zip(&mut pipeline.stages) {
                (*payload).clone_into(&mut stage.label);
            }
        }
    }
    for (payload, owner) in PAYLOADS.iter().zip(&mut portal.owners) {
        owner.first_name = format!("spoilt {payload}");
        (*payload).clone_into(&mut owner.email);
    }
    let forms = portal.collections.get_mut(&Collection::Forms).unwrap();
    for (payload, form) in PAYLOADS.iter().zip(forms) {
        form.edit(|form| form["name"] = json!(format!("spoilt {payload}")));
    }
}

async fn harmless(page: &Page, view: &str) {
    assert_eq!(
        page.js("return typeof window.pwned", &[]).await,
        "undefined",
        "{view}"
    );
    assert_eq!(page.js(FOREIGN, &[]).await, json!([]), "{view}");
}

/// UI-1, UI-5: whatever a stranger wrote is shown as text, and shows what it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strangers_words_are_text_in_every_view() {
    let stage = Stage::of("small").await;
    stage.sandbox.with(spoil);
    let browser = Browser::start("hostile").await;
    let page = &browser.page;
    page.watch_policy().await;
    page.launch(&stage).await;
    page.connect(SMALL).await;
    page.read("dialog .facts", PAYLOADS[0]).await;
    harmless(page, "connected dialog").await;
    page.click("#flow-done").await;
    page.retrieved(SMALL).await;

    page.read(".account-name", PAYLOADS[0]).await;
    page.read(".account .tags", PAYLOADS[1]).await;
    harmless(page, "table").await;
    for (action, title) in [
        ("Remove", "Remove "),
        ("Rename", "Rename "),
        ("Edit connection type", "Connection type of "),
        ("Reconnect", "Reconnect "),
    ] {
        page.click("[aria-haspopup]").await;
        page.click_text(".menu-list button", action).await;
        page.read("dialog h2", &format!("{title}{}", PAYLOADS[0]))
            .await;
        harmless(page, action).await;
        page.click("dialog [aria-label=Close]").await;
        page.see_no("dialog").await;
    }
    page.go("#/settings/connections").await;
    page.read(".card.connection h3", PAYLOADS[0]).await;
    harmless(page, "cards").await;

    for kind in ["properties", "pipelines", "lists", "forms", "owners"] {
        page.go(&format!("#/portals/{SMALL}/{kind}")).await;
        page.see(&format!("a[data-kind={kind}][aria-current]"))
            .await;
        page.write("#explorer-search", "spoilt").await;
        page.read(".row-label", &format!("spoilt {}", PAYLOADS[0]))
            .await;
        harmless(page, kind).await;
        let rows = page.texts(".row-label").await;
        let shown = PAYLOADS.map(|payload| format!("spoilt {}", visible(payload)));
        assert!(
            rows.iter()
                .all(|row| shown.iter().any(|shown| row.contains(shown))),
            "{kind}: {rows:?}"
        );
        if rows.len() >= PAYLOADS.len() {
            assert!(
                shown
                    .iter()
                    .all(|shown| rows.iter().any(|row| row.contains(shown))),
                "{kind}: {rows:?}"
            );
        }
        for index in 0..rows.len() {
            page.click(&format!("#row-{index}")).await;
            page.see(&format!("#row-{index}[aria-selected=true]")).await;
            page.click("#tab-summary").await;
            page.see("#record-panel .section, #record-panel p").await;
            harmless(page, &format!("{kind}, summary {index}")).await;
            page.click("#tab-json").await;
            page.see("#record-panel .code-line").await;
            harmless(page, &format!("{kind}, JSON {index}")).await;
        }
    }
    assert_eq!(
        page.violations().await,
        Vec::<String>::new(),
        "no sink was even tried"
    );
    page.reload().await;
    page.see(".row").await;
    harmless(page, "after a reload").await;
}

/// Every kind of the fixture `hostile`, whose words and sizes are the sandbox's own: nothing runs, nothing is drawn
/// that is not ours, and every view stands.
async fn strangers_portal(portal: u64, name: &str) {
    let stage = Stage::of("hostile").await;
    let browser = Browser::start(name).await;
    let page = &browser.page;
    page.watch_policy().await;
    page.launch(&stage).await;
    page.connect(portal).await;
    harmless(page, "connected dialog").await;
    page.click("#flow-done").await;
    page.retrieved(portal).await;
    harmless(page, "table").await;
    let said = page.text(".retrieval-line").await;
    assert!(!said.contains("incomplete"), "{said}");
    for kind in [
        "object-schemas",
        "properties",
        "property-groups",
        "pipelines",
        "association-labels",
        "lists",
        "forms",
        "workflows",
        "owners",
        "users",
        "roles",
        "teams",
        "domains",
        "subscription-types",
    ] {
        page.go(&format!("#/portals/{portal}/{kind}")).await;
        page.see(&format!("a[data-kind={kind}][aria-current]"))
            .await;
        page.see(".row").await;
        harmless(page, kind).await;
        let drawn = page.count(".row").await;
        assert!(drawn > 0, "{kind}");
        for index in 0..drawn.min(6) {
            page.click(&format!("#row-{index}")).await;
            page.see(&format!("#row-{index}[aria-selected=true]")).await;
            page.click("#tab-summary").await;
            page.see("#record-panel .section, #record-panel p").await;
            harmless(page, &format!("{kind}, summary {index}")).await;
            page.click("#tab-json").await;
            page.see("#record-panel .code-line").await;
            harmless(page, &format!("{kind}, JSON {index}")).await;
        }
        // However long a word is, it does not push the page wider than the window.
        let wider =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(page.js(wider, &[]).await, json!(0), "{kind}");
    }
    assert_eq!(page.violations().await, Vec::<String>::new());
}

/// UI-1, UI-5: attacks, riddles and names that JavaScript has a meaning for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_of_hostile_words_stands_in_every_view() {
    strangers_portal(66_600_001, "hostile words").await;
}

/// UI-1, UI-5, P10: texts of 100,000 characters, 5,000 options, trees 110 deep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_of_hostile_sizes_stands_in_every_view() {
    strangers_portal(66_600_002, "hostile sizes").await;
}
