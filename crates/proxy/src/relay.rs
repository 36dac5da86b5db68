//! One relayed call: gate, slot, fresh token, request, and what the answer means.
//! Owns the outbound call of a named operation. Retries nothing but a token that ran out on the way.

use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::grant::access::{self, Access, check_usable};
use crate::grant::cache::{self, Held};
use crate::grant::fault::store_fault;
use crate::grant::{dead, refresh, static_credential};
use crate::provider::call::{ApiAnswer, ApiFault, MemoryShare};
use crate::provider::{ProviderClient, object};
use crate::session::Principal;
use crate::store::grants::FaultWords;
use crate::store::{Owner, from_word};
use memchr::memmem;
use portico_core::connection_type::ConnectionType;
use portico_core::error::ErrorCode;
use portico_core::operations::{Method, Operation, RequestTarget, operation, request_target};
use portico_core::wire::{Provider, RateLimit, RelayRequest, Upstream};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls of one connection that run at once.
const AT_ONCE: usize = 10;
/// Calls of one connection that run or wait.
const QUEUE: usize = 266;
const LONGEST_MIGRATION: f64 = 86_400.0;

/// Room for calls, per connection.
#[derive(Default)]
pub(crate) struct Slots(Mutex<HashMap<(Owner, String), Arc<Room>>>);

struct Room {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

/// A place in the queue and one of the slots, given back when dropped.
struct Slot {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Slots {
    async fn enter(&self, owner: &Owner, id: &str) -> ApiResult<Slot> {
        let room = {
            let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = rooms
                .entry((owner.clone(), id.to_owned()))
                .or_insert_with(|| {
                    Arc::new(Room {
                        running: Arc::new(Semaphore::new(AT_ONCE)),
                        admitted: Arc::new(Semaphore::new(QUEUE)),
                    })
                });
            Arc::clone(room)
        };
        let admitted = Arc::clone(&room.admitted)
            .try_acquire_owned()
            .map_err(|_| ApiError::from(ErrorCode::RateLimited).retry_after(1.0))?;
        let running = Arc::clone(&room.running)
            .acquire_owned()
            .await
            .map_err(|_| ApiError::from(ErrorCode::Internal))?;
        Ok(Slot {
            _running: running,
            _admitted: admitted,
        })
    }

    /// Forgets connections without calls, so that the table stays small.
    pub(crate) fn forget_idle(&self) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.retain(|_, room| {
            Arc::strong_count(room) > 1 || room.admitted.available_permits() < QUEUE
        });
    }
}

/// A relayed answer: the provider's JSON as it came.
pub(crate) struct Relayed {
    pub(crate) body: String,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) memory: Option<MemoryShare>,
}

/// Performs a named operation on a connection.
pub(crate) async fn relay(
    app: &Shared,
    who: &Principal,
    id: &str,
    name: &str,
    arguments: &RelayRequest,
) -> ApiResult<Relayed> {
    let operation = operation(name).ok_or(ErrorCode::UnknownOperation)?;
    let held = cache::held(app, &who.owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    if held.row.provider()? != operation.provider {
        return Err(ErrorCode::UnknownOperation.into());
    }
    let relayed = answer(app, who, id, &held, operation, arguments).await;
    relayed.map_err(|error| error.about(operation.provider))
}

async fn answer(
    app: &Shared,
    who: &Principal,
    id: &str,
    held: &Held,
    operation: &'static Operation,
    arguments: &RelayRequest,
) -> ApiResult<Relayed> {
    let kind: ConnectionType = from_word(&held.row.connection_type)?;
    if !kind.allows(operation.capability) {
        return Err(ErrorCode::ConnectionTypeForbids.into());
    }
    let target = request_target(operation, arguments).map_err(|error| {
        let sentence = format!("For {}: {error}.", operation.name);
        ApiError::with_detail(ErrorCode::InvalidParameter, sentence)
    })?;
    check_usable(app, held)?;
    let (answer, access) = perform(app, &who.owner, id, operation, &target).await?;
    let relayed = read(answer, &access, operation.provider)?;
    app.telemetry.relayed(relayed.body.len());
    Ok(relayed)
}

/// The call itself, in a slot of the connection, with a fresh token. Answers whatever the provider said.
pub(crate) async fn perform(
    app: &Shared,
    owner: &Owner,
    id: &str,
    operation: &'static Operation,
    target: &RequestTarget,
) -> ApiResult<(ApiAnswer, Arc<Access>)> {
    let client = app.provider(operation.provider)?;
    let began = Instant::now();
    let _slot = app.slots.enter(owner, id).await?;
    app.telemetry.waited_for_slot(began.elapsed());
    let access = refresh::fresh(app, owner, id).await?;
    let answer = call(app, client, operation, target, &access).await?;
    let (answer, access) = if access.is_static {
        // Nothing can be refreshed: the grant is dead if HubSpot's own record of the token says so too.
        if answer.status == 401 {
            static_credential::look(app, owner, id).await?;
        }
        (answer, access)
    } else if client.is_spent(&answer, &access.token).await {
        // The clock says fresh, the provider says spent: one refresh and one retry (RL-10).
        if access.refresh_token.is_none() {
            dead::give_up(app, owner, id, access.generation).await?;
            return Err(ErrorCode::NeedsReauth.into());
        }
        access::expire(app, owner, id, access.generation).await?;
        let access = refresh::fresh(app, owner, id).await?;
        let answer = call(app, client, operation, target, &access).await?;
        (answer, access)
    } else {
        (answer, access)
    };
    if answer.status == 477 {
        suspend(app, owner, id, &access, &answer).await?;
    }
    Ok((answer, access))
}

async fn call(
    app: &Shared,
    client: &ProviderClient,
    operation: &Operation,
    target: &RequestTarget,
    access: &Access,
) -> ApiResult<ApiAnswer> {
    let method = match operation.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
    };
    let began = Instant::now();
    let answer = client.api(method, target, &access.token).await;
    let status = answer.as_ref().ok().map(|answer| answer.status);
    app.telemetry
        .relay_call(operation.name, status, began.elapsed());
    answer.map_err(|fault| match fault {
        ApiFault::NotSent | ApiFault::Unreachable => ErrorCode::UpstreamUnavailable.into(),
        ApiFault::Redirect => ErrorCode::UpstreamRedirect.into(),
        ApiFault::TooLarge => ErrorCode::UpstreamTooLarge.into(),
        ApiFault::CutOff => ErrorCode::UpstreamInvalid.into(),
        ApiFault::NoRoom => ApiError::from(ErrorCode::Overloaded).retry_after(1.0),
    })
}

/// HubSpot's error envelope, as far as a machine reads it. Source: platform, section 9.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Envelope {
    category: Option<String>,
    error_type: Option<String>,
    policy_name: Option<String>,
    correlation_id: Option<String>,
    // Of parameter problems these can be plain strings.
    errors: Vec<serde_json::Value>,
}

impl Envelope {
    fn of(answer: &ApiAnswer) -> Self {
        object(&answer.body).unwrap_or_default()
    }

    fn upstream(self, answer: &ApiAnswer) -> Upstream {
        let plain = |text: String| {
            let fits = (1..=128).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
            fits.then_some(text)
        };
        let required_scopes = self
            .errors
            .iter()
            .filter_map(|error| error.pointer("/context/requiredGranularScopes")?.as_array())
            .flatten()
            .filter_map(|scope| plain(scope.as_str()?.to_owned()))
            .take(50)
            .collect();
        let correlation_id = self
            .correlation_id
            .and_then(|id| crate::provider::classify::correlation_id(&id))
            .or_else(|| answer.correlation_id.clone());
        Upstream {
            status: answer.status,
            category: self.category.or(self.error_type).and_then(plain),
            policy: self.policy_name.and_then(plain),
            correlation_id,
            required_scopes,
        }
    }
}

/// HTTP 477: the connection rests until HubSpot has moved the account (UF-6).
async fn suspend(
    app: &Shared,
    owner: &Owner,
    id: &str,
    access: &Access,
    answer: &ApiAnswer,
) -> ApiResult<()> {
    let wait = answer
        .retry_after
        .unwrap_or(300.0)
        .clamp(1.0, LONGEST_MIGRATION);
    let upstream = Envelope::of(answer).upstream(answer);
    let fault = FaultWords {
        category: "migration",
        cause: "migration",
        correlation_id: upstream.correlation_id.as_deref(),
    };
    store_fault(app, owner, id, access.generation, wait, true, fault).await?;
    Ok(())
}

/// What an answer means: its JSON, or a problem with the facts a machine reads.
pub(crate) fn read(answer: ApiAnswer, access: &Access, provider: Provider) -> ApiResult<Relayed> {
    // 207 is a batch read of which a part failed; its JSON says which.
    if matches!(answer.status, 200 | 207) {
        let is_json = answer.is_json && serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok();
        if !is_json {
            return Err(ErrorCode::UpstreamInvalid.into());
        }
        let text = String::from_utf8(answer.body).map_err(|_| ErrorCode::UpstreamInvalid)?;
        let mut body = without(text, &access.token);
        if let Some(token) = &access.refresh_token {
            body = without(body, token);
        }
        return Ok(Relayed {
            body,
            rate_limit: answer.rate_limit,
            memory: answer.memory,
        });
    }
    let code = match answer.status {
        _ if answer.is_limited => ErrorCode::UpstreamRateLimited,
        401 => ErrorCode::UpstreamUnauthorized,
        403 => ErrorCode::UpstreamForbidden,
        404 => ErrorCode::UpstreamNotFound,
        477 => ErrorCode::Suspended,
        400..=499 if answer.status != 423 => ErrorCode::UpstreamRejected,
        423 | 500..=599 => ErrorCode::UpstreamUnavailable,
        _ => ErrorCode::UpstreamInvalid,
    };
    let envelope = Envelope::of(&answer);
    let default_wait = match answer.status {
        // Undocumented by HubSpot: the window, or the second of the search limit (platform, section 4).
        429 if envelope.policy_name.as_deref() == Some("SECONDLY") => Some(1.0),
        429 => Some(10.0),
        423 => Some(2.0),
        477 => Some(300.0),
        _ => None,
    };
    let wait = answer.retry_after.or(default_wait);
    let mut upstream = envelope.upstream(&answer);
    let refresh_token = access.refresh_token.as_ref();
    let holds_token = |text: &String| {
        text.contains(access.token.as_str())
            || refresh_token.is_some_and(|token| text.contains(token.as_str()))
    };
    for text in [
        &mut upstream.category,
        &mut upstream.policy,
        &mut upstream.correlation_id,
    ] {
        text.take_if(|text| holds_token(text));
    }
    upstream.required_scopes.retain(|scope| !holds_token(scope));
    let error = match (code, provider) {
        (ErrorCode::UpstreamRateLimited, Provider::Github) => ApiError::with_detail(
            code,
            "GitHub counts a person's calls by the hour, and by the minute when there are many at once.",
        ),
        _ => code.into(),
    };
    let error = error.upstream(upstream);
    Err(match wait {
        Some(wait) => error.retry_after(wait),
        None => error,
    })
}

/// The answer without a token, wherever it stood.
fn without(text: String, token: &str) -> String {
    // Shorter than any provider's token: cutting those out would only damage answers.
    if token.len() < 8 || memmem::find(text.as_bytes(), token.as_bytes()).is_none() {
        return text;
    }
    tracing::error!(
        alert = true,
        "a provider token stood in an answer and was cut out"
    );
    text.replace(token, "[removed]")
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
