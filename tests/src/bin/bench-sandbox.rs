//! Prints what one core serves: the sandbox beside nginx, which sends the same bytes from a file, in the same run.
//! Owns the measurement. Starts both programs on loopback, one after the other on the same core, and stops them.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is asked of the sandbox, on one core (sandbox, "Must hold").
const TARGET_PER_SECOND: f64 = 10_000.0;
const TARGET_P99_MS: f64 = 2.0;
const TARGET_MIB: f64 = 150.0;
/// Connections of the load generator, and how long it runs; runs alternate and the median counts.
const CONNECTIONS: &str = "8";
const SECONDS: &str = "5s";
const ROUNDS: usize = 3;
const CALLBACK: &str = "http://localhost:4000/callback/hubspot";
const SMALL: u64 = 146_250_417;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measured().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measured() -> Outcome<()> {
    let sandbox = PathBuf::from(std::env::var_os("PORTICO_SANDBOX").ok_or(
        "PORTICO_SANDBOX must name a release build of portico-sandbox; `cargo xtask bench --only sandbox` sets it",
    )?);
    println!(
        "A small read from one core ({CONNECTIONS} connections, {SECONDS} a round, median of {ROUNDS}):"
    );
    let scratch = tempfile::tempdir()?;
    let small = Running::sandbox(&sandbox, "small")?;
    let token = token(&small.base).await?;
    let target = format!("{}/account-info/v3/details", small.base);
    let body = read(&target, &token).await?;
    let nginx = Running::nginx(scratch.path(), &body)?;
    let peer = format!("{}/details", nginx.base);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(load(&target, Some(&token))?);
        theirs.push(load(&peer, None)?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    ours.print("sandbox");
    theirs.print("nginx, the same bytes as a file");
    println!(
        "  requests per second: {:.2} of nginx, {:.2} of the target of {TARGET_PER_SECOND:.0}",
        ours.per_second / theirs.per_second,
        ours.per_second / TARGET_PER_SECOND
    );
    println!(
        "  p99: {:.2} times nginx, {:.2} of the limit of {TARGET_P99_MS} ms",
        ours.p99_ms / theirs.p99_ms,
        ours.p99_ms / TARGET_P99_MS
    );
    drop((small, nginx));

    println!("Memory with `huge` loaded:");
    let huge = Running::sandbox(&sandbox, "huge")?;
    let loaded = resident_mib(huge.child.id())?;
    println!(
        "  after start {loaded:.0} MiB, {:.2} of the limit of {TARGET_MIB} MiB",
        loaded / TARGET_MIB
    );
    Ok(())
}

/// A server that is stopped when this is dropped.
struct Running {
    child: Child,
    base: String,
    /// Kept open, for it has more to say than its first line.
    _stdout: Option<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn sandbox(program: &Path, fixture: &str) -> Outcome<Self> {
        let mut child = on_core("0")
            .arg(program)
            .args(["--listen", "127.0.0.1:0", "--fixture", fixture, "--control"])
            .args(["--redirect-uri", CALLBACK])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the sandbox has no stdout")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let base = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let running = Self {
            child,
            base: base.clone().unwrap_or_default(),
            _stdout: Some(stdout),
        };
        base.ok_or_else(|| format!("the sandbox said {line:?}"))?;
        Ok(running)
    }

    fn nginx(scratch: &Path, body: &[u8]) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        fs::write(scratch.join("details"), body)?;
        let here = scratch.display();
        let configuration = format!(
            "worker_processes 1;\nmaster_process off;\ndaemon off;\npid {here}/nginx.pid;\nerror_log {here}/error.log;\nevents {{ worker_connections 256; }}\n\
             http {{ access_log off; keepalive_requests 100000000; default_type application/json; open_file_cache max=10;\n\
             client_body_temp_path {here}; proxy_temp_path {here}; fastcgi_temp_path {here}; uwsgi_temp_path {here}; scgi_temp_path {here};\n\
             server {{ listen 127.0.0.1:{port}; root {here}; }} }}\n"
        );
        let file = scratch.join("nginx.conf");
        fs::write(&file, configuration)?;
        // One process without a master, so that stopping it leaves nothing behind.
        let child = on_core("0")
            .arg("nginx")
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(scratch)
            .arg("-e")
            .arg(scratch.join("start.log"))
            .spawn()?;
        let running = Self {
            child,
            base: format!("http://127.0.0.1:{port}"),
            _stdout: None,
        };
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err("nginx does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(running)
    }
}

/// A command bound to one core, so that server and load do not take each other's.
fn on_core(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).stdin(Stdio::null());
    command
}

/// What the load generator saw.
struct Load {
    per_second: f64,
    p99_ms: f64,
}

impl Load {
    fn print(&self, name: &str) {
        println!(
            "  {name}: {:.0} requests/s, p99 {:.2} ms",
            self.per_second, self.p99_ms
        );
    }
}

fn load(url: &str, token: Option<&str>) -> Outcome<Load> {
    let mut command = on_core("1");
    command.args([
        "wrk",
        "-t1",
        "-c",
        CONNECTIONS,
        "-d",
        SECONDS,
        "--latency",
        url,
    ]);
    if let Some(token) = token {
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    let text = String::from_utf8(command.output()?.stdout)?;
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("not every answer was good:\n{text}").into());
    }
    let after = |name: &str| {
        let line = text
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix(name));
        line.map(|rest| rest.trim().to_owned())
            .ok_or_else(|| format!("wrk said no {name}:\n{text}"))
    };
    Ok(Load {
        per_second: after("Requests/sec:")?.parse()?,
        p99_ms: milliseconds(&after("99%")?)?,
    })
}

fn milliseconds(text: &str) -> Outcome<f64> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    Err(format!("{text} is no time").into())
}

fn median(mut loads: Vec<Load>) -> Load {
    loads.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    loads.swap_remove(loads.len() / 2)
}

/// Connects the demo app to the portal and lifts its limits, so that the server and not HubSpot's rule is measured.
async fn token(base: &str) -> Outcome<String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let required = portico_sandbox::scopes::DEMO_REQUIRED.join(" ");
    let consent = [
        ("client_id", DEMO_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("scope", &required),
        ("decision", "connect"),
    ];
    let answer = client
        .post(format!("{base}/oauth/{SMALL}/authorize"))
        .form(&consent)
        .send()
        .await?;
    let location = answer
        .headers()
        .get("location")
        .ok_or("the consent page did not redirect")?
        .to_str()?;
    let location = url::Url::parse(location)?;
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .ok_or("no code")?
        .1
        .into_owned();
    let exchange = [
        ("grant_type", "authorization_code"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
        ("redirect_uri", CALLBACK),
        ("code", &code),
    ];
    let answer: Value = client
        .post(format!("{base}/oauth/2026-09/token"))
        .form(&exchange)
        .send()
        .await?
        .json()
        .await?;
    let limits = json!({ "portal": SMALL, "burst": 4_000_000_000_u32 });
    let lifted = client
        .post(format!("{base}/_sandbox/actions/set-limits"))
        .json(&limits)
        .send()
        .await?;
    if !lifted.status().is_success() {
        return Err(format!("the limits stay: {}", lifted.text().await?).into());
    }
    Ok(answer["access_token"]
        .as_str()
        .ok_or("no access token")?
        .to_owned())
}

async fn read(url: &str, token: &str) -> Outcome<Vec<u8>> {
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(token)
        .send()
        .await?
        .error_for_status()?;
    Ok(answer.bytes().await?.to_vec())
}

/// `VmRSS` of a process, where the system tells it.
fn resident_mib(process: u32) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS")?;
    Ok(kib.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1_024.0)
}
