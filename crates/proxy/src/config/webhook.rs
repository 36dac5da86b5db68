//! `[[webhooks]]`: where news of connections is sent, and the secrets it is signed with.
//! Owns these fields and their checks. Secrets come from files and are never repeated.

use super::check::{Faults, web_address};
use super::load::{filling, read_secret, sieve};
use crate::webhooks::{EventType, is_secret};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Value;

/// The newest secret and those it takes the place of.
const MOST_SECRETS: usize = 4;

/// One endpoint of a partner's backend.
///
/// Its address comes from the operator alone and is taken as it is: a name that resolves to a private address is
/// reached there, which is how a backend in the same network is meant to be reached. Nobody else can set one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Issuer of the tenant whose news it gets; absent: the solo organization's.
    #[serde(default)]
    pub tenant: Option<String>,
    /// `https://…`; http on this machine only.
    pub url: String,
    /// File with one `whsec_…` a line. Every line signs: the new one first, the old one for as long as the receiver
    /// may still know it alone.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// What that file held; set in code by tests.
    #[serde(skip)]
    pub secrets: Vec<SecretString>,
    /// Types of messages; none: all.
    #[serde(default)]
    pub events: Vec<String>,
}

impl Webhook {
    /// An endpoint for all news of the solo organization, without a secret yet.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            tenant: None,
            url: url.into(),
            secret_file: None,
            secrets: Vec::new(),
            events: Vec::new(),
        }
    }
}

/// The sections with the fields that fit.
pub(super) fn fitting(sections: Option<Value>, faults: &mut Faults) -> Value {
    let Some(sections) = sections else {
        return Value::Array(Vec::new());
    };
    let Value::Array(sections) = sections else {
        faults.add("webhooks", "must be written as sections: [[webhooks]]");
        return Value::Array(Vec::new());
    };
    let mut kept = Vec::with_capacity(sections.len());
    for (index, section) in sections.into_iter().enumerate() {
        let name = format!("webhooks[{index}]");
        match section {
            Value::Table(section) => {
                let required = filling(&["url"]);
                let section = sieve::<Webhook>(&format!("{name}."), section, &required, faults);
                kept.push(Value::Table(section));
            }
            _ => faults.add(&name, "must be a section"),
        }
    }
    Value::Array(kept)
}

/// Reads the secrets' files, relative to a folder.
pub(super) fn read_secrets(webhooks: &mut [Webhook], folder: &Path, faults: &mut Faults) {
    for (index, webhook) in webhooks.iter_mut().enumerate() {
        let Some(path) = &mut webhook.secret_file else {
            continue;
        };
        *path = folder.join(&*path);
        match read_secret(path) {
            Ok(text) => {
                let lines = text.expose_secret().lines().map(str::trim);
                webhook.secrets = lines
                    .filter(|line| !line.is_empty())
                    .map(|line| SecretString::from(line.to_owned()))
                    .collect();
            }
            Err(error) => faults.add(
                &format!("webhooks[{index}].secret_file"),
                format!("names {}, which cannot be read: {error}", path.display()),
            ),
        }
    }
}

/// Adds what is wrong with the endpoints, each alone and together.
pub(super) fn collect(webhooks: &[Webhook], faults: &mut Faults) {
    for (index, webhook) in webhooks.iter().enumerate() {
        let at = |field: &str| format!("webhooks[{index}].{field}");
        match web_address(&at("url"), &webhook.url) {
            Err(fault) => faults.push(fault),
            Ok(url) if url.fragment().is_some() => faults.add(&at("url"), "must have no fragment"),
            Ok(_) => {}
        }
        let is_same = |other: &Webhook| other.tenant == webhook.tenant && other.url == webhook.url;
        if webhooks[..index].iter().any(is_same) {
            faults.add(&at("url"), "stands twice for one tenant");
        }
        let count = webhook.secrets.len();
        if !(1..=MOST_SECRETS).contains(&count) || !webhook.secrets.iter().all(is_secret) {
            faults.add(
                &at("secret_file"),
                "must name a file of one to four lines, each whsec_ and the base64 of 24 to 64 bytes",
            );
        }
        for name in &webhook.events {
            if EventType::ALL.iter().all(|known| known.word() != name) {
                let known = EventType::ALL.map(EventType::word).join(", ");
                faults.add(&at("events"), format!("may name {known}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use std::fs;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn faults(webhooks: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "canary-secret\n").unwrap();
        fs::write(
            folder.path().join("two"),
            format!("{SECRET}\n\n{SECRET}x\n"),
        )
        .unwrap();
        fs::write(folder.path().join("good"), format!("{SECRET}\n{SECRET}\n")).unwrap();
        let text = format!(
            "base_url = \"http://localhost:7878\"\ndata_dir = \"data\"\n[hubspot]\nclient_id = \"9b1d\"\n\
             client_secret_file = \"secret\"\n{webhooks}"
        );
        match Config::parse(&text, folder.path(), []) {
            Ok(config) => {
                assert!(!format!("{config:?}").contains("whsec_"));
                assert_eq!(config.webhooks[0].secrets.len(), 2);
                String::new()
            }
            Err(error) => error.to_string(),
        }
    }

    /// BI-3: the message names the field, and nothing of the secret.
    #[test]
    fn each_bad_endpoint_is_refused_by_name() {
        let good =
            "[[webhooks]]\nsecret_file = \"good\"\nurl = \"https://partner.example/hooks?k=1\"";
        assert_eq!(faults(good), "");
        assert_eq!(
            faults("[[webhooks]]\nsecret_file = \"good\"\nurl = \"http://127.0.0.1:9/h\""),
            ""
        );
        let twice = format!("{good}\n{good}");
        for (text, named) in [
            (
                "[webhooks]\nurl = 1",
                "webhooks must be written as sections",
            ),
            (
                "[[webhooks]]\nsecret_file = \"good\"",
                "webhooks[0].url is missing",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"",
                "webhooks[0].secret_file must name",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"\nsecret_file = \"secret\"",
                "webhooks[0].secret_file must name",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"\nsecret_file = \"two\"",
                "webhooks[0].secret_file must name",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"\nsecret_file = \"absent\"",
                "cannot be read",
            ),
            (
                "[[webhooks]]\nurl = \"http://partner.example\"\nsecret_file = \"good\"",
                "webhooks[0].url must be https",
            ),
            (
                "[[webhooks]]\nurl = \"https://u:p@partner.example\"\nsecret_file = \"good\"",
                "webhooks[0].url must not carry",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example#x\"\nsecret_file = \"good\"",
                "webhooks[0].url must have no fragment",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"\nsecret_file = \"good\"\nevents = [\"connection.made\"]",
                "webhooks[0].events may name connection.connected, ",
            ),
            (
                "[[webhooks]]\nurl = \"https://a.example\"\nsecret_file = \"good\"\nsecret = \"whsec_canary\"",
                "webhooks[0].secret is not a known field",
            ),
            (&twice, "webhooks[1].url stands twice"),
        ] {
            let error = faults(text);
            assert!(error.contains(named), "{named}: {error}");
            assert!(
                !error.contains("canary") && !error.contains("whsec_M"),
                "{error}"
            );
        }
    }
}
