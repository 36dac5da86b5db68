//! The authorization page: where it sends the user, with what, and when it refuses (D37; CB-4, CB-6).

use portico_sandbox::Request;
use portico_sandbox::github::model::{DEMO_APP_CLIENT_ID, DEMO_OAUTH_CLIENT_ID};

use super::{APPS, CALLBACK, MARA, authorize_url, fresh};
use crate::{CHALLENGE, NOW, returned};

#[test]
fn allowing_returns_a_code_and_the_state_as_sent() {
    let sandbox = fresh();
    for (client_id, ..) in APPS {
        let url = authorize_url(client_id, &[("redirect_uri", CALLBACK)]);
        let location = sandbox
            .github_authorize(&url, MARA, NOW)
            .expect("a redirect");
        assert!(location.starts_with(CALLBACK), "{location}");
        assert_eq!(returned(&location, "state").as_deref(), Some("s+t&a=te"));
        assert_eq!(returned(&location, "code").map(|code| code.len()), Some(20));
    }
}

#[test]
fn cancelling_returns_access_denied() {
    let sandbox = fresh();
    let url = authorize_url(DEMO_APP_CLIENT_ID, &[("redirect_uri", CALLBACK)]);
    let location = sandbox.github_deny(&url, NOW).expect("a redirect");
    let got = ["error", "error_description", "state"]
        .map(|name| returned(&location, name).unwrap_or_default());
    assert_eq!(
        got,
        [
            "access_denied",
            "The user has denied your application access.",
            "s+t&a=te"
        ]
    );
    assert!(returned(&location, "error_uri").is_some_and(|uri| uri.ends_with("#access-denied")));
    sandbox.with(|state| state.github.switches.denial_redirects = false);
    assert_eq!(sandbox.github_deny(&url, NOW), None);
}

#[test]
fn refusals_go_to_the_registered_callback() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (
            &[("redirect_uri", "http://evil.example/callback/github")],
            "redirect_uri_mismatch",
        ),
        (
            &[("redirect_uri", "http://localhost:4000/callback/hubspot")],
            "redirect_uri_mismatch",
        ),
        (
            &[
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "plain"),
            ],
            "invalid_request",
        ),
        (&[("code_challenge", CHALLENGE)], "invalid_request"),
    ];
    for (more, error) in cases {
        let sandbox = fresh();
        let response = sandbox.call(&Request::get(&authorize_url(DEMO_APP_CLIENT_ID, more)), NOW);
        let location = response.header("location").expect("a redirect");
        assert!(
            location.starts_with("http://localhost/callback/github?"),
            "{location}"
        );
        assert_eq!(returned(location, "error").as_deref(), Some(error));
        assert_eq!(returned(location, "state").as_deref(), Some("s+t&a=te"));
    }
}

#[test]
fn a_mismatch_can_be_a_page_and_an_unknown_app_is_one() {
    let sandbox = fresh();
    sandbox.with(|state| state.github.switches.mismatch_redirects = false);
    let url = authorize_url(
        DEMO_APP_CLIENT_ID,
        &[("redirect_uri", "http://evil.example/")],
    );
    let page = sandbox.call(&Request::get(&url), NOW);
    assert!(
        page.header("location").is_none()
            && page.text().contains("id=\"error-code\">redirect-uri<")
    );
    let unknown = sandbox.call(&Request::get(&authorize_url("nobody", &[])), NOW);
    assert_eq!((unknown.status, unknown.header("location")), (404, None));
}

#[test]
fn a_suspended_app_says_so() {
    let sandbox = fresh();
    sandbox.with(|state| state.github.apps[0].suspended = true);
    let response = sandbox.call(&Request::get(&authorize_url(DEMO_APP_CLIENT_ID, &[])), NOW);
    let location = response.header("location").expect("a redirect");
    assert_eq!(
        returned(location, "error").as_deref(),
        Some("application_suspended")
    );
}

#[test]
fn the_page_shows_what_is_asked_and_only_text() {
    let sandbox = fresh();
    let url = authorize_url(
        DEMO_OAUTH_CLIENT_ID,
        &[("scope", "repo,read:org,<script>"), ("login", MARA)],
    );
    let page = sandbox.call(&Request::get(&url), NOW).text();
    assert!(page.contains("data-scope=\"repo\"") && page.contains("data-scope=\"read:org\""));
    assert!(page.contains("value=\"mara-lindqvist\" required checked"));
    assert!(!page.contains("<script"));
}

#[test]
fn a_signed_in_user_who_granted_as_much_is_not_asked_again() {
    let sandbox = fresh();
    let url = |scope: &str| authorize_url(DEMO_OAUTH_CLIENT_ID, &[("scope", scope)]);
    let query = url("repo");
    let form: Vec<(&str, &str)> = vec![
        ("client_id", DEMO_OAUTH_CLIENT_ID),
        ("scope", "repo"),
        ("user", MARA),
        ("decision", "authorize"),
    ];
    let first = sandbox.call(&Request::form("/login/oauth/authorize", &form), NOW);
    let cookie = first
        .header("set-cookie")
        .and_then(|c| c.split(';').next())
        .expect("a session")
        .to_owned();
    let again = |target: &str| {
        let request = Request::get(target).with_header("cookie", &cookie);
        sandbox
            .call(&request, NOW)
            .header("location")
            .map(str::to_owned)
    };
    assert!(again(&query).is_some_and(|location| returned(&location, "code").is_some()));
    assert!(
        again(&url("public_repo")).is_some(),
        "contained in what was granted"
    );
    assert_eq!(again(&url("repo gist")), None, "more than was granted");
    assert_eq!(
        again(&format!("{query}&prompt=select_account")),
        None,
        "asked for the picker"
    );
    assert!(
        sandbox
            .call(&Request::get(&query), NOW)
            .header("location")
            .is_none(),
        "another browser"
    );
}
