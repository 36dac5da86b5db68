//! What an operator does with webhooks from the command line, also while the proxy runs: look, and send again.
//! Owns how endpoints and times are named there. Prints nothing.

use super::{endpoint_id, rfc3339};
use crate::config::{Config, ConfigError};
use crate::store::{Store, StoreError, deliveries};
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Messages of one listing.
const MOST: i64 = 1000;
const STATES: [&str; 3] = ["pending", "delivered", "dead"];

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The configuration cannot be right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Neither an address nor an id of the configuration.
    #[error("no endpoint of the configuration has this address or id")]
    UnknownEndpoint,
    /// Not one of the three.
    #[error("a state is pending, delivered or dead")]
    UnknownState,
    /// Neither a time nor a span.
    #[error("a time is written 2026-01-31T12:00:00Z, or as a span back from now: 90m, 12h, 3d")]
    BadTime,
}

impl From<sqlx::Error> for DeskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A message for one endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// `webhook-id`.
    pub message: String,
    /// Id of the endpoint: 16 characters made of tenant and address.
    pub endpoint: String,
    /// Whose news it is.
    pub org: String,
    /// `connection.removed`, for example.
    pub event_type: String,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// Tries so far.
    pub attempts: u64,
    /// When it was put into the outbox, or last replayed.
    pub queued_at: String,
    /// Status of the last answer, or why there was none.
    pub last_answer: Option<String>,
}

/// What is to be sent again. With neither message nor time: all that is dead.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// One message, by its `webhook-id`.
    pub message: Option<String>,
    /// All that were queued since then: RFC 3339, or a span back from now such as `12h`.
    pub since: Option<String>,
    /// Only to this endpoint, by address or id.
    pub endpoint: Option<String>,
}

/// The newest thousand messages, of one endpoint (address or id) or one state.
pub async fn deliveries(
    config: &Config,
    endpoint: Option<&str>,
    state: Option<&str>,
) -> Result<Vec<Delivery>, DeskError> {
    config.check()?;
    let endpoint = named(config, endpoint)?;
    if state.is_some_and(|state| !STATES.contains(&state)) {
        return Err(DeskError::UnknownState);
    }
    let store = Store::open(config).await?;
    let rows = deliveries::list(store.readers(), endpoint.as_deref(), state, MOST).await?;
    store.close().await;
    Ok(rows
        .into_iter()
        .map(|row| Delivery {
            message: row.message,
            endpoint: row.endpoint,
            org: row.org,
            event_type: row.event_type,
            state: row.state,
            attempts: row.attempts.unsigned_abs(),
            queued_at: rfc3339(row.queued_at),
            last_answer: row.last_answer,
        })
        .collect())
}

/// Puts messages back into the outbox and answers how many; a running proxy sends them within seconds.
/// An endpoint that had answered 410 is tried again.
pub async fn replay(config: &Config, wish: &Replay) -> Result<u64, DeskError> {
    config.check()?;
    let endpoint = named(config, wish.endpoint.as_deref())?;
    let within = match &wish.since {
        Some(since) => Some(span(since)?),
        None => None,
    };
    let store = Store::open(config).await?;
    let mut tx = store.begin().await?;
    let message = wish.message.as_deref();
    let queued = deliveries::replay(&mut tx, endpoint.as_deref(), message, within).await?;
    tx.commit().await?;
    store.close().await;
    Ok(queued)
}

fn named(config: &Config, name: Option<&str>) -> Result<Option<String>, DeskError> {
    let Some(name) = name else {
        return Ok(None);
    };
    config
        .webhooks
        .iter()
        .find(|webhook| webhook.url == name || endpoint_id(webhook) == name)
        .map(|webhook| Some(endpoint_id(webhook)))
        .ok_or(DeskError::UnknownEndpoint)
}

/// Seconds back from now.
fn span(text: &str) -> Result<f64, DeskError> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_err(|_| DeskError::BadTime)?.as_secs();
        let back = now.saturating_sub(u64::try_from(time.unix_timestamp()).unwrap_or(0));
        return u32::try_from(back)
            .map(f64::from)
            .map_err(|_| DeskError::BadTime);
    }
    let unit = match text.as_bytes().last() {
        Some(b'm') => 60.0,
        Some(b'h') => 3_600.0,
        Some(b'd') => 86_400.0,
        _ => return Err(DeskError::BadTime),
    };
    match text[..text.len() - 1].parse::<u16>() {
        Ok(count) => Ok(f64::from(count) * unit),
        Err(_) => Err(DeskError::BadTime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_a_span() {
        for (text, want) in [
            ("90m", Some(5_400.0)),
            ("12h", Some(43_200.0)),
            ("3d", Some(259_200.0)),
            ("2999-01-01T00:00:00Z", Some(0.0)),
            ("", None),
            ("d", None),
            ("-3d", None),
            ("3", None),
            ("3ä", None),
            ("yesterday", None),
        ] {
            assert_eq!(span(text).ok(), want, "{text}");
        }
        assert!(span("2024-02-29T12:00:00+01:00").unwrap() > 1e7);
    }
}
