//! Owns lists: search, definitions with filters, folders (platform 6.3).

use serde_json::{Map, Value, json};

use super::page::{flag, json_body};
use crate::error::ApiError;
use crate::http::Response;
use crate::model::List;
use crate::router::{Answer, Call};
use crate::time::iso;

/// Rows of `additionalProperties` that a search answers when none are named.
const DEFAULT_EXTRAS: [&str; 1] = ["hs_list_size"];

fn describe(list: &List, extras: &[String], filters: bool) -> Value {
    let mut additional = Map::new();
    for name in extras {
        let value = match name.as_str() {
            "hs_list_size" => list.size.to_string(),
            "hs_list_reference_count" => (list.size % 4).to_string(),
            "hs_last_record_added_at" => list.updated_at.0.to_string(),
            "hs_folder_id" => list.folder_id.to_string(),
            // Unknown names are left out, as everywhere in HubSpot.
            _ => continue,
        };
        additional.insert(name.clone(), json!(value));
    }
    let mut row = json!({
        "listId": list.id,
        "listVersion": list.version,
        "name": list.name,
        "objectTypeId": list.object_type_id,
        "processingType": list.processing_type,
        "processingStatus": "COMPLETE",
        "createdAt": list.created_at,
        "updatedAt": list.updated_at,
        "filtersUpdatedAt": list.updated_at,
        "additionalProperties": additional,
    });
    if let (true, Some(branch)) = (filters, &list.filter_branch) {
        row["filterBranch"] = branch.value();
    }
    row
}

fn strings(body: &Value, name: &str) -> Result<Vec<String>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(ApiError::validation(format!(
                    "{name} must be a list of strings"
                ))),
            })
            .collect(),
        Some(_) => Err(ApiError::validation(format!(
            "{name} must be a list of strings"
        ))),
    }
}

fn number(body: &Value, name: &str, default: u64) -> Result<u64, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| ApiError::validation(format!("{name} must be a number of 0 or more"))),
    }
}

/// `POST /crm/lists/{version}/search`: offset paging, 20 at a time, 500 at most.
pub(crate) fn search(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let count = number(&body, "count", 20)?;
    if count == 0 || count > 500 {
        return Err(ApiError::validation("count must be between 1 and 500"));
    }
    let offset = number(&body, "offset", 0)?;
    let ids = strings(&body, "listIds")?;
    let kinds = strings(&body, "processingTypes")?;
    let mut extras = strings(&body, "additionalProperties")?;
    if extras.is_empty() {
        extras = DEFAULT_EXTRAS.map(str::to_owned).to_vec();
    }
    let query = body
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase();
    let object_type = body.get("objectTypeId").and_then(Value::as_str);
    let found: Vec<&List> = call
        .portal()?
        .lists
        .iter()
        .filter(|list| ids.is_empty() || ids.contains(&list.id))
        .filter(|list| kinds.is_empty() || kinds.iter().any(|k| k == list.processing_type))
        .filter(|list| object_type.is_none_or(|id| list.object_type_id == id))
        .filter(|list| query.is_empty() || list.name.to_lowercase().contains(&query))
        .collect();
    let total = found.len() as u64;
    let rows: Vec<Value> = found
        .into_iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .map(|list| describe(list, &extras, false))
        .collect();
    let next = offset.min(total) + rows.len() as u64;
    Ok(Response::json(
        200,
        &json!({ "lists": rows, "hasMore": next < total, "offset": next, "total": total }),
    ))
}

/// `GET /crm/lists/{version}?listIds=…&includeFilters=true`.
pub(crate) fn several(call: &mut Call<'_>) -> Answer {
    let ids = call.query.list("listIds");
    let filters = flag(&call.query, "includeFilters", false);
    let extras = DEFAULT_EXTRAS.map(str::to_owned);
    let rows: Vec<Value> = call
        .portal()?
        .lists
        .iter()
        .filter(|list| ids.contains(&list.id))
        .map(|list| describe(list, &extras, filters))
        .collect();
    Ok(Response::json(200, &json!({ "lists": rows })))
}

/// `GET /crm/lists/{version}/{listId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let id = call.param("listId");
    if id.parse::<u64>().is_err() {
        return Err(ApiError::new(
            400,
            "Unable to parse value for path parameter: listId",
        ));
    }
    let filters = flag(&call.query, "includeFilters", false);
    call.portal()?
        .lists
        .iter()
        .find(|list| list.id == id)
        .map(|list| {
            let row = describe(list, &DEFAULT_EXTRAS.map(str::to_owned), filters);
            Response::json(200, &json!({ "list": row }))
        })
        .ok_or_else(|| ApiError::not_found(format!("List does not exist with ID {id}.")))
}

/// `GET /crm/lists/{version}/folders?folderId=0`: the root folder and the lists in it.
pub(crate) fn folders(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let lists: Vec<u64> = portal
        .lists
        .iter()
        .filter(|l| l.folder_id == 0)
        .filter_map(|l| l.id.parse().ok())
        .collect();
    Ok(Response::json(
        200,
        &json!({ "folder": {
            "id": "0",
            "name": "Lists",
            "parentFolderId": null,
            "childLists": lists,
            "childNodes": [],
            "createdAt": iso(crate::time::FIXTURE_NOW),
            "updatedAt": iso(crate::time::FIXTURE_NOW),
        } }),
    ))
}
