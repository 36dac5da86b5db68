//! Connection types and what each lets a person do: one table.
//! Owns the gate (J13–J15); never touches a connection.

use serde::{Deserialize, Serialize};

/// What somebody wants to do with a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Look at status and metadata: every type allows it.
    Explore,
    /// Take configuration out of the portal.
    Import,
    /// Put configuration into the portal.
    Deploy,
    /// Check the portal's configuration and report on it.
    Audit,
}

/// Chosen while adding a portal (J12), changed later from its row (J17).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConnectionType {
    /// Import and deploy; for a portal that receives configuration.
    ConfigOnly,
    /// Everything; for a client's portal under care.
    #[default]
    ConfigAndAudit,
    /// Audit alone, with read access only; for a prospect.
    AuditOnly,
}

impl ConnectionType {
    /// In the order the picker shows them.
    pub const ALL: [Self; 3] = [Self::ConfigAndAudit, Self::ConfigOnly, Self::AuditOnly];

    /// Whether a connection of this type may be used so.
    pub fn allows(self, capability: Capability) -> bool {
        match (self, capability) {
            (_, Capability::Explore)
            | (Self::ConfigAndAudit, _)
            | (Self::ConfigOnly, Capability::Import | Capability::Deploy)
            | (Self::AuditOnly, Capability::Audit) => true,
            (Self::ConfigOnly, Capability::Audit)
            | (Self::AuditOnly, Capability::Import | Capability::Deploy) => false,
        }
    }

    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::ConfigOnly => "Config Only",
            Self::ConfigAndAudit => "Config + Audit",
            Self::AuditOnly => "Audit Only",
        }
    }

    /// Which portal it is for (J16).
    pub fn use_case(self) -> &'static str {
        match self {
            Self::ConfigOnly => {
                "For a destination portal: import and deploy configuration. No audits."
            }
            Self::ConfigAndAudit => {
                "For a client portal under your care: import, deploy and audit."
            }
            Self::AuditOnly => {
                "For a prospect: audit with read access only. Nothing can be changed in the portal."
            }
        }
    }

    /// On the wire and in URLs.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::ConfigOnly => "config_only",
            Self::ConfigAndAudit => "config_and_audit",
            Self::AuditOnly => "audit_only",
        }
    }

    /// The type that is written so on the wire.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.wire_name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J13, J14, J15 in one table.
    #[test]
    fn each_type_allows_what_its_name_says() {
        use Capability::{Audit, Deploy, Explore, Import};
        for (kind, allowed, refused) in [
            (
                ConnectionType::ConfigOnly,
                vec![Explore, Import, Deploy],
                vec![Audit],
            ),
            (
                ConnectionType::ConfigAndAudit,
                vec![Explore, Import, Deploy, Audit],
                vec![],
            ),
            (
                ConnectionType::AuditOnly,
                vec![Explore, Audit],
                vec![Import, Deploy],
            ),
        ] {
            assert!(allowed.iter().all(|c| kind.allows(*c)), "{kind:?}");
            assert!(!refused.iter().any(|c| kind.allows(*c)), "{kind:?}");
        }
    }

    /// J16: the picker tells the three uses apart.
    #[test]
    fn each_type_names_its_portal() {
        for (kind, word) in [
            (ConnectionType::ConfigOnly, "destination portal"),
            (ConnectionType::ConfigAndAudit, "client portal"),
            (ConnectionType::AuditOnly, "prospect"),
        ] {
            assert!(kind.use_case().contains(word), "{kind:?}");
        }
    }

    #[test]
    fn wire_names_match_serde() {
        for kind in ConnectionType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.wire_name());
            assert_eq!(ConnectionType::from_wire(kind.wire_name()), Some(kind));
        }
        assert_eq!(ConnectionType::from_wire("admin"), None);
    }
}
