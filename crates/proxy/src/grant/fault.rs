//! A fault that passes, put down on its connection and told of. Owns the difference between one that begins and
//! one that goes on: only the first is news to a webhook.

use crate::app::Shared;
use crate::events::Change;
use crate::store::grants::{self, FaultWords};
use crate::store::{DbResult, Owner};

/// Puts the next try off by `wait` seconds. False when the generation is gone, or the grant is dead.
pub(crate) async fn store_fault(
    app: &Shared,
    owner: &Owner,
    id: &str,
    generation: u64,
    wait: f64,
    may_be_spent: bool,
    fault: FaultWords<'_>,
) -> DbResult<bool> {
    let mut tx = app.store.begin_in(owner).await?;
    let before = grants::lock(&mut tx, owner, id).await?;
    let stored =
        grants::store_transient(&mut tx, owner, id, generation, wait, may_be_spent, fault).await?;
    if stored {
        let was_well = before.is_some_and(|row| row.state == "connected");
        let change = if was_well {
            Change::Faulted
        } else {
            Change::StillFaulted
        };
        app.announce(&mut tx, owner, id, change).await?;
    }
    tx.commit().await?;
    Ok(stored)
}
