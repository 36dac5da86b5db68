//! Client Accounts without its pictures: what is asked of the table, what it answers, and what is done to many rows at once.
//! Owns search, order, counts, words and dry runs; draws nothing, and changes nothing itself.

mod bulk;
mod choices;
mod counts;
mod entry;
mod index;
mod query;
mod selection;
mod summary;

pub use bulk::{BulkAction, BulkItem, BulkOutcome, BulkPlan, Confirmation, plan};
pub use choices::{Choice, Choices};
pub use counts::Counts;
pub use entry::{Entry, Place};
pub use index::{AccountsIndex, Group};
pub use query::{AccountsQuery, InWorkspace, LONGEST_TEXT, Sort};
pub use selection::Selection;
pub use summary::{Summary, SummaryGroup, SummaryLine};

use crate::status::Status;

/// Whether a row asks somebody at this table to act: exactly where a new authorization is what helps.
///
/// A limited connection does all it was granted, so that counting it would drown what is broken; a check goes on by
/// itself; what is suspended waits for HubSpot or for the operator, and no button of a row mends it.
pub fn wants_attention(status: Status) -> bool {
    status.wants_reconnect()
}

#[cfg(test)]
pub(crate) use query::tests::queries;
#[cfg(test)]
mod tests;
