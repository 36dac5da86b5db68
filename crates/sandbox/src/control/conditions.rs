//! Owns what stands for a while: answers that calls get until undone or until a moment, of one portal or of all.
//! Faults that hit a number of calls are `State::faults`.

use crate::http::{Fields, Request};
use crate::state::{FaultAnswer, State};

/// Something that goes wrong for as long as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// The scenario that set it.
    pub(crate) scenario: &'static str,
    /// Calls for this portal; `None` hits every call.
    pub(crate) portal: Option<u64>,
    /// Unix milliseconds; `None` stands until undone.
    pub(crate) until: Option<u64>,
    /// What the calls get.
    pub(crate) answer: FaultAnswer,
}

impl Condition {
    /// Whether it still stands.
    pub(crate) fn stands(&self, now: u64) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What stands for this call; conditions of the whole sandbox go first.
pub(crate) fn standing(state: &State, request: &Request, now: u64) -> Option<FaultAnswer> {
    let conditions = &state.control.standing.conditions;
    // GitHub is another house: what happens to HubSpot does not reach it.
    if conditions.is_empty() || crate::github::serves(&request.path) {
        return None;
    }
    let stands = |c: &&Condition| c.stands(now);
    let everywhere = conditions
        .iter()
        .filter(stands)
        .find(|c| c.portal.is_none());
    let found = everywhere.or_else(|| {
        let portal = portal_of(state, request)?;
        conditions
            .iter()
            .filter(stands)
            .find(|c| c.portal == Some(portal))
    });
    found.map(|condition| condition.answer.clone())
}

/// The portal a call is for: of its bearer, of the token or code it hands in, or of its authorize page.
pub(crate) fn portal_of(state: &State, request: &Request) -> Option<u64> {
    if let Some(rest) = request.path.strip_prefix("/oauth/")
        && let Some((portal, "authorize")) = rest.split_once('/')
    {
        return portal.parse().ok();
    }
    let bearer = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .map(|(_, token)| token.trim());
    if let Some(token) = bearer.and_then(|token| state.access_tokens.get(token)) {
        return Some(token.holder.portal);
    }
    let held = &state.credentials;
    if let Some(token) = bearer.and_then(|token| held.tokens.get(token)) {
        return held.apps.get(&token.app_id).map(|app| app.portal);
    }
    if !request.path.starts_with("/oauth/") {
        return None;
    }
    let of_fields = |fields: &Fields| {
        let refresh = fields
            .filled("refresh_token")
            .and_then(|t| state.refresh_tokens.get(t));
        let code = fields.filled("code").and_then(|c| state.codes.get(c));
        refresh
            .map(|t| t.holder.portal)
            .or_else(|| code.map(|c| c.holder.portal))
    };
    of_fields(&Fields::parse(&request.body))
        .or_else(|| of_fields(&Fields::parse(request.query.as_bytes())))
}
