//! `/v1/flows`: starting, watching, completing and cancelling an authorization (threat model, section 2).
//! Owns the checks before a redirect and before an exchange; the exchange itself is `grant::exchange`'s.

use super::id::Id;
use super::json::{Json as Body, JsonBytes};
use super::session::return_uris;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::grant::code_place;
use crate::grant::exchange::{Exchange, check_plan};
use crate::provider::Description;
use crate::random;
use crate::refusals::{self, journaled};
use crate::session::Principal;
use crate::store::flows::{self, FlowRow};
use crate::store::journal::{self, Entry};
use crate::store::{connections, seconds, to_word};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use portico_core::error::ErrorCode;
use portico_core::ids::FlowId;
use portico_core::journal::Action;
use portico_core::pkce::{is_encoded_32_bytes, sha256_base64url};
use portico_core::scopes::{Configured, lint};
use portico_core::wire::{
    CompleteFlow, CompletedFlow, FlowPhase, FlowStarted, FlowState, Intent, StartFlow,
};
use serde_json::Value;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

/// Open flows of one person.
const MOST_OF_USER: i64 = 5;
/// Open flows of one organization.
const MOST_OF_ORG: i64 = 50;
/// Scopes of one request; HubSpot has fewer than this in all.
const MOST_SCOPES: usize = 200;
/// How long a repeated completion waits for the first.
const PATIENCE: Duration = Duration::from_secs(20);

/// `POST /v1/flows`.
pub(super) async fn start(
    State(app): State<Shared>,
    Who(who): Who,
    body: JsonBytes,
) -> ApiResult<(StatusCode, Json<FlowStarted>)> {
    require_admin(&app, &who, Action::FlowStart, None).await?;
    let started = register(&app, &who, &body).await;
    let started = journaled(&app, &who, Action::FlowStart, None, started).await?;
    Ok((StatusCode::CREATED, Json(started)))
}

/// Everything that is checked before a redirect, and then the flow itself.
async fn register(app: &Shared, who: &Principal, body: &JsonBytes) -> ApiResult<FlowStarted> {
    let request = parse_start(body)?;
    let provider = check_start(app, who, &request)?;
    // Of several that start at once, each sees those before it.
    let mut tx = app.store.begin_in(&who.owner).await?;
    let open = flows::open_flows(&mut tx, &who.owner, &who.sub).await?;
    if open.of_user >= MOST_OF_USER || open.of_org >= MOST_OF_ORG {
        let wait = open.seconds_to_next.unwrap_or(flows::FLOW_LIFE);
        return Err(ApiError::from(ErrorCode::TooManyFlows).retry_after(wait));
    }
    let pinned = match &request.connection_id {
        None => {
            if connections::counts(request.provider) {
                let used = connections::count(&mut *tx, &who.owner).await?;
                check_plan(used, who.plan.max_connections)?;
            }
            None
        }
        Some(id) => {
            let row = connections::find(&mut *tx, &who.owner, id.as_str())
                .await?
                .ok_or(ErrorCode::NotFound)?;
            if row.provider()? != request.provider {
                return Err(ErrorCode::NotFound.into());
            }
            Some(row.account)
        }
    };
    let id: FlowId = random::id().parse().map_err(|_| ErrorCode::Internal)?;
    let expires_at = flows::insert(&mut tx, id.as_str(), &who.owner, &who.sub, &request)
        .await
        .map_err(|error| match error.as_database_error() {
            // A state must be new for each flow.
            Some(fault) if fault.is_unique_violation() => ErrorCode::InvalidStateHash.into(),
            _ => ApiError::from(error),
        })?;
    let reason = intent(&request)?;
    let entry = Entry {
        reason: Some(&reason),
        ..entry(who, Action::FlowStart, id.as_str(), "done")
    };
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(FlowStarted {
        flow_id: id,
        client_id: provider.client_id.clone(),
        redirect_uri: app.config.redirect_uri(request.provider),
        authorize_endpoint: provider.authorize_endpoint(pinned.as_deref()),
        expires_at: seconds(expires_at),
    })
}

fn intent(request: &StartFlow) -> ApiResult<String> {
    let intent = to_word(request.intent)?;
    Ok(match &request.connection_id {
        Some(id) => format!("{intent} of connection {id}"),
        None => intent,
    })
}

/// Tells a missing challenge or state hash from any other fault of the body (AR-3).
fn parse_start(body: &JsonBytes) -> ApiResult<StartFlow> {
    body.parse().map_err(|error| {
        let Some(members) = body.members() else {
            return error;
        };
        let lacks = |name| !members.get(name).is_some_and(Value::is_string);
        if lacks("code_challenge") || lacks("code_challenge_method") {
            return ErrorCode::InvalidPkce.into();
        }
        if lacks("state_hash") {
            return ErrorCode::InvalidStateHash.into();
        }
        if lacks("return_uri") {
            return ErrorCode::InvalidReturnUri.into();
        }
        error
    })
}

fn check_start<'a>(
    app: &'a Shared,
    who: &Principal,
    request: &StartFlow,
) -> ApiResult<&'a Description> {
    let invalid = |sentence: &str| Err(ApiError::with_detail(ErrorCode::InvalidRequest, sentence));
    if request.code_challenge_method != "S256" || !is_encoded_32_bytes(&request.code_challenge) {
        return Err(ErrorCode::InvalidPkce.into());
    }
    if !is_encoded_32_bytes(&request.state_hash) {
        return Err(ErrorCode::InvalidStateHash.into());
    }
    if !return_uris(app, who).contains(&request.return_uri) {
        return Err(ErrorCode::InvalidReturnUri.into());
    }
    let Some(client) = app.providers.find(request.provider) else {
        let title = request.provider.title();
        return invalid(&format!("This proxy has no {title} app configured."));
    };
    let provider = client.description();
    match (request.intent, &request.connection_id) {
        (Intent::Connect, Some(_)) => {
            return invalid("A flow that adds a portal names no connection.");
        }
        (Intent::Reconnect | Intent::Upgrade, None) => {
            return invalid("A reconnection names its connection.");
        }
        _ => {}
    }
    if request.scopes.len() + request.optional_scopes.len() > MOST_SCOPES {
        return invalid("There are too many scopes.");
    }
    let mut seen = std::collections::BTreeSet::new();
    for scope in request.scopes.iter().chain(&request.optional_scopes) {
        if !crate::config::check::is_scope(scope) {
            return invalid("There is something among the scopes that is not one.");
        }
        if !seen.insert(scope) {
            return Err(ApiError::with_detail(
                ErrorCode::InvalidRequest,
                format!("The scope {scope} is asked for twice."),
            ));
        }
    }
    let configured = Configured {
        required: &provider.required_scopes,
        optional: &provider.optional_scopes,
    };
    lint(&configured, &request.scopes, &request.optional_scopes).map_err(|fault| {
        ApiError::with_detail(fault.code(), sentence(&fault.to_string())).about(request.provider)
    })?;
    Ok(provider)
}

/// A fault's words as a sentence.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

async fn find(app: &Shared, who: &Principal, id: &str) -> ApiResult<FlowRow> {
    let row = flows::of_user(app.store.readers(), &who.owner, &who.sub, id).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

/// `GET /v1/flows/{id}`: the starter's own flows.
pub(super) async fn show(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
) -> ApiResult<Json<FlowState>> {
    Ok(Json(find(&app, &who, &id).await?.state()?))
}

/// `DELETE /v1/flows/{id}`: gives up an open flow; one that is over stays over.
pub(super) async fn cancel(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
) -> ApiResult<StatusCode> {
    let action = Action::FlowCancel;
    require_admin(&app, &who, action, Some(&id)).await?;
    let cancelled = give_up(&app, &who, &id).await;
    journaled(&app, &who, action, Some(&id), cancelled).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn give_up(app: &Shared, who: &Principal, id: &str) -> ApiResult<()> {
    let flow = find(app, who, id).await?;
    if flow.phase()? == FlowPhase::Exchanging {
        return Err(ApiError::with_detail(
            ErrorCode::FlowFinished,
            "The authorization is just being finished and can no longer be cancelled.",
        ));
    }
    let mut tx = app.store.begin_in(&who.owner).await?;
    let open = [FlowPhase::Started, FlowPhase::Coded];
    let detail = Some("It was cancelled.");
    if flows::set_failed(&mut tx, &flow, &open, ErrorCode::FlowFinished, detail, None).await? {
        journal::record(&mut tx, entry(who, Action::FlowCancel, id, "done")).await?;
        app.announce_flow(&mut tx, &flow).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// `POST /v1/flows/{id}/complete`: claim and verifier against a connection.
pub(super) async fn complete(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    Body(proof): Body<CompleteFlow>,
) -> ApiResult<Json<CompletedFlow>> {
    let action = Action::FlowComplete;
    require_admin(&app, &who, action, Some(&id)).await?;
    let proof = Proof {
        claim: Zeroizing::new(proof.claim),
        verifier: Zeroizing::new(proof.code_verifier),
    };
    let found = find(&app, &who, &id).await;
    let flow = journaled(&app, &who, action, Some(&id), found).await?;
    if is_open(&flow)? && !may_return(&app, &flow) {
        let code = ErrorCode::InvalidReturnUri;
        return kill(&app, &who, &flow, code).await.map(Json);
    }
    match flow.phase()? {
        FlowPhase::Started => refuse_claim(&app, &who, &id).await,
        FlowPhase::Coded => redeem(&app, who, flow, proof).await,
        FlowPhase::Failed if flow.failure()? == Some(ErrorCode::ClaimRequired) => {
            refuse_claim(&app, &who, &id).await
        }
        FlowPhase::Exchanging | FlowPhase::Done | FlowPhase::Failed => again(&app, &who, &id).await,
    }
    .map(Json)
}

struct Proof {
    claim: Zeroizing<String>,
    verifier: Zeroizing<String>,
}

/// The flow stays as it is: whoever has the claim may still come.
async fn refuse_claim(app: &Shared, who: &Principal, id: &str) -> ApiResult<CompletedFlow> {
    let code = ErrorCode::ClaimRequired;
    let entry = entry(who, Action::FlowComplete, id, code.entry().code);
    refusals::record(app, entry).await?;
    Err(code.into())
}

async fn redeem(
    app: &Shared,
    who: Principal,
    flow: FlowRow,
    proof: Proof,
) -> ApiResult<CompletedFlow> {
    let claim_hash = sha256_base64url(&proof.claim);
    let claim_fits = is_encoded_32_bytes(&proof.claim)
        && flow.claim_until.is_some_and(|until| until > flow.now)
        && flow
            .claim_hash
            .as_ref()
            .is_some_and(|hash| same(hash, &claim_hash));
    if !claim_fits {
        return refuse_claim(app, &who, &flow.id).await;
    }
    let challenge = sha256_base64url(&proof.verifier);
    if !is_verifier(&proof.verifier) || !same(&flow.code_challenge, &challenge) {
        return kill(app, &who, &flow, ErrorCode::BadVerifier).await;
    }
    if !app.sealer.can_seal() {
        return Err(ApiError::from(ErrorCode::StoreUnavailable).retry_after(2.0));
    }
    // Opened before the code leaves the row, so that a fault of ours leaves the flow as it was.
    let owner = flow.owner();
    let sealed = flow.code.as_ref().ok_or(ErrorCode::ClaimRequired)?;
    let code = app.sealer.open_text(code_place(&owner, &flow.id), sealed)?;
    let mut tx = app.store.begin_in(&owner).await?;
    let first = flows::set_exchanging(&mut tx, &flow).await?;
    if first {
        app.announce_flow(&mut tx, &flow).await?;
    }
    tx.commit().await?;
    if !first {
        return again(app, &who, &flow.id).await;
    }
    let exchange = Exchange {
        app: app.clone(),
        flow,
        who,
        code,
        verifier: proof.verifier,
    };
    // Spawned and tracked: the caller may go, the exchange may not.
    let running = app.tasks.spawn(exchange.run());
    running
        .await
        .map_err(|_| ApiError::from(ErrorCode::Internal))?
}

/// `code_verifier` of RFC 7636: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

fn is_open(flow: &FlowRow) -> ApiResult<bool> {
    Ok(matches!(
        flow.phase()?,
        FlowPhase::Started | FlowPhase::Coded
    ))
}

/// Whether its tenant is still there and still lists the page the flow returns to (JW-9, AR-7).
pub(super) fn may_return(app: &Shared, flow: &FlowRow) -> bool {
    let tenants = app.sessions.tenants();
    let tenant = tenants.get(&flow.owner().tenant);
    tenant.is_some_and(|tenant| tenant.return_uris.contains(&flow.return_uri))
}

/// Ends a flow before any token call: a wrong verifier (our own check: EX-1, EX-2), or a page that is gone.
async fn kill(
    app: &Shared,
    who: &Principal,
    flow: &FlowRow,
    code: ErrorCode,
) -> ApiResult<CompletedFlow> {
    let mut tx = app.store.begin_in(&who.owner).await?;
    let open = [FlowPhase::Started, FlowPhase::Coded];
    if flows::set_failed(&mut tx, flow, &open, code, None, None).await? {
        app.announce_flow(&mut tx, flow).await?;
    }
    let entry = entry(who, Action::FlowComplete, &flow.id, code.entry().code);
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Err(code.into())
}

async fn again(app: &Shared, who: &Principal, id: &str) -> ApiResult<CompletedFlow> {
    let repeated = repeat(app, who, id).await;
    journaled(app, who, Action::FlowComplete, Some(id), repeated).await
}

/// The stored result again; waits for an exchange that runs (EX-4, EX-9).
async fn repeat(app: &Shared, who: &Principal, id: &str) -> ApiResult<CompletedFlow> {
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(25);
    loop {
        let flow = find(app, who, id).await?;
        match flow.phase()? {
            FlowPhase::Done => return stored_result(app, who, &flow).await,
            FlowPhase::Exchanging if Instant::now() < until => {
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(500));
            }
            FlowPhase::Exchanging => {
                return Err(ApiError::with_detail(
                    ErrorCode::FlowFinished,
                    "The authorization is still being finished; its result will show by itself.",
                ));
            }
            FlowPhase::Started | FlowPhase::Coded => return Err(ErrorCode::ClaimRequired.into()),
            FlowPhase::Failed => {
                let code = flow.failure()?.unwrap_or(ErrorCode::FlowFinished);
                return Err(match &flow.failure_detail {
                    Some(detail) => ApiError::with_detail(code, detail),
                    None => code.into(),
                });
            }
        }
    }
}

async fn stored_result(app: &Shared, who: &Principal, flow: &FlowRow) -> ApiResult<CompletedFlow> {
    let too_late = flow
        .finished_at
        .is_none_or(|at| flow.now > at + flows::RESULT_LIFE);
    let id = flow
        .result_id
        .as_deref()
        .filter(|_| !too_late)
        .ok_or(ErrorCode::FlowFinished)?;
    let row = connections::find(app.store.readers(), &who.owner, id)
        .await?
        .ok_or(ErrorCode::FlowFinished)?;
    Ok(CompletedFlow {
        connection: app.facts(&row)?,
        reconnected: flow.reconnected(),
    })
}

fn entry<'a>(who: &'a Principal, action: Action, target: &'a str, outcome: &'a str) -> Entry<'a> {
    Entry {
        owner: &who.owner,
        sub: &who.sub,
        action,
        target: Some(target),
        outcome,
        reason: None,
        session: Some(&who.jti),
    }
}
