//! The shell over a real socket, and the program's arguments.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use tokio::net::TcpListener;

use crate::{SMALL, full_token, sandbox};

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the sandbox listens");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("UTF-8");
    answer
}

/// The shell carries status, headers and body both ways, HubSpot's own status numbers included, and stops when asked.
#[test]
fn the_shell_carries_requests_and_stops() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sandbox = sandbox("small");
    sandbox.with(|state| {
        state.clock_offset_ms = -i64::try_from(state.portals.len()).expect("one");
        state.switches.access_token_lifetime = std::time::Duration::from_hours(1_000_000);
        state.portals.get_mut(&SMALL).unwrap().health =
            portico_sandbox::model::Health::Migrating { retry_after: 60 };
    });
    let token = full_token(&sandbox, SMALL);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let running = runtime.spawn(portico_sandbox::run(
        listener,
        sandbox.clone(),
        async move {
            let _ = stopped.await;
        },
    ));
    let answer = exchange(
        &address,
        &format!(
            "GET /crm/v3/owners/?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ),
    );
    assert!(answer.starts_with("HTTP/1.1 477"), "{answer}");
    assert!(answer.contains("retry-after: 60\r\n") && answer.contains("\"correlationId\""));
    sandbox.with(|state| {
        let call = state.calls.back().expect("recorded");
        assert_eq!(
            (call.path.as_str(), call.query.as_str()),
            ("/crm/v3/owners/", "limit=1")
        );
        assert!(
            call.headers
                .iter()
                .any(|(name, value)| name == "host" && value == "x")
        );
    });
    stop.send(()).expect("still running");
    runtime
        .block_on(running)
        .expect("no panic")
        .expect("no error");
    assert!(TcpStream::connect(&address).is_err());
}

/// The first line is for programs: exactly the bound address.
#[test]
fn the_program_prints_its_address_first() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portico-sandbox"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--fixture",
            "small",
            "--seed",
            "5",
        ])
        .args(["--redirect-uri", "http://localhost:4000/callback/hubspot"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let first = lines.next().expect("a line").expect("UTF-8");
    let address = first
        .strip_prefix("listening on http://")
        .expect("the address")
        .to_owned();
    assert!(
        address
            .parse::<std::net::SocketAddr>()
            .is_ok_and(|a| a.port() != 0),
        "{first}"
    );
    let answer = exchange(
        &address,
        "GET /oauth/authorize HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.contains("unknown-client"), "{answer}");
    child.kill().expect("running");
    child.wait().expect("ended");
}

/// Wrong arguments are named, and nothing starts.
#[test]
fn wrong_arguments_are_named() {
    let cases: [(&[&str], &str); 5] = [
        (&["--fixture", "tiny"], "no fixture named \"tiny\""),
        (&["--listen", "nowhere"], "HOST:PORT"),
        (
            &["--redirect-uri", "http://127.0.0.1:1/cb"],
            "names an IP address",
        ),
        (
            &["--redirect-uri", "http://partner.example/cb"],
            "must begin with https://",
        ),
        (
            &["--app", "/nonexistent/app.json"],
            "cannot read the app file",
        ),
    ];
    for (arguments, want) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_portico-sandbox"))
            .args(arguments)
            .output()
            .expect("ran");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains(want),
            "{arguments:?}: {text}"
        );
        assert!(output.stdout.is_empty());
    }
}
