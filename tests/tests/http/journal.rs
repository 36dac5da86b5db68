//! The journal: complete, readable by admins alone, and handed over so that anybody can verify it.

use portico_core::journal::{Action, JournalEntry, JournalPage, genesis, verify_export};
use portico_core::wire::Role;
use portico_tests::{Caller, Flow, PORTAL, Stage, encoded};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const OTHER_PORTAL: u64 = 25_733_019;

/// A page of the journal, as the browser will read it.
async fn read(caller: &Caller, query: &str) -> JournalPage {
    let answer = caller.get(&format!("/v1/journal{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    serde_json::from_str(&answer.text).unwrap()
}

/// Action, outcome and reason of every entry, oldest first.
async fn told(stage: &Stage) -> Vec<(String, String, String)> {
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

async fn rename(stage: &Stage, id: &str, version: u32) -> u16 {
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
            "INSERT INTO org VALUES ('{tenant}', 'rival', 1, 'x'), ('other', 'demo', 1, 'y');
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
    stage
        .sql("DROP TRIGGER journal_is_never_cut; DELETE FROM journal WHERE seq = 4")
        .await;
    let admin = stage.admin();
    let response = admin
        .request(Method::GET, "/v1/journal/export")
        .send()
        .await;
    assert!(response.unwrap().text().await.is_err());
}

async fn complete_with(stage: &Stage, flow: &Flow, claim: &str, verifier: &str) -> u16 {
    let proof = json!({ "claim": claim, "code_verifier": verifier });
    let path = format!("/v1/flows/{}/complete", flow.id);
    stage.admin().post(&path, &proof).await.status
}

/// P12, AR-2, AR-3, AR-5, AR-6, EX-1, EX-2, R15, J25, J29: whoever is known and is refused stands in the journal, with the reason
/// where the code does not say it all.
#[tokio::test]
async fn every_refused_try_of_a_known_person_is_written() {
    let stage = Stage::set(|config, _| config.solo.max_connections = 2).await;
    let admin = stage.admin();
    let connection = stage.connect(PORTAL).await;
    let id = connection["id"].as_str().unwrap();
    let mut want = BTreeSet::new();
    let mut expect = |action: &str, outcome: &str, reason: &str| {
        want.insert((action.to_owned(), outcome.to_owned(), reason.to_owned()));
    };

    for (change, outcome, reason) in [
        (
            json!({"return_uri": "https://evil.example/"}),
            "invalid_return_uri",
            "",
        ),
        (json!({"code_challenge": "short"}), "invalid_pkce", ""),
        (json!({"state_hash": "short"}), "invalid_state_hash", ""),
        (
            json!({"optional_scopes": ["no.such"]}),
            "scope_not_configured",
            "The scope no.such is not configured on the app.",
        ),
        (json!({"scopes": ["<b>"]}), "invalid_request", ""),
        (
            json!({"intent": "reconnect", "connection_id": "nobody"}),
            "not_found",
            "",
        ),
    ] {
        let mut body = admin.any_connect_body();
        let changes = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(changes);
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(answer.code().as_deref(), Some(outcome), "{}", answer.text);
        expect("flow.start", outcome, reason);
    }
    assert_eq!(rename(&stage, id, 9).await, 412);
    expect("connection.update", "version_conflict", "");
    assert_eq!(rename(&stage, "nobody", 1).await, 404);
    expect("connection.update", "not_found", "");
    assert_eq!(admin.delete("/v1/connections/nobody").await.status, 404);
    expect("connection.remove", "not_found", "");
    assert_eq!(admin.delete("/v1/flows/nobody").await.status, 404);
    expect("flow.cancel", "not_found", "");

    let flow = admin.start_connect().await;
    assert_eq!(
        complete_with(&stage, &flow, &encoded(1), &flow.verifier).await,
        403
    );
    expect("flow.complete", "claim_required", "");
    let claim = stage.person().consent(&flow, OTHER_PORTAL).await;
    assert_eq!(complete_with(&stage, &flow, &claim, &encoded(2)).await, 400);
    expect("flow.complete", "bad_verifier", "");

    let flow = admin.start_reconnect(&connection).await;
    let mut elsewhere = flow.clone();
    elsewhere.authorize_url = flow
        .authorize_url
        .replace(&format!("/oauth/{PORTAL}/"), "/oauth/");
    let claim = stage.person().consent(&elsewhere, OTHER_PORTAL).await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 409);
    let both = format!("Portal {PORTAL} was to be reconnected, but {OTHER_PORTAL} was chosen.");
    expect("flow.complete", "wrong_portal", &both);

    let flow = admin.start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    stage.sql("UPDATE connection SET org = 'rival'").await;
    assert_eq!(admin.complete(&flow, &claim).await.status, 409);
    let linked = format!("Portal {PORTAL} is linked to another organization.");
    expect("flow.complete", "portal_linked_elsewhere", &linked);
    stage.sql("UPDATE connection SET org = 'demo'").await;

    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(admin.start_connect().await);
    }
    assert_eq!(
        admin
            .post("/v1/flows", &admin.any_connect_body())
            .await
            .status,
        429
    );
    expect("flow.start", "too_many_flows", "");
    for flow in &open {
        assert_eq!(
            admin.delete(&format!("/v1/flows/{}", flow.id)).await.status,
            204
        );
    }
    stage.connected(OTHER_PORTAL).await;
    assert_eq!(
        admin
            .post("/v1/flows", &admin.any_connect_body())
            .await
            .status,
        409
    );
    expect("flow.start", "plan_limit", "2 of 2 portals are in use.");

    let flow_of_member = stage
        .member()
        .post("/v1/flows", &admin.any_connect_body())
        .await;
    assert_eq!(flow_of_member.status, 403);
    expect("flow.start", "role_required", "");
    let elsewhere = stage
        .proxy
        .mint_session("you", Role::Admin, &stage.config.base_url)
        .unwrap();
    let bare = admin
        .bare(Method::GET, "/v1/connections")
        .bearer_auth(elsewhere.token);
    assert_eq!(
        admin.send(bare).await.refusal(),
        (403, "origin_mismatch".into())
    );
    expect("session.use", "origin_mismatch", "");

    let refused: BTreeSet<_> = told(&stage)
        .await
        .into_iter()
        .filter(|(action, outcome, _)| outcome != "done" && action != "grant.revoke")
        .collect();
    assert_eq!(refused, want);
    // A grant that was not kept and must not be revoked either, for the portal's own connection lives on it.
    let kept = "SELECT COUNT(*) FROM journal WHERE action = 'grant.revoke' AND outcome = 'kept'";
    crate::exchange::until(async || stage.count(kept).await == 1).await;
}

/// P12: who is not known leaves no trace there, or strangers could write in it.
#[tokio::test]
async fn what_strangers_try_is_not_written() {
    let stage = Stage::open().await;
    let caller = Caller::new(
        stage.config.clone(),
        "a.b.c".into(),
        stage.config.base_url.clone(),
    );
    let body = caller.any_connect_body();
    assert_eq!(caller.post("/v1/flows", &body).await.status, 401);
    assert_eq!(caller.get("/v1/journal").await.status, 401);
    assert_eq!(caller.delete("/v1/connections/x").await.status, 401);
    let ticket = json!({"ticket": encoded(1), "public_key": {}});
    assert_eq!(caller.post("/v1/solo/launch", &ticket).await.status, 400);
    let unknown = format!(
        "{}/callback/hubspot?code=x&state={}",
        stage.config.base_url,
        encoded(2)
    );
    assert_eq!(stage.person().visit(&unknown).await.status(), 400);
    assert_eq!(read(&stage.admin(), "").await.head.seq, 0);
}

/// P12, OV-4: nobody fills the disk with refused tries; what is not written is counted, and the count is written.
#[tokio::test]
async fn a_flood_of_refused_tries_is_counted() {
    let stage = Stage::open().await;
    let member = stage.member();
    for _ in 0..37 {
        assert_eq!(member.delete("/v1/connections/x").await.status, 403);
    }
    // Whoever has a state may come back with it as often as he likes.
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    for _ in 0..34 {
        stage.person().visit(&returned).await;
    }
    assert_eq!(stage.admin().delete("/v1/connections/x").await.status, 404);
    let of = |actor: &str| format!("SELECT COUNT(*) FROM journal WHERE actor = '{actor}'");
    assert_eq!(stage.count(&of("mel")).await, 30);
    // One return that counted, and thirty that did not.
    assert_eq!(stage.count(&of("provider")).await, 31);
    assert_eq!(stage.count(&of("you")).await, 2);

    // The counts come before the proxy is gone, whoever is quiet then.
    let stage = stage.restart().await;
    let last = |actor: &str| {
        format!(
            "SELECT action || ' ' || outcome || ' ' || reason FROM journal WHERE actor = '{actor}' ORDER BY seq DESC LIMIT 1"
        )
    };
    let counted = "connection.remove role_required 7 more refused tries were not written";
    assert_eq!(stage.text(&last("mel")).await.as_deref(), Some(counted));
    let counted = "flow.return repeated 3 more refused tries were not written";
    assert_eq!(
        stage.text(&last("provider")).await.as_deref(),
        Some(counted)
    );
    let export = stage.admin().get("/v1/journal/export").await;
    verify_export(&export.text).unwrap();
}

/// P12, CB-3, CP-1: an authorization that nobody finished has an end in the journal, each in its own words.
#[tokio::test]
async fn a_flow_that_runs_out_is_written() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let (late, unclaimed, lost) = (
        admin.start_connect().await,
        admin.start_connect().await,
        admin.start_connect().await,
    );
    for (id, change) in [
        (&late.id, "expires_at = unixepoch('subsec') - 1"),
        (
            &unclaimed.id,
            "phase = 'coded', claim_until = unixepoch('subsec') - 1",
        ),
        (
            &lost.id,
            "phase = 'exchanging', exchanging_at = unixepoch('subsec') - 61",
        ),
    ] {
        stage
            .sql(&format!("UPDATE flow SET {change} WHERE id = '{id}'"))
            .await;
    }
    // Housekeeping begins with the proxy.
    let stage = stage.restart().await;
    let written = "SELECT COUNT(*) FROM journal WHERE action = 'flow.expire'";
    crate::exchange::until(async || stage.count(written).await == 3).await;
    for (id, want) in [
        (late.id, "flow_expired"),
        (unclaimed.id, "claim_required"),
        (lost.id, "flow_lost"),
    ] {
        let page = read(&stage.admin(), &format!("?action=flow.expire&target={id}")).await;
        let entry: Value = serde_json::to_value(&page.entries[0]).unwrap();
        assert_eq!(
            (&entry["outcome"], &entry["actor"]),
            (&json!(want), &json!("proxy"))
        );
    }
}
