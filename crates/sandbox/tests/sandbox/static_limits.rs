//! Limits by kind of credential, tier and increase, and the usage that is told of them: platform 3, 3.1 and 4.

use portico_sandbox::model::{Hubs, Tier};
use portico_sandbox::{FetchStatus, StaticKind};
use serde_json::json;

use crate::static_credentials::{get, issue};
use crate::{NOW, SMALL, full_token, sandbox};

const DETAILS: &str = "/account-info/v3/details";
const LABELS: &str = "/crm/v4/associations/contacts/companies/labels";
const USAGE: &str = "/account-info/2026-09/api-usage/daily/private-apps";

/// Platform 3.1, 4: the nine daily limits are distinct, and the burst limit follows tier and API limit increases.
#[test]
fn limits_follow_tier_and_increases() {
    let cases = [
        (Tier::Free, 0, 250_000, 100),
        (Tier::Starter, 0, 250_000, 100),
        (Tier::Professional, 0, 625_000, 190),
        (Tier::Enterprise, 0, 1_000_000, 190),
        (Tier::Starter, 1, 1_250_000, 250),
        (Tier::Professional, 1, 1_625_000, 250),
        (Tier::Enterprise, 1, 2_000_000, 250),
        (Tier::Starter, 2, 2_250_000, 250),
        (Tier::Professional, 2, 2_625_000, 250),
        (Tier::Enterprise, 2, 3_000_000, 250),
        (Tier::Enterprise, 9, 3_000_000, 250),
    ];
    for (tier, addons, daily, burst) in cases {
        let sandbox = sandbox("small");
        sandbox.with(|state| {
            let portal = state.portals.get_mut(&SMALL).unwrap();
            portal.hubs = Hubs::all(tier);
            portal.api_addons = addons;
            portal.daily_usage = 40;
        });
        let (_, token) = issue(&sandbox, SMALL, StaticKind::ServiceKey, &[]);
        let first = get(&sandbox, USAGE, &token, NOW);
        let row = first.to_value()["results"][0].clone();
        assert_eq!(
            (&row["usageLimit"], &row["currentUsage"]),
            (&json!(daily), &json!(41)),
            "{tier:?} +{addons}"
        );
        let header = |name: &str| {
            let name = format!("x-hubspot-ratelimit-{name}");
            first.header(&name).and_then(|v| v.parse::<u64>().ok())
        };
        assert_eq!(header("daily"), Some(daily));
        assert_eq!(header("daily-remaining"), Some(daily - 41));
        assert_eq!(header("max"), Some(burst));
        assert_eq!(header("remaining"), Some(burst - 1));
        assert_eq!(header("secondly"), Some(burst / 10));
        assert_eq!(header("interval-milliseconds"), Some(10_000));
        let oauth = get(&sandbox, DETAILS, &full_token(&sandbox, SMALL), NOW);
        assert_eq!(oauth.header("x-hubspot-ratelimit-max"), Some("110"));
        assert_eq!(oauth.header("x-hubspot-ratelimit-daily"), None);
    }
}

/// Platform 4: each private app has its own ten seconds, and its 429 names a group of private apps.
#[test]
fn private_apps_have_a_burst_window_each() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&SMALL).unwrap();
        portal.shrunk.private_burst = Some(2);
    });
    let (one, two) = (
        issue(&sandbox, SMALL, StaticKind::PrivateApp, &[]).1,
        issue(&sandbox, SMALL, StaticKind::PrivateApp, &[]).1,
    );
    for want in [200, 200, 429] {
        assert_eq!(get(&sandbox, DETAILS, &one, NOW).status, want);
    }
    let refused = get(&sandbox, DETAILS, &one, NOW + 9_999);
    let body = refused.to_value();
    assert_eq!(body["policyName"], "TEN_SECONDLY_ROLLING");
    let group = body["groupName"].as_str().unwrap();
    assert!(group.starts_with("publicapi:private-apps:"), "{group}");
    assert_eq!(refused.header("x-hubspot-ratelimit-remaining"), Some("0"));
    assert_eq!(get(&sandbox, DETAILS, &two, NOW).status, 200);
    assert_eq!(get(&sandbox, DETAILS, &one, NOW + 10_000).status, 200);
}

/// Platform 4: the day is one for all private apps of an account, runs in its time zone, and refused calls do not count.
#[test]
fn the_day_is_shared_and_ends_at_the_accounts_midnight() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&SMALL).unwrap();
        portal.shrunk.daily = Some(3);
        portal.daily_usage = 0;
    });
    let (one, two) = (
        issue(&sandbox, SMALL, StaticKind::PrivateApp, &[]).1,
        issue(&sandbox, SMALL, StaticKind::ServiceKey, &[]).1,
    );
    let calls = [
        (&one, 200),
        (&two, 200),
        (&one, 200),
        (&two, 429),
        (&one, 429),
    ];
    for (token, want) in calls {
        assert_eq!(get(&sandbox, DETAILS, token, NOW).status, want);
    }
    let refused = get(&sandbox, DETAILS, &one, NOW);
    let body = refused.to_value();
    assert_eq!(
        (&body["message"], &body["policyName"], &body["errorType"]),
        (
            &json!("You have reached your daily limit."),
            &json!("DAILY"),
            &json!("RATE_LIMIT")
        )
    );
    assert!(body["requestId"].is_string());
    assert_eq!(
        refused.header("x-hubspot-ratelimit-daily-remaining"),
        Some("0")
    );
    let oauth = full_token(&sandbox, SMALL);
    let usage = get(&sandbox, USAGE, &oauth, NOW);
    assert_eq!(usage.status, 200, "OAuth apps have no day");
    let row = usage.to_value()["results"][0].clone();
    assert_eq!(row["currentUsage"], 3, "and are not counted in it");
    // 2026-11-01T02:26:40Z in Berlin, where midnight is 23:00Z in winter.
    assert_eq!(row["resetsAt"], "2026-11-01T23:00:00Z");
    let midnight = 1_793_574_000_000;
    assert_eq!(get(&sandbox, DETAILS, &one, midnight - 1).status, 429);
    let next_day = get(&sandbox, USAGE, &one, midnight);
    let row = next_day.to_value()["results"][0].clone();
    assert_eq!(
        (next_day.status, &row["currentUsage"]),
        (200, &json!(1)),
        "counted from nothing"
    );
}

/// Platform 4: a privately distributed OAuth app has the limits of private apps, but no daily header, and its calls are
/// not told by api-usage.
#[test]
fn privately_distributed_apps_have_private_limits() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        state.apps[0].distribution = portico_sandbox::Distribution::Private;
        let portal = state.portals.get_mut(&SMALL).unwrap();
        portal.shrunk.daily = Some(2);
        portal.daily_usage = 0;
    });
    let token = full_token(&sandbox, SMALL);
    let first = get(&sandbox, USAGE, &token, NOW);
    assert_eq!(first.header("x-hubspot-ratelimit-max"), Some("100"));
    assert_eq!(first.header("x-hubspot-ratelimit-daily"), None);
    assert_eq!(first.to_value()["results"][0]["currentUsage"], 0);
    assert_eq!(get(&sandbox, DETAILS, &token, NOW).status, 200);
    let spent = get(&sandbox, DETAILS, &token, NOW);
    assert_eq!(spent.to_value()["policyName"], "DAILY");
    let (_, key) = issue(&sandbox, SMALL, StaticKind::ServiceKey, &[]);
    assert_eq!(
        get(&sandbox, DETAILS, &key, NOW).status,
        429,
        "one day for all"
    );
}

/// Platform 4: of an OAuth app's 110 calls only searches are excepted; association calls count in them.
#[test]
fn associations_count_in_the_one_window_of_an_oauth_app() {
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        let shrunk = &mut state.portals.get_mut(&SMALL).unwrap().shrunk;
        (shrunk.associations_daily, shrunk.associations_burst) = (Some(1), Some(1));
    });
    let token = full_token(&sandbox, SMALL);
    for n in 0..110 {
        let path = if n % 2 == 0 { LABELS } else { DETAILS };
        let response = get(&sandbox, path, &token, NOW);
        assert_eq!(response.status, 200, "call {n}");
        assert_eq!(response.header("x-hubspot-ratelimit-max"), Some("110"));
        let left = (109 - n).to_string();
        assert_eq!(
            response.header("x-hubspot-ratelimit-remaining"),
            Some(&*left)
        );
    }
    for path in [LABELS, DETAILS] {
        let refused = get(&sandbox, path, &token, NOW + 9_999);
        assert_eq!(refused.to_value()["policyName"], "TEN_SECONDLY_ROLLING");
    }
}

/// Platform 4: association calls of static credentials have a ceiling of 100, 150 or 200 within the burst limit, and from
/// Professional on a day of their own.
#[test]
fn associations_have_a_ceiling_within_the_limits_of_private_apps() {
    for (tier, addons, burst, ceiling) in [
        (Tier::Free, 0, "100", 100),
        (Tier::Professional, 0, "190", 150),
        (Tier::Professional, 1, "250", 200),
    ] {
        let sandbox = sandbox("small");
        sandbox.with(|state| {
            let portal = state.portals.get_mut(&SMALL).unwrap();
            (portal.hubs, portal.api_addons) = (Hubs::all(tier), addons);
        });
        let scopes = ["crm.objects.contacts.read"];
        let (_, key) = issue(&sandbox, SMALL, StaticKind::ServiceKey, &scopes);
        for n in 0..ceiling {
            let response = get(&sandbox, LABELS, &key, NOW);
            assert_eq!(response.status, 200, "call {n} at {tier:?}");
            assert_eq!(response.header("x-hubspot-ratelimit-max"), Some(burst));
        }
        let refused = get(&sandbox, LABELS, &key, NOW + 9_999);
        assert_eq!(refused.to_value()["policyName"], "TEN_SECONDLY_ROLLING");
        assert_eq!(
            refused.header("x-hubspot-ratelimit-remaining"),
            Some("0"),
            "the limit that refuses is told"
        );
        let other = get(&sandbox, DETAILS, &key, NOW + 9_999);
        let left = burst.parse::<usize>().unwrap() - ceiling;
        let want = if left == 0 { 429 } else { 200 };
        assert_eq!(other.status, want, "they count in the burst of {burst}");
        let left = left.saturating_sub(1).to_string();
        assert_eq!(other.header("x-hubspot-ratelimit-remaining"), Some(&*left));
        sandbox.with(|state| {
            let shrunk = &mut state.portals.get_mut(&SMALL).unwrap().shrunk;
            shrunk.associations_daily = Some(1);
        });
        let spent = get(&sandbox, LABELS, &key, NOW + 20_000);
        assert_eq!(spent.to_value()["policyName"], "DAILY");
        assert_eq!(get(&sandbox, DETAILS, &key, NOW + 20_000).status, 200);
    }
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        let portal = state.portals.get_mut(&SMALL).unwrap();
        portal.shrunk.associations_burst = Some(1);
    });
    let scopes = ["crm.objects.contacts.read"];
    let (_, key) = issue(&sandbox, SMALL, StaticKind::PrivateApp, &scopes);
    let dated = "/crm/associations/2026-09/contacts/companies/labels";
    assert_eq!(get(&sandbox, LABELS, &key, NOW).status, 200);
    assert_eq!(get(&sandbox, dated, &key, NOW).status, 429);
}

/// Platform 3, 12.6: the usage row's status, and an account without private apps, by switches.
#[test]
fn usage_can_be_stale_or_empty() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let rows = || get(&sandbox, USAGE, &token, NOW).to_value()["results"].clone();
    for (status, text) in [
        (FetchStatus::Success, "SUCCESS"),
        (FetchStatus::Cached, "CACHED"),
        (FetchStatus::Failure, "FAILURE"),
        (FetchStatus::NotFound, "NOTFOUND"),
        (FetchStatus::Timeout, "TIMEOUT"),
    ] {
        sandbox.with(|state| state.switches.usage_fetch_status = status);
        assert_eq!(rows()[0]["fetchStatus"], text);
    }
    sandbox.with(|state| {
        let ids: Vec<u64> = state.credentials.apps.keys().copied().collect();
        assert!(ids.into_iter().all(|id| state.delete_static(id)));
    });
    assert_eq!(
        rows()[0]["usageLimit"],
        250_000,
        "the default: the limit is told"
    );
    sandbox.with(|state| state.switches.usage_without_private_apps = false);
    assert_eq!(rows(), json!([]));
}
