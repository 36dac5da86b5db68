//! The named scenarios through requests: what a client meets while each runs, and that undoing brings back what was.

use portico_sandbox::{DEMO_CLIENT_ID, Request, Response, Sandbox};
use serde_json::{Value, json};

use crate::control::{DETAILS, get, post, steered};
use crate::{GENERATIONS, NOW, authorize_url, full_token, redeem, refresh, returned};

/// Two portals of `agency` in which a consent goes through; the first is Starter.
const A: u64 = 4_418_276;
const B: u64 = 9_127_730;

fn start(sandbox: &Sandbox, name: &str, body: &Value) -> Value {
    let response = post(sandbox, &format!("/_sandbox/scenarios/{name}"), body);
    assert_eq!(response.status, 200, "{name}: {}", response.text());
    response.to_value()
}

fn undo(sandbox: &Sandbox, body: &Value) -> Value {
    let response = post(sandbox, "/_sandbox/scenarios/undo", body);
    assert_eq!(response.status, 200);
    response.to_value()["undone"].clone()
}

/// A grant of `A` with what the account can give of these.
struct Client<'a> {
    sandbox: &'a Sandbox,
    access: String,
    refresh: String,
}

impl<'a> Client<'a> {
    fn new(sandbox: &'a Sandbox, portal: u64) -> Self {
        let scopes = [
            "oauth",
            "crm.schemas.contacts.read",
            "crm.schemas.companies.read",
            "crm.schemas.deals.read",
            "automation",
        ];
        let issued = sandbox
            .with(|state| state.issue_grant(DEMO_CLIENT_ID, portal, &scopes, NOW))
            .expect("a grant");
        Self {
            sandbox,
            access: issued.access_token,
            refresh: issued.refresh_token,
        }
    }

    fn call(&self, path: &str, now: u64) -> Response {
        self.sandbox
            .call(&Request::get(path).bearer(&self.access), now)
    }

    fn details(&self, now: u64) -> u16 {
        self.call(DETAILS, now).status
    }

    fn refresh(&self, now: u64) -> Value {
        refresh(self.sandbox, GENERATIONS[3], &self.refresh, now).to_value()
    }
}

/// Every scenario says what a user should see, is listed while it runs, starts again without harm, and ends.
#[test]
fn scenarios_are_listed_started_and_undone() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, A);
    let before = get(&sandbox, "/_sandbox/state");
    let names: Vec<String> = get(&sandbox, "/_sandbox/scenarios")["scenarios"]
        .as_array()
        .expect("scenarios")
        .iter()
        .map(|s| {
            assert!(
                s["sees"].as_str().is_some_and(|text| text.ends_with('.')),
                "{s}"
            );
            s["name"].as_str().expect("a name").to_owned()
        })
        .collect();
    assert_eq!(names.len(), 10);
    for name in &names {
        for _ in 0..2 {
            assert_eq!(
                start(&sandbox, name, &json!({ "portal": A }))["scenario"],
                name.as_str()
            );
        }
        let running = get(&sandbox, "/_sandbox/scenarios")["running"].clone();
        assert_eq!(running.as_array().map(Vec::len), Some(1), "{name}");
        assert_eq!(undo(&sandbox, &json!({ "name": name })), json!([name]));
        assert_eq!(
            (
                client.details(NOW),
                client.refresh(NOW)["expires_in"].as_u64()
            ),
            (200, Some(1_800)),
            "{name}"
        );
    }
    for name in &names {
        start(&sandbox, name, &json!({ "portal": A, "seconds": 5 }));
        if name == "app-removed" {
            // Needs an install, as the next one does: one after the other.
            undo(&sandbox, &json!({ "name": name, "portal": A }));
        }
    }
    assert_eq!(undo(&sandbox, &json!({ "portal": B })), json!([]));
    assert_eq!(undo(&sandbox, &json!({})).as_array().map(Vec::len), Some(9));
    let mut after = get(&sandbox, "/_sandbox/state");
    after["calls"] = before["calls"].clone();
    // Refreshing meanwhile left more access tokens alive.
    let portals = after["portals"].as_array_mut().expect("portals");
    let ours = portals.iter_mut().find(|p| p["id"] == A).expect("A");
    ours["installs"][0]["liveAccessTokens"] = json!(1);
    assert!(after == before, "everything is as it was");
}

#[test]
fn token_expired_is_a_401_that_a_refresh_heals() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, A);
    start(&sandbox, "token-expired", &json!({ "portal": A }));
    assert_eq!(
        client.call(DETAILS, NOW).to_value()["category"],
        "EXPIRED_AUTHENTICATION"
    );
    assert!(client.refresh(NOW)["access_token"].is_string());
}

#[test]
fn when_the_authoriser_left_a_colleague_connects_again() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, A);
    let left = sandbox.with(|state| state.portals[&A].installer.clone());
    start(&sandbox, "authoriser-left", &json!({ "portal": A }));
    assert_eq!(
        client.details(NOW),
        200,
        "the access token lives to its end"
    );
    assert_eq!(client.refresh(NOW)["status"], "BAD_REFRESH_TOKEN");
    let location = sandbox
        .approve(&authorize_url(&[], &[]), A, NOW)
        .expect("a colleague may");
    let code = returned(&location, "code").expect("a code");
    let answer = redeem(&sandbox, GENERATIONS[3], &code, &[], NOW).to_value();
    assert_ne!(answer["user_id"], left.user_id);
    undo(&sandbox, &json!({}));
    assert_eq!(
        sandbox.with(|state| state.portals[&A].installer.clone()),
        left
    );
    assert!(client.refresh(NOW)["access_token"].is_string());
    let both = answer["refresh_token"].as_str().expect("a token");
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], both, NOW).status,
        200,
        "the colleague's stays"
    );
}

#[test]
fn a_removed_app_is_unknown_at_once_and_a_real_removal_is_not_undone() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, A);
    start(&sandbox, "app-removed", &json!({ "portal": A }));
    assert_eq!(
        (client.details(NOW), client.refresh(NOW)["status"].as_str()),
        (401, Some("BAD_REFRESH_TOKEN"))
    );
    assert_eq!(
        post(
            &sandbox,
            "/_sandbox/scenarios/app-removed",
            &json!({ "portal": B })
        )
        .status,
        409
    );
    sandbox.with(|state| state.revoke_grant(DEMO_CLIENT_ID, A));
    undo(&sandbox, &json!({}));
    assert_eq!(
        client.refresh(NOW)["status"],
        "BAD_REFRESH_TOKEN",
        "revoked meanwhile"
    );
}

#[test]
fn changed_scopes_refuse_the_refresh_and_old_install_links() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, A);
    start(
        &sandbox,
        "scopes-changed",
        &json!({ "portal": A, "scope": "forms" }),
    );
    assert_eq!(client.details(NOW), 200);
    assert_eq!(client.refresh(NOW)["status"], "BAD_SCOPES");
    let page = sandbox
        .approve(&authorize_url(&[], &[]), A, NOW)
        .expect_err("a page");
    assert_eq!(page.code, "scopes-insufficient");
    undo(&sandbox, &json!({}));
    sandbox
        .approve(&authorize_url(&["forms"], &[]), A, NOW)
        .expect("optional again");
    for (scope, status) in [("oauth", 409), ("no.such.scope", 404)] {
        let body = json!({ "portal": A, "scope": scope });
        assert_eq!(
            post(&sandbox, "/_sandbox/scenarios/scopes-changed", &body).status,
            status
        );
    }
}

#[test]
fn a_partial_grant_comes_from_unticked_boxes() {
    let sandbox = steered("agency");
    let target = authorize_url(&["forms", "tickets"], &[])
        .replace("/oauth/authorize", &format!("/oauth/{A}/authorize"));
    let ticked = |scope: &str| {
        let page = sandbox.call(&Request::get(&target), NOW).text();
        page.contains(&format!("value=\"{scope}\" checked"))
    };
    start(
        &sandbox,
        "partial-grant",
        &json!({ "portal": A, "scopes": ["forms"] }),
    );
    assert_eq!((ticked("forms"), ticked("tickets")), (false, true));
    start(&sandbox, "partial-grant", &json!({ "portal": A }));
    assert_eq!((ticked("forms"), ticked("tickets")), (false, false));
    let other = target.replace(&A.to_string(), &B.to_string());
    assert!(
        sandbox
            .call(&Request::get(&other), NOW)
            .text()
            .contains("checked"),
        "another portal's page is as ever"
    );
    sandbox
        .approve_with(&target, A, |_| false, NOW)
        .expect("a redirect");
    assert!(ticked("forms"), "only the next consent");
    assert_eq!(get(&sandbox, "/_sandbox/scenarios")["running"], json!([]));
}

#[test]
fn a_downgrade_takes_products_and_leaves_the_grant() {
    let sandbox = steered("agency");
    let client = Client::new(&sandbox, B);
    let workflows = "/automation/v4/flows";
    assert_eq!(client.call(workflows, NOW).status, 200);
    start(&sandbox, "account-downgraded", &json!({ "portal": B }));
    assert_eq!(client.call(workflows, NOW).status, 403);
    assert!(
        client.refresh(NOW)["scopes"]
            .as_array()
            .is_some_and(|s| s.contains(&json!("automation")))
    );
    undo(&sandbox, &json!({}));
    assert_eq!(client.call(workflows, NOW).status, 200);
}

#[test]
fn hubspot_is_down_everywhere_or_for_one_portal_for_as_long_as_said() {
    let sandbox = steered("agency");
    let (a, b) = (Client::new(&sandbox, A), Client::new(&sandbox, B));
    start(
        &sandbox,
        "hubspot-down",
        &json!({ "portal": A, "seconds": 30 }),
    );
    assert_eq!((a.details(NOW), b.details(NOW)), (502, 200));
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &a.refresh, NOW).status,
        502,
        "its token calls too"
    );
    assert_eq!(a.details(NOW + 30_000), 200);
    start(&sandbox, "hubspot-down", &json!({}));
    assert_eq!((a.details(NOW), b.details(NOW)), (502, 502));
    assert_eq!(
        sandbox.call(&Request::get("/oauth/authorize"), NOW).status,
        502
    );
    assert_eq!(sandbox.call(&Request::get("/_sandbox"), NOW).status, 200);
    let private = sandbox.with(|state| {
        let kind = portico_sandbox::StaticKind::ServiceKey;
        state
            .credentials
            .first(B, kind)
            .map(|(_, token)| token.to_owned())
    });
    undo(&sandbox, &json!({}));
    let private = private.expect("a service key");
    start(&sandbox, "hubspot-down", &json!({ "portal": B }));
    let call = Request::get(DETAILS).bearer(&private);
    assert_eq!(
        sandbox.call(&call, NOW).status,
        502,
        "static credentials too"
    );
}

#[test]
fn a_full_window_answers_429_until_it_empties() {
    let sandbox = steered("agency");
    let (a, b) = (Client::new(&sandbox, A), Client::new(&sandbox, B));
    assert_eq!(a.details(NOW), 200);
    start(
        &sandbox,
        "rate-limited",
        &json!({ "portal": A, "seconds": 20 }),
    );
    let refused = a.call(DETAILS, NOW + 19_999);
    assert_eq!(
        (
            refused.status,
            refused.header("x-hubspot-ratelimit-remaining")
        ),
        (429, Some("0"))
    );
    assert_eq!(refused.header("x-hubspot-ratelimit-max"), Some("110"));
    assert_eq!(refused.to_value()["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(b.details(NOW), 200);
    assert_eq!(a.details(NOW + 20_000), 200);
    start(&sandbox, "rate-limited", &json!({ "portal": A }));
    assert_eq!(a.details(NOW + 86_400_000_000), 401, "the token went first");
    assert_eq!(a.details(NOW + 1_000_000), 429, "until undone");
    undo(&sandbox, &json!({}));
    assert_eq!(a.details(NOW + 1_000_000), 200);
}

#[test]
fn a_slow_portal_is_slow_alone() {
    let sandbox = steered("agency");
    let (a, b) = (Client::new(&sandbox, A), Client::new(&sandbox, B));
    start(
        &sandbox,
        "slow-portal",
        &json!({ "portal": A, "delayMs": 1_234 }),
    );
    let delay = |client: &Client<'_>| client.call(DETAILS, NOW).delay.as_millis();
    assert_eq!((delay(&a), delay(&b)), (1_234, 0));
}

#[test]
fn a_consent_pinned_to_one_account_ends_in_another() {
    let sandbox = steered("agency");
    start(
        &sandbox,
        "wrong-account",
        &json!({ "portal": A, "into": B }),
    );
    let target =
        authorize_url(&[], &[]).replace("/oauth/authorize", &format!("/oauth/{A}/authorize"));
    let page = sandbox.call(&Request::get(&target), NOW);
    let location = page
        .header("location")
        .expect("on to the other account's page");
    assert!(
        location.starts_with(&format!("/oauth/{B}/authorize?client_id=")),
        "{location}"
    );
    assert!(
        sandbox
            .call(&Request::get(location), NOW)
            .text()
            .contains(&B.to_string()),
        "which says so"
    );
    let back = sandbox.approve(&target, A, NOW).expect("a redirect");
    let code = returned(&back, "code").expect("a code");
    assert_eq!(
        redeem(&sandbox, GENERATIONS[3], &code, &[], NOW).to_value()["hub_id"],
        B
    );
    assert_eq!(
        sandbox.call(&Request::get(&target), NOW).status,
        200,
        "only the next consent"
    );
    let alone = steered("small");
    full_token(&alone, crate::SMALL);
    let refused = post(
        &alone,
        "/_sandbox/scenarios/wrong-account",
        &json!({ "portal": crate::SMALL }),
    );
    assert_eq!(refused.status, 409);
}
