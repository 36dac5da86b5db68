//! Owns what a stage must satisfy: metadata by object type, labels, order, ids, counts (platform 6.2).
//! Makes and places stages in memory; stores nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::body::Body;
use super::{Target, same_label};
use crate::error::ApiError;
use crate::model::{Pipeline, Stage};
use crate::rng::Rng;
use crate::time::Instant;

/// What a stage's metadata says.
pub(super) type Metadata = BTreeMap<&'static str, String>;

/// A stage's id and the metadata that was sent for it.
pub(super) type Sent = (String, Option<Value>);

/// Longest id of a stage that HubSpot takes; a longer one ends in a 500.
const STAGE_ID_MAX: usize = 100;
const STATES: [&str; 2] = ["OPEN", "CLOSED"];

/// Most stages of one pipeline.
fn stage_limit(type_id: &str) -> usize {
    if matches!(type_id, "0-3" | "0-5") || type_id.starts_with("2-") {
        100
    } else {
        30
    }
}

/// The metadata to store: what is sent over what is there; unknown keys are dropped, `isClosed` is derived.
pub(super) fn metadata(
    type_id: &str,
    sent: Option<&Value>,
    before: &Metadata,
) -> Result<Metadata, ApiError> {
    let none = Map::new();
    let sent = match sent {
        None | Some(Value::Null) => &none,
        Some(Value::Object(map)) => map,
        Some(_) => {
            return Err(ApiError::validation(
                "Invalid value for field 'metadata': expected an object",
            ));
        }
    };
    match type_id {
        "0-3" => deal(sent, before),
        "0-5" => state("ticketState", sent, before),
        // Lifecycle stages carry none.
        "0-1" | "0-2" => Ok(Metadata::new()),
        _ => state("state", sent, before),
    }
}

fn deal(sent: &Map<String, Value>, before: &Metadata) -> Result<Metadata, ApiError> {
    let probability = match sent.get("probability") {
        None => before.get("probability").cloned(),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    };
    let text = probability
        .ok_or_else(|| ApiError::validation("must specify probability when writing a dealstage"))?;
    let number = text.trim().parse::<f64>().ok();
    let number = number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| {
            ApiError::validation(format!(
                "probability must be between 0 and 1, but is {text}"
            ))
        })?;
    // `0.50` reads back as `0.5` and `1` as `1.0`; adding 0 makes of -0 a 0.
    let number = number + 0.0;
    let closed = number <= 0.0 || number >= 1.0;
    Ok(BTreeMap::from([
        ("isClosed", closed.to_string()),
        ("probability", format!("{number:?}")),
    ]))
}

fn state(
    key: &'static str,
    sent: &Map<String, Value>,
    before: &Metadata,
) -> Result<Metadata, ApiError> {
    let was_closed = before
        .get("isClosed")
        .is_some_and(|closed| closed == "true");
    let held = before.get(key).map(String::as_str);
    let held = held.unwrap_or(if was_closed { "CLOSED" } else { "OPEN" });
    let value = match sent.get(key) {
        None => held,
        Some(value) => value.as_str().unwrap_or_default(),
    };
    let state = STATES
        .into_iter()
        .find(|state| *state == value)
        .ok_or_else(|| {
            ApiError::validation(format!("{key} must be one of [OPEN, CLOSED]"))
                .sub_category("PipelineError.INVALID_PIPELINE_STAGE_METADATA")
        })?;
    Ok(BTreeMap::from([
        ("isClosed", (state == "CLOSED").to_string()),
        (key, state.to_owned()),
    ]))
}

/// The stage as the answer to a write shows it: what was sent over what is stored, keys included that HubSpot drops.
pub(super) fn echo(stage: &Stage, sent: Option<&Value>) -> Value {
    let mut answer = json!(stage);
    for (key, value) in sent.and_then(Value::as_object).into_iter().flatten() {
        answer["metadata"][key] = match value {
            Value::String(text) => json!(text),
            other => json!(other.to_string()),
        };
    }
    answer
}

/// A number that is no pipeline's or stage's id in these pipelines.
pub(super) fn fresh_id<'a>(
    rng: &mut Rng,
    pipelines: impl Iterator<Item = &'a Pipeline> + Clone,
) -> String {
    loop {
        let id = rng.between(100_000_000, 9_000_000_000).to_string();
        let taken = |p: &Pipeline| p.id == id || p.stages.iter().any(|stage| stage.id == id);
        if !pipelines.clone().any(taken) {
            return id;
        }
    }
}

/// A new stage from a `PipelineStageInput`; its id is the given one, if any, and else `fresh`.
pub(super) fn draft(target: &Target, input: &Value, fresh: &str) -> Result<Stage, ApiError> {
    let body = Body::of(input)?;
    body.require(&["label", "displayOrder"])?;
    let at = Instant(target.now);
    Ok(Stage {
        id: given_id(body, "stageId", STAGE_ID_MAX)?
            .map_or_else(|| fresh.to_owned(), str::to_owned),
        label: body.filled("label")?.to_owned(),
        display_order: order(body)?.unwrap_or(0),
        metadata: metadata(&target.type_id, body.get("metadata"), &Metadata::new())?,
        write_permissions: "CRM_PERMISSIONS_ENFORCEMENT",
        created_at: at,
        updated_at: at,
        archived: false,
    })
}

/// An id that the caller chose; one longer than `max` ends in HubSpot's 500.
pub(super) fn given_id<'a>(
    body: Body<'a>,
    name: &str,
    max: usize,
) -> Result<Option<&'a str>, ApiError> {
    match body.text(name)?.filter(|id| !id.is_empty()) {
        Some(id) if id.chars().count() > max => Err(ApiError::new(500, "internal error")),
        id => Ok(id),
    }
}

/// `displayOrder`, which must not be negative.
pub(super) fn order(body: Body<'_>) -> Result<Option<i32>, ApiError> {
    match body.integer("displayOrder")? {
        Some(order) if order < 0 => Err(ApiError::validation(format!(
            "displayOrder must not be negative, but is {order}"
        ))),
        order => Ok(order),
    }
}

/// Refuses a label that another stage of the pipeline has.
pub(super) fn free_label(stages: &[Stage], id: &str, label: &str) -> Result<(), ApiError> {
    let taken = stages
        .iter()
        .any(|stage| stage.id != id && same_label(&stage.label, label));
    if taken {
        return Err(
            ApiError::validation(format!("Stage with label {label} already exists"))
                .sub_category("PipelineError.STAGE_LABEL_EXISTS"),
        );
    }
    Ok(())
}

/// Puts a stage in its place: a free order is taken as it is; a taken one comes right after its holder, and the whole
/// pipeline is numbered anew from 0.
pub(super) fn place(stages: &mut Vec<Stage>, stage: Stage) {
    let order = stage.display_order;
    if let Some(held) = stages.iter().rposition(|s| s.display_order == order) {
        stages.insert(held + 1, stage);
        for (order, stage) in (0..).zip(stages) {
            stage.display_order = order;
        }
    } else {
        let at = stages.partition_point(|other| other.display_order < order);
        stages.insert(at, stage);
    }
}

/// Refuses a pipeline without stages, with too many, or, of tickets, without a closed one.
pub(super) fn whole(type_id: &str, pipeline_id: &str, stages: &[Stage]) -> Result<(), ApiError> {
    if stages.is_empty() {
        return Err(ApiError::validation(
            "Pipeline must have at least one stage",
        ));
    }
    let limit = stage_limit(type_id);
    if stages.len() > limit {
        return Err(ApiError::validation(format!(
            "A pipeline of object type {type_id} can have at most {limit} stages"
        )));
    }
    let closed = |stage: &Stage| {
        stage
            .metadata
            .get("ticketState")
            .is_some_and(|s| s == "CLOSED")
    };
    if type_id == "0-5" && !stages.iter().any(closed) {
        return Err(ApiError::validation(format!(
            "Ticket pipeline {pipeline_id} must have at least one closed stage"
        ))
        .sub_category("PipelineError.MISSING_CLOSED_STAGE"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Metadata, metadata};

    fn stored(type_id: &str, sent: &Value) -> Value {
        match metadata(type_id, Some(sent), &Metadata::new()) {
            Ok(metadata) => json!(metadata),
            Err(error) => json!(error.message),
        }
    }

    #[test]
    fn metadata_is_stored_as_strings_in_a_canonical_form() {
        let deal = |closed: &str, p: &str| json!({ "isClosed": closed, "probability": p });
        let cases = [
            (
                "0-3",
                json!({ "probability": "0.50" }),
                deal("false", "0.5"),
            ),
            ("0-3", json!({ "probability": 1 }), deal("true", "1.0")),
            (
                "0-3",
                json!({ "probability": "-0.0", "isClosed": "false", "x": 1 }),
                deal("true", "0.0"),
            ),
            (
                "0-3",
                json!({ "probability": "1.1" }),
                json!("probability must be between 0 and 1, but is 1.1"),
            ),
            (
                "0-3",
                json!({ "probability": "NaN" }),
                json!("probability must be between 0 and 1, but is NaN"),
            ),
            (
                "0-3",
                json!({ "probability": null }),
                json!("must specify probability when writing a dealstage"),
            ),
            (
                "0-3",
                json!({}),
                json!("must specify probability when writing a dealstage"),
            ),
            (
                "0-5",
                json!({}),
                json!({ "ticketState": "OPEN", "isClosed": "false" }),
            ),
            (
                "0-5",
                json!({ "ticketState": "CLOSED" }),
                json!({ "ticketState": "CLOSED", "isClosed": "true" }),
            ),
            (
                "0-5",
                json!({ "ticketState": "closed" }),
                json!("ticketState must be one of [OPEN, CLOSED]"),
            ),
            (
                "2-1",
                json!({ "state": "CLOSED" }),
                json!({ "state": "CLOSED", "isClosed": "true" }),
            ),
            ("0-1", json!({ "probability": "7" }), json!({})),
            (
                "0-3",
                json!("x"),
                json!("Invalid value for field 'metadata': expected an object"),
            ),
        ];
        for (type_id, sent, want) in cases {
            assert_eq!(stored(type_id, &sent), want, "{type_id} {sent}");
        }
    }
}
