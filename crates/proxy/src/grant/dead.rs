//! A grant that only a person can mend: the row, the journal and the news of it. Sends nothing.

use crate::app::Shared;
use crate::events::Change;
use crate::provider::classify::Meaning;
use crate::provider::transport::TokenFault;
use crate::store::grants::{self, FaultWords};
use crate::store::journal::{self, Entry};
use crate::store::{DbResult, Owner, to_word};
use portico_core::journal::Action;
use portico_core::wire::FaultCause;

/// A token without an end was found dead: no refresh will tell so.
pub(crate) async fn give_up(
    app: &Shared,
    owner: &Owner,
    id: &str,
    generation: u64,
) -> DbResult<()> {
    let (category, cause) = Meaning::Dead(FaultCause::RefreshTokenInvalid).fault();
    let fault = FaultWords {
        category: &to_word(category)?,
        cause: &to_word(cause)?,
        correlation_id: None,
    };
    store_dead(app, owner, id, generation, None, fault).await
}

/// Written down once: by the holder of the lease, or by anybody where no lease is ever taken.
pub(super) async fn store_dead(
    app: &Shared,
    owner: &Owner,
    id: &str,
    generation: u64,
    holder: Option<&str>,
    fault: FaultWords<'_>,
) -> DbResult<()> {
    let mut tx = app.store.begin_in(owner).await?;
    if !grants::store_dead(&mut tx, owner, id, generation, holder, fault).await? {
        return tx.rollback().await;
    }
    let reason = match fault.correlation_id {
        Some(upstream) => format!("{}; the provider's correlation id {upstream}", fault.cause),
        None => fault.cause.to_owned(),
    };
    let entry = Entry {
        owner,
        sub: "proxy",
        action: Action::ConnectionNeedsReauth,
        target: Some(id),
        outcome: "done",
        reason: Some(&reason),
        session: None,
    };
    journal::record(&mut tx, entry).await?;
    app.announce(&mut tx, owner, id, Change::NeedsReauth)
        .await?;
    tx.commit().await?;
    tracing::warn!(connection = id, cause = fault.cause, "a grant is dead");
    app.telemetry.refresh("dead");
    Ok(())
}

/// Category and cause as their columns hold them.
pub(super) fn words(fault: &TokenFault) -> DbResult<(String, String)> {
    let (category, cause) = fault.meaning.fault();
    Ok((to_word(category)?, to_word(cause)?))
}
