//! Owns the making of codes and tokens, and the order of granted scopes. Decides nothing about who may have them.

use crate::credentials::DeveloperToken;
use crate::scopes;
use crate::state::{AccessToken, Code, Holder, RefreshToken, State};
use crate::time::DAY;

/// Granted scopes as one stable list: the catalogue's order, then unknown ones by name, each once.
pub(crate) fn ordered(granted: impl IntoIterator<Item = String>) -> Vec<String> {
    let position = |name: &str| {
        scopes::CATALOGUE
            .iter()
            .position(|scope| scope.name == name)
            .unwrap_or(usize::MAX)
    };
    let mut list: Vec<String> = granted.into_iter().collect();
    list.sort_by(|a, b| position(a).cmp(&position(b)).then_with(|| a.cmp(b)));
    list.dedup();
    list
}

/// Scopes as tokens show them: sensitive-data scopes with HubSpot's `.v2` suffix (platform 8.3).
pub(crate) fn shown(state: &State, granted: &[String]) -> Vec<String> {
    let suffixed = state.switches.sensitive_scope_suffix;
    granted
        .iter()
        .map(|name| {
            if suffixed && (name.contains("sensitive.") || name.ends_with(".sensitive")) {
                format!("{name}.v2")
            } else {
                name.clone()
            }
        })
        .collect()
}

fn hublet(state: &State, portal: u64) -> &'static str {
    state
        .portals
        .get(&portal)
        .map_or("na1", |portal| portal.hublet)
}

/// Stores and returns a new authorization code.
pub(crate) fn code(
    state: &mut State,
    holder: Holder,
    redirect_uri: String,
    challenge: Option<String>,
    now: u64,
) -> String {
    let mut code = format!("{}-{}", hublet(state, holder.portal), state.rng.uuid());
    if state.switches.awkward_codes {
        code.push_str("+a&b=c%20d e");
    }
    let lifetime = u64::try_from(state.switches.code_lifetime.as_millis()).unwrap_or(u64::MAX);
    let expires_at = now.saturating_add(lifetime);
    // Codes nobody redeemed are forgotten after a day, so that a long-running sandbox stays small.
    state
        .codes
        .retain(|_, code| code.expires_at.saturating_add(DAY) > now);
    state.codes.insert(
        code.clone(),
        Code {
            holder,
            redirect_uri,
            challenge,
            expires_at,
        },
    );
    code
}

/// Stores and returns a new refresh token.
pub(crate) fn refresh_token(state: &mut State, holder: Holder, now: u64) -> String {
    let token = format!("{}-{}", hublet(state, holder.portal), state.rng.uuid());
    state.refresh_tokens.insert(
        token.clone(),
        RefreshToken {
            holder,
            issued_at: now,
        },
    );
    token
}

/// Stores and returns a new access token; older ones stay valid to their own expiry (platform 1.3).
pub(crate) fn access_token(state: &mut State, holder: Holder, now: u64) -> String {
    // The length varies with the scopes, as HubSpot's does.
    let token = format!(
        "C{}",
        state.rng.base64url(120 + 4 * holder.scopes.len().min(100))
    );
    let lifetime =
        u64::try_from(state.switches.access_token_lifetime.as_millis()).unwrap_or(u64::MAX);
    let expires_at = now.saturating_add(lifetime);
    state
        .access_tokens
        .retain(|_, token| token.expires_at.saturating_add(DAY) > now);
    state
        .access_tokens
        .insert(token.clone(), AccessToken { holder, expires_at });
    token
}

/// Stores and returns a bearer for an app itself.
pub(crate) fn developer_token(
    state: &mut State,
    client_id: &str,
    scopes: Vec<String>,
    now: u64,
) -> String {
    let token = format!("C{}", state.rng.base64url(140));
    let lifetime =
        u64::try_from(state.switches.access_token_lifetime.as_millis()).unwrap_or(u64::MAX);
    let tokens = &mut state.credentials.developer_tokens;
    tokens.retain(|_, token| token.expires_at.saturating_add(DAY) > now);
    tokens.insert(
        token.clone(),
        DeveloperToken {
            client_id: client_id.to_owned(),
            scopes,
            expires_at: now.saturating_add(lifetime),
        },
    );
    token
}

#[cfg(test)]
mod tests {
    use super::ordered;

    #[test]
    fn granted_scopes_have_one_order_and_no_repeats() {
        let a = ordered(["zz", "forms", "oauth", "forms"].map(str::to_owned));
        let b = ordered(["forms", "oauth", "zz"].map(str::to_owned));
        assert_eq!(a, b);
        assert_eq!(a, ["oauth", "forms", "zz"]);
    }
}
