//! The kinds of metadata: names, scopes and tiers in one table.
//! Owns words and scope alternatives; knows no call.
//!
//! Source: platform, sections 6.2, 6.3 and 8.

use crate::object_types::{CUSTOM_ANY_OF, STANDARD};

/// A kind of metadata, as the explorer lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Custom object schemas.
    ObjectSchemas,
    /// Properties, per object type.
    Properties,
    /// Property groups, per object type.
    PropertyGroups,
    /// Pipelines with their stages, per object type.
    Pipelines,
    /// Association types and labels, per ordered pair of object types.
    AssociationLabels,
    /// Lists, without members.
    Lists,
    /// Forms with their fields.
    Forms,
    /// Workflows with their definitions.
    Workflows,
    /// Owners.
    Owners,
    /// Users of the account.
    Users,
    /// Custom permission sets.
    Roles,
    /// Teams.
    Teams,
    /// Company currency and exchange rates.
    Currencies,
    /// Connected domains.
    Domains,
    /// Subscription types.
    SubscriptionTypes,
    /// Limits, their use, and enabled library objects.
    Limits,
}

/// Any scope that reads records of some object type: `*` stands for one name without dots.
const ANY_OBJECT: &[&str] = &["crm.objects.*.read", "tickets", "e-commerce"];

struct Entry {
    slug: &'static str,
    title: &'static str,
    description: &'static str,
    any_of: &'static [&'static str],
    tier: &'static str,
    id_field: &'static str,
}

const fn entry(
    slug: &'static str,
    title: &'static str,
    description: &'static str,
    any_of: &'static [&'static str],
    tier: &'static str,
    id_field: &'static str,
) -> Entry {
    Entry {
        slug,
        title,
        description,
        any_of,
        tier,
        id_field,
    }
}

impl Kind {
    /// In the explorer's order.
    pub const ALL: [Self; 16] = [
        Self::ObjectSchemas,
        Self::Properties,
        Self::PropertyGroups,
        Self::Pipelines,
        Self::AssociationLabels,
        Self::Lists,
        Self::Forms,
        Self::Workflows,
        Self::Owners,
        Self::Users,
        Self::Roles,
        Self::Teams,
        Self::Currencies,
        Self::Domains,
        Self::SubscriptionTypes,
        Self::Limits,
    ];

    #[rustfmt::skip]
    const fn entry(self) -> Entry {
        match self {
            Self::ObjectSchemas => entry("object-schemas", "Custom objects", "Custom object schemas with their properties and association types.", CUSTOM_ANY_OF, "Enterprise", "objectTypeId"),
            Self::Properties => entry("properties", "Properties", "Every property of each object type, with its options.", &[], "", "name"),
            Self::PropertyGroups => entry("property-groups", "Property groups", "The groups that properties are shown in.", &[], "", "name"),
            Self::Pipelines => entry("pipelines", "Pipelines", "Pipelines with their stages.", &[], "", "id"),
            Self::AssociationLabels => entry("association-labels", "Association labels", "Association types and labels between pairs of object types.", ANY_OBJECT, "", "typeId"),
            Self::Lists => entry("lists", "Lists", "Lists and segments, with their size and type.", &["crm.lists.read"], "", "listId"),
            Self::Forms => entry("forms", "Forms", "Forms with their fields.", &["forms"], "", "id"),
            Self::Workflows => entry("workflows", "Workflows", "Workflows with their actions.", &["automation"], "Professional", "id"),
            Self::Owners => entry("owners", "Owners", "People and queues that records can be assigned to.", &["crm.objects.owners.read"], "", "id"),
            Self::Users => entry("users", "Users", "Users of the account with their roles and teams.", &["settings.users.read", "crm.objects.users.read"], "", "id"),
            Self::Roles => entry("roles", "Roles", "Custom permission sets.", &["settings.users.read", "crm.objects.users.read"], "", "id"),
            Self::Teams => entry("teams", "Teams", "Teams and their members.", &["settings.users.teams.read"], "", "id"),
            Self::Currencies => entry("currencies", "Currencies", "The company currency and current exchange rates.", &["settings.currencies.read"], "", "id"),
            Self::Domains => entry("domains", "Domains", "Connected domains and what each is used for.", &["cms.domains.read", "content"], "", "id"),
            Self::SubscriptionTypes => entry("subscription-types", "Subscription types", "What contacts can subscribe to.", &["communication_preferences.read"], "Marketing Hub Starter", "id"),
            Self::Limits => entry("limits", "Limits and usage", "How much of each limit the account uses, and which library objects are enabled.", ANY_OBJECT, "", ""),
        }
    }

    /// In URLs and in the store; never changed once published.
    pub const fn slug(self) -> &'static str {
        self.entry().slug
    }

    /// The kind that is written so in a URL.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

    /// As on screen.
    pub const fn title(self) -> &'static str {
        self.entry().title
    }

    /// One sentence for people.
    pub const fn description(self) -> &'static str {
        self.entry().description
    }

    /// Whether a part is an object type, so that scopes are those of the type.
    pub const fn by_object_type(self) -> bool {
        matches!(
            self,
            Self::Properties | Self::PropertyGroups | Self::Pipelines
        )
    }

    /// Scopes of which any one opens it; `*` stands for one name. Empty for kinds by object type.
    pub const fn any_of(self) -> &'static [&'static str] {
        self.entry().any_of
    }

    /// The hub tier it needs, in HubSpot's words; empty for any (platform, section 8.3).
    pub const fn tier(self) -> &'static str {
        self.entry().tier
    }

    /// The field that tells its records apart within a part.
    pub(crate) const fn id_field(self) -> &'static str {
        self.entry().id_field
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The scopes to name when nothing of the kind may be asked.
    pub(crate) fn scopes_to_name(self) -> Vec<String> {
        if !self.by_object_type() {
            return self.any_of().iter().map(|&scope| scope.into()).collect();
        }
        STANDARD
            .iter()
            .filter(|kind| self != Self::Pipelines || kind.pipelines)
            .filter_map(|kind| kind.any_of.first())
            .map(|&scope| scope.into())
            .collect()
    }
}

/// Whether one of `any_of` is granted.
pub(crate) fn holds_any(granted: &[String], any_of: &[&str]) -> bool {
    granted
        .iter()
        .any(|scope| any_of.iter().any(|wanted| scope_fits(wanted, scope)))
}

/// Whether a scope is the wanted one, where `*` stands for one name.
pub(crate) fn scope_fits(wanted: &str, scope: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == scope,
        Some((before, after)) => scope
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|name| !name.is_empty() && !name.contains('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// D17: each kind is named, and its URL finds it again.
    #[test]
    fn slugs_are_unique_stable_words_and_found_again() {
        let mut seen = BTreeSet::new();
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), at);
            assert!(seen.insert(kind.slug()), "{} twice", kind.slug());
            assert!(
                kind.slug()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            assert_eq!(Kind::from_slug(kind.slug()), Some(kind));
            assert!(!kind.title().is_empty() && kind.description().ends_with('.'));
            assert_eq!(kind.any_of().is_empty(), kind.by_object_type());
            assert!(!kind.scopes_to_name().is_empty());
        }
        assert_eq!(Kind::from_slug("dashboards"), None);
    }

    #[test]
    fn a_star_stands_for_one_name() {
        for (wanted, scope, want) in [
            ("forms", "forms", true),
            ("forms", "forms-uploaded-files", false),
            ("crm.objects.*.read", "crm.objects.owners.read", true),
            ("crm.objects.*.read", "crm.objects.owners.write", false),
            ("crm.objects.*.read", "crm.objects..read", false),
            (
                "crm.objects.*.read",
                "crm.objects.contacts.sensitive.read",
                false,
            ),
            ("crm.objects.*.read", "crm.schemas.contacts.read", false),
        ] {
            assert_eq!(
                holds_any(&[scope.to_owned()], &[wanted]),
                want,
                "{wanted} {scope}"
            );
        }
    }
}
