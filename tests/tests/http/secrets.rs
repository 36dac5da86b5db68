//! ST-1: after a day of use no secret stands in database, log, or answer.

use portico_proxy::config::Webhook;
use portico_sandbox::github::model::DEMO_APP_CLIENT_SECRET;
use portico_sandbox::{Fault, FaultAnswer, StaticKind};
use portico_tests::{Answer, PORTAL, Stage, fragment, location};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "canary-client-secret-4f1c9a";
const WEBHOOK_SECRET: &str = "whsec_Y2FuYXJ5LXdlYmhvb2stc2VjcmV0LTRmMWM5YQ==";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

pub(crate) fn forms(secret: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let hex = secret
        .bytes()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    [
        secret.to_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex,
        encoded,
    ]
    .map(String::into_bytes)
    .to_vec()
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// Everything this process logs, also the libraries underneath.
fn kept_log() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    let keep = || {
        let log = Log::default();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(log.clone())
            .init();
        log
    };
    LOG.get_or_init(keep).clone()
}

/// No canary stands in the data folder.
async fn look_at_rest(stage: &Stage, canaries: &[String]) {
    for (place, bytes) in stage.at_rest().await {
        for form in canaries.iter().flat_map(|secret| forms(secret)) {
            assert!(!contains(&bytes, &form), "a secret stands in {place}");
        }
    }
}

/// No canary stands in what an operator takes out of the proxy: a backup, and the metrics.
async fn look_at_a_backup_and_the_metrics(stage: &Stage, canaries: &[String]) {
    let metrics = crate::metrics::scrape(stage).await;
    assert!(metrics.contains("portico_token_calls_total"), "{metrics}");
    let mut places = stage.database().backup().await.at_rest().await;
    let size: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(size > 10_000, "the backup has something in it: {size}");
    places.push(("the metrics".into(), metrics.into_bytes()));
    for (place, bytes) in places {
        for form in canaries.iter().flat_map(|secret| forms(secret)) {
            assert!(!contains(&bytes, &form), "a secret stands in {place}");
        }
    }
}

/// No canary was logged or answered.
fn look_at_words(log: &Log, answers: &[Answer], canaries: &[String]) {
    let logged = log.0.lock().unwrap().clone();
    assert!(
        contains(&logged, b"the proxy serves"),
        "the log was really kept"
    );
    for (index, secret) in canaries.iter().enumerate() {
        for form in forms(secret) {
            assert!(
                !contains(&logged, &form),
                "canary {index} stands in the log"
            );
        }
        for answer in answers {
            let shown = format!("{:?} {}", answer.headers, answer.text);
            assert!(
                !shown.contains(secret),
                "canary {index} stands in an answer"
            );
        }
    }
}

/// ST-1, EM-6, threat model 3: connect, use, refresh, fail, remove; then look everywhere.
#[tokio::test]
async fn no_secret_stands_in_database_log_or_answer() {
    let log = kept_log();
    let stage = Stage::set(|config, state| {
        config.hubspot.client_secret = SECRET.to_owned().into();
        // Nobody listens there: what is to be sent waits in the database.
        let mut webhook = Webhook::new("http://127.0.0.1:9/hooks");
        webhook.secrets = vec![WEBHOOK_SECRET.to_owned().into()];
        config.webhooks = vec![webhook];
        config.health_listen = Some(crate::edge::free_address());
        state.apps[0].client_secret = SECRET.into();
        state.switches.rotate_refresh_tokens = true;
    })
    .await;
    let admin = stage.admin();
    let mut canaries = vec![
        SECRET.to_owned(),
        WEBHOOK_SECRET["whsec_".len()..].to_owned(),
        admin.token.clone(),
        stage.proxy.launch_ticket().unwrap().to_owned(),
    ];
    let mut answers: Vec<Answer> = Vec::new();

    let flow = admin.start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, PORTAL, "connect", |_| true)
        .await;
    let code = url::Url::parse(&returned).unwrap();
    let code = code
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let claim = fragment(&location(&stage.person().visit(&returned).await), "claim").unwrap();
    canaries.extend([
        code,
        claim.clone(),
        flow.verifier.clone(),
        flow.state.clone(),
    ]);
    answers.push(admin.complete(&flow, "wrong").await);
    answers.push(admin.complete(&flow, &claim).await);
    let id = answers[1].json()["connection"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let remember = |canaries: &mut Vec<String>| {
        stage.sandbox.with(|state| {
            canaries.extend(state.refresh_tokens.keys().cloned());
            canaries.extend(state.access_tokens.keys().cloned());
        });
    };
    remember(&mut canaries);
    answers.push(admin.relay(&id, "owners.list", &json!({})).await);
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    answers.push(admin.relay(&id, "owners.list", &json!({})).await);
    remember(&mut canaries);
    let fault = Fault {
        path_prefix: "/oauth/2026-03/token".into(),
        method: None,
        remaining: 2,
        answer: FaultAnswer::OAuth("BAD_REFRESH_TOKEN".into()),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    answers.push(admin.relay(&id, "owners.list", &json!({})).await);
    let (key, token) = stage.sandbox.with(|state| {
        let first = state
            .credentials
            .first(4_418_276, StaticKind::ServiceKey)
            .unwrap();
        (first.0.app_id, first.1.to_owned())
    });
    canaries.push(token.clone());
    let mut entered =
        json!({"provider": "hubspot", "token": token, "connection_type": "audit_only"});
    answers.push(admin.post("/v1/connections/static", &entered).await);
    let by_token = answers.last().unwrap().json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    answers.push(admin.relay(&by_token, "account.details", &json!({})).await);
    stage.sandbox.with(|state| state.delete_static(key));
    answers.push(admin.relay(&by_token, "account.details", &json!({})).await);
    answers.push(admin.post("/v1/connections/static", &entered).await);
    entered["connection_type"] = json!("root");
    answers.push(admin.post("/v1/connections/static", &entered).await);
    answers.push(admin.get("/v1/connections").await);
    let open = admin.start_connect().await;
    canaries.extend([open.verifier.clone(), open.state.clone()]);
    let kept = stage.person().consent(&open, 25_733_019).await;
    canaries.push(kept);

    look_at_rest(&stage, &canaries).await;
    look_at_a_backup_and_the_metrics(&stage, &canaries).await;
    answers.push(admin.delete(&format!("/v1/connections/{id}")).await);
    look_at_rest(&stage, &canaries).await;

    assert!(canaries.len() >= 12 && canaries.iter().all(|secret| secret.len() > 15));
    look_at_words(&log, &answers, &canaries);
}

/// ST-1 for GitHub, whose revocation and token check carry the client secret in a header.
#[tokio::test]
async fn no_secret_of_github_stands_in_database_log_or_answer() {
    let log = kept_log();
    let stage = Stage::with_github().await;
    let admin = stage.admin();
    let github = stage.config.github.as_ref().unwrap();
    let basic = format!("{}:{}", github.client_id, DEMO_APP_CLIENT_SECRET);
    let mut canaries = vec![DEMO_APP_CLIENT_SECRET.to_owned(), basic];
    let mut answers: Vec<Answer> = Vec::new();
    let id = crate::github::id_of(&stage.connect_github(crate::github::MARA).await);
    let remember = |canaries: &mut Vec<String>| {
        stage.sandbox.with(|state| {
            canaries.extend(state.github.refresh_tokens.keys().cloned());
            canaries.extend(state.github.tokens.keys().cloned());
        });
    };
    remember(&mut canaries);
    let now = stage.sandbox.now();
    stage
        .sandbox
        .with(|state| state.github.expire_tokens(crate::github::MARA, now));
    answers.push(admin.relay(&id, "github.user", &json!({})).await);
    remember(&mut canaries);
    look_at_rest(&stage, &canaries).await;
    let fault = Fault {
        path_prefix: "/api/v3/applications".into(),
        method: None,
        remaining: 1,
        answer: FaultAnswer::Status(500),
    };
    stage.sandbox.with(|state| state.faults.push(fault));
    answers.push(admin.delete(&format!("/v1/connections/{id}")).await);
    assert_eq!(stage.count("SELECT COUNT(*) FROM revocation").await, 1);
    look_at_rest(&stage, &canaries).await;
    assert!(canaries.len() == 6 && canaries.iter().all(|secret| secret.len() > 15));
    look_at_words(&log, &answers, &canaries);
}

/// ST-1: a process that crashes leaves no image of its memory behind, whatever the machine allows.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crash_leaves_no_image() {
    let stage = Stage::open().await;
    let replica = portico_tests::Replica::start(&stage).await;
    let limits = format!("/proc/{}/limits", replica.process_id());
    let limits = std::fs::read_to_string(limits).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let numbers: Vec<&str> = core.unwrap().split_whitespace().skip(4).collect();
    assert_eq!(numbers, ["0", "0", "bytes"]);
}

/// ST-1: over HTTP/2 too nothing of a request stands in the log, however much the libraries tell.
#[tokio::test]
async fn no_secret_of_an_http2_request_is_logged() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    // All of this test runs on one thread.
    let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let stage = Stage::open().await;
    let socket = tokio::net::TcpStream::connect(stage.proxy.address())
        .await
        .unwrap();
    let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(connection);
    let url = format!(
        "{}/v1/solo/launch?canary-of-the-query=1",
        stage.config.base_url
    );
    for _ in 0..2 {
        // Twice, so that fields come from the table of the header compression.
        let request = http::Request::post(&url)
            .header("authorization", "Bearer canary-of-the-header")
            .header("x-canary", "canary-of-a-field")
            .header("content-type", "application/json")
            .body(())
            .unwrap();
        let (answer, mut body) = client.send_request(request, false).unwrap();
        let sent = json!({"ticket": "canary-of-the-body"}).to_string();
        body.send_data(bytes::Bytes::from(sent), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 400);
    }
    let logged = log.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&logged);
    assert!(text.contains("h2::"), "the library was heard");
    for line in text.lines() {
        assert!(!line.contains("canary"), "{line}");
    }
}
