//! What is picked in the x-ray, as it stands in the address: `f=properties,lists&type=audit_only&portal=4242`.
//! Owns reading and writing; what it does not know it leaves out.

use crate::connection_type::ConnectionType;
use crate::features::Feature;
use crate::ids::PortalId;
use crate::route::decoded;

/// What is picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XRayQuery {
    /// Each once, in the order of [`Feature::ALL`].
    pub features: Vec<Feature>,
    /// What the connection is for.
    pub connection_type: ConnectionType,
    /// The account that the install URL is pinned to (mission, fact 11).
    pub portal: Option<PortalId>,
}

impl XRayQuery {
    /// Reads what stands after the `?`, with or without it.
    pub fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(value) = decoded(value) else {
                continue;
            };
            match name {
                "f" => {
                    let named =
                        |feature: &Feature| value.split(',').any(|slug| slug == feature.slug());
                    parsed.features = Feature::ALL.into_iter().filter(named).collect();
                }
                "type" => {
                    parsed.connection_type = ConnectionType::from_wire(&value).unwrap_or_default();
                }
                "portal" => parsed.portal = value.parse().ok(),
                _ => {}
            }
        }
        parsed
    }

    /// What stands after the path: with its `?`, or nothing where nothing is picked.
    pub fn write(&self) -> String {
        let mut query = String::new();
        let mut push = |name: &str, value: &str| {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(name);
            query.push('=');
            query.push_str(value);
        };
        if !self.features.is_empty() {
            let slugs: Vec<&str> = self.features.iter().map(|feature| feature.slug()).collect();
            push("f", &slugs.join(","));
        }
        if self.connection_type != ConnectionType::default() {
            push("type", self.connection_type.wire_name());
        }
        if let Some(portal) = self.portal {
            push("portal", &portal.to_string());
        }
        query
    }

    /// Whether a feature is picked.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// The same with one feature picked or not.
    #[must_use]
    pub fn toggled(&self, feature: Feature) -> Self {
        let picked = |one: &Feature| self.has(*one) != (*one == feature);
        Self {
            features: Feature::ALL.into_iter().filter(picked).collect(),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picked(slugs: &[&str]) -> Vec<Feature> {
        slugs
            .iter()
            .map(|slug| Feature::from_slug(slug).unwrap())
            .collect()
    }

    /// P7, P3: an address keeps what is picked; what nobody knows is left out.
    #[test]
    fn addresses_keep_what_is_picked() {
        let all = ConnectionType::ConfigAndAudit;
        let audit = ConnectionType::AuditOnly;
        for (query, features, connection_type, portal) in [
            ("", vec![], all, None),
            ("?", vec![], all, None),
            ("?f=", vec![], all, None),
            ("?f=lists,contacts", vec!["contacts", "lists"], all, None),
            ("f=lists%2Ccontacts", vec!["contacts", "lists"], all, None),
            ("?f=lists,lists,unicorns,", vec!["lists"], all, None),
            ("?f=lists&type=audit_only", vec!["lists"], audit, None),
            ("?type=admin&portal=4242", vec![], all, Some(PortalId(4242))),
            ("?portal=0", vec![], all, None),
            ("?portal=-1&f=%zz&x=y&&=", vec![], all, None),
        ] {
            let parsed = XRayQuery::parse(query);
            assert_eq!(parsed.features, picked(&features), "{query}");
            assert_eq!(parsed.connection_type, connection_type, "{query}");
            assert_eq!(parsed.portal, portal, "{query}");
        }
        assert_eq!(XRayQuery::default().write(), "");
        let query = XRayQuery::parse("?portal=1&type=audit_only&f=lists,contacts");
        assert_eq!(query.write(), "?f=contacts,lists&type=audit_only&portal=1");
    }

    #[test]
    fn a_second_toggle_undoes_the_first() {
        let query = XRayQuery::parse("?f=lists,contacts&type=config_only");
        let forms = Feature::from_slug("forms").unwrap();
        let lists = Feature::from_slug("lists").unwrap();
        assert_eq!(
            query.toggled(forms).features,
            picked(&["contacts", "lists", "forms"])
        );
        assert_eq!(query.toggled(lists).features, picked(&["contacts"]));
        assert_eq!(query.toggled(lists).toggled(lists), query);
    }

    proptest! {
        #[test]
        fn every_choice_reads_back(picks in proptest::collection::vec(any::<bool>(), Feature::ALL.len()), kind in 0usize..3, portal in proptest::option::of(1u64..1_000_000_000)) {
            let features = Feature::ALL.into_iter().zip(&picks).filter(|(_, pick)| **pick).map(|(feature, _)| feature).collect();
            let query = XRayQuery { features, connection_type: ConnectionType::ALL[kind], portal: portal.map(PortalId) };
            prop_assert_eq!(XRayQuery::parse(&query.write()), query);
        }

        #[test]
        fn no_query_panics(query in "\\PC{0,60}") {
            let _ = XRayQuery::parse(&query);
        }
    }
}
