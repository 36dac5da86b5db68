//! Owns the switches over HTTP: all of [`Switches`] as JSON, durations in milliseconds, changed by name.

use serde_json::{Map, Value};

use super::problem::Problem;
use crate::state::{State, Switches};

/// What each switch does, for people.
#[rustfmt::skip]
pub(super) const ABOUT: &[(&str, &str)] = &[
    ("denialRedirects", "Cancel on the consent page returns to the app with access_denied; off: a page, no redirect."),
    ("denialDescription", "Replaces error_description of a denial."),
    ("ignorePkce", "Accept any code verifier."),
    ("rotateRefreshTokens", "A refresh answers with a new refresh token and kills the old one."),
    ("reinstallKillsRefreshTokens", "Connecting again kills the portal's earlier refresh tokens."),
    ("refuseRefreshOnScopeLag", "A refresh answers BAD_SCOPES while the grant lacks a scope that the app requires."),
    ("consentCoop", "Send Cross-Origin-Opener-Policy on authorize pages."),
    ("ipRedirectUris", "Accept redirect URIs that name an IP address."),
    ("awkwardCodes", "Codes hold characters that must be escaped."),
    ("sensitiveScopeSuffix", "Show sensitive-data scopes in tokens with the suffix .v2."),
    ("batchReadStandardSchemas", "schemas/batch/read accepts standard types."),
    ("codeLifetimeMs", "Life of an authorization code."),
    ("accessTokenLifetimeMs", "Life of an access token."),
    ("tokenLatencyMs", "Extra time before token endpoints answer."),
    ("apiLatencyMs", "Extra time before data endpoints answer."),
    ("iss", "The iss parameter added to every redirect."),
];

/// All switches by name.
pub(super) fn all(state: &State) -> Map<String, Value> {
    match serde_json::to_value(&state.switches) {
        Ok(Value::Object(map)) => map,
        // A struct of plain values is always an object.
        _ => Map::new(),
    }
}

/// The sentence of a switch; empty for one without.
pub(super) fn about(name: &str) -> &'static str {
    ABOUT
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, about)| about)
}

/// Changes the named switches, all or none.
pub(super) fn change(state: &mut State, changes: &Map<String, Value>) -> Result<(), Problem> {
    let mut map = all(state);
    for (name, value) in changes {
        let Some(old) = map.get_mut(name) else {
            return Err(Problem::new(
                400,
                "unknown-field",
                format!("There is no switch {name:?}."),
            )
            .known(all(state).keys().map(String::as_str)));
        };
        *old = value.clone();
        // One by one, so that the message names the one that does not fit.
        serde_json::from_value::<Switches>(Value::Object(map.clone()))
            .map_err(|error| Problem::invalid(format!("{name}: {error}.")))?;
    }
    state.switches = serde_json::from_value(Value::Object(map))
        .map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(())
}

/// A form's text as the value of a switch, by the kind of its present value.
pub(super) fn from_text(state: &State, name: &str, text: &str) -> Value {
    match all(state).get(name) {
        Some(Value::Bool(_)) => Value::from(text == "true"),
        Some(Value::Number(_)) => text
            .trim()
            .parse::<u64>()
            .map_or_else(|_| Value::from(text), Value::from),
        _ if text.is_empty() => Value::Null,
        _ => Value::from(text),
    }
}
