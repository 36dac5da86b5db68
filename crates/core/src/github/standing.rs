//! How a linked repository stands: from what GitHub answered to the status people see (D44, D45).
//! Owns the derivation and its words; keeps no state, so that a status can neither flap nor lie.
//!
//! GitHub answers 404 for what is gone and for what one may not see. What tells them apart is whether the app's own
//! list of the account's repositories still names it, and where even that cannot tell, the words say so.

use super::answers::{Condition, Installation, Repository, repository};
use super::link::RepositoryLink;
use crate::error::ErrorCode;
use crate::status::Status;
use crate::wire::Problem;

/// What `github.repository` answered for a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The repository of that name.
    Here(Repository),
    /// A redirect: it is called otherwise now.
    Elsewhere,
    /// Nothing of that name, for this account.
    NotFound,
    /// It may not be seen: single sign-on, or a rule of the organization.
    Forbidden,
    /// The connection itself is what is broken.
    Reconnect,
    /// Weather; why, in a few words.
    Weather(String),
}

/// Whether the app still reaches a repository, asked only where the repository itself does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The account's list names it, so.
    Listed(Repository),
    /// The account's list does not name it.
    NotListed {
        /// The app sees all of the account's repositories.
        sees_all: bool,
        /// The account is this person's own, of which they see everything.
        own: bool,
    },
    /// The app is suspended there.
    Suspended,
    /// The app is not installed there, as far as this person sees.
    NotInstalled,
}

/// All that is known of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// The repository's own answer.
    pub probe: Probe,
    /// What the lists say, if they were asked.
    pub reach: Option<Reach>,
    /// Whether its branch is there, if that was asked.
    pub branch: Option<bool>,
}

/// The status of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It is there and can be read (D44).
    Connected,
    /// Being asked, or weather.
    Checking,
    /// It cannot be used as it is (D45).
    Error(Trouble),
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is gone for sure.
    Deleted,
    /// It is gone, or this account may not see it any more; GitHub does not say which.
    Gone,
    /// It is there, and out of reach.
    AccessLost,
    /// It has another name.
    Renamed,
    /// It is read-only.
    Archived,
    /// Its branch is gone.
    BranchGone,
    /// The connection needs reconnection.
    Reconnect,
}

impl LinkState {
    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Checking => "Checking",
            Self::Error(trouble) => match trouble {
                Trouble::Deleted => "Error: deleted",
                Trouble::Gone => "Error: deleted or no access",
                Trouble::AccessLost => "Error: access lost",
                Trouble::Renamed => "Error: renamed",
                Trouble::Archived => "Error: archived",
                Trouble::BranchGone => "Error: branch deleted",
                Trouble::Reconnect => "Error: reconnect GitHub",
            },
        }
    }
}

/// A status with its reason, what it asks for, and what the repository can be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The status.
    pub state: LinkState,
    /// What happened; empty when all is well.
    pub reason: String,
    /// What to do now; empty when there is nothing.
    pub action: String,
    /// What it may be used for, each on its own (D43); empty where it may not be used at all.
    pub uses: &'static str,
    /// The link under its present name, where a click is all it takes to follow it.
    pub renamed: Option<RepositoryLink>,
}

/// Both uses.
const WRITABLE: &str = "Backup target or comparison source";
const READABLE: &str = "Comparison source only";

impl Probe {
    /// Reads what the relay answered to `github.repository`.
    pub fn of(outcome: &Result<String, Box<Problem>>) -> Self {
        match outcome {
            Ok(text) => repository(text).map_or_else(
                |_| Self::Weather("GitHub's answer could not be read".to_owned()),
                Self::Here,
            ),
            Err(problem) => match problem.code {
                ErrorCode::UpstreamRedirect => Self::Elsewhere,
                ErrorCode::UpstreamNotFound => Self::NotFound,
                ErrorCode::UpstreamForbidden => Self::Forbidden,
                ErrorCode::NeedsReauth | ErrorCode::Disconnected => Self::Reconnect,
                _ => Self::Weather(problem.title.clone()),
            },
        }
    }

    /// Whether the accounts must be asked as well: everybody reads what is public, the app's own access aside.
    pub fn wants_installation(&self, link: &RepositoryLink) -> bool {
        matches!(self, Self::Here(repository) if repository.id == link.id && !repository.is_private)
    }

    /// Whether the lists can tell more than the repository's own answer for this link.
    pub fn wants_reach(&self, link: &RepositoryLink) -> bool {
        match self {
            Self::Here(repository) => repository.id != link.id,
            Self::Elsewhere | Self::NotFound | Self::Forbidden => true,
            Self::Reconnect | Self::Weather(_) => false,
        }
    }
}

/// What the account's installation says of a link before its repositories are listed; nothing when they must be.
///
/// `installations` are all that this person sees.
pub fn reach(link: &RepositoryLink, installations: &[Installation]) -> Option<Reach> {
    let (owner, _) = link.owner_and_name();
    let mut of_owner = installations.iter();
    match of_owner.find(|one| one.login.eq_ignore_ascii_case(owner)) {
        None => Some(Reach::NotInstalled),
        Some(one) if one.is_suspended => Some(Reach::Suspended),
        Some(_) => None,
    }
}

/// Derives a link's standing from the connection's status and what was last heard of the repository.
pub fn read_link(link: &RepositoryLink, connection: Status, facts: Option<&LinkFacts>) -> Standing {
    let standing = |state, reason: String, action: &str, uses| Standing {
        state,
        reason,
        action: action.to_owned(),
        uses,
        renamed: None,
    };
    let error = |trouble, reason: String, action: &str| {
        standing(LinkState::Error(trouble), reason, action, "")
    };
    if connection.wants_reconnect() {
        return error(
            Trouble::Reconnect,
            "Portico can see none of this account's repositories until it is reconnected."
                .to_owned(),
            "Choose Reconnect on this card; the link stays as it is.",
        );
    }
    let checking = |reason: String, action| standing(LinkState::Checking, reason, action, "");
    let Some(facts) = facts.filter(|_| connection != Status::Suspended) else {
        return checking(String::new(), "");
    };
    let repository = match (&facts.probe, &facts.reach) {
        (Probe::Weather(why), _) => {
            return checking(
                [why, ". Nothing is concluded from that."].concat(),
                "Check again in a minute.",
            );
        }
        // The connection is alive by now: what was heard before says nothing any more.
        (Probe::Reconnect, _) => return checking(String::new(), ""),
        (Probe::Here(repository), _) if repository.id == link.id => repository,
        (_, Some(Reach::Listed(repository))) if repository.full_name != link.full_name => {
            return Standing {
                renamed: Some(RepositoryLink {
                    full_name: repository.full_name.clone(),
                    default_branch: repository.default_branch.clone(),
                    ..link.clone()
                }),
                ..error(
                    Trouble::Renamed,
                    ["It is called ", &repository.full_name, " now."].concat(),
                    "Choose Use the new name; its branch stays.",
                )
            };
        }
        (probe, reach) => return unreached(link, probe, reach.as_ref()),
    };
    if repository.condition == Condition::Disabled {
        return error(
            Trouble::AccessLost,
            "GitHub has disabled this repository.".to_owned(),
            "Its owner can ask GitHub's support why.",
        );
    }
    if let Some(reach @ (Reach::NotInstalled | Reach::Suspended)) = &facts.reach {
        return Standing {
            uses: READABLE,
            ..unreached(link, &facts.probe, Some(reach))
        };
    }
    if facts.branch == Some(false) {
        return error(
            Trouble::BranchGone,
            ["There is no branch ", &link.branch, " in it any more."].concat(),
            "Choose Add Repo, pick it again and choose another branch.",
        );
    }
    if repository.condition == Condition::Archived {
        return standing(
            LinkState::Error(Trouble::Archived),
            "It was archived on GitHub, which makes it read-only.".to_owned(),
            "To back up into it, unarchive it in its settings on GitHub.",
            READABLE,
        );
    }
    let note = if repository.default_branch == link.default_branch {
        String::new()
    } else {
        [
            "Its default branch is ",
            &repository.default_branch,
            " now; this link keeps ",
            &link.branch,
            ".",
        ]
        .concat()
    };
    let uses = if repository.condition == Condition::Writable {
        WRITABLE
    } else {
        READABLE
    };
    standing(LinkState::Connected, note, "", uses)
}

/// Why a repository does not answer to its name, as far as GitHub tells.
fn unreached(link: &RepositoryLink, probe: &Probe, reach: Option<&Reach>) -> Standing {
    let (owner, _) = link.owner_and_name();
    let (trouble, reason, action) = match (probe, reach) {
        (_, Some(Reach::NotInstalled)) => (
            Trouble::AccessLost,
            ["The GitHub App is not installed on ", owner, " any more, or you have left it."].concat(),
            "Ask an owner there to install it again, then check again.",
        ),
        (_, Some(Reach::Suspended)) => (
            Trouble::AccessLost,
            ["The GitHub App is suspended on ", owner, "."].concat(),
            "An owner there can end the suspension in GitHub's settings under Installed GitHub Apps; then check again.",
        ),
        (Probe::Forbidden, _) | (_, Some(Reach::Listed(_))) => (
            Trouble::AccessLost,
            "GitHub does not let this account read it; the organization may ask for single sign-on.".to_owned(),
            "Sign in to the organization on GitHub, choose Reconnect here, then check again.",
        ),
        (Probe::Here(_), _) => (
            Trouble::Deleted,
            "It is gone, and another repository has taken its name.".to_owned(),
            "Choose Add Repo to link the other one, and remove this link.",
        ),
        (Probe::Elsewhere, _) => (
            Trouble::Renamed,
            "It was renamed or handed to another account, and its new place is not among the repositories you see."
                .to_owned(),
            "Choose Add Repo and pick it under its new name, or ask its owner for access.",
        ),
        (_, Some(Reach::NotListed { sees_all: true, own: true })) => (
            Trouble::Deleted,
            "GitHub has no such repository of yours any more.".to_owned(),
            "Remove this link, or restore the repository on GitHub: for 90 days its settings offer that.",
        ),
        (_, Some(Reach::NotListed { sees_all: false, .. })) => (
            Trouble::Gone,
            "It was deleted, or taken out of the repositories the GitHub App may see; GitHub does not say which."
                .to_owned(),
            "If it still exists, choose it again in the app's settings on GitHub, then check again. If not, remove this link.",
        ),
        _ => (
            Trouble::Gone,
            "It was deleted, or your access to it was withdrawn; GitHub does not say which.".to_owned(),
            "If it still exists, ask its owner for access, then check again. If not, remove this link.",
        ),
    };
    Standing {
        state: LinkState::Error(trouble),
        reason,
        action: action.to_owned(),
        uses: "",
        renamed: None,
    }
}

#[cfg(test)]
mod tests;
