//! HubSpot's standard object types, as far as Portico explores them (platform, section 6.1).
//! Owns names, ids and the scopes that open their definitions; never asks HubSpot.

/// A standard object type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectType {
    /// As it stands in paths, e.g. `contacts`.
    pub name: &'static str,
    /// `objectTypeId`, e.g. `0-1`.
    pub id: &'static str,
    /// Plural, as on screen.
    pub title: &'static str,
    /// Scopes of which any one opens property, group and pipeline definitions (platform, section 8.2).
    pub any_of: &'static [&'static str],
    /// Whether it has pipelines.
    pub pipelines: bool,
}

const fn standard(
    name: &'static str,
    id: &'static str,
    title: &'static str,
    any_of: &'static [&'static str],
    pipelines: bool,
) -> ObjectType {
    ObjectType {
        name,
        id,
        title,
        any_of,
        pipelines,
    }
}

/// In the order in which they are most often looked for, so that the explorer is useful early.
pub const STANDARD: &[ObjectType] = &[
    standard(
        "contacts",
        "0-1",
        "Contacts",
        &["crm.schemas.contacts.read", "crm.objects.contacts.read"],
        false,
    ),
    standard(
        "companies",
        "0-2",
        "Companies",
        &["crm.schemas.companies.read", "crm.objects.companies.read"],
        false,
    ),
    standard(
        "deals",
        "0-3",
        "Deals",
        &["crm.schemas.deals.read", "crm.objects.deals.read"],
        true,
    ),
    standard("tickets", "0-5", "Tickets", &["tickets"], true),
    standard("leads", "0-136", "Leads", &["crm.objects.leads.read"], true),
    standard(
        "products",
        "0-7",
        "Products",
        &["e-commerce", "crm.objects.products.read"],
        false,
    ),
    standard(
        "line_items",
        "0-8",
        "Line items",
        &["crm.schemas.line_items.read", "crm.objects.line_items.read"],
        false,
    ),
    standard(
        "quotes",
        "0-14",
        "Quotes",
        &["crm.schemas.quotes.read", "crm.objects.quotes.read"],
        false,
    ),
    standard(
        "orders",
        "0-123",
        "Orders",
        &["crm.schemas.orders.read", "crm.objects.orders.read"],
        true,
    ),
    standard(
        "carts",
        "0-142",
        "Carts",
        &["crm.schemas.carts.read", "crm.objects.carts.read"],
        false,
    ),
    standard(
        "invoices",
        "0-53",
        "Invoices",
        &["crm.schemas.invoices.read", "crm.objects.invoices.read"],
        false,
    ),
    standard(
        "subscriptions",
        "0-69",
        "Subscriptions",
        &[
            "crm.schemas.subscriptions.read",
            "crm.objects.subscriptions.read",
        ],
        false,
    ),
    standard(
        "services",
        "0-162",
        "Services",
        &["crm.schemas.services.read", "crm.objects.services.read"],
        true,
    ),
    standard(
        "courses",
        "0-410",
        "Courses",
        &["crm.schemas.courses.read", "crm.objects.courses.read"],
        true,
    ),
    standard(
        "listings",
        "0-420",
        "Listings",
        &["crm.schemas.listings.read", "crm.objects.listings.read"],
        true,
    ),
    standard(
        "appointments",
        "0-421",
        "Appointments",
        &[
            "crm.schemas.appointments.read",
            "crm.objects.appointments.read",
        ],
        true,
    ),
];

/// Scopes of which any one lists custom objects with their properties.
pub const CUSTOM_ANY_OF: &[&str] = &["crm.schemas.custom.read", "crm.objects.custom.read"];

/// The standard type of that name or id.
pub fn standard_type(name_or_id: &str) -> Option<&'static ObjectType> {
    STANDARD
        .iter()
        .find(|kind| kind.name == name_or_id || kind.id == name_or_id)
}

/// Where a stored part stands among its kind's: object types as above, then the rest, pages by number.
pub fn part_order(part: &str) -> (usize, u32) {
    let page = part
        .strip_prefix("page-")
        .and_then(|page| page.parse().ok());
    let known = STANDARD
        .iter()
        .position(|kind| kind.name == part || kind.id == part);
    (known.unwrap_or(STANDARD.len()), page.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn parts_stand_in_the_order_people_look_for_them() {
        let mut parts = ["page-10", "2-512", "tickets", "page-2", "contacts"];
        parts.sort_by_key(|part| part_order(part));
        assert_eq!(parts, ["contacts", "tickets", "2-512", "page-2", "page-10"]);
    }

    #[test]
    fn names_and_ids_are_unique_and_found() {
        let mut seen = BTreeSet::new();
        for kind in STANDARD {
            assert!(
                seen.insert(kind.name) && seen.insert(kind.id),
                "{}",
                kind.name
            );
            assert_eq!(standard_type(kind.name), Some(kind));
            assert_eq!(standard_type(kind.id), Some(kind));
            assert!(!kind.any_of.is_empty(), "{}", kind.name);
        }
        assert_eq!(standard_type("unicorns"), None);
    }
}
