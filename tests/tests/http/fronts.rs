//! `packaging/nginx.conf` and `packaging/Caddyfile` in front of a proxy: no code in a log, no forged address, events
//! at once. `cargo xtask test --only operate` names the programs; without, there is nothing to test.

use crate::exchange::until;
use portico_tests::{Caller, PORTAL, Stage};
use reqwest::Method;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Of the address a minute, where a test counts.
const LIMIT: u32 = 20;

/// A program that stands in front of a stage's proxy, as its packaged configuration says.
struct Server {
    process: Child,
    folder: TempDir,
    port: u16,
    /// Where it speaks TLS, if it does in tests.
    tls_port: Option<u16>,
}

impl Server {
    async fn start(
        command: &mut Command,
        folder: TempDir,
        port: u16,
        tls_port: Option<u16>,
    ) -> Self {
        let said = fs::File::create(folder.path().join("said.log")).unwrap();
        let process = command
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until(async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
        })
        .await;
        Self {
            process,
            folder,
            port,
            tls_port,
        }
    }

    /// An admin whose page calls by way of this server.
    fn admin(&self, stage: &Stage) -> Caller {
        let admin = stage.admin();
        let mut config = admin.config.clone();
        config.base_url = format!("http://127.0.0.1:{}", self.port);
        Caller::new(config, admin.token, admin.origin)
    }

    /// All that it wrote, once a word is in it.
    async fn written(&self, word: &str) -> String {
        let read = || {
            let mut all = String::new();
            for entry in fs::read_dir(self.folder.path()).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "log") {
                    all += &fs::read_to_string(path).unwrap();
                }
            }
            all
        };
        until(async || read().contains(word)).await;
        read()
    }

    async fn end(mut self) {
        self.process.kill().await.unwrap();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn packaged(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join("packaging").join(name)).unwrap()
}

/// Replaces what must be there, and only that.
fn put(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "the example has no {from:?}");
    *text = text.replace(from, to);
}

fn named(variable: &str) -> Option<PathBuf> {
    let program = std::env::var_os(variable).map(PathBuf::from);
    if program.is_none() {
        eprintln!("nothing to test: {variable} names no program");
    }
    program
}

/// nginx with the packaged file; TLS on a port of its own, with a certificate of this test.
async fn nginx(program: &Path, upstream: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args(["-days", "2", "-subj", "/CN=portico.example"])
        .args(["-keyout", &at("privkey.pem"), "-out", &at("fullchain.pem")])
        .output()
        .await
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let (port, tls_port) = (free_port(), free_port());
    let mut site = packaged("nginx.conf");
    put(&mut site, "127.0.0.1:7878", upstream);
    put(
        &mut site,
        "listen 443 ssl http2;",
        &format!("listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl http2;"),
    );
    put(
        &mut site,
        "listen 80;",
        &format!("listen 127.0.0.1:{};", free_port()),
    );
    put(
        &mut site,
        "/etc/ssl/portico/",
        &format!("{}/", folder.path().display()),
    );
    put(&mut site, "/var/log/nginx/portico.log", &at("access.log"));
    fs::write(folder.path().join("site.conf"), site).unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .concat();
    let whole = format!(
        "daemon off; master_process off; pid {}; error_log {} info;\nevents {{ }}\nhttp {{\n{temporary}include {};\n}}\n",
        at("pid"),
        at("error.log"),
        at("site.conf")
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, whole).unwrap();
    let mut command = Command::new(program);
    command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
    Server::start(&mut command, folder, port, Some(tls_port)).await
}

/// Caddy with the packaged file, speaking http, for a certificate of its own making would be put into this machine.
async fn caddy(program: &Path, upstream: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut text = packaged("Caddyfile");
    put(&mut text, "127.0.0.1:7878", upstream);
    put(
        &mut text,
        "portico.example {",
        &format!("http://127.0.0.1:{port} {{"),
    );
    put(
        &mut text,
        "/var/log/caddy/portico.log",
        &folder.path().join("access.log").display().to_string(),
    );
    // The first block is for all of Caddy.
    text = text.replacen("\n{\n", "\n{\n\tadmin off\n", 1);
    let file = folder.path().join("Caddyfile");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(program);
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path());
    Server::start(&mut command, folder, port, None).await
}

/// A proxy that trusts this machine's forwarder and counts addresses.
async fn stage() -> Stage {
    Stage::set(|config, _| {
        config.limits.address_per_minute = LIMIT;
        config.edge.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

fn upstream(stage: &Stage) -> String {
    stage.proxy.address().to_string()
}

/// J9: an event arrives when it happens, not when a buffer is full.
async fn events_arrive_at_once(stage: &Stage, server: &Server) {
    let mut stream = server.admin(stage).events(None).await;
    let id = stage.connected(PORTAL).await;
    let arrived = tokio::time::timeout(
        // The comment that keeps a stream alive comes after fifteen seconds, and pushes nothing through by then.
        Duration::from_secs(10),
        stream.find(|event| event.name == "connection_changed"),
    );
    let event = arrived.await.expect("an event is not held back");
    assert_eq!(event.data["connection"]["id"], id.as_str());
}

/// Threat model 6: no query of a callback in a log, neither of an answer nor of an error.
async fn no_code_is_logged(stage: Stage, server: Server) {
    let admin = server.admin(&stage);
    let callback = |code: &str| {
        let path = format!("/callback/hubspot?code={code}&state=canary-state");
        admin.bare(Method::GET, &path)
    };
    let answer = admin.send(callback("canary-one")).await;
    assert_eq!(answer.status, 405, "the proxy's own page: {}", answer.text);
    let flow = stage.admin().start_connect().await;
    let returned = stage
        .person()
        .decide(&flow, 25_733_019, "connect", |_| true)
        .await;
    let query = returned.split_once('?').unwrap().1;
    let way = format!("/callback/hubspot?{query}");
    let navigation = admin
        .bare(Method::GET, &way)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    let through = admin.send(navigation).await;
    assert_eq!(through.status, 303, "{}", through.text);
    let (_, claim) = through
        .header("location")
        .unwrap()
        .rsplit_once('=')
        .unwrap();
    // A code that is too long gets the proxy's own page (CB-12).
    let long = admin.send(callback(&"a".repeat(10_000))).await;
    assert_eq!(long.status, 405, "{}", long.text);

    stage.proxy.shutdown().await;
    assert_eq!(
        admin
            .bare(Method::GET, "/gone")
            .send()
            .await
            .unwrap()
            .status(),
        502
    );
    assert_eq!(callback("canary-two").send().await.unwrap().status(), 502);
    let written = server.written("/gone").await;
    assert!(
        written.contains("/callback/hubspot"),
        "it does log: {written}"
    );
    for secret in ["canary", "code=", "state=", claim, query] {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
    server.end().await;
}

/// OV-4: whatever a client claims to be, it is counted as one address.
async fn no_address_is_forged(stage: &Stage, server: &Server) {
    let admin = server.admin(stage);
    for count in 0..2 * LIMIT {
        let forged = format!("192.0.2.{count}");
        let request = admin
            .bare(Method::GET, "/v1/session")
            .header("x-forwarded-for", &forged)
            .header("forwarded", format!("for={forged}"))
            .header("x-real-ip", &forged);
        if admin.send(request).await.status == 429 {
            return;
        }
    }
    panic!("each claim was counted by itself");
}

/// Issue 4.10: the nginx example does what its comments say.
#[tokio::test]
async fn nginx_as_packaged_logs_no_code_forges_no_address_and_holds_no_event_back() {
    let Some(program) = named("PORTICO_NGINX") else {
        return;
    };
    let stage = stage().await;
    let server = nginx(&program, &upstream(&stage)).await;
    events_arrive_at_once(&stage, &server).await;
    let port = server.tls_port.unwrap();
    let offered = Command::new("openssl")
        .args([
            "s_client",
            "-alpn",
            "h2",
            "-connect",
            &format!("127.0.0.1:{port}"),
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let offered = String::from_utf8_lossy(&offered.stdout).into_owned();
    assert!(offered.contains("ALPN protocol: h2"), "{offered}");
    no_address_is_forged(&stage, &server).await;
    // What was counted is another proxy's.
    let fresh = Stage::open().await;
    server.end().await;
    let server = nginx(&program, &upstream(&fresh)).await;
    no_code_is_logged(fresh, server).await;
}

/// Issue 4.10: the Caddy example does.
#[tokio::test]
async fn caddy_as_packaged_logs_no_code_forges_no_address_and_holds_no_event_back() {
    let Some(program) = named("PORTICO_CADDY") else {
        return;
    };
    let stage = stage().await;
    let server = caddy(&program, &upstream(&stage)).await;
    events_arrive_at_once(&stage, &server).await;
    no_address_is_forged(&stage, &server).await;
    let fresh = Stage::open().await;
    server.end().await;
    let server = caddy(&program, &upstream(&fresh)).await;
    no_code_is_logged(fresh, server).await;
}
