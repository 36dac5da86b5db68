//! From code to connection: redeem, introspect, then one transaction (threat model, section 8).
//! Owns the order and the checks of that transaction. Runs detached from the request that began it.

use super::{TokenColumn, revoke, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::provider::classify::Meaning;
use crate::provider::hubspot::{Introspection, TokenFault};
use crate::provider::tokens::Tokens;
use crate::random;
use crate::session::{self, Principal};
use crate::spool::Answer;
use crate::store::connections::{self, NewGrant};
use crate::store::flows::{self, FlowRow};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner, Tx, kind, seconds};
use portico_core::error::ErrorCode;
use portico_core::ids::ConnectionId;
use portico_core::wire::{Account, CompletedFlow, Event, FlowPhase, Intent, Plan, Role};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zeroize::{Zeroize as _, Zeroizing};

/// How long a good answer is offered to a database that refuses it.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// What the browser proved and the provider gave.
pub(crate) struct Exchange {
    pub(crate) app: Shared,
    pub(crate) flow: FlowRow,
    pub(crate) who: Principal,
    pub(crate) code: Zeroizing<String>,
    pub(crate) verifier: Zeroizing<String>,
}

/// A grant that was obtained and not yet kept.
struct Obtained {
    tokens: Tokens,
    refresh_token: Zeroizing<String>,
    account: Account,
    granted: Vec<String>,
    asked: Vec<String>,
}

/// A refusal after the grant was obtained, or a fault of the database.
enum CommitFault {
    Refused(ApiError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for CommitFault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<ApiError> for CommitFault {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl Exchange {
    /// Runs to the end and leaves the flow done or failed.
    pub(crate) async fn run(self) -> ApiResult<CompletedFlow> {
        let result = self.exchange().await;
        if let Err(error) = &result {
            self.fail(error).await;
        }
        self.tell_flow().await;
        result
    }

    async fn exchange(&self) -> ApiResult<CompletedFlow> {
        let hubspot = &self.app.hubspot;
        let redirect_uri = self.app.config.redirect_uri(self.flow.provider()?);
        let tokens = hubspot
            .redeem_code(&self.code, &self.verifier, &redirect_uri)
            .await
            .map_err(|fault| refused(&fault))?;
        let refresh_token = tokens
            .refresh_token
            .clone()
            .ok_or(ErrorCode::ProviderUnavailable)?;
        let known = self.introspect(&tokens).await?;
        let granted = known.scopes.clone();
        let account = hubspot.account(known, &tokens.access_token).await;
        let asked = self.flow.asked()?;
        let obtained = Obtained {
            tokens,
            refresh_token,
            account,
            granted,
            asked,
        };
        if let Err(error) = self.check_scopes(&obtained.granted) {
            self.give_up(&obtained).await;
            return Err(error);
        }
        match self.commit_patiently(&obtained).await {
            Ok((id, reconnected)) => self.result(&id, reconnected).await,
            Err(CommitFault::Refused(error)) => {
                // A commit whose answer was lost on the wire has finished the flow already.
                if let Some((id, reconnected)) = self.finished_already().await? {
                    return self.result(&id, reconnected).await;
                }
                self.give_up(&obtained).await;
                Err(error)
            }
            Err(CommitFault::Database(error)) => {
                self.spool(&obtained).await;
                Err(error.into())
            }
        }
    }

    async fn finished_already(&self) -> DbResult<Option<(String, bool)>> {
        let row = flows::by_id(self.app.store.readers(), &self.who.owner, &self.flow.id).await?;
        Ok(row.and_then(|row| {
            let reconnected = row.reconnected();
            row.result_id.map(|id| (id, reconnected))
        }))
    }

    /// A good answer that the database would not take waits on disk.
    async fn spool(&self, obtained: &Obtained) {
        let kept = Kept {
            flow: self.flow.id.clone(),
            sub: self.who.sub.clone(),
            jti: self.who.jti.clone(),
            max_connections: self.who.plan.max_connections,
            refresh_token: obtained.refresh_token.as_str().to_owned(),
            access_token: obtained.tokens.access_token.as_str().to_owned(),
            expires_at: session::now() + seconds(obtained.tokens.expires_in),
            account: obtained.account.clone(),
            granted: obtained.granted.clone(),
            asked: obtained.asked.clone(),
        };
        let answer = Answer::Exchange(Box::new(kept));
        let owner = &self.who.owner;
        let spooled = self.app.spool.keep(&self.app.sealer, owner, &answer);
        match spooled.await {
            Ok(()) => tracing::warn!(alert = true, "a new grant waits in the spool"),
            Err(error) => {
                tracing::error!(error = %error, alert = true, "a new grant could not be kept");
            }
        }
    }

    /// The code is spent, so a hiccup here is worth two more tries.
    async fn introspect(&self, tokens: &Tokens) -> ApiResult<Introspection> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.app.hubspot.introspect(&tokens.access_token).await {
                Ok(Some(known)) => return Ok(known),
                Ok(None) => {
                    return Err(ApiError::with_detail(
                        ErrorCode::GrantRefused,
                        "HubSpot gave a token and then did not know it.",
                    ));
                }
                Err(fault) if tries < 3 && matches!(fault.meaning, Meaning::Transient(_)) => {
                    sleep(Duration::from_millis(500 * tries)).await;
                }
                Err(fault) => return Err(refused(&fault)),
            }
        }
    }

    fn check_scopes(&self, granted: &[String]) -> ApiResult<()> {
        let denied: Vec<&str> = self
            .app
            .config
            .hubspot
            .required_scopes
            .iter()
            .filter(|scope| !granted.contains(scope))
            .map(String::as_str)
            .collect();
        if denied.is_empty() {
            return Ok(());
        }
        Err(ApiError::with_detail(
            ErrorCode::ScopeDenied,
            format!(
                "These required permissions were not granted: {}.",
                denied.join(", ")
            ),
        ))
    }

    async fn commit_patiently(&self, obtained: &Obtained) -> Result<(String, bool), CommitFault> {
        let until = Instant::now() + STORE_PATIENCE;
        loop {
            match self.commit(obtained).await {
                Err(CommitFault::Database(error)) if Instant::now() < until => {
                    tracing::warn!(
                        kind = kind(&error),
                        "the database refused a new grant; trying again"
                    );
                    sleep(Duration::from_millis(250)).await;
                }
                other => return other,
            }
        }
    }

    /// Plan limit, uniqueness, connection, flow and journal: all or nothing.
    async fn commit(&self, obtained: &Obtained) -> Result<(String, bool), CommitFault> {
        let owner = &self.who.owner;
        let provider = self.flow.provider()?;
        let account = obtained.account.portal_id.to_string();
        let intent = self.flow.intent()?;
        let mut tx = self.app.store.begin().await?;
        journal::lock_org(&mut tx, owner).await?;
        let holder = connections::lock_holder(&mut tx, &owner.tenant, provider, &account).await?;
        if intent != Intent::Connect {
            self.check_same_account(&mut tx, &account).await?;
        }
        let (id, reconnected) = match holder {
            Some(row) if row.owner() != *owner => {
                return Err(ApiError::from(ErrorCode::PortalLinkedElsewhere).into());
            }
            Some(row) => {
                let sealed = self.seal(obtained, &row.id, row.generation() + 1)?;
                connections::replace_grant(&mut tx, &row, &sealed.grant(self, obtained)).await?;
                (row.id, true)
            }
            None => {
                let used = connections::count(&mut *tx, owner).await?;
                check_plan(used, self.who.plan.max_connections)?;
                let id: ConnectionId = random::id()
                    .parse()
                    .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
                let sealed = self.seal(obtained, id.as_str(), 1)?;
                let kind = self.flow.connection_type()?;
                let grant = sealed.grant(self, obtained);
                connections::insert(&mut tx, &id, owner, provider, kind, &self.who.sub, &grant)
                    .await?;
                (id.into(), false)
            }
        };
        if !flows::set_done(&mut tx, &self.flow, &id, reconnected).await? {
            return Err(ApiError::from(ErrorCode::FlowLost).into());
        }
        let entry = Entry {
            owner,
            sub: &self.who.sub,
            action: if reconnected {
                "connection.reconnect"
            } else {
                "connection.add"
            },
            target: Some(&id),
            outcome: "done",
            reason: None,
            session: Some(&self.who.jti),
        };
        journal::record(&mut tx, entry).await?;
        tx.commit().await?;
        Ok((id, reconnected))
    }

    /// Reconnect and upgrade are for the one account (R15).
    async fn check_same_account(&self, tx: &mut Tx, account: &str) -> Result<(), CommitFault> {
        let id = self.flow.connection_id.as_deref().unwrap_or_default();
        let Some(row) = connections::find(&mut **tx, &self.who.owner, id).await? else {
            return Err(CommitFault::Refused(ApiError::with_detail(
                ErrorCode::NotFound,
                "The connection was removed while it was being reconnected.",
            )));
        };
        if row.account == account {
            return Ok(());
        }
        Err(CommitFault::Refused(ApiError::with_detail(
            ErrorCode::WrongPortal,
            format!(
                "Portal {} was to be reconnected, but {account} was chosen.",
                row.account
            ),
        )))
    }

    fn seal(&self, obtained: &Obtained, id: &str, generation: u64) -> DbResult<SealedTokens> {
        let seal = |column, token: &str| {
            let place = token_place(&self.who.owner, id, generation, column);
            self.app
                .sealer
                .seal(place, token.as_bytes())
                .map_err(|error| sqlx::Error::Encode(Box::new(error)))
        };
        Ok(SealedTokens {
            refresh_token: seal(TokenColumn::Refresh, &obtained.refresh_token)?,
            access_token: seal(TokenColumn::Access, &obtained.tokens.access_token)?,
            generation,
        })
    }

    async fn result(&self, id: &str, reconnected: bool) -> ApiResult<CompletedFlow> {
        let row = connections::find(self.app.store.readers(), &self.who.owner, id)
            .await?
            .ok_or(ErrorCode::NotFound)?;
        let connection = self.app.facts(&row)?;
        let event = Event::ConnectionChanged {
            connection: Box::new(connection.clone()),
        };
        self.app.bus.publish(&self.who.owner, None, event);
        Ok(CompletedFlow {
            connection,
            reconnected,
        })
    }

    /// A grant that was not kept is revoked, unless a live connection may depend on it.
    async fn give_up(&self, obtained: &Obtained) {
        let account = obtained.account.portal_id.to_string();
        let owner = &self.who.owner;
        let done = revoke::revoke_soon(&self.app, owner, &account, &obtained.refresh_token).await;
        if let Err(error) = done {
            tracing::error!(error = %error, "an unkept grant could not be put down for revocation");
        }
    }

    async fn fail(&self, error: &ApiError) {
        let failed = async {
            let mut tx = self.app.store.begin().await?;
            let open = [FlowPhase::Exchanging];
            flows::set_failed(
                &mut tx,
                &self.flow,
                &open,
                error.code(),
                Some(error.detail()),
                None,
            )
            .await?;
            let entry = Entry {
                owner: &self.who.owner,
                sub: &self.who.sub,
                action: "flow.complete",
                target: Some(&self.flow.id),
                outcome: error.code().entry().code,
                reason: None,
                session: Some(&self.who.jti),
            };
            journal::record(&mut tx, entry).await?;
            tx.commit().await
        };
        if let Err(error) = failed.await {
            // The flow ends by itself as lost after a minute.
            tracing::error!(error = %error, "a failed flow could not be marked");
        }
    }

    async fn tell_flow(&self) {
        let owner = &self.who.owner;
        let row = flows::by_id(self.app.store.readers(), owner, &self.flow.id).await;
        if let Ok(Some(row)) = row
            && let Ok(flow) = row.state()
        {
            self.app
                .bus
                .publish(owner, Some(&self.who.sub), Event::FlowChanged { flow });
        }
    }
}

/// A finished exchange as the spool keeps it, sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    flow: String,
    sub: String,
    jti: String,
    max_connections: u32,
    refresh_token: String,
    access_token: String,
    /// By this machine's clock: the database was away.
    expires_at: i64,
    account: Account,
    granted: Vec<String>,
    asked: Vec<String>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.refresh_token.zeroize();
        self.access_token.zeroize();
    }
}

/// Commits a spooled exchange if its flow still waits for it; otherwise its grant is given up, for whoever
/// started the flow was told to start again.
pub(crate) async fn replay(app: &Shared, owner: &Owner, kept: Kept) -> DbResult<()> {
    let Some(flow) = flows::by_id(app.store.readers(), owner, &kept.flow).await? else {
        let account = kept.account.portal_id.to_string();
        revoke::revoke_soon(app, owner, &account, &kept.refresh_token).await?;
        return Ok(());
    };
    let left = u32::try_from(kept.expires_at - session::now()).unwrap_or(0);
    let exchange = Exchange {
        app: app.clone(),
        flow,
        who: Principal {
            owner: owner.clone(),
            sub: kept.sub.clone(),
            role: Role::Admin,
            plan: Plan {
                max_connections: kept.max_connections,
            },
            origin: String::new(),
            jti: kept.jti.clone(),
            expires_at: 0,
            key: None,
        },
        code: Zeroizing::default(),
        verifier: Zeroizing::default(),
    };
    let obtained = Obtained {
        tokens: Tokens {
            access_token: Zeroizing::new(kept.access_token.clone()),
            refresh_token: None,
            expires_in: f64::from(left),
            scopes: None,
        },
        refresh_token: Zeroizing::new(kept.refresh_token.clone()),
        account: kept.account.clone(),
        granted: kept.granted.clone(),
        asked: kept.asked.clone(),
    };
    match exchange.commit(&obtained).await {
        Ok((id, _)) => app.announce(owner, &id).await,
        Err(CommitFault::Database(error)) => return Err(error),
        Err(CommitFault::Refused(_)) if exchange.finished_already().await?.is_some() => {}
        Err(CommitFault::Refused(error)) => {
            exchange.give_up(&obtained).await;
            exchange.fail(&error).await;
        }
    }
    exchange.tell_flow().await;
    Ok(())
}

struct SealedTokens {
    refresh_token: Vec<u8>,
    access_token: Vec<u8>,
    generation: u64,
}

impl SealedTokens {
    fn grant<'a>(&'a self, exchange: &'a Exchange, obtained: &'a Obtained) -> NewGrant<'a> {
        NewGrant {
            account: &obtained.account,
            asked: &obtained.asked,
            granted: &obtained.granted,
            refresh_token: &self.refresh_token,
            access_token: &self.access_token,
            expires_in: obtained.tokens.expires_in,
            generation: self.generation,
            client_id: &exchange.app.config.hubspot.client_id,
        }
    }
}

/// Refuses one portal more than the plan allows (J25, J26).
pub(crate) fn check_plan(used: u32, allowed: u32) -> ApiResult<()> {
    if used < allowed {
        return Ok(());
    }
    Err(ApiError::with_detail(
        ErrorCode::PlanLimit,
        format!("{used} of {allowed} portals are in use."),
    ))
}

fn refused(fault: &TokenFault) -> ApiError {
    let error = match fault.meaning {
        Meaning::CodeRefused | Meaning::Dead(_) => ApiError::from(ErrorCode::GrantRefused),
        Meaning::OurConfiguration => ErrorCode::ConfigFault.into(),
        Meaning::Transient(wait) => {
            ApiError::from(ErrorCode::ProviderUnavailable).retry_after(wait.unwrap_or(30.0))
        }
        Meaning::Migration(wait) => {
            ApiError::from(ErrorCode::ProviderUnavailable).retry_after(wait)
        }
    };
    match &fault.correlation_id {
        Some(id) => error.upstream(portico_core::wire::Upstream {
            correlation_id: Some(id.clone()),
            ..Default::default()
        }),
        None => error,
    }
}
