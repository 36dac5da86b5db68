//! What a workspace may be called, how many an organization may have, and what each holds (D69, D70).
//! Owns these rules; stores nothing.

use crate::error::ErrorCode;
use crate::ids::WorkspaceId;
use crate::order::ordered;
use crate::text::{grouped, is_plain};
use crate::wire::{Connection, Provider, Workspace};

/// Workspaces of one organization.
pub const MOST_WORKSPACES: u32 = 500;
/// Longest name, in characters.
const LONGEST_NAME: usize = 60;

/// A name as it is kept: trimmed, 1 to 60 characters, nothing invisible in it, for names that look alike would
/// lead to the wrong portal. Nothing when it is not acceptable.
pub fn workspace_name(text: &str) -> Option<&str> {
    let name = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && is_plain(name);
    fits.then_some(name)
}

/// What must be unique in an organization: the name regardless of case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// Why a name would be refused, found while it is typed; `own` is the workspace that is renamed, if one is.
///
/// Only letters of ASCII are compared regardless of case: the table of all of them is as large as a view, and the
/// proxy has the last word in the same words.
pub fn name_fault(text: &str, known: &[Workspace], own: Option<&WorkspaceId>) -> Option<ErrorCode> {
    let most = usize::try_from(MOST_WORKSPACES).unwrap_or(usize::MAX);
    if own.is_none() && known.len() >= most {
        return Some(ErrorCode::WorkspaceLimit);
    }
    let Some(name) = workspace_name(text) else {
        return Some(ErrorCode::InvalidWorkspaceName);
    };
    let taken = |other: &Workspace| {
        own.is_none_or(|own| *own != other.id) && other.name.eq_ignore_ascii_case(name)
    };
    known
        .iter()
        .any(taken)
        .then_some(ErrorCode::WorkspaceNameTaken)
}

/// What stands in a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// HubSpot portals.
    pub portals: u32,
    /// Accounts of GitHub.
    pub accounts: u32,
}

impl Tally {
    fn add(&mut self, provider: Provider) {
        match provider {
            Provider::Hubspot => self.portals += 1,
            Provider::Github => self.accounts += 1,
        }
    }

    /// How many there are, in words: `no portals`, `1 portal`, `12 portals and 1 GitHub account`.
    pub fn words(self) -> String {
        let count = |number: u32, one: &str| {
            let end = if number == 1 { "" } else { "s" };
            [&grouped(number), " ", one, end].concat()
        };
        match self {
            Self {
                portals: 0,
                accounts: 0,
            } => "no portals".into(),
            Self {
                portals,
                accounts: 0,
            } => count(portals, "portal"),
            Self {
                portals: 0,
                accounts,
            } => count(accounts, "GitHub account"),
            Self { portals, accounts } => [
                &count(portals, "portal"),
                " and ",
                &count(accounts, "GitHub account"),
            ]
            .concat(),
        }
    }
}

/// What stands in each workspace, in their order, and last what stands in none.
///
/// Counted from the connections, for they tell of each move, and the workspaces' own numbers are as old as their
/// reading. What names a workspace that is not known counts nowhere: it is about to be told anew.
pub fn tallies(workspaces: &[Workspace], connections: &[Connection]) -> Vec<Tally> {
    let id = |at: usize| workspaces[at].id.as_str();
    let by_id = ordered(workspaces.len(), &mut |a, b| id(a).cmp(id(b)));
    let mut tallies = vec![Tally::default(); workspaces.len() + 1];
    for connection in connections {
        let at = match &connection.workspace {
            None => Some(workspaces.len()),
            Some(wanted) => by_id
                .binary_search_by(|at| id(*at).cmp(wanted.as_str()))
                .ok()
                .map(|found| by_id[found]),
        };
        if let Some(at) = at {
            tallies[at].add(connection.provider);
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::connection;
    use proptest::prelude::*;

    /// D69, D70: names of 1 to 60 characters that show what they are.
    #[test]
    fn a_name_is_short_and_shows_what_it_is() {
        let longest = "é".repeat(60);
        let too_long = "é".repeat(61);
        for (text, want) in [
            ("  Weser  ", Some("Weser")),
            ("Weser & Söhne / Test", Some("Weser & Söhne / Test")),
            (longest.as_str(), Some(longest.as_str())),
            (too_long.as_str(), None),
            ("", None),
            ("  ", None),
            ("a\nb", None),
            ("a\u{0}b", None),
            ("Prod\u{200b}uction", None),
            ("Prod\u{202e}noitcu", None),
        ] {
            assert_eq!(workspace_name(text), want, "{text:?}");
        }
    }

    #[test]
    fn names_are_told_apart_regardless_of_case() {
        assert_eq!(name_key("PRODUCTION Ä"), name_key("production ä"));
        assert_ne!(name_key("production"), name_key("production 2"));
    }

    fn workspaces(names: &[&str]) -> Vec<Workspace> {
        let made = |(at, name): (usize, &&str)| Workspace {
            id: format!("w{at}").parse().unwrap(),
            name: (*name).to_owned(),
            version: 1,
            connections: 0,
        };
        names.iter().enumerate().map(made).collect()
    }

    /// D69, D70: a name that the proxy would refuse is told while it is typed, in the proxy's own words.
    #[test]
    fn a_name_is_judged_while_it_is_typed() {
        let known = workspaces(&["Production", "Weser"]);
        let own: WorkspaceId = "w0".parse().unwrap();
        for (text, renamed, want) in [
            ("Staging", None, None),
            (" staging ", Some(&own), None),
            ("", None, Some(ErrorCode::InvalidWorkspaceName)),
            ("a\u{202e}b", None, Some(ErrorCode::InvalidWorkspaceName)),
            (" PRODUCTION ", None, Some(ErrorCode::WorkspaceNameTaken)),
            ("weser", Some(&own), Some(ErrorCode::WorkspaceNameTaken)),
            // Another case of its own name is no other workspace's.
            ("production", Some(&own), None),
        ] {
            assert_eq!(name_fault(text, &known, renamed), want, "{text:?}");
        }
        let names: Vec<String> = (0..MOST_WORKSPACES).map(|at| format!("n{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let full = workspaces(&names);
        let another = name_fault("One more", &full, None);
        assert_eq!(another, Some(ErrorCode::WorkspaceLimit));
        assert_eq!(name_fault("Another name", &full, Some(&own)), None);
    }

    /// D69: a workspace says what it holds.
    #[test]
    fn a_tally_is_told_in_words() {
        for (portals, accounts, want) in [
            (0, 0, "no portals"),
            (1, 0, "1 portal"),
            (1_200, 0, "1,200 portals"),
            (0, 1, "1 GitHub account"),
            (2, 3, "2 portals and 3 GitHub accounts"),
        ] {
            assert_eq!(Tally { portals, accounts }.words(), want);
        }
    }

    proptest! {
        /// D69: each connection is counted where it stands, and nowhere twice.
        #[test]
        fn every_connection_is_counted_once(
            count in 0usize..12,
            places in proptest::collection::vec((proptest::option::of(0usize..14), any::<bool>()), 0..40),
        ) {
            let names: Vec<String> = (0..count).map(|at| format!("n{at}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let known = workspaces(&names);
            let connections: Vec<Connection> = places
                .iter()
                .map(|(place, github)| Connection {
                    workspace: place.map(|at| format!("w{at}").parse().unwrap()),
                    provider: if *github { Provider::Github } else { Provider::Hubspot },
                    ..connection()
                })
                .collect();
            let told = tallies(&known, &connections);
            prop_assert_eq!(told.len(), count + 1);
            for (at, tally) in told.iter().enumerate() {
                let here = |github: bool| {
                    let wanted = (at < count).then_some(at);
                    let all = places.iter().filter(|place| **place == (wanted, github));
                    u32::try_from(all.count()).unwrap()
                };
                prop_assert_eq!((tally.portals, tally.accounts), (here(false), here(true)));
            }
        }
    }
}
