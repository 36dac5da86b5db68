//! The actions of the control interface through requests: each is seen by the endpoint that tells of it.

use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request};
use serde_json::{Value, json};

use crate::control::{DETAILS, act, get, post, status, steered};
use crate::{GENERATIONS, NOW, SMALL, full_token, refresh, tokens};

/// Platform 1.6: what ends a connection, by one call each.
#[test]
fn grants_end_as_at_hubspot() {
    let sandbox = steered("small");
    let portal = json!({ "portal": SMALL });
    let issued = act(&sandbox, "issue-grant", &portal);
    let text = |value: &Value| value.as_str().expect("a token").to_owned();
    let (one, kept) = (
        text(&issued["accessToken"]),
        text(&act(&sandbox, "issue-grant", &portal)["accessToken"]),
    );
    act(
        &sandbox,
        "expire-access-tokens",
        &json!({ "portal": SMALL, "token": one }),
    );
    assert_eq!(
        (
            status(&sandbox, &one, DETAILS),
            status(&sandbox, &kept, DETAILS)
        ),
        (401, 200)
    );
    act(&sandbox, "expire-access-tokens", &portal);
    assert_eq!(status(&sandbox, &kept, DETAILS), 401);

    let (access, token) = tokens(&sandbox);
    act(
        &sandbox,
        "revoke-grant",
        &json!({ "portal": SMALL, "app": DEMO_CLIENT_ID }),
    );
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &token, NOW).to_value()["status"],
        "BAD_REFRESH_TOKEN"
    );
    assert_eq!(status(&sandbox, &access, DETAILS), 200, "no cascade");
    assert_eq!(act(&sandbox, "uninstall", &portal)["wasInstalled"], true);
    assert_eq!(status(&sandbox, &access, DETAILS), 401);

    for dies in [false, true] {
        let (_, token) = tokens(&sandbox);
        let told = act(
            &sandbox,
            "deactivate-authoriser",
            &json!({ "portal": SMALL, "grantDies": dies }),
        );
        assert_ne!(told["left"], told["nowAtTheBrowser"]);
        assert_eq!(
            refresh(&sandbox, GENERATIONS[3], &token, NOW).status == 400,
            dies
        );
    }
    act(
        &sandbox,
        "set-rights",
        &json!({ "portal": SMALL, "rights": "standard" }),
    );
    act(&sandbox, "uninstall", &portal);
    let url = crate::authorize_url(&[], &[]);
    assert_eq!(
        sandbox.approve(&url, SMALL, NOW).expect_err("refused").code,
        "no-rights"
    );
}

/// Edition, name, health, limits: what API calls then answer.
#[test]
fn accounts_change_under_a_connection() {
    let sandbox = steered("agency");
    let (a, b) = sandbox.with(|state| {
        let mut ids = state
            .portals
            .values()
            .filter(|p| p.health == portico_sandbox::model::Health::Well)
            .map(|p| p.id);
        (ids.next().unwrap(), ids.next().unwrap())
    });
    let token = full_token(&sandbox, a);
    act(
        &sandbox,
        "set-tier",
        &json!({ "portal": a, "tier": "enterprise", "hub": "sales" }),
    );
    act(
        &sandbox,
        "set-add-ons",
        &json!({ "portal": a, "brands": true }),
    );
    sandbox.with(|state| {
        let portal = &state.portals[&a];
        assert!(portal.brands);
        assert_eq!(portal.hubs.sales, portico_sandbox::model::Tier::Enterprise);
    });
    act(
        &sandbox,
        "rename-portal",
        &json!({ "portal": a, "name": "<b>Neu</b>" }),
    );
    let named = Request::get("/account-info/2027-03-beta/details").bearer(&token);
    assert_eq!(
        sandbox.call(&named, NOW).to_value()["portalName"],
        "<b>Neu</b>"
    );

    act(&sandbox, "set-limits", &json!({ "portal": a, "burst": 1 }));
    act(
        &sandbox,
        "set-health",
        &json!({ "portal": a, "health": "migrating", "retryAfter": 9 }),
    );
    let migrating = sandbox.call(&Request::get(DETAILS).bearer(&token), NOW + 10_000);
    assert_eq!(
        (migrating.status, migrating.header("retry-after")),
        (477, Some("9"))
    );
    act(
        &sandbox,
        "set-health",
        &json!({ "portal": a, "health": "well" }),
    );
    let at = |now| {
        sandbox
            .call(&Request::get(DETAILS).bearer(&token), now)
            .status
    };
    assert_eq!((at(NOW + 30_000), at(NOW + 30_001)), (200, 429));

    let refresh_token = act(&sandbox, "issue-grant", &json!({ "portal": a }))["refreshToken"]
        .as_str()
        .unwrap()
        .to_owned();
    act(
        &sandbox,
        "add-property",
        &json!({ "portal": a, "objectType": "contacts", "name": "of_the_gone", "label": "x" }),
    );
    act(
        &sandbox,
        "merge-portals",
        &json!({ "portal": a, "into": b }),
    );
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &refresh_token, NOW).to_value()["status"],
        "BAD_HUB"
    );
    let survivor = full_token(&sandbox, b);
    assert_eq!(
        status(
            &sandbox,
            &survivor,
            "/crm/v3/properties/contacts/of_the_gone"
        ),
        200
    );
}

/// Scopes and the secret of the app change; grants stay.
#[test]
fn the_app_changes_under_its_grants() {
    let sandbox = steered("small");
    let (_, token) = tokens(&sandbox);
    act(
        &sandbox,
        "add-app-scope",
        &json!({ "scope": "tickets", "as": "required" }),
    );
    let url = crate::authorize_url(&[], &[]);
    assert_eq!(
        sandbox.approve(&url, SMALL, NOW).expect_err("refused").code,
        "scopes-insufficient"
    );
    act(&sandbox, "drop-app-scope", &json!({ "scope": "tickets" }));
    sandbox.approve(&url, SMALL, NOW).expect("as before");
    assert_eq!(
        post(
            &sandbox,
            "/_sandbox/actions/drop-app-scope",
            &json!({ "scope": "tickets" })
        )
        .status,
        404
    );
    let secret = act(&sandbox, "rotate-client-secret", &json!({}))["clientSecret"].clone();
    assert_ne!(secret, DEMO_CLIENT_SECRET);
    assert_eq!(
        refresh(&sandbox, GENERATIONS[3], &token, NOW).to_value()["status"],
        "BAD_CLIENT_SECRET"
    );
    act(
        &sandbox,
        "rotate-client-secret",
        &json!({ "secret": DEMO_CLIENT_SECRET }),
    );
    assert_eq!(refresh(&sandbox, GENERATIONS[3], &token, NOW).status, 200);
}

/// Platform 11, row 15: each mutation is seen by the endpoint that tells of it.
#[test]
fn metadata_changes_are_read_back() {
    let sandbox = steered("small");
    let token = full_token(&sandbox, SMALL);
    let read = |path: &str| sandbox.call(&Request::get(path).bearer(&token), NOW);
    let with = |more: Value| {
        let mut body = json!({ "portal": SMALL, "objectType": "deals" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let property = "/crm/v3/properties/deals/probe";
    act(
        &sandbox,
        "add-property",
        &with(json!({ "name": "probe", "label": "Probe", "type": "number" })),
    );
    assert_eq!(read(property).to_value()["type"], "number");
    act(
        &sandbox,
        "rename-property",
        &with(json!({ "name": "probe", "label": "Sonde" })),
    );
    assert_eq!(read(property).to_value()["label"], "Sonde");
    act(
        &sandbox,
        "archive-property",
        &with(json!({ "name": "probe" })),
    );
    assert_eq!(
        (
            read(property).status,
            read("/crm/v3/properties/deals/probe?archived=true").status
        ),
        (404, 200)
    );
    act(
        &sandbox,
        "remove-property",
        &with(json!({ "name": "probe" })),
    );
    assert_eq!(
        read("/crm/v3/properties/deals/probe?archived=true").status,
        404
    );

    let pipeline = read("/crm/v3/pipelines/deals").to_value()["results"][0].clone();
    let (id, stage) = (&pipeline["id"], &pipeline["stages"][0]["id"]);
    act(
        &sandbox,
        "rename-stage",
        &with(json!({ "pipeline": id, "stage": stage, "label": "Erstkontakt" })),
    );
    assert_eq!(
        read("/crm/v3/pipelines/deals").to_value()["results"][0]["stages"][0]["label"],
        "Erstkontakt"
    );

    act(
        &sandbox,
        "add-label",
        &json!({ "portal": SMALL, "from": "deals", "to": "contacts", "label": "Gutachter" }),
    );
    for path in [
        "/crm/v4/associations/deals/contacts/labels",
        "/crm/v4/associations/contacts/deals/labels",
    ] {
        assert!(read(path).text().contains("Gutachter"), "{path}");
    }
    let list = act(&sandbox, "add-list", &with(json!({ "name": "Neue Liste" })))["listId"].clone();
    let list = format!("/crm/v3/lists/{}", list.as_str().unwrap());
    assert_eq!(read(&list).to_value()["list"]["name"], "Neue Liste");
    let owner = read("/crm/v3/owners").to_value()["results"][0]["id"].clone();
    act(
        &sandbox,
        "deactivate-owner",
        &json!({ "portal": SMALL, "owner": owner }),
    );
    let owner = format!("/crm/v3/owners/{}", owner.as_str().unwrap());
    assert_eq!(
        read(&format!("{owner}?archived=true")).to_value()["archived"],
        true
    );
}

/// Every answer a fault can give, for as many calls as asked, by the interface.
#[test]
fn faults_are_set_listed_and_cleared() {
    let sandbox = steered("small");
    let token = full_token(&sandbox, SMALL);
    let cases = [
        (json!({ "answer": "status" }), 500),
        (json!({ "answer": "status", "status": 423 }), 423),
        (json!({ "answer": "429", "policy": "DAILY" }), 429),
        (json!({ "answer": "477", "retryAfter": 5 }), 477),
        (json!({ "answer": "html-502" }), 502),
        (json!({ "answer": "garbage" }), 200),
        (json!({ "answer": "empty" }), 200),
        (json!({ "answer": "oauth-error", "error": "BAD_HUB" }), 400),
        (json!({ "answer": "delay", "delayMs": 40 }), 200),
        (json!({ "answer": "drop", "afterBytes": 3 }), 200),
    ];
    for (mut fault, want) in cases {
        fault["path"] = json!("/account-info");
        fault["method"] = json!("get");
        act(&sandbox, "fault", &fault);
        let response = sandbox.call(&Request::get(DETAILS).bearer(&token), NOW);
        assert_eq!(response.status, want, "{fault}");
        let kind = fault["answer"].as_str().unwrap();
        assert_eq!(response.delay.as_millis() == 40, kind == "delay");
        assert_eq!(response.cut_after, (kind == "drop").then_some(3));
        assert_eq!(response.body.is_empty(), kind == "empty");
        assert_eq!(
            status(&sandbox, &token, DETAILS),
            200,
            "{fault} has run out"
        );
    }
    act(
        &sandbox,
        "fault",
        &json!({ "path": "/", "answer": "empty", "calls": 7 }),
    );
    assert_eq!(
        get(&sandbox, "/_sandbox/faults")["faults"][0]["calls"],
        7,
        "the interface is not hit"
    );
    assert_eq!(
        sandbox
            .call(&Request::new("DELETE", "/_sandbox/faults"), NOW)
            .to_value()["cleared"],
        1
    );
    assert_eq!(status(&sandbox, &token, DETAILS), 200);
}

/// Platform 2: static credentials as an account's admin handles them.
#[test]
fn static_tokens_are_made_rotated_and_deleted() {
    let sandbox = steered("small");
    let make = |kind: &str| {
        let body = json!({ "portal": SMALL, "kind": kind, "scopes": ["crm.objects.owners.read"] });
        let issued = act(&sandbox, "issue-static-token", &body);
        (
            issued["appId"].clone(),
            issued["token"].as_str().unwrap().to_owned(),
        )
    };
    let owners = |token: &str| status(&sandbox, token, "/crm/v3/owners");
    for kind in ["private-app", "static-app", "service-key"] {
        let (id, token) = make(kind);
        assert_eq!(
            (owners(&token), status(&sandbox, &token, "/crm/v3/lists")),
            (200, 403),
            "{kind}"
        );
        let next = act(&sandbox, "rotate-static-token", &json!({ "appId": id }));
        assert_eq!(
            (owners(&token), owners(next["token"].as_str().unwrap())),
            (401, 200),
            "{kind}"
        );
        let edit = json!({ "appId": id, "scopes": ["crm.lists.read"] });
        let edited = post(&sandbox, "/_sandbox/actions/set-static-scopes", &edit);
        assert_eq!(edited.status == 200, kind == "service-key", "{kind}");
        act(&sandbox, "delete-static-token", &json!({ "appId": id }));
        assert_eq!(owners(next["token"].as_str().unwrap()), 401, "{kind}");
        assert_eq!(
            post(
                &sandbox,
                "/_sandbox/actions/delete-static-token",
                &json!({ "appId": id })
            )
            .status,
            404
        );
    }
    let (id, token) = make("private-app");
    let user = sandbox.with(|state| state.credentials.apps[&id.as_u64().unwrap()].user_id);
    for (rights, want) in [(false, 403), (true, 200)] {
        act(
            &sandbox,
            "set-user-rights",
            &json!({ "portal": SMALL, "userId": user, "hasRights": rights }),
        );
        assert_eq!(owners(&token), want);
    }
    act(
        &sandbox,
        "set-limits",
        &json!({ "portal": SMALL, "privateBurst": 1, "daily": 5, "usedToday": 5 }),
    );
    assert_eq!(
        sandbox
            .call(&Request::get("/crm/v3/owners").bearer(&token), NOW)
            .to_value()["policyName"],
        "DAILY"
    );
    let limits = act(&sandbox, "reset-limits", &json!({ "portal": SMALL }));
    assert_eq!(
        (&limits["burst"], &limits["privateBurst"]),
        (&json!(110), &json!(100))
    );
    assert_eq!(owners(&token), 200);
}
