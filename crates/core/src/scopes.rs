//! Scopes: what each is for, what a connection type asks, and what a grant still lacks.
//! Owns the catalogue and the checks before a redirect; what is granted always comes from introspection.
//!
//! Source: platform, section 8. For metadata the narrow `crm.schemas.*` scopes are preferred:
//! they open definitions and no records.

mod catalogue;

pub use catalogue::{CATALOGUE, DEFAULT_OPTIONAL, Gate, REQUIRED, ScopeEntry};

use crate::connection_type::{Capability, ConnectionType};
use crate::error::ErrorCode;
use crate::tier::Tier;
use crate::wire::{GrantKind, Intent};

/// What the operator has set on the app.
#[derive(Clone, Copy, Debug)]
pub struct Configured<'a> {
    /// Must stand in `scope` of every authorization request.
    pub required: &'a [String],
    /// May be asked for.
    pub optional: &'a [String],
}

/// A mismatch that HubSpot would show on its own page, without a way back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// HubSpot would say that the scopes are insufficient.
    #[error("the app requires the scope {0}, which is not asked for")]
    RequiredMissing(String),
    /// HubSpot would say that the scopes mismatch.
    #[error("the scope {0} is not configured on the app")]
    NotConfigured(String),
}

impl ScopeFault {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::RequiredMissing(_) => ErrorCode::ScopeRequiredMissing,
            Self::NotConfigured(_) => ErrorCode::ScopeNotConfigured,
        }
    }
}

/// Checks an authorization request against the app before any redirect (mission, fact 9).
pub fn lint(
    configured: &Configured<'_>,
    scope: &[String],
    optional_scope: &[String],
) -> Result<(), ScopeFault> {
    for required in configured.required {
        if !scope.contains(required) {
            return Err(ScopeFault::RequiredMissing(required.clone()));
        }
    }
    for asked in scope.iter().chain(optional_scope) {
        if !configured.required.contains(asked) && !configured.optional.contains(asked) {
            return Err(ScopeFault::NotConfigured(asked.clone()));
        }
    }
    // HubSpot calls an optional scope that is also required misplaced.
    match optional_scope
        .iter()
        .find(|asked| configured.required.contains(*asked))
    {
        Some(misplaced) => Err(ScopeFault::NotConfigured(misplaced.clone())),
        None => Ok(()),
    }
}

/// `scope` and `optional_scope` of an authorization request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Must all be granted.
    pub scope: Vec<String>,
    /// Dropped by HubSpot where the account or person lacks them.
    pub optional_scope: Vec<String>,
}

/// What a new connection of this type asks: exactly the documented scopes (D7), as far as the app has them.
pub fn asked_for(connection_type: ConnectionType, configured: &Configured<'_>) -> Asked {
    let wanted = |scope: &String| match entry(scope) {
        Some(entry) => entry.wanted_by(connection_type),
        // Set on the app by the operator for a reason we do not know: never asked on our own account.
        None => false,
    };
    Asked {
        scope: configured.required.to_vec(),
        optional_scope: configured
            .optional
            .iter()
            .filter(|scope| wanted(scope))
            .cloned()
            .collect(),
    }
}

/// A reconnect asks exactly what is already granted, so that a non-admin can do it (P5).
///
/// Scopes the app no longer has are left out, for HubSpot would refuse the page.
pub fn asked_again(granted: &[String], configured: &Configured<'_>) -> Asked {
    Asked {
        scope: configured.required.to_vec(),
        optional_scope: granted
            .iter()
            .filter(|scope| {
                configured.optional.contains(scope) && !configured.required.contains(scope)
            })
            .cloned()
            .collect(),
    }
}

/// An upgrade asks what is granted and, on top of it, all that the connection's type wants of the app's optional
/// scopes (D56, D68): accepting all of them clears every note of a missing permission.
pub fn asked_more(
    connection_type: ConnectionType,
    granted: &[String],
    configured: &Configured<'_>,
) -> Asked {
    let mut asked = asked_again(granted, configured);
    for scope in asked_for(connection_type, configured).optional_scope {
        if !asked.optional_scope.contains(&scope) && !asked.scope.contains(&scope) {
            asked.optional_scope.push(scope);
        }
    }
    asked
}

/// What a flow of this intent asks (design, section 3); `granted` is the known connection's.
pub fn asked_by(
    intent: Intent,
    connection_type: ConnectionType,
    granted: &[String],
    configured: &Configured<'_>,
) -> Asked {
    match intent {
        Intent::Connect => asked_for(connection_type, configured),
        Intent::Reconnect => asked_again(granted, configured),
        Intent::Upgrade => asked_more(connection_type, granted, configured),
    }
}

/// What a grant of this kind must hold: `oauth` tells of an installed app, so a static credential need not name it.
pub fn required_of(kind: GrantKind, required: &[String]) -> Vec<String> {
    required
        .iter()
        .filter(|scope| kind == GrantKind::Oauth || *scope != "oauth")
        .cloned()
        .collect()
}

/// Required scopes that a grant does not hold.
pub fn lacking<'a>(required: &'a [String], granted: &[String]) -> Vec<&'a str> {
    required
        .iter()
        .filter(|scope| !granted.contains(scope))
        .map(String::as_str)
        .collect()
}

/// Scopes that were asked for and not granted (D52, D55).
pub fn denied<'a>(asked: &'a [String], granted: &[String]) -> Vec<&'a str> {
    lacking(asked, granted)
}

/// Denied scopes that an account of this tier could have granted: only these limit a connection,
/// for the others nobody can do anything about without another plan.
pub fn refused<'a>(asked: &'a [String], granted: &[String], tier: Tier) -> Vec<&'a str> {
    let shut_out = |scope: &str| entry(scope).is_some_and(|entry| entry.gate.may_shut_out(tier));
    denied(asked, granted)
        .into_iter()
        .filter(|scope| !shut_out(scope))
        .collect()
}

/// The catalogue's row for a scope.
pub fn entry(scope: &str) -> Option<&'static ScopeEntry> {
    CATALOGUE.iter().find(|entry| entry.scope == scope)
}

impl ScopeEntry {
    /// Whether a new connection of this type asks for it.
    pub fn wanted_by(&self, connection_type: ConnectionType) -> bool {
        !self.writes || connection_type.allows(Capability::Deploy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_types::{CUSTOM_ANY_OF, STANDARD};
    use proptest::prelude::*;

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// AR-5: both of HubSpot's scope errors are found before the redirect.
    #[test]
    fn a_mismatch_is_named_before_the_redirect() {
        let required = owned(&["oauth", "crm.schemas.deals.read"]);
        let optional = owned(&["automation", "forms"]);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let missing = |scope: &str| Err(ScopeFault::RequiredMissing(scope.into()));
        let foreign = |scope: &str| Err(ScopeFault::NotConfigured(scope.into()));
        for (case, scope, optional_scope, want) in [
            (
                "all is well",
                vec!["oauth", "crm.schemas.deals.read"],
                vec!["forms"],
                Ok(()),
            ),
            (
                "conditionally required",
                vec!["oauth", "crm.schemas.deals.read", "forms"],
                vec![],
                Ok(()),
            ),
            (
                "required left out",
                vec!["oauth"],
                vec!["crm.schemas.deals.read"],
                missing("crm.schemas.deals.read"),
            ),
            ("nothing asked", vec![], vec![], missing("oauth")),
            (
                "foreign scope",
                vec!["oauth", "crm.schemas.deals.read", "tickets"],
                vec![],
                foreign("tickets"),
            ),
            (
                "foreign optional",
                vec!["oauth", "crm.schemas.deals.read"],
                vec!["tickets"],
                foreign("tickets"),
            ),
            (
                "required as optional too",
                vec!["oauth", "crm.schemas.deals.read"],
                vec!["oauth"],
                foreign("oauth"),
            ),
        ] {
            assert_eq!(
                lint(&configured, &owned(&scope), &owned(&optional_scope)),
                want,
                "{case}"
            );
        }
    }

    /// D7: custom objects and schemas read and write, contact and deal schemas, automation, forms.
    #[test]
    fn the_documented_scopes_are_asked() {
        let required = owned(REQUIRED);
        let optional = owned(DEFAULT_OPTIONAL);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let asked = asked_for(ConnectionType::ConfigAndAudit, &configured);
        let all: Vec<&String> = asked.scope.iter().chain(&asked.optional_scope).collect();
        for scope in [
            "crm.objects.custom.read",
            "crm.objects.custom.write",
            "crm.schemas.custom.read",
            "crm.schemas.custom.write",
            "crm.schemas.contacts.read",
            "crm.schemas.deals.read",
            "automation",
            "forms",
        ] {
            assert!(all.iter().any(|asked| *asked == scope), "{scope}");
        }
        assert_eq!(
            lint(&configured, &asked.scope, &asked.optional_scope),
            Ok(())
        );
    }

    /// J15, J16: a prospect is never asked for write access.
    #[test]
    fn audit_only_asks_for_no_write_scope() {
        let required = owned(REQUIRED);
        let optional = owned(DEFAULT_OPTIONAL);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        let asked = asked_for(ConnectionType::AuditOnly, &configured);
        for scope in asked.scope.iter().chain(&asked.optional_scope) {
            assert!(!scope.contains("write"), "{scope}");
        }
        assert!(
            asked.optional_scope.len()
                < asked_for(ConnectionType::ConfigOnly, &configured)
                    .optional_scope
                    .len()
        );
    }

    #[test]
    fn the_catalogue_covers_what_the_explorer_needs() {
        let known = |scope: &&str| entry(scope).is_some();
        assert!(REQUIRED.iter().all(known) && DEFAULT_OPTIONAL.iter().all(known));
        assert!(CUSTOM_ANY_OF.iter().any(known));
        for kind in STANDARD {
            assert!(kind.any_of.iter().any(known), "{}", kind.name);
        }
        for scope in REQUIRED {
            assert!(!DEFAULT_OPTIONAL.contains(scope), "{scope} is both");
        }
    }

    /// D56, D68: an upgrade keeps what is granted, names the new ones last, and never asks a prospect for write access.
    #[test]
    fn an_upgrade_asks_for_all_that_the_type_wants() {
        let required = owned(&["oauth"]);
        let optional = owned(&[
            "forms",
            "automation",
            "crm.objects.custom.write",
            "own.scope",
        ]);
        let configured = Configured {
            required: &required,
            optional: &optional,
        };
        for (kind, granted, want) in [
            (
                ConnectionType::ConfigAndAudit,
                vec!["oauth", "automation"],
                vec!["automation", "forms", "crm.objects.custom.write"],
            ),
            (
                ConnectionType::AuditOnly,
                vec!["oauth"],
                vec!["forms", "automation"],
            ),
            // What was granted once and is still set up stays asked, whatever the type wants.
            (
                ConnectionType::AuditOnly,
                vec!["own.scope", "crm.objects.custom.write", "taken.off"],
                vec![
                    "own.scope",
                    "crm.objects.custom.write",
                    "forms",
                    "automation",
                ],
            ),
        ] {
            let granted = owned(&granted);
            let asked = asked_by(Intent::Upgrade, kind, &granted, &configured);
            assert_eq!(asked.optional_scope, want, "{kind:?} {granted:?}");
            assert_eq!(
                asked_by(Intent::Reconnect, kind, &granted, &configured),
                asked_again(&granted, &configured)
            );
            assert_eq!(
                asked_by(Intent::Connect, kind, &granted, &configured),
                asked_for(kind, &configured)
            );
            assert_eq!(
                lint(&configured, &asked.scope, &asked.optional_scope),
                Ok(())
            );
        }
    }

    /// B15: a static credential needs the same scopes, but for the one that only an installed app has.
    #[test]
    fn a_static_credential_needs_all_but_oauth() {
        let required = owned(&["oauth", "crm.schemas.deals.read"]);
        assert_eq!(required_of(GrantKind::Oauth, &required), required);
        assert_eq!(
            required_of(GrantKind::Static, &required),
            ["crm.schemas.deals.read"]
        );
    }

    #[test]
    fn lacking_and_denied_name_scopes() {
        let granted = owned(&["oauth", "forms"]);
        assert_eq!(
            lacking(&owned(&["oauth", "tickets"]), &granted),
            ["tickets"]
        );
        assert_eq!(
            denied(&owned(&["forms", "automation"]), &granted),
            ["automation"]
        );
    }

    /// D52, J9: a Free portal that lacks an Enterprise scope is whole; one that refused forms is not.
    #[test]
    fn only_what_the_account_could_grant_counts_as_refused() {
        let asked = owned(&[
            "forms",
            "automation",
            "crm.schemas.custom.read",
            "crm.objects.leads.read",
        ]);
        for (tier, want) in [
            (Tier::FreeOrStarter, vec!["forms"]),
            (Tier::Unknown, vec!["forms"]),
            (Tier::Professional, vec!["forms", "automation"]),
            (
                Tier::Enterprise,
                vec!["forms", "automation", "crm.schemas.custom.read"],
            ),
        ] {
            assert_eq!(refused(&asked, &[], tier), want, "{tier:?}");
        }
    }

    proptest! {
        /// P5: a reconnect always passes the lint and never asks for more than was granted.
        #[test]
        fn a_reconnect_never_grows(picks in proptest::collection::vec(any::<bool>(), 60), drop in 0usize..60) {
            let required = owned(REQUIRED);
            let mut optional = owned(DEFAULT_OPTIONAL);
            let granted: Vec<String> = optional.iter().zip(&picks).filter(|(_, pick)| **pick)
                .map(|(scope, _)| scope.clone()).chain(required.clone()).collect();
            // The operator has since taken a scope off the app.
            if drop < optional.len() { optional.remove(drop); }
            let configured = Configured { required: &required, optional: &optional };
            let asked = asked_again(&granted, &configured);
            prop_assert_eq!(lint(&configured, &asked.scope, &asked.optional_scope), Ok(()));
            prop_assert!(asked.scope.iter().chain(&asked.optional_scope).all(|scope| granted.contains(scope)));
        }
    }
}
