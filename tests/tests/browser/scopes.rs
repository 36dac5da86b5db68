//! The scope reference and the scope x-ray: what each scope is for, and what a choice of features needs.

use super::PORTAL;
use portico_tests::browser::{Browser, Page, Stage};
use serde_json::{Value, json};
use url::Url;

async fn pick(page: &Page, feature: &str) {
    page.click(&format!(".pick input[value='{feature}']")).await;
    page.see(&format!(".pick input[value='{feature}']:checked"))
        .await;
}

/// The scopes of one of the x-ray's sets, in their order.
async fn set(page: &Page, set: &str) -> Vec<String> {
    page.texts(&format!("#xray-{set} .scope-name")).await
}

/// A parameter of the install URL, decoded; empty where it is absent.
async fn parameter(page: &Page, name: &str) -> String {
    let url = Url::parse(&page.text("#install-url").await).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// D7, D57, S8, J33, B3: the reference names each scope with its reason, what it enables, what an account must
/// have, how it stands on this app and who asks for it; a search finds it by any of these.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_reference_says_what_each_scope_enables() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("scopes").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.click_text(".sidebar a", "Scopes").await;
    page.read("h1", "Scopes").await;
    assert!(page.url().await.ends_with("#/scopes"));
    page.read(".sidebar a[aria-current=page]", "Scopes").await;

    for (scope, words) in [
        (
            "crm.schemas.contacts.read",
            vec![
                "Required",
                "No contact is read.",
                "Contacts",
                "Every connection type",
            ],
        ),
        (
            "crm.schemas.custom.write",
            vec![
                "Optional",
                "Needs Enterprise",
                "Reads and changes",
                "Deploy custom objects",
                "Config Only",
            ],
        ),
        (
            "crm.objects.custom.read",
            vec!["Custom objects", "Needs Enterprise"],
        ),
        (
            "automation",
            vec!["Workflows", "Needs Professional", "Reads only"],
        ),
        ("forms", vec!["List forms with their fields.", "Forms"]),
    ] {
        let row = format!("tr[data-scope='{scope}']");
        for word in words {
            page.read(&row, word).await;
        }
    }
    let writes = page.text("tr[data-scope='crm.schemas.custom.write']").await;
    assert!(!writes.contains("Audit Only"), "{writes}");
    let rows = page.count("tr[data-scope]").await;
    page.read(".list-count", &format!("{rows} scopes")).await;

    page.write("#scope-search", "Workflows").await;
    page.read(".list-count", &format!("1 of {rows} scopes"))
        .await;
    assert_eq!(page.texts(".scope-name").await, ["automation"]);
    page.write("#scope-search", "marketing hub").await;
    page.read(".scope-table", "communication_preferences.read")
        .await;
    page.write("#scope-search", "unicorns").await;
    page.read(".blank", "No scope matches this search").await;

    page.go("#/help/connecting").await;
    page.click_text(".prose a", "What each scope enables").await;
    page.read("h1", "Scopes").await;
    page.click("#open-xray").await;
    page.read("h1", "Scope x-ray").await;
}

/// P7, D57, D68, S8, B2, B4, B6: picking features shows the fewest scopes with their reasons, what HubSpot would
/// object to, the ready app configuration and what goes dark; the address keeps the choice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn picked_features_show_the_scopes_they_need_and_what_a_refusal_costs() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("xray").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/scopes/xray").await;
    page.read("#xray-summary", "Nothing is picked yet").await;
    assert_eq!(set(page, "required").await, ["oauth"]);

    for feature in ["contacts", "users", "roles", "workflows"] {
        pick(page, feature).await;
    }
    let address = page.url().await;
    assert!(
        address.ends_with("#/scopes/xray?f=contacts,workflows,users,roles"),
        "{address}"
    );
    assert_eq!(
        set(page, "required").await,
        ["oauth", "crm.schemas.contacts.read"]
    );
    assert_eq!(
        set(page, "optional").await,
        ["settings.users.read", "automation"]
    );
    page.read(
        "#xray-optional li",
        "List users and their roles. For Users, Roles",
    )
    .await;
    page.read("#xray-gates", "Needs Professional Workflows")
        .await;
    page.read(".dark-list", "settings.users.read Users, Roles")
        .await;

    // The app requires more than that, and says so.
    let findings = page.texts(".findings li").await;
    for scope in ["crm.schemas.companies.read", "crm.schemas.deals.read"] {
        let named = |said: &String| said.contains(scope) && said.contains("insufficient");
        assert!(findings.iter().any(named), "{scope}: {findings:?}");
    }

    let block = page.text("#app-hsmeta").await;
    let block: Value = serde_json::from_str(&block).unwrap();
    let redirect = format!("{}/callback/hubspot", stage.base_url());
    assert_eq!(
        block,
        json!({ "auth": {
            "type": "oauth",
            "redirectUrls": [redirect],
            "requiredScopes": ["oauth", "crm.schemas.contacts.read"],
            "optionalScopes": ["settings.users.read", "automation"],
            "conditionallyRequiredScopes": [],
        } })
    );
    page.click("#copy-hsmeta").await;
    page.read(".toast", "Copied.").await;

    page.reload().await;
    page.see(".pick input[value=roles]:checked").await;
    assert_eq!(page.url().await, address);
    assert_eq!(
        set(page, "optional").await,
        ["settings.users.read", "automation"]
    );

    // An audit never deploys, whatever is picked; the choice can be taken back.
    page.click(".pick input[value=audit_only]").await;
    pick(page, "deploy").await;
    page.read(".findings", "Not part of this connection type")
        .await;
    let optional = set(page, "optional").await;
    assert!(
        optional.iter().all(|scope| !scope.contains("write")),
        "{optional:?}"
    );
    page.click("#pick-none").await;
    page.read("#xray-summary", "Nothing is picked yet").await;
    assert!(page.url().await.ends_with("#/scopes/xray?type=audit_only"));
    page.js("history.back()", &[]).await;
    page.see("#add-portal").await;
}

/// P7, B6, B7, fact 9, fact 11: the install URL carries client id, redirect URL and scopes joined by `%20`, names
/// all that the app requires, can be pinned to an account, and HubSpot's page accepts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_install_url_is_accepted_by_hubspot() {
    let stage = Stage::of("agency").await;
    let browser = Browser::start("install-url").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.go("#/scopes/xray?f=lists,forms").await;
    page.see("#install-url").await;
    let url = page.text("#install-url").await;
    assert!(
        url.starts_with(&format!(
            "{}/oauth/authorize?client_id=",
            stage.hubspot_url()
        )),
        "{url}"
    );
    assert!(url.contains("&scope=oauth%20crm.schemas."), "{url}");
    assert!(
        url.contains("&optional_scope=crm.lists.read%20forms"),
        "{url}"
    );
    for absent in ["state=", "code_challenge", "client_secret"] {
        assert!(!url.contains(absent), "{url}");
    }
    assert_eq!(
        parameter(page, "client_id").await,
        portico_sandbox::DEMO_CLIENT_ID
    );
    assert_eq!(
        parameter(page, "redirect_uri").await,
        format!("{}/callback/hubspot", stage.base_url())
    );
    page.click("#copy-url").await;
    page.read(".toast", "Copied.").await;

    page.click_text("a", "Open HubSpot's page").await;
    page.turn_to_other().await;
    page.see("main[data-step=account]").await;
    page.pick(PORTAL).await;
    page.close().await;

    // Pinned, HubSpot asks for no account.
    page.go(&format!("#/scopes/xray?f=lists&portal={PORTAL}"))
        .await;
    page.read("#install-url", &format!("/oauth/{PORTAL}/authorize"))
        .await;
    page.click_text("a", "Open HubSpot's page").await;
    page.turn_to_other().await;
    page.see("main[data-step=consent]").await;
    page.read("main", "crm.lists.read").await;
}

/// P7, wish 22 of the trackers: both pages fit a phone, and picks are made by keyboard alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_pages_fit_a_phone_and_work_by_keyboard() {
    let stage = Stage::of("small").await;
    let browser = Browser::start("scopes-phone").await;
    let page = &browser.page;
    page.launch(&stage).await;
    page.resize(390, 844).await;
    let over = "const e = document.scrollingElement; return e.scrollWidth <= innerWidth";
    page.go("#/scopes").await;
    page.read("h1", "Scopes").await;
    assert_eq!(page.js(over, &[]).await, json!(true));
    page.go("#/scopes/xray").await;
    page.see(".pick").await;
    page.js("$('.pick input[value=lists]').focus()", &[]).await;
    page.press(" ").await;
    page.read("#xray-optional", "crm.lists.read").await;
    assert_eq!(
        page.js("return root.activeElement.value", &[]).await,
        "lists",
        "the focus stays on the pick"
    );
    assert_eq!(page.js(over, &[]).await, json!(true));
}
