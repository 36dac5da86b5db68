//! Owns account information (platform 3): details and usage of private apps.

use serde_json::{Value, json};

use crate::http::Response;
use crate::router::{Answer, Call};
use crate::time::{DAY, iso};

/// `GET /account-info/{version}/details`: nine fields, no name.
pub(crate) fn details(call: &mut Call<'_>) -> Answer {
    Ok(Response::json(200, &describe(call)?))
}

/// `GET /account-info/2027-03-beta/details`: the same and `portalName`.
pub(crate) fn details_with_name(call: &mut Call<'_>) -> Answer {
    let mut body = describe(call)?;
    body["portalName"] = json!(call.portal()?.name);
    Ok(Response::json(200, &body))
}

fn describe(call: &Call<'_>) -> Result<Value, crate::error::ApiError> {
    let portal = call.portal()?;
    let minutes = portal.utc_offset_minutes;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    Ok(json!({
        "portalId": portal.id,
        "accountType": portal.account_type,
        "timeZone": portal.time_zone,
        "companyCurrency": portal.company_currency,
        "additionalCurrencies": portal.additional_currencies,
        "utcOffset": offset,
        "utcOffsetMilliseconds": i64::from(minutes) * 60_000,
        "uiDomain": portal.ui_domain(),
        "dataHostingLocation": portal.hublet,
    }))
}

/// `GET /account-info/{version}/api-usage/daily/private-apps`: the best signal of the tier there is.
pub(crate) fn daily_usage(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    // The day runs from midnight to midnight in the account's time zone.
    let offset_ms = i64::from(portal.utc_offset_minutes) * 60_000;
    let local = call.now.saturating_add_signed(offset_ms);
    let resets_at = ((local / DAY + 1) * DAY).saturating_add_signed(-offset_ms);
    Ok(Response::json(
        200,
        &json!({ "results": [{
            "name": "private-apps-api-calls-daily",
            "usageLimit": portal.hubs.highest().daily_limit(),
            "currentUsage": portal.daily_usage,
            "collectedAt": iso(call.now),
            "fetchStatus": "SUCCESS",
            "resetsAt": iso(resets_at),
        }] }),
    ))
}
