//! Rate limits as HubSpot keeps them: platform 4, P4.

use portico_sandbox::{BURST_LIMIT, DEMO_CLIENT_ID, Request, StaticKind};
use serde_json::json;

use crate::static_credentials::issue;
use crate::{NOW, SMALL, full_token, sandbox};

/// Platform 4: 110 calls per rolling ten seconds, told in headers; the 111th is refused until the first one leaves.
#[test]
fn the_burst_window_rolls() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let call = |now| {
        sandbox.call(
            &Request::get("/account-info/v3/details").bearer(&token),
            now,
        )
    };
    for n in 0..u64::from(BURST_LIMIT) {
        let response = call(NOW + n * 10);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-hubspot-ratelimit-max"), Some("110"));
        assert_eq!(
            response.header("x-hubspot-ratelimit-interval-milliseconds"),
            Some("10000")
        );
        assert_eq!(
            response.header("x-hubspot-ratelimit-remaining"),
            Some((109 - n).to_string().as_str())
        );
        assert_eq!(
            response.header("x-hubspot-ratelimit-daily"),
            None,
            "none for OAuth apps"
        );
    }
    let refused = call(NOW + 9_999);
    let body = refused.to_value();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(
        body["message"],
        "You have reached your ten_secondly_rolling limit."
    );
    assert_eq!(
        (&body["errorType"], &body["policyName"]),
        (&json!("RATE_LIMIT"), &json!("TEN_SECONDLY_ROLLING"))
    );
    assert_eq!(body.get("category"), None);
    assert_eq!(
        refused.header("x-hubspot-correlation-id"),
        body["correlationId"].as_str()
    );
    assert_eq!(
        call(NOW + 10_000).status,
        200,
        "the first call has left the window"
    );
    assert_eq!(call(NOW + 10_000).status, 429, "and only the first");
}

/// Platform 4: the window is per app and account; refused and unauthorised calls do not count.
#[test]
fn windows_are_per_account_and_count_admitted_calls() {
    let sandbox = sandbox("agency");
    let [one, two] = [4_418_276, 8_801_542].map(|portal| {
        sandbox.with(|state| {
            state.portals.get_mut(&portal).unwrap().burst_limit = 2;
            state
                .issue_grant(DEMO_CLIENT_ID, portal, &["oauth"], NOW)
                .unwrap()
                .access_token
        })
    });
    let call =
        |token: &str, path: &str| sandbox.call(&Request::get(path).bearer(token), NOW).status;
    assert_eq!(
        call(&one, "/crm/v3/owners"),
        403,
        "scope comes before rate and does not count"
    );
    for want in [200, 200, 429, 429] {
        assert_eq!(call(&one, "/account-info/v3/details"), want);
    }
    assert_eq!(call(&two, "/account-info/v3/details"), 200);
}

/// Platform 4: CRM searches have a window of five a second, of all apps of the account together, without headers; lists
/// are no CRM records, and their search counts as any call.
#[test]
fn searches_are_limited_by_the_second() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    let (_, key) = issue(
        &sandbox,
        SMALL,
        StaticKind::ServiceKey,
        &["crm.objects.deals.read"],
    );
    let search = |token: &str, now| {
        let body = json!({ "limit": 1 });
        let request = Request::json("/crm/v3/objects/deals/search", &body);
        sandbox.call(&request.bearer(token), now)
    };
    for token in [&token, &key, &token, &key, &token] {
        let response = search(token, NOW);
        assert_eq!(response.status, 200);
        let limits = |(name, _): &(String, String)| name.contains("ratelimit");
        assert!(!response.headers.iter().any(limits));
    }
    for token in [&token, &key] {
        let refused = search(token, NOW + 999);
        let body = refused.to_value();
        assert_eq!(
            (refused.status, &body["message"], &body["policyName"]),
            (
                429,
                &json!("You have reached your secondly limit."),
                &json!("SECONDLY")
            )
        );
        let limits = |(name, _): &(String, String)| name.contains("ratelimit");
        assert!(!refused.headers.iter().any(limits));
    }
    assert_eq!(search(&token, NOW + 1_000).status, 200);
    let other = |request: Request| {
        let response = sandbox.call(&request.bearer(&token), NOW);
        let left = response.header("x-hubspot-ratelimit-remaining");
        left.map(str::to_owned)
    };
    assert_eq!(
        other(Request::get("/account-info/v3/details")).as_deref(),
        Some("109"),
        "searches are outside the burst window"
    );
    assert_eq!(
        other(Request::json("/crm/v3/lists/search", &json!({}))).as_deref(),
        Some("108"),
        "a search of lists is not"
    );
    sandbox.with(|state| state.portals.get_mut(&SMALL).unwrap().shrunk.search = Some(1));
    let later = NOW + 5_000;
    assert_eq!(search(&token, later).status, 200);
    assert_eq!(search(&token, later).status, 429, "shrunk");
}

/// Platform 4: searches of a private app count in the account's day, which then refuses them too.
#[test]
fn a_private_apps_searches_count_in_its_day() {
    let sandbox = sandbox("small");
    let (_, key) = issue(
        &sandbox,
        SMALL,
        StaticKind::PrivateApp,
        &["crm.objects.deals.read"],
    );
    sandbox.with(|state| {
        state.portals.get_mut(&SMALL).unwrap().shrunk.daily = Some(10);
        assert!(state.set_daily_usage(SMALL, 9, NOW));
        assert!(!state.set_daily_usage(1, 9, NOW));
    });
    let search = || {
        let request = Request::json("/crm/v3/objects/deals/search", &json!({}));
        sandbox.call(&request.bearer(&key), NOW)
    };
    assert_eq!(search().status, 200);
    let spent = search().to_value();
    assert_eq!(spent["policyName"], "DAILY");
}

mod any_sequence {
    use proptest::prelude::*;

    use super::{Request, SMALL, StaticKind, full_token, issue, json, sandbox};
    use crate::NOW;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Platform 4: whatever is called by whom and when, no window and no day lets more through than its limit, and
        /// what a header says remains is what remains.
        #[test]
        fn no_window_exceeds_its_limit(
            calls in proptest::collection::vec((0_usize..3, 0_usize..3, 0_u64..900), 1..120),
        ) {
            let sandbox = sandbox("small");
            sandbox.with(|state| {
                let portal = state.portals.get_mut(&SMALL).unwrap();
                portal.burst_limit = 7;
                portal.shrunk.private_burst = Some(6);
                portal.shrunk.associations_burst = Some(5);
                portal.shrunk.search = Some(2);
                portal.shrunk.daily = Some(40);
                portal.daily_usage = 0;
            });
            let tokens = [
                full_token(&sandbox, SMALL),
                issue(&sandbox, SMALL, StaticKind::PrivateApp, &["crm.objects.deals.read"]).1,
                issue(&sandbox, SMALL, StaticKind::ServiceKey, &["crm.objects.deals.read"]).1,
            ];
            let mut admitted: Vec<(usize, usize, u64)> = Vec::new();
            let mut now = NOW;
            for (who, what, gap) in calls {
                now += gap;
                let request = match what {
                    0 => Request::get("/account-info/v3/details"),
                    1 => Request::get("/crm/v4/associations/deals/contacts/labels"),
                    _ => Request::json("/crm/v3/objects/deals/search", &json!({ "limit": 1 })),
                };
                let response = sandbox.call(&request.bearer(&tokens[who]), now);
                let (span, limit) = match (what, who) {
                    (0 | 1, 0) => (10_000, 7),
                    (0 | 1, _) => (10_000, 6),
                    _ => (1_000, 2),
                };
                let within = |same: &dyn Fn(usize, usize) -> bool| {
                    let calls = admitted.iter().filter(|(by, kind, at)| same(*by, *kind) && at + span > now);
                    calls.count()
                };
                let inside = within(&|by, kind| if what == 2 { kind == 2 } else { kind < 2 && by == who });
                let today = admitted.iter().filter(|(by, ..)| *by > 0).count();
                // Association calls have a ceiling within the burst limit; OAuth apps know the burst limit alone.
                let labels = within(&|by, kind| kind == 1 && by == who);
                let (above, spent) = (what == 1 && who > 0 && labels >= 5, who > 0 && today >= 40);
                let fits = inside < limit && !above && !spent;
                prop_assert_eq!(response.status, if fits { 200 } else { 429 });
                if what < 2 {
                    let left = response.header("x-hubspot-ratelimit-remaining");
                    let left_of_burst = limit - inside - usize::from(fits);
                    let want = if above && !spent { 0 } else { left_of_burst }.to_string();
                    prop_assert_eq!(left, Some(want.as_str()));
                }
                if fits {
                    admitted.push((who, what, now));
                }
            }
        }
    }
}
