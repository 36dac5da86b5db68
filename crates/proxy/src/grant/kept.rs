//! A finished exchange that waits in the spool for its database, and its replay.
//! Owns what of an exchange is written to disk; what is sealed and where it lies is the spool's.

use super::exchange::{CommitFault, Exchange, Obtained, ended};
use super::revoke;
use crate::app::Shared;
use crate::provider::ProviderClient;
use crate::session::Principal;
use crate::spool::KeptTokens;
use crate::store::{DbResult, Owner, flows};
use portico_core::wire::{Account, Plan, Provider, Role};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A finished exchange as the spool keeps it, sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    provider: Provider,
    flow: String,
    sub: String,
    jti: String,
    max_connections: u32,
    tokens: KeptTokens,
    account: Account,
    granted: Vec<String>,
    asked: Vec<String>,
}

impl Kept {
    pub(super) fn of(exchange: &Exchange, client: &ProviderClient, obtained: &Obtained) -> Self {
        Self {
            provider: client.description().provider,
            flow: exchange.flow.id.clone(),
            sub: exchange.who.sub.clone(),
            jti: exchange.who.jti.clone(),
            max_connections: exchange.who.plan.max_connections,
            tokens: KeptTokens::of(&obtained.tokens),
            account: obtained.account.clone(),
            granted: obtained.granted.clone(),
            asked: obtained.asked.clone(),
        }
    }
}

/// Commits a spooled exchange if its flow still waits for it; otherwise its grant is given up, for whoever
/// started the flow was told to start again.
pub(crate) async fn replay(app: &Shared, owner: &Owner, kept: Kept) -> DbResult<()> {
    let Some(client) = app.providers.find(kept.provider) else {
        tracing::error!(
            alert = true,
            "a spooled grant is of a provider that is no longer configured"
        );
        return Ok(());
    };
    let tokens = kept.tokens.again();
    let flow = flows::by_id(app.store.readers(), owner, &kept.flow).await?;
    let Some(flow) = flow else {
        // Flows are kept for a day: nobody waits for this one.
        let account = kept.account.portal_id.to_string();
        return revoke::revoke_soon(app, owner, client, &account, &tokens).await;
    };
    let exchange = Exchange {
        app: app.clone(),
        flow,
        who: Principal {
            owner: owner.clone(),
            sub: kept.sub,
            role: Role::Admin,
            plan: Plan {
                max_connections: kept.max_connections,
            },
            origin: String::new(),
            jti: kept.jti,
            expires_at: 0,
            key: None,
        },
        code: Zeroizing::default(),
        verifier: Zeroizing::default(),
    };
    let obtained = Obtained {
        tokens,
        account: kept.account,
        granted: kept.granted,
        asked: kept.asked,
    };
    match exchange.keep(client, &obtained).await {
        Ok(_) => {}
        Err(CommitFault::Database(error)) => return Err(error),
        Err(CommitFault::Refused(_)) if exchange.finished_already().await?.is_some() => {}
        Err(CommitFault::Refused(error)) => {
            exchange.give_up(client, &obtained).await;
            exchange.fail(&error).await;
        }
        Err(CommitFault::Ended) => exchange.fail(&ended(client)).await,
    }
    Ok(())
}
