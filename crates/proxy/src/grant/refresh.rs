//! A fresh access token for a connection: from the row, or by the one refresh that may run.
//! Owns single flight within the process and the lease across processes (threat model, section 8).

use super::access::{Access, open_or_expire};
use super::fault::store_fault;
use super::{TokenColumn, account, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::provider::classify::Meaning;
use crate::provider::hubspot::TokenFault;
use crate::provider::tokens::Tokens;
use crate::random;
use crate::seal::SealError;
use crate::store::grants::{self, FaultWords, GrantRow, Leased, Refreshed};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner, from_json, to_json, to_word};
use portico_core::error::ErrorCode;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// An access token with less than this many seconds left is refreshed before it is used (D22).
const REFRESH_BELOW: f64 = 300.0;
/// An access token with less than this is not worth sending.
const UNUSABLE_BELOW: f64 = 5.0;
/// How long a caller waits for somebody else's refresh.
const PATIENCE: Duration = Duration::from_secs(15);
/// Seconds until a grant that cannot be opened is looked at again.
const QUARANTINE: f64 = 300.0;
/// How long a good answer is offered to a database that refuses it.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How a refresh ended, for all who waited for it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Landing {
    /// The row has changed: read it again.
    ReadAgain,
    /// Weather; seconds to the next try.
    PutOff(f64),
    /// Our own configuration is refused.
    OurConfiguration,
    /// Another process is at it and does not finish.
    Busy,
    /// A fault of ours; it is logged.
    Fault,
}

type FlightKey = (Owner, String, u64);

/// The refreshes that run in this process.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<FlightKey, watch::Receiver<Option<Landing>>>>);

impl Flights {
    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<FlightKey, watch::Receiver<Option<Landing>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens that are good for a call now, refreshed first when they would not last.
pub(crate) async fn fresh(app: &Shared, owner: &Owner, id: &str) -> ApiResult<Access> {
    let mut joined: Option<u64> = None;
    let mut unopened = false;
    // A landed refresh is read once more; a second round happens only when the row changed meanwhile.
    for _ in 0..4 {
        let row = grants::read(app.store.readers(), owner, id)
            .await?
            .ok_or(ErrorCode::NotFound)?;
        check_usable(app, &row)?;
        let left = row.seconds_left();
        // HubSpot may grant less than five minutes: what was refreshed just now is as fresh as it gets.
        let just_refreshed = joined.is_some_and(|generation| row.generation() > generation);
        if left > REFRESH_BELOW || (just_refreshed && left > UNUSABLE_BELOW) {
            if let Some(access) = open_or_expire(app, owner, id, &row).await? {
                return Ok(access);
            }
            if unopened {
                return Err(ErrorCode::Internal.into());
            }
            unopened = true;
            continue;
        }
        if let Some(wait) = row.wait() {
            return old_token_or(app, owner, id, &row, put_off(wait)).await;
        }
        let landing = join(app, owner, id, row.generation()).await;
        joined = Some(row.generation());
        match landing {
            Landing::ReadAgain => {}
            Landing::PutOff(wait) => {
                return old_token_or(app, owner, id, &row, put_off(wait)).await;
            }
            Landing::OurConfiguration => {
                return old_token_or(app, owner, id, &row, ErrorCode::ConfigFault.into()).await;
            }
            Landing::Busy => {
                let busy = ApiError::from(ErrorCode::RefreshBusy).retry_after(2.0);
                return old_token_or(app, owner, id, &row, busy).await;
            }
            Landing::Fault => return Err(ErrorCode::Internal.into()),
        }
    }
    Err(ApiError::from(ErrorCode::RefreshBusy).retry_after(1.0))
}

fn put_off(wait: f64) -> ApiError {
    ApiError::with_detail(
        ErrorCode::ProviderUnavailable,
        "The access token has run out, and HubSpot could not refresh it just now.",
    )
    .retry_after(wait)
}

/// The old token while it lives, else the reason why there is none.
async fn old_token_or(
    app: &Shared,
    owner: &Owner,
    id: &str,
    row: &GrantRow,
    reason: ApiError,
) -> ApiResult<Access> {
    if row.seconds_left() > UNUSABLE_BELOW
        && let Some(access) = open_or_expire(app, owner, id, row).await?
    {
        return Ok(access);
    }
    Err(reason)
}

/// Refuses calls that could only fail (R5, R25–R27): nothing is sent for them.
pub(crate) fn check_usable(app: &Shared, row: &GrantRow) -> ApiResult<()> {
    match row.state.as_str() {
        "connected" | "checking" => {}
        "needs_reauth" => return Err(ErrorCode::NeedsReauth.into()),
        _ => return Err(ErrorCode::Disconnected.into()),
    }
    if row.fault_category.as_deref() == Some("migration")
        && let Some(wait) = row.wait()
    {
        return Err(ApiError::with_detail(
            ErrorCode::Suspended,
            "HubSpot is moving this account to another data centre.",
        )
        .retry_after(wait));
    }
    let granted: Vec<String> = from_json(&row.granted)?;
    let lacking: Vec<&str> = app
        .config
        .hubspot
        .required_scopes
        .iter()
        .filter(|scope| !granted.contains(scope))
        .map(String::as_str)
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(ApiError::with_detail(
        ErrorCode::NeedsReauth,
        format!(
            "The app now needs permissions this connection does not hold: {}.",
            lacking.join(", ")
        ),
    ))
}

/// Starts a refresh that nobody waits for: the next try of a connection that is being checked.
pub(crate) async fn check_again(app: &Shared, owner: &Owner, id: &str, generation: u64) {
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

async fn fly(app: &Shared, owner: &Owner, id: &str, generation: u64) -> Landing {
    let flight = Flight {
        app,
        owner,
        id,
        generation,
        holder: random::id(),
    };
    match flight.run().await {
        Ok(landing) => landing,
        Err(error) => {
            tracing::error!(error = %error, connection = id, "a refresh could not be stored");
            Landing::Fault
        }
    }
}

struct Flight<'a> {
    app: &'a Shared,
    owner: &'a Owner,
    id: &'a str,
    generation: u64,
    /// Names this try in the lease.
    holder: String,
}

impl Flight<'_> {
    async fn run(&self) -> DbResult<Landing> {
        let leased = match self.lease_or_landing().await? {
            Ok(leased) => leased,
            Err(landing) => return Ok(landing),
        };
        let place = token_place(self.owner, self.id, self.generation, TokenColumn::Refresh);
        let refresh_token = match self.app.sealer.open_text(place, &leased.refresh_token) {
            Ok(token) => token,
            Err(error) => {
                // Nothing is sent upstream for it (ST-2); the operator may bring the key back.
                tracing::error!(error = %error, connection = self.id, alert = true, "a grant cannot be opened");
                self.quarantine().await?;
                return Ok(Landing::Fault);
            }
        };
        match self.app.hubspot.refresh(&refresh_token).await {
            Ok(tokens) => self.store(tokens, &refresh_token, &leased.account).await,
            Err(fault) if matches!(fault.meaning, Meaning::Dead(_)) => {
                self.try_once_more(&refresh_token, &leased.account).await
            }
            Err(fault) => self.not_now(&fault).await,
        }
    }

    /// The CAS write before the call: it takes the lease and proves that the result could be stored.
    async fn lease_or_landing(&self) -> DbResult<Result<Leased, Landing>> {
        let until = Instant::now() + PATIENCE;
        let mut pause = 0.1;
        loop {
            let mut tx = self.app.store.begin().await?;
            let leased =
                grants::take_lease(&mut tx, self.owner, self.id, self.generation, &self.holder)
                    .await?;
            tx.commit().await?;
            if let Some(leased) = leased {
                return Ok(Ok(leased));
            }
            let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
            let Some(row) = row else {
                return Ok(Err(Landing::ReadAgain));
            };
            let usable = matches!(row.state.as_str(), "connected" | "checking");
            if row.generation() != self.generation || !usable || row.refresh_token.is_none() {
                return Ok(Err(Landing::ReadAgain));
            }
            if let Some(wait) = row.wait() {
                return Ok(Err(Landing::PutOff(wait)));
            }
            if Instant::now() >= until {
                return Ok(Err(Landing::Busy));
            }
            sleep(Duration::from_secs_f64(
                pause / 2.0 + random::jitter(pause / 2.0),
            ))
            .await;
            pause = (pause * 2.0).min(1.0);
        }
    }

    /// HubSpot's refresh tokens are not single-use, so a refusal is asked twice before it is believed.
    async fn try_once_more(&self, refresh_token: &str, account: &str) -> DbResult<Landing> {
        if self.is_outdated().await? {
            return Ok(Landing::ReadAgain);
        }
        sleep(Duration::from_secs_f64(1.0 + random::jitter(1.0))).await;
        match self.app.hubspot.refresh(refresh_token).await {
            Ok(tokens) => self.store(tokens, refresh_token, account).await,
            Err(fault) if matches!(fault.meaning, Meaning::Dead(_)) => self.dead(&fault).await,
            Err(fault) => self.not_now(&fault).await,
        }
    }

    async fn is_outdated(&self) -> DbResult<bool> {
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        Ok(row.is_none_or(|row| row.generation() != self.generation))
    }

    async fn store(&self, tokens: Tokens, old: &str, account: &str) -> DbResult<Landing> {
        let until = Instant::now() + STORE_PATIENCE;
        loop {
            match self.try_to_store(&tokens, old).await {
                Ok(true) => {
                    let token = tokens.access_token;
                    account::read_anew_if_old(self.app, self.owner, self.id, token).await;
                    return Ok(Landing::ReadAgain);
                }
                Ok(false) => return self.superseded(&tokens, old, account).await,
                Err(error) if Instant::now() >= until => return Err(error),
                Err(error) => {
                    tracing::warn!(error = %error, "the database refused fresh tokens; trying again");
                    sleep(Duration::from_millis(250)).await;
                }
            }
        }
    }

    async fn try_to_store(&self, tokens: &Tokens, old: &str) -> DbResult<bool> {
        let next = self.generation + 1;
        let seal = |column, token: &str| {
            let place = token_place(self.owner, self.id, next, column);
            self.app
                .sealer
                .seal(place, token.as_bytes())
                .map_err(seal_fault)
        };
        // Always what came back; the old one where nothing came (RR-7).
        let refresh_token = tokens
            .refresh_token
            .as_ref()
            .map_or(old, |token| token.as_str());
        let fresh = Refreshed {
            refresh_token: &seal(TokenColumn::Refresh, refresh_token)?,
            access_token: &seal(TokenColumn::Access, &tokens.access_token)?,
            expires_in: tokens.expires_in,
            granted: tokens.scopes.as_ref().map(to_json).transpose()?,
        };
        let (owner, id) = (self.owner, self.id);
        let mut tx = self.app.store.begin_in(owner).await?;
        let before = grants::lock(&mut tx, owner, id).await?;
        let stored = grants::store_refreshed(&mut tx, owner, id, self.generation, &fresh).await?;
        if stored {
            let was_well = before.is_some_and(|row| row.state == "connected");
            let change = if was_well {
                Change::Refreshed
            } else {
                Change::Recovered
            };
            self.app.announce(&mut tx, owner, id, change).await?;
        }
        tx.commit().await?;
        Ok(stored)
    }

    /// Somebody was faster, or the connection is gone: a new token that nobody keeps is given up.
    async fn superseded(&self, tokens: &Tokens, old: &str, account: &str) -> DbResult<Landing> {
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        let is_gone = row.is_none_or(|row| matches!(row.state.as_str(), "revoking" | "revoked"));
        if is_gone
            && let Some(token) = &tokens.refresh_token
            && token.as_str() != old
        {
            super::revoke::revoke_soon(self.app, self.owner, account, token).await?;
        }
        Ok(Landing::ReadAgain)
    }

    async fn dead(&self, fault: &TokenFault) -> DbResult<Landing> {
        let (category, cause) = words(fault)?;
        let mut tx = self.app.store.begin_in(self.owner).await?;
        let stored = grants::store_dead(
            &mut tx,
            self.owner,
            self.id,
            self.generation,
            &self.holder,
            FaultWords {
                category: &category,
                cause: &cause,
                correlation_id: fault.correlation_id.as_deref(),
            },
        )
        .await?;
        if stored {
            let entry = Entry {
                owner: self.owner,
                sub: "proxy",
                action: "connection.needs_reauth",
                target: Some(self.id),
                outcome: &cause,
                reason: None,
                session: None,
            };
            journal::record(&mut tx, entry).await?;
            let change = Change::NeedsReauth;
            self.app
                .announce(&mut tx, self.owner, self.id, change)
                .await?;
        }
        tx.commit().await?;
        if stored {
            tracing::warn!(connection = self.id, cause, "a grant is dead");
        }
        Ok(Landing::ReadAgain)
    }

    /// Weather, a migration, or our own fault.
    async fn not_now(&self, fault: &TokenFault) -> DbResult<Landing> {
        if fault.meaning == Meaning::OurConfiguration {
            self.release().await?;
            return Ok(Landing::OurConfiguration);
        }
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        let Some(row) = row else {
            return Ok(Landing::ReadAgain);
        };
        let wait = match fault.meaning {
            Meaning::Transient(Some(wait)) | Meaning::Migration(wait) => wait,
            _ => backoff(row.attempts),
        };
        let (category, cause) = words(fault)?;
        let words = FaultWords {
            category: &category,
            cause: &cause,
            correlation_id: fault.correlation_id.as_deref(),
        };
        let (owner, id) = (self.owner, self.id);
        if !store_fault(self.app, owner, id, self.generation, wait, words).await? {
            return Ok(Landing::ReadAgain);
        }
        let is_migration = matches!(fault.meaning, Meaning::Migration(_));
        // A migration reads as its own state; weather lets the old token serve on.
        Ok(if is_migration {
            Landing::ReadAgain
        } else {
            Landing::PutOff(wait)
        })
    }

    /// Rests for a while; nothing of the grant is known but that we cannot read it.
    async fn quarantine(&self) -> DbResult<()> {
        let fault = FaultWords {
            category: "configuration",
            cause: "unknown",
            correlation_id: None,
        };
        let (owner, id, generation) = (self.owner, self.id, self.generation);
        store_fault(self.app, owner, id, generation, QUARANTINE, fault).await?;
        Ok(())
    }

    async fn release(&self) -> DbResult<()> {
        let mut tx = self.app.store.begin().await?;
        grants::release_lease(&mut tx, self.owner, self.id, &self.holder).await?;
        tx.commit().await
    }
}

fn seal_fault(error: SealError) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(error))
}

/// Category and cause as their columns hold them.
fn words(fault: &TokenFault) -> DbResult<(String, String)> {
    let (category, cause) = fault.meaning.fault();
    Ok((to_word(category)?, to_word(cause)?))
}

/// 1 s · 2^n up to 5 minutes, with full jitter above a floor that keeps tries apart.
pub(crate) fn backoff(attempts: i64) -> f64 {
    let steps = i32::try_from(attempts.clamp(0, 9)).unwrap_or(9);
    let longest = 2_f64.powi(steps).min(300.0);
    (0.5 + random::jitter(longest)).min(300.0)
}
