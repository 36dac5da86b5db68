//! The scope x-ray: which scopes a choice of features needs, what HubSpot would object to, and what a refusal costs (P7).
//! Owns the minimal sets and their checks; what is really granted always comes from introspection.

mod finding;
mod manifest;
mod query;
mod reference;

pub use finding::{Finding, FindingKind};
pub use manifest::app_hsmeta;
pub use query::XRayQuery;
pub use reference::{Area, ScopeRow, reference};

use crate::connection_type::ConnectionType;
use crate::features::{Feature, Requirement};
use crate::scopes::{Asked, Configured, Gate, REQUIRED, entry};

/// How a scope stands on the operator's app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every authorization request must name it.
    Required,
    /// May be asked for, and may be refused.
    Optional,
    /// Asking for it ends on HubSpot's page.
    NotConfigured,
}

impl Standing {
    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Required => "Required",
            Self::Optional => "Optional",
            Self::NotConfigured => "Not configured",
        }
    }
}

impl Configured<'_> {
    /// How a scope stands; what is set twice is required, as HubSpot reads it.
    pub fn standing(&self, scope: &str) -> Standing {
        let holds = |scopes: &[String]| scopes.iter().any(|held| held == scope);
        if holds(self.required) {
            Standing::Required
        } else if holds(self.optional) {
            Standing::Optional
        } else {
            Standing::NotConfigured
        }
    }
}

/// One scope of a minimal set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// HubSpot's name.
    pub scope: String,
    /// Why, for people (S8).
    pub reason: &'static str,
    /// The picked features that it opens, in their order.
    pub features: Vec<Feature>,
    /// What an account must have to grant it.
    pub gate: Gate,
    /// How it stands on the app.
    pub standing: Standing,
}

/// What a choice of features comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XRay {
    /// What an app for these features alone must require: as little as can be, for a refusal is no connection.
    pub required: Vec<Needed>,
    /// What it asks beside that; each may be refused alone.
    pub optional: Vec<Needed>,
    /// Where the minimal sets and the configured app do not fit.
    pub findings: Vec<Finding>,
    /// What the install URL asks: passes the lint whatever the app.
    pub asked: Asked,
    /// For each scope of the optional set: the features that go dark when it is refused. Never empty ones.
    pub dark: Vec<(String, Vec<Feature>)>,
    /// What an account must have, with the features that need it.
    pub gates: Vec<(Gate, Vec<Feature>)>,
    /// On the app, and needed by nothing that was picked.
    pub spare: Vec<String>,
}

/// Looks through a choice of features.
pub fn look(
    picked: &[Feature],
    connection_type: ConnectionType,
    configured: &Configured<'_>,
) -> XRay {
    let fitting: Vec<Feature> = picked
        .iter()
        .copied()
        .filter(|feature| feature.fits(connection_type))
        .collect();
    let scopes = minimal(&fitting, configured);
    let mut xray = XRay::default();
    for scope in &scopes {
        let needed = needed(scope, &fitting, configured);
        if needed.gate != Gate::Open {
            note_gate(&mut xray.gates, &needed);
        }
        if REQUIRED.contains(&scope.as_str()) {
            xray.required.push(needed);
        } else {
            let refused = dark_without(scope, &scopes, &fitting, configured);
            xray.dark.push((scope.clone(), refused));
            xray.optional.push(needed);
        }
    }
    // Nobody can refuse what every request of this app must name.
    xray.dark
        .retain(|(scope, _)| configured.standing(scope) != Standing::Required);
    xray.findings = finding::findings(&xray, picked, connection_type, configured);
    let spare = |scope: &&String| !scopes.contains(scope);
    let (required, optional) = (configured.required.iter(), configured.optional.iter());
    xray.spare = required.chain(optional).filter(spare).cloned().collect();
    xray.asked = asked(&scopes, configured);
    xray
}

/// A set of which no scope can be left out without a feature going dark; `oauth` stands in every one.
///
/// What the app requires anyway is taken before anything else, so that nothing is asked twice over.
fn minimal(features: &[Feature], configured: &Configured<'_>) -> Vec<String> {
    let requirements: Vec<Requirement> = features.iter().map(|feature| feature.scopes()).collect();
    // First what is lacking beside the app's required scopes.
    let given = configured.required.len();
    let mut held = configured.required.to_vec();
    for requirement in &requirements {
        let lacking = best_lacking(requirement, &held, configured);
        held.extend(lacking);
    }
    prune(&mut held, given, &requirements);
    let mut scopes = held.split_off(given);
    // Then those of the app's required scopes that are needed at all.
    let own = scopes.len();
    for requirement in &requirements {
        for scope in requirement.all_of {
            push_new(&mut scopes, scope);
        }
        if !requirement.held_by(&scopes) {
            // Its alternatives are held by the required scopes, or they would stand in the set already.
            let fit = configured
                .required
                .iter()
                .find(|scope| requirement.names(scope));
            scopes.extend(fit.cloned());
        }
    }
    prune(&mut scopes, own, &requirements);
    if !scopes.iter().any(|scope| scope == "oauth") {
        scopes.push("oauth".to_owned());
    }
    in_catalogue_order(scopes)
}

/// What to add so that a feature opens: the app's own scopes before others.
fn best_lacking(
    requirement: &Requirement,
    held: &[String],
    configured: &Configured<'_>,
) -> Vec<String> {
    let mut lacking: Vec<String> = vec![];
    for scope in requirement.all_of {
        if !held.iter().any(|held| held == scope) {
            lacking.push((*scope).to_owned());
        }
    }
    let any_of = Requirement {
        all_of: &[],
        ..*requirement
    };
    if !any_of.held_by(held) {
        let known = requirement.alternatives();
        let on_app = |scope: &&&str| configured.standing(scope) != Standing::NotConfigured;
        let foreign = configured
            .optional
            .iter()
            .find(|scope| requirement.names(scope));
        let best = known.iter().find(on_app).map(|scope| (*scope).to_owned());
        let best = best.or_else(|| foreign.cloned());
        lacking.extend(best.or_else(|| known.first().map(|scope| (*scope).to_owned())));
    }
    lacking
}

/// Takes out, from the last back to `from`, each scope without which all features stay lit.
fn prune(scopes: &mut Vec<String>, from: usize, requirements: &[Requirement]) {
    for at in (from..scopes.len()).rev() {
        let scope = scopes.remove(at);
        if requirements.iter().any(|one| !one.held_by(scopes)) {
            scopes.insert(at, scope);
        }
    }
}

fn push_new(scopes: &mut Vec<String>, scope: &str) {
    if !scopes.iter().any(|held| held == scope) {
        scopes.push(scope.to_owned());
    }
}

/// As in the catalogue, so that the same set always reads the same; unknown ones last.
fn in_catalogue_order(mut scopes: Vec<String>) -> Vec<String> {
    let mut ordered = Vec::with_capacity(scopes.len());
    for entry in crate::scopes::CATALOGUE {
        if let Some(at) = scopes.iter().position(|scope| scope == entry.scope) {
            ordered.push(scopes.remove(at));
        }
    }
    ordered.append(&mut scopes);
    ordered
}

fn needed(scope: &str, features: &[Feature], configured: &Configured<'_>) -> Needed {
    let known = entry(scope);
    // Every call is made for an installed app, so every feature rests on `oauth`.
    let opens = |feature: &Feature| scope == "oauth" || feature.scopes().names(scope);
    Needed {
        scope: scope.to_owned(),
        reason: known.map_or(reference::SET_BY_THE_OPERATOR, |entry| entry.reason),
        features: features.iter().copied().filter(opens).collect(),
        gate: known.map_or(Gate::Open, |entry| entry.gate),
        standing: configured.standing(scope),
    }
}

fn dark_without(
    refused: &str,
    scopes: &[String],
    features: &[Feature],
    configured: &Configured<'_>,
) -> Vec<Feature> {
    let granted: Vec<String> = configured
        .required
        .iter()
        .chain(scopes)
        .filter(|scope| *scope != refused)
        .cloned()
        .collect();
    let dark = |feature: &Feature| !feature.scopes().held_by(&granted);
    features.iter().copied().filter(dark).collect()
}

fn note_gate(gates: &mut Vec<(Gate, Vec<Feature>)>, needed: &Needed) {
    let at = gates.iter().position(|(gate, _)| *gate == needed.gate);
    let at = at.unwrap_or_else(|| {
        gates.push((needed.gate, vec![]));
        gates.len() - 1
    });
    if let Some((_, features)) = gates.get_mut(at) {
        for feature in &needed.features {
            if !features.contains(feature) {
                features.push(*feature);
            }
        }
    }
}

/// All that the app requires, and of the rest what it may ask: whatever is picked, HubSpot has nothing to object to.
fn asked(scopes: &[String], configured: &Configured<'_>) -> Asked {
    let optional = |scope: &&String| configured.standing(scope) == Standing::Optional;
    let mut asked = Asked {
        scope: configured.required.to_vec(),
        optional_scope: scopes.iter().filter(optional).cloned().collect(),
    };
    // HubSpot asks for a `scope`; the one that every app has is named there even where it is set as optional.
    if let Some(at) = asked
        .optional_scope
        .iter()
        .position(|scope| scope == "oauth")
    {
        let oauth = asked.optional_scope.remove(at);
        asked.scope.insert(0, oauth);
    }
    asked
}

#[cfg(test)]
mod tests;
