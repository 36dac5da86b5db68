//! A fresh access token for a connection: from the row, or by the one refresh that may run.
//! Owns single flight within the process; the one refresh itself is `flight`'s (threat model, section 8).

use super::access::{Access, check_usable, open_or_expire};
use super::cache::{self, Held};
use super::flight::{Landing, fly};
use super::static_credential;
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::store::{Owner, grants};
use portico_core::error::ErrorCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// An access token with less than this many seconds left is refreshed before it is used (D22).
const REFRESH_BELOW: f64 = 300.0;
/// An access token with less than this is not worth sending.
const UNUSABLE_BELOW: f64 = 5.0;

type FlightKey = (Owner, String, u64);

/// The refreshes that run in this process.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<FlightKey, watch::Receiver<Option<Landing>>>>);

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlightKey, watch::Receiver<Option<Landing>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens that are good for a call now, refreshed first when they would not last.
pub(crate) async fn fresh(app: &Shared, owner: &Owner, id: &str) -> ApiResult<Arc<Access>> {
    let mut joined: Option<u64> = None;
    let mut unopened = false;
    // A landed refresh is read once more; a second round happens only when the row changed meanwhile.
    for _ in 0..4 {
        let held = cache::held(app, owner, id)
            .await?
            .ok_or(ErrorCode::NotFound)?;
        check_usable(app, &held)?;
        if held.row.is_static() {
            return static_credential::access(app, owner, id, &held).await;
        }
        let (row, left) = (&held.row, held.seconds_left());
        // A provider may grant less than five minutes: what was refreshed just now is as fresh as it gets.
        let just_refreshed = joined.is_some_and(|generation| row.generation() > generation);
        if left > REFRESH_BELOW || (just_refreshed && left > UNUSABLE_BELOW) {
            if let Some(access) = open_or_expire(app, owner, id, &held).await? {
                return Ok(access);
            }
            if unopened {
                return Err(ErrorCode::Internal.into());
            }
            unopened = true;
            continue;
        }
        if let Some(wait) = held.wait() {
            return old_token_or(app, owner, id, &held, put_off(wait)).await;
        }
        if row.refresh_token.is_none() {
            return old_token_or(app, owner, id, &held, ErrorCode::NeedsReauth.into()).await;
        }
        let landing = join(app, owner, id, row.generation()).await;
        joined = Some(row.generation());
        match landing {
            Landing::ReadAgain => {}
            Landing::PutOff(wait) => {
                return old_token_or(app, owner, id, &held, put_off(wait)).await;
            }
            Landing::OurConfiguration => {
                return old_token_or(app, owner, id, &held, ErrorCode::ConfigFault.into()).await;
            }
            Landing::Busy => {
                let busy = ApiError::from(ErrorCode::RefreshBusy).retry_after(2.0);
                return old_token_or(app, owner, id, &held, busy).await;
            }
            Landing::Crowded(wait) => {
                let busy = ApiError::from(ErrorCode::RefreshBusy).retry_after(wait);
                return old_token_or(app, owner, id, &held, busy).await;
            }
            Landing::NoStore => {
                let away = ApiError::from(ErrorCode::StoreUnavailable).retry_after(2.0);
                return old_token_or(app, owner, id, &held, away).await;
            }
            Landing::Fault => return Err(ErrorCode::Internal.into()),
        }
    }
    Err(ApiError::from(ErrorCode::RefreshBusy).retry_after(1.0))
}

fn put_off(wait: f64) -> ApiError {
    ApiError::with_detail(
        ErrorCode::ProviderUnavailable,
        "The access token has run out, and HubSpot could not give a fresh one just now.",
    )
    .retry_after(wait)
}

/// The old token while it lives, else the reason why there is none.
async fn old_token_or(
    app: &Shared,
    owner: &Owner,
    id: &str,
    held: &Held,
    reason: ApiError,
) -> ApiResult<Arc<Access>> {
    if held.seconds_left() > UNUSABLE_BELOW
        && let Some(access) = open_or_expire(app, owner, id, held).await?
    {
        return Ok(access);
    }
    Err(reason)
}

/// Starts a refresh that nobody waits for: the next try of a connection that is being checked.
pub(crate) async fn check_again(app: &Shared, owner: &Owner, id: &str, generation: u64) {
    if let Ok(Some(row)) = grants::read(app.store.readers(), owner, id).await
        && row.is_static()
    {
        if let Err(error) = static_credential::look(app, owner, id).await {
            tracing::error!(error = %error, connection = id, "a static credential could not be judged");
        }
        return;
    }
    let _ = join(app, owner, id, generation).await;
}

/// Joins the flight for this generation, or starts it: spawned and tracked, so that no caller's end ends it.
async fn join(app: &Shared, owner: &Owner, id: &str, generation: u64) -> Landing {
    let mut waiting = {
        let key = (owner.clone(), id.to_owned(), generation);
        let mut flights = app.flights.lock();
        match flights.get(&key) {
            Some(flight) if flight.has_changed().is_ok() => flight.clone(),
            _ => {
                let (landed, flight) = watch::channel(None);
                flights.insert(key.clone(), flight.clone());
                let app_of_task = app.clone();
                app.tasks.spawn(async move {
                    let (owner, id, generation) = &key;
                    let landing = fly(&app_of_task, owner, id, *generation).await;
                    // Another process may have been faster: what was read before is old either way.
                    app_of_task.store.bus().changed(owner, Some(id.clone()));
                    app_of_task.flights.lock().remove(&key);
                    let _ = landed.send(Some(landing));
                });
                flight
            }
        }
    };
    let landing = waiting.wait_for(Option::is_some).await;
    landing
        .ok()
        .and_then(|landing| *landing)
        .unwrap_or(Landing::Fault)
}
