//! Owns GitHub's REST rooms, one per area of its documentation. Who may call is judged before.

pub(super) mod accounts;
pub(super) mod applications;
pub(super) mod branches;
pub(super) mod commits;
pub(super) mod contents;
mod diff;
pub(super) mod meta;
pub(super) mod objects;
pub(super) mod refs;
pub(super) mod repositories;
mod writing;
