//! Writing where it is not allowed or not possible, and making a repository to write to (D41, D45).

use portico_sandbox::Request;
use portico_sandbox::github::model::DEMO_APP_CLIENT_ID;
use serde_json::json;

use super::backup::{CONFIG, text};
use super::{MARA, Octo, TOMASZ, fresh, message};

const SNAPSHOTS: &str = "/repos/harbour-analytics/crm-snapshots";

#[test]
fn who_may_not_write_is_told_why() {
    let sandbox = fresh();
    let (mara, tomasz) = (Octo::app(&sandbox, MARA), Octo::app(&sandbox, TOMASZ));
    let file = json!({ "message": "m", "content": "" });
    let put = |octo: &Octo, repository: &str| {
        message(&octo.write("PUT", &format!("/repos/{repository}/contents/x"), &file))
    };
    assert_eq!(
        put(&mara, "lumen-agency/shared-templates"),
        (403, "Must have push access to repository.".to_owned())
    );
    assert_eq!(
        put(&mara, "mara-lindqvist/old-experiments"),
        (403, "Repository was archived so is read-only.".to_owned())
    );
    assert_eq!(
        put(&mara, "tomasz-k/dotfiles").0,
        403,
        "public of somebody else"
    );
    assert_eq!(
        put(&mara, "mara-lindqvist/private-notes").0,
        404,
        "not selected"
    );
    let review = "At least 1 approving review is required by reviewers with write access.";
    assert_eq!(
        put(&tomasz, "harbour-analytics/crm-snapshots"),
        (409, format!("Could not create file: {review}"))
    );
    let head = text(&tomasz.get(&format!("{SNAPSHOTS}/git/ref/heads/main"))["object"]["sha"]);
    let tree = text(&tomasz.get(&format!("{SNAPSHOTS}/git/commits/{head}"))["tree"]["sha"]);
    let root = tomasz.written(
        "POST",
        &format!("{SNAPSHOTS}/git/commits"),
        &json!({ "message": "m", "tree": tree }),
    );
    let next = tomasz.written(
        "POST",
        &format!("{SNAPSHOTS}/git/commits"),
        &json!({ "message": "m", "tree": tree, "parents": [head] }),
    );
    let main = format!("{SNAPSHOTS}/git/refs/heads/main");
    let cases = [
        (&tomasz, json!({ "sha": next["sha"] }), review),
        (
            &mara,
            json!({ "sha": root["sha"], "force": true }),
            "Cannot force-push to this branch",
        ),
    ];
    for (octo, body, want) in cases {
        assert_eq!(
            message(&octo.write("PATCH", &main, &body)),
            (422, want.to_owned())
        );
    }
    assert_eq!(
        message(&mara.write("DELETE", &main, &json!({}))).1,
        "Cannot delete this protected branch"
    );
    mara.written("PATCH", &main, &json!({ "sha": next["sha"] }));
    sandbox.with(|s| {
        let installation = s.github.installations.get_mut(&70_001).unwrap();
        installation
            .permissions
            .insert("contents".to_owned(), "read".to_owned());
    });
    assert_eq!(
        put(&mara, "mara-lindqvist/portal-config"),
        (403, "Resource not accessible by integration".to_owned())
    );
    sandbox.with(|s| s.github.uninstall(DEMO_APP_CLIENT_ID, MARA));
    assert_eq!(put(&mara, "mara-lindqvist/portal-config").0, 404);
    let oauth = Octo::oauth(&sandbox, MARA, "public_repo");
    oauth.written("PUT", "/repos/mara-lindqvist/website/contents/x", &file);
    assert_eq!(put(&oauth, "mara-lindqvist/portal-config").0, 404);
    assert_eq!(
        put(&Octo::oauth(&sandbox, MARA, ""), "mara-lindqvist/website").0,
        404
    );
}

#[test]
fn sizes_have_their_limits() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let large = "a".repeat(1024 * 1024 + 1);
    let blob = octo.written(
        "POST",
        &format!("{CONFIG}/git/blobs"),
        &json!({ "content": large }),
    );
    let tree = octo.written("POST", &format!("{CONFIG}/git/trees"), &json!({ "tree": [{ "path": "large", "mode": "100644", "type": "blob", "sha": blob["sha"] }] }));
    let commit = octo.written(
        "POST",
        &format!("{CONFIG}/git/commits"),
        &json!({ "message": "m", "tree": tree["sha"] }),
    );
    let file = format!("{CONFIG}/contents/large?ref={}", text(&commit["sha"]));
    let shown = octo.get(&file);
    assert_eq!(
        (
            shown["content"].as_str(),
            shown["encoding"].as_str(),
            shown["size"].as_u64()
        ),
        (Some(""), Some("none"), Some(1_048_577))
    );
    let raw =
        octo.send(Request::get(&file).with_header("accept", "application/vnd.github.raw+json"));
    assert_eq!(raw.body.len(), 1_048_577);
    sandbox.with(|s| {
        s.github.switches.blob_limit = 4;
        s.github.switches.tree_limit = 2;
    });
    assert_eq!(
        message(&octo.write(
            "POST",
            &format!("{CONFIG}/git/blobs"),
            &json!({ "content": "12345" })
        ))
        .0,
        422
    );
    let listed = octo.get(&format!("{CONFIG}/git/trees/main?recursive=1"));
    assert_eq!(
        (
            listed["truncated"].as_bool(),
            listed["tree"].as_array().map(Vec::len)
        ),
        (Some(true), Some(2))
    );
}

#[test]
fn a_repository_can_be_made_where_the_app_may_administer() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let body = json!({ "name": "Fresh backup", "private": true, "auto_init": true });
    assert_eq!(
        message(&octo.write("POST", "/user/repos", &body)),
        (403, "Resource not accessible by integration".to_owned())
    );
    let oauth = Octo::oauth(&sandbox, MARA, "repo");
    let made = oauth.written("POST", "/user/repos", &body);
    assert_eq!(
        (made["full_name"].as_str(), made["private"].as_bool()),
        (Some("mara-lindqvist/Fresh-backup"), Some(true))
    );
    assert_eq!(
        oauth.get("/repos/mara-lindqvist/fresh-backup/contents/README.md")["type"],
        "file"
    );
    assert_eq!(
        message(&oauth.write("POST", "/user/repos", &body)),
        (422, "Validation Failed".to_owned())
    );
    assert_eq!(
        message(&oauth.write("POST", "/orgs/lumen-agency/repos", &body)).0,
        403,
        "a member"
    );
    assert_eq!(
        message(&oauth.write("POST", "/user/repos", &json!({ "name": "" }))).0,
        422
    );
    oauth.written(
        "POST",
        "/orgs/harbour-analytics/repos",
        &json!({ "name": "made-here" }),
    );
    assert_eq!(
        oauth.get("/repos/harbour-analytics/made-here/branches"),
        json!([])
    );
}
