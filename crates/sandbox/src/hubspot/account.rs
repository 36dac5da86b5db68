//! Owns account information (platform 3): details and usage of private apps.

use serde_json::{Value, json};

use crate::http::Response;
use crate::quota::usage_today;
use crate::router::{Answer, Call};
use crate::time::iso;
use crate::zone::{minutes_ms, next_midnight, offset_minutes};

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
    let minutes = offset_minutes(portal, call.now);
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    Ok(json!({
        "portalId": portal.id,
        "accountType": portal.account_type,
        "timeZone": portal.time_zone,
        "companyCurrency": portal.company_currency,
        "additionalCurrencies": portal.currencies_in_use(),
        "utcOffset": offset,
        "utcOffsetMilliseconds": minutes_ms(minutes),
        "uiDomain": portal.ui_domain(),
        "dataHostingLocation": portal.hublet,
    }))
}

/// `GET /account-info/{version}/api-usage/daily/private-apps`: the best signal of the tier there is. Counts private apps
/// and service keys; OAuth traffic is not in it.
pub(crate) fn daily_usage(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let switches = &call.state.switches;
    if !switches.usage_without_private_apps && !call.state.credentials.any_in(portal.id) {
        return Ok(Response::json(200, &json!({ "results": [] })));
    }
    Ok(Response::json(
        200,
        &json!({ "results": [{
            "name": "private-apps-api-calls-daily",
            "usageLimit": portal.daily_limit(),
            "currentUsage": usage_today(call.state, portal, call.now),
            "collectedAt": iso(call.now),
            "fetchStatus": switches.usage_fetch_status,
            "resetsAt": iso(next_midnight(portal, call.now)),
        }] }),
    ))
}
