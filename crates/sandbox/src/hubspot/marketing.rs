//! Owns marketing: forms, e-mails, campaigns with their assets, lead scores, subscription types, custom events
//! (platform 6.3).

use serde_json::{Map, Value, json};

use super::documents::{self, Shelf};
use super::page::{PageRule, batch, flag, inputs, json_body, page};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::{Fields, Response};
use crate::model::Collection;
use crate::router::{Answer, Call};
use crate::time::iso;

const FORMS: Shelf = Shelf::plain(Collection::Forms, PageRule::clamped(20, 2_147_483_646));
const EMAILS: Shelf = Shelf {
    trim: "includedProperties",
    template: r#"{"activeDomain":"","archived":false,"content":{"flexAreas":{},"plainTextVersion":"","smartFields":{},"styleSettings":{},"templatePath":"@hubspot/email/dnd/Plain_email.html","themeSettingsValues":{},"widgetContainers":{},"widgets":{}},"folderId":0,"isAb":false,"from":{"customReplyTo":"","fromName":"","replyTo":""},"isTransactional":false,"jitterSendTime":false,"language":"en","rssData":{},"sendOnPublish":true,"subscriptionDetails":{},"testing":{"isAbVariation":false},"to":{"contactIds":{"exclude":[],"include":[]},"contactIlsLists":{"exclude":[],"include":[]},"contactLists":{"exclude":[],"include":[]},"limitSendFrequency":false,"suppressGraymail":true},"webversion":{"enabled":true,"isPageRedirected":false,"pageExpiryEnabled":false,"slug":""}}"#,
    ..Shelf::plain(
        Collection::MarketingEmails,
        PageRule::clamped(10, 100).with_total(),
    )
};
const SCORES: Shelf = Shelf {
    hidden: &[
        "allowedGroupTypes",
        "groupConfigs",
        "maxScore",
        "objectTypeId",
        "outputConfiguration",
        "updatedAt",
    ],
    ..Shelf::plain(Collection::LeadScores, PageRule::clamped(10, 100))
};
const EVENTS: Shelf = Shelf {
    template: r#"{"archived":false,"associations":[]}"#,
    ..Shelf::plain(
        Collection::EventDefinitions,
        PageRule::clamped(100, 100).with_total(),
    )
};

/// What `formTypes` takes (platform 6.3).
const FORM_TYPES: [&str; 5] = ["hubspot", "captured", "flow", "blog_comment", "all"];

/// `GET /marketing/v3/forms`: full definitions, 20 at a time and no small maximum; plain ones unless `formTypes` asks.
pub(crate) fn forms(call: &mut Call<'_>) -> Answer {
    let types = call.query.list("formTypes");
    if let Some(unknown) = types.iter().find(|t| !FORM_TYPES.contains(&t.as_str())) {
        return Err(ApiError::validation(format!(
            "{unknown} is no form type; use one of [{}]",
            FORM_TYPES.join(", ")
        )));
    }
    documents::list_where(call, &FORMS, |form| {
        let kind = form.member("formType");
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        match types.as_slice() {
            [] => kind == "hubspot",
            types => types.iter().any(|t| t == "all" || t == kind),
        }
    })
}

/// `GET /marketing/v3/forms/{formId}`.
pub(crate) fn form(call: &mut Call<'_>) -> Answer {
    documents::one(call, &FORMS, "formId")
}

/// Whether a document has what a query parameter names, where it is given.
fn holds(query: &Fields, parameter: &str, document: &Document, member: &str) -> bool {
    query.filled(parameter).is_none_or(|wanted| {
        let value = document.member(member);
        value.is_some_and(|value| match &value {
            Value::String(text) => text.eq_ignore_ascii_case(wanted),
            Value::Bool(flag) => wanted.eq_ignore_ascii_case("true") == *flag,
            _ => false,
        })
    })
}

/// `GET /marketing/emails/{version}`.
pub(crate) fn emails(call: &mut Call<'_>) -> Answer {
    let query = &call.query;
    documents::list_where(call, &EMAILS, |email| {
        holds(query, "type", email, "type")
            && holds(query, "isPublished", email, "isPublished")
            && holds(query, "campaign", email, "campaign")
    })
}

/// `GET /marketing/emails/{version}/{emailId}` and its draft.
pub(crate) fn email(call: &mut Call<'_>) -> Answer {
    documents::numbered(call, &EMAILS, "emailId")
}

/// `GET …/{emailId}/revisions`.
pub(crate) fn email_revisions(call: &mut Call<'_>) -> Answer {
    documents::revisions(call, &EMAILS, "emailId")
}

/// `GET …/{emailId}/revisions/{revisionId}`.
pub(crate) fn email_revision(call: &mut Call<'_>) -> Answer {
    documents::one_revision(call, &EMAILS, "emailId")
}

/// A campaign with the properties asked for; without `properties` in the query none are answered.
fn campaign(document: &Document, wanted: &[String], assets: bool) -> Value {
    let mut campaign = document.value();
    if let Some(properties) = campaign["properties"].as_object_mut() {
        properties.retain(|name, _| wanted.contains(name));
    }
    let linked = campaign
        .as_object_mut()
        .and_then(|members| members.remove("assets"));
    if assets {
        let groups: Map<String, Value> = linked
            .and_then(|linked| linked.as_object().cloned())
            .into_iter()
            .flatten()
            .map(|(kind, rows)| (kind, json!({ "results": rows })))
            .collect();
        campaign["assets"] = Value::Object(groups);
    }
    campaign
}

/// `GET /marketing/campaigns/{version}`: `name` filters, `sort` is by name or time.
pub(crate) fn campaigns(call: &mut Call<'_>) -> Answer {
    let wanted = call.query.list("properties");
    let name = call.query.filled("name").map(str::to_lowercase);
    let text = |campaign: &Document, member: &str| {
        let value = campaign.value();
        let value = if member == "hs_name" {
            &value["properties"][member]
        } else {
            &value[member]
        };
        value.as_str().unwrap_or_default().to_lowercase()
    };
    let mut found: Vec<&Document> = call
        .portal()?
        .collection(Collection::Campaigns)
        .iter()
        .filter(|campaign| {
            name.as_ref()
                .is_none_or(|name| text(campaign, "hs_name").contains(name))
        })
        .collect();
    if let Some(sort) = call.query.filled("sort") {
        let field = sort.strip_prefix('-').unwrap_or(sort);
        let member = match field {
            "hs_name" | "createdAt" | "updatedAt" => field,
            _ => {
                return Err(ApiError::validation(format!(
                    "Invalid value for sort: {sort}"
                )));
            }
        };
        found.sort_by_cached_key(|campaign| text(campaign, member));
        if sort.starts_with('-') {
            found.reverse();
        }
    }
    let rows: Vec<Value> = found
        .into_iter()
        .map(|document| campaign(document, &wanted, false))
        .collect();
    page(call, &rows, PageRule::clamped(50, 100).with_total())
}

fn find_campaign<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Document, ApiError> {
    call.portal()?
        .collection(Collection::Campaigns)
        .iter()
        .find(|campaign| campaign.has("id", id))
        .ok_or_else(|| ApiError::not_found(format!("Campaign {id} does not exist")))
}

/// `GET /marketing/campaigns/{version}/{campaignGuid}`: with its assets.
pub(crate) fn one_campaign(call: &mut Call<'_>) -> Answer {
    let document = find_campaign(call, call.param("campaignGuid"))?;
    let wanted = call.query.list("properties");
    Ok(Response::json(200, &campaign(document, &wanted, true)))
}

/// `POST /marketing/campaigns/{version}/batch/read`: at most 50.
pub(crate) fn campaigns_batch(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let wanted = call.query.list("properties");
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 50)? {
        let id = input
            .get("id")
            .and_then(Value::as_str)
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [id]"))?;
        match find_campaign(call, id) {
            Ok(document) => found.push(campaign(document, &wanted, true)),
            Err(error) => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": error.message,
                "context": { "id": [id] },
            })),
        }
    }
    Ok(batch(call.now, &found, &errors))
}

/// `GET …/{campaignGuid}/assets/{assetType}`: `FORM`, `LANDING_PAGE`, `MARKETING_EMAIL`, …; a type without assets is empty.
pub(crate) fn campaign_assets(call: &mut Call<'_>) -> Answer {
    let assets = find_campaign(call, call.param("campaignGuid"))?.member("assets");
    let rows = assets
        .as_ref()
        .and_then(|assets| assets.get(call.param("assetType")))
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    page(call, rows, PageRule::clamped(10, 100))
}

/// `GET /marketing/lead-scoring/2026-09-beta/scores`.
pub(crate) fn lead_scores(call: &mut Call<'_>) -> Answer {
    documents::list(call, &SCORES)
}

/// `GET /marketing/lead-scoring/2026-09-beta/scores/{scoreId}` and its draft: names the scored type `objectTypeId`.
pub(crate) fn lead_score(call: &mut Call<'_>) -> Answer {
    documents::number(call, "scoreId")?;
    let id = call.param("scoreId");
    let scores = call.portal()?.collection(Collection::LeadScores);
    let found = scores.iter().find(|score| score.has("id", id));
    let mut score = found
        .ok_or_else(|| ApiError::not_found(format!("Score {id} does not exist")))?
        .value();
    if let Some(members) = score.as_object_mut() {
        members.remove("scoredObjectTypeId");
    }
    Ok(Response::json(200, &score))
}

fn subscriptions(call: &Call<'_>) -> Result<Vec<Value>, ApiError> {
    let translations = flag(&call.query, "includeTranslations", false);
    let unit = match call.query.filled("businessUnitId") {
        None => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            ApiError::validation("Unable to parse value for query parameter: businessUnitId")
        })?),
    };
    let all = call.portal()?.collection(Collection::SubscriptionTypes);
    let rows = all
        .iter()
        .map(Document::value)
        .filter(|row| unit.is_none_or(|unit| row["businessUnitId"].as_u64() == Some(unit)));
    Ok(rows
        .map(|mut row| {
            if let (false, Some(row)) = (translations, row.as_object_mut()) {
                row.remove("subscriptionTranslations");
            }
            row
        })
        .collect())
}

/// `GET /communication-preferences/v4/definitions` and the dated ones: shaped like a batch that is complete.
pub(crate) fn subscription_types(call: &mut Call<'_>) -> Answer {
    let now = iso(call.now);
    Ok(Response::json(
        200,
        &json!({ "status": "COMPLETE", "results": subscriptions(call)?, "startedAt": now, "completedAt": now }),
    ))
}

/// `GET /communication-preferences/v3/definitions`: the older shape, as the SDK reads it.
pub(crate) fn subscription_types_v3(call: &mut Call<'_>) -> Answer {
    Ok(Response::json(
        200,
        &json!({ "subscriptionDefinitions": subscriptions(call)? }),
    ))
}

/// A definition with or without its properties.
fn event(mut event: Value, properties: bool) -> Value {
    if !properties {
        event["properties"] = json!([]);
    }
    event
}

/// `GET /events/custom/{version}/event-definitions`: properties only with `includeProperties=true`.
pub(crate) fn event_definitions(call: &mut Call<'_>) -> Answer {
    let properties = flag(&call.query, "includeProperties", false);
    let search = call.query.filled("searchString").map(str::to_lowercase);
    let template: Map<String, Value> = serde_json::from_str(EVENTS.template).unwrap_or_default();
    let mut rows: Vec<Value> = call
        .portal()?
        .collection(Collection::EventDefinitions)
        .iter()
        .filter(|event| {
            search.as_ref().is_none_or(|search| {
                let name = event.member("name");
                name.as_ref()
                    .and_then(Value::as_str)
                    .is_some_and(|name| name.contains(search))
            })
        })
        .map(|document| {
            let mut whole = template.clone();
            if let Value::Object(own) = document.value() {
                whole.extend(own);
            }
            event(Value::Object(whole), properties)
        })
        .collect();
    if call
        .query
        .filled("sortOrder")
        .is_some_and(|order| order.eq_ignore_ascii_case("desc"))
    {
        rows.reverse();
    }
    page(call, &rows, EVENTS.rule)
}

/// `GET …/event-definitions/{eventName}`: by full name, with its properties.
pub(crate) fn event_definition(call: &mut Call<'_>) -> Answer {
    let name = call.param("eventName");
    let mut whole: Map<String, Value> = serde_json::from_str(EVENTS.template).unwrap_or_default();
    let events = call.portal()?.collection(Collection::EventDefinitions);
    let found = events
        .iter()
        .find(|event| event.has("fullyQualifiedName", name) || event.has("name", name))
        .ok_or_else(|| ApiError::not_found(format!("Event definition {name} does not exist")))?;
    if let Value::Object(own) = found.value() {
        whole.extend(own);
    }
    Ok(Response::json(200, &whole))
}

/// Events that HubSpot itself records in every account that may ask.
const HUBSPOT_EVENTS: [&str; 6] = [
    "e_visited_page",
    "e_submitted_form",
    "e_opened_email",
    "e_clicked_link_in_email",
    "e_clicked_cta",
    "e_ad_interaction",
];

/// `GET /events/event-occurrences/{version}/event-types`: names only.
pub(crate) fn event_types(call: &mut Call<'_>) -> Answer {
    let events = call.portal()?.collection(Collection::EventDefinitions);
    let own = events
        .iter()
        .filter_map(|event| event.member("fullyQualifiedName"));
    let names: Vec<Value> = HUBSPOT_EVENTS
        .iter()
        .map(|name| json!(name))
        .chain(own)
        .collect();
    Ok(Response::json(200, &json!({ "eventTypes": names })))
}
