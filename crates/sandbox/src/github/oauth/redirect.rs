//! Owns which redirect URIs an app may use, and how answers are put on them.

use url::{Host, Url};

use crate::github::model::{App, AppKind};

/// Where to send the user: the URI asked for if it is registered, the first registered one when none is asked for.
pub(in crate::github) fn chosen(app: &App, asked: Option<&str>) -> Option<Url> {
    match asked {
        None => app
            .callback_urls
            .first()
            .and_then(|url| Url::parse(url).ok()),
        Some(asked) => {
            let asked = Url::parse(asked).ok()?;
            let mut registered = app
                .callback_urls
                .iter()
                .filter_map(|url| Url::parse(url).ok());
            registered
                .any(|registered| fits(app.kind, &registered, &asked))
                .then_some(asked)
        }
    }
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A GitHub App's must be equal; an OAuth app's may be below the registered one and on its subdomains. The port of a
/// loopback address is free in both.
fn fits(kind: AppKind, registered: &Url, asked: &Url) -> bool {
    let plain =
        asked.username().is_empty() && asked.password().is_none() && asked.fragment().is_none();
    let port = registered.port_or_known_default() == asked.port_or_known_default()
        || (loopback(registered) && loopback(asked));
    if !plain || !port || registered.scheme() != asked.scheme() {
        return false;
    }
    match kind {
        AppKind::GitHubApp => {
            registered.host() == asked.host()
                && registered.path() == asked.path()
                && registered.query() == asked.query()
        }
        AppKind::OAuthApp => {
            let subdomain = match (registered.host(), asked.host()) {
                (Some(Host::Domain(of)), Some(Host::Domain(host))) => {
                    host.ends_with(&format!(".{of}"))
                }
                _ => false,
            };
            let below = registered.path().trim_end_matches('/');
            let path = asked.path() == registered.path()
                || asked
                    .path()
                    .strip_prefix(below)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            (registered.host() == asked.host() || subdomain) && path
        }
    }
}

/// The URI with these parameters added.
pub(in crate::github) fn with(url: &Url, pairs: &[(&str, &str)], state: Option<&str>) -> String {
    let mut url = url.clone();
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(pairs);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::chosen;
    use crate::github::model::App;

    /// The examples of GitHub's own page, and its loopback rule.
    #[test]
    fn an_oauth_apps_redirects_stay_below_its_callback() {
        let app = App::demo_oauth(vec!["http://example.com/path".to_owned()]);
        let cases = [
            ("http://example.com/path", true),
            ("http://example.com/path/subdir/other", true),
            ("http://oauth.example.com/path", true),
            ("http://oauth.example.com/path/subdir/other", true),
            ("http://example.com/bar", false),
            ("http://example.com/", false),
            ("http://example.com/pathology", false),
            ("http://example.com:8080/path", false),
            ("http://oauth.example.com:8080/path", false),
            ("http://example.org", false),
            ("http://badexample.com/path", false),
            ("https://example.com/path", false),
            ("http://user@example.com/path", false),
            ("http://example.com/path#f", false),
            ("http://example.com/path/../bar", false),
            ("nonsense", false),
        ];
        for (asked, good) in cases {
            assert_eq!(chosen(&app, Some(asked)).is_some(), good, "{asked}");
        }
        let native = App::demo_oauth(vec!["http://127.0.0.1/path".to_owned()]);
        assert!(chosen(&native, Some("http://127.0.0.1:1234/path")).is_some());
        assert!(chosen(&native, Some("http://127.0.0.2:1234/path")).is_none());
    }

    #[test]
    fn a_github_apps_redirect_is_a_callback_itself() {
        let callbacks = ["https://a.test/cb", "http://localhost:4000/cb"];
        let app = App::demo(callbacks.map(str::to_owned).to_vec());
        let cases = [
            (None, Some("https://a.test/cb")),
            (Some("https://a.test/cb"), Some("https://a.test/cb")),
            (
                Some("http://localhost:9999/cb"),
                Some("http://localhost:9999/cb"),
            ),
            (Some("https://a.test/cb/sub"), None),
            (Some("https://a.test/cb?x=1"), None),
            (Some("https://x.a.test/cb"), None),
            (Some("http://127.0.0.1:4000/cb"), None),
        ];
        for (asked, want) in cases {
            assert_eq!(
                chosen(&app, asked).map(String::from).as_deref(),
                want,
                "{asked:?}"
            );
        }
    }
}
