//! Owns the tools of sales: sequences, meeting links, forecast types, e-mail templates (platform 6.3).

use serde_json::{Value, json};

use super::documents::{self, Shelf};
use super::page::{PageRule, flag, whole};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::{Collection, Owner, Portal};
use crate::router::{Answer, Call};

const SEQUENCES: Shelf = Shelf {
    hidden: &["dependencies", "settings", "steps"],
    ..Shelf::plain(
        Collection::Sequences,
        PageRule::clamped(100, 100).with_total(),
    )
};
const MEETING_LINKS: Shelf = Shelf::plain(
    Collection::MeetingLinks,
    PageRule::clamped(100, 100).with_total(),
);
const TEMPLATES: Shelf = Shelf::plain(Collection::EmailTemplates, PageRule::clamped(20, 100));
const TEMPLATE_FOLDERS: Shelf =
    Shelf::plain(Collection::EmailTemplateFolders, PageRule::clamped(20, 100));

/// The user asked for: sequences are read one user at a time.
fn user<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    let user = call
        .query
        .filled("userId")
        .ok_or_else(|| ApiError::new(400, "query param userId may not be null"))?;
    if user.parse::<u64>().is_err() {
        return Err(ApiError::new(
            400,
            "Unable to parse value for query parameter: userId",
        ));
    }
    Ok(user)
}

fn names(document: &Document, search: Option<&str>) -> bool {
    search.is_none_or(|search| {
        let name = document.member("name");
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        name.to_lowercase().contains(&search.to_lowercase())
    })
}

/// `GET /automation/sequences/{version}?userId=…`: what that user may enrol into, without steps.
pub(crate) fn sequences(call: &mut Call<'_>) -> Answer {
    let user = user(call)?;
    let search = call.query.filled("name");
    documents::list_where(call, &SEQUENCES, |sequence| {
        sequence.has("userId", user) && names(sequence, search)
    })
}

/// `GET /automation/sequences/{version}/{sequenceId}?userId=…`: with steps.
pub(crate) fn sequence(call: &mut Call<'_>) -> Answer {
    user(call)?;
    documents::numbered(call, &SEQUENCES, "sequenceId")
}

/// `GET /scheduler/{version}/meetings/meeting-links`.
pub(crate) fn meeting_links(call: &mut Call<'_>) -> Answer {
    let query = &call.query;
    let (search, kind) = (query.filled("name"), query.filled("type"));
    let organizer = query.filled("organizerUserId");
    documents::list_where(call, &MEETING_LINKS, |link| {
        names(link, search)
            && kind.is_none_or(|kind| link.has("type", kind))
            && organizer.is_none_or(|id| link.has("organizerUserId", id))
    })
}

/// `GET /automation/email-templates/2026-09-beta`.
pub(crate) fn email_templates(call: &mut Call<'_>) -> Answer {
    documents::list(call, &TEMPLATES)
}

/// `GET /automation/email-templates/2026-09-beta/{templateId}`.
pub(crate) fn email_template(call: &mut Call<'_>) -> Answer {
    documents::numbered(call, &TEMPLATES, "templateId")
}

/// `GET /automation/email-templates/2026-09-beta/folders`.
pub(crate) fn email_template_folders(call: &mut Call<'_>) -> Answer {
    documents::list(call, &TEMPLATE_FOLDERS)
}

/// The forecast every account with deals has, and one per further deal pipeline.
fn forecasts(portal: &Portal) -> Vec<Value> {
    let Some(deals) = portal.objects.get("0-3") else {
        return Vec::new();
    };
    let pipelines = deals.pipelines.iter().filter(|pipeline| !pipeline.archived);
    pipelines
        .enumerate()
        .map(|(n, pipeline)| {
            let id = portal.id % 1_000_000 * 100 + n as u64;
            let (created, updated) = (pipeline.created_at, pipeline.updated_at);
            json!({
                "id": id.to_string(),
                "forecastTypeId": id,
                "forecastName": if n == 0 { "Deal amount".to_owned() } else { format!("Deal amount: {}", pipeline.label) },
                "objectTypeId": "0-3",
                "amountProperty": "amount",
                "amountInHomeCurrencyProperty": "amount_in_home_currency",
                "weightedAmountProperty": "hs_projected_amount",
                "weightedAmountInHomeCurrencyProperty": "hs_projected_amount_in_home_currency",
                "dateProperty": "closedate",
                "defaultType": n == 0,
                "amountOrDatePropertyRestrictedForUser": false,
                "createdAt": created,
                "createdAtTimestamp": created.0,
                "createdBy": portal.installer.user_id,
                "updatedAt": updated,
                "updatedTimestamp": updated.0,
                "updatedBy": portal.installer.user_id,
            })
        })
        .collect()
}

/// `GET /forecast-settings/{version}/forecast-types`: all at once.
pub(crate) fn forecast_types(call: &mut Call<'_>) -> Answer {
    whole(&forecasts(call.portal()?))
}

/// `GET /forecast-settings/{version}/forecast-types/{forecastTypeId}`.
pub(crate) fn forecast_type(call: &mut Call<'_>) -> Answer {
    documents::number(call, "forecastTypeId")?;
    let id = call.param("forecastTypeId");
    forecasts(call.portal()?)
        .into_iter()
        .find(|forecast| forecast["id"] == id)
        .map(|forecast| Response::json(200, &forecast))
        .ok_or_else(|| ApiError::not_found(format!("Forecast type {id} does not exist")))
}

/// Whether the account has that user: its installer, a seat, or the active user behind an owner.
fn is_user(portal: &Portal, id: &str) -> bool {
    let id = id.parse::<u64>().ok();
    let owns = |owner: &Owner| owner.user_id.is_some() && owner.user_id == id;
    Some(portal.installer.user_id) == id
        || portal.users.iter().any(|user| user.id.parse().ok() == id)
        || portal.owners.iter().any(owns)
}

const BUSINESS_UNITS: [&str; 2] = ["id", "name"];

/// `GET /business-units/{version}/business-units/user/{userId}`: per user; the logo only with `properties=logoMetadata`.
pub(crate) fn business_units(call: &mut Call<'_>) -> Answer {
    documents::number(call, "userId")?;
    let user = call.param("userId");
    if !is_user(call.portal()?, user) {
        return Err(ApiError::not_found(format!("User {user} does not exist")));
    }
    let wanted = call.query.list("properties");
    let logo = wanted.iter().any(|name| name == "logoMetadata");
    let names = call.query.list("name");
    let units = call.portal()?.collection(Collection::BusinessUnits);
    let rows: Vec<Value> = units
        .iter()
        .filter(|unit| names.is_empty() || names.iter().any(|name| unit.has("name", name)))
        .map(|unit| {
            let mut unit = unit.value();
            if let (false, Some(members)) = (logo, unit.as_object_mut()) {
                members.retain(|name, _| BUSINESS_UNITS.contains(&name.as_str()));
            }
            unit
        })
        .collect();
    whole(&rows)
}

const TAX_RATES: Shelf = Shelf::plain(Collection::TaxRates, PageRule::clamped(100, 100));

/// `GET /tax-rates/{version}/tax-rates`: `active` filters.
pub(crate) fn tax_rates(call: &mut Call<'_>) -> Answer {
    let asked = call.query.filled("active").is_some();
    let active = Value::Bool(flag(&call.query, "active", true));
    documents::list_where(call, &TAX_RATES, |rate| {
        !asked || rate.member("active").as_ref() == Some(&active)
    })
}

/// `GET /tax-rates/{version}/tax-rates/{taxRateGroupId}`.
pub(crate) fn tax_rate(call: &mut Call<'_>) -> Answer {
    documents::one(call, &TAX_RATES, "taxRateGroupId")
}
