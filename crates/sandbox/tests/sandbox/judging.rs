//! Who may call and what malformed calls get: D54, BI-1, platform 4, 5, 8.4 and 9.

use portico_sandbox::{DEMO_CLIENT_ID, Request};
use serde_json::json;

use crate::{NOW, Reader, SMALL, full_token, sandbox};

/// D54, platform 8.4, 9.2: a missing scope is told in one of two shapes; alternatives are named.
#[test]
fn missing_scopes_have_two_shapes() {
    let sandbox = sandbox("agency");
    let token = sandbox
        .with(|state| {
            state.issue_grant(
                DEMO_CLIENT_ID,
                25_733_019,
                &["oauth", "crm.schemas.deals.read"],
                NOW,
            )
        })
        .expect("a grant")
        .access_token;
    let get = |path: &str| sandbox.call(&Request::get(path).bearer(&token), NOW);
    assert_eq!(get("/crm/v3/properties/deals").status, 200);
    let shape_a = get("/crm/v3/properties/contacts");
    let body = shape_a.to_value();
    assert_eq!(
        (shape_a.status, &body["category"]),
        (403, &json!("MISSING_SCOPES"))
    );
    assert_eq!(
        body["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.schemas.contacts.read", "crm.objects.contacts.read"])
    );
    assert!(
        shape_a
            .text()
            .starts_with("{\"status\":\"error\",\"message\":"),
        "HubSpot's order of keys"
    );
    let shape_b = get("/crm/v3/properties/leads");
    let body = shape_b.to_value();
    assert_eq!((shape_b.status, body.get("category")), (403, None));
    assert!(body["message"].as_str().unwrap().contains(
        "view_schema object type ObjectTypeId{legacyObjectType=LEAD} in portal 25733019"
    ));
    assert_eq!(get("/webhooks/v3/9/settings").status, 403);
    assert_eq!(
        get("/crm/v3/owners").to_value()["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.objects.owners.read"])
    );
}

/// Platform 9.2: scope before rate, rate before validation; route before credential.
#[test]
fn calls_are_judged_in_hubspots_order() {
    let sandbox = sandbox("small");
    let cases = [
        (
            "unknown route, no token",
            Request::get("/crm/v3/nothing"),
            404,
        ),
        ("no token", Request::get("/crm/v3/properties/unicorns"), 401),
        (
            "basic instead of bearer",
            Request::get("/crm/v3/owners").with_header("authorization", "Basic eDp5"),
            401,
        ),
        (
            "no scope, bad limit",
            Request::get("/settings/v3/users?limit=x").bearer(
                &sandbox
                    .with(|s| s.issue_grant(DEMO_CLIENT_ID, SMALL, &["oauth"], NOW))
                    .unwrap()
                    .access_token,
            ),
            403,
        ),
        (
            "bad limit",
            Request::get("/crm/v3/owners?limit=501").bearer(&full_token(&sandbox, SMALL)),
            400,
        ),
        (
            "bad cursor",
            Request::get("/crm/v3/owners?after=525").bearer(&full_token(&sandbox, SMALL)),
            400,
        ),
        (
            "wrong method",
            Request::new("PUT", "/crm/v3/owners").bearer(&full_token(&sandbox, SMALL)),
            405,
        ),
    ];
    for (case, request, want) in cases {
        let response = sandbox.call(&request, NOW);
        assert_eq!(response.status, want, "{case}: {}", response.text());
        assert!(
            response.header("x-hubspot-correlation-id").is_some(),
            "{case}"
        );
    }
    let lost = sandbox.call(&Request::get("/crm/v3/nothing"), NOW);
    assert!(
        lost.header("content-type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
}

/// Platform 5: no answer carries CORS permission, and a preflight gets none.
#[test]
fn there_is_no_cors() {
    let sandbox = sandbox("small");
    let token = full_token(&sandbox, SMALL);
    for method in ["GET", "OPTIONS", "POST"] {
        for path in [
            "/crm/v3/owners",
            "/oauth/2026-09/token",
            "/oauth/authorize",
            "/nothing",
        ] {
            let request = Request::new(method, path)
                .bearer(&token)
                .with_header("origin", "https://app.example")
                .with_header("access-control-request-method", "GET");
            let response = sandbox.call(&request, NOW);
            assert!(
                !response
                    .headers
                    .iter()
                    .any(|(name, _)| name.starts_with("access-control")),
                "{method} {path}"
            );
            if method == "OPTIONS" {
                assert!(response.status >= 400, "{path}");
            }
        }
    }
}

/// Platform 9.2: malformed bodies are refused in HubSpot's words, never with a panic.
#[test]
fn malformed_bodies_are_refused() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    for (body, want) in [
        (&b"{\"count\":"[..], 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"", 400),
    ] {
        let mut request = Request::json("/crm/v3/lists/search", &json!({}));
        request.body = body.to_vec();
        assert_eq!(reader.send(request).status, want, "{body:?}");
    }
    let text =
        Request::new("POST", "/crm/v3/lists/search").with_header("content-type", "text/plain");
    assert_eq!(reader.send(text).status, 415);
    let mut deep = Request::json("/crm/v3/lists/search", &json!({}));
    deep.body = "[".repeat(100_000).into_bytes();
    assert_eq!(reader.send(deep).status, 400);
}

mod anything {
    use proptest::prelude::*;

    use super::{NOW, Reader, Request, SMALL, json, sandbox};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// BI-1: whatever arrives, an answer leaves, and it has a status of HTTP.
        #[test]
        fn no_request_panics(
            method in "(GET|POST|DELETE|PUT|OPTIONS|[A-Z]{0,6})",
            path in "(/|/crm|/v3|/2026-09|/oauth|/token|/authorize|/properties|/contacts|/lists|/search|/schemas|/flows|/%[0-9a-z]{0,2}|[ -~]{0,6}){0,6}",
            query in "[ -~]{0,40}",
            kind in "(application/json|application/x-www-form-urlencoded|text/plain|)",
            body in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let sandbox = sandbox("small");
            let reader = Reader::new(&sandbox, SMALL);
            let mut request = Request::new(&method, &format!("{path}?{query}")).with_header("content-type", &kind);
            request.body = body;
            let plain = sandbox.call(&request, NOW);
            prop_assert!((200..500).contains(&plain.status), "{}", plain.status);
            prop_assert!((200..500).contains(&reader.send(request).status));
        }

        /// Limits of any size give pages that join to the whole.
        #[test]
        fn any_page_size_joins_to_the_whole(limit in 1_usize..30) {
            let sandbox = sandbox("small");
            let reader = Reader::new(&sandbox, SMALL);
            let (rows, calls) = reader.walk(&format!("/marketing/v3/forms?limit={limit}"));
            prop_assert_eq!(rows.len(), 4);
            prop_assert_eq!(calls, 4_usize.div_ceil(limit));
            let mut offset = 0;
            let mut seen = 0;
            while offset < 12 {
                let body = json!({ "count": limit, "offset": offset, "listIds": [], "processingTypes": [], "additionalProperties": [] });
                let page = reader.send(Request::json("/crm/v3/lists/search", &body)).to_value();
                seen += page["lists"].as_array().map_or(0, Vec::len);
                offset = page["offset"].as_u64().unwrap_or(12);
            }
            prop_assert_eq!(seen, 12);
        }
    }
}
