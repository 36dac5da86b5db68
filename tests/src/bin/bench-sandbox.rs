//! Prints what one core serves: the sandbox beside nginx, which sends the same bytes from a file, in the same run.
//! Owns the measurement. Starts both programs on loopback, one after the other on the same core, and stops them.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use portico_tests::bench::{MEASURED, Outcome, Server, free_port, load, median, on_core, program};
use serde_json::{Value, json};

/// What is asked of the sandbox, on one core (sandbox, "Must hold").
const TARGET_PER_SECOND: f64 = 10_000.0;
const TARGET_P99_MS: f64 = 2.0;
const TARGET_MIB: f64 = 150.0;
/// Connections of the load generator, and how long it runs; runs alternate and the median counts.
const CONNECTIONS: usize = 8;
const SECONDS: u32 = 5;
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
    let binary = program("PORTICO_SANDBOX")?;
    println!(
        "A small read from one core ({CONNECTIONS} connections, {SECONDS} s a round, median of {ROUNDS}):"
    );
    let scratch = tempfile::tempdir()?;
    let small = sandbox(&binary, "small")?;
    let token = token(&small.base).await?;
    let target = format!("{}/account-info/v3/details", small.base);
    let body = read(&target, &token).await?;
    let nginx = nginx(scratch.path(), &body)?;
    let peer = format!("{}/details", nginx.base);
    let bearer = format!("Authorization: Bearer {token}");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(load(&target, CONNECTIONS, SECONDS, &["-H", &bearer])?);
        theirs.push(load(&peer, CONNECTIONS, SECONDS, &[])?);
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
    let huge = sandbox(&binary, "huge")?;
    let loaded = huge.resident_mib()?;
    println!(
        "  after start {loaded:.0} MiB, {:.2} of the limit of {TARGET_MIB} MiB",
        loaded / TARGET_MIB
    );
    Ok(())
}

fn sandbox(program: &Path, fixture: &str) -> Outcome<Server> {
    let mut command = on_core(MEASURED);
    command
        .arg(program)
        .args(["--listen", "127.0.0.1:0", "--fixture", fixture, "--control"])
        .args(["--redirect-uri", CALLBACK]);
    Server::start(command)
}

fn nginx(scratch: &Path, body: &[u8]) -> Outcome<Server> {
    fs::write(scratch.join("details"), body)?;
    let port = free_port()?;
    let http = format!(
        "open_file_cache max=10;\nserver {{ listen 127.0.0.1:{port}; root {}; }}",
        scratch.display()
    );
    Server::nginx(MEASURED, scratch, port, &http)
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
