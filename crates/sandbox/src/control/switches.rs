//! Owns the switches over HTTP: all of [`crate::Switches`] as JSON, durations in milliseconds, changed by name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::state::State;

/// What each switch does, for people.
#[rustfmt::skip]
const ABOUT: &[(&str, &str)] = &[
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
    ("readLagMs", "How long reads still show what stood before a write."),
    ("schemaLagMs", "How long schema reads do not show a new custom object."),
    ("honourDeleteFlags", "validate…BeforeDelete=false deletes pipelines and stages in use on dated paths too."),
    ("appLevelAnswers401", "An installer's bearer at an app-level endpoint gets 401; off: 403."),
    ("v1ClientCredentials", "The v1 token endpoint takes client_credentials."),
    ("badRefreshIsInvalidRequest", "BAD_REFRESH_TOKEN says invalid_request; off: invalid_grant."),
    ("migrationRefusesTokens", "Token calls of a migrating account answer 477 too."),
    ("usageWithoutPrivateApps", "api-usage tells the limit of an account without private apps."),
    ("usageFetchStatus", "fetchStatus of api-usage: SUCCESS, CACHED, FAILURE, NOTFOUND or TIMEOUT."),
    ("urlLimit", "Bytes of path and query from which on a URL is too long: 414."),
    ("searchLagMs", "How long searches do not show what was written."),
    ("requireOnCreate", "A new record must carry its name, stage and, where there are several, pipeline."),
    ("enforcePropertyRules", "A record write must keep the portal's own validation rules."),
    ("strictListSearch", "List search wants listIds, offset and processingTypes."),
    ("codeLifetimeMs", "Life of an authorization code."),
    ("accessTokenLifetimeMs", "Life of an access token."),
    ("tokenLatencyMs", "Extra time before token endpoints answer."),
    ("apiLatencyMs", "Extra time before data endpoints answer."),
    ("iss", "The iss parameter added to every redirect."),
];

/// The same of GitHub's.
#[rustfmt::skip]
const ABOUT_GITHUB: &[(&str, &str)] = &[
    ("mismatchRedirects", "A redirect URI that is not registered redirects to the registered one with redirect_uri_mismatch; off: a page."),
    ("denialRedirects", "Cancel redirects with access_denied; off: a page."),
    ("limitsAnswer429", "A used up hour answers 429; off: 403. GitHub documents both."),
    ("codeLifetimeMs", "Life of an authorization code."),
    ("tokenLifetimeMs", "Life of a user token that expires."),
    ("refreshTokenLifetimeMs", "Life of a refresh token."),
    ("blobLimit", "Largest blob, in bytes."),
    ("treeLimit", "Entries that a recursive tree shows before truncated."),
    ("latencyMs", "Extra time before an answer."),
];

/// All switches by name.
pub(super) fn all(state: &State) -> Map<String, Value> {
    match serde_json::to_value(&state.switches) {
        Ok(Value::Object(map)) => map,
        // A struct of plain values is always an object.
        _ => Map::new(),
    }
}

/// Every switch with its value and its sentence, for people.
pub(super) fn listed(state: &State) -> Vec<(String, Value, &'static str)> {
    told(all(state), ABOUT)
}

/// Every switch of GitHub's in the same way.
pub(super) fn listed_github(state: &State) -> Vec<(String, Value, &'static str)> {
    match github(state) {
        Value::Object(map) => told(map, ABOUT_GITHUB),
        _ => Vec::new(),
    }
}

fn told(
    map: Map<String, Value>,
    sentences: &'static [(&str, &'static str)],
) -> Vec<(String, Value, &'static str)> {
    let about = |name: &str| sentences.iter().find(|(known, _)| *known == name);
    let row = |(name, value): (String, Value)| {
        let about = about(&name).map_or("", |(_, about)| about);
        (name, value, about)
    };
    map.into_iter().map(row).collect()
}

/// Changes the named switches, all or none.
pub(super) fn change(state: &mut State, changes: &Map<String, Value>) -> Result<(), Problem> {
    state.switches = changed(&state.switches, changes)?;
    Ok(())
}

/// GitHub's own switches by name.
pub(super) fn github(state: &State) -> Value {
    serde_json::to_value(&state.github.switches).unwrap_or_default()
}

/// Changes GitHub's switches of these names, all or none.
pub(super) fn change_github(
    state: &mut State,
    changes: &Map<String, Value>,
) -> Result<(), Problem> {
    state.github.switches = changed(&state.github.switches, changes)?;
    Ok(())
}

/// The switches with these changes.
fn changed<T: Serialize + DeserializeOwned>(
    present: &T,
    changes: &Map<String, Value>,
) -> Result<T, Problem> {
    let mut map = serde_json::to_value(present).unwrap_or_default();
    for (name, value) in changes {
        let known = map.as_object_mut().and_then(|map| map.get_mut(name));
        let Some(old) = known else {
            let names = map.as_object().into_iter().flat_map(Map::keys);
            return Err(Problem::new(
                400,
                "unknown-field",
                format!("There is no switch {name:?}."),
            )
            .known(names.map(String::as_str)));
        };
        *old = value.clone();
        // One by one, so that the message names the one that does not fit.
        T::deserialize(&map).map_err(|error| Problem::invalid(format!("{name}: {error}.")))?;
    }
    T::deserialize(&map).map_err(|error| Problem::invalid(error.to_string()))
}

/// A form's text as the value of a switch, by the kind of its present value.
pub(super) fn from_text(present: Option<&Value>, text: &str) -> Value {
    match present {
        Some(Value::Bool(_)) => Value::from(text == "true"),
        Some(Value::Number(_)) => text
            .trim()
            .parse::<u64>()
            .map_or_else(|_| Value::from(text), Value::from),
        _ if text.is_empty() => Value::Null,
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::state::State;

    #[test]
    fn every_switch_has_a_sentence_and_a_name_that_tells_its_unit() {
        let state = State::new(1, Vec::new(), Vec::new());
        let github = super::listed_github(&state);
        assert_eq!(super::ABOUT_GITHUB.len(), github.len());
        for (name, value, about) in super::listed(&state).into_iter().chain(github) {
            assert!(about.ends_with('.'), "{name} needs its sentence in ABOUT");
            assert!(
                !value.is_object(),
                "{name} is no plain value: durations go by `millis`"
            );
            assert!(value.is_number() || !name.ends_with("Ms"), "{name}");
        }
        assert_eq!(
            super::ABOUT.len(),
            super::all(&state).len(),
            "a sentence too many"
        );
    }
}
