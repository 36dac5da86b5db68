//! One call to a provider, read to its end within bounds: of one answer, and of all answers together.
//! Owns how answers are read; what they mean is asked elsewhere.

use super::classify::correlation_id;
use super::retry_after;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use portico_core::wire::RateLimit;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every answer may hold without asking for room.
const FREE: usize = 64 * 1024;
/// MemoryShare is counted in pieces of this size.
const PIECE: usize = 16 * 1024;

/// An API answer, of any status.
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<f64>,
    /// The provider wants fewer calls, whatever the status.
    pub(crate) is_limited: bool,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) correlation_id: Option<String>,
    /// As they came; none is passed on.
    pub(crate) headers: HeaderMap,
    /// Given back when nobody holds the body any more.
    pub(crate) memory: Option<MemoryShare>,
}

/// Why there is no API answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiFault {
    /// No connection came about.
    NotSent,
    Unreachable,
    Redirect,
    TooLarge,
    CutOff,
    /// All answers together fill the memory set aside for them.
    NoRoom,
}

/// Memory for large answers, all calls together: without it, slow readers of large answers could fill the process.
#[derive(Clone)]
pub(crate) struct AnswerMemory(Arc<Semaphore>);

/// A part of it, given back when the last clone is dropped.
pub(crate) type MemoryShare = Arc<OwnedSemaphorePermit>;

impl AnswerMemory {
    pub(crate) fn new(mebibytes: u32) -> Self {
        let pieces = mebibytes as usize * (1024 * 1024 / PIECE);
        Self(Arc::new(Semaphore::new(pieces)))
    }
}

/// Sends, and reads at most `cap` bytes after decompression.
pub(super) async fn send(
    request: reqwest::RequestBuilder,
    cap: usize,
    memory: &AnswerMemory,
) -> Result<ApiAnswer, ApiFault> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            ApiFault::NotSent
        } else {
            ApiFault::Unreachable
        }
    })?;
    let status = response.status().as_u16();
    if (300..400).contains(&status) {
        return Err(ApiFault::Redirect);
    }
    let headers = response.headers().clone();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(CONTENT_TYPE.as_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    // A date is of the answer's own clock; ours may be wrong (RR-8).
    let sent_at = text(DATE.as_str()).and_then(retry_after::date);
    let mut answer = ApiAnswer {
        status,
        is_json: media_type == "application/json",
        body: Vec::new(),
        retry_after: text(RETRY_AFTER.as_str()).and_then(|header| {
            retry_after::parse(header, sent_at.unwrap_or_else(crate::session::now))
        }),
        is_limited: status == 429,
        rate_limit: None,
        correlation_id: ["x-hubspot-correlation-id", "x-github-request-id"]
            .into_iter()
            .find_map(text)
            .and_then(correlation_id),
        headers: HeaderMap::new(),
        memory: None,
    };
    if let Some(told) = response.content_length() {
        // Room for all of it, so that it is not copied as it grows; what is told and does not come is never touched.
        let told = usize::try_from(told).map_err(|_| ApiFault::TooLarge)?;
        answer.body.reserve_exact(told.min(cap));
    }
    let mut taken: Option<OwnedSemaphorePermit> = None;
    let broken = |error: reqwest::Error| {
        if error.is_timeout() {
            ApiFault::Unreachable
        } else {
            ApiFault::CutOff
        }
    };
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        let length = answer.body.len() + chunk.len();
        if length > cap {
            return Err(ApiFault::TooLarge);
        }
        let needed = length.saturating_sub(FREE).div_ceil(PIECE);
        let held = taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if needed > held {
            let more = u32::try_from(needed - held).map_err(|_| ApiFault::TooLarge)?;
            // Nobody waits for room while holding some: that could end with all waiting.
            let more = Arc::clone(&memory.0).try_acquire_many_owned(more);
            let more = more.map_err(|_| ApiFault::NoRoom)?;
            match &mut taken {
                Some(taken) => taken.merge(more),
                None => taken = Some(more),
            }
        }
        answer.body.extend_from_slice(&chunk);
    }
    answer.memory = taken.map(Arc::new);
    answer.headers = headers;
    Ok(answer)
}
