//! From code to connection: redeem, introspect, then one transaction (threat model, section 8).
//! Owns the order and the checks of that transaction. Runs detached from the request that began it.

use super::kept::Kept;
use super::{TokenColumn, revoke, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::provider::classify::Meaning;
use crate::provider::tokens::Tokens;
use crate::provider::transport::TokenFault;
use crate::provider::{Introspection, ProviderClient};
use crate::random;
use crate::refusals;
use crate::session::Principal;
use crate::spool::Answer;
use crate::store::connections::{self, NewGrant};
use crate::store::flows::{self, FlowRow};
use crate::store::grant_ends::{self, GrantKey, LastEnd};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Tx, kind};
use portico_core::error::ErrorCode;
use portico_core::ids::ConnectionId;
use portico_core::journal::Action;
use portico_core::scopes::lacking;
use portico_core::wire::{Account, CompletedFlow, FlowPhase, Intent};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

/// How long a good answer is offered to a database that refuses it.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether a giving up is over.
const ENDING: Duration = Duration::from_millis(200);

/// What the browser proved and the provider gave.
pub(crate) struct Exchange {
    pub(crate) app: Shared,
    pub(crate) flow: FlowRow,
    pub(crate) who: Principal,
    pub(crate) code: Zeroizing<String>,
    pub(crate) verifier: Zeroizing<String>,
}

/// A grant that was obtained and not yet kept.
pub(super) struct Obtained {
    pub(super) tokens: Tokens,
    pub(super) account: Account,
    pub(super) granted: Vec<String>,
    pub(super) asked: Vec<String>,
}

/// Why a grant that was obtained is not kept.
pub(super) enum CommitFault {
    Refused(ApiError),
    Database(sqlx::Error),
    /// The provider ended it, together with one given up before.
    Ended,
}

/// How a try to keep a grant ended that failed in nothing.
enum Committed {
    Kept {
        id: String,
        reconnected: bool,
    },
    /// The account's former grant is being given up, or was since this one was seen alive.
    NotYet(LastEnd),
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
        let provider = self.flow.provider()?;
        let result = match self.app.provider(provider) {
            Ok(client) => self.exchange(client).await,
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| error.about(provider));
        if let Err(error) = &result {
            self.fail(error).await;
        }
        result
    }

    async fn exchange(&self, client: &ProviderClient) -> ApiResult<CompletedFlow> {
        let provider = client.description().provider;
        super::pass_point("exchange-after-cas");
        let redirect_uri = self.app.config.redirect_uri(provider);
        let tokens = client
            .redeem_code(&self.code, &self.verifier, &redirect_uri)
            .await
            .map_err(|fault| refused(&fault))?;
        super::pass_point("exchange-after-answer");
        let known = introspect(client, &tokens).await?;
        let granted = known.scopes.clone();
        let account = client.account(known, &tokens.access_token).await;
        let asked = self.flow.asked()?;
        let obtained = Obtained {
            tokens,
            account,
            granted,
            asked,
        };
        if let Err(error) = check_scopes(client, &obtained.granted) {
            self.give_up(client, &obtained).await;
            return Err(error);
        }
        match self.keep_patiently(client, &obtained).await {
            Ok((id, reconnected)) => {
                super::pass_point("exchange-after-commit");
                self.result(&id, reconnected).await
            }
            Err(CommitFault::Refused(error)) => {
                // A commit whose answer was lost on the wire has finished the flow already.
                if let Some((id, reconnected)) = self.finished_already().await? {
                    return self.result(&id, reconnected).await;
                }
                self.give_up(client, &obtained).await;
                Err(error)
            }
            Err(CommitFault::Database(error)) => {
                self.spool(client, &obtained).await;
                Err(error.into())
            }
            Err(CommitFault::Ended) => Err(ended(client)),
        }
    }

    pub(super) async fn finished_already(&self) -> DbResult<Option<(String, bool)>> {
        let row = flows::by_id(self.app.store.readers(), &self.who.owner, &self.flow.id).await?;
        Ok(row.and_then(|row| {
            let reconnected = row.reconnected();
            row.result_id.map(|id| (id, reconnected))
        }))
    }

    /// A good answer that the database would not take waits on disk.
    async fn spool(&self, client: &ProviderClient, obtained: &Obtained) {
        let answer = Answer::Exchange(Box::new(Kept::of(self, client, obtained)));
        let owner = &self.who.owner;
        let spooled = self.app.spool.keep(&self.app.sealer, owner, &answer);
        match spooled.await {
            Ok(()) => tracing::warn!(alert = true, "a new grant waits in the spool"),
            Err(error) => {
                tracing::error!(error = %error, alert = true, "a new grant could not be kept");
            }
        }
    }

    async fn keep_patiently(
        &self,
        client: &ProviderClient,
        obtained: &Obtained,
    ) -> Result<(String, bool), CommitFault> {
        let until = Instant::now() + STORE_PATIENCE;
        loop {
            match self.keep(client, obtained).await {
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

    /// Keeps the grant once no giving up of the account's former one can have ended it. Providers may end both
    /// together: GitHub gives up all that an account granted to an app.
    pub(super) async fn keep(
        &self,
        client: &ProviderClient,
        obtained: &Obtained,
    ) -> Result<(String, bool), CommitFault> {
        // Both are before the code was redeemed; a replay reads the row when it is `exchanging`.
        let mut proven_at = self.flow.exchanging_at.unwrap_or(self.flow.now);
        loop {
            let last = match self.commit(client, obtained, proven_at).await? {
                Committed::Kept { id, reconnected } => return Ok((id, reconnected)),
                Committed::NotYet(last) => last,
            };
            if last.is_open() {
                sleep(ENDING).await;
            } else if introspect_patiently(client, &obtained.tokens)
                .await?
                .is_none()
            {
                return Err(CommitFault::Ended);
            } else {
                proven_at = last.now;
            }
        }
    }

    /// Plan limit, uniqueness, connection, flow and journal: all or nothing.
    async fn commit(
        &self,
        client: &ProviderClient,
        obtained: &Obtained,
        proven_at: f64,
    ) -> Result<Committed, CommitFault> {
        let owner = &self.who.owner;
        let provider = client.description().provider;
        let account = obtained.account.portal_id.to_string();
        let intent = self.flow.intent()?;
        let mut tx = self.app.store.begin_in(owner).await?;
        let holder = connections::lock_holder(&mut tx, &owner.tenant, provider, &account).await?;
        let last = grant_ends::lock(
            &mut tx,
            GrantKey {
                provider,
                client_id: &client.description().client_id,
                account: &account,
            },
        )
        .await?;
        if last.may_have_ended(proven_at) {
            tx.rollback().await?;
            return Ok(Committed::NotYet(last));
        }
        if intent != Intent::Connect {
            self.check_same_account(&mut tx, client, &obtained.account)
                .await?;
        }
        let (id, reconnected) = match holder {
            Some(row) if row.owner() != *owner => {
                let sentence = format!("Portal {account} is linked to another organization.");
                let code = ErrorCode::PortalLinkedElsewhere;
                return Err(ApiError::with_detail(code, sentence).into());
            }
            Some(row) => {
                let sealed = self.seal(obtained, &row.id, row.generation() + 1)?;
                connections::replace_grant(&mut tx, &row, &sealed.grant(client, obtained)).await?;
                (row.id, true)
            }
            None => {
                if connections::counts(provider) {
                    let used = connections::count(&mut *tx, owner).await?;
                    check_plan(used, self.who.plan.max_connections)?;
                }
                let id: ConnectionId = random::id()
                    .parse()
                    .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
                let sealed = self.seal(obtained, id.as_str(), 1)?;
                let kind = self.flow.connection_type()?;
                let grant = sealed.grant(client, obtained);
                connections::insert(&mut tx, &id, owner, provider, kind, &self.who.sub, &grant)
                    .await?;
                (id.into(), false)
            }
        };
        if !flows::set_done(&mut tx, &self.flow, &id, reconnected).await? {
            return Err(ApiError::from(ErrorCode::FlowLost).into());
        }
        journal::record(&mut tx, self.entry("done", None)).await?;
        let reason = format!("portal {account}, by flow {}", self.flow.id);
        let entry = Entry {
            action: if reconnected {
                Action::ConnectionReconnect
            } else {
                Action::ConnectionAdd
            },
            target: Some(&id),
            ..self.entry("done", Some(&reason))
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
        Ok(Committed::Kept { id, reconnected })
    }

    /// Reconnect and upgrade are for the one account (R15).
    async fn check_same_account(
        &self,
        tx: &mut Tx,
        client: &ProviderClient,
        chosen: &Account,
    ) -> Result<(), CommitFault> {
        let id = self.flow.connection_id.as_deref().unwrap_or_default();
        let Some(row) = connections::find(&mut **tx, &self.who.owner, id).await? else {
            return Err(CommitFault::Refused(ApiError::with_detail(
                ErrorCode::NotFound,
                "The connection was removed while it was being reconnected.",
            )));
        };
        if row.account == chosen.portal_id.to_string() {
            return Ok(());
        }
        Err(CommitFault::Refused(ApiError::with_detail(
            ErrorCode::WrongPortal,
            format!(
                "{} was to be reconnected, but {} was chosen.",
                client.description().name_of(&row.account_facts()?),
                client.description().handle_of(chosen)
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
            refresh_token: match &obtained.tokens.refresh_token {
                Some(token) => Some(seal(TokenColumn::Refresh, token)?),
                None => None,
            },
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
    pub(super) async fn give_up(&self, client: &ProviderClient, obtained: &Obtained) {
        let account = obtained.account.portal_id.to_string();
        let owner = &self.who.owner;
        let done = revoke::revoke_soon(&self.app, owner, client, &account, &obtained.tokens).await;
        if let Err(error) = done {
            tracing::error!(error = %error, "an unkept grant could not be put down for revocation");
        }
    }

    pub(super) async fn fail(&self, error: &ApiError) {
        let failed = async {
            let mut tx = self.app.store.begin_in(&self.who.owner).await?;
            let open = [FlowPhase::Exchanging];
            let upstream = error.correlation_id();
            let upstream = upstream.map(|id| format!("the provider's correlation id {id}"));
            let reason = refusals::reason(error).or(upstream.as_deref());
            let entry = self.entry(error.code().entry().code, reason);
            let (code, detail) = (error.code(), Some(error.detail()));
            if flows::set_failed(&mut tx, &self.flow, &open, code, detail, None).await? {
                self.app.announce_flow(&mut tx, &self.flow).await?;
            }
            journal::record(&mut tx, entry).await?;
            tx.commit().await
        };
        if let Err(error) = failed.await {
            // The flow ends by itself as lost after a minute.
            tracing::error!(error = %error, "a failed flow could not be marked");
        }
    }

    fn entry<'a>(&'a self, outcome: &'a str, reason: Option<&'a str>) -> Entry<'a> {
        Entry {
            owner: &self.who.owner,
            sub: &self.who.sub,
            action: Action::FlowComplete,
            target: Some(&self.flow.id),
            outcome,
            reason,
            session: Some(&self.who.jti),
        }
    }
}

struct SealedTokens {
    refresh_token: Option<Vec<u8>>,
    access_token: Vec<u8>,
    generation: u64,
}

impl SealedTokens {
    fn grant<'a>(&'a self, client: &'a ProviderClient, obtained: &'a Obtained) -> NewGrant<'a> {
        NewGrant {
            account: &obtained.account,
            asked: &obtained.asked,
            granted: &obtained.granted,
            refresh_token: self.refresh_token.as_deref(),
            access_token: &self.access_token,
            expires_in: obtained.tokens.expires_in,
            generation: self.generation,
            client_id: &client.description().client_id,
        }
    }
}

async fn introspect(client: &ProviderClient, tokens: &Tokens) -> ApiResult<Introspection> {
    introspect_patiently(client, tokens).await?.ok_or_else(|| {
        ApiError::with_detail(
            ErrorCode::GrantRefused,
            "HubSpot gave a token and then did not know it.",
        )
    })
}

/// The code is spent, so a hiccup here is worth two more tries. Nothing where the provider does not know the token.
async fn introspect_patiently(
    client: &ProviderClient,
    tokens: &Tokens,
) -> ApiResult<Option<Introspection>> {
    let mut tries = 0;
    loop {
        tries += 1;
        match client.introspect(&tokens.access_token).await {
            Err(fault) if tries < 3 && matches!(fault.meaning, Meaning::Transient(_)) => {
                sleep(Duration::from_millis(500 * tries)).await;
            }
            other => return other.map_err(|fault| refused(&fault)),
        }
    }
}

/// What the person is told whose new grant went with the old one.
pub(super) fn ended(client: &ProviderClient) -> ApiError {
    ApiError::with_detail(
        ErrorCode::GrantRefused,
        "HubSpot was still ending this account's former grant, and ended the new one with it. Connect again.",
    )
    .about(client.description().provider)
}

fn check_scopes(client: &ProviderClient, granted: &[String]) -> ApiResult<()> {
    let denied = lacking(&client.description().required_scopes, granted);
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

pub(super) fn refused(fault: &TokenFault) -> ApiError {
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
