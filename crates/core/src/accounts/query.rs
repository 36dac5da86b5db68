//! What is asked of the portal table, and how it stands in an address: `status=needs_reconnection&q=acme&sort=-name`.
//! Owns names and bounds of the parts; finds nothing. A part that cannot be read is as good as absent.

use super::choices::{Choice, Choices};
use crate::connection_type::ConnectionType;
use crate::ids::WorkspaceId;
use crate::operations::push_percent_encoded;
use crate::route::decoded;
use crate::status::Status;
use crate::tier::Tier;

/// Longest search text that an address carries, in characters.
pub const LONGEST_TEXT: usize = 100;
/// Parts of an address that are looked at: twice as many as there are names.
const MOST_PARTS: usize = 16;
/// No workspace, where an id would stand: no id holds a tilde.
const NO_WORKSPACE: &str = "~none";

/// Which workspace's portals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum InWorkspace {
    /// Of all, and of none.
    #[default]
    Any,
    /// Of none.
    None,
    /// Of this one.
    One(WorkspaceId),
}

/// The order of the rows; equals stand by name, then by portal id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Worst first, and no column is marked (R13).
    #[default]
    Attention,
    /// By the name shown.
    Name,
    /// By portal id.
    PortalId,
    /// Worst first, as the column's own order.
    Status,
    /// By connection type.
    Type,
    /// By tier.
    Tier,
    /// By the workspace's name; those of none last.
    Workspace,
    /// By the last change.
    Updated,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Attention,
        Self::Name,
        Self::PortalId,
        Self::Status,
        Self::Type,
        Self::Tier,
        Self::Workspace,
        Self::Updated,
    ];

    /// In addresses.
    fn slug(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Name => "name",
            Self::PortalId => "portal",
            Self::Status => "status",
            Self::Type => "type",
            Self::Tier => "tier",
            Self::Workspace => "workspace",
            Self::Updated => "updated",
        }
    }
}

/// What the table shall show. Rows pass when they pass every part; within a part any of its choices will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsQuery {
    /// Words, all of which must occur, in any order; case and Latin marks do not matter.
    pub text: String,
    /// These statuses.
    pub statuses: Choices<Status>,
    /// Whatever wants attention, beside the statuses chosen.
    pub attention: bool,
    /// These connection types.
    pub types: Choices<ConnectionType>,
    /// These tiers.
    pub tiers: Choices<Tier>,
    /// This workspace.
    pub workspace: InWorkspace,
    /// The order.
    pub sort: Sort,
    /// Whether that order is turned round; equals stay.
    pub descending: bool,
    /// Whether rows stand under their workspaces.
    pub grouped: bool,
}

impl AccountsQuery {
    /// Reads what stands behind the `?` of an address.
    pub fn read(text: &str) -> Self {
        let mut query = Self::default();
        for part in text.split('&').take(MOST_PARTS) {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            let Some(value) = decoded(value) else {
                continue;
            };
            match name {
                "q" => shortened(&value).clone_into(&mut query.text),
                "status" => query.statuses.read(&value),
                "show" if value == "attention" => query.attention = true,
                "type" => query.types.read(&value),
                "tier" => query.tiers.read(&value),
                "workspace" if value == NO_WORKSPACE => query.workspace = InWorkspace::None,
                "workspace" => {
                    if let Ok(id) = value.parse() {
                        query.workspace = InWorkspace::One(id);
                    }
                }
                "sort" => {
                    let (descending, slug) = match value.strip_prefix('-') {
                        Some(slug) => (true, slug),
                        None => (false, value.as_str()),
                    };
                    if let Some(sort) = Sort::ALL.into_iter().find(|sort| sort.slug() == slug) {
                        (query.sort, query.descending) = (sort, descending);
                    }
                }
                "group" if value == "workspace" => query.grouped = true,
                _ => {}
            }
        }
        query
    }

    /// What stands behind the `?`; empty when nothing is asked.
    pub fn write(&self) -> String {
        let mut out = String::new();
        let mut part = |name: &str, value: &str| {
            if !value.is_empty() {
                if !out.is_empty() {
                    out.push('&');
                }
                out.push_str(name);
                out.push('=');
                // Encoded already: nothing but the search text needs it.
                out.push_str(value);
            }
        };
        if self.attention {
            part("show", "attention");
        }
        part("status", &self.statuses.write());
        part("type", &self.types.write());
        part("tier", &self.tiers.write());
        match &self.workspace {
            InWorkspace::Any => {}
            InWorkspace::None => part("workspace", NO_WORKSPACE),
            InWorkspace::One(id) => part("workspace", id.as_str()),
        }
        let mut text = String::new();
        push_percent_encoded(&mut text, shortened(&self.text));
        part("q", &text);
        if self.descending {
            let mut sort = String::from("-");
            sort.push_str(self.sort.slug());
            part("sort", &sort);
        } else if self.sort != Sort::default() {
            part("sort", self.sort.slug());
        }
        if self.grouped {
            part("group", "workspace");
        }
        out
    }

    /// Whether some rows may be left out: not the case of order and grouping.
    pub fn narrows(&self) -> bool {
        self.attention
            || !self.text.trim().is_empty()
            || !self.statuses.is_empty()
            || !self.types.is_empty()
            || !self.tiers.is_empty()
            || self.workspace != InWorkspace::Any
    }

    /// The same order and grouping over all rows.
    #[must_use]
    pub fn widened(&self) -> Self {
        Self {
            sort: self.sort,
            descending: self.descending,
            grouped: self.grouped,
            ..Self::default()
        }
    }

    /// After a click on a column's head: its own order, then the other way round, then back to worst first.
    ///
    /// The last change starts with the newest, which is what people look for in it.
    pub fn sort_by(&mut self, column: Sort) {
        let first = column == Sort::Updated;
        (self.sort, self.descending) = if self.sort != column {
            (column, first)
        } else if self.descending == first {
            (column, !first)
        } else {
            (Sort::default(), false)
        };
    }

    /// Whether a status passes; statuses chosen and "needs attention" are one part.
    pub(super) fn takes_status(&self, status: Status) -> bool {
        (!self.attention && self.statuses.is_empty())
            || self.statuses.contains(status)
            || (self.attention && super::wants_attention(status))
    }
}

/// Whether a set lets a choice pass.
pub(super) fn takes<T: Choice>(choices: Choices<T>, choice: T) -> bool {
    choices.is_empty() || choices.contains(choice)
}

/// Cut between characters.
fn shortened(text: &str) -> &str {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    fn asked(change: &dyn Fn(&mut AccountsQuery)) -> AccountsQuery {
        let mut query = AccountsQuery::default();
        change(&mut query);
        query
    }

    /// R13, D69: every part of a saved view has its spelling, and nothing is written of what is not asked.
    #[test]
    fn each_part_has_its_spelling() {
        let workspace: WorkspaceId = "w-1".parse().unwrap();
        for (text, want) in [
            ("", asked(&|_| {})),
            ("show=attention", asked(&|q| q.attention = true)),
            (
                "status=disconnected,needs_reconnection",
                asked(&|q| {
                    q.statuses.insert(Status::NeedsReconnection);
                    q.statuses.insert(Status::Disconnected);
                }),
            ),
            (
                "type=config_and_audit,audit_only",
                asked(&|q| {
                    q.types.insert(ConnectionType::AuditOnly);
                    q.types.insert(ConnectionType::ConfigAndAudit);
                }),
            ),
            ("tier=unknown", asked(&|q| q.tiers.insert(Tier::Unknown))),
            (
                "workspace=~none",
                asked(&|q| q.workspace = InWorkspace::None),
            ),
            (
                "workspace=w-1",
                asked(&|q| q.workspace = InWorkspace::One(workspace.clone())),
            ),
            (
                "q=acme%20%26%20S%C3%B6hne%20100%25",
                asked(&|q| q.text = "acme & Söhne 100%".into()),
            ),
            ("sort=updated", asked(&|q| q.sort = Sort::Updated)),
            (
                "sort=-name",
                asked(&|q| (q.sort, q.descending) = (Sort::Name, true)),
            ),
            ("sort=-attention", asked(&|q| q.descending = true)),
            ("group=workspace", asked(&|q| q.grouped = true)),
            (
                "status=needs_reconnection&type=audit_only&q=acme&sort=-portal",
                asked(&|q| {
                    q.statuses.insert(Status::NeedsReconnection);
                    q.types.insert(ConnectionType::AuditOnly);
                    q.text = "acme".into();
                    (q.sort, q.descending) = (Sort::PortalId, true);
                }),
            ),
        ] {
            assert_eq!(AccountsQuery::read(text), want, "{text}");
            assert_eq!(want.write(), text);
        }
    }

    /// R13: an address from elsewhere does no harm.
    #[test]
    fn a_part_that_cannot_be_read_is_as_good_as_absent() {
        let long = format!("q={}", "é".repeat(200));
        let crowd = format!("{}sort=name", "x=1&".repeat(MOST_PARTS));
        let named = asked(&|q| q.sort = Sort::Name);
        for (text, want) in [
            ("?", asked(&|_| {})),
            ("&&=&a&b=c", asked(&|_| {})),
            ("status=broken&tier=gold&type=", asked(&|_| {})),
            ("show=everything&group=tier", asked(&|_| {})),
            ("workspace=&sort=name", named.clone()),
            ("workspace=a/b&sort=name", named.clone()),
            ("workspace=%zz&sort=name", named.clone()),
            ("sort=name&sort=--name", named.clone()),
            ("sort=name&sort=colour", named),
            ("sort=-", asked(&|_| {})),
            ("q=%ff", asked(&|_| {})),
            ("q=a=b", asked(&|q| q.text = "a=b".into())),
            ("q=a+b", asked(&|q| q.text = "a+b".into())),
            ("q=a&q=b", asked(&|q| q.text = "b".into())),
            (
                "status=checking%2Climited&status=limited,nonsense",
                asked(&|q| {
                    q.statuses.insert(Status::Checking);
                    q.statuses.insert(Status::ConnectedLimited);
                }),
            ),
            (&long, asked(&|q| q.text = "é".repeat(LONGEST_TEXT))),
            (&crowd, asked(&|_| {})),
        ] {
            assert_eq!(AccountsQuery::read(text), want, "{text}");
        }
    }

    /// J22: a column's head leads round and back.
    #[test]
    fn a_head_is_clicked_round() {
        let mut query = AccountsQuery::default();
        let mut seen = Vec::new();
        for column in [
            Sort::Name,
            Sort::Name,
            Sort::Name,
            Sort::Updated,
            Sort::Updated,
            Sort::Updated,
            Sort::Tier,
            Sort::Type,
        ] {
            query.sort_by(column);
            seen.push(query.write());
        }
        assert_eq!(
            seen,
            [
                "sort=name",
                "sort=-name",
                "",
                "sort=-updated",
                "sort=updated",
                "",
                "sort=tier",
                "sort=type"
            ]
        );
    }

    #[test]
    fn order_alone_narrows_nothing() {
        for (text, narrows) in [
            ("sort=-name&group=workspace", false),
            ("q=%20", false),
            ("q=a", true),
            ("show=attention", true),
            ("status=checking", true),
            ("type=audit_only", true),
            ("tier=starter", true),
            ("workspace=~none", true),
            ("workspace=w", true),
        ] {
            let query = AccountsQuery::read(text);
            assert_eq!(query.narrows(), narrows, "{text}");
            assert!(!query.widened().narrows());
        }
        let query = AccountsQuery::read("q=a&tier=starter&sort=-name&group=workspace");
        assert_eq!(query.widened().write(), "sort=-name&group=workspace");
    }

    fn some_of<T: Choice + std::fmt::Debug>() -> impl Strategy<Value = Choices<T>> {
        subsequence(T::ALL, 0..=T::ALL.len()).prop_map(|chosen| chosen.into_iter().collect())
    }

    fn workspaces() -> impl Strategy<Value = InWorkspace> {
        prop_oneof![
            Just(InWorkspace::Any),
            Just(InWorkspace::None),
            select(vec!["w0", "w1", "w2", "gone"])
                .prop_map(|id| InWorkspace::One(id.parse().unwrap())),
        ]
    }

    /// Any query with this kind of text.
    pub(crate) fn queries(
        text: impl Strategy<Value = String>,
    ) -> impl Strategy<Value = AccountsQuery> {
        let parts = (
            text,
            some_of(),
            proptest::bool::weighted(0.2),
            some_of(),
            some_of(),
            workspaces(),
            select(Sort::ALL.to_vec()),
            any::<bool>(),
            any::<bool>(),
        );
        parts.prop_map(
            |(text, statuses, attention, types, tiers, workspace, sort, descending, grouped)| {
                AccountsQuery {
                    text,
                    statuses,
                    attention,
                    types,
                    tiers,
                    workspace,
                    sort,
                    descending,
                    grouped,
                }
            },
        )
    }

    proptest! {
        /// R13: a saved view is found again as it was.
        #[test]
        fn every_query_reads_back(query in queries("\\PC{0,40}")) {
            prop_assert_eq!(AccountsQuery::read(&query.write()), query);
        }

        #[test]
        fn no_text_panics(text in "[a-z=&%,~-]{0,60}|\\PC{0,60}") {
            let query = AccountsQuery::read(&text);
            prop_assert!(query.write().len() <= 1_500 + 12 * LONGEST_TEXT);
            prop_assert_eq!(AccountsQuery::read(&query.write()), query);
        }
    }
}
