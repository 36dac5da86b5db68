//! The confirmation of a flow whose tenant is not trusted: a `coded` flow without a claim until it is given.
//! Owns the column `confirm_hash` of the table `flow`; the rest of the row is `flows`'.

use super::flows::FlowRow;
use super::{DbResult, Owner};
use sqlx::{AnyConnection, AnyExecutor};

/// Whose flow a token confirms: its tenant and org with its id. The page knows nobody's tenant, and the hash is
/// the proof.
pub(crate) async fn find(
    db: impl AnyExecutor<'_>,
    confirm_hash: &str,
) -> DbResult<Option<(Owner, String)>> {
    let found: Option<(String, String, String)> =
        sqlx::query_as("SELECT tenant, org, id FROM flow WHERE confirm_hash = $1")
            .bind(confirm_hash)
            .fetch_optional(db)
            .await?;
    Ok(found.map(|(tenant, org, id)| (Owner { tenant, org }, id)))
}

/// In the transaction that made the flow `coded`: its claim is taken back until the token is shown.
pub(crate) async fn demand(
    db: &mut AnyConnection,
    flow: &FlowRow,
    confirm_hash: &str,
) -> DbResult<()> {
    let owner = flow.owner();
    sqlx::query(
        "UPDATE flow SET claim_hash = NULL, confirm_hash = $1 WHERE tenant = $2 AND org = $3 AND id = $4 AND phase = 'coded'",
    )
    .bind(confirm_hash)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(&flow.id)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the flow its claim, once and while its code lives. False when it has one, or is over.
pub(crate) async fn release(
    db: &mut AnyConnection,
    flow: &FlowRow,
    confirm_hash: &str,
    claim_hash: &str,
) -> DbResult<bool> {
    let owner = flow.owner();
    let changed = sqlx::query(
        "UPDATE flow SET claim_hash = $1 WHERE tenant = $2 AND org = $3 AND id = $4 AND phase = 'coded'
           AND confirm_hash = $5 AND claim_hash IS NULL
           AND claim_until > unixepoch('subsec') AND expires_at > unixepoch('subsec')",
    )
    .bind(claim_hash)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(&flow.id)
    .bind(confirm_hash)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}
