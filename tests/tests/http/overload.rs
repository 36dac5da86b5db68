//! More than the proxy takes: too many requests, and floods of HTTP/2 frames.

use futures_util::future::join_all;
use portico_tests::{Front, PORTAL, Play, Stage};
use reqwest::Method;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Memory of this process, which holds the proxy, in bytes.
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 1024
}

pub(crate) const MEBIBYTE: usize = 1024 * 1024;

/// How long OV-2 overloads: the whole minute where `PORTICO_TEST_OVERLOAD_SECONDS` is 60.
fn lasting() -> Duration {
    let seconds = std::env::var("PORTICO_TEST_OVERLOAD_SECONDS");
    let seconds = seconds.map_or(12, |seconds| seconds.parse().expect("a number of seconds"));
    assert!(seconds >= 6, "memory is looked at after three");
    Duration::from_secs(seconds)
}

/// OV-2: ten times what fits is answered at once with 503 and a time to come back; memory stays, others are
/// served, and the proxy is itself again as soon as it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_times_too_much_is_refused_at_once() {
    let stage = Stage::set(|config, state| {
        config.limits.max_requests = 16;
        state.switches.api_latency = Duration::from_millis(400);
    })
    .await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let (served, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let until = Instant::now() + lasting();
    let callers = join_all((0..160).map(async |_| {
        while Instant::now() < until {
            let began = Instant::now();
            let answer = admin.relay(&id, "account.details", &json!({})).await;
            match answer.status {
                503 => {
                    assert_eq!(answer.code().as_deref(), Some("overloaded"));
                    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                    assert!((1..=3).contains(&wait), "{wait}");
                    assert!(
                        answer.header("access-control-allow-origin").is_some(),
                        "a page can read it"
                    );
                    assert!(
                        began.elapsed() < Duration::from_secs(3),
                        "{:?}",
                        began.elapsed()
                    );
                    refused.fetch_add(1, Ordering::Relaxed);
                    // Sooner than told, but not without a breath.
                    sleep(Duration::from_millis(100)).await;
                }
                // The sandbox's own limit counts what is served.
                200 | 429 => {
                    served.fetch_add(1, Ordering::Relaxed);
                }
                other => panic!("{other} {}", answer.text),
            }
        }
    }));
    let watch = async {
        sleep(Duration::from_secs(3)).await;
        let before = memory();
        let mut others = 0;
        while Instant::now() < until {
            // Whoever has no session is another's concern: not kept out by this tenant.
            let answer = admin.send(admin.bare(Method::GET, "/v1/session")).await;
            assert_eq!(answer.status, 401);
            others += 1;
            sleep(Duration::from_millis(200)).await;
        }
        (others, memory().saturating_sub(before))
    };
    let (_, (others, grown)) = tokio::join!(callers, watch);
    let (served, refused) = (served.into_inner(), refused.into_inner());
    assert!(
        served > 50 && refused > 500 && others > 10,
        "{served} served, {refused} refused, {others} others"
    );
    assert!(grown < 64 * MEBIBYTE, "{grown}");
    let ended = Instant::now();
    while admin.relay(&id, "account.details", &json!({})).await.status == 503 {}
    assert!(
        ended.elapsed() < Duration::from_secs(5),
        "{:?}",
        ended.elapsed()
    );
}

/// OV-2: event streams have room of their own, and it ends.
#[tokio::test]
async fn event_streams_eat_no_places() {
    let stage = Stage::set(|config, _| {
        config.limits.max_requests = 16;
        config.limits.max_event_streams = 60;
    })
    .await;
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let mut streams = Vec::new();
    for _ in 0..30 {
        streams.push(admin.events(None).await);
    }
    assert_eq!(
        admin.relay(&id, "account.details", &json!({})).await.status,
        200
    );
    let one_more = async || {
        let request = admin.request(Method::GET, "/v1/events");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(one_more().await, 503, "half of all, for one tenant alone");
    streams.truncate(10);
    crate::exchange::until(async || one_more().await == 200).await;
}

/// OV-2: large answers on their way have bounded memory; what does not fit is refused, and comes back free.
#[tokio::test]
async fn large_answers_share_bounded_memory() {
    let mut front = None;
    let stage = Stage::set(|config, _| {
        config.limits.max_answer_mebibytes = 11;
        front = Some(Front::between(config));
    })
    .await;
    let front = front.unwrap();
    let id = stage.connected(PORTAL).await;
    let admin = stage.admin();
    let body = format!("\"{}\"", "a".repeat(6 * MEBIBYTE));
    let play = || {
        let answer = Play::answer(
            "200 OK",
            "content-type: application/json\r\n",
            body.as_bytes(),
        );
        front.play("/account-info/2026-03/details", answer);
    };
    let ask = async || {
        play();
        admin.relay(&id, "account.details", &json!({})).await
    };
    for _ in 0..5 {
        assert_eq!(ask().await.status, 200, "one after the other");
    }
    // One that is asked for and not read: the system's own buffers take a part of it.
    play();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut unread = socket.connect(stage.proxy.address()).await.unwrap();
    let request = format!(
        "POST /v1/connections/{id}/relay/account.details HTTP/1.1\r\nhost: localhost\r\n\
        authorization: Bearer {}\r\norigin: {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
        admin.token, admin.origin
    );
    unread.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    unread.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let refused = ask().await;
    assert_eq!(refused.refusal(), (503, "overloaded".into()));
    assert!(refused.header("retry-after").is_some());
    let small = admin.relay(&id, "owners.list", &json!({})).await;
    assert_eq!(small.status, 200, "small answers need no room");
    drop(unread);
    crate::exchange::until(async || ask().await.status == 200).await;
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET /` or `POST /` of `localhost`, as HPACK.
fn head(is_get: bool) -> Vec<u8> {
    let method = if is_get { 0x82 } else { 0x83 };
    let mut head = vec![method, 0x86, 0x84, 0x41, 9];
    head.extend_from_slice(b"localhost");
    head
}

type Frames<'a> = &'a (dyn Fn(u32) -> Vec<u8> + Sync);

struct Flooded {
    /// Frames that could be written before the connection was closed.
    frames: usize,
    closed: bool,
    grown: usize,
}

/// Writes frames until the proxy closes, at most so many and for twenty seconds.
async fn flood(stage: &Stage, most: u32, next: impl Fn(u32) -> Vec<u8>) -> Flooded {
    let before = memory();
    let socket = TcpStream::connect(stage.proxy.address()).await.unwrap();
    let (mut reader, mut writer) = socket.into_split();
    let closed = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    });
    writer.write_all(PREFACE).await.unwrap();
    let mut frames = 0;
    let write = async {
        let mut number = 0;
        while number < most {
            let mut bytes = Vec::new();
            for _ in 0..100 {
                bytes.extend(next(number));
                number += 1;
            }
            if writer.write_all(&bytes).await.is_err() {
                break;
            }
            frames = number as usize;
        }
    };
    let _ = timeout(Duration::from_secs(20), write).await;
    let closed = timeout(Duration::from_secs(15), closed).await.is_ok();
    Flooded {
        frames,
        closed,
        grown: memory().saturating_sub(before),
    }
}

/// OV-6: a flood of frames costs its sender the connection, and nobody else anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_ends_its_connection() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let stream = |number: u32| 2 * number + 1;
    let rapid_reset = |number| {
        let mut frames = frame(
            HEADERS,
            END_STREAM | END_HEADERS,
            stream(number),
            &head(true),
        );
        frames.extend(frame(RST_STREAM, 0, stream(number), &8_u32.to_be_bytes()));
        frames
    };
    let open_streams = |number| frame(HEADERS, END_HEADERS, stream(number), &head(false));
    let continuation = |number| {
        if number == 0 {
            return frame(HEADERS, END_STREAM, 1, &head(true));
        }
        // A literal field, not indexed: `x-a: …`.
        let mut field = vec![0, 3];
        field.extend_from_slice(b"x-a\x40");
        field.extend_from_slice(&[b'a'; 64]);
        frame(CONTINUATION, 0, 1, &field)
    };
    let empty_continuation = |number| match number {
        0 => frame(HEADERS, END_STREAM, 1, &head(true)),
        _ => frame(CONTINUATION, 0, 1, b""),
    };
    let on_closed = |number| match number {
        0 => frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(true)),
        _ => frame(DATA, 0, 1, b"a"),
    };
    let bad_window = |number| {
        let mut frames = frame(HEADERS, END_HEADERS, stream(number), &head(false));
        frames.extend(frame(
            WINDOW_UPDATE,
            0,
            stream(number),
            &0_u32.to_be_bytes(),
        ));
        frames
    };
    let floods: [(&str, Frames<'_>); 6] = [
        ("rapid reset", &rapid_reset),
        ("a hundred thousand streams", &open_streams),
        ("CONTINUATION", &continuation),
        ("empty CONTINUATION", &empty_continuation),
        ("DATA on a closed stream", &on_closed),
        ("streams that we must reset", &bad_window),
    ];
    for (case, next) in floods {
        let flooded = flood(&stage, 100_000, next).await;
        assert!(
            flooded.closed,
            "{case}: still open after {} frames",
            flooded.frames
        );
        assert!(flooded.frames < 100_000, "{case}: all were taken");
        assert!(flooded.grown < 64 * MEBIBYTE, "{case}: {}", flooded.grown);
        assert_eq!(
            stage
                .admin()
                .relay(&id, "account.details", &json!({}))
                .await
                .status,
            200,
            "{case}"
        );
    }
    // What is cheap to take is taken, keeps nothing, and the connection ends by its own clock.
    let empty_data = |number| match number {
        0 => frame(HEADERS, END_HEADERS, 1, &head(false)),
        _ => frame(DATA, 0, 1, b""),
    };
    let pings = |_| frame(PING, 0, 0, b"12345678");
    let settings = |_| frame(SETTINGS, 0, 0, b"");
    let priorities = |number| frame(PRIORITY, 0, stream(number), &[0, 0, 0, 0, 1]);
    let cheap: [(&str, Frames<'_>); 4] = [
        ("empty DATA", &empty_data),
        ("PING", &pings),
        ("SETTINGS", &settings),
        ("PRIORITY", &priorities),
    ];
    for (case, next) in cheap {
        let flooded = flood(&stage, 300_000, next).await;
        assert!(
            flooded.closed,
            "{case}: still open after {} frames",
            flooded.frames
        );
        assert!(flooded.grown < 64 * MEBIBYTE, "{case}: {}", flooded.grown);
        assert_eq!(
            stage
                .admin()
                .relay(&id, "account.details", &json!({}))
                .await
                .status,
            200,
            "{case}"
        );
    }
}
