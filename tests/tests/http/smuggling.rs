//! Requests that no browser sends, over bare sockets: what a front and a back end might read differently.

use portico_tests::{PORTAL, Stage, raw, statuses};

const TARGET: &str = "/crm/owners/2026-09";

struct Relay {
    stage: Stage,
    path: String,
    /// Session and origin, as header lines.
    who: String,
}

impl Relay {
    async fn ready() -> Self {
        let stage = Stage::open().await;
        let id = stage.connected(PORTAL).await;
        let admin = stage.admin();
        let who = format!(
            "authorization: Bearer {}\r\norigin: {}\r\n",
            admin.token, admin.origin
        );
        let path = format!("/v1/connections/{id}/relay/owners.list");
        Self { stage, path, who }
    }

    /// A request with further header lines, closed after its answer.
    fn request(&self, target: &str, headers: &str, body: &str) -> Vec<u8> {
        format!(
            "POST {target} HTTP/1.1\r\n{}content-type: application/json\r\nconnection: close\r\n{headers}\r\n{body}",
            self.who
        )
        .into_bytes()
    }

    fn port(&self) -> u16 {
        self.stage.proxy.address().port()
    }

    async fn send(&self, bytes: &[u8]) -> Vec<u16> {
        statuses(&raw(self.stage.proxy.address(), bytes).await)
    }

    fn sent(&self) -> usize {
        self.stage.sandbox.with(|state| state.calls.len())
    }

    /// What HubSpot got last: exactly ours, whatever came in.
    fn assert_upstream_is_ours(&self, case: &str) {
        let call = self
            .stage
            .sandbox
            .with(|state| state.calls.back().cloned().unwrap());
        assert_eq!(
            (call.method.as_str(), call.path.as_str()),
            ("GET", TARGET),
            "{case}"
        );
        assert_eq!(
            (call.query.as_str(), call.body.as_str()),
            ("", ""),
            "{case}"
        );
        let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let ours = [
            "accept",
            "accept-encoding",
            "authorization",
            "host",
            "user-agent",
        ];
        assert_eq!(names, ours, "{case}");
        let value = |wanted: &str| {
            call.headers
                .iter()
                .find(|(name, _)| name == wanted)
                .unwrap()
                .1
                .clone()
        };
        let upstream = self.stage.sandbox_url.strip_prefix("http://").unwrap();
        assert_eq!(value("host"), upstream, "{case}");
        assert!(value("user-agent").starts_with("portico-proxy/"), "{case}");
        assert!(
            !value("authorization").contains('.'),
            "{case}: a session went out"
        );
    }
}

/// RL-3: neither the target's form nor a header that claims another one changes route, right or host.
#[tokio::test]
async fn what_a_request_says_of_itself_changes_nothing() {
    let relay = Relay::ready().await;
    let absolute = format!("http://evil.example{}", relay.path);
    let own = format!("host: localhost:{}\r\ncontent-length: 2\r\n", relay.port());
    for (case, target, headers) in [
        ("plain", &relay.path, own.clone()),
        (
            "foreign host",
            &relay.path,
            "host: evil.example\r\ncontent-length: 2\r\n".into(),
        ),
        ("absolute form", &absolute, own.clone()),
        (
            "forwarded host",
            &relay.path,
            format!(
                "{own}x-forwarded-host: evil.example\r\nforwarded: host=evil.example;proto=http\r\n"
            ),
        ),
        (
            "forwarded for",
            &relay.path,
            format!(
                "{own}x-forwarded-for: 127.0.0.1\r\nx-real-ip: 127.0.0.1\r\ntrue-client-ip: 127.0.0.1\r\n"
            ),
        ),
        (
            "original URL",
            &relay.path,
            format!(
                "{own}x-original-url: /oauth/2026-03/token\r\nx-rewrite-url: /oauth/2026-03/token\r\n"
            ),
        ),
        (
            "override",
            &relay.path,
            format!("{own}x-http-method-override: DELETE\r\nx-method-override: PUT\r\n"),
        ),
        (
            "health checker",
            &relay.path,
            format!("{own}user-agent: kube-probe/1.31\r\n"),
        ),
    ] {
        let before = relay.sent();
        assert_eq!(
            relay.send(&relay.request(target, &headers, "{}")).await,
            [200],
            "{case}"
        );
        assert_eq!(relay.sent(), before + 1, "{case}");
        relay.assert_upstream_is_ours(case);
    }
    // And none of them stands for a session, or opens another route.
    let before = relay.sent();
    for headers in [
        "user-agent: kube-probe/1.31\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-user: admin\r\n",
        "x-original-url: /healthz\r\n",
        "x-http-method-override: OPTIONS\r\n",
    ] {
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
            relay.path
        );
        assert_eq!(relay.send(request.as_bytes()).await, [401], "{headers}");
    }
    assert_eq!(relay.sent(), before);
    // A flow's addresses are the configured ones.
    let admin = relay.stage.admin();
    let request = admin
        .request(reqwest::Method::POST, "/v1/flows")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .json(&admin.any_connect_body());
    let started = admin.send(request).await;
    assert_eq!(started.status, 201);
    assert!(!started.text.contains("evil"), "{}", started.text);
}

/// So many header lines that mean nothing.
pub(crate) fn odd_fields(count: usize) -> String {
    let fields: Vec<String> = (0..count)
        .map(|number| format!("x-odd-{number}: {number}\r\n"))
        .collect();
    fields.concat()
}

/// RL-4: HubSpot receives our own fixed headers; of the caller's not one.
#[tokio::test]
async fn no_header_of_the_caller_goes_on() {
    let relay = Relay::ready().await;
    let own = format!("host: localhost:{}\r\n", relay.port());
    let odd = odd_fields(50);
    for (case, headers) in [
        ("cookies", "cookie: a=b\r\ncookie: c=d\r\n".to_owned()),
        ("hop by hop", "connection: x-foo, authorization\r\nx-foo: 1\r\nkeep-alive: 5\r\nproxy-connection: keep-alive\r\nproxy-authorization: Basic YTpi\r\n".into()),
        ("te", "te: trailers, gzip\r\n".into()),
        ("expect", "expect: 100-continue\r\n".into()),
        ("underscores", "x_forwarded_for: 1\r\ncontent_length: 9\r\nauthorization_: Bearer x\r\n".into()),
        ("negotiation", "accept: text/html\r\naccept-language: xx\r\naccept-encoding: identity\r\nrange: bytes=0-1\r\nif-none-match: *\r\n".into()),
        ("tracing", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nbaggage: a=b\r\n".into()),
        ("many", odd),
    ] {
        let headers = format!("{own}{headers}content-length: 2\r\n");
        let codes = relay.send(&relay.request(&relay.path, &headers, "{}")).await;
        assert_eq!(codes.last(), Some(&200), "{case}: {codes:?}");
        relay.assert_upstream_is_ours(case);
    }
    let before = relay.sent();
    let odd = odd_fields(200);
    let headers = format!("{own}{odd}content-length: 2\r\n");
    assert_eq!(
        relay
            .send(&relay.request(&relay.path, &headers, "{}"))
            .await,
        [431]
    );
    let twice = format!("{own}authorization: Bearer x\r\ncontent-length: 2\r\n");
    assert_eq!(
        relay.send(&relay.request(&relay.path, &twice, "{}")).await,
        [400]
    );
    assert_eq!(relay.sent(), before);
}

/// RL-5: what could be read in two ways is refused, or read in one: one call at most goes out, and well formed.
#[tokio::test]
async fn an_ambiguous_request_becomes_one_call_or_none() {
    let relay = Relay::ready().await;
    let own = format!("host: localhost:{}\r\n", relay.port());
    let chunked = "transfer-encoding: chunked\r\n";
    // What a smuggler hides: a second call that the session would allow.
    let hidden =
        String::from_utf8(relay.request(&relay.path, &format!("{own}content-length: 2\r\n"), "{}"))
            .unwrap();
    let with =
        |headers: &str, body: &str| relay.request(&relay.path, &format!("{own}{headers}"), body);
    let bare = |text: Vec<u8>| {
        String::from_utf8(text)
            .unwrap()
            .replace("\r\n", "\n")
            .into_bytes()
    };
    for (case, bytes, may_pass) in [
        (
            "CL.TE",
            with(
                &format!("content-length: 2\r\n{chunked}"),
                &format!("2\r\n{{}}\r\n0\r\n\r\n{hidden}"),
            ),
            true,
        ),
        (
            "TE.CL",
            with(
                &format!("{chunked}content-length: 7\r\n"),
                &format!("2\r\n{{}}\r\n0\r\n\r\n{hidden}"),
            ),
            true,
        ),
        (
            "two lengths",
            with(
                "content-length: 2\r\ncontent-length: 40\r\n",
                &format!("{{}}{hidden}"),
            ),
            false,
        ),
        (
            "a list of lengths",
            with("content-length: 2, 40\r\n", "{}"),
            false,
        ),
        ("signed length", with("content-length: +2\r\n", "{}"), false),
        (
            "hexadecimal length",
            with("content-length: 0x2\r\n", "{}"),
            false,
        ),
        (
            "length with a space before its colon",
            with("content-length : 2\r\n", "{}"),
            false,
        ),
        (
            "folded field",
            with("x-folded: a\r\n b\r\ncontent-length: 2\r\n", "{}"),
            false,
        ),
        (
            "folded length",
            with("content-length:\r\n 2\r\n", "{}"),
            false,
        ),
        (
            "bare line feeds",
            bare(with("content-length: 2\r\n", "{}")),
            true,
        ),
        (
            "NUL in a field",
            with("x-nul: a\0b\r\ncontent-length: 2\r\n", "{}"),
            false,
        ),
        (
            "CR in a field",
            with("x-cr: a\rb\r\ncontent-length: 2\r\n", "{}"),
            false,
        ),
        (
            "unknown coding",
            with("transfer-encoding: xchunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
            false,
        ),
        (
            "two codings",
            with(
                "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
                "2\r\n{}\r\n0\r\n\r\n",
            ),
            false,
        ),
        (
            "coding with a tab",
            with("transfer-encoding:\tchunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
            true,
        ),
        (
            "chunk extension",
            with(chunked, "2;a=b\r\n{}\r\n0;c\r\n\r\n"),
            true,
        ),
        (
            "endless extension",
            with(
                chunked,
                &format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(40_000)),
            ),
            false,
        ),
        (
            "bad chunk size",
            with(chunked, "zz\r\n{}\r\n0\r\n\r\n"),
            false,
        ),
        (
            "huge chunk size",
            with(chunked, "ffffffffffffffff1\r\n{}\r\n0\r\n\r\n"),
            false,
        ),
        (
            "trailers",
            with(
                chunked,
                "2\r\n{}\r\n0\r\nauthorization: Bearer x\r\nx-trailer: 1\r\n\r\n",
            ),
            true,
        ),
        (
            "HTTP/1.0 with chunks",
            String::from_utf8(with(chunked, "2\r\n{}\r\n0\r\n\r\n"))
                .unwrap()
                .replacen("HTTP/1.1", "HTTP/1.0", 1)
                .into_bytes(),
            false,
        ),
        (
            "HTTP/9.9",
            String::from_utf8(with("content-length: 2\r\n", "{}"))
                .unwrap()
                .replacen("HTTP/1.1", "HTTP/9.9", 1)
                .into_bytes(),
            false,
        ),
    ] {
        let before = relay.sent();
        let codes = relay.send(&bytes).await;
        let calls = relay.sent() - before;
        if may_pass {
            // `connection: close` ends the connection, so what was hidden is never read.
            assert_eq!((codes.as_slice(), calls), (&[200][..], 1), "{case}");
            relay.assert_upstream_is_ours(case);
        } else {
            assert!(
                codes.iter().all(|code| (400..500).contains(code)),
                "{case}: {codes:?}"
            );
            assert!(codes.len() <= 1, "{case}: {codes:?}");
            assert_eq!(calls, 0, "{case}");
        }
    }
    // Two well-formed requests on one connection are two calls, whole and in order.
    let open = String::from_utf8(with("content-length: 2\r\n", "{}"))
        .unwrap()
        .replacen("connection: close\r\n", "", 1);
    let before = relay.sent();
    assert_eq!(
        relay.send(format!("{open}{hidden}").as_bytes()).await,
        [200, 200]
    );
    assert_eq!(relay.sent(), before + 2);
}
