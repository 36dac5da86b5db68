//! From files and environment to a [`Config`]. Owns precedence and where paths are relative to.
//! Never repeats a value in a message: only names of fields and files.

use super::check::Faults;
use super::{
    Config, ConfigError, Edge, GitHub, HubSpot, Limits, Solo, Telemetry, Tenant, TenantKey, webhook,
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::{fs, io};
use toml::{Table, Value};
use zeroize::Zeroizing;

const PREFIX: &str = "PORTICO_";
/// Read by the command line itself, not fields of the file.
const NOT_FIELDS: [&str; 3] = ["PORTICO_CONFIG", "PORTICO_LOG", "PORTICO_LOG_FORMAT"];
/// Fields whose override is a number or a truth value rather than a text.
const PLAIN_VALUES: [&str; 9] = [
    "max_connections",
    "behind_tls",
    "user_per_minute",
    "org_per_minute",
    "address_per_minute",
    "max_per_address",
    "max_requests",
    "max_event_streams",
    "max_answer_mebibytes",
];

impl Config {
    /// Reads and checks a file, after laying `PORTICO_…` variables over it.
    ///
    /// `PORTICO_HUBSPOT__CLIENT_ID` overrides `client_id` of `[hubspot]`; lists are written as in TOML.
    /// Relative paths are relative to the file's folder.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::load_with(path, environment, true)
    }

    pub(super) fn load_with(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
        solo_by_default: bool,
    ) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::parse_with(&text, &folder, environment, solo_by_default)
    }

    /// As [`Config::load`], from text that is already at hand.
    pub fn parse(
        text: &str,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::parse_with(text, folder, environment, true)
    }

    fn parse_with(
        text: &str,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
        solo_by_default: bool,
    ) -> Result<Self, ConfigError> {
        // The error's Display quotes the line, which may hold what should not be shown.
        let unreadable = |error: toml::de::Error| ConfigError::Syntax {
            line: error
                .span()
                .map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
            message: error.message().to_owned(),
        };
        let mut table: Table = text.parse().map_err(unreadable)?;
        let mut faults = Faults::default();
        for (name, value) in environment {
            if let Err(fault) = overlay(&mut table, &name, &value) {
                faults.push(fault);
            }
        }
        // What fits is looked at further even where something else does not, so that all is told at once.
        let misfit = |error: toml::de::Error| ConfigError::Syntax {
            line: None,
            message: problem(error.message()),
        };
        let mut config: Self = Value::Table(fitting(table, &mut faults))
            .try_into()
            .map_err(misfit)?;
        if solo_by_default && config.solo.is_none() && config.tenants.is_empty() {
            config.solo = Some(Solo::default());
        }
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut config.data_dir);
        config.app_dir.as_mut().map(absolute);
        config.key_file.as_mut().map(absolute);
        config.spool_dir.as_mut().map(absolute);
        config.hubspot.client_secret_file.as_mut().map(absolute);
        config.database_url_file.as_mut().map(absolute);
        if let Some(path) = &config.database_url_file {
            match read_secret(path) {
                Ok(_) if config.database_url.is_some() => {
                    faults.add(
                        "database_url_file",
                        "stands beside database_url; one of them",
                    );
                }
                Ok(url) => config.database_url = Some(url),
                Err(error) => faults.add(
                    "database_url_file",
                    format!("names {}, which cannot be read: {error}", path.display()),
                ),
            }
        }
        let hubspot = &mut config.hubspot;
        let secret =
            read_client_secret("hubspot", hubspot.client_secret_file.as_ref(), &mut faults);
        hubspot.client_secret = secret.unwrap_or_default();
        if let Some(github) = &mut config.github {
            github.client_secret_file.as_mut().map(absolute);
            let secret =
                read_client_secret("github", github.client_secret_file.as_ref(), &mut faults);
            github.client_secret = secret.unwrap_or_default();
        }
        webhook::read_secrets(&mut config.webhooks, folder, &mut faults);
        config.collect(&mut faults);
        faults.into_result()?;
        Ok(config)
    }
}

fn read_client_secret(
    section: &str,
    path: Option<&PathBuf>,
    faults: &mut Faults,
) -> Option<SecretString> {
    let path = path?;
    match read_secret(path) {
        Ok(secret) => Some(secret),
        Err(error) => {
            faults.add(
                &format!("{section}.client_secret_file"),
                format!("names {}, which cannot be read: {error}", path.display()),
            );
            None
        }
    }
}

pub(super) fn read_secret(path: &Path) -> io::Result<SecretString> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    Ok(SecretString::from(text.trim().to_owned()))
}

/// The fields that fit, and a filling for required ones that are absent or do not; each misfit is a fault.
fn fitting(mut table: Table, faults: &mut Faults) -> Table {
    let mut section = |name: &str| match table.remove(name) {
        None => None,
        Some(Value::Table(section)) => Some(section),
        Some(_) => {
            faults.add(name, "must be a section");
            Some(Table::new())
        }
    };
    let (solo, hubspot, limits) = (section("solo"), section("hubspot"), section("limits"));
    let (edge, telemetry) = (section("edge"), section("telemetry"));
    let github = section("github");
    let webhooks = table.remove("webhooks");
    let tenants = list("tenants", "[[tenants]]", table.remove("tenants"), faults);
    let mut top = sieve::<Config>("", table, &filling(&["base_url", "data_dir"]), faults);
    if let Some(solo) = solo {
        let kept = sieve::<Solo>("solo.", solo, &Table::new(), faults);
        top.insert("solo".into(), kept.into());
    }
    let hubspot = hubspot.unwrap_or_default();
    top.insert(
        "hubspot".into(),
        sieve::<HubSpot>("hubspot.", hubspot, &filling(&["client_id"]), faults).into(),
    );
    if let Some(github) = github {
        let kept = sieve::<GitHub>("github.", github, &filling(&["client_id"]), faults);
        top.insert("github".into(), kept.into());
    }
    top.insert(
        "limits".into(),
        sieve::<Limits>("limits.", limits.unwrap_or_default(), &Table::new(), faults).into(),
    );
    top.insert(
        "edge".into(),
        sieve::<Edge>("edge.", edge.unwrap_or_default(), &Table::new(), faults).into(),
    );
    top.insert(
        "telemetry".into(),
        sieve::<Telemetry>(
            "telemetry.",
            telemetry.unwrap_or_default(),
            &Table::new(),
            faults,
        )
        .into(),
    );
    top.insert("webhooks".into(), webhook::fitting(webhooks, faults));
    let tenants: Vec<Value> = tenants
        .into_iter()
        .map(|(name, tenant)| fitting_tenant(&name, tenant, faults).into())
        .collect();
    top.insert("tenants".into(), tenants.into());
    top
}

fn fitting_tenant(name: &str, mut tenant: Table, faults: &mut Faults) -> Table {
    let keys_name = format!("{name}.keys");
    let keys = list(
        &keys_name,
        "[[tenants.keys]]",
        tenant.remove("keys"),
        faults,
    );
    let required = filling(&["issuer"]);
    let mut kept = sieve::<Tenant>(&format!("{name}."), tenant, &required, faults);
    let mut required = filling(&["kid", "public_key"]);
    required.insert("alg".into(), Value::String("EdDSA".into()));
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|(name, key)| sieve::<TenantKey>(&format!("{name}."), key, &required, faults).into())
        .collect();
    kept.insert("keys".into(), keys.into());
    kept
}

/// The sections of a list, each with its name for messages: `tenants[0]`.
fn list(
    name: &str,
    written: &str,
    value: Option<Value>,
    faults: &mut Faults,
) -> Vec<(String, Table)> {
    let wrong = format!("must be a list of sections, each written {written}");
    let entries = match value {
        None => Vec::new(),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            faults.add(name, wrong.as_str());
            Vec::new()
        }
    };
    let mut sections = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        match entry {
            Value::Table(section) => sections.push((format!("{name}[{index}]"), section)),
            _ => faults.add(name, wrong.as_str()),
        }
    }
    sections
}

/// Required fields with nothing in them: of the right form, and refused by the checks.
pub(super) fn filling(names: &[&str]) -> Table {
    names
        .iter()
        .map(|name| ((*name).to_owned(), Value::String(String::new())))
        .collect()
}

/// Tries each field of a section alone, beside the `required` ones with a filling.
pub(super) fn sieve<T: DeserializeOwned>(
    section: &str,
    table: Table,
    required: &Table,
    faults: &mut Faults,
) -> Table {
    let mut kept = required.clone();
    for name in required.keys().filter(|name| !table.contains_key(*name)) {
        faults.add(&format!("{section}{name}"), "is missing");
    }
    let name_of = |name: &str| format!("{section}{name}");
    for (name, value) in table {
        let mut alone = required.clone();
        if section.is_empty() {
            alone.insert("hubspot".into(), filling(&["client_id"]).into());
        }
        alone.insert(name.clone(), value.clone());
        match Value::Table(alone).try_into::<T>() {
            Ok(_) => {
                kept.insert(name, value);
            }
            // The field that is not known is one within.
            Err(error) if value.is_table() && error.message().starts_with("unknown field") => {
                faults.add(&name_of(&name), "holds a field that is not known");
            }
            Err(error) => faults.add(&name_of(&name), problem(error.message())),
        }
    }
    kept
}

/// The parser's words without the value it quotes.
fn problem(message: &str) -> String {
    if message.starts_with("unknown field") {
        return "is not a known field".to_owned();
    }
    match message.rsplit_once(", expected ") {
        // Rust's word for a type is not an operator's.
        Some((_, "u32")) => "must be a whole number, 0 or more".to_owned(),
        Some((_, expected)) => format!("must be {expected}"),
        None => "does not have the form that this field takes".to_owned(),
    }
}

fn overlay(table: &mut Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Ok(());
    };
    if NOT_FIELDS.contains(&name) {
        return Ok(());
    }
    let lower = rest.to_ascii_lowercase();
    let fault = |problem: &str| ConfigError::Field {
        field: format!("the environment variable {name}"),
        problem: problem.to_owned(),
    };
    let (section, field) = match lower.split_once("__") {
        Some((section, field)) => (Some(section), field),
        None => (None, lower.as_str()),
    };
    let target = match section {
        None => table,
        Some(section) => table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| fault("names a part that is not a section"))?,
    };
    let plain = value.trim_start().starts_with(['[', '{']) || PLAIN_VALUES.contains(&field);
    let value = if plain {
        format!("value = {value}")
            .parse::<Table>()
            .ok()
            .and_then(|mut parsed| parsed.remove("value"))
            .ok_or_else(|| fault("is not a value as TOML writes it"))?
    } else {
        Value::String(value.to_owned())
    };
    target.insert(field.to_owned(), value);
    Ok(())
}
