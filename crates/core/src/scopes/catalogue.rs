//! The rows: each scope Portico may ask for, why, and what an account must have for it.

/// One scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeEntry {
    /// HubSpot's name.
    pub scope: &'static str,
    /// Why Portico asks, for people (S8, J33).
    pub reason: &'static str,
    /// What the account must have, in HubSpot's words; empty for any.
    pub tier: &'static str,
    /// Whether it lets Portico change something.
    pub writes: bool,
}

const fn read(scope: &'static str, reason: &'static str, tier: &'static str) -> ScopeEntry {
    ScopeEntry {
        scope,
        reason,
        tier,
        writes: false,
    }
}

const fn write(scope: &'static str, reason: &'static str, tier: &'static str) -> ScopeEntry {
    ScopeEntry {
        scope,
        reason,
        tier,
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
        "",
    ),
    read(
        "crm.schemas.contacts.read",
        "Read how contacts are set up: properties and groups. No contact is read.",
        "",
    ),
    read(
        "crm.schemas.companies.read",
        "Read how companies are set up. No company is read.",
        "",
    ),
    read(
        "crm.schemas.deals.read",
        "Read how deals are set up, with pipelines and stages. No deal is read.",
        "",
    ),
    read(
        "crm.schemas.custom.read",
        "List custom objects with their properties and associations.",
        "Enterprise",
    ),
    read(
        "crm.objects.custom.read",
        "Read association labels and limits of custom objects.",
        "Enterprise",
    ),
    write(
        "crm.schemas.custom.write",
        "Create and change custom objects when you deploy.",
        "Enterprise",
    ),
    write(
        "crm.objects.custom.write",
        "Move custom object records when you deploy.",
        "Enterprise",
    ),
    read(
        "tickets",
        "Read how tickets are set up, with their pipelines. HubSpot has no narrower scope.",
        "",
    ),
    read(
        "crm.objects.leads.read",
        "Read how leads are set up, with their pipelines.",
        "Sales Hub Professional",
    ),
    read("e-commerce", "Read how products are set up.", ""),
    read(
        "crm.schemas.line_items.read",
        "Read how line items are set up.",
        "",
    ),
    read("crm.schemas.quotes.read", "Read how quotes are set up.", ""),
    read("crm.schemas.orders.read", "Read how orders are set up.", ""),
    read("crm.schemas.carts.read", "Read how carts are set up.", ""),
    read(
        "crm.schemas.invoices.read",
        "Read how invoices are set up.",
        "",
    ),
    read(
        "crm.schemas.subscriptions.read",
        "Read how subscriptions are set up.",
        "",
    ),
    read(
        "crm.schemas.services.read",
        "Read how services are set up.",
        "",
    ),
    read(
        "crm.schemas.courses.read",
        "Read how courses are set up.",
        "",
    ),
    read(
        "crm.schemas.listings.read",
        "Read how listings are set up.",
        "",
    ),
    read(
        "crm.schemas.appointments.read",
        "Read how appointments are set up.",
        "",
    ),
    read(
        "crm.objects.owners.read",
        "List owners, read association labels and limits.",
        "",
    ),
    read("settings.users.read", "List users and their roles.", ""),
    read("settings.users.teams.read", "List teams.", ""),
    read(
        "settings.currencies.read",
        "Read the portal's currencies.",
        "",
    ),
    read("crm.lists.read", "List the portal's lists.", ""),
    read("forms", "List forms with their fields.", ""),
    read(
        "automation",
        "List workflows with their actions.",
        "Professional",
    ),
    read("cms.domains.read", "List connected domains.", ""),
    read(
        "communication_preferences.read",
        "List subscription types.",
        "Marketing Hub Starter",
    ),
];
