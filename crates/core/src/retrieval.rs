//! Retrieval: which calls to make next until a portal's metadata is whole, without IO.
//! Owns kinds, order, pacing, retries and outcomes; sends nothing, stores nothing, reads no clock.
//!
//! A shell's loop: [`Planner::next`], send the calls, [`Planner::answered`], carry out the [`Effect`]s, keep
//! [`Planner::checkpoint`], and again, at the latest at `wake_at`, until `done`.
//! Source: platform, sections 4 (limits), 6 (endpoints) and 9 (errors); design, section 6.

mod answers;
mod book;
mod checkpoint;
mod judge;
mod kind;
mod pages;
mod planner;
mod progress;
pub(crate) mod record;
mod tasks;
mod unfold;
mod window;

#[cfg(test)]
mod tests;

pub use checkpoint::CheckpointError;
pub use kind::Kind;
pub(crate) use kind::{holds_any, scope_fits};
pub use planner::Planner;
pub use progress::{KindProgress, KindState, Meter, Overall, Phase, Reason};

use crate::wire::{Problem, RateLimit, RelayRequest};

/// What a plan is made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanInput<'a> {
    /// The scopes the grant holds, as introspection names them.
    pub granted: &'a [String],
}

/// Ties an answer to its call; never reused by one planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u32);

/// One call to send through the relay.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayCall {
    /// To be handed back with the answer.
    pub id: CallId,
    /// Name in the operations table.
    pub operation: &'static str,
    /// Its arguments.
    pub request: RelayRequest,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// To be sent at once; each must be answered.
    pub calls: Vec<RelayCall>,
    /// Milliseconds, same clock as `now_ms`: when to ask again if no answer comes before.
    pub wake_at: Option<u64>,
    /// Nothing is left to ask: see [`Planner::overall`] for how it ended.
    pub done: bool,
}

/// What came back for a call.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// Body, problem, or nothing.
    pub outcome: Outcome<'a>,
    /// Rate-limit headers, when the answer carried them.
    pub rate: Option<RateLimit>,
}

/// How a call ended.
#[derive(Clone, Debug)]
// Large on 64-bit hosts only, where an `expect` would hold and on wasm32 would not.
#[allow(
    clippy::large_enum_variant,
    reason = "made once for each answer and taken apart at once"
)]
pub enum Outcome<'a> {
    /// Status 200: HubSpot's body as it came.
    Ok(&'a str),
    /// The proxy's problem document.
    Problem(Problem),
    /// No answer at all: network down, proxy stopped.
    Unreachable,
}

/// What the shell has to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Put this part into the store in place of an older one; nothing to do when the stored hash is the same.
    Store {
        /// The kind it belongs to.
        kind: Kind,
        /// Object type (`contacts`, `2-512`), `page-1`…, pair (`0-1:0-3`), a word, or `all`.
        part: String,
        /// A JSON array of the records, each byte for byte as HubSpot sent it.
        content: String,
        /// How many records.
        records: u32,
        /// SHA-256 of `content`, base64url.
        hash: String,
    },
    /// That kind's [`KindProgress`] is another than before.
    Progress(Kind),
}
