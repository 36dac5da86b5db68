//! Reading the configuration again while the proxy runs: which fields count at once and which do not.
//! Owns the comparison. Applies nothing; that is `running`'s.

use super::{Config, ConfigError, GitHub, HubSpot, Webhook};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::Path;

impl Config {
    /// As [`Config::load`], for a proxy that runs with `self`: where it has no `[solo]`, the last tenant may
    /// go without a solo organization taking its place.
    pub fn load_again(
        &self,
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::load_with(path, environment, self.solo.is_some())
    }

    /// Fields that differ from a newer configuration and that only a restart puts in force.
    pub(crate) fn waits_for_restart(&self, newer: &Self) -> Vec<&'static str> {
        // Without `..`: a new field has to say here whether it counts at once.
        let Self {
            base_url,
            listen,
            data_dir,
            database_url,
            database_url_file,
            app_dir,
            key_file,
            spool_dir,
            health_listen,
            solo,
            tenants: _,
            hubspot,
            limits,
            edge,
            telemetry,
            github,
            webhooks,
        } = self;
        [
            ("base_url", *base_url != newer.base_url),
            ("listen", *listen != newer.listen),
            ("data_dir", *data_dir != newer.data_dir),
            (
                "database_url",
                !same_secret(database_url.as_ref(), newer.database_url.as_ref()),
            ),
            (
                "database_url_file",
                *database_url_file != newer.database_url_file,
            ),
            ("app_dir", *app_dir != newer.app_dir),
            ("key_file", *key_file != newer.key_file),
            ("spool_dir", *spool_dir != newer.spool_dir),
            ("health_listen", *health_listen != newer.health_listen),
            ("solo", *solo != newer.solo),
            ("hubspot", !same_app(hubspot, &newer.hubspot)),
            ("limits", *limits != newer.limits),
            ("edge", *edge != newer.edge),
            ("telemetry", *telemetry != newer.telemetry),
            (
                "github",
                !same_github(github.as_ref(), newer.github.as_ref()),
            ),
            ("webhooks", !same_webhooks(webhooks, &newer.webhooks)),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

fn same_secret(left: Option<&SecretString>, right: Option<&SecretString>) -> bool {
    left.map(SecretString::expose_secret) == right.map(SecretString::expose_secret)
}

fn same_app(left: &HubSpot, right: &HubSpot) -> bool {
    left.client_id == right.client_id
        && left.client_secret_file == right.client_secret_file
        && left.client_secret.expose_secret() == right.client_secret.expose_secret()
        && left.authorize_base == right.authorize_base
        && left.api_base == right.api_base
        && left.required_scopes == right.required_scopes
        && left.optional_scopes == right.optional_scopes
}

fn same_github(left: Option<&GitHub>, right: Option<&GitHub>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => {
            left.client_id == right.client_id
                && left.client_secret_file == right.client_secret_file
                && left.client_secret.expose_secret() == right.client_secret.expose_secret()
                && left.web_base == right.web_base
                && left.api_base == right.api_base
                && left.scopes == right.scopes
        }
        _ => false,
    }
}

fn same_webhooks(left: &[Webhook], right: &[Webhook]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            let secrets = |webhook: &Webhook| {
                let exposed = webhook.secrets.iter().map(SecretString::expose_secret);
                exposed.map(str::to_owned).collect::<Vec<_>>()
            };
            left.tenant == right.tenant
                && left.url == right.url
                && left.secret_file == right.secret_file
                && left.events == right.events
                && secrets(left) == secrets(right)
        })
}
