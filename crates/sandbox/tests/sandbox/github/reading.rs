//! Reading: who sees which repositories, in which words the others are refused, paging, names that moved
//! (D38–D45, D59).

use portico_sandbox::Request;
use portico_sandbox::github::model::{DEMO_APP_CLIENT_ID, Level};
use serde_json::Value;

use super::{MARA, Octo, TOMASZ, fresh, message};

pub(super) const CONFIG: &str = "/repos/mara-lindqvist/portal-config";

pub(super) fn names(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["name"].as_str())
        .collect()
}

/// Walks `Link: rel="next"` to its end.
fn walk(octo: &Octo, target: &str, member: Option<&str>) -> (Vec<String>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(target.to_owned()));
    while let Some(target) = next {
        let response = octo.send(Request::get(&target));
        assert_eq!(response.status, 200, "{target}: {}", response.text());
        pages += 1;
        let body = response.to_value();
        rows.extend(
            names(member.map_or(&body, |m| &body[m]))
                .into_iter()
                .map(str::to_owned),
        );
        next = response
            .header("link")
            .unwrap_or_default()
            .split(", ")
            .find_map(|link| {
                let url = link.strip_suffix(">; rel=\"next\"")?.strip_prefix('<')?;
                Some(
                    url.strip_prefix("http://github.test:81/api/v3")
                        .expect("our host and place")
                        .to_owned(),
                )
            });
    }
    (rows, pages)
}

#[test]
fn a_token_reaches_what_both_its_user_and_its_app_reach() {
    let sandbox = fresh();
    let (app, oauth) = (
        Octo::app(&sandbox, MARA),
        Octo::oauth(&sandbox, MARA, "repo read:org"),
    );
    let bare = Octo::oauth(&sandbox, MARA, "");
    let nobody = Octo::anonymous(&sandbox);
    let cases = [
        (
            "mara-lindqvist/portal-config",
            [200, 200, 404, 404],
            "selected",
        ),
        (
            "mara-lindqvist/private-notes",
            [404, 200, 404, 404],
            "not selected",
        ),
        ("mara-lindqvist/website", [200, 200, 200, 200], "public"),
        (
            "tomasz-k/dotfiles",
            [200, 200, 200, 200],
            "public of others",
        ),
        (
            "tomasz-k/scratch",
            [404, 404, 404, 404],
            "private of others",
        ),
        (
            "harbour-analytics/service-007",
            [200, 200, 404, 404],
            "as the owner",
        ),
        (
            "lumen-agency/client-aurora",
            [200, 200, 404, 404],
            "as a collaborator",
        ),
        (
            "lumen-agency/client-borealis",
            [404, 404, 404, 404],
            "a member without a base",
        ),
        ("nobody/nothing", [404, 404, 404, 404], "unknown"),
        (
            "MARA-Lindqvist/Portal-Config",
            [200, 200, 404, 404],
            "without regard to case",
        ),
    ];
    for (name, want, why) in cases {
        let status = |octo: &Octo| octo.send(Request::get(&format!("/repos/{name}"))).status;
        let got = [&app, &oauth, &bare, &nobody].map(status);
        assert_eq!(got, want, "{name}: {why}");
    }
    let seen = |octo: &Octo, name: &str| octo.get(&format!("/repos/{name}"))["permissions"].clone();
    assert_eq!(seen(&app, "lumen-agency/client-aurora")["push"], true);
    assert_eq!(seen(&app, "lumen-agency/client-aurora")["admin"], false);
    assert_eq!(seen(&app, "lumen-agency/shared-templates")["push"], false);
    assert_eq!(seen(&app, "mara-lindqvist/portal-config")["admin"], true);
    assert_eq!(seen(&nobody, "mara-lindqvist/website"), Value::Null);
}

#[test]
fn installations_list_the_accounts_where_repositories_can_be_added() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let all = octo.get("/user/installations");
    let logins: Vec<&str> = all["installations"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|i| i["account"]["login"].as_str())
        .collect();
    assert_eq!(logins, [MARA, "harbour-analytics", "lumen-agency"]);
    assert_eq!(all["total_count"], 3);
    let mine = octo.get("/user/installations/70001/repositories");
    assert_eq!(
        names(&mine["repositories"]),
        [
            "hubspot-backup",
            "portal-config",
            "website",
            "old-experiments"
        ]
    );
    let lumen = octo.get("/user/installations/70003/repositories");
    assert_eq!(
        names(&lumen["repositories"]),
        ["client-aurora", "shared-templates"]
    );
    assert_eq!(
        octo.refused("/user/installations/70004/repositories").0,
        404,
        "somebody else's"
    );
    assert_eq!(octo.refused("/user/installations/x/repositories").0, 404);
    let oauth = Octo::oauth(&sandbox, MARA, "repo");
    assert_eq!(oauth.refused("/user/installations").0, 403);
}

#[test]
fn paging_returns_each_repository_and_branch_once() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let cases = [
        (
            "/user/installations/70002/repositories?per_page=100",
            Some("repositories"),
            253,
            3,
        ),
        (
            "/user/installations/70002/repositories",
            Some("repositories"),
            253,
            9,
        ),
        ("/orgs/harbour-analytics/repos?per_page=100", None, 253, 3),
        ("/orgs/harbour-analytics/repos?per_page=1000", None, 253, 3),
        ("/user/repos?per_page=50", None, 259, 6),
        (
            "/repos/harbour-analytics/config-archive/branches?per_page=100",
            None,
            300,
            3,
        ),
        (
            "/repos/harbour-analytics/config-archive/branches?per_page=0",
            None,
            300,
            10,
        ),
    ];
    for (target, member, rows, pages) in cases {
        let (mut got, count) = walk(&octo, target, member);
        assert_eq!((got.len(), count), (rows, pages), "{target}");
        got.sort();
        got.dedup();
        assert_eq!(got.len(), rows, "{target}: each once");
    }
    let last = octo.send(Request::get(
        "/orgs/harbour-analytics/repos?per_page=100&page=3",
    ));
    let link = last.header("link").unwrap();
    assert!(
        link.contains("page=2>; rel=\"prev\"")
            && link.contains("page=1>; rel=\"first\"")
            && !link.contains("next")
    );
    assert_eq!(
        octo.get("/orgs/harbour-analytics/repos?page=99"),
        Value::Array(Vec::new())
    );
}

#[test]
fn my_repositories_filter_and_sort_as_asked() {
    let sandbox = fresh();
    let octo = Octo::oauth(&sandbox, MARA, "repo");
    let list = |query: &str| octo.get(&format!("/user/repos?per_page=100&{query}"));
    assert_eq!(
        names(&list("affiliation=owner")),
        [
            "hubspot-backup",
            "old-experiments",
            "portal-config",
            "private-notes",
            "website"
        ]
    );
    assert_eq!(
        names(&list("affiliation=collaborator")),
        ["client-aurora", "shared-templates"]
    );
    assert_eq!(
        names(&list("visibility=public&affiliation=owner")),
        ["website"]
    );
    assert_eq!(names(&list("type=owner&sort=pushed"))[0], "hubspot-backup");
    assert_eq!(
        names(&list("type=owner&sort=created&direction=asc"))[0],
        "old-experiments"
    );
    assert_eq!(
        octo.refused("/user/repos?type=owner&visibility=public").0,
        422
    );
    assert_eq!(octo.refused("/user/repos?sort=size").0, 422);
    let bare = Octo::oauth(&sandbox, MARA, "");
    assert!(names(&bare.get("/user/repos?per_page=100")).contains(&"website"));
    assert!(!names(&bare.get("/user/repos?per_page=100")).contains(&"portal-config"));
}

#[test]
fn organizations_need_a_scope_or_an_installation() {
    let sandbox = fresh();
    let logins = |octo: &Octo| {
        let list = octo.get("/user/orgs");
        list.as_array()
            .unwrap()
            .iter()
            .map(|o| o["login"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        logins(&Octo::oauth(&sandbox, MARA, "read:org")),
        ["harbour-analytics", "lumen-agency"]
    );
    assert_eq!(Octo::oauth(&sandbox, MARA, "").refused("/user/orgs").0, 403);
    let octo = Octo::app(&sandbox, MARA);
    sandbox.with(|state| state.github.uninstall(DEMO_APP_CLIENT_ID, "lumen-agency"));
    assert_eq!(logins(&octo), ["harbour-analytics"]);
    assert_eq!(octo.get("/orgs/lumen-agency")["type"], "Organization");
    assert_eq!(octo.refused("/orgs/mara-lindqvist").0, 404);
    assert_eq!(octo.get("/users/tomasz-k")["type"], "User");
}

#[test]
fn branches_tell_the_default_and_what_is_protected() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    assert_eq!(octo.get(CONFIG)["default_branch"], "main");
    assert_eq!(
        octo.get("/repos/mara-lindqvist/website")["default_branch"],
        "master"
    );
    assert_eq!(
        names(&octo.get(&format!("{CONFIG}/branches"))),
        ["feature/pipelines", "main", "staging"]
    );
    for name in ["feature/pipelines", "feature%2Fpipelines"] {
        let branch = octo.get(&format!("{CONFIG}/branches/{name}"));
        assert_eq!(
            (branch["name"].as_str(), branch["protected"].as_bool()),
            (Some("feature/pipelines"), Some(false))
        );
        assert_eq!(branch["commit"]["commit"]["message"], "Look at pipelines");
    }
    assert_eq!(
        octo.refused(&format!("{CONFIG}/branches/none")),
        (404, "Branch not found".to_owned())
    );
    let snapshots = "/repos/harbour-analytics/crm-snapshots/branches";
    assert_eq!(octo.get(&format!("{snapshots}/main"))["protected"], true);
    assert_eq!(
        names(&octo.get(&format!("{snapshots}?protected=true"))),
        ["main"]
    );
    assert_eq!(
        names(&octo.get(&format!("{snapshots}?protected=false"))),
        Vec::<&str>::new()
    );
    assert_eq!(
        names(&octo.get("/repos/mara-lindqvist/hubspot-backup/branches")),
        Vec::<&str>::new()
    );
}

#[test]
fn a_renamed_repository_redirects_and_keeps_its_id() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    assert!(sandbox.with(|s| {
        s.github
            .rename_repository(MARA, "portal-config", "portal-settings")
    }));
    for (method, target, status, to) in [
        ("GET", CONFIG.to_owned(), 301, ""),
        (
            "GET",
            format!("{CONFIG}/branches?per_page=5"),
            301,
            "/branches?per_page=5",
        ),
        (
            "GET",
            format!("{CONFIG}/contents/a%20b"),
            301,
            "/contents/a%20b",
        ),
        ("PUT", format!("{CONFIG}/contents/x"), 307, "/contents/x"),
    ] {
        let response = octo.send(Request::new(method, &target));
        let url = format!("http://github.test:81/api/v3/repositories/1002{to}");
        assert_eq!(
            (response.status, response.header("location")),
            (status, Some(url.as_str())),
            "{method} {target}"
        );
        assert_eq!(response.to_value()["url"], url);
    }
    assert_eq!(
        octo.get("/repositories/1002")["full_name"],
        "mara-lindqvist/portal-settings"
    );
    assert_eq!(
        octo.get("/repositories/1002/branches")
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    assert_eq!(
        Octo::app(&sandbox, TOMASZ).refused(CONFIG).0,
        404,
        "nothing is told to who may not see it"
    );
}

#[test]
fn what_was_lost_answers_as_github_does() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let reach = |name: &str| octo.refused(&format!("/repos/{name}"));
    octo.get("/repos/lumen-agency/client-aurora");
    sandbox.with(|s| {
        s.github
            .set_collaborator("lumen-agency", "client-aurora", MARA, None)
    });
    assert_eq!(
        reach("lumen-agency/client-aurora").0,
        404,
        "no longer a collaborator"
    );
    sandbox.with(|s| s.github.delete_repository(MARA, "portal-config"));
    assert_eq!(reach("mara-lindqvist/portal-config").0, 404, "deleted");
    assert_eq!(octo.refused("/repositories/1002").0, 404);
    sandbox.with(|s| s.github.suspend(DEMO_APP_CLIENT_ID, MARA, true, octo.now()));
    assert_eq!(
        reach("mara-lindqvist/hubspot-backup"),
        (403, "This installation has been suspended".to_owned())
    );
    assert_eq!(
        octo.refused("/user/installations/70001/repositories").0,
        403
    );
    assert!(octo.get("/user/installations")["installations"][0]["suspended_at"].is_string());
    sandbox.with(|s| {
        s.github
            .suspend(DEMO_APP_CLIENT_ID, MARA, false, octo.now())
    });
    octo.get("/repos/mara-lindqvist/hubspot-backup");
    sandbox.with(|s| s.github.uninstall(DEMO_APP_CLIENT_ID, MARA));
    assert_eq!(reach("mara-lindqvist/hubspot-backup").0, 404, "uninstalled");
    sandbox.with(|s| s.github.set_member("harbour-analytics", MARA, None));
    assert_eq!(
        reach("harbour-analytics/service-001").0,
        404,
        "left the organization"
    );
}

#[test]
fn single_sign_on_refuses_with_its_own_header() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    sandbox.with(|s| s.github.require_sso("harbour-analytics", true));
    let response = octo.send(Request::get("/repos/harbour-analytics/service-001"));
    let (status, text) = message(&response);
    assert!(
        status == 403 && text.starts_with("Resource protected by organization SAML enforcement")
    );
    assert!(
        response
            .header("x-github-sso")
            .is_some_and(|sso| sso.starts_with("required; url=http"))
    );
    let list = octo.send(Request::get("/user/repos?per_page=100"));
    assert_eq!(
        list.header("x-github-sso"),
        Some("partial-results; organizations=50001")
    );
    assert!(!names(&list.to_value()).contains(&"service-001"));
    sandbox.with(|s| s.github.authorize_sso("harbour-analytics", MARA));
    octo.get("/repos/harbour-analytics/service-001");
}

#[test]
fn a_contents_permission_that_was_not_granted_is_a_403() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    sandbox.with(|s| {
        let installation = s.github.installations.get_mut(&70_001).unwrap();
        installation.permissions.remove("contents");
    });
    octo.get(CONFIG);
    let refusal = (403, "Resource not accessible by integration".to_owned());
    assert_eq!(octo.refused(&format!("{CONFIG}/branches")), refusal);
    assert_eq!(
        octo.refused(&format!("{CONFIG}/contents/README.md")),
        refusal
    );
}

#[test]
fn a_new_collaborator_sees_at_once() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, TOMASZ);
    assert_eq!(octo.refused(CONFIG).0, 404);
    sandbox.with(|s| {
        s.github
            .set_collaborator(MARA, "portal-config", TOMASZ, Some(Level::Pull))
    });
    octo.get(CONFIG);
    let page = octo.get("/user/installations");
    assert!(
        page["installations"]
            .as_array()
            .unwrap()
            .iter()
            .any(|i| i["account"]["login"] == MARA)
    );
}
