//! Asked, granted and needed side by side, and what is dark because of a missing scope (D52–D56, S17).
//! Owns the comparison for one connection; what a feature needs stands in [`crate::features`].

use crate::features::Feature;
use crate::order::ordered;
use crate::scopes::{CATALOGUE, Configured, Gate, entry};
use crate::tier::{Tier, read_tier};
use crate::wire::{Connection, Provider};
use std::cmp::Ordering;

/// Why a scope is not held, as far as the facts tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The last authorization did not ask for it.
    NotAsked,
    /// It was asked for, the account could have granted it, and it was not (D52).
    Refused,
    /// HubSpot gives it only to accounts that have this.
    PlanLacks(Gate),
}

impl Because {
    /// A sentence for people.
    pub fn sentence(self) -> String {
        match self {
            Self::NotAsked => "It was not asked for.".into(),
            Self::Refused => "It was asked for and not granted.".into(),
            Self::PlanLacks(Gate::AnyHub(Tier::Enterprise)) => {
                "HubSpot gives it to Enterprise accounts only.".into()
            }
            Self::PlanLacks(gate) => [
                "HubSpot gives it to accounts with ",
                gate.title(),
                " or higher only.",
            ]
            .concat(),
        }
    }
}

/// A feature that this connection cannot light up, though its type allows it (D54).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DarkFeature {
    /// Which one.
    pub feature: Feature,
    /// The scopes to ask for so that it lights up (D55).
    pub missing: Vec<&'static str>,
    /// Why the first of them is not held.
    pub because: Because,
}

/// Every feature that the granted scopes do not open. Empty for GitHub, whose permissions are its installations'.
pub fn dark(connection: &Connection) -> Vec<DarkFeature> {
    if connection.provider != Provider::Hubspot {
        return vec![];
    }
    let grant = &connection.grant;
    let tier = read_tier(&connection.account, &grant.granted).tier;
    let mut dark = vec![];
    for feature in Feature::ALL {
        if !feature.fits(connection.connection_type) {
            continue;
        }
        let requirement = feature.scopes();
        let mut missing = requirement.lacking(&grant.granted);
        if grant.kind == crate::wire::GrantKind::Static {
            // It tells of an installed app; a token need not name it.
            missing.retain(|scope| *scope != "oauth");
        }
        let Some(first) = missing.first() else {
            continue;
        };
        // Where one of several is enough, asking for any of them was asking.
        let alternatives = requirement.alternatives();
        let asked = if alternatives.is_empty() {
            grant.asked.iter().any(|scope| scope == first)
        } else {
            grant.asked.iter().any(|scope| requirement.names(scope))
        };
        let because = why_not(asked, gate_of(first), tier);
        dark.push(DarkFeature {
            feature,
            missing,
            because,
        });
    }
    dark
}

fn gate_of(scope: &str) -> Gate {
    entry(scope).map_or(Gate::Open, |entry| entry.gate)
}

fn why_not(asked: bool, gate: Gate, tier: Tier) -> Because {
    // Unasked, only a tier that is known to be too low tells that asking would be in vain.
    let known = tier != Tier::Unknown && matches!(gate, Gate::AnyHub(_));
    if gate.may_shut_out(tier) && (asked || known) {
        Because::PlanLacks(gate)
    } else if asked {
        Because::Refused
    } else {
        Because::NotAsked
    }
}

/// One line of the table "asked, granted, needed".
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column that may hold on its own"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// The provider's name for it.
    pub scope: String,
    /// The last authorization asked for it.
    pub asked: bool,
    /// Introspection reports it.
    pub granted: bool,
    /// The connection needs reconnection without it.
    pub required: bool,
    /// The app is set up with it today; what is not is lost with the next authorization (mission, fact 8).
    pub configured: bool,
    /// What it opens, as far as the connection's type allows it.
    pub needed_by: Vec<Feature>,
    /// Why Portico asks for it; empty for a scope that the catalogue does not know.
    pub reason: &'static str,
    /// Why it is not held; nothing when it is.
    pub because: Option<Because>,
}

impl ScopeRow {
    /// Whether something is missing that somebody can do something about.
    pub fn wants_attention(&self) -> bool {
        match self.because {
            None => false,
            Some(Because::Refused) => true,
            Some(_) => self.required,
        }
    }
}

/// Every scope that was asked, is granted or could be asked: required ones first, then as in the catalogue, then by name.
pub fn scope_rows(connection: &Connection, configured: &Configured<'_>) -> Vec<ScopeRow> {
    let grant = &connection.grant;
    let sources = [
        &grant.required[..],
        configured.required,
        &grant.asked[..],
        configured.optional,
        &grant.granted[..],
    ];
    let mut names: Vec<&String> = vec![];
    for scope in sources.into_iter().flatten() {
        if !names.contains(&scope) {
            names.push(scope);
        }
    }
    let tier = read_tier(&connection.account, &grant.granted).tier;
    let rank = |scope: &String| {
        let known = CATALOGUE.iter().position(|entry| entry.scope == scope);
        (
            !grant.required.contains(scope),
            known.unwrap_or(CATALOGUE.len()),
        )
    };
    let order = ordered(names.len(), &mut |a, b| -> Ordering {
        let by_rank = rank(names[a]).cmp(&rank(names[b]));
        by_rank.then_with(|| names[a].cmp(names[b]))
    });
    let row = |at: usize| {
        let scope = names[at];
        let (asked, granted) = (grant.asked.contains(scope), grant.granted.contains(scope));
        ScopeRow {
            asked,
            granted,
            required: grant.required.contains(scope),
            configured: configured.required.contains(scope) || configured.optional.contains(scope),
            needed_by: needed_by(scope, connection),
            reason: entry(scope).map_or("", |entry| entry.reason),
            because: (!granted).then(|| why_not(asked, gate_of(scope), tier)),
            scope: scope.clone(),
        }
    };
    order.into_iter().map(row).collect()
}

fn needed_by(scope: &str, connection: &Connection) -> Vec<Feature> {
    if connection.provider != Provider::Hubspot {
        return vec![];
    }
    let uses = |feature: &Feature| {
        feature.fits(connection.connection_type) && feature.scopes().names(scope)
    };
    Feature::ALL.into_iter().filter(uses).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection_type::ConnectionType;
    use crate::scopes::{DEFAULT_OPTIONAL, REQUIRED};
    use crate::status::tests::connection;
    use crate::wire::GrantKind;
    use proptest::prelude::*;

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    fn whole() -> Connection {
        let mut connection = connection();
        let all: Vec<String> = owned(REQUIRED)
            .into_iter()
            .chain(owned(DEFAULT_OPTIONAL))
            .collect();
        connection.grant.required = owned(REQUIRED);
        connection.grant.asked.clone_from(&all);
        connection.grant.granted = all;
        connection
    }

    fn slugs(connection: &Connection) -> Vec<&'static str> {
        dark(connection)
            .iter()
            .map(|dark| dark.feature.slug())
            .collect()
    }

    /// D54, D55, D56: what a missing scope darkens is named, with the scope and the reason; granting all clears it.
    #[test]
    fn a_missing_scope_darkens_what_it_opens() {
        let free = Some(250_000);
        let enterprise = Some(1_000_000);
        for (case, limit, asked, granted, want, missing, because) in [
            (
                "refused",
                enterprise,
                true,
                false,
                "forms",
                "forms",
                Some(Because::Refused),
            ),
            ("granted", enterprise, true, true, "forms", "forms", None),
            (
                "not asked",
                enterprise,
                false,
                false,
                "forms",
                "forms",
                Some(Because::NotAsked),
            ),
            (
                "the plan lacks it, asked",
                free,
                true,
                false,
                "workflows",
                "automation",
                Some(Because::PlanLacks(Gate::AnyHub(Tier::Professional))),
            ),
            (
                "the plan lacks it, not asked",
                free,
                false,
                false,
                "workflows",
                "automation",
                Some(Because::PlanLacks(Gate::AnyHub(Tier::Professional))),
            ),
            (
                "the plan has it",
                enterprise,
                true,
                false,
                "workflows",
                "automation",
                Some(Because::Refused),
            ),
            (
                "another hub may be meant, asked",
                enterprise,
                true,
                false,
                "leads",
                "crm.objects.leads.read",
                Some(Because::PlanLacks(Gate::OneHub("Sales Hub Professional"))),
            ),
            (
                "another hub, not asked",
                enterprise,
                false,
                false,
                "leads",
                "crm.objects.leads.read",
                Some(Because::NotAsked),
            ),
            (
                "no sign of the tier, not asked",
                None,
                false,
                false,
                "workflows",
                "automation",
                Some(Because::NotAsked),
            ),
        ] {
            let mut connection = whole();
            connection.account.daily_usage_limit = limit;
            if limit.is_none() {
                connection.grant.granted.retain(|s| !s.contains("custom"));
                connection.grant.granted.retain(|s| !s.contains("leads"));
            }
            if !asked {
                connection.grant.asked.retain(|scope| scope != missing);
            }
            if !granted {
                connection.grant.granted.retain(|scope| scope != missing);
            }
            let dark = dark(&connection);
            let found = dark.iter().find(|dark| dark.feature.slug() == want);
            assert_eq!(found.map(|dark| dark.because), because, "{case}");
            if let Some(dark) = found {
                assert_eq!(dark.missing, [missing], "{case}");
                assert!(dark.because.sentence().ends_with('.'), "{case}");
            }
        }
        assert!(dark(&whole()).is_empty());
    }

    /// D54, J15: what the type never allowed is not called dark; deploying goes dark with either of its scopes.
    #[test]
    fn only_what_the_type_allows_can_go_dark() {
        for (kind, want) in [
            (ConnectionType::ConfigAndAudit, vec!["deploy"]),
            (ConnectionType::ConfigOnly, vec!["deploy"]),
            (ConnectionType::AuditOnly, vec![]),
        ] {
            let mut connection = whole();
            connection.connection_type = kind;
            connection
                .grant
                .granted
                .retain(|scope| scope != "crm.objects.custom.write");
            assert_eq!(slugs(&connection), want, "{kind:?}");
        }
    }

    /// B15: a token of a private app lights up all without naming `oauth`; GitHub has no scopes of ours.
    #[test]
    fn tokens_and_github_have_no_oauth_scope_to_miss() {
        let mut connection = whole();
        connection.grant.kind = GrantKind::Static;
        connection.grant.granted.retain(|scope| scope != "oauth");
        assert_eq!(slugs(&connection), Vec::<&str>::new());
        connection.grant.kind = GrantKind::Oauth;
        assert_eq!(slugs(&connection), ["import", "audit"]);
        connection.provider = Provider::Github;
        assert!(slugs(&connection).is_empty());
    }

    /// D52, D55, S17: the three columns say of each scope what was asked, granted and needed, and by what.
    #[test]
    fn the_rows_stand_side_by_side() {
        let mut connection = connection();
        connection.grant.asked = owned(&["oauth", "forms", "automation"]);
        connection.grant.granted = owned(&["oauth", "forms", "from.another.app"]);
        connection.grant.required = owned(&["oauth", "tickets"]);
        let required = owned(&["oauth", "tickets"]);
        let optional = owned(&["automation", "crm.lists.read"]);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let rows = scope_rows(&connection, &configured);
        let got: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.scope.as_str(),
                    (row.asked, row.granted, row.required, row.configured),
                    row.because,
                    row.wants_attention(),
                )
            })
            .collect();
        let plan = Because::PlanLacks(Gate::AnyHub(Tier::Professional));
        assert_eq!(
            got,
            [
                ("oauth", (true, true, true, true), None, false),
                (
                    "tickets",
                    (false, false, true, true),
                    Some(Because::NotAsked),
                    true
                ),
                (
                    "crm.lists.read",
                    (false, false, false, true),
                    Some(Because::NotAsked),
                    false
                ),
                ("forms", (true, true, false, false), None, false),
                ("automation", (true, false, false, true), Some(plan), false),
                ("from.another.app", (false, true, false, false), None, false),
            ]
        );
        let needed = |at: usize| -> Vec<&str> {
            let features = rows[at].needed_by.iter();
            features.map(|feature| feature.title()).collect()
        };
        assert_eq!(needed(0), ["Import", "Audit"]);
        assert_eq!(
            needed(1),
            ["Tickets", "Association labels", "Limits and usage"]
        );
        assert_eq!(rows[2].reason, "List the portal's lists.");
        assert!(needed(5).is_empty() && rows[5].reason.is_empty());
    }

    proptest! {
        /// D55, D56: whatever is missing, asking for what is named lights everything up that the plan does not shut out.
        #[test]
        fn asking_for_what_is_named_lights_everything_up(picks in proptest::collection::vec(any::<bool>(), 60)) {
            let mut connection = whole();
            let mut picks = picks.into_iter();
            connection.grant.granted.retain(|_| picks.next().unwrap_or(true));
            for dark in dark(&connection) {
                prop_assert!(!dark.missing.is_empty());
                connection.grant.granted.extend(dark.missing.iter().map(|scope| (*scope).to_owned()));
            }
            prop_assert!(dark(&connection).is_empty());
        }

        /// Each scope stands in one row, and a row that is not granted says why.
        #[test]
        fn every_scope_has_one_row(picks in proptest::collection::vec(any::<bool>(), 60)) {
            let mut connection = whole();
            let mut picks = picks.into_iter();
            connection.grant.granted.retain(|_| picks.next().unwrap_or(true));
            let optional = owned(DEFAULT_OPTIONAL);
            let required = owned(REQUIRED);
            let rows = scope_rows(&connection, &Configured { required: &required, optional: &optional });
            prop_assert_eq!(rows.len(), CATALOGUE.len());
            for row in rows {
                prop_assert_eq!(row.because.is_none(), row.granted);
                prop_assert!(!row.needed_by.is_empty() && !row.reason.is_empty());
            }
        }
    }
}
