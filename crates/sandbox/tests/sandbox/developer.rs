//! Developer credentials and what only they open: platform 1.3 (`client_credentials`), 2 (`hapikey`) and 6.3 (app-level).

use portico_sandbox::{AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Response, Sandbox};
use serde_json::{Value, json};

use crate::{GENERATIONS, NOW, SMALL, full_token, refresh, sandbox, tokens};

/// The demo app's id.
const APP: u64 = 5_550_001;

fn ask(sandbox: &Sandbox, path: &str, scope: &str) -> Response {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("scope", scope),
    ];
    sandbox.call(&Request::form(path, &fields), NOW)
}

fn developer_bearer(sandbox: &Sandbox) -> String {
    let answer = ask(sandbox, GENERATIONS[2], "developer.webhooks_journal.read").to_value();
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn hapikey(sandbox: &Sandbox) -> String {
    sandbox.with(|state| state.credentials.hapikey.clone())
}

/// Platform 1.3: which generations take the grant, and in which shape.
#[test]
fn client_credentials_are_a_grant_of_two_generations() {
    let sandbox = sandbox("small");
    let scope = "developer.webhooks_journal.read developer.webhooks_journal.subscriptions.read";
    for (path, taken) in GENERATIONS.iter().zip([false, true, true, false]) {
        let response = ask(&sandbox, path, scope);
        let body = response.to_value();
        if !taken {
            assert_eq!(
                (response.status, &body["status"]),
                (400, &json!("BAD_GRANT_TYPE"))
            );
            continue;
        }
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(body["token_use"], "client_credentials");
        assert_eq!(
            (&body["token_type"], &body["expires_in"]),
            (&json!("bearer"), &json!(1800))
        );
        assert_eq!(
            (body.get("refresh_token"), body.get("user_id")),
            (None, None)
        );
        assert_eq!(body["scopes"].as_array().unwrap().len(), 2);
    }
    sandbox.with(|state| state.switches.v1_client_credentials = true);
    assert_eq!(
        ask(&sandbox, GENERATIONS[0], "").status,
        200,
        "as v1's guide says"
    );
    let wide = ask(
        &sandbox,
        GENERATIONS[1],
        "developer.webhooks_journal.read admin",
    );
    assert_eq!(wide.to_value()["status"], "BAD_SCOPES");
    sandbox.with(|state| state.apps[0].user_level = true);
    for (path, want) in [
        (
            GENERATIONS[1],
            "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED",
        ),
        (GENERATIONS[3], "BAD_GRANT_TYPE"),
    ] {
        assert_eq!(ask(&sandbox, path, "").to_value()["status"], want);
    }
}

/// Platform 1.4: the bearer of an app is introspected and revoked like any token, and opens no account.
#[test]
fn a_developer_bearer_opens_no_account() {
    let sandbox = sandbox("small");
    let token = developer_bearer(&sandbox);
    let details = Request::get("/account-info/v3/details").bearer(&token);
    assert_eq!(sandbox.call(&details, NOW).status, 401);
    let settings = |now| {
        let request = Request::get(&format!("/webhooks/v3/{APP}/settings")).bearer(&token);
        sandbox.call(&request, now)
    };
    assert_eq!(settings(NOW).status, 200);
    let expired = settings(NOW + 1_800_000);
    assert_eq!(
        (expired.status, &expired.to_value()["category"]),
        (401, &json!("EXPIRED_AUTHENTICATION"))
    );
    let form = |what: &str| {
        let fields = [
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            ("token", token.as_str()),
        ];
        let path = format!("/oauth/2026-09/token/{what}");
        sandbox.call(&Request::form(&path, &fields), NOW).to_value()
    };
    let told = form("introspect");
    assert_eq!(
        (&told["active"], &told["token_use"], &told["app_id"]),
        (&json!(true), &json!("client_credentials"), &json!(APP))
    );
    form("revoke");
    assert_eq!(form("introspect"), json!({ "active": false }));
    assert_eq!(settings(NOW).status, 401);
}

/// Platform 2, 6.3: who opens an app-level endpoint and what the others are told.
#[test]
fn app_level_endpoints_take_developer_credentials_only() {
    let sandbox = sandbox("small");
    let other = AppConfig {
        client_id: "other".to_owned(),
        app_id: 77,
        ..AppConfig::demo(Vec::new())
    };
    sandbox.with(|state| state.apps.push(other));
    let (key, bearer) = (hapikey(&sandbox), developer_bearer(&sandbox));
    let install = full_token(&sandbox, SMALL);
    let paths = [
        "/webhooks/v3/{}/settings",
        "/webhooks/v3/{}/subscriptions",
        "/app-webhooks/2026-03/{}/settings",
        "/app-webhooks/2026-09/{}/subscriptions",
        "/integrators/timeline/v3/{}/event-templates",
        "/automation/v4/actions/{}",
        "/automation/actions/2026-09/{}",
        "/feature-flags/v3/{}/flags/all",
        "/feature-flags/2026-03/{}/flags/all",
    ];
    for path in paths {
        let at = |app: &str, query: &str, bearer: Option<&str>| {
            let request = Request::get(&format!("{}{query}", path.replace("{}", app)));
            let request = match bearer {
                Some(token) => request.bearer(token),
                None => request,
            };
            sandbox.call(&request, NOW)
        };
        let own = APP.to_string();
        let with_key = format!("?hapikey={key}");
        let cases = [
            ("the key", at(&own, &with_key, None), 200),
            ("the app's bearer", at(&own, "", Some(&bearer)), 200),
            (
                "the key, another app of the developer",
                at("77", &with_key, None),
                200,
            ),
            (
                "the bearer of another app",
                at("77", "", Some(&bearer)),
                403,
            ),
            ("nothing", at(&own, "", None), 401),
            ("a wrong key", at(&own, "?hapikey=x", Some(&bearer)), 401),
            ("an unknown bearer", at(&own, "", Some("x")), 401),
            ("an installer's bearer", at(&own, "", Some(&install)), 403),
            ("an app of nobody", at("9", &with_key, None), 404),
            ("no number", at("mine", &with_key, None), 400),
        ];
        for (case, response, want) in cases {
            assert_eq!(response.status, want, "{path}: {case}: {}", response.text());
        }
        let told = at(&own, "", Some(&install)).to_value();
        assert!(
            told["message"]
                .as_str()
                .unwrap()
                .contains("developer API key")
        );
        sandbox.with(|state| state.switches.app_level_answers_401 = true);
        assert_eq!(at(&own, "", Some(&install)).status, 401, "by the switch");
        sandbox.with(|state| state.switches.app_level_answers_401 = false);
    }
    let account = Request::get(&format!("/account-info/v3/details?hapikey={key}"));
    assert_eq!(
        sandbox.call(&account, NOW).status,
        401,
        "no account-wide key exists"
    );
}

struct Developer<'a> {
    sandbox: &'a Sandbox,
    key: String,
}

impl<'a> Developer<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let key = hapikey(sandbox);
        Self { sandbox, key }
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let target = format!(
            "{}?hapikey={}",
            path.replace("{}", &APP.to_string()),
            self.key
        );
        let mut request = Request::json(&target, body);
        method.clone_into(&mut request.method);
        if body.is_null() {
            request.body.clear();
        }
        let response = self.sandbox.call(&request, NOW);
        (response.status, response.to_value())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null)
    }
}

/// Platform 6.3: webhook settings and subscriptions, read and written.
#[test]
fn webhook_subscriptions_live_and_die() {
    let sandbox = sandbox("small");
    let developer = Developer::new(&sandbox);
    let settings = "/webhooks/v3/{}/settings";
    let (_, before) = developer.get(settings);
    assert!(before["throttling"]["maxConcurrentRequests"].is_u64());
    for bad in [
        json!({}),
        json!({ "targetUrl": "http://app.example/", "throttling": { "maxConcurrentRequests": 10 } }),
        json!({ "targetUrl": "https://app.example/", "throttling": { "maxConcurrentRequests": 1 } }),
        json!([]),
    ] {
        assert_eq!(developer.send("PUT", settings, &bad).0, 400, "{bad}");
    }
    let good = json!({ "targetUrl": "https://app.example/new", "throttling": { "maxConcurrentRequests": 20 } });
    let (status, after) = developer.send("PUT", settings, &good);
    assert_eq!((status, &after["createdAt"]), (200, &before["createdAt"]));
    assert_eq!(developer.get("/app-webhooks/2026-09/{}/settings").1, after);
    assert_eq!(developer.send("DELETE", settings, &Value::Null).0, 204);
    assert_eq!(developer.get(settings).0, 404);

    let all = "/webhooks/v3/{}/subscriptions";
    let count = || developer.get(all).1["results"].as_array().unwrap().len();
    assert_eq!(count(), 3);
    for bad in [
        json!({ "eventType": "deal.exploded" }),
        json!({ "eventType": "deal.propertyChange" }),
        json!({ "eventType": "object.creation" }),
    ] {
        assert_eq!(developer.send("POST", all, &bad).0, 400, "{bad}");
    }
    let wanted = json!({ "eventType": "deal.propertyChange", "propertyName": "amount" });
    let (status, made) = developer.send("POST", all, &wanted);
    assert_eq!((status, &made["active"]), (201, &json!(false)));
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    let (_, patched) = developer.send("PATCH", &one, &json!({ "active": true }));
    assert_eq!(patched["active"], true);
    let id: u64 = made["id"].as_str().unwrap().parse().unwrap();
    let mixed = json!({ "inputs": [{ "id": id, "active": false }, { "id": 1, "active": true }] });
    let (status, batch) = developer.send("POST", &format!("{all}/batch/update"), &mixed);
    assert_eq!((status, &batch["numErrors"]), (207, &json!(1)));
    assert_eq!(developer.get(&one).1["active"], false);
    assert_eq!(developer.send("DELETE", &one, &Value::Null).0, 204);
    assert_eq!((developer.get(&one).0, count()), (404, 3));
}

/// Platform 6.3: timeline event templates with their tokens.
#[test]
fn event_templates_hold_tokens() {
    let sandbox = sandbox("small");
    let developer = Developer::new(&sandbox);
    let all = "/integrators/timeline/v3/{}/event-templates";
    let body = json!({ "name": "Backup", "objectType": "COMPANY", "tokens": [{ "name": "size", "label": "Size", "type": "number" }] });
    let (status, made) = developer.send("POST", all, &body);
    assert_eq!(
        (status, &made["tokens"][0]["type"]),
        (201, &json!("number"))
    );
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    let tokens = format!("{one}/tokens");
    let token = json!({ "name": "place", "label": "Place", "type": "string" });
    assert_eq!(developer.send("POST", &tokens, &token).0, 200);
    assert_eq!(
        developer.send("POST", &tokens, &token).0,
        409,
        "names are unique"
    );
    let odd = json!({ "name": "odd", "label": "Odd", "type": "object" });
    assert_eq!(developer.send("POST", &tokens, &odd).0, 400);
    let renamed = developer.send(
        "PUT",
        &format!("{tokens}/place"),
        &json!({ "label": "Where" }),
    );
    assert_eq!(renamed.1["label"], "Where");
    assert_eq!(
        developer
            .send("DELETE", &format!("{tokens}/size"), &Value::Null)
            .0,
        204
    );
    assert_eq!(developer.get(&one).1["tokens"].as_array().unwrap().len(), 1);
    let (_, updated) = developer.send("PUT", &one, &json!({ "name": "Export", "tokens": [] }));
    assert_eq!(
        (&updated["name"], &updated["tokens"]),
        (&json!("Export"), &json!([]))
    );
    assert_eq!(developer.send("DELETE", &one, &Value::Null).0, 204);
    assert_eq!(developer.get(&one).0, 404);
    assert_eq!(developer.get(all).1["results"].as_array().unwrap().len(), 1);
}

/// Platform 6.3: custom workflow actions keep their revisions; an archived one leaves the list.
#[test]
fn workflow_actions_have_revisions() {
    let sandbox = sandbox("small");
    let developer = Developer::new(&sandbox);
    let all = "/automation/v4/actions/{}";
    let body = json!({ "actionUrl": "https://app.example/a", "labels": { "en": { "actionName": "A" } }, "inputFields": [] });
    assert_eq!(
        developer
            .send(
                "POST",
                all,
                &json!({ "actionUrl": "https://app.example/a" })
            )
            .0,
        400
    );
    let (status, made) = developer.send("POST", all, &body);
    assert_eq!((status, &made["revisionId"]), (201, &json!("1")));
    let one = format!("{all}/{}", made["id"].as_str().unwrap());
    let (_, second) = developer.send("PATCH", &one, &json!({ "published": true }));
    assert_eq!(
        (&second["revisionId"], &second["published"]),
        (&json!("2"), &json!(true))
    );
    let (_, revisions) = developer.get(&format!("{one}/revisions"));
    assert_eq!(revisions["results"][1]["definition"]["published"], false);
    let (_, first) = developer.get(&format!("{one}/revisions/1"));
    assert_eq!(first["definition"], made);
    assert_eq!(
        developer.get(&format!("{one}/functions")).1["results"],
        json!([])
    );
    assert_eq!(developer.send("DELETE", &one, &Value::Null).0, 204);
    assert_eq!(developer.send("DELETE", &one, &Value::Null).0, 404);
    assert_eq!(developer.get(&one).0, 404);
    let (_, rest) = developer.get("/automation/actions/2026-03/{}");
    assert_eq!(rest["results"].as_array().unwrap().len(), 1);
}

/// Platform 6.3: an app's flags per account; an override stands above everything.
#[test]
fn feature_flags_are_the_apps_and_told_per_account() {
    let sandbox = sandbox("small");
    let developer = Developer::new(&sandbox);
    let flags = "/feature-flags/2026-03/{}/flags";
    let names = developer.get(&format!("{flags}/all")).1["flagsForApp"].clone();
    assert!(
        names
            .as_array()
            .unwrap()
            .contains(&json!("hs-hide-crm-cards"))
    );
    let flag = format!("{flags}/hs-hide-crm-cards");
    let here = format!("{flag}/portals/{SMALL}");
    let state = || developer.get(&here).1["flagState"].clone();
    assert_eq!(state(), "OFF");
    assert_eq!(
        developer
            .send("PUT", &here, &json!({ "flagState": "ON" }))
            .0,
        200
    );
    assert_eq!(state(), "ON");
    let (_, rows) = developer.get(&format!("{flag}/portals"));
    assert_eq!(rows["portalFlagStates"][0]["portalId"], SMALL);
    let above = json!({ "defaultState": "OFF", "overrideState": "ABSENT" });
    assert_eq!(developer.send("PUT", &flag, &above).0, 200);
    assert_eq!(state(), "ABSENT");
    assert_eq!(
        developer
            .send("PUT", &flag, &json!({ "defaultState": "MAYBE" }))
            .0,
        400
    );
    assert_eq!(developer.get(&format!("{flags}/unknown")).0, 404);
    assert_eq!(developer.get(&format!("{flag}/portals/1")).0, 404);
}

/// Platform 1.5: live answers told a bad refresh token as an invalid request; the documented word is the default.
#[test]
fn a_bad_refresh_token_has_two_words() {
    let sandbox = sandbox("small");
    let error = || refresh(&sandbox, GENERATIONS[3], "unknown", NOW).to_value()["error"].clone();
    assert_eq!(error(), "invalid_grant");
    sandbox.with(|state| state.switches.bad_refresh_is_invalid_request = true);
    assert_eq!(error(), "invalid_request");
}

/// Platform 1.6: the grant of a user-level app follows its user, another app's does not.
#[test]
fn a_user_level_grant_ends_with_its_user() {
    let sandbox = sandbox("small");
    let (_, token) = tokens(&sandbox);
    let user = sandbox.with(|state| state.portals[&SMALL].installer.user_id);
    sandbox.with(|state| state.set_user_rights(SMALL, user, false));
    assert_eq!(refresh(&sandbox, GENERATIONS[3], &token, NOW).status, 200);
    sandbox.with(|state| state.apps[0].user_level = true);
    let refused = refresh(&sandbox, GENERATIONS[3], &token, NOW).to_value();
    assert_eq!(refused["status"], "BAD_REFRESH_TOKEN");
}
