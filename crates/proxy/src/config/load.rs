//! From files and environment to a [`Config`]. Owns precedence and where paths are relative to.
//! Never repeats a value in a message: only names of fields and files.

use super::{Config, ConfigError};
use secrecy::SecretString;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use zeroize::Zeroizing;

const PREFIX: &str = "PORTICO_";
/// Read by the command line itself, not fields of the file.
const NOT_FIELDS: [&str; 2] = ["PORTICO_CONFIG", "PORTICO_LOG"];
/// Fields whose override is a number or a truth value rather than a text.
const PLAIN_VALUES: [&str; 4] = [
    "max_connections",
    "behind_tls",
    "user_per_minute",
    "org_per_minute",
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
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::parse(&text, &folder, environment)
    }

    /// As [`Config::load`], from text that is already at hand.
    pub fn parse(
        text: &str,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        // The error's Display quotes the line, which may hold what should not be shown.
        let unreadable = |error: toml::de::Error| ConfigError::Syntax {
            line: error
                .span()
                .map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count()),
            message: error.message().to_owned(),
        };
        let mut table: Table = text.parse().map_err(unreadable)?;
        for (name, value) in environment {
            overlay(&mut table, &name, &value)?;
        }
        // Made from a table, the error has no text to quote; its Display names the field.
        let misfit = |error: toml::de::Error| ConfigError::Syntax {
            line: None,
            message: error.to_string().trim().replace('\n', " "),
        };
        let mut config: Self = Value::Table(table).try_into().map_err(misfit)?;
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut config.data_dir);
        config.app_dir.as_mut().map(absolute);
        config.key_file.as_mut().map(absolute);
        config.hubspot.client_secret_file.as_mut().map(absolute);
        if let Some(path) = &config.hubspot.client_secret_file {
            config.hubspot.client_secret = read_secret(path)?;
        }
        config.check()?;
        Ok(config)
    }
}

fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(SecretString::from(text.trim().to_owned()))
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
    let plain = value.trim_start().starts_with('[') || PLAIN_VALUES.contains(&field);
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
