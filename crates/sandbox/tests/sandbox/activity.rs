//! An account's activity logs: platform 3.

use portico_sandbox::{DEMO_CLIENT_ID, Request, StaticKind};
use serde_json::{Value, json};

use crate::{GENERATIONS, LARGE, NOW, Reader, SMALL, code, full_token, redeem, sandbox};

const LOGS: [&str; 3] = ["audit-logs", "login", "security"];

fn path(log: &str) -> String {
    format!("/account-info/2026-09/activity/{log}")
}

/// Every log is paged by at most 200, newest first, each row once, with the members the SDK's models demand.
#[test]
fn logs_are_paged_newest_first() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    for (log, time, members) in [
        (
            "audit-logs",
            "occurredAt",
            &["id", "actingUser", "action", "category", "occurredAt"][..],
        ),
        (
            "login",
            "loginAt",
            &["id", "loginAt", "loginSucceeded", "userId", "email"],
        ),
        (
            "security",
            "createdAt",
            &["id", "createdAt", "type", "userId"],
        ),
    ] {
        let (rows, calls) = reader.walk(&format!("{}?limit=200", path(log)));
        assert_eq!(calls, rows.len().div_ceil(200), "{log}");
        assert!(rows.len() > 200, "{log} takes more than a page");
        let ids: std::collections::BTreeSet<&str> =
            rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rows.len(), "{log}");
        let times: Vec<&str> = rows.iter().map(|row| row[time].as_str().unwrap()).collect();
        let ordered = times.windows(2).all(|pair| {
            let [newer, older] = pair else { return false };
            // Whole seconds are printed without milliseconds, which breaks the order of texts.
            newer[..19] >= older[..19]
        });
        assert!(ordered, "{log}");
        for row in &rows {
            assert!(
                members.iter().all(|name| !row[name].is_null()),
                "{log}: {row}"
            );
        }
        for limit in ["201", "0", "-1", "x"] {
            let response = reader.send(Request::get(&format!("{}?limit={limit}", path(log))));
            assert_eq!(response.status, 400, "{log} {limit}");
        }
        let v3 = reader.get(&format!("/account-info/v3/activity/{log}"));
        assert_eq!(v3["results"], reader.get(&path(log))["results"]);
    }
}

/// The filters, by the SDK's own names; what cannot be parsed is refused.
#[test]
fn logs_are_filtered() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let all = |target: &str| reader.walk(target).0;
    let sum = |target: &str| all(target).len();

    let audit = all(&path("audit-logs"));
    let middle = audit[audit.len() / 2]["occurredAt"].as_str().unwrap();
    let before = sum(&format!("{}?occurredBefore={middle}", path("audit-logs")));
    let after = sum(&format!("{}?occurredAfter={middle}", path("audit-logs")));
    assert_eq!(
        before + after + 1,
        audit.len(),
        "the one in the middle is in neither"
    );
    let oldest_first = reader.get(&format!("{}?sort=occurredAt&limit=1", path("audit-logs")));
    assert_eq!(oldest_first["results"][0], audit[audit.len() - 1]);
    let acting = |row: &Value| row["actingUser"]["userId"].as_u64().unwrap();
    let (one, two) = (acting(&audit[0]), acting(&audit[1]));
    for joined in [
        format!("actingUserId={one}&actingUserId={two}"),
        format!("actingUserId={one},{two}"),
    ] {
        let want = audit
            .iter()
            .filter(|row| [one, two].contains(&acting(row)))
            .count();
        assert_eq!(sum(&format!("{}?{joined}", path("audit-logs"))), want);
    }

    for log in ["login", "security"] {
        let rows = all(&path(log));
        let user = rows[0]["userId"].as_u64().unwrap();
        let theirs = all(&format!("{}?userId={user}", path(log)));
        assert!(!theirs.is_empty() && theirs.iter().all(|row| row["userId"] == user));
    }
    let week = NOW - 7 * 86_400_000;
    let security = sum(&path("security"));
    let (old, new) = (
        sum(&format!("{}?toTimestamp={}", path("security"), week - 1)),
        sum(&format!("{}?fromTimestamp={week}", path("security"))),
    );
    assert!(old > 0 && new > 0);
    assert_eq!(old + new, security);

    for bad in [
        "audit-logs?occurredAfter=yesterday",
        "audit-logs?actingUserId=me",
        "audit-logs?sort=category",
        "login?userId=x",
        "security?fromTimestamp=2026-11-01",
        "security?after=1",
    ] {
        assert_eq!(reader.send(Request::get(&path(bad))).status, 400, "{bad}");
    }
}

/// Platform 3, 8: one scope opens all three; the audit log is for Enterprise alone.
#[test]
fn logs_need_their_scope_and_the_audit_log_its_edition() {
    let sandbox = sandbox("small");
    let bare = sandbox.with(|s| s.issue_grant(DEMO_CLIENT_ID, SMALL, &["oauth"], NOW));
    let bare = bare.unwrap().access_token;
    let full = full_token(&sandbox, SMALL);
    for (log, want) in LOGS.into_iter().zip([403, 200, 200]) {
        let get = |token: &str| sandbox.call(&Request::get(&path(log)).bearer(token), NOW);
        let refused = get(&bare).to_value();
        assert_eq!(
            refused["errors"][0]["context"]["requiredGranularScopes"],
            json!(["account-info.security.read"])
        );
        assert_eq!(get(&full).status, want, "{log} of a free account");
    }
}

/// What happens in the sandbox is written down: a token made and rotated, an app connected and removed.
#[test]
fn events_of_the_sandbox_are_in_the_security_log() {
    let sandbox = sandbox("small");
    let issued = sandbox
        .with(|state| state.issue_static(SMALL, StaticKind::PrivateApp, "X", &[], NOW))
        .unwrap();
    sandbox
        .with(|state| state.rotate_static(issued.app_id, true, NOW + 1))
        .unwrap();
    let code = code(&sandbox, &[]);
    let answer = redeem(&sandbox, GENERATIONS[3], &code, &[], NOW + 2).to_value();
    let token = answer["access_token"].as_str().unwrap();
    let uninstall = Request::new("DELETE", "/appinstalls/v3/external-install").bearer(token);
    assert_eq!(sandbox.call(&uninstall, NOW + 3).status, 204);
    let reader = Reader::new(&sandbox, SMALL);
    let rows = reader.get(&format!("{}?limit=4", path("security")));
    let kinds: Vec<&str> = rows["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "UNINSTALL_INTEGRATION",
            "INSTALL_INTEGRATION",
            "PRIVATE_APP_ACCESS_TOKEN_ROTATE",
            "PRIVATE_APP_ACCESS_TOKEN_CREATE"
        ]
    );
    assert_eq!(rows["results"][3]["objectId"], issued.app_id.to_string());
}
