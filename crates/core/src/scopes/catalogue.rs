//! The rows: each scope Portico may ask for, why, and what an account must have for it.

use crate::tier::Tier;

/// What an account must have before HubSpot grants a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: every account can grant it.
    Open,
    /// Any hub of at least this tier.
    AnyHub(Tier),
    /// One certain hub, in HubSpot's words.
    OneHub(&'static str),
}

impl Gate {
    /// What is needed, for people; empty for nothing.
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::AnyHub(tier) => tier.title(),
            Self::OneHub(hub) => hub,
        }
    }

    /// Whether an account of this tier may be unable to grant it.
    pub fn may_shut_out(self, tier: Tier) -> bool {
        match self {
            Self::Open => false,
            Self::AnyHub(Tier::Enterprise) => tier != Tier::Enterprise,
            Self::AnyHub(_) => !matches!(tier, Tier::Professional | Tier::Enterprise),
            // The tier tells of the highest hub, not of which hub it is.
            Self::OneHub(_) => true,
        }
    }
}

/// One scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeEntry {
    /// HubSpot's name.
    pub scope: &'static str,
    /// Why Portico asks, for people (S8, J33).
    pub reason: &'static str,
    /// What the account must have.
    pub gate: Gate,
    /// Whether it lets Portico change something.
    pub writes: bool,
}

const fn read(scope: &'static str, reason: &'static str, gate: Gate) -> ScopeEntry {
    ScopeEntry {
        scope,
        reason,
        gate,
        writes: false,
    }
}

const fn write(scope: &'static str, reason: &'static str, gate: Gate) -> ScopeEntry {
    ScopeEntry {
        scope,
        reason,
        gate,
        writes: true,
    }
}

/// A tiny required set: every account has these, and without them there is nothing to show.
pub const REQUIRED: &[&str] = &[
    "oauth",
    "crm.schemas.contacts.read",
    "crm.schemas.companies.read",
    "crm.schemas.deals.read",
];

/// What Portico's own app is set up with beside the required ones.
pub const DEFAULT_OPTIONAL: &[&str] = &[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "crm.schemas.custom.write",
    "crm.objects.custom.write",
    "tickets",
    "crm.objects.leads.read",
    "e-commerce",
    "crm.schemas.line_items.read",
    "crm.schemas.quotes.read",
    "crm.schemas.orders.read",
    "crm.schemas.carts.read",
    "crm.schemas.invoices.read",
    "crm.schemas.subscriptions.read",
    "crm.schemas.services.read",
    "crm.schemas.courses.read",
    "crm.schemas.listings.read",
    "crm.schemas.appointments.read",
    "crm.objects.owners.read",
    "settings.users.read",
    "settings.users.teams.read",
    "settings.currencies.read",
    "crm.lists.read",
    "forms",
    "automation",
    "cms.domains.read",
    "communication_preferences.read",
];

/// Every scope Portico knows.
pub const CATALOGUE: &[ScopeEntry] = &[
    read(
        "oauth",
        "Identify the portal: its id, time zone and currency.",
        Gate::Open,
    ),
    read(
        "crm.schemas.contacts.read",
        "Read how contacts are set up: properties and groups. No contact is read.",
        Gate::Open,
    ),
    read(
        "crm.schemas.companies.read",
        "Read how companies are set up. No company is read.",
        Gate::Open,
    ),
    read(
        "crm.schemas.deals.read",
        "Read how deals are set up, with pipelines and stages. No deal is read.",
        Gate::Open,
    ),
    read(
        "crm.schemas.custom.read",
        "List custom objects with their properties and associations.",
        Gate::AnyHub(Tier::Enterprise),
    ),
    read(
        "crm.objects.custom.read",
        "Read association labels and limits of custom objects.",
        Gate::AnyHub(Tier::Enterprise),
    ),
    write(
        "crm.schemas.custom.write",
        "Create and change custom objects when you deploy.",
        Gate::AnyHub(Tier::Enterprise),
    ),
    write(
        "crm.objects.custom.write",
        "Move custom object records when you deploy.",
        Gate::AnyHub(Tier::Enterprise),
    ),
    read(
        "tickets",
        "Read how tickets are set up, with their pipelines. HubSpot has no narrower scope.",
        Gate::Open,
    ),
    read(
        "crm.objects.leads.read",
        "Read how leads are set up, with their pipelines.",
        Gate::OneHub("Sales Hub Professional"),
    ),
    read("e-commerce", "Read how products are set up.", Gate::Open),
    read(
        "crm.schemas.line_items.read",
        "Read how line items are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.quotes.read",
        "Read how quotes are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.orders.read",
        "Read how orders are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.carts.read",
        "Read how carts are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.invoices.read",
        "Read how invoices are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.subscriptions.read",
        "Read how subscriptions are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.services.read",
        "Read how services are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.courses.read",
        "Read how courses are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.listings.read",
        "Read how listings are set up.",
        Gate::Open,
    ),
    read(
        "crm.schemas.appointments.read",
        "Read how appointments are set up.",
        Gate::Open,
    ),
    read(
        "crm.objects.owners.read",
        "List owners, read association labels and limits.",
        Gate::Open,
    ),
    read(
        "settings.users.read",
        "List users and their roles.",
        Gate::Open,
    ),
    read("settings.users.teams.read", "List teams.", Gate::Open),
    read(
        "settings.currencies.read",
        "Read the portal's currencies.",
        Gate::Open,
    ),
    read("crm.lists.read", "List the portal's lists.", Gate::Open),
    read("forms", "List forms with their fields.", Gate::Open),
    read(
        "automation",
        "List workflows with their actions.",
        Gate::AnyHub(Tier::Professional),
    ),
    read("cms.domains.read", "List connected domains.", Gate::Open),
    read(
        "communication_preferences.read",
        "List subscription types.",
        Gate::OneHub("Marketing Hub Starter"),
    ),
];
