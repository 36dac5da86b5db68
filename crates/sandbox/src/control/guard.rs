//! Owns who may steer the sandbox from a browser: pages of this very origin. It listens on loopback without a password,
//! so a foreign page must neither post to it nor reach it under a name of its own (DNS rebinding).

use std::net::IpAddr;

use super::problem::Problem;
use crate::http::Request;

/// Refuses foreign hosts, and changes asked by foreign pages.
pub(super) fn check(request: &Request, own: &[String]) -> Result<(), Problem> {
    let host = request.header("host");
    // Only calls in process come without a host; no browser sends one.
    if let Some(host) = host
        && !known(name(host), own)
    {
        return Err(Problem::new(
            403,
            "foreign-host",
            format!("The control interface answers under loopback names only, and {host} is none."),
        ));
    }
    if matches!(request.method.as_str(), "GET" | "HEAD") {
        return Ok(());
    }
    let site = request.header("sec-fetch-site");
    let foreign_site = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let foreign_origin = request.header("origin").is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, rest)| rest);
        authority.is_none() || authority != host
    });
    if foreign_site || foreign_origin {
        return Err(Problem::new(
            403,
            "foreign-page",
            "Another site's page may not steer this sandbox.",
        ));
    }
    Ok(())
}

/// A host without its port.
fn name(host: &str) -> &str {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    &host[..end]
}

fn known(name: &str, own: &[String]) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    loopback
        || bare.eq_ignore_ascii_case("localhost")
        || own
            .iter()
            .any(|host| host.eq_ignore_ascii_case(name) || host.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::http::Request;

    type Case = (&'static str, &'static [(&'static str, &'static str)], bool);

    #[test]
    fn foreign_hosts_and_foreign_pages_are_refused() {
        let cases: [Case; 16] = [
            ("GET", &[], true),
            ("GET", &[("host", "localhost:4000")], true),
            ("GET", &[("host", "127.0.0.1")], true),
            ("GET", &[("host", "127.8.9.1:80")], true),
            ("GET", &[("host", "[::1]:4000")], true),
            ("GET", &[("host", "sandbox.test:4000")], true),
            ("GET", &[("host", "evil.example:4000")], false),
            ("GET", &[("host", "localhost.evil.example")], false),
            ("GET", &[("host", "")], false),
            (
                "POST",
                &[
                    ("host", "localhost:4000"),
                    ("origin", "http://localhost:4000"),
                ],
                true,
            ),
            (
                "POST",
                &[
                    ("host", "localhost:4000"),
                    ("origin", "http://localhost:4001"),
                ],
                false,
            ),
            (
                "POST",
                &[("host", "localhost:4000"), ("origin", "null")],
                false,
            ),
            (
                "POST",
                &[("host", "localhost:4000"), ("sec-fetch-site", "cross-site")],
                false,
            ),
            (
                "DELETE",
                &[("host", "localhost:4000"), ("sec-fetch-site", "same-site")],
                false,
            ),
            (
                "POST",
                &[
                    ("host", "localhost:4000"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                "GET",
                &[("host", "localhost:4000"), ("sec-fetch-site", "cross-site")],
                true,
            ),
        ];
        for (method, headers, want) in cases {
            let mut request = Request::new(method, "/_sandbox");
            for (name, value) in headers {
                request = request.with_header(name, value);
            }
            let own = ["sandbox.test".to_owned()];
            assert_eq!(check(&request, &own).is_ok(), want, "{method} {headers:?}");
        }
    }
}
