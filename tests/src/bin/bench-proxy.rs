//! Prints what the relay serves from one core beside nginx as a plain reverse proxy over the same upstream, and beside
//! what its libraries do with nothing of ours; and what memory the proxy holds.
//! Owns the measurement; what runs where is `portico_tests::bench::ground`'s.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::process::ExitCode;
use std::time::Duration;

use portico_tests::Caller;
use portico_tests::bench::ground::{Ground, READS, Read};
use portico_tests::bench::{Outcome, Server, load_on, median};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use tokio::time::{Instant, sleep};

/// What is asked of the relay (proxy, "Must hold").
const TARGET_REQUESTS: f64 = 0.6;
const LIMIT_P99: f64 = 2.0;
const LIMIT_IDLE_MIB: f64 = 20.0;
const LIMIT_OPEN_MIB: f64 = 60.0;
/// Connections of the load generator, and how long it runs; runs alternate and the median counts.
const CONNECTIONS: usize = 16;
const SECONDS: u32 = 5;
const ROUNDS: usize = 3;
/// Connections that are held open, each with a call now and then.
const OPEN: usize = 1_000;
/// Less than the ten seconds after which the proxy closes a connection that says nothing.
const EVERY: Duration = Duration::from_secs(5);
const HOLD: Duration = Duration::from_secs(20);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measured().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench-proxy: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measured() -> Outcome<()> {
    let mut ground = Ground::open().await?;
    // Anew, so that what connecting portals took is not counted.
    ground.proxy = None;
    let caller = ground.start_proxy().await?;
    sleep(Duration::from_secs(2)).await;
    let idle = ground.running()?.resident_mib()?;
    println!(
        "Relayed reads over {CONNECTIONS} connections and {} portals, {SECONDS} s a round, median of {ROUNDS}.",
        ground.connections.len()
    );
    println!(
        "Core 0: the proxy, or nginx as a reverse proxy that adds one header; the other one idles."
    );
    println!(
        "Core 1: wrk, the upstream (nginx with files) and the sandbox behind it, the same for both."
    );
    println!(
        "In its place too: a plain relay of the same libraries with nothing of ours, for what is the libraries' share."
    );
    let peer = ground.peer()?;
    let plain = ground.plain_relay()?;
    for read in READS {
        beside(&ground, [&peer, &plain], &caller, read)?;
    }
    drop((peer, plain));

    println!("Memory (release build, SQLite):");
    println!(
        "  idle: {idle:.1} MiB, {:.2} of the limit of {LIMIT_IDLE_MIB} MiB",
        idle / LIMIT_IDLE_MIB
    );
    // Anew again, so that what the load left behind is not counted either.
    let after = ground.running()?.resident_mib()?;
    println!("  after the load: {after:.1} MiB");
    ground.proxy = None;
    let caller = ground.start_proxy().await?;
    let open = under_open_connections(&ground, &caller).await?;
    println!(
        "  with {OPEN} open connections, each with a call every {} s: {open:.1} MiB, {:.2} of the limit of {LIMIT_OPEN_MIB} MiB",
        EVERY.as_secs(),
        open / LIMIT_OPEN_MIB
    );
    Ok(())
}

fn beside(ground: &Ground, peers: [&Server; 2], caller: &Caller, read: Read) -> Outcome<()> {
    let script = ground.script(caller, read)?;
    let script = script.to_str().ok_or("a path of plain characters")?;
    let proxy = ground.running()?;
    let target = &ground.config.base_url;
    let mut ours = Vec::new();
    let mut theirs = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        ours.push(load_on(
            proxy,
            target,
            CONNECTIONS,
            SECONDS,
            &["-s", script],
        )?);
        for (peer, loads) in peers.iter().zip(&mut theirs) {
            let path = format!("{}{}", peer.base, read.path);
            loads.push(load_on(peer, &path, CONNECTIONS, SECONDS, &[])?);
        }
    }
    let ours = median(ours);
    let [nginx, plain] = theirs.map(median);
    println!("Answers of {}:", read.name);
    ours.print("relay");
    nginx.print("nginx");
    plain.print("plain relay");
    println!(
        "  requests per second: {:.2} of nginx (target {TARGET_REQUESTS} at least); p99: {:.2} times nginx (limit {LIMIT_P99})",
        ours.per_second / nginx.per_second,
        ours.p99_ms / nginx.p99_ms
    );
    println!(
        "  core time a request: {:.2} times nginx",
        ours.cpu_us / nginx.cpu_us
    );
    println!(
        "  the plain relay: {:.2} of nginx's requests; ours {:.2} of the plain relay's",
        plain.per_second / nginx.per_second,
        ours.per_second / plain.per_second
    );
    Ok(())
}

/// Memory while all connections are open and each is used now and then.
async fn under_open_connections(ground: &Ground, caller: &Caller) -> Outcome<f64> {
    // One client each, so that each keeps a connection of its own. Making them takes a while.
    let clients: Vec<reqwest::Client> = (0..OPEN)
        .map(|_| reqwest::Client::builder().no_proxy().build())
        .collect::<Result<_, _>>()?;
    let until = Instant::now() + HOLD;
    let mut held = Vec::with_capacity(OPEN);
    for (number, client) in clients.into_iter().enumerate() {
        let id = &ground.connections[number % ground.connections.len()];
        let url = format!(
            "{}/v1/connections/{id}/relay/{}",
            ground.config.base_url, READS[0].operation
        );
        let (token, origin) = (format!("Bearer {}", caller.token), caller.origin.clone());
        held.push(tokio::spawn(async move {
            let mut failed = 0_u32;
            while Instant::now() < until {
                let request = client
                    .post(&url)
                    .header(AUTHORIZATION, &token)
                    .header(ORIGIN, &origin)
                    .header(CONTENT_TYPE, "application/json")
                    .body("{}");
                let good = match request.send().await {
                    Ok(answer) => answer.status() == 200 && answer.bytes().await.is_ok(),
                    Err(_) => false,
                };
                failed += u32::from(!good);
                sleep(EVERY).await;
            }
            failed
        }));
        // Spread, so that the calls come evenly.
        if number % 10 == 0 {
            sleep(EVERY / u32::try_from(OPEN / 10)?).await;
        }
    }
    sleep(until.saturating_duration_since(Instant::now() + Duration::from_secs(1))).await;
    let memory = ground.running()?.resident_mib()?;
    let open = established(ground.config.listen.port())?;
    let mut failed = 0;
    for call in held {
        failed += call.await?;
    }
    if failed > 0 {
        return Err(format!("{failed} calls over open connections were not answered well").into());
    }
    if open < OPEN {
        return Err(format!("only {open} of {OPEN} connections stayed open").into());
    }
    Ok(memory)
}

/// TCP connections that the system has at a local port, seen from the listening side.
fn established(port: u16) -> Outcome<usize> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let local = format!(":{port:04X}");
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        let here = fields.next().is_some_and(|here| here.ends_with(&local));
        here && fields.nth(1) == Some("01")
    };
    Ok(table.lines().filter(is_open).count())
}
