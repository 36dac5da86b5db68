//! One refresh: the lease, the call, and what its answer makes of the row (threat model, section 8).
//! Owns these steps and their order; who waits for them is `refresh`'s. No transaction is open during the call.

use super::dead::{store_dead, words};
use super::fault::store_fault;
use super::{TokenColumn, account, token_place};
use crate::app::Shared;
use crate::events::Change;
use crate::provider::ProviderClient;
use crate::provider::classify::Meaning;
use crate::provider::tokens::Tokens;
use crate::provider::transport::TokenFault;
use crate::random;
use crate::seal::SealError;
use crate::spool::{Answer, KeptTokens};
use crate::store::grants::{self, FaultWords, Leased, Refreshed};
use crate::store::{DbResult, Owner, is_away, kind, to_json, to_word};
use portico_core::wire::{FaultCause, Provider};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// How long a caller waits for somebody else's refresh.
const PATIENCE: Duration = Duration::from_secs(15);
/// Seconds until a grant that cannot be opened is looked at again.
pub(super) const QUARANTINE: f64 = 300.0;
/// How long a good answer is offered to a database that refuses it.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How a refresh ended, for all who waited for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Landing {
    /// The row has changed: read it again.
    ReadAgain,
    /// Weather; seconds to the next try.
    PutOff(f64),
    /// Our own configuration is refused.
    OurConfiguration,
    /// Another process is at it and does not finish.
    Busy,
    /// So many token calls wait for their turn that this one has to come again; seconds.
    Crowded(f64),
    /// A fresh token could not be kept just now: none was asked for.
    NoStore,
    /// A fault of ours; it is logged.
    Fault,
}

/// Runs one try to its end; whatever happens is a landing.
pub(super) async fn fly(app: &Shared, owner: &Owner, id: &str, generation: u64) -> Landing {
    let flight = Flight {
        app,
        owner,
        id,
        generation,
        holder: random::id(),
    };
    match flight.run().await {
        Ok(landing) => {
            match landing {
                Landing::ReadAgain => {} // Where it changed the row, it has said how.
                Landing::PutOff(_) => app.telemetry.refresh("put_off"),
                Landing::OurConfiguration => app.telemetry.refresh("configuration"),
                Landing::Busy | Landing::Crowded(_) => app.telemetry.refresh("busy"),
                Landing::NoStore => app.telemetry.refresh("no_store"),
                Landing::Fault => app.telemetry.refresh("unreadable"),
            }
            landing
        }
        Err(error) => {
            app.telemetry.refresh("not_stored");
            app.telemetry.fault("database");
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

/// What one try has in hand.
struct Call<'a> {
    client: &'a ProviderClient,
    leased: &'a Leased,
    refresh_token: &'a str,
}

impl Flight<'_> {
    async fn run(&self) -> DbResult<Landing> {
        if !self.app.sealer.can_seal() {
            return Ok(Landing::NoStore);
        }
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        let Some(row) = row else {
            return Ok(Landing::ReadAgain);
        };
        let Some(client) = self.app.providers.find(row.provider()?) else {
            return Ok(Landing::OurConfiguration);
        };
        // Before the lease: a crowd is sent away, and no lease runs out in it (OV-3).
        let _place = match client.begin_refresh() {
            Ok(place) => place,
            Err(wait) => return Ok(Landing::Crowded(wait)),
        };
        let works_once = client.description().refresh_tokens_work_once;
        let leased = match self.lease_or_landing(works_once).await? {
            Ok(leased) => leased,
            Err(landing) => return Ok(landing),
        };
        let place = token_place(self.owner, self.id, self.generation, TokenColumn::Refresh);
        let refresh_token = match self.app.sealer.open_text(place, &leased.refresh_token) {
            Ok(token) => token,
            Err(error) => {
                // Nothing is sent upstream for it (ST-2); the operator may bring the key back.
                self.app.telemetry.fault("sealing");
                tracing::error!(error = %error, connection = self.id, alert = true, "a grant cannot be opened");
                self.quarantine(&leased).await?;
                return Ok(Landing::Fault);
            }
        };
        let call = Call {
            client,
            leased: &leased,
            refresh_token: &refresh_token,
        };
        super::pass_point("refresh-before-call");
        match client.refresh(&refresh_token).await {
            Ok(tokens) => {
                super::pass_point("refresh-after-answer");
                self.store(&call, tokens).await
            }
            Err(fault) if matches!(fault.meaning, Meaning::Dead(_)) => {
                self.believe_or_try_once_more(&call, fault).await
            }
            Err(fault) => self.not_now(&leased, &fault).await,
        }
    }

    /// The CAS write before the call: it takes the lease and proves that the result could be stored.
    async fn lease_or_landing(&self, works_once: bool) -> DbResult<Result<Leased, Landing>> {
        let until = Instant::now() + PATIENCE;
        let mut pause = 0.1;
        loop {
            let began = Instant::now();
            let mut tx = self.app.store.begin().await?;
            let leased = grants::take_lease(
                &mut tx,
                self.owner,
                self.id,
                self.generation,
                &self.holder,
                works_once,
            )
            .await?;
            tx.commit().await?;
            self.app.telemetry.database("lease", began.elapsed());
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
            // Whoever waits is served within a second of the commit (RR-3).
            pause = (pause * 2.0).min(0.7);
        }
    }

    /// A refusal is asked twice before it is believed, unless the first call has spent the refresh token.
    async fn believe_or_try_once_more(
        &self,
        call: &Call<'_>,
        fault: TokenFault,
    ) -> DbResult<Landing> {
        if self.is_outdated().await? {
            return Ok(Landing::ReadAgain);
        }
        if call.client.description().refresh_tokens_work_once {
            return self.dead(&fault, call.leased.may_be_spent()).await;
        }
        sleep(Duration::from_secs_f64(1.0 + random::jitter(1.0))).await;
        match call.client.refresh(call.refresh_token).await {
            Ok(tokens) => self.store(call, tokens).await,
            Err(fault) if matches!(fault.meaning, Meaning::Dead(_)) => {
                self.dead(&fault, false).await
            }
            Err(fault) => self.not_now(call.leased, &fault).await,
        }
    }

    async fn is_outdated(&self) -> DbResult<bool> {
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        Ok(row.is_none_or(|row| row.generation() != self.generation))
    }

    async fn store(&self, call: &Call<'_>, tokens: Tokens) -> DbResult<Landing> {
        let until = Instant::now() + STORE_PATIENCE;
        loop {
            match self.try_to_store(&tokens, call.refresh_token).await {
                Ok(true) => {
                    super::pass_point("refresh-after-commit");
                    self.app.telemetry.refresh("refreshed");
                    let token = tokens.access_token;
                    account::read_anew_if_old(self.app, self.owner, self.id, token).await;
                    return Ok(Landing::ReadAgain);
                }
                Ok(false) => return self.superseded(call, &tokens).await,
                Err(error) if Instant::now() >= until => {
                    self.spool(call, &tokens).await;
                    return Err(error);
                }
                Err(error) => {
                    self.app.telemetry.fault("database");
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
    async fn spool(&self, call: &Call<'_>, tokens: &Tokens) {
        let kept = Kept {
            connection: self.id.to_owned(),
            generation: self.generation,
            account: call.leased.account.clone(),
            old: call.refresh_token.to_owned(),
            tokens: KeptTokens::of(tokens),
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
        // Always what came back; the old one where nothing came (RR-7), and none where no refresh will be needed.
        let refresh_token = match &tokens.refresh_token {
            Some(fresh) => Some(fresh.as_str()),
            None => tokens.expires_in.map(|_| old),
        };
        let refresh_token = refresh_token
            .map(|token| seal(TokenColumn::Refresh, token))
            .transpose()?;
        let fresh = Refreshed {
            refresh_token: refresh_token.as_deref(),
            access_token: &seal(TokenColumn::Access, &tokens.access_token)?,
            expires_in: tokens.expires_in,
            granted: tokens.scopes.as_ref().map(to_json).transpose()?,
        };
        let began = Instant::now();
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
        self.app.telemetry.database("store_tokens", began.elapsed());
        Ok(stored)
    }

    /// Somebody was faster, or the connection is gone: a new token that nobody keeps is given up.
    async fn superseded(&self, call: &Call<'_>, tokens: &Tokens) -> DbResult<Landing> {
        let (account, old) = (&call.leased.account, call.refresh_token);
        self.give_up_if_gone(call.client, account, old, tokens)
            .await?;
        Ok(Landing::ReadAgain)
    }

    async fn give_up_if_gone(
        &self,
        client: &ProviderClient,
        account: &str,
        old: &str,
        tokens: &Tokens,
    ) -> DbResult<()> {
        let row = grants::read(self.app.store.readers(), self.owner, self.id).await?;
        let is_gone = row.is_none_or(|row| matches!(row.state.as_str(), "revoking" | "revoked"));
        let is_new = tokens
            .refresh_token
            .as_ref()
            .is_some_and(|token| token.as_str() != old);
        if is_gone && is_new {
            super::revoke::revoke_soon(self.app, self.owner, client, account, tokens).await?;
        }
        Ok(())
    }

    /// `was_lost`: an earlier answer may have brought what this refresh token was spent for (CP-2).
    async fn dead(&self, fault: &TokenFault, was_lost: bool) -> DbResult<Landing> {
        let (category, mut cause) = words(fault)?;
        if was_lost && fault.meaning == Meaning::Dead(FaultCause::RefreshTokenInvalid) {
            cause = to_word(FaultCause::LostResponse)?;
        }
        let fault = FaultWords {
            category: &category,
            cause: &cause,
            correlation_id: fault.correlation_id.as_deref(),
        };
        let holder = Some(self.holder.as_str());
        store_dead(
            self.app,
            self.owner,
            self.id,
            self.generation,
            holder,
            fault,
        )
        .await?;
        Ok(Landing::ReadAgain)
    }

    /// Weather, a migration, or our own fault.
    async fn not_now(&self, leased: &Leased, fault: &TokenFault) -> DbResult<Landing> {
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
        let spent = leased.may_be_spent() || fault.may_be_done;
        if !store_fault(self.app, owner, id, self.generation, wait, spent, words).await? {
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
    async fn quarantine(&self, leased: &Leased) -> DbResult<()> {
        let fault = FaultWords {
            category: "configuration",
            cause: "unknown",
            correlation_id: None,
        };
        let (owner, id, generation) = (self.owner, self.id, self.generation);
        let spent = leased.may_be_spent();
        store_fault(self.app, owner, id, generation, QUARANTINE, spent, fault).await?;
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
    pub(crate) tokens: KeptTokens,
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
    let tokens = kept.tokens.again();
    if flight.try_to_store(&tokens, &kept.old).await? {
        return Ok(());
    }
    let row = grants::read(app.store.readers(), owner, &kept.connection).await?;
    let provider = row.map(|row| row.provider()).transpose()?;
    // A removed connection was HubSpot's: a spent refresh token of GitHub's went with the answer that replaced it.
    let provider = provider.unwrap_or(Provider::Hubspot);
    if let Some(client) = app.providers.find(provider) {
        flight
            .give_up_if_gone(client, &kept.account, &kept.old, &tokens)
            .await?;
    }
    Ok(())
}

pub(super) fn seal_fault(error: SealError) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(error))
}

/// 1 s · 2^n up to 5 minutes, with full jitter above a floor that keeps tries apart.
pub(crate) fn backoff(attempts: i64) -> f64 {
    let steps = i32::try_from(attempts.clamp(0, 9)).unwrap_or(9);
    let longest = 2_f64.powi(steps).min(300.0);
    (0.5 + random::jitter(longest)).min(300.0)
}
