//! What does not fit between the minimal sets and the app as it is configured (mission, fact 9).
//! Owns the words: what HubSpot would show, and how to mend it.

use super::{Needed, Standing, XRay};
use crate::connection_type::ConnectionType;
use crate::features::Feature;
use crate::scopes::{Configured, Gate, entry};

/// Kinds of misfit, those that need somebody first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// Needed, and not set on the app.
    NotConfigured,
    /// The app requires what some accounts cannot grant.
    GatedRequired,
    /// The connection type never does this.
    TypeForbids,
    /// The app requires a scope that no picked feature needs.
    RequiredMissing,
    /// Optional would do, and the app requires it.
    Misplaced,
    /// Every account could grant it, and the app has it as optional.
    ConditionallyRequired,
}

/// One misfit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// Which scope; empty for [`FindingKind::TypeForbids`].
    pub scope: String,
    /// The picked features it concerns.
    pub features: Vec<Feature>,
}

impl FindingKind {
    /// In one phrase.
    pub fn title(self) -> &'static str {
        match self {
            Self::NotConfigured => "Not configured on the app",
            Self::GatedRequired => "Required, though not every account has it",
            Self::TypeForbids => "Not part of this connection type",
            Self::RequiredMissing => "Required by the app, needed by nothing picked",
            Self::Misplaced => "Required by the app, optional would do",
            Self::ConditionallyRequired => "Optional on the app, though every account has it",
        }
    }

    /// What HubSpot would show.
    pub fn shows(self) -> &'static str {
        match self {
            Self::NotConfigured => {
                "Asking for it ends on HubSpot's page, which says that the scopes mismatch, without a way back."
            }
            Self::GatedRequired => {
                "An account without it sees an error on HubSpot's page instead of Connect app, and cannot connect at all."
            }
            Self::TypeForbids => "HubSpot shows nothing: Portico never asks.",
            Self::RequiredMissing => {
                "A request without it ends on HubSpot's page, which says that the scopes are insufficient."
            }
            Self::Misplaced => {
                "Asked as optional it ends on HubSpot's page, which says that the scopes mismatch."
            }
            Self::ConditionallyRequired => {
                "Nothing: where it is refused, HubSpot connects without it, and its features stay dark."
            }
        }
    }

    /// How to mend it.
    pub fn fix(self) -> &'static str {
        match self {
            Self::NotConfigured => {
                "Add it to optionalScopes in the app's configuration and upload it. Until then the install URL leaves it out."
            }
            Self::GatedRequired => {
                "Move it from requiredScopes to optionalScopes, so that other accounts can connect without it."
            }
            Self::TypeForbids => {
                "Choose a connection type that allows it, or leave the feature out."
            }
            Self::RequiredMissing => {
                "The install URL names it. To ask for less, move it to optionalScopes in the app's configuration."
            }
            Self::Misplaced => {
                "The install URL names it under scope. To let people refuse it, move it to optionalScopes."
            }
            Self::ConditionallyRequired => {
                "The install URL asks it as optional. To insist on it, list it under requiredScopes or conditionallyRequiredScopes and name it under scope."
            }
        }
    }

    /// Whether the install URL already works around it.
    pub fn is_handled(self) -> bool {
        matches!(
            self,
            Self::RequiredMissing | Self::Misplaced | Self::ConditionallyRequired
        )
    }
}

pub(super) fn findings(
    xray: &XRay,
    picked: &[Feature],
    connection_type: ConnectionType,
    configured: &Configured<'_>,
) -> Vec<Finding> {
    use FindingKind::{
        ConditionallyRequired, GatedRequired, Misplaced, NotConfigured, RequiredMissing,
        TypeForbids,
    };
    let of = |kind, needed: &Needed| Finding {
        kind,
        scope: needed.scope.clone(),
        features: needed.features.clone(),
    };
    let bare = |kind, scope: &String| Finding {
        kind,
        scope: scope.clone(),
        features: vec![],
    };
    let stands = |list: &[Needed], standing, kind| -> Vec<Finding> {
        let those = list.iter().filter(|needed| needed.standing == standing);
        those.map(|needed| of(kind, needed)).collect()
    };
    let mut findings = stands(&xray.required, Standing::NotConfigured, NotConfigured);
    findings.extend(stands(
        &xray.optional,
        Standing::NotConfigured,
        NotConfigured,
    ));
    for scope in configured.required {
        if entry(scope).is_some_and(|entry| entry.gate != Gate::Open) {
            findings.push(bare(GatedRequired, scope));
        }
    }
    let forbidden = |feature: &Feature| !feature.fits(connection_type);
    let forbidden: Vec<Feature> = picked.iter().copied().filter(forbidden).collect();
    if !forbidden.is_empty() {
        findings.push(Finding {
            kind: TypeForbids,
            scope: String::new(),
            features: forbidden,
        });
    }
    for scope in configured.required {
        let mut needed = xray.required.iter().chain(&xray.optional);
        if !needed.any(|needed| needed.scope == *scope) {
            findings.push(bare(RequiredMissing, scope));
        }
    }
    findings.extend(stands(&xray.optional, Standing::Required, Misplaced));
    findings.extend(stands(
        &xray.required,
        Standing::Optional,
        ConditionallyRequired,
    ));
    findings
}
