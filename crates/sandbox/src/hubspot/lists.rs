//! Owns lists: search, definitions with filters, the tree of folders (platform 6.3). Reads no membership.

use serde_json::{Map, Value, json};

use super::object_types;
use super::page::{cursor, flag, json_body, offset_of};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::{Collection, List, Portal};
use crate::router::{Answer, Call};

/// Rows of `additionalProperties` that a search answers when none are named.
const DEFAULT_EXTRAS: [&str; 1] = ["hs_list_size"];

/// The root has no name, as in HubSpot's own list of lists.
fn folder_name(portal: &Portal, id: u64) -> String {
    let folders = portal.collection(Collection::ListFolders);
    let folder = folders
        .iter()
        .find(|folder| folder.has("id", &id.to_string()));
    let name = folder.and_then(|folder| folder.member("name"));
    name.as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A row of the search.
fn describe(portal: &Portal, list: &List, extras: &[String]) -> Value {
    let mut additional = Map::new();
    for name in extras {
        let value = match name.as_str() {
            "hs_list_size" => list.size.to_string(),
            "hs_list_reference_count" => (list.size % 4).to_string(),
            "hs_last_record_added_at" => list.updated_at.0.to_string(),
            "hs_last_record_removed_at" => list.created_at.0.to_string(),
            "hs_folder_id" => list.folder_id.to_string(),
            "hs_folder_name" => folder_name(portal, list.folder_id),
            // Unknown names are left out, as everywhere in HubSpot.
            _ => continue,
        };
        additional.insert(name.clone(), json!(value));
    }
    let mut row = facts(portal, list);
    row["additionalProperties"] = Value::Object(additional);
    row
}

/// What every answer tells of a list.
fn facts(portal: &Portal, list: &List) -> Value {
    let user = portal.installer.user_id.to_string();
    json!({
        "listId": list.id,
        "listVersion": list.version,
        "name": list.name,
        "objectTypeId": list.object_type_id,
        "processingType": list.processing_type,
        "processingStatus": "COMPLETE",
        "createdAt": list.created_at,
        "updatedAt": list.updated_at,
        "filtersUpdatedAt": list.updated_at,
        "createdById": user,
        "updatedById": user,
    })
}

/// A list as one of several and alone: with its size, and with filters where asked for.
fn definition(portal: &Portal, list: &List, filters: bool) -> Value {
    let mut row = facts(portal, list);
    row["size"] = json!(list.size);
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

/// Members that the specification calls mandatory (platform 6.3); `additionalProperties` is one of them too, but HubSpot's
/// own Python client has no way to send it.
const MANDATORY: [&str; 3] = ["listIds", "offset", "processingTypes"];
const PROCESSING_TYPES: [&str; 3] = ["MANUAL", "DYNAMIC", "SNAPSHOT"];

/// 400 for what a search leaves out or names wrongly.
fn check(body: &Value, kinds: &[String], strict: bool) -> Result<(), ApiError> {
    let given = |name: &&str| body.get(*name).is_some_and(|value| !value.is_null());
    let missing = MANDATORY.iter().filter(|name| !given(name));
    let missing: Vec<&str> = missing.copied().collect();
    if strict && !missing.is_empty() {
        return Err(ApiError::validation(format!(
            "Some required fields were not set: [{}]",
            missing.join(", ")
        )));
    }
    match kinds
        .iter()
        .find(|kind| !PROCESSING_TYPES.contains(&kind.as_str()))
    {
        Some(kind) => Err(ApiError::validation(format!(
            "{kind} is no processing type; use one of [{}]",
            PROCESSING_TYPES.join(", ")
        ))),
        None => Ok(()),
    }
}

/// Orders by `listId`, `name`, `size`, `createdAt` or `updatedAt`, `-` for descending; refuses anything else.
fn order(found: &mut [&List], sort: &str) -> Result<(), ApiError> {
    let (field, descending) = match sort.strip_prefix('-') {
        Some(field) => (field, true),
        None => (sort, false),
    };
    match field {
        "listId" => found.sort_by_key(|list| list.id.parse().unwrap_or(u64::MAX)),
        "name" => found.sort_by_cached_key(|list| list.name.to_lowercase()),
        "size" => found.sort_by_key(|list| list.size),
        "createdAt" => found.sort_by_key(|list| list.created_at),
        "updatedAt" => found.sort_by_key(|list| list.updated_at),
        _ => {
            return Err(ApiError::validation(format!(
                "{sort} is nothing to sort by"
            )));
        }
    }
    if descending {
        found.reverse();
    }
    Ok(())
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
    check(&body, &kinds, call.state.switches.strict_list_search)?;
    if extras.is_empty() {
        extras = DEFAULT_EXTRAS.map(str::to_owned).to_vec();
    }
    let query = body
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase();
    let object_type = body.get("objectTypeId").and_then(Value::as_str);
    let sort = body.get("sort").and_then(Value::as_str);
    let portal = call.portal()?;
    let mut found: Vec<&List> = portal
        .lists
        .iter()
        .filter(|list| ids.is_empty() || ids.contains(&list.id))
        .filter(|list| kinds.is_empty() || kinds.iter().any(|k| k == list.processing_type))
        .filter(|list| object_type.is_none_or(|id| list.object_type_id == id))
        .filter(|list| query.is_empty() || list.name.to_lowercase().contains(&query))
        .collect();
    if let Some(sort) = sort.filter(|sort| !sort.is_empty()) {
        order(&mut found, sort)?;
    }
    let total = found.len() as u64;
    let rows: Vec<Value> = found
        .into_iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .map(|list| describe(portal, list, &extras))
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
    let portal = call.portal()?;
    let rows: Vec<Value> = portal
        .lists
        .iter()
        .filter(|list| ids.contains(&list.id))
        .map(|list| definition(portal, list, filters))
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
    answer(
        call,
        |list| list.id == id,
        || format!("List does not exist with ID {id}."),
    )
}

/// `{"list":…}` of the first that fits, or 404.
fn answer(call: &Call<'_>, fits: impl Fn(&List) -> bool, missing: impl Fn() -> String) -> Answer {
    let filters = flag(&call.query, "includeFilters", false);
    let portal = call.portal()?;
    let found = portal.lists.iter().find(|list| fits(list));
    let list = found.ok_or_else(|| ApiError::not_found(missing()))?;
    Ok(Response::json(
        200,
        &json!({ "list": definition(portal, list, filters) }),
    ))
}

/// `GET …/object-type-id/{objectTypeId}/name/{listName}`.
pub(crate) fn by_name(call: &mut Call<'_>) -> Answer {
    let name = call.param("listName");
    let key = call.param("objectTypeId");
    let kind = object_types::resolve(call.portal()?, key)
        .ok_or_else(|| ApiError::new(400, format!("Unable to infer object type from: {key}")))?;
    let id = kind.id();
    answer(
        call,
        |list| list.object_type_id == id && list.name == name,
        || format!("List does not exist with name {name}."),
    )
}

/// `GET …/idmapping?legacyListId=…`: this account's lists kept their ids when they moved.
pub(crate) fn id_mapping(call: &mut Call<'_>) -> Answer {
    let id = call
        .query
        .filled("legacyListId")
        .ok_or_else(|| ApiError::new(400, "query param legacyListId may not be null"))?;
    let known = call.portal()?.lists.iter().any(|list| list.id == id);
    if known {
        Ok(Response::json(
            200,
            &json!({ "listId": id, "legacyListId": id }),
        ))
    } else {
        Err(ApiError::not_found(format!(
            "List does not exist with legacy ID {id}."
        )))
    }
}

/// `POST /crm/lists/2026-09-beta/all`: every list, by `count` and `after` of the body.
pub(crate) fn all(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let count = number(&body, "count", 100)?;
    if count == 0 || count > 500 {
        return Err(ApiError::validation("count must be between 1 and 500"));
    }
    let after = match body.get("after") {
        None | Some(Value::Null) => 0,
        Some(after) => after
            .as_str()
            .and_then(offset_of)
            .ok_or_else(|| ApiError::validation("The paging cursor 'after' is not valid."))?,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let portal = call.portal()?;
    let rows = portal.lists.iter().skip(after).take(count);
    let rows: Vec<Value> = rows.map(|list| definition(portal, list, false)).collect();
    let next = after.saturating_add(rows.len());
    let mut page = json!({ "results": rows });
    if next < portal.lists.len() {
        page["paging"] = json!({ "next": { "after": cursor(next) } });
    }
    Ok(Response::json(200, &page))
}

/// `GET /crm/lists/{version}/folders?folderId=0`: a folder, the lists in it, and the folders below it to the last.
pub(crate) fn folders(call: &mut Call<'_>) -> Answer {
    let id = call.query.filled("folderId").unwrap_or("0");
    let portal = call.portal()?;
    let folders = portal.collection(Collection::ListFolders);
    let all: Vec<Value> = folders.iter().map(Document::value).collect();
    let root = json!({ "id": "0", "name": "", "parentFolderId": "0" });
    let folder = match id {
        "0" => Some(&root),
        id => all.iter().find(|folder| folder["id"] == id),
    };
    let folder = folder
        .ok_or_else(|| ApiError::not_found(format!("Folder does not exist with ID {id}.")))?;
    // Ids were numbers before the dated versions.
    let numbers = call.request.path.starts_with("/crm/v3/");
    let tree = tree(portal, &all, folder, numbers, FOLDER_DEPTH);
    Ok(Response::json(200, &json!({ "folder": tree })))
}

/// Folders nest at most five deep.
const FOLDER_DEPTH: u8 = 5;

fn tree(portal: &Portal, all: &[Value], folder: &Value, numbers: bool, depth: u8) -> Value {
    let id = folder["id"].as_str().unwrap_or_default();
    let printed = |id: &Value| match id.as_str().and_then(|id| id.parse::<u64>().ok()) {
        Some(id) if numbers => json!(id),
        _ => id.clone(),
    };
    let lists: Vec<u64> = portal
        .lists
        .iter()
        .filter(|list| list.folder_id.to_string() == id)
        .filter_map(|list| list.id.parse().ok())
        .collect();
    let below = all
        .iter()
        .filter(|child| child["parentFolderId"] == folder["id"]);
    let nodes: Vec<Value> = match depth {
        0 => Vec::new(),
        depth => below
            .map(|child| tree(portal, all, child, numbers, depth - 1))
            .collect(),
    };
    let mut node = folder.clone();
    node["id"] = printed(&folder["id"]);
    node["parentFolderId"] = printed(&folder["parentFolderId"]);
    node["childLists"] = json!(lists);
    node["childNodes"] = json!(nodes);
    node
}
