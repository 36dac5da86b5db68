//! Owns the kinds that are one flat list of documents: forms, domains, e-mails, pages, inboxes and the like (platform 6.3).

use serde_json::Value;

use super::page::{PageRule, flag, page, whole};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};

/// `GET /marketing/v3/forms`: full definitions, 20 at a time and no small maximum.
pub(crate) fn forms(call: &mut Call<'_>) -> Answer {
    let archived = flag(&call.query, "archived", false);
    let types = call.query.list("formTypes");
    let wanted = |form: &Document| {
        let kind = form.member("formType");
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        match types.as_slice() {
            [] => kind == "hubspot",
            types => types.iter().any(|t| t == "all" || t == kind),
        }
    };
    let found: Vec<&Document> = call
        .portal()?
        .collection(Collection::Forms)
        .iter()
        .filter(|form| form.member("archived") == Some(Value::Bool(archived)) && wanted(form))
        .collect();
    page(call, &found, PageRule::clamped(20, 2_147_483_646))
}

/// `GET /marketing/v3/forms/{formId}`.
pub(crate) fn form(call: &mut Call<'_>) -> Answer {
    one(call, Collection::Forms, "formId")
}

fn one(call: &Call<'_>, kind: Collection, param: &str) -> Answer {
    let id = call.param(param);
    call.portal()?
        .collection(kind)
        .iter()
        .find(|item| item.has("id", id))
        .map(|item| Response::json(200, item))
        .ok_or_else(|| ApiError::new(404, "resource not found"))
}

fn paged(call: &Call<'_>, kind: Collection, rule: PageRule) -> Answer {
    page(call, call.portal()?.collection(kind), rule)
}

/// `GET /cms/domains/{version}`.
pub(crate) fn domains(call: &mut Call<'_>) -> Answer {
    paged(call, Collection::Domains, PageRule::clamped(100, 100))
}

/// `GET /communication-preferences/{version}/definitions`.
pub(crate) fn subscription_types(call: &mut Call<'_>) -> Answer {
    whole(call.portal()?.collection(Collection::SubscriptionTypes))
}

/// `GET /marketing/emails/{version}`.
pub(crate) fn marketing_emails(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::MarketingEmails,
        PageRule::clamped(10, 100).with_total(),
    )
}

/// `GET /marketing/campaigns/{version}`.
pub(crate) fn campaigns(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::Campaigns,
        PageRule::clamped(50, 100).with_total(),
    )
}

/// `GET /cms/pages/{version}/site-pages`.
pub(crate) fn site_pages(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::SitePages,
        PageRule::clamped(100, 100).with_total(),
    )
}

/// `GET /cms/pages/{version}/landing-pages`.
pub(crate) fn landing_pages(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::LandingPages,
        PageRule::clamped(100, 100).with_total(),
    )
}

/// `GET /cms/blog-settings/{version}/settings`.
pub(crate) fn blog_settings(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::BlogSettings,
        PageRule::clamped(100, 100).with_total(),
    )
}

/// `GET /cms/hubdb/{version}/tables`.
pub(crate) fn hubdb_tables(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::HubDbTables,
        PageRule::clamped(1_000, 1_000).with_total(),
    )
}

/// `GET /cms/url-redirects/{version}`.
pub(crate) fn url_redirects(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::UrlRedirects,
        PageRule::clamped(100, 100).with_total(),
    )
}

/// `GET /conversations/conversations/{version}/inboxes`.
pub(crate) fn inboxes(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::Inboxes,
        PageRule::clamped(100, 500).with_total(),
    )
}

/// `GET /conversations/conversations/{version}/channels`.
pub(crate) fn channels(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::Channels,
        PageRule::clamped(100, 500).with_total(),
    )
}

/// `GET /events/custom/{version}/event-definitions`.
pub(crate) fn event_definitions(call: &mut Call<'_>) -> Answer {
    paged(
        call,
        Collection::EventDefinitions,
        PageRule::clamped(100, 100).with_total(),
    )
}

/// `GET /crm/imports/{version}`.
pub(crate) fn imports(call: &mut Call<'_>) -> Answer {
    paged(call, Collection::Imports, PageRule::clamped(10, 100))
}

/// `GET /tax-rates/{version}/tax-rates`.
pub(crate) fn tax_rates(call: &mut Call<'_>) -> Answer {
    paged(call, Collection::TaxRates, PageRule::clamped(100, 100))
}

/// `GET /business-units/{version}/business-units/user/{userId}`: per user.
pub(crate) fn business_units(call: &mut Call<'_>) -> Answer {
    if call.param("userId").parse::<u64>().is_err() {
        return Err(ApiError::new(
            400,
            "Unable to parse value for path parameter: userId",
        ));
    }
    whole(call.portal()?.collection(Collection::BusinessUnits))
}
