//! Installing the app on the pages: who, where, which repositories (D38, D39, D59).

use portico_sandbox::Request;
use portico_sandbox::github::model::DEMO_APP_CLIENT_ID;

use super::{CALLBACK, MARA, Octo, TOMASZ, fresh, token};
use crate::{NOW, returned};

const NEW: &str = "/apps/portico-backup/installations/new";

#[test]
fn the_pages_ask_who_then_where_then_which() {
    let sandbox = fresh();
    let page = |target: &str| sandbox.call(&Request::get(target), NOW).text();
    assert!(page(&format!("{NEW}?state=x%22y")).contains("data-step=\"sign-in\""));
    let places = page(&format!("{NEW}?state=x%22y&user={MARA}"));
    assert!(places.contains("data-step=\"account\"") && places.contains("value=\"x&quot;y\""));
    assert!(places.contains("Configure") && places.contains("target_id-lumen-agency"));
    let which = page(&format!("{NEW}?user={MARA}&target_id=50001"));
    assert!(
        which.contains("id=\"repository-3001\"")
            && which.contains("Read and write access to contents")
    );
    assert!(
        page(&format!("{NEW}?user={MARA}&target_id=40004")).contains("data-step=\"account\""),
        "not theirs"
    );
    assert_eq!(
        sandbox
            .call(&Request::get("/apps/nobody/installations/new"), NOW)
            .status,
        404
    );
}

fn decide(sandbox: &portico_sandbox::Sandbox, fields: &[(&str, &str)]) -> (u16, Option<String>) {
    let response = sandbox.call(&Request::form(NEW, fields), NOW);
    (
        response.status,
        response.header("location").map(str::to_owned),
    )
}

#[test]
fn installing_returns_to_the_callback_with_a_code_that_works() {
    let sandbox = fresh();
    sandbox.with(|state| state.github.uninstall(DEMO_APP_CLIENT_ID, "lumen-agency"));
    let octo = Octo::app(&sandbox, TOMASZ);
    assert_eq!(
        octo.refused("/repos/lumen-agency/client-borealis").0,
        404,
        "not installed"
    );
    let fields = [
        ("user", TOMASZ),
        ("target_id", "50002"),
        ("selection", "selected"),
        ("repository", "2002"),
        ("repository", "1001"),
        ("state", "s"),
    ];
    let (status, location) = decide(&sandbox, &fields);
    let location = location.expect("a redirect");
    assert_eq!(
        (status, returned(&location, "setup_action").as_deref()),
        (303, Some("install"))
    );
    assert_eq!(returned(&location, "state").as_deref(), Some("s"));
    let code = returned(&location, "code").expect("a code");
    assert!(token(&sandbox, 0, &[("code", &code)], NOW)["access_token"].is_string());
    octo.get("/repos/lumen-agency/client-borealis");
    let id = returned(&location, "installation_id").expect("an id");
    let listed = octo.get(&format!("/user/installations/{id}/repositories"));
    assert_eq!(
        (
            listed["total_count"].as_u64(),
            listed["repository_selection"].as_str()
        ),
        (Some(1), Some("selected"))
    );

    let (_, location) = decide(
        &sandbox,
        &[
            ("user", TOMASZ),
            ("target_id", "50002"),
            ("selection", "all"),
        ],
    );
    assert_eq!(
        returned(&location.expect("a redirect"), "setup_action").as_deref(),
        Some("update")
    );
    assert_eq!(
        octo.get(&format!("/user/installations/{id}/repositories"))["total_count"],
        4
    );
}

#[test]
fn a_setup_url_is_where_installing_ends_and_a_member_only_requests() {
    let sandbox = fresh();
    sandbox.with(|state| state.github.apps[0].setup_url = Some(CALLBACK.to_owned()));
    let (_, location) = decide(
        &sandbox,
        &[("user", MARA), ("target_id", "50001"), ("selection", "all")],
    );
    let location = location.expect("a redirect");
    assert_eq!(
        (
            returned(&location, "code"),
            returned(&location, "installation_id").as_deref()
        ),
        (None, Some("70002"))
    );
    let (_, location) = decide(
        &sandbox,
        &[("user", MARA), ("target_id", "50002"), ("selection", "all")],
    );
    let location = location.expect("a redirect");
    assert_eq!(
        returned(&location, "setup_action").as_deref(),
        Some("request")
    );
    assert_eq!(returned(&location, "installation_id"), None);
}

#[test]
fn nonsense_on_the_page_changes_nothing() {
    let sandbox = fresh();
    let before = sandbox.with(|state| state.github.installations.len());
    for fields in [
        &[][..],
        &[("user", MARA)],
        &[("user", "nobody"), ("target_id", "50001")],
        &[("user", "harbour-analytics"), ("target_id", "50001")],
        &[("user", MARA), ("target_id", "-1")],
        &[("user", MARA), ("target_id", "40004")],
    ] {
        assert_eq!(decide(&sandbox, fields), (404, None), "{fields:?}");
    }
    let none = [
        ("user", MARA),
        ("target_id", "50001"),
        ("selection", "selected"),
        ("repository", "x"),
    ];
    assert_eq!(decide(&sandbox, &none), (422, None), "no repository chosen");
    assert_eq!(
        sandbox.with(|state| state.github.installations.len()),
        before
    );
}

#[test]
fn the_settings_page_leads_to_the_repositories() {
    let sandbox = fresh();
    let go = |id: &str| sandbox.call(&Request::get(&format!("/settings/installations/{id}")), NOW);
    assert!(
        go("70002")
            .header("location")
            .is_some_and(|to| to.ends_with(&format!("{NEW}?target_id=50001")))
    );
    assert_eq!(go("1").status, 404);
}
