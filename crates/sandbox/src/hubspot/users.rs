//! Owns users, roles and teams of the settings API (platform 6.2).

use serde_json::{Value, json};

use super::page::{PageRule, page, whole};
use crate::error::ApiError;
use crate::http::Response;
use crate::router::{Answer, Call};

/// `GET /settings/users/{version}`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let users = &call.portal()?.users;
    page(call, users, PageRule::clamped(100, 100))
}

/// `GET /settings/users/{version}/{userId}?idProperty=USER_ID|EMAIL`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let key = call.param("userId");
    let by_email = call
        .query
        .filled("idProperty")
        .is_some_and(|p| p.eq_ignore_ascii_case("email"));
    call.portal()?
        .users
        .iter()
        .find(|user| {
            if by_email {
                user.email.eq_ignore_ascii_case(key)
            } else {
                user.id == key
            }
        })
        .map(|user| Response::json(200, user))
        .ok_or_else(|| ApiError::not_found(format!("User {key} does not exist")))
}

/// `GET …/roles`: custom permission sets, all at once.
pub(crate) fn roles(call: &mut Call<'_>) -> Answer {
    whole(&call.portal()?.roles)
}

/// `GET …/teams`: all at once.
pub(crate) fn teams(call: &mut Call<'_>) -> Answer {
    whole(&call.portal()?.teams)
}

/// `GET /settings/teams/2026-09-beta`: teams with their parents. Teams named after the same thing (`Sales …`) stand
/// below the first of them.
pub(crate) fn team_tree(call: &mut Call<'_>) -> Answer {
    let teams = &call.portal()?.teams;
    let word = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let rows: Vec<Value> = teams
        .iter()
        .map(|team| {
            let first = teams
                .iter()
                .find(|other| word(&other.name) == word(&team.name));
            let parent = first
                .filter(|first| first.id != team.id)
                .map(|first| &first.id);
            json!({
                "id": team.id,
                "name": team.name,
                "userIds": team.user_ids,
                "secondaryUserIds": team.secondary_user_ids,
                "parentTeamId": parent,
            })
        })
        .collect();
    whole(&rows)
}
