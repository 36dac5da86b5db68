//! Owns owners (platform 6.2).

use super::page::{PageRule, flag, page};
use crate::error::ApiError;
use crate::http::Response;
use crate::model::Owner;
use crate::router::{Answer, Call};

/// `GET /crm/owners/{version}`: 100 at a time, 500 at most.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let archived = flag(&call.query, "archived", false);
    let email = call.query.filled("email");
    let found: Vec<&Owner> = portal
        .owners
        .iter()
        .filter(|owner| owner.archived == archived)
        .filter(|owner| email.is_none_or(|email| owner.email.eq_ignore_ascii_case(email)))
        .collect();
    page(call, &found, PageRule::strict(100, 500))
}

/// `GET /crm/owners/{version}/{ownerId}?idProperty=id|userId`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let archived = flag(&call.query, "archived", false);
    let text = call.param("ownerId");
    let id: u64 = text.parse().map_err(|_| {
        ApiError::new(
            400,
            format!("Unable to parse value for path parameter: {}", "ownerId"),
        )
    })?;
    let by_user = match call.query.filled("idProperty") {
        None | Some("id") => false,
        Some("userId") => true,
        Some(other) => {
            return Err(ApiError::validation(format!(
                "Invalid value for idProperty: {other}"
            )));
        }
    };
    portal
        .owners
        .iter()
        .filter(|owner| owner.archived == archived)
        .find(|owner| {
            if by_user {
                // A deactivated owner has no user id any more, and is still found by the old one.
                owner.user_id_including_inactive == id
            } else {
                owner.id == text
            }
        })
        .map(|owner| Response::json(200, owner))
        .ok_or_else(|| ApiError::new(404, "resource not found"))
}
