//! Where secrets are after a whole flow: nowhere a person, a page or a thief of the profile could look.

use super::SMALL;
use portico_tests::browser::{Browser, Stage};
use serde_json::Value;
use std::collections::BTreeSet;

/// Everything a page's script can see: addresses, history, timings, storage, DOM. Keys are told by their form.
pub(crate) const EVERYTHING: &str = "
    const databases = [];
    const wait = (request) => new Promise((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
    });
    const plain = (_, value) => value instanceof CryptoKey
        ? `${value.type} key, extractable: ${value.extractable}` : value;
    return (async () => {
        for (const { name } of await indexedDB.databases()) {
            const database = await wait(indexedDB.open(name));
            for (const store of database.objectStoreNames) {
                const all = database.transaction(store).objectStore(store);
                databases.push([name, store, await wait(all.getAllKeys()), await wait(all.getAll())]);
            }
            database.close();
        }
        return JSON.stringify({
            address: location.href,
            referrer: document.referrer,
            history: history.state,
            timings: performance.getEntries().map((entry) => entry.name),
            cookies: document.cookie,
            local: { ...localStorage },
            session: { ...sessionStorage },
            caches: await caches.keys(),
            databases,
            page: document.documentElement.outerHTML,
            widget: root.innerHTML,
            attributes: host.getAttributeNames().map((name) => host.getAttribute(name)),
        }, plain);
    })();
";

fn form_value(body: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(body.as_bytes());
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// UI-4, EM-6, threat model section 3: no code, state, claim, verifier, token or ticket is left where a page
/// can look, and the session travels in one header to one place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_flow_no_secret_is_left_in_the_browser() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("secrets").await;
    let page = &browser.page;
    page.watch_requests().await;
    page.launch(&stage).await;
    let steps = page.js("return history.length", &[]).await;
    page.connect_and_retrieve(SMALL).await;
    assert_eq!(
        page.js("return history.length", &[]).await,
        steps,
        "the back button has nothing to replay"
    );

    let mut secrets = BTreeSet::from([(
        "launch ticket",
        stage.proxy().launch_ticket().unwrap().to_owned(),
    )]);
    stage.sandbox.with(|state| {
        let tokens = state
            .access_tokens
            .keys()
            .map(|token| ("access token", token.clone()));
        secrets.extend(tokens);
        let tokens = state
            .refresh_tokens
            .keys()
            .map(|token| ("refresh token", token.clone()));
        secrets.extend(tokens);
        for call in &state.calls {
            for name in ["code", "code_verifier", "client_secret"] {
                secrets.extend(form_value(&call.body, name).map(|value| (name, value)));
            }
            secrets.extend(form_value(&call.query, "state").map(|value| ("state", value)));
        }
    });
    let sent = page.sent().await;
    for request in &sent {
        if let Some(token) = request.authorization.strip_prefix("Bearer ") {
            assert!(
                request.url.starts_with(stage.base_url()),
                "{} got the session",
                request.url
            );
            secrets.insert(("session token", token.to_owned()));
        }
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        for name in ["claim", "code_verifier"] {
            secrets.extend(body[name].as_str().map(|value| (name, value.to_owned())));
        }
    }
    let kinds: BTreeSet<&str> = secrets.iter().map(|(kind, _)| *kind).collect();
    for kind in [
        "access token",
        "claim",
        "client_secret",
        "code",
        "code_verifier",
        "launch ticket",
        "refresh token",
        "session token",
        "state",
    ] {
        assert!(kinds.contains(kind), "no {kind} to look for: {kinds:?}");
    }

    let everything = page.js(EVERYTHING, &[]).await;
    let everything = everything.as_str().unwrap();
    assert!(
        everything.contains("portico.v1."),
        "the dump reaches the store"
    );
    assert!(
        everything.contains("private key, extractable: false"),
        "the device's key stays in the browser"
    );
    let parts: serde_json::Map<String, Value> = serde_json::from_str(everything).unwrap();
    for (part, value) in &parts {
        let value = value.to_string();
        for (kind, secret) in &secrets {
            // Chromium keeps the address that opened a document, fragment and all, in its first timing
            // entry, which nothing can clear; the ticket in it is spent.
            if part == "timings" && *kind == "launch ticket" {
                continue;
            }
            assert!(
                !value.contains(secret.as_str()),
                "the {kind} is left in {part}: {value}"
            );
        }
    }
    for request in &sent {
        for (kind, secret) in &secrets {
            assert!(
                !request.url.contains(secret.as_str()),
                "the {kind} is in an address: {}",
                request.url
            );
        }
    }
    let log = page.log().await;
    for (kind, secret) in &secrets {
        assert!(
            log.iter()
                .all(|(_, message)| !message.contains(secret.as_str())),
            "the {kind} is in the log"
        );
    }
    assert_eq!(page.url().await, format!("{}/", stage.base_url()));
}
