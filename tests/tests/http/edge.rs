//! The edge over bare sockets: what is slow, what is too much from one address, and the end.

use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Front, PORTAL, Play, Stage, raw, rest, statuses};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// When the proxy closes the socket, counted from now.
async fn closed_after(mut socket: TcpStream) -> Duration {
    let began = Instant::now();
    rest(&mut socket).await;
    began.elapsed()
}

/// OV-1: whoever sends no whole request within ten seconds is closed, in either protocol.
#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let stage = Stage::open().await;
    let h2 = [PREFACE, SETTINGS].concat();
    // A HEADERS frame that promises more, which never comes.
    let open_headers = [&h2[..], &[0, 0, 0, 1, 0, 0, 0, 0, 1]].concat();
    let cases: [(&str, &[u8]); 7] = [
        ("silence", b""),
        ("half a preface", b"PRI * HT"),
        ("a method", b"GET "),
        (
            "an unfinished head",
            b"GET /v1/session HTTP/1.1\r\nhost: localhost\r\n",
        ),
        ("a preface alone", PREFACE),
        ("HTTP/2 without a request", &h2),
        ("HTTP/2 without the end of its head", &open_headers),
    ];
    let watched = cases.map(async |(case, bytes)| {
        let mut socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        (case, closed_after(socket).await)
    });
    for (case, took) in futures_util::future::join_all(watched).await {
        assert!(
            (Duration::from_secs(9)..Duration::from_secs(13)).contains(&took),
            "{case}: {took:?}"
        );
    }
}

/// OV-1: between requests a connection may rest, as load balancers let it; a head that begins must end.
#[tokio::test]
async fn a_connection_may_rest_but_not_dribble() {
    const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let stage = Stage::open().await;
    let mut socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
    let mut ask = async |bytes: &[u8]| {
        socket.write_all(bytes).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = timeout(Duration::from_secs(20), socket.read(&mut answer)).await;
        let read = read.expect("an answer or the end").unwrap_or(0);
        statuses(&String::from_utf8_lossy(&answer[..read]))
    };
    assert_eq!(ask(GET).await, [200]);
    sleep(Duration::from_secs(15)).await;
    assert_eq!(ask(GET).await, [200], "after a rest");
    let began = Instant::now();
    assert_eq!(ask(&GET[..20]).await, [0_u16; 0], "no answer, but the end");
    let took = began.elapsed();
    assert!(
        (Duration::from_secs(8)..Duration::from_secs(14)).contains(&took),
        "{took:?}"
    );
}

/// OV-1: two thousand sockets that send a byte a second keep nobody else out, and are closed in time.
#[tokio::test]
async fn two_thousand_dribbling_sockets_keep_nobody_out() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = crate::overload::memory();
    let mut sockets = Vec::new();
    for _ in 0..2000 {
        let mut socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
        socket.write_all(b"G").await.unwrap();
        sockets.push(socket);
    }
    let began = Instant::now();
    let dribble = async {
        let mut rest = b"ET /v1/session HTTP/1.1\r\nx-slow: 1\r\n".iter();
        while !sockets.is_empty() {
            sleep(Duration::from_secs(1)).await;
            let byte = *rest.next().expect("closed before the head is through");
            let mut open = Vec::new();
            for mut socket in sockets.drain(..) {
                let mut buffer = [0; 64];
                let closed = match socket.try_read(&mut buffer) {
                    Ok(read) => read == 0,
                    Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
                };
                if !closed && socket.write_all(&[byte]).await.is_ok() {
                    open.push(socket);
                }
            }
            sockets = open;
        }
        began.elapsed()
    };
    let others = async {
        for _ in 0..20 {
            let asked = Instant::now();
            let answer = stage
                .admin()
                .relay(&id, "account.details", &json!({}))
                .await;
            assert_eq!(answer.status, 200);
            assert!(
                asked.elapsed() < Duration::from_secs(3),
                "{:?}",
                asked.elapsed()
            );
            sleep(Duration::from_millis(300)).await;
        }
    };
    let (took, ()) = tokio::join!(dribble, others);
    assert!(took < Duration::from_secs(20), "{took:?}");
    // Both ends of each are in this process.
    let grown = crate::overload::memory().saturating_sub(before);
    assert!(grown < 96 * crate::overload::MEBIBYTE, "{grown}");
}

/// OV-1: a body that does not arrive within ten seconds is not waited for.
#[tokio::test]
async fn a_slow_body_is_not_waited_for() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let head = format!(
        "POST /v1/flows HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\norigin: {}\r\n\
        content-type: application/json\r\ncontent-length: 500\r\n\r\n{{",
        admin.token, admin.origin
    );
    let mut socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let (mut reader, mut writer) = socket.split();
    let mut answer = Vec::new();
    let read = reader.read_to_end(&mut answer);
    let write = async {
        while writer.write_all(b" ").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        _ = timeout(Duration::from_secs(30), read) => {}
        () = write => {}
    }
    let took = began.elapsed();
    assert!(
        (Duration::from_secs(9)..Duration::from_secs(14)).contains(&took),
        "{took:?}"
    );
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || statuses(&answer) == [408], "{answer}");
}

/// OV-1: a reader that never reads loses its connection, in either protocol, and its place with it.
#[tokio::test]
async fn a_reader_that_never_reads_is_closed() {
    let mut front = None;
    let stage = Stage::set(|config, _| {
        config.health_listen = Some(free_address());
        front = Some(Front::between(config));
    })
    .await;
    let front = front.unwrap();
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    // More than all buffers between the two take.
    let body = format!("\"{}\"", "a".repeat(8_000_000));
    let large = || {
        Play::answer(
            "200 OK",
            "content-type: application/json\r\n",
            body.as_bytes(),
        )
    };
    for _ in 0..3 {
        front.play("/account-info/2026-03/details", large());
    }
    let path = format!("/v1/connections/{id}/relay/account.details");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\norigin: {}\r\n\
        content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
        admin.token, admin.origin
    );
    // HTTP/1: asks, and reads nothing.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut first = socket.connect(stage.proxy.address()).await.unwrap();
    first.write_all(head.as_bytes()).await.unwrap();
    // HTTP/2: reads the socket and answers pings, but opens no window for the answer.
    let stream = TcpStream::connect(stage.proxy.address()).await.unwrap();
    let (mut client, connection) = h2::client::Builder::new()
        .initial_window_size(1000)
        .handshake::<_, bytes::Bytes>(stream)
        .await
        .unwrap();
    let second = tokio::spawn(connection);
    let request = http::Request::post(format!("{}{path}", stage.config.base_url))
        .header("authorization", format!("Bearer {}", admin.token))
        .header("origin", &admin.origin)
        .header("content-type", "application/json")
        .body(())
        .unwrap();
    let (answer, mut body_out) = client.send_request(request, false).unwrap();
    body_out.send_data("{}".into(), true).unwrap();
    let unread = answer.await.unwrap();
    assert_eq!(unread.status(), 200);
    let began = Instant::now();
    let ended = timeout(Duration::from_secs(25), second).await;
    assert!(ended.is_ok(), "the HTTP/2 connection is ended");
    let took = began.elapsed();
    assert!(
        (Duration::from_secs(8)..Duration::from_secs(16)).contains(&took),
        "{took:?}"
    );
    drop(unread);
    crate::exchange::until(async || {
        let metrics = crate::metrics::scrape(&stage).await;
        crate::metrics::value(&metrics, "portico_requests_in_flight") == Some(0.0)
    })
    .await;
    drop(first);
}

/// OV-4: so many requests a minute from one address; forging changes nothing, unless a forwarder vouches.
#[tokio::test]
async fn an_address_has_its_requests_a_minute() {
    let limit = 20;
    let asked = async |trusted: &str, address: fn(u32) -> String| {
        let stage = Stage::set(|config, _| {
            config.limits.address_per_minute = limit;
            config.edge.trusted_proxies = vec![trusted.parse().unwrap()];
        })
        .await;
        let admin = stage.admin();
        let mut served = 0;
        for count in 0..2 * limit {
            let request = admin
                .bare(Method::GET, "/callback/hubspot?code=a&state=b")
                .header("x-forwarded-for", address(count))
                .header("x-real-ip", format!("192.0.2.{count}"))
                .header("forwarded", format!("for=192.0.2.{count}"));
            match admin.send(request).await {
                answer if answer.status == 429 => {
                    assert_eq!(answer.code().as_deref(), Some("rate_limited"));
                    assert!(answer.header("retry-after").is_some());
                    // Sessions make no difference; the relay is paced elsewhere.
                    if served < limit + 5 {
                        let request = admin.request(Method::GET, "/v1/session");
                        let again = admin
                            .send(request.header("x-forwarded-for", address(count)))
                            .await;
                        assert_eq!(again.status, 429);
                    }
                    let relayed = admin.relay("c1", "account.details", &json!({})).await;
                    assert_eq!(relayed.status, 404);
                    return served;
                }
                answer => assert_eq!(answer.status, 405, "a callback without navigation"),
            }
            served += 1;
        }
        served
    };
    let forged: fn(u32) -> String = |count| format!("192.0.2.{count}");
    let around = limit..=limit + 2;
    let served = asked("10.0.0.0/8", forged).await;
    assert!(
        around.contains(&served),
        "forged by a peer that is not configured: {served}"
    );
    assert_eq!(
        asked("127.0.0.0/8", forged).await,
        2 * limit,
        "vouched for: each its own"
    );
    let one: fn(u32) -> String = |count| format!("198.51.100.{count}, 192.0.2.1");
    let served = asked("127.0.0.0/8", one).await;
    assert!(
        around.contains(&served),
        "what a client put before the forwarder's word: {served}"
    );
}

/// OV-4: so many connections from one address. Further ones are closed at once; room comes back.
#[tokio::test]
async fn an_address_has_its_connections() {
    let stage = Stage::set(|config, _| {
        config.limits.max_per_address = 3;
        config.edge.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    })
    .await;
    let connect = async || TcpStream::connect(stage.proxy.address()).await.unwrap();
    let mut held = vec![connect().await, connect().await, connect().await];
    let mut fourth = connect().await;
    let came = timeout(Duration::from_secs(3), rest(&mut fourth)).await;
    assert_eq!(came.expect("closed at once"), "");
    held.pop();
    crate::exchange::until(async || {
        let answer = raw(
            stage.proxy.address(),
            b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )
        .await;
        statuses(&answer) == [200]
    })
    .await;
}

/// BI-2: other media types, methods and sizes have their own refusals, each a problem or a bare status.
#[tokio::test]
async fn what_is_no_request_of_ours_is_refused() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let who = format!(
        "authorization: Bearer {}\r\norigin: {}\r\n",
        admin.token, admin.origin
    );
    let send = async |line: &str, headers: &str, body: &str| {
        let request = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{who}{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        statuses(&raw(stage.proxy.address(), request.as_bytes()).await)
    };
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "application/json-patch+json",
        "*/*",
        "",
    ] {
        for path in [
            "/v1/flows",
            "/v1/connections/c1/relay/owners.list",
            "/v1/solo/launch",
            "/v1/flows/f1/complete",
        ] {
            let headers = format!("content-type: {kind}\r\n");
            assert_eq!(
                send(&format!("POST {path}"), &headers, "{}").await,
                [415],
                "{kind} at {path}"
            );
        }
    }
    for method in ["TRACE", "PUT", "PROPFIND", "BREW", "QUERY", "get"] {
        assert_eq!(
            send(&format!("{method} /v1/session"), "", "").await,
            [405],
            "{method}"
        );
    }
    let connect = send("CONNECT evil.example:443", "", "").await;
    assert!(
        matches!(connect.as_slice(), [400 | 404 | 405]),
        "CONNECT: {connect:?}"
    );
    let long = format!("GET /v1/session?{}", "a".repeat(9 * 1024));
    assert_eq!(send(&long, "", "").await, [414]);
    let endless = format!("GET /v1/session?{}", "a".repeat(40 * 1024));
    let endless = send(&endless, "", "").await;
    assert!(matches!(endless.as_slice(), [414 | 431]), "{endless:?}");
    let many = crate::smuggling::odd_fields(70);
    assert_eq!(send("GET /v1/session", &many, "").await, [431]);
    let large = format!("x-large: {}\r\n", "a".repeat(17 * 1024));
    assert_eq!(send("GET /v1/session", &large, "").await, [431]);
    let larger = format!("x-large: {}\r\n", "a".repeat(64 * 1024));
    assert_eq!(send("GET /v1/session", &larger, "").await, [431]);
}

/// CP-4: told to stop while a refresh is slow, the proxy finishes it, stores it, and ends in time.
#[tokio::test]
async fn a_stop_waits_for_the_token_call_and_stores_it() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage
        .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') - 1")
        .await;
    let before = stage.count("SELECT generation FROM connection").await;
    stage.sandbox.with(|state| {
        state.switches.rotate_refresh_tokens = true;
        state.faults.push(Fault {
            path_prefix: "/oauth/2026-03/token".into(),
            method: None,
            remaining: 1,
            answer: FaultAnswer::Slow(Duration::from_secs(8)),
        });
    });
    let caller = stage.admin();
    let asked = tokio::spawn({
        let id = id.clone();
        async move {
            let request = caller.request(
                Method::POST,
                &format!("/v1/connections/{id}/relay/account.details"),
            );
            request
                .json(&json!({}))
                .send()
                .await
                .map(|answer| answer.status().as_u16())
        }
    });
    crate::exchange::until(async || stage.token_calls("refresh_token") == 1).await;
    let began = Instant::now();
    let stage = stage.restart().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(
        took > Duration::from_secs(3),
        "it waited for the call: {took:?}"
    );
    assert_eq!(
        stage.count("SELECT generation FROM connection").await,
        before + 1
    );
    assert_eq!(
        stage.text("SELECT state FROM connection").await.as_deref(),
        Some("connected")
    );
    let answer = stage
        .admin()
        .relay(&id, "account.details", &json!({}))
        .await;
    assert_eq!(answer.status, 200, "the stored tokens are the good ones");
    assert_eq!(stage.token_calls("refresh_token"), 1);
    // The caller was answered or cut off; what counts is that its grant is not lost.
    let _ = asked.await.unwrap();
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
