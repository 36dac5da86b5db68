//! Rows of authorization flows: each change of phase is one compare-and-set.
//! Owns the table `flow`. Decides nothing: who may do what is checked before.

use super::journal::{self, Entry};
use super::{DbResult, Owner, from_json, from_word, seconds, to_json, to_word};
use portico_core::connection_type::ConnectionType;
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::{FlowPhase, FlowState, Intent, Provider, StartFlow};
use sqlx::{AnyConnection, AnyExecutor, FromRow};

/// Seconds a flow lives (threat model, section 2).
pub(crate) const FLOW_LIFE: f64 = 600.0;
/// Seconds a code and its claim live.
pub(crate) const CLAIM_LIFE: f64 = 120.0;
/// Seconds after which an exchange counts as lost.
pub(crate) const EXCHANGE_LIFE: f64 = 60.0;
/// Seconds for which the result of a finished flow is repeated.
pub(crate) const RESULT_LIFE: f64 = 600.0;

/// One flow as stored, with the database's time of reading.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct FlowRow {
    pub(crate) id: String,
    tenant: String,
    org: String,
    pub(crate) sub: String,
    provider: String,
    intent: String,
    connection_type: String,
    pub(crate) connection_id: Option<String>,
    scopes: String,
    optional_scopes: String,
    pub(crate) code_challenge: String,
    pub(crate) return_uri: String,
    phase: String,
    failure: Option<String>,
    pub(crate) failure_detail: Option<String>,
    pub(crate) claim_hash: Option<String>,
    pub(crate) claim_until: Option<f64>,
    pub(crate) code: Option<Vec<u8>>,
    pub(crate) exchanging_at: Option<f64>,
    pub(crate) finished_at: Option<f64>,
    pub(crate) result_id: Option<String>,
    reconnected: i64,
    pub(crate) expires_at: f64,
    pub(crate) now: f64,
}

macro_rules! select_flow {
    ($tail:literal) => {
        concat!(
            "SELECT id, tenant, org, sub, provider, intent, connection_type, connection_id, scopes, optional_scopes, \
             code_challenge, return_uri, phase, failure, failure_detail, claim_hash, claim_until, code, exchanging_at, \
             finished_at, result_id, reconnected, expires_at, unixepoch('subsec') AS now FROM flow ",
            $tail
        )
    };
}

impl FlowRow {
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            org: self.org.clone(),
        }
    }

    pub(crate) fn provider(&self) -> DbResult<Provider> {
        from_word(&self.provider)
    }

    pub(crate) fn intent(&self) -> DbResult<Intent> {
        from_word(&self.intent)
    }

    pub(crate) fn connection_type(&self) -> DbResult<ConnectionType> {
        from_word(&self.connection_type)
    }

    /// Scopes of the authorization request, required and optional.
    pub(crate) fn asked(&self) -> DbResult<Vec<String>> {
        let mut asked: Vec<String> = from_json(&self.scopes)?;
        asked.extend(from_json::<Vec<String>>(&self.optional_scopes)?);
        Ok(asked)
    }

    /// The phase as it stands now: what ran out is over, whether or not a sweep has come by.
    pub(crate) fn phase(&self) -> DbResult<FlowPhase> {
        let stored: FlowPhase = from_word(&self.phase)?;
        Ok(match stored {
            FlowPhase::Started | FlowPhase::Coded if self.now > self.expires_at => {
                FlowPhase::Failed
            }
            FlowPhase::Coded if self.claim_has_lapsed() => FlowPhase::Failed,
            FlowPhase::Exchanging if self.exchange_is_lost() => FlowPhase::Failed,
            phase => phase,
        })
    }

    /// Whether the portal was known already.
    pub(crate) fn reconnected(&self) -> bool {
        self.reconnected != 0
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> DbResult<Option<ErrorCode>> {
        if self.phase()? != FlowPhase::Failed {
            return Ok(None);
        }
        Ok(Some(match &self.failure {
            Some(code) => ErrorCode::from_wire(code).unwrap_or(ErrorCode::Internal),
            None if self.exchanging_at.is_some() => ErrorCode::FlowLost,
            None if self.claim_has_lapsed() => ErrorCode::ClaimRequired,
            None => ErrorCode::FlowExpired,
        }))
    }

    /// Whether the claim was not shown in its time, and that was before the flow's own end.
    fn claim_has_lapsed(&self) -> bool {
        self.claim_until
            .is_some_and(|until| self.now > until && until <= self.expires_at)
    }

    fn exchange_is_lost(&self) -> bool {
        self.exchanging_at
            .is_some_and(|since| self.now > since + EXCHANGE_LIFE)
    }

    /// The wire form.
    pub(crate) fn state(&self) -> DbResult<FlowState> {
        let bad_id = |error| sqlx::Error::Decode(Box::new(error));
        Ok(FlowState {
            id: self.id.parse().map_err(bad_id)?,
            phase: self.phase()?,
            failure: self.failure()?,
            connection_id: match &self.result_id {
                Some(id) => Some(id.parse().map_err(bad_id)?),
                None => None,
            },
            expires_at: seconds(self.expires_at),
        })
    }
}

/// Open flows, and when the next of them ends.
#[derive(Clone, Copy, Debug, FromRow)]
pub(crate) struct OpenFlows {
    pub(crate) of_user: i64,
    pub(crate) of_org: i64,
    pub(crate) seconds_to_next: Option<f64>,
}

pub(crate) async fn open_flows(
    db: &mut AnyConnection,
    owner: &Owner,
    sub: &str,
) -> DbResult<OpenFlows> {
    sqlx::query_as(
        "SELECT COUNT(*) FILTER (WHERE sub = $1) AS of_user, COUNT(*) AS of_org,
                MIN(CASE WHEN claim_until < expires_at THEN claim_until ELSE expires_at END) - unixepoch('subsec') AS seconds_to_next
         FROM flow WHERE tenant = $2 AND org = $3 AND phase IN ('started', 'coded')
           AND expires_at > unixepoch('subsec') AND (claim_until IS NULL OR claim_until > unixepoch('subsec'))",
    )
    .bind(sub)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .fetch_one(db)
    .await
}

/// Adds a flow in phase `started`; answers when it ends. A state hash used before is a unique violation.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    id: &str,
    owner: &Owner,
    sub: &str,
    start: &StartFlow,
) -> DbResult<f64> {
    sqlx::query_scalar(
        "INSERT INTO flow (id, tenant, org, sub, provider, intent, connection_type, connection_id, scopes,
            optional_scopes, code_challenge, state_hash, return_uri, phase, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'started', unixepoch('subsec'), unixepoch('subsec') + $14)
         RETURNING expires_at",
    )
    .bind(id)
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(sub)
    .bind(to_word(start.provider)?)
    .bind(to_word(start.intent)?)
    .bind(to_word(start.connection_type)?)
    .bind(start.connection_id.as_ref().map(portico_core::ids::ConnectionId::as_str))
    .bind(to_json(&start.scopes)?)
    .bind(to_json(&start.optional_scopes)?)
    .bind(&start.code_challenge)
    .bind(&start.state_hash)
    .bind(&start.return_uri)
    .bind(FLOW_LIFE)
    .fetch_one(db)
    .await
}

/// A flow of its own starter; anybody else's is not there (EX-3).
pub(crate) async fn of_user(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    sub: &str,
    id: &str,
) -> DbResult<Option<FlowRow>> {
    sqlx::query_as(select_flow!(
        "WHERE tenant = $1 AND org = $2 AND sub = $3 AND id = $4"
    ))
    .bind(&owner.tenant)
    .bind(&owner.org)
    .bind(sub)
    .bind(id)
    .fetch_optional(db)
    .await
}

/// A flow by the hash of its state: the callback knows nobody's tenant, and the hash is the proof.
pub(crate) async fn by_state(
    db: impl AnyExecutor<'_>,
    state_hash: &str,
) -> DbResult<Option<FlowRow>> {
    sqlx::query_as(select_flow!("WHERE state_hash = $1"))
        .bind(state_hash)
        .fetch_optional(db)
        .await
}

/// A flow within its org, for the task that works on it.
pub(crate) async fn by_id(
    db: impl AnyExecutor<'_>,
    owner: &Owner,
    id: &str,
) -> DbResult<Option<FlowRow>> {
    sqlx::query_as(select_flow!("WHERE tenant = $1 AND org = $2 AND id = $3"))
        .bind(&owner.tenant)
        .bind(&owner.org)
        .bind(id)
        .fetch_optional(db)
        .await
}

/// `started → coded`: keeps the sealed code and the claim's hash for [`CLAIM_LIFE`]. False when too late.
pub(crate) async fn set_coded(
    db: &mut AnyConnection,
    flow: &FlowRow,
    code: &[u8],
    claim_hash: &str,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE flow SET phase = 'coded', code = $1, claim_hash = $2,
            code_until = unixepoch('subsec') + $3, claim_until = unixepoch('subsec') + $3
         WHERE tenant = $4 AND org = $5 AND id = $6 AND phase = 'started' AND expires_at > unixepoch('subsec')",
    )
    .bind(code)
    .bind(claim_hash)
    .bind(CLAIM_LIFE)
    .bind(&flow.tenant)
    .bind(&flow.org)
    .bind(&flow.id)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// `coded → exchanging`: code and claim leave the row in the same commit. False when somebody was faster.
pub(crate) async fn set_exchanging(db: &mut AnyConnection, flow: &FlowRow) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE flow SET phase = 'exchanging', exchanging_at = unixepoch('subsec'), code = NULL, claim_hash = NULL
         WHERE tenant = $1 AND org = $2 AND id = $3 AND phase = 'coded'
           AND claim_until > unixepoch('subsec') AND expires_at > unixepoch('subsec')",
    )
    .bind(&flow.tenant)
    .bind(&flow.org)
    .bind(&flow.id)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// `exchanging → done`. False when the exchange took too long and the flow was given up.
pub(crate) async fn set_done(
    db: &mut AnyConnection,
    flow: &FlowRow,
    connection: &str,
    reconnected: bool,
) -> DbResult<bool> {
    let changed = sqlx::query(
        "UPDATE flow SET phase = 'done', finished_at = unixepoch('subsec'), result_id = $1, reconnected = $2
         WHERE tenant = $3 AND org = $4 AND id = $5 AND phase = 'exchanging'",
    )
    .bind(connection)
    .bind(i64::from(reconnected))
    .bind(&flow.tenant)
    .bind(&flow.org)
    .bind(&flow.id)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Ends a flow that is in one of the phases given. False when it was not.
///
/// `words` are the provider's own, kept for the operator.
pub(crate) async fn set_failed(
    db: &mut AnyConnection,
    flow: &FlowRow,
    from: &[FlowPhase],
    failure: ErrorCode,
    detail: Option<&str>,
    words: Option<&str>,
) -> DbResult<bool> {
    // At most three phases are open; a shorter list says its last one again, and none is no phase at all.
    let name = |index: usize| match from.get(index).or(from.last()) {
        Some(phase) => to_word(*phase),
        None => Ok(String::new()),
    };
    let changed = sqlx::query(
        "UPDATE flow SET phase = 'failed', finished_at = unixepoch('subsec'), failure = $1, failure_detail = $2,
            provider_words = $3, code = NULL, claim_hash = NULL
         WHERE tenant = $4 AND org = $5 AND id = $6 AND phase IN ($7, $8, $9)",
    )
    .bind(failure.entry().code)
    .bind(detail)
    .bind(words)
    .bind(&flow.tenant)
    .bind(&flow.org)
    .bind(&flow.id)
    .bind(name(0)?)
    .bind(name(1)?)
    .bind(name(2)?)
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Flows of all tenants whose time is over and that nobody has ended yet.
pub(crate) async fn timed_out(db: impl AnyExecutor<'_>) -> DbResult<Vec<FlowRow>> {
    sqlx::query_as(select_flow!(
        "WHERE (phase IN ('started', 'coded') AND expires_at < (SELECT unixepoch('subsec')))
            OR (phase = 'coded' AND claim_until < (SELECT unixepoch('subsec')))
            OR (phase = 'exchanging' AND exchanging_at < (SELECT unixepoch('subsec')) - 60)"
    ))
    .fetch_all(db)
    .await
}

/// Ends such a flow, with the reason that holds for it and a note in the journal. False when somebody was faster.
pub(crate) async fn set_timed_out(db: &mut AnyConnection, flow: &FlowRow) -> DbResult<bool> {
    let code = if flow.exchanging_at.is_some() {
        ErrorCode::FlowLost
    } else if flow.claim_has_lapsed() {
        ErrorCode::ClaimRequired
    } else {
        ErrorCode::FlowExpired
    };
    let open = [FlowPhase::Started, FlowPhase::Coded, FlowPhase::Exchanging];
    if !set_failed(db, flow, &open, code, None, None).await? {
        return Ok(false);
    }
    let entry = Entry {
        owner: &flow.owner(),
        sub: "proxy",
        action: Action::FlowExpire,
        target: Some(&flow.id),
        outcome: code.entry().code,
        reason: None,
        session: None,
    };
    journal::record(db, entry).await?;
    Ok(true)
}

/// Housekeeping over all tenants: wipes codes that ran out, forgets what is a day old.
pub(crate) async fn sweep(db: &mut AnyConnection) -> DbResult<()> {
    sqlx::query(
        "UPDATE flow SET code = NULL WHERE code IS NOT NULL AND code_until < (SELECT unixepoch('subsec'))",
    )
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM flow WHERE expires_at < (SELECT unixepoch('subsec')) - 86400")
        .execute(db)
        .await?;
    Ok(())
}
