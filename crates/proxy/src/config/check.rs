//! Whether a configuration makes sense as a whole. Each message names the field and never a secret.

use super::Config;
use secrecy::ExposeSecret;
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
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(" at line {line}"))
        .unwrap_or_default()
}

type Check = Result<(), ConfigError>;

fn fault(field: &str, problem: impl Into<String>) -> ConfigError {
    ConfigError::Field {
        field: field.to_owned(),
        problem: problem.into(),
    }
}

impl Config {
    /// Refuses what cannot work or must not run.
    pub fn check(&self) -> Check {
        let base = origin("base_url", &self.base_url)?;
        if !self.listen.ip().is_loopback() {
            if !self.solo.behind_tls {
                return Err(fault(
                    "listen",
                    "is not a loopback address: a solo proxy serves this machine only, unless [solo] behind_tls \
                     is set and a TLS endpoint stands in front",
                ));
            }
            if base.scheme() != "https" {
                return Err(fault(
                    "base_url",
                    "must be https when [solo] behind_tls is set",
                ));
            }
        }
        if self.base_url.ends_with(":0") && self.listen.port() != 0 {
            return Err(fault(
                "base_url",
                "has port 0, which stands for the bound port, but listen names one",
            ));
        }
        if self
            .health_listen
            .is_some_and(|health| health == self.listen && health.port() != 0)
        {
            return Err(fault("health_listen", "is the same address as listen"));
        }
        if let Some(app) = &self.app_dir
            && !app.join("index.html").is_file()
        {
            return Err(fault("app_dir", "holds no index.html; build the app first"));
        }
        self.check_solo()?;
        self.check_hubspot()?;
        for (field, value) in [
            ("limits.user_per_minute", self.limits.user_per_minute),
            ("limits.org_per_minute", self.limits.org_per_minute),
        ] {
            if value == 0 {
                return Err(fault(field, "must be at least 1"));
            }
        }
        Ok(())
    }

    fn check_solo(&self) -> Check {
        for (field, id) in [("solo.org", &self.solo.org), ("solo.user", &self.solo.user)] {
            if !is_session_id(id) {
                return Err(fault(
                    field,
                    "must be 1 to 128 characters of letters, digits and . _ : -",
                ));
            }
        }
        if self.solo.max_connections > 100_000 {
            return Err(fault("solo.max_connections", "must be at most 100000"));
        }
        for entry in &self.solo.origins {
            origin("solo.origins", entry)?;
        }
        let origins = self.origins();
        for entry in &self.solo.return_uris {
            let field = "solo.return_uris";
            let url = web_address(field, entry)?;
            if url.fragment().is_some() || url.query().is_some() {
                return Err(fault(field, "must have neither query nor fragment"));
            }
            if url.as_str() != entry {
                return Err(fault(field, "must be written in its normal form"));
            }
            if !origins.contains(&url.origin().ascii_serialization()) {
                return Err(fault(
                    field,
                    "must lie on base_url or on one of solo.origins",
                ));
            }
        }
        Ok(())
    }

    fn check_hubspot(&self) -> Check {
        let app = &self.hubspot;
        let id_fits = (1..=128).contains(&app.client_id.len())
            && app
                .client_id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !id_fits {
            return Err(fault("hubspot.client_id", "must be the app's client id"));
        }
        let secret = app.client_secret.expose_secret();
        if secret.is_empty() {
            return Err(fault("hubspot.client_secret_file", "is missing or empty"));
        }
        if secret.len() > 512 || !secret.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(fault(
                "hubspot.client_secret_file",
                "must hold one line of printable characters",
            ));
        }
        origin("hubspot.authorize_base", &app.authorize_base)?;
        origin("hubspot.api_base", &app.api_base)?;
        let lists = [
            ("hubspot.required_scopes", &app.required_scopes),
            ("hubspot.optional_scopes", &app.optional_scopes),
        ];
        for (field, scopes) in lists {
            for (index, scope) in scopes.iter().enumerate() {
                if !is_scope(scope) {
                    return Err(fault(field, "holds something that is not a scope"));
                }
                if scopes[..index].contains(scope) {
                    return Err(fault(field, format!("names {scope} twice")));
                }
            }
        }
        if !app.required_scopes.iter().any(|scope| scope == "oauth") {
            return Err(fault("hubspot.required_scopes", "must contain oauth"));
        }
        if let Some(both) = app
            .required_scopes
            .iter()
            .find(|scope| app.optional_scopes.contains(scope))
        {
            return Err(fault(
                "hubspot.optional_scopes",
                format!("names {both}, which is required already"),
            ));
        }
        Ok(())
    }
}

/// `sub` and `org` of a session (threat model, section 4).
pub(crate) fn is_session_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// A `scope-token` of RFC 6749, as HubSpot writes them.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// https, or http on this machine.
fn web_address(field: &str, text: &str) -> Result<Url, ConfigError> {
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
fn origin(field: &str, text: &str) -> Result<Url, ConfigError> {
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
mod tests {
    use super::*;
    use crate::config::HubSpot;
    use std::path::Path;

    const GOOD: &str = r#"
        base_url = "http://localhost:7878"
        data_dir = "data"
        [hubspot]
        client_id = "9b1d"
        client_secret_file = "secret"
    "#;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "canary-secret\n").unwrap();
        let environment = environment
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Config::parse(text, folder.path(), environment)
    }

    #[test]
    fn a_small_file_is_enough() {
        let config = parse(GOOD, &[]).unwrap();
        assert_eq!(config.solo.org, "demo");
        assert_eq!(config.hubspot.api_base, "https://api.hubapi.com");
        assert_eq!(
            config.hubspot.client_secret.expose_secret(),
            "canary-secret"
        );
        assert!(config.data_dir.is_absolute());
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = parse(
            GOOD,
            &[
                ("PORTICO_HUBSPOT__CLIENT_ID", "12345"),
                ("PORTICO_SOLO__MAX_CONNECTIONS", "3"),
                ("PORTICO_SOLO__ORIGINS", r#"["https://partner.example"]"#),
                ("PORTICO_LISTEN", "127.0.0.1:9000"),
                ("PORTICO_LOG", "info"),
                ("HOME", "/nowhere"),
            ],
        )
        .unwrap();
        assert_eq!(config.hubspot.client_id, "12345");
        assert_eq!(config.solo.max_connections, 3);
        assert_eq!(config.solo.origins, ["https://partner.example"]);
        assert_eq!(config.listen.port(), 9000);
    }

    /// BI-3: the message names the field, and nothing of the secret.
    #[test]
    fn each_bad_value_is_refused_by_name() {
        let with = |line: &str| format!("{line}\n{GOOD}");
        let replaced = |from: &str, to: &str| GOOD.replace(from, to);
        let solo = |line: &str| format!("{GOOD}\n[solo]\n{line}");
        for (text, named) in [
            (replaced("client_id = \"9b1d\"", ""), "client_id"),
            (replaced("9b1d", ""), "hubspot.client_id"),
            (replaced("data_dir = \"data\"", ""), "data_dir"),
            (
                replaced("http://localhost:7878", "http://portico.example"),
                "base_url",
            ),
            (
                replaced("http://localhost:7878", "http://localhost:7878/"),
                "base_url",
            ),
            (replaced("http://localhost:7878", "localhost"), "base_url"),
            (
                replaced("http://localhost:7878", "http://localhost:0"),
                "base_url",
            ),
            (replaced("\"secret\"", "\"absent\""), "absent"),
            (with("listen = \"0.0.0.0:7878\""), "listen"),
            (with("listen = \"nowhere\""), "listen"),
            (with("app_dir = \"data\""), "app_dir"),
            (with("health_listen = \"127.0.0.1:7878\""), "health_listen"),
            (with("unheard_of = 1"), "unheard_of"),
            (with("client_secret = \"canary-secret\""), "client_secret"),
            (solo("org = \"a b\""), "solo.org"),
            (solo("user = \"\""), "solo.user"),
            (solo("role = \"root\""), "role"),
            (solo("max_connections = 100001"), "solo.max_connections"),
            (solo("max_connections = -1"), "max_connections"),
            (solo("origins = [\"*\"]"), "solo.origins"),
            (
                solo("origins = [\"http://partner.example\"]"),
                "solo.origins",
            ),
            (
                solo("origins = [\"https://partner.example/\"]"),
                "solo.origins",
            ),
            (
                solo("return_uris = [\"https://elsewhere.example/return.html\"]"),
                "solo.return_uris",
            ),
            (
                solo("return_uris = [\"http://localhost:7878/r#x\"]"),
                "solo.return_uris",
            ),
            (
                format!("{GOOD}\nauthorize_base = \"http://hubspot.example\""),
                "hubspot.authorize_base",
            ),
            (
                format!("{GOOD}\napi_base = \"https://u:p@hubspot.example\""),
                "hubspot.api_base",
            ),
            (
                format!("{GOOD}\nrequired_scopes = [\"tickets\"]"),
                "hubspot.required_scopes",
            ),
            (
                format!("{GOOD}\nrequired_scopes = [\"oauth\", \"a b\"]"),
                "hubspot.required_scopes",
            ),
            (
                format!("{GOOD}\noptional_scopes = [\"oauth\"]"),
                "hubspot.optional_scopes",
            ),
            (
                format!("{GOOD}\n[limits]\nuser_per_minute = 0"),
                "limits.user_per_minute",
            ),
        ] {
            let error = parse(&text, &[]).expect_err(named).to_string();
            assert!(error.contains(named), "{named}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
        let error =
            parse(GOOD, &[("PORTICO_HUBSPOT__CLIENT_SECRET", "canary-secret")]).unwrap_err();
        assert!(error.to_string().contains("client_secret"), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn a_public_address_needs_tls_in_front() {
        let mut config = Config::loopback("data", HubSpot::new("id", "secret".to_owned().into()));
        config.listen = ([0, 0, 0, 0], 443).into();
        config.base_url = "https://portico.example".into();
        assert!(config.check().is_err());
        config.solo.behind_tls = true;
        config.check().unwrap();
        config.base_url = "http://localhost".into();
        assert!(config.check().is_err());
        assert!(Config::load(Path::new("/nonexistent/portico.toml"), []).is_err());
    }
}
