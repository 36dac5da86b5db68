//! The scope reference: every scope Portico knows, what it enables, and how it stands on this app (D57, S8).
//! Owns the rows and how they are grouped and searched; the reasons are the catalogue's.

use super::Standing;
use crate::connection_type::ConnectionType;
use crate::explorer::fold;
use crate::features::Feature;
use crate::scopes::{CATALOGUE, Configured, Gate};

/// Why a scope that Portico does not know stands on the app.
pub(super) const SET_BY_THE_OPERATOR: &str = "Set on the app by its operator. Portico asks for it only where the app requires it or a feature needs it.";

/// Groups of the reference, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// The account itself and its settings.
    Account,
    /// Standard objects of sales and service.
    Objects,
    /// Objects that something is sold with.
    Commerce,
    /// Objects that customers made up.
    CustomObjects,
    /// Who works in the account.
    People,
    /// Lists, forms, workflows, subscriptions.
    Marketing,
    /// What the catalogue does not know.
    Other,
}

impl Area {
    /// In the order of the page.
    pub const ALL: [Self; 7] = [
        Self::Account,
        Self::Objects,
        Self::Commerce,
        Self::CustomObjects,
        Self::People,
        Self::Marketing,
        Self::Other,
    ];

    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Account => "Account and settings",
            Self::Objects => "Sales and service objects",
            Self::Commerce => "Commerce objects",
            Self::CustomObjects => "Custom objects",
            Self::People => "People",
            Self::Marketing => "Marketing and automation",
            Self::Other => "Set by the operator",
        }
    }

    /// Where a scope of the catalogue belongs.
    fn of(scope: &str) -> Self {
        match scope {
            "oauth" | "settings.currencies.read" | "cms.domains.read" => Self::Account,
            "crm.objects.owners.read" | "settings.users.read" | "settings.users.teams.read" => {
                Self::People
            }
            "crm.lists.read" | "forms" | "automation" | "communication_preferences.read" => {
                Self::Marketing
            }
            "e-commerce"
            | "crm.schemas.line_items.read"
            | "crm.schemas.quotes.read"
            | "crm.schemas.orders.read"
            | "crm.schemas.carts.read"
            | "crm.schemas.invoices.read"
            | "crm.schemas.subscriptions.read" => Self::Commerce,
            _ if scope.contains(".custom.") => Self::CustomObjects,
            _ => Self::Objects,
        }
    }
}

/// One scope of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow<'a> {
    /// HubSpot's name.
    pub scope: &'a str,
    /// Its group.
    pub area: Area,
    /// Why Portico asks (S8).
    pub reason: &'static str,
    /// Whether it lets Portico change something.
    pub writes: bool,
    /// What an account must have.
    pub gate: Gate,
    /// What it enables (D57).
    pub features: Vec<Feature>,
    /// How it stands on this app.
    pub standing: Standing,
    /// The connection types that ask for it.
    pub types: Vec<ConnectionType>,
}

/// Every scope of the catalogue, then what else the app has.
pub fn reference<'a>(configured: &Configured<'a>) -> Vec<ScopeRow<'a>> {
    let asking = |standing: Standing, wanted: &dyn Fn(ConnectionType) -> bool| {
        let asks = |kind: &ConnectionType| match standing {
            Standing::Required => true,
            Standing::Optional => wanted(*kind),
            Standing::NotConfigured => false,
        };
        ConnectionType::ALL.into_iter().filter(asks).collect()
    };
    let enables = |scope: &str| {
        let names = |feature: &Feature| feature.scopes().names(scope);
        Feature::ALL.into_iter().filter(names).collect()
    };
    let mut rows: Vec<ScopeRow<'a>> = vec![];
    for entry in CATALOGUE {
        let standing = configured.standing(entry.scope);
        rows.push(ScopeRow {
            scope: entry.scope,
            area: Area::of(entry.scope),
            reason: entry.reason,
            writes: entry.writes,
            gate: entry.gate,
            features: enables(entry.scope),
            standing,
            types: asking(standing, &|kind| entry.wanted_by(kind)),
        });
    }
    for scope in configured.required.iter().chain(configured.optional) {
        if rows.iter().all(|row| row.scope != scope) {
            let standing = configured.standing(scope);
            rows.push(ScopeRow {
                scope,
                area: Area::Other,
                reason: SET_BY_THE_OPERATOR,
                writes: scope.contains("write"),
                gate: Gate::Open,
                features: enables(scope),
                standing,
                types: asking(standing, &|_| false),
            });
        }
    }
    rows
}

impl ScopeRow<'_> {
    /// Whether every word of a folded search stands somewhere in what the row says.
    pub fn matches(&self, folded: &str) -> bool {
        let mut said = vec![
            self.scope,
            self.reason,
            self.area.title(),
            self.gate.title(),
            self.standing.title(),
        ];
        said.extend(self.features.iter().map(|feature| feature.title()));
        said.extend(self.types.iter().map(|kind| kind.title()));
        let said = fold(&said.join("\n"));
        folded.split_whitespace().all(|word| said.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes::{DEFAULT_OPTIONAL, REQUIRED, asked_for};

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// D57, S8, J33: each scope stands there once, with a reason, what it enables, and who asks for it.
    #[test]
    fn the_reference_says_what_each_scope_enables() {
        let (required, mut optional) = (owned(REQUIRED), owned(DEFAULT_OPTIONAL));
        optional.push("crm.objects.contacts.read".into());
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let rows = reference(&configured);
        assert_eq!(rows.len(), CATALOGUE.len() + 1);
        for row in &rows {
            let twice = rows.iter().filter(|other| other.scope == row.scope).count();
            assert_eq!(twice, 1, "{}", row.scope);
            assert!(
                row.reason.ends_with('.') && !row.features.is_empty(),
                "{}",
                row.scope
            );
            assert_eq!(row.writes, row.scope.contains("write"), "{}", row.scope);
            assert!(Area::ALL.contains(&row.area));
        }
        for area in Area::ALL {
            assert!(rows.iter().any(|row| row.area == area), "{}", area.title());
        }
        // The reference and the flow say the same.
        for kind in ConnectionType::ALL {
            let asked = asked_for(kind, &configured);
            let mut all: Vec<&str> = asked
                .scope
                .iter()
                .chain(&asked.optional_scope)
                .map(String::as_str)
                .collect();
            let mut said: Vec<&str> = rows
                .iter()
                .filter(|row| row.types.contains(&kind))
                .map(|row| row.scope)
                .collect();
            all.sort_unstable();
            said.sort_unstable();
            assert_eq!(said, all, "{kind:?}");
        }
    }

    /// D57: how a scope stands on this app, and what an account must have, in the row.
    #[test]
    fn a_row_says_how_its_scope_stands() {
        let required = owned(&["oauth", "automation", "x.internal"]);
        let optional = owned(&["crm.schemas.custom.write", "forms"]);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let rows = reference(&configured);
        for (scope, area, standing, gate, types) in [
            ("oauth", Area::Account, Standing::Required, "", 3),
            (
                "automation",
                Area::Marketing,
                Standing::Required,
                "Professional",
                3,
            ),
            ("forms", Area::Marketing, Standing::Optional, "", 3),
            (
                "crm.schemas.custom.write",
                Area::CustomObjects,
                Standing::Optional,
                "Enterprise",
                2,
            ),
            (
                "crm.schemas.deals.read",
                Area::Objects,
                Standing::NotConfigured,
                "",
                0,
            ),
            ("e-commerce", Area::Commerce, Standing::NotConfigured, "", 0),
            (
                "settings.users.read",
                Area::People,
                Standing::NotConfigured,
                "",
                0,
            ),
            ("x.internal", Area::Other, Standing::Required, "", 3),
        ] {
            let row = rows.iter().find(|row| row.scope == scope).unwrap();
            assert_eq!(
                (row.area, row.standing, row.gate.title(), row.types.len()),
                (area, standing, gate, types),
                "{scope}"
            );
        }
    }

    #[test]
    fn rows_are_found_by_any_of_their_words() {
        let (required, optional) = (owned(REQUIRED), owned(DEFAULT_OPTIONAL));
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let rows = reference(&configured);
        let found = |text: &str| -> Vec<&str> {
            let folded = fold(text);
            rows.iter()
                .filter(|row| row.matches(&folded))
                .map(|row| row.scope)
                .collect()
        };
        assert_eq!(found("").len(), rows.len());
        assert_eq!(found("Workflows"), ["automation"]);
        assert_eq!(found("  CRM.Lists "), ["crm.lists.read"]);
        assert_eq!(
            found("custom deploy write"),
            ["crm.schemas.custom.write", "crm.objects.custom.write"]
        );
        assert_eq!(found("marketing hub"), ["communication_preferences.read"]);
        assert!(found("unicorns").is_empty());
    }
}
