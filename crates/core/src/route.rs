//! The address of every view: what stands behind the `#`.
//! Owns parsing and writing; an address that names nothing leads to Client Accounts, never to an error.

use crate::ids::PortalId;
use crate::journal::query::JournalQuery;
use crate::operations::push_percent_encoded;

/// A page of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpPage {
    /// Walks through adding a portal, with the exact scopes (J33).
    Connecting,
    /// Status and reconnecting (J23).
    Reconnecting,
}

impl HelpPage {
    fn slug(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Reconnecting => "reconnecting",
        }
    }
}

/// A view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// `#/accounts`: the portal table (J5).
    #[default]
    Accounts,
    /// `#/settings/connections`: connection cards (D2, S5).
    Connections,
    /// `#/portals/{hubId}[/{kind}[/{part}][/{record}]]`: the explorer.
    Explorer {
        /// Which portal.
        portal: PortalId,
        /// What stands after it, decoded: kind, then as the kind says.
        path: Vec<String>,
    },
    /// `#/help/{page}`.
    Help(HelpPage),
    /// `#/journal[?{filters}]`: who did what (P12).
    Journal(JournalQuery),
}

impl Route {
    /// Reads a location hash, with or without its `#`.
    pub fn parse(hash: &str) -> Self {
        let hash = hash.trim_start_matches('#');
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        let path = path.trim_matches('/');
        let segments: Option<Vec<String>> = path.split('/').map(decoded).collect();
        let Some(segments) = segments else {
            return Self::default();
        };
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["settings", "connections"] | ["connections"] => Self::Connections,
            ["journal"] => Self::Journal(JournalQuery::parse(query)),
            ["help", "connecting"] => Self::Help(HelpPage::Connecting),
            ["help", "reconnecting"] => Self::Help(HelpPage::Reconnecting),
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
            Self::Accounts => "#/accounts".into(),
            Self::Connections => "#/settings/connections".into(),
            Self::Help(page) => format!("#/help/{}", page.slug()),
            Self::Journal(query) if query.is_empty() => "#/journal".into(),
            Self::Journal(query) => ["#/journal?", &query.print()].concat(),
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

    /// A view of the explorer.
    pub fn explorer(portal: PortalId, path: &[&str]) -> Self {
        Self::Explorer {
            portal,
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
        }
    }
}

/// Undoes percent-encoding; nothing where that gives no text.
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
    use proptest::prelude::*;

    /// J5, D2, S5, J33, J23, P3: each view has an address, and a wrong one does no harm.
    #[test]
    fn addresses_lead_to_views() {
        let explorer = |path: &[&str]| Route::explorer(PortalId(4242), path);
        for (hash, want) in [
            ("", Route::Accounts),
            ("#", Route::Accounts),
            ("#/accounts", Route::Accounts),
            ("#/settings/connections", Route::Connections),
            ("#/help/connecting", Route::Help(HelpPage::Connecting)),
            ("#/help/reconnecting", Route::Help(HelpPage::Reconnecting)),
            ("#/journal", Route::Journal(JournalQuery::default())),
            (
                "#/journal/?action=connection.",
                Route::Journal(JournalQuery::parse("action=connection.")),
            ),
            ("#/journal/1", Route::Accounts),
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
            ("#/portals/0", Route::Accounts),
            ("#/portals/x/properties", Route::Accounts),
            ("#/portals/1/%zz", Route::Accounts),
            ("#/portals/1/%ff", Route::Accounts),
            ("#/portals/1/a/b/c/d/e", Route::Accounts),
            ("#/help/javascript:alert(1)", Route::Accounts),
        ] {
            assert_eq!(Route::parse(hash), want, "{hash}");
        }
    }

    proptest! {
        #[test]
        fn every_address_reads_back(portal in 1u64..1_000_000_000, path in proptest::collection::vec("\\PC{1,12}", 0..4)) {
            let route = Route::Explorer { portal: PortalId(portal), path };
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
