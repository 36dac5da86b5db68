//! The journal: complete, readable by admins alone, and handed over so that anybody can verify it.

use portico_core::journal::{Action, JournalEntry, JournalPage, genesis, verify_export};
use portico_tests::{Caller, PORTAL, Stage};
use reqwest::Method;
use serde_json::json;

const OTHER_PORTAL: u64 = 25_733_019;

/// A page of the journal, as the browser will read it.
pub(crate) async fn read(caller: &Caller, query: &str) -> JournalPage {
    let answer = caller.get(&format!("/v1/journal{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_str(&answer.text).unwrap()
}

/// Action, outcome and reason of every entry, oldest first.
pub(crate) async fn told(stage: &Stage) -> Vec<(String, String, String)> {
    let page = read(&stage.admin(), "?order=asc&limit=500").await;
    let told = |entry: JournalEntry| {
        assert!(Action::from_word(&entry.action).is_some(), "{entry:?}");
        (
            entry.action,
            entry.outcome,
            entry.reason.unwrap_or_default(),
        )
    };
    page.entries.into_iter().map(told).collect()
}

fn seqs(page: &JournalPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.seq).collect()
}

pub(crate) async fn rename(stage: &Stage, id: &str, version: u32) -> u16 {
    let admin = stage.admin();
    let change = json!({"label": "Nord", "connection_type": "audit_only"});
    let request = admin
        .request(Method::PATCH, &format!("/v1/connections/{id}"))
        .header("if-match", format!("\"{version}\""))
        .json(&change);
    admin.send(request).await.status
}

/// P12: a portal's whole life stands there: who, what, of which connection, how it ended and why.
#[tokio::test]
async fn the_life_of_a_connection_stands_in_the_journal() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let cancelled = admin.start_connect().await;
    assert_eq!(
        admin
            .delete(&format!("/v1/flows/{}", cancelled.id))
            .await
            .status,
        204
    );
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    assert_eq!(rename(&stage, id, 1).await, 200);
    let flow = admin.start_reconnect(&connection).await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 200);
    let kept = format!("/v1/connections/{id}?revoke=false");
    assert_eq!(admin.delete(&kept).await.status, 200);
    let id = stage.connected(OTHER_PORTAL).await;
    assert_eq!(
        admin.delete(&format!("/v1/connections/{id}")).await.status,
        200
    );

    let by_flow =
        |action: &str, portal: u64| (action.to_owned(), format!("portal {portal}, by flow "));
    let (added, again) = (
        by_flow("connection.add", PORTAL),
        by_flow("connection.reconnect", PORTAL),
    );
    let other = by_flow("connection.add", OTHER_PORTAL);
    let left = format!("portal {PORTAL}; its grant was left alive on request (revoke=false)");
    let gone = format!("portal {OTHER_PORTAL}; its grant is to be revoked");
    let reconnect = format!(
        "reconnect of connection {}",
        connection["id"].as_str().unwrap()
    );
    let want = [
        ("flow.start", "connect"),
        ("flow.cancel", ""),
        ("flow.start", "connect"),
        ("flow.return", ""),
        ("flow.complete", ""),
        (&added.0, &added.1),
        ("connection.update", "label, connection type audit_only"),
        ("flow.start", &reconnect),
        ("flow.return", ""),
        ("flow.complete", ""),
        (&again.0, &again.1),
        ("connection.remove", &left),
        ("flow.start", "connect"),
        ("flow.return", ""),
        ("flow.complete", ""),
        (&other.0, &other.1),
        ("connection.remove", &gone),
        ("grant.revoke", ""),
    ];
    let told = told(&stage).await;
    assert_eq!(told.len(), want.len(), "{told:#?}");
    for ((action, outcome, reason), (want_action, want_reason)) in told.iter().zip(want) {
        assert_eq!((action.as_str(), outcome.as_str()), (want_action, "done"));
        assert!(reason.starts_with(want_reason), "{action}: {reason}");
        assert_eq!(
            reason.is_empty(),
            want_reason.is_empty(),
            "{action}: {reason}"
        );
        assert!(!reason.contains("Nord"), "a label is somebody's text");
    }
    let of_it = read(&stage.admin(), &format!("?target={id}&order=asc")).await;
    let actors: Vec<_> = of_it
        .entries
        .iter()
        .map(|entry| entry.actor.as_str())
        .collect();
    assert_eq!(actors, ["you", "you"]);
    assert!(of_it.entries.iter().all(|entry| entry.session.is_some()));
    let provider = read(&stage.admin(), "?actor=provider").await;
    assert!(
        provider
            .entries
            .iter()
            .all(|entry| entry.action == "flow.return")
    );
}

/// P12: filters narrow, pages follow each other without gap or repetition, in both orders.
#[tokio::test]
async fn the_journal_is_filtered_and_paged() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let id = stage.connected(PORTAL).await;
    assert_eq!(rename(&stage, &id, 7).await, 412);
    assert_eq!(rename(&stage, &id, 1).await, 200);
    let all = read(&admin, "").await;
    assert_eq!(seqs(&all), [6, 5, 4, 3, 2, 1]);
    assert_eq!((all.head.seq, &all.head.hash), (6, &all.entries[0].hash));
    assert_eq!(all.next, None);
    let middle = all.entries[2].at_ms;
    for (query, want) in [
        ("?order=asc".to_owned(), vec![1, 2, 3, 4, 5, 6]),
        ("?action=connection.".to_owned(), vec![6, 5, 4]),
        ("?action=connection.update".to_owned(), vec![6, 5]),
        ("?action=connection".to_owned(), vec![]),
        ("?action=connection_".to_owned(), vec![]),
        ("?action=connection.&outcome=done".to_owned(), vec![6, 4]),
        ("?outcome=version_conflict".to_owned(), vec![5]),
        ("?actor=provider".to_owned(), vec![2]),
        ("?actor=you&action=flow.&order=asc".to_owned(), vec![1, 3]),
        (format!("?target={id}"), vec![6, 5, 4]),
        ("?actor=%25".to_owned(), vec![]),
        ("?actor=%27%20OR%201=1%20--".to_owned(), vec![]),
        (format!("?to_ms={}", all.entries[5].at_ms), vec![]),
        (format!("?from_ms={}", all.entries[0].at_ms + 1), vec![]),
    ] {
        assert_eq!(seqs(&read(&admin, &query).await), want, "{query}");
    }
    let (before, since) = (
        read(&admin, &format!("?to_ms={middle}")).await,
        read(&admin, &format!("?from_ms={middle}")).await,
    );
    assert_eq!(before.entries.len() + since.entries.len(), 6);
    assert!(before.entries.iter().all(|entry| entry.at_ms < middle));
    for (order, want) in [("desc", [6, 5, 4, 3, 2, 1]), ("asc", [1, 2, 3, 4, 5, 6])] {
        let mut found = Vec::new();
        let mut query = format!("?order={order}&limit=4");
        loop {
            let page = read(&admin, &query).await;
            found.extend(seqs(&page));
            assert_eq!(page.head, all.head);
            match page.next {
                Some(next) => query = format!("?order={order}&limit=4&after={next}"),
                None => break,
            }
        }
        assert_eq!(found, want, "{order}");
    }
    // A page that ends exactly with the journal has none after it.
    assert_eq!(read(&admin, "?limit=6").await.next, None);
    for query in [
        "?limit=0",
        "?limit=501",
        "?limit=-1",
        "?limit=x",
        "?order=up",
        "?after=6",
        "?after=",
        "?action=",
        "?actor=a%00b",
        "?from_ms=now",
        "?unknown=1",
        "?limit=1&limit=2",
    ] {
        let answer = admin.get(&format!("/v1/journal{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{query}");
    }
    // Queries that are no questions are no tries either.
    assert_eq!(read(&admin, "").await.head, all.head);
}

/// P12, AR-4: members see no journal, and their try stands in it. Another organization's is not there at all.
#[tokio::test]
async fn the_journal_is_for_admins_of_its_own_organization() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let empty = read(&admin, "").await;
    let tenant = admin.get("/v1/session").await.json()["iss"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        (empty.head.seq, empty.head.hash),
        (0, genesis(&tenant, "demo"))
    );
    stage
        .sql(&format!(
            "INSERT INTO org (tenant, org, journal_seq, journal_hash) VALUES ('{tenant}', 'rival', 1, 'x'), ('other', 'demo', 1, 'y');
             INSERT INTO journal VALUES ('{tenant}', 'rival', 1, 1, 'eve', 'flow.start', NULL, 'done', NULL, NULL, 'x'),
                ('other', 'demo', 1, 1, 'eve', 'flow.start', NULL, 'done', NULL, NULL, 'y')"
        ))
        .await;
    let member = stage.member();
    for path in ["/v1/journal", "/v1/journal/export"] {
        assert_eq!(
            member.get(path).await.refusal(),
            (403, "role_required".into())
        );
        let bare = member.send(member.bare(Method::GET, path)).await;
        assert_eq!(bare.refusal(), (401, "session_required".into()));
    }
    let page = read(&admin, "?order=asc").await;
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|entry| {
            (
                entry.actor.as_str(),
                entry.action.as_str(),
                entry.outcome.as_str(),
            )
        })
        .collect();
    let want = [
        ("mel", "journal.read", "role_required"),
        ("mel", "journal.export", "role_required"),
    ];
    assert_eq!(told, want);
    let export = admin.get("/v1/journal/export").await;
    assert!(!export.text.contains("eve"));
    assert_eq!(verify_export(&export.text).unwrap().entries, 2);
}

/// Adds entries behind those that are there, bound to them as the proxy binds its own.
async fn append(stage: &Stage, count: u64) {
    let page = read(&stage.admin(), "?limit=1").await;
    let (tenant, org) = ("(SELECT tenant FROM org)", "'demo'");
    let (mut previous, first) = (page.head.hash, page.head.seq + 1);
    let mut rows = Vec::new();
    for seq in first..first + count {
        let mut entry = JournalEntry {
            seq,
            at_ms: 1_790_000_000_000,
            actor: "ada".into(),
            action: "flow.start".into(),
            target: None,
            outcome: "done".into(),
            reason: Some("it's \"quoted\", ü and <b>".into()),
            session: None,
            hash: String::new(),
        };
        entry.hash = entry.hash_after(&previous);
        previous.clone_from(&entry.hash);
        let reason = entry.reason.unwrap().replace('\'', "''");
        rows.push(format!(
            "({tenant}, {org}, {seq}, 1790000000000, 'ada', 'flow.start', NULL, 'done', '{reason}', NULL, '{previous}')"
        ));
    }
    let last = first + count - 1;
    let rows = rows.join(", ");
    let head = format!("UPDATE org SET journal_seq = {last}, journal_hash = '{previous}'");
    stage
        .sql(&format!(
            "BEGIN; INSERT INTO journal VALUES {rows}; {head}; COMMIT"
        ))
        .await;
}

/// P12: an export of any length verifies, is the same bytes whenever it is asked for, and has parts that fit.
#[tokio::test]
async fn an_export_verifies_and_never_changes() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    stage.connected(PORTAL).await;
    append(&stage, 1_300).await;
    let export = admin.get("/v1/journal/export").await;
    assert_eq!(export.status, 200);
    assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(export.header("cache-control"), Some("no-store"));
    let name = "attachment; filename=\"portico-journal-demo-1.jsonl\"";
    assert_eq!(export.header("content-disposition"), Some(name));
    let verified = verify_export(&export.text).unwrap();
    let head = read(&admin, "?limit=1").await.head;
    assert_eq!((verified.entries, &verified.head), (1_304, &head.hash));
    assert_eq!(head.seq, 1_304);

    // What is done afterwards is not in it, and the same part stays the same bytes.
    stage.connected(OTHER_PORTAL).await;
    let again = admin.get("/v1/journal/export?first=1&last=1304").await;
    assert_eq!(again.text, export.text);
    let grown = admin.get("/v1/journal/export").await;
    assert!(grown.text.starts_with(&export.text) && grown.text.len() > export.text.len());
    assert_eq!(verify_export(&grown.text).unwrap().entries, 1_308);

    // Parts join: the header of the second names the hash that the first ends with.
    let first = verify_export(&admin.get("/v1/journal/export?last=700").await.text).unwrap();
    let second = verify_export(&admin.get("/v1/journal/export?first=701").await.text).unwrap();
    assert_eq!(second.header.previous, first.head);
    assert_eq!((first.entries, second.entries), (700, 608));
    let none = verify_export(&admin.get("/v1/journal/export?first=1309").await.text).unwrap();
    assert_eq!(none.entries, 0);
    for query in [
        "?first=0",
        "?first=1310",
        "?first=9&last=7",
        "?last=-1",
        "?part=1",
    ] {
        let answer = admin.get(&format!("/v1/journal/export{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{query}");
    }
}

/// P12: an entry whose end is gone is not passed over in silence.
#[tokio::test]
async fn an_export_with_its_end_cut_off_breaks_off() {
    let stage = Stage::open().await;
    stage.connected(PORTAL).await;
    let unlocked = stage.database().journal_unlocked();
    stage
        .sql(&format!("{unlocked} DELETE FROM journal WHERE seq = 4"))
        .await;
    let admin = stage.admin();
    let response = admin
        .request(Method::GET, "/v1/journal/export")
        .send()
        .await;
    // It may break off before its head has left the proxy, or in the middle.
    let broken = match response {
        Ok(response) => response.text().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(!broken.is_connect() && !broken.is_timeout(), "{broken}");
    assert_eq!(admin.get("/v1/journal").await.status, 200, "it goes on");
}
