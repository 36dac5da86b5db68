//! What a connection can light up, and the scopes each of these needs.
//! Owns the list of features; its scopes come from the tables of object types, kinds and scopes.
//!

use crate::connection_type::{Capability, ConnectionType};
use crate::object_types::{ObjectType, STANDARD};
use crate::retrieval::{Kind, holds_any, scope_fits};
use crate::scopes::{CATALOGUE, Gate, REQUIRED};

/// One thing that a HubSpot connection can light up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Properties, groups and pipelines of one standard object type: the kinds by object type, per type.
    ObjectType(&'static ObjectType),
    /// A kind of metadata that is not by object type.
    Kind(Kind),
    /// Something a connection type may allow; never [`Capability::Explore`], which is the two above.
    Capability(Capability),
}

/// Scopes that open a feature: every one of `all_of`, and, where `any_of` is not empty, one of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// None may be missing.
    pub all_of: &'static [&'static str],
    /// One is enough; `*` stands for one name without dots.
    pub any_of: &'static [&'static str],
}

const CAPABILITIES: [Capability; 3] = [Capability::Import, Capability::Deploy, Capability::Audit];
const FEATURES: usize = STANDARD.len() + Kind::ALL.len() - BY_OBJECT_TYPE + CAPABILITIES.len();
/// Kinds that [`Feature::ObjectType`] stands for.
const BY_OBJECT_TYPE: usize = {
    let (mut count, mut at) = (0, 0);
    while at < Kind::ALL.len() {
        count += Kind::ALL[at].by_object_type() as usize;
        at += 1;
    }
    count
};

/// Every scope of the catalogue that lets Portico change something: what deploying needs.
static WRITES: [&str; writes()] = {
    let mut scopes = [""; writes()];
    let (mut count, mut at) = (0, 0);
    while at < CATALOGUE.len() {
        if CATALOGUE[at].writes {
            scopes[count] = CATALOGUE[at].scope;
            count += 1;
        }
        at += 1;
    }
    scopes
};

const fn writes() -> usize {
    let (mut count, mut at) = (0, 0);
    while at < CATALOGUE.len() {
        count += CATALOGUE[at].writes as usize;
        at += 1;
    }
    count
}

const fn all() -> [Feature; FEATURES] {
    let mut features = [Feature::Capability(Capability::Audit); FEATURES];
    let (mut count, mut at) = (0, 0);
    while at < STANDARD.len() {
        features[count] = Feature::ObjectType(&STANDARD[at]);
        count += 1;
        at += 1;
    }
    at = 0;
    while at < Kind::ALL.len() {
        if !Kind::ALL[at].by_object_type() {
            features[count] = Feature::Kind(Kind::ALL[at]);
            count += 1;
        }
        at += 1;
    }
    at = 0;
    while at < CAPABILITIES.len() {
        features[count] = Feature::Capability(CAPABILITIES[at]);
        count += 1;
        at += 1;
    }
    features
}

impl Feature {
    /// Every feature: object types, kinds of metadata, then what can be done with them.
    pub const ALL: [Self; FEATURES] = all();

    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::ObjectType(kind) => kind.title,
            Self::Kind(kind) => kind.title(),
            Self::Capability(Capability::Explore) => "Explore",
            Self::Capability(Capability::Import) => "Import",
            // The catalogue's writing scopes are those of custom objects.
            Self::Capability(Capability::Deploy) => "Deploy custom objects",
            Self::Capability(Capability::Audit) => "Audit",
        }
    }

    /// One sentence for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::ObjectType(kind) if kind.pipelines => "Properties, groups and pipelines.",
            Self::ObjectType(_) => "Properties and groups.",
            Self::Kind(kind) => kind.description(),
            Self::Capability(Capability::Explore) => "Look at status and metadata.",
            Self::Capability(Capability::Import) => "Take configuration out of the portal.",
            Self::Capability(Capability::Deploy) => "Put custom objects into the portal.",
            Self::Capability(Capability::Audit) => "Check the portal's configuration.",
        }
    }

    /// In addresses; unique among [`Feature::ALL`].
    pub fn slug(self) -> &'static str {
        match self {
            Self::ObjectType(kind) => kind.name,
            Self::Kind(kind) => kind.slug(),
            Self::Capability(Capability::Explore) => "explore",
            Self::Capability(Capability::Import) => "import",
            Self::Capability(Capability::Deploy) => "deploy",
            Self::Capability(Capability::Audit) => "audit",
        }
    }

    /// The feature that is written so in an address.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.slug() == slug)
    }

    /// The scopes that open it.
    pub fn scopes(self) -> Requirement {
        let any_of = |any_of| Requirement {
            all_of: &[],
            any_of,
        };
        let all_of = |all_of| Requirement {
            all_of,
            any_of: &[],
        };
        match self {
            Self::ObjectType(kind) => any_of(kind.any_of),
            Self::Kind(kind) => any_of(kind.any_of()),
            Self::Capability(Capability::Deploy) => all_of(&WRITES),
            Self::Capability(_) => all_of(REQUIRED),
        }
    }

    /// Whether a connection of this type is for it at all.
    pub fn fits(self, connection_type: ConnectionType) -> bool {
        match self {
            Self::ObjectType(_) | Self::Kind(_) => true,
            Self::Capability(capability) => connection_type.allows(capability),
        }
    }
}

impl Requirement {
    /// Whether these scopes open it.
    pub fn held_by(&self, granted: &[String]) -> bool {
        let any = self.any_of.is_empty() || holds_any(granted, self.any_of);
        any && self
            .all_of
            .iter()
            .all(|scope| granted.iter().any(|held| held == scope))
    }

    /// Whether this scope is one of those that open it.
    pub fn names(&self, scope: &str) -> bool {
        let any_of = |wanted: &&str| scope_fits(wanted, scope);
        self.all_of.contains(&scope) || self.any_of.iter().any(any_of)
    }

    /// The scopes of `any_of` that the catalogue knows: those that every account can grant first, then in the order
    /// of `any_of`, narrower ones before wider ones.
    pub fn alternatives(&self) -> Vec<&'static str> {
        let mut known = vec![];
        for open in [true, false] {
            for wanted in self.any_of {
                for entry in CATALOGUE {
                    if (entry.gate == Gate::Open) == open && scope_fits(wanted, entry.scope) {
                        known.push(entry.scope);
                    }
                }
            }
        }
        known
    }

    /// What to ask for so that it opens: all that is lacking of `all_of`, and the best of `any_of`, if none is held.
    pub fn lacking(&self, granted: &[String]) -> Vec<&'static str> {
        let mut lacking: Vec<&'static str> = vec![];
        for scope in self.all_of {
            if !granted.iter().any(|held| held == scope) {
                lacking.push(scope);
            }
        }
        if !self.any_of.is_empty() && !holds_any(granted, self.any_of) {
            lacking.extend(self.alternatives().first());
        }
        lacking
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes::{DEFAULT_OPTIONAL, entry};
    use std::collections::BTreeSet;

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// D57, P7: each feature once, named, found again by its address, and opened by scopes that the catalogue knows.
    #[test]
    fn every_feature_is_named_once_and_can_be_opened() {
        let mut slugs = BTreeSet::new();
        for feature in Feature::ALL {
            assert!(slugs.insert(feature.slug()), "{} twice", feature.slug());
            assert_eq!(Feature::from_slug(feature.slug()), Some(feature));
            assert!(!feature.title().is_empty() && feature.description().ends_with('.'));
            let lacking = feature.scopes().lacking(&[]);
            assert!(!lacking.is_empty(), "{}", feature.title());
            assert!(
                lacking.iter().all(|scope| entry(scope).is_some()),
                "{}: {lacking:?}",
                feature.title()
            );
            assert!(!feature.scopes().held_by(&[]), "{}", feature.title());
            assert!(
                feature.scopes().held_by(&owned(&lacking)),
                "{}",
                feature.title()
            );
        }
        assert_eq!(Feature::from_slug("explore"), None);
        assert_eq!(Feature::ALL.len(), STANDARD.len() + 13 + 3);
    }

    /// D57, S8: no scope is asked without something that it opens; `oauth` is what import and audit rest on.
    #[test]
    fn every_scope_of_the_catalogue_opens_something() {
        for scope in REQUIRED.iter().chain(DEFAULT_OPTIONAL) {
            let opens = |feature: &Feature| feature.scopes().names(scope);
            assert!(Feature::ALL.iter().any(opens), "{scope}");
        }
    }

    /// P7: the minimal set names one scope where one of several is enough.
    #[test]
    fn one_of_several_is_enough_and_the_narrowest_is_asked() {
        for (slug, granted, want) in [
            ("contacts", vec!["crm.objects.contacts.read"], vec![]),
            ("contacts", vec![], vec!["crm.schemas.contacts.read"]),
            ("users", vec!["crm.objects.users.read"], vec![]),
            ("limits", vec![], vec!["crm.objects.owners.read"]),
            ("limits", vec!["crm.objects.contacts.read"], vec![]),
            (
                "limits",
                vec!["crm.schemas.contacts.read"],
                vec!["crm.objects.owners.read"],
            ),
            ("object-schemas", vec![], vec!["crm.schemas.custom.read"]),
            (
                "deploy",
                vec!["crm.schemas.custom.write"],
                vec!["crm.objects.custom.write"],
            ),
            ("audit", REQUIRED.to_vec(), vec![]),
        ] {
            let requirement = Feature::from_slug(slug).unwrap().scopes();
            let granted = owned(&granted);
            assert_eq!(
                requirement.lacking(&granted),
                want,
                "{slug} with {granted:?}"
            );
            assert_eq!(requirement.held_by(&granted), want.is_empty(), "{slug}");
        }
    }

    /// J13–J15: what a type never allowed is no feature of its connections.
    #[test]
    fn the_type_says_what_a_connection_is_for() {
        for (slug, fits) in [
            ("contacts", [true, true, true]),
            ("limits", [true, true, true]),
            ("import", [true, true, false]),
            ("deploy", [true, true, false]),
            ("audit", [true, false, true]),
        ] {
            let feature = Feature::from_slug(slug).unwrap();
            let got = ConnectionType::ALL.map(|kind| feature.fits(kind));
            assert_eq!(got, fits, "{slug}");
        }
    }
}
