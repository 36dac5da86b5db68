//! A fresh access token for a connection: from the row, or by the one refresh that may run.
//! Owns single flight within the process and the lease across processes (threat model, section 8).

use super::access::{Access, open_or_expire};
use super::{TokenColumn, account, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::provider::classify::Meaning;
use crate::provider::hubspot::TokenFault;
use crate::provider::tokens::Tokens;
use crate::random;
use crate::seal::SealError;
use crate::session;
use crate::spool::Answer;
use crate::store::grants::{self, FaultWords, GrantRow, Leased, Refreshed};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner, from_json, is_away, kind, seconds, to_json, to_word};
use portico_core::error::ErrorCode;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

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
    /// A fresh token could not be kept just now: none was asked for.
    NoStore,
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
            Landing::NoStore => {
                let away = ApiError::from(ErrorCode::StoreUnavailable).retry_after(2.0);
                return old_token_or(app, owner, id, &row, away).await;
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
            let away = is_away(&error);
            tracing::error!(
                kind = kind(&error),
                away,
                connection = id,
                "a refresh could not be stored"
            );
            if away {
                Landing::NoStore
            } else {
                Landing::Fault
            }
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
        if !self.app.sealer.can_seal() {
            return Ok(Landing::NoStore);
        }
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
                    self.app.announce(self.owner, self.id).await;
                    let token = tokens.access_token;
                    account::read_anew_if_old(self.app, self.owner, self.id, token).await;
                    return Ok(Landing::ReadAgain);
                }
                Ok(false) => return self.superseded(&tokens, old, account).await,
                Err(error) if Instant::now() >= until => {
                    self.spool(&tokens, old, account).await;
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(
                        kind = kind(&error),
                        "the database refused fresh tokens; trying again"
                    );
                    sleep(Duration::from_millis(250)).await;
                }
            }
        }
    }

    /// A good answer that the database would not take waits on disk.
    async fn spool(&self, tokens: &Tokens, old: &str, account: &str) {
        let kept = Kept {
            connection: self.id.to_owned(),
            generation: self.generation,
            account: account.to_owned(),
            old: old.to_owned(),
            refresh_token: tokens
                .refresh_token
                .as_ref()
                .map(|token| token.as_str().to_owned()),
            access_token: tokens.access_token.as_str().to_owned(),
            expires_at: session::now() + seconds(tokens.expires_in),
            granted: tokens.scopes.clone(),
        };
        let answer = Answer::Refresh(kept);
        let spooled = self.app.spool.keep(&self.app.sealer, self.owner, &answer);
        match spooled.await {
            Ok(()) => tracing::warn!(
                connection = self.id,
                alert = true,
                "fresh tokens wait in the spool"
            ),
            Err(error) => {
                tracing::error!(error = %error, connection = self.id, alert = true, "fresh tokens could not be kept");
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
        let mut tx = self.app.store.begin().await?;
        let stored =
            grants::store_refreshed(&mut tx, self.owner, self.id, self.generation, &fresh).await?;
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
        let mut tx = self.app.store.begin().await?;
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
        }
        tx.commit().await?;
        if stored {
            tracing::warn!(connection = self.id, cause, "a grant is dead");
            self.app.announce(self.owner, self.id).await;
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
        let mut tx = self.app.store.begin().await?;
        let stored = grants::store_transient(
            &mut tx,
            self.owner,
            self.id,
            self.generation,
            wait,
            FaultWords {
                category: &category,
                cause: &cause,
                correlation_id: fault.correlation_id.as_deref(),
            },
        )
        .await?;
        tx.commit().await?;
        if !stored {
            return Ok(Landing::ReadAgain);
        }
        self.app.announce(self.owner, self.id).await;
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
        let mut tx = self.app.store.begin().await?;
        let (owner, id, generation) = (self.owner, self.id, self.generation);
        grants::store_transient(&mut tx, owner, id, generation, QUARANTINE, fault).await?;
        tx.commit().await?;
        self.app.announce(owner, id).await;
        Ok(())
    }

    async fn release(&self) -> DbResult<()> {
        let mut tx = self.app.store.begin().await?;
        grants::release_lease(&mut tx, self.owner, self.id, &self.holder).await?;
        tx.commit().await
    }
}

/// A refresh's answer as the spool keeps it, sealed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) connection: String,
    /// Of the token it was asked with.
    pub(crate) generation: u64,
    pub(crate) account: String,
    /// The token it was asked with.
    pub(crate) old: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) access_token: String,
    /// By this machine's clock: the database was away.
    pub(crate) expires_at: i64,
    pub(crate) granted: Option<Vec<String>>,
}

/// Stores a spooled answer by the same compare-and-set.
pub(crate) async fn replay(app: &Shared, owner: &Owner, kept: &Kept) -> DbResult<()> {
    let flight = Flight {
        app,
        owner,
        id: &kept.connection,
        generation: kept.generation,
        holder: random::id(),
    };
    // A token that ran out meanwhile is stored all the same: the refresh token beside it is what counts.
    let left = u32::try_from(kept.expires_at - session::now()).unwrap_or(0);
    let tokens = Tokens {
        access_token: Zeroizing::new(kept.access_token.clone()),
        refresh_token: kept.refresh_token.clone().map(Zeroizing::new),
        expires_in: f64::from(left),
        scopes: kept.granted.clone(),
    };
    if flight.try_to_store(&tokens, &kept.old).await? {
        app.announce(owner, &kept.connection).await;
    } else {
        flight.superseded(&tokens, &kept.old, &kept.account).await?;
    }
    Ok(())
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
