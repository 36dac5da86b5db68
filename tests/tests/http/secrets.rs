//! ST-1: after a day of use no secret stands in database, log, or answer.

use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Answer, PORTAL, Stage, fragment, location};
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "canary-client-secret-4f1c9a";

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

fn forms(secret: &str) -> Vec<Vec<u8>> {
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

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// ST-1, EM-6, threat model 3: connect, use, refresh, fail, remove; then look everywhere.
#[tokio::test]
async fn no_secret_stands_in_database_log_or_answer() {
    let log = Log::default();
    // Everything, also of the libraries underneath.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();
    let stage = Stage::set(|config, state| {
        config.hubspot.client_secret = SECRET.to_owned().into();
        state.apps[0].client_secret = SECRET.into();
        state.switches.rotate_refresh_tokens = true;
    })
    .await;
    let admin = stage.admin();
    let mut canaries = vec![
        SECRET.to_owned(),
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
    answers.push(admin.get("/v1/connections").await);
    let open = admin.start_connect().await;
    canaries.extend([open.verifier.clone(), open.state.clone()]);
    let kept = stage.person().consent(&open, 25_733_019).await;
    canaries.push(kept);

    let look = |canaries: &[String]| {
        for entry in std::fs::read_dir(stage.data()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for secret in canaries {
                for form in forms(secret) {
                    assert!(
                        !contains(&bytes, &form),
                        "a secret stands in {}",
                        path.display()
                    );
                }
            }
        }
    };
    look(&canaries);
    answers.push(admin.delete(&format!("/v1/connections/{id}")).await);
    look(&canaries);

    assert!(canaries.len() >= 12 && canaries.iter().all(|secret| secret.len() > 15));
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
        for answer in &answers {
            let shown = format!("{:?} {}", answer.headers, answer.text);
            assert!(
                !shown.contains(secret),
                "canary {index} stands in an answer"
            );
        }
    }
}
