//! GitHub in the browser: what its relayed answers say, which repositories people link, and how each link stands (D36–D45).
//! Owns readings and words; asks nothing and keeps nothing itself.
//!
//! Source: GitHub's REST reference, "Apps" (installations), "Repositories", "Branches"; pages are counted from 1.

mod answers;
mod link;
mod list;
mod standing;

pub use answers::{
    Condition, Installation, PER_PAGE, Page, Repository, branches, installations, next_page,
    repositories, repository,
};
pub use link::{
    MAX_LINKS, RepositoryLink, is_branch, is_full_name, read_links, with_link, write_links,
};
pub use list::RepositoryList;
pub use standing::{LinkFacts, LinkState, Probe, Reach, Standing, Trouble, reach, read_link};
