//! The authorization endpoint: J7, J8, J28, S7, S9, B6–B9, R15, mission facts 6, 7 and 9, CB-5, CB-6, EM-3.

use portico_sandbox::model::{Health, Rights, Tier};
use portico_sandbox::{DEMO_CLIENT_ID, Request};

use crate::{CALLBACK, LARGE, NOW, SMALL, authorize_url, redeem, returned, sandbox};

fn error_code(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("id=\"error-code\">")?;
    Some(rest.split_once('<')?.0)
}

/// J7, S9: the picker offers every account and sends on to the pinned consent page.
#[test]
fn the_picker_offers_accounts_and_explains_closed_ones() {
    let sandbox = sandbox("agency");
    let page = sandbox.call(&Request::get(&authorize_url(&["forms"], &[])), NOW);
    assert_eq!(page.status, 200);
    let html = page.text();
    assert_eq!(html.matches("name=\"portal\"").count(), 12);
    assert_eq!(
        html.matches(" disabled").count(),
        1,
        "one portal lacks the right"
    );
    assert!(html.contains("You are no Super Admin here"));
    assert!(
        html.contains("id=\"choose-account\"") && html.contains("Portico sandbox: not HubSpot")
    );
    let chosen = sandbox.call(
        &Request::get(&authorize_url(&["forms"], &[("portal", "4418276")])),
        NOW,
    );
    assert_eq!(chosen.status, 302);
    let location = chosen.header("location").expect("a redirect");
    assert!(
        location.starts_with("/oauth/4418276/authorize?client_id="),
        "{location}"
    );
    assert!(!location.contains("portal="));
    let consent = sandbox.call(&Request::get(location), NOW);
    assert!(
        consent.text().contains("id=\"connect-app\"") && consent.text().contains("id=\"cancel\"")
    );
    assert!(
        consent.text().contains("value=\"s+t&amp;a=te\""),
        "state is carried unchanged"
    );
}

/// J8, S7, D7: the consent page lists what is asked; what the tier lacks cannot be ticked.
#[test]
fn the_consent_page_shows_required_optional_and_unavailable_scopes() {
    let sandbox = sandbox("small");
    let url = authorize_url(&["forms", "automation"], &[])
        .replace("/oauth/", &format!("/oauth/{SMALL}/"));
    let html = sandbox.call(&Request::get(&url), NOW).text();
    assert!(html.contains("<code>crm.schemas.contacts.read</code>"));
    assert!(html.contains("name=\"grant\" value=\"forms\" checked"));
    assert!(!html.contains("name=\"grant\" value=\"automation\""));
    assert!(
        html.contains("Not available on this account: needs any hub at Professional or higher.")
    );
}

/// Pages run under a strict policy and without script (threat-model 5); EM-3: COOP by switch.
#[test]
fn pages_have_a_strict_policy_no_script_and_coop_on_demand() {
    let sandbox = sandbox("small");
    let page = sandbox.call(&Request::get(&authorize_url(&[], &[])), NOW);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("form-action"));
    assert!(!page.text().contains("<script") && !page.text().contains("style=\""));
    assert_eq!(page.header("cross-origin-opener-policy"), None);
    sandbox.with(|state| state.switches.consent_coop = true);
    let page = sandbox.call(&Request::get(&authorize_url(&[], &[])), NOW);
    assert_eq!(
        page.header("cross-origin-opener-policy"),
        Some("same-origin")
    );
    let css = sandbox.call(&Request::get("/oauth/consent.css"), NOW);
    assert_eq!(
        (css.status, css.header("content-type")),
        (200, Some("text/css;charset=utf-8"))
    );
}

/// B9, J9: code and state come back, state byte for byte; CB-5: `iss` by switch.
#[test]
fn consent_redirects_with_a_code_and_the_same_state() {
    let sandbox = sandbox("small");
    sandbox.with(|state| state.switches.iss = Some("https://app.hubspot.com".to_owned()));
    let location = sandbox
        .approve(&authorize_url(&[], &[]), SMALL, NOW)
        .expect("a redirect");
    assert!(location.starts_with(CALLBACK));
    assert_eq!(returned(&location, "state").as_deref(), Some("s+t&a=te"));
    assert!(
        returned(&location, "code")
            .expect("a code")
            .starts_with("eu1-")
    );
    assert_eq!(
        returned(&location, "iss").as_deref(),
        Some("https://app.hubspot.com")
    );
    assert_eq!(returned(&location, "error"), None);
}

/// Platform 1.2, CB-6: a denial redirects with access_denied, hostile text included; by switch it does not redirect.
#[test]
fn a_denial_is_told_by_redirect_or_not_at_all() {
    let sandbox = sandbox("small");
    let url = authorize_url(&[], &[]);
    let location = sandbox.deny(&url, SMALL, NOW).expect("a redirect");
    assert_eq!(
        returned(&location, "error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(returned(&location, "state").as_deref(), Some("s+t&a=te"));
    assert_eq!(returned(&location, "code"), None);
    let hostile = format!("<img src=x onerror=alert(1)>{}", "A".repeat(10_240));
    sandbox.with(|state| state.switches.denial_description = Some(hostile.clone()));
    let location = sandbox.deny(&url, SMALL, NOW).expect("a redirect");
    assert_eq!(returned(&location, "error_description"), Some(hostile));
    sandbox.with(|state| state.switches.denial_redirects = false);
    let refused = sandbox.deny(&url, SMALL, NOW).expect_err("a page");
    assert!(refused.page.contains("Nothing was connected"));
}

/// Mission fact 9, platform 1.2: each fault of the install link is a page with HTTP 200 and never a redirect.
#[test]
fn faulty_install_links_end_on_a_page() {
    let scope = portico_sandbox::scopes::DEMO_REQUIRED.join(" ");
    let url = |client: &str, redirect: &str, scope: &str, optional: &str, more: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([
            ("client_id", client),
            ("redirect_uri", redirect),
            ("scope", scope),
            ("optional_scope", optional),
        ]);
        format!("/oauth/authorize?{}{more}", query.finish())
    };
    let id = DEMO_CLIENT_ID;
    let cases = [
        (
            "unknown client",
            url("nobody", CALLBACK, &scope, "", ""),
            "unknown-client",
        ),
        ("no client", "/oauth/authorize".to_owned(), "unknown-client"),
        (
            "redirect with a slash more",
            url(id, &format!("{CALLBACK}/"), &scope, "", ""),
            "redirect-uri",
        ),
        (
            "foreign redirect",
            url(id, "https://evil.example/", &scope, "", ""),
            "redirect-uri",
        ),
        (
            "a required scope missing",
            url(id, CALLBACK, "oauth", "", ""),
            "scopes-insufficient",
        ),
        (
            "a required scope only optional",
            url(
                id,
                CALLBACK,
                &scope.replace(" crm.schemas.deals.read", ""),
                "crm.schemas.deals.read",
                "",
            ),
            "scopes-insufficient",
        ),
        (
            "an optional scope in scope",
            url(id, CALLBACK, &format!("{scope} forms"), "", ""),
            "scope-mismatch",
        ),
        (
            "an unconfigured optional scope",
            url(id, CALLBACK, &scope, "forms nonsense", ""),
            "scope-mismatch",
        ),
        (
            "plain challenge",
            url(
                id,
                CALLBACK,
                &scope,
                "",
                "&code_challenge=x&code_challenge_method=plain",
            ),
            "challenge-method",
        ),
    ];
    let sandbox = sandbox("small");
    for (case, url, want) in cases {
        let page = sandbox.call(&Request::get(&url), NOW);
        assert_eq!(
            (page.status, page.header("location")),
            (200, None),
            "{case}"
        );
        assert_eq!(error_code(&page.text()), Some(want), "{case}");
    }
}

/// J28, platform 1.2, 8.1: what an account refuses; the decision is judged like the page.
#[test]
fn accounts_refuse_by_right_product_governance_and_limit() {
    type Change = fn(&mut portico_sandbox::State);
    let cases: [(&str, Change); 6] = [
        ("unknown-account", |state| {
            state.portals.remove(&SMALL);
        }),
        ("unknown-account", |state| {
            state.portals.get_mut(&SMALL).unwrap().health = Health::Gone;
        }),
        ("no-rights", |state| {
            state.portals.get_mut(&SMALL).unwrap().installer.rights = Rights::Standard;
        }),
        ("app-governance", |state| {
            state.portals.get_mut(&SMALL).unwrap().health = Health::GovernanceBlock;
        }),
        ("install-limit", |state| {
            state.apps[0].install_limit = Some(0);
        }),
        ("scopes-insufficient", |state| {
            state.apps[0].required_scopes.push("automation".to_owned());
        }),
    ];
    for (want, change) in cases {
        let sandbox = sandbox("small");
        sandbox.with(change);
        let refused = sandbox
            .approve(&authorize_url(&[], &[]), SMALL, NOW)
            .expect_err(want);
        assert_eq!(refused.code, want);
    }
}

/// Platform 8.1: a required scope above the tier stops the install; the same scope as optional is dropped.
#[test]
fn a_required_scope_above_the_tier_is_a_missing_product() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        state.apps[0]
            .conditionally_required_scopes
            .push("automation".to_owned());
    });
    let mut url = authorize_url(&[], &[]);
    url = url.replace(
        "crm.schemas.deals.read",
        "crm.schemas.deals.read+automation",
    );
    let refused = sandbox.approve(&url, SMALL, NOW).expect_err("a page");
    assert_eq!(refused.code, "missing-product");
    sandbox.with(|state| state.set_tier(SMALL, Tier::Professional));
    assert!(sandbox.approve(&url, SMALL, NOW).is_ok());
}

/// D52, S17, EX-6: optional scopes are dropped by tier and by the user; the granted list has one order.
#[test]
fn a_partial_grant_holds_what_was_ticked_and_available() {
    let sandbox = sandbox("small");
    let url = authorize_url(
        &[
            "forms",
            "automation",
            "crm.lists.read",
            "crm.schemas.custom.read",
        ],
        &[],
    );
    let location = sandbox
        .approve_with(&url, SMALL, |s| s != "crm.lists.read", NOW)
        .expect("a redirect");
    let code = returned(&location, "code").expect("a code");
    let answer = redeem(&sandbox, "/oauth/2026-09/token", &code, &[], NOW).to_value();
    let want = [
        "oauth",
        "crm.schemas.contacts.read",
        "crm.schemas.companies.read",
        "crm.schemas.deals.read",
        "forms",
    ];
    assert_eq!(answer["scopes"], serde_json::json!(want));
}

/// Platform 8.3: sensitive-data scopes show their suffix in tokens.
#[test]
fn sensitive_scopes_carry_a_suffix_in_tokens() {
    let sandbox = sandbox("enterprise");
    let url = authorize_url(
        &["crm.objects.contacts.sensitive.read", "tickets.sensitive"],
        &[],
    );
    let location = sandbox.approve(&url, LARGE, NOW).expect("a redirect");
    let code = returned(&location, "code").expect("a code");
    let answer = redeem(&sandbox, "/oauth/v3/token", &code, &[], NOW).text();
    assert!(
        answer.contains("\"crm.objects.contacts.sensitive.read.v2\"")
            && answer.contains("\"tickets.sensitive.v2\"")
    );
}

/// Mission fact 6, R30, P5: without rights a user may re-install what is approved, and nothing more.
#[test]
fn anybody_may_reinstall_what_is_already_approved() {
    let sandbox = sandbox("agency");
    let portal = 27_844_517;
    let url = authorize_url(&["forms"], &[]);
    assert_eq!(
        sandbox
            .approve(&url, portal, NOW)
            .expect_err("no rights")
            .code,
        "no-rights"
    );
    sandbox.with(|state| {
        let mut held = portico_sandbox::scopes::DEMO_REQUIRED.to_vec();
        held.push("forms");
        state.issue_grant(DEMO_CLIENT_ID, portal, &held, NOW)
    });
    assert!(sandbox.approve(&url, portal, NOW).is_ok());
    let more = authorize_url(&["forms", "crm.lists.read"], &[]);
    assert_eq!(
        sandbox
            .approve(&more, portal, NOW)
            .expect_err("new scopes")
            .code,
        "no-rights"
    );
}

/// Platform 1.1: redirect URIs keep their own query; IP addresses are refused unless switched on.
#[test]
fn redirect_uris_keep_their_query_and_name_no_address() {
    let sandbox = sandbox("small");
    let with_query = "https://partner.example/cb?tenant=a%20b";
    let with_ip = "http://127.0.0.1:4000/cb";
    sandbox.with(|state| {
        state.apps[0].redirect_urls = vec![with_query.to_owned(), with_ip.to_owned()];
    });
    let asked = |redirect: &str| {
        let from = url::form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect::<String>();
        let to = url::form_urlencoded::byte_serialize(redirect.as_bytes()).collect::<String>();
        authorize_url(&[], &[]).replace(&from, &to)
    };
    let location = sandbox
        .approve(&asked(with_query), SMALL, NOW)
        .expect("a redirect");
    assert!(
        location.starts_with("https://partner.example/cb?tenant=a%20b&code="),
        "{location}"
    );
    assert_eq!(
        sandbox
            .approve(&asked(with_ip), SMALL, NOW)
            .expect_err("an address")
            .code,
        "redirect-uri"
    );
    sandbox.with(|state| state.switches.ip_redirect_uris = true);
    assert!(sandbox.approve(&asked(with_ip), SMALL, NOW).is_ok());
}
