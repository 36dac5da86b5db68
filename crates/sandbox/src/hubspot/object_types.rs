//! Owns HubSpot's object types: ids, names, labels and the scopes that open their definitions (platform 6.1, 8.2).
//! Knows custom objects only through the portal it is given.

use crate::model::{CustomObject, Portal};

/// One of HubSpot's own object types.
#[derive(Debug)]
pub(crate) struct ObjectType {
    /// `0-n`.
    pub(crate) id: &'static str,
    /// The name in paths.
    pub(crate) plural: &'static str,
    /// Also accepted in paths.
    pub(crate) singular: &'static str,
    /// For people: singular, plural.
    pub(crate) labels: (&'static str, &'static str),
    /// Scopes that open the definition, any of.
    pub(crate) scopes: &'static [&'static str],
    /// Whether a missing scope is told as a permission (403 shape B).
    pub(crate) permission_shape: bool,
}

const ACTIVITY: &[&str] = &["crm.objects.contacts.read"];
const LINE_ITEMS: &[&str] = &["crm.schemas.line_items.read", "crm.objects.line_items.read"];

const fn o(
    id: &'static str,
    plural: &'static str,
    singular: &'static str,
    labels: (&'static str, &'static str),
    scopes: &'static [&'static str],
    permission_shape: bool,
) -> ObjectType {
    ObjectType {
        id,
        plural,
        singular,
        labels,
        scopes,
        permission_shape,
    }
}

/// Every standard type of platform 6.1.
#[rustfmt::skip]
pub(crate) const STANDARD: &[ObjectType] = &[
    o("0-1", "contacts", "contact", ("Contact", "Contacts"), &["crm.schemas.contacts.read", "crm.objects.contacts.read"], false),
    o("0-2", "companies", "company", ("Company", "Companies"), &["crm.schemas.companies.read", "crm.objects.companies.read"], false),
    o("0-3", "deals", "deal", ("Deal", "Deals"), &["crm.schemas.deals.read", "crm.objects.deals.read"], false),
    o("0-5", "tickets", "ticket", ("Ticket", "Tickets"), &["tickets"], false),
    o("0-7", "products", "product", ("Product", "Products"), &["e-commerce", "crm.objects.products.read"], false),
    o("0-8", "line_items", "line_item", ("Line item", "Line items"), LINE_ITEMS, false),
    o("0-14", "quotes", "quote", ("Quote", "Quotes"), &["crm.schemas.quotes.read", "crm.objects.quotes.read"], false),
    o("0-18", "communications", "communication", ("Communication", "Communications"), ACTIVITY, false),
    o("0-19", "feedback_submissions", "feedback_submission", ("Feedback submission", "Feedback submissions"), &["crm.objects.feedback_submission.read"], true),
    o("0-27", "tasks", "task", ("Task", "Tasks"), ACTIVITY, false),
    o("0-46", "notes", "note", ("Note", "Notes"), ACTIVITY, false),
    o("0-47", "meetings", "meeting", ("Meeting", "Meetings"), ACTIVITY, false),
    o("0-48", "calls", "call", ("Call", "Calls"), ACTIVITY, false),
    o("0-49", "emails", "email", ("Email", "Emails"), ACTIVITY, false),
    o("0-53", "invoices", "invoice", ("Invoice", "Invoices"), &["crm.schemas.invoices.read", "crm.objects.invoices.read"], false),
    o("0-54", "marketing_events", "marketing_event", ("Marketing event", "Marketing events"), &["crm.objects.marketing_events.read"], false),
    o("0-69", "subscriptions", "subscription", ("Subscription", "Subscriptions"), &["crm.schemas.subscriptions.read", "crm.objects.subscriptions.read"], false),
    o("0-74", "goal_targets", "goal_target", ("Goal", "Goals"), &["crm.objects.goals.read"], true),
    o("0-84", "discounts", "discount", ("Discount", "Discounts"), LINE_ITEMS, false),
    o("0-85", "fees", "fee", ("Fee", "Fees"), LINE_ITEMS, false),
    o("0-86", "taxes", "tax", ("Tax", "Taxes"), LINE_ITEMS, false),
    o("0-101", "commerce_payments", "commerce_payment", ("Payment", "Payments"), &["crm.objects.commercepayments.read"], true),
    o("0-115", "users", "user", ("User", "Users"), &["crm.objects.users.read"], false),
    o("0-116", "postal_mail", "postal_mail", ("Postal mail", "Postal mail"), ACTIVITY, false),
    o("0-123", "orders", "order", ("Order", "Orders"), &["crm.schemas.orders.read", "crm.objects.orders.read"], false),
    o("0-136", "leads", "lead", ("Lead", "Leads"), &["crm.objects.leads.read"], true),
    o("0-142", "carts", "cart", ("Cart", "Carts"), &["crm.schemas.carts.read", "crm.objects.carts.read"], false),
    o("0-162", "services", "service", ("Service", "Services"), &["crm.schemas.services.read", "crm.objects.services.read"], false),
    o("0-410", "courses", "course", ("Course", "Courses"), &["crm.schemas.courses.read", "crm.objects.courses.read"], false),
    o("0-420", "listings", "listing", ("Listing", "Listings"), &["crm.schemas.listings.read", "crm.objects.listings.read"], false),
    o("0-421", "appointments", "appointment", ("Appointment", "Appointments"), &["crm.schemas.appointments.read", "crm.objects.appointments.read"], false),
    o("0-970", "projects", "project", ("Project", "Projects"), &["crm.schemas.projects.read", "crm.objects.projects.read"], true),
];

/// Optional library types (platform 6.2, enablement).
pub(crate) const LIBRARY: [&str; 5] = ["0-162", "0-410", "0-420", "0-421", "0-123"];

/// Scopes that open definitions of custom objects.
pub(crate) const CUSTOM_SCOPES: &[&str] = &[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "crm.objects.custom.sensitive.read",
    "crm.objects.custom.highly_sensitive.read",
];

/// A type as named in a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'a> {
    /// HubSpot's own.
    Standard(&'static ObjectType),
    /// The portal's own.
    Custom(&'a CustomObject),
}

impl Kind<'_> {
    /// `0-n` or `2-n`.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Standard(kind) => kind.id,
            Self::Custom(object) => &object.object_type_id,
        }
    }

    /// The name in paths.
    pub(crate) fn plural(&self) -> &str {
        match self {
            Self::Standard(kind) => kind.plural,
            Self::Custom(object) => &object.name,
        }
    }

    /// The name of one.
    pub(crate) fn singular(&self) -> &str {
        match self {
            Self::Standard(kind) => kind.singular,
            Self::Custom(object) => &object.name,
        }
    }

    /// For people: singular, plural.
    pub(crate) fn labels(&self) -> (&str, &str) {
        match self {
            Self::Standard(kind) => kind.labels,
            Self::Custom(object) => (&object.labels.0, &object.labels.1),
        }
    }

    /// Scopes that open the definition, any of.
    pub(crate) fn definition_scopes(&self) -> Vec<String> {
        let scopes = match self {
            Self::Standard(kind) => kind.scopes,
            Self::Custom(_) => CUSTOM_SCOPES,
        };
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// Scopes that open the records, any of; those of the definition where records have none of their own.
    pub(crate) fn record_scopes(&self, writes: bool) -> Vec<String> {
        let mut scopes = self.definition_scopes();
        if scopes
            .iter()
            .any(|scope| !scope.starts_with("crm.schemas."))
        {
            scopes.retain(|scope| !scope.starts_with("crm.schemas."));
        }
        if writes {
            for scope in &mut scopes {
                *scope = scope.replace(".read", ".write");
            }
        }
        scopes
    }

    /// Scopes that open changes of the definition, any of: the schema scope where the type has one.
    pub(crate) fn write_scopes(&self) -> Vec<String> {
        let Self::Standard(kind) = self else {
            return vec!["crm.schemas.custom.write".to_owned()];
        };
        let special: &[&str] = match kind.id {
            "0-5" => &["tickets", "crm.schemas.tickets.write"],
            "0-7" | "0-8" | "0-84" | "0-85" | "0-86" => &["e-commerce"],
            "0-101" => &["crm.schemas.commercepayments.write"],
            "0-123" => &[
                "crm.schemas.orders.write",
                "crm.objects.orders.write",
                "crm.pipelines.orders.write",
            ],
            "0-142" => &["crm.schemas.carts.write", "crm.objects.carts.write"],
            _ => &[],
        };
        if !special.is_empty() {
            return special.iter().map(|scope| (*scope).to_owned()).collect();
        }
        if kind.scopes == ACTIVITY {
            return vec![format!("crm.schemas.{}.write", kind.plural)];
        }
        let schema = kind.scopes.iter().find(|s| s.starts_with("crm.schemas."));
        let scopes = schema.map_or(kind.scopes, std::slice::from_ref);
        scopes
            .iter()
            .map(|scope| scope.replace(".read", ".write"))
            .collect()
    }

    /// Whether a missing scope is told as a permission (403 shape B).
    pub(crate) fn answers_in_permissions(&self) -> bool {
        match self {
            Self::Standard(kind) => kind.permission_shape,
            Self::Custom(_) => true,
        }
    }

    /// The name inside shape B's message.
    pub(crate) fn legacy_name(&self) -> &'static str {
        match self {
            Self::Standard(ObjectType { id: "0-136", .. }) => "LEAD",
            Self::Standard(ObjectType { id: "0-19", .. }) => "FEEDBACK_SUBMISSION",
            Self::Standard(ObjectType { id: "0-74", .. }) => "GOAL_TARGET",
            Self::Standard(ObjectType { id: "0-101", .. }) => "COMMERCE_PAYMENT",
            Self::Standard(_) => "UNKNOWN",
            Self::Custom(_) => "CUSTOM_OBJECT",
        }
    }
}

/// The standard type of that id, plural or singular name.
pub(crate) fn standard(key: &str) -> Option<&'static ObjectType> {
    STANDARD.iter().find(|kind| {
        kind.id == key
            || kind.plural.eq_ignore_ascii_case(key)
            || kind.singular.eq_ignore_ascii_case(key)
    })
}

/// The type named by id, name or fully qualified name.
pub(crate) fn resolve<'a>(portal: &'a Portal, key: &str) -> Option<Kind<'a>> {
    standard(key)
        .map(Kind::Standard)
        .or_else(|| portal.custom_object(key).map(Kind::Custom))
}

/// Alternatives named in the 403 of endpoints that any record scope opens.
pub(crate) fn all_object_read_scopes() -> Vec<String> {
    let mut scopes: Vec<String> = crate::scopes::CATALOGUE
        .iter()
        .map(|scope| scope.name)
        .filter(|name| {
            name.strip_prefix("crm.objects.")
                .is_some_and(|rest| rest.split('.').nth(1) == Some("read"))
        })
        .map(str::to_owned)
        .collect();
    scopes.push("tickets".to_owned());
    scopes
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, standard};

    #[test]
    fn types_are_found_by_id_plural_and_singular() {
        for kind in STANDARD {
            for key in [
                kind.id,
                kind.plural,
                kind.singular,
                &kind.plural.to_uppercase(),
            ] {
                assert_eq!(standard(key).map(|k| k.id), Some(kind.id), "{key}");
            }
        }
        assert!(standard("0-2x").is_none());
    }
}
