//! Owns the limit endpoints and the object library (platform 6.2, 6.4). Usage is counted from the portal, never stored.

use serde_json::{Value, json};

use super::object_types::{self, STANDARD};
use crate::http::Response;
use crate::model::{ObjectMetadata, Portal, Property, Tier};
use crate::router::{Answer, Call};
use crate::shared::Shared;

/// Labels per ordered pair that a live account allowed (platform 6.4).
pub(crate) const LABELS_PER_PAIR: usize = 50;

/// Custom properties that one type may have.
pub(crate) fn custom_property_limit(portal: &Portal) -> usize {
    if portal.hubs.highest() == Tier::Free {
        10
    } else {
        1_000
    }
}

/// Calculation properties that all types together may have.
pub(crate) fn calculated_property_limit(portal: &Portal) -> usize {
    match portal.hubs.highest() {
        Tier::Free | Tier::Starter => 0,
        Tier::Professional => 25,
        Tier::Enterprise => 200,
    }
}

/// Custom object types that the account may have.
pub(crate) fn custom_object_limit(portal: &Portal) -> usize {
    if portal.hubs.highest() == Tier::Enterprise {
        10
    } else {
        0
    }
}

/// Pipelines that one of HubSpot's types may have, and all custom objects together.
pub(crate) fn pipeline_limits(portal: &Portal) -> (usize, usize) {
    match portal.hubs.highest() {
        Tier::Free => (1, 0),
        Tier::Starter => (2, 0),
        Tier::Professional => (15, 0),
        Tier::Enterprise => (100, 100),
    }
}

fn percentage(usage: usize, limit: usize) -> f64 {
    if limit == 0 {
        return 0.0;
    }
    // One decimal, as HubSpot prints it; counts are far below 2^52.
    #[expect(clippy::cast_precision_loss, reason = "counts of metadata are small")]
    let percent = usage as f64 * 100.0 / limit as f64;
    (percent * 10.0).round() / 10.0
}

fn labelled(portal: &Portal, id: &str) -> Value {
    let (singular, plural) =
        object_types::resolve(portal, id).map_or((id.to_owned(), id.to_owned()), |kind| {
            let (singular, plural) = kind.labels();
            (singular.to_owned(), plural.to_owned())
        });
    json!({ "objectTypeId": id, "singularLabel": singular, "pluralLabel": plural })
}

/// One row per type: what `count` finds, beside `limit` if the type has its own.
fn row(portal: &Portal, id: &str, usage: usize, limit: Option<usize>) -> Value {
    let mut row = labelled(portal, id);
    row["usage"] = json!(usage);
    if let Some(limit) = limit {
        row["limit"] = json!(limit);
        row["percentage"] = json!(percentage(usage, limit));
    }
    row
}

fn count(portal: &Portal, id: &str, keep: impl Fn(&Property) -> bool) -> usize {
    portal
        .objects
        .get(id)
        .map_or(0, |o| o.properties.iter().filter(|p| keep(p)).count())
}

fn type_ids(portal: &Portal) -> impl Iterator<Item = &str> {
    let custom = portal.custom_objects.iter().filter(|c| !c.archived);
    STANDARD
        .iter()
        .map(|kind| kind.id)
        .chain(custom.map(|c| c.object_type_id.as_str()))
}

/// `GET /crm/limits/{version}/custom-properties`.
pub(crate) fn custom_properties(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let limit = custom_property_limit(portal);
    let custom = |p: &Property| !p.hubspot_defined && !p.archived;
    let used: Vec<(&str, usize)> = type_ids(portal)
        .map(|id| (id, count(portal, id, custom)))
        .filter(|(_, usage)| *usage > 0)
        .collect();
    let usage: usize = used.iter().map(|(_, usage)| usage).sum();
    let overall = limit * used.len().max(1);
    Ok(Response::json(
        200,
        &json!({
            "overallLimit": overall,
            "overallUsage": usage,
            "overallPercentage": percentage(usage, overall),
            "byObjectType": used.iter().map(|(id, n)| row(portal, id, *n, Some(limit))).collect::<Vec<_>>(),
        }),
    ))
}

/// `GET /crm/limits/{version}/calculated-properties`.
pub(crate) fn calculated_properties(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let limit = calculated_property_limit(portal);
    let calculated = |p: &Property| p.calculated && !p.hubspot_defined && !p.archived;
    let used: Vec<(&str, usize)> = type_ids(portal)
        .map(|id| (id, count(portal, id, calculated)))
        .filter(|(_, usage)| *usage > 0)
        .collect();
    let usage: usize = used.iter().map(|(_, usage)| usage).sum();
    Ok(Response::json(
        200,
        &json!({
            "overallLimit": limit,
            "overallUsage": usage,
            "overallPercentage": percentage(usage, limit),
            "byObjectType": used.iter().map(|(id, n)| row(portal, id, *n, None)).collect::<Vec<_>>(),
        }),
    ))
}

/// `GET /crm/limits/{version}/custom-object-types`.
pub(crate) fn custom_object_types(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let limit = custom_object_limit(portal);
    let usage = portal.custom_objects.iter().filter(|c| !c.archived).count();
    Ok(Response::json(
        200,
        &json!({ "limit": limit, "usage": usage, "percentage": percentage(usage, limit) }),
    ))
}

/// HubSpot's types and the custom ones apart, as two of the endpoints answer.
fn split(
    portal: &Portal,
    usage: impl Fn(&str) -> usize,
    limit: usize,
    custom_limit: usize,
) -> Value {
    let standard: Vec<Value> = STANDARD
        .iter()
        .map(|kind| (kind.id, usage(kind.id)))
        .filter(|(_, n)| *n > 0)
        .map(|(id, n)| row(portal, id, n, Some(limit)))
        .collect();
    let custom: Vec<(&str, usize)> = portal
        .custom_objects
        .iter()
        .filter(|c| !c.archived)
        .map(|c| (c.object_type_id.as_str(), usage(&c.object_type_id)))
        .collect();
    let overall: usize = custom.iter().map(|(_, n)| n).sum();
    json!({
        "hubspotDefinedObjectTypes": standard,
        "customObjectTypes": {
            "overallLimit": custom_limit,
            "overallUsage": overall,
            "overallPercentage": percentage(overall, custom_limit),
            "byObjectType": custom.iter().map(|(id, n)| row(portal, id, *n, None)).collect::<Vec<_>>(),
        },
    })
}

/// `GET /crm/limits/{version}/pipelines`.
pub(crate) fn pipelines(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let (limit, custom) = pipeline_limits(portal);
    let usage = |id: &str| {
        let own = |o: &Shared<ObjectMetadata>| o.pipelines.iter().filter(|p| !p.archived).count();
        portal.objects.get(id).map_or(0, own)
    };
    Ok(Response::json(200, &split(portal, usage, limit, custom)))
}

/// `GET /crm/limits/{version}/records`.
pub(crate) fn records(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let told = |id: &str| portal.objects.get(id).map_or(0, |o| o.record_count);
    let usage = |id: &str| {
        crate::records::count(portal, id)
            .unwrap_or_else(|| usize::try_from(told(id)).unwrap_or(usize::MAX))
    };
    Ok(Response::json(
        200,
        &split(portal, usage, 15_000_000, 2_000_000),
    ))
}

/// `GET /crm/limits/{version}/associations/labels`: the pairs that have labels, each once.
pub(crate) fn association_labels(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let mut pairs: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for kind in &portal.association_types {
        let Some(label) = kind.label.as_deref() else {
            continue;
        };
        match pairs
            .iter_mut()
            .find(|(from, to, _)| *from == kind.from && *to == kind.to)
        {
            Some((_, _, labels)) => labels.push(label),
            None => pairs.push((&kind.from, &kind.to, vec![label])),
        }
    }
    let rows: Vec<Value> = pairs
        .into_iter()
        .map(|(from, to, labels)| {
            json!({
                "fromObjectType": labelled(portal, from),
                "toObjectType": labelled(portal, to),
                "limit": LABELS_PER_PAIR,
                "usage": labels.len(),
                "percentage": percentage(labels.len(), LABELS_PER_PAIR),
                "allLabels": labels,
            })
        })
        .collect();
    super::page::whole(&rows)
}

/// `GET /crm/object-library/{version}/enablement`.
pub(crate) fn enablement(call: &mut Call<'_>) -> Answer {
    let enabled = &call.portal()?.enablement;
    Ok(Response::json(
        200,
        &json!({ "enablementByObjectTypeId": enabled }),
    ))
}

/// `GET /crm/object-library/{version}/enablement/{objectTypeId}`.
pub(crate) fn enablement_of(call: &mut Call<'_>) -> Answer {
    let key = call.param("objectTypeId");
    call.portal()?
        .enablement
        .get(key)
        .map(|enabled| Response::json(200, &json!({ "enablement": enabled })))
        .ok_or_else(|| {
            crate::error::ApiError::not_found(format!("{key} is not in the object library"))
        })
}
