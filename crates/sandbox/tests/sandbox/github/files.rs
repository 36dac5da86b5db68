//! Reading files and history: contents by path, commits, comparison (D40, D43).

use portico_sandbox::Request;

use super::reading::{CONFIG, names};
use super::{MARA, Octo, fresh};

#[test]
fn contents_come_in_three_media_types() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let file = format!("{CONFIG}/contents/notes/%C3%BCn%C3%AFcode%20%26%20space.txt");
    let shown = octo.get(&file);
    assert_eq!(
        (shown["type"].as_str(), shown["encoding"].as_str()),
        (Some("file"), Some("base64"))
    );
    assert_eq!(shown["content"], "QmFja3VwIG9mIHdlZWsgMTEK\n");
    let with =
        |target: &str, accept: &str| octo.send(Request::get(target).with_header("accept", accept));
    for accept in [
        "application/vnd.github.raw+json",
        "application/vnd.github.v3.raw",
        "application/vnd.github.raw",
    ] {
        let raw = with(&file, accept);
        assert_eq!(
            (raw.text().as_str(), raw.header("x-github-media-type")),
            (
                "Backup of week 11\n",
                Some("github.v3; param=raw; format=json")
            )
        );
    }
    assert_eq!(
        names(&octo.get(&format!("{CONFIG}/contents"))),
        ["README.md", "notes", "properties"]
    );
    let object = with(
        &format!("{CONFIG}/contents/properties"),
        "application/vnd.github.object+json",
    )
    .to_value();
    assert_eq!(
        (object["type"].as_str(), names(&object["entries"])),
        (Some("dir"), vec!["contacts.json"])
    );
    let older = octo.get(&format!("{CONFIG}/contents/?ref=feature/pipelines"));
    assert!(names(&older).contains(&"pipelines"));
    for (target, want) in [
        ("contents/none", "Not Found"),
        ("contents/README.md/below", "Not Found"),
        (
            "contents/README.md?ref=none",
            "No commit found for the ref none",
        ),
    ] {
        assert_eq!(
            octo.refused(&format!("{CONFIG}/{target}")),
            (404, want.to_owned()),
            "{target}"
        );
    }
    assert_eq!(octo.refused(&format!("{CONFIG}/contents/a/../b")).0, 422);
    assert_eq!(
        octo.refused("/repos/mara-lindqvist/hubspot-backup/contents"),
        (404, "This repository is empty.".to_owned())
    );
}

#[test]
fn history_and_comparison_follow_the_parents() {
    let sandbox = fresh();
    let octo = Octo::app(&sandbox, MARA);
    let messages = |query: &str| -> Vec<String> {
        let list = octo.get(&format!("{CONFIG}/commits?per_page=100{query}"));
        list.as_array()
            .unwrap()
            .iter()
            .map(|c| c["commit"]["message"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(messages("").len(), 13);
    assert_eq!(
        (messages("")[0].as_str(), messages("")[12].as_str()),
        ("Backup 11", "Initial commit")
    );
    assert_eq!(messages("&path=README.md"), ["Initial commit"]);
    assert_eq!(messages("&sha=staging")[0], "Try another property");
    assert_eq!(messages("&author=nobody"), Vec::<String>::new());
    assert_eq!(
        messages(
            "&author=mara-lindqvist&since=2026-06-20T00:00:00Z&until=2026-07-10T00:00:00%2B02:00"
        )
        .len(),
        3
    );
    assert_eq!(
        octo.refused(&format!("{CONFIG}/commits?since=yesterday")).0,
        422
    );
    assert_eq!(octo.refused(&format!("{CONFIG}/commits?sha=none")).0, 404);
    assert_eq!(
        octo.refused("/repos/mara-lindqvist/hubspot-backup/commits"),
        (409, "Git Repository is empty.".to_owned())
    );

    let between = octo.get(&format!("{CONFIG}/compare/staging...feature/pipelines"));
    assert_eq!(
        (
            between["status"].as_str(),
            between["ahead_by"].as_u64(),
            between["behind_by"].as_u64()
        ),
        (Some("diverged"), Some(1), Some(1))
    );
    assert_eq!(between["files"][0]["filename"], "pipelines/deals.json");
    assert_eq!(between["files"][0]["status"], "added");
    assert_eq!(
        octo.get(&format!("{CONFIG}/compare/main...main"))["status"],
        "identical"
    );
    assert_eq!(
        octo.get(&format!("{CONFIG}/compare/staging...main"))["status"],
        "behind"
    );
    let commit = octo.get(&format!("{CONFIG}/commits/main"));
    assert_eq!(
        (
            commit["stats"]["additions"].as_u64(),
            commit["stats"]["deletions"].as_u64()
        ),
        (Some(2), Some(2))
    );
    assert_eq!(commit["author"]["login"], MARA);
    assert_eq!(octo.refused(&format!("{CONFIG}/commits/none")).0, 422);
    assert_eq!(
        octo.refused(&format!("{CONFIG}/compare/main..staging")).0,
        404
    );
}
