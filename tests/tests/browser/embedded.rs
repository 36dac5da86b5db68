//! The widget in a partner's page on another origin, and the policy of our own page.

use super::PORTAL;
use portico_proxy::config::{KeyAlgorithm, Tenant};
use portico_tests::browser::{Browser, Partner, Setup, Stage};
use serde_json::{Value, json};

const COLLECT_NEWS: &str = "
    globalThis.__news = [];
    for (const name of ['ready', 'connection-added', 'connection-changed', 'connection-removed', 'flow-failed', 'error']) {
        addEventListener(`portico-${name}`, (event) => globalThis.__news.push({ name: event.type, detail: event.detail }));
    }
";

/// EM-8, EM-1, J9, P11: the whole flow in a partner's page under the documented policy, without one violation;
/// typed events tell the page; removing the element leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partners_page_embeds_the_widget_under_its_policy_and_gets_rid_of_it() {
    let partner = Partner::open().await;
    let stage = Stage::set(Setup {
        origins: vec![partner.origin.clone()],
        return_uris: vec![partner.return_uri()],
        ..Setup::of("agency")
    })
    .await;
    partner.meet(&stage);
    let browser = Browser::start("embedded").await;
    let page = &browser.page;
    page.watch_policy().await;
    page.watch_leftovers().await;
    page.on_new_pages(COLLECT_NEWS).await;

    page.open(&format!("{}/", partner.origin)).await;
    page.see("#add-portal").await;
    assert_eq!(
        page.count(".sidebar").await,
        0,
        "a part of a page brings no sidebar"
    );
    page.connect_and_retrieve(PORTAL).await;
    page.click(&format!(
        "tr[data-portal='{PORTAL}'] [aria-label^='View metadata']"
    ))
    .await;
    page.click("a[data-kind=lists]").await;
    page.click(".row").await;
    page.click("#tab-json").await;
    page.read("#record-panel .code", "\"listId\"").await;
    page.picture("embedded-1440-light").await;
    assert_eq!(
        page.url().await,
        format!("{}/", partner.origin),
        "the address bar is the partner's"
    );

    let news = page.js("return globalThis.__news", &[]).await;
    let news = news.as_array().unwrap();
    let added = news
        .iter()
        .find(|news| news["name"] == "portico-connection-added");
    let added = added.unwrap_or_else(|| panic!("{news:?}"));
    assert_eq!(added["detail"]["portalId"], json!(PORTAL));
    assert!(
        news.iter().any(|news| news["name"] == "portico-ready"),
        "{news:?}"
    );
    assert!(
        news.iter().all(|news| news["name"] != "portico-error"),
        "{news:?}"
    );

    assert_eq!(page.violations().await, Vec::<String>::new());
    let log = page.log().await;
    let complaints: Vec<_> = log.iter().filter(|(level, _)| level == "SEVERE").collect();
    assert!(complaints.is_empty(), "{complaints:?}");

    let open = page.leftovers().await;
    assert!(
        open["requests"].to_string().contains("/v1/events"),
        "the news are read: {open}"
    );
    assert_ne!(open["intervals"], json!(0), "{open}");
    page.js("host.remove()", &[]).await;
    page.until(
        "nothing to be left",
        "const o = globalThis.__open; return o.requests.size + o.intervals.size + o.channels.size === 0",
        &[],
    )
    .await;
    let open = page.leftovers().await;
    // The page's own six listeners of ours stay; none of the widget's does.
    assert_eq!(open["listeners"], json!(6), "{open}");
}

/// CB-9, EM-8: a partner that signs its own sessions and is not trusted. Between consent and return stands the
/// proxy's page, which names who asks and takes a real click; then the window goes on by itself and closes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_for_an_untrusted_partner_is_confirmed_on_a_page_of_ours() {
    let site = Partner::open().await;
    let mut backend = portico_tests::Partner::new("partner.example", KeyAlgorithm::EdDSA);
    backend.origin.clone_from(&site.origin);
    let tenant = Tenant {
        name: Some("Weser Software".into()),
        trusted: false,
        ..backend.tenant()
    };
    let stage = Stage::set(Setup {
        tenants: vec![tenant],
        ..Setup::of("agency")
    })
    .await;
    site.meet_as(&stage, &backend);
    let browser = Browser::start("confirmation").await;
    let page = &browser.page;
    page.watch_policy().await;
    page.open(&format!("{}/", site.origin)).await;
    page.ask_hubspot().await;
    page.pick(PORTAL).await;
    page.click("#connect-app").await;
    page.read("h1", "Connect this HubSpot account to Weser Software?")
        .await;
    let named = page.texts("dd").await;
    assert_eq!(
        named,
        ["Weser Software", "https://partner.example", "acme", "ada"]
    );
    page.picture("confirmation-light").await;
    let log = page.log().await;
    assert!(log.iter().all(|(level, _)| level != "SEVERE"), "{log:?}");
    page.click("form button").await;
    page.home_alone().await;
    page.read("dialog h3", "Connected").await;
    assert_eq!(page.violations().await, Vec::<String>::new());
}

/// EM-8, UI-1: inline script, `eval` and HTML sinks do nothing in the app's own page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apps_own_page_runs_no_script_but_its_own() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("policy").await;
    let page = &browser.page;
    page.watch_policy().await;
    page.launch(&stage).await;
    assert_eq!(
        page.violations().await,
        Vec::<String>::new(),
        "the app itself breaks no rule"
    );

    // From a timer, since what the browser's tools run is exempt.
    let script = "return new Promise((done) => setTimeout(() => {
        const outcome = {};
        const attempt = (name, act) => { try { act(); outcome[name] = 'done'; } catch (error) { outcome[name] = error.name; } };
        attempt('inline', () => {
            const script = document.createElement('script');
            script.append('window.pwned = 1');
            document.body.append(script);
        });
        attempt('foreign', () => {
            const script = document.createElement('script');
            script.setAttribute('src', 'data:text/javascript,window.pwned=1');
            document.body.append(script);
        });
        attempt('eval', () => (0, eval)('window.pwned = 1'));
        attempt('Function', () => new Function('window.pwned = 1')());
        attempt('timer', () => setTimeout('window.pwned = 1', 0));
        attempt('innerHTML', () => { document.body.innerHTML = '<img src=x onerror=window.pwned=1>'; });
        attempt('shadow innerHTML', () => { root.innerHTML = '<b>x</b>'; });
        attempt('insertAdjacentHTML', () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'));
        attempt('document.write', () => document.write('<b>x</b>'));
        attempt('style', () => document.body.setAttribute('style', 'color: red'));
        import('data:text/javascript,window.pwned=1').catch(() => {});
        fetch('https://elsewhere.invalid/').catch(() => {});
        attempt('policy', () => trustedTypes.createPolicy('mine', { createHTML: (text) => text }));
        setTimeout(() => done({ outcome, pwned: typeof window.pwned }), 200);
    }, 0))";
    let tried = page.js(script, &[]).await;
    assert_eq!(tried["pwned"], "undefined", "{tried}");
    for sink in [
        "eval",
        "Function",
        "innerHTML",
        "shadow innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "policy",
    ] {
        assert_ne!(tried["outcome"][sink], "done", "{sink}: {tried}");
    }
    let violations = page.violations().await;
    for directive in [
        "script-src",
        "style-src",
        "connect-src",
        "require-trusted-types-for",
        "trusted-types",
    ] {
        assert!(
            violations.iter().any(|line| line.starts_with(directive)),
            "{directive}: {violations:?}"
        );
    }
    assert!(
        page.js("return seen($('#add-portal'))", &[]).await == Value::Bool(true),
        "the app stands"
    );
}
