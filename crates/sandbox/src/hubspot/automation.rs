//! Owns workflows (platform 6.3): rows without definition, definitions by id or in a batch.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::page::{PageRule, batch, inputs, json_body, page};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::{Collection, Portal};
use crate::router::{Answer, Call};

/// Members of a row of the list; the rest is the definition.
const ROW: [&str; 9] = [
    "id",
    "isEnabled",
    "flowType",
    "objectTypeId",
    "revisionId",
    "createdAt",
    "updatedAt",
    "name",
    "uuid",
];

/// `GET /automation/v4/flows`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let flows = call.portal()?.collection(Collection::Workflows);
    let rows: Vec<Row<'_>> = flows.iter().map(Row).collect();
    page(call, &rows, PageRule::clamped(100, 100))
}

/// A flow without its definition; read only when its page is printed.
struct Row<'a>(&'a Document);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flow = self.0.value();
        serializer.collect_map(ROW.iter().filter_map(|name| Some((name, flow.get(*name)?))))
    }
}

fn find<'a>(portal: &'a Portal, id: &str) -> Option<&'a Document> {
    portal
        .collection(Collection::Workflows)
        .iter()
        .find(|flow| flow.has("id", id))
}

/// `GET /automation/v4/flows/{flowId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let id = call.param("flowId");
    if id.parse::<u64>().is_err() {
        return Err(ApiError::new(
            400,
            "Unable to parse value for path parameter: flowId",
        ));
    }
    find(call.portal()?, id)
        .map(|flow| Response::json(200, flow))
        .ok_or_else(|| ApiError::not_found(format!("Flow {id} does not exist")))
}

/// `POST /automation/v4/flows/batch/read`.
pub(crate) fn batch_read(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let portal = call.portal()?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 100)? {
        let id = input
            .get("flowId")
            .and_then(Value::as_str)
            .ok_or_else(|| ApiError::validation("Some required fields were not set: [flowId]"))?;
        if input.get("type").and_then(Value::as_str) != Some("FLOW_ID") {
            return Err(ApiError::validation("inputs[].type must be FLOW_ID"));
        }
        match find(portal, id) {
            Some(flow) => found.push(flow),
            None => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("Flow {id} does not exist"),
                "context": { "flowId": [id] },
            })),
        }
    }
    Ok(batch(call.now, &found, &errors))
}

/// HubSpot's own actions that flows of the sandbox use: type id, name, group, fields (name, type, required), types.
type ActionType = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, bool)],
    &'static [&'static str],
);

#[rustfmt::skip]
const ACTION_TYPES: &[ActionType] = &[
    ("0-1", "Delay", "DELAY", &[("delta", "number", true), ("time_unit", "enumeration", true)], &[]),
    ("0-3", "Create task", "CRM", &[("subject", "string", true), ("task_type", "enumeration", true), ("priority", "enumeration", false)], &["0-1", "0-2", "0-3", "0-5"]),
    ("0-4", "Send email", "COMMUNICATION", &[("content_id", "number", true)], &["0-1", "0-3", "0-5"]),
    ("0-5", "Edit record", "CRM", &[("property_name", "string", true), ("value", "object", true)], &[]),
    ("0-8", "Send internal email notification", "COMMUNICATION", &[("subject", "string", true), ("delivery_method", "enumeration", true), ("user_ids", "enumeration", false)], &[]),
];

/// `GET /automation/2026-09-beta/action-types?objectTypeId=…`: all at once; an action without types fits every type.
pub(crate) fn action_types(call: &mut Call<'_>) -> Answer {
    let kind = call.query.filled("objectTypeId");
    let rows: Vec<Value> = ACTION_TYPES
        .iter()
        .filter(|(.., types)| types.is_empty() || kind.is_none_or(|kind| types.contains(&kind)))
        .map(|(id, name, group, fields, types)| {
            let fields: Vec<Value> = fields
                .iter()
                .map(|(name, kind, required)| json!({ "name": name, "type": kind, "isRequired": required, "fieldDefinitionType": "SIMPLE" }))
                .collect();
            json!({
                "actionTypeId": id,
                "actionName": name,
                "groupId": group,
                "inputFieldDefinitions": fields,
                "objectTypeIds": types,
            })
        })
        .collect();
    super::page::whole(&rows)
}
