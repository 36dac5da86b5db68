//! The configuration: what an operator writes, and what the environment lays over it (BI-3).

use super::cut;
use crate::config::Config;
use crate::partner_key::PublicKey;
use crate::tenants::Tenants;
use std::collections::HashSet;
use std::fs;
use tempfile::TempDir;
use toml::Value;
use url::Url;

/// What the files hold; it may stand nowhere else.
const FILES: [(&str, &str); 3] = [
    ("secret", "canary-client-secret"),
    ("hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("database", "postgres://portico:canary-password@db/portico"),
];
/// Names of fields whose values a message repeats on purpose: files, scopes and names of service keys.
const REPEATED: [&str; 7] = [
    "_file",
    "_dir",
    "app_dir",
    "scopes",
    "required_scopes",
    "optional_scopes",
    "id",
];

thread_local! {
    static FOLDER: TempDir = {
        let folder = TempDir::new().expect("a temporary folder");
        for (name, content) in FILES {
            fs::write(folder.path().join(name), content).expect("a file");
        }
        folder
    };
}

/// A file; behind a line `%%` variables of the environment, a line each.
pub fn config(data: &[u8]) {
    let (file, environment) = cut(data, b"\n%%\n");
    let file = String::from_utf8_lossy(file);
    let environment = String::from_utf8_lossy(environment);
    // A device has no end, and none is a fault of ours: the file is the operator's.
    if [&file, &environment]
        .iter()
        .any(|text| text.contains("/dev") || text.contains("/proc") || text.contains("/sys"))
    {
        return;
    }
    let variables = || {
        environment
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let read = || FOLDER.with(|folder| Config::parse(&file, folder.path(), variables()));
    match read() {
        Err(error) => {
            let told = format!("{error} {error:?}");
            for (_, content) in FILES {
                assert!(!told.contains(content), "{told}");
            }
            if let Ok(table) = file.parse::<toml::Table>() {
                let mut values = Vec::new();
                shown(&Value::Table(table), &mut values);
                for value in values {
                    let elsewhere = file.matches(value.as_str()).count() != 1
                        || environment.contains(value.as_str());
                    assert!(elsewhere || !told.contains(value.as_str()), "{told}");
                }
            }
        }
        Ok(config) => {
            let shown = format!("{config:?}");
            for (_, content) in FILES {
                assert!(!shown.contains(content), "{shown}");
            }
            assert!(config.check().is_ok(), "checked while it was read");
            let again = read().expect("read before");
            assert!(
                config.waits_for_restart(&again).is_empty(),
                "the same file differs from itself"
            );
            sound(&config);
        }
    }
}

/// Texts with the mark of something that must not be shown, outside of fields that a message repeats.
fn shown(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("canary") => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| shown(item, found)),
        Value::Table(fields) => {
            let kept = |name: &str| REPEATED.iter().any(|end| name.ends_with(end));
            for (_, field) in fields.iter().filter(|(name, _)| !kept(name)) {
                shown(field, found);
            }
        }
        _ => {}
    }
}

/// What must hold of a configuration that is taken, as the URL standard has it.
fn sound(config: &Config) {
    let is_origin = |text: &str| {
        Url::parse(text).is_ok_and(|url| {
            let local = url.host_str().is_some_and(|host| {
                host == "localhost"
                    || host.ends_with(".localhost")
                    || host.starts_with("127.")
                    || host == "[::1]"
            });
            url.origin().ascii_serialization() == text
                && (url.scheme() == "https" || url.scheme() == "http" && local)
        })
    };
    assert!(is_origin(&config.base_url), "{}", config.base_url);
    assert!(is_origin(&config.hubspot.api_base));
    assert!(is_origin(&config.hubspot.authorize_base));
    let mut issuers = HashSet::new();
    let mut keys = HashSet::new();
    let solo = config.solo.as_ref();
    let solo = solo.map(|solo| (config.solo_origins(solo), config.solo_return_uris(solo)));
    let partners = config.tenants.iter();
    let pages = partners.map(|tenant| (tenant.origins.clone(), tenant.return_uris.clone()));
    for (origins, pages) in pages.chain(solo) {
        assert!(origins.iter().all(|origin| is_origin(origin)));
        for page in &pages {
            let url = Url::parse(page).expect("a page is an address");
            assert!(url.as_str() == page && url.query().is_none() && url.fragment().is_none());
            assert!(
                origins.contains(&url.origin().ascii_serialization()),
                "{page}"
            );
        }
    }
    for tenant in &config.tenants {
        assert!(issuers.insert(&tenant.issuer), "an issuer stands twice");
        assert!(!tenant.keys.is_empty() && !tenant.origins.is_empty());
        for key in &tenant.keys {
            let read = PublicKey::read(key.alg, &key.public_key).expect("checked");
            assert!(keys.insert(read), "two tenants share a key");
        }
    }
    assert!(
        config
            .edge
            .trusted_proxies
            .iter()
            .all(|net| net.prefix_len() > 0)
    );
    let tenants = Tenants::of(config, None);
    for origin in config.tenants.iter().flat_map(|tenant| &tenant.origins) {
        assert!(tenants.list_origin(origin));
        for other in [
            format!("{origin}/"),
            format!("{origin} "),
            format!("{origin}.evil.example"),
            origin.to_uppercase(),
        ] {
            let is_listed = *other == config.base_url
                || config
                    .tenants
                    .iter()
                    .any(|tenant| tenant.origins.contains(&other));
            assert_eq!(tenants.list_origin(&other), is_listed, "{other}");
        }
    }
}
