//! From code to connection: redeem, introspect, then one transaction (threat model, section 8).
//! Owns the order and the checks of that transaction. Runs detached from the request that began it.

use super::{TokenColumn, revoke, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::provider::classify::Meaning;
use crate::provider::hubspot::{Introspection, TokenFault};
use crate::provider::tokens::Tokens;
use crate::random;
use crate::session::Principal;
use crate::store::connections::{self, NewGrant};
use crate::store::flows::{self, FlowRow};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Tx};
use portico_core::error::ErrorCode;
use portico_core::ids::ConnectionId;
use portico_core::wire::{Account, CompletedFlow, FlowPhase, Intent};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

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
                self.give_up(&obtained).await;
                Err(error)
            }
            Err(CommitFault::Database(error)) => Err(error.into()),
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
                    tracing::warn!(error = %error, "the database refused a new grant; trying again");
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
        let mut tx = self.app.store.begin_in(owner).await?;
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
        let change = if reconnected {
            Change::Reconnected
        } else {
            Change::Connected
        };
        self.app.announce(&mut tx, owner, &id, change).await?;
        self.app.announce_flow(&mut tx, &self.flow).await?;
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
        Ok(CompletedFlow {
            connection: self.app.facts(&row)?,
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
            let mut tx = self.app.store.begin_in(&self.who.owner).await?;
            let open = [FlowPhase::Exchanging];
            let (code, detail) = (error.code(), Some(error.detail()));
            if flows::set_failed(&mut tx, &self.flow, &open, code, detail, None).await? {
                self.app.announce_flow(&mut tx, &self.flow).await?;
            }
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
