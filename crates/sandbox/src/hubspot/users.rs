//! Owns users, roles and teams of the settings API (platform 6.2).

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
