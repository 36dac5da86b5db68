//! What an account's edition and its last consent decide: platform 1.6, 3.1, 8.1 to 8.4, 9.2.

use portico_sandbox::model::Tier;
use portico_sandbox::{
    AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Response, Sandbox, StaticKind,
};
use serde_json::{Value, json};

use crate::{
    CALLBACK, GENERATIONS, LARGE, NOW, SMALL, authorize_url, full_token, redeem, refresh, returned,
    sandbox,
};

fn granted(sandbox: &Sandbox, optional: &[&str]) -> (String, String) {
    let url = authorize_url(optional, &[]);
    let location = sandbox.approve(&url, SMALL, NOW).expect("a redirect");
    let code = returned(&location, "code").expect("a code");
    let answer = redeem(sandbox, GENERATIONS[3], &code, &[], NOW).to_value();
    let text = |name: &str| answer[name].as_str().expect("a token").to_owned();
    (text("access_token"), text("refresh_token"))
}

fn get(sandbox: &Sandbox, path: &str, token: &str) -> Response {
    sandbox.call(&Request::get(path).bearer(token), NOW)
}

fn holds(answer: &Value, scope: &str) -> bool {
    let scopes = answer["scopes"].as_array().expect("scopes");
    scopes.contains(&json!(scope))
}

/// Platform 1.6: a new consent replaces the granted set, also for the refresh token of the old one; access tokens in hand
/// keep theirs.
#[test]
fn a_new_consent_replaces_what_an_old_refresh_token_gives() {
    let sandbox = sandbox("small");
    let (access, old) = granted(&sandbox, &["forms"]);
    let again = refresh(&sandbox, GENERATIONS[1], &old, NOW).to_value();
    assert!(holds(&again, "forms"));
    let (narrow, _) = granted(&sandbox, &["tickets"]);
    let again = refresh(&sandbox, GENERATIONS[1], &old, NOW).to_value();
    assert!(
        !holds(&again, "forms") && holds(&again, "tickets"),
        "{again}"
    );
    assert_eq!(get(&sandbox, "/marketing/v3/forms", &access).status, 200);
    assert_eq!(get(&sandbox, "/marketing/v3/forms", &narrow).status, 403);
    sandbox.with(|state| state.switches.reinstall_kills_refresh_tokens = true);
    granted(&sandbox, &[]);
    let dead = refresh(&sandbox, GENERATIONS[1], &old, NOW).to_value();
    assert_eq!(dead["status"], "BAD_REFRESH_TOKEN");
}

/// Platform 8.1, 8.3: what an app may ask decides nothing about what an account can give.
#[test]
fn no_account_grants_an_unknown_scope_or_one_above_its_edition() {
    let asked = [
        "forms",
        "crm.objects.projects.write",
        "crm.objects.deals.highly_sensitive.read",
        "nonsense.read",
    ];
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        let app: &mut AppConfig = &mut state.apps[0];
        app.optional_scopes = asked.map(str::to_owned).to_vec();
    });
    let (access, _) = granted(&sandbox, &asked);
    let free = sandbox.with(|state| state.access_tokens[&access].holder.scopes.clone());
    assert!(free.contains(&"forms".to_owned()));
    assert!(
        asked[1..]
            .iter()
            .all(|name| !free.contains(&(*name).to_owned())),
        "{free:?}"
    );
    for name in &asked[1..] {
        let refused = sandbox
            .with(|state| state.issue_static(SMALL, StaticKind::ServiceKey, "X", &[name], NOW));
        assert!(refused.is_err(), "{name}");
    }
    sandbox.with(|state| state.set_tier(SMALL, Tier::Enterprise));
    let (access, _) = granted(&sandbox, &asked);
    let rich = sandbox.with(|state| state.access_tokens[&access].holder.scopes.clone());
    assert!(
        asked[..3]
            .iter()
            .all(|name| rich.contains(&(*name).to_owned())),
        "{rich:?}"
    );
    assert!(!rich.contains(&asked[3].to_owned()));
    let highly = "/crm/v3/properties/deals?dataSensitivity=highly_sensitive";
    assert_eq!(get(&sandbox, highly, &access).status, 200);
}

/// Platform 8.1: a required scope that does not exist ends on the install page.
#[test]
fn an_unknown_required_scope_is_an_install_page_error() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        state.apps[0]
            .required_scopes
            .push("nonsense.read".to_owned());
    });
    let scopes = format!(
        "{} nonsense.read",
        portico_sandbox::scopes::DEMO_REQUIRED.join(" ")
    );
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let query = query
        .append_pair("client_id", DEMO_CLIENT_ID)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("scope", &scopes)
        .finish();
    let page = sandbox.call(&Request::get(&format!("/oauth/authorize?{query}")), NOW);
    assert_eq!((page.status, page.header("location")), (200, None));
    let text = page.text();
    assert!(
        text.contains("scope-mismatch") && text.contains("nonsense.read"),
        "{text}"
    );
}

/// Platform 3.1, 8.4: what an edition alone gives ends with it for tokens that still name the scope, and no 403 names a
/// scope that the token holds.
#[test]
fn a_downgrade_ends_reads_of_what_the_edition_gave() {
    let sandbox = sandbox("enterprise");
    let token = full_token(&sandbox, LARGE);
    let details = || get(&sandbox, "/account-info/v3/details", &token).to_value();
    assert_ne!(details()["additionalCurrencies"], json!([]));
    let custom = sandbox.with(|state| {
        let objects = &state.portals[&LARGE].custom_objects;
        objects[0].object_type_id.clone()
    });
    let gated = [
        "/crm-object-schemas/v3/schemas".to_owned(),
        format!("/crm-object-schemas/v3/schemas/{custom}"),
        format!("/crm/v3/properties/{custom}"),
        format!("/crm/v3/pipelines/{custom}"),
        "/crm/v3/properties/leads".to_owned(),
        "/crm/v3/pipelines/leads".to_owned(),
        "/crm/v3/properties/projects".to_owned(),
        "/crm/v3/properties/contacts?dataSensitivity=sensitive".to_owned(),
        "/automation/v4/flows".to_owned(),
        "/forecast-settings/2026-09/forecast-types".to_owned(),
    ];
    for path in &gated {
        assert_eq!(get(&sandbox, path, &token).status, 200, "{path}");
    }
    sandbox.with(|state| state.set_tier(LARGE, Tier::Free));
    let held = sandbox.with(|state| state.access_tokens[&token].holder.scopes.clone());
    for path in &gated {
        let refused = get(&sandbox, path, &token);
        assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        let body = refused.to_value();
        if let Some(named) = body["errors"][0]["context"]["requiredGranularScopes"].as_array() {
            let mine = |name: &Value| held.iter().any(|scope| name == scope);
            assert!(!named.iter().any(mine), "{path}: {body}");
        } else {
            let message = body["message"].as_str().expect("a message");
            assert!(message.contains("(requires one of ["), "{path}: {message}");
        }
    }
    for open in [
        "/crm/v3/properties/deals",
        "/crm-object-schemas/v3/schemas/deals",
        "/cms/v3/hubdb/tables",
    ] {
        assert_eq!(get(&sandbox, open, &token).status, 200, "{open} on Free");
    }
    assert_eq!(
        details()["additionalCurrencies"],
        json!([]),
        "no currency beside the own on Free"
    );
    sandbox.with(|state| state.set_tier(LARGE, Tier::Starter));
    assert_ne!(details()["additionalCurrencies"], json!([]));
}

/// Platform 6.2: pipelines of orders have a scope of their own, which opens nothing else.
#[test]
fn the_pipeline_scope_of_orders_opens_their_pipelines() {
    let sandbox = sandbox("small");
    let token = |scopes: &[&str]| {
        let issued = sandbox
            .with(|state| state.issue_static(SMALL, StaticKind::ServiceKey, "X", scopes, NOW));
        issued.expect("a key").token
    };
    let (own, other) = (
        token(&["crm.pipelines.orders.read"]),
        token(&["crm.schemas.deals.read"]),
    );
    for path in ["/crm/v3/pipelines/orders", "/crm/pipelines/2026-09/0-123"] {
        assert_eq!(get(&sandbox, path, &own).status, 200, "{path}");
        let refused = get(&sandbox, path, &other).to_value();
        let named = &refused["errors"][0]["context"]["requiredGranularScopes"];
        assert!(
            named
                .as_array()
                .is_some_and(|named| named.contains(&json!("crm.pipelines.orders.read")))
        );
    }
    for path in ["/crm/v3/properties/orders", "/crm/v3/pipelines/deals"] {
        assert_eq!(get(&sandbox, path, &own).status, 403, "{path}");
    }
}

/// Platform 1.4, 3.1 row e: a developer test account tells which scopes its trial opens; others have none.
#[test]
fn a_developer_test_account_tells_the_scopes_of_its_trial() {
    let sandbox = sandbox("agency");
    for (portal, want) in [
        (49_660_028, "automation crm.objects.deals.sensitive.read.v2"),
        (25_733_019, ""),
    ] {
        let scopes = ["oauth", "automation", "crm.objects.deals.sensitive.read"];
        let tokens = sandbox.with(|state| state.issue_grant(DEMO_CLIENT_ID, portal, &scopes, NOW));
        let fields = [
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            ("token", &tokens.expect("a grant").access_token),
        ];
        let told = sandbox.call(&Request::form("/oauth/v3/token/introspect", &fields), NOW);
        let signed = &told.to_value()["signed_access_token"];
        assert_eq!(signed["trialScopes"], want, "{portal}");
        assert!(signed["audience"].is_string());
    }
}

/// Platform 9.2: routes of the first generations say in their own words that no credential came.
#[test]
fn routes_of_v1_and_v2_miss_credentials_in_their_own_words() {
    let sandbox = sandbox("small");
    let info = Request::json(
        "/oauth/v2/private-apps/get/access-token-info",
        &json!({ "tokenKey": "pat-eu1-00000000-aaaa-bbbb-cccc-000000000000" }),
    );
    for (request, want) in [
        (
            info,
            "Any of the listed authentication credentials are missing",
        ),
        (
            Request::get("/tax-rates/v1/tax-rates"),
            "Any of the listed authentication credentials are missing",
        ),
        (
            Request::get("/crm/v3/owners"),
            "Authentication credentials not found.",
        ),
    ] {
        let refused = sandbox.call(&request, NOW);
        let body = refused.to_value();
        assert_eq!(
            (refused.status, &body["category"]),
            (401, &json!("INVALID_AUTHENTICATION"))
        );
        let message = body["message"].as_str().expect("a message");
        assert!(message.starts_with(want), "{}: {message}", request.path);
    }
}

/// Platform 1.1: user-level apps are installed at `/oauth/authorize/user`, other apps are not.
#[test]
fn user_level_apps_have_an_authorize_page_of_their_own() {
    let sandbox = sandbox("small");
    let url = authorize_url(&[], &[]).replace("/authorize?", "/authorize/user?");
    let refused = sandbox.call(&Request::get(&url), NOW);
    assert!(refused.status == 200 && refused.text().contains("not-user-level"));
    sandbox.with(|state| state.apps[0].user_level = true);
    let page = sandbox.call(&Request::get(&url), NOW);
    assert!(
        page.status == 200 && page.text().contains("choose-account"),
        "{}",
        page.text()
    );
    let picked = sandbox.call(&Request::get(&format!("{url}&portal={SMALL}")), NOW);
    let location = picked.header("location").expect("a redirect");
    assert!(
        location.starts_with(&format!("/oauth/{SMALL}/authorize?")),
        "{location}"
    );
}
