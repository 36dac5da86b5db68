//! Owns reading an account's activity logs (platform 3; parameters of the SDK's `account.activity`).

use serde::Serialize;

use super::page::{PageRule, page};
use crate::activity::Activity;
use crate::error::ApiError;
use crate::router::{Answer, Call};
use crate::time::{DAY, instant};

/// At most 200 a page; the default is not documented.
const RULE: PageRule = PageRule::strict(100, 200);

/// `GET /account-info/{version}/activity/audit-logs`: Enterprise only; `actingUserId` (repeatable), `occurredAfter`,
/// `occurredBefore` (ISO 8601 or unix milliseconds), `sort` by `occurredAt`, newest first unless told otherwise.
pub(crate) fn audit_logs(call: &mut Call<'_>) -> Answer {
    let users = numbers(call, "actingUserId")?;
    let (after, before) = (
        moment(call, "occurredAfter")?,
        moment(call, "occurredBefore")?,
    );
    let oldest_first = match call.query.list("sort").as_slice() {
        [] => false,
        [one] if one == "-occurredAt" => false,
        [one] if one == "occurredAt" => true,
        _ => return Err(ApiError::validation("sort takes occurredAt or -occurredAt")),
    };
    rows(
        call,
        oldest_first,
        |activity| &activity.audit,
        |row| {
            wanted(&users, row.acting_user.user_id)
                && after.is_none_or(|at| row.occurred_at.0 > at)
                && before.is_none_or(|at| row.occurred_at.0 < at)
        },
    )
}

/// `GET /account-info/{version}/activity/login`: the last ninety days; `userId`.
pub(crate) fn logins(call: &mut Call<'_>) -> Answer {
    let users = numbers(call, "userId")?;
    let oldest = call.now.saturating_sub(90 * DAY);
    rows(
        call,
        false,
        |activity| &activity.logins,
        |row| wanted(&users, row.user_id) && row.login_at.0 >= oldest,
    )
}

/// `GET /account-info/{version}/activity/security`: `userId`, `fromTimestamp`, `toTimestamp` (unix milliseconds).
pub(crate) fn security(call: &mut Call<'_>) -> Answer {
    let users = numbers(call, "userId")?;
    let (from, to) = (
        numbers(call, "fromTimestamp")?.first().copied(),
        numbers(call, "toTimestamp")?.first().copied(),
    );
    rows(
        call,
        false,
        |activity| &activity.security,
        |row| {
            wanted(&users, row.user_id)
                && from.is_none_or(|at| row.created_at.0 >= at)
                && to.is_none_or(|at| row.created_at.0 <= at)
        },
    )
}

fn rows<T: Serialize>(
    call: &Call<'_>,
    oldest_first: bool,
    log: impl Fn(&Activity) -> &Vec<T>,
    fits: impl Fn(&T) -> bool,
) -> Answer {
    let portal = call.portal()?.id;
    let all = call.state.activity.get(&portal).map(log);
    let mut found: Vec<&T> = all.into_iter().flatten().filter(|row| fits(row)).collect();
    if oldest_first {
        found.reverse();
    }
    page(call, &found, RULE)
}

fn wanted(users: &[u64], id: u64) -> bool {
    users.is_empty() || users.contains(&id)
}

fn numbers(call: &Call<'_>, name: &str) -> Result<Vec<u64>, ApiError> {
    let texts = call.query.list(name);
    let parsed = texts.iter().map(|text| text.parse());
    parsed.collect::<Result<_, _>>().map_err(|_| unparsed(name))
}

fn moment(call: &Call<'_>, name: &str) -> Result<Option<u64>, ApiError> {
    match call.query.filled(name) {
        None => Ok(None),
        Some(text) => instant(text).map(Some).ok_or_else(|| unparsed(name)),
    }
}

fn unparsed(name: &str) -> ApiError {
    ApiError::validation(format!("Unable to parse value for query parameter: {name}"))
}
