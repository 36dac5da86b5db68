//! The page for people: what it shows, its forms without script, its guard against hostile names.

use portico_sandbox::{Request, Sandbox};
use serde_json::json;

use crate::control::{act, get, status, steered};
use crate::{NOW, SMALL, full_token, tokens};

/// Fields of a form.
type Sent<'a> = &'a [(&'a str, &'a str)];

fn page(sandbox: &Sandbox, target: &str) -> String {
    let response = sandbox.call(&Request::get(target), NOW);
    assert_eq!(response.status, 200, "{target}");
    response.text()
}

/// Portals with edition, health and grants, the calls, and every scenario by a button.
#[test]
fn the_page_shows_portals_calls_and_scenarios() {
    let sandbox = steered("agency");
    let token = full_token(&sandbox, 4_418_276);
    status(&sandbox, &token, "/crm/v3/owners?hapikey=geheim");
    let text = page(&sandbox, "/_sandbox?portal=4418276");
    for part in [
        "Northwind Dental Group",
        "Starter",
        "connected",
        "/crm/v3/owners",
        "Sandbox time",
        "Switches",
        "Snapshots",
        "blocked by governance",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("geheim") && !text.contains(&token));
    let scenarios = get(&sandbox, "/_sandbox/scenarios");
    for scenario in scenarios["scenarios"].as_array().expect("scenarios") {
        let name = scenario["name"].as_str().expect("a name");
        assert!(
            text.contains(&format!("action=\"/_sandbox/scenarios/{name}\"")),
            "{name}"
        );
    }
    for (path, kind) in [
        ("control.css", "text/css"),
        ("control.js", "text/javascript"),
    ] {
        let response = sandbox.call(&Request::get(&format!("/_sandbox/{path}")), NOW);
        assert!(
            response
                .header("content-type")
                .is_some_and(|t| t.starts_with(kind)),
            "{path}"
        );
    }
    for part in ["calls", "portals", "running", "clock"] {
        let shown = page(&sandbox, &format!("/_sandbox/part/{part}?portal=4418276"));
        assert!(
            part == "clock" || text.contains(&shown),
            "{part} is the page's own markup"
        );
    }
    assert_eq!(
        sandbox
            .call(&Request::get("/_sandbox/part/else"), NOW)
            .status,
        404
    );
    assert!(
        page(&sandbox, "/_sandbox?portal=1&done=%3Cimg%3E").contains("Northwind"),
        "an unknown portal is the first"
    );
}

/// Every form of the page goes through without a script, and comes back to the portal it was sent from.
#[test]
fn forms_do_and_come_back() {
    let sandbox = steered("small");
    tokens(&sandbox);
    let portal = SMALL.to_string();
    let send = |path: &str, fields: &[(&str, &str)]| {
        let mut all = vec![("shown-portal", portal.as_str())];
        all.extend(fields);
        sandbox.call(&Request::form(&format!("/_sandbox/{path}"), &all), NOW)
    };
    let cases: [(&str, Sent<'_>, &str); 11] = [
        (
            "actions/set-tier",
            &[("portal", &portal), ("tier", "professional")],
            "#portal",
        ),
        (
            "actions/set-limits",
            &[("portal", &portal), ("burst", "7")],
            "#portal",
        ),
        (
            "actions/rename-portal",
            &[("portal", &portal), ("name", "Neu")],
            "#portal",
        ),
        ("actions/advance-clock", &[("ms", "60000")], "#clock"),
        ("actions/reset-clock", &[], "#clock"),
        (
            "actions/fault",
            &[("path", "/crm/"), ("answer", "delay"), ("calls", "2")],
            "#faults",
        ),
        ("actions/save-snapshot", &[("name", "mine")], "#snapshots"),
        (
            "actions/restore-snapshot",
            &[("name", "mine")],
            "#snapshots",
        ),
        (
            "switches",
            &[
                ("ignorePkce", "false"),
                ("ignorePkce", "true"),
                ("iss", ""),
                ("urlLimit", "900"),
            ],
            "#switches",
        ),
        (
            "scenarios/token-expired",
            &[("portal", &portal)],
            "#running",
        ),
        ("scenarios/undo", &[], "#running"),
    ];
    for (path, fields, place) in cases {
        let response = send(path, fields);
        assert_eq!(response.status, 303, "{path}: {}", response.text());
        let location = response.header("location").expect("a way back");
        assert!(
            location.starts_with(&format!("/_sandbox?portal={SMALL}&done="))
                && location.ends_with(place),
            "{location}"
        );
        let back = page(&sandbox, location.split('#').next().expect("a path"));
        assert_eq!(
            back.contains("class=\"said\""),
            !path.contains("token-expired"),
            "{path}"
        );
    }
    sandbox.with(|state| {
        assert_eq!(
            (state.portals[&SMALL].burst_limit, state.faults.len()),
            (7, 1)
        );
        assert!(
            state.switches.ignore_pkce
                && state.switches.iss.is_none()
                && state.switches.url_limit == 900
        );
    });
    let refused = send(
        "actions/set-limits",
        &[("portal", &portal), ("burst", "many")],
    );
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("burst takes: integer.")
            && refused.text().contains("Back to the sandbox")
    );
    let foreign = Request::form("/_sandbox/actions/reset", &[("fixture", "agency")])
        .with_header("sec-fetch-site", "cross-site");
    assert_eq!(sandbox.call(&foreign, NOW).status, 403);
}

/// Names of portals, paths of calls and names of snapshots are text, however they look.
#[test]
fn hostile_names_stay_text() {
    let sandbox = steered("small");
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    act(
        &sandbox,
        "rename-portal",
        &json!({ "portal": SMALL, "name": hostile }),
    );
    act(&sandbox, "save-snapshot", &json!({ "name": hostile }));
    act(
        &sandbox,
        "fault",
        &json!({ "path": format!("/{hostile}"), "answer": "empty" }),
    );
    sandbox.call(&Request::get("/<script>alert(1)</script>?<b>"), NOW);
    act(&sandbox, "issue-grant", &json!({ "portal": SMALL }));
    let text = page(&sandbox, "/_sandbox");
    for bad in ["<img", "<script>", "onerror=alert(1)>\"", "<b>"] {
        assert!(!text.contains(bad), "{bad}");
    }
    assert!(text.contains("&lt;img src=x"));
    act(
        &sandbox,
        "rename-portal",
        &json!({ "portal": SMALL, "name": "x".repeat(100_000) }),
    );
    assert!(
        page(&sandbox, "/_sandbox").len() < 100_000,
        "long names are cut"
    );
    let policy = sandbox.call(&Request::get("/_sandbox"), NOW);
    let policy = policy.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
}
