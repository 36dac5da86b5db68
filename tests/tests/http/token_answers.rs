//! Answers of the token endpoint with status 200 that are none, and odd ones that are good.

use crate::refresh::{EXPIRED, details};
use portico_tests::{Front, PORTAL, Play, Stage};
use serde_json::{Value, json};

const TOKEN: &str = "/oauth/2026-03/token";
const JSON: &str = "content-type: application/json\r\n";

async fn fronted() -> (Stage, Front) {
    let mut front = None;
    let stage = Stage::set(|config, _| front = Some(Front::between(config))).await;
    (stage, front.unwrap())
}

fn play(front: &Front, headers: &str, body: &str) {
    front.play(TOKEN, Play::answer("200 OK", headers, body.as_bytes()));
}

/// Each with the headers it comes with.
fn no_answers() -> Vec<(&'static str, &'static str, String)> {
    let good = json!({"access_token": "CK-good", "refresh_token": "na1-good", "expires_in": 1800});
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed.to_string()
    };
    let whole = good.to_string();
    vec![
        (
            "HTML",
            "content-type: text/html\r\n",
            "<html><body>Maintenance</body></html>".into(),
        ),
        ("HTML that says it is JSON", JSON, "<html>".into()),
        ("cut off", JSON, whole[..whole.len() - 8].into()),
        ("nothing", JSON, String::new()),
        ("an empty object", JSON, "{}".into()),
        ("a list", JSON, format!("[{whole}]")),
        (
            "no access token",
            JSON,
            json!({"refresh_token": "na1-good"}).to_string(),
        ),
        ("access token null", JSON, with("access_token", Value::Null)),
        ("access token empty", JSON, with("access_token", json!(""))),
        (
            "access token a number",
            JSON,
            with("access_token", json!(5)),
        ),
        (
            "access token a list",
            JSON,
            with("access_token", json!(["CK-good"])),
        ),
        (
            "refresh token a number",
            JSON,
            with("refresh_token", json!(5)),
        ),
        (
            "refresh token empty",
            JSON,
            with("refresh_token", json!("")),
        ),
        ("lifetime in words", JSON, with("expires_in", json!("soon"))),
        (
            "a token with a line break",
            JSON,
            with("access_token", json!("CK\r\nx: y")),
        ),
        (
            "a token of 64 KiB",
            JSON,
            with("access_token", json!("a".repeat(64 * 1024))),
        ),
        (
            "a refresh token of 64 KiB",
            JSON,
            with("refresh_token", json!("a".repeat(64 * 1024))),
        ),
        (
            "a token a byte too long",
            JSON,
            with("access_token", json!("a".repeat(8 * 1024 + 1))),
        ),
    ]
}

/// UF-7: what cannot be read is weather: nothing of it is kept, the old tokens are, and they work once it is over.
#[tokio::test]
async fn an_answer_that_is_none_is_weather_and_keeps_the_old_tokens() {
    let (stage, front) = fronted().await;
    let id = stage.connected(PORTAL).await;
    let sealed = match stage.database() {
        portico_tests::Database::Sqlite(_) => {
            "SELECT hex(refresh_token) || hex(access_token) FROM connection"
        }
        portico_tests::Database::Postgres(_) => {
            "SELECT encode(refresh_token, 'hex') || encode(access_token, 'hex') FROM connection"
        }
    };
    let before = stage.text(sealed).await;
    for (case, headers, body) in no_answers() {
        stage
            .sql(&format!("{EXPIRED}, next_try_at = NULL, attempts = 0"))
            .await;
        play(&front, headers, &body);
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{case}"
        );
        assert_eq!(front.left(), 0, "{case}");
        let state = stage.text("SELECT state FROM connection").await;
        assert_eq!(state.as_deref(), Some("checking"), "{case}");
        assert_eq!(stage.text(sealed).await, before, "{case}");
    }
    stage
        .sql("UPDATE connection SET next_try_at = NULL, attempts = 0")
        .await;
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// UF-7: for a new portal the same: nothing is connected, the person hears of weather and starts again.
#[tokio::test]
async fn an_answer_that_is_none_connects_nothing() {
    let (stage, front) = fronted().await;
    let admin = stage.admin();
    for (case, headers, body) in no_answers() {
        let flow = admin.start_connect().await;
        let claim = stage.person().consent(&flow, PORTAL).await;
        play(&front, headers, &body);
        let answer = admin.complete(&flow, &claim).await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{case}"
        );
        assert_eq!(front.left(), 0, "{case}");
        assert_eq!(admin.flow(&flow).await["phase"], "failed", "{case}");
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM connection").await, 0);
    stage.connected(PORTAL).await;
}

/// UF-7: fields that nobody knows are passed over, and tokens of eight kibibytes are taken whole.
#[tokio::test]
async fn a_large_token_among_unknown_fields_is_taken() {
    let (stage, front) = fronted().await;
    let id = stage.connected(PORTAL).await;
    let large = format!("CK{}", "a".repeat(8 * 1024 - 2));
    stage.sandbox.with(|state| {
        // The sandbox knows it as it knows its own.
        let (_, known) = state.access_tokens.iter().next().unwrap();
        let known = known.clone();
        state.access_tokens.insert(large.clone(), known);
    });
    stage.sql(EXPIRED).await;
    let body = json!({
        "access_token": large, "expires_in": 1800, "token_type": "bearer", "hub_id": PORTAL,
        "surprise": {"deep": [1, {"er": null}]}, "id_token": "x".repeat(2000), "scopes": null,
    });
    play(&front, JSON, &body.to_string());
    let answer = details(&stage, &id).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = stage.calls("/account-info/2026-03/details");
    let bearer = sent.last().unwrap().headers.iter();
    let bearer = bearer.clone().find(|(name, _)| name == "authorization");
    assert_eq!(bearer.unwrap().1, format!("Bearer {large}"));
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
}
