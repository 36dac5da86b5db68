//! The address of every view: what stands behind the `#`.
//! Owns parsing and writing; an address that names nothing leads to Client Accounts, never to an error.

use crate::accounts::{AccountsQuery, InWorkspace};
use crate::help::is_anchor;
use crate::ids::PortalId;
use crate::journal::query::JournalQuery;
use crate::operations::push_percent_encoded;
use crate::xray::XRayQuery;

/// A page of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpPage {
    /// Every entry, with the search.
    Index,
    /// Walks through adding a portal, with the exact scopes (J33).
    Connecting,
    /// Status and reconnecting (J23).
    Reconnecting,
    /// Any other entry, by its anchor.
    Entry(String),
}

impl HelpPage {
    /// The page of an entry.
    pub fn of(anchor: &str) -> Self {
        match anchor {
            "" => Self::Index,
            "connecting" => Self::Connecting,
            "reconnecting" => Self::Reconnecting,
            _ => Self::Entry(anchor.to_owned()),
        }
    }

    /// Its entry's anchor; empty for the index.
    pub fn anchor(&self) -> &str {
        match self {
            Self::Index => "",
            Self::Connecting => "connecting",
            Self::Reconnecting => "reconnecting",
            Self::Entry(anchor) => anchor,
        }
    }
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `#/accounts[/{portalId}][?…]`: the portal table (J5); [`Route::default`] asks nothing of it.
    Accounts {
        /// What the table shows.
        query: AccountsQuery,
        /// The portal whose panel is open beside it.
        open: Option<PortalId>,
    },
    /// `#/settings/connections`: connection cards (D2, S5).
    Connections,
    /// `#/settings/workspaces`: groups of portals (D69).
    Workspaces,
    /// `#/portals/{hubId}[/{kind}[/{part}][/{record}]]`: the explorer.
    Explorer {
        /// Which portal.
        portal: PortalId,
        /// What stands after it, decoded: kind, then as the kind says.
        path: Vec<String>,
    },
    /// `#/help[/{anchor}]`: the index of help, or an entry.
    Help(HelpPage),
    /// `#/guide`: from nothing to a working app (B1).
    Guide,
    /// `#/scopes`: the scope reference (D57).
    Scopes,
    /// `#/scopes/xray[?…]`: the scope x-ray, with what is picked in it (P7).
    XRay(XRayQuery),
    /// `#/journal[?{filters}]`: who did what (P12).
    Journal(JournalQuery),
}

impl Default for Route {
    fn default() -> Self {
        Self::accounts(AccountsQuery::default(), None)
    }
}

impl Route {
    /// Reads a location hash, with or without its `#`.
    pub fn parse(hash: &str) -> Self {
        let address = hash.trim_start_matches('#');
        let (path, asked) = address.split_once('?').unwrap_or((address, ""));
        let segments: Option<Vec<String>> =
            path.trim_matches('/').split('/').map(decoded).collect();
        let Some(segments) = segments else {
            return Self::default();
        };
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["accounts"] => Self::accounts(AccountsQuery::read(asked), None),
            ["accounts", portal] => Self::accounts(AccountsQuery::read(asked), portal.parse().ok()),
            ["settings", "connections"] | ["connections"] => Self::Connections,
            ["help"] => Self::Help(HelpPage::Index),
            ["help", anchor] if is_anchor(anchor) => Self::Help(HelpPage::of(anchor)),
            ["guide"] => Self::Guide,
            ["scopes"] => Self::Scopes,
            ["scopes", "xray"] => Self::XRay(XRayQuery::parse(asked)),
            ["journal"] => Self::Journal(JournalQuery::parse(asked)),
            ["settings", "workspaces"] => Self::Workspaces,
            ["portals", portal, path @ ..] if path.len() <= 4 => match portal.parse() {
                Ok(portal) => Self::Explorer {
                    portal,
                    path: path.iter().map(|segment| (*segment).to_owned()).collect(),
                },
                Err(_) => Self::default(),
            },
            _ => Self::default(),
        }
    }

    /// The hash that leads here, with its `#`.
    pub fn hash(&self) -> String {
        match self {
            Self::Accounts { query, open } => {
                let mut hash = String::from("#/accounts");
                if let Some(portal) = open {
                    hash.push('/');
                    hash.push_str(&portal.to_string());
                }
                let asked = query.write();
                if !asked.is_empty() {
                    hash.push('?');
                    hash.push_str(&asked);
                }
                hash
            }
            Self::Connections => "#/settings/connections".into(),
            Self::Help(HelpPage::Index) => "#/help".into(),
            Self::Help(page) => ["#/help/", page.anchor()].concat(),
            Self::Guide => "#/guide".into(),
            Self::Scopes => "#/scopes".into(),
            Self::XRay(query) => ["#/scopes/xray", &query.write()].concat(),
            Self::Journal(query) if query.is_empty() => "#/journal".into(),
            Self::Journal(query) => ["#/journal?", &query.print()].concat(),
            Self::Workspaces => "#/settings/workspaces".into(),
            Self::Explorer { portal, path } => {
                let mut hash = format!("#/portals/{portal}");
                for segment in path {
                    hash.push('/');
                    push_percent_encoded(&mut hash, segment);
                }
                hash
            }
        }
    }

    /// The portal table as asked, with a portal's panel open beside it.
    pub fn accounts(query: AccountsQuery, open: Option<PortalId>) -> Self {
        Self::Accounts { query, open }
    }

    /// The portal table of a workspace, asked for from here: what else is asked of the table stays, and a panel
    /// closes, for its portal may stand elsewhere (D70).
    #[must_use]
    pub fn in_workspace(&self, workspace: InWorkspace) -> Self {
        let asked = match self {
            Self::Accounts { query, .. } => query.clone(),
            _ => AccountsQuery::default(),
        };
        Self::accounts(AccountsQuery { workspace, ..asked }, None)
    }

    /// A view of the explorer.
    pub fn explorer(portal: PortalId, path: &[&str]) -> Self {
        Self::Explorer {
            portal,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
        }
    }
}

/// Undoes percent-encoding; nothing where it is malformed or no UTF-8.
pub(crate) fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::queries;
    use proptest::prelude::*;

    /// J5, D2, S5, J33, J23, P3: each view has an address, and a wrong one does no harm.
    #[test]
    fn addresses_lead_to_views() {
        let explorer = |path: &[&str]| Route::explorer(PortalId(4242), path);
        let accounts = |asked, open: Option<u64>| {
            Route::accounts(AccountsQuery::read(asked), open.map(PortalId))
        };
        for (hash, want) in [
            ("", Route::default()),
            ("#", Route::default()),
            ("#/accounts", Route::default()),
            ("#/accounts/", Route::default()),
            ("#/accounts?", Route::default()),
            ("#/accounts/4242", accounts("", Some(4242))),
            ("#/accounts?q=acme", accounts("q=acme", None)),
            ("#/accounts/?q=a/b?c", accounts("q=a/b?c", None)),
            (
                "#/accounts/4242?status=checking&sort=-name",
                accounts("status=checking&sort=-name", Some(4242)),
            ),
            ("#/accounts/x?q=acme", accounts("q=acme", None)),
            ("#/accounts/1/2?q=acme", Route::default()),
            ("#/elsewhere?q=acme", Route::default()),
            ("#/portals/4242?q=acme", explorer(&[])),
            ("#/settings/connections", Route::Connections),
            ("#/settings/workspaces", Route::Workspaces),
            ("#/help/connecting", Route::Help(HelpPage::Connecting)),
            ("#/help/reconnecting", Route::Help(HelpPage::Reconnecting)),
            ("#/help", Route::Help(HelpPage::Index)),
            ("#/help/", Route::Help(HelpPage::Index)),
            (
                "#/help/error-auth-scope-denied",
                Route::Help(HelpPage::Entry("error-auth-scope-denied".into())),
            ),
            ("#/help/a/b", Route::default()),
            ("#/guide", Route::Guide),
            ("#/scopes", Route::Scopes),
            ("#/scopes/xray", Route::XRay(XRayQuery::default())),
            (
                "#/scopes/xray?f=lists&type=audit_only",
                Route::XRay(XRayQuery::parse("f=lists&type=audit_only")),
            ),
            ("#/scopes/xrays", Route::default()),
            ("#/journal", Route::Journal(JournalQuery::default())),
            (
                "#/journal/?action=connection.",
                Route::Journal(JournalQuery::parse("action=connection.")),
            ),
            ("#/journal/1", Route::default()),
            ("#/portals/4242", explorer(&[])),
            ("#/portals/4242/", explorer(&[])),
            (
                "#/portals/4242/properties/contacts/lifecyclestage",
                explorer(&["properties", "contacts", "lifecyclestage"]),
            ),
            (
                "#/portals/4242/lists/a%20b%2Fc",
                explorer(&["lists", "a b/c"]),
            ),
            ("#/portals/0", Route::default()),
            ("#/portals/x/properties", Route::default()),
            ("#/portals/1/%zz", Route::default()),
            ("#/portals/1/%ff", Route::default()),
            ("#/portals/1/a/b/c/d/e", Route::default()),
            ("#/help/javascript:alert(1)", Route::default()),
        ] {
            assert_eq!(Route::parse(hash), want, "{hash}");
        }
    }

    /// S20, J23: every entry of help has an address that leads to it.
    #[test]
    fn every_entry_of_help_has_an_address() {
        for entry in crate::help::all() {
            let route = Route::Help(HelpPage::of(&entry.anchor));
            assert_eq!(route.hash(), format!("#/help/{}", entry.anchor));
            assert_eq!(Route::parse(&route.hash()), route);
        }
        for route in [Route::Guide, Route::Help(HelpPage::Index)] {
            assert_eq!(Route::parse(&route.hash()), route);
        }
    }

    /// P7: what is picked in the x-ray stands in its address.
    #[test]
    fn the_addresses_of_the_scope_pages_read_back() {
        for hash in [
            "#/scopes",
            "#/scopes/xray",
            "#/scopes/xray?f=contacts,lists&type=audit_only&portal=4242",
        ] {
            assert_eq!(Route::parse(hash).hash(), hash);
        }
    }

    /// D70: choosing a workspace leads to its portals from anywhere, and keeps how the table is looked at.
    #[test]
    fn a_workspace_is_chosen_from_anywhere() {
        let weser = || InWorkspace::One("w1".parse().unwrap());
        for (from, to, want) in [
            ("#/settings/connections", weser(), "#/accounts?workspace=w1"),
            ("#/portals/4242/lists", weser(), "#/accounts?workspace=w1"),
            (
                "#/accounts",
                InWorkspace::None,
                "#/accounts?workspace=~none",
            ),
            (
                "#/accounts/4242?workspace=w2&q=acme&sort=-name",
                weser(),
                "#/accounts?workspace=w1&q=acme&sort=-name",
            ),
            ("#/accounts?workspace=w2", InWorkspace::Any, "#/accounts"),
        ] {
            assert_eq!(Route::parse(from).in_workspace(to).hash(), want, "{from}");
        }
    }

    proptest! {
        #[test]
        fn every_address_reads_back(portal in 1u64..1_000_000_000, path in proptest::collection::vec("\\PC{1,12}", 0..4)) {
            let route = Route::Explorer { portal: PortalId(portal), path };
            prop_assert_eq!(Route::parse(&route.hash()), route);
        }

        /// R13: a view of the table is an address that can be kept.
        #[test]
        fn every_table_reads_back(query in queries("\\PC{0,20}"), open in proptest::option::of(1u64..1_000_000_000)) {
            let route = Route::accounts(query, open.map(PortalId));
            prop_assert_eq!(Route::parse(&route.hash()), route);
        }

        #[test]
        fn every_filter_of_the_journal_reads_back(actor in "\\PC{0,12}") {
            let route = Route::Journal(JournalQuery { actor, ..JournalQuery::default() });
            prop_assert_eq!(Route::parse(&route.hash()), route);
        }

        #[test]
        fn no_hash_panics(hash in "\\PC{0,60}") {
            let _ = Route::parse(&hash);
        }
    }
}
