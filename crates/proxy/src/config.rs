//! The configuration file, its environment overrides and the secret's file: shapes and defaults.
//! Owns field names; whether values make sense together is decided in `config::check`. Opens no socket.

pub(crate) mod check;
mod load;
mod reload;
mod tenant;
mod webhook;

pub use crate::service_keys::{Backend, ServiceKey};
pub use check::ConfigError;
pub use tenant::{KeyAlgorithm, Tenant, TenantKey};
pub use webhook::Webhook;

use ipnet::IpNet;
use portico_core::wire::Role;
use secrecy::SecretString;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// All that an operator decides. Checked whole by [`Config::check`], which [`crate::Proxy::start`] calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Origin under which browsers reach the proxy, without a trailing slash; port 0 takes the bound port.
    pub base_url: String,
    /// Address to bind; port 0 takes any.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Folder of SQLite's database, the key file and the spool; made when absent, mode 0700.
    pub data_dir: PathBuf,
    /// `postgres://…`; absent: SQLite in `data_dir`. In a file, better `database_url_file`: it holds a password.
    #[serde(default)]
    pub database_url: Option<SecretString>,
    /// File whose only line is `database_url`.
    #[serde(default)]
    pub database_url_file: Option<PathBuf>,
    /// Folder of the built app; absent when the app is hosted elsewhere.
    #[serde(default)]
    pub app_dir: Option<PathBuf>,
    /// Data keys, one `kid:base64` a line, mode 0600; `data_dir/master.key` when absent, made if missing.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Folder for answers the database would not take, best on another volume; `data_dir/spool` when absent.
    #[serde(default)]
    pub spool_dir: Option<PathBuf>,
    /// Own listener of `/healthz` and `/readyz`; without it they stand on the main one.
    #[serde(default)]
    pub health_listen: Option<SocketAddr>,
    /// The one organization of a solo proxy. A file with neither `[solo]` nor `[[tenants]]` has it with
    /// defaults; without it there is no local issuer and no launch link.
    #[serde(default)]
    pub solo: Option<Solo>,
    /// Partners, each an issuer of sessions. The one field that is read again while the proxy runs.
    #[serde(default)]
    pub tenants: Vec<Tenant>,
    /// The HubSpot app.
    pub hubspot: HubSpot,
    /// Request limits.
    #[serde(default)]
    pub limits: Limits,
    /// Who stands in front.
    #[serde(default)]
    pub edge: Edge,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// The GitHub app; absent: GitHub is not offered.
    #[serde(default)]
    pub github: Option<GitHub>,
    /// Where news of connections is sent.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
}

/// Sessions of the local issuer: one organization, one person per launch link.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Solo {
    /// Organization id: 1 to 128 characters of `[A-Za-z0-9._:-]`.
    pub org: String,
    /// Person id, of the same form.
    pub user: String,
    /// What that person may do.
    pub role: Role,
    /// Simultaneous portals, 0 to 100,000.
    pub max_connections: u32,
    /// Further origins that may embed the widget.
    pub origins: Vec<String>,
    /// Further return pages, on one of the origins; matched byte for byte.
    pub return_uris: Vec<String>,
    /// A TLS endpoint stands in front: allows a listen address other than loopback.
    pub behind_tls: bool,
    /// What a backend of its own may do; nothing unless told otherwise.
    pub backend: Backend,
}

impl Default for Solo {
    fn default() -> Self {
        Self {
            org: "demo".into(),
            user: "you".into(),
            role: Role::Admin,
            max_connections: 100_000,
            origins: Vec::new(),
            return_uris: Vec::new(),
            behind_tls: false,
            backend: Backend::default(),
        }
    }
}

/// The HubSpot app, and where HubSpot is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSpot {
    /// OAuth client id.
    pub client_id: String,
    /// File whose only line is the client secret.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What that file held; set in code by tests.
    #[serde(skip)]
    pub client_secret: SecretString,
    /// Origin of the authorization pages.
    #[serde(default = "default_authorize_base")]
    pub authorize_base: String,
    /// Origin of token endpoint and APIs.
    #[serde(default = "default_api_base")]
    pub api_base: String,
    /// Scopes the app's settings require.
    #[serde(default = "default_required_scopes")]
    pub required_scopes: Vec<String>,
    /// Scopes the app's settings list as optional.
    #[serde(default = "default_optional_scopes")]
    pub optional_scopes: Vec<String>,
}

impl HubSpot {
    /// An app with HubSpot's own addresses and the default scopes.
    pub fn new(client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret_file: None,
            client_secret,
            authorize_base: default_authorize_base(),
            api_base: default_api_base(),
            required_scopes: default_required_scopes(),
            optional_scopes: default_optional_scopes(),
        }
    }
}

/// A GitHub App or OAuth app, and where GitHub is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// OAuth client id.
    pub client_id: String,
    /// File whose only line is the client secret.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What that file held; set in code by tests.
    #[serde(skip)]
    pub client_secret: SecretString,
    /// Origin of the authorization pages and the token endpoint.
    #[serde(default = "default_github_web_base")]
    pub web_base: String,
    /// Address of the REST API; with an Enterprise Server `https://ghe.example/api/v3`.
    #[serde(default = "default_github_api_base")]
    pub api_base: String,
    /// Scopes of an OAuth app, all required. A GitHub App takes its permissions from its settings and has none.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl GitHub {
    /// An app at github.com, without scopes.
    pub fn new(client_id: impl Into<String>, client_secret: SecretString) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret_file: None,
            client_secret,
            web_base: default_github_web_base(),
            api_base: default_github_api_base(),
            scopes: Vec::new(),
        }
    }
}

/// Requests a minute, the relay and the event stream excepted, and how much at once (threat model, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Of one person.
    pub user_per_minute: u32,
    /// Of one organization.
    pub org_per_minute: u32,
    /// From one address, sessions or not. Whoever stands in front for many is not counted.
    pub address_per_minute: u32,
    /// Open connections.
    pub max_connections: u32,
    /// Open connections from one address.
    pub max_per_address: u32,
    /// Requests being answered, the relay included; each tenant has a share.
    pub max_requests: u32,
    /// Open event streams; each tenant has a share.
    pub max_event_streams: u32,
    /// Memory for relayed answers on their way, in MiB; one answer takes 8 at most.
    pub max_answer_mebibytes: u32,
}

/// Who stands in front of the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edge {
    /// Networks whose `X-Forwarded-For` is believed, for limits only; when empty, nobody's.
    pub trusted_proxies: Vec<IpNet>,
}

/// What is told of the proxy at work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Form of log lines.
    pub log_format: LogFormat,
    /// Base address of an OpenTelemetry collector that takes OTLP over HTTP; when absent, no traces are sent.
    pub otlp_endpoint: Option<String>,
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            user_per_minute: 60,
            org_per_minute: 600,
            address_per_minute: 1200,
            max_connections: 4096,
            max_per_address: 64,
            max_requests: 512,
            max_event_streams: 2048,
            max_answer_mebibytes: 256,
        }
    }
}

impl Config {
    /// A solo proxy on a loopback port of the system's choice, as demos and tests run it.
    pub fn loopback(data_dir: impl Into<PathBuf>, hubspot: HubSpot) -> Self {
        Self {
            base_url: "http://localhost:0".into(),
            listen: default_listen_any(),
            data_dir: data_dir.into(),
            database_url: None,
            database_url_file: None,
            app_dir: None,
            key_file: None,
            spool_dir: None,
            health_listen: None,
            solo: Some(Solo::default()),
            tenants: Vec::new(),
            hubspot,
            limits: Limits::default(),
            edge: Edge::default(),
            telemetry: Telemetry::default(),
            github: None,
            webhooks: Vec::new(),
        }
    }

    /// The callback of a provider: `{base_url}/callback/{provider}`.
    pub fn redirect_uri(&self, provider: portico_core::wire::Provider) -> String {
        format!("{}/callback/{}", self.base_url, provider.wire_name())
    }

    /// Origins that the solo organization's sessions may name: the app's own, then the configured ones.
    pub(crate) fn solo_origins(&self, solo: &Solo) -> Vec<String> {
        std::iter::once(self.base_url.clone())
            .chain(solo.origins.iter().cloned())
            .collect()
    }

    /// Where its flows may return to: the app's own return page, then the configured ones.
    pub(crate) fn solo_return_uris(&self, solo: &Solo) -> Vec<String> {
        std::iter::once(format!("{}/return.html", self.base_url))
            .chain(solo.return_uris.iter().cloned())
            .collect()
    }

    pub(crate) fn spool_path(&self) -> PathBuf {
        self.spool_dir
            .clone()
            .unwrap_or_else(|| self.data_dir.join("spool"))
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.key_file
            .clone()
            .unwrap_or_else(|| self.data_dir.join("master.key"))
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 7878))
}

fn default_listen_any() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

fn default_authorize_base() -> String {
    "https://app.hubspot.com".into()
}

fn default_api_base() -> String {
    "https://api.hubapi.com".into()
}

fn default_github_web_base() -> String {
    "https://github.com".into()
}

fn default_github_api_base() -> String {
    "https://api.github.com".into()
}

/// The core set that every tier can grant, with metadata rights only (platform 8.2).
fn default_required_scopes() -> Vec<String> {
    [
        "oauth",
        "crm.schemas.contacts.read",
        "crm.schemas.companies.read",
        "crm.schemas.deals.read",
    ]
    .map(str::to_owned)
    .into()
}

fn default_optional_scopes() -> Vec<String> {
    portico_core::scopes::DEFAULT_OPTIONAL
        .iter()
        .map(|scope| (*scope).to_owned())
        .collect()
}
