//! The program itself, as an operator runs it: its log lines, its traces, and how it ends.
//! What the proxy does is tested in `tests/`; here only what `main` adds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "whatever goes wrong here is a failed test"
)]

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

const SECRET: &str = "canary-client-secret-77aa";
const BEARER: &str = "canary-bearer-51c0";
const QUERY: &str = "canary-query-09ef";
const BODY: &str = "canary-body-3b1d";

struct Running {
    child: Child,
    base_url: String,
    launch: String,
}

/// Starts the program with `extra` in its configuration.
async fn start(folder: &Path, extra: &str, environment: &[(&str, &str)]) -> Running {
    let config = format!(
        "base_url = \"http://localhost:0\"\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
        {extra}\n[hubspot]\nclient_id = \"a-client\"\nclient_secret_file = \"secret\"\n"
    );
    fs::write(folder.join("secret"), SECRET).unwrap();
    let path = folder.join("portico.toml");
    fs::write(&path, config).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_portico-proxy"))
        .args(["serve", "--config"])
        .arg(&path)
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = async || {
        let line = timeout(Duration::from_secs(30), lines.next_line());
        line.await
            .unwrap()
            .unwrap()
            .expect("the program says where it listens")
    };
    let base_url = line()
        .await
        .strip_prefix("listening on ")
        .unwrap()
        .to_owned();
    let launch = line().await.split("launch=").nth(1).unwrap().to_owned();
    Running {
        child,
        base_url,
        launch,
    }
}

impl Running {
    /// Asks for things with a canary in every place that could be logged.
    async fn use_it(&self) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let at = |path: &str| format!("{}{path}?q={QUERY}", self.base_url);
        let asked = client.get(at("/v1/session")).bearer_auth(BEARER);
        assert_eq!(asked.send().await.unwrap().status(), 401);
        let launched = client
            .post(at("/v1/solo/launch"))
            .json(&serde_json::json!({ "ticket": BODY }));
        assert_eq!(launched.send().await.unwrap().status(), 400);
        let returned = client
            .get(at("/callback/hubspot"))
            .header("sec-fetch-mode", "navigate");
        returned.send().await.unwrap();
        let odd = client.get(at(&format!("/{QUERY}")));
        assert_eq!(odd.send().await.unwrap().status(), 404);
    }

    /// Ends it as an operator's supervisor does.
    async fn end(self) -> (Output, Duration) {
        let began = Instant::now();
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap());
        rustix::process::kill_process(id.unwrap(), rustix::process::Signal::TERM).unwrap();
        let output = timeout(Duration::from_secs(30), self.child.wait_with_output());
        (
            output.await.expect("it ends within half a minute").unwrap(),
            began.elapsed(),
        )
    }
}

fn assert_no_canary(what: &str, bytes: &[u8], launch: &str) {
    let text = String::from_utf8_lossy(bytes);
    for canary in [SECRET, BEARER, QUERY, BODY, launch] {
        assert!(!text.contains(canary), "{canary} stands in {what}:\n{text}");
    }
}

/// A collector of OTLP over HTTP; answers 200 and keeps what it got.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let keep = Arc::clone(&keep);
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                // Every call of a small batch comes in one piece or two; the answer ends none of them.
                while let Ok(read) = stream.read(&mut buffer).await {
                    if read == 0 {
                        return;
                    }
                    keep.lock().unwrap().extend_from_slice(&buffer[..read]);
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                        .await;
                }
            });
        }
    });
    (url, kept)
}

/// Issue 4, build 5: spans go to a configured collector, with route and status and without a secret.
#[tokio::test]
async fn a_collector_receives_the_span_of_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let (url, kept) = collector().await;
    let extra = format!("[telemetry]\notlp_endpoint = \"{url}\"\n");
    let proxy = start(folder.path(), &extra, &[("PORTICO_LOG", "trace")]).await;
    proxy.use_it().await;
    let launch = proxy.launch.clone();
    let (output, _) = proxy.end().await;
    assert!(output.status.success());
    let sent = kept.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&sent);
    for part in [
        "POST /v1/traces ",
        "GET /v1/session",
        "http.route",
        "/callback/{provider}",
        "http.response.status_code",
        "session_required",
        "correlation_id",
        "portico-proxy",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert_no_canary("the traces", &sent, &launch);
    assert_no_canary("the log", &output.stderr, &launch);
}

/// Issue 4, build 5: one JSON object a line, with the route and never the address; nothing else at any level.
#[tokio::test]
async fn log_lines_are_json_with_the_route_and_no_secret() {
    let loud = "trace,hyper=trace,hyper_util=trace,h2=trace,reqwest=trace,sqlx=trace,tower=trace,rustls=trace,axum=trace";
    for (extra, environment) in [
        ("[telemetry]\nlog_format = \"json\"\n", vec![]),
        (
            "",
            vec![("PORTICO_LOG_FORMAT", "json"), ("PORTICO_LOG", loud)],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let proxy = start(folder.path(), extra, &environment).await;
        proxy.use_it().await;
        let launch = proxy.launch.clone();
        let (output, _) = proxy.end().await;
        assert!(output.status.success());
        assert_no_canary("the log", &output.stderr, &launch);
        let log = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<serde_json::Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        let request = lines
            .iter()
            .find(|line| line["message"] == "request" && line["route"] == "/v1/session")
            .unwrap_or_else(|| panic!("no such request in\n{log}"));
        assert_eq!(
            (&request["status"], &request["method"]),
            (&401.into(), &"GET".into())
        );
        assert_eq!(request["code"], "session_required");
        assert!(request["milliseconds"].is_u64());
        assert!(request["span"]["correlation_id"].is_string(), "{request}");
        let targets = |line: &serde_json::Value| line["target"].as_str().unwrap().to_owned();
        if environment.is_empty() {
            assert!(
                lines
                    .iter()
                    .all(|line| targets(line).starts_with("portico_proxy")),
                "{log}"
            );
        } else {
            assert!(
                lines
                    .iter()
                    .any(|line| !targets(line).starts_with("portico_proxy")),
                "libraries asked for by name are heard"
            );
        }
    }
}

/// CP-4: told to end, the program ends well, and soon when nothing is to be waited for.
#[tokio::test]
async fn a_signal_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = start(folder.path(), "", &[]).await;
    // A connection that rests keeps nobody waiting.
    let address = proxy.base_url.replace("http://localhost", "127.0.0.1");
    let idle = tokio::net::TcpStream::connect(address).await.unwrap();
    let (output, took) = proxy.end().await;
    assert!(output.status.success());
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(idle);
}

/// BI-3: a form of log lines that does not exist is refused, and named.
#[tokio::test]
async fn an_unknown_log_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (telemetry, variable, want) in [
        (
            "[telemetry]\nlog_format = \"yaml\"\n",
            None,
            "telemetry.log_format",
        ),
        (
            "[telemetry]\notlp_endpoint = \"ftp://x\"\n",
            None,
            "telemetry.otlp_endpoint",
        ),
        (
            "[edge]\ntrusted_proxies = [\"10.0.0.0/99\"]\n",
            None,
            "edge.trusted_proxies",
        ),
        (
            "[edge]\ntrusted_proxies = [\"0.0.0.0/0\"]\n",
            None,
            "edge.trusted_proxies",
        ),
        ("[limits]\nmax_requests = 3\n", None, "limits.max_requests"),
        (
            "[limits]\nmax_per_address = 0\n",
            None,
            "limits.max_per_address",
        ),
        ("", Some("yaml"), "PORTICO_LOG_FORMAT"),
    ] {
        let config = format!(
            "base_url = \"http://localhost:0\"\nlisten = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
            {telemetry}[hubspot]\nclient_id = \"a-client\"\nclient_secret_file = \"secret\"\n"
        );
        fs::write(folder.path().join("secret"), SECRET).unwrap();
        let path = folder.path().join("portico.toml");
        fs::write(&path, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portico-proxy"));
        command.args(["serve", "--config"]).arg(&path);
        if let Some(value) = variable {
            command.env("PORTICO_LOG_FORMAT", value);
        }
        let output = timeout(Duration::from_secs(20), command.output())
            .await
            .unwrap()
            .unwrap();
        assert!(!output.status.success(), "{want}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(want), "{want} in {said}");
        assert_no_canary("the message", said.as_bytes(), SECRET);
    }
}
