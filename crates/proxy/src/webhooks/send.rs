//! The senders: one for each endpoint, so that a slow or dead one holds up no other.
//! Owns what an answer means and when to try again. Reads no answer's body beyond its first bytes.

use super::sign::signatures;
use super::{DEADLINE, Endpoint};
use crate::app::Shared;
use crate::provider::retry_after;
use crate::random;
use crate::store::deliveries::{self, Taken};
use crate::store::{DbResult, seconds};
use futures_util::future::join_all;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Seconds between two tries, as the specification's example has them: some three days in all.
const SCHEDULE: [f64; 9] = [
    5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0,
];
/// Longest wait that an endpoint may ask for.
const LONGEST_WAIT: f64 = 86_400.0;
/// Messages of one endpoint on their way at once.
const AT_ONCE: i64 = 8;
/// Between two looks for what is due: a next try, or a message of another process.
const LOOK: Duration = Duration::from_secs(5);
/// What is read of an answer, for the sake of using its connection again.
const ANSWER_CAP: usize = 16 * 1024;

/// How a try ended.
#[derive(Debug, PartialEq)]
enum Outcome {
    Delivered,
    /// 410: it wants no more.
    Gone,
    /// Anything else; seconds that the endpoint asks to wait, if it does.
    Failed(Option<f64>),
}

/// What follows a failed try.
#[derive(Debug, PartialEq)]
enum Next {
    TryAgainIn(f64),
    GiveUp,
}

/// Sends what is due of one endpoint until the proxy stops.
pub(crate) async fn run(app: Shared, index: usize) {
    let Some(endpoint) = app.endpoints.get(index) else {
        return;
    };
    let mut outbox = app.store.bus().outbox();
    loop {
        outbox.mark_unchanged();
        match send_due(&app, endpoint).await {
            Ok(true) if !app.stop.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = %error, endpoint = endpoint.id, "the outbox cannot be worked off");
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = outbox.changed() => {}
            () = sleep(LOOK) => {}
        }
    }
}

/// Sends one handful; true when there may be more.
async fn send_due(app: &Shared, endpoint: &Endpoint) -> DbResult<bool> {
    if !deliveries::is_due(app.store.readers(), &endpoint.id, &endpoint.fingerprint).await? {
        return Ok(false);
    }
    let mut tx = app.store.begin().await?;
    let taken = deliveries::take(&mut tx, app.store.dialect(), &endpoint.id, AT_ONCE).await?;
    tx.commit().await?;
    let sending = taken.iter().map(|taken| deliver(app, endpoint, taken));
    for done in join_all(sending).await {
        done?;
    }
    Ok(!taken.is_empty())
}

/// One try, and what came of it.
async fn deliver(app: &Shared, endpoint: &Endpoint, taken: &Taken) -> DbResult<()> {
    let (outcome, answer) = post(endpoint, taken).await;
    let mut tx = app.store.begin().await?;
    match outcome {
        Outcome::Delivered => deliveries::finish(&mut tx, taken, true, &answer).await?,
        Outcome::Gone => {
            tracing::error!(
                alert = true,
                endpoint = endpoint.id,
                "a webhook endpoint is gone (410); nothing is sent to it until its configuration changes"
            );
            deliveries::finish(&mut tx, taken, false, &answer).await?;
            deliveries::mark_gone(&mut tx, &endpoint.id, &endpoint.fingerprint).await?;
        }
        Outcome::Failed(asked) => match next(taken.attempts, asked) {
            Next::TryAgainIn(wait) => {
                let wait = wait + random::jitter(wait / 10.0);
                deliveries::put_off(&mut tx, taken, wait, &answer).await?;
            }
            Next::GiveUp => {
                tracing::error!(
                    alert = true,
                    endpoint = endpoint.id,
                    message = taken.message,
                    answer,
                    "a webhook was given up; it can be replayed for seven days"
                );
                deliveries::finish(&mut tx, taken, false, &answer).await?;
            }
        },
    }
    tx.commit().await
}

/// When to try again after so many tries.
fn next(attempts: i64, asked: Option<f64>) -> Next {
    let tries = usize::try_from(attempts).unwrap_or(1).max(1);
    match SCHEDULE.get(tries - 1) {
        Some(wait) => Next::TryAgainIn(asked.unwrap_or(0.0).min(LONGEST_WAIT).max(*wait)),
        None => Next::GiveUp,
    }
}

async fn post(endpoint: &Endpoint, taken: &Taken) -> (Outcome, String) {
    let timestamp = seconds(taken.now);
    let signed = signatures(&endpoint.signers, &taken.message, timestamp, &taken.body);
    let request = endpoint
        .http
        .post(&endpoint.url)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &taken.message)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signed)
        .body(taken.body.clone());
    let mut response = match request.send().await {
        Ok(response) => response,
        // The error itself names the address.
        Err(error) if error.is_timeout() => return (Outcome::Failed(None), "timed out".into()),
        Err(_) => return (Outcome::Failed(None), "unreachable".into()),
    };
    let status = response.status();
    let wait = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| retry_after::parse(value.to_str().ok()?, timestamp));
    let drain = async {
        let mut length = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            length += chunk.len();
            if length > ANSWER_CAP {
                break;
            }
        }
    };
    // The status has said it all; a body that does not end costs no more than its connection.
    let _ = timeout(DEADLINE / 10, drain).await;
    (meaning(status, wait), status.as_u16().to_string())
}

fn meaning(status: StatusCode, wait: Option<f64>) -> Outcome {
    match status {
        StatusCode::GONE => Outcome::Gone,
        status if status.is_success() => Outcome::Delivered,
        _ => Outcome::Failed(wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_the_specification_says() {
        for (status, want) in [
            (200, Outcome::Delivered),
            (204, Outcome::Delivered),
            (299, Outcome::Delivered),
            (301, Outcome::Failed(Some(7.0))),
            (400, Outcome::Failed(Some(7.0))),
            (404, Outcome::Failed(Some(7.0))),
            (410, Outcome::Gone),
            (429, Outcome::Failed(Some(7.0))),
            (503, Outcome::Failed(Some(7.0))),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(meaning(status, Some(7.0)), want, "{status}");
        }
    }

    #[test]
    fn tries_go_on_for_three_days_and_waits_are_honoured() {
        let mut total = 0.0;
        for attempts in 1..=9 {
            match next(attempts, None) {
                Next::TryAgainIn(wait) => total += wait,
                Next::GiveUp => panic!("{attempts}"),
            }
        }
        assert!((total - 272_105.0).abs() < 0.1, "75:35:05, not {total}");
        assert_eq!(next(10, None), Next::GiveUp);
        assert_eq!(next(10, Some(9.0)), Next::GiveUp);
        for (attempts, asked, want) in [
            (1, Some(120.0), 120.0),
            (2, Some(120.0), 300.0),
            (1, Some(1e9), 86_400.0),
            (1, Some(0.0), 5.0),
        ] {
            assert_eq!(
                next(attempts, asked),
                Next::TryAgainIn(want),
                "{attempts} {asked:?}"
            );
        }
    }
}
