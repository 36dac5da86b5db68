//! A provider gone wrong: other hosts, broken transport, answers of any size and kind.

use portico_sandbox::{Fault, FaultAnswer};
use portico_tests::{Front, PORTAL, Play, Stage, Stranger};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DETAILS: &str = "/account-info/2026-03/details";
const TOKEN: &str = "/oauth/2026-03/token";
const EXPIRED: &str = "UPDATE connection SET access_expires_at = unixepoch('subsec') - 1";
const JSON: &str = "content-type: application/json\r\n";

async fn fronted() -> (Stage, Front, String) {
    let mut front = None;
    let stage = Stage::set(|config, _| front = Some(Front::between(config))).await;
    let id = stage.connected(PORTAL).await;
    (stage, front.unwrap(), id)
}

async fn details(stage: &Stage, id: &str) -> portico_tests::Answer {
    stage.admin().relay(id, "account.details", &json!({})).await
}

fn redirect(status: u16, to: &str) -> Play {
    let headers = format!("location: {to}{DETAILS}\r\n{JSON}");
    Play::answer(&format!("{status} Moved"), &headers, b"{}")
}

/// RL-6: no redirect is followed, whatever its kind; the other host hears nothing.
#[tokio::test]
async fn a_redirect_of_an_api_is_not_followed() {
    let stranger = Stranger::listening().await;
    let (stage, front, id) = fronted().await;
    for status in [301, 302, 303, 307, 308] {
        front.play(DETAILS, redirect(status, &stranger.url));
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (502, "upstream_redirect".into()),
            "{status}"
        );
        assert!(answer.header("location").is_none());
        assert!(!answer.text.contains(&stranger.url));
    }
    assert_eq!((stranger.heard(), front.left()), (0, 0));
}

/// RL-13: exchange, introspection, refresh and revocation carry secrets, and follow nothing.
#[tokio::test]
async fn a_redirect_of_the_token_endpoint_is_not_followed() {
    let stranger = Stranger::listening().await;
    let (stage, front, id) = fronted().await;
    let away = |status| {
        let headers = format!("location: {}{TOKEN}\r\n", stranger.url);
        Play::answer(&format!("{status} Away"), &headers, b"")
    };
    for status in [301, 302, 307, 308] {
        stage.sql(EXPIRED).await;
        stage.sql("UPDATE connection SET next_try_at = NULL").await;
        front.play(TOKEN, away(status));
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{status}"
        );
    }
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["fault"]["category"], "transient");
    // The exchange fails for it; the introspection after a good one is asked once more.
    for (path, wanted) in [(TOKEN, 503), ("/oauth/2026-03/token/introspect", 200)] {
        let flow = stage.admin().start_connect().await;
        let claim = stage.person().consent(&flow, 25_733_019).await;
        front.play(path, away(307));
        let answer = stage.admin().complete(&flow, &claim).await;
        assert_eq!(answer.status, wanted, "{path}: {}", answer.text);
        assert_eq!(front.left(), 0, "{path}");
    }
    front.play("/oauth/2026-03/token/revoke", away(307));
    stage.admin().delete(&format!("/v1/connections/{id}")).await;
    crate::exchange::until(async || front.left() == 0).await;
    assert_eq!(stranger.heard(), 0);
}

/// RL-7: of an answer's headers only those of the rate limit pass, and of its kinds only JSON.
#[tokio::test]
async fn nothing_but_json_passes() {
    let (stage, front, id) = fronted().await;
    let hostile = "set-cookie: a=b\r\naccess-control-allow-origin: *\r\n\
        access-control-allow-credentials: true\r\ncontent-security-policy: default-src *\r\n\
        location: https://evil.example/\r\nserver: evil\r\nlink: <https://evil.example>\r\n\
        x-accel-redirect: /etc/passwd\r\nclear-site-data: \"*\"\r\nrefresh: 0;url=https://evil.example\r\n";
    front.play(
        DETAILS,
        Play::answer("200 OK", &format!("{hostile}{JSON}"), b"{\"a\":1}"),
    );
    let answer = details(&stage, &id).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{\"a\":1}"));
    for name in [
        "set-cookie",
        "location",
        "server",
        "link",
        "x-accel-redirect",
        "clear-site-data",
        "refresh",
        "access-control-allow-credentials",
    ] {
        assert!(answer.header(name).is_none(), "{name}");
    }
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(stage.config.base_url.as_str())
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    for (kind, body) in [
        ("text/html", "<script>alert(1)</script>"),
        ("image/svg+xml", "<svg onload=alert(1)>"),
        ("text/html", "{\"a\":1}"),
        ("application/jsonp", "f({})"),
        ("application/json", "<html>"),
        ("application/json", "{\"a\":"),
    ] {
        let headers = format!("content-type: {kind}\r\n{hostile}");
        front.play(DETAILS, Play::answer("200 OK", &headers, body.as_bytes()));
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (502, "upstream_invalid".into()),
            "{kind} {body}"
        );
        assert!(!answer.text.contains("alert"));
    }
}

/// RL-11: a megabyte goes out and not a byte more; eight come in and not a byte more.
#[tokio::test]
async fn bodies_have_their_bounds_both_ways() {
    let (stage, front, id) = fronted().await;
    let admin = stage.admin();
    let relay = |length: usize| {
        let mut body = b"{}".to_vec();
        body.resize(length, b' ');
        let path = format!("/v1/connections/{id}/relay/account.details");
        let request = admin.request(Method::POST, &path);
        admin.send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
    };
    assert_eq!(relay(1024 * 1024).await.status, 200);
    assert_eq!(
        relay(1024 * 1024 + 1).await.refusal(),
        (413, "payload_too_large".into())
    );
    let most = 8 * 1024 * 1024;
    for (length, want) in [(most, 200), (most + 1, 502)] {
        let body = format!("\"{}\"", "a".repeat(length - 2));
        front.play(DETAILS, Play::answer("200 OK", JSON, body.as_bytes()));
        let answer = details(&stage, &id).await;
        assert_eq!(answer.status, want);
        if want == 502 {
            assert_eq!(answer.code().as_deref(), Some("upstream_too_large"));
        } else {
            assert_eq!(answer.text.len(), length);
        }
    }
    // Cut off is never whole: less than the length promised, a chunk without its end, and 9 MiB out of 9 KiB.
    let promised = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 100\r\n\r\n{{}}");
    let chunked =
        format!("HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n");
    for cut in [promised, chunked] {
        front.play(DETAILS, Play::Raw(cut.into_bytes()));
        assert_eq!(
            details(&stage, &id).await.refusal(),
            (502, "upstream_invalid".into())
        );
    }
    let bomb = gzip(format!("\"{}\"", "a".repeat(most)).as_bytes());
    assert!(bomb.len() < 64 * 1024);
    let headers = format!("{JSON}content-encoding: gzip\r\n");
    front.play(DETAILS, Play::answer("200 OK", &headers, &bomb));
    assert_eq!(
        details(&stage, &id).await.refusal(),
        (502, "upstream_too_large".into())
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// RL-11: proxy variables of the environment are ignored. The test runs itself with them set.
#[tokio::test]
async fn proxy_variables_are_ignored() {
    const CHILD: &str = "PORTICO_TEST_BEHIND_A_PROXY";
    if std::env::var_os(CHILD).is_some() {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        assert_eq!(details(&stage, &id).await.status, 200);
        return;
    }
    let stranger = Stranger::listening().await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "upstream::proxy_variables_are_ignored"])
        .env(CHILD, "1");
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, &stranger.url);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = child.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!(stranger.heard(), 0);
}

/// RL-10: a 401 for a token that is fresh passes as what it is, after one call and no refresh.
#[tokio::test]
async fn a_401_for_a_fresh_token_is_passed_on() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let before = stage.calls(DETAILS).len();
    stage.sandbox.with(|state| {
        state.faults.push(Fault {
            path_prefix: DETAILS.into(),
            method: None,
            remaining: 1,
            answer: FaultAnswer::Status(401),
        });
    });
    let answer = details(&stage, &id).await;
    assert_eq!(answer.refusal(), (502, "upstream_unauthorized".into()));
    assert_eq!(stage.calls(DETAILS).len(), before + 1);
    assert_eq!(stage.token_calls("refresh_token"), 0);
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["fault"], Value::Null);
}

/// UF-1: on an API the wait is passed on, within a day, and the connection stays as it is; on the token
/// endpoint it is honoured within 15 minutes, and the connection is checked again.
#[tokio::test]
async fn a_429_says_how_long_to_wait() {
    let (stage, front, id) = fronted().await;
    for (header, api, token) in [
        ("retry-after: 7\r\n", 7..=7, 5..=7),
        ("retry-after: 999999\r\n", 86_400..=86_400, 895..=900),
        ("retry-after: 99999999999999999999\r\n", 10..=10, 1..=5),
        ("retry-after: soon\r\n", 10..=10, 1..=5),
        ("retry-after: -3\r\n", 10..=10, 1..=5),
        (
            "retry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            1..=1,
            1..=5,
        ),
        (
            // By the provider's own clock, years from ours.
            "date: Tue, 01 Jan 2030 00:00:00 GMT\r\nretry-after: Tue, 01 Jan 2030 00:00:07 GMT\r\n",
            7..=7,
            5..=7,
        ),
        ("", 10..=10, 1..=5),
    ] {
        let busy = || Play::answer("429 Too Many", &format!("{header}{JSON}"), b"{}");
        front.play(DETAILS, busy());
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (429, "upstream_rate_limited".into()),
            "{header}"
        );
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(api.contains(&wait), "{header}: {wait}");
        let connection = stage.admin().connection(&id).await;
        assert_eq!(connection["grant"]["fault"], Value::Null, "{header}");

        stage.sql(EXPIRED).await;
        front.play(TOKEN, busy());
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{header}"
        );
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(token.contains(&wait), "{header}: {wait}");
        let state = stage.text("SELECT state FROM connection").await;
        assert_eq!(state.as_deref(), Some("checking"), "{header}");
        // Time passes, and the fault with it.
        stage
            .sql("UPDATE connection SET next_try_at = NULL, attempts = 0")
            .await;
        assert_eq!(details(&stage, &id).await.status, 200, "{header}");
    }
}

/// UF-2: whatever breaks on the way to an API is weather: answered in time, and no grant is to blame.
#[tokio::test]
async fn broken_transport_is_weather() {
    let (stage, front, id) = fronted().await;
    let html = Play::answer(
        "502 Bad Gateway",
        "content-type: text/html\r\n",
        b"<h1>no</h1>",
    );
    let not_http = Play::Raw(b"\x16\x03\x01\x02\x00".to_vec());
    let json = |status| Play::answer(status, JSON, b"{}");
    for (case, play) in [
        ("500", json("500 Sorry")),
        ("502 in HTML", html),
        ("503", json("503 Later")),
        ("504", json("504 Late")),
        ("reset", Play::Reset),
        ("closed", Play::Raw(Vec::new())),
        ("not HTTP", not_http),
    ] {
        front.play(DETAILS, play);
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (502, "upstream_unavailable".into()),
            "{case}"
        );
        let connection = stage.admin().connection(&id).await;
        assert_eq!(connection["grant"]["fault"], Value::Null, "{case}");
    }
    assert_eq!(stage.token_calls("refresh_token"), 0);
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// UF-2: one byte a second, or none at all, ends at the total deadline of 15 seconds.
#[tokio::test]
async fn a_dribbling_provider_ends_at_the_deadline() {
    let (stage, front, id) = fronted().await;
    let answer = format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 60\r\n\r\n");
    front.play(DETAILS, Play::Dribble(answer.into_bytes()));
    front.play("/marketing/", Play::Silence);
    let timed = async |operation| {
        let began = Instant::now();
        let answer = stage.admin().relay(&id, operation, &json!({})).await;
        (answer, began.elapsed())
    };
    let body = format!("HTTP/1.1 200 OK\r\n{JSON}\r\n{{\"a\":");
    front.play("/crm/owners", Play::Pour(body.into_bytes()));
    let (head, silence) = tokio::join!(timed("account.details"), timed("forms.list"));
    let pour = timed("owners.list").await;
    for (case, (answer, took)) in [("head", head), ("silence", silence), ("body", pour)] {
        assert_eq!(
            answer.refusal(),
            (502, "upstream_unavailable".into()),
            "{case}"
        );
        let bounds = Duration::from_secs(14)..Duration::from_secs(18);
        assert!(bounds.contains(&took), "{case}: {took:?}");
    }
    let connection = stage.admin().connection(&id).await;
    assert_eq!(connection["grant"]["fault"], Value::Null);
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// UF-2: the same on the token endpoint ends after 10 seconds; the connection is checked, not dead.
#[tokio::test]
async fn a_dribbling_token_endpoint_ends_at_the_deadline() {
    let (stage, front, id) = fronted().await;
    stage.sql(EXPIRED).await;
    front.play(
        TOKEN,
        Play::Dribble(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_vec()),
    );
    let began = Instant::now();
    let answer = details(&stage, &id).await;
    assert_eq!(answer.refusal(), (503, "provider_unavailable".into()));
    let took = began.elapsed();
    assert!(
        (Duration::from_secs(9)..Duration::from_secs(14)).contains(&took),
        "{took:?}"
    );
    let state = stage.text("SELECT state FROM connection").await;
    assert_eq!(state.as_deref(), Some("checking"));
}

/// An address whose queue is full and from which nobody takes: the kernel lets further attempts wait.
struct BlackHole {
    url: String,
    _listener: tokio::net::TcpListener,
    _full: Vec<tokio::task::JoinHandle<std::io::Result<tokio::net::TcpStream>>>,
}

impl BlackHole {
    fn open(address: &str) -> Option<Self> {
        let address: std::net::SocketAddr = address.parse().unwrap();
        let socket = match address {
            std::net::SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
            std::net::SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
        };
        let socket = socket.ok()?;
        socket.bind(address).ok()?;
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let full = (0..4).map(|_| tokio::spawn(tokio::net::TcpStream::connect(address)));
        Some(Self {
            url: format!("http://{address}"),
            _full: full.collect(),
            _listener: listener,
        })
    }
}

/// UF-2: no such host, no TLS, nobody there, packets into nowhere: weather for API and refresh, in time.
#[tokio::test]
async fn a_host_that_is_not_there_is_weather() {
    let mut stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    let nobody = crate::edge::free_address();
    let hole = BlackHole::open("127.0.0.1:0").expect("IPv4 is everywhere");
    // A machine without IPv6 has no such hole to fall into.
    let hole_v6 = BlackHole::open("[::1]:0");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let holes = [Some(&hole), hole_v6.as_ref()];
    let holes = holes.into_iter().flatten();
    let holes = holes.map(|hole| ("packets into nowhere", hole.url.clone()));
    let elsewhere = [
        ("no such host", "https://nobody.invalid".to_owned()),
        ("no TLS", stage.sandbox_url.replace("http:", "https:")),
        ("nobody there", format!("http://{nobody}")),
    ];
    for (case, base) in elsewhere.into_iter().chain(holes) {
        stage.config.hubspot.api_base = base;
        stage = stage.restart().await;
        let began = Instant::now();
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (502, "upstream_unavailable".into()),
            "{case}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{case}: {:?}",
            began.elapsed()
        );
        stage.sql(EXPIRED).await;
        let answer = details(&stage, &id).await;
        assert_eq!(
            answer.refusal(),
            (503, "provider_unavailable".into()),
            "{case}"
        );
        assert_eq!(
            stage.text("SELECT state FROM connection").await.as_deref(),
            Some("checking"),
            "{case}"
        );
        stage
            .sql("UPDATE connection SET access_expires_at = unixepoch('subsec') + 1000, next_try_at = NULL, state = 'connected'")
            .await;
    }
    stage.config.hubspot.api_base.clone_from(&stage.sandbox_url);
    let stage = stage.restart().await;
    assert_eq!(details(&stage, &id).await.status, 200);
}
