//! Owns workflows (platform 6.3): rows without definition, definitions by id or in a batch.

use serde_json::{Value, json};

use super::page::{PageRule, batch, inputs, json_body, page};
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
    let rows: Vec<Value> = call
        .portal()?
        .collection(Collection::Workflows)
        .iter()
        .map(|flow| {
            ROW.iter()
                .map(|name| ((*name).to_owned(), flow[*name].clone()))
                .collect()
        })
        .collect();
    page(call, &rows, PageRule::clamped(100, 100))
}

fn find<'a>(portal: &'a Portal, id: &str) -> Option<&'a Value> {
    portal
        .collection(Collection::Workflows)
        .iter()
        .find(|flow| flow["id"] == id)
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
