//! Whether a configuration makes sense as a whole. Each message names the field and never a secret;
//! all faults are told at once.

use super::{Config, GitHub, Solo, tenant, webhook};
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::path::PathBuf;
use url::{Host, Url};

/// Why the proxy does not start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML, a field of another type, or a field that does not exist.
    #[error("the configuration is not understood{}: {message}", at_line(*line))]
    Syntax {
        /// Where, when known; counted from 1.
        line: Option<usize>,
        /// What the parser says.
        message: String,
    },
    /// A value that cannot be right.
    #[error("{field} {problem}")]
    Field {
        /// Its name in the file.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More than one fault of the kinds above.
    #[error("the configuration has {} faults:{}", .0.len(), in_lines(.0))]
    Several(Vec<ConfigError>),
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" at line {line}"))
        .unwrap_or_default()
}

fn in_lines(faults: &[ConfigError]) -> String {
    faults.iter().fold(String::new(), |lines, fault| {
        lines + "\n  " + &fault.to_string()
    })
}

fn fault(field: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Field {
        field: field.to_owned(),
        problem: problem.into(),
    }
}

/// What is wrong, collected, so that an operator hears all of it at once: one line a field.
#[derive(Default)]
pub(super) struct Faults(Vec<ConfigError>);

impl Faults {
    /// Adds a fault, unless the field has one already: the further ones often follow from the first.
    pub(super) fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.push(fault(field, problem));
    }

    pub(super) fn push(&mut self, fault: ConfigError) {
        let name = |fault: &ConfigError| match fault {
            ConfigError::Field { field, .. } => Some(field.clone()),
            _ => None,
        };
        let new = name(&fault);
        if new.is_none() || self.0.iter().all(|told| name(told) != new) {
            self.0.push(fault);
        }
    }

    pub(super) fn keep<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(fault) => {
                self.push(fault);
                None
            }
        }
    }

    /// Good when nothing was added.
    pub(super) fn into_result(mut self) -> Result<(), ConfigError> {
        match (self.0.pop(), self.0.is_empty()) {
            (None, _) => Ok(()),
            (Some(only), true) => Err(only),
            (Some(last), false) => {
                self.0.push(last);
                Err(ConfigError::Several(self.0))
            }
        }
    }
}

impl Config {
    /// Refuses what cannot work or must not run, with all that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        self.collect(&mut faults);
        faults.into_result()
    }

    /// Adds what is wrong with the values.
    pub(super) fn collect(&self, faults: &mut Faults) {
        let base = faults.keep(origin("base_url", &self.base_url));
        if !self.listen.ip().is_loopback() {
            let https = base.as_ref().is_none_or(|base| base.scheme() == "https");
            match &self.solo {
                Some(solo) if !solo.behind_tls => faults.add(
                    "listen",
                    "is not a loopback address: a solo proxy serves this machine only, unless [solo] behind_tls \
                     is set and a TLS endpoint stands in front",
                ),
                Some(_) if !https => {
                    faults.add("base_url", "must be https when [solo] behind_tls is set");
                }
                None if !https => faults.add(
                    "base_url",
                    "must be https when listen is not a loopback address: a TLS endpoint stands in front",
                ),
                _ => {}
            }
        }
        if self.base_url.ends_with(":0") && self.listen.port() != 0 {
            faults.add(
                "base_url",
                "has port 0, which stands for the bound port, but listen names one",
            );
        }
        if self
            .health_listen
            .is_some_and(|health| health == self.listen && health.port() != 0)
        {
            faults.add("health_listen", "is the same address as listen");
        }
        if let Some(url) = &self.database_url {
            let url = Url::parse(url.expose_secret());
            let fits = url.is_ok_and(|url| {
                matches!(url.scheme(), "postgres" | "postgresql") && url.has_host()
            });
            if !fits {
                faults.add(
                    "database_url",
                    "must be of the form postgres://user@host/database",
                );
            }
        }
        if let Some(app) = &self.app_dir
            && !app.join("index.html").is_file()
        {
            faults.add("app_dir", "holds no index.html; build the app first");
        }
        if let Some(solo) = &self.solo {
            self.collect_solo(solo, base.is_some(), faults);
        }
        tenant::collect(&self.tenants, faults);
        self.collect_hubspot(faults);
        if let Some(github) = &self.github {
            collect_github(github, faults);
        }
        webhook::collect(&self.webhooks, faults);
        for (field, value) in [
            ("limits.user_per_minute", self.limits.user_per_minute),
            ("limits.org_per_minute", self.limits.org_per_minute),
            ("limits.address_per_minute", self.limits.address_per_minute),
            ("limits.max_connections", self.limits.max_connections),
            ("limits.max_per_address", self.limits.max_per_address),
            ("limits.max_event_streams", self.limits.max_event_streams),
        ] {
            if value == 0 {
                faults.add(field, "must be at least 1");
            }
        }
        if !(8..=65_536).contains(&self.limits.max_answer_mebibytes) {
            // Below, no answer of the largest size would ever pass.
            faults.add("limits.max_answer_mebibytes", "must be 8 to 65536");
        }
        if self.limits.max_requests < 16 {
            // A share of it must still be of use to a tenant among several.
            faults.add("limits.max_requests", "must be at least 16");
        }
        if self
            .edge
            .trusted_proxies
            .iter()
            .any(|net| net.prefix_len() == 0)
        {
            faults.add(
                "edge.trusted_proxies",
                "must not hold the whole internet: then anybody could forge an address",
            );
        }
        if let Some(endpoint) = &self.telemetry.otlp_endpoint {
            let fits = Url::parse(endpoint).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            if !fits {
                faults.add(
                    "telemetry.otlp_endpoint",
                    "must be an http or https address without user name, query and fragment",
                );
            }
        }
    }

    fn collect_solo(&self, solo: &Solo, base_is_known: bool, faults: &mut Faults) {
        for (field, id) in [("solo.org", &solo.org), ("solo.user", &solo.user)] {
            if !is_session_id(id) {
                faults.add(
                    field,
                    "must be 1 to 128 characters of letters, digits and . _ : -",
                );
            }
        }
        if solo.max_connections > 100_000 {
            faults.add("solo.max_connections", "must be at most 100000");
        }
        for (field, problem) in solo.backend.faults() {
            faults.add(&format!("solo.backend.{field}"), problem);
        }
        tenant::collect_origins("solo.origins", &solo.origins, faults);
        if base_is_known {
            let (pages, origins) = (&solo.return_uris, self.solo_origins(solo));
            let place = "base_url or on one of solo.origins";
            tenant::collect_return_uris("solo.return_uris", pages, &origins, place, faults);
        }
    }

    fn collect_hubspot(&self, faults: &mut Faults) {
        let app = &self.hubspot;
        collect_credentials("hubspot", &app.client_id, &app.client_secret, faults);
        faults.keep(origin("hubspot.authorize_base", &app.authorize_base));
        faults.keep(origin("hubspot.api_base", &app.api_base));
        let lists = [
            ("hubspot.required_scopes", &app.required_scopes),
            ("hubspot.optional_scopes", &app.optional_scopes),
        ];
        for (field, scopes) in lists {
            collect_scopes(field, scopes, faults);
        }
        if !app.required_scopes.iter().any(|scope| scope == "oauth") {
            faults.add("hubspot.required_scopes", "must contain oauth");
        }
        if let Some(both) = app
            .required_scopes
            .iter()
            .find(|scope| app.optional_scopes.contains(scope))
        {
            faults.add(
                "hubspot.optional_scopes",
                format!("names {both}, which is required already"),
            );
        }
    }
}

/// Scopes of GitHub that another contains: GitHub leaves them out of what it grants, so asking for both would
/// find the second one missing for ever.
const CONTAINED: [(&str, &[&str]); 8] = [
    (
        "repo",
        &[
            "repo:status",
            "repo_deployment",
            "public_repo",
            "repo:invite",
            "security_events",
        ],
    ),
    ("user", &["read:user", "user:email", "user:follow"]),
    (
        "admin:org",
        &["write:org", "read:org", "manage_runners:org"],
    ),
    ("write:org", &["read:org"]),
    ("project", &["read:project"]),
    ("write:packages", &["read:packages"]),
    ("admin:repo_hook", &["write:repo_hook", "read:repo_hook"]),
    ("admin:public_key", &["write:public_key", "read:public_key"]),
];

fn collect_github(app: &GitHub, faults: &mut Faults) {
    collect_credentials("github", &app.client_id, &app.client_secret, faults);
    faults.keep(origin("github.web_base", &app.web_base));
    if let Some(url) = faults.keep(web_address("github.api_base", &app.api_base)) {
        let normal = url.as_str().trim_end_matches('/');
        if url.query().is_some() || url.fragment().is_some() || normal != app.api_base {
            faults.add(
                "github.api_base",
                "must be an address with at most a path, in its normal form and without a trailing slash",
            );
        }
    }
    collect_scopes("github.scopes", &app.scopes, faults);
    let both = CONTAINED.iter().find_map(|(whole, parts)| {
        let has = |scope: &str| app.scopes.iter().any(|own| own == scope);
        let part = parts.iter().find(|part| has(part))?;
        has(whole).then_some((whole, part))
    });
    if let Some((whole, part)) = both {
        faults.add(
            "github.scopes",
            format!("names {part}, which {whole} contains"),
        );
    }
}

fn collect_credentials(
    section: &str,
    client_id: &str,
    client_secret: &SecretString,
    faults: &mut Faults,
) {
    let id_fits = (1..=128).contains(&client_id.len())
        && client_id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !id_fits {
        faults.add(
            &format!("{section}.client_id"),
            "must be the app's client id",
        );
    }
    let field = format!("{section}.client_secret_file");
    let secret = client_secret.expose_secret();
    if secret.is_empty() {
        faults.add(&field, "is missing or empty");
    } else if secret.len() > 512 || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        faults.add(&field, "must hold one line of printable characters");
    }
}

fn collect_scopes(field: &str, scopes: &[String], faults: &mut Faults) {
    for (index, scope) in scopes.iter().enumerate() {
        if !is_scope(scope) {
            faults.add(field, "holds something that is not a scope");
        } else if scopes[..index].contains(scope) {
            faults.add(field, format!("names {scope} twice"));
        }
    }
}

/// `sub` and `org` of a session (threat model, section 4).
pub(crate) fn is_session_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// A `scope-token` of RFC 6749, as HubSpot and GitHub write them.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// https, or http on this machine.
pub(super) fn web_address(field: &str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).map_err(|_| fault(field, "must be a full address with https://"))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(fault(field, "names no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if local => {}
        _ => return Err(fault(field, "must be https; http is for localhost only")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault(field, "must not carry a user name or password"));
    }
    Ok(url)
}

/// An ASCII origin, written exactly as browsers write it.
pub(super) fn origin(field: &str, text: &str) -> Result<Url, ConfigError> {
    let url = web_address(field, text)?;
    // Port 0 stands for the bound port; the URL type keeps it.
    if url.origin().ascii_serialization() != text {
        return Err(fault(
            field,
            "must be an origin: scheme, host and port, without path or trailing slash",
        ));
    }
    Ok(url)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
