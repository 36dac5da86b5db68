//! Static credentials and their introspection: platform 2 and 1.6.

use portico_sandbox::model::Health;
use portico_sandbox::time::DAY;
use portico_sandbox::{
    CredentialRefused, DEMO_CLIENT_ID, PRIVATE_APPS_PER_ACCOUNT, Request, Response, Sandbox,
    StaticKind,
};
use serde_json::{Value, json};

use crate::{LARGE, NOW, SMALL, full_token, sandbox};

const INFO: &str = "/oauth/v2/private-apps/get/access-token-info";
const DETAILS: &str = "/account-info/v3/details";
const KINDS: [StaticKind; 3] = [
    StaticKind::PrivateApp,
    StaticKind::StaticApp,
    StaticKind::ServiceKey,
];

pub(crate) fn get(sandbox: &Sandbox, path: &str, token: &str, now: u64) -> Response {
    sandbox.call(&Request::get(path).bearer(token), now)
}

fn info(sandbox: &Sandbox, token: &str, now: u64) -> Response {
    let body = json!({ "tokenKey": token });
    sandbox.call(&Request::json(INFO, &body).bearer(token), now)
}

pub(crate) fn issue(
    sandbox: &Sandbox,
    portal: u64,
    kind: StaticKind,
    scopes: &[&str],
) -> (u64, String) {
    let issued = sandbox.with(|state| state.issue_static(portal, kind, "Test", scopes, NOW));
    let issued = issued.expect("a known account and scopes it can grant");
    (issued.app_id, issued.token)
}

/// Platform 2: every account of every fixture holds a private app and a service key, the same for the same seed.
#[test]
fn every_account_holds_a_private_app_and_a_service_key() {
    for fixture in ["small", "agency"] {
        let (one, two) = (sandbox(fixture), sandbox(fixture));
        let portals: Vec<(u64, &str, Health)> = one.with(|state| {
            let portals = state.portals.values();
            portals.map(|p| (p.id, p.hublet, p.health)).collect()
        });
        for (portal, hublet, health) in portals {
            for kind in [StaticKind::PrivateApp, StaticKind::ServiceKey] {
                let token = |sandbox: &Sandbox| {
                    sandbox.with(|state| {
                        let (app, token) = state.credentials.first(portal, kind)?;
                        Some((app.clone(), token.to_owned()))
                    })
                };
                let (app, text) = token(&one).expect("a seeded credential");
                assert_eq!(token(&two), Some((app.clone(), text.clone())));
                assert!(text.starts_with(&format!("pat-{hublet}-")), "{text}");
                assert_eq!(text.rsplitn(6, '-').count(), 6, "a UUID follows");
                assert_eq!(app.scopes[0], "oauth");
                let want = match health {
                    Health::Migrating { .. } => 477,
                    Health::Gone => 401,
                    _ => 200,
                };
                assert_eq!(get(&one, DETAILS, &text, NOW).status, want, "{portal}");
            }
        }
    }
}

/// Platform 2: all kinds go in `Authorization: Bearer`, hold what they were given and `oauth`, and never expire.
#[test]
fn static_tokens_hold_their_scopes_and_never_expire() {
    for kind in KINDS {
        let sandbox = sandbox("small");
        let (app_id, token) = issue(&sandbox, SMALL, kind, &["crm.schemas.deals.read"]);
        let years_later = NOW + 3_000 * DAY;
        for now in [NOW, years_later] {
            assert_eq!(get(&sandbox, DETAILS, &token, now).status, 200, "{kind:?}");
            assert_eq!(
                get(&sandbox, "/crm/v3/properties/deals", &token, now).status,
                200
            );
            let refused = get(&sandbox, "/crm/v3/owners", &token, now);
            assert_eq!(
                (refused.status, &refused.to_value()["category"]),
                (403, &json!("MISSING_SCOPES"))
            );
        }
        assert_eq!(
            info(&sandbox, &token, NOW).to_value()["scopes"],
            json!(["oauth", "crm.schemas.deals.read"])
        );
        assert!(sandbox.with(|state| state.delete_static(app_id)));
        assert!(!sandbox.with(|state| state.delete_static(app_id)), "once");
        let gone = get(&sandbox, DETAILS, &token, NOW);
        assert_eq!(
            (gone.status, &gone.to_value()["category"]),
            (401, &json!("INVALID_AUTHENTICATION"))
        );
    }
}

/// Platform 2: a rotation kills the old token now, or after seven days; a second one never lengthens its life.
#[test]
fn a_rotated_token_dies_now_or_after_seven_days() {
    let sandbox = sandbox("small");
    let (app_id, first) = issue(&sandbox, SMALL, StaticKind::PrivateApp, &[]);
    let rotate = |overlap, now| {
        sandbox
            .with(|state| state.rotate_static(app_id, overlap, now))
            .expect("a known app")
    };
    let second = rotate(true, NOW);
    let status = |token: &str, now| get(&sandbox, DETAILS, token, now).status;
    assert_eq!(status(&second, NOW), 200);
    assert_eq!(status(&first, NOW + 7 * DAY - 1), 200);
    assert_eq!(status(&first, NOW + 7 * DAY), 401);
    let third = rotate(true, NOW + DAY);
    assert_eq!(status(&first, NOW + 7 * DAY), 401, "not a day longer");
    assert_eq!(status(&second, NOW + 8 * DAY - 1), 200);
    let fourth = rotate(false, NOW + 2 * DAY);
    for dead in [&first, &second, &third] {
        assert_eq!(status(dead, NOW + 2 * DAY), 401);
    }
    assert_eq!(status(&fourth, NOW + 900 * DAY), 200);
    let unknown = sandbox.with(|state| state.rotate_static(1, true, NOW));
    assert_eq!(unknown, Err(CredentialRefused::UnknownApp(1)));
}

/// Platform 2: what cannot be made or edited.
#[test]
fn accounts_bound_their_credentials() {
    let sandbox = sandbox("small");
    let made = sandbox.with(|state| {
        let mut one = || state.issue_static(SMALL, StaticKind::PrivateApp, "More", &[], NOW);
        std::iter::from_fn(|| Some(one()))
            .take_while(Result::is_ok)
            .count()
    });
    assert_eq!(made + 1, PRIVATE_APPS_PER_ACCOUNT, "one was there");
    sandbox.with(|state| {
        let private = state.issue_static(SMALL, StaticKind::PrivateApp, "More", &[], NOW);
        assert_eq!(private, Err(CredentialRefused::TooManyPrivateApps));
        let key = state.issue_static(SMALL, StaticKind::ServiceKey, "More", &[], NOW);
        assert!(key.is_ok(), "service keys do not count");
        let paid = ["automation"];
        let above = state.issue_static(SMALL, StaticKind::ServiceKey, "More", &paid, NOW);
        let missing = CredentialRefused::ScopeUnavailable("automation".to_owned());
        assert_eq!(above, Err(missing), "a free account");
        let nowhere = state.issue_static(1, StaticKind::ServiceKey, "More", &[], NOW);
        assert_eq!(nowhere, Err(CredentialRefused::UnknownPortal(1)));
        let fixed = state.credentials.first(SMALL, StaticKind::PrivateApp);
        let fixed = fixed.expect("a seeded app").0.app_id;
        let edited = state.set_static_scopes(fixed, &["crm.lists.read"]);
        assert_eq!(edited, Err(CredentialRefused::ScopesAreFixed));
    });
    let (key, token) = issue(&sandbox, SMALL, StaticKind::ServiceKey, &["forms"]);
    let status = |path: &str| get(&sandbox, path, &token, NOW).status;
    assert_eq!(
        (status("/marketing/v3/forms"), status("/crm/v3/lists")),
        (200, 403)
    );
    let edited = sandbox.with(|state| state.set_static_scopes(key, &["crm.lists.read"]));
    assert_eq!(edited, Ok(()));
    assert_eq!(
        (
            status("/marketing/v3/forms"),
            status("/crm/v3/lists"),
            status(DETAILS)
        ),
        (403, 200, 200),
        "the same token, other scopes, still oauth"
    );
}

/// Platform 2: the introspection, for tokens of every data centre.
#[test]
fn introspection_asks_for_the_bearer_outside_na1() {
    let sandbox = sandbox("agency");
    let [na1, eu1] = ["na1", "eu1"].map(|hublet| {
        sandbox.with(|state| {
            let healthy = state
                .portals
                .values()
                .find(|p| p.hublet == hublet && p.health == Health::Well);
            let portal = healthy.expect("an account there").id;
            let (app, token) = state
                .credentials
                .first(portal, StaticKind::ServiceKey)
                .expect("a seeded key");
            (app.clone(), token.to_owned())
        })
    });
    let oauth = full_token(&sandbox, na1.0.portal);
    let ask = |body: Value, bearer: Option<&str>| {
        let request = Request::json(INFO, &body);
        let request = match bearer {
            Some(token) => request.bearer(token),
            None => request,
        };
        sandbox.call(&request, NOW)
    };
    let key = |token: &str| json!({ "tokenKey": token });
    let unknown = "pat-na1-00000000-aaaa-bbbb-cccc-000000000000";
    let cases = [
        ("na1 without bearer", ask(key(&na1.1), None), 200),
        ("na1 with bearer", ask(key(&na1.1), Some(&na1.1)), 200),
        ("eu1 without bearer", ask(key(&eu1.1), None), 401),
        (
            "eu1 with another's bearer",
            ask(key(&eu1.1), Some(&na1.1)),
            401,
        ),
        ("eu1 with its own", ask(key(&eu1.1), Some(&eu1.1)), 200),
        ("an unknown bearer", ask(key(&na1.1), Some("nobody")), 401),
        ("an unknown key", ask(key(unknown), None), 404),
        ("an OAuth token as key", ask(key(&oauth), Some(&na1.1)), 404),
        ("no key", ask(json!({}), Some(&na1.1)), 400),
        (
            "a number as key",
            ask(json!({ "tokenKey": 7 }), Some(&na1.1)),
            400,
        ),
    ];
    for (case, response, want) in cases {
        assert_eq!(response.status, want, "{case}: {}", response.text());
    }
    let form = Request::form(INFO, &[("tokenKey", &na1.1)]);
    assert_eq!(sandbox.call(&form, NOW).status, 415);
    let body = ask(key(&eu1.1), Some(&eu1.1)).to_value();
    assert_eq!(
        (&body["hubId"], &body["appId"], &body["userId"]),
        (
            &json!(eu1.0.portal),
            &json!(eu1.0.app_id),
            &json!(eu1.0.user_id)
        )
    );
    assert_eq!(body.as_object().unwrap().len(), 4);
}

/// Platform 2, 8.3: sensitive-data scopes carry `.v2` in the introspection, not in the grant.
#[test]
fn sensitive_scopes_are_shown_with_their_suffix() {
    let sandbox = sandbox("enterprise");
    let scope = "crm.objects.contacts.sensitive.read";
    let (_, token) = issue(&sandbox, LARGE, StaticKind::PrivateApp, &[scope]);
    let scopes = info(&sandbox, &token, NOW).to_value()["scopes"].clone();
    assert_eq!(scopes, json!(["oauth", format!("{scope}.v2")]));
}

/// Platform 1.6: a private app leans on its creator, a service key and an ordinary OAuth app do not, a user-level app does.
#[test]
fn a_creator_without_rights_stops_private_and_user_level_apps() {
    let sandbox = sandbox("small");
    let user = sandbox.with(|state| state.portals[&SMALL].installer.user_id);
    let scopes = ["crm.objects.owners.read"];
    let [private, fixed, key] = KINDS.map(|kind| issue(&sandbox, SMALL, kind, &scopes).1);
    let oauth = full_token(&sandbox, SMALL);
    assert!(sandbox.with(|state| state.set_user_rights(SMALL, user, false)));
    assert!(!sandbox.with(|state| state.set_user_rights(1, user, false)));
    let owners = |token: &str| get(&sandbox, "/crm/v3/owners", token, NOW);
    let refused = owners(&private);
    assert_eq!(
        (refused.status, &refused.to_value()["category"]),
        (403, &json!("USER_DOES_NOT_HAVE_PERMISSIONS"))
    );
    assert_eq!(
        get(&sandbox, DETAILS, &private, NOW).status,
        200,
        "only some calls fail"
    );
    for token in [&fixed, &key, &oauth] {
        assert_eq!(owners(token).status, 200);
    }
    sandbox.with(|state| state.apps[0].user_level = true);
    assert_eq!(
        owners(&oauth).status,
        403,
        "user-level apps follow the user"
    );
    sandbox.with(|state| state.set_user_rights(SMALL, user, true));
    assert_eq!((owners(&private).status, owners(&oauth).status), (200, 200));
}

/// Platform 1.6, 2: a static token removes no install.
#[test]
fn a_static_token_does_not_uninstall() {
    let sandbox = sandbox("small");
    let oauth = full_token(&sandbox, SMALL);
    let (_, key) = issue(&sandbox, SMALL, StaticKind::ServiceKey, &[]);
    let request = Request::new("DELETE", "/appinstalls/2026-09/external-install");
    assert_eq!(sandbox.call(&request.clone().bearer(&key), NOW).status, 403);
    let install = (DEMO_CLIENT_ID.to_owned(), SMALL);
    assert!(sandbox.with(|state| state.installs.contains_key(&install)));
    assert_eq!(sandbox.call(&request.bearer(&oauth), NOW).status, 204);
    assert!(!sandbox.with(|state| state.installs.contains_key(&install)));
}
