//! Private app tokens and service keys: proved, sealed, hidden for ever after, replaced in place.

use crate::exchange::until;
use portico_sandbox::{Fault, FaultAnswer, StaticKind};
use portico_tests::{Answer, Caller, PORTAL, Stage};
use reqwest::Method;
use serde_json::{Value, json};

const OTHER_PORTAL: u64 = 25_733_019;
const INFO: &str = "/oauth/v2/private-apps/get/access-token-info";

/// App and token of a kind that the account's admin made.
fn made(stage: &Stage, portal: u64, kind: StaticKind) -> (u64, String) {
    stage.sandbox.with(|state| {
        let (app, token) = state.credentials.first(portal, kind).unwrap();
        (app.app_id, token.to_owned())
    })
}

pub(crate) fn private_app(stage: &Stage, portal: u64) -> (u64, String) {
    made(stage, portal, StaticKind::PrivateApp)
}

/// A good body.
fn body(token: &str) -> Value {
    json!({"provider": "hubspot", "token": token, "connection_type": "config_and_audit"})
}

pub(crate) async fn add(caller: &Caller, token: &str) -> Answer {
    caller.post("/v1/connections/static", &body(token)).await
}

pub(crate) async fn replace(caller: &Caller, id: &str, token: &str) -> Answer {
    let path = format!("/v1/connections/{id}/credential");
    let request = caller.request(Method::PUT, &path);
    caller.send(request.json(&json!({ "token": token }))).await
}

async fn details(stage: &Stage, id: &str) -> Answer {
    stage.admin().relay(id, "account.details", &json!({})).await
}

fn id(connection: &Value) -> String {
    connection["id"].as_str().unwrap().to_owned()
}

async fn written(stage: &Stage, action: &str, outcome: &str) -> i64 {
    let query =
        format!("SELECT COUNT(*) FROM journal WHERE action = '{action}' AND outcome = '{outcome}'");
    stage.count(&query).await
}

fn fault(stage: &Stage, path: &str, remaining: u32, answer: FaultAnswer) {
    let fault = Fault {
        path_prefix: path.into(),
        method: None,
        remaining,
        answer,
    };
    stage.sandbox.with(|state| state.faults.push(fault));
}

/// D26, B14, B16, B17, J3: a portal is added by its private app's token alone, and never expires or refreshes.
#[tokio::test]
async fn a_private_app_token_adds_a_portal() {
    let stage = Stage::open().await;
    let (_, token) = private_app(&stage, PORTAL);
    let admin = stage.admin();
    let mut wanted = body(&format!("  {token}\n"));
    wanted["label"] = json!(" Weser ");
    let answer = admin.post("/v1/connections/static", &wanted).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let connection = answer.json();
    let grant = &connection["grant"];
    for (have, want) in [
        (&connection["account"]["portal_id"], json!(PORTAL)),
        (&connection["label"], json!("Weser")),
        (&connection["workspace"], json!(null)),
        (&grant["kind"], json!("static")),
        (&grant["expires_at"], json!(null)),
        (&grant["last_refresh"], json!(null)),
        (&grant["hint"], json!(token[token.len() - 4..])),
    ] {
        assert_eq!(*have, want, "{connection}");
    }
    assert!(connection["account"]["name"].is_string(), "{connection}");
    assert!(grant["obtained_at"].as_i64().unwrap() > 1_700_000_000);
    let required = grant["required"].as_array().unwrap();
    assert!(!required.is_empty() && !required.contains(&json!("oauth")));
    let id = id(&connection);
    assert_eq!(details(&stage, &id).await.status, 200);
    // Days later it is used as it is.
    stage
        .sql("UPDATE connection SET obtained_at = obtained_at - 400000")
        .await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.calls("/oauth/2026-03/token").len(), 0);
    assert_eq!(written(&stage, "connection.add_static", "done").await, 1);
    assert_eq!(admin.get("/v1/session").await.json()["connections_used"], 1);
}

/// B15, D55: a service key works alike; what it lacks of the scopes OAuth would ask for is told.
#[tokio::test]
async fn a_service_key_adds_a_portal_and_says_what_it_lacks() {
    let stage = Stage::open().await;
    let (_, token) = made(&stage, OTHER_PORTAL, StaticKind::ServiceKey);
    let connection = add(&stage.admin(), &token).await.json();
    let list = |name: &str| connection["grant"][name].as_array().unwrap().clone();
    let (asked, granted) = (list("asked"), list("granted"));
    assert!(asked.contains(&json!("forms")) && !granted.contains(&json!("forms")));
    assert!(asked.contains(&json!("crm.schemas.deals.read")));
    let forms = stage
        .admin()
        .relay(&id(&connection), "forms.list", &json!({}))
        .await;
    assert_eq!(forms.refusal(), (502, "upstream_forbidden".into()));
}

/// P12, B16, J3: what is no such token, unknown, or lacks what is required connects nothing, and the try is noted.
#[tokio::test]
async fn a_token_that_cannot_serve_is_refused() {
    let stage = Stage::open().await;
    let poor = stage.sandbox.with(|state| {
        let scopes = ["crm.schemas.deals.read"];
        state.issue_static(PORTAL, StaticKind::ServiceKey, "Poor", &scopes, 0)
    });
    let poor = poor.unwrap().token;
    let before = stage.calls("/").len();
    for no_token in ["", "secret", "CLqM4ZbhMBIDAQIY", "pat-na1-", "pat-na1-é"] {
        let refused = add(&stage.admin(), no_token).await;
        assert_eq!(refused.refusal(), (400, "invalid_credential".into()));
    }
    assert_eq!(stage.calls("/").len(), before, "nothing is sent for it");
    for unknown in [
        "pat-na1-00000000-aaaa-bbbb-cccc-000000000000",
        "pat-eu1-00000000-aaaa-bbbb-cccc-000000000000",
    ] {
        let refused = add(&stage.admin(), unknown).await;
        assert_eq!(refused.refusal(), (422, "credential_refused".into()));
    }
    let refused = add(&stage.admin(), &poor).await;
    assert_eq!(refused.refusal(), (403, "scope_denied".into()));
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("crm.schemas.contacts.read") && !detail.contains("oauth"));
    fault(&stage, INFO, 1, FaultAnswer::Status(503));
    let (_, token) = private_app(&stage, PORTAL);
    let weather = add(&stage.admin(), &token).await;
    assert_eq!(weather.refusal(), (503, "provider_unavailable".into()));
    for (bad, member) in [
        (json!("github"), "provider"),
        (json!("root"), "connection_type"),
        (json!("a\nb"), "label"),
        (json!(7), "token"),
        (json!("x"), "client_secret"),
    ] {
        let mut wanted = body(&token);
        wanted[member] = bad;
        let refused = stage.admin().post("/v1/connections/static", &wanted).await;
        assert_eq!(
            refused.refusal(),
            (400, "invalid_request".into()),
            "{member}"
        );
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    for (outcome, want) in [
        ("invalid_credential", 5),
        ("credential_refused", 2),
        ("scope_denied", 1),
        // A fault of HubSpot's is no refusal.
        ("provider_unavailable", 0),
        ("done", 0),
    ] {
        let noted = written(&stage, "connection.add_static", outcome).await;
        assert_eq!(noted, want, "{outcome}");
    }
}

/// B18, R24, R15, RL-9: rotated in HubSpot, noticed when used, replaced in place; only the token's own facts change.
#[tokio::test]
async fn a_token_is_replaced_in_place() {
    let stage = Stage::open().await;
    let (app, token) = private_app(&stage, PORTAL);
    let admin = stage.admin();
    let mut wanted = body(&token);
    wanted["label"] = json!("Weser");
    let before = admin.post("/v1/connections/static", &wanted).await.json();
    let id = id(&before);
    let now = stage.sandbox.now();
    let fresh = stage
        .sandbox
        .with(|state| state.rotate_static(app, false, now))
        .unwrap();
    let mut stream = admin.events(None).await;
    let refused = details(&stage, &id).await;
    assert_eq!(refused.refusal(), (502, "upstream_unauthorized".into()));
    let news = stream
        .find(|event| event.name == "connection_changed")
        .await;
    let dead = &news.data["connection"]["grant"]["fault"];
    assert_eq!(
        (&dead["category"], &dead["cause"]),
        (&json!("grant_dead"), &json!("static_token_invalid"))
    );
    let sent = stage.calls("/").len();
    let again = details(&stage, &id).await;
    assert_eq!(again.refusal(), (409, "needs_reauth".into()));
    assert_eq!(stage.calls("/").len(), sent, "nothing is sent any more");
    let noted = stage
        .count(
            "SELECT COUNT(*) FROM journal WHERE action = 'connection.needs_reauth' AND outcome = 'done'
             AND reason = 'static_token_invalid'",
        )
        .await;
    assert_eq!(noted, 1);

    let old = replace(&admin, &id, &token).await;
    assert_eq!(old.refusal(), (422, "credential_refused".into()));
    let foreign = replace(&admin, &id, &private_app(&stage, OTHER_PORTAL).1).await;
    assert_eq!(foreign.refusal(), (409, "wrong_portal".into()));
    let detail = foreign.json()["detail"].to_string();
    assert!(detail.contains(&PORTAL.to_string()) && detail.contains(&OTHER_PORTAL.to_string()));
    let answer = replace(&admin, &id, &fresh).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = answer.json();
    let mut expected = before.clone();
    for field in ["version", "updated_at"] {
        expected[field] = after[field].clone();
    }
    for field in ["obtained_at", "hint"] {
        expected["grant"][field] = after["grant"][field].clone();
    }
    assert_eq!(after, expected, "id, label, type, account and history stay");
    assert_eq!(after["grant"]["hint"], fresh[fresh.len() - 4..]);
    assert_eq!(details(&stage, &id).await.status, 200);
    let action = "connection.replace_credential";
    for outcome in ["done", "wrong_portal", "credential_refused"] {
        assert_eq!(written(&stage, action, outcome).await, 1, "{outcome}");
    }
    let nobody = replace(&admin, "nobody", &fresh).await;
    assert_eq!(nobody.refusal(), (404, "not_found".into()));
}

/// J24, B18: entering the token of a portal that is connected so replaces it, and changes nothing else.
#[tokio::test]
async fn adding_a_known_portal_replaces_its_token() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let first = add(&admin, &private_app(&stage, PORTAL).1).await.json();
    let (_, key) = made(&stage, PORTAL, StaticKind::ServiceKey);
    let mut wanted = body(&key);
    wanted["label"] = json!("Another");
    wanted["connection_type"] = json!("audit_only");
    let answer = admin.post("/v1/connections/static", &wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let after = answer.json();
    for member in ["id", "label", "connection_type", "created_at"] {
        assert_eq!(after[member], first[member], "{member}");
    }
    assert_ne!(after["grant"]["granted"], first["grant"]["granted"]);
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 1);
}

/// Neither way takes the place of the other by a token: an OAuth connection stays one (P6).
#[tokio::test]
async fn a_portal_connected_through_oauth_takes_no_token() {
    let stage = Stage::open().await;
    let connection = stage.connect(PORTAL).await;
    let admin = stage.admin();
    let (_, token) = private_app(&stage, PORTAL);
    let added = add(&admin, &token).await;
    assert_eq!(added.refusal(), (409, "connected_by_oauth".into()));
    let asked = stage.calls(INFO).len();
    let replaced = replace(&admin, &id(&connection), &token).await;
    assert_eq!(replaced.refusal(), (409, "connected_by_oauth".into()));
    assert_eq!(stage.calls(INFO).len(), asked, "nothing is sent for it");
    assert_eq!(admin.connection(&id(&connection)).await, connection);
}

/// D26, R20–R24: a consent to a portal that was added by token makes it an OAuth connection in its row.
#[tokio::test]
async fn a_consent_takes_the_place_of_a_token() {
    let stage = Stage::open().await;
    let before = add(&stage.admin(), &private_app(&stage, PORTAL).1)
        .await
        .json();
    let after = stage.connect(PORTAL).await;
    assert_eq!(after["id"], before["id"]);
    assert_eq!(
        (&after["grant"]["kind"], &after["grant"]["hint"]),
        (&json!("oauth"), &json!(null))
    );
    assert_eq!(details(&stage, &id(&after)).await.status, 200);
}

/// J25, J29, EX-7, EX-8: limits and ownership are judged in the final transaction, of parallel tries too.
#[tokio::test]
async fn plan_and_ownership_hold_in_the_final_transaction() {
    let stage = Stage::set(|config, _| config.solo.as_mut().unwrap().max_connections = 2).await;
    let admin = stage.admin();
    let portals = [PORTAL, OTHER_PORTAL, 4_418_276];
    let tries = portals.map(|portal| {
        let (admin, (_, token)) = (admin.clone(), private_app(&stage, portal));
        async move { add(&admin, &token).await }
    });
    let answers = futures_util::future::join_all(tries).await;
    let added = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(added, 2);
    let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!(refused.refusal(), (409, "plan_limit".into()));
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 2);
    stage.sql("UPDATE connection SET org = 'org-7q'").await;
    let first = answers
        .iter()
        .position(|answer| answer.status == 201)
        .unwrap();
    let elsewhere = add(&admin, &private_app(&stage, portals[first]).1).await;
    assert_eq!(elsewhere.refusal(), (409, "portal_linked_elsewhere".into()));
    assert!(!elsewhere.text.contains("org-7q"), "{}", elsewhere.text);
}

/// J24, J27, ST-8: nothing is revoked through OAuth, and the notes say where the token can be ended.
#[tokio::test]
async fn removal_says_where_the_token_is_ended() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let connection = add(&admin, &private_app(&stage, PORTAL).1).await.json();
    let told = admin
        .delete(&format!("/v1/connections/{}", id(&connection)))
        .await
        .json();
    assert_eq!(
        (&told["revoked"], &told["uninstalled"]),
        (&json!(false), &json!(false))
    );
    let notes = told["notes"].to_string();
    for word in ["stays valid", "rotate", "Private Apps", "Service keys"] {
        assert!(notes.contains(word), "{word} in {notes}");
    }
    assert_eq!(stage.calls("/oauth/2026-03/token/revoke").len(), 0);
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 0);
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
}

/// Threat model 9: a 401 alone proves nothing while HubSpot's own record still knows the token.
#[tokio::test]
async fn a_refusal_that_the_record_does_not_confirm_changes_nothing() {
    let stage = Stage::open().await;
    let before = add(&stage.admin(), &private_app(&stage, PORTAL).1)
        .await
        .json();
    let id = id(&before);
    // Looked at again, HubSpot does not answer: weather, not death.
    stage.sandbox.with(|state| {
        let (app, token) = state
            .credentials
            .first(PORTAL, StaticKind::PrivateApp)
            .unwrap();
        let (app, token) = (app.app_id, token.to_owned());
        let kept = state.credentials.tokens.remove(&token).unwrap();
        assert_eq!(kept.app_id, app);
    });
    fault(&stage, INFO, 1, FaultAnswer::Status(503));
    let refused = details(&stage, &id).await;
    assert_eq!(refused.refusal(), (502, "upstream_unauthorized".into()));
    let now = stage.admin().connection(&id).await;
    assert_eq!(now["grant"]["fault"]["category"], "transient");
    assert_eq!(stage.calls(INFO).len(), 2);
    // And by itself it is looked at again, and found dead.
    stage
        .sql("UPDATE connection SET next_try_at = unixepoch('subsec') - 1")
        .await;
    until(async || {
        stage.admin().connection(&id).await["grant"]["fault"]["category"] == "grant_dead"
    })
    .await;
}

/// D27, issue 4.3: what nobody uses is looked at once a day, its scopes and facts follow, and its death is found.
#[tokio::test]
async fn an_unused_token_is_looked_at_once_a_day() {
    const DAY_OLD: &str = "UPDATE connection SET account_read_at = account_read_at - 86400";
    let stage = Stage::open().await;
    let (key, token) = made(&stage, PORTAL, StaticKind::ServiceKey);
    let connection = add(&stage.admin(), &token).await.json();
    let id = id(&connection);
    let scopes = stage.config.hubspot.required_scopes.clone();
    stage.sandbox.with(|state| {
        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        state.set_static_scopes(key, &names).unwrap();
        state.rename_portal(PORTAL, "Weser AG");
    });
    stage.sql(DAY_OLD).await;
    until(async || stage.admin().connection(&id).await["account"]["name"] == "Weser AG").await;
    let now = stage.admin().connection(&id).await;
    let granted = now["grant"]["granted"].as_array().unwrap().len();
    assert_eq!(granted, scopes.len(), "{now}");
    assert_eq!(stage.calls(INFO).len(), 2, "once a day, not more");
    stage.sandbox.with(|state| state.delete_static(key));
    stage.sql(DAY_OLD).await;
    until(async || {
        stage.admin().connection(&id).await["grant"]["fault"]["cause"] == "static_token_invalid"
    })
    .await;
}

/// UF-6: a portal that HubSpot moves is suspended, and goes on by itself.
#[tokio::test]
async fn a_moved_account_rests_and_goes_on() {
    let stage = Stage::open().await;
    let connection = add(&stage.admin(), &private_app(&stage, PORTAL).1)
        .await
        .json();
    let id = id(&connection);
    fault(&stage, "/account-info/", 1, FaultAnswer::Status(477));
    let moved = details(&stage, &id).await;
    assert_eq!(moved.code().as_deref(), Some("suspended"));
    let sent = stage.calls("/").len();
    assert_eq!(
        details(&stage, &id).await.code().as_deref(),
        Some("suspended")
    );
    assert_eq!(stage.calls("/").len(), sent);
    stage
        .sql("UPDATE connection SET next_try_at = unixepoch('subsec') - 1")
        .await;
    until(async || stage.admin().connection(&id).await["grant"]["fault"].is_null()).await;
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// ST-1, ST-2, B18: the token stands sealed in its row, bound to it, and in no answer, event or other row.
#[tokio::test]
async fn a_token_is_sealed_and_never_shown() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let mut stream = admin.events(None).await;
    let (_, token) = private_app(&stage, PORTAL);
    let (_, other) = private_app(&stage, OTHER_PORTAL);
    let added = add(&admin, &token).await;
    let first = id(&added.json());
    let second = id(&add(&admin, &other).await.json());
    let news = stream
        .find(|event| event.name == "connection_changed")
        .await;
    let mut shown = vec![added.text, news.data.to_string()];
    for path in ["/v1/connections", "/v1/session", "/v1/workspaces"] {
        shown.push(admin.get(path).await.text);
    }
    shown.push(admin.get(&format!("/v1/connections/{first}")).await.text);
    shown.push(replace(&admin, &first, &token).await.text);
    shown.push(add(&admin, &format!("{token}x")).await.text);
    shown.push(details(&stage, &first).await.text);
    for text in shown {
        assert!(!text.contains(&token), "{text}");
    }
    for entry in std::fs::read_dir(stage.data()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            // The spool, empty here.
            assert_eq!(std::fs::read_dir(entry.path()).unwrap().count(), 0);
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        let found = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!found);
    }
    // Another row's sealed token does not open here, and nothing is sent for it.
    let swap = format!(
        "UPDATE connection SET access_token = (SELECT access_token FROM connection WHERE id = '{second}') WHERE id = '{first}'"
    );
    stage.sql(&swap).await;
    let sent = stage.calls("/").len();
    assert_eq!(
        details(&stage, &first).await.refusal(),
        (500, "internal".into())
    );
    assert_eq!(stage.calls("/").len(), sent);
    let fault = &admin.connection(&first).await["grant"]["fault"];
    assert_eq!(fault["category"], "configuration");
    let healed = replace(&admin, &first, &token).await;
    assert_eq!(healed.status, 200, "{}", healed.text);
    assert_eq!(details(&stage, &first).await.status, 200);
}
